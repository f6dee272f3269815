"""COSE_Sign1 (RFC 9052, 4.2) with Ed25519 (RFC 9053, 2.2), as far as seals, bundles and what a centre says need it: one
signature over one payload.

The key's id is the public key itself, so that a signature can be checked on the spot; whether that key is to be trusted
is for whoever checks to say. Written out because the libraries for it do not work with the cbor2 we use.
"""

from collections.abc import Collection
from hashlib import sha256
from typing import NamedTuple

import cbor2

from farebox.formats.strict import RecordError, parse

TAG = b"\xd2"
"""Tag 18, COSE_Sign1: the first byte."""
MOST_BYTES = 1024
"""By default: of a seal, or of a word of the centre's."""
KEY_BYTES, SIGNATURE_BYTES = 32, 64
BENCH_SEED = sha256(b"farebox bench sealing key: public, simulated terminals only").digest()
"""The key of terminals that were given none (模擬): public by design, it proves nothing."""
BENCH_KEY = bytes.fromhex("de0e8e87f5daef536bddaa5078439aaa8ee434a43ad6efbeac6f828d8626a5d9")
"""Its public half."""

_ALGORITHM, _KEY_ID, _EDDSA = 1, 4, -8


class Signed(NamedTuple):
    """A payload, the public key that its signature names, and the signature; not yet checked."""

    payload: bytes
    public_key: bytes
    signature: bytes


def sign(payload: bytes, seed: bytes) -> bytes:
    """The COSE_Sign1 of a payload by the Ed25519 key of a seed (32 bytes). The same every time."""
    # Loaded by who signs or checks only: a terminal starts without.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    key = Ed25519PrivateKey.from_private_bytes(seed)
    protected = _protected(key.public_key().public_bytes_raw())
    return TAG + cbor2.dumps([protected, {}, payload, key.sign(_to_sign(protected, payload))])


def opened(data: bytes, most_bytes: int = MOST_BYTES) -> Signed:
    """What a COSE_Sign1 holds, taken only in the one form that `sign` writes. Raises `RecordError`."""
    if data[:1] != TAG:
        raise RecordError("no COSE_Sign1")
    items = parse(data[1:], 2, most_bytes, "COSE_Sign1")
    if type(items) is not tuple or len(items) != 4 or any(type(items[place]) is not bytes for place in (0, 2, 3)):
        raise RecordError("COSE_Sign1 is not an array of protected header, {}, payload and signature")
    protected, _, payload, signature = items
    found = Signed(payload, protected[-KEY_BYTES:], signature)
    # Not written again as a whole: a bundle has megabytes. With these ends, a longer form would show in the length.
    start, end = TAG + b"\x84" + cbor2.dumps(_protected(found.public_key)) + b"\xa0", cbor2.dumps(signature)
    shortest = len(start) + _head_bytes(len(payload)) + len(payload) + len(end)
    if len(data) != shortest or not data.startswith(start) or not data.endswith(end):
        raise RecordError("COSE_Sign1 with other headers than Ed25519 and its key, or not in its shortest form")
    if len(found.public_key) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        raise RecordError("COSE_Sign1 with a key or a signature of another length than Ed25519's")
    return found


def holds(signed: Signed) -> bool:
    """Whether the signature is that of the key it names."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415

    try:
        key = Ed25519PublicKey.from_public_bytes(signed.public_key)
        key.verify(signed.signature, _to_sign(_protected(signed.public_key), signed.payload))
    except InvalidSignature:
        return False
    return True


def vouched(data: bytes, keys: Collection[bytes], most_bytes: int = MOST_BYTES) -> bytes:
    """The payload of a COSE_Sign1 by one of these public keys, of which each is trusted. Raises `RecordError`."""
    signed = opened(data, most_bytes)
    if signed.public_key not in keys:
        raise RecordError(f"signed by the key {signed.public_key.hex()[:16]}…, which is none of those trusted here")
    if not holds(signed):
        raise RecordError("the signature is not that of its key: altered, or forged")
    return signed.payload


def public_key_of(seed: bytes) -> bytes:
    """The public half of the key of a seed: what the centre is told."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def _head_bytes(length: int) -> int:
    """How long the shortest head of a byte string is (RFC 8949, 3)."""
    return next(1 + more for more, most in ((0, 24), (1, 1 << 8), (2, 1 << 16), (4, 1 << 32)) if length < most)


def _protected(public_key: bytes) -> bytes:
    return cbor2.dumps({_ALGORITHM: _EDDSA, _KEY_ID: public_key})


def _to_sign(protected: bytes, payload: bytes) -> bytes:
    return cbor2.dumps(["Signature1", protected, b"", payload])
