"""Areas, lines, networks and excluded services (PASS-1, GEN-15, GEN-17, AZF-51 to AZF-54)."""

import pytest

from tariff.acceptance import accept
from tariff.account import Account, Pass
from tariff.lines import Line, Word
from tariff.refusal import Code, Refusal
from tariff.rulebook import Rulebook
from tests.tariff.examples import (
    AIZU,
    HAKUHO_LINE,
    IWATE,
    JOBAN,
    JR_BUS,
    LOCOCA,
    NORUCA,
    TODAY,
    TOWN_LOOP,
    card,
    held,
    reasons,
    refused,
    ride,
    section,
    settled,
    triangle,
)

AREA_23 = next(area for area in AIZU.areas if area.fare_yen == 230)
STOPS = frozenset({"実業高校前", "南湖公園", "白河モール前"})
DRAWN = AIZU._replace(areas=tuple(area._replace(stops=STOPS) if area is AREA_23 else area for area in AIZU.areas))
"""Aizu's rules with the stops of Area 23 configured: stops of our own line, since its map is a picture."""


def named(rulebook: Rulebook, name: str) -> int:
    found = rulebook.product_named(name)
    assert found is not None, name
    return found.number


def member(*sections: object, rulebook: Rulebook = AIZU, **more: object) -> Account:
    bought: Pass = held(*sections, **more)  # type: ignore[arg-type]
    return card(5_000, bought, scheme=rulebook.scheme)


AREA_PASS = member(product=named(AIZU, "area-commuter"), area=AREA_23.number)
LOOP_PASS = member(product=named(AIZU, "loop-commuter"), line=AIZU.lines[0].number)


# -- areas


@pytest.mark.parametrize(
    ("boarded", "alighted", "due"),
    [
        ("実業高校前", "白河モール前", 0),
        ("実業高校前", "南湖公園", 0),
        ("磐城棚倉", "実業高校前", 300),  # reaches the area's first stop, and covers no interval
        ("磐城棚倉", "南湖公園", 300),
        ("南湖公園", "新白河", 170),
        ("磐城棚倉", "新白河", 470),  # separate: 300 before and 170 after
    ],
)
def test_pass_1_azf_52_an_area_covers_the_stops_within_it(boarded: str, alighted: str, due: int) -> None:
    assert settled(ride(HAKUHO_LINE, boarded, alighted), AREA_PASS, rulebook=DRAWN).due_yen == due


def test_pass_1_azf_52_an_area_may_reach_to_either_end_of_a_line() -> None:
    ends = AREA_23._replace(stops=frozenset({"磐城棚倉", "実業高校前", "白河モール前", "新白河"}))
    drawn = AIZU._replace(areas=(ends,))
    assert settled(ride(HAKUHO_LINE, "磐城棚倉", "実業高校前"), AREA_PASS, rulebook=drawn).due_yen == 0
    assert settled(ride(HAKUHO_LINE, "白河モール前", "新白河"), AREA_PASS, rulebook=drawn).due_yen == 0
    assert settled(ride(HAKUHO_LINE, "磐城棚倉", "新白河"), AREA_PASS, rulebook=drawn).due_yen == 270


def test_gen_17_an_area_that_is_not_configured_charges_nobody_on_a_guess() -> None:
    refusal = refused(ride(HAKUHO_LINE, 0, 4), AREA_PASS)
    assert refusal == Refusal(Code.NOT_CONFIGURED, "GEN-17", f"area {AREA_23.name}")


def test_gen_17_nor_does_one_that_is_not_in_the_file() -> None:
    lost = member(product=named(AIZU, "area-commuter"), area=200)
    assert refused(ride(HAKUHO_LINE, 0, 4), lost) == Refusal(Code.NOT_CONFIGURED, "GEN-17", "area 200")


def test_azf_51_a_city_free_pass_covers_its_section_and_the_area() -> None:
    city = member(section("磐城棚倉", "実業高校前"), area=AREA_23.number)
    assert settled(ride(HAKUHO_LINE, "磐城棚倉", "白河モール前"), city, rulebook=DRAWN).due_yen == 0
    assert settled(ride(HAKUHO_LINE, "磐城棚倉", "新白河"), city, rulebook=DRAWN).due_yen == 170


def test_azf_51_gen_17_within_the_section_the_area_need_not_be_known() -> None:
    city = member(section("磐城棚倉", "実業高校前"), area=AREA_23.number)
    assert settled(ride(HAKUHO_LINE, "磐城棚倉", "実業高校前"), city).due_yen == 0
    assert refused(ride(HAKUHO_LINE, "磐城棚倉", "南湖公園"), city).code is Code.NOT_CONFIGURED


def test_pass_6_outside_its_days_an_unknown_area_is_no_matter() -> None:
    over = AREA_PASS._replace(
        held_pass=held(product=named(AIZU, "area-commuter"), area=200, last_day=TODAY.replace(day=1))
    )
    assert settled(ride(HAKUHO_LINE, 0, 4), over).due_yen == 500


# -- lines


@pytest.mark.parametrize("route", ["ハイカラさん", "あかべえ", "ハイカラさん 右回り"])
def test_azf_54_the_loop_pass_covers_its_lines(route: str) -> None:
    loop = triangle(route, "若松駅前\n210 七日町\n210 210 若松駅前")
    settlement = settled(ride(loop, 0, 2), LOOP_PASS)
    assert reasons(settlement) == [Line("PASS-2", Word.COVERED, 0, "若松駅前→若松駅前")]
    assert settled(ride(loop, 1, 2), LOOP_PASS).due_yen == 0


def test_azf_54_and_no_other_line() -> None:
    assert settled(ride(TOWN_LOOP, 0, 2), LOOP_PASS).due_yen == 210
    assert settled(ride(HAKUHO_LINE, 0, 4), LOOP_PASS).due_yen == 500


def test_azf_54_a_line_may_be_named_by_its_route_id() -> None:
    by_id = AIZU._replace(lines=(AIZU.lines[0]._replace(routes=(HAKUHO_LINE.pattern.route_id,)),))
    assert settled(ride(HAKUHO_LINE, 0, 4), LOOP_PASS, rulebook=by_id).due_yen == 0


def test_gen_17_a_line_that_is_not_in_the_file_charges_nobody_on_a_guess() -> None:
    lost = member(product=named(AIZU, "loop-commuter"), line=200)
    assert refused(ride(HAKUHO_LINE, 0, 4), lost) == Refusal(Code.NOT_CONFIGURED, "GEN-17", "line 200")


# -- networks, unknown products


def test_pass_1_a_network_pass_covers_every_line() -> None:
    everywhere = AIZU._replace(
        products=tuple(
            product._replace(scope="network") if product.name == "noransho" else product for product in AIZU.products
        )
    )
    free = member(product=named(AIZU, "noransho"))
    assert settled(ride(HAKUHO_LINE, 0, 4), free, rulebook=everywhere).due_yen == 0
    assert settled(ride(TOWN_LOOP, 0, 4), free, rulebook=everywhere).due_yen == 0


@pytest.mark.parametrize("name", ["noruca-65", "noruca-75", "odekake"])
def test_nor_3_the_scope_of_norucas_senior_passes_is_configured_without_a_default(name: str) -> None:
    senior = member(product=named(NORUCA, name), rulebook=NORUCA)
    refusal = refused(ride(HAKUHO_LINE, 0, 4), senior)
    assert refusal == Refusal(Code.NOT_CONFIGURED, "GEN-17", f"pass {name}")


def test_gen_17_a_product_that_is_not_in_the_file_charges_nobody_on_a_guess() -> None:
    strange = member(section("磐城棚倉", "新白河"), product=60)
    assert refused(ride(HAKUHO_LINE, 0, 4), strange) == Refusal(Code.NOT_CONFIGURED, "GEN-17", "pass 60")


# -- GEN-15: services


@pytest.mark.parametrize(
    ("rulebook", "service", "taken"),
    [
        (LOCOCA, "ordinary", True),
        (LOCOCA, "highway", False),
        (LOCOCA, "community", False),
        (IWATE, "ordinary", True),
        (NORUCA, "ordinary", True),
        (NORUCA, "rail", True),
        (NORUCA, "highway", False),
        (NORUCA, "intercity", False),
        (NORUCA, "limousine", False),
        (NORUCA, "sightseeing", False),
        (NORUCA, "extra", False),
        (AIZU, "highway", True),
    ],
    ids=lambda value: getattr(value, "scheme", value),
)
def test_gen_15_loc_6_nor_7_services_on_which_no_card_is_taken(rulebook: Rulebook, service: str, taken: bool) -> None:
    own = card(scheme=rulebook.scheme)
    at_the_door = accept(own, TODAY, service, rulebook)
    assert at_the_door == (None if taken else Refusal(Code.EXCLUDED_SERVICE, "GEN-15", service))
    if not taken:
        assert refused(ride(HAKUHO_LINE, 0, 4, service=service), own) == at_the_door


@pytest.mark.parametrize(
    ("name", "service", "due"),
    [
        ("commuter", "ordinary", 0),
        ("noransho", "community", 500),
        ("noransho", "highway", 500),
        ("noransho", "sightseeing", 500),
        ("term-1", "highway", 500),
        ("term-1", "sightseeing", 500),
        ("term-1", "sawayaka", 500),
        ("term-1", "konan-koriyama", 500),
        ("area-commuter", "highway", 500),
        ("student", "sawayaka", 0),
        ("student", "highway", 500),
        ("student", "highway-nozawa", 0),
        ("student-highway", "highway", 0),
        ("student-highway", "highway-nozawa", 0),
    ],
)
def test_gen_15_azf_40_azf_53_azf_60_services_on_which_a_pass_counts_for_nothing(
    name: str, service: str, due: int
) -> None:
    # The whole line as a section, so that only the service can spoil it.
    whole = member(section("磐城棚倉", "新白河"), product=named(AIZU, name))
    assert settled(ride(HAKUHO_LINE, 0, 4, service=service, departs="07:00"), whole).due_yen == due


@pytest.mark.parametrize(
    ("route_id", "route_name", "service"),
    [
        ("R1", "高速バス野沢線", "highway-nozawa"),
        ("R2", "高速バス会津若松-新潟線", "highway"),
        ("R3", "さわやか号", "sawayaka"),
        ("R4", "市内線", "ordinary"),
    ],
)
def test_gen_15_a_route_is_of_the_first_service_that_names_it(route_id: str, route_name: str, service: str) -> None:
    assert AIZU.service_of(0, route_id, route_name) == service


def test_gen_15_a_route_may_be_named_by_its_id() -> None:
    highway = next(entry for entry in AIZU.services if entry.name == "highway")
    by_id = AIZU._replace(services=(highway._replace(routes=("R9",)),))
    assert by_id.service_of(0, "R9", "市内線") == "highway"
    assert by_id.service_of(0, "R8", "R9") == "highway"
    assert by_id.service_of(0, "R8", "市内線") == "ordinary"


@pytest.mark.parametrize(
    ("company", "route_name", "service", "taken"),
    [
        (JR_BUS, "高速バス新宿線", "highway", False),
        (JOBAN, "高速バスいわき号", "highway", False),
        (JR_BUS, "コミュニティバス（白河市）", "community", False),
        (JOBAN, "コミュニティバス（いわき市）", "ordinary", True),
    ],
)
def test_loc_6_gen_15_community_buses_are_excluded_for_jr_bus_kanto_alone(
    company: int, route_name: str, service: str, taken: bool
) -> None:
    assert LOCOCA.service_of(company, "R1", route_name) == service
    refusal = accept(card(), TODAY, service, LOCOCA)
    assert refusal == (None if taken else Refusal(Code.EXCLUDED_SERVICE, "GEN-15", service))


def test_gen_15_a_route_is_of_a_later_service_where_the_first_is_another_companys() -> None:
    highway, community = LOCOCA.services
    both = LOCOCA._replace(services=(community, highway._replace(routes=community.routes)))
    assert both.service_of(JR_BUS, "R1", "コミュニティバス") == "community"
    assert both.service_of(JOBAN, "R1", "コミュニティバス") == "highway"
