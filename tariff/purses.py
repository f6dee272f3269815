"""The purses of a card: adding to them, and paying from them (GEN-3, GEN-10, LOC-8, IGP-5, IGP-29, NOR-3, NOR-10)."""

from datetime import date
from enum import StrEnum
from typing import NamedTuple

from tariff.acceptance import accept_card
from tariff.account import Account, Coupons
from tariff.refusal import Code, Refusal
from tariff.rulebook import Purse, PurseRules, Rulebook

NO_COUPONS = Coupons(0, 0, 0)
_MONEY = frozenset({Purse.STORED_FARE, Purse.REGULAR, Purse.STUDENT, Purse.ECO})
"""Purses of yen; the others hold points."""


class Payment(StrEnum):
    """How the passenger pays; anything but CARD is the passenger's choice, keyed by the driver (GEN-10)."""

    CARD = "card"
    PART_CASH = "part-cash"
    ALL_CASH = "all-cash"


class Bill(NamedTuple):
    """What is to be paid, in yen: in all, and of it the holder's own fare, which some purses pay alone (NOR-10)."""

    due_yen: int
    holder_yen: int
    day: date


class Paid(NamedTuple):
    """What each purse and the cash box take, in yen; together the amount due. Purses that pay nothing are left out."""

    purses: tuple[tuple[Purse, int], ...]
    cash_yen: int

    @property
    def card_yen(self) -> int:
        """What the card pays, from all purses."""
        return sum([yen for _, yen in self.purses])

    def of(self, purse: Purse) -> int:
        """What one purse pays."""
        for name, yen in self.purses:
            if name is purse:
                return yen
        return 0


class ToppedUp(NamedTuple):
    """A top-up: what was paid and what was added, premium included, in yen; and the account then."""

    paid_yen: int
    added_yen: int
    after: Account


# -- balances


def balance_yen(account: Account, purse: Purse) -> int:
    """What a purse holds."""
    coupons = account.coupons or NO_COUPONS
    match purse:
        case Purse.STORED_FARE:
            return account.stored_fare_yen
        case Purse.POINTS:
            return account.points.points if account.points else 0
        case Purse.WELFARE:
            return account.welfare_points
        case Purse.REGULAR:
            return coupons.regular_yen
        case Purse.STUDENT:
            return coupons.student_yen
        case Purse.ECO:
            return coupons.eco_yen


def with_added(account: Account, purse: Purse, yen: int) -> Account:
    """The account with a purse changed by an amount, negative when it pays."""
    coupons = account.coupons or NO_COUPONS
    match purse:
        case Purse.STORED_FARE:
            return account._replace(stored_fare_yen=account.stored_fare_yen + yen)
        case Purse.POINTS:
            if account.points is None:
                raise ValueError(f"{yen} points on a card that has none")
            return account._replace(points=account.points._replace(points=account.points.points + yen))
        case Purse.WELFARE:
            return account._replace(welfare_points=account.welfare_points + yen)
        case Purse.REGULAR:
            return account._replace(coupons=coupons._replace(regular_yen=coupons.regular_yen + yen))
        case Purse.STUDENT:
            return account._replace(coupons=coupons._replace(student_yen=coupons.student_yen + yen))
        case Purse.ECO:
            return account._replace(coupons=coupons._replace(eco_yen=coupons.eco_yen + yen))


def money_yen(account: Account) -> int:
    """What counts towards the cap (GEN-3): stored fare and coupon purses. Points are no money."""
    return account.stored_fare_yen + sum(account.coupons or NO_COUPONS)


# -- adding


def top_up(account: Account, purse: Purse, paid_yen: int, day: date, rulebook: Rulebook) -> ToppedUp | Refusal:
    """Add to a purse, premium included, or refuse it whole: over the cap never in part (GEN-3, NOR-3).

    The card must be one that is taken on that day (GEN-11, GEN-21).
    """
    refusal = accept_card(account, day, rulebook)
    if refusal is not None:
        return refusal
    rules = next((rules for rules in rulebook.purses if rules.name is purse), None)
    if rules is None or purse in (Purse.POINTS, Purse.WELFARE):
        return Refusal(Code.NOT_SOLD, "NOR-3", f"top-up of {purse}")
    if purse is not Purse.STORED_FARE and account.coupons is None:
        return Refusal(Code.NOT_ELIGIBLE, "NOR-12", "a card with the pass function only has no purse")
    multiple = rulebook.top_up.multiple_yen
    if paid_yen <= 0 or paid_yen % multiple:
        return Refusal(Code.NOT_SOLD, "GEN-3", f"top-up of {paid_yen} yen, not a multiple of {multiple}")
    premium = paid_yen * rules.premium_percent
    if premium % 100:
        detail = f"premium of {rules.premium_percent} % on {paid_yen} yen is no whole yen"
        return Refusal(Code.NOT_SOLD, "GEN-1", detail)
    added_yen = paid_yen + premium // 100
    over = over_cap(account, added_yen, rulebook)
    return over or ToppedUp(paid_yen, added_yen, with_added(account, purse, added_yen))


def over_cap(account: Account, added_yen: int, rulebook: Rulebook) -> Refusal | None:
    """A refusal if an addition would pass the cap (GEN-3): it is refused whole, never made in part."""
    after_yen = money_yen(account) + added_yen
    if after_yen > rulebook.stored_fare_cap_yen:
        return Refusal(Code.OVER_CAP, "GEN-3", f"{after_yen} > {rulebook.stored_fare_cap_yen}")
    return None


def top_up_by_note(account: Account, note_yen: int, day: date, rulebook: Rulebook) -> ToppedUp | Refusal:
    """One bank note on the bus (LOC-8, LOC-10): certain notes only, and not from a certain balance on."""
    rules = rulebook.top_up
    if rules.bus_notes_yen is None or rules.bus_refused_from_yen is None:
        return Refusal(Code.NOT_CONFIGURED, "GEN-17", "top-up on the bus")
    if note_yen not in rules.bus_notes_yen:
        return Refusal(Code.NOT_SOLD, "LOC-8", f"note of {note_yen} yen")
    if account.stored_fare_yen >= rules.bus_refused_from_yen:
        return Refusal(Code.OVER_CAP, "LOC-10", f"{account.stored_fare_yen} >= {rules.bus_refused_from_yen}")
    return top_up(account, Purse.STORED_FARE, note_yen, day, rulebook)


# -- paying


def pay(bill: Bill, account: Account, payment: Payment, rulebook: Rulebook) -> Paid | Refusal:
    """Pay a bill from the purses in their order and, by choice, cash; or `SHORT`, which waits for it (GEN-10).

    In a mixed payment money on the card pays a multiple of 10 yen: 195 yen pay 190 of a fare (IGP-5). What is short
    is what the cash box takes then: 10 of 200 with 195 on the card.
    """
    if payment is Payment.ALL_CASH:
        return Paid((), bill.due_yen)
    own = account.scheme == rulebook.scheme
    left_yen = bill.due_yen
    taken: list[tuple[Purse, int]] = []
    for rules in rulebook.purses:
        if not own and rules.name is not Purse.STORED_FARE:
            continue  # another scheme's card is taken for stored fare alone (IGP-2, GEN-21)
        yen = _from_purse(rules, balance_yen(account, rules.name), left_yen, bill)
        if yen:
            taken.append((rules.name, yen))
            left_yen -= yen
    if not left_yen:
        return Paid(tuple(taken), 0)
    mixed = _in_multiples(taken, bill.due_yen, rulebook.mixed_multiple_yen)
    if payment is Payment.CARD:
        return Refusal(Code.SHORT, "GEN-10", due_yen=bill.due_yen, short_yen=mixed.cash_yen)
    return mixed


def _from_purse(rules: PurseRules, held_yen: int, left_yen: int, bill: Bill) -> int:
    """What one purse pays of what is left."""
    if rules.days and bill.day.day not in rules.days:
        return 0
    if rules.whole:
        # All of the bill or nothing of it: not what another purse has left over (IGP-29).
        return left_yen if held_yen >= left_yen == bill.due_yen else 0
    payable_yen = min(left_yen, bill.holder_yen) if rules.holder_only else left_yen
    return min(held_yen, payable_yen)


def _in_multiples(taken: list[tuple[Purse, int]], due_yen: int, multiple_yen: int) -> Paid:
    """A mixed payment: what money on the card pays rounded down to the multiple, the last purse giving way first."""
    over_yen = sum(yen for purse, yen in taken if purse in _MONEY) % multiple_yen
    purses: list[tuple[Purse, int]] = []
    for purse, yen in reversed(taken):
        kept_yen = max(0, yen - over_yen) if purse in _MONEY else yen
        over_yen -= yen - kept_yen
        if kept_yen:
            purses.insert(0, (purse, kept_yen))
    return Paid(tuple(purses), due_yen - sum(yen for _, yen in purses))
