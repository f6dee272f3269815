"""A journal's folder looked at without touching it: whole, exchanged, cut, rotten."""

import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from farebox.formats import journal as j
from farebox.formats.cose import public_key_of
from farebox.formats.frames import FRAME_HEAD_BYTES, payloads, scan
from farebox.formats.segment import Head
from farebox.journal import fold
from farebox.journal.errors import JournalFailed
from farebox.journal.log import open_journal
from farebox.journal.reading import BENCH, SIGNED, UNSEALED, read, verify
from farebox.journal.retention import open_archive
from tests.journal.examples import AT_S, CARD, encoded, intent, segment_of

CHUNK = 1 << 14
ROOT = Path(__file__).parent.parent.parent
SEED = bytes(range(32))
OTHER = bytes(8)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bus.journal"


def duties(path: Path, count: int, seed: bytes = SEED) -> list[j.Record]:
    """Sealed segments of a tap each, then one in the active segment. All records."""
    journal = open_journal(path, CHUNK, seed).journal
    written: list[j.Record] = []
    for duty in range(count + 1):
        seq = journal.intend(intent(), AT_S)
        journal.conclude(j.Outcome(seq, "written"), AT_S)
        written += [intent(), j.Outcome(seq, "written")]
        if duty < count:
            journal.seal()
    journal.close()
    return written


def test_a_folder_reads_as_one_journal(path: Path) -> None:
    written = duties(path, 3)
    found = read(path)
    assert [entry.record for entry in found.entries] == written
    assert [entry.seq for entry in found.entries] == list(range(1, 9))
    assert [part.sealed for part in found.parts] == [SIGNED] * 3 + [UNSEALED]
    assert {part.found.signed.public_key for part in found.parts if part.found.signed} == {public_key_of(SEED)}
    assert found.problem is None
    report = verify(path)
    assert (report.records, report.first_seq, report.last_seq, report.problem) == (8, 1, 8, None)
    assert fold.audit(found.for_the_sums())[0].alightings == 4


def test_without_a_key_segments_are_sealed_by_the_bench_key_and_it_is_said(path: Path) -> None:
    journal = open_journal(path, CHUNK).journal
    journal.append(j.TripEnded("T1"), AT_S)
    journal.seal()
    journal.close()
    assert [part.sealed for part in read(path).parts] == [BENCH, UNSEALED]
    assert "模擬" in BENCH


def test_reading_changes_nothing_and_a_torn_tail_is_counted(path: Path) -> None:
    duties(path, 1)
    active = path / "00000002.segment"
    data = bytearray(active.read_bytes())
    end = read(path).parts[-1].found.end
    data[end : end + 3] = b"\xfb\x4a\x01"
    active.write_bytes(data)
    before = {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in path.iterdir()}
    assert read(path).torn_bytes == 3
    assert verify(path).problem is None
    assert before == {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in path.iterdir()}


def test_a_single_segment_can_be_read_too(path: Path) -> None:
    duties(path, 2)
    found = read(path / "00000002.segment")
    assert [entry.seq for entry in found.entries] == [3, 4]
    assert found.problem is None


def test_what_was_acknowledged_and_deleted_is_not_missed(path: Path) -> None:
    """The sums of what is left need the intents that the first segment carries on."""
    journal = open_journal(path, CHUNK).journal
    seq = journal.intend(intent(), AT_S)
    for trip in ("T1", "T2"):
        journal.append(j.TripEnded(trip), AT_S)
        journal.seal()
    journal.conclude(j.Resolved(seq, "written", "next-tap"), AT_S)
    journal.close()
    archive = open_archive(path)
    archive.acknowledge(archive.load(1), b"thanks")
    archive.close()
    found = read(path)
    assert found.problem is None
    assert [entry.seq for entry in found.entries] == [3, 4]
    ledger, violations = fold.audit(found.for_the_sums())
    assert (ledger.alightings, ledger.fares_yen, violations) == (1, 210, ())


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("card", ["written", "indeterminate"])
def test_faults_43_the_sums_of_what_is_left_need_the_notes_that_are_carried_on(
    path: Path, card: j.Result, early: bool
) -> None:
    """`early`: the note was in the box before the card was known, and is summed up where that is told."""
    journal = open_journal(path, CHUNK).journal
    seq = journal.intend(intent(action="top-up", sf_after_yen=2_500, due_yen=0, note_yen=1_000), AT_S)
    journal.conclude(j.Outcome(seq, card), AT_S)
    box = j.NoteMoved(seq, 1_000, "box")
    if early:
        journal.append(box, AT_S)
    journal.seal()
    journal.append(j.TripEnded("T1"), AT_S)
    journal.seal()
    if card == "indeterminate":
        journal.conclude(j.Resolved(seq, "written", "next-tap"), AT_S)
    if not early:
        journal.append(box, AT_S)
    journal.close()

    def sums() -> tuple[tuple[int, int, int], object]:
        ledger, violations = fold.audit(read(path).for_the_sums())
        return (ledger.topped_up_yen, ledger.notes_yen, ledger.doubtful_yen), violations

    assert sums() == ((1_000, 1_000, 0), ())
    archive = open_archive(path)
    archive.acknowledge(archive.load(1), b"thanks")
    archive.close()
    assert sums() == ((1_000 * (card == "indeterminate"), 1_000 * (not early), 0), ())


def test_a_segment_that_was_acknowledged_before_an_earlier_one_is_not_missed(path: Path) -> None:
    duties(path, 3)
    archive = open_archive(path)
    archive.acknowledge(archive.load(2), b"thanks")
    archive.close()
    assert [part.path.name[:8] for part in read(path).parts] == ["00000001", "00000003", "00000004"]
    assert verify(path).problem is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda path: (path / "00000002.segment").unlink(), r"00000003\.segment: segment 2 is missing before it"),
        (
            lambda path: (path / "00000002.segment").write_bytes(segment_of(*encoded([intent()]))),
            r"00000002\.segment: this is segment 1 by its head",
        ),
        (
            lambda path: (path / "00000002.segment").write_bytes(
                segment_of(*encoded([intent()], first_seq=3), head=Head(2, 3))
            ),
            r"00000002\.segment: does not follow from 00000001\.segment: one of them was exchanged",
        ),
        (
            lambda path: (path / "00000002.segment").write_bytes((path / "00000002.segment").read_bytes()[:-1]),
            r"00000002\.segment: not sealed, but not the last segment",
        ),
        (
            lambda path: (path / "00000002.segment").rename(path / "00000002.rotten"),
            r"00000002\.rotten: quarantined; keep it, send it to the centre",
        ),
    ],
)
def test_faults_22_what_is_wrong_with_a_folder_is_told_by_file(path: Path, change: object, says: str) -> None:
    duties(path, 3)
    assert callable(change)
    change(path)
    problem = verify(path).problem
    assert problem is not None
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(problem)


def test_faults_37_a_seal_that_its_key_did_not_sign_is_told(path: Path) -> None:
    duties(path, 1)
    first = path / "00000001.segment"
    data = first.read_bytes()
    found = scan(data)
    seal = bytearray(data[found.end + FRAME_HEAD_BYTES :])
    seal[-1] ^= 1
    first.write_bytes(segment_of(*payloads(data, found), bytes(seal)))
    problem = verify(path).problem
    assert problem is not None and "its seal is not signed by the key that it names" in problem


def test_faults_22_after_a_quarantine_the_sums_go_on_from_what_was_carried_over(path: Path) -> None:
    journal = open_journal(path, CHUNK).journal
    seq = journal.intend(intent(), AT_S)
    journal.conclude(j.Outcome(seq, "written"), AT_S)
    journal.intend(intent(idm=OTHER), AT_S)
    journal.append(j.TripEnded("T1"), AT_S)
    journal.close()
    active = path / "00000001.segment"
    data = bytearray(active.read_bytes())
    data[read(active).parts[0].found.starts[1] + 20] ^= 1  # the outcome
    active.write_bytes(data)
    recovered = open_journal(path, CHUNK)
    assert set(recovered.standing.pending()) == {CARD, OTHER}
    recovered.journal.conclude(j.Resolved(1, "written", "next-tap"), AT_S)
    recovered.journal.close()
    ledger, violations = fold.audit(read(path).for_the_sums())
    assert (ledger.alightings, ledger.pending, violations) == (1, 1, ())


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: None])
def test_a_folder_without_a_journal_is_told(path: Path, make: object) -> None:
    assert callable(make)
    make(path)
    with pytest.raises(JournalFailed, match="can't be read"):
        read(path)


def test_faults_18_a_process_killed_again_and_again_while_it_seals_loses_nothing_it_was_promised(path: Path) -> None:
    promised = 0
    for times in (40, 25, 61, 33, 47):
        with subprocess.Popen(
            [sys.executable, "-m", "tests.journal.appender", str(path), "3"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            told = [int(line) for line in islice(process.stdout, times)]
            process.kill()
            told += [int(line) for line in process.stdout if line.endswith("\n")]
        assert process.returncode == -9
        assert len(told) >= times
        promised = told[-1]
        report = verify(path)
        assert report.problem is None
        assert report.last_seq >= promised
    recovered = open_journal(path, CHUNK)
    recovered.journal.close()
    entries = read(path).entries
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert entries[promised - 1].record == intent()
    assert len(read(path).parts) > 40
