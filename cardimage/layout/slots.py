"""The state slots, S_PAD0 and S_PAD1: what a tap changes, valid by one block."""

from operator import attrgetter
from typing import NamedTuple

from cardimage.layout.bits import Fields, LayoutFault, sealed, whole
from cardimage.layout.days import FIRST_DAYS, SHADOW_LAYOUT, day_number, day_of, newest_layout
from cardimage.layout.variants import SHADOW_WIDTHS, SHADOWS, VARIANTS, Contents, check_places, variant_of
from tariff.account import Account, AutoCharged, Coupons, Points, RideMark, RideState

SEQUENCES = 256


class Slot(NamedTuple):
    """One state slot: what a tap changes. `more` says that the bank holds conditions which belong to it."""

    layout: int
    scheme: str
    sequence: int
    bank: int
    more: bool
    ride: RideMark | None
    stored_fare_yen: int
    auto_charged: AutoCharged | None = None
    coupons: Coupons | None = None
    points: Points | None = None
    welfare_points: int = 0


_COMMON = (3, 2, 2, 1, 8, 1, 13, 16, 8)
"""Layout, variant, state, more, sequence, bank, day, trip, stop: alike on every card."""
_FIELDS = {scheme: Fields(112, *_COMMON, *variant_of(scheme).widths) for scheme in VARIANTS}
_SHADOW = Fields(112, *_COMMON, *SHADOW_WIDTHS, 8)
"""As a card's own, and then the number of the scheme that it stands for."""
_KINDS: dict[int, tuple[str | None, Fields]] = {
    layout << 2 | variant: (scheme, _FIELDS[scheme])
    for layout in FIRST_DAYS
    for scheme, variant in VARIANTS.items()
    if layout != SHADOW_LAYOUT
}
_KINDS[SHADOW_LAYOUT << 2] = None, _SHADOW
"""The first five bits, layout and variant -> the scheme, which a shadow says itself, and the fields."""
_RIDE_STATES = (RideState.NONE, RideState.OPEN, RideState.CLOSED)
_SCHEME_OF_SHADOW = {number: scheme for scheme, number in SHADOWS.items()}


def slot_of(account: Account, sequence: int, bank: int, layout: int | None = None) -> Slot:
    """The slot that makes an account valid under a sequence number; in the newest layout that holds it, if none is
    given. LayoutFault for an account that no layout holds.
    """
    return Slot(
        layout_of(account) if layout is None else layout,
        account.scheme,
        sequence % SEQUENCES,
        bank,
        has_conditions(account),
        account.ride,
        account.stored_fare_yen,
        account.auto_charged,
        account.coupons,
        account.points,
        account.welfare_points,
    )


def layout_of(account: Account) -> int:
    """The newest layout that holds every day of an account, or the one of shadows; LayoutFault if there is none."""
    if account.scheme in SHADOWS:
        return SHADOW_LAYOUT
    ride, held = account.ride, account.held_pass
    charged, points = account.auto_charged, account.points
    return newest_layout(
        (
            ride.day if ride else None,
            account.expires,
            held.first_day if held else None,
            held.last_day if held else None,
            charged.day if charged else None,
            points.last_day if points else None,
        )
    )


conditions_of = attrgetter("holder", "named", "expires", "held_pass", "auto_charge", "directive")
"""What of an account changes only by directive, and stands in a bank."""
_NO_CONDITIONS = conditions_of(Account("", 0))


def has_conditions(account: Account) -> bool:
    """Whether an account holds anything that stands in a bank."""
    return bool(conditions_of(account) != _NO_CONDITIONS)


def encode_slot(slot: Slot) -> bytes:
    """Slot -> 16 bytes; LayoutFault if a value does not fit."""
    shadow = slot.scheme in SHADOWS
    if slot.layout not in FIRST_DAYS or shadow != (slot.layout == SHADOW_LAYOUT):
        raise LayoutFault(f"no layout {slot.layout} for a card of {slot.scheme}")
    ride = slot.ride
    if ride and ride.state is RideState.NONE:
        raise LayoutFault("a ride that is neither open nor closed")
    if shadow and slot.more:
        raise LayoutFault(f"the shadow of a card of {slot.scheme} has no place for conditions")
    variant = variant_of(slot.scheme)
    contents = Contents(
        slot.stored_fare_yen,
        ride.company if ride else 0,
        slot.auto_charged,
        slot.coupons,
        slot.points,
        slot.welfare_points,
    )
    check_places(contents, variant, slot.scheme)
    fields, stands_for = (_SHADOW, (SHADOWS[slot.scheme],)) if shadow else (_FIELDS[slot.scheme], ())
    mark = (day_number(ride.day, slot.layout), ride.trip_number, ride.stop_index) if ride else (0, 0, 0)
    return sealed(
        fields.pack(
            slot.layout,
            VARIANTS.get(slot.scheme, 0),
            ride.state if ride else RideState.NONE,
            slot.more,
            slot.sequence,
            slot.bank,
            *mark,
            *variant.pack(contents, slot.layout),
            *stands_for,
        )
    )


def decode_slot(block: bytes) -> Slot | None:
    """16 bytes -> Slot; None if the check fails, or the contents are of no layout that is known here."""
    if not whole(block):
        return None
    known = _KINDS.get(block[0] >> 3)
    if known is None:
        return None
    scheme, fields = known
    packed = int.from_bytes(block[:14], "big")
    values = fields.unpack(packed)
    scheme = scheme or _SCHEME_OF_SHADOW.get(values[-1])
    return None if scheme is None or fields.rest(packed) else _slot(scheme, values)


def _slot(scheme: str, fields: list[int]) -> Slot | None:
    layout, _, state, more, sequence, bank, number, trip_number, stop_index, *own = fields
    variant = variant_of(scheme)
    contents = variant.unpack(own[: len(variant.widths)], layout)
    if contents is None or state > RideState.CLOSED or (number == 0) != (state == RideState.NONE):
        return None
    stored_fare_yen, company, auto_charged, coupons, points, welfare_points = contents
    day = day_of(number, layout)
    if day is not None:
        ride = RideMark(_RIDE_STATES[state], day, trip_number, stop_index, company)
    elif trip_number or stop_index or company:
        return None
    else:
        ride = None
    if more and layout == SHADOW_LAYOUT:
        return None
    return Slot(
        *(layout, scheme, sequence, bank, bool(more), ride),
        *(stored_fare_yen, auto_charged, coupons, points, welfare_points),
    )
