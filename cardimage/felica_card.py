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
_NEEDS_AUTHENTICATION = b"\x01\xb1"
_BAD_MAC = b"\x02\xb2"

_POLLING, _READ, _WRITE = 0x00, 0x06, 0x08
_READABLE = (
    *range(lite_s.S_PADS),
    *(lite_s.REG, lite_s.MAC, lite_s.ID, lite_s.D_ID, lite_s.SER_C, lite_s.SYS_C, lite_s.CKV),
    *(lite_s.MC, lite_s.WCNT, lite_s.MAC_A, lite_s.STATE, lite_s.CRC_CHECK),
)
_COUNTED = (*range(lite_s.S_PADS), lite_s.REG, lite_s.ID, lite_s.SER_C, lite_s.CKV, lite_s.CK, lite_s.MC, lite_s.STATE)
_SYSTEM_BLOCKS = (lite_s.ID, lite_s.SER_C, lite_s.CKV, lite_s.CK)


class _Request(NamedTuple):
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
        self._challenge: bytes | None = None
        self._authenticated = False

    def power_off(self) -> None:
        """The card leaves the field: session and STATE are gone, memory stays."""
        self._challenge = None
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
        body = parsed if isinstance(parsed, bytes) else self._read(parsed) if command == _READ else self._write(parsed)
        answer = bytes((command + 1,)) + self.image.idm + body
        return bytes((len(answer) + 1,)) + answer

    def _poll(self, body: bytes) -> bytes | None:
        if len(body) != 4:
            return None
        own = lite_s.SYSTEM_CODE.to_bytes(2, "big")
        if any(asked not in (0xFF, code) for asked, code in zip(body, own, strict=False)):
            return None
        answer = b"\x01" + self.image.idm + self.image.pmm + (own if body[2] == 1 else b"")
        return bytes((len(answer) + 1,)) + answer

    # -- reading

    def _read(self, request: _Request) -> bytes:
        blocks = request.blocks
        if any(block not in _READABLE for block in blocks):
            return bytes((1 << _first(blocks, _READABLE), 0xA8))
        macs = [block for block in blocks if block in (lite_s.MAC, lite_s.MAC_A)]
        if (
            len(macs) > 1
            or (macs and (blocks[-1] != macs[0] or self._challenge is None))
            or blocks == (lite_s.MAC,)  # there is nothing for it to prove
        ):
            return _BAD_MAC_LIST  # our choice: a MAC stands last, once, and after a challenge
        if not self._authenticated and any(self._protected(6, block) for block in blocks):
            return _NEEDS_AUTHENTICATION
        plain = blocks[:-1] if macs else blocks
        data = b"".join(self._contents(block) for block in plain)
        if macs == [lite_s.MAC_A]:
            data += lite_s.read_mac(self._session(), plain, data) + bytes(8)
        elif macs == [lite_s.MAC]:
            data += lite_s.read_mac_of_data(self._session(), data) + bytes(8)
        return OK + bytes((len(blocks),)) + data

    def _contents(self, block: int) -> bytes:
        if block == lite_s.STATE:
            return bytes((int(self._authenticated),)) + bytes(15)
        return self._blocks.get(block, bytes(16))

    def _session(self) -> lite_s.SessionKey:
        assert self._challenge is not None
        return lite_s.session_key(self._key, self._challenge)

    # -- writing

    def _write(self, request: _Request) -> bytes:
        block, data = request.blocks[0], request.data[:16]
        with_mac = len(request.blocks) == 2
        if with_mac and request.blocks[1] != lite_s.MAC_A:
            return _BAD_MAC_LIST
        if not with_mac and block == lite_s.RC:
            self._challenge = lite_s.swap_halves(data)
            self._authenticated = False
            return OK
        if not self._writable(block):
            return b"\x01\xa8"
        if self._protected(8, block) and not self._authenticated:
            return _NEEDS_AUTHENTICATION
        if with_mac and not self._mac_holds(block, data, request.data[16:32]):
            return _BAD_MAC
        if not with_mac and self._needs_mac(block):
            return _BAD_MAC_LIST
        return self._store(block, data)

    def _store(self, block: int, data: bytes) -> bytes:
        if block == lite_s.STATE:
            self._authenticated = data[0] == 1
        elif block == lite_s.REG:
            self._lower_registers(data)
        elif block == lite_s.MC:
            self._restrict(data)
        elif block == lite_s.CK:
            self._key = lite_s.swap_halves(data)
        else:
            self._blocks[block] = data
        count = min(self._write_count + 1, _MOST_WRITES)
        self._blocks[lite_s.WCNT] = count.to_bytes(3, "little") + bytes(13)
        return WORN if count > WORN_AFTER_WRITES else OK

    def _lower_registers(self, data: bytes) -> None:
        """REG's two counters only ever decrease; a raise is answered OK and changes nothing."""
        old = self._blocks[lite_s.REG]
        halves = [(int.from_bytes(new[at : at + 4], "little")) for new in (old, data) for at in (0, 4)]
        if halves[2] <= halves[0] and halves[3] <= halves[1]:
            self._blocks[lite_s.REG] = data

    def _restrict(self, data: bytes) -> None:
        """MC only ever grows stricter: bytes 0-1 lose ones, 6-12 gain them; 2-5 are open until byte 2 locks them."""
        old = self._blocks[lite_s.MC]
        new = bytearray(old)
        new[0:2] = (old_byte & byte for old_byte, byte in zip(old[0:2], data[0:2], strict=True))
        if old[2] == 0xFF:
            new[2:6] = data[2:6]
        new[6:13] = (old_byte | byte for old_byte, byte in zip(old[6:13], data[6:13], strict=True))
        self._blocks[lite_s.MC] = bytes(new)

    @property
    def _write_count(self) -> int:
        return int.from_bytes(self._blocks[lite_s.WCNT][:3], "little")

    def _mac_holds(self, block: int, data: bytes, mac_block: bytes) -> bool:
        count = self._write_count
        if (
            self._challenge is None
            or count >= lite_s.LAST_WRITE_COUNT
            or mac_block[8:11] != count.to_bytes(3, "little")
        ):
            return False
        return lite_s.same(lite_s.write_mac(self._session(), count, block, data), mac_block[:8])

    def _writable(self, block: int) -> bool:
        if block not in _COUNTED:
            return False
        mc = self._blocks[lite_s.MC]
        if block in _SYSTEM_BLOCKS and mc[2] != 0xFF:
            return block in (lite_s.CK, lite_s.CKV) and mc[5] == 1
        if block == lite_s.MC:
            return bool(mc[1] & 0x80)
        return block > lite_s.REG or bool(int.from_bytes(mc[0:2], "little") >> block & 1)

    def _needs_mac(self, block: int) -> bool:
        mc = self._blocks[lite_s.MC]
        if block in (lite_s.CK, lite_s.CKV):
            return mc[2] != 0xFF
        if block == lite_s.STATE:
            return mc[12] == 1
        return self._protected(10, block)

    def _protected(self, offset: int, block: int) -> bool:
        """One of MC's bit maps over S_PAD0 to 13 and REG: at 6 read, at 8 write needs authentication; at 10, MAC."""
        mc = self._blocks[lite_s.MC]
        return block <= lite_s.REG and bool(int.from_bytes(mc[offset : offset + 2], "little") >> block & 1)


def _parse(body: bytes, *, with_data: bool) -> _Request | bytes:
    """Service list, block list and data of a read or write; or the status that refuses them."""
    if not body or body[0] != 1 or len(body) < 4:
        return _BAD_SERVICE_COUNT
    service = int.from_bytes(body[1:3], "little")
    if service not in (
        (lite_s.READ_WRITE_SERVICE,) if with_data else (lite_s.READ_WRITE_SERVICE, lite_s.READ_ONLY_SERVICE)
    ):
        return _BAD_SERVICE
    count, at = body[3], 4
    if not 1 <= count <= (2 if with_data else lite_s.MAX_BLOCKS_PER_READ):
        return _BAD_BLOCK_COUNT
    blocks: list[int] = []
    for _ in range(count):
        size = 2 if at < len(body) and body[at] & 0x80 else 3
        if at + size > len(body) or body[at] & 0x0F:
            return _BAD_BLOCK_COUNT
        blocks.append(int.from_bytes(body[at + 1 : at + size], "little"))
        at += size
    data = body[at:]
    if len(data) != (16 * count if with_data else 0):
        return _BAD_BLOCK_COUNT
    return _Request(tuple(blocks), data)


def _first(blocks: tuple[int, ...], allowed: tuple[int, ...]) -> int:
    return next(place for place, block in enumerate(blocks) if block not in allowed)
