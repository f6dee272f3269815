"""An operation that a clerk asked for, from its costs being shown to its end."""

import uuid

from django.conf import settings
from django.db import models


class AskedState(models.TextChoices):
    """How far it has come."""

    OPEN = "open", "確認待ち"
    DONE = "done", "完了"
    TORN = "torn", "書込み未確認"
    """Nobody can tell yet whether the card was written: the same card is laid again."""
    NOT_DONE = "not-done", "不成立"
    """The card was not written, and nothing was booked."""
    DROPPED = "dropped", "取消"


class Asked(models.Model):
    """One operation. `key` is what it is carried out by: however often the button is pressed, it is done once."""

    key = models.UUIDField(primary_key=True, default=uuid.uuid4)
    clerk = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    scheme = models.CharField(max_length=32)
    operation = models.CharField(max_length=32)
    fields = models.JSONField()
    """What the clerk filled in. Emptied at the end: it may hold a person's data."""
    card = models.BigIntegerField(null=True)
    """The card of the register that it is about (`cards.Card`), where it was looked up and does not lie there."""
    summary = models.JSONField()
    """What is shown of it, also to who approves: lines, papers, before and after; no name, no address."""
    shown = models.CharField(max_length=64)
    """SHA-256 of what was prepared and shown; what differs from it at the end is shown again, not done."""
    idm = models.CharField(max_length=16)
    number = models.CharField(max_length=24, blank=True)
    yen = models.IntegerField()
    approval = models.CharField(max_length=200, blank=True)
    """Why a second person must approve; empty: nobody need (faults 47)."""
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    approved_at_s = models.BigIntegerField(null=True)
    state = models.CharField(max_length=16, choices=AskedState, default=AskedState.OPEN)
    made_at_s = models.BigIntegerField()
    ended_at_s = models.BigIntegerField(null=True)
    said = models.CharField(max_length=200, blank=True)

    class Meta:
        """Open ones are looked for by operator."""

        indexes = [models.Index(fields=["scheme", "state", "made_at_s"], name="asked_open")]
