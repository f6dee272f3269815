"""Options that several commands share, and how their words become values."""

from collections.abc import Callable
from datetime import date
from math import isnan
from pathlib import Path
from typing import Any, TypeVar

import click

from farebox.words import Language, default_language
from reader.port import LONGEST_WAIT_S
from tools.feeds import SAMPLE

WAIT_S = 30.0

_Command = TypeVar("_Command", bound=Callable[..., Any])


FILE = click.Path(path_type=Path, readable=False)
"""A path; whether it can be read is found out by reading it, so that every such fault is one of I/O (74)."""


class DayType(click.ParamType[date]):
    """A calendar date as YYYY-MM-DD."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Parse, or fail as a usage error."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a date like 2026-11-20", param, ctx)


class SecondsType(click.FloatRange):
    """How long to wait: 0 (look once) to an hour, and a number."""

    name = "SECONDS"

    def __init__(self) -> None:
        """Within what a reader's process can be asked for."""
        super().__init__(0, LONGEST_WAIT_S)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Parse, or fail as a usage error. Not a number lies in every range, for no comparison with it holds."""
        wait_s = super().convert(value, param, ctx)
        if isnan(wait_s):
            self.fail(f"{value!r} is not a number of seconds", param, ctx)
        return wait_s


def register_option(command: _Command) -> _Command:
    """--register."""
    return click.option(
        "--register",
        "register_path",
        type=FILE,
        help="File of the numbers that cards hold for stops and trips: it only grows, so that cards outlive feeds.",
    )(command)


def feed_option(command: _Command) -> _Command:
    """--feed."""
    return click.option(
        "--feed",
        default=SAMPLE,
        show_default=True,
        metavar="FEED",
        help="GTFS-JP feed: a folder, a .zip, or `sample` (the project's own).",
    )(command)


def operator_option(command: _Command) -> _Command:
    """--operator."""
    return click.option(
        "--operator",
        "scheme",
        metavar="SCHEME",
        help="Whose rules hold: lococa, iwate-green-pass, noruca, aizu-noruca. By default, of the operator file that "
        "names the feed's agency.",
    )(command)


def language_option(command: _Command) -> _Command:
    """--lang."""
    return click.option(
        "--lang",
        "language",
        type=click.Choice([language.value for language in Language]),
        default=lambda: default_language().value,
        callback=lambda _ctx, _param, value: Language(value),
        help="Language of what is printed; by default that of LANG.",
    )(command)


def wait_option(command: _Command) -> _Command:
    """--wait."""
    return click.option(
        "--wait",
        "wait_s",
        type=SecondsType(),
        default=WAIT_S,
        show_default=True,
        help="How long to wait for a card; 0 looks once.",
    )(command)


def json_option(command: _Command) -> _Command:
    """--json."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for machines.")(command)
