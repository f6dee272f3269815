"""Rides as rows: what a file of recorded rides may hold, and the rows of a replay's own.

One row is one ride. Names are those of TIDES' fare_transactions where that has one, and every column that TIDES needs
is there: a ride is its `Exit`. The rest is ours. The same rows are written by a replay, priced again by `farebox tariff
reprice`, and ridden again by `farebox sim replay --recorded`.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from farebox.feed import Feed
from farebox.formats.tides import CARD
from tariff.account import Account, AutoCharge, AutoCharged, Pass
from tariff.passes import is_valid
from tariff.purses import Payment, money_yen
from tariff.riders import CLASS_OF_HOLDER, HOLDER_ALONE, Party
from tariff.rulebook import Purse, Rulebook
from tariff.settle import Settlement

if TYPE_CHECKING:
    from sim.replay import SeenTap, SettledRide

Json = dict[str, Any]
Row = Mapping[str, object]
_JAPAN = timezone(timedelta(hours=9))
SINGLE_RIDE = "Single ride"
"""TIDES' word for a fare product."""

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
"""Every column that pricing looks at."""
PAID = {purse: f"paid_{purse}".replace("-", "_") for purse in Purse}
"""Purse -> the column of what it paid."""
KEPT: Mapping[str, str] = {
    "transaction_id": "TIDES: names the row",
    "event_timestamp": "TIDES: when the ride was settled",
    "fare_action": "TIDES: Exit",
    "trip_id_scheduled": "TIDES: the feed's trip_id",
    "pattern_id": "TIDES: the trip's sequence of stops",
    "trip_stop_sequence": "TIDES: where it was left, counted along the trip from 1",
    "vehicle_id": "TIDES",
    "device_id": "TIDES: the fare box",
    "stop_id": "TIDES: where it was left",
    "num_riders": "TIDES: how many rode on the card",
    "fare_media_id": f"TIDES: {CARD}",
    "fare_product": "TIDES: the valid pass on the card, or Single ride",
    "fare_capped": "TIDES: false, there is no capping here",
    "token_id": "TIDES: the card",
    "balance": "TIDES: the money on the card after the ride, yen",
    "company": "who runs the trip",
    **{column: f"what {purse} paid, yen" for purse, column in PAID.items()},
    "paid_cash": "what was paid in cash, yen",
    "auto_charged": "what auto-charge added, yen",
}
"""What a replay's rows hold besides: for whoever reads them, not for pricing."""
ALL_COLUMNS: Mapping[str, str] = {**COLUMNS, **KEPT}
DAYS = frozenset(("service_date", "boarded_on", "alighted_on", "points_last_day", "expires"))
NUMBERS = frozenset(
    (
        *("boarded_place", "alighted_place", "amount", "balance_before", "regular_yen", "student_yen", "eco_yen"),
        *("transport_points", "welfare_points", "trip_stop_sequence", "num_riders", "balance", *PAID.values()),
        *("paid_cash", "auto_charged"),
    )
)
"""Columns that Parquet keeps as days and whole numbers; the others are words."""


def moment(at_s: int) -> str:
    """A time as TIDES has it, in Japan's own."""
    return datetime.fromtimestamp(at_s, _JAPAN).isoformat()


class Recorder:
    """Makes rows of the rides that a replay settles."""

    def __init__(self, feed: Feed, service_day: date) -> None:
        """Take the feed, whose stops passes name, and the day that is replayed."""
        self._feed = feed
        self._names = {feed.register.stop_number(name): name for name in feed.stop_names.values()}
        self._service_day = service_day
        self._numbers: dict[str, int] = {}

    def rows(self, seen: "SeenTap") -> Iterator[Row]:
        """The rides that a tap settled: all there is to say of them."""
        for ride in seen.rides:
            number = self._numbers[seen.vehicle_id] = self._numbers.get(seen.vehicle_id, 0) + 1
            yield {
                **self.row(ride),
                **self._on_the_bus(ride, seen),
                "transaction_id": f"{self._service_day}-{seen.vehicle_id}-{number:05}",
            }

    def _on_the_bus(self, ride: "SettledRide", seen: "SeenTap") -> Row:
        trip, service, settled = ride.trip, ride.service, ride.alight.settlement
        place = ride.alight.ride.alighted
        return {
            "event_timestamp": moment(ride.at_s),
            "fare_action": "Exit",
            "trip_id_scheduled": trip.trip_id,
            "pattern_id": trip.pattern_id,
            "trip_stop_sequence": place + 1,
            "vehicle_id": seen.vehicle_id,
            "device_id": f"{seen.vehicle_id}-farebox",
            "stop_id": self._feed.stop_ids(trip.pattern_id)[place],
            "num_riders": 1 + len(ride.party.companions) + len(ride.party.family) + len(ride.party.attendants),
            "fare_media_id": CARD,
            "fare_product": _product(settled.before, ride),
            "fare_capped": "false",
            "token_id": seen.card.label,
            "balance": money_yen(settled.after),
            "company": next(one.name for one in service.rulebook.companies if one.number == service.company),
            **{column: settled.paid.of(purse) for purse, column in PAID.items()},
            "paid_cash": settled.cash_yen,
            "auto_charged": settled.auto_charged_yen,
        }

    def row(self, settled_ride: "SettledRide") -> Row:
        """A ride as it was before it was paid for, and the amount that was taken."""
        trip, service, party, (settled, ride, _), _ = settled_ride
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
        row |= {"party": _dumped(_party(party))} if party != HOLDER_ALONE else {}
        row |= coupons._asdict() if coupons else {}
        row |= {"transport_points": points.points, "points_last_day": points.last_day} if points else {}
        row |= {"expires": card.expires} if card.expires else {}
        row |= {"pass": _dumped(self._pass(card.held_pass, service.rulebook))} if card.held_pass else {}
        row |= {"auto_charge": _dumped(_arrangement(card.auto_charge, card.auto_charged))} if card.auto_charge else {}
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


def _product(card: Account, ride: "SettledRide") -> str:
    """The title of the pass that is valid on the ride's day."""
    held, service = card.held_pass, ride.service
    if held is None or not is_valid(held, ride.alight.ride.day, service.company):
        return SINGLE_RIDE
    product = service.rulebook.product(held.product)
    return product.title if product else str(held.product)


def _dumped(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
