"""The real centre in the place of the stand-in: a request becomes Django's, and what the stand-in shows is looked up in
the database. So the exchange, its fates and the fault simulation run against either, unchanged.
"""

from collections import Counter

from django.test import Client

from centre.collector.asked import content_digest
from centre.collector.models import Piece, Record, Segment, State, Upload, Vehicle
from centre.collector.vehicles import add_vehicle, digest_of
from farebox.exchange.answers import Answer
from farebox.exchange.line import Request
from farebox.formats.cose import BENCH_KEY
from sim.centre import TOKEN, Centre, Key


class _Unfinished(dict[Key, bytes]):
    """What the stand-in has of unfinished segments; here, a name for what to do to the database."""

    def __init__(self, vehicle: Vehicle) -> None:
        pieces = Piece.objects.filter(upload__vehicle=vehicle).order_by("offset_bytes")
        for number, digest, data in pieces.values_list("upload__number", "upload__digest", "data"):
            self[number, digest] = self.get((number, digest), b"") + bytes(data)
        self._vehicle = vehicle

    def clear(self) -> None:
        Upload.objects.filter(vehicle=self._vehicle).delete()


class RealCentre(Centre):
    """For one vehicle. Whoever says the stand-in's token speaks with the vehicle's own."""

    def __init__(self, terminal_id: str, sealing_key: bytes = BENCH_KEY) -> None:
        self.token = add_vehicle(terminal_id, [])
        self.vehicle = Vehicle.objects.get(token_sha256=digest_of(self.token))
        self.vehicle.sealing_keys.create(public_key=sealing_key.hex())
        self.keeps = lambda piece: piece
        self.asked = []

    def answer(self, request: Request) -> Answer:
        self.asked.append(request)
        headers = dict(request.headers)
        if headers.get("Authorization") == f"Bearer {TOKEN}":
            headers["Authorization"] = f"Bearer {self.token}"
        body = self.keeps(request.body)
        if body != request.body:
            headers |= {"Content-Digest": content_digest(body), "Upload-Complete": "?0"}
        path, _, query = request.path.partition("?")
        client = Client(CONTENT_LENGTH=str(len(body)))
        kind = headers.get("Content-Type", "")
        came = client.generic(request.method, f"/bus/{path}", body, kind, headers=headers, QUERY_STRING=query)
        return Answer(came.status_code, {name.lower(): text for name, text in came.headers.items()}, came.content)

    @property
    def partial(self) -> dict[Key, bytes]:
        return _Unfinished(self.vehicle)

    @partial.setter
    def partial(self, changed: dict[Key, bytes]) -> None:
        """The stand-in is given zeros in the place of what it had."""
        for piece in Piece.objects.filter(upload__vehicle=self.vehicle):
            assert not any(changed[piece.upload.number, piece.upload.digest])
            piece.data = bytes(len(piece.data))
            piece.save()

    def _held(self) -> list[Segment]:
        return list(Segment.objects.filter(vehicle=self.vehicle).order_by("pk"))

    @property
    def receipts(self) -> dict[Key, bytes]:  # type: ignore[override]
        return {(each.number, each.digest): bytes(each.receipt) for each in self._held()}

    @property
    def segments(self) -> dict[int, bytes]:  # type: ignore[override]
        return {each.number: bytes(each.sealed.data) for each in self._held()}

    @property
    def booked(self) -> Counter[Key]:  # type: ignore[override]
        """How often each record of a segment is a row, in the order in which they came."""
        booked = [each for each in self._held() if each.state == State.BOOKED]
        rows = {each: Record.objects.filter(segment=each).count() for each in booked}
        times = {each: count / (each.last_seq - each.first_seq + 1) for each, count in rows.items()}
        return Counter({(each.number, each.digest): share for each, share in times.items()})
