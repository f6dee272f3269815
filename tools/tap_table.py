"""The live table of taps: a line each, aligned whatever the script, coloured on a terminal."""

import shutil
from collections.abc import Iterator

import click
from rich.cells import cell_len, set_cell_size

from farebox.result import Result
from farebox.words import SIDES, Language, reason, say
from tariff.calendar import clock_in_japan
from tariff.purses import money_yen

_COLUMNS = ((8, ("時刻", "time")), (14, ("停留所", "stop")), (12, ("カード", "card")), (6, ("", "")))
_YEN, _BALANCE = 6, 7
_MARK_ACCEPTED, _MARK_REFUSED = "✓", "✗"
_LEAST_REASON = 18
"""Eighty columns hold the table then; a narrower terminal folds it."""


class TapTable:
    """Prints taps as they come. `language` chooses the words, the terminal its width (wide lines where it has none)."""

    def __init__(self, language: Language) -> None:
        """Measure the terminal."""
        self._language = language
        used = sum(width + 1 for width, _ in _COLUMNS) + _YEN + _BALANCE + 4
        self._reason = max(_LEAST_REASON, shutil.get_terminal_size((132, 24)).columns - used)
        self.columns = used + self._reason

    def head(self) -> None:
        """The column heads."""
        cells = [set_cell_size(say(title, self._language), width) for width, title in _COLUMNS]
        why = set_cell_size(say(("判定と理由", "judged, and why"), self._language), self._reason + 2)
        yen = _right(say(("金額", "yen"), self._language), _YEN)
        balance = _right(say(("残額", "balance"), self._language), _BALANCE)
        click.secho(" ".join((*cells, why, yen, balance)), bold=True)

    def tap(self, result: Result, card: str) -> None:
        """One tap, more lines where its reasons are long."""
        accepted = result.refusal is None
        stop = result.service.stop_name if result.service else "-"
        texts = (clock_in_japan(result.at_s), stop, card, say(SIDES[result.side], self._language))
        cells = [set_cell_size(text, width) for text, (width, _) in zip(texts, _COLUMNS, strict=True)]
        why = list(wrapped(reason(result, self._language), self._reason))
        mark = click.style(_MARK_ACCEPTED, fg="green") if accepted else click.style(_MARK_REFUSED, fg="red")
        numbers = (_right(_amount(result), _YEN), _right(_balance(result), _BALANCE))
        click.echo(" ".join((*cells, mark, set_cell_size(why[0], self._reason), *numbers)))
        indent = " " * (sum(width + 1 for width, _ in _COLUMNS) + 2)
        for rest in why[1:]:
            click.echo(indent + rest)


def _amount(result: Result) -> str:
    """What was taken; given back below zero, topped up with a plus."""
    if result.refusal is None and result.topped_up is not None:
        return f"+{result.topped_up.added_yen:,}"
    yen = result.taken_yen
    return "" if yen is None else f"{yen:,}"


def _balance(result: Result) -> str:
    account = result.after or result.before
    return f"{money_yen(account):,}" if account is not None else ""


def _right(text: str, width: int) -> str:
    return " " * (width - cell_len(text)) + text


def wrapped(text: str, width: int) -> Iterator[str]:
    """Break between words; a word that is wider than the line is broken where the line ends."""
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if line and cell_len(joined) > width:
            yield line.removesuffix(" ·")
            joined = word
        while cell_len(joined) > width:
            cut = next(size for size in range(len(joined), 0, -1) if cell_len(joined[:size]) <= width)
            yield joined[:cut]
            joined = joined[cut:]
        line = "" if joined == "·" else joined
    yield line
