"""A journal carried out by hand: copied to a stick and read back, or as a table."""

import os
from pathlib import Path

import pytest

from farebox.formats import journal as j
from farebox.journal import export
from farebox.journal.errors import JournalDamaged, JournalFailed
from farebox.journal.log import open_journal
from farebox.journal.reading import read
from farebox.journal.taps import taps
from tests.journal.examples import AT_S, CARD, RULEBOOK, intent

CHUNK = 1 << 14


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Two sealed segments of terminal 2/3 and an active one."""
    path = tmp_path / "bus.journal"
    journal = open_journal(path, CHUNK).journal
    journal.append(j.Opened("FB/../1", "0.1.0", 0), AT_S)
    journal.append(j.TripBegun("lococa", RULEBOOK, "R12", "平日-0805", 311, "R12-out", "1204"), AT_S)
    seq = journal.intend(intent(), AT_S)
    journal.conclude(j.Outcome(seq, "indeterminate"), AT_S)
    journal.seal()
    journal.conclude(j.Resolved(seq, "written", "next-tap"), AT_S + 60)
    journal.append(j.TripEnded("平日-0805"), AT_S + 60)
    journal.seal()
    journal.intend(intent(idm=bytes(8), action="board"), AT_S + 120)
    journal.close()
    return path


def test_sealed_segments_are_copied_byte_for_byte_and_nothing_is_deleted(path: Path, tmp_path: Path) -> None:
    before = {file.name: file.read_bytes() for file in path.iterdir()}
    copied = export.copy(path, tmp_path / "stick")
    assert [(each.path.relative_to(tmp_path), each.new) for each in copied] == [
        (Path("stick/FB%2F%2E%2E%2F1") / name, True) for name in ("00000001.segment", "00000002.segment")
    ]
    for each in copied:
        assert each.path.read_bytes() == before[each.path.name]
        assert each.size_bytes == len(before[each.path.name])
        assert read(each.path).problem is None
    assert {file.name: file.read_bytes() for file in path.iterdir()} == before
    assert [each.new for each in export.copy(path, tmp_path / "stick")] == [False, False]


def test_copies_are_flushed_before_they_are_named_and_read_back(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    fsync = os.fsync

    def counted(fd: int) -> None:
        calls.append("fsync")
        fsync(fd)

    monkeypatch.setattr(os, "fsync", counted)
    export.copy(path, tmp_path / "stick")
    assert calls.count("fsync") == 6  # the file, its folder and the stick, twice


def test_a_stick_that_reads_back_otherwise_is_told(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "_from_the_stick", lambda target: b"other")
    with pytest.raises(JournalFailed, match=r"00000001\.segment: reads back otherwise; use another stick"):
        export.copy(path, tmp_path / "stick")


def test_other_bytes_under_the_same_name_are_never_overwritten(path: Path, tmp_path: Path) -> None:
    """Two terminals that were given one name, or a copy that somebody changed."""
    target = export.copy(path, tmp_path / "stick")[0].path
    target.write_bytes(b"mine")
    with pytest.raises(JournalFailed, match="is there with other bytes; keep both apart"):
        export.copy(path, tmp_path / "stick")
    assert target.read_bytes() == b"mine"


def test_a_stick_that_can_not_be_written_is_told(path: Path, tmp_path: Path) -> None:
    (tmp_path / "stick").write_text("no folder")
    with pytest.raises(JournalFailed, match=r"can't be copied \(.*\); check the stick"):
        export.copy(path, tmp_path / "stick")


def test_faults_22_a_damaged_segment_is_not_copied_the_others_are(path: Path, tmp_path: Path) -> None:
    data = bytearray((path / "00000001.segment").read_bytes())
    data[120] ^= 1
    (path / "00000001.segment").write_bytes(data)
    with pytest.raises(JournalDamaged, match="it was not copied"):
        export.copy(path, tmp_path / "stick")
    assert [file.name for file in (tmp_path / "stick").rglob("*.*nt")] == ["00000002.segment"]


def test_faults_22_a_quarantined_segment_is_copied_as_evidence(path: Path, tmp_path: Path) -> None:
    (path / "00000001.segment").rename(path / "00000001.rotten")
    assert "00000001.rotten" in [each.path.name for each in export.copy(path, tmp_path / "stick")]


def test_every_tap_is_a_row_with_the_last_word_on_it(path: Path) -> None:
    rows = list(taps(read(path)))
    assert [(row.seq, row.idm, row.action, row.result, row.due_yen) for row in rows] == [
        (3, CARD.hex(), "alight", "written", 210),
        (7, bytes(8).hex(), "board", "open", 210),
    ]
    assert [(row.terminal_id, row.operator, row.route_id, row.trip_id) for row in rows] == [
        ("FB/../1", "lococa", "R12", "平日-0805"),
        ("FB/../1", "", "", ""),
    ]


def test_rows_of_a_later_segment_alone_still_say_which_terminal(path: Path) -> None:
    assert [row.terminal_id for row in taps(read(path / "00000003.segment"))] == ["FB/../1"]
