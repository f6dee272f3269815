"""A pass bought in the portal, and money given back for it: once, and never both pass and money (faults 46)."""

from collections.abc import Callable
from datetime import date

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from centre.bundles.models import Directive
from centre.bundles.services import seen
from centre.cards.models import Card, SoldPass
from centre.clock import now_s, today
from centre.counter.models import ActState, CounterAct
from centre.ledger.models import PostingRow
from centre.payments.models import Payment, Refund
from centre.payments.port import Declined, Paid, Refunded, Unknown
from centre.payments.refunding import RefundRefused, approve, refund
from centre.payments.services import charge, reconcile
from centre.portal.models import MemberCard, Renewal, RenewalState
from centre.users.models import Role, User
from tests.centre.portal.people import member, owned, with_pass
from tests.centre.portal.service import Service

pytestmark = pytest.mark.django_db
FIRST, LAST, YEN = date(2026, 9, 20), date(2026, 10, 19), 9_660
Commits = DjangoCaptureOnCommitCallbacks


@pytest.fixture
def mine(move_to: Callable[[date], None]) -> MemberCard:
    move_to(date(2026, 9, 13))
    found = owned(member())
    with_pass(found.card, ends_in_days=6)
    return found


def buys(mine: MemberCard) -> Payment:
    """A month's pass from 20 September on."""
    made = Renewal.objects.create(
        user=mine.member.user,
        card=mine.card,
        renewed=mine.card.passes.get(),
        months=1,
        first_day=FIRST,
        last_day=LAST,
        price_yen=YEN,
        made_at_s=now_s(),
    )
    return charge(f"pass/{made.key}", mine.member.user, YEN, "pass")


def clerk(role: Role = Role.CLERK) -> User:
    return User.objects.create_user(f"{role}@example.jp", "x", role=role)


def pending(card: Card, state: ActState = ActState.PENDING) -> CounterAct:
    """A card that left the counter's reader too soon."""
    return CounterAct.objects.create(
        key="torn", operation="refund-card", scheme=card.scheme, idm=card.idm, clerk=clerk(), state=state, begun_at_s=1
    )


def accounts() -> dict[str, int]:
    found: dict[str, int] = {}
    for row in PostingRow.objects.all():
        found[row.kind] = found.get(row.kind, 0) + row.yen
    return {kind: yen for kind, yen in found.items() if yen}


def test_faults_46_a_pass_that_no_bus_has_written_goes_with_its_money(
    mine: MemberCard, service: Service, django_capture_on_commit_callbacks: Commits
) -> None:
    payment = buys(mine)
    assert accounts() == {"processor": YEN, "passes": -YEN}
    with django_capture_on_commit_callbacks(execute=True):
        refund(payment, YEN, "by-clerk/1")
    sold = SoldPass.objects.latest("pk")
    assert (sold.refunded_on, Directive.objects.get().state) == (today(), "withdrawn")
    assert Renewal.objects.get().state == RenewalState.REFUNDED
    assert (accounts(), list(service.refunded.values())) == ({}, [YEN])
    with pytest.raises(RefundRefused, match="more-than-paid"):
        refund(payment, 1, "by-clerk/2")


@pytest.mark.parametrize(
    ("befalls", "yen", "code"),
    [
        (lambda card: SoldPass.objects.filter(in_portal=True).update(refunded_on=today()), YEN, "given-back"),
        (lambda card: seen(card.idm, 1, now_s()), YEN, "at-the-counter"),
        (pending, YEN, "card-pending"),
        (lambda card: None, YEN - 1, "only-whole"),
    ],
)
def test_faults_46_what_the_counter_gives_back_the_credit_card_does_not(
    mine: MemberCard, service: Service, befalls: Callable[[Card], object], yen: int, code: str
) -> None:
    payment = buys(mine)
    befalls(mine.card)
    with pytest.raises(RefundRefused, match=code):
        refund(payment, yen, "by-clerk/1")
    assert not Refund.objects.exists() and not service.refunded
    assert Renewal.objects.get().state == RenewalState.DONE


def test_faults_47_the_pass_stands_until_the_second_person_says_yes(
    mine: MemberCard, service: Service, settings: object, django_capture_on_commit_callbacks: Commits
) -> None:
    settings.PAYMENTS_REFUND_ALONE_YEN = 0  # type: ignore[attr-defined]
    asked = refund(buys(mine), YEN, "by-clerk/1", asked_by=clerk())
    sold = SoldPass.objects.latest("pk")
    assert (sold.refunded_on, Directive.objects.get().is_open) == (None, True)
    with django_capture_on_commit_callbacks(execute=True):
        approve(asked.pk, clerk(Role.SUPERVISOR))
    sold.refresh_from_db()
    assert (sold.refunded_on, Directive.objects.get().is_open, accounts()) == (today(), False, {})


def test_a_refund_that_the_service_declined_is_asked_for_again(
    mine: MemberCard,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Commits,
) -> None:
    payment = buys(mine)
    answers = iter((Declined("charge_disputed"), Refunded("re_2")))
    monkeypatch.setattr(service, "refund", lambda *_: next(answers))
    for key in ("by-clerk/1", "by-clerk/2"):
        with django_capture_on_commit_callbacks(execute=True):
            refund(payment, YEN, key)
    assert list(Refund.objects.order_by("pk").values_list("state", flat=True)) == ["failed", "done"]
    assert accounts() == {}


def test_faults_5_nothing_is_granted_to_a_card_that_a_counter_may_have_refunded(
    mine: MemberCard, service: Service
) -> None:
    service.answer = Unknown("timeout")
    payment = buys(mine)
    pending(mine.card)
    service.answer = Paid
    Payment.objects.update(next_ask_s=now_s())
    reconcile(now_s())
    payment.refresh_from_db()
    assert (payment.state, payment.was_granted) == ("refunded", False)
    assert not SoldPass.objects.filter(in_portal=True).exists() and accounts() == {}
