"""The file of the centre's public keys."""

from pathlib import Path

import pytest

from farebox.centre_keys import centre_keys
from farebox.formats.cose import BENCH_KEY
from reader.keys import KeyStoreFault

ONE, OTHER = bytes(range(32)), bytes(range(1, 33))


def test_keys_stand_a_line_each(tmp_path: Path) -> None:
    path = tmp_path / "centre.pub"
    path.write_text(f"# since 2026\n{ONE.hex()}\n\n{OTHER.hex().upper()}  # from December on\n")
    assert centre_keys(path) == (ONE, OTHER)


def test_the_bench_key_is_the_bench_s() -> None:
    assert centre_keys("bench") == (BENCH_KEY,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "0 lines"),
        ("# none\n", "0 lines"),
        (f"{ONE.hex()}\n" * 5, "5 lines"),
        ("#" * 5_000 + f"\n{ONE.hex()}", "0 lines"),
        (ONE.hex()[1:], "is not 64 hex digits"),
        ("-----BEGIN PUBLIC KEY-----", "is not 64 hex digits"),
    ],
)
def test_faults_27_what_is_no_such_file_is_told(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "centre.pub"
    path.write_text(text)
    with pytest.raises(KeyStoreFault, match=said):
        centre_keys(path)


def test_faults_27_no_file_at_all(tmp_path: Path) -> None:
    with pytest.raises(KeyStoreFault, match="can't be read"):
        centre_keys(tmp_path / "centre.pub")
