"""The PC/SC port where PC/SC itself fails: no service, no reader, somebody else's, gone in the middle.

The contract that it shares with every other driver is held in tests/pcsc/.
"""

from collections.abc import Iterator
from datetime import date

import pytest

from cardimage.felica_card import FelicaCard
from cardimage.issue import issue
from reader.drivers import frame_port
from reader.felica import FelicaReader, LiteSSession, read_command
from reader.keys import bench_keys
from reader.pcsc_port import PcscPort, Scard, Status
from reader.port import CardLost, Health, Indeterminate, NoCard, Polled, ReaderFault
from reader.transparent import Dialect
from sim.hardware.field import Moment, Withdrawal
from sim.hardware.pcsc import ContactlessReader, SensedField
from tariff.account import Account
from tests.cardimage.accounts import IDM
from tests.pcsc.fake_scard import FakeScard
from tests.reader.outcomes import good

RC_S300, SAM, OTHER = "SONY FeliCa RC-S300/P (1234567) 00 00", "Some Reader SAM 00 01", "Some Reader PICC 00 00"
SYSTEM = 0x88B4
HERE = Polled(IDM, bytes.fromhex("00 F1 00 00 00 01 43 00"), SYSTEM)
READ = read_command(IDM, (0x85,))


def a_card() -> FelicaCard:
    image = issue(IDM, Account("lococa", 2_000), "LC1", date(2026, 11, 20))
    return FelicaCard(image, bench_keys().card_key(IDM))


@pytest.fixture
def field() -> SensedField:
    return SensedField()


@pytest.fixture
def scard(field: SensedField) -> FakeScard:
    return FakeScard({RC_S300: ContactlessReader(field)})


@pytest.fixture
def port(scard: FakeScard) -> Iterator[PcscPort]:
    port = PcscPort(load=lambda: scard, sleep=lambda _: None)
    yield port
    scard.raises.clear()
    scard.fails.clear()
    port.close()
    assert not scard.contexts
    assert not scard.cards


def told(outcome: object) -> str:
    assert isinstance(outcome, ReaderFault)
    assert outcome.reader.startswith("pcsc")
    return outcome.what


# -- opening


def test_the_driver_is_known_by_name() -> None:
    assert frame_port("pcsc").name == "pcsc"
    assert frame_port("pcsc:RC-S300").name == "pcsc:RC-S300"


def test_without_pyscard_the_fault_says_how_to_install_it() -> None:
    def load() -> Scard:
        raise ModuleNotFoundError("No module named 'smartcard'")

    what = told(PcscPort(load=load).open())
    assert "No module named 'smartcard'" in what
    assert "make pcsc-deps" in what
    assert "farebox[pcsc]" in what


@pytest.mark.parametrize(
    ("call", "status", "fix"),
    [
        ("establish", Status.NO_SERVICE, "systemctl start pcscd"),
        ("establish", Status.SERVICE_STOPPED, "systemctl start pcscd"),
        ("establish", Status.ACCESS_DENIED, "polkit"),
        ("list", Status.NO_READERS, "plug it in"),
        ("list", Status.NO_SERVICE, "systemctl start pcscd"),
    ],
)
def test_what_opening_meets_is_told_with_its_fix(
    scard: FakeScard, port: PcscPort, call: str, status: Status, fix: str
) -> None:
    scard.fails[call] = status
    what = told(port.open())
    assert fix in what
    assert f"0x{status:08X}" in what
    assert not scard.contexts
    scard.fails.clear()
    assert port.open() is None


def test_a_signed_status_is_the_same_status(scard: FakeScard, port: PcscPort) -> None:
    scard.fails["establish"] = Status.NO_SERVICE - (1 << 32)
    assert "0x8010001D" in told(port.open())


@pytest.mark.parametrize(("which", "chosen"), [("rc-s300", RC_S300), ("PICC", OTHER), ("SAM", SAM)])
def test_a_part_of_the_name_chooses_the_reader(scard: FakeScard, field: SensedField, which: str, chosen: str) -> None:
    scard.readers |= {OTHER: ContactlessReader(field), SAM: ContactlessReader(field)}
    port = PcscPort(which, lambda: scard)
    assert port.open() is None
    assert port.health() == Health(chosen)


@pytest.mark.parametrize(
    ("which", "says"),
    [("", "more than one"), ("Some Reader", "more than one"), ("RC-S380", "no PC/SC reader has 'RC-S380'")],
)
def test_a_choice_that_is_none_names_the_readers(scard: FakeScard, field: SensedField, which: str, says: str) -> None:
    scard.readers |= {OTHER: ContactlessReader(field), SAM: ContactlessReader(field)}
    what = told(PcscPort(which, lambda: scard).open())
    assert says in what
    assert OTHER in what
    assert SAM in what
    assert not scard.contexts


# -- looking


@pytest.mark.parametrize(
    "status",
    [
        Status.NO_CARD,
        Status.CARD_REMOVED,
        Status.CARD_UNRESPONSIVE,
        Status.CARD_UNPOWERED,
        Status.CARD_RESET,
        Status.NOT_TRANSACTED,
    ],
)
@pytest.mark.parametrize("call", ["connect", "transmit"])
def test_a_card_that_slips_away_while_being_connected_is_no_card(
    scard: FakeScard, port: PcscPort, field: SensedField, call: str, status: Status
) -> None:
    field.lay(a_card())
    assert port.open() is None
    scard.fails[call] = status
    assert port.poll((SYSTEM,)) == NoCard()
    assert not scard.cards
    scard.fails.clear()
    assert port.poll((SYSTEM,)) == HERE


def test_another_programs_reader_is_a_fault_with_a_fix(scard: FakeScard, port: PcscPort, field: SensedField) -> None:
    field.lay(a_card())
    assert port.open() is None
    scard.fails["connect"] = Status.SHARING_VIOLATION
    assert "close that program" in told(port.poll((SYSTEM,)))


def test_no_card_of_ours_gives_the_field_back_to_the_firmware(
    scard: FakeScard, port: PcscPort, field: SensedField
) -> None:
    field.lay(a_card())
    assert port.open() is None
    assert port.poll((0x0003,)) == NoCard()
    assert scard.commands[-1] == bytes.fromhex("FF C2 00 00 02 82 00 00")
    assert not scard.cards
    field.lift()
    assert port.poll((SYSTEM,)) == NoCard()


def test_a_reader_that_only_speaks_sonys_dialect_is_spoken_to_in_it(field: SensedField) -> None:
    scard = FakeScard({RC_S300: ContactlessReader(field, Dialect.SONY)})
    port = PcscPort(load=lambda: scard)
    field.lay(a_card())
    assert port.open() is None
    assert port.poll((SYSTEM,)) == HERE
    assert [command[1] for command in scard.commands] == [0xC2, 0x50, 0x50, 0x50]


def test_a_reader_without_transparent_session_is_a_fault_that_says_so(
    scard: FakeScard, port: PcscPort, field: SensedField
) -> None:
    field.lay(a_card())
    assert port.open() is None
    scard.spoil = lambda _: b"\x6a\x81"
    what = told(port.poll((SYSTEM,)))
    assert "refuses a transparent session" in what
    assert "6A81, 6A81" in what
    assert not scard.cards


def test_a_session_whose_protocol_is_refused_is_ended(scard: FakeScard, port: PcscPort, field: SensedField) -> None:
    field.lay(a_card())
    assert port.open() is None
    scard.spoil = lambda answer: b"\x6a\x81" if scard.commands[-1][3] == 2 else answer
    told(port.poll((SYSTEM,)))
    field.lift()
    assert not scard.readers[RC_S300].has_card


def test_a_look_goes_on_until_the_deadline(scard: FakeScard, field: SensedField) -> None:
    now_s = [0.0]

    def sleep(seconds: float) -> None:
        now_s[0] += seconds
        if now_s[0] > 0.5:
            field.lay(a_card())

    port = PcscPort(load=lambda: scard, clock=lambda: now_s[0], sleep=sleep)
    assert port.open() is None
    assert port.poll((SYSTEM,), deadline_s=0.4) == NoCard()
    assert 0.4 <= now_s[0] < 0.5
    assert port.poll((SYSTEM,), deadline_s=9.0) == HERE
    assert now_s[0] < 0.6


# -- in the middle of a session


@pytest.mark.parametrize("status", [Status.CARD_REMOVED, Status.NO_CARD, Status.CARD_RESET, Status.NOT_TRANSACTED])
def test_a_card_taken_from_a_session_is_lost(
    scard: FakeScard, port: PcscPort, field: SensedField, status: Status
) -> None:
    field.lay(a_card())
    assert port.open() is None
    assert port.poll((SYSTEM,)) == HERE
    scard.fails["transmit"] = status
    assert port.transceive(READ, 0.05) == CardLost()
    scard.fails.clear()
    assert port.transceive(READ, 0.05) == CardLost()
    assert port.poll((SYSTEM,)) == HERE


def test_a_reader_unplugged_in_a_session_is_a_fault_until_it_is_back(
    scard: FakeScard, port: PcscPort, field: SensedField
) -> None:
    field.lay(a_card())
    assert port.open() is None
    assert port.poll((SYSTEM,)) == HERE
    unplugged = scard.readers.pop(RC_S300)
    assert "plug it in" in told(port.transceive(READ, 0.05))
    assert "plug it in" in told(port.health())
    port.close()
    assert "plug it in" in told(port.open())
    unplugged.power_off()
    scard.readers[RC_S300] = unplugged
    assert port.open() is None
    assert port.poll((SYSTEM,)) == HERE


def test_a_service_that_ends_in_a_session_is_a_fault(scard: FakeScard, port: PcscPort, field: SensedField) -> None:
    field.lay(a_card())
    assert port.open() is None
    assert port.poll((SYSTEM,)) == HERE
    for call in ("transmit", "state", "connect"):
        scard.fails[call] = Status.NO_SERVICE
    assert "systemctl start pcscd" in told(port.transceive(READ, 0.05))
    assert "systemctl start pcscd" in told(port.health())
    assert "systemctl start pcscd" in told(port.field_off())
    assert "systemctl start pcscd" in told(port.poll((SYSTEM,)))


def test_whatever_pyscard_raises_is_a_fault(scard: FakeScard, port: PcscPort, field: SensedField) -> None:
    scard.raises["establish"] = OverflowError("can't convert")
    assert told(port.open()) == "OverflowError can't convert"
    scard.raises.clear()
    field.lay(a_card())
    assert port.open() is None
    assert port.poll((SYSTEM,)) == HERE
    for call in ("connect", "transmit", "state"):
        scard.raises[call] = SystemError()
    assert told(port.transceive(READ, 0.05)) == "SystemError"
    assert told(port.health()) == "SystemError"
    assert told(port.field_off()) == "SystemError"
    assert told(port.poll((SYSTEM,))) == "SystemError"


@pytest.mark.parametrize("said", ["", "6F 00", "97 05 00 90 00", "C0 03 00 6A 80 90 00"])
def test_an_answer_of_the_reader_that_makes_no_sense_is_a_fault(
    scard: FakeScard, port: PcscPort, field: SensedField, said: str
) -> None:
    field.lay(a_card())
    assert port.open() is None
    assert port.poll((SYSTEM,)) == HERE
    scard.spoil = lambda _: bytes.fromhex(said)
    assert "did not pass a frame on" in told(port.transceive(READ, 0.05))


# -- a card's session on top of it


def test_a_tap_is_written_and_a_torn_one_is_indeterminate(port: PcscPort, field: SensedField) -> None:
    reader = FelicaReader(port, bench_keys(), bytes)
    assert port.open() is None
    card = a_card()
    field.lay(card, Withdrawal(5, Moment.AFTER))
    session = reader.wait()
    assert isinstance(session, LiteSSession)
    good(session.open(0, 1))
    assert not isinstance(session.write(1, b"x" * 16), Indeterminate)
    assert session.write(1, b"y" * 16) == Indeterminate(1)
    blocks = card.image.lite_s_blocks()
    assert blocks is not None
    assert blocks[1] == b"y" * 16
    assert reader.wait() == NoCard()


def test_two_cards_drown_each_other_out_or_the_session_stays_with_the_first(port: PcscPort, field: SensedField) -> None:
    """One answer is all the reader passes on: it can't tell two cards, but each command names its IDm (GEN-6)."""
    other = bytes.fromhex("01 2E 00 00 00 00 00 02")
    image = issue(other, Account("lococa", 500), "LC2", date(2026, 11, 20))
    field.lay(a_card())
    assert port.open() is None
    assert port.poll((SYSTEM,)) == HERE
    field.lay_beside(FelicaCard(image, bench_keys().card_key(other)))
    answer = port.transceive(READ, 0.05)
    assert isinstance(answer, bytes)
    assert answer[2:10] == IDM
    assert port.poll((SYSTEM,)) == NoCard()


def test_field_off_ends_the_session_and_lets_the_firmware_look_again(
    scard: FakeScard, port: PcscPort, field: SensedField
) -> None:
    field.lay(a_card())
    assert port.open() is None
    assert port.poll((SYSTEM,)) == HERE
    assert port.field_off() is None
    assert not scard.cards
    field.lift()
    assert not scard.readers[RC_S300].has_card


def test_field_off_for_a_card_that_is_gone_is_no_fault(scard: FakeScard, port: PcscPort, field: SensedField) -> None:
    field.lay(a_card())
    assert port.open() is None
    assert port.poll((SYSTEM,)) == HERE
    scard.fails["transmit"] = Status.CARD_REMOVED
    assert port.field_off() is None
    assert not scard.cards
