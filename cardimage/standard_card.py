"""A recorded FeliCa Standard card that answers frames (模擬): what anyone may read of it, and nothing else.

Such a card's keys are with its issuer, so it takes no write: a transit card on the bench is read-only. Frames carry
their length byte. Commands and status codes follow the FeliCa Card User's Manual, the abridged edition.
"""

from typing import NamedTuple

from cardimage.image import CardImage

_POLLING, _REQUEST_SERVICE, _REQUEST_RESPONSE, _READ = 0x00, 0x02, 0x04, 0x06
_SEARCH_SERVICE_CODE, _REQUEST_SYSTEM_CODE = 0x0A, 0x0C
_MOST_BLOCKS_PER_READ = 12
"""What the transit cards of today answer in one go; the manual leaves it to the product."""
_NO_SUCH_NODE = b"\xff\xff"
_ROOT_AREA = bytes.fromhex("00 00 FE FF")
_OK = b"\x00\x00"
_BAD_BLOCK_COUNT, _BAD_SERVICE, _BAD_BLOCK = b"\xff\xa2", b"\xff\xa6", b"\xff\xa8"


def is_readable(service: int) -> bool:
    """Whether a service asks for no key: the lowest bit of its code."""
    return bool(service & 1)


def idm_of_system(idm: bytes, place: int) -> bytes:
    """A card of several systems answers for each with its number in the IDm's upper four bits.

    System 0 keeps the IDm as recorded, whatever those bits are, and the others count on from there.
    """
    return bytes(((idm[0] + (place << 4)) & 0xFF,)) + idm[1:]


class StandardCard:
    """One recorded card in the field. Its image stays as it is."""

    def __init__(self, image: CardImage) -> None:
        """Take the image; an unknown IDm or PMm is answered as zeros."""
        self.image = image
        first = self.image.idm or bytes(8)
        self._pmm = image.pmm or bytes(8)
        self._systems = {idm_of_system(first, place): code for place, code in enumerate(image.systems)}

    def power_off(self) -> None:
        """The card leaves the field: there is nothing it would forget."""

    def process(self, frame: bytes) -> bytes | None:
        """One command frame -> one response frame; silence for what is malformed, not known, or for another card."""
        if len(frame) < 2 or frame[0] != len(frame):
            return None
        code, body = frame[1], frame[2:]
        if code == _POLLING:
            return self._poll(body)
        idm, rest = body[:8], body[8:]
        system = self._systems.get(idm)
        answered = None if system is None else self._answer(code, system, rest)
        return None if answered is None else _framed(bytes((code + 1,)) + idm + answered)

    def _poll(self, body: bytes) -> bytes | None:
        if len(body) != 4:
            return None
        for idm, code in self._systems.items():
            own = code.to_bytes(2, "big")
            if all(asked in (0xFF, octet) for asked, octet in zip(body, own, strict=False)):
                return _framed(b"\x01" + idm + self._pmm + (own if body[2] == 1 else b""))
        return None

    def _answer(self, code: int, system: int, rest: bytes) -> bytes | None:
        services = self.image.systems[system]
        if code == _READ:
            return self._read(system, rest)
        if code == _REQUEST_RESPONSE and not rest:
            return b"\x00"
        if code == _REQUEST_SYSTEM_CODE and not rest:
            codes = [known.to_bytes(2, "big") for known in self.image.systems]
            return bytes((len(codes),)) + b"".join(codes)
        if code == _REQUEST_SERVICE and rest and len(rest) == 1 + 2 * rest[0]:
            nodes = [int.from_bytes(rest[at : at + 2], "little") for at in range(1, len(rest), 2)]
            versions = [b"\x00\x00" if node in (0, *services) else _NO_SUCH_NODE for node in nodes]
            return rest[:1] + b"".join(versions)
        if code == _SEARCH_SERVICE_CODE and len(rest) == 2:
            listed = [_ROOT_AREA, *(service.to_bytes(2, "little") for service in sorted(services))]
            place = int.from_bytes(rest, "little")
            return listed[place] if place < len(listed) else _NO_SUCH_NODE
        return None

    def _read(self, system: int, rest: bytes) -> bytes:
        asked = parse_read(rest)
        if isinstance(asked, bytes):
            return asked
        services = self.image.systems[system]
        data = b""
        for number, (service, block) in enumerate(asked):
            blocks = services.get(service, {}) if is_readable(service) else {}
            if not blocks:
                return bytes((1 << number % 8,)) + _BAD_SERVICE[1:]
            if block not in blocks:
                return bytes((1 << number % 8,)) + _BAD_BLOCK[1:]
            data += blocks[block]
        return _OK + bytes((len(asked),)) + data


class Asked(NamedTuple):
    """One block asked for."""

    service: int
    block: int


def parse_read(rest: bytes) -> tuple[Asked, ...] | bytes:
    """Service list and block list of a read -> what is asked for; or the status that refuses it."""
    count = rest[0] if rest else 0
    services = [int.from_bytes(rest[at : at + 2], "little") for at in range(1, 1 + 2 * count, 2)]
    at = 1 + 2 * count
    if not 1 <= count <= 16 or at >= len(rest):
        return _BAD_SERVICE
    wanted, at = rest[at], at + 1
    if not 1 <= wanted <= _MOST_BLOCKS_PER_READ:
        return _BAD_BLOCK_COUNT
    asked = []
    for _ in range(wanted):
        size = 2 if at < len(rest) and rest[at] & 0x80 else 3
        if at + size > len(rest) or rest[at] & 0x0F >= count:
            return _BAD_BLOCK
        asked.append(Asked(services[rest[at] & 0x0F], int.from_bytes(rest[at + 1 : at + size], "little")))
        at += size
    return tuple(asked) if at == len(rest) else _BAD_BLOCK


def _framed(body: bytes) -> bytes:
    return bytes((len(body) + 1,)) + body
