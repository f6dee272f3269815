"""The whole story, as people live it: a clerk sells a pass; its member registers, adds the card and a credit card,
renews the pass and sets auto-charge; the next day a bus knows, the card taps, and its auto-charge is billed once.

Every amount is looked at in each place where it stands: on the card, in the books, at the payment sandbox.
With CENTRE_SCREENS=DIR each step's picture is kept there (make screens).
"""

import os
import re
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from cardimage.image import load
from tariff.account import AutoCharge
from tariff.riders import Party, RiderClass
from tests.centre.browser.world import World, world
from tests.farebox.bus import account_of, balance_yen
from tools.centre_demo.places import PASSWORD as STAFF_PASSWORD

pytestmark = pytest.mark.browser

SOLD_ON, RENEWED_ON, NEXT_DAY = date(2026, 10, 21), date(2026, 11, 20), date(2026, 11, 21)
"""A pass of a month is renewed on its last day; the next day, a Saturday, the new one holds."""
TRIP = "NISHIWAKA-H01"
START, END = "若松駅前", "西若松駅東口"
CARD_NAME, NUMBER, IDM = "会員（追加前）（模擬）", "AZ00000000000005", "012E4D0000000105"
KANA, TELEPHONE = "アイヅハナコ", "0242225555"
EMAIL, PASSWORD = "aizu.taro@example.com", "Wakamatsu2026"
CREDIT_CARD = "4242424242424242"

ON_CARD_YEN, PASS_YEN, FARE_YEN = 1_000, 9_660, 230
TRIGGER_YEN, AMOUNT_YEN, DAY_CAP_YEN, MONTH_CAP_YEN = 2_000, 3_000, 6_000, 30_000
LEFT_YEN = ON_CARD_YEN + AMOUNT_YEN - FARE_YEN

_PHONE: ViewportSize = {"width": 390, "height": 844}
_DESK: ViewportSize = {"width": 1_200, "height": 850}


class Pictures:
    """Keeps pictures where CENTRE_SCREENS says; where it says nothing, none."""

    def __init__(self) -> None:
        """See the class."""
        folder = os.environ.get("CENTRE_SCREENS")
        self._folder = Path(folder) if folder else None

    def take(self, page: Page, name: str) -> None:
        if self._folder is not None:
            page.screenshot(path=self._folder / f"day-{name}.png", full_page=True)

    def take_in_english(self, page: Page, name: str) -> None:
        """The page as it is in English; it is Japanese again then."""
        if self._folder is not None:
            _in_language(page, "English")
            self.take(page, f"{name}-en")
            _in_language(page, "日本語")


def _in_language(page: Page, language: str) -> None:
    menu = page.locator("details.menu > summary")
    if menu.is_visible():
        menu.click()
    press(page, language)
    expect(page.locator("html")).to_have_attribute("lang", "en" if language == "English" else "ja")


class People:
    """Whoever sits before a browser, each with a window of their own."""

    def __init__(self, browser: Browser, url: str) -> None:
        """Nobody yet."""
        self._browser, self._url = browser, url

    def one(self, viewport: ViewportSize, locale: str = "ja-JP") -> Page:
        context = self._browser.new_context(base_url=self._url, locale=locale, viewport=viewport)
        page = context.new_page()
        page.set_default_timeout(30_000)
        return page

    def staff(self, email: str, locale: str = "ja-JP") -> Page:
        """Somebody of the operator's, signed in."""
        page = self.one(_DESK, locale)
        page.goto("/counter/login")
        page.locator("[name=email]").fill(email)
        page.locator("[name=password]").fill(STAFF_PASSWORD)
        page.locator("main form button").click()
        expect(page).not_to_have_url(re.compile("login"))
        return page


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("world") / "demo", SOLD_ON) as found:
        yield found


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def follow(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).first.click()


def look_until(page: Page, wanted: Locator) -> None:
    """Load the page again until that stands on it."""
    end_s = time.monotonic() + 30
    while not wanted.first.is_visible():
        assert time.monotonic() < end_s, page.locator("main").inner_text()
        page.reload()


def shown(page: Page, text: str) -> None:
    expect(page.get_by_text(text).first).to_be_visible()


def test_a_members_day(begun: World, browser: Browser, tmp_path: Path) -> None:
    people, pictures = People(browser, begun.demo.url), Pictures()
    clerk = people.staff("kakari@demo.example")
    card = sells_a_pass(clerk, pictures, tmp_path / "card.card.cbor")
    begun.go_to(RENEWED_ON)
    member, mails = people.one(_PHONE), people.one(_DESK)
    registers(member, mails, pictures)
    signs_in(member, pictures)
    adds_the_card(member, pictures)
    registers_a_credit_card(member, pictures)
    renews_the_pass(member, mails, pictures)
    assert begun.sandbox("select yen, state, refunded_yen from payments") == [(PASS_YEN, "paid", 0)]
    sets_auto_charge(member, mails, pictures)
    begun.go_to(NEXT_DAY)
    ride(begun, card)
    uploads_and_is_billed_once(begun)
    what_everybody_sees(begun, people, member, card, pictures)


def sells_a_pass(clerk: Page, pictures: Pictures, card: Path) -> Path:
    """At the counter, for cash; the card goes home with its holder, a file."""
    clerk.select_option("#drawer-card", label=CARD_NAME)
    press(clerk, "置く")
    shown(clerk, money(ON_CARD_YEN))
    follow(clerk, "定期券")
    clerk.locator("[name=product]").select_option("commuter")
    for name, value in {"first_day": f"{SOLD_ON}", "months": "1", "from_1": START, "to_1": END}.items():
        clerk.locator(f"[name={name}]").fill(value)
    press(clerk, "内容を確認する")
    shown(clerk, money(PASS_YEN))
    pictures.take(clerk, "pass-sold")
    press(clerk, "書き込む")
    shown(clerk, "完了しました")
    clerk.goto("/counter/")
    with clerk.expect_download() as saved:
        follow(clerk, "ファイルに保存")
    saved.value.save_as(card)
    held = account_of(load(card.read_bytes(), "card"))
    assert (held.stored_fare_yen, held.auto_charge) == (ON_CARD_YEN, None)
    assert held.held_pass is not None
    assert (held.held_pass.first_day, held.held_pass.last_day) == (SOLD_ON, RENEWED_ON)
    return card


def registers(member: Page, mails: Page, pictures: Pictures) -> None:
    """By the link in a mail."""
    member.goto("/")
    follow(member, "新規登録")
    member.locator("#id_email").fill(EMAIL)
    press(member, "送信する")
    member.wait_for_url("**/register/sent")
    mails.goto("/demo/mails/")
    link = mails.locator("article a[href*='/register/link/']")
    look_until(mails, link)
    member.goto(str(link.first.get_attribute("href")))
    for name, value in {"password": PASSWORD, "password_again": PASSWORD, "postal_code": "9650042"}.items():
        member.locator(f"#id_{name}").fill(value)
    member.locator("#id_birth").fill("1990-04-01")
    member.locator("#id_terms").check()
    pictures.take(member, "registration")
    press(member, "確認画面へ")
    member.wait_for_url("**/register/confirm*")
    press(member, "登録")
    shown(member, "会員登録が完了しました")


def signs_in(member: Page, pictures: Pictures) -> None:
    """Through the not-a-robot check."""
    member.goto("/login")
    member.locator("#id_email").fill(EMAIL)
    member.locator("#id_password").fill(PASSWORD)
    member.locator("altcha-widget").get_by_text("私はロボットではありません").click()
    expect(member.locator("input[name=altcha]")).to_have_value(re.compile(".+"), timeout=30_000)
    pictures.take(member, "login")
    press(member, "ログイン")
    member.wait_for_url("**/cards")


def adds_the_card(member: Page, pictures: Pictures) -> None:
    follow(member, "AIZUNORUCAカード追加")
    for name, value in {"number": NUMBER, "kana_name": KANA, "telephone": TELEPHONE}.items():
        member.locator(f"#id_{name}").fill(value)
    pictures.take(member, "card-added")
    press(member, "追加")
    member.wait_for_url("**/cards")
    shown(member, "2026/10/21～2026/11/20")


def registers_a_credit_card(member: Page, pictures: Pictures) -> None:
    """Its number is typed at the sandbox, and stays there."""
    follow(member, "クレジットカード情報")
    press(member, "カード情報の登録・編集")
    shown(member, "模擬決済")
    for name, value in {"number": CREDIT_CARD, "expiry": "12/34", "code": "123"}.items():
        member.locator(f"#{name}").fill(value)
    pictures.take(member, "credit-card")
    press(member, "登録する")
    look_until(member, member.get_by_text("•••• 4242"))


def renews_the_pass(member: Page, mails: Page, pictures: Pictures) -> None:
    to_the_card(member)
    follow(member, "定期券の継続購入")
    shown(member, money(PASS_YEN))
    shown(member, "27,530円")
    pictures.take(member, "renewal")
    press(member, "確認画面へ")
    shown(member, "2026/11/21")
    shown(member, "2026/12/20")
    shown(member, money(PASS_YEN))
    press(member, "支払って購入する")
    look_until(member, member.get_by_text("定期券の継続購入が完了しました"))
    mails.goto("/demo/mails/")
    look_until(mails, mails.get_by_text("継続購入が完了しました"))
    shown(mails, money(PASS_YEN))


def sets_auto_charge(member: Page, mails: Page, pictures: Pictures) -> None:
    to_the_card(member)
    follow(member, "オートチャージの設定")
    member.get_by_label("有効", exact=True).check()
    chosen = {"trigger": TRIGGER_YEN, "amount": AMOUNT_YEN, "day_cap": DAY_CAP_YEN, "month_cap": MONTH_CAP_YEN}
    for name, yen in chosen.items():
        member.locator(f"#id_{name}_yen").select_option(str(yen))
    pictures.take(member, "auto-charge")
    press(member, "確認画面へ")
    for yen in chosen.values():
        shown(member, money(yen))
    press(member, "設定変更")
    shown(member, "オートチャージの設定が完了しました")
    mails.goto("/demo/mails/")
    look_until(mails, mails.get_by_text("オートチャージの設定が完了しました"))


def to_the_card(member: Page) -> None:
    member.goto("/cards")
    follow(member, "各種手続き")


def ride(begun: World, card: Path) -> None:
    """The bus hears, the card taps; the holder rides on the pass, a friend beside for money."""
    begun.until(lambda: begun.centre("select distinct state from bundles_directive") == [("published",)])
    begun.exchange()
    boarded, alighted = begun.ride(card, TRIP, NEXT_DAY, Party(companions=(RiderClass.ADULT,)))
    for told in (boarded, alighted):
        assert told.refusal is None, told.refusal
    held = account_of(load(card.read_bytes(), "card"))
    assert held.auto_charge == AutoCharge(TRIGGER_YEN, AMOUNT_YEN, DAY_CAP_YEN, MONTH_CAP_YEN)
    assert held.held_pass is not None
    assert (held.held_pass.first_day, held.held_pass.last_day) == (NEXT_DAY, date(2026, 12, 20))
    assert alighted.taken_yen == FARE_YEN
    assert balance_yen(load(card.read_bytes(), "card")) == held.stored_fare_yen == LEFT_YEN


def uploads_and_is_billed_once(begun: World) -> None:
    """However often the journal comes, and the work is done."""
    lost = begun.before_its_acknowledgement()
    begun.exchange()
    begun.until(lambda: is_billed(begun))
    lost()
    begun.exchange()
    begun.until_worked(2)
    assert charges(begun) == [(PASS_YEN, "paid", 0, "pass"), (AMOUNT_YEN, "paid", 0, "auto-charge")]
    assert begun.centre("select state, count(*) from collector_segment group by state") == [("booked", 1)]
    assert begun.centre("select idm, yen, state, tries from payments_debt") == [(IDM, AMOUNT_YEN, "paid", 1)]


def is_billed(begun: World) -> bool:
    return begun.centre("select state from payments_debt") == [("paid",)]


def charges(begun: World) -> list[tuple[object, ...]]:
    """What the sandbox took, by its own database: yen, state, what was given back, what for."""
    rows = begun.sandbox("select yen, state, refunded_yen, reference from payments order by rowid")
    return [(*facts, str(reference).partition("/")[0]) for *facts, reference in rows]


def what_everybody_sees(begun: World, people: People, member: Page, card: Path, pictures: Pictures) -> None:
    """The auditor in the books, the clerk on the card, the member in the portal, a tester at the sandbox."""
    auditor = people.staff("kansa@demo.example")
    the_books(begun, auditor, pictures)
    auditor.goto("/payments/")
    assert [cells[-2:] for cells in rows_of(auditor)] == [[money(AMOUNT_YEN), "支払済"], [money(PASS_YEN), "支払済"]]
    clerk = people.staff("kakari@demo.example")
    clerk.set_input_files("#drawer-file", card)
    press(clerk, "ファイルから置く")
    expect(clerk.locator(".card-balance")).to_have_text(money(LEFT_YEN))
    for text in (f"{money(TRIGGER_YEN)} → +{money(AMOUNT_YEN)}", "2026/11/21 ～ 2026/12/20"):
        shown(clerk, text)
    expect(clerk.get_by_text("翌日反映")).to_have_count(0)  # nothing waits for the card any more
    pictures.take(clerk, "counter")
    to_the_card(member)
    shown(member, "2026/11/21～2026/12/20")
    pictures.take(member, "services")
    pictures.take_in_english(member, "services")
    tester = people.one(_DESK)
    tester.goto(begun.demo.payments_url)
    assert [cells[1:3] for cells in rows_of(tester)] == [[f"{yen:,}", "支払済"] for yen in (AMOUNT_YEN, PASS_YEN)]
    pictures.take(tester, "sandbox")


def the_books(begun: World, auditor: Page, pictures: Pictures) -> None:
    """The card's statement, the day, the trial balance; and nothing that a person would have to look at."""
    auditor.goto(f"/ledger/card?idm={IDM}")
    for told in ("台帳残高", "最後に読んだカード残高"):
        fact = auditor.locator("dt", has_text=told).locator("xpath=following-sibling::dd[1]")
        expect(fact).to_have_text(money(LEFT_YEN))
    lines = {(cells[1], *cells[3:9]) for cells in rows_of(auditor)}
    assert lines == {
        ("オートチャージ請求", money(AMOUNT_YEN), "", "", "", money(0), ""),
        ("精算", "", *map(money, (FARE_YEN, 0, AMOUNT_YEN, AMOUNT_YEN - FARE_YEN, LEFT_YEN))),
        ("乗車", "", *map(money, (0, 0, 0, 0, ON_CARD_YEN))),
        ("定期券発売", money(PASS_YEN), "", "", "", money(0), ""),  # at the counter, and in the portal
        ("窓口", "", *map(money, (0, 0, 0, 0, ON_CARD_YEN))),
        ("期首残高", money(ON_CARD_YEN), "", "", "", money(ON_CARD_YEN), ""),
    }
    pictures.take(auditor, "ledger-card")
    auditor.goto("/ledger/?company=aizu-noruca")
    totals = {cells[0]: cells[2] for cells in rows_of(auditor)[:4]}
    assert totals == {
        "オートチャージ未収": money(0),
        "運賃収入": money(-FARE_YEN),
        "決済代行会社": money(AMOUNT_YEN),
        "SF残高（預り）": money(FARE_YEN - AMOUNT_YEN),
    }
    pictures.take(auditor, "ledger-day")
    held = "select sum(yen) from ledger_postingrow where kind = 'processor'"
    assert begun.centre(held) == begun.sandbox("select sum(yen) from payments") == [(PASS_YEN + AMOUNT_YEN,)]
    assert begun.centre("select sum(yen) from ledger_postingrow") == [(0,)]
    assert begun.centre("select * from ledger_findingrow") == []
    assert begun.centre("select distinct state from bundles_directive") == [("applied",)]


def rows_of(page: Page) -> list[list[str]]:
    """The tables of a page, cell by cell."""
    return [[cell.strip() for cell in row.split("\t")] for row in page.locator("tbody tr").all_inner_texts()]


def money(yen: int) -> str:
    return f"{yen:,}円"
