"""Segments on their way in, piece by piece: what is told to be here is durable (faults 34).

Bounds, for a token that was stolen: so many uploads a vehicle, each of so many bytes and pieces. One more takes the
place of that which nothing has come of for longest; its vehicle begins it anew.
"""

from django.db import transaction

from centre.collector.answers import Durable, Receipt, Refusal
from centre.collector.asked import Name, Sent
from centre.collector.checking import ALTERED, BAD_SIGNATURE, checked
from centre.collector.holding import hold, receipt_of, whose
from centre.collector.models import Piece, Upload, Vehicle
from centre.collector.refusing import set_aside

MOST_UPLOADS = 4
MOST_PIECES = 4096
IDLE_S = 60 * 86_400
"""An upload that nothing has come of for so long is dropped."""


def standing(vehicle: Vehicle, name: Name) -> Receipt | Durable:
    """How a segment stands here."""
    return receipt_of(vehicle, name) or Durable(_here_bytes(vehicle, name))


def take(vehicle: Vehicle, name: Name, piece: Sent, at_s: int) -> Receipt | Durable | Refusal:
    """Take a piece; with the last one, check and hold the segment. What is returned may be told: it is durable."""
    held = receipt_of(vehicle, name)
    if held is not None:
        return held
    return _end(vehicle, name, piece, at_s) if piece.is_last else _keep(vehicle, name, piece, at_s)


def drop_idle(now_s: int) -> int:
    """Drop uploads that nothing has come of for long. How many."""
    found = Upload.objects.filter(touched_at_s__lt=now_s - IDLE_S)
    count = found.count()
    found.delete()
    return count


def _keep(vehicle: Vehicle, name: Name, piece: Sent, at_s: int) -> Durable | Refusal:
    with transaction.atomic(durable=True):
        Vehicle.objects.select_for_update().get(pk=vehicle.pk)
        upload = _upload(vehicle, name, piece, at_s)
        if piece.offset_bytes != upload.here_bytes:
            return Durable(upload.here_bytes, elsewhere=True)
        if upload.pieces.count() >= MOST_PIECES:
            upload.delete()
            return Refusal(400, "too-small-pieces", f"more than {MOST_PIECES} pieces; begin anew with larger ones")
        Piece.objects.create(upload=upload, offset_bytes=upload.here_bytes, data=piece.data)
        upload.here_bytes += len(piece.data)
        upload.touched_at_s = at_s
        upload.save(update_fields=["here_bytes", "touched_at_s"])
    return Durable(upload.here_bytes)


def _upload(vehicle: Vehicle, name: Name, piece: Sent, at_s: int) -> Upload:
    """The upload that a piece belongs to: begun, if there is none; begun anew, if that one had another length."""
    mine = Upload.objects.filter(vehicle=vehicle)
    upload = mine.filter(number=name.number, digest=name.digest).first()
    if upload is not None and upload.length_bytes != piece.length_bytes:
        upload.delete()
        upload = None
    if upload is None:
        for old in mine.order_by("-touched_at_s", "-pk")[MOST_UPLOADS - 1 :]:
            old.delete()
        upload = Upload.objects.create(
            vehicle=vehicle,
            number=name.number,
            digest=name.digest,
            length_bytes=piece.length_bytes,
            touched_at_s=at_s,
        )
    return upload


def _here_bytes(vehicle: Vehicle, name: Name) -> int:
    found = Upload.objects.filter(vehicle=vehicle, number=name.number, digest=name.digest)
    return found.values_list("here_bytes", flat=True).first() or 0


def _end(vehicle: Vehicle, name: Name, piece: Sent, at_s: int) -> Receipt | Durable | Refusal:
    """The last piece. What takes long, the check, is done before the transaction: nobody waits for it."""
    here = _pieces(vehicle, name)
    if piece.offset_bytes != len(here):
        return Durable(len(here), elsewhere=True)
    data = here + piece.data
    found = checked(data, name, whose(vehicle))
    if not isinstance(found, Refusal):
        return hold(vehicle, found, data, at_s)
    if found.code not in (ALTERED, BAD_SIGNATURE):
        # Whole, and sealed by somebody not known here yet. Once he is, an empty last piece will ask for the receipt.
        if piece.data:
            _keep(vehicle, name, piece, at_s)
    else:
        Upload.objects.filter(vehicle=vehicle, number=name.number, digest=name.digest).delete()
    set_aside(vehicle, name, data, found, at_s)
    return found


def _pieces(vehicle: Vehicle, name: Name) -> bytes:
    """All that is here of a segment, from its beginning."""
    found = Piece.objects.filter(upload__vehicle=vehicle, upload__number=name.number, upload__digest=name.digest)
    return b"".join(bytes(data) for data in found.order_by("offset_bytes").values_list("data", flat=True))
