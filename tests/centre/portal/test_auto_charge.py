"""Auto-charge settings (PRT-6, AUT-1): in force from the next day (AUT-4, faults 45)."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client

from centre.cards.models import AutoChargeAgreed
from centre.clock import today
from centre.payments.models import Payer
from centre.portal import auto_charging
from centre.portal.models import MemberCard
from farebox.formats.bundle import AutoChargeOff, AutoChargeSet
from tariff.account import AutoCharge
from tariff.refusal import Refusal
from tests.centre.portal.people import errors_of, letters, member, owned, signed_in, text_of, with_credit_card

pytestmark = pytest.mark.django_db
GUIDE = {
    "is_on": "1",
    "trigger_yen": "1000",
    "amount_yen": "3000",
    "day_cap_yen": "99000",
    "month_cap_yen": "99000",
}
"""What the guide's confirmation shows."""


@pytest.fixture
def mine() -> MemberCard:
    found = owned(member())
    with_credit_card(found.member)
    return found


def settled(browser: Client, card: MemberCard, **chosen: str) -> str:
    """Where the confirmation's button leads."""
    browser.post(f"/cards/{card.pk}/auto-charge", GUIDE | chosen)
    return browser.post(f"/cards/{card.pk}/auto-charge/confirm")["Location"]


def test_prt_6_the_guides_screens(mine: MemberCard) -> None:
    browser, base = signed_in(mine.member), f"/cards/{mine.pk}/auto-charge"
    page = text_of(browser.get(base).content.decode())
    for label in (
        "オートチャージ設定の入力",
        "オートチャージ機能",
        "有効",
        "無効",
        "オートチャージ起動額",
        "オートチャージ実施額",
        "累積オートチャージ限度額（日単位）",
        "累積オートチャージ限度額（月単位）",
        "精算時に実施額分チャージされます",
        "オートチャージされません",
    ):
        assert label in page
    assert browser.post(base, GUIDE)["Location"] == f"{base}/confirm"
    page = text_of(browser.get(f"{base}/confirm").content.decode())
    for shown in ("有効", "1,000円", "3,000円", "99,000円", "編集に戻る", "設定変更", "翌日から有効"):
        assert shown in page
    assert browser.post(f"{base}/confirm")["Location"] == f"{base}/done"
    assert "オートチャージの設定が完了しました" in browser.get(f"{base}/done").content.decode()


def test_aut_1_what_is_offered_at_first(mine: MemberCard) -> None:
    page = signed_in(mine.member).get(f"/cards/{mine.pk}/auto-charge").content.decode()
    for selected in ('value="100" selected', 'value="1000" selected', 'value="99000" selected'):
        assert selected in page
    assert page.count('value="99000" selected') == 2


def test_faults_45_settings_hold_from_the_next_day_by_directive_and_a_mail_says_so(mine: MemberCard) -> None:
    assert settled(signed_in(mine.member), mine).endswith("/done")
    tomorrow = today() + timedelta(days=1)
    (agreed,) = AutoChargeAgreed.objects.all()
    assert (agreed.first_day, agreed.agreed_on, agreed.is_on) == (tomorrow, today(), True)
    (directive,) = mine.card.directives.all()
    assert directive.first_day == tomorrow
    assert list(directive.changes) == [AutoChargeSet(1_000, 3_000, 99_000, 99_000)]
    assert Payer.objects.get(idm=mine.card.idm).user == mine.member.user
    (letter,) = letters()
    for told in ("オートチャージの設定が完了しました", "1,000円", "3,000円", f"{tomorrow:%Y/%m/%d}"):
        assert told in letter


def test_prt_6_switched_off_again(mine: MemberCard, move_to: Callable[[date], None]) -> None:
    browser = signed_in(mine.member)
    settled(browser, mine)
    move_to(today() + timedelta(days=3))
    settled(browser, mine, is_on="0")
    assert list(mine.card.directives.latest("number").changes) == [AutoChargeOff()]
    assert not AutoChargeAgreed.objects.latest("pk").is_on


def test_prt_6_the_button_pressed_twice_is_one_setting(mine: MemberCard) -> None:
    arranged = AutoCharge(1_000, 3_000, 99_000, 99_000)
    assert auto_charging.agree(mine, arranged) == auto_charging.agree(mine, arranged)
    assert AutoChargeAgreed.objects.count() == 1
    assert len(letters()) == 1


def test_prt_6_changed_again_on_one_day_the_last_holds(mine: MemberCard) -> None:
    browser = signed_in(mine.member)
    settled(browser, mine)
    settled(browser, mine, amount_yen="5000")
    standing = auto_charging.standing(mine.card)
    assert standing is not None
    assert standing.arranged == AutoCharge(1_000, 5_000, 99_000, 99_000)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("trigger_yen", "150", "正しく選択"),
        ("trigger_yen", "0", "正しく選択"),
        ("trigger_yen", "10100", "正しく選択"),
        ("amount_yen", "1500", "正しく選択"),
        ("amount_yen", "11000", "正しく選択"),
        ("amount_yen", "-1000", "正しく選択"),
        ("day_cap_yen", "100000", "正しく選択"),
        ("day_cap_yen", "2000", "実施額以上"),
        ("month_cap_yen", "98000", "日単位以上"),
        ("is_on", "maybe", "正しく選択"),
    ],
)
def test_aut_1_what_is_not_offered_is_refused(mine: MemberCard, field: str, value: str, said: str) -> None:
    browser = signed_in(mine.member)
    answer = browser.post(f"/cards/{mine.pk}/auto-charge", GUIDE | {field: value})
    assert said in errors_of(answer.content.decode())
    assert browser.get(f"/cards/{mine.pk}/auto-charge/confirm")["Location"] == f"/cards/{mine.pk}/auto-charge"


@pytest.mark.parametrize(
    "arranged",
    [
        AutoCharge(150, 1_000, 99_000, 99_000),
        AutoCharge(100, 1_500, 99_000, 99_000),
        AutoCharge(100, 11_000, 99_000, 99_000),
        AutoCharge(100, 2_000, 1_000, 99_000),
        AutoCharge(100, 1_000, 2_000, 1_000),
        AutoCharge(100, 1_000, 99_000, 100_000),
    ],
)
def test_aut_1_and_whoever_asks_past_the_form_is_refused_too(mine: MemberCard, arranged: AutoCharge) -> None:
    assert isinstance(auto_charging.agree(mine, arranged), Refusal)
    assert not AutoChargeAgreed.objects.exists()


def test_aut_1_it_needs_a_registered_credit_card() -> None:
    card = owned(member())
    browser = signed_in(card.member)
    page = browser.get(f"/cards/{card.pk}/auto-charge").content.decode()
    assert "クレジットカードの登録が必要です" in page
    answer = browser.post(f"/cards/{card.pk}/auto-charge", GUIDE)
    assert "先にクレジットカードを登録してください" in errors_of(answer.content.decode())
    assert isinstance(auto_charging.agree(card, AutoCharge(100, 1_000, 99_000, 99_000)), Refusal)
    # Switching it off needs none.
    assert settled(browser, card, is_on="0").endswith("/done")


def test_aut_1_a_credit_card_removed_between_form_and_button_sets_nothing(mine: MemberCard) -> None:
    browser = signed_in(mine.member)
    browser.post(f"/cards/{mine.pk}/auto-charge", GUIDE)
    mine.member.user.payment_customer.delete()
    assert browser.post(f"/cards/{mine.pk}/auto-charge/confirm")["Location"] == f"/cards/{mine.pk}/auto-charge"
    assert not AutoChargeAgreed.objects.exists()
