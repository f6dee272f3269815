"""The key that the centre signs with: one of its own, for nobody else's eyes; a demo's says 模擬."""

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from centre import keys
from farebox.centre_keys import centre_keys
from farebox.formats.cose import BENCH_KEY, BENCH_SEED, public_key_of
from reader.keys import KeyStoreFault


@pytest.fixture
def key(tmp_path: Path, settings: Settings) -> Path:
    path = tmp_path / "signing.key"
    settings.SIGNING_KEY_PLACE = str(path)
    return path


def written(path: Path, text: str, mode: int = 0o600) -> None:
    path.write_text(text)
    path.chmod(mode)


def test_the_newest_key_signs_and_vehicles_are_told_all_of_them(key: Path, tmp_path: Path) -> None:
    written(key, f"1: {'11' * 32}\n2: {'22' * 32}\n")
    assert keys.signing_seed() == bytes.fromhex("22" * 32)
    told = tmp_path / "centre.pub"
    told.write_text(keys.keys_file())
    assert centre_keys(told) == tuple(public_key_of(bytes([number]) * 32) for number in (0x22, 0x11))
    assert centre_keys(told)[0] == keys.public_key() and "模擬" not in keys.keys_file()


def test_a_credential_of_the_service_will_do(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / "signing", "33" * 32, 0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    settings.SIGNING_KEY_PLACE = "credential:signing"
    assert keys.signing_seed() == bytes.fromhex("33" * 32)


def test_without_a_key_it_signs_nothing_and_says_what_to_do(key: Path) -> None:
    with pytest.raises(KeyStoreFault, match="run farebox centre init"):
        keys.signing_seed()


def test_a_key_that_others_may_read_is_none(key: Path) -> None:
    written(key, "11" * 32, 0o644)
    with pytest.raises(KeyStoreFault, match="chmod 600"):
        keys.signing_seed()


def test_a_demo_signs_with_the_bench_key_and_says_so(key: Path, settings: Settings) -> None:
    settings.SIMULATED = True
    assert keys.public_key() == BENCH_KEY
    assert "模擬" in keys.keys_file()


def test_nobody_but_a_demo_signs_with_the_bench_key(key: Path) -> None:
    written(key, BENCH_SEED.hex())
    with pytest.raises(KeyStoreFault, match="模擬"):
        keys.signing_seed()
