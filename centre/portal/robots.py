"""The not-a-robot check (PRT-2): a small proof of work (ALTCHA), made and judged here, with no service outside.

A challenge is signed, lasts ten minutes and counts once. What a browser computes for it takes it about half a second;
what a guesser computes for each try, too.
"""

import json
import secrets
from base64 import b64decode
from hashlib import sha256
from typing import Any

import altcha
from django.conf import settings
from django.utils.crypto import salted_hmac

from centre.clock import now_s
from centre.portal.models import SolvedChallenge

LASTS_S = 600
MOST_BYTES = 4_000
_ALGORITHM = "PBKDF2/SHA-256"
_LEAST_TURNS, _MOST_TURNS = 50, 200


def challenge() -> dict[str, Any]:
    """A new challenge, as the widget takes it."""
    made = altcha.create_challenge(
        _ALGORITHM,
        settings.ROBOT_COST,
        counter=_LEAST_TURNS + secrets.randbelow(_MOST_TURNS - _LEAST_TURNS),
        # The centre's own clock judges it, so the library's expiry is not used.
        data={"until": now_s() + LASTS_S},
        hmac_secret=_key("challenge"),
        hmac_key_secret=_key("solution"),
    )
    return dict(made.to_dict())


def solved(answer: str) -> bool:
    """Whether this answers a challenge of ours, in time and for the first time; it is used up by that."""
    until = _until(answer)
    if until is None or not now_s() < until <= now_s() + LASTS_S:
        return False
    if not altcha.verify_solution(answer, _key("challenge"), hmac_key_secret=_key("solution")).verified:
        return False
    # What is signed is the challenge: by it, not by how it is written down, is it known again.
    digest = sha256(_payload(answer)["challenge"]["signature"].encode()).digest()
    _, first = SolvedChallenge.objects.get_or_create(digest=digest, defaults={"expires_at_s": until})
    return first


def _until(answer: str) -> int | None:
    if len(answer) > MOST_BYTES:
        return None
    try:
        until = _payload(answer)["challenge"]["parameters"]["data"]["until"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return until if type(until) is int else None


def _payload(answer: str) -> Any:
    return json.loads(b64decode(answer).decode())


def _key(what: str) -> bytes:
    return salted_hmac("centre.portal.robots", what, algorithm="sha256").digest()
