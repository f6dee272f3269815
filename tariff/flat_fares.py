"""Flat fares for pass holders: the eco pass and Student Plus One (LOC-13, AZF-60 to AZF-63).

Whether one is cheaper than what the pass gives is the settlement's to compare (AZF-63).
"""

from datetime import date
from typing import NamedTuple

from tariff.account import Pass
from tariff.riders import RiderClass
from tariff.rulebook import FlatFare, Product, Rulebook


class Outing(NamedTuple):
    """What a flat fare asks of a ride: its day (GEN-5), its service, and when the trip left its first stop.

    `departs_s` is the timetable's, in seconds since the service day began, so that 24:30 is after 10:00 ([D]).
    """

    day: date
    service: str
    departs_s: int


def flat_fares(held: Pass, product: Product, outing: Outing, rulebook: Rulebook) -> tuple[FlatFare, ...]:
    """The flat fares that a valid pass gives on a ride; empty if none."""
    return tuple(flat for flat in rulebook.flat_fares if _holds(flat, held, product, outing, rulebook))


def _holds(flat: FlatFare, held: Pass, product: Product, outing: Outing, rulebook: Rulebook) -> bool:
    if product.name not in flat.products or outing.service in flat.excluded_services:
        return False
    if flat.holidays_only and not rulebook.holidays.has(outing.day):
        return False
    if flat.departs_from_s is not None and outing.departs_s < flat.departs_from_s:
        return False
    return not (flat.two_way_only and any(section.one_way for section in held.sections))


def flat_fare_yen(flat: FlatFare, rider: RiderClass) -> int:
    """What a rider pays under a flat fare, by class (AZF-61, AZF-62); an infant who pays at all pays as a child."""
    match rider:
        case RiderClass.ADULT:
            return flat.adult_yen
        case RiderClass.DISABLED_ADULT:
            return flat.disabled_adult_yen
        case RiderClass.DISABLED_CHILD:
            return flat.disabled_child_yen
        case RiderClass.CHILD | RiderClass.INFANT:
            return flat.child_yen
        case RiderClass.BABY:
            return 0
