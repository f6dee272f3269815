"""A run's folder: what was asked for, each vehicle's journal and rows as they are done, and in the end the whole day.

    run.json                            what was asked for, by which the same command finds it again
    V001.journal/ …                     each vehicle's journal, only once its day is whole
    parts/V001.json, V001.rides.…       its count and its rows; they go once the day is whole
    rides, taps, visits (.parquet, .csv)    the rows of all vehicles, in their order
    network.json                        the day's lines and trips, for a report
    summary.json                        what it all came to; its presence says that the day is whole

A vehicle's count is written last and whole. So a run that was killed goes on with the first vehicle that has none, and
one whose files are not those that it counted is run again. What a whole run holds is checked before it is told again.
"""

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from csv import DictReader
from hashlib import file_digest, sha256
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

from farebox.journal.fold import Ledger
from sim.demand import Holdings
from sim.given import Given
from sim.replay import Tally
from sim.run_faults import NoRun, OtherRun
from sim.tables import KINDS, joined, read_parquet
from sim.vehicle_run import Ran

Json = dict[str, Any]
RUN, SUMMARY, NETWORK, PARTS = "run.json", "summary.json", "network.json", "parts"
FORMAT = 2


class Counted(NamedTuple):
    """What a vehicle's day came to: `Ran` without its files."""

    vehicle_id: str
    trips: int
    tally: Tally
    refused: Mapping[str, int]
    took: Mapping[int, int]
    digests: Mapping[str, str]


class RunFolder:
    """One run's folder, new or found again."""

    def __init__(self, path: Path, asked: Json) -> None:
        """Begin a run, or go on with it. Raises OtherRun, with the folder as it was; NoRun, OSError.

        `asked` is everything that decides the result.
        """
        self.path = path
        self._counted: dict[str, Counted] = {}
        self._suffix = str(asked["suffix"])
        asked = {"format": FORMAT, "simulated": True, **asked}
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            _check_same(path, asked)
            self._find()
        else:
            path.mkdir(parents=True, exist_ok=True)
            put(path / RUN, dumped(asked))

    @property
    def done(self) -> Mapping[str, Counted]:
        """The vehicles whose day is whole."""
        return self._counted

    @property
    def is_whole(self) -> bool:
        """Whether the day is."""
        return (self.path / SUMMARY).is_file()

    def keep(self, ran: Ran) -> None:
        """Keep a vehicle's day: its files first, what it came to last."""
        shutil.rmtree(self.path / f"{ran.vehicle_id}.journal", ignore_errors=True)
        for name, data in ran.files.items():
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        counted = Counted(*ran[:-1])
        put(self._count_of(ran.vehicle_id), dumped(_as_json(counted)))
        self._counted[ran.vehicle_id] = counted

    def counts(self, vehicle_ids: Iterable[str]) -> list[Counted]:
        """What vehicles came to, in this order."""
        return [self._counted[vehicle_id] for vehicle_id in vehicle_ids]

    def finish(self, vehicle_ids: Iterable[str], network: Json, summary: Json) -> None:
        """The day is whole: its tables are put together. Done again, it does no more than that."""
        vehicle_ids = list(vehicle_ids)
        if not self.is_whole:
            digests = {NETWORK: self._put(NETWORK, dumped(network))}
            for name in KINDS:
                whole = f"{name}{self._suffix}"
                digests[whole] = self._put(whole, self._joined(name, vehicle_ids))
            counts = [_as_json(counted) for counted in self.counts(vehicle_ids)]
            put(self.path / SUMMARY, dumped({**summary, "digests": digests, "by_vehicle": counts}))
        shutil.rmtree(self.path / PARTS, ignore_errors=True)

    def table(self, name: str, vehicle_ids: Iterable[str]) -> bytes:
        """One table of all vehicles, in the form that the folder keeps."""
        if self.is_whole:
            return (self.path / f"{name}{self._suffix}").read_bytes()
        return self._joined(name, vehicle_ids)

    def _joined(self, name: str, vehicle_ids: Iterable[str]) -> bytes:
        parts = [(self.path / PARTS / f"{vehicle}.{name}{self._suffix}").read_bytes() for vehicle in vehicle_ids]
        return joined(parts, self._suffix)

    def _put(self, name: str, data: bytes) -> str:
        """Write a file; its SHA-256."""
        put(self.path / name, data)
        return sha256(data).hexdigest()

    def _find(self) -> None:
        if self.is_whole:
            counts = check_whole(self.path, _loaded(self.path / SUMMARY))
        else:
            found = map(counted_of, map(_loaded, sorted((self.path / PARTS).glob("*.json"))))
            counts = [counted for counted in found if _changed(self.path, counted.digests) is None]
        self._counted = {counted.vehicle_id: counted for counted in counts}

    def _count_of(self, vehicle_id: str) -> Path:
        return self.path / PARTS / f"{vehicle_id}.json"


def read_rows(data: bytes, kind: str, suffix: str) -> list[Json]:
    """A table's rows, as the folder keeps it."""
    if suffix == ".parquet":
        found: list[Json] = read_parquet(data).to_pylist()
        return found
    numbers = KINDS[kind].numbers
    rows = DictReader(StringIO(data.decode(), newline=""))
    return [
        {name: int(value) if value and name in numbers else value or None for name, value in row.items()}
        for row in rows
    ]


def refusals(counts: Iterable[Counted]) -> Counter[str]:
    """Refusals of several vehicles by code."""
    total = Counter[str]()
    for counted in counts:
        total.update(counted.refused)
    return total


def whole_run(path: Path) -> tuple[Json, Json, Json]:
    """What was asked for, the network and the summary of a whole run, all its files as it left them. Raises NoRun or
    OSError.
    """
    if not (path / RUN).is_file():
        raise NoRun(f"{path}: no run; make one with `farebox sim replay … --out {path}`")
    if not (path / SUMMARY).is_file():
        raise NoRun(f"{path}: the run is not whole; the command that began it goes on with it")
    asked, network, summary = (_loaded(path / name) for name in (RUN, NETWORK, SUMMARY))
    if asked.get("format") != FORMAT:
        raise NoRun(f"{path}: made by another version; replay it anew")
    check_whole(path, summary)
    return asked, network, summary


def check_whole(path: Path, summary: Json) -> list[Counted]:
    """What each vehicle of a whole run came to, if all files are as the run left them. Raises NoRun, which names one
    that is not; OSError.
    """
    counts = [counted_of(found) for found in summary.get("by_vehicle", [])]
    journals = {
        name: digest
        for counted in counts
        for name, digest in counted.digests.items()
        if not name.startswith(f"{PARTS}/")
    }
    changed = _changed(path, {**summary.get("digests", {}), **journals})
    if changed is not None:
        raise NoRun(f"{path / changed}: not as the run left it; remove the folder and replay it anew")
    return counts


def _changed(path: Path, digests: Mapping[str, str]) -> str | None:
    """The first of these files that is missing or another, if any is. Raises OSError."""
    for name, digest in digests.items():
        try:
            with (path / name).open("rb") as file:
                found = file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            return name
        if found != digest:
            return name
    return None


def _check_same(path: Path, asked: Json) -> None:
    if not (path / RUN).is_file():
        raise OtherRun(f"{path}: not an empty folder; name a new one")
    held = _loaded(path / RUN)
    names = [name for name in asked if name != "feed" and held.get(name) != asked[name]]
    if names:
        name = names[0]
        raise OtherRun(f"{path}: holds another run ({name} {held.get(name)}, not {asked[name]}); name a new folder")


def _loaded(path: Path) -> Json:
    try:
        found = json.loads(path.read_bytes())
    except ValueError:
        raise NoRun(f"{path}: damaged; remove the folder and replay it anew") from None
    if not isinstance(found, dict):
        raise NoRun(f"{path}: damaged; remove the folder and replay it anew")
    return found


def _as_json(counted: Counted) -> Json:
    tally = counted.tally
    return {
        **counted._asdict(),
        "took": {str(power): taps for power, taps in counted.took.items()},
        "tally": {
            **{name: getattr(tally, name)._asdict() for name in ("opening", "on_cards", "given", "ledger")},
            "cards": tally.cards,
            "violations": list(tally.violations),
        },
    }


def counted_of(found: Json) -> Counted:
    """What a vehicle came to, as it is kept. Raises NoRun for what no run has kept."""
    try:
        return _counted(found)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise NoRun("the count of a vehicle is damaged; remove the folder and replay it anew") from None


def _counted(found: Json) -> Counted:
    tally = found["tally"]
    return Counted(
        found["vehicle_id"],
        found["trips"],
        Tally(
            Holdings(**tally["opening"]),
            Holdings(**tally["on_cards"]),
            Given(**tally["given"]),
            Ledger(**tally["ledger"]),
            tally["cards"],
            tuple(tally["violations"]),
        ),
        found["refused"],
        {int(power): taps for power, taps in found["took"].items()},
        {str(name): str(digest) for name, digest in found["digests"].items()},
    )


def dumped(value: Json) -> bytes:
    """JSON as it is kept: readable, one form."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def put(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    draft.write_bytes(data)
    draft.replace(path)
