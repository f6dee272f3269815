"""An operation that is carried out: what stands between the card in front of the clerk and the books."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from centre.counter.operations.values import Operation
from centre.words import both


class ActState(models.TextChoices):
    """How far an operation came."""

    BEGUN = "begun", both("処理中", "begun")
    PENDING = "pending", both("未確定", "pending")
    DONE = "done", both("完了", "done")
    NOT_DONE = "not-done", both("不成立", "not done")


UNSETTLED = (ActState.BEGUN, ActState.PENDING)


class CounterAct(models.Model):
    """One operation at the counter, from before its card is written to its end."""

    key = models.CharField(max_length=64, unique=True)
    """Given by the page: the same form sent twice is one operation (faults 56)."""
    operation = models.CharField(max_length=24, choices=[(one.value, one.value) for one in Operation])
    scheme = models.CharField(max_length=32)
    idm = models.CharField(max_length=16)
    """The card that it is about: of a reissue the old one. 16 hex digits, upper case."""
    on_card = models.CharField(max_length=16, blank=True)
    """The card that is written; empty: none is."""
    new_number = models.CharField(max_length=24, blank=True)
    """The number of a card that is being issued; empty: none is."""
    clerk = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="acts")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="approved_acts")
    approval = models.CharField(max_length=200, blank=True)
    """Why a second person had to approve."""
    till = models.CharField(max_length=32)
    """The till that the money went into or came out of, as the ledger calls it."""
    state = models.CharField(max_length=16, choices=ActState, default=ActState.BEGUN)
    begun_at_s = models.BigIntegerField()
    ended_at_s = models.BigIntegerField(null=True)
    take_yen = models.PositiveIntegerField(default=0)
    give_yen = models.PositiveIntegerField(default=0)
    lines = models.JSONField(default=list)
    """What was taken (above zero) or given: rule, what, yen."""
    papers = models.JSONField(default=list)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    """What the card held and holds: `tariff.account.Account`."""
    note = models.CharField(max_length=200, blank=True)
    ended_why = models.CharField(max_length=200, blank=True)
    """How it came to its end, if not by the card itself."""
    waiting = models.JSONField(null=True)
    """What is still to be done when its card is known to be written; holds personal data, and is let go at its end."""

    class Meta:
        """One card has one unsettled operation, and so has a number that is being engraved."""

        ordering = ["-begun_at_s", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["idm"], condition=Q(state__in=UNSETTLED), name="one_act_about_a_card"),
            models.UniqueConstraint(
                fields=["on_card"],
                condition=Q(state__in=UNSETTLED) & ~Q(on_card=""),
                name="one_act_on_a_card",
            ),
            models.UniqueConstraint(
                fields=["scheme", "new_number"],
                condition=Q(state__in=UNSETTLED) & ~Q(new_number=""),
                name="one_act_for_a_number",
            ),
        ]
        indexes = [models.Index(fields=["idm", "-begun_at_s"], name="acts_of_a_card")]

    @property
    def is_settled(self) -> bool:
        """Whether its end is known."""
        return self.state not in UNSETTLED
