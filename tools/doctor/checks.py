"""What the doctor looks at besides readers and disk: each check gives findings, and changes nothing."""

import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from farebox.bundles import BundleStore, signed_by
from farebox.centre_keys import centre_keys
from farebox.config import BENCH_KEYS, SIMULATED, ClockSource, Config
from farebox.formats.bundle import Kind
from farebox.hotlist import AGES, DAY_S
from farebox.journal.errors import JournalFault
from farebox.journal.reading import look
from farebox.journal.segments import SEGMENT, number_of
from farebox.monitoring.journal_room import room_of
from farebox.monitoring.probe import Probe
from farebox.peripherals.finding import Finding, Level
from farebox.version import RELEASED
from reader.keys import CREDENTIAL, KeyStoreFault, secrets_from
from tools.doctor.machine import Machine

NEWEST = 3
"""So many segments are read; `farebox journal verify` reads all."""
_UNIT = "farebox.service"
_UNIT_FOLDERS = ("/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")


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
        fix = ("運転士の画面と下の指摘を見ます", "see the driver's console, and what is found below")
        yield Finding(level, f"alarm-{alarm.code}", about, alarm.text, fix)


def clock(config: Config, machine: Machine) -> Iterator[Finding]:
    """Who vouches for the time."""
    now = datetime.fromtimestamp(machine.wall_s(), UTC)
    if config.clock.source is ClockSource.GIVEN:
        text = ("時計は確認されません（模擬）", "nobody has to vouch for it (模擬)")
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
            f"時間帯 {named or 'UTC'}（運賃は日本時間で計算。記録の表示だけの違い）",
            f"time zone {named or 'UTC'}: fares go by Japan's all the same, logs are shown in this one",
        )
        yield Finding(
            Level.NOTE, "time-zone", "/etc/localtime", text, ("$ sudo timedatectl set-timezone Asia/Tokyo",) * 2
        )
    else:
        yield Finding(Level.OK, "time-zone", "/etc/localtime", (named, named))


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
        text = (f"破損ファイル {room.rotten} 件", f"{room.rotten} segments are set aside as damaged")
        yield Finding(Level.FAIL, "journal-rotten", str(path), text, fix)
    try:
        newest = sorted(file for file in path.iterdir() if number_of(file.name, SEGMENT) is not None)[-NEWEST:]
        parts = [look(file) for file in newest]
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
            f"最新 {len(parts)} 区間は正常、記録 {last} まで、送信待ち {room.waiting}",
            f"its newest {len(parts)} segments hold, up to record {last}; {room.waiting} wait to be sent",
        )
        yield Finding(Level.OK, "journal", str(path), text)


def keys(config: Config, machine: Machine) -> Iterator[Finding]:
    """Present, and nobody else's to read. What they are is not shown."""
    named = {"keys.source": config.keys.source, "keys.sealing": config.keys.sealing}
    if config.exchange is not None:
        named["exchange.token"] = config.exchange.token
    for setting, where in named.items():
        if where == BENCH_KEYS:
            text = ("検証用の公開鍵です（模擬）", "the public bench key (模擬)")
            yield Finding(Level.NOTE, "bench-key", setting, text, ("docs/keys.md",) * 2)
        elif where.startswith(CREDENTIAL) and "CREDENTIALS_DIRECTORY" not in machine.environ:
            yield _credential(setting, where.removeprefix(CREDENTIAL), machine)
        else:
            yield _key_file(setting, where)


def _key_file(setting: str, where: str) -> Finding:
    try:
        versions = ", ".join(map(str, sorted(secrets_from(where))))
    except (KeyStoreFault, OSError) as fault:
        return Finding(Level.FAIL, "key", setting, (str(fault),) * 2, ("docs/keys.md",) * 2)
    return Finding(Level.OK, "key", setting, (f"{where}、版 {versions}", f"{where}, version {versions}"))


def _credential(setting: str, name: str, machine: Machine) -> Finding:
    """Where the unit takes it from; only the service itself sees the credential."""
    source = _unit_credentials(machine).get(name)
    if source is None:
        fix = (f"$ sudo systemctl edit {_UNIT}   # LoadCredential={name}:/etc/farebox/{name}",) * 2
        text = (f"ユニットに {name} がありません", f"no unit loads a credential {name}")
        return Finding(Level.FAIL, "key", setting, text, fix)
    encrypted, path = source
    fix = (f"$ sudo install -m 600 {name} {path}",) * 2
    try:
        about = machine.path(path).stat()
    except OSError as error:
        text = (f"{path} がありません（{error.strerror}）", f"{path} is not there ({error.strerror})")
        return Finding(Level.FAIL, "key", setting, text, fix)
    if not encrypted and stat.S_IMODE(about.st_mode) & 0o077:
        mode = f"{stat.S_IMODE(about.st_mode):04o}"
        text = (f"{path} は他人も読めます（{mode}）", f"{path}: others may read it ({mode})")
        return Finding(Level.FAIL, "key", setting, text, (f"$ sudo chmod 600 {path}",) * 2)
    return Finding(Level.OK, "key", setting, (f"{path}（中身は表示しません）", f"{path} (what it holds is not shown)"))


def _unit_credentials(machine: Machine) -> dict[str, tuple[bool, str]]:
    """Name -> whether it is encrypted, and where from; by the unit and what was edited over it."""
    found: dict[str, tuple[bool, str]] = {}
    for unit in (_UNIT, "farebox-exchange.service"):
        files = [f"{folder}/{unit}" for folder in _UNIT_FOLDERS]
        whole = next((name for name in files if machine.path(name).exists()), None)
        edits = sorted(machine.path(f"/etc/systemd/system/{unit}.d").glob("*.conf"))
        for name in (*([whole] if whole else []), *(f"/{file.relative_to(machine.root)}" for file in edits)):
            for line in machine.text(name).splitlines():
                setting, _, said = line.partition("=")
                if setting in ("LoadCredential", "LoadCredentialEncrypted"):
                    credential, _, path = said.partition(":")
                    found[credential] = (setting.endswith("Encrypted"), path)
    return found


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
            text = (f"{age_s / DAY_S:.1f} 日前", f"version {found.bundle.version}, made {age_s / DAY_S:.1f} days ago")
            is_old = kind is Kind.HOTLIST and age_s >= AGES.old_s
            level = Level.NOTE if is_old else Level.OK
            fix = ("$ farebox exchange once --config …",) * 2 if is_old else ("", "")
        yield Finding(level, "bundle", about, text, fix)


def devices(config: Config, machine: Machine) -> Iterator[Finding]:
    """What is wired besides readers: there, and ours to use. Nothing is opened: a process may have it."""
    named: dict[str, str | None] = {"notes.acceptor": config.notes.acceptor, "inputs.gps": config.inputs.gps}
    if config.slips is not None:
        named["slips.printer"] = config.slips.printer.partition(":")[2] if ":" in config.slips.printer else None
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
