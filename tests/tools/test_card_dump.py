"""`farebox card dump` and `convert`: real readers through nfcpy, recorded ones, and what is refused."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cardimage import image as card_image
from cardimage.felica_card import FelicaCard
from cardimage.formats import flipper, read_cards
from cardimage.image import CardImage
from cardimage.standard_card import StandardCard
from reader.keys import bench_keys
from sim.hardware.field import CardField
from sim.hardware.pn532 import Pn532
from tests.cardimage.accounts import IDM
from tests.reader.transit_card import transit_card
from tests.tools.cli import Ran, run
from tools.exits import Exit


def read(path: Path) -> CardImage:
    (image,) = read_cards(path.read_bytes(), str(path))
    return image


Farebox = Callable[..., Ran]


@pytest.fixture
def farebox(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Farebox:
    """Run `farebox ARGS`, the keys given as its input; it must end as expected."""

    def call(*args: object, keys: str = "", code: int = Exit.OK) -> Ran:
        monkeypatch.setattr("sys.stdin", io.StringIO(keys))
        ran = run(capsys, monkeypatch, *args)
        assert ran.code == code, ran
        return ran

    return call


@pytest.fixture
def transit(tmp_path: Path) -> Path:
    path = tmp_path / "transit.card.cbor"
    path.write_bytes(card_image.dump(transit_card()))
    return path


@pytest.fixture
def bench(tmp_path: Path, farebox: Farebox) -> Path:
    path = tmp_path / "bench.card.cbor"
    farebox("card", "new", "--operator", "lococa", "--balance", "1230", "--idm", IDM.hex(), "-o", str(path))
    return path


def test_a_transit_card_on_a_pn532_is_dumped_as_it_is(farebox: Farebox, tmp_path: Path) -> None:
    field = CardField()
    field.lay(StandardCard(transit_card()))
    out = tmp_path / "out.card.cbor"
    with Pn532(field) as chip:
        done = farebox("card", "dump", "--reader", f"tty:{chip.path}", "-o", str(out))
    assert read(out) == transit_card()
    assert "systems 0003, FE00, 28 blocks of 5 services; 3 services ask for a key" in done.out
    assert "模擬" not in done.out


def test_a_bench_card_on_a_pn532_is_dumped_and_shown(farebox: Farebox, tmp_path: Path, bench: Path) -> None:
    field = CardField()
    field.lay(FelicaCard(read(bench), bench_keys().card_key(IDM)))
    out = tmp_path / "out.card.cbor"
    with Pn532(field) as chip:
        farebox("card", "dump", "--reader", f"tty:{chip.path}", "-o", str(out))
    shown = json.loads(farebox("card", "show", "--json", str(out)).out)
    assert "1230" in json.dumps(shown)
    blocks = read(out).lite_s_blocks()
    assert blocks is not None


def test_a_trace_is_a_reader(farebox: Farebox, tmp_path: Path, transit: Path) -> None:
    first, trace, again = tmp_path / "a.card.cbor", tmp_path / "t.jsonl", tmp_path / "b.card.cbor"
    farebox("card", "dump", "--reader", f"image:{transit}", "-o", str(first), "--trace", str(trace))
    farebox("card", "dump", "--reader", f"trace:{trace}", "-o", str(again))
    assert read(first) == transit_card()
    assert read(again)._replace(simulated=False) == transit_card()


def test_flippers_format_by_the_files_name(farebox: Farebox, tmp_path: Path, transit: Path) -> None:
    out, back = tmp_path / "out.nfc", tmp_path / "back.card.cbor"
    done = farebox("card", "dump", "--reader", f"image:{transit}", "-o", str(out), "--json")
    assert out.read_text().startswith(flipper.FIRST_LINE)
    facts = json.loads(done.out)
    assert (facts["systems"], facts["blocks"], facts["services_with_key"]) == (["0003", "FE00"], 28, 3)
    farebox("card", "convert", str(out), "-o", str(back))
    assert read(back) == transit_card()


def test_a_simulated_card_says_so(farebox: Farebox, tmp_path: Path, bench: Path) -> None:
    done = farebox("card", "dump", "--reader", f"image:{bench}", "-o", str(tmp_path / "o.card.cbor"))
    assert done.out.rstrip().endswith("【模擬】")
    assert read(tmp_path / "o.card.cbor").simulated


MUST_FAIL = {
    "no card": (("dump", "--reader", "tty:CHIP", "--wait", "0"), 1, "no card within 0 s"),
    "no reader": (("dump", "--reader", "tty:/dev/ttyNONE7"), 69, "no PN532 card reader at /dev/ttyNONE7"),
    "an unknown reader": (("dump", "--reader", "radio"), 2, "radio"),
    "a trace that is none": (("dump", "--reader", "trace:IMAGE"), 74, "trace"),
    "an image that is not there": (("dump", "--reader", "image:nowhere"), 74, "nowhere"),
    "a folder": (("dump", "--reader", "image:IMAGE", "-o", "."), 2, "name a file"),
    "a card that is not there": (("convert", "IMAGE", "--card", "2"), 2, "--card 2"),
}


@pytest.mark.parametrize(("words", "code", "said"), MUST_FAIL.values(), ids=MUST_FAIL)
def test_what_can_not_be_done_is_said(
    farebox: Farebox, tmp_path: Path, transit: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    with Pn532(CardField()) as chip:
        asked = [word.replace("IMAGE", str(transit)).replace("CHIP", chip.path) for word in words]
        out = [] if "-o" in asked else ["-o", str(tmp_path / "out.card.cbor")]
        done = farebox("card", *asked, *out, code=code)
    assert said in done.err
    assert len(done.err.strip().splitlines()) <= 3
    assert not (tmp_path / "out.card.cbor").exists()


def test_a_file_is_not_written_over_unless_told(farebox: Farebox, tmp_path: Path, transit: Path) -> None:
    out = tmp_path / "o.card.cbor"
    for command in (("dump", "--reader", f"image:{transit}"), ("convert", str(transit))):
        out.write_bytes(b"mine")
        assert "--force" in farebox("card", *command, "-o", str(out), code=2).err
        assert out.read_bytes() == b"mine"
        farebox("card", *command, "-o", str(out), "--force")
        assert read(out).systems == transit_card().systems


# -- a recorded transit card on the bus


def suica(tmp_path: Path, balance_yen: int) -> Path:
    row = bytes.fromhex("16010002335206120304") + balance_yen.to_bytes(2, "little") + bytes.fromhex("00002A00")
    attributes = bytes(8) + b"\x20" + bytes(2) + balance_yen.to_bytes(2, "little") + bytes(3)
    image = transit_card()
    image.systems[0x0003][0x090F] = {0: row}
    image.systems[0x0003][0x008B] = {0: attributes}
    path = tmp_path / "suica.card.cbor"
    path.write_bytes(card_image.dump(image))
    return path


RIDE = "tap\nnext\nnext\ntap\nquit\n"


def test_igp_2_a_recorded_transit_card_rides_and_its_file_stays_as_it_is(farebox: Farebox, tmp_path: Path) -> None:
    path = suica(tmp_path, 2_000)
    before = path.read_bytes()
    journal = str(tmp_path / "journal")
    done = farebox("run", "--reader", f"image:{path}", "--journal", journal, "--lang", "en", keys=RIDE)
    assert "[模擬] suica.card.cbor: a recorded transit card; writes are simulated" in done.out
    assert "alight ✓" in done.out
    assert "1,600" in done.out
    assert path.read_bytes() == before


def test_gen_21_an_operator_that_takes_its_own_cards_alone_refuses_it(farebox: Farebox, tmp_path: Path) -> None:
    path = suica(tmp_path, 2_000)
    journal = str(tmp_path / "journal")
    words = ("run", "--reader", f"image:{path}", "--journal", journal, "--lang", "en", "--operator", "aizu-noruca")
    done = farebox(*words, keys=RIDE)
    assert "GEN-21 card not accepted here" in done.out


def test_a_card_without_a_balance_can_not_be_tapped(farebox: Farebox, tmp_path: Path) -> None:
    image = transit_card()._replace(systems={0x8005: {0x100B: {0: bytes(16)}}})
    path = tmp_path / "other.card.cbor"
    path.write_bytes(card_image.dump(image))
    done = farebox("run", "--reader", f"image:{path}", "--journal", str(tmp_path / "j"), code=74)
    assert "can't be tapped" in done.err
