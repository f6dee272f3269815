"""The one door: what an alighting tap deducts, and why. Pure, and it explains itself.

    settle(ride, account, party, rulebook) -> Settlement | Refusal
    cancel(account, before)                -> the account, the settlement taken back

Each line of a settlement carries the rule it stands on, so that every yen can be traced to docs/rulebook.md.
"""

from datetime import date
from typing import NamedTuple

from tariff.acceptance import accept
from tariff.account import Account, RideMark, RideState
from tariff.auto_charge import Added, Held, auto_charge
from tariff.due import Due, Ride, due
from tariff.fares import MissingFare
from tariff.lines import Line, Word
from tariff.points import earned, lapsed, with_earned, with_used
from tariff.purses import Bill, Paid, Payment, pay, with_added
from tariff.refusal import Code, Refusal
from tariff.riders import Party
from tariff.rulebook import Purse, Rulebook


class Settlement(NamedTuple):
    """What is due and who pays it, in yen: the purses of `paid` and the cash box together take due_yen.

    `before` is the account as it was, `after` as it is then. `earned_points` are transport points (IGP-28).
    """

    due_yen: int
    paid: Paid
    auto_charged_yen: int
    earned_points: int
    lines: tuple[Line, ...]
    before: Account
    after: Account

    @property
    def stored_fare_yen(self) -> int:
        """What stored fare pays."""
        return self.paid.of(Purse.STORED_FARE)

    @property
    def cash_yen(self) -> int:
        """What is paid in cash."""
        return self.paid.cash_yen


def settle(
    ride: Ride,
    account: Account,
    party: Party,
    rulebook: Rulebook,
    payment: Payment = Payment.CARD,
    held: Held | None = None,
) -> Settlement | Refusal:
    """Judge one ride. A missing fare is a refusal that names route and stops (GEN-4), shortage one that waits for the
    passenger's choice (GEN-10). Nothing that cards and passengers do raises; a ride off the pattern is ValueError.

    `held` is why there is no auto-charge, where the terminal knows a reason that the card does not (AUT-6).
    """
    if not 0 <= ride.boarded < ride.alighted < ride.table.size:
        raise ValueError(f"{ride.table.pattern.pattern_id}: no ride from place {ride.boarded} to place {ride.alighted}")
    refusal = accept(account, ride.day, ride.service, rulebook)
    if refusal is not None:
        return refusal
    if ride.table.cash is None:
        return _judged(ride, account, party, rulebook, payment, held, in_cash=False)
    return _by_card_or_cash(ride, account, party, rulebook, payment, held)


def _by_card_or_cash(
    ride: Ride, account: Account, party: Party, rulebook: Rulebook, payment: Payment, held: Held | None
) -> Settlement | Refusal:
    """Where cash has fares of its own, they hold with any cash, and those by card where the card pays all (IGP 3-14).

    A shortage says what the cash box would take then: with the cash fare, in whole tens (GEN-10).
    """
    if payment is Payment.ALL_CASH:
        return _judged(ride, account, party, rulebook, payment, held, in_cash=True)
    by_card = _judged(ride, account, party, rulebook, Payment.CARD, held, in_cash=False)
    if isinstance(by_card, Settlement) or by_card.code is not Code.SHORT:
        return by_card
    mixed = _judged(ride, account, party, rulebook, Payment.PART_CASH, held, in_cash=True)
    if isinstance(mixed, Refusal):
        return mixed
    if payment is Payment.PART_CASH and mixed.cash_yen:
        return mixed
    # Where the cash fare is the lower one, the card can't pay it whole: then it is all cash.
    detail = f"cash fare {mixed.due_yen}" if mixed.due_yen != by_card.due_yen else ""
    return by_card._replace(short_yen=mixed.cash_yen or mixed.due_yen, detail=detail)


def cancel(account: Account, before: Account) -> Account:
    """Take a settlement back (GEN-22): the account as that settlement left it, with all that it changed as `before`.

    Every purse, the ride, points with their day, what an auto-charge added and its totals. What a directive changed on
    the card by the same tap stays: it is the centre's, and no part of the settlement (CTR-3).
    """
    return account._replace(
        stored_fare_yen=before.stored_fare_yen,
        ride=before.ride,
        auto_charged=before.auto_charged,
        coupons=before.coupons,
        points=before.points,
        welfare_points=before.welfare_points,
    )


def _judged(
    ride: Ride,
    account: Account,
    party: Party,
    rulebook: Rulebook,
    payment: Payment,
    held: Held | None,
    *,
    in_cash: bool,
) -> Settlement | Refusal:
    try:
        owed = due(ride, account, party, rulebook, in_cash=in_cash)
    except MissingFare as missing:
        return Refusal(Code.NO_FARE, "GEN-4", f"{missing.route}: {missing.boarded} - {missing.alighted}")
    return owed if isinstance(owed, Refusal) else _paid(ride, owed, account, rulebook, payment, held)


def _paid(
    ride: Ride, owed: Due, account: Account, rulebook: Rulebook, payment: Payment, held: Held | None
) -> Settlement | Refusal:
    due_yen = owed.yen
    in_cash = payment is Payment.ALL_CASH
    charged = None if in_cash else auto_charge(account, due_yen, ride.alighted_on, rulebook, held)
    now, lapsed_points = _without_lapsed(account, ride.day, rulebook)
    if isinstance(charged, Added):
        now = now._replace(stored_fare_yen=now.stored_fare_yen + charged.yen, auto_charged=charged.totals)
    paid = pay(Bill(due_yen, owed.holder_yen, ride.day), now, payment, rulebook)
    if isinstance(paid, Refusal):
        return paid

    closed = RideMark(RideState.CLOSED, ride.day, ride.trip_number, ride.alighted, ride.company)
    after = now._replace(stored_fare_yen=now.stored_fare_yen - paid.of(Purse.STORED_FARE), ride=closed)
    for purse, yen in paid.purses:
        if purse is not Purse.STORED_FARE:
            after = with_added(after, purse, -yen)
    if paid.of(Purse.POINTS):
        after = with_used(after, ride.day)
    earned_points = _earned(account, paid, rulebook)
    return Settlement(
        due_yen=due_yen,
        paid=paid,
        auto_charged_yen=charged.yen if isinstance(charged, Added) else 0,
        earned_points=earned_points,
        lines=(*owed.lines, *_payment_lines(charged, paid, lapsed_points, earned_points, rulebook)),
        before=account,
        after=with_earned(after, earned_points, ride.day),
    )


def _without_lapsed(account: Account, day: date, rulebook: Rulebook) -> tuple[Account, int]:
    """The account without points that have lapsed, and how many those were (IGP-30)."""
    points = lapsed(account.points, day, rulebook.points) if rulebook.points else 0
    return (account._replace(points=None), points) if points else (account, 0)


def _earned(account: Account, paid: Paid, rulebook: Rulebook) -> int:
    """Points for what stored fare paid, on the scheme's own card (IGP-28)."""
    if rulebook.points is None or account.scheme != rulebook.scheme:
        return 0
    return earned(paid.of(Purse.STORED_FARE), rulebook.points)


def _payment_lines(
    charged: Added | Held | None, paid: Paid, lapsed_points: int, earned_points: int, rulebook: Rulebook
) -> tuple[Line, ...]:
    lines: list[Line] = []
    if isinstance(charged, Added):
        lines.append(Line("AUT-2", Word.AUTO_CHARGED, charged.yen))
    elif charged is not None:
        lines.append(Line(charged.rule, Word.AUTO_CHARGE_HELD, 0, charged))
    if lapsed_points:
        lines.append(Line("IGP-30", Word.POINTS_LAPSED, lapsed_points))
    for rules in rulebook.purses:
        yen = paid.of(rules.name)
        if yen:
            lines.append(Line("GEN-10" if paid.cash_yen else rules.rule, Word(rules.name), yen))
    if paid.cash_yen:
        lines.append(Line("GEN-10", Word.CASH, paid.cash_yen))
    if earned_points:
        lines.append(Line("IGP-28", Word.POINTS_EARNED, earned_points))
    return tuple(lines)
