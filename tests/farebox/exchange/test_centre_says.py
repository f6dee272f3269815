"""What a centre signs: receipts and its time, read back as written, and nothing else is read (faults 31, 37)."""

from hashlib import sha256

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farebox.formats import cose
from farebox.formats.centre import Held, Time, encode_held, encode_time, held_from, time_from
from farebox.formats.segment import Seal, encode_seal
from farebox.formats.strict import RecordError

SEED, OTHER = bytes(range(32)), bytes(range(1, 33))
KEY, OTHER_KEY = cose.public_key_of(SEED), cose.public_key_of(OTHER)
DIGEST = sha256(b"segment 7").digest()
HELD = Held("BUS-7", 7, 100, 250, DIGEST, 1_795_000_000)
SEAL = Seal("BUS-7", 7, 100, 250, 151, bytes(32), DIGEST)
_ITEMS = [1, "held", *HELD]
TIME = Time(bytes(16), 1_795_000_000)


def test_a_receipt_and_a_time_are_read_back() -> None:
    assert held_from(encode_held(HELD, SEED), [KEY]) == HELD
    assert time_from(encode_time(TIME, SEED), [KEY]) == TIME
    assert HELD.is_of(SEAL)


def test_while_keys_change_either_is_taken() -> None:
    for seed in (SEED, OTHER):
        assert held_from(encode_held(HELD, seed), [KEY, OTHER_KEY]) == HELD
    with pytest.raises(RecordError, match="none of those trusted"):
        held_from(encode_held(HELD, OTHER), [KEY])


@pytest.mark.parametrize(
    "other",
    [
        SEAL._replace(terminal_id="BUS-8"),
        SEAL._replace(number=8),
        SEAL._replace(first_seq=99),
        SEAL._replace(last_seq=251),
        SEAL._replace(digest=bytes(32)),
    ],
)
def test_faults_36_a_receipt_is_for_one_segment_alone(other: Seal) -> None:
    assert not HELD.is_of(other)


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_faults_37_a_receipt_with_any_bit_changed_is_refused(at: int, bit: int) -> None:
    data = bytearray(encode_held(HELD, SEED))
    data[at % len(data)] ^= 1 << bit
    with pytest.raises(RecordError):
        held_from(bytes(data), [KEY])


@pytest.mark.parametrize(
    "said",
    [
        encode_time(TIME, SEED),
        encode_seal(SEAL, SEED),
        b"",
        cose.sign(b"", SEED),
        *(
            cose.sign(cbor2.dumps([*_ITEMS[:place], value, *_ITEMS[place + 1 :]]), SEED)
            for place, value in [
                *((0, 2), (0, True), (1, "time"), (2, b"BUS-7"), (2, "バ" * 67), (3, -1), (3, 1 << 63), (3, 7.0)),
                *((5, None), (6, DIGEST[1:]), (6, DIGEST.hex()), (7, -1), (7, 1 << 62), (7, True)),
            ]
        ),
        cose.sign(cbor2.dumps([1, "held", *HELD, 0]), SEED),
        cose.sign(cbor2.dumps([1, "held", *HELD]) + b"\0", SEED),
    ],
)
def test_faults_31_what_is_no_receipt_is_refused_though_the_centre_signed_it(said: bytes) -> None:
    with pytest.raises(RecordError):
        held_from(said, [KEY])


@pytest.mark.parametrize(
    "items", [[1, "time", bytes(15), 0], [1, "time", bytes(16), -1], [1, "time", bytes(16)], [1, "held", bytes(16), 0]]
)
def test_faults_31_what_is_no_time_is_refused(items: list[object]) -> None:
    with pytest.raises(RecordError):
        time_from(cose.sign(cbor2.dumps(items), SEED), [KEY])


@pytest.mark.parametrize("length", [0, 1, 23, 24, 255, 256, 65_535, 65_536, 100_000])
def test_faults_31_a_payload_of_any_length_is_taken_in_its_shortest_form_alone(length: int) -> None:
    payload = bytes(length)
    data = cose.sign(payload, SEED)
    assert cose.vouched(data, [KEY], most_bytes=200_000) == payload
    head = cbor2.dumps(payload)[: -length or None]
    longer = (
        bytes((0x5A,)) + length.to_bytes(4, "big") if length < 65_536 else bytes((0x5B,)) + length.to_bytes(8, "big")
    )
    at = data.index(head + payload, 40)
    with pytest.raises(RecordError, match="shortest"):
        cose.opened(data[:at] + longer + data[at + len(head) :], most_bytes=200_000)
