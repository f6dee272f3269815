"""Signing in at the counter, sessions that end, and which pages are whose."""

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from centre import clock
from centre.counter.models import TrailEntry
from centre.users.models import Role, User
from centre.users.staff import IDLE_S, LONGEST_S, is_over
from tests.centre.counter.staff import PASSWORD, Clock, person, signed_in

pytestmark = pytest.mark.django_db
NOON_S = 1_795_230_000


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(NOON_S, lambda now_s: monkeypatch.setattr(clock, "now_s", now_s))


# -- signing in


@pytest.mark.parametrize(
    ("role", "home"), [(Role.CLERK, "/counter/"), (Role.SUPERVISOR, "/counter/"), (Role.AUDITOR, "/counter/trail")]
)
def test_staff_sign_in_at_their_own_page(role: Role, home: str) -> None:
    user = person(role)
    client = Client()
    response = client.post("/counter/login", {"email": user.email.upper(), "password": PASSWORD})
    assert (response.status_code, response["Location"]) == (302, home)
    assert client.get(home).status_code == 200


def answer(client: Client, email: str, password: str) -> tuple[int, str]:
    response = client.post("/counter/login", {"email": email, "password": password})
    text = response.content.decode().replace(email, "")
    return response.status_code, text[text.index('<form method="post" class') : text.index("csrfmiddlewaretoken")] + (
        text[text.index('class="errors"') :]
    )


def test_faults_50_unknown_wrong_and_member_are_answered_alike() -> None:
    person(Role.CLERK)
    person(Role.MEMBER, scheme="")
    unknown = answer(Client(), "nobody@example.jp", PASSWORD)
    assert unknown[0] == 200
    assert "メールアドレスまたはパスワードが違います" in unknown[1]
    assert answer(Client(), "clerk@example.jp", "wrong password 2026") == unknown
    assert answer(Client(), "member@example.jp", PASSWORD) == unknown


def test_who_was_disabled_is_not_let_in_any_more() -> None:
    user = person(Role.CLERK)
    client = signed_in(user)
    user.is_active = False
    user.save()
    assert client.get("/counter/").status_code == 302
    assert answer(Client(), user.email, PASSWORD)[0] == 200


def test_faults_49_signing_in_gives_the_session_a_new_key() -> None:
    user = person(Role.CLERK)
    client = Client()
    session = client.session
    session["cart"] = "somebody else's"
    session.save()
    before = session.session_key
    client.post("/counter/login", {"email": user.email, "password": PASSWORD})
    assert client.session.session_key != before
    assert before and not type(session)().exists(before)


def test_faults_51_who_guesses_is_locked_out_though_the_next_guess_is_right() -> None:
    user = person(Role.CLERK)
    client = Client()
    statuses = [
        client.post("/counter/login", {"email": user.email, "password": f"guess number {n}"}).status_code
        for n in range(20)
    ]
    assert statuses[0] == 200
    assert statuses[-1] in (403, 429)
    assert client.post("/counter/login", {"email": user.email, "password": PASSWORD}).status_code in (403, 429)
    assert client.get("/counter/").status_code == 302


def test_after_signing_in_one_is_where_one_wanted_to_be_but_never_elsewhere() -> None:
    user = person(Role.SUPERVISOR)
    asked = Client().get("/counter/trail?what=done")
    assert asked["Location"] == "/counter/login?next=%2Fcounter%2Ftrail%3Fwhat%3Ddone"
    for wanted, onward in (("/counter/trail?what=done", "/counter/trail?what=done"), ("//evil.example/", "/counter/")):
        response = Client().post("/counter/login", {"email": user.email, "password": PASSWORD, "next": wanted})
        assert response["Location"] == onward


def test_faults_48_a_form_without_its_token_is_refused() -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post("/counter/login", {"email": "a@example.jp", "password": PASSWORD}).status_code == 403


def test_signing_out_ends_the_session() -> None:
    client = signed_in(person(Role.CLERK))
    assert client.post("/counter/logout")["Location"] == "/counter/login"
    assert client.get("/counter/").status_code == 302
    assert [entry.what for entry in TrailEntry.objects.order_by("pk")] == ["signed-in", "signed-out"]


# -- sessions end


def test_a_session_ends_when_nobody_used_it_for_a_quarter_of_an_hour(time: Clock) -> None:
    client = signed_in(person(Role.CLERK))
    time.on(IDLE_S - 1)
    assert client.get("/counter/").status_code == 200
    time.on(IDLE_S - 1)
    assert client.get("/counter/").status_code == 200
    time.on(IDLE_S)
    assert client.get("/counter/")["Location"].startswith("/counter/login")
    time.on(-IDLE_S)
    assert client.get("/counter/").status_code == 302  # it is gone, not asleep


@pytest.mark.parametrize(
    ("since_s", "seen_s", "over"),
    [
        (0, 0, False),
        (0, 1_000 - IDLE_S, True),
        (1_000 - LONGEST_S + 1, 999, False),
        (1_000 - LONGEST_S, 999, True),
        (2_000, 2_000, True),
    ],
)
def test_when_a_session_is_over(since_s: int, seen_s: int, over: bool) -> None:
    assert is_over(since_s, seen_s, 1_000 if seen_s else 0) is over


def test_a_member_s_session_opens_no_counter_whatever_the_role() -> None:
    client = Client()
    client.force_login(person(Role.SUPERVISOR))
    assert client.get("/counter/")["Location"].startswith("/counter/login")


# -- which pages are whose

OPEN_TO_ALL = {"/counter/login"}
STAFF_ONLY = ("counter/", "ledger/", "bundles/")
"""What of the centre no member and no stranger sees. The vehicles' own line is below bus/."""


def pages() -> list[str]:
    """Every address of the counter, the ledger and the bundles, with something in place of each of its parts."""
    found: list[str] = []

    def walk(patterns: list[URLPattern | URLResolver], before: str) -> None:
        for pattern in patterns:
            route = before + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, route)
            else:
                found.append(f"/{_filled(route)}")

    walk(get_resolver().url_patterns, "")
    return [page for page in found if page[1:].startswith(STAFF_ONLY)]


FILLED = {
    "uuid": "00000000-0000-4000-8000-000000000000",
    "int": "1",
    "slug": "top-up",
    "str": "top-up",
    "path": "x",
}


def _filled(route: str) -> str:
    parts = route.split("<")
    return parts[0] + "".join(
        FILLED[part.split(">")[0].split(":")[0] if ":" in part else "str"] + part.split(">", 1)[1] for part in parts[1:]
    )


def test_the_walk_finds_the_pages() -> None:
    assert {"/counter/", "/counter/login", "/counter/trail"} <= set(pages())


def test_faults_52_every_page_is_closed_to_strangers_and_members() -> None:
    member = Client()
    member.force_login(person(Role.MEMBER, scheme=""))
    for page in pages():
        for client in (Client(), member):
            for response in (client.get(page), client.post(page)):
                if page in OPEN_TO_ALL or (page == "/counter/logout" and response.status_code == 302):
                    continue
                closed = response.status_code in (403, 404, 405)
                to_sign_in = response.status_code == 302 and response["Location"].startswith("/counter/login")
                assert closed or to_sign_in, (page, response.status_code)


AUDITORS = ("/counter/trail", "/counter/trail.csv", "/counter/login", "/counter/logout", "/ledger/", "/bundles/")


def test_an_auditor_reads_and_changes_nothing() -> None:
    user = person(Role.AUDITOR)
    for page in pages():
        if page.startswith(AUDITORS):
            continue
        client = signed_in(user)
        closed = [client.post(page)] if page.startswith(LOOKED_AT) else [client.get(page), client.post(page)]
        for response in closed:
            assert response.status_code in (403, 404, 405), (page, response.status_code)


LOOKED_AT = "/counter/bundles/"
"""What vehicles are told, an auditor may look at."""


def test_a_clerk_does_not_read_the_trail() -> None:
    client = signed_in(person(Role.CLERK))
    assert client.get("/counter/trail").status_code == 403
    assert client.get("/counter/trail.csv").status_code == 403


def test_nothing_of_the_counter_stays_in_a_browser() -> None:
    for page, user in (("/counter/", person(Role.CLERK)), ("/counter/trail", person(Role.AUDITOR))):
        assert signed_in(user).get(page)["Cache-Control"] == "no-store"


def test_pages_speak_both_languages_and_run_no_script() -> None:
    client = signed_in(person(Role.SUPERVISOR))
    for page in ("/counter/", "/counter/approvals", "/counter/trail"):
        japanese, english = client.get(page), client.get(page, headers={"Accept-Language": "en"})
        assert 'lang="ja"' in japanese.content.decode()
        assert 'lang="en"' in english.content.decode()
        for text in (japanese.content.decode(), english.content.decode()):
            assert "<script" not in text
            assert " style=" not in text


def test_a_person_of_another_counter_sees_nothing_of_this_one() -> None:
    person(Role.CLERK)
    other = person(Role.SUPERVISOR, "other", scheme="noruca")
    signed_in(User.objects.get(email="clerk@example.jp"))
    said = signed_in(other).get("/counter/trail").content.decode()
    assert "clerk@example.jp" not in said
    assert "other@example.jp" in said
