"""A tap through nfcpy as its manual teaches it: connect(), authenticate(), read_with_mac(), write_with_mac()."""

from typing import Any, Self

import nfc
import nfc.clf
import nfc.clf.transport
from nfc.clf import pn532, rcs380

SLOTS = (0, 1)


class StockNfcpy:
    """An nfcpy frontend on a device."""

    def __init__(self, device: Any) -> None:
        """Take the device; it was put together by hand, as nfcpy's path syntax names neither a pty nor a simulation."""
        self._frontend = nfc.ContactlessFrontend()
        self._frontend.device = device

    @classmethod
    def at_pn532(cls, path: str) -> Self:
        """On a PN532 at a serial port."""
        transport = nfc.clf.transport.TTY(path)
        device = pn532.init(transport)
        device._path = transport.port
        return cls(device)

    @classmethod
    def at_rcs380(cls, line: object) -> Self:
        """On an RC-S380 at a USB line."""
        return cls(rcs380_device(line))

    def __enter__(self) -> Self:
        """The frontend."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self._frontend.close()

    def tap(self, key: bytes) -> None:
        """Wait for a FeliCa card, authenticate both sides, read two blocks, write one of them back."""
        tag = self._frontend.connect(rdwr={"targets": ["212F"], "on-connect": lambda _tag: False})
        if not tag.authenticate(key):
            raise RuntimeError("the card did not authenticate")
        data = tag.read_with_mac(*SLOTS)
        if data is None:
            raise RuntimeError("the card could not prove what was read")
        tag.write_with_mac(data[:16], SLOTS[0])


def rcs380_device(line: object) -> Any:
    """nfcpy's own device for an RC-S380 at a USB line."""
    device = rcs380.init(line)
    device._path = "usb"
    return device
