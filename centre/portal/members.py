"""Who becomes a member, stays one and leaves (PRT-1, PRT-2). Each function is one transaction.

Whoever asks about an address gets the same answer whether it is known or not; what is the case, the mail says, and the
same work is done for both (faults 50).
"""

from datetime import date
from typing import NamedTuple

from axes.utils import reset as unlock
from django.contrib.auth.hashers import make_password
from django.db import transaction

from centre.clock import today
from centre.portal import letters, links, tries
from centre.portal.models import MailLink, Member, Purpose, Renewal, RenewalState
from centre.portal.rules_slowing import MAIL_FROM, MAIL_TO
from centre.users.models import Role, User


class Told(NamedTuple):
    """What a member told in the form of registration; the password is a hash already."""

    password_hash: str
    postal_code: str
    birth: date
    language: str


class LinkUsed(Exception):
    """The link was used or has expired meanwhile: ask for a new one."""


class StillPaying(Exception):
    """A purchase whose payment nobody knows yet: who leaves now would lose it. Wait until it is known."""


@transaction.atomic
def ask_by_mail(template: str, email: str, language: str, network: str) -> int:
    """Send the mail that the pages of registration and of a forgotten password promise; 0, or the seconds to wait.

    A known address gets a link to set its password anew, an unknown one a link to register: `template` ("register" or
    "forgotten") only says how the letter begins. An address that had a mail just now gets none, and nobody is told.
    """
    waiting_s = tries.waiting_s(MAIL_FROM, "mail from", network)
    if waiting_s:
        return waiting_s
    quiet = tries.waiting_s(MAIL_TO, "mail to", email)
    tries.count("mail from", network)
    user = User.objects.filter(email=email, is_active=True).first()
    if quiet:
        return 0
    tries.count("mail to", email)
    secret = links.make(Purpose.RESET if user else Purpose.REGISTER, email, user)
    letters.write(template, email, language, {"known": user is not None, "secret": secret})
    return 0


@transaction.atomic
def register(link: MailLink, told: Told) -> User:
    """The member, made. Raises LinkUsed."""
    if not links.use(link) or User.objects.filter(email=link.email).exists():
        raise LinkUsed
    user = User(email=link.email, password=told.password_hash, role=Role.MEMBER)
    user.save()
    Member.objects.create(
        user=user, postal_code=told.postal_code, birth=told.birth, language=told.language, terms_agreed_on=today()
    )
    letters.write("registered", user.email, told.language, {})
    return user


@transaction.atomic
def set_password_by_link(link: MailLink, password: str) -> User:
    """A forgotten password, set anew; every session ends, for they are bound to the old one. Raises LinkUsed."""
    if link.user is None or not links.use(link):
        raise LinkUsed
    _set_password(link.user, password)
    unlock(username=link.user.email)
    return link.user


@transaction.atomic
def change_password(user: User, password: str) -> None:
    """A new password; every session but the one that asks ends."""
    _set_password(user, password)


def _set_password(user: User, password: str) -> None:
    user.password = make_password(password)
    user.save(update_fields=["password"])
    links.void(user, Purpose.RESET)
    letters.write("password_changed", user.email, language_of(user), {})


@transaction.atomic
def ask_new_email(user: User, email: str, network: str) -> int:
    """A mail to the new address with a link that makes it the member's; 0, or the seconds to wait.

    An address that somebody else has gets a mail that says so, and the page says the same (faults 50).
    """
    waiting_s = tries.waiting_s(MAIL_FROM, "mail from", network)
    if waiting_s:
        return waiting_s
    quiet = tries.waiting_s(MAIL_TO, "mail to", email)
    tries.count("mail from", network)
    known = User.objects.filter(email=email).exists()
    if quiet:
        return 0
    tries.count("mail to", email)
    secret = links.make(Purpose.EMAIL, email, user)
    letters.write("new_email", email, language_of(user), {"known": known, "secret": "" if known else secret})
    return 0


@transaction.atomic
def change_email(link: MailLink) -> User:
    """The new address is the member's, and the old one is told. Raises LinkUsed."""
    if link.user is None or not links.use(link) or User.objects.filter(email=link.email).exists():
        raise LinkUsed
    user = User.objects.select_for_update().get(pk=link.user.pk)
    old = user.email
    user.email = link.email
    user.save(update_fields=["email"])
    links.void(user, Purpose.EMAIL)
    links.void(user, Purpose.RESET)
    letters.write("email_changed", old, language_of(user), {})
    return user


def language_of(user: User) -> str:
    """In which language mails to a user are."""
    member = Member.objects.filter(user=user).first()
    return member.language if member else "ja"


def still_paying(user: User) -> bool:
    """Whether a purchase of theirs is not settled yet."""
    return Renewal.objects.filter(user=user, state=RenewalState.PAYING).exists()
