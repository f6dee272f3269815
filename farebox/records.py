"""What the terminal writes into its journal, made from what it knows. The schemas are farebox/formats/journal.py's."""

from hashlib import sha256
from typing import NamedTuple

from cardimage.resolve import Fate, Standing
from cardimage.write_plan import WritePlan
from farebox.cancelling import Cancelled
from farebox.formats.journal import (
    MAX_DETAIL_BYTES,
    PURSES,
    DriverActed,
    Intent,
    Noted,
    Outcome,
    Refused,
    Resolved,
    TripBegun,
)
from farebox.result import Result
from farebox.tap import Alight, Service
from farebox.tear import Pending
from farebox.top_up import TopUp
from reader.port import Session
from tariff.account import Account
from tariff.lines import Word
from tariff.purses import balance_yen
from tariff.rulebook import Purse
from tariff.settle import Settlement

_PURSES = tuple(Purse(name) for name in PURSES)


class Commit(NamedTuple):
    """A tap that is about to write its card: everything the intent says and the write needs."""

    session: Session
    service: Service
    now: Standing
    before: Account
    after: Account
    plan: WritePlan
    alighted: Alight | None
    top_up: TopUp | None = None
    cancelled: Cancelled | None = None


def intent(commit: Commit) -> Intent:
    """What is about to be written, and why: enough to settle it later without anything else."""
    if commit.cancelled is not None:
        return _compensating(commit, commit.cancelled)
    settled = commit.alighted.settlement if commit.alighted else None
    top_up = commit.top_up
    lines = tuple([(line.rule, line.yen) for line in settled.lines]) if settled else ()
    return Intent(
        idm=commit.session.idm,
        action="alight" if settled else "top-up" if top_up else "board",
        stop_index=commit.service.stop_index,
        slot_before=commit.now.block,
        slot_after=commit.plan.commit[1],
        write_counter=commit.session.write_count,
        sf_before_yen=commit.before.stored_fare_yen,
        sf_after_yen=commit.after.stored_fare_yen,
        due_yen=settled.due_yen if settled else 0,
        cash_yen=settled.cash_yen if settled else 0,
        auto_charge_yen=settled.auto_charged_yen if settled else 0,
        lines=top_up.lines if top_up else lines,
        rulebook_hash=commit.service.rulebook.digest,
        purses=_purses(commit.before, commit.after),
        points_earned=settled.earned_points if settled else 0,
        points_lapsed=points_lapsed(settled) if settled and commit.before.points else 0,
        note_yen=top_up.note_yen if top_up else 0,
        premium_yen=top_up.premium_yen if top_up else 0,
        history_row=commit.plan.history_row,
    )


def _compensating(commit: Commit, cancelled: Cancelled) -> Intent:
    """The record that names the first and takes it back, amount by amount (GEN-22)."""
    first = cancelled.first
    return first._replace(
        action="cancel",
        slot_before=commit.now.block,
        slot_after=commit.plan.commit[1],
        write_counter=commit.session.write_count,
        sf_before_yen=first.sf_after_yen,
        sf_after_yen=first.sf_before_yen,
        lines=(("GEN-22", -first.due_yen),),
        purses=tuple((name, after, before) for name, before, after in first.purses),
        cancels_seq=cancelled.first_seq,
        history_row=commit.plan.history_row,
    )


def points_lapsed(settled: Settlement) -> int:
    """Points that were gone by the day of the ride (IGP-30)."""
    return sum([line.yen for line in settled.lines if line.word is Word.POINTS_LAPSED])


def _purses(before: Account, after: Account) -> tuple[tuple[str, int, int], ...]:
    """The purses other than stored fare that hold anything before or after, in the record's order."""
    if before.coupons is None and before.points is None and not before.welfare_points and after.points is None:
        return ()  # a card with stored fare alone
    held = ((purse, balance_yen(before, purse), balance_yen(after, purse)) for purse in _PURSES)
    return tuple((str(purse), yen, then) for purse, yen, then in held if yen or then)


def mark(vehicle_id: str, at_s: int) -> int:
    """What tells a terminal's history rows from any other's (faults 5): 32 bits made of its name, and of the time, as a
    box may be replaced by one of the same name.
    """
    return int.from_bytes(sha256(f"{vehicle_id} {at_s}".encode()).digest()[:4], "big")


def outcome(intent_seq: int, end: Fate) -> Outcome:
    """How the write went, as far as the reader could tell."""
    match end:
        case Fate.WRITTEN:
            return Outcome(intent_seq, "written")
        case Fate.NOT_WRITTEN:
            return Outcome(intent_seq, "not_written")
        case Fate.UNKNOWN:
            return Outcome(intent_seq, "indeterminate")


def read_back(idm: bytes) -> Noted:
    """Why a tap took a command more than the least: its commit was not confirmed, and the card was read (faults 3)."""
    return Noted(idm, "commit-read-back", "")


def resolved(pending: Pending, end: Fate) -> Resolved:
    """How an unknown write came out, by the card's next tap; "unknown" leaves it to the centre (faults 5)."""
    return Resolved(pending.intent_seq, end.value, "next-tap")


def refused(result: Result) -> Refused:
    """A tap that was not accepted."""
    assert result.refusal is not None
    return Refused(result.idm, result.side, result.refusal.code, detail(result.refusal.detail))


def noted(result: Result) -> tuple[Noted, ...]:
    """What is worth keeping about a tap that was served."""
    return tuple(Noted(result.idm, note.code, detail(note.detail)) for note in result.notes)


def driver_acted(idm: bytes, action: str, word: str) -> DriverActed:
    """What the driver keyed for a card."""
    return DriverActed(idm, action, detail(word))


def detail(text: str) -> str:
    """Names of stops and routes come from feeds and may be of any length; a record holds so many bytes of them."""
    return text.encode()[:MAX_DETAIL_BYTES].decode(errors="ignore")


def trip_begun(service: Service, vehicle_id: str) -> TripBegun:
    """Into service: which fares hold from here on."""
    pattern = service.table.pattern
    return TripBegun(
        operator=service.rulebook.scheme,
        rulebook_hash=service.rulebook.digest,
        route_id=pattern.route_id,
        trip_id=service.trip_id,
        trip_number=service.trip_number,
        pattern_id=pattern.pattern_id,
        vehicle_id=vehicle_id,
    )
