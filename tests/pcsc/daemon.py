"""A pcscd of our own with a virtual reader, and a field whose cards it has noticed."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sim.hardware.field import CardModel, Withdrawal
from sim.hardware.pcsc import ContactlessReader, SensedField, VpcdLine

_FRIENDLY = "farebox virtual reader"
READER = f"{_FRIENDLY} 00 00"
_DRIVER = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
_PATIENCE_S = 15.0
_PRESENT, _EMPTY = 0x20, 0x10


class Daemon(NamedTuple):
    """A running pcscd, and where its virtual reader listens for a card."""

    process: "subprocess.Popen[bytes]"
    port: int


@contextmanager
def running_pcscd(folder: Path) -> Iterator[Daemon]:
    """Start pcscd in the foreground with nothing but our reader; stop it in the end."""
    port = _free_port()
    config = folder / "reader.conf"
    config.write_text(
        f'FRIENDLYNAME "{_FRIENDLY}"\nDEVICENAME /dev/null:{port:#x}\nLIBPATH {_DRIVER}\nCHANNELID {port:#x}\n'
    )
    pcscd = shutil.which("pcscd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    assert pcscd, "pcscd is not installed: make pcsc-deps"
    log = folder / "pcscd.log"
    with log.open("wb") as into:
        process = subprocess.Popen([pcscd, "--foreground", "--config", str(config)], stdout=into, stderr=into)
    try:
        _wait_for_reader(process, log)
        yield Daemon(process, port)
    finally:
        process.terminate()
        process.wait(_PATIENCE_S)


def _free_port() -> int:
    """vpcd takes a port and the one after it."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("", port + 1))
            except (OSError, OverflowError):
                continue
            return port


def _wait_for_reader(process: "subprocess.Popen[bytes]", log: Path) -> None:
    from smartcard import scard  # noqa: PLC0415

    until_s = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until_s:
        assert process.poll() is None, (
            f"pcscd ended at once; it needs root, and no other pcscd beside it (systemctl stop pcscd.socket pcscd): "
            f"{log.read_text(errors='replace')}"
        )
        status, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
        if status == 0:
            status, names = scard.SCardListReaders(context, [])
            scard.SCardReleaseContext(context)
            if READER in names:
                return
        time.sleep(0.02)  # nothing tells that a service has come up
    raise AssertionError(f"pcscd shows no {READER}: {log.read_text(errors='replace')}")


class NoticedField(SensedField):
    """A field in which laying a card takes until pcscd has noticed it, up to half a second."""

    def __init__(self) -> None:
        from smartcard import scard  # noqa: PLC0415

        super().__init__()
        self.reader = ContactlessReader(self)
        self.break_line: Callable[[], None] = lambda: None
        self._scard: Any = scard
        self._context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)[1]

    def lay(self, card: CardModel, withdrawal: Withdrawal | None = None) -> None:
        if not self.reader.has_card:
            self._wait_until(_EMPTY)  # pcscd may still have the last one in mind
        super().lay(card, withdrawal)
        self._wait_until(_PRESENT)

    def _wait_until(self, wanted: int) -> None:
        state = self._scard.SCARD_STATE_UNAWARE
        until_s = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until_s:
            _, states = self._scard.SCardGetStatusChange(self._context, 1000, [(READER, state)])
            state = states[0][1]
            if state & wanted:
                return
        raise AssertionError(f"pcscd did not notice: state {state:#x}, not {wanted:#x}")

    def close(self) -> None:
        self._scard.SCardReleaseContext(self._context)


@contextmanager
def virtual_reader(daemon: Daemon) -> Iterator[NoticedField]:
    """The field in front of the virtual reader, empty."""
    field = NoticedField()
    line = VpcdLine(field.reader, daemon.port)
    field.break_line = line.break_off
    try:
        yield field
    finally:
        line.close()
        field.close()
