"""Stock nfcpy, which works real cards, works the second card."""

from typing import Any
from unittest.mock import Mock

import nfc.clf
import nfc.tag
import nfc.tag.tt3_sony
import pytest

from tests.second_card.lite_s_card import CK, CKV, MC, REG, STATE, WCNT, LiteSCard

IDM = bytes.fromhex("012e4ce445055b87")
PMM = bytes.fromhex("00f1000000014300")
KEY = bytes(range(0x30, 0x40))
DATA = bytes(range(16))


class Frontend:
    """As much of `nfc.ContactlessFrontend` as a tag asks for."""

    def __init__(self, card: LiteSCard) -> None:
        self.card = card

    def exchange(self, frame: bytes, _timeout: float) -> bytearray:
        answer = self.card.process(bytes(frame))
        if answer is None:
            raise nfc.clf.TimeoutError("silent")
        return bytearray(answer)


def tag_of(card: LiteSCard, system: str = "ffff") -> Any:
    answer = Frontend(card).exchange(bytes.fromhex(f"0600{system}0100"), 0.1)
    target = nfc.clf.RemoteTarget("212F", sensf_res=answer[1:])
    return nfc.tag.tt3_sony.activate(Frontend(card), target)


def refusal_of(call: Any, *arguments: object) -> int:
    with pytest.raises(nfc.tag.TagCommandError) as raised:
        call(*arguments)
    return int(raised.value.errno)


def test_polling_answers_as_the_real_card_of_issue_3871() -> None:
    card = LiteSCard(IDM, PMM, KEY)
    assert card.process(bytes.fromhex("0600ffff0000")) == bytes.fromhex("1201012e4ce445055b8700f1000000014300")
    assert card.process(bytes.fromhex("0600ffff0100")) == bytes.fromhex("1401012e4ce445055b8700f100000001430088b4")


@pytest.mark.parametrize(
    ("wanted", "plain", "with_ndef"),
    [
        ("ffff", "88b4", "88b4"),
        ("88b4", "88b4", "88b4"),
        ("88ff", "88b4", "88b4"),
        ("ffb4", "88b4", "88b4"),
        ("12fc", None, "12fc"),
        ("12ff", None, "12fc"),
        ("fffc", None, "12fc"),
        ("0003", None, None),
    ],
)
def test_system_codes_and_wildcards(wanted: str, plain: str | None, with_ndef: str | None) -> None:
    config = bytes.fromhex("ffffff010700") + bytes(10)
    for card, expected in (
        (LiteSCard(IDM, PMM, KEY), plain),
        (LiteSCard(IDM, PMM, KEY, {MC: config}), with_ndef),
    ):
        answer = card.process(bytes.fromhex(f"0600{wanted}0100"))
        assert (answer and answer[-2:].hex()) == expected


def test_nfcpy_names_it_and_authenticates() -> None:
    tag = tag_of(LiteSCard(IDM, PMM, KEY))
    assert isinstance(tag, nfc.tag.tt3_sony.FelicaLiteS)
    assert tag.sys == 0x88B4
    assert tag.authenticate(KEY) is True


def test_nfcpy_authenticates_a_factory_card_by_the_empty_password() -> None:
    assert tag_of(LiteSCard(IDM, PMM, bytes(16))).authenticate(b"") is True


def test_nfcpy_refuses_another_key() -> None:
    assert tag_of(LiteSCard(IDM, PMM, KEY)).authenticate(KEY[::-1]) is False


def test_nfcpy_reads_and_writes() -> None:
    card = LiteSCard(IDM, PMM, KEY, {3: DATA})
    tag = tag_of(card)
    tag.authenticate(KEY)
    assert tag.read_without_mac(3, 0x82) == DATA + card.memory[0x82]
    assert tag.read_with_mac(3, 4, 0x83) == DATA + bytes(16) + IDM + PMM
    tag.write_without_mac(DATA[::-1], 4)
    tag.write_with_mac(DATA, 5)
    assert tag.read_with_mac(4, 5) == DATA[::-1] + DATA
    assert (card.memory[4], card.memory[5]) == (DATA[::-1], DATA)


def test_nfcpy_protects_a_card_and_it_stays_protected() -> None:
    card = LiteSCard(IDM, PMM, bytes(16))
    tag = tag_of(card)
    assert tag.authenticate(b"")
    assert tag.protect(KEY.decode(), read_protect=True, protect_from=5)
    card.power_off()
    assert card.memory[WCNT] == bytes(16)

    tag = tag_of(card)
    assert tag.read_without_mac(4) == bytes(16)
    assert refusal_of(tag.read_without_mac, 4, 5) == 0x02B1
    tag.write_without_mac(DATA, 4)
    assert refusal_of(tag.write_without_mac, DATA, 5) == 0x01A8
    assert refusal_of(tag.write_without_mac, DATA, CKV) == 0x01A8
    assert tag.authenticate(b"") is False
    assert tag.authenticate(KEY) is True
    tag.write_with_mac(DATA, 5)
    assert tag.read_with_mac(5) == DATA
    card.power_off()
    assert card.memory[STATE] == bytes(16)
    assert refusal_of(tag_of(card).read_without_mac, 5) == 0x01B1


def test_nfcpy_changes_the_key_of_a_protected_card_with_a_mac() -> None:
    config = bytes.fromhex("ffff00000701") + bytes(10)
    card = LiteSCard(IDM, PMM, KEY, {MC: config, WCNT: bytes(16)})
    tag = tag_of(card)
    assert tag.authenticate(KEY)
    tag.write_with_mac(DATA[7::-1] + DATA[15:7:-1], CK)
    assert tag.read_without_mac(CK) == bytes(16)
    assert tag.authenticate(DATA)


def test_nfcpy_formats_it_and_keeps_a_message_on_it() -> None:
    card = LiteSCard(IDM, PMM, KEY)
    assert tag_of(card).format()
    card.power_off()
    tag = tag_of(card, "12fc")
    tag.ndef.octets = b"\xd1\x01\x0bT\x02jahakuho" + b"!"
    assert tag_of(card, "12fc").ndef.octets == b"\xd1\x01\x0bT\x02jahakuho" + b"!"


def test_nfcpy_dumps_it() -> None:
    assert len(tag_of(LiteSCard(IDM, PMM, KEY)).dump()) > 12


@pytest.mark.parametrize(
    ("a", "b", "kept"), [(5, 6, False), (4, 6, False), (9, 6, True), (4, 9, True), (0xFFFFFFFF, 0, True)]
)
def test_reg_only_falls(a: int, b: int, kept: bool) -> None:
    card = LiteSCard(IDM, PMM, KEY, {REG: (5).to_bytes(4, "little") + (6).to_bytes(4, "little") + bytes(8)})
    before, new = card.memory[REG], a.to_bytes(4, "little") + b.to_bytes(4, "little") + bytes(8)
    tag_of(card).write_without_mac(new, REG)
    assert card.memory[REG] == (before if kept else new)


def test_a_worn_card_warns_and_writes() -> None:
    config = bytes.fromhex("ffff00000700") + bytes(10)
    card = LiteSCard(IDM, PMM, KEY, {MC: config, WCNT: (10_001).to_bytes(16, "little")})
    assert refusal_of(tag_of(card).write_without_mac, DATA, 3) == 0xFF71
    assert card.memory[3] == DATA


def test_a_used_up_card_takes_no_write_with_mac() -> None:
    config = bytes.fromhex("ffff00000700") + bytes(10)
    card = LiteSCard(IDM, PMM, KEY, {MC: config, WCNT: (0xFFFE00).to_bytes(16, "little")})
    assert refusal_of(tag_of(card).authenticate, KEY) == 0x02B2


def test_a_mac_write_sent_twice_is_refused_the_second_time() -> None:
    card = LiteSCard(IDM, PMM, KEY)
    tag = tag_of(card)
    tag.authenticate(KEY)
    exchanged = Mock(side_effect=tag.clf.exchange)
    tag.clf.exchange = exchanged
    tag.write_with_mac(DATA, 5)
    assert card.process(bytes(exchanged.call_args.args[0])) == bytes((12, 9)) + IDM + b"\x02\xb2"


def test_frames_that_are_not_for_it_are_met_with_silence() -> None:
    card = LiteSCard(IDM, PMM, KEY)
    read = bytes.fromhex("1006") + IDM + bytes.fromhex("010b00018000")
    answer = card.process(read)
    assert answer is not None and answer[10:13] == b"\x00\x00\x01"
    other_card = read[:2] + bytes(8) + read[10:]
    not_offered = bytes.fromhex("0a0c") + IDM
    long = bytes((17,)) + read[1:] + b"\x00"
    for frame in (b"", b"\x01", read[:-1], bytes((15,)) + read[1:-1], long, other_card, not_offered):
        assert card.process(frame) is None


@pytest.mark.parametrize(
    ("body", "flags"),
    [
        ("02 0b00 0900 01 8000", "ffa1"),
        ("01 0b00 00", "ffa2"),
        ("01 0b00 05 8000 8001 8002 8003 8004", "ffa2"),
        ("01 0a00 01 8000", "01a6"),
        ("01 0b00 01 8100", "01a3"),
        ("01 0b00 01 9000", "01a7"),
        ("01 0b00 01 800f", "01a8"),
        ("01 0b00 02 8000 000001", "02a8"),
        ("01 0b00 02 8080 8091", "02b2"),
        ("01 0b00 02 8081 8091", "02b0"),
    ],
)
def test_refused_reads(body: str, flags: str) -> None:
    card = LiteSCard(IDM, PMM, KEY)
    frame = b"\x06" + IDM + bytes.fromhex(body)
    assert card.process(bytes((len(frame) + 1,)) + frame) == bytes((12, 7)) + IDM + bytes.fromhex(flags)


def test_a_three_byte_element_reads_the_same_block() -> None:
    card = LiteSCard(IDM, PMM, KEY, {3: DATA})
    answer = card.process(bytes.fromhex("1106") + IDM + bytes.fromhex("010b0001000300"))
    assert answer is not None and answer.endswith(DATA)
