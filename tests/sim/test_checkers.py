"""Each check by example: a ride that is right, and the one thing changed in it that the check is for."""

from collections.abc import Callable
from typing import Literal

import pytest

from farebox.formats.journal import DriverActed, Entry, Intent, NoteMoved, Outcome, Record, Voucher
from sim.checkers import Moment, Notes, SeenBus, SeenCard, Told, problems, quiet, told_of
from sim.demand import Holdings
from tests.journal.examples import AT_S, CARD, intent

BOARD = intent(action="board", slot_after=b"1" * 16, write_counter=1, sf_after_yen=1_500, due_yen=0, lines=())
FARE = intent(slot_before=b"1" * 16, slot_after=b"2" * 16, write_counter=2)
"""210 yen of 1,500."""
NOTE = intent(
    action="top-up", slot_after=b"3" * 16, write_counter=3, sf_before_yen=1_290, sf_after_yen=2_290, due_yen=0, lines=()
)._replace(note_yen=1_000)
CAP_YEN = 20_000


def journal(*records: Record, flushed: int = 0) -> tuple[Entry, ...]:
    return tuple(Entry(seq, min(flushed, seq - 1), AT_S, record) for seq, record in enumerate(records, 1))


def card(yen: int = 1_290, sequence: int = 2, writes: int = 2) -> SeenCard:
    return SeenCard(CARD, Holdings(1_500), Holdings(yen), sequence, writes)


RODE = journal(BOARD, Outcome(1, "written"), FARE, Outcome(3, "written"))
GOOD = Moment(
    (card(),), (SeenBus("BUS-1", RODE, 3, 1, frozenset()),), frozenset({told_of(BOARD), told_of(FARE)}), CAP_YEN
)


def on_bus(moment: Moment, *records: Record, **changed: object) -> Moment:
    """The same with another journal, or another thing on the bus."""
    entries = journal(*records) if records else moment.buses[0].entries
    return moment._replace(buses=(moment.buses[0]._replace(**{"entries": entries, **changed}),))  # type: ignore[arg-type]


def without(number: int) -> tuple[Record, ...]:
    return tuple(entry.record for entry in RODE if entry.seq != number)


def twice(keyed: bool = False) -> Moment:
    """A second fare, which a boarding stop keyed by the driver may stand for."""
    again = FARE._replace(
        slot_after=b"4" * 16, write_counter=3, sf_before_yen=1_290, sf_after_yen=1_080, slot_before=b"2" * 16
    )
    word = (DriverActed(CARD, "boarded-at", "南湖公園"),) if keyed else ()
    records = (*without(0), *word, again, Outcome(5 + keyed, "written"))
    moment = GOOD._replace(cards=(card(1_080, writes=3),), told=GOOD.told | {told_of(again)})
    return on_bus(moment, *records)


def topped_up(notes: Notes, *more: Record) -> Moment:
    moment = GOOD._replace(cards=(card(2_290, writes=3),), told=GOOD.told | {told_of(NOTE)})
    return on_bus(moment, *without(0), NOTE, Outcome(5, "written"), *more, notes=notes)


IN_BOX = Notes((1_000,), (1_000,))
PENDING = on_bus(GOOD, *without(4), pending=frozenset({CARD}))._replace(told=frozenset({told_of(BOARD)}))


def test_what_is_right_has_no_problem() -> None:
    assert problems(GOOD, GOOD) == () and quiet(GOOD) == ()
    assert problems(GOOD, twice(keyed=True)) == ()
    stacked = topped_up(IN_BOX, NoteMoved(5, 1_000, "stacking"), NoteMoved(5, 1_000, "box"))
    assert problems(GOOD, stacked) == () and quiet(stacked) == ()


@pytest.mark.parametrize("yen", [1_500, 1_290])
def test_a_write_that_is_pending_and_named_may_be_done_or_not(yen: int) -> None:
    now = PENDING._replace(cards=(card(yen),))
    assert problems(now, now) == ()
    assert quiet(now) == (f"quiet: BUS-1: {CARD.hex()} still pending", *quiet(now)[1:])


def on_two_buses(end: Literal["written", "not_written"]) -> Moment:
    """The same fare in another bus' journal too."""
    other = SeenBus("BUS-2", journal(FARE, Outcome(1, end)), 1, 1, frozenset())
    return GOOD._replace(buses=(*GOOD.buses, other))


@pytest.mark.parametrize("turned", [1, -1])
def test_faults_5_the_same_write_given_up_on_another_bus_is_no_problem(turned: int) -> None:
    now = on_two_buses("not_written")
    now = now._replace(buses=now.buses[::turned])
    assert problems(now, now) == () and quiet(now) == ()


OTHER_CASH = frozenset({told_of(BOARD), told_of(FARE)._replace(cash_yen=9)})

CASES: list[tuple[str, Callable[[], Moment], Callable[[], Moment]]] = [
    ("conserved", lambda: GOOD, lambda: GOOD._replace(cards=(card(1_291),))),
    ("conserved", lambda: PENDING, lambda: PENDING._replace(cards=(card(1_300),))),
    ("claimed", lambda: on_two_buses("not_written"), lambda: on_two_buses("written")),
    ("told", lambda: GOOD, lambda: GOOD._replace(told=frozenset({told_of(BOARD)}))),
    ("told", lambda: GOOD, lambda: GOOD._replace(told=GOOD.told | {Told(CARD, b"9" * 16, cash_yen=210)})),
    (
        "told",
        lambda: GOOD,
        lambda: GOOD._replace(told=OTHER_CASH),
    ),
    ("once", lambda: GOOD, twice),
    ("cap", lambda: GOOD, lambda: GOOD._replace(cards=(card(CAP_YEN + 1),))),
    ("cap", lambda: GOOD, lambda: GOOD._replace(cards=(card(-1),))),
    ("sequence", lambda: GOOD, lambda: GOOD._replace(cards=(card(writes=1),))),
    ("sequence", lambda: GOOD, lambda: GOOD._replace(cards=(card(sequence=3),))),
    ("sequence", lambda: GOOD, lambda: on_bus(GOOD, entries=(*RODE[:3], RODE[3]._replace(seq=5)))),
    ("sequence", lambda: GOOD, lambda: on_bus(GOOD, entries=(*RODE[:3], RODE[3]._replace(flushed_seq=4)))),
    ("prefix", lambda: GOOD, lambda: on_bus(GOOD, entries=RODE[:2], starts=2)),
    ("prefix", lambda: GOOD, lambda: on_bus(GOOD, entries=RODE[:3])),
    ("prefix", lambda: GOOD, lambda: on_bus(GOOD, durable=2)),
    ("pending", lambda: GOOD, lambda: on_bus(GOOD, pending=frozenset({CARD}))),
    ("pending", lambda: PENDING, lambda: on_bus(PENDING, pending=frozenset())),
    ("notes", lambda: GOOD, lambda: topped_up(Notes((1_000,), ()))),
    ("notes", lambda: GOOD, lambda: topped_up(Notes((1_000,), (1_000,), (1_000,)))),
    ("notes", lambda: GOOD, lambda: topped_up(Notes((1_000,), (), (1_000,)), NoteMoved(5, 1_000, "box"))),
    ("notes", lambda: GOOD, lambda: topped_up(IN_BOX, NoteMoved(5, 1_000, "returned"), Voucher(5, 1_000, "passenger"))),
]


@pytest.mark.parametrize(("check", "before", "now"), CASES)
def test_what_is_wrong_is_found_by_the_check_that_is_for_it(
    check: str, before: Callable[[], Moment], now: Callable[[], Moment]
) -> None:
    assert check in {problem.partition(":")[0] for problem in problems(before(), now())}


def test_faults_18_power_takes_what_was_not_durable_and_no_more() -> None:
    lost = on_bus(GOOD, entries=RODE[:3], starts=2, pending=frozenset({CARD}))
    assert problems(GOOD, lost) == ()


@pytest.mark.parametrize(
    ("now", "says"),
    [
        (topped_up(Notes((1_000,), (), (), 1_000)), "a note is on its way"),
        (
            topped_up(IN_BOX, NoteMoved(5, 1_000, "box"), Voucher(5, 1_000, "operator"), Voucher(5, 1_000, "operator")),
            "two",
        ),
        (topped_up(Notes((1_000,), (), (1_000,)), NoteMoved(5, 1_000, "returned")), "not all of it by a voucher"),
        (GOOD._replace(cards=(card(1_300),)), "cards gained -200 yen, by the journals -210"),
    ],
)
def test_faults_43_once_all_is_quiet_the_sums_close(now: Moment, says: str) -> None:
    assert any(says in wrong for wrong in quiet(now))


def test_gen_22_a_settlement_taken_back_gives_what_it_took_and_may_be_made_again() -> None:
    back: Intent = FARE._replace(
        action="cancel",
        slot_before=b"2" * 16,
        slot_after=b"5" * 16,
        write_counter=3,
        sf_before_yen=1_290,
        sf_after_yen=1_500,
        cancels_seq=3,
    )
    again = FARE._replace(slot_before=b"5" * 16, slot_after=b"6" * 16, write_counter=4)
    moment = GOOD._replace(cards=(card(writes=4),), told=GOOD.told | {told_of(back), told_of(again)})
    now = on_bus(moment, *without(0), back, Outcome(5, "written"), again, Outcome(7, "written"))
    assert problems(GOOD, now) == ()
    assert told_of(back)[2:] == tuple(-part for part in told_of(FARE)[2:])
