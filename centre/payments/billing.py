"""Auto-charges are billed: one bill a journal record, however often that comes (AUT-6).

A debt's tries are payments with keys of their own, one after the other: the next is begun only when the one before has
failed for certain. So a debt is paid once, whatever breaks off or is done twice.
"""

import logging

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q

from centre import clock
from centre.cards.models import Card
from centre.ledger.events import auto_charge_billed, auto_charge_paid_back
from centre.ledger.services import book
from centre.payments import bars, charging, refunding
from centre.payments.models import Customer, Debt, OwedBack, Payer, Payment, Refund, State
from centre.payments.retrying import next_try_s
from centre.users.models import User

_log = logging.getLogger(__name__)

AUTO_CHARGE = "auto-charge"
_MOST_AT_ONCE = 100
_LEASE_S = 600
_STANDING = (Debt.State.OPEN, Debt.State.UNPAID)


@transaction.atomic
def owe(key: str, idm: str, yen: int, at_s: int) -> None:
    """A bus auto-charged a card: `key` is the journal record's. The same again is nothing new; raises OtherContent.

    What is owed once more after it was owed back has a key of its own: the record's, `~` and a revision.
    """
    debt, is_new = Debt.objects.get_or_create(
        key=key, defaults={"idm": idm, "yen": yen, "at_s": at_s, "next_try_s": clock.now_s()}
    )
    if (debt.idm, debt.yen) != (idm, yen):
        raise charging.OtherContent(f"{key} is owed already, with other content")
    if is_new:
        waiting = OwedBack.objects.filter(debt=None, idm=idm, yen=yen).order_by("at_s", "pk")
        back = waiting.filter(_of_record(key)).first() or waiting.filter(at_s__gte=at_s).first()
        if back is not None:
            _take_off(back, debt)


@transaction.atomic
def owe_back(key: str, idm: str, yen: int, at_s: int) -> None:
    """An auto-charge was cancelled. `key`: that of the record that made it, or one of the cancelling record's own.

    What isn't billed won't be; what was billed is refunded. The two may come in any order. Raises OtherContent.
    """
    back, is_new = OwedBack.objects.get_or_create(key=key, defaults={"idm": idm, "yen": yen, "at_s": at_s})
    if (back.idm, back.yen) != (idm, yen):
        raise charging.OtherContent(f"{key} is owed back already, with other content")
    if is_new:
        standing = (
            Debt.objects.select_for_update(of=("self",)).filter(idm=idm, yen=yen, back=None).order_by("-at_s", "-pk")
        )
        debt = standing.filter(_of_record(key)).first() or standing.filter(at_s__lte=at_s).first()
        if debt is not None:
            _take_off(back, debt)


def _of_record(key: str) -> Q:
    """What has this record's key, whatever its revision."""
    record = key.partition("~")[0]
    return Q(key=record) | Q(key__startswith=f"{record}~")


def _take_off(back: OwedBack, debt: Debt) -> None:
    back.debt = debt
    back.save()
    _settle_back(Debt.objects.select_for_update().get(pk=debt.pk))


def _settle_back(debt: Debt) -> None:
    """Where a debt is cancelled: off if it isn't billed, refunded if it is paid; a try that is under way is awaited."""
    back = OwedBack.objects.filter(debt=debt).first()
    if back is None:
        return
    if debt.state == Debt.State.PAID:
        assert debt.payment is not None
        now_s = clock.now_s()
        back.refund, _ = Refund.objects.get_or_create(
            key=f"owed-back/{debt.key}",
            defaults={
                "payment": debt.payment,
                "yen": back.yen,
                "why": "auto-charge cancelled",
                "made_at_s": now_s,
                "next_ask_s": now_s,
            },
        )
        back.save()
    elif debt.state in _STANDING and (debt.payment is None or debt.payment.state == State.FAILED):
        debt.state, debt.next_try_s = Debt.State.OFF, None
        debt.save()
        bars.lift_if_clear(debt.idm)


def bill(now_s: int) -> int:
    """Bill what is due, a bounded number; how many were tried. Two workers at once bill each debt once."""
    due = Debt.objects.filter(state=Debt.State.OPEN, next_try_s__lte=now_s)
    begun = 0
    for debt in due.order_by("next_try_s", "pk")[:_MOST_AT_ONCE]:
        claimed = due.filter(pk=debt.pk, next_try_s=debt.next_try_s).update(next_try_s=now_s + _LEASE_S)
        payment = _begin(debt.pk, now_s) if claimed else None
        if payment is not None:
            charging.ask(payment)
            begun += 1
    return begun


@transaction.atomic
def _begin(pk: int, now_s: int) -> Payment | None:
    """The next try of a debt as a payment that is remembered; None if there is nothing to try."""
    debt = Debt.objects.select_for_update().get(pk=pk)
    if debt.state != Debt.State.OPEN:
        return None
    if debt.payment is not None and debt.payment.state == State.PENDING:
        return None  # `reconcile` goes on with it
    payer = Payer.objects.select_related("user").filter(idm=debt.idm).first()
    if payer is None or not Customer.objects.filter(user=payer.user).exclude(token="").exists():
        _failed(debt, bars.NO_CARD, payer.user if payer else None, now_s)
        return None
    debt.tries += 1
    debt.payment = charging.remember(
        f"{AUTO_CHARGE}/{debt.key}/{debt.tries}",
        payer.user,
        debt.yen,
        AUTO_CHARGE,
        text="オートチャージ Auto-charge",
        return_url="",
        with_member=False,
    )
    debt.save()
    return debt.payment


def _failed(debt: Debt, code: str, user: User | None, now_s: int) -> None:
    debt.code = code
    debt.next_try_s = next_try_s(code, debt.tries, now_s, settings.PAYMENTS_RETRY_DAYS)
    if debt.next_try_s is None:
        debt.state = Debt.State.UNPAID
        bars.bar(debt.idm, code)
        if user is not None:
            _tell(user, debt)
    debt.save()


def _tell(user: User, debt: Debt) -> None:
    body = (
        f"ICカードのオートチャージ {debt.yen:,}円をクレジットカードに請求できませんでした。\n"
        "お支払いが済むまでオートチャージは停止します。会員ページでクレジットカードを登録し直してください。\n"
        f"{settings.CENTRE_URL}/\n\n"
        f"Your credit card could not be billed for an auto-charge of {debt.yen:,} yen.\n"
        "Auto-charge stands still until it is paid. Please register a credit card again on the members' page.\n"
    )
    subject = "オートチャージを停止しました / Auto-charge stands still"
    transaction.on_commit(lambda: send_mail(subject, body, None, [user.email]), robust=True)


def _paid(payment: Payment) -> None:
    debt = Debt.objects.select_for_update().get(payment=payment)
    debt.state, debt.code, debt.next_try_s = Debt.State.PAID, "", None
    debt.save()
    book([auto_charge_billed(payment.key, clock.now_s(), _scheme_of(debt), debt.idm, debt.yen)])
    bars.lift_if_clear(debt.idm)
    _settle_back(debt)


def _given_back(refund: Refund) -> None:
    debt = Debt.objects.get(payment=refund.payment)
    book([auto_charge_paid_back(refund.key, clock.now_s(), _scheme_of(debt), debt.idm, refund.yen)])


def _scheme_of(debt: Debt) -> str:
    return Card.objects.get(idm=debt.idm).scheme


def _refused(payment: Payment) -> None:
    debt = Debt.objects.select_for_update().get(payment=payment)
    _failed(debt, payment.code, payment.user, clock.now_s())
    _settle_back(debt)


def grant_auto_charges() -> None:
    """Have what comes of these payments told to us."""
    charging.when_paid(AUTO_CHARGE, _paid)
    charging.when_failed(AUTO_CHARGE, _refused)
    refunding.when_refunded(AUTO_CHARGE, _given_back)
