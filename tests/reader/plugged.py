"""Plug-in packages for tests: made on the spot, installed as pip would, found by the real importlib.metadata."""

from pathlib import Path

import pytest


def plug_in(monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, source: str, value: str = "") -> str:
    """Install a package that brings the reader `name`; what it is asked for with, `name:`."""
    module = f"farebox_reader_{name}"
    folder.mkdir(exist_ok=True)
    (folder / f"{module}.py").write_text(source)
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: farebox-reader-{name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[farebox.readers]\n{name} = {value or module + ':port'}\n")
    monkeypatch.syspath_prepend(str(folder))
    return f"{name}:"


IDLE = '''
from reader.port import CardLost, Health, NoCard

class Idle:
    """A reader on which nothing ever lies."""
    def __init__(self, rest):
        self.name, self.rest = "idle:" + rest, rest
    def open(self, deadline_s=0.0):
        return None
    def poll(self, system_codes, deadline_s=0.0):
        return NoCard()
    def transceive(self, frame, timeout_s):
        return CardLost()
    def field_off(self):
        return None
    def health(self):
        return Health("idle " + self.rest)
    def close(self):
        pass
'''
IDLE_READER = IDLE + "port = Idle\n"

HUNG_READER = (
    IDLE
    + '''
from threading import Event

class Hung(Idle):
    """Hangs for ever in the call that it is named after: hung:poll."""

def hangs(name):
    plain = getattr(Idle, name)
    def call(self, *given):
        return Event().wait() if self.rest == name else plain(self, *given)
    return call

for name in ("open", "poll", "transceive", "field_off", "health", "close"):
    setattr(Hung, name, hangs(name))
port = Hung
'''
)

RAISING_READER = (
    IDLE
    + '''
class Raising(Idle):
    """Breaks the promise that a port never raises."""
    def poll(self, system_codes, deadline_s=0.0):
        raise KeyError("a driver's own mistake")
port = Raising
'''
)

AMISS_READER = (
    IDLE
    + '''
from reader.port import Polled, ReaderFault, TwoCards

IDM, PMM = bytes(8), bytes(8)
GIVEN = {
    "bytearray": bytearray(12), "memoryview": memoryview(bytes(12)), "too long": bytes(256),
    "short IDm": Polled(bytes(7), PMM, 0x88B4), "long PMm": Polled(IDM, bytes(9), 0x88B4),
    "another system": Polled(IDM, PMM, 3), "no numbers": Polled(None, PMM, "88B4"),
    "bytearray IDm": Polled(bytearray(8), PMM, 0x88B4), "nothing": None, "a number": 7,
    "plain tuple": (IDM, PMM, 0x88B4), "two cards": TwoCards(), "no chip": Health(None),
    "no words": ReaderFault("amiss", None),
}

class Amiss(Idle):
    """Gives what no driver may give."""
    def field_off(self):
        return GIVEN[self.rest]
    def health(self):
        return GIVEN[self.rest]
    def poll(self, system_codes, deadline_s=0.0):
        return GIVEN[self.rest]
    def transceive(self, frame, timeout_s):
        return GIVEN[self.rest]
port = Amiss
'''
)
