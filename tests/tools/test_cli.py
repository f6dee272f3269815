"""The one command and its groups: what they print when they are called without a command."""

from collections.abc import Callable

import click
import pytest

from tests.tools.cli import Ran, run
from tools.cli import farebox
from tools.exits import Exit

Cli = Callable[..., Ran]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return lambda *args: run(capsys, monkeypatch, *args)


def groups() -> list[tuple[str, ...]]:
    """Every group of the command line, as the words that call it."""
    context = click.Context(farebox)
    commands = {name: farebox.get_command(context, name) for name in farebox.list_commands(context)}
    return [(), *((name,) for name, command in commands.items() if isinstance(command, click.Group))]


def test_all_groups_are_tried() -> None:
    assert {(), ("sim",), ("card",), ("tariff",), ("journal",)} <= set(groups())


@pytest.mark.parametrize("group", groups(), ids=" ".join)
def test_a_group_without_a_command_prints_its_help_line_by_line(cli: Cli, group: tuple[str, ...]) -> None:
    bare, asked = cli(*group), cli(*group, "--help")
    assert (asked.code, asked.err) == (Exit.OK, "")
    assert (bare.code, bare.out, bare.err) == (Exit.USAGE, "", asked.out)
    assert bare.err.startswith(f"Usage: {' '.join(('farebox', *group))} [OPTIONS] COMMAND [ARGS]...\n\n")
    assert "\nCommands:\n" in bare.err


def test_a_command_that_is_none_is_said_on_one_line(cli: Cli) -> None:
    for args, group in ((("tarif",), "farebox"), (("tariff", "quot"), "farebox tariff")):
        ran = cli(*args)
        assert (ran.code, ran.out, ran.err.count("\n")) == (Exit.USAGE, "", 1)
        assert ran.err.startswith(f"farebox: No such command '{args[-1]}'")
        assert ran.err.endswith(f"; see {group} --help\n")


def test_a_command_that_misses_what_it_needs_is_said_on_one_line(cli: Cli) -> None:
    ran = cli("card", "show")
    assert (ran.code, ran.out) == (Exit.USAGE, "")
    assert ran.err == "farebox: Missing argument 'FILE...'; see farebox card show --help\n"
