"""Bundles on their way from the centre: by kind, in pieces, going on after a cut, and none that is here already.

A bundle is named by its SHA-256, which is its ETag: so what was fetched of it before a cut belongs to it whatever
happened since, and the whole is checked before anything is asked of its contents. Whether it is then taken is for
the store to say, by the signature first (faults 28).
"""

import re
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from farebox.bundles import MOST_SIGNED_BYTES, BundleStore, Rejected, Why
from farebox.exchange.answers import MOST_WORD_BYTES, STOPPED, Answer, Piece, Refused, piece_of, refused
from farebox.exchange.faults import Nonsense
from farebox.exchange.line import Line, Request
from farebox.formats.bundle import Kind

PIECE_BYTES = 256 << 10
_PART = ".part"
_DIGEST = re.compile("[0-9a-f]{64}")


class Fetched(NamedTuple):
    """What came of one kind: its version here now if a new one was taken; or why not; neither: nothing new."""

    kind: Kind
    version: int | None = None
    why: Refused | None = None


class Fetcher:
    """Fetches into a store; pieces wait in a folder. Raises ExchangeFault, OSError."""

    def __init__(
        self,
        line: Line,
        store: BundleStore,
        folder: Path,
        identity: tuple[tuple[str, str], ...],
        refused: dict[Kind, str],
        *,
        piece_bytes: int = PIECE_BYTES,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """`refused` is kept by the caller: what was once not taken is not fetched again while it lives. `stopping` is
        asked between pieces.
        """
        self._line, self._store, self._folder, self._identity = line, store, folder, identity
        self._refused, self._piece_bytes, self._stopping = refused, piece_bytes, stopping

    def fetch(self, kind: Kind) -> Fetched:
        """The newest of a kind, if it is another one than that which is here."""
        part = self._part(kind)
        while True:
            asked = self._line.ask(self._request(kind, part), max(self._piece_bytes, MOST_WORD_BYTES))
            if asked.status == 304 or (asked.status == 404 and part is None):
                return Fetched(kind)
            if part is not None and asked.status in (404, 412, 416):
                part.unlink()  # the centre has another one by now
                part = None
                continue
            if asked.status not in (200, 206):
                return Fetched(kind, why=refused(asked))
            part, complete = self._kept(kind, part, asked)
            if complete:
                return self._taken(kind, part)
            if self._stopping():
                return Fetched(kind, why=Refused(STOPPED, "asked to end; the next start goes on from here"))

    def _request(self, kind: Kind, part: Path | None) -> Request:
        start = part.stat().st_size if part else 0
        condition = (("If-Match", f'"{_digest_of(part)}"'),) if part else self._unless_known(kind)
        span = ("Range", f"bytes={start}-{start + self._piece_bytes - 1}")
        return Request("GET", f"bundles/{kind}", (*self._identity, span, *condition))

    def _unless_known(self, kind: Kind) -> tuple[tuple[str, str], ...]:
        known = [digest for digest in (self._store.digest(kind), self._refused.get(kind)) if digest]
        return (("If-None-Match", ", ".join(f'"{digest}"' for digest in known)),) if known else ()

    def _kept(self, kind: Kind, part: Path | None, answer: Answer) -> tuple[Path, bool]:
        """Where the pieces are now, and whether that is all of them."""
        piece = piece_of(answer, part.stat().st_size if part else 0, MOST_SIGNED_BYTES)
        place = self._folder / f"{kind}.{piece.digest}{_PART}"
        if part is not None and part != place:
            part.unlink()
            raise Nonsense(f"a piece of another {kind} than was asked for")
        self._folder.mkdir(parents=True, exist_ok=True)
        with place.open("ab") as file:
            file.write(piece.data)
        return place, _ends(piece)

    def _taken(self, kind: Kind, part: Path) -> Fetched:
        data, digest = part.read_bytes(), _digest_of(part)
        part.unlink()
        if sha256(data).hexdigest() != digest:
            raise Nonsense(f"a {kind} that is not what its ETag says; fetched anew later")
        taken = self._store.take(kind, data)
        if isinstance(taken, Rejected):
            if taken.why is not Why.NOT_KEPT:  # a disk has room again, or is mended; a bundle stays what it is
                self._refused[kind] = digest
            return Fetched(kind, why=Refused(taken.why, taken.detail))
        return Fetched(kind, taken.version)

    def _part(self, kind: Kind) -> Path | None:
        """What was fetched before a cut. Of several none is: a power cut left them."""
        found = [path for path in self._folder.glob(f"{kind}.*{_PART}") if _DIGEST.fullmatch(_digest_of(path))]
        if len(found) == 1 and 0 < found[0].stat().st_size < MOST_SIGNED_BYTES:
            return found[0]
        for path in found:
            with suppress(FileNotFoundError):
                path.unlink()
        return None


def _digest_of(part: Path) -> str:
    return part.name.removesuffix(_PART).partition(".")[2]


def _ends(piece: Piece) -> bool:
    return piece.start + len(piece.data) == piece.total
