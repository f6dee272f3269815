"""Slips against which cards are issued anew."""

from django.db import models

from centre.cards.models import Card
from centre.counter.models.act import CounterAct
from centre.counter.operations.values import ReportedWhy


class ReissueSlip(models.Model):
    """A slip given for a card that is to be issued anew (LOC-16, LOC-17, IGP-21 to IGP-23). Never given twice."""

    card = models.ForeignKey(Card, models.PROTECT, related_name="slips")
    act = models.OneToOneField(CounterAct, models.PROTECT, related_name="slip")
    why = models.CharField(max_length=16, choices=[(one.value, one.value) for one in ReportedWhy])
    applied_on = models.DateField()
    slip_on = models.DateField()
    """Its date, from the day after which it is good (GEN-19)."""
    held = models.JSONField(null=True)
    """What an exchanged card held when it was taken in."""
    used_by = models.OneToOneField(CounterAct, models.PROTECT, null=True, related_name="used_slip")

    class Meta:
        """The newest first."""

        ordering = ["-id"]
