"""What a tap sounds and looks like (GEN-14): a Result -> a Signal, and the player of signals. Pure but for `Player`.

    player = Player(outputs, time.monotonic, tell_fault)
    player.offer(signal_of(result))        never waits; a lamp that is broken never keeps a fare from being taken

A signal is a row of steps: so long, this tone, these lamps. `Schedule` is the whole of its timing, and knows no clock.
"""

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from queue import Empty, Full, Queue
from threading import Thread
from typing import NamedTuple, Protocol

from farebox.peripherals.meaning import Meaning, meaning_of
from farebox.result import Result


class Lamp(StrEnum):
    """The three lamps, by their colours."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


class Shown(NamedTuple):
    """One moment: the tone (0: silence) and the lamps that are lit."""

    tone_hz: int = 0
    lamps: frozenset[Lamp] = frozenset()


DARK = Shown()


class Step(NamedTuple):
    """A moment that lasts."""

    ms: int
    shown: Shown


_PI_HZ, _BUZZ_HZ = 2_000, 440
_PI_MS, _GAP_MS, _PII_MS = 120, 80, 900
"""The short sound and the long one of GEN-14, and a pause that can be heard."""
_GREEN, _YELLOW, _RED = frozenset({Lamp.GREEN}), frozenset({Lamp.YELLOW}), frozenset({Lamp.RED})


def _pi(lamps: frozenset[Lamp]) -> Step:
    return Step(_PI_MS, Shown(_PI_HZ, lamps))


def _pii(lamps: frozenset[Lamp]) -> Step:
    return Step(_PII_MS, Shown(_BUZZ_HZ, lamps))


def _still(ms: int, lamps: frozenset[Lamp]) -> Step:
    return Step(ms, Shown(0, lamps))


SIGNALS: dict[Meaning, tuple[Step, ...]] = {
    Meaning.ACCEPTED: (_pi(_GREEN), _still(880, _GREEN)),
    Meaning.ACCEPTED_LOOK: (
        _pi(_GREEN | _YELLOW),
        _still(_GAP_MS, _GREEN | _YELLOW),
        _pi(_GREEN | _YELLOW),
        _still(1_680, _GREEN | _YELLOW),
    ),
    Meaning.REFUSED: (_pii(_RED), _still(1_100, _RED)),
    Meaning.TOUCH_AGAIN: (
        _pii(_RED),
        *(step for _ in range(3) for step in (_still(150, frozenset()), _still(150, _RED))),
    ),
    Meaning.ASK_DRIVER: (_pii(_RED | _YELLOW), _still(2_100, _RED | _YELLOW)),
    Meaning.CARD_REFUSED: (_pii(_RED), _still(_GAP_MS, _RED), _pii(_RED), _still(1_120, _RED)),
}
"""Every signal. A refusal begins with the long buzz, an accepted tap with the short sound; all end in silence."""


class Signal(NamedTuple):
    """What is played for a tap."""

    meaning: Meaning

    @property
    def steps(self) -> tuple[Step, ...]:
        """Its moments, in order; then it is dark and silent."""
        return SIGNALS[self.meaning]


def signal_of(result: Result) -> Signal:
    """What a tap that was served sounds and looks like."""
    return Signal(meaning_of(result))


# -- playing


class OutputFault(NamedTuple):
    """A lamp or the buzzer failed: which and how. Fares are taken all the same."""

    part: str
    what: str


class Outputs(Protocol):
    """A buzzer and lamps."""

    def show(self, shown: Shown) -> OutputFault | None:
        """Sound this tone and light these lamps, until told otherwise. At once, and never raises."""

    def close(self) -> None:
        """Dark and silent; let go of the pins."""


_LONGEST_CLOSING_S = 2.0
MOST_WAITING = 4
"""More signals than this never wait: the oldest one is dropped."""


class Schedule:
    """Which moment is shown when, in seconds of any clock.

    Every signal's sound is heard to its end, so that two riders at two doors each hear their own; the lamps after it
    give way to the next signal.
    """

    def __init__(self) -> None:
        """Dark and silent."""
        self._waiting: deque[Signal] = deque(maxlen=MOST_WAITING)
        self._steps: deque[Step] = deque()
        self._until_s = 0.0

    def add(self, signal: Signal) -> None:
        """One more signal; of too many, the oldest that waits is dropped."""
        self._waiting.append(signal)

    def now(self, at_s: float) -> Shown:
        """What is to be shown now."""
        if not self._steps and self._waiting:
            self._begin(at_s)
        while self._steps and (at_s >= self._until_s or self._gives_way()):
            if self._gives_way():
                self._begin(at_s)
                continue
            self._steps.popleft()
            if self._steps:
                self._until_s += self._steps[0].ms / 1_000
        return self._steps[0].shown if self._steps else DARK

    def next_s(self) -> float | None:
        """When what is shown changes by itself; None: not until the next signal."""
        return self._until_s if self._steps else None

    def _begin(self, at_s: float) -> None:
        self._steps = deque(self._waiting.popleft().steps)
        self._until_s = at_s + self._steps[0].ms / 1_000

    def _gives_way(self) -> bool:
        """Whether another signal waits and no sound of this one is still to come."""
        return bool(self._waiting) and all(step.shown.tone_hz == 0 for step in self._steps)


class Player:
    """Plays signals in a thread of its own."""

    def __init__(
        self, outputs: Outputs, clock: Callable[[], float], tell: Callable[[OutputFault | None], None]
    ) -> None:
        """Take the outputs, a clock that nobody sets, and whom to tell of a fault: once, and None once it is gone.

        `tell` is called in the player's thread.
        """
        self._outputs, self._clock, self._tell = outputs, clock, tell
        self._inbox: Queue[Signal | None] = Queue(MOST_WAITING)
        self._fault: OutputFault | None = None
        self._thread = Thread(target=self._run, name="sounds and lamps", daemon=True)
        self._thread.start()

    def offer(self, signal: Signal) -> None:
        """Play this as soon as may be. Never waits and never fails: a tap goes on."""
        self._put(signal)

    def close(self) -> None:
        """Dark and silent. A lamp that hangs is not waited for for long."""
        if self._thread.is_alive():
            self._put(None)
            self._thread.join(_LONGEST_CLOSING_S)
            self._outputs.close()

    def _put(self, signal: Signal | None) -> None:
        while self._thread.is_alive():
            try:
                self._inbox.put_nowait(signal)
                return
            except Full:
                self._drop_oldest()

    def _drop_oldest(self) -> None:
        with suppress(Empty):
            self._inbox.get_nowait()

    def _run(self) -> None:
        schedule, shown = Schedule(), DARK
        while True:
            due_s = schedule.next_s()
            try:
                signal = self._inbox.get(timeout=None if due_s is None else max(0.0, due_s - self._clock()))
            except Empty:
                pass
            else:
                if signal is None:
                    return
                schedule.add(signal)
            now = schedule.now(self._clock())
            if now != shown:
                shown = now
                self._note(self._outputs.show(now))

    def _note(self, fault: OutputFault | None) -> None:
        if fault != self._fault:
            self._fault = fault
            self._tell(fault)


class LoggedOutputs:
    """No pins: every moment goes to `log`, as `2000 Hz · green`. For a bench, and for a Pi without lamps."""

    def __init__(self, log: Callable[[str], None]) -> None:
        """Take where lines go."""
        self._log = log

    def show(self, shown: Shown) -> OutputFault | None:
        """Log it."""
        tone = f"{shown.tone_hz} Hz" if shown.tone_hz else "silence"
        lamps = ", ".join(lamp.value for lamp in Lamp if lamp in shown.lamps) or "dark"
        self._log(f"{tone} · {lamps}")
        return None

    def close(self) -> None:
        """Nothing is held."""
