"""h. The collector's ingest beside bare COPY of the same rows, a commit each 1,000 (BENCH_DATABASE_URL).

A segment of 1,000 records of real taps is checked (frames, chain, seal, signature, key), held with its receipt and made
rows. Django knows one database a process, so each kind has a process of its own, in which ours and the peer take turns.
Without a PostgreSQL at hand there is no peer, and SQLite is measured alone.

A time is by the wall clock, for a disk's flush is part of it; a sample during which this thread, or the server's
process that works for it, waited for a CPU is left out. Where too few are left, the CPU time of both is shown, without
a verdict.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from hashlib import sha256
from itertools import count
from math import isnan, nan
from pathlib import Path
from secrets import token_hex
from statistics import median
from tempfile import TemporaryDirectory

from farebox.formats.frames import scan
from farebox.formats.journal import Intent, Outcome
from farebox.journal.log import recover_folder
from sim.bench import ImageBench
from sim.hardware.memory_disk import MemoryFolder
from tools.bench.bus import Bus
from tools.bench.cards import general_card
from tools.bench.disk import MemoryDisk
from tools.bench.measure import MOST_WAITED, Effort, Figure, Row, cpu_us, ratio, wall_us

URL = "BENCH_DATABASE_URL"
RECORDS = 1_000
TOGETHER = 10
"""Segments in one commit, as from a stick."""
_SEED = sha256(b"a sealing key of the benchmark").digest()
_STORED, _DERIVED = 6.0, 0.5
_WHAT = {
    "stored": ("segment held, a commit each", _STORED),
    "together": (f"segment held, {TOGETHER} a commit", _STORED),
    "derived": ("its records made rows", _DERIVED),
}
EACH = 5
"""Samples a round."""
_AT_S = 1_795_000_000


Sample = tuple[float, float]
"""Milliseconds for 1,000 records: by the wall clock, nan if it was disturbed; by the CPU clock."""
Rounds = dict[str, list[list[Sample]]]
"""By what was done, round by round."""


def rows(effort: Effort) -> list[Row]:
    """A row for each database and each thing that is done."""
    url = os.environ.get(URL, "")
    found: list[Row] = []
    Path("build").mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="bench-", dir="build") as folder:
        for name, database in (("SQLite", f"sqlite:///{Path(folder).absolute()}/centre.sqlite3"), ("PostgreSQL", url)):
            if database:
                found += _rows(name, _in_a_process(database, url, effort, Path(folder)))
    return found


def _in_a_process(database: str, url: str, effort: Effort, home: Path) -> Rounds:
    environ = {**os.environ, "DATABASE_URL": database, URL: url, "CENTRE_HOME": str(home), "CENTRE_SIMULATED": "1"}
    called = [sys.executable, "-m", "tools.bench.ingest", str(effort.rounds)]
    done = subprocess.run(called, env=environ, stdout=subprocess.PIPE, check=True)
    found: Rounds = json.loads(done.stdout)
    return found


def _rows(name: str, measured: Rounds) -> list[Row]:
    told: list[Row] = []
    copied = measured.get("copy", [])
    for what, (words, goal) in _WHAT.items():
        ours = measured[what]
        kept = [min(map(len, _taken(side, by_cpu=False))) for side in (ours, copied) if side]
        by_cpu = not kept or min(kept) == 0
        mine, theirs = _taken(ours, by_cpu=by_cpu), _taken(copied, by_cpu=by_cpu)
        compared = ratio(list(map(median, theirs)), list(map(median, mine))) if theirs else None
        told.append(
            Row(
                *("h", f"{words}, {name}", f">= {goal} x", _rate(mine)),
                compared.median >= goal if compared and not by_cpu else None,
                *(_rate(theirs) if theirs else None, "bare COPY" if theirs else f"none: {URL} is not set", compared),
                "CPU time, too busy for a clock" if by_cpu else "undisturbed only",
            )
        )
    return told


def _taken(rounds: list[list[Sample]], *, by_cpu: bool) -> list[list[float]]:
    """By one clock, what was disturbed left out."""
    return [[sample[by_cpu] for sample in samples if not isnan(sample[by_cpu])] for samples in rounds]


def _rate(rounds: list[list[float]]) -> Figure:
    return Figure(RECORDS / median(sample for samples in rounds for sample in samples) * 1_000, "records/s")


# -- in the process of one database


def taps() -> list[Intent]:
    """Intents of real taps, half a segment's records."""
    disk = MemoryDisk()
    bus = Bus(ImageBench(), disk)
    bus.ride([general_card(number) for number in range(RECORDS // 4)], cpu_us)
    found = [entry.record for entry in scan(bytes(disk.data)).entries if isinstance(entry.record, Intent)]
    return found[: RECORDS // 2]


def segments(intents: Sequence[Intent], count: int) -> list[bytes]:
    """So many sealed segments of one journal, each of so many records."""
    folder = MemoryFolder()
    journal = recover_folder(folder, "bench", 1 << 20, _SEED).journal
    for _ in range(count):
        for intent in intents:
            journal.append(Outcome(journal.append(intent, _AT_S), "written"), _AT_S)
        journal.seal()
    journal.close()
    found = [bytes(disk.cache) for name, disk in sorted(folder.disks.items()) if name.endswith(".segment")]
    return [data[: scan(data).sealed_end] for data in found if scan(data).seal is not None]


def _main(rounds: int) -> None:
    from tools.centre.ready import setup

    setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", interactive=False, verbosity=0)
    pids: list[int] = []
    if connection.vendor == "postgresql":
        connection.ensure_connection()
        pids.append(connection.connection.info.backend_pid)
    print(json.dumps(_measured(rounds, os.environ[URL], pids)))


def _measured(rounds: int, url: str, pids: list[int]) -> Rounds:
    from django.db import transaction

    from centre.collector import bulk
    from centre.collector.answers import Refusal
    from centre.collector.asked import Name
    from centre.collector.checking import checked
    from centre.collector.holding import hold_all, whose
    from centre.collector.models import Record, Segment, State, Vehicle
    from centre.collector.rows import row_of
    from farebox.formats.cose import public_key_of
    from tools.bench.peers.bare_copy import BareCopy

    # What an earlier run left: its segments were the same.
    Record.objects.filter(segment__vehicle__terminal_id="").delete()
    Segment.objects.filter(vehicle__terminal_id="").delete()
    Vehicle.objects.filter(terminal_id="").delete()
    vehicle = Vehicle.objects.create(terminal_id="", token_sha256=token_hex(32))
    vehicle.sealing_keys.create(public_key=public_key_of(_SEED).hex())
    came = segments(taps(), (rounds + 1) * (EACH + TOGETHER))
    peer_rows = [tuple(row_of(entry)) for entry in scan(came[0]).entries]
    named = [(Name(found.number, found.digest.hex()), data) for data in came if (found := scan(data).seal) is not None]
    left = iter(named)

    def hold(many: int) -> Sample:
        """For a segment of so many in a commit."""
        mine = [next(left) for _ in range(many)]

        def act() -> None:
            sound = [(checked(data, name, whose(vehicle)), data) for name, data in mine]
            hold_all(vehicle, [(found, data) for found, data in sound if not isinstance(found, Refusal)], _AT_S)

        wall_ms, cpu_ms = _timed(act, pids)
        return wall_ms / many, cpu_ms / many

    def derived() -> list[Sample]:
        """Rows alone: what the ledger makes of them besides is another figure."""
        waiting = Segment.objects.filter(vehicle=vehicle, state=State.WAITING)
        found = [_timed(partial(rows_of, segment), pids) for segment in waiting.order_by("number")[:EACH]]
        waiting.update(state=State.BOOKED)
        return found

    def rows_of(segment: Segment) -> None:
        with transaction.atomic():
            bulk.insert(segment.pk, map(row_of, scan(bytes(segment.sealed.data)).entries))
            Segment.objects.filter(pk=segment.pk).update(state=State.BOOKED)

    runs: dict[str, Callable[[], list[Sample]]] = {
        "stored": lambda: [hold(1) for _ in range(EACH)],
        "together": lambda: [hold(TOGETHER)],
        "derived": derived,
    }
    rounds_of: Rounds = {}
    with ExitStack() as stack:
        if url:
            bare = stack.enter_context(BareCopy(url))
            numbers = count(1)
            runs["copy"] = lambda: [
                _timed(lambda: bare.write(next(numbers), peer_rows), [bare.pid]) for _ in range(EACH)
            ]
        for turn in range(-1, rounds):  # the first warms up
            for name, run in runs.items():  # in this order: what is held is then made rows
                samples = run()
                if turn >= 0:
                    rounds_of.setdefault(name, []).append(samples)
    return rounds_of


def _timed(act: Callable[[], object], pids: Sequence[int]) -> Sample:
    """Of this thread, and the processes that work for it."""
    waited_ms, cpu_ms = _waited_ms(pids), _cpu_ms(pids)
    took_ms = wall_us(act) / 1_000
    disturbed = _waited_ms(pids) - waited_ms > MOST_WAITED * took_ms
    return nan if disturbed else took_ms, _cpu_ms(pids) - cpu_ms


def _cpu_ms(pids: Sequence[int]) -> float:
    return _counted_ms(pids, 0)


def _waited_ms(pids: Sequence[int]) -> float:
    return _counted_ms(pids, 1)


def _counted_ms(pids: Sequence[int], column: int) -> float:
    """As Linux counts: on a CPU, and waiting for one."""
    queues = [Path("/proc/thread-self/schedstat"), *(Path(f"/proc/{pid}/schedstat") for pid in pids)]
    return sum(int(queue.read_text("ascii").split()[column]) for queue in queues) / 1_000_000


if __name__ == "__main__":
    _main(int(sys.argv[1]))
