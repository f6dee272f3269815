"""What a vehicle is answered (docs/exchange.md)."""

from typing import NamedTuple

from django.http import HttpResponse, JsonResponse

MOST_DETAIL = 200


class Refusal(NamedTuple):
    """The centre declines, with a code of docs/exchange.md, and a detail for a person."""

    status: int
    code: str
    detail: str = ""
    retry_after_s: int | None = None


class Receipt(NamedTuple):
    """The centre holds the segment durably: what it signed."""

    data: bytes


class Durable(NamedTuple):
    """So many bytes of the segment are durable here; `elsewhere`: a piece came that does not begin there."""

    here_bytes: int
    elsewhere: bool = False


UNKNOWN_TOKEN = Refusal(401, "unknown-token", "the token is none that is known here, or was withdrawn")


def refused(refusal: Refusal) -> HttpResponse:
    """As a vehicle reads it."""
    response = JsonResponse({"code": refusal.code, "detail": refusal.detail[:MOST_DETAIL]}, status=refusal.status)
    if refusal.retry_after_s is not None:
        response["Retry-After"] = str(refusal.retry_after_s)
    return response


def answered(what: Receipt | Durable | Refusal) -> HttpResponse:
    """Any of them."""
    if isinstance(what, Refusal):
        return refused(what)
    if isinstance(what, Receipt):
        return HttpResponse(what.data, content_type="application/cose")
    response = (
        refused(Refusal(409, "other-offset", f"{what.here_bytes} bytes are here"))
        if what.elsewhere
        else HttpResponse(status=204)
    )
    response["Upload-Offset"] = str(what.here_bytes)
    return response
