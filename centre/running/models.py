"""When each app's background work was last done."""

from django.db import models


class Beat(models.Model):
    """One app's work, by the machine's clock: a demo's clock is moved on, a process's life is not."""

    app = models.CharField(max_length=32, primary_key=True)
    done_at_s = models.PositiveBigIntegerField(default=0)
    """When it was last done without a fault."""
    failed_at_s = models.PositiveBigIntegerField(default=0)
    fault = models.CharField(max_length=64, blank=True)
    """The kind of its last fault; what it said is in the log."""
