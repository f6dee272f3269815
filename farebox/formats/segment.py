"""What stands at both ends of a segment of the journal: its head with the checkpoint, and its seal.

The head is the first frame of a segment, one CBOR array:

    [1, number, first_seq, previous, terminal_id, pending, seen, quarantined, notes]

It says all that a terminal must know of the segments before this one, so that they need not be read at a start. The
seal is the last frame, a COSE_Sign1 (`farebox.formats.cose`) whose payload is

    [1, terminal_id, number, first_seq, last_seq, records, previous, digest]

docs/journal.md tells it byte by byte, docs/journal.cddl is the schema.
"""

from struct import Struct
from typing import Any, NamedTuple

import cbor2

from farebox.formats import cose
from farebox.formats.journal import HASH_BYTES, MAX_DETAIL_BYTES, MAX_ID_BYTES, Entry, Intent, decode
from farebox.formats.strict import RecordError, parse

SCHEMA = 1
MOST_PENDING = 1_000
"""Writes of unknown end that are carried on; older ones are left to the centre, which has their segment."""
MOST_NOTES = 100
"""Notes of unknown place that are carried on. An acceptor has room for one; older ones are for the count of the box."""
MOST_SEEN = 20_000
"""Cards that are carried on: about a month of a bus."""
MOST_WRITES = (1 << 32) - 1
"""What the count of a card's writes is cut to; the chip's own has three bytes."""
MAX_HEAD_BYTES = 4 << 20
MOST_RECEIPT_BYTES = 4096
NO_SEGMENT = bytes(HASH_BYTES)
"""In place of the hash of the segment before the first."""

_SEEN = Struct(">8sI")
_LIMIT = 1 << 63
_CARDS = (None, True, False)
"""What became of a note's card, in the order of its number: not known, written, not written."""


class Quarantined(NamedTuple):
    """The segment before this one was rotten: its file's name now, and what is not to be trusted of it.

    Records from `from_seq` to `last_seq` may be lost or changed; `what` says how that was seen.
    """

    name: str
    from_seq: int
    last_seq: int
    what: str


class Carried(NamedTuple):
    """An intent without an end: its payload as it was journalled, and whether it has had an outcome "indeterminate"."""

    payload: bytes
    indeterminate: bool

    @property
    def entry(self) -> Entry:
        """The entry that the payload is."""
        return decode(self.payload)


class OpenNote(NamedTuple):
    """A note whose end is not known yet: its top-up, and the card's end by `written` (None: not known either).

    `stacking`: the acceptor was about to be told, or was told, to take it. `doubted`: records after it are lost, so
    that it may have ended; the acceptor may have another one by now.
    """

    intent_seq: int
    note_yen: int
    written: bool | None
    stacking: bool
    doubted: bool = False


class Head(NamedTuple):
    """The beginning of a segment, and the checkpoint: what the terminal knew when it began.

    `previous` is the digest of the segment before it, or SHA-256 over the whole file of a quarantined one. `pending` is
    in the order of the journal. `seen` has cards and their most writes, the one seen longest ago first.
    `notes` are in the order of their intents, which need not be pending.
    """

    number: int = 1
    first_seq: int = 1
    previous: bytes = NO_SEGMENT
    terminal_id: str = ""
    pending: tuple[Carried, ...] = ()
    seen: tuple[tuple[bytes, int], ...] = ()
    quarantined: Quarantined | None = None
    notes: tuple[OpenNote, ...] = ()


class Seal(NamedTuple):
    """What a terminal vouches for when it ends a segment. `digest` is SHA-256 over head and records, in order."""

    terminal_id: str
    number: int
    first_seq: int
    last_seq: int
    records: int
    previous: bytes
    digest: bytes


class Receipt(NamedTuple):
    """That a sealed segment is durable elsewhere: which, and `receipt`, what the centre said, in its own form."""

    number: int
    last_seq: int
    digest: bytes
    receipt: bytes


def encode_head(head: Head) -> bytes:
    """The head's bytes. `decode_head` takes nothing else."""
    seen = b"".join(_SEEN.pack(idm, min(count, MOST_WRITES)) for idm, count in head.seen)
    pending = [[carried.payload, int(carried.indeterminate)] for carried in head.pending]
    place = (SCHEMA, head.number, head.first_seq, head.previous, head.terminal_id)
    notes = [[*note[:2], _CARDS.index(note.written), *map(int, note[3:])] for note in head.notes]
    return cbor2.dumps([*place, pending, seen, list(head.quarantined or ()), notes])


def decode_head(payload: bytes) -> Head:
    """The head that these bytes are. Hostile bytes raise `RecordError` (faults 31)."""
    items = _items(payload, 9, MAX_HEAD_BYTES, "head")
    number, first_seq, previous, terminal_id, pending, seen, quarantined, notes = items
    _numbers("head", number, first_seq)
    _bytes_of("head", HASH_BYTES, previous)
    _texts("head", MAX_ID_BYTES, terminal_id)
    place = (number, first_seq, previous, terminal_id)
    head = Head(*place, _pending(pending), _seen(seen), _quarantined(quarantined), _notes(notes))
    if encode_head(head) != payload:
        raise RecordError("head: more bytes than its shortest form, or bytes after it")
    return head


def encode_seal(seal: Seal, seed: bytes) -> bytes:
    """The seal, signed by the Ed25519 key of a seed."""
    return cose.sign(cbor2.dumps([SCHEMA, *seal]), seed)


def decode_seal(payload: bytes) -> tuple[Seal, cose.Signed]:
    """The seal and its signature, which is not checked here (`cose.holds`). Hostile bytes raise `RecordError`."""
    signed = cose.opened(payload)
    terminal_id, number, first_seq, last_seq, records, previous, digest = _items(signed.payload, 8, 512, "seal")
    _texts("seal", MAX_ID_BYTES, terminal_id)
    _numbers("seal", number, first_seq, last_seq, records)
    _bytes_of("seal", HASH_BYTES, previous, digest)
    seal = Seal(terminal_id, number, first_seq, last_seq, records, previous, digest)
    if cbor2.dumps([SCHEMA, *seal]) != signed.payload:
        raise RecordError("seal: more bytes than its shortest form, or bytes after it")
    return seal, signed


def encode_receipt(receipt: Receipt) -> bytes:
    """The bytes of the file that keeps an acknowledgement."""
    return cbor2.dumps([SCHEMA, *receipt])


def decode_receipt(data: bytes) -> Receipt:
    """The acknowledgement that these bytes are. Hostile bytes raise `RecordError`."""
    number, last_seq, digest, receipt = _items(data, 5, MOST_RECEIPT_BYTES + 256, "receipt")
    _numbers("receipt", number, last_seq)
    _bytes_of("receipt", HASH_BYTES, digest)
    if type(receipt) is not bytes or not 0 < len(receipt) <= MOST_RECEIPT_BYTES:
        raise RecordError(f"receipt: not 1 to {MOST_RECEIPT_BYTES} bytes")
    found = Receipt(number, last_seq, digest, receipt)
    if encode_receipt(found) != data:
        raise RecordError("receipt: more bytes than its shortest form, or bytes after it")
    return found


def _items(payload: bytes, count: int, most_bytes: int, what: str) -> tuple[Any, ...]:
    """The items after the schema's number."""
    items = parse(payload, 3, most_bytes, what)
    if type(items) is not tuple or len(items) != count:
        raise RecordError(f"{what} is not an array of {count} items")
    if items[0] != SCHEMA:
        raise RecordError(f"{what} of schema {str(items[0])[:20]}; this software reads {SCHEMA}")
    return items[1:]


def _pending(items: Any) -> tuple[Carried, ...]:
    if type(items) is not tuple or len(items) > MOST_PENDING:
        raise RecordError(f"head: pending is not at most {MOST_PENDING} intents")
    for item in items:
        if type(item) is not tuple or len(item) != 2 or type(item[0]) is not bytes or item[1] not in (0, 1):
            raise RecordError("head: something pending is not a payload and 0 or 1")
        if not isinstance(decode(item[0]).record, Intent):
            raise RecordError("head: something pending is no intent")
    return tuple(Carried(payload, bool(indeterminate)) for payload, indeterminate in items)


def _seen(packed: Any) -> tuple[tuple[bytes, int], ...]:
    if type(packed) is not bytes or len(packed) % _SEEN.size or len(packed) > MOST_SEEN * _SEEN.size:
        raise RecordError(f"head: seen is not at most {MOST_SEEN} cards of {_SEEN.size} bytes")
    return tuple(_SEEN.iter_unpack(packed))


def _quarantined(items: Any) -> Quarantined | None:
    if items == ():
        return None
    if type(items) is not tuple or len(items) != 4:
        raise RecordError("head: quarantined is not four items")
    name, from_seq, last_seq, what = items
    _texts("head", MAX_DETAIL_BYTES, name, what)
    _numbers("head", from_seq, last_seq)
    return Quarantined(name, from_seq, last_seq, what)


def _notes(items: Any) -> tuple[OpenNote, ...]:
    if type(items) is not tuple or len(items) > MOST_NOTES:
        raise RecordError(f"head: notes is not at most {MOST_NOTES} notes")
    for item in items:
        if type(item) is not tuple or len(item) != 5:
            raise RecordError("head: a note is not five items")
        _numbers("head", *item)
        if item[0] < 1 or item[2] >= len(_CARDS):
            raise RecordError("head: a note of no intent, or of a card that is none of 0, 1, 2")
    return tuple(
        OpenNote(seq, yen, _CARDS[card], bool(stacking), bool(doubted)) for seq, yen, card, stacking, doubted in items
    )


def _numbers(what: str, *values: Any) -> None:
    if any(type(value) is not int or not 0 <= value < _LIMIT for value in values):
        raise RecordError(f"{what}: a number is none from 0 below 2**63")


def _bytes_of(what: str, length: int, *values: Any) -> None:
    if any(type(value) is not bytes or len(value) != length for value in values):
        raise RecordError(f"{what}: a hash does not have {length} bytes")


def _texts(what: str, most_bytes: int, *values: Any) -> None:
    if any(type(value) is not str or len(value.encode()) > most_bytes for value in values):
        raise RecordError(f"{what}: a text is none of at most {most_bytes} bytes")
