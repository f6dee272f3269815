"""A reader that may hang, held so that it can't hang the terminal: its driver runs in a process that can be killed.

Every call here ends within a bound. A reader that overruns it is abandoned: its process is killed, the call is a
ReaderFault that says so, and the next open() starts afresh (faults 8). nfcpy and libusb are loaded over there only.
"""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from reader.messages import (
    Answer,
    AskHealth,
    Done,
    Failed,
    FieldOff,
    MessageFault,
    Open,
    Poll,
    Request,
    Transceive,
)
from reader.port import LONGEST_WAIT_S, CardLost, Health, NoCard, Polled, PollOutcome, ReaderFault, TwoCards
from reader.process import Worker, WorkerGone, worker_command


class Limits(NamedTuple):
    """How long each call may take before the reader counts as hung, in seconds; on top of a time the call itself names.

    More than the driver's own: a PN532 that falls silent is reported by nfcpy within 1.2 s, and needs no killing.
    """

    open_s: float = 8.0
    poll_s: float = 2.0
    exchange_s: float = 1.0
    ask_s: float = 1.5
    close_s: float = 1.0


LIMITS = Limits()
OPENING_S = LIMITS.open_s + 2.0
"""Who waits so long for open() gets a verdict."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 4.0
"""Between attempts at a reader that keeps failing; the first attempt after a time that went well comes at once."""


class WatchedPort:
    """A frame port whose driver lives in a process of its own. Used by one thread."""

    def __init__(
        self,
        spec: str,
        limits: Limits = LIMITS,
        clock: Callable[[], float] = time.monotonic,
        command: Sequence[str] | None = None,
    ) -> None:
        """Take the reader's name, as for `drivers.frame_port`. `command` starts its process, for tests."""
        self._worker: Worker | None = None
        self.name = spec
        self._limits = limits
        self._clock = clock
        self._command = tuple(command or worker_command(spec))
        self._unburied: list[Worker] = []
        self._ready = False
        self._opening_since_s: float | None = None
        self._fault: ReaderFault | None = None
        self._pause_s = 0.0
        self._not_before_s = 0.0

    @property
    def pid(self) -> int | None:
        """The process that holds the reader now, if there is one."""
        return self._worker.pid if self._worker else None

    def open(self, deadline_s: float = 0.0) -> ReaderFault | None:
        """One attempt, waited for until `deadline_s`; 0.0 never waits: `still opening` until the reader has answered.

        Attempts at a reader that keeps failing are spaced out; in between, its last fault is told again.
        """
        if self._ready:
            return None
        self._unburied = [worker for worker in self._unburied if not worker.is_gone()]
        try:
            if self._opening_since_s is None and not self._begun(deadline_s):
                return self._fault or self._faulty("still opening")
            return self._verdict(deadline_s)
        except (WorkerGone, OSError) as error:
            return self._abandon(str(error))

    def _begun(self, deadline_s: float) -> bool:
        """Whether an attempt is on its way: not before the pause after the last one is over."""
        pause_s = self._not_before_s - self._clock()
        if pause_s > 0:
            if deadline_s < self._not_before_s:
                return False
            time.sleep(pause_s)
        if self._worker is None:
            self._worker = Worker(self._command)
        self._worker.send(Open())
        self._opening_since_s = self._clock()
        return True

    def _verdict(self, deadline_s: float) -> ReaderFault | None:
        assert self._worker is not None and self._opening_since_s is not None
        now_s = self._clock()
        limit_s = self._opening_since_s + self._limits.open_s
        answer = self._worker.receive(max(0.0, min(deadline_s, limit_s) - now_s))
        match answer:
            case None if self._clock() < limit_s:
                return self._fault or self._faulty("still opening")
            case None:
                return self._abandon(f"hung in opening for {self._clock() - self._opening_since_s:.1f} s; given up")
            case Done():
                self._ready, self._opening_since_s, self._fault = True, None, None
                return None
            case Failed(what):
                # The process stays for the next attempt: loading the driver is most of the work.
                self._opening_since_s = None
                self._back_off()
                self._fault = self._faulty(what)
                return self._fault
            case _:
                return self._abandon("its process answered out of turn")

    def poll(self, system_codes: tuple[int, ...], deadline_s: float = 0.0) -> PollOutcome:
        """Sense over there, for as long as the deadline allows, and LONGEST_WAIT_S at most."""
        wait_s = min(max(0.0, deadline_s - self._clock()), LONGEST_WAIT_S)
        answer = self._ask(Poll(system_codes, wait_s), wait_s + self._limits.poll_s)
        if isinstance(answer, (Polled, TwoCards, NoCard, ReaderFault)):
            return answer
        return self._abandon("its process answered a poll with something else")

    def transceive(self, frame: bytes, timeout_s: float) -> bytes | CardLost | ReaderFault:
        """One frame, once. If the process is lost with the answer, whether the card got the frame is not known."""
        answer = self._ask(Transceive(frame, timeout_s), timeout_s + self._limits.exchange_s)
        if isinstance(answer, (bytes, CardLost, ReaderFault)):
            return answer
        return self._abandon("its process answered a frame with something else")

    def field_off(self) -> ReaderFault | None:
        """Switch the field off over there."""
        answer = self._ask(FieldOff(), self._limits.ask_s)
        if isinstance(answer, Done):
            return None
        return answer if isinstance(answer, ReaderFault) else self._abandon("its process answered something else")

    def health(self) -> Health | ReaderFault:
        """Ask the chip over there for its name."""
        answer = self._ask(AskHealth(), self._limits.ask_s)
        return answer if isinstance(answer, (Health, ReaderFault)) else self._abandon("its process answered otherwise")

    def __del__(self) -> None:
        """Dropped without close(): no process stays behind."""
        self._let_go(0.0)

    def close(self) -> None:
        """Have the reader closed and its process ended; killed if it takes too long, or never opened it."""
        self._let_go(self._limits.close_s if self._ready else 0.0)

    def _ask(self, request: Request, limit_s: float) -> Answer | ReaderFault:
        worker = self._worker
        if worker is None or not self._ready:
            return self._fault or self._faulty("not open")
        began_s = self._clock()
        try:
            worker.send(request)
            answer = worker.receive(limit_s)
        except MessageFault as fault:
            return self._faulty(str(fault))
        except WorkerGone as gone:
            return self._abandon(str(gone))
        if answer is None:
            return self._abandon(f"hung: no answer for {self._clock() - began_s:.1f} s; given up, and opened again")
        if isinstance(answer, Failed):
            self._back_off()
            return self._faulty(answer.what)
        self._pause_s = 0.0
        return answer

    def _faulty(self, what: str) -> ReaderFault:
        return ReaderFault(self.name, what)

    def _abandon(self, what: str) -> ReaderFault:
        self._let_go(0.0)
        self._back_off()
        self._fault = self._faulty(what)
        return self._fault

    def _let_go(self, polite_s: float) -> None:
        worker, self._worker = self._worker, None
        self._ready, self._opening_since_s = False, None
        if worker is not None and not worker.end(polite_s):
            self._unburied.append(worker)

    def _back_off(self) -> None:
        self._not_before_s = self._clock() + self._pause_s
        self._pause_s = min(max(2 * self._pause_s, FIRST_PAUSE_S), LONGEST_PAUSE_S)
