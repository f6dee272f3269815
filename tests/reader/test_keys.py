import re
from hashlib import sha256
from hmac import digest
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader.keys import KeyStoreFault, MasterKeyStore, Secret, bench_keys, keys_from, keys_from_file
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
def test_faults_11_every_card_has_a_key_of_its_own(one: bytes, other: bytes) -> None:
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


# -- versions

NEWER = sha256(b"the next master key of this test").digest()
TWO = f"# our cards\n1: {MASTER.hex()}\n\n2: {NEWER.hex()}  # since November\n"


def test_the_newest_version_is_used_and_older_ones_are_held() -> None:
    keys = MasterKeyStore(NEWER, 2, {1: MASTER})
    assert keys.versions == (2, 1)
    assert keys.card_key(IDM) == keys.card_key(IDM, 2) == MasterKeyStore(NEWER, 2).card_key(IDM)
    assert keys.card_key(IDM, 1) == MasterKeyStore(MASTER).card_key(IDM)


def test_the_version_is_part_of_the_key() -> None:
    assert MasterKeyStore(MASTER, 1).card_key(IDM) != MasterKeyStore(MASTER, 2).card_key(IDM)


def test_a_version_that_is_not_held_is_an_error_that_names_it() -> None:
    with pytest.raises(KeyError, match="3"):
        MasterKeyStore(NEWER, 2, {1: MASTER}).card_key(IDM, 3)


@pytest.mark.parametrize(
    ("version", "older", "what"),
    [
        (0, {}, "1 to 255"),
        (256, {}, "1 to 255"),
        (1, {2: MASTER}, "not the newest"),
        (2, {1: MASTER[:-1]}, "32 bytes, not 31"),
        (5, dict.fromkeys(range(1, 5), MASTER), "at most 4"),
    ],
)
def test_versions_that_make_no_sense_are_refused(version: int, older: dict[int, bytes], what: str) -> None:
    with pytest.raises(KeyStoreFault, match=what):
        MasterKeyStore(NEWER, version, older)


@pytest.mark.parametrize(
    ("text", "versions"),
    [
        (TWO, (2, 1)),
        (f"2: {NEWER.hex()}\n{MASTER.hex()}", (2, 1)),
        (f"7:{NEWER.hex(' ')}\n", (7,)),
        (f"255: {NEWER.hex()}\r\n3: {MASTER.hex()}\r\n", (255, 3)),
        (f"# no version: the first\n{MASTER.hex()}", (1,)),
    ],
)
def test_a_file_may_hold_several_versions(tmp_path: Path, text: str, versions: tuple[int, ...]) -> None:
    keys = keys_from_file(key_file(tmp_path, text))
    assert keys.versions == versions
    newest = MASTER if versions == (1,) else NEWER
    assert keys.card_key(IDM) == MasterKeyStore(newest, versions[0]).card_key(IDM)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (f"1: {MASTER.hex()}\n1: {NEWER.hex()}", "line 2: version 1 stands twice"),
        (f"{MASTER.hex()}\n1: {NEWER.hex()}", "line 2: version 1 stands twice"),
        (f"2: {NEWER.hex()}\nx: {MASTER.hex()}", "line 2: not `VERSION"),
        (f"1: 2: {MASTER.hex()}", "line 1: not `VERSION"),
        (f"-1: {MASTER.hex()}", "line 1: not `VERSION"),
        (f"1000: {MASTER.hex()}", "line 1: not `VERSION"),
        (f"0: {MASTER.hex()}", "1 to 255"),
        (f"300: {MASTER.hex()}", "1 to 255"),
        (f"1: {MASTER.hex()}\n2: {NEWER.hex()[:-2]}", "line 2: not 64 hex digits"),
        ("\n".join(f"{version}: {MASTER.hex()}" for version in range(1, 6)), "at most 4"),
        ("# only a comment\n\n", "holds no key"),
        ("#" * 5000, "over 4096 bytes"),
    ],
)
def test_a_file_of_versions_that_is_wrong_is_refused_without_showing_it(tmp_path: Path, text: str, what: str) -> None:
    path = key_file(tmp_path, text)
    message = fault(path)
    assert str(path) in message
    assert what in message
    for master in (MASTER, NEWER):
        assert master.hex()[:8] not in message


@given(st.text(alphabet="0123456789abcdef: #\n", max_size=400) | st.text(max_size=100))
def test_any_text_is_keys_or_one_clear_fault(text: str) -> None:
    with TemporaryDirectory() as folder:
        path = key_file(Path(folder), text.encode("utf-8", "replace").decode())
        try:
            keys = keys_from_file(path)
        except KeyStoreFault as caught:
            assert str(path) in str(caught)
        else:
            assert keys.versions


# -- a systemd credential


def credential(folder: Path, text: str = TWO, mode: int = 0o400) -> dict[str, str]:
    path = folder / "card-keys"
    path.write_text(text)
    path.chmod(mode)
    return {"CREDENTIALS_DIRECTORY": str(folder)}


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o440])
def test_a_credential_holds_what_a_file_does(tmp_path: Path, mode: int) -> None:
    keys = keys_from("credential:card-keys", credential(tmp_path, mode=mode))
    assert keys.versions == (2, 1)
    assert keys.card_key(IDM) == MasterKeyStore(NEWER, 2).card_key(IDM)


@pytest.mark.parametrize(
    ("where", "environ", "what"),
    [
        ("credential:card-keys", {}, "LoadCredential=card-keys:"),
        ("credential:none", None, "credential none: can't be read"),
        ("credential:", None, "not a credential's name"),
        ("credential:..", None, "not a credential's name"),
        ("credential:../etc/passwd", None, "not a credential's name"),
    ],
)
def test_a_credential_that_is_not_there_is_told(
    tmp_path: Path, where: str, environ: dict[str, str] | None, what: str
) -> None:
    with pytest.raises(KeyStoreFault, match=re.escape(what)):
        keys_from(where, credential(tmp_path) if environ is None else environ)


def test_a_credential_that_everyone_may_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyStoreFault, match="others may read it"):
        keys_from("credential:card-keys", credential(tmp_path, mode=0o444))


def test_anything_else_is_a_file(tmp_path: Path) -> None:
    path = key_file(tmp_path, TWO)
    assert keys_from(path).versions == keys_from(str(path)).versions == (2, 1)


# -- nothing shows a key


def test_a_store_does_not_show_its_keys() -> None:
    keys = MasterKeyStore(NEWER, 2, {1: MASTER})
    for what in (keys, keys.card_key(IDM), keys.card_key(IDM, 1), vars(keys)):
        for text in (repr(what), str(what), format(what), f"{[what]}"):
            for secret in (MASTER, NEWER, keys.card_key(IDM)):
                assert secret.hex() not in text
                assert bytes(secret).__repr__() not in text


def test_a_secret_is_bytes_all_the_same() -> None:
    assert Secret(MASTER) == MASTER
    assert repr(Secret(MASTER)) == "<secret of 32 bytes>"
