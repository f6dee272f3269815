"""Segments that came on a USB stick from a bus without a network: what `farebox journal export` wrote, taken in as if
the bus had sent it. A stick is hostile until parsed: plain files of proper names and bounded size alone are opened.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from centre.collector.answers import Refusal
from centre.collector.asked import MOST_SEGMENT_BYTES, Name
from centre.collector.checking import UNKNOWN_VEHICLE, checked, named
from centre.collector.deriving import derive
from centre.collector.holding import hold_all, receipt_of, whose
from centre.collector.models import Vehicle
from centre.collector.refusing import set_aside
from farebox.formats.frames import Sealed, sealed

MOST_FILES = 100_000
MOST_TOGETHER = 16
"""So many segments become durable in one transaction."""
_MOST_TOGETHER_BYTES = 16 << 20
_SEGMENT = re.compile(r"[0-9]{8,18}\.segment", re.ASCII)
_ROTTEN = re.compile(r"[0-9]{8,18}\.rotten", re.ASCII)
HELD, HELD_ALREADY, REFUSED = "held", "held already", "refused"


class Imported(NamedTuple):
    """What became of a file: held now, held already, or refused, with the code and the detail of why."""

    path: Path
    what: str
    code: str = ""
    detail: str = ""


class _Whole(NamedTuple):
    """A segment that was read, checked and not yet kept."""

    path: Path
    vehicle: Vehicle
    found: Sealed
    data: bytes


def import_folder(path: Path, at_s: int) -> Iterator[Imported]:
    """Take in a stick, or one terminal's folder of it; each vehicle's segments lowest first. Raises OSError if the
    folder itself can't be read. What has been told of as held is durable.
    """
    waiting: list[_Whole] = []
    vehicles: dict[int, Vehicle] = {}
    for file in _files(path):
        read = _read(file, at_s)
        if isinstance(read, Imported):
            yield from _kept(waiting, at_s)  # in the order of the files
            yield read
            continue
        vehicles[read.vehicle.pk] = read.vehicle
        size = sum(len(one.data) for one in waiting) + len(read.data)
        if waiting and (
            waiting[0].vehicle != read.vehicle or len(waiting) == MOST_TOGETHER or size > _MOST_TOGETHER_BYTES
        ):
            yield from _kept(waiting, at_s)
        waiting.append(read)
    yield from _kept(waiting, at_s)
    for vehicle in vehicles.values():
        derive(vehicle, at_s)


def _files(path: Path) -> list[Path]:
    """Segments, and rotten ones, in the folder and the folders within it; no links, and no deeper."""
    folders = [path, *sorted(Path(entry) for entry in os.scandir(path) if entry.is_dir(follow_symlinks=False))]
    return [file for folder in folders for file in _files_of(folder)][:MOST_FILES]


def _files_of(folder: Path) -> list[Path]:
    names: Iterable[str] = (entry.name for entry in os.scandir(folder) if entry.is_file(follow_symlinks=False))
    return [folder / name for name in sorted(names) if _SEGMENT.fullmatch(name) or _ROTTEN.fullmatch(name)]


def _read(file: Path, at_s: int) -> _Whole | Imported:
    data = _bytes_of(file)
    if isinstance(data, Imported):
        return data
    if _ROTTEN.fullmatch(file.name):
        detail = "quarantined on the vehicle; keep the file, what is whole in it is evidence (farebox journal show)"
        return Imported(file, REFUSED, "rotten", detail)
    found = sealed(data)
    if isinstance(found, str):
        return Imported(file, REFUSED, "altered", found)
    vehicle = Vehicle.objects.filter(terminal_id=found.seal.terminal_id).first()
    if vehicle is None:
        detail = f"no vehicle {found.seal.terminal_id!r} is registered; farebox centre vehicle add"
        return Imported(file, REFUSED, UNKNOWN_VEHICLE, detail)
    name = named(found)
    if receipt_of(vehicle, name) is not None:
        return Imported(file, HELD_ALREADY)
    whole = checked(data, name, whose(vehicle))
    if isinstance(whole, Refusal):
        set_aside(vehicle, Name(*name), data, whole, at_s)
        return Imported(file, REFUSED, whole.code, whole.detail)
    return _Whole(file, vehicle, whole, data)


def _bytes_of(file: Path) -> bytes | Imported:
    """A plain file's, and no more of it than a segment may have."""
    try:
        fd = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(fd, "rb") as opened:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                return Imported(file, REFUSED, "not-a-file", "no plain file")
            data = opened.read(MOST_SEGMENT_BYTES + 1)
    except OSError as error:
        return Imported(file, REFUSED, "unreadable", f"can't be read ({error.strerror}); try the stick elsewhere")
    if len(data) > MOST_SEGMENT_BYTES:
        return Imported(file, REFUSED, "too-long", f"more than {MOST_SEGMENT_BYTES} bytes")
    return data


def _kept(waiting: list[_Whole], at_s: int) -> list[Imported]:
    """Hold what waits, together."""
    if waiting:
        hold_all(waiting[0].vehicle, [(one.found, one.data) for one in waiting], at_s)
    told = [Imported(one.path, HELD) for one in waiting]
    waiting.clear()
    return told
