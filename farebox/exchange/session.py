"""One session with the centre: its time, its bundles, then the segments, each part for itself as far as it can.

    exchange = Exchange(open_line, archive, store, …)
    report = exchange.once()                    what was sent, fetched, refused, and what went wrong

The line is given, as are nonces and clocks, so that all of it runs against a centre in memory as against a real one.
"""

import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple

from farebox.bundles import BundleStore
from farebox.exchange.answers import MOST_WORD_BYTES, Refused, refused, wanted_of
from farebox.exchange.faults import ExchangeFault, LineCut, Nonsense, NotTheCentre
from farebox.exchange.fetch import Fetched, Fetcher
from farebox.exchange.line import Line, Request
from farebox.exchange.upload import PIECE_BYTES, Uploaded, Uploader
from farebox.formats.bundle import Kind
from farebox.formats.centre import NONCE_BYTES, Time, time_from
from farebox.formats.strict import RecordError
from farebox.journal.errors import JournalFault
from farebox.journal.retention import Archive
from farebox.version import VERSION
from reader.keys import KeyStoreFault

MOST_ROUND_S = 10.0
"""A time that took longer to come is not handed to the terminal."""
_MOST_TOLD = 100


class Report(NamedTuple):
    """What one session came to. `fault` is the first that went wrong, `waiting` counts the segments left, `lost` are
    those that the centre wants and that are gone from here. `declined`: the centre wants nothing from this vehicle now.
    """

    centre_s: int | None = None
    bundles: tuple[Fetched, ...] = ()
    segments: Uploaded = Uploaded()
    waiting: int = 0
    lost: tuple[int, ...] = ()
    declined: Refused | None = None
    fault: Exception | None = None

    @property
    def refusals(self) -> tuple[Refused, ...]:
        """All that the centre, or this terminal, declined."""
        found = (self.declined, *(each.why for each in self.bundles), self.segments.why)
        return tuple(each for each in found if each is not None)

    @property
    def done(self) -> bool:
        """Nothing went wrong, and nothing is left to be done."""
        return self.fault is None and not self.refusals and not self.lost and not self.segments.aside

    @property
    def retry_after_s(self) -> int:
        """How long the centre wants to be left alone."""
        return max((each.retry_after_s or 0 for each in self.refusals), default=0)


class Exchange:
    """What is exchanged with one centre, session after session."""

    def __init__(
        self,
        open_line: Callable[[], Line],
        archive: Archive,
        store: BundleStore,
        folder: Path,
        keys: Collection[bytes],
        token: str,
        nonce: Callable[[int], bytes],
        counted_s: Callable[[], float],
        told: Callable[[Time, float], None] = lambda *_: None,
        *,
        piece_bytes: int = PIECE_BYTES,
        stopping: Callable[[], bool] = lambda: False,
        progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        """`open_line` may raise reader.keys.KeyStoreFault, ExchangeFault. `folder` keeps pieces of bundles, `keys` are
        the centre's, `nonce` gives random bytes, `told` hands the centre's time on, with the count of `counted_s` when
        it came.
        """
        self._open_line, self._archive, self._store, self._folder = open_line, archive, store, folder
        self._keys, self._identity = keys, (("Authorization", f"Bearer {token}"),)
        self._nonce, self._counted_s, self._told = nonce, counted_s, told
        self._piece_bytes, self._stopping, self._progress = piece_bytes, stopping, progress
        self._refused: dict[Kind, str] = {}
        self._versions: dict[Kind, tuple[str | None, int | None]] = {}
        self._line: Line | None = None

    def waiting(self) -> tuple[int, ...]:
        """The segments that the centre has not acknowledged. Raises JournalFault."""
        return self._archive.waiting()

    def hang_up(self) -> None:
        """End a session that is under way, from a signal's handler."""
        if self._line is not None:
            self._line.hang_up()

    def once(self) -> Report:
        """One session, to its end or as far as it gets. What goes wrong is in the report; only bugs are raised."""
        report = Report()
        try:
            self._line = line = self._open_line()
        except (KeyStoreFault, ExchangeFault) as fault:
            return report._replace(waiting=self._still_waiting(), fault=fault)
        try:
            report = self._ask_time(line, report)
            if report.declined is None:
                report = self._fetch(line, report)
                if not isinstance(report.fault, LineCut | NotTheCentre):
                    report = self._send(line, report)
            report = report._replace(waiting=len(self.waiting()))
        except (ExchangeFault, JournalFault, OSError) as fault:
            report = report._replace(waiting=self._still_waiting(), fault=fault)
        finally:
            line.close()
            self._line = None
        return report

    def _fetch(self, line: Line, report: Report) -> Report:
        fetcher = Fetcher(
            line,
            self._store,
            self._folder,
            self._identity,
            self._refused,
            piece_bytes=self._piece_bytes,
            stopping=self._stopping,
        )
        for kind in Kind:
            try:
                report = report._replace(bundles=(*report.bundles, fetcher.fetch(kind)))
            except (Nonsense, OSError) as fault:  # of this bundle alone: the journal has to get through all the same
                report = report._replace(fault=report.fault or fault)
            except ExchangeFault as fault:
                return report._replace(fault=fault)
        return report

    def _send(self, line: Line, report: Report) -> Report:
        wanted = self._say_how_it_stands(line)
        if isinstance(wanted, Refused):
            return report._replace(declined=wanted)
        here = self._archive.sealed()
        numbers = {*self._archive.waiting(), *(number for number in wanted if number in here)}
        uploader = Uploader(
            line,
            self._archive,
            self._keys,
            self._identity,
            piece_bytes=self._piece_bytes,
            stopping=self._stopping,
            progress=self._progress,
        )
        segments = uploader.send(numbers)
        lost = tuple(number for number in wanted if number not in here)
        return report._replace(segments=segments, lost=lost, fault=report.fault or segments.fault)

    def _version(self, kind: Kind) -> int | None:
        """Of the bundle that is here; read anew only if its file is another one than last time."""
        digest = self._store.digest(kind)
        if self._versions.get(kind, (None, None))[0] != digest:
            bundle = self._store.load(kind).bundle
            self._versions[kind] = digest, bundle.version if bundle else None
        return self._versions.get(kind, (None, None))[1]

    def _still_waiting(self) -> int:
        try:
            return len(self.waiting())
        except JournalFault:
            return 0

    def _ask_time(self, line: Line, report: Report) -> Report:
        """The centre's time, signed for this very question. Whoever can't sign it is not the centre, nor can its
        certificate be judged. The token is not sent before.
        """
        nonce = self._nonce(NONCE_BYTES)
        asked_s = self._counted_s()
        answer = line.ask(Request("GET", f"time?nonce={nonce.hex()}"), MOST_WORD_BYTES)
        came_s = self._counted_s()
        if answer.status != 200:
            return report._replace(declined=refused(answer))
        try:
            time = time_from(answer.body, self._keys)
        except RecordError as error:
            raise NotTheCentre(f"the time is not the centre's: {error}; see keys.centre") from None
        if time.nonce != nonce:
            raise NotTheCentre("the time was signed for another question: an old answer, played again")
        line.valid_at(time.at_s)
        report = report._replace(centre_s=time.at_s)
        if came_s - asked_s <= MOST_ROUND_S:
            try:
                self._told(time, came_s)
            except OSError as fault:  # of the file alone: all else can go on
                return report._replace(fault=fault)
        return report

    def _say_how_it_stands(self, line: Line) -> tuple[int, ...] | Refused:
        """Tell what is here; the centre answers which segments it lacks."""
        versions = {kind.value: version for kind in Kind if (version := self._version(kind)) is not None}
        status = {
            "software": VERSION,
            "waiting": self._archive.waiting()[:_MOST_TOLD],
            "aside": self._archive.rotten()[:_MOST_TOLD],
            "bundles": versions,
        }
        body = json.dumps(status).encode()
        headers = (*self._identity, ("Content-Type", "application/json"))
        answer = line.ask(Request("PUT", "status", headers, body), MOST_WORD_BYTES)
        if answer.status == 204:
            return ()
        return wanted_of(answer) if answer.status == 200 else refused(answer)
