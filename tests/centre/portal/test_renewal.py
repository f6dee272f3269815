"""A pass renewed in the portal (PRT-5): what is shown, what is sold, and what a payment makes of it (faults 55-57)."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape

import pytest
from django.http import HttpResponse
from django.test import Client

from centre.bundles.services import DirectiveFault, stop
from centre.cards.models import Card, SoldPass, State
from centre.clock import now_s, today
from centre.ledger.models import BookingRow
from centre.payments.models import Payment, Refund
from centre.payments.port import Declined, NeedsMember, Paid, Unknown
from centre.payments.services import reconcile
from centre.portal import renewing
from centre.portal.models import Member, MemberCard, Renewal, RenewalState
from farebox.formats.bundle import PassGiven
from tests.centre.portal.people import issued, letters, member, owned, signed_in, text_of, with_pass
from tests.centre.portal.service import PAGE, Service

pytestmark = pytest.mark.django_db
GUIDE_DAY = date(2026, 9, 13)


@pytest.fixture
def mine(move_to: Callable[[date], None]) -> MemberCard:
    """A card whose pass at 230 yen ends on 19 September 2026; it is the 13th."""
    move_to(GUIDE_DAY)
    found = owned(member())
    with_pass(found.card, ends_in_days=6)
    return found


def choice(months: int = 1, first_day: str = "2026-09-20") -> dict[str, str]:
    return {"months": str(months), "first_day": first_day}


def confirmation(browser: Client, card: MemberCard, **chosen: object) -> dict[str, str]:
    """What the button of the confirmation carries."""
    browser.post(f"/cards/{card.pk}/renewal", choice(**chosen))  # type: ignore[arg-type]
    page = browser.get(f"/cards/{card.pk}/renewal/confirm").content.decode()
    return dict(re.findall(r'<input type="hidden" name="(key|months|first_day|price_yen)" value="([^"]*)"', page))


def pressed(browser: Client, card: MemberCard, carried: dict[str, str]) -> HttpResponse:
    return browser.post(f"/cards/{card.pk}/renewal/confirm", carried)  # type: ignore[return-value]


def bought(browser: Client, card: MemberCard) -> Renewal:
    """A purchase, from the choice on."""
    pressed(browser, card, confirmation(browser, card))
    return Renewal.objects.latest("pk")


def test_prt_5_the_guides_screen(mine: MemberCard) -> None:
    page = text_of(signed_in(mine.member).get(f"/cards/{mine.pk}/renewal").content.decode())
    for shown in (
        "定期券の継続購入",
        "*****0972",
        "購入して頂く内容は即日反映されません。翌日から有効となりますのでご注意ください。",
        "種類 大人 通勤定期券 往復",
        "1区間目 神明通り ↓ から 七日町",
        "有効期間 2026/08/20～2026/09/19",
        "1ヶ月 9,660円 2ヶ月 19,320円 3ヶ月 27,530円 4ヶ月 36,710円 5ヶ月 45,890円 6ヶ月 52,160円",
        "利用終了日: 2026/10/19",
        "キャンセル",
        "確認画面へ",
    ):
        assert shown in page


def test_prt_5_from_the_choice_to_the_pass_the_books_the_directive_and_the_mail(
    mine: MemberCard, service: Service
) -> None:
    browser = signed_in(mine.member)
    carried = confirmation(browser, mine, months=3)
    page = text_of(browser.get(f"/cards/{mine.pk}/renewal/confirm").content.decode())
    for shown in ("3ヶ月", "利用開始日 2026/09/20", "利用終了日 2026/12/19", "27,530円", "編集に戻る", "翌日から有効"):
        assert shown in page
    done = browser.get(pressed(browser, mine, carried)["Location"]).content.decode()
    assert "定期券の継続購入が完了しました" in done
    sold = SoldPass.objects.latest("pk")
    assert (sold.first_day, sold.last_day, sold.price_yen) == (date(2026, 9, 20), date(2026, 12, 19), 27_530)
    assert (sold.in_portal, sold.sold_on, sold.stop_names) == (True, GUIDE_DAY, [["神明通り", "七日町"]])
    (directive,) = mine.card.directives.all()
    assert directive.first_day == date(2026, 9, 20)
    assert list(directive.changes) == [
        PassGiven(1, 0, date(2026, 9, 20), date(2026, 12, 19), True, ((101, 102, False, 230),))
    ]
    (booking,) = BookingRow.objects.all()
    assert sum(posting.yen for posting in booking.postings.all()) == 0
    assert max(posting.yen for posting in booking.postings.all()) == 27_530
    (letter,) = letters()
    for told in ("継続購入が完了しました", "*****0972", "2026/09/20 – 2026/12/19", "27,530円"):
        assert told in letter


def test_prt_5_back_to_edit_keeps_the_choice(mine: MemberCard) -> None:
    browser = signed_in(mine.member)
    confirmation(browser, mine, months=4)
    assert '<option value="4" selected>' in browser.get(f"/cards/{mine.pk}/renewal").content.decode()


@pytest.mark.parametrize(
    "chosen", [choice(7), choice(0), choice(1, "2026-09-19"), choice(1, "2026-09-21"), choice(1, "soon"), {}]
)
def test_prt_5_what_is_not_offered_is_not_taken(mine: MemberCard, chosen: dict[str, str]) -> None:
    assert signed_in(mine.member).post(f"/cards/{mine.pk}/renewal", chosen).status_code == 200


@pytest.mark.parametrize(
    "altered",
    [
        {"price_yen": "1"},
        {"months": "6"},
        {"months": "7"},
        {"first_day": "2026-09-14"},
        {"first_day": "2026-10-20"},
        {"first_day": "1900-01-01"},
    ],
)
def test_prt_5_a_button_that_was_altered_buys_nothing(
    mine: MemberCard, service: Service, altered: dict[str, str]
) -> None:
    browser = signed_in(mine.member)
    answer = pressed(browser, mine, confirmation(browser, mine) | altered)
    assert answer.status_code == 200
    assert not Renewal.objects.exists()
    assert service.asked == {}


@pytest.mark.parametrize("product", ["student", "term-1", "year"])
def test_prt_5_student_and_term_passes_say_renew_at_the_counter(product: str) -> None:
    card = owned(member())
    with_pass(card.card, product=product)
    assert "窓口で継続してください" in signed_in(card.member).get(f"/cards/{card.pk}/renewal").content.decode()


def test_prt_5_without_a_pass_there_is_nothing_to_renew() -> None:
    card = owned(member())
    assert "継続できる定期券がありません" in signed_in(card.member).get(f"/cards/{card.pk}/renewal").content.decode()


def test_prt_5_too_early_says_from_when(mine: MemberCard, move_to: Callable[[date], None]) -> None:
    move_to(date(2026, 9, 12))
    assert "2026/09/13 からできます" in signed_in(mine.member).get(f"/cards/{mine.pk}/renewal").content.decode()


def test_prt_5_the_next_renewal_follows_the_one_just_bought(
    mine: MemberCard, service: Service, move_to: Callable[[date], None]
) -> None:
    browser = signed_in(mine.member)
    bought(browser, mine)
    assert "からできます" in browser.get(f"/cards/{mine.pk}/renewal").content.decode()
    move_to(date(2026, 10, 13))
    assert "2026/10/20" in browser.get(f"/cards/{mine.pk}/renewal").content.decode()


def test_prt_5_a_refunded_pass_is_not_followed(mine: MemberCard, move_to: Callable[[date], None]) -> None:
    with_pass(mine.card, ends_in_days=40, refunded_on=today())
    page = text_of(signed_in(mine.member).get(f"/cards/{mine.pk}/renewal").content.decode())
    assert "2026/09/19" in page


def test_faults_56_pressing_twice_is_one_key_one_payment_one_pass(mine: MemberCard, service: Service) -> None:
    browser = signed_in(mine.member)
    carried = confirmation(browser, mine)
    there = {pressed(browser, mine, carried)["Location"] for _ in range(3)}
    assert len(there) == 1
    assert len(service.asked) == 1
    assert Renewal.objects.count() == 1
    assert SoldPass.objects.count() == 2  # the old one and the new one
    assert len(letters()) == 1


def test_faults_56_two_windows_buy_one_pass(mine: MemberCard, service: Service) -> None:
    service.answer = Unknown("timeout")
    browser = signed_in(mine.member)
    first, second = confirmation(browser, mine), confirmation(browser, mine)
    assert first["key"] != second["key"]
    one, other = pressed(browser, mine, first), pressed(browser, mine, second)
    assert one["Location"] == other["Location"]
    assert "新しい購入は行われていません" in browser.get(other["Location"]).content.decode()
    assert len(service.asked) == 1


def test_faults_56_two_presses_at_the_very_same_moment_are_one(
    mine: MemberCard, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.answer = Unknown("timeout")
    browser = signed_in(mine.member)
    carried = confirmation(browser, mine)
    first = pressed(browser, mine, carried)
    # The second looked at the key before the first had written it down.
    known, looks = renewing._known, iter([True])
    monkeypatch.setattr(renewing, "_known", lambda *asked: None if next(looks, False) else known(*asked))
    second = pressed(browser, mine, carried)
    assert first["Location"] == second["Location"]
    assert (Renewal.objects.count(), len(service.asked)) == (1, 1)


def test_faults_57_a_press_that_broke_off_before_anybody_was_asked_sells_nothing(
    mine: MemberCard, service: Service, wait: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in(mine.member)
    carried = confirmation(browser, mine)
    with monkeypatch.context() as broken:
        broken.setattr(renewing, "charge", _power_lost)
        with pytest.raises(KeyboardInterrupt):
            pressed(browser, mine, carried)
    made = Renewal.objects.get()
    letters()
    made.refresh_from_db()
    assert made.state == RenewalState.PAYING  # it may still be on its way
    wait(601)
    assert "購入されていません" in letters()[0]
    # The same press, come again at last, is over; a new one buys.
    pressed(browser, mine, carried)
    assert service.asked == {}
    assert bought(browser, mine).state == RenewalState.DONE


def _power_lost(*_args: object, **_more: object) -> None:
    raise KeyboardInterrupt


def test_faults_56_a_key_of_another_member_opens_nothing(mine: MemberCard, service: Service) -> None:
    made = bought(signed_in(mine.member), mine)
    other = owned(member("other@example.com"), issued("AZ00000000000001"))
    with_pass(other.card, ends_in_days=6)
    browser = signed_in(other.member)
    carried = confirmation(browser, other) | {"key": str(made.key)}
    assert pressed(browser, other, carried).status_code == 200
    assert Renewal.objects.count() == 1


def test_faults_57_a_payment_that_nobody_knows_is_shown_as_pending_and_completed_later(
    mine: MemberCard, service: Service, wait: Callable[[int], None]
) -> None:
    service.answer = Unknown("timeout")
    browser = signed_in(mine.member)
    made = bought(browser, mine)
    page = browser.get(f"/cards/{mine.pk}/renewal/{made.key}").content.decode()
    assert "お支払いを確認しています" in page
    assert "もう一度購入する必要はありません" in page
    assert browser.get(f"/cards/{mine.pk}/renewal")["Location"] == f"/cards/{mine.pk}/renewal/{made.key}"
    assert "お支払いを確認中" in browser.get("/cards").content.decode()
    service.answer = Paid
    wait(3_600)
    reconcile(now_s())
    made.refresh_from_db()
    assert made.state == RenewalState.DONE
    assert len(service.asked) == 1
    assert "完了しました" in letters()[0]


def test_faults_57_a_payment_that_failed_after_all_sells_nothing(
    mine: MemberCard, service: Service, wait: Callable[[int], None]
) -> None:
    service.answer = Unknown("timeout")
    browser = signed_in(mine.member)
    made = bought(browser, mine)
    service.answer = Declined("card_declined")
    wait(3_600)
    reconcile(now_s())
    assert "お支払いができませんでした" in browser.get(f"/cards/{mine.pk}/renewal/{made.key}").content.decode()
    assert SoldPass.objects.count() == 1
    assert "購入されていません" in letters()[0]
    # And the next one may be bought.
    service.answer = Paid
    assert bought(browser, mine).state == RenewalState.DONE


def test_prt_5_paid_only_when_the_first_day_had_come_is_given_back(
    mine: MemberCard, service: Service, move_to: Callable[[date], None]
) -> None:
    service.answer = Unknown("timeout")
    browser = signed_in(mine.member)
    made = bought(browser, mine)
    service.answer = Paid
    move_to(date(2026, 9, 20))
    reconcile(now_s())
    reconcile(now_s())
    page = browser.get(f"/cards/{mine.pk}/renewal/{made.key}").content.decode()
    assert "お支払いを返金します" in page
    assert SoldPass.objects.count() == 1
    assert list(service.refunded.values()) == [9_660]
    assert "返金" in letters()[0]


def test_a_card_that_was_replaced_while_it_was_paid_gets_no_pass(mine: MemberCard, service: Service) -> None:
    service.answer = Unknown("timeout")
    made = bought(signed_in(mine.member), mine)
    Card.objects.filter(pk=mine.card_id).update(state=State.REPLACED)
    service.answer = Paid
    payment = Payment.objects.get()
    Payment.objects.update(next_ask_s=now_s())
    reconcile(now_s())
    payment.refresh_from_db()
    assert Refund.objects.filter(payment=payment).exists()
    letters()  # the worker looks at it, for the member's page is gone with the card
    made.refresh_from_db()
    assert made.state == RenewalState.REFUNDED


def test_prt_4_who_has_no_credit_card_pays_on_the_services_page(mine: MemberCard, service: Service) -> None:
    service.answer = NeedsMember(PAGE, "pay_1")
    browser = signed_in(mine.member)
    answer = pressed(browser, mine, confirmation(browser, mine))
    assert answer["Location"] == PAGE
    made = Renewal.objects.get()
    page = unescape(browser.get(f"/cards/{mine.pk}/renewal/{made.key}").content.decode())
    assert f'href="{PAGE}"' in page


def test_faults_55_the_return_address_alone_grants_nothing(mine: MemberCard, service: Service) -> None:
    service.answer = NeedsMember(PAGE, "pay_1")
    browser = signed_in(mine.member)
    made = bought(browser, mine)
    payment = Payment.objects.get()
    for path in (f"/payments/back/{payment.reference}/", f"/cards/{mine.pk}/renewal/{made.key}?paid=1"):
        browser.get(path)
    made.refresh_from_db()
    assert made.state == RenewalState.PAYING
    assert SoldPass.objects.count() == 1
    assert "お支払いを確認しています" in browser.get(f"/cards/{mine.pk}/renewal/{made.key}").content.decode()


def test_a_pass_that_cannot_be_told_to_a_card_is_given_back(mine: MemberCard, service: Service) -> None:
    def full(*_args: object) -> None:
        raise DirectiveFault("full")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(renewing, "direct", full)
        made = bought(signed_in(mine.member), mine)
    assert SoldPass.objects.count() == 1
    assert BookingRow.objects.count() == 0
    letters()
    made.refresh_from_db()
    assert made.state == RenewalState.REFUNDED


def test_a_members_purchases_stand_on_the_cards_page(mine: MemberCard, service: Service) -> None:
    browser = signed_in(mine.member)
    bought(browser, mine)
    page = text_of(browser.get(f"/cards/{mine.pk}").content.decode())
    assert "2026/09/20～2026/10/19 9,660円 購入済" in page


def test_a_stopped_card_is_not_renewed(mine: MemberCard) -> None:
    stop(mine.card.idm, "lost")
    Card.objects.filter(pk=mine.card_id).update(state=State.STOPPED)
    assert signed_in(mine.member).get(f"/cards/{mine.pk}/renewal").status_code == 404


def test_prt_5_an_ended_pass_offers_seven_days(mine: MemberCard, move_to: Callable[[date], None]) -> None:
    move_to(date(2026, 9, 25))
    page = signed_in(mine.member).get(f"/cards/{mine.pk}/renewal").content.decode()
    days = re.findall(r'<option value="(2026-\d\d-\d\d)"', page)
    assert days == [(date(2026, 9, 25) + timedelta(days=on)).isoformat() for on in range(1, 8)]


def test_who_is_no_member_has_no_cards(mine: MemberCard) -> None:
    user = mine.member.user
    Member.objects.filter(user=user).exists()
    other = signed_in(member("other@example.com"))
    Member.objects.filter(user__email="other@example.com").delete()
    assert other.get("/cards").status_code == 403
