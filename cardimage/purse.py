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

_Field = tuple[int, int]
"""(value, width in bits); a block is its fields from the most significant bit on, then a check of 16 bits."""


def _pack(fields: tuple[_Field, ...], bits: int) -> int:
    packed = used = 0
    for value, width in fields:
        if not 0 <= value < 1 << width:
            raise LayoutFault(f"{value} does not fit {width} bits of the card; see docs/card.md")
        packed = packed << width | value
        used += width
    return packed << bits - used


class _Bits:
    """Takes fields off the front of a block, in the order they were packed."""

    def __init__(self, packed: int, bits: int) -> None:
        self._packed, self._left = packed, bits

    def take(self, width: int) -> int:
        self._left -= width
        return self._packed >> self._left & (1 << width) - 1

    def rest(self) -> int:
        return self._packed & (1 << self._left) - 1


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
    ride = slot.ride
    fields: tuple[_Field, ...] = (
        (LAYOUT, 3),
        (VARIANTS[slot.scheme], 2),
        (ride.state if ride else RideState.NONE, 2),
        (slot.more, 1),
        (slot.sequence, 8),
        (slot.bank, 1),
        (_day_number(ride.day) if ride else 0, 13),
        (ride.trip_number if ride else 0, 16),
        (ride.stop_index if ride else 0, 8),
        (slot.stored_fare_yen, 15),
    )
    if slot.scheme == "lococa":
        fields += ((ride.company if ride else 0, 1),)
    else:
        charged = slot.auto_charged
        fields += (
            (_thousands(charged.day_yen) if charged else 0, 7),
            (_thousands(charged.month_yen) if charged else 0, 7),
            (_day_number(charged.day) if charged else 0, 13),
        )
    return _sealed(_pack(fields, 112))


def decode_slot(block: bytes) -> Slot | None:
    """16 bytes -> Slot; None if the check fails or the contents are not of this layout."""
    if not _whole(block):
        return None
    bits = _Bits(int.from_bytes(block[:14], "big"), 112)
    layout, variant, state, more, sequence, bank = (bits.take(width) for width in (3, 2, 2, 1, 8, 1))
    day, trip_number, stop_index, stored_fare_yen = (bits.take(width) for width in (13, 16, 8, 15))
    scheme = _SCHEMES.get(variant)
    if layout != LAYOUT or scheme is None or state > RideState.CLOSED:
        return None
    company, charged = 0, None
    if scheme == "lococa":
        company = bits.take(1)
    else:
        day_yen, month_yen, charged_on = bits.take(7) * 1_000, bits.take(7) * 1_000, _day(bits.take(13))
        charged = AutoCharged(charged_on, day_yen, month_yen) if charged_on else None
    ridden = _day(day)
    if (ridden is None) != (state == RideState.NONE) or bits.rest():
        return None
    ride = RideMark(RideState(state), ridden, trip_number, stop_index, company) if ridden else None
    return Slot(scheme, sequence, bank, bool(more), ride, stored_fare_yen, charged)


def slot_of(account: Account, sequence: int, bank: int) -> Slot:
    """The slot that makes an account valid under a sequence number."""
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
    sections = held.sections if held else ()
    second = _pack(tuple(field for section in sections for field in _section_fields(section)), 128).to_bytes(16, "big")
    first = _pack(
        (
            (account.holder, 4),
            (_day_number(account.expires), 13),
            (held.company if held else 0, 2),
            (held.product if held else 0, 6),
            (_day_number(held.first_day) if held else 0, 13),
            (_day_number(held.last_day) if held else 0, 13),
            (0, 16),  # area and line: kept for area, line and city passes
            (held.bearer if held else 0, 1),
            *_auto_charge_fields(charge),
            (0, 16),  # directive number: kept for directives
            (account.named, 1),
        ),
        112,
    ).to_bytes(14, "big")
    return first + crc_hqx(first + second, 0xFFFF).to_bytes(2, "big"), second


def _section_fields(section: Section) -> tuple[_Field, ...]:
    if section.priced_fare_yen % 10:
        raise LayoutFault(f"a pass priced on {section.priced_fare_yen} yen; the card counts tens")
    return (
        (section.from_stop, 16),
        (section.to_stop, 16),
        (section.one_way, 1),
        (section.priced_fare_yen // 10, 9),
    )


def _auto_charge_fields(charge: AutoCharge | None) -> tuple[_Field, ...]:
    if charge is None:
        return ((0, 26),)
    if charge.trigger_yen % 100:
        raise LayoutFault(f"a trigger of {charge.trigger_yen} yen; it goes in steps of 100 (AUT-1)")
    return (
        (1, 1),
        (charge.trigger_yen // 100, 7),
        (_thousands(charge.amount_yen), 4),
        (_thousands(charge.day_cap_yen), 7),
        (_thousands(charge.month_cap_yen), 7),
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
    bits = _Bits(int.from_bytes(first[:14], "big"), 112)
    holder, expires, company, product = (bits.take(width) for width in (4, 13, 2, 6))
    first_day, last_day, _reserved, bearer = (bits.take(width) for width in (13, 13, 16, 1))
    charge = _auto_charge(bits)
    _directive, named = bits.take(16), bits.take(1)
    if holder > HolderKind.DISABLED_CHILD:
        return Refusal(Code.ALTERED_CARD, "GEN-11", "kind of holder")
    starts, ends = _day(first_day), _day(last_day)
    held = Pass(product, company, starts, ends, bool(bearer), _sections(second)) if starts and ends else None
    return bare._replace(
        holder=HolderKind(holder), named=bool(named), expires=_day(expires), held_pass=held, auto_charge=charge
    )


def _auto_charge(bits: _Bits) -> AutoCharge | None:
    on, trigger, amount, day_cap, month_cap = (bits.take(width) for width in (1, 7, 4, 7, 7))
    return AutoCharge(trigger * 100, amount * 1_000, day_cap * 1_000, month_cap * 1_000) if on else None


def _sections(block: bytes) -> tuple[Section, ...]:
    bits = _Bits(int.from_bytes(block, "big"), 128)
    rows = [tuple(bits.take(width) for width in (16, 16, 1, 9)) for _ in range(3)]
    return tuple(Section(start, end, bool(one_way), tens * 10) for start, end, one_way, tens in rows if start)


# -- history


def encode_history(row: HistoryRow) -> bytes:
    """HistoryRow -> 16 bytes."""
    fields = (
        (row.sequence, 8),
        (_day_number(row.day), 13),
        (row.trip_number, 16),
        (row.boarded, 8),
        (row.alighted, 8),
        (row.due_yen, 15),
        (row.cash_yen, 15),
        (_thousands(row.auto_charged_yen), 4),
        (row.balance_yen, 15),
    )
    return _sealed(_pack(fields, 112))


def decode_history(block: bytes) -> HistoryRow | None:
    """16 bytes -> HistoryRow; None for an empty or torn row."""
    if not _whole(block):
        return None
    bits = _Bits(int.from_bytes(block[:14], "big"), 112)
    sequence, day, trip_number, boarded, alighted = (bits.take(width) for width in (8, 13, 16, 8, 8))
    due, cash, charged, balance = (bits.take(width) for width in (15, 15, 4, 15))
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
    return _sealed(_pack(((int(number, 36), 88), (_day_number(issued), 13)), 112))


def decode_number(block: bytes) -> tuple[str, date] | None:
    """S_PAD2 -> the engraved number and the day of issue; None if the block is not whole."""
    if not _whole(block):
        return None
    bits = _Bits(int.from_bytes(block[:14], "big"), 112)
    value, issued = bits.take(88), _day(bits.take(13))
    if issued is None:
        return None
    digits = ""
    while value:
        value, digit = divmod(value, 36)
        digits = _DIGITS[digit] + digits
    return digits, issued
