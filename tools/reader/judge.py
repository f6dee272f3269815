"""What the facts mean, and what to do about each: pure. Japanese and English side by side."""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from tools.reader.facts import Facts, Node, SerialLine, UsbReader
from tools.reader.known import GRABBING_MODULES, RULE_NAME
from tools.reader.measure import Measured, Times

Both = tuple[str, str]
"""Japanese, English."""

_NOTHING: Both = ("", "")
SLOW_LINE_BAUD = 115_200
_USB_ROUND_TRIP_MS, _HOST_MS = 8.0, 4.0
_ROUND_TRIP_BYTES = 28
"""Asking a PN532 for its firmware: 9 bytes there, an acknowledgement of 6 and an answer of 13 back; ten bits a byte."""
_POLL_MS = 120.0
"""Two systems, two time slots each; a chip that repeats its polls takes longer."""
_READ_MS = 40.0
_FTDI_LATENCY_MS = 1


class Level(StrEnum):
    """How bad it is. A NOTE fails nothing."""

    OK = "ok"
    NOTE = "note"
    FAIL = "fail"


class Finding(NamedTuple):
    """One thing that was looked at. `code` is for machines and never translated.

    `fix` is empty where all is well, else one step a line; `$ ` leads a command. `reader` is whose finding it is: None
    for the machine's own, or of the reader that was opened.
    """

    level: Level
    code: str
    about: str
    text: Both
    fix: Both = _NOTHING
    reader: UsbReader | SerialLine | None = None


class Opened(NamedTuple):
    """A reader that was tried. `fault`: why it can't be opened; `speed_baud` and `simulated` are a serial line's."""

    spec: str
    fault: str = ""
    speed_baud: int | None = None
    simulated: bool = False


def judge_machine(facts: Facts) -> tuple[Finding, ...]:
    """What can be said without opening anything."""
    return (
        *_libusb(facts),
        *(found._replace(reader=usb) for usb in facts.usb for found in _usb(usb, facts)),
        *(found._replace(reader=line) for line in facts.serial for found in _line(line, facts)),
    )


_STOP_PCSCD = "$ sudo systemctl disable --now pcscd.socket pcscd"
_INSTALL = "$ sudo apt-get install libusb-1.0-0"
_WRITE_RULE = f"$ sudo farebox reader doctor --write-udev-rule /etc/udev/rules.d/{RULE_NAME}"


def _libusb(facts: Facts) -> Iterator[Finding]:
    if facts.has_libusb:
        yield Finding(Level.OK, "libusb", "libusb-1.0", ("使えます", "is there"))
    elif facts.usb:
        yield Finding(
            Level.FAIL,
            "libusb",
            "libusb-1.0",
            ("USBリーダーに必要なライブラリーがありません", "the library that USB readers need is missing"),
            (f"{_INSTALL}\nまたは make system-deps", f"{_INSTALL}\nor make system-deps"),
        )
    else:
        yield Finding(
            Level.NOTE,
            "libusb",
            "libusb-1.0",
            ("ありません（シリアル接続だけなら不要）", "is missing (a serial reader does without)"),
            (f"USBなら\n{_INSTALL}", f"for USB:\n{_INSTALL}"),
        )


def _usb(usb: UsbReader, facts: Facts) -> Iterator[Finding]:
    about = f"{usb.spec} {usb.model.name}"
    yield Finding(
        Level.OK,
        "usb-reader",
        about,
        (f"バス {usb.bus:03} 機器 {usb.device:03}", f"bus {usb.bus:03} device {usb.device:03}"),
    )
    if not usb.model.driver:
        yield Finding(
            Level.NOTE,
            "no-driver",
            about,
            ("nfcpy では使えず、PC/SC 経由で使います", "nfcpy has no driver for it; PC/SC has"),
            (
                "pcscd を動かし、--reader pcsc とします（docs/readers.md）",
                "have pcscd run, and use --reader pcsc (docs/readers.md)",
            ),
        )
        return
    yield from _access(usb.node, about, facts, "plugdev", _PASS_USB_IN, has_rule=usb.has_rule)
    if not usb.has_rule:
        yield Finding(
            Level.NOTE,
            "udev-rule",
            about,
            (
                "udev ルールがありません（抜き差しすると権限が戻ります）",
                "no udev rule names it: its permissions last until it is replugged",
            ),
            (_WRITE_RULE, _WRITE_RULE),
        )
    if usb.kernel_driver not in ("", "usbfs"):
        yield Finding(
            Level.FAIL,
            "kernel-driver",
            about,
            (
                f"カーネルのドライバー {usb.kernel_driver} が占有しています",
                f"the kernel's driver {usb.kernel_driver} holds it",
            ),
            _blacklist(usb.kernel_driver),
        )
    elif grabs := sorted(facts.modules.intersection(GRABBING_MODULES)):
        named = ", ".join(grabs)
        yield Finding(
            Level.NOTE,
            "kernel-module",
            about,
            (
                f"カーネルモジュール {named} があり、占有することがあります",
                f"the kernel module {named} is loaded, and may take it",
            ),
            _blacklist(*grabs),
        )
    if facts.pcscd_runs:
        yield Finding(
            Level.NOTE,
            "pcscd",
            about,
            ("pcscd が動いていて、占有することがあります", "pcscd runs, and may hold it"),
            (
                f"PC/SC を使わないなら\n{_STOP_PCSCD}",
                f"unless you use PC/SC:\n{_STOP_PCSCD}",
            ),
        )


def _blacklist(*modules: str) -> Both:
    lines = "\\n".join(f"blacklist {module}" for module in modules)
    forbid = f"$ printf '{lines}\\n' | sudo tee /etc/modprobe.d/farebox.conf"
    return (f"{forbid}\n$ sudo modprobe -r {' '.join(modules)}",) * 2


_PASS_USB_IN: Both = (
    "コンテナーなら /dev/bus/usb を渡します。そうでなければ udev を確認",
    "in a container, pass /dev/bus/usb in; else check that udev runs",
)
_NAME_ANOTHER_LINE: Both = (
    "配線と名前を確認します（farebox reader list で一覧）。コンテナーなら --device で渡します",
    "check the cable and the name (`farebox reader list` shows all); in a container, pass it in by --device",
)


def _access(
    node: Node | None, about: str, facts: Facts, group: str, if_missing: Both, *, has_rule: bool = True
) -> Iterator[Finding]:
    if node is None:
        yield Finding(
            Level.FAIL,
            "device-node",
            about,
            ("/dev にデバイスファイルがありません", "it has no file in /dev"),
            if_missing,
        )
        return
    mode = f"{node.path} {node.mode:04o} {node.owner}:{node.group}"
    if node.usable:
        yield Finding(
            Level.OK, "permission", about, (f"{mode}、{facts.user} は使えます", f"{mode}, {facts.user} may use it")
        )
        return
    yield Finding(
        Level.FAIL,
        "permission",
        about,
        (
            f"{mode}、{facts.user}（{', '.join(facts.groups)}）は使えません",
            f"{mode}: {facts.user} ({', '.join(facts.groups)}) may not use it",
        ),
        _permission_fix(node, facts, group, has_rule),
    )


def _permission_fix(node: Node, facts: Facts, group: str, has_rule: bool) -> Both:
    join = f"$ sudo usermod -aG {group} {facts.user}"
    if not has_rule:
        both = f"{_WRITE_RULE}\n{join}"
        return (f"{both}\n再ログインして挿し直します", f"{both}\nlog in again and replug it")
    if node.group == group and group not in facts.groups:
        return (f"{join}\n再ログインします", f"{join}\nlog in again")
    return (f"$ sudo chgrp {group} {node.path}\n$ sudo chmod 660 {node.path}",) * 2


def _line(line: SerialLine, facts: Facts) -> Iterator[Finding]:
    about = line.spec
    yield Finding(Level.OK, "serial-line", about, (line.what or "シリアルポート", line.what or "a serial line"))
    if _is_held_slow(line.path, facts.board):
        yield Finding(
            Level.NOTE,
            "mini-uart",
            about,
            ("Raspberry Pi の ttyS0 は 115200 baud 固定です", "a Raspberry Pi's ttyS0 is held at 115200 baud"),
            _USE_AMA0,
        )
    if line.latency_ms is not None and line.latency_ms > _FTDI_LATENCY_MS:
        yield Finding(
            Level.NOTE,
            "latency-timer",
            about,
            (
                f"USB変換器が {line.latency_ms} ms 待ちます",
                f"its USB converter waits {line.latency_ms} ms before each answer",
            ),
            _latency_fix(line),
        )


_USE_AMA0: Both = (
    "/boot/firmware/config.txt に dtoverlay=disable-bt（または miniuart-bt）を書き、再起動して tty:/dev/ttyAMA0 を使う",
    "put dtoverlay=disable-bt (or miniuart-bt) into /boot/firmware/config.txt, restart, and use tty:/dev/ttyAMA0",
)


def _is_held_slow(path: str, board: str) -> bool:
    return board.startswith("Raspberry Pi") and path == "/dev/ttyS0"


def _latency_fix(line: SerialLine) -> Both:
    name = line.path.rpartition("/")[2]
    return (f"$ echo 1 | sudo tee /sys/class/tty/{name}/device/latency_timer",) * 2


def judge_line(spec: str, facts: Facts, node: Node | None) -> tuple[Finding, ...]:
    """Whether the line that was asked for may be used."""
    return tuple(_access(node, spec, facts, "dialout", _NAME_ANOTHER_LINE))


def judge_opened(opened: Opened, measured: Measured | None, facts: Facts) -> tuple[Finding, ...]:
    """The reader that was tried, and how fast it is."""
    if measured is None:
        return (
            Finding(
                Level.FAIL,
                "cannot-open",
                opened.spec,
                (f"開けません: {opened.fault}", f"can't be opened: {opened.fault}"),
                (
                    "上の指摘を先に直します。ほかのプログラムが使っていれば終了します",
                    "mend what is found above first; end any other program that uses it",
                ),
            ),
        )
    return (*_how_it_opened(opened, measured, facts), *_how_it_does(opened, measured))


def _how_it_opened(opened: Opened, measured: Measured, facts: Facts) -> Iterator[Finding]:
    simulated = opened.simulated or "模擬" in measured.chip
    mark = ("【模擬】", "[模擬 simulated] ") if simulated else _NOTHING
    if measured.chip:
        yield Finding(Level.OK, "chip", opened.spec, (mark[0] + measured.chip, mark[1] + measured.chip))
    if opened.speed_baud is None:
        return
    baud = f"{opened.speed_baud} baud"
    if opened.speed_baud > SLOW_LINE_BAUD:
        yield Finding(Level.OK, "baud", opened.spec, (baud, baud))
    elif _is_held_slow(opened.spec.removeprefix("tty:"), facts.board):
        yield Finding(Level.FAIL, "baud", opened.spec, (f"{baud}: 遅い", f"{baud} is slow"), _USE_AMA0)
    else:
        yield Finding(
            Level.NOTE,
            "baud",
            opened.spec,
            (
                f"{baud}: 1回のタッチに 30 ms ほど余分にかかります",
                f"{baud}: about 30 ms more for each tap than at 921600",
            ),
            (
                "高速なUSB変換器か Pi の ttyAMA0 につなぎます",
                "connect it by a faster USB converter, or to a Pi's ttyAMA0",
            ),
        )


def _how_it_does(opened: Opened, measured: Measured) -> Iterator[Finding]:
    if measured.round_trip:
        yield _timed("round-trip", opened, ("往復", "round trip"), measured.round_trip, _expected_round_trip_ms(opened))
    if measured.poll:
        yield _timed("poll", opened, ("ポーリング（2方式）", "poll of two systems"), measured.poll, _POLL_MS)
    if measured.two_cards:
        yield Finding(
            Level.NOTE,
            "card",
            opened.spec,
            ("カードが2枚あります", "two cards lie there"),
            ("1枚だけ置きます", "lay one only"),
        )
    elif measured.card:
        which = f"IDm *{measured.card.idm.hex().upper()[-4:]}, system {measured.card.system_code:04X}"
        yield Finding(Level.OK, "card", opened.spec, (f"カードがあります（{which}）", f"a card lies there ({which})"))
    elif measured.poll:
        yield Finding(
            Level.NOTE,
            "card",
            opened.spec,
            ("カードがありません", "no card lies there"),
            ("カードを置くと読取時間も測ります", "lay a card, and its reading is measured too"),
        )
    if measured.read:
        yield _timed("read", opened, ("1ブロックの読取", "read of one block"), measured.read, _READ_MS)
    if measured.fault:
        yield Finding(
            Level.FAIL,
            "reader-fault",
            opened.spec,
            (f"測定中に故障: {measured.fault.what}", f"it failed while it was measured: {measured.fault.what}"),
            (
                "ケーブルと電源（ハブなら給電式）を確認し、もう一度",
                "check the cable and the power (a hub with its own), then try again",
            ),
        )


def _expected_round_trip_ms(opened: Opened) -> float:
    if not _is_line(opened):
        return _USB_ROUND_TRIP_MS
    return _HOST_MS + _ROUND_TRIP_BYTES * 10_000 / (opened.speed_baud or SLOW_LINE_BAUD)


def _is_line(opened: Opened) -> bool:
    return opened.spec.startswith("tty:")


def _timed(code: str, opened: Opened, what: Both, times: Times, most_ms: float) -> Finding:
    spread = f"{times.least_ms:.2f} / {times.median_ms:.2f} / {times.p99_ms:.2f} ms"
    text = (
        f"{what[0]} 最小 / 中央 / p99 {spread}（目安 {most_ms:.1f} ms 以下）",
        f"{what[1]}: least / median / p99 {spread} (up to {most_ms:.1f} ms is to be expected)",
    )
    if times.median_ms <= most_ms:
        return Finding(Level.OK, code, opened.spec, text)
    fix = (
        (
            "回線速度と変換器の latency_timer を確認し、ほかの負荷を止めます",
            "see the line's speed and its converter's latency_timer, and stop what else is busy",
        )
        if _is_line(opened)
        else (
            "別のUSBポートか給電式ハブに挿し、ほかの負荷を止めます",
            "use another USB port or a powered hub, and stop what else is busy",
        )
    )
    return Finding(Level.FAIL, code, opened.spec, text, fix)


NO_READER = Finding(
    Level.FAIL,
    "no-reader",
    "-",
    ("リーダーが見つかりません", "no card reader was found"),
    (
        "挿してください。シリアル接続の PN532 は --reader tty:/dev/ttyAMA0 のように名指しします",
        "plug one in; a PN532 on a serial line is to be named, as in --reader tty:/dev/ttyAMA0",
    ),
)
