"""The counter's pages in a real browser: usable by everyone (WCAG 2.2 AA by axe-core), on a phone and at a desk."""

from typing import Any

import pytest
from playwright.sync_api import Page

from centre.counter import trail
from centre.counter.models import DrawerCard
from centre.users.models import Role
from tariff.account import Account
from tests.centre.browser.conftest import Judge
from tests.centre.counter.staff import PASSWORD, person
from tests.centre.counter.stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def at_the_counter(page: Page, settings: Any) -> Page:
    """A supervisor, signed in, with a rich card on the desk."""
    settings.COUNTER_READER = "image"
    desk = Stage().card(Account("lococa", 15_000, named=True))
    DrawerCard.objects.create(scheme="lococa", name="card 1", data=desk.data)
    user = person(Role.SUPERVISOR, "ichiro")
    page.goto("/counter/login")
    page.locator("[name=email]").fill(user.email)
    page.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.select_option("#drawer-card", label="card 1")
    page.get_by_role("button", name="置く", exact=True).click()
    return page


def usable(page: Page, judged: Judge) -> None:
    assert judged(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_every_page_of_a_refund_can_be_used_by_everyone(at_the_counter: Page, judged: Judge) -> None:
    page = at_the_counter
    usable(page, judged)
    page.get_by_role("link", name="カードの払戻し").click()
    usable(page, judged)
    page.get_by_role("button", name="内容を確認する").click()
    page.get_by_text("お取扱いできません").wait_for()
    usable(page, judged)
    page.locator("[name=claim_kana]").fill("ヤマダタロウ")
    page.locator("[name=claim_birth]").fill("1990-05-05")
    page.get_by_role("button", name="内容を確認する").click()
    page.get_by_role("heading", name="責任者の承認").wait_for()
    usable(page, judged)
    for path in ("/counter/approvals", "/counter/trail?check=1", "/counter/do/issue", "/counter/do/sell-pass"):
        page.goto(path)
        usable(page, judged)


def test_the_keyboard_alone_tops_up_a_card(at_the_counter: Page) -> None:
    page = at_the_counter
    page.get_by_role("link", name="チャージ").focus()
    page.keyboard.press("Enter")
    page.locator("[name=paid_yen]:focus").wait_for()  # the cursor stands where the amount goes
    page.keyboard.type("1000")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="書き込む").wait_for()
    page.keyboard.press("Enter")
    page.get_by_text("完了しました").wait_for()
    page.get_by_role("link", name="カードの画面へ").click()
    page.get_by_text("16,000円", exact=True).first.wait_for()
    assert trail.broken_at() is None
