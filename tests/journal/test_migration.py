"""A journal of format version 1, one file, becomes a folder when it is opened, whenever that is cut short."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from farebox.formats import journal as j
from farebox.formats.frames import HEADER, HEADER_1, scan
from farebox.journal.errors import JournalBusy, JournalDamaged, JournalFailed
from farebox.journal.log import open_journal
from farebox.journal.reading import read, verify
from tests.journal.examples import AT_S, CARD, ONE_OF_EACH, encoded, file_of_version_1, in_schema, intent, segment_of

CHUNK = 1 << 16
OLD = (j.Opened("FB-0017", "0.1.0", 0), intent(), j.Outcome(2, "written"), intent(write_counter=4100))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An old journal whose last write is pending."""
    path = tmp_path / "bus.journal"
    path.write_bytes(file_of_version_1(*encoded(OLD)).ljust(CHUNK, b"\0"))
    return path


@pytest.mark.parametrize("schema", j.SCHEMAS)
def test_an_old_file_becomes_a_folder_with_the_same_records_in_their_own_schema(tmp_path: Path, schema: int) -> None:
    path = tmp_path / "bus.journal"
    records = [in_schema(1, record) for record in ONE_OF_EACH]
    old = file_of_version_1(*encoded(records, schema))
    path.write_bytes(old.ljust(CHUNK, b"\0"))
    recovered = open_journal(path, CHUNK)
    assert [(entry.record, entry.schema) for entry in recovered.entries] == [(record, schema) for record in records]
    assert recovered.journal.append(j.TripEnded("T1"), AT_S) == len(records) + 1
    recovered.journal.close()
    assert verify(path).problem is None
    assert (path / "version-1.journal").read_bytes() == old.ljust(CHUNK, b"\0")
    assert (path / "00000001.segment").read_bytes().startswith(segment_of(*encoded(records, schema)))
    assert not (tmp_path / "bus.journal.migrating").exists()
    again = open_journal(path, CHUNK)
    assert len(again.entries) == len(records) + 1
    again.journal.close()


def test_what_was_pending_in_the_old_file_still_is(path: Path) -> None:
    recovered = open_journal(path, CHUNK)
    assert recovered.standing.pending() == {CARD: (4, intent(write_counter=4100))}
    assert recovered.standing.terminal_id == "FB-0017"
    recovered.journal.conclude(j.Resolved(4, "written", "next-tap"), AT_S)
    assert recovered.journal.seal() is not None
    recovered.journal.close()


def test_old_files_are_read_and_verified_as_they_are(path: Path) -> None:
    image = path.read_bytes()
    assert [entry.record for entry in read(path).entries] == list(OLD)
    assert verify(path).problem is None
    assert path.read_bytes() == image


@pytest.mark.parametrize("image", [b"", b"FAREBOX\0", HEADER_1, bytes(CHUNK)])
def test_an_old_file_that_holds_nothing_becomes_an_empty_journal(tmp_path: Path, image: bytes) -> None:
    path = tmp_path / "bus.journal"
    path.write_bytes(image)
    recovered = open_journal(path, CHUNK)
    assert recovered.entries == ()
    recovered.journal.close()


def test_faults_19_the_torn_tail_of_an_old_file_is_not_taken_over(path: Path) -> None:
    data = path.read_bytes().rstrip(b"\0")
    path.write_bytes(data[:-5].ljust(CHUNK, b"\0"))
    recovered = open_journal(path, CHUNK)
    assert [entry.record for entry in recovered.entries] == list(OLD[:3])
    recovered.journal.close()


def test_faults_22_a_rotten_old_file_is_quarantined_and_the_journal_goes_on(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[scan(bytes(data)).starts[2] + 12] ^= 1
    path.write_bytes(data)
    recovered = open_journal(path, CHUNK)
    told = recovered.quarantined
    assert told is not None and (told.name, told.from_seq) == ("00000001.rotten", 3)
    assert (path / "00000001.rotten").read_bytes() == data
    assert recovered.standing.pending() == {CARD: (4, intent(write_counter=4100))}
    assert recovered.journal.append(j.TripEnded("T1"), AT_S) == told.last_seq + 1
    recovered.journal.close()


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (b"id,route,fare\n", "no journal's header"),
        (segment_of(*encoded(OLD)), "a segment by itself; give the folder it belongs to"),
        (file_of_version_1(b"\x85\x06\x01\x00\x03\x00"), "no record: schema: 6"),
        (HEADER_1[:8] + b"\7" + HEADER[9:], "the header changed"),
    ],
)
def test_any_other_file_is_left_alone(tmp_path: Path, image: bytes, says: str) -> None:
    path = tmp_path / "bus.journal"
    path.write_bytes(image)
    with pytest.raises(JournalDamaged, match=says):
        open_journal(path, CHUNK)
    assert path.read_bytes() == image
    assert list(tmp_path.iterdir()) == [path]


def test_an_old_file_that_an_older_process_still_writes_is_left_alone(path: Path) -> None:
    import fcntl  # noqa: PLC0415

    with path.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with pytest.raises(JournalBusy):
            open_journal(path, CHUNK)
    assert path.is_file()


class Cut(OSError):
    """The process ends here."""


STEPS = ("rename", "fsync", "open", "pwrite", "fdatasync", "mkdir", "unlink")


def counted(monkeypatch: pytest.MonkeyPatch, cut_at: int) -> list[str]:
    """Count what is asked of the system, and end at one of the calls, before it or after it is done."""
    calls: list[str] = []

    def wrapped(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            calls.append(name)
            if len(calls) * 2 == cut_at:
                raise Cut(5, "cut before")
            done = real(*args, **kwargs)
            if len(calls) * 2 + 1 == cut_at:
                raise Cut(5, "cut after")
            return done

        return call

    for name in STEPS:
        monkeypatch.setattr(os, name, wrapped(name, getattr(os, name)))
    return calls


def test_faults_23_a_migration_cut_short_anywhere_is_done_again_with_the_same_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = file_of_version_1(*encoded(OLD)).ljust(CHUNK, b"\0")

    def opened(path: Path, cut_at: int) -> int:
        with monkeypatch.context() as patch:
            calls = counted(patch, cut_at)
            try:
                open_journal(path, CHUNK).journal.close()
            except JournalFailed:
                assert cut_at
        return len(calls)

    def made(name: str) -> Path:
        path = tmp_path / name / "bus.journal"
        path.parent.mkdir()
        path.write_bytes(image)
        return path

    undisturbed = made("undisturbed")
    calls = opened(undisturbed, 0)
    assert calls > 15
    expected = {file.name: file.read_bytes() for file in undisturbed.iterdir()}
    for cut_at in range(2, calls * 2 + 2):
        path = made(f"cut-{cut_at}")
        opened(path, cut_at)
        open_journal(path, CHUNK).journal.close()
        assert {file.name: file.read_bytes() for file in path.iterdir()} == expected
        assert list(path.parent.iterdir()) == [path]
