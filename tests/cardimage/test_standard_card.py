"""The recorded FeliCa Standard card that answers frames: wire tests in spaced hex, one command a line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardimage.standard_card import StandardCard, idm_of_system, is_readable
from tests.reader.transit_card import IDM, PMM, transit_card

IDM_OF_FE00 = "11 0A 10 00 20 0B 30 0C"
NAME = IDM.hex(" ").upper()


def answer(command: str, card: StandardCard | None = None) -> str:
    answered = (card or StandardCard(transit_card())).process(bytes.fromhex(command))
    return "silence" if answered is None else answered.hex(" ").upper()


POLLED = f"12 01 {NAME} {PMM.hex(' ').upper()}"

WIRE = {
    "Polling names its system": ("06 00 00 03 00 00", POLLED),
    "Polling for any system finds the first": ("06 00 FF FF 00 00", POLLED),
    "Polling asks for the system code too": ("06 00 00 03 01 00", "14" + POLLED[2:] + " 00 03"),
    "Polling for the second system": ("06 00 FE 00 00 00", POLLED.replace(NAME, IDM_OF_FE00)),
    "Polling with half a wildcard": ("06 00 FE FF 00 00", POLLED.replace(NAME, IDM_OF_FE00)),
    "Polling for another system": ("06 00 88 B4 00 00", "silence"),
    "Polling cut short": ("05 00 00 03 00", "silence"),
    "Request System Code": (f"0A 0C {NAME}", f"0F 0D {NAME} 02 00 03 FE 00"),
    "Request Response": (f"0A 04 {NAME}", f"0B 05 {NAME} 00"),
    "Request Service": (f"0F 02 {NAME} 02 0F 09 0F 0A", f"0F 03 {NAME} 02 00 00 FF FF"),
    "Request Service, a count that lies": (f"0F 02 {NAME} 03 0F 09 0F 0A", "silence"),
    "Search Service Code, the root area": (f"0C 0A {NAME} 00 00", f"0E 0B {NAME} 00 00 FE FF"),
    "Search Service Code, a service": (f"0C 0A {NAME} 01 00", f"0C 0B {NAME} 88 00"),
    "Search Service Code, past the last": (f"0C 0A {NAME} 07 00", f"0C 0B {NAME} FF FF"),
    "a read of one block": (f"10 06 {NAME} 01 8B 00 01 80 00", f"1D 07 {NAME} 00 00 01" + " 01 00" * 8),
    "a read by a long block number": (f"11 06 {NAME} 01 0F 09 01 00 13 00", f"1D 07 {NAME} 00 00 01" + " 02 13" * 8),
    "a read of two services": (
        f"14 06 {NAME} 02 8B 00 8F 10 02 80 00 81 02",
        f"2D 07 {NAME} 00 00 02" + " 01 00" * 8 + " 03 02" * 8,
    ),
    "a read past the last block": (f"10 06 {NAME} 01 0F 09 01 80 14", f"0C 07 {NAME} 01 A8"),
    "a read of a service with a key": (f"10 06 {NAME} 01 88 00 01 80 00", f"0C 07 {NAME} 01 A6"),
    "a read of no such service": (f"10 06 {NAME} 01 0F 0A 01 80 00", f"0C 07 {NAME} 01 A6"),
    "the second of two is missing": (f"12 06 {NAME} 01 0F 09 02 80 13 80 14", f"0C 07 {NAME} 02 A8"),
    "thirteen blocks at once": (f"28 06 {NAME} 01 0F 09 0D" + " 80 00" * 13, f"0C 07 {NAME} FF A2"),
    "no block at all": (f"0E 06 {NAME} 01 0F 09 00", f"0C 07 {NAME} FF A2"),
    "no service at all": (f"0C 06 {NAME} 00 01", f"0C 07 {NAME} FF A6"),
    "a block list cut short": (f"0F 06 {NAME} 01 0F 09 01 80", f"0C 07 {NAME} FF A8"),
    "a block of a service not in the list": (f"10 06 {NAME} 01 0F 09 01 81 00", f"0C 07 {NAME} FF A8"),
    "a write is not known": (f"20 08 {NAME} 01 8B 00 01 80 00" + " 00" * 16, "silence"),
    "another card's IDm": ("0A 04 01 02 03 04 05 06 07 08", "silence"),
    "a length that lies": (f"0B 04 {NAME}", "silence"),
    "nothing": ("", "silence"),
    "one byte": ("01", "silence"),
}


@pytest.mark.parametrize(("command", "expected"), WIRE.values(), ids=WIRE)
def test_on_the_wire(command: str, expected: str) -> None:
    assert answer(command) == expected


def test_an_unknown_idm_and_pmm_are_answered_as_zeros() -> None:
    card = StandardCard(transit_card()._replace(idm=b"", pmm=b""))
    assert answer("06 00 00 03 00 00", card) == "12 01" + " 00" * 16


def test_a_service_without_a_key_has_an_odd_code() -> None:
    assert [code for code in (0x0088, 0x008B, 0x090C, 0x090F, 0x1317) if is_readable(code)] == [0x008B, 0x090F, 0x1317]


def test_the_second_system_answers_with_its_number_in_the_idm() -> None:
    assert idm_of_system(IDM, 1).hex(" ").upper() == IDM_OF_FE00
    assert idm_of_system(IDM, 0) == IDM


def test_the_first_system_keeps_the_idm_as_recorded_and_no_other_has_it() -> None:
    recorded = bytes.fromhex("21 0A 10 00 20 0B 30 0C")
    assert idm_of_system(recorded, 0) == recorded
    assert len({idm_of_system(recorded, place) for place in range(16)}) == 16
    polled = answer("06 00 00 03 00 00", StandardCard(transit_card()._replace(idm=recorded)))
    assert polled.startswith("12 01 21 0A 10 00")


@given(st.binary(max_size=60), st.booleans())
def test_no_frame_changes_the_card_or_breaks_it(body: bytes, framed: bool) -> None:
    image = transit_card()
    card = StandardCard(image)
    card.process(bytes((len(body) + 1,)) + body if framed else body)
    card.process(bytes((len(body) + 10, 0x06)) + IDM + body)
    assert image == transit_card()
