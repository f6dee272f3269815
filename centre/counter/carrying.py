"""Operations carried out: books begun, the card written in one commit, books closed. Each once, whatever is cut short.

    carry_out(prepared, desk, clerk, key, ...) -> CounterAct | Refusal
    settle(desk, laid)                         -> CounterAct | None      what was pending on the card that lies there
    decide(act, written, approval, ...)        -> CounterAct             what no card will tell any more

An act stands in the books before its card is written, with all that is to be done when it is: a card that left too
soon, a process that died or a database that was away leave it *pending*, and the card itself says what became of it
when it is laid again. Until then nothing else is done to this card, and its money is neither here nor there, but named.
"""

from datetime import date
from hashlib import sha256
from typing import NamedTuple

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from cardimage.layout.blocks import HISTORY_BLOCKS
from cardimage.resolve import Fate, Row, fate
from centre.cards.models import Card
from centre.counter.books import bookings, purses_of
from centre.counter.desk import Blank, Desk, Laid, Seen
from centre.counter.models import UNSETTLED, ActState, CounterAct
from centre.counter.operations.prepared import NewIssue, Prepared, Rewrite
from centre.counter.operations.values import Operation, Registered, idm_text
from centre.counter.register import registered, remember
from centre.counter.stored import Sent, Waiting, account_of, plain, waiting_of
from centre.ledger import at_desk
from centre.ledger.at_desk import OnDesk
from centre.ledger.services import book
from centre.users.models import Role, User
from tariff.refusal import Code, Refusal
from tariff.rulebook import Rulebook

WRITING_S = 60
"""So long an operation that was begun may still be at its card, in another process: only then is the card asked."""


class Approval(NamedTuple):
    """A second person's yes (faults 47)."""

    by: User


class Counter(NamedTuple):
    """Where it is carried out: the desk (None where no card is written), its till, its clerk, the rules, the time."""

    desk: Desk | None
    till: str
    clerk: User
    rulebook: Rulebook
    day: date
    now_s: int


def carry_out(prepared: Prepared, counter: Counter, key: str, approval: Approval | None = None) -> CounterAct | Refusal:
    """Do it, once by its key: told again, the act that is there, settled if it can be.

    Refuses what the register no longer says as it was prepared on (faults 46), and what a second person must approve
    and has not (faults 47). PermissionDenied for a clerk of another operator, or no clerk at all.
    """
    _check_clerk(counter.clerk, prepared.scheme)
    known = CounterAct.objects.filter(key=key).first()
    if known is not None:
        return _again(known, prepared, counter)
    refusal = _not_approved(prepared, counter.clerk, approval)
    if refusal:
        return refusal
    begun = _begin(prepared, counter, key, approval)
    if isinstance(begun, Refusal):
        return begun
    act, waiting = begun
    return _ended(act, _write(prepared, counter, key), counter.now_s) if waiting else act


def may_approve(prepared: Prepared, clerk: User, other: User) -> bool:
    """Whether this other person's yes counts: a supervisor of the same operator, and not the clerk (faults 47)."""
    return other.pk != clerk.pk and other.role == Role.SUPERVISOR and other.scheme in ("", prepared.scheme)


def mark_of(key: str) -> int:
    """Whose row of history a top-up's is: 32 bits, never 0."""
    return int.from_bytes(sha256(key.encode()).digest()[:4], "big") or 1


# -- before


def _check_clerk(clerk: User, scheme: str) -> None:
    if clerk.role not in (Role.CLERK, Role.SUPERVISOR) or clerk.scheme not in ("", scheme):
        raise PermissionDenied(f"{scheme}: not a clerk of this counter")


def _not_approved(prepared: Prepared, clerk: User, approval: Approval | None) -> Refusal | None:
    if not prepared.approval:
        return None
    if approval is None:
        return Refusal(Code.NOT_ELIGIBLE, "faults 47", f"a second person approves: {prepared.approval}")
    if not may_approve(prepared, clerk, approval.by):
        return Refusal(Code.NOT_ELIGIBLE, "faults 47", "the second person is a supervisor, and another")
    return None


def _again(act: CounterAct, prepared: Prepared, counter: Counter) -> CounterAct | Refusal:
    """A key that was used: the same operation is what it has become, any other a form that was tampered with."""
    if (act.operation, act.idm) != (prepared.operation, idm_text(prepared.idm)):
        return Refusal(Code.NOT_ELIGIBLE, "faults 56", "this key was used for another operation")
    return act


def _begin(
    prepared: Prepared, counter: Counter, key: str, approval: Approval | None
) -> tuple[CounterAct, bool] | Refusal:
    """The act in the books; closed at once where no card is written. True: its card is to be written."""
    try:
        with transaction.atomic():
            moved = _changed_since(prepared, counter)
            if moved:
                return moved
            act = _act_of(prepared, counter, key, approval)
            if prepared.card is not None:
                return act, True
            _close(act, counter.now_s)
            return act, False
    except IntegrityError:
        return Refusal(Code.BUSY, "faults 5", "an operation on this card or number is pending: lay it again first")


def _changed_since(prepared: Prepared, counter: Counter) -> Refusal | None:
    """Whether the register says something else by now than it was prepared on; its rows stay locked (faults 46)."""
    idms = [idm_text(prepared.idm)]
    if isinstance(prepared.card, NewIssue):
        blank, number = idm_text(prepared.card.blank.idm), prepared.card.new.number
        taken = Card.objects.filter(scheme=prepared.scheme, number=number).exists()
        if taken or Card.objects.filter(idm=blank).exists():
            return Refusal(Code.NOT_ELIGIBLE, "CTR-1", "this card or its number is issued already")
        waiting = CounterAct.objects.filter(state__in=UNSETTLED, on_card=blank).exists()
        if waiting:
            return Refusal(Code.BUSY, "faults 5", "an operation on this card is pending: lay it again first")
    list(Card.objects.select_for_update().filter(idm__in=idms))
    now = registered(prepared.idm, counter.rulebook, counter.day)
    if _judged(now, prepared) != _judged(prepared.register, prepared):
        return Refusal(Code.BUSY, "faults 46", "the register says something else by now: begin again")
    return None


_BY_THE_LEDGER = (Operation.REISSUE, Operation.VOID)
"""What is judged by what the ledger says that a card holds: a use that is uploaded meanwhile begins it again."""


def _judged(register: Registered | None, prepared: Prepared) -> object:
    if register is None or prepared.operation in _BY_THE_LEDGER:
        return register
    return register._replace(expected=None)  # type: ignore[arg-type]  # compared only


def _act_of(prepared: Prepared, counter: Counter, key: str, approval: Approval | None) -> CounterAct:
    card = prepared.card
    sent = _sent(card, counter.day, key) if isinstance(card, Rewrite) else None
    on_card = card.seen.idm if isinstance(card, Rewrite) else card.blank.idm if card else b""
    waiting = Waiting(
        prepared.effects,
        bookings(prepared, f"counter:{key}", counter.now_s, counter.till),
        sent,
        card.new if isinstance(card, NewIssue) else None,
    )
    return CounterAct.objects.create(
        key=key,
        new_number=card.new.number if isinstance(card, NewIssue) else "",
        operation=prepared.operation.value,
        scheme=prepared.scheme,
        idm=idm_text(prepared.idm),
        on_card=idm_text(on_card),
        clerk=counter.clerk,
        approved_by=approval.by if approval and prepared.approval else None,
        approval=prepared.approval,
        till=counter.till,
        begun_at_s=counter.now_s,
        take_yen=prepared.take_yen,
        give_yen=prepared.give_yen,
        lines=[list(line) for line in prepared.lines],
        papers=list(prepared.papers),
        before=plain(prepared.before) if prepared.before else None,
        after=plain(prepared.after) if prepared.after else None,
        note=prepared.note[:200],
        waiting=plain(waiting),
    )


def _sent(card: Rewrite, day: date, key: str) -> Sent:
    plan = card.plan(day, mark_of(key))
    row_block = next((block for block, _ in plan.staged if block in HISTORY_BLOCKS), 0)
    return Sent(card.seen.now.block, plan.commit[1], row_block, plan.history_row, card.seen.write_count)


# -- the card


def _write(prepared: Prepared, counter: Counter, key: str) -> Fate:
    desk, card = counter.desk, prepared.card
    if desk is None:
        return Fate.NOT_WRITTEN
    match card:
        case Rewrite():
            return desk.write(card.seen, card.plan(counter.day, mark_of(key)))
        case NewIssue():
            return desk.issue(card.blank, card.new)
        case None:
            return Fate.NOT_WRITTEN


def settle(desk: Desk, laid: Laid, now_s: int) -> CounterAct | None:
    """What was pending on the card that lies there, and is no more; None if nothing was, or nobody can tell yet.

    A new card whose issue was cut short is gone on with, so it is to lie there a little longer. The ledger is told
    which slot stands, where a vehicle's write waits to be told of (faults 5).
    """
    if not isinstance(laid, (Seen, Blank)):
        return None
    if isinstance(laid, Seen):
        at_desk.saw(_on_desk(laid), now_s)
    act = CounterAct.objects.filter(state__in=UNSETTLED, on_card=idm_text(laid.idm)).first()
    if act is None or (act.state == ActState.BEGUN and now_s - act.begun_at_s < WRITING_S):
        return None
    settled = _ended(act, _fate_of(waiting_of(act.waiting), desk, laid), now_s)
    return settled if settled.is_settled else None


def _on_desk(seen: Seen) -> OnDesk:
    held_yen = sum(purses_of(seen.account).values())
    return OnDesk(idm_text(seen.idm), seen.account.scheme, seen.write_count, seen.now.block, held_yen)


def _fate_of(waiting: Waiting, desk: Desk, laid: Seen | Blank) -> Fate:
    if waiting.new is not None:
        if isinstance(laid, Seen) and (laid.number, laid.now.slot.sequence) != (waiting.new.number, 0):
            # Its own key comes last: a card that proves one and bears the number is issued, and was used since.
            return Fate.WRITTEN if laid.number == waiting.new.number else Fate.NOT_WRITTEN
        return desk.issue(Blank(laid.idm, begun=True), waiting.new)
    sent = waiting.sent
    if sent is None or isinstance(laid, Blank):
        return Fate.UNKNOWN
    row = Row(sent.row, laid.row_in(sent.row_block)) if sent.row else None
    return fate(sent.before, sent.after, *laid.slots, laid.write_count - sent.write_count, row)


# -- after


def decide(act: CounterAct, clerk: User, approval: Approval, why: str, now_s: int, *, written: bool) -> CounterAct:
    """Two people say what became of a write that no card will tell any more: it broke, or it was used too often since.

    PermissionDenied if the second is not a supervisor, or not another (faults 47).
    """
    _check_clerk(clerk, act.scheme)
    other = approval.by
    if other.pk == clerk.pk or other.role != Role.SUPERVISOR or other.scheme not in ("", act.scheme):
        raise PermissionDenied("the second person is a supervisor, and another")
    with transaction.atomic():
        locked = CounterAct.objects.select_for_update().get(pk=act.pk)
        if not locked.is_settled:
            locked.approved_by, locked.ended_why = other, why[:200]
            _end(locked, Fate.WRITTEN if written else Fate.NOT_WRITTEN, now_s)
    return locked


def _ended(act: CounterAct, end: Fate, now_s: int) -> CounterAct:
    with transaction.atomic():
        locked = CounterAct.objects.select_for_update().get(pk=act.pk)
        if not locked.is_settled:
            _end(locked, end, now_s)
    return locked


def _end(act: CounterAct, end: Fate, now_s: int) -> None:
    match end:
        case Fate.WRITTEN:
            _close(act, now_s)
        case Fate.NOT_WRITTEN:
            act.state, act.ended_at_s, act.waiting = ActState.NOT_DONE, now_s, None
            act.save()
        case Fate.UNKNOWN:
            act.state = ActState.PENDING
            act.save()


def _close(act: CounterAct, now_s: int) -> None:
    """The register and the ledger learn of it, all or nothing, and personal data goes."""
    waiting = waiting_of(act.waiting)
    act.state, act.ended_at_s, act.waiting = ActState.DONE, now_s, None
    act.save()
    remember(waiting.effects, act)
    book(waiting.bookings)
    sent = waiting.sent
    if sent is not None and act.operation != Operation.TAKE_IN:  # what that card held waits for another one
        held_yen = sum(purses_of(account_of(act.after)).values())
        card = OnDesk(act.on_card, act.scheme, sent.write_count, sent.before, held_yen)
        at_desk.wrote(card, act.begun_at_s, act.pk, sent.after)
