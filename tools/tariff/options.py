"""Options that the tariff commands share, and how what is typed becomes fields of a request."""

import re
import time
from collections.abc import Callable, Collection
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TypeVar

import click

from farebox.feed import Feed, load_feed
from farebox.feed.operators import OperatorFault, Operators
from farebox.feed.sheets import read_sheets
from tariff.calendar import day_in_japan
from tariff.riders import Handbook
from tariff.rulebook import Rulebook
from tools.feeds import feed_path
from tools.options import (
    FILE,
)
from tools.tariff.quote_json import BadLine, Json

_Command = TypeVar("_Command", bound=Callable[..., Any])


def rules_option(command: _Command) -> _Command:
    """--rules."""
    return click.option(
        "--rules", "rules_path", type=FILE, metavar="DIR", help="Operator files of a folder instead of the project's."
    )(command)


def fares_option(command: _Command) -> _Command:
    """--fares."""
    return click.option(
        "--fares",
        "fares_path",
        type=FILE,
        metavar="FILE",
        help="Triangular fare tables (三角表), .csv or .xlsx: alone, instead of the feed's fares, for their routes.",
    )(command)


def feed_with_fares(name: str, fares_path: Path | None) -> Feed:
    """A feed, with fare tables in the place of its rules where there are any."""
    feed = load_feed(feed_path(name))
    return feed.with_fares(read_sheets(fares_path)) if fares_path else feed


def today() -> date:
    """The date in Japan."""
    return day_in_japan(int(time.time()))


def rulebook_for(scheme: str | None, agencies: set[str], operators: Operators, day: date) -> Rulebook:
    """The rules chosen, or those of the operator file that names one of the agencies; raises OperatorFault."""
    if scheme is not None:
        return operators.on(scheme, day)
    for agency in sorted(agencies):
        found = operators.of_agency(agency, day)
        if found:
            return found[0]
    later = [book for book in operators.rulebooks if any(book.company_of(agency) for agency in agencies)]
    if later:
        first = min(later, key=lambda book: book.effective)
        raise OperatorFault(
            f"operator {first.scheme}: no operator file is in force on {day}, the first is from {first.effective}"
        )
    schemes = ", ".join(sorted({book.scheme for book in operators.rulebooks}))
    named = ", ".join(sorted(agencies))
    raise OperatorFault(f"no operator file names agency {named}; choose its rules with --operator ({schemes})")


def refuse(bad: BadLine, options: dict[str, str]) -> NoReturn:
    """A request's fault as one of the call: the option that filled the field, and what is wrong.

    `options` are by the field's path without places in lists. Fields with their unit (`fare_yen`) that the message
    names become options too; other names are words as well, and stay.
    """
    field = re.sub(r"\[[0-9]+\]", "", bad.path)
    known = [path for path in options if field == path or field.startswith(f"{path}.")]
    where = options[max(known, key=len)] if known else field.removeprefix("$.")
    message = bad.message
    for path, option in options.items():
        name = path.rpartition(".")[2]
        if "_" in name:
            message = re.sub(rf"\b{name}\b", option, message)
    raise click.UsageError(f"{where}: {message}") from None


def given_options() -> list[str]:
    """What the call itself says, by the names of parameters: not what stands for something left out."""
    context = click.get_current_context()
    on_line = click.core.ParameterSource.COMMANDLINE
    return [name for name in context.params if context.get_parameter_source(name) is on_line]


def called(names: Collection[str]) -> str:
    """Parameters of the command as its help calls them, in its order: `--date, ROUTE`."""
    chosen = [param for param in click.get_current_context().command.params if param.name in names]
    return ", ".join(
        param.human_readable_name if param.param_type_name == "argument" else param.opts[0] for param in chosen
    )


class Clock(click.ParamType[str]):
    """A time of the service day as HH:MM."""

    name = "HH:MM"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """As the schema has it, or fail as a usage error."""
        if not re.fullmatch("[0-4][0-9]:[0-5][0-9](:[0-5][0-9])?", value):
            self.fail(f"{value!r} is not a time like 09:30 (24:30 is after midnight)", param, ctx)
        return str(value)


class _Piece(NamedTuple):
    name: str
    unit: str
    factor: int


_PIECE = (_Piece("weight_g", "kg", 1_000), _Piece("volume_cm3", "m3", 1_000_000), _Piece("length_mm", "m", 1_000))


class Luggage(click.ParamType[Json]):
    """A piece of luggage as 12kg:0.03m3:1.2m."""

    name = "KG:M3:M"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Json:
        """To grams, cubic centimetres and millimetres, exactly."""
        if isinstance(value, dict):
            return value
        number = r"([0-9]{1,6}(?:\.[0-9]{1,6})?)"
        found = re.fullmatch(":".join(number + measure.unit for measure in _PIECE), value)
        if not found:
            self.fail(f"{value!r} is not a piece like 12kg:0.03m3:1.2m", param, ctx)
        piece = {}
        for measure, text in zip(_PIECE, found.groups(), strict=True):
            amount = Decimal(text) * measure.factor
            if amount != int(amount):
                self.fail(f"{text}{measure.unit}: finer than {measure.name}, whole", param, ctx)
            piece[measure.name] = int(amount)
        return piece


class Attending(click.ParamType[Json]):
    """An attendant as physical-1 or physical-1:child."""

    name = "HANDBOOK[:child]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Json:
        """To handbook and whether the disabled rider is a child."""
        if isinstance(value, dict):
            return value
        handbook, mark, child = value.partition(":")
        known = [one.value for one in Handbook]
        if handbook not in known or (mark and child != "child"):
            self.fail(f"{value!r} is not one of {', '.join(known)}, each with :child or without", param, ctx)
        return {"handbook": handbook, "of_child": bool(mark)}


class NamedYen(click.ParamType[tuple[str, int]]):
    """A name and an amount as eco:1100."""

    name = "NAME:YEN"

    def __init__(self, names: tuple[str, ...]) -> None:
        """Take the names there are."""
        self._names = names

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        """To both."""
        if isinstance(value, tuple):
            return value
        name, _, amount = value.partition(":")
        if name not in self._names or not re.fullmatch("[0-9]{1,7}", amount):
            self.fail(
                f"{value!r} is not one of {', '.join(self._names)} and yen, like {self._names[0]}:1100", param, ctx
            )
        return name, int(amount)
