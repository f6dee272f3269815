from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardimage.layout.bits import LayoutFault
from cardimage.layout.number import decode_number, encode_number
from tests.cardimage import bits
from tests.cardimage.accounts import days

DAY = date(2026, 11, 20)
LC = int("LC012E4CD1A0B357", 36)


@pytest.mark.parametrize(
    ("issued", "by_widths", "octets"),
    [
        (
            date(2019, 4, 30),
            bits.sealed((LC, 88), (bits.day("2019-04-30"), 13), (0, 3)),
            "03 E6 B4 5A 58 9B 2E 0F 16 9C AB 26 00 00 55 81",
        ),
        (
            DAY,
            bits.sealed((LC, 88), (bits.day("2026-11-20", 2), 13), (2, 3)),
            "03 E6 B4 5A 58 9B 2E 0F 16 9C AB 0A 22 00 C6 A2",
        ),
    ],
)
def test_the_bytes_are_those_of_every_card_handed_out(issued: date, by_widths: bytes, octets: str) -> None:
    block = encode_number("LC012E4CD1A0B357", issued)
    assert block == by_widths
    assert block.hex(" ").upper() == octets


@given(st.from_regex(r"[1-9A-Z][0-9A-Z]{0,16}", fullmatch=True), days)
def test_an_engraved_number_comes_back_as_it_went(number: str, issued: date) -> None:
    assert decode_number(encode_number(number, issued)) == (number, issued)


def test_a_number_from_before_layout_2_is_read_as_it_was_meant() -> None:
    block = bits.sealed((LC, 88), (bits.day("2026-11-20"), 13))
    assert decode_number(block) == ("LC012E4CD1A0B357", DAY)


@pytest.mark.parametrize("number", ["", "0", "01", "lc1", "LC-1", "Ａ1", "L" * 18, "é"])
def test_a_number_that_does_not_fit_is_a_fault(number: str) -> None:
    with pytest.raises(LayoutFault):
        encode_number(number, DAY)


@pytest.mark.parametrize("issued", [date(2015, 12, 31), date(2048, 6, 5)])
def test_a_day_that_does_not_fit_is_a_fault(issued: date) -> None:
    with pytest.raises(LayoutFault):
        encode_number("1", issued)


@pytest.mark.parametrize("value", [0, 36**17, 2**88 - 1])
def test_a_block_with_what_no_number_is_is_not_understood(value: int) -> None:
    assert decode_number(bits.sealed((value, 88), (bits.day("2026-11-20", 2), 13), (2, 3))) is None


def test_the_longest_number_fits() -> None:
    assert decode_number(encode_number("Z" * 17, date(2048, 6, 4))) == ("Z" * 17, date(2048, 6, 4))


@pytest.mark.parametrize(
    "block",
    [
        bytes(16),
        bits.sealed((LC, 88), (0, 13), (2, 3)),
        *(bits.sealed((LC, 88), (1, 13), (mark, 3)) for mark in (1, 3, 4, 5, 6, 7)),
        bits.sealed((LC, 88), (1, 13), (2, 3), (0, 7), (1, 1)),
    ],
)
def test_what_is_not_understood_is_no_number(block: bytes) -> None:
    assert decode_number(block) is None


@given(st.binary(max_size=20) | st.binary(min_size=14, max_size=14).map(lambda body: body + bits.check(body)))
def test_no_bytes_are_too_much_for_the_decoder(block: bytes) -> None:
    decode_number(block)
