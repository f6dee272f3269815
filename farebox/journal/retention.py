"""Sealed segments on their way out: which wait, what they hold, and when they may be deleted.

    archive = open_archive(path)                    beside a running terminal: it never touches the active segment
    for number in archive.waiting():
        sealed = archive.load(number)               checked from end to end, chain and signature
        archive.acknowledge(sealed, receipt)        once the centre holds it durably; deletes what may go

A segment is deleted only after a receipt for its very bytes is durable here (faults 36). The newest sealed one stays
all the same, until another is sealed: should the head of the active segment rot, its checkpoint is made anew from that.
So do those of the duty that is on, from the one that ended the duty before: its sums are what the driver hands in.
"""

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from farebox.formats import cose
from farebox.formats.frames import scan
from farebox.formats.journal import ends_a_duty
from farebox.formats.segment import MOST_RECEIPT_BYTES, Receipt, Seal, decode_receipt, encode_receipt
from farebox.formats.strict import RecordError
from farebox.journal.disk import whole, write_all
from farebox.journal.errors import NO_ROOM, JournalDamaged, JournalFailed, JournalFull, ReceiptRefused
from farebox.journal.folder import FileFolder, Folder
from farebox.journal.segments import RECEIPT, ROTTEN, SEGMENT, name_of, number_of, top_of

MOST_RECEIPTS = 100
"""Receipts of deleted segments are kept for so many segments back."""
MOST_OF_A_DUTY = 16
"""Of a duty that goes on for more segments nothing is kept: it may be one that is never ended."""
_PART = ".part"


class Sealed(NamedTuple):
    """A sealed segment: its file's bytes, and its seal with the public key that signed it."""

    number: int
    data: bytes
    seal: Seal
    public_key: bytes


class Archive:
    """The sealed segments of a journal. Every method raises `JournalFailed` on an error of the disk."""

    def __init__(self, folder: Folder, name: str) -> None:
        """Take a folder; `name` is for messages."""
        self._folder = folder
        self._name = name
        self._ends_a_duty: dict[int, bool] = {}  # what is sealed never changes

    def waiting(self) -> tuple[int, ...]:
        """The sealed segments that no receipt is held for, oldest first; one that rotted is none. Reads no segment."""
        names = self._names()
        try:
            return tuple(
                number
                for number in _sealed(names)
                if name_of(number, RECEIPT) not in names or self.receipt(number) is None
            )
        except OSError as error:
            raise self._failed(error) from error

    def sealed(self) -> tuple[int, ...]:
        """All sealed segments that are still here, with a receipt or without, oldest first."""
        return _sealed(self._names())

    def rotten(self) -> tuple[int, ...]:
        """The numbers of quarantined segments, oldest first."""
        numbers = (number_of(name, ROTTEN) for name in self._names())
        return tuple(sorted(number for number in numbers if number is not None))

    def load(self, number: int) -> Sealed:
        """A sealed segment, checked. Raises `JournalDamaged` if it is not what was sealed: see `set_aside`."""
        name = f"{self._name}/{name_of(number)}"
        try:
            disk = self._folder.open(name_of(number))
            try:
                data = whole(disk)
            finally:
                disk.close()
        except OSError as error:
            raise self._failed(error) from error
        found = scan(data)
        if found.problem is not None:
            offset, seq, what, _ = found.problem
            raise JournalDamaged(f"{name}: record {seq} at byte {offset}: {what}; keep this file aside as it is")
        if found.seal is None or found.signed is None or found.head.number != number:
            raise JournalDamaged(f"{name}: not a sealed segment of this number; keep this file aside as it is")
        if not cose.holds(found.signed):
            raise JournalDamaged(f"{name}: not signed by the key that its seal names; keep this file aside as it is")
        return Sealed(number, data[: found.sealed_end], found.seal, found.signed.public_key)

    def acknowledge(self, sealed: Sealed, receipt: bytes) -> None:
        """Keep a receipt durably, then delete what may go. Done twice, it is done once (faults 32, 36).

        `receipt` is the centre's, which the caller has checked. Raises `ReceiptRefused` if the segment here is another
        one, `JournalFull` if there is no room for the receipt; nothing is deleted then.
        """
        if not 0 < len(receipt) <= MOST_RECEIPT_BYTES:
            raise ReceiptRefused(f"{self._name}: a receipt of {len(receipt)} bytes; 1 to {MOST_RECEIPT_BYTES} are kept")
        kept = Receipt(sealed.number, sealed.seal.last_seq, sealed.seal.digest, receipt)
        try:
            before = self.receipt(sealed.number)
            digest = before.digest if before else self.load(sealed.number).seal.digest
            if digest != kept.digest:
                raise ReceiptRefused(f"{self._name}/{name_of(sealed.number)}: acknowledged with another digest; kept")
            if before is None:
                self._keep(name_of(sealed.number, RECEIPT), encode_receipt(kept))
            self._tidy()
        except OSError as error:
            if error.errno in NO_ROOM:
                raise JournalFull(f"{self._name}: no room for a receipt ({error.strerror}); free some") from error
            raise self._failed(error) from error

    def receipt(self, number: int) -> Receipt | None:
        """What is held for a segment; None if nothing is. One that rotted counts as none: it is asked for again."""
        try:
            disk = self._folder.open(name_of(number, RECEIPT))
        except FileNotFoundError:
            return None
        try:
            return decode_receipt(whole(disk))
        except RecordError:
            return None
        finally:
            disk.close()

    def set_aside(self, number: int) -> str:
        """Quarantine a sealed segment that `load` found damaged: it keeps its bytes, under the name that is given."""
        try:
            self._folder.rename(name_of(number), name_of(number, ROTTEN))
            self._folder.sync()
        except OSError as error:
            raise self._failed(error) from error
        return name_of(number, ROTTEN)

    def close(self) -> None:
        """Let go of the folder."""
        self._folder.close()

    def _names(self) -> tuple[str, ...]:
        try:
            return self._folder.names()
        except OSError as error:
            raise self._failed(error) from error

    def _keep(self, name: str, data: bytes) -> None:
        with suppress(FileNotFoundError):  # of an earlier try, cut short; or a receipt that rotted
            self._folder.remove(name + _PART)
        with suppress(FileNotFoundError):
            self._folder.remove(name)
        disk = self._folder.create(name + _PART)
        try:
            disk.allocate(len(data))
            write_all(disk, data, 0)
            disk.fdatasync()
        finally:
            disk.close()
        self._folder.rename(name + _PART, name)
        self._folder.sync()

    def _tidy(self) -> None:
        """Delete acknowledged segments but those that are kept, and receipts from long ago."""
        names = self._folder.names()
        sealed = _sealed(names)
        done = [number for number in sealed[:-1] if self.receipt(number) is not None]
        since = next((number for number in reversed(sealed[-MOST_OF_A_DUTY:]) if self._ended_a_duty(number)), None)
        if since is not None:
            done = [number for number in done if number < since]
        old = [
            number
            for name in names
            if (number := number_of(name, RECEIPT)) is not None
            and number <= top_of(names) - MOST_RECEIPTS
            and number not in sealed
        ]
        for name in (*(name_of(number) for number in done), *(name_of(number, RECEIPT) for number in old)):
            self._folder.remove(name)
        if done or old:
            self._folder.sync()

    def _ended_a_duty(self, number: int) -> bool:
        if number not in self._ends_a_duty:
            disk = self._folder.open(name_of(number))
            try:
                self._ends_a_duty[number] = any(map(ends_a_duty, scan(whole(disk)).entries))
            finally:
                disk.close()
        return self._ends_a_duty[number]

    def _failed(self, error: OSError) -> JournalFailed:
        return JournalFailed(f"{self._name}: {error.strerror}; check the journal's folder and its disk")


def open_archive(path: Path) -> Archive:
    """The sealed segments in a journal's folder; a terminal may be appending to it."""
    return Archive(FileFolder(path, shared=True), str(path))


def _sealed(names: tuple[str, ...]) -> tuple[int, ...]:
    """The numbers of the sealed segments: all but the active one."""
    top = top_of(names)
    numbers = (number_of(name, SEGMENT) for name in names)
    return tuple(sorted(number for number in numbers if number is not None and number != top))
