"""The Lite-S session, frame by frame: what is sent, and what each kind of answer comes to."""

from collections.abc import Callable
from datetime import date
from traceback import TracebackException

import pytest

from cardimage import lite_s
from cardimage.felica_card import FelicaCard
from cardimage.image import CardImage
from cardimage.issue import issue
from reader.felica import FelicaReader, LiteSSession
from reader.keys import MasterKeyStore
from reader.port import (
    CardLost,
    Declined,
    Foreign,
    FramePort,
    Indeterminate,
    NoCard,
    Polled,
    ReaderFault,
    ReaderMissing,
    TwoCards,
    Written,
    opened,
)
from tariff.account import Account
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

    versions = (1,)

    def __init__(self) -> None:
        self.asked: list[bytes] = []

    def card_key(self, idm: bytes, version: int | None = None) -> bytes:
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


class KeyRing:
    """Keys of several versions, newest first."""

    def __init__(self, keys: dict[int, bytes]) -> None:
        self._keys = keys
        self.versions = tuple(sorted(keys, reverse=True))

    def card_key(self, idm: bytes, version: int | None = None) -> bytes:
        return self._keys[self.versions[0] if version is None else version]


def session_on(port: ScriptedPort) -> LiteSSession:
    return LiteSSession(port, IDM, OneKey(), lambda size: CHALLENGE[:size])


def session_opened(*script: tuple[str, Answer]) -> tuple[LiteSSession, ScriptedPort]:
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
    session, port = session_opened(
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
    session, port = session_opened((write_command(7, NEW, COUNT), DONE), (write_command(1, NEW, COUNT + 1), DONE))
    assert session.write(7, NEW) == Written()
    assert session.write_count == COUNT + 1
    assert session.write(1, NEW) == Written()
    assert session.write_count == COUNT + 2
    assert port.is_done


def test_a_card_that_can_not_count_further_is_asked_once_more_and_says_no() -> None:
    """WCNT has 24 bits."""
    wcnt = b"\xff\xff\xff" + bytes(13)
    refused = "0C 09 01 2E 4C D1 A0 B3 57 96 02 B2"
    port = ScriptedPort(
        WRITE_RC,
        (READ_SLOTS, read_answer((0x90, 0, 1), wcnt, *SLOTS)),
        (write_command(7, NEW, 0xFFFFFF), DONE),
        (write_command(1, NEW, 0xFFFFFF), refused),
    )
    session = session_on(port)
    assert session.open(0, 1) == SLOTS
    assert session.write(7, NEW) == Written()
    assert session.write_count == 0xFFFFFF
    assert session.write(1, NEW) == Declined(wrong_key=False, status=bytes.fromhex("02 B2"))


def test_a_write_on_the_wire() -> None:
    session, _ = session_opened(
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
    session, port = session_opened((write_command(1, NEW), answer))
    assert session.write(1, NEW) == Indeterminate(1)
    assert len(port.sent) == 3
    assert port.is_done


HERE = Polled(IDM, PMM, 0x88B4)
GONE = ReaderFault("scripted", "unplugged")


def test_a_reader_that_fails_is_told_from_a_card_that_leaves() -> None:
    assert session_on(ScriptedPort((WRITE_RC[0], GONE))).open(0, 1) == GONE
    assert session_on(ScriptedPort(WRITE_RC, (READ_SLOTS, GONE))).open(0, 1) == GONE
    session, port = session_opened((READ_BANK, GONE))
    assert session.read(3, 4) == GONE
    assert len(port.sent) == 3


def test_a_reader_that_fails_at_a_write_leaves_it_unknown() -> None:
    session, port = session_opened((write_command(1, NEW), GONE))
    assert session.write(1, NEW) == Indeterminate(1)
    assert len(port.sent) == 3


def test_after_a_lost_answer_the_slots_can_still_be_read() -> None:
    session, port = session_opened(
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
    session, _ = session_opened((READ_BANK, read_answer((3, 4), *SLOTS, key=bytes(16))))
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
    session, port = session_opened((write_command(1, NEW), f"0C 09 01 2E 4C D1 A0 B3 57 96 {status}"))
    assert session.write(1, NEW) == Declined(wrong_key=False, status=bytes.fromhex(status))
    assert session.write_count == COUNT
    assert len(port.sent) == 3


def test_a_warning_of_wear_is_a_write_done() -> None:
    session, port = session_opened(
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


# -- key versions: one proof is held against each key, with no further command

OLD_KEY = bytes(range(0x60, 0x70))


def image() -> CardImage:
    return issue(IDM, Account("lococa", 2_000), "LC1", date(2026, 11, 20))


def raised_in(act: Callable[[], object]) -> Exception:
    try:
        act()
    except KeyError as error:
        return error
    raise AssertionError("nothing was raised")


def session_with(port: ScriptedPort, keys: dict[int, bytes]) -> LiteSSession:
    return LiteSSession(port, IDM, KeyRing(keys), lambda size: CHALLENGE[:size])


@pytest.mark.parametrize(
    ("keys", "version"),
    [
        ({1: KEY}, 1),
        ({2: KEY, 1: OLD_KEY}, 2),
        ({2: OLD_KEY, 1: KEY}, 1),
        ({9: bytes(16), 4: OLD_KEY, 3: KEY, 1: KEY[::-1]}, 3),
    ],
)
def test_a_card_is_read_under_whichever_version_of_key_it_has(keys: dict[int, bytes], version: int) -> None:
    port = ScriptedPort(WRITE_RC, (READ_SLOTS, SLOTS_ANSWER), (write_command(1, NEW), DONE))
    session = session_with(port, keys)
    assert session.key_version is None
    assert session.open(0, 1) == SLOTS
    assert session.key_version == version
    # What follows is written and read under that key.
    assert session.write(1, NEW) == Written()
    assert len(port.sent) == 3


def test_an_older_key_is_logged_with_neither_card_nor_key(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        session_with(ScriptedPort(WRITE_RC, (READ_SLOTS, SLOTS_ANSWER)), {2: OLD_KEY, 1: KEY}).open(0, 1)
    assert caplog.messages == ["a card proved key version 1; the newest is 2: have it rekeyed"]
    caplog.clear()
    with caplog.at_level("DEBUG"):
        session_with(ScriptedPort(WRITE_RC, (READ_SLOTS, SLOTS_ANSWER)), {2: KEY, 1: OLD_KEY}).open(0, 1)
    assert caplog.messages == []


def test_faults_10_a_wrong_mac_is_refused_under_every_version_held() -> None:
    port = ScriptedPort(WRITE_RC, (READ_SLOTS, read_answer((0x90, 0, 1), WCNT, *SLOTS, key=bytes(16))))
    session = session_with(port, {3: KEY, 2: OLD_KEY, 1: KEY[::-1]})
    assert session.open(0, 1) == Declined(wrong_key=True)
    assert (session.key_version, session.write_count) == (None, 0)
    assert len(port.sent) == 2
    with pytest.raises(RuntimeError, match="not open"):
        session.write(1, NEW)


@pytest.mark.parametrize("keys", [MasterKeyStore(b"1" * 32), MasterKeyStore(b"2" * 32, 2, {1: b"1" * 32})])
def test_faults_11_a_card_that_copies_anothers_idm_can_not_prove_its_key(keys: MasterKeyStore) -> None:
    own_idm = bytes.fromhex("01 2E 00 00 00 00 00 02")
    for version in keys.versions:
        answer = read_answer((0x90, 0, 1), WCNT, *SLOTS, key=keys.card_key(own_idm, version))
        session = LiteSSession(ScriptedPort(WRITE_RC, (READ_SLOTS, answer)), IDM, keys, lambda size: CHALLENGE[:size])
        assert session.open(0, 1) == Declined(wrong_key=True)


def test_a_session_opened_anew_does_not_go_on_under_the_old_proof() -> None:
    session, _ = session_opened((WRITE_RC[0], CardLost()))
    assert session.open(0, 1) == CardLost()
    with pytest.raises(RuntimeError, match="not open"):
        session.write(1, NEW)


def test_a_plain_write_has_no_mac_and_its_answer_is_taken_alike() -> None:
    frame = f"20 08 01 2E 4C D1 A0 B3 57 96 01 09 00 01 80 88 {NEW.hex(' ').upper()}"
    for answer, outcome in (
        (DONE, Written()),
        ("0C 09 01 2E 4C D1 A0 B3 57 96 FF 71", Written(worn=True)),
        ("0C 09 01 2E 4C D1 A0 B3 57 96 01 A8", Declined(wrong_key=False, status=bytes.fromhex("01 A8"))),
        (CardLost(), Indeterminate(0x88)),
        (GONE, Indeterminate(0x88)),
    ):
        port = ScriptedPort((frame, answer))
        assert session_on(port).write_plain(0x88, NEW) == outcome
        assert len(port.sent) == 1


def test_nothing_that_holds_a_key_shows_it(caplog: pytest.LogCaptureFixture) -> None:
    keys = MasterKeyStore(b"2" * 32, 2, {1: b"1" * 32})
    card_key = keys.card_key(IDM)
    answer = read_answer((0x90, 0, 1), WCNT, *SLOTS, key=card_key)
    session = LiteSSession(ScriptedPort(WRITE_RC, (READ_SLOTS, answer)), IDM, keys, lambda size: CHALLENGE[:size])
    with caplog.at_level("DEBUG"):
        session.open(0, 1)
    derived = lite_s.session_key(card_key, CHALLENGE)
    shown = [
        f"{what!r} {format(what)} {[what]}"
        for what in (keys, card_key, session, derived, FelicaCard(image(), card_key))
    ]
    told = "".join(
        TracebackException.from_exception(raised_in(lambda: keys.card_key(IDM, 9)), capture_locals=True).format()
    )
    for text in (*shown, told, caplog.text):
        for secret in (b"1" * 32, b"2" * 32, card_key, derived.key):
            assert secret.hex() not in text.lower()
            assert repr(bytes(secret)) not in text
            assert repr(bytes(secret))[2:-1] not in text


# -- FelicaReader


def reader_on(port: FramePort) -> FelicaReader:
    return FelicaReader(port, OneKey(), lambda size: CHALLENGE[:size])


def test_looking_for_a_card_names_the_system_and_sends_no_more() -> None:
    port = ScriptedPort(polls=(NoCard(), HERE))
    reader = reader_on(port)
    assert reader.name == "scripted"
    assert reader.wait() == NoCard()
    session = reader.wait()
    assert isinstance(session, LiteSSession)
    assert session.idm == IDM
    assert port.systems == [(0x88B4, 0x0003)] * 2
    assert port.sent == []
    assert port.closed == 0
    reader.close()
    assert port.closed == 1


def test_a_transit_card_is_foreign_and_nothing_is_sent_to_it() -> None:
    port = ScriptedPort(polls=(Polled(IDM, PMM, 0x0003),))
    assert reader_on(port).wait() == Foreign(IDM, 0x0003)
    assert port.sent == []


@pytest.mark.parametrize(
    ("ic_code", "what"), [(0xF0, "FeliCa Lite"), (0x06, "FeliCa Mobile"), (0x20, "FeliCa Standard"), (0xE0, "a plug")]
)
def test_another_chip_with_our_system_code_is_foreign_and_nothing_is_sent_to_it(ic_code: int, what: str) -> None:
    port = ScriptedPort(polls=(Polled(IDM, bytes((0, ic_code)) + PMM[2:], 0x88B4),))
    assert reader_on(port).wait() == Foreign(IDM, 0x88B4), what
    assert port.sent == []


def test_a_link_in_lite_s_mode_is_a_lite_s() -> None:
    port = ScriptedPort(polls=(Polled(IDM, bytes((0, 0xF2)) + PMM[2:], 0x88B4),))
    assert isinstance(reader_on(port).wait(), LiteSSession)


def test_two_cards_are_passed_on_as_such() -> None:
    assert reader_on(ScriptedPort(polls=(TwoCards(),))).wait() == TwoCards()


def test_a_failed_port_is_closed_and_opened_at_the_next_look() -> None:
    port = ScriptedPort(polls=(GONE, NoCard(), HERE))
    reader = reader_on(port)
    assert reader.wait() == GONE
    assert (port.closed, port.opened) == (1, 0)
    assert reader.wait() == NoCard()
    assert isinstance(reader.wait(), LiteSSession)
    assert (port.closed, port.opened) == (1, 1)


def test_a_reader_that_stays_away_is_asked_for_at_each_look() -> None:
    missing = ReaderFault("scripted", "no PN532 card reader at /dev/ttyUSB0: check the cable")
    port = ScriptedPort(polls=(GONE, NoCard()), opens=(missing, missing))
    reader = reader_on(port)
    assert reader.wait() == GONE
    assert [reader.wait() for _ in range(2)] == [missing] * 2
    assert reader.wait() == NoCard()
    assert (port.opened, port.closed) == (3, 1)


def test_a_port_that_fails_again_is_opened_again() -> None:
    port = ScriptedPort(polls=(GONE, GONE, NoCard()))
    reader = reader_on(port)
    assert [reader.wait() for _ in range(3)] == [GONE, GONE, NoCard()]
    assert (port.closed, port.opened) == (2, 2)


def test_a_port_that_can_not_be_opened_is_missing() -> None:
    with pytest.raises(ReaderMissing, match="unplugged"):
        opened(ScriptedPort(opens=(GONE,)))
    port = ScriptedPort()
    assert opened(port) is port


@pytest.mark.parametrize("status", ["00 00", "FF 71", "02 B2"])
def test_faults_9_an_answer_to_a_write_that_goes_on_after_its_status_is_none(status: str) -> None:
    session, port = session_opened((write_command(1, NEW), f"0D 09 01 2E 4C D1 A0 B3 57 96 {status} 00"))
    assert session.write(1, NEW) == Indeterminate(1)
    assert session.write_count == COUNT
    assert port.is_done
