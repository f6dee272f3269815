"""Taps and faults through real pyscard, pcscd and vpcd: the terminal's own way to the reader, and what breaks it."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from cardimage.felica_card import FelicaCard
from cardimage.issue import issue
from reader.drivers import frame_port
from reader.felica import FelicaReader, LiteSSession, read_command
from reader.keys import bench_keys
from reader.port import CardLost, FramePort, NoCard, Polled, ReaderFault, Written, opened
from reader.watchdog import WatchedPort
from sim.hardware.field import Moment, Withdrawal
from sim.hardware.pcsc import ATR, GET_IDM
from tariff.account import Account
from tests.cardimage.accounts import IDM
from tests.contract.rigs import opened_within, soon
from tests.pcsc.daemon import READER, NoticedField
from tests.reader.outcomes import good

pytestmark = pytest.mark.pcsc

SYSTEM = 0x88B4
READ = read_command(IDM, (0x85,))


def a_card() -> FelicaCard:
    image = issue(IDM, Account("lococa", 2_000), "LC1", date(2026, 11, 20))
    return FelicaCard(image, bench_keys().card_key(IDM))


@pytest.fixture
def port() -> Iterator[FramePort]:
    made = frame_port(f"pcsc:{READER}")
    yield made
    made.close()


def test_a_tap_in_the_readers_own_process(noticed: NoticedField) -> None:
    port = opened_within(WatchedPort(f"pcsc:{READER}"))
    card = a_card()
    noticed.lay(card)
    session = FelicaReader(port, bench_keys(), bytes).wait()
    assert isinstance(session, LiteSSession)
    good(session.open(0, 1))
    assert session.write(1, b"x" * 16) == Written()
    assert noticed.commands == 4
    port.close()
    blocks = card.image.lite_s_blocks()
    assert blocks is not None
    assert blocks[1] == b"x" * 16


def test_the_next_passenger_is_served_after_a_card_was_torn_away(noticed: NoticedField, port: FramePort) -> None:
    reader = FelicaReader(opened(port), bench_keys(), bytes)
    noticed.lay(a_card(), Withdrawal(2, Moment.BEFORE))
    session = reader.wait()
    assert isinstance(session, LiteSSession)
    assert session.open(0, 1) == CardLost()
    assert reader.wait() == NoCard()
    noticed.lay(a_card())
    session = reader.wait()
    assert isinstance(session, LiteSSession)
    good(session.open(0, 1))


def connected_by_another(scard: Any) -> tuple[Any, Any]:
    context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)[1]
    status, card, _ = scard.SCardConnect(context, READER, scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_T1)
    assert status == 0
    return context, card


def test_another_program_has_the_card(noticed: NoticedField, port: FramePort) -> None:
    from smartcard import scard  # noqa: PLC0415

    noticed.lay(a_card())
    opened(port)
    context, card = connected_by_another(scard)
    outcome = port.poll((SYSTEM,))
    assert isinstance(outcome, ReaderFault)
    assert "close that program" in outcome.what
    scard.SCardDisconnect(card, scard.SCARD_LEAVE_CARD)
    scard.SCardReleaseContext(context)
    assert isinstance(port.poll((SYSTEM,)), Polled)


def test_any_program_sees_a_felica_card(noticed: NoticedField) -> None:
    from smartcard import scard  # noqa: PLC0415

    noticed.lay(a_card())
    context, card = connected_by_another(scard)
    assert bytes(scard.SCardStatus(card)[4]) == ATR
    status, answer = scard.SCardTransmit(card, scard.SCARD_PCI_T1, list(GET_IDM))
    assert (status, bytes(answer)) == (0, IDM + b"\x90\x00")
    scard.SCardDisconnect(card, scard.SCARD_LEAVE_CARD)
    scard.SCardReleaseContext(context)


def test_the_line_to_the_reader_breaks_and_comes_back(noticed: NoticedField, port: FramePort) -> None:
    """PC/SC says that the transmission failed, and has the reader still: so it was the card that is gone."""
    opened(port)
    noticed.lay(a_card())
    assert isinstance(port.poll((SYSTEM,)), Polled)
    noticed.break_line()
    assert port.transceive(READ, 0.05) == CardLost()
    assert isinstance(port.poll((SYSTEM,), soon()), Polled)
