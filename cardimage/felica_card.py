"""The card's own side of the air: a FeliCa Lite-S card that answers frames (模擬). Pure, one frame at a time.

    card = FelicaCard(image, card_key)
    card.process(frame) -> frame | None      None: the card stays silent

Frames carry their length byte. Fields and status codes follow the FeliCa Card User's Manual (abridged) and the
Lite-S User's Manual; what the manuals leave open is marked "our choice".
"""

from typing import NamedTuple

from cardimage import lite_s
from cardimage.image import CardImage, ImageFault

OK = b"\x00\x00"
WORN = b"\xff\x71"
"""A warning, not an error: the block has been rewritten very often. The write was done."""
WORN_AFTER_WRITES = 10_000
_MOST_WRITES = 0xFFFFFF

_BAD_SERVICE_COUNT = b"\xff\xa1"
_BAD_BLOCK_COUNT = b"\xff\xa2"
_BAD_SERVICE = b"\x01\xa6"
_BAD_MAC_LIST = b"\x02\xb0"
_NO_SUCH_INDEX, _NO_SUCH_MODE, _NO_SUCH_BLOCK, _UNAUTHENTICATED, _WRONG_MAC = 0xA3, 0xA7, 0xA8, 0xB1, 0xB2
"""Second status flag where the first names the element of the list: bit *n* for the *n*th."""
_NDEF = 0x12FC
_SPEEDS = b"\x00\x83"

_POLLING, _READ, _WRITE = 0x00, 0x06, 0x08
_READABLE = (
    *range(lite_s.S_PADS),
    *(lite_s.REG, lite_s.RC, lite_s.MAC, lite_s.ID, lite_s.D_ID, lite_s.SER_C, lite_s.SYS_C, lite_s.CKV, lite_s.CK),
    *(lite_s.MC, lite_s.WCNT, lite_s.MAC_A, lite_s.STATE, lite_s.CRC_CHECK),
)
_COUNTED = (*range(lite_s.S_PADS), lite_s.REG, lite_s.ID, lite_s.SER_C, lite_s.CKV, lite_s.CK, lite_s.MC, lite_s.STATE)
_SYSTEM_BLOCKS = (lite_s.ID, lite_s.SER_C, lite_s.CKV, lite_s.CK)


class _Request(NamedTuple):
    service: int
    blocks: tuple[int, ...]
    data: bytes


class FelicaCard:
    """One Lite-S card in the field. The image's block map is the card's memory and changes with each write."""

    def __init__(self, image: CardImage, card_key: bytes) -> None:
        """Take the card's image and its 16-byte key; ImageFault if the image is not a Lite-S card."""
        blocks = image.lite_s_blocks()
        if blocks is None:
            raise ImageFault("the image is not of a whole FeliCa Lite-S card; only those can be tapped")
        self.image = image
        self._blocks = blocks
        self._key = card_key
        self._session: lite_s.SessionKey | None = None
        self._authenticated = False

    def power_off(self) -> None:
        """The card leaves the field: session and STATE are gone, memory stays."""
        self._session = None
        self._authenticated = False

    def process(self, frame: bytes) -> bytes | None:
        """One command frame -> one response frame. Anything malformed, or for another card, is met with silence."""
        if len(frame) < 2 or frame[0] != len(frame):
            return None
        command = frame[1]
        if command == _POLLING:
            return self._poll(frame[2:])
        if command not in (_READ, _WRITE) or frame[2:10] != self.image.idm:
            return None
        parsed = _parse(frame[10:], with_data=command == _WRITE)
        if parsed is None:
            return None
        body = parsed if isinstance(parsed, bytes) else self._read(parsed) if command == _READ else self._write(parsed)
        answer = bytes((command + 1,)) + self.image.idm + body
        return bytes((len(answer) + 1,)) + answer

    def _poll(self, body: bytes) -> bytes | None:
        if len(body) != 4:
            return None
        is_ndef = self._blocks[lite_s.MC][3] == 1
        codes = [code.to_bytes(2, "big") for code in (lite_s.SYSTEM_CODE, *((_NDEF,) if is_ndef else ()))]
        own = next((code for code in codes if _is_asked(body[:2], code)), None)
        if own is None:
            return None
        answer = b"\x01" + self.image.idm + self.image.pmm + (own if body[2] == 1 else _SPEEDS if body[2] == 2 else b"")
        return bytes((len(answer) + 1,)) + answer

    # -- reading

    def _read(self, request: _Request) -> bytes:
        blocks = request.blocks
        macs = [block for block in blocks if block in (lite_s.MAC, lite_s.MAC_A)]
        for place, block in enumerate(blocks):
            is_fixed = request.service == lite_s.READ_WRITE_SERVICE and not self._is_rewritable(block)
            if block not in _READABLE or is_fixed:
                return _at(place, _NO_SUCH_BLOCK)
            if block == lite_s.MAC_A and self._session is None:
                return _at(place, _WRONG_MAC)
            if self._protected(6, block) and not self._authenticated:
                return _at(place, _UNAUTHENTICATED)
        if len(macs) > 1 or (macs and (blocks[-1] != macs[0] or self._session is None)) or blocks == (lite_s.MAC,):
            return _BAD_MAC_LIST  # our choice: a MAC stands last, once; and the older one proves something, after RC
        plain = blocks[:-1] if macs else blocks
        data = b"".join(self._contents(block) for block in plain)
        if macs and self._session is not None:
            is_older = macs == [lite_s.MAC]
            mac = (
                lite_s.read_mac_of_data(self._session, data)
                if is_older
                else lite_s.read_mac(self._session, plain, data)
            )
            data += mac + bytes(8)
        return OK + bytes((len(blocks),)) + data

    def _contents(self, block: int) -> bytes:
        if block == lite_s.STATE:
            return bytes((int(self._authenticated),)) + bytes(15)
        return self._blocks.get(block, bytes(16))

    # -- writing

    def _write(self, request: _Request) -> bytes:
        block, data = request.blocks[0], request.data[:16]
        with_mac = len(request.blocks) == 2
        if with_mac and request.blocks[1] != lite_s.MAC_A:
            return _at(1, _NO_SUCH_BLOCK)
        if not with_mac and block == lite_s.RC:
            self._session = lite_s.session_key(self._key, lite_s.swap_halves(data))
            self._authenticated = False
            return OK
        if not self._writable(block) or (not with_mac and self._needs_mac(block)):
            return _at(0, _NO_SUCH_BLOCK)
        if self._protected(8, block) and not self._authenticated:
            return _at(0, _UNAUTHENTICATED)
        if with_mac and not self._mac_holds(block, data, request.data[16:32]):
            return _at(1, _WRONG_MAC)
        return self._store(block, data)

    def _store(self, block: int, data: bytes) -> bytes:
        was_open = self._system_is_open
        if block == lite_s.STATE:
            self._authenticated = data[0] == 1
        elif block == lite_s.REG:
            self._lower_registers(data)
        elif block == lite_s.MC:
            self._restrict(data)
        elif block == lite_s.CK:
            self._key = lite_s.swap_halves(data)
        elif block == lite_s.ID:
            self._blocks[block] = self.image.idm + data[8:]  # its first half is the chip's own
        else:
            self._blocks[block] = data
        count = min(self._write_count + 1, _MOST_WRITES)
        if was_open and not self._system_is_open:
            count = 0  # closing the system blocks is what sets the count of a card fresh from the factory to 0
        self._blocks[lite_s.WCNT] = count.to_bytes(3, "little") + bytes(13)
        return WORN if count > WORN_AFTER_WRITES and not self._system_is_open else OK

    def _lower_registers(self, data: bytes) -> None:
        """REG's two counters only ever decrease; a raise is answered OK and changes nothing."""
        old = self._blocks[lite_s.REG]
        halves = [(int.from_bytes(new[at : at + 4], "little")) for new in (old, data) for at in (0, 4)]
        if halves[2] <= halves[0] and halves[3] <= halves[1]:
            self._blocks[lite_s.REG] = data

    def _restrict(self, data: bytes) -> None:
        """MC only ever grows stricter: bytes 0-1 lose ones, 6-12 gain them, while bit 15 of 0-1 is one; 2-5 are open
        until byte 2 locks them."""
        old = self._blocks[lite_s.MC]
        new = bytearray(old)
        if old[1] & 0x80:
            new[0:2] = (old_byte & byte for old_byte, byte in zip(old[0:2], data[0:2], strict=True))
            new[6:13] = (old_byte | byte for old_byte, byte in zip(old[6:13], data[6:13], strict=True))
        if old[2] == 0xFF:
            new[2:6] = data[2:6]
        self._blocks[lite_s.MC] = bytes(new)

    @property
    def _system_is_open(self) -> bool:
        """Whether ID, SER_C, CKV and CK are as open as they left the factory."""
        return self._blocks[lite_s.MC][2] == 0xFF

    @property
    def _write_count(self) -> int:
        return int.from_bytes(self._blocks[lite_s.WCNT][:3], "little")

    def _mac_holds(self, block: int, data: bytes, mac_block: bytes) -> bool:
        count = self._write_count
        last = _MOST_WRITES if self._system_is_open else lite_s.LAST_WRITE_COUNT
        if self._session is None or count >= last or mac_block[8:11] != count.to_bytes(3, "little"):
            return False
        return lite_s.same(lite_s.write_mac(self._session, count, block, data), mac_block[:8])

    def _is_rewritable(self, block: int) -> bool:
        """Whether the read-write service reaches a block for reading: not those that are fixed."""
        return block in (lite_s.RC, lite_s.MAC_A, lite_s.MC) or self._writable(block)

    def _writable(self, block: int) -> bool:
        if block not in _COUNTED:
            return False
        mc = self._blocks[lite_s.MC]
        if block in _SYSTEM_BLOCKS and not self._system_is_open:
            return block in (lite_s.CK, lite_s.CKV) and mc[5] == 1
        if block == lite_s.MC:
            return bool(mc[1] & 0x80) or self._system_is_open
        return block > lite_s.REG or bool(int.from_bytes(mc[0:2], "little") >> block & 1)

    def _needs_mac(self, block: int) -> bool:
        mc = self._blocks[lite_s.MC]
        if block in (lite_s.CK, lite_s.CKV):
            return mc[5] == 1 or not self._system_is_open
        if block == lite_s.STATE:
            return mc[12] == 1
        return self._protected(10, block)

    def _protected(self, offset: int, block: int) -> bool:
        """One of MC's bit maps over S_PAD0 to 13 and REG: at 6 read, at 8 write needs authentication; at 10, MAC."""
        mc = self._blocks[lite_s.MC]
        return block <= lite_s.REG and bool(int.from_bytes(mc[offset : offset + 2], "little") >> block & 1)


def _at(place: int, flag: int) -> bytes:
    """The two status flags that refuse the element of this place."""
    return bytes((1 << place, flag))


def _is_asked(asked: bytes, code: bytes) -> bool:
    """FF in either byte asks for any."""
    return all(want in (0xFF, have) for want, have in zip(asked, code, strict=True))


def _parse(body: bytes, *, with_data: bool) -> _Request | bytes | None:
    """Service list, block list and data of a read or write; the status that refuses them; None if not whole."""
    services_end = 1 + 2 * body[0] if body else 0
    if not 0 < services_end < len(body):
        return None
    count, at = body[services_end], services_end + 1
    elements: list[tuple[int, int]] = []
    for _ in range(count):
        size = 2 if at < len(body) and body[at] & 0x80 else 3
        if at + size > len(body):
            return None
        elements.append((body[at], int.from_bytes(body[at + 1 : at + size], "little")))
        at += size
    data = body[at:]
    if len(data) != (16 * count if with_data else 0):
        return None
    if body[0] != 1:
        return _BAD_SERVICE_COUNT
    if not 1 <= count <= (2 if with_data else lite_s.MAX_BLOCKS_PER_READ):
        return _BAD_BLOCK_COUNT
    service = int.from_bytes(body[1:3], "little")
    if service not in (lite_s.READ_WRITE_SERVICE, *(() if with_data else (lite_s.READ_ONLY_SERVICE,))):
        return _BAD_SERVICE
    for place, (head, _) in enumerate(elements):
        if head & 0x0F:
            return _at(place, _NO_SUCH_INDEX)
        if head & 0x70:
            return _at(place, _NO_SUCH_MODE)
    return _Request(service, tuple(block for _, block in elements), data)
