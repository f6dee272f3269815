"""Transparent sessions, byte by byte: worked examples of both dialects, and answers that make no sense."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader import transparent
from reader.transparent import Dialect, Garbled, Refused, Silent, card_answer, data_object, data_objects, refusal

ANY_CARD = bytes.fromhex("06 00 FF FF 01 00")
POLL_ANSWER = bytes.fromhex("12 01 01 2E 4C D1 A0 B3 57 96 00 F1 00 00 00 01 43 00")


@pytest.mark.parametrize(
    ("command", "as_published"),
    [
        (transparent.manage(Dialect.STANDARD, transparent.START), "FF C2 00 00 02 81 00 00"),
        (transparent.manage(Dialect.STANDARD, transparent.END), "FF C2 00 00 02 82 00 00"),
        (transparent.manage(Dialect.STANDARD, transparent.FIELD_OFF), "FF C2 00 00 02 83 00 00"),
        (
            transparent.manage(Dialect.STANDARD, transparent.START, transparent.FIELD_ON),
            "FF C2 00 00 04 81 00 84 00 00",
        ),
        (transparent.switch_to_felica(Dialect.STANDARD), "FF C2 00 02 04 8F 02 03 00 00"),
        (
            transparent.exchange(Dialect.STANDARD, ANY_CARD, 0.05),
            "FF C2 00 01 0F 5F 46 04 50 C3 00 00 95 06 06 00 FF FF 01 00 00",
        ),
        (transparent.manage(Dialect.SONY, transparent.START), "FF 50 00 00 02 81 00 00"),
        (transparent.switch_to_felica(Dialect.SONY), "FF 50 00 02 04 8F 02 03 00 00"),
        (
            transparent.exchange(Dialect.SONY, ANY_CARD, 0.1),
            "FF 50 00 01 00 00 11 5F 46 04 A0 86 01 00 95 82 00 06 06 00 FF FF 01 00 00 00 00",
        ),
    ],
)
def test_commands_are_as_published(command: bytes, as_published: str) -> None:
    assert command.hex(" ").upper() == as_published


@pytest.mark.parametrize(
    ("timeout_s", "timer_us"),
    [
        (0.0, 1_000),
        (0.000_1, 1_000),
        (0.003_5, 3_500),
        (0.05, 50_000),
        (6.0, 6_000_000),
        (100.0, 6_000_000),
        (float("inf"), 6_000_000),
    ],
)
def test_a_timer_is_never_too_short_for_a_card_nor_endless(timeout_s: float, timer_us: int) -> None:
    assert transparent.timer_us(timeout_s) == timer_us
    assert timer_us.to_bytes(4, "little") in transparent.exchange(Dialect.STANDARD, ANY_CARD, timeout_s)


def test_a_frame_too_long_for_a_short_command_takes_an_extended_one() -> None:
    short = transparent.exchange(Dialect.STANDARD, bytes(245), 0.05)
    assert short[4] == 7 + 3 + 245
    assert len(short) == 5 + 255 + 1
    extended = transparent.exchange(Dialect.STANDARD, bytes(255), 0.05)
    assert extended[4:7] == b"\x00" + (7 + 3 + 255).to_bytes(2, "big")
    assert extended[14:17] == b"\x95\x81\xff"
    assert len(extended) == 7 + 265 + 2


def test_an_answer_is_taken_out_of_its_objects() -> None:
    said = "C0 03 00 90 00 92 01 00 96 02 00 00 97 12" + POLL_ANSWER.hex() + "90 00"
    assert card_answer(bytes.fromhex(said)) == POLL_ANSWER


def test_an_answer_may_do_without_status() -> None:
    assert card_answer(b"\x97\x12" + POLL_ANSWER + b"\x90\x00") == POLL_ANSWER


def test_a_long_answer_has_a_long_length() -> None:
    frame = b"\xff" + bytes(254)
    assert card_answer(b"\x97\x81\xff" + frame + b"\x90\x00") == frame
    assert card_answer(b"\x97\x82\x00\xff" + frame + b"\x90\x00") == frame


@pytest.mark.parametrize(
    "answer",
    [
        "C0 03 01 64 01 90 00",  # no answer from the card
        "64 01",
        "C0 03 00 90 00 90 00",  # all well, and nothing heard
        "C0 03 00 90 00 97 00 90 00",
        "C0 03 00 90 00 96 02 01 00 97 02 02 01 90 00",  # check sum
        "C0 03 00 90 00 96 02 02 00 97 02 02 01 90 00",  # collision
    ],
)
def test_silence_and_noise_are_no_answer(answer: str) -> None:
    assert card_answer(bytes.fromhex(answer)) == Silent()


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("6D 00", "6D 00"),
        ("C0 03 01 6A 81 90 00", "6A 81"),
        ("C0 03 00 6F 00 97 02 02 01 90 00", "6F 00"),
        ("C0 00 90 00", ""),
        ("97 05 01 90 00", ""),
        ("97 90 00", ""),
        ("97 81 90 00", ""),
        ("97 83 00 00 01 05 90 00", ""),
        ("90", ""),
        ("", ""),
    ],
)
def test_what_the_reader_refuses_is_told(answer: str, status: str) -> None:
    refused = Refused(bytes.fromhex(status))
    assert card_answer(bytes.fromhex(answer)) == refused
    assert refusal(bytes.fromhex(answer)) == refused


@pytest.mark.parametrize("answer", ["90 00", "C0 03 00 90 00 90 00", "5F 51 01 00 90 00"])
def test_a_command_that_was_done_is_not_refused(answer: str) -> None:
    assert refusal(bytes.fromhex(answer)) is None


@given(st.binary(max_size=400))
def test_any_bytes_are_an_answer_silence_or_a_refusal(answer: bytes) -> None:
    assert isinstance(card_answer(answer), (bytes, Silent, Refused))
    assert isinstance(refusal(answer), (Refused, type(None)))


@given(st.dictionaries(st.sampled_from([b"\x5f\x46", b"\x95", b"\x97", b"\xc0"]), st.binary(max_size=300)))
def test_objects_come_back_as_they_went(objects: dict[bytes, bytes]) -> None:
    data = b"".join(data_object(tag, value) for tag, value in objects.items())
    assert data_objects(data) == objects
    if objects and list(objects.values())[-1]:
        with pytest.raises(Garbled):
            data_objects(data[:-1])
