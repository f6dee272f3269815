"""The picture of the moment, made from what the terminal knows. Pure but for asking the terminal."""

from collections.abc import Sequence
from datetime import timedelta

from farebox.console.protocol import (
    Alarm,
    NoteSlot,
    Offer,
    OnTrip,
    Picture,
    Question,
    RefusedTap,
    RefusedTimes,
    SeenHistory,
    SeenRide,
    SeenTap,
    Totals,
    Watched,
)
from farebox.duty import LATE_S, Duty
from farebox.duty_count import DutyCount
from farebox.hotlist import Age
from farebox.peripherals.meaning import meaning_of
from farebox.result import Result, Side, card_name
from farebox.table import State
from farebox.tally import Tally
from farebox.tap import Service
from farebox.terminal import Terminal
from farebox.uses import uses
from farebox.version import VERSION
from farebox.words import (
    BOARDED,
    CANCELLED,
    HISTORY,
    INSERT,
    NOTE_ALARMS,
    NOTES,
    PAID,
    REFUSALS,
    SIDES,
    TOPPED_UP,
    Both,
    Language,
    reason,
)
from tariff.calendar import day_in_japan, midnight_in_japan_s
from tariff.purses import money_yen
from tariff.refusal import Refusal

MOST_OFFERS = 60
"""Trips to choose from at once."""


def seen_tap(result: Result, number: int) -> SeenTap:
    """A tap as the console lists it, under its number."""
    account = result.after or result.before
    return SeenTap(
        result.at_s,
        result.service.stop_name if result.service else "",
        SIDES[result.side],
        result.card,
        result.refusal is None,
        _in_both(result),
        told(result),
        result.taken_yen,
        money_yen(account) if account else None,
        number,
        meaning_of(result),
        _refused(result),
    )


def _refused(result: Result) -> RefusedTap | None:
    refusal = result.refusal
    if refusal is None:
        return None
    trip_id = result.service.trip_id if result.service else ""
    return RefusedTap(trip_id, refusal.code, refusal.rule, refusal.detail, refusal.due_yen, refusal.short_yen)


def told(result: Result) -> Both:
    """What a tap came to, in a passenger's words."""
    if result.refusal is not None:
        return REFUSALS[result.refusal.code]
    if result.topped_up is not None:
        return _with_yen(TOPPED_UP, result.topped_up.added_yen)
    if result.notes_yen:
        return _with_yen(INSERT, *result.notes_yen)
    if result.history is not None:
        return HISTORY
    if result.cancelled is not None:
        return _with_yen(CANCELLED, result.cancelled.due_yen)
    if result.notes:
        return NOTES[result.notes[0].code]
    return BOARDED if result.side is Side.BOARDING else PAID


def _with_yen(both: Both, *yen: int) -> Both:
    named = " / ".join(f"{amount:,}" for amount in yen)
    return f"{both[0]} {named}", f"{both[1]} {named}"


def _in_both(result: Result) -> Both:
    return reason(result, Language.JA), reason(result, Language.EN)


def on_trip(service: Service) -> OnTrip:
    """The trip, and the fare table of the moment: from each earlier stop to this one."""
    table, here = service.table, service.stop_index
    fares = (table.fare_yen(place, here) if table.has_fare(place, here) else None for place in range(here))
    pattern = table.pattern
    return OnTrip(
        service.rulebook.name,
        pattern.route_name,
        service.trip_id,
        pattern.stop_names[-1],
        pattern.stop_names,
        here,
        tuple(fares),
    )


def offers(duty: Duty, at_s: int) -> tuple[Offer, ...]:
    """The trips that may be begun, by when they leave; of too many, those that leave nearest to now. One that is under
    way stays among them, for a terminal that was restarted, and past midnight so do those of the day before.
    """
    feed, today = duty.feed, day_in_japan(at_s)
    found: list[tuple[int, Offer]] = []
    for day in (today - timedelta(days=1), today):
        since_s = at_s - midnight_in_japan_s(day)
        for trip in feed.trips_on(day):
            leaves_s, ends_s = trip.departs_s, trip.departures_s[-1]
            if max(leaves_s + LATE_S, ends_s) >= since_s and duty.day_of(trip, at_s) == day:
                offer = Offer(trip.trip_id, feed.routes[trip.route_id].name, trip.headsign, leaves_s)
                found.append((leaves_s - since_s, offer))
    nearest = sorted(found, key=lambda one: abs(one[0]))[:MOST_OFFERS]
    return tuple(offer for _, offer in sorted(nearest, key=lambda one: (one[0], one[1].trip_id)))


_LAID_FOR = {
    State.TOPPING_UP: "top-up",
    State.TOPPING_CARD: "top-up",
    State.CANCELLING: "cancel",
    State.READING: "history",
}
"""What a card is to be laid for."""


def question(terminal: Terminal, last: Result | None) -> Question | None:
    """What the driver is to key for the card that asked; or what a card is to be laid for."""
    laid_for = _LAID_FOR.get(terminal.state)
    if laid_for is not None:
        notes = terminal.notes if laid_for == "top-up" else None
        in_escrow_yen = notes.open_note.note_yen if notes and notes.open_note else 0
        return Question(laid_for, notes_yen=notes.lets_in if notes else (), in_escrow_yen=in_escrow_yen)
    if not terminal.asked:
        return None
    about = "stop" if terminal.state is State.ASKING_STOP else "payment"
    refusal = last.refusal if last is not None and last.idm == terminal.asked else None
    due_yen, short_yen = (refusal.due_yen, refusal.short_yen) if isinstance(refusal, Refusal) else (0, 0)
    return Question(about, card_name(terminal.asked), due_yen, short_yen)


def note_slot(terminal: Terminal, *, bench: bool) -> NoteSlot | None:
    """The note acceptor, if there is one; on a `bench` it is simulated."""
    notes = terminal.notes
    return NoteSlot(terminal.needs_word, notes.kept_inside, bench) if notes is not None else None


def history(result: Result, duty: Duty) -> SeenHistory:
    """The last rides of a card that was looked at."""
    assert result.before is not None and result.history is not None
    rides = tuple(
        SeenRide(use.day.isoformat(), use.boarded, use.alighted, use.due_yen, use.balance_yen, use.top_up)
        for use in uses(result.history, duty.stops_of)
    )
    return SeenHistory(result.card, money_yen(result.before), rides)


def alarms(terminal: Terminal) -> tuple[Alarm, ...]:
    """What is wrong now, the worst first."""
    found = []
    if terminal.journal_fault is not None:
        why = str(terminal.journal_fault)
        found.append(Alarm("journal", (f"記録できません。運賃は収受できません: {why}", f"no fares are taken: {why}")))
    for side, fault in terminal.reader_faults.items():
        where = SIDES[side]
        found.append(
            Alarm(
                f"reader-{side}",
                (f"{where[0]}リーダー: {fault.what}", f"reader ({where[1]}): {fault.what}"),
            )
        )
    if not terminal.trust.trusted:
        found.append(
            Alarm(
                "clock", ("時計が未設定です。定期券などは使えません", "clock not set: no passes, no dates until it is")
            )
        )
    if terminal.hotlist_age in (Age.OLD, Age.STALE):
        found.append(Alarm("hotlist", ("使用停止リストが古くなっています", "the hotlist is old: fetch a new one")))
    found += _notes_alarms(terminal)
    if terminal.pending:
        count = len(terminal.pending)
        found.append(
            Alarm(
                "pending",
                (f"未確定の書込 {count} 件: 同じカードをもう一度", f"{count} writes pending: same card again"),
            )
        )
    return tuple(found)


def _notes_alarms(terminal: Terminal) -> list[Alarm]:
    """What keeps notes from being taken, and a note that waits for the driver (docs/top_up.md)."""
    notes = terminal.notes
    if notes is None:
        return []
    found = []
    if notes.alarm is not None:
        japanese, english = NOTE_ALARMS[notes.alarm]
        found.append(Alarm("notes", (f"紙幣: {japanese}", f"notes: {english}")))
    if notes.kept_inside:
        found.append(
            Alarm("note-inside", ("紙幣が中に残っています（その他 O）", "a note waits inside: More, O lets it out"))
        )
    return found


def totals(counted: DutyCount, *, ended: bool = False) -> Totals:
    """What a duty came to, as far as a driver needs it."""
    ledger = counted.ledger
    return Totals(
        ended=ended,
        since_s=counted.since_s,
        trips=counted.trips,
        boardings=ledger.boardings,
        alightings=ledger.alightings,
        refused=ledger.refused,
        pending=ledger.pending,
        fares_yen=ledger.fares_yen,
        by_stored_fare_yen=ledger.by_stored_fare_yen,
        by_coupons_yen=ledger.by_coupons_yen,
        by_points=ledger.by_points,
        cash_yen=ledger.cash_yen,
        credit_yen=ledger.credit_yen,
        cancelled=ledger.cancelled,
        cancelled_yen=ledger.cancelled_yen,
        top_ups=ledger.top_ups,
        topped_up_yen=ledger.topped_up_yen,
        notes_yen=ledger.notes_yen,
        vouchers=ledger.vouchers,
        owed_yen=ledger.owed_yen,
        claimed_yen=ledger.claimed_yen,
        doubtful_yen=ledger.doubtful_yen,
        papers=counted.papers,
        papers_yen=counted.papers_yen,
    )


def watched(terminal: Terminal, tally: Tally) -> Watched:
    """What is counted and believed, for whoever watches from outside."""
    hotlist = terminal.orders.hotlist
    return Watched(
        version=VERSION,
        boarded=tally.boarded,
        alighted=tally.alighted,
        kept=tally.kept,
        topped_up=tally.topped_up,
        cancelled=tally.cancelled,
        confirmed=tally.confirmed,
        refused=tuple(RefusedTimes(code, times) for code, times in sorted(tally.refused.items())),
        fares_yen=tally.fares_yen,
        cash_yen=tally.cash_yen,
        topped_up_yen=tally.topped_up_yen,
        cancelled_yen=tally.cancelled_yen,
        last_tap_s=tally.last_tap_s,
        pending=len(terminal.pending),
        clock=terminal.trust.why.value,
        clock_trusted=terminal.trust.trusted,
        hotlist_made_at_s=hotlist.made_at_s if hotlist else None,
    )


def picture(
    terminal: Terminal,
    at_s: int,
    *,
    simulated: bool,
    benches: tuple[Side, ...],
    note_bench: bool,
    offered: tuple[Offer, ...],
    taps: Sequence[SeenTap],
    last: Result | None,
    party: tuple[str, ...],
    notice: Both | None,
    counted: Totals | None,
    read: SeenHistory | None,
    tally: Tally,
    more_alarms: tuple[Alarm, ...] = (),
) -> Picture:
    """All of it."""
    service = terminal.service
    return Picture(
        at_s,
        terminal.vehicle_id,
        simulated,
        benches,
        terminal.state.value,
        on_trip(service) if service else None,
        () if service else offered,
        tuple(taps),
        question(terminal, last),
        party,
        (*alarms(terminal), *more_alarms),
        notice,
        counted,
        note_slot(terminal, bench=note_bench),
        read,
        watched(terminal, tally),
    )
