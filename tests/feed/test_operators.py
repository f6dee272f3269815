"""Operator files by scheme, agency and day (GEN-5)."""

from datetime import date

import pytest

from farebox.duty import Duty
from farebox.feed.operators import OperatorFault, Operators, load_operators
from tariff.rulebook import Rulebook
from tests.farebox.bus import DAY, DUTY

SHIPPED = load_operators().rulebooks
LOCOCA = next(book for book in SHIPPED if book.scheme == "lococa")
NEWER = LOCOCA._replace(effective=date(2026, 11, 21), guard_s=99)
JOBAN = "新常磐交通"


@pytest.mark.parametrize(("day", "guard_s"), [(DAY, 10), (date(2026, 11, 21), 99), (date(2030, 1, 1), 99)])
@pytest.mark.parametrize("order", [(LOCOCA, NEWER), (NEWER, LOCOCA)])
def test_the_latest_file_in_force_holds(order: tuple[Rulebook, ...], day: date, guard_s: int) -> None:
    assert Operators(order).on("lococa", day).guard_s == guard_s


def test_before_the_first_file_nothing_holds() -> None:
    with pytest.raises(OperatorFault, match="lococa: no operator file is in force on 2015-12-31"):
        Operators(SHIPPED).on("lococa", date(2015, 12, 31))


def test_a_scheme_of_next_year_does_not_stop_todays_buses() -> None:
    to_come = LOCOCA._replace(scheme="iwate-green-pass", effective=date(2027, 4, 1), companies=())
    found = Operators((*SHIPPED, to_come)).of_agency(JOBAN, DAY)
    assert found is not None and found[0].scheme == "lococa"


def test_gen_5_a_trip_that_leaves_after_midnight_is_under_the_next_days_rules() -> None:
    duty = Duty(DUTY.feed, Operators((*SHIPPED, NEWER)))
    assert duty.service(DUTY.feed.trips["HAKUHO-W10"], DAY).rulebook.guard_s == 10  # 23:20
    assert duty.service(DUTY.feed.trips["HAKUHO-W11"], DAY).rulebook.guard_s == 99  # 24:35


def test_a_scheme_that_was_chosen_holds_for_every_agency() -> None:
    chosen = Duty(DUTY.feed, Operators(SHIPPED), "aizu-noruca")
    assert chosen.service(DUTY.feed.trips["HAKUHO-W01"], DAY).rulebook.scheme == "aizu-noruca"


def test_an_assumed_scheme_holds_only_where_no_file_names_the_agency() -> None:
    assumed = Duty(DUTY.feed, Operators(SHIPPED), assumed="lococa")
    assert assumed.service(DUTY.feed.trips["NISHIWAKA-W01"], DAY).rulebook.scheme == "aizu-noruca"
