"""Files of the command line: written whole or not at all."""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path


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
