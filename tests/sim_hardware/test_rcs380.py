"""The simulated RC-S380 at its wire: transfers in spaced hex, one a line."""

from datetime import date
from threading import Event, Thread

import pytest

from cardimage.felica_card import FelicaCard
from cardimage.image import blank_lite_s
from cardimage.issue import issue
from sim.hardware.field import CardField
from sim.hardware.rcs380 import Rcs380, UsbLine
from tariff.account import Account
from tests.cardimage.accounts import IDM

ACK = "00 00 FF 00 FF 00"
SECOND_IDM = bytes.fromhex("01 2E 00 00 00 00 00 02")
POLLED = "12 01 01 2E 4C D1 A0 B3 57 96 00 F1 00 00 00 01 43 00"


@pytest.fixture
def reader() -> Rcs380:
    return Rcs380(CardField(), patience_s=0.0)


def hears(line: UsbLine, *frames: str) -> None:
    """Exactly these transfers come, and none after them."""
    for expected in frames:
        assert line.read().hex(" ").upper() == bytes.fromhex(expected).hex(" ").upper()
    with pytest.raises(TimeoutError):
        line.read(timeout=10)


def frame(body: str) -> str:
    octets = bytes.fromhex(body)
    size = len(octets).to_bytes(2, "little")
    head = b"\x00\x00\xff\xff\xff" + size + bytes((-sum(size) & 0xFF,))
    return (head + octets + bytes((-sum(octets) & 0xFF, 0))).hex(" ")


def asks(line: UsbLine, command: str, answer: str) -> None:
    line.write(bytes.fromhex(frame("D6 " + command)))
    hears(line, ACK, frame("D7 " + answer))


def ready(reader: Rcs380) -> UsbLine:
    """Opened, in command type 1, the bit rate set to 212 kbit/s, Type F."""
    line = reader.connect()
    asks(line, "2A 01", "2B 00")
    asks(line, "00 01 01 0F 01", "01 00")
    return line


def laid(field: CardField) -> FelicaCard:
    card = FelicaCard(issue(IDM, Account("lococa", 2_000), "LC1", date(2026, 11, 20)), bytes(16))
    field.lay(card)
    return card


EXCHANGES = {
    "SetCommandType": ("00 00 FF FF FF 03 00 FD D6 2A 01 FF 00", "00 00 FF FF FF 03 00 FD D7 2B 00 FE 00"),
    "GetFirmwareVersion": ("00 00 FF FF FF 02 00 FE D6 20 0A 00", "00 00 FF FF FF 04 00 FC D7 21 11 01 F6 00"),
    "GetPDDataVersion": ("00 00 FF FF FF 02 00 FE D6 22 08 00", "00 00 FF FF FF 04 00 FC D7 23 00 01 05 00"),
    "SwitchRF, off": ("00 00 FF FF FF 03 00 FD D6 06 00 24 00", "00 00 FF FF FF 03 00 FD D7 07 00 22 00"),
    "InSetRF in the wrong command type": (
        "00 00 FF FF FF 06 00 FA D6 00 01 01 0F 01 18 00",
        "00 00 FF FF FF 03 00 FD D7 01 07 21 00",
    ),
}


@pytest.mark.parametrize(("command", "answer"), EXCHANGES.values(), ids=EXCHANGES.keys())
def test_a_command_is_acknowledged_and_answered(reader: Rcs380, command: str, answer: str) -> None:
    line = reader.connect()
    line.write(bytes.fromhex(command))
    hears(line, ACK, answer)
    assert len(reader.exchanges) == 1


@pytest.mark.parametrize("command", ["00", "00 01 01 0F", "00 01 01 0F 01 00", "02 00", "02 00 18 01"])
def test_settings_that_are_no_settings_are_refused(reader: Rcs380, command: str) -> None:
    line = ready(reader)
    before = reader.settings
    asks(line, command, f"{int(command[:2]) + 1:02X} 01")
    assert reader.settings == before


def test_settings_add_up(reader: Rcs380) -> None:
    line = ready(reader)
    asks(line, "02 00 18 01 01", "03 00")
    asks(line, "02 00 06", "03 00")
    assert reader.settings == ((1, 1, 15, 1), {0: 6, 1: 1})


def test_a_card_answers_through_it(reader: Rcs380) -> None:
    laid(reader.field)
    line = ready(reader)
    # InCommRF, 11 ms: Polling
    asks(line, "04 6E 00 06 00 88 B4 00 00", f"05 00 00 00 00 08 {POLLED}")
    assert reader.field.commands == 1


def test_an_empty_field_is_a_timeout(reader: Rcs380) -> None:
    asks(ready(reader), "04 6E 00 06 00 88 B4 00 00", "05 80 00 00 00")


def test_without_bit_rate_and_after_field_off_there_is_no_field(reader: Rcs380) -> None:
    laid(reader.field)
    line = reader.connect()
    asks(line, "2A 01", "2B 00")
    asks(line, "04 6E 00 06 00 88 B4 00 00", "05 00 04 00 00")
    asks(line, "00 01 01 0F 01", "01 00")
    asks(line, "04 6E 00 06 00 88 B4 00 00", f"05 00 00 00 00 08 {POLLED}")
    asks(line, "06 00", "07 00")
    asks(line, "04 6E 00 06 00 88 B4 00 00", "05 00 04 00 00")


def test_another_modulation_finds_nothing(reader: Rcs380) -> None:
    laid(reader.field)
    line = ready(reader)
    # InSetRF, 106 kbit/s, Type A
    asks(line, "00 02 03 0F 03", "01 00")
    asks(line, "04 6E 00 06 00 88 B4 00 00", "05 80 00 00 00")
    assert reader.field.commands == 0


def test_field_off_makes_the_card_forget(reader: Rcs380) -> None:
    card = laid(reader.field)
    line = ready(reader)
    challenge = "20 08 01 2E 4C D1 A0 B3 57 96 01 09 00 01 80 80" + " 00" * 16
    asks(line, f"04 F4 01 {challenge}", "05 00 00 00 00 08 0C 09 01 2E 4C D1 A0 B3 57 96 00 00")
    proof = bytes.fromhex("12 06 01 2E 4C D1 A0 B3 57 96 01 0B 00 02 80 00 80 91")
    asked = card.process(proof)
    assert asked is not None
    assert asked[10:12] == bytes(2)
    asks(line, "06 00", "07 00")
    asked = card.process(proof)
    assert asked is not None
    assert asked[10:12] == bytes.fromhex("02 B2")


# -- two cards: it passes on one answer


@pytest.mark.parametrize(
    ("captures", "slots", "answer"),
    [
        (True, "01", f"00 00 00 00 08 {POLLED}"),
        (False, "01", f"00 00 00 00 08 {POLLED}"),
        (True, "00", f"00 00 00 00 08 {POLLED}"),
        (False, "00", "08 00 00 00"),
    ],
    ids=["apart", "apart, too", "at once, the first heard", "at once, a collision"],
)
def test_of_two_cards_one_answer_is_passed_on(captures: bool, slots: str, answer: str) -> None:
    reader = Rcs380(CardField(), captures=captures, patience_s=0.0)
    laid(reader.field)
    reader.field.lay_beside(FelicaCard(blank_lite_s(SECOND_IDM), bytes(16)))
    asks(ready(reader), f"04 6E 00 06 00 88 B4 00 {slots}", f"05 {answer}")


# -- what is no command


@pytest.mark.parametrize(
    "transfer",
    [
        "",
        "00",
        # the host's ACK
        ACK,
        # a wrong check, of the length and of the body
        "00 00 FF FF FF 02 00 FF D6 20 0A 00",
        "00 00 FF FF FF 02 00 FE D6 20 0B 00",
        # cut short; more than a frame
        "00 00 FF FF FF 02 00 FE D6 20 0A",
        "00 00 FF FF FF 02 00 FE D6 20 0A 00 00",
        # bodies of nothing and of one byte; not the host's
        "00 00 FF FF FF 00 00 00 00 00",
        "00 00 FF FF FF 01 00 FF D6 2A 00",
        "00 00 FF FF FF 02 00 FE D7 20 09 00",
        # a PN532's frame
        "00 00 FF 02 FE D4 02 2A 00",
    ],
)
def test_what_is_no_command_is_passed_over(reader: Rcs380, transfer: str) -> None:
    line = reader.connect()
    line.write(bytes.fromhex(transfer))
    assert reader.exchanges == []
    asks(line, "20", "21 11 01")


def test_a_command_it_does_not_know_is_only_acknowledged(reader: Rcs380) -> None:
    line = reader.connect()
    # ResetDevice
    line.write(bytes.fromhex(frame("D6 12 00 00")))
    hears(line, ACK)


def test_the_hosts_ack_throws_away_what_was_not_read(reader: Rcs380) -> None:
    line = reader.connect()
    line.write(bytes.fromhex(frame("D6 20")))
    line.write(bytes.fromhex(ACK))
    hears(line)


# -- plug and claim


def test_one_may_have_it_at_a_time(reader: Rcs380) -> None:
    line = reader.connect()
    assert reader.is_claimed
    with pytest.raises(OSError, match="busy"):
        reader.connect()
    line.close()
    assert not reader.is_claimed
    # A line that is dropped unclosed is free too.
    reader.connect()
    assert not reader.is_claimed


def test_unplugged_it_is_gone_for_whoever_has_it_and_whoever_looks(reader: Rcs380) -> None:
    line = ready(reader)
    laid(reader.field)
    reader.unplug()
    for act in (lambda: line.write(b""), line.read, reader.connect):
        with pytest.raises(OSError, match="No such device"):
            act()
    reader.plug_in()
    assert reader.settings == (None, {})
    fresh = reader.connect()
    # The old line does not come back to life, and the chip remembers nothing.
    with pytest.raises(OSError, match="No such device"):
        line.read()
    asks(fresh, "00 01 01 0F 01", "01 07")


def test_a_read_without_a_limit_waits_for_the_answer() -> None:
    reader = Rcs380(CardField())
    line = reader.connect()
    waits, heard = Event(), []

    def read() -> None:
        waits.set()
        heard.append(line.read())

    waiting = Thread(target=read, daemon=True)
    waiting.start()
    assert waits.wait(10)
    line.write(bytes.fromhex(frame("D6 20")))
    waiting.join(10)
    assert heard == [bytes.fromhex(ACK)]


@pytest.mark.parametrize("size", [0, 301, 4_000])
def test_a_transfer_of_nothing_or_too_much_is_an_error(reader: Rcs380, size: int) -> None:
    line = reader.connect()
    reader.spoil = lambda _: [bytes(size), b"next"]
    line.write(bytes.fromhex(frame("D6 20")))
    with pytest.raises(OSError, match="Input/output"):
        line.read()
    assert line.read() == b"next"
