"""Before the clock is trusted: the plain fare, and no dated product (faults 25)."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cardimage.shadow import shadow_of
from farebox.clock import ALWAYS, Trust, Why, newest_trusted_s
from farebox.formats.journal import Intent, Noted, Opened, Outcome, Refused
from farebox.journal.log import open_journal
from farebox.machine import CompiledMachine
from farebox.result import Result, Side
from farebox.tap import NoteCode
from farebox.terminal import Terminal
from reader import card as card_session
from sim.replay import SimClock
from tariff.account import Account, HolderKind, Points
from tariff.auto_charge import Held
from tariff.lines import Word
from tariff.purses import Payment
from tariff.refusal import Code
from tests.farebox.bus import Bus, account_of, aizu, balance_yen, card_with, iwate, lococa, noruca, service
from tests.farebox.field_bench import FieldBench
from tests.farebox.taps import AIZU_TRIP, ECO_DAY, RENEWED, orders_for
from tests.reader.transit_card import transit_card

NOT_SET = Trust(False, Why.NOT_SET)


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    with Bus(tmp_path, FieldBench()) as bus:
        bus.trust = NOT_SET
        yield bus


def refused(result: Result | None) -> tuple[Code, str, str]:
    assert result is not None and result.refusal is not None
    return result.refusal.code, result.refusal.rule, result.refusal.detail


def test_faults_25_a_card_with_nothing_dated_rides_at_the_plain_fare(bus: Bus) -> None:
    card = lococa(2_000)
    assert bus.begin().board(card).notes == ()
    paid = bus.drive_to("新白河").alight(card)
    assert paid.refusal is None and paid.notes == ()
    assert balance_yen(card) == 1_500


def test_faults_25_a_pass_holder_is_not_charged_on_a_guess(bus: Bus) -> None:
    """Refused before anything is taken: the driver looks at the pass, or takes cash."""
    card = lococa(2_000, section=("磐城棚倉", "新白河"))
    assert refused(bus.begin().board(card)) == (Code.CLOCK_NOT_SET, "faults 25", "pass")
    assert bus.ends() == []
    assert bus.entries()[-1].record == Refused(card.idm, Side.BOARDING, "clock-not-set", "pass")


def test_faults_25_nor_is_a_card_with_a_last_day(bus: Bus) -> None:
    card = card_with(Account("lococa", 2_000, HolderKind.CHILD, True, date(2027, 3, 31)))
    assert refused(bus.begin().board(card)) == (Code.CLOCK_NOT_SET, "faults 25", "expiry")


def test_faults_25_without_a_boarding_record_there_is_no_day_either(bus: Bus) -> None:
    card = lococa(2_000, section=("磐城棚倉", "新白河"))
    assert refused(bus.begin().drive_to("新白河").alight(card))[0] is Code.CLOCK_NOT_SET
    assert bus.terminal.asked == b""


def test_faults_25_a_ride_that_began_under_a_trusted_clock_ends_by_the_day_on_its_card(bus: Bus) -> None:
    bus.trust = ALWAYS
    card = lococa(2_000, section=("磐城棚倉", "新白河"))
    bus.begin().board(card)
    bus.trust = NOT_SET
    bus.board(card)  # laid on the entry again: the first boarding stands
    paid = bus.drive_to("新白河").alight(card)
    assert paid.alighted is not None and paid.alighted.settlement.due_yen == 0
    again = bus.alight(card)
    assert again.shown_again
    assert refused(bus.drive_to("新白河").board(card))[0] is Code.CLOCK_NOT_SET


def test_faults_25_no_auto_charge_for_nobody_knows_whose_day_it_counts_for(bus: Bus) -> None:
    card = aizu(50, 100, 1_000)
    bus.begin(AIZU_TRIP).board(card)
    bus.drive_to("西若松駅東口")
    assert refused(bus.alight(card))[0] is Code.SHORT
    bus.terminal.answer_payment(Payment.PART_CASH)
    paid = bus.alight(card)
    assert paid.alighted is not None
    lines = [(line.rule, line.detail) for line in paid.alighted.settlement.lines if line.word is Word.AUTO_CHARGE_HELD]
    assert lines == [("faults 25", Held.CLOCK_NOT_SET)]
    assert account_of(card).auto_charged is None and account_of(card).auto_charge is not None


@pytest.mark.parametrize(
    "points", [None, Points(600, date(2026, 3, 1)), Points(600, date(2020, 3, 1))], ids=["none", "enough", "lapsed"]
)
def test_faults_25_points_are_neither_used_nor_earned_nor_lapsed(bus: Bus, points: Points | None) -> None:
    card = iwate(2_000, points)
    boarded = bus.begin(scheme="iwate-green-pass").board(card)
    assert [note.code for note in boarded.notes] == [NoteCode.CLOCK_NOT_SET]
    paid = bus.drive_to("新白河").alight(card)
    assert [(note.code, note.rule) for note in paid.notes] == [(NoteCode.CLOCK_NOT_SET, "faults 25")]
    assert balance_yen(card) == 1_500 and account_of(card).points == points


def test_faults_25_a_purse_of_certain_days_waits(bus: Bus) -> None:
    """On an eco day, by a clock that nobody vouches for."""
    card = noruca(2_000, 0, 200)
    bus.begin(day=ECO_DAY, scheme="noruca").board(card)
    paid = bus.drive_to("新白河").alight(card)
    assert NoteCode.CLOCK_NOT_SET in [note.code for note in paid.notes]
    coupons = account_of(card).coupons
    assert coupons is not None and (coupons.regular_yen, coupons.eco_yen) == (1_500, 200)


def test_faults_25_a_card_that_loses_nothing_is_told_nothing(bus: Bus) -> None:
    card = noruca(2_000)
    assert bus.begin(scheme="noruca").board(card).notes == ()


def test_igp_2_faults_25_another_schemes_card_would_have_had_nothing_of_it(bus: Bus) -> None:
    card = shadow_of(transit_card(), "suica", 2_000)
    boarded = bus.begin(scheme="iwate-green-pass").board(card)
    assert boarded.refusal is None and boarded.notes == ()


def test_faults_25_no_directive_for_nobody_knows_whether_its_day_has_come(bus: Bus) -> None:
    card = lococa(2_000)
    bus.begin().terminal.orders = orders_for(card.idm, RENEWED)
    bus.board(card)
    assert account_of(card).directive == 0
    bus.trust = ALWAYS
    bus.drive_to("新白河").alight(card)
    assert account_of(card).directive == 1


def test_faults_25_changes_of_trust_stand_in_the_journal_before_what_they_are_about(bus: Bus) -> None:
    bus.restart()
    bus.begin()
    bus.board(lococa(2_000))
    bus.trust = Trust(True, Why.NTP)
    bus.board(lococa(2_000, number=2))
    bus.board(lococa(2_000, number=3))
    bus.trust = Trust(True, Why.CENTRE)
    bus.board(lococa(2_000, number=4))
    kept = [entry.record for entry in bus.entries() if isinstance(entry.record, (Opened, Noted, Intent))]
    opened = max(place for place, record in enumerate(kept) if isinstance(record, Opened))
    assert [getattr(record, "code", "intent") for record in kept[opened + 1 :]] == [
        *("clock-not-trusted", "clock-not-trusted", "intent", "clock-trusted"),  # noted again as the trip begins
        *("intent", "intent", "clock-trusted", "intent"),
    ]


@pytest.mark.parametrize("sealed", [True, False], ids=["at the end of a duty", "on the next trip"])
def test_faults_24_a_start_finds_the_newest_trusted_time_in_the_segment_it_reads(tmp_path: Path, sealed: bool) -> None:
    """The active one alone, however many there are: what was noted in one that is sealed is noted again."""
    journal = open_journal(tmp_path / "segments")
    clock = SimClock()
    clock.reach(service().began_s)
    terminal = Terminal(
        *("BUS-1", FieldBench().readers, journal, CompiledMachine(), clock, lambda _result: None),
        trust=lambda: Trust(True, Why.NTP),
    )
    terminal.begin_trip(service())
    terminal.end_trip()
    clock.now_s += 3_600
    if sealed:
        terminal.end_duty()
    else:
        journal.journal.seal()
        terminal.begin_trip(service())
    journal.journal.close()
    entries = open_journal(tmp_path / "segments").entries
    assert newest_trusted_s(entries) == clock.now_s


def test_faults_21_25_a_change_while_a_card_is_written_waits_until_its_outcome_is_kept(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Room is reserved for the outcome alone: nothing may come between."""

    def trusted_meanwhile(*arguments: Any) -> card_session.End:
        bus.trust = Trust(True, Why.NTP)
        return write(*arguments)

    write = card_session.write
    monkeypatch.setattr(card_session, "write", trusted_meanwhile)
    bus.begin().board(lococa(2_000))
    *_, intent, outcome = (entry.record for entry in bus.entries())
    assert isinstance(intent, Intent) and isinstance(outcome, Outcome)
    bus.board(lococa(2_000))
    assert Noted(b"", "clock-trusted", "ntp") in [entry.record for entry in bus.entries()]


def test_faults_25_a_terminal_that_is_told_nothing_of_its_clock_trusts_it(tmp_path: Path) -> None:
    with Bus(tmp_path, FieldBench(), name="BUS-9") as bus:
        assert bus.begin().board(lococa(2_000, section=("磐城棚倉", "新白河"))).refusal is None
        assert not [entry for entry in bus.entries() if isinstance(entry.record, Noted)]
