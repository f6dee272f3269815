"""What a page's request is about: the clerk's place with its desk, and the card that is worked on."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from centre import clock
from centre.cards.models import Card
from centre.counter.at_hand import desk_of
from centre.counter.carrying import Counter
from centre.counter.desk import Seen
from centre.counter.register import registered, registered_card
from centre.counter.rules import network, rules, schemes
from centre.counter.situation import Situation
from centre.users.staff import clerk_of


@contextmanager
def counter(request: HttpRequest) -> Iterator[Counter]:
    """The clerk's place, its desk open. PermissionDenied for one who works for no operator that we know."""
    clerk = clerk_of(request)
    if clerk.scheme not in schemes():
        raise PermissionDenied
    day = clock.today()
    with desk_of(request) as desk:
        yield Counter(desk, settings.COUNTER_PLACE, clerk, rules(clerk.scheme, day), day, clock.now_s())


def looked_up(request: HttpRequest, pk: int | str | None) -> Card | None:
    """The card of the register that was looked up; None: none was. Another operator's is not there (faults 52)."""
    if pk in (None, ""):
        return None
    text = str(pk)
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise Http404
    card = Card.objects.filter(pk=int(text), scheme=clerk_of(request).scheme).first()
    if card is None:
        raise Http404
    return card


def situation(here: Counter, card: Card | None) -> Situation:
    """What lies there now, and the card that is worked on: the one that was looked up, or else that one."""
    assert here.desk is not None
    laid = here.desk.look()
    register = registered_card(card, here.rulebook, here.day) if card else None
    if card is None and isinstance(laid, Seen):
        register = registered(laid.idm, here.rulebook, here.day)
    return Situation(laid, register, here.rulebook, here.day, settings.COUNTER_REFUND_LIMIT_YEN, network())
