"""Cards issued anew: lost, damaged, exchanged (LOC-16, LOC-17, LOC-19, IGP-21 to IGP-23, GEN-19).

    prepare_report(register, request, rulebook, day)               stopped, and a slip given; not to be undone
    prepare_reissue(blank, register, request, rulebook, day)       the new card, against the slip
    prepare_take_in(seen, register, rulebook, day)                 an exchange: the old card is emptied and kept
    prepare_exchange(blank, register, number, rulebook, day)       and the new one takes what it held

What a lost or broken card holds is what the ledger says at the moment of its reissue. That is the cut-off (faults 41):
a use that a bus uploads later is booked against the card that is gone, and the ledger shows it as the operator's loss.
"""

from datetime import date, timedelta
from typing import NamedTuple

from cardimage.directives import apply
from centre.counter.desk import Blank, NewCard, Seen
from centre.counter.operations.cards import unfit_for_issue, withdrawn
from centre.counter.operations.effects import (
    CardIssued,
    Directed,
    Effect,
    HolderSet,
    Replaced,
    ReportClosed,
    Reported,
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
from centre.counter.operations.prepared import NewIssue, Prepared, Rewrite
from centre.counter.operations.values import (
    IN_USE,
    REPLACED,
    STOPPED,
    Claim,
    Line,
    Operation,
    Paper,
    Registered,
    Report,
    ReportedWhy,
    What,
)
from tariff.account import Account
from tariff.cards import not_offered
from tariff.refunds import Reissue, reissue, reissue_days
from tariff.refusal import Refusal
from tariff.rulebook import Rulebook

_REISSUE = {ReportedWhy.LOST: Reissue.LOST, ReportedWhy.DAMAGED: Reissue.DAMAGED}


class ReportRequest(NamedTuple):
    """A card reported lost or damaged.

    slip_on          the slip's date: the day of the application, or where the slip takes until opening time on the next
                     day, that day (IGP-21)
    claim            who the proof of identity says it is; needed for a named card
    number_readable  of a damaged card: whether the engraved number can be read (IGP-22)
    on_purpose       it was damaged by intent or gross negligence (IGP-22)
    """

    why: ReportedWhy
    slip_on: date
    claim: Claim | None = None
    number_readable: bool = True
    on_purpose: bool = False


def prepare_report(register: Registered, request: ReportRequest, rulebook: Rulebook, day: date) -> Prepared | Refusal:
    """A card is stopped, and a slip given. Whose slip has run out applies again (LOC-16)."""
    if request.why not in _REISSUE:
        return not_eligible("LOC-16", request.why)
    states = (IN_USE,) if register.report is None else (IN_USE, STOPPED)
    refusal = not_workable(register, rulebook, states) or not_holder(register, request.claim, "LOC-16")
    if refusal:
        return refusal
    if not day <= request.slip_on <= day + timedelta(days=1):
        return not_eligible("IGP-21", "a slip of today, or of tomorrow by opening time")
    if request.why is ReportedWhy.DAMAGED and not request.number_readable:
        return not_eligible("IGP-22", "engraved number")
    if request.why is ReportedWhy.DAMAGED and request.on_purpose:
        return not_eligible("IGP-22", "intent or gross negligence")
    days = reissue_days(register.expected, _REISSUE[request.why], request.slip_on, rulebook)
    if isinstance(days, Refusal):
        return days
    if register.report is not None:
        still = slip_window(register, register.report, rulebook)
        if isinstance(still, Refusal) or day <= still[1]:
            return not_eligible("LOC-17", "a slip is given once, and this card's is good still")
    effects: tuple[Effect, ...] = (
        StateSet(register.idm, STOPPED),
        Stopped(register.idm, f"reported {request.why}"),
        Reported(register.idm, request.why, day, request.slip_on),
    )
    operation = Operation.REPORT_LOST if request.why is ReportedWhy.LOST else Operation.REPORT_DAMAGED
    return Prepared(
        operation,
        register.scheme,
        day,
        register.idm,
        register,
        papers=_papers(register),
        effects=effects,
    )


def slip_window(register: Registered, report: Report, rulebook: Rulebook) -> tuple[date, date] | Refusal:
    """First and last day on which the card of a slip is issued (GEN-19)."""
    why = _REISSUE.get(report.why)
    if why is None:
        return not_eligible("IGP-23", report.why)
    return reissue_days(register.expected, why, report.slip_on, rulebook)


def _papers(register: Registered, *more: Paper) -> tuple[str, ...]:
    return tuple(sorted({*(paper.value for paper in more), *((Paper.IDENTITY.value,) if register.named else ())}))


class ReissueRequest(NamedTuple):
    """Somebody brings a slip. `number` is engraved on the new card; `papers` as shown: the slip, the broken card."""

    number: str
    claim: Claim | None = None
    papers: frozenset[str] = frozenset()


def prepare_reissue(
    blank: Blank, register: Registered, request: ReissueRequest, rulebook: Rulebook, day: date
) -> Prepared | Refusal:
    """A new card in place of one that was lost or damaged: what the old one held, under another number."""
    report = register.report
    refusal = not_workable(register, rulebook, (STOPPED,)) or not_holder(register, request.claim, "LOC-16")
    if refusal:
        return refusal
    if report is None or report.why not in _REISSUE:
        return not_eligible("LOC-16", "no slip was given")
    lost = report.why is ReportedWhy.LOST
    asked = _papers(register, Paper.REISSUE_SLIP, *(() if lost else (Paper.OLD_CARD,)))
    shown = request.papers | ({Paper.IDENTITY.value} if request.claim else set())
    fee = lacking(asked, shown, "LOC-16") or reissue(
        register.expected, _REISSUE[report.why], report.slip_on, day, rulebook
    )
    if isinstance(fee, Refusal):
        return fee
    lines = (Line("LOC-16", What.FEE, fee.fee_yen), Line("LOC-16", What.DEPOSIT, fee.deposit_yen)) if lost else ()
    return _anew(
        Operation.REISSUE,
        blank,
        register,
        register.expected,
        request.number,
        day,
        lines=lines,
        papers=asked,
        report=report,
        deposit_yen=fee.deposit_yen,
    )


# -- exchange


def prepare_take_in(seen: Seen, register: Registered, rulebook: Rulebook, day: date) -> Prepared | Refusal:
    """The operator exchanges a card (IGP-23): it is emptied and kept, and what it held waits for the new one."""
    refusal = not_offered("exchange", rulebook) or not_workable(register, rulebook) or not_this_card(seen, register)
    if refusal:
        return refusal
    card = rewritten(Rewrite(seen, emptied(seen.account)), day)
    if isinstance(card, Refusal):
        return card
    effects: tuple[Effect, ...] = (
        StateSet(register.idm, STOPPED),
        Stopped(register.idm, "taken in to be exchanged"),
        Reported(register.idm, ReportedWhy.EXCHANGED, day, day, seen.account),
    )
    return Prepared(Operation.TAKE_IN, register.scheme, day, register.idm, register, card=card, effects=effects)


def prepare_exchange(
    blank: Blank, register: Registered, number: str, rulebook: Rulebook, day: date
) -> Prepared | Refusal:
    """The new card of an exchange: what the old one held, another number, nothing to pay (IGP-23)."""
    refusal = not_offered("exchange", rulebook) or not_workable(register, rulebook, (STOPPED,))
    if refusal:
        return refusal
    report = register.report
    if report is None or report.held is None:
        return not_eligible("IGP-23", "the card was not taken in")
    return _anew(Operation.EXCHANGE, blank, register, report.held, number, day, report=report)


def _anew(
    operation: Operation,
    blank: Blank,
    register: Registered,
    held: Account,
    number: str,
    day: date,
    *,
    report: Report,
    lines: tuple[Line, ...] = (),
    papers: tuple[str, ...] = (),
    deposit_yen: int = 0,
) -> Prepared | Refusal:
    """The new card: all that the old one held, and what waited for it waits for the new one.

    A deposit of 0: none is paid, and that of the old card goes over to the new one (LOC-17).
    """
    if number == register.number:
        return not_eligible("LOC-16", "a new number")
    account = apply(held, register.directives, day).account._replace(directive=0, ride=None)
    new = NewCard(account, number, day)
    unfit = unfit_for_issue(new)
    if unfit:
        return unfit
    idm = blank.idm
    issued = CardIssued(
        idm,
        register.scheme,
        number,
        register.kind,
        register.named,
        day,
        register.expires,
        deposit_yen or register.deposit_yen,
    )
    effects: list[Effect] = [
        issued,
        Replaced(register.idm, idm, deposit_moves=not deposit_yen),
        StateSet(register.idm, REPLACED),
        ReportClosed(report.row),
        *withdrawn(register),
    ]
    effects += [Directed(idm, one.first_day, one.changes) for one in register.directives if one.first_day > day]
    if register.holder:
        effects.append(HolderSet(idm, register.holder, day))
    return Prepared(
        operation,
        register.scheme,
        day,
        register.idm,
        register,
        lines=lines,
        papers=papers,
        card=NewIssue(blank, new),
        effects=tuple(effects),
    )
