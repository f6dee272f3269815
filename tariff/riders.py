"""Who rides, and what share of the adult fare they pay (GEN-2, GEN-12, GEN-18)."""

from enum import StrEnum
from typing import NamedTuple

from tariff.account import HolderKind
from tariff.money import half_up_to_10


class RiderClass(StrEnum):
    """Fare class of one rider."""

    ADULT = "adult"
    CHILD = "child"
    DISABLED_ADULT = "disabled-adult"
    DISABLED_CHILD = "disabled-child"


CLASS_OF_HOLDER = {
    HolderKind.ADULT: RiderClass.ADULT,
    HolderKind.CHILD: RiderClass.CHILD,
    HolderKind.DISABLED_ADULT: RiderClass.DISABLED_ADULT,
    HolderKind.DISABLED_CHILD: RiderClass.DISABLED_CHILD,
}

_HALVINGS = {
    RiderClass.ADULT: 0,
    RiderClass.CHILD: 1,
    RiderClass.DISABLED_ADULT: 1,
    RiderClass.DISABLED_CHILD: 2,
}


class Party(NamedTuple):
    """Those who ride on one card: the holder, and companions told to the driver before the tap (LOC-15).

    `holder` None means as the card says; a class is the driver's override for a person shown to be eligible
    (GEN-12).
    """

    holder: RiderClass | None = None
    companions: tuple[RiderClass, ...] = ()


HOLDER_ALONE = Party()


def fare_for(rider: RiderClass, adult_fare_yen: int) -> int:
    """The fare of a class, from the adult fare (GEN-2): child and disabled half, a disabled child half of that."""
    fare_yen = adult_fare_yen
    for _ in range(_HALVINGS[rider]):
        fare_yen = half_up_to_10(fare_yen)
    return fare_yen
