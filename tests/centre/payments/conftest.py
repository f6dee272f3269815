"""A sandbox service in a process of its own, once for all tests; each test has users of its own there."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from centre.payments.configured import hang_up
from centre.payments.sandbox import Sandbox
from centre.payments.stripe_checkout import StripeCheckout
from tests.centre.payments.sandbox_process import KEY, NOTICE_SECRET, SandboxHands, sandbox_process


@pytest.fixture(scope="session")
def the_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxHands]:
    with sandbox_process(tmp_path_factory.mktemp("sandbox") / "sandbox.sqlite3") as hands:
        yield hands


@pytest.fixture
def sandbox(the_sandbox: SandboxHands) -> SandboxHands:
    the_sandbox.wish(lose_answers=0, busy=0)
    return the_sandbox


@pytest.fixture(params=["sandbox", "stripe"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which adapter speaks to it."""
    return str(request.param)


@pytest.fixture
def service(sandbox: SandboxHands, kind: str) -> Iterator[Sandbox | StripeCheckout]:
    """The adapter by itself."""
    adapters: dict[str, type[Sandbox] | type[StripeCheckout]] = {"sandbox": Sandbox, "stripe": StripeCheckout}
    adapter = adapters[kind](sandbox.url, KEY, NOTICE_SECRET)
    yield adapter
    adapter.hang_up()


@pytest.fixture
def configured(sandbox: SandboxHands, kind: str, settings: Settings) -> Iterator[str]:
    """The centre's settings name it."""
    settings.PAYMENTS, settings.PAYMENTS_URL = kind, sandbox.url
    settings.PAYMENTS_KEY, settings.PAYMENTS_NOTICE_SECRET = KEY, NOTICE_SECRET
    yield kind
    hang_up()
