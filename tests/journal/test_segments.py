"""The journal as a folder: sealed segments, one active, whatever the power and the disk do (faults 18 to 23)."""

import errno
from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from farebox.formats import cose
from farebox.formats import journal as j
from farebox.formats.frames import FRAME_HEAD_BYTES, HEADER, LEAST_FRAME_BYTES, Scan, scan
from farebox.formats.segment import NO_SEGMENT, Carried, Head, OpenNote, Receipt, encode_head, encode_receipt
from farebox.journal import log
from farebox.journal.disk import RESERVE_BYTES
from farebox.journal.errors import JournalDamaged, JournalFailed, JournalFull
from farebox.journal.folder import FileFolder
from farebox.journal.log import Journal, Recovered, recover_folder
from sim.hardware.memory_disk import MemoryFolder, PowerLost, Tear, head_only, kept, lost, mixed, tail_only
from tests.journal.examples import AT_S, CARD, ONE_OF_EACH, file_of_version_1, intent, segment_of

CHUNK = 4 * RESERVE_BYTES
TEARS: list[Tear] = [lost, kept, head_only, tail_only, *(mixed(Random(seed)) for seed in range(4))]
FIRST, SECOND, THIRD = (f"{number:08}.segment" for number in (1, 2, 3))
OTHER = bytes.fromhex("01 2E 4C D1 A0 B3 57 97")
SEED = sha256(b"a terminal's own key").digest()


def opened(folder: MemoryFolder) -> Recovered:
    return recover_folder(folder, "bus.journal", CHUNK, SEED)


def begin(capacity: int | None = None) -> tuple[MemoryFolder, Journal]:
    folder = MemoryFolder(capacity)
    return folder, opened(folder).journal


def tap(journal: Journal, idm: bytes = CARD, result: j.Result | None = "written", count: int = 4097) -> int:
    seq = journal.intend(intent(idm=idm, write_counter=count), AT_S)
    if result is not None:
        journal.conclude(j.Outcome(seq, result), AT_S)
    return seq


def held(folder: MemoryFolder, name: str) -> Scan:
    """A file as it is now, whether flushed or not."""
    return scan(bytes(folder.disks[name].cache))


def files(folder: MemoryFolder) -> dict[str, bytes]:
    return {name: bytes(disk.cache) for name, disk in folder.disks.items()}


# --- a duty after the other ---


def test_a_duty_ends_with_its_seal_and_the_next_segment_follows_from_it() -> None:
    folder, journal = begin()
    journal.append(j.Opened("FB-0017", "0.1.0", 0), AT_S)
    tap(journal)
    seal = journal.seal()
    assert seal == (held(folder, FIRST).seal)
    assert seal is not None
    assert (seal.terminal_id, seal.number, seal.first_seq, seal.last_seq, seal.records) == ("FB-0017", 1, 1, 3, 3)
    assert seal.previous == NO_SEGMENT
    tap(journal)
    journal.close()
    first, second = held(folder, FIRST), held(folder, SECOND)
    assert second.head == Head(2, 4, seal.digest, "FB-0017", (), ((CARD, 4098),))
    assert [entry.seq for entry in (*first.entries, *second.entries)] == [1, 2, 3, 4, 5]
    assert second.seal is None
    assert len(folder.disks[FIRST].cache) == first.sealed_end  # its room is given back
    assert folder.closed


def test_a_seal_is_signed_over_head_and_records() -> None:
    folder, journal = begin()
    tap(journal)
    seal = journal.seal()
    found = held(folder, FIRST)
    assert found.signed is not None and seal is not None
    assert found.signed.public_key == cose.public_key_of(SEED)
    assert cose.holds(found.signed)
    data = bytes(folder.disks[FIRST].cache)
    records = [j.encode(entry.seq, entry.flushed_seq, entry.at_s, entry.record) for entry in found.entries]
    assert seal.digest == sha256(b"".join([encode_head(Head()), *records])).digest()
    assert data.startswith(segment_of(*records))


def test_a_segment_without_records_is_not_sealed() -> None:
    folder, journal = begin()
    assert journal.seal() is None
    assert FIRST in folder.disks and SECOND not in folder.disks


def test_the_folder_in_memory_and_the_real_one_end_some_duties_with_the_same_files(tmp_path: Path) -> None:
    memory, real = MemoryFolder(), tmp_path / "bus.journal"
    for duty in range(3):
        for folder in (memory.after_kill() if duty else memory, FileFolder(real)):
            journal = recover_folder(folder, "bus.journal", CHUNK, SEED).journal
            for number in range(20):
                tap(journal, bytes((number,)) * 8, ("written", "indeterminate", None)[number % 3])
            if duty < 2:
                journal.seal()
            journal.close()
            if isinstance(folder, MemoryFolder):
                memory = folder
    assert {path.name: path.read_bytes() for path in real.iterdir()} == files(memory)


def test_what_is_pending_and_who_was_seen_goes_on_from_segment_to_segment() -> None:
    folder, journal = begin()
    first = tap(journal, CARD, "indeterminate", 10)
    second = tap(journal, OTHER, None, 20)
    journal.seal()
    tap(journal, bytes(8), "written", 30)
    journal.seal()
    journal.append(j.TripEnded("T1"), AT_S)
    journal.close()
    after = opened(folder.after_kill())
    assert after.standing.pending() == {
        CARD: (first, intent(write_counter=10)),
        OTHER: (second, intent(idm=OTHER, write_counter=20)),
    }
    assert [after.standing.seen.most_writes(idm) for idm in (CARD, OTHER, bytes(8))] == [10, 20, 31]
    assert [entry.record for entry in after.entries] == [j.TripEnded("T1")]
    assert [carried.indeterminate for carried in held(folder, THIRD).head.pending] == [True, False]
    after.journal.conclude(j.Resolved(first, "written", "next-tap"), AT_S)
    after.journal.conclude(j.Outcome(second, "not_written"), AT_S)
    assert after.standing.pending() == {}
    assert after.standing.seen.most_writes(CARD) == 11


def note(journal: Journal, idm: bytes = CARD, result: j.Result | None = "written") -> int:
    """A note in escrow: a top-up's intent, and how its card came out."""
    seq = journal.intend(intent(idm=idm, action="top-up", note_yen=1_000), AT_S)
    if result is not None:
        journal.conclude(j.Outcome(seq, result), AT_S)
    return seq


def test_faults_43_a_note_on_its_way_goes_on_from_segment_to_segment() -> None:
    """Its intent need not be pending any more: the card was written, the note is not yet known to be in the box."""
    folder, journal = begin()
    first, second = note(journal), note(journal, OTHER, "indeterminate")
    journal.append(j.NoteMoved(first, 1_000, "stacking"), AT_S)
    for trip in ("T1", "T2"):
        journal.seal()
        journal.append(j.TripEnded(trip), AT_S)
    journal.flush()
    after = opened(folder.after_kill())
    way = OpenNote(first, 1_000, True, stacking=True)
    assert after.standing.open_notes() == (way, OpenNote(second, 1_000, None, stacking=False))
    assert after.standing.head(1, 1) == journal._standing.head(1, 1)
    after.journal.conclude(j.Resolved(second, "not_written", "next-tap"), AT_S)
    after.journal.append(j.NoteMoved(first, 1_000, "box"), AT_S)
    assert after.standing.open_notes() == (OpenNote(second, 1_000, False, stacking=False),)
    after.journal.append(j.NoteMoved(second, 1_000, "returned"), AT_S)
    after.journal.seal()
    assert after.standing.open_notes() == ()


@pytest.mark.parametrize("to", ["box", "returned", "unsure"])
def test_faults_43_a_note_in_its_place_is_not_carried_on_even_if_its_card_is_not_known(to: j.Move) -> None:
    folder, journal = begin()
    seq = note(journal, result="indeterminate")
    journal.append(j.NoteMoved(seq, 1_000, to), AT_S)
    journal.seal()
    head = held(folder, SECOND).head
    assert (len(head.pending), head.notes) == (1, ())


def test_too_many_open_notes_leave_the_oldest_to_the_count_of_the_box(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("farebox.journal.standing.MOST_NOTES", 2)
    folder, journal = begin()
    seqs = [note(journal, bytes((number,)) * 8) for number in range(3)]
    journal.seal()
    assert [carried.intent_seq for carried in held(folder, SECOND).head.notes] == seqs[1:]


def test_the_standing_read_back_is_the_one_that_was_kept_up() -> None:
    folder, journal = begin()
    for number in range(40):
        tap(journal, bytes((number % 7,)) * 8, ("written", "indeterminate", None)[number % 3], number)
        seq = note(journal, bytes((number % 7,)) * 8, ("written", "not_written")[number % 2])
        if number % 5:
            journal.append(j.NoteMoved(seq, 1_000, ("stacking", "box", "returned")[number % 3]), AT_S)
    journal.flush()
    recovered = opened(folder.after_kill())
    live = Head(1, 1, NO_SEGMENT)
    assert recovered.standing.head(1, 1) == journal._standing.head(1, 1) != live


def test_records_that_wait_to_be_counted_in_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("farebox.journal.standing.MOST_WAITING", 3)
    _, journal = begin()
    for number in range(6):
        tap(journal, bytes((number,)) * 8)
        assert len(journal._standing._waiting) <= 3
    journal.grow_ahead()
    assert journal._standing._waiting == []
    assert journal._standing.seen.most_writes(bytes(8)) == 4098


def test_a_tap_costs_one_flush_in_a_segment_too_and_nothing_else() -> None:
    folder, journal = begin()
    journal.seal()
    before = len(folder.calls)
    for _ in range(20):
        tap(journal)
    assert folder.calls[before:] == ["pwrite", "fdatasync", "pwrite"] * 20


def test_a_segment_that_has_grown_long_is_ended_between_trips_and_at_a_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "SEGMENT_BYTES", CHUNK)
    folder, journal = begin()
    while len(folder.disks[FIRST].cache) == CHUNK:
        tap(journal)
    for _ in range(40):
        tap(journal)
    assert SECOND not in folder.disks  # never within a trip
    killed = folder.after_kill()
    journal.grow_ahead()
    assert held(folder, FIRST).seal is not None and SECOND in folder.disks
    journal = opened(killed).journal
    assert held(killed, FIRST).seal is not None and SECOND in killed.disks
    assert tap(journal) == held(killed, FIRST).last_seq + 1


@pytest.mark.parametrize("duties", [2, 40])
def test_a_start_reads_the_active_segment_alone_however_long_the_journal(duties: int) -> None:
    """performance.md i: bytes read do not grow with the log."""
    folder, journal = begin()
    for _ in range(duties):
        for number in range(20):
            tap(journal, bytes((number,)) * 8)
        journal.seal()
    tap(journal)
    journal.close()
    after = folder.after_kill()
    opened(after)
    assert after.bytes_read == len(folder.disks[f"{duties + 1:08}.segment"].cache) == CHUNK
    assert {name: disk.bytes_read for name, disk in after.disks.items() if disk.bytes_read} == {
        f"{duties + 1:08}.segment": CHUNK
    }


def test_too_many_pending_writes_leave_the_oldest_to_the_centre(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("farebox.journal.standing.MOST_PENDING", 2)
    folder, journal = begin()
    seqs = [tap(journal, bytes((number,)) * 8, None) for number in range(3)]
    journal.seal()
    assert [carried.entry.seq for carried in held(folder, SECOND).head.pending] == seqs[1:]


# --- faults 18 and 23: the power goes at any call ---


class Life(NamedTuple):
    """What a process had handed to its journal, and how much of it was acknowledged as durable."""

    written: list[j.Record]
    promised: int


def live(folder: MemoryFolder) -> Life:
    """Two duties and a third one begun, each with taps; until it is done or the power goes."""
    written: list[j.Record] = []
    promised = 0
    try:
        journal = opened(folder).journal
        for duty in range(3):
            for result in ("written", "indeterminate"):
                asked = intent(idm=bytes((duty,)) * 8, write_counter=duty)
                written.append(asked)
                promised = journal.intend(asked, AT_S)
                outcome = j.Outcome(promised, result)
                written.append(outcome)
                journal.conclude(outcome, AT_S)
            written.append(j.TripEnded("T1"))
            journal.append(j.TripEnded("T1"), AT_S)
            journal.flush()
            promised = len(written)
            if duty < 2:
                journal.seal()
        journal.close()
    except PowerLost:
        pass
    return Life(written, promised)


def every_record(folder: MemoryFolder) -> list[j.Record]:
    """Of all segments, in order; sound and chained, all but the last one sealed."""
    names = sorted(name for name in folder.disks if name.endswith(".segment"))
    found = [held(folder, name) for name in names]
    digest = NO_SEGMENT
    for number, segment in enumerate(found, 1):
        assert segment.problem is None
        assert (segment.head.number, segment.head.previous) == (number, digest)
        assert (segment.seal is None) is (number == len(found))
        digest = segment.digest
    return [entry.record for segment in found for entry in segment.entries]


def crashes(tear: Tear, life: Callable[[MemoryFolder], Life]) -> Iterator[tuple[MemoryFolder, Life]]:
    """The folder as found after a loss of power at each call of a life, and that life so far."""
    whole = MemoryFolder()
    life(whole)
    for at in range(len(whole.calls)):
        folder = MemoryFolder()
        folder.power_goes_at = at
        lived = life(folder)
        for grown, renamed in ((0.0, 0.0), (0.3, 1.0), (1.0, 0.5), (1.0, 1.0)):
            yield folder.after_power_loss(tear, grown, renamed), lived


@pytest.mark.parametrize("tear", TEARS)
def test_faults_18_power_loss_at_every_call_leaves_a_prefix_with_all_that_was_promised(tear: Tear) -> None:
    for folder, lived in crashes(tear, live):
        after = opened(folder)
        records = every_record(folder)
        assert records == lived.written[: len(records)]
        assert len(records) >= lived.promised
        assert not [name for name in folder.disks if name.endswith(".new")]
        assert after.journal.intend(intent(), AT_S) == len(records) + 1


@pytest.mark.parametrize("tear", [lost, kept, head_only, mixed(Random(9))])
def test_faults_23_recovery_cut_short_and_done_again_gives_the_same(tear: Tear) -> None:
    """At each call of the recovery from a loss of power during a sealing, whatever of it was kept."""
    whole = MemoryFolder()
    live(whole)
    sealing = [at for at, call in enumerate(whole.calls) if call in ("truncate", "rename", "create")]
    images = 0
    for at in sealing:
        folder = MemoryFolder()
        folder.power_goes_at = at
        live(folder)
        crashed = folder.after_power_loss(tear, 1.0, 0.5)
        undisturbed = crashed.after_kill()
        standing = opened(undisturbed).standing.head(1, 1)
        expected = every_record(undisturbed)
        for cut in range(len(undisturbed.calls)):
            again = crashed.after_kill()
            again.power_goes_at = cut
            with pytest.raises(PowerLost):
                opened(again)
            again = again.after_power_loss(tear, 1.0, 0.5)
            assert opened(again).standing.head(1, 1) == standing
            assert every_record(again) == expected
            images += 1
    assert images > 50


def test_faults_23_recovering_twice_is_recovering_once() -> None:
    folder, journal = begin()
    tap(journal)
    journal.seal()
    tap(journal)
    opened(folder.after_kill())
    once = folder.after_kill()
    opened(once)
    twice = once.after_kill()
    opened(twice)
    assert files(twice) == files(once) == files(folder)


def test_faults_19_a_torn_seal_is_cut_and_the_segment_goes_on() -> None:
    folder, journal = begin()
    tap(journal)
    calls = len(folder.calls)
    journal.seal()
    at = calls + folder.calls[calls:].index("truncate")
    folder, journal = begin()
    tap(journal)
    folder.power_goes_at = at
    with pytest.raises(PowerLost):
        journal.seal()
    torn = folder.after_power_loss(head_only)
    after = opened(torn)
    assert after.cut_bytes > 0
    assert len(after.entries) == 2
    assert tap(after.journal) == 3
    assert after.journal.seal() is not None


def test_faults_18_spare_room_that_was_used_and_lost_its_new_name_with_the_power_is_used_clean() -> None:
    """The next segment's long head was in it already; the seal was not durable, so the segment goes on."""
    undisturbed, other = begin()
    tap(other, CARD, "indeterminate")
    other.seal()
    folder, journal = begin()
    seq = tap(journal, CARD, "indeterminate")
    folder.power_goes_at = undisturbed.calls.index("truncate")
    with pytest.raises(PowerLost):
        journal.seal()
    after = folder.after_power_loss(lost, 1.0, 0.0)
    assert any(after.disks["spare"].cache)
    journal = opened(after).journal
    journal.conclude(j.Resolved(seq, "written", "next-tap"), AT_S)
    assert journal.seal() is not None
    assert (held(after, SECOND).torn_bytes, held(after, SECOND).problem) == (0, None)


def test_faults_18_a_tap_in_a_new_segment_is_promised_only_once_its_name_is_durable() -> None:
    folder, journal = begin(capacity=2 * CHUNK)  # no room for another spare, whose flush of names would hide it
    tap(journal)
    assert journal.seal() is not None
    assert tap(journal) == 3
    assert [entry.seq for entry in opened(folder.after_power_loss(lost, 1.0, 0.0)).entries] == [3]


# --- faults 20 and 21: errors, and no room ---


@pytest.mark.parametrize("call", ["pread", "pwrite", "fdatasync", "truncate", "rename", "sync", "allocate", "create"])
def test_faults_20_an_error_while_sealing_is_final_and_loses_nothing(call: str) -> None:
    folder, journal = begin()
    if call == "create":
        folder.remove("spare")
    tap(journal)
    journal.flush()
    folder.errors[call] = errno.EIO
    with pytest.raises(JournalFailed, match=r"\Abus\.journal/00000001\.segment: sealing failed at byte \d+"):
        journal.seal()
    folder.errors.clear()
    with pytest.raises(JournalFailed):
        tap(journal)
    for after in (folder.after_kill(), folder.after_power_loss(lost, 0.0)):
        recovered = opened(after)
        assert every_record(after) == [intent(), j.Outcome(1, "written")]
        assert tap(recovered.journal) == 3


@pytest.mark.parametrize("call", ["names", "pread", "fdatasync", "rename", "sync", "create"])
def test_faults_20_an_error_while_opening_is_told_and_the_folder_let_go(call: str) -> None:
    folder = MemoryFolder()
    if call == "pread":
        opened(folder).journal.close()
        folder = folder.after_kill()
    folder.errors[call] = errno.EIO
    with pytest.raises(JournalFailed, match=r"\Abus\.journal: can't be recovered \(Input/output error\)"):
        opened(folder)
    assert folder.closed


def test_faults_21_a_full_disk_still_lets_a_duty_be_ended_into_the_spare_room() -> None:
    folder, journal = begin(capacity=2 * CHUNK)
    assert len(folder.disks["spare"].cache) == CHUNK
    with pytest.raises(JournalFull):
        for _ in range(CHUNK):
            tap(journal)
    accepted = journal.seq
    assert journal.seal() is not None
    assert tap(journal) == accepted + 1


def test_faults_21_no_room_for_the_next_segment_changes_nothing() -> None:
    folder, journal = begin(capacity=CHUNK + 100)  # none for the spare
    tap(journal)
    journal.flush()
    before = files(folder)
    with pytest.raises(JournalFull, match="no room to grow"):
        journal.seal()
    assert {name: data for name, data in files(folder).items() if name != "spare"} == {FIRST: before[FIRST]}
    assert tap(journal) == 3
    folder.capacity = None
    assert journal.seal() is not None
    assert tap(journal) == 5


def test_faults_21_a_long_segment_goes_on_if_there_is_no_room_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "SEGMENT_BYTES", 1)
    folder, journal = begin(capacity=CHUNK)
    tap(journal)
    journal.grow_ahead()
    assert tap(journal) == 3
    assert [name for name in folder.disks if name.endswith(".segment")] == [FIRST]


# --- faults 22: bit rot ---


def two_duties() -> tuple[MemoryFolder, list[j.Entry]]:
    """One sealed, one active: CARD's write is pending from the first, OTHER's three taps are in the second."""
    folder, journal = begin()
    journal.append(j.Opened("FB-0017", "0.1.0", 0), AT_S)
    tap(journal, CARD, "indeterminate", 10)
    journal.seal()
    for number in range(3):
        tap(journal, OTHER, "written", 20 + number)
    tap(journal, bytes(8), None, 7)
    journal.append(j.TripEnded("T1"), AT_S)  # vouches for all before it
    journal.close()
    return folder.after_kill(), list(held(folder, SECOND).entries)


def test_faults_22_every_flushed_bit_counts_and_a_rotten_segment_is_quarantined() -> None:
    folder, entries = two_duties()
    image = files(folder)[SECOND]
    found = scan(image)
    for at in range(0, found.starts[-1], 7):
        rotten = bytearray(image)
        rotten[at] ^= 1 << at % 8
        disks = folder.after_kill()
        disks.disks[SECOND].cache[:] = disks.disks[SECOND].medium[:] = rotten
        after = opened(disks)
        assert bytes(disks.disks["00000002.rotten"].cache) == rotten  # evidence: as it was found
        assert SECOND not in disks.disks
        head = held(disks, THIRD).head
        told = after.quarantined
        assert told is not None and told == head.quarantined
        assert told.name == "00000002.rotten"
        assert head.previous == sha256(rotten).digest()
        assert head.first_seq == told.last_seq + 1 > entries[-1].seq
        assert told.from_seq <= entries[-1].seq
        assert head.terminal_id == "FB-0017"
        assert tap(after.journal, CARD, "written", 50) == head.first_seq
        assert scan(bytes(disks.disks[FIRST].cache)).problem is None


@pytest.mark.parametrize("place", [0, 16, 30, 60])
def test_faults_22_with_a_rotten_head_the_checkpoint_is_made_anew_from_the_segment_before(place: int) -> None:
    folder, _ = two_duties()
    folder.disks[SECOND].cache[place] ^= 0x10
    standing = opened(folder).standing
    assert standing.pending() == {
        CARD: (2, intent(write_counter=10)),
        bytes(8): (10, intent(idm=bytes(8), write_counter=7)),
    }
    assert standing.seen.most_writes(OTHER) == 23


def test_faults_22_what_was_pending_stays_so_and_what_lost_its_outcome_is_so_again() -> None:
    """The outcome of OTHER's last tap rots: the card's next tap tells. It would not have been made with one open."""
    folder, entries = two_duties()
    lost_outcome = entries[5]
    assert lost_outcome.record == j.Outcome(entries[4].seq, "written")
    start = held(folder, SECOND).starts[5]
    folder.disks[SECOND].cache[start + FRAME_HEAD_BYTES] ^= 1
    pending = opened(folder).standing.pending()
    assert {idm: seq for idm, (seq, _) in pending.items()} == {CARD: 2, OTHER: entries[4].seq, bytes(8): entries[6].seq}


def test_faults_22_of_a_card_only_its_last_write_can_be_open() -> None:
    folder, _ = two_duties()
    start = held(folder, SECOND).starts[1]  # the first outcome of three
    folder.disks[SECOND].cache[start + FRAME_HEAD_BYTES] ^= 1
    assert OTHER not in opened(folder).standing.pending()


@pytest.mark.parametrize("rotten", [0, 1, 4])
def test_faults_22_faults_43_where_an_open_note_is_nobody_can_tell_after_rot(rotten: int) -> None:
    """What told that it was in the box may be among what is lost, and the acceptor may hold another one by now."""
    folder, journal = begin()
    journal.append(j.TripEnded("T1"), AT_S)
    seq = note(journal)
    journal.append(j.NoteMoved(seq, 1_000, "stacking"), AT_S)
    journal.append(j.TripEnded("T2"), AT_S)
    journal.flush()
    journal.append(j.TripEnded("T3"), AT_S)
    journal.flush()
    folder = folder.after_kill()
    start = held(folder, FIRST).starts[rotten]
    folder.disks[FIRST].cache[start + FRAME_HEAD_BYTES] ^= 1
    after = opened(folder)
    lost_itself = rotten == seq - 1
    left = () if lost_itself else (OpenNote(seq, 1_000, True, stacking=True, doubted=True),)
    assert after.standing.open_notes() == held(folder, SECOND).head.notes == left


def test_faults_22_rot_that_shows_at_the_seal_leaves_no_doubt_of_a_note() -> None:
    """The terminal that wrote the records knows what they were."""
    folder, journal = begin()
    seq = note(journal)
    folder.disks[FIRST].cache[held(folder, FIRST).starts[0] + FRAME_HEAD_BYTES] ^= 1
    assert journal.seal() is None
    assert held(folder, SECOND).head.notes == (OpenNote(seq, 1_000, True, stacking=False),)


def test_faults_22_an_intent_that_is_lost_itself_is_on_no_list_and_its_number_is_not_given_again() -> None:
    folder, entries = two_duties()
    start = held(folder, SECOND).starts[4]
    folder.disks[SECOND].cache[start + FRAME_HEAD_BYTES + 40] ^= 1
    after = opened(folder)
    assert OTHER not in after.standing.pending()
    assert after.quarantined is not None
    assert after.quarantined.from_seq == entries[4].seq
    assert tap(after.journal) > entries[-1].seq


def test_faults_22_numbers_that_may_have_stood_after_the_last_whole_record_are_not_given_again() -> None:
    folder, entries = two_duties()
    found = held(folder, SECOND)
    image = folder.disks[SECOND].cache
    image[found.starts[0] + FRAME_HEAD_BYTES] ^= 1
    image[found.end : found.end + 100] = b"\1" * 100
    told = opened(folder).quarantined
    assert told is not None
    assert told.last_seq == entries[-1].seq + -(-100 // LEAST_FRAME_BYTES)


def test_faults_22_without_any_segment_left_to_go_by_receipts_keep_numbers_from_being_given_twice() -> None:
    folder, _ = two_duties()
    folder.remove(FIRST)
    receipt = folder.create("00000001.receipt")
    data = encode_receipt(Receipt(1, 3, bytes(32), b"thanks"))
    receipt.allocate(len(data))
    receipt.pwrite(data, 0)
    image = folder.disks[SECOND].cache
    image[:] = bytes(len(image))
    after = opened(folder)
    assert after.quarantined is not None and after.quarantined.from_seq == 4
    assert after.standing.pending() == {}
    assert tap(after.journal) >= 5


@pytest.mark.parametrize("tear", [lost, kept, head_only])
def test_faults_23_a_quarantine_cut_short_and_done_again_gives_the_same(tear: Tear) -> None:
    folder, _ = two_duties()
    folder.disks[SECOND].cache[len(HEADER) + 200] ^= 1
    folder.disks[SECOND].medium[:] = folder.disks[SECOND].cache
    undisturbed = folder.after_kill()
    opened(undisturbed)
    expected = {name: data for name, data in files(undisturbed).items() if name != "spare"}
    assert len(undisturbed.calls) > 10
    for cut in range(len(undisturbed.calls)):
        for renamed in (0.0, 0.5, 1.0):
            again = folder.after_kill()
            again.power_goes_at = cut
            with pytest.raises(PowerLost):
                opened(again)
            again = again.after_power_loss(tear, 1.0, renamed)
            opened(again)
            assert {name: data for name, data in files(again).items() if name != "spare"} == expected


def test_faults_22_rot_that_shows_when_a_segment_is_read_back_for_its_seal_quarantines_it() -> None:
    folder, journal = begin()
    seq = tap(journal, CARD, "indeterminate")
    journal.flush()
    folder.disks[FIRST].cache[len(HEADER) + 100] ^= 1
    assert journal.seal() is None
    assert set(folder.disks) == {"00000001.rotten", SECOND, "spare"}
    head = held(folder, SECOND).head
    assert head.quarantined is not None and (head.quarantined.from_seq, head.quarantined.last_seq) == (1, 2)
    assert [carried.entry.seq for carried in head.pending] == [seq]
    assert tap(journal) == 3
    journal.close()
    assert opened(folder.after_kill()).quarantined == head.quarantined


def test_faults_22_another_file_that_is_sound_by_itself_is_not_sealed_in_place_of_what_was_written() -> None:
    folder, journal = begin()
    journal.append(j.TripEnded("T1"), AT_S)
    journal.flush()
    other = segment_of(j.encode(1, 0, AT_S, j.TripEnded("T9")))
    folder.disks[FIRST].cache[: len(other)] = other
    assert scan(bytes(folder.disks[FIRST].cache)).problem is None
    assert journal.seal() is None
    assert "00000001.rotten" in folder.disks


@pytest.mark.parametrize("kind", ["altered", "taken out", "moved", "put in"])
def test_faults_22_records_altered_taken_out_moved_or_put_in_are_found_by_sequence(kind: str) -> None:
    """Each frame is whole by its CRC, as whoever changes the file would see to; the chain tells."""
    records = [j.encode(seq, seq - 1, AT_S, j.TripEnded(f"T{seq}")) for seq in range(1, 6)]
    data = segment_of(*records)
    starts = (*scan(data).starts, len(data))
    frames = [data[start:end] for start, end in pairwise(starts)]
    other = segment_of(*records[:1], j.encode(2, 1, AT_S, j.TripEnded("T9")))
    changed = {
        "altered": [frames[0], segment_of(records[1])[-len(frames[1]) :], *frames[2:]],
        "taken out": [frames[0], *frames[2:]],
        "moved": [frames[0], frames[2], frames[1], *frames[3:]],
        "put in": [frames[0], other[len(data[: starts[0]]) + len(frames[0]) :], frames[1], *frames[2:]],
    }[kind]
    found = scan(data[: starts[0]] + b"".join(changed))
    assert found.problem is not None and found.problem.rot
    assert found.problem.seq == (3 if kind == "put in" else 2)
    assert "altered, taken out or moved" in found.problem.what


def test_faults_22_the_seal_vouches_for_the_last_record_too() -> None:
    folder, journal = begin()
    tap(journal)
    journal.seal()
    data = bytearray(folder.disks[FIRST].cache)
    data[scan(bytes(data)).starts[-1] + FRAME_HEAD_BYTES] ^= 1
    problem = scan(bytes(data)).problem
    assert problem is not None
    assert (problem.seq, problem.what) == (2, "changed after it was flushed, as the seal tells")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: data + b"\1", "something stands after the seal"),
        (lambda data: segment_of(*payloads_of(data)[:1], payloads_of(data)[-1]), "the seal is another segment's"),
        (lambda data: segment_of(*payloads_of(data)[:-1], b"\xd2\x80"), "the frame is whole, but no seal"),
    ],
)
def test_faults_22_a_seal_that_does_not_fit_is_found(change: Callable[[bytes], bytes], says: str) -> None:
    folder, journal = begin()
    tap(journal)
    journal.seal()
    problem = scan(change(bytes(folder.disks[FIRST].cache))).problem
    assert problem is not None and problem.rot
    assert problem.what.startswith(says)


def payloads_of(data: bytes) -> list[bytes]:
    """Of every frame after the head, the seal too."""
    found = scan(data)
    ends = (*found.starts, found.end, found.sealed_end)
    return [data[start + FRAME_HEAD_BYTES : end] for start, end in pairwise(ends)]


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (file_of_version_1(), "a journal of format version 1, inside a folder"),
        (segment_of(head=Head(number=7)), "this is segment 7 by its head, not 1"),
        (segment_of(b"\x85\x06\x01\x00\x03\x00"), "no record: schema: 6"),
        (b"FAREBOX\0\3\0\0\0" + bytes.fromhex("19 E7 3A B1") + bytes(100), "header of format version 3"),
    ],
)
def test_faults_22_what_is_whole_but_not_ours_to_read_stops_the_start_untouched(image: bytes, says: str) -> None:
    folder = MemoryFolder()
    disk = folder.create(FIRST)
    disk.allocate(CHUNK)
    disk.pwrite(image, 0)
    before = files(folder)
    with pytest.raises(JournalDamaged, match=says) as told:
        opened(folder)
    assert "run the software that wrote it" in str(told.value)
    assert files(folder) == before
    assert folder.closed


def test_every_kind_of_record_may_be_carried_over_a_seal() -> None:
    folder, journal = begin()
    for record in ONE_OF_EACH:
        journal.append(record, AT_S)
    seal = journal.seal()
    assert seal is not None and seal.records == len(ONE_OF_EACH)
    assert [entry.record for entry in held(folder, FIRST).entries] == list(ONE_OF_EACH)
    assert held(folder, SECOND).head.pending == ()
    assert Carried(b"", False).indeterminate is False
