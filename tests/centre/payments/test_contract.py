"""Both adapters, through the same table, against the sandbox's process."""

import time
from uuid import uuid4

import pytest

from centre.payments.port import (
    Asked,
    Begun,
    CardThere,
    Declined,
    NeedsMember,
    Nothing,
    NoticeRefused,
    Notified,
    Paid,
    PaymentService,
    Refunded,
    ServiceMisuse,
    Unknown,
)
from centre.payments.sandbox import Sandbox
from centre.payments.stripe_checkout import StripeCheckout
from tests.centre.payments.sandbox_process import KEY, SandboxHands

BACK = "http://127.0.0.1:8000/payments/back/x/"
GOOD, DECLINED, INSUFFICIENT, EXPIRED = "4242424242424242", "4000000000000341", "4000000000009995", "4000000000000069"
ASKS_ONCE, ASKS_ALWAYS, PROCESSING = "4000002500003155", "4000002760003184", "4000007700000018"
LATE, LOST, NO_REFUND = "4000007700000026", "4000007700000034", "4000000000005126"


def registered(service: PaymentService, sandbox: SandboxHands, number: str) -> CardThere:
    customer = service.customer(uuid4().hex)
    assert isinstance(customer, str)
    begun = service.begin_registration(uuid4().hex, customer, BACK)
    assert isinstance(begun, Begun)
    sandbox.type_card(begun.url, number)
    card = service.registration(begun.service_id)
    assert isinstance(card, CardThere)
    return card


def asked(card: CardThere, yen: int = 1_230, *, with_member: bool = False, token: str | None = None) -> Asked:
    token = card.token if token is None else token
    return Asked(f"test/{uuid4().hex}", card.customer, token, yen, "定期券 Pass", BACK, with_member)


def test_prt_4_a_card_is_registered_at_a_page_outside_and_a_token_comes_back(
    service: PaymentService, sandbox: SandboxHands
) -> None:
    customer = service.customer("somebody")
    assert isinstance(customer, str)
    assert service.customer("somebody") == customer
    begun = service.begin_registration(uuid4().hex, customer, BACK)
    assert isinstance(begun, Begun)
    assert service.registration(begun.service_id) == NeedsMember(begun.url, begun.service_id)
    assert sandbox.type_card(begun.url, "5555 5555 5555 4444").headers["Location"] == BACK
    card = service.registration(begun.service_id)
    assert isinstance(card, CardThere)
    assert (card.customer, card.brand, card.last4) == (customer, "mastercard", "4444")
    assert card.token.startswith("pm_")


@pytest.mark.parametrize(
    ("number", "with_member", "code"),
    [
        (DECLINED, False, "card_declined"),
        (INSUFFICIENT, True, "insufficient_funds"),
        (EXPIRED, False, "expired_card"),
        (ASKS_ALWAYS, False, "authentication_required"),
        (GOOD, False, ""),
        (ASKS_ONCE, False, ""),
    ],
)
def test_a_charge_ends_as_its_card_does(
    service: PaymentService, sandbox: SandboxHands, number: str, with_member: bool, code: str
) -> None:
    asking = asked(registered(service, sandbox, number), with_member=with_member)
    outcome = service.pay(asking)
    if code:
        assert isinstance(outcome, Declined)
        assert outcome.code == code
    else:
        assert isinstance(outcome, Paid)
        assert (outcome.key, outcome.yen) == (asking.key, 1_230)
    assert service.pay(asking) == outcome
    assert service.payment(outcome.service_id) == outcome == service.find(asking.key, asking.customer, 0)


@pytest.mark.parametrize("is_them", [True, False])
def test_a_card_that_asks_for_its_member_each_time(
    service: PaymentService, sandbox: SandboxHands, is_them: bool
) -> None:
    asking = asked(registered(service, sandbox, ASKS_ALWAYS), with_member=True)
    outcome = service.pay(asking)
    assert isinstance(outcome, NeedsMember)
    assert service.payment(outcome.service_id) == outcome
    assert sandbox.prove(outcome.url, is_them=is_them).headers["Location"] == BACK
    assert isinstance(service.payment(outcome.service_id), Paid if is_them else Declined)


def test_without_a_card_the_member_pays_at_a_page(service: PaymentService, sandbox: SandboxHands) -> None:
    asking = asked(registered(service, sandbox, GOOD), token="", with_member=True)
    page = service.pay(asking)
    assert isinstance(page, NeedsMember)
    assert service.find(asking.key, asking.customer, 0) == page
    assert sandbox.type_card(page.url, DECLINED).status_code == 422
    assert service.payment(page.service_id) == page == service.find(asking.key, asking.customer, 0)
    sandbox.type_card(page.url, ASKS_ALWAYS)
    paid = service.payment(page.service_id)
    assert isinstance(paid, Paid)
    assert (paid.key, paid.yen) == (asking.key, 1_230)
    assert service.find(asking.key, asking.customer, 0) == paid


def test_what_nobody_waits_for_any_more_cannot_be_paid(service: PaymentService, sandbox: SandboxHands) -> None:
    card = registered(service, sandbox, ASKS_ALWAYS)
    for asking in (asked(card, with_member=True), asked(card, token="", with_member=True)):
        waiting = service.pay(asking)
        assert isinstance(waiting, NeedsMember)
        assert isinstance(service.abandon(waiting.service_id), Declined)
        assert sandbox.prove(waiting.url).status_code == 410
        assert isinstance(service.payment(waiting.service_id), Declined)


def test_abandoning_what_is_paid_finds_it_paid(service: PaymentService, sandbox: SandboxHands) -> None:
    paid = service.pay(asked(registered(service, sandbox, GOOD)))
    assert isinstance(paid, Paid)
    assert service.abandon(paid.service_id) == paid


def test_faults_57_an_answer_that_is_lost_is_asked_for_again_with_the_same_key(
    service: PaymentService, sandbox: SandboxHands
) -> None:
    asking = asked(registered(service, sandbox, LOST))
    assert service.pay(asking) == Unknown("unreachable")
    assert isinstance(service.pay(asking), Paid)
    assert isinstance(service.find(asking.key, asking.customer, 0), Paid)
    assert [one["state"] for one in sandbox.books(asking.key)] == ["paid"]


def test_faults_57_an_answer_that_is_late_is_not_waited_for(
    service: PaymentService, sandbox: SandboxHands, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = asked(registered(service, sandbox, LATE))
    monkeypatch.setattr("centre.payments.line.ANSWER_S", 0.2)
    hasty: PaymentService = type(service)(sandbox.url, KEY, "")  # type: ignore[call-arg]
    assert hasty.pay(asking) == Unknown("timeout")
    hasty.hang_up()
    assert isinstance(service.find(asking.key, asking.customer, 0), Paid)


def test_what_is_being_processed_is_known_later(service: PaymentService, sandbox: SandboxHands) -> None:
    outcome = service.pay(asked(registered(service, sandbox, PROCESSING)))
    assert isinstance(outcome, Unknown)
    assert outcome.why == "processing"
    sandbox.post("/control/process")
    assert isinstance(service.payment(outcome.service_id), Paid)


def test_a_busy_service_is_unknown(service: PaymentService, sandbox: SandboxHands) -> None:
    card = registered(service, sandbox, GOOD)
    sandbox.wish(busy=1)
    assert service.pay(asked(card)) == Unknown("busy")


def test_nothing_is_known_of_what_was_never_asked(service: PaymentService, sandbox: SandboxHands) -> None:
    card = registered(service, sandbox, GOOD)
    assert service.find("never", card.customer, 0) == Nothing()
    assert service.payment("pi_never") == service.payment("cs_never") == Nothing()


def test_faults_46_a_refund_is_given_once_and_never_more_than_was_paid(
    service: PaymentService, sandbox: SandboxHands
) -> None:
    asking = asked(registered(service, sandbox, GOOD))
    paid = service.pay(asking)
    assert isinstance(paid, Paid)
    key = uuid4().hex
    refunded = service.refund(key, paid.service_id, 1_000)
    assert isinstance(refunded, Refunded)
    assert service.refund(key, paid.service_id, 1_000) == refunded
    assert isinstance(service.refund(uuid4().hex, paid.service_id, 231), Declined)
    assert isinstance(service.refund(uuid4().hex, paid.service_id, 230), Refunded)
    assert sandbox.books(asking.key)[0]["refunded_yen"] == 1_230


def test_a_refund_that_fails_says_why(service: PaymentService, sandbox: SandboxHands) -> None:
    paid = service.pay(asked(registered(service, sandbox, NO_REFUND)))
    assert isinstance(paid, Paid)
    failed = service.refund(uuid4().hex, paid.service_id, 1_230)
    assert isinstance(failed, Declined)
    assert failed.code == "lost_or_stolen_card"


def test_a_forgotten_card_is_charged_no_more(service: PaymentService, sandbox: SandboxHands) -> None:
    card = registered(service, sandbox, GOOD)
    assert service.forget_card(card.token)
    assert service.forget_card(card.token)
    with pytest.raises(ServiceMisuse):
        service.pay(asked(card))


def test_the_same_key_with_another_amount_is_our_own_fault(service: PaymentService, sandbox: SandboxHands) -> None:
    asking = asked(registered(service, sandbox, GOOD))
    service.pay(asking)
    with pytest.raises(ServiceMisuse):
        service.pay(asking._replace(yen=1))


@pytest.mark.parametrize("adapter", [Sandbox, StripeCheckout])
def test_a_wrong_key_is_our_own_fault_and_is_not_told(
    sandbox: SandboxHands, adapter: type[Sandbox] | type[StripeCheckout]
) -> None:
    stranger = adapter(sandbox.url, "a wrong key", "")
    with pytest.raises(ServiceMisuse) as fault:
        stranger.customer("x")
    stranger.hang_up()
    assert "a wrong key" not in str(fault.value)


def test_no_service_is_unknown() -> None:
    nobody = Sandbox("http://127.0.0.1:9", KEY, "")
    assert nobody.customer("x") == Unknown("unreachable")
    nobody.hang_up()


def test_faults_54_its_notices_are_known_by_their_signature(service: PaymentService, sandbox: SandboxHands) -> None:
    paid = service.pay(asked(registered(service, sandbox, GOOD)))
    assert isinstance(paid, Paid)
    newest = sandbox.notices()[-1]
    now_s = int(time.time())
    notice = service.verify(newest["body"].encode(), newest["signature"], now_s)
    assert isinstance(notice, Notified)
    assert (notice.kind, notice.subject) == ("payment_intent.succeeded", paid.service_id)
    assert isinstance(service.verify(newest["body"].encode() + b" ", newest["signature"], now_s), NoticeRefused)
