"""Cards (PRT-3): added by what was told at issue, shown by the last four, nobody else's (faults 51, 52)."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from centre.cards.models import AutoChargeAgreed, Card, State
from centre.clock import now_s, today
from centre.payments.port import CardThere
from centre.payments.services import registered_card
from centre.portal.models import Member, MemberCard, Notice, Renewal
from centre.portal.work import work
from tests.centre.portal.people import (
    KANA,
    NUMBER,
    TELEPHONE,
    errors_of,
    issued,
    member,
    owned,
    signed_in,
    text_of,
    with_credit_card,
    with_pass,
)
from tests.centre.portal.service import Service

pytestmark = pytest.mark.django_db
TOLD = {"number": NUMBER, "kana_name": "アイズ バスコ", "telephone": TELEPHONE}
REFUSED = "入力された情報と一致するカードを追加できません"


@pytest.fixture
def somebody() -> Member:
    return member()


def test_prt_3_a_card_is_added_and_shown_by_its_last_four(somebody: Member) -> None:
    issued()
    browser = signed_in(somebody)
    form = text_of(browser.get("/cards/add").content.decode())
    for label in ("AIZU NORUCA刻印番号", "カナ氏名", "電話番号", "キャンセル", "追加"):
        assert label in form
    assert browser.post("/cards/add", TOLD)["Location"] == "/cards"
    page = browser.get("/cards").content.decode()
    assert "*****0972" in page
    assert NUMBER not in page
    assert KANA in page


@pytest.mark.parametrize(
    "told",
    [
        {"number": "AZ00000000000000"},
        {"kana_name": "アイズ タロウ"},
        {"telephone": "0242220001"},
    ],
)
def test_prt_3_whatever_is_wrong_the_answer_is_the_same(somebody: Member, told: dict[str, str]) -> None:
    issued()
    answer = signed_in(somebody).post("/cards/add", {**TOLD, **told})
    assert REFUSED in errors_of(answer.content.decode())
    assert not MemberCard.objects.exists()


@pytest.mark.parametrize("state", [State.STOPPED, State.REPLACED, State.REFUNDED, State.VOID])
def test_prt_3_a_card_that_is_not_in_use_is_not_added(somebody: Member, state: State) -> None:
    card = issued()
    card.state = state
    card.save()
    assert REFUSED in errors_of(signed_in(somebody).post("/cards/add", TOLD).content.decode())


def test_prt_3_an_anonymous_card_another_schemes_or_one_whose_holder_was_erased_is_not_added(
    somebody: Member,
) -> None:
    anonymous, other, erased = (issued(f"AZ0000000000000{nth}") for nth in range(3))
    anonymous.named = False
    other.scheme = "lococa"
    erased.holder.erased_on = today()
    for each in (anonymous, other, erased.holder):
        each.save()
    for card in (anonymous, other, erased):
        answer = signed_in(somebody).post("/cards/add", {**TOLD, "number": card.number})
        assert REFUSED in errors_of(answer.content.decode())


def test_prt_3_a_card_of_another_member_is_refused_in_the_same_words(somebody: Member) -> None:
    card = issued()
    owned(member("first@example.com"), card)
    assert REFUSED in errors_of(signed_in(somebody).post("/cards/add", TOLD).content.decode())


def test_prt_3_ones_own_card_again_changes_nothing(somebody: Member) -> None:
    issued()
    for _ in range(2):
        assert signed_in(somebody).post("/cards/add", TOLD)["Location"] == "/cards"
    assert MemberCard.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("number", "AZ123", "16桁"),
        ("number", "ＡＺ12345678900972", "16桁"),
        ("kana_name", "ｱｲｽﾞ", "全角カナ"),
        ("kana_name", "あいず", "全角カナ"),
        ("kana_name", "ア" * 16, "15文字以内"),
        ("telephone", "0242-22-0000", "ハイフンなし"),
        ("telephone", "", "入力してください"),
    ],
)
def test_prt_3_what_is_not_typed_as_the_guide_says_is_said_at_its_field(
    somebody: Member, field: str, value: str, said: str
) -> None:
    answer = signed_in(somebody).post("/cards/add", {**TOLD, field: value})
    assert said in errors_of(answer.content.decode())


def test_faults_51_guessing_a_holder_is_slowed_even_for_the_right_guess(
    somebody: Member, wait: Callable[[int], None]
) -> None:
    issued()
    browser = signed_in(somebody)
    for nth in range(5):
        assert REFUSED in errors_of(browser.post("/cards/add", {**TOLD, "telephone": f"{nth}"}).content.decode())
    assert "約1分後" in errors_of(browser.post("/cards/add", TOLD).content.decode())
    wait(60)
    assert browser.post("/cards/add", TOLD)["Location"] == "/cards"


def test_faults_51_many_members_who_guess_one_card_are_slowed_too(somebody: Member) -> None:
    issued()
    for nth in range(5):
        other = signed_in(member(f"{nth}@example.com"))
        other.post("/cards/add", {**TOLD, "telephone": "1"})
    assert "約1分後" in errors_of(signed_in(somebody).post("/cards/add", TOLD).content.decode())


def pages_of(pk: int) -> list[str]:
    paths = ["", "/remove", "/renewal", "/renewal/confirm", f"/renewal/{uuid4()}", "/auto-charge"]
    return [f"/cards/{pk}{path}" for path in [*paths, "/auto-charge/confirm", "/auto-charge/done"]]


def test_faults_52_another_members_card_is_not_there(somebody: Member) -> None:
    theirs = owned(member("other@example.com"))
    with_pass(theirs.card)
    browser = signed_in(somebody)
    for path in pages_of(theirs.pk):
        assert browser.get(path).status_code == 404, path
        assert browser.post(path).status_code in (404, 405), path
    assert MemberCard.objects.filter(pk=theirs.pk).exists()


def test_faults_52_another_members_purchase_is_not_there_by_ones_own_card(somebody: Member) -> None:
    other = member("other@example.com")
    theirs, mine = owned(other), owned(somebody, issued("AZ00000000000001"))
    sold = with_pass(theirs.card)
    bought = Renewal.objects.create(
        user=other.user,
        card=theirs.card,
        renewed=sold,
        months=1,
        first_day=today(),
        last_day=today(),
        price_yen=9_660,
        made_at_s=0,
    )
    assert signed_in(somebody).get(f"/cards/{mine.pk}/renewal/{bought.key}").status_code == 404


def test_faults_52_a_card_that_was_replaced_is_not_there(somebody: Member) -> None:
    mine = owned(somebody)
    mine.card.state = State.REPLACED
    mine.card.save()
    assert signed_in(somebody).get(f"/cards/{mine.pk}").status_code == 404


def test_a_reissued_card_stands_in_the_place_of_the_lost_one(somebody: Member) -> None:
    mine = owned(somebody)
    Card.objects.filter(pk=mine.card_id).update(state=State.REPLACED, replaced_by=issued("AZ00000000000001"))
    work(now_s())
    page = signed_in(somebody).get("/cards").content.decode()
    assert "*****0001" in page
    assert "*****0972" not in page


def test_who_is_not_signed_in_is_asked_to(client: Client) -> None:
    for path in ["/cards", "/cards/add", *pages_of(1), "/credit-card", "/account", "/account/sign-ins"]:
        assert client.get(path)["Location"] == f"/login?next={path}"


def test_prt_3_a_removed_card_leaves_the_list_and_its_auto_charge_ends(somebody: Member) -> None:
    mine = owned(somebody)
    AutoChargeAgreed.objects.create(
        card=mine.card,
        is_on=True,
        trigger_yen=100,
        amount_yen=1_000,
        day_cap_yen=99_000,
        month_cap_yen=99_000,
        first_day=today(),
        agreed_on=today(),
    )
    browser = signed_in(somebody)
    browser.post(f"/cards/{mine.pk}/remove")
    assert "*****0972" not in browser.get("/cards").content.decode()
    last = mine.card.auto_charges.latest("pk")
    assert (last.is_on, last.first_day) == (False, today() + timedelta(days=1))


def test_prt_3_notices_stand_on_the_list_while_they_hold(somebody: Member) -> None:
    day = today()
    for title, first, last in (
        ("今日から", day, None),
        ("昨日まで", day - timedelta(days=9), day - timedelta(days=1)),
        ("明日から", day + timedelta(days=1), None),
    ):
        Notice.objects.create(title=title, title_en="From today", text="本文<b>", first_day=first, last_day=last)
    page = signed_in(somebody).get("/cards").content.decode()
    assert "今日から" in page
    assert "本文&lt;b&gt;" in page
    assert "昨日まで" not in page
    assert "明日から" not in page


def test_faults_55_coming_back_from_the_services_page_registers_no_card_by_itself(
    somebody: Member, service: Service
) -> None:
    browser = signed_in(somebody)
    assert "登録されていません" in browser.get("/credit-card").content.decode()
    there = browser.post("/credit-card/edit")["Location"]
    assert there.startswith("https://pay.example/")
    back = there.partition("back=http://127.0.0.1:8000")[2]
    assert browser.get(back)["Location"] == "/credit-card"
    assert "登録されていません" in browser.get("/credit-card").content.decode()
    customer = somebody.user.payment_customer.service_id
    service.card = CardThere(customer, "pm_1", "visa", "4242")
    browser.get(back)
    page = browser.get("/credit-card").content.decode()
    assert "•••• 4242" in page
    assert "pm_1" not in page


def test_prt_4_the_credit_card_is_removed(somebody: Member, service: Service) -> None:
    with_credit_card(somebody)
    signed_in(somebody).post("/credit-card/remove")
    assert registered_card(somebody.user) is None
