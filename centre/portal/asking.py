"""Who asks: members, and their own cards alone (faults 52)."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache

from centre.cards.models import State
from centre.portal.models import Member, MemberCard
from centre.users.models import User

P = ParamSpec("P")


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
        member = getattr(user_of(request), "member", None)
        if member is None:
            raise PermissionDenied
        return view(request, member, *args, **kwargs)

    return never_cache(login_required(judged))


def own_card(member: Member, pk: int) -> MemberCard:
    """The member's card; Http404 for any other, and for one that is in use no more."""
    cards = MemberCard.objects.select_related("card", "card__holder")
    return get_object_or_404(cards, pk=pk, member=member, card__state=State.IN_USE)
