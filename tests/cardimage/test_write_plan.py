from datetime import date
from typing import NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cardimage.image import Blocks
from cardimage.layout.bits import whole
from cardimage.layout.blocks import BANKS
from cardimage.layout.history import HistoryRow, decode_history
from cardimage.layout.slots import decode_slot, encode_slot, layout_of, slot_of
from cardimage.write_plan import WRITES_OF_A_TAP, WritePlan, next_sequence, plan
from tariff.account import (
    Account,
    AutoCharge,
    AutoCharged,
    Coupons,
    HolderKind,
    Pass,
    Points,
    RideMark,
    RideState,
    Section,
)
from tests.cardimage.accounts import FIRST_OF_2, LAST, SCHEMES, accounts_of, new_days, old_days, two_of_one_scheme
from tests.cardimage.written import account_on, card, now, torn_states, uses_on, written

DAY, LAST_YEAR = date(2026, 11, 20), date(2025, 11, 20)
PLAIN = Account("lococa", 1_000)


def test_a_boarding_writes_the_older_slot_and_nothing_else() -> None:
    for place in (0, 1):
        blocks = card(PLAIN, sequence=7, place=place)
        done = plan(now(blocks), PLAIN, PLAIN._replace(stored_fare_yen=770))
        assert done.staged == ()
        block, data = done.commit
        assert block == 1 - place
        slot = decode_slot(data)
        assert slot is not None
        assert (slot.sequence, slot.stored_fare_yen) == (8, 770)


def test_a_new_card_has_its_second_slot_written_first() -> None:
    blocks = card(PLAIN, sequence=0) | {1: bytes(16)}
    assert plan(now(blocks), PLAIN, PLAIN).commit[0] == 1


def test_the_number_wraps() -> None:
    blocks = card(PLAIN, sequence=255)
    assert next_sequence(now(blocks)) == 0
    assert now(written(blocks, plan(now(blocks), PLAIN, PLAIN))).slot.sequence == 0


# -- the history row


def row(sequence: int) -> HistoryRow:
    return HistoryRow(sequence, DAY, 1, 0, 5, 230, 0, 0, 770)


OPEN, CLOSED = RideMark(RideState.OPEN, DAY, 1, 0), RideMark(RideState.CLOSED, DAY, 1, 5)
FOLLOWED = {
    "nothing": (None, None, False),
    "a boarding": (None, OPEN, True),
    "a boarding after a ride that was never closed": (OPEN._replace(trip_number=2), OPEN, True),
    "a cancelling": (CLOSED, OPEN, True),
    "a top-up under way": (OPEN, OPEN, False),
    "a ride": (OPEN, CLOSED, False),
    "a top-up after a ride": (CLOSED, CLOSED, False),
}


@pytest.mark.parametrize(("older", "ride", "after_boarding"), FOLLOWED.values(), ids=FOLLOWED.keys())
def test_a_history_row_is_staged_before_the_slot_and_says_what_it_follows(
    older: RideMark | None, ride: RideMark | None, after_boarding: bool
) -> None:
    account = PLAIN._replace(ride=ride)
    blocks = card(account, sequence=13)
    blocks[1] = encode_slot(slot_of(PLAIN._replace(ride=older), 12, 0))
    done = plan(now(blocks), account, account._replace(stored_fare_yen=770), row(14))
    ((block, data),) = done.staged
    assert block == 7 + 14 % 7
    assert decode_history(data) == row(14)._replace(after_boarding=after_boarding)
    assert now(written(blocks, done)).slot.sequence == 14


def test_a_ride_that_was_never_settled_is_not_shown_when_another_bus_took_its_number() -> None:
    boarded = PLAIN._replace(ride=RideMark(RideState.OPEN, DAY, 1, 0))
    closed = PLAIN._replace(ride=RideMark(RideState.CLOSED, DAY, 1, 5), stored_fare_yen=770)
    elsewhere = PLAIN._replace(ride=RideMark(RideState.OPEN, DAY, 2, 3))
    blocks = card(boarded, sequence=13)
    left = plan(now(blocks), boarded, closed, row(14))
    blocks |= dict(left.staged)  # and the card is gone before its slot is written
    assert uses_on(blocks) == ()
    blocks = written(blocks, plan(now(blocks), boarded, elsewhere))
    assert uses_on(blocks) == ()
    done = plan(now(blocks), elsewhere, closed, row(15))
    assert [use.sequence for use in uses_on(written(blocks, done))] == [15]


# -- conditions: only by directive, or because another layout counts their days otherwise

HELD = Pass(5, 1, date(2026, 11, 1), date(2026, 11, 30), False, (Section(4, 9, False, 230),))
HOLDER = PLAIN._replace(named=True, held_pass=HELD)
RENEWED = HOLDER._replace(held_pass=HELD._replace(last_day=date(2026, 12, 31)), directive=12)
AUTO = Account("aizu-noruca", 500, named=True, auto_charge=AutoCharge(100, 1_000, 99_000, 99_000))


@pytest.mark.parametrize("bank", [0, 1])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (HOLDER, RENEWED),
        (HOLDER, HOLDER._replace(directive=1)),
        (HOLDER, HOLDER._replace(named=False)),
        (HOLDER, HOLDER._replace(holder=HolderKind.CHILD)),
        (HOLDER, HOLDER._replace(expires=DAY)),
        (HOLDER, HOLDER._replace(held_pass=None)),
        (AUTO, AUTO._replace(auto_charge=None)),
        (AUTO, AUTO._replace(auto_charge=AutoCharge(200, 1_000, 99_000, 99_000))),
        (PLAIN, HOLDER),
    ],
)
def test_conditions_that_change_go_to_the_bank_that_is_not_in_use(before: Account, after: Account, bank: int) -> None:
    blocks = card(before, bank=bank)
    done = plan(now(blocks), before, after)
    assert [block for block, _ in done.staged] == list(BANKS[1 - bank])
    then = written(blocks, done)
    assert (now(then).slot.bank, account_on(then)) == (1 - bank, after)
    assert [then[block] for block in BANKS[bank]] == [blocks[block] for block in BANKS[bank]]


@pytest.mark.parametrize("bank", [0, 1])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (HOLDER, HOLDER._replace(stored_fare_yen=770)),
        (HOLDER, HOLDER._replace(ride=RideMark(RideState.OPEN, DAY, 1, 0))),
        (AUTO, AUTO._replace(auto_charged=AutoCharged(DAY, 1_000, 1_000), stored_fare_yen=1_500)),
        (HOLDER, PLAIN),
    ],
    ids=["money", "boarding", "auto-charge", "no conditions any more"],
)
def test_conditions_that_do_not_change_are_not_written(before: Account, after: Account, bank: int) -> None:
    blocks = card(before, bank=bank)
    done = plan(now(blocks), before, after)
    assert done.staged == ()
    then = written(blocks, done)
    assert (now(then).slot.bank, account_on(then)) == (bank, after)


def test_a_bank_left_over_from_before_is_never_taken_for_the_new_conditions() -> None:
    """Conditions taken back and given again: what the bank held meanwhile was nobody's."""
    blocks = card(HOLDER)
    blocks = written(blocks, plan(now(blocks), HOLDER, PLAIN))
    blocks = written(blocks, plan(now(blocks), PLAIN, HOLDER))
    assert (account_on(blocks), now(blocks).slot.bank) == (HOLDER, 1)


# -- from layout to layout

BOARDED = RideMark(RideState.OPEN, DAY, 311, 12)


def test_a_card_of_layout_1_goes_over_to_layout_2_at_its_next_tap() -> None:
    blocks = card(HOLDER, layout=1, bank=0)
    after = HOLDER._replace(ride=BOARDED)
    done = plan(now(blocks), HOLDER, after)
    assert [block for block, _ in done.staged] == [5, 6]
    then = written(blocks, done)
    assert (now(then).slot.layout, now(then).slot.bank, account_on(then)) == (2, 1, after)
    assert plan(now(then), after, after).staged == ()


@pytest.mark.parametrize("account", [PLAIN, PLAIN._replace(holder=HolderKind.CHILD, named=True)])
def test_conditions_without_a_day_need_no_writing_over(account: Account) -> None:
    blocks = card(account, layout=1)
    after = account._replace(ride=BOARDED)
    done = plan(now(blocks), account, after)
    assert done.staged == ()
    then = written(blocks, done)
    assert (now(then).slot.layout, account_on(then)) == (2, after)


def test_an_old_ride_keeps_a_card_in_layout_1_until_it_boards_again() -> None:
    ridden = HOLDER._replace(ride=RideMark(RideState.CLOSED, LAST_YEAR, 3, 4))
    blocks = card(ridden)
    assert now(blocks).slot.layout == 1
    renewed = ridden._replace(held_pass=RENEWED.held_pass)
    blocks = written(blocks, plan(now(blocks), ridden, renewed))
    assert (now(blocks).slot.layout, account_on(blocks)) == (1, renewed)
    after = renewed._replace(ride=BOARDED)
    blocks = written(blocks, plan(now(blocks), renewed, after))
    assert (now(blocks).slot.layout, account_on(blocks)) == (2, after)


def test_a_replay_of_2019_writes_layout_1_and_the_card_finds_its_way_back() -> None:
    blocks = card(HOLDER)
    then = HOLDER._replace(ride=BOARDED._replace(day=date(2019, 4, 30)))
    blocks = written(blocks, plan(now(blocks), HOLDER, then))
    assert (now(blocks).slot.layout, account_on(blocks)) == (1, then)
    after = then._replace(ride=BOARDED)
    blocks = written(blocks, plan(now(blocks), then, after))
    assert (now(blocks).slot.layout, account_on(blocks)) == (2, after)


@given(
    st.sampled_from(SCHEMES).flatmap(lambda scheme: st.tuples(*[accounts_of(scheme, st.dates(FIRST_OF_2, LAST))] * 2)),
    st.integers(0, 255),
    st.integers(0, 1),
    st.integers(0, 1),
)
def test_nothing_is_lost_or_changed_on_the_way_to_layout_2(
    accounts: tuple[Account, Account], sequence: int, bank: int, place: int
) -> None:
    account, later = accounts
    tapped = account._replace(ride=later.ride)
    blocks = card(account, layout=1, sequence=sequence, bank=bank, place=place)
    assert account_on(blocks) == account
    done = plan(now(blocks), account, tapped)
    held = dict(blocks)
    for block, data in done.staged:  # withdrawn before each write
        assert account_on(held) == account
        held[block] = data
    assert account_on(held) == account
    then = written(blocks, done)
    assert account_on(then) == tapped
    assert now(then).slot.layout == 2


@given(two_of_one_scheme(old_days) | two_of_one_scheme(new_days), st.integers(0, 255), st.integers(0, 1))
def test_any_account_can_follow_any_other(accounts: tuple[Account, Account], sequence: int, bank: int) -> None:
    before, after = accounts
    blocks = card(before, sequence=sequence, bank=bank, place=bank)
    done = plan(now(blocks), before, after, row((sequence + 1) % 256))
    assert len(done.staged) + 1 <= WRITES_OF_A_TAP
    then = written(blocks, done)
    assert account_on(then) == after
    assert now(then).slot == slot_of(after, sequence + 1, now(then).slot.bank)
    assert now(then).slot.layout == layout_of(after)


# -- withdrawn


class Kind(NamedTuple):
    """A kind of plan: a card before, in which layout, and after; with a history row or without."""

    before: Account
    after: Account
    writes: int
    layout: int | None = None
    closes: bool = False


CLOSED = RideMark(RideState.CLOSED, DAY, 311, 18)
IWATE = Account("iwate-green-pass", 2_000, ride=BOARDED, points=Points(40, date(2026, 10, 1)), welfare_points=120)
NORUCA = Account("noruca", 0, ride=BOARDED, coupons=Coupons(1_100, 0, 20_000))
KINDS = {
    "boarding": Kind(PLAIN, PLAIN._replace(ride=BOARDED), 1),
    "alighting": Kind(PLAIN._replace(ride=BOARDED), PLAIN._replace(ride=CLOSED, stored_fare_yen=770), 2, closes=True),
    "alighting, Iwate Green Pass": Kind(
        IWATE, IWATE._replace(ride=CLOSED, stored_fare_yen=1_770, points=Points(46, DAY)), 2, closes=True
    ),
    "alighting, NORUCA": Kind(NORUCA, NORUCA._replace(ride=CLOSED, coupons=Coupons(1_100, 0, 19_770)), 2, closes=True),
    "alighting, AIZU NORUCA, auto-charged": Kind(
        AUTO._replace(ride=BOARDED),
        AUTO._replace(ride=CLOSED, stored_fare_yen=1_270, auto_charged=AutoCharged(DAY, 1_000, 1_000)),
        2,
        closes=True,
    ),
    "a directive": Kind(HOLDER, RENEWED, 3),
    "a directive that gives the first conditions": Kind(PLAIN, RENEWED, 3),
    "a directive that takes the last ones": Kind(HOLDER, PLAIN, 1),
    "a directive at an alighting": Kind(
        HOLDER._replace(ride=BOARDED), RENEWED._replace(ride=CLOSED, stored_fare_yen=770), 4, closes=True
    ),
    "to layout 2": Kind(PLAIN, PLAIN._replace(ride=BOARDED), 1, layout=1),
    "to layout 2, with conditions": Kind(HOLDER, HOLDER._replace(ride=BOARDED), 3, layout=1),
    "to layout 2, with conditions, at an alighting": Kind(
        HOLDER._replace(ride=BOARDED), HOLDER._replace(ride=CLOSED, stored_fare_yen=770), 4, layout=1, closes=True
    ),
    "to layout 2, with a directive": Kind(HOLDER, RENEWED._replace(ride=BOARDED), 3, layout=1),
    "to layout 2, NORUCA": Kind(NORUCA, NORUCA._replace(ride=CLOSED), 2, layout=1, closes=True),
    "to layout 2, Iwate Green Pass": Kind(IWATE, IWATE._replace(ride=CLOSED), 2, layout=1, closes=True),
    "back to layout 1": Kind(HOLDER, HOLDER._replace(ride=BOARDED._replace(day=LAST_YEAR)), 3),
    "a shadow's alighting": Kind(
        Account("suica", 2_000, ride=BOARDED), Account("suica", 1_770, ride=CLOSED), 2, closes=True
    ),
}


def planned(kind: Kind, sequence: int, bank: int, place: int) -> tuple[Blocks, WritePlan]:
    blocks = card(kind.before, layout=kind.layout, sequence=sequence, bank=bank, place=place)
    history = row((sequence + 1) % 256) if kind.closes else None
    return blocks, plan(now(blocks), kind.before, kind.after, history)


@pytest.mark.parametrize(("sequence", "bank", "place"), [(7, 0, 0), (255, 1, 1), (254, 0, 1)])
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_a_card_withdrawn_at_any_byte_of_any_write_is_old_or_new_and_never_mixed(
    kind: Kind, sequence: int, bank: int, place: int
) -> None:
    blocks, done = planned(kind, sequence, bank, place)
    writes = (*done.staged, done.commit)
    assert len(writes) == kind.writes
    shown = uses_on(blocks)
    for torn in torn_states(blocks, done):
        whole_plan = torn.write == len(writes) - 1 and torn.blocks[done.commit[0]] == done.commit[1]
        assert account_on(torn.blocks) == (kind.after if whole_plan else kind.before), torn
        assert len(uses_on(torn.blocks)) == len(shown) + (kind.closes and whole_plan), torn


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_whatever_a_withdrawal_left_the_next_tap_sets_right(kind: Kind) -> None:
    blocks, done = planned(kind, 7, 0, 0)
    for torn in torn_states(blocks, done):
        found = account_on(torn.blocks)
        again = plan(now(torn.blocks), found, kind.after)
        assert account_on(written(torn.blocks, again)) == kind.after


@given(
    two_of_one_scheme(old_days) | two_of_one_scheme(new_days),
    st.integers(0, 255),
    st.integers(0, 1),
    st.integers(0, 3),
    st.integers(0, 16),
)
def test_any_plan_cut_anywhere_leaves_the_old_account_or_the_new(
    accounts: tuple[Account, Account], sequence: int, bank: int, write: int, cut: int
) -> None:
    before, after = accounts
    blocks = card(before, sequence=sequence, bank=bank)
    done = plan(now(blocks), before, after, row((sequence + 1) % 256))
    writes = (*done.staged, done.commit)
    write = min(write, len(writes) - 1)
    block, data = writes[write]
    partly = data[:cut] + blocks[block][cut:]
    # A check of 16 bits lets one torn block in 65,536 pass.
    assume(partly in (data, blocks[block]) or not whole(partly))
    held = blocks | dict(writes[:write]) | {block: partly}
    committed = block == done.commit[0] and partly == data
    assert account_on(held) == (after if committed else before)
