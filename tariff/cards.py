"""Cards: until when each kind holds, what is on a new one, and what it can be changed into.

LOC-1 to LOC-4, IGP-5, IGP-12, IGP-26, NOR-4, GEN-16.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import NamedTuple

from tariff.account import Account, HolderKind
from tariff.calendar import period_end, primary_school_end
from tariff.refusal import Code, Refusal
from tariff.rulebook import CardKind, Rulebook


class Applicant(NamedTuple):
    """What an application for a card shows: its day, date of birth and the handbook's last day, where there are any."""

    issued_on: date
    birth: date | None = None
    handbook_ends: date | None = None


class CardSale(NamedTuple):
    """A new card: its stored fare and deposit in yen, and its last day; None where it never expires."""

    stored_fare_yen: int
    deposit_yen: int
    expires: date | None


# -- last days

_NO_BIRTH = Refusal(Code.NOT_ELIGIBLE, "GEN-16", "date of birth")

Expiry = Callable[[Applicant], date | Refusal | None]


def never(_applicant: Applicant) -> None:
    """A card without end (NOR-4)."""


def school(applicant: Applicant) -> date | Refusal:
    """The last day of primary school (LOC-2, IGP-5, NOR-4, GEN-16)."""
    return primary_school_end(applicant.birth) if applicant.birth else _NO_BIRTH


def handbook_or_two_years(applicant: Applicant) -> date:
    """The handbook's end or two years from issue, the sooner (NOR-4)."""
    two_years = period_end(applicant.issued_on, 24)
    return min(applicant.handbook_ends or two_years, two_years)


def school_or_handbook(applicant: Applicant) -> date | Refusal:
    """The last day of primary school or the handbook's end, the sooner (NOR-4)."""
    school_end = school(applicant)
    if isinstance(school_end, Refusal):
        return school_end
    return min(applicant.handbook_ends or school_end, school_end)


EXPIRY: Mapping[str, Expiry] = {
    "none": never,
    "school": school,
    "handbook-or-two-years": handbook_or_two_years,
    "school-or-handbook": school_or_handbook,
}
"""The closed registry behind `expiry` of an operator file's kinds of card."""


def card_last_day(kind: CardKind, applicant: Applicant) -> date | Refusal | None:
    """The last day of a card of a kind, None if it has none; refused for whom that day is past already."""
    last_day = EXPIRY[kind.expiry](applicant)
    if isinstance(last_day, date) and last_day < applicant.issued_on:
        return Refusal(Code.NOT_ELIGIBLE, kind.rule, f"until {last_day}")
    return last_day


# -- selling


def sell_card(
    kind_name: str, price_yen: int | None, applicant: Applicant, rulebook: Rulebook, *, named: bool
) -> CardSale | Refusal:
    """Sell a card of a kind: the price is its deposit and, for the rest, stored fare (LOC-1, LOC-4, IGP-12).

    None for a price: it is bought with a pass on it, and the deposit is all that is due for the card (LOC-5).
    """
    counter = rulebook.counter
    kind = next((kind for kind in rulebook.card_kinds if kind.name == kind_name), None)
    if kind is None:
        return Refusal(Code.NOT_SOLD, "GEN-19", kind_name)
    form = _form(named)
    if kind.named not in (form, "either"):
        return Refusal(Code.NOT_SOLD, kind.rule, form)
    if counter.sold_at_yen is None or counter.deposit_yen is None:
        return _not_configured("price of a card")
    if price_yen is not None and price_yen not in counter.sold_at_yen:
        return Refusal(Code.NOT_SOLD, "LOC-4", f"{price_yen} yen")
    expires = card_last_day(kind, applicant)
    if isinstance(expires, Refusal):
        return expires
    stored_fare_yen = 0 if price_yen is None else price_yen - counter.deposit_yen
    return CardSale(stored_fare_yen, counter.deposit_yen, expires)


# -- procedures

PROCEDURES = ("data-change", "void", "exchange")
"""Procedures that only some operators' rules know (IGP-19, IGP-20, IGP-23)."""


def not_offered(procedure: str, rulebook: Rulebook) -> Refusal | None:
    """A refusal of a procedure that no rule of this operator's describes (GEN-17)."""
    return None if procedure in (rulebook.counter.procedures or ()) else _not_configured(procedure)


# -- changes of kind

_GROWN_UP = {HolderKind.CHILD: HolderKind.ADULT, HolderKind.DISABLED_CHILD: HolderKind.DISABLED_ADULT}
"""Whose card a child's becomes when its days are over (LOC-2, IGP-26); a disabled child's is a disabled adult's [D]."""


def change_kind(
    account: Account, holder: HolderKind, day: date, rulebook: Rulebook, *, named: bool
) -> Account | Refusal:
    """The card as another kind: an anonymous one becomes named, an expired child's an adult's (LOC-2, IGP-26).

    A named card never becomes anonymous. NOT_CONFIGURED (GEN-17) for any other change, which no source knows, for one
    into a kind that the operator file has not, and for one whose last day needs more than the card shows.
    """
    if account.scheme != rulebook.scheme:
        return Refusal(Code.NOT_ELIGIBLE, "IGP-2", account.scheme)
    if account.named and not named:
        return Refusal(Code.NOT_ELIGIBLE, "IGP-26", "named card")
    form = _form(named)
    kind = next(
        (kind for kind in rulebook.card_kinds if kind.holder is holder and kind.named in (form, "either")), None
    )
    if kind is None:
        return _not_configured(f"{form} card of {holder.name}")
    if holder is account.holder:
        return account._replace(named=named)
    if _GROWN_UP.get(account.holder) is not holder:
        return _not_configured(f"{account.holder.name} to {holder.name}")
    if account.expires is None or day <= account.expires:
        return Refusal(Code.NOT_ELIGIBLE, "LOC-2", f"after {account.expires}")
    if EXPIRY[kind.expiry] is not never:
        return _not_configured(f"last day of {kind.name} after a change")
    return account._replace(holder=holder, expires=None)


def _form(named: bool) -> str:
    return "named" if named else "anonymous"


def _not_configured(what: str) -> Refusal:
    return Refusal(Code.NOT_CONFIGURED, "GEN-17", what)
