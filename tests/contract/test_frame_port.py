"""What every FramePort promises, held against each driver in front of a simulated card. Drivers are rows of `rigs`."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date

import pytest

from cardimage import lite_s
from cardimage.felica_card import FelicaCard
from cardimage.image import CardImage, blank_lite_s
from cardimage.issue import issue
from reader.felica import FelicaReader, LiteSSession, read_command, write_command
from reader.keys import bench_keys
from reader.port import CardLost, FramePort, Health, Indeterminate, NoCard, Polled, ReaderFault, Written
from sim.hardware.field import Moment, Withdrawal
from tariff.account import Account
from tests.cardimage.accounts import IDM
from tests.contract.rigs import RIGS, Rig, opened_within, soon
from tests.reader.outcomes import good

SYSTEM, TRANSIT, NDEF = lite_s.SYSTEM_CODE, 0x0003, 0x12FC
PMM = bytes.fromhex("00 F1 00 00 00 01 43 00")
HERE = Polled(IDM, PMM, SYSTEM)
OTHER_IDM = bytes.fromhex("01 2E 00 00 00 00 00 02")
TIMEOUT_S = 0.05

CHALLENGE = write_command(IDM, (lite_s.RC,), bytes(range(16)))
PROOF = read_command(IDM, (0, lite_s.MAC_A))
READ = read_command(IDM, (lite_s.SYS_C,))
SYS_C = bytes.fromhex("1D 07") + IDM + bytes.fromhex("00 00 01 88 B4") + bytes(14)
NO_CHALLENGE = bytes.fromhex("02 B2")


def a_card() -> FelicaCard:
    return FelicaCard(blank_lite_s(IDM), bytes(16))


@pytest.fixture(params=RIGS)
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    with ExitStack() as stack:
        made = RIGS[request.param](stack)
        yield made
        made.port.close()


@pytest.fixture
def port(rig: Rig) -> FramePort:
    return opened_within(rig.port)


def proves_itself(port: FramePort) -> bool:
    """Whether the card still knows its challenge: else it can't work out a MAC."""
    answer = port.transceive(PROOF, TIMEOUT_S)
    assert isinstance(answer, bytes)
    assert answer[10:12] in (b"\x00\x00", NO_CHALLENGE)
    return answer[10:12] == b"\x00\x00"


# -- open and close


def test_a_port_has_the_name_it_was_asked_for_by(rig: Rig) -> None:
    assert rig.port.name == rig.name


def test_opening_twice_is_no_fault_and_leaves_the_card_alone(rig: Rig, port: FramePort) -> None:
    rig.field.lay(a_card())
    assert port.poll((SYSTEM,)) == HERE
    port.transceive(CHALLENGE, TIMEOUT_S)
    assert port.open(soon()) is None
    assert proves_itself(port)


def test_closing_twice_and_before_opening_is_no_fault(rig: Rig) -> None:
    rig.port.close()
    assert rig.port.open(soon()) is None
    rig.port.close()
    rig.port.close()


def test_a_closed_port_is_a_fault_that_names_it(rig: Rig) -> None:
    opened_within(rig.port).close()
    rig.field.lay(a_card())
    for outcome in (
        rig.port.poll((SYSTEM,)),
        rig.port.transceive(READ, TIMEOUT_S),
        rig.port.field_off(),
        rig.port.health(),
    ):
        assert outcome == ReaderFault(rig.name, "not open")
    assert rig.field.commands == 0


def test_a_closed_port_can_be_opened_again(rig: Rig) -> None:
    rig.field.lay(a_card())
    for _ in range(3):
        assert rig.port.open(soon()) is None
        assert rig.port.poll((SYSTEM,)) == HERE
        assert rig.port.transceive(READ, TIMEOUT_S) == SYS_C
        rig.port.close()


def test_closing_takes_the_cards_power(rig: Rig, port: FramePort) -> None:
    rig.field.lay(a_card())
    port.poll((SYSTEM,))
    port.transceive(CHALLENGE, TIMEOUT_S)
    port.close()
    opened_within(port).poll((SYSTEM,))
    assert not proves_itself(port)


# -- poll


def test_an_empty_field_is_no_card(rig: Rig, port: FramePort) -> None:
    assert port.poll((SYSTEM,)) == NoCard()
    assert port.poll((TRANSIT, SYSTEM, NDEF)) == NoCard()
    assert rig.field.commands == 0


def test_a_card_is_found_by_its_system(rig: Rig, port: FramePort) -> None:
    rig.field.lay(a_card())
    assert port.poll((SYSTEM,)) == HERE
    assert rig.field.commands == 1


def test_a_card_of_another_system_is_not_found(rig: Rig, port: FramePort) -> None:
    rig.field.lay(a_card())
    assert port.poll((TRANSIT,)) == NoCard()
    assert rig.field.commands == 1


def test_systems_are_asked_for_in_their_order_until_one_answers(rig: Rig, port: FramePort) -> None:
    rig.field.lay(a_card())
    assert port.poll((TRANSIT, SYSTEM, NDEF)) == HERE
    assert rig.field.commands == 2
    assert port.poll((SYSTEM, TRANSIT)) == HERE
    assert rig.field.commands == 3


def test_a_deadline_that_has_passed_is_one_attempt(rig: Rig, port: FramePort) -> None:
    rig.field.lay(a_card())
    assert port.poll((TRANSIT, NDEF), deadline_s=0.0) == NoCard()
    assert rig.field.commands == 2


def test_a_card_that_is_there_is_not_waited_for(rig: Rig, port: FramePort) -> None:
    rig.field.lay(a_card())
    assert port.poll((SYSTEM,), deadline_s=soon()) == HERE
    assert rig.field.commands == 1


def test_polling_again_keeps_the_field_on(rig: Rig, port: FramePort) -> None:
    rig.field.lay(a_card())
    assert port.poll((SYSTEM,)) == HERE
    port.transceive(CHALLENGE, TIMEOUT_S)
    assert port.poll((SYSTEM,)) == HERE
    assert proves_itself(port)


# -- transceive


def test_an_answer_comes_as_the_card_gave_it(rig: Rig, port: FramePort) -> None:
    rig.field.lay(a_card())
    port.poll((SYSTEM,))
    assert port.transceive(READ, TIMEOUT_S) == SYS_C


def test_the_longest_frames_go_through(rig: Rig, port: FramePort) -> None:
    card = a_card()
    rig.field.lay(card)
    port.poll((SYSTEM,))
    four = port.transceive(read_command(IDM, (0, 1, 2, 3)), TIMEOUT_S)
    assert isinstance(four, bytes)
    assert len(four) == 12 + 1 + 64
    with_mac = write_command(IDM, (0, lite_s.MAC_A), bytes(range(32)))
    assert port.transceive(with_mac, TIMEOUT_S) == bytes((12, 0x09)) + IDM + bytes.fromhex("02 B2")


@pytest.mark.parametrize("timeout_s", [0.0, 0.000_1, 0.05, 10.0, 100.0])
def test_any_timeout_will_do_for_a_card_that_answers(rig: Rig, port: FramePort, timeout_s: float) -> None:
    rig.field.lay(a_card())
    port.poll((SYSTEM,))
    assert port.transceive(READ, timeout_s) == SYS_C


@pytest.mark.parametrize("moment", Moment)
def test_a_command_is_attempted_once(rig: Rig, port: FramePort, moment: Moment) -> None:
    rig.field.lay(a_card(), Withdrawal(2, moment))
    port.poll((SYSTEM,))
    assert port.transceive(READ, TIMEOUT_S) == CardLost()
    assert rig.field.commands == 2
    later = port.transceive(READ, TIMEOUT_S)
    assert later == (SYS_C if moment is Moment.ANSWER_LOST else CardLost())


def test_a_command_for_another_card_is_met_with_silence(rig: Rig, port: FramePort) -> None:
    rig.field.lay(a_card())
    port.poll((SYSTEM,))
    assert port.transceive(read_command(OTHER_IDM, (lite_s.SYS_C,)), TIMEOUT_S) == CardLost()
    assert port.transceive(READ, TIMEOUT_S) == SYS_C


def test_a_lifted_card_is_lost_and_then_no_card(rig: Rig, port: FramePort) -> None:
    rig.field.lay(a_card())
    port.poll((SYSTEM,))
    rig.field.lift()
    assert port.transceive(READ, TIMEOUT_S) == CardLost()
    assert port.poll((SYSTEM,)) == NoCard()


# -- field off, health


def test_field_off_makes_the_card_forget_its_session(rig: Rig, port: FramePort) -> None:
    rig.field.lay(a_card())
    port.poll((SYSTEM,))
    port.transceive(CHALLENGE, TIMEOUT_S)
    assert proves_itself(port)
    assert port.field_off() is None
    assert port.poll((SYSTEM,)) == HERE
    assert not proves_itself(port)


def test_field_off_twice_and_in_an_empty_field(rig: Rig, port: FramePort) -> None:
    assert port.field_off() is None
    assert port.field_off() is None
    rig.field.lay(a_card())
    assert port.poll((SYSTEM,)) == HERE


def test_health_is_the_chips_own_name(rig: Rig, port: FramePort) -> None:
    assert port.health() == Health(rig.chip)


def test_health_asks_no_card_and_disturbs_none(rig: Rig, port: FramePort) -> None:
    rig.field.lay(a_card())
    port.poll((SYSTEM,))
    port.transceive(CHALLENGE, TIMEOUT_S)
    assert isinstance(port.health(), Health)
    assert rig.field.commands == 2
    assert proves_itself(port)


# -- a card that answers amiss: the port passes it on, the session above drops it (faults 9)


class OddCard:
    """A good card until `odd` is set; then its answers go through that."""

    def __init__(self) -> None:
        image = issue(IDM, Account("lococa", 2_000), "LC1", date(2026, 11, 20))
        self._card = FelicaCard(image, bench_keys().card_key(IDM))
        self.odd: Callable[[bytes], bytes] = bytes

    @property
    def image(self) -> CardImage:
        return self._card.image

    def process(self, frame: bytes) -> bytes | None:
        answer = self._card.process(frame)
        return answer and self.odd(answer)

    def power_off(self) -> None:
        self._card.power_off()

    def block(self, number: int) -> bytes:
        blocks = self.image.lite_s_blocks()
        assert blocks is not None
        return blocks[number]


ODD_ANSWERS: dict[str, Callable[[bytes], bytes]] = {
    "one byte": lambda answer: answer[:1],
    "its length and no more": lambda _: b"\x01",
    "cut short": lambda answer: answer[:-1],
    "cut short, and its length says so": lambda answer: bytes((len(answer) - 1,)) + answer[1:-1],
    "head alone": lambda answer: bytes((10,)) + answer[1:10],
    "a byte too long": lambda answer: answer + b"\x00",
    "a length too great": lambda answer: bytes((len(answer) + 1,)) + answer[1:],
    "a length of zero": lambda answer: b"\x00" + answer[1:],
    "the command's code": lambda answer: bytes((answer[0], answer[1] - 1)) + answer[2:],
    "an answer to a write for a read, and the other way round": lambda answer: (
        bytes((answer[0], answer[1] ^ 0x0E)) + answer[2:]
    ),
    "another card's IDm": lambda answer: answer[:2] + OTHER_IDM + answer[10:],
    "zeros": lambda answer: bytes(len(answer)),
    "ones": lambda answer: b"\xff" * len(answer),
    "as long as a frame can be": lambda answer: b"\xff" + answer[1:] + bytes(255 - len(answer) - 1),
}


@pytest.mark.parametrize("odd", ODD_ANSWERS.values(), ids=ODD_ANSWERS.keys())
def test_the_port_passes_on_what_the_card_answers(rig: Rig, port: FramePort, odd: Callable[[bytes], bytes]) -> None:
    card = OddCard()
    rig.field.lay(card)
    port.poll((SYSTEM,))
    card.odd = odd
    assert port.transceive(READ, TIMEOUT_S) == odd(SYS_C)


@pytest.mark.parametrize("odd", ODD_ANSWERS.values(), ids=ODD_ANSWERS.keys())
def test_an_odd_answer_in_a_session_counts_for_nothing(
    rig: Rig, port: FramePort, odd: Callable[[bytes], bytes]
) -> None:
    card = OddCard()
    rig.field.lay(card)
    reader = FelicaReader(port, bench_keys(), bytes)
    session = reader.wait()
    assert isinstance(session, LiteSSession)
    card.odd = odd
    assert session.open(0, 1) == CardLost()
    assert rig.field.commands == 2
    card.odd = bytes
    slots = good(session.open(0, 1))
    card.odd = odd
    assert session.read(3, 4) == CardLost()
    assert session.write(1, b"x" * 16) == Indeterminate(1)
    assert card.block(1) == b"x" * 16
    # one attempt each; and when the card answers as it should, the session goes on where it was
    assert rig.field.commands == 6
    card.odd = bytes
    assert session.read(0, 1) == (slots[0], b"x" * 16)


@pytest.mark.parametrize(
    "odd",
    [
        ODD_ANSWERS[name]
        for name in ("one byte", "cut short", "head alone", "a length of zero", "the command's code", "zeros", "ones")
    ],
)
def test_an_odd_answer_to_a_poll_is_no_card(rig: Rig, port: FramePort, odd: Callable[[bytes], bytes]) -> None:
    card = OddCard()
    card.odd = odd
    rig.field.lay(card)
    assert port.poll((SYSTEM,)) == NoCard()
    card.odd = bytes
    assert port.poll((SYSTEM,)) == HERE


def test_a_card_that_changes_its_idm_is_not_written(rig: Rig, port: FramePort) -> None:
    first, second = OddCard(), FelicaCard(blank_lite_s(OTHER_IDM), bytes(16))
    rig.field.lay(first)
    reader = FelicaReader(port, bench_keys(), bytes)
    session = reader.wait()
    assert isinstance(session, LiteSSession)
    good(session.open(0, 1))
    before = dict(second.image.lite_s_blocks() or {})
    rig.field.lay(second)
    assert session.write(1, b"x" * 16) == Indeterminate(1)
    assert second.image.lite_s_blocks() == before
    assert card_is_untouched(first)
    rig.field.lay(first)
    session = reader.wait()
    assert isinstance(session, LiteSSession)
    good(session.open(0, 1))
    assert session.write(1, b"x" * 16) == Written()


def card_is_untouched(card: OddCard) -> bool:
    return card.block(1) == bytes(16)
