"""At which stop the bus stands: by its doors, its wheels and GPS."""

from collections.abc import Iterable, Sequence
from math import pi
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farebox.feed import Place
from farebox.peripherals.vehicle import (
    DoorClosed,
    DoorOpened,
    Position,
    PositionLost,
    Speed,
    Stopped,
    StopRequested,
    VehicleEvent,
)
from farebox.position import (
    AT_THE_FIRST_STOP,
    RADIUS_M,
    Unclear,
    Way,
    Whereabouts,
    follow,
    metres,
    placed,
    unclear,
    way_of,
    within,
)
from sim.hardware.vehicle import Habits, SimulatedVehicle, drive, moved
from tests.farebox.bus import DUTY

HOME = Place(37.124, 140.188)


def east(by_m: float) -> Place:
    return moved(HOME, by_m, pi / 2)


A, B, C, D = east(0), east(500), east(1_000), east(1_500)
STRAIGHT = way_of((A, B, C, D))
LOOP = way_of((A, B, C, moved(A, 10, 0)))
OUT_AND_BACK = way_of((A, B, C, moved(B, 12, 0), moved(A, 12, 0)))


class Drive:
    """A bus on a way, told by its tests what happens to it; a second passes with each thing."""

    def __init__(self, way: Way = STRAIGHT, where: Whereabouts = AT_THE_FIRST_STOP) -> None:
        self.way, self.where, self.now_s = way, where, 0.0
        self.skipped: list[int] = []

    def hear(self, *events: VehicleEvent) -> "Drive":
        for event in events:
            self.where, skipped = follow(self.way, self.where, event)
            self.skipped += skipped
        return self

    def to(self, place: Place, after_s: float = 60) -> "Drive":
        """Drive there without a halt."""
        self.now_s += after_s
        return self.hear(Speed(self.now_s, 30), Position(self.now_s, place))

    def halt(self, place: Place, doors: bool = True) -> "Drive":
        self.to(place).hear(Stopped(self.now_s))
        return self.hear(DoorOpened(self.now_s), DoorClosed(self.now_s + 1)) if doors else self

    @property
    def at(self) -> int:
        return self.where.stop_index


def test_a_bus_begins_at_its_first_stop() -> None:
    assert Whereabouts(0, at_stop=True) == AT_THE_FIRST_STOP


def test_it_arrives_where_it_opens_its_doors() -> None:
    bus = Drive().to(east(250)).to(B)
    assert (bus.at, bus.where.at_stop) == (0, False)
    bus.hear(DoorOpened(bus.now_s))
    assert (bus.at, bus.where.at_stop) == (1, True)


def test_it_arrives_where_it_stands_still() -> None:
    bus = Drive().halt(B, doors=False)
    assert (bus.at, bus.where.at_stop) == (1, True)


def test_a_gps_receiver_that_stands_still_tells_of_small_speeds() -> None:
    bus = Drive().to(B).hear(Speed(60, 2.9))
    assert bus.at == 1
    assert Drive().to(B).hear(Speed(60, 3.0)).at == 0


def test_doors_opened_between_two_stops_are_no_arrival() -> None:
    assert Drive().halt(east(250)).at == 0


def test_it_has_left_when_it_moves() -> None:
    bus = Drive().halt(B)
    assert bus.hear(Speed(bus.now_s + 5, 12)).where.at_stop is False
    assert bus.at == 1


def test_open_doors_keep_it_at_its_stop_whatever_gps_says() -> None:
    bus = Drive().to(B).hear(DoorOpened(60), Position(61, east(560)))
    assert (bus.at, bus.where.at_stop) == (1, True)


def test_a_bus_of_unknown_speed_stays_until_gps_shows_that_it_left() -> None:
    bus = Drive().hear(DoorOpened(1), DoorClosed(2))
    assert bus.where.at_stop
    assert bus.hear(Position(3, A)).where.at_stop
    assert not bus.hear(Position(60, B)).where.at_stop
    assert bus.at == 0


def test_driving_back_does_not_take_it_back() -> None:
    bus = Drive().halt(B).halt(C).halt(B)
    assert (bus.at, bus.where.at_stop) == (2, False)


def test_a_stop_driven_past_is_told_when_it_stands_at_the_next() -> None:
    bus = Drive().to(B)
    assert (bus.at, bus.skipped) == (0, [])
    assert (bus.halt(C).at, bus.skipped) == (2, [1])


def test_stops_that_gps_never_saw_are_passed_over_where_the_doors_open() -> None:
    bus = Drive().hear(PositionLost(1, "tunnel")).halt(D)
    assert (bus.at, bus.skipped) == (3, [1, 2])


def test_a_red_light_far_ahead_is_no_arrival_if_the_doors_stay_closed() -> None:
    bus = Drive().hear(DoorOpened(1), DoorClosed(2)).halt(D, doors=False)
    assert (bus.at, bus.where.at_stop, bus.skipped) == (0, False, [])
    assert bus.hear(DoorOpened(bus.now_s)).at == 3


@pytest.mark.parametrize(("stops_ahead", "arrives"), [(3, True), (4, False)])
def test_without_a_door_contact_standing_still_counts_at_the_next_few_stops(stops_ahead: int, arrives: bool) -> None:
    way = way_of([east(500 * index) for index in range(6)])
    bus = Drive(way).halt(east(500 * stops_ahead), doors=False)
    assert bus.at == (stops_ahead if arrives else 0)


def test_a_later_stop_that_is_driven_past_on_the_way_out_is_not_passed() -> None:
    assert Drive().to(D).halt(B).at == 1


@pytest.mark.parametrize("off_m", [5, 55])
def test_the_last_stop_of_a_loop_is_not_its_first_one(off_m: float) -> None:
    # 55 m off the first stop is within the last one's circle only.
    bus = Drive(LOOP).to(moved(A, off_m, 0)).hear(Stopped(61), DoorOpened(62))
    assert (bus.at, bus.where.at_stop) == (0, True)


@pytest.mark.parametrize("way", [LOOP, OUT_AND_BACK])
def test_a_stop_visited_twice_goes_by_order(way: Way) -> None:
    bus = Drive(way)
    seen = [bus.halt(place).at for place in way.places if place]
    assert seen == list(range(len(way.places)))
    assert bus.skipped == []


def test_a_loop_is_driven_without_a_halt_too() -> None:
    bus = Drive(LOOP).to(B).to(B).to(C).halt(A)
    assert (bus.at, bus.skipped) == (3, [1, 2])


def test_an_old_position_says_nothing_of_where_the_doors_open() -> None:
    assert Drive().to(B).hear(DoorOpened(60 + 10)).at == 1
    assert Drive().to(B).hear(DoorOpened(60 + 10.5)).at == 0


def test_a_lost_position_says_nothing_of_where_the_doors_open() -> None:
    assert Drive().to(B).hear(PositionLost(61, "no fix"), DoorOpened(62)).at == 0


def test_standing_without_gps_it_stays_at_its_stop_until_it_moves() -> None:
    bus = Drive().halt(B).hear(PositionLost(62, "no fix"), Stopped(100))
    assert bus.where.at_stop
    assert not bus.hear(Speed(101, 20)).where.at_stop


def test_an_outlier_is_dropped() -> None:
    bus = Drive().hear(Position(1, A), Stopped(1), Position(2, C))
    assert bus.at == 0
    assert bus.where.fix == Position(1, A)
    # Nobody drives 1000 m in 15 s, but in 25 s somebody may.
    assert bus.hear(Position(15, C)).at == 0
    assert bus.hear(Position(25, C)).at == 2


def test_a_receiver_that_was_far_off_at_first_is_believed_before_long() -> None:
    bus = Drive().hear(Position(1, east(100_000)), *(Position(at_s, A) for at_s in range(2, 62)))
    assert bus.where.fix is not None and bus.where.fix.at_s == 1
    bus.hear(Position(62, A), Stopped(62))
    assert bus.where.fix == Position(62, A)
    bus.now_s = 62
    assert bus.halt(B).at == 1


def test_the_bell_changes_nothing() -> None:
    assert follow(STRAIGHT, AT_THE_FIRST_STOP, StopRequested(5)).now == AT_THE_FIRST_STOP


def test_the_driver_may_key_any_stop() -> None:
    bus = Drive().halt(C)
    back = placed(STRAIGHT, bus.where, 1)
    assert (back.stop_index, back.at_stop) == (1, True)
    assert Drive(where=back).halt(C).at == 2
    for nowhere in (-1, 4):
        with pytest.raises(ValueError, match=f"no place {nowhere} on a way of 4 stops"):
            placed(STRAIGHT, bus.where, nowhere)


def test_a_stop_of_unknown_place_is_the_drivers_to_key_and_stops_nothing() -> None:
    way = way_of((A, None, C, D))
    assert unclear(way) == (Unclear(1),)
    bus = Drive(way).to(C).halt(D)
    assert (bus.at, bus.skipped) == (3, [1, 2])


def test_two_poles_side_by_side_in_a_row_are_the_drivers_to_key() -> None:
    assert unclear(way_of((A, B, moved(B, 15, 1), D))) == (Unclear(2, 1),)
    assert unclear(LOOP) == unclear(OUT_AND_BACK) == ()


def test_radii_of_neighbours_do_not_meet() -> None:
    way = way_of((A, east(60), east(400)))
    assert way.radii_m == pytest.approx((29.4, 29.4, 50.0), abs=0.1)
    assert way_of((A, B), radius_m=80).radii_m == (80, 80)


def test_metres_are_those_of_the_map() -> None:
    # One degree of a meridian; 0.001 degrees of longitude at 37 degrees north.
    assert metres(Place(37, 140), Place(38, 140)) == pytest.approx(111_195, abs=5)
    assert metres(Place(37, 140), Place(37, 140.001)) == pytest.approx(88.8, abs=0.1)
    assert metres(A, A) == 0


NOISE = st.tuples(st.floats(0, 0.99), st.floats(0, 2 * pi))
SPACINGS_M = st.lists(st.integers(21, 800), min_size=1, max_size=8)


def on_a_road(spacings_m: Sequence[int]) -> tuple[Place, ...]:
    at, places = 0, [HOME]
    for spacing in spacings_m:
        at += spacing
        places.append(east(at))
    return tuple(places)


@given(spacings_m=SPACINGS_M, at=st.integers(0, 8), noises=st.lists(NOISE, max_size=20), rng=st.randoms())
def test_no_noise_within_the_radius_moves_a_standing_bus(
    spacings_m: list[int], at: int, noises: list[tuple[float, float]], rng: Random
) -> None:
    places = on_a_road(spacings_m)
    way, at = way_of(places), at % len(places)
    bus = Drive(way, placed(way, AT_THE_FIRST_STOP, at))
    for share, towards in noises:
        bus.now_s += 1
        bus.hear(rng.choice((DoorOpened, DoorClosed, Stopped))(bus.now_s))
        if rng.random() < 0.3:
            bus.hear(Speed(bus.now_s, rng.uniform(0, 60)))
        bus.hear(Position(bus.now_s, moved(places[at], share * way.radii_m[at], towards)))
        assert bus.at == at
    assert bus.skipped == []


@given(
    trip_id=st.sampled_from(sorted(DUTY.feed.trips)),
    noise_m=st.floats(0, 0.99 * RADIUS_M),
    has_doors=st.booleans(),
    fix_every_s=st.integers(1, 3),
    seed=st.integers(0, 2**32),
)
def test_whole_trips_of_the_sample_feed_drive_through(
    trip_id: str, noise_m: float, has_doors: bool, fix_every_s: int, seed: int
) -> None:
    trip = DUTY.feed.trips[trip_id]
    places = [place for place in DUTY.feed.places(trip.pattern_id) if place]
    script = tuple(drive(trip, places, Random(seed), Habits(None, noise_m, fix_every_s, has_doors)))
    halts = [event.at_s for event in script if isinstance(event, Stopped)]
    assert halts == sorted(halts) and len(halts) == len(places)
    bus, truly_at = Drive(way_of(places)), -1
    for event in script:
        was = bus.at
        if isinstance(event, Stopped):
            truly_at += 1
        bus.hear(event)
        assert was <= bus.at <= truly_at
        if isinstance(event, DoorClosed):
            assert (bus.at, bus.where.at_stop) == (truly_at, True)
    assert (bus.at, bus.skipped) == (len(places) - 1, [])


@given(
    *(st.builds(Place, st.floats(-90, 90), st.floats(-180, 180)) for _ in range(2)),
    st.floats(0, 30_000_000),
)
def test_what_is_within_a_distance_is_what_the_distance_says(one: Place, other: Place, most_m: float) -> None:
    assert within(one, other, most_m) == (metres(one, other) <= most_m)


@given(halts_at=st.sets(st.integers(1, 3)), seed=st.integers(0, 2**32))
def test_stops_that_are_not_halted_at_are_the_skipped_ones(halts_at: set[int], seed: int) -> None:
    trip = DUTY.feed.trips["HAKUHO-W01"]
    places = [place for place in DUTY.feed.places(trip.pattern_id) if place]
    habits = Habits(frozenset(halts_at), noise_m=45)
    bus = Drive(way_of(places)).hear(*drive(trip, places, Random(seed), habits))
    assert bus.at == 4
    assert bus.skipped == sorted({1, 2, 3} - halts_at)


def test_the_simulated_vehicle_tells_things_when_they_are_due() -> None:
    now = [0.0]
    script: Iterable[VehicleEvent] = (DoorOpened(1), DoorClosed(2), Speed(3, 10))
    vehicle = SimulatedVehicle(script, lambda: now[0])
    assert vehicle.poll() == ()
    now[0] = 2
    assert vehicle.poll() == (DoorOpened(1), DoorClosed(2))
    assert (vehicle.poll(), vehicle.arrived) == ((), False)
    now[0] = 9
    assert vehicle.poll() == (Speed(3, 10),)
    assert vehicle.arrived
    vehicle.close()
    assert vehicle.poll() == ()


def test_the_same_seed_drives_the_same_way() -> None:
    trip = DUTY.feed.trips["HAIKARA-W01"]
    places = [place for place in DUTY.feed.places(trip.pattern_id) if place]
    one, same, other = (tuple(drive(trip, places, Random(seed), Habits(noise_m=20))) for seed in (1, 1, 2))
    assert one == same != other
