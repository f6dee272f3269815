"""`farebox centre close-day`, `reconcile`, `export-tides` and `retention`."""

import csv
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from centre import clock
from centre.cards.models import Card as CardRow
from centre.ledger import services
from centre.ledger.models import DayClosed, Tap
from tests.centre.ledger.journals import DAY, Bus, Card
from tests.tools.cli import Ran, run
from tools.exits import Exit

pytestmark = pytest.mark.django_db
Cli = Callable[..., Ran]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Cli:
    settings.PROBLEMS, settings.SECRET_KEY_AT_HAND = (), True
    return lambda *args: run(capsys, monkeypatch, "centre", *args)


@pytest.fixture
def card() -> Card:
    """A card that boarded, rode, rode again and had that taken back."""
    found, bus = Card(), Bus()
    CardRow.objects.create(
        idm=found.name, scheme="lococa", number="LC1", kind="general", named=False, issued_on=date(2026, 1, 1)
    )
    bus.board(found)
    bus.tap(found, due_yen=300)
    bus.cancel(found, bus.tap(found, due_yen=200))
    bus.send()
    return found


def test_close_day_closes_all_that_is_over(card: Card, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli("close-day").out == ""
    assert cli("close-day", "--company", "x").code == Exit.USAGE
    assert cli("close-day", "--day", f"{clock.today():%Y-%m-%d}").code == Exit.USAGE
    tomorrow = clock.today() + timedelta(days=1)
    monkeypatch.setattr("centre.ledger.closing.today", lambda: tomorrow)
    assert "closed, 3 bookings" in cli("close-day").out
    said = json.loads(cli("close-day", "--company", "lococa/0", "--day", f"{clock.today():%Y-%m-%d}", "--json").out)
    assert (said["trial_yen"], DayClosed.objects.count()) == (0, 1)


def test_reconcile_says_whether_the_books_are_right(card: Card, cli: Cli) -> None:
    ran = cli("reconcile")
    assert ran.code == Exit.OK and "fares: 300 by records, 300 by the ledger: agree" in ran.out
    assert json.loads(cli("reconcile", "--json").out)["right"] is True
    made = services.last_booked(Tap.objects.filter(action="alight").earliest("seq").key)
    assert made is not None
    services.book([made._replace(key="planted")])
    ran = cli("reconcile")
    assert ran.code == Exit.CHECK_FAILED and "fares: 300 by records, 600 by the ledger: DISAGREE" in ran.out
    assert "disagrees 1" in ran.out


def test_export_tides_writes_a_package_without_cards(card: Card, cli: Cli, tmp_path: Path) -> None:
    ran = cli("export-tides", "--operator", "lococa", "--day", f"{DAY}", "--out", tmp_path / "out", "--json")
    files = [Path(name) for name in json.loads(ran.out)["files"]]
    assert card.name not in "".join(file.read_text("utf-8") for file in files)
    rows = list(csv.DictReader((tmp_path / "out" / "fare_transactions.csv").read_text("utf-8").splitlines()))
    assert [(row["fare_action"], row["amount"], row["balance"]) for row in rows] == [
        ("Enter", "0", "2000"),
        ("Exit", "300", "1700"),
    ]  # what was taken back is not there
    assert len({row["token_id"] for row in rows}) == 1
    package = json.loads((tmp_path / "out" / "datapackage.json").read_text("utf-8"))
    assert {one["path"] for one in package["resources"]} | {"datapackage.json"} == {file.name for file in files}
    unknown = cli("export-tides", "--operator", "nowhere", "--day", f"{DAY}", "--out", tmp_path / "no")
    assert unknown.code == Exit.USAGE and "none of aizu-noruca" in unknown.err and not (tmp_path / "no").exists()
    another = cli("export-tides", "--operator", "noruca", "--day", f"{DAY}", "--out", tmp_path / "none")
    assert another.code == Exit.OK
    assert (tmp_path / "none" / "fare_transactions.csv").read_text("utf-8").count("\n") == 1


def test_retention_says_whose_data_is_due(card: Card, cli: Cli) -> None:
    assert json.loads(cli("retention", "--json").out) == {"due": [], "erased": 0}
    assert cli("retention", "--dry-run").out == "0 due, 0 erased\n"
