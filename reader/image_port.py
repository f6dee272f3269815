"""Card images laid on a reader without radio: the same sessions at the level of blocks, for speed and for the bench.

There is no air and no MAC here; what the card checks by MAC_A a dictionary can't get wrong. Frames, MACs and torn
writes are exercised through the simulated PN532.
"""

from collections.abc import Callable

from cardimage import lite_s
from cardimage.image import Blocks, CardImage
from reader.port import CardLost, NoCard, ReadOutcome, WaitOutcome, WriteOutcome, Written


class ImageSession:
    """One card image while it lies on the reader."""

    def __init__(self, reader: "ImageReader", image: CardImage, blocks: Blocks) -> None:
        """Take the reader it lies on, the image and its live block map."""
        self.idm = image.idm
        self._reader = reader
        self.write_count = int.from_bytes(blocks[lite_s.WCNT][:3], "little")
        """The card's own count of writes."""
        self._image = image
        self._blocks = blocks

    def open(self, *blocks: int) -> ReadOutcome:
        """Read the first blocks."""
        return self.read(*blocks)

    def read(self, *blocks: int) -> ReadOutcome:
        """Read blocks; CardLost once the image was lifted."""
        if self._reader.card is not self._image:
            return CardLost()
        return tuple(self._blocks[block] for block in blocks)

    def write(self, block: int, data: bytes) -> WriteOutcome:
        """Write one block and count it, as the chip does. A block that can't be kept was not written."""
        if self._reader.card is not self._image:
            return CardLost()
        before = self._blocks[lite_s.WCNT], self._blocks[block]
        self._blocks[lite_s.WCNT] = (self.write_count + 1).to_bytes(3, "little") + bytes(13)
        self._blocks[block] = data
        if not self._reader.keep(self._image):
            self._blocks[lite_s.WCNT], self._blocks[block] = before
            return CardLost()
        self.write_count += 1
        return Written()


class ImageReader:
    """A CardReader on which card images are laid by hand."""

    def __init__(self, name: str = "image", save: Callable[[CardImage], None] | None = None) -> None:
        """Give it a name for messages; `save` keeps an image after each write to it, or raises OSError."""
        self.name = name
        self.card: CardImage | None = None
        self.fault: OSError | None = None
        """Why the last write could not be kept."""
        self._save = save

    def keep(self, image: CardImage) -> bool:
        """Whether an image that was written is safe."""
        try:
            if self._save is not None:
                self._save(image)
        except OSError as error:
            self.fault = error
            return False
        return True

    def lay(self, image: CardImage) -> None:
        """Lay an image on the reader; ValueError if it is not of a card that can be tapped."""
        if image.lite_s_blocks() is None:
            raise ValueError("not a FeliCa Lite-S card")
        self.card = image

    def lift(self) -> None:
        """Take the card away."""
        self.card = None

    def wait(self) -> WaitOutcome:
        """The card that lies there, if any."""
        blocks = self.card.lite_s_blocks() if self.card is not None else None
        if self.card is None or blocks is None:
            return NoCard()
        return ImageSession(self, self.card, blocks)

    def close(self) -> None:
        """Take the card away."""
        self.lift()
