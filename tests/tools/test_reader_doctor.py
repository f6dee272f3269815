"""`farebox reader`: a made machine is looked at, what ails it is named, and so is the fix; then a simulated reader."""

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import click
import pytest
from rich.cells import cell_len

from cardimage.felica_card import FelicaCard
from cardimage.issue import issue
from reader.keys import bench_keys
from reader.port import PollOutcome, ReaderFault
from sim.hardware.field import CardField, FieldPort
from sim.hardware.pn532 import Pn532
from tariff.account import Account
from tests.cardimage.accounts import IDM
from tests.reader.plugged import HUNG_READER, IDLE_READER, plug_in
from tests.tools.cli import Ran, run
from tools.exits import Exit
from tools.reader.facts import Facts, Machine, Node, SerialLine, UsbReader, gather, line_speed, meant_by
from tools.reader.judge import Finding, Level, Opened, judge_line, judge_machine, judge_opened
from tools.reader.known import MODELS, RULE_NAME, model_of, udev_rule
from tools.reader.measure import Measured, Times, measure


class MadeMachine:
    """Files in the places where Linux keeps them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.usable = True
        self.has_libusb = True
        self.ports: list[tuple[str, str]] = []
        for folder in ("sys/bus/usb/devices", "dev", "proc", "rules"):
            (root / folder).mkdir(parents=True)

    def put(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def plug_in(self, ids: str, kernel_driver: str = "", *, node: bool = True) -> None:
        vendor, product = ids.split(":")
        for name, value in (("idVendor", vendor), ("idProduct", product), ("busnum", "1"), ("devnum", "5")):
            self.put(f"sys/bus/usb/devices/1-1.2/{name}", f"{value}\n")
        if kernel_driver:
            (self.root / "drivers" / kernel_driver).mkdir(parents=True)
            interface = self.root / "sys/bus/usb/devices/1-1.2:1.0"
            interface.mkdir()
            (interface / "driver").symlink_to(self.root / "drivers" / kernel_driver)
        if node:
            self.put("dev/bus/usb/001/005", "").chmod(0o600)

    def _load(self, name: str) -> None:
        if not self.has_libusb:
            raise OSError(f"{name}: cannot open shared object file")

    def facts(self) -> Facts:
        root = self.root
        return gather(
            Machine(
                root / "sys", root / "dev", root / "proc", (root / "rules", root / "none"),
                lambda: self.ports, lambda _path: self.usable, self._load,
            )
        )  # fmt: skip

    def findings(self) -> dict[str, Finding]:
        return {finding.code: finding for finding in judge_machine(self.facts())}

    def codes(self) -> dict[str, Level]:
        return {code: finding.level for code, finding in self.findings().items()}


ROOT = Path(__file__).parents[2]


@pytest.fixture
def made(tmp_path: Path) -> MadeMachine:
    return MadeMachine(tmp_path / "machine")


TTYUSB0 = "sys/class/tty/ttyUSB0/device"

# -- what is found, and what is made of it


def test_a_bare_machine_has_no_reader(made: MadeMachine) -> None:
    facts = made.facts()
    assert (facts.usb, facts.serial, facts.modules, facts.pcscd_runs, facts.board) == ((), (), frozenset(), False, "")
    assert made.codes() == {"libusb": Level.OK}


def test_a_reader_in_order_is_named_as_the_command_line_takes_it(made: MadeMachine) -> None:
    made.plug_in("054c:06c3")
    made.put(f"rules/{RULE_NAME}", udev_rule())
    (usb,) = made.facts().usb
    assert (usb.spec, usb.model.name, usb.bus, usb.device) == ("usb:054c:06c3", "Sony RC-S380/P", 1, 5)
    assert made.codes() == {"libusb": Level.OK, "usb-reader": Level.OK, "permission": Level.OK}


def test_nfcpys_own_claim_is_no_kernel_driver(made: MadeMachine) -> None:
    made.plug_in("054c:06c3", "usbfs")
    assert "kernel-driver" not in made.codes()


@pytest.mark.parametrize("ids", ["046d:c52b", "054c:0000"])
def test_a_device_that_is_no_reader_is_none(made: MadeMachine, ids: str) -> None:
    made.plug_in(ids)
    assert made.facts().usb == ()


def test_a_device_whose_files_are_odd_is_passed_over(made: MadeMachine) -> None:
    made.plug_in("054c:06c3")
    made.put("sys/bus/usb/devices/1-1.2/devnum", "five")
    assert made.facts().usb == ()


def test_a_device_we_may_not_use(made: MadeMachine) -> None:
    made.plug_in("054c:06c3")
    made.usable = False
    denied = made.findings()["permission"]
    assert denied.level is Level.FAIL
    assert "0600" in denied.text[1] and "may not use it" in denied.text[1]
    # Without a rule, the group alone would not help.
    assert "--write-udev-rule" in denied.fix[1] and "usermod -aG plugdev" in denied.fix[1]
    made.put(f"rules/{RULE_NAME}", udev_rule())
    assert "chgrp plugdev" in made.findings()["permission"].fix[1]


def test_a_group_that_one_is_not_in_yet(made: MadeMachine) -> None:
    facts = made.facts()._replace(user="driver", groups=("users",))
    made.plug_in("054c:06c3")
    (usb,) = made.facts().usb
    assert usb.node is not None
    node = usb.node._replace(group="dialout", usable=False)
    (finding,) = judge_line("tty:/dev/ttyUSB0", facts, node)
    assert finding.fix[1] == "$ sudo usermod -aG dialout driver\nlog in again"


def test_a_serial_line_that_is_missing_is_not_mended_as_usb_is(made: MadeMachine) -> None:
    (finding,) = judge_line("tty:/dev/ttyUSB0", made.facts(), None)
    assert (finding.code, finding.level) == ("device-node", Level.FAIL)
    assert all("usb" not in fix and "udev" not in fix for fix in finding.fix)
    assert "the name" in finding.fix[1] and "名前" in finding.fix[0]


def test_a_rule_that_is_commented_out_is_none(made: MadeMachine) -> None:
    made.plug_in("054c:06c3")
    made.put("rules/50.rules", "".join(f"# {line}\n" for line in udev_rule().splitlines()))
    assert made.codes()["udev-rule"] is Level.NOTE


@pytest.mark.parametrize(
    ("codes", "arrange", "fix"),
    [
        ({"device-node": Level.FAIL}, lambda m: m.plug_in("054c:06c3", node=False), "pass /dev/bus/usb in"),
        ({"no-driver": Level.NOTE}, lambda m: m.plug_in("054c:0dc8"), "--reader pcsc"),
        ({"kernel-driver": Level.FAIL}, lambda m: m.plug_in("054c:06c3", "port100"), "blacklist port100"),
        (
            {"kernel-module": Level.NOTE},
            lambda m: (m.plug_in("054c:06c3"), m.put("proc/modules", "port100 16384 0 - Live\nnfc 1 1 - Live\n")),
            "modprobe -r nfc port100",
        ),
        (
            {"pcscd": Level.NOTE},
            lambda m: (m.plug_in("072f:2200"), m.put("proc/77/comm", "pcscd\n")),
            "systemctl disable --now pcscd",
        ),
        (
            {"latency-timer": Level.NOTE},
            lambda m: (m.ports.append(("/dev/ttyUSB0", "FT232R")), m.put(f"{TTYUSB0}/latency_timer", "16\n")),
            "echo 1 | sudo tee /sys/class/tty/ttyUSB0/device/latency_timer",
        ),
        (
            {"mini-uart": Level.NOTE},
            lambda m: (m.ports.append(("/dev/ttyS0", "")), m.put("proc/device-tree/model", "Raspberry Pi 4 Model B\0")),
            "tty:/dev/ttyAMA0",
        ),
    ],
)  # fmt: skip
def test_what_ails_a_machine_and_its_fix(made: MadeMachine, codes: dict[str, Level], arrange: object, fix: str) -> None:
    assert callable(arrange)
    arrange(made)
    findings = made.findings()
    for code, level in codes.items():
        assert findings[code].level is level
        assert fix in findings[code].fix[1] and findings[code].fix[0]


def test_without_libusb_a_usb_reader_fails_and_a_serial_one_does_not(made: MadeMachine) -> None:
    made.has_libusb = False
    assert made.codes()["libusb"] is Level.NOTE
    made.plug_in("054c:06c3")
    assert made.codes()["libusb"] is Level.FAIL
    assert "apt-get install libusb-1.0-0" in made.findings()["libusb"].fix[1]


def test_a_pis_own_lines_are_found_though_pyserial_leaves_them_out(made: MadeMachine) -> None:
    made.put("dev/ttyAMA0", "")
    assert made.facts().serial == ()
    made.put("proc/device-tree/model", "Raspberry Pi 4 Model B")
    assert [line.path for line in made.facts().serial] == [str(made.root / "dev/ttyAMA0")]


def test_the_udev_rule_names_every_model_once() -> None:
    lines = [line for line in udev_rule().splitlines() if not line.startswith("#")]
    assert len(lines) == len(set(lines)) == len(MODELS)
    assert all('MODE="0660"' in line and 'GROUP="plugdev"' in line for line in lines)


# -- what is measured, and what is made of it

WELL = Measured("PN532v1.6", Times(0.1, 0.2, 0.9), Times(5, 9, 12), None)
NOBODY = Facts((), (), "driver", ("users",), True, frozenset(), False, "")


def judged(opened: Opened, measured: Measured | None, facts: Facts = NOBODY) -> dict[str, Finding]:
    return {finding.code: finding for finding in judge_opened(opened, measured, facts)}


def test_a_fast_line_is_well() -> None:
    found = judged(Opened("tty:/dev/ttyAMA0", speed_baud=921_600), WELL)
    assert {code: finding.level for code, finding in found.items()} == {
        "chip": Level.OK, "baud": Level.OK, "round-trip": Level.OK, "poll": Level.OK, "card": Level.NOTE,
    }  # fmt: skip
    assert "模擬" not in found["chip"].text[0]


def test_a_pis_slow_line_fails_and_another_is_noted() -> None:
    pi = NOBODY._replace(board="Raspberry Pi 4 Model B")
    assert judged(Opened("tty:/dev/ttyS0", speed_baud=115_200), WELL, pi)["baud"].level is Level.FAIL
    assert judged(Opened("tty:/dev/ttyS0", speed_baud=115_200), WELL)["baud"].level is Level.NOTE
    assert judged(Opened("tty:/dev/ttyUSB0", speed_baud=115_200), WELL, pi)["baud"].level is Level.NOTE


@pytest.mark.parametrize(
    ("speed_baud", "median_ms", "level"),
    [(None, 6.4, Level.OK), (None, 6.5, Level.FAIL), (921_600, 4.3, Level.OK), (921_600, 4.4, Level.FAIL),
     (115_200, 6.4, Level.OK), (115_200, 6.5, Level.FAIL)],
)  # fmt: skip
def test_a_round_trip_is_held_against_its_line(speed_baud: int | None, median_ms: float, level: Level) -> None:
    """One whose speed can't be told may be the slowest; its fix is never that of USB."""
    measured = WELL._replace(round_trip=Times(1, median_ms, 50))
    found = judged(Opened("tty:/dev/ttyUSB0", speed_baud=speed_baud), measured)["round-trip"]
    assert found.level is level
    assert ("see the line's speed" in found.fix[1]) is (level is Level.FAIL)


@pytest.mark.parametrize(("median_ms", "level"), [(8.0, Level.OK), (8.1, Level.FAIL)])
def test_a_round_trip_over_usb_has_a_bound_of_its_own(median_ms: float, level: Level) -> None:
    found = judged(Opened("usb:054c:06c3"), WELL._replace(round_trip=Times(1, median_ms, 50)))["round-trip"]
    assert found.level is level
    assert ("another USB port" in found.fix[1]) is (level is Level.FAIL)


def test_a_fault_while_measuring_fails() -> None:
    found = judged(Opened("usb"), Measured(fault=ReaderFault("usb", "hung")))
    assert [(code, finding.level) for code, finding in found.items()] == [("reader-fault", Level.FAIL)]


def test_two_cards_are_too_many() -> None:
    assert "lay one only" in judged(Opened("usb"), WELL._replace(two_cards=True))["card"].fix[1]


class Tiring(FieldPort):
    """Fails at its n-th call."""

    def __init__(self, field: CardField, calls: int) -> None:
        super().__init__(field)
        self._left = calls

    def poll(self, system_codes: tuple[int, ...], deadline_s: float = 0.0) -> PollOutcome | ReaderFault:
        self._left -= 1
        return super().poll(system_codes, deadline_s) if self._left >= 0 else ReaderFault("field", "tired")


def laid() -> CardField:
    field = CardField()
    image = issue(IDM, Account("lococa", 2_000), "LC1", date(2026, 11, 20))
    field.lay(FelicaCard(image, bench_keys().card_key(IDM)))
    return field


def usb_reader(ids: str, *, usable: bool = True, device: int = 5, kernel_driver: str = "") -> UsbReader:
    model = model_of(*(int(number, 16) for number in ids.split(":")))
    assert model is not None
    node = Node(f"/dev/bus/usb/001/{device:03}", "root", "plugdev", 0o660, usable)
    return UsbReader(model, 1, device, kernel_driver, node, has_rule=True)


RCS380, RCS380_S, RCS300 = (usb_reader(ids) for ids in ("054c:06c3", "054c:06c1", "054c:0dc8"))
LINES = tuple(SerialLine(f"/dev/ttyUSB{number}", "FT232R", None, 16) for number in (1, 10))


@pytest.mark.parametrize(
    ("spec", "found", "meant"),
    [
        (None, (), ("", None)),
        (None, (RCS300, RCS380), ("usb:054c:06c3", RCS380)),
        (None, (RCS300,), ("pcsc", None)),
        ("usb", (RCS300, RCS380), ("usb", RCS380)),
        ("usb", (usb_reader("054c:06c1", usable=False), RCS380), ("usb", RCS380)),
        ("usb", (RCS300,), ("usb", None)),
        ("usb:054c:06c1", (RCS380, RCS380_S), ("usb:054c:06c1", RCS380_S)),
        ("usb:054C", (RCS380,), ("usb:054C", RCS380)),
        ("usb:001:006", (RCS380, RCS380._replace(device=6)), ("usb:001:006", RCS380._replace(device=6))),
        ("tty:/dev/ttyUSB1", LINES, ("tty:/dev/ttyUSB1", LINES[0])),
        ("tty:/dev/ttyUSB10", LINES, ("tty:/dev/ttyUSB10", LINES[1])),
        ("tty:/dev/ttyUSB", LINES, ("tty:/dev/ttyUSB", None)),
        ("pcsc", (RCS300, RCS380), ("pcsc", None)),
    ],
)
def test_which_of_those_found_is_the_one_to_open(
    spec: str | None, found: tuple[UsbReader | SerialLine, ...], meant: tuple[str, UsbReader | SerialLine | None]
) -> None:
    usb = tuple(one for one in found if isinstance(one, UsbReader))
    serial = tuple(one for one in found if isinstance(one, SerialLine))
    assert meant_by(spec, NOBODY._replace(usb=usb, serial=serial)) == meant


def test_measuring_counts_what_it_does_and_names_the_card() -> None:
    told: list[tuple[str, int]] = []
    found = measure(FieldPort(laid()), lambda stage, count: told.append((stage, count)), rounds=3)
    assert told == [(stage, count) for stage in ("round trip", "poll", "read") for count in (1, 2, 3)]
    assert found.card is not None and found.card.idm == IDM
    assert found.read is not None and found.read.least_ms <= found.read.median_ms <= found.read.p99_ms
    assert found.fault is None


def test_measuring_an_empty_field_reads_nothing() -> None:
    found = measure(FieldPort(CardField()), lambda *_: None, rounds=2)
    assert (found.card, found.read) == (None, None)
    assert found.poll is not None


@pytest.mark.parametrize("calls", [0, 1, 3])
def test_measuring_ends_with_the_first_fault_and_keeps_what_it_has(calls: int) -> None:
    found = measure(Tiring(laid(), calls), lambda *_: None, rounds=3)
    assert found.fault == ReaderFault("field", "tired")
    assert (found.chip, found.poll) == ("模擬", None)
    assert found.round_trip is not None


# -- the command


@pytest.fixture
def chip() -> Iterator[Pn532]:
    with Pn532(laid()) as running:
        yield running


def doctor(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *args: object) -> Ran:
    return run(capsys, monkeypatch, "reader", "doctor", *args)


def test_a_simulated_reader_is_well_and_says_what_it_is(
    chip: Pn532, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = doctor(capsys, monkeypatch, "--reader", f"tty:{chip.path}", "--json")
    found = {entry["code"]: entry for entry in map(json.loads, ran.out.splitlines()) if chip.path in entry["about"]}
    assert {"permission", "chip", "baud", "round-trip", "poll", "card", "read"} <= set(found)
    assert "模擬" in found["chip"]["text"] and "PN532v1.6" in found["chip"]["text"]
    assert "921600" in found["baud"]["text"]
    assert IDM.hex().upper()[-4:] in found["card"]["text"] and IDM.hex().upper() not in ran.out


def test_both_languages_mark_each_finding(
    chip: Pn532, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for language, word in (("ja", "往復"), ("en", "round trip")):
        ran = doctor(capsys, monkeypatch, "--reader", f"tty:{chip.path}", "--lang", language)
        assert word in ran.out and "✓" in ran.out


@pytest.mark.parametrize(
    ("found", "args", "code", "opened"),
    [
        ((RCS380, RCS300), ("--reader", "usb"), Exit.OK, "usb"),
        ((RCS380, usb_reader("054c:0193", kernel_driver="pn533_usb", device=6)), ("--reader", "usb"), Exit.OK, "usb"),
        ((RCS380, RCS380._replace(device=6, kernel_driver="port100")), (), Exit.OK, "usb:054c:06c3"),
        ((RCS380._replace(kernel_driver="port100"),), ("--reader", "usb:001:005"), Exit.CHECK_FAILED, "usb:001:005"),
        ((RCS300,), (), Exit.OK, "pcsc"),
    ],
)
def test_what_ails_another_reader_fails_no_check_of_this_one(
    found: tuple[UsbReader, ...],
    args: tuple[str, ...],
    code: Exit,
    opened: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tools.reader.command.gather", lambda _machine: NOBODY._replace(usb=found))
    monkeypatch.setattr("tools.reader.command._examine", lambda spec, *_, **__: (Opened(spec), WELL))
    ran = doctor(capsys, monkeypatch, *args, "--lang", "en")
    assert ran.code == code
    assert f"✓ {opened}: PN532v1.6" in ran.out


def test_what_is_listed_is_what_to_type_and_whether_one_may(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = NOBODY._replace(usb=(RCS380, usb_reader("054c:0193", usable=False), RCS300), serial=LINES[:1])
    monkeypatch.setattr("tools.reader.command.gather", lambda _machine: found)
    monkeypatch.setattr("tools.reader.command.plugged", lambda: ())
    assert run(capsys, monkeypatch, "reader", "list", "--lang", "en").out.splitlines() == [
        "✓ --reader usb:054c:06c3  Sony RC-S380/P",
        "✗ --reader usb:054c:0193  Sony PN531",
        "✓ --reader pcsc           Sony RC-S300/S",
        "✗ --reader tty:/dev/ttyUSB1  FT232R, if a PN532 is connected to it",
        "✗: you may not use it; `farebox reader doctor --reader NAME` says what to do",
    ]
    as_json = run(capsys, monkeypatch, "reader", "list", "--json").out.splitlines()
    assert [tuple(json.loads(line).values()) for line in as_json][1:3] == [
        ("usb:054c:0193", "Sony PN531", False), ("pcsc", "Sony RC-S300/S", True),
    ]  # fmt: skip


def test_what_is_too_long_for_the_screen_goes_on_below_and_a_command_stays_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    barred = RCS380._replace(node=RCS380.node and RCS380.node._replace(usable=False), has_rule=False)
    monkeypatch.setattr("tools.reader.command.gather", lambda _machine: NOBODY._replace(usb=(barred, RCS300)))
    monkeypatch.setattr("tools.reader.command._examine", lambda spec, *_, **__: (Opened(spec), WELL))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "60")
    for language in ("ja", "en"):
        lines = click.unstyle(doctor(capsys, monkeypatch, "--lang", language).out).splitlines()
        commands = [line for line in lines if "$ " in line]
        assert [line for line in lines if cell_len(line) > 60 and line not in commands] == []
        assert f"    → $ sudo farebox reader doctor --write-udev-rule /etc/udev/rules.d/{RULE_NAME}" in commands
        assert "      $ sudo usermod -aG plugdev driver" in commands


@pytest.mark.parametrize("reader", ["tty:/dev/ttyNONE7", "usb:ffff:ffff"])
def test_no_reader_exits_69(reader: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    ran = doctor(capsys, monkeypatch, "--reader", reader, "--lang", "en")
    assert ran.code == Exit.NO_READER
    assert "can't be opened" in ran.out and "→" in ran.out
    assert ran.err == "farebox: no reader could be opened; each → says what to do\n"


def test_an_unknown_reader_is_a_matter_of_usage(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = doctor(capsys, monkeypatch, "--reader", "bluetooth")
    assert ran.code == Exit.USAGE and "tty:PATH" in ran.err


def test_a_reader_that_hangs_while_it_is_measured_fails_the_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = plug_in(monkeypatch, tmp_path, "hung", HUNG_READER) + "health"
    ran = doctor(capsys, monkeypatch, "--reader", spec, "--lang", "en")
    assert ran.code == Exit.CHECK_FAILED
    assert "it failed while it was measured: hung" in ran.out


def test_a_plugged_in_reader_is_measured_and_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = plug_in(monkeypatch, tmp_path, "idle", IDLE_READER) + "shelf"
    ran = doctor(capsys, monkeypatch, "--reader", spec, "--lang", "en")
    assert ran.code == Exit.OK, ran
    assert "idle shelf" in ran.out
    listed = run(capsys, monkeypatch, "reader", "list", "--lang", "en")
    assert listed.code == Exit.OK
    assert re.search(r"--reader idle:…  +driver of the package farebox-reader-idle 1\.0$", listed.out, re.MULTILINE)


def test_the_udev_rule_is_written_for_all_to_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / RULE_NAME
    ran = doctor(capsys, monkeypatch, "--write-udev-rule", path)
    assert ran.code == Exit.OK and "udevadm control --reload" in ran.out
    assert path.read_text() == udev_rule() == doctor(capsys, monkeypatch, "--write-udev-rule", "-").out
    assert path.stat().st_mode & 0o777 == 0o644
    assert doctor(capsys, monkeypatch, "--write-udev-rule", tmp_path / "none" / "x").code == Exit.IO


def test_a_line_that_is_none_has_no_speed(chip: Pn532, tmp_path: Path) -> None:
    assert line_speed(chip.path) in (115_200, 38_400, 921_600)
    assert line_speed(str(tmp_path / "none")) is None
    assert line_speed("/dev/null") is None


def test_every_finding_that_fails_is_in_the_guide() -> None:
    source = (ROOT / "tools/reader/judge.py").read_text("utf-8")
    page = (ROOT / "docs/operations/readers.md").read_text("utf-8")
    codes = set(re.findall(r"Level\.(?:FAIL|NOTE),\s*\"([a-z-]+)\"", source)) - {"card"}
    assert len(codes) >= 12
    assert {code for code in codes if f"`{code}`" not in page} == set()
