"""Stored fare: adding to it, and paying from it (GEN-3, GEN-10)."""

from enum import StrEnum
from typing import NamedTuple

from tariff.refusal import Code, Refusal
from tariff.rulebook import Rulebook


class Payment(StrEnum):
    """How the passenger pays; anything but CARD is the passenger's choice, keyed by the driver (GEN-10)."""

    CARD = "card"
    PART_CASH = "part-cash"
    ALL_CASH = "all-cash"


class Paid(NamedTuple):
    """What the card and the cash box take, in yen; together the amount due."""

    stored_fare_yen: int
    cash_yen: int


def add_stored_fare(balance_yen: int, added_yen: int, rulebook: Rulebook) -> int | Refusal:
    """The balance after a top-up, or a refusal: an addition over the cap is refused whole, never in part (GEN-3)."""
    if added_yen < 0:
        raise ValueError(f"a top-up of {added_yen} yen")
    after_yen = balance_yen + added_yen
    if after_yen > rulebook.stored_fare_cap_yen:
        return Refusal(Code.OVER_CAP, "GEN-3", f"{after_yen} > {rulebook.stored_fare_cap_yen}")
    return after_yen


def pay(due_yen: int, balance_yen: int, payment: Payment, rulebook: Rulebook) -> Paid | Refusal:
    """Pay an amount from stored fare and cash, or a refusal `SHORT` that waits for the passenger's choice (GEN-10).

    In a mixed payment the stored fare used is a multiple of 10 yen: 195 yen on the card pays 190 of a fare.
    """
    if payment is Payment.ALL_CASH:
        return Paid(0, due_yen)
    if balance_yen >= due_yen:
        return Paid(due_yen, 0)
    if payment is Payment.CARD:
        return Refusal(Code.SHORT, "GEN-10", due_yen=due_yen, short_yen=due_yen - balance_yen)
    used_yen = balance_yen - balance_yen % rulebook.mixed_multiple_yen
    return Paid(used_yen, due_yen - used_yen)
