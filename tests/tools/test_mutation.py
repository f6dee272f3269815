"""The proof that tests can fail, itself put to the proof: what it tells of mutants and of changed values."""

import json
import tomllib
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tariff.operator_file import RulebookError, parse
from tests.tariff.examples import operator_file
from tools.mutation import __main__ as mutation
from tools.mutation import values
from tools.mutation.__main__ import Outcome, Survivor
from tools.mutation.changes import Change, changes, cited, lawless, written
from tools.mutation.mutants import (
    ROOT,
    Diff,
    Mutant,
    MutationFault,
    Suite,
    Workshop,
    diff_of,
    mutants_of,
    sampled,
    suites,
)
from tools.mutation.reasons import PAGE, accepted, stale
from tools.mutation.values import READING, Verdict, asked_of, citing, judged, operator_files

KILLED = Mutant("tariff.money.x_half_up__mutmut_1", "killed")
ENDLESS = Mutant("tariff.money.x_half_up__mutmut_2", "timeout")
ALIVE = Mutant("tariff.due.x__stops__mutmut_3", "survived")
UNTRIED = Mutant("tariff.due.x__stops__mutmut_4", "no tests")
DIFF = Diff("tariff.due._stops", "a", "b")


# -- mutants


def test_every_module_of_the_tariff_is_in_one_suite() -> None:
    modules = sorted(module for suite in suites() for module in suite.modules)
    files = (path.relative_to(ROOT / "tariff") for path in (ROOT / "tariff").rglob("*.py"))
    assert modules == sorted({path.parts[0].removesuffix(".py") for path in files} - {"__init__"})
    assert "operator_file" in modules
    assert all(suite.small in suite.modules for suite in suites())


def test_a_killed_mutant_is_noticed_and_one_that_never_ends_too() -> None:
    assert [mutant.noticed for mutant in (KILLED, ENDLESS, ALIVE, UNTRIED)] == [True, True, False, False]
    assert [mutant.module for mutant in (KILLED, ALIVE)] == ["money", "due"]


def test_what_mutmut_prints() -> None:
    printed = (
        "    tariff.money.x_half_up__mutmut_1: killed\n    tariff.due.x__stops__mutmut_4: no tests\nother words: 3\n"
    )
    assert mutants_of(printed) == [KILLED, UNTRIED]


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("tariff.settle.x_settle__mutmut_4", "tariff.settle.settle"),
        ("tariff.due.x__stops__mutmut_3", "tariff.due._stops"),
        ("tariff.fares.xǁFareTableǁfare_yen__mutmut_12", "tariff.fares.FareTable.fare_yen"),
    ],
)
def test_where_a_mutant_is_and_what_it_changes(name: str, where: str) -> None:
    shown = (
        "# it: survived\n--- a.py\n+++ a.py\n@@ -1,3 +1,2 @@\n def f():\n"
        "-    x = (1,\n-         2)\n+    x = None\n     y"
    )
    assert diff_of(name, shown) == Diff(where, "x = (1, 2)", "x = None")


def test_a_sample_is_the_same_for_the_same_seed() -> None:
    names = [f"m{number}" for number in range(100)]
    assert sampled(names, 10, 1) == sampled(reversed(names), 10, 1) == sorted(set(sampled(names, 10, 1)))
    assert len(sampled(names, 10, 1)) == 10 and sampled(names, 10, 1) != sampled(names, 10, 2)
    assert sampled(names, 1_000, 1) == sorted(names)


def test_mutmut_finds_a_mutant_killed_in_a_copy(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, Suite("money", ("money",), ("tests/tariff/test_fares.py",)), jobs=1)
    names = workshop.names(["money"])
    assert len(names) > 10 and all(name.startswith("tariff.money.x_") for name in names)
    killed, other = workshop.tried(names[:2])
    assert (killed.status, other.status) == ("killed", "killed")
    assert workshop.diff(killed).where.startswith("tariff.money.")
    with pytest.raises(MutationFault, match=r"^mutmut show failed:\n"):
        workshop.diff(killed._replace(name="tariff.money.x_none__mutmut_1"))


# -- reasons


def test_every_line_of_the_page_is_a_mutant_with_a_reason() -> None:
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("- `tariff.")]
    reasons = accepted()
    assert len(lines) == len(reasons) > 5
    sources = {path: " ".join(path.read_text("utf-8").split()) for path in (ROOT / "tariff").rglob("*.py")}
    for diff, reason in reasons.items():
        assert any(
            diff.was in source and diff.where.startswith(".".join(path.relative_to(ROOT).with_suffix("").parts))
            for path, source in sources.items()
        ), diff
        assert len(reason) > 20 and diff.was != diff.now


def test_reasons_are_read_off_a_page(tmp_path: Path) -> None:
    page = tmp_path / "mutation.md"
    page.write_text(
        "# Why\n\n- `tariff.due._stops`: `a` → `b`\n  Because\n  it is so.\n- `tariff.due.x`: `c` → ``\n  Yes.\n"
    )
    assert accepted(page) == {DIFF: "Because it is so.", Diff("tariff.due.x", "c", ""): "Yes."}


def test_a_reason_is_stale_where_its_module_was_tried_whole_and_nothing_survived() -> None:
    assert stale([DIFF], [], ["due"]) == [DIFF]
    assert stale([DIFF], [DIFF], ["due"]) == []
    assert stale([DIFF], [], ["settle"]) == []


# -- the verdict on the code


def outcome(
    *mutants: Mutant, survivors: Sequence[Survivor] = (), unneeded: Sequence[Diff] = (), whole: bool = True
) -> Outcome:
    return Outcome(mutants, tuple(survivors), tuple(unneeded), whole)


EXPLAINED, UNEXPLAINED = Survivor(ALIVE, DIFF, "It is so."), Survivor(ALIVE, DIFF, None)


@pytest.mark.parametrize(
    ("found", "held"),
    [
        (outcome(*[KILLED] * 9, ALIVE, survivors=[EXPLAINED]), True),
        (outcome(*[KILLED] * 8, ALIVE, ALIVE, survivors=[EXPLAINED, EXPLAINED]), False),
        (outcome(*[KILLED] * 9, ALIVE, survivors=[UNEXPLAINED]), False),
        (outcome(KILLED, unneeded=[DIFF]), False),
        (outcome(KILLED, ENDLESS), True),
        (outcome(*[KILLED] * 9, ALIVE, survivors=[UNEXPLAINED], whole=False), True),
        (outcome(*[KILLED] * 8, ALIVE, ALIVE, survivors=[UNEXPLAINED] * 2, whole=False), False),
    ],
    ids=["ninety per cent", "eighty", "no reason", "a stale reason", "all", "a sample", "eighty of a sample"],
)
def test_what_is_wanted_of_the_code(found: Outcome, held: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutation, "_tried", lambda *_: found)
    ran = CliRunner().invoke(mutation.main, ["--only", "due"])
    assert ran.exit_code == (0 if held else 1)
    told = json.loads(CliRunner().invoke(mutation.main, ["--json"]).stdout)
    assert set(told) == {"percent", "held", "modules", "survivors", "stale_reasons"}
    assert told["held"] is held and len(told["survivors"]) == len(found.survivors)


def test_the_table_tells_each_module_and_each_survivor(monkeypatch: pytest.MonkeyPatch) -> None:
    found = outcome(KILLED, ENDLESS, ALIVE, survivors=[UNEXPLAINED], unneeded=[Diff("tariff.due.x", "c", "d")])
    monkeypatch.setattr(mutation, "_tried", lambda *_: found)
    assert CliRunner().invoke(mutation.main).stdout.splitlines() == [
        "module           mutants  killed timeout survived",
        "due                    1       0       0        1",
        "money                  2       1       1        0",
        "all                    3       1       1        1",
        "66.67 % noticed; 90 % are wanted",
        "- survived `tariff.due._stops`: `a` → `b`",
        "  NO REASON in docs/mutation.md",
        "- needed no more: `tariff.due.x`: `c` → `d`",
    ]


def test_an_unknown_module_is_a_usage_error() -> None:
    ran = CliRunner().invoke(mutation.main, ["--only", "dew"])
    assert ran.exit_code == 2 and "no module dew; there are acceptance, account," in ran.stderr


# -- changed values


def test_rules_are_cited_beside_a_value_in_it_or_right_above() -> None:
    text = (
        'scheme = "x"  # GEN-21\n\n# AZF-31: so it is\nprice = 1  # [D] AZF-40\n[cards]\n'
        'taken = [  # LOC-6\n  "a",  # IGP-2\n]\n# NOR-3\n\n[[purses]]\nrule = "NOR-10"\n[[purses]]\nrule = "NOR-11"\n'
    )
    assert cited(text) == {
        ("scheme", 0): (1, frozenset({"GEN-21"})),
        ("price", 0): (4, frozenset({"AZF-31", "AZF-40"})),
        ("cards.taken", 0): (6, frozenset({"LOC-6", "IGP-2"})),
        ("purses.rule", 0): (12, frozenset({"NOR-10"})),
        ("purses.rule", 1): (14, frozenset({"NOR-11"})),
    }


def test_each_value_is_given_another_that_its_key_may_hold() -> None:
    found = changes({"toy.toml": operator_file(), **operator_files(ROOT)}, ["toy.toml"])
    by_key = {(change.key, change.was): change.now for change in found}
    assert by_key["taps.guard_s", "10"] == "11"
    assert by_key["taps.open_ride", '"clear"'] == '"refuse"'
    assert by_key["auto_charge.offered", "true"] == "false"
    assert by_key["effective", "2026-04-01"] == "2026-04-02"
    assert by_key["flat_fares.departs_from", "10:00:00"] == "10:00:01"
    assert by_key["cards.accepted_schemes", '"pasmo"'] == "left out"
    assert by_key["products.areas", "[]"] == '["エリア23"]'
    assert by_key["products.price", "95"] == "96"
    assert by_key["products.term", '"none"'].startswith("{ first = ")
    with lawless():
        assert all(parse(change.text, "changed", frozenset()) for change in found)
    assert len({change.text for change in found}) > len(found) - 20


def test_a_changed_file_differs_in_nothing_else() -> None:
    text = operator_file()
    found = changes({"toy.toml": text, **operator_files(ROOT)}, ["toy.toml"])
    changed = next(change for change in found if change.key == "taps.guard_s")
    before, after = tomllib.loads(text), tomllib.loads(changed.text)
    assert after["taps"].pop("guard_s") == 11 and before["taps"].pop("guard_s") == 10
    assert after == before


def test_values_need_not_fit_each_other_meanwhile_only() -> None:
    unfit = operator_file(points__earned_percent='"none"')
    with lawless():
        assert parse(unfit, "toy.toml", frozenset())
    with pytest.raises(RulebookError):
        parse(unfit, "toy.toml", frozenset())


@pytest.mark.parametrize(
    "value", [1, True, 'say "\\" so', [1, "a"], [], date(2026, 5, 1), {"by": "fare", "yen": [[1, 6_500]]}]
)
def test_values_are_written_as_toml(value: object) -> None:
    assert tomllib.loads(f"it = {written(value)}") == {"it": value}


# -- who notices


def test_a_test_cites_rules_by_its_name() -> None:
    texts = {"a.py": "def test_azf_31_gen_1_half():\n    pass\ndef test_other():\ndef helper_loc_1_x():\n"}
    assert citing(texts) == {
        "AZF-31": {"a.py": ["a.py::test_azf_31_gen_1_half"]},
        "GEN-1": {"a.py": ["a.py::test_azf_31_gen_1_half"]},
    }


def change(*rules: str, now: str = '"refuse"') -> Change:
    source, text = next((path, text) for path, text in operator_files(ROOT).items() if "/lococa/" in path)
    return Change(source, 34, "taps.open_ride", frozenset(rules), '"clear"', now, text.replace('"clear"', now))


def test_the_golden_reading_is_asked_first() -> None:
    known = {
        "GEN-8": {"a.py": ["a.py::t1"], READING: ["r::t"]},
        "GEN-9": {"a.py": ["a.py::t1", "a.py::t2"]},
        "GEN-1": {"b.py": ["t"]},
    }
    assert asked_of(change("GEN-8", "GEN-9"), known) == [["r::t"], ["a.py::t1", "a.py::t2"]]
    assert asked_of(change("LOC-1"), known) == []


def test_a_changed_value_is_noticed_by_a_test_that_cites_it_and_by_no_other() -> None:
    noticing, blind = (
        f"{READING}::test_gen_8_an_open_ride_is_cleared",
        f"{READING}::test_gen_9_the_guard_time_is_ten_seconds",
    )
    known = {"GEN-8": {READING: [noticing]}, "GEN-9": {READING: [blind]}}
    asked = [change("GEN-8"), change("GEN-9"), change("LOC-1"), change("GEN-9", now='"nonsense"')]
    # The last file can't even be read.
    assert [verdict.noticed for verdict in judged(asked, known)] == [READING, None, None, READING]


def test_a_test_that_fails_with_nothing_changed_is_told_first() -> None:
    with pytest.raises(click.ClickException, match="with nothing changed a test fails"):
        list(judged([], {"GEN-8": {READING: [f"{READING}::test_that_is_none"]}}))


def test_values_that_nobody_notices_are_told_by_line_and_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    verdicts = [Verdict(change("GEN-8"), None), Verdict(change("GEN-8"), READING)]
    monkeypatch.setattr(values, "changes", lambda *_: [change("GEN-8")])
    monkeypatch.setattr(values, "judged", lambda *_: verdicts)
    ran = CliRunner().invoke(values.main, ["--only", "lococa", "--sample", "1"])
    assert ran.exit_code == 1
    assert ran.stdout.splitlines() == [
        'tariff/operators/lococa/2016-01-01.toml:34: taps.open_ride (GEN-8): "clear" -> "refuse": '
        "no test that cites it notices",
        "2 values changed, 1 noticed",
    ]
    told = json.loads(CliRunner().invoke(values.main, ["--json"]).stdout)
    assert (told["values"], told["noticed_in"], len(told["unnoticed"])) == (2, {READING: 1}, 1)
    verdicts.pop(0)
    assert CliRunner().invoke(values.main).exit_code == 0


@pytest.mark.parametrize(
    ("unnoticed", "of", "whole", "holds"),
    [(0, 30, True, True), (1, 30, True, False), (1, 30, False, True), (3, 30, False, True), (4, 30, False, False)],
)
def test_of_a_sample_of_values_the_share_is_judged(unnoticed: int, of: int, whole: bool, holds: bool) -> None:
    verdicts = [Verdict(change("GEN-8"), READING if at >= unnoticed else None) for at in range(of)]
    assert values.held(verdicts, whole) is holds


def test_an_unknown_operator_is_a_usage_error() -> None:
    ran = CliRunner().invoke(values.main, ["--only", "nobody"])
    assert ran.exit_code == 2 and "no operator nobody" in ran.stderr
