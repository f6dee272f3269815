"""What is held durably: a segment with its bytes and its receipt, in one transaction (faults 35)."""

from collections.abc import Sequence

from django.db import transaction

from centre import keys
from centre.collector import bulk
from centre.collector.answers import Receipt
from centre.collector.asked import Name
from centre.collector.checking import Whose, named
from centre.collector.models import Segment, State, Upload, Vehicle
from centre.collector.order import Link, rivals
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
    return hold_all(vehicle, [(found, data)], at_s)[0]


def hold_all(vehicle: Vehicle, came: Sequence[tuple[Sealed, bytes]], at_s: int) -> list[Receipt]:
    """The same of several at once, in one transaction: their receipts, in their order."""
    names = [named(found) for found, _ in came]
    with transaction.atomic(durable=True):
        Vehicle.objects.select_for_update().get(pk=vehicle.pk)  # one at a time of each vehicle
        held = _receipts(vehicle, names)
        new = {name: one for name, one in zip(names, came, strict=True) if name not in held}
        if new:
            seed = keys.signing_seed()
            segments = [_segment(vehicle, found, data, at_s, seed) for found, data in new.values()]
            Segment.objects.bulk_create(segments)
            parts = zip(segments, new.values(), strict=True)
            bulk.insert_bytes((segment.pk, data) for segment, (_, data) in parts)
            _quarantine_rivals(vehicle, segments)
            held |= {Name(segment.number, segment.digest): Receipt(bytes(segment.receipt)) for segment in segments}
            Upload.objects.filter(vehicle=vehicle, digest__in=[name.digest for name in new]).delete()
    return [held[name] for name in names]


def _receipts(vehicle: Vehicle, names: Sequence[Name]) -> dict[Name, Receipt]:
    """Of those that are held already."""
    found = Segment.objects.filter(vehicle=vehicle, digest__in=[name.digest for name in names])
    known = {
        Name(number, digest): receipt for number, digest, receipt in found.values_list("number", "digest", "receipt")
    }
    return {name: Receipt(bytes(known[name])) for name in names if name in known}


def _segment(vehicle: Vehicle, found: Sealed, data: bytes, at_s: int, seed: bytes) -> Segment:
    """Not saved yet."""
    seal = found.seal
    held = Held(seal.terminal_id, seal.number, seal.first_seq, seal.last_seq, seal.digest, at_s)
    return Segment(
        vehicle=vehicle,
        number=seal.number,
        digest=seal.digest.hex(),
        previous=seal.previous.hex(),
        first_seq=seal.first_seq,
        last_seq=seal.last_seq,
        follows_rotten=found.head.quarantined is not None,
        public_key=found.signed.public_key.hex(),
        size_bytes=len(data),
        receipt=encode_held(held, seed),
        held_at_s=at_s,
    )


def _quarantine_rivals(vehicle: Vehicle, new: Sequence[Segment]) -> None:
    """Of several that claim one place, all are held and none is gone by, until a person has looked (faults 38)."""
    mine = Segment.objects.filter(vehicle=vehicle)
    numbers = {segment.number for segment in new}
    links = [Link(*values) for values in mine.filter(number__in=numbers).values_list(*Link._fields)]
    doubtful = {link.digest for link in links if rivals(link, links)}
    if doubtful:
        mine.filter(digest__in=doubtful).update(state=State.QUARANTINED, why=TWICE)


def link_of(segment: Segment) -> Link:
    """What tells its place."""
    return Link(
        segment.number, segment.digest, segment.previous, segment.first_seq, segment.last_seq, segment.follows_rotten
    )
