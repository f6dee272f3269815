"""The bundles that a terminal has: of each kind the last good one, on disk, and never an older one (CTR-3, faults 28).

    store = BundleStore(folder, signed_by(keys))
    taken = store.take(Kind.HOTLIST, data)      -> the bundle, or Rejected, which says why; nothing has changed then
    store.load(Kind.HOTLIST)                    -> Loaded: the bundle as it stands on disk, if there is one

What is kept is what came, signature and all, so that it is verified anew at each start. The one before it is kept too:
if the disk loses the newest, the terminal has an older hotlist instead of none.
"""

import os
from collections.abc import Callable, Collection
from enum import StrEnum
from hashlib import file_digest
from pathlib import Path
from typing import NamedTuple

from farebox.feed.operators import Operators, parse_operators
from farebox.formats import cose
from farebox.formats.bundle import KIND_OF, MOST_BYTES, Bundle, BundleError, Directives, Hotlist, Kind, Tariff, parse
from farebox.hotlist import AGES, Ages
from farebox.terms import Orders
from tariff.operator_file import RulebookError

MOST_SIGNED_BYTES = MOST_BYTES + 4096
"""With room for what is wrapped around it."""

Verify = Callable[[bytes], bytes]
"""Signed bytes -> the payload, if the signature is the centre's; else raises ValueError."""


def signed_by(keys: Collection[bytes]) -> Verify:
    """What takes the signature of one of these public keys off: of the centre's, older and newer."""
    return lambda signed: cose.vouched(signed, keys, MOST_SIGNED_BYTES)


class Why(StrEnum):
    """Why a bundle is not taken."""

    TOO_LONG = "too-long"
    BAD_SIGNATURE = "bad-signature"
    BROKEN = "broken"
    OTHER_KIND = "other-kind"
    OLDER = "older"
    NOT_KEPT = "not-kept"  # the disk's: what would be gone at the next start is not begun with


class Rejected(NamedTuple):
    """A bundle that is not taken; the last good one stays."""

    kind: Kind
    why: Why
    detail: str


class Loaded(NamedTuple):
    """The newest bundle on disk that is good, and what was wrong with files that are newer still."""

    bundle: Bundle | None
    rejected: tuple[Rejected, ...] = ()


def operators_of(tariff: Tariff) -> Operators:
    """The operators of a tariff. Raises RulebookError, with every problem of every file."""
    return parse_operators((f"{one.scheme}/{one.effective}.toml", one.text) for one in tariff.files)


class BundleStore:
    """A folder of bundles. `verify` takes the signature off; it is asked before anything is read."""

    def __init__(self, folder: Path, verify: Verify) -> None:
        """The folder is made when something is to be kept in it."""
        self._folder = folder
        self._verify = verify

    def load(self, kind: Kind) -> Loaded:
        """The bundle that stood when the power went, or the one before it if that is broken (faults 22)."""
        rejected: list[Rejected] = []
        for path in (self._newest(kind), self._before(kind)):
            found = self._read(path, kind)
            if isinstance(found, Rejected):
                rejected.append(found)
            elif found is not None:
                return Loaded(found, tuple(rejected))
        return Loaded(None, tuple(rejected))

    def take(self, kind: Kind, signed: bytes) -> Bundle | Rejected:
        """A bundle that has come: verified, read to its end, newer than what is there, and kept durably. Or why not.

        The one that is there already comes back as itself: a centre may send it as often as it likes.
        """
        bundle = self._opened(kind, signed)
        if isinstance(bundle, Rejected):
            return bundle
        broken = broken_inside(bundle)
        if broken is not None:
            return Rejected(kind, Why.BROKEN, broken)
        standing = self.load(kind).bundle
        if standing is not None and bundle.version <= standing.version:
            if bundle == standing:
                return standing
            what = "is older" if bundle.version < standing.version else "is there already, with other contents"
            return Rejected(kind, Why.OLDER, f"version {bundle.version} {what}; version {standing.version} stays")
        try:
            self._keep(kind, signed)
        except OSError as error:
            return Rejected(kind, Why.NOT_KEPT, f"{self._folder}: {error.strerror}; see to the disk")
        return bundle

    def digest(self, kind: Kind) -> str | None:
        """SHA-256, in hex, of the newest one's file as it stands, signature and all; None if there is none to read."""
        try:
            with self._newest(kind).open("rb") as file:
                return file_digest(file, "sha256").hexdigest()
        except OSError:
            return None

    def orders(self, ages: Ages = AGES) -> Orders:
        """What hotlist and directives say together, as the terminal takes it."""
        hotlist, directives = self.load(Kind.HOTLIST).bundle, self.load(Kind.DIRECTIVES).bundle
        assert isinstance(hotlist, Hotlist | None) and isinstance(directives, Directives | None)
        return Orders(hotlist, directives, ages)

    def _newest(self, kind: Kind) -> Path:
        return self._folder / f"{kind}.bundle"

    def _before(self, kind: Kind) -> Path:
        return self._folder / f"{kind}.bundle.before"

    def _read(self, path: Path, kind: Kind) -> Bundle | Rejected | None:
        try:
            with path.open("rb") as file:
                signed = file.read(MOST_SIGNED_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            return Rejected(kind, Why.BROKEN, f"{path}: {error.strerror}")
        bundle = self._opened(kind, signed)
        return bundle._replace(detail=f"{path}: {bundle.detail}") if isinstance(bundle, Rejected) else bundle

    def _opened(self, kind: Kind, signed: bytes) -> Bundle | Rejected:
        if len(signed) > MOST_SIGNED_BYTES:
            return Rejected(kind, Why.TOO_LONG, f"more than {MOST_SIGNED_BYTES} bytes")
        try:
            payload = self._verify(signed)
        except ValueError as error:
            return Rejected(kind, Why.BAD_SIGNATURE, str(error))
        try:
            bundle = parse(payload)
        except BundleError as error:
            return Rejected(kind, Why.BROKEN, str(error))
        found = KIND_OF[type(bundle)]
        return bundle if found is kind else Rejected(kind, Why.OTHER_KIND, f"a bundle of {found}")

    def _keep(self, kind: Kind, signed: bytes) -> None:
        """Whole on the disk before it has its name; at each moment one of the two names holds a good one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        coming = self._folder / f"{kind}.bundle.coming"
        with coming.open("wb") as file:
            file.write(signed)
            file.flush()
            os.fsync(file.fileno())
        if not isinstance(self._read(self._newest(kind), kind), Rejected | None):
            self._newest(kind).replace(self._before(kind))
        coming.replace(self._newest(kind))
        _sync(self._folder)


def broken_inside(bundle: Bundle) -> str | None:
    """What reading alone does not tell: entries of directives, operator files that contradict themselves."""
    try:
        match bundle:
            case Directives():
                bundle.check()
            case Tariff():
                if not bundle.files:
                    return "no operator file"
                operators_of(bundle)
    except (BundleError, RulebookError) as error:
        return str(error)
    return None


def _sync(folder: Path) -> None:
    """Make the names durable: a folder is a file of its own."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
