"""`farebox exchange`: what a vehicle and its centre have for each other, over HTTPS (docs/exchange.md)."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import SystemRandom

import click
import sdnotify

from farebox.centre_keys import centre_keys
from farebox.config import Config, load
from farebox.exchange.session import Exchange, Report
from farebox.exchange.watch import watch as keep_watch
from farebox.formats.cose import BENCH_KEY
from farebox.stopping import Stopping
from tariff.calendar import clock_in_japan, day_in_japan
from tools.exits import CheckFailed, message_of
from tools.extra import extra
from tools.options import FILE, json_option

_CONFIG = click.option("--config", "path", type=FILE, required=True, help="The terminal's settings, with [exchange].")


@click.group()
def exchange() -> None:
    """Send sealed segments to the centre, and fetch its bundles and its time. A terminal may be running.

    \b
    farebox exchange once --config farebox.toml      one session, and what came of it
    farebox exchange watch --config farebox.toml     session after session, as a service
    """


@exchange.command()
@_CONFIG
@json_option
def once(path: Path, as_json: bool) -> None:
    """One session: exit 0 if all went through, 1 if something was refused, 74 if the centre was not reached.

    What did get through stays so; the next session goes on from there.

    \b
    farebox exchange once --config /etc/farebox/farebox.toml --json
    """
    config = load(path)
    sessions: list[Exchange] = []
    with _stopping(sessions) as stopping, _bar(config, shown=not as_json) as progress:
        sessions.append(_exchange(config, path, lambda: stopping.asked, progress))
        report = sessions[0].once()
    if as_json:
        click.echo(json.dumps(_facts(report), ensure_ascii=False))
    else:
        _tell(config, report)
    *others, last = _complaints(report) or [""]
    for line in others:
        click.echo(f"farebox: {line}", err=True)
    if report.fault is not None:
        raise report.fault
    if last:
        raise CheckFailed(last)


@exchange.command()
@_CONFIG
@json_option
def watch(path: Path, as_json: bool) -> None:
    """Session after session until it is stopped; without a network for days, it goes on when there is one again.

    \b
    farebox exchange watch --config /etc/farebox/farebox.toml
    """
    config = load(path)
    notify = sdnotify.SystemdNotifier().notify
    last: list[str] = []

    def tell(report: Report) -> None:
        if as_json:
            click.echo(json.dumps(_facts(report), ensure_ascii=False))
            return
        # The same trouble is told once, however many days it lasts.
        lines = _complaints(report)
        if lines != last or report.segments.sent or any(each.version for each in report.bundles):
            _tell(config, report)
            for line in lines:
                click.echo(f"farebox: {line}", err=True)
        last[:] = lines

    sessions: list[Exchange] = []
    with _stopping(sessions) as stopping:
        sessions.append(_exchange(config, path, lambda: stopping.asked, beat=lambda: notify("WATCHDOG=1")))
        assert config.exchange is not None
        keep_watch(
            sessions[0],
            config.exchange.every_s,
            lambda: stopping.asked,
            notify,
            tell,
            SystemRandom().random,
            time.monotonic,
            time.sleep,
        )


def _stopping(sessions: list[Exchange]) -> Stopping:
    """Asked to end, it does not wait for an answer that is under way: whatever was sent, the next start asks."""

    def wake() -> None:
        for session in sessions:
            session.hang_up()

    return Stopping(wake)


def _exchange(
    config: Config,
    path: Path,
    stopping: Callable[[], bool],
    progress: Callable[[int], None] = lambda _: None,
    beat: Callable[[], None] = lambda: None,
) -> Exchange:
    with extra("exchange"):
        from farebox.exchange.setup import exchange_of
    return exchange_of(config, where=str(path), stopping=stopping, progress=progress, beat=beat)


@contextmanager
def _bar(config: Config, *, shown: bool) -> Iterator[Callable[[int], None]]:
    """A progress bar over the bytes that wait, on a terminal."""
    if not shown or not sys.stderr.isatty():
        yield lambda _: None
        return
    files = Path(config.data.journal).glob("*.segment")
    length = sum(file.stat().st_size for file in files if not file.with_suffix(".receipt").exists())
    with click.progressbar(length=length, label="to the centre", file=sys.stderr) as bar:
        yield bar.update


def _tell(config: Config, report: Report) -> None:
    by = " · bench key (模擬)" if config.keys.centre and BENCH_KEY in centre_keys(config.keys.centre) else ""
    for sent in report.segments.sent:
        since = f"{day_in_japan(sent.held.at_s)} {clock_in_japan(sent.held.at_s)}"
        click.echo(f"segment {sent.number}: {sent.size_bytes:,} bytes, held by the centre since {since}{by}")
    for fetched in report.bundles:
        if fetched.version is not None:
            click.echo(f"{fetched.kind}: version {fetched.version} taken{by}")
    click.echo(f"{config.vehicle.id}: segments waiting: {report.waiting}")


def _complaints(report: Report) -> list[str]:
    """All that is not in order, a line each."""
    aside = report.segments.aside
    lines = [f"a segment is damaged, and set aside as {name}; export the journal (docs/journal.md)" for name in aside]
    if report.declined is not None:
        lines.append(f"the centre wants nothing from this vehicle now: {_refusal(*report.declined[:2])}")
    lines += [f"{each.kind} not taken: {_refusal(*each.why[:2])}" for each in report.bundles if each.why is not None]
    if report.segments.why is not None:
        lines.append(f"segment {report.segments.stopped_at} not taken: {_refusal(*report.segments.why[:2])}")
    if report.lost:
        numbers = ", ".join(map(str, report.lost))
        lines.append(f"the centre wants segments that are gone from here: {numbers}; look for them on exported sticks")
    if report.fault is not None:
        lines.append(message_of(report.fault))
    return lines


def _refusal(code: str, detail: str) -> str:
    return f"{code} ({detail})" if detail else code


def _facts(report: Report) -> dict[str, object]:
    why = report.segments.why
    return {
        "done": report.done,
        "centre_s": report.centre_s,
        "sent": [
            {"number": each.number, "bytes": each.size_bytes, "sent_bytes": each.sent_bytes, "held_s": each.held.at_s}
            for each in report.segments.sent
        ],
        "set_aside": report.segments.aside,
        "stopped_at": report.segments.stopped_at,
        "refused": why.code if why else None,
        "declined": report.declined.code if report.declined else None,
        "lost": report.lost,
        "waiting": report.waiting,
        "bundles": [
            {"kind": each.kind.value, "version": each.version, "refused": each.why.code if each.why else None}
            for each in report.bundles
        ],
        "fault": str(report.fault) if report.fault else None,
    }
