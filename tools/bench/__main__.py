"""`python -m tools.bench`: one table of every goal, ours beside its peer."""

import json
import os
import platform
from collections.abc import Callable, Mapping
from math import isnan
from pathlib import Path
from typing import Any

import click

from tools.bench import (
    bulk_repricing,
    card_commands,
    cold_start,
    durable_journal,
    feed_import,
    growth,
    ingest,
    picture,
    portal_pages,
    replay_rate,
    serial_line,
    settle_cpu,
    terminal_cpu,
    workers,
)
from tools.bench.measure import FULL, QUICK, Effort, Figure, Row

CASES: Mapping[str, Callable[[Effort], list[Row]]] = {
    "a": card_commands.rows,
    "b": serial_line.rows,
    "c": lambda effort: [*terminal_cpu.rows(effort), *settle_cpu.rows(effort)],
    "d": durable_journal.rows,
    "e": replay_rate.rows,
    "f": bulk_repricing.rows,
    "g": workers.rows,
    "h": ingest.rows,
    "i": cold_start.rows,
    "j": growth.rows,
    "k": feed_import.rows,
    "l": portal_pages.rows,
}
_HEADINGS = ("", "what", "goal", "ours", "peer", "ratio, median (least - most)", "noise", "held")

_VERDICTS = {True: "held", False: "NOT HELD", None: "can't tell"}


def _letters(_context: click.Context, _option: click.Parameter, value: str | None) -> tuple[str, ...]:
    """The goals asked for, in order of the alphabet; all of them if none was named."""
    known = tuple(sorted(CASES))
    if value is None:
        return known
    asked = {letter.strip() for letter in value.split(",")}
    if unknown := sorted(asked - set(known)):
        raise click.BadParameter(f"no goal {', '.join(unknown)}; there are {known[0]} to {known[-1]}")
    return tuple(letter for letter in known if letter in asked)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of the table.")
@click.option("--only", "letters", metavar="A,B", callback=_letters, help="Only these goals, by letter.")
@click.option(
    "--growth",
    "picture_path",
    metavar="FILE.svg",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw how cost grows with stops, trips, cards and workers; measures nothing else.",
)
@click.option("--quick", is_flag=True, help="Few rounds: whether it runs, not how fast.")
def main(as_json: bool, letters: tuple[str, ...], picture_path: Path | None, quick: bool) -> None:
    """Measure speed beside peers. Exits 0 whether or not a goal was held: the figures are for people to judge."""
    if picture_path is not None:
        picture_path.write_text(picture.draw(picture.measured(), picture.machine()), "utf-8")
        return
    rows: list[Row] = []
    for letter in letters:
        click.echo(f"measuring {letter} ...", err=True)
        rows += CASES[letter](QUICK if quick else FULL)
    if as_json:
        click.echo(json.dumps(_document(rows, quick), ensure_ascii=False))
    else:
        click.echo(_table(rows))


def _document(rows: list[Row], quick: bool) -> dict[str, Any]:
    machine = {"cores": os.cpu_count(), "processor": platform.machine(), "python": platform.python_version()}
    return {
        "machine": machine,
        "quick": quick,
        "rows": [_row_json(row) for row in rows],
    }


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "goal": row.letter,
        "what": row.what,
        "wanted": row.goal,
        "ours": _figure_json(row.ours),
        "peer": None if row.peer is None else {"name": row.peer_name, **_figure_json(row.peer)},
        "ratio": None if row.ratio is None else row.ratio._asdict(),
        "noise": row.noise,
        "held": row.held,
    }


def _figure_json(figure: Figure) -> dict[str, Any]:
    """JSON has no nan."""
    return {"value": None if isnan(figure.value) else figure.value, "unit": figure.unit}


def _table(rows: list[Row]) -> str:
    lines = [_HEADINGS]
    lines += [
        (
            *(row.letter, row.what, row.goal, str(row.ours)),
            f"{row.peer} {row.peer_name}" if row.peer else "",
            str(row.ratio) if row.ratio else "",
            row.noise,
            _VERDICTS[row.held],
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADINGS))]
    padded = ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) for line in lines]
    return "\n".join(line.rstrip() for line in padded)


if __name__ == "__main__":
    main()
