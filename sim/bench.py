"""Two readers and cards to lay on them (模擬): images without radio, or a PN532 on a pty behind real nfcpy."""

import os
from collections.abc import Callable
from typing import Protocol

from cardimage.felica_card import FelicaCard
from cardimage.image import CardImage
from cardimage.standard_card import StandardCard
from farebox.readers import Readers
from farebox.result import Side
from reader.felica import FelicaReader
from reader.image_port import ImageReader
from reader.keys import KeyStore, bench_keys
from reader.nfcpy_port import tty_port
from reader.port import opened
from sim.hardware.field import CardField, CardModel, FieldPort, Withdrawal
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


class FieldsBench:
    """Two readers with a field before each, in which cards answer frames: alone, side by side, or withdrawn."""

    tears = True

    def __init__(self, fields: dict[Side, CardField], readers: Readers, keys: KeyStore) -> None:
        """Take the fields, the readers that look at them, and the keys of the cards that will be laid."""
        self.readers = self._opened = readers
        self._fields = fields
        self._keys = keys

    def lay(self, side: Side, image: CardImage, withdrawal: Withdrawal | None = None) -> None:
        """Lay a card, to be withdrawn as planned; a recorded transit card answers as one."""
        self.lay_card(side, self._model(image), withdrawal)

    def lay_card(self, side: Side, card: CardModel, withdrawal: Withdrawal | None = None) -> None:
        """Lay any card that answers frames, such as one with another key."""
        self._fields[side].lay(card, withdrawal)

    def lay_beside(self, side: Side, image: CardImage, withdrawal: Withdrawal | None = None) -> None:
        """Lay one more card beside what lies there (GEN-6)."""
        self._fields[side].lay_beside(self._model(image), withdrawal)

    def lift(self, side: Side) -> None:
        """Take all cards away."""
        self._fields[side].lift()

    def lying(self, side: Side) -> tuple[CardImage, ...]:
        """The cards that lie there now: one that was withdrawn does not."""
        return self._fields[side].lying

    def commands(self, side: Side) -> int:
        """Commands that reached a card since one was laid."""
        return self._fields[side].commands

    def close(self) -> None:
        """Close the readers."""
        self._opened.boarding.close()
        self._opened.alighting.close()

    def _model(self, image: CardImage) -> CardModel:
        if image.lite_s_blocks() is None:
            return StandardCard(image)
        return FelicaCard(image, self._keys.card_key(image.idm))


class AirBench(FieldsBench):
    """Frames go straight from the fields to the readers: no chip and no wire between, so that cards can be withdrawn by
    the thousand."""

    def __init__(self, keys: KeyStore | None = None, random: Random = os.urandom) -> None:
        """Two fields, two readers; `random` gives the challenges."""
        keys = keys or bench_keys()
        fields = {side: CardField() for side in (Side.BOARDING, Side.ALIGHTING)}
        boarding, alighting = (FelicaReader(FieldPort(field, side), keys, random) for side, field in fields.items())
        super().__init__(fields, Readers(boarding, alighting), keys)


class Pn532Bench(FieldsBench):
    """Two simulated PN532 chips on pseudo-terminals, reached through the real pyserial and the real nfcpy."""

    def __init__(self, keys: KeyStore | None = None, random: Random = os.urandom) -> None:
        """Start both chips and open them; `random` gives the challenges."""
        keys = keys or bench_keys()
        self._chips = {side: Pn532(CardField()) for side in (Side.BOARDING, Side.ALIGHTING)}
        boarding, alighting = (FelicaReader(opened(tty_port(chip.path)), keys, random) for chip in self._chips.values())
        fields = {side: chip.field for side, chip in self._chips.items()}
        super().__init__(fields, Readers(boarding, alighting), keys)

    def close(self) -> None:
        """Close readers, then chips."""
        super().close()
        for chip in self._chips.values():
            chip.close()


BENCHES: dict[str, Callable[[], Bench]] = {"pn532": Pn532Bench, "image": ImageBench}
