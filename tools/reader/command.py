"""`farebox reader`: which readers there are, and what ails them."""

import json
import shutil
import sys
import time
from pathlib import Path
from typing import ClassVar

import click

from farebox.words import Language, say
from reader.drivers import UnknownReader, check_name, plugged
from reader.port import ReaderMissing
from reader.watchdog import OPENING_S, WatchedPort
from tools.exits import CheckFailed
from tools.files import write_whole
from tools.options import FILE, json_option, language_option
from tools.reader.facts import (
    Facts,
    Machine,
    SerialLine,
    UsbReader,
    gather,
    is_pseudo_terminal,
    line_speed,
    meant_by,
    node_of,
)
from tools.reader.judge import NO_READER, Finding, Level, Opened, judge_line, judge_machine, judge_opened
from tools.reader.known import udev_rule
from tools.reader.measure import Measured, measure
from tools.tap_table import wrapped

_NONE_OPENED = ("使えるリーダーがありません。→ が直し方です", "no reader could be opened; each → says what to do")
_NOT_ALLOWED = (
    "✗ は権限がありません。farebox reader doctor --reader 名前 で直し方がわかります",
    "✗: you may not use it; `farebox reader doctor --reader NAME` says what to do",
)
_LEAST_ROOM = 20
_WIDEST = len("usb:054c:06c3")
_MARKS = {Level.OK: ("✓", "green"), Level.NOTE: ("!", "yellow"), Level.FAIL: ("✗", "red")}


@click.group()
def reader() -> None:
    """Find card readers, and see what ails them.

    \b
    farebox reader list                              what is plugged in, and what --reader calls it
    farebox reader doctor                            check the USB reader, measure it, name each fix
    farebox reader doctor --reader tty:/dev/ttyAMA0  the same for a PN532 on a serial line
    """


@reader.command("list", short_help="What is plugged in, and what --reader calls it.")
@json_option
@language_option
def list_(as_json: bool, language: Language) -> None:
    """List USB readers, serial lines and plugged-in drivers, by the names that --reader takes. Opens nothing.

    ✓ stands before what you may use. What it is and how well it does, `farebox reader doctor --reader NAME` tells.

    \b
    farebox reader list
    farebox reader list --json
    """
    facts = gather(Machine())
    devices: tuple[UsbReader | SerialLine, ...] = (*facts.usb, *facts.serial)
    if as_json:
        for device in devices:
            line = {"reader": device.spec, "what": device.what, "usable": device.usable}
            click.echo(json.dumps(line, ensure_ascii=False))
        return
    for device in devices:
        mark, colour = _MARKS[Level.OK if device.usable else Level.FAIL]
        about = device.what or say(("シリアルポート", "a serial line"), language)
        if isinstance(device, SerialLine):
            about += say(("（PN532 をつないであれば）", ", if a PN532 is connected to it"), language)
        click.echo(f"{click.style(mark, fg=colour)} --reader {device.spec:<{_WIDEST}}  {about}")
    for name, package in plugged():
        about = say((f"追加ドライバー {package}", f"driver of the package {package}"), language)
        click.echo(f"  --reader {name + ':…':<{_WIDEST}}  {about}")
    if not facts.usb:
        click.echo(say(("USBリーダーはつながっていません", "no USB reader is plugged in"), language))
    if not all(device.usable for device in devices):
        click.echo(say(_NOT_ALLOWED, language))


@reader.command(short_help="Check a reader, measure it, and name the fix for what is wrong.")
@click.option(
    "--reader", "spec", default=None, metavar="READER", help="The reader to open; by default the first on USB."
)
@click.option("--write-udev-rule", "rule_path", type=FILE, default=None, metavar="PATH",
              help="Write the udev rule for USB readers to a file (- prints it), and do nothing else.")  # fmt: skip
@json_option
@language_option
def doctor(spec: str | None, rule_path: Path | None, as_json: bool, language: Language) -> None:
    """Check permissions, libraries and what else may hold a reader; open it, measure it, name the fix for each finding.

    A card that lies on the reader is read, too, without any key; nothing is written to it.

    \b
    farebox reader doctor
    farebox reader doctor --reader tty:/dev/ttyAMA0 --json
    farebox reader doctor --write-udev-rule -
    sudo farebox reader doctor --write-udev-rule /etc/udev/rules.d/60-farebox.rules

    Exit codes: 0 all well, 1 something fails a check, 69 no reader, or it can't be opened.
    """
    if rule_path is not None:
        _write_rule(rule_path, language)
        return
    if spec is not None:
        _check_name(spec)
    facts = gather(Machine())
    findings = judge_machine(facts)
    chosen, device = meant_by(spec, facts)
    measured: Measured | None = None
    own: tuple[Finding, ...] = (NO_READER,)
    if chosen:
        opened, measured = _examine(chosen, language, quiet=as_json)
        own = (*_line_asked_for(chosen, facts), *judge_opened(opened, measured, facts))
    for finding in (*findings, *own):
        _print(finding, as_json, language)
    if measured is None:
        raise ReaderMissing(say(_NONE_OPENED, language))
    about_it = (*own, *(found for found in findings if device is not None and found.reader == device))
    failed = [found for found in about_it if found.level is Level.FAIL]
    if failed:
        raise CheckFailed(_failed(failed, language))


def examined(spec: str, language: Language, *, quiet: bool) -> tuple[Finding, ...]:
    """All that is found about one reader: on this machine, and once it is opened and measured."""
    facts = gather(Machine())
    _, device = meant_by(spec, facts)
    about_it = (found for found in judge_machine(facts) if found.reader is not None and found.reader == device)
    opened, measured = _examine(spec, language, quiet=quiet)
    return (*about_it, *_line_asked_for(spec, facts), *judge_opened(opened, measured, facts))


def _failed(findings: list[Finding], language: Language) -> str:
    count = len(findings)
    return say((f"{count} 件の不具合。→ が直し方です", f"{count} checks failed; each → says what to do"), language)


def _check_name(spec: str) -> None:
    try:
        check_name(spec)
    except UnknownReader as unknown:
        raise click.UsageError(f"--reader {spec}: {unknown}") from None


def _line_asked_for(spec: str, facts: Facts) -> tuple[Finding, ...]:
    kind, _, path = spec.partition(":")
    return judge_line(spec, facts, node_of(Machine(), Path(path))) if kind == "tty" else ()


def _examine(spec: str, language: Language, *, quiet: bool) -> tuple[Opened, Measured | None]:
    progress = _Progress(language, quiet=quiet)
    port = WatchedPort(spec)
    try:
        progress.say("開いています", "opening")
        fault = port.open(time.monotonic() + OPENING_S)
        if fault is not None:
            return Opened(spec, fault.what), None
        kind, _, path = spec.partition(":")
        line = (line_speed(path), is_pseudo_terminal(path)) if kind == "tty" else (None, False)
        return Opened(spec, "", *line), measure(port, progress.count)
    finally:
        port.close()
        progress.clear()


class _Progress:
    """One line on a screen that is written over; nothing where there is no screen."""

    _STAGES: ClassVar = {
        "round trip": ("往復を測定", "measuring round trips"),
        "poll": ("ポーリングを測定", "measuring polls"),
        "read": ("読取を測定", "measuring reads"),
    }

    def __init__(self, language: Language, *, quiet: bool) -> None:
        self._language = language
        self._shown = sys.stderr.isatty() and not quiet

    def say(self, japanese: str, english: str) -> None:
        if self._shown:
            click.echo(f"\r\x1b[K{say((japanese, english), self._language)} …", nl=False, err=True)

    def count(self, stage: str, number: int) -> None:
        japanese, english = self._STAGES[stage]
        self.say(f"{japanese} {number}", f"{english} {number}")

    def clear(self) -> None:
        if self._shown:
            click.echo("\r\x1b[K", nl=False, err=True)


def _print(finding: Finding, as_json: bool, language: Language) -> None:
    text, fix = say(finding.text, language), say(finding.fix, language)
    if as_json:
        line = {"level": finding.level, "code": finding.code, "about": finding.about, "text": text, "fix": fix}
        click.echo(json.dumps(line, ensure_ascii=False))
        return
    mark, colour = _MARKS[finding.level]
    _print_wrapped(f"{finding.about}: {text}", click.style(mark, fg=colour) + " ", "  ")
    before = "    → "
    for step in fix.splitlines():
        _print_wrapped(step, before, "      ")
        before = "      "


def _print_wrapped(text: str, before: str, before_rest: str) -> None:
    """Within a screen's width, if there is a screen. A command stays on one line, to be copied as it is."""
    room = shutil.get_terminal_size().columns - len(before_rest)
    whole = text.startswith("$ ") or room < _LEAST_ROOM or not sys.stdout.isatty()
    for line in (text,) if whole else wrapped(text, room):
        click.echo(before + line)
        before = before_rest


def _write_rule(path: Path, language: Language) -> None:
    if str(path) == "-":
        click.echo(udev_rule(), nl=False)
        return
    write_whole(path, udev_rule().encode())
    path.chmod(0o644)  # udev and whoever asks why may read it
    click.echo(f"{path}: " + say(("書きました", "written"), language))
    click.echo("    → sudo udevadm control --reload && sudo udevadm trigger")
