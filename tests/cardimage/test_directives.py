"""Directives at the tap: what changed at the centre reaches the card once, with the tap's own commit (CTR-3, AUT-4)."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardimage.directives import Applied, apply, told
from cardimage.shadow import shadow_of
from farebox.formats.bundle import (
    AutoChargeOff,
    AutoChargeSet,
    Directive,
    Directives,
    HolderChanged,
    Hotlist,
    PassGiven,
    cards_of,
    directives_of,
)
from farebox.formats.journal import Intent, Noted
from farebox.result import Side
from farebox.tap import NoteCode
from farebox.terms import Orders
from sim.hardware.field import Moment, Withdrawal
from tariff.account import Account, AutoCharge, HolderKind
from tariff.refusal import Code
from tests.bundles.test_bundle_format import directives as any_directives
from tests.farebox.bus import DAY, Bus, account_of, aizu, balance_yen, card_with, lococa, standing_slot, stop_number
from tests.farebox.field_bench import FieldBench
from tests.farebox.taps import AIZU_TRIP, RENEWED, orders_for
from tests.reader.transit_card import transit_card

TOMORROW = DAY + timedelta(1)
SETTINGS = AutoChargeSet(500, 3_000, 9_000, 30_000)
CHARGED = AutoCharge(500, 3_000, 9_000, 30_000)


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    with Bus(tmp_path, FieldBench()) as bus:
        yield bus


def pass_given(first_day: date, section: tuple[str, str] = ("磐城棚倉", "新白河")) -> PassGiven:
    ends = (stop_number(section[0]), stop_number(section[1]), False, 500)
    return PassGiven(1, 0, first_day, first_day + timedelta(29), False, (ends,))


def codes(bus: Bus) -> list[str]:
    return [entry.record.code for entry in bus.entries() if isinstance(entry.record, Noted)]


# -- on the bus


def test_ctr_3_a_renewal_is_written_at_the_first_tap_from_its_first_day_on(bus: Bus) -> None:
    card = lococa(2_000, section=("磐城棚倉", "南湖公園"))
    bus.begin().terminal.orders = orders_for(card.idm, RENEWED)
    boarded = bus.board(card)
    assert [(note.code, note.rule) for note in boarded.notes] == [(NoteCode.DIRECTIVE_APPLIED, "CTR-3")]
    account = account_of(card)
    assert account.directive == 1
    assert account.held_pass is not None and account.held_pass.last_day == date(2026, 12, 19)


def test_ctr_3_the_journal_says_what_was_applied_just_before_the_intent(bus: Bus) -> None:
    card = lococa(2_000)
    bus.begin().terminal.orders = orders_for(card.idm, RENEWED)
    bus.board(card)
    *_, note, intent, _outcome = (entry.record for entry in bus.entries())
    assert note == Noted(card.idm, "directive-applied", "1 from 2026-11-20: pass 1 2026-11-20 to 2026-12-19")
    assert isinstance(intent, Intent)


def test_ctr_3_it_is_applied_once_however_often_the_card_is_tapped(bus: Bus) -> None:
    card = lococa(2_000)
    bus.begin().terminal.orders = orders_for(card.idm, RENEWED)
    bus.board(card)
    bus.board(card)
    assert bus.drive_to("新白河").alight(card).notes == ()
    assert codes(bus).count("directive-applied") == 1


def test_ctr_3_and_once_on_all_buses_together(tmp_path: Path) -> None:
    card = lococa(2_000)
    with Bus(tmp_path, FieldBench(), name="BUS-1") as first, Bus(tmp_path, FieldBench(), name="BUS-2") as second:
        for bus in (first, second):
            bus.begin().terminal.orders = orders_for(card.idm, RENEWED)
            bus.board(card)
        assert (codes(first), codes(second)) == (["directive-applied"], ["first-boarding-kept"])


def test_ctr_3_before_its_first_day_nothing_changes(bus: Bus) -> None:
    card = lococa(2_000)
    bus.begin().terminal.orders = orders_for(card.idm, RENEWED._replace(first_day=TOMORROW))
    assert bus.board(card).notes == ()
    assert account_of(card).directive == 0 and account_of(card).held_pass is None


def test_ctr_3_another_cards_directive_is_not_this_ones(bus: Bus) -> None:
    card = lococa(2_000)
    bus.begin().terminal.orders = orders_for(lococa(0, number=2).idm, RENEWED)
    bus.board(card)
    assert account_of(card).directive == 0


def test_ctr_3_a_pass_of_today_counts_for_the_ride_that_ends_with_this_tap(bus: Bus) -> None:
    """It was sold, and its first day is the ride's: the bus only heard of it on the way."""
    card = lococa(2_000)
    bus.begin().board(card)
    bus.drive_to("新白河").terminal.orders = orders_for(card.idm, Directive(1, DAY, (pass_given(DAY),)))
    alighted = bus.alight(card)
    assert alighted.alighted is not None and alighted.alighted.settlement.due_yen == 0
    assert balance_yen(card) == 2_000


def test_ctr_3_gen_5_after_midnight_the_ride_is_judged_by_the_pass_of_its_own_day(bus: Bus) -> None:
    """The new pass begins after the day of boarding: the old one covers the ride, the new one stands on the card."""
    card = lococa(2_000, section=("磐城棚倉", "新白河"))
    bus.begin().board(card)
    renewal = pass_given(TOMORROW, ("磐城棚倉", "南湖公園"))
    bus.drive_to("新白河").terminal.orders = orders_for(card.idm, Directive(1, TOMORROW, (renewal,)))
    bus.clock.now_s += 86_400
    alighted = bus.alight(card)
    assert alighted.alighted is not None and alighted.alighted.settlement.due_yen == 0
    held = account_of(card).held_pass
    assert held is not None and held.first_day == TOMORROW and account_of(card).directive == 1


def test_ctr_3_a_refused_tap_changes_nothing(bus: Bus) -> None:
    card = lococa(100)
    bus.begin().board(card)
    bus.drive_to("新白河").terminal.orders = orders_for(card.idm, Directive(1, DAY, (HolderChanged(0, None),)))
    refused = bus.alight(card)
    assert refused.refusal is not None and refused.refusal.code is Code.SHORT
    assert account_of(card).directive == 0 and codes(bus) == []


def test_loc_2_ctr_3_a_childs_card_that_became_a_general_one_rides_on_after_its_last_day(bus: Bus) -> None:
    card = card_with(Account("lococa", 2_000, HolderKind.CHILD, True, DAY - timedelta(1)))
    bus.begin()
    refused = bus.board(card)
    assert refused.refusal is not None and refused.refusal.code is Code.EXPIRED_CARD
    bus.terminal.orders = orders_for(card.idm, Directive(1, DAY, (HolderChanged(0, None),)))
    assert bus.board(card).refusal is None
    assert bus.drive_to("新白河").alight(card).refusal is None
    assert (account_of(card).holder, account_of(card).expires) == (HolderKind.ADULT, None)
    assert balance_yen(card) == 1_500


def test_ctr_3_a_directive_that_the_card_has_no_room_for_is_left_and_the_ride_goes_on(bus: Bus) -> None:
    odd = Directive(1, DAY, (AutoChargeSet(150, 1_000, 9_000, 9_000),))
    after_it = Directive(2, DAY, (HolderChanged(1, None),))
    card = lococa(2_000)
    bus.begin().terminal.orders = orders_for(card.idm, odd, after_it)
    boarded = bus.board(card)
    assert boarded.refusal is None and account_of(card).directive == 0
    (note,) = boarded.notes
    assert note.code is NoteCode.DIRECTIVE_REFUSED and note.detail.startswith("1: a trigger of 150 yen")


def test_ctr_3_directives_that_rot_in_memory_stop_no_ride(bus: Bus) -> None:
    card = lococa(2_000)
    rotten = Directives(3, 0, cards_of([card.idm]), [1], b"\xff")
    bus.begin().terminal.orders = Orders(directives=rotten)
    boarded = bus.board(card)
    assert boarded.refusal is None
    assert [note.code for note in boarded.notes] == [NoteCode.DIRECTIVE_REFUSED]
    assert "bundle 3" in boarded.notes[0].detail


def test_igp_2_ctr_3_another_schemes_card_is_not_changed_here(bus: Bus) -> None:
    """LOCOCA's readers take a Suica for stored fare (模擬); what else is on it is its own operator's."""
    card = shadow_of(transit_card(), "suica", 2_000)
    bus.begin().terminal.orders = orders_for(card.idm, RENEWED)
    boarded = bus.board(card)
    assert boarded.refusal is None and boarded.notes == ()


def test_gen_22_ctr_3_taking_a_settlement_back_leaves_the_new_pass_on_the_card(bus: Bus) -> None:
    """Over midnight: the ride was judged by the old pass, and the new one stays, whose number the card has."""
    card = lococa(2_000, section=("磐城棚倉", "南湖公園"))
    bus.begin().board(card)
    bus.drive_to("新白河").terminal.orders = orders_for(card.idm, Directive(1, TOMORROW, (pass_given(TOMORROW),)))
    bus.clock.now_s += 86_400
    alighted = bus.alight(card)
    assert alighted.alighted is not None and alighted.alighted.settlement.due_yen == 250
    renewed = account_of(card).held_pass
    bus.terminal.begin_cancelling()
    taken_back = bus.alight(card)
    assert taken_back.cancelled is not None and taken_back.refusal is None
    assert account_of(card).held_pass == renewed and account_of(card).directive == 1
    assert balance_yen(card) == 2_000


def test_aut_4_faults_45_settings_of_today_hold_from_tomorrow(bus: Bus) -> None:
    card = aizu(250, 100, 1_000)
    orders = orders_for(card.idm, Directive(1, TOMORROW, (SETTINGS,)))
    bus.begin(AIZU_TRIP).terminal.orders = orders
    bus.board(card)
    today = bus.drive_to("西若松駅東口").alight(card)
    assert today.alighted is not None and today.alighted.settlement.auto_charged_yen == 0
    assert account_of(card).auto_charge == AutoCharge(100, 1_000, 99_000, 99_000)
    bus.terminal.end_trip()
    bus.begin(AIZU_TRIP, TOMORROW)
    bus.board(card)
    assert account_of(card).auto_charge == CHARGED
    tomorrow = bus.drive_to("西若松駅東口").alight(card)
    assert tomorrow.alighted is not None and tomorrow.alighted.settlement.auto_charged_yen == 3_000


def test_aut_4_switched_off_it_adds_nothing_from_its_first_day_on(bus: Bus) -> None:
    card = aizu(50, 100, 1_000)
    bus.begin(AIZU_TRIP).board(card)
    off = orders_for(card.idm, Directive(1, DAY, (AutoChargeOff(),)))
    bus.drive_to("西若松駅東口").terminal.orders = off
    short = bus.alight(card)
    assert short.refusal is not None and short.refusal.code is Code.SHORT


def test_aut_6_what_a_directive_switches_on_the_list_holds_back(bus: Bus) -> None:
    card = card_with(Account("aizu-noruca", 50), 3, "AZ")
    bus.begin(AIZU_TRIP).board(card)
    listed = Hotlist(1, bus.clock.now_s, cards_of([]), cards_of([card.idm]))
    orders = orders_for(card.idm, Directive(1, DAY, (SETTINGS,)))
    bus.drive_to("西若松駅東口").terminal.orders = orders._replace(hotlist=listed)
    short = bus.alight(card)
    assert short.refusal is not None and short.refusal.code is Code.SHORT


def test_faults_2_a_torn_tap_with_a_directive_leaves_the_card_as_it_was_and_the_next_one_applies_it(bus: Bus) -> None:
    card = lococa(2_000)
    bus.begin().terminal.orders = orders_for(card.idm, RENEWED)
    before = standing_slot(card)
    bus.board(card, Withdrawal(5, Moment.DURING))  # in the second block of the bank
    assert standing_slot(card) == before and account_of(card).directive == 0
    bus.board(card)
    assert account_of(card).directive == 1


def test_faults_12_24_directives_go_by_their_numbers_whatever_the_clock_says(bus: Bus) -> None:
    """A day that comes again applies nothing again."""
    card = lococa(2_000)
    bus.begin().terminal.orders = orders_for(card.idm, RENEWED, Directive(2, DAY, (HolderChanged(1, None),)))
    bus.board(card)
    bus.clock.now_s -= 30 * 86_400
    bus.terminal.orders = orders_for(card.idm, RENEWED)
    bus.drive_to("新白河").alight(card)
    assert account_of(card).directive == 2 and codes(bus).count("directive-applied") == 2


# -- any of them

CARD = Account("aizu-noruca", 1_000)
SOME_DAYS = [DAY + timedelta(days) for days in range(6)]


@st.composite
def waiting(draw: st.DrawFn) -> tuple[Directive, ...]:
    days = sorted(draw(st.lists(st.sampled_from(SOME_DAYS), max_size=8)))
    numbers = sorted(draw(st.sets(st.integers(1, 60_000), min_size=len(days), max_size=len(days))))
    thousands = count(1)
    return tuple(
        Directive(number, day, (AutoChargeSet(100, 1_000 * next(thousands), 99_000, 99_000),))
        for number, day in zip(numbers, days, strict=True)
    )


@given(waiting(), st.lists(st.sampled_from(SOME_DAYS), max_size=10))
def test_ctr_3_faults_45_each_is_applied_at_most_once_in_order_and_none_before_its_day(
    there: tuple[Directive, ...], tapped: list[date]
) -> None:
    account = CARD
    done: list[Directive] = []
    for day in tapped:
        now = apply(account, there, day)
        assert all(one.first_day <= day for one in now.done)
        account, done = now.account, done + list(now.done)
    newest = max(tapped, default=date.min)
    assert tuple(done) == tuple(one for one in there if one.first_day <= newest)
    assert account.directive == (done[-1].number if done else 0)
    assert account._replace(auto_charge=None, directive=0) == CARD


@given(waiting(), waiting(), st.lists(st.tuples(st.booleans(), st.sampled_from(SOME_DAYS)), max_size=10))
def test_ctr_3_whichever_bus_has_which_bundle_a_number_is_never_applied_twice(
    old: tuple[Directive, ...], new: tuple[Directive, ...], taps: list[tuple[bool, date]]
) -> None:
    account, numbers = CARD, []
    for has_new, day in taps:
        now = apply(account, new if has_new else old, day)
        account = now.account
        numbers += [one.number for one in now.done]
    assert numbers == sorted(set(numbers))


@given(any_directives(), st.dates())
@settings(max_examples=200)
def test_any_directive_is_applied_whole_or_not_at_all(there: tuple[Directive, ...], day: date) -> None:
    now = apply(CARD, there, day)
    again = apply(now.account, there, day)
    assert again == Applied(now.account, (), now.unfit)
    assert all(told(one) for one in there)
    due = [one for one in there if one.first_day <= day]
    assert [*now.done, *([now.unfit.directive] if now.unfit else [])] == due[: len(now.done) + bool(now.unfit)]
    assert now.unfit is not None or len(now.done) == len(due)


def test_growth_a_card_reads_its_own_directives_and_no_others() -> None:
    """The others are rotten, and nobody notices."""
    many = {number.to_bytes(8, "big"): (RENEWED,) for number in range(1, 2_000)}
    table = directives_of(1, 0, many)
    mine = 1_000
    start, end = table.ends[mine - 2], table.ends[mine - 1]
    rotten = b"\xff" * start + table.entries[start:end] + b"\xff" * (len(table.entries) - end)
    assert table._replace(entries=rotten).of(mine.to_bytes(8, "big")) == (RENEWED,)


def test_a_tap_with_a_directive_on_one_reader_for_both_sides(bus: Bus) -> None:
    card = lococa(2_000)
    bus.begin().terminal.orders = orders_for(card.idm, RENEWED)
    bus.bench.lay(Side.BOARDING, card)
    boarded = bus.terminal.touch(Side.EITHER)
    assert boarded is not None and boarded.refusal is None and account_of(card).directive == 1
