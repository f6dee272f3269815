"""Asks a terminal how it does: its loop lets consoles in and shows them the moment, so an answer proves that it turns.

probe = ask(Path("/run/farebox/console"))
probe.why_not          empty: fares can be taken
"""

import socket
import time
from pathlib import Path
from typing import NamedTuple

from farebox.console.protocol import MOST_PICTURE_BYTES, Picture, ProtocolFault, picture_of
from farebox.console.server import MOST_CLIENTS
from farebox.table import State

WITHIN_S = 2.0
"""The loop turns some ten times a second; a card's write may hold it up for half a second."""
_DOWN = {State.STOPPED.value: "stopped", State.NO_READER.value: "no reader"}
_BARRING = ("journal", "reader")
"""Alarms with which no fare, or not every fare, can be taken: the code, or what it begins with before a dash."""


class Probe(NamedTuple):
    """What came of asking. `picture` is None if nothing did, and `fault` says why."""

    picture: Picture | None
    fault: str
    took_s: float

    @property
    def why_not(self) -> tuple[str, ...]:
        """What keeps the terminal from taking fares; empty if nothing does. A bus out of service can take them."""
        if self.picture is None:
            return (self.fault,)
        alarms = (alarm.code for alarm in self.picture.alarms if alarm.code.partition("-")[0] in _BARRING)
        state = _DOWN.get(self.picture.state)
        return (*((state,) if state else ()), *(f"alarm {code}" for code in alarms))


def ask(path: Path, within_s: float = WITHIN_S) -> Probe:
    """Connect, and read one picture within a bound. Never raises for what the other end does."""
    began_s = time.monotonic()
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.settimeout(within_s)
            connection.connect(str(path))
            line = _line(connection, began_s + within_s)
            picture, fault = picture_of(line), ""
        except TimeoutError:
            picture, fault = None, f"no answer within {within_s:g} s"
        except (OSError, ProtocolFault) as error:
            picture, fault = None, f"{path}: {getattr(error, 'strerror', None) or error}"
    return Probe(picture, fault, time.monotonic() - began_s)


def _line(connection: socket.socket, deadline_s: float) -> bytes:
    """One line, of a bounded length, in a bounded time."""
    came = b""
    while b"\n" not in came:
        left_s = deadline_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        connection.settimeout(left_s)
        part = connection.recv(65_536)
        if not part or len(came) > MOST_PICTURE_BYTES:
            raise ProtocolFault(f"the terminal let go without a word; are {MOST_CLIENTS} consoles connected already?")
        came += part
    return came.partition(b"\n")[0]
