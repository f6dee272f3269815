"""Money back at the counter, and cards issued anew (LOC-16 to LOC-18, IGP-21, IGP-22, IGP-25, AZF-50).

What a pass cost is not on the card: it comes from the slip of the pass's contents, which is needed at refund (LOC-12).
"""

from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from tariff.account import Account, HolderKind, Pass
from tariff.calendar import slip_days
from tariff.refusal import Code, Refusal
from tariff.riders import CLASS_OF_HOLDER, fare_for
from tariff.rulebook import Rulebook


class Item(StrEnum):
    """What is given back."""

    STORED_FARE = "stored-fare"
    PASS = "pass"
    STORED_FARE_AND_PASS = "stored-fare-and-pass"
    DEPOSIT = "deposit"


class RefundLine(NamedTuple):
    """One part of a refund, after its fee."""

    rule: str
    item: Item
    yen: int


class Refund(NamedTuple):
    """What is given back, in yen, the sum of its lines; and the transport points that lapse with the card (IGP-30)."""

    yen: int
    lines: tuple[RefundLine, ...]
    points_lapsed: int = 0


class Reissue(StrEnum):
    """Why a card is issued anew."""

    LOST = "lost"
    DAMAGED = "damaged"


class ReissueFee(NamedTuple):
    """What is due for a card issued anew: the fee, and the deposit on the new card, in yen."""

    fee_yen: int
    deposit_yen: int


# -- what a used pass is still worth


def days_used(held: Pass, returned_on: date) -> int:
    """Days from the first day of validity through the day of return, both in; none before it (LOC-18, AZF-50)."""
    return max(0, (returned_on - held.first_day).days + 1)


def pass_calculation(
    held: Pass, holder: HolderKind, paid_yen: int, returned_on: date, rulebook: Rulebook
) -> int | Refusal:
    """The price less the fare of each day used, there and back, or once for a one-way pass (AZF-50, LOC-18).

    Before the fee; negative where more was used than paid. The fare is the one the pass was priced on, at the class
    of the holder. ValueError for a price that is none.
    """
    if paid_yen <= 0:
        raise ValueError(f"a pass bought for {paid_yen} yen")
    fare_yen = _priced_on(held, rulebook)
    if fare_yen is None:
        return _not_configured(f"fare of pass {held.product}")
    rides = 1 if held.sections and held.sections[0].one_way else 2
    return paid_yen - fare_for(CLASS_OF_HOLDER[holder], fare_yen, rulebook.riders) * rides * days_used(
        held, returned_on
    )


def _priced_on(held: Pass, rulebook: Rulebook) -> int | None:
    """The fare that a pass was priced on: of its sections, else of its area or line; None if that is not known."""
    if held.sections:
        return sum(section.priced_fare_yen for section in held.sections)
    extent = rulebook.area(held.area) or rulebook.line(held.line)
    return extent.fare_yen if extent else None


# -- refunds


class Fees(NamedTuple):
    """The fees of a refund in yen, for the card and for its pass."""

    card_yen: int
    pass_yen: int


Worth = Callable[[int, int, Fees], tuple[RefundLine, ...]]


def separate_fees(stored_fare_yen: int, calculation_yen: int, fees: Fees) -> tuple[RefundLine, ...]:
    """LOC-18: each fee comes off its own part, which never falls below nothing."""
    return (
        RefundLine("LOC-18", Item.STORED_FARE, max(0, stored_fare_yen - fees.card_yen)),
        RefundLine("LOC-18", Item.PASS, max(0, calculation_yen - fees.pass_yen)),
    )


def joint_fees(stored_fare_yen: int, calculation_yen: int, fees: Fees) -> tuple[RefundLine, ...]:
    """IGP-25: both fees come off the sum; a pass worth less than its fee is the whole of that fee."""
    pass_yen = max(0, calculation_yen)
    both_yen = stored_fare_yen + pass_yen - fees.card_yen - min(pass_yen, fees.pass_yen)
    return (RefundLine("IGP-25", Item.STORED_FARE_AND_PASS, max(0, both_yen)),)


class CardRefund(NamedTuple):
    """A shape of refund: its rule, how stored fare and pass come together when the card is returned, and the papers
    that go with the refund of a pass.
    """

    rule: str
    worth: Worth
    papers: tuple[str, ...]


CARD_REFUNDS: Mapping[str, CardRefund] = {
    "separate-fees": CardRefund("LOC-18", separate_fees, ("contents-slip",)),
    "joint-fees": CardRefund("IGP-25", joint_fees, ()),
}
"""The closed registry behind an operator file's `counter.card_refund`."""


def refund_card(account: Account, returned_on: date, rulebook: Rulebook) -> Refund | Refusal:
    """Return of a card without a pass: stored fare less the fee, and the deposit (LOC-18, IGP-25).

    A pass that runs, or has yet to begin, would be lost with it: `refund_both` gives that back too, so this refuses.
    One that has ended is worth nothing.
    """
    held = account.held_pass
    if held is not None and held.last_day >= returned_on:
        return _foreign(account, rulebook) or Refusal(Code.NOT_ELIGIBLE, "LOC-18", f"pass until {held.last_day}")
    return _card_back(account, 0, 0, rulebook)


def refund_pass(account: Account, paid_yen: int, returned_on: date, rulebook: Rulebook) -> Refund | Refusal:
    """Return of a pass alone; the card stays with its holder (LOC-18, IGP-25, AZF-50)."""
    worth = _pass_worth(account, paid_yen, returned_on, rulebook)
    if isinstance(worth, Refusal):
        return worth
    calculation_yen, fee_yen = worth
    shape = CARD_REFUNDS[rulebook.counter.card_refund] if rulebook.counter.card_refund else None
    yen = max(0, calculation_yen - fee_yen)
    return Refund(yen, (RefundLine(shape.rule if shape else "AZF-50", Item.PASS, yen),))


def refund_both(account: Account, paid_yen: int, returned_on: date, rulebook: Rulebook) -> Refund | Refusal:
    """Return of a card and its pass: both less fees, by the operator's shape, and the deposit (LOC-18, IGP-25)."""
    worth = _pass_worth(account, paid_yen, returned_on, rulebook)
    if isinstance(worth, Refusal):
        return worth
    return _card_back(account, *worth, rulebook)


def _pass_worth(account: Account, paid_yen: int, returned_on: date, rulebook: Rulebook) -> tuple[int, int] | Refusal:
    """The calculation of the pass on a card, and the fee for its refund."""
    if account.held_pass is None:
        return Refusal(Code.NOT_ELIGIBLE, "LOC-18", "no pass")
    fee_yen = rulebook.counter.pass_refund_fee_yen
    if fee_yen is None:
        return _not_configured("refund fee of a pass")
    foreign = _foreign(account, rulebook)
    if foreign:
        return foreign
    calculation_yen = pass_calculation(account.held_pass, account.holder, paid_yen, returned_on, rulebook)
    return calculation_yen if isinstance(calculation_yen, Refusal) else (calculation_yen, fee_yen)


def _card_back(account: Account, calculation_yen: int, pass_fee_yen: int, rulebook: Rulebook) -> Refund | Refusal:
    counter = rulebook.counter
    foreign = _foreign(account, rulebook)
    if foreign:
        return foreign
    if counter.card_refund is None or counter.card_refund_fee_yen is None or counter.deposit_yen is None:
        return _not_configured("refund of a card")
    if account.coupons is not None:
        return _not_configured("refund of coupon purses")
    shape = CARD_REFUNDS[counter.card_refund]
    fees = Fees(counter.card_refund_fee_yen, pass_fee_yen)
    lines = (
        *shape.worth(account.stored_fare_yen, calculation_yen, fees),
        RefundLine(shape.rule, Item.DEPOSIT, counter.deposit_yen),
    )
    return Refund(sum(line.yen for line in lines), lines, account.points.points if account.points else 0)


# -- cards issued anew


def reissue_days(account: Account, why: Reissue, applied_on: date, rulebook: Rulebook) -> tuple[date, date] | Refusal:
    """First and last day on which a lost or broken card is issued anew (LOC-16, LOC-17, IGP-21, IGP-22, GEN-19).

    Only a named card that was lost is. `applied_on` is the day of the application (LOCOCA) or the slip's date (Iwate).
    """
    counter = rulebook.counter
    foreign = _foreign(account, rulebook)
    if foreign:
        return foreign
    if why is Reissue.LOST and not account.named:
        return Refusal(Code.NOT_ELIGIBLE, "LOC-16", "named card")
    if counter.slip_days is None or counter.lost_reissue_fee_yen is None or counter.deposit_yen is None:
        return _not_configured("reissue")
    return slip_days(applied_on, counter.slip_days)


def reissue(account: Account, why: Reissue, applied_on: date, day: date, rulebook: Rulebook) -> ReissueFee | Refusal:
    """What a lost or broken card costs anew, within the days of its slip: for a broken one nothing is due."""
    counter = rulebook.counter
    days = reissue_days(account, why, applied_on, rulebook)
    if isinstance(days, Refusal):
        return days
    first, last = days
    if not first <= day <= last:
        return Refusal(Code.NOT_ELIGIBLE, "GEN-19", f"{first} to {last}")
    return (
        ReissueFee(counter.lost_reissue_fee_yen or 0, counter.deposit_yen or 0)
        if why is Reissue.LOST
        else ReissueFee(0, 0)
    )


def found_card_deposit(rulebook: Rulebook) -> int | Refusal:
    """What is given back for a lost card that is found after its reissue: its deposit (LOC-16, IGP-21)."""
    deposit_yen = rulebook.counter.deposit_yen
    return _not_configured("deposit") if deposit_yen is None else deposit_yen


def _foreign(account: Account, rulebook: Rulebook) -> Refusal | None:
    """No procedure but for the operator's own card (IGP-2)."""
    return None if account.scheme == rulebook.scheme else Refusal(Code.NOT_ELIGIBLE, "IGP-2", account.scheme)


def _not_configured(what: str) -> Refusal:
    return Refusal(Code.NOT_CONFIGURED, "GEN-17", what)
