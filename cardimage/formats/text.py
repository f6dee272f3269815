"""Bytes of a text format -> text, lines and octets. What is wrong is an ImageFault with its place."""

import re
from base64 import b64decode
from collections.abc import Iterator
from typing import NamedTuple

from cardimage.formats.recording import Place

MAX_LINES = 65_536
"""A dump has a line for each block, and some more for its services."""
MAX_LINE = 1_024
"""Characters. The longest line of a dump lists the ways of access to one service."""

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})*+")
_SPACES = str.maketrans("", "", " \t\r\n")


def decode(data: bytes, source: str) -> str:
    """UTF-8 bytes -> text without its byte order mark; never a NUL in it."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        at = Place(source, f"byte {error.start}")
        raise at.fault("neither UTF-8 text nor a card image; give the dump as its program wrote it") from None
    if (offset := data.find(0)) >= 0:
        raise Place(source, f"byte {offset}").fault("a NUL byte in a text file; take the dump again")
    return text.removeprefix("\ufeff")


def check_lines(text: str, source: str) -> None:
    """The bounds of a text of lines, before anything looks for a pattern in it."""
    if (total := text.count("\n")) > MAX_LINES:
        raise Place(source, "").fault(f"{total} lines is no card dump; at most {MAX_LINES}")
    for line, place in lines(text, source):
        if len(line) > MAX_LINE:
            raise place.fault(f"{len(line)} characters in one line; no card dump has more than {MAX_LINE}")


class Line(NamedTuple):
    """One line without its end, and where it stands, counted from 1."""

    text: str
    place: Place


def lines(text: str, source: str) -> Iterator[Line]:
    """The lines of a text, each with its place."""
    for number, line in enumerate(text.split("\n"), start=1):
        yield Line(line.removesuffix("\r"), Place(source, f"line {number}"))


def hexadecimal(text: str, size: int, place: Place) -> bytes:
    """Hex digits, with or without blanks between them -> exactly `size` bytes."""
    digits = text.translate(_SPACES)
    if len(digits) != 2 * size or not _HEX.fullmatch(digits):
        raise place.fault(f"must be {size} bytes in hex; take the dump again")
    return bytes.fromhex(digits)


def base64(text: str, size: int, place: Place) -> bytes:
    """Base64 -> exactly `size` bytes."""
    try:
        octets = b64decode(text.translate(_SPACES), validate=True)
    except ValueError:
        octets = b""
    if len(octets) != size:
        raise place.fault(f"must be {size} bytes in base64; take the dump again")
    return octets
