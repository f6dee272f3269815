"""A bus beside the centre in memory: a journal of sealed segments, a store of bundles, and the exchange."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from farebox.bundles import BundleStore, signed_by
from farebox.exchange.answers import Answer
from farebox.exchange.line import Request
from farebox.exchange.session import Exchange, Report
from farebox.formats import journal as j
from farebox.formats.centre import Time
from farebox.journal.log import open_journal, recover_folder
from farebox.journal.retention import Archive
from sim.centre import KEYS, TOKEN, Centre, MemoryLine
from sim.hardware.memory_disk import MemoryFolder
from tests.journal.examples import AT_S

CHUNK = 16_384
PIECE = 100


def seal_duties(folder: MemoryFolder, duties: int, records: int = 3) -> MemoryFolder:
    """So many more sealed segments, by a terminal that runs and ends."""
    journal = recover_folder(folder, "bus.journal", CHUNK).journal
    for duty in range(duties):
        for record in range(records):
            journal.append(j.TripEnded(f"T{duty}.{record}"), AT_S)
        journal.seal()
    journal.close()
    return folder.after_kill()


def real_journal(path: Path, duties: int, records: int = 3) -> Path:
    """The same on a real disk."""
    journal = open_journal(path).journal
    for duty in range(duties):
        for record in range(records):
            journal.append(j.TripEnded(f"T{duty}.{record:0180}"), AT_S)
        journal.seal()
    journal.close()
    return path


def segments(folder: MemoryFolder) -> list[int]:
    """The numbers of the segments there are, the active one too."""
    return sorted(int(name[:8]) for name in folder.disks if name.endswith(".segment"))


class Bus:
    """One vehicle, its clock counting by itself."""

    def __init__(self, tmp_path: Path, duties: int = 0, centre: Centre | None = None) -> None:
        self.centre = centre or Centre()
        self.folder = seal_duties(MemoryFolder(), duties) if duties else MemoryFolder()
        self.bundles = tmp_path / "bundles"
        self.told: list[Time] = []
        self.counted_s = 50.0

    @property
    def archive(self) -> Archive:
        return Archive(self.folder, "bus.journal")

    @property
    def store(self) -> BundleStore:
        return BundleStore(self.bundles, signed_by(KEYS))

    def exchange(self, fate: Callable[[Centre, Request], Answer] | None = None, **options: Any) -> Exchange:
        """As a process has it from its start on."""
        return Exchange(
            lambda: MemoryLine(self.centre, fate),
            self.archive,
            self.store,
            self.bundles,
            KEYS,
            TOKEN,
            os.urandom,
            lambda: self.counted_s,
            lambda time, _: self.told.append(time),
            **{"piece_bytes": PIECE, **options},
        )

    def once(self, fate: Callable[[Centre, Request], Answer] | None = None, **options: Any) -> Report:
        return self.exchange(fate, **options).once()
