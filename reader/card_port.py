"""A frame port straight at card models, with no chip and no wire between (模擬): recorded cards laid on a reader.

port = CardPort(); port.lay(StandardCard(image)); port.poll((0x0003,))
"""

from typing import Protocol

from reader.port import CardLost, Health, NoCard, Polled, PollOutcome, ReaderFault, TwoCards


class CardModel(Protocol):
    """A card's own side of the air."""

    def process(self, frame: bytes) -> bytes | None:
        """One command frame -> one response frame, or silence."""

    def power_off(self) -> None:
        """The field is gone."""


class CardPort:
    """Where card models are laid by hand, one or more."""

    def __init__(self, name: str = "cards") -> None:
        """An empty field, named for messages."""
        self.name = name
        self._cards: list[CardModel] = []

    def lay(self, card: CardModel) -> None:
        """Lay one more card."""
        card.power_off()
        self._cards.append(card)

    def lift(self) -> None:
        """Take every card away."""
        self.field_off()
        self._cards.clear()

    def open(self, deadline_s: float = 0.0) -> ReaderFault | None:
        """There is nothing to open."""
        return None

    def poll(self, system_codes: tuple[int, ...], deadline_s: float = 0.0) -> PollOutcome:
        """Look once for each system: nothing changes here by waiting."""
        for code in system_codes:
            answers = self._heard(b"\x06\x00" + code.to_bytes(2, "big") + b"\x00\x00")
            if len(answers) > 1:
                return TwoCards()
            if answers:
                return Polled(answers[0][2:10], answers[0][10:18], code)
        return NoCard()

    def transceive(self, frame: bytes, timeout_s: float) -> bytes | CardLost | ReaderFault:
        """What the card that is meant answers."""
        answers = self._heard(frame)
        return answers[0] if len(answers) == 1 else CardLost()

    def _heard(self, frame: bytes) -> list[bytes]:
        return [answer for card in self._cards if (answer := card.process(frame)) is not None]

    def field_off(self) -> ReaderFault | None:
        """The cards stay where they lie, and forget their sessions."""
        for card in self._cards:
            card.power_off()
        return None

    def health(self) -> Health | ReaderFault:
        """Always well."""
        return Health("card images (模擬)")

    def close(self) -> None:
        """As field off."""
        self.field_off()
