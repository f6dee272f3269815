"""The simulated card on the wire: what it answers, when it keeps silent, and that nothing else changes its memory."""

from datetime import date
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardimage.felica_card import FelicaCard
from cardimage.image import Blocks, CardImage, ImageFault, blank_lite_s
from cardimage.issue import issue
from tariff.account import Account
from tests.cardimage import peer
from tests.cardimage.accounts import IDM

KEY = sha256(b"a key of this test").digest()[:16]
CHALLENGE = bytes(range(16))
NEW = bytes(range(0x10, 0x20))

POLL = "06 00 88 B4 00 00"
POLL_ANSWER = "12 01 01 2E 4C D1 A0 B3 57 96 00 F1 00 00 00 01 43 00"
HEAD_READ = "06 01 2E 4C D1 A0 B3 57 96 01 0B 00"
HEAD_WRITE = "08 01 2E 4C D1 A0 B3 57 96 01 09 00"
WRITE_RC = f"20 {HEAD_WRITE} 01 80 80 07 06 05 04 03 02 01 00 0F 0E 0D 0C 0B 0A 09 08"
DONE = "0C 09 01 2E 4C D1 A0 B3 57 96 00 00"


class Bench:
    """One card and its memory, tapped by frames in spaced hex."""

    def __init__(self, image: CardImage) -> None:
        blocks = image.lite_s_blocks()
        assert blocks is not None
        self.blocks: Blocks = blocks
        self.card = FelicaCard(image, KEY)

    def send(self, frame: str) -> str | None:
        answer = self.card.process(bytes.fromhex(frame))
        return None if answer is None else answer.hex(" ").upper()

    def read(self, *blocks: int) -> str | None:
        listed = " ".join(f"80 {block:02X}" for block in blocks)
        return self.send(f"{14 + 2 * len(blocks):02X} {HEAD_READ} {len(blocks):02X} {listed}")

    def write(self, block: int, data: bytes) -> str | None:
        return self.send(f"20 {HEAD_WRITE} 01 80 {block:02X} {data.hex(' ')}")

    def write_with_mac(self, block: int, data: bytes, count: int, mac: bytes | None = None) -> str | None:
        proof = mac or peer.write_mac(KEY, CHALLENGE, count, block, data)
        trailer = proof + count.to_bytes(3, "little") + bytes(5)
        return self.send(f"32 {HEAD_WRITE} 02 80 {block:02X} 80 91 {(data + trailer).hex(' ')}")

    @property
    def write_count(self) -> int:
        return int.from_bytes(self.blocks[0x90][:3], "little")

    @write_count.setter
    def write_count(self, count: int) -> None:
        self.blocks[0x90] = count.to_bytes(3, "little") + bytes(13)


@pytest.fixture
def issued() -> Bench:
    return Bench(issue(IDM, Account("lococa", 2_000), "LC2611200042", date(2026, 11, 20)))


@pytest.fixture
def blank() -> Bench:
    return Bench(blank_lite_s(IDM))


def refused(status: str, code: str = "09") -> str:
    return f"0C {code} 01 2E 4C D1 A0 B3 57 96 {status}"


# -- polling


@pytest.mark.parametrize(
    "frame",
    [
        # its own system
        POLL,
        # any system
        "06 00 FF FF 00 00",
        # any second byte
        "06 00 88 FF 00 00",
        # any first byte
        "06 00 FF B4 00 00",
        # four time slots
        "06 00 88 B4 00 03",
    ],
)
def test_a_poll_of_its_system_is_answered(issued: Bench, frame: str) -> None:
    assert issued.send(frame) == POLL_ANSWER


def test_a_poll_that_asks_for_the_system_code_gets_it(issued: Bench) -> None:
    # any system, and which is it?
    assert issued.send("06 00 FF FF 01 00") == "14 01 01 2E 4C D1 A0 B3 57 96 00 F1 00 00 00 01 43 00 88 B4"


def test_a_card_with_ndef_answers_to_its_system_too(blank: Bench) -> None:
    blank.blocks[0x88] = bytes.fromhex("FF FF FF 01 07") + bytes(11)
    assert blank.send("06 00 12 FC 01 00") == "14 01 01 2E 4C D1 A0 B3 57 96 00 F1 00 00 00 01 43 00 12 FC"
    assert blank.send("06 00 FF FF 01 00") == "14 01 01 2E 4C D1 A0 B3 57 96 00 F1 00 00 00 01 43 00 88 B4"


def test_a_poll_that_asks_for_the_speeds_gets_them(issued: Bench) -> None:
    assert issued.send("06 00 88 B4 02 00") == "14 01 01 2E 4C D1 A0 B3 57 96 00 F1 00 00 00 01 43 00 00 83"


def test_a_new_key_waits_for_the_next_challenge(blank: Bench) -> None:
    blank.send(WRITE_RC)
    assert blank.write(0x87, NEW) == DONE
    answer = blank.read(0, 0x91)
    assert answer is not None
    assert bytes.fromhex(answer)[-16:-8] == peer.read_mac(KEY, CHALLENGE, (0,), bytes(16))


@pytest.mark.parametrize(
    "frame",
    [
        # Suica and others
        "06 00 00 03 00 00",
        # NDEF
        "06 00 12 FC 00 00",
        # first byte of another
        "06 00 89 B4 00 00",
        # second byte of another
        "06 00 88 B5 00 00",
    ],
)
def test_a_poll_of_another_system_is_met_with_silence(issued: Bench, frame: str) -> None:
    assert issued.send(frame) is None


# -- reading


def test_one_block_is_read(issued: Bench) -> None:
    # Read SYS_C
    assert issued.read(0x85) == f"1D 07 {IDM.hex(' ').upper()} 00 00 01 88 B4" + " 00" * 14


@pytest.mark.parametrize("blocks", [(0,), (0, 1), (0, 1, 2), (0, 1, 2, 0x88), (2, 2), (0x90, 0x92, 0xA0, 0x0E)])
def test_up_to_four_blocks_are_read_in_the_order_asked(issued: Bench, blocks: tuple[int, ...]) -> None:
    answer = issued.read(*blocks)
    assert answer is not None
    octets = bytes.fromhex(answer)
    assert octets[0] == len(octets) == 13 + 16 * len(blocks)
    assert octets[1:13] == b"\x07" + IDM + bytes((0, 0, len(blocks)))
    assert octets[13:] == b"".join(issued.blocks.get(block, bytes(16)) for block in blocks)


def test_the_read_write_service_reads_too(issued: Bench) -> None:
    # Read S_PAD2 through service 0009
    answer = issued.send("10 06 01 2E 4C D1 A0 B3 57 96 01 09 00 01 80 02")
    assert answer == f"1D 07 01 2E 4C D1 A0 B3 57 96 00 00 01 {issued.blocks[2].hex(' ').upper()}"


def test_a_block_number_may_take_two_bytes(issued: Bench) -> None:
    # Read S_PAD2, named by an element of three bytes
    answer = issued.send("11 06 01 2E 4C D1 A0 B3 57 96 01 0B 00 01 00 02 00")
    assert answer == f"1D 07 01 2E 4C D1 A0 B3 57 96 00 00 01 {issued.blocks[2].hex(' ').upper()}"
    # the same way to block 0102h
    assert issued.send("11 06 01 2E 4C D1 A0 B3 57 96 01 0B 00 01 00 02 01") == refused("01 A8", "07")


@pytest.mark.parametrize(
    ("frame", "status"),
    [
        # five blocks
        (f"18 {HEAD_READ} 05 80 00 80 01 80 02 80 03 80 04", "FF A2"),
        # no block
        (f"0E {HEAD_READ} 00", "FF A2"),
        # an element of the second service of one
        (f"10 {HEAD_READ} 01 81 00", "01 A3"),
        # an element of another access mode, the second of two
        (f"12 {HEAD_READ} 02 80 00 90 01", "02 A7"),
        # two services
        ("12 06 01 2E 4C D1 A0 B3 57 96 02 0B 00 09 00 01 80 00", "FF A1"),
        # no service
        ("0E 06 01 2E 4C D1 A0 B3 57 96 00 01 80 00", "FF A1"),
        # the history service of a transit card
        ("10 06 01 2E 4C D1 A0 B3 57 96 01 0F 09 01 80 00", "01 A6"),
        # no such block
        (f"10 {HEAD_READ} 01 80 0F", "01 A8"),
        # D_ID, which is fixed, through the service that writes
        ("10 06 01 2E 4C D1 A0 B3 57 96 01 09 00 01 80 83", "01 A8"),
        # the second of two does not exist
        (f"12 {HEAD_READ} 02 80 00 80 0F", "02 A8"),
        # the fourth of four
        (f"16 {HEAD_READ} 04 80 00 80 01 80 02 80 93", "08 A8"),
        # MAC_A before any challenge
        (f"12 {HEAD_READ} 02 80 00 80 91", "02 B2"),
    ],
)
def test_a_read_that_can_not_be_done_is_refused(issued: Bench, frame: str, status: str) -> None:
    assert issued.send(frame) == refused(status, "07")


@pytest.mark.parametrize(
    "frame",
    [
        # two blocks promised, one there
        f"10 {HEAD_READ} 02 80 00",
        # one promised, two there
        f"12 {HEAD_READ} 01 80 00 80 01",
        # an element cut in half
        f"0F {HEAD_READ} 01 80",
        # nothing after the IDm
        "0A 06 01 2E 4C D1 A0 B3 57 96",
        # a write of one byte too few
        f"1F {HEAD_WRITE} 01 80 01" + " 55" * 15,
        # a write of one byte too many
        f"21 {HEAD_WRITE} 01 80 01" + " 55" * 17,
    ],
)
def test_faults_9_a_list_that_is_not_whole_is_met_with_silence(issued: Bench, frame: str) -> None:
    before = dict(issued.blocks)
    assert issued.send(frame) is None
    assert issued.blocks == before


@pytest.mark.parametrize("block", [0x80, 0x87])
def test_the_challenge_and_the_card_key_read_as_zeros(issued: Bench, block: int) -> None:
    issued.send(WRITE_RC)
    assert issued.read(block) == f"1D 07 {IDM.hex(' ').upper()} 00 00 01" + " 00" * 16


@pytest.mark.parametrize("blocks", [(), (0,), (0x90, 0, 1), (5, 6, 7)])
def test_mac_a_proves_a_read(issued: Bench, blocks: tuple[int, ...]) -> None:
    assert issued.send(WRITE_RC) == DONE
    answer = issued.read(*blocks, 0x91)
    assert answer is not None
    octets = bytes.fromhex(answer)
    data = octets[13:-16]
    assert data == b"".join(issued.blocks[block] for block in blocks)
    assert octets[-16:] == peer.read_mac(KEY, CHALLENGE, blocks, data) + bytes(8)


def test_the_older_mac_proves_a_read(issued: Bench) -> None:
    issued.send(WRITE_RC)
    answer = issued.read(0x82, 0x81)
    assert answer is not None
    proof = peer.mac(peer.session_key(KEY, CHALLENGE), CHALLENGE, issued.blocks[0x82])
    assert bytes.fromhex(answer)[-16:] == proof + bytes(8)


@pytest.mark.parametrize("blocks", [(0x81,), (0x91, 0), (0x91, 0x91), (0, 0x81, 0x91), (0x81, 1)])
def test_a_mac_stands_last_and_once(issued: Bench, blocks: tuple[int, ...]) -> None:
    issued.send(WRITE_RC)
    assert issued.read(*blocks) == refused("02 B0", "07")


def test_a_block_can_be_kept_from_readers_that_did_not_prove_themselves(blank: Bench) -> None:
    blank.blocks[0x88] = bytes.fromhex("FF FF FF 00 07 00 20 00 00 00 00 00 01 00 00 00")
    assert blank.read(5) == refused("01 B1", "07")
    blank.send(WRITE_RC)
    assert blank.write(0x92, b"\x01" + bytes(15)) == refused("01 A8")
    assert blank.read(4, 5) == refused("02 B1", "07")
    assert blank.write_with_mac(0x92, b"\x01" + bytes(15), 0) == DONE
    answer = blank.read(5, 0x92)
    assert answer is not None
    assert bytes.fromhex(answer)[29:31] == bytes((1, 0))
    # A new challenge begins a new session.
    blank.send(WRITE_RC)
    assert blank.read(5) == refused("01 B1", "07")


# -- writing


def test_a_factory_card_takes_a_plain_write(blank: Bench) -> None:
    # Write S_PAD5
    assert blank.send(f"20 {HEAD_WRITE} 01 80 05 10 11 12 13 14 15 16 17 18 19 1A 1B 1C 1D 1E 1F") == DONE
    assert blank.blocks[5] == NEW
    assert blank.write_count == 1


def test_an_issued_card_takes_a_write_with_mac_a(issued: Bench) -> None:
    # Write RC
    assert issued.send(WRITE_RC) == DONE
    # Write S_PAD1 with MAC_A
    assert issued.write_with_mac(1, NEW, 0) == DONE
    assert issued.blocks[1] == NEW
    assert issued.write_count == 1
    # and S_PAD7 under the same session, the counter one on
    assert issued.write_with_mac(7, NEW, 1) == DONE
    assert (issued.blocks[7], issued.write_count) == (NEW, 2)


def test_a_challenge_changes_no_memory(issued: Bench) -> None:
    before = dict(issued.blocks)
    assert issued.send(WRITE_RC) == DONE
    assert issued.blocks == before


def right_mac(count: int = 3, block: int = 1, data: bytes = NEW) -> bytes:
    return peer.write_mac(KEY, CHALLENGE, count, block, data)


@pytest.mark.parametrize(
    ("block", "data", "count", "mac"),
    [
        (1, NEW, 2, None),
        (1, NEW, 4, None),
        (1, NEW, 3, right_mac(count=2)),
        (1, NEW, 2, right_mac(count=3)),
        (1, NEW, 3, right_mac(block=0)),
        (0, NEW, 3, right_mac(block=1)),
        (1, bytes(16), 3, right_mac()),
        (1, NEW, 3, bytes(8)),
        (1, NEW, 3, right_mac()[:7] + bytes((right_mac()[7] ^ 1,))),
        (1, NEW, 3, peer.write_mac(bytes(16), CHALLENGE, 3, 1, NEW)),
        (1, NEW, 3, peer.write_mac(KEY, CHALLENGE[::-1], 3, 1, NEW)),
        (1, NEW, 3, peer.read_mac(KEY, CHALLENGE, (1,), NEW)),
    ],
    ids=[
        "counter behind",
        "counter ahead",
        "mac of the last counter",
        "counter of the last mac",
        "mac of another block",
        "another block than the mac's",
        "other data than the mac's",
        "no mac at all",
        "one bit of the mac",
        "mac of another key",
        "mac of another challenge",
        "mac of a read",
    ],
)
def test_faults_10_a_mac_that_does_not_hold_changes_nothing(
    issued: Bench, block: int, data: bytes, count: int, mac: bytes | None
) -> None:
    issued.write_count = 3
    issued.send(WRITE_RC)
    before = dict(issued.blocks)
    assert issued.write_with_mac(block, data, count, mac) == refused("02 B2")
    assert issued.blocks == before
    # and the right one still goes through
    assert issued.write_with_mac(1, NEW, 3) == DONE


def test_a_write_heard_on_the_air_can_not_be_replayed(issued: Bench) -> None:
    issued.send(WRITE_RC)
    assert issued.write_with_mac(1, NEW, 0) == DONE
    assert issued.write_with_mac(1, NEW, 0) == refused("02 B2")
    assert issued.write_count == 1


def test_a_write_with_mac_before_any_challenge_is_refused(issued: Bench) -> None:
    assert issued.write_with_mac(1, NEW, 0) == refused("02 B2")


@pytest.mark.parametrize(
    ("frame", "status"),
    [
        # S_PAD1 without MAC_A
        (f"20 {HEAD_WRITE} 01 80 01" + " 55" * 16, "01 A8"),
        # two blocks, the second not MAC_A
        (f"32 {HEAD_WRITE} 02 80 00 80 01" + " 55" * 32, "02 A8"),
        # three blocks
        (f"44 {HEAD_WRITE} 03 80 00 80 01 80 91" + " 55" * 48, "FF A2"),
        # no block
        (f"0E {HEAD_WRITE} 00", "FF A2"),
        # through the service that only reads
        ("20 08 01 2E 4C D1 A0 B3 57 96 01 0B 00 01 80 01" + " 55" * 16, "01 A6"),
        # no such block
        (f"20 {HEAD_WRITE} 01 80 0F" + " 55" * 16, "01 A8"),
        # WCNT
        (f"20 {HEAD_WRITE} 01 80 90" + " 55" * 16, "01 A8"),
        # MAC_A alone
        (f"20 {HEAD_WRITE} 01 80 91" + " 55" * 16, "01 A8"),
        # D_ID
        (f"20 {HEAD_WRITE} 01 80 83" + " 55" * 16, "01 A8"),
        # ID, locked at issue
        (f"20 {HEAD_WRITE} 01 80 82" + " 55" * 16, "01 A8"),
        # SER_C, locked at issue
        (f"20 {HEAD_WRITE} 01 80 84" + " 55" * 16, "01 A8"),
        # CK without MAC_A
        (f"20 {HEAD_WRITE} 01 80 87" + " 55" * 16, "01 A8"),
        # CKV without MAC_A
        (f"20 {HEAD_WRITE} 01 80 86" + " 55" * 16, "01 A8"),
    ],
)
def test_a_write_that_may_not_be_done_changes_nothing(issued: Bench, frame: str, status: str) -> None:
    before = dict(issued.blocks)
    assert issued.send(frame) == refused(status)
    assert issued.blocks == before


def test_a_block_that_is_read_only_stays_so(blank: Bench) -> None:
    blank.blocks[0x88] = bytes.fromhex("DF FF FF 00 07 00 00 00 00 00 00 00 00 00 00 00")
    assert blank.write(5, NEW) == refused("01 A8")
    assert blank.write(6, NEW) == DONE
    blank.send(WRITE_RC)
    assert blank.write_with_mac(5, NEW, 1) == refused("01 A8")
    assert blank.blocks[5] == bytes(16)


def test_a_block_can_be_kept_from_writers_that_did_not_prove_themselves(blank: Bench) -> None:
    blank.blocks[0x88] = bytes.fromhex("FF FF FF 00 07 00 00 00 20 00 00 00 01 00 00 00")
    assert blank.write(5, NEW) == refused("01 B1")
    blank.send(WRITE_RC)
    assert blank.write_with_mac(0x92, b"\x01" + bytes(15), 0) == DONE
    assert blank.write(5, NEW) == DONE


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        # restrictions are added
        (
            "FF FF FF 00 07 00 00 00 00 00 00 00 00 00 00 00",
            "FF 3F 00 00 07 01 00 00 00 00 FF 3F 01 55 55 55",
            "FF 3F 00 00 07 01 00 00 00 00 FF 3F 01 00 00 00",
        ),
        # and never taken back
        (
            "F0 BF 00 00 07 01 01 00 02 00 FF 3F 01 00 00 00",
            "FF FF FF 01 00 00 00 00 00 00 00 00 00 00 00 00",
            "F0 BF 00 00 07 01 01 00 02 00 FF 3F 01 00 00 00",
        ),
    ],
)
def test_the_memory_configuration_only_grows_stricter(blank: Bench, old: str, new: str, kept: str) -> None:
    blank.blocks[0x88] = bytes.fromhex(old)
    assert blank.write(0x88, bytes.fromhex(new)) == DONE
    assert blank.blocks[0x88] == bytes.fromhex(kept)


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        # bit 15 clear: bytes 0-1 and 6-12 stay, the system blocks can still be closed
        (
            "FF 3F FF 00 07 00 00 00 00 00 00 00 00 00 00 00",
            "F0 3F 00 00 07 01 00 00 00 00 FF 3F 01 00 00 00",
            "FF 3F 00 00 07 01 00 00 00 00 00 00 00 00 00 00",
        ),
        # system closed: bytes 2-5 stay, restrictions can still be added
        (
            "FF FF 00 00 07 01 00 00 00 00 00 00 00 00 00 00",
            "FF FF FF 01 00 00 00 00 00 00 FF 3F 00 00 00 00",
            "FF FF 00 00 07 01 00 00 00 00 FF 3F 00 00 00 00",
        ),
    ],
)
def test_the_two_halves_of_the_configuration_close_apart(blank: Bench, old: str, new: str, kept: str) -> None:
    blank.blocks[0x88] = bytes.fromhex(old)
    assert blank.write(0x88, bytes.fromhex(new)) == DONE
    assert blank.blocks[0x88] == bytes.fromhex(kept)


def test_a_configuration_closed_in_both_halves_is_read_only(blank: Bench) -> None:
    blank.blocks[0x88] = bytes.fromhex("FF 3F 00 00 07 01") + bytes(10)
    assert blank.write(0x88, bytes(16)) == refused("01 A8")


@pytest.mark.parametrize("block", [0x86, 0x87])
def test_a_key_is_written_plainly_only_while_the_system_is_open(blank: Bench, block: int) -> None:
    assert blank.write(block, NEW) == DONE
    if block == 0x87:
        assert 0x87 not in blank.blocks
    for mc in ("FF FF FF 00 07 01", "FF FF 00 00 07 01"):
        blank.blocks[0x88] = bytes.fromhex(mc) + bytes(10)
        assert blank.write(block, bytes(16)) == refused("01 A8")
    # Without byte 5 it is fixed, with MAC_A too.
    blank.blocks[0x88] = bytes.fromhex("FF FF 00 00 07 00") + bytes(10)
    blank.send(WRITE_RC)
    assert blank.write_with_mac(block, bytes(16), 1) == refused("01 A8")


def test_the_card_keeps_its_own_half_of_id(blank: Bench) -> None:
    assert blank.write(0x82, b"\x55" * 16) == DONE
    assert blank.blocks[0x82] == IDM + b"\x55" * 8
    # Closed with the other system blocks.
    blank.blocks[0x88] = bytes.fromhex("FF FF 00 00 07 01") + bytes(10)
    assert blank.write(0x82, bytes(16)) == refused("01 A8")
    assert blank.write(0x84, bytes(16)) == refused("01 A8")


def test_the_card_key_is_changed_by_a_write_with_mac_a(issued: Bench) -> None:
    issued.send(WRITE_RC)
    key = sha256(b"the next key").digest()[:16]
    # CK is kept with each half reversed.
    assert issued.write_with_mac(0x87, key[7::-1] + key[:7:-1], 0) == DONE
    assert 0x87 not in issued.blocks
    issued.send(WRITE_RC)
    answer = issued.read(0, 0x91)
    assert answer is not None
    assert bytes.fromhex(answer)[-16:-8] == peer.read_mac(key, CHALLENGE, (0,), issued.blocks[0])


# -- counting, wear, REG


def test_every_write_is_counted_but_no_read(blank: Bench) -> None:
    for done, block in enumerate((0, 13, 0x0E, 0x82, 0x84, 0x86, 0x87), start=1):
        assert blank.write(block, bytes(16)) == DONE
        blank.read(0, 1)
        assert blank.write_count == done


@pytest.mark.parametrize(("count", "answer"), [(9_998, DONE), (9_999, DONE), (10_000, refused("FF 71"))])
def test_past_ten_thousand_writes_the_card_warns_and_writes(issued: Bench, count: int, answer: str) -> None:
    issued.write_count = count
    issued.send(WRITE_RC)
    assert issued.write_with_mac(1, NEW, count) == answer
    assert (issued.blocks[1], issued.write_count) == (NEW, count + 1)


def test_a_card_fresh_from_the_factory_counts_high_and_does_not_warn(blank: Bench) -> None:
    blank.write_count = 0xFFFE4B
    assert blank.write(5, NEW) == DONE
    # It takes writes with MAC_A all the same, to the very end of the count, some four hundred.
    blank.send(WRITE_RC)
    assert blank.write_with_mac(5, NEW, 0xFFFE4C) == DONE
    blank.write_count = 0xFFFFFE
    assert blank.write_with_mac(5, NEW, 0xFFFFFE) == DONE
    assert blank.write_with_mac(5, NEW, 0xFFFFFF) == refused("02 B2")


def test_closing_the_system_blocks_sets_the_count_to_zero_once(blank: Bench) -> None:
    blank.write_count = 0xFFFE4B
    assert blank.write(0x88, bytes.fromhex("FF FF 00 00 07 01") + bytes(10)) == DONE
    assert blank.write_count == 0
    blank.send(WRITE_RC)
    assert blank.write_with_mac(5, NEW, 0) == DONE
    # Neither another change of MC nor an attempt to open it again does.
    assert blank.write(0x88, bytes.fromhex("FF FF FF 00 07 01") + bytes(10)) == DONE
    assert blank.write_count == 2


def test_the_last_write_with_mac_is_at_fffdffh(issued: Bench) -> None:
    issued.write_count = 0xFFFDFF
    issued.send(WRITE_RC)
    assert issued.write_with_mac(1, NEW, 0xFFFDFF) == refused("FF 71")
    assert issued.write_count == 0xFFFE00
    before = dict(issued.blocks)
    assert issued.write_with_mac(1, bytes(16), 0xFFFE00) == refused("02 B2")
    assert issued.blocks == before


def test_the_count_of_writes_stays_at_its_end(blank: Bench) -> None:
    blank.write_count = 0xFFFFFF
    assert blank.write(5, NEW) == DONE
    assert (blank.blocks[5], blank.write_count) == (NEW, 0xFFFFFF)


def reg(a: int, b: int, c: int = 0) -> bytes:
    return a.to_bytes(4, "little") + b.to_bytes(4, "little") + c.to_bytes(8, "little")


FULL = 0xFFFFFFFF


@pytest.mark.parametrize(
    ("new", "kept"),
    [
        (reg(900, 900, 7), True),
        (reg(1_000, 900), True),
        (reg(1_000, 1_000), True),
        (reg(0, 0), True),
        (reg(1_001, 900), False),
        (reg(900, 1_001), False),
        # 00 04 00 00: 1024 read from the right, far less from the left
        (reg(1_024, 0), False),
        (reg(FULL, FULL), False),
    ],
)
def test_the_register_only_ever_decreases(blank: Bench, new: bytes, kept: bool) -> None:
    assert blank.write(0x0E, reg(1_000, 1_000)) == DONE
    # A raise is answered as done all the same: only reading tells.
    assert blank.write(0x0E, new) == DONE
    assert blank.blocks[0x0E] == (new if kept else reg(1_000, 1_000))


@given(st.lists(st.tuples(st.integers(0, FULL), st.integers(0, FULL)), max_size=6))
def test_no_row_of_writes_raises_the_register(writes: list[tuple[int, int]]) -> None:
    bench = Bench(blank_lite_s(IDM))
    low = (FULL, FULL)
    for a, b in writes:
        bench.write(0x0E, reg(a, b))
        now = bench.blocks[0x0E]
        halves = int.from_bytes(now[:4], "little"), int.from_bytes(now[4:8], "little")
        assert halves[0] <= low[0]
        assert halves[1] <= low[1]
        low = halves


# -- the field


def test_leaving_the_field_ends_the_session(issued: Bench) -> None:
    issued.send(WRITE_RC)
    assert issued.write_with_mac(1, NEW, 0) == DONE
    issued.card.power_off()
    assert issued.read(0, 0x91) == refused("02 B2", "07")
    assert issued.write_with_mac(1, NEW, 1) == refused("02 B2")
    # Memory stays.
    assert (issued.blocks[1], issued.write_count) == (NEW, 1)


def test_leaving_the_field_ends_authentication(blank: Bench) -> None:
    blank.send(WRITE_RC)
    blank.write_with_mac(0x92, b"\x01" + bytes(15), 0)
    assert bytes.fromhex(blank.read(0x92) or "")[13] == 1
    blank.card.power_off()
    assert bytes.fromhex(blank.read(0x92) or "")[13] == 0


def test_a_card_that_is_no_lite_s_is_not_taken() -> None:
    suica = CardImage(IDM, bytes(8), {0x0003: {0x090F: {0: bytes(16)}}}, simulated=False)
    with pytest.raises(ImageFault, match="Lite-S"):
        FelicaCard(suica, KEY)


@pytest.mark.parametrize("block", [0, 13, 0x0E, 0x88, 0x90])
def test_a_lite_s_that_lacks_a_block_is_not_taken(block: int) -> None:
    image = blank_lite_s(IDM)
    blocks = image.lite_s_blocks()
    assert blocks is not None
    del blocks[block]
    with pytest.raises(ImageFault, match="whole"):
        FelicaCard(image, KEY)


# -- frames that are none


@pytest.mark.parametrize(
    "frame",
    [
        # nothing
        "",
        # a length alone
        "01",
        # a length that is not the frame's
        "07 00 88 B4 00 00",
        "05 00 88 B4 00 00",
        # a poll cut short
        "05 00 88 B4 00",
        # a poll too long
        "07 00 88 B4 00 00 00",
        # Request Service, which a Lite-S does not know
        "0D 02 01 2E 4C D1 A0 B3 57 96 01 09 00",
        # an answer
        DONE,
        # a read for another card
        "10 06 01 2E 4C D1 A0 B3 57 97 01 0B 00 01 80 00",
        # a write for another card
        "20 08 00 2E 4C D1 A0 B3 57 96 01 09 00 01 80 80" + " 00" * 16,
        # a read cut within the IDm
        "09 06 01 2E 4C D1 A0 B3 57",
    ],
)
def test_faults_9_what_is_no_command_to_it_is_met_with_silence(issued: Bench, frame: str) -> None:
    before = dict(issued.blocks)
    assert issued.send(frame) is None
    assert issued.blocks == before


def framed(body: bytes) -> bytes:
    return bytes((len(body) + 1,)) + body


numbers = st.integers(0, 0xFF)
element = st.builds(lambda block: bytes((0x80, block)), numbers) | st.builds(
    lambda block: b"\x00" + block.to_bytes(2, "little"), st.integers(0, 0xFFFF)
)
near_misses = st.builds(
    lambda code, service, count, elements, data: framed(
        bytes((code,)) + IDM + b"\x01" + service + bytes((count,)) + b"".join(elements) + data
    ),
    st.sampled_from((0x06, 0x08)),
    st.sampled_from((b"\x09\x00", b"\x0b\x00")) | st.binary(min_size=2, max_size=2),
    st.integers(0, 6),
    st.lists(element, max_size=5),
    st.sampled_from((0, 15, 16, 17, 32, 48)).flatmap(lambda size: st.binary(min_size=size, max_size=size)),
)
frames = (
    st.binary(max_size=255)
    | st.binary(max_size=254).map(framed)
    | st.builds(lambda code, body: framed(bytes((code,)) + IDM + body), numbers, st.binary(max_size=60))
    | near_misses
)


@given(st.lists(frames, max_size=8), st.booleans())
def test_no_bytes_are_too_much_for_the_card(sent: list[bytes], challenged: bool) -> None:
    """Any bytes are answered or met with silence; memory changes only where the answer says that a write was done."""
    for image in (issue(IDM, Account("lococa", 2_000), "LC1", date(2026, 11, 20)), blank_lite_s(IDM)):
        bench = Bench(image)
        if challenged:
            bench.send(WRITE_RC)
        for frame in sent:
            before = dict(bench.blocks)
            answer = bench.card.process(frame)
            if answer is not None:
                assert answer[0] == len(answer)
                assert answer[2:10] == IDM
            if answer is None or answer[1:12] != b"\x09" + IDM + bytes(2):
                assert bench.blocks == before
            assert all(len(block) == 16 for block in bench.blocks.values())
