"""Write the pictures of the counter's pages in docs/screens/centre/: `python -m tools.counter_screens`.

A demo's centre in a folder of its own is served, and a clerk's browser (playwright, Debian's chromium) goes through a
day at the counter: a card issued, topped up, given back under two signatures. All of it is made up (模擬).
"""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "screens" / "centre"
CHROMIUM = "/usr/bin/chromium"
PASSWORD = "mo-gi 模擬 no passphrase"
_DESK: ViewportSize = {"width": 1_200, "height": 850}
_PHONE: ViewportSize = {"width": 390, "height": 844}
_START_S = 60.0


def main() -> None:
    """Write them all."""
    with TemporaryDirectory() as home, served(Path(home)) as url, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            through_a_day(browser, url)
        finally:
            browser.close()


@contextmanager
def served(home: Path) -> Iterator[str]:
    """A demo's centre with a clerk and a supervisor; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        bind = f"127.0.0.1:{free.getsockname()[1]}"
    environ = os.environ | {
        "CENTRE_HOME": str(home / "centre"),
        "CENTRE_SIMULATED": "1",
        "CENTRE_URL": f"http://{bind}",
        "CENTRE_COUNTER_PLACE": "白河支店窓口",
    }
    for told in (("init",), *_clerks()):
        farebox(environ, *told)
    server = subprocess.Popen([sys.executable, "-m", "tools.cli", "centre", "serve", "--bind", bind, "--workers", "1"],
                              env=environ, cwd=ROOT, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        _wait_for(f"http://{bind}/counter/login")
        yield f"http://{bind}"
    finally:
        server.terminate()
        server.wait()


def _clerks() -> Iterator[tuple[str, ...]]:
    for name, role in (("hanako", "clerk"), ("ichiro", "supervisor")):
        yield ("clerk", "add", f"{name}@example.jp", "--role", role, "--operator", "lococa", "--password-stdin")


def farebox(environ: dict[str, str], *told: str) -> None:
    """`farebox centre ...`."""
    subprocess.run([sys.executable, "-m", "tools.cli", "centre", *told], env=environ, cwd=ROOT, check=True,
                   input=f"{PASSWORD}\n", text=True, stdout=subprocess.DEVNULL)  # fmt: skip


def _wait_for(url: str) -> None:
    until = time.monotonic() + _START_S
    while True:
        try:
            urlopen(url, timeout=5).close()  # our own server on this machine
            return
        except URLError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def through_a_day(browser: Browser, url: str) -> None:
    """What a clerk sees, picture by picture."""
    clerk = browser.new_context(viewport=_DESK, locale="ja-JP").new_page()
    clerk.goto(f"{url}/counter/login")
    take(clerk, "counter-login")
    sign_in(clerk, url, "hanako")
    clerk.get_by_role("button", name="白カードを置く").click()
    clerk.get_by_role("link", name="カード発売").click()
    clerk.get_by_label("記名式LOCOCA 一般").check()
    clerk.get_by_label("2,000円").check()
    clerk.locator("[name=kana]").fill("シラカワ　タロウ")
    clerk.locator("[name=birth]").fill("1990-05-05")
    clerk.locator("[name=telephone]").fill("0248000000")
    clerk.locator("[name=consent]").check()
    take(clerk, "counter-issue")
    clerk.get_by_role("button", name="内容を確認する").click()
    take(clerk, "counter-confirm")
    clerk.get_by_role("button", name="書き込む").click()
    take(clerk, "counter-done")
    to_card(clerk)
    top_up(clerk, "15000")
    to_card(clerk)
    take(clerk, "counter-card")
    clerk.get_by_role("link", name="チャージ", exact=True).click()
    clerk.locator("[name=paid_yen]").fill("10000")
    clerk.get_by_role("button", name="内容を確認する").click()
    take(clerk, "counter-refused")
    clerk.get_by_role("link", name="戻る").click()
    clerk.get_by_role("link", name="カードの払戻し").click()
    clerk.locator("[name=claim_kana]").fill("シラカワ　タロウ")
    clerk.locator("[name=claim_birth]").fill("1990-05-05")
    clerk.get_by_role("button", name="内容を確認する").click()
    take(clerk, "counter-two-people")
    chief = browser.new_context(viewport=_DESK, locale="ja-JP").new_page()
    sign_in(chief, url, "ichiro")
    chief.goto(f"{url}/counter/approvals")
    take(chief, "counter-approvals")
    chief.goto(f"{url}/counter/trail?check=1")
    take(chief, "counter-trail")
    phone = browser.new_context(viewport=_PHONE, locale="en-US").new_page()
    sign_in(phone, url, "hanako")
    phone.select_option("#drawer-card", index=1)
    phone.get_by_role("button", name="Lay on the desk").click()
    take(phone, "counter-phone")


def sign_in(page: Page, url: str, name: str) -> None:
    """By the page of sign-in."""
    page.goto(f"{url}/counter/login")
    page.locator("[name=email]").fill(f"{name}@example.jp")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main form button").click()
    page.wait_for_url(re.compile(r"/counter/$"))


def top_up(page: Page, yen: str) -> None:
    """Put money on the card that lies there."""
    page.get_by_role("link", name="チャージ", exact=True).click()
    page.locator("[name=paid_yen]").fill(yen)
    page.get_by_role("button", name="内容を確認する").click()
    page.get_by_role("button", name="書き込む").click()


def to_card(page: Page) -> None:
    """Back to what lies on the desk."""
    page.get_by_role("link", name="カードの画面へ").click()


def take(page: Page, name: str) -> None:
    """The whole page, as it is now."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=FOLDER / f"{name}.png", full_page=True)


if __name__ == "__main__":
    main()
