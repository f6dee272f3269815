"""The journal on a real file: other processes, locks, kill -9, and looking without touching."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest

from farebox.formats import journal as j
from farebox.formats.frames import Scan
from farebox.journal import disk as real
from farebox.journal.disk import Disk, FileDisk
from farebox.journal.errors import JournalBusy, JournalDamaged, JournalFailed, JournalFault, JournalFull
from farebox.journal.log import CHUNK_BYTES, Journal, Recovered, recover
from farebox.journal.reading import Report, read, verify
from sim.hardware.memory_disk import MemoryDisk
from tests.journal.examples import AT_S, ONE_OF_EACH, intent

ROOT = Path(__file__).parent.parent.parent
CHUNK = 1 << 16


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bus.journal"


def open_file(path: Path, chunk_bytes: int = CHUNK_BYTES) -> Recovered:
    """A journal that is one file."""
    return recover(FileDisk(path), str(path), chunk_bytes)


def seen_in(path: Path) -> Scan:
    return read(path).parts[0].found


def tap(journal: Journal) -> None:
    seq = journal.intend(intent(), AT_S)
    journal.conclude(j.Outcome(seq, "written"), AT_S)


def a_day(disk: Disk) -> None:
    for _ in range(2):
        journal = recover(disk, "bus.journal", CHUNK).journal
        for _ in range(200):
            for record in ONE_OF_EACH:
                journal.append(record, AT_S)
            tap(journal)
        journal.flush()
        journal.grow_ahead()


def test_the_disk_in_memory_and_the_real_one_end_a_day_with_the_same_bytes(path: Path) -> None:
    memory, file = MemoryDisk(), FileDisk(path)
    a_day(memory)
    a_day(file)
    file.close()
    assert path.read_bytes() == memory.cache


def test_a_journal_is_made_with_its_room_taken_on_the_disk(path: Path) -> None:
    journal = open_file(path).journal
    tap(journal)
    stat = path.stat()
    assert stat.st_size == CHUNK_BYTES
    assert stat.st_blocks * 512 >= CHUNK_BYTES
    assert stat.st_mode & 0o777 & ~0o640 == 0
    journal.close()
    assert path.stat().st_size == CHUNK_BYTES


def test_the_name_of_the_file_is_made_durable(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(real, "sync_folder", synced.append)
    open_file(path).journal.close()
    open_file(path).journal.close()  # the first process may have died in between
    assert synced == [path.parent, path.parent]


def test_a_second_process_or_opening_is_turned_away(path: Path) -> None:
    journal = open_file(path).journal
    with pytest.raises(JournalBusy, match="open for appending in another process; stop that one first"):
        open_file(path)
    other = subprocess.run(
        [sys.executable, "-m", "tests.journal.appender", str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert other.returncode == 1
    assert "JournalBusy" in other.stderr
    assert other.stdout == ""
    tap(journal)
    journal.close()
    assert len(open_file(path).entries) == 2


def test_a_journal_that_is_damaged_is_let_go(path: Path) -> None:
    path.write_text("id,route,fare\n")
    for _ in range(2):
        with pytest.raises(JournalDamaged):
            open_file(path)
    assert path.read_text() == "id,route,fare\n"


@pytest.mark.parametrize("name", ["", "nowhere/bus.journal"])
def test_a_place_where_no_file_can_be_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(JournalFailed, match=r"can't be opened: .*; see to its folder"):
        open_file(tmp_path / name)
    for look in (read, verify):
        with pytest.raises(JournalFailed, match="can't be read"):
            look(tmp_path / name)


@contextmanager
def files_limited_to(limit_bytes: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_faults_21_a_real_file_without_room_to_grow_stays_as_it_is(path: Path) -> None:
    journal = open_file(path, CHUNK).journal
    with files_limited_to(CHUNK + 100), pytest.raises(JournalFull, match="no room to grow"):
        for _ in range(CHUNK):
            image, seq = path.read_bytes(), journal.seq
            tap(journal)
    assert path.read_bytes() == image
    assert journal.seq == seq
    tap(journal)  # there is room again
    assert path.stat().st_size == 2 * CHUNK


def test_faults_21_a_disk_that_fills_up_half_way_is_put_back_to_its_old_length(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = open_file(path, CHUNK).journal
    tap(journal)
    image = path.read_bytes()
    monkeypatch.setattr("os.posix_fallocate", lambda fd, offset, length: None)
    with files_limited_to(CHUNK + 100), pytest.raises(JournalFull):
        journal.append(j.TripEnded("T1"), AT_S)
        journal.grow_ahead()
        for _ in range(CHUNK):
            journal.append(j.TripEnded("T1"), AT_S)
    assert path.read_bytes() == image


@pytest.mark.parametrize("size", [1, 4096, 1 << 16, 100_000, 1 << 20])
def test_a_file_grows_to_just_the_length_asked_for_and_by_zeros(path: Path, size: int) -> None:
    disk = FileDisk(path)
    disk.allocate(size)
    assert disk.size() == size
    assert disk.pread(2 * size, 0) == bytes(size)
    disk.pwrite(b"\1" * size, 0)
    disk.allocate(size + 1)
    assert disk.pread(2 * size + 1, 0) == b"\1" * size + b"\0"
    disk.close()


def test_faults_20_a_real_disk_error_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = open_file(path).journal

    def fails(fd: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("os.fdatasync", fails)
    with pytest.raises(JournalFailed, match=f"{path}: a flush failed at byte"):
        journal.intend(intent(), AT_S)
    monkeypatch.undo()
    with pytest.raises(JournalFailed):
        journal.close()
    assert [e.record for e in open_file(path).entries] == [intent()]


def test_every_fault_of_the_journal_is_a_journal_fault() -> None:
    for fault in (JournalFull, JournalFailed, JournalDamaged, JournalBusy):
        assert fault.__mro__[1] is JournalFault


# --- faults 18: kill -9 ---


def test_faults_18_a_killed_process_loses_nothing_it_was_promised(path: Path) -> None:
    promised = 0
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-m", "tests.journal.appender", str(path)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            told = [int(line) for line in islice(process.stdout, 150)]
            process.kill()
            # What it still said before it died counts too; a last line cut short does not.
            told += [int(line) for line in process.stdout if line.endswith("\n")]
        assert process.returncode == -9
        assert len(told) >= 150
        promised = told[-1]
        report = verify(path)
        assert report.problem is None
        assert report.last_seq >= promised
    after = open_file(path, CHUNK)
    assert after.entries[promised - 1].record == intent()
    assert [entry.seq for entry in after.entries] == list(range(1, len(after.entries) + 1))
    assert promised >= 3 * 150
    tap(after.journal)
    after.journal.close()


# --- looking without touching ---


def test_reading_changes_nothing_and_needs_no_lock(path: Path) -> None:
    journal = open_file(path, CHUNK).journal
    tap(journal)
    journal.append(j.TripEnded("T1"), AT_S)
    journal.write()
    with path.open("r+b") as file:  # a torn tail, which only the one that appends may cut
        file.seek(seen_in(path).end)
        file.write(b"\xfb\x4a\x01")
    image, stamp = path.read_bytes(), path.stat().st_mtime_ns
    assert [entry.record for entry in read(path).entries] == [intent(), j.Outcome(1, "written"), j.TripEnded("T1")]
    assert verify(path) == Report(3, 1, 3, CHUNK, 3, None)
    assert path.read_bytes() == image
    assert path.stat().st_mtime_ns == stamp


def test_an_empty_or_unfinished_file_reads_as_an_empty_journal(path: Path) -> None:
    path.write_bytes(b"")
    assert verify(path) == Report(0, 0, 0, 0, 0, None)
    path.write_bytes(b"FAREBOX\0" + bytes(CHUNK))
    assert verify(path) == Report(0, 0, 0, CHUNK + 8, 0, None)


def test_faults_22_verify_names_the_damage_and_what_to_do(path: Path) -> None:
    journal = open_file(path, CHUNK).journal
    for _ in range(3):
        tap(journal)
    journal.close()
    image = bytearray(path.read_bytes())
    start = seen_in(path).starts[1]
    image[start + 12] ^= 1
    path.write_bytes(image)
    report = verify(path)
    assert (report.records, report.first_seq, report.last_seq, report.torn_tail_bytes) == (1, 1, 1, 0)
    assert report.problem == (
        f"{path}: record 2 at byte {start}: changed after it was flushed, as record 4 tells; "
        "keep this file aside as it is, begin a new one"
    )
    assert len(read(path).entries) == 1
    assert path.read_bytes() == image


def test_a_journal_can_be_read_while_another_process_appends(path: Path) -> None:
    open_file(path, CHUNK).journal.close()
    with subprocess.Popen(
        [sys.executable, "-m", "tests.journal.appender", str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        seen = 0
        for line in islice(process.stdout, 12):
            found = read(path)
            assert found.problem is None
            assert len(found.entries) >= max(seen, int(line))
            seen = len(found.entries)
        process.kill()
    assert seen >= 12


def test_a_read_that_looks_like_rot_is_believed_only_the_second_time(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = MemoryDisk()
    journal = recover(disk, "bus.journal", CHUNK).journal
    for _ in range(3):
        tap(journal)
    whole = bytes(disk.cache)
    starts = (16, 16 + 300)
    early, later = (whole[:at] + bytes(20) + whole[at + 20 :] for at in starts)
    for reads, sound in (((early, whole), True), ((early, later), True), ((early, early), False)):
        left = iter(reads)
        monkeypatch.setattr(Path, "read_bytes", lambda self, left=left: next(left))
        assert (read(path).problem is None) is sound
