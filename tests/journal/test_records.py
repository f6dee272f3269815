import enum
from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from farebox.formats import journal as j
from farebox.formats.frames import HEADER, HEADER_1, VERSION, frame
from farebox.formats.journal import Entry, decode, encode
from farebox.formats.strict import RecordError
from tariff.rulebook import Purse
from tests.journal.examples import (
    AT_S,
    CARD,
    ONE_OF_EACH,
    RULEBOOK,
    file_of_version_1,
    in_schema,
    intent,
    points_intent,
    records,
)

# Of schema 5. A line each for: array, schema, seq 5, flushed_seq 4, kind, at_s; then the fields, a few to a line.
GOLDEN = {
    j.Opened: """
        88 05 05 04 01 1A 6A FF 8D 80
        67 46 42 2D 30 30 31 37
        65 30 2E 31 2E 30
        18 25
    """,
    j.TripBegun: """
        8C 05 05 04 02 1A 6A FF 8D 80
        66 6C 6F 63 6F 63 61
        58 20 20 21 22 23 24 25 26 27 28 29 2A 2B 2C 2D 2E 2F 30 31 32 33 34 35 36 37 38 39 3A 3B 3C 3D 3E 3F
        63 52 31 32
        6B E5 B9 B3 E6 97 A5 2D 30 38 30 35
        19 01 37
        67 52 31 32 2D 6F 75 74
        64 31 32 30 34
    """,
    j.TripEnded: """
        86 05 05 04 03 1A 6A FF 8D 80
        6B E5 B9 B3 E6 97 A5 2D 30 38 30 35
    """,
    j.Intent: """
        98 19 05 05 04 04 1A 6A FF 8D 80
        48 01 2E 4C D1 A0 B3 57 96
        66 61 6C 69 67 68 74
        08
        50 01 00 05 DC 00 00 00 00 00 00 00 00 00 00 10 01
        50 02 00 05 0A 00 00 00 00 00 00 00 00 00 00 10 02
        19 10 01
        19 05 DC 19 05 0A 18 D2 00 00
        82 82 65 47 45 4E 2D 34 18 E6 82 65 4C 4F 43 2D 32 33
        58 20 20 21 22 23 24 25 26 27 28 29 2A 2B 2C 2D 2E 2F 30 31 32 33 34 35 36 37 38 39 3A 3B 3C 3D 3E 3F
        80 00 00
        00 00
        00
        40
    """,
    j.Outcome: """
        87 05 05 04 05 1A 6A FF 8D 80
        04 6D 69 6E 64 65 74 65 72 6D 69 6E 61 74 65
    """,
    j.Resolved: """
        88 05 05 04 06 1A 6A FF 8D 80
        04 67 77 72 69 74 74 65 6E 69 73 61 6D 65 2D 63 61 72 64
    """,
    j.Refused: """
        89 05 05 04 07 1A 6A FF 8D 80
        48 01 2E 4C D1 A0 B3 57 96
        66 61 6C 69 67 68 74
        65 73 68 6F 72 74
        73 36 30 20 79 65 6E 20 73 68 6F 72 74 20 6F 66 20 32 31 30
    """,
    j.Noted: """
        88 05 05 04 08 1A 6A FF 8D 80
        48 01 2E 4C D1 A0 B3 57 96
        6F 69 6E 63 6F 6D 70 6C 65 74 65 2D 72 69 64 65
        78 20 62 6F 61 72 64 65 64 20 61 74 20 73 74 6F 70 20 33 20 74 68 65 20 64 61 79 20 62 65 66 6F 72 65
    """,
    j.DriverActed: """
        88 05 05 04 09 1A 6A FF 8D 80
        40
        6D 62 6F 61 72 64 69 6E 67 2D 73 74 6F 70
        66 73 74 6F 70 20 33
    """,
    j.NoteMoved: """
        88 05 05 04 0A 1A 6A FF 8D 80
        04 19 13 88 68 73 74 61 63 6B 69 6E 67
    """,
    j.Voucher: """
        88 05 05 04 0B 1A 6A FF 8D 80
        04 19 13 88 68 6F 70 65 72 61 74 6F 72
    """,
}


# The same intent in schema 1: 13 fields long.
SCHEMA_1_INTENT = """
    92 01 05 04 04 1A 6A FF 8D 80
    48 01 2E 4C D1 A0 B3 57 96
    66 61 6C 69 67 68 74
    08
    50 01 00 05 DC 00 00 00 00 00 00 00 00 00 00 10 01
    50 02 00 05 0A 00 00 00 00 00 00 00 00 00 00 10 02
    19 10 01
    19 05 DC 19 05 0A 18 D2 00 00
    82 82 65 47 45 4E 2D 34 18 E6 82 65 4C 4F 43 2D 32 33
    58 20 20 21 22 23 24 25 26 27 28 29 2A 2B 2C 2D 2E 2F 30 31 32 33 34 35 36 37 38 39 3A 3B 3C 3D 3E 3F
"""
# Its last lines if the card has points: two purses, 6 points earned, none lapsed; no note, no cancelling, no row.
TWO_PURSES = """
    82 83 6E 77 65 6C 66 61 72 65 2D 70 6F 69 6E 74 73 18 28 18 28
       83 70 74 72 61 6E 73 70 6F 72 74 2D 70 6F 69 6E 74 73 18 64 18 6A
    06 00
    00 00
    00
    40
"""


def golden(record: j.Record) -> bytes:
    return bytes.fromhex(GOLDEN[type(record)])


def golden_1(record: j.Record) -> bytes:
    """A record as schema 1 wrote it: only an intent has other fields there."""
    if isinstance(record, j.Intent):
        return bytes.fromhex(SCHEMA_1_INTENT)
    return golden(record).replace(b"\x05", b"\x01", 1)


def golden_2(record: j.Record) -> bytes:
    """A record as schema 2 wrote it: an intent ends before what a note brings."""
    if isinstance(record, j.Intent):
        return bytes.fromhex(SCHEMA_1_INTENT).replace(b"\x92\x01", b"\x95\x02", 1) + b"\x80\x00\x00"
    return golden(record).replace(b"\x05", b"\x02", 1)


def golden_3(record: j.Record) -> bytes:
    """A record as schema 3 wrote it: an intent ends before the settlement that it cancels."""
    if isinstance(record, j.Intent):
        return bytes.fromhex(SCHEMA_1_INTENT).replace(b"\x92\x01", b"\x97\x03", 1) + b"\x80" + bytes(4)
    return golden(record).replace(b"\x05", b"\x03", 1)


def golden_4(record: j.Record) -> bytes:
    """A record as schema 4 wrote it: an intent ends before its history row."""
    if isinstance(record, j.Intent):
        return bytes.fromhex(SCHEMA_1_INTENT).replace(b"\x92\x01", b"\x98\x18\x04", 1) + b"\x80" + bytes(5)
    return golden(record).replace(b"\x05", b"\x04", 1)


OLDER = [
    (schema, record, written)
    for schema, written in ((1, golden_1), (2, golden_2), (3, golden_3), (4, golden_4))
    for record in ONE_OF_EACH
    if schema >= 3 or not isinstance(record, (j.NoteMoved, j.Voucher))
]


@pytest.mark.parametrize("record", ONE_OF_EACH, ids=lambda record: type(record).__name__)
def test_each_kind_keeps_its_bytes(record: j.Record) -> None:
    assert encode(5, 4, AT_S, record).hex(" ").upper() == " ".join(GOLDEN[type(record)].split())
    assert decode(golden(record)) == Entry(5, 4, AT_S, record)


@pytest.mark.parametrize(("schema", "record", "written"), OLDER)
def test_each_kind_of_older_schemas_is_still_read(
    schema: int, record: j.Record, written: Callable[[j.Record], bytes]
) -> None:
    assert decode(written(record)) == Entry(5, 4, AT_S, record, schema)
    assert encode(5, 4, AT_S, record, schema) == written(record)


@pytest.mark.parametrize("schema", [1, 2])
@pytest.mark.parametrize("record", [j.NoteMoved(4, 1_000, "box"), j.Voucher(4, 1_000, "operator")])
def test_older_schemas_know_no_notes(record: j.Record, schema: int) -> None:
    with pytest.raises(RecordError, match="is no kind of record"):
        encode(5, 4, AT_S, record, schema)
    with pytest.raises(RecordError, match="is no kind of record"):
        decode(golden(record).replace(b"\x05", bytes((schema,)), 1))


@pytest.mark.parametrize("schema", [1, 2])
def test_older_schemas_know_no_top_up(schema: int) -> None:
    with pytest.raises(RecordError, match=r"^Intent\.action: 'top-up' is none of board, alight$"):
        encode(5, 4, AT_S, intent(action="top-up"), schema)


@pytest.mark.parametrize(("schema", "ride_or_top_up"), [(1, ""), (2, ""), (3, ", top-up")])
def test_gen_22_older_schemas_know_no_cancelling(schema: int, ride_or_top_up: str) -> None:
    with pytest.raises(RecordError, match=rf"^Intent\.action: 'cancel' is none of board, alight{ride_or_top_up}$"):
        encode(5, 4, AT_S, intent(action="cancel"), schema)
    with pytest.raises(RecordError, match=r"^Intent\.cancels_seq: 4 has no place in this schema$"):
        encode(5, 4, AT_S, intent(cancels_seq=4), schema)


@pytest.mark.parametrize("schema", [1, 2, 3, 4])
def test_faults_5_older_schemas_keep_no_history_row(schema: int) -> None:
    with pytest.raises(RecordError, match=r"^Intent\.history_row: .* has no place in this schema$"):
        encode(5, 4, AT_S, intent(history_row=bytes(16)), schema)


@pytest.mark.parametrize("row", [bytes(15), bytes(17), "", None])
def test_a_history_row_is_one_block_or_none(row: object) -> None:
    with pytest.raises(RecordError, match=r"^Intent\.history_row: .* is not bytes of length 0 or 16$"):
        encode(5, 4, AT_S, intent(history_row=row))


@pytest.mark.parametrize("later", [{"note_yen": 1_000}, {"premium_yen": 1}])
def test_schema_2_has_no_place_for_notes(later: dict[str, Any]) -> None:
    (field,) = later
    with pytest.raises(RecordError, match=rf"^Intent\.{field}: .* has no place in this schema$"):
        encode(5, 4, AT_S, intent(**later), schema=2)


def test_the_purses_of_a_card_keep_their_bytes() -> None:
    payload = encode(5, 4, AT_S, points_intent())
    assert payload.endswith(j.HASH_BYTES.to_bytes(1, "big") + RULEBOOK + bytes.fromhex(TWO_PURSES))
    assert decode(payload).record == points_intent()


def test_the_purses_are_those_of_the_tariff_but_stored_fare_in_its_order() -> None:
    assert tuple(purse for purse in Purse if purse is not Purse.STORED_FARE) == j.PURSES


@pytest.mark.parametrize("later", [{"purses": (("eco", 1, 0),)}, {"points_earned": 1}, {"points_lapsed": 1}])
def test_schema_1_has_no_place_for_purses(later: dict[str, Any]) -> None:
    (field,) = later
    with pytest.raises(RecordError, match=rf"^Intent\.{field}: .* has no place in this schema$"):
        encode(5, 4, AT_S, intent(**later), schema=1)


def test_every_kind_has_an_example_and_a_number_of_its_own() -> None:
    assert [j.KINDS[number] for number in range(1, 12)] == [type(record) for record in ONE_OF_EACH]
    assert len(j.KINDS) == 11


def test_the_file_s_header_and_frame_keep_their_bytes() -> None:
    # "FAREBOX", zero; version 2; reserved; CRC-32
    assert bytes.fromhex("46 41 52 45 42 4F 58 00  02 00  00 00  7C 80 86 09") == HEADER
    assert VERSION == 2
    # magic; length 9; CRC-32; check; TripEnded("T1")
    payload = encode(1, 0, 0, j.TripEnded("T1"))
    check = bytes(range(8))
    expected = "FB 4A  09 00 00 00  E5 07 F2 AB  00 01 02 03 04 05 06 07  86 05 01 00 03 00 62 54 31"
    assert frame(payload, check) == bytes.fromhex(expected)


def test_a_file_of_version_1_keeps_its_bytes() -> None:
    # "FAREBOX", zero; version 1; reserved
    assert bytes.fromhex("46 41 52 45 42 4F 58 00  01 00  00 00 00 00 00 00") == HEADER_1
    # magic; length 9; CRC-32; TripEnded("T1")
    framed = bytes.fromhex("FB 4A  09 00 00 00  92 C4 06 FA  86 02 01 00 03 00 62 54 31")
    assert file_of_version_1(encode(1, 0, 0, j.TripEnded("T1"), schema=2)) == HEADER_1 + framed


@given(st.integers(1, 2**63 - 1), st.integers(0, j.LAST_TIME_S), records)
def test_what_is_encoded_is_decoded(seq: int, at_s: int, record: j.Record) -> None:
    entry = Entry(seq, seq - 1, at_s, record)
    assert decode(encode(*entry)) == entry
    assert type(decode(encode(*entry)).record) is type(record)


@given(st.integers(1, 2**63 - 1), records, st.sampled_from(j.SCHEMAS[:-1]))
def test_what_older_schemas_wrote_is_decoded(seq: int, record: j.Record, schema: int) -> None:
    entry = Entry(seq, seq - 1, AT_S, in_schema(schema, record), schema)
    assert decode(encode(*entry)) == entry


@given(st.integers(1, 2**63 - 1), records)
def test_the_bytes_are_those_of_any_cbor_library(seq: int, record: j.Record) -> None:
    kind = next(number for number, cls in j.KINDS.items() if cls is type(record))
    assert encode(seq, 0, AT_S, record) == cbor2.dumps([j.SCHEMA, seq, 0, kind, AT_S, *record], canonical=True)


@given(st.binary(max_size=200))
@example(b"")
def test_faults_31_any_bytes_are_a_record_or_refused(payload: bytes) -> None:
    try:
        entry = decode(payload)
    except RecordError:
        return
    assert encode(*entry) == payload


@given(st.data(), records, st.sampled_from(j.SCHEMAS))
def test_faults_31_a_record_with_bytes_changed_is_itself_or_refused(
    data: st.DataObject, record: j.Record, schema: int
) -> None:
    payload = bytearray(encode(9, 3, AT_S, in_schema(schema, record), schema))
    for _ in range(data.draw(st.integers(1, 3))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    try:
        entry = decode(bytes(payload))
    except RecordError:
        return
    assert encode(*entry) == payload


OUTCOME = "87 02 05 04 05 00 04 67 77 72 69 74 74 65 6E"  # [2, 5, 4, 5, 0, 4, "written"]


def test_the_outcome_below_is_sound() -> None:
    assert decode(bytes.fromhex(OUTCOME)) == Entry(5, 4, 0, j.Outcome(4, "written"), schema=2)


@pytest.mark.parametrize(
    ("why", "spaced_hex", "says"),
    [
        ("empty", "", "not the CBOR"),
        ("cut short", OUTCOME[:-3], "not the CBOR"),
        ("trailing byte", OUTCOME + " 00", "bytes after it"),
        ("twice", OUTCOME + OUTCOME, "bytes after it"),
        ("indefinite array", "9F 02 05 04 05 00 04 67 77 72 69 74 74 65 6E FF", "not the CBOR"),
        ("indefinite text", "87 02 05 04 05 00 04 7F 67 77 72 69 74 74 65 6E FF", "not the CBOR"),
        ("seq in two bytes", "87 02 18 05 04 05 00 04 67 77 72 69 74 74 65 6E", "shortest form"),
        ("seq as a bignum, tag 2", "87 02 C2 41 05 04 05 00 04 67 77 72 69 74 74 65 6E", "tag"),
        ("tagged as CBOR, tag 55799", "D9 D9 F7 " + OUTCOME, "tag"),
        ("shared value, tags 28, 29", "D8 1C 87 02 05 04 05 00 D8 1D 00 60", "tag"),
        ("a regular expression, tag 23", "81 D8 23 62 28 2B", "tag"),
        ("a decimal of 2**63 digits", "81 C4 82 1B 7F FF FF FF FF FF FF FF 01", "tag"),
        ("deeper than a line", "87 02 05 04 05 00 04 81 81 81 81 01", "not the CBOR"),
        ("1,000 deep", "81 " * 1000 + "00", "not the CBOR"),
        ("a claim of 2**64 - 1 items", "9B FF FF FF FF FF FF FF FF", "not the CBOR"),
        ("a claim of 2**40 bytes", "86 02 05 04 03 00 5B 00 00 01 00 00 00 00 00", "not the CBOR"),
        ("a map", "A1 61 61 01", "not an array"),
        ("a map with a key twice", "86 02 05 04 03 00 A2 61 61 01 61 61 02", "not the CBOR"),
        ("a map with number keys", "86 02 05 04 03 00 A1 01 01", "not the CBOR"),
        ("too few items", "84 02 05 04 05", "at least 5"),
        ("a field too few", "86 02 05 04 05 00 04", "Outcome: 1 fields, not 2"),
        ("a field too many", "88 02 05 04 05 00 04 67 77 72 69 74 74 65 6E 00", "Outcome: 3 fields, not 2"),
        ("no schema", "87 00 05 04 05 00 04 67 77 72 69 74 74 65 6E", "schema: 0 is none of 1, 2, 3"),
        ("next schema", "87 06 05 04 05 00 04 67 77 72 69 74 74 65 6E", "schema: 6 is none of 1, 2, 3, 4, 5"),
        ("true for schema", "87 F5 05 04 05 00 04 67 77 72 69 74 74 65 6E", "schema: True is none of 1, 2, 3"),
        (
            "an intent of schema 1 that calls itself 2",
            SCHEMA_1_INTENT.replace(" 01 05", " 02 05", 1),
            "13 fields, not 16",
        ),
        ("and the other way round", golden_2(intent()).hex(" ").replace(" 02 05", " 01 05", 1), "16 fields, not 13"),
        ("kind 0", "87 02 05 04 00 00 04 67 77 72 69 74 74 65 6E", "kind: 0 is no kind"),
        ("kind 12", "87 02 05 04 0C 00 04 67 77 72 69 74 74 65 6E", "kind: 12 is no kind"),
        ("a list for kind", "87 02 05 04 80 00 04 67 77 72 69 74 74 65 6E", "kind: () is no kind"),
        ("true for seq", "87 02 F5 00 05 00 04 67 77 72 69 74 74 65 6E", "seq: True is not a whole"),
        ("negative seq", "87 02 20 00 05 00 04 67 77 72 69 74 74 65 6E", "seq: -1 is not a whole"),
        ("seq 0", "87 02 00 00 05 00 04 67 77 72 69 74 74 65 6E", "flushed_seq: 0 is not before seq 0"),
        ("flushed before written", "87 02 05 05 05 00 04 67 77 72 69 74 74 65 6E", "flushed_seq: 5 is not before"),
        ("fractional at_s", "87 02 05 04 05 F9 3E 00 04 67 77 72 69 74 74 65 6E", "at_s: 1.5 is not a whole"),
        ("at_s 1.0", "87 02 05 04 05 F9 3C 00 04 67 77 72 69 74 74 65 6E", "at_s: 1.0 is not a whole"),
        ("at_s is no number", "87 02 05 04 05 F9 7E 00 04 67 77 72 69 74 74 65 6E", "at_s: nan is not a whole"),
        ("at_s null", "87 02 05 04 05 F6 04 67 77 72 69 74 74 65 6E", "at_s: None is not a whole"),
        (
            "at_s in the year 10000",
            "86 02 05 04 03 1B 00 00 00 3A FF F4 41 80 60",
            "at_s: 253402300800 is past the year",
        ),
        ("at_s 2**63", "87 02 05 04 05 1B 80 00 00 00 00 00 00 00 04 60", "at_s: 9223372036854775808 is not"),
        ("settles record 0", "87 02 05 04 05 00 00 67 77 72 69 74 74 65 6E", "Outcome.intent_seq: 0 is no"),
        ("another result", "87 02 05 04 05 00 04 65 6D 61 79 62 65", "Outcome.result: 'maybe' is none of"),
        ("result in bytes", "87 02 05 04 05 00 04 47 77 72 69 74 74 65 6E", "Outcome.result: b'written' is none"),
        ("not UTF-8", "86 02 05 04 03 00 62 FF FF", "not the CBOR"),
        ("half a surrogate pair", "86 02 05 04 03 00 63 ED A0 80", "not the CBOR"),
        ("undefined for text", "86 02 05 04 03 00 F7", "TripEnded.trip_id: undefined is not text"),
        ("text of 201 bytes", "86 02 05 04 03 00 78 C9" + " 61" * 201, "TripEnded.trip_id: text of 201 bytes"),
        ("3,000 bytes", "86 02 05 04 03 00 79 0B B8" + " 61" * 3000, "payload of 3009 bytes"),
    ],
)
def test_faults_31_hostile_cbor_is_refused(why: str, spaced_hex: str, says: str) -> None:
    with pytest.raises(RecordError, match=r"\A[^\n]+\Z") as refused:
        decode(bytes.fromhex(spaced_hex))
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"due_yen": -1}, "Intent.due_yen: -1 is not a whole number"),
        ({"due_yen": 210.0}, "Intent.due_yen: 210.0 is not a whole number"),
        ({"due_yen": True}, "Intent.due_yen: True is not a whole number"),
        ({"due_yen": None}, "Intent.due_yen: None is not a whole number"),
        ({"cash_yen": "210"}, "Intent.cash_yen: '210' is not a whole number"),
        ({"sf_before_yen": 2**63}, "Intent.sf_before_yen: 9223372036854775808 is not a whole number"),
        ({"sf_after_yen": -1}, "Intent.sf_after_yen: -1 is not a whole number"),
        ({"auto_charge_yen": -1000}, "Intent.auto_charge_yen: -1000 is not a whole number"),
        ({"write_counter": -1}, "Intent.write_counter: -1 is not a whole number"),
        ({"stop_index": -1}, "Intent.stop_index: -1 is not a whole number"),
        ({"lines": (("GEN-4", 2.5),)}, "Intent.lines: 2.5 is not a whole number"),
        ({"lines": (("GEN-4", True),)}, "Intent.lines: True is not a whole number"),
        ({"lines": (("GEN-4", -(2**63) - 1),)}, "Intent.lines: -9223372036854775809 is not a whole number"),
        ({"lines": (("GEN-4",),)}, "Intent.lines: ('GEN-4',) is not a line"),
        ({"lines": (["GEN-4", 1],)}, "Intent.lines: ['GEN-4', 1] is not a line"),
        ({"lines": [("GEN-4", 1)]}, "Intent.lines: [('GEN-4', 1)] is not at most 32 lines"),
        ({"lines": (("GEN-4", 1),) * 33}, "is not at most 32 lines"),
        ({"lines": (("G" * 25, 1),)}, "Intent.lines: text of 25 bytes, at most 24"),
        ({"action": "ride"}, "Intent.action: 'ride' is none of board, alight"),
        ({"action": ["board"]}, "Intent.action: ['board'] is none of board, alight"),
        ({"idm": b""}, "Intent.idm: b'' is not bytes of length 8"),
        ({"idm": bytearray(8)}, "Intent.idm: bytearray("),
        ({"slot_before": bytes(15)}, "is not bytes of length 16"),
        ({"slot_after": bytes(17)}, "is not bytes of length 16"),
        ({"rulebook_hash": bytes(20)}, "is not bytes of length 32"),
        ({"purses": (("stored-fare", 1, 0),)}, "Intent.purses: 'stored-fare' is none of welfare-points, transport-"),
        ({"purses": (("eco", -1, 0),)}, "Intent.purses: -1 is not a whole number"),
        ({"purses": (("eco", 0, 0.5),)}, "Intent.purses: 0.5 is not a whole number"),
        ({"purses": (("eco", True, 0),)}, "Intent.purses: True is not a whole number"),
        ({"purses": (("eco", 1),)}, "Intent.purses: ('eco', 1) is not a purse's name and what it"),
        ({"purses": (["eco", 1, 0],)}, "Intent.purses: ['eco', 1, 0] is not a purse's name and what it"),
        ({"purses": [("eco", 1, 0)]}, "Intent.purses: [('eco', 1, 0)] is not at most 5 purses"),
        ({"purses": (("eco", 1, 0),) * 6}, "is not at most 5 purses"),
        ({"purses": (("eco", 1, 0), ("eco", 1, 0))}, "Intent.purses: 'eco' is twice there, or out of order"),
        ({"purses": (("student", 1, 0), ("eco", 1, 0))}, "Intent.purses: 'eco' is twice there, or out of order"),
        ({"points_earned": -1}, "Intent.points_earned: -1 is not a whole number"),
        ({"points_lapsed": 1.0}, "Intent.points_lapsed: 1.0 is not a whole number"),
    ],
)
def test_faults_44_an_intent_with_wrong_money_or_form_is_never_written(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(RecordError) as refused:
        encode(5, 4, AT_S, intent(**changed))
    assert says in str(refused.value)
    assert len(str(refused.value)) < 120


def test_text_is_measured_in_bytes_and_must_be_utf_8() -> None:
    assert encode(1, 0, 0, j.TripEnded("停" * 21))  # 63 bytes
    for trip_id, says in (("停" * 67, "text of 201 bytes, at most 200"), ("\ud800", "UTF-8 can't hold")):
        with pytest.raises(RecordError, match=says):
            encode(1, 0, 0, j.TripEnded(trip_id))


@pytest.mark.parametrize(
    ("seq", "flushed_seq", "at_s"),
    [(0, 0, 0), (1, 1, 0), (1, -1, 0), (2**63, 0, 0), (True, 0, 0), (1, 0, -1), (1, 0, 0.5)],
)
def test_a_record_has_a_sound_place_in_its_journal(seq: int, flushed_seq: int, at_s: int) -> None:
    with pytest.raises(RecordError):
        encode(seq, flushed_seq, at_s, j.TripEnded("T1"))


def test_a_card_is_named_by_its_8_bytes_or_not_at_all() -> None:
    for idm in (CARD, b""):
        assert decode(encode(1, 0, 0, j.Noted(idm, "re-tap", ""))).record == j.Noted(idm, "re-tap", "")
    with pytest.raises(RecordError, match=r"Noted\.idm: .* is not bytes of length 0 or 8"):
        encode(1, 0, 0, j.Noted(CARD[:7], "re-tap", ""))


def test_a_refusal_s_code_may_be_an_enum_and_is_read_as_text() -> None:
    class Code(enum.StrEnum):
        SHORT = "short"

    record = decode(encode(1, 0, 0, j.Refused(CARD, "alight", Code.SHORT, ""))).record
    assert isinstance(record, j.Refused)
    assert type(record.code) is str
    assert record.code == "short"


def test_what_is_no_record_is_refused() -> None:
    stranger: Any
    for stranger in (("T1",), None, Entry(1, 0, 0, j.TripEnded("T1"))):
        with pytest.raises(RecordError, match="is no kind of record"):
            encode(1, 0, 0, stranger)
