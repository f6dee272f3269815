"""Disks that fill up, fail, or lose their power under a bus: no fare is taken that isn't recorded, none twice."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from farebox.formats.journal import Opened
from farebox.journal.errors import JournalFailed, JournalFault, JournalFull
from farebox.table import State
from sim.bench import ImageBench
from sim.hardware.memory_disk import MemoryDisk, PowerLost, Tear, head_only, kept, lost, tail_only
from tariff.refusal import Code
from tests.farebox.bus import CHUNK_BYTES, Bus, balance_yen, lococa


@contextmanager
def bus_on(disk: MemoryDisk, folder: Path) -> Iterator[Bus]:
    with Bus(folder, ImageBench(), disk=disk) as bus:
        yield bus


def test_one_flush_a_tap(tmp_path: Path) -> None:
    """performance.md d: exactly one fdatasync for each tap that writes a card, none for one that is only shown."""
    with bus_on(disk := MemoryDisk(), tmp_path) as bus:
        card = lococa(2_000)
        bus.begin()

        def flushes() -> int:
            return disk.calls.count("fdatasync")

        before = flushes()
        bus.board(card)
        assert flushes() == before + 1
        bus.drive_to("新白河").alight(card)
        assert flushes() == before + 2
        bus.alight(card)  # the first result, shown again
        assert flushes() == before + 2


@pytest.mark.parametrize("call", ["fdatasync", "pwrite"])
def test_faults_20_a_disk_error_at_the_intent_stops_fare_taking(tmp_path: Path, call: str) -> None:
    with bus_on(disk := MemoryDisk(), tmp_path) as bus:
        card = lococa(2_000)
        bus.begin().board(card)
        disk.errors[call] = errno.EIO
        refused = bus.drive_to("新白河").alight(card)
        assert refused.refusal is not None and refused.refusal.code is Code.OUT_OF_SERVICE
        assert bus.terminal.state is State.STOPPED
        assert isinstance(bus.terminal.journal_fault, JournalFailed)
        assert balance_yen(card) == 2_000  # the card was not touched
        disk.errors.clear()
        calls = len(disk.calls)
        again = bus.alight(card)
        assert again.refusal is not None and again.refusal.code is Code.OUT_OF_SERVICE
        assert len(disk.calls) == calls  # never tried again


def test_faults_20_an_error_after_the_card_was_written_loses_nothing(tmp_path: Path) -> None:
    """The intent is durable: after a restart the card's next tap says that the fare was taken."""
    disk = MemoryDisk()
    with bus_on(disk, tmp_path) as bus:
        card = lococa(2_000)
        bus.begin().board(card)
        bus.drive_to("新白河")
        flush = disk.fdatasync

        def flush_then_fail() -> None:
            flush()
            disk.errors["pwrite"] = errno.EIO  # the outcome's write is the next one

        disk.fdatasync = flush_then_fail  # type: ignore[method-assign]
        shown = bus.alight(card)
        assert shown.refusal is None and balance_yen(card) == 1_500
        assert bus.state() is State.STOPPED
        bus.restart(MemoryDisk(bytes(disk.medium)))
        again = bus.begin().drive_to("新白河").alight(card)
        assert again.confirmed is not None and again.confirmed.due_yen == 500
        assert balance_yen(card) == 1_500
        assert bus.ledger().fares_yen == 500


def test_faults_21_a_full_disk_ends_before_a_card_is_touched(tmp_path: Path) -> None:
    """Riders come until the disk is full; the tap that finds no room is refused, and all before it are whole."""
    with bus_on(disk := MemoryDisk(capacity=2 * CHUNK_BYTES), tmp_path) as bus:
        bus.begin()
        cards = []
        for number in range(1, 500):
            card = lococa(2_000, number)
            result = bus.board(card)
            if result.refusal is not None:
                break
            cards.append(card)
        else:
            pytest.fail("the disk never ran full")
        assert result.refusal.code is Code.OUT_OF_SERVICE
        assert isinstance(bus.terminal.journal_fault, JournalFull)
        assert bus.terminal.state is State.STOPPED
        bus.restart(MemoryDisk(bytes(disk.cache)))
        assert bus.ledger().boardings == len(cards)
        assert not bus.terminal.pending


@pytest.mark.parametrize("tear", [lost, kept, head_only, tail_only])
def test_faults_18_power_lost_at_every_call_of_a_ride(tmp_path: Path, tear: Tear) -> None:
    """Whichever write or flush the power goes in: after the restart the ride ends once, the fare taken once."""
    whole = MemoryDisk()
    with bus_on(whole, tmp_path) as bus:
        bus.begin().board(card := lococa(2_000))
        bus.drive_to("新白河").alight(card)
        calls = len(whole.calls)
    for number in range(calls):
        disk, card = MemoryDisk(), lococa(2_000)
        disk.power_goes_at = number
        aboard = alighted = False
        with suppress(PowerLost, JournalFault), bus_on(disk, tmp_path) as bus:
            bus.begin()
            aboard = bus.board(card).refusal is None
            alighted = bus.drive_to("新白河").alight(card).refusal is None
        with bus_on(disk.after_power_loss(tear), tmp_path) as bus:
            bus.begin()
            if not aboard:  # the passenger heard no "pi" and taps again; one who did doesn't
                bus.board(card)
            if not alighted:
                bus.drive_to("新白河").alight(card)
            ledger = bus.ledger()
            assert balance_yen(card) == 1_500, number
            if alighted:  # its outcome may be lost with the power, its intent is not: the next tap would settle it
                assert ledger.alightings + ledger.pending == 1, number
            else:
                assert (ledger.alightings, ledger.pending, ledger.sf_delta_yen) == (1, 0, -500), number


def test_faults_18_a_torn_tail_is_cut_and_said_so(tmp_path: Path) -> None:
    disk = MemoryDisk()
    with bus_on(disk, tmp_path) as bus:
        bus.begin().board(lococa(2_000))
        torn = disk.after_power_loss(head_only)  # the outcome was written, not flushed
    with bus_on(torn, tmp_path) as bus:
        opened = [entry.record for entry in bus.entries() if isinstance(entry.record, Opened)]
        assert [record.cut_bytes > 0 for record in opened] == [False, True]
        assert bus.ledger().pending == 1
