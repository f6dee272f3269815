"""The vehicles' line, as docs/exchange.md has it: time, status, segments. Tokens are in no log and no address."""

import logging
import re
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from centre import clock, keys
from centre.collector import asked, uploads
from centre.collector.answers import UNKNOWN_TOKEN, Receipt, Refusal, answered, refused
from centre.collector.asked import Name
from centre.collector.deriving import derive
from centre.collector.gaps import wanted
from centre.collector.models import Vehicle
from centre.collector.vehicles import vehicle_of
from farebox.formats.centre import NONCE_BYTES, Time, encode_time

_log = logging.getLogger(__name__)
_NONCE = re.compile(f"[0-9a-f]{{{2 * NONCE_BYTES}}}", re.ASCII)
_RETRY_FULL_S, _RETRY_BUSY_S = 600, 30
_FULL = ("disk is full", "No space left on device", "could not extend file")
"""How SQLite and PostgreSQL say that there is no room."""
_P = ParamSpec("_P")


def vehicles_only(
    view: Callable[Concatenate[HttpRequest, Vehicle, _P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, _P], HttpResponse]:
    """For a view of the vehicles': it is given the vehicle whose token the request carries, and others are refused.

    A token is in no cookie, so that no page elsewhere can make a browser send it: nothing to forge (faults 48).
    A database without room or time is told as the protocol has it.
    """

    @csrf_exempt
    @wraps(view)
    def answer(request: HttpRequest, /, *args: _P.args, **kwargs: _P.kwargs) -> HttpResponse:
        try:
            vehicle = vehicle_of(request)
            return refused(UNKNOWN_TOKEN) if vehicle is None else view(request, vehicle, *args, **kwargs)
        except OperationalError as error:
            _log.exception("a vehicle's request met a database that fails")
            if any(words in str(error) for words in _FULL):
                return refused(Refusal(507, "full", "no room here just now", _RETRY_FULL_S))
            return refused(Refusal(503, "busy", "the centre can't write just now", _RETRY_BUSY_S))

    return answer


@require_http_methods(["GET"])
def time(request: HttpRequest) -> HttpResponse:
    """The centre's time, signed for the number it is asked with."""
    nonce = request.GET.get("nonce", "")
    if _NONCE.fullmatch(nonce) is None:
        return refused(Refusal(400, "bad-nonce", f"?nonce= has {2 * NONCE_BYTES} hex digits"))
    said = encode_time(Time(bytes.fromhex(nonce), clock.now_s()), keys.signing_seed())
    return HttpResponse(said, content_type="application/cose")


@vehicles_only
@require_http_methods(["PUT"])
def status(request: HttpRequest, vehicle: Vehicle) -> HttpResponse:
    """How it stands on a vehicle; told what is lacking here."""
    body = _body(request, asked.MOST_STATUS_BYTES)
    told = body if isinstance(body, Refusal) else asked.status(body)
    if isinstance(told, Refusal):
        return refused(told)
    vehicle.heard_at_s, vehicle.software, vehicle.bundles = clock.now_s(), told.software, dict(told.bundles)
    vehicle.waiting, vehicle.aside = list(told.waiting), list(told.aside)
    vehicle.save(update_fields=["heard_at_s", "software", "bundles", "waiting", "aside"])
    numbers = wanted(vehicle)
    return JsonResponse({"wanted": numbers}) if numbers else HttpResponse(status=204)


@vehicles_only
@require_http_methods(["GET", "PATCH"])
def segment(request: HttpRequest, vehicle: Vehicle, number: str, digest: str) -> HttpResponse:
    """A segment: how it stands here, or a piece of it."""
    name = Name(int(number), digest)
    if name.number == 0:
        return refused(Refusal(404, "unknown-path", "segments are numbered from 1"))
    if request.method == "GET":
        return answered(uploads.standing(vehicle, name))
    body = _body(request, asked.MOST_PIECE_BYTES)
    piece = body if isinstance(body, Refusal) else asked.sent(request.headers, body)
    if isinstance(piece, Refusal):
        return refused(piece)
    now_s = clock.now_s()
    came = uploads.take(vehicle, name, piece, now_s)
    if isinstance(came, Receipt):
        # Its own turn at once, so that people see it soon; whatever waited for it is left to `farebox centre work`.
        derive(vehicle, now_s, most=1)
    return answered(came)


def _body(request: HttpRequest, most_bytes: int) -> bytes | Refusal:
    """A request's body, of which no more is read than is allowed."""
    length = asked.body_length(request.headers, most_bytes)
    if isinstance(length, Refusal):
        return length
    try:
        return request.body
    except UnreadablePostError:
        return Refusal(400, "cut", "the request ended in the middle")
