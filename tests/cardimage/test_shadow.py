"""Shadows (模擬): what stands on the bench for a recorded card of another scheme (IGP-2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardimage import lite_s
from cardimage.image import CardImage, blank_lite_s, dump, load
from cardimage.layout.bits import LayoutFault
from cardimage.layout.conditions import decode_account
from cardimage.layout.number import decode_number
from cardimage.layout.variants import SHADOWS
from cardimage.resolve import Standing, standing
from cardimage.shadow import shadow_of
from farebox.feed.operators import load_operators
from tariff.account import Account
from tests.cardimage.test_issue import blocks_of

IDM = bytes.fromhex("01 10 3D 00 11 22 33 44")
RECORDED = CardImage(IDM, bytes.fromhex("100B4B428485D0FF"), {0x0003: {0x008B: {0: bytes(16)}}}, simulated=False)


def held(image: CardImage) -> Account:
    blocks = image.lite_s_blocks()
    assert blocks is not None
    now = standing(blocks[0], blocks[1])
    assert isinstance(now, Standing)
    account = decode_account(now.slot, None)
    assert isinstance(account, Account)
    return account


@given(st.sampled_from(sorted(SHADOWS)), st.integers(0, 32_767))
def test_a_shadow_holds_the_balance_under_the_schemes_name(scheme: str, balance_yen: int) -> None:
    assert held(shadow_of(RECORDED, scheme, balance_yen)) == Account(scheme, balance_yen)


def test_a_shadow_says_that_it_is_simulated_and_has_the_cards_idm() -> None:
    shadow = shadow_of(RECORDED, "suica", 1_280)
    assert (shadow.simulated, shadow.idm) == (True, IDM)
    again = load(dump(shadow), "shadow.card.cbor")
    assert again.simulated
    assert held(again) == Account("suica", 1_280)


def test_a_shadow_has_no_number_and_is_protected_as_a_card_is() -> None:
    blocks = shadow_of(RECORDED, "suica", 1_280).lite_s_blocks()
    assert blocks is not None
    assert decode_number(blocks[2]) is None
    assert blocks[lite_s.MC] == blocks_of(Account("lococa", 0))[lite_s.MC]


def test_the_recorded_card_stays_as_it_is() -> None:
    before = {
        code: {service: dict(blocks) for service, blocks in services.items()}
        for code, services in RECORDED.systems.items()
    }
    shadow_of(RECORDED, "suica", 1_280)
    assert (RECORDED.systems, RECORDED.simulated) == (before, False)


def test_every_scheme_that_an_operator_accepts_has_a_shadow() -> None:
    accepted = {scheme for book in load_operators().rulebooks for scheme in book.accepted_schemes}
    assert accepted == SHADOWS.keys()


@pytest.mark.parametrize(
    ("image", "scheme", "balance_yen", "said"),
    [
        (RECORDED, "octopus", 100, "no shadow of a card of octopus; there are suica, "),
        (RECORDED, "lococa", 100, "no shadow of a card of lococa"),
        (RECORDED, "suica", -1, "-1 does not fit 15 bits"),
        (RECORDED, "suica", 32_768, "32768 does not fit 15 bits"),
        (blank_lite_s(IDM), "suica", 100, "tapped itself, not as a shadow"),
    ],
)
def test_what_can_have_no_shadow(image: CardImage, scheme: str, balance_yen: int, said: str) -> None:
    with pytest.raises(LayoutFault, match=said):
        shadow_of(image, scheme, balance_yen)
