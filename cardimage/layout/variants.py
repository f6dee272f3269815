"""What a slot holds besides the ride, scheme by scheme: the purses and what goes with them.

Each of the four operators' cards has a variant of its own. A fifth is for *shadows* (模擬): simulated cards on a bench
that stand for a recorded card of another scheme (IGP-2), under a layout number that no real card has.
"""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from cardimage.layout.bits import LayoutFault, thousands
from cardimage.layout.days import day_number, day_of
from tariff.account import AutoCharged, Coupons, Points

VARIANTS = {"lococa": 0, "iwate-green-pass": 1, "noruca": 2, "aizu-noruca": 3}
"""Card scheme -> variant."""

SHADOWS = {
    "suica": 1,
    "monorail-suica": 2,
    "rinkai-suica": 3,
    "pasmo": 4,
    "kitaca": 5,
    "manaca": 6,
    "toica": 7,
    "pitapa": 8,
    "icoca": 9,
    "sugoca": 10,
    "hayakaken": 11,
    "nimoca": 12,
}
"""Scheme of a foreign card -> number in the slot of its shadow. Closed: a number once given is never given again."""


class Contents(NamedTuple):
    """What a slot holds besides the ride. `company` tells whose register numbered the ride's trip."""

    stored_fare_yen: int = 0
    company: int = 0
    auto_charged: AutoCharged | None = None
    coupons: Coupons | None = None
    points: Points | None = None
    welfare_points: int = 0


_NAMES = ("stored fare", "a company", "auto-charge totals", "coupons", "points", "welfare points")
_NOTHING = Contents()


class Variant(NamedTuple):
    """One way to lay out contents: widths of its fields, a getter of what it has no place for, and both directions.

    `pack(contents, layout)` raises LayoutFault for what does not fit; `unpack(fields, layout)` gives None for fields
    that no `pack` can have made.
    """

    widths: tuple[int, ...]
    lacking: Callable[[tuple[Any, ...]], tuple[Any, ...]]
    pack: Callable[[Contents, int], tuple[int, ...]]
    unpack: Callable[[Sequence[int], int], Contents | None]
    nothing: tuple[Any, ...]
    """What `lacking` gets of a card that has nothing there."""


def check_places(contents: Contents, variant: Variant, scheme: str) -> None:
    """LayoutFault for a value that this variant has no place for: it is never dropped."""
    found = variant.lacking(contents)
    if found != variant.nothing:
        names = zip(variant.lacking(_NAMES), found, variant.nothing, strict=True)
        what = next(name for name, value, none in names if value != none)
        raise LayoutFault(f"a card of {scheme} has no place for {what}")


def variant_of(scheme: str) -> Variant:
    """The variant of a scheme's cards; LayoutFault for a scheme without one."""
    variant = _OF_SCHEME.get(scheme)
    if variant is None:
        raise LayoutFault(f"no layout for a card of {scheme}")
    return variant


# -- LOCOCA, and shadows: stored fare, and a company


def _pack_stored_fare(contents: Contents, layout: int) -> tuple[int, ...]:
    return contents.stored_fare_yen, contents.company


def _unpack_stored_fare(fields: Sequence[int], layout: int) -> Contents | None:
    return Contents(fields[0], fields[1])


# -- Iwate Green Pass


def _pack_iwate(contents: Contents, layout: int) -> tuple[int, ...]:
    held = contents.points
    points = (held.points, day_number(held.last_day, layout)) if held else (0, 0)
    return contents.stored_fare_yen, *points, contents.welfare_points


def _unpack_iwate(fields: Sequence[int], layout: int) -> Contents | None:
    stored_fare_yen, points, number, welfare_points = fields
    last_day = day_of(number, layout)
    if last_day is None and points:
        return None
    held = Points(points, last_day) if last_day else None
    return Contents(stored_fare_yen, points=held, welfare_points=welfare_points)


# -- NORUCA


def _pack_noruca(contents: Contents, layout: int) -> tuple[int, ...]:
    return (1, *(_tens(yen) for yen in contents.coupons)) if contents.coupons else (0, 0, 0, 0)


def _unpack_noruca(fields: Sequence[int], layout: int) -> Contents | None:
    purses, *tens = fields
    if not purses:
        return None if any(tens) else _NOTHING
    regular, student, eco = tens
    return Contents(coupons=Coupons(regular * 10, student * 10, eco * 10))


def _tens(yen: int) -> int:
    if yen % 10:
        raise LayoutFault(f"{yen} yen in a coupon purse; the card counts tens")
    return yen // 10


# -- AIZU NORUCA


def _pack_aizu(contents: Contents, layout: int) -> tuple[int, ...]:
    charged = contents.auto_charged
    if charged is None:
        return contents.stored_fare_yen, 0, 0, 0
    totals = thousands(charged.day_yen), thousands(charged.month_yen)
    return contents.stored_fare_yen, *totals, day_number(charged.day, layout)


def _unpack_aizu(fields: Sequence[int], layout: int) -> Contents | None:
    stored_fare_yen, day_thousands, month_thousands, number = fields
    day = day_of(number, layout)
    if day is None and (day_thousands or month_thousands):
        return None
    charged = AutoCharged(day, day_thousands * 1_000, month_thousands * 1_000) if day else None
    return Contents(stored_fare_yen, auto_charged=charged)


# -- all of them


def _variant(
    widths: tuple[int, ...],
    fields: tuple[str, ...],
    pack: Callable[[Contents, int], tuple[int, ...]],
    unpack: Callable[[Sequence[int], int], Contents | None],
) -> Variant:
    """A variant that has a place for these fields of `Contents`, and for no other."""
    lacking = itemgetter(*(position for position, field in enumerate(Contents._fields) if field not in fields))
    return Variant(widths, lacking, pack, unpack, lacking(_NOTHING))


SHADOW_WIDTHS = (15, 2)
_STORED_FARE = ("stored_fare_yen", "company")
_SHADOW = _variant(SHADOW_WIDTHS, _STORED_FARE, _pack_stored_fare, _unpack_stored_fare)
_OF_SCHEME = {
    "lococa": _variant((15, 1), _STORED_FARE, _pack_stored_fare, _unpack_stored_fare),
    "iwate-green-pass": _variant(
        (15, 15, 13, 15), ("stored_fare_yen", "points", "welfare_points"), _pack_iwate, _unpack_iwate
    ),
    "noruca": _variant((1, 11, 11, 11), ("coupons",), _pack_noruca, _unpack_noruca),
    "aizu-noruca": _variant((15, 7, 7, 13), ("stored_fare_yen", "auto_charged"), _pack_aizu, _unpack_aizu),
    **dict.fromkeys(SHADOWS, _SHADOW),
}
