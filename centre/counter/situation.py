"""What a clerk has in front of them: the desk, the card's register, the rules of the day. And what can be done with it.

Pure: what fits is a guess for the eye, so that nobody looks through twenty buttons; each operation judges by itself.
"""

from datetime import date
from typing import NamedTuple

from centre.counter.desk import Blank, Laid, Seen
from centre.counter.operations.values import IN_USE, REPLACED, STOPPED, Operation, Registered, ReportedWhy
from farebox.feed import Feed
from tariff.account import HolderKind
from tariff.rulebook import Rulebook

_CHILDREN = (HolderKind.CHILD, HolderKind.DISABLED_CHILD)


class Situation(NamedTuple):
    """`laid` is what lies on the desk; `register` the card that is worked on: that one, or one that was looked up.

    limit_yen   above which a refund needs a second person (faults 47)
    network     the operator's stops and fares; None where none are configured
    """

    laid: Laid
    register: Registered | None
    rulebook: Rulebook
    day: date
    limit_yen: int
    network: Feed | None = None

    @property
    def seen(self) -> Seen | None:
        """The card on the desk, if it is the one that is worked on."""
        ours = isinstance(self.laid, Seen) and self.register is not None and self.laid.idm == self.register.idm
        return self.laid if ours and isinstance(self.laid, Seen) else None

    @property
    def blank(self) -> Blank | None:
        """A card on the desk that nobody has issued."""
        return self.laid if isinstance(self.laid, Blank) else None


def fitting(now: Situation) -> tuple[Operation, ...]:
    """What can be asked for, as far as can be told before anything is filled in."""
    if now.register is None:
        return (Operation.ISSUE,) if now.blank else ()
    return (*_with_blank(now, now.register), *_with_card(now, now.register), *_without_card(now, now.register))


def _with_blank(now: Situation, register: Registered) -> tuple[Operation, ...]:
    """A new card for one that was reported."""
    if now.blank is None or register.report is None or register.state != STOPPED:
        return ()
    return (Operation.EXCHANGE if register.report.why is ReportedWhy.EXCHANGED else Operation.REISSUE,)


def _with_card(now: Situation, register: Registered) -> tuple[Operation, ...]:
    """What is written to the card itself."""
    if now.seen is None or register.state != IN_USE:
        return ()
    fits = [Operation.TOP_UP, Operation.SELL_PASS, Operation.REFUND_CARD]
    if register.passes:
        fits += [Operation.REFUND_PASS, Operation.REFUND_BOTH]
    if any(one.first_day <= now.day for one in register.directives):
        fits.append(Operation.APPLY_DIRECTIVES)
    if not register.named:
        fits.append(Operation.MAKE_NAMED)
    if now.seen.account.holder in _CHILDREN:
        fits.append(Operation.MAKE_ADULT)
    if "exchange" in (now.rulebook.counter.procedures or ()):
        fits.append(Operation.TAKE_IN)
    return tuple(fits)


def _without_card(now: Situation, register: Registered) -> tuple[Operation, ...]:
    """What the register alone is enough for."""
    procedures = now.rulebook.counter.procedures or ()
    if register.state == REPLACED:
        return (Operation.FOUND_CARD,) if register.deposit_yen else ()
    if register.state not in (IN_USE, STOPPED):
        return ()
    fits = []
    if register.state == IN_USE or register.report is not None:
        fits += [Operation.REPORT_LOST] if register.named else []
        fits.append(Operation.REPORT_DAMAGED)
    if register.named and register.state == IN_USE and "data-change" in procedures:
        fits.append(Operation.CHANGE_DATA)
    fits.append(Operation.STOP if register.state == IN_USE else Operation.LIFT_STOP)
    if register.state == STOPPED and register.report is not None:
        fits.remove(Operation.LIFT_STOP)
    if "void" in procedures:
        fits.append(Operation.VOID)
    return tuple(fits)
