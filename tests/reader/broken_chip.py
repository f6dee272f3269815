"""A simulated PN532 whose answers can be spoiled on the line, to see what the real driver makes of them."""

from collections.abc import Callable

from sim.hardware.field import CardField
from sim.hardware.pn532 import Pn532

Spoil = Callable[[bytes], bytes]


class BrokenChip(Pn532):
    """A good chip until `spoil` is set; then every answer (ACK and frame together) goes through it."""

    def __init__(self, field: CardField, spoil: Spoil | None = None) -> None:
        self.spoil = spoil
        super().__init__(field)

    def _send(self, data: bytes) -> None:
        spoilt = self.spoil(data) if self.spoil else data
        if spoilt:
            super()._send(spoilt)
