"""The small numbers that stand for stops and trips on cards and in journals.

Append-only: a number, once given, keeps its meaning, whatever later feeds say. Stops are known by *name*, so that
all poles of a stop have one number (PASS-1), and trips by what makes them the same trip (farebox.feed.identity): feeds
may rename their ids from edition to edition, and no number is spent on it (docs/decisions/0004).
"""

from collections.abc import Mapping
from typing import Protocol

from farebox.feed.faults import NotRegistered, RegisterBroken, RegisterFull

# 16 bits on the card; 0 means none.
NUMBERS = 65_535

_HEAD = "register\t2"
"""First line of the text form. The first form had none: it begins with an entry, and knew trips by their ids."""


class Named(Protocol):
    """What a register numbers: a Feed, or what becomes one. Both mappings in a lasting order."""

    @property
    def stop_names(self) -> Mapping[str, str]:
        """stop_id -> name."""

    @property
    def trip_identities(self) -> Mapping[str, str]:
        """trip_id -> identity (farebox.feed.identity)."""


class Register:
    """Numbers from 1 for stop names and for trips, in the order they first came. Never changes.

    A register of the first form knows trip ids only. Each such number takes the identity of the first trip of that id
    that it is extended with, and from then on is that trip's alone.
    """

    __slots__ = ("_old_trips", "_stop_names", "_stop_numbers", "_trip_numbers")

    def __init__(
        self, stops: Mapping[str, int] = {}, trips: Mapping[str, int] = {}, old_trips: Mapping[str, int] = {}
    ) -> None:
        """Use `of`, `extended` and `loads`. Take name -> number, identity -> number, and trip_id -> number."""
        self._stop_numbers, self._trip_numbers, self._old_trips = stops, trips, old_trips
        self._stop_names = tuple(stops)

    @classmethod
    def of(cls, feed: Named) -> "Register":
        """The numbers of one feed alone; raises RegisterFull."""
        return cls().extended(feed)

    def extended(self, feed: Named) -> "Register":
        """This register, with numbers for what is new in a feed; raises RegisterFull."""
        stops, trips, old_trips = dict(self._stop_numbers), dict(self._trip_numbers), dict(self._old_trips)
        for name in feed.stop_names.values():
            if name not in stops:
                stops[name] = _next("stop", len(stops), name)
        for trip_id, identity in feed.trip_identities.items():
            if identity not in trips:
                known = old_trips.pop(trip_id, None)
                trips[identity] = known or _next("trip", len(trips) + len(old_trips), trip_id)
        return Register(stops, trips, old_trips)

    def stop_number(self, name: str) -> int:
        """The number of a stop's name; raises NotRegistered."""
        number = self._stop_numbers.get(name)
        if number is None:
            raise NotRegistered("stop", name)
        return number

    def trip_number(self, trip_id: str, identity: str) -> int:
        """The number of a trip; raises NotRegistered."""
        number = self._trip_numbers.get(identity) or self._old_trips.get(trip_id)
        if number is None:
            raise NotRegistered("trip", trip_id)
        return number

    def stop_name(self, number: int) -> str:
        """The name of a stop; raises NotRegistered."""
        if not 1 <= number <= len(self._stop_names):
            raise NotRegistered("stop", number)
        return self._stop_names[number - 1]

    def dumps(self) -> str:
        """As text: a head, `stop<tab>1<tab>name` and `trip<tab>1<tab>identity` lines, `end<tab>stops<tab>trips`.

        A number that still waits for its identity is a line `trip-id<tab>1<tab>id`, in its place among the trips.
        """
        entries = [("stop", number, name) for name, number in self._stop_numbers.items()]
        trips = [("trip", number, identity) for identity, number in self._trip_numbers.items()]
        trips += [("trip-id", number, trip_id) for trip_id, number in self._old_trips.items()]
        entries += sorted(trips, key=lambda entry: entry[1])
        lines = [f"{kind}\t{number}\t{name}\n" for kind, number, name in entries]
        return "".join((f"{_HEAD}\n", *lines, f"end\t{len(self._stop_numbers)}\t{len(trips)}\n"))

    @classmethod
    def loads(cls, text: str) -> "Register":
        """Read what `dumps` wrote, in this or the first form; raises RegisterBroken.

        Strict, down to the last line: a register cut short would give its lost numbers to others.
        """
        # Not splitlines, which also splits at characters that a name may hold.
        *lines, end = text.removesuffix("\n").split("\n")
        is_first_form = lines[:1] != [_HEAD]
        stops: dict[str, int] = {}
        trips: dict[str, int] = {}
        old_trips: dict[str, int] = {}
        known = (
            {"stop": stops, "trip": old_trips}
            if is_first_form
            else {"stop": stops, "trip": trips, "trip-id": old_trips}
        )
        for line, entry in enumerate(lines, 1):
            if line > 1 or is_first_form:
                kind, number, name = _entry(line, entry, known)
                given = len(stops) if kind == "stop" else len(trips) + len(old_trips)
                expected = _next(kind, given, name)
                if number != str(expected):
                    raise RegisterBroken(line, f"{kind} number {number} where {expected} must follow")
                known[kind][name] = expected
        expected_end = f"end\t{len(stops)}\t{len(trips) + len(old_trips)}"
        if end != expected_end or not text.endswith("\n"):
            raise RegisterBroken(len(lines) + 1, f"{end!r} where {expected_end!r} and a line end must be")
        return cls(stops, trips, old_trips)


def _next(kind: str, given: int, name: str) -> int:
    if given == NUMBERS:
        raise RegisterFull(kind, NUMBERS, name)
    return given + 1


def _entry(line: int, entry: str, known: Mapping[str, Mapping[str, int]]) -> tuple[str, str, str]:
    """Kind, number and name of a line."""
    fields = entry.split("\t")
    if len(fields) != 3 or fields[0] not in known or not fields[2]:
        raise RegisterBroken(line, f"{entry!r} is not kind, number and name with tabs between")
    kind, number, name = fields
    if name in known[kind]:
        raise RegisterBroken(line, f"{kind} {name} is there twice")
    return kind, number, name
