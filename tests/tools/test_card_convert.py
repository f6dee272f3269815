"""`farebox card convert`: which names it takes, and what it tells of the file it read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cardimage.formats import read_cards
from tests.cardimage.formats import samples
from tests.tools.cli import Ran, run
from tools.exits import Exit

Cli = Callable[..., Ran]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return lambda *args: run(capsys, monkeypatch, *args)


@pytest.mark.parametrize("name", ["card", "card.json", "card.xml", "card.nfc.txt", ".nfc"])
def test_an_unknown_suffix_is_refused_with_those_there_are_before_anything_is_read(
    cli: Cli, tmp_path: Path, name: str
) -> None:
    ran = cli("card", "convert", "/no/such/file", "-o", tmp_path / name)
    assert (ran.code, ran.out) == (Exit.USAGE, "")
    assert "name it *.card.cbor, or *.nfc" in " ".join(ran.err.split())
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("name", ["card.card.cbor", "card.nfc", "CARD.NFC"])
def test_the_known_suffixes_keep_the_card(cli: Cli, tmp_path: Path, name: str) -> None:
    source = tmp_path / "card.json"
    source.write_text(samples.METRODROID)
    ran = cli("card", "convert", source, "-o", tmp_path / name)
    assert (ran.code, ran.err) == (Exit.OK, "")
    assert read_cards((tmp_path / name).read_bytes(), name) == read_cards(source.read_bytes(), "")


def test_cards_of_other_kinds_are_passed_over_and_counted(cli: Cli, tmp_path: Path) -> None:
    source, out = tmp_path / "all.json", tmp_path / "card.nfc"
    source.write_text(f'{{"cards": [{{"tagId": "01", "ksx6924": {{}}}}, {samples.METRODROID}]}}')
    ran = cli("card", "convert", source, "-o", out)
    assert (ran.code, out.exists()) == (Exit.OK, True)
    assert ran.err == f"{source}: passed over, as not FeliCa: 1\n"


def test_a_card_whose_idm_is_zeros_is_one_without_idm(cli: Cli, tmp_path: Path) -> None:
    source, out = tmp_path / "card.json", tmp_path / "card.card.cbor"
    source.write_text(samples.METRODROID.replace(samples.IDM.hex(), "00" * 8))
    assert "IDm unknown" in cli("card", "convert", source, "-o", out).out
    assert read_cards(out.read_bytes(), "")[0].idm == b""
