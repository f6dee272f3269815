"""docs/operations against the code: commands that there are, every metric, every event of the log."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from farebox.monitoring.exposition import Seen
from farebox.monitoring.journal_room import JournalRoom
from farebox.monitoring.probe import Probe
from tests.farebox.console.test_protocol import PICTURE
from tools.cli import farebox

ROOT = Path(__file__).parents[1]
OPERATIONS = ROOT / "docs" / "operations"
GUIDE = (OPERATIONS / "install_on_the_pi.md").read_text("utf-8")
MONITORING = (OPERATIONS / "monitoring.md").read_text("utf-8")


def commands(text: str) -> Iterator[str]:
    """Every farebox command of a page: lines of its blocks, and what stands between backticks in its text."""
    for block in re.findall(r"```sh\n(.+?)```", text, re.DOTALL):
        for line in block.splitlines():
            yield from re.findall(r"(?:^|sudo |\| )farebox ([a-z].*)", line.split("  #")[0])
    yield from re.findall(r"`(?:sudo )?farebox ([a-z][^`]+)`", re.sub(r"```.+?```", "", text, flags=re.DOTALL))


@pytest.mark.parametrize("command", sorted({*commands(GUIDE), *commands(MONITORING)}))
def test_each_command_and_option_is_there(command: str) -> None:
    words = shlex.split(command.split(">", maxsplit=1)[0])
    found: click.Command = farebox
    context = click.Context(farebox)
    while words and isinstance(found, click.Group):
        step = found.get_command(context, words.pop(0))
        assert step is not None, command
        found = step
    known = {name for parameter in found.params for name in (*parameter.opts, *parameter.secondary_opts)}
    assert [word for word in words if word.startswith("--") and word not in known] == [], command


def test_the_guide_has_commands() -> None:
    assert len(set(commands(GUIDE))) > 10


def test_every_metric_stands_on_the_page_and_no_other() -> None:
    picture = PICTURE
    seen = Seen(Probe(picture, "", 0.01), JournalRoom(1, 2, 3, 4), 0.0)
    there = {family.name + {"counter": "_total", "info": "_info"}.get(family.type, "") for family in seen.collect()}
    told = set(re.findall(r"`(farebox_[a-z_]+)(?:\{[a-z,]+\})?`", MONITORING.partition("Worth an alert")[0]))
    assert told == there | {"farebox_hotlist_age_seconds"}


def test_every_event_of_the_log_stands_on_the_page() -> None:
    source = (ROOT / "farebox" / "event_log.py").read_text("utf-8")
    written = set(re.findall(r'_say\(\s*"([a-z-]+)"', source))
    told = set(
        re.findall(r"`([a-z-]+)`", "".join(re.findall(r"^\|([^|]+)\|", MONITORING.partition("## The log")[2], re.M)))
    )
    assert written == told
