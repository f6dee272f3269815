"""Rules of the house that neither the linter nor the import contracts can hold."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("farebox", "reader", "tariff", "cardimage", "sim", "centre", "tools")
PURE_PACKAGES = ("tariff", "cardimage")

# Clocks, randomness, files, sockets, threads and logging: what a pure package is handed, never fetches.
IMPURE_MODULES = frozenset(
    {"_thread", "asyncio", "concurrent", "multiprocessing", "threading", "select", "socket", "subprocess"}
    | {"glob", "io", "os", "pathlib", "shutil", "sqlite3", "tempfile", "logging"}
    | {"random", "secrets", "time"}
)
IMPURE_BUILTINS = frozenset({"open", "print", "input"})
CLOCK_READS = frozenset({"now", "utcnow", "today"})
NOT_OURS = {".git", ".venv", "build", "dist", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}


def impurities(source: str) -> list[str]:
    """Name each use of the outside world in the text of a module."""
    tree = ast.parse(source)
    clocks = {"datetime", "date"} | {
        alias.asname
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "datetime"
        for alias in node.names
        if alias.asname
    }
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                found += [alias.name for alias in names if alias.name.split(".")[0] in IMPURE_MODULES]
            case ast.ImportFrom(module=str(module), level=0) if module.split(".")[0] in IMPURE_MODULES:
                found.append(module)
            case ast.Call(func=ast.Name(id=name)) if name in IMPURE_BUILTINS:
                found.append(f"{name}()")
            # Not only when called: `default_factory=datetime.now` reads the clock too.
            case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=attr):
                if owner in clocks and attr in CLOCK_READS:
                    found.append(f"{owner}.{attr}")
    return found


@pytest.mark.parametrize("package", PURE_PACKAGES)
def test_pure_packages_never_touch_the_outside_world(package: str) -> None:
    modules = sorted((ROOT / package).rglob("*.py"))
    assert modules
    found = {str(path.relative_to(ROOT)): impurities(path.read_text(encoding="utf-8")) for path in modules}
    assert {path: uses for path, uses in found.items() if uses} == {}


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ("import time", ["time"]),
        ("import math, os.path", ["os.path"]),
        ("from pathlib import Path", ["pathlib"]),
        ("def load(path):\n    import socket\n", ["socket"]),
        ("table = open('fares.txt')", ["open()"]),
        ("print('paid')", ["print()"]),
        ("from datetime import datetime\nat = datetime.now()", ["datetime.now"]),
        ("import datetime as dt\nday = dt.date.today()", ["date.today"]),
        ("from datetime import date as Day\nday = Day.today()", ["Day.today"]),
        ("from datetime import datetime\nat = field(default_factory=datetime.now)", ["datetime.now"]),
    ],
)
def test_a_planted_impurity_is_found(planted: str, found: list[str]) -> None:
    assert impurities(planted) == found


@pytest.mark.parametrize(
    "innocent",
    [
        "from datetime import date, datetime\nstart = date(2026, 11, 20)",
        "from . import time",
        "def ride(now):\n    return tap.now + now.today",
        "gate.open()",
    ],
)
def test_innocent_code_passes(innocent: str) -> None:
    assert impurities(innocent) == []


def test_farebox_init_is_empty() -> None:
    # Each submodule stands on its own; a line here would be imported with every one of them.
    assert (ROOT / "farebox" / "__init__.py").read_bytes() == b""


def test_every_source_folder_is_a_package() -> None:
    # Without __init__.py a folder is neither shipped nor seen by the import contracts.
    folders = {path.parent for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    bare = [folder for folder in folders if not (folder / "__init__.py").exists()]
    assert bare == []


def test_the_notice_names_every_package_that_is_installed() -> None:
    notice = (ROOT / "NOTICE").read_text("utf-8").casefold()
    packages = set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements/run.txt").read_text("utf-8"), re.MULTILINE))
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    for wanted in (wanted for name, needs in extras.items() if name != "dev" for wanted in needs):
        packages.add(re.split(r"[ ;<>=\[]", wanted)[0])
    assert len(packages) > 20
    assert {name for name in packages if name.casefold() not in notice} == set()
