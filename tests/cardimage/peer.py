"""The card's cryptography a second time: nfcpy's own MAC over pyDes, against which ours is held."""

from nfc.tag.tt3_sony import CBC, FelicaLiteS, triple_des

FACTORY_KEY = bytes(16)


def session_key(card_key: bytes, challenge: bytes) -> bytes:
    return bytes(triple_des(card_key, CBC, bytes(8)).encrypt(challenge))


def mac(key: bytes, challenge: bytes, text: bytes, *, flip: bool = False) -> bytes:
    return bytes(FelicaLiteS.generate_mac(text, key, challenge[:8], flip))


def read_mac(card_key: bytes, challenge: bytes, blocks: tuple[int, ...], data: bytes) -> bytes:
    """MAC_A of a read: block numbers of 2 bytes, MAC_A's own last, FF to 8 bytes, then the data."""
    text = b"".join(bytes((block, 0)) for block in (*blocks, 0x91))
    text += b"\xff" * (8 - len(text))
    return mac(session_key(card_key, challenge), challenge, text + data)


def write_mac(card_key: bytes, challenge: bytes, count: int, block: int, data: bytes) -> bytes:
    """MAC_A of a write: WCNT, 00, the block, 00 91 00, then the data; the key's halves exchanged."""
    text = bytes((count & 0xFF, count >> 8 & 0xFF, count >> 16, 0, block, 0, 0x91, 0))
    return mac(session_key(card_key, challenge), challenge, text + data, flip=True)
