"""Around every view: what may be asked at all, and what no browser keeps.

First (`Doorway`) what is asked: a method that some page has, and by machines HTTPS from the start. Last (`NothingKept`)
the answer: no cache keeps it, and a browser whose session has ended forgets what it had.
"""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest, HttpResponseNotAllowed, JsonResponse
from django.http.response import HttpResponseBase

from centre.security_log import tell_denied

Answer = Callable[[HttpRequest], HttpResponseBase]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH")
"""What any view here takes; which of them, each view says itself. Never TRACE."""
MACHINES = ("/bus/", "/payments/notices/")
"""Whoever calls there without HTTPS is wrongly set up, and has sent its token in the clear: refused, not sent on."""


class Doorway:
    """Before all other middleware."""

    def __init__(self, answer: Answer) -> None:
        """Around the others."""
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Refuse, or go on; who was refused is told in the security log."""
        response = self._answered(request)
        found = request.resolver_match
        tell_denied(request, found.view_name if found is not None else "-", response.status_code)
        return response

    def _answered(self, request: HttpRequest) -> HttpResponseBase:
        if request.method not in METHODS:
            return HttpResponseNotAllowed(METHODS)
        if settings.SECURE_SSL_REDIRECT and request.path.startswith(MACHINES) and not request.is_secure():
            return JsonResponse({"code": "https-only", "detail": "ask by https:"}, status=403)
        return self._answer(request)


class NothingKept:
    """After static files, which hold nothing of anybody, and around all views."""

    def __init__(self, answer: Answer) -> None:
        """Around the others."""
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer; what a view says of caches itself stands."""
        response = self._answer(request)
        response.headers.setdefault("Cache-Control", "no-store")
        if getattr(request, "has_signed_out", False):
            # Not its cookies: that would end those of every other host of this domain.
            response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response


def _remember(request: HttpRequest, **_: object) -> None:
    request.has_signed_out = True  # type: ignore[attr-defined]


user_logged_out.connect(_remember, dispatch_uid="centre.guard")
