"""What an attacker tries first, at every address that there is (faults 48, 52): found by walking the urls."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from cardimage.image import MAX_FILE_BYTES
from centre.bundles.models import Stopped
from centre.bundles.services import direct, stop
from centre.clock import today
from centre.counter.models import DrawerCard
from centre.portal.models import Member
from centre.users.models import Role, User
from farebox.formats.bundle import AutoChargeOff
from tests.centre.counter import staff
from tests.centre.portal.people import PASSWORD, issued, member, owned, signed_in, with_pass

pytestmark = pytest.mark.django_db
FILLED = {"uuid": "00000000-0000-4000-8000-000000000000", "int": "1", "slug": "top-up", "str": "nonsense", "path": "x"}
BY_MACHINES = ("/bus/", "/payments/notices/")
"""Without cookies: a token, or a signature, is asked for in their place."""
PEOPLE = [*Role, "stranger"]


def addresses() -> list[str]:
    """Every address, with something in place of each of its parts."""
    found: list[str] = []

    def walk(patterns: list[URLPattern | URLResolver], before: str) -> None:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, before + str(pattern.pattern))
            elif "(?P" not in str(pattern.pattern):
                found.append("/" + filled(before + str(pattern.pattern)))

    walk(get_resolver().url_patterns, "")
    return found


def filled(route: str) -> str:
    head, *parts = route.split("<")
    return head + "".join(FILLED[part.split(":")[0]] + part.split(">", 1)[1] for part in parts)


def browser(who: str, **more: Any) -> Client:
    client = Client(**more)
    if who == Role.MEMBER:
        client.force_login(member().user, "centre.portal.signed_in.Backend")
    elif who != "stranger":
        client.cookies = staff.signed_in(staff.person(Role(who))).cookies
    return client


def test_the_walk_finds_them() -> None:
    assert {"/login", "/counter/do/top-up", "/payments/1/refund/", "/language", "/cards/1/remove"} <= set(addresses())
    assert len(addresses()) > 80


@pytest.mark.parametrize("who", PEOPLE)
def test_faults_48_no_form_of_any_page_is_taken_from_another_site(who: str) -> None:
    client = browser(who, enforce_csrf_checks=True)
    for address in addresses():
        answer = client.post(address, {"x": "1"}, headers={"Origin": "https://evil.example"})
        taken = answer.status_code not in (403, 405)
        assert not taken or address.startswith(BY_MACHINES), (address, answer.status_code)


@pytest.mark.parametrize("who", PEOPLE)
def test_nothing_that_is_sent_is_a_fault_of_ours(who: str) -> None:
    client = browser(who)
    hostile = {"q": "'\"><script>", "page": "-1", "card": "9" * 40, "next": "//evil.example", "pk": "\ud7ff", "at": "²"}
    for address in addresses():
        for answer in (client.get(address, hostile), client.post(address, hostile)):
            assert answer.status_code < 500 or address == "/healthz", (address, answer.status_code)
            assert "evil" not in answer.get("Location", "").partition("?")[0], address
            if answer.get("Content-Type", "").startswith("text/html"):
                assert b"<script>" not in answer.content, address


def test_faults_52_a_members_page_is_no_other_s_by_number(settings: Settings) -> None:
    mine, other = member(), member("other@example.com")
    card = owned(other)
    with_pass(card.card)
    client = signed_in(mine)
    for route in [address for address in addresses() if address.startswith("/cards/1")]:
        address = route.replace("/cards/1", f"/cards/{card.pk}")
        answers = [client.get(address).status_code, client.post(address, {"months": "1"}).status_code]
        assert 404 in answers and set(answers) <= {404, 405}, address
    assert card.card.passes.count() == 1


def test_what_no_form_asks_for_is_not_taken() -> None:
    """Mass assignment: fields of the models beside those of the forms."""
    somebody = member()
    client = signed_in(somebody)
    more = {"role": "supervisor", "scheme": "lococa", "is_superuser": "1", "is_staff": "1", "user": "1", "pk": "99"}
    client.post("/account", {"language": "en", "email": "x@example.com", "postal_code": "0000000", **more})
    user = User.objects.get()
    assert (user.role, user.scheme, user.is_superuser, user.email) == ("member", "", False, somebody.user.email)
    kept = Member.objects.get()
    assert (kept.pk, kept.postal_code, kept.language) == (somebody.pk, "9650042", "en")


def test_a_parameter_that_comes_twice_counts_once_and_not_from_the_address() -> None:
    """Parameter pollution: a form's fields are read from the form alone, and of two the last is judged."""
    client = signed_in(member())
    client.post("/account?language=en", "language=en&language=ja", "application/x-www-form-urlencoded")
    assert Member.objects.get().language == "ja"
    client.post("/account?language=en", {})
    assert Member.objects.get().language == "ja"


@pytest.mark.parametrize("path", ["/login", "/counter/login"])
@pytest.mark.parametrize(
    "there", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "\t//evil"]
)
def test_nobody_is_led_elsewhere_after_signing_in_or_by_the_language(path: str, there: str) -> None:
    page = Client().get(path, {"next": there}).content.decode()
    assert 'href="https://evil' not in page and 'action="//evil' not in page
    answer = Client().post(
        "/language", {"language": "en", "next": there}, headers={"Referer": "https://evil.example/x"}
    )
    assert "evil" not in answer.get("Location", "")


def test_faults_52_a_supervisor_of_another_operator_moves_no_card_of_this_one() -> None:
    card = issued()
    directive = direct(card, today(), [AutoChargeOff()])
    stop(card.idm, "lost", staff.person(Role.CLERK, "own", card.scheme))
    other = staff.signed_in(staff.person(Role.SUPERVISOR, "other", "lococa"))
    own = staff.signed_in(staff.person(Role.SUPERVISOR, "chief", card.scheme))
    stopped = Stopped.objects.get()
    withdraw, lift = (
        f"/counter/bundles/directives/{directive.pk}/withdraw",
        f"/counter/bundles/hotlist/{stopped.pk}/lift",
    )
    assert [other.post(path, {"why": "x"}).status_code for path in (withdraw, lift)] == [404, 403]
    assert card.idm not in other.get("/counter/bundles/directives").content.decode()
    assert Stopped.objects.get().until_s is None
    assert own.post(lift, {"why": "found"}).status_code == 302
    assert Stopped.objects.get().until_s is not None


@pytest.mark.parametrize(
    "data", [b"", b"\x9f" * 1_000, b"\xbf" * 5_000, b"\x5b" + b"\xff" * 8, b"%PDF-1.7", b"PK\x03\x04" + b"\0" * 99]
)
@pytest.mark.parametrize("name", ["a.card.cbor", "../../etc/passwd", "a\r\nSet-Cookie: x=1", "x" * 59])
def test_a_hostile_card_image_is_refused(settings: Settings, data: bytes, name: str) -> None:
    settings.COUNTER_READER = "image"
    client = staff.signed_in(staff.person(Role.CLERK))
    sent = upload(name, data)
    answer = client.post("/counter/drawer/upload", sent[0], content_type=sent[1])
    assert answer.status_code == 302
    assert not DrawerCard.objects.exists()


def test_a_card_image_that_is_too_large_is_not_read_on(settings: Settings) -> None:
    settings.COUNTER_READER = "image"
    client = staff.signed_in(staff.person(Role.CLERK))
    body, kind = upload("a.card.cbor", b"\0" * (MAX_FILE_BYTES + 1))
    assert client.post("/counter/drawer/upload", body, content_type=kind).status_code in (302, 400, 413)
    assert not DrawerCard.objects.exists()


def upload(name: str, data: bytes) -> tuple[bytes, str]:
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    return head + data + b"\r\n--b--\r\n", "multipart/form-data; boundary=b"


def test_a_form_of_too_many_fields_is_refused() -> None:
    fields = {f"f{nth}": "x" for nth in range(400)}
    assert signed_in(member()).post("/account", fields).status_code == 400


def test_a_demo_s_pages_are_of_no_real_centre(settings: Settings, tmp_path: Path) -> None:
    settings.SIMULATED, settings.COUNTER_READER = False, "tty:/dev/null"
    client = staff.signed_in(staff.person(Role.CLERK))
    for address in ("/demo/mails/", "/counter/drawer/1"):
        assert client.get(address).status_code == 404
    for address in ("/counter/drawer/upload", "/counter/drawer/blank", "/counter/drawer/lay"):
        assert client.post(address).status_code == 404


def test_faults_49_a_session_that_was_planted_is_not_taken_over_at_either_door() -> None:
    planted = "planted0123456789abcdefghijklmno"
    user = staff.person(Role.CLERK)
    client = Client()
    client.cookies["sessionid"] = planted
    client.post("/counter/login", {"email": user.email, "password": staff.PASSWORD})
    assert client.session.session_key != planted
    assert PASSWORD not in str(dict(client.session.items()))
