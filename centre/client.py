"""Where a request comes from, and whom it wants to be: django-axes counts by both (faults 51)."""

from collections.abc import Mapping

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The caller's address. Behind a proxy the last one that it wrote: what stands before that is anybody's word."""
    if settings.BEHIND_PROXY:
        told: str = request.META.get("HTTP_X_FORWARDED_FOR", "")
        return told.rpartition(",")[2].strip()
    found: str = request.META.get("REMOTE_ADDR", "")
    return found


def account_of(request: HttpRequest, credentials: Mapping[str, object] | None = None) -> str:
    """Which account somebody tries to sign in to, however the form calls it."""
    for given in (credentials or {}, request.POST):
        for field in ("username", "email", "login"):
            if given.get(field):
                return str(given[field]).strip().lower()
    return ""
