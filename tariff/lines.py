"""Why: the lines of a settlement or a price, each with the rule it stands on."""

from enum import StrEnum
from typing import NamedTuple

from tariff.rulebook import Purse


class Word(StrEnum):
    """What a line of a settlement says; the wording in Japanese and English is the command line's."""

    FARE = "fare"
    COVERED = "covered"
    EXCESS = "excess"
    THROUGH_CHEAPER = "through-cheaper"
    FLAT_FARE = "flat-fare"
    COMPANION = "companion"
    FAMILY = "family"
    ATTENDANT = "attendant"
    RIDES_FREE = "rides-free"
    LUGGAGE = "luggage"
    AUTO_CHARGED = "auto-charged"
    AUTO_CHARGE_HELD = "auto-charge-held"
    POINTS_LAPSED = "points-lapsed"
    POINTS_EARNED = "points-earned"
    WELFARE_POINTS = "welfare-points"
    TRANSPORT_POINTS = "transport-points"
    STORED_FARE = "stored-fare"
    ECO = "eco"
    STUDENT = "student"
    REGULAR = "regular"
    CASH = "cash"


PAID_BY = frozenset(
    {Word.AUTO_CHARGED, Word.AUTO_CHARGE_HELD, Word.POINTS_LAPSED, Word.POINTS_EARNED, Word.CASH}
    | {Word(purse) for purse in Purse}
)
"""Words of how the amount due is paid, and of what comes with it; lines of the others add up to the amount."""


class Line(NamedTuple):
    """One reason: the rule, what it says, the yen (or points) it is about, and what it names (stops, classes).

    `than_yen` is what an amount was compared with and found cheaper than (PASS-3, AZF-63), else 0.
    """

    rule: str
    word: Word
    yen: int
    detail: str = ""
    than_yen: int = 0
