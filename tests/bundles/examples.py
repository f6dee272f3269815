"""One bundle of each kind, and a signature that is none (模擬): eight bytes before the payload."""

from datetime import date

from farebox.formats.bundle import (
    AutoChargeOff,
    AutoChargeSet,
    Bundle,
    Directive,
    HolderChanged,
    Hotlist,
    OperatorText,
    PassGiven,
    Tariff,
    cards_of,
    directives_of,
    encode,
)

MADE_AT_S = 1_795_000_000
FIRST_DAY = date(2026, 12, 1)
IDM, OTHER_IDM = bytes.fromhex("012E000000000001"), bytes.fromhex("012E000000000002")

RENEWAL = PassGiven(1, 0, FIRST_DAY, date(2026, 12, 31), False, ((7, 9, False, 500),))
SETTINGS = AutoChargeSet(500, 3_000, 9_000, 30_000)
GROWN_UP = HolderChanged(0, None)
DIRECTIVES = (
    Directive(3, date(2026, 11, 27), (AutoChargeOff(),)),
    Directive(5, FIRST_DAY, (RENEWAL, SETTINGS, GROWN_UP)),
)

HOTLIST = Hotlist(4, MADE_AT_S, cards_of([OTHER_IDM, IDM]), cards_of([IDM]))
FOR_TWO_CARDS = directives_of(
    7,
    MADE_AT_S,
    {OTHER_IDM: DIRECTIVES[:1], IDM: (*DIRECTIVES, Directive(6, FIRST_DAY, (HolderChanged(1, FIRST_DAY),)))},
)


def tariff(version: int = 2, text: bytes = b'scheme = "lococa"', scheme: str = "lococa") -> Tariff:
    """A tariff of one operator file."""
    return Tariff(version, MADE_AT_S, (OperatorText(scheme, date(2016, 1, 1), text),))


ONE_OF_EACH: tuple[Bundle, ...] = (HOTLIST, FOR_TWO_CARDS, tariff())

_SEAL = b"signed! "


def signed(bundle: Bundle) -> bytes:
    """As a centre sends it."""
    return _SEAL + encode(bundle)


def verify(data: bytes) -> bytes:
    """What a signature's wrapper does."""
    if not data.startswith(_SEAL):
        raise ValueError("not the centre's signature")
    return data[len(_SEAL) :]
