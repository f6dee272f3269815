"""Money given back: once a key, never more than was paid, by two people above a limit (faults 46, 47)."""

from collections.abc import Callable

from django.conf import settings
from django.db import transaction

from centre import clock
from centre.payments.charging import OtherContent
from centre.payments.configured import payment_service
from centre.payments.models import Payment, Refund, State
from centre.payments.port import Declined, Refunded, Unknown
from centre.payments.retrying import again_after_s
from centre.users.models import Role, User


class RefundRefused(ValueError):
    """Not to be given back. `code`: `not-paid`, `more-than-paid`, `same-person`, `not-a-supervisor`, `not-waiting`, or
    one of whoever sold it (`before_refund`).
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


_allowing: dict[str, Callable[[Refund], None]] = {}
_telling: dict[str, Callable[[Refund], None]] = {}


def before_refund(what: str, handler: Callable[[Refund], None]) -> None:
    """Have `handler` take back what a payment of this kind paid for, in the transaction that makes its refund due.

    Called for what was granted, once a refund; if it may not be, it raises RefundRefused and nothing is given back.
    """
    _allowing[what] = handler


def when_refunded(what: str, handler: Callable[[Refund], None]) -> None:
    """Have `handler` told of each refund of a granted payment of this kind, in the transaction that marks it: once."""
    _telling[what] = handler


def refund(payment: Payment, yen: int, key: str, *, why: str = "", asked_by: User | None = None) -> Refund:
    """The refund with this key, asked for if it is new. Raises RefundRefused, OtherContent.

    A clerk's above the limit waits for a supervisor's `approve`. The service is asked once the transaction it is part
    of is committed, and by `reconcile` if that breaks off.
    """
    with transaction.atomic():
        payment = Payment.objects.select_for_update().get(pk=payment.pk)
        known = Refund.objects.filter(key=key).first()
        if known is not None:
            if (known.payment_id, known.yen) != (payment.pk, yen):
                raise OtherContent(f"refund {key} was asked for with other content")
            return known
        if payment.state not in {State.PAID, State.REFUNDED}:
            raise RefundRefused("not-paid")
        if not 0 < yen <= left_yen(payment):
            raise RefundRefused("more-than-paid")
        waits = asked_by is not None and yen > settings.PAYMENTS_REFUND_ALONE_YEN
        now_s = clock.now_s()
        new = Refund.objects.create(
            key=key,
            payment=payment,
            yen=yen,
            why=why,
            asked_by=asked_by,
            waits_for_approval=waits,
            made_at_s=now_s,
            next_ask_s=None if waits else now_s,
        )
        if not waits:
            _due(new)
    new.refresh_from_db()
    return new


def left_yen(payment: Payment) -> int:
    """What can still be given back: neither gone back nor on its way."""
    under_way = payment.refunds.filter(state=Refund.State.PENDING).values_list("yen", flat=True)
    return payment.yen - payment.refunded_yen - sum(under_way)


@transaction.atomic
def approve(refund_pk: int, supervisor: User) -> Refund:
    """The second person says yes; raises RefundRefused."""
    asked = Refund.objects.select_for_update().get(pk=refund_pk)
    if not asked.waits_for_approval or asked.state != Refund.State.PENDING:
        raise RefundRefused("not-waiting")
    if supervisor.role != Role.SUPERVISOR:
        raise RefundRefused("not-a-supervisor")
    if asked.asked_by_id == supervisor.pk:
        raise RefundRefused("same-person")
    asked.approved_by, asked.waits_for_approval, asked.next_ask_s = supervisor, False, clock.now_s()
    asked.save()
    _due(asked)
    return asked


def _due(refund: Refund) -> None:
    """What was paid for is taken back; then the service is asked."""
    if refund.payment.was_granted and refund.payment.what in _allowing:
        _allowing[refund.payment.what](refund)
    transaction.on_commit(lambda: ask(refund), robust=True)


def ask(refund: Refund) -> Refund:
    """Ask the service for it, or how it stands."""
    service, now_s = payment_service(), clock.now_s()
    if refund.payment.service != service.name:
        return refund
    claimed = Refund.objects.filter(pk=refund.pk, asks=refund.asks, next_ask_s=refund.next_ask_s).update(
        asks=refund.asks + 1, next_ask_s=now_s + again_after_s(refund.asks)
    )
    if claimed:
        _write_down(refund.pk, service.refund(refund.key, refund.payment.service_id, refund.yen))
    refund.refresh_from_db()
    return refund


@transaction.atomic
def _write_down(pk: int, outcome: Refunded | Declined | Unknown) -> None:
    refund = Refund.objects.select_for_update().get(pk=pk)
    if refund.state != Refund.State.PENDING:
        return
    match outcome:
        case Refunded(service_id):
            refund.state, refund.code, refund.service_id, refund.next_ask_s = Refund.State.DONE, "", service_id, None
            payment = Payment.objects.select_for_update().get(pk=refund.payment_id)
            payment.refunded_yen += refund.yen
            if payment.refunded_yen == payment.yen:
                payment.state = State.REFUNDED
            payment.save()
            if payment.was_granted and payment.what in _telling:
                _telling[payment.what](refund)
        case Declined(code, service_id):
            refund.state, refund.code, refund.next_ask_s = Refund.State.FAILED, code[:64], None
            refund.service_id = service_id
        case Unknown(why, service_id):
            refund.code, refund.service_id = why, service_id or refund.service_id
    refund.save()
