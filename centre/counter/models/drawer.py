"""Card images at hand at a demo's counter (模擬): what a real counter has in a drawer and in customers' hands."""

from django.db import models


class DrawerCard(models.Model):
    """One card image. `changed` counts its writes, so that two of them at once are seen."""

    scheme = models.CharField(max_length=32)
    name = models.CharField(max_length=60)
    data = models.BinaryField()
    changed = models.PositiveIntegerField(default=0)

    class Meta:
        """A name stands once in a drawer."""

        constraints = [models.UniqueConstraint(fields=["scheme", "name"], name="one_image_per_name")]
