"""What a replay prints: each operator's purses, and a count that closes over all of them."""

import json
from collections.abc import Callable

import pytest

from tests.tools.cli import Ran, run

Cli = Callable[..., Ran]
REPLAY = ("sim", "replay", "--feed", "sample", "--date", "2026-11-20", "--reader", "image", "--riders", "3")


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return lambda *args: run(capsys, monkeypatch, *REPLAY, *args)


def summary(ran: Ran) -> dict[str, str]:
    """The titles of the summary's lines and the numbers after them."""
    rows = (line.strip().rsplit("  ", 1) for line in ran.out.splitlines() if line.startswith("  "))
    return {row[0].strip(): row[1].strip() for row in rows if len(row) == 2}


@pytest.mark.parametrize("language", ["ja", "en"])
def test_points_are_shown_as_a_liability(cli: Cli, language: str) -> None:
    ran = cli("--operator", "iwate-green-pass", "--quiet", "--lang", language)
    assert ran.code == 0
    titles = {"ja": ("うちポイント（負担）", "差額"), "en": ("of it points, a liability", "difference")}[language]
    assert summary(ran)[titles[0]] != "0" and summary(ran)[titles[1]] == "0"
    assert {"ja": "ポイント（将来の負担） 付与 ", "en": "points, a liability: earned "}[language] in ran.out


def test_coupons_pay_fares_and_are_part_of_the_balance(cli: Cli) -> None:
    ran = cli("--operator", "noruca", "--lang", "en")
    assert ran.code == 0
    (fares,) = (line for line in ran.out.splitlines() if line.startswith("  fares "))
    assert "= coupons " in fares and " + cash " in fares and "SF" not in fares
    found = summary(ran)
    assert found["of it coupons"] != "0" and found["difference"] == "0"
    (boarded, *_) = (line for line in ran.out.splitlines() if " FK-V" in line and " board " in line)
    assert boarded.split()[-1].replace(",", "").isdigit() and not boarded.endswith(" 0")


def test_stored_fare_alone_is_told_as_ever(cli: Cli) -> None:
    ran = cli("--operator", "lococa", "--quiet", "--lang", "en")
    assert " = SF " in ran.out and "coupons" not in ran.out and "points" not in ran.out


def test_for_machines_every_purse_has_its_name(cli: Cli) -> None:
    ran = cli("--operator", "iwate-green-pass", "--json", "--riders", "8")
    *taps, last = (json.loads(line) for line in ran.out.splitlines())
    total = last["summary"]
    assert total["on_cards_yen"] == sum(total["on_cards"].values()) and total["difference_yen"] == 0
    assert total["points_earned"] == total["ledger"]["points_earned"] > 0
    for tap in taps:
        assert tap["due_yen"] is None or sum(tap["paid"].values()) + tap["cash_yen"] == tap["due_yen"]
    assert {purse for tap in taps for purse in tap["purses"]} == {"stored-fare", "transport-points", "welfare-points"}
    assert {purse for tap in taps for purse in tap["paid"]} >= {"stored-fare", "transport-points"}
