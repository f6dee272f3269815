"""FeliCa Lite-S (RC-S966): memory map, session key and MAC_A.

Source: FeliCa Lite-S User's Manual (blocks, MAC_A), nfcpy's tt3_sony.py for the byte order it proves on real cards.
Triple DES is what the chip does; it comes from `cryptography` with the 16-byte key expanded to K1 K2 K1, which also
takes the K1 = K2 key of a card fresh from the factory.
"""

from array import array
from hmac import compare_digest
from typing import NamedTuple

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import CBC

SYSTEM_CODE = 0x88B4
IC_CODES = (0xF1, 0xF2)
"""Second byte of PMm: RC-S966, and FeliCa Link in its Lite-S mode. FeliCa Lite (F0) has the same system code, but no
MAC_A."""
S_PADS = 14
REG = 0x0E
RC = 0x80
MAC = 0x81
ID = 0x82
D_ID = 0x83
SER_C = 0x84
SYS_C = 0x85
CKV = 0x86
CK = 0x87
MC = 0x88
WCNT = 0x90
MAC_A = 0x91
STATE = 0x92
CRC_CHECK = 0xA0

READ_ONLY_SERVICE = 0x000B
READ_WRITE_SERVICE = 0x0009
MAX_BLOCKS_PER_READ = 4
LAST_WRITE_COUNT = 0xFFFE00
"""From here on the card takes no more writes with MAC_A. A card leaves the factory with this count: until its system
blocks are closed, which sets the count to 0, it can prove itself but takes no such write (?)."""
FACTORY_KEY = bytes(16)

_ZERO_IV = bytes(8)


class SessionKey(NamedTuple):
    """What both sides derive from the card key and the random challenge: 16 bytes of key, 8 of start vector."""

    key: bytes
    iv: bytes

    def __repr__(self) -> str:
        """Not the key."""
        return "SessionKey(...)"


def swap_halves(data: bytes) -> bytes:
    """Each 8 bytes reversed: how the chip stores RC and CK."""
    return data[7::-1] + data[15:7:-1]


def session_key(card_key: bytes, challenge: bytes) -> SessionKey:
    """SK = 3DES-CBC(CK, start vector 0, RC), and RC1 as the start vector of every MAC."""
    return SessionKey(_cbc(card_key, _ZERO_IV, challenge), challenge[:8])


def read_mac(session: SessionKey, blocks: tuple[int, ...], data: bytes) -> bytes:
    """MAC_A (8 bytes) over blocks read. The numbers are bound too, MAC_A's own among them; unused places are FF.

    That is what MAC (81h) lacks, and why we never trust it: blocks could be swapped on the air unseen.
    """
    head = b"".join(block.to_bytes(2, "little") for block in (*blocks, MAC_A))
    return _mac(session.key, session.iv, head.ljust(8, b"\xff") + data)


def read_mac_of_data(session: SessionKey, data: bytes) -> bytes:
    """MAC (81h) over the data alone. Only for readers of the older way; our reader doesn't use it."""
    return _mac(session.key, session.iv, data)


def write_mac(session: SessionKey, write_count: int, block: int, data: bytes) -> bytes:
    """MAC_A (8 bytes) of a one-block write: bound to the write counter and the block, key halves exchanged."""
    head = write_count.to_bytes(3, "little") + bytes((0, block, 0, MAC_A, 0))
    return _mac(session.key[8:] + session.key[:8], session.iv, head + data)


def is_lite_s(pmm: bytes) -> bool:
    """Whether a card's manufacture parameters name a Lite-S chip."""
    return pmm[1] in IC_CODES


def same(ours: bytes, theirs: bytes) -> bool:
    """Compare two MACs without telling by time how far they agree."""
    return compare_digest(ours, theirs)


def _mac(key: bytes, iv: bytes, plain: bytes) -> bytes:
    """The last cipher block, the plain text and the result each reversed in groups of 8."""
    turned = array("Q", plain)
    turned.byteswap()
    return _cbc(key, iv, turned.tobytes())[:-9:-1]


def _cbc(key: bytes, iv: bytes, plain: bytes) -> bytes:
    encryptor = Cipher(TripleDES(key + key[:8]), CBC(iv)).encryptor()
    return encryptor.update(plain) + encryptor.finalize()
