"""What a vehicle asks, understood. Pure: headers and bytes in; a value, or a refusal that says what is wrong, out.

Whoever has a token may send anything, so every number and every list has its bound (faults 31).
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from centre.collector.answers import Refusal

MOST_PIECE_BYTES = 256 << 10
MOST_STATUS_BYTES = 4 << 10
MOST_SEGMENT_BYTES = 32 << 20
"""A terminal seals at 1 MiB; a journal of format version 1 became one segment of any size."""
MOST_NUMBER = (1 << 63) - 1
MOST_TOLD = 100
_MOST_WORD = 200
_NUMBER = re.compile("[0-9]{1,18}", re.ASCII)
_KINDS = ("hotlist", "directives", "tariff")


class Name(NamedTuple):
    """Which segment: its number, and its seal's digest in hex."""

    number: int
    digest: str


class Sent(NamedTuple):
    """One piece of a segment: where it begins, how long the whole is."""

    offset_bytes: int
    length_bytes: int
    data: bytes

    @property
    def is_last(self) -> bool:
        """Whether the segment ends with it."""
        return self.offset_bytes + len(self.data) == self.length_bytes


class Status(NamedTuple):
    """How it stands on a vehicle: numbers without a receipt, numbers that won't come, bundles by their versions."""

    software: str
    waiting: tuple[int, ...]
    aside: tuple[int, ...]
    bundles: Mapping[str, int]


def body_length(headers: Mapping[str, str], most_bytes: int) -> int | Refusal:
    """How many bytes may be read of a body."""
    text = headers.get("Content-Length", "")
    if _NUMBER.fullmatch(text) is None:
        return Refusal(411, "length-required", "a request with a body says how long it is, in Content-Length")
    if int(text) > most_bytes:
        return Refusal(413, "too-long", f"a body of {int(text)} bytes, at most {most_bytes} are taken here")
    return int(text)


def sent(headers: Mapping[str, str], data: bytes) -> Sent | Refusal:
    """The piece that a PATCH carries."""
    offset, length = (headers.get(name, "") for name in ("Upload-Offset", "Upload-Length"))
    if _NUMBER.fullmatch(offset) is None or _NUMBER.fullmatch(length) is None:
        return Refusal(400, "other-length", "Upload-Offset and Upload-Length are whole numbers of bytes")
    piece = Sent(int(offset), int(length), data)
    if not 0 < piece.length_bytes <= MOST_SEGMENT_BYTES:
        return Refusal(413, "too-long", f"a segment of {length} bytes, 1 to {MOST_SEGMENT_BYTES} are taken here")
    said = headers.get("Upload-Complete", "")
    past = piece.offset_bytes + len(data) > piece.length_bytes
    if past or said != ("?1" if piece.is_last else "?0"):
        return Refusal(400, "other-length", "Upload-Length and Upload-Complete do not go with this piece")
    if not data and not piece.is_last:
        return Refusal(400, "other-length", "a piece of nothing that is not the last")
    if headers.get("Content-Digest", "") != content_digest(data):
        return Refusal(400, "bad-digest", "the piece is not what its Content-Digest says: changed on the way")
    return piece


def content_digest(data: bytes) -> str:
    """The header of a piece (RFC 9530)."""
    return f"sha-256=:{b64encode(sha256(data).digest()).decode()}:"


def status(body: bytes) -> Status | Refusal:
    """How it stands on a vehicle."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        return Refusal(400, "bad-status", "not a JSON object")
    software, waiting, aside = said.get("software", ""), said.get("waiting", []), said.get("aside", [])
    bundles = said.get("bundles", {})
    if not isinstance(software, str) or not _numbers(waiting) or not _numbers(aside) or not _versions(bundles):
        return Refusal(400, "bad-status", "software, waiting, aside or bundles is not as docs/exchange.md has it")
    shown = "".join(letter for letter in software[:_MOST_WORD] if letter.isprintable())
    told = {kind: bundles[kind] for kind in _KINDS if kind in bundles}
    return Status(shown, tuple(sorted(set(waiting))), tuple(sorted(set(aside))), told)


def _numbers(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= MOST_TOLD
        and all(type(number) is int and 0 < number <= MOST_NUMBER for number in value)
    )


def _versions(value: Any) -> bool:
    return isinstance(value, dict) and all(
        type(version) is int and 0 <= version <= MOST_NUMBER for kind, version in value.items() if kind in _KINDS
    )
