"""The small numbers that stand for stops and trips on cards and in journals.

Append-only: a number, once given, keeps its meaning, whatever later feeds say. Stops are known by *name*, so that
all poles of a stop have one number (PASS-1) and feeds may rename their ids.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from farebox.feed.faults import NotRegistered, RegisterBroken, RegisterFull

# 16 bits on the card; 0 means none.
NUMBERS = 65_535


class Named(Protocol):
    """What a register numbers: a Feed, or what becomes one. Both mappings in a lasting order."""

    @property
    def stop_names(self) -> Mapping[str, str]:
        """stop_id -> name."""

    @property
    def trips(self) -> Mapping[str, object]:
        """trip_id -> anything."""


class Register:
    """Numbers from 1 for stop names and for trip ids, in the order they first came. Never changes."""

    __slots__ = ("_stop_names", "_stop_numbers", "_trip_numbers")

    def __init__(self, stop_names: Iterable[str] = (), trip_ids: Iterable[str] = ()) -> None:
        """Take names in the order of their numbers, repeats ignored; raises RegisterFull."""
        self._stop_numbers = _numbered("stop", stop_names)
        self._trip_numbers = _numbered("trip", trip_ids)
        self._stop_names = tuple(self._stop_numbers)

    @classmethod
    def of(cls, feed: Named) -> "Register":
        """The numbers of one feed alone."""
        return cls().extended(feed)

    def extended(self, feed: Named) -> "Register":
        """This register, with numbers for what is new in a feed; raises RegisterFull."""
        return Register((*self._stop_numbers, *feed.stop_names.values()), (*self._trip_numbers, *feed.trips))

    def stop_number(self, name: str) -> int:
        """The number of a stop's name; raises NotRegistered."""
        return _found(self._stop_numbers, "stop", name)

    def trip_number(self, trip_id: str) -> int:
        """The number of a trip; raises NotRegistered."""
        return _found(self._trip_numbers, "trip", trip_id)

    def stop_name(self, number: int) -> str:
        """The name of a stop; raises NotRegistered."""
        if not 1 <= number <= len(self._stop_names):
            raise NotRegistered("stop", number)
        return self._stop_names[number - 1]

    def dumps(self) -> str:
        """As text: `stop<tab>1<tab>name` and `trip<tab>1<tab>id` lines, then `end<tab>stops<tab>trips`."""
        stops = [f"stop\t{number}\t{name}\n" for name, number in self._stop_numbers.items()]
        trips = [f"trip\t{number}\t{trip_id}\n" for trip_id, number in self._trip_numbers.items()]
        return "".join((*stops, *trips, f"end\t{len(stops)}\t{len(trips)}\n"))

    @classmethod
    def loads(cls, text: str) -> "Register":
        """Read what `dumps` wrote; raises RegisterBroken.

        Strict, down to the last line: a register cut short would give its lost numbers to others.
        """
        names: dict[str, dict[str, None]] = {"stop": {}, "trip": {}}
        # Not splitlines, which also splits at characters that a name may hold.
        *lines, end = text.removesuffix("\n").split("\n")
        for line, entry in enumerate(lines, 1):
            _load(names, line, entry)
        expected = f"end\t{len(names['stop'])}\t{len(names['trip'])}"
        if end != expected or not text.endswith("\n"):
            raise RegisterBroken(len(lines) + 1, f"{end!r} where {expected!r} and a line end must be")
        return cls(names["stop"], names["trip"])


def _numbered(kind: str, names: Iterable[str]) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for name in names:
        if name not in numbers:
            if len(numbers) == NUMBERS:
                raise RegisterFull(kind, NUMBERS, name)
            numbers[name] = len(numbers) + 1
    return numbers


def _found(numbers: Mapping[str, int], kind: str, name: str) -> int:
    number = numbers.get(name)
    if number is None:
        raise NotRegistered(kind, name)
    return number


def _load(names: dict[str, dict[str, None]], line: int, entry: str) -> None:
    fields = entry.split("\t")
    if len(fields) != 3 or fields[0] not in names or not fields[2]:
        raise RegisterBroken(line, f"{entry!r} is not kind, number and name with tabs between")
    kind, number, name = fields
    known = names[kind]
    if number != str(len(known) + 1):
        raise RegisterBroken(line, f"{kind} number {number} where {len(known) + 1} must follow")
    if name in known:
        raise RegisterBroken(line, f"{kind} {name} is there twice")
    known[name] = None
