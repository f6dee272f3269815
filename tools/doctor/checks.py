"""The terminal itself: whether it runs, how its journal stands, what the centre said last. Nothing is changed."""

from collections.abc import Iterator
from pathlib import Path

from farebox.bundles import BundleStore, signed_by
from farebox.centre_keys import centre_keys
from farebox.config import Config
from farebox.formats.bundle import Kind
from farebox.hotlist import AGES, DAY_S
from farebox.journal.errors import JournalFault
from farebox.journal.reading import Part, look
from farebox.journal.segments import SEGMENT, number_of
from farebox.monitoring.journal_room import room_of
from farebox.monitoring.probe import Probe
from farebox.peripherals.finding import Finding, Level
from reader.keys import KeyStoreFault
from tools.doctor.machine import Machine

NEWEST = 3
"""So many segments are read; `farebox journal verify` reads all."""


def terminal(config: Config, probe: Probe) -> Iterator[Finding]:
    """Whether one runs now, and what it says of itself."""
    about = config.console.socket
    if probe.picture is None:
        yield Finding(
            Level.NOTE,
            "terminal",
            about,
            (f"端末は動いていません（{probe.fault}）", f"no terminal answers ({probe.fault})"),
            ("$ sudo systemctl start farebox.target\n$ journalctl -u farebox -n 50",) * 2,
        )
        return
    ms = f"{probe.took_s * 1_000:.0f} ms"
    yield Finding(Level.OK, "terminal", about, (f"動作中、応答 {ms}", f"it runs, and answers in {ms}"))
    for alarm in probe.picture.alarms:
        bars = any(f"alarm {alarm.code}" == why for why in probe.why_not)
        level = Level.FAIL if bars else Level.NOTE
        fix = ("操作盤と下の指摘を見ます", "see the driver's console, and what is found below")
        yield Finding(level, f"alarm-{alarm.code}", about, alarm.text, fix)


def journal(config: Config) -> Iterator[Finding]:
    """How it stands, by its newest segments."""
    path = Path(config.data.journal)
    room = room_of(path)
    if room is None:
        text = ("まだありません（初回起動で作られます）", "there is none yet: the first start makes it")
        yield Finding(Level.NOTE, "journal", str(path), text)
        return
    if room.rotten:
        fix = (f"$ farebox journal export {path} --to STICK",) * 2
        text = (f"破損したセグメント {room.rotten} 件", f"{room.rotten} segments are set aside as damaged")
        yield Finding(Level.FAIL, "journal-rotten", str(path), text, fix)
    try:
        segments = (file for file in path.iterdir() if number_of(file.name, SEGMENT) is not None)
        # One that is gone by now was held by the centre, and taken away by the exchange.
        parts = [part for file in sorted(segments)[-NEWEST:] if (part := _looked_at(file)) is not None]
    except (OSError, JournalFault) as error:
        text = (f"読めません: {error}", f"can't be read: {error}")
        yield Finding(Level.FAIL, "journal", str(path), text, (f"$ sudo ls -l {path}",) * 2)
        return
    for part in parts:
        if part.problem is not None:
            yield Finding(
                Level.FAIL, "journal", str(path), (part.problem,) * 2, (f"$ farebox journal verify {path}",) * 2
            )
    if all(part.problem is None for part in parts):
        last = parts[-1].found.last_seq if parts else 0
        text = (
            f"最新のセグメント {len(parts)} 件は正常、記録 {last} まで、送信待ち {room.waiting} 件",
            f"its newest {len(parts)} segments hold, up to record {last}; {room.waiting} wait to be sent",
        )
        yield Finding(Level.OK, "journal", str(path), text)


def _looked_at(file: Path) -> Part | None:
    try:
        return look(file)
    except FileNotFoundError:
        return None


def bundles(config: Config, machine: Machine) -> Iterator[Finding]:
    """What the centre said last, and how long ago."""
    if config.data.bundles is None or config.keys.centre is None:
        return
    folder = Path(config.data.bundles)
    try:
        store = BundleStore(folder, signed_by(centre_keys(config.keys.centre)))
    except (KeyStoreFault, OSError) as fault:
        yield Finding(Level.FAIL, "bundle", "keys.centre", (str(fault),) * 2, ("docs/bundles.md",) * 2)
        return
    for kind in Kind:
        found = store.load(kind)
        about = str(folder / f"{kind}.bundle")
        for rejected in found.rejected:
            text = (f"使えません: {rejected.why} {rejected.detail}", f"is not used: {rejected.why}, {rejected.detail}")
            yield Finding(Level.NOTE, "bundle", about, text, ("$ farebox exchange once --config …",) * 2)
        if found.bundle is None:
            text = ("まだありません", "there is none yet")
            level, fix = Level.NOTE, ("$ farebox exchange once --config …",) * 2
        else:
            age_s = machine.wall_s() - found.bundle.made_at_s
            text = (
                f"第{found.bundle.version}版、{age_s / DAY_S:.1f} 日前に作成",
                f"version {found.bundle.version}, made {age_s / DAY_S:.1f} days ago",
            )
            is_old = kind is Kind.HOTLIST and age_s >= AGES.old_s
            level = Level.NOTE if is_old else Level.OK
            fix = ("$ farebox exchange once --config …",) * 2 if is_old else ("", "")
        yield Finding(level, "bundle", about, text, fix)
