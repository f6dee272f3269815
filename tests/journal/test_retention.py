"""Nothing leaves the terminal's disk before the centre has said durably that it holds it (faults 32, 36)."""

import errno
from contextlib import closing, suppress
from pathlib import Path

import pytest

from farebox.formats import journal as j
from farebox.formats.frames import FRAME_HEAD_BYTES, scan
from farebox.formats.segment import Receipt
from farebox.journal import retention
from farebox.journal.errors import JournalDamaged, JournalFailed, JournalFull, ReceiptRefused
from farebox.journal.folder import FileFolder
from farebox.journal.log import open_journal, recover_folder
from farebox.journal.retention import Archive, open_archive
from sim.hardware.memory_disk import MemoryFolder, PowerLost, Tear, head_only, kept, lost, tail_only
from tests.journal.examples import AT_S, encoded, segment_of

CHUNK = 16_384
RECEIPT = b"held by the centre since 2026-11-20"


def sealed_times(duties: int, folder: MemoryFolder | None = None) -> MemoryFolder:
    """A journal of so many sealed segments, and an active one."""
    folder = folder or MemoryFolder()
    journal = recover_folder(folder, "bus.journal", CHUNK).journal
    for duty in range(duties):
        journal.append(j.TripEnded(f"T{duty}"), AT_S)
        journal.seal()
    journal.close()
    return folder.after_kill()


def archive_of(folder: MemoryFolder) -> Archive:
    return Archive(folder, "bus.journal")


def segments(folder: MemoryFolder) -> list[int]:
    return sorted(int(name[:8]) for name in folder.disks if name.endswith(".segment"))


def test_sealed_segments_wait_oldest_first_and_the_active_one_does_not() -> None:
    archive = archive_of(sealed_times(3))
    assert archive.waiting() == (1, 2, 3)
    sealed = archive.load(2)
    assert (sealed.number, sealed.seal.first_seq, sealed.seal.records) == (2, 2, 1)


def test_faults_36_a_segment_is_deleted_once_acknowledged_but_for_the_newest() -> None:
    folder = sealed_times(3)
    archive = archive_of(folder)
    archive.acknowledge(archive.load(1), RECEIPT)
    assert segments(folder) == [2, 3, 4]
    archive.acknowledge(archive.load(3), RECEIPT)
    assert archive.waiting() == (2,)
    assert segments(folder) == [2, 3, 4]  # 3 is the newest sealed one
    archive.acknowledge(archive.load(2), RECEIPT)
    assert segments(folder) == [3, 4]
    assert archive.waiting() == ()
    again = archive.receipt(1)
    assert again is not None and again.receipt == RECEIPT


def test_faults_36_nothing_is_deleted_without_a_receipt() -> None:
    folder = sealed_times(5)
    archive = archive_of(folder)
    archive.acknowledge(archive.load(5), RECEIPT)
    assert segments(folder) == [1, 2, 3, 4, 5, 6]


def test_faults_32_an_acknowledgement_that_comes_twice_is_one() -> None:
    folder = sealed_times(2)
    archive = archive_of(folder)
    first = archive.load(1)
    archive.acknowledge(first, RECEIPT)
    archive.acknowledge(first, b"another copy")
    held = archive.receipt(1)
    assert held is not None and held.receipt == RECEIPT


@pytest.mark.parametrize("receipt", [b"", bytes(4097)])
def test_a_receipt_has_its_bounds(receipt: bytes) -> None:
    folder = sealed_times(2)
    archive = archive_of(folder)
    with pytest.raises(ReceiptRefused, match="1 to 4096 are kept"):
        archive.acknowledge(archive.load(1), receipt)
    assert segments(folder) == [1, 2, 3]


def test_faults_36_a_receipt_for_other_bytes_deletes_nothing() -> None:
    folder = sealed_times(2)
    archive = archive_of(folder)
    sealed = archive.load(1)
    other = sealed._replace(seal=sealed.seal._replace(digest=bytes(32)))
    with pytest.raises(ReceiptRefused, match=r"00000001\.segment: acknowledged with another digest"):
        archive.acknowledge(other, RECEIPT)
    archive.acknowledge(sealed, RECEIPT)
    with pytest.raises(ReceiptRefused):
        archive.acknowledge(other, RECEIPT)
    assert archive.waiting() == (2,)


@pytest.mark.parametrize("tear", [lost, kept, head_only, tail_only])
def test_faults_36_power_lost_at_every_call_never_leaves_a_segment_deleted_without_its_receipt(tear: Tear) -> None:
    image = sealed_times(2)
    whole = image.after_kill()
    archive = archive_of(whole)
    first = archive.load(1)
    before = len(whole.calls)
    archive.acknowledge(first, RECEIPT)
    for at in range(len(whole.calls) - before):
        for renamed in (0.0, 0.5, 1.0):
            folder = image.after_kill()
            folder.power_goes_at = at
            with suppress(PowerLost):
                archive_of(folder).acknowledge(first, RECEIPT)
            after = folder.after_power_loss(tear, 1.0, renamed)
            again = archive_of(after)
            assert 1 in segments(after) or again.receipt(1) == Receipt(1, 1, first.seal.digest, RECEIPT)
            recover_folder(after, "bus.journal", CHUNK).journal.close()
            after = after.after_kill()
            if 1 in segments(after):
                archive_of(after).acknowledge(first, RECEIPT)
            assert segments(after) == [2, 3]
            held = archive_of(after).receipt(1)
            assert held is not None and held.receipt == RECEIPT


def test_faults_22_a_receipt_that_rotted_is_asked_for_again() -> None:
    folder = sealed_times(1)
    archive = archive_of(folder)
    archive.acknowledge(archive.load(1), RECEIPT)
    folder.disks["00000001.receipt"].cache[3] ^= 0xFF
    assert archive.receipt(1) is None and archive.waiting() == (1,)
    archive.acknowledge(archive.load(1), RECEIPT)
    assert archive.receipt(1) is not None and archive.waiting() == ()


def duty_of(segments_: int, folder: MemoryFolder | None, *, ended: bool) -> MemoryFolder:
    """A terminal that was started so many times in a duty, each time sealing what it had when it was stopped."""
    for number in range(segments_):
        folder = folder or MemoryFolder()
        journal = recover_folder(folder, "bus.journal", CHUNK).journal
        journal.append(j.TripEnded(f"T{number}"), AT_S)
        if ended and number == segments_ - 1:
            journal.append(j.DriverActed(b"", j.DUTY_ENDED, ""), AT_S)
        journal.seal()
        journal.close()
        folder = folder.after_kill()
    assert folder is not None
    return folder


def acknowledged(folder: MemoryFolder) -> list[int]:
    archive = archive_of(folder)
    for number in archive.waiting():
        archive.acknowledge(archive.load(number), RECEIPT)
    return segments(folder)


def test_a_duty_stays_on_the_bus_until_it_is_over_though_the_centre_holds_it() -> None:
    """Its sums are what the driver hands in; an exchange may take each piece of it while it is on."""
    folder = duty_of(2, None, ended=True)
    assert acknowledged(folder) == [2, 3]
    folder = duty_of(3, folder, ended=False)
    assert acknowledged(folder) == [2, 3, 4, 5, 6]
    folder = duty_of(1, folder, ended=True)
    assert acknowledged(folder) == [6, 7]


def test_a_duty_that_is_never_ended_does_not_fill_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "MOST_OF_A_DUTY", 3)
    folder = duty_of(2, duty_of(1, None, ended=True), ended=False)
    assert acknowledged(folder) == [1, 2, 3, 4]
    assert acknowledged(duty_of(1, folder, ended=False)) == [4, 5]


def test_who_shares_the_folder_writes_to_no_file_that_is_there(tmp_path: Path) -> None:
    """The metrics have the service's group alone: they may read what they count."""
    open_journal(tmp_path / "bus.journal").journal.close()
    folder = FileFolder(tmp_path / "bus.journal", shared=True)
    segment = folder.open("00000001.segment")
    with closing(folder), closing(segment), pytest.raises(OSError, match="Bad file descriptor"):
        segment.pwrite(b"1", 0)


def test_faults_22_a_sealed_segment_that_rotted_is_not_handed_out_and_can_be_set_aside() -> None:
    folder = sealed_times(2)
    folder.disks["00000001.segment"].cache[100] ^= 1
    archive = archive_of(folder)
    with pytest.raises(JournalDamaged, match=r"bus\.journal/00000001\.segment: record 1 at byte 77: .*keep this file"):
        archive.load(1)
    assert archive.set_aside(1) == "00000001.rotten"
    assert archive.waiting() == (2,)
    assert recover_folder(folder, "bus.journal", CHUNK).entries == ()


def test_a_seal_by_another_key_than_it_names_is_found() -> None:
    """Whoever changes the file mends the frame too; only the signature tells."""
    folder = sealed_times(1)
    cache = folder.disks["00000001.segment"].cache
    found = scan(bytes(cache))
    seal = bytearray(cache[found.end + FRAME_HEAD_BYTES :])
    seal[-1] ^= 1
    cache[:] = segment_of(*encoded([j.TripEnded("T0")]), bytes(seal))
    assert scan(bytes(cache)).problem is None
    with pytest.raises(JournalDamaged, match="not signed by the key that its seal names"):
        archive_of(folder).load(1)


def test_faults_21_no_room_for_a_receipt_deletes_nothing() -> None:
    folder = sealed_times(2)
    folder.capacity = sum(len(disk.cache) for disk in folder.disks.values())
    archive = archive_of(folder)
    with pytest.raises(JournalFull, match="no room for a receipt"):
        archive.acknowledge(archive.load(1), RECEIPT)
    assert segments(folder) == [1, 2, 3]
    folder.capacity = None
    archive.acknowledge(archive.load(1), RECEIPT)
    assert segments(folder) == [2, 3]


@pytest.mark.parametrize("call", ["pread", "pwrite", "fdatasync", "rename", "sync", "create", "names"])
def test_faults_20_an_error_of_the_disk_is_told(call: str) -> None:
    folder = sealed_times(2)
    archive = archive_of(folder)
    first = archive.load(1)
    folder.errors[call] = errno.EIO
    with pytest.raises(JournalFailed, match=r"\Abus\.journal: Input/output error; check"):
        archive.acknowledge(first, RECEIPT)
    assert 1 in segments(folder)


def test_receipts_from_long_ago_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "MOST_RECEIPTS", 3)
    folder = sealed_times(8)
    archive = archive_of(folder)
    for number in archive.waiting():
        archive.acknowledge(archive.load(number), RECEIPT)
    assert sorted(name for name in folder.disks if name.endswith(".receipt")) == [
        "00000007.receipt",
        "00000008.receipt",
    ]
    assert segments(folder) == [8, 9]


def test_an_archive_on_a_real_folder_works_beside_a_running_terminal(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j", CHUNK).journal
    for trip in ("T1", "T2"):
        journal.append(j.TripEnded(trip), AT_S)
        journal.seal()
    archive = open_archive(tmp_path / "j")
    archive.acknowledge(archive.load(1), RECEIPT)
    archive.close()
    assert sorted(path.name for path in (tmp_path / "j").iterdir()) == [
        *("00000001.receipt", "00000002.segment", "00000003.segment", "spare")
    ]
    journal.append(j.TripEnded("T3"), AT_S)
    assert journal.seal() is not None
    journal.close()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(JournalFailed, match="can't be opened"):
        open_archive(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
