"""What this machine says about its readers: gathered, not judged. Nothing is opened, nothing is changed."""

import ctypes
import grp
import os
import pwd
import stat
import termios
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tools.reader.known import Model, model_of

PCSC = "pcsc"
_MOST_BYTES = 65_536
_RULES = (
    Path("/etc/udev/rules.d"),
    Path("/run/udev/rules.d"),
    Path("/usr/lib/udev/rules.d"),
    Path("/lib/udev/rules.d"),
)


class Node(NamedTuple):
    """A device's file, and whether we may read and write it."""

    path: str
    owner: str
    group: str
    mode: int
    usable: bool


class UsbReader(NamedTuple):
    """A reader on USB. `kernel_driver` holds it, if one does; `node` is None where /dev has no file of it."""

    model: Model
    bus: int
    device: int
    kernel_driver: str
    node: Node | None
    has_rule: bool

    @property
    def spec(self) -> str:
        """What `--reader` calls it. What nfcpy has no driver for, PC/SC has."""
        return f"usb:{self.model.vendor:04x}:{self.model.product:04x}" if self.model.driver else PCSC

    @property
    def what(self) -> str:
        """Its maker and model."""
        return self.model.name

    @property
    def usable(self) -> bool:
        """Whether nothing is known to keep us from it; to PC/SC it is pcscd's."""
        return not self.model.driver or (self.node is not None and self.node.usable)

    def is_meant_by(self, rest: str) -> bool:
        """Whether nfcpy takes it for `usb:REST`: by vendor and product, by bus and device, or any that it knows."""
        vendor, product = f"{self.model.vendor:04x}", f"{self.model.product:04x}"
        bus, device = f"{self.bus:03}", f"{self.device:03}"
        names = ("", vendor, f"{vendor}:{product}", bus, f"{bus}:{device}")
        return bool(self.model.driver) and rest.lower() in names


class SerialLine(NamedTuple):
    """A serial port, behind which there may be a PN532. `latency_ms` is an FTDI chip's timer."""

    path: str
    what: str
    node: Node | None
    latency_ms: int | None

    @property
    def usable(self) -> bool:
        """Whether we may read and write it."""
        return self.node is not None and self.node.usable

    @property
    def spec(self) -> str:
        """What `--reader` calls it."""
        return f"tty:{self.path}"


class Facts(NamedTuple):
    """All of it. `user` and `groups`: who asks. `board`: the device tree's name of the machine, or empty."""

    usb: tuple[UsbReader, ...]
    serial: tuple[SerialLine, ...]
    user: str
    groups: tuple[str, ...]
    has_libusb: bool
    modules: frozenset[str]
    pcscd_runs: bool
    board: str


def _comports() -> Iterator[tuple[str, str]]:
    from serial.tools.list_ports import comports

    for port in comports():
        yield port.device, "" if port.description in (None, "n/a") else port.description


class Machine(NamedTuple):
    """Where to look. Tests hand over a made tree."""

    sys: Path = Path("/sys")
    dev: Path = Path("/dev")
    proc: Path = Path("/proc")
    rules: tuple[Path, ...] = _RULES
    serial_ports: Callable[[], Iterable[tuple[str, str]]] = _comports
    may_use: Callable[[Path], bool] = lambda path: os.access(path, os.R_OK | os.W_OK)
    load_library: Callable[[str], object] = ctypes.CDLL


def gather(machine: Machine) -> Facts:
    """Look around."""
    groups = {os.getegid(), *os.getgroups()}
    return Facts(
        tuple(_usb_readers(machine)),
        tuple(_serial_lines(machine)),
        _name(pwd.getpwuid, os.geteuid()),
        tuple(sorted(_name(grp.getgrgid, group) for group in groups)),
        _has_libusb(machine),
        frozenset(line.split(maxsplit=1)[0] for line in _text(machine.proc / "modules").splitlines() if line.strip()),
        any(_text(comm).strip() == "pcscd" for comm in machine.proc.glob("[0-9]*/comm")),
        _text(machine.proc / "device-tree" / "model").rstrip("\x00\n"),
    )


def meant_by(spec: str | None, facts: Facts) -> tuple[str, UsbReader | SerialLine | None]:
    """The reader to open, and which of those found that is, as far as can be told here. "" if there is none at all.

    By default it is the first that nfcpy would open, which passes over what it may not use; or else one that PC/SC has.
    """
    found = sorted(facts.usb, key=lambda usb: (not usb.model.driver, not usb.usable))
    if spec is None:
        spec = found[0].spec if found else ""
    kind, _, rest = spec.partition(":")
    if kind == "usb":
        return spec, next((usb for usb in found if usb.is_meant_by(rest)), None)
    return spec, next((line for line in facts.serial if line.spec == spec), None)


def line_speed(path: str) -> int | None:
    """The speed of a serial line that is open now, in baud; None if it can't be told."""
    speeds = {getattr(termios, name): int(name[1:]) for name in dir(termios) if name[:1] == "B" and name[1:].isdigit()}
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        return speeds.get(termios.tcgetattr(descriptor)[5])
    except termios.error:
        return None
    finally:
        os.close(descriptor)


def is_pseudo_terminal(path: str) -> bool:
    """Whether there is no wire behind a serial line, but a program: a simulated reader (模擬)."""
    return os.path.realpath(path).startswith("/dev/pts/")


def _usb_readers(machine: Machine) -> Iterator[UsbReader]:
    for folder in sorted((machine.sys / "bus" / "usb" / "devices").glob("*")):
        vendor, product = (_number(folder / name, 16) for name in ("idVendor", "idProduct"))
        bus, device = (_number(folder / name, 10) for name in ("busnum", "devnum"))
        if vendor is None or product is None or bus is None or device is None:
            continue
        model = model_of(vendor, product)
        if model is not None:
            node = node_of(machine, machine.dev / "bus" / "usb" / f"{bus:03}" / f"{device:03}")
            yield UsbReader(model, bus, device, _kernel_driver(folder), node, _has_rule(machine, model))


def _kernel_driver(folder: Path) -> str:
    """Which driver holds one of its interfaces; nfcpy's own claim shows as usbfs."""
    drivers = (interface / "driver" for interface in sorted(folder.parent.glob(f"{folder.name}:*")))
    return next((driver.resolve().name for driver in drivers if driver.exists()), "")


def _has_rule(machine: Machine, model: Model) -> bool:
    vendor, product = f'{{idVendor}}=="{model.vendor:04x}"', f'{{idProduct}}=="{model.product:04x}"'
    files = (file for folder in machine.rules for file in sorted(folder.glob("*.rules")))
    lines = (line for file in files for line in _text(file).splitlines() if not line.lstrip().startswith("#"))
    return any(vendor in line and product in line for line in lines)


def _serial_lines(machine: Machine) -> Iterator[SerialLine]:
    found = dict(machine.serial_ports())
    # pyserial leaves out a Pi's own small UART.
    for name in ("ttyAMA0", "ttyS0") if _text(machine.proc / "device-tree" / "model") else ():
        if (machine.dev / name).exists():
            found.setdefault(str(machine.dev / name), "")
    for path, what in sorted(found.items()):
        latency = _number(machine.sys / "class" / "tty" / Path(path).name / "device" / "latency_timer", 10)
        yield SerialLine(path, what, node_of(machine, Path(path)), latency)


def node_of(machine: Machine, path: Path) -> Node | None:
    """A device's file; None if there is none."""
    try:
        about = path.stat()
    except OSError:
        return None
    owner, group = _name(pwd.getpwuid, about.st_uid), _name(grp.getgrgid, about.st_gid)
    return Node(str(path), owner, group, stat.S_IMODE(about.st_mode), machine.may_use(path))


def _has_libusb(machine: Machine) -> bool:
    try:
        machine.load_library("libusb-1.0.so.0")
    except OSError:
        return False
    return True


def _name(look_up: Callable[[int], tuple[object, ...]], number: int) -> str:
    try:
        return str(look_up(number)[0])
    except KeyError:
        return str(number)


def _number(path: Path, base: int) -> int | None:
    try:
        return int(_text(path), base)
    except ValueError:
        return None


def _text(path: Path) -> str:
    """What a small file says; empty if it can't be read."""
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).decode(errors="replace")
    except OSError:
        return ""
