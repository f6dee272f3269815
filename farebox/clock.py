"""The terminal's clock, and whether it is believed (faults 24, 25).

A fare box starts without a clock that runs through the night, and a wrong day is a wrong pass, a wrong cap, a lapsed
point. So its time is trusted only once something outside vouches for it: NTP, a clock with a battery, or the centre's
signed time. From then on it runs by the machine's own monotonic count, which nobody can set, and whoever sets the wall
clock changes nothing.

Nothing is vouched for that stands before a moment known to be past: the software's release, the newest time that a
trusted clock wrote into the journal, a bundle of the centre. Records are ordered by their numbers, never by this clock.
"""

from collections.abc import Callable, Iterable
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from farebox.formats.journal import Entry, Noted, Opened, Record
from tariff.calendar import midnight_in_japan_s

TOLERANCE_S = 60
"""So far back a clock that is set may step and still be the same."""
TRUSTED, NOT_TRUSTED = "clock-trusted", "clock-not-trusted"
"""Codes of the journal's notes; their detail says why."""


class Why(StrEnum):
    """Who vouches for the time, or why nobody does."""

    NTP = "ntp"
    RTC = "rtc"
    CENTRE = "centre"
    GIVEN = "given"  # simulated time, which is right by definition (模擬)
    NOT_SET = "not-set"  # nobody has vouched for it yet
    BEHIND = "behind"  # it stands before a moment that is known to be past


class Trust(NamedTuple):
    """Whether the time is trusted, and why."""

    trusted: bool
    why: Why


ALWAYS = Trust(True, Why.GIVEN)


class Sources(NamedTuple):
    """Who is asked: the wall clock and the monotonic one, in seconds; and whether NTP or an RTC has set the former."""

    wall_s: Callable[[], float]
    monotonic_s: Callable[[], float]
    by_ntp: Callable[[], bool]
    by_rtc: Callable[[], bool]


class TrustedClock:
    """Seconds since 1970 when called. `look` asks the sources anew: at start, and every few seconds."""

    def __init__(self, sources: Sources, past_s: int) -> None:
        """`past_s` is a moment known to be past (`known_past_s`)."""
        self._sources = sources
        self._at_s = float(past_s)
        self._counted_s = sources.monotonic_s()
        self.trust = Trust(False, Why.NOT_SET)
        self.look()

    def __call__(self) -> int:
        """The time: counted on from what is known if it is trusted, else the wall clock's if that is no less."""
        least_s = self._least_s()
        return int(least_s if self.trust.trusted else max(least_s, self._sources.wall_s()))

    def look(self) -> Trust:
        """Ask who vouches for the wall clock now."""
        wall_s = self._sources.wall_s()
        if self._sources.by_ntp():
            self._vouched(wall_s, Why.NTP)
        elif not self.trust.trusted and self._sources.by_rtc():  # at start only: it does not outrank the centre
            self._vouched(wall_s, Why.RTC)
        elif not self.trust.trusted:
            behind = wall_s < self._least_s() - TOLERANCE_S
            self.trust = Trust(False, Why.BEHIND if behind else Why.NOT_SET)
        return self.trust

    def told(self, centre_s: int) -> bool:
        """The centre said the time, signed, just now; False if that is past already: it is not believed then."""
        if centre_s < self._least_s() - TOLERANCE_S:
            return False
        self._vouched(centre_s, Why.CENTRE)
        return True

    def _vouched(self, at_s: float, source: Why) -> None:
        least_s = self._least_s()
        if at_s < least_s - TOLERANCE_S:
            self.trust = Trust(False, Why.BEHIND)
            return
        self._at_s, self._counted_s = max(at_s, least_s), self._sources.monotonic_s()
        self.trust = Trust(True, source)

    def _least_s(self) -> float:
        """What the time is at least."""
        return self._at_s + self._sources.monotonic_s() - self._counted_s


def known_past_s(released: date, entries: Iterable[Entry], made_at_s: Iterable[int] = ()) -> int:
    """The newest moment known to be past: the release, the journal's newest trusted time, bundles' days."""
    return max(midnight_in_japan_s(released), newest_trusted_s(entries), *made_at_s)


def newest_trusted_s(entries: Iterable[Entry]) -> int:
    """The newest time in a journal written while the clock was trusted; 0 if it never was."""
    past = Past()
    for entry in entries:
        past.take(entry.record, entry.at_s)
    return past.newest_s


class Past:
    """The newest trusted time, record by record, for whoever goes through a journal anyway, or through its last piece:
    both of its values are all that has to be carried on from there.

    Times of a clock that nobody vouched for say nothing: one that once stood in 2099 would bar every later one.
    """

    __slots__ = ("newest_s", "trusted")

    def __init__(self, newest_s: int = 0, *, trusted: bool = False) -> None:
        """As it stood after the records before."""
        self.newest_s, self.trusted = newest_s, trusted

    def take(self, record: Record, at_s: int) -> None:
        """Count one record in. A start begins untrusted, until its first note says otherwise."""
        match record:
            case Opened() | Noted(code="clock-not-trusted"):
                self.trusted = False
            case Noted(code="clock-trusted"):
                self.trusted = True
        if self.trusted and at_s > self.newest_s:
            self.newest_s = at_s


def noted(trust: Trust) -> Noted:
    """A change of trust, for the journal."""
    return Noted(b"", TRUSTED if trust.trusted else NOT_TRUSTED, trust.why)
