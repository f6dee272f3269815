"""Session after session: when the next one comes, and how it ends."""

from collections.abc import Iterator
from random import Random

import pytest

from farebox.exchange.answers import Refused
from farebox.exchange.faults import LineCut
from farebox.exchange.session import Report
from farebox.exchange.upload import Uploaded
from farebox.exchange.watch import FIRST_PAUSE_S, MOST_PAUSE_S, pause_s, watch

FAILED, DONE = Report(fault=LineCut("cut")), Report()
FULL = Report(segments=Uploaded(stopped_at=3, why=Refused("full", "", 600)))
EVERY_S = 300.0


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_pauses_double_up_to_a_quarter_of_an_hour_and_are_spread_by_chance(chance: float) -> None:
    pauses = [pause_s(failures, EVERY_S, 0, chance) for failures in range(1, 200)]
    assert pauses == sorted(pauses)
    assert FIRST_PAUSE_S / 2 <= pauses[0] <= FIRST_PAUSE_S and MOST_PAUSE_S / 2 <= pauses[-1] <= MOST_PAUSE_S
    assert 0.9 * EVERY_S <= pause_s(0, EVERY_S, 0, chance) <= 1.1 * EVERY_S


def test_the_centre_is_left_alone_for_as_long_as_it_asks() -> None:
    assert pause_s(1, EVERY_S, 600, 0.0) >= 600
    assert pause_s(0, EVERY_S, 600, 0.0) >= 600


class Days:
    """A machine on which time passes by sleeping alone."""

    def __init__(self, *came: Report) -> None:
        self.now_s = 0.0
        self.at_s: list[float] = []
        self.told: list[str] = []
        self.reported: list[Report] = []
        self._came: Iterator[Report] = iter(came)
        self._left = len(came)

    def once(self) -> Report:
        self._left -= 1
        self.at_s.append(self.now_s)
        return next(self._came)

    def sleep(self, seconds: float) -> None:
        assert 0 < seconds <= 1
        self.now_s += seconds

    def watch(self) -> "Days":
        watch(
            *(self, EVERY_S, lambda: not self._left, self.told.append, self.reported.append),
            *(Random(1).random, lambda: self.now_s, self.sleep),
        )
        return self


def test_off_line_for_days_it_asks_ever_more_rarely_and_then_as_ever() -> None:
    days = Days(*[FAILED] * 600, DONE, DONE, DONE).watch()
    gaps = [later - earlier for earlier, later in zip(days.at_s, days.at_s[1:], strict=False)]
    assert days.now_s > 4 * 86_400
    assert max(gaps) <= MOST_PAUSE_S + 1 and min(gaps[20:-3]) >= MOST_PAUSE_S / 2
    assert gaps[-1] <= 1.1 * EVERY_S + 1
    assert len(days.reported) == 603


def test_what_was_declined_is_tried_again_soon_and_then_ever_more_rarely() -> None:
    declined = Report(segments=Uploaded(stopped_at=3, why=Refused("altered", "")))
    days = Days(*[declined] * 12, DONE).watch()
    assert days.at_s[1] <= FIRST_PAUSE_S + 1
    assert days.at_s[-1] - days.at_s[-2] >= MOST_PAUSE_S / 2


def test_a_full_centre_is_asked_again_after_its_time() -> None:
    days = Days(FULL, DONE).watch()
    assert days.at_s[1] >= 600


def test_systemd_is_told_that_it_lives_and_how_it_stands() -> None:
    days = Days(DONE._replace(waiting=2), DONE).watch()
    assert days.told[0] == "READY=1" and days.told[-1] == "STOPPING=1"
    assert "STATUS=segments waiting: 2, sessions failed in a row: 0" in days.told
    assert days.told.count("WATCHDOG=1") >= 0.9 * EVERY_S
