"""`farebox tariff price` and `refund`: steps with their rules, the whole price table, one line if the call is wrong."""

import json
from collections.abc import Callable
from datetime import date
from itertools import product as every
from typing import Any

import pytest
from rich.cells import cell_len

from farebox.feed.operators import load_operators
from tariff.account import HolderKind
from tariff.price_table import Offer, Way, begins, offers
from tariff.products import Price
from tests.tools.cli import Ran, run
from tests.tools.tariff_cli import DAY
from tools.exits import Exit
from tools.tariff import price_view
from tools.tariff import view as tariff_view

Cli = Callable[..., Ran]
AIZU = ("--operator", "aizu-noruca")
FARE = ("--fare", 230)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return lambda *args: run(capsys, monkeypatch, "tariff", *args)


def told(ran: Ran) -> dict[str, Any]:
    assert (ran.code, ran.err) == (Exit.OK, "")
    found: dict[str, Any] = json.loads(ran.out)
    return found


# -- prices


@pytest.mark.parametrize(
    ("args", "yen"),
    [
        pytest.param(("commuter", *AIZU, *FARE), 9_660, id="AZF-31 a month if nothing is said"),
        pytest.param(("commuter", *AIZU, *FARE, "--months", 6, "--portal"), 52_160, id="AZF-31 six months"),
        pytest.param(("commuter", *AIZU, *FARE, "--months", 3, "--one-way"), 13_770, id="AZF-31 one-way"),
        pytest.param(("commuter", *AIZU, *FARE, "--disabled"), 6_760, id="AZF-32"),
        pytest.param(("commuter", *AIZU, *FARE, "--holder", "child"), 5_040, id="GEN-2 child"),
        pytest.param(("student", *AIZU, *FARE, "--last-day", "2027-01-03"), 12_420, id="AZF-31 odd days"),
        pytest.param(("term-2-2", *AIZU, *FARE, "--renewal-of", "term-1"), 24_970, id="AZF-40 renewal"),
        pytest.param(("year", *AIZU, *FARE), 59_620, id="AZF-40 year"),
        pytest.param(("area-commuter", *AIZU, "--area", "エリア58", "--months", 3), 69_430, id="AZF-52"),
        pytest.param(("loop-student", *AIZU, "--months", 3), 21_550, id="AZF-54"),
        pytest.param(
            ("commuter", *AIZU, "--route", "NISHIWAKA", "--from", "若松駅前", "--to", "西若松駅東口"),
            9_660,
            id="by route",
        ),
        pytest.param(("commuter", *AIZU, *FARE, "--months", 2, "--portal"), 19_320, id="PRT-5"),
    ],
)
def test_what_a_pass_costs(cli: Cli, args: tuple[object, ...], yen: int) -> None:
    first = () if "year" in args or "term-2-2" in args else ("--first-day", DAY)
    assert told(cli("price", *args, *first, "--json"))["due_yen"] == yen


def test_azf_40_a_term_begins_at_its_next_beginning(cli: Cli) -> None:
    found = told(cli("price", "term-3", *AIZU, *FARE, "--on", "2026-12-30", "--json"))
    assert (found["first_day"], found["last_day"]) == ("2027-01-01", "2027-03-31")


@pytest.mark.parametrize(
    ("day", "first"), [(date(2026, 3, 31), 2026), (date(2026, 4, 1), 2026), (date(2026, 4, 2), 2027)]
)
def test_azf_40_the_next_beginning_may_be_today(day: date, first: int) -> None:
    year = load_operators().on("aizu-noruca", day).product_named("year")
    assert year
    assert begins(year, day) == date(first, 4, 1)


def test_the_steps_are_printed_with_their_rules(cli: Cli) -> None:
    ran = cli("price", "commuter", *AIZU, *FARE, "--months", 3, "--first-day", DAY, "--lang", "en")
    assert [line.rstrip() for line in ran.out.splitlines()] == [
        "[simulated 模擬] 通勤定期券 AIZU NORUCA",
        "2026-11-20 – 2027-02-19  27,530 yen",
        "rule    step                       yen",
        "AZF-31  fare it is priced on       230",
        "AZF-31  months, and their rate  27,530",
        "GEN-19 sold from 2026-11-13 to 2026-11-20",
    ]
    assert (
        "GEN-19 発売期間 2026-11-13 〜 2026-11-20"
        in cli("price", "commuter", *AIZU, *FARE, "--first-day", DAY, "--lang", "ja").out
    )


def test_gen_19_is_it_sold_that_day(cli: Cli) -> None:
    asked = ("price", "commuter", *AIZU, *FARE, "--first-day", "2026-11-27", "--lang", "en")
    assert "9,660 yen" in cli(*asked, "--on", DAY).out
    out = cli(*asked, "--on", "2026-11-19").out
    assert "✗ not sold so\nnot-sold · GEN-19 · 2026-11-20 to 2026-11-27\n→ choose another kind" in out
    assert "yen\nrule" not in out.replace("  yen", "")


PORTAL = ("--portal", "--first-day", "2026-12-01", "--lang", "en")


@pytest.mark.parametrize(
    ("args", "yen"),
    [
        pytest.param(("commuter", *FARE, "--months", 2), "19,320", id="section"),
        pytest.param(("commuter", *FARE, "--months", 2, "--one-way", "--disabled"), "6,760", id="one-way, disabled"),
        pytest.param(("area-commuter", "--area", "エリア23"), "9,660", id="area"),
        pytest.param(("loop-commuter",), "8,820", id="line"),
        pytest.param(("noransho", "--area", "のらんしょパス", "--born", "1950-01-01"), "6,500", id="named"),
    ],
)
def test_prt_5_what_the_portal_sells_is_a_renewal_of_the_same_pass(
    cli: Cli, args: tuple[object, ...], yen: str
) -> None:
    asked = ("price", *args, *AIZU, *PORTAL)
    for day in ("2026-11-24", "2026-11-28", "2026-11-30"):
        out = cli(*asked, "--on", day).out
        assert "✗" not in out and f"  {yen} yen" in out
    for day in ("2026-11-23", "2026-12-01"):
        assert "not-sold · GEN-19 · 2026-11-24 to 2026-11-30" in cli(*asked, "--on", day).out


def test_a_refusal_has_no_steps(cli: Cli) -> None:
    out = cli("price", "commuter", "--operator", "noruca", *FARE, "--lang", "en").out
    assert out.splitlines()[1:] == [
        "✗ not configured",
        "not-configured · GEN-17 · price of commuter",
        "→ no source states it; put the value into the operator file",
    ]


# -- the whole table


def table() -> dict[Way, Offer]:
    return {
        one.way: one for one in offers(load_operators().on("aizu-noruca", date(2026, 11, 20)), 230, date(2026, 11, 20))
    }


def test_the_table_has_every_pass_in_every_way_once() -> None:
    ways = [one.way for one in offers(load_operators().on("aizu-noruca", date(2026, 11, 20)), 230, date(2026, 11, 20))]
    assert len(set(ways)) == len(ways)
    adult, child, disabled = HolderKind.ADULT, HolderKind.CHILD, HolderKind.DISABLED_ADULT
    sections = {
        Way(name, holder, one_way, None, None)
        for name, holder, one_way in every(
            ("commuter", "student", "student-highway"), (adult, child, disabled), (False, True)
        )
    }
    areas = {
        Way(name, holder, False, f"エリア{number}", None)
        for name, holder, number in every(("area-commuter", "area-student"), (adult, child, disabled), (23, 27, 42, 58))
    }
    lines = {
        Way(name, holder, False, None, None)
        for name, holder in every(("loop-commuter", "loop-student"), (adult, child, disabled))
    }
    terms = {
        Way(name, holder, False, None, renewal)
        for name, renewals in (
            ("term-1", (None, "term-3")),
            ("term-2-1", (None, "term-1")),
            ("term-2-2", (None, "term-1")),
            ("term-3", (None, "term-2-1")),
            ("year", (None,)),
        )
        for holder, renewal in every((adult,), renewals)
    }
    noransho = {Way("noransho", adult, False, "のらんしょパス", None)}
    assert set(ways) == sections | areas | lines | terms | noransho


@pytest.mark.parametrize(
    ("way", "yen"),
    [
        (
            Way("commuter", HolderKind.ADULT, False, None, None),
            {1: 9_660, 2: 19_320, 3: 27_530, 4: 36_710, 5: 45_890, 6: 52_160},
        ),
        (Way("student", HolderKind.ADULT, False, None, None), {1: 8_280, 2: 16_560, 3: 23_600}),
        (Way("area-commuter", HolderKind.ADULT, False, "エリア42", None), {1: 17_640, 3: 50_270}),
        (Way("loop-student", HolderKind.ADULT, False, None, None), {1: 7_560, 3: 21_550}),
        (Way("noransho", HolderKind.ADULT, False, "のらんしょパス", None), {1: 6_500}),
        (Way("term-2-2", HolderKind.ADULT, False, None, "term-1"), {0: 24_970}),
        (Way("year", HolderKind.ADULT, False, None, None), {0: 59_620}),
    ],
)
def test_the_printed_figures(way: Way, yen: dict[int, int]) -> None:
    prices = table()[way].prices
    assert {months: one.yen for months, one in prices.items() if isinstance(one, Price)} == yen


def test_igp_3_a_pass_is_priced_for_the_cards_it_is_sold_on() -> None:
    book = load_operators().on("iwate-green-pass", date(2026, 11, 20))
    holders = {one.way.product: one.way.holder for one in offers(book, 230, date(2026, 11, 20))}
    adult, child = HolderKind.ADULT, HolderKind.CHILD
    assert holders == {"adult-named": adult, "adult-bearer": adult, "child-named": child, "child-bearer": child}


def test_the_table_is_a_picture(cli: Cli) -> None:
    ran = cli("price", *AIZU, *FARE, "--first-day", DAY, "--all", "--lang", "en")
    lines = [line.rstrip() for line in ran.out.splitlines()]
    assert lines[0] == "[simulated 模擬] AIZU NORUCA  passes  fare of the section 230 yen"
    assert lines[1].split() == ["1", "mo", "2", "mo", "3", "mo", "4", "mo", "5", "mo", "6", "mo", "pays,", "rides/mo"]
    assert lines[2] == "commuter (通勤定期券)  AZF-30  PRT-5 portal alone: 2, 4, 5, 6 mo"
    assert "student (通学定期券)  AZF-30" in lines
    assert lines[3].split() == ["adult", "9,660", "19,320", "27,530", "36,710", "45,890", "52,160", "38"]
    assert lines[4].split() == ["disabled", "6,760", "13,520", "19,270", "25,700", "32,120", "36,510"]
    assert lines[6].split() == ["one-way", "adult", "4,830", "9,660", "13,770", "18,350", "22,940", "26,080", "19"]
    (renewed,) = [line for line in lines if line.endswith("2027-12-31 renews term-1") and "24,970" in line]
    assert renewed.split() == ["adult", "24,970", "2027-08-25", "–", "2027-12-31", "renews", "term-1"]
    ja = cli("price", *AIZU, *FARE, "--first-day", DAY, "--all", "--lang", "ja").out
    assert "通勤定期券  AZF-30  PRT-5 ポータル限定: 2, 4, 5, 6か月\n" in ja
    assert "エリア58 障がい者" in ja and "1学期定期券から継続" in ja and "のらんしょパス 大人" not in ja


def test_what_is_not_configured_is_said_in_the_table(cli: Cli) -> None:
    out = cli("price", "--operator", "noruca", *FARE, "--first-day", DAY, "--all", "--lang", "en").out
    assert "noruca-65" in out and "GEN-17 not configured" in out


@pytest.mark.parametrize("columns", [80, 100])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_terminal_shows_bars_within_its_width(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, columns: int, language: str
) -> None:
    for module in (tariff_view, price_view):
        monkeypatch.setattr(module, "is_rich", lambda _out: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    out = cli("price", *AIZU, *FARE, "--first-day", DAY, "--all", "--lang", language).out
    assert all(cell_len(line) <= columns for line in out.splitlines())
    assert " 38 ██████" in out and " 19 ███" in out


def test_the_table_for_machines(cli: Cli) -> None:
    ran = cli("price", *AIZU, *FARE, "--first-day", DAY, "--all", "--json")
    first = json.loads(ran.out.splitlines()[0])
    assert (first["product"], first["holder"], first["one_way"]) == ("commuter", "adult", False)
    assert first["prices"]["3"]["due_yen"] == 27_530
    assert {months for months, one in first["prices"].items() if one.get("portal")} == {"2", "4", "5", "6"}
    refused = json.loads(cli("price", "--operator", "noruca", *FARE, "--all", "--json").out.splitlines()[0])
    assert refused["prices"]["0"]["refusal"]["code"] == "not-configured"


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        ((), Exit.USAGE, "--operator"),
        (AIZU, Exit.USAGE, "name PRODUCT, or --all"),
        ((*AIZU, "--all"), Exit.USAGE, "--all is for a fare; give --fare"),
        (("comuter", *AIZU, *FARE), Exit.USAGE, "PRODUCT: no product comuter; did you mean commuter"),
        (("commuter", *AIZU, *FARE, "--route", "NISHIWAKA"), Exit.USAGE, "give --fare, or --route, --from and --to"),
        (
            ("commuter", *AIZU, "--route", "NISHIWAKA", "--to", "x"),
            Exit.USAGE,
            "give --fare, or --route, --from and --to",
        ),
        (("commuter", *AIZU, *FARE, "--fares", __file__), Exit.USAGE, "--fares is for --route, --from and --to"),
        (("commuter", *AIZU), Exit.USAGE, "--fare: is missing: commuter is a pass for sections"),
        (
            ("noransho", *AIZU, *FARE),
            Exit.USAGE,
            "--fare: noransho is an area pass: its price does not depend on a fare",
        ),
        (("area-commuter", *AIZU), Exit.USAGE, "--area: is missing: area-commuter is an area pass, for エリア23"),
        (
            ("area-commuter", *AIZU, "--area", "エリア24"),
            Exit.USAGE,
            "--area: no area エリア24 with area-commuter; did",
        ),
        (
            ("commuter", *AIZU, *FARE, "--first-day", DAY, "--last-day", "2026-11-19"),
            Exit.USAGE,
            "--last-day: 2026-11-19 is before 2026-11-20",
        ),
        (("ordinary-101", *AIZU), Exit.USAGE, "PRODUCT: no product ordinary-101; did you mean ordinary-10"),
        (("ecomy", *AIZU), Exit.USAGE, "--fare: is missing: ecomy is a book for a section"),
        (
            ("himawari", *AIZU, "--months", 1, "--portal"),
            Exit.USAGE,
            "himawari is a book of coupons; leave --months, --po",
        ),
        (
            ("commuter", *AIZU, *FARE, "--holder", "child", "--disabled"),
            Exit.USAGE,
            "--disabled is --holder disabled-adult, not child; give one of them",
        ),
        (
            (*AIZU, *FARE, "--all", "--months", 1, "--on", DAY),
            Exit.USAGE,
            "--all is every pass at a fare; leave --months, --on",
        ),
        (("comuter", *AIZU, *FARE, "--all"), Exit.USAGE, "PRODUCT: no product comuter; did you mean commuter"),
        (
            ("commuter", *AIZU, "--route", "x", "--from", "a", "--to", "b"),
            Exit.USAGE,
            "--route: route x: not in the feed",
        ),
        (
            ("student", *AIZU, *FARE, "--months", 1, "--last-day", "2027-01-01"),
            Exit.USAGE,
            "--months: together with --last",
        ),
        (("term-1", *AIZU, *FARE, "--renewal-of", "x"), Exit.USAGE, "--renewal-of: no product x"),
        (("commuter", "--operator", "suica", *FARE), Exit.CONFIGURATION, "'suica'"),
    ],
)
def test_a_call_that_is_wrong_is_one_line(cli: Cli, args: tuple[object, ...], code: Exit, says: str) -> None:
    ran = cli("price", *args)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (code, "", 1)
    assert says in ran.err


@pytest.mark.parametrize(
    ("args", "products", "holders"),
    [
        (("commuter",), {"commuter"}, {"adult", "child", "disabled-adult"}),
        (("commuter", "--holder", "child"), {"commuter"}, {"child"}),
        (("area-student", "--disabled"), {"area-student"}, {"disabled-adult"}),
        (("term-1", "--holder", "child"), set(), set()),
    ],
)
def test_the_table_of_one_product_or_for_one_kind_of_holder(
    cli: Cli, args: tuple[str, ...], products: set[str], holders: set[str]
) -> None:
    ran = cli("price", *args, *AIZU, *FARE, "--all", "--json")
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert ({one["product"] for one in found}, {one["holder"] for one in found}) == (products, holders)


def test_azf_10_azf_13_a_book_of_coupons_has_a_price(cli: Cli) -> None:
    out = cli("price", "ecomy", *AIZU, *FARE, "--lang", "en").out
    assert [line.split() for line in out.splitlines()] == [
        ["[simulated", "模擬]", "エコミー回数券", "AIZU", "NORUCA"],
        ["price", "1,150", "yen"],
        ["rule", "step", "yen"],
        ["AZF-13", "fare", "it", "is", "priced", "on", "230"],
        ["AZF-13", "price", "of", "the", "book", "1,150"],
    ]
    by_route = ("--route", "NISHIWAKA", "--from", "若松駅前", "--to", "西若松駅東口")
    assert told(cli("price", "ecomy", *AIZU, *by_route, "--json"))["due_yen"] == 1_150
    assert "発売額  1,000円" in cli("price", "himawari", *AIZU, "--lang", "ja").out
    assert "not-sold · AZF-10" in cli("price", "set-5000", *AIZU, "--lang", "en").out


def test_azf_53_an_age_is_judged_without_a_day_of_sale(cli: Cli) -> None:
    asked = ("price", "noransho", *AIZU, "--first-day", DAY, "--lang", "en")
    assert "6,500 yen" in cli(*asked, "--born", "1961-11-21").out
    assert "not-eligible · AZF-53 · 65 or over on 2026-11-20" in cli(*asked, "--born", "1961-11-22").out


def test_azf_40_no_term_pass_for_a_child(cli: Cli) -> None:
    out = cli("price", "term-3", *AIZU, *FARE, "--holder", "child", "--lang", "en").out
    assert "not-eligible · IGP-3 · card of CHILD" in out
    assert "9,940 yen" not in out


# -- refunds

PASS = ("--product", "commuter", "--first-day", "2026-04-01", "--last-day", "2026-06-30", "--paid", 27_530)


@pytest.mark.parametrize(
    ("args", "yen"),
    [
        pytest.param(("card", "--operator", "lococa", "--balance", 1_430), 1_710, id="LOC-18 card"),
        pytest.param(("card", "--operator", "lococa", "--balance", 219), 500, id="LOC-18 never below nothing"),
        pytest.param(("card", "--operator", "lococa", *PASS, "--on", "2026-07-01"), 500, id="LOC-18 an ended pass"),
        pytest.param(("pass", *AIZU, *PASS, "--fare", 230, "--on", "2026-04-10"), 22_430, id="AZF-50 two-way"),
        pytest.param(
            ("pass", *AIZU, *PASS, "--fare", 230, "--one-way", "--on", "2026-04-10"), 24_730, id="AZF-50 one-way"
        ),
        pytest.param(
            ("pass", *AIZU, *PASS, "--fare", 230, "--holder", "disabled-adult", "--on", "2026-04-10"),
            24_630,
            id="AZF-50 half",
        ),
        pytest.param(
            ("pass", *AIZU, *PASS[2:], "--product", "area-commuter", "--area", "エリア23", "--on", "2026-04-10"),
            22_430,
            id="AZF-50 area",
        ),
        pytest.param(
            ("pass", *AIZU, *PASS[2:], "--product", "loop-commuter", "--on", "2026-04-10"), 22_830, id="AZF-50 loop"
        ),
        pytest.param(
            ("both", "--operator", "lococa", *PASS, "--fare", 500, "--balance", 1_430, "--on", "2026-04-10"),
            18_720,
            id="LOC-18 both",
        ),
        pytest.param(("coupons", *AIZU, "--book", "ordinary-100", "--used", "100x3"), 500, id="AZF-14"),
        pytest.param(
            ("coupons", *AIZU, "--book", "set-1000", "--used", "10x1", "--used", "50×2"), 690, id="AZF-14 two faces"
        ),
        pytest.param(("coupons", *AIZU, "--book", "ecomy", "--fare", 230), 950, id="AZF-14 a section's"),
    ],
)
def test_what_is_given_back(cli: Cli, args: tuple[object, ...], yen: int) -> None:
    assert told(cli("refund", *args, "--json"))["refund_yen"] == yen


def test_azf_14_a_refund_of_a_book_is_printed_with_its_steps(cli: Cli) -> None:
    asked = ("refund", "coupons", *AIZU, "--book", "set-1000", "--used", "10x1", "--used", "50x2", "--on", DAY)
    assert [line.split() for line in cli(*asked, "--lang", "en").out.splitlines()[1:]] == [
        ["given", "back", "690", "yen"],
        ["rule", "step", "yen"],
        ["AZF-10", "price", "of", "the", "book", "1,000"],
        ["AZF-14", "faces", "of", "tickets", "used", "-110"],
        ["AZF-14", "fee", "-200"],
    ]


def test_a_refund_is_printed_with_its_steps(cli: Cli) -> None:
    ran = cli("refund", "card", "--operator", "iwate-green-pass", "--balance", 1_000, "--points", 7, "--on", DAY)
    out = [line.rstrip() for line in ran.out.splitlines()]
    assert out[0] == "[simulated 模擬] refund Iwate Green Pass 2026-11-20"
    assert out[1] == "given back  1,280 yen"
    assert out[3].split() == ["IGP-25", "stored", "fare", "and", "pass,", "less", "fees", "780"]
    assert out[-1] == "IGP-30 transport points that lapse: 7"
    ja = cli("refund", "card", "--operator", "iwate-green-pass", "--points", 7, "--on", DAY, "--lang", "ja").out
    assert "【模擬】払戻し" in ja and "払戻額  500円" in ja and "IGP-30 失効する交通ポイント 7" in ja


def test_loc_18_a_card_with_a_pass_that_runs_is_not_given_back_alone(cli: Cli) -> None:
    asked = ("refund", "card", "--operator", "lococa", *PASS[:-2], "--on", "2026-06-30", "--lang", "en")
    out = cli(*asked).out
    assert "not-eligible · LOC-18 · pass until 2026-06-30" in out and "given back" not in out


def test_a_refund_that_is_not_configured_says_so(cli: Cli) -> None:
    ran = cli("refund", "card", "--operator", "noruca", "--lang", "en")
    assert ran.code == Exit.OK
    assert "not-configured · GEN-17 · refund of a card" in ran.out


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("pass", *AIZU), "a refund of pass needs --product, --first-day, --last-day, --paid"),
        (("both", *AIZU, "--product", "commuter", "--paid", 1), "a refund of both needs --first-day, --last-day"),
        (("card", *AIZU, "--last-day", DAY), "a refund of card needs --product, --first-day"),
        (("card", *AIZU, "--product", "commuter"), "a refund of card needs --first-day, --last-day"),
        (("coupons", *AIZU), "a refund of coupons needs --book"),
        (("coupons", *AIZU, "--book", "x", "--used", "100"), "'100' is not face and tickets like 100x5"),
        (("pass", *AIZU, *PASS[2:], "--product", "x"), "--product: no product x"),
        (("deposit", *AIZU), "deposit"),
        (("coupons", *AIZU, "--book", "ecomi"), "--book: no book ecomi; did you mean ecomy"),
        (("coupons", *AIZU, "--book", "ecomy"), "--fare: is missing: ecomy is a book for a section"),
        (("pass", *AIZU, *PASS), "--fare: is missing: commuter is a pass for sections"),
        (("pass", *AIZU, *PASS, "--one-way"), "--one-way says of which section: give its --fare"),
        (("pass", "--operator", "lococa", *PASS, "--fare", 1, "--one-way"), "--one-way: commuter is two-way only"),
        (
            ("pass", *AIZU, *PASS, "--fare", 1, "--last-day", "2026-03-31"),
            "--last-day: 2026-03-31 is before 2026-04-01",
        ),
        (("card", "--operator", "noruca", "--balance", 1), "--balance: a card of NORUCA has no such purse"),
        (("card", "--operator", "lococa", "--points", 1), "--points: a card of LOCOCA has no such purse"),
    ],
)
def test_a_refund_asked_wrong_is_one_line(cli: Cli, args: tuple[object, ...], says: str) -> None:
    ran = cli("refund", *args)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (Exit.USAGE, "", 1)
    assert says in ran.err
