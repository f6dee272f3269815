"""Who is signed in at the counter, and which pages are theirs. Counter, ledger and bundles guard their views by it.

    @for_staff(Role.CLERK, Role.SUPERVISOR)
    def top_up(request): ...

A session of the counter is begun at its own page of sign-in, ends by itself, and is none of the portal's: whoever has a
role and signs in as a member is a member there.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

from django.contrib.auth import authenticate, login, logout
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from centre import clock
from centre.users.models import Role, User

STAFF = frozenset((Role.CLERK, Role.SUPERVISOR, Role.AUDITOR))
AT_THE_COUNTER = (Role.CLERK, Role.SUPERVISOR)
"""Who works with cards."""
IDLE_S = 15 * 60
LONGEST_S = 12 * 3600
"""A session ends when nothing was asked for so long, and when it is so old."""
_SINCE, _SEEN = "counter_since_s", "counter_seen_s"

Page = TypeVar("Page", bound=Callable[..., HttpResponseBase])


def is_over(since_s: int, seen_s: int, now_s: int) -> bool:
    """Whether a session has ended: begun at `since_s`, last used at `seen_s`. One from the future has, too."""
    return not (0 <= now_s - seen_s < IDLE_S and 0 <= now_s - since_s < LONGEST_S)


def who_is(request: HttpRequest, email: str, password: str) -> User | None:
    """The one of the staff whom address and password belong to. None for all else, known or not (faults 50).

    Failures are counted, and lock (faults 51): centre.settings says how.
    """
    user = authenticate(request, username=email.lower(), password=password)
    return user if isinstance(user, User) and user.role in STAFF else None


def begin(request: HttpRequest, user: User) -> None:
    """Sign in: the session gets a new key, so that nobody may have given it (faults 49)."""
    login(request, user)
    now_s = clock.now_s()
    request.session[_SINCE] = request.session[_SEEN] = now_s


def end(request: HttpRequest) -> None:
    """Sign out; what the session held is gone."""
    logout(request)


def of_staff(request: HttpRequest) -> User | None:
    """Who is signed in at the counter now; asking keeps the session alive. A session that is over is ended."""
    user, since_s, seen_s = request.user, request.session.get(_SINCE), request.session.get(_SEEN)
    if not isinstance(user, User) or since_s is None or seen_s is None:
        return None
    now_s = clock.now_s()
    if is_over(since_s, seen_s, now_s):
        end(request)
        return None
    request.session[_SEEN] = now_s
    return user


def clerk_of(request: HttpRequest) -> User:
    """The one for whom a guarded page is made."""
    assert isinstance(request.user, User)
    return request.user


def for_staff(*roles: str, of: str = "") -> Callable[[Page], Page]:
    """A view for these roles alone: others of the staff get 403, whoever is not signed in here is asked to (302).

    `of`: the operator whose it is; staff of another get 403, those of none (who look after all) do not.
    """

    def guarding(view: Page) -> Page:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user = of_staff(request)
            if user is None:
                return _to_sign_in(request)
            if user.role not in roles or (of and user.scheme not in ("", of)):
                raise PermissionDenied
            response = view(request, *args, **kwargs)
            response.headers["Cache-Control"] = "no-store"
            return response

        return cast(Page, guarded)

    return guarding


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the page of sign-in, and from there back to what was asked for, if it was only to be looked at."""
    back: dict[str, Any] = {"next": request.get_full_path()} if request.method == "GET" else {}
    return HttpResponseRedirect(f"{reverse('counter:login')}?{urlencode(back)}" if back else reverse("counter:login"))
