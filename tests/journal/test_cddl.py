"""docs/journal.cddl, the code and real bytes say the same: every kind of record, heads, seals, receipts.

pycddl does not count occurrences (`0*32`), takes text for bytes and bytes for numbers here and there, knows no 2**63,
and can't judge a choice of arrays: each rule is asked for by name. That the code refuses all those, test_records.py
and test_sealing.py tell.
"""

from itertools import pairwise
from pathlib import Path

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycddl import Schema, ValidationError

from farebox.formats import journal as j
from farebox.formats.frames import FRAME_HEAD_BYTES, HEADER, scan
from farebox.formats.segment import Head, Receipt, encode_head, encode_receipt, encode_seal
from farebox.formats.strict import RecordError
from farebox.journal.log import recover_folder
from sim.hardware.memory_disk import MemoryFolder
from tests.journal.examples import (
    AT_S,
    ONE_OF_EACH,
    in_schema,
    intent,
    points_intent,
    records,
)
from tests.journal.test_journal import WIDEST_INTENT, WIDEST_RESOLVED
from tests.journal.test_sealing import HEAD, SEAL, SEED

CDDL = (Path(__file__).parents[2] / "docs" / "journal.cddl").read_text()


def rule_of(record: j.Record, schema: int = j.SCHEMA) -> Schema:
    return OLD_INTENTS[schema] if schema in OLD_INTENTS and isinstance(record, j.Intent) else RULES[type(record)]


def schema_of(rule: str) -> Schema:
    """The schema with one of its rules as the one that is asked for."""
    return Schema(f"asked = {rule}\n{CDDL}")


RULES: dict[type[j.Record], Schema] = {
    j.Opened: schema_of("opened"),
    j.TripBegun: schema_of("trip-begun"),
    j.TripEnded: schema_of("trip-ended"),
    j.Intent: schema_of("intent"),
    j.Outcome: schema_of("outcome"),
    j.Resolved: schema_of("resolved"),
    j.Refused: schema_of("refused"),
    j.Noted: schema_of("noted"),
    j.DriverActed: schema_of("driver-acted"),
    j.NoteMoved: schema_of("note-moved"),
    j.Voucher: schema_of("voucher"),
}
OLD_INTENTS = {schema: schema_of(f"intent-{schema}") for schema in j.SCHEMAS[:-1]}
HEAD_RULE, SEAL_RULE, RECEIPT_RULE = map(schema_of, ("head", "seal", "receipt"))
PROTECTED, SEAL_PAYLOAD = map(schema_of, ("protected", "seal-payload"))


@pytest.mark.parametrize("schema", j.SCHEMAS)
@pytest.mark.parametrize("record", [*ONE_OF_EACH, points_intent(), WIDEST_INTENT, WIDEST_RESOLVED])
def test_every_record_the_code_writes_is_in_the_schema(record: j.Record, schema: int) -> None:
    record = in_schema(schema, record)
    rule_of(record, schema).validate_cbor(j.encode(7, 3, AT_S, record, schema))


@given(st.integers(1, 2**63 - 1), st.integers(0, j.LAST_TIME_S), records)
def test_any_record_the_code_writes_is_in_the_schema(seq: int, at_s: int, record: j.Record) -> None:
    rule_of(record).validate_cbor(j.encode(seq, seq - 1, at_s, record))


@pytest.mark.parametrize("head", [Head(), HEAD])
def test_heads_are_in_the_schema(head: Head) -> None:
    HEAD_RULE.validate_cbor(encode_head(head))
    for carried in head.pending:
        RULES[j.Intent].validate_cbor(carried.payload)


def test_seals_and_receipts_are_in_the_schema() -> None:
    seal = encode_seal(SEAL, SEED)
    SEAL_RULE.validate_cbor(seal)
    protected, _, payload, _ = cbor2.loads(seal).value
    PROTECTED.validate_cbor(protected)
    SEAL_PAYLOAD.validate_cbor(payload)
    RECEIPT_RULE.validate_cbor(encode_receipt(Receipt(7, 250, bytes(32), b"thanks")))


def test_every_frame_of_a_real_journal_is_in_the_schema() -> None:
    folder = MemoryFolder()
    journal = recover_folder(folder, "bus.journal", 1 << 14, SEED).journal
    for record in ONE_OF_EACH:
        journal.append(record, AT_S)
    journal.intend(intent(idm=bytes(8)), AT_S)
    journal.seal()
    frames = 0
    for name in ("00000001.segment", "00000002.segment"):
        data = bytes(folder.disks[name].cache)
        found = scan(data)
        ends = [len(HEADER), *found.starts, found.end, *([found.sealed_end] if found.seal else [])]
        rules = [HEAD_RULE, *(rule_of(entry.record) for entry in found.entries), SEAL_RULE]
        for rule, (start, end) in zip(rules, pairwise(ends), strict=False):
            rule.validate_cbor(data[start + FRAME_HEAD_BYTES : end])
            frames += 1
    assert frames == 1 + len(ONE_OF_EACH) + 1 + 1 + 1


def test_every_kind_and_every_rule_of_a_payload_is_tried() -> None:
    assert set(RULES) == set(j.KINDS.values())
    said = CDDL.partition("record = ")[2].partition("\n\n")[0]
    assert len(said.split("/")) == len(RULES) + len(OLD_INTENTS)


OF_AN_INTENT = list(cbor2.loads(j.encode(7, 3, AT_S, intent())))
OF_A_HEAD = list(cbor2.loads(encode_head(HEAD)))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        *[(0, 0), (0, 3), (0, 6), (1, 0), (1, -1), (2, -1), (3, 0), (3, 10), (4, -1), (4, 253_402_200_001)],
        *[(5, bytes(7)), (5, b""), (6, "ride"), (7, -1), (8, bytes(15)), (9, bytes(17)), (10, "x")],
        *[(place, value) for place in range(11, 16) for value in (-1, 1.5, "210")],
        *[(16, [["x" * 25, 0]]), (16, [["G"]]), (16, {})],
        *[(17, bytes(31)), (18, [["cash", 0, 0]]), (18, [["eco", -1, 0]]), (18, None)],
        *[(place, -1) for place in range(19, 24)],
    ],
)
def test_faults_44_what_the_code_refuses_the_schema_refuses_too(place: int, value: object) -> None:
    payload = cbor2.dumps([*OF_AN_INTENT[:place], value, *OF_AN_INTENT[place + 1 :]])
    with pytest.raises(RecordError):
        j.decode(payload)
    with pytest.raises(ValidationError):
        RULES[j.Intent].validate_cbor(payload)


@pytest.mark.parametrize("record", ONE_OF_EACH)
def test_a_record_with_a_field_too_many_or_too_few_is_in_neither(record: j.Record) -> None:
    items = list(cbor2.loads(j.encode(7, 3, AT_S, record)))
    for wrong in ([*items, 0], items[:-1], ["x", *items[1:]]):
        with pytest.raises(ValidationError):
            rule_of(record).validate_cbor(cbor2.dumps(wrong))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        *[(place, value) for place in (0, 1, 2) for value in (-1, None, "x")],
        *[(place, value) for place in (3, 4, 6) for value in (-1, None, [["x"]])],
        *[(3, bytes(31)), (4, "x" * 201), (5, [["x"]]), (5, [[b"x", 2]]), (5, -1), (6, bytes(240_001)), (7, ["x"])],
        *[(7, -1), (8, None), (8, [[4, 1_000, 1, 0]]), (8, [[0, 1_000, 1, 0, 0]]), (8, [[4, -1, 1, 0, 0]])],
        *[(8, [[4, 1_000, 3, 0, 0]]), (8, [[4, 1_000, 1, 2, 0]]), (8, [[4, 1_000, 1, 0, 2]])],
    ],
)
def test_heads_that_are_none_are_refused(place: int, value: object) -> None:
    with pytest.raises(ValidationError):
        HEAD_RULE.validate_cbor(cbor2.dumps([*OF_A_HEAD[:place], value, *OF_A_HEAD[place + 1 :]]))


@pytest.mark.parametrize(
    "items",
    [[1, *SEAL[:-1]], [2, *SEAL], [1, *SEAL, 0], [1, *SEAL[:-1], bytes(31)], [1, "x" * 201, *SEAL[1:]], [1, None]],
)
def test_seals_that_are_none_are_refused(items: list[object]) -> None:
    with pytest.raises(ValidationError):
        SEAL_PAYLOAD.validate_cbor(cbor2.dumps(items))


@pytest.mark.parametrize("header", [{1: -7, 4: bytes(32)}, {1: -8, 4: bytes(31)}, {1: -8}, {}])
def test_headers_of_another_algorithm_or_without_a_key_are_refused(header: dict[int, object]) -> None:
    with pytest.raises(ValidationError):
        PROTECTED.validate_cbor(cbor2.dumps(header))


@pytest.mark.parametrize(
    "data",
    [
        encode_seal(SEAL, SEED)[1:],
        cbor2.dumps(cbor2.CBORTag(18, [b"", {}, b"", bytes(63)])),
        cbor2.dumps(cbor2.CBORTag(18, [b"", {}, b""])),
        cbor2.dumps(cbor2.CBORTag(17, [b"", {}, b"", bytes(64)])),
    ],
)
def test_what_is_no_cose_sign1_is_refused(data: bytes) -> None:
    with pytest.raises(ValidationError):
        SEAL_RULE.validate_cbor(data)


@pytest.mark.parametrize("receipt", [b"", bytes(4097)])
def test_receipts_that_are_none_are_refused(receipt: bytes) -> None:
    with pytest.raises(ValidationError):
        RECEIPT_RULE.validate_cbor(encode_receipt(Receipt(7, 250, bytes(32), receipt)))
