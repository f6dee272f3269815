"""A bench without a wire (模擬) whose readers fail, hang or garble in the middle of a tap, or see the power go (faults
7 to 9, 18)."""

from collections import Counter
from collections.abc import Callable
from random import Random

from farebox.readers import Readers
from farebox.result import Side
from reader.felica import FelicaReader
from reader.keys import bench_keys
from reader.port import CardLost, PollOutcome, ReaderFault
from sim.bench import FieldsBench
from sim.hardware.field import CardField, FieldPort
from sim.hardware.memory_disk import PowerLost

_Answer = Callable[[bytes], bytes]

SPOILT: dict[str, _Answer] = {
    "nothing": lambda answer: b"",
    "one byte": lambda answer: answer[:1],
    "cut short": lambda answer: answer[:-1],
    "cut short, its length mended": lambda answer: bytes((len(answer) - 1,)) + answer[1:-1],
    "a byte too many": lambda answer: answer + b"\0",
    "as long as a frame can be": lambda answer: b"\xff" * 255,
    "of another command": lambda answer: answer[:1] + bytes((answer[1] ^ 0x04,)) + answer[2:],
    "of another card": lambda answer: answer[:2] + bytes((answer[2] ^ 0x01,)) + answer[3:],
    "one bit of it": lambda answer: answer[:-1] + bytes((answer[-1] ^ 0x01,)),
    "not ours at all": lambda answer: Random(9).randbytes(len(answer)),
}
"""What becomes of an answer on its way (faults 9)."""


class WornPort(FieldPort):
    """A port that spoils the n-th answer from now on, swallows the n-th command, is gone after it until opened, or sees
    the terminal lose its power there, the command done by the card or not. What happened of it is in `happened`.
    """

    def __init__(self, field: CardField, name: str) -> None:
        """Take the field and a name."""
        super().__init__(field, name)
        self.happened = Counter[str]()
        self.spoil_at, self.spoil = 0, SPOILT["nothing"]
        self.swallow_at = self.unplug_at = self.hang_at = self.power_goes_at = 0
        self.done_first = False
        self._gone = ""

    def open(self, deadline_s: float = 0.0) -> None:
        """It is there again."""
        super().open(deadline_s)
        self._gone = ""

    def poll(self, system_codes: tuple[int, ...], deadline_s: float = 0.0) -> PollOutcome:
        """Look once."""
        return self._fault() if self._gone else super().poll(system_codes, deadline_s)

    def transceive(self, frame: bytes, timeout_s: float) -> bytes | CardLost | ReaderFault:
        """What comes back of an answer. Raises PowerLost."""
        if self._gone:
            return self._fault()
        cut = self._now("power_goes_at")
        if cut and not self.done_first:
            raise PowerLost
        answer = CardLost() if self._now("swallow_at") else super().transceive(frame, timeout_s)
        if cut:
            raise PowerLost
        if self._now("unplug_at"):
            self._gone = "no such device"
        if self._now("hang_at"):
            self._gone = "hung, and was given up"
        if self._gone:
            return self._fault()
        return self.spoil(answer) if self._now("spoil_at") and isinstance(answer, bytes) else answer

    def well(self) -> None:
        """Nothing that was planned happens any more."""
        self.spoil_at = self.swallow_at = self.unplug_at = self.hang_at = self.power_goes_at = 0

    def _now(self, what: str) -> bool:
        """Whether it happens at this command."""
        left = getattr(self, what) - 1
        setattr(self, what, left)
        if left == 0:
            self.happened[what] += 1
        return bool(left == 0)

    def _fault(self) -> ReaderFault:
        return ReaderFault(self.name, self._gone)


class WornBench(FieldsBench):
    """Two fields behind ports that can be made to fail."""

    def __init__(self) -> None:
        """Two empty fields."""
        fields = {side: CardField() for side in (Side.BOARDING, Side.ALIGHTING)}
        self.ports = {side: WornPort(field, side) for side, field in fields.items()}
        keys = bench_keys()
        boarding, alighting = (FelicaReader(port, keys, Random(1).randbytes) for port in self.ports.values())
        super().__init__(fields, Readers(boarding, alighting), keys)
