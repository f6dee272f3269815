"""Options that several commands share, and how their words become values."""

from collections.abc import Callable
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import click

from tools.words import Language, default_language

SAMPLE = "sample"

_Command = TypeVar("_Command", bound=Callable[..., Any])


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


def feed_path(name: str) -> Path:
    """Where a feed is: `sample` is the project's own, anything else a folder or a zip."""
    return Path(str(files("sim") / "feeds" / SAMPLE)) if name == SAMPLE else Path(name)


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
        help="Whose rules hold: lococa, aizu-noruca. By default, of the operator file that names the feed's agency.",
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


def json_option(command: _Command) -> _Command:
    """--json."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for machines.")(command)
