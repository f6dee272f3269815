"""The layout of our bench card on FeliCa Lite-S: Account <-> blocks. docs/card.md has it bit by bit.

All that a tap changes *becomes valid* by one block: S_PAD0 and S_PAD1 are two slots, each with a sequence number and a
check; the older one is written, so a torn write always leaves one whole slot. What changes only by directive (the pass,
auto-charge, the card's kind) stands in one of two banks, S_PAD3-4 and S_PAD5-6; the slot's bank bit says which.
"""

from binascii import crc_hqx
from datetime import date, timedelta
from typing import NamedTuple

from tariff.account import Account, AutoCharge, AutoCharged, HolderKind, Pass, RideMark, RideState, Section
from tariff.refusal import Code, Refusal

LAYOUT = 1
SLOT_BLOCKS = (0, 1)
NUMBER_BLOCK = 2
BANKS = ((3, 4), (5, 6))
HISTORY_BLOCKS = range(7, 14)

VARIANTS = {"lococa": 0, "aizu-noruca": 3}
"""Card scheme -> variant. 1 and 2 are kept for Iwate Green Pass and NORUCA, whose purses have a layout of their own."""
_SCHEMES = {variant: scheme for scheme, variant in VARIANTS.items()}

FIRST_DAY = date(2016, 1, 1)
"""Day 1 of the card's 13-bit days, which reach to 2038-06-04; 0 is no day. docs/decisions/0002 says why 2016."""
_DAY_ZERO = FIRST_DAY.toordinal() - 1
LAST_DAY = FIRST_DAY + timedelta(days=8190)
SEQUENCES = 256
MOST_PRICED_YEN = 5_110
"""The highest fare a pass section can be priced on: 9 bits of tens."""


class LayoutFault(Exception):
    """A value does not fit the card: whoever made the value is at fault, not the card."""


class Slot(NamedTuple):
    """One state slot: what a tap changes."""

    scheme: str
    sequence: int
    bank: int
    more: bool
    ride: RideMark | None
    stored_fare_yen: int
    auto_charged: AutoCharged | None


class HistoryRow(NamedTuple):
    """One settled ride, for the display of last uses (GEN-13). It counts only once the slot has its sequence."""

    sequence: int
    day: date
    trip_number: int
    boarded: int
    alighted: int
    due_yen: int
    cash_yen: int
    auto_charged_yen: int
    balance_yen: int


# -- bits


class _Layout:
    """The fields of a block, from the most significant bit on; what is left over is zero."""

    def __init__(self, bits: int, *widths: int) -> None:
        """Take the block's length and each field's width in bits."""
        shifts = [bits - sum(widths[: place + 1]) for place in range(len(widths))]
        self._places = tuple((shift, (1 << width) - 1) for shift, width in zip(shifts, widths, strict=True))
        self._rest = (1 << shifts[-1]) - 1

    def pack(self, *values: int) -> int:
        """Fields -> the block as one number; LayoutFault if a value does not fit."""
        packed = 0
        for value, (shift, mask) in zip(values, self._places, strict=True):
            if not 0 <= value <= mask:
                raise LayoutFault(f"{value} does not fit {mask.bit_length()} bits of the card; see docs/card.md")
            packed |= value << shift
        return packed

    def unpack(self, packed: int) -> list[int]:
        """The block as one number -> fields."""
        return [packed >> shift & mask for shift, mask in self._places]

    def rest(self, packed: int) -> int:
        """What stands where there is no field: 0 in any block of ours."""
        return packed & self._rest


_RIDE = (3, 2, 2, 1, 8, 1, 13, 16, 8, 15)
"""Layout, variant, state, more, sequence, bank, day, trip, stop, stored fare: alike on every card."""
_SLOTS = {"lococa": _Layout(112, *_RIDE, 1), "aizu-noruca": _Layout(112, *_RIDE, 7, 7, 13)}
_AUTO_CHARGE = (1, 7, 4, 7, 7)
_CONDITIONS = _Layout(112, 4, 13, 2, 6, 13, 13, 8, 8, 1, *_AUTO_CHARGE, 16, 1)
"""Holder, expiry, company, product, first and last day, area, line, bearer; auto-charge; directive (kept), named."""
_SECTIONS = _Layout(128, *(16, 16, 1, 9) * 3)
_HISTORY = _Layout(112, 8, 13, 16, 8, 8, 15, 15, 4, 15)
_NUMBER = _Layout(112, 88, 13)
_VARIANT = _Layout(112, 3, 2)


def _sealed(packed: int) -> bytes:
    body = packed.to_bytes(14, "big")
    return body + crc_hqx(body, 0xFFFF).to_bytes(2, "big")


def _whole(block: bytes) -> bool:
    """Whether a block's check holds. The start value FFFF keeps a block of zeros from being whole."""
    return len(block) == 16 and crc_hqx(block[:14], 0xFFFF) == int.from_bytes(block[14:], "big")


def _day_number(day: date | None) -> int:
    if day is None:
        return 0
    if not FIRST_DAY <= day <= LAST_DAY:
        raise LayoutFault(f"{day} is not a day the card can hold: {FIRST_DAY} to {LAST_DAY}")
    return day.toordinal() - _DAY_ZERO


def _day(number: int) -> date | None:
    return date.fromordinal(_DAY_ZERO + number) if number else None


def _thousands(yen: int) -> int:
    if yen % 1_000:
        raise LayoutFault(f"{yen} yen is not in thousands, as the card counts auto-charge (AUT-1)")
    return yen // 1_000


# -- slots


def encode_slot(slot: Slot) -> bytes:
    """Slot -> 16 bytes; LayoutFault if a value does not fit."""
    _check_fits(slot)
    ride, charged = slot.ride, slot.auto_charged
    last: tuple[int, ...]
    if slot.scheme == "lococa":
        last = (ride.company if ride else 0,)
    elif charged:
        last = (_thousands(charged.day_yen), _thousands(charged.month_yen), _day_number(charged.day))
    else:
        last = (0, 0, 0)
    return _sealed(
        _SLOTS[slot.scheme].pack(
            LAYOUT,
            VARIANTS[slot.scheme],
            ride.state if ride else RideState.NONE,
            slot.more,
            slot.sequence,
            slot.bank,
            _day_number(ride.day) if ride else 0,
            ride.trip_number if ride else 0,
            ride.stop_index if ride else 0,
            slot.stored_fare_yen,
            *last,
        )
    )


def _check_fits(slot: Slot) -> None:
    """Refuse what this variant of the slot has no place for, rather than drop it."""
    ride = slot.ride
    if slot.scheme not in VARIANTS:
        raise LayoutFault(f"no layout for a card of {slot.scheme}")
    if ride and ride.state is RideState.NONE:
        raise LayoutFault("a ride that is neither open nor closed")
    if slot.auto_charged and slot.scheme == "lococa":
        raise LayoutFault("a LOCOCA card has no place for auto-charge totals")
    if ride and ride.company and slot.scheme != "lococa":
        raise LayoutFault(f"a card of {slot.scheme} has no place for a company")


def decode_slot(block: bytes) -> Slot | None:
    """16 bytes -> Slot; None if the check fails or the contents are not of this layout."""
    if not _whole(block):
        return None
    packed = int.from_bytes(block[:14], "big")
    layout, variant = _VARIANT.unpack(packed)
    scheme = _SCHEMES.get(variant)
    if layout != LAYOUT or scheme is None:
        return None
    fields = _SLOTS[scheme]
    _, _, state, more, sequence, bank, day, trip_number, stop_index, stored_fare_yen, *last = fields.unpack(packed)
    ridden = _day(day)
    if state > RideState.CLOSED or (ridden is None) != (state == RideState.NONE) or fields.rest(packed):
        return None
    company, charged = 0, None
    if scheme == "lococa":
        company = last[0]
    elif charged_on := _day(last[2]):
        charged = AutoCharged(charged_on, last[0] * 1_000, last[1] * 1_000)
    ride = RideMark(RideState(state), ridden, trip_number, stop_index, company) if ridden else None
    return Slot(scheme, sequence, bank, bool(more), ride, stored_fare_yen, charged)


def slot_of(account: Account, sequence: int, bank: int) -> Slot:
    """The slot that makes an account valid under a sequence number.

    LayoutFault for purses that no variant has room for yet: they are never dropped.
    """
    if account.coupons is not None or account.points is not None or account.welfare_points:
        raise LayoutFault(f"a card of {account.scheme} has no place for coupons or points")
    more = bool(
        account.held_pass
        or account.auto_charge
        or account.named
        or account.expires
        or account.holder != HolderKind.ADULT
    )
    return Slot(
        account.scheme,
        sequence % SEQUENCES,
        bank,
        more,
        account.ride,
        account.stored_fare_yen,
        account.auto_charged,
    )


# -- conditions


def encode_conditions(account: Account) -> tuple[bytes, bytes]:
    """What changes only by directive -> the two blocks of a bank; one check over both."""
    held, charge = account.held_pass, account.auto_charge
    if held and len(held.sections) > 3:
        raise LayoutFault(f"{len(held.sections)} pass sections; the card holds 3")
    sections = [_section_fields(section) for section in held.sections] if held else []
    none = [(0, 0, 0, 0)] * (3 - len(sections))
    second = _SECTIONS.pack(*(field for section in (*sections, *none) for field in section)).to_bytes(16, "big")
    first = _CONDITIONS.pack(
        account.holder,
        _day_number(account.expires),
        held.company if held else 0,
        held.product if held else 0,
        _day_number(held.first_day) if held else 0,
        _day_number(held.last_day) if held else 0,
        held.area if held else 0,
        held.line if held else 0,
        held.bearer if held else 0,
        *_auto_charge_fields(charge),
        0,
        account.named,
    ).to_bytes(14, "big")
    return first + crc_hqx(first + second, 0xFFFF).to_bytes(2, "big"), second


def _section_fields(section: Section) -> tuple[int, int, int, int]:
    if not section.from_stop:
        raise LayoutFault("a pass section from stop 0, which is no stop")
    if section.priced_fare_yen % 10:
        raise LayoutFault(f"a pass priced on {section.priced_fare_yen} yen; the card counts tens")
    return section.from_stop, section.to_stop, section.one_way, section.priced_fare_yen // 10


def _auto_charge_fields(charge: AutoCharge | None) -> tuple[int, int, int, int, int]:
    if charge is None:
        return 0, 0, 0, 0, 0
    if charge.trigger_yen % 100:
        raise LayoutFault(f"a trigger of {charge.trigger_yen} yen; it goes in steps of 100 (AUT-1)")
    return (
        1,
        charge.trigger_yen // 100,
        _thousands(charge.amount_yen),
        _thousands(charge.day_cap_yen),
        _thousands(charge.month_cap_yen),
    )


def decode_account(slot: Slot, conditions: tuple[bytes, bytes] | None) -> Account | Refusal:
    """The standing slot and its bank's two blocks (None where the slot asks for none) -> Account.

    Conditions that fail their check make the card altered (GEN-11): a slot never points at a bank not yet whole.
    """
    bare = Account(slot.scheme, slot.stored_fare_yen, ride=slot.ride, auto_charged=slot.auto_charged)
    if not slot.more:
        return bare
    if conditions is None:
        raise ValueError("the slot asks for conditions that were not read")
    first, second = conditions
    if crc_hqx(first[:14] + second, 0xFFFF) != int.from_bytes(first[14:], "big"):
        return Refusal(Code.ALTERED_CARD, "GEN-11", "conditions")
    holder, expires, company, product, first_day, last_day, area, line, bearer, *rest = _CONDITIONS.unpack(
        int.from_bytes(first[:14], "big")
    )
    on, trigger, amount, day_cap, month_cap, _directive, named = rest
    if holder > HolderKind.DISABLED_CHILD:
        return Refusal(Code.ALTERED_CARD, "GEN-11", "kind of holder")
    charge = AutoCharge(trigger * 100, amount * 1_000, day_cap * 1_000, month_cap * 1_000) if on else None
    starts, ends = _day(first_day), _day(last_day)
    sections = _sections(second)
    held = Pass(product, company, starts, ends, bool(bearer), sections, area, line) if starts and ends else None
    return bare._replace(
        holder=HolderKind(holder), named=bool(named), expires=_day(expires), held_pass=held, auto_charge=charge
    )


def _sections(block: bytes) -> tuple[Section, ...]:
    fields = _SECTIONS.unpack(int.from_bytes(block, "big"))
    rows = [fields[start : start + 4] for start in (0, 4, 8)]
    return tuple(Section(start, end, bool(one_way), tens * 10) for start, end, one_way, tens in rows if start)


# -- history


def encode_history(row: HistoryRow) -> bytes:
    """HistoryRow -> 16 bytes."""
    return _sealed(
        _HISTORY.pack(
            row.sequence,
            _day_number(row.day),
            row.trip_number,
            row.boarded,
            row.alighted,
            row.due_yen,
            row.cash_yen,
            _thousands(row.auto_charged_yen),
            row.balance_yen,
        )
    )


def decode_history(block: bytes) -> HistoryRow | None:
    """16 bytes -> HistoryRow; None for an empty or torn row."""
    if not _whole(block):
        return None
    sequence, day, trip_number, boarded, alighted, due, cash, charged, balance = _HISTORY.unpack(
        int.from_bytes(block[:14], "big")
    )
    ridden = _day(day)
    if ridden is None:
        return None
    return HistoryRow(sequence, ridden, trip_number, boarded, alighted, due, cash, charged * 1_000, balance)


def history_block(sequence: int) -> int:
    """Where the row of a sequence number stands: the rows form a ring."""
    return HISTORY_BLOCKS[sequence % len(HISTORY_BLOCKS)]


def last_uses(rows: tuple[HistoryRow, ...], standing_sequence: int) -> tuple[HistoryRow, ...]:
    """Rows that count, newest first: a row whose sequence is ahead of the slot's was staged and never committed."""
    age = {row: (standing_sequence - row.sequence) % SEQUENCES for row in rows}
    return tuple(sorted((row for row in rows if age[row] < SEQUENCES // 2), key=lambda row: age[row]))


# -- the engraved number

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def encode_number(number: str, issued: date) -> bytes:
    """The engraved card number (at most 17 of 0-9, A-Z) and the day of issue -> S_PAD2."""
    if not number or len(number) > 17 or number[0] == "0" or any(digit not in _DIGITS for digit in number):
        raise LayoutFault(f"{number!r} is not a card number: 1 to 17 of 0-9 and A-Z, not beginning with 0")
    return _sealed(_NUMBER.pack(int(number, 36), _day_number(issued)))


def decode_number(block: bytes) -> tuple[str, date] | None:
    """S_PAD2 -> the engraved number and the day of issue; None if the block is not whole."""
    if not _whole(block):
        return None
    value, day = _NUMBER.unpack(int.from_bytes(block[:14], "big"))
    issued = _day(day)
    if issued is None:
        return None
    digits = ""
    while value:
        value, digit = divmod(value, 36)
        digits = _DIGITS[digit] + digits
    return digits, issued
