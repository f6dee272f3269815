"""What the portal remembers: members, their cards, links in mails, letters, tries, renewals, notices."""

import uuid

from django.conf import settings
from django.db import models

from centre.cards.models import Card, SoldPass


class Member(models.Model):
    """What a member told besides the e-mail address (PRT-1): personal data, erased when the member leaves."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="member")
    postal_code = models.CharField(max_length=7)
    birth = models.DateField()
    language = models.CharField(max_length=2, choices=settings.LANGUAGES, default="ja")
    """Of mails."""
    terms_agreed_on = models.DateField()


class MemberCard(models.Model):
    """A card that a member added (PRT-3). A card has one member at a time."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="cards")
    card = models.OneToOneField(Card, models.PROTECT, related_name="membership")
    added_on = models.DateField()


class Purpose(models.TextChoices):
    """What a link in a mail is good for."""

    REGISTER = "register", "会員登録"
    RESET = "reset", "パスワードの再設定"
    EMAIL = "email", "メールアドレスの変更"


class MailLink(models.Model):
    """A link sent by mail: good once and for a while (faults 53). What stands in it is known by its digest alone."""

    digest = models.BinaryField(max_length=32, unique=True)  # SHA-256 of the link's secret
    purpose = models.CharField(max_length=16, choices=Purpose)
    email = models.EmailField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="mail_links")
    expires_at_s = models.BigIntegerField(db_index=True)
    used_at_s = models.BigIntegerField(null=True)


class Letter(models.Model):
    """A mail to be sent: written with what it tells of, in one transaction, and tried until it is gone."""

    to = models.EmailField()
    subject = models.CharField(max_length=200)
    body = models.TextField()
    """Emptied when it is sent: links in it are secrets."""
    reply_to = models.EmailField(blank=True)
    made_at_s = models.BigIntegerField()
    next_try_at_s = models.BigIntegerField(null=True, db_index=True)
    """None: sent, or given up."""
    tries = models.PositiveSmallIntegerField(default=0)


class Try(models.Model):
    """A try that counts for slowing (faults 51). `what` is a digest of who or what is tried: no name, no number."""

    what = models.BinaryField(max_length=32, db_index=True)
    at_s = models.BigIntegerField(db_index=True)


class SolvedChallenge(models.Model):
    """A not-a-robot challenge that was used: once is all (PRT-2)."""

    digest = models.BinaryField(max_length=32, unique=True)
    expires_at_s = models.BigIntegerField(db_index=True)


class RenewalState(models.TextChoices):
    """What has become of a renewal."""

    PAYING = "paying", "お支払い確認中"  # faults 57: nobody knows yet
    DONE = "done", "購入済"
    FAILED = "failed", "お支払いできませんでした"
    REFUNDED = "refunded", "返金済"  # it could not be had any more, or a clerk gave it back


class Renewal(models.Model):
    """A pass bought in the portal (PRT-5), from the press of the button on. `key` is that press (faults 56)."""

    key = models.UUIDField(unique=True, default=uuid.uuid4)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="renewals")
    card = models.ForeignKey(Card, models.PROTECT, related_name="renewals")
    renewed = models.ForeignKey(SoldPass, models.PROTECT, related_name="renewals")
    months = models.PositiveSmallIntegerField()
    first_day = models.DateField()
    last_day = models.DateField()
    price_yen = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=RenewalState, default=RenewalState.PAYING)
    bought = models.OneToOneField(SoldPass, models.PROTECT, null=True, related_name="bought_by")
    made_at_s = models.BigIntegerField()

    class Meta:
        """One purchase for a card at a time: the next waits until this one's payment is known."""

        constraints = [
            models.UniqueConstraint(
                fields=["card"], condition=models.Q(state="paying"), name="one_renewal_of_a_card_at_a_time"
            )
        ]


class Notice(models.Model):
    """An announcement on the card list (PRT-3), from its first day to its last."""

    title = models.CharField(max_length=100)
    title_en = models.CharField(max_length=100, blank=True)
    text = models.TextField(max_length=2_000)
    text_en = models.TextField(max_length=4_000, blank=True)
    first_day = models.DateField()
    last_day = models.DateField(null=True, blank=True)
