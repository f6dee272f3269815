"""Any days at all in a folder: taps, seals, kills, power cuts and rot in any order keep all that was promised."""

import contextlib
from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from farebox.formats import journal as j
from farebox.formats.frames import FRAME_HEAD_BYTES, scan
from farebox.formats.segment import NO_SEGMENT
from farebox.journal import fold
from farebox.journal.disk import RESERVE_BYTES
from farebox.journal.log import recover_folder
from farebox.journal.retention import Archive
from sim.hardware.memory_disk import MemoryFolder, PowerLost, Tear, mixed
from tests.journal.examples import AT_S, intent

CHUNK = 2 * RESERVE_BYTES
CARDS = [bytes((number,)) * 8 for number in range(4)]
_seeds = st.integers(0, 2**32)


class AnyDuty(RuleBasedStateMachine):
    """`written`: all records appended so far, by seq; those up to `promised` may never be lost. Cards are tapped as a
    terminal does: not while an intent of theirs is open.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = MemoryFolder()
        self.journal = recover_folder(self.folder, "bus.journal", CHUNK).journal
        self.written: dict[int, j.Record] = {}
        self.promised = 0

    @rule(card=st.sampled_from(CARDS), result=st.sampled_from(("written", "not_written", "indeterminate", None)))
    def tap(self, card: bytes, result: j.Result | None) -> None:
        if card in self.open_now():
            self.conclude(j.Resolved(self.open_now()[card], "written", "next-tap"))
            return
        asked = intent(idm=card, write_counter=len(self.written))
        self.written[self.journal.seq + 1] = asked
        seq = self.journal.intend(asked, AT_S)
        self.promised = seq
        if result is not None:
            self.conclude(j.Outcome(seq, result))

    def conclude(self, end: j.Outcome | j.Resolved) -> None:
        self.written[self.journal.seq + 1] = end
        self.journal.conclude(end, AT_S)

    @rule()
    def flush(self) -> None:
        self.journal.flush()
        self.promised = self.journal.seq

    @rule()
    def seal(self) -> None:
        self.journal.seal()
        self.promised = self.journal.seq

    @rule()
    def acknowledge_the_oldest(self) -> None:
        archive = Archive(self.folder, "bus.journal")
        for number in archive.waiting()[:1]:
            archive.acknowledge(archive.load(number), b"thanks")

    @rule()
    def kill(self) -> None:
        self.open_again(self.folder.after_kill(), self.journal.seq)

    @rule(seed=_seeds)
    def power_loss(self, seed: int) -> None:
        self.open_again(self.crashed(Random(seed)), self.promised)

    @rule(calls=st.integers(0, 14), seed=_seeds)
    def power_loss_while_sealing(self, calls: int, seed: int) -> None:
        self.folder.power_goes_at = len(self.folder.calls) + calls
        with contextlib.suppress(PowerLost):
            self.seal()
        self.power_loss(seed)

    @rule(calls=st.integers(0, 14), first=_seeds, second=_seeds)
    def power_loss_during_the_recovery_from_one(self, calls: int, first: int, second: int) -> None:
        folder = self.crashed(Random(first))
        folder.power_goes_at = calls
        with contextlib.suppress(PowerLost):
            recover_folder(folder, "bus.journal", CHUNK)
        random = Random(second)
        self.open_again(folder.after_power_loss(mixed(random), random.random(), random.random()), self.promised)

    @precondition(lambda self: self.journal.flushed_seq > self.first_active())
    @rule(place=st.floats(0, 1))
    def rot(self, place: float) -> None:
        """A flushed record of the active segment rots, one that a later one vouches for."""
        self.journal.append(j.TripEnded("T1"), AT_S)
        self.written[self.journal.seq] = j.TripEnded("T1")
        self.journal.flush()
        folder = self.folder.after_kill()
        name = self.active()
        found = scan(bytes(folder.disks[name].cache))
        vouched = [
            start for start, entry in zip(found.starts, found.entries, strict=True) if entry.seq <= self.promised
        ]
        start = vouched[int(place * (len(vouched) - 1))]
        for image in (folder.disks[name].cache, folder.disks[name].medium):
            image[start + FRAME_HEAD_BYTES + 1] ^= 1
        before = self.open_now()
        recovered = recover_folder(folder, "bus.journal", CHUNK)
        assert recovered.quarantined is not None
        assert recovered.journal.seq >= self.journal.seq
        rotten = found.entries[found.starts.index(start)]
        pending = {idm: seq for idm, (seq, _) in recovered.standing.pending().items()}
        for idm, seq in before.items():
            assert pending.get(idm) == seq or seq == rotten.seq
        for idm, seq in pending.items():  # only the rotten outcome's own intent is open again
            ended = rotten.record
            assert before.get(idm) == seq or (isinstance(ended, (j.Outcome, j.Resolved)) and ended.intent_seq == seq)
        # What is open is all that counts from here on.
        self.written = dict(recovered.standing.pending().values())
        self.folder, self.journal = folder, recovered.journal
        self.promised = self.journal.seq

    def crashed(self, random: Random) -> MemoryFolder:
        tear: Tear = mixed(random)
        return self.folder.after_power_loss(tear, random.random(), random.random())

    def open_again(self, folder: MemoryFolder, at_least: int) -> None:
        recovered = recover_folder(folder, "bus.journal", CHUNK)
        last = recovered.journal.seq
        assert last >= at_least
        self.written = {seq: record for seq, record in self.written.items() if seq <= last}
        self.folder, self.journal = folder, recovered.journal
        self.promised = last
        assert {idm: seq for idm, (seq, _) in recovered.standing.pending().items()} == self.open_now()

    def open_now(self) -> dict[bytes, int]:
        entries = [j.Entry(seq, 0, AT_S, record) for seq, record in sorted(self.written.items())]
        return {idm: seq for idm, (seq, _) in fold.pending(entries).items()}

    def active(self) -> str:
        return max(name for name in self.folder.disks if name.endswith(".segment"))

    def first_active(self) -> int:
        return scan(bytes(self.folder.disks[self.active()].cache)).head.first_seq

    @invariant()
    def every_segment_is_sound_and_follows_from_the_one_before(self) -> None:
        names = sorted(name for name in self.folder.disks if name.endswith(".segment"))
        last = None
        for name in names:
            found = scan(bytes(self.folder.disks[name].cache))
            assert found.problem is None
            assert (found.seal is None) is (name == names[-1])
            if last is not None and last.head.number == found.head.number - 1:
                assert found.head.previous == last.digest != NO_SEGMENT
                assert found.head.first_seq == last.last_seq + 1
            for entry in found.entries:
                assert self.written.get(entry.seq, entry.record) == entry.record
            last = found


TestAnyDuty = AnyDuty.TestCase
TestAnyDuty.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
