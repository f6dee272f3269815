"""A bus on the Hakuho line for tests: the real terminal, journal and rules, on the simulated PN532 or on images.

Reads like a driver's day: `bus.board(card)`, `bus.drive_to("新白河")`, `bus.alight(card)`.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import date
from pathlib import Path
from random import Random
from typing import Self

from cardimage.contents import account_on, standing_on
from cardimage.felica_card import FelicaCard
from cardimage.image import CardImage
from cardimage.issue import issue
from cardimage.layout.blocks import BANKS, SLOT_BLOCKS
from cardimage.layout.conditions import encode_conditions
from cardimage.layout.slots import encode_slot
from cardimage.resolve import Standing
from farebox.box import Recent
from farebox.clock import ALWAYS
from farebox.duty import Duty
from farebox.duty_count import DutyCount, count
from farebox.feed import load_feed
from farebox.feed.operators import load_operators
from farebox.formats.frames import scan
from farebox.formats.journal import Entry, Intent, Outcome, Resolved
from farebox.journal import fold
from farebox.journal.errors import JournalFault
from farebox.journal.fold import Ledger
from farebox.journal.log import Recovered, open_journal, recover, recover_folder
from farebox.journal.reading import read
from farebox.machine import StateMachine, TransitionsMachine
from farebox.peripherals.note_acceptor import NoteAcceptor
from farebox.result import Result, Side
from farebox.table import State
from farebox.tap import Service
from farebox.terminal import Terminal
from farebox.terms import NO_ORDERS, Orders
from farebox.top_up import Halt
from reader.keys import bench_keys
from sim.bench import Bench, Pn532Bench
from sim.hardware.field import Withdrawal
from sim.hardware.memory_disk import MemoryDisk, MemoryFolder
from sim.replay import SimClock
from tariff.account import Account, AutoCharge, Coupons, HolderKind, Pass, Points, Section
from tariff.refusal import Refusal
from tools.feeds import feed_path

DAY = date(2026, 11, 20)
TO_SHIN_SHIRAKAWA = "HAKUHO-W01"
TO_IWAKI_TANAGURA = "HAKUHO-W02"
CHUNK_BYTES = 16_384
DUTY = Duty(load_feed(feed_path("sample")), load_operators())
KEYS = bench_keys()


def stop_number(name: str) -> int:
    """The register's number of a stop."""
    return DUTY.feed.register.stop_number(name)


def service(trip_id: str = TO_SHIN_SHIRAKAWA, day: date = DAY, scheme: str | None = None) -> Service:
    """The service of a trip of the sample feed, under its agency's rules or those of a scheme."""
    return DUTY._replace(scheme=scheme).service(DUTY.feed.trips[trip_id], day)


def card_with(account: Account, number: int = 1, label: str = "LC") -> CardImage:
    """A card that holds an account."""
    return issue(bytes.fromhex("012E00000000") + number.to_bytes(2, "big"), account, f"{label}{number:05}", DAY)


def lococa(
    balance_yen: int,
    number: int = 1,
    section: tuple[str, str] | None = None,
    holder: HolderKind = HolderKind.ADULT,
) -> CardImage:
    """A LOCOCA card, with a pass on a section for November if one is named."""
    held = None
    if section is not None:
        ends = Section(stop_number(section[0]), stop_number(section[1]), False, 500)
        held = Pass(1, 0, date(2026, 11, 1), date(2026, 11, 30), False, (ends,))
    return card_with(Account("lococa", balance_yen, holder, held_pass=held), number)


def aizu(balance_yen: int, trigger_yen: int, amount_yen: int, number: int = 9) -> CardImage:
    """An AIZU NORUCA card with auto-charge, caps as first offered (AUT-1)."""
    account = Account(
        "aizu-noruca", balance_yen, named=True, auto_charge=AutoCharge(trigger_yen, amount_yen, 99_000, 99_000)
    )
    return card_with(account, number, "AZ")


def iwate(balance_yen: int, points: Points | None = None, welfare_points: int = 0, number: int = 11) -> CardImage:
    """An Iwate Green Pass."""
    return card_with(Account("iwate-green-pass", balance_yen, points=points, welfare_points=welfare_points), number)


def noruca(regular_yen: int, student_yen: int = 0, eco_yen: int = 0, number: int = 13) -> CardImage:
    """A NORUCA card with its coupon purses."""
    return card_with(Account("noruca", 0, coupons=Coupons(regular_yen, student_yen, eco_yen)), number, "FK")


def in_layout_1(card: CardImage) -> CardImage:
    """The card as it was handed out before layout 2: the same contents under sequence 0, its days counted from 2016."""
    blocks = card.lite_s_blocks()
    assert blocks is not None
    slot, account = standing_slot(card).slot, account_of(card)
    blocks[SLOT_BLOCKS[0]] = encode_slot(slot._replace(layout=1))
    if slot.more:
        blocks[BANKS[0][0]], blocks[BANKS[0][1]] = encode_conditions(account, 1)
    return card


def standing_slot(card: CardImage) -> Standing:
    """The slot of a card that is valid now."""
    blocks = card.lite_s_blocks()
    assert blocks is not None
    now = standing_on(blocks)
    assert not isinstance(now, Refusal)
    return now


def account_of(card: CardImage) -> Account:
    """What a card means, conditions and all, from its own blocks."""
    blocks = card.lite_s_blocks()
    assert blocks is not None
    account = account_on(blocks)
    assert not isinstance(account, Refusal)
    return account


def balance_yen(card: CardImage) -> int:
    """What is on a card, from its own blocks."""
    return standing_slot(card).slot.stored_fare_yen


class Bus(AbstractContextManager["Bus"]):
    """One bus with its terminal. `restart()` loses everything that is not in the journal."""

    def __init__(
        self,
        folder: Path,
        bench: Bench | None = None,
        machine: Callable[[], StateMachine] = TransitionsMachine,
        name: str = "BUS-1",
        disk: MemoryDisk | None = None,
        orders: Orders = NO_ORDERS,
        note_acceptor: Callable[[], NoteAcceptor] | None = None,
        segments: MemoryFolder | None = None,
    ) -> None:
        """With a disk or a folder in memory, the journal is on that; `restart` then needs it as the power left it.

        A terminal that restarts makes its driver of the note acceptor anew.
        """
        self.halt = Halt(doors_open=True)
        self._note_acceptor = note_acceptor
        self.disk = disk
        self.orders = orders
        self.trust = ALWAYS
        self.segments = segments
        self.clock = SimClock()
        self.shown: list[Result] = []
        self.recent = Recent(self.shown.append)
        self.bench = bench or Pn532Bench(KEYS, Random(1).randbytes)
        self.path = folder / f"{name}.journal"
        self._machine = machine
        self._name = name
        self._start()

    def _start(self) -> None:
        recovered = self._recovered()
        self._journal = recovered.journal
        self.terminal = Terminal(
            self._name,
            self.bench.readers,
            recovered,
            self._machine(),
            self.clock,
            self.recent.show,
            orders=self.orders,
            trust=lambda: self.trust,
            note_acceptor=self._note_acceptor() if self._note_acceptor else None,
            halt=lambda: self.halt,
        )

    def _recovered(self) -> Recovered:
        if self.segments is not None:
            return recover_folder(self.segments, self._name, CHUNK_BYTES)
        return open_journal(self.path) if self.disk is None else recover(self.disk, self._name, CHUNK_BYTES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(JournalFault):
            self._journal.close()
        self.bench.close()

    def restart(self, disk: MemoryDisk | None = None, segments: MemoryFolder | None = None) -> None:
        """Power off and on again: the journal stays, the terminal's memory is gone."""
        if disk is None and segments is None:
            self._journal.close()
        self.disk, self.segments = disk, segments
        self._start()

    # -- driving

    def begin(self, trip_id: str = TO_SHIN_SHIRAKAWA, day: date = DAY, scheme: str | None = None) -> Self:
        return self.begin_on(service(trip_id, day, scheme))

    def begin_on(self, on: Service) -> Self:
        self.clock.reach(on.began_s)
        self.terminal.begin_trip(on)
        return self

    def drive_to(self, stop: str) -> Self:
        assert self.terminal.service is not None
        self.clock.now_s += 300
        self.terminal.advance(self.terminal.service.table.pattern.stop_names.index(stop))
        return self

    @property
    def at_stop(self) -> str:
        """The stop the bus stands at."""
        assert self.terminal.service is not None
        return self.terminal.service.stop_name

    # -- tapping

    def tap(self, side: Side, card: CardImage, withdrawal: Withdrawal | None = None) -> Result | None:
        """Lay, look, lift, look."""
        self.clock.now_s += 2
        self.bench.lay(side, card, withdrawal)
        result = self.terminal.touch(side)
        self.bench.lift(side)
        self.terminal.touch(side)
        return result

    def board(self, card: CardImage, withdrawal: Withdrawal | None = None) -> Result:
        result = self.tap(Side.BOARDING, card, withdrawal)
        assert result is not None
        return result

    def alight(self, card: CardImage, withdrawal: Withdrawal | None = None) -> Result:
        result = self.tap(Side.ALIGHTING, card, withdrawal)
        assert result is not None
        return result

    # -- looking

    def state(self) -> State:
        """Where the terminal's machine stands now."""
        return self.terminal.state

    def entries(self) -> tuple[Entry, ...]:
        """What the journal's file holds once everything said so far is flushed."""
        self._journal.flush()
        if self.segments is not None:
            return self.segments.durable_entries()
        found = read(self.path) if self.disk is None else scan(bytes(self.disk.medium))
        assert found.problem is None
        return found.entries

    def ledger(self) -> Ledger:
        """The journal's sums; a contradiction in it fails the test."""
        ledger, violations = fold.audit(self.entries())
        assert not violations
        return ledger

    def duty(self) -> DutyCount:
        """What the duty came to so far."""
        return count(self.entries())

    def ends(self) -> list[tuple[str, str]]:
        """(action, result) of every intent, in order, the last word on it."""
        entries = self.entries()
        ends = {e.record.intent_seq: e.record.result for e in entries if isinstance(e.record, (Outcome, Resolved))}
        return [(e.record.action, ends.get(e.seq, "open")) for e in entries if isinstance(e.record, Intent)]


def card_in_field(card: CardImage) -> FelicaCard:
    """The card as a chip sees it."""
    return FelicaCard(card, KEYS.card_key(card.idm))
