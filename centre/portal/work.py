"""What is done in the background: letters sent, purchases that were paid back looked at, old things swept out."""

from datetime import timedelta

from axes.models import AccessAttempt, AccessLog
from django.contrib.sessions.models import Session
from django.utils import timezone

from centre.payments.models import Payment
from centre.payments.models import State as PaymentState
from centre.portal import letters, own_cards, renewing
from centre.portal.models import Letter, MailLink, Renewal, RenewalState, SolvedChallenge, Try

_LETTERS_KEPT_S = 90 * 86_400
_LINKS_KEPT_S = 7 * 86_400
SIGN_INS_KEPT = timedelta(days=90)
_MOST_AT_ONCE = 1_000


def work(now_s: int) -> int:
    """Do what is due; how many things were done."""
    done = _look_at_payments() + renewing.give_up_unasked(now_s) + own_cards.follow_reissues()
    return done + letters.send_waiting(now_s) + _sweep(now_s)


def _look_at_payments() -> int:
    ended = Payment.objects.filter(what=renewing.WHAT, state__in=[PaymentState.PAID, PaymentState.REFUNDED])
    paying = Renewal.objects.filter(state=RenewalState.PAYING)[:_MOST_AT_ONCE]
    keys = {renewing.payment_key(renewal): renewal for renewal in paying}
    found = list(ended.filter(key__in=keys).values_list("key", flat=True)) if keys else []
    for key in found:
        renewing.look(keys[key])
    return len(found)


def _sweep(now_s: int) -> int:
    """What is of no more use, and what is kept of people no longer than it is."""
    kept_since = timezone.now() - SIGN_INS_KEPT
    old = [
        SolvedChallenge.objects.filter(expires_at_s__lt=now_s),
        Try.objects.filter(at_s__lt=now_s - 86_400),
        MailLink.objects.filter(expires_at_s__lt=now_s - _LINKS_KEPT_S),
        Letter.objects.filter(next_try_at_s=None, made_at_s__lt=now_s - _LETTERS_KEPT_S),
        AccessLog.objects.filter(attempt_time__lt=kept_since),
        AccessAttempt.objects.filter(attempt_time__lt=kept_since),
        Session.objects.filter(expire_date__lt=timezone.now()),
    ]
    return sum(rows.delete()[0] for rows in old)
