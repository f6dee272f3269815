"""`farebox doctor`: a whole terminal, and what to do about each thing that is wrong with it."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from farebox.config import Config, load
from farebox.monitoring.probe import Probe, ask
from farebox.peripherals.finding import Finding, Level
from farebox.words import Both, Language, say
from tools.config_command import problems_of
from tools.doctor import checks, disk, key_checks, machine_checks
from tools.doctor.machine import Machine
from tools.exits import CheckFailed
from tools.options import FILE, json_option, language_option
from tools.reader.command import examined
from tools.readers import is_simulated

LEVELS = {Level.OK: "ok", Level.NOTE: "look", Level.FAIL: "broken"}
_MARKS = {Level.OK: ("✓", "green"), Level.NOTE: ("!", "yellow"), Level.FAIL: ("✗", "red")}
_SECRETS = ("keys.source", "keys.sealing", "exchange.token")
"""Settings whose secrets have a check of their own: what only the service sees is no fault here."""
_NARROWEST = 72

Section = tuple[Both, Iterable[Finding]]


@click.command(short_help="Check a whole terminal, and name the fix for what is wrong.")
@click.option("--config", "path", type=FILE, default=Path("/etc/farebox/farebox.toml"), show_default=True,
              help="The terminal's settings.")  # fmt: skip
@json_option
@language_option
def doctor(path: Path, as_json: bool, language: Language) -> None:
    """Look at settings, readers, disk, clock, journal, keys, bundles, devices, and at the terminal if it runs.

    Nothing is changed; beside the journal a small file is written and deleted, to see how long the disk takes. Readers
    are opened only while no terminal has them. ✓ is well, ! is to be looked at, ✗ is broken; → says what to do.

    \b
    sudo farebox doctor
    farebox doctor --config farebox.toml --json

    Exit codes: 0 nothing is broken, 1 something is, 78 no settings to go by.
    """
    counts: Counter[Level] = Counter()
    table = _table()
    show = _json_lines if as_json else lambda title, found: _rows(table, title, found, language)
    for title, findings in sections(load(path), path, Machine(), _Progress(quiet=as_json), language):
        found = list(findings)
        counts.update(finding.level for finding in found)
        show(title, found)
    if not as_json:
        # A file gets lines of a width that can be read; a screen its own.
        Console(width=None if sys.stdout.isatty() else max(_NARROWEST, Console().width)).print(table)
    if counts[Level.FAIL]:
        count = counts[Level.FAIL]
        raise CheckFailed(
            say((f"{count} 件の不具合。→ が直し方です", f"{count} broken; each → says what to do"), language)
        )


def sections(
    config: Config, path: Path, machine: Machine, progress: Callable[[str], None], language: Language
) -> Iterator[Section]:
    """What is looked at, in its order."""
    probe = ask(machine.path(config.console.socket))
    yield ("設定", "settings"), _settings(config, path)
    yield ("端末", "terminal"), (*checks.terminal(config, probe), *machine_checks.units(machine))
    yield ("リーダー", "readers"), _readers(config, probe, progress, language)
    yield ("ディスク", "disk"), _disk(config, machine, progress)
    yield ("ジャーナル", "journal"), checks.journal(config)
    yield ("鍵", "keys"), key_checks.keys(config, machine)
    yield ("時計", "clock"), machine_checks.clock(config, machine)
    yield ("配信データ", "bundles"), checks.bundles(config, machine)
    yield (
        ("機器", "devices"),
        (*machine_checks.devices(config, machine), *machine_checks.processor(machine), *_font(config)),
    )


def _settings(config: Config, path: Path) -> Iterator[Finding]:
    problems = [problem for problem in problems_of(config) if not problem.startswith(_SECRETS)]
    for problem in problems:
        yield Finding(Level.FAIL, "setting", str(path), (problem,) * 2, (f"$ sudoedit {path}",) * 2)
    if not problems:
        yield Finding(Level.OK, "setting", str(path), ("問題ありません", "in order"))


def _readers(config: Config, probe: Probe, progress: Callable[[str], None], language: Language) -> Iterator[Finding]:
    for spec in filter(None, (config.readers.entry, config.readers.exit)):
        if is_simulated(spec):
            yield Finding(
                Level.NOTE, "simulated", spec, ("記録したカードです（模擬）", "no reader but a recording (模擬)")
            )
        elif probe.picture is not None:
            text = (
                "端末が使用中です（異常は「端末」に出ます）",
                "the terminal has it; were it lost, an alarm would say so",
            )
            yield Finding(Level.OK, "reader", spec, text)
        else:
            progress(spec)
            for found in examined(spec, language, quiet=True):
                yield Finding(Level(found.level.value), found.code, found.about, found.text, found.fix)


def _disk(config: Config, machine: Machine, progress: Callable[[str], None]) -> Iterator[Finding]:
    folder = Path(config.data.journal)
    folder = folder if folder.is_dir() else folder.parent
    try:
        flushes = disk.measure(folder, lambda number: progress(f"{folder} {number}/{disk.FLUSHES}"))
        yield disk.judge_flushes(folder, flushes)
        yield disk.judge_room(folder)
        yield from disk.wear(folder, machine)
    except OSError as error:
        text = (f"書き込めません（{error.strerror}）", f"can't be written to ({error.strerror})")
        make = f"$ sudo install -d -o farebox -g farebox -m 750 {folder}"
        yield Finding(Level.FAIL, "disk", str(folder), text, (make, make))


def _font(config: Config) -> Iterator[Finding]:
    if config.slips is None:
        return
    try:
        from farebox.slips.picture import font_found
    except ModuleNotFoundError as missing:
        text = (f"{missing.name} がありません", f"{missing.name} is not installed")
        yield Finding(Level.FAIL, "font", "slips", text, ("$ pip install 'farebox[printer]'",) * 2)
        return
    yield font_found(Path(config.slips.font) if config.slips.font else None)


class _Progress:
    """One line on a screen that is written over; nothing where there is no screen."""

    def __init__(self, *, quiet: bool) -> None:
        self._shown = sys.stderr.isatty() and not quiet

    def __call__(self, what: str) -> None:
        if self._shown:
            click.echo(f"\r\x1b[K{what} …\r", nl=False, err=True)


def _json_lines(title: Both, findings: list[Finding]) -> None:
    for finding in findings:
        line = {
            "part": title[1],
            "level": LEVELS[finding.level],
            "code": finding.code,
            "about": finding.about,
            "text": {"ja": finding.text[0], "en": finding.text[1]},
            "fix": {"ja": finding.fix[0], "en": finding.fix[1]},
        }
        click.echo(json.dumps(line, ensure_ascii=False))


def _table() -> Table:
    table = Table(show_header=False, box=None, pad_edge=False, padding=(0, 1))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    return table


def _rows(table: Table, title: Both, findings: list[Finding], language: Language) -> None:
    name = say(title, language)
    for finding in findings:
        mark, colour = _MARKS[finding.level]
        text = Text(f"{finding.about}: ", style="dim").append(say(finding.text, language), style="not dim")
        before = "\n→ "
        for step in say(finding.fix, language).splitlines():
            text.append(before + step, style="not dim cyan")
            before = "\n  "
        table.add_row(name, Text(mark, style=colour), text)
        name = ""
