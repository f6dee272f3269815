"""A bench without a wire whose readers fail or garble in the middle of a tap, or see the power go (faults 7, 9, 18)."""

from collections.abc import Callable
from random import Random

from farebox.readers import Readers
from farebox.result import Side
from reader.felica import FelicaReader
from reader.port import CardLost, PollOutcome, ReaderFault
from sim.bench import FieldsBench
from sim.hardware.field import CardField, FieldPort
from tests.farebox.bus import KEYS
from tests.journal.memory_disk import PowerLost

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
    the terminal lose its power there, the command done by the card or not.
    """

    def __init__(self, field: CardField, name: str) -> None:
        super().__init__(field, name)
        self.spoil_at, self.spoil = 0, SPOILT["nothing"]
        self.swallow_at = self.unplug_at = self.power_goes_at = 0
        self.done_first = False
        self._gone = False

    def open(self, deadline_s: float = 0.0) -> None:
        super().open(deadline_s)
        self._gone = False

    def poll(self, system_codes: tuple[int, ...], deadline_s: float = 0.0) -> PollOutcome:
        return self._fault() if self._gone else super().poll(system_codes, deadline_s)

    def transceive(self, frame: bytes, timeout_s: float) -> bytes | CardLost | ReaderFault:
        if self._gone:
            return self._fault()
        self.swallow_at -= 1
        self.power_goes_at -= 1
        if self.power_goes_at == 0 and not self.done_first:
            raise PowerLost
        answer = CardLost() if self.swallow_at == 0 else super().transceive(frame, timeout_s)
        if self.power_goes_at == 0:
            raise PowerLost
        self.spoil_at -= 1
        self.unplug_at -= 1
        if self.unplug_at == 0:
            self._gone = True
            return self._fault()
        return self.spoil(answer) if self.spoil_at == 0 and isinstance(answer, bytes) else answer

    def well(self) -> None:
        """Nothing that was planned happens any more."""
        self.spoil_at = self.swallow_at = self.unplug_at = self.power_goes_at = 0

    def _fault(self) -> ReaderFault:
        return ReaderFault(self.name, "no such device")


class WornBench(FieldsBench):
    """Two fields behind ports that can be made to fail."""

    def __init__(self) -> None:
        fields = {side: CardField() for side in (Side.BOARDING, Side.ALIGHTING)}
        self.ports = {side: WornPort(field, side) for side, field in fields.items()}
        boarding, alighting = (FelicaReader(port, KEYS, Random(1).randbytes) for port in self.ports.values())
        super().__init__(fields, Readers(boarding, alighting), KEYS)
