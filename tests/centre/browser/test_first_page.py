"""The browser, the server and the judge work together: what stands outside can be used by everyone."""

import pytest
from playwright.sync_api import Page

from tests.centre.browser.conftest import Judge

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_first_page_can_be_used_by_everyone(page: Page, judged: Judge) -> None:
    answer = page.goto("/")
    assert answer is not None and answer.ok
    assert judged(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_judge_finds_what_is_wrong(page: Page, judged: Judge) -> None:
    page.goto("/")
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert [found.split(":")[0] for found in judged(page)] == ["button-name"]
