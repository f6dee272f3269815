from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardimage.transit.fields import Station, Trouble
from cardimage.transit.gates import Gate, decode_gate

OUT = bytes.fromhex("A0 00 8B A5 04 03 35 74 09 29 04 01 2C 01 00 51")


def decoded(raw: bytes) -> Gate:
    found = decode_gate(raw)
    assert found is not None
    return found


def test_every_byte_of_a_gate_record_is_read_from_its_place() -> None:
    assert decoded(OUT) == Gate(
        raw=OUT,
        is_entry=True,
        kind=2,
        station=Station(0x8B, 0xA5),
        device=0x0403,
        day=date(2026, 11, 20),
        at=time(9, 29),
        amount_yen=260,
        pass_fare_yen=300,
        last_place=0x51,
        troubles=(),
    )


@pytest.mark.parametrize(("first", "is_entry", "kind"), [(0x20, False, 2), (0xC0, True, 4), (0x00, False, 0)])
def test_its_first_byte_tells_in_from_out_and_what_paid(first: int, is_entry: bool, kind: int) -> None:
    found = decoded(bytes((first,)) + OUT[1:])
    assert (found.is_entry, found.kind) == (is_entry, kind)


def test_a_record_never_written() -> None:
    assert decode_gate(bytes(16)) is None


@pytest.mark.parametrize(
    ("digits", "at"), [("2359", time(23, 59)), ("2400", None), ("0960", None), ("0A00", None), ("FFFF", None)]
)
def test_a_time_in_decimal_digits_or_none(digits: str, at: time | None) -> None:
    found = decoded(OUT[:8] + bytes.fromhex(digits) + OUT[10:])
    assert (found.at, found.troubles) == (at, () if at else (Trouble.TIME,))


def test_a_day_that_is_none() -> None:
    found = decoded(OUT[:6] + b"\0\0" + OUT[8:])
    assert (found.day, found.troubles) == (None, (Trouble.DAY,))


@given(st.binary(min_size=16, max_size=16))
def test_any_sixteen_bytes_are_a_record_or_none(raw: bytes) -> None:
    found = decode_gate(raw)
    assert found is None or found.raw == raw
