"""What clerks see of payments: the list, one payment, and giving money back (faults 46, 47)."""

from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from centre.counter import trail
from centre.payments import refunding
from centre.payments.charging import OtherContent
from centre.payments.models import Debt, Notice, Payment, Refund, State
from centre.portal.rules_entry import SCHEME
from centre.users.models import Role
from centre.users.staff import AT_THE_COUNTER, clerk_of, for_staff
from centre.words import both, said

_ROWS = 50
_WHY_NOT = {
    "not-paid": ("支払われていないため返金できません。", "It isn't paid, so nothing can be given back."),
    "more-than-paid": ("返金額が残りの支払額を超えています。", "That is more than is left of the payment."),
    "same-person": ("申込者と別の責任者の承認が必要です。", "Another person than who asked has to approve."),
    "not-a-supervisor": ("責任者だけが承認できます。", "Only a supervisor can approve."),
    "only-whole": (
        "ウェブで購入した定期券の支払いは全額のみ返金できます。",
        "The payment of a pass bought here goes back whole; part of it is given back at the counter.",
    ),
    "given-back": ("この定期券は窓口で払戻し済です。", "This pass was given back at the counter already."),
    "at-the-counter": (
        "この定期券はカードに書込済です。窓口で払い戻してください。",
        "This pass is on the card already: it is given back at the counter.",
    ),
    "card-pending": (
        "このカードの窓口処理が未確定です。先にカードを確認してください。",
        "An operation on this card is pending at the counter: lay the card again first.",
    ),
    "not-waiting": ("この返金は承認待ちではありません。", "This refund doesn't wait for approval."),
}


class Search(forms.Form):
    """Which payments."""

    state = forms.ChoiceField(
        label=both("状態", "State"), required=False, choices=[("", both("すべて", "All")), *State.choices]
    )
    text = forms.CharField(
        label=both("キー・会員・照会番号", "Key, member or reference"), required=False, max_length=160
    )


class Give(forms.Form):
    """How much is given back, and why. `key` is the press of the button: pressed twice, it is one refund."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    yen = forms.IntegerField(label=both("返金額（円）", "Amount to give back, yen"), min_value=1)
    why = forms.CharField(label=both("理由", "Why"), max_length=120)


@for_staff(Role.CLERK, Role.SUPERVISOR, Role.AUDITOR, of=SCHEME)
@require_safe
def payments(request: HttpRequest) -> HttpResponse:
    """The list, the newest first; with it, auto-charges that nobody paid and refunds that wait."""
    search = Search(request.GET)
    found = Payment.objects.select_related("user").order_by("-pk")
    if search.is_valid():
        state, text = search.cleaned_data["state"], search.cleaned_data["text"].strip()
        found = found.filter(state=state) if state else found
        found = found.filter(Q(key=text) | Q(user__email=text) | Q(service_id=text)) if text else found
    told = {
        "here": "payments",
        "search": search,
        "page": Paginator(found, _ROWS).get_page(request.GET.get("page")),
        "unpaid": Debt.objects.filter(state=Debt.State.UNPAID).order_by("at_s")[:_ROWS],
        "waiting": Refund.objects.filter(waits_for_approval=True).select_related("payment")[:_ROWS],
    }
    return render(request, "payments/payments.html", told)


@for_staff(Role.CLERK, Role.SUPERVISOR, Role.AUDITOR, of=SCHEME)
@require_safe
def payment(request: HttpRequest, pk: int) -> HttpResponse:
    """One payment: how it stands, what went back, what the service told."""
    found = get_object_or_404(Payment.objects.select_related("user"), pk=pk)
    left_yen = refunding.left_yen(found)
    return _page(request, found, Give(initial={"key": uuid4(), "yen": left_yen}))


def _page(request: HttpRequest, found: Payment, form: Give, status: int = 200) -> HttpResponse:
    clerk = clerk_of(request)
    refunds = found.refunds.select_related("asked_by", "approved_by").order_by("pk")
    subjects = [found.service_id, *refunds.values_list("service_id", flat=True)]
    told = {
        "here": "payments",
        "payment": found,
        "refunds": refunds,
        "notices": Notice.objects.filter(subject__in=[name for name in subjects if name]).order_by("pk"),
        "form": form,
        "can_refund": found.state == State.PAID and refunding.left_yen(found) > 0 and clerk.role in AT_THE_COUNTER,
        "can_approve": clerk.role == Role.SUPERVISOR,
    }
    return render(request, "payments/payment.html", told, status=status)


@for_staff(*AT_THE_COUNTER, of=SCHEME)
@require_POST
def give_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Give money of it back, or ask a supervisor to."""
    found, form, clerk = get_object_or_404(Payment, pk=pk), Give(request.POST), clerk_of(request)
    if not form.is_valid():
        return _page(request, found, form, status=422)
    key: UUID = form.cleaned_data["key"]
    yen, why = form.cleaned_data["yen"], form.cleaned_data["why"]
    try:
        with transaction.atomic():
            asked = refunding.refund(found, yen, f"by-clerk/{key}", why=why, asked_by=clerk)
            trail.note(clerk, trail.What.ASKED, trail.About(operation="payment-refund", yen=yen), said=found.key[:100])
    except OtherContent:
        form.add_error(None, said("もう一度お試しください。", "Please try again."))
        return _page(request, found, form, status=409)
    except refunding.RefundRefused as refused:
        form.add_error(None, said(*_WHY_NOT[refused.code]))
        return _page(request, found, form, status=409)
    if asked.waits_for_approval:
        messages.info(request, said("責任者の承認を待ちます。", "It waits for a supervisor's approval."))
    else:
        messages.success(request, said("返金を依頼しました。", "The refund is asked for."))
    return redirect("payments:payment", pk=pk)


@for_staff(Role.SUPERVISOR, of=SCHEME)
@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """The second person says yes."""
    found, supervisor = get_object_or_404(Refund, pk=pk), clerk_of(request)
    try:
        with transaction.atomic():
            refunding.approve(pk, supervisor)
            about = trail.About(operation="payment-refund", yen=found.yen, approved_by=supervisor)
            trail.note(supervisor, trail.What.APPROVED, about, said=found.payment.key[:100])
    except refunding.RefundRefused as refused:
        messages.error(request, said(*_WHY_NOT[refused.code]))
    else:
        messages.success(request, said("返金を承認しました。", "The refund is approved."))
    return redirect("payments:payment", pk=found.payment_id)
