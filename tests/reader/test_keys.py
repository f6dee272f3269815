from hashlib import sha256
from hmac import digest
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader.keys import KeyStoreFault, MasterKeyStore, bench_keys, keys_from_file
from tests.cardimage.accounts import IDM

MASTER = sha256(b"a master key of this test").digest()


def key_file(folder: Path, text: str = MASTER.hex(), mode: int = 0o600) -> Path:
    path = folder / "master.key"
    path.write_text(text)
    path.chmod(mode)
    return path


def fault(path: Path) -> str:
    with pytest.raises(KeyStoreFault) as caught:
        keys_from_file(path)
    return str(caught.value)


def test_a_card_key_is_the_hmac_of_its_idm() -> None:
    # label "farebox card key", version 01, IDm
    message = bytes.fromhex("66 61 72 65 62 6F 78 20 63 61 72 64 20 6B 65 79 01 01 2E 4C D1 A0 B3 57 96")
    assert MasterKeyStore(MASTER).card_key(IDM) == digest(MASTER, message, "sha256")[:16]


@given(st.binary(min_size=8, max_size=8), st.binary(min_size=8, max_size=8))
def test_every_card_has_a_key_of_its_own(one: bytes, other: bytes) -> None:
    keys = MasterKeyStore(MASTER)
    assert len(keys.card_key(one)) == 16
    assert (keys.card_key(one) == keys.card_key(other)) == (one == other)


def test_another_master_key_gives_other_keys() -> None:
    assert MasterKeyStore(MASTER).card_key(IDM) != MasterKeyStore(MASTER[::-1]).card_key(IDM)


def test_the_bench_key_is_the_same_everywhere() -> None:
    assert bench_keys().card_key(IDM).hex(" ").upper() == "E4 D2 DE C7 70 DE 16 47 6D D4 F9 96 29 C3 42 66"


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_master_key_has_32_bytes(size: int) -> None:
    with pytest.raises(KeyStoreFault, match=f"32 bytes, not {size}"):
        MasterKeyStore(bytes(size))


@pytest.mark.parametrize("mode", [0o600, 0o400])
@pytest.mark.parametrize("text", [MASTER.hex(), MASTER.hex().upper() + "\n", f"  {MASTER.hex(' ')}\n"])
def test_a_file_only_its_owner_may_read_is_taken(tmp_path: Path, mode: int, text: str) -> None:
    keys = keys_from_file(key_file(tmp_path, text, mode))
    assert keys.card_key(IDM) == MasterKeyStore(MASTER).card_key(IDM)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601, 0o620])
def test_a_file_that_others_may_touch_is_refused_with_the_mend(tmp_path: Path, mode: int) -> None:
    path = key_file(tmp_path, mode=mode)
    message = fault(path)
    assert f"mode 0{mode:o}" in message
    assert f"chmod 600 {path}" in message


@pytest.mark.parametrize(
    "text",
    [
        "not hex at all",
        MASTER.hex()[:-1],
        MASTER.hex()[:-2],
        MASTER.hex() + "00",
        "",
        MASTER.hex()[:-2] + "zz",
        MASTER.hex()[:-2] + "é",
    ],
    ids=["words", "half a byte short", "a byte short", "a byte long", "empty", "wrong digits", "not ASCII"],
)
def test_a_file_that_holds_no_key_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    path = key_file(tmp_path, text)
    message = fault(path)
    assert str(path) in message
    assert MASTER.hex()[:8] not in message
    assert not text or text not in message


def test_no_message_holds_the_key_of_a_file_that_is_open_to_others(tmp_path: Path) -> None:
    assert MASTER.hex()[:8] not in fault(key_file(tmp_path, mode=0o644)).lower()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none.key"
    message = fault(path)
    assert str(path) in message
    assert "FileNotFoundError" in message


def test_a_folder_is_no_key_file(tmp_path: Path) -> None:
    assert str(tmp_path) in fault(tmp_path)


def test_a_store_does_not_show_its_key() -> None:
    keys = MasterKeyStore(MASTER)
    assert MASTER.hex() not in repr(keys)
    assert repr(MASTER) not in repr(keys)
