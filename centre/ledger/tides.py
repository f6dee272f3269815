"""What terminals settled on a day, as a TIDES data package (TIDES 1.0) for a planner or a clearing house.

No card's identity leaves the centre: a token stands for it that is the card's within that day and of no use after.
"""

import hmac
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from hashlib import sha256

from django.conf import settings
from django.db.models import Q, QuerySet

from centre.ledger.companies import companies_of, shown
from centre.ledger.models import Run, Tap
from farebox.formats.tides import CARD, About, Row, package
from tariff.calendar import midnight_in_japan_s

_JAPAN = timezone(timedelta(hours=9))


def package_of(scheme: str, day: date) -> dict[str, bytes]:
    """The package's files by name, of all that an operator's terminals wrote on a day in Japan."""
    first_s = midnight_in_japan_s(day)
    last_s = midnight_in_japan_s(day + timedelta(days=1))
    runs = Run.objects.filter(scheme=scheme, began_at_s__gte=first_s - 86_400, began_at_s__lt=last_s)
    taps = Tap.objects.filter(run__scheme=scheme, at_s__gte=first_s, at_s__lt=last_s, settled=True)
    taps = (
        taps.filter(Q(action="board") | Q(action="alight"))
        .exclude(pk__in=_cancelled(taps, first_s))
        .select_related("run")
    )
    ridden = set(taps.values_list("run", flat=True))
    of_day = [run for run in runs.order_by("pk") if run.began_at_s >= first_s or run.pk in ridden]
    events = [_event(tap, day) for tap in taps.order_by("at_s", "pk")]
    vehicles = sorted({run.vehicle for run in of_day})
    names = ", ".join(shown(company)[0] for company in companies_of(scheme))
    about = About(
        name=f"farebox-{scheme}-{day}",
        title=f"Fares of {scheme}, {day}",
        description="What fare boxes settled, by their journals; a token stands for a card within this day alone."
        + (" Simulated (模擬): no passenger, card or payment in it is real." if settings.SIMULATED else ""),
        agency=names,
        contributor={"title": "farebox centre", "role": "publisher"},
        source={"title": "farebox journals", "component": "Farebox", "product": "farebox"},
    )
    return package(
        about,
        {
            "fare_transactions": [_transaction(tap, day) for tap in taps.order_by("at_s", "pk")],
            "passenger_events": events,
            "trips_performed": [_trip(run, day) for run in of_day],
            "vehicles": [{"vehicle_id": vehicle} for vehicle in vehicles],
            "devices": list(_devices(of_day)),
        },
    )


def _cancelled(taps: QuerySet[Tap], first_s: int) -> list[int]:
    """Settlements that were taken back (GEN-22), before the bus left the stop."""
    until_s = first_s + 2 * 86_400
    cancels = Tap.objects.filter(action="cancel", settled=True, at_s__gte=first_s, at_s__lt=until_s)
    named = set(cancels.values_list("terminal", "journal", "cancels_seq"))
    found = taps.filter(action="alight").values_list("pk", "terminal", "journal", "seq")
    return [pk for pk, *name in found if tuple(name) in named]


def _moment(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).astimezone(_JAPAN).isoformat()


def _token(idm: str, day: date) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), f"tides {day} {idm}".encode(), sha256).hexdigest()[:16]


def _place(tap: Tap, day: date) -> Row:
    run = tap.run
    assert run is not None
    return {
        "service_date": day.isoformat(),
        "event_timestamp": _moment(tap.at_s),
        "trip_id_performed": _performed(run),
        "trip_id_scheduled": run.trip,
        "pattern_id": run.pattern,
        "trip_stop_sequence": tap.stop_index + 1,
        "vehicle_id": run.vehicle,
        "device_id": tap.terminal,
    }


def _performed(run: Run) -> str:
    """A trip may be run twice on a day, by two vehicles."""
    return f"{run.trip}-{run.terminal}-{run.seq}"


def _transaction(tap: Tap, day: date) -> Row:
    boards = tap.action == "board"
    return {
        **_place(tap, day),
        "transaction_id": tap.key,
        "amount": 0 if boards else tap.due_yen,
        "currency_type": "JPY",
        "fare_action": "Enter" if boards else "Exit",
        "num_riders": 1,
        "fare_media_id": CARD,
        "fare_capped": "false",
        "token_id": _token(tap.idm, day),
        "balance": tap.balance_yen,
    }


def _event(tap: Tap, day: date) -> Row:
    return {
        **_place(tap, day),
        "passenger_event_id": tap.key,
        "event_type": "Passenger boarded" if tap.action == "board" else "Passenger alighted",
        "event_count": 1,
    }


def _trip(run: Run, day: date) -> Row:
    return {
        "service_date": day.isoformat(),
        "trip_id_performed": _performed(run),
        "vehicle_id": run.vehicle,
        "trip_id_scheduled": run.trip,
        "route_id": run.route,
        "route_type": "Bus",
        "pattern_id": run.pattern,
        "actual_trip_start": _moment(run.began_at_s),
        "actual_trip_end": _moment(run.ended_at_s) if run.ended_at_s else None,
        "trip_type": "In service",
        "schedule_relationship": "Scheduled",
    }


def _devices(runs: list[Run]) -> Iterator[Row]:
    for terminal, vehicle in sorted({(run.terminal, run.vehicle) for run in runs}):
        yield {
            "device_id": terminal,
            "vehicle_id": vehicle,
            "device_type": "Farebox",
            "device_vendor": "farebox",
        }
