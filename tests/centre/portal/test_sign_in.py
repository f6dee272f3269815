"""Login (PRT-2): the not-a-robot check, guessing, sessions, a forgotten password (faults 48 to 51, 53)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import hashers
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from centre.portal import robots
from centre.portal.models import Member
from centre.users.models import Role, User
from tests.centre.portal.people import EMAIL, PASSWORD, errors_of, letters, link_in, member, robot, signed_in, text_of

pytestmark = pytest.mark.django_db
WRONG = "メールアドレスまたはパスワードが違います。"


def tried(client: Client, email: str = EMAIL, password: str = PASSWORD, **more: Any) -> HttpResponse:
    """Login with a solved check."""
    return client.post("/login", {"email": email, "password": password, "altcha": robot(), **more})  # type: ignore[return-value]


@pytest.fixture
def somebody() -> Member:
    return member()


def test_prt_2_login_leads_to_the_cards(client: Client, somebody: Member) -> None:
    page = text_of(client.get("/login").content.decode())
    for label in ("メールアドレス（ログインID）", "パスワード", "パスワードを忘れた方はこちら", "ログイン", "新規登録"):
        assert label in page
    assert client.get(tried(client)["Location"])["Location"] == "/cards"
    assert "AIZUNORUCAカード一覧" in client.get("/cards").content.decode()


def test_prt_2_case_of_the_address_is_nothing(client: Client, somebody: Member) -> None:
    assert tried(client, EMAIL.upper()).status_code == 302


def test_prt_2_logout_ends_it(client: Client, somebody: Member) -> None:
    tried(client)
    client.post("/logout")
    assert client.get("/cards")["Location"] == "/login?next=/cards"


def test_prt_2_login_goes_on_to_the_page_that_was_asked_for_and_to_no_other_site(
    client: Client, somebody: Member
) -> None:
    assert tried(client, next="/cards/add")["Location"] == "/cards/add"
    for elsewhere in ("https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"):
        assert tried(Client(), next=elsewhere)["Location"] == "/"


@pytest.mark.parametrize("altcha", ["", "nonsense", "e30=", "bnVsbA==", "x" * 5_000])
def test_prt_2_without_a_solved_check_nobody_comes_in(client: Client, somebody: Member, altcha: str) -> None:
    answer = client.post("/login", {"email": EMAIL, "password": PASSWORD, "altcha": altcha})
    assert answer.status_code == 200
    assert errors_of(answer.content.decode())


def test_prt_2_a_check_counts_once(client: Client, somebody: Member) -> None:
    solved = robot()
    first = client.post("/login", {"email": EMAIL, "password": "Wrong2026", "altcha": solved})
    assert WRONG in errors_of(first.content.decode())
    second = client.post("/login", {"email": EMAIL, "password": PASSWORD, "altcha": solved})
    assert "もう一度チェックを入れてください" in errors_of(second.content.decode())


def test_prt_2_a_check_expires(wait: Callable[[int], None]) -> None:
    solved = robot()
    wait(robots.LASTS_S)
    assert not robots.solved(solved)


def test_prt_2_a_check_that_another_signed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as other:
        other.setattr(robots, "_key", lambda what: b"another's")
        solved = robot()
    assert not robots.solved(solved)


def test_faults_48_a_form_without_its_token_is_refused_and_says_so(somebody: Member) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/login", {"email": EMAIL, "password": PASSWORD, "altcha": robot()})
    assert answer.status_code == 403
    assert "もう一度お試しください" in answer.content.decode()
    client.force_login(somebody.user, "centre.portal.signed_in.Backend")
    for path in ("/cards/add", "/account/leave", "/account/password", "/credit-card/edit", "/logout"):
        assert client.post(path).status_code == 403


def test_faults_49_the_session_gets_a_new_key_at_login(client: Client, somebody: Member) -> None:
    client.get("/register")
    session = client.session
    session["planted"] = "by somebody"
    session.save()
    assert session.session_key
    client.cookies["sessionid"] = session.session_key
    tried(client)
    assert client.session.session_key != session.session_key


def test_faults_50_a_wrong_password_and_an_unknown_address_are_answered_alike_after_like_work(
    somebody: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    encode = hashers.MD5PasswordHasher.encode

    def counted(self: hashers.MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return str(encode(self, password, salt))

    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", counted)
    seen = []
    for email in (EMAIL, "nobody@example.com"):
        hashed.clear()
        with CaptureQueriesContext(connection) as done:
            answer = tried(Client(), email, "Wrong2026")
        page = text_of(answer.content.decode()).replace(email, "")
        seen.append((answer.status_code, page, len(done.captured_queries), len(hashed)))
    assert seen[0] == seen[1]
    assert seen[0][2] > 3
    assert seen[0][3] == 1


def test_faults_51_guessing_is_slowed_then_locked(somebody: Member, wait: Callable[[int], None]) -> None:
    client = Client()
    for _ in range(3):
        assert WRONG in errors_of(tried(client, password="Wrong2026").content.decode())
    # The fourth must wait, even with the right password.
    assert "5秒後" in errors_of(tried(client).content.decode())
    for _ in range(6):
        wait(60)
        assert WRONG in errors_of(tried(client, password="Wrong2026").content.decode())
    wait(60)
    locked = tried(client, password="Wrong2026")
    assert locked.status_code == 429
    assert "ログインを停止しています" in locked.content.decode()
    wait(60)
    assert tried(client).status_code == 429


def test_faults_51_who_waits_comes_in(somebody: Member, wait: Callable[[int], None]) -> None:
    client = Client()
    for _ in range(3):
        tried(client, password="Wrong2026")
    wait(5)
    assert tried(client).status_code == 302


def test_faults_51_another_network_address_is_not_locked_with_it(somebody: Member, wait: Callable[[int], None]) -> None:
    for _ in range(11):
        tried(Client(REMOTE_ADDR="192.0.2.1"), password="Wrong2026")
        wait(60)
    assert tried(Client(REMOTE_ADDR="192.0.2.1")).status_code == 429
    assert tried(Client(REMOTE_ADDR="192.0.2.2")).status_code == 302


def test_a_clerk_is_nobody_here(client: Client) -> None:
    User.objects.create_user("clerk@example.com", PASSWORD, role=Role.CLERK)
    assert WRONG in errors_of(tried(client, "clerk@example.com").content.decode())


def test_prt_2_a_forgotten_password_is_set_anew_by_a_link_that_is_good_once(client: Client, somebody: Member) -> None:
    elsewhere = signed_in(somebody)
    client.post("/password", {"email": EMAIL})
    (letter,) = letters()
    link = link_in(letter)
    assert client.get(link)["Location"] == "/password/form"
    new = "Tsurugajo1868"
    answer = client.post("/password/form", {"password": new, "password_again": new})
    assert answer["Location"] == "/password/done"
    assert "パスワードが変更されました" in letters()[0]
    assert Client().get(link).status_code == 410  # faults 53
    assert elsewhere.get("/cards").status_code == 302  # every session has ended
    assert WRONG in errors_of(tried(client).content.decode())
    assert tried(client, password=new).status_code == 302


def test_prt_2_a_password_set_anew_obeys_the_same_rules(client: Client, somebody: Member) -> None:
    client.post("/password", {"email": EMAIL})
    client.get(link_in(letters()[0]))
    answer = client.post("/password/form", {"password": "noruca2026", "password_again": "noruca2026"})
    assert "@より前の文字列" in errors_of(answer.content.decode())


def test_faults_53_an_older_link_dies_with_the_password(client: Client, somebody: Member) -> None:
    links = []
    for _ in range(2):
        client.post("/password", {"email": EMAIL})
        links.append(link_in(letters()[0]))
    client.get(links[1])
    client.post("/password/form", {"password": "Tsurugajo1868", "password_again": "Tsurugajo1868"})
    assert client.get(links[0]).status_code == 410
