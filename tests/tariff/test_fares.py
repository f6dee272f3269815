"""Fare tables and the fares of each class (GEN-1, GEN-2, GEN-4)."""

from array import array

import pytest

from tariff.fares import FareTable, MissingFare, Pattern, TariffFault
from tariff.lines import Line, Word
from tariff.money import half_up, share_up
from tariff.operator_file import RulebookError
from tariff.refusal import Code
from tariff.riders import Party, RiderClass, fare_for
from tests.tariff.examples import (
    ADULT,
    AIZU,
    AIZU_LINE,
    CHILD,
    DISABLED_ADULT,
    DISABLED_CHILD,
    HAKUHO_BACK,
    HAKUHO_LINE,
    TOWN_LOOP,
    card,
    held,
    place,
    reasons,
    refused,
    ride,
    section,
    settled,
    triangle,
)

BROKEN_LINE = triangle("白棚線", "磐城棚倉\n300 実業高校前\n- 200 南湖公園")


# -- GEN-2


@pytest.mark.parametrize(
    ("fare_yen", "half_yen"),
    [
        *((0, 0), (10, 10), (20, 10), (50, 30), (100, 50), (160, 80), (210, 110), (230, 120), (240, 120), (440, 220)),
        # A table may hold fares that are no tens: half is still rounded up, never to the nearest.
        *((1, 10), (161, 90), (201, 110), (219, 110), (221, 120)),
    ],
)
def test_gen_2_half_is_rounded_up_to_10_yen(fare_yen: int, half_yen: int) -> None:
    assert share_up(fare_yen, 50, 10) == half_yen


@pytest.mark.parametrize(
    ("rider", "of_230_yen", "of_100_yen", "of_210_yen"),
    [
        (ADULT, 230, 100, 210),
        (CHILD, 120, 50, 110),
        (DISABLED_ADULT, 120, 50, 110),
        # Half of the child fare, not a quarter of the adult's: 210 -> 110 -> 60.
        (DISABLED_CHILD, 60, 30, 60),
    ],
)
def test_gen_2_the_fare_of_each_class(rider: RiderClass, of_230_yen: int, of_100_yen: int, of_210_yen: int) -> None:
    assert [fare_for(rider, yen, AIZU.riders) for yen in (230, 100, 210)] == [of_230_yen, of_100_yen, of_210_yen]


def test_gen_2_every_class_has_a_share() -> None:
    assert {rider: fare_for(rider, 1_000, AIZU.riders) for rider in RiderClass} == {
        RiderClass.ADULT: 1_000,
        RiderClass.CHILD: 500,
        RiderClass.DISABLED_ADULT: 500,
        RiderClass.DISABLED_CHILD: 250,
        # An infant who pays at all pays as a child (AZF-1).
        RiderClass.INFANT: 500,
        RiderClass.BABY: 0,
    }


@pytest.mark.parametrize(
    ("child_percent", "disabled_percent", "to_yen", "fares"),
    [(60, 50, 10, (140, 120, 70)), (50, 70, 10, (120, 170, 90)), (50, 50, 1, (115, 115, 58))],
)
def test_gen_2_shares_and_rounding_are_the_operators(
    child_percent: int, disabled_percent: int, to_yen: int, fares: tuple[int, ...]
) -> None:
    rules = AIZU.riders._replace(child_percent=child_percent, disabled_percent=disabled_percent, round_up_to_yen=to_yen)
    assert tuple(fare_for(rider, 230, rules) for rider in (CHILD, DISABLED_ADULT, DISABLED_CHILD)) == fares


# -- GEN-1


@pytest.mark.parametrize(
    ("numerator", "denominator", "yen"),
    [(45_885, 1, 45_890), (45_884, 1, 45_880), (45_880, 1, 45_880), (4_588_500, 100, 45_890), (4_588_499, 100, 45_880)],
)
def test_gen_1_half_is_rounded_up_in_integers(numerator: int, denominator: int, yen: int) -> None:
    assert half_up(numerator, denominator) == yen


def test_gen_1_the_multiple_is_the_rules() -> None:
    assert [half_up(12_345, 10, to_yen) for to_yen in (1, 10, 100)] == [1_235, 1_230, 1_200]


# -- GEN-4


@pytest.mark.parametrize(
    ("boarded", "alighted", "fare_yen"),
    [("磐城棚倉", "新白河", 500), ("磐城棚倉", "実業高校前", 300), ("白河モール前", "新白河", 170)],
)
def test_gen_4_a_fare_stands_where_row_and_column_cross(boarded: str, alighted: str, fare_yen: int) -> None:
    there, back = HAKUHO_LINE, HAKUHO_BACK
    assert there.fare_yen(place(there, boarded), place(there, alighted)) == fare_yen
    assert back.fare_yen(place(back, alighted), place(back, boarded)) == fare_yen


def test_gen_4_an_adult_without_a_pass_pays_the_table_fare() -> None:
    settlement = settled(ride(AIZU_LINE, "若松駅前", "西若松駅東口"), card(1_000, scheme="aizu-noruca"))
    assert reasons(settlement) == [Line("GEN-4", Word.FARE, 230, "若松駅前→西若松駅東口")]
    assert settlement.after.stored_fare_yen == 770


@pytest.mark.parametrize(
    ("boarded", "alighted", "fare_yen"),
    [(0, 1, 160), (1, 4, 210), (0, 4, 210), (3, 4, 160)],
    ids=["first visit out", "back to it", "once around", "last leg"],
)
def test_gen_4_a_loop_keeps_both_visits_of_a_stop_apart(boarded: int, alighted: int, fare_yen: int) -> None:
    assert settled(ride(TOWN_LOOP, boarded, alighted), card()).due_yen == fare_yen


def test_gen_4_a_missing_fare_is_a_refusal_that_names_route_and_both_stops() -> None:
    refusal = refused(ride(BROKEN_LINE, "磐城棚倉", "南湖公園"), card())
    assert (refusal.code, refusal.rule) == (Code.NO_FARE, "GEN-4")
    assert refusal.detail == "白棚線: 磐城棚倉 - 南湖公園"


def test_gen_4_a_missing_fare_of_an_excess_part_names_that_part() -> None:
    line = triangle("白棚線", "磐城棚倉\n300 実業高校前\n400 200 南湖公園\n450 270 - 白河モール前")
    member = card(held_pass=held(section("磐城棚倉", "南湖公園")), scheme="aizu-noruca")
    refusal = refused(ride(line, "磐城棚倉", "白河モール前"), member)
    assert (refusal.code, refusal.detail) == (Code.NO_FARE, "白棚線: 南湖公園 - 白河モール前")


def test_gen_4_a_missing_through_fare_stops_a_companion_even_on_a_covered_ride() -> None:
    line = triangle("白棚線", "磐城棚倉\n300 実業高校前\n400 200 南湖公園\n450 270 190 白河モール前")
    holed = triangle("白棚線", "磐城棚倉\n300 実業高校前\n400 200 南湖公園\n450 - 190 白河モール前")
    member = card(held_pass=held(section("磐城棚倉", "白河モール前")), scheme="aizu-noruca")
    party = Party(companions=(CHILD,))
    assert settled(ride(line, "実業高校前", "白河モール前"), member, party).due_yen == 140
    assert refused(ride(holed, "実業高校前", "白河モール前"), member, party).code is Code.NO_FARE


def test_gen_4_missing_fare_says_what_to_do() -> None:
    with pytest.raises(MissingFare) as told:
        BROKEN_LINE.fare_yen(0, 2)
    assert str(told.value) == "route 白棚線: no fare from 磐城棚倉 to 南湖公園; add it to the fare table (GEN-4)"
    assert (told.value.route, told.value.boarded, told.value.alighted) == ("白棚線", "磐城棚倉", "南湖公園")


def test_gen_4_a_route_without_a_name_is_named_by_its_id() -> None:
    nameless = FareTable(Pattern("p1", "R12", "", ("起点", "終点"), (1, 2)), array("l", [-1] * 4))
    with pytest.raises(MissingFare, match=r"^route R12: no fare from 起点 to 終点"):
        nameless.fare_yen(0, 1)


def test_gen_4_has_fare_tells_a_gap_from_a_fare_of_zero() -> None:
    free = triangle("無料バス", "起点\n0 中間\n- 0 終点")
    assert [free.has_fare(0, 1), free.has_fare(0, 2), free.has_fare(1, 2)] == [True, False, True]
    assert free.fare_yen(0, 1) == 0


@pytest.mark.parametrize(
    ("boarded", "alighted"), [(0, 0), (3, 1), (-1, 2), (0, 5), (4, 5)], ids=["same", "back", "before", "after", "end"]
)
def test_gen_4_a_ride_off_the_pattern_is_a_fault_of_the_caller(boarded: int, alighted: int) -> None:
    with pytest.raises(ValueError, match=f"白棚線-1: no ride from place {boarded} to place {alighted}"):
        HAKUHO_LINE.fare_yen(boarded, alighted)


@pytest.mark.parametrize("fares", [0, 3, 5])
def test_gen_4_a_table_of_the_wrong_size_is_not_built(fares: int) -> None:
    with pytest.raises(ValueError, match=f"^p1: {fares} fares for 2 stops$"):
        FareTable(Pattern("p1", "R12", "市内線", ("起点", "終点"), (1, 2)), array("l", [100] * fares))


def test_gen_10_cash_fares_are_of_the_same_pattern() -> None:
    there = FareTable(Pattern("p1", "R12", "市内線", ("起点", "終点"), (1, 2)), array("l", [-1] * 4))
    back = Pattern("p2", "R12", "市内線", ("終点", "起点"), (2, 1))
    with pytest.raises(ValueError, match=r"^p2: cash fares of p1$"):
        FareTable(back, array("l", [-1] * 4), there)


def test_faults_of_the_tariff_are_one_family() -> None:
    assert issubclass(MissingFare, TariffFault) and issubclass(RulebookError, TariffFault)
