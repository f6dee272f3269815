"""The memory configuration: what it lets be written, what is set at issue, and that nothing is ever taken back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardimage.felica_card import FelicaCard
from cardimage.image import blank_lite_s
from cardimage.protection import (
    Access,
    Protection,
    access,
    asks_authentication,
    can_restrict,
    has_read_only_pads,
    holds,
    protected,
    system_is_open,
)
from tests.cardimage.accounts import IDM

CK, CKV = 0x87, 0x86
BOUGHT = bytes.fromhex("FF FF FF 00 07 00 00 00 00 00 00 00 00 00 00 00")
BENCH = bytes.fromhex("FF FF 00 00 07 01 00 00 00 00 00 00 00 00 00 00")
LOCKED = bytes.fromhex("FF 3F 00 00 07 01 00 00 00 00 FF 3F 01 00 00 00")

configurations = st.builds(
    lambda rw, closed, radio, key, rest: rw + bytes((closed, 0, radio, key)) + rest + bytes(3),
    st.sampled_from((b"\xff\xff", b"\xff\x3f", b"\xfb\xff")) | st.binary(min_size=2, max_size=2),
    st.sampled_from((0x00, 0xFF)),
    st.integers(0, 7),
    st.integers(0, 1),
    st.just(bytes(7)) | st.binary(min_size=7, max_size=7),
)


@pytest.mark.parametrize(
    ("mc", "block", "how"),
    [
        (BOUGHT, 0, Access.PLAIN),
        (BOUGHT, CK, Access.PLAIN),
        (BENCH, 13, Access.PLAIN),
        (BENCH, CK, Access.WITH_MAC),
        (BENCH, CKV, Access.WITH_MAC),
        (LOCKED, 0, Access.WITH_MAC),
        (LOCKED, 13, Access.WITH_MAC),
        (LOCKED, 0x0E, Access.NEVER),  # REG
        (LOCKED, CK, Access.WITH_MAC),
        # byte 5 clear: the key is fixed
        (bytes.fromhex("FF FF 00 00 07 00") + bytes(10), CK, Access.NEVER),
        # byte 5 set before the system is closed
        (bytes.fromhex("FF FF FF 00 07 01") + bytes(10), CK, Access.WITH_MAC),
        # S_PAD8 read-only, its MAC bit notwithstanding
        (bytes.fromhex("FF FE FF 00 07 00 00 00 00 00 00 01 00 00 00 00"), 8, Access.NEVER),
        (bytes.fromhex("FF FF FF 00 07 00 00 00 00 00 00 01 00 00 00 00"), 8, Access.WITH_MAC),
        (bytes.fromhex("FF FF FF 00 07 00 00 00 00 00 00 01 00 00 00 00"), 7, Access.PLAIN),
    ],
)
def test_how_a_block_is_written(mc: bytes, block: int, how: Access) -> None:
    assert access(mc, block) is how


@pytest.mark.parametrize(
    ("mc", "protection", "becomes"),
    [
        (BOUGHT, Protection.BENCH, BENCH),
        (BOUGHT, Protection.LOCKED, LOCKED),
        (BENCH, Protection.LOCKED, LOCKED),
        (LOCKED, Protection.BENCH, LOCKED),
        (LOCKED, Protection.LOCKED, LOCKED),
    ],
)
def test_what_protecting_comes_to(mc: bytes, protection: Protection, becomes: bytes) -> None:
    assert protected(mc, protection) == becomes
    assert holds(becomes, protection)


@pytest.mark.parametrize(
    ("mc", "protection"),
    [
        (BOUGHT, Protection.BENCH),
        (BOUGHT, Protection.LOCKED),
        (BENCH, Protection.LOCKED),
        # one S_PAD is written without MAC_A
        (bytes.fromhex("FF 3F 00 00 07 01 00 00 00 00 FE 3F 01 00 00 00"), Protection.LOCKED),
        # anyone may lock more
        (bytes.fromhex("FF BF 00 00 07 01 00 00 00 00 FF 3F 01 00 00 00"), Protection.LOCKED),
        # REG is open
        (bytes.fromhex("FF 7F 00 00 07 01 00 00 00 00 FF 3F 01 00 00 00"), Protection.LOCKED),
    ],
)
def test_what_is_not_protected_is_not_said_to_be(mc: bytes, protection: Protection) -> None:
    assert not holds(mc, protection)


def test_what_a_card_tells_of_itself() -> None:
    assert [system_is_open(mc) for mc in (BOUGHT, BENCH, LOCKED)] == [True, False, False]
    assert [can_restrict(mc) for mc in (BOUGHT, BENCH, LOCKED)] == [True, True, False]
    assert not any(has_read_only_pads(mc) or asks_authentication(mc) for mc in (BOUGHT, BENCH, LOCKED))
    assert has_read_only_pads(b"\xff\xdf" + BOUGHT[2:])
    assert not has_read_only_pads(b"\xff\xbf" + BOUGHT[2:])  # REG
    assert asks_authentication(BOUGHT[:7] + b"\x20" + BOUGHT[8:])
    assert asks_authentication(BOUGHT[:8] + b"\x01" + BOUGHT[9:])
    assert not asks_authentication(BOUGHT[:9] + b"\x40" + BOUGHT[10:])  # REG


@given(configurations, st.sampled_from(Protection))
def test_the_simulated_card_comes_to_the_same(mc: bytes, protection: Protection) -> None:
    image = blank_lite_s(IDM)
    blocks = image.lite_s_blocks()
    assert blocks is not None
    blocks[0x88] = mc
    aim = protected(mc, protection)
    head = bytes.fromhex("20 08") + IDM + bytes.fromhex("01 09 00 01 80 88")
    answer = FelicaCard(image, bytes(16)).process(head + aim)
    assert answer is not None
    assert blocks[0x88] == aim
    assert protected(aim, protection) == aim


@given(configurations, st.sampled_from(Protection))
def test_a_protection_never_opens_anything(mc: bytes, protection: Protection) -> None:
    aim = protected(mc, protection)
    order = (Access.PLAIN, Access.WITH_MAC, Access.NEVER)
    for block in range(15):
        assert order.index(access(aim, block)) >= order.index(access(mc, block))
    assert not system_is_open(aim)
