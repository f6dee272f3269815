"""A card as recorded: IDm, PMm, and blocks by system and service; and its CBOR file (`*.card.cbor`).

No key is ever in an image: a simulated card gets its key where it is laid on a reader. A file with one is refused.
"""

from typing import Any, NamedTuple

import cbor2

from cardimage import lite_s

FORMAT = "farebox-card"
VERSION = 1
MAX_FILE_BYTES = 1 << 20
"""A FeliCa card holds some kilobytes; anything larger is not one."""

LITE_S_PMM = bytes.fromhex("00F1000000014300")
"""The PMm of a real FeliCa Lite-S: IC code F1, and the times it asks for."""


_NEEDED = {*range(lite_s.S_PADS), lite_s.REG, lite_s.MC, lite_s.WCNT}
"""Without these blocks a Lite-S card can be neither shown nor tapped."""

UNSTATED_SYSTEM = 0xFFFF
"""The system of services whose file does not say it. FFFF asks any system of a card to answer, and is none's code."""

SECRET_BLOCKS = frozenset((lite_s.RC, lite_s.MAC, lite_s.CK, lite_s.MAC_A))
"""Blocks of a Lite-S card that hold its key, or the challenge and proofs that were made with it."""
_LITE_SYSTEMS = (lite_s.SYSTEM_CODE, 0x12FC, UNSTATED_SYSTEM)
"""A Lite-S card answers as its own system and as that of NFC Forum tags; and an unstated one may be either."""


class ImageFault(Exception):
    """A card image is not what it says: names the file, where in it, and what to do."""


Blocks = dict[int, bytes]


def is_secret(system: int, number: int) -> bool:
    """Whether a block is one that no image may keep."""
    return system in _LITE_SYSTEMS and number in SECRET_BLOCKS


class CardImage(NamedTuple):
    """One card. `systems` is system code -> service code -> block number -> 16 bytes; the block maps are live.

    `idm` and `pmm` have 8 bytes, or none where a recording does not tell them. A service that is on the card but was
    not read has an empty block map. `simulated` tells a card made by us (模擬) from one recorded off a real card.
    """

    idm: bytes
    pmm: bytes
    systems: dict[int, dict[int, Blocks]]
    simulated: bool

    def lite_s_blocks(self) -> Blocks | None:
        """The blocks of a FeliCa Lite-S card; None for another kind of card, or one that was not recorded whole."""
        blocks = self.systems.get(lite_s.SYSTEM_CODE, {}).get(lite_s.READ_WRITE_SERVICE, {})
        return blocks if self.idm and self.pmm and blocks.keys() >= _NEEDED else None


def blank_lite_s(idm: bytes) -> CardImage:
    """A Lite-S card as it leaves the factory: S_PADs and REG zero, everything open, write counter 0."""
    blocks: Blocks = {number: bytes(16) for number in range(lite_s.S_PADS)}
    blocks[lite_s.REG] = b"\xff" * 8 + bytes(8)
    blocks[lite_s.ID] = idm + bytes(8)
    blocks[lite_s.D_ID] = idm + LITE_S_PMM
    blocks[lite_s.SER_C] = bytes(16)
    blocks[lite_s.SYS_C] = lite_s.SYSTEM_CODE.to_bytes(2, "big") + bytes(14)
    blocks[lite_s.CKV] = bytes(16)
    blocks[lite_s.MC] = bytes.fromhex("FFFFFF0007000000 0000000000000000")
    blocks[lite_s.WCNT] = bytes(16)
    return CardImage(idm, LITE_S_PMM, {lite_s.SYSTEM_CODE: {lite_s.READ_WRITE_SERVICE: blocks}}, simulated=True)


def dump(image: CardImage) -> bytes:
    """CardImage -> the bytes of its file. A secret block, should there be one, stays out."""
    systems = [
        [system, [[service, _kept(system, blocks)] for service, blocks in sorted(services.items())]]
        for system, services in sorted(image.systems.items())
    ]
    return cbor2.dumps(
        {
            "format": FORMAT,
            "version": VERSION,
            "simulated": image.simulated,
            "idm": image.idm,
            "pmm": image.pmm,
            "systems": systems,
        }
    )


def _kept(system: int, blocks: Blocks) -> list[tuple[int, bytes]]:
    return sorted((number, block) for number, block in blocks.items() if not is_secret(system, number))


def load(data: bytes, source: str) -> CardImage:
    """The bytes of a file -> CardImage; raises ImageFault naming `source`, the offset or the field, and the mend."""
    if len(data) > MAX_FILE_BYTES:
        raise ImageFault(f"{source}: {len(data)} bytes is no card image; at most {MAX_FILE_BYTES}")
    try:
        document = cbor2.loads(data, max_depth=8, allow_indefinite=False, allow_duplicate_keys=False)
    except cbor2.CBORDecodeEOF:
        raise ImageFault(f"{source}: cut short at byte {len(data)}; take the card's image again") from None
    except (cbor2.CBORError, ValueError, OverflowError) as error:
        raise ImageFault(f"{source}: not a card image: {error}") from None
    image = _build(document, source)
    if (size := len(dump(image))) != len(data) or dump(image) != data:
        raise ImageFault(f"{source}: holds more than a card image; {len(data)} bytes where {size} would do")
    return image


def _build(document: object, source: str) -> CardImage:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ImageFault(f"{source}: not a card image of this project; make one with `farebox card new`")
    if document.get("version") != VERSION:
        # Not shown: it may be anything, of any size.
        raise ImageFault(f"{source}: another version of card image; this program reads version {VERSION}")
    simulated = document.get("simulated")
    if not isinstance(simulated, bool):
        raise ImageFault(f"{source}: field simulated must be true or false")
    return CardImage(
        _identifier(document.get("idm"), f"{source}: idm"),
        _identifier(document.get("pmm"), f"{source}: pmm"),
        {
            system: {
                service: {
                    number: _block(system, number, block, f"{source}: system {system:04X} service {service:04X}")
                    for number, block in _pairs(blocks, f"{source}: service {service:04X}")
                }
                for service, blocks in _pairs(services, f"{source}: system {system:04X}")
            }
            for system, services in _pairs(document.get("systems"), f"{source}: systems")
        },
        simulated,
    )


def _identifier(value: object, where: str) -> bytes:
    return b"" if value == b"" else _octets(value, 8, where)


def _block(system: int, number: int, value: object, where: str) -> bytes:
    if is_secret(system, number):
        raise ImageFault(
            f"{where} block {number}: a card's key, or what was made with it; no image holds one: take the image again"
        )
    return _octets(value, 16, f"{where} block {number}")


def _octets(value: object, size: int, where: str) -> bytes:
    if not isinstance(value, bytes) or len(value) != size:
        raise ImageFault(f"{where}: must be {size} bytes")
    return value


def _pairs(value: object, where: str) -> list[tuple[int, Any]]:
    """[[number, thing], …] with numbers of 16 bits, each once."""
    if not isinstance(value, list):
        raise ImageFault(f"{where}: must be a list")
    for entry in value:
        if not isinstance(entry, list) or len(entry) != 2 or not _is_code(entry[0]):
            raise ImageFault(f"{where}: each entry must be a pair of a number (0 to 65535) and its contents")
    if len({entry[0] for entry in value}) != len(value):
        raise ImageFault(f"{where}: a number stands twice")
    return [(entry[0], entry[1]) for entry in value]


def _is_code(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 0xFFFF
