from datetime import date

import pytest

from cardimage.image import CardImage
from cardimage.issue import issue
from reader.image_port import ImageReader, ImageSession
from reader.port import CardLost, NoCard, Written
from tariff.account import Account
from tests.cardimage.accounts import IDM

OTHER = bytes.fromhex("01 2E 00 00 00 00 00 02")


def card(idm: bytes = IDM) -> CardImage:
    return issue(idm, Account("lococa", 2_000), "LC1", date(2026, 11, 20))


def test_only_a_card_that_can_be_tapped_is_laid() -> None:
    reader = ImageReader()
    with pytest.raises(ValueError, match="Lite-S"):
        reader.lay(CardImage(IDM, bytes(8), {0x0003: {}}, simulated=False))
    assert reader.wait() == NoCard()


def test_a_session_is_of_its_card_alone() -> None:
    reader = ImageReader()
    first, second = card(), card(OTHER)
    reader.lay(first)
    session = reader.wait()
    assert isinstance(session, ImageSession)
    reader.lay(second)
    assert session.read(0) == CardLost()
    assert session.write(0, bytes(16)) == CardLost()
    later = reader.wait()
    assert isinstance(later, ImageSession)
    assert later.idm == OTHER
    assert later.write(1, b"x" * 16) == Written()
    blocks = second.lite_s_blocks()
    assert blocks is not None
    assert blocks[1] == b"x" * 16
    untouched = first.lite_s_blocks()
    assert untouched is not None
    assert untouched[1] == bytes(16)


def test_the_reader_says_its_name() -> None:
    assert ImageReader().name == "image"
    assert ImageReader("image (boarding)").name == "image (boarding)"
