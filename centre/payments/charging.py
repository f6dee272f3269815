"""Payments: asked for once a key, known when the service says so, granted once.

    remembered (durable) -> asked, outside of any transaction -> what came of it is written, and what was paid granted

Whatever breaks off between two of these is gone on with by `reconcile` (faults 57).
"""

import logging
from collections.abc import Callable
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.urls import reverse

from centre import clock
from centre.payments.configured import payment_service
from centre.payments.customers import customer_of, customer_there, ours
from centre.payments.models import Payment, Refund, State
from centre.payments.port import (
    Asked,
    Declined,
    NeedsMember,
    Nothing,
    Outcome,
    Paid,
    PaymentService,
    ServiceMisuse,
    Unknown,
)
from centre.payments.retrying import KEY_HOLDS_S, MEMBER_WAITS_S, again_after_s
from centre.users.models import User

_log = logging.getLogger(__name__)

Handler = Callable[[Payment], None]
_granting: dict[str, Handler] = {}
_giving_up: dict[str, Handler] = {}


class OtherContent(ValueError):
    """A key that was asked for already comes with another amount, payer or purpose."""


class CannotGrant(Exception):
    """What was paid for can't be had any more: the payment is given back. Raised by a handler; its text says why."""


def when_paid(what: str, handler: Handler) -> None:
    """Have `handler` grant what payments of this kind pay for: called once a payment, in the transaction that marks it.

    If it raises, nothing of it holds and it is called again later; CannotGrant gives the money back.
    """
    _granting[what] = handler


def when_failed(what: str, handler: Handler) -> None:
    """Have `handler` told, in the same transaction, of each payment of this kind that failed."""
    _giving_up[what] = handler


def charge(key: str, user: AbstractBaseUser, yen: int, what: str, *, text: str = "", return_url: str = "/") -> Payment:
    """The payment with this key, asked for if it is new.

    While it is pending and has a `url`, the member has to go there; they come back to `return_url` (ours).
    Raises OtherContent, and ValueError for an address elsewhere. Not to be called within a transaction: that it was
    asked must outlast whatever follows.
    """
    payment = remember(key, user, yen, what, text=text, return_url=ours(return_url))
    return ask(payment) if payment.asks == 0 and payment.state == State.PENDING else payment


def remember(
    key: str, user: AbstractBaseUser, yen: int, what: str, *, text: str, return_url: str, with_member: bool = True
) -> Payment:
    """The payment's row, made durable before anybody is asked."""
    assert isinstance(user, User)
    with transaction.atomic(durable=with_member):
        customer = customer_of(user)
        now_s = clock.now_s()
        payment, _ = Payment.objects.get_or_create(
            key=key,
            defaults={
                "user": user,
                "yen": yen,
                "what": what,
                "text": text,
                "service": payment_service().name,
                "token": customer.token,
                "reference": uuid4().hex,
                "return_url": return_url if with_member else "",
                "made_at_s": now_s,
                "next_ask_s": now_s,
            },
        )
    if (payment.user_id, payment.yen, payment.what) != (user.pk, yen, what):
        raise OtherContent(f"payment {key} was asked for with other content")
    return payment


def claim(payment: Payment, now_s: int) -> bool:
    """Take it on: of those who would ask at once, one may."""
    claimed = Payment.objects.filter(pk=payment.pk, asks=payment.asks, next_ask_s=payment.next_ask_s).update(
        asks=payment.asks + 1, next_ask_s=now_s + again_after_s(payment.asks)
    )
    return bool(claimed)


def ask(payment: Payment) -> Payment:
    """Ask the service for the first time, or again where it may never have heard of it."""
    if not claim(payment, clock.now_s()):
        payment.refresh_from_db()
        return payment
    return write_down(payment.pk, _pay(payment_service(), payment), clock.now_s())


def look_again(payment: Payment) -> Payment:
    """Ask the service how it stands, and write that down."""
    service, now_s = payment_service(), clock.now_s()
    too_late = now_s - payment.made_at_s >= MEMBER_WAITS_S
    if payment.service != service.name:
        return payment
    if payment.service_id:
        outcome = service.payment(payment.service_id)
        if isinstance(outcome, NeedsMember) and too_late:
            outcome = service.abandon(payment.service_id)
    elif payment.customer_id_there:
        outcome = service.find(payment.key, payment.customer_id_there, payment.made_at_s - KEY_HOLDS_S)
    else:
        outcome = Nothing()
    if isinstance(outcome, Nothing):
        # Its key still holds: if it arrives after all, it is the same payment.
        young = now_s - payment.made_at_s < KEY_HOLDS_S // 2
        outcome = _pay(service, payment) if young and not payment.service_id else Declined("never-asked")
    return write_down(payment.pk, outcome, now_s)


def _pay(service: PaymentService, payment: Payment) -> Outcome:
    """Ask. A fault of ours is logged and leaves it pending: what follows of it is for whoever mends us."""
    try:
        return _asked(service, payment)
    except ServiceMisuse as fault:
        _log.error("payment %s: %s", payment.pk, fault)
        return Unknown("misuse")


def _asked(service: PaymentService, payment: Payment) -> Outcome:
    there = payment.customer_id_there or customer_there(service, payment.user)
    if isinstance(there, Unknown):
        return there
    if not payment.customer_id_there:
        # Durable before the payment may be: it is looked for by this.
        Payment.objects.filter(pk=payment.pk).update(customer_id_there=there)
    return service.pay(
        Asked(
            key=payment.key,
            customer=there,
            token=payment.token,
            yen=payment.yen,
            text=payment.text or payment.what,
            return_url=settings.CENTRE_URL + reverse("payments:back", args=[payment.reference]),
            with_member=bool(payment.return_url),
        )
    )


@transaction.atomic
def write_down(pk: int, outcome: Outcome, now_s: int) -> Payment:
    """What came of it. A payment that ended stays as it ended; money that comes in after that goes back."""
    payment = Payment.objects.select_for_update().get(pk=pk)
    match outcome:
        case Paid(service_id, key, yen):
            if (key, yen) != (payment.key, payment.yen):
                _log.error("payment %s: the service names another amount or key; nothing is granted", payment.pk)
                payment.code, payment.next_ask_s = "other-content", None
            elif payment.state in {State.PENDING, State.FAILED}:
                _paid(payment, service_id, now_s)
        case _ if payment.state != State.PENDING:
            return payment
        case Declined(code, service_id):
            payment.state, payment.code, payment.next_ask_s, payment.url = State.FAILED, code[:64], None, ""
            payment.service_id = service_id or payment.service_id
            payment.save()
            if payment.what in _giving_up:
                _giving_up[payment.what](payment)
        case NeedsMember(url, service_id):
            payment.url, payment.service_id, payment.code = url, service_id, "needs-member"
        case Unknown(why, service_id):
            payment.code, payment.service_id = why, service_id or payment.service_id
    payment.save()
    return payment


def _paid(payment: Payment, service_id: str, now_s: int) -> None:
    was_told_failed = payment.state == State.FAILED
    payment.state, payment.code, payment.url, payment.next_ask_s = State.PAID, "", "", None
    payment.service_id, payment.paid_at_s = service_id, now_s
    payment.save()
    why_back = "paid after it had failed" if was_told_failed else _granted(payment)
    payment.was_granted = not why_back
    if why_back:
        Refund.objects.create(
            key=f"not-granted/{payment.key}",
            payment=payment,
            yen=payment.yen,
            why=why_back[:120],
            made_at_s=now_s,
            next_ask_s=now_s,
        )


def _granted(payment: Payment) -> str:
    """Grant what was paid for. Why not, if it can't be."""
    handler = _granting.get(payment.what)
    if handler is None:
        raise LookupError(f"nobody grants payments of the kind {payment.what}")
    try:
        with transaction.atomic():
            handler(payment)
    except CannotGrant as why:
        return str(why) or "cannot be granted"
    return ""
