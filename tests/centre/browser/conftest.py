"""A real browser, Debian's chromium, before the pages as a live server shows them (make test-browser)."""

import os
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

CHROMIUM = "/usr/bin/chromium"
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}

Judge = Callable[[Page], list[str]]
"""What axe-core finds wrong with a page by WCAG 2.2 AA: a line each."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, once for all tests. As root it has no sandbox: it sees nothing but our own pages."""
    # Playwright's loop runs in this thread, beside which Django would not touch the database; nothing else runs here.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(params=[PHONE, DESK], ids=["phone", "desk"])
def page(
    request: pytest.FixtureRequest, browser: Browser, live_server: LiveServer, settings: Settings
) -> Iterator[Page]:
    """A page in a window of its own, in Japanese; its paths are the live server's. Links in mails lead there too."""
    settings.CENTRE_URL = live_server.url
    context = browser.new_context(base_url=live_server.url, locale="ja-JP", viewport=request.param)
    opened = context.new_page()
    opened.set_default_timeout(15_000)
    yield opened
    context.close()


@pytest.fixture(scope="session")
def judged() -> Judge:
    """axe-core's judgement."""
    axe = Axe()
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}

    def judge(page: Page) -> list[str]:
        found = axe.run(page, options=rules).response["violations"]
        return [f"{each['id']}: {node['html']}" for each in found for node in each["nodes"]]

    return judge
