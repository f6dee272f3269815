"""The centre's clock, moved by a test, and a payment service that does as the test says."""

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.centre.portal.people import noon_s
from tests.centre.portal.service import Service

Move = Callable[[date], None]


@pytest.fixture
def move_to(settings: Settings, tmp_path: Path) -> Move:
    """Make it noon of a day."""
    ahead = tmp_path / "ahead"
    settings.CLOCK_AHEAD = ahead

    def move(day: date) -> None:
        ahead.write_text(str(noon_s(day) - int(time.time())))

    return move


@pytest.fixture
def wait(settings: Settings, tmp_path: Path) -> Callable[[int], None]:
    """Let seconds pass."""
    ahead = tmp_path / "ahead"
    settings.CLOCK_AHEAD = ahead

    def pass_by(seconds: int) -> None:
        ahead.write_text(str(int(ahead.read_text() if ahead.exists() else 0) + seconds))

    return pass_by


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Service:
    """A payment service that pays, until the test says otherwise."""
    settings.PAYMENTS, settings.PAYMENTS_KEY, settings.PAYMENTS_NOTICE_SECRET = "sandbox", "key", "secret"
    made = Service()
    monkeypatch.setattr("centre.payments.configured._made", lambda *_: made)
    return made
