"""Two terminals, one card, the very same write: which of them made it? (faults 5)

A write is cut short on one bus and made, alike, on another: the same trip at the same stop, as when one bus follows
another, two gates stand side by side, or a box is replaced. The slot that stands is the one that both were to write.
"""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cardimage.layout.bits import LayoutFault
from cardimage.layout.history import HistoryRow, decode_history
from cardimage.resolve import Fate, Row, fate
from cardimage.write_plan import WritePlan, next_sequence, plan
from farebox.records import mark
from farebox.tear import Pending
from farebox.top_up import TopUp
from sim.checkers import ends
from sim.hardware.field import Moment, Withdrawal
from sim.hardware.memory_disk import MemoryDisk
from tariff.account import Account, Coupons
from tariff.purses import money_yen
from tariff.refusal import Code
from tests.cardimage import accounts
from tests.cardimage.written import card, now, written
from tests.farebox.bus import Bus
from tests.farebox.field_bench import FieldBench
from tests.farebox.taps import KINDS, Scene
from tests.farebox.test_every_tap import money_is_in_one_place

PARTLY_IN_CASH = {"alight-part-cash", "alight-points-short", "alight-coupons-short"}
"""Their row has no room for a mark: on the same trip at the same stop, nothing tells two terminals apart."""


def made_by_both(name: str, folder: Path, moment: Moment) -> tuple[Scene, Bus]:
    """The tap is cut short at its last command on BUS-1, done on BUS-2, and the card comes back to BUS-1."""
    scene = Scene(KINDS[name], FieldBench(), folder)
    first, stop = scene.bus, scene.bus.at_stop
    scene.tap(Withdrawal(scene.kind.commands, moment))
    assert scene.card.idm in first.terminal.pending
    second = Bus(folder, scene.bench, name="BUS-2", disk=MemoryDisk(), orders=scene.kind.orders)
    second.begin_on(scene.kind.service()).drive_to(stop)
    scene.bus = second
    scene.tell()
    scene.finish()
    scene.bus = first
    scene.tap()
    assert not first.terminal.pending
    return scene, second


def claims(*buses: Bus) -> list[tuple[bytes, bytes]]:
    """The writes that move money and that a journal calls its own."""
    return [
        (intent.slot_before, intent.slot_after)
        for bus in buses
        for intent, end in ends(bus.entries())
        if end == "written" and intent.action != "board"
    ]


@pytest.mark.parametrize("moment", [Moment.BEFORE, Moment.DURING])
@pytest.mark.parametrize(
    "name", [name for name, kind in KINDS.items() if not kind.cancels and name not in PARTLY_IN_CASH]
)
def test_faults_5_the_same_tap_on_another_terminal_is_that_terminals_alone(
    tmp_path: Path, name: str, moment: Moment
) -> None:
    scene, second = made_by_both(name, tmp_path, moment)
    assert len(set(both := claims(scene.bus, second))) == len(both)
    money_is_in_one_place(scene.opening, scene.held(), scene.bus, second)


@pytest.mark.parametrize("name", ["alight-general", "alight-all-cash", "one-tap-boarding"])
def test_faults_5_must_fail_with_the_row_left_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(Pending, "row_block", lambda *_: None)
    scene, second = made_by_both(name, tmp_path, Moment.BEFORE)
    assert len(set(both := claims(scene.bus, second))) < len(both)


@pytest.mark.parametrize("name", sorted(PARTLY_IN_CASH))
def test_faults_5_a_fare_paid_partly_in_cash_is_told_apart_by_trip_and_stop_alone(tmp_path: Path, name: str) -> None:
    """The limit, as docs/card.md says it: here both call it theirs."""
    scene, second = made_by_both(name, tmp_path, Moment.BEFORE)
    assert len(set(both := claims(scene.bus, second))) < len(both)


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.cancels])
def test_gen_22_nobody_else_can_take_a_settlement_back(tmp_path: Path, name: str) -> None:
    """A cancelling has no row. It needs none: the settlement that it takes back stands in one journal alone."""
    scene = Scene(KINDS[name], FieldBench(), tmp_path)
    first, stop = scene.bus, scene.bus.at_stop
    scene.tap(Withdrawal(scene.kind.commands, Moment.BEFORE))
    second = Bus(tmp_path, scene.bench, name="BUS-2", disk=MemoryDisk(), orders=scene.kind.orders)
    second.begin_on(scene.kind.service()).drive_to(stop)
    scene.bus = second
    scene.tell()
    refused = scene.tap()
    assert refused is not None and refused.refusal is not None and refused.refusal.code is Code.NOT_CANCELLABLE
    scene.bus = first
    scene.finish()
    money_is_in_one_place(scene.opening, scene.held(), first, second)


# -- by the bytes alone: any card, any two terminals

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
terminals = st.tuples(names, st.integers(0, 253_402_200_000))
cards = accounts.accounts_in(accounts.new_days)
DAY = date(2026, 11, 20)


def added_to(account: Account, yen: int) -> Account:
    """The card with so much more in its first purse."""
    if account.coupons is not None:
        return account._replace(coupons=account.coupons._replace(regular_yen=account.coupons.regular_yen + yen))
    if account.scheme == "noruca":
        return account._replace(coupons=Coupons(yen, 0, 0))
    return account._replace(stored_fare_yen=account.stored_fare_yen + yen)


def top_up_by(terminal: tuple[str, int], account: Account, yen: int, sequence: int) -> WritePlan:
    """What a terminal is to write for a note."""
    after = added_to(account, yen)
    assume(money_yen(after) < 1 << 15)
    blocks = card(account, sequence=sequence)
    row = TopUp(yen, yen, after, ()).history(next_sequence(now(blocks)), DAY, mark(*terminal))
    try:
        return plan(now(blocks), account, after, row)
    except LayoutFault:
        assume(False)
        raise


@given(cards, st.sampled_from((1_000, 5_000, 10_000)), st.integers(0, 255), terminals, terminals)
def test_faults_5_no_two_terminals_write_the_same_top_up_alike(
    account: Account, yen: int, sequence: int, one: tuple[str, int], other: tuple[str, int]
) -> None:
    """Bus, station or machine, at any stop of any trip: the slots are the same, the rows never; and so each is told."""
    assume(one != other)
    mine, theirs = (top_up_by(terminal, account, yen, sequence) for terminal in (one, other))
    assert mine.commit == theirs.commit and mine.history_row != theirs.history_row
    before = card(account, sequence=sequence)
    left = before | dict(mine.staged)
    block = mine.staged[0][0]
    for made, expected in ((written(before, mine), Fate.WRITTEN), (written(left, theirs), Fate.NOT_WRITTEN)):
        row = Row(mine.history_row, made[block])
        assert fate(now(before).block, mine.commit[1], made[0], made[1], row=row) is expected
        assert fate(now(before).block, mine.commit[1], made[0], made[1]) is Fate.WRITTEN  # the slots alone can't tell


@given(cards, st.integers(0, 255), st.lists(st.sampled_from(("ride", "top-up", "left", "board")), max_size=9))
def test_faults_5_whatever_becomes_of_the_card_later_no_row_tells_wrongly(
    account: Account, sequence: int, later: list[str]
) -> None:
    """A top-up that was done or not, or that another terminal made alike; then any taps elsewhere, some given up."""
    for truth in ("done", "left", "theirs"):
        blocks = card(account, sequence=sequence)
        start = now(blocks).block
        mine, theirs = (top_up_by((name, 0), account, 1_000, sequence) for name in ("BUS-1", "BUS-2"))
        blocks |= dict(mine.staged)
        blocks = {"done": written(blocks, mine), "left": blocks, "theirs": written(blocks, theirs)}[truth]
        for number, event in enumerate(later):
            at = now(blocks)
            row = HistoryRow(
                next_sequence(at), DAY, 0, 0, 0, 230, 0, 0, number, top_up=event == "top-up", mark=number + 1
            )
            step = plan(at, account, account, None if event == "board" else row)
            blocks = blocks | dict(step.staged) if event == "left" else written(blocks, step)
        block = mine.staged[0][0]
        told = fate(start, mine.commit[1], blocks[0], blocks[1], row=Row(mine.history_row, blocks[block]))
        assert told in (Fate.UNKNOWN, Fate.WRITTEN if truth == "done" else Fate.NOT_WRITTEN)
        if not later:
            assert told is not Fate.UNKNOWN


def test_gen_13_the_row_of_a_top_up_says_what_was_added_and_whose_it_is() -> None:
    after = Account("lococa", 1_150)
    row = TopUp(1_000, 1_000, after, ()).history(8, DAY, mark("BUS-1", 1_795_132_800))
    done = plan(now(card(Account("lococa", 150))), Account("lococa", 150), after, row)
    assert decode_history(done.history_row) == row
    assert (row.due_yen, row.cash_yen, row.balance_yen, row.top_up) == (1_000, 1_000, 1_150, True)
