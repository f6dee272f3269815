"""A replayed day's report: its figures are the run's own sums, and its page needs nothing from outside."""

import csv
import io
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from farebox.formats.tides import COLUMNS
from farebox.words import Language
from sim.report.charts import charts_of
from sim.report.figures import Figures, Run, figures_of, read_run
from sim.report.page import page_of
from sim.report.pictures import png_of
from sim.report.tables import csv_of
from sim.report.tides import package_of
from sim.report.what_if import Both, side_by_side
from tests.tools.cli import run as run_cli
from tools.cli import farebox
from tools.exits import Exit
from tools.feeds import feed_path

REPLAY = ("sim", "replay", "--feed", "sample", "--date", "2026-11-21", "--seed", "7", "--quiet", "--reader")


def replayed(path: Path, *args: object) -> Run:
    ran = CliRunner().invoke(farebox, [*map(str, (*REPLAY, *args)), "--out", str(path)])
    assert ran.exit_code == Exit.OK, ran.output
    return read_run(path)


@pytest.fixture(scope="module")
def torn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A day on which cards are withdrawn, so that some writes are confirmed by a later tap only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sim.demand.WITHDRAWS", 0.3)
        yield replayed(tmp_path_factory.mktemp("torn") / "run", "pn532", "--riders", 14)


@pytest.fixture(scope="module")
def figures(torn: Run) -> Figures:
    return figures_of(torn)


def test_the_figures_add_up_to_the_runs_totals(torn: Run, figures: Figures) -> None:
    ledger = torn.summary["ledger"]
    assert sum(one.boardings for one in figures.quarters) == ledger["boardings"]
    assert sum(one.alightings for one in figures.quarters) == ledger["alightings"]
    assert sum(one.boardings for one in figures.loads) == sum(one.alightings for one in figures.loads)
    assert sum(one.alightings for one in figures.loads) == ledger["alightings"]
    assert sum(one.rides for one in figures.pairs) == sum(one.rides for one in figures.patterns) == ledger["alightings"]
    for parts in (figures.pairs, figures.by_operator, figures.by_product, figures.by_purse):
        assert sum(one.yen for one in parts) == ledger["fares_yen"]
    assert dict(figures.refused) == torn.summary["refused_by_code"]
    assert sum(one.taps for one in figures.took) == figures.taps == len(torn.tables["taps"]["at_s"])


def test_a_quarter_is_of_the_clock_and_after_midnight_the_day_goes_on(tmp_path: Path) -> None:
    run = replayed(tmp_path / "run", "image", "--date", "2026-11-20")
    boarded, settled = Counter[int](), Counter[int]()
    japan, midnight = timezone(timedelta(hours=9)), datetime.fromisoformat("2026-11-20T00:00:00+09:00")
    for at_s, outcome in run.rows("taps", "at_s", "outcome"):
        since = datetime.fromtimestamp(at_s, japan) - midnight
        boarded[int(since.total_seconds() // 60) // 15 * 15] += outcome == "boarded"
    for (at,) in run.rows("rides", "event_timestamp"):
        day, _, clock = at.partition("T")
        hours = int(clock[:2]) + (24 if day == "2026-11-21" else 0)
        settled[hours * 60 + int(clock[3:5]) // 15 * 15] += 1
    for which, counted in (("boardings", boarded), ("alightings", settled)):
        told = Counter[int]()
        for one in figures_of(run).quarters:
            told[one.minute] += getattr(one, which)
        assert +told == +counted
    assert max(settled) >= 24 * 60


def test_times_that_no_tap_took_have_their_place_too(torn: Run) -> None:
    first, *others = torn.summary["by_vehicle"]
    slow = {**first, "took": {"7": 5, "10": 1}}
    summary = {**torn.summary, "by_vehicle": [slow, *({**other, "took": {}} for other in others)]}
    took = figures_of(torn._replace(summary=summary)).took
    assert took == ((64, 128, 5), (128, 256, 0), (256, 512, 0), (512, 1_024, 1))
    nobody = {**summary, "by_vehicle": [{**first, "took": {}}]}
    assert figures_of(torn._replace(summary=nobody)).took == ()


def test_torn_taps_and_what_was_confirmed_later_are_counted(figures: Figures) -> None:
    assert figures.torn == dict(figures.refused)["touch-again"] > figures.confirmed > 0


def test_a_trip_ends_empty_and_never_holds_fewer_than_nobody(figures: Figures) -> None:
    by_trip = {one.trip_id: one.aboard for one in figures.loads}
    assert set(by_trip.values()) == {0}
    assert min(one.aboard for one in figures.loads) == 0 < max(one.aboard for one in figures.loads)


def test_companions_are_in_the_load_and_get_off_with_their_card(torn: Run, figures: Figures) -> None:
    """Nobody has any in a replay by chance; a file of rides may."""
    rides = torn.tables["rides"]
    families = torn._replace(tables={**torn.tables, "rides": {**rides, "num_riders": [3 for _ in rides["num_riders"]]}})
    many = figures_of(families)
    counted = [(one.boardings, one.alightings, one.aboard) for one in many.loads]
    assert counted == [(3 * one.boardings, 3 * one.alightings, 3 * one.aboard) for one in figures.loads]
    assert sum(one.rides for one in many.pairs) == sum(one.rides for one in figures.pairs)


def test_a_loop_keeps_its_two_visits_of_a_stop_apart(torn: Run, figures: Figures) -> None:
    trip_id = next(key for key in torn.network["trips"] if key.startswith("HAIKARA"))
    places = [one.place for one in figures.loads if one.trip_id == trip_id]
    stops = [one.stop for one in figures.loads if one.trip_id == trip_id]
    assert places == list(range(len(stops))) and stops[0] == stops[-1]


class Loaded(HTMLParser):
    """Whatever a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.policy = ""
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.fetched += [f"{tag} {name}" for name in ("src", "href", "data", "poster", "srcset") if name in given]
        self.ids += [given["id"] or ""] if "id" in given else []
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"] or ""


@pytest.mark.parametrize("language", list(Language))
def test_the_page_holds_all_that_it_shows(figures: Figures, language: Language) -> None:
    page = page_of(figures, language)
    loaded = Loaded()
    loaded.feed(page)
    assert loaded.fetched == [] and "default-src 'none'" in loaded.policy
    (style,) = re.findall(r"<style>(.+?)</style>", page, re.DOTALL)
    assert "url(" not in style and "@import" not in style
    (specs,) = re.findall(r'id="specs">(.+?)</script>', page, re.DOTALL)
    charts: dict[str, Any] = json.loads(specs)
    assert set(charts) == set(charts_of(figures, language)) == set(loaded.ids) - {"specs", "count"}
    assert "http" not in specs
    assert ("模擬" in page) and ("一致しました" in page) is (language is Language.JA)
    assert "image" not in page.partition("<script")[0]  # said of a reader without radio alone


def test_a_city_shows_its_most_used_lines(figures: Figures, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of all of them would be too large to open."""
    most = figures.patterns[0]
    monkeypatch.setattr("sim.report.charts._MOST_SQUARES", len(most.stops) * most.trips + 1)
    shown = {row["line"] for row in charts_of(figures, Language.EN)["load"]["datasets"]["rows"]}
    assert len(shown) == 1 and shown.pop().endswith(f"({most.pattern_id})")
    assert len({row.pattern_id for row in figures.loads}) > 1


def test_a_name_that_looks_like_markup_stays_a_name(figures: Figures) -> None:
    evil = "</script><script>alert(1)</script>"
    renamed = figures._replace(
        asked={**figures.asked, "feed": evil},
        by_operator=(figures.by_operator[0]._replace(name=evil),),
        patterns=tuple(one._replace(route=evil) for one in figures.patterns),
        pairs=(),
    )
    page = page_of(renamed, Language.EN)
    assert evil not in page and "alert(1)" in page


def test_a_day_without_passengers_has_a_page_too(tmp_path: Path) -> None:
    empty = figures_of(replayed(tmp_path / "run", "image", "--riders", 0))
    page = page_of(empty, Language.EN)
    assert "None." in page and "reconciles" in page
    assert "The reader was `image`, without radio" in page
    assert set(charts_of(empty, Language.EN)) == {"load"}


def test_a_run_that_does_not_reconcile_says_so(figures: Figures) -> None:
    broken = figures._replace(summary={**figures.summary, "reconciles": False, "problems": ["1 yen <lost>"]})
    page = page_of(broken, Language.JA)
    assert "一致しません" in page and "1 yen &lt;lost&gt;" in page


def test_a_run_kept_as_csv_has_the_same_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = figures_of(replayed(tmp_path / "parquet", "image"))
    monkeypatch.setattr(import_module("tools.replay_command"), "best_suffix", lambda: ".csv")
    plain = figures_of(replayed(tmp_path / "csv", "image"))
    assert plain._replace(asked={}, summary={}, took=()) == kept._replace(asked={}, summary={}, took=())
    assert (plain.asked["suffix"], kept.asked["suffix"]) == (".csv", ".parquet")


def test_points_and_coupons_are_told_apart_from_the_yen_on_cards(tmp_path: Path) -> None:
    run = replayed(tmp_path / "run", "image", "--operator", "iwate-green-pass")
    page = page_of(figures_of(run), Language.EN)
    points = [run.summary[side]["points"] for side in ("on_cards", "opening")]
    told = re.findall(r"of it points, a point as a yen</td><td class=number>([\d,]+)</td>", page)
    assert [int(yen.replace(",", "")) for yen in told] == points and all(points)
    assert "of it coupons" not in page


def test_the_tables_are_the_figures(figures: Figures) -> None:
    files = csv_of(figures)
    assert set(files) == {f"{name}.csv" for name in figures.tables}
    rows = list(csv.DictReader(io.StringIO(files["revenue_by_purse.csv"].decode())))
    assert [(row["name"], int(row["yen"])) for row in rows] == [(one.name, one.yen) for one in figures.by_purse]


def test_two_tariffs_stand_side_by_side_by_name_the_largest_first() -> None:
    both = side_by_side({"a": 1, "b": 5}, {"b": 3, "c": 9})
    assert both == (Both("c", 0, 9), Both("b", 5, 3), Both("a", 1, 0))


def test_a_chart_is_a_picture(figures: Figures) -> None:
    assert png_of(charts_of(figures, Language.JA)["refusals"]).startswith(b"\x89PNG")


class TestTides:
    """The data package."""

    REQUIRED = {  # noqa: RUF012
        "fare_transactions": "transaction_id service_date event_timestamp amount fare_action fare_capped",
        "passenger_events": "passenger_event_id service_date event_timestamp trip_stop_sequence event_type vehicle_id",
        "stop_visits": "service_date trip_id_performed trip_stop_sequence",
        "trips_performed": "service_date trip_id_performed vehicle_id",
        "vehicles": "vehicle_id",
        "devices": "device_id",
    }
    """What TIDES' schemas of these tables need."""

    def tables(self, torn: Run) -> dict[str, list[dict[str, str]]]:
        files = package_of(torn)
        names = [name.removesuffix(".csv") for name in files if name.endswith(".csv")]
        return {name: list(csv.DictReader(io.StringIO(files[f"{name}.csv"].decode()))) for name in names}

    def test_every_needed_column_has_a_value_and_every_key_is_there_once(self, torn: Run) -> None:
        tables = self.tables(torn)
        assert set(tables) == set(self.REQUIRED)
        for name, columns in self.REQUIRED.items():
            assert tables[name]
            for row in tables[name]:
                assert all(row[column] for column in columns.split()), (name, row)
        for name, key in (("fare_transactions", "transaction_id"), ("passenger_events", "passenger_event_id")):
            assert max(Counter(row[key] for row in tables[name]).values()) == 1

    def test_its_sums_are_the_runs(self, torn: Run) -> None:
        tables, ledger = self.tables(torn), torn.summary["ledger"]
        assert sum(int(row["amount"]) for row in tables["fare_transactions"]) == ledger["fares_yen"]
        assert sum(int(row["revenue"]) for row in tables["stop_visits"]) == ledger["fares_yen"]
        actions = Counter(row["fare_action"] for row in tables["fare_transactions"])
        assert actions == {"Enter": ledger["boardings"], "Exit": ledger["alightings"]}
        assert len(tables["trips_performed"]) == torn.summary["trips"]
        loads = {(one.trip_id, one.place + 1): one.aboard for one in figures_of(torn).loads}
        visits = {(row["trip_id_performed"], int(row["trip_stop_sequence"])): row for row in tables["stop_visits"]}
        assert {key: int(row["departure_load"]) for key, row in visits.items()} == loads
        assert any(loads.values())

    def test_a_trip_is_from_leaving_its_first_stop_until_it_comes_to_its_last(self, torn: Run) -> None:
        tables = self.tables(torn)
        visits: dict[str, list[dict[str, str]]] = {}
        for row in tables["stop_visits"]:
            visits.setdefault(row["trip_id_performed"], []).append(row)
        assert any(int(row["dwell"]) for row in tables["stop_visits"])
        for trip in tables["trips_performed"]:
            first, *_, last = visits[trip["trip_id_performed"]]
            assert trip["actual_trip_start"] == first["actual_departure_time"]
            assert trip["actual_trip_end"] == last["actual_arrival_time"]

    def test_the_package_describes_its_files(self, torn: Run) -> None:
        files = package_of(torn)
        for name, columns in COLUMNS.items():
            assert files[f"{name}.csv"].decode().partition("\n")[0] == ",".join(columns)
        found = json.loads(files["datapackage.json"])
        assert {one["path"] for one in found["resources"]} == set(files) - {"datapackage.json"}
        assert "simulated" in found["description"].lower() and found["title"]


class TestCommand:
    """`farebox sim report`."""

    def test_it_writes_what_it_is_asked_for(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "run"
        replayed(path, "image")
        more = ("--png", tmp_path / "png", "--csv", tmp_path / "csv", "--tides", tmp_path / "tides", "--json")
        ran = run_cli(capsys, monkeypatch, "sim", "report", path, *more)
        assert (ran.code, ran.err) == (Exit.OK, "")
        written = [Path(name) for name in json.loads(ran.out)["files"]]
        assert written[0] == path / "report.html" and all(name.is_file() for name in written)
        assert {name.suffix for name in written} == {".html", ".png", ".csv", ".json"}

    def test_the_same_rides_under_two_tariffs_stand_side_by_side(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """LOCOCA's children pay 60 percent instead of 50; nothing else changes."""
        path = tmp_path / "run"
        run = replayed(path, "image", "--riders", 12)
        rules = tmp_path / "dearer"
        for file in (Path(__file__).parents[3] / "tariff" / "operators").rglob("*.toml"):
            copy = rules / file.parent.name / file.name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(file.read_text("utf-8").replace("child_percent = 50  ", "child_percent = 60  "), "utf-8")
        ran = run_cli(capsys, monkeypatch, "sim", "report", path, "--what-if", rules, "--lang", "en")
        assert (ran.code, ran.err) == (Exit.OK, "")
        page = (path / "report.html").read_text("utf-8")
        number = r"<td class=number>([\d,]+)</td>"
        (told,) = re.findall(f"fares, yen</td>{number * 3}", page)
        old, new, more = (int(yen.replace(",", "")) for yen in told)
        assert old == run.summary["ledger"]["fares_yen"] and new - old == more > 0
        assert "id=what_if_by_purse" in page and re.search(r"[1-9]\d* are dearer and 0 cheaper", page)

    def test_what_held_is_the_edition_that_was_replayed_on_or_nothing_is_compared(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        feed, moved, rules = tmp_path / "feed", tmp_path / "moved", Path(__file__).parents[3] / "tariff" / "operators"
        shutil.copytree(feed_path("sample"), feed)
        shutil.copytree(feed, moved)
        replayed(tmp_path / "run", "image", "--riders", 1, "--feed", feed)
        fares = feed / "fare_attributes.txt"
        fares.write_text(fares.read_text("utf-8").replace(",200,", ",210,"), "utf-8")
        ran = run_cli(capsys, monkeypatch, "sim", "report", tmp_path / "run", "--what-if", rules)
        assert ran.code == Exit.USAGE and f"{feed}: another edition than {tmp_path / 'run'} was replayed on" in ran.err
        ran = run_cli(capsys, monkeypatch, "sim", "report", tmp_path / "run", "--what-if", rules, "--feed", moved)
        assert (ran.code, ran.err) == (Exit.OK, "")
        asked = tmp_path / "run" / "run.json"
        asked.write_text(re.sub(r'"rules_sha256": "\w+"', '"rules_sha256": "00"', asked.read_text("utf-8")), "utf-8")
        ran = run_cli(capsys, monkeypatch, "sim", "report", tmp_path / "run", "--what-if", rules, "--feed", moved)
        assert ran.code == Exit.USAGE and "replayed under other operator files" in ran.err

    @pytest.mark.parametrize(
        ("args", "says"),
        [
            (
                ("--route", "白棚線"),
                "--feed sample --route HAKUHO --date 2026-11-21 --reader image --seed 7 --riders 6",
            ),
            (("--operator", "lococa"), "--date 2026-11-21 --reader image --operator lococa --seed 7 --riders 6"),
        ],
    )
    def test_the_page_tells_the_words_that_make_it_again(
        self, args: tuple[str, ...], says: str, tmp_path: Path
    ) -> None:
        page = page_of(figures_of(replayed(tmp_path / "run", "image", *args)), Language.EN)
        assert f"{says}</code>" in page

    @pytest.mark.parametrize(("name", "says"), [("nowhere", "no run; make one with"), (".", "no run; make one with")])
    def test_a_folder_that_is_no_run(
        self, name: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ran = run_cli(capsys, monkeypatch, "sim", "report", tmp_path / name)
        assert ran.code == Exit.IO and says in ran.err and len(ran.err.splitlines()) == 1

    @pytest.mark.parametrize(
        ("name", "data"),
        [
            ("rides.parquet", b"PAR1 no more"),
            ("taps.parquet", b""),
            ("summary.json", b"[1]"),
            ("summary.json", b'{"by_vehicle": [{"vehicle_id": "V001"}]}'),
            ("network.json", b"{"),
        ],
    )
    def test_a_damaged_run_is_named(
        self,
        name: str,
        data: bytes,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        replayed(tmp_path / "run", "image", "--riders", 1)
        (tmp_path / "run" / name).write_bytes(data)
        ran = run_cli(capsys, monkeypatch, "sim", "report", tmp_path / "run")
        assert ran.code == Exit.IO and "; remove the folder and replay it anew" in ran.err
        assert name in ran.err or "the count of a vehicle is damaged" in ran.err

    @pytest.mark.parametrize("name", ["rides.parquet", "V002.journal/00000001.segment"])
    def test_a_report_is_of_the_files_that_the_run_counted(
        self, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A page that says that it reconciles says it of these journals and of these rides."""
        replayed(tmp_path / "run", "image", "--riders", 1)
        path = tmp_path / "run" / name
        data = path.read_bytes()
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        ran = run_cli(capsys, monkeypatch, "sim", "report", tmp_path / "run")
        assert ran.code == Exit.IO and f"{path}: not as the run left it" in ran.err
        path.unlink()
        ran = run_cli(capsys, monkeypatch, "sim", "report", tmp_path / "run")
        assert ran.code == Exit.IO and f"{path}: not as the run left it" in ran.err

    def test_what_is_missing_is_named(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(__import__("sys").modules, "sim.report.charts", None)
        ran = run_cli(capsys, monkeypatch, "sim", "report", tmp_path)
        assert ran.code == Exit.USAGE and "pip install 'farebox[report]'" in ran.err
