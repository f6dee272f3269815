"""What is held durably: a segment with its bytes and its receipt, in one transaction (faults 35)."""

from collections.abc import Iterable, Sequence

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
        # One at a time of each vehicle.
        Vehicle.objects.select_for_update().values_list("pk").get(pk=vehicle.pk)
        held, links = _there(vehicle, names)
        new = {name: one for name, one in zip(names, came, strict=True) if name not in held}
        if new:
            seed = keys.signing_seed()
            segments = [_segment(vehicle, found, data, at_s, seed) for found, data in new.values()]
            Segment.objects.bulk_create(segments)
            parts = zip(segments, new.values(), strict=True)
            bulk.insert_bytes((segment.pk, data) for segment, (_, data) in parts)
            _quarantine_rivals(vehicle, [*links, *map(link_of, segments)])
            held |= {Name(segment.number, segment.digest): Receipt(bytes(segment.receipt)) for segment in segments}
            _forget_pieces(vehicle, new)
    return [held[name] for name in names]


def _there(vehicle: Vehicle, names: Sequence[Name]) -> tuple[dict[Name, Receipt], list[Link]]:
    """What is held already of these numbers: the receipts by name, and where each stands."""
    same = Segment.objects.filter(vehicle=vehicle, number__in={name.number for name in names})
    held, links = dict[Name, Receipt](), list[Link]()
    for receipt, *place in same.values_list("receipt", *Link._fields):
        link = Link(*place)
        links.append(link)
        held[Name(link.number, link.digest)] = Receipt(bytes(receipt))
    return held, links


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


def _quarantine_rivals(vehicle: Vehicle, links: Sequence[Link]) -> None:
    """Of several that claim one place, all are held and none is gone by, until a person has looked (faults 38).

    `links` are all that are held of the new ones' numbers, new ones too.
    """
    doubtful = {link.digest for link in links if rivals(link, links)}
    if doubtful:
        Segment.objects.filter(vehicle=vehicle, digest__in=doubtful).update(state=State.QUARANTINED, why=TWICE)


def _forget_pieces(vehicle: Vehicle, names: Iterable[Name]) -> None:
    """What came in pieces is held whole now. Nearly always it came in one, and there is nothing to delete."""
    uploads = Upload.objects.filter(vehicle=vehicle, digest__in=[name.digest for name in names])
    found = list(uploads.values_list("pk", flat=True))
    if found:
        Upload.objects.filter(pk__in=found).delete()


def link_of(segment: Segment) -> Link:
    """What tells its place."""
    return Link(
        segment.number, segment.digest, segment.previous, segment.first_seq, segment.last_seq, segment.follows_rotten
    )
