"""Every page: terms, legal notice, privacy and contact (PRT-7), both languages, nothing inline (CSP)."""

import re

import pytest
from django.test import Client
from django.urls import get_resolver

from centre.portal.urls import urlpatterns
from tests.centre.portal.people import (
    EMAIL,
    letters,
    link_in,
    member,
    owned,
    robot,
    signed_in,
    text_of,
    with_credit_card,
    with_pass,
)

pytestmark = pytest.mark.django_db
OPEN_PAGES = [
    "/login",
    "/register",
    "/register/sent",
    "/password",
    "/password/sent",
    "/password/done",
    "/left",
    "/terms",
    "/legal",
    "/privacy",
    "/contact",
    "/contact/sent",
]
INLINE = re.compile(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=|javascript:", re.IGNORECASE)
NUMBER_FIELDS = re.compile(r'name="[^"]*(card_?number|pan|cvc|cvv|expiry|cc-)[^"]*"|autocomplete="cc-', re.IGNORECASE)


def every_page() -> dict[str, str]:
    """All pages of the portal by path, as a member and a visitor see them."""
    visitor = Client()
    found = {path: visitor.get(path).content.decode() for path in OPEN_PAGES}
    visitor.post("/register", {"email": "new@example.com"})
    found["/register/link/nonsense"] = visitor.get("/register/link/nonsense").content.decode()
    visitor.get(link_in(letters()[0]))
    found["/register/form"] = visitor.get("/register/form").content.decode()
    told = {"password": "Tsurugajo1868", "password_again": "Tsurugajo1868", "postal_code": "9650042"}
    visitor.post("/register/form", {**told, "birth": "1990-04-01", "terms": "on"})
    found["/register/confirm"] = visitor.get("/register/confirm").content.decode()
    visitor.post("/register/confirm")
    found["/register/done"] = visitor.get("/register/done").content.decode()
    somebody = member()
    with_credit_card(somebody)
    card = owned(somebody)
    with_pass(card.card)
    browser = signed_in(somebody)
    visitor.post("/password", {"email": EMAIL})
    visitor.get(link_in(letters()[-1]))
    found["/password/form"] = visitor.get("/password/form").content.decode()
    base = f"/cards/{card.pk}"
    browser.post(f"{base}/renewal", {"months": "1", "first_day": _first_day(browser, base)})
    browser.post(f"{base}/auto-charge", {"is_on": "1", **AUTO_CHARGE})
    inner = ["/cards", "/cards/add", base, f"{base}/remove", f"{base}/renewal", f"{base}/renewal/confirm"]
    inner += [f"{base}/auto-charge", f"{base}/auto-charge/confirm", f"{base}/auto-charge/done", "/credit-card"]
    inner += ["/credit-card/remove", "/account", "/account/password", "/account/email", "/account/email/sent"]
    inner += ["/account/sign-ins", "/account/leave"]
    return found | {path: browser.get(path).content.decode() for path in inner}


AUTO_CHARGE = {"trigger_yen": "1000", "amount_yen": "3000", "day_cap_yen": "99000", "month_cap_yen": "99000"}


def _first_day(browser: Client, base: str) -> str:
    found = re.search(r'<option value="(\d{4}-\d\d-\d\d)"', browser.get(f"{base}/renewal").content.decode())
    assert found
    return found[1]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_prt_7_every_page_leads_to_terms_legal_notice_privacy_and_contact(language: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.test.Client.__init__", _speaking(language))
        pages = every_page()
    for path, shown in pages.items():
        assert f'<html lang="{language}">' in shown, path
        for there in ("/terms", "/legal", "/privacy", "/contact"):
            assert f'href="{there}"' in shown, path
        # CSP: no script and no style but in files of ours.
        assert not INLINE.search(shown), (path, INLINE.search(shown))
        # A page is a page: one heading of its own, one main part, a title.
        assert len(re.findall(r"<h1", shown)) == 1, path
        assert re.search(r"<title>\s*\S.*\|", shown), path
        assert _labelled(shown), path


def test_faults_58_no_page_has_a_field_for_the_number_of_a_credit_card() -> None:
    assert [path for path, shown in every_page().items() if NUMBER_FIELDS.search(shown)] == []


def _speaking(language: str) -> object:
    begin = Client.__init__

    def spoken(self: Client, *args: object, **kwargs: object) -> None:
        begin(self, *args, headers={"accept-language": language}, **kwargs)  # type: ignore[arg-type]

    return spoken


def _labelled(shown: str) -> bool:
    """Every field has a label of its own."""
    fields = re.findall(r'<(?:input|select|textarea)(?![^>]*type="hidden")[^>]*\sid="([^"]+)"', shown)
    return all(f'for="{field}"' in shown for field in fields)


def test_every_address_of_the_portal_is_walked_or_is_no_page() -> None:
    walked = {get_resolver().resolve(path).url_name for path in every_page()}
    no_page = {"home", "logout", "robot", "edit_credit_card", "end_other_sessions"}
    elsewhere = {"renewal_done", "email_link", "reset_link"}  # test_renewal.py, test_account.py, test_sign_in.py
    assert {pattern.name for pattern in urlpatterns} == walked | no_page | elsewhere


def test_prt_7_a_page_that_is_not_there_has_our_own_face(client: Client) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert "ページが見つかりません" in answer.content.decode()


def test_prt_7_a_fault_of_ours_has_our_own_face_and_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(raise_request_exception=False)
    monkeypatch.setattr("centre.portal.robots.challenge", lambda: 1 / 0)
    answer = client.get("/robot")
    assert answer.status_code == 500
    assert "システムの障害です" in answer.content.decode()
    assert "ZeroDivision" not in answer.content.decode()


def test_prt_7_the_language_is_switched_and_kept(client: Client) -> None:
    assert "Terms of use" not in client.get("/terms").content.decode()
    assert client.post("/language", {"language": "en", "next": "/terms"}).headers["Location"] == "/terms"
    assert "Terms of use" in client.get("/terms").content.decode()


def test_prt_7_the_legal_notice_makes_nothing_up(client: Client) -> None:
    assert text_of(client.get("/legal").content.decode()).count("未設定") == 3


def test_prt_7_a_letter_to_the_operator(client: Client) -> None:
    told = {"email": "who@example.com", "text": "定期券について\nBcc: all@example.com"}
    assert client.post("/contact", {**told, "altcha": robot()}).headers["Location"] == "/contact/sent"
    (letter,) = letters()
    assert letter.startswith("aizuic_info@localhost\n【AIZU NORUCA】お問い合わせ")
    assert "定期券について" in letter
    assert "who@example.com" in letter


@pytest.mark.parametrize("email", ["who@example.com\nBcc: all@example.com", "", "nobody"])
def test_prt_7_a_letter_without_an_address_to_answer_is_not_sent(client: Client, email: str) -> None:
    client.post("/contact", {"email": email, "text": "?", "altcha": robot()})
    assert letters() == []


def test_every_page_has_its_policy_and_no_cache_keeps_a_members(client: Client) -> None:
    policy = client.get("/login").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "no-store" in signed_in(member()).get("/cards").headers["Cache-Control"]
