"""The cards that were issued: what the centre knows of each without having it in front of it.

What a card *holds* stands on the card; what was sold and agreed stands here, and reaches the card at the counter or by
a directive (CTR-3).
"""

from django.db import models


class State(models.TextChoices):
    """What has become of a card."""

    IN_USE = "in-use", "使用中"
    STOPPED = "stopped", "使用停止"  # reported lost, or waiting for its reissue (LOC-16, IGP-21)
    REPLACED = "replaced", "再発行・交換済"
    REFUNDED = "refunded", "払戻済"
    VOID = "void", "無効"  # IGP-20


class Card(models.Model):
    """One issued card. `idm` is its FeliCa identifier, `number` the engraved one."""

    idm = models.CharField(max_length=16, unique=True)  # 16 hex digits, upper case
    scheme = models.CharField(max_length=32)
    number = models.CharField(max_length=24)
    kind = models.CharField(max_length=32)
    """The name of the card's kind in its operator file."""
    named = models.BooleanField()
    issued_on = models.DateField()
    expires = models.DateField(null=True)
    deposit_yen = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=16, choices=State, default=State.IN_USE)
    replaced_by = models.OneToOneField("self", models.PROTECT, null=True, related_name="replaces")

    class Meta:
        """A number is engraved once."""

        constraints = [models.UniqueConstraint(fields=["scheme", "number"], name="one_card_per_number")]


class Holder(models.Model):
    """Whom a named card belongs to (LOC-1, IGP-6): personal data, kept apart so that it can be erased by itself."""

    card = models.OneToOneField(Card, models.PROTECT, related_name="holder")
    kana_name = models.CharField(max_length=15)  # PRT-3: full-width kana, family and given name together
    sex = models.CharField(max_length=1, blank=True)
    birth = models.DateField(null=True)
    telephone = models.CharField(max_length=15)  # half-width digits
    consent_on = models.DateField(null=True)  # IGP-6
    erased_on = models.DateField(null=True)


class SoldPass(models.Model):
    """A pass sold, at the counter or in the portal. The values are those of `tariff.account.Pass`."""

    card = models.ForeignKey(Card, models.PROTECT, related_name="passes")
    product = models.CharField(max_length=32)
    """The product's name in the operator file."""
    company = models.PositiveSmallIntegerField(default=0)
    """Whose buses it is valid on, by the operator file's number (LOC-6)."""
    first_day = models.DateField()
    last_day = models.DateField()
    bearer = models.BooleanField()
    area = models.PositiveSmallIntegerField(default=0)
    line = models.PositiveSmallIntegerField(default=0)
    sections = models.JSONField(default=list)
    """At most three of [from stop, to stop, one way, priced fare], by register number."""
    stop_names = models.JSONField(default=list)
    """For each section, the names of its two ends, as a slip or a page shows them."""
    price_yen = models.PositiveIntegerField()
    sold_on = models.DateField()
    in_portal = models.BooleanField(default=False)
    refunded_on = models.DateField(null=True)


class AutoChargeAgreed(models.Model):
    """Settings of auto-charge (AUT-1), from a day on (AUT-4). The latest first day that has come holds."""

    card = models.ForeignKey(Card, models.PROTECT, related_name="auto_charges")
    is_on = models.BooleanField()
    trigger_yen = models.PositiveIntegerField()
    amount_yen = models.PositiveIntegerField()
    day_cap_yen = models.PositiveIntegerField()
    month_cap_yen = models.PositiveIntegerField()
    first_day = models.DateField()
    agreed_on = models.DateField()
