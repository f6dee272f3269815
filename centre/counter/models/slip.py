"""Slips as they were drawn, kept for a day so that a jam in the printer loses none."""

from django.db import models

from centre.counter.models.asking import Asked


class PrintedSlip(models.Model):
    """One slip of an operation. It may name a person: `centre.counter.work` takes it away after a day."""

    asked = models.ForeignKey(Asked, models.CASCADE, related_name="slips")
    title = models.CharField(max_length=40)
    pdf = models.BinaryField()
    made_at_s = models.BigIntegerField(db_index=True)
