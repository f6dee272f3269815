"""What the terminal and a reader's own process say to each other: one small packet each way.

    number u32, kind u8, body        an answer bears the number of its request; all integers are big-endian

Each side checks length and kind before it believes a packet. Nothing in one can make its receiver run code.
"""

from math import inf
from struct import Struct
from typing import NamedTuple

from reader.port import CardLost, Health, NoCard, Polled, TwoCards

MOST_BYTES = 1_024
"""No packet is longer. A frame has 255 bytes at most, a text is cut to what fits."""

_HEAD = Struct(">IB")
_SECONDS = Struct(">d")
_CARD = Struct(">8s8sH")
_MOST_TEXT = 900
MOST_FRAME = 255
_MOST_SYSTEMS = 8


class MessageFault(Exception):
    """A packet that says nothing we know: the other side is not what it should be."""


class Open(NamedTuple):
    """Open the reader, one attempt."""


class Poll(NamedTuple):
    """Poll for these systems for so long; 0 is once."""

    system_codes: tuple[int, ...]
    wait_s: float


class Transceive(NamedTuple):
    """Send a frame to the card."""

    frame: bytes
    timeout_s: float


class FieldOff(NamedTuple):
    """Switch the field off."""


class AskHealth(NamedTuple):
    """Ask the chip for its name."""


class Close(NamedTuple):
    """Field off, reader closed, process ended."""


class Done(NamedTuple):
    """It was done, and there is nothing to say about it."""


class Failed(NamedTuple):
    """The reader failed, and how."""

    what: str


Request = Open | Poll | Transceive | FieldOff | AskHealth | Close
Answer = Done | Failed | Polled | TwoCards | NoCard | CardLost | Health | bytes

_BARE_REQUESTS: dict[int, Request] = {1: Open(), 4: FieldOff(), 5: AskHealth(), 6: Close()}
_POLL, _TRANSCEIVE = 2, 3
_BARE_ANSWERS: dict[int, Answer] = {1: Done(), 4: TwoCards(), 5: NoCard(), 6: CardLost()}
_FAILED, _POLLED, _FRAME, _HEALTH = 2, 3, 7, 8
_REQUEST_KINDS = {type(request): kind for kind, request in _BARE_REQUESTS.items()}
_ANSWER_KINDS = {type(answer): kind for kind, answer in _BARE_ANSWERS.items()}


def encode_request(number: int, request: Request) -> bytes:
    """A request as a packet. MessageFault if it does not fit: the frame or the list is too long."""
    match request:
        case Poll(codes, wait_s):
            body = _SECONDS.pack(wait_s) + b"".join(code.to_bytes(2, "big") for code in codes)
            if not 0 < len(codes) <= _MOST_SYSTEMS:
                raise MessageFault(f"{len(codes)} systems to poll; 1 to {_MOST_SYSTEMS}")
            return _HEAD.pack(number, _POLL) + body
        case Transceive(frame, timeout_s):
            if len(frame) > MOST_FRAME:
                raise MessageFault(f"a frame of {len(frame)} bytes; at most {MOST_FRAME}")
            return _HEAD.pack(number, _TRANSCEIVE) + _SECONDS.pack(timeout_s) + frame
        case _:
            return _HEAD.pack(number, _REQUEST_KINDS[type(request)])


def decode_request(packet: bytes) -> tuple[int, Request]:
    """A packet -> its number and the request; MessageFault if it is none."""
    number, kind, body = _split(packet)
    if kind in _BARE_REQUESTS and not body:
        return number, _BARE_REQUESTS[kind]
    seconds, rest = body[: _SECONDS.size], body[_SECONDS.size :]
    if kind not in (_POLL, _TRANSCEIVE) or len(seconds) != _SECONDS.size:
        raise MessageFault(f"no request: kind {kind}, {len(body)} bytes")
    (length_s,) = _SECONDS.unpack(seconds)
    if not 0 <= length_s < inf:
        raise MessageFault(f"no time to wait: {length_s} s")
    if kind == _TRANSCEIVE:
        return number, Transceive(rest, length_s)
    if len(rest) % 2 or not 0 < len(rest) <= 2 * _MOST_SYSTEMS:
        raise MessageFault(f"no poll: {len(rest)} bytes of systems")
    codes = tuple(int.from_bytes(rest[at : at + 2], "big") for at in range(0, len(rest), 2))
    return number, Poll(codes, length_s)


def encode_answer(number: int, answer: Answer) -> bytes:
    """An answer as a packet; a text that is too long is cut."""
    match answer:
        case bytes():
            return _HEAD.pack(number, _FRAME) + answer
        case Polled():
            return _HEAD.pack(number, _POLLED) + _CARD.pack(*answer)
        case Failed(text):
            return _HEAD.pack(number, _FAILED) + _cut(text)
        case Health(text):
            return _HEAD.pack(number, _HEALTH) + _cut(text)
        case _:
            return _HEAD.pack(number, _ANSWER_KINDS[type(answer)])


def decode_answer(packet: bytes) -> tuple[int, Answer]:
    """A packet -> the number of its request, and the answer; MessageFault if it is none."""
    number, kind, body = _split(packet)
    if kind in _BARE_ANSWERS and not body:
        return number, _BARE_ANSWERS[kind]
    if kind == _FRAME and len(body) <= MOST_FRAME:
        return number, body
    if kind == _POLLED and len(body) == _CARD.size:
        return number, Polled(*_CARD.unpack(body))
    if kind in (_FAILED, _HEALTH) and len(body) <= _MOST_TEXT:
        text = body.decode(errors="replace")
        return number, Failed(text) if kind == _FAILED else Health(text)
    raise MessageFault(f"no answer: kind {kind}, {len(body)} bytes")


def _split(packet: bytes) -> tuple[int, int, bytes]:
    if not _HEAD.size <= len(packet) <= MOST_BYTES:
        raise MessageFault(f"{len(packet)} bytes; {_HEAD.size} to {MOST_BYTES}")
    return *_HEAD.unpack_from(packet), packet[_HEAD.size :]


def _cut(text: str) -> bytes:
    # Cut between letters: a half one at the end is dropped.
    return text.encode(errors="replace")[:_MOST_TEXT].decode(errors="ignore").encode()
