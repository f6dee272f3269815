"""National holidays (GEN-20): the table against those who reckon them."""

import csv
from datetime import date
from pathlib import Path

import jpholiday
import pytest

from cardimage.layout.days import FIRST_DAY, last_day
from farebox.feed import holidays
from farebox.feed.holidays import FIRST_YEAR, national_holidays


def test_gen_20_the_table_is_what_jpholiday_reckons() -> None:
    for year in range(FIRST_YEAR, holidays.LAST_YEAR + 1):
        reckoned = {holiday[0] for holiday in jpholiday.year_holidays(year)}
        assert sorted(national_holidays(year, year)) == sorted(reckoned)


def test_every_year_a_card_can_hold_is_there() -> None:
    assert (FIRST_YEAR, holidays.LAST_YEAR) == (FIRST_DAY.year, last_day(2).year) == (2016, 2048)


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2016, 1, 1), "元日"),
        (date(2019, 4, 30), "国民の休日"),
        (date(2019, 5, 1), "即位の日"),
        (date(2020, 7, 24), "スポーツの日, moved for the games"),
        (date(2021, 8, 9), "振替休日"),
        (date(2026, 9, 22), "国民の休日 between two holidays"),
        (date(2026, 11, 3), "文化の日"),
        (date(2038, 11, 23), "勤労感謝の日"),
        (date(2048, 11, 23), "勤労感謝の日"),
    ],
)
def test_gen_20_holidays_and_their_substitutes(day: date, why: str) -> None:
    assert day in national_holidays(2016, 2048), why


@pytest.mark.parametrize("day", [date(2020, 10, 12), date(2019, 12, 23), date(2026, 11, 20), date(2021, 7, 19)])
def test_gen_20_days_that_are_none(day: date) -> None:
    assert day not in national_holidays(2016, 2048)


def test_years_are_taken_from_first_to_last() -> None:
    assert national_holidays(2025, 2026) == national_holidays(2025, 2025) | national_holidays(2026, 2026)
    assert {day.year for day in national_holidays(2017, 2019)} == {2017, 2018, 2019}


@pytest.mark.parametrize(("first", "last"), [(2015, 2026), (2016, 2049), (2027, 2026)])
def test_years_that_are_not_known_are_refused(first: int, last: int) -> None:
    with pytest.raises(ValueError, match=f"^national holidays are known from 2016 to 2048, not {first} to {last}$"):
        national_holidays(first, last)


@pytest.mark.data
def test_gen_20_the_cabinet_offices_table(data_dir: Path) -> None:
    text = (data_dir / "syukujitsu_cao_1955-2027.csv").read_text(encoding="cp932")
    rows = list(csv.reader(text.splitlines()))[1:]
    announced = {date(*map(int, day.split("/"))) for day, _ in rows}
    assert len(announced) == 1_067
    assert {day for day in announced if day.year >= 2016} == national_holidays(2016, 2027)
