"""Which time the terminal believes (faults 24, 25)."""

import ctypes
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farebox import clock_sources
from farebox.clock import (
    NOT_TRUSTED,
    TOLERANCE_S,
    TRUSTED,
    Past,
    Sources,
    Trust,
    TrustedClock,
    Why,
    known_past_s,
    newest_trusted_s,
    noted,
)
from farebox.formats.journal import Entry, Noted, Opened
from tariff.calendar import midnight_in_japan_s

PAST_S = 1_795_000_000
DAY_S = 86_400


class Machine:
    """A machine whose clocks a test sets."""

    def __init__(self, wall_s: float) -> None:
        self.wall_s, self.counted_s = wall_s, 50.0
        self.ntp = self.rtc = False

    def clock(self, past_s: int = PAST_S) -> TrustedClock:
        return TrustedClock(
            Sources(lambda: self.wall_s, lambda: self.counted_s, lambda: self.ntp, lambda: self.rtc), past_s
        )

    def passes(self, seconds: float) -> None:
        self.wall_s += seconds
        self.counted_s += seconds


@pytest.mark.parametrize("source", ["ntp", "rtc"])
def test_faults_25_a_clock_is_trusted_once_something_vouches_for_it(source: str) -> None:
    machine = Machine(PAST_S + 500)
    clock = machine.clock()
    assert clock.trust == Trust(False, Why.NOT_SET)
    setattr(machine, source, True)
    assert clock.look() == Trust(True, Why(source))
    assert clock() == PAST_S + 500


def test_faults_25_the_centres_signed_time_vouches_and_is_the_time() -> None:
    machine = Machine(0)
    clock = machine.clock()
    assert clock.told(PAST_S + 7_000)
    machine.passes(30)
    assert clock.trust == Trust(True, Why.CENTRE)
    assert clock() == PAST_S + 7_030
    assert clock.look().trusted


def test_faults_25_an_old_message_of_the_centre_is_not_believed() -> None:
    """Sent again by somebody: the time in it is past already."""
    machine = Machine(PAST_S + 500)
    clock = machine.clock()
    assert not clock.told(PAST_S - TOLERANCE_S - 1)
    assert clock.trust == Trust(False, Why.NOT_SET)
    assert clock.told(PAST_S + DAY_S)
    assert not clock.told(PAST_S + 9)
    assert clock() == PAST_S + DAY_S


@pytest.mark.parametrize("source", ["ntp", "rtc"])
def test_faults_24_a_clock_before_what_is_known_to_be_past_is_vouched_for_by_nobody(source: str) -> None:
    machine = Machine(PAST_S - DAY_S)
    setattr(machine, source, True)
    clock = machine.clock()
    assert clock.trust == Trust(False, Why.BEHIND)
    machine.passes(20)
    assert clock() == PAST_S + 20  # never before it


def test_faults_24_a_step_back_by_ntp_within_a_minute_is_the_same_clock() -> None:
    machine = Machine(PAST_S)
    machine.ntp = True
    clock = machine.clock()
    machine.passes(10)
    machine.wall_s -= TOLERANCE_S
    assert clock.look().trusted
    assert clock() == PAST_S + 10  # and does not run backwards
    machine.wall_s -= 1
    assert clock.look() == Trust(False, Why.BEHIND)


@pytest.mark.parametrize("step_s", [-400 * DAY_S, -3_600, 3_600, 400 * DAY_S])
def test_faults_24_whoever_sets_the_wall_clock_changes_nothing(step_s: int) -> None:
    machine = Machine(PAST_S + 5)
    machine.rtc = True
    clock = machine.clock()
    machine.wall_s += step_s
    machine.passes(60)
    assert clock.look().trusted
    assert clock() == PAST_S + 65


def test_ntp_that_is_lost_leaves_the_time_it_gave() -> None:
    machine = Machine(PAST_S)
    machine.ntp = True
    clock = machine.clock()
    machine.ntp = False
    machine.passes(3 * DAY_S)
    assert clock.look() == Trust(True, Why.NTP)
    assert clock() == PAST_S + 3 * DAY_S


_STEP = st.tuples(st.sampled_from(["pass", "set", "ntp", "rtc", "told", "look"]), st.integers(-3 * DAY_S, 3 * DAY_S))


@given(st.lists(_STEP, max_size=30), st.integers(-2 * DAY_S, 2 * DAY_S))
def test_faults_24_a_trusted_time_never_goes_back(steps: list[tuple[str, int]], first_s: int) -> None:
    machine = Machine(PAST_S + first_s)
    clock = machine.clock()
    newest_s = PAST_S
    for what, seconds in steps:
        match what:
            case "pass":
                machine.passes(abs(seconds))
            case "set":
                machine.wall_s += seconds
            case "told":
                clock.told(PAST_S + seconds)
            case "look":
                clock.look()
            case _:
                setattr(machine, what, seconds > 0)
        now_s = clock()
        assert now_s >= newest_s
        if clock.trust.trusted:
            newest_s = now_s


# -- what is known to be past


def _entries(*kept: tuple[int, Opened | Noted]) -> list[Entry]:
    return [Entry(seq, 0, at_s, record) for seq, (at_s, record) in enumerate(kept, 1)]


OPENED = Opened("BUS-1", "farebox", 0)
TAP = Noted(bytes(8), "first-result-shown", "")


def test_faults_25_only_times_of_a_trusted_clock_tell_what_is_past() -> None:
    """A clock once stood in 2099 before anything had set it: that bars no later one."""
    in_2099_s = 4_000_000_000
    journal = _entries(
        (in_2099_s, OPENED),
        (in_2099_s, TAP),
        (PAST_S, noted(Trust(True, Why.NTP))),
        (PAST_S + 90, TAP),
        (PAST_S + 60, TAP),
        (PAST_S + 99, noted(Trust(False, Why.BEHIND))),
        (in_2099_s, TAP),
        (PAST_S + 100, noted(Trust(True, Why.NTP))),
        (in_2099_s, OPENED),
        (in_2099_s, TAP),
    )
    assert newest_trusted_s(journal) == PAST_S + 100
    assert newest_trusted_s([]) == 0


@pytest.mark.parametrize("cut", range(7))
def test_a_journal_may_be_gone_through_in_pieces(cut: int) -> None:
    journal = _entries(
        *((PAST_S, OPENED), (PAST_S, noted(Trust(True, Why.NTP))), (PAST_S + 7, TAP)),
        *((PAST_S + 9, noted(Trust(False, Why.BEHIND))), (PAST_S + 99, TAP), (PAST_S + 20, OPENED)),
    )
    first = Past()
    for entry in journal[:cut]:
        first.take(entry.record, entry.at_s)
    rest = Past(first.newest_s, trusted=first.trusted)
    for entry in journal[cut:]:
        rest.take(entry.record, entry.at_s)
    assert (rest.newest_s, rest.trusted) == (PAST_S + 7, False)


def test_what_is_past_is_the_newest_of_release_journal_and_bundles() -> None:
    released = date(2026, 11, 1)
    trusted = _entries((PAST_S, noted(Trust(True, Why.RTC))))
    assert known_past_s(released, []) == midnight_in_japan_s(released)
    assert known_past_s(released, trusted) == PAST_S
    assert known_past_s(released, trusted, (PAST_S + 4, 17)) == PAST_S + 4


def test_a_change_of_trust_is_journalled_with_its_reason() -> None:
    assert noted(Trust(True, Why.RTC)) == Noted(b"", TRUSTED, "rtc")
    assert noted(Trust(False, Why.NOT_SET)) == Noted(b"", NOT_TRUSTED, "not-set")


# -- this machine


class Kernel:
    """What adjtimex answers: a state of the clock, 5 while it is not in step, -1 if it may not be asked."""

    def __init__(self, answers: int) -> None:
        self.answers = answers

    def adjtimex(self, asked: ctypes.Array[ctypes.c_char]) -> int:
        assert len(asked) >= 208 and not any(asked.raw)
        return self.answers


@pytest.mark.parametrize(("answers", "vouches"), [(0, True), (1, True), (4, True), (5, False), (-1, False)])
def test_the_kernel_says_whether_ntp_keeps_the_clock_in_step(
    monkeypatch: pytest.MonkeyPatch, answers: int, vouches: bool
) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda _name, use_errno: Kernel(answers))
    assert clock_sources.by_ntp() is vouches


def test_a_system_without_that_call_vouches_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda _name, use_errno: object())
    assert not clock_sources.by_ntp()


def test_the_real_kernel_can_be_asked() -> None:
    asked = clock_sources.sources()
    assert type(asked.by_ntp()) is bool and type(asked.by_rtc()) is bool
    assert asked.wall_s() > asked.monotonic_s() > 0


@pytest.mark.parametrize(
    ("hctosys", "apart_s", "vouches"), [("1", 0, True), ("0", 0, False), ("1", 999, False), ("x", 0, False)]
)
def test_an_rtc_vouches_for_the_clock_it_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hctosys: str, apart_s: int, vouches: bool
) -> None:
    monkeypatch.setattr("time.time", lambda: PAST_S)
    (tmp_path / "rtc0").mkdir()
    (tmp_path / "rtc0" / "hctosys").write_text(f"{hctosys}\n")
    (tmp_path / "rtc0" / "since_epoch").write_text(f"{PAST_S + apart_s}\n")
    assert clock_sources.by_rtc(tmp_path) is vouches


@pytest.mark.parametrize("files", [(), ("hctosys",), ("since_epoch",)])
def test_an_rtc_that_does_not_say_vouches_for_nothing(tmp_path: Path, files: tuple[str, ...]) -> None:
    (tmp_path / "rtc0").mkdir()
    for name in files:
        (tmp_path / "rtc0" / name).write_text("1\n")
    assert not clock_sources.by_rtc(tmp_path)
    assert not clock_sources.by_rtc(tmp_path / "none")
