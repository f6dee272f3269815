"""Our simulated card under another's reader: nfcpy's own tag layer, which is proven on real cards."""

import logging
from collections.abc import Iterator
from datetime import date
from typing import Any

import nfc
import nfc.clf
import nfc.clf.pn532
import nfc.clf.transport
import nfc.tag
import nfc.tag.tt3_sony
import pytest

from cardimage.felica_card import FelicaCard
from cardimage.image import CardImage, blank_lite_s
from cardimage.issue import issue
from reader.keys import bench_keys
from sim.hardware.field import CardField, Moment, Withdrawal
from sim.hardware.pn532 import Pn532
from tariff.account import Account
from tests.cardimage.accounts import IDM

KEY = bench_keys().card_key(IDM)
NEW = bytes(range(0x10, 0x20))
FACTORY_KEY = bytes(16)


class Stock:
    """nfcpy as anyone uses it, in front of a simulated PN532."""

    def __init__(self) -> None:
        self.field = CardField()
        self._chip = Pn532(self.field)
        transport = nfc.clf.transport.TTY(self._chip.path)
        self.frontend = nfc.ContactlessFrontend()
        self.frontend.device = nfc.clf.pn532.init(transport)
        # nfcpy looks at the path for its own messages.
        self.frontend.device._path = transport.port

    def activate(self, image: CardImage, key: bytes, withdrawal: Withdrawal | None = None) -> Any:
        self.field.lay(FelicaCard(image, key), withdrawal)
        target = self.frontend.sense(nfc.clf.RemoteTarget("212F", sensf_req=bytearray.fromhex("00 88 B4 00 00")))
        assert target is not None
        return nfc.tag.activate(self.frontend, target)

    def close(self) -> None:
        self.frontend.close()
        self._chip.close()


@pytest.fixture
def stock(caplog: pytest.LogCaptureFixture) -> Iterator[Stock]:
    caplog.set_level(logging.CRITICAL, logger="nfc")
    opened = Stock()
    yield opened
    opened.close()


def issued() -> CardImage:
    return issue(IDM, Account("lococa", 2_000), "LC1", date(2026, 11, 20))


def block(image: CardImage, number: int) -> bytes:
    blocks = image.lite_s_blocks()
    assert blocks is not None
    return blocks[number]


def test_our_card_is_a_lite_s_to_it(stock: Stock) -> None:
    tag = stock.activate(issued(), KEY)
    assert type(tag) is nfc.tag.tt3_sony.FelicaLiteS
    assert tag.product == "FeliCa Lite-S (RC-S966)"
    assert bytes(tag.idm) == IDM


def test_it_proves_itself_with_the_card_key(stock: Stock) -> None:
    tag = stock.activate(issued(), KEY)
    assert tag.authenticate(KEY) is True
    assert tag.is_authenticated


def test_it_does_not_with_another(stock: Stock) -> None:
    image = issued()
    tag = stock.activate(image, KEY)
    assert tag.authenticate(bytes(range(16))) is False
    assert not tag.is_authenticated


def test_it_does_with_the_key_of_a_card_fresh_from_the_factory(stock: Stock) -> None:
    # Both halves of that key are alike, which not every Triple DES takes.
    tag = stock.activate(blank_lite_s(IDM), FACTORY_KEY)
    assert tag.authenticate(b"") is True


def test_it_reads_and_writes_with_mac(stock: Stock) -> None:
    image = issued()
    tag = stock.activate(image, KEY)
    assert tag.authenticate(KEY)
    assert bytes(tag.read_with_mac(0, 1)) == block(image, 0) + block(image, 1)
    tag.write_with_mac(NEW, 1)
    assert block(image, 1) == NEW
    assert bytes(tag.read_with_mac(1)) == NEW
    assert bytes(tag.read_without_mac(1)) == NEW


def test_it_is_refused_a_write_without_mac(stock: Stock) -> None:
    image = issued()
    tag = stock.activate(image, KEY)
    with pytest.raises(nfc.tag.tt3.Type3TagCommandError) as caught:
        tag.write_without_mac(NEW, 1)
    assert caught.value.errno == 0x01A8
    assert block(image, 1) == bytes(16)


def test_a_card_protected_by_it_is_protected(stock: Stock) -> None:
    image = blank_lite_s(IDM)
    tag = stock.activate(image, FACTORY_KEY)
    password = "sixteen letters!"
    assert tag.protect(password) is True
    assert block(image, 0x86)[:2] == bytes.fromhex("01 00")
    with pytest.raises(nfc.tag.tt3.Type3TagCommandError):
        tag.write_without_mac(NEW, 5)
    assert tag.authenticate(password.encode()) is True
    tag.write_with_mac(NEW, 5)
    assert block(image, 5) == NEW


def test_it_dumps_the_card(stock: Stock) -> None:
    image = issued()
    dump = "\n".join(stock.activate(image, KEY).dump())
    assert block(image, 0).hex(" ") in dump
    assert "WCNT" in dump


def test_it_needs_nine_commands_where_we_need_four(stock: Stock) -> None:
    """Polling; RC, ID and MAC, WCNT, STATE, STATE; a read; WCNT, a write. Ours: test_a_boarding_takes_four_commands."""
    tag = stock.activate(issued(), KEY)
    assert stock.field.commands == 1
    assert tag.authenticate(KEY)
    assert stock.field.commands == 6
    tag.read_with_mac(0, 1)
    assert stock.field.commands == 7
    tag.write_with_mac(NEW, 1)
    assert stock.field.commands == 9


def test_it_repeats_a_write_whose_answer_is_lost(stock: Stock) -> None:
    """Why we go below its tag layer: the write was done, the repeat is refused, and the caller hears an error."""
    image = issued()
    tag = stock.activate(image, KEY, Withdrawal(8, Moment.ANSWER_LOST))
    assert tag.authenticate(KEY)
    with pytest.raises(nfc.tag.tt3.Type3TagCommandError) as caught:
        tag.write_with_mac(NEW, 1)
    assert caught.value.errno == 0x02B2
    assert block(image, 1) == NEW
    assert stock.field.commands == 9  # six, WCNT, the write and its repeat
