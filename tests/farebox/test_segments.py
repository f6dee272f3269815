"""The terminal on a journal of segments: duties sealed, a segment that rots, rides that go on over both."""

import errno
from pathlib import Path

import pytest

from farebox.formats.journal import Intent, Outcome
from farebox.journal import fold
from farebox.journal.errors import JournalFailed
from farebox.journal.reading import read
from farebox.table import State
from sim.bench import ImageBench
from tests.farebox.bus import Bus, balance_yen, lococa


@pytest.fixture
def bus(tmp_path: Path) -> Bus:
    return Bus(tmp_path, ImageBench())


def rot(bus: Bus, kind: type[Intent] | type[Outcome]) -> None:
    """The last record of a kind in the active segment loses a bit; later ones vouch for it."""
    part = read(bus.path).parts[-1]
    places = [at for at, entry in zip(part.found.starts, part.found.entries, strict=True) if type(entry.record) is kind]
    data = bytearray(part.path.read_bytes())
    data[places[-1] + 22] ^= 1
    part.path.write_bytes(data)


def test_the_end_of_a_duty_is_sealed_and_the_next_one_goes_on(bus: Bus) -> None:
    with bus:
        card = lococa(2_000)
        bus.begin().board(card)
        bus.drive_to("新白河").alight(card)
        bus.terminal.end_trip()
        bus.terminal.end_duty()
        sealed, active = read(bus.path).parts
        assert sealed.found.seal is not None and sealed.found.seal.terminal_id == "BUS-1"
        assert active.found.entries == ()
        assert bus.terminal.state is State.OUT_OF_SERVICE
        bus.terminal.end_duty()  # nothing happened since
        assert len(read(bus.path).parts) == 2
        bus.begin()
        assert bus.board(lococa(2_000, 2)).refusal is None
        assert bus.ledger().boardings == 2


def test_faults_12_and_4_outlive_the_segments_they_were_journalled_in(bus: Bus) -> None:
    """A copy made before the ride is known, and a ride that was not settled still is, many segments later."""
    with bus:
        card = lococa(2_000)
        copy = lococa(2_000)
        bus.begin().board(card)
        bus.drive_to("新白河").alight(card)
        for _ in range(3):
            bus.terminal.end_trip()
            bus.terminal.end_duty()
            bus.begin()
            bus.board(lococa(2_000, 7))
        bus.restart()
        refused = bus.begin().board(copy).refusal
        assert refused is not None and refused.code == "altered-card"


def test_faults_21_a_disk_without_room_for_another_segment_does_not_stop_the_terminal(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(fd: int, offset: int, length: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with bus:
        bus.begin().board(lococa(2_000))
        bus.terminal.end_trip()
        (bus.path / "spare").unlink()
        monkeypatch.setattr("os.posix_fallocate", full)
        bus.terminal.end_duty()
        assert bus.terminal.journal_fault is None
        assert len(read(bus.path).parts) == 1
        bus.begin()
        assert bus.board(lococa(2_000, 2)).refusal is None


def test_faults_20_an_error_while_sealing_stops_it(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with bus:
        bus.begin().board(lococa(2_000))
        bus.terminal.end_trip()
        monkeypatch.setattr("os.fdatasync", fails)
        bus.terminal.end_duty()
        assert isinstance(bus.terminal.journal_fault, JournalFailed)
        assert bus.state() is State.STOPPED


@pytest.mark.parametrize("lost", [Intent, Outcome])
def test_faults_22_after_rot_no_fare_is_taken_twice_whatever_record_was_lost(
    bus: Bus, lost: type[Intent] | type[Outcome]
) -> None:
    with bus:
        card = lococa(2_000)
        bus.begin().board(card)
        bus.drive_to("新白河").alight(card)
        bus.terminal.end_trip()
        assert balance_yen(card) == 1_500
        bus.begin().terminal.end_trip()  # vouches for all before
        rot(bus, lost)
        bus.restart()
        assert (bus.path / "00000001.rotten").exists()
        assert (card.idm in bus.terminal.pending) is (lost is Outcome)
        confirmed = bus.begin().board(card).confirmed
        assert (confirmed is not None and confirmed.due_yen == 500) is (lost is Outcome)
        if confirmed:  # on the same trip, that is all this touch was
            bus.board(card)
        assert balance_yen(card) == 1_500
        assert not bus.terminal.pending
        bus.drive_to("新白河").alight(card)
        assert balance_yen(card) == 1_000
        bus.terminal.end_trip()
        found = read(bus.path)
        ledger, violations = fold.audit(found.for_the_sums())
        assert violations == ()
        # Whose outcome rotted is settled by the card's next tap; whose intent rotted is for the centre to find.
        assert ledger.fares_yen == (1_000 if lost is Outcome else 500)
