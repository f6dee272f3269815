"""What happens to the centre's locks, told in the log: who came in, who did not, what was refused, approved.

A line has the event and its facts, and nobody's data: a user is a number, an address (of mail or of the network) a
short digest under the centre's key, by which lines about one caller can be put together. docs/centre/security.md.
"""

import logging
from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from centre.client import account_of, address_of

EVENTS = ("signed in", "sign-in failed", "locked", "signed out", "denied", "slowed", "trail")
_log = logging.getLogger("centre.security")
_LETTERS = str.maketrans("0123456789", "ghijklmnop")
"""Letters alone: digits in a row would be taken out of the log as somebody's number."""
_DENIED = frozenset({401, 403, 405, 410, 413, 421, 429})


def tell(event: str, request: HttpRequest | None = None, level: int = logging.INFO, **facts: object) -> None:
    """One line: an event of EVENTS, where it came from, and facts that are numbers or words of ours."""
    if request is not None:
        facts = {"from": masked(address_of(request)), **facts}
    _log.log(level, event, extra={"facts": facts})


def masked(said: str) -> str:
    """A short digest in place of somebody's address: the same for the same, and nothing else to be had of it."""
    if not said:
        return ""
    return salted_hmac("centre.security_log", said.lower(), algorithm="sha256").hexdigest()[:12].translate(_LETTERS)


def tell_denied(request: HttpRequest, view: str, status: int) -> None:
    """A request that was refused by who asked, how, or how often; a page that is not there is none of that."""
    if status in _DENIED:
        tell("denied", request, logging.WARNING, method=(request.method or "")[:10], view=view, status=status)


def connect() -> None:
    """Hear of sign-ins from Django, and of locked accounts from axes."""
    user_logged_in.connect(_signed_in, dispatch_uid="centre.security_log")
    user_logged_out.connect(_signed_out, dispatch_uid="centre.security_log")
    user_login_failed.connect(_failed, dispatch_uid="centre.security_log")
    user_locked_out.connect(_locked, dispatch_uid="centre.security_log")


def _signed_in(request: HttpRequest, user: Any, **_: Any) -> None:
    tell("signed in", request, who=user.pk, role=user.role)


def _signed_out(request: HttpRequest, user: Any, **_: Any) -> None:
    if user is not None:
        tell("signed out", request, who=user.pk)


def _failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    tell("sign-in failed", request, logging.WARNING, account=masked(_account(request, credentials)))


def _locked(request: HttpRequest, username: str | None = None, **_: Any) -> None:
    tell("locked", request, logging.WARNING, account=masked(username or ""))


def _account(request: HttpRequest | None, credentials: dict[str, Any]) -> str:
    return account_of(request, credentials) if request is not None else str(credentials.get("username", ""))
