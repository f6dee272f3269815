"""Flat fares for pass holders: the eco pass and Student Plus One (LOC-13, AZF-60 to AZF-63, GEN-20)."""

from datetime import date

import pytest

from tariff.account import Account, HolderKind, Pass
from tariff.flat_fares import flat_fare_yen
from tariff.lines import Line, Word
from tariff.refusal import Code
from tariff.riders import HOLDER_ALONE, Party, RiderClass
from tariff.rulebook import Rulebook
from tests.tariff.examples import (
    ADULT,
    AIZU,
    CHILD,
    DISABLED_ADULT,
    DISABLED_CHILD,
    HAKUHO_LINE,
    JOBAN,
    LOCOCA,
    card,
    held,
    reasons,
    refused,
    ride,
    section,
    settled,
    triangle,
)

FRIDAY, SATURDAY, SUNDAY, MONDAY = (date(2026, 11, day) for day in (20, 21, 22, 24))
LABOUR_THANKSGIVING = date(2026, 11, 23)  # a Monday
WITHIN, PARTLY, OUTSIDE = (0, 2), (0, 4), (2, 4)
"""Rides on 白棚線 against a pass 磐城棚倉 – 南湖公園: free, 250 of excess, 250 in full."""
PASS = section("磐城棚倉", "南湖公園")


def product(rulebook: Rulebook, name: str) -> int:
    found = rulebook.product_named(name)
    assert found is not None, name
    return found.number


def holder_of(rulebook: Rulebook, name: str, holder: HolderKind = HolderKind.ADULT, **more: object) -> Account:
    bought: Pass = held(PASS, product=product(rulebook, name), **more)  # type: ignore[arg-type]
    return card(5_000, bought, holder, scheme=rulebook.scheme)


def due_yen(
    member: Account,
    run: tuple[int, int],
    day: date,
    party: Party = HOLDER_ALONE,
    service: str = "ordinary",
    at: str = "08:00",
) -> int:
    return settled(ride(HAKUHO_LINE, *run, day=day, service=service, departs=at), member, party).due_yen


# -- LOC-13, AZF-61: the eco pass


@pytest.mark.parametrize("rulebook", [LOCOCA, AIZU], ids=["lococa", "aizu-noruca"])
@pytest.mark.parametrize(
    ("day", "eco"),
    [(FRIDAY, False), (SATURDAY, True), (SUNDAY, True), (LABOUR_THANKSGIVING, True), (MONDAY, False)],
)
def test_loc_13_azf_61_gen_20_a_commuters_ride_outside_the_section_is_100_yen_on_holidays(
    rulebook: Rulebook, day: date, eco: bool
) -> None:
    member = holder_of(rulebook, "commuter", bearer=rulebook is AIZU)
    assert due_yen(member, WITHIN, day) == 0
    assert due_yen(member, PARTLY, day) == (100 if eco else 250)
    assert due_yen(member, OUTSIDE, day) == (100 if eco else 250)


def test_loc_13_the_line_names_the_rule_and_what_it_was_cheaper_than() -> None:
    taken = ride(HAKUHO_LINE, *PARTLY, day=SATURDAY)
    assert reasons(settled(taken, holder_of(LOCOCA, "commuter"))) == [
        Line("LOC-13", Word.FLAT_FARE, 100, "磐城棚倉→新白河", than_yen=250)
    ]


def test_gen_20_the_operators_own_holidays_count() -> None:
    member, taken = holder_of(LOCOCA, "commuter"), ride(HAKUHO_LINE, *OUTSIDE, day=FRIDAY)
    by_date = LOCOCA._replace(holidays=LOCOCA.holidays._replace(own_dates=frozenset({FRIDAY})))
    by_month_day = LOCOCA._replace(holidays=LOCOCA.holidays._replace(own_month_days=frozenset({(11, 20)})))
    assert settled(taken, member, rulebook=by_date).due_yen == 100
    assert settled(taken, member, rulebook=by_month_day).due_yen == 100
    assert settled(taken, member).due_yen == 250


def test_loc_13_gen_5_the_day_is_that_of_boarding() -> None:
    member = holder_of(LOCOCA, "commuter")
    overnight = ride(HAKUHO_LINE, *OUTSIDE, day=FRIDAY, alighted_on=SATURDAY)
    assert settled(overnight, member).due_yen == 250
    assert settled(overnight._replace(day=SUNDAY, alighted_on=MONDAY), member).due_yen == 100


@pytest.mark.parametrize(
    ("family", "lococa_yen", "aizu_yen"),
    [((ADULT,), 100, 100), ((CHILD,), 50, 50), ((DISABLED_ADULT,), 100, 50), ((DISABLED_CHILD,), 50, 30)],
)
def test_loc_13_azf_61_azf_62_family_riding_along_pays_the_flat_fare_within_and_outside(
    family: tuple[RiderClass, ...], lococa_yen: int, aizu_yen: int
) -> None:
    party = Party(family=family)
    for rulebook, yen in ((LOCOCA, lococa_yen), (AIZU, aizu_yen)):
        member = holder_of(rulebook, "commuter")
        assert due_yen(member, WITHIN, SUNDAY, party) == yen
        assert due_yen(member, OUTSIDE, SUNDAY, party) == 100 + yen
        assert due_yen(member, WITHIN, FRIDAY, party) > yen


def test_azf_61_a_companion_who_is_no_family_pays_the_fare() -> None:
    member = holder_of(AIZU, "commuter")
    assert due_yen(member, WITHIN, SUNDAY, Party(companions=(ADULT,))) == 400
    lines = reasons(
        settled(ride(HAKUHO_LINE, *WITHIN, day=SUNDAY), member, Party(companions=(ADULT,), family=(ADULT, CHILD)))
    )
    assert lines[1:] == [
        Line("GEN-18", Word.COMPANION, 400, "adult"),
        Line("AZF-61", Word.FAMILY, 100, "adult", than_yen=400),
        Line("AZF-61", Word.FAMILY, 50, "child", than_yen=200),
    ]


@pytest.mark.parametrize(
    ("holder", "yen"),
    [(HolderKind.ADULT, 100), (HolderKind.DISABLED_ADULT, 50), (HolderKind.CHILD, 50), (HolderKind.DISABLED_CHILD, 30)],
)
@pytest.mark.parametrize("bearer", [False, True])
def test_azf_61_azf_62_the_holders_own_class_on_a_bearer_pass_too(holder: HolderKind, yen: int, bearer: bool) -> None:
    assert due_yen(holder_of(AIZU, "commuter", holder, bearer=bearer), PARTLY, SUNDAY) == yen


@pytest.mark.parametrize(
    ("name", "eco"), [("commuter", True), ("noransho", True), ("student", False), ("term-1", False)]
)
def test_azf_61_which_passes_are_eco_passes(name: str, eco: bool) -> None:
    # At seven in the morning there is no Plus One.
    assert due_yen(holder_of(AIZU, name), OUTSIDE, SUNDAY, at="07:00") == (100 if eco else 250)


@pytest.mark.parametrize(
    ("service", "eco"),
    [("ordinary", True), ("highway", False), ("highway-nozawa", True), ("sightseeing", False)],
)
def test_azf_62_services_without_eco_fares(service: str, eco: bool) -> None:
    assert due_yen(holder_of(AIZU, "commuter"), OUTSIDE, SUNDAY, service=service) == (100 if eco else 250)


def test_azf_62_expired_passes_and_other_operators_give_no_eco_fare() -> None:
    ended = holder_of(AIZU, "commuter", last_day=SATURDAY)
    assert due_yen(ended, OUTSIDE, SATURDAY) == 100
    assert due_yen(ended, OUTSIDE, SUNDAY) == 250
    of_the_other = holder_of(LOCOCA, "commuter", company=JOBAN)
    assert due_yen(of_the_other, OUTSIDE, SUNDAY) == 250


# -- AZF-60: Student Plus One


@pytest.mark.parametrize(
    ("departs", "flat"),
    [("09:59", False), ("10:00", True), ("10:01", True), ("23:59", True), ("24:30", True), ("00:30", False)],
)
def test_azf_60_plus_one_from_ten_oclock_at_the_first_stop(departs: str, flat: bool) -> None:
    member = holder_of(AIZU, "student")
    assert due_yen(member, OUTSIDE, FRIDAY, at=departs) == (100 if flat else 250)
    assert due_yen(member, PARTLY, FRIDAY, at=departs) == (100 if flat else 250)
    assert due_yen(member, WITHIN, FRIDAY, at=departs) == 0


@pytest.mark.parametrize("name", ["student", "term-1", "term-2-1", "term-2-2", "term-3", "year"])
def test_azf_60_term_passes_too(name: str) -> None:
    assert due_yen(holder_of(AIZU, name), OUTSIDE, FRIDAY, at="15:00") == 100


def test_azf_60_no_plus_one_with_a_one_way_pass() -> None:
    one_way = card(
        5_000,
        held(section("磐城棚倉", "南湖公園", one_way=True), product=product(AIZU, "student")),
        scheme="aizu-noruca",
    )
    assert due_yen(one_way, OUTSIDE, FRIDAY, at="15:00") == 250


@pytest.mark.parametrize(
    ("service", "flat"), [("highway", False), ("highway-nozawa", True), ("sightseeing", False), ("community", True)]
)
def test_azf_60_services_without_plus_one(service: str, flat: bool) -> None:
    member = holder_of(AIZU, "student")
    assert due_yen(member, OUTSIDE, FRIDAY, service=service, at="15:00") == (100 if flat else 250)


def test_azf_60_a_highway_student_pass_gives_no_plus_one() -> None:
    member = holder_of(AIZU, "student-highway")
    assert due_yen(member, OUTSIDE, FRIDAY, at="15:00") == 250
    assert due_yen(member, OUTSIDE, FRIDAY, service="highway-nozawa", at="15:00") == 250
    assert due_yen(member, WITHIN, FRIDAY, service="highway", at="15:00") == 0


def test_azf_60_no_disabled_discount() -> None:
    member = holder_of(AIZU, "student", HolderKind.DISABLED_ADULT)
    assert due_yen(member, OUTSIDE, FRIDAY, at="15:00") == 100
    assert due_yen(member, OUTSIDE, FRIDAY, at="09:00") == 130


def test_azf_60_the_holder_alone() -> None:
    assert due_yen(holder_of(AIZU, "student"), OUTSIDE, FRIDAY, Party(family=(ADULT,)), at="15:00") == 100 + 250


@pytest.mark.parametrize(
    ("rider", "lococa_yen", "aizu_yen"),
    [
        (ADULT, 100, 100),
        (CHILD, 50, 50),
        (DISABLED_ADULT, 100, 50),
        (DISABLED_CHILD, 50, 30),
        (RiderClass.INFANT, 50, 50),  # who pays at all pays as a child (AZF-1)
        (RiderClass.BABY, 0, 0),
    ],
)
def test_loc_13_azf_61_azf_62_the_eco_fare_of_every_class(rider: RiderClass, lococa_yen: int, aizu_yen: int) -> None:
    assert flat_fare_yen(LOCOCA.flat_fares[0], rider) == lococa_yen
    assert flat_fare_yen(AIZU.flat_fares[1], rider) == aizu_yen


# -- AZF-63


def test_azf_63_a_flat_fare_only_where_it_is_cheaper() -> None:
    # A disabled child's 60 yen of 230 is less than Plus One's 100.
    child = holder_of(AIZU, "student", HolderKind.DISABLED_CHILD)
    assert due_yen(child, (3, 4), FRIDAY, at="15:00") == 50
    # And 100 against 100 is no flat fare.
    eco = AIZU._replace(flat_fares=tuple(flat._replace(adult_yen=250) for flat in AIZU.flat_fares))
    member = holder_of(AIZU, "commuter")
    lines = reasons(settled(ride(HAKUHO_LINE, *OUTSIDE, day=SUNDAY), member, rulebook=eco))
    assert lines == [Line("GEN-4", Word.FARE, 250, "南湖公園→新白河")]


def test_azf_63_the_cheapest_of_several() -> None:
    dear, cheap = (AIZU.flat_fares[-1]._replace(name=name, adult_yen=yen) for name, yen in (("a", 90), ("b", 80)))
    for flats in ((dear, cheap), (cheap, dear)):
        taken = ride(HAKUHO_LINE, *OUTSIDE, day=SUNDAY, departs="15:00")
        book = AIZU._replace(flat_fares=tuple(flat._replace(products=("commuter",)) for flat in flats))
        assert settled(taken, holder_of(AIZU, "commuter"), rulebook=book).due_yen == 80


def test_azf_63_gen_4_a_flat_fare_is_no_way_round_a_missing_fare() -> None:
    line = triangle("白棚線", "磐城棚倉\n300 実業高校前\n400 200 南湖公園\n- - - 新白河")
    refusal = refused(ride(line, 2, 3, day=SUNDAY), holder_of(AIZU, "commuter"))
    assert refusal.code is Code.NO_FARE
