"""Two readers and cards to lay on them (模擬): images without radio, or a PN532 on a pty behind real nfcpy."""

import os
from collections.abc import Callable
from functools import partial
from typing import Protocol

from cardimage.felica_card import FelicaCard
from cardimage.image import CardImage
from farebox.result import Side
from farebox.terminal import Readers
from reader.felica import FelicaReader
from reader.image_port import ImageReader
from reader.keys import KeyStore, bench_keys
from reader.nfcpy_port import open_tty
from sim.hardware.field import CardField, Withdrawal
from sim.hardware.pn532 import Pn532

Random = Callable[[int], bytes]


class Bench(Protocol):
    """Where a simulated passenger lays a card."""

    readers: Readers
    tears: bool
    """Whether a card can be withdrawn in the middle of a command here."""

    def lay(self, side: Side, image: CardImage, withdrawal: Withdrawal | None = None) -> None:
        """Lay a card, to be withdrawn as planned."""

    def lift(self, side: Side) -> None:
        """Take the card away."""

    def close(self) -> None:
        """Clear the bench."""


class ImageBench:
    """Card images on readers without radio: the fast way, with no frames and no tears."""

    tears = False

    def __init__(self) -> None:
        """Two empty readers."""
        self._at = {Side.BOARDING: ImageReader("image (boarding)"), Side.ALIGHTING: ImageReader("image (alighting)")}
        self.readers = Readers(self._at[Side.BOARDING], self._at[Side.ALIGHTING])

    def lay(self, side: Side, image: CardImage, withdrawal: Withdrawal | None = None) -> None:
        """Lay a card; there is no moment to withdraw it at."""
        if withdrawal is not None:
            raise ValueError("an image can't be withdrawn in the middle of a command; use the simulated PN532")
        self._at[side].lay(image)

    def lift(self, side: Side) -> None:
        """Take the card away."""
        self._at[side].lift()

    def close(self) -> None:
        """Nothing to let go of."""


class Pn532Bench:
    """Two simulated PN532 chips on pseudo-terminals, reached through the real pyserial and the real nfcpy."""

    tears = True

    def __init__(self, keys: KeyStore | None = None, random: Random = os.urandom) -> None:
        """Start both chips and open them; `random` gives the challenges."""
        self._keys = keys or bench_keys()
        self._chips = {side: Pn532(CardField()) for side in (Side.BOARDING, Side.ALIGHTING)}
        self._readers = {
            side: FelicaReader(open_tty(chip.path), self._keys, random, reopen=partial(open_tty, chip.path))
            for side, chip in self._chips.items()
        }
        self.readers = Readers(self._readers[Side.BOARDING], self._readers[Side.ALIGHTING])

    def lay(self, side: Side, image: CardImage, withdrawal: Withdrawal | None = None) -> None:
        """Lay a card, to be withdrawn as planned."""
        self._chips[side].field.lay(FelicaCard(image, self._keys.card_key(image.idm)), withdrawal)

    def lift(self, side: Side) -> None:
        """Take the card away."""
        self._chips[side].field.lift()

    def commands(self, side: Side) -> int:
        """Commands the card has had since it was laid."""
        return self._chips[side].field.commands

    def close(self) -> None:
        """Close readers, then chips."""
        for reader in self._readers.values():
            reader.close()
        for chip in self._chips.values():
            chip.close()


BENCHES: dict[str, Callable[[], Bench]] = {"pn532": Pn532Bench, "image": ImageBench}
