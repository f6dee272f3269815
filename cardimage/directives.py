"""Directives: what changed at the centre reaches the card at its first tap on or after its first day, once (CTR-3).

Pure. The card knows the number of the last one that was applied to it, and that number becomes valid with the tap's own
commit: however often a tap is torn, and on however many buses it is tried, each directive is applied once, in order.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from cardimage.layout.bits import LayoutFault
from cardimage.layout.conditions import encode_conditions
from cardimage.layout.slots import layout_of
from farebox.formats.bundle import AutoChargeOff, AutoChargeSet, Change, Directive, HolderChanged, PassGiven
from tariff.account import Account, AutoCharge, HolderKind, Pass, Section


class Unfit(NamedTuple):
    """A directive that the card has no room for, and why. Those after it wait: they are applied in order."""

    directive: Directive
    why: str


class Applied(NamedTuple):
    """The account then, the directives that made it, and one that could not be applied."""

    account: Account
    done: tuple[Directive, ...] = ()
    unfit: Unfit | None = None


def apply(account: Account, directives: Sequence[Directive], day: date) -> Applied:
    """What a card comes to by the directives that hold on a day and are not on it yet."""
    done: list[Directive] = []
    for directive in directives:
        if directive.number <= account.directive:
            continue
        if directive.first_day > day:
            break
        changed = _changed(account, directive)
        if isinstance(changed, Unfit):
            return Applied(account, tuple(done), changed)
        account = changed
        done.append(directive)
    return Applied(account, tuple(done))


def _changed(account: Account, directive: Directive) -> Account | Unfit:
    """All of a directive, or nothing of it."""
    try:
        for change in directive.changes:
            account = _with(account, change)
        account = account._replace(directive=directive.number)
        encode_conditions(account, layout_of(account))
    except LayoutFault as fault:
        return Unfit(directive, str(fault))
    return account


def _with(account: Account, change: Change) -> Account:
    match change:
        case PassGiven():
            return account._replace(held_pass=pass_of(change))
        case AutoChargeSet():
            return account._replace(auto_charge=AutoCharge(*change))
        case AutoChargeOff():
            return account._replace(auto_charge=None)
        case HolderChanged(holder=holder, expires=expires):
            if holder not in set(HolderKind):
                raise LayoutFault(f"holder {holder}, which is none")
            return account._replace(holder=HolderKind(holder), expires=expires)


def pass_of(given: PassGiven) -> Pass:
    """A pass as the card holds it then."""
    return Pass(
        product=given.product,
        company=given.company,
        first_day=given.first_day,
        last_day=given.last_day,
        bearer=given.bearer,
        sections=tuple([Section(*section) for section in given.sections]),
        area=given.area,
        line=given.line,
    )


def given(held: Pass) -> PassGiven:
    """A pass as a directive gives it."""
    return PassGiven(
        product=held.product,
        company=held.company,
        first_day=held.first_day,
        last_day=held.last_day,
        bearer=held.bearer,
        sections=tuple([(one.from_stop, one.to_stop, one.one_way, one.priced_fare_yen) for one in held.sections]),
        area=held.area,
        line=held.line,
    )


def told(directive: Directive) -> str:
    """A directive in few words, for the journal: its number first."""
    return f"{directive.number} from {directive.first_day}: {', '.join(map(_told, directive.changes))}"


def _told(change: Change) -> str:
    match change:
        case PassGiven():
            return f"pass {change.product} {change.first_day} to {change.last_day}"
        case AutoChargeSet():
            caps = f"{change.day_cap_yen} a day, {change.month_cap_yen} a month"
            return f"auto-charge {change.amount_yen} below {change.trigger_yen}, {caps}"
        case AutoChargeOff():
            return "auto-charge off"
        case HolderChanged(holder=holder, expires=expires):
            return f"holder {holder}, expires {expires}" if expires else f"holder {holder}"
