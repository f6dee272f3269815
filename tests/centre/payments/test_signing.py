"""Notices are the service's own and of now, or they are none (faults 54)."""

import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centre.payments.port import NoticeRefused, Notified
from centre.payments.signing import MOST_BYTES, TOLERANCE_S, verify

SECRET, NOW_S = "a notice secret of the tests", 1_795_000_000
BODY = json.dumps(
    {"id": "evt_1", "type": "payment_intent.succeeded", "created": NOW_S, "data": {"object": {"id": "pi_1"}}}
).encode()


def signed(body: bytes = BODY, at_s: int = NOW_S, secret: str = SECRET) -> str:
    mac = hmac.new(secret.encode(), b"%d." % at_s + body, hashlib.sha256).hexdigest()
    return f"t={at_s},v1={mac}"


def test_a_signed_notice_of_now_is_the_services() -> None:
    assert verify(BODY, signed(), NOW_S, SECRET) == Notified("evt_1", "payment_intent.succeeded", "pi_1", NOW_S)


def test_of_two_signatures_one_is_enough_while_secrets_change() -> None:
    both = f"{signed()},v1={'0' * 64}"
    assert isinstance(verify(BODY, both, NOW_S, SECRET), Notified)


@pytest.mark.parametrize(
    ("body", "signature", "code"),
    [
        (BODY, "", "no-signature"),
        (BODY, "t=1", "no-signature"),
        (BODY, f"t={NOW_S},t={NOW_S},v1=00", "no-signature"),
        (BODY, "t=１７,v1=00", "no-signature"),
        (BODY, f"t={NOW_S},v1=é", "forged"),
        (BODY, signed(secret="another"), "forged"),
        (BODY + b" ", signed(), "forged"),
        (BODY, signed().replace(f"t={NOW_S}", f"t={NOW_S - 1}"), "forged"),
        (BODY, signed(at_s=NOW_S - TOLERANCE_S - 1), "too-old"),
        (BODY, signed(at_s=NOW_S + TOLERANCE_S + 1), "too-old"),
        (b"x" * (MOST_BYTES + 1), signed(), "too-long"),
        *((body, signed(body), "not-a-notice") for body in (b"", b"[]", b"{}", b"[" * 100_000, b'{"id": 1}', b"\xff")),
        *(
            (body, signed(body), "not-a-notice")
            for body in (BODY.replace(b"evt_1", b"e" * 129), BODY.replace(str(NOW_S).encode(), b"1e999"))
        ),
    ],
)
def test_faults_54_whatever_else_is_refused_by_its_code(body: bytes, signature: str, code: str) -> None:
    assert verify(body, signature, NOW_S, SECRET) == NoticeRefused(code)


@given(st.binary(max_size=200), st.text(max_size=200))
def test_faults_54_nothing_unsigned_is_ever_taken(body: bytes, signature: str) -> None:
    assert isinstance(verify(body, signature, NOW_S, SECRET), NoticeRefused)
