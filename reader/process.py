"""A reader's process as the terminal holds it: started, asked, ended; killed if it must be."""

import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from subprocess import DEVNULL, Popen, TimeoutExpired

from reader.messages import MOST_BYTES, Answer, Close, MessageFault, Request, decode_answer, encode_request

_KILLED_WITHIN_S = 0.5
"""A killed process is gone at once, unless the kernel itself waits for a device."""


class WorkerGone(Exception):
    """The process ended, or what it says is not to be trusted any more."""


def worker_command(spec: str) -> tuple[str, ...]:
    """How a reader's process is started; its socket's descriptor follows. -P: nothing from the working folder."""
    return (sys.executable, "-P", "-m", "reader.worker", spec)


class Worker:
    """One process, one reader. Every method but `end` may raise WorkerGone; the only thing to do then is to end it."""

    def __init__(self, command: Sequence[str]) -> None:
        """Start it; it loads its driver while we go on. OSError if the machine can't start it."""
        self._number = 0
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                self._process = Popen(
                    [*command, str(theirs.fileno())],
                    pass_fds=(theirs.fileno(),),
                    stdin=DEVNULL,
                    stdout=DEVNULL,
                    stderr=None if os.environ.get("FAREBOX_DEBUG") else DEVNULL,
                    start_new_session=True,  # Ctrl-C is for the terminal, which then closes the reader
                    env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                )
        except OSError:
            self._line.close()
            raise

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def send(self, request: Request) -> None:
        """Ask. Its answer is the next one to be received."""
        self._number = (self._number + 1) & 0xFFFF_FFFF
        packet = encode_request(self._number, request)
        try:
            self._line.send(packet)
        except OSError:
            raise WorkerGone(self._how_it_ended()) from None

    def receive(self, limit_s: float) -> Answer | None:
        """The answer to what was asked last; None if none came within so many seconds (0: don't wait)."""
        self._line.settimeout(limit_s)
        try:
            packet = self._line.recv(MOST_BYTES + 1)
        except (TimeoutError, BlockingIOError):
            return None
        except OSError:
            packet = b""
        if not packet:
            raise WorkerGone(self._how_it_ended())
        try:
            number, answer = decode_answer(packet)
        except MessageFault as fault:
            raise WorkerGone(f"its process answered with garbage ({fault})") from None
        if number != self._number:
            raise WorkerGone(f"its process answered out of turn ({number}, not {self._number})")
        return answer

    def _how_it_ended(self) -> str:
        try:
            code = self._process.wait(_KILLED_WITHIN_S)
        except TimeoutExpired:
            return "its process stopped talking"
        if code < 0:
            return f"its process was ended by signal {-code} ({signal.strsignal(-code)})"
        return f"its process ended with code {code}"

    def end(self, polite_s: float) -> bool:
        """Have the reader closed within that time, else kill; 0 kills at once. False if it is still there even so."""
        until_s = time.monotonic() + polite_s
        if polite_s and self._closes_itself(polite_s):
            with suppress(TimeoutExpired):
                self._process.wait(max(0.0, until_s - time.monotonic()))
        self._line.close()
        return self.is_gone() or self._kill()

    def _closes_itself(self, limit_s: float) -> bool:
        with suppress(WorkerGone):
            self.send(Close())
            return self.receive(limit_s) is not None
        return False

    def _kill(self) -> bool:
        # Its whole session: nfcpy may have a shell running.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        with suppress(TimeoutExpired):
            self._process.wait(_KILLED_WITHIN_S)
        return self.is_gone()

    def is_gone(self) -> bool:
        """Whether it has ended; then nothing is left of it."""
        return self._process.poll() is not None
