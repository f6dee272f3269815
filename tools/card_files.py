"""Files of cards, for the command line: any known format, read within bounds."""

import stat
from collections.abc import Callable
from pathlib import Path

from cardimage import image as card_image
from cardimage.formats import MAX_FILE_BYTES, Collection, flipper, is_ours
from cardimage.formats import read_collection as collection_in
from cardimage.image import CardImage, ImageFault


def read_collection(path: Path) -> Collection:
    """The cards of a file of any known format; raises ImageFault or OSError. No more is read than one may hold.

    Only a regular file is opened: a pipe may have no writer, and a device no end.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise ImageFault(f"{path}: not a regular file; copy what it gives into one, and name that")
    with path.open("rb") as file:
        return collection_in(file.read(MAX_FILE_BYTES + 1), str(path))


def read_image(path: Path) -> CardImage:
    """The one card of a file; ImageFault if it holds several."""
    images = read_collection(path).cards
    if len(images) != 1:
        raise ImageFault(f"{path}: holds {len(images)} cards; split it with `farebox card convert`")
    return images[0]


def encoder_of(path: Path) -> Callable[[CardImage], bytes]:
    """What makes the bytes to write back over the file of a simulated card: a Flipper file stays one, ours ours.

    No other format tells a simulated card, and one that is not simulated is never written back.
    """
    with path.open("rb") as file:
        return card_image.dump if is_ours(file.read(1)) else lambda image: flipper.write(image).encode()
