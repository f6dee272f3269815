"""A frame port over real readers, through nfcpy. The only file of the product that imports it.

It calls below nfcpy's tag layer: that one repeats every command three times, writes too, and takes 26 ms where this
takes one. Exceptions at the chip boundary can't be relied on to be OSError (IndexError, termios.error,
UnboundLocalError and chip errors were all seen), so everything is caught here, and only here, and becomes an outcome.
"""

import re
from typing import Any

import nfc.clf
import nfc.clf.pn53x
import nfc.clf.transport
from nfc.clf import pn532

from reader.port import CardLost, FramePort, NoCard, Polled, ReaderFault, ReaderMissing

_BITRATE = "212F"
_CARD_SLID_AWAY = frozenset({0x01, 0x02, 0x03, 0x05, 0x0B, 0x13})
"""PN53x status: no answer in time, or one garbled on the air (check sum, parity, framing, protocol, format)."""
_REQUEST_NO_SYSTEM_CODE, _ONE_TIME_SLOT = 0, 0
_PLAIN_PATH = re.compile(r"[\w./:@+-]+", re.ASCII)


def open_usb() -> FramePort:
    """The first USB reader nfcpy knows (RC-S380, PaSoRi and others); ReaderMissing says what to check."""
    try:
        frontend = nfc.ContactlessFrontend("usb")
    except Exception as error:
        raise ReaderMissing(
            f"no USB card reader: {_say(error)}; plug one in, and check its permissions (group plugdev) and that "
            "libusb-1.0-0 is installed (make system-deps)"
        ) from None
    return NfcpyPort(frontend.device, "usb")


def open_tty(path: str) -> FramePort:
    """A PN532 on a serial line; ReaderMissing says what to check."""
    if not _PLAIN_PATH.fullmatch(path):
        # nfcpy hands the path to a shell (stty -F PATH).
        raise ReaderMissing(
            f"no PN532 card reader at {path}: a device name has letters, digits and ./:@+-_ only; check the device name"
        )
    transport = None
    try:
        # nfcpy's own path syntax can't name every device, so the driver is put together by hand.
        transport = nfc.clf.transport.TTY(path)
        device = pn532.init(transport)
        device._path = transport.port
    except Exception as error:
        if transport is not None:
            _quietly(transport.close)
        raise ReaderMissing(
            f"no PN532 card reader at {path}: {_say(error)}; check the cable, the device name and that you may use it "
            "(group dialout)"
        ) from None
    return NfcpyPort(device, path)


class NfcpyPort:
    """One nfcpy device. Opened by `open_usb` or `open_tty`; used by one thread."""

    def __init__(self, device: Any, name: str) -> None:
        """Take an opened nfcpy device."""
        self.name = name
        self._device = device
        self._target: Any = None
        self._through = isinstance(device.chipset, nfc.clf.pn53x.Chipset)

    def poll(self, system_code: int) -> Polled | NoCard | ReaderFault:
        """Sense once at 212 kbit/s, the field kept on. The system code is always named, or the wrong one may answer."""
        request = bytearray((0, system_code >> 8, system_code & 0xFF, _REQUEST_NO_SYSTEM_CODE, _ONE_TIME_SLOT))
        try:
            target = self._device.sense_ttf(nfc.clf.RemoteTarget(_BITRATE, sensf_req=request))
        except Exception as error:
            return ReaderFault(self.name, _say(error))
        if target is None or len(target.sensf_res) < 17:
            return NoCard()
        self._target = target
        return Polled(bytes(target.sensf_res[1:9]), bytes(target.sensf_res[9:17]))

    def transceive(self, frame: bytes, timeout_s: float) -> bytes | CardLost | ReaderFault:
        """One frame, once. On a PN53x by a single chip command instead of nfcpy's four."""
        try:
            if self._through:
                answer = self._device.chipset.in_communicate_thru(bytearray(frame), timeout_s + 0.1)
            else:
                answer = self._device.send_cmd_recv_rsp(self._target, bytearray(frame), timeout_s)
        except (nfc.clf.TimeoutError, nfc.clf.TransmissionError):
            return CardLost()
        except Exception as error:
            if isinstance(error, nfc.clf.pn53x.Chipset.Error) and error.errno in _CARD_SLID_AWAY:
                return CardLost()
            return ReaderFault(self.name, _say(error))
        return CardLost() if answer is None else bytes(answer)

    def close(self) -> None:
        """Field off, chip to sleep, line closed. A reader that is gone already is no news."""
        _quietly(self._device.close)


def _say(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip()


def _quietly(close: Any) -> None:
    try:
        close()
    except Exception:
        return  # the port is given up either way; termios.error, for one, is no OSError
