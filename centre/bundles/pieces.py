"""What a vehicle that asks for a bundle gets: a piece of it, nothing new, or why not (docs/exchange.md). Pure.

    asked(headers, etag, length)     -> Piece, NOT_MODIFIED, or Declined

In the order of RFC 9110, 13.2.2: If-Match, then If-None-Match, then Range.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

MOST_PIECE_BYTES = 256 << 10
_SPAN = re.compile(r"bytes=([0-9]{1,18})-([0-9]{0,18})", re.ASCII)
_TAG = re.compile('"([0-9a-f]{64})"', re.ASCII)


class Piece(NamedTuple):
    """Bytes `first` to `first + length` of the whole; the whole itself if nothing else was asked for."""

    first: int
    length: int
    is_whole: bool


class NotModified(NamedTuple):
    """The vehicle has this one, or has refused it."""


class Declined(NamedTuple):
    """Nothing is sent: the status, and a code of docs/exchange.md."""

    status: int
    code: str
    detail: str


NOT_MODIFIED = NotModified()


def asked(headers: Mapping[str, str], etag: str, length: int) -> Piece | NotModified | Declined:
    """What to answer, by the request's headers and the bundle that there is: its SHA-256 in hex, and its bytes."""
    if "If-Match" in headers and not _names(headers["If-Match"], etag):
        return Declined(412, "another-one", "there is another bundle by now; begin anew")
    if "If-None-Match" in headers and _names(headers["If-None-Match"], etag):
        return NOT_MODIFIED
    if "Range" not in headers:
        if length <= MOST_PIECE_BYTES:
            return Piece(0, length, is_whole=True)
        return Declined(400, "range-needed", f"{length} bytes: ask for pieces of at most {MOST_PIECE_BYTES}")
    return _span(headers["Range"], length)


def _names(condition: str, etag: str) -> bool:
    return condition.strip() == "*" or etag in _TAG.findall(condition)


def _span(text: str, length: int) -> Piece | Declined:
    found = _SPAN.fullmatch(text.strip())
    if found is None or (found[2] and int(found[2]) < int(found[1])):
        return Declined(400, "bad-range", "one range, as in bytes=0-262143")
    first = int(found[1])
    if first >= length:
        return Declined(416, "past-the-end", f"the bundle has {length} bytes")
    last = min(int(found[2] or length), length - 1, first + MOST_PIECE_BYTES - 1)
    return Piece(first, last - first + 1, is_whole=False)
