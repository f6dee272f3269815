"""`farebox reader`: which readers there are, and what ails them."""

import json
import sys
import time
from pathlib import Path
from typing import ClassVar

import click

from reader.drivers import UnknownReader, check_name, plugged
from reader.port import ReaderMissing
from reader.watchdog import OPENING_S, WatchedPort
from tools.exits import CheckFailed
from tools.files import write_whole
from tools.options import FILE, json_option, language_option
from tools.reader.facts import Facts, Machine, UsbReader, gather, is_pseudo_terminal, line_speed, node_of
from tools.reader.judge import NO_READER, Finding, Level, Opened, judge_line, judge_machine, judge_opened
from tools.reader.known import udev_rule
from tools.reader.measure import Measured, measure
from tools.words import Language, say

_NONE_OPENED = ("使えるリーダーがありません。→ が直し方です", "no reader could be opened; each → says what to do")
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

    \b
    farebox reader list
    farebox reader list --json
    """
    facts = gather(Machine())
    rows = [(usb.spec, usb.model.name, usb.node is not None and usb.node.usable) for usb in facts.usb]
    rows += [(line.spec, line.what, line.node is not None and line.node.usable) for line in facts.serial]
    if as_json:
        for spec, what, usable in rows:
            click.echo(json.dumps({"reader": spec, "what": what, "usable": usable}, ensure_ascii=False))
        return
    for spec, what, usable in rows:
        mark, colour = _MARKS[Level.OK if usable else Level.FAIL]
        click.echo(f"{click.style(mark, fg=colour)} {spec}  {what}".rstrip())
    for driver in plugged():
        click.echo(say((f"プラグイン {driver}", f"plug-in {driver}"), language))
    if not rows:
        click.echo(say(NO_READER.text, language))


@reader.command(short_help="Check a reader, measure it, and name the fix for what is wrong.")
@click.option("--reader", "spec", default=None, metavar="READER", help="The reader to open; by default the USB one.")
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
    findings = list(judge_machine(facts))
    chosen = spec or next((usb.spec for usb in facts.usb if _has_driver(usb)), None)
    opened, measured = Opened(""), None
    if chosen is None:
        findings.append(NO_READER)
    else:
        findings += _line_asked_for(chosen, facts)
        opened, measured = _examine(chosen, language, quiet=as_json)
        findings += judge_opened(opened, measured, facts)
    for finding in findings:
        _print(finding, as_json, language)
    if measured is None:
        raise ReaderMissing(say(_NONE_OPENED, language))
    failed = [found for found in findings if found.level is Level.FAIL and found.about.startswith(opened.spec)]
    if failed:
        raise CheckFailed(_failed(failed, language))


def _failed(findings: list[Finding], language: Language) -> str:
    count = len(findings)
    return say((f"{count} 件の不具合。→ が直し方です", f"{count} checks failed; each → says what to do"), language)


def _check_name(spec: str) -> None:
    try:
        check_name(spec)
    except UnknownReader as unknown:
        raise click.UsageError(f"--reader {spec}: {unknown}") from None


def _has_driver(usb: UsbReader) -> bool:
    return bool(usb.model.driver)


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
    click.echo(f"{click.style(mark, fg=colour)} {finding.about}: {text}")
    if fix:
        click.echo(f"    → {fix}")


def _write_rule(path: Path, language: Language) -> None:
    if str(path) == "-":
        click.echo(udev_rule(), nl=False)
        return
    write_whole(path, udev_rule().encode())
    path.chmod(0o644)  # udev and whoever asks why may read it
    click.echo(f"{path}: " + say(("書きました", "written"), language))
    click.echo("    → sudo udevadm control --reload && sudo udevadm trigger")
