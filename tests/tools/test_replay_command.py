"""`farebox sim replay` at scale, as people call it: stopped and gone on with, on several processes, on no cluster."""

import json
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

import pytest

from sim import cluster
from sim.vehicle_run import Ran, Task, World, run_vehicle
from tests.sim.runs import contents
from tests.tools.cli import Ran as Said
from tests.tools.cli import run
from tools.exits import Exit

Cli = Callable[..., Said]
REPLAY = ("sim", "replay", "--date", "2026-11-21", "--reader", "image", "--seed", "7", "--lang", "en")


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return lambda *args: run(capsys, monkeypatch, *REPLAY, *args)


def summary(said: Said) -> Mapping[str, object]:
    found: Mapping[str, object] = json.loads(said.out.splitlines()[-1])["summary"]
    return found


def test_a_replay_that_was_stopped_goes_on_with_the_same_words(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped_at_the_third(world: World, task: Task, *more: object) -> Ran:
        if task.vehicle_id == "V003":
            raise KeyboardInterrupt
        return run_vehicle(world, task, *more)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(import_module("tools.replay_command"), "run_vehicle", stopped_at_the_third)
        ran = cli("--quiet", "--out", tmp_path / "run")
        assert ran.code == Exit.INTERRUPTED and "run; the same call goes on with it" in ran.err
    assert sorted(path.name for path in (tmp_path / "run").glob("*.journal")) == ["V001.journal", "V002.journal"]
    again = cli("--quiet", "--out", tmp_path / "run")
    assert again.code == Exit.OK and "goes on where it was: 2 of " in again.err
    at_once = cli("--quiet", "--out", tmp_path / "at once")
    assert again.out.replace("run", "") == at_once.out.replace("at once", "")
    assert contents(tmp_path / "run") == contents(tmp_path / "at once")


def test_a_whole_run_is_told_again_without_being_run(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = cli("--json", "--out", tmp_path / "run")
    monkeypatch.setattr(import_module("tools.replay_command"), "run_vehicle", None)
    assert summary(cli("--json", "--out", tmp_path / "run")) == summary(first)


def test_several_processes_print_one_summary_and_it_is_that_of_one(cli: Cli, tmp_path: Path) -> None:
    alone = cli("--json", "--out", tmp_path / "alone")
    several = cli("--json", "--workers", 2, "--out", tmp_path / "several")
    assert len(alone.out.splitlines()) > 100 and len(several.out.splitlines()) == 1
    assert (several.code, several.err) == (Exit.OK, "")
    assert summary(several) == summary(alone)
    assert contents(tmp_path / "several") == contents(tmp_path / "alone")


def test_it_says_by_which_rule_trips_were_chained(cli: Cli) -> None:
    """The sample's holiday trips have no block."""
    rule = "the one that has stood longest at a trip's first stop, 5 minutes at least, takes it"
    assert rule in " ".join(cli("--quiet").out.split())
    found = summary(cli("--json"))
    assert found["chained_trips"] and isinstance(found["chaining_rule"], dict) and rule in found["chaining_rule"]["en"]


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (("--workers", 2, "--dask", "tcp://x:1"), Exit.USAGE, "--workers and --dask: choose one"),
        (("--workers", 0), Exit.USAGE, "0 is not in the range"),
        (("--dask", "tcp://127.0.0.1:1"), Exit.IO, "tcp://127.0.0.1:1: no Dask scheduler answers"),
        (("--dask", "nonsense://"), Exit.IO, "nonsense://: no Dask scheduler answers"),
        (("--vehicle-positions", "no/where.pb"), Exit.IO, "no/where.pb: No such file or directory"),
    ],
)
def test_what_is_wrong_is_one_line(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, args: tuple[object, ...], code: Exit, says: str
) -> None:
    monkeypatch.setattr(cluster, "CONNECT_S", 0.2)
    said = cli("--quiet", *args)
    assert said.code == code and says in said.err
    assert len([line for line in said.err.splitlines() if line.startswith("farebox:")]) == 1


def test_a_count_that_does_not_come_out_even_is_a_failed_check_and_so_it_is_when_told_again(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ten_yen_too_much(world: World, task: Task, *more: object) -> Ran:
        ran = run_vehicle(world, task, *more)  # type: ignore[arg-type]
        given = ran.tally.given
        return ran._replace(tally=ran.tally._replace(given=given._replace(cash_yen=given.cash_yen + 10)))

    with monkeypatch.context() as patch:
        patch.setattr(import_module("tools.replay_command"), "run_vehicle", ten_yen_too_much)
        first = cli("--quiet", "--route", "HAKUHO", "--out", tmp_path / "run")
    again = cli("--quiet", "--route", "HAKUHO", "--out", tmp_path / "run")
    for said in (first, again):
        assert said.code == Exit.CHECK_FAILED and "does not come out even: the two sides differ by +" in said.err
        assert "DOES NOT RECONCILE" in said.out or "一致しません" in said.out


def test_a_run_that_can_not_be_leaves_no_folder(cli: Cli, tmp_path: Path) -> None:
    """The right words would find it taken."""
    said = cli("--operator", "lococo", "--out", tmp_path / "run")
    assert said.code == Exit.CONFIGURATION and "no operator 'lococo'" in said.err and said.out == ""
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("module", "args", "extra"),
    [
        ("distributed", ("--dask", "tcp://127.0.0.1:1"), "dask"),
        ("google.transit", ("--vehicle-positions", "x.pb"), "realtime"),
        ("pyarrow", ("--recorded", "rides.csv"), "bulk"),
    ],
)
def test_what_is_not_installed_is_named(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, args: tuple[str, ...], extra: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rides.csv").write_text("trip_id_performed\n")
    anew = ("sim.cluster", "sim.vehicle_positions", "tools.recorded_rides", "tools.tariff")
    for name in [name for name in sys.modules if name.startswith(anew)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("sim.cluster", raising=False)
    monkeypatch.delattr("sim.vehicle_positions", raising=False)
    monkeypatch.setitem(sys.modules, module, None)
    said = cli("--quiet", *args)
    assert said.code == Exit.USAGE and f"pip install 'farebox[{extra}]'" in said.err
