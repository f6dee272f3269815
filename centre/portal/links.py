"""Links in mails: a secret that is good once, for a purpose, and for a while (faults 53)."""

import secrets
from hashlib import sha256

from django.db.models import Q

from centre.clock import now_s
from centre.portal.models import MailLink, Purpose
from centre.users.models import User

LASTS_S = {Purpose.REGISTER: 24 * 3_600, Purpose.RESET: 3_600, Purpose.EMAIL: 24 * 3_600}
_MOST_SECRET = 64


def make(purpose: Purpose, email: str, user: User | None = None) -> str:
    """A new link's secret; only its digest is kept."""
    secret = secrets.token_urlsafe(32)
    MailLink.objects.create(
        digest=_digest(secret), purpose=purpose, email=email, user=user, expires_at_s=now_s() + LASTS_S[purpose]
    )
    return secret


def opened(secret: str, purpose: Purpose) -> MailLink | None:
    """The link that a secret opens, if it still does. Looking is not using: mail programs look, too."""
    if len(secret) > _MOST_SECRET:
        return None
    return MailLink.objects.filter(_good(purpose), digest=_digest(secret)).select_related("user").first()


def still_good(pk: int | None, purpose: Purpose) -> MailLink | None:
    """The same, for a link that was opened before."""
    return MailLink.objects.filter(_good(purpose), pk=pk).select_related("user").first() if pk else None


def use(link: MailLink) -> bool:
    """Use it up, in the transaction of what it is used for; False if somebody just did."""
    good = MailLink.objects.filter(_good(Purpose(link.purpose)), pk=link.pk)
    return good.update(used_at_s=now_s()) == 1


def void(user: User, purpose: Purpose) -> None:
    """The user's other links for that are good no more."""
    MailLink.objects.filter(_good(purpose), user=user).update(used_at_s=now_s())


def _good(purpose: Purpose) -> Q:
    return Q(purpose=purpose, used_at_s=None, expires_at_s__gt=now_s())


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
