"""A bench without a wire: the card's frames straight from the field, so that random tests can withdraw cards by the
thousand. The pseudo-terminal and nfcpy are exercised in test_withdrawal.py."""

from random import Random

from cardimage.image import CardImage
from farebox.result import Side
from farebox.terminal import Readers
from reader.felica import FelicaReader
from reader.port import CardLost, NoCard, Polled, ReaderFault
from sim.hardware.field import CardField, Withdrawal
from tests.farebox.bus import KEYS, card_in_field


class FieldPort:
    """A frame port over a field."""

    def __init__(self, name: str, field: CardField) -> None:
        self.name, self._field = name, field

    def poll(self, system_code: int) -> Polled | NoCard | ReaderFault:
        answer = self._field.exchange(bytes((6, 0, system_code >> 8, system_code & 0xFF, 0, 0)))
        return NoCard() if answer is None else Polled(answer[2:10], answer[10:18])

    def transceive(self, frame: bytes, timeout_s: float) -> bytes | CardLost | ReaderFault:
        answer = self._field.exchange(frame)
        return CardLost() if answer is None else answer

    def close(self) -> None:
        self._field.lift()


class FieldBench:
    """Two fields, two readers."""

    tears = True

    def __init__(self) -> None:
        self._fields = {side: CardField() for side in (Side.BOARDING, Side.ALIGHTING)}
        random = Random(1).randbytes
        at = {side: FelicaReader(FieldPort(side, field), KEYS, random) for side, field in self._fields.items()}
        self.readers = Readers(at[Side.BOARDING], at[Side.ALIGHTING])

    def lay(self, side: Side, image: CardImage, withdrawal: Withdrawal | None = None) -> None:
        self._fields[side].lay(card_in_field(image), withdrawal)

    def lift(self, side: Side) -> None:
        self._fields[side].lift()

    def close(self) -> None:
        self.readers.boarding.close()
        self.readers.alighting.close()
