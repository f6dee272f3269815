"""What isn't known yet is asked again, with patience (faults 54, 57)."""

import logging
from collections.abc import Callable
from typing import Any

from django.db import transaction

from centre.payments import charging, customers, refunding
from centre.payments.configured import payment_service
from centre.payments.models import Notice, Payment, Refund, Registration
from centre.payments.port import Notified
from centre.payments.retrying import again_after_s

_log = logging.getLogger(__name__)

_MOST_AT_ONCE = 100


def reconcile(now_s: int) -> int:
    """Ask again for whatever is due, a bounded number of each; how many were asked for."""
    payments = Payment.objects.filter(next_ask_s__lte=now_s, service=payment_service().name)
    refunds = Refund.objects.filter(next_ask_s__lte=now_s, payment__service=payment_service().name)
    visits = Registration.objects.filter(next_look_s__lte=now_s)
    asked = 0
    for payment in payments.order_by("next_ask_s", "pk")[:_MOST_AT_ONCE]:
        if charging.claim(payment, now_s):
            asked += one(charging.look_again, payment)
    for refund in refunds.select_related("payment").order_by("next_ask_s", "pk")[:_MOST_AT_ONCE]:
        asked += one(refunding.ask, refund)
    for visit in visits.order_by("next_look_s", "pk")[:_MOST_AT_ONCE]:
        soon = now_s + again_after_s(visit.looks)
        if Registration.objects.filter(pk=visit.pk, next_look_s=visit.next_look_s).update(next_look_s=soon):
            asked += one(customers.look_at, visit)
    return asked


def one(act: Callable[[Any], object], row: Payment | Refund | Registration) -> int:
    """One of them. Whatever ails it must not keep the others from being asked for; it is asked for again, later."""
    try:
        act(row)
    except Exception:
        _log.exception("%s %s could not be gone on with; it is tried again later", type(row).__name__, row.pk)
        return 0
    return 1


def noticed(notice: Notified, now_s: int) -> bool:
    """A verified notice: what it is about is looked at again. Whether it is the first with its name (faults 54)."""
    with transaction.atomic():
        _, is_new = Notice.objects.get_or_create(
            event_id=notice.event_id,
            defaults={
                "kind": notice.kind,
                "subject": notice.subject,
                "made_at_s": notice.made_at_s,
                "came_at_s": now_s,
            },
        )
    if not is_new:
        return False
    for payment in Payment.objects.filter(service_id=notice.subject):
        one(charging.look_again, payment)
    for visit in Registration.objects.filter(service_id=notice.subject, next_look_s__isnull=False):
        one(customers.look_at, visit)
    return True
