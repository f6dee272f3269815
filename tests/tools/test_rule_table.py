"""The table of rules: what it finds, and that every kind of gap is one."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tools import rule_table
from tools.exits import Exit
from tools.rule_table import (
    Evidence,
    NamedTest,
    Site,
    Status,
    Value,
    gaps,
    in_order,
    numbers,
    numbers_in_name,
    read_page,
    rows,
    trace,
)

PAGE = """# Rulebook

| rule | what it says | where | tried in |
|---|---|---|---|
| GEN-1 | Whole yen. | `tariff/money.py` | `tests/test_money.py` |
| AZF-31 | A price. *Partly:* no counter. | `tariff/money.py` | `tests/test_money.py` |

More, in a table of its own:

| rule | what it says | where | tried in |
|---|---|---|---|
| AZF-33 | Days. | `tariff/operators/toy/2026-04-01.toml` | `tests/test_money.py` |

| rule of one operator | what it says | by |
|---|---|---|
| IGP-14 | Whole yen too. | GEN-1 |

| rule to come | what it says |
|---|---|
| CTR-1 | A counter. |
"""
CODE = '''"""Money (GEN-1)."""

RULE = "GEN-1"  # AZF-31
'''
FILE = """# Toy Bus. Rule numbers are those of the rulebook (GEN-17).

scheme = "toy"  # GEN-1

[[products]]
# AZF-31: 1か月
price = "not # configured"
rule = "AZF-31"                     # what a sale cites
sold_days_before = 7                # AZF-33: 7日前
"""
TESTS = '''
def test_gen_1_azf_31_a_price_is_whole() -> None:
    """CTR-1 is no name."""

class TestDays:
    def test_azf_33_seven_days(self) -> None: ...

def test_something_else_gen_1() -> None: ...

def helper_azf_33_is_no_test() -> None: ...
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project without gaps."""
    for name, text in {
        "docs/rulebook.md": PAGE,
        "tariff/money.py": CODE,
        "tariff/operators/toy/2026-04-01.toml": FILE,
        "tests/test_money.py": TESTS,
        "README.md": "It keeps AZF-33.",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def gaps_of(project: Path) -> tuple[str, ...]:
    return gaps(trace(project), read_page((project / "docs" / "rulebook.md").read_text("utf-8")))


def edit(project: Path, name: str, old: str, new: str) -> None:
    path = project / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


# -- what it finds


def test_everything_that_stands_behind_a_rule_is_found(project: Path) -> None:
    file = "tariff/operators/toy/2026-04-01.toml"
    found = {one.rule: one for one in trace(project)}
    assert list(found) == ["GEN-1", "IGP-14", "AZF-31", "AZF-33", "CTR-1"]
    assert found["GEN-1"] == Evidence(
        "GEN-1",
        Status.HELD,
        (),
        (Site("tariff/money.py", (1, 3)),),
        (Value(file, 3, "scheme", '"toy"'),),
        (
            NamedTest("tests/test_money.py", "test_gen_1_azf_31_a_price_is_whole"),
            NamedTest("tests/test_money.py", "test_something_else_gen_1"),
        ),
    )
    assert found["AZF-31"] == Evidence(
        "AZF-31",
        Status.PARTLY,
        (),
        (Site("tariff/money.py", (3,)),),
        (Value(file, 7, "products.price", '"not # configured"'), Value(file, 8, "products.rule", '"AZF-31"')),
        (NamedTest("tests/test_money.py", "test_gen_1_azf_31_a_price_is_whole"),),
    )
    assert found["AZF-33"].values == (Value(file, 9, "products.sold_days_before", "7"),)
    assert found["AZF-33"].tests == (NamedTest("tests/test_money.py", "test_azf_33_seven_days"),)
    assert found["IGP-14"] == Evidence("IGP-14", Status.BY_ANOTHER, ("GEN-1",), (), (), ())
    assert found["CTR-1"] == Evidence("CTR-1", Status.TO_COME, (), (), (), ())


def test_a_range_cites_the_rules_that_there_are() -> None:
    assert numbers("IGP-10 to IGP-25, LOC-1") == {"IGP-10", "IGP-25", "LOC-1"}
    assert numbers("IGP-10 to IGP-25", {"IGP-12", "LOC-12", "IGP-26"}) == {"IGP-10", "IGP-12", "IGP-25"}
    assert numbers("ISO-8601, GEN-0, XGEN-1, faults 16") == set()


def test_a_tests_name_carries_rules_between_underscores() -> None:
    assert numbers_in_name("test_azf_30_to_azf_54_the_passes") == {"AZF-30", "AZF-54"}
    assert numbers_in_name("test_the_last_is_gen_16") == {"GEN-16"}
    assert numbers_in_name("test_tenor_3_gen_1x_faults_16_pass_through") == set()


def test_rules_are_ordered_as_on_the_page() -> None:
    assert in_order({"AZF-2", "GEN-10", "AZF-11", "GEN-9", "CTR-1", "PASS-1"}) == [
        *("GEN-9", "GEN-10", "PASS-1", "AZF-2", "AZF-11", "CTR-1")
    ]


def test_tables_of_one_head_are_read_as_one() -> None:
    assert [row["rule"] for row in rows(PAGE, "rule")] == ["GEN-1", "AZF-31", "AZF-33"]
    assert rows(PAGE, "rule to come") == [{"rule to come": "CTR-1", "what it says": "A counter."}]


# -- gaps


def test_a_project_without_gaps_has_none(project: Path) -> None:
    assert gaps_of(project) == ()


@pytest.mark.parametrize(
    ("name", "old", "new", "gap"),
    [
        pytest.param(
            *("tests/test_money.py", "azf_33", "azf"), "AZF-33: held, but no test has it in its name", id="no test"
        ),
        pytest.param(
            *("tariff/operators/toy/2026-04-01.toml", "AZF-33", "days"),
            "AZF-33: held, but no code and no operator file's value cites it",
            id="no code and no value",
        ),
        pytest.param(
            *("tariff/money.py", "Money", "Money (GEN-99)"),
            "GEN-99: cited, but docs/rulebook.md doesn't know it: tariff/money.py:1",
            id="unknown in code",
        ),
        pytest.param(
            *("tariff/operators/toy/2026-04-01.toml", "7日前", "7日前, NOR-1"),
            "NOR-1: cited, but docs/rulebook.md doesn't know it: tariff/operators/toy/2026-04-01.toml:9",
            id="unknown in a value",
        ),
        pytest.param(
            *("tests/test_money.py", "seven_days", "seven_days_prt_5"),
            "PRT-5: cited, but docs/rulebook.md doesn't know it: tests/test_money.py::test_azf_33_seven_days_prt_5",
            id="unknown in a test's name",
        ),
        pytest.param(
            *("README.md", "AZF-33", "AZF-34"),
            "AZF-34: cited, but docs/rulebook.md doesn't know it: in a document",
            id="unknown in a document",
        ),
        pytest.param(
            *("docs/rulebook.md", "| CTR-1 |", "| AZF-33 |"),
            "AZF-33: listed twice on docs/rulebook.md",
            id="listed twice",
        ),
        pytest.param(
            *("docs/rulebook.md", "too. | GEN-1", "too. | CTR-1"),
            "IGP-14: fulfilled by CTR-1, which is not held",
            id="by a rule to come",
        ),
        pytest.param(
            *("docs/rulebook.md", "too. | GEN-1", "too. | law"),
            "IGP-14: fulfilled by another rule, but docs/rulebook.md doesn't say by which",
            id="by none",
        ),
    ],
)
def test_a_planted_gap_is_found(project: Path, name: str, old: str, new: str, gap: str) -> None:
    edit(project, name, old, new)
    assert gaps_of(project) == (gap,)


def test_code_without_a_value_is_enough_and_a_value_without_code(project: Path) -> None:
    edit(project, "tariff/operators/toy/2026-04-01.toml", "  # GEN-1", "")
    assert gaps_of(project) == ()


def test_a_range_of_rules_cites_what_lies_in_it(project: Path) -> None:
    edit(project, "docs/rulebook.md", "| CTR-1 |", "| AZF-34 |")
    edit(project, "tariff/operators/toy/2026-04-01.toml", "AZF-33", "days")
    edit(project, "tariff/money.py", "AZF-31", "AZF-31 to AZF-34")
    assert gaps_of(project) == ()


def test_a_rule_to_come_needs_nothing_and_may_be_cited(project: Path) -> None:
    edit(project, "tariff/money.py", "Money", "Money (CTR-1)")
    assert gaps_of(project) == ()


def test_the_tool_is_no_evidence_of_its_own_examples(project: Path) -> None:
    (project / "tools").mkdir()
    (project / "tools" / "rule_table.py").write_text("# GEN-99\n", "utf-8")
    assert gaps_of(project) == ()


# -- the command


def test_the_table_has_a_block_a_rule_and_a_summary(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_table, "ROOT", project)
    ran = CliRunner().invoke(rule_table.main)
    assert (ran.exit_code, ran.stderr) == (Exit.OK, "")
    assert ran.stdout.splitlines()[:6] == [
        "GEN-1  held: 2 lines of code, 1 value, 2 tests",
        "    code   tariff/money.py:1,3",
        '    value  tariff/operators/toy/2026-04-01.toml:3  scheme = "toy"',
        "    test   tests/test_money.py::test_gen_1_azf_31_a_price_is_whole",
        "    test   tests/test_money.py::test_something_else_gen_1",
        "IGP-14  by another (GEN-1): 0 lines of code, 0 values, 0 tests",
    ]
    assert ran.stdout.splitlines()[-1] == "5 rules: 2 held, 1 partly, 1 by another, 1 to come; 0 gaps"


def test_a_gap_fails_and_is_told_on_standard_error(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_table, "ROOT", project)
    edit(project, "tests/test_money.py", "azf_33", "azf")
    ran = CliRunner().invoke(rule_table.main)
    assert ran.exit_code == Exit.CHECK_FAILED
    assert ran.stderr == "rules: AZF-33: held, but no test has it in its name\n"
    assert ran.stdout.endswith("; 1 gap\n")


def test_json_holds_the_same(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_table, "ROOT", project)
    edit(project, "tests/test_money.py", "azf_33", "azf")
    ran = CliRunner().invoke(rule_table.main, ["--json"])
    assert ran.exit_code == Exit.CHECK_FAILED
    told = json.loads(ran.stdout)
    assert told["gaps"] == ["AZF-33: held, but no test has it in its name"]
    assert [one["rule"] for one in told["rules"]] == ["GEN-1", "IGP-14", "AZF-31", "AZF-33", "CTR-1"]
    assert told["rules"][0] == {
        "rule": "GEN-1",
        "status": "held",
        "by": [],
        "code": [{"file": "tariff/money.py", "lines": [1, 3]}],
        "values": [{"file": "tariff/operators/toy/2026-04-01.toml", "line": 3, "key": "scheme", "value": '"toy"'}],
        "tests": [
            {"file": "tests/test_money.py", "name": "test_gen_1_azf_31_a_price_is_whole"},
            {"file": "tests/test_money.py", "name": "test_something_else_gen_1"},
        ],
    }
