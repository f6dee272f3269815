"""`farebox tariff quote --batch`: each line has an answer by its rules, or an error that says where."""

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from farebox.feed.operators import load_operators
from tests.tools.cli import run
from tests.tools.tariff_cli import DAY, GUIDE, STOPS, answer, batch, ride, work
from tests.tools.tariff_files import SHIPPED, operators
from tools.cli import farebox
from tools.exits import Exit
from tools.feeds import load_numbered_feed
from tools.tariff.quote import Desk
from tools.tariff.quote_json import LINE_BYTES, Line, lines

COMMUTER = {"product": "commuter", "first_day": "2026-11-01", "last_day": "2026-11-30"}
MIDDLE = COMMUTER | {"sections": [{"from": STOPS[1], "to": STOPS[2]}]}
AT_AIZU = {"operator": "aizu-noruca"}
ARRANGED = {"trigger_yen": 100, "amount_yen": 1_000, "day_cap_yen": 1_000, "month_cap_yen": 9_000}
LOOP = {"route": "まちなか周遊", "stops": ["駅", "七日町", "駅"], "yen": [[], [160], [210, 160]]}


def lines_of(found: dict[str, Any]) -> list[tuple[str, str, int]]:
    return [(line["rule"], line["word"], line["yen"]) for line in found["lines"]]


# -- rides


def test_an_answer_holds_the_whole_settlement(tmp_path: Path) -> None:
    assert answer(tmp_path, ride(card={"stored_fare_yen": 2_000, "pass": MIDDLE})) == {
        "version": 1,
        "id": "t",
        "kind": "ride",
        "simulated": True,
        "operator": "lococa",
        "effective": "2016-01-01",
        "ride": {
            "route": "白棚線",
            "from": STOPS[0],
            "to": STOPS[4],
            "from_place": 0,
            "to_place": 4,
            "day": DAY,
            "departs": "12:00",
            "service": "ordinary",
            "company": 0,
            "adult_fare_yen": 500,
        },
        "due_yen": 500,
        "paid": {"purses": {"stored-fare": 500}, "cash_yen": 0},
        "auto_charged_yen": 0,
        "earned_points": 0,
        "lines": [
            {"rule": "PASS-3", "word": "through-cheaper", "yen": 500, "detail": "磐城棚倉→新白河", "than_yen": 550},
            {"rule": "GEN-3", "word": "stored-fare", "yen": 500, "detail": ""},
        ],
        "before": {"stored-fare": 2_000},
        "after": {"stored-fare": 1_500},
    }


@pytest.mark.parametrize(
    ("changed", "due_yen"),
    [
        pytest.param({"card": {"holder": "child", "stored_fare_yen": 5_000}}, 250, id="GEN-2 child"),
        pytest.param({"card": {"stored_fare_yen": 5_000, "pass": MIDDLE}, "to": STOPS[2]}, 300, id="PASS-3 excess"),
        pytest.param({"card": {"pass": MIDDLE}, "from": STOPS[1], "to": STOPS[2]}, 0, id="PASS-2 covered"),
        pytest.param({"card": {"stored_fare_yen": 900, "pass": MIDDLE}, "day": "2026-11-21"}, 100, id="LOC-13 eco"),
        pytest.param({"card": {"stored_fare_yen": 900, "pass": MIDDLE}, "day": "2026-12-01"}, 500, id="PASS-6 over"),
        pytest.param({"party": {"companions": ["child", "adult"]}}, 1_250, id="GEN-18 companions"),
        pytest.param({"party": {"holder": "disabled-adult"}}, 250, id="GEN-12 driver's word"),
        pytest.param({"party": {"holder_born": "2016-04-02"}}, 250, id="AZF-1 by age"),
        pytest.param({"party": {"companions_born": ["1990-01-01"]}}, 1_000, id="AZF-1 companion by age"),
        pytest.param(
            {"operator": "aizu-noruca", "party": {"family": ["baby"], "family_born": ["2025-01-01"]}},
            500,
            id="AZF-1 baby and infant free",
        ),
        pytest.param(
            {"operator": "aizu-noruca", "party": {"attendants": [{"handbook": "physical-2", "of_child": True}]}},
            750,
            id="AZF-20 of a child",
        ),
        pytest.param(
            {"operator": "aizu-noruca", "party": {"attendants": [{"handbook": "physical-2"}]}},
            1_000,
            id="AZF-20 class 2",
        ),
        pytest.param(
            {
                "operator": "aizu-noruca",
                "party": {"luggage": [{"weight_g": 10_000, "volume_cm3": 0, "length_mm": 0}]},
            },
            750,
            id="AZF-2 luggage",
        ),
    ],
)
def test_what_is_said_of_card_and_party_counts(tmp_path: Path, changed: dict[str, Any], due_yen: int) -> None:
    assert answer(tmp_path, ride(**changed))["due_yen"] == due_yen


def test_pass_1_a_section_priced_below_the_lines_fare_is_not_on_it(tmp_path: Path) -> None:
    cheap = COMMUTER | {"sections": [{"from": STOPS[0], "to": STOPS[4], "fare_yen": 499}]}
    assert answer(tmp_path, ride(card={"stored_fare_yen": 5_000, "pass": cheap}))["due_yen"] == 500
    dear = COMMUTER | {"sections": [{"from": STOPS[4], "to": STOPS[0]}]}
    assert answer(tmp_path, ride(card={"pass": dear}))["due_yen"] == 0


def test_pass_1_a_one_way_section_counts_along_its_arrow(tmp_path: Path) -> None:
    for start, end, due_yen in ((STOPS[4], STOPS[0], 500), (STOPS[0], STOPS[4], 0)):
        held = COMMUTER | {"sections": [{"from": start, "to": end, "one_way": True}]}
        taken = ride(operator="aizu-noruca", card={"stored_fare_yen": 5_000, "pass": held})
        assert answer(tmp_path, taken)["due_yen"] == due_yen


def test_pass_8_a_pass_counts_on_its_companys_buses(tmp_path: Path) -> None:
    held = MIDDLE | {"company": 1}
    card = {"stored_fare_yen": 5_000, "pass": held}
    at = {"from": STOPS[1], "to": STOPS[2]}
    assert answer(tmp_path, ride(card=card, **at))["due_yen"] == 200
    joban = ride(card=card, fares=GUIDE | {"company": 1}, **at)
    assert answer(tmp_path, joban)["due_yen"] == 0


def test_gen_10_the_passenger_chooses_how_to_pay_what_is_short(tmp_path: Path) -> None:
    short = ride(card={"stored_fare_yen": 195})
    refused = {"code": "short", "rule": "GEN-10", "detail": "", "due_yen": 500, "short_yen": 310}
    assert answer(tmp_path, short)["refusal"] == refused
    part = answer(tmp_path, short | {"payment": "part-cash"})
    assert (part["paid"], part["after"]) == (
        {"purses": {"stored-fare": 190}, "cash_yen": 310},
        {"stored-fare": 5},
    )
    assert answer(tmp_path, short | {"payment": "all-cash"})["paid"] == {"purses": {}, "cash_yen": 500}


def test_gen_10_with_cash_the_cash_fare_applies(tmp_path: Path) -> None:
    fares = {"stops": ["A", "B"], "yen": [[], [198]], "cash_yen": [[], [200]]}
    two = ride(fares=fares, **{"from": "A", "to": "B"}, card={"stored_fare_yen": 500})
    assert answer(tmp_path, two)["due_yen"] == 198
    assert answer(tmp_path, two | {"payment": "all-cash"})["due_yen"] == 200


def test_gen_15_a_service_of_a_table_counts(tmp_path: Path) -> None:
    found = answer(tmp_path, ride(fares=GUIDE | {"service": "highway"}))
    assert found["refusal"] == {"code": "excluded-service", "rule": "GEN-15", "detail": "highway"}
    assert found["ride"]["service"] == "highway"


def test_gen_4_a_pair_without_a_fare_is_a_refusal_that_names_both(tmp_path: Path) -> None:
    found = answer(
        tmp_path, ride(fares={"route": "線", "stops": ["A", "B"], "yen": [[], [None]]}, **{"from": "A", "to": "B"})
    )
    assert found["refusal"] == {"code": "no-fare", "rule": "GEN-4", "detail": "線: A - B"}
    assert found["ride"]["adult_fare_yen"] is None


def test_gen_11_an_expired_card_and_gen_21_a_foreign_one(tmp_path: Path) -> None:
    expired = answer(tmp_path, ride(card={"expires": "2026-11-19"}))
    assert expired["refusal"] == {"code": "expired-card", "rule": "GEN-11", "detail": "2026-11-19"}
    foreign = answer(tmp_path, ride(card={"scheme": "noruca"}))
    assert foreign["refusal"] == {"code": "foreign-card", "rule": "GEN-21", "detail": "noruca"}


def test_aut_2_aut_3_auto_charge_with_its_totals(tmp_path: Path) -> None:
    charge = ARRANGED
    low = ride(operator="aizu-noruca", card={"stored_fare_yen": 99, "auto_charge": charge})
    found = answer(tmp_path, low)
    assert (found["auto_charged_yen"], found["after"]) == (1_000, {"stored-fare": 599})
    held = charge | {"charged": {"day": DAY, "day_yen": 1_000, "month_yen": 1_000}}
    card = {"stored_fare_yen": 99, "auto_charge": held}
    assert answer(tmp_path, low | {"card": card})["refusal"]["code"] == "short"
    assert answer(tmp_path, low | {"card": card, "alighted_on": "2026-11-21"})["auto_charged_yen"] == 1_000


def test_igp_5_igp_28_points_pay_and_are_earned(tmp_path: Path) -> None:
    card = {"stored_fare_yen": 1_000, "points": {"points": 499, "last_day": DAY}, "welfare_points": 499}
    found = answer(tmp_path, ride(operator="iwate-green-pass", card=card))
    assert (found["earned_points"], found["after"]) == (
        15,
        {"welfare-points": 499, "transport-points": 514, "stored-fare": 500},
    )
    rich = card | {"welfare_points": 500}
    paid = answer(tmp_path, ride(operator="iwate-green-pass", card=rich))["paid"]
    assert paid == {"purses": {"welfare-points": 500}, "cash_yen": 0}


def test_nor_10_coupon_purses_pay_in_their_order(tmp_path: Path) -> None:
    card = {"coupons": {"eco_yen": 300, "student_yen": 400, "regular_yen": 500}}
    party = {"companions": ["adult"]}
    found = answer(tmp_path, ride(operator="noruca", card=card, party=party, day="2026-11-21"))
    assert found["paid"]["purses"] == {"eco": 300, "student": 400, "regular": 300}
    assert found["after"] == {"eco": 0, "student": 0, "regular": 200}


def test_azf_60_the_time_the_trip_leaves_counts(tmp_path: Path) -> None:
    card = {"stored_fare_yen": 5_000, "pass": MIDDLE | {"product": "student"}}
    student = ride(operator="aizu-noruca", card=card)
    assert [answer(tmp_path, student | {"departs": at})["due_yen"] for at in ("09:59:59", "10:00", "24:30")] == [
        550,
        100,
        100,
    ]
    assert answer(tmp_path, student)["due_yen"] == 100
    shown = [answer(tmp_path, student | {"departs": at})["ride"]["departs"] for at in ("09:05", "24:30:01")]
    assert shown == ["09:05", "24:30:01"]


def test_azf_52_azf_54_area_and_line_by_name(tmp_path: Path) -> None:
    area = COMMUTER | {"product": "area-commuter", "area": "エリア23"}
    found = answer(tmp_path, ride(operator="aizu-noruca", card={"stored_fare_yen": 900, "pass": area}))
    assert found["refusal"] == {"code": "not-configured", "rule": "GEN-17", "detail": "area エリア23"}
    loop = COMMUTER | {"product": "loop-commuter"}
    on_it = GUIDE | {"route": "まちなか周遊バス「ハイカラさん」"}
    assert answer(tmp_path, ride(operator="aizu-noruca", fares=on_it, card={"pass": loop}))["due_yen"] == 0


def test_a_loops_visits_are_told_apart(tmp_path: Path) -> None:
    around = ride(fares=LOOP, **{"from": "駅", "to": "駅"})
    found = answer(tmp_path, around)
    assert (found["ride"]["from_place"], found["ride"]["to_place"], found["due_yen"]) == (0, 2, 210)
    to = answer(tmp_path, ride(fares=LOOP, **{"from": "七日町", "to": "駅", "to_visit": 2}))
    assert (to["ride"]["from_place"], to["due_yen"]) == (1, 160)


def test_the_sample_feed_by_route(tmp_path: Path) -> None:
    for route in ("HAKUHO", "白棚線"):
        assert answer(tmp_path, ride(fares=None, route=route))["due_yen"] == 500
    aizu = ride(fares=None, route="NISHIWAKA", operator="aizu-noruca", **{"from": "若松駅前", "to": "西若松駅東口"})
    assert answer(tmp_path, aizu)["due_yen"] == 230
    by_trip = answer(tmp_path, ride(fares=None, route="HAKUHO", trip="HAKUHO-W01"))
    assert by_trip["ride"]["departs"] == "06:40"


# -- the other kinds


@pytest.mark.parametrize(
    ("request_", "wanted"),
    [
        pytest.param(
            work("price", "aizu-noruca", product="commuter", first_day=DAY, months=3, fare_yen=230),
            {"due_yen": 27_530, "first_day": DAY, "last_day": "2027-02-19", "sold_from": "2026-11-13", "sold_to": DAY},
            id="AZF-31",
        ),
        pytest.param(
            work("price", "aizu-noruca", product="term-2-2", first_day="2026-08-25", fare_yen=230, renewal_of="term-1"),
            {"due_yen": 24_970},
            id="AZF-40",
        ),
        pytest.param(
            work("price", "aizu-noruca", product="area-student", first_day=DAY, months=1, area="エリア42"),
            {"due_yen": 15_120},
            id="AZF-52",
        ),
        pytest.param(
            work(
                "price",
                "aizu-noruca",
                product="commuter",
                first_day=DAY,
                months=1,
                fare_yen=230,
                holder="disabled-adult",
            ),
            {"due_yen": 6_760},
            id="AZF-32",
        ),
        pytest.param(
            work("price", "aizu-noruca", product="student", first_day=DAY, last_day="2027-01-03", fare_yen=230),
            {"due_yen": 12_420, "last_day": "2027-01-03"},
            id="AZF-31 odd days",
        ),
        pytest.param(
            work("price", "aizu-noruca", product="commuter", first_day=DAY, months=1, fare_yen=230, one_way=True),
            {"due_yen": 4_830},
            id="AZF-31 one-way",
        ),
        pytest.param(
            work("price", "aizu-noruca", product="commuter", first_day=DAY, months=2, fare_yen=230, portal=True),
            {"due_yen": 19_320, "sold_to": "2026-11-19"},
            id="PRT-5",
        ),
        pytest.param(
            work(
                "price",
                "aizu-noruca",
                product="commuter",
                first_day=DAY,
                months=1,
                route="NISHIWAKA",
                **{"from": "若松駅前", "to": "西若松駅東口"},
            ),
            {"due_yen": 9_660},
            id="by route",
        ),
        pytest.param(
            work("price", "aizu-noruca", product="term-3", first_day="2027-01-01", fare_yen=230, service="highway"),
            {"refusal": {"code": "not-sold", "rule": "AZF-40", "detail": "highway"}},
            id="GEN-15",
        ),
        pytest.param(
            work("price", "aizu-noruca", book="himawari", day=DAY),
            {"due_yen": 1_000, "lines": [{"rule": "AZF-11", "word": "book-price", "yen": 1_000}]},
            id="AZF-11",
        ),
        pytest.param(
            work("price", "aizu-noruca", book="ecomy", day=DAY, fare_yen=230),
            {
                "due_yen": 1_150,
                "lines": [
                    {"rule": "AZF-13", "word": "fare", "yen": 230},
                    {"rule": "AZF-13", "word": "book-price", "yen": 1_150},
                ],
            },
            id="AZF-13",
        ),
        pytest.param(
            work("refund", "lococa", what="card", day=DAY, card={"stored_fare_yen": 1_430}),
            {"refund_yen": 1_710, "points_lapsed": 0},
            id="LOC-18 card",
        ),
        pytest.param(
            work(
                "refund",
                "aizu-noruca",
                what="pass",
                day="2026-11-10",
                paid_yen=9_660,
                card={"pass": COMMUTER | {"sections": [{"from": "A", "to": "B", "fare_yen": 230}]}},
            ),
            {"refund_yen": 4_560, "lines": [{"rule": "AZF-50", "word": "pass", "yen": 4_560}]},
            id="AZF-50",
        ),
        pytest.param(
            work(
                "refund",
                "lococa",
                what="both",
                day="2026-10-31",
                paid_yen=9_660,
                card={"stored_fare_yen": 1_000, "pass": COMMUTER | {"sections": []}, "welfare_points": 0},
            ),
            {
                "error": {
                    "line": 1,
                    "path": "$.card.pass.sections",
                    "message": "is missing: commuter is a pass for sections",
                }
            },
            id="LOC-18 both without a section",
        ),
        pytest.param(
            work("refund", "iwate-green-pass", what="card", day=DAY, card={"points": {"points": 7, "last_day": DAY}}),
            {"refund_yen": 500, "points_lapsed": 7},
            id="IGP-30",
        ),
        pytest.param(
            work(
                "refund",
                "aizu-noruca",
                what="coupons",
                day=DAY,
                book="ordinary-100",
                used=[{"face_yen": 100, "tickets": 3}],
            ),
            {
                "refund_yen": 500,
                "lines": [
                    {"rule": "AZF-10", "word": "book-price", "yen": 1_000},
                    {"rule": "AZF-14", "word": "coupons-used", "yen": -300},
                    {"rule": "AZF-14", "word": "fee", "yen": -200},
                ],
            },
            id="AZF-14",
        ),
        pytest.param(
            work("refund", "aizu-noruca", what="coupons", day=DAY, book="ecomy", fare_yen=230, used=[]),
            {
                "refund_yen": 950,
                "lines": [
                    {"rule": "AZF-13", "word": "book-price", "yen": 1_150},
                    {"rule": "AZF-14", "word": "fee", "yen": -200},
                ],
            },
            id="AZF-14 of a section",
        ),
        pytest.param(
            work(
                "coupons",
                "aizu-noruca",
                day=DAY,
                scheduled="16:01",
                actual="15:59",
                fares_yen=[440, 220],
                tickets=[{"book": "himawari", "face_yen": 100, "number": 3}],
            ),
            {
                "due_yen": 660,
                "surcharge_yen": 0,
                "face_yen": 300,
                "lost_yen": 0,
                "paid": {"purses": {}, "cash_yen": 360},
            },
            id="AZF-11 in its hours",
        ),
        pytest.param(
            work(
                "coupons",
                "aizu-noruca",
                day=DAY,
                scheduled="12:00",
                fares_yen=[440],
                tickets=[{"book": "ecomy", "number": 1, "issued": "2026-01-01", "in_section": False}],
            ),
            {"refusal": {"code": "coupon-refused", "rule": "AZF-13", "detail": "エコミー回数券: not its section"}},
            id="AZF-13 elsewhere",
        ),
        pytest.param(
            work("card", "lococa", action="sell", day=DAY, card_kind="child", price_yen=2_000, born="2016-04-02"),
            {"due_yen": 2_000, "deposit_yen": 500, "expires": "2029-03-31", "after": {"stored-fare": 1_500}},
            id="LOC-2 LOC-4",
        ),
        pytest.param(
            work(
                "card",
                "noruca",
                action="top-up",
                day=DAY,
                purse="eco",
                paid_yen=1_000,
                card={"coupons": {"eco_yen": 1}},
            ),
            {"due_yen": 1_000, "added_yen": 1_400, "after": {"eco": 1_401, "student": 0, "regular": 0}},
            id="NOR-3",
        ),
        pytest.param(
            work(
                "card",
                "lococa",
                action="top-up",
                day=DAY,
                purse="stored-fare",
                paid_yen=1,
                card={"stored_fare_yen": 20_000},
            ),
            {"refusal": {"code": "over-cap", "rule": "GEN-3", "detail": "20001 > 20000"}},
            id="GEN-3",
        ),
        pytest.param(
            work(
                "card", "lococa", action="reissue", day=DAY, why="lost", applied_on="2026-11-06", card={"named": True}
            ),
            {"due_yen": 1_020, "fee_yen": 520, "deposit_yen": 500},
            id="LOC-16",
        ),
        pytest.param(
            work("card", "lococa", action="reissue", day=DAY, why="damaged", applied_on="2026-11-19", card={}),
            {"due_yen": 0, "fee_yen": 0, "deposit_yen": 0},
            id="LOC-17",
        ),
    ],
)
def test_each_kind_of_question_is_answered(tmp_path: Path, request_: dict[str, Any], wanted: dict[str, Any]) -> None:
    found = answer(tmp_path, request_)
    assert {name: found.get(name) for name in wanted} == wanted


def test_gen_19_a_price_may_ask_whether_it_is_sold_that_day(tmp_path: Path) -> None:
    asked = work("price", "aizu-noruca", product="commuter", first_day="2026-11-27", months=1, fare_yen=230)
    assert "refusal" not in answer(tmp_path, asked | {"sold_on": DAY})
    early = answer(tmp_path, asked | {"sold_on": "2026-11-19"})
    assert early["refusal"] == {"code": "not-sold", "rule": "GEN-19", "detail": "2026-11-20 to 2026-11-27"}
    assert (early["due_yen"], lines_of(early)[-1]) == (None, ("AZF-31", "months", 9_660))


def test_azf_53_a_price_may_ask_whether_it_is_sold_to_a_person(tmp_path: Path) -> None:
    asked = work(
        "price", "aizu-noruca", product="noransho", area="のらんしょパス", first_day=DAY, months=1, sold_on=DAY
    )
    assert answer(tmp_path, asked | {"born": "1961-11-21"})["due_yen"] == 6_500
    young = answer(tmp_path, asked | {"born": "1961-11-22"})["refusal"]
    assert young == {"code": "not-eligible", "rule": "AZF-53", "detail": "65 or over on 2026-11-20"}


def desk(tmp_path: Path, **changes: str) -> Desk:
    """A desk with the sample feed, where some of Aizu Bus's values are others: the first of that name in its file."""
    lines = (SHIPPED / "aizu-noruca" / "2016-01-01.toml").read_text("utf-8").splitlines()
    old = {key: next(line for line in lines if line.startswith(f"{key} = ")) for key in changes}
    replaced = {old[key]: f"{key} = {value}  # GEN-17" for key, value in changes.items()}
    return Desk(load_operators(operators(tmp_path, aizu_noruca=replaced)), load_numbered_feed("sample", None))


A_MONTH = work("price", "aizu-noruca", product="commuter", first_day=DAY, months=1, sold_on="2026-11-19")


def test_loc_5_a_pass_on_a_new_card_has_its_deposit(tmp_path: Path) -> None:
    new = A_MONTH | {"fare_yen": 230, "new_card": True}
    refusal = {"code": "not-configured", "rule": "GEN-17", "detail": "deposit"}
    assert answer(tmp_path, new)["refusal"] == refusal
    configured = desk(tmp_path, deposit_yen="500")
    assert configured.answer(new)["deposit_yen"] == 500
    assert configured.answer(new).keys() - configured.answer(new | {"new_card": False}).keys() == {"deposit_yen"}


def test_azf_51_a_price_says_which_area_comes_with_the_section(tmp_path: Path) -> None:
    asked = A_MONTH | {"route": "NISHIWAKA", "from": "西若松駅東口", "to": "若松駅前"}
    assert "with_area" not in answer(tmp_path, asked)
    known = desk(tmp_path, stops='["若松駅前", "神明通り"]', gates='["若松駅前"]', deposit_yen="500")
    found, new = known.answer(asked), known.answer(asked | {"new_card": True})
    assert (found["with_area"], new["with_area"], new["deposit_yen"]) == ("若松市内フリー", "若松市内フリー", 500)
    # An area that is paid for doesn't come with anything.
    paid = known.answer(A_MONTH | {"product": "area-commuter", "area": "エリア23"})
    assert paid["due_yen"] == 9_660 and "with_area" not in paid


def test_prt_5_azf_51_the_portal_renews_a_pass_with_its_area(tmp_path: Path) -> None:
    asked = A_MONTH | {"route": "NISHIWAKA", "from": "西若松駅東口", "to": "若松駅前", "months": 2, "portal": True}
    found = desk(tmp_path / "known", stops='["若松駅前", "神明通り"]', gates='["若松駅前"]').answer(asked)
    assert (found["due_yen"], found["with_area"], "refusal" in found) == (19_320, "若松市内フリー", False)
    unknown = desk(tmp_path / "unknown", gates='["若松駅前"]').answer(asked)["refusal"]
    assert unknown == {"code": "not-configured", "rule": "GEN-17", "detail": "stops of 若松市内フリー"}


def test_azf_53_an_age_is_asked_whether_or_not_a_day_of_sale_is(tmp_path: Path) -> None:
    asked = work("price", "aizu-noruca", product="noransho", first_day=DAY, months=1)
    assert answer(tmp_path, asked)["due_yen"] == answer(tmp_path, asked | {"born": "1961-11-21"})["due_yen"] == 6_500
    young = answer(tmp_path, asked | {"born": "1961-11-22"})
    assert young["refusal"] == {"code": "not-eligible", "rule": "AZF-53", "detail": "65 or over on 2026-11-20"}
    assert (young["due_yen"], answer(tmp_path, asked | {"sold_on": DAY})["refusal"]) == (None, young["refusal"])


@pytest.mark.parametrize(
    ("product", "first_day"),
    [("term-1", "04-01"), ("term-2-1", "08-01"), ("term-2-2", "08-25"), ("term-3", "01-01"), ("year", "04-01")],
)
def test_azf_40_terms_and_years_are_for_students_above_primary_school(
    tmp_path: Path, product: str, first_day: str
) -> None:
    asked = work("price", "aizu-noruca", product=product, first_day=f"2026-{first_day}", fare_yen=230)
    refusals = {
        holder: answer(tmp_path, asked | {"holder": holder}).get("refusal", {}).get("code")
        for holder in ("adult", "disabled-adult", "child", "disabled-child")
    }
    no = "not-eligible"
    assert refusals == {"adult": None, "disabled-adult": None, "child": no, "disabled-child": no}


def test_loc_18_a_card_given_back_needs_not_where_its_pass_was_good(tmp_path: Path) -> None:
    for work_ in (
        work("refund", "lococa", what="card", day="2026-12-01", card={"pass": COMMUTER}),
        work("card", "lococa", action="reissue", day=DAY, why="damaged", applied_on=DAY, card={"pass": COMMUTER}),
        work("card", "lococa", action="top-up", day=DAY, purse="stored-fare", paid_yen=1_000, card={"pass": COMMUTER}),
        work(
            "card",
            "aizu-noruca",
            action="top-up",
            day=DAY,
            purse="stored-fare",
            paid_yen=1_000,
            card={"pass": COMMUTER | {"product": "area-commuter"}},
        ),
    ):
        assert "error" not in answer(tmp_path, work_)


def test_gen_3_a_card_may_be_full_and_another_schemes_is_not_judged(tmp_path: Path) -> None:
    assert answer(tmp_path, ride(card={"stored_fare_yen": 20_000}))["after"] == {"stored-fare": 19_500}
    foreign = answer(tmp_path, ride(card={"scheme": "noruca", "points": {"points": 1, "last_day": DAY}}))
    assert foreign["refusal"]["code"] == "foreign-card"


A_PRICE = work("price", "aizu-noruca", product="commuter", first_day=DAY, months=1, fare_yen=230)


# -- what can't be answered


@pytest.mark.parametrize(
    ("changed", "path", "says"),
    [
        ({"unknown": 1}, "$.unknown", "unknown field"),
        ({"version": 2}, "$.version", "must be 1"),
        ({"kind": "fare"}, "$.kind", "must be"),
        ({"version": 2, "operator": None, "new": 1}, "$.version", "must be 1"),
        ({"kind": "fare", "operator": None}, "$.kind", 'must be "ride" or "price"'),
        ({"alighted_on": "2026-11-19"}, "$.alighted_on", "2026-11-19 is before 2026-11-20, the day of boarding"),
        ({"party": {"holder": "adult", "holder_born": DAY}}, "$.party.holder_born", "together with holder"),
        (
            {"card": {"pass": MIDDLE | {"last_day": "2026-10-31"}}},
            "$.card.pass.last_day",
            "2026-10-31 is before 2026-11-01",
        ),
        ({"fares": GUIDE | {"service": "highwayy"}}, "$.fares.service", "no service highwayy; did you mean highway"),
        ({"fares": GUIDE | {"service": "ordnary"}}, "$.fares.service", "did you mean ordinary"),
        ({"card": {"pass": COMMUTER}}, "$.card.pass.sections", "is missing: commuter is a pass for sections"),
        ({"card": {"pass": COMMUTER | {"sections": []}}}, "$.card.pass.sections", "is missing"),
        (
            {
                "card": {
                    "pass": COMMUTER | {"sections": [MIDDLE["sections"][0], {"from": "a", "to": "b", "one_way": True}]}
                }
            },
            "$.card.pass.sections[1].one_way",
            "commuter is two-way only",
        ),
        (
            AT_AIZU | {"card": {"pass": MIDDLE | {"product": "noransho"}}},
            "$.card.pass.sections",
            "an area pass, not for",
        ),
        (
            AT_AIZU | {"card": {"pass": COMMUTER | {"product": "area-student"}}},
            "$.card.pass.area",
            "is missing: area-stu",
        ),
        (
            AT_AIZU | {"card": {"pass": COMMUTER | {"product": "loop-student", "line": "市内"}}},
            "$.card.pass.line",
            "no line 市内 with loop-student; there is まちなか周遊バス",
        ),
        (
            {"operator": "noruca"},
            "$.card.stored_fare_yen",
            "a card of NORUCA has no such purse; it has eco, student, reg",
        ),
        ({"card": {"coupons": {"student_yen": 1}}}, "$.card.coupons.student_yen", "it has stored-fare"),
        ({"card": {"coupons": {"regular_yen": 1}}}, "$.card.coupons.regular_yen", "it has stored-fare"),
        ({"card": {"coupons": {"eco_yen": 1}}}, "$.card.coupons.eco_yen", "it has stored-fare"),
        ({"card": {"points": {"points": 1, "last_day": DAY}}}, "$.card.points", "it has stored-fare"),
        ({"card": {"welfare_points": 1}}, "$.card.welfare_points", "it has stored-fare"),
        ({"card": {"stored_fare_yen": 20_001}}, "$.card.stored_fare_yen", "20001 yen on the card"),
        (
            {"operator": "noruca", "card": {"coupons": {"eco_yen": 9_999, "student_yen": 10_002}}},
            "$.card.coupons.student_yen",
            "20001 yen on the card; a card of NORUCA holds at most 20000 (GEN-3)",
        ),
        ({"card": {"auto_charge": ARRANGED}}, "$.card.auto_charge", "LOCOCA has no auto-charge (AUT-2)"),
        (
            AT_AIZU | {"card": {"auto_charge": ARRANGED | {"trigger_yen": 150}}},
            "$.card.auto_charge",
            "trigger of 150 yen: steps of 100 up to 10000 (AUT-1)",
        ),
        ({"id": None}, "$.id", "is missing"),
        ({"operator": "suica"}, "$.operator", "lococa"),
        ({"day": "2015-12-31"}, "$.operator", "no operator file is in force on 2015-12-31"),
        ({"day": "2026-02-30"}, "$.day", "2026-02-30 is no day of the calendar"),
        ({"day": "20261120"}, "$.day", "must be a day of 1900 to 2099"),
        ({"alighted_on": "2026-13-01"}, "$.alighted_on", "no day"),
        ({"route": "白棚線"}, "$", "exactly one of route, fares"),
        ({"card": {"stored_fare_yen": -1}}, "$.card.stored_fare_yen", "at least 0"),
        ({"card": {"holder": "infant"}}, "$.card.holder", "must be"),
        ({"card": {"pass": MIDDLE | {"product": "commutor"}}}, "$.card.pass.product", "did you mean commuter?"),
        ({"card": {"pass": MIDDLE | {"area": "エリア24"}}}, "$.card.pass.area", "there is none"),
        ({"card": {"pass": MIDDLE | {"line": "x"}}}, "$.card.pass.line", "no line x"),
        ({"card": {"pass": MIDDLE | {"last_day": "2026-11-31"}}}, "$.card.pass.last_day", "no day"),
        (
            {"card": {"pass": MIDDLE | {"sections": [{"from": "東京", "to": STOPS[1]}]}}},
            "$.card.pass.sections[0]",
            "no fare is known between 東京 and 実業高校前; give fare_yen",
        ),
        ({"party": {"holder_born": "2026-11-21"}}, "$.party.holder_born", "after the ride on 2026-11-20"),
        ({"party": {"family_born": ["2020-01-01", "2027-01-01"]}}, "$.party.family_born[1]", "after the ride"),
        ({"from": "磐城棚倉駅"}, "$.from", "no stop 磐城棚倉駅 on this line; did you mean 磐城棚倉?"),
        ({"to": "東京"}, "$.to", "no stop 東京 on this line; there is 磐城棚倉, 実業高校前"),
        ({"from": STOPS[4], "to": STOPS[0]}, "$.to", "the line does not go from 新白河 to 磐城棚倉"),
        ({"from_visit": 2}, "$.from", "the line is at 磐城棚倉 1 times, not 2"),
        ({"fares": GUIDE | {"yen": [[]]}}, "$.fares.yen", "1 rows for 5 stops"),
        ({"fares": LOOP | {"yen": [[], [1, 2], [1, 2]]}}, "$.fares.yen[1]", "2 fares for 1 earlier stops"),
        (
            {"fares": LOOP | {"cash_yen": [[], [], []]}, "from": "駅", "to": "七日町"},
            "$.fares.cash_yen[1]",
            "0 fares for 1",
        ),
        (
            {"fares": {"stops": ["駅", "A", "駅", "B"], "yen": [[], [1], [2, 1], [3, 2, 1]]}, "from": "駅", "to": "B"},
            "$.from",
            "say which visits: 駅#1 → B, 駅#2 → B",
        ),
        ({"fares": None, "route": "白棚"}, "$.route", "白棚線"),
        ({"fares": None, "route": "HAKUHO", "trip": "HAKUHO-W99"}, "$.trip", "no trip HAKUHO-W99 on this route"),
        (
            {
                "fares": None,
                "route": "HAKUHO",
                "card": {"pass": COMMUTER | {"sections": [{"from": "x", "to": STOPS[0]}]}},
            },
            "$.card.pass.sections[0].from",
            "no stop x; ",
        ),
    ],
)
def test_an_error_says_where_and_what(tmp_path: Path, changed: dict[str, Any], path: str, says: str) -> None:
    found = answer(tmp_path, ride(**changed))
    assert found.keys() == {"version", "id", "error"}
    assert (found["error"]["line"], found["error"]["path"]) == (1, path)
    assert says in found["error"]["message"]


@pytest.mark.parametrize(
    ("request_", "path", "says"),
    [
        (work("price", "aizu-noruca", product="x", first_day=DAY), "$.product", "no product x"),
        (work("price", "aizu-noruca", product="commuter"), "$", "exactly one of product and first_day, book and day"),
        (
            work("price", "aizu-noruca", product="student", first_day=DAY, months=1, last_day=DAY, fare_yen=1),
            "$.months",
            "together with last_day",
        ),
        (
            work("price", "aizu-noruca", product="term-3", first_day=DAY, fare_yen=1, renewal_of="x"),
            "$.renewal_of",
            "no product x",
        ),
        (work("price", "aizu-noruca", product="commuter", first_day=DAY, route="NISHIWAKA"), "$", "route, from and to"),
        (
            work(
                "price",
                "aizu-noruca",
                product="commuter",
                first_day=DAY,
                fare_yen=1,
                route="r",
                **{"from": "a", "to": "b"},
            ),
            "$",
            "give fare_yen, or route, from and to",
        ),
        (A_PRICE | {"months": None}, "$.months", "is missing, and last_day too: how long is commuter to be?"),
        (A_PRICE | {"fare_yen": None}, "$.fare_yen", "is missing: commuter is a pass for sections"),
        (A_PRICE | {"area": "エリア23"}, "$.area", "commuter is a pass for sections; it is priced for no area"),
        (
            A_PRICE | {"product": "loop-commuter"},
            "$.fare_yen",
            "loop-commuter is a line pass: its price does not depend",
        ),
        (
            A_PRICE | {"product": "area-commuter", "fare_yen": None},
            "$.area",
            "is missing: area-commuter is an area pass",
        ),
        (
            A_PRICE | {"product": "area-commuter", "area": "エリア24"},
            "$.area",
            "with area-commuter; did you mean エリア42",
        ),
        (A_PRICE | {"product": "area-commuter", "area": "エリア23"}, "$.fare_yen", "does not depend on a fare"),
        (A_PRICE | {"months": None, "last_day": "2026-11-19"}, "$.last_day", "2026-11-19 is before 2026-11-20"),
        (A_PRICE | {"service": "highwayy"}, "$.service", "no service highwayy; did you mean highway"),
        (work("price", "aizu-noruca", book="ecomi", day=DAY), "$.book", "no book ecomi; did you mean ecomy"),
        (
            work("price", "aizu-noruca", book="ecomy", day=DAY),
            "$.fare_yen",
            "is missing: ecomy is a book for a section",
        ),
        (
            work("price", "aizu-noruca", book="himawari", day=DAY, fare_yen=1),
            "$.fare_yen",
            "himawari: its price does not depend on a fare",
        ),
        (
            work("refund", "aizu-noruca", what="coupons", day=DAY, book="ecomy", used=[]),
            "$.fare_yen",
            "is missing: ecomy",
        ),
        (work("refund", "aizu-noruca", what="coupons", day=DAY, book="x", used=[]), "$.book", "no book x"),
        (
            work(
                "coupons",
                "aizu-noruca",
                day=DAY,
                scheduled="12:00",
                fares_yen=[1],
                tickets=[{"book": "x", "number": 1}],
            ),
            "$.tickets[0].book",
            "no book x",
        ),
        (work("refund", "lococa", what="pass", day=DAY, card={}), "$.paid_yen", "is missing"),
        (work("refund", "lococa", what="coupons", day=DAY, book="x"), "$.used", "is missing"),
        (work("card", "lococa", action="sell", day=DAY, card_kind="chld", price_yen=1), "$.card_kind", "mean child"),
        (work("card", "lococa", action="top-up", day=DAY, card={}), "$.purse", "is missing"),
        (work("card", "lococa", action="reissue", day=DAY, card={}), "$.why", "is missing"),
        (
            work(
                "coupons",
                "aizu-noruca",
                day=DAY,
                scheduled="12:00",
                fares_yen=[1],
                tickets=[{"book": "x", "number": 0}],
            ),
            "$.tickets[0].number",
            "at least 1",
        ),
    ],
)
def test_an_error_of_another_kind_says_where_and_what(
    tmp_path: Path, request_: dict[str, Any], path: str, says: str
) -> None:
    asked = {name: value for name, value in request_.items() if value is not None}
    error = answer(tmp_path, asked)["error"]
    assert error["path"] == path
    assert says in error["message"]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"{x", "not JSON at character 2"),
        (b"\xff{}", "not UTF-8 at byte 1"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a": 1, "b": 2, "a": 3}', "field 'a' is there twice"),
        (b'{"id": 2, "b": 2, "id": 2}', "field 'id' is there twice"),
        (b'{"b": 2, "id": 2, "b": 2, "id": 3}', "field 'b' is there twice"),
        (b'{"yen": ' + b"9" * 5_000 + b"}", "thousands of digits"),
        (b"null", "must be object"),
        (b'"' + b"x" * LINE_BYTES + b'"', f"over {LINE_BYTES} bytes"),
    ],
)
def test_hostile_lines_are_errors_and_stop_nothing(tmp_path: Path, raw: bytes, says: str) -> None:
    first, second, third = batch(tmp_path, [ride(id=1), raw + b"\n", ride(id=3)])
    assert (first["due_yen"], third["id"], third["due_yen"]) == (500, 3, 500)
    assert (second["id"], second["error"]["line"], second["error"]["path"]) == (None, 2, "$")
    assert says in second["error"]["message"]


def with_balance(text: str) -> bytes:
    """A ride whose stored fare is written so."""
    return json.dumps(ride(card={"stored_fare_yen": 4_321})).replace("4321", text).encode() + b"\n"


@pytest.mark.parametrize("text", ["2000.0", "2e3", "2000.000", "0.2E4", "2000"])
def test_gen_1_a_whole_number_may_be_written_with_a_point(tmp_path: Path, text: str) -> None:
    (found,) = batch(tmp_path, [with_balance(text)])
    assert found["before"] == {"stored-fare": 2_000}


@pytest.mark.parametrize(
    "text",
    ["1.5", "1e400", "NaN", "-Infinity", "1e-400", "1e-99999999999999999999", "2000.0000000000000000000001", "1e16"],
)
def test_gen_1_any_other_number_is_an_error_with_its_id_and_field(tmp_path: Path, text: str) -> None:
    (found,) = batch(tmp_path, [with_balance(text)])
    error = {"line": 1, "path": "$.card.stored_fare_yen", "message": "must be integer"}
    assert (found["id"], found["error"]) == ("t", error)


def test_a_field_that_is_there_twice_keeps_the_id(tmp_path: Path) -> None:
    raw = json.dumps(ride(id="mine", card={})).replace('"card": {}', '"card": {"named": true, "named": true}').encode()
    (found,) = batch(tmp_path, [raw + b"\n"])
    assert found == {
        "version": 1,
        "id": "mine",
        "error": {"line": 1, "path": "$", "message": "field 'named' is there twice"},
    }


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.text('{}[]":, \u202e\ud800en0', max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")),
        ),
        max_size=5,
    )
)
def test_whatever_comes_in_each_line_has_one_answer(tmp_path: Path, raws: list[bytes]) -> None:
    given_lines = [raw.replace(b"\n", b" ") + b"\n" for raw in raws]
    wanted = [number for number, raw in enumerate(given_lines, 1) if raw.strip()]
    found = batch(tmp_path, given_lines)
    assert [one["error"]["line"] for one in found] == wanted


@pytest.mark.parametrize("id_", ["\u202e", "\x1b[2J", "\ud800", [1], "x" * 201, -1, 1 << 60, True])
def test_an_id_that_could_harm_is_not_echoed(tmp_path: Path, id_: object) -> None:
    found = answer(tmp_path, ride(id=id_))
    assert (found["id"], found["error"]["path"]) == (None, "$.id")


def test_an_id_is_echoed_by_errors_too(tmp_path: Path) -> None:
    assert answer(tmp_path, ride(id="mine", day="x"))["id"] == "mine"


def test_what_an_error_quotes_is_escaped(tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    file.write_text(json.dumps(ride(id=1) | {"\u202e\x9b": 1}))
    ran = CliRunner().invoke(farebox, ["tariff", "quote", "--batch", str(file)])
    assert "\\u202e\\u009b" in ran.stdout and "\u202e" not in ran.stdout


def test_a_batch_that_went_well_exits_0_and_one_bad_line_makes_it_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "r.jsonl"
    good = json.dumps(ride(card={})) + "\n\n"  # refused, which is an answer; and a blank line
    file.write_text(good)
    ran = run(capsys, monkeypatch, "tariff", "quote", "--batch", file)
    assert (ran.code, ran.err, len(ran.out.splitlines())) == (Exit.OK, "", 1)
    file.write_text("{}\n" + good + "[]\n")
    ran = run(capsys, monkeypatch, "tariff", "quote", "--batch", file)
    assert (ran.code, len(ran.out.splitlines())) == (Exit.CHECK_FAILED, 3)
    assert ran.err == f"farebox: {file}: 2 lines could not be answered; each says why\n"
    file.write_text("{}\n")
    one = run(capsys, monkeypatch, "tariff", "quote", "--batch", file)
    assert "1 line could not be answered" in one.err


def test_a_batch_from_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    given_lines = io.BytesIO(json.dumps(ride()).encode())
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=given_lines))
    ran = run(capsys, monkeypatch, "tariff", "quote", "--batch", "-")
    assert (ran.code, json.loads(ran.out)["due_yen"]) == (Exit.OK, 500)


@pytest.mark.parametrize(("name", "says"), [("/no/such.jsonl", "/no/such.jsonl"), ("/", "/"), ("/dev/zero", "no end")])
def test_a_batch_that_is_not_there_or_has_no_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str, says: str
) -> None:
    ran = run(capsys, monkeypatch, "tariff", "quote", "--batch", name)
    assert ran.code == Exit.IO
    assert says in ran.err and len(ran.err.splitlines()) == 1


def test_lines_are_numbered_and_the_longest_is_whole() -> None:
    longest = b"x" * (LINE_BYTES - 1) + b"\n"
    found = list(lines(io.BytesIO(b"\n" + longest + b"y" * 3 * LINE_BYTES + b"\nz")))
    assert found == [Line(2, longest, False), Line(3, b"", True), Line(4, b"z", False)]
