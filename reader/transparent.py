"""FeliCa frames inside PC/SC commands: the transparent session, bytes only.

PC/SC part 3, supplement for contactless cards (2.02): FF C2 00 P2, where P2 is 0 manage session, 1 transparent
exchange, 2 switch protocol. What they carry and answer are data objects: a tag, a length, a value. Sony's RC-S300 has
the same objects behind a head of its own (FF 50), as several public programs that drive it over USB show.

The frame travels with its length byte; the timer is in microseconds, 4 bytes little-endian.
"""

from enum import Enum
from typing import NamedTuple

MANAGE, EXCHANGE, SWITCH = 0x00, 0x01, 0x02
"""P2: what is asked for."""

START, END = b"\x81\x00", b"\x82\x00"
FIELD_OFF, FIELD_ON = b"\x83\x00", b"\x84\x00"
"""The data objects of manage session."""
FELICA = b"\x8f\x02\x03\x00"
"""The data object of switch protocol: protocol FeliCa, as its layer 3."""

TIMER, FRAME = b"\x5f\x46", b"\x95"
STATUS, AIR_STATUS, ANSWER = b"\xc0", b"\x96", b"\x97"
"""Tags: two of a question, three of an answer."""

OK = b"\x90\x00"
NO_ANSWER = b"\x64\x01"
"""Two status bytes: done; the card did not answer."""

MOST_TIMER_US = 6_000_000
LEAST_TIMER_US = 1_000
_MOST_SHORT = 255


class Dialect(Enum):
    """Whose commands a reader takes; the value is how they begin."""

    STANDARD = b"\xff\xc2\x00"
    SONY = b"\xff\x50\x00"


class Silent(NamedTuple):
    """No answer came from the card, or one that was garbled on the air."""


class Refused(NamedTuple):
    """The reader did not do as it was asked; its status, 2 bytes, or nothing if its answer makes no sense."""

    status: bytes


class Garbled(Exception):
    """Data objects that do not hold together."""


def manage(dialect: Dialect, *objects: bytes) -> bytes:
    """Start or end the session, switch the field: the data objects are followed in their order."""
    return _short(dialect, MANAGE, b"".join(objects))


def switch_to_felica(dialect: Dialect) -> bytes:
    """What is exchanged from here on is FeliCa at 212 kbit/s."""
    return _short(dialect, SWITCH, FELICA)


def exchange(dialect: Dialect, frame: bytes, timeout_s: float) -> bytes:
    """One frame to the card, once. The RC-S300 is always seen with an extended length and a two-byte object length."""
    timer = TIMER + b"\x04" + timer_us(timeout_s).to_bytes(4, "little")
    if dialect is Dialect.SONY:
        data = timer + FRAME + b"\x82" + len(frame).to_bytes(2, "big") + frame
        return _head(dialect, EXCHANGE) + b"\x00" + len(data).to_bytes(2, "big") + data + bytes(3)
    data = timer + data_object(FRAME, frame)
    if len(data) <= _MOST_SHORT:
        return _short(dialect, EXCHANGE, data)
    return _head(dialect, EXCHANGE) + b"\x00" + len(data).to_bytes(2, "big") + data + bytes(2)


def timer_us(timeout_s: float) -> int:
    """A timeout as the timer takes it: no shorter than a card needs, no longer than a reader should wait."""
    return max(LEAST_TIMER_US, round(min(timeout_s, MOST_TIMER_US / 1e6) * 1e6))


def refusal(answer: bytes) -> Refused | None:
    """None if the reader did what manage session or switch protocol asked for."""
    found = _objects_of(answer)
    return found if isinstance(found, Refused) else _refused_by(found)


def card_answer(answer: bytes) -> bytes | Silent | Refused:
    """What the card said in an exchange."""
    if answer[-2:] == NO_ANSWER:
        return Silent()
    found = _objects_of(answer)
    if isinstance(found, Refused):
        return found
    refused = _refused_by(found)
    if refused is not None:
        return Silent() if refused.status == NO_ANSWER else refused
    if any(found.get(AIR_STATUS, b"")[:1]):  # check sum, collision, parity, framing
        return Silent()
    return found.get(ANSWER) or Silent()


def data_object(tag: bytes, value: bytes) -> bytes:
    """Tag, length (BER: one byte up to 127), value."""
    size = len(value)
    if size < 0x80:
        return tag + bytes((size,)) + value
    return tag + (b"\x81" + bytes((size,)) if size < 0x100 else b"\x82" + size.to_bytes(2, "big")) + value


def data_objects(data: bytes) -> dict[bytes, bytes]:
    """Tag -> value; Garbled if they do not fill the data exactly."""
    found, at = {}, 0
    while at < len(data):
        tag_end = at + (2 if data[at] & 0x1F == 0x1F and data[at] != 0xFF else 1)
        start, size = _length(data, tag_end)
        if start + size > len(data):
            raise Garbled(f"the object at byte {at} says {size} bytes and has {len(data) - start}")
        found[data[at:tag_end]] = data[start : start + size]
        at = start + size
    return found


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Where the value starts, and how long it is."""
    first = data[at] if at < len(data) else 0x80
    if first < 0x80:
        return at + 1, first
    more = first & 0x7F
    if not 1 <= more <= 2 or at + 1 + more > len(data):
        raise Garbled(f"no length at byte {at}")
    return at + 1 + more, int.from_bytes(data[at + 1 : at + 1 + more], "big")


def _objects_of(answer: bytes) -> dict[bytes, bytes] | Refused:
    if answer[-2:] != OK:
        return Refused(answer[-2:] if len(answer) >= 2 else b"")
    try:
        return data_objects(answer[:-2])
    except Garbled:
        return Refused(b"")


def _refused_by(objects: dict[bytes, bytes]) -> Refused | None:
    """Its status object: which data object of the question it is about, and two status bytes."""
    status = objects.get(STATUS, b"\x00" + OK)[1:]
    return None if status == OK else Refused(status)


def _short(dialect: Dialect, what: int, data: bytes) -> bytes:
    return _head(dialect, what) + bytes((len(data),)) + data + b"\x00"


def _head(dialect: Dialect, what: int) -> bytes:
    return dialect.value + bytes((what,))
