"""`farebox tariff reprice`: files of rides in, what they come to out; and a replay's rides come to what was taken."""

import csv
import json
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pytest
from click.testing import CliRunner
from pyarrow import parquet

from farebox.tap import Alight, Keyed, judge_alighting
from sim.replay import SettledRide
from sim.ride_rows import ALL_COLUMNS, COLUMNS, Recorder
from tariff.account import (
    Account,
    AutoCharge,
    AutoCharged,
    Coupons,
    HolderKind,
    Pass,
    Points,
    RideMark,
    RideState,
    Section,
)
from tariff.bulk import Path as Way
from tariff.riders import HOLDER_ALONE, Attendant, Handbook, Party, Piece, RiderClass
from tests.farebox.bus import DUTY, service, stop_number
from tests.tools.cli import Ran, run
from tests.tools.tariff_cli import STOPS
from tests.tools.tariff_files import SHIPPED, feed, operators
from tools.cli import farebox
from tools.exits import Exit
from tools.tariff.path_clock import PathClock

FRIDAY, SATURDAY = date(2026, 11, 20), date(2026, 11, 21)
TRIP = "HAKUHO-W01"
"""Of LOCOCA: 300, 400, 450 and 500 yen from its first stop."""
LOOP_TRIP = "HAIKARA-W01"
PASS = {
    "product": "commuter",
    "first_day": "2026-11-01",
    "last_day": "2026-11-30",
    "sections": [{"from": "磐城棚倉", "to": "南湖公園", "fare_yen": 400}],
}


class Cli:
    """The command, with files by name in a folder of its own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._capsys, self._patch = capsys, patch

    def write(self, *rows: Mapping[str, object], name: str = "rides.csv") -> Path:
        """A CSV file of rows; the needed columns have values unless told otherwise."""
        path = self.folder / name
        names = list(dict.fromkeys(key for row in rows for key in row))
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(rows)
        return path

    def run(self, path: Path, *args: object) -> Ran:
        """Call it."""
        return run(self._capsys, self._patch, "tariff", "reprice", path, *args)

    def json(self, path: Path, *args: object) -> dict[str, Any]:
        """Call it for machines; it must not fail."""
        ran = self.run(path, "--json", *args)
        assert (ran.code, ran.err) == (Exit.OK, "")
        found: dict[str, Any] = json.loads(ran.out)
        return found


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(tmp_path, capsys, monkeypatch)


def ride(boarded: int = 0, alighted: int = 4, **more: object) -> dict[str, object]:
    return {
        "trip_id_performed": TRIP,
        "service_date": FRIDAY,
        "boarded_place": boarded,
        "alighted_place": alighted,
    } | more


# -- a replay

REPLAY = ("sim", "replay", "--feed", "sample", "--date", SATURDAY, "--riders", 20, "--seed", 7, "--quiet", "--json")


class Replayed(NamedTuple):
    """A Saturday of the sample feed, both operators': its rides, and the summary of the replay."""

    rides: Path
    summary: dict[str, Any]

    @property
    def rows(self) -> list[dict[str, str]]:
        with self.rides.open(encoding="utf-8") as file:
            return list(csv.DictReader(file))


def replay(folder: Path, reader: str, name: str = "rides.csv") -> Replayed:
    path = folder / name
    ran = CliRunner().invoke(farebox, [*map(str, REPLAY), "--reader", reader, "--rides", str(path)])
    assert ran.exit_code == Exit.OK
    return Replayed(path, json.loads(ran.stdout)["summary"])


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    return replay(tmp_path_factory.mktemp("replay"), "image")


def hold(found: Mapping[str, Any], replayed: Replayed) -> None:
    """Priced again, each ride of a replay costs what it cost, and every ride that its journals have is there."""
    ledger = replayed.summary["ledger"]
    assert (found["rides"], found["amount_yen"], found["due_yen"]) == (ledger["alightings"], *[ledger["fares_yen"]] * 2)
    assert (found["compared"], found["difference_yen"], found["dearer"], found["cheaper"]) == (found["rides"], 0, 0, 0)
    assert found["refused"] == []
    assert found["by_purse"]["cash"] == ledger["cash_yen"]
    assert found["auto_charged_yen"] == ledger["credit_yen"]
    assert found["unused_columns"] == []


def test_a_replays_rides_come_to_what_was_taken(cli: Cli, replayed: Replayed) -> None:
    found = cli.json(replayed.rides)
    hold(found, replayed)
    taken, rows = found["amount_yen"], replayed.rows
    assert len(rows) > 100 and taken > 0
    assert {row["payment"] for row in rows} == {"card", "part-cash", "all-cash"}
    assert [row for row in rows if row["pass"]] and [row for row in rows if row["auto_charge"]]
    assert {book["operator"] for book in found["rules"]} == {"lococa", "aizu-noruca"}
    assert sum(book["rides"] for book in found["rules"]) == len(rows)
    assert sum(one["yen"] for one in found["by_company"]) == taken
    assert sum(one["yen"] for one in found["by_product"]) == taken
    assert sum(found["by_purse"].values()) == taken
    assert sum(one["rides"] for one in found["paths"]) == len(rows)


def test_faults_3_rides_whose_answer_was_lost_are_there_too(
    cli: Cli, replayed: Replayed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every other card is withdrawn from the simulated PN532 as it alights; some of those were written all the same."""
    monkeypatch.setattr("sim.demand.WITHDRAWS", 0.5)
    torn = replay(cli.folder, "pn532")
    assert torn.summary["refused_by_code"]["touch-again"] > 50
    hold(cli.json(torn.rides), torn)
    assert sorted(row["amount"] for row in torn.rows) == sorted(row["amount"] for row in replayed.rows)


def test_a_replays_rides_as_parquet(cli: Cli, replayed: Replayed) -> None:
    again = replay(cli.folder, "image", "rides.parquet")
    found = cli.json(again.rides, "--out", cli.folder / "rides.csv")
    hold(found, again)
    with (cli.folder / "rides.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [{name: row[name] for name in ALL_COLUMNS} for row in rows] == replayed.rows
    schema = parquet.read_schema(again.rides)
    kinds = {name: str(schema.field(name).type) for name in COLUMNS}
    assert (kinds["service_date"], kinds["expires"], kinds["points_last_day"]) == ("date32[day]",) * 3
    assert (kinds["amount"], kinds["balance_before"], kinds["welfare_points"]) == ("int32",) * 3
    assert (kinds["trip_id_performed"], kinds["pass"], kinds["named"]) == ("string",) * 3


def test_rides_change_nothing_else_of_a_replay(
    replayed: Replayed, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = run(capsys, monkeypatch, *REPLAY, "--reader", "image")
    assert json.loads(ran.out)["summary"] == replayed.summary


def test_a_replay_says_where_its_rides_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rides.csv"
    args = ("sim", "replay", "--date", FRIDAY, "--reader", "image", "--quiet", "--rides", path)
    for language, what in (("en", "rides"), ("ja", "乗車記録")):
        said = run(capsys, monkeypatch, *args, "--lang", language).out
        rides = len(path.read_text("utf-8").splitlines()) - 1
        assert rides > 50 and said.endswith(f"\n  {what}: {path} · {rides}\n")


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("rides.txt", Exit.USAGE, "rides.txt: neither .csv nor .parquet; name the file by what it is to be"),
        ("rides.parquet", Exit.USAGE, "pyarrow is not installed; pip install 'farebox[bulk]'"),
    ],
)
def test_rides_that_can_not_be_written_are_told_before_the_day(
    name: str,
    code: Exit,
    says: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    ran = run(capsys, monkeypatch, *REPLAY, "--reader", "image", "--rides", tmp_path / name)
    assert (ran.code, ran.out) == (code, "")
    assert says in ran.err and list(tmp_path.iterdir()) == []


def test_csv_needs_no_more_than_a_plain_installation(
    tmp_path: Path, replayed: Replayed, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("numpy", "pyarrow"):
        monkeypatch.setitem(sys.modules, name, None)
    for name in [name for name in sys.modules if name.startswith(("tools.replay_command", "tools.tariff"))]:
        monkeypatch.delitem(sys.modules, name)
    again = replay(tmp_path, "image")
    assert again.rides.read_bytes() == replayed.rides.read_bytes()


def test_a_folder_that_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = run(capsys, monkeypatch, *REPLAY, "--reader", "image", "--rides", tmp_path / "no" / "rides.csv")
    assert ran.code == Exit.IO and "no/rides.csv: No such file" in ran.err


@pytest.mark.parametrize(
    ("party", "trip_id", "due_yen"),
    [
        (Party(RiderClass.CHILD), TRIP, 250),
        (Party(companions=(RiderClass.ADULT, RiderClass.CHILD)), TRIP, 1_250),
        (Party(family=(RiderClass.CHILD,)), TRIP, 750),
        (Party(attendants=(Attendant(Handbook.PHYSICAL_2, of_child=True),)), LOOP_TRIP, 320),
        (Party(luggage=(Piece(12_000, 20_000, 900), Piece(1, 1, 1))), LOOP_TRIP, 320),
    ],
)
def test_gen_18_who_rode_along_is_kept(cli: Cli, party: Party, trip_id: str, due_yen: int) -> None:
    """A party as a driver keys it, on a ride from the first stop to the last."""
    at = service(trip_id, FRIDAY)
    at = at._replace(stop_index=at.table.size - 1)
    judged = judge_alighting(Account(at.rulebook.scheme, 5_000), at, at.began_s, Keyed(boarded=0), party)
    assert isinstance(judged, Alight)
    row = Recorder(DUTY.feed, FRIDAY).row(SettledRide(DUTY.feed.trips[trip_id], at, party, judged, at.began_s))
    assert row["amount"] == due_yen
    found = cli.json(cli.write(row))
    assert (found["due_yen"], found["difference_yen"], found["refused"]) == (due_yen, 0, [])
    alone = cli.json(cli.write({name: value for name, value in row.items() if name != "party"}))
    assert alone["difference_yen"] != 0


def test_what_a_card_held_is_kept() -> None:
    """Every column that a card can fill, filled."""
    at = service(TRIP, FRIDAY)._replace(stop_index=4)
    ends = Section(stop_number(STOPS[0]), stop_number(STOPS[2]), True, 400)
    card = Account(
        "lococa",
        5_000,
        HolderKind.CHILD,
        ride=RideMark(RideState.OPEN, FRIDAY, at.trip_number, 1, at.company),
        named=True,
        expires=date(2027, 3, 31),
        held_pass=Pass(1, 0, date(2026, 11, 1), date(2026, 11, 30), False, (ends,)),
        auto_charge=AutoCharge(1_000, 3_000, 4_000, 9_000),
        auto_charged=AutoCharged(FRIDAY, 3_000, 6_000),
        coupons=Coupons(100, 200, 300),
        points=Points(40, date(2026, 10, 1)),
        welfare_points=50,
    )
    judged = judge_alighting(card, at, at.began_s + 86_400)
    assert isinstance(judged, Alight)
    row = Recorder(DUTY.feed, FRIDAY).row(SettledRide(DUTY.feed.trips[TRIP], at, HOLDER_ALONE, judged, at.began_s))
    assert set(COLUMNS) - set(row) == {"party"}
    assert row == {
        "trip_id_performed": TRIP,
        "service_date": FRIDAY,
        "boarded_place": 1,
        "alighted_place": 4,
        "boarded_on": FRIDAY,
        "alighted_on": SATURDAY,
        "amount": judged.settlement.due_yen,
        "currency_type": "JPY",
        "rider_category": "child",
        "payment": "card",
        "balance_before": 5_000,
        "regular_yen": 100,
        "student_yen": 200,
        "eco_yen": 300,
        "transport_points": 40,
        "points_last_day": date(2026, 10, 1),
        "welfare_points": 50,
        "scheme": "lococa",
        "named": "true",
        "expires": date(2027, 3, 31),
        "pass": row["pass"],
        "auto_charge": row["auto_charge"],
    }
    assert json.loads(str(row["pass"])) == {
        "product": "commuter",
        "company": 0,
        "first_day": "2026-11-01",
        "last_day": "2026-11-30",
        "sections": [{"from": STOPS[0], "to": STOPS[2], "one_way": True, "fare_yen": 400}],
    }
    assert json.loads(str(row["auto_charge"])) == {
        "trigger_yen": 1_000,
        "amount_yen": 3_000,
        "day_cap_yen": 4_000,
        "month_cap_yen": 9_000,
        "charged": {"day": "2026-11-20", "day_yen": 3_000, "month_yen": 6_000},
    }


def test_what_is_written_can_be_read_again(cli: Cli, replayed: Replayed) -> None:
    first = cli.json(replayed.rides, "--out", cli.folder / "priced.parquet")
    again = cli.json(cli.folder / "priced.parquet", "--out", cli.folder / "again.csv")
    assert again["unused_columns"] == ["due_yen", "refusal"]
    for key in ("due_yen", "by_company", "by_product", "by_purse", "auto_charged_yen"):
        assert again[key] == first[key]
    with (cli.folder / "again.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["due_yen"] for row in rows] == [row["amount"] for row in replayed.rows]
    assert {row["refusal"] for row in rows} == {""}
    assert list(rows[0])[: len(COLUMNS)] == list(COLUMNS)


# -- columns


@pytest.mark.parametrize(
    ("row", "due_yen"),
    [
        (ride(), 500),
        (ride(0, 1), 300),
        (ride(rider_category="child"), 250),
        (ride(rider_category="disabled-child"), 130),
        (ride(balance_before=5_000), 500),
        (ride(balance_before=5_000, payment="part-cash"), 500),
        (ride(payment="all-cash"), 500),
        (ride() | {"balance_before": 5_000, "pass": json.dumps(PASS)}, 250),
        (ride() | {"service_date": SATURDAY, "balance_before": 5_000, "pass": json.dumps(PASS)}, 100),
        (ride() | {"boarded_on": SATURDAY, "balance_before": 5_000, "pass": json.dumps(PASS)}, 100),
        (ride() | {"boarded_on": "2026-12-01", "balance_before": 5_000, "pass": json.dumps(PASS)}, 500),
        (ride(balance_before=5_000, party='{"companions": ["adult", "child"]}'), 1_250),
        (ride(balance_before=5_000, party='{"holder": "child"}'), 250),
        (ride(balance_before=5_000, scheme="suica"), 500),
    ],
)
def test_what_a_row_comes_to(cli: Cli, row: dict[str, object], due_yen: int) -> None:
    found = cli.json(cli.write(row))
    assert (found["due_yen"], found["refused"]) == (due_yen, [])


@pytest.mark.parametrize(
    ("row", "code", "rule"),
    [
        (ride(balance_before=499), "short", "GEN-10"),
        (ride(balance_before=0, payment="card"), "short", "GEN-10"),
        (ride(balance_before=5_000, scheme="elsewhere"), "foreign-card", "GEN-21"),
        (ride(balance_before=5_000, expires="2026-11-19"), "expired-card", "GEN-11"),
        (
            ride(balance_before=5_000, rider_category="child", party='{"companions": ["child"]}'),
            "holder-only",
            "GEN-18",
        ),
    ],
)
def test_refusals_are_counted_and_named(cli: Cli, row: dict[str, object], code: str, rule: str) -> None:
    found = cli.json(cli.write(ride(balance_before=5_000, amount=510), row | {"amount": 400}))
    (refused,) = found["refused"]
    assert (refused["code"], refused["rule"], refused["rides"], refused["first_row"]) == (code, rule, 1, 3)
    assert (found["due_yen"], found["amount_yen"], found["compared"], found["difference_yen"]) == (500, 910, 1, -10)
    assert (found["cheaper"], found["dearer"]) == (1, 0)


def test_rides_without_cards_go_by_the_table(cli: Cli) -> None:
    paths = cli.json(cli.write(ride(), ride(0, 1)))["paths"]
    assert {one["path"]: one["rides"] for one in paths} == {"od": 2, "vectorised": 0, "settled": 0}
    assert paths[0]["rides_s"] > 0


def test_aut_2_an_arrangement(cli: Cli) -> None:
    arranged = {"trigger_yen": 1_000, "amount_yen": 3_000, "day_cap_yen": 3_000, "month_cap_yen": 9_000}
    charged = {"day": "2026-11-20", "day_yen": 3_000, "month_yen": 3_000}
    aizu = ride(0, 1, trip_id_performed=LOOP_TRIP, balance_before=500)
    with_caps = [arranged, arranged | {"charged": charged}]
    found = cli.json(cli.write(*(aizu | {"auto_charge": json.dumps(one)} for one in with_caps)))
    assert (found["auto_charged_yen"], found["refused"]) == (3_000, [])


def test_nor_3_purses(cli: Cli) -> None:
    row = ride(scheme="noruca", regular_yen=100, student_yen=150, eco_yen=1_000)
    eleventh = row | {"service_date": "2026-12-11", "boarded_on": "2026-12-11"}
    found = cli.json(cli.write(row | {"regular_yen": 400}, eleventh), "--operator", "noruca")
    assert found["by_purse"] == {"eco": 500, "student": 150, "regular": 350, "cash": 0}
    assert found["refused"] == []


def test_igp_5_points(cli: Cli) -> None:
    row = ride(balance_before=1_000, transport_points=600, points_last_day=FRIDAY)
    found = cli.json(cli.write(row, row | {"transport_points": 499}), "--operator", "iwate-green-pass")
    assert {name: yen for name, yen in found["by_purse"].items() if yen} == {
        "transport-points": 500,
        "stored-fare": 500,
    }


def test_empty_fields_are_no_values(cli: Cli) -> None:
    full = ride(balance_before=5_000, rider_category="child", amount=100, expires="2027-03-31")
    full |= {"pass": json.dumps(PASS)}
    bare = ride(balance_before="NA", rider_category="", expires="NaN", amount="")
    found = cli.json(cli.write(full, bare))
    assert (found["due_yen"], found["amount_yen"], found["compared"]) == (130 + 500, 100, 1)
    assert found["by_purse"] == {"stored-fare": 130, "cash": 500}


def test_gen_5_days_by_the_timetable(cli: Cli) -> None:
    """A trip over midnight: who boards before it rides on Friday, who boards after it on Saturday."""
    late = feed(cli.folder, "stop_times.txt", "HAKUHO-W10,23:58:00,23:58:00", "HAKUHO-W10,24:08:00,24:08:00")
    times = late / "stop_times.txt"
    times.write_text(times.read_text("utf-8").replace("HAKUHO-W10,23:52:00,23:52:00", "HAKUHO-W10,23:52:00,24:00:00"))
    row = ride(trip_id_performed="HAKUHO-W10", balance_before=5_000, expires=FRIDAY)
    found = cli.json(cli.write(row | {"boarded_place": 2}, row | {"boarded_place": 3}), "--feed", late)
    (refused,) = found["refused"]
    assert (refused["code"], refused["first_row"], refused["detail"]) == ("expired-card", 3, "2026-11-20")


def test_aut_3_the_day_of_alighting_by_the_timetable(cli: Cli) -> None:
    """Charged up to the day's cap on Friday: a ride that ends on Saturday is charged again."""
    arranged = {"trigger_yen": 1_000, "amount_yen": 3_000, "day_cap_yen": 3_000, "month_cap_yen": 9_000}
    charged = {"charged": {"day": str(FRIDAY), "day_yen": 3_000, "month_yen": 3_000}}
    row = ride(trip_id_performed="HAKUHO-W10", balance_before=900, auto_charge=json.dumps(arranged | charged))
    late = feed(cli.folder, "stop_times.txt", "HAKUHO-W10,23:58:00,23:58:00", "HAKUHO-W10,24:00:00,24:00:00")
    path = cli.write(row | {"scheme": "aizu-noruca"}, row | {"scheme": "aizu-noruca", "alighted_place": 3})
    found = cli.json(path, "--feed", late, "--operator", "aizu-noruca")
    assert found["auto_charged_yen"] == 3_000
    path = cli.write(row | {"scheme": "aizu-noruca", "alighted_on": FRIDAY})
    assert cli.json(path, "--feed", late, "--operator", "aizu-noruca")["auto_charged_yen"] == 0


def test_numbers_of_parquet_need_be_no_text(cli: Cli) -> None:
    columns: dict[str, Any] = {
        "trip_id_performed": [TRIP, TRIP],
        "service_date": [FRIDAY, SATURDAY],
        "boarded_place": pa.array([0, 0], pa.int8()),
        "alighted_place": pa.array([1, 4], pa.uint16()),
        "amount": pa.array([300.0, None], pa.float64()),
        "balance_before": pa.array([300, 499], pa.int64()),
        "named": [True, False],
    }
    path = cli.folder / "rides.parquet"
    parquet.write_table(pa.table(columns), path)
    found = cli.json(path, "--out", cli.folder / "out.parquet")
    assert (found["due_yen"], found["difference_yen"]) == (300, 0)
    assert found["refused"][0]["first_row"] == 2
    written = parquet.read_table(cli.folder / "out.parquet")
    assert written["due_yen"].to_pylist() == [300, None]
    assert written["refusal"].to_pylist() == [None, "short"]
    assert written.schema.field("due_yen").type == pa.int64()


def test_columns_that_are_not_looked_at_are_told_and_kept(cli: Cli) -> None:
    path = cli.write(ride(balence_before=5, bus="V1"))
    assert cli.json(path, "--out", cli.folder / "out.csv")["unused_columns"] == ["balence_before", "bus"]
    assert "V1" in (cli.folder / "out.csv").read_text("utf-8")
    assert "columns not looked at: balence_before, bus" in cli.run(path, "--lang", "en").out


# -- what people see


def test_the_report_in_english_and_japanese(cli: Cli) -> None:
    path = cli.write(ride(amount=450, balance_before=5_000), ride(balance_before=0, amount=500))
    english = cli.run(path, "--lang", "en").out
    for words in (
        "[simulated 模擬]",
        "taken then, yen",
        "+50",
        "short: short of stored fare: driver",
        "GEN-10",
        "stored fare",
    ):
        assert words in english
    japanese = cli.run(path, "--lang", "ja").out
    for words in ("【模擬】", "差額", "残額不足です", "1件ずつ精算" if "1件ずつ精算" in japanese else "表引き"):
        assert words in japanese


def test_columns_are_named(cli: Cli) -> None:
    ran = cli.run(Path("--columns"))
    assert ran.code == Exit.OK
    assert [line.split()[0] for line in ran.out.splitlines()] == list(COLUMNS)


# -- docs/tariff_commands.md

DOCS = Path(__file__).parents[2] / "docs"
_PAGE = (DOCS / "tariff_commands.md").read_text("utf-8")
SECTION = _PAGE[_PAGE.index("\n## Recorded rides\n") : _PAGE.index("\n## A batch of JSON lines\n")]


def test_the_page_runs_from_top_to_bottom(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder that has the shipped operator files, and those the page speaks of."""
    operators(tmp_path, lococa={"child_percent = 50": "child_percent = 60"}).rename(tmp_path / "new-operators")
    (tmp_path / "tariff").symlink_to(SHIPPED.parent)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    (block,) = re.findall(r"```shell\n(.+?)```", SECTION, re.DOTALL)
    assert len(block.splitlines()) >= 5
    for line in block.splitlines():
        ran = run(capsys, monkeypatch, *shlex.split(line)[1:])
        assert (ran.code, ran.err) == (Exit.OK, ""), line
    japanese = (DOCS / "tariff_commands.ja.md").read_text("utf-8")
    outputs = re.findall(r"<!-- rides: farebox (.+?) -->\n```text\n(.+?)```", SECTION + japanese, re.DOTALL)
    assert len(outputs) == 2 + 2
    for command, printed in outputs:
        ran = run(capsys, monkeypatch, *shlex.split(command))
        out = "".join(f"{line.rstrip()}\n" for line in ran.out.splitlines())
        parts = printed.split("...\n")
        assert out.startswith(parts[0]) and out.endswith(parts[-1])


def test_the_page_names_what_machines_are_told(cli: Cli) -> None:
    path = cli.write(ride())
    told = cli.json(path)
    diff = CliRunner().invoke(farebox, ["tariff", "diff", "--feed", "sample", "--rides", str(path), "--json"])
    line = json.loads(diff.stdout.splitlines()[-1])
    table = SECTION[SECTION.index("| `reprice` | `revenue` | |") :]
    first, second = (" ".join(row.split("|")[column] for row in table.splitlines() if "|" in row) for column in (1, 2))
    assert {name for name in told if f"`{name}`" not in table} == {"simulated"}
    assert {name for name in line if f"`{name}`" not in table} == {"kind", "simulated"}
    assert set(re.findall("`([a-z_]+)`", first)) <= {*told, "reprice"}
    assert set(re.findall("`([a-z_]+)`", second)) <= {*line, "revenue"}


# -- bad input: one line, with file, row, column and what to do


def lines_of_files() -> Iterator[tuple[str, str]]:
    needed = "trip_id_performed,service_date,boarded_place,alighted_place"
    good = f"{TRIP},2026-11-20,0,4"
    yield "", "Empty CSV file; mend the file"
    yield needed + "\n", "no rides; a row is one ride"
    yield f"{needed}\n{good}\n{good},5", "Expected 4 columns, got 5"
    yield f"{needed}\n{good}\nX,2026-11-20,0,4", "row 3, column trip_id_performed: 'X' is unknown; there is HAKUHO-W01"
    yield f"{needed}\n{TRIP},2026-02-30,0,4", "row 2, column service_date: '2026-02-30' is not a day like 2026-11-20"
    yield f"{needed}\n{TRIP},2013-11-20,0,4", "row 2, column service_date: 2013-11-20: no operator file names agency"
    yield f"{needed}\n{TRIP},2026-11-20,,4", "row 2, column boarded_place: no value; where it was boarded"
    yield f"{needed}\n{TRIP},2026-11-20,4,4", "row 2, column boarded_place: no ride from 4 to 4 on a trip of 5 stops"
    yield f"{needed}\n{TRIP},2026-11-20,0,5", "row 2, column alighted_place: no ride from 0 to 5 on a trip of 5 stops"
    yield f"{needed}\n{TRIP},2026-11-20,-1,4", "column boarded_place: '-1' is not a whole number from 0 to 10,000,000"
    yield f"trip_id_performed\n{TRIP}", "column service_date is missing: the service day"
    yield f"{needed},amount,amount\n{good},1,1", "column amount is there twice; keep one of them"
    yield f"{needed},amount\n{good},1.5", "column amount: '1.5' is not a whole number"
    yield f"{needed},amount\n{good},99999999999999999999999", "column amount: '99999999999999999999999' is not a whole"
    yield f"{needed},amount,currency_type\n{good},5,USD", "row 2, column currency_type: only JPY is compared"
    yield f"{needed},named\n{good},yes", "row 2, column named: 'yes' is not true or false"
    yield f"{needed},rider_category\n{good},adlut", "column rider_category: 'adlut' is unknown; did you mean adult"
    yield f"{needed},payment\n{good},card", "column payment: paid by card, and no money is known; give balance_before"
    yield f"{needed},transport_points\n{good},5", "column points_last_day: no value, and there are transport_points"
    yield f"{needed},pass\n{good},{{}}", "row 2, column pass: product: is missing"
    yield f"{needed},pass\n{good},{{", "row 2, column pass: not JSON at character 2"
    yield f'{needed},party\n{good},"{{""companions_born"":[""2020-01-01""]}}"', "column party: companions_born: dates"
    yield (
        f'{needed},pass\n{good},"{json.dumps(PASS | {"product": "commuterr"}).replace(chr(34), chr(34) * 2)}"',
        "row 2, column pass: product: no product commuterr; did you mean commuter?",
    )


@pytest.mark.parametrize(("text", "says"), list(lines_of_files()))
def test_a_file_that_is_none(cli: Cli, text: str, says: str) -> None:
    path = cli.folder / "rides.csv"
    path.write_text(text, "utf-8")
    ran = cli.run(path)
    assert (ran.code, ran.out) == (Exit.CONFIGURATION, "")
    (line,) = ran.err.splitlines()
    assert line.startswith(f"farebox: {path}: ") and says in line


def test_a_column_whose_name_is_not_utf_8(cli: Cli) -> None:
    path = cli.folder / "rides.csv"
    path.write_bytes("便,service_date\nX,2026-11-20\n".encode("cp932"))
    ran = cli.run(path)
    assert (ran.code, ran.out) == (Exit.CONFIGURATION, "")
    assert ran.err == f"farebox: {path}: a column's name is not UTF-8; save the file as UTF-8\n"


_NOT_UTF_8 = pa.array([b"HAKUHO-\xee"]).view(pa.string())


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"trip_id_performed": _NOT_UTF_8}, "Invalid UTF8 sequence"),
        (
            {"service_date": pa.array([1_996_509_481], pa.date32())},
            "row 1, column service_date: 'date32[day] 1996509481'",
        ),
        ({"service_date": pa.array([2**62], pa.timestamp("ns", "Foo/Bar"))}, "row 1, column service_date: 'timestamp["),
        ({"party": [["child"]]}, "column party holds list<"),
    ],
)
def test_parquet_that_holds_what_no_ride_has(cli: Cli, changed: dict[str, Any], says: str) -> None:
    columns = {"trip_id_performed": [TRIP], "service_date": [FRIDAY], "boarded_place": [0], "alighted_place": [4]}
    path = cli.folder / "rides.parquet"
    parquet.write_table(pa.table(columns | changed), path)
    ran = cli.run(path)
    assert (ran.code, ran.out) == (Exit.CONFIGURATION, "")
    assert ran.err.startswith(f"farebox: {path}: ") and says in ran.err and len(ran.err.splitlines()) == 1


def test_parquet_with_a_damaged_footer_is_named(cli: Cli) -> None:
    path = cli.folder / "rides.parquet"
    parquet.write_table(pa.table({"trip_id_performed": [TRIP]}), path)
    data = bytearray(path.read_bytes())
    data[-8 - int.from_bytes(data[-8:-4], "little")] = 0xFF
    path.write_bytes(data)
    ran = cli.run(path)
    assert (ran.code, ran.out) == (Exit.CONFIGURATION, "")
    assert ran.err.startswith(f"farebox: {path}: ") and ran.err.endswith("; mend the file\n")


def test_parquet_of_very_many_rows_is_not_unpacked(cli: Cli) -> None:
    path = cli.folder / "rides.parquet"
    parquet.write_table(pa.table({"trip_id_performed": pa.nulls(20_000_001)}), path)
    ran = cli.run(path)
    assert (ran.code, ran.out) == (Exit.CONFIGURATION, "")
    assert "20,000,001 rows, at most 20,000,000; split it" in ran.err


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("no.csv", Exit.IO, "No such file or directory"),
        ("rides.xlsx", Exit.CONFIGURATION, "neither .csv nor .parquet"),
        ("broken.parquet", Exit.CONFIGURATION, "mend the file"),
    ],
)
def test_a_path_that_is_none(cli: Cli, name: str, code: Exit, says: str) -> None:
    (cli.folder / "broken.parquet").write_bytes(b"PAR1 no more")
    ran = cli.run(cli.folder / name)
    assert ran.code == code and says in ran.err and len(ran.err.splitlines()) == 1


def test_an_output_of_no_kind(cli: Cli) -> None:
    ran = cli.run(cli.write(ride()), "--out", cli.folder / "out.txt")
    assert (ran.code, ran.out) == (Exit.CONFIGURATION, "")
    assert "neither .csv nor .parquet" in ran.err and not (cli.folder / "out.txt").exists()


def test_what_is_not_installed_is_named(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("rides", "repricing"):
        monkeypatch.delitem(sys.modules, f"tools.tariff.{name}")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    ran = cli.run(cli.folder / "rides.csv")
    assert ran.code == Exit.USAGE
    assert "pyarrow is not installed; pip install 'farebox[bulk]'" in ran.err


# -- the clock of paths


def test_a_paths_rate_is_its_rides_by_its_own_time() -> None:
    ticks = iter([0.0, 2.0, 5.0, 100.0, 101.0])
    clock = PathClock(lambda: next(ticks))
    clock(Way.OD, 10)
    clock(Way.SETTLED, 3)
    clock.restart()
    clock(Way.OD, 20)
    assert [clock.rides_s(way) for way in Way] == [10, 0, 1]
