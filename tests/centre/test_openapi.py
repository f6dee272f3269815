"""docs/centre/openapi.yaml tells the truth: whatever is sent, no fault of ours, and no answer that it does not have."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.http import HttpResponse
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from pytest_django import Settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from centre.bundles.publishing import publish
from centre.clock import now_s
from centre.collector import views
from sim.centre import SEED
from tests.centre.collector.vehicle import TOKEN, registered

PAGE = Path(__file__).parents[2] / "docs/centre/openapi.yaml"
OPERATIONS = ["time", "status", "standing", "piece", "bundle", "notices", "healthz"]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
schemathesis.serializer.alias("application/partial-upload", "application/octet-stream")
pytestmark = [
    pytest.mark.django_db,
    # Werkzeug's client, which schemathesis calls us by, leaves an input stream to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture
def schema(settings: Settings, tmp_path: Path) -> Iterator[Any]:
    """The page, and a centre of which it is told: a vehicle, a segment, bundles, a payment service."""
    (tmp_path / "signing.key").write_text(f"1: {SEED.hex()}\n")
    (tmp_path / "signing.key").chmod(0o600)
    settings.SIGNING_KEY_PLACE = str(tmp_path / "signing.key")
    settings.PAYMENTS, settings.PAYMENTS_KEY, settings.PAYMENTS_NOTICE_SECRET = "sandbox", "key", "secret"
    registered()
    publish(now_s())
    found = schemathesis.openapi.from_path(PAGE)
    found.app = WSGIHandler()
    # As Django's own test client does: the test's connection, amid its transaction, stays open from request to request.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield found
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def tried(schema: Any, operation: str, mode: GenerationMode, token: str = TOKEN, examples: int = 25) -> set[int]:
    """Call an operation with whatever its description lets come to mind; the statuses of the answers."""
    seen: set[int] = set()
    strategy = schema.find_operation_by_id(operation).as_strategy(generation_mode=mode)

    @how(max_examples=examples, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=strategy)
    def call(case: Any) -> None:
        answer = case.call(headers={"Host": "localhost", "Authorization": f"Bearer {token}"})
        seen.add(answer.status_code)
        # A centre that nobody works for says 503 of itself: that is its answer, no fault.
        case.validate_response(answer, checks=CHECKS[1:] if operation == "healthz" else CHECKS)

    call()
    return seen


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_is_asked_as_described_is_answered_as_described(schema: Any, operation: str) -> None:
    assert tried(schema, operation, GenerationMode.POSITIVE)


@pytest.mark.parametrize("operation", [name for name in OPERATIONS if name != "healthz"])
def test_what_is_asked_otherwise_is_answered_as_described(schema: Any, operation: str) -> None:
    assert max(tried(schema, operation, GenerationMode.NEGATIVE)) >= 400


@pytest.mark.parametrize("operation", ["status", "standing", "piece", "bundle"])
def test_faults_37_without_a_token_everything_is_refused(schema: Any, operation: str) -> None:
    assert tried(schema, operation, GenerationMode.POSITIVE, "00" * 32, examples=5) == {401}


def test_an_answer_that_the_page_has_not_is_found(schema: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = HttpResponse("teapot", status=418, content_type="text/plain")
    monkeypatch.setattr(views, "answered", lambda _: planted)
    with pytest.raises(schemathesis.errors.FailureGroup, match="Undocumented status code"):
        tried(schema, "standing", GenerationMode.POSITIVE, examples=20)


def test_the_page_has_every_address_of_machines() -> None:
    told = yaml.safe_load(PAGE.read_text("utf-8"))["paths"]
    assert sum(len([name for name in path if name != "parameters"]) for path in told.values()) == len(OPERATIONS)
