from datetime import date

import pytest
from hypothesis import given

from cardimage import lite_s
from cardimage.felica_card import FelicaCard
from cardimage.issue import NUMBER_PREFIXES, issue, made_up_number
from cardimage.layout.bits import LayoutFault
from cardimage.layout.blocks import BANKS
from cardimage.layout.conditions import decode_account
from cardimage.layout.number import decode_number, encode_number
from cardimage.layout.variants import VARIANTS
from cardimage.resolve import Standing, standing
from tariff.account import Account, HolderKind
from tests.cardimage.accounts import IDM, accounts

ISSUED = date(2026, 11, 20)
PLAIN = Account("lococa", 2_000)


def blocks_of(account: Account) -> dict[int, bytes]:
    blocks = issue(IDM, account, "LC2611200042", ISSUED).lite_s_blocks()
    assert blocks is not None
    return blocks


@given(accounts)
def test_the_card_holds_the_account_it_was_made_for(account: Account) -> None:
    blocks = blocks_of(account)
    now = standing(blocks[0], blocks[1])
    assert isinstance(now, Standing)
    assert (now.place, now.slot.sequence, now.slot.bank) == (0, 0, 0)
    assert decode_account(now.slot, (blocks[3], blocks[4])) == account
    assert decode_number(blocks[2]) == ("LC2611200042", ISSUED)


def test_a_plain_card_has_empty_banks_and_no_history() -> None:
    blocks = blocks_of(PLAIN)
    assert all(blocks[block] == bytes(16) for bank in BANKS for block in bank)
    assert all(blocks[block] == bytes(16) for block in range(7, 14))


def test_a_card_with_conditions_has_them_in_the_first_bank() -> None:
    blocks = blocks_of(PLAIN._replace(holder=HolderKind.CHILD))
    assert blocks[3] != bytes(16)
    assert blocks[5] == blocks[6] == bytes(16)


def test_every_s_pad_is_protected() -> None:
    mc = blocks_of(PLAIN)[lite_s.MC]
    assert mc[2] != 0xFF  # system blocks locked
    assert mc[5] == 1  # but for keys, with MAC_A
    for block in range(14):
        assert int.from_bytes(mc[0:2], "little") >> block & 1  # can be written
        assert not int.from_bytes(mc[6:8], "little") >> block & 1  # read by all
        assert not int.from_bytes(mc[8:10], "little") >> block & 1  # no authentication of its own
        assert int.from_bytes(mc[10:12], "little") >> block & 1  # with MAC_A


@pytest.mark.parametrize("block", range(14))
def test_no_s_pad_of_an_issued_card_is_written_without_a_mac(block: int) -> None:
    image = issue(IDM, PLAIN, "LC1", ISSUED)
    blocks = image.lite_s_blocks()
    assert blocks is not None
    before = dict(blocks)
    frame = bytes.fromhex("20 08") + IDM + bytes.fromhex("01 09 00 01 80") + bytes((block,)) + b"\x55" * 16
    answer = FelicaCard(image, bytes(16)).process(frame)
    assert answer is not None
    assert answer[10:12] == bytes.fromhex("01 A8")
    assert blocks == before


@pytest.mark.parametrize("data", [bytes(16), b"\xff" * 16, bytes.fromhex("FFFF FF 00 07 01") + bytes(10)])
def test_nobody_without_the_key_opens_or_locks_an_issued_card(data: bytes) -> None:
    image = issue(IDM, PLAIN, "LC1", ISSUED)
    blocks = image.lite_s_blocks()
    assert blocks is not None
    before = dict(blocks)
    card = FelicaCard(image, bytes(16))
    for block in (lite_s.MC, lite_s.REG, lite_s.STATE):
        answer = card.process(bytes.fromhex("20 08") + IDM + bytes.fromhex("01 09 00 01 80") + bytes((block,)) + data)
        assert answer is not None
        assert answer[10:12] == bytes.fromhex("01 A8")
    assert blocks == before


def test_the_made_up_numbers_of_neighbouring_idms_are_two() -> None:
    numbers = [made_up_number("lococa", IDM[:-1] + bytes((last,))) for last in (0x96, 0x97)]
    assert numbers == ["LC2E4CD1A0B35796", "LC2E4CD1A0B35797"]
    assert NUMBER_PREFIXES.keys() == VARIANTS.keys()
    for scheme in VARIANTS:
        number = made_up_number(scheme, b"\xff" * 8)
        assert decode_number(encode_number(number, ISSUED)) == (number, ISSUED)


def test_the_image_says_that_it_is_simulated() -> None:
    assert issue(IDM, PLAIN, "LC1", ISSUED).simulated


@pytest.mark.parametrize(
    ("account", "number", "issued"),
    [
        (PLAIN._replace(stored_fare_yen=32_768), "LC1", ISSUED),
        (PLAIN._replace(stored_fare_yen=-1), "LC1", ISSUED),
        (PLAIN._replace(expires=date(2048, 6, 5)), "LC1", ISSUED),
        (PLAIN._replace(scheme="suica"), "LC1", ISSUED),
        (PLAIN._replace(scheme="noruca"), "NO1", ISSUED),
        (PLAIN, "lc1", ISSUED),
        (PLAIN, "LC1", date(2015, 12, 31)),
    ],
)
def test_what_does_not_fit_is_a_fault(account: Account, number: str, issued: date) -> None:
    with pytest.raises(LayoutFault):
        issue(IDM, account, number, issued)
