"""Records of vehicles come into the ledger, a segment at a time, in the order of each journal (CTR-2, CTR-4)."""

from collections.abc import Iterable
from typing import NamedTuple

from django.db import transaction

from centre.collector.models import Segment
from centre.ledger import findings
from centre.ledger.batches import batched
from centre.ledger.chain import End
from centre.ledger.companies import issuer_of
from centre.ledger.cutting_off import stopped_from
from centre.ledger.findings import Finding, Kind
from centre.ledger.from_journal import changes_of, company_at, left_over_yen, slot_of
from centre.ledger.models import CardStanding, Run, Tap
from centre.ledger.settling import Settling
from farebox.formats.journal import (
    Entry,
    Intent,
    NoteMoved,
    Outcome,
    Refused,
    Resolved,
    TripBegun,
    TripEnded,
    decode,
    encode,
)

SUSPICIOUS = ("wrong-key", "altered-card")
"""Codes of refusals to know of: a card that can't prove its key, or was put back (faults 10 to 12)."""


class Source(NamedTuple):
    """Whose records: the terminal, and its journal by the digest of its first segment, in hex."""

    terminal: str
    journal: str


def book_records(segment: Segment, entries: Iterable[Entry]) -> None:
    """A segment's records into the ledger; the caller's transaction has them all or none. To be called once for each
    segment, in the order of its journal.
    """
    book_journal(Source(segment.vehicle.terminal_id, segment.journal), entries)


def book_journal(source: Source, entries: Iterable[Entry]) -> None:
    """The same, of whatever has these records."""
    entries = tuple(entries)
    with transaction.atomic():
        _Taking(source, entries).take_all()


def tap_key(source: Source, seq: int) -> str:
    """The name of a tap, whenever and however often it is told; payments know its auto-charge by it."""
    return f"{source.terminal}:{source.journal[:16]}:{seq}"


class _Taking:
    """One segment's records, on their way in: few queries, however many records."""

    def __init__(self, source: Source, entries: tuple[Entry, ...]) -> None:
        self._source = source
        self._entries = entries
        runs = Run.objects.filter(terminal=source.terminal, journal=source.journal)
        self._run = runs.order_by("-seq").first()
        self._taps: dict[int, Tap] = {}
        self._intents: dict[int, Entry] = {}
        self._new: list[Tap] = []
        self._settling = Settling()
        self._found: list[Finding] = []

    def take_all(self) -> None:
        """All of it."""
        self._load_open()
        idms = {entry.record.idm.hex().upper() for entry in self._entries if isinstance(entry.record, Intent)}
        self._stops = stopped_from(idms | {tap.idm for tap in self._taps.values()})
        for entry in self._entries:
            self._take(entry)
        self._write()

    def _load_open(self) -> None:
        """Taps of earlier segments that these records speak of."""
        here = {entry.seq for entry in self._entries}
        ends = (entry.record for entry in self._entries)
        asked = sorted({end.intent_seq for end in ends if isinstance(end, (Outcome, Resolved, NoteMoved))} - here)
        of_it = Tap.objects.filter(terminal=self._source.terminal, journal=self._source.journal)
        for some in batched(asked):
            for tap in of_it.filter(seq__in=some).select_related("run"):
                self._taps[tap.seq] = tap
                if tap.payload:
                    self._intents[tap.seq] = decode(bytes(tap.payload))

    def _take(self, entry: Entry) -> None:
        match entry.record:
            case TripBegun() as begun:
                self._begin(entry, begun)
            case TripEnded():
                if self._run is not None:
                    self._run.ended_at_s = entry.at_s
                    self._run.save(update_fields=["ended_at_s"])
            case Intent() as intent:
                self._intend(entry, intent)
            case Outcome() | Resolved() as end:
                self._end(entry, end)
            case NoteMoved() as moved:
                tap = self._taps.get(moved.intent_seq)
                if tap is None:
                    self._missing(entry, moved.intent_seq)
                else:
                    self._settling.note_moves(tap, moved.to, entry.at_s)
            case Refused(idm=idm, code=code) if idm and code in SUSPICIOUS:
                self._found.append(Finding(Kind(code), idm.hex().upper(), self._source.terminal, at_s=entry.at_s))

    def _begin(self, entry: Entry, begun: TripBegun) -> None:
        before = self._run
        same = before is not None and before.scheme == begun.operator
        self._run = Run.objects.create(
            terminal=self._source.terminal,
            journal=self._source.journal,
            seq=entry.seq,
            began_at_s=entry.at_s,
            scheme=begun.operator,
            company=before.company if before is not None and same else issuer_of(begun.operator),
            route=begun.route_id,
            trip=begun.trip_id,
            pattern=begun.pattern_id,
            vehicle=begun.vehicle_id,
        )

    def _intend(self, entry: Entry, intent: Intent) -> None:
        slot, run = slot_of(intent), self._run
        scheme = slot.scheme if slot else run.scheme if run else ""
        company = issuer_of(scheme)
        if run is not None:
            company = company_at(intent, run.scheme, run.company)
            if company != run.company:
                run.company = company
                run.save(update_fields=["company"])
        changes = changes_of(intent)
        tap = Tap(
            key=tap_key(self._source, entry.seq),
            terminal=self._source.terminal,
            journal=self._source.journal,
            seq=entry.seq,
            at_s=entry.at_s,
            idm=intent.idm.hex().upper(),
            scheme=scheme,
            company=company,
            action=intent.action,
            run=run,
            stop_index=intent.stop_index,
            write_counter=intent.write_counter,
            slot_before=intent.slot_before,
            slot_after=intent.slot_after,
            balance_yen=intent.sf_after_yen + sum(after for _, _, after in intent.purses),
            paid_yen=-sum(changes.values()),
            due_yen=intent.due_yen,
            cash_yen=intent.cash_yen,
            auto_charge_yen=intent.auto_charge_yen,
            note_yen=intent.note_yen,
            cancels_seq=intent.cancels_seq,
            end=End.OPEN,
        )
        self._taps[entry.seq], self._intents[entry.seq] = tap, entry
        self._new.append(tap)
        if left_over_yen(intent):
            self._found.append(
                Finding(Kind.CONTRADICTS, tap.idm, tap.terminal, (tap.key,), left_over_yen(intent), entry.at_s)
            )

    def _end(self, entry: Entry, end: Outcome | Resolved) -> None:
        tap, intent = self._taps.get(end.intent_seq), self._intents.get(end.intent_seq)
        if tap is None:
            self._missing(entry, end.intent_seq)
        elif end.result == "unknown":
            tap.end = End.UNKNOWN
        elif end.result != "indeterminate" and intent is not None:
            tap.end = End(end.result)
            assert isinstance(intent.record, Intent)
            stopped = tap.at_s >= self._stops.get(tap.idm, tap.at_s + 1)
            self._settling.settle(tap, intent.record, end.result == "written", stopped)

    def _missing(self, entry: Entry, seq: int) -> None:
        self._found.append(
            Finding(Kind.NO_INTENT, terminal=self._source.terminal, taps=(tap_key(self._source, seq),), at_s=entry.at_s)
        )

    def _write(self) -> None:
        new = set(map(id, self._new))
        for seq, tap in self._taps.items():
            decided = tap.end in (End.WRITTEN, End.NOT_WRITTEN)
            tap.payload = b"" if decided or seq not in self._intents else _payload(self._intents[seq])
        Tap.objects.bulk_create(self._new)
        changed = [tap for tap in self._taps.values() if id(tap) not in new]
        Tap.objects.bulk_update(changed, ["end", "settled", "revision", "note_to", "payload"])
        self._settling.write()
        cards = {tap.idm: tap.scheme for tap in self._taps.values()}
        CardStanding.objects.bulk_create(
            (CardStanding(idm=idm, scheme=scheme) for idm, scheme in sorted(cards.items())),
            update_conflicts=True,
            unique_fields=["idm"],
            update_fields=["to_judge"],
        )
        findings.report(self._found)


def _payload(entry: Entry) -> bytes:
    return encode(entry.seq, entry.flushed_seq, entry.at_s, entry.record, entry.schema)
