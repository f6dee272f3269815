"""Which vehicle is speaking. A token is told once, at the moment it is made; the centre keeps its SHA-256."""

import re
import secrets
from collections.abc import Collection
from hashlib import sha256
from hmac import compare_digest

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from centre.collector.models import SealingKey, Vehicle
from farebox.formats.cose import BENCH_KEY
from farebox.formats.journal import MAX_ID_BYTES

_BEARER = re.compile("Bearer ([0-9a-f]{64})", re.ASCII)
_KEY = re.compile("[0-9a-f]{64}", re.ASCII)


class VehicleFault(ValueError):
    """A vehicle that can't be registered so: the fault of whoever asked, in one line."""


def vehicle_of(request: HttpRequest) -> Vehicle | None:
    """The vehicle whose token a request carries; None for no token, an unknown or a withdrawn one."""
    carried = _BEARER.fullmatch(request.headers.get("Authorization", ""))
    if carried is None:
        return None
    asked = digest_of(carried[1])
    # Looked up by a hash, the time it takes tells nothing of a token.
    vehicle = Vehicle.objects.filter(token_sha256=asked, enabled=True).first()
    return vehicle if vehicle is not None and compare_digest(vehicle.token_sha256, asked) else None


def digest_of(token: str) -> str:
    """What is kept of a token: SHA-256 of its bytes, in hex."""
    return sha256(bytes.fromhex(token)).hexdigest()


@transaction.atomic
def add_vehicle(terminal_id: str, keys: Collection[str], token: str | None = None) -> str:
    """Register a vehicle with the public halves of its sealing keys (hex). Its token, which is told only now.

    `token`: one of 64 hex digits that stands in the vehicle's settings already (a bench's). Raises VehicleFault.
    """
    if not 0 < len(terminal_id.encode()) <= MAX_ID_BYTES or not terminal_id.isprintable():
        raise VehicleFault(f"a terminal's id has 1 to {MAX_ID_BYTES} bytes that can be printed")
    if Vehicle.objects.filter(terminal_id=terminal_id).exists():
        raise VehicleFault(f"{terminal_id} is registered already; give it another key or a new token instead")
    made = secrets.token_hex(32) if token is None else token
    if _KEY.fullmatch(made) is None:
        raise VehicleFault("a token has 64 hex digits, in lower case")
    vehicle = Vehicle.objects.create(terminal_id=terminal_id, token_sha256=digest_of(made))
    for key in keys:
        add_key(vehicle, key)
    return made


def add_key(vehicle: Vehicle, key: str) -> None:
    """Tell of a sealing key besides those it has: `farebox journal public-key` prints it. Raises VehicleFault."""
    if _KEY.fullmatch(key) is None:
        raise VehicleFault("a sealing key's public half has 64 hex digits; see farebox journal public-key")
    if bytes.fromhex(key) == BENCH_KEY and not settings.SIMULATED:
        raise VehicleFault("this is the bench key (模擬), which proves nothing; give the vehicle its own")
    SealingKey.objects.get_or_create(vehicle=vehicle, public_key=key)


def new_token(vehicle: Vehicle) -> str:
    """Another token, told only now; the one before holds no more. One that was withdrawn may speak again."""
    token = secrets.token_hex(32)
    Vehicle.objects.filter(pk=vehicle.pk).update(token_sha256=digest_of(token), enabled=True)
    return token


def withdraw(vehicle: Vehicle) -> None:
    """Its token holds no more: whoever has it is refused from the next request on."""
    Vehicle.objects.filter(pk=vehicle.pk).update(enabled=False)
