"""Flipper's `.nfc`: data format 1 holds the 28 blocks of a Lite-S card, 2 systems, services and readable blocks.

A card of data format 1 reads `Block N: SF1 SF2 and 16 bytes`; with a status flag other than 00 the block was not read.
The lines `… Key:` of format 2 hold keys: they are recognised and dropped.
"""

import re
from collections.abc import Iterable

from cardimage import lite_s
from cardimage.formats.recording import MAX_SYSTEMS, Place, Recording, known_idm
from cardimage.formats.text import hexadecimal, lines
from cardimage.image import UNSTATED_SYSTEM, Blocks, CardImage, ImageFault, is_secret

FIRST_LINE = "Filetype: Flipper NFC device"

LITE_BLOCKS = (
    *range(lite_s.S_PADS),
    *(lite_s.REG, lite_s.RC, lite_s.MAC, lite_s.ID, lite_s.D_ID, lite_s.SER_C, lite_s.SYS_C),
    *(lite_s.CKV, lite_s.CK, lite_s.MC, lite_s.WCNT, lite_s.MAC_A, lite_s.STATE, lite_s.CRC_CHECK),
)
"""Which block of the chip each `Block N` is."""

_SIMULATED = "# Simulated card (模擬), made by farebox"
_NOT_READ = "01 A8" + 16 * " 00"
"""How a block that is not in the image is written: refused by the card, as far as a reader of the file can tell."""

_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9 ]*): ?(.*)")
_KEY = re.compile(r"(?:System|Area|Service) [0-9A-F]+ Key")
_LITE_BLOCK = re.compile(r"Block [0-9]{1,3}")
_SYSTEM_NAME = re.compile(r"System [0-9A-F]{2}")
_SYSTEM = re.compile(r"([0-9A-Fa-f]{4})(?: \|.*)?")
_SERVICE_NAME = re.compile(r"Service [0-9A-F]{3}")
_SERVICE = re.compile(r"\| Code ([0-9A-Fa-f]{4}) \|.*")
_BLOCK_NAME = re.compile(r"Block [0-9A-F]{4}")
_BLOCK = re.compile(
    r"\| Service code ([0-9A-Fa-f]{4}) \| Block index ([0-9A-Fa-f]{2}) \| Data: ((?:[0-9A-Fa-f]{2} ){16})\|"
)
_COUNTS = ("Blocks total", "System found", "Service found", "Public blocks read")
_ONCE = ("Device type", "Data format version", "Manufacture id", "Manufacture parameter")


def read(text: str, source: str) -> CardImage:
    """A `.nfc` file of a FeliCa card -> CardImage; a simulated one only if we wrote it and said so."""
    reader = _Reader()
    for line, place in lines(text, source):
        reader.line(line, place)
    return reader.image(Place(source, "end of file"))


class _Reader:
    """The file so far. Counts that the file states are held against what it then has: they tell a file cut short."""

    def __init__(self) -> None:
        self._recording = Recording()
        self._stated: dict[str, str] = {}
        self._system = UNSTATED_SYSTEM
        self._counted: dict[str, tuple[int, Place]] = {}
        self._seen = dict.fromkeys(_COUNTS, 0)
        self._simulated = False

    def line(self, line: str, place: Place) -> None:
        """Take one line. Fields of no interest, comments and the drawing of the tree are passed over."""
        self._simulated |= line == _SIMULATED
        field = _FIELD.fullmatch(line.rstrip())
        if field is None or _KEY.fullmatch(field[1]):
            return
        name, value = field[1], field[2]
        if name in _ONCE:
            if name in self._stated:
                raise place.fault(f"{name} stands twice; take the dump again")
            self._stated[name] = value
            self._header(name, value, place)
        elif name in _COUNTS:
            self._count(name, value, place)
        elif _SYSTEM_NAME.fullmatch(name):
            self._start_system(value, place)
        elif _SERVICE_NAME.fullmatch(name):
            self._service(value, place)
        elif _BLOCK_NAME.fullmatch(name):
            self._block(value, place)
        elif _LITE_BLOCK.fullmatch(name):
            self._lite_block(int(name.removeprefix("Block ")), value, place)

    def _header(self, name: str, value: str, place: Place) -> None:
        if name == "Device type" and value != "FeliCa":
            raise place.fault("not a FeliCa card; give a dump of one")
        if name == "Data format version" and value not in ("1", "2"):
            raise place.fault("a data format other than 1 and 2, which this program reads")
        if name.startswith("Manufacture"):
            hexadecimal(value, 8, place)

    def _count(self, name: str, value: str, place: Place) -> None:
        if not (value.isascii() and value.isdecimal() and len(value) <= 5):
            raise place.fault(f"{name} must be a number; take the dump again")
        self._check(name, place)
        self._counted[name] = (int(value), place)

    def _check(self, name: str, place: Place) -> None:
        """Hold the last count of this name against what followed it, and begin anew."""
        stated, where = self._counted.pop(name, (self._seen[name], place))
        if stated != self._seen[name]:
            raise where.fault(f"{name}: {stated}, but {self._seen[name]} follow; cut short? take the dump again")
        self._seen[name] = 0

    def _start_system(self, value: str, place: Place) -> None:
        stated = _SYSTEM.fullmatch(value)
        if stated is None:
            raise place.fault("a system must have a code of 4 hex digits; take the dump again")
        for name in ("Service found", "Public blocks read"):
            self._check(name, place)
        self._system = int(stated[1], 16)
        self._seen["System found"] += 1
        self._recording.add_system(self._system, place)

    def _service(self, value: str, place: Place) -> None:
        stated = _SERVICE.fullmatch(value)
        if stated is None:
            raise place.fault("a service must read | Code and 4 hex digits |; take the dump again")
        self._seen["Service found"] += 1
        self._recording.add_service(self._system, int(stated[1], 16), place)

    def _block(self, value: str, place: Place) -> None:
        stated = _BLOCK.fullmatch(value)
        if stated is None:
            raise place.fault("a block must have its service, index and 16 bytes; take the dump again")
        self._seen["Public blocks read"] += 1
        data = hexadecimal(stated[3], 16, place)
        self._recording.add_block(self._system, int(stated[1], 16), int(stated[2], 16), data, place)

    def _lite_block(self, index: int, value: str, place: Place) -> None:
        if index >= len(LITE_BLOCKS):
            raise place.fault(f"Block {index}; a FeliCa Lite card has {len(LITE_BLOCKS)}")
        octets = hexadecimal(value, 18, place)
        self._seen["Blocks total"] += 1
        self._recording.add_service(lite_s.SYSTEM_CODE, lite_s.READ_WRITE_SERVICE, place)
        if octets[:2] == b"\0\0":
            number = LITE_BLOCKS[index]
            self._recording.add_block(lite_s.SYSTEM_CODE, lite_s.READ_WRITE_SERVICE, number, octets[2:], place)

    def image(self, end: Place) -> CardImage:
        """The card, once every line was taken."""
        for name in _ONCE:
            if name not in self._stated:
                raise end.fault(f"no line {name}; cut short? take the dump again")
        if "Blocks total" not in self._counted and "Public blocks read" not in self._counted:
            raise end.fault("no line Blocks total or Public blocks read; cut short? take the dump again")
        for name in _COUNTS:
            self._check(name, end)
        idm, pmm = (hexadecimal(self._stated[f"Manufacture {name}"], 8, end) for name in ("id", "parameter"))
        return self._recording.image(idm, pmm, simulated=self._simulated)


# -- writing


def write(image: CardImage) -> str:
    """CardImage -> a `.nfc` file: data format 1 for a Lite-S card alone, else 2. `read` gives the same image again.

    ImageFault for a card that a `.nfc` file can't hold: one without IDm or PMm, or with a block past FFh.
    """
    if not known_idm(image.idm) or not image.pmm:
        raise ImageFault("a Flipper file needs IDm and PMm, and this card has not both; keep it as .card.cbor")
    lite = _lite_blocks_alone(image)
    body = _standard(image) if lite is None else _lite(lite)
    head = [
        FIRST_LINE,
        "Version: 4",
        *((_SIMULATED,) if image.simulated else ()),
        "Device type: FeliCa",
        "# UID is common for all formats",
        f"UID: {_octets(image.idm)}",
        "# FeliCa specific data",
        f"Data format version: {2 if lite is None else 1}",
        f"Manufacture id: {_octets(image.idm)}",
        f"Manufacture parameter: {_octets(image.pmm)}",
    ]
    return "\n".join((*head, *body)) + "\n"


def _lite_blocks_alone(image: CardImage) -> Blocks | None:
    """The blocks of a Lite-S card, if the image holds nothing else."""
    blocks = image.systems.get(lite_s.SYSTEM_CODE, {}).get(lite_s.READ_WRITE_SERVICE)
    alone = {lite_s.SYSTEM_CODE: {lite_s.READ_WRITE_SERVICE: blocks}} == image.systems
    return blocks if alone and blocks is not None and blocks.keys() <= set(LITE_BLOCKS) else None


def _lite(blocks: Blocks) -> Iterable[str]:
    kept = {number: data for number, data in blocks.items() if not is_secret(lite_s.SYSTEM_CODE, number)}
    yield f"Blocks total: {len(LITE_BLOCKS)}"
    yield f"Blocks read: {len(kept)}"
    for index, number in enumerate(LITE_BLOCKS):
        yield f"Block {index}: " + (f"00 00 {_octets(kept[number])}" if number in kept else _NOT_READ)


def _standard(image: CardImage) -> Iterable[str]:
    if len(image.systems) > MAX_SYSTEMS or any(
        number > 0xFF for services in image.systems.values() for blocks in services.values() for number in blocks
    ):
        raise ImageFault("a Flipper file holds blocks 0 to 255 of at most 16 systems; keep this card as .card.cbor")
    yield from ("IC Type: FeliCa Standard", "", "# Felica Standard specific data")
    yield from (f"System found: {len(image.systems)}", "", "")
    for order, (system, services) in enumerate(sorted(image.systems.items())):
        yield from (f"System {order:02X}: {system:04X}", "")
        # The areas are not in an image; every system has the one that holds all the others.
        last = max(len(services) - 1, 0)
        yield from ("Area found: 1", f"Area 000: | Code 0000 | Services #000-#{last:03X} |", "")
        yield f"Service found: {len(services)}"
        yield from (f"Service {place:03X}: {_service_line(code)}" for place, code in enumerate(sorted(services)))
        yield from ("", *_tree(services))
        yield from _public_blocks(system, services)
    if not image.systems:
        yield "Public blocks read: 0"


def _tree(services: Iterable[int]) -> Iterable[str]:
    yield from ("Directory Tree: ", "+++ ... are public services", "||| ... are private services", "- AREA_0000/")
    yield from (f"{'+' if code & 1 else '|'}- serv_{code:04X}" for code in sorted(services))
    yield ""


def _service_line(code: int) -> str:
    if code & 0x10:
        kind, access = "Purse ", ("Direct    ", "Cashback  ", "Decrement ", "Read Only ")[code >> 1 & 3]
    else:
        kind, access = ("Cyclic" if code & 4 else "Random"), ("Read Only " if code & 2 else "Read/Write")
    return (
        f"| Code {code:04X} | Attrib. {code & 0x3F:02X} | {'Public ' if code & 1 else 'Private'} | {kind} | {access} |"
    )


def _public_blocks(system: int, services: dict[int, Blocks]) -> Iterable[str]:
    rows = [
        (code, number, data)
        for code, blocks in sorted(services.items())
        for number, data in sorted(blocks.items())
        if not is_secret(system, number)
    ]
    yield f"Public blocks read: {len(rows)}"
    for order, (code, number, data) in enumerate(rows):
        yield f"Block {order:04X}: | Service code {code:04X} | Block index {number:02X} | Data: {_octets(data)} |"


def _octets(data: bytes) -> str:
    return data.hex(" ").upper()
