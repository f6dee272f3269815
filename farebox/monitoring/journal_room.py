"""What of a journal can be seen without reading it: how much room its disk has, and how much waits to be taken away."""

import os
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from farebox.journal.errors import JournalFault
from farebox.journal.folder import FileFolder
from farebox.journal.retention import Archive


class JournalRoom(NamedTuple):
    """Free and whole size of its disk; sealed segments that no receipt is held for; files set aside as rotten."""

    free_bytes: int
    disk_bytes: int
    waiting: int
    rotten: int


def room_of(path: Path) -> JournalRoom | None:
    """Look at a journal's folder; None if it can't be looked at."""
    try:
        disk = os.statvfs(path)
        with closing(FileFolder(path, shared=True)) as folder:
            waiting = len(Archive(folder, str(path)).waiting())
        rotten = sum(1 for _ in path.glob("*.rotten"))
    except (OSError, JournalFault):
        return None
    return JournalRoom(disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize, waiting, rotten)
