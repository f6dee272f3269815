"""What clerks see of payments, and how they give money back (faults 46, 47)."""

import re
from collections.abc import Iterator
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from centre import clock
from centre.counter.models import TrailEntry
from centre.payments import charging
from centre.payments.models import Payment, Refund, State
from centre.payments.services import bill, charge, owe, reconcile, when_paid
from centre.portal.rules_entry import SCHEME
from centre.users.models import Role
from tests.centre.counter.staff import person, signed_in
from tests.centre.payments.people import GOOD, card_of, member, registers
from tests.centre.payments.sandbox_process import SandboxHands

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("configured")]


@pytest.fixture
def kind() -> str:
    """One adapter is enough here."""
    return "sandbox"


@pytest.fixture
def paid(sandbox: SandboxHands) -> Iterator[Payment]:
    user = member()
    registers(user, sandbox, GOOD)
    with patch.dict(charging._granting):
        when_paid("pages", lambda payment: None)
        yield charge(f"pages/{uuid4()}", user, 8_800, "pages", text="定期券")


def key_of(page: bytes) -> str:
    found = re.search(rb'name="key" value="([0-9a-f-]{36})"', page)
    assert found is not None
    return found[1].decode()


def test_a_clerk_finds_a_payment_and_gives_some_of_it_back_once(
    paid: Payment, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    clerk = signed_in(person(Role.CLERK, scheme=SCHEME))
    listed = clerk.get("/payments/", {"state": "paid", "text": paid.user.email}).content.decode()
    assert f"/payments/{paid.pk}/" in listed
    assert "8,800" in listed
    assert f"/payments/{paid.pk}/" not in clerk.get("/payments/", {"state": "failed"}).content.decode()
    key = key_of(clerk.get(f"/payments/{paid.pk}/").content)
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            answer = clerk.post(f"/payments/{paid.pk}/refund/", {"key": key, "yen": 800, "why": "誤購入"})
        assert answer.status_code == 302
    paid.refresh_from_db()
    assert (paid.refunded_yen, Refund.objects.count()) == (800, 1)
    assert TrailEntry.objects.filter(operation="payment-refund", yen=800).exists()


@pytest.mark.parametrize(("yen", "status"), [(8_801, 409), (0, 422), (-1, 422), ("x", 422), ("", 422)])
def test_faults_44_what_cannot_be_given_back_is_refused(paid: Payment, yen: object, status: int) -> None:
    clerk = signed_in(person(Role.CLERK, scheme=SCHEME))
    key = key_of(clerk.get(f"/payments/{paid.pk}/").content)
    assert clerk.post(f"/payments/{paid.pk}/refund/", {"key": key, "yen": yen, "why": "x"}).status_code == status
    assert not Refund.objects.exists()


def test_faults_47_above_the_limit_another_supervisor_approves(paid: Payment) -> None:
    asking, other = signed_in(person(Role.SUPERVISOR, "a", SCHEME)), signed_in(person(Role.SUPERVISOR, "b", SCHEME))
    clerk = signed_in(person(Role.CLERK, scheme=SCHEME))
    key = key_of(asking.get(f"/payments/{paid.pk}/").content)
    asking.post(f"/payments/{paid.pk}/refund/", {"key": key, "yen": 8_800, "why": "誤購入"})
    refund = Refund.objects.get()
    assert refund.waits_for_approval
    assert "誤購入" in other.get("/payments/").content.decode()
    assert clerk.post(f"/payments/refunds/{refund.pk}/approve/").status_code == 403
    asking.post(f"/payments/refunds/{refund.pk}/approve/")
    reconcile(clock.now_s())
    paid.refresh_from_db()
    assert paid.refunded_yen == 0
    other.post(f"/payments/refunds/{refund.pk}/approve/")
    reconcile(clock.now_s())
    paid.refresh_from_db()
    assert paid.state == State.REFUNDED
    assert TrailEntry.objects.get(what="approved", operation="payment-refund").approved_by == refund_approver(refund)


def refund_approver(refund: Refund) -> object:
    refund.refresh_from_db()
    return refund.approved_by


def test_an_auditor_looks_and_changes_nothing(paid: Payment) -> None:
    auditor = signed_in(person(Role.AUDITOR, scheme=SCHEME))
    assert auditor.get("/payments/").status_code == 200
    page = auditor.get(f"/payments/{paid.pk}/")
    assert b"/refund/" not in page.content
    assert auditor.post(f"/payments/{paid.pk}/refund/", {"yen": 1}).status_code == 403


def test_who_is_not_staff_is_asked_to_sign_in(paid: Payment) -> None:
    for path in ("/payments/", f"/payments/{paid.pk}/"):
        assert Client().get(path).headers["Location"].startswith("/counter/login?")
    browser = Client()
    browser.force_login(paid.user)
    assert browser.get("/payments/").status_code == 302
    assert Client(enforce_csrf_checks=True).post(f"/payments/{paid.pk}/refund/").status_code == 403


def test_unpaid_auto_charges_are_listed() -> None:
    idm = card_of(member())
    owe("V001:7", idm, 1_000, 1)
    bill(clock.now_s())
    clerk = signed_in(person(Role.CLERK, scheme=SCHEME))
    page = clerk.get("/payments/", headers={"Accept-Language": "en"}).content.decode()
    assert idm in page
    assert "Auto-charges that nobody paid" in page


def test_faults_52_a_clerk_of_another_operator_neither_sees_nor_moves_the_members_money(paid: Payment) -> None:
    other = signed_in(person(Role.SUPERVISOR, "other", "lococa"))
    sent = {"key": str(uuid4()), "yen": 100, "why": "x"}
    assert other.get("/payments/").status_code == 403
    assert other.get(f"/payments/{paid.pk}/").status_code == 403
    assert other.post(f"/payments/{paid.pk}/refund/", sent).status_code == 403
    assert not Refund.objects.exists()


def test_the_menu_leads_to_payments_who_may_see_them() -> None:
    own, other = signed_in(person(Role.CLERK, "own", SCHEME)), signed_in(person(Role.CLERK, "other", "lococa"))
    assert ["/payments/" in at.get("/counter/").content.decode() for at in (own, other)] == [True, False]
