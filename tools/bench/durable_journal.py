"""d. The durable journal on a real disk: flushes counted through the terminal, and a tap's records timed beside peers.

The files lie under build/, on the disk that holds the project. Ours, the bare write and SQLite take turns tap by tap,
since a disk's pace changes within seconds.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory

from farebox.formats.frames import scan
from farebox.formats.journal import Intent, Outcome
from farebox.journal.disk import FileDisk
from farebox.journal.log import Journal, recover
from farebox.result import Side
from sim.bench import ImageBench
from tools.bench.bus import Bus
from tools.bench.cards import general_card
from tools.bench.disk import CountingDisk, MemoryDisk
from tools.bench.measure import Effort, Figure, Row, beside, in_turns, undisturbed_us
from tools.bench.peers.bare_write import BareWrite
from tools.bench.peers.sqlite_journal import SqliteWal

_BARE_MOST, _SQLITE_MOST = 1.25, 0.6
_ROOM = 1 << 20


def rows(effort: Effort) -> list[Row]:
    """The count, then one row a peer."""
    parent = Path("build")
    parent.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="bench-", dir=parent) as name:
        folder = Path(name)
        return [_count_row(folder, effort.taps), *_time_rows(folder, effort)]


def _count_row(folder: Path, taps: int) -> Row:
    counts = flushes_per_tap(folder / "count.journal", taps)
    held = set(counts) == {1.0}
    return Row("d", "fdatasyncs a tap (the most of any)", "exactly 1", Figure(max(counts)), held)


def flushes_per_tap(path: Path, taps: int) -> list[float]:
    """Through the terminal, boardings and alightings: how often each tap's records were flushed."""
    disk = CountingDisk(FileDisk(path))
    bus = Bus(ImageBench(), disk)

    def flushes(act: Callable[[], object]) -> float:
        before = disk.flushes
        act()
        return float(disk.flushes - before)

    try:
        cards = [general_card(number) for number in range(taps)]
        return [count for both in bus.ride(cards, flushes) for count in both]
    finally:
        bus.close()


def _time_rows(folder: Path, effort: Effort) -> list[Row]:
    intent, outcome, at_s = _tap_records()
    framed = _framed(intent, outcome, at_s)
    taps = effort.rounds * effort.taps
    with ExitStack() as stack:
        journal = recover(FileDisk(folder / "timed.journal"), "timed").journal
        stack.callback(journal.close)
        bare = stack.enter_context(
            closing(BareWrite(folder / "bare", max(_ROOM, (taps + 1) * 2 * len(b"".join(framed)))))
        )
        growing = stack.enter_context(closing(SqliteWal(folder / "growing.sqlite", reused=False)))
        reused = stack.enter_context(closing(SqliteWal(folder / "reused.sqlite", reused=True)))

        times = in_turns(
            {
                "ours": lambda: [undisturbed_us(lambda: _tap(journal, intent, outcome, at_s))],
                "bare": lambda: [undisturbed_us(lambda: bare.write(framed[0] + framed[1]))],
                "growing": lambda: [undisturbed_us(lambda: growing.save(at_s, *framed))],
                "reused": lambda: [undisturbed_us(lambda: reused.save(at_s, *framed))],
            },
            taps,
        )
    rounds = {name: _regrouped(samples, effort.taps) for name, samples in times.items()}
    return [
        _row("bare", "bare write + fdatasync", _BARE_MOST, rounds),
        _row("reused", "SQLite WAL FULL, log reused", _SQLITE_MOST, rounds),
        _row("growing", "SQLite WAL FULL, log still growing", _SQLITE_MOST, rounds),
    ]


def _row(name: str, peer: str, most: float, rounds: dict[str, list[list[float]]]) -> Row:
    found = beside(rounds["ours"], rounds[name])
    p50, p50_peer = found.figure(50, "µs", 1)
    compared = found.ratio()
    held = compared.median <= most if compared and found.tells else None
    return Row(
        *("d", "a tap's records made durable, p50", f"<= {most} x", p50, held),
        *(p50_peer, peer, compared, f"{found.kept:.0%} undisturbed"),
    )


def _tap(journal: Journal, intent: Intent, outcome: Outcome, at_s: int) -> None:
    seq = journal.intend(intent, at_s)
    journal.conclude(outcome._replace(intent_seq=seq), at_s)


def _tap_records() -> tuple[Intent, Outcome, int]:
    """What the terminal journals of an alighting."""
    disk = MemoryDisk()
    bus = Bus(ImageBench(), disk)
    bus.begin()
    card = general_card(1)
    bus.tap(Side.BOARDING, card)
    bus.drive()
    bus.tap(Side.ALIGHTING, card)
    first, last = scan(bytes(disk.data)).entries[-2:]
    assert isinstance(first.record, Intent) and isinstance(last.record, Outcome)
    return first.record, last.record, first.at_s


def _framed(intent: Intent, outcome: Outcome, at_s: int) -> tuple[bytes, bytes]:
    """The bytes that a tap's two records are on the disk."""
    disk = CountingDisk(MemoryDisk())
    journal = recover(disk, "framed").journal
    disk.written.clear()
    _tap(journal, intent, outcome, at_s)
    first, last = disk.written
    return first, last


def _regrouped(samples: Sequence[Sequence[float]], size: int) -> list[list[float]]:
    """One sample a turn -> rounds of so many."""
    flat = [sample for turn in samples for sample in turn]
    return [flat[start : start + size] for start in range(0, len(flat), size)]
