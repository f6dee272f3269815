import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardimage import image
from cardimage.formats import MAX_FILE_BYTES, read_cards, read_collection
from cardimage.image import UNSTATED_SYSTEM, CardImage, ImageFault, blank_lite_s
from tests.cardimage.formats import samples
from tests.cardimage.formats.samples import EVERY_FORMAT, IDM, PMM, ROW_0, ROW_1, SYSTEMS, b64

FILE = "my card"


def one(text: str) -> CardImage:
    (card,) = read_cards(text.encode(), FILE)
    return card


def fault(data: str | bytes) -> str:
    with pytest.raises(ImageFault) as caught:
        read_cards(data.encode() if isinstance(data, str) else data, FILE)
    message = str(caught.value)
    assert message.startswith(f"{FILE}: ")
    assert len(message) < 250
    return message


@pytest.mark.parametrize("text", EVERY_FORMAT.values(), ids=EVERY_FORMAT.keys())
def test_every_format_tells_the_same_card(text: str) -> None:
    assert one(text) == CardImage(IDM, PMM, SYSTEMS, simulated=False)


@pytest.mark.parametrize("text", EVERY_FORMAT.values(), ids=EVERY_FORMAT.keys())
def test_windows_line_ends_and_a_byte_order_mark_change_nothing(text: str) -> None:
    assert one("\ufeff" + text.replace("\n", "\r\n")) == one(text)


def test_our_own_card_comes_through_the_same_door() -> None:
    ours = blank_lite_s(IDM)
    assert read_cards(image.dump(ours), FILE) == (ours,)


# -- IDm and PMm that are not there


@pytest.mark.parametrize(
    "text",
    [
        samples.METRODROID.replace(f'"iDm": "{IDM.hex()}", ', ""),
        samples.METRODROID.replace(f'"iDm": "{IDM.hex()}"', '"iDm": null'),
        samples.FAREBOT.replace(f'"idm": "{b64(IDM)}",', ""),
        samples.CARD_XML.replace(f"<idm>{b64(IDM)}</idm>", ""),
    ],
)
def test_without_an_idm_a_tag_id_of_eight_bytes_is_it(text: str) -> None:
    assert one(text).idm == IDM


@pytest.mark.parametrize("tag_id", ["", "01020304", "01020304050607"])
def test_a_shorter_tag_id_is_none(tag_id: str) -> None:
    text = samples.METRODROID.replace(f'"iDm": "{IDM.hex()}", ', "")
    assert one(text.replace(f'"tagId": "{IDM.hex()}"', f'"tagId": "{tag_id}"')).idm == b""


@pytest.mark.parametrize("text", EVERY_FORMAT.values(), ids=EVERY_FORMAT.keys())
def test_an_idm_of_zeros_is_not_known(text: str) -> None:
    for written in (lambda idm: idm.hex(" "), bytes.hex, b64):
        text = text.replace(written(IDM), written(bytes(8)))
    assert one(text) == CardImage(b"", PMM, SYSTEMS, simulated=False)


def test_an_idm_of_zeros_in_our_own_file_is_not_known() -> None:
    (card,) = read_cards(image.dump(blank_lite_s(bytes(8))), FILE)
    assert card == blank_lite_s(bytes(8))._replace(idm=b"")


def test_an_unknown_pmm_stays_unknown_in_our_own_file() -> None:
    card = one(samples.METRODROID.replace(f'"{PMM.hex()}"', "null"))
    assert (card.idm, card.pmm) == (IDM, b"")
    assert read_cards(image.dump(card), FILE) == (card,)


def test_a_dump_without_the_line_of_the_tag_has_neither() -> None:
    card = one(samples.NFCPY.split("\n", 2)[2])
    assert (card.idm, card.pmm, card.systems) == (b"", b"", SYSTEMS)


# -- corners of each format


def test_metrodroid_numbers_blocks_by_order_by_address_or_by_key() -> None:
    listed = f'[{{"data": "{ROW_0.hex()}"}}, {{"data": "{ROW_1.hex()}"}}]'
    addressed = f'[{{"address": 1, "data": "{ROW_1.hex()}"}}, {{"address": 0, "data": "{ROW_0.hex()}"}}]'
    mapped = f'{{"0": {{"data": "{ROW_0.hex()}"}}, 1 : {{"data": "{ROW_1.hex()}"}}}}'
    assert listed in samples.METRODROID
    assert one(samples.METRODROID.replace(listed, addressed)).systems == SYSTEMS
    assert one(samples.METRODROID.replace(f'"blocks": {listed}', f'"blocksMap": {mapped}')).systems == SYSTEMS


def test_metrodroid_a_skipped_system_has_no_services() -> None:
    assert one('{"felica": {"systems": {3: {"skipped": true}, "4": {"services": {}}}}}').systems == {3: {}, 4: {}}


def test_metrodroid_digits_within_strings_are_no_keys() -> None:
    assert one('{"tz": "a \\" 3: b", "felica": {"systems": {3: {}}}}').systems == {3: {}}


def test_farebot_addresses_are_signed_bytes() -> None:
    assert 0x88 in one(samples.FAREBOT.replace('"address": 1', '"address": -120')).systems[3][0x090F]
    assert 0x88 in one(samples.CARD_XML.replace('address="1"', 'address="-120"')).systems[3][0x090F]


def test_farebot_of_old_states_idm_and_pmm_in_signed_bytes() -> None:
    old = samples.FAREBOT.replace(
        f'"idm": "{b64(IDM)}"', '"idm": {"manufactureCode": [1, 2], "cardIdentification": [3, 4, 5, 6, 7, 8]}'
    ).replace(f'"pmm": "{b64(PMM)}"', '"pmm": {"icCode": [1, 32], "maximumResponseTime": [34, 4, 39, 103, 78, -1]}')
    assert one(old) == one(samples.FAREBOT)


def test_farebot_lists_services_that_it_did_not_read() -> None:
    assert one(samples.FAREBOT.replace("[138, 2319]", "[4175]")).systems[3][0x104F] == {}


def test_a_collection_gives_its_felica_cards() -> None:
    desfire = '{"cardType": "MifareDesfire"}'
    found = read_collection(f'{{"cards": [{samples.FAREBOT}, {desfire}, {samples.METRODROID}]}}'.encode(), FILE)
    assert found == ((one(samples.FAREBOT), one(samples.METRODROID)), 1)
    assert "no FeliCa card" in fault(f'{{"cards": [{desfire}]}}')


def test_cards_of_kinds_that_are_not_known_are_passed_over_and_counted() -> None:
    others = '{"tagId": "01", "ksx6924": {}}, {"cardType": "Snapper"}, {}'
    found = read_collection(f'{{"cards": [{others}, {samples.METRODROID}]}}'.encode(), FILE)
    assert found == ((one(samples.METRODROID),), 3)
    assert "no FeliCa card" in fault(f'{{"cards": [{others}]}}')
    assert "cards[3].felica" in fault(f'{{"cards": [{others}, {{"felica": {{"systems": 7}}}}]}}')


def test_a_card_of_another_kind_alone_is_a_fault() -> None:
    assert "not a FeliCa card" in fault('{"tagId": "01020304", "mifareClassic": {}}')


def test_a_collection_in_xml_gives_its_felica_cards() -> None:
    card = samples.CARD_XML.split("\n", 1)[1]
    other = '<card type="2" id="01"><application id="1"><file id="1"><data>AA==</data></file></application></card>'
    assert read_collection(f"<cards>{card}{other}{card}</cards>".encode(), FILE) == ((one(card), one(card)), 1)
    assert "no FeliCa card" in fault(f"<cards>{other}</cards>")


def test_metrodroids_old_xml_wraps_what_farebots_does_not() -> None:
    wrapped = samples.CARD_XML
    for name in ("system", "service", "block"):
        first, last = wrapped.index(f"<{name} "), wrapped.rindex(f"</{name}>") + len(f"</{name}>")
        wrapped = f"{wrapped[:first]}<{name}s>{wrapped[first:last]}</{name}s>{wrapped[last:]}"
    assert "<systems>" in wrapped
    assert one(wrapped) == one(samples.CARD_XML)


def test_proxmark_takes_the_idm_of_the_first_system() -> None:
    second = f', {{"code": "FE00", "idm": "1{IDM.hex()[1:]}", "pmm": "{PMM.hex()}", "nodes": []}}]}}'
    card = one(samples.PROXMARK.removesuffix("]}") + second)
    assert (card.idm, list(card.systems)) == (IDM, [0x0003, 0xFE00])


def test_libpafe_prints_a_services_number_and_its_access_apart() -> None:
    writable = samples.LIBPAFE.replace("# 0024:000f", "# 0024:000d")
    assert set(one(writable).systems[3]) == {0x008A, 0x090D}


def test_libpafe_takes_the_idm_of_the_first_system() -> None:
    second = f"# FELICA SYSTEM_CODE = FE00\n# card IDm = 1{IDM.hex()[1:]}\n# card PMm = {PMM.hex()}\n"
    card = one(samples.LIBPAFE + second)
    assert (card.idm, list(card.systems)) == (IDM, [0x0003, 0xFE00])


def test_libpafe_lines_alone_have_whole_codes_and_no_system() -> None:
    card = one(f"090F:0000:{ROW_0.hex()}\n090F:0001:{ROW_1.hex()}\n")
    assert card == CardImage(b"", b"", {UNSTATED_SYSTEM: {0x090F: {0: ROW_0, 1: ROW_1}}}, simulated=False)
    assert "line 1: a block of a service that no comment lists" in fault(f"0024:0000:{ROW_0.hex()}\n")


SAME = ROW_0.hex(" ")
OTHER = ROW_1.hex(" ")
ASCII = "|................|"
HEAD = "System 0003 (Suica)\nCyclic Service 36: read w/o key (0x090F)\n"


@pytest.mark.parametrize(
    ("rows", "numbers_of_same", "numbers_of_other"),
    [
        ([f"0000: {SAME} {ASCII}", f"*     {SAME} {ASCII}", f"0004: {OTHER} {ASCII}"], [0, 1, 2, 3], [4]),
        ([f"0000: {SAME} {ASCII}", f"*     {SAME} {ASCII}", f"0003: {SAME} {ASCII}"], [0, 1, 2, 3], []),
        ([f"0000: {SAME} {ASCII}", f"0002: {OTHER} {ASCII}"], [0, 1], [2]),
    ],
    ids=["several alike", "alike to the end", "one alike, which nfcpy leaves out"],
)
def test_nfcpy_folds_blocks_that_are_alike(
    rows: list[str], numbers_of_same: list[int], numbers_of_other: list[int]
) -> None:
    blocks = one(HEAD + "\n".join(rows)).systems[3][0x090F]
    assert blocks == dict.fromkeys(numbers_of_same, ROW_0) | dict.fromkeys(numbers_of_other, ROW_1)


NFCPY_FAULTS = {
    "a star that does not end": [f"0000: {SAME} {ASCII}", f"*     {SAME} {ASCII}"],
    "a star for another block": [f"0000: {SAME} {ASCII}", f"*     {OTHER} {ASCII}", f"0004: {OTHER} {ASCII}"],
    "a star first": [f"*     {SAME} {ASCII}"],
    "a gap of two": [f"0000: {SAME} {ASCII}", f"0003: {OTHER} {ASCII}"],
    "a first block that is not 0": [f"0001: {SAME} {ASCII}"],
    "backwards": [f"0000: {SAME} {ASCII}", f"0000: {OTHER} {ASCII}"],
    "a short block": [f"0000: {SAME[:-3]} {ASCII}"],
}


@pytest.mark.parametrize("rows", NFCPY_FAULTS.values(), ids=NFCPY_FAULTS.keys())
def test_an_nfcpy_dump_that_does_not_add_up_is_a_fault(rows: list[str]) -> None:
    fault(HEAD + "\n".join(rows))


def test_nfcpy_of_overlapping_services_reads_by_the_one_without_a_key() -> None:
    service = "Random Service 64: write w/o key & read w/o key & read with key"
    text = f"System 0003 (Suica)\n{service} (0x1009 0x100B 0x100A)\n0000: {SAME} {ASCII}\n"
    assert one(text).systems == {3: {0x1009: {}, 0x100B: {0: ROW_0}, 0x100A: {}}}


def test_nfcpy_of_a_lite_s_card() -> None:
    rows = [f"  0: {SAME} {ASCII}", f"  *  {OTHER} {ASCII}", f" 13: {OTHER} {ASCII}"]
    rows[1:1] = [f"  1: {OTHER} {ASCII}"]
    tail = [f" 14: {SAME} (REGA[4]B[4]C[8])", f"128: {SAME} (RC1[8], RC2[8])", f"135: {'?? ' * 16}(CK1[8], CK2[8])"]
    text = f"Type3Tag 'FeliCa Lite-S (RC-S966)' ID={IDM.hex()} PMM={PMM.hex()} SYS=88B4\n  "
    card = one(text + "\n  ".join(rows + tail + [f"136: {OTHER} (MEMORY_CONFIG)", f"144: {SAME} (WCNT[3])"]))
    blocks = card.lite_s_blocks()
    assert blocks is not None
    assert sorted(blocks) == [*range(15), 0x88, 0x90]
    assert blocks[0] == ROW_0
    assert blocks[12] == blocks[13] == ROW_1


def test_flipper_of_before_several_systems_does_not_say_which() -> None:
    old = "\n".join(line for line in samples.FLIPPER.split("\n") if not line.startswith("System"))
    assert one(old).systems == {UNSTATED_SYSTEM: SYSTEMS[3]}


# -- keys are in no image


@pytest.mark.parametrize("system", ["88B4", "12FC", "FFFF"])
def test_the_secret_blocks_of_a_lite_s_card_are_dropped_in_every_format(system: str) -> None:
    code = int(system, 16)
    metrodroid = samples.METRODROID.replace(" 3:", f" {code}:").replace(
        '"skipped": true',
        '"blocksMap": {' + ", ".join(f'{n}: {{"data": "{"EE" * 16}"}}' for n in range(0x80, 0x93)) + "}",
    )
    assert set(one(metrodroid).systems[code][138]) == set(range(0x80, 0x93)) - {0x80, 0x81, 0x87, 0x91}
    pm3 = samples.PROXMARK.replace('"code": "0003"', f'"code": "{system}"').replace('"0001":', '"0087":')
    assert set(one(pm3).systems[code][0x090F]) == {0}


def test_the_keys_of_a_flipper_file_are_neither_kept_nor_shown() -> None:
    assert b"\x01\x23\x45\x67\x89\xab\xcd\xef" not in image.dump(one(samples.FLIPPER))
    assert "AB" not in fault(samples.FLIPPER.replace("System 00: 0003", "System 00: key 0123456789AB"))
    assert "AB CD" not in fault(samples.FLIPPER.replace("Service 000: | Code 008A", "Service 000: | 89 AB CD"))


# -- what is wrong, and where

WRONG: dict[str, tuple[str | bytes, str]] = {
    "empty": (b"", "is empty"),
    "blanks": (b" \n\t", "is empty"),
    "a picture": (b"\x89PNG\r\n", "byte 0: neither UTF-8 text"),
    "a wrong byte late": (samples.METRODROID.encode()[:40] + b"\xff", "byte 40: neither UTF-8"),
    "NUL": (samples.NFCPY.encode()[:30] + b"\0", "byte 30: a NUL byte"),
    "UTF-16": (samples.METRODROID.encode("utf-16"), "byte 0: neither UTF-8"),
    "prose": ("Dear reader", "no card dump that this program knows"),
    "SFCard Viewer": ("カードID=0102\r\n".encode("cp932"), "holds no blocks"),
    "JSON of others": ('{"hello": 1}', "not a FeliCa card of FareBot, Metrodroid or Proxmark3"),
    "a JSON list": ("[1]", "must be an object"),
    "a Flipper remote": ("Filetype: IR signals file\n", "line 1: a Flipper file, but not of an NFC device"),
    "a page": ("<html></html>", "line 1: neither <card> nor <cards>"),
    "JSON cut short": (samples.METRODROID[:-3], "line 8, column 5"),
    "a word for a value": (samples.METRODROID.replace("1500000000000", "soon"), "line 2, column 62: not JSON"),
    "after bare keys": (samples.METRODROID.replace("2319: {", "2319: {{"), "line 6, column 14: not JSON"),
    "a key twice": (samples.METRODROID.replace("138:", "2319:"), "the key 2319 stands twice"),
    "NaN": (samples.METRODROID.replace("1500000000000", "NaN"), "NaN"),
    "thousands of digits": (samples.METRODROID.replace("1500000000000", "9" * 5000), "a number of 5000 characters"),
    "half a surrogate pair": (samples.METRODROID.replace("Tokyo", "\\ud83d"), "half a surrogate pair"),
    "a short block": (
        samples.METRODROID.replace(ROW_1.hex(), "00"),
        "felica.systems.3.services.2319.blocks[1].data: must be 16 bytes in hex",
    ),
    "a block in words": (samples.METRODROID.replace(f'"{ROW_1.hex()}"', "7"), "blocks[1].data: must be a string"),
    "a service of 17 bits": (samples.METRODROID.replace("2319:", "65536:"), "its key must be a decimal number"),
    "a service in words": (samples.METRODROID.replace("2319:", '"two":'), "services.two: its key must be"),
    "systems in a list": (samples.METRODROID.replace(" 3:", '"x":').replace('{"services"', '[{"services"'), "not JSON"),
    "a system of 17 bits": (samples.FAREBOT.replace('"code": 3', '"code": 65536'), "systems[0].code: must be a whole"),
    "true for a code": (samples.FAREBOT.replace('"code": 3', '"code": true'), "systems[0].code: must be a whole"),
    "no code": (samples.FAREBOT.replace('"code": 3,', ""), "systems[0]: must have a member code"),
    "a half base64": (samples.FAREBOT.replace(b64(ROW_1), b64(ROW_1)[:-4]), "blocks[1].data: must be 16 bytes in base"),
    "a block twice": (samples.FAREBOT.replace('"address": 1', '"address": 0'), "service 090F block 0 stands twice"),
    "a block number": (samples.PROXMARK.replace('"0001"', '"01"'), "data.01: must be 2 bytes in hex"),
    "no nodes": (samples.PROXMARK.replace('"nodes"', '"notes"'), "systems[0]: must have a member nodes"),
    "XML cut short": (samples.CARD_XML[:-9], "not XML"),
    "XML of 17 bits": (samples.CARD_XML.replace('code="3"', 'code="65536"'), "line 5: attribute code must be"),
    "XML without an address": (samples.CARD_XML.replace(' address="1"', ""), "line 10: attribute address must be"),
    "a service outside": (samples.CARD_XML.replace("system", "sister"), "line 6: a service outside a system"),
    "a block outside": (samples.CARD_XML.replace("service", "servant"), "line 9: a block outside a service"),
    "a card within a card": (f"<card type='4'>{samples.CARD_XML.split(chr(10), 1)[1]}</card>", "a card within a card"),
    "a document type": ("<!DOCTYPE card SYSTEM 'file:///etc/passwd'><card/>", "line 1: a document type"),
    "laughter": (
        '<!DOCTYPE card [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>\n<card><idm>&b;</idm></card>',
        "a document type or an entity",
    ),
    "an entity of nobody": ("<card><idm>&b;</idm></card>", "not XML: undefined entity"),
    "Flipper of another tag": (samples.FLIPPER.replace("type: FeliCa", "type: Mifare Classic"), "not a FeliCa card"),
    "Flipper data 3": (samples.FLIPPER.replace("version: 2", "version: 3"), "line 6: a data format other than 1 and 2"),
    "Flipper without its id": (samples.FLIPPER.replace("Manufacture id", "Manufacture"), "no line Manufacture id"),
    "Flipper with fewer blocks": (
        samples.FLIPPER.replace("read: 2", "read: 3"),
        "line 33: Public blocks read: 3, but 2",
    ),
    "Flipper with more services": (
        samples.FLIPPER.replace("Service found: 2", "Service found: 1"),
        "Service found: 1, but",
    ),
    "Flipper with a short block": (samples.FLIPPER.replace(" A0 |", " |"), "line 34: a block must have its service"),
    "libpafe, a short line": (samples.LIBPAFE[:-3], "line 13: neither a comment nor CODE:BLOCK"),
    "libpafe, a wide number": (samples.LIBPAFE.replace("# 0024:", "# 0400:"), "line 11: a service's number has ten"),
    "nfcpy, a service first": (samples.NFCPY.replace("  System 0003 (Suica)\n", ""), "line 4: a service before any"),
    "nfcpy, prose within": (samples.NFCPY + "the end\n", "line 9: no line of an nfcpy dump"),
    "nfcpy, codes run together": (samples.NFCPY.replace("(0x090F)", "(0x090F0x008A)"), "line 6: no line of an nfcpy"),
    "nfcpy, locked": (samples.NFCPY.replace("(0x090F)", "(0x090E)"), "line 7: a block of no service that can be"),
}


@pytest.mark.parametrize(("data", "words"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_said_with_its_place(data: str | bytes, words: str) -> None:
    assert words in fault(data)


HOSTILE = {
    "too large": (b" " * (MAX_FILE_BYTES + 1), "more than 4 MiB"),
    "lists without end": (b"[" * MAX_FILE_BYTES, "nested more than 32 deep"),
    "objects without end": (b'{"a":' * 800_000, "nested more than 32 deep"),
    "a string without end": (b'{"' + b'\\"' * 2_000_000, "not JSON"),
    "digits without end": (b"{" + b"1" * 4_000_000, "not JSON"),
    "quotes without end": (
        b'{"":' + b'"' * 4_000_000,
        "column 1000001: more than 500000 strings, numbers and brackets",
    ),
    "bare keys without end": (b"{" + b"1:1," * 1_000_000, "more than 500000 strings, numbers and brackets"),
    "quotes to the end": (b'{"":' + b'"' * 400_000, "not JSON"),
    "many cards": (b'{"cards": [' + b"0," * 400_000 + b"0]}", "400001 entries"),
    "a thousand and one cards": (b'{"cards": [' + b"{}," * 1_000 + b"{}]}", "more than 1000 cards"),
    "elements without end": (b"<card>" + b"<a>" * 1_000_000, "nested more than 16 deep"),
    "attributes without end": (b"<card " + b"a " * 2_000_000, "not XML"),
    "cards without end": (b"<cards>" + b"<card></card>" * 300_000 + b"</cards>", "more than 1000 cards"),
    "other cards without end": (b"<cards>" + b'<card type="2"/>' * 1_001 + b"</cards>", "more than 1000 cards"),
    "lines without end": (samples.FLIPPER.encode() + b"\n" * 4_000_000, "4000035 lines"),
    "a line without end": (b"System 0003 (Suica)\nArea" + b" " * 4_000_000, "line 2: 4000004 characters in one line"),
    "brackets that never close": (b"System 0003 (" * 300_000, "line 1: 3900000 characters in one line"),
    "brackets line after line": (b"System 0003 (\n" * 60_000, "no card dump that this program knows"),
    "blocks without end": (
        f"{HEAD}0000: {SAME} {ASCII}\n*     {SAME} {ASCII}\nFFFF: {SAME} {ASCII}\n".encode(),
        "line 5: block 65535 where 1 follows",
    ),
    "services without end": (
        b'{"felica": {"systems": {3: {"services": {' + b",".join(b"%d:{}" % n for n in range(4_097)) + b"}}}}}",
        "services.4096: more than 4096 services",
    ),
    "systems without end": (
        b'{"felica": {"systems": {' + b",".join(b"%d:{}" % n for n in range(17)) + b"}}}",
        "systems.16: more than 16 systems",
    ),
}


@pytest.mark.parametrize(("data", "words"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_is_only_a_fault(data: bytes, words: str) -> None:
    assert words in fault(data)


@pytest.mark.parametrize("head", ["", "Filetype: Flipper NFC device\n", HEAD])
def test_a_line_may_be_so_long_and_no_longer(head: str) -> None:
    """Faults are given their line, and no pattern sees more than a line of this length."""
    line = head.count("\n") + 1
    assert f"line {line}: 1025 characters in one line" in fault(head + "x" * 1025)
    assert "characters in one line" not in fault(head + "x" * 1024)


def test_a_line_of_an_nfcpy_dump_ends_where_the_line_ends() -> None:
    assert "no card dump that this program knows" in fault("System 0003 (\nSuica)\n")
    assert "no card dump that this program knows" in fault(f"14: {SAME} (REGA[4]\nB[4]C[8])\n")


def read_or_fault(data: bytes) -> tuple[CardImage, ...] | None:
    """The cards of a damaged file, or None after an ImageFault that names it. Nothing else may come out."""
    try:
        cards = read_cards(data, FILE)
    except ImageFault as error:
        assert str(error).startswith(f"{FILE}: ")
        return None
    for card in cards:
        assert image.load(image.dump(card), FILE) == card
    return cards


@pytest.mark.parametrize("name", EVERY_FORMAT)
def test_a_file_cut_at_any_byte_is_a_fault_or_a_smaller_card(name: str) -> None:
    data = EVERY_FORMAT[name].encode()
    whole = one(EVERY_FORMAT[name])
    rows = whole.systems[3][0x090F]
    for size in range(len(data)):
        for card in read_or_fault(data[:size]) or ():
            # Only formats of mere lines, which state no counts, can be cut unseen.
            assert card == whole or name in ("nfcpy", "libpafe")
            assert all(blocks.items() <= rows.items() for s in card.systems.values() for blocks in s.values())


@given(st.sampled_from(sorted(EVERY_FORMAT)), st.data())
def test_a_damaged_file_is_a_card_or_a_fault(name: str, data: st.DataObject) -> None:
    text = bytearray(EVERY_FORMAT[name].encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text)))
        text[place : place + data.draw(st.integers(0, 4))] = data.draw(
            st.binary(max_size=4) | st.sampled_from([b"\n", b'"', b"{", b"0000", b": ", b"9" * 30, b"null", b"|"])
        )
    read_or_fault(bytes(text))


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_a_card_or_a_fault(data: bytes) -> None:
    read_or_fault(data)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.just(ROW_0.hex()) | st.just(b64(IDM)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "felica",
                    "systems",
                    "services",
                    "blocks",
                    "blocksMap",
                    "data",
                    "code",
                    "cardType",
                    "cards",
                    "nodes",
                    "3",
                    "iDm",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_any_json_is_a_card_or_a_fault(value: object) -> None:
    read_or_fault(json.dumps(value).encode())


# -- recorded cards of others


@pytest.mark.data
def test_every_recorded_card_loads(data_dir: Path) -> None:
    paths = sorted(path for path in (data_dir / "cards").iterdir() if path.name != "history-vectors.json")
    assert len(paths) >= 8
    for path in paths:
        (card,) = read_cards(path.read_bytes(), path.name)
        assert card.systems


def recorded(data_dir: Path, name: str) -> CardImage:
    (card,) = read_cards((data_dir / "cards" / name).read_bytes(), name)
    return card


@pytest.mark.data
def test_an_icoca_by_flipper(data_dir: Path) -> None:
    card = recorded(data_dir, "farebot-icoca.nfc")
    services = card.systems[0x0003]
    assert {code: len(blocks) for code, blocks in services.items() if blocks} == {
        0x008B: 1,
        0x090F: 20,
        0x108F: 3,
        0x10CB: 2,
    }
    assert len(services) == 35
    balance = services[0x008B][0]
    assert (int.from_bytes(balance[11:13], "little"), int.from_bytes(balance[14:16])) == (175, 42)


@pytest.mark.data
def test_a_lite_s_card_by_flipper_is_whole_and_without_keys(data_dir: Path) -> None:
    card = recorded(data_dir, "flipper-lite-s.nfc")
    blocks = card.lite_s_blocks()
    assert blocks is not None
    assert blocks[0] == bytes.fromhex("DEADBEAF0000000000000000DEADBEAF")
    assert blocks[0x82][:8] == card.idm
    assert blocks[0x85][:2] == bytes.fromhex("88B4")
    assert blocks[0x90][:3] == bytes.fromhex("24FEFF")
    assert not {0x80, 0x81, 0x87, 0x91} & blocks.keys()


@pytest.mark.data
def test_an_edy_by_nfcpy(data_dir: Path) -> None:
    card = recorded(data_dir, "nfcpy-edy.dump.txt")
    assert card.idm == b""
    assert card.systems[0x8092] == {}
    edy = card.systems[0xFE00]
    assert int.from_bytes(edy[0x1317][0][:2], "little") == 414
    assert (len(edy), len(edy[0x170F])) == (16, 6)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "idm", "pmm"),
    [
        ("metrodroid-blocksmap.json", "0010831051881C82", ""),
        ("metrodroid-no-idm.json", "0101010101010101", "053143454682B7FF"),
        ("metrodroid-skipped-service.json", "0101010101010101", "053143454682B7FF"),
        ("farebot-octopus.json", "0102030405060708", "0000000000000000"),
    ],
)
def test_a_card_by_metrodroid(data_dir: Path, name: str, idm: str, pmm: str) -> None:
    card = recorded(data_dir, name)
    assert (card.idm.hex().upper(), card.pmm.hex().upper()) == (idm, pmm)


@pytest.mark.data
def test_a_skipped_service_is_on_the_card(data_dir: Path) -> None:
    services = recorded(data_dir, "metrodroid-skipped-service.json").systems[0x0003]
    assert {code: len(blocks) for code, blocks in services.items()} == {0: 0, 1: 1, 2: 0, 3: 0}
