from datetime import date, timedelta

import pytest
from hypothesis import given

from cardimage.layout.bits import LayoutFault
from cardimage.layout.days import FIRST_DAY, FIRST_DAYS, day_number, day_of, last_day, newest_layout
from tests.cardimage.accounts import days

NEW_YEAR = date(2026, 1, 1)


@pytest.mark.parametrize(
    ("layout", "first", "last"),
    [
        (1, date(2016, 1, 1), date(2038, 6, 4)),
        (2, NEW_YEAR, date(2048, 6, 4)),
        (7, date(2016, 1, 1), date(2038, 6, 4)),
    ],
)
def test_the_days_of_a_layout(layout: int, first: date, last: date) -> None:
    assert (FIRST_DAYS[layout], last_day(layout)) == (first, last)
    assert (day_number(first, layout), day_number(last, layout)) == (1, 8_191)
    assert (day_of(1, layout), day_of(8_191, layout)) == (first, last)
    for day in (first - timedelta(days=1), last + timedelta(days=1)):
        with pytest.raises(LayoutFault, match=f"^{day} is not a day that layout {layout} holds: {first} to {last}$"):
            day_number(day, layout)


def test_no_day_is_0() -> None:
    assert (day_number(None, 1), day_of(0, 2)) == (0, None)
    assert date(2016, 1, 1) == FIRST_DAY


@given(days)
def test_a_day_comes_back_as_it_went(day: date) -> None:
    layout = newest_layout((day,))
    assert day_of(day_number(day, layout), layout) == day


@pytest.mark.parametrize(
    ("days", "layout"),
    [
        ((), 2),
        ((None, None), 2),
        ((NEW_YEAR,), 2),
        ((date(2025, 12, 31),), 1),
        ((NEW_YEAR, date(2025, 12, 31)), 1),
        ((date(2038, 6, 4), date(2025, 12, 31)), 1),
        ((date(2038, 6, 5), NEW_YEAR), 2),
        ((date(2048, 6, 4), None), 2),
    ],
)
def test_the_newest_layout_that_holds_them_all(days: tuple[date | None, ...], layout: int) -> None:
    assert newest_layout(days) == layout


@pytest.mark.parametrize(
    "days",
    [(date(2015, 12, 31),), (date(2048, 6, 5),), (date(2025, 12, 31), NEW_YEAR, date(2038, 6, 5))],
)
def test_days_that_no_layout_holds_are_a_fault_that_names_them(days: tuple[date, ...]) -> None:
    with pytest.raises(LayoutFault, match=f"{min(days)} and {max(days)}: layout 2 holds 2026-01-01 to 2048-06-04"):
        newest_layout(days)
