"""Cards in the field of a simulated reader (模擬), and the moments at which a hand takes one away again."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from typing import NamedTuple, Protocol

from cardimage.image import CardImage
from reader.port import CardLost, Health, NoCard, Polled, PollOutcome, ReaderFault, TwoCards


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


class CardModel(Protocol):
    """A card's own side of the air, such as `cardimage.felica_card.FelicaCard`."""

    @property
    def image(self) -> CardImage:
        """What it is a card of."""

    def process(self, frame: bytes) -> bytes | None:
        """One command frame -> one response frame, or silence."""

    def power_off(self) -> None:
        """The field is gone."""


ChooseSlot = Callable[[int, int], int]
"""Which time slot a card answers a poll in: (the card's place, 0 for the first laid; how many slots) -> a slot."""


def in_turn(place: int, slots: int) -> int:
    """Each card in a slot of its own while there are enough. A real card rolls dice: pass a seeded `random` instead."""
    return place % slots


@dataclass
class _Laid:
    card: CardModel
    withdrawal: Withdrawal | None
    commands: int = 0


_POLLING, _POLLING_SIZE = 0x00, 6


class CardField:
    """The space in front of one reader: cards, laid and lifted, with faults on demand.

    A poll reaches every card, any other command the one card whose IDm it names. Cards that answer a poll in the same
    time slot drown each other out. Shared by the chip's thread and the world's; the lock makes laying and answering
    take turns.
    """

    def __init__(self, choose_slot: ChooseSlot = in_turn) -> None:
        """An empty field."""
        self._laid: list[_Laid] = []
        self._choose_slot = choose_slot
        self._lock = Lock()
        self.commands = 0
        """Commands that reached a card since `lay`, polling included."""

    @property
    def lying(self) -> tuple[CardImage, ...]:
        """The cards that lie there now."""
        with self._lock:
            return tuple(laid.card.image for laid in self._laid)

    def lay(self, card: CardModel, withdrawal: Withdrawal | None = None) -> None:
        """Lay a card, to be withdrawn as planned; whatever lay there before is gone."""
        with self._lock:
            self._lift()
            self.commands = 0
            self._lay(card, withdrawal)

    def lay_beside(self, card: CardModel, withdrawal: Withdrawal | None = None) -> None:
        """Lay one more card; the others stay, and so does the count of commands."""
        with self._lock:
            self._lay(card, withdrawal)

    def lift(self, card: CardModel | None = None) -> None:
        """Take this card away, or all; what is taken away loses its session."""
        with self._lock:
            self._lift(card)

    def power_off(self) -> None:
        """The reader's field goes off: the cards stay where they lie, and forget their sessions."""
        with self._lock:
            for laid in self._laid:
                laid.card.power_off()

    def _lay(self, card: CardModel, withdrawal: Withdrawal | None) -> None:
        card.power_off()
        self._laid.append(_Laid(card, withdrawal))

    def _lift(self, card: CardModel | None = None) -> None:
        taken = [laid for laid in self._laid if card is None or laid.card is card]
        for laid in taken:
            laid.card.power_off()
            self._laid.remove(laid)

    def exchange(self, frame: bytes) -> bytes | None:
        """The first answer that came alone; None for silence, or for answers that drowned each other out."""
        return next((answers[0] for answers in self.answers(frame) if len(answers) == 1), None)

    def answers(self, frame: bytes) -> tuple[tuple[bytes, ...], ...]:
        """What comes back, time slot by time slot: nothing, one answer, or several at once."""
        with self._lock:
            is_poll = frame[1:2] == bytes((_POLLING,)) and len(frame) == _POLLING_SIZE
            heard: list[list[bytes]] = [[] for _ in range(frame[-1] + 1 if is_poll else 1)]
            reached = [
                (place, laid)
                for place, laid in enumerate(self._laid)
                if is_poll or len(self._laid) == 1 or _names(frame, laid.card.image.idm)
            ]
            self.commands += bool(reached)
            for place, laid in reached:
                answer = self._ask(laid, frame)
                if answer is not None:
                    heard[self._choose_slot(place, len(heard))].append(answer)
            return tuple(tuple(answers) for answers in heard)

    def _ask(self, laid: _Laid, frame: bytes) -> bytes | None:
        laid.commands += 1
        planned = laid.withdrawal
        if planned is None or planned.command != laid.commands:
            return laid.card.process(frame)
        if planned.moment is Moment.DURING:
            _tear(laid.card, frame)
        elif planned.moment is not Moment.BEFORE:
            laid.card.process(frame)
        if planned.moment is not Moment.ANSWER_LOST:
            self._lift(laid.card)
        return None


def _names(frame: bytes, idm: bytes) -> bool:
    """Whether a command is for this card. The IDm's first four bits only number the systems of one card."""
    named = frame[2:10]
    return len(named) == 8 and named[0] & 0x0F == idm[0] & 0x0F and named[1:] == idm[1:]


class FieldPort:
    """A frame port straight at a field, with no chip and no wire between: quick, and withdrawals work.

    Ready as made, for there is nothing to open; once closed, it must be opened again.
    """

    def __init__(self, field: CardField, name: str = "field") -> None:
        """Take the field it looks at."""
        self.name = name
        self._field = field
        self._closed: ReaderFault | None = None

    def open(self, deadline_s: float = 0.0) -> None:
        """There is nothing to open."""
        self._closed = None

    def poll(self, system_codes: tuple[int, ...], deadline_s: float = 0.0) -> PollOutcome:
        """Look once for each system, two time slots each: time stands still here."""
        if self._closed is not None:
            return self._closed
        for code in system_codes:
            slots = self._field.answers(b"\x06\x00" + code.to_bytes(2, "big") + b"\x00\x01")
            alone = [answers[0] for answers in slots if len(answers) == 1 and _is_poll_answer(answers[0])]
            if len(alone) > 1:
                return TwoCards()
            if alone:
                return Polled(alone[0][2:10], alone[0][10:18], code)
        return NoCard()

    def transceive(self, frame: bytes, timeout_s: float) -> bytes | CardLost | ReaderFault:
        """What the card that is meant answers."""
        return self._closed or self._field.exchange(frame) or CardLost()

    def field_off(self) -> ReaderFault | None:
        """The cards lose their sessions."""
        self._field.power_off()
        return self._closed

    def health(self) -> Health | ReaderFault:
        """Well unless closed."""
        return self._closed or Health("模擬")

    def close(self) -> None:
        """The cards lose their sessions; they stay where they lie."""
        self._field.power_off()
        self._closed = ReaderFault(self.name, "not open")


def _is_poll_answer(answer: bytes) -> bool:
    return len(answer) >= 18 and answer[0] == len(answer) and answer[1] == 0x01


def _tear(card: CardModel, frame: bytes) -> None:
    """Leave the block of a write half old, half new. A real card may never do so; the layout must not rely on that."""
    blocks = card.image.lite_s_blocks()
    before = dict(blocks or {})
    card.process(frame)
    for number, old in before.items():
        if blocks is not None and blocks[number] != old and number < 0x80:
            blocks[number] = blocks[number][:8] + old[8:]
