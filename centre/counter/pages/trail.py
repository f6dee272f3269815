"""The audit trail to read: filtered, page by page, and as a file."""

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from centre import clock
from centre.counter import trail
from centre.counter.models import TrailEntry
from centre.users.models import Role
from centre.users.staff import clerk_of, for_staff
from centre.words import both
from tariff.calendar import clock_in_japan, day_in_japan, midnight_in_japan_s

PER_PAGE = 50
COLUMNS = (
    "at", "who", "role", "operator", "what", "operation", "idm", "number", "yen", "before", "after", "approved_by",
    "said", "asked", "link",
)  # fmt: skip


class Filter(forms.Form):
    """What of the trail is asked for; empty fields ask for all."""

    first_day = forms.DateField(
        label=both("日付から", "From day"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    last_day = forms.DateField(
        label=both("日付まで", "To day"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    who = forms.CharField(label=both("担当者", "Who"), required=False, max_length=254)
    what = forms.ChoiceField(
        label=both("事象", "What"), required=False, choices=[("", "－"), *trail.What.choices], initial=""
    )
    card = forms.RegexField(
        label=both("カード（IDm）", "Card (IDm)"), required=False, regex=r"^[0-9A-Fa-f]{16}$", strip=True
    )


def _found(request: HttpRequest, asked: dict[str, Any]) -> QuerySet[TrailEntry]:
    """The entries asked for, newest first. Who works for one operator reads that operator's."""
    entries = TrailEntry.objects.select_related("who", "approved_by").order_by("-pk")
    if clerk_of(request).scheme:
        entries = entries.filter(scheme=clerk_of(request).scheme)
    first, last = asked.get("first_day"), asked.get("last_day")
    if isinstance(first, date):
        entries = entries.filter(at_s__gte=midnight_in_japan_s(first))
    if isinstance(last, date) and last < date.max:
        entries = entries.filter(at_s__lt=midnight_in_japan_s(last + timedelta(days=1)))
    if asked.get("who"):
        entries = entries.filter(who__email__icontains=asked["who"])
    if asked.get("what"):
        entries = entries.filter(what=asked["what"])
    if asked.get("card"):
        entries = entries.filter(idm=asked["card"].upper())
    return entries


@require_safe
@for_staff(Role.SUPERVISOR, Role.AUDITOR)
def show(request: HttpRequest) -> HttpResponse:
    """The trail, newest first, and whether it is whole."""
    form = Filter(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    page = Paginator(_found(request, asked), PER_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    checked = query.pop("check", None) is not None  # reads the whole trail: only when asked for
    return render(
        request,
        "counter/trail.html",
        {
            "form": form,
            "page": page,
            "query": query.urlencode(),
            "checked": checked,
            "broken_at": trail.broken_at() if checked else None,
            "here": "trail",
        },
    )


@require_safe
@for_staff(Role.SUPERVISOR, Role.AUDITOR)
def as_csv(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The same as a file, whole. That it was taken stands in the trail, too."""
    form = Filter(request.GET)
    if not form.is_valid():
        return HttpResponse(status=400)
    newest = trail.note(clerk_of(request), trail.What.READ)
    rows = _found(request, form.cleaned_data).filter(pk__lt=newest.pk)
    response = StreamingHttpResponse(_lines(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-{clock.today():%Y%m%d}.csv"'
    return response


class _Line:
    """What a csv writer writes to: it keeps nothing."""

    def write(self, line: str) -> str:
        return line


def _lines(entries: QuerySet[TrailEntry]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield "\ufeff" + writer.writerow(COLUMNS)  # so that spreadsheets read it as UTF-8
    for entry in entries.iterator(chunk_size=1_000):
        facts = (
            f"{day_in_japan(entry.at_s):%Y-%m-%d}T{clock_in_japan(entry.at_s)}+09:00",
            entry.who.email,
            entry.role,
            entry.scheme,
            entry.what,
            entry.operation,
            entry.idm,
            entry.number,
            entry.yen,
            entry.before or "",
            entry.after or "",
            entry.approved_by.email if entry.approved_by else "",
            entry.said,
            entry.asked or "",
            entry.link,
        )
        yield writer.writerow([_no_formula(str(fact)) for fact in facts])


def _no_formula(cell: str) -> str:
    """A cell that a spreadsheet takes for text: what begins like a formula gets a quote before it, numbers do not."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") and not cell[1:].isdecimal() else cell
