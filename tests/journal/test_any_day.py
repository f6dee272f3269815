"""Any day at all: taps, notes, kills and power cuts in any order leave a prefix that holds all that was promised."""

import contextlib
from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from farebox.formats import journal as j
from farebox.formats.frames import scan
from farebox.journal.disk import RESERVE_BYTES
from farebox.journal.log import recover
from sim.hardware.memory_disk import MemoryDisk, PowerLost, mixed
from tests.journal.examples import AT_S, intents, records

CHUNK = 2 * RESERVE_BYTES


class AnyDay(RuleBasedStateMachine):
    """`written`: all records appended so far, oldest first; the first `promised` of them may never be lost."""

    def __init__(self) -> None:
        super().__init__()
        self.disk = MemoryDisk()
        self.journal = recover(self.disk, "bus.journal", CHUNK).journal
        self.written: list[j.Record] = []
        self.handed_over = 0  # to the operating system: a kill alone can't lose these
        self.promised = 0

    @rule(record=records)
    def append(self, record: j.Record) -> None:
        self.written.append(record)
        self.journal.append(record, AT_S)

    @rule()
    def write(self) -> None:
        self.journal.write()
        self.handed_over = len(self.written)

    @rule()
    def flush(self) -> None:
        self.journal.flush()
        self.promised = self.handed_over = len(self.written)

    @rule(intent=intents, result=st.sampled_from(("written", "not_written", "indeterminate", None)))
    def tap(self, intent: j.Intent, result: j.Result | None) -> None:
        self.written.append(intent)
        seq = self.journal.intend(intent, AT_S)
        self.promised = self.handed_over = len(self.written)
        if result is not None:
            self.written.append(j.Outcome(seq, result))
            self.journal.conclude(j.Outcome(seq, result), AT_S)
            self.handed_over = len(self.written)

    @rule()
    def grow_ahead(self) -> None:
        self.journal.grow_ahead()

    @rule()
    def kill(self) -> None:
        self.open_again(self.disk.after_kill(), self.handed_over)

    @rule(seed=st.integers(0, 2**32))
    def power_loss(self, seed: int) -> None:
        random = Random(seed)
        self.open_again(self.disk.after_power_loss(mixed(random), random.random()), self.promised)

    @rule(intent=intents, calls=st.integers(0, 3), seed=st.integers(0, 2**32))
    def power_loss_during_a_tap(self, intent: j.Intent, calls: int, seed: int) -> None:
        self.disk.power_goes_at = len(self.disk.calls) + calls
        with contextlib.suppress(PowerLost):
            self.tap(intent, "written")
        self.power_loss(seed)

    @rule(calls=st.integers(0, 2), first=st.integers(0, 2**32), second=st.integers(0, 2**32))
    def power_loss_during_the_recovery_from_one(self, calls: int, first: int, second: int) -> None:
        disk = self.disk.after_power_loss(mixed(Random(first)))
        disk.power_goes_at = calls
        with contextlib.suppress(PowerLost):
            recover(disk, "bus.journal", CHUNK)
        self.open_again(disk.after_power_loss(mixed(Random(second))), self.promised)

    def open_again(self, disk: MemoryDisk, at_least: int) -> None:
        once = recover(disk, "bus.journal", CHUNK)
        twice = recover(disk.after_kill(), "bus.journal", CHUNK)
        assert twice.entries == once.entries
        assert twice.cut_bytes == 0
        kept = [entry.record for entry in once.entries]
        assert kept == self.written[: len(kept)]
        assert len(kept) >= at_least
        self.disk, self.journal, self.written = disk, once.journal, kept
        self.promised = self.handed_over = len(kept)

    @invariant()
    def the_file_is_sound_at_all_times(self) -> None:
        found = scan(bytes(self.disk.cache))
        assert found.problem is None
        assert found.torn_bytes == 0
        assert [entry.seq for entry in found.entries] == list(range(1, self.handed_over + 1))

    @precondition(lambda self: self.written)
    @invariant()
    def the_journal_counts_as_we_do(self) -> None:
        assert self.journal.seq == len(self.written)
        assert self.journal.flushed_seq == self.promised


TestAnyDay = AnyDay.TestCase
TestAnyDay.settings = settings(max_examples=60, stateful_step_count=30)
