"""Seals and the keys they are made with."""

import sys
from hashlib import sha256
from pathlib import Path

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from farebox.formats import cose
from farebox.formats.segment import (
    MOST_SEEN,
    Carried,
    Head,
    OpenNote,
    Quarantined,
    Receipt,
    Seal,
    decode_head,
    decode_receipt,
    decode_seal,
    encode_head,
    encode_receipt,
    encode_seal,
)
from farebox.formats.strict import RecordError
from farebox.journal.chain import quickest
from farebox.journal.sealing import sealing_seed
from reader.keys import KeyStoreFault
from tests.journal.examples import encoded, intent

SEED = bytes(range(32))
SEAL = Seal("FB-0017", 7, 100, 250, 151, bytes(32), sha256(b"x").digest())
PENDING = (Carried(encoded([intent()])[0], True), Carried(encoded([intent(idm=bytes(8))], first_seq=9)[0], False))
HEAD = Head(
    *(7, 100, sha256(b"y").digest(), "FB-0017", PENDING, ((bytes(8), 3), (b"\1" * 8, 4097))),
    Quarantined("00000006.rotten", 90, 99, "the header changed"),
    (OpenNote(80, 1_000, None, stacking=False, doubted=True), OpenNote(91, 10_000, True, stacking=True)),
)


def test_a_seal_can_be_checked_by_any_cose_library() -> None:
    """RFC 9052, 4.2 and 4.4, taken apart by hand: tag 18, and the signature over the Sig_structure."""
    tagged = cbor2.loads(encode_seal(SEAL, SEED))
    assert tagged.tag == 18
    protected, unprotected, payload, signature = tagged.value
    assert cbor2.loads(protected) == {1: -8, 4: cose.public_key_of(SEED)}
    assert unprotected == {}
    assert cbor2.loads(payload) == [1, *SEAL]
    signed = cbor2.dumps(["Signature1", protected, b"", payload])
    Ed25519PublicKey.from_public_bytes(cose.public_key_of(SEED)).verify(signature, signed)


def test_a_seal_is_read_again_and_the_same_key_seals_the_same_bytes() -> None:
    seal, signed = decode_seal(encode_seal(SEAL, SEED))
    assert seal == SEAL
    assert cose.holds(signed)
    assert encode_seal(SEAL, SEED) == encode_seal(SEAL, SEED) != encode_seal(SEAL, bytes(32))


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_faults_37_a_seal_with_any_bit_changed_is_refused_or_does_not_hold(at: int, bit: int) -> None:
    data = bytearray(encode_seal(SEAL, SEED))
    data[at % len(data)] ^= 1 << bit
    try:
        _, signed = decode_seal(bytes(data))
    except RecordError:
        return
    assert not cose.holds(signed)


def test_the_bench_key_is_what_its_seed_makes() -> None:
    assert cose.public_key_of(cose.BENCH_SEED) == cose.BENCH_KEY


@pytest.mark.parametrize("head", [Head(), HEAD, Head(seen=tuple((n.to_bytes(8, "big"), n) for n in range(MOST_SEEN)))])
def test_a_head_is_read_again(head: Head) -> None:
    assert decode_head(encode_head(head)) == head


def test_a_head_keeps_its_bytes() -> None:
    # array, schema, number, first_seq; previous; terminal; pending, seen, quarantined; notes
    first = "89 01 01 01  58 20" + "00" * 32 + "60  80 40 80 "
    assert encode_head(Head()) == bytes.fromhex(first + "80")
    notes = (OpenNote(80, 1_000, None, stacking=False, doubted=True), OpenNote(91, 10_000, True, stacking=True))
    more = (OpenNote(92, 5_000, False, stacking=False),)
    said = "83  85 18 50 19 03E8 00 00 01  85 18 5B 19 2710 01 01 00  85 18 5C 19 1388 02 00 00"
    assert encode_head(Head(notes=(*notes, *more))) == bytes.fromhex(first + said)


def test_a_count_of_writes_beyond_the_chip_s_is_cut() -> None:
    assert decode_head(encode_head(Head(seen=((bytes(8), 1 << 40),)))).seen == ((bytes(8), (1 << 32) - 1),)


def changed(items: list[object], place: int, value: object) -> bytes:
    return cbor2.dumps([*items[:place], value, *items[place + 1 :]])


@pytest.mark.parametrize(
    ("place", "value"),
    [
        *[(place, "x") for place in range(3)],
        *[(place, -1) for place in range(3)],
        *[(place, 1 << 63) for place in (1, 2)],
        *[(3, bytes(31)), (3, "x" * 32), (4, 7), (4, "x" * 201), (5, [[b"", 0]]), (5, [[PENDING[0].payload, 2]])],
        *[(5, [[PENDING[0].payload]]), (5, 7), (5, [[PENDING[0].payload, 0]] * 1001), (6, bytes(11)), (6, [])],
        *[(6, bytes(12 * (MOST_SEEN + 1))), (7, ["x"]), (7, ["x", 1, 2, 3]), (7, {}), (0, 2)],
        *[(8, 7), (8, [[4, 1_000, 1, 0]]), (8, [[4, 1_000, 1, 0, 0]] * 101), (8, [[0, 1_000, 1, 0, 0]])],
        *[(8, [note]) for note in ([4, -1, 1, 0, 0], [4, 1_000, 3, 0, 0], [4, 1_000, 1, 2, 0], [4, 1_000, 1, 0, 2])],
        *[(8, [[4, 1_000, 1, True, 0]]), (8, [[b"4", 1_000, 1, 0, 0]]), (8, [[4, 1_000, 1, "0", 0]])],
    ],
)
def test_faults_31_a_head_that_is_not_one_is_refused(place: int, value: object) -> None:
    items = list(cbor2.loads(encode_head(HEAD)))
    with pytest.raises(RecordError):
        decode_head(changed(items, place, value))


@pytest.mark.parametrize(
    ("place", "value"),
    [*[(place, None) for place in range(8)], (0, 2), (1, "x" * 201), (2, -1), (6, bytes(33)), (7, bytes(31))],
)
def test_faults_31_a_seal_that_is_not_one_is_refused(place: int, value: object) -> None:
    with pytest.raises(RecordError):
        decode_seal(cose.sign(changed([1, *SEAL], place, value), SEED))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xd2",
        b"\xd2\x80",
        cbor2.dumps([b"", {}, b"", b""]),
        cose.TAG + cbor2.dumps([b"", {}, b"", bytes(64)]),
        cose.TAG + cbor2.dumps([cbor2.dumps({1: -7, 4: bytes(32)}), {}, b"", bytes(64)]),
        cose.TAG + cbor2.dumps([cbor2.dumps({1: -8, 4: bytes(32)}), {4: b""}, b"", bytes(64)]),
        cose.TAG + cbor2.dumps([cbor2.dumps({1: -8, 4: bytes(32)}), {}, b"", bytes(63)]),
        encode_seal(SEAL, SEED) + b"\0",
        b"\xd2" + encode_seal(SEAL, SEED),
    ],
)
def test_faults_31_what_is_no_cose_sign1_of_ours_is_refused(data: bytes) -> None:
    with pytest.raises(RecordError):
        cose.opened(data)


def test_a_receipt_is_read_again_and_nothing_else_is() -> None:
    receipt = Receipt(7, 250, bytes(32), b"thanks")
    data = encode_receipt(receipt)
    assert decode_receipt(data) == receipt
    for wrong in (b"", data[:-1], data + b"\0", encode_receipt(receipt._replace(receipt=b""))):
        with pytest.raises(RecordError):
            decode_receipt(wrong)


# --- the chain's hash ---


@pytest.mark.parametrize("missing", [(), ("_sha2",), ("_sha2", "_sha256")])
def test_the_chain_s_hash_is_sha_256_whoever_does_it(missing: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    for module in missing:
        monkeypatch.setitem(sys.modules, module, None)
    running = quickest()(b"head")
    running.update(b"record" * 100)
    forked = running.copy()
    forked.update(b"seal")
    assert running.digest() == sha256(b"head" + b"record" * 100).digest()
    assert forked.digest() == sha256(b"head" + b"record" * 100 + b"seal").digest()


# --- keys ---


def test_a_sealing_key_is_kept_as_card_keys_are(tmp_path: Path) -> None:
    path = tmp_path / "sealing.key"
    path.write_text(f"1: {'00' * 32}\n2: {SEED.hex()}\n")
    path.chmod(0o600)
    assert sealing_seed(path) == SEED  # the newest
    assert sealing_seed("credential:sealing.key", {"CREDENTIALS_DIRECTORY": str(tmp_path)}) == SEED
    assert SEED.hex() not in repr(sealing_seed(path))
    path.chmod(0o644)
    with pytest.raises(KeyStoreFault, match="others may read it"):
        sealing_seed(path)


def test_without_a_key_it_is_the_bench_key() -> None:
    assert sealing_seed(None) == cose.BENCH_SEED
