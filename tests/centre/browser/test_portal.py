"""The members' portal in a browser: the not-a-robot check solves under the policy, and every page is for everyone."""

import re

import pytest
from playwright.sync_api import Page, expect

from centre.portal.models import Member
from tests.centre.browser.conftest import Judge
from tests.centre.portal.people import EMAIL, PASSWORD, letters, link_in, member, owned, with_credit_card, with_pass

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NEW = "new@example.com"


@pytest.fixture
def somebody() -> Member:
    found = member()
    with_credit_card(found)
    with_pass(owned(found).card)
    return found


def fits(page: Page) -> bool:
    """Nothing has to be scrolled sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def solve(page: Page) -> None:
    """Tick the box, and wait until the work is done."""
    page.locator("altcha-widget input[type=checkbox]").focus()
    page.keyboard.press("Space")
    expect(page.locator("input[name=altcha]")).to_have_value(re.compile(".+"), timeout=30_000)


def sign_in(page: Page) -> None:
    page.goto("/login")
    page.locator("#id_email").fill(EMAIL)
    page.locator("#id_password").fill(PASSWORD)
    solve(page)
    page.get_by_role("button", name="ログイン", exact=True).click()
    page.wait_for_url("**/cards")


def test_prt_2_the_check_solves_under_the_policy_by_keyboard(page: Page, somebody: Member) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    sign_in(page)
    expect(page.get_by_role("heading", name="AIZUNORUCAカード一覧")).to_be_visible()
    assert not [line for line in said if "Content Security Policy" in line]


def test_prt_1_registration_can_be_used_by_everyone(page: Page, judged: Judge) -> None:
    page.goto("/register")
    assert (judged(page), fits(page)) == ([], True)
    page.locator("#id_email").fill(NEW)
    page.get_by_role("button", name="送信する").click()
    page.wait_for_url("**/register/sent")
    assert judged(page) == []
    page.goto(link_in(letters()[0]))
    page.get_by_role("button", name="確認画面へ").click()
    # What is wrong is said at the top, and the links there lead to the fields.
    assert (judged(page), fits(page)) == ([], True)
    page.locator(".errors a").first.click()
    expect(page.locator("#id_password")).to_be_focused()
    page.locator("#id_password").fill(PASSWORD)
    page.locator("#id_password_again").fill(PASSWORD)
    page.locator("#id_postal_code").fill("9650042")
    page.locator("#id_birth").fill("1990-04-01")
    page.locator("#id_terms").check()
    page.get_by_role("button", name="確認画面へ").click()
    page.wait_for_url("**/register/confirm*")
    assert (judged(page), fits(page)) == ([], True)
    page.get_by_role("button", name="登録", exact=True).click()
    page.wait_for_url("**/register/done*")
    assert (judged(page), fits(page)) == ([], True)


def test_every_page_of_a_member_can_be_used_by_everyone(page: Page, judged: Judge, somebody: Member) -> None:
    sign_in(page)
    card = f"/cards/{somebody.cards.get().pk}"
    paths = ["/cards", "/cards/add", card, f"{card}/remove", f"{card}/renewal", f"{card}/auto-charge", "/credit-card"]
    paths += ["/credit-card/remove", "/account", "/account/password", "/account/email", "/account/sign-ins"]
    paths += ["/account/leave", "/terms", "/legal", "/privacy", "/contact", "/nowhere"]
    found = {}
    for path in paths:
        page.goto(path)
        found[path] = (judged(page), fits(page))
    assert found == {path: ([], True) for path in paths}


def test_prt_5_the_end_day_follows_the_choice_and_stands_on_the_confirmation(page: Page, somebody: Member) -> None:
    sign_in(page)
    page.goto(f"/cards/{somebody.cards.get().pk}/renewal")
    page.locator("#id_months").select_option("3")
    end = page.locator("#ends-at output").inner_text()
    page.get_by_role("button", name="確認画面へ").click()
    page.wait_for_url("**/confirm")
    expect(page.get_by_text(end)).to_be_visible()
    expect(page.get_by_text("27,530円")).to_be_visible()


def test_prt_7_the_menu_and_the_language_need_no_script(page: Page) -> None:
    page.goto("/terms")
    menu = page.locator("details.menu > summary")
    if menu.is_visible():
        menu.focus()
        page.keyboard.press("Enter")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Terms of use")).to_be_visible()


def test_the_first_key_leads_past_the_menu_and_where_one_is_can_be_seen(page: Page) -> None:
    page.goto("/terms")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="本文へ進む")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
