import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardimage.formats import read_cards
from cardimage.formats.flipper import LITE_BLOCKS, write
from cardimage.image import SECRET_BLOCKS, Blocks, CardImage, ImageFault, blank_lite_s
from tests.cardimage.formats.samples import IDM, PMM, ROW_0, SYSTEMS

eight = st.binary(min_size=8, max_size=8)
block = st.binary(min_size=16, max_size=16)
code = st.integers(0, 0xFFFF)
blocks = st.dictionaries(st.integers(0, 0x7F), block, max_size=4)
systems = st.dictionaries(code, st.dictionaries(code, blocks, max_size=4), max_size=3)
lite_blocks = st.dictionaries(st.sampled_from(sorted(set(LITE_BLOCKS) - SECRET_BLOCKS)), block)
lite_systems = lite_blocks.map(lambda found: {0x88B4: {0x0009: found}})


def back(text: str) -> CardImage:
    (card,) = read_cards(text.encode(), "my.nfc")
    return card


@given(st.builds(CardImage, eight.filter(any), eight, systems | lite_systems, st.booleans()))
def test_what_we_write_we_read_again(card: CardImage) -> None:
    assert back(write(card)) == card


def test_a_lite_s_card_is_data_format_1_and_any_other_2() -> None:
    assert "Data format version: 1" in write(blank_lite_s(IDM))
    assert "Data format version: 2" in write(CardImage(IDM, PMM, SYSTEMS, simulated=False))


def test_a_simulated_card_says_so() -> None:
    assert "# Simulated card (模擬)" in write(blank_lite_s(IDM))
    assert "模擬" not in write(blank_lite_s(IDM)._replace(simulated=False))


def test_a_block_that_is_not_in_the_image_is_not_written_as_zeros() -> None:
    lines = write(blank_lite_s(IDM)).split("\n")
    assert "Block 22: 01 A8" + " 00" * 16 in lines  # CK
    assert "Block 13:" + " 00" * 18 in lines
    assert "Blocks read: 22" in lines


def test_a_key_block_is_never_written() -> None:
    card = blank_lite_s(IDM)
    card.systems[0x88B4][0x0009][0x87] = b"\xee" * 16
    assert "EE" not in write(card)
    card.systems[0x88B4][0x000B] = {0x87: b"\xee" * 16}
    assert "EE EE" not in write(card)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0x0048, "| Code 0048 | Attrib. 08 | Private | Random | Read/Write |"),
        (0x008B, "| Code 008B | Attrib. 0B | Public  | Random | Read Only  |"),
        (0x090F, "| Code 090F | Attrib. 0F | Public  | Cyclic | Read Only  |"),
        (0x0810, "| Code 0810 | Attrib. 10 | Private | Purse  | Direct     |"),
        (0x0812, "| Code 0812 | Attrib. 12 | Private | Purse  | Cashback   |"),
        (0x0814, "| Code 0814 | Attrib. 14 | Private | Purse  | Decrement  |"),
        (0x0816, "| Code 0816 | Attrib. 16 | Private | Purse  | Read Only  |"),
    ],
)
def test_a_service_is_described_as_flipper_does(code: int, words: str) -> None:
    assert f"Service 000: {words}\n" in write(CardImage(IDM, PMM, {3: {code: {}}}, simulated=False))


@pytest.mark.parametrize("card", [(b"", PMM), (bytes(8), PMM), (IDM, b"")])
def test_a_card_without_idm_or_pmm_can_not_be_written(card: tuple[bytes, bytes]) -> None:
    with pytest.raises(ImageFault, match="needs IDm and PMm"):
        write(CardImage(*card, {}, simulated=False))


def test_a_card_too_large_for_the_format_can_not_be_written() -> None:
    far: Blocks = {0x100: ROW_0}
    with pytest.raises(ImageFault, match="blocks 0 to 255"):
        write(CardImage(IDM, PMM, {3: {0x090F: far}}, simulated=False))
    with pytest.raises(ImageFault, match="at most 16 systems"):
        write(CardImage(IDM, PMM, {number: {} for number in range(17)}, simulated=False))


def fields(text: str) -> list[str]:
    """The names of a file's fields, in order, but for the areas, which an image does not keep, and keys."""
    names = [line.split(":")[0] for line in text.split("\n") if ":" in line and not line.startswith("#")]
    return [name for name in names if not re.match(r"Area|.* Key$", name)]


@pytest.mark.data
@pytest.mark.parametrize("name", ["flipper-lite-s.nfc", "flipper-standard-keys.nfc", "farebot-icoca.nfc"])
def test_our_file_has_flippers_fields_in_its_order(data_dir: Path, name: str) -> None:
    theirs = (data_dir / "cards" / name).read_text()
    ours = fields(write(back(theirs)))
    tree = ["Directory Tree"] if "Directory Tree" not in theirs else []  # Flipper's test cards are without it
    assert [name for name in ours if name not in tree] == fields(theirs)


@pytest.mark.data
def test_our_file_has_flippers_lines(data_dir: Path) -> None:
    """All lines about services and blocks, but that Flipper calls cyclic services random."""
    theirs = (data_dir / "cards" / "farebot-icoca.nfc").read_text()
    told = re.compile(r"^(?:Service|Block|UID|Manufacture|System|Public)[^\n]*", re.MULTILINE)
    ours = write(back(theirs)).replace("| Cyclic |", "| Random |")
    assert told.findall(ours) == told.findall(theirs)
