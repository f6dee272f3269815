"""A card issued, topped up, torn and given back through the real pyserial and nfcpy, at a simulated PN532 on a line."""

from collections.abc import Iterator
from random import Random

import pytest

from cardimage.felica_card import FelicaCard
from cardimage.image import blank_lite_s
from cardimage.lite_s import FACTORY_KEY
from centre.counter.carrying import settle
from centre.counter.desk import Blank, Laid, ReaderDesk, Seen
from centre.counter.models import ActState, CounterAct
from centre.counter.operations.cards import IssueRequest, prepare_issue
from centre.counter.operations.money import Back, RefundRequest, prepare_refund, prepare_top_up
from centre.counter.operations.values import Claim
from reader.keys import bench_keys
from reader.nfcpy_port import tty_port
from reader.port import ReaderFault, opened
from sim.hardware.field import CardField, Moment, Withdrawal
from sim.hardware.pn532 import Pn532
from tariff.refusal import Code, Refusal
from tariff.rulebook import Purse
from tests.centre.counter.stage import TARO, Stage, held_yen, idm_of, number_of, on_card_yen, till_yen

pytestmark = pytest.mark.django_db
NONE: frozenset[str] = frozenset()
COMMIT = 10
"""The commit's command: eight to look at the card, the row of history, the slot."""


@pytest.fixture
def field() -> CardField:
    return CardField()


@pytest.fixture
def desk(field: CardField) -> Iterator[ReaderDesk]:
    with Pn532(field) as chip:
        port = opened(tty_port(chip.path, sleep=lambda _s: None))
        yield ReaderDesk(port, bench_keys(), Random(3).randbytes)
        port.close()


def seen(laid: Laid) -> Seen:
    assert isinstance(laid, Seen), laid
    return laid


def test_ctr_1_a_card_at_a_reader_from_its_issue_to_its_refund(field: CardField, desk: ReaderDesk) -> None:
    stage = Stage()
    card = FelicaCard(blank_lite_s(idm_of(1)), FACTORY_KEY)
    field.lay(card)
    blank = desk.look()
    assert blank == Blank(idm_of(1))
    assert isinstance(blank, Blank)
    request = IssueRequest("general", number_of("lococa", 1), 2_000, TARO, consent=True)
    stage.done(prepare_issue(blank, request, stage.rulebook, stage.day), desk)
    assert (on_card_yen(seen(desk.look())), till_yen()) == (1_500, 2_000)

    field.lay(card, Withdrawal(COMMIT, Moment.AFTER))
    top_up = prepare_top_up(
        seen(desk.look()), stage.register(), Purse.STORED_FARE, 1_000, NONE, stage.rulebook, stage.day
    )
    torn = stage.do(top_up, desk)
    assert isinstance(torn, CounterAct)
    assert (torn.state, till_yen()) == (ActState.PENDING, 2_000)
    field.lay(card)
    settled = settle(desk, desk.look(), stage.now_s)
    assert settled is not None
    assert (settled.state, till_yen(), held_yen(1)) == (ActState.DONE, 3_000, 2_500)

    back = RefundRequest(Back.CARD, claim=Claim(TARO.kana_name, TARO.birth))
    refund = prepare_refund(seen(desk.look()), stage.register(), back, stage.rulebook, stage.day, 10_000)
    stage.done(refund, desk)
    assert (on_card_yen(seen(desk.look())), held_yen(1), till_yen()) == (0, 0, 220)


def test_what_is_no_card_of_ours_is_told(field: CardField, desk: ReaderDesk) -> None:
    assert desk.look() is None
    field.lay(FelicaCard(blank_lite_s(idm_of(1)), b"somebody's key.."))
    laid = desk.look()
    assert isinstance(laid, Refusal)
    assert laid.code is Code.WRONG_KEY
    field.lay_beside(FelicaCard(blank_lite_s(idm_of(2)), FACTORY_KEY))
    assert desk.look() == Refusal(Code.TWO_CARDS, "GEN-6")


def test_faults_7_a_reader_that_is_pulled_out_is_a_fault_and_no_card(field: CardField) -> None:
    with Pn532(field) as chip:
        port = opened(tty_port(chip.path, sleep=lambda _s: None))
        desk = ReaderDesk(port, bench_keys(), Random(3).randbytes)
    assert isinstance(desk.look(), ReaderFault)
    port.close()
