"""Segments that were refused, kept aside with the reason for a person to look at (faults 37); bounded for each vehicle.

The first ones are kept: whoever forges many can't push out what came before.
"""

from hashlib import sha256

from django.db import transaction
from django.db.models import F, Sum
from django.db.models.functions import Length

from centre.collector.answers import MOST_DETAIL, Refusal
from centre.collector.asked import Name
from centre.collector.models import SetAside, Vehicle

MOST_KEPT = 100
MOST_KEPT_BYTES = 64 << 20


@transaction.atomic
def set_aside(vehicle: Vehicle, name: Name, data: bytes, refusal: Refusal, at_s: int) -> None:
    """Keep what was refused; the same bytes once, counted."""
    Vehicle.objects.select_for_update().get(pk=vehicle.pk)
    mine = SetAside.objects.filter(vehicle=vehicle)
    digest = sha256(data).hexdigest()
    if mine.filter(sha256=digest, code=refusal.code).update(times=F("times") + 1) or mine.count() >= MOST_KEPT:
        return
    kept_bytes = mine.aggregate(kept=Sum(Length("data")))["kept"] or 0
    SetAside.objects.create(
        vehicle=vehicle,
        code=refusal.code,
        detail=refusal.detail[:MOST_DETAIL],
        sha256=digest,
        number=name.number,
        digest=name.digest,
        came_at_s=at_s,
        data=data if kept_bytes + len(data) <= MOST_KEPT_BYTES else b"",
    )
