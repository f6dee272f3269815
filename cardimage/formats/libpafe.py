"""What libpafe's `felica_dump` prints: comments that name system and services, and a line for each block.

    # FELICA SYSTEM_CODE = 0003
    # card IDm = 0101010101010101
    # 0024:000f Cyclic Access Read only
      0024:0000:00000000000000000000000000000000

It prints a service's *number*, ten bits, and its kind of access apart, six bits: 0024 with 0f is service 090F. Lines
that were copied without those comments can only mean a whole service code.
"""

import re

from cardimage.formats.recording import Place, Recording
from cardimage.formats.text import hexadecimal, lines
from cardimage.image import UNSTATED_SYSTEM, CardImage

_BLOCK = re.compile(r"[ \t]*([0-9A-Fa-f]{4}):([0-9A-Fa-f]{1,4}):([0-9A-Fa-f]{32})[ \t]*")
_SYSTEM = re.compile(r"# FELICA SYSTEM_CODE = ([0-9A-Fa-f]{4})[ \t]*")
_IDENTIFIER = re.compile(r"# card (IDm|PMm) = ([0-9A-Fa-f]*)[ \t]*")
_SERVICE = re.compile(r"# ([0-9A-Fa-f]{4}):([0-9A-Fa-f]{4}) .*")
_OTHER = re.compile(r"[ \t]*(?:#.*|system num [0-9]+[ \t]*|can't get service.*)?")
_ACCESS = range(0x08, 0x18)
"""The low six bits of every service code: random, cyclic and purse, each with its ways of access."""

RECOGNISED = re.compile(rf"^(?:{_SYSTEM.pattern}|{_BLOCK.pattern})\r?$", re.MULTILINE)


def read(text: str, source: str) -> CardImage:
    """A dump -> CardImage. Without a SYSTEM_CODE comment the system is unstated; without a card IDm, unknown."""
    recording = Recording()
    found: dict[str, bytes] = {}
    system = UNSTATED_SYSTEM
    service: tuple[int, int] | None = None
    for line, place in lines(text, source):
        if block := _BLOCK.fullmatch(line):
            code = _service_code(int(block[1], 16), service, place)
            recording.add_block(system, code, int(block[2], 16), bytes.fromhex(block[3]), place)
        elif stated := _SYSTEM.fullmatch(line):
            system, service = int(stated[1], 16), None
            recording.add_system(system, place)
        elif identifier := _IDENTIFIER.fullmatch(line):
            # Each system repeats them, with its own number in the IDm's first bits; the first system's are the card's.
            found.setdefault(identifier[1], hexadecimal(identifier[2], 8, place))
        elif listed := _SERVICE.fullmatch(line):
            service = _listed(int(listed[1], 16), int(listed[2], 16), place)
            recording.add_service(system, service[0] << 6 | service[1], place)
        elif not _OTHER.fullmatch(line):
            raise place.fault("neither a comment nor CODE:BLOCK:32 hex digits; take the dump again")
    recording.need_a_system(Place(source, "end of file"))
    return recording.image(found.get("IDm", b""), found.get("PMm", b""))


def _listed(number: int, access: int, place: Place) -> tuple[int, int]:
    if number >= 1 << 10 or access >= 1 << 6:
        raise place.fault("a service's number has ten bits and its access six; take the dump again")
    return number, access


def _service_code(printed: int, listed: tuple[int, int] | None, place: Place) -> int:
    """The whole code of a block's service: with the access that its comment states, or what is printed."""
    if listed and listed[0] == printed:
        return listed[0] << 6 | listed[1]
    if listed or printed & 0x3F not in _ACCESS:
        raise place.fault("a block of a service that no comment lists; keep the lines with # when you copy a dump")
    return printed
