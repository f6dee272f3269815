"""Packets between the terminal and a reader's process: there and back, and whatever else may come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader.messages import (
    MOST_BYTES,
    Answer,
    AskHealth,
    Close,
    Done,
    Failed,
    FieldOff,
    MessageFault,
    Open,
    Poll,
    Request,
    Transceive,
    decode_answer,
    decode_request,
    encode_answer,
    encode_request,
)
from reader.port import CardLost, Health, NoCard, Polled, TwoCards

IDM, PMM = bytes.fromhex("01 2E 4C D1 A0 B3 57 96"), bytes.fromhex("00 F1 00 00 00 01 43 00")

REQUESTS: dict[str, Request] = {
    "00000007 01": Open(),
    "00000007 02 3FE0000000000000 88B4 0003": Poll((0x88B4, 0x0003), 0.5),
    "00000007 03 3FA999999999999A 02AB": Transceive(b"\x02\xab", 0.05),
    "00000007 04": FieldOff(),
    "00000007 05": AskHealth(),
    "00000007 06": Close(),
}
ANSWERS: dict[str, Answer] = {
    "00000007 01": Done(),
    "00000007 02 676F6E65": Failed("gone"),
    "00000007 03 012E4CD1A0B35796 00F1000000014300 88B4": Polled(IDM, PMM, 0x88B4),
    "00000007 04": TwoCards(),
    "00000007 05": NoCard(),
    "00000007 06": CardLost(),
    "00000007 07 02AB": b"\x02\xab",
    "00000007 08 504E353332": Health("PN532"),
}


@pytest.mark.parametrize(("packet", "request_"), REQUESTS.items())
def test_a_request_there_and_back(packet: str, request_: Request) -> None:
    assert encode_request(7, request_) == bytes.fromhex(packet)
    assert decode_request(bytes.fromhex(packet)) == (7, request_)


@pytest.mark.parametrize(("packet", "answer"), ANSWERS.items())
def test_an_answer_there_and_back(packet: str, answer: Answer) -> None:
    assert encode_answer(7, answer) == bytes.fromhex(packet)
    number, back = decode_answer(bytes.fromhex(packet))
    assert (number, type(back), back) == (7, type(answer), answer)


@pytest.mark.parametrize(
    "packet",
    ["", "00000007", "00000007 00", "00000007 01 00", "00000007 02", "00000007 02 3FE0000000000000",
     "00000007 02 3FE0000000000000 88", "00000007 02 3FE0000000000000" + " 88B4" * 9, "00000007 03 00",
     "00000007 02 FFFFFFFFFFFFFFFF 88B4", "00000007 02 7FF0000000000000 88B4", "00000007 03 BFE0000000000000 06",
     "00000007 07", "00000007 09", "FF" * (MOST_BYTES + 1)],
)  # fmt: skip
def test_what_is_no_request(packet: str) -> None:
    with pytest.raises(MessageFault):
        decode_request(bytes.fromhex(packet))


@pytest.mark.parametrize(
    "packet",
    ["", "00000007", "00000007 00", "00000007 01 00", "00000007 03", "00000007 03" + " 00" * 17,
     "00000007 03" + " 00" * 19, "00000007 04 01", "00000007 07" + " 00" * 256, "00000007 02" + " 41" * 901,
     "00000007 09", "00000007 07" + " 00" * MOST_BYTES],
)  # fmt: skip
def test_what_is_no_answer(packet: str) -> None:
    with pytest.raises(MessageFault):
        decode_answer(bytes.fromhex(packet))


@given(st.binary(max_size=60))
def test_any_bytes_are_a_message_or_a_message_fault(packet: bytes) -> None:
    for decode in (decode_request, decode_answer):
        try:
            number, _ = decode(packet)
        except MessageFault:
            continue
        assert number == int.from_bytes(packet[:4], "big")


def test_what_is_too_long_to_ask() -> None:
    with pytest.raises(MessageFault, match="256 bytes"):
        encode_request(1, Transceive(bytes(256), 0.1))
    with pytest.raises(MessageFault, match="9 systems"):
        encode_request(1, Poll(tuple(range(9)), 0.0))
    with pytest.raises(MessageFault, match="0 systems"):
        encode_request(1, Poll((), 0.0))


@pytest.mark.parametrize("text", ["x" * 5_000, "リーダー" * 500, "\udcff broken", ""])
def test_any_text_fits(text: str) -> None:
    packet = encode_answer(1, Failed(text))
    assert len(packet) <= MOST_BYTES
    _, back = decode_answer(packet)
    assert isinstance(back, Failed)
    assert back.what == text.encode(errors="replace").decode()[: len(back.what)]
    assert "\ufffd" not in back.what
