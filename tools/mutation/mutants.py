"""Mutants of tariff/, made and tried by mutmut in a copy of the project, so that the work tree is never touched."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from configparser import ConfigParser
from fnmatch import fnmatchcase
from pathlib import Path
from random import Random
from typing import NamedTuple

from tools.mutation.few_examples import PROFILE

ROOT = Path(__file__).parents[2]
LEAST_PERCENT = 90
"""What of a sample must be noticed."""
COPIED = ("tariff", "farebox", "cardimage", "reader", "tools", "tests")

_TESTS = "tests/tariff"
_FAILED = (1, 2)
"""What pytest says of tests that failed, or that could not even be imported."""
PYTEST_ARGUMENTS = (
    *(
        "-p",
        "no:cacheprovider",
        "-p",
        "no:django",
        "-p",
        "tools.mutation.few_examples",
        f"--hypothesis-profile={PROFILE}",
    ),
    # pytest escapes ids that are given once more each time it collects in one process, and would not find them.
    *("-o", "disable_test_id_escaping_and_forfeit_all_rights_to_community_support=true"),
)


def copy_project(folder: Path) -> None:
    """What tests/tariff needs of the project, into an empty folder."""
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)


class MutationFault(Exception):
    """mutmut could not do its work: says what it said last."""


class Suite(NamedTuple):
    """Modules of tariff/, a small one among them, and the tests that must notice a change, as pytest takes them."""

    small: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]


class Mutant(NamedTuple):
    """A mutant and what became of it, in mutmut's words: "killed", "survived", "timeout", "no tests" ..."""

    name: str
    status: str

    @property
    def module(self) -> str:
        """The module of tariff/ that it is of: "due"."""
        return self.name.split(".")[1]

    @property
    def noticed(self) -> bool:
        """Whether a test failed, or never came to an end."""
        return self.status in ("killed", "timeout")


class Diff(NamedTuple):
    """Where a mutant is, and what its lines were and are; lines are put together by a space."""

    where: str
    was: str
    now: str


def suites() -> tuple[Suite, ...]:
    """Every module of tariff/, once; a package counts as one."""
    inside = ROOT / "tariff"
    packages = {path.parent.name for path in inside.glob("*/__init__.py")}
    modules = {path.stem for path in inside.glob("[!_]*.py")} | packages
    rest = tuple(sorted(modules - {"bulk"}))
    return (
        # bulk is held equal to settle ride by ride: that must not be what notices a change in settle.
        Suite("money", rest, (_TESTS, f"--ignore={_TESTS}/test_bulk.py")),
        Suite("bulk", ("bulk",), (f"{_TESTS}/test_bulk.py",)),
    )


class Workshop:
    """A copy of the project in which mutmut works on a suite."""

    def __init__(self, folder: Path, suite: Suite, jobs: int) -> None:
        """Copy the project into an empty folder."""
        self.folder, self.suite, self.jobs = folder, suite, jobs
        copy_project(folder)
        with (folder / "setup.cfg").open("w", encoding="utf-8") as file:
            _settings(suite).write(file)

    def names(self, modules: Iterable[str]) -> list[str]:
        """The mutants there are of some of the suite's modules."""
        asked = tuple(modules)
        # mutmut tells their names when it has run: on one mutant of each function of a small module.
        self._mutmut("run", "--max-children", str(self.jobs), f"tariff.{self.suite.small}.*__mutmut_1")
        return [mutant.name for mutant in self._mutants() if mutant.module in asked]

    def tried(self, names: Iterable[str]) -> list[Mutant]:
        """Try these mutants, or all whose names fit a pattern such as `tariff.due.*`."""
        asked = tuple(names)
        self._mutmut("run", "--max-children", str(self.jobs), *asked)
        found = [mutant for mutant in self._mutants() if any(fnmatchcase(mutant.name, name) for name in asked)]
        return [mutant if mutant.noticed else self._tried_again(mutant) for mutant in found]

    def _tried_again(self, mutant: Mutant) -> Mutant:
        """A mutant in a process of its own, by its module's own tests.

        mutmut forks when all is imported; what runs while it is imported, as operator_file's schema, has run by then.
        """
        own = Path(_TESTS) / f"test_{mutant.module}.py"
        if not (self.folder / own).exists():
            return mutant
        inside = self.folder / "mutants"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", *PYTEST_ARGUMENTS, own.as_posix()],
            cwd=inside,
            env=environment(inside) | {"MUTANT_UNDER_TEST": mutant.name},
            capture_output=True,
            check=False,
        )
        return mutant._replace(status="killed") if done.returncode in _FAILED else mutant

    def diff(self, mutant: Mutant) -> Diff:
        """What a mutant changes."""
        return diff_of(mutant.name, self._mutmut("show", mutant.name))

    def _mutants(self) -> list[Mutant]:
        return mutants_of(self._mutmut("results", "--all", "true"))

    def _mutmut(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "mutmut", *arguments],
            cwd=self.folder,
            env=environment(self.folder),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        if done.returncode:
            said = (done.stdout + done.stderr).replace("\r", "\n").splitlines()
            raise MutationFault("\n".join((f"mutmut {arguments[0]} failed:", *said[-30:])))
        return done.stdout


def environment(folder: Path) -> dict[str, str]:
    """Whose modules are imported from a folder, and not from where the project is installed."""
    return os.environ | {"PYTHONPATH": str(folder), "PYTHONUTF8": "1"}


def _settings(suite: Suite) -> ConfigParser:
    """mutmut's setup.cfg: lists are lines."""
    settings = ConfigParser()
    settings["mutmut"] = {
        "source_paths": _lines(["tariff"]),
        "only_mutate": _lines(f"tariff/{module}{of}.py" for module in suite.modules for of in ("", "/*")),
        "also_copy": _lines(name for name in COPIED if name not in ("tariff", "tests")),
        "pytest_add_cli_args_test_selection": _lines(suite.tests),
        "pytest_add_cli_args": _lines(PYTEST_ARGUMENTS),
    }
    return settings


def _lines(words: Iterable[str]) -> str:
    return "".join(f"\n{word}" for word in words)


def sampled(names: Iterable[str], count: int, seed: int) -> list[str]:
    """So many of the names, or all there are; the same ones for the same seed."""
    known = sorted(names)
    return sorted(Random(seed).sample(known, min(count, len(known))))


def mutants_of(results: str) -> list[Mutant]:
    """What `mutmut results --all true` prints -> mutants."""
    found = re.findall(r"^\s+(\S+__mutmut_\d+): (.+)$", results, re.MULTILINE)
    return [Mutant(name, status) for name, status in found]


def diff_of(name: str, shown: str) -> Diff:
    """What `mutmut show` prints -> where a mutant is and what it changes."""
    lines = [line for line in shown.splitlines() if not line.startswith(("---", "+++"))]
    was, now = (" ".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+")
    module, _, mangled = name.partition("__mutmut_")[0].rpartition(".")
    # x_settle is a function, xǁSettlementǁcash_yen a method.
    return Diff(f"{module}.{mangled.removeprefix('x_').removeprefix('xǁ').replace('ǁ', '.')}", was, now)
