"""The pages: the day, the trial balance, clearing, findings, a card's statement."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from centre import clock
from centre.counter.slips.sheet import day_text
from centre.ledger import closing, findings, reconciling, words
from centre.ledger.booking import Kind
from centre.ledger.companies import shown
from centre.ledger.models import DayClosed, FindingRow, PostingRow
from centre.ledger.pages.picture import FOOT, HEIGHT, WIDTH, bars
from centre.ledger.pages.tables import Column, Table, as_csv, seen_by, wants_csv
from centre.ledger.statement import statement_of
from centre.users.models import Role
from centre.users.staff import STAFF, clerk_of, for_staff
from centre.words import both, said
from tariff.calendar import clock_in_japan, day_in_japan

DAYS_SHOWN = 14
MOST_FINDINGS = 500


class Asked(forms.Form):
    """Which day of which company."""

    company = forms.CharField(required=False, max_length=64)
    day = forms.DateField(required=False)


class Why(forms.Form):
    """Why a finding is closed."""

    why = forms.CharField(label=both("確認した内容", "What was found out"), max_length=300)


class CardAsked(forms.Form):
    """Which card."""

    idm = forms.RegexField(label="IDm", regex=r"^[0-9A-Fa-f]{16}$", strip=True)


@require_safe
@for_staff(*STAFF)
def day(request: HttpRequest) -> HttpResponse:
    """A company's day: its totals, its boxes, its fares of the last days."""
    companies = seen_by(clerk_of(request), closing.companies())
    asked = Asked(request.GET)
    asked.is_valid()
    company = asked.cleaned_data.get("company") or (companies[0] if companies else "")
    if company not in companies:
        return _page(request, "day", {"companies": (), "tables": ()})
    chosen = asked.cleaned_data.get("day") or clock.today()
    found = closing.day_of(company, chosen)
    totals = Table(
        said("科目別の合計", "Totals by account"),
        (
            Column("kind", said("科目", "Account")),
            Column("of", said("内訳", "Of")),
            Column("yen", said("金額", "Yen"), is_yen=True),
            Column("postings", said("件数", "Postings")),
        ),
        [(words.word(words.KINDS, total.kind), total.of, total.yen, total.postings) for total in found.totals],
    )
    if wants_csv(request):
        return as_csv(totals, f"day-{chosen:%Y%m%d}")
    boxes = Table(
        said("運賃箱・紙幣庫にあるはずの金額（累計）", "What the boxes should hold, all days together"),
        (
            Column("terminal", said("車載機", "Terminal")),
            Column("cash", said("現金", "Cash"), is_yen=True),
            Column("notes", said("紙幣", "Notes"), is_yen=True),
            Column("in_doubt", said("未確定", "In doubt"), is_yen=True),
        ),
        found.boxes,
    )
    fares = _fares(company, chosen)
    context = {
        "companies": [(name, said(*shown(name))) for name in companies],
        "company": company,
        "company_shown": said(*shown(company)),
        "day": chosen,
        "found": found,
        "closed": DayClosed.objects.filter(company=company, day=chosen).select_related("closed_by").first(),
        "may_close": chosen < clock.today() and clerk_of(request).role == Role.SUPERVISOR,
        "tables": (totals, boxes),
        "bars": bars(fares),
        "size": (WIDTH, HEIGHT + FOOT, HEIGHT + 15),
        "fares_yen": sum(yen for _, yen in fares),
    }
    return _page(request, "day", context)


def _fares(company: str, last: date) -> list[tuple[date, int]]:
    days = [last - timedelta(days=back) for back in reversed(range(DAYS_SHOWN))]
    rows = PostingRow.objects.filter(company=company, kind=Kind.FARES, booking__booked_on__in=days)
    sums = dict(rows.values_list("booking__booked_on").annotate(Sum("yen")))
    return [(day, -sums.get(day, 0)) for day in days]


@require_POST
@for_staff(Role.SUPERVISOR)
def close(request: HttpRequest) -> HttpResponse:
    """Close a day."""
    asked = Asked(request.POST)
    user = clerk_of(request)
    if not asked.is_valid() or asked.cleaned_data["company"] not in seen_by(user, closing.companies()):
        return redirect("ledger:day")
    company, chosen = asked.cleaned_data["company"], asked.cleaned_data["day"]
    if chosen is not None:
        try:
            closing.close_day(company, chosen, user)
            messages.success(request, said(f"{day_text(chosen)} を締めました。", f"{day_text(chosen)} is closed."))
        except closing.NotOver:
            messages.error(request, said("まだ終わっていない日は締められません。", "That day is not over yet."))
    return redirect(f"{reverse('ledger:day')}?company={company}&day={chosen or ''}")


@require_safe
@for_staff(*STAFF)
def trial(request: HttpRequest) -> HttpResponse:
    """The trial balance of every company's books."""
    lines = reconciling.trial_balance()
    companies = seen_by(clerk_of(request), sorted({line.company for line in lines}))
    columns = (
        Column("company", said("会社", "Company")),
        Column("kind", said("科目", "Account")),
        Column("debit", said("借方", "Debit"), is_yen=True),
        Column("credit", said("貸方", "Credit"), is_yen=True),
    )
    tables = []
    for company in companies:
        rows: list[tuple[str | int, ...]] = [
            (said(*shown(company)), words.word(words.KINDS, line.kind), max(0, line.yen), max(0, -line.yen))
            for line in lines
            if line.company == company
        ]
        debit, credit = (sum(int(row[at]) for row in rows) for at in (2, 3))
        rows.append((said(*shown(company)), said("合計", "Total"), debit, credit))
        tables.append(Table(said(*shown(company)), columns, rows))
    if wants_csv(request):
        return as_csv(Table("", columns, [row for table in tables for row in table.rows]), "trial-balance")
    return _page(request, "trial", {"tables": tables})


@require_safe
@for_staff(*STAFF)
def clearing(request: HttpRequest) -> HttpResponse:
    """What companies owe each other (LOC-6)."""
    rows = PostingRow.objects.filter(kind=Kind.CLEARING).values("company", "of").annotate(yen=Sum("yen"))
    may = seen_by(clerk_of(request), {row["company"] for row in rows})
    owed = [row for row in rows if row["yen"] > 0 and (row["company"] in may or row["of"] in may)]
    table = Table(
        said("会社間清算", "Clearing between companies"),
        (
            Column("debtor", said("支払う会社", "Owes")),
            Column("creditor", said("受け取る会社", "Is owed")),
            Column("yen", said("金額", "Yen"), is_yen=True),
        ),
        [
            (said(*shown(row["of"])), said(*shown(row["company"])), row["yen"])
            for row in sorted(owed, key=lambda row: (row["of"], row["company"]))
        ],
    )
    if wants_csv(request):
        return as_csv(table, "clearing")
    return _page(request, "clearing", {"tables": (table,)})


@require_safe
@for_staff(*STAFF)
def found(request: HttpRequest) -> HttpResponse:
    """What a person must look at: open first, then the last that were closed."""
    rows = list(_findings(request).order_by("-closed_at_s", "-pk")[:MOST_FINDINGS])
    if wants_csv(request):
        columns = ("kind", "card", "terminal", "yen", "first_seen", "taps", "closed", "by", "why")
        table = Table("", [Column(name, name) for name in columns], [_finding_row(row) for row in rows])
        return as_csv(table, "findings")
    may_close = clerk_of(request).role == Role.SUPERVISOR
    shown_rows = [(row, words.word(words.FINDINGS, row.kind)) for row in rows]
    context = {
        "open": [one for one in shown_rows if one[0].closed_at_s is None],
        "closed": [one for one in shown_rows if one[0].closed_at_s is not None],
        "may_close": may_close,
        "explained": findings.EXPLAINED,
    }
    return _page(request, "findings", context)


def _findings(request: HttpRequest) -> Any:
    rows = FindingRow.objects.select_related("closed_by")
    scheme = clerk_of(request).scheme
    return findings.of_scheme(rows, scheme) if scheme else rows


def _finding_row(row: FindingRow) -> tuple[str | int, ...]:
    closed = _moment(row.closed_at_s) if row.closed_at_s else ""
    by = row.closed_by.email if row.closed_by else ""
    taps = " ".join(row.taps)
    return (row.kind, row.idm, row.terminal, row.yen, _moment(row.first_seen_s), taps, closed, by, row.why)


@require_POST
@for_staff(Role.SUPERVISOR)
def close_finding(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody looked at a finding."""
    row = get_object_or_404(_findings(request), pk=pk)
    form = Why(request.POST)
    if form.is_valid():
        findings.close(row, clerk_of(request), form.cleaned_data["why"])
        messages.success(request, said("確認済にしました。", "Closed."))
    else:
        messages.error(request, said("確認した内容を入力してください。", "Say what was found out."))
    return redirect("ledger:findings")


@require_safe
@for_staff(*STAFF)
def card(request: HttpRequest) -> HttpResponse:
    """One card's statement: its taps and bookings, and how it stands."""
    asked = CardAsked(request.GET or None)
    context: dict[str, Any] = {"form": asked, "statement": None}
    if asked.is_valid():
        statement = statement_of(asked.cleaned_data["idm"].upper())
        scheme = clerk_of(request).scheme
        if statement is not None and scheme and statement.scheme not in ("", scheme) and not statement.foreign:
            statement = None
        if statement is not None:
            table = _statement_table(statement.rows)
            if wants_csv(request):
                return as_csv(table, f"card-{statement.idm}")
            context |= {"statement": statement, "tables": (table,)}
        else:
            context["unknown"] = True
    return _page(request, "card", context)


def _statement_table(rows: Iterable[Any]) -> Table:
    columns = (
        Column("at", said("日時", "At")),
        Column("what", said("内容", "What")),
        Column("where", said("場所", "Where")),
        Column("amount", said("金額", "Amount"), is_yen=True),
        Column("due", said("運賃", "Due"), is_yen=True),
        Column("cash", said("現金", "Cash"), is_yen=True),
        Column("auto_charge", said("オートチャージ", "Auto-charge"), is_yen=True),
        Column("change", said("カードの増減", "Card"), is_yen=True),
        Column("balance", said("残高", "Balance"), is_yen=True),
        Column("end", said("書込", "Write")),
        Column("record", said("記録", "Record")),
    )
    return Table(
        said("利用履歴（新しい順）", "History, newest first"),
        columns,
        [
            (
                *(_moment(row.at_s), words.word({**words.WHATS, **words.ACTIONS}, row.what), row.where),
                *map(_yen_or_none, (row.amount_yen, row.due_yen, row.cash_yen, row.auto_charge_yen, row.change_yen)),
                *(_yen_or_none(row.balance_yen), words.word(words.ENDS, row.end), row.key),
            )
            for row in rows
        ],
    )


def _yen_or_none(yen: int | None) -> str | int:
    """An empty cell where there is no amount."""
    return "" if yen is None else yen


def _moment(at_s: int) -> str:
    return f"{day_text(day_in_japan(at_s))} {clock_in_japan(at_s)}"


def _page(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    query = request.GET.copy()
    query["as"] = "csv"
    return render(request, f"ledger/{name}.html", {**context, "here": "ledger", "tab": name, "csv": query.urlencode()})
