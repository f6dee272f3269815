"""The page on which a supervisor books what was counted, paid or found out (`centre.ledger.by_hand`)."""

from typing import NamedTuple

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from centre.clock import now_s
from centre.counter import trail
from centre.ledger import by_hand, closing, findings, words
from centre.ledger.by_hand import COUNTED, Changed, Standing
from centre.ledger.companies import shown
from centre.ledger.models import FindingRow
from centre.ledger.pages.tables import seen_by
from centre.users.models import Role
from centre.users.staff import STAFF, clerk_of, for_staff
from centre.words import said

MOST_YEN = 100_000_000


class Which(forms.Form):
    """A row of the page: which account, as it stood when it was shown."""

    row = forms.CharField(max_length=400)


class Counted(Which):
    """What was counted in it."""

    yen = forms.IntegerField(min_value=0, max_value=MOST_YEN)


class Place(forms.Form):
    """At which till, or where a card was topped up."""

    where = forms.CharField(max_length=32)


class Row(NamedTuple):
    """A standing as the page shows it; `name` is what its form sends."""

    name: str
    company: str
    what: str
    of: str
    card: str
    yen: int


def _row(one: Standing) -> Row:
    account = one.account
    name = f"{account} {one.card} {one.mark} {one.yen}"
    what = words.word(words.KINDS, account.kind)
    return Row(name, said(*shown(account.company)), what, account.of, one.card, abs(one.yen) if one.card else one.yen)


def _standings(request: HttpRequest) -> list[Standing]:
    return list(by_hand.owing(seen_by(clerk_of(request), closing.companies())))


def _elsewhere(request: HttpRequest) -> QuerySet[FindingRow]:
    rows = FindingRow.objects.filter(kind=findings.Kind.DISAGREES, closed_at_s=None, yen__gt=0)
    scheme = clerk_of(request).scheme
    return findings.of_scheme(rows, scheme) if scheme else rows


@require_safe
@for_staff(*STAFF)
def page(request: HttpRequest) -> HttpResponse:
    """What may be booked so now."""
    standings = _standings(request)
    context = {
        "here": "ledger",
        "tab": "by_hand",
        "boxes": [_row(one) for one in standings if one.account.kind in COUNTED],
        "vouchers": [_row(one) for one in standings if one.account.kind not in COUNTED],
        "elsewhere": _elsewhere(request).order_by("pk"),
        "may_book": clerk_of(request).role == Role.SUPERVISOR,
    }
    return render(request, "ledger/by_hand.html", context)


@require_POST
@for_staff(Role.SUPERVISOR)
def count(request: HttpRequest) -> HttpResponse:
    """A box or till was counted."""
    form, one = Counted(request.POST), _asked(request)
    if not form.is_valid():
        return _answer(request, said("数えた金額を入力してください。", "Type what was counted."))
    if one is None or one.account.kind not in COUNTED:
        return _changed(request)
    yen = form.cleaned_data["yen"]
    try:
        with transaction.atomic():
            by_hand.count(one, yen, now_s())
            _note(request, "counted", yen, said_=str(one.account))
    except Changed:
        return _changed(request)
    return _answer(request)


@require_POST
@for_staff(Role.SUPERVISOR)
def settle(request: HttpRequest) -> HttpResponse:
    """A voucher was paid, or paid for."""
    form, one = Place(request.POST), _asked(request)
    if not form.is_valid():
        return _answer(request, said("窓口の名前を入力してください。", "Type at which till."))
    if one is None or not one.card:
        return _changed(request)
    try:
        with transaction.atomic():
            by_hand.settle(one, form.cleaned_data["where"], now_s())
            _note(request, "voucher", abs(one.yen), one.card)
    except Changed:
        return _changed(request)
    return _answer(request)


@require_POST
@for_staff(Role.SUPERVISOR)
def elsewhere(request: HttpRequest, pk: int) -> HttpResponse:
    """A card was topped up outside this system (LOC-7)."""
    row, form = get_object_or_404(_elsewhere(request), pk=pk), Place(request.POST)
    if not form.is_valid():
        return _answer(request, said("チャージした場所を入力してください。", "Type where it was topped up."))
    try:
        with transaction.atomic():
            yen = by_hand.came_elsewhere(row, form.cleaned_data["where"])
            _note(request, "topped-up-elsewhere", yen, row.idm, form.cleaned_data["where"])
    except Changed:
        return _changed(request)
    return _answer(request)


def _asked(request: HttpRequest) -> Standing | None:
    """The row that was shown, if it stands so still."""
    form = Which(request.POST)
    name = form.cleaned_data["row"] if form.is_valid() else ""
    return next((one for one in _standings(request) if _row(one).name == name), None)


def _note(request: HttpRequest, operation: str, yen: int, idm: str = "", said_: str = "") -> None:
    trail.note(clerk_of(request), trail.What.DONE, trail.About(operation=operation, idm=idm, yen=yen), said=said_)


def _changed(request: HttpRequest) -> HttpResponse:
    return _answer(
        request,
        said("その間に記帳がありました。もう一度ご確認ください。", "Something was booked meanwhile: look again."),
    )


def _answer(request: HttpRequest, wrong: str = "") -> HttpResponse:
    if wrong:
        messages.error(request, wrong)
    else:
        messages.success(request, said("記帳しました。", "Booked."))
    return redirect("ledger:by_hand")
