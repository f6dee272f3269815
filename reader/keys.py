"""Card keys, diversified per card, of one or more versions: a port, so that master keys can live in a file, a
credential or a chip.

    keys = keys_from("card.keys")               a file
    keys = keys_from("credential:card-keys")    systemd's LoadCredential=
    keys.card_key(idm)                          the newest version's

No key is ever logged, printed or kept in a card image. docs/keys.md is for whoever looks after them.
"""

import os
import stat
from collections.abc import Mapping
from hashlib import sha256
from hmac import digest
from pathlib import Path
from typing import Protocol, TypeAlias

KEY_VERSION = 1
"""The version of a key that does not say which."""
MOST_VERSIONS = 4
"""A store holds no more: each costs a card that can't prove itself one more look at its proof."""
CREDENTIAL = "credential:"
_CREDENTIALS_DIRECTORY = "CREDENTIALS_DIRECTORY"
_MOST_FILE_BYTES = 4096


class KeyStoreFault(Exception):
    """The keys can't be used: says why and what to do."""


class Secret(bytes):
    """A key. It does not show itself, be it in a log, a traceback's locals or a failed assertion."""

    def __repr__(self) -> str:
        """Its length alone."""
        return f"<secret of {len(self)} bytes>"

    __str__ = __repr__


class KeyStore(Protocol):
    """Gives the keys of one card."""

    @property
    def versions(self) -> tuple[int, ...]:
        """The versions it holds, newest first; at least one."""

    def card_key(self, idm: bytes, version: int | None = None) -> bytes:
        """The card's 16-byte key of a version that it holds, by default the newest."""


class MasterKeyStore:
    """Keys derived from master keys: HMAC-SHA256(master, label, version, IDm), the first 16 bytes."""

    def __init__(self, master_key: bytes, version: int = KEY_VERSION, older: Mapping[int, bytes] | None = None) -> None:
        """Take the newest master key of 32 bytes and its version, and older ones that cards may still hold."""
        masters = {**(older or {}), version: master_key}
        for number, master in masters.items():
            if len(master) != 32:
                raise KeyStoreFault(f"a master key has 32 bytes, not {len(master)}")
            if not 1 <= number <= 0xFF:
                raise KeyStoreFault(f"key version {number}: a version is 1 to 255; 0 is a card without a key of ours")
        if version != max(masters):
            raise KeyStoreFault(f"key version {version} is not the newest: {max(masters)} is")
        if len(masters) > MOST_VERSIONS:
            raise KeyStoreFault(f"{len(masters)} key versions; at most {MOST_VERSIONS} are held: take the oldest out")
        self._masters = {number: Secret(masters[number]) for number in sorted(masters, reverse=True)}
        self.versions = tuple(self._masters)

    def card_key(self, idm: bytes, version: int | None = None) -> bytes:
        """The card's 16-byte key of a version, by default the newest; KeyError for one that is not held."""
        number = self.versions[0] if version is None else version
        return Secret(digest(self._masters[number], b"farebox card key" + bytes((number,)) + idm, "sha256")[:16])


def bench_keys() -> MasterKeyStore:
    """The keys of simulated cards (模擬): public by design, worth nothing, never for a card with money on it."""
    return MasterKeyStore(sha256(b"farebox bench master key: public, simulated cards only").digest())


def secrets_from(where: str | Path, environ: Mapping[str, str] = os.environ) -> dict[int, Secret]:
    """Version -> secret of 32 bytes, from a file or a systemd credential in the form of `keys_from_file`, whatever the
    secrets are for.
    """
    text = str(where)
    if text.startswith(CREDENTIAL):
        return _secrets_in(*_credential(text.removeprefix(CREDENTIAL), environ))
    return _secrets_in(*_file(Path(where)))


def keys_from(where: str | Path, environ: Mapping[str, str] = os.environ) -> MasterKeyStore:
    """Keys from a file, or from the systemd credential that `credential:NAME` names."""
    text = str(where)
    if text.startswith(CREDENTIAL):
        return keys_from_credential(text.removeprefix(CREDENTIAL), environ)
    return keys_from_file(Path(where))


def keys_from_file(path: Path) -> MasterKeyStore:
    """Master keys from a file that nobody but its owner may read (mode 0600 or 0400).

    Either 64 hex digits, which are version 1, or a line `VERSION: 64 hex digits` for each version held; `#` begins a
    comment.
    """
    return _keys_in(*_file(path))


def keys_from_credential(name: str, environ: Mapping[str, str]) -> MasterKeyStore:
    """Master keys from a credential of the service (LoadCredential=), written as a file is."""
    return _keys_in(*_credential(name, environ))


_Place: TypeAlias = tuple[Path, str, int]
"""Where secrets lie, what that is called in messages, and the rights of others that must not be there."""


def _file(path: Path) -> _Place:
    return path, f"key file {path}", 0o077


def _credential(name: str, environ: Mapping[str, str]) -> _Place:
    folder = environ.get(_CREDENTIALS_DIRECTORY)
    if not folder:
        raise KeyStoreFault(
            f"credential {name}: the service was given none ({_CREDENTIALS_DIRECTORY} is not set); add "
            f"LoadCredential={name}:/path/to/the/keys to its unit"
        )
    if not name or "/" in name or name in (".", ".."):
        raise KeyStoreFault(f"credential {name!r}: not a credential's name; it is what LoadCredential= calls it")
    # systemd lets the service's user in by an access list, which shows as the group's right to read.
    return Path(folder) / name, f"credential {name}", 0o007


def _keys_in(path: Path, called: str, open_to: int) -> MasterKeyStore:
    masters: dict[int, bytes] = {**_secrets_in(path, called, open_to)}
    newest = max(masters)
    try:
        return MasterKeyStore(masters.pop(newest), newest, masters)
    except KeyStoreFault as fault:
        raise KeyStoreFault(f"{called}: {fault}") from None


def _secrets_in(path: Path, called: str, open_to: int) -> dict[int, Secret]:
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            text = file.read(_MOST_FILE_BYTES + 1).decode("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise KeyStoreFault(f"{called}: can't be read ({type(error).__name__}); give the path of yours") from None
    if mode & open_to:
        raise KeyStoreFault(f"{called}: others may read it (mode {mode:04o}); run chmod 600 {path}")
    if len(text) > _MOST_FILE_BYTES:
        raise KeyStoreFault(f"{called}: over {_MOST_FILE_BYTES} bytes is no file of keys")
    return {version: Secret(master) for version, master in _masters(text, called).items()}


def _masters(text: str, called: str) -> dict[int, bytes]:
    """Version -> master key. No message shows what stands there."""
    masters: dict[int, bytes] = {}
    lines = [(number, line.split("#")[0].strip()) for number, line in enumerate(text.splitlines(), start=1)]
    for at, line in ((number, line) for number, line in lines if line):
        version, _, digits = line.rpartition(":")
        if version and not (version.isdecimal() and 1 <= len(version) <= 3):
            raise KeyStoreFault(f"{called}, line {at}: not `VERSION: 64 hex digits`")
        number = int(version or KEY_VERSION)
        if number in masters:
            raise KeyStoreFault(f"{called}, line {at}: version {number} stands twice")
        master = _octets(digits)
        if len(master) != 32:
            raise KeyStoreFault(f"{called}, line {at}: not 64 hex digits")
        masters[number] = master
    if not masters:
        raise KeyStoreFault(f"{called}: holds no key; a key is 64 hex digits")
    return masters


def _octets(digits: str) -> bytes:
    try:
        return bytes.fromhex(digits)
    except ValueError:
        return b""
