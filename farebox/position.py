"""At which stop the vehicle stands: its pattern's stops, and what the vehicle tells. Pure.

    way = way_of(feed.places(pattern_id))
    followed = follow(way, AT_THE_FIRST_STOP, event)    -> where it is now, and which stops were passed over

Forwards only: noise never takes it back, and a pattern that visits a stop twice goes by the order of its stops. What
the signals can't tell (`unclear`) the driver keys (`placed`).
"""

from collections.abc import Sequence
from math import asin, cos, radians, sin, sqrt
from typing import NamedTuple

from farebox.feed import Place
from farebox.peripherals.vehicle import (
    DoorClosed,
    DoorOpened,
    Heard,
    Position,
    PositionLost,
    Speed,
    Stopped,
)

RADIUS_M = 50.0
SAME_PLACE_M = 20.0
"""Two poles nearer than this are one place: GPS can't tell them apart."""
_ROOM = 0.49
"""Of the way to the nearest other place: so no two places' circles touch."""
STANDING_BELOW_KMH = 3.0
"""A GPS receiver that stands still tells of small speeds."""
STALE_S = 10.0
"""An older position says nothing of where the vehicle is now."""
MOST_KMH = 150.0
"""A position further off than that since the one before is an outlier."""
HELD_AGAINST_S = 60.0
"""For no longer: that the places since are all outliers is less likely than that the one before them was."""
LOOK_AHEAD = 3
"""Without a door contact, standing still at a later stop of this many counts: it may be a red light on the way back."""
_EARTH_M = 6_371_000.0


class Way(NamedTuple):
    """A pattern's stops in order: where each is (None: not known), and within what of it the vehicle is there."""

    places: tuple[Place | None, ...]
    radii_m: tuple[float, ...]


class Whereabouts(NamedTuple):
    """Where the vehicle is on its way.

    `stop_index` is the stop it stands at (`at_stop`), or the last one it stood at. `passed` is the last one that it is
    known to have come to, standing or not. Doors and speed are None until something tells of them.
    """

    stop_index: int = 0
    at_stop: bool = True
    passed: int = 0
    doors_open: bool | None = None
    speed_kmh: float | None = None
    fix: Position | None = None


AT_THE_FIRST_STOP = Whereabouts()


class Followed(NamedTuple):
    """Where it is now. `skipped`: the places of stops at which it did not stand, told when it stands at a later one."""

    now: Whereabouts
    skipped: tuple[int, ...] = ()


class Unclear(NamedTuple):
    """A stop at which arrivals can't be told. `near` is the one it can't be told from; None: its place isn't known."""

    stop_index: int
    near: int | None = None


def metres(one: Place, other: Place) -> float:
    """The distance over ground (haversine)."""
    lat_1, lat_2 = radians(one.lat_deg), radians(other.lat_deg)
    half_lat, half_lon = (lat_2 - lat_1) / 2, radians(other.lon_deg - one.lon_deg) / 2
    square = sin(half_lat) ** 2 + cos(lat_1) * cos(lat_2) * sin(half_lon) ** 2
    return 2 * _EARTH_M * asin(sqrt(min(1.0, square)))


def within(one: Place, other: Place, most_m: float) -> bool:
    """Whether two places are no further apart. Most are, by their latitudes alone; a metre more is for rounding."""
    if _EARTH_M * radians(abs(one.lat_deg - other.lat_deg)) > most_m + 1:
        return False
    return metres(one, other) <= most_m


def way_of(places: Sequence[Place | None], radius_m: float = RADIUS_M) -> Way:
    """The way of a pattern. Where two places are near each other their radii are smaller, so that they never meet."""
    known = {place for place in places if place is not None}
    radii = []
    for place in places:
        apart = [metres(place, other) for other in known] if place else []
        radii.append(min((radius_m, *(_ROOM * distance for distance in apart if distance >= SAME_PLACE_M))))
    return Way(tuple(places), tuple(radii))


def unclear(way: Way) -> tuple[Unclear, ...]:
    """The stops that the driver has to key: of unknown place, or at the same place as the stop before."""
    found = [Unclear(index) for index, place in enumerate(way.places) if place is None]
    for index, (place, following) in enumerate(zip(way.places, way.places[1:], strict=False)):
        if place and following and metres(place, following) < SAME_PLACE_M:
            found.append(Unclear(index + 1, index))
    return tuple(sorted(found))


def placed(way: Way, where: Whereabouts, stop_index: int) -> Whereabouts:
    """The driver's word: it stands at this stop, further on or further back. Raises ValueError: there is none."""
    if not 0 <= stop_index < len(way.places):
        raise ValueError(f"no place {stop_index} on a way of {len(way.places)} stops")
    return where._replace(stop_index=stop_index, passed=stop_index, at_stop=True)


def follow(way: Way, where: Whereabouts, event: Heard) -> Followed:
    """Take in one event. What has no bearing on the place (the bell, a fault) changes nothing."""
    match event:
        case DoorOpened():
            where = where._replace(doors_open=True)
        case DoorClosed():
            where = where._replace(doors_open=False)
        case Speed(kmh=kmh):
            where = where._replace(speed_kmh=kmh)
        case Stopped():
            where = where._replace(speed_kmh=0.0)
        case PositionLost():
            where = where._replace(fix=None)
        case Position():
            if _is_outlier(where.fix, event):
                return Followed(where)
            where = where._replace(fix=event)
        case _:
            return Followed(where)
    return _judged(way, where, event.at_s)


def _is_outlier(before: Position | None, now: Position) -> bool:
    if before is None or now.at_s - before.at_s > HELD_AGAINST_S:
        return False
    # Both may be wrong by a radius.
    reach_m = 2 * RADIUS_M + (now.at_s - before.at_s) * MOST_KMH / 3.6
    return metres(before.place, now.place) > reach_m


def _judged(way: Way, where: Whereabouts, at_s: float) -> Followed:
    """Where that leaves the vehicle: at a stop, passing one, or between two."""
    standing = where.doors_open or (where.speed_kmh is not None and where.speed_kmh < STANDING_BELOW_KMH)
    stays = where.at_stop and (standing or where.speed_kmh is None)
    if where.fix is None or at_s - where.fix.at_s > STALE_S:
        # Nobody knows where; but a vehicle that stands still has not left its stop, and one that moves has.
        return Followed(where._replace(at_stop=stays))
    here = _stop_here(way, where, where.fix.place)
    if here is None:
        return Followed(where._replace(at_stop=where.at_stop and standing))
    if not standing:
        passing = here in (where.passed, _next_known(way, where.passed))
        passed = here if passing else where.passed
        return Followed(where._replace(at_stop=stays and here == where.stop_index, passed=passed))
    if not _may_stand_at(way, where, here):
        return Followed(where._replace(at_stop=False))
    skipped = tuple(range(where.stop_index + 1, here))
    return Followed(where._replace(stop_index=here, passed=here, at_stop=True), skipped)


def _stop_here(way: Way, where: Whereabouts, place: Place) -> int | None:
    """The stop of which this is the place: the last one it came to if it may be that, else the next one in order."""
    around = [
        index
        for index in range(where.passed, len(way.places))
        if (stop := way.places[index]) is not None and within(stop, place, way.radii_m[index])
    ]
    if not around:
        return None
    last = way.places[where.passed]
    still_there = last is not None and any(_same_place(last, way.places[index]) for index in around)
    return where.passed if still_there else around[0]


def _same_place(one: Place, other: Place | None) -> bool:
    return other is not None and metres(one, other) < SAME_PLACE_M


def _next_known(way: Way, passed: int) -> int | None:
    """The next stop whose place is known."""
    return next((index for index in range(passed + 1, len(way.places)) if way.places[index] is not None), None)


def _may_stand_at(way: Way, where: Whereabouts, here: int) -> bool:
    """Open doors say that it is a stop. With closed ones it may be a red light on a street that is used twice."""
    if where.doors_open or here in (where.passed, _next_known(way, where.passed)):
        return True
    return where.doors_open is None and here - where.passed <= LOOK_AHEAD
