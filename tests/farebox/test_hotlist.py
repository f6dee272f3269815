"""The hotlist at the reader: who is refused, who gets no credit, what an old list means (GEN-11, AUT-6, faults 39)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from farebox import hotlist
from farebox.clock import Trust, Why
from farebox.formats.bundle import Hotlist, cards_of
from farebox.formats.journal import Noted, Refused
from farebox.hotlist import Age
from farebox.result import Result, Side, Sound
from farebox.terms import Orders
from sim.hardware.field import Moment, Withdrawal
from tariff.auto_charge import Held
from tariff.lines import Word
from tariff.purses import Payment
from tariff.refusal import Code
from tests.farebox.bus import Bus, account_of, aizu, balance_yen, lococa, standing_slot
from tests.farebox.field_bench import FieldBench
from tests.farebox.taps import AIZU_TRIP

DAY_S = 86_400


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    with Bus(tmp_path, FieldBench()) as bus:
        yield bus


def stopped(*idms: bytes, version: int = 4, made_at_s: int = 0) -> Orders:
    return Orders(Hotlist(version, made_at_s, cards_of(idms), cards_of([])))


def no_credit_for(*idms: bytes, made_at_s: int) -> Orders:
    return Orders(Hotlist(4, made_at_s, cards_of([]), cards_of(idms)))


@pytest.mark.parametrize("side", [Side.BOARDING, Side.ALIGHTING])
def test_gen_11_a_stopped_card_is_refused_at_both_readers_and_not_written(bus: Bus, side: Side) -> None:
    bus.begin().drive_to("新白河")
    card = lococa(2_000)
    before = standing_slot(card)
    bus.terminal.orders = stopped(card.idm)
    refused = bus.tap(side, card)
    assert refused is not None and refused.refusal is not None and refused.sound is Sound.BUZZ
    assert (refused.refusal.code, refused.refusal.rule) == (Code.HOTLISTED, "GEN-11")
    assert standing_slot(card) == before and bus.ends() == []
    assert bus.entries()[-1].record == Refused(card.idm, side, "hotlisted", "hotlist 4")


def test_gen_11_any_other_card_rides(bus: Bus) -> None:
    bus.begin()
    bus.terminal.orders = stopped(lococa(0, number=2).idm, lococa(0, number=4).idm)
    assert bus.board(lococa(2_000, number=3)).refusal is None


def test_gen_11_a_card_that_is_stopped_on_its_ride_is_refused_at_the_exit(bus: Bus) -> None:
    bus.begin()
    card = lococa(2_000)
    assert bus.board(card).refusal is None
    bus.drive_to("新白河").terminal.orders = stopped(card.idm)
    refused = bus.alight(card)
    assert refused.refusal is not None and refused.refusal.code is Code.HOTLISTED
    assert balance_yen(card) == 2_000


def test_faults_3_a_stopped_cards_lost_write_is_settled_before_it_is_refused(bus: Bus) -> None:
    """What it paid is known then, whatever becomes of the card."""
    bus.begin()
    card = lococa(2_000)
    bus.board(card)
    bus.drive_to("新白河").alight(card, Withdrawal(5, Moment.AFTER))
    bus.terminal.orders = stopped(card.idm)
    refused = bus.alight(card)
    assert refused.refusal is not None and refused.refusal.code is Code.HOTLISTED
    assert refused.confirmed is not None and refused.confirmed.due_yen == 500
    assert not bus.terminal.pending and bus.ends()[-1] == ("alight", "written")


def auto_charged(bus: Bus, *listed: bytes, days_old: int = 0) -> Result:
    """A ride of 230 yen on a card with 50 yen, which auto-charges 1,000 unless a list of that age holds it back."""
    card = aizu(50, 100, 1_000)
    bus.begin(AIZU_TRIP).board(card)
    bus.terminal.orders = no_credit_for(*listed, made_at_s=bus.clock.now_s - days_old * DAY_S)
    return bus.drive_to("西若松駅東口").alight(card)


def held_line(result: Result) -> tuple[str, str]:
    """The rule and the reason that the settlement gives for no auto-charge; the fare is paid in part by cash."""
    assert result.alighted is not None
    (line,) = (one for one in result.alighted.settlement.lines if one.word is Word.AUTO_CHARGE_HELD)
    return line.rule, line.detail


def test_aut_6_a_card_on_the_no_auto_charge_list_gets_none(bus: Bus) -> None:
    """Short then, as any card is (GEN-10); its arrangement stays on it."""
    short = auto_charged(bus, aizu(50, 100, 1_000).idm)
    assert short.refusal is not None and short.refusal.code is Code.SHORT
    assert short.refusal.short_yen == 180


def test_aut_6_aut_3_the_reason_is_a_line_of_the_settlement(bus: Bus) -> None:
    card = aizu(99, 100, 1_000)
    bus.begin(AIZU_TRIP).board(card)
    bus.terminal.orders = no_credit_for(card.idm, made_at_s=bus.clock.now_s)
    bus.drive_to("西若松駅東口").alight(card)
    bus.terminal.answer_payment(Payment.PART_CASH)
    paid = bus.alight(card)
    assert held_line(paid) == ("AUT-6", Held.NO_AUTO_CHARGE_LIST)
    assert bus.ledger().credit_yen == 0
    assert account_of(card).auto_charge is not None
    assert ("AUT-6", 0) in [line for entry in bus.entries() for line in getattr(entry.record, "lines", ())]


def test_aut_6_every_other_card_gets_it(bus: Bus) -> None:
    charged = auto_charged(bus, lococa(0).idm)
    assert charged.alighted is not None and charged.alighted.settlement.auto_charged_yen == 1_000


def test_aut_6_cash_alone_needs_no_credit(bus: Bus) -> None:
    """And a card that would not auto-charge is told nothing of the list."""
    card = aizu(500, 100, 1_000)
    bus.begin(AIZU_TRIP).board(card)
    bus.terminal.orders = no_credit_for(card.idm, made_at_s=0)
    paid = bus.drive_to("西若松駅東口").alight(card)
    assert paid.alighted is not None and paid.alighted.settlement.stored_fare_yen == 230
    assert all(line.word is not Word.AUTO_CHARGE_HELD for line in paid.alighted.settlement.lines)


AGES = [
    (-400 * DAY_S, Age.FRESH),  # from the future: the clock is wrong, not the list
    (0, Age.FRESH),
    (2 * DAY_S - 1, Age.FRESH),
    (2 * DAY_S, Age.OLD),
    (7 * DAY_S - 1, Age.OLD),
    (7 * DAY_S, Age.STALE),
]


@pytest.mark.parametrize(("old_s", "found"), AGES)
def test_faults_39_the_age_of_a_list_asks_for_an_alarm_and_then_for_no_credit(old_s: int, found: Age) -> None:
    now_s = 1_800_000_000
    made = Hotlist(4, now_s - old_s, cards_of([]), cards_of([]))
    assert hotlist.age(made, now_s) is found
    held = hotlist.no_credit(made, bytes(8), now_s)
    assert held is (Held.STALE_HOTLIST if found is Age.STALE else None)


@pytest.mark.parametrize(("days", "short"), [(6, False), (8, True)])
def test_faults_39_behind_a_stale_list_a_card_spends_what_it_holds_and_no_credit(
    bus: Bus, days: int, short: bool
) -> None:
    result = auto_charged(bus, days_old=days)
    assert (result.refusal is not None and result.refusal.code is Code.SHORT) == short
    assert bus.ledger().credit_yen == (0 if short else 1_000)


def test_faults_39_the_alarm_and_its_end_stand_in_the_journal(bus: Bus) -> None:
    bus.begin()
    made_at_s = bus.clock.now_s
    bus.terminal.orders = stopped(made_at_s=made_at_s)
    for days, age in ((0, Age.FRESH), (3, Age.OLD), (3, Age.OLD), (9, Age.STALE)):
        bus.clock.now_s = made_at_s + days * DAY_S
        bus.board(lococa(2_000))
        assert bus.terminal.hotlist_age is age
    bus.terminal.orders = stopped(version=5, made_at_s=bus.clock.now_s)
    bus.board(lococa(2_000))
    aged = [(note.code, note.detail) for note in notes(bus) if note.code.startswith("hotlist")]
    assert aged == [
        ("hotlist-fresh", "version 4"),
        ("hotlist-old", "version 4"),
        ("hotlist-stale", "version 4"),
        ("hotlist-fresh", "version 5"),
    ]


def test_faults_39_without_a_list_or_a_clock_nobody_knows_its_age(bus: Bus) -> None:
    assert bus.begin().terminal.hotlist_age is None
    bus.trust = Trust(False, Why.NOT_SET)
    bus.terminal.orders = stopped(made_at_s=0)
    bus.board(lococa(2_000))
    assert bus.terminal.hotlist_age is None
    assert [note.code for note in notes(bus)] == ["clock-not-trusted"]


def notes(bus: Bus) -> list[Noted]:
    return [entry.record for entry in bus.entries() if isinstance(entry.record, Noted)]


def test_faults_39_a_card_without_auto_charge_rides_behind_a_stale_list_as_ever(bus: Bus) -> None:
    card = lococa(2_000)
    bus.begin().terminal.orders = stopped(made_at_s=0)
    bus.board(card)
    assert bus.drive_to("新白河").alight(card).refusal is None
    assert balance_yen(card) == 1_500
