"""A tap through nfcpy as its manual teaches it: connect(), authenticate(), read_with_mac(), write_with_mac()."""

from typing import Self

import nfc
import nfc.clf
import nfc.clf.transport
from nfc.clf import pn532

SLOTS = (0, 1)


class StockNfcpy:
    """An nfcpy frontend on a PN532."""

    def __init__(self, path: str) -> None:
        """Open the PN532 at a serial port; put together by hand, as nfcpy's path syntax can't name a pty."""
        transport = nfc.clf.transport.TTY(path)
        device = pn532.init(transport)
        device._path = transport.port
        self._frontend = nfc.ContactlessFrontend()
        self._frontend.device = device

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
