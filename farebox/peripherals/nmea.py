"""One line of an NMEA 0183 receiver (GPS, みちびき) as a value: RMC and GGA, from whichever satellites. Pure.

The only `import pynmea2` (the extra `vehicle`). What comes off the line is hostile until parsed: its length is looked
at first, its checksum must be there and right, and every number lies within its bounds.
"""

from typing import NamedTuple

import pynmea2

from farebox.feed import Place

MOST_BYTES = 120
"""NMEA 0183 has 82; some receivers tell more decimals than it knows of."""
_TALKERS = frozenset(("GP", "GN", "GL", "GA", "GB", "BD", "GQ", "QZ"))
"""GPS, several systems together, GLONASS, Galileo, BeiDou (two ids), QZSS (みちびき, two ids)."""
_KMH_A_KNOT = 1.852
_MOST_KMH = 300.0
_MODE_AT = 11
_GUESSED_MODES = frozenset("ENMS")
"""Estimated (dead reckoning), not valid, keyed in, simulated by the receiver."""


class Fix(NamedTuple):
    """The receiver knows where it is; `kmh` is over ground, None if the sentence (GGA) or the receiver has none.

    `utc` is the fix's own time as it was sent: one that stays the same is a receiver that tells an old place.
    """

    place: Place
    kmh: float | None
    utc: str


class NoFix(NamedTuple):
    """The receiver works, and sees too few satellites."""


class OtherSentence(NamedTuple):
    """A sound sentence that says nothing of where the vehicle is."""


class Garbled(NamedTuple):
    """No sentence, or one that was damaged on the way. `why` in a few words."""

    why: str


Sentence = Fix | NoFix | OtherSentence | Garbled


def sentence(line: bytes) -> Sentence:
    """A line without or with its end, as a value. Never raises."""
    if len(line) > MOST_BYTES:
        return Garbled(f"longer than {MOST_BYTES} bytes")
    try:
        text = line.decode("ascii").strip()
    except UnicodeDecodeError:
        return Garbled("not ASCII: is the line's speed right?")
    if not text.startswith("$") or text[-3:-2] != "*":
        return Garbled("no sentence with a checksum")
    if text[1:3] not in _TALKERS or text[3:6] not in ("RMC", "GGA"):
        return OtherSentence()
    try:
        message = pynmea2.parse(text, check=True)
        return _rmc(message) if text[3:6] == "RMC" else _gga(message)
    except pynmea2.ChecksumError:
        return Garbled("wrong checksum")
    # pynmea2 leaves fields that are no numbers to whoever asks for them, and raises several kinds of things then.
    except (pynmea2.ParseError, ValueError, TypeError, AttributeError, IndexError):
        return Garbled("fields that tell no place")


def _rmc(message: pynmea2.NMEASentence) -> Sentence:
    """Recommended minimum: status A is valid, V a warning; newer receivers tell by a mode that they only guess."""
    mode = message.data[_MODE_AT] if len(message.data) > _MODE_AT else ""
    if message.status != "A" or mode in _GUESSED_MODES:
        return NoFix()
    speed = message.spd_over_grnd
    if speed is None:
        return Fix(_place(message), None, message.data[0])
    kmh = float(speed) * _KMH_A_KNOT
    if not 0 <= kmh <= _MOST_KMH:
        return Garbled("a speed that no bus has")
    return Fix(_place(message), kmh, message.data[0])


def _gga(message: pynmea2.NMEASentence) -> Sentence:
    """Fix data: quality 0 is none; 6, 7, 8 are guessed, keyed in or simulated by the receiver."""
    quality = int(message.gps_qual)
    return Fix(_place(message), None, message.data[0]) if 1 <= quality <= 5 else NoFix()


def _place(message: pynmea2.NMEASentence) -> Place:
    """Raises ValueError if it is none on earth."""
    # pynmea2 takes a blank for 0 degrees.
    if not message.lat or not message.lon or message.lat_dir not in ("N", "S") or message.lon_dir not in ("E", "W"):
        raise ValueError(message.lat_dir)
    place = Place(message.latitude, message.longitude)
    if abs(place.lat_deg) > 90 or abs(place.lon_deg) > 180:
        raise ValueError(place)
    return place
