"""`farebox tariff quote`: the same yen as a batch and as `settle`, readable, and one line if the call is wrong."""

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from farebox.feed import load_feed
from farebox.feed.operators import load_operators
from tariff.account import Account, HolderKind, Pass, Section
from tariff.due import Ride
from tariff.purses import Payment
from tariff.refusal import Refusal
from tariff.riders import Party, RiderClass
from tariff.settle import settle
from tests.tools.cli import Ran, run
from tests.tools.tariff_cli import DAY, STOPS, batch, invoke
from tests.tools.tariff_files import branch, feed, operators
from tools.exits import Exit
from tools.feeds import feed_path
from tools.tariff import view as tariff_view

HAKUHO = ("白棚線", STOPS[0], STOPS[4])
LOOP = ("HAIKARA", "若松駅前", "西若松駅東口")
AIZU = ("--operator", "aizu-noruca")
NORUCA = ("--operator", "noruca")
AREA = ("--area", "エリア23")
ELSEWHERE = ("--pass", STOPS[0], STOPS[4])
"""A section that no ride on the loop touches."""
Cli = Callable[..., Ran]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return lambda *args: run(capsys, monkeypatch, "tariff", "quote", *args)


def quoted(*args: object) -> dict[str, Any]:
    """The answer to a call."""
    code, out = invoke("tariff", "quote", *args, "--json")
    assert code == Exit.OK, out
    found: dict[str, Any] = json.loads(out)
    return found


# -- one call, one line of a batch, one settlement


class Said:
    """A random ride as three parties say it: the command line, a line of a batch, and `settle`."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.start = draw(st.integers(0, 3))
        self.end = draw(st.integers(self.start + 1, 4))
        self.day = date(2026, 11, 16) + timedelta(days=draw(st.integers(0, 20)))
        self.balance = draw(st.integers(0, 2_000))
        self.holder = draw(st.sampled_from(list(HolderKind)))
        self.payment = draw(st.sampled_from(list(Payment)))
        self.companions = draw(st.lists(st.sampled_from(list(RiderClass)), max_size=2))
        ends = st.lists(st.sampled_from(STOPS), min_size=2, max_size=2, unique=True)
        self.sections = draw(st.lists(ends, max_size=2))
        self.one_way = bool(self.sections) and draw(st.booleans())
        # LOCOCA sells no one-way pass (PASS-1).
        self.scheme = "aizu-noruca" if self.one_way else "lococa"

    def args(self) -> list[object]:
        holder = self.holder.name.lower().replace("_", "-")
        said: list[object] = [
            "白棚線",
            STOPS[self.start],
            STOPS[self.end],
            "--date",
            self.day,
            "--balance",
            self.balance,
        ]
        said += ["--holder", holder, "--payment", self.payment, "--operator", self.scheme]
        for companion in self.companions:
            said += ["--companion", companion]
        for ends in self.sections:
            said += ["--pass", *ends]
        if self.sections:
            said += ["--pass-product", "commuter", "--pass-days", "2026-11-18", "2026-11-29"]
        return [*said, "--one-way"] if self.one_way else said

    def line(self) -> dict[str, Any]:
        card: dict[str, Any] = {
            "stored_fare_yen": self.balance,
            "holder": self.holder.name.lower().replace("_", "-"),
        }
        if self.sections:
            card["pass"] = {
                "product": "commuter",
                "first_day": "2026-11-18",
                "last_day": "2026-11-29",
                "sections": [{"from": start, "to": end, "one_way": self.one_way} for start, end in self.sections],
            }
        return {
            "version": 1,
            "id": "quote",
            "kind": "ride",
            "operator": self.scheme,
            "day": str(self.day),
            "route": "HAKUHO",
            "from": STOPS[self.start],
            "to": STOPS[self.end],
            "card": card,
            "party": {"companions": list(self.companions)},
            "payment": self.payment,
        }

    def settled(self) -> tuple[object, ...]:
        pattern = next(
            found for found in FEED.patterns.values() if found.route_id == "HAKUHO" and found.stop_names[0] == STOPS[0]
        )
        table = FEED.fare_table(pattern.pattern_id)
        number = FEED.register.stop_number
        fares = {frozenset((a, b)): table.fare_yen(a, b) for a in range(5) for b in range(a + 1, 5)}
        sections = tuple(
            Section(number(a), number(b), self.one_way, fares[frozenset((STOPS.index(a), STOPS.index(b)))])
            for a, b in self.sections
        )
        held = Pass(1, 0, date(2026, 11, 18), date(2026, 11, 29), self.one_way, sections) if sections else None
        named = self.holder is not HolderKind.ADULT or (held is not None and not held.bearer)
        account = Account(self.scheme, self.balance, self.holder, named, held_pass=held)
        ride = Ride(table, 0, 1, self.start, self.end, self.day, self.day, "ordinary", 12 * 3_600)
        rulebook = load_operators().on(self.scheme, self.day)
        found = settle(ride, account, Party(companions=tuple(self.companions)), rulebook, self.payment)
        if isinstance(found, Refusal):
            return found.code, found.rule, found.detail, found.short_yen
        lines = [(line.rule, line.word, line.yen, line.detail) for line in found.lines]
        return found.due_yen, found.cash_yen, found.after.stored_fare_yen, lines


FEED = load_feed(feed_path("sample"))


def told(found: dict[str, Any]) -> tuple[object, ...]:
    """The same facts of an answer."""
    if "refusal" in found:
        refusal = found["refusal"]
        return refusal["code"], refusal["rule"], refusal["detail"], refusal.get("short_yen", 0)
    lines = [(line["rule"], line["word"], line["yen"], line["detail"]) for line in found["lines"]]
    return found["due_yen"], found["paid"]["cash_yen"], found["after"]["stored-fare"], lines


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.composite(Said)())
def test_call_batch_and_settle_agree_on_any_ride(tmp_path: Path, said: Said) -> None:
    by_call = quoted(*said.args())
    (by_batch,) = batch(tmp_path, [said.line()])
    assert by_call == by_batch
    assert told(by_call) == said.settled()


# -- what each option does


@pytest.mark.parametrize(
    ("args", "due_yen"),
    [
        pytest.param((*HAKUHO, "--holder", "child"), 250, id="GEN-2"),
        pytest.param((*HAKUHO, "--born", "2016-04-02"), 250, id="AZF-1 a child's age"),
        pytest.param((*HAKUHO, "--pass", STOPS[1], STOPS[2]), 500, id="PASS-3 cheaper"),
        pytest.param((*HAKUHO, "--pass", STOPS[0], STOPS[3], "--pass", STOPS[3], STOPS[4]), 0, id="PASS-2"),
        pytest.param((*HAKUHO, "--pass", STOPS[4], STOPS[0], "--one-way", *AIZU), 500, id="PASS-1 against its arrow"),
        pytest.param((*HAKUHO, "--pass", STOPS[0], STOPS[4], "--one-way", *AIZU), 0, id="PASS-1 along its arrow"),
        pytest.param(
            (*HAKUHO, "--pass", STOPS[0], STOPS[4], "--pass-days", "2026-11-01", "2026-11-19"), 500, id="PASS-6"
        ),
        pytest.param((*HAKUHO, "--pass", STOPS[0], STOPS[4], "--pass-product", "student"), 0, id="a product by name"),
        pytest.param((*HAKUHO, "--operator", "noruca"), 500, id="another operator's rules"),
        pytest.param((*LOOP, "--infants", 3), 320, id="AZF-1 the third infant pays"),
        pytest.param((*LOOP, "--holder", "infant"), 110, id="AZF-1 an infant alone"),
        pytest.param((*LOOP, "--holder", "baby"), 0, id="AZF-1 a baby"),
        pytest.param((*LOOP, "--companion", "child", "--companion", "adult"), 530, id="GEN-18"),
        pytest.param((*LOOP, "--attendant", "physical-1"), 320, id="AZF-20"),
        pytest.param((*LOOP, "--attendant", "physical-2"), 420, id="AZF-20 class 2"),
        pytest.param((*LOOP, "--attendant", "physical-2:child"), 320, id="AZF-20 of a child"),
        pytest.param((*LOOP, "--luggage", "9.999kg:0.026999m3:0.999m"), 210, id="AZF-2 small"),
        pytest.param((*LOOP, "--luggage", "10kg:0.001m3:0.1m", "--luggage", "1kg:0.001m3:1m"), 430, id="AZF-2 two"),
        pytest.param((*LOOP, "--line", "まちなか周遊バス"), 0, id="AZF-54"),
    ],
)
def test_what_an_option_does(args: tuple[object, ...], due_yen: int) -> None:
    assert quoted(*args, "--date", DAY)["due_yen"] == due_yen


def test_azf_61_family_rides_at_the_eco_fare_on_a_holiday() -> None:
    held = ("--pass", "若松駅前", "西若松駅東口", "--date", "2026-11-21")
    assert quoted(*LOOP, *held, "--family", "adult", "--family", "child")["due_yen"] == 150


def test_azf_60_the_time_of_the_trip() -> None:
    student = (*ELSEWHERE, "--pass-product", "student", "--pass-days", "2026-11-01", "2026-11-30", "--date", DAY)
    assert quoted(*LOOP, *student, "--at", "09:59")["due_yen"] == 210
    assert quoted(*LOOP, *student, "--at", "10:00")["due_yen"] == 100
    assert quoted(*LOOP, *student)["due_yen"] == 100


@pytest.mark.parametrize(
    ("args", "after"),
    [
        ((*HAKUHO, "--operator", "noruca", "--coupon-purse", "eco:300", "--coupon-purse", "regular:300"), None),
        (
            (*HAKUHO, "--operator", "noruca", "--coupon-purse", "student:100", "--coupon-purse", "regular:450"),
            {"eco": 0, "student": 0, "regular": 50},
        ),
        (
            (*HAKUHO, "--operator", "iwate-green-pass", "--points", 500, "--welfare", 1),
            {"welfare-points": 1, "transport-points": 0, "stored-fare": 0},
        ),
        (
            (*HAKUHO, "--operator", "iwate-green-pass", "--welfare", 500),
            {"welfare-points": 0, "transport-points": 0, "stored-fare": 0},
        ),
        (
            (
                *HAKUHO,
                "--operator",
                "iwate-green-pass",
                "--balance",
                500,
                "--points",
                999,
                "--points-day",
                "2025-11-19",
            ),
            {"welfare-points": 0, "transport-points": 15, "stored-fare": 0},
        ),
        ((*LOOP, "--balance", 99, "--auto-charge", 100, 2_000), {"stored-fare": 1_889}),
        (LOOP, {"stored-fare": 19_790}),
        ((*HAKUHO, "--operator", "noruca"), {"eco": 0, "student": 0, "regular": 19_500}),
    ],
)
def test_what_is_on_the_card(args: tuple[object, ...], after: dict[str, int] | None) -> None:
    found = quoted(*args, "--date", DAY)
    assert found.get("after") == after


def test_a_time_at_which_a_trip_leaves_chooses_it_and_a_trip_has_its_own() -> None:
    assert quoted(*HAKUHO, "--date", DAY, "--trip", "HAKUHO-W01")["ride"]["departs"] == "06:40"
    assert quoted(*HAKUHO, "--date", DAY, "--at", "06:40")["ride"]["departs"] == "06:40"


def test_fares_from_a_triangle_take_the_place_of_the_feeds(tmp_path: Path) -> None:
    table = tmp_path / "白棚線.csv"
    table.write_text(
        "磐城棚倉,,,,\n310,実業高校前,,,\n410,210,南湖公園,,\n460,280,200,白河モール前,\n510,330,260,180,新白河\n"
    )
    assert quoted(*HAKUHO, "--date", DAY, "--fares", table)["due_yen"] == 510


def test_rules_of_a_folder_of_ones_own(tmp_path: Path) -> None:
    folder = operators(tmp_path, lococa={"child_percent = 50": "child_percent = 60"})
    assert quoted(*HAKUHO, "--date", DAY, "--holder", "child", "--rules", folder)["due_yen"] == 300


# -- what people read


def test_the_table_in_english(cli: Cli) -> None:
    ran = cli(*HAKUHO, "--date", DAY, "--pass", STOPS[1], STOPS[2], "--balance", 2_000, "--lang", "en")
    assert ran.code == Exit.OK
    assert [line.rstrip() for line in ran.out.splitlines()] == [
        "[simulated 模擬] 白棚線  磐城棚倉 → 新白河",
        "LOCOCA · 2026-11-20 · first stop 12:00",
        "to pay  500 yen",
        "rule    what                     stops, class             yen",
        "PASS-3  through fare is cheaper  磐城棚倉→新白河 (< 550)  500",
        "paid from    rule   before  pays  after",
        "stored fare  GEN-3   2,000   500  1,500",
        "no --pass-product: commuter (通勤定期)",
        "pass days: 2026-11-20 to 2026-12-19",
    ]


def test_the_table_in_japanese_names_everybody(cli: Cli) -> None:
    party = ("--companion", "child", "--infants", 3, "--attendant", "mental", "--balance", 95, "--payment", "part-cash")
    out = cli(*LOOP, "--date", DAY, *party, "--lang", "ja").out
    for said in ("【模擬】", "運賃  430円", "小児", "幼児 ×3", "精神障害者保健福祉手帳", "現金", "340"):
        assert said in out


def test_points_earned_and_a_full_card_are_said(cli: Cli) -> None:
    out = cli(*HAKUHO, "--date", DAY, "--operator", "iwate-green-pass", "--lang", "en").out
    assert "IGP-28  transport points earned +15" in out
    assert "no purse given: a full card, 20,000 yen" in out
    assert "残額の指定なし: 上限の20,000円とみなす" in cli(*HAKUHO, "--date", DAY, "--lang", "ja").out


@pytest.mark.parametrize(
    ("language", "says"),
    [
        (
            "en",
            [
                "✗ short of stored fare: driver",
                "short · GEN-10",
                "fare 500 yen, short 310 yen",
                "→ --payment part-cash",
            ],
        ),
        ("ja", ["✗ 残額不足です・乗務員へ", "short · GEN-10", "運賃 500円・不足 310円", "→ --payment part-cash"]),
    ],
)
def test_a_refusal_has_code_rule_words_and_what_to_do(cli: Cli, language: str, says: list[str]) -> None:
    ran = cli(*HAKUHO, "--date", DAY, "--balance", 195, "--lang", language)
    assert ran.code == Exit.OK
    for said in says:
        assert said in ran.out


def test_what_a_refusal_is_about_is_said(cli: Cli) -> None:
    out = cli(*LOOP, "--date", DAY, "--luggage", "31kg:0.01m3:1m", "--lang", "en").out
    assert "not-carried · AZF-2 · 31000 g > 30000 g" in out
    assert "it can't be taken along" in out


@pytest.mark.parametrize("columns", [80, 100])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_terminal_shows_large_figures_within_its_width(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, columns: int, language: str
) -> None:
    monkeypatch.setattr(tariff_view, "is_rich", lambda _out: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    party = (
        "--companion",
        "child",
        "--infants",
        3,
        "--attendant",
        "mental",
        "--balance",
        50,
        "--auto-charge",
        100,
        1_000,
    )
    for args in (LOOP, (*LOOP, *party), (*LOOP, "--balance", 0)):
        out = cli(*args, "--date", DAY, "--lang", language).out
        assert all(cell_len(line) <= columns for line in out.splitlines())
    assert "▀▀█ ▀█  █▀█" in cli(*LOOP, "--date", DAY, "--lang", language).out  # 210


# -- calls that are wrong


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ((), "name ROUTE, BOARDED and ALIGHTED, or --batch FILE"),
        (HAKUHO[:2], "name ROUTE, BOARDED and ALIGHTED"),
        ((*HAKUHO, "--batch", "x"), "leave ROUTE, BOARDED, ALIGHTED, --date out"),
        (
            ("--batch", "x", "--balance", 1, "--pass", "a", "b", "--operator", "lococa"),
            "--batch has its rides in the file; leave --operator, --date, --balance, --pass out",
        ),
        (("白棚", *HAKUHO[1:]), "did you mean 白棚線"),
        (("白棚線", "棚倉", "新白河"), "BOARDED: no stop 棚倉 on this line; did you mean 磐城棚倉?"),
        (("白棚線", "新白河", "新白川"), "ALIGHTED: no stop 新白川 on this line; did you mean 新白河"),
        (("HAIKARA", "若松駅前#3", "西若松駅東口"), "BOARDED: the line is at 若松駅前 2 times, not 3"),
        ((*HAKUHO, "--trip", "HAKUHO-W99"), "--trip: no trip HAKUHO-W99 on this route; did you mean HAKUHO-W"),
        ((*HAKUHO, "--pass", "東京", "新白河"), "--pass: no stop 東京"),
        (
            (*HAKUHO, "--pass", "若松駅前", "新白河"),
            "--pass: no fare is known between 若松駅前 and 新白河; give a table with --fares",
        ),
        (
            (*HAKUHO, "--pass", *HAKUHO[1:], "--pass-product", "comuter"),
            "--pass-product: no product comuter; did you mean",
        ),
        ((*HAKUHO, "--area", "エリア23"), "--pass-product: LOCOCA sells no area pass; name the product"),
        ((*HAKUHO, *(["--pass", *HAKUHO[1:]] * 4)), "--pass: 4 sections; a card holds three"),
        ((*HAKUHO, "--pass-days", DAY, DAY), "--pass-days and --one-way say of which --pass"),
        ((*HAKUHO, "--one-way"), "--pass-days and --one-way say of which --pass"),
        ((*HAKUHO, "--pass", *HAKUHO[1:], "--pass-days", DAY, "2026-11-19"), "2026-11-19 is before 2026-11-20"),
        ((*LOOP, "--pass-product", "noransho", "--pass", *LOOP[1:]), "--pass: noransho is an area pass, not for"),
        ((*LOOP, "--pass-product", "loop-commuter", "--pass", *LOOP[1:]), "--pass: loop-commuter is a line pass, not"),
        (
            (*LOOP, "--pass-product", "area-commuter"),
            "--area: is missing: area-commuter is an area pass, for エリア23, エリア27, エリア42, エリア58",
        ),
        (
            (*LOOP, "--pass-product", "area-commuter", "--area", "エリア24"),
            "--area: no area エリア24 with area-commuter",
        ),
        ((*LOOP, "--pass-product", "commuter", "--pass", *LOOP[1:], *AREA), "--area: no area エリア23 with commuter"),
        ((*LOOP, "--pass-product", "student"), "--pass: is missing: student is a pass for sections"),
        ((*LOOP, "--pass", *LOOP[1:], "--line", "まちなか周遊バス"), "--line: no line まちなか周遊バス with commuter"),
        ((*LOOP, "--pass-product", "term-1", "--pass", *LOOP[1:], "--one-way"), "--one-way: term-1 is two-way only"),
        (
            (*HAKUHO, *NORUCA, "--pass-product", "student-one-way", "--pass", *HAKUHO[1:]),
            "--one-way: student-one-way is one-way only",
        ),
        ((*HAKUHO, "--pass", *HAKUHO[1:], "--one-way"), "--pass-product: LOCOCA sells no one-way section pass"),
        ((*LOOP, *AREA, "--one-way"), "--one-way says of which --pass FROM TO"),
        ((*HAKUHO, *NORUCA, "--balance", 1), "--balance: a card of NORUCA has no such purse; it has eco, student, reg"),
        ((*HAKUHO, "--points", 1), "--points: a card of LOCOCA has no such purse; it has stored-fare"),
        ((*HAKUHO, "--welfare", 1), "--welfare: a card of LOCOCA has no such purse"),
        ((*HAKUHO, "--coupon-purse", "eco:1"), "--coupon-purse: a card of LOCOCA has no such purse"),
        (
            (*HAKUHO, "--balance", 20_001),
            "--balance: 20001 yen on the card; a card of LOCOCA holds at most 20000 (GEN-3)",
        ),
        (
            (*HAKUHO, *NORUCA, "--coupon-purse", "eco:10001", "--coupon-purse", "student:10000"),
            "--coupon-purse: 20001 yen on the card",
        ),
        (
            (*HAKUHO, *NORUCA, "--coupon-purse", "eco:1", "--coupon-purse", "eco:2"),
            "--coupon-purse: the same purse twice",
        ),
        ((*HAKUHO, "--points-day", DAY), "--points-day says of which --points"),
        ((*LOOP, "--auto-charge", 150, 1_000), "--auto-charge: trigger of 150 yen: steps of 100 up to 10000 (AUT-1)"),
        ((*LOOP, "--auto-charge", 100, 1_500), "--auto-charge: amount of 1500 yen: steps of 1000"),
        ((*HAKUHO, "--auto-charge", 100, 1_000), "--auto-charge: LOCOCA offers none (AUT-1)"),
        ((*HAKUHO, "--holder", "child", "--born", DAY), "--holder and --born say the same"),
        ((*HAKUHO, "--born", "2027-01-01"), "--born: 2027-01-01 is after the ride"),
        ((*HAKUHO, "--at", "9:30"), "'9:30' is not a time like 09:30"),
        ((*HAKUHO, "--luggage", "12kg"), "'12kg' is not a piece like 12kg:0.03m3:1.2m"),
        ((*HAKUHO, "--luggage", "1.0001kg:0m3:0m"), "1.0001kg: finer than weight_g"),
        ((*HAKUHO, "--attendant", "physical-3"), "'physical-3' is not one of physical-1"),
        ((*HAKUHO, "--attendant", "mental:adult"), "'mental:adult' is not one of"),
        ((*HAKUHO, "--coupon-purse", "eco"), "'eco' is not one of regular, student, eco"),
        ((*HAKUHO, "--coupon-purse", "sf:1"), "'sf:1' is not one of"),
        ((*HAKUHO, "--balance", -1), "-1"),
        ((*HAKUHO, "--balance", 1_000_001), "1000001"),
    ],
)
def test_a_call_that_is_wrong_is_one_line(cli: Cli, args: tuple[object, ...], says: str) -> None:
    ran = cli(*args, *(("--date", DAY) if args else ()))
    assert (ran.code, ran.out) == (Exit.USAGE, "")
    (line,) = ran.err.splitlines()
    assert says in re.sub(r"Invalid value for '[^']*': ", "", line)


def test_gen_5_a_day_before_any_operator_file_is_said(cli: Cli) -> None:
    ran = cli(*HAKUHO, "--date", "2015-12-31")
    assert (ran.code, ran.out) == (Exit.CONFIGURATION, "")
    assert "operator lococa: no operator file is in force on 2015-12-31, the first is from 2016-01-01" in ran.err


@pytest.mark.parametrize("day", ["2026-11-01", "2026-11-20"])
def test_pass_6_a_pass_that_counts_is_not_spoken_of(cli: Cli, day: str) -> None:
    held = ("--pass", *HAKUHO[1:], "--pass-product", "commuter", "--pass-days", "2026-11-01", "2026-11-20")
    assert "PASS-6" not in cli(*HAKUHO, *held, "--date", day).out


@pytest.mark.parametrize("day", ["2026-10-31", "2026-11-21"])
def test_pass_6_a_pass_that_does_not_count_is_told(cli: Cli, day: str) -> None:
    held = ("--pass", *HAKUHO[1:], "--pass-days", "2026-11-01", "2026-11-20", "--date", day)
    out = cli(*HAKUHO, *held, "--lang", "en").out
    assert out.splitlines()[-1] == f"PASS-6 the pass counts from 2026-11-01 to 2026-11-20, not on {day}"
    assert f"PASS-6 定期の期間は 2026-11-01 〜 2026-11-20（{day} は対象外）" in cli(*HAKUHO, *held, "--lang", "ja").out


@pytest.mark.parametrize(
    ("product", "day", "rule", "name", "en", "ja"),
    [
        ("student", DAY, "AZF-60", "plus-one", "Plus One", "通学定期券プラスワン"),
        ("commuter", "2026-11-21", "AZF-61", "eco", "eco", "エコ定期券"),
    ],
)
def test_azf_60_azf_61_a_flat_fare_has_its_name(
    cli: Cli, product: str, day: str, rule: str, name: str, en: str, ja: str
) -> None:
    asked = (*LOOP, *ELSEWHERE, "--pass-product", product, "--date", day)
    (line,) = [line for line in quoted(*asked)["lines"] if line["word"] == "flat-fare"]
    assert (line["rule"], line["flat_fare"]) == (rule, name)
    for language, called in (("en", en), ("ja", ja)):
        (row,) = [row for row in cli(*asked, "--lang", language).out.splitlines() if row.startswith(rule)]
        assert f"若松駅前→西若松駅東口 {called}" in row


def test_azf_61_the_familys_flat_fare_has_its_name_and_a_through_fare_none() -> None:
    asked = (*LOOP, "--pass", "若松駅前", "西若松駅東口", "--family", "adult")
    lines = {day: quoted(*asked, "--date", day)["lines"] for day in (DAY, "2026-11-21")}
    named = {day: [line.get("flat_fare") for line in found if line["word"] == "family"] for day, found in lines.items()}
    assert named == {DAY: [None], "2026-11-21": ["eco"]}


def test_a_flat_fare_of_another_file_is_called_by_its_name(cli: Cli, tmp_path: Path) -> None:
    folder = operators(tmp_path, lococa={'name = "eco"': 'name = "sunday"'})
    held = ("--pass", STOPS[1], STOPS[2], "--date", "2026-11-21", "--rules", folder)
    assert "sunday (< 500)" in cli(*HAKUHO, *held, "--lang", "en").out


def test_azf_53_the_only_area_of_a_product_need_not_be_named(cli: Cli) -> None:
    refusal = quoted(*LOOP, "--pass-product", "noransho", "--date", DAY)["refusal"]
    assert refusal == {"code": "not-configured", "rule": "GEN-17", "detail": "area のらんしょパス"}


def test_the_help_says_that_a_table_stands_alone(cli: Cli) -> None:
    assert "instead of the feed's fares" in " ".join(cli("--help").out.split())


def test_an_agency_that_nobody_names_asks_for_its_rules(cli: Cli, tmp_path: Path) -> None:
    folder = feed(tmp_path, "agency.txt", "ジェイアールバス関東", "あるバス")
    ran = cli(*HAKUHO, "--feed", folder, "--date", DAY)
    assert ran.code == Exit.CONFIGURATION
    assert "あるバス" in ran.err and "--operator (aizu-noruca, iwate-green-pass, lococa, noruca)" in ran.err
    assert quoted(*HAKUHO, "--feed", folder, "--date", DAY, "--operator", "lococa")["due_yen"] == 500


@pytest.mark.parametrize(("agency", "due"), [("新常磐交通", 200), ("ジェイアールバス関東 白河支店", None)])
def test_loc_6_community_buses_take_no_card_on_jr_bus_kanto_alone(
    cli: Cli, tmp_path: Path, agency: str, due: int | None
) -> None:
    folder = branch(tmp_path, agency, "コミュニティバス")
    outcome = quoted("ROUTE", "甲", "丙", "--feed", folder, "--date", DAY, "--trip", "VIA")
    assert outcome.get("due_yen") == due
    assert outcome.get("refusal", {}).get("code") == (None if due else "excluded-service")


def test_gen_4_branches_that_differ_in_the_fare_ask_for_the_trip(cli: Cli, tmp_path: Path) -> None:
    """A trip of the route that leaves a stop out, and has a fare of its own: two patterns, two fares."""
    folder = branch(tmp_path)
    ran = cli("ROUTE", "甲", "丙", "--feed", folder, "--date", DAY, "--operator", "lococa")
    assert ran.code == Exit.USAGE
    assert "BOARDED: fares differ by trip: 200 yen (trip VIA), 250 yen (trip DIRECT); name the trip" in ran.err
    chosen = ("ROUTE", "甲", "丙", "--feed", folder, "--date", DAY, "--operator", "lococa")
    assert quoted(*chosen, "--trip", "DIRECT")["due_yen"] == 250
    assert quoted(*chosen, "--at", "09:00")["due_yen"] == 250
    assert quoted(*chosen, "--at", "08:00")["due_yen"] == 200
