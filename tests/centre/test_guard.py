"""What stands around every page: methods, HTTPS for machines, caches, the end of a session, the security log."""

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from centre import security_log
from centre.log import JsonLines
from centre.portal import asking
from centre.users.models import Role
from tests.centre.counter import staff
from tests.centre.portal.people import EMAIL, PASSWORD, letters, member, robot, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def told() -> Iterator[list[str]]:
    """The security log's lines, as they are written."""
    lines: list[str] = []

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(JsonLines().format(record))

    log = logging.getLogger("centre.security")
    handler = Keeping()
    log.addHandler(handler)
    yield lines
    log.removeHandler(handler)


def events(told: list[str]) -> list[str]:
    return [json.loads(line)["event"] for line in told]


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "DELETE", "OPTIONS", "PROPFIND", "X" * 300])
@pytest.mark.parametrize("path", ["/", "/login", "/counter/", "/bus/time", "/language"])
def test_a_method_that_no_page_has_is_refused(client: Client, method: str, path: str) -> None:
    answer = client.generic(method, path, headers={"X-Secret": "echoed?"})
    assert answer.status_code == 405
    assert b"echoed" not in answer.content


@pytest.mark.parametrize("path", ["/bus/time?nonce=" + "00" * 16, "/bus/status", "/payments/notices/"])
def test_a_machine_without_https_is_refused_and_people_are_sent_on(
    client: Client, settings: Settings, path: str
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get(path).status_code == 403
    assert client.get("/login").status_code == 301
    assert client.get("/login")["Location"].startswith("https://")


def test_no_cache_keeps_anything_but_static_files(client: Client) -> None:
    somebody = signed_in(member())
    for path in ("/", "/login", "/terms", "/cards", "/account", "/healthz", "/bus/time", "/counter/", "/nowhere"):
        for browser in (client, somebody):
            assert "no-store" in browser.get(path)["Cache-Control"], path


@pytest.mark.parametrize("path", ["/logout", "/counter/logout"])
def test_a_browser_is_told_to_forget_when_somebody_signs_out(path: str) -> None:
    somebody = signed_in(member()) if path == "/logout" else staff.signed_in(staff.person(Role.CLERK))
    assert "Clear-Site-Data" not in somebody.get("/")
    answer = somebody.post(path)
    assert answer["Clear-Site-Data"] == '"cache", "storage"'


@pytest.mark.parametrize(
    ("used_every_s", "for_s", "is_over"),
    [
        (asking.IDLE_S - 1, asking.LONGEST_S - 1, False),
        (asking.IDLE_S, asking.IDLE_S, True),
        (asking.IDLE_S - 1, asking.LONGEST_S + asking.IDLE_S, True),
    ],
)
def test_a_member_s_session_ends_unused_and_in_the_end_used(
    monkeypatch: pytest.MonkeyPatch, used_every_s: int, for_s: int, is_over: bool
) -> None:
    at_s = [1_795_000_000]
    monkeypatch.setattr(asking, "machine_s", lambda: at_s[0])
    browser = signed_in(member())
    assert browser.get("/cards").status_code == 200
    ends_s = at_s[0] + for_s
    while at_s[0] < ends_s:
        at_s[0] = min(at_s[0] + used_every_s, ends_s)
        answer = browser.get("/cards")
    assert (answer.status_code == 302) is is_over
    at_s[0] -= for_s
    assert (browser.get("/cards").status_code == 302) is is_over  # it is gone, not asleep
    if is_over:
        assert answer["Location"] == "/login?next=/cards"
        assert "sessionid" in answer.cookies and not answer.cookies["sessionid"].value


def test_what_happens_to_the_locks_is_logged_without_anybody_s_data(client: Client, told: list[str]) -> None:
    somebody = member()
    sent = {"email": EMAIL, "altcha": robot(), "password": "Wrong2026"}
    client.post("/login", sent)
    client.post("/login", {**sent, "altcha": robot(), "password": PASSWORD})
    client.get("/counter/trail")
    client.post("/logout")
    Client(enforce_csrf_checks=True).post("/login", sent)
    assert events(told) == ["sign-in failed", "signed in", "signed out", "denied"]
    failed, came_in, _, denied = map(json.loads, told)
    assert came_in["who"] == somebody.user.pk
    assert failed["from"] == came_in["from"]
    assert all(re.fullmatch("[a-p]{12}", failed[name]) for name in ("from", "account"))
    assert (denied["view"], denied["status"]) == ("portal:login", 403)
    assert all(set(line) >= {"at", "level", "of", "event"} for line in (failed, came_in))
    for secret in (EMAIL, PASSWORD, "Wrong2026", "127.0.0.1"):
        assert secret not in "".join(told)


def test_who_is_slowed_is_logged(client: Client, told: list[str]) -> None:
    member()
    for _ in range(4):
        client.post("/login", {"email": EMAIL, "altcha": robot(), "password": "Wrong2026"})
    line = json.loads(told[-1])
    assert (line["event"], line["what"], line["wait_s"]) == ("slowed", "sign in", 5)


def test_faults_51_a_locked_account_is_logged(client: Client, told: list[str]) -> None:
    user = staff.person(Role.CLERK)
    for _ in range(11):
        client.post("/counter/login", {"email": user.email, "password": "wrong"})
    assert "locked" in events(told)
    assert user.email not in "".join(told)


def test_what_the_trail_has_the_log_has_too(
    told: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    user = staff.person(Role.CLERK)
    with django_capture_on_commit_callbacks(execute=True):
        staff.signed_in(user)
    (line,) = [json.loads(line) for line in told if json.loads(line)["event"] == "trail"]
    assert (line["what"], line["who"]) == ("signed-in", user.pk)


def test_faults_52_a_role_that_may_not_is_logged(told: list[str]) -> None:
    assert staff.signed_in(staff.person(Role.CLERK)).get("/counter/trail").status_code == 403
    assert json.loads(told[-1])["view"] == "counter:trail"


def test_every_event_is_told_of_in_the_docs() -> None:
    page = (Path(__file__).parents[2] / "docs/centre/security.md").read_text("utf-8")
    assert [event for event in security_log.EVENTS if f"`{event}`" not in page] == []


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "evil.example:80", "test server"])
def test_a_host_that_is_not_ours_is_answered_nothing_and_stands_in_no_letter(client: Client, host: str) -> None:
    assert client.post("/register", {"email": "new@example.com"}, headers={"Host": host}).status_code == 400
    assert letters() == []


def test_a_letter_leads_to_the_centre_however_it_was_called(client: Client, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    client.post("/register", {"email": "new@example.com"}, headers=headers)
    (letter,) = letters()
    assert settings.CENTRE_URL in letter and "evil" not in letter


@pytest.mark.parametrize(
    "password", ["noruca2026", "Aizu1234", "bus12345card", "Password123", "lococa00000001", "abc123"]
)
def test_prt_1_words_of_ours_and_of_everybody_are_no_password(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password)
    validate_password(PASSWORD)
    validate_password("大変 長い passphrase 2026")
