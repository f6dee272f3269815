"""Whether a segment that came is what its seal vouches for, and the seal that of the vehicle (faults 37). Pure."""

from collections.abc import Collection
from typing import NamedTuple

from centre.collector.answers import Refusal
from centre.collector.asked import Name
from farebox.formats import cose
from farebox.formats.frames import Sealed, sealed

ALTERED, BAD_SIGNATURE, UNKNOWN_KEY, UNKNOWN_VEHICLE = "altered", "bad-signature", "unknown-key", "unknown-vehicle"


class Whose(NamedTuple):
    """Who may have sealed it: a terminal, and the public keys that are known of it, in hex."""

    terminal_id: str
    keys: Collection[str]


def checked(data: bytes, name: Name, whose: Whose) -> Sealed | Refusal:
    """A whole segment, checked from end to end; or what is wrong, the gravest first."""
    found = sealed(data)
    if isinstance(found, str):
        return Refusal(422, ALTERED, found)
    if named(found) != name:
        return Refusal(422, ALTERED, f"it is segment {found.seal.number} with another number or digest than it came as")
    if not cose.holds(found.signed):
        return Refusal(422, BAD_SIGNATURE, "the signature on its seal is not that of the key it names")
    if found.seal.terminal_id != whose.terminal_id:
        return Refusal(403, UNKNOWN_VEHICLE, "its seal is another vehicle's than the token's")
    key = found.signed.public_key.hex()
    if key not in whose.keys:
        return Refusal(403, UNKNOWN_KEY, f"sealed with the key {key[:16]}…, which this vehicle was not registered with")
    return found


def named(found: Sealed) -> Name:
    """As its seal names it."""
    return Name(found.seal.number, found.seal.digest.hex())
