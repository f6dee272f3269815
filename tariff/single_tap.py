"""Routes with one tap only: who boards, or who alights, pays the one fare that is the same wherever they go (GEN-6)."""

from enum import StrEnum

from tariff.fares import FareTable, Pattern
from tariff.passes import Run
from tariff.refusal import Code, Refusal
from tariff.rulebook import Rulebook


class Taps(StrEnum):
    """Which taps a route asks for."""

    BOTH = "both"
    BOARDING = "boarding"
    ALIGHTING = "alighting"


def taps_on(pattern: Pattern, rulebook: Rulebook) -> Taps:
    """The taps of a pattern's route, by the operator file."""
    for routes, taps in (
        (rulebook.boarding_only_routes, Taps.BOARDING),
        (rulebook.alighting_only_routes, Taps.ALIGHTING),
    ):
        if pattern.route_id in routes or pattern.route_name.startswith(routes):
            return taps
    return Taps.BOTH


def flat_run(table: FareTable, place: int, taps: Taps) -> Run | Refusal:
    """The run to settle for one tap at a place: the shortest there is, if all of them cost the same ([D]).

    The shortest, so that a pass which covers it counts: its holder may ride no further (GEN-17). Where fares differ,
    one tap can't tell the fare: refused, never guessed (GEN-4).
    """
    if taps is Taps.BOARDING:
        runs = [(place, end) for end in range(place + 1, table.size)]
    else:
        runs = [(start, place) for start in range(place - 1, -1, -1)]
    priced = [run for run in runs if table.has_fare(*run)]
    name = table.pattern.stop_names[place]
    if not priced:
        return Refusal(Code.NO_FARE, "GEN-6", f"{table.pattern.route_name}: no fare for a tap at {name}")
    tables = (table, table.cash) if table.cash else (table,)
    if any(len({fares.fare_yen(*run) for run in priced if fares.has_fare(*run)}) > 1 for fares in tables):
        return Refusal(Code.NO_FARE, "GEN-6", f"{table.pattern.route_name}: fares differ for a tap at {name}")
    return priced[0]
