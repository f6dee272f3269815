"""What the centre remembers of payments. A credit card is the service's: here are its token, brand and last four.

Money is whole yen. Times are seconds since 1970, as `centre.clock` tells them.
"""

from django.conf import settings
from django.db import models

from centre.words import both


class State(models.TextChoices):
    """What has become of a payment."""

    PENDING = "pending", both("確認中", "pending")
    PAID = "paid", both("支払済", "paid")
    FAILED = "failed", both("不成立", "failed")
    REFUNDED = "refunded", both("返金済", "refunded")


class Customer(models.Model):
    """A user as the payment service knows them. `token` stands for the one credit card registered (PRT-4)."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="payment_customer")
    reference = models.CharField(max_length=40, unique=True)
    """Our name for them at the service: nothing that says who they are."""
    service_id = models.CharField(max_length=128, blank=True)
    token = models.CharField(max_length=128, blank=True)
    brand = models.CharField(max_length=32, blank=True)
    last4 = models.CharField(max_length=4, blank=True)


class Registration(models.Model):
    """One visit to the page outside at which a credit card is registered."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    reference = models.CharField(max_length=40, unique=True)
    """In the address the service sends the member back to. It is not a secret: it only says what to look at again."""
    service_id = models.CharField(max_length=128, db_index=True)
    return_url = models.CharField(max_length=500)
    begun_at_s = models.BigIntegerField()
    next_look_s = models.BigIntegerField(null=True, db_index=True)
    """When it is looked at again; None once it has ended."""
    looks = models.PositiveSmallIntegerField(default=0)


class Payment(models.Model):
    """One payment. A key is paid once, however often it is asked for (faults 56)."""

    key = models.CharField(max_length=160, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="payments")
    yen = models.PositiveIntegerField()
    what = models.CharField(max_length=32)
    """The kind of thing that is paid for: whoever sells it grants it (`services.when_paid`)."""
    text = models.CharField(max_length=120, blank=True)
    """What the payer reads at the service's page."""
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    code = models.CharField(max_length=64, blank=True)
    """Why it failed, or why it isn't known yet."""
    service = models.CharField(max_length=16)
    service_id = models.CharField(max_length=128, blank=True, db_index=True)
    customer_id_there = models.CharField(max_length=128, blank=True)
    token = models.CharField(max_length=128, blank=True)
    """The credit card's token it is asked with; empty where the member types the card at the service's page."""
    reference = models.CharField(max_length=40, unique=True)
    return_url = models.CharField(max_length=500, blank=True)
    url = models.CharField(max_length=1000, blank=True)
    """Where the member has to go, if it needs the member."""
    made_at_s = models.BigIntegerField()
    next_ask_s = models.BigIntegerField(null=True, db_index=True)
    """When the service is asked again (faults 57); None once it is known."""
    asks = models.PositiveSmallIntegerField(default=0)
    paid_at_s = models.BigIntegerField(null=True)
    was_granted = models.BooleanField(default=False)
    """Whether what it pays for was had; else the payment goes back."""
    refunded_yen = models.PositiveIntegerField(default=0)

    class Meta:
        """What holds for every row, whoever writes it."""

        constraints = [
            models.CheckConstraint(condition=models.Q(yen__gt=0), name="payment_of_something"),
            models.CheckConstraint(condition=models.Q(refunded_yen__lte=models.F("yen")), name="no_more_than_paid"),
        ]


class Refund(models.Model):
    """Money given back. A key is given back once (faults 46)."""

    class State(models.TextChoices):
        """What has become of it."""

        PENDING = "pending", both("確認中", "pending")
        DONE = "done", both("返金済", "refunded")
        FAILED = "failed", both("失敗", "failed")

    key = models.CharField(max_length=160, unique=True)
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds")
    yen = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    code = models.CharField(max_length=64, blank=True)
    service_id = models.CharField(max_length=128, blank=True, db_index=True)
    why = models.CharField(max_length=120, blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    """Of two different people, the second (faults 47); None where the rules of the house needed none."""
    waits_for_approval = models.BooleanField(default=False)
    made_at_s = models.BigIntegerField()
    next_ask_s = models.BigIntegerField(null=True, db_index=True)
    asks = models.PositiveSmallIntegerField(default=0)

    class Meta:
        """What holds for every row."""

        constraints = [models.CheckConstraint(condition=models.Q(yen__gt=0), name="refund_of_something")]


class Notice(models.Model):
    """A notice of the service that was verified. Seen once, however often it comes (faults 54)."""

    event_id = models.CharField(max_length=128, unique=True)
    kind = models.CharField(max_length=64)
    subject = models.CharField(max_length=128, db_index=True)
    """The service's name of what it is about: that is looked at again; what the notice says of it is not believed."""
    made_at_s = models.BigIntegerField()
    came_at_s = models.BigIntegerField()


class Debt(models.Model):
    """An auto-charge that a bus wrote on a card: one for each journal record (AUT-6)."""

    class State(models.TextChoices):
        """What has become of it."""

        OPEN = "open", both("未請求", "to be billed")
        PAID = "paid", both("支払済", "paid")
        UNPAID = "unpaid", both("未払い", "unpaid")
        OFF = "off", both("取消", "off")

    key = models.CharField(max_length=128, unique=True)
    """The journal record's."""
    idm = models.CharField(max_length=16, db_index=True)
    yen = models.PositiveIntegerField()
    at_s = models.BigIntegerField()
    state = models.CharField(max_length=16, choices=State, default=State.OPEN)
    code = models.CharField(max_length=64, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_s = models.BigIntegerField(null=True, db_index=True)
    payment = models.OneToOneField(Payment, models.PROTECT, null=True, related_name="debt")
    """The latest try. Another is begun only when this one has failed."""

    class Meta:
        """What holds for every row."""

        constraints = [models.CheckConstraint(condition=models.Q(yen__gt=0), name="debt_of_something")]


class OwedBack(models.Model):
    """An auto-charge that was cancelled. It takes off the debt while that isn't billed, and is refunded after that."""

    key = models.CharField(max_length=128, unique=True)
    idm = models.CharField(max_length=16, db_index=True)
    yen = models.PositiveIntegerField()
    at_s = models.BigIntegerField()
    debt = models.OneToOneField(Debt, models.PROTECT, null=True, related_name="back")
    """The debt it takes off; None while that hasn't come."""
    refund = models.OneToOneField(Refund, models.PROTECT, null=True, related_name="+")

    class Meta:
        """What holds for every row."""

        constraints = [models.CheckConstraint(condition=models.Q(yen__gt=0), name="owed_back_of_something")]


class Payer(models.Model):
    """Who pays for a card's auto-charges: whoever agreed to them last."""

    idm = models.CharField(max_length=16, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")


class Barred(models.Model):
    """A card whose auto-charge stands still because its billing failed (AUT-6)."""

    idm = models.CharField(max_length=16, unique=True)
    why = models.CharField(max_length=64)
    at_s = models.BigIntegerField()
