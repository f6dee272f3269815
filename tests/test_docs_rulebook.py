"""docs/rulebook.md and docs/operator_file.md against the code: every rule, refusal code and setting, every figure."""

import io
import re
import shlex
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cardimage.layout.history import HistoryRow, decode_history, encode_history, last_uses
from cardimage.layout.slots import slot_of
from farebox.result import Result, Side, Sound
from farebox.tap import Alight, Board, judge_alighting, judge_boarding
from farebox.words import REFUSALS
from tariff.account import Account
from tariff.cards import EXPIRY
from tariff.coupons import book_price, refund_book
from tariff.operator_file import OTHER_CARDS, PAPERS, SETTINGS, RulebookError, Setting, parse
from tariff.passes import EXCESS
from tariff.products import Price, Purchase, price
from tariff.refunds import CARD_REFUNDS, Refund, refund_card, refund_pass
from tariff.refusal import Code, Refusal
from tariff.riders import HANDBOOKS, Party, RiderClass
from tests.farebox.bus import DAY, service
from tests.tariff.examples import (
    AIZU,
    AIZU_LINE,
    HAKUHO_BACK,
    HAKUHO_LINE,
    LOCOCA,
    card,
    held,
    ride,
    section,
    settled,
)
from tests.tools.cli import run
from tools.exits import Exit
from tools.rule_table import (
    FULFILLED,
    HELD,
    SOURCES,
    TO_COME,
    Status,
    gaps,
    in_order,
    named_tests,
    numbers,
    read_page,
    rows,
    trace,
)

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "rulebook.md").read_text(encoding="utf-8")
HOW_TO = (ROOT / "docs" / "operator_file.md").read_text(encoding="utf-8")

RULES = {
    "GEN": range(1, 23),
    "PASS": range(1, 10),
    "LOC": range(1, 21),
    "IGP": (*range(1, 7), 8, 10, *range(12, 16), *range(17, 24), 25, 26, 28, 29, 30),
    "NOR": (*range(3, 8), *range(9, 13)),
    "AZF": (1, 2, 3, *range(10, 15), 20, *range(30, 36), 40, *range(50, 55), *range(60, 64)),
    "AUT": range(1, 7),
    "PRT": range(1, 8),
    "CTR": range(1, 5),
}
"""Every rule there is."""


def unquoted(cell: str) -> str:
    """`code` -> code; anything else is no name."""
    named = re.fullmatch(r"`([^`]+)`", cell)
    assert named, cell
    return named[1]


def part_of(page: str, heading: str) -> str:
    """The part of a page under a heading, up to the next one of its rank or a higher one."""
    rank = heading.partition(" ")[0]
    (after,) = page.split(f"\n{heading}\n")[1:]
    return re.split(rf"^#{{2,{len(rank)}}} ", after, flags=re.MULTILINE)[0]


def yen(cell: str) -> int:
    return int(cell.replace(",", ""))


CODES = rows(PAGE, "code")
KEYS = rows(HOW_TO, "key")
HELD_RULES = rows(PAGE, HELD)


# -- refusal codes


def test_every_refusal_code_is_documented_once_and_nothing_else_is() -> None:
    assert [unquoted(row["code"]) for row in CODES] == [code.value for code in Code]


@pytest.mark.parametrize("row", CODES, ids=lambda row: row["code"])
def test_the_display_reads_as_documented(row: dict[str, str]) -> None:
    said = REFUSALS[Code(unquoted(row["code"]))]
    assert (row["the display in Japanese"], row["in English"]) == said
    assert row["what to do"].endswith(".")


@pytest.mark.parametrize("row", CODES, ids=lambda row: row["code"])
def test_every_refusal_sounds_the_buzzer(row: dict[str, str]) -> None:
    refusal = Refusal(Code(unquoted(row["code"])), "GEN-14")
    heard = Result(Side.ALIGHTING, bytes(8), 0, None, refusal).sound
    assert (heard, row["sound"]) == (Sound.BUZZ, "pii")


def test_every_code_is_given_somewhere() -> None:
    given = set()
    for package in SOURCES[:-1]:
        for path in (ROOT / package).rglob("*.py"):
            given |= {Code[name] for name in re.findall(r"\bRefusal\(\s*Code\.(\w+)", path.read_text(encoding="utf-8"))}
    assert given == set(Code)


# -- rules


def test_every_rule_there_is_is_on_the_page_once_and_no_other() -> None:
    page = read_page(PAGE)
    assert page.twice == ()
    assert set(page.status) == {f"{group}-{number}" for group, all_of in RULES.items() for number in all_of}


def test_rules_stand_in_order() -> None:
    for table in (HELD, FULFILLED, TO_COME):
        listed = [row[table] for row in rows(PAGE, table)]
        assert listed == in_order(listed)
        assert all(row["what it says"].endswith(".") for row in rows(PAGE, table))


def test_no_rule_lacks_code_or_values_or_a_test_and_none_is_cited_that_is_not_there() -> None:
    assert gaps(trace(ROOT), read_page(PAGE)) == ()


@pytest.mark.parametrize("row", HELD_RULES, ids=lambda row: row[HELD])
def test_a_rule_that_is_held_names_code_that_cites_it_and_tests_named_for_it(row: dict[str, str]) -> None:
    code = re.findall(r"`([\w/.-]+)`", row["where"])
    tests = re.findall(r"`(tests/[\w/.-]+)`", row["tried in"])
    assert [path for path in (*code, *tests) if not (ROOT / path).is_file()] == []
    assert row[HELD] in set().union(*(numbers((ROOT / path).read_text("utf-8"), RULES_KNOWN) for path in code))
    assert {test.file for test in NAMED.get(row[HELD], ())} & set(tests)


RULES_KNOWN = frozenset(read_page(PAGE).status)
NAMED = named_tests(ROOT)


def test_every_rule_that_a_settlement_or_refusal_can_cite_is_held() -> None:
    held_rules = {row[HELD] for row in HELD_RULES}
    cited = set()
    for package in ("tariff", "cardimage", "farebox"):
        for path in (ROOT / package).rglob("*.py"):
            # What stands on a rule is written Refusal(Code.X, "GEN-4") or Line("GEN-4"); other quotes are values.
            cited |= numbers(" ".join(re.findall(r'"([A-Z]+-\d+)"', path.read_text("utf-8"))))
    assert len(cited) > 30
    assert cited - held_rules == set()


def test_every_rule_that_a_test_is_named_for_is_held_or_fulfilled() -> None:
    assert {rule for rule in NAMED if read_page(PAGE).status[rule] is Status.TO_COME} == set()


def decisions() -> set[str]:
    """The rules that a decision is told of: in bold at the head of an entry."""
    told = re.findall(r"^- \*\*(.+?)\*\*", part_of(PAGE, "## Decisions of this version"), re.MULTILINE)
    return set().union(*(numbers(rules, RULES_KNOWN) for rules in told))


@pytest.mark.parametrize(
    "row", [row for row in HELD_RULES if "[D]" in " ".join(row.values())], ids=lambda row: row[HELD]
)
def test_a_rule_with_a_decision_in_it_has_it_told(row: dict[str, str]) -> None:
    assert row[HELD] in decisions()


@pytest.mark.parametrize(
    "path", sorted((ROOT / "tariff" / "operators").rglob("*.toml")), ids=lambda path: path.parent.name
)
def test_a_value_that_is_a_decision_has_it_told(path: Path) -> None:
    marked = [line for line in path.read_text("utf-8").splitlines() if "[D]" in line and "=" in line.partition("#")[0]]
    assert len(marked) > 10
    assert [line for line in marked if not numbers(line) & decisions()] == []


# -- worked examples


def outcome_yen(outcome: Price | Refund | int | Refusal) -> int:
    assert not isinstance(outcome, Refusal), outcome
    return outcome if isinstance(outcome, int) else outcome.yen


def pass_prices() -> Iterator[tuple[str, str, int, int]]:
    """(pass, area, months, yen) of every price that the page prints."""
    for row in rows(PAGE, "pass"):
        if "`fare`" in row:
            name, _, area = row["pass"].partition(" ")
            for months, column in enumerate(("1 month", "2", "3", "4", "5", "6"), 1):
                if row[column]:
                    yield unquoted(name), area, months, yen(row[column])


def price_asked(name: str, area: str, months: int) -> Purchase:
    product = AIZU.product_named(name)
    assert product is not None
    return Purchase(
        name,
        date(2026, 4, 1),
        months,
        fare_yen=230 if product.scope == "section" else None,
        area=area or (product.areas[0] if name == "noransho" else None),
        portal=months not in product.months,
    )


def test_passes_cost_what_the_page_prints() -> None:
    printed = list(pass_prices())
    assert len(printed) == 29
    for name, area, months, printed_yen in printed:
        assert outcome_yen(price(price_asked(name, area, months), AIZU)) == printed_yen, (name, area, months)


def test_the_fares_of_the_pass_table_are_those_of_the_file() -> None:
    fares = {area.name: area.fare_yen for area in AIZU.areas} | {"": 230}
    for row in rows(PAGE, "pass"):
        if row.get("`fare`"):
            area = row["pass"].partition(" ")[2]
            assert yen(row["`fare`"]) == (AIZU.lines[0].fare_yen if "loop" in row["pass"] else fares[area])


def test_azf_40_the_term_pass_costs_what_the_page_prints() -> None:
    new, renewed = (yen(row["yen"]) for row in rows(PAGE, "term pass at a fare of 230"))
    asked = Purchase("term-2-2", date(2026, 8, 25), fare_yen=230)
    assert outcome_yen(price(asked, AIZU)) == new
    assert outcome_yen(price(asked._replace(renewal_of="term-1"), AIZU)) == renewed


def test_the_coupon_books_are_as_the_page_prints() -> None:
    printed = rows(PAGE, "book")
    with_tickets = [book.name for book in AIZU.coupon_books if book.sold and book.tickets]
    assert [unquoted(row["book"]) for row in printed] == with_tickets
    for row in printed:
        (book,) = (book for book in AIZU.coupon_books if book.name == unquoted(row["book"]))
        tickets = tuple((int(face), int(count)) for count, face in re.findall(r"(\d+) × (\d+)", row["tickets"]))
        assert (tickets, yen(row["worth"])) == (book.tickets, sum(face * count for face, count in book.tickets))
        assert yen(row["costs"]) == outcome_yen(book_price(book.name, 0, AIZU))
        assert re.findall(r"\d+", row["at other times"]) == [
            str(number) for number in (book.surcharge_yen, book.surcharge_per_yen) if number
        ]


INFANT = RiderClass.INFANT


def test_infants_pay_what_the_page_prints() -> None:
    parties = {
        "1 adult, 2 infants": Party(companions=(INFANT, INFANT)),
        "1 child, 2 infants": Party(RiderClass.CHILD, (INFANT, INFANT)),
        "1 adult, 3 infants": Party(companions=(INFANT, INFANT, INFANT)),
        "2 infants": Party(INFANT, (INFANT,)),
    }
    fares = {"adult": 230, "child": 120}
    printed = {row["riders"]: row["pay"] for row in rows(PAGE, "riders")}
    assert list(printed) == list(parties)
    for riders, party in parties.items():
        pay = sum(int(count) * fares[who] for count, who in re.findall(r"(\d) (adult|child) fare", printed[riders]))
        taken = ride(AIZU_LINE, "若松駅前", "西若松駅東口")
        assert settled(taken, card(5_000, scheme="aizu-noruca"), party).due_yen == pay, riders


def test_three_rides_past_a_pass_cost_what_the_page_prints() -> None:
    printed = [row for row in rows(PAGE, "pass") if "LOCOCA takes" in row]
    assert len(printed) == 3
    for row in printed:
        first, last = row["pass"].split(" – ")
        bought = held(section(first, last))
        start, end = row["ride"].split(" → ")
        table = HAKUHO_LINE if start == "磐城棚倉" else HAKUHO_BACK
        assert settled(ride(table, start, end), card(5_000, bought)).due_yen == yen(row["LOCOCA takes"])


def test_money_back_is_what_the_page_prints() -> None:
    commuter = held(section("若松駅前", "西若松駅東口", 230), first_day=date(2026, 4, 1), last_day=date(2026, 6, 30))
    back = (
        refund_card(card(1_430), date(2026, 4, 10), LOCOCA),
        refund_card(card(150), date(2026, 4, 10), LOCOCA),
        refund_pass(card(0, commuter, scheme="aizu-noruca"), 27_530, date(2026, 4, 10), AIZU),
        refund_book("ordinary-100", ((100, 3),), 0, AIZU),
    )
    assert [yen(row["yen back"]) for row in rows(PAGE, "what is returned")] == [outcome_yen(one) for one in back]


# -- a rule that lies between the rooms


def test_gen_13_igp_15_a_closed_ride_is_kept_and_an_open_one_is_not() -> None:
    here = service()
    boarded = judge_boarding(Account("lococa", 2_000), here, here.began_s)
    assert isinstance(boarded, Board) and not hasattr(boarded, "history")
    alighted = judge_alighting(boarded.after, here._replace(stop_index=4), here.began_s + 600)
    assert isinstance(alighted, Alight)
    row = decode_history(encode_history(alighted.history(8, 0)))
    assert row == HistoryRow(8, DAY, here.trip_number, 0, 4, 500, 0, 0, 1_500)
    settled_slot = slot_of(alighted.settlement.after, 8, 0)
    assert (last_uses((row,), slot_of(boarded.after, 7, 0)), last_uses((row,), settled_slot)) == ((), (row,))


# -- how to write an operator file: every setting


def test_every_setting_is_documented_once_and_nothing_else_is() -> None:
    assert [unquoted(row["key"]) for row in KEYS] == list(SETTINGS)


@pytest.mark.parametrize("row", KEYS, ids=lambda row: row["key"])
def test_a_setting_cites_its_rule_and_says_what_it_does(row: dict[str, str]) -> None:
    assert row["rule"] == SETTINGS[unquoted(row["key"])].rule
    assert row["what it does"]


PROBES: tuple[Any, ...] = (None, [], [None], [None, None], [[None, None]], [[1, None]], [["x", 1, 2]])


def limits(setting: Setting) -> set[str]:
    """What a value must be, in the program's own words: what it says when it is given nothing that could be right."""
    said = set()
    for probe in PROBES:
        try:
            setting.read(probe)
        except ValueError as wrong:
            said.add(str(wrong))
    return said


KINDS = ("text", "true or false", "date like", "day of every year", "number of a rule", "time of day like")
OPEN = re.compile(r'"(not configured|none)"')
BETWEEN = re.compile(r"\d+ to \d+")


def words_of(limit: str) -> set[str]:
    """The words and numbers in what the program says of a value, all of which the page must have."""
    one_of = re.search(r"must be one of ([^;]+)", limit)
    words = one_of[1].split(", ") if one_of else [kind for kind in KINDS if kind in limit]
    return {*words, *BETWEEN.findall(limit), *OPEN.findall(limit)}


LISTED_BELOW = {
    "#other-cards": frozenset(OTHER_CARDS),
    "#papers": frozenset(PAPERS),
    "#handbooks": frozenset(HANDBOOKS),
}
"""Closed words that a row links to instead of naming them."""


@pytest.mark.parametrize("row", KEYS, ids=lambda row: row["key"])
def test_a_setting_may_hold_what_the_page_says(row: dict[str, str]) -> None:
    wanted = {word for limit in limits(SETTINGS[unquoted(row["key"])]) for word in words_of(limit)}
    assert wanted
    for anchor, closed in LISTED_BELOW.items():
        wanted = {anchor, *wanted - closed} if closed <= wanted else wanted
    cell = row["what it may hold"].replace(",", "")
    cell = re.sub(r"\b(text|date|day)s\b", r"\1", cell)
    assert {word for word in wanted if word not in cell} == set()
    assert set(BETWEEN.findall(cell)) <= wanted
    # A word of a closed list is quoted, as are the names of arrays that hold names.
    assert {word for word in re.findall(r"`([\w-]+)`", cell) if word != "ordinary"} <= wanted


@pytest.mark.parametrize("row", KEYS, ids=lambda row: row["key"])
def test_a_setting_may_be_left_open_where_the_page_says_so(row: dict[str, str]) -> None:
    setting = SETTINGS[unquoted(row["key"])]
    for word in ("not configured", "none"):
        assert read_or_none(setting, word) == (word in OPEN.findall(row["what it may hold"])), word


def read_or_none(setting: Setting, word: str) -> bool:
    """Whether a setting takes a word for "there is no value"."""
    try:
        return setting.read(word) is None
    except ValueError:
        return False


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("### Excess", tuple(EXCESS)),
        ("### Refunds", tuple(CARD_REFUNDS)),
        ("### Last days of cards", tuple(EXPIRY)),
        ("### Handbooks", HANDBOOKS),
        ("### Papers", PAPERS),
        ("### Other cards", OTHER_CARDS),
    ],
)
def test_the_closed_words_are_all_there_and_no_others(heading: str, words: tuple[str, ...]) -> None:
    listed = [unquoted(row["word"]) for row in rows(part_of(HOW_TO, heading), "word")]
    assert sorted(listed) == sorted(words)


@pytest.mark.parametrize(
    ("heading", "key", "value"),
    [
        ("### Prices", "products.price", {"by": "fare"}),
        ("### Prices", "products.price", {"by": "period"}),
        ("### Terms", "products.term", {}),
    ],
)
def test_the_parts_of_an_inline_table_are_all_there(heading: str, key: str, value: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="must be a table with ") as told:
        SETTINGS[key].read(value)
    parts = re.findall(r"with (.+), and nothing else", str(told.value))[0].split(", ")
    listed = [unquoted(row["part"]) for row in rows(part_of(HOW_TO, heading), "part")]
    at = listed.index(parts[-1]) - len(parts) + 1
    assert listed[at : at + len(parts)] == parts


# -- the tutorial

(EXAMPLE,) = re.findall(r"```toml\n(.+?)```", HOW_TO, re.DOTALL)
NAME = "sakura/2026-04-01.toml"


def test_the_example_is_a_whole_operator_file() -> None:
    rulebook = parse(EXAMPLE, NAME, frozenset())
    assert f"{rulebook.scheme}/{rulebook.effective}.toml" == NAME
    cited = [line for line in EXAMPLE.splitlines() if "=" in line.partition("#")[0] and not numbers(line)]
    # The one value too long for its comment has it on the line before.
    assert len(cited) == 1 and cited[0].startswith("price = ")


def test_the_examples_figures_are_those_that_the_page_tells() -> None:
    rulebook = parse(EXAMPLE, NAME, frozenset())
    three_months = Purchase("commuter", date(2026, 4, 1), 3, fare_yen=210)
    assert f"answers {outcome_yen(price(three_months, rulebook)):,} yen" in HOW_TO
    member = card(5_000, held(section("実業高校前", "南湖公園"), first_day=date(2026, 5, 1)), scheme="sakura")
    saturday = ride(HAKUHO_LINE, "磐城棚倉", "新白河", day=date(2026, 5, 9))
    due_yen = settled(saturday, member, Party(family=(RiderClass.CHILD,)), rulebook).due_yen
    assert f"answers {due_yen} yen" in HOW_TO


def test_a_mistake_is_told_as_the_page_prints_it() -> None:
    (printed,) = re.findall(r"```text\n(.+?)```", part_of(HOW_TO, "## In six steps"), re.DOTALL)
    wrong = EXAMPLE
    for right, mistake in (('"cheaper"', '"cheapest"'), ("guard_s", "gaurd_s"), ("19_001", "30_000")):
        assert wrong.count(right) == 1
        wrong = wrong.replace(right, mistake)
    with pytest.raises(RulebookError) as told:
        parse(wrong, NAME, frozenset())
    assert f"{told.value}\n" == printed


def test_the_tutorials_commands_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (block,) = re.findall(r"```sh\n(.+?)```", HOW_TO, re.DOTALL)
    commands = [line.removeprefix("$farebox ") for line in block.replace("\\\n", " ").splitlines()]
    assert len(commands) == 3
    (tmp_path / "my-operators" / "sakura").mkdir(parents=True)
    (tmp_path / "my-operators" / NAME).write_text(EXAMPLE, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    for command in commands:
        ran = run(capsys, monkeypatch, *shlex.split(command))
        assert (ran.code, ran.err) == (Exit.OK, ""), command


# -- the checks themselves


def test_a_missing_row_would_be_seen() -> None:
    drifted = PAGE.replace("| `short` |", "| `shorts` |")
    assert [row["code"] for row in rows(drifted, "code")] != [row["code"] for row in CODES]
    without = "\n".join(line for line in PAGE.splitlines() if not line.startswith("| AZF-31 |"))
    assert set(read_page(PAGE).status) - set(read_page(without).status) == {"AZF-31"}
    assert [row["key"] for row in rows(HOW_TO.replace("| `taps.guard_s` |", "| taps |"), "key")] != [
        row["key"] for row in KEYS
    ]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("taps.guard_s", {"0 to 600"}),
        ("taps.open_ride", {"clear", "refuse"}),
        ("points.earned_percent", {"1 to 100", "none"}),
        ("riders.attendants_half", {"intellectual", "mental", "not configured", "physical-1", "physical-child"}),
        ("coupons.hours", {"none", "time of day like"}),
        ("coupons.tickets", {"0 to 1000", "1 to 1000000"}),
    ],
)
def test_the_program_says_what_a_value_may_hold(key: str, words: set[str]) -> None:
    assert {word for limit in limits(SETTINGS[key]) for word in words_of(limit)} == words
