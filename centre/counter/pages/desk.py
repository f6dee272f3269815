"""The counter's first page: what lies on the desk, and what can be done to it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from centre.users.staff import AT_THE_COUNTER, for_staff


@require_safe
@for_staff(*AT_THE_COUNTER)
def home(request: HttpRequest) -> HttpResponse:
    """What lies on the desk."""
    return render(request, "counter/home.html", {"here": "desk"})
