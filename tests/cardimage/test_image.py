from collections.abc import Callable
from datetime import date
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardimage.image import FORMAT, MAX_FILE_BYTES, CardImage, ImageFault, blank_lite_s, dump, load
from cardimage.issue import issue
from tariff.account import Account
from tests.cardimage.accounts import IDM, lococa_accounts

FILE = "my.card.cbor"
ISSUED = date(2026, 11, 20)
BLANK = dump(blank_lite_s(IDM))

block = st.binary(min_size=16, max_size=16)
code = st.integers(0, 0xFFFF)
number = st.integers(0, 0x7F) | st.integers(0x92, 0xFFFF)  # those between may be secret
identifier = st.just(b"") | st.binary(min_size=8, max_size=8)
images = st.builds(
    CardImage,
    identifier,
    identifier,
    st.dictionaries(code, st.dictionaries(code, st.dictionaries(number, block, max_size=4), max_size=3), max_size=3),
    st.booleans(),
)


@given(images)
def test_an_image_comes_back_as_it_went(image: CardImage) -> None:
    assert load(dump(image), FILE) == image


@given(lococa_accounts)
def test_an_issued_card_comes_back_as_it_went(account: Account) -> None:
    image = issue(IDM, account, "LC1", ISSUED)
    assert load(dump(image), FILE) == image


def test_equal_images_have_equal_files() -> None:
    one = CardImage(IDM, bytes(8), {1: {}, 2: {5: {1: bytes(16), 0: bytes(16)}}}, simulated=False)
    other = CardImage(IDM, bytes(8), {2: {5: {0: bytes(16), 1: bytes(16)}}, 1: {}}, simulated=False)
    assert dump(one) == dump(other)


def test_an_image_holds_no_key() -> None:
    blocks = load(BLANK, FILE).lite_s_blocks()
    assert blocks is not None
    assert not {0x80, 0x87} & blocks.keys()


@pytest.mark.parametrize("system", [0x88B4, 0x12FC, 0xFFFF])
@pytest.mark.parametrize("secret", [0x80, 0x81, 0x87, 0x91])
def test_a_file_with_a_key_is_refused_and_none_is_ever_written(system: int, secret: int) -> None:
    """RC, MAC, CK, MAC_A of a Lite-S card, under any system it may answer as."""
    key = b"\xee" * 16
    said = fault(changed(systems=[[system, [[0x0009, [[secret, key]]]]]]))
    assert f"system {system:04X} service 0009 block {secret}: a card's key, or what was made with it" in said
    assert key.hex() not in said.lower().replace(" ", "")
    written = dump(CardImage(IDM, bytes(8), {system: {0x0009: {secret: key, 0: bytes(16)}}}, simulated=True))
    assert key not in written
    assert load(written, FILE).systems == {system: {0x0009: {0: bytes(16)}}}


def test_blocks_of_those_numbers_on_another_card_are_no_keys() -> None:
    card = CardImage(IDM, bytes(8), {0x0003: {0x090F: {0x87: b"\xee" * 16}}}, simulated=False)
    assert load(dump(card), FILE) == card


def test_a_factory_card_is_open_and_never_written() -> None:
    blocks = blank_lite_s(IDM).lite_s_blocks()
    assert blocks is not None
    assert blocks[0x82] == IDM + bytes(8)
    assert blocks[0x83] == IDM + bytes.fromhex("00 F1 00 00 00 01 43 00")
    assert blocks[0x85][:2] == bytes.fromhex("88 B4")
    assert blocks[0x88] == bytes.fromhex("FF FF FF 00 07 00 00 00 00 00 00 00 00 00 00 00")
    assert blocks[0x90] == bytes(16)


def test_another_kind_of_card_has_no_lite_s_blocks() -> None:
    assert CardImage(IDM, bytes(8), {0x0003: {0x090F: {0: bytes(16)}}}, simulated=False).lite_s_blocks() is None
    assert CardImage(IDM, bytes(8), {0x88B4: {0x000B: {0: bytes(16)}}}, simulated=False).lite_s_blocks() is None


def test_a_lite_s_card_of_unknown_idm_or_pmm_can_not_answer_a_reader() -> None:
    card = blank_lite_s(IDM)
    assert card.lite_s_blocks() is not None
    assert card._replace(idm=b"").lite_s_blocks() is None
    assert card._replace(pmm=b"").lite_s_blocks() is None


# -- files that are not what they say


def fault(data: bytes) -> str:
    with pytest.raises(ImageFault) as caught:
        load(data, FILE)
    message = str(caught.value)
    assert message.startswith(f"{FILE}: ")
    return message


def test_a_file_cut_at_any_byte_is_a_fault() -> None:
    for size in range(len(BLANK)):
        assert f"cut short at byte {size}" in fault(BLANK[:size])


@given(st.binary(min_size=1, max_size=40))
def test_bytes_after_the_image_are_a_fault(tail: bytes) -> None:
    assert "cut short" not in fault(BLANK + tail)


@given(st.binary(max_size=60))
def test_bytes_that_are_no_image_are_a_fault(data: bytes) -> None:
    fault(data)


@given(st.integers(0, len(BLANK) - 1), st.integers(1, 255))
def test_a_file_with_a_changed_byte_is_another_image_or_a_fault(place: int, change: int) -> None:
    data = bytearray(BLANK)
    data[place] ^= change
    try:
        image = load(bytes(data), FILE)
    except ImageFault as error:
        assert str(error).startswith(FILE)
    else:
        assert image != load(BLANK, FILE)


def changed(**fields: Any) -> bytes:
    document = cbor2.loads(BLANK) | fields
    return cbor2.dumps({name: value for name, value in document.items() if value is not None})


def systems(blocks: object) -> list[object]:
    return [[0x88B4, [[0x0009, blocks]]]]


DAMAGED: dict[str, tuple[bytes, str]] = {
    "no map": (cbor2.dumps([1, 2]), "not a card image of this project"),
    "another format": (changed(format="other"), "not a card image of this project"),
    "no format": (changed(format=None), "not a card image of this project"),
    "a later version": (changed(version=2), "this program reads version 1"),
    "a version in words": (changed(version="1"), "this program reads version 1"),
    "true for a version": (changed(version=True), "holds more than"),
    "no version": (changed(version=None), "this program reads version 1"),
    "simulated as a number": (changed(simulated=1), "field simulated"),
    "no simulated": (changed(simulated=None), "field simulated"),
    "a short idm": (changed(idm=bytes(7)), "idm: must be 8 bytes"),
    "pmm as empty words": (changed(pmm=""), "pmm: must be 8 bytes"),
    "idm in words": (changed(idm="01234567"), "idm: must be 8 bytes"),
    "no idm": (changed(idm=None), "idm: must be 8 bytes"),
    "a long pmm": (changed(pmm=bytes(9)), "pmm: must be 8 bytes"),
    "no systems": (changed(systems=None), "systems: must be a list"),
    "systems as a map": (changed(systems={}), "systems: must be a list"),
    "a system without services": (changed(systems=[[0x88B4]]), "must be a pair"),
    "a system below zero": (changed(systems=[[-1, []]]), "must be a pair"),
    "a system of 17 bits": (changed(systems=[[0x10000, []]]), "must be a pair"),
    "a system true": (changed(systems=[[True, []]]), "must be a pair"),
    "a system twice": (changed(systems=[[1, []], [1, []]]), "stands twice"),
    "services as a number": (changed(systems=[[0x88B4, 3]]), "system 88B4: must be a list"),
    "a service twice": (changed(systems=[[1, [[2, []], [2, []]]]]), "system 0001: a number stands twice"),
    "a block twice": (changed(systems=systems([[0, bytes(16)], [0, bytes(16)]])), "service 0009: a number stands"),
    "a block of 15 bytes": (
        changed(systems=systems([[5, bytes(15)]])),
        "system 88B4 service 0009 block 5: must be 16 bytes",
    ),
    "a block of 17 bytes": (changed(systems=systems([[5, bytes(17)]])), "block 5: must be 16 bytes"),
    "a block in words": (changed(systems=systems([[5, "x" * 16]])), "block 5: must be 16 bytes"),
    "blocks out of order": (changed(systems=systems([[1, bytes(16)], [0, bytes(16)]])), "holds more than"),
    "a field of its own": (changed(owner="none"), "holds more than"),
    "more than 1 MiB": (bytes(MAX_FILE_BYTES + 1), f"at most {MAX_FILE_BYTES}"),
    "a tag": (cbor2.dumps(cbor2.CBORTag(55_799, cbor2.loads(BLANK))), "not a card image"),
    "a number in a tag": (changed(version=cbor2.CBORTag(2, b"\x01")), "holds more than"),
    "a date": (cbor2.dumps(cbor2.CBORTag(0, "2026-11-20T00:00:00Z")), "not a card image"),
    "a reference to itself": (bytes.fromhex("D8 1C 81 D8 1D 00"), "not a card image"),
    "the break alone": (b"\xff", "not a card image"),
    "a string of no end": (b"\x5f\x41\x00\xff", "not a card image"),
    "a map of no end": (b"\xbf\xff", "not a card image"),
    "nine lists deep": (b"\x81" * 9 + b"\x00", "not a card image"),
}


@pytest.mark.parametrize(("data", "words"), DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_file_is_a_fault_that_says_where(data: bytes, words: str) -> None:
    assert words in fault(data)


def test_a_name_that_stands_twice_is_a_fault() -> None:
    pairs = [cbor2.dumps(key) + cbor2.dumps(value) for key, value in cbor2.loads(BLANK).items()]
    twice = cbor2.dumps("version") + cbor2.dumps(1)
    fault(bytes((0xA0 + len(pairs) + 1,)) + b"".join(pairs) + twice)
    assert load(bytes((0xA0 + len(pairs),)) + b"".join(pairs), FILE) == load(BLANK, FILE)
    assert FORMAT.encode() in BLANK


HOSTILE: dict[str, Callable[[], bytes]] = {
    "lists without end": lambda: b"\x81" * MAX_FILE_BYTES,
    "tags without end": lambda: b"\xc1" * MAX_FILE_BYTES,
    "maps without end": lambda: b"\xa1" * MAX_FILE_BYTES,
    "references without end": lambda: b"\xd8\x1c" * (MAX_FILE_BYTES // 2),
    "a list said to be huge": lambda: b"\x9b" + b"\x7f" + b"\xff" * 7,
    "a map said to be huge": lambda: b"\xbb" + b"\x7f" + b"\xff" * 7,
    "bytes said to be huge": lambda: b"\x5b" + b"\x7f" + b"\xff" * 7,
    "words said to be huge": lambda: b"\x7b" + b"\x7f" + b"\xff" * 7,
    "a power of ten": lambda: cbor2.dumps(cbor2.CBORTag(4, [99_999_999, 1])),
    "a large number": lambda: cbor2.dumps(cbor2.CBORTag(2, b"\xff" * 1_000_000)),
    "a version of thousands of digits": lambda: changed(version=1 << 20_000),
    "a pattern": lambda: cbor2.dumps(cbor2.CBORTag(35, "(")),
    "words that are not UTF-8": lambda: b"\x62\xff\xff",
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
def test_faults_31_a_hostile_file_is_only_a_fault(make: Callable[[], bytes]) -> None:
    fault(make())
