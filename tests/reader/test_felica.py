"""The Lite-S session, frame by frame: what is sent, and what each kind of answer comes to."""

from collections.abc import Callable

import pytest

from reader.felica import FelicaReader, LiteSSession
from reader.port import (
    CardLost,
    Declined,
    FramePort,
    Indeterminate,
    NoCard,
    Polled,
    ReaderFault,
    ReaderMissing,
    ReadOutcome,
    Written,
)
from tests.cardimage import peer
from tests.cardimage.accounts import IDM
from tests.reader.scripted_port import Answer, ScriptedPort

KEY = bytes.fromhex("00 11 22 33 44 55 66 77 88 99 AA BB CC DD EE FF")
CHALLENGE = bytes(range(16))
PMM = bytes.fromhex("00 F1 00 00 00 01 43 00")

WRITE_RC = (
    "20 08 01 2E 4C D1 A0 B3 57 96 01 09 00 01 80 80 07 06 05 04 03 02 01 00 0F 0E 0D 0C 0B 0A 09 08",
    "0C 09 01 2E 4C D1 A0 B3 57 96 00 00",
)
READ_SLOTS = "16 06 01 2E 4C D1 A0 B3 57 96 01 0B 00 04 80 90 80 00 80 01 80 91"
READ_BANK = "14 06 01 2E 4C D1 A0 B3 57 96 01 0B 00 03 80 03 80 04 80 91"
DONE = "0C 09 01 2E 4C D1 A0 B3 57 96 00 00"
COUNT = 0x010203
WCNT = bytes.fromhex("03 02 01") + bytes(13)
SLOTS = (b"a" * 16, b"b" * 16)
NEW = bytes(range(0x10, 0x20))


class OneKey:
    """A key store that remembers whom it was asked about."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []

    def card_key(self, idm: bytes) -> bytes:
        self.asked.append(idm)
        return KEY


def read_answer(blocks: tuple[int, ...], *data: bytes, key: bytes = KEY) -> str:
    """What a card answers to a read of blocks with MAC_A."""
    mac = peer.read_mac(key, CHALLENGE, blocks, b"".join(data))
    head = bytes((13 + 16 * (len(blocks) + 1), 7)) + IDM + bytes((0, 0, len(blocks) + 1))
    return (head + b"".join(data) + mac + bytes(8)).hex(" ").upper()


SLOTS_ANSWER = read_answer((0x90, 0, 1), WCNT, *SLOTS)


def write_command(block: int, data: bytes, count: int = COUNT) -> str:
    mac = peer.write_mac(KEY, CHALLENGE, count, block, data)
    trailer = mac + count.to_bytes(3, "little") + bytes(5)
    return f"32 08 01 2E 4C D1 A0 B3 57 96 01 09 00 02 80 {block:02X} 80 91 {(data + trailer).hex(' ').upper()}"


def session_on(port: ScriptedPort) -> LiteSSession:
    return LiteSSession(port, IDM, OneKey(), lambda size: CHALLENGE[:size])


def opened(*script: tuple[str, Answer]) -> tuple[LiteSSession, ScriptedPort]:
    """A session whose first two commands went well; the script goes on from there."""
    port = ScriptedPort(WRITE_RC, (READ_SLOTS, SLOTS_ANSWER), *script)
    session = session_on(port)
    assert session.open(0, 1) == SLOTS
    return session, port


# -- what is sent


def test_opening_takes_two_commands() -> None:
    port = ScriptedPort(
        # Write RC, each half of the challenge reversed
        (
            "20 08 01 2E 4C D1 A0 B3 57 96 01 09 00 01 80 80 07 06 05 04 03 02 01 00 0F 0E 0D 0C 0B 0A 09 08",
            "0C 09 01 2E 4C D1 A0 B3 57 96 00 00",
        ),
        # Read WCNT, S_PAD0, S_PAD1 and MAC_A
        ("16 06 01 2E 4C D1 A0 B3 57 96 01 0B 00 04 80 90 80 00 80 01 80 91", SLOTS_ANSWER),
    )
    keys = OneKey()
    session = LiteSSession(port, IDM, keys, lambda size: CHALLENGE[:size])
    assert session.open(0, 1) == SLOTS
    assert session.write_count == COUNT
    assert session.idm == IDM
    assert keys.asked == [IDM]
    assert port.is_done


def test_a_further_read_takes_one() -> None:
    session, port = opened(
        # Read S_PAD3, S_PAD4 and MAC_A
        ("14 06 01 2E 4C D1 A0 B3 57 96 01 0B 00 03 80 03 80 04 80 91", read_answer((3, 4), *SLOTS)),
        # Read S_PAD7, 8, 9 and MAC_A
        (
            "16 06 01 2E 4C D1 A0 B3 57 96 01 0B 00 04 80 07 80 08 80 09 80 91",
            read_answer((7, 8, 9), *SLOTS, NEW),
        ),
    )
    assert session.read(3, 4) == SLOTS
    assert session.read(7, 8, 9) == (*SLOTS, NEW)
    assert port.is_done


def test_a_write_takes_one_and_the_next_is_bound_to_the_next_count() -> None:
    session, port = opened((write_command(7, NEW, COUNT), DONE), (write_command(1, NEW, COUNT + 1), DONE))
    assert session.write(7, NEW) == Written()
    assert session.write_count == COUNT + 1
    assert session.write(1, NEW) == Written()
    assert session.write_count == COUNT + 2
    assert port.is_done


def test_a_write_on_the_wire() -> None:
    session, _ = opened(
        # Write S_PAD1 and MAC_A: the data, the MAC, WCNT 010203h
        (
            "32 08 01 2E 4C D1 A0 B3 57 96 01 09 00 02 80 01 80 91 "
            "10 11 12 13 14 15 16 17 18 19 1A 1B 1C 1D 1E 1F "
            "MAC 03 02 01 00 00 00 00 00".replace(
                "MAC", peer.write_mac(KEY, CHALLENGE, COUNT, 1, NEW).hex(" ").upper()
            ),
            DONE,
        )
    )
    assert session.write(1, NEW) == Written()


def test_every_session_has_a_challenge_of_its_own() -> None:
    challenges = [bytes(16), b"\x01" * 16]
    ports = [
        ScriptedPort((f"20 08 01 2E 4C D1 A0 B3 57 96 01 09 00 01 80 80{(' ' + octet) * 16}", CardLost()))
        for octet in ("00", "01")
    ]
    for port in ports:
        assert LiteSSession(port, IDM, OneKey(), lambda _: challenges.pop(0)).open(0, 1) == CardLost()
        assert port.is_done


@pytest.mark.parametrize("act", [lambda session: session.read(0), lambda session: session.write(0, NEW)])
def test_nothing_is_sent_before_the_session_is_open(act: Callable[[LiteSSession], object]) -> None:
    port = ScriptedPort()
    with pytest.raises(RuntimeError, match="not open"):
        act(session_on(port))
    assert port.sent == []


# -- answers that are none: each command is attempted once, and what comes of it is a value


def garble(answer: str) -> dict[str, Answer]:
    """A good answer in every way it can go wrong on the air."""
    octets = bytes.fromhex(answer)

    def hexed(data: bytes) -> str:
        return data.hex(" ").upper()

    return {
        "silence": CardLost(),
        "empty": "",
        "a byte short": hexed(octets[:-1]),
        "a byte long": hexed(octets + b"\x00"),
        "cut within the IDm": hexed(octets[:7]),
        "cut after the IDm": hexed(bytes((10,)) + octets[1:10]),
        "the wrong length byte": hexed(bytes((octets[0] ^ 1,)) + octets[1:]),
        "the answer to another command": hexed(octets[:1] + bytes((octets[1] ^ 0x0E,)) + octets[2:]),
        "the answer of another card": hexed(octets[:9] + bytes((octets[9] ^ 1,)) + octets[10:]),
    }


@pytest.mark.parametrize("answer", garble(DONE).values(), ids=garble(DONE).keys())
def test_a_challenge_without_a_good_answer_is_a_lost_card(answer: Answer) -> None:
    port = ScriptedPort((WRITE_RC[0], answer))
    assert session_on(port).open(0, 1) == CardLost()
    assert len(port.sent) == 1


GARBLED_READS = garble(SLOTS_ANSWER) | {
    "fewer blocks than asked": read_answer((0x90, 0), WCNT, SLOTS[0]),
    "a wrong count of blocks": SLOTS_ANSWER.replace("96 00 00 04", "96 00 00 03"),
    "the status alone": "0C 07 01 2E 4C D1 A0 B3 57 96 00 00",
}


@pytest.mark.parametrize("answer", GARBLED_READS.values(), ids=GARBLED_READS.keys())
def test_a_read_without_a_good_answer_is_a_lost_card(answer: Answer) -> None:
    port = ScriptedPort(WRITE_RC, (READ_SLOTS, answer))
    assert session_on(port).open(0, 1) == CardLost()
    assert len(port.sent) == 2


@pytest.mark.parametrize("answer", garble(DONE).values(), ids=garble(DONE).keys())
def test_a_write_without_a_good_answer_may_have_been_done(answer: Answer) -> None:
    session, port = opened((write_command(1, NEW), answer))
    assert session.write(1, NEW) == Indeterminate(1)
    assert len(port.sent) == 3
    assert port.is_done


GONE = ReaderFault("scripted", "unplugged")


def test_a_reader_that_fails_is_told_from_a_card_that_leaves() -> None:
    assert session_on(ScriptedPort((WRITE_RC[0], GONE))).open(0, 1) == GONE
    assert session_on(ScriptedPort(WRITE_RC, (READ_SLOTS, GONE))).open(0, 1) == GONE
    session, port = opened((READ_BANK, GONE))
    assert session.read(3, 4) == GONE
    assert len(port.sent) == 3


def test_a_reader_that_fails_at_a_write_leaves_it_unknown() -> None:
    session, port = opened((write_command(1, NEW), GONE))
    assert session.write(1, NEW) == Indeterminate(1)
    assert len(port.sent) == 3


def test_after_a_lost_answer_the_slots_can_still_be_read() -> None:
    session, port = opened(
        (write_command(1, NEW), CardLost()),
        # Read S_PAD0, S_PAD1 and MAC_A
        ("14 06 01 2E 4C D1 A0 B3 57 96 01 0B 00 03 80 00 80 01 80 91", read_answer((0, 1), SLOTS[0], NEW)),
    )
    assert session.write(1, NEW) == Indeterminate(1)
    assert session.read(0, 1) == (SLOTS[0], NEW)
    assert port.is_done


# -- answers that are no


def wrong_macs() -> dict[str, str]:
    good = bytes.fromhex(SLOTS_ANSWER)
    swapped = good[:29] + good[45:61] + good[29:45] + good[61:]
    recounted = good[:13] + b"\x04" + good[14:]
    return {
        "another key": read_answer((0x90, 0, 1), WCNT, *SLOTS, key=bytes(16)),
        "one bit of the mac": (good[:61] + bytes((good[61] ^ 1,)) + good[62:]).hex(" "),
        "one bit of the data": (good[:40] + bytes((good[40] ^ 1,)) + good[41:]).hex(" "),
        "another write count": recounted.hex(" "),
        "the slots exchanged": swapped.hex(" "),
        "other blocks of the same contents": (
            good[:61] + peer.read_mac(KEY, CHALLENGE, (0x90, 3, 4), WCNT + b"".join(SLOTS)) + bytes(8)
        ).hex(" "),
        "no mac": (good[:61] + bytes(16)).hex(" "),
    }


@pytest.mark.parametrize("answer", wrong_macs().values(), ids=wrong_macs().keys())
def test_a_card_that_can_not_prove_its_blocks_is_refused(answer: str) -> None:
    port = ScriptedPort(WRITE_RC, (READ_SLOTS, answer))
    session = session_on(port)
    assert session.open(0, 1) == Declined(wrong_key=True)
    assert session.write_count == 0
    assert len(port.sent) == 2


def test_a_later_read_must_be_proven_too() -> None:
    session, _ = opened((READ_BANK, read_answer((3, 4), *SLOTS, key=bytes(16))))
    assert session.read(3, 4) == Declined(wrong_key=True)


def test_a_refused_challenge_is_passed_on() -> None:
    port = ScriptedPort((WRITE_RC[0], "0C 09 01 2E 4C D1 A0 B3 57 96 01 A8"))
    assert session_on(port).open(0, 1) == Declined(wrong_key=False, status=bytes.fromhex("01 A8"))
    assert len(port.sent) == 1


def test_a_refused_read_is_passed_on() -> None:
    port = ScriptedPort(WRITE_RC, (READ_SLOTS, "0C 07 01 2E 4C D1 A0 B3 57 96 02 B0"))
    assert session_on(port).open(0, 1) == Declined(wrong_key=False, status=bytes.fromhex("02 B0"))
    assert len(port.sent) == 2


@pytest.mark.parametrize("status", ["02 B2", "01 A8", "02 B0", "01 B1", "FF 70"])
def test_a_refused_write_is_passed_on_and_not_counted(status: str) -> None:
    session, port = opened((write_command(1, NEW), f"0C 09 01 2E 4C D1 A0 B3 57 96 {status}"))
    assert session.write(1, NEW) == Declined(wrong_key=False, status=bytes.fromhex(status))
    assert session.write_count == COUNT
    assert len(port.sent) == 3


def test_a_warning_of_wear_is_a_write_done() -> None:
    session, port = opened(
        (write_command(7, NEW), "0C 09 01 2E 4C D1 A0 B3 57 96 FF 71"),
        (write_command(1, NEW, COUNT + 1), "0C 09 01 2E 4C D1 A0 B3 57 96 FF 71"),
    )
    assert session.write(7, NEW) == Written(worn=True)
    assert session.write(1, NEW) == Written(worn=True)
    assert session.write_count == COUNT + 2
    assert port.is_done


def test_a_warning_of_wear_at_the_challenge_is_a_challenge_written() -> None:
    port = ScriptedPort((WRITE_RC[0], "0C 09 01 2E 4C D1 A0 B3 57 96 FF 71"), (READ_SLOTS, SLOTS_ANSWER))
    assert session_on(port).open(0, 1) == SLOTS
    assert port.is_done


# -- FelicaReader


def reader_on(port: FramePort, reopen: Callable[[], FramePort] | None = None) -> FelicaReader:
    return FelicaReader(port, OneKey(), lambda size: CHALLENGE[:size], reopen)


def test_looking_for_a_card_names_the_system_and_sends_no_more() -> None:
    port = ScriptedPort(polls=(NoCard(), Polled(IDM, PMM)))
    reader = reader_on(port)
    assert reader.name == "scripted"
    assert reader.wait() == NoCard()
    session = reader.wait()
    assert isinstance(session, LiteSSession)
    assert session.idm == IDM
    assert port.systems == [0x88B4, 0x88B4]
    assert port.sent == []
    assert port.closed == 0
    reader.close()
    assert port.closed == 1


def test_a_failed_port_is_closed_once_and_opened_anew() -> None:
    broken = ScriptedPort(polls=(GONE,))
    mended = ScriptedPort(polls=(NoCard(), Polled(IDM, PMM)))
    opened_ports: list[FramePort] = []

    def reopen() -> FramePort:
        opened_ports.append(mended)
        return mended

    reader = reader_on(broken, reopen)
    assert reader.wait() == GONE
    assert (broken.closed, opened_ports) == (1, [])
    assert reader.wait() == NoCard()
    assert isinstance(reader.wait(), LiteSSession)
    assert (broken.closed, len(opened_ports), mended.closed) == (1, 1, 0)
    reader.close()
    assert (broken.closed, mended.closed) == (1, 1)


def test_a_reader_that_stays_away_is_asked_for_at_each_look() -> None:
    broken = ScriptedPort(polls=(GONE,))
    mended = ScriptedPort(polls=(NoCard(),))
    tries: list[ReadOutcome | FramePort] = []

    def reopen() -> FramePort:
        tries.append(mended)
        if len(tries) < 3:
            raise ReaderMissing("no PN532 card reader at /dev/ttyUSB0: check the cable")
        return mended

    reader = reader_on(broken, reopen)
    assert reader.wait() == GONE
    for _ in range(2):
        fault = reader.wait()
        assert isinstance(fault, ReaderFault)
        assert fault.reader == "scripted"
        assert "/dev/ttyUSB0" in fault.what
    assert reader.wait() == NoCard()
    assert (len(tries), broken.closed) == (3, 1)


def test_a_port_that_fails_again_is_opened_again() -> None:
    ports = [ScriptedPort(polls=(GONE,)), ScriptedPort(polls=(GONE,)), ScriptedPort(polls=(NoCard(),))]
    waiting = ports[1:]
    reader = reader_on(ports[0], lambda: waiting.pop(0))
    assert reader.wait() == GONE
    assert reader.wait() == GONE
    assert reader.wait() == NoCard()
    assert [port.closed for port in ports] == [1, 1, 0]


def test_without_a_way_to_reopen_a_failed_port_goes_on_failing_and_is_closed_once() -> None:
    port = ScriptedPort(polls=(GONE, GONE))
    reader = reader_on(port)
    assert reader.wait() == GONE
    assert reader.wait() == GONE
    assert port.closed == 1
