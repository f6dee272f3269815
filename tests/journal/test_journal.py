"""The journal on a disk that tears, fills up, fails and rots (faults 18 to 23)."""

import errno
from collections.abc import Callable
from random import Random
from typing import NamedTuple
from zlib import crc32

import pytest

from farebox.formats import journal as j
from farebox.formats.frames import BEGINNING, FRAME_HEAD_BYTES, HEADER, HEADER_1, frame, scan
from farebox.formats.segment import Head
from farebox.journal import fold
from farebox.journal.disk import RESERVE_BYTES
from farebox.journal.errors import JournalDamaged, JournalFailed, JournalFull
from farebox.journal.log import Journal, Recovered, recover
from sim.hardware.memory_disk import MemoryDisk, PowerLost, Tear, head_only, kept, lost, mixed, tail_only
from tests.journal.examples import AT_S, CARD, ONE_OF_EACH, RULEBOOK, encoded, intent, segment_of

CHUNK = 4 * RESERVE_BYTES
TEARS: list[Tear] = [lost, kept, head_only, tail_only, *(mixed(Random(seed)) for seed in range(8))]

WIDEST_INTENT = intent(
    lines=(("G" * 24, -(2**63)),) * j.MAX_LINES,
    **dict.fromkeys(("stop_index", "write_counter", "sf_before_yen", "sf_after_yen"), 2**63 - 1),
    **dict.fromkeys(("due_yen", "cash_yen", "auto_charge_yen", "points_earned", "points_lapsed"), 2**63 - 1),
    **dict.fromkeys(("note_yen", "premium_yen", "cancels_seq"), 2**63 - 1),
    purses=tuple((name, 2**63 - 1, 2**63 - 1) for name in j.PURSES),
    history_row=b"\xff" * 16,
)
WIDEST_OUTCOME = j.Outcome(2**63 - 1, "indeterminate")
WIDEST_RESOLVED = j.Resolved(2**63 - 1, "not_written", "x" * 32)


def opened(disk: MemoryDisk) -> Recovered:
    return recover(disk, "bus.journal", CHUNK)


def begin(capacity: int | None = None) -> tuple[MemoryDisk, Journal]:
    disk = MemoryDisk(capacity=capacity)
    return disk, opened(disk).journal


def tap(journal: Journal) -> None:
    seq = journal.intend(intent(), AT_S)
    journal.conclude(j.Outcome(seq, "written"), AT_S)


def found(disk: MemoryDisk) -> list[j.Record]:
    """The records that the next process finds."""
    return [entry.record for entry in opened(disk.after_kill()).entries]


# --- a working day ---


def test_every_kind_of_record_is_found_again_in_order() -> None:
    disk, journal = begin()
    assert [journal.append(record, AT_S + n) for n, record in enumerate(ONE_OF_EACH)] == list(range(1, 12))
    journal.close()
    entries = opened(disk.after_kill()).entries
    assert [entry.record for entry in entries] == list(ONE_OF_EACH)
    assert [entry.seq for entry in entries] == list(range(1, 12))
    assert [entry.at_s for entry in entries] == [AT_S + n for n in range(11)]


def test_after_an_update_a_journal_holds_both_schemas_and_its_pending_write_is_still_found() -> None:
    """The older software wrote an intent and lost its outcome; the newer one settles it and goes on."""
    old: list[j.Record] = [j.Opened("FB-0017", "0.1.0", 0), intent()]
    updated = MemoryDisk(segment_of(*encoded(old, schema=1)).ljust(CHUNK, b"\0"))
    recovered = opened(updated)
    assert [(entry.record, entry.schema) for entry in recovered.entries] == [(record, 1) for record in old]
    assert fold.pending(recovered.entries) == {CARD: (2, intent())}
    recovered.journal.conclude(j.Resolved(2, "written", "next-tap"), AT_S)
    tap(recovered.journal)
    entries = opened(updated.after_kill()).entries
    assert [entry.schema for entry in entries] == [1, 1, 5, 5, 5]
    assert fold.audit(entries)[0].alightings == 2


def test_faults_24_the_clock_may_jump_back_and_the_order_stays() -> None:
    disk, journal = begin()
    for at_s in (AT_S, AT_S - 86_400, 0):
        journal.append(j.TripEnded("T1"), at_s)
    journal.close()
    assert [(e.seq, e.at_s) for e in opened(disk.after_kill()).entries] == [
        (1, AT_S),
        (2, AT_S - 86_400),
        (3, 0),
    ]


def test_a_tap_costs_exactly_one_flush_and_two_writes() -> None:
    disk = MemoryDisk()
    journal = recover(disk, "bus.journal").journal
    before = len(disk.calls)
    for _ in range(100):
        tap(journal)
    assert disk.calls[before:] == ["pwrite", "fdatasync", "pwrite"] * 100


def test_what_was_noted_before_a_tap_goes_out_in_the_tap_s_own_write() -> None:
    disk, journal = begin()
    before = len(disk.calls)
    journal.append(j.Noted(CARD, "incomplete-ride", ""), AT_S)
    journal.append(j.DriverActed(CARD, "boarding-stop", "3"), AT_S)
    assert disk.calls[before:] == []
    tap(journal)
    assert disk.calls[before:] == ["pwrite", "fdatasync", "pwrite"]
    assert journal.seq == 4
    assert journal.flushed_seq == 3


def test_a_flush_with_nothing_to_flush_costs_nothing() -> None:
    disk, journal = begin()
    tap(journal)
    journal.flush()
    before = len(disk.calls)
    journal.flush()
    journal.write()
    assert disk.calls[before:] == []


def test_growing_ahead_between_trips_keeps_allocation_out_of_the_taps() -> None:
    disk, journal = begin()
    inside: list[str] = []
    for _ in range(200):
        before = len(disk.calls)
        tap(journal)
        inside += disk.calls[before:]
        journal.grow_ahead()
    assert set(inside) == {"pwrite", "fdatasync"}
    assert disk.size() > 2 * CHUNK
    assert inside.count("fdatasync") == 200


def test_each_record_names_the_last_one_flushed_before_it() -> None:
    disk, journal = begin()
    tap(journal)
    tap(journal)
    journal.append(j.TripEnded("T1"), AT_S)
    journal.close()
    assert [e.flushed_seq for e in opened(disk.after_kill()).entries] == [0, 1, 1, 3, 3]


# --- faults 18: power loss at every write and fsync ---


class Life(NamedTuple):
    """What a process had handed to its journal, and how much of it was acknowledged as durable."""

    written: list[j.Record]
    promised: int


def live(disk: MemoryDisk) -> Life:
    """Open, a few taps, records in between, past a chunk's end; until it is done or the power goes."""
    written: list[j.Record] = []
    promised = 0
    try:
        journal = opened(disk).journal

        def note(record: j.Record) -> None:
            written.append(record)
            journal.append(record, AT_S)

        for turn in range(3):
            note(j.Noted(CARD, "first-boarding-kept", ""))
            asked = intent(lines=(("GEN-4", turn),) * j.MAX_LINES)
            written.append(asked)
            promised = journal.intend(asked, AT_S)
            outcome = j.Outcome(promised, "written")
            written.append(outcome)
            journal.conclude(outcome, AT_S)
        for turn in range(30):
            note(j.Refused(CARD, "alight", "short", f"{turn} " * 50))
            journal.write()
        journal.close()
        promised = len(written)
    except PowerLost:
        pass
    return Life(written, promised)


def calls_of(action: Callable[[MemoryDisk], object], disk: MemoryDisk) -> int:
    action(disk)
    return len(disk.calls)


@pytest.mark.parametrize("tear", TEARS)
def test_faults_18_power_loss_at_every_call_leaves_a_prefix_with_all_that_was_promised(tear: Tear) -> None:
    calls = calls_of(live, MemoryDisk())
    assert calls > 20
    for at in range(calls):
        disk = MemoryDisk()
        disk.power_goes_at = at
        life = live(disk)
        for grown in (0.0, 0.3, 1.0):
            after = opened(disk.after_power_loss(tear, grown))
            records = [entry.record for entry in after.entries]
            assert records == life.written[: len(records)]
            assert len(records) >= life.promised
            assert [entry.seq for entry in after.entries] == list(range(1, len(records) + 1))
            assert after.journal.intend(intent(), AT_S) == len(records) + 1


def test_faults_18_what_was_written_but_not_flushed_outlives_the_process_alone() -> None:
    disk, journal = begin()
    tap(journal)
    assert found(disk) == [intent(), j.Outcome(1, "written")]
    assert [e.record for e in opened(disk.after_power_loss(lost)).entries] == [intent()]


def test_faults_18_power_lost_while_the_file_is_made_leaves_an_empty_journal() -> None:
    whole = MemoryDisk()
    opened(whole)
    for size in (0, 1, 8, 15, 16, 17, 60, 100, CHUNK):
        for missing in range(len(BEGINNING) + 1):
            head = BEGINNING[:missing] + bytes(len(BEGINNING) - missing)
            rest = bytes(missing) + BEGINNING[missing:]
            for image in ((head + bytes(CHUNK))[:size], (rest + bytes(CHUNK))[:size]):
                after = opened(MemoryDisk(image))
                assert after.entries == ()
                assert after.cut_bytes == 0
                tap(after.journal)


# --- faults 19: a torn tail ---


def torn(cut_to: int) -> MemoryDisk:
    """A tap that was flushed with its outcome, then a refusal of which only `cut_to` bytes reached the disk."""
    disk, journal = begin()
    tap(journal)
    journal.flush()
    journal.append(j.Refused(CARD, "alight", "short", "60 yen short"), AT_S)
    journal.write()
    return disk.after_power_loss(lambda old, new: new[:cut_to] + old[cut_to:])


def test_faults_19_torn_tail_is_cut_before_appending() -> None:
    disk = torn(30)
    after = opened(disk)
    assert [e.record for e in after.entries] == [intent(), j.Outcome(1, "written")]
    assert after.cut_bytes == 30
    end = scan(bytes(disk.medium)).end
    assert not any(disk.medium[end:])  # already on the medium, before anything is appended
    after.journal.append(j.TripEnded("T1"), AT_S)
    after.journal.close()
    assert found(disk) == [intent(), j.Outcome(1, "written"), j.TripEnded("T1")]


def test_faults_19_a_clean_end_is_not_cut() -> None:
    assert opened(torn(0)).cut_bytes == 0


def test_faults_19_a_torn_file_shorter_than_its_frame_is_cut_too() -> None:
    disk = torn(30)
    end = scan(bytes(disk.cache)).end
    after = opened(MemoryDisk(bytes(disk.cache[: end + 20])))
    assert after.cut_bytes == 20
    tap(after.journal)


def test_faults_19_a_whole_record_beyond_the_tear_never_comes_back() -> None:
    disk, journal = begin()
    tap(journal)
    journal.flush()
    for trip_id in ("T1", "T2"):
        journal.append(j.TripEnded(trip_id), AT_S)
        journal.write()
    turns = iter((lost, kept))  # T1 lost, T2 kept

    def one_each(old: bytes, new: bytes) -> bytes:
        return next(turns)(old, new)

    disk = disk.after_power_loss(one_each)
    after = opened(disk)
    assert len(after.entries) == 2
    assert after.cut_bytes > 0
    after.journal.append(j.TripEnded("T9"), AT_S)  # as long as T1: T2 would follow it without a seam
    after.journal.close()
    assert found(disk)[2:] == [j.TripEnded("T9")]


# --- faults 20: an error of the disk ---

EVERY_CALL: list[Callable[[Journal], object]] = [
    lambda journal: journal.append(j.TripEnded("T1"), AT_S),
    lambda journal: journal.write(),
    lambda journal: journal.flush(),
    lambda journal: journal.intend(intent(), AT_S),
    lambda journal: journal.conclude(j.Outcome(1, "written"), AT_S),
    lambda journal: journal.grow_ahead(),
    lambda journal: journal.close(),
    lambda journal: journal.close(),
]


@pytest.mark.parametrize("call", ["pwrite", "fdatasync"])
def test_faults_20_after_a_disk_error_the_journal_is_dead_for_good(call: str) -> None:
    disk, journal = begin()
    tap(journal)
    disk.errors[call] = errno.EIO
    with pytest.raises(JournalFailed, match=r"\Abus\.journal: a \w+ failed at byte \d+ \(Input/output error\)"):
        journal.intend(intent(), AT_S)
    assert journal.flushed_seq == 1
    disk.errors.clear()  # the disk seems well again, and is not believed
    before = len(disk.calls)
    for again in EVERY_CALL:
        with pytest.raises(JournalFailed, match=r"failed at byte .* replace the disk"):
            again(journal)
    assert disk.calls[before:] == []
    assert disk.closed


@pytest.mark.parametrize("call", ["allocate", "fdatasync"])
def test_faults_20_an_error_while_growing_is_as_final(call: str) -> None:
    disk, journal = begin()
    disk.errors[call] = errno.EIO
    with pytest.raises(JournalFailed):
        for _ in range(CHUNK):
            journal.append(j.TripEnded("T1"), AT_S)
    with pytest.raises(JournalFailed):
        journal.append(j.TripEnded("T1"), AT_S)


def test_faults_20_a_write_cut_short_by_the_disk_is_an_error() -> None:
    class Short(MemoryDisk):
        def pwrite(self, data: bytes, offset: int) -> int:
            return super().pwrite(data, offset) - 1

    disk = Short()
    with pytest.raises(JournalFailed, match="can't be recovered"):
        opened(disk)
    assert disk.closed
    journal = opened(Short(bytes(begin()[0].cache))).journal
    with pytest.raises(JournalFailed, match=r"a write failed at byte 77 .* bytes written"):
        tap(journal)


def test_faults_20_pages_that_only_seem_flushed_are_written_again_by_the_next_process() -> None:
    disk, journal = begin()
    tap(journal)
    disk.errors["fdatasync"] = errno.EIO
    with pytest.raises(JournalFailed):
        tap(journal)
    # The cache still shows the second intent, the medium lacks it, and the kernel counts the page as clean.
    restarted = disk.after_kill()
    seen = [entry.record for entry in opened(restarted).entries]
    assert len(seen) == 3
    assert [e.record for e in opened(restarted.after_power_loss(lost)).entries] == seen


@pytest.mark.parametrize("call", ["pread", "pwrite", "fdatasync", "allocate"])
def test_faults_20_an_error_while_opening_is_told_and_the_file_let_go(call: str) -> None:
    disk = MemoryDisk()
    disk.errors[call] = errno.EIO
    with pytest.raises(JournalFailed, match=r"\Abus\.journal: can't be recovered \(Input/output error\)"):
        opened(disk)
    assert disk.closed


def test_a_closed_journal_takes_nothing_more() -> None:
    disk, journal = begin()
    tap(journal)
    journal.close()
    assert disk.calls[-1] == "fdatasync"  # the outcome is durable
    assert disk.closed
    for again in EVERY_CALL:
        with pytest.raises(JournalFailed, match=r"\Abus\.journal: closed"):
            again(journal)


# --- faults 21: the disk is full ---


def test_faults_21_an_intent_without_room_changes_nothing() -> None:
    disk, journal = begin(capacity=2 * CHUNK)
    with pytest.raises(JournalFull, match=r"\Abus\.journal: no room to grow \(No space left on device\)"):
        for _ in range(CHUNK):
            image, calls, seq = bytes(disk.cache), len(disk.calls), journal.seq
            tap(journal)
    assert journal.seq == seq
    assert bytes(disk.cache) == image
    assert disk.calls[calls:] == ["allocate"]


@pytest.mark.parametrize("asked", [intent(), WIDEST_INTENT])
def test_faults_21_the_outcome_of_the_tap_in_hand_always_fits(asked: j.Intent) -> None:
    disk, journal = begin(capacity=2 * CHUNK)
    accepted = 0
    with pytest.raises(JournalFull):
        for _ in range(CHUNK):
            accepted = journal.intend(asked, AT_S)
    assert disk.size() == 2 * CHUNK
    journal.conclude(j.Outcome(accepted, "indeterminate"), AT_S)
    assert found(disk)[-1] == j.Outcome(accepted, "indeterminate")


@pytest.mark.parametrize("widest", [WIDEST_OUTCOME, WIDEST_RESOLVED])
def test_faults_21_the_reserve_holds_forty_of_the_widest_outcomes(widest: j.Outcome | j.Resolved) -> None:
    _, journal = begin(capacity=CHUNK)
    with pytest.raises(JournalFull):
        for _ in range(CHUNK):
            journal.append(j.TripEnded(""), AT_S)
    for _ in range(40):
        journal.conclude(widest, j.LAST_TIME_S)
    journal.close()


def test_faults_21_the_widest_intent_is_within_the_bounds_of_a_record() -> None:
    assert len(j.encode(2**63 - 1, 2**63 - 2, j.LAST_TIME_S, WIDEST_INTENT)) <= j.MAX_PAYLOAD_BYTES


def test_faults_21_the_journal_goes_on_once_there_is_room() -> None:
    disk, journal = begin(capacity=CHUNK)
    with pytest.raises(JournalFull):
        for _ in range(CHUNK):
            tap(journal)
    disk.capacity = None
    taps = journal.seq
    tap(journal)
    assert len(found(disk)) == taps + 2


def test_faults_21_a_full_disk_is_no_reason_to_lose_what_is_pending() -> None:
    disk, journal = begin(capacity=CHUNK)
    with pytest.raises(JournalFull):
        for _ in range(CHUNK):
            seq = journal.intend(intent(), AT_S)
    after = opened(disk.after_kill())
    with pytest.raises(JournalFull):
        after.journal.intend(intent(), AT_S)
    after.journal.conclude(j.Resolved(seq, "written", "same-card"), AT_S)
    after.journal.close()


def test_faults_21_a_new_journal_on_a_full_disk_is_refused_and_left_empty() -> None:
    disk = MemoryDisk(capacity=CHUNK - 1)
    with pytest.raises(JournalFull):
        opened(disk)
    assert disk.cache == b""
    assert disk.closed


# --- faults 22: bit rot ---


def three_taps() -> MemoryDisk:
    """Three taps; all is flushed but the last outcome."""
    disk, journal = begin()
    for _ in range(3):
        tap(journal)
    return disk


def test_faults_22_a_flip_in_any_flushed_byte_is_damage_and_a_flip_in_the_unflushed_tail_is_a_tear() -> None:
    image = bytes(three_taps().cache)
    good = scan(image)
    flushed_end = good.starts[5]  # record 6, the last outcome, is the one not flushed
    for at in range(len(BEGINNING), good.end):
        flipped = bytearray(image)
        flipped[at] ^= 1 << at % 8
        disk = MemoryDisk(bytes(flipped))
        if at >= flushed_end:
            after = opened(disk)
            assert after.entries == good.entries[:5]
            assert after.cut_bytes == good.end - flushed_end
            continue
        seq = sum(start <= at for start in good.starts)
        told = rf"\Abus\.journal: record {seq} at byte {good.starts[seq - 1]}: changed after it was flushed"
        with pytest.raises(JournalDamaged, match=told + r", as record \d tells; keep this file aside") as damaged:
            opened(disk)
        assert "\n" not in str(damaged.value)
        assert disk.cache == disk.medium == flipped  # evidence: left as it is
        assert disk.closed


@pytest.mark.parametrize("length", [1, 16, 300])
def test_faults_22_a_flushed_stretch_that_reads_as_zeros_is_damage(length: int) -> None:
    image = bytearray(three_taps().cache)
    start = scan(bytes(image)).starts[1]
    image[start : start + length] = bytes(length)
    with pytest.raises(JournalDamaged, match=f"record 2 at byte {start}: changed"):
        opened(MemoryDisk(bytes(image)))


def test_faults_22_stray_bytes_in_the_room_ahead_are_cut() -> None:
    image = bytearray(three_taps().cache)
    end = scan(bytes(image)).end
    image[end + 1000] = 0x40
    after = opened(MemoryDisk(bytes(image)))
    assert len(after.entries) == 6
    assert after.cut_bytes == 1001


def file_of(*payloads: bytes, header: bytes = HEADER) -> MemoryDisk:
    return MemoryDisk((header + segment_of(*payloads)[len(HEADER) :]).ljust(CHUNK, b"\0"))


def of_version(number: int) -> bytes:
    start = HEADER[:8] + number.to_bytes(2, "little") + bytes(2)
    return start + crc32(start).to_bytes(4, "little")


def ended(seq: int, flushed_seq: int) -> bytes:
    return j.encode(seq, flushed_seq, AT_S, j.TripEnded("T1"))


@pytest.mark.parametrize(
    ("disk", "says"),
    [
        (MemoryDisk(b"id,route,fare\n1,R12,210\n"), "record 1 at byte 0: no journal's header"),
        (MemoryDisk(b"\xff" * CHUNK), "record 1 at byte 0: no journal's header"),
        (MemoryDisk(bytes(16) + b"\1"), "record 1 at byte 0: no journal's header"),
        (MemoryDisk(HEADER[:15] + b"\1"), "record 1 at byte 8: the header changed"),
        (file_of(header=of_version(3)), "header of format version 3; this software reads versions 1 and 2"),
        (MemoryDisk(HEADER_1), "format version 1; nothing is appended to it, open the journal's folder"),
        (MemoryDisk(segment_of(head=Head())[:-1] + b"\1"), "record 1 at byte 16: the segment's head changed"),
        (file_of(ended(2, 0)), "record 1 at byte 77: record 2 stands where 1 should"),
        (file_of(ended(1, 0), ended(1, 0)), "record 2 at byte 108: record 1 stands where 2 should"),
        (file_of(ended(1, 0), ended(3, 0)), "record 3 stands where 2 should"),
        (file_of(ended(1, 0), ended(2, 1), ended(3, 0)), "says 0 was flushed last; the record before it says 1"),
        (file_of(b""), "the frame is whole, but no record: payload is not the CBOR"),
        (file_of(ended(1, 0)[:1] + b"\6" + ended(1, 0)[2:]), "no record: schema: 6 is none of 1, 2, 3, 4, 5"),
    ],
)
def test_faults_22_what_is_whole_but_not_ours_to_read_is_never_cut(disk: MemoryDisk, says: str) -> None:
    image = bytes(disk.cache)
    with pytest.raises(JournalDamaged) as damaged:
        opened(disk)
    assert says in str(damaged.value)
    assert disk.cache == disk.medium == image


def test_faults_22_a_frame_that_claims_more_than_a_record_may_have_is_no_frame() -> None:
    payload = bytes(j.MAX_PAYLOAD_BYTES)
    head = bytearray(frame(payload, bytes(8))[:FRAME_HEAD_BYTES])
    head[2:6] = (j.MAX_PAYLOAD_BYTES + 1).to_bytes(4, "little")
    after = opened(MemoryDisk((BEGINNING + head + b"\1" * 3000).ljust(CHUNK, b"\0")))
    assert after.entries == ()
    assert after.cut_bytes == FRAME_HEAD_BYTES + 3000


# --- faults 23: a crash during recovery ---


@pytest.mark.parametrize("tear", TEARS)
def test_faults_23_recovery_cut_short_and_done_again_gives_the_same(tear: Tear) -> None:
    image = bytes(torn(30).cache)
    undisturbed = opened(MemoryDisk(image)).entries
    calls = calls_of(opened, MemoryDisk(image))
    assert calls >= 3  # pread, pwrite, fdatasync
    for at in range(calls):
        disk = MemoryDisk(image)
        disk.power_goes_at = at
        with pytest.raises(PowerLost):
            opened(disk)
        again = opened(disk.after_power_loss(tear))
        assert again.entries == undisturbed
        assert again.journal.intend(intent(), AT_S) == len(undisturbed) + 1


def test_faults_23_recovering_twice_is_recovering_once() -> None:
    disk = torn(30)
    once = opened(disk)
    twice_disk = disk.after_kill()
    twice = opened(twice_disk)
    assert twice.entries == once.entries
    assert (once.cut_bytes, twice.cut_bytes) == (30, 0)
    assert twice_disk.cache == disk.cache


def test_the_rulebook_in_the_examples_is_a_sha_256_long() -> None:
    assert len(RULEBOOK) == j.HASH_BYTES
