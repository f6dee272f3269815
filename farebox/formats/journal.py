"""Journal records: what each kind holds, and its bytes.

A record is one CBOR array, `[schema, seq, flushed_seq, kind, at_s, *fields]`, in its only shortest form:
unsigned and negative integers, byte strings, text and arrays of known length, nothing else. So one record
has one sequence of bytes, and `decode` accepts a payload only if `encode` would write it again.

Written is schema 5. Schemas 1, which knew no purse but stored fare, 2, which knew no top-up, 3, which knew no
cancelling, and 4, which kept no history row, are still read: after an update a journal holds both. Older records are
alike but for `Intent`, whose last fields they do not have; `NoteMoved` and `Voucher` are of schema 3 and later.

    seq          place of the record in its journal, from 1 without gaps
    flushed_seq  last seq known to be on the disk when this record was encoded; tells bit rot from a torn tail
    at_s         seconds since 1970 by the terminal's clock; order is by seq, never by this (faults 24)

Money is whole yen. `idm` is the card's 8 bytes, or empty where a note or a refusal is about no card in
particular. Field widths have limits, so that a tap's records always fit the room kept for them (faults 21,
44).

The writers below are both the encoder and the check: one place says what a field may hold. Each takes any
value and gives its CBOR, or raises `RecordError`. They are written out because a tap waits for them: checking
and encoding take about what `cbor2.dumps` alone takes. Reading uses cbor2, which stands fuzzing better than
we would.
"""

from collections.abc import Callable
from struct import Struct
from typing import Any, Literal, NamedTuple, TypeAlias

from farebox.formats.strict import RecordError, parse

SCHEMA = 5
SCHEMAS = (1, 2, 3, 4, 5)
"""Those that can be read."""
MAX_PAYLOAD_BYTES = 2048
MAX_ID_BYTES = 200  # a GTFS id may be long, and Japanese
MAX_DETAIL_BYTES = 200
LAST_TIME_S = 253_402_200_000  # within the year 9999, in Japan too: what a calendar can show
MAX_LINES = 32
PURSES = ("welfare-points", "transport-points", "eco", "student", "regular")
"""Purses other than stored fare, in the order in which a record names them; the words of a settlement's lines."""
HASH_BYTES = 32  # SHA-256
SLOT_BYTES = 16  # one block of the card

Action: TypeAlias = Literal["board", "alight", "top-up", "cancel"]
Result: TypeAlias = Literal["written", "not_written", "indeterminate"]
Settled: TypeAlias = Literal["written", "not_written", "unknown"]
Move: TypeAlias = Literal["stacking", "box", "returned", "unsure"]
Owes: TypeAlias = Literal["operator", "passenger"]


class Opened(NamedTuple):
    """The journal was opened; `cut_bytes` of a torn tail were cut (faults 19)."""

    terminal_id: str
    software: str
    cut_bytes: int


class TripBegun(NamedTuple):
    """The driver began a trip: fares are of `rulebook_hash` (SHA-256) and of this pattern until it ends."""

    operator: str
    rulebook_hash: bytes
    route_id: str
    trip_id: str
    trip_number: int
    pattern_id: str
    vehicle_id: str


class TripEnded(NamedTuple):
    """The trip ended; taps are refused until the next one begins (faults 16)."""

    trip_id: str


class Intent(NamedTuple):
    """What a tap is about to write: durable before the card is touched.

    The card changes from `slot_before` to `slot_after` by one block. `lines` are (rule number, yen),
    discounts negative. `purses` are the other balances of the card that hold anything before or after: (one of
    `PURSES`, yen or points before, after). Nothing counts until an `Outcome` or a `Resolved` says "written";
    then, over stored fare and purses together,

        sum(after - before) = auto_charge + note + premium + points_earned - points_lapsed - (due - cash)

    Points earned are given, not paid for, and lapsed ones are gone; a point pays a yen. An all-cash fare closes
    the ride on the card the same way. A top-up is paid by one bank note, and adds it with its premium.

    A "cancel" takes the settlement `cancels_seq` back (GEN-22): its amounts are those of that one, and all of them
    count the other way round. `history_row` is the block that is staged with the write, empty if there is none: should
    the answer be lost, it tells whose write it was (faults 5). Schema 1 ends with `rulebook_hash`, 2 with
    `points_lapsed`, 3 with `premium_yen`, 4 with `cancels_seq`.
    """

    idm: bytes
    action: Action
    stop_index: int
    slot_before: bytes
    slot_after: bytes
    write_counter: int
    sf_before_yen: int
    sf_after_yen: int
    due_yen: int
    cash_yen: int
    auto_charge_yen: int
    lines: tuple[tuple[str, int], ...]
    rulebook_hash: bytes
    purses: tuple[tuple[str, int, int], ...] = ()
    points_earned: int = 0
    points_lapsed: int = 0
    note_yen: int = 0
    premium_yen: int = 0
    cancels_seq: int = 0
    history_row: bytes = b""


class Outcome(NamedTuple):
    """How the write of an intent went, as far as the reader could tell (faults 2, 3)."""

    intent_seq: int
    result: Result


class Resolved(NamedTuple):
    """How an intent whose outcome was unknown came out in the end, and `by` what that was seen (faults 3, 4).

    "unknown": the card has been used elsewhere since, and its slots no longer tell; the centre's to settle (faults 5).
    """

    intent_seq: int
    result: Settled
    by: str


class Refused(NamedTuple):
    """A tap or a top-up that was not accepted: which `side` asked, the refusal's code, its detail."""

    idm: bytes
    side: str
    code: str
    detail: str


class Noted(NamedTuple):
    """Something about a tap that was served: an incomplete ride, a first boarding kept, a result shown again."""

    idm: bytes
    code: str
    detail: str


class DriverActed(NamedTuple):
    """The driver keyed something that changes what a rider pays: a boarding stop, part cash, more riders."""

    idm: bytes
    action: str
    detail: str


DUTY_ENDED = "duty-ended"
"""What the driver keyed, as the journal calls it: the records after it are of the next duty."""


class NoteMoved(NamedTuple):
    """Where the bank note of a top-up is: durable before the acceptor is told to let go of it (faults 43).

    "stacking": the acceptor is about to be told to take it. "box": it is in the note box. "returned": it was given
    back. "unsure": the acceptor can't tell, the count of the box will.
    """

    intent_seq: int
    note_yen: int
    to: Move


class Voucher(NamedTuple):
    """Note and card did not end alike: somebody owes `yen` for the intent, by name (faults 43).

    The operator owes where the note is in the box and the card has nothing of it; the passenger where the card has it
    and the note was given back. While the intent is pending, it is owed only if the card turns out so.
    """

    intent_seq: int
    yen: int
    owes: Owes


Record: TypeAlias = (
    Opened | TripBegun | TripEnded | Intent | Outcome | Resolved | Refused | Noted | DriverActed | NoteMoved | Voucher
)
ENDS = (Outcome, Resolved, NoteMoved, Voucher)
"""What ends an intent that was accepted: these may use the room kept for it, however full the disk (faults 21)."""


class Entry(NamedTuple):
    """A record and its place in the journal; `schema` is the one it was written in."""

    seq: int
    flushed_seq: int
    at_s: int
    record: Record
    schema: int = SCHEMA


def ends_a_duty(entry: Entry) -> bool:
    """Whether a duty ended with this record."""
    return isinstance(entry.record, DriverActed) and entry.record.action == DUTY_ENDED


# --- writers: value -> CBOR, or RecordError ---------------------------------------------------------------

_Writer: TypeAlias = Callable[[Any], bytes]

_LIMIT = 1 << 63
_U16 = Struct(">BH").pack
_U32 = Struct(">BI").pack
_U64 = Struct(">BQ").pack


def _number(major: int, value: int) -> bytes:
    """CBOR head: major type (RFC 8949, 3.1) and its argument, in the fewest bytes."""
    if value < 24:
        return bytes((major << 5 | value,))
    if value < 1 << 8:
        return bytes((major << 5 | 24, value))
    if value < 1 << 16:
        return _U16(major << 5 | 25, value)
    if value < 1 << 32:
        return _U32(major << 5 | 26, value)
    return _U64(major << 5 | 27, value)


_SMALL, _BYTES, _TEXT = ([_number(major, n) for n in range(256)] for major in (0, 2, 3))


def _whole(value: object) -> bytes:
    # `type`, not isinstance: True is an int to Python and a different thing to CBOR.
    if type(value) is not int or not 0 <= value < _LIMIT:
        raise RecordError(f"{_shown(value)} is not a whole number from 0 below 2**63")
    if value < 256:
        return _SMALL[value]
    if value < 1 << 16:
        return _U16(25, value)
    if value < 1 << 32:
        return _U32(26, value)
    return _U64(27, value)


def _time(value: object) -> bytes:
    written = _whole(value)
    if type(value) is int and value > LAST_TIME_S:
        raise RecordError(f"{value} is past the year 9999")
    return written


def _counted(value: object) -> bytes:
    if value == 0:
        raise RecordError("0 is no record's number; they count from 1")
    return _whole(value)


def _signed(value: object) -> bytes:
    if type(value) is int and -_LIMIT <= value < 0:
        return _number(1, -1 - value)
    return _whole(value)


def _text(most_bytes: int) -> _Writer:
    def write(value: object) -> bytes:
        if not isinstance(value, str):  # a StrEnum's member will do: it is read back as plain text
            raise RecordError(f"{_shown(value)} is not text")
        try:
            raw = value.encode()
        except UnicodeEncodeError:
            raise RecordError("text that UTF-8 can't hold") from None
        if len(raw) > most_bytes:
            raise RecordError(f"text of {len(raw)} bytes, at most {most_bytes} allowed")
        return _TEXT[len(raw)] + raw

    return write


def _word(*words: str) -> _Writer:
    written = {word: _TEXT[len(word)] + word.encode() for word in words}

    def write(value: object) -> bytes:
        found = written.get(value) if isinstance(value, str) else None
        if found is None:
            raise RecordError(f"{_shown(value)} is none of {', '.join(words)}")
        return found

    return write


def _bytes(*lengths: int) -> _Writer:
    def write(value: object) -> bytes:
        if type(value) is not bytes or len(value) not in lengths:
            raise RecordError(f"{_shown(value)} is not bytes of length {' or '.join(map(str, lengths))}")
        return _BYTES[len(value)] + value

    return write


def _lines(value: object) -> bytes:
    if type(value) is not tuple or len(value) > MAX_LINES:
        raise RecordError(f"{_shown(value)} is not at most {MAX_LINES} lines")
    written = [_number(4, len(value))]
    for line in value:
        if type(line) is not tuple or len(line) != 2:
            raise RecordError(f"{_shown(line)} is not a line of rule number and yen")
        written += (b"\x82", _rule(line[0]), _signed(line[1]))
    return b"".join(written)


def _purses(value: object) -> bytes:
    if value == ():
        return _NONE_OF_THEM
    if type(value) is not tuple or len(value) > len(PURSES):
        raise RecordError(f"{_shown(value)} is not at most {len(PURSES)} purses")
    written, last = [_number(4, len(value))], -1
    for purse in value:
        if type(purse) is not tuple or len(purse) != 3:
            raise RecordError(f"{_shown(purse)} is not a purse's name and what it holds before and after")
        name, before, after = purse
        written += (b"\x83", _purse(name), _whole(before), _whole(after))
        if PURSES.index(name) <= last:
            raise RecordError(f"{_shown(name)} is twice there, or out of order")
        last = PURSES.index(name)
    return b"".join(written)


_NONE_OF_THEM = _number(4, 0)


def _absent(value: object) -> bytes:
    """A field that the schema does not have."""
    if value not in ((), 0, b""):
        raise RecordError(f"{_shown(value)} has no place in this schema")
    return b""


def _shown(value: object) -> str:
    """The value for a one-line message, never longer than a line."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


_id = _text(MAX_ID_BYTES)
_code = _text(32)
_rule = _text(24)
_detail = _text(MAX_DETAIL_BYTES)
_idm = _bytes(8)
_idm_if_any = _bytes(0, 8)
_slot = _bytes(SLOT_BYTES)
_slot_if_any = _bytes(0, SLOT_BYTES)
_hash = _bytes(HASH_BYTES)
_yen = _whole
_purse = _word(*PURSES)
_ACTIONS = {
    1: _word("board", "alight"),
    2: _word("board", "alight"),
    3: _word("board", "alight", "top-up"),
    **dict.fromkeys((4, 5), _word("board", "alight", "top-up", "cancel")),
}
_result = _word("written", "not_written", "indeterminate")
_settled = _word("written", "not_written", "unknown")
_move = _word("stacking", "box", "returned", "unsure")
_owes = _word("operator", "passenger")

# The closed registry: each kind there is, its number, and a writer for each field in the order of the fields.
# A number is never given to another kind, and a kind never changes its fields within a schema.
_KINDS: dict[type[Record], tuple[int, tuple[_Writer, ...]]] = {
    Opened: (1, (_id, _id, _whole)),
    TripBegun: (2, (_id, _hash, _id, _id, _whole, _id, _id)),
    TripEnded: (3, (_id,)),
    Intent: (
        4,
        (
            *(_idm, _ACTIONS[SCHEMA], _whole, _slot, _slot, _whole, *[_yen] * 5, _lines, _hash),
            *(_purses, _whole, _whole),
            *(_yen, _yen, _whole, _slot_if_any),
        ),
    ),
    Outcome: (5, (_counted, _result)),
    Resolved: (6, (_counted, _settled, _code)),
    Refused: (7, (_idm_if_any, _code, _code, _detail)),
    Noted: (8, (_idm_if_any, _code, _detail)),
    DriverActed: (9, (_idm_if_any, _code, _detail)),
    NoteMoved: (10, (_counted, _yen, _move)),
    Voucher: (11, (_counted, _yen, _owes)),
}
KINDS: dict[int, type[Record]] = {number: cls for cls, (number, _) in _KINDS.items()}

# The last fields of an Intent, which a schema does not have yet; and the kinds of record.
_FIELDS_NOT_YET = {1: 7, 2: 4, 3: 2, 4: 1, 5: 0}
_NOTES = (NoteMoved, Voucher)
_KINDS_NOT_YET: dict[int, tuple[type[Record], ...]] = {1: _NOTES, 2: _NOTES, 3: (), 4: (), 5: ()}


def _intent_writers(schema: int) -> tuple[_Writer, ...]:
    idm, _, *others = _KINDS[Intent][1]
    absent = _FIELDS_NOT_YET[schema]
    return (idm, _ACTIONS[schema], *others[: len(others) - absent], *[_absent] * absent)


class _Layout(NamedTuple):
    """How a kind is written in a schema: what stands before seq (array of 5 + n, schema), the kind's number, the
    fields' writers, and how many fields it has.
    """

    start: bytes
    kind: bytes
    writers: tuple[_Writer, ...]
    width: int


def _laid_out(schema: int, kind: int, writers: tuple[_Writer, ...]) -> _Layout:
    width = len(writers) - writers.count(_absent)
    return _Layout(_number(4, 5 + width) + _SMALL[schema], _SMALL[kind], writers, width)


_LAYOUTS: dict[int, dict[type[Record], _Layout]] = {
    schema: {
        cls: _laid_out(schema, number, _intent_writers(schema) if cls is Intent else writers)
        for cls, (number, writers) in _KINDS.items()
        if cls not in _KINDS_NOT_YET[schema]
    }
    for schema in SCHEMAS
}


def encode(seq: int, flushed_seq: int, at_s: int, record: Record, schema: int = SCHEMA) -> bytes:
    """The record's bytes, at most `MAX_PAYLOAD_BYTES`; in an older schema only to check what was read.

    Raises `RecordError`, naming the field, for anything that `decode` would not take back.
    """
    layout = _LAYOUTS[schema].get(type(record))
    if layout is None:
        raise RecordError(f"{_shown(record)} is no kind of record")
    start, kind, writers, _ = layout
    try:
        place = _whole(seq), _whole(flushed_seq), kind, _time(at_s)
        fields = [write(value) for write, value in zip(writers, record, strict=True)]
    except RecordError:
        raise _named(seq, flushed_seq, at_s, record, writers) from None
    if flushed_seq >= seq:
        raise RecordError(f"flushed_seq: {flushed_seq} is not before seq {seq}")
    return b"".join((start, *place, *fields))


def _named(seq: int, flushed_seq: int, at_s: int, record: Record, writers: tuple[_Writer, ...]) -> RecordError:
    """The first complaint about a record, with the field's name: looked up only once something is wrong."""
    kind = type(record)
    places = (("seq", _whole, seq), ("flushed_seq", _whole, flushed_seq), ("at_s", _time, at_s))
    names = (f"{kind.__name__}.{field}" for field in kind._fields)
    for name, write, value in (*places, *zip(names, writers, record, strict=True)):
        try:
            write(value)
        except RecordError as error:
            return RecordError(f"{name}: {error}")
    raise AssertionError("every field was accepted the second time")


# --- reading ----------------------------------------------------------------------------------------------


def _parse(payload: bytes) -> tuple[Any, ...]:
    items = parse(payload, 3, MAX_PAYLOAD_BYTES, "payload")  # depth: record, lines, line
    if type(items) is not tuple or len(items) < 5:
        raise RecordError("payload is not an array of at least 5 items")
    return items


def decode(payload: bytes) -> Entry:
    """The entry that these bytes are.

    Takes hostile bytes (faults 31, 44): raises `RecordError`, saying what and in which field, for all but the
    exact bytes that `encode` writes.
    """
    schema, seq, flushed_seq, kind, at_s, *fields = _parse(payload)
    if type(schema) is not int or schema not in SCHEMAS:
        raise RecordError(
            f"schema: {_shown(schema)} is none of {', '.join(map(str, SCHEMAS))}, which this software reads"
        )
    cls = KINDS.get(kind) if type(kind) is int else None
    if cls is None or cls not in _LAYOUTS[schema]:
        raise RecordError(f"kind: {_shown(kind)} is no kind of record")
    width = _LAYOUTS[schema][cls].width
    if len(fields) != width:
        raise RecordError(f"{cls.__name__}: {len(fields)} fields, not {width}")
    record = cls(*fields)
    if encode(seq, flushed_seq, at_s, record, schema) != payload:
        raise RecordError(f"{cls.__name__}: more bytes than its shortest form, or bytes after it")
    return Entry(seq, flushed_seq, at_s, record, schema)
