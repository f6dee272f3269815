"""What the centre answers, understood. Pure: bytes and headers in, values out, and Nonsense for all else (faults 31).

Whoever answers may be a broken proxy as well as the centre, so every number has its bound, and a text is cut and
cleaned before anybody is shown it.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from farebox.exchange.faults import Nonsense

MOST_WORD_BYTES = 4096
"""Of any answer but a bundle's piece."""
MOST_RETRY_AFTER_S = 3600
MOST_WANTED = 100
STOPPED = "stopped"
"""The terminal's own code: it was asked to end."""
_MOST_DETAIL = 200
_NUMBER = re.compile("[0-9]{1,18}", re.ASCII)
_CODE = re.compile("[a-z][a-z0-9-]{0,39}", re.ASCII)
_ETAG = re.compile('"([0-9a-f]{64})"', re.ASCII)
_RANGE = re.compile("bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})", re.ASCII)
_REDIRECTS = range(300, 400)


class Answer(NamedTuple):
    """A status, the headers by their names in lower case (one that came twice joined by a comma), and the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Refused(NamedTuple):
    """The centre declines, with a code of docs/exchange.md; or the terminal itself gives up for this time."""

    code: str
    detail: str
    retry_after_s: int | None = None


class Piece(NamedTuple):
    """A piece of a bundle: the SHA-256 of the whole in hex, where the piece begins, and how long the whole is."""

    digest: str
    start: int
    total: int
    data: bytes


def refused(answer: Answer) -> Refused:
    """An answer that grants nothing. Its body may say why: `{"code": …, "detail": …}`."""
    if answer.status in _REDIRECTS:
        raise Nonsense(f"a redirection ({answer.status}), which is never followed; mend exchange.url or the proxy")
    said = _object(answer.body)
    code, detail = said.get("code"), said.get("detail")
    named = isinstance(code, str) and _CODE.fullmatch(code) is not None
    return Refused(
        str(code) if named else f"status-{answer.status}",
        _cleaned(detail) if isinstance(detail, str) else "",
        _retry_after_s(answer),
    )


def offset_of(answer: Answer, size: int) -> int:
    """How many bytes of so many the centre has durably."""
    offset = _number(answer, "upload-offset")
    if offset > size:
        raise Nonsense(f"the centre has {offset} bytes of a segment of {size}")
    return offset


def wanted_of(answer: Answer) -> tuple[int, ...]:
    """The numbers of the segments that the centre lacks, ascending; at most 100 of them."""
    wanted = _object(answer.body).get("wanted", [])
    if not isinstance(wanted, list) or any(type(number) is not int or not 0 < number < 1 << 63 for number in wanted):
        raise Nonsense("the centre wants segments that have no numbers")
    return tuple(sorted(set(wanted))[:MOST_WANTED])


def piece_of(answer: Answer, start: int, most_bytes: int) -> Piece:
    """A piece that begins at `start`, of a whole of at most `most_bytes`."""
    tag = _ETAG.fullmatch(answer.headers.get("etag", ""))
    if tag is None:
        raise Nonsense("a bundle whose ETag is not its SHA-256")
    if answer.status == 200:
        first, last, total = 0, len(answer.body) - 1, len(answer.body)
    else:
        place = _RANGE.fullmatch(answer.headers.get("content-range", ""))
        if place is None:
            raise Nonsense("a piece of a bundle that does not say which")
        first, last, total = map(int, place.groups())
    if first != start or last - first + 1 != len(answer.body) or not first <= last < total <= most_bytes:
        raise Nonsense(f"a piece of a bundle from {first} to {last} of {total}, where one from {start} was asked for")
    return Piece(tag[1], first, total, answer.body)


def _number(answer: Answer, name: str) -> int:
    text = answer.headers.get(name, "")
    if _NUMBER.fullmatch(text) is None:
        raise Nonsense(f"an answer {answer.status} without a proper {name}")
    return int(text)


def _retry_after_s(answer: Answer) -> int | None:
    """Only as a number of seconds: dates are for those who know the time."""
    text = answer.headers.get("retry-after", "")
    return min(int(text), MOST_RETRY_AFTER_S) if _NUMBER.fullmatch(text) else None


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body[: MOST_WORD_BYTES + 1])
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _cleaned(text: str) -> str:
    return "".join(letter for letter in text[:_MOST_DETAIL] if letter.isprintable())
