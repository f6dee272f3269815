"""Cards sold, changed and taken out of use (LOC-1 to LOC-5, IGP-3, IGP-6, IGP-12, IGP-19, IGP-20, IGP-26, NOR-4).

prepare_issue(blank, request, rulebook, day)
prepare_directives(seen, register, rulebook, day)
prepare_data_change / prepare_named / prepare_adult / prepare_void / prepare_stop / prepare_lift
"""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from cardimage.directives import apply
from cardimage.issue import issue
from cardimage.layout.bits import LayoutFault
from centre.counter.desk import Blank, NewCard, Seen
from centre.counter.operations.effects import (
    CardIssued,
    DirectivesApplied,
    DirectivesWithdrawn,
    Effect,
    HolderSet,
    KindSet,
    PassSold,
    StateSet,
    StopLifted,
    Stopped,
)
from centre.counter.operations.judging import (
    asked_for,
    emptied,
    kind_named,
    lacking,
    not_configured,
    not_eligible,
    not_holder,
    not_this_card,
    not_workable,
    rewritten,
)
from centre.counter.operations.prepared import NewIssue, Prepared, Rewrite
from centre.counter.operations.values import IN_USE, STOPPED, VOID, Claim, HolderData, Line, Operation, Registered, What
from tariff.account import Account, HolderKind
from tariff.cards import Applicant, CardSale, change_kind, not_offered, sell_card
from tariff.products import Buyer, Order, Sale, sell
from tariff.purses import NO_COUPONS, top_up
from tariff.refusal import Code, Refusal
from tariff.rulebook import CardKind, Purse, Rulebook


class IssueRequest(NamedTuple):
    """A card that somebody asks for.

    price_yen   deposit included (LOC-4); None: with a pass on it, for whose price and the deposit it is sold (LOC-5)
    number      as it is engraved
    holder      None: anonymous
    consent     to the use of personal data (IGP-6)
    papers      what was shown: words of the operator file, and of `values.Paper`
    order       the pass on it, if any
    pass_only   a card without purses (NOR-12)
    """

    kind: str
    number: str
    price_yen: int | None
    holder: HolderData | None = None
    consent: bool = False
    papers: frozenset[str] = frozenset()
    handbook_ends: date | None = None
    order: Order | None = None
    pass_only: bool = False


def prepare_issue(blank: Blank, request: IssueRequest, rulebook: Rulebook, day: date) -> Prepared | Refusal:
    """Issue a card: what it costs, what stands on it, what the register knows then."""
    named = request.holder is not None
    birth = request.holder.birth if request.holder else None
    applicant = Applicant(day, birth, request.handbook_ends)
    sale = sell_card(request.kind, request.price_yen, applicant, rulebook, named=named)
    if isinstance(sale, Refusal):
        return sale
    kind = kind_named(request.kind, rulebook)
    assert kind is not None
    if (request.price_yen is None) != (request.order is not None):
        return Refusal(Code.NOT_SOLD, "LOC-5", "a price, or a pass")
    papers = set(kind.papers)
    refusal = _not_agreed(request.holder, consent=request.consent)
    if refusal:
        return refusal
    account = _new_account(sale, kind, request, rulebook, day)
    if isinstance(account, Refusal):
        return account
    lines = [Line("LOC-4", What.DEPOSIT, sale.deposit_yen)]
    if sale.stored_fare_yen:
        lines.append(Line("LOC-4", What.STORED_FARE, sale.stored_fare_yen))
    idm = blank.idm
    issued = CardIssued(idm, rulebook.scheme, request.number, kind.name, named, day, sale.expires, sale.deposit_yen)
    effects: list[Effect] = [issued]
    if request.holder:
        effects.append(HolderSet(idm, request.holder, day))
    if request.order:
        sold = sell(request.order, Buyer(account, birth, new_card=True), rulebook)
        if isinstance(sold, Refusal):
            return sold
        account = account._replace(held_pass=sold.held)
        papers |= papers_of(request.order, rulebook)
        lines.append(Line(sold.price.lines[0].rule, What.PASS, sold.price.yen))
        effects.append(pass_sold(idm, request.order, sold))
    asked = asked_for(papers, request.papers)
    refusal = lacking(papers, request.papers, kind.rule)
    if refusal:
        return refusal
    new = NewCard(account, request.number, day)
    unfit = unfit_for_issue(new)
    if unfit:
        return unfit
    return Prepared(
        Operation.ISSUE,
        rulebook.scheme,
        day,
        idm,
        None,
        lines=tuple(lines),
        papers=tuple(sorted(asked)),
        card=NewIssue(blank, new),
        effects=tuple(effects),
    )


def _not_agreed(holder: HolderData | None, *, consent: bool) -> Refusal | None:
    """Whose data is taken agrees to it, and gives all of it (LOC-1, IGP-6; [D] for every operator's named cards)."""
    if holder is None:
        return None
    if not consent:
        return not_eligible("IGP-6", "consent")
    if not holder.kana_name or not holder.telephone or holder.birth is None:
        return not_eligible("LOC-1", "name, telephone and date of birth")
    return None


def _new_account(
    sale: CardSale, kind: CardKind, request: IssueRequest, rulebook: Rulebook, day: date
) -> Account | Refusal:
    """What stands on the card; what was paid beyond the deposit goes to coupons where it has no stored fare [D]."""
    named = request.holder is not None
    purses = {rules.name for rules in rulebook.purses}
    blank = Account(rulebook.scheme, 0, kind.holder, named, sale.expires)
    if Purse.REGULAR not in purses:
        if request.pass_only:
            return Refusal(Code.NOT_SOLD, "NOR-12", "a card with the pass function only")
        return blank._replace(stored_fare_yen=sale.stored_fare_yen)
    if request.pass_only:
        return blank if not sale.stored_fare_yen else Refusal(Code.NOT_SOLD, "NOR-12", "money on a card without purses")
    blank = blank._replace(coupons=NO_COUPONS)
    if not sale.stored_fare_yen:
        return blank
    added = top_up(blank, Purse.REGULAR, sale.stored_fare_yen, day, rulebook)
    return added if isinstance(added, Refusal) else added.after


def papers_of(order: Order, rulebook: Rulebook) -> frozenset[str]:
    """What is to be shown for a pass (LOC-12, AZF-35)."""
    product = rulebook.product_named(order.purchase.product)
    return frozenset(product.papers) if product else frozenset()


def pass_sold(idm: bytes, order: Order, sale: Sale) -> PassSold:
    """A sale as the register keeps it."""
    names = tuple(
        (order.stop_names.get(section.from_stop, ""), order.stop_names.get(section.to_stop, ""))
        for section in order.sections
    )
    return PassSold(idm, order.purchase.product, sale.held, names, sale.price.yen, order.sold_on)


def unfit_for_issue(new: NewCard) -> Refusal | None:
    """Why no card can hold this: its number, or an amount."""
    try:
        issue(bytes(8), new.account, new.number, new.issued_on)
    except LayoutFault as fault:
        return Refusal(Code.TOO_LARGE, "GEN-1", str(fault))
    return None


# -- what waited for the card


def prepare_directives(seen: Seen, register: Registered, rulebook: Rulebook, day: date) -> Prepared | Refusal | None:
    """Write what waits for this card and holds by now (CTR-3); None: nothing does."""
    refusal = not_workable(register, rulebook) or not_this_card(seen, register)
    if refusal:
        return refusal
    account, effects = brought_up(seen, register, day)
    if not effects:
        return None
    return _rewriting(Operation.APPLY_DIRECTIVES, seen, register, account, day, effects)


def brought_up(seen: Seen, register: Registered, day: date) -> tuple[Account, tuple[Effect, ...]]:
    """The card with what waits for it and holds by now, as every write at the counter makes it (CTR-3)."""
    applied = apply(seen.account, register.directives, day)
    done = tuple(DirectivesApplied(register.idm, one.number) for one in applied.done[-1:])
    return applied.account, done


def _rewriting(
    operation: Operation,
    seen: Seen,
    register: Registered,
    after: Account,
    day: date,
    effects: Iterable[Effect],
    *,
    papers: Iterable[str] = (),
    note: str = "",
) -> Prepared | Refusal:
    card = rewritten(Rewrite(seen, after), day)
    if isinstance(card, Refusal):
        return card
    return Prepared(
        operation,
        register.scheme,
        day,
        register.idm,
        register,
        papers=tuple(sorted(papers)),
        card=card,
        effects=tuple(effects),
        note=note,
    )


# -- changes


class HolderRequest(NamedTuple):
    """Data of a holder, with consent to its use (IGP-6), and what was shown."""

    holder: HolderData
    consent: bool = False
    papers: frozenset[str] = frozenset()
    claim: Claim | None = None


def prepare_data_change(
    register: Registered, request: HolderRequest, rulebook: Rulebook, day: date
) -> Prepared | Refusal:
    """Another name, telephone or sex of a named card's holder (IGP-19). Nothing of it stands on the card.

    The date of birth stays: the card's last day comes of it, and of a wrong one the card itself (IGP-20).
    """
    refusal = (
        not_offered("data-change", rulebook)
        or not_workable(register, rulebook)
        or (None if register.named else not_eligible("IGP-19", "named card"))
        or not_holder(register, request.claim, "IGP-19")
        or _not_agreed(request.holder, consent=request.consent)
    )
    if refusal:
        return refusal
    if register.holder is None or request.holder.birth != register.holder.birth:
        return not_eligible("IGP-19", "date of birth")
    effects = (HolderSet(register.idm, request.holder, day),)
    return Prepared(
        Operation.CHANGE_DATA,
        register.scheme,
        day,
        register.idm,
        register,
        papers=("identity",),
        effects=effects,
    )


def prepare_named(
    seen: Seen, register: Registered, request: HolderRequest, rulebook: Rulebook, day: date
) -> Prepared | Refusal:
    """An anonymous card becomes its bearer's own (IGP-26)."""
    refusal = not_workable(register, rulebook) or not_this_card(seen, register)
    if refusal:
        return refusal
    if register.named:
        return not_eligible("IGP-26", "named card")
    refusal = _not_agreed(request.holder, consent=request.consent)
    if refusal:
        return refusal
    account, effects = brought_up(seen, register, day)
    after = change_kind(account, account.holder, day, rulebook, named=True)
    if isinstance(after, Refusal):
        return after
    kind = _kind_of(after.holder, rulebook)
    if kind is None:
        return not_configured("named card")
    lacks = lacking(kind.papers, request.papers, kind.rule)
    if lacks:
        return lacks
    changed = (KindSet(register.idm, kind.name, True, after.expires), HolderSet(register.idm, request.holder, day))
    return _rewriting(
        Operation.MAKE_NAMED,
        seen,
        register,
        after,
        day,
        (*effects, *changed),
        papers=asked_for(kind.papers, request.papers),
    )


_GROWN = {HolderKind.CHILD: HolderKind.ADULT, HolderKind.DISABLED_CHILD: HolderKind.DISABLED_ADULT}


def prepare_adult(seen: Seen, register: Registered, rulebook: Rulebook, day: date) -> Prepared | Refusal:
    """A child's card whose days are over becomes an adult's, and is used on (LOC-2, IGP-26)."""
    refusal = not_workable(register, rulebook) or not_this_card(seen, register)
    if refusal:
        return refusal
    account, effects = brought_up(seen, register, day)
    grown = _GROWN.get(account.holder)
    if grown is None:
        return not_eligible("LOC-2", "child card")
    after = change_kind(account, grown, day, rulebook, named=True)
    if isinstance(after, Refusal):
        return after
    kind = _kind_of(grown, rulebook)
    if kind is None:
        return not_configured("adult card")
    changed = KindSet(register.idm, kind.name, True, after.expires)
    return _rewriting(Operation.MAKE_ADULT, seen, register, after, day, (*effects, changed))


def _kind_of(holder: HolderKind, rulebook: Rulebook) -> CardKind | None:
    kinds = (kind for kind in rulebook.card_kinds if kind.holder is holder and kind.named in ("named", "either"))
    return next(kinds, None)


# -- out of use


class VoidWhy(StrEnum):
    """Why a card is void and collected, no money back (IGP-20)."""

    TAKEN_OVER = "taken-over"
    USED_BY_ANOTHER = "used-by-another"
    FALSE_DATA = "false-data"
    FACE_ALTERED = "face-altered"
    FORGED = "forged"
    DAMAGED_ON_PURPOSE = "damaged-on-purpose"
    PASS_VOID = "pass-void"
    OTHER_FRAUD = "other-fraud"


def prepare_void(
    seen: Seen | None, register: Registered, why: VoidWhy, rulebook: Rulebook, day: date
) -> Prepared | Refusal:
    """A card is void and collected (IGP-20): nothing of it is given back, and a second person approves.

    `seen` is None where it can't be read any more.
    """
    refusal = (
        not_offered("void", rulebook)
        or not_workable(register, rulebook, (IN_USE, STOPPED))
        or (not_this_card(seen, register) if seen else None)
    )
    if refusal:
        return refusal
    card = rewritten(Rewrite(seen, emptied(seen.account)), day) if seen else None
    if isinstance(card, Refusal):
        return card
    return Prepared(
        Operation.VOID,
        register.scheme,
        day,
        register.idm,
        register,
        approval=f"IGP-20: {why}",
        card=card,
        effects=(StateSet(register.idm, VOID), Stopped(register.idm, f"void: {why}"), *withdrawn(register)),
        note=why,
    )


def withdrawn(register: Registered) -> tuple[Effect, ...]:
    """Nothing that waits is to be written to this card any more."""
    numbers = tuple(one.number for one in register.directives)
    return (DirectivesWithdrawn(register.idm, numbers),) if numbers else ()


def prepare_stop(register: Registered, why: str, rulebook: Rulebook, day: date) -> Prepared | Refusal:
    """Every reader is to refuse a card, on suspicion; `why` in the clerk's words."""
    refusal = not_workable(register, rulebook)
    if refusal:
        return refusal
    effects = (StateSet(register.idm, STOPPED), Stopped(register.idm, why))
    return Prepared(Operation.STOP, register.scheme, day, register.idm, register, effects=effects, note=why)


def prepare_lift(register: Registered, why: str, rulebook: Rulebook, day: date) -> Prepared | Refusal:
    """A card that was stopped on suspicion is taken again; a second person approves.

    One that was reported lost or damaged stays stopped (LOC-16, IGP-21, IGP-22).
    """
    refusal = not_workable(register, rulebook, (STOPPED,))
    if refusal:
        return refusal
    if register.report:
        return not_eligible("LOC-16", f"reported {register.report.why}")
    effects = (StateSet(register.idm, IN_USE), StopLifted(register.idm))
    return Prepared(
        Operation.LIFT_STOP,
        register.scheme,
        day,
        register.idm,
        register,
        approval="faults 47: a stop is lifted",
        effects=effects,
        note=why,
    )
