"""Fares keyed by pattern and stop order: a loop visits a stop twice, and each visit has fares of its own (GEN-4)."""

from __future__ import annotations  # array[int] is no expression before Python 3.12

from array import array
from typing import NamedTuple

NO_FARE = -1


class TariffFault(Exception):
    """The tariff is at fault: the operator's data is wrong or incomplete, not the card and not the passenger.

    MissingFare       a pair of stops without a fare (GEN-4)
    RulebookError     an operator file that can't be trusted (tariff.operator_file)
    """


class MissingFare(TariffFault):
    """A legal pair of stops has no fare. Names the route and both stops; never a guess (GEN-4)."""

    def __init__(self, route: str, boarded: str, alighted: str) -> None:
        """Take the route's and both stops' names."""
        super().__init__(f"route {route}: no fare from {boarded} to {alighted}; add it to the fare table (GEN-4)")
        self.route, self.boarded, self.alighted = route, boarded, alighted


class Pattern(NamedTuple):
    """A route's sequence of stops, shared by all trips that serve the same stops in the same order.

    `stop_numbers` are the register's numbers, one per stop *name* (both poles of a stop count as one, PASS-1).
    """

    pattern_id: str
    route_id: str
    route_name: str
    stop_names: tuple[str, ...]
    stop_numbers: tuple[int, ...]


class FareTable:
    """Adult fares of one pattern: stop index x stop index -> yen, upper triangle (boarded before alighted).

    They are what a card pays. `cash` is what cash pays, None where the operator has one fare only (GEN-10).
    """

    __slots__ = ("_yen", "cash", "pattern", "size")

    def __init__(self, pattern: Pattern, yen: array[int], cash: FareTable | None = None) -> None:
        """Take a flat array of size x size yen, row = boarding index; NO_FARE where there is none.

        ValueError if it has another size, or `cash` is of another pattern.
        """
        self.pattern, self.cash = pattern, cash
        self.size = len(pattern.stop_names)
        if len(yen) != self.size * self.size:
            raise ValueError(f"{pattern.pattern_id}: {len(yen)} fares for {self.size} stops")
        if cash is not None and cash.pattern != pattern:
            raise ValueError(f"{pattern.pattern_id}: cash fares of {cash.pattern.pattern_id}")
        self._yen = yen

    def fare_yen(self, boarded: int, alighted: int) -> int:
        """The adult fare between two places of the pattern; raises MissingFare, or ValueError off the pattern."""
        if not 0 <= boarded < alighted < self.size:
            raise ValueError(f"{self.pattern.pattern_id}: no ride from place {boarded} to place {alighted}")
        yen = self._yen[boarded * self.size + alighted]
        if yen < 0:
            names = self.pattern.stop_names
            raise MissingFare(self.pattern.route_name or self.pattern.route_id, names[boarded], names[alighted])
        return yen

    def has_fare(self, boarded: int, alighted: int) -> bool:
        """Whether the pair has a fare; both places must lie on the pattern in this order."""
        return self._yen[boarded * self.size + alighted] >= 0
