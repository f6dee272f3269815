"""What only a person decides: which of two segments under one number is the true one, and what won't come any more."""

from collections.abc import Collection

from django.db import transaction

from centre.collector.models import Segment, State, Vehicle
from centre.collector.vehicles import VehicleFault

RELEASED = "released by a person"


@transaction.atomic
def release(segment: Segment) -> None:
    """A quarantined segment is the true one of its number: what comes after it goes on. Raises VehicleFault.

    Its rivals stay quarantined. What is booked is never taken back: if a rival is, the ledger is to be put right first.
    """
    Vehicle.objects.select_for_update().get(pk=segment.vehicle_id)
    segment.refresh_from_db()
    if segment.state != State.QUARANTINED:
        raise VehicleFault(f"segment {segment.number} is not quarantined: {segment.state}")
    rivals = Segment.objects.filter(vehicle=segment.vehicle, number=segment.number, previous=segment.previous)
    if rivals.exclude(pk=segment.pk).filter(booked_at_s__isnull=False).exists():
        raise VehicleFault(
            f"another segment {segment.number} is booked already; release that, and correct in the ledger"
        )
    segment.state = State.WAITING if segment.booked_at_s is None else State.BOOKED
    segment.why = RELEASED
    segment.save(update_fields=["state", "why"])


@transaction.atomic
def give_up(vehicle: Vehicle, numbers: Collection[int]) -> None:
    """These segments won't come: their disk is gone. What waits for them goes on without."""
    vehicle = Vehicle.objects.select_for_update().get(pk=vehicle.pk)
    vehicle.given_up = sorted({*vehicle.given_up, *numbers})
    vehicle.save(update_fields=["given_up"])
