"""`farebox bundle`: signed, verified and shown at a bench or a depot."""

import json
from functools import partial
from importlib.resources import files
from pathlib import Path

import pytest

from farebox.bundles import BundleStore, signed_by
from farebox.formats import cose
from farebox.formats.bundle import Hotlist, Kind, cards_of, encode
from tests.bundles.examples import FOR_TWO_CARDS, HOTLIST, IDM, OTHER_IDM
from tests.tools.cli import Ran, run

LOCOCA = Path(str(files("tariff"))) / "operators" / "lococa" / "2016-01-01.toml"
SEED = bytes(range(32))
PUBLIC = cose.public_key_of(SEED)


class Depot:
    """A folder with a key, and the command."""

    def __init__(self, folder: Path, call: partial[Ran]) -> None:
        self.folder, self.call = folder, call
        self.key = folder / "centre.key"
        self.key.write_text(SEED.hex())
        self.key.chmod(0o600)
        self.public = folder / "centre.pub"
        self.public.write_text(PUBLIC.hex())
        self.out = folder / "hotlist.bundle"
        self.cards = folder / "stopped.txt"
        self.cards.write_text(f"# stopped\n{IDM.hex()}  # lost\n\n{OTHER_IDM.hex().upper()}\n")

    def hotlist(self, *more: object) -> Ran:
        return self.call("bundle", "hotlist", "--refused", self.cards, "--version", 5, "-o", self.out, *more)

    def verify(self, *more: object) -> Ran:
        return self.call("bundle", "verify", self.out, *more)


@pytest.fixture
def depot(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Depot:
    return Depot(tmp_path, partial(run, capsys, monkeypatch))


def test_ctr_3_a_hotlist_of_a_text_file_is_taken_by_a_bus(depot: Depot) -> None:
    made = depot.hotlist("--made-at", 1_795_000_000, "--key", depot.key)
    assert made.code == 0 and "hotlist version 5, made 2026-11-18 20:06:40; refused 2" in made.out
    store = BundleStore(depot.folder / "bundles", signed_by([PUBLIC]))
    wanted = Hotlist(5, 1_795_000_000, cards_of([IDM, OTHER_IDM]), cards_of([]))
    assert store.take(Kind.HOTLIST, depot.out.read_bytes()) == wanted
    assert depot.verify("--centre", depot.public).code == 0


def test_a_tariff_of_operator_files(depot: Depot) -> None:
    made = depot.call("bundle", "tariff", LOCOCA, "--version", 2, "--key", depot.key, "-o", depot.out)
    assert made.code == 0
    said = json.loads(depot.call("bundle", "show", depot.out, "--json").out)
    assert (said["kind"], said["files"], said["key"]) == ("tariff", ["lococa/2016-01-01"], PUBLIC.hex())


def test_the_bytes_of_a_centre_are_signed_as_they_are(depot: Depot) -> None:
    path = depot.folder / "directives.cbor"
    path.write_bytes(encode(FOR_TWO_CARDS))
    assert depot.call("bundle", "sign", path, "--key", depot.key, "-o", depot.out).code == 0
    assert cose.vouched(depot.out.read_bytes(), [PUBLIC]) == encode(FOR_TWO_CARDS)


def test_what_the_bench_key_signs_says_that_it_is_simulated(depot: Depot) -> None:
    assert "模擬" in depot.hotlist().out
    assert json.loads(depot.call("bundle", "show", depot.out, "--json").out)["simulated"]
    assert "模擬" in depot.verify("--centre", "bench").out


def test_faults_28_another_key_s_bundle_fails_the_check(depot: Depot) -> None:
    depot.hotlist("--key", depot.key)
    depot.public.write_text(bytes(32).hex())
    refused = depot.verify("--centre", depot.public)
    assert refused.code == 1 and "none of those trusted" in refused.err


def test_faults_28_an_altered_bundle_fails_the_check(depot: Depot) -> None:
    depot.hotlist("--key", depot.key)
    data = bytearray(depot.out.read_bytes())
    data[-1] ^= 1
    depot.out.write_bytes(data)
    refused = depot.verify("--centre", depot.public)
    assert refused.code == 1 and "altered, or forged" in refused.err


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no COSE_Sign1"),
        (encode(HOTLIST), "no COSE_Sign1"),
        (cose.sign(encode(HOTLIST)[:-1], SEED), "cut off"),
        (cose.sign(b"", SEED), "cut off"),
    ],
)
def test_faults_28_what_is_no_signed_bundle_is_not_shown(depot: Depot, data: bytes, said: str) -> None:
    depot.out.write_bytes(data)
    shown = depot.call("bundle", "show", depot.out)
    assert shown.code == 1 and said in shown.err and shown.err.count("\n") == 1


def test_what_no_bus_would_take_is_not_signed(depot: Depot) -> None:
    slip = depot.folder / "lococa" / "2016-01-01.toml"
    slip.parent.mkdir()
    slip.write_bytes(LOCOCA.read_bytes().replace(b"cap_yen = 20", b"cap_yen = -20"))
    made = depot.call("bundle", "tariff", slip, "--version", 2, "-o", depot.out)
    assert made.code == 1 and "not written" in made.err and not depot.out.exists()


@pytest.mark.parametrize("line", ["012E", "no card", "012E0000000000 1", "012E00000000000100"])
def test_a_line_that_is_no_card_is_named(depot: Depot, line: str) -> None:
    depot.cards.write_text(f"{IDM.hex()}\n{line}\n")
    made = depot.hotlist()
    assert made.code == 1 and "stopped.txt, line 2" in made.err


def test_verify_wants_to_know_whose_signature(depot: Depot) -> None:
    depot.hotlist()
    assert depot.verify().code == 2
    depot.public.write_text("half a key")
    assert depot.verify("--centre", depot.public).code == 78
