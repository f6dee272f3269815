"""Files of the command line: read within bounds, written whole or not at all."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from cardimage.formats import MAX_FILE_BYTES, read_cards
from cardimage.image import CardImage, ImageFault


def read_images(path: Path) -> tuple[CardImage, ...]:
    """The cards of a file of any known format; raises ImageFault or OSError. No more is read than one may hold."""
    with path.open("rb") as file:
        return read_cards(file.read(MAX_FILE_BYTES + 1), str(path))


def read_image(path: Path) -> CardImage:
    """The one card of a file; ImageFault if it holds several."""
    images = read_images(path)
    if len(images) != 1:
        raise ImageFault(f"{path}: holds {len(images)} cards; split it with `farebox card convert`")
    return images[0]


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file's contents: a crash or a full disk leaves the old file or the new one, never half of one.

    Its rights stay as they were. OSError names the file itself, whatever step failed.
    """
    draft = path.with_name(f".{os.getpid()}.part")
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            shutil.copymode(path, draft)
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from None
