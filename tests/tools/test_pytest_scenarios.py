"""The pytest plugin as whoever installed farebox has it: a folder of scenarios, and nothing else said."""

import os
import subprocess
import sys
from pathlib import Path

from tests.sim.scenario.bench import text_of

ROOT = Path(__file__).parents[2]
ENTRY_POINT = "[pytest11]\ntools.pytest_scenarios = tools.pytest_scenarios\n"


def run_pytest(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """In a folder of its own, with farebox installed as far as pytest can see."""
    installed = folder / "installed" / "farebox-0.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: farebox-there\nVersion: 0\n")
    (installed / "entry_points.txt").write_text(ENTRY_POINT)
    path = os.pathsep.join((str(ROOT), str(installed.parent)))
    return subprocess.run(
        (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), *args),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_entry_point_is_the_one_that_is_tried_here() -> None:
    said = '[project.entry-points.pytest11]\n"tools.pytest_scenarios" = "tools.pytest_scenarios"'
    assert said in (ROOT / "pyproject.toml").read_text("utf-8")


def test_each_scenario_is_a_test_with_a_failure_that_can_be_read_and_rules_for_keywords(tmp_path: Path) -> None:
    ride = ('board = "花子", at = "磐城棚倉"', 'alight = "花子", at = "新白河", fare = 490')
    (tmp_path / "wrong.scenario.toml").write_text(text_of(*ride, more='rules = ["LOC-14"]'), "utf-8")
    (tmp_path / "right.scenario.toml").write_text(text_of(ride[0]), "utf-8")
    (tmp_path / "other.scenario.toml").write_text(text_of(ride[0]), "utf-8")
    (tmp_path / "broken.scenario.toml").write_text(text_of("fare = 3"), "utf-8")
    (tmp_path / "notes.toml").write_text("a = 1", "utf-8")
    ran = run_pytest(tmp_path, "--continue-on-collection-errors", "-k", "LOC-14 or right")
    assert ran.returncode == 1 and "1 failed, 1 passed, 1 deselected, 1 error" in ran.stdout, ran.stdout + ran.stderr
    assert "wrong.scenario.toml:15: step 2: alight 花子 at 新白河\n  fare: expected 490, was 500\n" in ran.stdout
    assert "broken.scenario.toml:14: scenario 1, step 1: nothing happens" in ran.stdout
    assert "Traceback" not in ran.stdout
