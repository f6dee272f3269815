"""Operations that wait for a second person (faults 47)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from centre.counter.models import Asked, AskedState
from centre.users.staff import AT_THE_COUNTER, clerk_of, for_staff


@require_safe
@for_staff(*AT_THE_COUNTER)
def waiting(request: HttpRequest) -> HttpResponse:
    """All that waits at this operator's counters, oldest first."""
    asked = Asked.objects.filter(scheme=clerk_of(request).scheme, state=AskedState.OPEN).exclude(approval="")
    return render(
        request,
        "counter/approvals.html",
        {"asked": asked.select_related("clerk", "approved_by").order_by("made_at_s"), "here": "approvals"},
    )
