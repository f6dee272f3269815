import pytest

from cardimage.image import UNSTATED_SYSTEM, CardImage
from cardimage.transit.balance import Balance, attributes_of, balance_of, edy_yen
from tests.cardimage.transit.cards import NEVER_WRITTEN, attributes, image, row, suica


@pytest.mark.parametrize(
    ("card", "balance", "yen", "is_disputed"),
    [
        (suica(row(9, 830), row(8, 1_000), s008B={0: attributes(830)}), Balance(830, 830), 830, False),
        (suica(row(9, 830), s008B={0: attributes(840)}), Balance(830, 840), 830, True),
        (suica(row(9, 0), s008B={0: attributes(0)}), Balance(0, 0), 0, False),
        (suica(row(9, 0), s008B={0: attributes(10)}), Balance(0, 10), 0, True),
        (suica(row(9, 830)), Balance(830, None), 830, False),
        (suica(*NEVER_WRITTEN, s008B={0: attributes(500)}), Balance(None, 500), 500, False),
        (suica(row(8, 1_000), first=1, s008B={0: attributes(830)}), Balance(None, 830), 830, False),
        (suica(s008B={}), Balance(None, None), None, False),
        (image({}), Balance(None, None), None, False),
        (image({0x8FC1: {0x028F: {0: row(3, 410)}}}), Balance(410, None), 410, False),
        (image({UNSTATED_SYSTEM: {0x090F: {0: row(3, 420)}}}), Balance(420, None), 420, False),
    ],
)
def test_the_newest_row_is_surer_than_what_stands_beside_it(
    card: CardImage, balance: Balance, yen: int | None, is_disputed: bool
) -> None:
    found = balance_of(card)
    assert (found, found.yen, found.is_disputed) == (balance, yen, is_disputed)


def test_service_008b_tells_kind_and_update_number() -> None:
    found = attributes_of(suica(s008B={0: bytes.fromhex("0000000000000000 32 0000 AF01 00 012A")}))
    assert found is not None
    assert (found.kind, found.balance_yen, found.update) == (3, 0x01AF, 0x012A)


def test_edys_purse_begins_with_its_money() -> None:
    purse = bytes.fromhex("9E 01 02 00 4A 02 00 00 00 00 00 00 00 00 04 00")
    card = image({0xFE00: {0x1317: {0: purse}}})
    assert (edy_yen(card), balance_of(card).yen) == (0x2019E, None)
    assert edy_yen(image({0xFE00: {0x1317: {}}})) is None
