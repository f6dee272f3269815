"""`farebox sim faults`, as it is called."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from farebox.journal.log import Journal
from sim.faults.drawing import RATES
from tests.farebox.whole.planted import PLANTED
from tools.cli import farebox
from tools.exits import CheckFailed
from tools.faults_command import faults

BUG = next(bug for check, _, _, bug in PLANTED if check == "told")


def called(*args: str) -> tuple[int, str, BaseException | None]:
    result = CliRunner().invoke(faults, [*args, "--lang", "en"])
    return result.exit_code, result.output, result.exception


def test_a_day_is_run_and_what_occurred_is_counted() -> None:
    code, said, _ = called("--seeds", "3")
    assert code == 0
    assert "1 day " in said and "taps/s" in said
    assert "every check held after every step" in said


def test_counts_are_there_for_machines() -> None:
    code, said, _ = called("--seeds", "3", "--rates", "withdraw=0.2", "--json")
    told = json.loads(said)
    assert code == 0
    assert (told["simulated"], told["seeds"], told["failures"]) == (True, 1, [])
    assert told["faults"]["1"] > 0


def test_what_fails_is_told_with_its_seed_and_its_few_steps_and_fails_again_from_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "found.json"
    monkeypatch.setattr(Journal, "intend", BUG)
    code, said, fault = called("--seeds", "6", "--rates", "power=0.02", "--save", str(path))
    assert isinstance(fault, CheckFailed) and code == 1
    assert "seed 6, step" in said and "farebox sim faults --seeds 6 --rates power=0.02" in said
    assert f"farebox sim faults --steps {path}" in said
    code, said, fault = called("--steps", str(path), "--json")
    assert isinstance(fault, CheckFailed)
    assert json.loads(said)["failures"][0]["seed"] is None
    monkeypatch.undo()
    assert called("--steps", str(path))[0] == 0


def test_rates_are_listed_and_read_from_a_file(tmp_path: Path) -> None:
    assert [line.split()[0] for line in called("--rates", "list")[1].splitlines()] == list(RATES)
    path = tmp_path / "rates.toml"
    path.write_text("".join(f"{name} = 0\n" for name in RATES))
    code, said, _ = called("--seeds", "3", "--rates", str(path), "--json")
    assert code == 0 and set(json.loads(said)["faults"]) <= {"13", "26"}


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("--seeds", "9..3"), "ends before it begins"),
        (("--seeds", "all"), "neither a seed like 7 nor seeds like 0..99"),
        (("--rates", "rain=0.1"), "no rate is called 'rain'"),
        (("--rates", "power=2"), "power: 2 is no rate from 0 to 1"),
        (("--rates", "power="), "power="),
        (("--date", "2031-01-01"), "no trips on 2031-01-01"),
    ],
)
def test_what_is_asked_wrongly_is_told(args: tuple[str, ...], told: str) -> None:
    code, said, _ = called(*args)
    assert code == 2 and told in said


def test_it_is_a_command_of_the_simulator() -> None:
    assert "faults" in CliRunner().invoke(farebox, ["sim", "--help"]).output
