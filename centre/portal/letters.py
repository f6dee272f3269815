"""Mails to members: written down with what they tell of, sent when that is certain, and tried again until gone.

A template's first line is its subject. The language is the member's; the sender is CENTRE_MAIL_FROM.
"""

import logging
from collections.abc import Mapping

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.utils.translation import override

from centre.clock import now_s
from centre.portal.models import Letter

MOST_TRIES = 12
_FIRST_WAIT_S, _MOST_WAIT_S = 60, 6 * 3_600
_log = logging.getLogger(__name__)


def write(template: str, to: str, language: str, told: Mapping[str, object], reply_to: str = "") -> Letter:
    """Put a letter into the box: it goes out when the transaction around it is done, or never."""
    with override(language):
        text = render_to_string(f"portal/mail/{template}.txt", {**told, "centre_url": settings.CENTRE_URL})
    subject, _, body = text.strip().partition("\n")
    letter = Letter.objects.create(
        to=to,
        subject=subject[:200],
        body=body.strip() + "\n",
        reply_to=reply_to,
        made_at_s=now_s(),
        next_try_at_s=now_s(),
    )
    transaction.on_commit(lambda: _send(letter.pk))
    return letter


def send_waiting(at_s: int) -> int:
    """Send what is due; how many went out."""
    due = Letter.objects.filter(next_try_at_s__lte=at_s).order_by("next_try_at_s").values_list("pk", flat=True)[:200]
    return sum(_send(pk) for pk in list(due))


def _send(pk: int) -> bool:
    """Send one letter, if nobody else is at it; a mail server that does not answer is tried again later."""
    at_s = now_s()
    letter = Letter.objects.filter(pk=pk, next_try_at_s__lte=at_s).first()
    if letter is None:
        return False
    wait_s = min(_FIRST_WAIT_S << letter.tries, _MOST_WAIT_S)
    # Who moves the time of the next try has the letter: two senders never both do.
    mine = Letter.objects.filter(pk=pk, tries=letter.tries).update(tries=F("tries") + 1, next_try_at_s=at_s + wait_s)
    if not mine:
        return False
    mail = EmailMessage(
        letter.subject, letter.body, to=[letter.to], reply_to=[letter.reply_to] if letter.reply_to else []
    )
    try:
        mail.send()
    except OSError as error:  # SMTPException is one
        given_up = letter.tries + 1 >= MOST_TRIES
        _log.warning("letter %d not sent (%s), %s", pk, type(error).__name__, "given up" if given_up else "tried again")
        if given_up:
            Letter.objects.filter(pk=pk).update(next_try_at_s=None, body="")
        return False
    Letter.objects.filter(pk=pk).update(next_try_at_s=None, body="")
    return True
