"""A group of commands that are loaded when they are called, so that --help stays quick."""

from collections.abc import Mapping
from importlib import import_module
from typing import ClassVar

import click

Commands = Mapping[str, tuple[str, str]]
"""Name -> where it is, as `module:function`, and its one-line help."""


class LazyGroup(click.Group):
    """A group whose subcommands live in modules of their own."""

    commands_at: ClassVar[Commands] = {}
    """Subclasses name theirs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All there are."""
        return list(self.commands_at)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one; None if there is no such command."""
        entry = self.commands_at.get(cmd_name)
        if entry is None:
            return None
        module, name = entry[0].split(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Their one-line helps, without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self.commands_at.items()])
