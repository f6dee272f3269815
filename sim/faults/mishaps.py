"""What befalls a bus soon: its power, its disk, its readers, its note acceptor (模擬). As a table."""

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from farebox.result import Side
from sim.hardware.note_acceptor import Loss
from sim.hardware.worn_bench import SPOILT

if TYPE_CHECKING:
    from sim.faults.bus import WholeBus


class Mishap(NamedTuple):
    """Within so many calls or commands; after what is under way is done, or before; `choice` where there is one."""

    kind: str
    within: int
    after: bool
    side: Side
    choice: int


def _power_at_the_journal(bus: "WholeBus", mishap: Mishap) -> None:
    bus.journals.power_goes_at = len(bus.journals.calls) + mishap.within - 1


def _power_at_the_acceptor(bus: "WholeBus", mishap: Mishap) -> None:
    bus.line.dies_at, bus.line.dies_after = len(bus.notes.commands) + mishap.within - 1, mishap.after


def _power_at_the_card(bus: "WholeBus", mishap: Mishap) -> None:
    port = bus.worn.ports[mishap.side]
    port.power_goes_at, port.done_first = mishap.within, mishap.after


def _disk_fails(bus: "WholeBus", mishap: Mishap) -> None:
    bus.journals.errors[("fdatasync", "pwrite", "allocate")[mishap.choice % 3]] = errno.EIO


def _disk_full(bus: "WholeBus", _: Mishap) -> None:
    bus.journals.capacity = 0


def _reader_unplugged(bus: "WholeBus", mishap: Mishap) -> None:
    bus.worn.ports[mishap.side].unplug_at = mishap.within


def _reader_hangs(bus: "WholeBus", mishap: Mishap) -> None:
    bus.worn.ports[mishap.side].hang_at = mishap.within


def _reader_swallows(bus: "WholeBus", mishap: Mishap) -> None:
    bus.worn.ports[mishap.side].swallow_at = mishap.within


def _reader_spoils(bus: "WholeBus", mishap: Mishap) -> None:
    port = bus.worn.ports[mishap.side]
    port.spoil_at, port.spoil = mishap.within, list(SPOILT.values())[mishap.choice % len(SPOILT)]


def _acceptor_not_heard(bus: "WholeBus", mishap: Mishap) -> None:
    losses = list(Loss)
    bus.notes.losses[len(bus.notes.commands) + mishap.within - 1] = losses[mishap.choice % len(losses)]


HAPPENS: dict[str, Callable[["WholeBus", Mishap], None]] = {
    "power at the journal": _power_at_the_journal,
    "power at the acceptor": _power_at_the_acceptor,
    "power at the card": _power_at_the_card,
    "disk fails": _disk_fails,
    "disk full": _disk_full,
    "reader unplugged": _reader_unplugged,
    "reader hangs": _reader_hangs,
    "reader swallows": _reader_swallows,
    "reader spoils": _reader_spoils,
    "acceptor not heard": _acceptor_not_heard,
}
"""By name (faults 7 to 9, 18, 20, 21, 43)."""
