"""A clerk's browser at a counter of a demo, for tests: cards in its drawer, rules by which all can be done, a clock."""

from datetime import date
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from centre import clock
from centre.counter.models import Asked, DrawerCard
from centre.counter.pages import looking
from centre.users.models import Role, User
from tariff.account import Account
from tariff.calendar import midnight_in_japan_s
from tests.centre.counter.staff import Clock, person, signed_in
from tests.centre.counter.stage import NOW_S, OPEN, Stage, held_yen, number_of


class Window:
    """One operator's counter: a clerk and a supervisor, each with a browser; `stage` has its register and books."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, settings: Any, scheme: str = "lococa") -> None:
        settings.COUNTER_READER = "image"
        self.time = Clock(NOW_S, lambda now_s: monkeypatch.setattr(clock, "now_s", now_s))
        monkeypatch.setattr(looking, "rules", lambda of, _day: OPEN[of])
        self.scheme = scheme
        self.stage = Stage(scheme)
        self.clerk = person(Role.CLERK, "hanako", scheme)
        self.chief = person(Role.SUPERVISOR, "ichiro", scheme)
        self.at: Client = signed_in(self.clerk)

    def goes_to(self, day: date) -> None:
        """A later day; sessions end, so the clerk signs in again. What lay on the desk lies there no more."""
        self.time.at_s = midnight_in_japan_s(day) + 36_000
        self.at = signed_in(self.clerk)

    def lays(self, account: Account, nth: int = 1, **known: Any) -> DrawerCard:
        """A card that was issued long ago, on the desk."""
        desk = self.stage.card(account, nth, **known)
        return self.lays_image(DrawerCard.objects.create(scheme=self.scheme, name=f"card {nth}", data=desk.data))

    def lays_image(self, card: DrawerCard) -> DrawerCard:
        """An image out of the drawer."""
        assert self.at.post("/counter/drawer/lay", {"card": card.pk}).status_code == 302
        return card

    def lays_blank(self) -> DrawerCard:
        """A blank card on the desk."""
        assert self.at.post("/counter/drawer/blank").status_code == 302
        return DrawerCard.objects.latest("pk")

    def page(self, path: str = "/counter/") -> str:
        """What a page says."""
        response = self.at.get(path, follow=True)
        assert response.status_code == 200
        return str(response.content.decode())

    def asks(self, operation: str, card: Any = None, **fields: Any) -> Asked:
        """Fill in the form of an operation; what it costs is shown."""
        response = self.sends(operation, card, **fields)
        assert response.status_code == 302, response.content.decode()
        return Asked.objects.get(key=response["Location"].split("/")[-1])

    def sends(self, operation: str, card: Any = None, **fields: Any) -> HttpResponse:
        """Fill in the form of an operation."""
        query = f"?card={card}" if card else ""
        response = self.at.post(f"/counter/do/{operation}{query}", fields)
        assert isinstance(response, HttpResponse)
        return response

    def confirms(self, asked: Asked) -> Asked:
        """Press the button."""
        response = self.at.post(f"/counter/asked/{asked.key}/confirm")
        assert (response.status_code, response["Location"]) == (302, f"/counter/asked/{asked.key}")
        asked.refresh_from_db()
        return asked

    def signs(self, asked: Asked, by: User, password: str, at: Client | None = None) -> int:
        """Somebody signs on the clerk's screen."""
        sent = {"email": by.email, "password": password}
        return (at or self.at).post(f"/counter/asked/{asked.key}/approve", sent).status_code


__all__ = ["Window", "held_yen", "number_of"]
