"""Records to test with: one of each kind, taps, and strategies for any record at all."""

from collections.abc import Iterable
from hashlib import sha256
from struct import pack
from typing import Any, get_args
from zlib import crc32

from hypothesis import strategies as st

from farebox.formats import journal as j
from farebox.formats.frames import CHECK_BYTES, HEADER_1, beginning, frame
from farebox.formats.segment import Head, encode_head

CARD = bytes.fromhex("01 2E 4C D1 A0 B3 57 96")
RULEBOOK = bytes(range(0x20, 0x40))
BEFORE = bytes.fromhex("01 00 05 DC 00 00 00 00 00 00 00 00 00 00 10 01")
AFTER = bytes.fromhex("02 00 05 0A 00 00 00 00 00 00 00 00 00 00 10 02")
AT_S = 1_795_132_800  # 2026-11-20 09:00 in Japan


def intent(**changed: Any) -> j.Intent:
    """A card with 1,500 yen alights at the ninth stop; 210 yen is due."""
    alighting = j.Intent(
        idm=CARD,
        action="alight",
        stop_index=8,
        slot_before=BEFORE,
        slot_after=AFTER,
        write_counter=4097,
        sf_before_yen=1500,
        sf_after_yen=1290,
        due_yen=210,
        cash_yen=0,
        auto_charge_yen=0,
        lines=(("GEN-4", 230), ("LOC-2", -20)),
        rulebook_hash=RULEBOOK,
    )
    return alighting._replace(**changed)


def points_intent(**changed: Any) -> j.Intent:
    """An Iwate Green Pass pays 210 yen from stored fare and earns 6 points; welfare points are left alone."""
    held = (("welfare-points", 40, 40), ("transport-points", 100, 106))
    return intent(lines=(("GEN-4", 210), ("IGP-5", 210), ("IGP-28", 6)), purses=held, points_earned=6)._replace(
        **changed
    )


ONE_OF_EACH: tuple[j.Record, ...] = (
    j.Opened("FB-0017", "0.1.0", 37),
    j.TripBegun("lococa", RULEBOOK, "R12", "平日-0805", 311, "R12-out", "1204"),
    j.TripEnded("平日-0805"),
    intent(),
    j.Outcome(4, "indeterminate"),
    j.Resolved(4, "written", "same-card"),
    j.Refused(CARD, "alight", "short", "60 yen short of 210"),
    j.Noted(CARD, "incomplete-ride", "boarded at stop 3 the day before"),
    j.DriverActed(b"", "boarding-stop", "stop 3"),
    j.NoteMoved(4, 5_000, "stacking"),
    j.Voucher(4, 5_000, "operator"),
)


def segment_of(*payloads: bytes, head: Head | None = None) -> bytes:
    """A segment that holds these payloads, whatever they are, one chained to the other."""
    head = head or Head()
    chain = sha256(encode_head(head))
    data = beginning(head)
    for payload in payloads:
        chain.update(payload)
        data += frame(payload, chain.digest()[:CHECK_BYTES])
    return data


def file_of_version_1(*payloads: bytes) -> bytes:
    """The file that the first version of the journal wrote: written out here, since nothing writes it any more."""
    return HEADER_1 + b"".join(
        b"\xfb\x4a" + pack("<II", len(payload), crc32(pack("<I", len(payload)) + payload)) + payload
        for payload in payloads
    )


def encoded(records: Iterable[j.Record], schema: int = j.SCHEMA, first_seq: int = 1) -> list[bytes]:
    """Payloads, each written when the one before it was flushed."""
    return [j.encode(seq, seq - 1, AT_S, record, schema) for seq, record in enumerate(records, first_seq)]


_whole = st.integers(0, 2**63 - 1)
_seqs = st.integers(1, 2**63 - 1)


def _text(most_bytes: int) -> st.SearchStrategy[str]:
    return st.text(st.characters(codec="utf-8"), max_size=most_bytes).filter(
        lambda text: len(text.encode()) <= most_bytes
    )


_id, _code, _detail = _text(64), _text(32), _text(200)
_idm_if_any = st.just(b"") | st.binary(min_size=8, max_size=8)
_hash = st.binary(min_size=32, max_size=32)
_slot = st.binary(min_size=16, max_size=16)
_line = st.tuples(_text(24), st.integers(-(2**63), 2**63 - 1))
_purses = st.lists(st.sampled_from(j.PURSES), unique=True).flatmap(
    lambda names: st.tuples(*(st.tuples(st.just(name), _whole, _whole) for name in sorted(names, key=j.PURSES.index)))
)

intents = st.builds(
    j.Intent,
    st.binary(min_size=8, max_size=8),
    st.sampled_from(get_args(j.Action)),
    _whole,
    _slot,
    _slot,
    *[_whole] * 6,
    st.lists(_line, max_size=j.MAX_LINES).map(tuple),
    _hash,
    _purses,
    *[_whole] * 5,
    st.just(b"") | _slot,
)
records: st.SearchStrategy[j.Record] = st.one_of(
    st.builds(j.Opened, _id, _id, _whole),
    st.builds(j.TripBegun, _id, _hash, _id, _id, _whole, _id, _id),
    st.builds(j.TripEnded, _id),
    intents,
    st.builds(j.Outcome, _seqs, st.sampled_from(get_args(j.Result))),
    st.builds(j.Resolved, _seqs, st.sampled_from(get_args(j.Settled)), _code),
    st.builds(j.Refused, _idm_if_any, _code, _code, _detail),
    st.builds(j.Noted, _idm_if_any, _code, _detail),
    st.builds(j.DriverActed, _idm_if_any, _code, _detail),
    st.builds(j.NoteMoved, _seqs, _whole, st.sampled_from(get_args(j.Move))),
    st.builds(j.Voucher, _seqs, _whole, st.sampled_from(get_args(j.Owes))),
)


def in_schema(schema: int, record: j.Record) -> j.Record:
    """The record with only what a schema could say; a note of a later one becomes a note in words."""
    if schema < 3 and isinstance(record, (j.NoteMoved, j.Voucher)):
        return j.Noted(b"", "note", str(record.intent_seq))
    if schema < 5 and isinstance(record, j.Intent):
        record = record._replace(history_row=b"")
    if schema < 4 and isinstance(record, j.Intent):
        kept: j.Action = "alight" if record.action == "cancel" else record.action
        record = record._replace(action=kept, cancels_seq=0)
    if schema < 3 and isinstance(record, j.Intent):
        action: j.Action = "alight" if record.action == "top-up" else record.action
        record = record._replace(action=action, note_yen=0, premium_yen=0)
    if schema == 1 and isinstance(record, j.Intent):
        return record._replace(purses=(), points_earned=0, points_lapsed=0)
    return record
