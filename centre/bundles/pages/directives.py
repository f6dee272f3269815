"""Directives: what waits for which card, and what became of it (CTR-3)."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from centre.bundles import services
from centre.bundles.lifecycle import OPEN
from centre.bundles.models import Directive
from centre.bundles.pages.hotlist import PER_PAGE, Why
from centre.counter import trail
from centre.users.models import Role
from centre.users.staff import STAFF, clerk_of, for_staff
from centre.words import said


def _of_theirs(request: HttpRequest) -> "QuerySet[Directive]":
    """Those for cards of their operator; of all, for whoever looks after all."""
    scheme, found = clerk_of(request).scheme, Directive.objects.select_related("card")
    return found.filter(card__scheme=scheme) if scheme else found


@require_safe
@for_staff(*STAFF)
def show(request: HttpRequest) -> HttpResponse:
    """Those that are still to be done, or all of a card."""
    asked = request.GET.get("q", "").strip()[:40]
    found = _of_theirs(request).order_by("-pk")
    if asked:
        found = found.filter(Q(card__idm=asked.upper()) | Q(card__number__iexact=asked))
    else:
        found = found.filter(state__in=OPEN)
    context = {
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "asked": asked,
        "withdraw": Why() if clerk_of(request).role == Role.SUPERVISOR else None,
        "here": "bundles",
    }
    return render(request, "bundles/directives.html", context)


@require_POST
@for_staff(Role.SUPERVISOR)
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """It leaves the next bundle."""
    directive = get_object_or_404(_of_theirs(request), pk=pk)
    form = Why(request.POST)
    if not form.is_valid():
        messages.error(request, said("理由を入力してください。", "Say why."))
        return HttpResponseRedirect(reverse("bundles:directives"))
    why, by = form.cleaned_data["why"], clerk_of(request)
    with transaction.atomic():
        done = services.withdraw(directive, why)
        if done:
            about = trail.About(operation="withdraw-directive", idm=directive.card.idm, number=directive.card.number)
            trail.note(by, trail.What.DONE, about, said=why)
    if done:
        messages.success(request, said("取り下げました。", "Withdrawn."))
    else:
        messages.warning(request, said("すでに終わっています。", "It was over already."))
    return HttpResponseRedirect(reverse("bundles:directives"))
