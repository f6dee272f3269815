"""Whatever the network does: each sealed segment has its effect at the centre exactly once, nothing is deleted that the
centre does not hold durably, and no segment comes to the centre before an older one (faults 32 to 36).
"""

import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from farebox.exchange.answers import Answer
from farebox.exchange.line import Request
from sim.centre import FATES, Centre, arrives
from sim.hardware.memory_disk import PowerLost, kept, lost
from tests.farebox.exchange.bus import Bus, seal_duties, segments


class AnyNetwork(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self._scratch = tempfile.TemporaryDirectory()
        self.bus = Bus(Path(self._scratch.name))
        self.sealed = 0
        self.fates: list[object] = []

    @initialize(duties=st.integers(1, 3))
    def begin(self, duties: int) -> None:
        self.end_duties(duties)

    @precondition(lambda self: self.sealed < 8)
    @rule(duties=st.integers(1, 2))
    def end_duties(self, duties: int) -> None:
        self.bus.folder = seal_duties(self.bus.folder, duties)
        self.sealed += duties

    @rule(
        fates=st.lists(st.sampled_from(list(FATES.values())), min_size=1, max_size=30),
        piece_bytes=st.sampled_from([50, 300, 9_000]),
    )
    def a_session(self, fates: list[object], piece_bytes: int) -> None:
        """Each request meets its own fate; what comes after them arrives."""
        left = list(fates)

        def fate(centre: Centre, request: Request) -> Answer:
            act = left.pop(0) if left else arrives
            assert callable(act)
            came = act(centre, request)
            assert isinstance(came, Answer)
            return came

        self.bus.once(fate, piece_bytes=piece_bytes)

    @rule(at=st.integers(0, 60), tear=st.sampled_from([lost, kept]))
    def the_power_goes_in_a_session(self, at: int, tear: object) -> None:
        folder = self.bus.folder
        folder.power_goes_at = len(folder.calls) + at
        try:
            self.bus.once()
        except PowerLost:
            assert callable(tear)
            self.bus.folder = folder.after_power_loss(tear)
        else:
            folder.power_goes_at = None

    @invariant()
    def nothing_is_gone_that_the_centre_does_not_hold(self) -> None:
        here = set(segments(self.bus.folder))
        gone = set(range(1, self.sealed + 1)) - here
        assert gone <= set(self.bus.centre.segments)

    @invariant()
    def what_is_acknowledged_is_held(self) -> None:
        acknowledged = set(range(1, self.sealed + 1)) - set(self.bus.archive.waiting())
        assert acknowledged <= set(self.bus.centre.segments)

    @invariant()
    def each_had_its_effect_once_and_in_order(self) -> None:
        booked = self.bus.centre.booked
        assert set(booked.values()) <= {1}
        assert sorted(number for number, _ in booked) == list(range(1, len(booked) + 1))

    def teardown(self) -> None:
        """In the end, on a good line, everything is through."""
        report = self.bus.once()
        assert report.done and report.waiting == 0
        assert sorted(self.bus.centre.segments) == list(range(1, self.sealed + 1))
        assert set(self.bus.centre.booked.values()) <= {1}
        self._scratch.cleanup()


TestAnyNetwork = AnyNetwork.TestCase
TestAnyNetwork.settings = settings(max_examples=40, stateful_step_count=12)


@pytest.mark.parametrize("fate", FATES.values(), ids=list(FATES))
def test_faults_32_36_one_fate_for_every_request_loses_nothing(fate: object, tmp_path: Path) -> None:
    assert callable(fate)
    bus = Bus(tmp_path, duties=2)
    bus.once(fate)
    assert bus.once().done and sorted(bus.centre.booked.values()) == [1, 1]
