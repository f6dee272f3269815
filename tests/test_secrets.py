"""No file of the project holds a secret: keys and tokens by their shape, passwords written into code, credit cards."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_house import NOT_OURS, PACKAGES, ROOT

SHAPES = {
    "private key": r"BEGIN (?:[A-Z]+ )*PRIVATE KEY",
    "AWS": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "GitHub": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})",
    "GitLab": r"\bglpat-[A-Za-z0-9_-]{20}",
    "Slack": r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
    "Stripe": r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}|\bwhsec_[A-Za-z0-9+/]{24,}",
    "Google": r"\bAIza[A-Za-z0-9_-]{35}",
    "npm or PyPI": r"\bnpm_[A-Za-z0-9]{36}|\bpypi-AgE[A-Za-z0-9_-]{50,}",
    "SendGrid": r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}",
    "JWT": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
}
_SHAPES = {kind: re.compile(shape.encode()) for kind, shape in SHAPES.items()}
_LITERAL = re.compile(
    rb"(?i)\b\w*(?:password|passwd|secret|api_?key|private_?key|access_?key|token)\w*\s*[:=]\s*"
    rb"[\"'](?=[^\"'\n]*[0-9])[A-Za-z0-9+/=_.!@#$%^&*-]{8,}[\"'][^\n]*"
)
"""Something called a secret, with a value that looks like one, in code that is shipped."""
_PAN = re.compile(
    rb"(?<![\w.+-])(?:4\d{3}|5[1-5]\d\d|2[2-7]\d\d|3[457]\d\d|6(?:011|5\d\d))(?:[ -]?\d{2,6}){2,4}(?![\w.-])"
)
_NUMBERS = """
    4242424242424242 4000056655665556 5555555555554444 2223003122003222 5200828282828210 5105105105105100
    378282246310005 371449635398431 6011111111111117 6011000990139424 3056930009020004 36227206271667
    3566002020360505 4111111111111111 4012888888881881 4000000000000341 4000000000009995 4000000000000069
    4000002760003184 4000007700000018 4000007700000034 4000000000005126 4000000000000002 4000000000000127
    4000000000000119 4000002500003155 4000007700000026
"""
"""Of Stripe and the card schemes for tests, and ours in the same ranges: no bank has given them to anybody."""
PUBLISHED = frozenset(_NUMBERS.split())


def secrets_in(data: bytes, *, is_code: bool) -> list[str]:
    """What of a file is a secret, or looks like one."""
    found = [kind for kind, shape in _SHAPES.items() if shape.search(data)]
    if is_code:
        # 模擬: a demo's own, which says so where it stands.
        found += ["literal" for literal in _LITERAL.findall(data) if "模擬".encode() not in literal]
    return found + ["credit card" for number in _PAN.findall(data) if _is_card(number)]


def _is_card(number: bytes) -> bool:
    digits = re.sub(rb"[ -]", b"", number).decode()
    return 14 <= len(digits) <= 16 and digits not in PUBLISHED and _luhn(digits)


def _luhn(digits: str) -> bool:
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 * (value > 9) for value in doubled) % 10 == 0


def files() -> Iterator[Path]:
    """Walked, not asked of git: a machine that only runs the tests need not have it."""
    tops = [path for path in ROOT.iterdir() if path.name not in NOT_OURS and not path.name.endswith(".egg-info")]
    for top in tops:
        for path in top.rglob("*") if top.is_dir() else (top,):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def test_no_file_holds_a_secret() -> None:
    found, looked = {}, 0
    for path in files():
        inside = path.relative_to(ROOT)
        looked += 1
        kinds = secrets_in(path.read_bytes(), is_code=path.suffix == ".py" and inside.parts[0] in PACKAGES)
        if kinds:
            found[str(inside)] = kinds
    assert looked > 500
    assert found == {}


PLANTED = {
    "private key": "-----BEGIN EC " + "PRIVATE KEY-----",
    "AWS": "AKIA" + "IOSFODNN7EXAMPLE",
    "GitHub": "ghp_" + "a1" * 18,
    "GitLab": "glpat-" + "a1" * 10,
    "Slack": "xoxb-" + "1234567890",
    "Stripe": "sk_" + "live_" + "a1" * 12,
    "Google": "AIza" + "a1" * 17 + "a",
    "npm or PyPI": "npm_" + "a1" * 18,
    "SendGrid": "SG." + "a" * 22 + "." + "b" * 43,
    "JWT": "eyJ" + "hbGciOiJI" * 2 + ".eyJ" + "zdWIiOiIx" * 2 + "." + "a" * 20,
    "literal": 'DATABASE_PASSWORD = "' + 'hush12345"',
    "credit card": "card: 4539 " + "1488 0343 6467",
}


def test_every_kind_is_planted() -> None:
    assert set(PLANTED) == {*SHAPES, "literal", "credit card"}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_secret_is_found(kind: str) -> None:
    assert secrets_in(f"x = 1\n{PLANTED[kind]}\n".encode(), is_code=True) == [kind]


@pytest.mark.parametrize(
    "innocent",
    ["4242 4242 4242 4242", "4539148803436468", 'password = said["password"]', 'token = "the token"', "sk_test_key"],
)
def test_what_is_none_is_not(innocent: str) -> None:
    assert secrets_in(innocent.encode(), is_code=True) == []
