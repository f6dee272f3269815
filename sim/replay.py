"""A day replayed (模擬): vehicles run their trips, passengers tap, and in the end every yen is counted twice.

It runs the real terminal, journal, card layout and rules; only hardware, passengers and the clock are made up. The
count at the end takes its two sides from different places: cards are read back from their own blocks, cash and credit
are what passengers were told; the ledger is what the journals hold.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import reduce
from pathlib import Path
from random import Random
from typing import NamedTuple

from cardimage.contents import standing_on
from farebox.duty import Duty
from farebox.feed.gtfs import Trip
from farebox.formats.journal import Intent
from farebox.journal import fold
from farebox.journal.fold import Ledger
from farebox.journal.log import open_journal
from farebox.journal.reading import read
from farebox.machine import StateMachine, TransitionsMachine
from farebox.result import Result, Side
from farebox.table import State
from farebox.tap import Alight, Service, judge_alighting
from farebox.terminal import Terminal
from reader.port import ReaderMissing
from sim.bench import Bench
from sim.demand import Holdings, Passengers, Population, Rider, SimCard, holdings
from sim.fleet import Vehicle, vehicles_for
from sim.given import Given, shown
from sim.hardware.field import Withdrawal
from tariff.calendar import midnight_in_japan_s
from tariff.refusal import Code, Refusal
from tariff.riders import HOLDER_ALONE, Party

TAP_S = 2
"""What one tap takes of the stop's time."""
MOST_TOUCHES = 6
"""How often a passenger tries one tap before giving up: every loop has a bound."""
SECOND_TAP_S = 3
PREPARES_S = 600
"""How long before its first trip a vehicle's terminal is switched on."""
_CHUNK_BYTES = 1 << 16
"""What a journal grows by here: nobody waits for its disk, and there are many."""


class SettledRide(NamedTuple):
    """A ride that was paid for: on which trip and service, who rode on the card, how it was judged, and when."""

    trip: Trip
    service: Service
    party: Party
    alight: Alight
    at_s: int


class SeenTap(NamedTuple):
    """One tap as a bystander sees it.

    `rides` are those it settled: its own, and one of an earlier tap, seen only now to have been written (faults 3).
    `took_ns` is what the terminal took for it on this machine, by the stopwatch of the replay.
    """

    vehicle_id: str
    trip: Trip
    card: SimCard
    result: Result
    rides: tuple[SettledRide, ...] = ()
    took_ns: int = 0


class StopVisit(NamedTuple):
    """The vehicle at a stop of a trip, from when to when, in seconds since 1970; late or not."""

    vehicle_id: str
    trip: Trip
    place: int
    arrived_s: int
    left_s: int


class _LostTap(NamedTuple):
    """A tap whose card was gone before its answer came."""

    trip: Trip
    result: Result
    party: Party


class Tally(NamedTuple):
    """Both sides of the count: what the world holds, and what the journals say. All purses count, a point as a yen.

    yen on cards + cash + credit = opening + ledger, where ledger = the journals' change of all purses + cash + credit.
    """

    opening: Holdings
    on_cards: Holdings
    given: Given
    ledger: Ledger
    cards: int
    violations: tuple[str, ...] = ()

    @property
    def ledger_yen(self) -> int:
        """What the journals say happened, all in all."""
        return self.ledger.cards_delta_yen + self.ledger.cash_yen + self.ledger.credit_yen

    @property
    def difference_yen(self) -> int:
        """What the two sides differ by; anything but 0 is a lost or doubled yen."""
        held_yen = self.on_cards.total_yen + self.given.cash_yen + self.given.credit_yen
        return held_yen - self.opening.total_yen - self.ledger_yen

    @property
    def problems(self) -> tuple[str, ...]:
        """Everything that keeps the count from being even: nothing lost, nothing doubled, nothing left open."""
        ledger, given = self.ledger, self.given
        pairs = (
            ("stored fare", self.on_cards.stored_fare_yen - self.opening.stored_fare_yen, ledger.sf_delta_yen),
            ("coupons", self.on_cards.coupons_yen - self.opening.coupons_yen, ledger.coupons_delta_yen),
            ("points", self.on_cards.points - self.opening.points, ledger.points_delta),
            ("cash", given.cash_yen, ledger.cash_yen),
            ("credit", given.credit_yen, ledger.credit_yen),
            ("points earned", given.points_earned, ledger.points_earned),
            ("points lapsed", given.points_lapsed, ledger.points_lapsed),
        )
        found = (
            (self.difference_yen, f"the two sides differ by {self.difference_yen:+,} yen"),
            *((real - told, f"{what}: {real:,} in the world, {told:,} journalled") for what, real, told in pairs),
            (ledger.pending, f"{ledger.pending} writes are still pending"),
            (ledger.unknown, f"{ledger.unknown} writes are left to the centre"),
        )
        return (*(what for wrong, what in found if wrong), *self.violations)

    @property
    def reconciles(self) -> bool:
        """Whether the count comes out even."""
        return not self.problems


def add(tallies: Iterable[Tally]) -> Tally:
    """Tallies of several vehicles as one."""
    total = Tally(Holdings(), Holdings(), Given(), Ledger(), 0)
    for tally in tallies:
        total = Tally(
            total.opening.plus(tally.opening),
            total.on_cards.plus(tally.on_cards),
            total.given.plus(tally.given),
            Ledger(*(a + b for a, b in zip(total.ledger, tally.ledger, strict=True))),
            total.cards + tally.cards,
            total.violations + tally.violations,
        )
    return total


class SimClock:
    """Simulated time: whole seconds since 1970, moved by the world alone."""

    def __init__(self) -> None:
        """Start at the epoch; the first trip sets it."""
        self.now_s = 0

    def __call__(self) -> int:
        """The time."""
        return self.now_s

    def reach(self, at_s: int) -> None:
        """Wait until a time; a late bus stays late."""
        self.now_s = max(self.now_s, at_s)


def fleet_for(duty: Duty, day: date, route_ids: frozenset[str] | None = None) -> tuple[Vehicle, ...]:
    """The vehicles that run a day's trips, of some routes if they are named; none on a day without service."""
    feed = duty.feed
    trips = [trip for trip in feed.trips_on(day) if route_ids is None or trip.route_id in route_ids]
    patterns = {trip.pattern_id: feed.patterns[trip.pattern_id] for trip in trips}
    whose = {pattern_id: feed.routes[pattern.route_id].agency_id for pattern_id, pattern in patterns.items()}
    first = {pattern_id: (whose[pattern_id], pattern.stop_names[0]) for pattern_id, pattern in patterns.items()}
    last = {pattern_id: (whose[pattern_id], pattern.stop_names[-1]) for pattern_id, pattern in patterns.items()}
    return vehicles_for(trips, last, first)


class VehicleDay:
    """One vehicle's day, from its first trip to its count."""

    def __init__(
        self,
        duty: Duty,
        vehicle: Vehicle,
        day: date,
        bench: Bench,
        folder: Path,
        seed: int,
        on_tap: Callable[[SeenTap], None],
        *,
        mean_riders: float = 6.0,
        machine: Callable[[], StateMachine] = TransitionsMachine,
        passengers: Passengers | None = None,
        on_visit: Callable[[StopVisit], None] = lambda _visit: None,
        stopwatch: Callable[[], int] = lambda: 0,
    ) -> None:
        """Open the vehicle's journal in `folder`; `seed` decides everything that chance decides.

        `passengers` ride in place of those that chance draws; `stopwatch` counts nanoseconds.
        """
        self._duty = duty
        self._vehicle = vehicle
        self._day = day
        self._bench = bench
        self._on_tap = on_tap
        self._clock = SimClock()
        self._path = folder / f"{vehicle.vehicle_id}.journal"
        self._on_visit = on_visit
        self._stopwatch = stopwatch
        # A text seeds the same on every machine, unlike hash().
        self._passengers = passengers or Population(
            Random(f"{seed} {vehicle.vehicle_id}"), day, vehicle.vehicle_id, mean_riders
        )
        self._clock.reach(midnight_in_japan_s(day) + vehicle.trips[0].departs_s - PREPARES_S)
        recovered = open_journal(self._path, _CHUNK_BYTES)
        self._journal = recovered.journal
        self._terminal = Terminal(
            vehicle.vehicle_id,
            bench.readers,
            recovered,
            machine(),
            self._clock,
            lambda _result: None,
        )
        self._given = Given()
        self._lost: dict[bytes, _LostTap] = {}

    def run(self) -> Tally:
        """Run every trip, close the journal, count. Raises JournalFault if the disk fails, with nothing lost."""
        try:
            for trip in self._vehicle.trips:
                self._run_trip(trip)
            self._terminal.end_duty()
            self._stop_if_failed()
        finally:
            self._journal.close()
        return self._count()

    def _run_trip(self, trip: Trip) -> None:
        service = self._duty.service(trip, self._day)
        midnight_s = midnight_in_japan_s(self._day)
        self._clock.reach(midnight_s + trip.departs_s)
        self._terminal.begin_trip(service)
        self._stop_if_failed()
        riders = self._passengers.riders(trip, service)
        for place in range(len(trip.arrivals_s)):
            self._clock.reach(midnight_s + trip.arrivals_s[place])
            arrived_s = self._clock.now_s
            if place:
                self._terminal.advance(place)
            self._serve_stop(trip, riders, place)
            left_s = max(self._clock.now_s, midnight_s + trip.departures_s[place])
            self._on_visit(StopVisit(self._vehicle.vehicle_id, trip, place, arrived_s, left_s))
        self._terminal.end_trip()
        self._stop_if_failed()

    def _serve_stop(self, trip: Trip, riders: list[Rider], place: int) -> None:
        for rider in riders:
            if rider.alights == place:
                self._alight(trip, rider)
        for rider in riders:
            if rider.boards == place and not rider.forgets_boarding:
                self._tap_until_done(trip, Side.BOARDING, rider)

    def _alight(self, trip: Trip, rider: Rider) -> None:
        withdrawal = rider.withdrawal if self._bench.tears else None
        self._tap_until_done(trip, Side.ALIGHTING, rider, withdrawal)
        if rider.taps_twice:
            self._clock.now_s += SECOND_TAP_S
            self._tap(trip, Side.ALIGHTING, rider, None)

    def _tap_until_done(self, trip: Trip, side: Side, rider: Rider, withdrawal: Withdrawal | None = None) -> None:
        """Lay the card, and again as long as that can help; a reader that stays away ends the replay."""
        for _ in range(MOST_TOUCHES):
            result = self._tap(trip, side, rider, withdrawal)
            withdrawal = None
            if result is not None and (result.refusal is None or not self._react(rider, result.refusal)):
                return
        if self._terminal.reader_faults:
            fault = next(iter(self._terminal.reader_faults.values()))
            raise ReaderMissing(f"{fault.reader}: {fault.what}; the replay can't go on without it, run it again")

    def _react(self, rider: Rider, refusal: Refusal) -> bool:
        """What passenger and driver (scripted) do about a refusal; True if the card is to be laid again."""
        if refusal.code is Code.NO_BOARDING:
            self._terminal.answer_stop(rider.boards)
        elif refusal.code is Code.SHORT:
            self._terminal.answer_payment(rider.pays)
        reader_gone = refusal.code is Code.OUT_OF_SERVICE and self._terminal.state is State.NO_READER
        return reader_gone or refusal.code in (Code.NO_BOARDING, Code.SHORT, Code.TOUCH_AGAIN)

    def _tap(self, trip: Trip, side: Side, rider: Rider, withdrawal: Withdrawal | None) -> Result | None:
        self._clock.now_s += TAP_S
        self._bench.lay(side, rider.card.image, withdrawal)
        if side is Side.ALIGHTING and rider.party != HOLDER_ALONE and self._terminal.state is State.READY:
            self._terminal.expect_party(rider.party)
        began_ns = self._stopwatch()
        result = self._terminal.touch(side)
        took_ns = self._stopwatch() - began_ns
        self._bench.lift(side)
        self._terminal.touch(side)  # sees the empty field, so that the next card is a new one
        self._stop_if_failed()
        if result is not None:
            # By what the passenger is shown, not by what the journal says.
            self._given = self._given.plus(shown(result))
            rides = tuple(self._settled_by(trip, result, rider.party))
            self._on_tap(SeenTap(self._vehicle.vehicle_id, trip, rider.card, result, rides, took_ns))
        return result

    def _settled_by(self, trip: Trip, result: Result, party: Party) -> Iterator[SettledRide]:
        """The rides that a tap settled, its own and a lost one's."""
        if result.confirmed is not None and result.confirmed.action == "alight":
            yield _judged_anew(self._lost.pop(result.idm), result.confirmed)
        if result.refusal is not None:
            if result.refusal.code is Code.TOUCH_AGAIN and result.before is not None:
                self._lost[result.idm] = _LostTap(trip, result, party)
        elif result.alighted is not None and result.service is not None and not result.shown_again:
            yield SettledRide(trip, result.service, party, result.alighted, result.at_s)

    def _stop_if_failed(self) -> None:
        if self._terminal.state is State.STOPPED and self._terminal.journal_fault is not None:
            raise self._terminal.journal_fault

    def _count(self) -> Tally:
        ledger, violations = fold.audit(read(self._path).for_the_sums())
        cards = self._passengers.cards
        return Tally(
            reduce(Holdings.plus, (card.opening for card in cards), Holdings()),
            reduce(Holdings.plus, map(_read_back, cards), Holdings()),
            self._given,
            ledger,
            len(cards),
            tuple(f"{self._path.name} record {found.seq}: {found.what}" for found in violations),
        )


def _judged_anew(lost: _LostTap, intent: Intent) -> SettledRide:
    """What a tap settled whose answer was lost: its result doesn't hold that, but judging is pure, so it is done again.

    Nothing was keyed for it: here a card is only withdrawn before its driver has been asked anything.
    """
    tapped = lost.result
    assert tapped.service is not None and tapped.before is not None
    judged = judge_alighting(tapped.before, tapped.service, tapped.at_s, party=lost.party)
    if not isinstance(judged, Alight) or judged.settlement.due_yen != intent.due_yen:
        raise AssertionError(f"card {intent.idm.hex()}: {intent.due_yen} yen journalled, judged anew {judged}")
    return SettledRide(lost.trip, tapped.service, lost.party, judged, tapped.at_s)


def _read_back(card: SimCard) -> Holdings:
    """What a card holds, from its own blocks."""
    blocks = card.image.lite_s_blocks()
    assert blocks is not None
    now = standing_on(blocks)
    if isinstance(now, Refusal):
        raise AssertionError(f"card {card.label}: {now.detail}")
    return holdings(now.slot)
