"""Every driver of a frame port, each in front of a simulated field, for tests that hold them to one contract.

A further driver is one more row of `RIGS`: something that builds a port over a `CardField`.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from reader.nfcpy_port import tty_port, usb_port
from reader.port import FramePort, opened
from reader.trace import TracingPort
from reader.watchdog import WatchedPort
from sim.hardware.field import CardField, ChooseSlot, FieldPort, in_turn
from sim.hardware.rcs380 import Rcs380
from tests.contract.usb_bus import usb_bus
from tests.reader.broken_chip import BrokenChip, Spoil

_PATIENCE_S = 5.0
"""A read that never ends fails the test instead."""
_OPENING_S = 30.0
_ANSWER_S = 0.15
"""A chip that has acknowledged answers a poll within this; nfcpy itself gives the acknowledgement no more than 0.1."""


def soon() -> float:
    """A deadline that a driver which opens in another process meets too."""
    return time.monotonic() + _OPENING_S


def opened_within(port: FramePort) -> FramePort:
    """The port, opened, however long its driver takes."""
    return opened(port, soon())


@dataclass
class Rig:
    """A port, made and not yet opened, and the field behind it."""

    port: FramePort
    field: CardField
    name: str
    """What the port should be called."""
    chip: str
    """What the chip should call itself."""


@dataclass
class ChipRig(Rig):
    """A rig with a simulated chip and a wire, so that the plug can be pulled and the line spoilt."""

    unplug: Callable[[], None]
    plug_in: Callable[[], None]
    spoil: Callable[[Spoil | None], None]
    """Change what goes to the host: on USB transfer by transfer, on a line acknowledgement and answer together."""


def field_rig(stack: ExitStack) -> Rig:
    field = CardField()
    return Rig(FieldPort(field, "bench"), field, "bench", "模擬")


class Pn532Line:
    """A serial device whose name stays while chips come and go."""

    def __init__(self, field: CardField, path: Path) -> None:
        self.path = path
        self._field = field
        self.plug_in()

    def plug_in(self) -> None:
        self.chip = BrokenChip(self._field)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(self.chip.path)

    def unplug(self) -> None:
        self.chip.close()
        self.path.unlink(missing_ok=True)
        self._field.power_off()

    def spoil(self, spoil: Spoil | None) -> None:
        self.chip.spoil = spoil


def pn532_rig(stack: ExitStack, choose_slot: ChooseSlot = in_turn) -> ChipRig:
    field = CardField(choose_slot)
    line = Pn532Line(field, Path(stack.enter_context(TemporaryDirectory())) / "ttyUSB0")
    stack.callback(line.unplug)
    port = tty_port(str(line.path), _ANSWER_S)
    stack.callback(port.close)
    name = f"tty:{line.path}"
    return ChipRig(port, field, name, "PN532v1.6", line.unplug, line.plug_in, line.spoil)


def rcs380_rig(stack: ExitStack, *, captures: bool = True) -> ChipRig:
    field = CardField()
    reader = Rcs380(field, captures=captures, patience_s=_PATIENCE_S)
    stack.enter_context(usb_bus(reader))
    port = usb_port("054c:06c3")
    stack.callback(port.close)

    def spoil(spoilt: Spoil | None) -> None:
        reader.spoil = (lambda frames: [spoilt(frame) for frame in frames]) if spoilt else None

    name, chip = "usb:054c:06c3", "NFC Port-100 v1.11"
    return ChipRig(port, field, name, chip, reader.unplug, reader.plug_in, spoil)


def watched_rig(stack: ExitStack) -> Rig:
    rig = pn532_rig(stack)
    port = WatchedPort(rig.name)
    stack.callback(port.close)
    return Rig(port, rig.field, rig.name, rig.chip)


def traced_rig(stack: ExitStack) -> Rig:
    rig = field_rig(stack)
    lines: list[str] = []
    return Rig(TracingPort(rig.port, lines.append, time.monotonic), rig.field, rig.name, rig.chip)


CHIPS: dict[str, Callable[[ExitStack], ChipRig]] = {"pn532": pn532_rig, "rcs380": rcs380_rig}
RIGS: dict[str, Callable[[ExitStack], Rig]] = {
    "field": field_rig,
    "traced": traced_rig,
    "watched": watched_rig,
    **CHIPS,
}
"""Every driver; watched is a PN532 whose driver lives in a process of its own."""
ONE_ANSWER_ONLY = ("rcs380",)
"""Whose chip passes on one answer to a poll, whoever else answers."""
