"""A USB bus of simulated readers (模擬) under the real nfcpy, whose own search for readers then finds them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import nfc.clf.transport
import pytest

from sim.hardware.rcs380 import PRODUCT, VENDOR, Rcs380, UsbLine

_BUS, _ADDRESS = 1, 5
_NODE = f"/dev/bus/usb/{_BUS:03}/{_ADDRESS:03}"


class UsbBus:
    """Takes the place of nfcpy's `transport.USB`: a class that finds devices, and opens one when it is called."""

    def __init__(self, reader: Rcs380) -> None:
        self._reader = reader

    def find(self, path: str) -> list[tuple[int, int, int, int]] | None:
        if not path.startswith("usb"):
            return None
        here = path in ("usb", f"usb:{VENDOR:04x}", f"usb:{VENDOR:04x}:{PRODUCT:04x}", f"usb:{_BUS:03}:{_ADDRESS:03}")
        return [(VENDOR, PRODUCT, _BUS, _ADDRESS)] if here and self._reader.is_plugged else []

    def __call__(self, bus: int, address: int) -> UsbLine:
        assert (bus, address) == (_BUS, _ADDRESS)
        return self._reader.connect()


@contextmanager
def usb_bus(reader: Rcs380) -> Iterator[None]:
    """While this lasts, the reader is what nfcpy finds on USB, and its device file is one that we may use."""
    really = os.access
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nfc.clf.transport, "USB", UsbBus(reader))
        patch.setattr(os, "access", lambda path, mode: path == _NODE or really(path, mode))
        yield
