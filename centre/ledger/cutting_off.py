"""From when on a lost card's holder answers for it no more (LOC-16, IGP-21, faults 41).

A stop takes hold at the beginning of a day. What the card spends from then on, on vehicles that have not heard of it,
is the operator's loss. So is what it spent before and is told of only once its balance has moved to the new card.
"""

from collections.abc import Iterable
from datetime import date

from django.db import transaction

from centre.ledger.batches import batched
from centre.ledger.models import CardStanding, CutOff, Tap
from centre.ledger.settling import Settling
from tariff.calendar import midnight_in_japan_s


def cut_off(idm: str, first_day: date) -> None:
    """A card was reported lost; its stop holds from the beginning of a day, in Japan. The first one told stays: a stop
    can't be undone.
    """
    with transaction.atomic():
        from_s = midnight_in_japan_s(first_day)
        _, is_new = CutOff.objects.get_or_create(idm=idm, defaults={"from_s": from_s})
        if not is_new:
            return
        settling = Settling()
        after = Tap.objects.filter(idm=idm, at_s__gte=from_s, settled=True).select_related("run")
        for tap in after.order_by("at_s", "key"):
            settling.lose(tap)
            tap.save(update_fields=["revision"])
        settling.write()
        CardStanding.objects.filter(idm=idm).update(to_judge=True)


def stopped_from(idms: Iterable[str]) -> dict[str, int]:
    """Of these cards those that were lost, and from which second on."""
    found: dict[str, int] = {}
    for asked in batched(sorted(idms)):
        found |= dict(CutOff.objects.filter(idm__in=asked).values_list("idm", "from_s"))
    return found
