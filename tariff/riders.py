"""Who rides, and what share of the adult fare they pay (GEN-2, GEN-12, GEN-16, GEN-18, AZF-1, AZF-2, AZF-20)."""

from datetime import date
from enum import StrEnum
from typing import NamedTuple

from tariff.account import HolderKind
from tariff.calendar import has_attained, primary_school_end
from tariff.money import share_up
from tariff.refusal import Code, Refusal
from tariff.rulebook import Luggage, RiderRules


class RiderClass(StrEnum):
    """Fare class of one rider."""

    ADULT = "adult"
    CHILD = "child"
    DISABLED_ADULT = "disabled-adult"
    DISABLED_CHILD = "disabled-child"
    INFANT = "infant"
    BABY = "baby"


CLASS_OF_HOLDER = {
    HolderKind.ADULT: RiderClass.ADULT,
    HolderKind.CHILD: RiderClass.CHILD,
    HolderKind.DISABLED_ADULT: RiderClass.DISABLED_ADULT,
    HolderKind.DISABLED_CHILD: RiderClass.DISABLED_CHILD,
}

UNDER_SCHOOL_AGE = frozenset({RiderClass.INFANT, RiderClass.BABY})


class Handbook(StrEnum):
    """The handbook of the disabled person whom an attendant is with (AZF-20)."""

    PHYSICAL_1 = "physical-1"
    PHYSICAL_2 = "physical-2"
    INTELLECTUAL = "intellectual"
    MENTAL = "mental"


PHYSICAL_CHILD = "physical-child"
"""A word of the operator file: the attendant of a physically disabled child, whatever the class (AZF-20)."""
HANDBOOKS = frozenset({Handbook.PHYSICAL_1, Handbook.INTELLECTUAL, Handbook.MENTAL, PHYSICAL_CHILD})
"""Words by which an operator file says whose attendant pays half."""


class Attendant(NamedTuple):
    """One who attends a disabled rider: by the handbook shown to the driver, and whether that rider is a child."""

    handbook: Handbook
    of_child: bool = False


class Piece(NamedTuple):
    """A piece of luggage (AZF-2), in grams, cubic centimetres, and millimetres of its longest side."""

    weight_g: int
    volume_cm3: int
    length_mm: int


class Party(NamedTuple):
    """Those who ride on one card, as told to the driver before the tap (LOC-15); all board and alight together.

    `holder` None means as the card says; a class is the driver's override for a person shown to be eligible
    (GEN-12). `family` live with the holder, which matters to an eco pass (LOC-13, AZF-61). `attendants` go with a
    disabled rider (AZF-20).
    """

    holder: RiderClass | None = None
    companions: tuple[RiderClass, ...] = ()
    family: tuple[RiderClass, ...] = ()
    attendants: tuple[Attendant, ...] = ()
    luggage: tuple[Piece, ...] = ()

    @property
    def is_alone(self) -> bool:
        """Whether nobody and nothing rides with the holder."""
        return not (self.companions or self.family or self.attendants or self.luggage)

    @property
    def others(self) -> tuple[RiderClass, ...]:
        """Companions and family, who ride with the holder by a class of their own."""
        return self.companions + self.family


HOLDER_ALONE = Party()


def fare_for(rider: RiderClass, adult_fare_yen: int, rules: RiderRules) -> int:
    """The fare of a class, from the adult fare (GEN-2): child and disabled half, a disabled child half of that.

    An infant who pays at all pays the child fare (AZF-1); `free_infants` says who doesn't.
    """
    if rider is RiderClass.ADULT:
        return adult_fare_yen
    if rider is RiderClass.BABY:
        return 0
    if rider is RiderClass.DISABLED_ADULT:
        return share_up(adult_fare_yen, rules.disabled_percent, rules.round_up_to_yen)
    child_yen = share_up(adult_fare_yen, rules.child_percent, rules.round_up_to_yen)
    if rider is RiderClass.DISABLED_CHILD:
        return share_up(child_yen, rules.disabled_percent, rules.round_up_to_yen)
    return child_yen


def rider_class(born: date, day: date, *, in_primary_school: bool | None = None) -> RiderClass:
    """The class of an age (AZF-1, GEN-16): baby under 1, infant under 6, child through primary school, then adult.

    School years decide between 6 and 12, by the law of school entry; `in_primary_school` is what the rider shows
    instead: aged 12 and still in primary school, or 6 and not yet at school, is a child either way.
    """
    if not has_attained(born, 1, day):
        return RiderClass.BABY
    if not has_attained(born, 6, day):
        return RiderClass.INFANT
    if in_primary_school is None:
        in_primary_school = day <= primary_school_end(born)
    return RiderClass.CHILD if in_primary_school or not has_attained(born, 12, day) else RiderClass.ADULT


def attendant_class(attendant: Attendant, rules: RiderRules) -> RiderClass | Refusal:
    """What an attendant pays (AZF-20): the disabled person's half or, where the handbook gives none, an adult fare."""
    half = rules.attendants_half
    if half is None:
        return Refusal(Code.NOT_CONFIGURED, "GEN-17", "attendants")
    physical_child = attendant.of_child and attendant.handbook in (Handbook.PHYSICAL_1, Handbook.PHYSICAL_2)
    if attendant.handbook in half or (physical_child and PHYSICAL_CHILD in half):
        return RiderClass.DISABLED_ADULT
    return RiderClass.ADULT


def free_infants(infants: int, of_school_age: int, rules: RiderRules) -> int | Refusal:
    """How many infants ride free: so many for each rider of primary school or older (AZF-1)."""
    if rules.infants_free is None:
        return Refusal(Code.NOT_CONFIGURED, "GEN-17", "infants")
    return min(infants, of_school_age * rules.infants_free)


def luggage_pays(piece: Piece, rules: RiderRules) -> bool | Refusal:
    """Whether a piece of luggage costs a child fare (AZF-2), or is not carried at all."""
    bounds = rules.luggage
    if bounds is None:
        return Refusal(Code.NOT_CONFIGURED, "GEN-17", "luggage")
    over = _over(piece, bounds)
    if over:
        return Refusal(Code.NOT_CARRIED, "AZF-2", over)
    return piece.weight_g >= bounds.from_g or piece.volume_cm3 >= bounds.from_cm3 or piece.length_mm >= bounds.from_mm


def _over(piece: Piece, bounds: Luggage) -> str:
    """Which upper bound a piece passes, in words; empty if none."""
    if piece.weight_g > bounds.to_g:
        return f"{piece.weight_g} g > {bounds.to_g} g"
    if piece.volume_cm3 > bounds.to_cm3:
        return f"{piece.volume_cm3} cm3 > {bounds.to_cm3} cm3"
    if piece.length_mm > bounds.to_mm:
        return f"{piece.length_mm} mm > {bounds.to_mm} mm"
    return ""
