"""The machine around the terminal: clock, what is wired besides readers, power, whether the service starts with it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from farebox.config import SIMULATED, ClockSource, Config
from farebox.peripherals.finding import Finding, Level
from farebox.version import RELEASED
from tools.doctor.machine import Machine


def clock(config: Config, machine: Machine) -> Iterator[Finding]:
    """Who vouches for the time."""
    now = datetime.fromtimestamp(machine.wall_s(), UTC)
    if config.clock.source is ClockSource.GIVEN:
        text = ("時計の保証は要りません（模擬）", "nobody has to vouch for it (模擬)")
        yield Finding(Level.NOTE, "clock-given", "clock.source", text, ('source = "checked"',) * 2)
    elif now.date() < RELEASED:
        text = (f"{now:%Y-%m-%d} は過去です", f"it stands at {now:%Y-%m-%d}, which is past")
        yield Finding(Level.FAIL, "clock-behind", "clock", text, ("$ timedatectl status",) * 2)
    elif machine.by_ntp() or machine.by_rtc():
        who = "NTP" if machine.by_ntp() else "RTC"
        yield Finding(Level.OK, "clock", "clock", (f"{who} が保証", f"{who} vouches for it"))
    else:
        yield Finding(
            Level.NOTE,
            "clock-not-set",
            "clock",
            ("誰も保証していません。定期券は使えません", "nobody vouches for it: no passes until somebody does"),
            (
                "RTC を付けるか（install_on_the_pi.md）、ネットワークにつなぎます\n$ timedatectl status",
                "fit an RTC (install_on_the_pi.md), or connect it to a network\n$ timedatectl status",
            ),
        )
    zone = machine.path("/etc/localtime")
    named = str(zone.readlink()).partition("zoneinfo/")[2] if zone.is_symlink() else ""
    if named != "Asia/Tokyo":
        text = (
            f"タイムゾーン {named or 'UTC'}（運賃は日本時間で計算。記録の表示だけの違い）",
            f"time zone {named or 'UTC'}: fares go by Japan's all the same, logs are shown in this one",
        )
        yield Finding(
            Level.NOTE, "time-zone", "/etc/localtime", text, ("$ sudo timedatectl set-timezone Asia/Tokyo",) * 2
        )
    else:
        yield Finding(Level.OK, "time-zone", "/etc/localtime", (named, named))


def devices(config: Config, machine: Machine) -> Iterator[Finding]:
    """What is wired besides readers: there, and ours to use. Nothing is opened: a process may have it."""
    named: dict[str, str | None] = {"notes.acceptor": config.notes.acceptor, "inputs.gps": config.inputs.gps}
    if config.slips is not None:
        kind, _, path = config.slips.printer.partition(":")
        named["slips.printer"] = path if kind != "folder" else None
    for setting, device in named.items():
        if device is not None and device != SIMULATED:
            yield _device(setting, machine.path(device), device, machine)
    model = machine.text("/proc/device-tree/model")
    if model.startswith("Raspberry Pi"):
        yield Finding(Level.OK, "board", "machine", (model, model))
        chips = sorted(machine.path("/dev").glob("gpiochip*"))
        if any(map(machine.may_use, chips)):
            yield Finding(Level.OK, "pins", "/dev/gpiochip*", (f"{len(chips)} 個", f"{len(chips)} chips"))
        else:
            text = ("使えません", "not ours to use, or not there")
            yield Finding(Level.FAIL, "pins", "/dev/gpiochip*", text, ("$ sudo usermod -aG gpio farebox",) * 2)
    else:
        text = (
            "Raspberry Pi ではありません（ブザーとランプは表示のみ）",
            "no Raspberry Pi: sounds and lamps are printed",
        )
        yield Finding(Level.NOTE, "board", "machine", text)


def _device(setting: str, path: Path, name: str, machine: Machine) -> Finding:
    if not path.exists():
        text = (f"{name} がありません", f"{name} is not there")
        fix = (
            "ケーブルと名前を確認します\n$ ls -l /dev/serial/by-id",
            "see its cable and its name\n$ ls -l /dev/serial/by-id",
        )
        return Finding(Level.FAIL, "device", setting, text, fix)
    if path.is_char_device() and not machine.may_use(path):
        text = (f"{name} を使う権限がありません", f"{name} is not ours to use")
        return Finding(Level.FAIL, "device", setting, text, ("$ sudo usermod -aG dialout farebox",) * 2)
    return Finding(Level.OK, "device", setting, (f"{name} があります", f"{name} is there"))


_THROTTLED = {0: "under voltage", 1: "frequency capped", 2: "throttled", 3: "hot", 16: "was under voltage",
              17: "was capped", 18: "was throttled", 19: "was hot"}  # fmt: skip
"""Bits of `vcgencmd get_throttled`, by the Raspberry Pi's documentation."""


def processor(machine: Machine) -> Iterator[Finding]:
    """Power and heat of a Pi, and the governor: a sleepy processor wakes too late for a tap."""
    said = machine.said(["vcgencmd", "get_throttled"])
    if said and said.startswith("throttled=0x"):
        bits = int(said.removeprefix("throttled="), 16)
        told = ", ".join(text for bit, text in _THROTTLED.items() if bits >> bit & 1)
        if told:
            fix = ("電源（5 V 3 A 以上）と冷却を確認します", "see its power supply (5 V, 3 A or more) and its cooling")
            yield Finding(Level.NOTE, "throttled", "vcgencmd", (told, told), fix)
        else:
            text = ("電源・温度とも正常", "it had power and was cool since it started")
            yield Finding(Level.OK, "throttled", "vcgencmd", text)
    governor = machine.text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    if governor == "powersave":
        fix = ("$ echo ondemand | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor",) * 2
        yield Finding(Level.NOTE, "governor", "cpufreq", (governor, governor), fix)
    elif governor:
        yield Finding(Level.OK, "governor", "cpufreq", (governor, governor))


def units(machine: Machine) -> Iterator[Finding]:
    """Whether the service begins when the machine does."""
    said = machine.said(["systemctl", "is-enabled", "farebox.target"])
    if said == "enabled":
        yield Finding(Level.OK, "unit", "farebox.target", ("起動時に始まります", "starts with the machine"))
    elif said is None or (not said and not machine.path("/run/systemd/system").exists()):
        text = ("systemd がありません", "there is no systemd here")
        yield Finding(Level.NOTE, "unit", "farebox.target", text)
    else:
        text = (
            f"起動時に始まりません（{said or '不明'}）",
            f"does not start with the machine ({said or 'not installed'})",
        )
        yield Finding(Level.NOTE, "unit", "farebox.target", text, ("$ sudo systemctl enable --now farebox.target",) * 2)
