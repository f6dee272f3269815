"""Files of the command line: read within bounds, written whole or not at all."""

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
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


def write_whole(path: Path, data: bytes, *, private: bool = False) -> None:
    """Replace a file's contents: a crash or a full disk leaves the old file or the new one, never half of one.

    Its rights stay as they were; a `private` one is its owner's alone. A link stays a link: what it points at is
    written. OSError names the file as it was given, whatever step failed; devices and folders are not replaced.
    """
    target = Path(os.path.realpath(path))
    draft = target.with_name(f".{os.getpid()}.part")
    try:
        rights = _rights(target)
        if private:
            rights = 0o600
        with open(draft, "wb", opener=lambda name, flags: os.open(name, flags, rights or 0o666)) as file:
            if rights is not None:
                os.fchmod(file.fileno(), rights)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from None


def _rights(path: Path) -> int | None:
    """The rights of a file; None if there is none yet."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "not a regular file")
    return stat.S_IMODE(found.st_mode)
