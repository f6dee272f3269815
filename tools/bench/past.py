"""A journal with a long past: as many records as are asked for, written by the journal itself, of a thousand cards."""

from pathlib import Path

from farebox.formats.journal import Intent, Opened, Outcome
from farebox.journal.folder import FileFolder, SegmentDisk
from farebox.journal.log import Journal, Recovered, open_journal, recover_folder

CARDS = 1_000
"""In every journal, however long: a segment begins with the cards that were seen lately."""
LAST = 1_000
"""Records since the last duty ended, which sealed all before them."""
_AT_S = 1_795_000_000
_TAPS_A_FLUSH = 500


def make_past(path: Path, records: int) -> None:
    """Write a journal of so many records, as taps leave them: an intent and its outcome, segment after segment; the
    last thousand after the end of a duty.
    """
    journal = open_journal(path).journal
    journal.append(Opened("BENCH", "farebox", 0), _AT_S)
    _take_taps(journal, range((records - LAST) // 2))
    journal.seal()
    _take_taps(journal, range((records - LAST) // 2, records // 2))
    journal.close()


def _take_taps(journal: Journal, taps: range) -> None:
    for tap in taps:
        seq = journal.append(_intent(tap), _AT_S + tap)
        journal.append(Outcome(seq, "written"), _AT_S + tap)
        if tap % _TAPS_A_FLUSH == 0:
            _between_taps(journal)
    _between_taps(journal)


def _between_taps(journal: Journal) -> None:
    journal.flush()
    journal.grow_ahead()


def _intent(tap: int) -> Intent:
    idm = (0x012F_0000_0000_0000 + tap % CARDS).to_bytes(8, "big")
    yen = 20_000 - 200 * (tap // CARDS % 50)
    return Intent(
        *(idm, "alight", 3, bytes(16), tap.to_bytes(16, "big"), tap // CARDS, yen, yen - 200, 200, 0, 0),
        *((("GEN-4", 200), ("GEN-3", 200)), bytes(32)),
    )


class CountingFolder(FileFolder):
    """The journal's folder, and how many bytes were read from its files."""

    def __init__(self, path: Path) -> None:
        """Open it."""
        super().__init__(path)
        self.read_bytes = 0

    def open(self, name: str) -> "_Counted":  # type: ignore[override]
        """A file that is there, and what is read of it."""
        return _Counted(super().open(name), self)

    def create(self, name: str) -> "_Counted":  # type: ignore[override]
        """A new one."""
        return _Counted(super().create(name), self)


class _Counted:
    def __init__(self, disk: SegmentDisk, folder: CountingFolder) -> None:
        self._disk, self._folder = disk, folder
        self.size, self.pwrite, self.fdatasync = disk.size, disk.pwrite, disk.fdatasync
        self.allocate, self.truncate, self.close = disk.allocate, disk.truncate, disk.close

    def pread(self, length: int, offset: int) -> bytes:
        data = self._disk.pread(length, offset)
        self._folder.read_bytes += len(data)
        return data


def recovered(path: Path) -> tuple[Recovered, int]:
    """A journal opened as at a start, and how many bytes were read for it."""
    folder = CountingFolder(path)
    found = recover_folder(folder, str(path))
    return found, folder.read_bytes
