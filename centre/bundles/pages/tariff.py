"""Tariffs: what is in force, what is proposed, what it would change, and who releases it (faults 29)."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from centre.bundles import tariffs
from centre.bundles.models import TariffDraft
from centre.bundles.pages.hotlist import PER_PAGE, Why
from centre.bundles.tariffs import NotReleased, in_force, limits_now, propose
from centre.users.models import Role
from centre.users.staff import STAFF, clerk_of, for_staff
from centre.words import both, said
from farebox.feed import FeedFault
from farebox.formats.bundle import MOST_FILE_BYTES, MOST_FILES
from tariff.operator_file import RulebookError

_SHOWN = 20


class _Files(forms.ClearableFileInput):
    """Several at once."""

    allow_multiple_selected = True


class _FilesField(forms.FileField):
    """Files by their names, each read to its bound and one byte more."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Name -> bytes."""
        given: Sequence[Any] = data if isinstance(data, list) else [data] if data else []
        if len(given) > MOST_FILES:
            raise forms.ValidationError(said(f"一度に{MOST_FILES}件までです。", f"At most {MOST_FILES} at once."))
        return {str(file.name)[:100]: file.read(MOST_FILE_BYTES + 1) for file in given}


class Propose(forms.Form):
    """New and changed files, and those in force that are to go."""

    uploads = _FilesField(
        label=both("事業者ファイル（新規・差し替え）", "Operator files, new and changed"),
        widget=_Files(attrs={"accept": ".toml"}),
        required=False,
    )
    without = forms.MultipleChoiceField(
        label=both("取り除くファイル", "Files to take out"), required=False, widget=forms.CheckboxSelectMultiple
    )
    note = forms.CharField(label=both("変更の理由", "What it is for"), max_length=200)

    def __init__(self, standing: Sequence[str], data: Any = None, files: Any = None) -> None:
        """`standing`: names of the files in force."""
        super().__init__(data, files)
        self.fields["without"].choices = [(name, name) for name in standing]  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(*STAFF)
def show(request: HttpRequest) -> HttpResponse:
    """What is in force and what was proposed; a supervisor proposes here."""
    standing = in_force()
    may = clerk_of(request).role == Role.SUPERVISOR
    sent = request.method == "POST"
    if sent and not may:
        raise PermissionDenied
    names = [f"{one.scheme}/{one.effective}" for one in standing]
    form = Propose(names, request.POST, request.FILES) if sent else Propose(names)
    problems: Sequence[str] = ()
    if sent and form.is_valid():
        made = _proposed(request, form)
        if isinstance(made, TariffDraft):
            return HttpResponseRedirect(reverse("bundles:draft", args=[made.pk]))
        problems = made
    context = {
        "standing": standing,
        "drafts": TariffDraft.objects.select_related("made_by", "judged_by").defer("changes")[:_SHOWN],
        "form": form if may else None,
        "problems": problems,
        "here": "bundles",
    }
    return render(request, "bundles/tariff.html", context, status=400 if problems or (sent and form.errors) else 200)


@require_safe
@for_staff(*STAFF)
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """What a draft would change, the largest first, and who may release it."""
    found = get_object_or_404(TariffDraft.objects.select_related("made_by", "judged_by", "released"), pk=pk)
    user = clerk_of(request)
    is_open = found.state == TariffDraft.State.PROPOSED
    is_own = found.made_by_id == user.pk
    context = {
        "draft": found,
        "files": found.files.defer("text"),
        "page": Paginator(found.changes, PER_PAGE).get_page(request.GET.get("page")),
        "told": len(found.changes),
        "limits": limits_now(),
        "may_release": is_open and user.role == Role.SUPERVISOR and not (found.needs_second and is_own),
        "waits_for_other": is_open and found.needs_second and (is_own or user.role != Role.SUPERVISOR),
        "reject": Why() if is_open and user.role == Role.SUPERVISOR else None,
        "here": "bundles",
    }
    return render(request, "bundles/draft.html", context)


@require_POST
@for_staff(Role.SUPERVISOR)
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign it."""
    found = get_object_or_404(TariffDraft, pk=pk)
    try:
        made = tariffs.release(found, clerk_of(request))
    except NotReleased as fault:
        messages.error(request, said(WHY.get(fault.code, str(fault)), str(fault)))
    else:
        messages.success(request, said(f"配信しました（版 {made.version}）。", f"Released, version {made.version}."))
    return HttpResponseRedirect(reverse("bundles:draft", args=[pk]))


@require_POST
@for_staff(Role.SUPERVISOR)
def reject(request: HttpRequest, pk: int) -> HttpResponse:
    """It is not to be."""
    found = get_object_or_404(TariffDraft, pk=pk)
    form = Why(request.POST)
    if form.is_valid() and tariffs.reject(found, clerk_of(request), form.cleaned_data["why"]):
        messages.success(request, said("却下しました。", "Rejected."))
    else:
        messages.error(
            request, said("理由を入力してください。または、すでに終わっています。", "Say why; or it is over already.")
        )
    return HttpResponseRedirect(reverse("bundles:draft", args=[pk]))


WHY = {
    "empty": "事業者ファイルのない運賃はありません。",
    "no-change": "現在の運賃と同じです。",
    "over": "この案は却下されています。あらためて提案してください。",
    "needs-second": "一人では承認できない変更です。別の責任者が配信してください。",
    "stale": "比較したあとに別の運賃が配信されました。あらためて提案してください。",
    "not-a-supervisor": "運賃の配信は責任者が行います。",
}
"""Why a tariff is not released, in Japanese, by `NotReleased.code`."""


def _proposed(request: HttpRequest, form: Propose) -> TariffDraft | Sequence[str]:
    """The draft, or every problem of every file."""
    asked = form.cleaned_data
    without = [
        (scheme, date.fromisoformat(day)) for scheme, _, day in (name.rpartition("/") for name in asked["without"])
    ]
    try:
        return propose(asked["uploads"], clerk_of(request), without, asked["note"])
    except RulebookError as fault:
        return fault.problems
    except NotReleased as fault:
        return [said(WHY.get(fault.code, str(fault)), str(fault))]
    except (FeedFault, OSError) as fault:
        return [f"CENTRE_FEED: {fault}"]
