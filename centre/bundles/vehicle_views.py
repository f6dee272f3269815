"""What vehicles fetch. `GET bus/bundles/KIND`, as docs/exchange.md has it."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from centre.bundles.pieces import Declined, NotModified, asked
from centre.bundles.publishing import current, piece
from centre.collector.vehicles import vehicle_of


@require_safe
def bundle(request: HttpRequest, kind: str) -> HttpResponse:
    """A piece of the newest bundle of a kind."""
    if vehicle_of(request) is None:
        return _declined(Declined(401, "unknown-token", "no token that is known here"))
    standing = current(kind)
    if standing is None:
        return _declined(Declined(404, "none-yet", f"no bundle {kind!r} so far"))
    wanted = asked(request.headers, standing.etag, standing.length)
    match wanted:
        case Declined():
            response = _declined(wanted)
            if wanted.status == 416:
                response["Content-Range"] = f"bytes */{standing.length}"
        case NotModified():
            response = HttpResponse(status=304)
        case _:
            data = piece(standing.published_id, wanted.first, wanted.length)
            response = HttpResponse(data, status=200 if wanted.is_whole else 206, content_type="application/cose")
            response["Content-Length"] = str(len(data))
            if not wanted.is_whole:
                last = wanted.first + len(data) - 1
                response["Content-Range"] = f"bytes {wanted.first}-{last}/{standing.length}"
    response["ETag"] = f'"{standing.etag}"'
    response["Accept-Ranges"] = "bytes"
    # Kept by nobody on the way, and sent on as it is: the vehicle checks every byte.
    response["Cache-Control"] = "no-store, no-transform"
    return response


def _declined(declined: Declined) -> HttpResponse:
    return JsonResponse({"code": declined.code, "detail": declined.detail[:200]}, status=declined.status)
