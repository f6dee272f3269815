"""The hotlist: look a card up, stop it, lift it with a reason (GEN-11)."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from centre.bundles.models import NoAutoCharge, Stopped
from centre.bundles.services import stop, unstop
from centre.cards.models import Card
from centre.counter import trail
from centre.users.models import Role
from centre.users.staff import AT_THE_COUNTER, STAFF, clerk_of, for_staff
from centre.words import both, said

PER_PAGE = 50
_IDM = r"^\s*[0-9A-Fa-f]{16}\s*$"


class Stop(forms.Form):
    """A card by its IDm, and why."""

    idm = forms.RegexField(_IDM, label=both("IDm（16進16桁）", "IDm (16 hex digits)"), max_length=20)
    why = forms.CharField(label=both("理由", "Why"), max_length=200)


class Why(forms.Form):
    """A reason."""

    why = forms.CharField(label=both("理由", "Why"), max_length=200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(*STAFF)
def show(request: HttpRequest) -> HttpResponse:
    """The list, searched by IDm or engraved number; a clerk stops a card here."""
    may_stop = clerk_of(request).role in AT_THE_COUNTER
    if request.method == "POST" and not may_stop:
        raise PermissionDenied
    form = Stop(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return _stopped(request, form.cleaned_data["idm"].strip().upper(), form.cleaned_data["why"])
    asked = request.GET.get("q", "").strip()[:40]
    stopped = Stopped.objects.select_related("stopped_by", "lifted_by")
    if asked:
        idms = list(Card.objects.filter(number__iexact=asked).values_list("idm", flat=True))
        stopped = stopped.filter(idm__in=[*idms, asked.upper()])
    elif not request.GET.get("all"):
        stopped = stopped.filter(until_s=None)
    context = {
        "form": form if may_stop else None,
        "lift": Why() if clerk_of(request).role == Role.SUPERVISOR else None,
        "page": Paginator(stopped, PER_PAGE).get_page(request.GET.get("page")),
        "barred": NoAutoCharge.objects.filter(until_s=None).count(),
        "asked": asked,
        "all": bool(request.GET.get("all")),
        "here": "bundles",
    }
    return render(request, "bundles/hotlist.html", context, status=400 if form.errors else 200)


@require_POST
@for_staff(Role.SUPERVISOR)
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    """The card is taken again from the next bundle on."""
    found = get_object_or_404(Stopped, pk=pk)
    scheme = clerk_of(request).scheme
    # Anybody's card may be stopped, in haste; only its own operator takes it again.
    if scheme and Card.objects.filter(idm=found.idm).exclude(scheme=scheme).exists():
        raise PermissionDenied
    form = Why(request.POST)
    if not form.is_valid():
        messages.error(request, said("理由を入力してください。", "Say why."))
    else:
        with transaction.atomic():
            if found.until_s is None and unstop(found.idm, form.cleaned_data["why"], clerk_of(request)):
                about = trail.About(operation="lift-stop", idm=found.idm)
                trail.note(clerk_of(request), trail.What.DONE, about, said=form.cleaned_data["why"])
        messages.success(request, said(f"{found.idm} の使用停止を解除しました。", f"{found.idm} is taken again."))
    return HttpResponseRedirect(reverse("bundles:hotlist"))


def _stopped(request: HttpRequest, idm: str, why: str) -> HttpResponse:
    with transaction.atomic():
        already = Stopped.objects.filter(idm=idm, until_s=None).exists()
        stop(idm, why, clerk_of(request))
        if not already:
            trail.note(clerk_of(request), trail.What.DONE, trail.About(operation="stop", idm=idm), said=why)
    messages.success(request, said(f"{idm} を使用停止にしました。", f"{idm} is stopped."))
    return HttpResponseRedirect(reverse("bundles:hotlist"))
