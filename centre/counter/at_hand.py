"""Which desk a clerk works at: the reader of this machine, or, in a demo, a card image out of a drawer (模擬)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from django.conf import settings
from django.http import HttpRequest

from cardimage.image import blank_lite_s, dump
from cardimage.resolve import Fate
from cardimage.write_plan import WritePlan
from centre.counter.desk import Blank, Desk, ImageDesk, NewCard, ReaderDesk, Seen
from centre.counter.models import DrawerCard
from centre.users.staff import clerk_of
from reader.drivers import frame_port
from reader.keys import KeyStoreFault, keys_from
from reader.port import ReaderFault, ReaderMissing, opened

IMAGE = "image"
"""The value of CENTRE_COUNTER_READER that stands for a drawer of card images."""
_CHOSEN = "counter_drawer_card"
_ONE_AT_A_TIME = Lock()


class NoDesk:
    """A desk with nothing on it, or with no reader to lay a card on: then looking says what to set, or to plug in."""

    def __init__(self, fault: ReaderFault | None, *, is_simulated: bool = False) -> None:
        """What is wrong with the reader; None: nothing, there is just no card."""
        self._fault = fault
        self.is_simulated = is_simulated

    def look(self) -> ReaderFault | None:
        """See `Desk`."""
        return self._fault

    def write(self, _seen: Seen, _plan: WritePlan) -> Fate:
        """See `Desk`."""
        return Fate.NOT_WRITTEN

    def issue(self, _blank: Blank, _new: NewCard) -> Fate:
        """See `Desk`."""
        return Fate.NOT_WRITTEN


class DrawerDesk(ImageDesk):
    """A card image out of the drawer: what is written to it is kept at once, before anybody is told that it is."""

    def __init__(self, card: DrawerCard) -> None:
        """Take it out of the drawer. ImageFault if it is no simulated card of ours."""
        super().__init__(bytes(card.data), card.name)
        self._card = card

    def write(self, seen: Seen, plan: WritePlan) -> Fate:
        """See `Desk`."""
        return self._kept(super().write(seen, plan))

    def issue(self, blank: Blank, new: NewCard) -> Fate:
        """See `Desk`."""
        return self._kept(super().issue(blank, new))

    def _kept(self, fate: Fate) -> Fate:
        """What was written counts only if nobody wrote the same image since it was taken out."""
        if fate is Fate.NOT_WRITTEN:
            return fate
        mine = DrawerCard.objects.filter(pk=self._card.pk, changed=self._card.changed)
        self._card.changed += 1
        return fate if mine.update(data=self.data, changed=self._card.changed) else Fate.NOT_WRITTEN


@contextmanager
def desk_of(request: HttpRequest) -> Iterator[Desk]:
    """The desk in front of a clerk, for as long as it takes."""
    if is_image():
        card = chosen(request)
        yield DrawerDesk(card) if card else NoDesk(None, is_simulated=True)
        return
    if not settings.COUNTER_READER:
        yield NoDesk(ReaderFault("CENTRE_COUNTER_READER", "not set: name this counter's reader, as tty:/dev/ttyUSB0"))
        return
    with _ONE_AT_A_TIME:
        try:
            keys = keys_from(settings.COUNTER_CARD_KEYS)
            port = opened(frame_port(settings.COUNTER_READER))
        except (ReaderMissing, KeyStoreFault) as fault:
            yield NoDesk(ReaderFault(settings.COUNTER_READER, str(fault)))
            return
        try:
            yield ReaderDesk(port, keys, os.urandom)
        finally:
            port.close()


# -- the drawer


def is_image() -> bool:
    """Whether cards come out of a drawer here (模擬)."""
    return bool(settings.COUNTER_READER == IMAGE)


def drawer(scheme: str) -> tuple[DrawerCard, ...]:
    """The images at an operator's counter, by name."""
    return tuple(DrawerCard.objects.filter(scheme=scheme).order_by("name"))


def chosen(request: HttpRequest) -> DrawerCard | None:
    """The image that lies on the desk."""
    pk = request.session.get(_CHOSEN)
    return DrawerCard.objects.filter(scheme=clerk_of(request).scheme, pk=pk).first() if pk else None


def lay(request: HttpRequest, card: DrawerCard | None) -> None:
    """Lay an image on the desk, in place of what lies there; None: lift that."""
    request.session[_CHOSEN] = card.pk if card else None


def blank_image() -> bytes:
    """A card as it comes from the factory (模擬), with an IDm of its own."""
    return dump(blank_lite_s(b"\x01\x2e" + os.urandom(6)))
