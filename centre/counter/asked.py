"""Operations asked for, up to their end: shown, approved where it takes two, carried out once by their key."""

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from typing import Any

from django.db import transaction

from centre import clock
from centre.counter import trail
from centre.counter.handing_out import on_slip
from centre.counter.models import ActState, Asked, AskedState, CounterAct, PrintedSlip
from centre.counter.operations.effects import PassSold
from centre.counter.operations.prepared import NewIssue, Prepared, Rewrite
from centre.counter.operations.values import idm_text
from centre.counter.rules import rules
from centre.counter.trail import About, What
from centre.users.models import Role, User
from tariff.account import Account, Pass

GOOD_FOR_S = 30 * 60
"""What was asked for and not confirmed by then is dropped."""
APPROVED_FOR_S = 10 * 60
"""A second person's yes holds so long."""


def shown_digest(prepared: Prepared) -> str:
    """What was shown, as 64 hex digits: any other amount, card or effect gives others.

    The register is not in it: whether that has moved on, is judged when it is carried out.
    """
    told = (prepared.operation, prepared.scheme, prepared.day, prepared.idm, prepared.lines, prepared.papers)
    return sha256(repr((*told, prepared.approval, prepared.card, prepared.effects, prepared.note)).encode()).hexdigest()


def ask(clerk: User, prepared: Prepared, fields: dict[str, Any], card: int | None) -> Asked:
    """Keep what a clerk asked for, and note it."""
    now_s = clock.now_s()
    with transaction.atomic():
        asked = Asked.objects.create(
            clerk=clerk,
            scheme=prepared.scheme,
            operation=prepared.operation.value,
            fields=fields,
            card=card,
            shown=shown_digest(prepared),
            summary=summary(prepared),
            idm=idm_text(prepared.idm),
            number=number_of(prepared),
            yen=prepared.take_yen - prepared.give_yen,
            approval=prepared.approval,
            made_at_s=now_s,
        )
        trail.note(clerk, What.ASKED, about(asked), said=prepared.approval)
    return asked


def summary(prepared: Prepared) -> dict[str, Any]:
    """What the page shows, also to who approves: no name, no address."""
    return {
        "lines": [list(line) for line in prepared.lines],
        "papers": list(prepared.papers),
        "passes": _passes(prepared),
        "before": facts(prepared.before if isinstance(prepared.card, Rewrite) else None),
        "after": facts(prepared.after),
        "note": prepared.note,
        "writes_card": prepared.card is not None,
    }


def _passes(prepared: Prepared) -> list[tuple[str, list[str]]]:
    """The passes sold by it: what each is called, and where it is good, a line each."""
    sold = [effect for effect in prepared.effects if isinstance(effect, PassSold)]
    told = [on_slip(each.held, each.stop_names, rules(prepared.scheme, prepared.day)) for each in sold]
    return [(each.title, list(each.where)) for each in told]


def facts(account: Account | None) -> dict[str, Any]:
    """What a card holds, by name, as the audit trail keeps it; what it holds none of is left out."""
    if account is None:
        return {}
    held, coupons = account.held_pass, account.coupons
    told: dict[str, Any] = {
        "stored_fare_yen": account.stored_fare_yen,
        "holder": account.holder.name,
        "named": account.named,
        "expires": _day(account.expires),
        "pass": f"{_title(account.scheme, held)} {_day(held.first_day)} {_day(held.last_day)}" if held else None,
        "points": account.points.points if account.points else None,
        "welfare_points": account.welfare_points or None,
        "auto_charge": list(account.auto_charge) if account.auto_charge else None,
        **(coupons._asdict() if coupons else {}),
    }
    return {name: value for name, value in told.items() if value is not None}


def _title(scheme: str, held: Pass) -> str:
    """What the operator calls such a pass; its number, if its file has none such."""
    product = rules(scheme, clock.today()).product(held.product)
    return product.title if product else str(held.product)


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def number_of(prepared: Prepared) -> str:
    """The engraved number of the card that it is about."""
    if isinstance(prepared.card, NewIssue):
        return prepared.card.new.number
    return prepared.register.number if prepared.register else ""


def about(asked: Asked, approved_by: User | None = None) -> About:
    """The card and the operation, for the audit trail."""
    return About(asked.operation, asked.idm, asked.number, asked.key, asked.yen, approved_by)


# -- until it is carried out


def is_expired(asked: Asked, now_s: int) -> bool:
    """Whether an open one has waited too long."""
    return asked.state == AskedState.OPEN and not 0 <= now_s - asked.made_at_s < GOOD_FOR_S


def is_approved(asked: Asked, now_s: int) -> bool:
    """Whether it may be carried out: nobody need approve it, or somebody did, not long ago (faults 47)."""
    if not asked.approval:
        return True
    return asked.approved_at_s is not None and 0 <= now_s - asked.approved_at_s < APPROVED_FOR_S


def may_approve(asked: Asked, other: User) -> bool:
    """A supervisor of the same operator, and not the clerk who asked (faults 47)."""
    return other.pk != asked.clerk_id and other.role == Role.SUPERVISOR and other.scheme in ("", asked.scheme)


def approve(asked: Asked, by: User) -> bool:
    """A second person's yes. False: they may not, or there is nothing to approve any more."""
    now_s = clock.now_s()
    if not may_approve(asked, by) or is_expired(asked, now_s):
        return False
    with transaction.atomic():
        still = Asked.objects.filter(pk=asked.pk, state=AskedState.OPEN).exclude(approval="")
        if not still.update(approved_by=by, approved_at_s=now_s):
            return False
        trail.note(by, What.APPROVED, about(asked, by), said=asked.approval)
    return True


def show_anew(asked: Asked, prepared: Prepared) -> None:
    """What was shown holds no more: this is shown instead, and who approved did not approve this."""
    with transaction.atomic():
        Asked.objects.filter(pk=asked.pk, state=AskedState.OPEN).update(
            shown=shown_digest(prepared),
            summary=summary(prepared),
            yen=prepared.take_yen - prepared.give_yen,
            approval=prepared.approval,
            approved_by=None,
            approved_at_s=None,
        )


def drop(asked: Asked, by: User, what: What = What.DROPPED, said: str = "") -> None:
    """It is not done: the clerk thought otherwise, nobody approved it, or it waited too long."""
    with transaction.atomic():
        rows = Asked.objects.filter(pk=asked.pk, state=AskedState.OPEN)
        if rows.update(state=AskedState.DROPPED, fields={}, ended_at_s=clock.now_s(), said=said[:200]):
            PrintedSlip.objects.filter(asked=asked).delete()
            trail.note(by, what, about(asked), said=said)


# -- when it is carried out


def keep_slips(asked: Asked, files: Sequence[tuple[str, bytes]]) -> None:
    """Its slips, drawn before the card is written: they are handed out when it is done."""
    with transaction.atomic():
        PrintedSlip.objects.filter(asked=asked).delete()
        PrintedSlip.objects.bulk_create(
            PrintedSlip(asked=asked, title=title, pdf=file, made_at_s=clock.now_s()) for title, file in files
        )


_STATES = {
    ActState.BEGUN: AskedState.TORN,
    ActState.PENDING: AskedState.TORN,
    ActState.DONE: AskedState.DONE,
    ActState.NOT_DONE: AskedState.NOT_DONE,
}
_WHAT = {AskedState.TORN: What.TORN, AskedState.DONE: What.DONE, AskedState.NOT_DONE: What.NOT_DONE}


def follow(asked: Asked, act: CounterAct, by: User) -> None:
    """Bring it to where the books are: done, not done, or not known yet. Noted once for each."""
    state = _STATES[ActState(act.state)]
    ended = state is not AskedState.TORN
    with transaction.atomic():
        rows = Asked.objects.filter(pk=asked.pk).exclude(state__in=(state, AskedState.DONE, AskedState.NOT_DONE))
        if not rows.update(state=state, ended_at_s=act.ended_at_s, **({"fields": {}} if ended else {})):
            return
        if state is AskedState.NOT_DONE:
            PrintedSlip.objects.filter(asked=asked).delete()
        trail.note(
            by,
            _WHAT[state],
            about(asked, act.approved_by),
            before=asked.summary["before"],
            after=asked.summary["after"],
            said=act.ended_why,
        )


def act_of(asked: Asked) -> CounterAct | None:
    """What the books have of it."""
    return CounterAct.objects.filter(key=str(asked.key)).first()
