"""What a journal adds up to, told as the taps of a day."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farebox.formats import journal as j
from farebox.formats.journal import Entry, Intent, NoteMoved, Outcome, Record, Refused, Resolved, Voucher
from farebox.formats.segment import OpenNote
from farebox.journal.fold import Fold, Ledger, Violation, audit, open_notes, pending
from tests.journal.examples import AT_S, CARD, ONE_OF_EACH, intent, points_intent

OTHER_CARD = bytes(8)
BOARD = intent(action="board", sf_after_yen=1500, due_yen=0, lines=())
FARE = intent()  # 210 yen from stored fare
PART_CASH = intent(sf_before_yen=150, sf_after_yen=0, cash_yen=60)
ALL_CASH = intent(sf_before_yen=1500, sf_after_yen=1500, cash_yen=210)
# Iwate Green Pass: stored fare pays and earns; points pay; points that had lapsed are gone.
EARNS = points_intent()
PAYS_POINTS = points_intent(sf_after_yen=1500, points_earned=0, purses=(("transport-points", 300, 90),))
LAPSES = points_intent(purses=(("transport-points", 300, 6),), points_lapsed=300)
WELFARE = points_intent(sf_after_yen=1500, points_earned=0, purses=(("welfare-points", 210, 0),))
# NORUCA: eco coupons pay 100, ordinary ones 80, the rest in cash.
COUPONS = intent(
    sf_before_yen=0, sf_after_yen=0, cash_yen=30, purses=(("eco", 100, 0), ("student", 50, 50), ("regular", 80, 0))
)
AUTO_CHARGE = intent(sf_before_yen=100, sf_after_yen=890, auto_charge_yen=1000)
REFUSED = Refused(CARD, "alight", "short", "")

NOT_SETTLED = Ledger(pending=1)
TOOK_210 = Ledger(sf_delta_yen=-210, fares_yen=210, alightings=1)


def _moving(sf_after_yen: int = 1290, points: int = 106, welfare: int = 40) -> Intent:
    """A ride of 210 yen that earns 6 points, with other balances after it than EARNS has."""
    return EARNS._replace(
        sf_after_yen=sf_after_yen, purses=(("welfare-points", 40, welfare), ("transport-points", 100, points))
    )


def entries(*records: Record) -> list[Entry]:
    return [Entry(seq, seq - 1, AT_S, record) for seq, record in enumerate(records, start=1)]


@pytest.mark.parametrize(
    ("day", "ledger"),
    [
        ([], Ledger()),
        ([BOARD, Outcome(1, "written")], Ledger(boardings=1)),
        ([FARE, Outcome(1, "written")], TOOK_210),
        ([PART_CASH, Outcome(1, "written")], Ledger(-150, 60, 0, 210, alightings=1)),
        ([ALL_CASH, Outcome(1, "written")], Ledger(0, 210, 0, 210, alightings=1)),
        ([AUTO_CHARGE, Outcome(1, "written")], Ledger(790, 0, 1000, 210, alightings=1)),
        ([REFUSED, REFUSED], Ledger(refused=2)),
        ([EARNS, Outcome(1, "written")], TOOK_210._replace(points_delta=6, points_earned=6)),
        (
            [PAYS_POINTS, Outcome(1, "written")],
            Ledger(fares_yen=210, alightings=1, points_delta=-210),
        ),
        (
            [LAPSES, Outcome(1, "written")],
            TOOK_210._replace(points_delta=-294, points_earned=6, points_lapsed=300),
        ),
        ([WELFARE, Outcome(1, "written")], Ledger(fares_yen=210, alightings=1, points_delta=-210)),
        (
            [COUPONS, Outcome(1, "written")],
            Ledger(cash_yen=30, fares_yen=210, alightings=1, coupons_delta_yen=-180),
        ),
        ([EARNS, Outcome(1, "not_written")], Ledger()),
        # faults 1: the card left before the write
        ([FARE, Outcome(1, "not_written")], Ledger()),
        # faults 3: the answer was lost, and the re-tap tells
        ([FARE, Outcome(1, "indeterminate")], NOT_SETTLED),
        ([FARE, Outcome(1, "indeterminate"), Resolved(1, "written", "same-card")], TOOK_210),
        ([FARE, Outcome(1, "indeterminate"), Resolved(1, "not_written", "same-card")], Ledger()),
        # faults 4: the power went before the outcome, and the re-tap tells
        ([FARE], NOT_SETTLED),
        ([FARE, Resolved(1, "written", "same-card")], TOOK_210),
        ([FARE, Resolved(1, "not_written", "same-card")], Ledger()),
        # money in the hand does not count while the card's ride is not closed
        ([ALL_CASH, Outcome(1, "indeterminate")], NOT_SETTLED),
        (
            [BOARD, Outcome(1, "written"), REFUSED, FARE, Outcome(4, "written")],
            Ledger(-210, 0, 0, 210, boardings=1, alightings=1, refused=1),
        ),
    ],
)
def test_a_day_adds_up(day: list[Record], ledger: Ledger) -> None:
    assert audit(entries(*day)) == (ledger, ())
    assert len(pending(entries(*day))) == ledger.pending


def test_faults_4_what_is_pending_is_named_by_card() -> None:
    other = FARE._replace(idm=OTHER_CARD)
    day = entries(FARE, Outcome(1, "indeterminate"), other, ALL_CASH._replace(idm=b"7 riders"), Outcome(4, "written"))
    assert pending(day) == {CARD: (1, FARE), OTHER_CARD: (3, other)}
    assert pending([*day, Entry(6, 5, AT_S, Resolved(1, "written", "same-card"))]) == {OTHER_CARD: (3, other)}


def test_records_of_other_kinds_move_no_money() -> None:
    assert audit(entries(*(record for record in ONE_OF_EACH if not isinstance(record, (Intent, *j.ENDS))))) == (
        Ledger(refused=1),
        (),
    )


@pytest.mark.parametrize(
    ("day", "seq", "says"),
    [
        ([Outcome(1, "written")], 1, "settles 1, which is no unsettled intent"),
        ([REFUSED, Outcome(1, "written")], 2, "settles 1, which is no unsettled intent"),
        ([FARE, Outcome(7, "written")], 2, "settles 7, which is no unsettled intent"),
        ([FARE, Outcome(1, "written"), Outcome(1, "written")], 3, "settles 1, which is no unsettled intent"),
        ([FARE, Outcome(1, "not_written"), Resolved(1, "written", "")], 3, "settles 1, which is no unsettled"),
        ([FARE, Resolved(1, "written", ""), Resolved(1, "not_written", "")], 3, "settles 1, which is no"),
        ([FARE, Outcome(1, "indeterminate"), Outcome(1, "written")], 3, "a second outcome for intent 1"),
        ([FARE, Outcome(1, "indeterminate"), Outcome(1, "indeterminate")], 3, "a second outcome for intent 1"),
        ([FARE, FARE], 2, "intent for a card whose intent 1 is not settled"),
        (
            [FARE._replace(sf_after_yen=1080), Outcome(1, "written")],
            1,
            "the card's purses change by -420 yen; due, cash, what was added and points make -210",
        ),
        (
            [FARE._replace(sf_after_yen=1500), Outcome(1, "indeterminate"), Resolved(1, "written", "")],
            1,
            "the card's purses change by 0 yen; due, cash, what was added and points make -210",
        ),
        ([EARNS._replace(points_earned=5), Outcome(1, "written")], 1, "the card's purses change by -204 yen; due, "),
        ([LAPSES._replace(points_lapsed=0), Outcome(1, "written")], 1, "the card's purses change by -504 yen; due, "),
        ([FARE._replace(points_earned=1), Outcome(1, "written")], 1, "the card's purses change by -210 yen; due, "),
        ([COUPONS._replace(purses=()), Outcome(1, "written")], 1, "the card's purses change by 0 yen; due, cash, "),
        ([AUTO_CHARGE._replace(auto_charge_yen=0), Outcome(1, "written")], 1, "the card's purses change by 790 yen"),
        # All purses together still add up, but money or points went where they can't.
        (
            [_moving(sf_after_yen=790, points=606), Outcome(1, "written")],
            1,
            "transport-points gains 500 more than it was given",
        ),
        (
            [_moving(sf_after_yen=1190, points=206), Outcome(1, "written")],
            1,
            "transport-points gains 100 more than it was given",
        ),
        (
            [PAYS_POINTS._replace(sf_after_yen=1501, purses=(("transport-points", 300, 89),)), Outcome(1, "written")],
            1,
            "stored-fare gains 1 more than it was given",
        ),
        ([_moving(points=96, welfare=50), Outcome(1, "written")], 1, "welfare-points gains 10 more than it was given"),
        *(
            ([ride._replace(action="board"), Outcome(1, "written")], 1, "a boarding changes money or points")
            for ride in (FARE, ALL_CASH, EARNS, BOARD._replace(auto_charge_yen=500, sf_after_yen=2_000))
        ),
    ],
)
def test_an_entry_that_does_not_hold_is_told(day: list[Record], seq: int, says: str) -> None:
    _, violations = audit(entries(*day))
    assert [violation.seq for violation in violations] == [seq]
    assert violations[0].what.startswith(says)


def test_money_that_does_not_add_up_counts_only_once_it_is_on_the_card() -> None:
    wrong = FARE._replace(sf_after_yen=1080)
    assert audit(entries(wrong, Outcome(1, "not_written"))) == (Ledger(), ())
    assert audit(entries(wrong, Outcome(1, "written")))[0].sf_delta_yen == -420


def test_points_given_without_a_purse_to_hold_them_are_counted_and_told() -> None:
    ledger, violations = audit(entries(FARE._replace(points_earned=1, points_lapsed=2), Outcome(1, "written")))
    assert (ledger.points_earned, ledger.points_lapsed, len(violations)) == (1, 2, 1)


def test_the_older_of_two_intents_for_a_card_is_settled_first() -> None:
    second = FARE._replace(sf_before_yen=1290, sf_after_yen=1080)
    day = entries(FARE, second)
    assert pending(day) == {CARD: (1, FARE)}
    assert pending([*day, Entry(3, 2, AT_S, Resolved(1, "written", ""))]) == {CARD: (2, second)}


boardings = st.integers(0, 20_000).map(lambda held: BOARD._replace(sf_before_yen=held, sf_after_yen=held))
taps = boardings | st.builds(
    lambda before, due, cash, auto, paid, earned, lapsed: intent(
        sf_before_yen=before,
        sf_after_yen=before + auto - (due - min(cash, due)),
        due_yen=due + sum(paid),
        cash_yen=min(cash, due),
        auto_charge_yen=auto,
        purses=(
            ("welfare-points", 1000, 1000 - paid[0]),
            ("transport-points", 1000, 1000 - paid[1] + earned - lapsed),
            ("regular", 1000, 1000 - paid[2]),
        ),
        points_earned=earned,
        points_lapsed=lapsed,
    ),
    st.integers(5000, 20_000),
    *[st.integers(0, 5000)] * 3,
    st.tuples(*[st.integers(0, 500)] * 3),
    *[st.integers(0, 500)] * 2,
)
ENDS = (
    ("written",),
    ("not_written",),
    ("indeterminate", "written"),
    ("indeterminate", "not_written"),
)


@given(st.lists(st.tuples(taps, st.sampled_from(ENDS))))
def test_the_invariant_of_money_holds_for_any_day_and_at_each_of_its_steps(
    day: list[tuple[Intent, tuple[j.Result, ...]]],
) -> None:
    fold, seq, written = Fold(), 0, []
    for asked, (outcome, *settled) in day:
        steps: list[Record] = [asked, Outcome(seq + 1, outcome)]
        steps += [Resolved(seq + 1, "written" if end == "written" else "not_written", "") for end in settled]
        for record in steps:
            seq += 1
            assert fold.take(Entry(seq, seq - 1, AT_S, record)) is None
            sums = fold.ledger()
            given_yen = sums.credit_yen + sums.points_earned - sums.points_lapsed
            assert sums.cards_delta_yen == given_yen - (sums.fares_yen - sums.cash_yen)
        written += [asked] if (outcome, *settled)[-1] == "written" else []
    sums = fold.ledger()
    assert sums.sf_delta_yen == sum(tap.sf_after_yen - tap.sf_before_yen for tap in written)
    assert sums.fares_yen == sum(tap.due_yen for tap in written)
    assert sums.boardings + sums.alightings == len(written)
    assert sums.pending == 0
    assert fold.pending() == {}


def test_a_violation_is_a_value() -> None:
    assert Fold().take(Entry(5, 4, AT_S, Outcome(4, "written"))) == Violation(
        5, "settles 4, which is no unsettled intent"
    )


# -- bank notes (faults 43)

NOTE = intent(
    action="top-up",
    sf_after_yen=2_600,
    due_yen=0,
    note_yen=1_000,
    premium_yen=100,
    lines=(("LOC-8", 1_000), ("NOR-3", 100)),
)
WRITTEN, NOT_WRITTEN, UNKNOWN = Outcome(1, "written"), Outcome(1, "not_written"), Outcome(1, "indeterminate")
STACKING, BOX, BACK, UNSURE = (NoteMoved(1, 1_000, to) for to in ("stacking", "box", "returned", "unsure"))
ADDED = Ledger(sf_delta_yen=1_100, top_ups=1, topped_up_yen=1_100, premium_yen=100)


@pytest.mark.parametrize(
    ("day", "ledger"),
    [
        ([NOTE], Ledger(pending=1, doubtful_yen=1_000)),
        ([NOTE, WRITTEN], ADDED._replace(doubtful_yen=1_000)),
        ([NOTE, WRITTEN, STACKING], ADDED._replace(doubtful_yen=1_000)),
        ([NOTE, WRITTEN, STACKING, BOX], ADDED._replace(notes_yen=1_000)),
        ([NOTE, NOT_WRITTEN, BACK], Ledger()),
        ([NOTE, NOT_WRITTEN, BOX, Voucher(1, 1_000, "operator")], Ledger(notes_yen=1_000, owed_yen=1_000, vouchers=1)),
        ([NOTE, WRITTEN, BACK, Voucher(1, 1_000, "passenger")], ADDED._replace(claimed_yen=1_000, vouchers=1)),
        ([NOTE, UNKNOWN, BOX], Ledger(pending=1, notes_yen=1_000, doubtful_yen=1_000)),
        ([NOTE, UNKNOWN, BOX, Resolved(1, "written", "next-tap")], ADDED._replace(notes_yen=1_000)),
        ([NOTE, UNKNOWN, BOX, Resolved(1, "not_written", "next-tap")], Ledger(notes_yen=1_000, owed_yen=1_000)),
        ([NOTE, UNKNOWN, BACK, Resolved(1, "written", "next-tap")], ADDED._replace(claimed_yen=1_000)),
        (
            [NOTE, UNKNOWN, BOX, Resolved(1, "unknown", "next-tap")],
            Ledger(unknown=1, notes_yen=1_000, doubtful_yen=1_000),
        ),
        ([NOTE, WRITTEN, UNSURE], ADDED._replace(doubtful_yen=1_000)),
    ],
)
def test_faults_43_a_note_is_in_one_place_and_what_is_owed_has_a_name(day: list[Record], ledger: Ledger) -> None:
    assert audit(entries(*day)) == (ledger, ())
    if not ledger.doubtful_yen:
        named_yen = ledger.owed_yen - ledger.claimed_yen
        assert ledger.notes_yen == ledger.topped_up_yen - ledger.premium_yen + named_yen


@pytest.mark.parametrize(
    ("day", "written", "stacking"),
    [
        ([NOTE], None, False),
        ([NOTE, UNKNOWN], None, False),
        ([NOTE, WRITTEN], True, False),
        ([NOTE, NOT_WRITTEN], False, False),
        ([NOTE, WRITTEN, STACKING], True, True),
        ([NOTE, UNKNOWN, STACKING, Resolved(1, "written", "next-tap")], True, True),
    ],
)
def test_faults_43_what_the_acceptor_is_asked_for_after_a_restart(
    day: list[Record], written: bool | None, stacking: bool
) -> None:
    assert open_notes(entries(*day)) == (OpenNote(1, 1_000, written, stacking),)


@pytest.mark.parametrize("to", ["box", "returned", "unsure"])
def test_faults_43_a_note_that_has_its_end_is_asked_for_no_more(to: j.Move) -> None:
    assert open_notes(entries(NOTE, WRITTEN, NoteMoved(1, 1_000, to))) == ()


@pytest.mark.parametrize(
    ("day", "seq", "says"),
    [
        ([BOX], 1, "moves 1000 yen of 1, which is no such note"),
        ([NOTE, NoteMoved(1, 5_000, "box")], 2, "moves 5000 yen of 1, which is no such note"),
        ([NOTE, WRITTEN, BOX, BACK], 4, "moves 1000 yen of 1, which is no such note"),
        ([NOTE, Voucher(1, 1_000, "operator")], 2, "a voucher for 1, which has one, or needs none"),
        (
            [NOTE, NOT_WRITTEN, BOX, Voucher(1, 1_000, "operator"), Voucher(1, 1_000, "operator")],
            5,
            "a voucher for 1, which has one, or needs none",
        ),
        ([NOTE._replace(sf_after_yen=2_500), WRITTEN], 1, "the card's purses change by 1000 yen"),
        ([NOTE._replace(sf_after_yen=1_500, note_yen=0, premium_yen=0), WRITTEN], 1, "a top-up without a note"),
        ([NOTE._replace(due_yen=100, sf_after_yen=2_500), WRITTEN], 1, "a top-up without a note, or with a fare"),
        ([NOTE._replace(action="alight"), WRITTEN], 1, "a note for what is no top-up"),
    ],
)
def test_a_note_that_does_not_hold_is_told(day: list[Record], seq: int, says: str) -> None:
    violations = audit(entries(*day))[1]
    assert [found.seq for found in violations] == [seq] and says in violations[0].what


# -- a settlement taken back (GEN-22)

WRONG = points_intent(cash_yen=0, auto_charge_yen=0)
"""210 yen from stored fare, 6 points earned."""
TAKEN_BACK = WRONG._replace(
    action="cancel",
    slot_before=WRONG.slot_after,
    slot_after=bytes(16),
    write_counter=WRONG.write_counter + 3,
    sf_before_yen=WRONG.sf_after_yen,
    sf_after_yen=WRONG.sf_before_yen,
    purses=tuple((name, after, before) for name, before, after in WRONG.purses),
    lines=(("GEN-22", -210),),
    cancels_seq=1,
)
THIRD = Outcome(3, "written")


@pytest.mark.parametrize(
    ("day", "ledger"),
    [
        ([WRONG, WRITTEN, TAKEN_BACK], _LEFT := Ledger(-210, 0, 0, 210, 0, 1, points_delta=6, points_earned=6)),
        ([WRONG, WRITTEN, TAKEN_BACK, Outcome(3, "not_written")], _LEFT),
        ([WRONG, WRITTEN, TAKEN_BACK, THIRD], Ledger(cancelled=1, cancelled_yen=210)),
        (
            [WRONG, WRITTEN, TAKEN_BACK, THIRD, WRONG, Outcome(5, "written")],
            _LEFT._replace(cancelled=1, cancelled_yen=210),
        ),
    ],
    ids=["pending", "not-written", "written", "settled-again"],
)
def test_gen_22_a_settlement_taken_back_is_in_no_sum(day: list[Record], ledger: Ledger) -> None:
    pending = int(len(day) == 3)
    assert audit(entries(*day)) == (ledger._replace(pending=pending), ())


def test_gen_22_cash_and_auto_charge_go_back_too() -> None:
    wrong = intent(sf_before_yen=50, sf_after_yen=1_050, cash_yen=210, auto_charge_yen=1_000)
    back = TAKEN_BACK._replace(sf_before_yen=1_050, sf_after_yen=50, cash_yen=210, auto_charge_yen=1_000)
    back = back._replace(purses=(), points_earned=0)
    assert audit(entries(wrong, WRITTEN, back, THIRD)) == (Ledger(cancelled=1, cancelled_yen=210), ())


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (TAKEN_BACK._replace(cancels_seq=0), "cancels 0 otherwise than the card's settlement 1 was"),
        (TAKEN_BACK._replace(cancels_seq=2), "cancels 2 otherwise than the card's settlement 1 was"),
        (TAKEN_BACK._replace(idm=bytes(8)), "cancels 1, which is no settlement of this card"),
        (TAKEN_BACK._replace(slot_before=bytes(16)), "cancels 1 otherwise than the card's settlement 1 was"),
        (TAKEN_BACK._replace(cash_yen=10), "cancels 1 otherwise than the card's settlement 1 was"),
        (TAKEN_BACK._replace(sf_after_yen=2_000), "cancels 1 otherwise than the card's settlement 1 was"),
        (WRONG._replace(cancels_seq=1), "cancels 1, but is no cancelling"),
    ],
)
def test_gen_22_what_is_taken_back_is_what_was_taken(wrong: Intent, what: str) -> None:
    _, violations = audit(entries(WRONG, WRITTEN, wrong, THIRD))
    assert what in [one.what for one in violations]


def test_gen_22_a_settlement_is_taken_back_once() -> None:
    _, violations = audit(entries(WRONG, WRITTEN, TAKEN_BACK, THIRD, TAKEN_BACK, Outcome(5, "written")))
    assert [one.what for one in violations] == ["cancels 1, which is no settlement of this card"]


def test_gen_22_the_settlement_may_be_in_a_segment_that_is_not_here() -> None:
    later = [entry._replace(seq=entry.seq + 10) for entry in entries(TAKEN_BACK)]
    done = Entry(12, 11, AT_S, Outcome(11, "written"))
    ledger, violations = audit([*later, done])
    assert violations == () and (ledger.fares_yen, ledger.cancelled) == (-210, 1)
