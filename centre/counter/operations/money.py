"""Money put on a card and given back (GEN-3, NOR-3; LOC-18, IGP-25, AZF-50; LOC-16, IGP-21).

prepare_top_up(seen, register, purse, paid_yen, papers, rulebook, day)
prepare_refund(seen, register, request, rulebook, day, limit_yen)       the card, its pass, or both
prepare_found(seen, register, claim, rulebook, day)                     the deposit of a lost card that turned up
"""

from datetime import date
from enum import StrEnum
from typing import NamedTuple

from cardimage.directives import pass_of
from centre.counter.desk import Seen
from centre.counter.operations.cards import brought_up, withdrawn
from centre.counter.operations.effects import (
    DepositReturned,
    DirectivesWithdrawn,
    Effect,
    PassRefunded,
    StateSet,
    Stopped,
)
from centre.counter.operations.judging import (
    emptied,
    lacking,
    not_eligible,
    not_holder,
    not_this_card,
    not_workable,
    rewritten,
)
from centre.counter.operations.prepared import Prepared, Rewrite
from centre.counter.operations.values import (
    REFUNDED,
    REPLACED,
    Claim,
    Line,
    Operation,
    Paper,
    PassHeld,
    Registered,
    What,
)
from farebox.formats.bundle import PassGiven
from tariff.account import Account, RideState
from tariff.purses import ToppedUp, top_up
from tariff.refunds import (
    CARD_REFUNDS,
    Item,
    Refund,
    found_card_deposit,
    pass_calculation,
    refund_both,
    refund_card,
    refund_pass,
)
from tariff.refusal import Refusal
from tariff.rulebook import Purse, Rulebook


def prepare_top_up(
    seen: Seen,
    register: Registered,
    purse: Purse,
    paid_yen: int,
    papers: frozenset[str],
    rulebook: Rulebook,
    day: date,
) -> Prepared | Refusal:
    """Add to a purse, premium included. The student purse is for those who show that they attend a school (NOR-3)."""
    asked = (Paper.ATTENDANCE.value,) if purse is Purse.STUDENT else ()
    refusal = not_workable(register, rulebook) or not_this_card(seen, register) or lacking(asked, papers, "NOR-3")
    if refusal:
        return refusal
    account, effects = brought_up(seen, register, day)
    added: ToppedUp | Refusal = top_up(account, purse, paid_yen, day, rulebook)
    if isinstance(added, Refusal):
        return added
    card = rewritten(Rewrite(seen, added.after, added.added_yen, added.paid_yen), day)
    if isinstance(card, Refusal):
        return card
    return Prepared(
        Operation.TOP_UP,
        register.scheme,
        day,
        register.idm,
        register,
        lines=(Line("GEN-3" if purse is Purse.STORED_FARE else "NOR-3", What.STORED_FARE, paid_yen),),
        papers=asked,
        card=card,
        effects=effects,
        note=purse,
    )


# -- refunds


class Back(StrEnum):
    """What is given back."""

    CARD = "card"
    PASS = "pass"
    BOTH = "both"


class RefundRequest(NamedTuple):
    """Somebody gives back a card, its pass, or both. `sold` is the register's row of the pass."""

    back: Back
    sold: int | None = None
    claim: Claim | None = None
    papers: frozenset[str] = frozenset()


_OPERATION = {
    Back.CARD: Operation.REFUND_CARD,
    Back.PASS: Operation.REFUND_PASS,
    Back.BOTH: Operation.REFUND_BOTH,
}


def prepare_refund(
    seen: Seen, register: Registered, request: RefundRequest, rulebook: Rulebook, day: date, limit_yen: int
) -> Prepared | Refusal:
    """Give money back for a card, its pass, or both; above the limit a second person approves (faults 47).

    What the pass cost is the register's. A pass that waits for the card is given back by itself, before the card is.
    """
    refusal = (
        not_workable(register, rulebook)
        or not_this_card(seen, register)
        or not_holder(register, request.claim, "IGP-25")
    )
    if refusal:
        return refusal
    account, effects = brought_up(seen, register, day)
    waiting = _passes_to_come(register, day)
    sold = next((one for one in register.passes if one.row == request.sold), None)
    if request.back is Back.CARD:
        refund: Refund | Refusal = _pass_waits(waiting) or refund_card(account, day, rulebook)
        return _returned(seen, register, request, rulebook, day, limit_yen, refund, None)
    if sold is None:
        return not_eligible("LOC-12", "a pass of this card")
    papers = lacking(_papers(rulebook), request.papers, "LOC-12")
    if papers:
        return papers
    if request.back is Back.BOTH:
        if account.held_pass != sold.held:
            return not_eligible("LOC-18", "the pass on the card")
        both = _pass_waits(waiting) or refund_both(account, sold.price_yen, day, rulebook)
        return _returned(seen, register, request, rulebook, day, limit_yen, both, sold)
    number = next((number for number, held in waiting.items() if held == sold.held), None)
    refund = refund_pass(account._replace(held_pass=sold.held), sold.price_yen, day, rulebook)
    if isinstance(refund, Refusal):
        return refund
    gone: tuple[Effect, ...] = (_given_back(sold, account, rulebook, day),)
    after = account
    if number is not None:
        gone = (*gone, DirectivesWithdrawn(register.idm, (number,)))
    elif account.held_pass == sold.held:
        after = account._replace(held_pass=None)
    else:
        return not_eligible("LOC-18", "a pass that is on the card no more")
    card = rewritten(Rewrite(seen, after), day) if after != seen.account else None
    if isinstance(card, Refusal):
        return card
    return _refunding(register, request, rulebook, day, limit_yen, refund, card, (*effects, *gone))


def _returned(
    seen: Seen,
    register: Registered,
    request: RefundRequest,
    rulebook: Rulebook,
    day: date,
    limit_yen: int,
    refund: Refund | Refusal,
    sold: PassHeld | None,
) -> Prepared | Refusal:
    """The card comes back: it is emptied, stopped, and nothing waits for it any more."""
    if isinstance(refund, Refusal):
        return refund
    if register.unpaid_yen:
        return not_eligible("AUT-6", f"{register.unpaid_yen} yen of auto-charge is unpaid")
    ride = seen.account.ride
    if ride is not None and ride.state is RideState.OPEN and ride.day == day:
        return not_eligible("GEN-8", "a ride of today is not settled")
    card = rewritten(Rewrite(seen, emptied(seen.account)), day)
    if isinstance(card, Refusal):
        return card
    effects: tuple[Effect, ...] = (
        *((_given_back(sold, seen.account, rulebook, day),) if sold else ()),
        StateSet(register.idm, REFUNDED),
        DepositReturned(register.idm),
        Stopped(register.idm, "refunded"),
        *withdrawn(register),
    )
    return _refunding(register, request, rulebook, day, limit_yen, refund, card, effects)


def _given_back(sold: PassHeld, account: Account, rulebook: Rulebook, day: date) -> PassRefunded:
    """A pass off the register, and what it was worth before its fee: the ledger parts the two."""
    worth_yen = pass_calculation(sold.held, account.holder, sold.price_yen, day, rulebook)
    assert isinstance(worth_yen, int)  # it was asked for the refund, and said
    return PassRefunded(sold.row, day, sold.product, sold.held.company, max(0, worth_yen))


def _refunding(
    register: Registered,
    request: RefundRequest,
    rulebook: Rulebook,
    day: date,
    limit_yen: int,
    refund: Refund,
    card: Rewrite | None,
    effects: tuple[Effect, ...],
) -> Prepared:
    asked = {Paper.IDENTITY.value} if register.named else set()
    if request.back is not Back.CARD:
        asked.update(_papers(rulebook))
    over = f"faults 47: {refund.yen} yen, over {limit_yen}" if refund.yen > limit_yen else ""
    return Prepared(
        _OPERATION[request.back],
        register.scheme,
        day,
        register.idm,
        register,
        lines=_lines(refund, register),
        papers=tuple(sorted(asked)),
        approval=over,
        card=card,
        effects=effects,
    )


def _lines(refund: Refund, register: Registered) -> tuple[Line, ...]:
    """What is given, part by part; of the deposit what is held for this card (IGP-25)."""
    return tuple(
        Line(line.rule, _WHAT[line.item], -(register.deposit_yen if line.item is Item.DEPOSIT else line.yen))
        for line in refund.lines
    )


_WHAT = {
    Item.STORED_FARE: What.STORED_FARE,
    Item.PASS: What.PASS,
    Item.STORED_FARE_AND_PASS: What.STORED_FARE_AND_PASS,
    Item.DEPOSIT: What.DEPOSIT,
}


def _papers(rulebook: Rulebook) -> tuple[str, ...]:
    """What is needed for the refund of a pass, by the shape of the operator's refunds (LOC-12)."""
    shape = rulebook.counter.card_refund
    return CARD_REFUNDS[shape].papers if shape else ()


def _passes_to_come(register: Registered, day: date) -> dict[int, object]:
    """Passes that wait for the card, by the number of their directive."""
    return {
        one.number: pass_of(change)
        for one in register.directives
        if one.first_day > day
        for change in one.changes
        if isinstance(change, PassGiven)
    }


def _pass_waits(waiting: dict[int, object]) -> Refusal | None:
    return not_eligible("LOC-18", "a renewed pass waits for this card: give it back first") if waiting else None


def prepare_found(
    seen: Seen | None, register: Registered, claim: Claim | None, rulebook: Rulebook, day: date
) -> Prepared | Refusal:
    """A lost card turned up after its reissue: its deposit against the card (LOC-16, IGP-21). It is emptied.

    `seen` is None where it can't be read any more; the clerk has it in hand all the same.
    """
    refusal = (
        not_workable(register, rulebook, (REPLACED,))
        or (not_this_card(seen, register) if seen else None)
        or not_holder(register, claim, "IGP-21")
    )
    if refusal:
        return refusal
    if not register.deposit_yen:
        return not_eligible("LOC-16", "no deposit is held for it")
    deposit_yen = found_card_deposit(rulebook)
    if isinstance(deposit_yen, Refusal):
        return deposit_yen
    card = rewritten(Rewrite(seen, emptied(seen.account)), day) if seen else None
    if isinstance(card, Refusal):
        return card
    return Prepared(
        Operation.FOUND_CARD,
        register.scheme,
        day,
        register.idm,
        register,
        lines=(Line("LOC-16", What.DEPOSIT, -register.deposit_yen),),
        papers=(Paper.IDENTITY.value,),
        card=card,
        effects=(DepositReturned(register.idm),),
    )
