"""`farebox tariff reprice`: files of rides in, what they come to out; and a replay's rides come to what was taken."""

import csv
import json
import sys
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from farebox.duty import Duty
from farebox.feed import load_feed
from farebox.feed.operators import load_operators
from farebox.machine import CompiledMachine
from sim.bench import ImageBench
from sim.replay import SeenTap, VehicleDay, fleet_for
from tariff.bulk import Path as Way
from tests.tools.cli import Ran, run
from tests.tools.tariff_files import feed
from tools.exits import Exit
from tools.options import feed_path
from tools.tariff.path_clock import PathClock
from tools.tariff.rides import COLUMNS, Recorder, write_rides

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


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    """The rides of a Saturday of the sample feed, both operators', as a bystander records them."""
    folder = tmp_path_factory.mktemp("journals")
    duty = Duty(load_feed(feed_path("sample")), load_operators())
    recorder = Recorder(duty.feed)
    rows: list[dict[str, object]] = []

    def seen(tap: SeenTap) -> None:
        row = recorder.row(tap.trip, SATURDAY, tap.result)
        if row is not None:
            rows.append(row)

    for vehicle in fleet_for(duty, SATURDAY):
        VehicleDay(
            duty, vehicle, SATURDAY, ImageBench(), folder, 7, seen, mean_riders=20, machine=CompiledMachine
        ).run()
    return rows


def test_a_replays_rides_come_to_what_was_taken(cli: Cli, replayed: list[dict[str, object]]) -> None:
    path = cli.folder / "rides.csv"
    write_rides(path, replayed)
    found = cli.json(path)
    taken = sum(int(str(row["amount"])) for row in replayed)
    assert len(replayed) > 100 and taken > 0
    assert {row["pass"] != "" for row in replayed if "pass" in row} == {True}
    assert (found["rides"], found["amount_yen"], found["due_yen"]) == (len(replayed), taken, taken)
    assert (found["difference_yen"], found["dearer"], found["cheaper"], found["refused"]) == (0, 0, 0, [])
    assert {book["operator"] for book in found["rules"]} == {"lococa", "aizu-noruca"}
    assert sum(book["rides"] for book in found["rules"]) == len(replayed)
    assert sum(one["yen"] for one in found["by_company"]) == taken
    assert sum(one["yen"] for one in found["by_product"]) == taken
    assert sum(found["by_purse"].values()) == taken
    assert sum(one["rides"] for one in found["paths"]) == len(replayed)
    assert found["unused_columns"] == []


def test_what_is_written_can_be_read_again(cli: Cli, replayed: list[dict[str, object]]) -> None:
    path = cli.folder / "rides.csv"
    write_rides(path, replayed)
    first = cli.json(path, "--out", cli.folder / "priced.parquet")
    again = cli.json(cli.folder / "priced.parquet", "--out", cli.folder / "again.csv")
    assert again["unused_columns"] == ["due_yen", "refusal"]
    for key in ("due_yen", "by_company", "by_product", "by_purse", "auto_charged_yen"):
        assert again[key] == first[key]
    with (cli.folder / "again.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["due_yen"] for row in rows] == [str(row["amount"]) for row in replayed]
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
    path = cli.write(ride(balence_before=5, vehicle_id="V1"))
    assert cli.json(path, "--out", cli.folder / "out.csv")["unused_columns"] == ["balence_before", "vehicle_id"]
    assert "V1" in (cli.folder / "out.csv").read_text("utf-8")
    assert "columns not looked at: balence_before, vehicle_id" in cli.run(path, "--lang", "en").out


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


# -- bad input: one line, with file, row, column and what to do


def lines_of_files() -> Iterator[tuple[str, str]]:
    needed = "trip_id_performed,service_date,boarded_place,alighted_place"
    good = f"{TRIP},2026-11-20,0,4"
    yield "", "Empty CSV file; mend the file"
    yield needed + "\n", "no rides; a row is one ride"
    yield f"{needed}\n{good}\n{good},5", "Expected 4 columns, got 5"
    yield f"{needed}\n{good}\nX,2026-11-20,0,4", "row 3, column trip_id_performed: 'X' is unknown; there is HAKUHO-W01"
    yield f"{needed}\n{TRIP},2026-02-30,0,4", "row 2, column service_date: '2026-02-30' is not a day like 2026-11-20"
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
    monkeypatch.delitem(sys.modules, "tools.tariff.rides")
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
