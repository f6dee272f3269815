"""systemd's units: each is hardened, each starts a command that there is, and none says more than it may do."""

import os
import re
import shlex
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

from tools.cli import farebox
from tools.pi.deb import UNITS

WORST_EXPOSURE = 2.0
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]


def settings_of(unit: Path) -> ConfigParser:
    read = ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    read.read(unit)
    return read


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_each_unit_is_hardened(unit: Path) -> None:
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    found = re.search(rf"Overall exposure level for {unit.name}: ([\d.]+)", judged.stdout)
    assert found is not None and float(found[1]) <= WORST_EXPOSURE


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_each_starts_a_command_that_there_is_and_stops_with_the_target(unit: Path) -> None:
    read = settings_of(unit)
    started = shlex.split(read["Service"]["ExecStart"])
    command = started[started.index("/opt/farebox/bin/farebox") + 1]
    assert command in farebox.list_commands(None)  # type: ignore[arg-type]
    assert read["Unit"]["PartOf"] == read["Install"]["WantedBy"] == "farebox.target"


def test_the_package_knows_all_units_when_it_is_upgraded_and_removed() -> None:
    debian = UNITS[0].parent / "debian"
    for unit in SERVICES:
        for script in ("postinst", "prerm"):
            assert unit.name in (debian / script).read_text("utf-8"), (unit.name, script)
