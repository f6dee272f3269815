"""What nfcpy prints of a tag (`tag.dump()`, `tagtool.py -v show`), of FeliCa Standard, Lite and Lite-S.

Blocks of equal contents are folded: one that repeats its predecessor is left out, more of them show as one line `*`;
the next line, or the last block, is printed with its number.
"""

import re

from cardimage import lite_s
from cardimage.formats.recording import MAX_BLOCKS, Place, Recording
from cardimage.formats.text import hexadecimal, lines
from cardimage.image import CardImage

_NDEF_SYSTEM = 0x12FC
_TAG = re.compile(r"[ \t]*Type3Tag .*\bID=([0-9A-Fa-f]+) PMM=([0-9A-Fa-f]+) SYS=([0-9A-Fa-f]{4})[ \t]*")
_SYSTEM = re.compile(r"[ \t]*System ([0-9A-F]{4}) \([^)\n]*\)[ \t]*")
_AREA = re.compile(r"[ \t]*Area [0-9A-F]{4}--[0-9A-F]{4}[ \t]*")
_SERVICE = re.compile(
    r"[ \t]*(?:Random|Cyclic|Purse) Service [0-9]+: [^()]*\((0x[0-9A-F]{4}(?: 0x[0-9A-F]{4})*)\)[ \t]*"
)
_BLOCK = re.compile(r"[ \t]*([0-9A-F]{4}): ((?:[0-9a-f]{2} ){16})\|.{16}\|[ \t]*")
_LITE_BLOCK = re.compile(r"[ \t]*([0-9]{1,3}): ((?:(?:[0-9a-f]{2}|\?\?) ){16})(?:\|.{16}\||\([^()\n]*\))[ \t]*")
_SAME = re.compile(r"[ \t]*\*[ \t]+((?:(?:[0-9a-f]{2}|\?\?) ){16})\|.{16}\|[ \t]*")

RECOGNISED = re.compile(rf"^(?:{_TAG.pattern}|{_SYSTEM.pattern}|{_LITE_BLOCK.pattern})\r?$", re.MULTILINE)


def read(text: str, source: str) -> CardImage:
    """A dump -> CardImage. The line `Type3Tag … ID= PMM=` gives IDm and PMm; without it they are unknown."""
    reader = _Reader()
    for line, place in lines(text, source):
        reader.line(line, place)
    return reader.image(Place(source, "end of file"))


class _Reader:
    """The dump so far: which service its lines belong to, and the last block of it."""

    def __init__(self) -> None:
        self._recording = Recording()
        self._idm = self._pmm = b""
        self._tag_system: int | None = None
        self._system: int | None = None
        self._service: int | None = None
        self._last: tuple[int, bytes | None] | None = None
        self._folded = False

    def line(self, line: str, place: Place) -> None:
        """Take one line; ImageFault if it is not one of a dump. What stands before the dump is passed over."""
        if block := _BLOCK.fullmatch(line):
            self._block(int(block[1], 16), hexadecimal(block[2], 16, place), place)
        elif same := _SAME.fullmatch(line):
            self._same(same[1], place)
        elif block := _LITE_BLOCK.fullmatch(line):
            self._lite_block(int(block[1]), block[2], place)
        elif self._folded:
            raise place.fault("a line * without the block that ends it; take the dump again")
        elif tag := _TAG.fullmatch(line):
            self._idm, self._pmm = hexadecimal(tag[1], 8, place), hexadecimal(tag[2], 8, place)
            self._tag_system = int(tag[3], 16)
        elif system := _SYSTEM.fullmatch(line):
            self._system, self._service, self._last = int(system[1], 16), None, None
            self._recording.add_system(self._system, place)
        elif service := _SERVICE.fullmatch(line):
            self._services([int(code, 16) for code in service[1].split()], place)
        elif line.strip() and self._system is not None and not _AREA.fullmatch(line):
            raise place.fault("no line of an nfcpy dump; take the dump again")

    def _services(self, codes: list[int], place: Place) -> None:
        """One line lists all ways of access to the same blocks; they are read by the last that needs no key."""
        if self._system is None:
            raise place.fault("a service before any System; take the dump again")
        for code in codes:
            self._recording.add_service(self._system, code, place)
        self._service = next((code for code in reversed(codes) if code & 1), None)
        self._last = None

    def _same(self, data: str, place: Place) -> None:
        octets = None if "?" in data else hexadecimal(data, 16, place)
        if self._last is None or self._last[1] != octets or self._folded:
            raise place.fault("a line * that does not repeat the block before it; take the dump again")
        self._folded = True

    def _block(self, number: int, data: bytes, place: Place) -> None:
        if self._system is None and self._tag_system == _NDEF_SYSTEM:
            self._system, self._service = _NDEF_SYSTEM, lite_s.READ_ONLY_SERVICE
        if self._system is None or self._service is None:
            raise place.fault("a block of no service that can be read without a key; take the dump again")
        self._add(number, data, place, foldable=True)

    def _lite_block(self, number: int, data: str, place: Place) -> None:
        """A block of a Lite or Lite-S card, in decimal; ?? was not read."""
        self._system, self._service = lite_s.SYSTEM_CODE, lite_s.READ_WRITE_SERVICE
        self._recording.add_service(self._system, self._service, place)
        if number > lite_s.CRC_CHECK:
            raise place.fault("a FeliCa Lite card has no such block; take the dump again")
        octets = None if "?" in data else hexadecimal(data, 16, place)
        self._add(number, octets, place, foldable=number < lite_s.S_PADS)

    def _add(self, number: int, data: bytes | None, place: Place, *, foldable: bool) -> None:
        """A block, after those that were folded before it."""
        assert self._system is not None
        assert self._service is not None
        first = self._last[0] + 1 if self._last else 0
        if foldable and (number < first or number - first > (MAX_BLOCKS if self._folded else min(first, 1))):
            raise place.fault(f"block {number} where {first} follows; take the dump again")
        repeated = range(first, number) if foldable else range(0)
        for each, octets in [*((each, self._last and self._last[1]) for each in repeated), (number, data)]:
            if octets is not None:
                self._recording.add_block(self._system, self._service, each, octets, place)
        self._last, self._folded = (number, data), False

    def image(self, end: Place) -> CardImage:
        """The card, once every line was taken."""
        if self._folded:
            raise end.fault("a line * without the block that ends it; take the dump again")
        self._recording.need_a_system(end)
        return self._recording.image(self._idm, self._pmm)
