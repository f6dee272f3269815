"""Who asks: members, and their own cards alone (faults 52)."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.signals import user_logged_in
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache

from centre.cards.models import State
from centre.clock import machine_s
from centre.portal.models import Member, MemberCard
from centre.users.models import User

P = ParamSpec("P")
IDLE_S, LONGEST_S = 3_600, 12 * 3_600
"""A member's session ends when nothing was asked for so long, and when it is so old."""
_SINCE, _SEEN, _NOTED_S = "portal_since_s", "portal_seen_s", 60


def user_of(request: HttpRequest) -> User:
    """The user who is signed in."""
    assert isinstance(request.user, User)
    return request.user


def for_members(view: Callable[Concatenate[HttpRequest, Member, P], HttpResponse]) -> Any:
    """A page for members: others are asked to sign in, clerks are refused. No cache keeps it.

    The member came with the user (`centre.portal.signed_in`).
    """

    @wraps(view)
    def judged(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if _is_over(request):
            logout(request)
            return redirect_to_login(request.get_full_path() if request.method == "GET" else "/")
        member = getattr(user_of(request), "member", None)
        if member is None:
            raise PermissionDenied
        return view(request, member, *args, **kwargs)

    return never_cache(login_required(judged))


def connect() -> None:
    """Hear of sign-ins from Django: the session that is written then knows already when it began."""
    user_logged_in.connect(_begin, dispatch_uid="centre.portal.asking")


def _begin(request: HttpRequest, **_: Any) -> None:
    request.session[_SINCE] = request.session[_SEEN] = machine_s()


def _is_over(request: HttpRequest) -> bool:
    """Whether the session is too old, or nobody used it for too long, by the machine's clock; a use is noted, once a
    minute."""
    now_s, session = machine_s(), request.session
    since_s, seen_s = session.setdefault(_SINCE, now_s), session.setdefault(_SEEN, now_s)
    if now_s - since_s >= LONGEST_S or now_s - seen_s >= IDLE_S:
        return True
    if now_s - seen_s >= _NOTED_S:
        session[_SEEN] = now_s
    return False


def own_card(member: Member, pk: int) -> MemberCard:
    """The member's card; Http404 for any other, and for one that is in use no more."""
    cards = MemberCard.objects.select_related("card", "card__holder")
    return get_object_or_404(cards, pk=pk, member=member, card__state=State.IN_USE)
