"""What is held durably: a segment with its bytes and its receipt, in one transaction (faults 35)."""

from django.db import transaction

from centre import keys
from centre.collector.answers import Receipt
from centre.collector.asked import Name
from centre.collector.checking import Whose, named
from centre.collector.models import Segment, SegmentBytes, State, Upload, Vehicle
from centre.collector.order import Link, begins
from farebox.formats.centre import Held, encode_held
from farebox.formats.frames import Sealed

TWICE = "the same number came with other content"


def whose(vehicle: Vehicle) -> Whose:
    """Who may have sealed what comes with this vehicle's token."""
    return Whose(vehicle.terminal_id, frozenset(vehicle.sealing_keys.values_list("public_key", flat=True)))


def receipt_of(vehicle: Vehicle, name: Name) -> Receipt | None:
    """The receipt for a segment that is held; the same every time (faults 32)."""
    found = Segment.objects.filter(vehicle=vehicle, number=name.number, digest=name.digest)
    kept = found.values_list("receipt", flat=True).first()
    return None if kept is None else Receipt(bytes(kept))


def hold(vehicle: Vehicle, found: Sealed, data: bytes, at_s: int) -> Receipt:
    """Keep a checked segment, and the receipt for it: once this returns, both are durable. Twice is once."""
    with transaction.atomic(durable=True):
        Vehicle.objects.select_for_update().get(pk=vehicle.pk)  # one at a time of each vehicle
        name = named(found)
        kept = receipt_of(vehicle, name)
        if kept is None:
            kept = _kept(vehicle, found, data, at_s)
        Upload.objects.filter(vehicle=vehicle, number=name.number, digest=name.digest).delete()
    return kept


def _kept(vehicle: Vehicle, found: Sealed, data: bytes, at_s: int) -> Receipt:
    seal = found.seal
    held = Held(seal.terminal_id, seal.number, seal.first_seq, seal.last_seq, seal.digest, at_s)
    receipt = encode_held(held, keys.signing_seed())
    segment = Segment.objects.create(
        vehicle=vehicle,
        number=seal.number,
        digest=seal.digest.hex(),
        previous=seal.previous.hex(),
        first_seq=seal.first_seq,
        last_seq=seal.last_seq,
        follows_rotten=found.head.quarantined is not None,
        public_key=found.signed.public_key.hex(),
        size_bytes=len(data),
        receipt=receipt,
        held_at_s=at_s,
    )
    SegmentBytes.objects.create(segment=segment, data=data)
    _quarantine_rivals(segment)
    return Receipt(receipt)


def _quarantine_rivals(segment: Segment) -> None:
    """Of several that claim one place, all are held and none is gone by, until a person has looked (faults 38)."""
    if begins(link_of(segment)):
        return
    claims = Segment.objects.filter(vehicle=segment.vehicle, number=segment.number, previous=segment.previous)
    if claims.count() > 1:
        claims.update(state=State.QUARANTINED, why=TWICE)


def link_of(segment: Segment) -> Link:
    """What tells its place."""
    return Link(
        segment.number, segment.digest, segment.previous, segment.first_seq, segment.last_seq, segment.follows_rotten
    )
