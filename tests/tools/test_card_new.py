"""`farebox card new` for each of the four operators: purses as their cards have them, numbers, and what is refused."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cardimage.image import load
from cardimage.layout.variants import VARIANTS
from cardimage.resolve import Standing, standing
from tests.cardimage.accounts import IDM
from tests.tools.cli import Ran, run
from tools.exits import Exit

DAY = "2026-11-20"
New = Callable[..., Ran]


@pytest.fixture
def card(tmp_path: Path) -> Path:
    return tmp_path / "my.card.cbor"


@pytest.fixture
def new(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, card: Path) -> New:
    """`farebox card new --operator …`, with the IDm and the day given."""

    def make(scheme: str, *words: object) -> Ran:
        fixed = ("--idm", IDM.hex(), "--issued", DAY, "-o", card)
        return run(capsys, monkeypatch, "card", "new", "--operator", scheme, *words, *fixed)

    return make


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, card: Path) -> Callable[[], Any]:
    return lambda: json.loads(run(capsys, monkeypatch, "card", "show", card, "--json").out)


@pytest.mark.parametrize(
    ("scheme", "prefix"), [("lococa", "LC"), ("iwate-green-pass", "IG"), ("noruca", "FK"), ("aizu-noruca", "AZ")]
)
def test_a_made_up_number_begins_as_the_operators_do(
    new: New, shown: Callable[[], Any], scheme: str, prefix: str
) -> None:
    assert f"simulated card (模擬) {prefix}2E4CD1A0B35796, 0 yen" in new(scheme).out
    assert shown()["number"] == f"{prefix}2E4CD1A0B35796"


@pytest.mark.parametrize(
    ("scheme", "words", "yen", "facts"),
    [
        ("lococa", ("--balance", 2_000), "2,000", {"balance_yen": 2_000}),
        (
            "iwate-green-pass",
            ("--balance", 500, "--points", 300, "--welfare-points", 70),
            "500",
            {"balance_yen": 500, "points": 300, "points_last_day": DAY, "welfare_points": 70},
        ),
        (
            "noruca",
            ("--coupons", 1_100),
            "1,100",
            {"balance_yen": 1_100, "coupons_regular_yen": 1_100, "coupons_eco_yen": 0},
        ),
        ("noruca", (), "0", {"balance_yen": 0, "coupons_regular_yen": 0}),
    ],
)
def test_a_card_holds_what_its_scheme_has(
    new: New, shown: Callable[[], Any], scheme: str, words: tuple[object, ...], yen: str, facts: dict[str, object]
) -> None:
    ran = new(scheme, *words)
    assert (ran.code, ran.out.rstrip().endswith(f", {yen} yen")) == (Exit.OK, True), ran
    assert {name: shown().get(name) for name in facts} == facts


def test_nor_12_a_card_with_the_pass_function_only_has_no_purse(new: New, card: Path) -> None:
    assert new("noruca", "--pass-only").code == Exit.OK
    blocks = load(card.read_bytes(), "my").lite_s_blocks()
    assert blocks is not None
    now = standing(blocks[0], blocks[1])
    assert isinstance(now, Standing) and now.slot.coupons is None


REFUSED = {
    "stored fare of NORUCA": (
        "noruca",
        ("--balance", 500),
        "--balance 500: a card of NORUCA has no such purse; it has eco, ",
    ),
    "coupons elsewhere": ("lococa", ("--coupons", 100), "--coupons 100: a card of LOCOCA has no such purse"),
    "points elsewhere": ("aizu-noruca", ("--points", 9), "--points 9: a card of AIZU NORUCA has no such"),
    "welfare points elsewhere": ("noruca", ("--welfare-points", 9), "a card of NORUCA has no such purse"),
    "pass only elsewhere": ("iwate-green-pass", ("--pass-only",), "Iwate Green Pass has no cards with the pass"),
    "pass only, with coupons": ("noruca", ("--pass-only", "--coupons", 100), "has no purse (NOR-12)"),
    "coupons over the cap": ("noruca", ("--coupons", 20_010), "--coupons 20010: over the cap (GEN-3: 20010 > 20000)"),
    "stored fare over the cap": ("lococa", ("--balance", 20_001), "--balance 20001: over the cap (GEN-3"),
    "coupons in no tens": ("noruca", ("--coupons", 195), "195 yen in a coupon purse; the card counts tens"),
    "more points than fit": ("iwate-green-pass", ("--points", 40_000), "40000 does not fit 15 bits"),
}


@pytest.mark.parametrize(("scheme", "words", "said"), REFUSED.values(), ids=REFUSED)
def test_what_a_scheme_has_no_place_for_is_refused_and_no_file_is_made(
    new: New, card: Path, scheme: str, words: tuple[object, ...], said: str
) -> None:
    ran = new(scheme, *words)
    assert (ran.code, said in ran.err) == (Exit.USAGE, True), ran
    assert not card.exists()


def test_the_help_has_an_example_of_each_operator(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = run(capsys, monkeypatch, "card", "new", "--help").out
    for scheme in VARIANTS:
        assert f"farebox card new --operator {scheme} " in text


def test_gen_13_last_uses_of_a_noruca_card_show_what_its_coupons_were_then(
    new: New,
    shown: Callable[[], Any],
    card: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    new("noruca", "--coupons", 1_100)
    monkeypatch.setattr("sys.stdin", io.StringIO("tap\nnext\nnext\ntap\nquit\n"))
    words = ("--reader", f"image:{card}", "--journal", tmp_path / "journal", "--operator", "noruca", "--date", DAY)
    assert run(capsys, monkeypatch, "run", *words).code == Exit.OK
    (use,) = shown()["last_uses"]
    assert use["due_yen"] > 0
    assert use["balance_yen"] == shown()["balance_yen"] == 1_100 - use["due_yen"]
