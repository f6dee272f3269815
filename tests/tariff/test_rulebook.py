"""Operator files: read whole or refused whole, with every problem at once (no default, no unknown key)."""

from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from tariff.account import HolderKind
from tariff.fares import TariffFault
from tariff.rulebook import SETTINGS, Company, RulebookError, parse
from tests.tariff.examples import AIZU, LOCOCA, OPERATOR_SETTINGS, OPERATORS, operator_file

SHIPPED = Path(__file__).parents[2] / "tariff" / "operators"


def problems(text: str) -> tuple[str, ...]:
    """What is wrong with an operator file."""
    with pytest.raises(RulebookError) as told:
        parse(text, "toy.toml")
    assert str(told.value) == "\n".join(told.value.problems)
    return told.value.problems


# -- files that are right


def test_an_operator_file_becomes_a_value() -> None:
    text = operator_file()
    book = parse(text, "toy.toml")
    assert (book.scheme, book.name, book.effective) == ("lococa", "LOCOCA", date(2026, 4, 1))
    assert book.companies == (Company(0, "白河支店", ("JRバス関東",)),)
    assert (book.stored_fare_cap_yen, book.excess, book.open_ride, book.guard_s) == (20_000, "cheaper", "clear", 10)
    assert book.holder_only == {HolderKind.CHILD, HolderKind.DISABLED_ADULT, HolderKind.DISABLED_CHILD}
    assert (book.mixed_multiple_yen, book.auto_charge, book.auto_charge_on_zero_fare) == (10, True, True)
    assert book.digest == sha256(text.encode()).digest()


def test_every_change_of_the_text_changes_the_digest() -> None:
    text = operator_file()
    assert parse(text + "\n# a remark", "toy.toml").digest != parse(text, "toy.toml").digest


def test_the_source_is_for_errors_only() -> None:
    assert parse(operator_file(), "one.toml") == parse(operator_file(), "another.toml")


def test_the_shipped_operators() -> None:
    assert [(book.scheme, book.name) for book in OPERATORS.rulebooks] == [
        ("aizu-noruca", "AIZU NORUCA"),
        ("lococa", "LOCOCA"),
    ]
    assert all(book.stored_fare_cap_yen == 20_000 for book in OPERATORS.rulebooks)
    assert (LOCOCA.auto_charge, AIZU.auto_charge) == (False, True)
    assert (len(LOCOCA.companies), len(AIZU.companies)) == (2, 1)


def test_every_shipped_value_cites_its_rule() -> None:
    for path in SHIPPED.glob("*/*.toml"):
        text = path.read_text(encoding="utf-8")
        for key, setting in SETTINGS.items():
            table, _, name = key.rpartition(".")
            if table:
                (line,) = [line for line in text.splitlines() if line.startswith(f"{name} = ")]
                group = setting.rule.split("-")[0]
                assert f"# {group}" in line, f"{path.name}: {line}"


@pytest.mark.parametrize(
    ("agency", "number"),
    [
        ("ジェイアールバス関東 白河支店", 0),
        ("ジェイアールバス関東株式会社 白河支店", 0),
        ("JRバス関東 白河支店", 0),
        ("JRバス関東", None),
        ("ジェイアールバス関東 長野原支店", None),
        ("新常磐交通", 1),
        ("福島交通", None),
        ("株式会社新常磐交通", None),
        ("", None),
    ],
)
def test_loc_6_a_company_is_known_by_how_its_agency_name_begins(agency: str, number: int | None) -> None:
    company = LOCOCA.company_of(agency)
    assert (company.number if company else None) == number


# -- files that are wrong

WRONG_VALUES: dict[str, tuple[str, ...]] = {
    "scheme": ("7", '""', '["lococa"]', "2026-04-01"),
    "name": ("true", '""'),
    "effective": ('"2026-04-01"', "20260401", "2026-04-01T00:00:00", "2026-04-01T00:00:00Z", "12:00:00"),
    "companies": (
        "[]",
        '"JR"',
        '["JR"]',
        "[{}]",
        '[{ number = 0, name = "a" }]',
        '[{ number = 0, name = "a", agencies = ["b"], colour = "red" }]',
        '[{ number = 2, name = "a", agencies = ["b"] }]',
        '[{ number = -1, name = "a", agencies = ["b"] }]',
        '[{ number = 0.0, name = "a", agencies = ["b"] }]',
        '[{ number = false, name = "a", agencies = ["b"] }]',
        '[{ number = 0, name = "", agencies = ["b"] }]',
        '[{ number = 0, name = "a", agencies = [] }]',
        '[{ number = 0, name = "a", agencies = [""] }]',
        '[{ number = 0, name = "a", agencies = [7] }]',
        '[{ number = 0, name = "a", agencies = "b" }]',
        '[{ number = 0, name = "a", agencies = ["b"] }, { number = 0, name = "c", agencies = ["d"] }]',
    ),
    "stored_fare.cap_yen": ("0", "-1", "32_768", "20_000.0", '"20000"', "true", "[20_000]", "inf"),
    "passes.excess": ('"dearer"', '"Cheaper"', '""', "1", '["cheaper"]', "{ kind = 1 }"),
    "party.holder_only": (
        '["adults"]',
        '["child", "child"]',
        '"child"',
        "true",
        "[1]",
        '["CHILD"]',
        '[["child"]]',
        "[{}]",
    ),
    "taps.open_ride": ('"keep"', "true", '"CLEAR"'),
    "taps.guard_s": ("-1", "601", "10.0", '"10"', "false"),
    "shortage.mixed_multiple_yen": ("0", "-10", "1_001", "1.0", '"10"', "true"),
    "auto_charge.offered": ("1", '"true"', '"yes"', "[]"),
    "auto_charge.on_zero_fare": ("0", '"false"'),
}
RIGHT_EDGES: dict[str, tuple[str, ...]] = {
    "stored_fare.cap_yen": ("1", "32_767"),
    "passes.excess": ('"cheaper"', '"separate"'),
    "party.holder_only": ("[]", '["adult", "child", "disabled-adult", "disabled-child"]'),
    "taps.open_ride": ('"clear"', '"refuse"'),
    "taps.guard_s": ("0", "600"),
    "shortage.mixed_multiple_yen": ("1", "1_000"),
    "auto_charge.offered": ("true", "false"),
    "auto_charge.on_zero_fare": ("true", "false"),
}
EVERY_WRONG_VALUE = [(key, value) for key, values in WRONG_VALUES.items() for value in values]
EVERY_RIGHT_EDGE = [(key, value) for key, values in RIGHT_EDGES.items() for value in values]


def test_the_tables_here_name_every_setting() -> None:
    assert list(OPERATOR_SETTINGS) == list(SETTINGS) == list(WRONG_VALUES)


@pytest.mark.parametrize("key", SETTINGS)
def test_no_setting_has_a_default(key: str) -> None:
    assert problems(operator_file(without=key)) == (
        f"toy.toml: {key} ({SETTINGS[key].rule}): missing; there is no default",
    )


@pytest.mark.parametrize(("key", "value"), EVERY_WRONG_VALUE)
def test_a_wrong_value_is_refused_with_its_key_and_rule(key: str, value: str) -> None:
    (problem,) = problems(operator_file(**{key: value}))
    assert problem.startswith("toy.toml:")
    assert f": {key} ({SETTINGS[key].rule}): " in problem


@pytest.mark.parametrize(("key", "value"), EVERY_RIGHT_EDGE)
def test_a_value_at_the_edge_of_its_range_is_taken(key: str, value: str) -> None:
    assert parse(operator_file(**{key: value}), "toy.toml").scheme == "lococa"


@pytest.mark.parametrize(
    ("added", "key"),
    [
        ("colour = 1", "colour"),
        ("stored_fare.cap = 20_000", "stored_fare.cap"),
        ("[discounts]\nchild = 50", "discounts.child"),
        # A whole table of a setting's name, and a setting that has become a table.
        ("[scheme_]\nname = 'x'", "scheme_.name"),
        ("taps.guard = { s = 10 }", "taps.guard"),
        # Quoted, it is a key of its own and no setting of [taps].
        ('"taps.guard_s" = 99', '"taps.guard_s"'),
    ],
)
def test_an_unknown_key_is_refused(added: str, key: str) -> None:
    (problem,) = problems(operator_file() + f"\n{added}\n")
    assert problem.startswith("toy.toml:")
    assert problem.endswith(f": {key}: unknown key; remove it or correct its name")


def test_a_setting_that_is_no_table_is_unknown_and_its_keys_are_missing() -> None:
    text = operator_file(without="passes.excess") + "\npasses = 'cheaper'\n"
    assert problems(text) == (
        "toy.toml:12: passes: unknown key; remove it or correct its name",
        "toy.toml: passes.excess (PASS-5): missing; there is no default",
    )


@pytest.mark.parametrize(
    "text", ["scheme = ", "= 1", "a = 1\na = 2", "[taps]\n[taps]", "rules: cheaper", '{"scheme": "lococa"}', "a = 1e"]
)
def test_what_is_not_toml_is_one_problem(text: str) -> None:
    (problem,) = problems(text)
    assert problem.startswith("toy.toml: not TOML: ")


def test_a_file_nested_without_end_is_one_problem() -> None:
    (problem,) = problems("a = " + "[" * 20_000)
    assert "toy.toml: " in problem


def test_an_empty_file_misses_everything() -> None:
    assert len(problems("")) == len(SETTINGS)


MANY_FAULTS = """\
scheme = "lococa"
name = ""
effective = 2026-04-01
colour = "green"

[[companies]]
number = 3
name = "白河支店"
agencies = ["JRバス関東"]

[stored_fare]
cap_yen = 20_000.5

[passes]
excess = "dearest"
refund = true

[party]
holder_only = ["pets"]

[taps]
open_ride = "clear"
  "guard_s" = 9_999

[auto_charge]
offered = true
on_zero_fare = 1
"""


def test_every_problem_is_told_at_once_with_file_line_rule_and_remedy() -> None:
    assert problems(MANY_FAULTS) == (
        "toy.toml:4: colour: unknown key; remove it or correct its name",
        "toy.toml:16: passes.refund: unknown key; remove it or correct its name",
        "toy.toml:2: name (GEN-21): must be a text",
        "toy.toml:6: companies (LOC-6): must be a whole number from 0 to 1",
        "toy.toml:12: stored_fare.cap_yen (GEN-3): must be a whole number from 1 to 32767",
        "toy.toml:15: passes.excess (PASS-5): must be one of cheaper, separate",
        "toy.toml:19: party.holder_only (GEN-18): "
        "must be a list out of adult, child, disabled-adult, disabled-child, each once",
        "toy.toml:23: taps.guard_s (GEN-9): must be a whole number from 0 to 600",
        "toy.toml: shortage.mixed_multiple_yen (GEN-10): missing; there is no default",
        "toy.toml:27: auto_charge.on_zero_fare (AUT-5): must be true or false",
    )


def test_a_broken_operator_file_is_the_tariffs_fault() -> None:
    with pytest.raises(TariffFault):
        parse("", "toy.toml")
