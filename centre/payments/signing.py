"""Signed notices, in the form that Stripe made common: `t=1790000000,v1=<hex>`, HMAC-SHA256 over `t.body`."""

import hashlib
import hmac
import json

from centre.payments.port import NoticeRefused, Notified

TOLERANCE_S = 300
"""An older notice may be a replay; a younger one than our clock allows is somebody else's."""
MOST_BYTES = 256 << 10
_MOST_SIGNATURES = 8


def verify(body: bytes, signature: str, now_s: int, secret: str) -> Notified | NoticeRefused:
    """The notice, or why it is none: `too-long`, `no-signature`, `forged`, `too-old`, `not-a-notice`."""
    if len(body) > MOST_BYTES or len(signature) > 2_000:
        return NoticeRefused("too-long")
    parts = [part.partition("=") for part in signature.split(",")]
    times = [value for name, _, value in parts if name.strip() == "t"]
    given = [value for name, _, value in parts if name.strip() == "v1"][:_MOST_SIGNATURES]
    if len(times) != 1 or not given or not times[0].isascii() or not times[0].isdecimal() or len(times[0]) > 12:
        return NoticeRefused("no-signature")
    ours = hmac.new(secret.encode(), times[0].encode() + b"." + body, hashlib.sha256).hexdigest().encode()
    if not any(hmac.compare_digest(ours, one.encode()) for one in given):
        return NoticeRefused("forged")
    if abs(now_s - int(times[0])) > TOLERANCE_S:
        return NoticeRefused("too-old")
    return _read(body)


def _read(body: bytes) -> Notified | NoticeRefused:
    try:
        said = json.loads(body)
        event_id, kind, made_at_s = said["id"], said["type"], said["created"]
        subject = said["data"]["object"]["id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return NoticeRefused("not-a-notice")
    if not all(isinstance(text, str) and 0 < len(text) <= 128 for text in (event_id, kind, subject)):
        return NoticeRefused("not-a-notice")
    if not isinstance(made_at_s, int) or isinstance(made_at_s, bool) or not 0 <= made_at_s < 1 << 40:
        return NoticeRefused("not-a-notice")
    return Notified(event_id, kind[:64], subject, made_at_s)
