"""By what one tap is judged besides its card and its trip: the centre's word, and how far the clock is believed. Pure.

    terms_of(account, idm, service, at_s, orders, boards, trusted) -> Terms | Refusal
    terms.laid_on(decision) -> the decision with what the directives change, to be written by the same commit

Before the clock is trusted no dated product is used (faults 25): a card that holds one is refused before anything is
taken, and any other rides at the plain fare.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from cardimage import directives
from cardimage.directives import Applied
from farebox import hotlist
from farebox.formats.bundle import BundleError, Directive, Directives, Hotlist
from farebox.hotlist import AGES, Ages
from farebox.tap import Alight, Board, Keep, Note, NoteCode, Service, ride_here
from tariff.account import Account, RideState
from tariff.auto_charge import Held
from tariff.calendar import day_in_japan
from tariff.purses import balance_yen
from tariff.refusal import Code, Refusal
from tariff.rulebook import Purse, Rulebook


class Orders(NamedTuple):
    """What the centre said last; None: it never said anything."""

    hotlist: Hotlist | None = None
    directives: Directives | None = None
    ages: Ages = AGES

    def refuses(self, idm: bytes) -> Refusal | None:
        """Whether a card is on the hotlist (GEN-11)."""
        return None if self.hotlist is None else hotlist.refusal(self.hotlist, idm)


NO_ORDERS = Orders()


class Terms(NamedTuple):
    """`account` is judged, on `service`; `written` has the conditions that the card holds afterwards.

    The two differ where a ride began on a day before: it is judged by the pass and the holder of that day (GEN-5).
    `held` is why there is no auto-charge.
    """

    account: Account
    written: Account
    service: Service
    held: Held | None = None
    notes: tuple[Note, ...] = ()

    def laid_on(self, decision: Board | Alight | Keep | Refusal) -> Board | Alight | Keep | Refusal:
        """A decision that writes the card, with the directives that it brings there; any other as it is."""
        if not self.notes and self.written is self.account:
            return decision
        match decision:
            case Board():
                return Board(self._as_written(decision.after), (*decision.notes, *self.notes))
            case Alight(settlement=settled):
                settled = settled._replace(
                    before=self._as_written(settled.before), after=self._as_written(settled.after)
                )
                return decision._replace(settlement=settled, notes=(*decision.notes, *self.notes))
            case _:
                return decision

    def _as_written(self, account: Account) -> Account:
        then = self.written
        return account._replace(held_pass=then.held_pass, holder=then.holder, expires=then.expires)


def terms_of(
    account: Account, idm: bytes, service: Service, at_s: int, orders: Orders, *, boards: bool, trusted: bool
) -> Terms | Refusal:
    """The terms of a tap, at the entry or at the exit, of a card that was read as `account`."""
    if not trusted:
        return _undated(account, service, boards)
    waiting: tuple[Directive, ...] = ()
    notes: tuple[Note, ...] = ()
    if orders.directives is not None and account.scheme == service.rulebook.scheme:
        # Another scheme's card is its own terminals' to change (IGP-2).
        try:
            waiting = orders.directives.of(idm)
        except BundleError as error:  # checked when it came, and rotten since
            notes = (_refused(f"bundle {orders.directives.version}: {error}"),)
    judged = written = account
    if waiting:
        judged, written, notes = _changed(account, waiting, service, day_in_japan(at_s))
    held = None
    if judged.auto_charge is not None and orders.hotlist is not None:
        held = hotlist.no_credit(orders.hotlist, idm, at_s, orders.ages)
    return Terms(judged, written, service, held, notes)


def _changed(
    account: Account, waiting: Sequence[Directive], service: Service, today: date
) -> tuple[Account, Account, tuple[Note, ...]]:
    """The account as it is judged, as it is written, and what is said about it."""
    now = directives.apply(account, waiting, today)
    ride = ride_here(account, service)
    judged = now.account
    if now.done and ride is not None and ride.state is RideState.OPEN and ride.day < today:
        then = directives.apply(account, waiting, ride.day).account
        judged = judged._replace(held_pass=then.held_pass, holder=then.holder, expires=then.expires)
    return judged, now.account, _notes(now)


def _notes(applied: Applied) -> tuple[Note, ...]:
    notes = [Note(NoteCode.DIRECTIVE_APPLIED, "CTR-3", directives.told(one)) for one in applied.done]
    if applied.unfit is not None:
        notes.append(_refused(f"{applied.unfit.directive.number}: {applied.unfit.why}"))
    return tuple(notes)


def _refused(why: str) -> Note:
    return Note(NoteCode.DIRECTIVE_REFUSED, "CTR-3", why)


# -- without a clock (faults 25)


def _undated(account: Account, service: Service, boards: bool) -> Terms | Refusal:
    """Nothing that hangs on today: no pass, expiry, auto-charge, points, purse of certain days, and no directive.

    A pass, or a card with an expiry, still serves a ride that began here: that one is of the day on the card, which a
    trusted clock has written, for without one such a ride does not begin.
    """
    ride = ride_here(account, service)
    of_its_day = ride is not None and (not boards or ride.state is RideState.OPEN)
    if not of_its_day and (account.held_pass is not None or account.expires is not None):
        return Refusal(Code.CLOCK_NOT_SET, "faults 25", "expiry" if account.held_pass is None else "pass")
    rulebook = service.rulebook
    notes: tuple[Note, ...] = ()
    if account.scheme == rulebook.scheme and _benefits(account, rulebook):
        notes = (Note(NoteCode.CLOCK_NOT_SET, "faults 25"),)
    return Terms(account, account, service._replace(rulebook=_plain(rulebook)), Held.CLOCK_NOT_SET, notes)


def _plain(rulebook: Rulebook) -> Rulebook:
    """The rules without those that ask for a day: points lapse, and some purses pay on certain days only."""
    purses = tuple(rules for rules in rulebook.purses if not rules.days and rules.name is not Purse.POINTS)
    return rulebook._replace(points=None, purses=purses)


def _benefits(account: Account, rulebook: Rulebook) -> bool:
    """Whether a card could have had anything of what is left out: points earned or used, a purse of certain days."""
    dated = (rules.name for rules in rulebook.purses if rules.days)
    return rulebook.points is not None or any(balance_yen(account, purse) for purse in dated)
