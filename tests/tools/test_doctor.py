"""`farebox doctor`: a made machine and a bench's settings are looked at; what is wrong is named with its fix."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from farebox.config import Config, load
from farebox.console.protocol import Alarm, Picture
from farebox.console.server import ConsoleServer
from farebox.journal.log import open_journal
from farebox.monitoring.probe import Probe
from farebox.peripherals.finding import Finding, Level
from farebox.version import RELEASED
from tests.farebox.console.test_protocol import PICTURE
from tests.journal.examples import intent
from tests.tools.cli import Ran, run
from tests.tools.test_service import card, settings
from tools.doctor import checks, disk, key_checks, machine_checks
from tools.doctor.machine import Machine

SECRET = "7c" * 32
NOW_S = datetime(2026, 11, 20, tzinfo=UTC).timestamp()
Call = Callable[..., Ran]


__all__ = ["card"]  # a fixture


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    return lambda *args: run(capsys, monkeypatch, *args)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A Pi where all is well."""
    root = tmp_path / "root"
    for path, text in {
        "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.5\0",
        "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "ondemand\n",
        "usr/lib/systemd/system/farebox.service": "[Service]\nLoadCredential=keys:/etc/farebox/keys\n",
        "etc/farebox/keys": SECRET,
        "dev/gpiochip0": "",
        "usr/share/zoneinfo/Asia/Tokyo": "",
    }.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (root / "etc/farebox/keys").chmod(0o600)
    (root / "etc/localtime").symlink_to("/usr/share/zoneinfo/Asia/Tokyo")
    said = {"vcgencmd": "throttled=0x0", "systemctl": "enabled"}
    return Machine(root, lambda words: said[words[0]], lambda: True, lambda: False, lambda _: True, lambda: NOW_S, {})


def bench(folder: Path, more: str = "", **changed: str) -> Config:
    return load(settings(folder, more, **changed))


def found(findings: Iterator[Finding]) -> dict[str, Level]:
    return {finding.code: finding.level for finding in findings}


def in_words(findings: Iterator[Finding]) -> str:
    return "\n".join("\n".join((*finding.text, *finding.fix)) for finding in findings)


# -- each check


def test_on_a_pi_where_all_is_well_nothing_is_to_be_done(machine: Machine, tmp_path: Path) -> None:
    config = bench(tmp_path, clock="checked", source="credential:keys")
    seen = [
        *(
            *machine_checks.clock(config, machine),
            *machine_checks.devices(config, machine),
            *machine_checks.processor(machine),
        ),
        *(*machine_checks.units(machine), *checks.terminal(config, Probe(replace(PICTURE, alarms=()), "", 0.05))),
    ]
    assert [finding for finding in seen if finding.level is not Level.OK] == []
    assert {"clock", "time-zone", "board", "pins", "throttled", "governor", "unit", "terminal"} == found(
        iter(seen)
    ).keys()


@pytest.mark.parametrize(
    ("changed", "code", "level"),
    [
        ({"by_ntp": lambda: False}, "clock-not-set", Level.NOTE),
        ({"wall_s": lambda: 0.0}, "clock-behind", Level.FAIL),
        ({"by_ntp": lambda: False, "by_rtc": lambda: True}, "clock", Level.OK),
    ],
)
def test_faults_25_who_vouches_for_the_clock(
    machine: Machine, tmp_path: Path, changed: dict[str, Any], code: str, level: Level
) -> None:
    config = bench(tmp_path, clock="checked")
    assert found(machine_checks.clock(config, machine._replace(**changed)))[code] is level


@pytest.mark.parametrize(
    ("said", "named"), [("throttled=0x1", "under voltage"), ("throttled=0x50005", "was throttled")]
)
def test_power_and_heat_of_a_pi(machine: Machine, said: str, named: str) -> None:
    weak = machine._replace(said=lambda _: said)
    assert found(machine_checks.processor(weak))["throttled"] is Level.NOTE
    assert named in in_words(machine_checks.processor(weak))


def test_without_vcgencmd_nothing_is_said_of_power(machine: Machine) -> None:
    assert found(machine_checks.processor(machine._replace(said=lambda _: None))) == {"governor": Level.OK}


@pytest.mark.parametrize(
    ("said", "level"), [("enabled", Level.OK), ("disabled", Level.NOTE), ("", Level.NOTE), (None, Level.NOTE)]
)
def test_whether_it_starts_with_the_machine(machine: Machine, said: str | None, level: Level) -> None:
    assert found(machine_checks.units(machine._replace(said=lambda _: said)))["unit"] is level


def test_keys_are_looked_for_where_the_unit_takes_them_and_never_shown(machine: Machine, tmp_path: Path) -> None:
    config = bench(tmp_path, source="credential:keys")
    assert found(key_checks.keys(config, machine))["key"] is Level.OK
    machine.path("/etc/farebox/keys").chmod(0o640)
    assert (
        "0640" in in_words(key_checks.keys(config, machine))
        and found(key_checks.keys(config, machine))["key"] is Level.FAIL
    )
    machine.path("/etc/farebox/keys").unlink()
    assert found(key_checks.keys(config, machine))["key"] is Level.FAIL
    edited = machine.path("/etc/systemd/system/farebox.service.d/keys.conf")
    edited.parent.mkdir(parents=True)
    edited.write_text("[Service]\nLoadCredential=\nLoadCredentialEncrypted=keys:/etc/farebox/keys.cred\n")
    machine.path("/etc/farebox/keys.cred").write_text("sealed")
    assert found(key_checks.keys(config, machine))["key"] is Level.OK
    assert SECRET not in in_words(key_checks.keys(config, machine))


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_a_key_file_that_others_may_read_is_broken(machine: Machine, tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keys"
    path.write_text(SECRET)
    path.chmod(mode)
    seen = list(key_checks.keys(bench(tmp_path, source=str(path)), machine))
    assert found(iter(seen))["key"] is (Level.OK if mode == 0o600 else Level.FAIL)
    assert SECRET not in in_words(iter(seen))


def test_the_journals_newest_segments_are_read_and_nothing_is_changed(tmp_path: Path) -> None:
    config = bench(tmp_path)
    assert found(checks.journal(config)) == {"journal": Level.NOTE}
    opened = open_journal(config.data.journal).journal
    opened.append(intent(), int(NOW_S))
    opened.seal()
    opened.close()
    before = {path: path.read_bytes() for path in Path(config.data.journal).iterdir()}
    assert found(checks.journal(config)) == {"journal": Level.OK}
    assert {path: path.read_bytes() for path in Path(config.data.journal).iterdir()} == before
    segment = min(before)
    segment.write_bytes(before[segment][:80] + b"\xff" + before[segment][81:])
    assert found(checks.journal(config)) == {"journal": Level.FAIL}
    # As if an exchange had taken it away since the folder was listed.
    segment.unlink()
    segment.symlink_to("gone")
    assert found(checks.journal(config)) == {"journal": Level.OK}


def test_devices_that_the_settings_name_must_be_there(machine: Machine, tmp_path: Path) -> None:
    config = bench(tmp_path, '[notes]\nacceptor = "/dev/ttyUSB2"\n')
    assert found(machine_checks.devices(config, machine))["device"] is Level.FAIL
    machine.path("/dev/ttyUSB2").write_text("")
    assert found(machine_checks.devices(config, machine))["device"] is Level.OK


def test_a_folder_of_pictures_is_no_device_that_could_be_missing(machine: Machine, tmp_path: Path) -> None:
    config = bench(tmp_path, f'[slips]\nprinter = "folder:{tmp_path}/slips"\n')
    assert "device" not in found(machine_checks.devices(config, machine))


def test_alarms_of_the_terminal_are_told_and_those_that_bar_fares_are_broken(tmp_path: Path) -> None:
    config = bench(tmp_path)
    alarms = tuple(Alarm(code, ("故障", "fault")) for code in ("clock", "reader-boarding"))
    probe = Probe(replace(PICTURE, alarms=alarms), "", 0.01)
    assert found(checks.terminal(config, probe)) == {
        "terminal": Level.OK,
        "alarm-clock": Level.NOTE,
        "alarm-reader-boarding": Level.FAIL,
    }


@pytest.mark.parametrize(("took_ms", "level"), [(4, Level.OK), (80, Level.NOTE), (900, Level.FAIL)])
def test_a_flush_is_measured_by_the_clock_that_is_given(tmp_path: Path, took_ms: int, level: Level) -> None:
    ticks = count(0, took_ms / 1_000)
    flushes = disk.measure(tmp_path, lambda _: None, lambda: next(ticks))
    assert flushes.p50_ms == pytest.approx(took_ms) and disk.judge_flushes(tmp_path, flushes).level is level
    assert list(tmp_path.iterdir()) == []


def test_an_sd_card_does_not_tell_its_wear_an_emmc_does(machine: Machine, tmp_path: Path) -> None:
    number = tmp_path.stat().st_dev
    node = machine.path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}")
    node.parent.mkdir(parents=True)
    node.symlink_to("../../devices/mmc0/block/mmcblk0/mmcblk0p2")
    machine.path("/sys/devices/mmc0/block/mmcblk0/mmcblk0p2").mkdir(parents=True)
    assert "industrial" in in_words(disk.wear(tmp_path, machine))
    life = machine.path("/sys/block/mmcblk0/device/life_time")
    life.parent.mkdir(parents=True)
    life.write_text("0x02 0x09\n")
    assert found(disk.wear(tmp_path, machine)) == {"wear": Level.NOTE} and "90 %" in in_words(
        disk.wear(tmp_path, machine)
    )


# -- the command


@pytest.mark.usefixtures("card")
@pytest.mark.parametrize(("language", "said"), [("en", "a flush takes"), ("ja", "書込の確定")])
def test_a_bench_has_nothing_that_is_broken(tmp_path: Path, call: Call, language: str, said: str) -> None:
    told = call("doctor", "--config", settings(tmp_path), "--lang", language)
    assert (told.code, told.err) == (0, "")
    assert said in " ".join(told.out.split()) and "模擬" in told.out
    assert not list(tmp_path.glob(".doctor-*"))


@pytest.mark.usefixtures("card")
def test_what_is_broken_is_counted_and_exits_1(tmp_path: Path, call: Call) -> None:
    told = call("doctor", "--config", settings(tmp_path, journal="/nowhere/journal"), "--json", "--lang", "en")
    lines = [json.loads(line) for line in told.out.splitlines()]
    broken = {line["code"] for line in lines if line["level"] == "broken"}
    assert told.code == 1 and broken == {"setting", "disk"}
    assert all(line["fix"]["ja"] and line["fix"]["en"] for line in lines if line["level"] == "broken")
    assert told.err.startswith("farebox: 2 broken")


def test_settings_that_cant_be_read_are_told_as_by_the_check(tmp_path: Path, call: Call) -> None:
    (tmp_path / "farebox.toml").write_text("[vehicle]\n")
    assert call("doctor", "--config", tmp_path / "farebox.toml").code == 78


def test_a_running_terminal_keeps_its_readers(tmp_path: Path, call: Call) -> None:
    path = settings(tmp_path, entry="usb")
    server = ConsoleServer(tmp_path / "console")
    quiet: Picture = replace(PICTURE, alarms=())
    server.publish(quiet)
    over = threading.Event()
    loop = threading.Thread(target=lambda: [server.commands() for _ in iter(over.is_set, True)])
    loop.start()
    told = call("doctor", "--config", path, "--json")
    over.set()
    loop.join()
    server.close()
    (reader,) = [json.loads(line) for line in told.out.splitlines() if '"part": "readers"' in line]
    assert reader["level"] == "ok" and reader["about"] == "usb"


def test_the_release_is_past() -> None:
    assert datetime.fromtimestamp(NOW_S, UTC).date() > RELEASED
