"""What a centre says and signs: that it holds a segment, and what time it is. docs/exchange.md tells both byte by byte.

    held    [1, "held", terminal_id, number, first_seq, last_seq, digest, at_s]
    time    [1, "time", nonce, at_s]

Both are payloads of a COSE_Sign1 by the centre's key (`farebox.formats.cose`), in the only shortest form of their CBOR.
A bundle is signed by the same key; none of the three can be taken for another, for each says what it is.
"""

from collections.abc import Collection
from typing import Any, NamedTuple

import cbor2

from farebox.formats import cose
from farebox.formats.journal import HASH_BYTES, LAST_TIME_S, MAX_ID_BYTES
from farebox.formats.segment import Seal
from farebox.formats.strict import RecordError, parse

SCHEMA = 1
NONCE_BYTES = 16
_LIMIT = 1 << 63


class Held(NamedTuple):
    """The centre has this segment durably, whole and checked, since `at_s` by its clock. The terminal may delete it."""

    terminal_id: str
    number: int
    first_seq: int
    last_seq: int
    digest: bytes
    at_s: int

    def is_of(self, seal: Seal) -> bool:
        """Whether this is the segment that was sealed so."""
        return self[:5] == (seal.terminal_id, seal.number, seal.first_seq, seal.last_seq, seal.digest)


class Time(NamedTuple):
    """The centre's time, and the number that it was asked with."""

    nonce: bytes
    at_s: int


def encode_held(held: Held, seed: bytes) -> bytes:
    """A receipt, signed by the key of a seed."""
    return cose.sign(cbor2.dumps([SCHEMA, "held", *held]), seed)


def held_from(data: bytes, keys: Collection[bytes]) -> Held:
    """The receipt that these bytes are, signed by one of these keys. Raises `RecordError`."""
    terminal_id, number, first_seq, last_seq, digest, at_s = _items(data, keys, "held", 6)
    if type(terminal_id) is not str or len(terminal_id.encode()) > MAX_ID_BYTES:
        raise RecordError("held: a terminal without a proper name")
    if type(digest) is not bytes or len(digest) != HASH_BYTES:
        raise RecordError(f"held: a digest that does not have {HASH_BYTES} bytes")
    if any(type(value) is not int or not 0 <= value < _LIMIT for value in (number, first_seq, last_seq)):
        raise RecordError("held: a number is none from 0 below 2**63")
    return Held(terminal_id, number, first_seq, last_seq, digest, _moment(at_s, "held"))


def encode_time(time: Time, seed: bytes) -> bytes:
    """The time, signed by the key of a seed."""
    return cose.sign(cbor2.dumps([SCHEMA, "time", *time]), seed)


def time_from(data: bytes, keys: Collection[bytes]) -> Time:
    """The time that these bytes tell, signed by one of these keys. Raises `RecordError`."""
    nonce, at_s = _items(data, keys, "time", 2)
    if type(nonce) is not bytes or len(nonce) != NONCE_BYTES:
        raise RecordError(f"time: a nonce that does not have {NONCE_BYTES} bytes")
    return Time(nonce, _moment(at_s, "time"))


def _items(data: bytes, keys: Collection[bytes], kind: str, count: int) -> tuple[Any, ...]:
    """The items after the kind."""
    payload = cose.vouched(data, keys)
    items = parse(payload, 2, cose.MOST_BYTES, kind)
    if type(items) is not tuple or len(items) != count + 2 or items[1] != kind:
        raise RecordError(f"{kind}: not an array of {count + 2} items that says so")
    if type(items[0]) is not int or items[0] != SCHEMA:
        raise RecordError(f"{kind} of schema {str(items[0])[:20]}; this software reads {SCHEMA}")
    if cbor2.dumps(list(items)) != payload:
        raise RecordError(f"{kind}: more bytes than its shortest form, or bytes after it")
    return items[2:]


def _moment(value: Any, what: str) -> int:
    if type(value) is not int or not 0 <= value <= LAST_TIME_S:
        raise RecordError(f"{what}: a moment that is no second from 1970 to 9999")
    return value
