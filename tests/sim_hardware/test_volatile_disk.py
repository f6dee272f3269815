"""A disk that loses its power: what was flushed is there, what was not is gone, and the program saw both."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farebox.formats.journal import TripEnded
from farebox.journal.disk import OpenFile
from farebox.journal.log import recover_folder
from sim.hardware.volatile_disk import VolatileFolder

CHUNK_BYTES = 1 << 14


def ended(folder: Path) -> list[str]:
    """The trips that a journal found at a start says have ended."""
    disk = VolatileFolder(folder)
    recovered = recover_folder(disk, "BUS-1", CHUNK_BYTES)
    recovered.journal.close()
    return [entry.record.trip_id for entry in recovered.entries if isinstance(entry.record, TripEnded)]


@pytest.mark.parametrize(
    ("flushed", "written", "found"),
    [(True, False, ["1"]), (False, True, []), (False, False, []), (True, True, ["1"])],
)
def test_faults_18_only_what_was_flushed_survives_a_loss_of_power(
    tmp_path: Path, flushed: bool, written: bool, found: list[str]
) -> None:
    disk = VolatileFolder(tmp_path / "j")
    journal = recover_folder(disk, "BUS-1", CHUNK_BYTES).journal
    journal.append(TripEnded("1"), 1)
    if flushed:
        journal.flush()
    journal.append(TripEnded("2"), 2)
    if written:
        journal.write()
    disk.lose_power()
    assert ended(tmp_path / "j") == found


def test_a_journal_that_is_closed_keeps_all(tmp_path: Path) -> None:
    journal = recover_folder(VolatileFolder(tmp_path / "j"), "BUS-1", CHUNK_BYTES).journal
    journal.append(TripEnded("1"), 1)
    journal.close()
    assert ended(tmp_path / "j") == ["1"]


_WRITES = st.lists(st.tuples(st.binary(max_size=8), st.integers(0, 24)), max_size=6)


@given(flushed=_WRITES, waiting=_WRITES)
def test_the_program_sees_what_it_wrote_and_the_medium_what_was_flushed(
    tmp_path_factory: pytest.TempPathFactory, flushed: list[tuple[bytes, int]], waiting: list[tuple[bytes, int]]
) -> None:
    folder = VolatileFolder(tmp_path_factory.mktemp("disk"))
    file = folder.create("a")
    file.allocate(32)
    medium, seen = bytearray(32), bytearray(32)
    for data, offset in flushed:
        assert file.pwrite(data, offset) == len(data)
        medium[offset : offset + len(data)] = data
    file.fdatasync()
    seen[:] = medium
    for data, offset in waiting:
        file.pwrite(data, offset)
        seen[offset : offset + len(data)] = data
    assert file.pread(32, 0) == bytes(seen) and file.pread(5, 3) == bytes(seen[3:8])
    assert OpenFile.pread(file, 32, 0) == bytes(medium)
    folder.lose_power()


def test_a_file_that_is_cut_keeps_what_waited_before_the_cut(tmp_path: Path) -> None:
    folder = VolatileFolder(tmp_path / "d")
    file = folder.create("a")
    file.allocate(8)
    file.pwrite(b"12345678", 0)
    file.truncate(4)
    assert (file.size(), file.pread(8, 0)) == (4, b"1234")
    folder.lose_power()
