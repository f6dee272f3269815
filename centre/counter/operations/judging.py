"""What many operations judge alike: whose card, in what state, which papers, who is its holder. Pure."""

from collections.abc import Iterable
from datetime import date

from cardimage.layout.bits import LayoutFault
from centre.counter.desk import Seen
from centre.counter.operations.prepared import Rewrite
from centre.counter.operations.values import (
    IDENTITY_WITH_MENTAL_HANDBOOK,
    IN_USE,
    Claim,
    Paper,
    Registered,
)
from tariff.account import Account
from tariff.refusal import Code, Refusal
from tariff.rulebook import CardKind, Rulebook


def not_configured(what: str) -> Refusal:
    """What no source describes and the operator has not configured (GEN-17)."""
    return Refusal(Code.NOT_CONFIGURED, "GEN-17", what)


def not_eligible(rule: str, why: str) -> Refusal:
    """Not for this card or person."""
    return Refusal(Code.NOT_ELIGIBLE, rule, why)


def not_workable(register: Registered, rulebook: Rulebook, states: Iterable[str] = (IN_USE,)) -> Refusal | None:
    """Why nothing can be done with a card: another scheme's, not in such a state (faults 46), or pending."""
    if register.scheme != rulebook.scheme:
        return not_eligible("IGP-2", register.scheme)
    if register.unsettled:
        return Refusal(Code.BUSY, "faults 5", "an operation on this card is pending: lay it again first")
    if register.state not in states:
        return not_eligible("faults 46", register.state)
    return None


def not_this_card(seen: Seen, register: Registered) -> Refusal | None:
    """Why the card that lies there is not the one in the register (GEN-11)."""
    same = (seen.idm, seen.number, seen.account.scheme) == (register.idm, register.number, register.scheme)
    return None if same else Refusal(Code.ALTERED_CARD, "GEN-11", "not the card of the register")


def asked_for(papers: Iterable[str], shown: Iterable[str]) -> frozenset[str]:
    """Papers as they are asked for of this person: identity too, where the handbook is a mental one (LOC-12)."""
    asked = frozenset(papers)
    if IDENTITY_WITH_MENTAL_HANDBOOK not in asked:
        return asked
    more = {Paper.IDENTITY.value} if Paper.MENTAL_HANDBOOK in set(shown) else set()
    return asked - {IDENTITY_WITH_MENTAL_HANDBOOK} | more


def lacking(papers: Iterable[str], shown: Iterable[str], rule: str) -> Refusal | None:
    """A refusal that names the papers that were asked for and not shown."""
    missing = sorted(asked_for(papers, shown) - frozenset(shown))
    return not_eligible(rule, f"papers: {', '.join(missing)}") if missing else None


def not_holder(register: Registered, claim: Claim | None, rule: str) -> Refusal | None:
    """Why a person is not shown to be a named card's holder: no proof, or it says another (LOC-16, IGP-21, IGP-25)."""
    if not register.named:
        return None
    if register.holder is None:
        return not_eligible(rule, "no data registered")
    if claim is None:
        return not_eligible(rule, f"papers: {Paper.IDENTITY}")
    if (claim.kana_name, claim.birth) != (register.holder.kana_name, register.holder.birth):
        return not_eligible(rule, "identity: not the data registered")
    return None


def kind_named(name: str, rulebook: Rulebook) -> CardKind | None:
    """A kind of card by its name."""
    return next((kind for kind in rulebook.card_kinds if kind.name == name), None)


def rewritten(rewrite: Rewrite, day: date) -> Rewrite | Refusal:
    """The same, if the card has room for it (GEN-1)."""
    try:
        rewrite.plan(day, 0)
    except LayoutFault as fault:
        return Refusal(Code.TOO_LARGE, "GEN-1", str(fault))
    return rewrite


def emptied(account: Account) -> Account:
    """A card that came back: no money, no points, no pass, no auto-charge (IGP-30). What it was last used for stays."""
    return account._replace(
        stored_fare_yen=0,
        held_pass=None,
        auto_charge=None,
        coupons=None,
        points=None,
        welfare_points=0,
    )
