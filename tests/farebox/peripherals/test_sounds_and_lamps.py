"""GEN-14: what a tap sounds and looks like, when, and what happens if a lamp is broken."""

from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from queue import Queue
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farebox.peripherals.meaning import Meaning
from farebox.peripherals.sounds_and_lamps import (
    DARK,
    MOST_WAITING,
    SIGNALS,
    Lamp,
    LoggedOutputs,
    OutputFault,
    Player,
    Schedule,
    Shown,
    Signal,
    signal_of,
)
from farebox.result import Result, Side, Sound
from farebox.tap import Note, NoteCode
from tariff.account import Account, Pass
from tariff.calendar import midnight_in_japan_s
from tariff.refusal import Code, Refusal

NOON_S = midnight_in_japan_s(date(2026, 11, 20)) + 43_200
BEFORE, AFTER = Account("lococa", 1_000), Account("lococa", 790)
ACCEPTED = Result(Side.ALIGHTING, b"", NOON_S, None, before=BEFORE, after=AFTER)


def refused(code: Code) -> Result:
    return Result(Side.ALIGHTING, b"", NOON_S, None, refusal=Refusal(code, "GEN-11"))


def with_pass(last_day: date) -> Result:
    held = Pass(1, 0, date(2026, 9, 1), last_day, False, ())
    return ACCEPTED._replace(after=AFTER._replace(held_pass=held))


def lamps_of(meaning: Meaning) -> set[Lamp]:
    return set().union(*(step.shown.lamps for step in SIGNALS[meaning]))


def test_gen_14_an_accepted_tap_sounds_short_and_lights_green() -> None:
    steps = signal_of(ACCEPTED).steps
    assert [step.ms for step in steps if step.shown.tone_hz] == [120]
    assert all(step.shown.lamps == {Lamp.GREEN} for step in steps)


@pytest.mark.parametrize("code", Code)
def test_gen_14_a_refused_tap_sounds_long_and_lights_red(code: Code) -> None:
    first = signal_of(refused(code)).steps[0]
    assert first.ms >= 5 * 120
    assert 0 < first.shown.tone_hz < 1_000
    assert Lamp.RED in first.shown.lamps


@pytest.mark.parametrize("meaning", Meaning)
def test_green_and_red_are_never_of_one_signal(meaning: Meaning) -> None:
    assert not {Lamp.GREEN, Lamp.RED} <= lamps_of(meaning)
    assert SIGNALS[meaning][0].shown.tone_hz > 0 == SIGNALS[meaning][-1].shown.tone_hz


def test_every_signal_can_be_told_from_every_other() -> None:
    assert len(set(SIGNALS.values())) == len(Meaning)


def test_the_sound_of_a_result_and_of_its_signal_agree() -> None:
    for result in (ACCEPTED, *map(refused, Code)):
        short = signal_of(result).meaning in (Meaning.ACCEPTED, Meaning.ACCEPTED_LOOK)
        assert (result.sound is Sound.PIP) == short


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (Code.TOUCH_AGAIN, Meaning.TOUCH_AGAIN),
        (Code.SHORT, Meaning.ASK_DRIVER),
        (Code.NO_BOARDING, Meaning.ASK_DRIVER),
        (Code.OUT_OF_SERVICE, Meaning.REFUSED),
        (Code.TWO_CARDS, Meaning.REFUSED),
        (Code.HOTLISTED, Meaning.CARD_REFUSED),
        (Code.EXPIRED_CARD, Meaning.CARD_REFUSED),
        (Code.FOREIGN_CARD, Meaning.CARD_REFUSED),
        (Code.ALTERED_CARD, Meaning.CARD_REFUSED),
        (Code.UNREADABLE_CARD, Meaning.CARD_REFUSED),
    ],
)
def test_gen_11_what_a_refusal_asks_for_can_be_heard(code: Code, meaning: Meaning) -> None:
    assert signal_of(refused(code)) == Signal(meaning)


@pytest.mark.parametrize(
    ("last_day", "looks"),
    [
        (date(2026, 11, 19), False),
        (date(2026, 11, 20), True),
        (date(2026, 12, 4), True),
        (date(2026, 12, 5), False),
    ],
)
def test_gen_14_a_pass_that_ends_within_14_days_lights_yellow_too(last_day: date, looks: bool) -> None:
    signal = signal_of(with_pass(last_day))
    assert (signal.meaning is Meaning.ACCEPTED_LOOK) is looks
    assert (Lamp.YELLOW in lamps_of(signal.meaning)) is looks


def test_a_ride_that_was_never_closed_lights_yellow_too() -> None:
    note = Note(NoteCode.INCOMPLETE_RIDE, "GEN-8")
    assert signal_of(ACCEPTED._replace(notes=(note,))) == Signal(Meaning.ACCEPTED_LOOK)
    again = Note(NoteCode.FIRST_RESULT_SHOWN, "GEN-9")
    assert signal_of(ACCEPTED._replace(notes=(again,))) == Signal(Meaning.ACCEPTED)


# -- when

OK, NO = Signal(Meaning.ACCEPTED), Signal(Meaning.REFUSED)
PI, GREEN = Shown(2_000, frozenset({Lamp.GREEN})), Shown(0, frozenset({Lamp.GREEN}))
PII, RED = Shown(440, frozenset({Lamp.RED})), Shown(0, frozenset({Lamp.RED}))


def play(schedule: Schedule, from_s: float, until_s: float) -> list[tuple[float, Shown]]:
    """What is shown from when on, asking only at the times that the schedule names."""
    told = [(from_s, schedule.now(from_s))]
    while (due_s := schedule.next_s()) is not None and due_s <= until_s:
        told.append((round(due_s, 3), schedule.now(due_s)))
    return told


def test_a_signal_runs_its_steps_and_goes_dark() -> None:
    schedule = Schedule()
    assert (schedule.now(5), schedule.next_s()) == (DARK, None)
    schedule.add(OK)
    assert play(schedule, 10, 20) == [(10, PI), (10.12, GREEN), (11.0, DARK)]


def test_a_second_signals_sound_waits_for_the_first_ones_but_not_for_its_lamps() -> None:
    schedule = Schedule()
    schedule.add(OK)
    assert schedule.now(10) == PI
    schedule.add(NO)
    assert schedule.now(10.05) == PI
    assert play(schedule, 10.12, 20) == [(10.12, PII), (11.02, RED), (12.12, DARK)]


def test_lamps_give_way_at_once() -> None:
    schedule = Schedule()
    schedule.add(NO)
    schedule.now(10)
    assert schedule.now(11) == RED
    schedule.add(OK)
    assert schedule.now(11.2) == PI


def test_of_too_many_signals_the_oldest_is_dropped() -> None:
    schedule = Schedule()
    schedule.add(NO)
    schedule.now(0)
    for signal in (NO, *([OK] * MOST_WAITING)):
        schedule.add(signal)
    assert [shown for _, shown in play(schedule, 0.9, 60)].count(PII) == 0


def test_a_late_look_catches_up() -> None:
    schedule = Schedule()
    schedule.add(OK)
    schedule.now(10)
    assert schedule.now(500) == DARK


@given(st.lists(st.tuples(st.sampled_from(Meaning), st.floats(0, 3)), max_size=12))
def test_whatever_comes_each_sound_that_began_is_heard_whole_and_all_ends_dark(
    taps: list[tuple[Meaning, float]],
) -> None:
    schedule, at_s = Schedule(), 0.0
    heard: list[tuple[float, Shown]] = []
    for meaning, pause_s in taps:
        schedule.add(Signal(meaning))
        heard += play(schedule, at_s, at_s + pause_s)
        at_s += pause_s
    heard += play(schedule, at_s, at_s + 60)
    assert (heard[-1][1], schedule.next_s()) == (DARK, None)
    for (begun_s, shown), (ended_s, _) in _runs(heard):
        if shown.tone_hz:
            assert ended_s - begun_s >= 0.119


def _runs(told: Iterable[tuple[float, Shown]]) -> list[tuple[tuple[float, Shown], tuple[float, Shown]]]:
    """Each moment that differs from the one before, with the next such."""
    changes: list[tuple[float, Shown]] = []
    for at_s, shown in told:
        if not changes or changes[-1][1] != shown:
            changes.append((at_s, shown))
    return list(pairwise(changes))


# -- playing


class Wall:
    """Outputs that say what they were told, and fail when asked to."""

    def __init__(self) -> None:
        self.shown: Queue[Shown] = Queue()
        self.fault: OutputFault | None = None
        self.closed = False

    def show(self, shown: Shown) -> OutputFault | None:
        self.shown.put(shown)
        return self.fault

    def close(self) -> None:
        self.closed = True


WAIT_S = 10
"""What is waited for comes at once."""


def test_the_player_plays_and_goes_dark() -> None:
    wall, now_s = Wall(), [0.0]
    player = Player(wall, lambda: now_s[0], lambda _: None)
    player.offer(OK)
    assert wall.shown.get(timeout=WAIT_S) == PI
    now_s[0] = 60.0
    player.offer(NO)
    second = wall.shown.get(timeout=WAIT_S)
    # The thread may have looked between the two lines above, and seen that the first one is over.
    assert (wall.shown.get(timeout=WAIT_S) if second == DARK else second) == PII
    player.close()
    assert wall.closed
    player.offer(OK)
    player.close()


def test_what_is_shown_already_is_not_shown_again() -> None:
    wall = Wall()
    player = Player(wall, lambda: 0.0, lambda _: None)
    for _ in range(3):
        player.offer(OK)
    player.close()
    assert wall.shown.get_nowait() == PI
    assert wall.shown.empty()


def test_a_fault_is_told_once_and_its_end_too() -> None:
    wall, told = Wall(), Queue[OutputFault | None]()
    wall.fault = OutputFault("red", "pin 25 is gone")
    now_s = [0.0]
    player = Player(wall, lambda: now_s[0], told.put)
    for at_s, signal in ((0.0, OK), (60.0, NO)):
        now_s[0] = at_s
        player.offer(signal)
        wall.shown.get(timeout=WAIT_S)
    assert told.get(timeout=WAIT_S) == wall.fault
    wall.fault = None
    now_s[0] = 120.0
    player.offer(OK)
    assert told.get(timeout=WAIT_S) is None
    player.close()
    assert told.empty()


def test_offering_never_waits_though_the_lamps_hang() -> None:
    begun, go_on = Event(), Event()

    class Hanging(Wall):
        def show(self, shown: Shown) -> OutputFault | None:
            begun.set()
            go_on.wait(WAIT_S)
            return super().show(shown)

    wall = Hanging()
    player = Player(wall, lambda: 0.0, lambda _: None)
    player.offer(OK)
    begun.wait(WAIT_S)
    for _ in range(100):
        player.offer(NO)
    assert wall.shown.empty()
    go_on.set()
    player.close()


def test_without_pins_the_log_says_what_would_be_seen_and_heard() -> None:
    lines: list[str] = []
    outputs = LoggedOutputs(lines.append)
    for shown in (PI, Shown(0, frozenset({Lamp.RED, Lamp.YELLOW})), DARK):
        assert outputs.show(shown) is None
    outputs.close()
    assert lines == ["2000 Hz · green", "silence · yellow, red", "silence · dark"]
