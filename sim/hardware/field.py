"""A card in the field of a simulated reader (模擬), and the moments at which a hand takes it away again."""

from enum import StrEnum
from threading import Lock
from typing import NamedTuple

from cardimage.felica_card import FelicaCard


class Moment(StrEnum):
    """When in a command the card is withdrawn."""

    BEFORE = "before"  # the command never reaches the card
    DURING = "during"  # a write stops half-way: the block is neither old nor new
    AFTER = "after"  # the card has done it, the answer is lost with the card
    ANSWER_LOST = "answer-lost"  # as AFTER, but the card stays: only this one answer is lost


class Withdrawal(NamedTuple):
    """Withdraw the card at the n-th command it gets, counted from 1 since it was laid."""

    command: int
    moment: Moment


class CardField:
    """The space in front of one reader: at most one card, laid and lifted, with faults on demand.

    Shared by the chip's thread and the world's; the lock makes laying and answering take turns.
    """

    def __init__(self) -> None:
        """An empty field."""
        self._card: FelicaCard | None = None
        self._withdrawal: Withdrawal | None = None
        self._lock = Lock()
        self.commands = 0
        """Commands that reached the card since it was laid, polling included."""

    def lay(self, card: FelicaCard, withdrawal: Withdrawal | None = None) -> None:
        """Lay a card, to be withdrawn as planned."""
        with self._lock:
            self._card = card
            self._withdrawal = withdrawal
            self.commands = 0
            card.power_off()

    def lift(self) -> None:
        """Take the card away; it loses its session."""
        with self._lock:
            self._lift()

    def _lift(self) -> None:
        if self._card is not None:
            self._card.power_off()
        self._card = None

    def exchange(self, frame: bytes) -> bytes | None:
        """What the card in the field answers; None for silence."""
        with self._lock:
            card = self._card
            if card is None:
                return None
            self.commands += 1
            planned = self._withdrawal
            if planned is None or planned.command != self.commands:
                return card.process(frame)
            self._withdraw(card, frame, planned.moment)
            return None

    def _withdraw(self, card: FelicaCard, frame: bytes, moment: Moment) -> None:
        if moment is Moment.DURING:
            _tear(card, frame)
        elif moment is not Moment.BEFORE:
            card.process(frame)
        if moment is not Moment.ANSWER_LOST:
            self._lift()


def _tear(card: FelicaCard, frame: bytes) -> None:
    """Leave the block of a write half old, half new. A real card may never do so; the layout must not rely on that."""
    blocks = card.image.lite_s_blocks()
    assert blocks is not None
    before = dict(blocks)
    card.process(frame)
    for number, old in before.items():
        if blocks[number] != old and number < 0x80:
            blocks[number] = blocks[number][:8] + old[8:]
