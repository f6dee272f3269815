"""Recorded rides ridden again: the same takings, ride by ride; bad rows by their line; TIDES taps made rides."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from sim.ride_rows import PAID
from tests.tools.cli import Ran, run
from tools.exits import Exit

DAY = "2026-11-20"
TRIP = "HAKUHO-W01"
PARTS = ("amount", *PAID.values(), "paid_cash", "auto_charged", "balance", "party", "fare_product")
"""What a ride came to."""


class Cli:
    """`farebox sim replay` without radio, in a folder of its own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._capsys, self._patch = capsys, patch

    def run(self, *args: object) -> Ran:
        given = ("sim", "replay", "--reader", "image", "--date", DAY, "--quiet", "--lang", "en", *args)
        return run(self._capsys, self._patch, *given)

    def rides(self, name: str, *args: object) -> list[dict[str, str]]:
        """The rides of a replay that reconciles, kept under a name."""
        ran = self.run("--rides", self.folder / name, *args)
        assert (ran.code, ran.err) == (Exit.OK, "")
        return read(self.folder / name)

    def write(self, rows: Sequence[Mapping[str, object]], name: str = "recorded.csv") -> Path:
        path = self.folder / name
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)))
            writer.writeheader()
            writer.writerows(rows)
        return path

    def fails(self, path: Path, *args: object) -> str:
        """What is said of a file that can't be ridden again."""
        ran = self.run("--recorded", path, *args)
        assert ran.code != Exit.OK and len(ran.err.splitlines()) == 1
        return ran.err


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(tmp_path, capsys, monkeypatch)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def came_to(rows: Sequence[Mapping[str, str]]) -> list[tuple[str, ...]]:
    return [(row["trip_id_performed"], row["token_id"], *(row[name] for name in PARTS)) for row in rows]


@pytest.mark.parametrize("scheme", ["lococa", "aizu-noruca", "iwate-green-pass", "noruca"])
def test_a_replays_own_rides_ridden_again_come_to_the_same_each(cli: Cli, scheme: str) -> None:
    first = cli.rides("first.csv", "--seed", 41, "--riders", 12, "--operator", scheme)
    again = cli.rides("again.csv", "--recorded", cli.folder / "first.csv", "--operator", scheme)
    assert len(first) > 150 and came_to(again) == came_to(first)


def test_ridden_again_from_parquet_and_by_several_processes_it_is_the_same(cli: Cli) -> None:
    cli.run("--seed", 3, "--rides", cli.folder / "first.parquet")
    again = cli.rides("again.csv", "--recorded", cli.folder / "first.parquet", "--out", cli.folder / "alone")
    others = cli.rides(
        "others.csv", "--recorded", cli.folder / "first.parquet", "--out", cli.folder / "two", "--workers", 2
    )
    assert others == again
    alone, two = (
        {path.relative_to(cli.folder / run): path.read_bytes() for path in (cli.folder / run).rglob("*.segment")}
        for run in ("alone", "two")
    )
    assert alone == two and len(alone) > 4


def test_another_file_is_another_run(cli: Cli) -> None:
    cli.rides("first.csv", "--seed", 3)
    path = cli.write(read(cli.folder / "first.csv")[:5])
    assert cli.run("--recorded", path, "--out", cli.folder / "run").code == Exit.OK
    cli.write(read(cli.folder / "first.csv")[:6])
    assert "holds another run (recorded " in cli.fails(path, "--out", cli.folder / "run")


def ride(boarded: int = 0, alighted: int = 4, **more: object) -> dict[str, object]:
    return {
        "trip_id_performed": TRIP,
        "service_date": DAY,
        "boarded_place": boarded,
        "alighted_place": alighted,
        "balance_before": 3_000,
    } | more


def test_a_party_rides_on_one_card(cli: Cli) -> None:
    """Two adults and a child from end to end of the Hakuho line (LOC-15): 500 + 500 + 250."""
    party = json.dumps({"companions": ["adult", "child"]})
    (again,) = cli.rides("again.csv", "--recorded", cli.write([ride(party=party)]))
    assert (again["amount"], again["num_riders"], again["party"]) == ("1250", "3", party)


def test_a_card_that_was_topped_up_between_two_rides_holds_what_its_row_says(cli: Cli) -> None:
    rows = [ride(0, 2, token_id="A"), ride(2, 4, token_id="A", balance_before=2_600)]
    topped_up = [rows[0], {**rows[1], "balance_before": 5_600}]
    for recorded, balances in ((rows, ["2600", "2200"]), (topped_up, ["2600", "5200"])):
        again = cli.rides("again.csv", "--recorded", cli.write(recorded))
        assert [row["balance"] for row in again] == [str(int(balances[0])), again[1]["balance"]]
        assert int(again[1]["balance_before"]) == recorded[1]["balance_before"]


def test_where_no_money_is_known_the_ride_is_paid_in_cash(cli: Cli) -> None:
    row = ride()
    del row["balance_before"]
    (again,) = cli.rides("again.csv", "--recorded", cli.write([row]))
    assert (again["amount"], again["paid_cash"], again["payment"]) == ("500", "500", "all-cash")


def test_rows_of_other_days_and_routes_are_left_out_and_counted(cli: Cli) -> None:
    path = cli.write([ride(), ride(service_date="2026-11-19"), ride(trip_id_performed="HAIKARA-W01", alighted=2)])
    ran = cli.run("--recorded", path, "--route", "HAKUHO")
    assert ran.code == Exit.OK and "2 rows of other days or routes are left out" in ran.err


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"trip_id_performed": "GHOST"}, "row 3, column trip_id_performed: 'GHOST' is unknown"),
        (
            {"trip_id_performed": "HAKUHO-H01"},
            "row 3, column trip_id_performed: 'HAKUHO-H01' does not run on 2026-11-20",
        ),
        ({"alighted_place": 9}, "row 3, column alighted_place: no ride from 0 to 9 on a trip of 5 stops"),
        ({"balance_before": "lots"}, "row 3, column balance_before: 'lots' is not a whole number"),
        ({"balance_before": 1_000_000}, "row 3: 1000000 does not fit 15 bits"),
        ({"service_date": "yesterday"}, "row 3, column service_date: 'yesterday' is not a day"),
        ({"scheme": "suica"}, "row 3: no simulated cards of suica; leave its rides out"),
        ({"party": "{"}, "row 3, column party"),
    ],
)
def test_a_bad_row_is_named_by_its_line(cli: Cli, more: dict[str, object], says: str) -> None:
    path = cli.write([ride(), ride() | more])
    assert f"{path}: {says}" in cli.fails(path)


def test_no_rides_on_the_day(cli: Cli) -> None:
    assert "no rides on 2026-11-20; choose --date" in cli.fails(cli.write([ride(service_date="2026-11-19")]))


class TestTidesTaps:
    """A file of another system: a row a tap, with the columns of TIDES alone."""

    def tap(self, action: str, stop: int, card: str = "A", **more: Any) -> dict[str, object]:
        return {
            "transaction_id": f"{action}{stop}{card}",
            "service_date": DAY,
            "event_timestamp": f"{DAY}T08:00:00+09:00",
            "amount": 0,
            "currency_type": "JPY",
            "fare_action": action,
            "trip_id_performed": TRIP,
            "trip_stop_sequence": stop,
            "fare_capped": "false",
            "token_id": card,
        } | more

    def test_an_exit_is_a_ride_from_its_own_cards_enter(self, cli: Cli) -> None:
        taps = [
            self.tap("Enter", 1),
            self.tap("Enter", 2, "B"),
            self.tap("Add", 2, "B"),
            self.tap("Exit", 3, "B"),
            self.tap("Exit", 5),
        ]
        again = cli.rides("again.csv", "--recorded", cli.write(taps))
        assert [(row["token_id"], row["boarded_place"], row["alighted_place"]) for row in again] == [
            ("B", "1", "2"),
            ("A", "0", "4"),
        ]

    def test_taps_without_their_other_end_are_left_out_and_counted(self, cli: Cli) -> None:
        """A card that never left, one that forgot to board, one that boarded twice: whoever records has all of them."""
        taps = [self.tap("Enter", 1), self.tap("Exit", 5), self.tap("Exit", 3, "B"), self.tap("Enter", 2, "C")]
        twice = [self.tap("Enter", 1, "D"), self.tap("Enter", 2, "D"), self.tap("Exit", 3, "D")]
        path = cli.write([*taps, *twice])
        ran = cli.run("--recorded", path, "--rides", cli.folder / "again.csv")
        assert ran.code == Exit.OK and "3 taps without their other end are left out" in ran.err
        assert [(row["token_id"], row["boarded_place"]) for row in read(cli.folder / "again.csv")] == [
            ("D", "1"),
            ("A", "0"),
        ]

    def test_pricing_says_so_too(self, cli: Cli) -> None:
        path = cli.write([self.tap("Enter", 1), self.tap("Exit", 5), self.tap("Exit", 3, "B")])
        ran = run(cli._capsys, cli._patch, "tariff", "reprice", path, "--json")
        assert ran.code == Exit.OK and "1 taps without their other end" in ran.err
        assert json.loads(ran.out)["due_yen"] == 500

    def test_a_stop_that_is_none_is_named_by_its_line(self, cli: Cli) -> None:
        nowhere = cli.write([self.tap("Enter", 1), self.tap("Exit", 0)])
        assert "row 3, column trip_stop_sequence: '0' is not a stop's number" in cli.fails(nowhere)

    def test_a_replays_own_package_is_ridden_again(self, cli: Cli) -> None:
        """What TIDES keeps of a day: who rode from where to where, but not what their cards held."""
        path = cli.folder / "run"
        assert cli.run("--seed", 41, "--out", path).code == Exit.OK
        tides = ("sim", "report", path, "--tides", cli.folder / "tides")
        assert run(cli._capsys, cli._patch, *tides).code == Exit.OK
        ran = cli.run("--recorded", cli.folder / "tides" / "fare_transactions.csv", "--rides", cli.folder / "again.csv")
        assert ran.code == Exit.OK
        assert len(read(cli.folder / "again.csv")) == 100

    def test_taps_without_a_ride_are_no_rides(self, cli: Cli) -> None:
        assert "no rides" in cli.fails(cli.write([self.tap("Enter", 1)]))
