"""What the other apps call, against the sandbox's process, with either adapter: faults 54 to 58 by name."""

import json
import logging
import re
from collections.abc import Iterator
from unittest.mock import patch
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from django.apps import apps
from django.core import mail
from django.db import models
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from centre import clock
from centre.ledger.models import BookingRow
from centre.payments import charging, refunding
from centre.payments.configured import payment_service
from centre.payments.models import Barred, Customer, Debt, Notice, Payment, Refund, Registration, State
from centre.payments.port import Refunded
from centre.payments.retrying import DAY_S
from centre.payments.services import (
    CannotGrant,
    OtherContent,
    RefundRefused,
    ServiceAway,
    approve,
    begin_registration,
    bill,
    charge,
    forget_card,
    owe,
    owe_back,
    reconcile,
    refund,
    registered_card,
    when_failed,
    when_paid,
)
from centre.payments.work import work
from centre.users.models import Role, User
from tests.centre.payments.people import (
    ASKS_ALWAYS,
    EXPIRED,
    GOOD,
    INSUFFICIENT,
    LOST,
    MASTERCARD,
    NO_REFUND,
    PROCESSING,
    card_of,
    member,
    registers,
)
from tests.centre.payments.sandbox_process import SandboxHands

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("configured")]

GOODS = "goods of the tests"


@pytest.fixture
def granted() -> Iterator[list[str]]:
    """Keys of what was granted, as often as it was."""
    keys: list[str] = []
    with patch.dict(charging._granting):
        when_paid(GOODS, lambda payment: keys.append(payment.key))
        yield keys


@pytest.fixture
def time_s(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Seconds by which the centre's clock is ahead; set the first."""
    ahead = [0]
    now_s = clock.now_s
    monkeypatch.setattr(clock, "now_s", lambda: now_s() + ahead[0])
    return ahead


def a_key() -> str:
    return f"test/{uuid4().hex}"


def deliver(notice: dict[str, str]) -> int:
    """A notice comes in."""
    answer = Client().post(
        "/payments/notices/",
        data=notice["body"],
        content_type="application/json",
        headers={"Stripe-Signature": notice["signature"]},
    )
    return answer.status_code


def came_back(payment: Payment) -> str:
    """Its member comes back to the address the service sends them to; where that leads."""
    return str(Client().get(f"/payments/back/{payment.reference}/").headers["Location"])


# -- paying


def test_prt_4_a_credit_card_is_registered_outside_and_changed(sandbox: SandboxHands) -> None:
    user = member()
    assert registered_card(user) is None
    registers(user, sandbox, GOOD)
    first = Customer.objects.get(user=user).token
    registers(user, sandbox, MASTERCARD)
    card = registered_card(user)
    assert card is not None
    assert (card.brand, card.last4) == ("mastercard", "4444")
    assert Customer.objects.get(user=user).token != first


def test_a_payment_is_paid_and_granted(sandbox: SandboxHands, granted: list[str]) -> None:
    user, key = member(), a_key()
    registers(user, sandbox, GOOD)
    payment = charge(key, user, 8_800, GOODS, text="定期券")
    assert (payment.state, payment.yen, granted) == (State.PAID, 8_800, [key])
    assert sandbox.books(key) == [{"reference": key, "yen": 8_800, "refunded_yen": 0, "state": "paid"}]


def test_a_declined_payment_grants_nothing_and_tells_who_sells(sandbox: SandboxHands, granted: list[str]) -> None:
    user, told = member(), list[str]()
    registers(user, sandbox, INSUFFICIENT)
    with patch.dict(charging._giving_up):
        when_failed(GOODS, lambda payment: told.append(payment.key))
        payment = charge(a_key(), user, 8_800, GOODS)
    assert (payment.state, payment.code, granted, told) == (State.FAILED, "insufficient_funds", [], [payment.key])


def test_who_has_no_card_pays_at_the_services_page(sandbox: SandboxHands, granted: list[str]) -> None:
    user, key = member(), a_key()
    payment = charge(key, user, 500, GOODS, return_url="/members/renewal/")
    assert payment.state == State.PENDING
    assert granted == []
    sandbox.type_card(payment.url, GOOD)
    assert came_back(payment) == "/members/renewal/"
    payment.refresh_from_db()
    assert (payment.state, granted) == (State.PAID, [key])


def test_faults_55_a_return_without_payment_grants_nothing(sandbox: SandboxHands, granted: list[str]) -> None:
    user = member()
    registers(user, sandbox, ASKS_ALWAYS)
    payment = charge(a_key(), user, 500, GOODS, return_url="/x/")
    assert payment.url
    for _ in range(3):
        assert came_back(payment) == "/x/"
    payment.refresh_from_db()
    assert (payment.state, granted) == (State.PENDING, [])
    sandbox.prove(payment.url, is_them=False)
    came_back(payment)
    payment.refresh_from_db()
    assert (payment.state, payment.code, granted) == (State.FAILED, "authentication_failed", [])


def test_faults_55_a_return_without_a_card_registers_none() -> None:
    user = member()
    begin_registration(user, "/x/")
    visit = Registration.objects.get(user=user)
    assert Client().get(f"/payments/registered/{visit.reference}/").headers["Location"] == "/x/"
    assert registered_card(user) is None
    assert Client().get("/payments/registered/nobody/").status_code == 404


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "http://127.0.0.1:8000//evil.example", "/\\evil", "x"]
)
def test_nobody_is_sent_elsewhere(elsewhere: str) -> None:
    with pytest.raises(ValueError):
        begin_registration(member(), elsewhere)
    with pytest.raises(ValueError):
        charge(a_key(), member(), 1, GOODS, return_url=elsewhere)


# -- faults 56: once


def test_faults_56_a_double_click_is_one_payment(sandbox: SandboxHands, granted: list[str]) -> None:
    user, key = member(), a_key()
    registers(user, sandbox, GOOD)
    assert [charge(key, user, 700, GOODS).state for _ in range(3)] == [State.PAID] * 3
    assert granted == [key]
    assert len(sandbox.books(key)) == 1


def test_faults_56_of_two_that_ask_at_once_one_does(sandbox: SandboxHands, granted: list[str]) -> None:
    user, key = member(), a_key()
    registers(user, sandbox, GOOD)
    seen_by_both = charging.remember(key, user, 700, GOODS, text="", return_url="/")
    with patch.object(charging, "_pay", wraps=charging._pay) as asked:
        assert charging.ask(Payment.objects.get(pk=seen_by_both.pk)).state == State.PAID
        assert charging.ask(seen_by_both).state == State.PAID
    assert (granted, asked.call_count) == ([key], 1)


@pytest.mark.parametrize(("yen", "what"), [(701, GOODS), (700, "other")])
def test_faults_56_a_key_with_other_content_is_refused(granted: list[str], yen: int, what: str) -> None:
    user, key = member(), a_key()
    charge(key, user, 700, GOODS)
    with pytest.raises(OtherContent):
        charge(key, user, yen, what)
    with pytest.raises(OtherContent):
        charge(key, member(), 700, GOODS)


# -- faults 57: nobody knows


@pytest.mark.parametrize("how", ["lost", "drops"])
def test_faults_57_a_payment_whose_answer_is_lost_is_pending_then_found(
    sandbox: SandboxHands, granted: list[str], time_s: list[int], how: str
) -> None:
    user, key = member(), a_key()
    registers(user, sandbox, LOST if how == "lost" else GOOD)
    sandbox.wish(lose_answers=int(how == "drops"))
    payment = charge(key, user, 700, GOODS)
    assert (payment.state, payment.code, granted) == (State.PENDING, "unreachable", [])
    assert [one["state"] for one in sandbox.books(key)] == ["paid"]
    reconcile(clock.now_s())
    assert granted == []  # not yet time
    time_s[0] = 60
    reconcile(clock.now_s())
    payment.refresh_from_db()
    assert (payment.state, granted) == (State.PAID, [key])
    reconcile(clock.now_s() + DAY_S)
    assert granted == [key]


def test_faults_57_what_never_arrived_is_asked_for_again(
    sandbox: SandboxHands, granted: list[str], time_s: list[int]
) -> None:
    user, key = member(), a_key()
    registers(user, sandbox, GOOD)
    sandbox.wish(busy=1)
    assert charge(key, user, 700, GOODS).code == "busy"
    assert sandbox.books(key) == []
    time_s[0] = 60
    reconcile(clock.now_s())
    assert (granted, len(sandbox.books(key))) == ([key], 1)


def test_faults_57_after_the_key_has_lapsed_it_is_found_and_never_asked_for_again(
    sandbox: SandboxHands, granted: list[str], time_s: list[int]
) -> None:
    user, key = member(), a_key()
    registers(user, sandbox, LOST)
    charge(key, user, 700, GOODS)
    sandbox.post("/control/forget-keys")
    time_s[0] = 2 * DAY_S
    reconcile(clock.now_s())
    assert (granted, len(sandbox.books(key))) == ([key], 1)


def test_faults_57_what_never_arrived_for_a_day_has_failed(
    sandbox: SandboxHands, granted: list[str], time_s: list[int]
) -> None:
    user, key = member(), a_key()
    registers(user, sandbox, GOOD)
    sandbox.wish(busy=1)
    charge(key, user, 700, GOODS)
    time_s[0] = 2 * DAY_S
    reconcile(clock.now_s())
    payment = Payment.objects.get(key=key)
    assert (payment.state, payment.code, granted, sandbox.books(key)) == (State.FAILED, "never-asked", [], [])


def test_faults_57_what_is_processed_is_known_later(sandbox: SandboxHands, granted: list[str]) -> None:
    user, key = member(), a_key()
    registers(user, sandbox, PROCESSING)
    assert charge(key, user, 700, GOODS).code == "processing"
    sandbox.post("/control/process")
    reconcile(clock.now_s() + 60)
    assert granted == [key]


def test_who_never_comes_to_pay_can_pay_no_more(sandbox: SandboxHands, granted: list[str], time_s: list[int]) -> None:
    user, key = member(), a_key()
    registers(user, sandbox, ASKS_ALWAYS)
    payment = charge(key, user, 700, GOODS)
    time_s[0] = DAY_S + 60
    reconcile(clock.now_s())
    payment.refresh_from_db()
    assert payment.state == State.FAILED
    assert sandbox.prove(payment.url or f"{sandbox.url}/prove/{payment.service_id}").status_code == 410
    assert granted == []


def test_money_that_comes_after_it_had_failed_goes_back(sandbox: SandboxHands, granted: list[str]) -> None:
    user, key = member(), a_key()
    registers(user, sandbox, GOOD)
    payment = charging.remember(key, user, 700, GOODS, text="", return_url="/")
    Payment.objects.filter(pk=payment.pk).update(state=State.FAILED)
    paid = charging._pay(payment_service(), payment)
    assert charging.write_down(payment.pk, paid, clock.now_s()).state == State.PAID
    reconcile(clock.now_s())
    payment.refresh_from_db()
    assert (payment.state, granted) == (State.REFUNDED, [])
    assert [one["refunded_yen"] for one in sandbox.books(key)] == [700]


def test_what_cannot_be_granted_any_more_is_given_back(sandbox: SandboxHands) -> None:
    def too_late(_payment: Payment) -> None:
        raise CannotGrant("too late")

    user, key = member(), a_key()
    registers(user, sandbox, GOOD)
    with patch.dict(charging._granting):
        when_paid(GOODS, too_late)
        payment = charge(key, user, 700, GOODS)
        reconcile(clock.now_s())
    payment.refresh_from_db()
    assert (payment.state, payment.refunded_yen, payment.was_granted) == (State.REFUNDED, 700, False)


def test_a_crash_while_granting_leaves_it_to_be_granted_once(
    sandbox: SandboxHands, granted: list[str], time_s: list[int]
) -> None:
    user, key = member(), a_key()
    registers(user, sandbox, GOOD)
    with patch.dict(charging._granting):
        when_paid(GOODS, lambda payment: 1 // 0)  # type: ignore[arg-type]
        with pytest.raises(ZeroDivisionError):
            charge(key, user, 700, GOODS)
    assert Payment.objects.get(key=key).state == State.PENDING
    time_s[0] = 60
    assert reconcile(clock.now_s()) == 1
    assert (granted, len(sandbox.books(key))) == ([key], 1)


def test_another_amount_at_the_service_grants_nothing(sandbox: SandboxHands, granted: list[str]) -> None:
    user = member()
    registers(user, sandbox, GOOD)
    payment = charging.remember(a_key(), user, 700, GOODS, text="", return_url="/")
    paid = charging._pay(payment_service(), payment)
    assert isinstance(paid, tuple)
    after = charging.write_down(payment.pk, paid._replace(yen=699), clock.now_s())  # type: ignore[call-arg]
    assert (after.state, after.code, granted) == (State.PENDING, "other-content", [])


# -- faults 54: notices


def test_faults_54_a_notice_makes_us_look_once_however_often_it_comes(
    sandbox: SandboxHands, granted: list[str]
) -> None:
    user, key = member(), a_key()
    payment = charge(key, user, 500, GOODS)
    sandbox.type_card(payment.url, GOOD)
    newest = sandbox.notices()[-1]
    with patch.object(charging, "look_again", wraps=charging.look_again) as looked:
        assert [deliver(newest) for _ in range(3)] == [200] * 3
    assert looked.call_count == 1
    assert (granted, Notice.objects.filter(event_id=newest["event"]).count()) == ([key], 1)


def test_faults_54_notices_late_and_the_wrong_way_round_change_nothing(
    sandbox: SandboxHands, granted: list[str]
) -> None:
    user, key = member(), a_key()
    before = len(sandbox.notices())
    registers(user, sandbox, ASKS_ALWAYS)
    payment = charge(key, user, 500, GOODS)
    sandbox.prove(payment.url)
    ours = sandbox.notices()[before:]
    assert len(ours) >= 3  # registered, asks, succeeded
    assert {deliver(notice) for notice in reversed(ours)} == {200}
    payment.refresh_from_db()
    assert (payment.state, granted) == (State.PAID, [key])


def test_faults_54_what_a_notice_says_is_not_believed(sandbox: SandboxHands, granted: list[str]) -> None:
    """A true signature over a false word: as if the secret had leaked."""
    user = member()
    registers(user, sandbox, ASKS_ALWAYS)
    payment = charge(a_key(), user, 500, GOODS)
    asks = sandbox.notices()[-1]
    said = json.loads(asks["body"])
    said["type"], said["data"]["object"]["status"] = "payment_intent.succeeded", "succeeded"
    body = json.dumps(said)
    with patch("centre.payments.signing.hmac.compare_digest", return_value=True):
        assert deliver({"body": body, "signature": asks["signature"]}) == 200
    payment.refresh_from_db()
    assert (payment.state, granted) == (State.PENDING, [])


def test_faults_54_a_forged_or_old_notice_is_refused(
    sandbox: SandboxHands, caplog: pytest.LogCaptureFixture, time_s: list[int]
) -> None:
    user = member()
    registers(user, sandbox, GOOD)
    notice = sandbox.notices()[-1]
    assert deliver(notice | {"signature": "t=1,v1=00"}) == 400
    assert deliver(notice | {"signature": ""}) == 400
    assert deliver(notice | {"body": notice["body"].replace("evt_", "evt-")}) == 400
    time_s[0] = 301
    assert deliver(notice) == 400
    assert not Notice.objects.exists()
    assert Client().get("/payments/notices/").status_code == 405
    assert notice["signature"] not in caplog.text


# -- refunds


def test_faults_46_a_refund_is_given_once(
    sandbox: SandboxHands, granted: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    user, key = member(), a_key()
    registers(user, sandbox, GOOD)
    payment = charge(key, user, 700, GOODS)
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            refund(payment, 300, f"{key}/a")
    with pytest.raises(OtherContent):
        refund(payment, 301, f"{key}/a")
    with pytest.raises(RefundRefused, match="more-than-paid"):
        refund(payment, 401, f"{key}/b")
    with django_capture_on_commit_callbacks(execute=True):
        refund(payment, 400, f"{key}/c")
    payment.refresh_from_db()
    assert (payment.state, payment.refunded_yen) == (State.REFUNDED, 700)
    assert sandbox.books(key)[0]["refunded_yen"] == 700


def test_faults_46_two_refunds_under_way_are_no_more_than_was_paid(sandbox: SandboxHands, granted: list[str]) -> None:
    user, key = member(), a_key()
    registers(user, sandbox, GOOD)
    payment = charge(key, user, 700, GOODS)
    refund(payment, 500, f"{key}/a")
    with pytest.raises(RefundRefused, match="more-than-paid"):
        refund(payment, 500, f"{key}/b")


def test_faults_46_two_answers_to_one_refund_count_once(sandbox: SandboxHands, granted: list[str]) -> None:
    user = member()
    registers(user, sandbox, GOOD)
    asked = refund(charge(a_key(), user, 700, GOODS), 300, a_key())
    for _ in range(2):
        refunding._write_down(asked.pk, Refunded("re_1"))
    assert Payment.objects.get(pk=asked.payment_id).refunded_yen == 300


def test_a_refund_of_what_is_not_paid_is_refused(granted: list[str]) -> None:
    payment = charge(a_key(), member(), 700, GOODS)
    with pytest.raises(RefundRefused, match="not-paid"):
        refund(payment, 700, a_key())


def test_a_refund_that_fails_is_shown_as_failed(sandbox: SandboxHands, granted: list[str]) -> None:
    user = member()
    registers(user, sandbox, NO_REFUND)
    payment = charge(a_key(), user, 700, GOODS)
    asked = refund(payment, 700, a_key())
    reconcile(clock.now_s())
    asked.refresh_from_db()
    payment.refresh_from_db()
    assert (asked.state, asked.code, payment.state) == (Refund.State.FAILED, "lost_or_stolen_card", State.PAID)


def test_faults_47_a_large_refund_takes_two_people(sandbox: SandboxHands, granted: list[str]) -> None:
    user, key = member(), a_key()
    registers(user, sandbox, GOOD)
    payment = charge(key, user, 9_000, GOODS)
    people = {role: User.objects.create_user(f"{role}@example.jp", role=role) for role in Role}
    one, other = people[Role.SUPERVISOR], User.objects.create_user("s2@example.jp", role=Role.SUPERVISOR)
    asked = refund(payment, 9_000, f"{key}/r", asked_by=one)
    assert asked.waits_for_approval
    reconcile(clock.now_s() + DAY_S)
    assert sandbox.books(key)[0]["refunded_yen"] == 0
    for nobody, code in ((one, "same-person"), (people[Role.CLERK], "not-a-supervisor")):
        with pytest.raises(RefundRefused, match=code):
            approve(asked.pk, nobody)
    approve(asked.pk, other)
    with pytest.raises(RefundRefused, match="not-waiting"):
        approve(asked.pk, other)
    reconcile(clock.now_s())
    assert sandbox.books(key)[0]["refunded_yen"] == 9_000


# -- auto-charge (AUT-6)


def test_aut_6_an_auto_charge_is_billed_once_however_often_it_is_delivered(sandbox: SandboxHands) -> None:
    user, key = member(), f"V001:{uuid4().hex}"
    registers(user, sandbox, GOOD)
    idm = card_of(user)
    for _ in range(3):
        owe(key, idm, 1_000, 1_795_000_000)
        work(clock.now_s())
    debt = Debt.objects.get(key=key)
    assert (debt.state, debt.tries) == (Debt.State.PAID, 1)
    assert [one["yen"] for one in sandbox.books(f"auto-charge/{key}/")] == [1_000]
    assert BookingRow.objects.filter(key=f"auto-charge/{key}/1").count() == 1


def test_aut_6_the_same_record_with_other_content_is_refused() -> None:
    idm = card_of(member())
    owe("V001:1", idm, 1_000, 1)
    with pytest.raises(OtherContent):
        owe("V001:1", idm, 2_000, 1)


def test_aut_6_a_declined_bill_is_tried_again_by_rule_then_the_card_is_barred_and_the_member_told(
    sandbox: SandboxHands, time_s: list[int], settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:  # fmt: skip
    settings.PAYMENTS_RETRY_DAYS = [1, 3]
    user, key = member(), f"V001:{uuid4().hex}"
    registers(user, sandbox, INSUFFICIENT)
    idm = card_of(user)
    owe(key, idm, 1_000, 1)
    tried = []
    with django_capture_on_commit_callbacks(execute=True):
        for day in range(6):
            time_s[0] = day * DAY_S + 60
            tried.append(bill(clock.now_s()))
    assert tried == [1, 1, 0, 0, 1, 0]
    assert Debt.objects.get(key=key).state == Debt.State.UNPAID
    assert Barred.objects.get(idm=idm).why == "insufficient_funds"
    assert [letter.to for letter in mail.outbox] == [[user.email]]
    # A new card: what is owed is paid, and auto-charge goes on.
    registers(user, sandbox, GOOD)
    assert Barred.objects.filter(idm=idm).exists()
    bill(clock.now_s())
    assert Debt.objects.get(key=key).state == Debt.State.PAID
    assert not Barred.objects.filter(idm=idm).exists()
    assert [one["state"] for one in sandbox.books(f"auto-charge/{key}/")] == ["declined"] * 3 + ["paid"]


@pytest.mark.parametrize(("number", "code"), [(EXPIRED, "expired_card"), (ASKS_ALWAYS, "authentication_required")])
def test_aut_6_a_card_that_will_never_do_is_barred_at_once(sandbox: SandboxHands, number: str, code: str) -> None:
    user = member()
    registers(user, sandbox, number)
    idm = card_of(user)
    owe(a_key(), idm, 1_000, 1)
    bill(clock.now_s())
    assert Barred.objects.get(idm=idm).why == code


def test_aut_1_without_a_credit_card_auto_charge_stands_still(sandbox: SandboxHands) -> None:
    user = member()
    registers(user, sandbox, GOOD)
    idm = card_of(user)
    forget_card(user)
    forget_card(user)
    assert registered_card(user) is None
    assert Barred.objects.get(idm=idm).why == "no_card"
    owe(a_key(), idm, 1_000, 1)
    assert bill(clock.now_s()) == 0
    registers(user, sandbox, MASTERCARD)
    assert bill(clock.now_s()) == 1
    assert not Barred.objects.exists()


def test_aut_6_what_nobody_agreed_to_pay_bars_the_card() -> None:
    owe("V001:9", "0101FFFFFFFFFFFF", 1_000, 1)
    assert bill(clock.now_s()) == 0
    assert Barred.objects.get().why == "no_card"


def test_aut_6_a_bill_whose_answer_is_lost_is_not_billed_again(sandbox: SandboxHands, time_s: list[int]) -> None:
    user, key = member(), f"V001:{uuid4().hex}"
    registers(user, sandbox, LOST)
    owe(key, card_of(user), 1_000, 1)
    for after_s in (0, 700, 1_400):
        time_s[0] = after_s
        work(clock.now_s())
    assert Debt.objects.get(key=key).state == Debt.State.PAID
    assert len(sandbox.books(f"auto-charge/{key}/")) == 1


def test_aut_6_two_workers_at_once_bill_once(sandbox: SandboxHands) -> None:
    user, key = member(), f"V001:{uuid4().hex}"
    registers(user, sandbox, GOOD)
    owe(key, card_of(user), 1_000, 1)
    begin, begun = charging.remember, list[int]()

    def meanwhile(*args: object, **named: object) -> Payment:
        if not begun:
            begun.append(0)
            begun.append(bill(clock.now_s()))  # the other worker, while this one is about to begin
        return begin(*args, **named)  # type: ignore[arg-type]

    with patch("centre.payments.billing.charging.remember", meanwhile):
        assert bill(clock.now_s()) == 1
    assert begun == [0, 0]
    assert len(sandbox.books(f"auto-charge/{key}/")) == 1


@pytest.mark.parametrize("order", ["owe back bill", "back owe bill", "owe bill back", "owe back bill back owe"])
@pytest.mark.parametrize("own_key", [True, False])
def test_gen_22_a_cancelled_auto_charge_costs_nothing(sandbox: SandboxHands, order: str, own_key: bool) -> None:
    user, key = member(), f"V001:{uuid4().hex}"
    registers(user, sandbox, GOOD)
    idm = card_of(user)
    for step in order.split():
        if step == "owe":
            owe(key, idm, 1_000, 1)
        elif step == "back":
            owe_back(f"{key}-cancel" if own_key else key, idm, 1_000, 2)
        else:
            work(clock.now_s())
    work(clock.now_s())
    assert sum(one["yen"] - one["refunded_yen"] for one in sandbox.books(f"auto-charge/{key}/")) == 0
    assert not Debt.objects.filter(state=Debt.State.OPEN).exists()
    booked = BookingRow.objects.filter(key__contains=key).count()
    assert booked == (2 if "bill back" in order and "back bill" not in order else 0)


def test_gen_22_cancelled_while_the_bill_is_under_way(sandbox: SandboxHands, time_s: list[int]) -> None:
    user, key = member(), f"V001:{uuid4().hex}"
    registers(user, sandbox, LOST)
    idm = card_of(user)
    owe(key, idm, 1_000, 1)
    bill(clock.now_s())
    owe_back(key, idm, 1_000, 2)
    assert Debt.objects.get(key=key).state == Debt.State.OPEN
    time_s[0] = 60
    work(clock.now_s())
    work(clock.now_s())
    assert [one["refunded_yen"] for one in sandbox.books(f"auto-charge/{key}/")] == [1_000]


def test_owed_once_more_with_a_revision_is_billed_once_more(sandbox: SandboxHands) -> None:
    user, key = member(), f"V001:{uuid4().hex}"
    registers(user, sandbox, GOOD)
    idm = card_of(user)
    owe(key, idm, 1_000, 1)
    owe_back(f"{key}~2", idm, 1_000, 1)
    owe(f"{key}~3", idm, 1_000, 1)
    work(clock.now_s())
    assert [one["yen"] for one in sandbox.books("auto-charge/") if key in one["reference"]] == [1_000]


# -- the service is away, or not set


def test_a_service_that_is_away_is_said_to_the_member(settings: Settings) -> None:
    settings.PAYMENTS_URL = "http://127.0.0.1:9"
    with pytest.raises(ServiceAway):
        begin_registration(member(), "/")
    payment = charge(a_key(), member(), 100, GOODS)
    assert (payment.state, payment.code) == (State.PENDING, "unreachable")


def test_without_a_service_there_is_nothing_to_do(settings: Settings) -> None:
    settings.PAYMENTS = ""
    assert work(clock.now_s()) == 0


# -- faults 58: tokens only

_LIKE_A_CARD = re.compile("card_?(number|no)|(^|_)(pan|cvc|cvv|csc)(_|$)|security_?code|expiry|exp_?(month|year)")
_PAN = re.compile(r"(?<![0-9a-fA-F])[2-6](?:[ -]?[0-9]){12,18}(?![0-9a-fA-F])")


def like_a_pan(text: str) -> list[str]:
    """Card numbers in a text: the length, the first digit and the check digit (Luhn) of one."""
    found = [re.sub("[ -]", "", one) for one in _PAN.findall(text)]
    return [one for one in found if sum(_luhn(int(digit), at) for at, digit in enumerate(reversed(one))) % 10 == 0]


def _luhn(digit: int, at: int) -> int:
    return digit if at % 2 == 0 else sum(divmod(2 * digit, 10))


def test_faults_58_no_table_has_a_field_for_a_credit_card() -> None:
    fields = [f"{model._meta.label}.{field.name}" for model in apps.get_models() for field in model._meta.get_fields()]
    assert len(fields) > 100
    assert [name for name in fields if _LIKE_A_CARD.search(name.rpartition(".")[2])] == []
    last4 = Customer._meta.get_field("last4")
    assert isinstance(last4, models.CharField)
    assert last4.max_length == 4


def test_faults_58_the_scan_would_find_one() -> None:
    for name in ("card_number", "pan", "cvc", "expiry_month", "security_code", "card_pan"):
        assert _LIKE_A_CARD.search(name)
    for name in ("card", "number", "span", "expires", "company"):
        assert not _LIKE_A_CARD.search(name)
    text = "x 4242 4242 4242 4242, 4242424242424241 1795000000 V001:5555555555554444 x"
    assert like_a_pan(text) == ["4242424242424242", "5555555555554444"]


def test_faults_58_nothing_typed_at_the_page_reaches_us_or_a_log(
    sandbox: SandboxHands, granted: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Every answer of the service that we read, every row and every log line of a whole purchase."""
    caplog.set_level(logging.DEBUG)
    heard: list[bytes] = []
    whole = httpx.Response.iter_bytes

    def listening(self: httpx.Response, chunk_size: int | None = None) -> Iterator[bytes]:
        for piece in whole(self, chunk_size):
            heard.append(piece)
            yield piece

    with patch.object(httpx.Response, "iter_bytes", listening):
        user = member()
        registers(user, sandbox, GOOD)
        charge(a_key(), user, 700, GOODS)
    assert b"".join(heard)
    written = [str(row) for model in apps.get_models() for row in model._default_manager.values_list()]
    for text in (b"".join(heard).decode(), *written, caplog.text):
        assert like_a_pan(text) == []
    assert "Bearer" not in caplog.text


def test_secrets_are_not_in_what_goes_wrong(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.PAYMENTS_KEY = "a wrong key of the tests"
    user = member()
    payment = charge(a_key(), user, 1, GOODS)
    assert (payment.state, payment.code) == (State.PENDING, "misuse")
    Payment.objects.filter(pk=payment.pk).update(service_id="pi_x")
    assert reconcile(clock.now_s() + 60) == 0
    assert "could not be gone on with" in caplog.text
    assert "401" in caplog.text
    assert "a wrong key of the tests" not in caplog.text
    assert urlsplit(settings.PAYMENTS_URL).netloc
