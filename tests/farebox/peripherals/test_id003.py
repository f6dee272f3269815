"""ID-003 on the wire: each message once through the real pyserial and a pseudo-terminal (模擬), and bytes that lie."""

from collections.abc import Callable, Iterator

import pytest
import serial
from hypothesis import example, given
from hypothesis import strategies as st

from farebox.peripherals.id003 import (
    ACK,
    PHASES,
    Command,
    Id003Acceptor,
    Message,
    SerialLine,
    crc,
    framed,
    note_table,
    parse,
    serial_acceptor,
)
from farebox.peripherals.note_acceptor import Phase, Status
from sim.hardware.note_acceptor import DirectLine, Loss, NoteAcceptorModel, NoteAcceptorOnPty

NOTES = (1_000, 5_000, 10_000)
TIMEOUT_S = 0.3


@pytest.fixture
def pty() -> Iterator[NoteAcceptorOnPty]:
    with NoteAcceptorOnPty(NoteAcceptorModel()) as acceptor:
        yield acceptor


@pytest.fixture
def driver(pty: NoteAcceptorOnPty) -> Iterator[Id003Acceptor]:
    acceptor = serial_acceptor(pty.path, TIMEOUT_S)
    yield acceptor
    acceptor.close()


def ready(driver: Id003Acceptor, notes_yen: tuple[int, ...] = NOTES) -> None:
    """Powered up, set up, and letting these notes in."""
    assert driver.poll() == Status(Phase.POWER_UP)
    assert driver.restart()
    assert driver.poll().phase is Phase.INITIALIZING
    assert driver.poll().phase is Phase.INHIBITED
    assert driver.let_in(notes_yen)
    assert driver.poll().phase is Phase.IDLE


def direct(model: NoteAcceptorModel) -> Id003Acceptor:
    return Id003Acceptor(DirectLine(model), "direct")


# -- bytes


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ("FC 05 11 27 56", Message(Command.STATUS_REQUEST)),
        ("FC 05 50 AA 05", Message(ACK)),
        ("FC 06 13 61 ", Message(0x13, b"\x61")),
    ],
)
def test_frames_keep_their_bytes(frame: str, message: Message) -> None:
    written = framed(*message)
    assert written.startswith(bytes.fromhex(frame))
    assert parse(written) == message


def test_the_check_is_crc_16_kermit() -> None:
    assert crc(b"123456789") == 0x2189  # the catalogue's check value


@given(st.binary(max_size=300))
@example(b"")
@example(bytes.fromhex("FC 04 11 27"))
@example(bytes.fromhex("FC 05 11 27 57"))
@example(bytes.fromhex("FC FF 11 27 56"))
@example(bytes.fromhex("FB 05 11 27 56"))
def test_faults_9_any_bytes_are_a_frame_or_none(frame: bytes) -> None:
    message = parse(frame)
    assert message is None or framed(*message) == frame


@given(st.binary(max_size=80))
def test_faults_44_a_table_of_any_bytes_makes_whole_positive_notes(data: bytes) -> None:
    assert all(type(yen) is int and 0 < yen <= 2_550_000 for yen in note_table(data).values())


@given(st.lists(st.binary(max_size=12), max_size=8))
def test_faults_9_any_answers_are_a_status(answers: list[bytes]) -> None:
    class Babble:
        def ask(self, frame: bytes) -> bytes:
            return answers.pop() if answers else b""

        def tell(self, frame: bytes) -> bool:
            return True

        def close(self) -> None:
            pass

    driver = Id003Acceptor(Babble(), "babble")
    for _ in range(4):
        assert driver.poll().phase in Phase
        assert driver.let_in(NOTES) in (True, False)


def test_every_status_has_a_phase_and_every_phase_a_status() -> None:
    assert {*PHASES.values()} == {*Phase} - {Phase.SILENT}


@pytest.mark.parametrize("code", [0x4A, 0x4B, 0x00, 0xFF])
def test_a_status_that_tells_of_no_note_is_silence(code: int) -> None:
    class Says:
        def ask(self, frame: bytes) -> bytes:
            return framed(code)

        def tell(self, frame: bytes) -> bool:
            return True

        def close(self) -> None:
            pass

    assert Id003Acceptor(Says(), "says").poll() == Status(Phase.SILENT, code=code)


# -- through the real pyserial


def test_a_note_goes_into_the_box(pty: NoteAcceptorOnPty, driver: Id003Acceptor) -> None:
    ready(driver)
    pty.model.insert(5_000)
    assert driver.poll().phase is Phase.ACCEPTING
    assert driver.poll() == Status(Phase.ESCROW, 5_000, 0x63)
    assert driver.hold()
    assert driver.poll().phase is Phase.HOLDING
    assert driver.stack()
    assert [driver.poll().phase for _ in range(2)] == [Phase.STACKING] * 2
    assert [driver.poll().phase for _ in range(3)] == [Phase.IN_BOX] * 3  # until it is confirmed
    assert driver.confirm()
    assert [driver.poll().phase for _ in range(2)] == [Phase.STACKED, Phase.IDLE]
    assert (pty.model.box, pty.model.inside, pty.model.given_back) == ([5_000], None, [])


def test_a_note_goes_back(pty: NoteAcceptorOnPty, driver: Id003Acceptor) -> None:
    ready(driver)
    pty.model.insert(1_000)
    assert [driver.poll().note_yen for _ in range(2)] == [0, 1_000]
    assert driver.give_back()
    assert [driver.poll().phase for _ in range(2)] == [Phase.RETURNING, Phase.IDLE]
    assert (pty.model.box, pty.model.inside, pty.model.given_back) == ([], None, [1_000])


def test_loc_8_a_note_that_is_not_let_in_and_a_coin_never_get_in(pty: NoteAcceptorOnPty, driver: Id003Acceptor) -> None:
    ready(driver)
    for yen in (2_000, 500):
        pty.model.insert(yen)
        assert [driver.poll().phase for _ in range(2)] == [Phase.REJECTING, Phase.IDLE]
    assert driver.let_in((1_000,))
    pty.model.insert(10_000)
    assert driver.poll().phase is Phase.REJECTING
    assert driver.let_in(())
    assert driver.poll().phase is Phase.INHIBITED
    pty.model.insert(1_000)
    assert driver.poll().phase is Phase.INHIBITED
    assert (pty.model.box, pty.model.inside, pty.model.given_back) == ([], None, [2_000, 500, 10_000, 1_000])


@pytest.mark.parametrize(("far", "found"), [(False, Phase.POWER_UP_NOTE_INSIDE), (True, Phase.POWER_UP_NOTE_IN_BOX)])
def test_after_a_power_cut_it_tells_where_the_note_is(
    pty: NoteAcceptorOnPty, driver: Id003Acceptor, far: bool, found: Phase
) -> None:
    ready(driver)
    pty.model.insert(1_000)
    assert driver.poll().phase is Phase.ACCEPTING
    assert driver.poll().phase is Phase.ESCROW
    assert driver.stack()
    with pty.lock:
        pty.model.lose_power(far=far)
        pty.model.power_on()
    assert [driver.poll().phase for _ in range(2)] == [found] * 2  # until it is started
    assert driver.restart()
    assert [driver.poll().phase for _ in range(2)] == [Phase.INITIALIZING, Phase.INHIBITED]
    assert (pty.model.box, pty.model.given_back) == (([1_000], []) if far else ([], [1_000]))


@pytest.mark.parametrize(
    ("happens", "seen"),
    [
        (NoteAcceptorModel.jam, Phase.JAMMED),
        (NoteAcceptorModel.open_box, Phase.BOX_OPEN),
        (NoteAcceptorModel.lose_power, Phase.SILENT),
    ],
)
def test_what_goes_wrong_is_told(
    pty: NoteAcceptorOnPty, driver: Id003Acceptor, happens: Callable[[NoteAcceptorModel], None], seen: Phase
) -> None:
    ready(driver)
    if seen is Phase.JAMMED:
        pty.model.insert(1_000)
    happens(pty.model)
    assert driver.poll().phase is seen


def test_a_full_box_is_told(pty: NoteAcceptorOnPty, driver: Id003Acceptor) -> None:
    pty.model.room = 0
    driver.poll()
    driver.restart()
    driver.poll()
    assert driver.poll().phase is Phase.BOX_FULL


def test_faults_43_a_port_that_goes_is_silence(pty: NoteAcceptorOnPty) -> None:
    driver = serial_acceptor(pty.path, TIMEOUT_S)
    assert driver.poll().phase is Phase.POWER_UP
    pty.close()
    assert driver.poll().phase is Phase.SILENT
    assert not driver.stack()
    driver.close()
    assert not SerialLine("/nowhere/at/all").tell(framed(ACK))
    assert serial_acceptor("/nowhere/at/all").poll().phase is Phase.SILENT


def test_faults_9_half_an_answer_spoils_none_of_those_that_follow(pty: NoteAcceptorOnPty) -> None:
    pty.model.losses = {0: Loss.HALF}
    driver = serial_acceptor(pty.path, TIMEOUT_S)
    assert [driver.poll().phase for _ in range(2)] == [Phase.SILENT, Phase.POWER_UP]
    driver.close()


def test_a_port_that_was_closed_is_opened_again(pty: NoteAcceptorOnPty) -> None:
    driver = serial_acceptor(pty.path, TIMEOUT_S, serial.PARITY_NONE)
    assert driver.poll().phase is Phase.POWER_UP
    driver.close()
    assert driver.poll().phase is Phase.POWER_UP
    driver.close()


# -- answers that are lost


@pytest.mark.parametrize("loss", [Loss.COMMAND, Loss.ANSWER, Loss.HALF])
@pytest.mark.parametrize("lost_at", range(14))
def test_an_answer_lost_while_it_is_set_up_is_asked_for_again(lost_at: int, loss: Loss) -> None:
    model = NoteAcceptorModel()
    model.losses = {lost_at: loss}
    driver = direct(model)
    for _ in range(8):
        status = driver.poll()
        if status.phase is Phase.POWER_UP:
            driver.restart()
    assert driver.let_in(NOTES) or driver.let_in(NOTES)
    model.insert(10_000)
    driver.poll()
    assert driver.poll() == Status(Phase.ESCROW, 10_000, 0x64)


@pytest.mark.parametrize(("loss", "carried_out"), [(Loss.COMMAND, False), (Loss.ANSWER, True), (Loss.HALF, True)])
def test_a_command_whose_answer_is_lost_is_never_taken_for_done(loss: Loss, carried_out: bool) -> None:
    model = NoteAcceptorModel()
    driver = direct(model)
    ready(driver)
    model.insert(1_000)
    driver.poll()
    model.losses = {len(model.commands): loss}
    assert not driver.stack()
    assert model.phase is (Phase.STACKING if carried_out else Phase.ESCROW)


def test_by_itself_a_note_goes_back_after_a_while() -> None:
    now = [0.0]
    model = NoteAcceptorModel(lambda: now[0])
    driver = direct(model)
    ready(driver)
    model.insert(1_000)
    driver.poll()
    now[0] = 9.0
    assert driver.poll().phase is Phase.ESCROW
    assert driver.hold()
    now[0] = 18.0
    assert driver.poll().phase is Phase.HOLDING
    now[0] = 19.0
    assert [driver.poll().phase for _ in range(2)] == [Phase.HOLDING, Phase.RETURNING]
    assert model.given_back == [1_000]


def test_a_terminal_that_restarts_learns_the_notes_from_a_running_acceptor() -> None:
    model = NoteAcceptorModel()
    first = direct(model)
    ready(first)
    model.insert(1_000)
    first.poll()
    assert direct(model).poll() == Status(Phase.ESCROW, 1_000, 0x61)


def test_before_it_is_set_up_no_note_is_let_in_and_the_slot_opens_afterwards() -> None:
    """A machine asks for notes as soon as a card lies there: the acceptor may have got its power a moment ago."""
    model = NoteAcceptorModel()
    driver = direct(model)
    assert not driver.let_in(NOTES)
    assert driver.poll() == Status(Phase.POWER_UP) and not driver.let_in(NOTES)
    assert driver.restart() and not driver.let_in(NOTES)
    assert driver.poll().phase is Phase.INITIALIZING and not driver.let_in(NOTES)
    assert driver.poll().phase is Phase.INHIBITED
    assert driver.let_in(NOTES) and driver.poll().phase is Phase.IDLE
    model.insert(1_000)
    assert model.inside == 1_000
