"""The one door: what an alighting tap deducts, and why. Pure, and it explains itself.

    settle(ride, account, party, rulebook) -> Settlement | Refusal

Each line of a settlement carries the rule it stands on, so that every yen can be traced to docs/rulebook.md.
"""

from datetime import date
from enum import StrEnum
from typing import NamedTuple

from tariff.account import Account, RideMark, RideState
from tariff.auto_charge import Added, Held, auto_charge
from tariff.fares import FareTable, MissingFare
from tariff.passes import EXCESS, covered_intervals, is_valid
from tariff.purses import Payment, pay
from tariff.refusal import Code, Refusal
from tariff.riders import CLASS_OF_HOLDER, Party, RiderClass, fare_for
from tariff.rulebook import Rulebook


class Ride(NamedTuple):
    """A rider's ride as settled: two places of a pattern, and the days that the rules ask for.

    `day` is the calendar date in Japan of the boarding tap, which governs fares and passes (GEN-5);
    `alighted_on` that of the alighting tap, which auto-charge asks for (AUT-3).
    """

    table: FareTable
    company: int
    trip_number: int
    boarded: int
    alighted: int
    day: date
    alighted_on: date


class Word(StrEnum):
    """What a line of a settlement says; the wording in Japanese and English is the command line's."""

    FARE = "fare"
    COVERED = "covered"
    EXCESS = "excess"
    THROUGH_CHEAPER = "through-cheaper"
    COMPANION = "companion"
    AUTO_CHARGED = "auto-charged"
    AUTO_CHARGE_HELD = "auto-charge-held"
    STORED_FARE = "stored-fare"
    CASH = "cash"


class Line(NamedTuple):
    """One reason: the rule, what it says, the yen it is about, and what it names (stops, classes).

    `than_yen` is what an amount was compared with and found cheaper than (PASS-3), else 0.
    """

    rule: str
    word: Word
    yen: int
    detail: str = ""
    than_yen: int = 0


class Settlement(NamedTuple):
    """What is due and who pays it, in yen: stored_fare_yen + cash_yen = due_yen. `after` is the account then."""

    due_yen: int
    stored_fare_yen: int
    cash_yen: int
    auto_charged_yen: int
    lines: tuple[Line, ...]
    after: Account


def settle(
    ride: Ride, account: Account, party: Party, rulebook: Rulebook, payment: Payment = Payment.CARD
) -> Settlement | Refusal:
    """Judge one ride. A missing fare is a refusal that names route and stops (GEN-4), shortage one that waits for the
    passenger's choice (GEN-10). Nothing that cards and passengers do raises; a ride off the pattern is ValueError.
    """
    if not 0 <= ride.boarded < ride.alighted < ride.table.size:
        raise ValueError(f"{ride.table.pattern.pattern_id}: no ride from place {ride.boarded} to place {ride.alighted}")
    refusal = accept(account, ride.day, rulebook)
    if refusal is not None:
        return refusal
    if party.companions and account.holder in rulebook.holder_only:
        return Refusal(Code.HOLDER_ONLY, "GEN-18")
    try:
        lines = _fares(ride, account, party, rulebook)
    except MissingFare as missing:
        return Refusal(Code.NO_FARE, "GEN-4", f"{missing.route}: {missing.boarded} - {missing.alighted}")
    due_yen = sum(line.yen for line in lines)

    charged = None if payment is Payment.ALL_CASH else auto_charge(account, due_yen, ride.alighted_on, rulebook)
    added_yen = charged.yen if isinstance(charged, Added) else 0
    balance_yen = account.stored_fare_yen + added_yen
    paid = pay(due_yen, balance_yen, payment, rulebook)
    if isinstance(paid, Refusal):
        return paid

    closed = RideMark(RideState.CLOSED, ride.day, ride.trip_number, ride.alighted, ride.company)
    return Settlement(
        due_yen=due_yen,
        stored_fare_yen=paid.stored_fare_yen,
        cash_yen=paid.cash_yen,
        auto_charged_yen=added_yen,
        lines=(*lines, *_payment_lines(charged, paid.stored_fare_yen, paid.cash_yen)),
        after=account._replace(
            stored_fare_yen=balance_yen - paid.stored_fare_yen,
            ride=closed,
            auto_charged=charged.totals if isinstance(charged, Added) else account.auto_charged,
        ),
    )


def accept(account: Account, day: date, rulebook: Rulebook) -> Refusal | None:
    """Whether a card is taken at all, at either reader: its scheme (GEN-21) and its own expiry (GEN-11)."""
    if account.scheme != rulebook.scheme:
        return Refusal(Code.FOREIGN_CARD, "GEN-21", account.scheme)
    if account.expires is not None and account.expires < day:
        return Refusal(Code.EXPIRED_CARD, "GEN-11", account.expires.isoformat())
    return None


def _fares(ride: Ride, account: Account, party: Party, rulebook: Rulebook) -> tuple[Line, ...]:
    """The lines that make up the amount due: the holder's, then each companion's through fare (PASS-7, PASS-9)."""
    lines = _holder_lines(ride, account, party.holder or CLASS_OF_HOLDER[account.holder], rulebook)
    if party.companions:
        through_yen = ride.table.fare_yen(ride.boarded, ride.alighted)
        lines += tuple(
            Line("GEN-18", Word.COMPANION, fare_for(rider, through_yen), rider) for rider in party.companions
        )
    return lines


def _holder_lines(ride: Ride, account: Account, rider: RiderClass, rulebook: Rulebook) -> tuple[Line, ...]:
    held = account.held_pass
    if held is not None and is_valid(held, ride.day, ride.company):
        masks = [covered_intervals(section, ride.table) for section in held.sections]
        ridden = (1 << ride.alighted) - (1 << ride.boarded)
        if any(bits & ridden for bits in masks):
            # A bearer pass serves whoever carries it, without a personal discount (PASS-7).
            return _pass_lines(ride, masks, RiderClass.ADULT if held.bearer else rider, rulebook)
    rule = "GEN-4" if rider is RiderClass.ADULT else "GEN-2"
    yen = fare_for(rider, ride.table.fare_yen(ride.boarded, ride.alighted))
    return (Line(rule, Word.FARE, yen, _stops(ride, ride.boarded, ride.alighted)),)


def _pass_lines(ride: Ride, masks: list[int], rider: RiderClass, rulebook: Rulebook) -> tuple[Line, ...]:
    fare = EXCESS[rulebook.excess](masks, ride.table, rider, ride.boarded, ride.alighted)
    if not fare.runs:
        return (Line("PASS-2", Word.COVERED, 0, _stops(ride, ride.boarded, ride.alighted)),)
    if fare.through:
        stops = _stops(ride, ride.boarded, ride.alighted)
        return (Line("PASS-3", Word.THROUGH_CHEAPER, fare.due_yen, stops, than_yen=fare.excess_yen),)
    rule = "PASS-3" if rulebook.excess == "cheaper" else "PASS-5"
    return tuple(
        Line(rule, Word.EXCESS, fare_for(rider, ride.table.fare_yen(start, end)), _stops(ride, start, end))
        for start, end in fare.runs
    )


def _payment_lines(charged: Added | Held | None, stored_fare_yen: int, cash_yen: int) -> tuple[Line, ...]:
    lines: list[Line] = []
    if isinstance(charged, Added):
        lines.append(Line("AUT-2", Word.AUTO_CHARGED, charged.yen))
    elif charged is not None:
        lines.append(Line("AUT-3", Word.AUTO_CHARGE_HELD, 0, charged))
    lines.append(Line("GEN-10" if cash_yen else "GEN-1", Word.STORED_FARE, stored_fare_yen))
    if cash_yen:
        lines.append(Line("GEN-10", Word.CASH, cash_yen))
    return tuple(lines)


def _stops(ride: Ride, start: int, end: int) -> str:
    names = ride.table.pattern.stop_names
    return f"{names[start]}→{names[end]}"
