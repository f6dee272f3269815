"""`farebox tariff diff`: every change is named; one that can't be meant is stopped before it is signed (faults 29)."""

import json
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farebox.feed.changes import FareChange, Pair, PriceChange, SettingChange, fare_changes, is_over, percent, visits
from tariff.riders import RiderClass
from tests.tools.cli import Ran, run
from tests.tools.tariff_cli import DAY, STOPS, ride, work
from tests.tools.tariff_files import SHIPPED, branch, feed, operators
from tools.exits import Exit

Cli = Callable[..., Ran]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return lambda *args: run(capsys, monkeypatch, "tariff", "diff", *args)


def changes(ran: Ran, kind: str) -> list[dict[str, Any]]:
    return [one for line in ran.out.splitlines() if (one := json.loads(line))["kind"] == kind]


# -- the accident this is for


def test_faults_29_the_decimal_slip_of_2014_is_stopped(cli: Cli, tmp_path: Path) -> None:
    """A tariff update charged 2,160 for 216 on two buses."""
    old = feed(tmp_path, "fare_attributes.txt", "K200,200", "K200,216")
    (tmp_path / "new").mkdir()
    new = feed(tmp_path / "new", "fare_attributes.txt", "K200,200", "K200,2160")
    ran = cli("--old-feed", old, "--new-feed", new, "--lang", "en")
    assert ran.code == Exit.CHECK_FAILED
    assert "白棚線: 実業高校前 → 南湖公園 adult: 216 → 2,160 (+900.0 %)" in ran.err
    assert "8 changes over 30 %" in ran.err and "raise --limit-percent on purpose (faults 29)" in ran.err
    assert len(ran.err.splitlines()) == 1
    assert cli("--old-feed", old, "--new-feed", new, "--limit-percent", 899).code == Exit.CHECK_FAILED
    assert cli("--old-feed", old, "--new-feed", new, "--limit-percent", 900).code == Exit.OK


@pytest.mark.parametrize(
    ("new", "code"), [(260, Exit.OK), (270, Exit.CHECK_FAILED), (140, Exit.OK), (130, Exit.CHECK_FAILED)]
)
def test_faults_29_thirty_percent_either_way_and_no_more(cli: Cli, tmp_path: Path, new: int, code: Exit) -> None:
    changed = feed(tmp_path, "fare_attributes.txt", "K200,200", f"K200,{new}")
    # The halves move with it; of a disabled child 50 yen to 70 is 40 %, so adults alone are asked about here.
    ran = cli("--old-feed", "sample", "--new-feed", changed, "--json")
    over = {one["rider"]: one["over"] for one in changes(ran, "fare")}
    assert over["adult"] is (code is Exit.CHECK_FAILED)


@pytest.mark.parametrize(
    ("change", "over"),
    [
        (FareChange(Pair("r", "a", "b"), RiderClass.ADULT, 100, 130), False),
        (FareChange(Pair("r", "a", "b"), RiderClass.ADULT, 100, 131), True),
        (FareChange(Pair("r", "a", "b"), RiderClass.ADULT, 100, 70), False),
        (FareChange(Pair("r", "a", "b"), RiderClass.ADULT, 100, 69), True),
        (FareChange(Pair("r", "a", "b"), RiderClass.ADULT, 100, None), True),
        (FareChange(Pair("r", "a", "b"), RiderClass.ADULT, 0, 10), True),
        (FareChange(Pair("r", "a", "b"), RiderClass.ADULT, None, 100), False),
        (PriceChange("s", "commuter", 230, 9_660, 96_600), True),
        (PriceChange("s", "commuter", 230, 9_660, None), True),
        (PriceChange("s", "commuter", 230, None, 9_660), False),
        (SettingChange("s", "counter.deposit_yen", 500, 5_000), True),
        (SettingChange("s", "counter.deposit_yen", 500, 600), False),
        (SettingChange("s", "counter.deposit_yen", None, 5_000), False),
        (SettingChange("s", "counter.deposit_yen", 500, None), True),
        (SettingChange("s", "riders.infants_free", None, 2), False),
        (SettingChange("s", "products[noransho].price.yen[1]", 6_500, 65_000), True),
        (SettingChange("s", "riders.child_percent", 50, 5), True),
        (SettingChange("s", "riders.disabled_percent", 50, 100), True),
        (SettingChange("s", "purses[regular].premium_percent", 10, 100), True),
        (SettingChange("s", "points.earned_percent", 3, 30), True),
        (SettingChange("s", "points.lapse_months", 12, 1), True),
        (SettingChange("s", "products[commuter].number", 1, 9), False),
        (SettingChange("s", "taps.open_ride", True, False), False),
        (SettingChange("s", "scheme", "s", None), True),
        (SettingChange("s", "scheme", None, "s"), False),
        (SettingChange("s", "agency 山バス", "s", None), True),
        (SettingChange("s", "agency 山バス", "s", "t"), False),
        (SettingChange("s", "name", "a", "b"), False),
    ],
)
def test_faults_29_what_is_over_a_limit_of_thirty(change: FareChange | PriceChange | SettingChange, over: bool) -> None:
    assert is_over(change, 30) is over


@given(st.integers(1, 10**6), st.integers(0, 10**6))
def test_the_size_of_a_change_is_exact(old: int, new: int) -> None:
    size = percent(old, new)
    assert size == Fraction(new - old) / old * 100
    assert percent(old, None) is None and percent(None, new) is None and percent(0, new) is None


# -- fares


def test_gen_2_each_class_of_a_fare_that_changes(cli: Cli, tmp_path: Path) -> None:
    new = feed(tmp_path, "fare_rules.txt", "K500,HAKUHO,S0001T000,S0005T000,", "K450,HAKUHO,S0001T000,S0005T000,")
    ran = cli("--old-feed", "sample", "--new-feed", new, "--json")
    common = {"kind": "fare", "route": "白棚線", "boarded": STOPS[0], "alighted": STOPS[4], "over": False}
    assert changes(ran, "fare") == [
        common | {"rider": "adult", "old": 500, "new": 450, "percent": -10.0},
        common | {"rider": "child", "old": 250, "new": 230, "percent": -8.0},
        common | {"rider": "disabled-adult", "old": 250, "new": 230, "percent": -8.0},
        common | {"rider": "disabled-child", "old": 130, "new": 120, "percent": -7.7},
    ]
    assert changes(ran, "pairs") == [{"kind": "pairs", "gone": 0, "new": 0, "both": 25}]
    assert ran.code == Exit.OK


def test_gen_4_a_fare_that_is_lost_is_over_any_limit(cli: Cli, tmp_path: Path) -> None:
    new = feed(tmp_path, "fare_rules.txt", "K500,HAKUHO,S0001T000,S0005T000,\n", "")
    ran = cli("--old-feed", "sample", "--new-feed", new, "--limit-percent", 10_000, "--lang", "en")
    assert ran.code == Exit.CHECK_FAILED
    assert "白棚線: 磐城棚倉 → 新白河 adult: 500 → ―; mend it" in ran.err
    back = cli("--old-feed", new, "--new-feed", "sample", "--lang", "en")
    assert back.code == Exit.OK and "500" in back.out


def test_stops_that_are_no_longer_served_are_counted_not_blamed(cli: Cli, tmp_path: Path) -> None:
    new = feed(tmp_path, "stops.txt", "南湖公園", "南湖")
    ran = cli("--old-feed", "sample", "--new-feed", new, "--lang", "en")
    assert ran.code == Exit.OK
    assert ran.out.startswith("pairs of stops: 17 in both, 8 gone, 8 new\nnothing changes\n")
    assert "停留所の組: 共通 17、廃止 8、新設 8" in cli("--old-feed", "sample", "--new-feed", new, "--lang", "ja").out


def test_branches_of_one_route_may_have_several_fares(cli: Cli, tmp_path: Path) -> None:
    old = branch(tmp_path)
    (tmp_path / "new").mkdir()
    new = branch(tmp_path / "new")
    rules = new / "fare_attributes.txt"
    rules.write_text(rules.read_text().replace("F250,250", "F250,260"))
    ran = cli("--old-feed", old, "--new-feed", new, "--json")
    assert [
        (one["boarded"], one["alighted"], one["rider"], one["old"], one["new"]) for one in changes(ran, "fare")
    ] == [("甲", "丙", "adult", 250, 260)]


PAIR = Pair("r", "a", "b")


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ({100}, {100}, []),
        ({100}, {110}, [(100, 110)]),
        ({100, 120}, {100}, [(120, None)]),
        ({100}, {100, 120}, [(None, 120)]),
        ({100, 120}, {110, 130}, [(100, 110), (120, 130)]),
        ({100}, set(), [(100, None)]),
        (set(), {100}, [(None, 100)]),
    ],
)
def test_fares_of_a_pair_are_paired_by_size(old: set[int], new: set[int], wanted: list[Any]) -> None:
    found = fare_changes({PAIR: frozenset(old)}, {PAIR: frozenset(new)}, {})
    assert [(one.old, one.new) for one in found] == wanted


def test_visits_of_a_loop_are_told_apart() -> None:
    assert visits(("駅", "甲", "駅", "乙", "駅")) == ["駅", "甲", "駅#2", "乙", "駅#3"]


# -- operator files


def test_settings_and_all_they_move(cli: Cli, tmp_path: Path) -> None:
    new = operators(
        tmp_path,
        lococa={"child_percent = 50": "child_percent = 55"},
        aizu_noruca={"rides = 60, one_way_rides = 30, percent = 70": "rides = 60, one_way_rides = 30, percent = 77"},
    )
    ran = cli(SHIPPED, new, "--feed", "sample", "--json")
    assert ran.code == Exit.OK, ran.err
    assert [(one["scheme"], one["key"], one["old"], one["new"]) for one in changes(ran, "setting")] == [
        ("aizu-noruca", "products[commuter].price.percent", 70, 77),
        ("lococa", "riders.child_percent", 50, 55),
    ]
    fares = changes(ran, "fare")
    assert {one["rider"] for one in fares} == {"child", "disabled-child"} and {one["route"] for one in fares} == {
        "白棚線"
    }
    prices = {(one["pass_sold"], one["fare_yen"]): (one["old"], one["new"]) for one in changes(ran, "price")}
    assert prices["commuter adult 1 mo", 230] == (9_660, 10_630)
    assert prices["commuter one-way adult 6 mo", 230] == (26_080, 28_690)
    assert {name.split()[0] for name, _ in prices} == {"commuter"}
    assert {fare for _, fare in prices} == {170, 190, 200, 210, 230, 250, 270, 300, 320, 400, 450, 500}


def test_without_a_feed_passes_are_compared_at_common_fares(cli: Cli, tmp_path: Path) -> None:
    new = operators(tmp_path, aizu_noruca={"yen = [[1, 6_500]]": "yen = [[1, 65_000]]"})
    ran = cli(SHIPPED, new, "--json")
    assert ran.code == Exit.CHECK_FAILED
    assert [(one["pass_sold"], one["fare_yen"], one["new"]) for one in changes(ran, "price")] == [
        ("noransho のらんしょパス adult 1 mo", 0, 65_000)
    ]
    assert [(one["key"], one["over"]) for one in changes(ran, "setting")] == [("products[noransho].price.yen[1]", True)]
    assert changes(ran, "fare") == []


def test_a_new_edition_of_a_file_is_what_is_compared(cli: Cli, tmp_path: Path) -> None:
    """GEN-5: a change is a file more, that holds from a day on; by default the newest are compared."""
    new = operators(tmp_path)
    text = (new / "lococa" / "2016-01-01.toml").read_text("utf-8")
    later = text.replace("effective = 2016-01-01", "effective = 2027-04-01").replace(
        "cap_yen = 20_000", "cap_yen = 25_000"
    )
    (new / "lococa" / "2027-04-01.toml").write_text(later, "utf-8")
    assert [one["new"] for one in changes(cli(SHIPPED, new, "--json"), "setting")] == [25_000]
    assert changes(cli(SHIPPED, new, "--json", "--date", "2027-03-31"), "setting") == []
    assert len(changes(cli(SHIPPED, new, "--json", "--date", "2027-04-01"), "setting")) == 1


def test_a_scheme_that_comes_or_goes_is_named(cli: Cli, tmp_path: Path) -> None:
    new = operators(tmp_path)
    (new / "noruca" / "2016-01-01.toml").unlink()
    ran = cli(SHIPPED, new, "--json")
    assert ran.code == Exit.CHECK_FAILED and "noruca: scheme: noruca → ―" in ran.err
    (gone,) = changes(ran, "setting")
    assert (gone["scheme"], gone["key"], gone["old"], gone["new"]) == ("noruca", "scheme", "noruca", None)
    (come,) = changes(cli(new, SHIPPED, "--json"), "setting")
    assert (come["old"], come["new"]) == (None, "noruca")


def test_faults_29_an_agency_whose_rules_are_lost_is_over_any_limit(cli: Cli, tmp_path: Path) -> None:
    new = operators(tmp_path, lococa={'"JRバス関東 白河支店"': '"別会社"', '"ジェイアールバス関東 白河支店", ': ""})
    ran = cli(SHIPPED, new, "--feed", "sample", "--json")
    assert ran.code == Exit.CHECK_FAILED
    lost = [one for one in changes(ran, "setting") if one["key"].startswith("agency")]
    assert [(one["scheme"], one["new"], one["over"]) for one in lost] == [("lococa", None, True)]


def test_nothing_changes(cli: Cli) -> None:
    ran = cli("--feed", "sample", "--lang", "en")
    assert (ran.code, ran.err) == (Exit.OK, "")
    assert ran.out == "pairs of stops: 25 in both, 0 gone, 0 new\nnothing changes\n"
    assert cli("--lang", "ja").out == "変更なし\n"


def test_the_largest_change_is_printed_first_and_the_rest_on_request(cli: Cli, tmp_path: Path) -> None:
    new = operators(tmp_path, lococa={"child_percent = 50": "child_percent = 60"})
    lines = cli(SHIPPED, new, "--feed", "sample", "--lang", "en").out.splitlines()
    assert lines[1] == "fares: 40"
    assert [line.split()[-2:] for line in lines[3:5]] == [["+28.6", "%"], ["+28.6", "%"]]
    assert "… 20 (--all)" in lines
    whole = cli(SHIPPED, new, "--feed", "sample", "--lang", "ja", "--all").out
    assert whole.count("白棚線: ") == 40 and "…" not in whole


# -- golden quotes


def golden(tmp_path: Path, *lines: object) -> Path:
    path = tmp_path / "golden.jsonl"
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines), "utf-8")
    return path


COMMUTER = work("price", "aizu-noruca", product="commuter", first_day=DAY, months=1, fare_yen=230)
BY_ROUTE = ride(fares=None, route="HAKUHO")
HOLD = (
    {"due_yen": 500, "quote": BY_ROUTE},
    {"due_yen": 9_660, "quote": COMMUTER},
    {"refund_yen": 1_710, "quote": work("refund", "lococa", what="card", day=DAY, card={"stored_fare_yen": 1_430})},
    {"refusal": "short", "quote": ride(card={})},
)


def test_a_golden_file_without_a_quote_vouches_for_nothing(cli: Cli, tmp_path: Path) -> None:
    ran = cli("--feed", "sample", "--golden", golden(tmp_path))
    assert ran.code == Exit.CHECK_FAILED and "the file holds no quote" in ran.err


def test_golden_quotes_that_hold(cli: Cli, tmp_path: Path) -> None:
    ran = cli("--feed", "sample", "--golden", golden(tmp_path, *HOLD))
    assert (ran.code, ran.err) == (Exit.OK, "")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ({"due_yen": 501, "quote": BY_ROUTE}, "line 2 (t): due_yen 501 is now 500"),
        ({"due_yen": 0, "quote": ride(card={})}, "line 2 (t): due_yen 0 is now short"),
        ({"refusal": "short", "quote": BY_ROUTE}, "line 2 (t): refusal short is now None"),
        ({"due_yen": True, "quote": ride(card={})}, "line 2 (t): due_yen True is now short"),
        ({"due_yen": 500}, "line 2: $: must have quote, and one of due_yen, refund_yen, refusal"),
        ({"due_yen": 500, "refusal": "x", "quote": BY_ROUTE}, "line 2: $: must have quote"),
        ({"yen": 500, "quote": BY_ROUTE}, "line 2: $: must have quote"),
        ({"due_yen": 500, "quote": BY_ROUTE | {"x": 1}}, "line 2: $.x: unknown field"),
        ("{", "line 2: $: not JSON"),
        ("[]", "line 2: $: must have quote"),
    ],
)
def test_golden_quotes_that_break_are_named(cli: Cli, tmp_path: Path, line: object, says: str) -> None:
    path = golden(tmp_path, HOLD[0], line)
    ran = cli("--feed", "sample", "--golden", path, "--lang", "en")
    assert ran.code == Exit.CHECK_FAILED
    assert f"✗ golden {says}" in ran.out
    assert ran.err.startswith(f"farebox: {path}: golden quotes broken: 1; first: {says}")
    (told,) = changes(cli("--feed", "sample", "--golden", path, "--json"), "golden")
    assert told["message"].startswith(says)


def test_golden_quotes_are_asked_of_the_new_tariff(cli: Cli, tmp_path: Path) -> None:
    new = feed(tmp_path, "fare_rules.txt", "K500,HAKUHO", "K450,HAKUHO")
    path = golden(tmp_path, HOLD[0])
    assert cli("--old-feed", "sample", "--new-feed", new, "--golden", path).code == Exit.CHECK_FAILED
    assert cli("--old-feed", new, "--new-feed", "sample", "--golden", path).code == Exit.OK


# -- recorded rides

TRIP, LOOP_TRIP = "HAKUHO-W01", "HAIKARA-W01"
JR_BUS = "ジェイアールバス関東 白河支店"
LINES = (
    # 500, 250, 130 and 200 yen; and 210 of another operator.
    f"{TRIP},{DAY},0,4,5000,,",
    f"{TRIP},{DAY},0,4,5000,child,",
    f"{TRIP},{DAY},0,4,5000,disabled-child,",
    f"{TRIP},{DAY},1,2,290,,x",
    f"{LOOP_TRIP},{DAY},0,1,5000,,",
)


def rides(tmp_path: Path, *lines: str, name: str = "rides.csv") -> Path:
    path = tmp_path / name
    head = "trip_id_performed,service_date,boarded_place,alighted_place,balance_before,rider_category,memo"
    path.write_text("\n".join((head, *lines)) + "\n", "utf-8")
    return path


def test_what_a_change_makes_of_recorded_rides(cli: Cli, tmp_path: Path) -> None:
    """GEN-2: a child pays 60 % of 500 instead of 50 %, a disabled child half of that."""
    new = operators(tmp_path, lococa={"child_percent = 50": "child_percent = 60"})
    path = rides(tmp_path, *LINES)
    ran = cli(SHIPPED, new, "--feed", "sample", "--rides", path, "--json")
    assert (ran.code, ran.err) == (Exit.OK, "")
    assert ran.out.splitlines()[-1].startswith('{"kind": "revenue", "simulated": true, ')
    assert changes(ran, "revenue") == [
        {
            "kind": "revenue",
            "simulated": True,
            "file": str(path),
            "rides": 5,
            "old": 500 + 250 + 130 + 200 + 210,
            "new": 500 + 300 + 150 + 200 + 210,
            "difference_yen": 70,
            "compared": 5,
            "compared_difference_yen": 70,
            "dearer": 2,
            "cheaper": 0,
            "by_company": [
                {"operator": "aizu-noruca", "name": "会津乗合自動車", "old": 210, "new": 210, "difference_yen": 0},
                {"operator": "lococa", "name": JR_BUS, "old": 1_080, "new": 1_150, "difference_yen": 70},
            ],
            "refused": {"old": [], "new": []},
            "unused_columns": ["memo"],
        }
    ]


def test_faults_29_what_a_decimal_slip_makes_of_recorded_rides(cli: Cli, tmp_path: Path) -> None:
    """Stopped all the same; and whoever has not 2,160 yen on the card is refused, not charged."""
    old = feed(tmp_path, "fare_attributes.txt", "K200,200", "K200,216")
    (tmp_path / "new").mkdir()
    new = feed(tmp_path / "new", "fare_attributes.txt", "K200,200", "K200,2160")
    path = rides(tmp_path, *LINES, LINES[3].replace("290", "5000"), LINES[3].replace("290", "0"))
    args = ("--old-feed", old, "--new-feed", new, "--rides", path)
    ran = cli(*args, "--json")
    assert ran.code == Exit.CHECK_FAILED and "raise --limit-percent on purpose" in ran.err
    (found,) = changes(ran, "revenue")
    assert (found["old"], found["new"], found["difference_yen"]) == (1_090 + 2 * 216, 1_090 + 2_160, 1_728)
    assert (found["compared"], found["compared_difference_yen"]) == (5, 2_160 - 216)
    assert (found["dearer"], found["cheaper"]) == (1, 0)
    short = {"code": "short", "rule": "GEN-10", "detail": ""}
    assert found["refused"] == {
        "old": [short | {"rides": 1, "first_row": 8}],
        "new": [short | {"rides": 2, "first_row": 5}],
    }
    english = cli(*args, "--lang", "en").out
    assert english.endswith(
        f"""recorded rides, {path}: 7
                                       before  after  change
revenue, yen                            1,522  3,250  +1,728
  会津乗合自動車                          210    210      +0
  ジェイアールバス関東 白河支店         1,312  3,040  +1,728
refused rides                               1      2      +1
  short: short of stored fare: driver       1      2      +1
5 rides that both settle: +1,944 yen; 1 dearer, 0 cheaper
columns not looked at: memo
"""
    )
    japanese = cli(*args, "--lang", "ja").out
    for words in (f"乗車記録 {path}: 7件", "運賃収入（円）", "受付不可（件）", "使わない列: memo"):
        assert words in japanese
    assert "両方で精算できた5件: +1,944円（値上がり1件、値下がり0件）" in japanese


def test_what_gets_cheaper(cli: Cli, tmp_path: Path) -> None:
    new = feed(tmp_path, "fare_rules.txt", "K500,HAKUHO,S0001T000,S0005T000,", "K450,HAKUHO,S0001T000,S0005T000,")
    ran = cli("--old-feed", "sample", "--new-feed", new, "--rides", rides(tmp_path, *LINES[:2]), "--json")
    (found,) = changes(ran, "revenue")
    assert (found["difference_yen"], found["dearer"], found["cheaper"]) == (-50 - 20, 0, 2)


def test_gen_5_rides_are_priced_by_the_editions_that_are_compared(cli: Cli, tmp_path: Path) -> None:
    """An edition that will hold from April 2027 is compared on rides of November 2026, as if it had held then."""
    new = operators(tmp_path)
    text = (new / "lococa" / "2016-01-01.toml").read_text("utf-8")
    later = text.replace("effective = 2016-01-01", "effective = 2027-04-01")
    later = later.replace("child_percent = 50", "child_percent = 60")
    (new / "lococa" / "2027-04-01.toml").write_text(later, "utf-8")
    args = (SHIPPED, new, "--feed", "sample", "--rides", rides(tmp_path, *LINES), "--json")
    for day, more_yen in ((None, 70), ("2027-04-01", 70), ("2027-03-31", 0)):
        (found,) = changes(cli(*args, *(("--date", day) if day else ())), "revenue")
        assert found["difference_yen"] == more_yen


def test_whose_rules_hold_can_be_chosen(cli: Cli, tmp_path: Path) -> None:
    """A feed whose agency no operator file names: its rides are priced, and its fares compared, by the one chosen."""
    unknown = feed(tmp_path, "agency.txt", JR_BUS, "ある会社")
    new = operators(tmp_path, lococa={"child_percent = 50": "child_percent = 60"})
    args = (SHIPPED, new, "--feed", unknown, "--rides", rides(tmp_path, *LINES[:4]))
    ran = cli(*args)
    assert (ran.code, ran.out) == (Exit.CONFIGURATION, "")
    assert "no operator file names agency ある会社（見本）; choose its rules with --operator" in ran.err
    ran = cli(*args, "--operator", "lococa", "--json")
    assert [one["difference_yen"] for one in changes(ran, "revenue")] == [70]
    assert ("白棚線", "child") in {(one["route"], one["rider"]) for one in changes(ran, "fare")}
    ran = cli(*args, "--operator", "lcoca")
    assert (ran.code, ran.out) == (Exit.CONFIGURATION, "")
    assert "no operator 'lcoca' in both; choose one of aizu-noruca, iwate-green-pass, lococa, noruca" in ran.err


def test_rides_that_only_the_old_feed_has(cli: Cli, tmp_path: Path) -> None:
    new = feed(tmp_path, "trips.txt", f",{TRIP},", ",ANOTHER,")
    times = new / "stop_times.txt"
    times.write_text(times.read_text("utf-8").replace(f"{TRIP},", "ANOTHER,"), "utf-8")
    path = rides(tmp_path, *LINES)
    ran = cli("--old-feed", "sample", "--new-feed", new, "--rides", path)
    assert (ran.code, ran.out) == (Exit.CONFIGURATION, "")
    assert ran.err.startswith(f"farebox: {path}: row 2, column trip_id_performed: '{TRIP}' is unknown; ")
    assert ran.err.endswith(" (by the new tariff; by the old one it can be priced)\n")
    ran = cli("--old-feed", new, "--new-feed", "sample", "--rides", path)
    assert ran.code == Exit.CONFIGURATION and "by the new tariff" not in ran.err


def test_without_the_bulk_extra_what_is_missing_is_named(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("rides", "repricing"):
        monkeypatch.delitem(sys.modules, f"tools.tariff.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    ran = cli("--feed", "sample", "--rides", rides(tmp_path, *LINES))
    assert (ran.code, ran.out) == (Exit.USAGE, "")
    assert "pyarrow is not installed; pip install 'farebox[bulk]'" in ran.err
    assert cli("--feed", "sample").code == Exit.OK


def test_fare_tables_before_and_after(cli: Cli, tmp_path: Path) -> None:
    table = tmp_path / "白棚線.csv"
    table.write_text(
        "磐城棚倉,,,,\n300,実業高校前,,,\n400,200,南湖公園,,\n450,270,190,白河モール前,\n510,320,250,170,新白河\n"
    )
    after = changes(cli("--feed", "sample", "--new-fares", table, "--json"), "fare")
    assert {(one["old"], one["new"]) for one in after if one["rider"] == "adult"} == {(500, 510)}
    before = changes(cli("--feed", "sample", "--old-fares", table, "--json"), "fare")
    assert {(one["old"], one["new"]) for one in before if one["rider"] == "adult"} == {(510, 500)}


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        ((SHIPPED,), Exit.USAGE, "name both OLD and NEW, or neither"),
        (("--old-feed", "sample"), Exit.USAGE, "give --feed, or --old-feed and --new-feed"),
        (("--new-feed", "sample"), Exit.USAGE, "give --feed, or --old-feed and --new-feed"),
        (("--feed", "sample", "--old-feed", "a", "--new-feed", "b"), Exit.USAGE, "give --feed, or"),
        (("--old-fares", "x.csv"), Exit.USAGE, "fare tables are for routes of a feed"),
        (("--rides", "rides.csv"), Exit.USAGE, "--rides rides.csv: rides are of trips of a feed; name it"),
        (("--feed", "sample", "--rides", "/no/such.csv"), Exit.IO, "/no/such.csv"),
        (("--golden", "/no/such"), Exit.IO, "/no/such"),
        ((SHIPPED, "/no/such"), Exit.CONFIGURATION, "/no/such"),
    ],
)
def test_what_can_not_be_compared_is_one_line(cli: Cli, args: tuple[object, ...], code: Exit, says: str) -> None:
    ran = cli(*args)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (code, "", 1)
    assert says in ran.err
