"""The folder of a journal: segments one after the other, the last of them active.

    00000001.segment    sealed: ends with its seal, never changed again
    00000002.segment    the highest number: active, appended to
    00000003.new        being made; whatever is left of one after a loss of power is thrown away
    00000002.rotten     quarantined: records that had been flushed are gone or changed; kept as it was found
    spare               room for the next segment, taken ahead: a full disk doesn't keep a duty from being ended
    00000001.receipt    a durable acknowledgement (`farebox.journal.retention`)

Each step below is durable before the next, and each state in between leads a recovery to the same end (faults 18, 23):

    seal    NNN+1.new is written and flushed; the seal is appended, the file cut to its length and flushed; .new is
            renamed. A seal without a segment after it: recovery makes that anew from what the sealed one holds.
    rot     NNN+1.new is written and flushed; NNN.segment becomes NNN.rotten; .new is renamed. A rotten file without a
            segment after it: recovery does the same over again.

A start reads the active segment alone, whose head tells all it needs of those before it. The one before is read only
if that head is rotten itself.
"""

from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from farebox.formats import frames
from farebox.formats.cose import BENCH_SEED
from farebox.formats.frames import CHECK_BYTES, Problem, Scan, beginning, frame, scan, unbroken
from farebox.formats.journal import Intent, encode
from farebox.formats.segment import Head, Quarantined, Seal, decode_receipt, encode_seal
from farebox.formats.strict import RecordError
from farebox.journal.disk import RESERVE_BYTES, Disk, all_zeros, whole, write_all
from farebox.journal.errors import NO_ROOM, JournalDamaged
from farebox.journal.folder import Folder, SegmentDisk
from farebox.journal.standing import Standing

if TYPE_CHECKING:
    from hashlib import _Hash

SEGMENT, NEW, ROTTEN, RECEIPT, SPARE = ".segment", ".new", ".rotten", ".receipt", "spare"


class Begun(NamedTuple):
    """A segment ready for appending: its file, what it is called, and what it holds."""

    disk: Disk
    name: str
    found: Scan
    standing: Standing
    data: bytes


class Ended(NamedTuple):
    """The active segment as its journal knows it: all records up to `last_seq` written and flushed, up to offset `end`.

    `chain` is SHA-256 over the payloads of its head and records.
    """

    head: Head
    last_seq: int
    end: int
    chain: "_Hash"
    standing: Standing


class Rolled(NamedTuple):
    """A segment ended, and the next one begun. No `seal`: it was found to be rotten, and was quarantined."""

    seal: Seal | None
    begun: Begun


def number_of(name: str, kind: str) -> int | None:
    """The number of a segment's file of this kind; None for any other file."""
    digits = name.removesuffix(kind)
    return int(digits) if name.endswith(kind) and digits.isascii() and digits.isdecimal() else None


def name_of(number: int, kind: str = SEGMENT) -> str:
    """What a segment's file is called."""
    return f"{number:08}{kind}"


def top_of(names: tuple[str, ...]) -> int:
    """The number of the active segment, or of the rotten one in its place; 0 in an empty folder."""
    numbers = [number_of(name, kind) for name in names for kind in (SEGMENT, ROTTEN)]
    return max((number for number in numbers if number is not None), default=0)


def standing_of(found: Scan, data: bytes) -> Standing:
    """What is known at the end of a segment: its checkpoint, and its records."""
    standing = Standing(found.head)
    for entry, payload in zip(found.entries, frames.payloads(data, found), strict=True):
        standing.take(entry.seq, entry.record, payload)
    return standing


class Segments:
    """The files of one journal. Raises OSError, and JournalDamaged for what is not ours to read."""

    def __init__(self, folder: Folder, name: str, chunk_bytes: int, seed: bytes = BENCH_SEED) -> None:
        """Take a folder; `name` is for messages, `seed` that of the key that seals (Ed25519)."""
        self._folder = folder
        self._name = name
        self._chunk_bytes = chunk_bytes
        self._seed = seed
        self._disk: SegmentDisk | None = None  # of the active segment

    def open(self) -> Begun:
        """The active segment, made if there is none. Its records aren't made durable yet, its torn tail isn't cut."""
        names = self._folder.names()
        for name in names:
            if name.endswith(NEW):
                self._folder.remove(name)
        begun = self._active(names)
        self._keep_spare()
        return begun

    def roll(self, ended: Ended) -> Rolled:
        """Seal the active segment and begin the next; all its records are flushed. Raises OSError: if it is for want of
        room, nothing has changed.

        What is sealed has been read back: should it not be what was written, the segment is quarantined instead.
        """
        disk, number = self._disk, ended.head.number
        assert disk is not None
        data = disk.pread(ended.end, 0)
        if len(data) != ended.end or not unbroken(data, ended.chain.digest()):
            found = scan(data)
            problem = found.problem or Problem(found.end, found.last_seq + 1, "ends before its last record", rot=True)
            rotten = Quarantined(name_of(number, ROTTEN), problem.seq, ended.last_seq, problem.what)
            begun = self._put_aside(whole(disk), ended.standing, number, rotten)
            disk.close()
            rolled = Rolled(None, begun)
        else:
            rolled = self._seal(disk, ended)
        self._keep_spare()
        return rolled

    def close(self) -> None:
        """Let go of the folder; the active segment's file is whoever's it was given to."""
        self._folder.close()

    # -- the active segment

    def _active(self, names: tuple[str, ...]) -> Begun:
        numbered = [(number, kind) for name in names for kind in (SEGMENT, ROTTEN) if (number := number_of(name, kind))]
        if not numbered:
            return self._begin(Standing(), Head())
        number, kind = max(numbered)
        disk = self._folder.open(name_of(number, kind))
        keep = False
        try:
            data = whole(disk)
            found = scan(data)
            problem = _problem(found, data, number)
            if problem is None and kind == ROTTEN:
                problem = Problem(found.end, found.last_seq + 1, "ends before its last record", rot=True)
            if problem is not None:
                if not problem.rot:
                    raise JournalDamaged(_foreign(f"{self._name}/{name_of(number, kind)}", problem))
                return self._quarantine(number, data, found, problem)
            standing = standing_of(found, data)
            if found.seal is None:
                keep, self._disk = True, disk
                return Begun(disk, f"{self._name}/{name_of(number)}", found, standing, data)
            disk.truncate(found.sealed_end)
            disk.fdatasync()
            return self._begin(standing, standing.head(number + 1, found.last_seq + 1, found.digest))
        finally:
            if not keep:
                disk.close()

    def _seal(self, disk: SegmentDisk, ended: Ended) -> Rolled:
        head, digest = ended.head, ended.chain.digest()
        count = ended.last_seq - head.first_seq + 1
        seal = Seal(
            *(ended.standing.terminal_id, head.number, head.first_seq, ended.last_seq, count, head.previous, digest)
        )
        payload = encode_seal(seal, self._seed)
        chain = ended.chain.copy()
        chain.update(payload)
        framed = frame(payload, chain.digest()[:CHECK_BYTES])
        following = ended.standing.head(head.number + 1, ended.last_seq + 1, digest)
        new = self._make(following)
        try:
            if ended.end + len(framed) > disk.size():
                disk.allocate(ended.end + len(framed))
        except OSError:
            new.close()
            self._folder.remove(name_of(following.number, NEW))
            raise
        write_all(disk, framed, ended.end)
        disk.truncate(ended.end + len(framed))
        disk.fdatasync()
        disk.close()
        return Rolled(seal, self._use(new, following, ended.standing))

    # -- a new one

    def _begin(self, standing: Standing, head: Head) -> Begun:
        return self._use(self._make(head), head, standing)

    def _make(self, head: Head) -> SegmentDisk:
        """A segment under its name for the time being, durable and with room. On an OSError it is gone again."""
        name, first = name_of(head.number, NEW), beginning(head)
        try:
            self._folder.rename(SPARE, name)
            disk = self._folder.open(name)
        except FileNotFoundError:
            disk = self._folder.create(name)
        try:
            if not all_zeros(whole(disk)):
                disk.truncate(0)  # the spare room had been used, and a loss of power took only its new name
            chunks = -(-(len(first) + RESERVE_BYTES) // self._chunk_bytes)
            disk.allocate(max(chunks * self._chunk_bytes, disk.size()))
            write_all(disk, first, 0)
            disk.fdatasync()
        except OSError:
            disk.close()
            with suppress(OSError):
                self._folder.remove(name)
            raise
        return disk

    def _use(self, disk: SegmentDisk, head: Head, standing: Standing) -> Begun:
        """Make it the active segment."""
        self._folder.rename(name_of(head.number, NEW), name_of(head.number))
        self._folder.sync()
        self._disk = disk
        data = beginning(head)
        return Begun(disk, f"{self._name}/{name_of(head.number)}", scan(data), standing, data)

    def _keep_spare(self) -> None:
        """Take room for the next segment, if there is any; a full disk is met at the next one else (faults 21)."""
        try:
            try:
                disk = self._folder.open(SPARE)
            except FileNotFoundError:
                disk = self._folder.create(SPARE)
            try:
                if disk.size() < self._chunk_bytes:
                    disk.allocate(self._chunk_bytes)
                    disk.fdatasync()
                    self._folder.sync()
            finally:
                disk.close()
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise

    # -- rot

    def _quarantine(self, number: int, data: bytes, found: Scan, problem: Problem) -> Begun:
        """Put a rotten active segment aside, and go on from what can be salvaged of it.

        An intent whose outcome is among what was lost is pending again; its card's next tap tells (faults 4). One that
        was lost itself is on no list: its card goes by its own slots, and the centre by the card's later history. Where
        an open note is, not even the acceptor can tell any more: it may have taken another one since (faults 43).
        """
        if problem.offset > len(frames.HEADER):
            standing, last_seq = standing_of(found, data), found.last_seq
        else:
            standing, last_seq = self._before(number)
        salvage = frames.salvaged(data)
        from_seq = last_seq + 1
        for entry in salvage.entries:
            if entry.seq >= from_seq:
                payload = encode(entry.seq, entry.flushed_seq, entry.at_s, entry.record, entry.schema)
                if isinstance(entry.record, Intent):
                    standing.supersede(entry.record.idm)
                standing.take(entry.seq, entry.record, payload)
                last_seq = entry.seq
        standing.doubt_notes()
        last_seq = max(last_seq + salvage.lost_after, from_seq)
        rotten = Quarantined(name_of(number, ROTTEN), from_seq, last_seq, problem.what[:150])
        return self._put_aside(data, standing, number, rotten)

    def _before(self, number: int) -> tuple[Standing, int]:
        """What is known of the time before a segment whose head is lost: from the one before it, which is always kept;
        should that be gone too, no more than the numbers that were acknowledged.
        """
        names = self._folder.names()
        if name_of(number - 1) in names:
            disk = self._folder.open(name_of(number - 1))
            try:
                data = whole(disk)
            finally:
                disk.close()
            found = scan(data)
            if found.problem is None and found.head.number == number - 1:
                return standing_of(found, data), found.last_seq
        return Standing(), max(map(self._acknowledged, names), default=0)

    def _acknowledged(self, name: str) -> int:
        """The last seq that a receipt tells of; 0 for any other file."""
        if number_of(name, RECEIPT) is None:
            return 0
        disk = self._folder.open(name)
        try:
            return decode_receipt(whole(disk)).last_seq
        except RecordError:
            return 0
        finally:
            disk.close()

    def _put_aside(self, data: bytes, standing: Standing, number: int, rotten: Quarantined) -> Begun:
        head = standing.head(number + 1, rotten.last_seq + 1, sha256(data).digest(), rotten)
        new = self._make(head)
        if name_of(number) in self._folder.names():
            self._folder.rename(name_of(number), rotten.name)
            self._folder.sync()
        return self._use(new, head, standing)


def _foreign(name: str, problem: Problem) -> str:
    where = f"{name}: record {problem.seq} at byte {problem.offset}"
    return f"{where}: {problem.what}; run the software that wrote it, or move the folder away and begin a new one"


def _problem(found: Scan, data: bytes, number: int) -> Problem | None:
    """What is wrong with a file that is to be a segment of this number."""
    if found.problem is not None:
        return found.problem._replace(rot=True) if found.problem.offset == 0 else found.problem
    if data.startswith(frames.HEADER_1):
        return Problem(8, 1, "a journal of format version 1, inside a folder")
    if not data.startswith(frames.HEADER):
        return Problem(0, 1, "the header changed", rot=True)
    if found.head.number != number:
        return Problem(len(frames.HEADER), 1, f"this is segment {found.head.number} by its head, not {number}")
    return None
