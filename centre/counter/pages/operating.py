"""One operation, from its form to its slips: asked for, shown, approved where it takes two, confirmed once."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from centre import clock
from centre.cards.models import SoldPass
from centre.counter import asked as asking
from centre.counter import trail
from centre.counter.carrying import Approval, Counter, carry_out
from centre.counter.carrying import decide as decide_act
from centre.counter.details import refusal_words
from centre.counter.drawing import drawn, issued_now
from centre.counter.forms import FORMS, OperationForm
from centre.counter.handing_out import slips_of
from centre.counter.models import Asked, AskedState, CounterAct, PrintedSlip
from centre.counter.operations.prepared import Prepared
from centre.counter.operations.values import Operation, idm_text
from centre.counter.pages.desk import as_pdf
from centre.counter.pages.looking import counter, looked_up, situation
from centre.counter.slips.font import FontMissing
from centre.users.models import User
from centre.users.staff import AT_THE_COUNTER, clerk_of, for_staff, who_is
from centre.words import both, said
from tariff.refusal import Refusal

# -- asked for


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(*AT_THE_COUNTER)
def do(request: HttpRequest, operation: str) -> HttpResponse:
    """The form of an operation; sent, what it costs and what it takes is shown, and nothing is done yet."""
    if operation not in set(Operation):
        raise Http404
    card = looked_up(request, request.GET.get("card"))
    refusal = ""
    with counter(request) as here:
        now = situation(here, card)
        sent = MultiValueDict(dict(request.POST.lists())) if request.method == "POST" else None
        form = FORMS[Operation(operation)](now, sent)
        if sent is not None and form.is_valid():
            prepared = form.prepared()
            if isinstance(prepared, Prepared):
                asked = asking.ask(here.clerk, prepared, _fields(form, sent), card.pk if card else None)
                return HttpResponseRedirect(reverse("counter:asked", args=[asked.key]))
            refusal = refusal_words(prepared)
            _note_refusal(here.clerk, operation, prepared, now.register.idm if now.register else b"")
    told = {"form": form, "operation": operation, "refusal": refusal, "now": now, "card": card, "here": "desk"}
    return render(request, "counter/do.html", told, status=422 if refusal else 200)


def _fields(form: OperationForm, sent: "MultiValueDict[str, Any]") -> dict[str, list[Any]]:
    """What was filled in, and no more: the form's own fields as they were sent."""
    return {name: sent.getlist(name) for name in form.fields if name in sent}


def _note_refusal(clerk: User, operation: str, refusal: Refusal, idm: bytes) -> None:
    about = trail.About(operation, idm_text(idm) if idm else "")
    trail.note(clerk, trail.What.REFUSED, about, said=f"{refusal.code} {refusal.rule}")


# -- shown


class Signature(forms.Form):
    """Who approves: on the clerk's screen by address and password, on one's own by the password alone."""

    email = forms.EmailField(
        label=both("承認者のメールアドレス", "Approver's e-mail"), widget=forms.EmailInput({"autocomplete": "off"})
    )
    password = forms.CharField(
        label=both("承認者のパスワード", "Approver's password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "off"}),
    )

    def __init__(self, own: User | None, data: Any = None) -> None:
        """`own`: whoever signs on their own screen."""
        super().__init__(data)
        if own is not None:
            self.fields.pop("email")


def _asked(request: HttpRequest, key: UUID) -> Asked:
    """An operation of this operator's counters; one that waited too long is dropped now."""
    clerk = clerk_of(request)
    found = get_object_or_404(Asked.objects.select_related("clerk", "approved_by"), pk=key, scheme=clerk.scheme)
    if asking.is_expired(found, clock.now_s()):
        asking.drop(found, clerk, said="expired")
        found.refresh_from_db()
    return found


@require_safe
@for_staff(*AT_THE_COUNTER)
def asked(request: HttpRequest, key: UUID) -> HttpResponse:
    """What it costs, rule by rule; what was shown; what becomes of the card; and what it waits for."""
    return _shown(request, _asked(request, key))


def _shown(
    request: HttpRequest,
    one: Asked,
    signature: Signature | None = None,
    decision: "Decision | None" = None,
    status: int = 200,
) -> HttpResponse:
    clerk, now_s = clerk_of(request), clock.now_s()
    mine = one.clerk_id == clerk.pk
    may_sign = asking.may_approve(one, clerk)
    is_open = one.state == AskedState.OPEN
    told = {
        "one": one,
        "mine": mine,
        "is_open": is_open,
        "is_approved": asking.is_approved(one, now_s),
        "may_confirm": mine and is_open and asking.is_approved(one, now_s),
        "lines": one.summary["lines"],
        "take_yen": max(0, one.yen),
        "give_yen": max(0, -one.yen),
        "changes": trail.differing(one.summary["before"], one.summary["after"]),
        "slips": one.slips.all() if one.state == AskedState.DONE else (),
        "signature": signature or Signature(clerk if may_sign else None),
        "may_sign": may_sign,
        "decision": decision or (Decision(None) if mine and one.state == AskedState.TORN else None),
        "waits": is_open and bool(one.approval) and not asking.is_approved(one, now_s) and (mine or may_sign),
        "here": "desk" if mine else "approvals",
    }
    return render(request, "counter/asked.html", told, status=status)


# -- approved by a second person (faults 47)


@require_POST
@for_staff(*AT_THE_COUNTER)
def approve(request: HttpRequest, key: UUID) -> HttpResponse:
    """A supervisor other than the clerk signs, each time with the password."""
    one, clerk = _asked(request, key), clerk_of(request)
    own = clerk if asking.may_approve(one, clerk) else None
    if own is None and one.clerk_id != clerk.pk:
        raise PermissionDenied
    signature = Signature(own, request.POST)
    if signature.is_valid():
        email = own.email if own else signature.cleaned_data["email"]
        signer = who_is(request, email, signature.cleaned_data["password"])
        if signer is not None and asking.approve(one, signer):
            messages.success(request, said("承認されました。", "Approved."))
            return _back(one)
        signature.add_error(None, _not_signed())
    return _shown(request, one, signature, status=422)


@require_POST
@for_staff(*AT_THE_COUNTER)
def decline(request: HttpRequest, key: UUID) -> HttpResponse:
    """Who might approve says no; who asked thinks otherwise."""
    one, clerk = _asked(request, key), clerk_of(request)
    if asking.may_approve(one, clerk):
        asking.drop(one, clerk, trail.What.NOT_APPROVED)
        return HttpResponseRedirect(reverse("counter:approvals"))
    if one.clerk_id != clerk.pk:
        raise PermissionDenied
    asking.drop(one, clerk)
    return HttpResponseRedirect(reverse("counter:home"))


# -- decided by two, where no card will tell any more


class Decision(Signature):
    """What became of a torn write whose card is broken, or was used too often since: two people say so."""

    written = forms.TypedChoiceField(
        label=both("カードへの書込み", "The write"),
        choices=[("1", both("書き込まれていた", "was done")), ("0", both("書き込まれていなかった", "was not done"))],
        coerce=lambda sent: sent == "1",
        widget=forms.RadioSelect,
    )
    why = forms.CharField(
        label=both("そう判断した理由", "How you know"),
        max_length=100,
        help_text=both("氏名などは書かないでください", "No names, please"),
    )
    field_order = ("written", "why", "email", "password")


@require_POST
@for_staff(*AT_THE_COUNTER)
def decide(request: HttpRequest, key: UUID) -> HttpResponse:
    """The clerk says it, and a supervisor other than the clerk signs."""
    one, clerk = _asked(request, key), clerk_of(request)
    act = asking.act_of(one)
    if one.clerk_id != clerk.pk:
        raise PermissionDenied
    if one.state != AskedState.TORN or act is None:
        return _back(one)
    decision = Decision(None, request.POST)
    if decision.is_valid():
        said_ = decision.cleaned_data
        signer = who_is(request, said_["email"], said_["password"])
        if signer is not None and asking.may_approve(one, signer):
            now_s = clock.now_s()
            ended = decide_act(act, clerk, Approval(signer), said_["why"], now_s, written=said_["written"])
            asking.follow(one, ended, clerk)
            return _back(one)
        decision.add_error(None, _not_signed())
    return _shown(request, one, decision=decision, status=422)


def _not_signed() -> str:
    return said(
        "承認できません。担当者と別の責任者のメールアドレスとパスワードが必要です。",
        "Not approved: it takes address and password of a supervisor other than the clerk.",
    )


# -- confirmed


@require_POST
@for_staff(*AT_THE_COUNTER)
def confirm(request: HttpRequest, key: UUID) -> HttpResponse:
    """Do it, once: pressed again, it is what it has become (faults 56)."""
    one, clerk = _asked(request, key), clerk_of(request)
    if one.clerk_id != clerk.pk:
        raise PermissionDenied
    act = asking.act_of(one)
    if act is None and one.state == AskedState.OPEN:
        if not asking.is_approved(one, clock.now_s()):
            messages.error(request, said("責任者の承認が必要です。", "A supervisor must approve."))
            return _back(one)
        act = _carried_out(request, one)
    if act is not None:
        asking.follow(one, act, clerk)
    return _back(one)


def _carried_out(request: HttpRequest, one: Asked) -> CounterAct | None:
    """What the books have of it then; None: it was not begun, and the page says why."""
    with counter(request) as here:
        now = situation(here, looked_up(request, one.card))
        form = FORMS[Operation(one.operation)](now, MultiValueDict(one.fields))
        prepared = form.prepared() if form.is_valid() else None
        if not isinstance(prepared, Prepared):
            why = refusal_words(prepared) if prepared else said("カードを置いてください。", "Lay the card.")
            messages.error(request, why)
            return None
        if asking.shown_digest(prepared) != one.shown:
            asking.show_anew(one, prepared)
            messages.warning(
                request, said("内容が変わりました。もう一度ご確認ください。", "It has changed: please look again.")
            )
            return None
        try:
            asking.keep_slips(one, _slips(here, one, prepared))
        except FontMissing as missing:
            messages.error(request, str(missing))
            return None
        approval = Approval(one.approved_by) if one.approved_by else None
        outcome = carry_out(prepared, here, str(one.key), approval)
    if isinstance(outcome, Refusal):
        messages.error(request, refusal_words(outcome))
        return asking.act_of(one)
    return outcome


def _slips(here: Counter, one: Asked, prepared: Prepared) -> list[tuple[str, bytes]]:
    rows = [held.row for held in prepared.register.passes] if prepared.register else []
    names = dict(SoldPass.objects.filter(pk__in=rows).values_list("pk", "stop_names"))
    issued = issued_now(here, one.key.hex[:8].upper())
    by = f"No. {one.approved_by.pk}" if one.approved_by else ""
    return [(sheet.title.ja, drawn(sheet)) for sheet in slips_of(prepared, here.rulebook, names, issued, by)]


def _back(one: Asked) -> HttpResponse:
    return HttpResponseRedirect(reverse("counter:asked", args=[one.key]))


# -- handed out


@require_safe
@for_staff(*AT_THE_COUNTER)
def slip(request: HttpRequest, pk: int) -> HttpResponse:
    """A slip of an operation that is done, for its clerk, within the day (its printing stands in the trail)."""
    clerk = clerk_of(request)
    found = get_object_or_404(
        PrintedSlip.objects.select_related("asked"), pk=pk, asked__clerk=clerk, asked__state=AskedState.DONE
    )
    trail.note(clerk, trail.What.PRINTED, asking.about(found.asked), said=found.title)
    return as_pdf(bytes(found.pdf))
