"""Fields of a block: what fits is packed, what does not is never cut off."""

import pytest

from cardimage.layout.bits import Fields, LayoutFault, sealed, whole

FIELDS = Fields(16, 3, 1, 8)


def test_fields_stand_from_the_top_bit_on_and_the_rest_is_zero() -> None:
    packed = FIELDS.pack(0b101, 1, 0b1111_0001)
    assert packed == 0b101_1_11110001_0000
    assert FIELDS.unpack(packed) == [0b101, 1, 0b1111_0001]
    assert (FIELDS.rest(packed), FIELDS.rest(packed | 0b1010)) == (0, 0b1010)


@pytest.mark.parametrize(
    ("values", "what"),
    [((8, 0, 0), "8 does not fit 3 bits"), ((0, 2, 0), "2 does not fit 1 bits"), ((0, 0, 256), "256 does not fit 8")],
)
def test_what_is_too_large_is_named(values: tuple[int, ...], what: str) -> None:
    with pytest.raises(LayoutFault, match=what):
        FIELDS.pack(*values)


@pytest.mark.parametrize("place", range(3))
def test_nothing_negative_fits(place: int) -> None:
    with pytest.raises(LayoutFault, match="-1 does not fit"):
        FIELDS.pack(*(-1 if place == at else 0 for at in range(3)))


@pytest.mark.parametrize("values", [(), (1, 1), (1, 1, 1, 1)])
def test_a_block_has_as_many_values_as_fields(values: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="3 fields"):
        FIELDS.pack(*values)


def test_a_check_holds_for_its_own_16_bytes_only() -> None:
    block = sealed(0x23_29BE_2404_DC30_3614 << 40)
    assert block.hex(" ").upper() == "23 29 BE 24 04 DC 30 36 14 00 00 00 00 00 CB 4C"
    assert whole(block)
    assert not whole(block[:-1]) and not whole(block + b"\0") and not whole(bytes(16))
    for bit in range(128):
        flipped = int.from_bytes(block, "big") ^ 1 << bit
        assert not whole(flipped.to_bytes(16, "big"))
