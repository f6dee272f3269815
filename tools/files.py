"""Files of the command line: read within bounds, written whole or not at all."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from cardimage import image
from cardimage.image import CardImage


def read_image(path: Path) -> CardImage:
    """A card image; raises ImageFault or OSError. No more is read than an image may hold."""
    with path.open("rb") as file:
        return image.load(file.read(image.MAX_FILE_BYTES + 1), str(path))


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
