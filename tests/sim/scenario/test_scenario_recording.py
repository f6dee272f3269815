"""A journal as a scenario: what was recorded comes out again, whoever rode and however cards were torn away."""

from datetime import date
from pathlib import Path

import pytest

from farebox.duty import Duty
from farebox.feed import load_feed
from farebox.feed.operators import load_operators
from farebox.formats.journal import Entry
from farebox.journal.reading import read
from sim.bench import AirBench
from sim.replay import SeenTap, VehicleDay, fleet_for
from sim.scenario.hands import SimulatedHands
from sim.scenario.reading import parse
from sim.scenario.recording import NothingRecorded, Recorded, record
from sim.scenario.running import Outcome, run
from sim.scenario.schema import BookSaid, ScenarioSaid, StepSaid
from sim.scenario.writing import text_of
from tariff.account import Account
from tariff.riders import Party, Piece, RiderClass
from tests.farebox.bus import Bus, account_of, aizu
from tests.sim.scenario import bench
from tools.feeds import feed_path
from tools.scenario_files import Beside, files_in, load_book

DAY = date(2026, 11, 20)
FEED = load_feed(feed_path("sample"))
RULES = {book.scheme: book for book in load_operators().rulebooks}
SCENARIOS = files_in([Path(__file__).parents[2] / "scenarios"])


def replayed(folder: Path, vehicle: int, seed: int) -> tuple[tuple[Entry, ...], dict[bytes, Account]]:
    """A vehicle's day, its journal, and what its cards held before their first tap, as a bystander saw it."""
    known: dict[bytes, Account] = {}

    def see(tap: SeenTap) -> None:
        if tap.result.before is not None:
            known.setdefault(tap.result.idm, tap.result.before)

    simulated = AirBench()
    duty = Duty(FEED, load_operators())
    day = VehicleDay(duty, fleet_for(duty, DAY)[vehicle], DAY, simulated, folder, seed, see)
    day.run()
    simulated.close()
    return read(next(folder.glob("*.journal"))).entries, known


def recorded(entries: tuple[Entry, ...], known: dict[bytes, Account]) -> Recorded:
    return record(entries, known, FEED, "sample", RULES, "recorded")


def again(book: BookSaid) -> Outcome:
    """The book as it is written, read and run."""
    hands = SimulatedHands()
    try:
        return run(parse(text_of(book).encode(), "r.scenario.toml").scenarios[0], Beside("r.scenario.toml"), hands)
    finally:
        hands.close()


@pytest.mark.parametrize(("vehicle", "seed"), [(0, 1), (1, 7), (2, 41), (3, 41), (2, 5)])
def test_a_replayed_day_comes_out_again(tmp_path: Path, vehicle: int, seed: int) -> None:
    told = recorded(*replayed(tmp_path, vehicle, seed))
    outcome = again(told.book)
    assert outcome.complaint == () and len(outcome.scenario.said.steps) > 20


def test_the_days_above_have_what_goes_wrong_on_a_bus(tmp_path: Path) -> None:
    steps: list[StepSaid] = []
    for vehicle, seed in ((2, 41), (3, 41)):
        folder = tmp_path / f"{vehicle}-{seed}"
        folder.mkdir()
        steps += recorded(*replayed(folder, vehicle, seed)).book.scenario[0].steps
    assert {step.refused for step in steps} >= {None, "short", "no-boarding", "touch-again"}
    assert any(step.answer_stop for step in steps) and any(step.answer_payment for step in steps)
    assert any(step.remarks == ("first-result-shown",) for step in steps)


def test_without_the_cards_those_with_conditions_are_left_out_by_name_and_the_rest_comes_out(tmp_path: Path) -> None:
    entries, _ = replayed(tmp_path, 2, 41)
    told = recorded(entries, {})
    assert again(told.book).complaint == ()
    assert any("a pass or other conditions, which a journal does not tell" in what for what in told.left_out)


def test_no_idm_goes_into_the_file(tmp_path: Path) -> None:
    entries, known = replayed(tmp_path, 2, 41)
    text = text_of(recorded(entries, known).book).lower()
    assert [idm.hex() for idm in known if idm.hex() in text or idm.hex()[-6:] in text] == []


def test_a_journal_of_another_feed_or_of_nothing_is_told(tmp_path: Path) -> None:
    entries, known = replayed(tmp_path, 0, 1)
    with pytest.raises(NothingRecorded, match="name the feed"):
        recorded(entries[:1], known)
    with pytest.raises(NothingRecorded, match="nothing in it can be told"):
        recorded(entries[:2], known)


def test_what_a_journal_does_not_tell_enough_of_is_left_out_from_there_on(tmp_path: Path) -> None:
    """Luggage has no measures there, a directive no contents; what was before, and others' rides, come out again."""
    plain, laden = aizu(1_000, 100, 1_000, 7), aizu(1_000, 100, 1_000, 9)
    known = {card.idm: account_of(card) for card in (plain, laden)}
    with Bus(tmp_path, AirBench()) as bus:
        bus.begin("NISHIWAKA-W01")
        bus.board(plain)
        bus.board(laden)
        bus.drive_to("西若松駅東口")
        bus.terminal.expect_party(Party(luggage=(Piece(10_000, 1, 1),)))
        bus.alight(laden)
        bus.terminal.expect_party(Party(companions=(RiderClass.CHILD,), family=(RiderClass.ADULT,)))
        bus.alight(plain)
        told = recorded(bus.entries(), known)
    assert told.left_out == ("カード2: rode with luggage or attendants, of whom a journal does not tell enough",)
    assert again(told.book).complaint == ()
    assert [(step.board, step.alight) for step in told.book.scenario[0].steps] == [
        ("カード1", None),
        ("カード2", None),
        (None, "カード1"),
    ]


# -- what is written is read again


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.name)
def test_every_scenario_of_ours_is_the_same_once_written_and_read(path: Path) -> None:
    for scenario in load_book(path).scenarios:
        book = BookSaid(
            title="t",
            routes=scenario.routes,
            cards=scenario.cards,
            scenario=(scenario.said,),
            bus=scenario.buses["bus"],
        )
        after = parse(text_of(book).encode(), str(path)).scenarios[0]
        assert (after.said, after.cards, after.routes) == (scenario.said, scenario.cards, scenario.routes)


def test_titles_keep_every_letter() -> None:
    title = '"quoted" \\ 改行\n\t\x7f 終'
    said = bench.one('board = "花子"')
    book = BookSaid(title=title, scenario=(ScenarioSaid(title=title, steps=said.said.steps),), cards=said.cards)
    assert parse(text_of(book).encode(), "x").title == title
