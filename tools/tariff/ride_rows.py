"""Recorded rides as rows: what they may hold, and those of a replay written as a CSV or Parquet file.

One row is one ride. Names are those of TIDES' fare_transactions where that has one (trip_id_performed, service_date,
amount, currency_type, rider_category). Only Parquet needs more than a plain installation.
"""

from collections.abc import Callable, Mapping, Sequence
from csv import DictWriter
from datetime import date
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import click

from farebox.feed import Feed
from tariff.account import AutoCharge, AutoCharged, Pass
from tariff.purses import Payment
from tariff.riders import CLASS_OF_HOLDER, HOLDER_ALONE, Party
from tariff.rulebook import Rulebook
from tariff.settle import Settlement
from tools.extra import extra
from tools.tariff.quote_json import Json, dumped

if TYPE_CHECKING:
    from sim.replay import SettledRide

COLUMNS: Mapping[str, str] = {
    "trip_id_performed": "the feed's trip_id; needed",
    "service_date": "the service day, 2026-11-20; needed",
    "boarded_place": "where it was boarded, counted along the trip from 0; needed",
    "alighted_place": "where it was left; needed",
    "boarded_on": "the calendar day of the boarding tap (GEN-5); else by the timetable",
    "alighted_on": "the calendar day of the alighting tap (AUT-3); else by the timetable",
    "amount": "what was taken for the ride, yen: to be compared with",
    "currency_type": "JPY",
    "rider_category": "whom the card is for: adult, child, disabled-adult, disabled-child",
    "party": "who rode along, JSON as in tools/tariff/quote.schema.json: party",
    "payment": "card, part-cash or all-cash; else card, or cash where no money on the card is known",
    "balance_before": "stored fare before the ride, yen",
    "regular_yen": "NORUCA's purses before the ride, yen",
    "student_yen": "the same",
    "eco_yen": "the same",
    "transport_points": "points before the ride (IGP-28)",
    "points_last_day": "the day they were last earned or used",
    "welfare_points": "points before the ride (IGP-5)",
    "scheme": "the card's scheme; else the operator's own",
    "named": "true or false: whether the card is in a person's name",
    "expires": "the card's last day",
    "pass": "the pass on the card, JSON as in tools/tariff/quote.schema.json: pass",
    "auto_charge": "its arrangement, JSON as in tools/tariff/quote.schema.json: card.auto_charge",
}
"""Every column that is looked at."""
_DAYS = ("service_date", "boarded_on", "alighted_on", "points_last_day", "expires")
_NUMBERS = (
    *("boarded_place", "alighted_place", "amount", "balance_before", "regular_yen", "student_yen", "eco_yen"),
    *("transport_points", "welfare_points"),
)
"""Columns that Parquet keeps as days and whole numbers; the others are words."""

Row = Mapping[str, object]


class Recorder:
    """Makes rows of the rides that a replay settles."""

    def __init__(self, feed: Feed, service_day: date) -> None:
        """Take the feed, whose stops passes name, and the day that is replayed."""
        self._names = {feed.register.stop_number(name): name for name in feed.stop_names.values()}
        self._service_day = service_day

    def row(self, settled_ride: "SettledRide") -> Row:
        """A ride as it was before it was paid for, and the amount that was taken."""
        trip, service, party, (settled, ride, _) = settled_ride
        card, coupons, points = settled.before, settled.before.coupons, settled.before.points
        row: dict[str, object] = {
            "trip_id_performed": trip.trip_id,
            "service_date": self._service_day,
            "boarded_place": ride.boarded,
            "alighted_place": ride.alighted,
            "boarded_on": ride.day,
            "alighted_on": ride.alighted_on,
            "amount": settled.due_yen,
            "currency_type": "JPY",
            "rider_category": CLASS_OF_HOLDER[card.holder],
            "payment": _payment(settled),
            "balance_before": card.stored_fare_yen,
            "welfare_points": card.welfare_points,
            "scheme": card.scheme,
            "named": str(card.named).lower(),
        }
        row |= {"party": dumped(_party(party))} if party != HOLDER_ALONE else {}
        row |= coupons._asdict() if coupons else {}
        row |= {"transport_points": points.points, "points_last_day": points.last_day} if points else {}
        row |= {"expires": card.expires} if card.expires else {}
        row |= {"pass": dumped(self._pass(card.held_pass, service.rulebook))} if card.held_pass else {}
        row |= {"auto_charge": dumped(_arrangement(card.auto_charge, card.auto_charged))} if card.auto_charge else {}
        return row

    def _pass(self, held: Pass, rulebook: Rulebook) -> Json:
        product, area, line = rulebook.product(held.product), rulebook.area(held.area), rulebook.line(held.line)
        return {
            "product": product.name if product else f"{held.product}",
            "company": held.company,
            "first_day": f"{held.first_day}",
            "last_day": f"{held.last_day}",
            "sections": [
                {
                    "from": self._names[section.from_stop],
                    "to": self._names[section.to_stop],
                    "one_way": section.one_way,
                    "fare_yen": section.priced_fare_yen,
                }
                for section in held.sections
            ],
            **({"area": area.name} if area else {}),
            **({"line": line.name} if line else {}),
        }


def _party(party: Party) -> Json:
    """Those who are there, as the schema of quotes has them."""
    values = {
        "holder": party.holder,
        "companions": party.companions,
        "family": party.family,
        "attendants": [attendant._asdict() for attendant in party.attendants],
        "luggage": [piece._asdict() for piece in party.luggage],
    }
    return {name: value for name, value in values.items() if value}


def _payment(settled: Settlement) -> Payment:
    if not settled.cash_yen:
        return Payment.CARD
    return Payment.PART_CASH if settled.paid.purses else Payment.ALL_CASH


def _arrangement(arranged: AutoCharge, charged: AutoCharged | None) -> Json:
    so_far = {"charged": charged._asdict() | {"day": f"{charged.day}"}} if charged else {}
    return arranged._asdict() | so_far


def writer_of(path: Path) -> Callable[[Sequence[Row]], bytes]:
    """What makes a file of rows, by the file's name. Raises UsageError: before a day is replayed, not after it."""
    if path.suffix == ".csv":
        return _as_csv
    if path.suffix != ".parquet":
        raise click.UsageError(f"{path}: neither .csv nor .parquet; name the file by what it is to be")
    with extra("bulk"):
        import pyarrow as pa
        from pyarrow import parquet
    types = dict.fromkeys(_DAYS, pa.date32()) | dict.fromkeys(_NUMBERS, pa.int32())
    schema = pa.schema([(name, types.get(name, pa.string())) for name in COLUMNS])

    def as_parquet(rows: Sequence[Row]) -> bytes:
        sink = pa.BufferOutputStream()
        parquet.write_table(pa.Table.from_pylist(rows, schema), sink)
        made: bytes = sink.getvalue().to_pybytes()
        return made

    return as_parquet


def _as_csv(rows: Sequence[Row]) -> bytes:
    """Every column of COLUMNS; no value is left empty as an empty field."""
    text = StringIO()
    writer = DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
