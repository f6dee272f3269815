"""Card keys, diversified per card: a port, so that the master key can live in a file, a credential or a chip.

No key is ever logged, printed or kept in a card image.
"""

import stat
from hashlib import sha256
from hmac import digest
from pathlib import Path
from typing import Protocol

KEY_VERSION = 1


class KeyStoreFault(Exception):
    """The key file can't be used: says why and what to do."""


class KeyStore(Protocol):
    """Gives the key of one card."""

    def card_key(self, idm: bytes) -> bytes:
        """The card's 16-byte key."""


class MasterKeyStore:
    """Keys derived from one master key: HMAC-SHA256(master, label, version, IDm), the first 16 bytes."""

    def __init__(self, master_key: bytes) -> None:
        """Take a master key of 32 bytes."""
        if len(master_key) != 32:
            raise KeyStoreFault(f"a master key has 32 bytes, not {len(master_key)}")
        self._master_key = master_key

    def card_key(self, idm: bytes) -> bytes:
        """The card's 16-byte key."""
        return digest(self._master_key, b"farebox card key" + bytes((KEY_VERSION,)) + idm, "sha256")[:16]


def bench_keys() -> MasterKeyStore:
    """The keys of simulated cards (模擬): public by design, worth nothing, never for a card with money on it."""
    return MasterKeyStore(sha256(b"farebox bench master key: public, simulated cards only").digest())


def keys_from_file(path: Path) -> MasterKeyStore:
    """A master key from a file of 64 hex digits that nobody but its owner may read (mode 0600 or 0400)."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyStoreFault(
            f"key file {path}: can't be read ({type(error).__name__}); give the path of yours"
        ) from None
    if mode & 0o077:
        raise KeyStoreFault(f"key file {path}: others may read it (mode {mode:04o}); run chmod 600 {path}")
    try:
        return MasterKeyStore(bytes.fromhex(text))
    except (ValueError, KeyStoreFault):
        raise KeyStoreFault(f"key file {path}: not 64 hex digits") from None
