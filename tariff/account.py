"""What a card *means*: purses, passes held, the open ride, the holder.

The one value that the card's bytes (`cardimage`), the rules (`tariff`), the terminal and the centre share.
It knows nothing of bytes and nothing of fares.
"""

from datetime import date
from enum import IntEnum
from typing import NamedTuple


class HolderKind(IntEnum):
    """Whom the card's own discount is for (LOC-1 to LOC-3, IGP-3, NOR-4). The number is the card's."""

    ADULT = 0
    CHILD = 1
    DISABLED_ADULT = 2
    DISABLED_CHILD = 3


class RideState(IntEnum):
    """What the card last did on a bus. The number is the card's."""

    NONE = 0
    OPEN = 1
    CLOSED = 2


class RideMark(NamedTuple):
    """The card's own note of its last tap: where it boarded (`OPEN`) or alighted (`CLOSED`).

    `day` is the calendar date in Japan of the boarding tap (GEN-5) and stays that until the ride is closed;
    `trip_number` and `stop_index` are the register's trip number and the place in the trip's pattern, so that
    a loop that serves a stop twice keeps both visits apart. `company` tells whose register numbered the trip.
    """

    state: RideState
    day: date
    trip_number: int
    stop_index: int
    company: int = 0


class Section(NamedTuple):
    """A pass section: two stops by register number, and the fare the pass was priced on (PASS-1)."""

    from_stop: int
    to_stop: int
    one_way: bool
    priced_fare_yen: int


class Pass(NamedTuple):
    """A pass held on the card: sections, an area or a line with one validity, both days included (PASS-6).

    `company` is the operator that sold it: it is valid there only (PASS-8, LOC-6). `product` is the operator's
    own number for the kind of pass; `area` and `line` are the operator file's numbers, 0 where it has none.
    """

    product: int
    company: int
    first_day: date
    last_day: date
    bearer: bool
    sections: tuple[Section, ...]
    area: int = 0
    line: int = 0


class AutoCharge(NamedTuple):
    """The auto-charge arrangement of a card (AUT-1), all in yen. Held on the card only when it is switched on."""

    trigger_yen: int
    amount_yen: int
    day_cap_yen: int
    month_cap_yen: int


class AutoCharged(NamedTuple):
    """Running totals of auto-charge (AUT-3): what was added on `day`, and in that day's month."""

    day: date
    day_yen: int
    month_yen: int


class Coupons(NamedTuple):
    """The three coupon purses of a NORUCA card, in yen, premium included (NOR-3)."""

    regular_yen: int
    student_yen: int
    eco_yen: int


class Points(NamedTuple):
    """Transport points (IGP-28): how many, and the day of the last earning or use (IGP-30). One point is one yen."""

    points: int
    last_day: date


class Account(NamedTuple):
    """A card's contents as the rules see them. Money in whole yen (GEN-1)."""

    scheme: str
    """The card's kind by name: "lococa", "aizu-noruca" (the operator files' `scheme`)."""
    stored_fare_yen: int
    holder: HolderKind = HolderKind.ADULT
    named: bool = False
    expires: date | None = None
    """Last day the card itself may be used (LOC-2); None: no expiry."""
    ride: RideMark | None = None
    held_pass: Pass | None = None
    auto_charge: AutoCharge | None = None
    auto_charged: AutoCharged | None = None
    coupons: Coupons | None = None
    """NORUCA's purses; None on a card without any: another scheme's, or one with the pass function only (NOR-12)."""
    points: Points | None = None
    """None until the first earning."""
    welfare_points: int = 0
    directive: int = 0
    """Number of the last directive applied to the card (CTR-3); 0: none."""
