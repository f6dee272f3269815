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
from tools.card.convert import encoder_named
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


def test_the_trace_of_a_dump_that_fails_is_kept(farebox: Farebox, tmp_path: Path) -> None:
    out, trace = tmp_path / "out.card.cbor", tmp_path / "t.jsonl"
    with Pn532(CardField()) as chip:
        words = ("--reader", f"tty:{chip.path}", "-o", out, "--trace", trace, "--wait", "0")
        farebox("card", "dump", *words, code=Exit.CHECK_FAILED)
    assert [set(json.loads(line)) for line in trace.read_text().splitlines()][1:] == [{"at_us", "poll"}]
    assert not out.exists()


@pytest.mark.parametrize("link", [False, True])
def test_the_card_and_its_trace_are_not_written_into_one_file(
    farebox: Farebox, tmp_path: Path, transit: Path, link: bool
) -> None:
    out = tmp_path / "out.card.cbor"
    trace = tmp_path / "trace" if link else out
    if link:
        trace.symlink_to(out)
    words = ("--reader", f"image:{transit}", "-o", out, "--trace", trace, "--force")
    assert "the same file as -o" in farebox("card", "dump", *words, code=Exit.USAGE).err
    assert not out.exists()


@pytest.mark.parametrize("existed", [False, True])
def test_a_recorded_card_and_its_trace_are_their_owners_alone(
    farebox: Farebox, tmp_path: Path, transit: Path, existed: bool
) -> None:
    files = tmp_path / "out.card.cbor", tmp_path / "t.jsonl"
    for path in files if existed else ():
        path.touch(0o644)
    farebox("card", "dump", "--reader", f"image:{transit}", "-o", files[0], "--trace", files[1], "--force")
    assert [path.stat().st_mode & 0o777 for path in files] == [0o600, 0o600]


def test_a_trace_recorded_over_itself_makes_no_simulated_card_of_a_real_one(farebox: Farebox, tmp_path: Path) -> None:
    field, out, trace = CardField(), tmp_path / "out.card.cbor", tmp_path / "t.jsonl"
    field.lay(StandardCard(transit_card()))
    with Pn532(field) as chip:
        farebox("card", "dump", "--reader", f"tty:{chip.path}", "-o", out, "--trace", trace)
    farebox("card", "dump", "--reader", f"trace:{trace}", "-o", out, "--trace", trace, "--force")
    assert not read(out).simulated


def test_of_a_card_file_without_idm_the_dump_has_none(farebox: Farebox, tmp_path: Path) -> None:
    source, out = tmp_path / "card.card.cbor", tmp_path / "out.card.cbor"
    source.write_bytes(card_image.dump(transit_card()._replace(idm=b"")))
    done = farebox("card", "dump", "--reader", f"image:{source}", "-o", out, "--json")
    assert (json.loads(done.out)["idm"], card_image.load(out.read_bytes(), "").idm) == (None, b"")


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
    "another format": (("dump", "--reader", "radio", "-o", "suica.json"), 2, "-o suica.json: name it *.card.cbor"),
    "no format": (("dump", "--reader", "radio", "-o", "suica"), 2, "-o suica: name it *.card.cbor"),
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
    assert "[模擬] suica.card.cbor: a recorded card; writes are simulated" in done.out
    assert "alight ✓" in done.out
    assert "1,600" in done.out
    assert path.read_bytes() == before


def test_gen_21_an_operator_that_takes_its_own_cards_alone_refuses_it(farebox: Farebox, tmp_path: Path) -> None:
    path = suica(tmp_path, 2_000)
    journal = str(tmp_path / "journal")
    words = ("run", "--reader", f"image:{path}", "--journal", journal, "--lang", "en", "--operator", "aizu-noruca")
    done = farebox(*words, keys=RIDE)
    assert "GEN-21 card not accepted here" in done.out


def as_flipper(image: CardImage, path: Path) -> Path:
    path.write_text(flipper.write(image))
    return path


def test_a_simulated_card_in_a_flipper_file_is_written_back_as_a_flipper_file(
    farebox: Farebox, tmp_path: Path, bench: Path
) -> None:
    card = as_flipper(read(bench), tmp_path / "my.nfc")
    farebox("run", "--reader", f"image:{card}", "--journal", str(tmp_path / "journal"), keys=RIDE)
    assert card.read_text().startswith(flipper.FIRST_LINE)
    (shown,) = (json.loads(line) for line in farebox("card", "show", "--json", str(card)).out.splitlines())
    assert (shown["simulated"], shown["balance_yen"]) == (True, 1_230 - 400)
    farebox("card", "wipe", "--reader", f"image:{card}", "--yes")
    assert card.read_text().startswith(flipper.FIRST_LINE) and not any(read(card).systems[0x88B4][0x0009][0])


@pytest.mark.parametrize("name", ["recorded.card.cbor", "recorded.nfc"])
def test_a_recorded_card_of_ours_rides_by_a_copy_and_its_file_stays_as_it_is(
    farebox: Farebox, tmp_path: Path, bench: Path, name: str
) -> None:
    recorded, path = read(bench)._replace(simulated=False), tmp_path / name
    path.write_bytes(encoder_named(path)(recorded))
    before = path.read_bytes()
    words = ("run", "--reader", f"image:{path}", "--journal", str(tmp_path / "journal"), "--lang", "en")
    done = farebox(*words, keys=RIDE)
    assert f"[模擬] {name}: a recorded card; writes are simulated" in done.out
    assert "alight ✓" in done.out and " 830" in done.out
    assert path.read_bytes() == before


def test_a_card_without_a_balance_can_not_be_tapped(farebox: Farebox, tmp_path: Path) -> None:
    image = transit_card()._replace(systems={0x8005: {0x100B: {0: bytes(16)}}})
    path = tmp_path / "other.card.cbor"
    path.write_bytes(card_image.dump(image))
    done = farebox("run", "--reader", f"image:{path}", "--journal", str(tmp_path / "j"), code=74)
    assert "can't be tapped" in done.err
