"""The service on a disk that fails under it, as a process of its own: stopped, started again, killed (faults 20).

The failure is the operating system's own call, answered otherwise in that process alone.
"""

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from cardimage.image import dump, load
from farebox.console import protocol as words
from farebox.formats.journal import Intent
from farebox.journal import fold
from farebox.journal.reading import read
from farebox.result import Side
from tests.farebox.bus import balance_yen, lococa
from tests.tools.test_service import _ANSWER_S, Service
from tools.exits import Exit

_FAILING = """
import os
flush = os.fdatasync

def fdatasync(file):
    if os.path.exists({fails!r}):
        with open({tries!r}, "a") as tried:
            tried.write("x")
        raise OSError({code}, "Input/output error")
    flush(file)

os.fdatasync = fdatasync
"""
"""Python runs a `sitecustomize` that it finds before anything else."""


class Disk:
    """What the process is told of its disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._fails, self._tries = folder / "fails", folder / "tries"
        text = _FAILING.format(fails=str(self._fails), tries=str(self._tries), code=errno.EIO)
        (folder / "sitecustomize.py").write_text(text)

    def fails(self) -> None:
        self._fails.touch()

    def replaced(self) -> None:
        self._fails.unlink()

    @property
    def tries(self) -> int:
        return len(self._tries.read_text()) if self._tries.exists() else 0


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    (tmp_path / "my.card.cbor").write_bytes(dump(lococa(2_000)))
    return Disk(tmp_path)


def started(disk: Disk) -> Service:
    (disk.folder / "notify").unlink(missing_ok=True)
    return Service(disk.folder, before=("env", f"PYTHONPATH={disk.folder}:{Path.cwd()}"))


@pytest.fixture
def service(disk: Disk) -> Iterator[Service]:
    service = started(disk)
    yield service
    service.close()


def card_yen(disk: Disk) -> int:
    return balance_yen(load((disk.folder / "my.card.cbor").read_bytes(), "card"))


def rides(disk: Disk) -> fold.Ledger:
    return fold.audit(read(disk.folder / "farebox.journal").for_the_sums())[0]


def test_faults_20_a_flush_that_fails_ends_the_service_and_is_never_tried_again(disk: Disk, service: Service) -> None:
    """The card is not written; the process is gone with the exit code of a disk, whatever the driver does."""
    service.says(words.BeginTrip("HAKUHO-W01"), words.LayCard(Side.EITHER))
    service.shows(lambda picture: picture.taps and picture.taps[0].accepted)
    disk.fails()
    service.says(words.GoToStop(4), words.LayCard(Side.EITHER))
    assert service.process.wait(_ANSWER_S) == Exit.IO
    assert service.process.stderr is not None and "a flush failed" in service.process.stderr.read()
    assert (disk.tries, card_yen(disk)) == (1, 2_000)


@pytest.mark.parametrize("killed", [False, True])
def test_faults_20_on_another_disk_the_ride_ends_once(disk: Disk, service: Service, killed: bool) -> None:
    """Started again it takes the fare it could not take; kill -9 in between changes nothing."""
    service.says(words.BeginTrip("HAKUHO-W01"), words.LayCard(Side.EITHER))
    service.shows(lambda picture: picture.taps and picture.taps[0].accepted)
    disk.fails()
    service.says(words.GoToStop(4), words.LayCard(Side.EITHER))
    service.process.wait(_ANSWER_S)
    disk.replaced()
    again = started(disk)
    try:
        if killed:
            again.says(words.BeginTrip("HAKUHO-W01"))
            again.shows(lambda picture: picture.on_trip)
            again.process.kill()
            again.process.wait(_ANSWER_S)
            again.close()
            again = started(disk)
        again.says(words.BeginTrip("HAKUHO-W01"), words.GoToStop(4), words.LayCard(Side.EITHER))
        assert again.shows(lambda picture: picture.taps).taps[0].taken_yen == 500
        again.process.kill()
        again.process.wait(_ANSWER_S)
    finally:
        again.close()
    ledger = rides(disk)
    assert (card_yen(disk), ledger.fares_yen, ledger.alightings, ledger.pending) == (1_500, 500, 1, 0)
    intents = [entry.record for entry in read(disk.folder / "farebox.journal").entries]
    assert [record.action for record in intents if isinstance(record, Intent)].count("board") == 1
