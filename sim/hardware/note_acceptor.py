"""A bank note acceptor that speaks ID-003 (模擬): a model, straight or on a pseudo-terminal for the real pyserial.

The messages are ID-003's, as docs/top_up.md cites them. How its notes move, what a hand or a power cut does to them and
how long it waits are our choice: no public text tells. A note is always in exactly one place: `inside`, `box`, or
`given_back`.
"""

from collections.abc import Callable
from enum import Enum
from threading import Lock

from farebox.peripherals.id003 import ACK, FIRST_NOTE, PHASES, SYNC, Command, framed, parse
from farebox.peripherals.note_acceptor import Phase
from sim.hardware.pty_device import PtyDevice

NOTES_YEN = (1_000, 2_000, 5_000, 10_000)
"""A Japanese acceptor knows all four notes."""
_COUNTRY = 0x00  # 模擬: no public text names Japan's number
_TABLE = b"".join(
    bytes((FIRST_NOTE + place, _COUNTRY, yen // 10 ** (len(str(yen)) - 1), len(str(yen)) - 1))
    for place, yen in enumerate(NOTES_YEN)
) + b"".join(bytes((FIRST_NOTE + place, 0, 0, 0)) for place in range(len(NOTES_YEN), 8))

_CODES = {phase: code for code, phase in reversed(PHASES.items())}
_INVALID_COMMAND = 0x4B
_NOT_WANTED = 0x79  # reject: inhibited
_NOT_KNOWN = 0x76  # reject: no denomination
_WAITING = (Phase.ESCROW, Phase.HOLDING)
_SETTINGS = tuple(command for command in Command if command >= Command.ENABLE_DISABLE)
ESCROW_S = 10.0
"""How long a note waits in escrow before it goes back by itself."""


class Loss(Enum):
    """What is lost with one command."""

    COMMAND = "command"  # it never reaches the acceptor
    ANSWER = "answer"  # it is carried out, the answer is lost
    HALF = "half"  # … only half of the answer arrives
    POWER_BEFORE = "power-before"  # the acceptor loses its power instead
    POWER_AFTER = "power-after"  # … after it was carried out


class NoteAcceptorModel:
    """The acceptor itself: `process` is its end of the wire, everything else is the world's."""

    def __init__(self, now_s: Callable[[], float] = lambda: 0.0) -> None:
        """Switched on, empty. `now_s` is the time by which escrow runs out."""
        self.inside: int | None = None
        """The note between the slot and the box, in yen."""
        self.box: list[int] = []
        self.given_back: list[int] = []
        self.room = 500
        self.commands: list[int] = []
        """The code of every command that reached it, in order."""
        self.losses: dict[int, Loss] = {}
        """What to lose, by how many commands come before it."""
        self._now_s = now_s
        self._phase = Phase.POWER_UP
        self._has_power = True
        self._rejected = 0
        self._mask, self._inhibited = 0xFF, True
        self._waits_until_s = 0.0
        self._halfway = self._unconfirmed = False

    # -- the passenger, the staff, the power

    @property
    def phase(self) -> Phase:
        """What it is at."""
        return self._phase

    def insert(self, yen: int) -> None:
        """A passenger puts a note (or a coin) to the slot. What it does not want never gets in."""
        if not self._takes(yen):
            self.given_back.append(yen)
            if self._has_power and self._phase is Phase.IDLE:
                self._phase = Phase.REJECTING
                self._rejected = _NOT_WANTED if yen in NOTES_YEN else _NOT_KNOWN
            return
        self.inside, self._phase = yen, Phase.ACCEPTING

    def pass_time(self) -> None:
        """What moves by itself moves on: motors, and a note that was kept in escrow for too long."""
        if not self._has_power:
            return
        match self._phase:
            case Phase.ACCEPTING:
                self._wait_in(Phase.ESCROW)
            case Phase.ESCROW | Phase.HOLDING if self._now_s() >= self._waits_until_s:
                self._phase = Phase.RETURNING
            case Phase.STACKING if not self._halfway:
                self._halfway = True
            case Phase.STACKING:
                self._into_the_box()
                self._phase = Phase.IN_BOX
            case Phase.RETURNING | Phase.REJECTING:
                self._out_of_the_slot()
                self._ready()
            case Phase.STACKED:
                self._ready()

    def lose_power(self, *, far: bool = False) -> None:
        """Switch it off. A note on its way to the box stays where it is, or with `far` drops into it."""
        if self._has_power and self._phase is Phase.STACKING and far:
            self._into_the_box()
        self._has_power = False

    def power_on(self) -> None:
        """Switch it on: it tells whether a note is inside, or was the last thing to reach the box."""
        if self._has_power:
            return
        self._has_power = True
        self._mask, self._inhibited = 0xFF, True
        if self.inside is not None:
            self._phase = Phase.POWER_UP_NOTE_INSIDE
        else:
            self._phase = Phase.POWER_UP_NOTE_IN_BOX if self._unconfirmed else Phase.POWER_UP

    def jam(self) -> None:
        """The note inside can't move any more."""
        if self._has_power and self.inside is not None:
            self._phase = Phase.JAMMED

    def clear_by_hand(self) -> None:
        """Staff open it and take out what is inside, which goes to the passenger; then its power is cycled."""
        self._out_of_the_slot()
        self._has_power = False
        self.power_on()

    def open_box(self) -> None:
        """The box is taken out, its notes with it, to be counted; only while nothing moves."""
        if self._has_power and self._phase in (Phase.IDLE, Phase.INHIBITED):
            self._phase = Phase.BOX_OPEN

    def close_box(self) -> None:
        """And put back."""
        if self._phase is Phase.BOX_OPEN:
            self._phase = Phase.POWER_UP

    def _takes(self, yen: int) -> bool:
        wanted = yen in NOTES_YEN and not self._mask >> NOTES_YEN.index(yen) & 1
        return self._has_power and self._phase is Phase.IDLE and wanted and self.inside is None

    def _wait_in(self, phase: Phase) -> None:
        self._phase, self._waits_until_s = phase, self._now_s() + ESCROW_S

    def _into_the_box(self) -> None:
        assert self.inside is not None
        self.box.append(self.inside)
        self.inside, self._unconfirmed = None, True

    def _out_of_the_slot(self) -> None:
        if self.inside is not None:
            self.given_back.append(self.inside)
            self.inside = None

    def _ready(self) -> None:
        if len(self.box) >= self.room:
            self._phase = Phase.BOX_FULL
        else:
            self._phase = Phase.INHIBITED if self._inhibited else Phase.IDLE

    # -- the wire

    def process(self, frame: bytes) -> bytes:
        """One frame of the terminal -> the bytes that come back, none for silence."""
        if not self._has_power:
            return b""
        loss = self.losses.get(len(self.commands))
        self.commands.append(frame[2] if len(frame) > 2 else 0)
        if loss is Loss.COMMAND:
            return b""
        if loss is Loss.POWER_BEFORE:
            self.lose_power()
            return b""
        answer = self._answer(frame)
        if loss is Loss.POWER_AFTER:
            self.lose_power()
        if loss in (Loss.ANSWER, Loss.POWER_AFTER):
            return b""
        return answer[: len(answer) // 2] if loss is Loss.HALF else answer

    def _answer(self, frame: bytes) -> bytes:
        message = parse(frame)
        if message is None:
            return b""
        if message.code == Command.ACK:
            if self._phase is Phase.IN_BOX:
                self._phase, self._unconfirmed = Phase.STACKED, False
            return b""
        if message.code == Command.STATUS_REQUEST:
            return self._status()
        if message.code == Command.CURRENCY_ASSIGN_REQUEST:
            return framed(message.code, _TABLE)
        if message.code in _SETTINGS:
            self._set(message.code, message.data)
            return framed(message.code, message.data)
        return framed(ACK if self._operate(message.code) else _INVALID_COMMAND)

    def _status(self) -> bytes:
        """What it is at; then time passes until the next question."""
        phase, data = self._phase, b""
        if phase is Phase.ESCROW:
            assert self.inside is not None
            data = bytes((FIRST_NOTE + NOTES_YEN.index(self.inside),))
        elif phase is Phase.REJECTING:
            data = bytes((self._rejected,))
        self.pass_time()
        return framed(_CODES[phase], data)

    def _operate(self, command: int) -> bool:
        """Whether it is a command for what it is at."""
        if command == Command.RESET:
            if self._phase in _WAITING or self._phase is Phase.POWER_UP_NOTE_INSIDE:
                self._out_of_the_slot()
            elif self._phase in (Phase.STACKING, Phase.RETURNING, Phase.ACCEPTING, Phase.JAMMED):
                return False
            self._phase, self._unconfirmed = Phase.INITIALIZING, False
            return True
        if self._phase not in _WAITING:
            return False
        if command == Command.STACK_2 and len(self.box) < self.room:
            self._phase, self._halfway = Phase.STACKING, False
        elif command == Command.RETURN:
            self._phase = Phase.RETURNING
        elif command == Command.HOLD:
            self._wait_in(Phase.HOLDING)
        else:
            return False
        return True

    def _set(self, setting: int, data: bytes) -> None:
        if setting == Command.ENABLE_DISABLE:
            self._mask = data[0]
        elif setting == Command.INHIBIT:
            self._inhibited = bool(data[0] & 1)
            if self._phase in (Phase.INITIALIZING, Phase.IDLE, Phase.INHIBITED):
                self._ready()


class DirectLine:
    """The model's wire without a wire: quick, for tests by the thousand."""

    def __init__(self, model: NoteAcceptorModel) -> None:
        """Take the model."""
        self.model = model

    def ask(self, frame: bytes) -> bytes:
        """The model's answer."""
        return self.model.process(frame)

    def tell(self, frame: bytes) -> bool:
        """Said to the model."""
        self.model.process(frame)
        return True

    def close(self) -> None:
        """Nothing to let go of."""


class NoteAcceptorOnPty(PtyDevice):
    """The model on a pseudo-terminal."""

    def __init__(self, model: NoteAcceptorModel) -> None:
        """Answer for the model until closed."""
        self.model = model
        self.lock = Lock()
        """Held while the model answers; hold it to change the model."""
        super().__init__("note acceptor")

    def _take(self, waiting: bytes) -> bytes:
        while (frame := _first_frame(waiting)) is not None:
            waiting = waiting[waiting.index(frame) + len(frame) :]
            with self.lock:
                answer = self.model.process(frame)
            self._send(answer)
        return waiting


def _first_frame(received: bytes) -> bytes | None:
    """The first whole frame in what was received."""
    start = received.find(SYNC)
    if start < 0 or len(received) < start + 2:
        return None
    end = start + max(received[start + 1], 2)
    return received[start:end] if len(received) >= end else None
