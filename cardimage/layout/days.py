"""Days on the card: 13 bits, 0 is no day, 1 the first day of the layout. That day is all that the layouts differ in.

docs/decisions/0002 and 0006 say why they begin where they do.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from cardimage.layout.bits import LayoutFault

SHADOW_LAYOUT = 7
"""The layout of shadows (模擬), which are never on a real card: see variants.py."""

FIRST_DAYS = {1: date(2016, 1, 1), 2: date(2026, 1, 1), SHADOW_LAYOUT: date(2016, 1, 1)}
"""Layout -> its day 1. A layout that is not here is not known, and what is written in it is not read."""

FIRST_DAY = min(FIRST_DAYS.values())
"""The earliest day that any card can hold."""

_DAYS_ZERO = {layout: first.toordinal() - 1 for layout, first in FIRST_DAYS.items()}
_NEWEST_FIRST = (2, 1)
_MOST = (1 << 13) - 1


def last_day(layout: int) -> date:
    """The last day a layout can hold: number 8191."""
    return FIRST_DAYS[layout] + timedelta(days=_MOST - 1)


_RANGES = tuple((layout, FIRST_DAYS[layout], last_day(layout)) for layout in _NEWEST_FIRST)


def newest_layout(days: Iterable[date | None]) -> int:
    """The newest layout that holds all of these days; LayoutFault if none does."""
    held = [day for day in days if day is not None]
    for layout, first, last in _RANGES:
        for day in held:
            if not first <= day <= last:
                break
        else:
            return layout
    known = ", ".join(f"layout {layout} holds {first} to {last}" for layout, first, last in _RANGES)
    raise LayoutFault(f"no card can hold both {min(held)} and {max(held)}: {known}")


def day_number(day: date | None, layout: int) -> int:
    """A day -> its number in a layout; LayoutFault if it has none."""
    if day is None:
        return 0
    number = day.toordinal() - _DAYS_ZERO[layout]
    if not 1 <= number <= _MOST:
        raise LayoutFault(f"{day} is not a day that layout {layout} holds: {FIRST_DAYS[layout]} to {last_day(layout)}")
    return number


def day_of(number: int, layout: int) -> date | None:
    """A number in a layout -> its day."""
    return date.fromordinal(_DAYS_ZERO[layout] + number) if number else None


def layout_mark(layout: int) -> int:
    """The three bits that say by which layout a history row or the number block counts its day; 0 is layout 1, whose
    blocks have nothing there.
    """
    return 0 if layout == 1 else layout


def layout_of_mark(mark: int) -> int | None:
    """The same read back; None for a layout that is not known."""
    layout = mark or 1
    return layout if layout in _NEWEST_FIRST and mark == layout_mark(layout) else None
