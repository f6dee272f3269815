from datetime import date

import pytest

from cardimage.image import UNSTATED_SYSTEM, CardImage, blank_lite_s
from cardimage.issue import issue
from cardimage.transit.brand import NAMES, Brand, guess_brand
from tariff.account import Account
from tests.cardimage.transit.cards import IDM, attributes, image, row, suica

BENCH = issue(IDM, Account("lococa", 2_000), "LC2611200042", date(2026, 11, 20))


def noruca(first: bytes) -> CardImage:
    return image({0x8B43: {0x804B: {0: first + bytes(14)}}})


def lite_s_of_others() -> CardImage:
    card = blank_lite_s(IDM)
    card.systems[0x88B4][0x0009][13] = bytes(15) + b"\1"
    return card


@pytest.mark.parametrize(
    ("card", "brand", "why"),
    [
        (BENCH, Brand.BENCH, "system 88B4, and a slot of our layout"),
        (blank_lite_s(IDM), Brand.BLANK, "every S_PAD is zero"),
        (lite_s_of_others(), Brand.LITE_S, "no slot of our layout"),
        (image({0x88B4: {0x0009: {0: bytes(16)}}}), Brand.LITE_S, "no slot of our layout"),
        (noruca(b"\x0f\xc9"), Brand.NORUCA, "804B begins with 0FC9"),
        (noruca(b"\x0f\xca"), Brand.AIZU_NORUCA, "804B begins with 0FCA"),
        (noruca(b"\x0f\xcb"), Brand.NORUCA_FAMILY, "804B begins with 0FCB"),
        (image({0x8B43: {0x804B: {}}}), Brand.NORUCA_FAMILY, "not recorded"),
        (image({0x0003: {}, 0x86A7: {}, 0xFE00: {}}), Brand.REGIONAL, "0003 + 86A7 + FE00"),
        (image({0x0003: {}, 0xFE00: {}}), Brand.SUICA_LAYOUT, "008B is not recorded"),
        (image({0x865E: {}, 0x0003: {}}), Brand.SAPICA, "865E"),
        (image({0x8FC1: {0x028F: {0: row()}}}), Brand.OKICA, "8FC1"),
        (suica(s008B={0: attributes(0, kind=2)}), Brand.SUICA_FAMILY, "system 0003, and service 008B is of kind 2"),
        (suica(s008B={0: attributes(0, kind=3)}), Brand.ICOCA, "of kind 3"),
        (suica(s008B={0: attributes(0, kind=5)}), Brand.SUICA_LAYOUT, "of kind 5"),
        (image({UNSTATED_SYSTEM: {0x008B: {0: attributes(0)}}}), Brand.SUICA_FAMILY, "not stated"),
        (image({0x8092: {}, 0xFE00: {0x1317: {}}}), Brand.EDY, "1317"),
        (image({0x0003: {0x008B: {0: attributes(0)}}, 0xFE00: {0x1317: {}}}), Brand.SUICA_FAMILY, "of kind 2"),
        (image({0x8008: {}}), Brand.OCTOPUS, "8008"),
        (image({0x1234: {}, 0xFE00: {}}), Brand.UNKNOWN, "systems 1234, FE00"),
        (image({UNSTATED_SYSTEM: {0x1234: {}}}), Brand.UNKNOWN, "systems FFFF"),
        (image({}), Brand.UNKNOWN, "systems -"),
    ],
)
def test_a_card_is_what_it_shows_and_the_guess_says_why(card: CardImage, brand: Brand, why: str) -> None:
    guess = guess_brand(card)
    assert guess.brand is brand
    assert why in guess.why.en


def test_every_brand_has_a_name() -> None:
    assert set(NAMES) == set(Brand)
