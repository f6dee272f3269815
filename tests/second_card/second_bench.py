"""Readers of the fare box in front of second cards: a frame port, and a bench for a bus, with no chip between."""

from collections.abc import Callable
from enum import StrEnum
from random import Random
from typing import NamedTuple

from cardimage.image import CardImage
from cardimage.layout.blocks import SLOT_BLOCKS
from cardimage.layout.slots import Slot
from cardimage.resolve import standing
from farebox.readers import Readers
from farebox.result import Side
from reader.felica import FelicaReader, LiteSSession
from reader.keys import bench_keys
from reader.port import CardLost, Health, NoCard, Polled, PollOutcome
from sim.hardware.field import Withdrawal
from tariff.refusal import Refusal
from tests.second_card.lite_s_card import LiteSCard

KEYS = bench_keys()


class Loss(StrEnum):
    """What the air swallows."""

    COMMAND = "command"
    ANSWER = "answer"


class Lost(NamedTuple):
    """The n-th command since the card was laid, the poll included; and whether the card goes with it."""

    command: int
    loss: Loss
    leaves: bool = False


class SecondPort:
    """A frame port whose field holds at most one second card. `overheard` may change an answer on its way."""

    name = "second"

    def __init__(self) -> None:
        self._card: LiteSCard | None = None
        self._lost: Lost | None = None
        self.commands = 0
        self.overheard: Callable[[bytes], bytes] = bytes

    def lay(self, card: LiteSCard, lost: Lost | None = None) -> None:
        self._card, self._lost, self.commands = card, lost, 0
        card.power_off()

    def lift(self) -> None:
        self.field_off()
        self._card = None

    def _exchange(self, frame: bytes) -> bytes | None:
        card, lost = self._card, self._lost
        if card is None:
            return None
        self.commands += 1
        if lost is None or lost.command != self.commands:
            answer = card.process(frame)
            return answer and self.overheard(answer)
        if lost.loss is Loss.ANSWER:
            card.process(frame)
        if lost.leaves:
            self.lift()
        return None

    # -- reader.port.FramePort

    def open(self, deadline_s: float = 0.0) -> None:
        pass

    def poll(self, system_codes: tuple[int, ...], deadline_s: float = 0.0) -> PollOutcome:
        for code in system_codes:
            answer = self._exchange(b"\x06\x00" + code.to_bytes(2, "big") + b"\x00\x00")
            if answer is not None:
                return Polled(answer[2:10], answer[10:18], code)
        return NoCard()

    def transceive(self, frame: bytes, timeout_s: float) -> bytes | CardLost:
        return self._exchange(frame) or CardLost()

    def field_off(self) -> None:
        if self._card is not None:
            self._card.power_off()

    def health(self) -> Health:
        return Health("second")

    def close(self) -> None:
        self.field_off()


def second_card(image: CardImage, key: bytes | None = None) -> LiteSCard:
    """The card of an image as the second model has it, with the key that the fare box derives for its IDm."""
    return LiteSCard(image.idm, image.pmm, key or KEYS.card_key(image.idm), image.lite_s_blocks())


def session_with(port: SecondPort) -> LiteSSession:
    """What the project's reader makes of the card in the field."""
    session = FelicaReader(port, KEYS, Random(2).randbytes).wait()
    assert isinstance(session, LiteSSession)
    return session


class SecondBench:
    """Two fields, two readers of the fare box. The second card of an image is made at its first laying, and kept."""

    tears = True

    def __init__(self) -> None:
        self.ports = {side: SecondPort() for side in (Side.BOARDING, Side.ALIGHTING)}
        random = Random(1).randbytes
        at = {side: FelicaReader(port, KEYS, random) for side, port in self.ports.items()}
        self.readers = Readers(at[Side.BOARDING], at[Side.ALIGHTING])
        self.cards: dict[bytes, LiteSCard] = {}
        self.next_loss: Lost | None = None

    def card(self, image: CardImage) -> LiteSCard:
        return self.cards.setdefault(image.idm, second_card(image))

    def slot(self, image: CardImage) -> Slot:
        """The slot of the second card that is valid now."""
        memory = self.card(image).memory
        now = standing(memory[SLOT_BLOCKS[0]], memory[SLOT_BLOCKS[1]])
        assert not isinstance(now, Refusal)
        return now.slot

    def lay(self, side: Side, image: CardImage, withdrawal: Withdrawal | None = None) -> None:
        """Withdrawals are of the first card; here a loss is set beforehand, for the next card laid."""
        assert withdrawal is None
        self.ports[side].lay(self.card(image), self.next_loss)
        self.next_loss = None

    def lift(self, side: Side) -> None:
        self.ports[side].lift()

    def close(self) -> None:
        self.readers.boarding.close()
        self.readers.alighting.close()
