"""`farebox tariff check`: every problem of every file at once; every ride of a feed has a fare, or is named."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from farebox.feed.operators import load_operators
from tests.tools.cli import Ran, run
from tests.tools.tariff_cli import DAY
from tests.tools.tariff_files import branch, feed, operators
from tools.exits import Exit
from tools.tariff.check_command import FAILURES, Kind

Cli = Callable[..., Ran]
ON = ("--date", DAY)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return lambda *args: run(capsys, monkeypatch, "tariff", "check", *args)


def found(ran: Ran, kind: Kind) -> list[dict[str, Any]]:
    """The findings of a kind, of --json; without what all have."""
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert all(line.get("failed") is (line["kind"] in FAILURES) for line in lines[1:])
    common = {"kind", "rule", "failed"}
    return [{name: line[name] for name in line if name not in common} for line in lines if line["kind"] == kind]


def test_the_projects_own_files_and_the_sample_are_whole(cli: Cli) -> None:
    ran = cli("--feed", "sample", *ON, "--lang", "en")
    assert (ran.code, ran.err) == (Exit.OK, "")
    assert ran.out.startswith(f"set  {load_operators().digest.hex()}\n")
    assert "✓ nothing is wrong" in ran.out
    assert "GEN-4 pairs of stops with a fare\n    25 on 5 patterns" in ran.out
    assert "✓ 問題なし" in cli("--lang", "ja").out


def test_every_file_is_listed_with_its_hash_and_first_day(cli: Cli) -> None:
    ran = cli("--json")
    head = json.loads(ran.out.splitlines()[0])
    assert head["digest"] == load_operators().digest.hex()
    assert [(file["scheme"], file["effective"], file["digest"], file["products"]) for file in head["files"]] == [
        (book.scheme, "2016-01-01", book.digest.hex(), len(book.products)) for book in load_operators().rulebooks
    ]
    shown = cli("--lang", "en").out
    for book in load_operators().rulebooks:
        assert f"{book.digest.hex()[:16]}  from 2016-01-01  {len(book.products)} passes" in shown


def test_gen_17_what_is_not_configured_is_listed(cli: Cli, tmp_path: Path) -> None:
    keys = found(cli("--json"), Kind.NOT_CONFIGURED)
    assert {"file": "noruca/2016-01-01.toml", "key": "counter.deposit_yen"} in keys
    assert {"file": "noruca/2016-01-01.toml", "key": "products[noruca-65].scope"} in keys
    filled = operators(tmp_path, noruca={'deposit_yen = "not configured"': "deposit_yen = 500"})
    fewer = found(cli(filled, "--json"), Kind.NOT_CONFIGURED)
    assert [key for key in keys if key not in fewer] == [
        {"file": "noruca/2016-01-01.toml", "key": "counter.deposit_yen"}
    ]


def test_every_problem_of_every_broken_file_at_once(cli: Cli, tmp_path: Path) -> None:
    folder = operators(
        tmp_path,
        lococa={"cap_yen = 20_000": "cap_yen = -1", "guard_s = 10 ": 'guard_s = "x" '},
        noruca={"child_percent = 50": "child_procent = 50"},
    )
    ran = cli(folder)
    assert (ran.code, ran.out) == (Exit.CONFIGURATION, "")
    for said in ("lococa/2016-01-01.toml", "cap_yen (GEN-3)", "guard_s (GEN-9)", "noruca/", "child_procent"):
        assert said in ran.err
    assert all(line.startswith("farebox: ") for line in ran.err.splitlines())


def test_gen_4_pairs_without_a_fare_are_named_and_counted(cli: Cli, tmp_path: Path) -> None:
    folder = feed(tmp_path, "fare_rules.txt", "K500,HAKUHO,S0001T000,S0005T000,\n", "")
    ran = cli("--feed", folder, *ON, "--lang", "en")
    assert ran.code == Exit.CHECK_FAILED
    assert "✗ GEN-4 pairs of stops without a fare: 1\n    白棚線: 磐城棚倉 → 新白河\n" in ran.out
    assert "nothing is wrong" not in ran.out
    assert ran.err == f"farebox: {folder}: 1 missing-fare; --json lists them all\n"
    missing = found(cli("--feed", folder, *ON, "--json"), Kind.MISSING_FARE)
    assert missing == [{"route": "HAKUHO", "from": "磐城棚倉", "to": "新白河"}]


def test_gen_4_a_long_list_is_shortened_for_people_only(cli: Cli, tmp_path: Path) -> None:
    folder = feed(tmp_path, "fare_rules.txt", ",HAKUHO,S0001T000,", ",HAKUHO,S0009T000,")
    shown = cli("--feed", folder, *ON, "--lang", "ja").out
    assert "✗ GEN-4 運賃のない停留所の組: 4\n" in shown
    folder.joinpath("fare_rules.txt").write_text("fare_id,route_id,origin_id,destination_id\nA210,HAIKARA,,\n")
    shown = cli("--feed", folder, *ON, "--lang", "en").out
    assert "pairs of stops without a fare: 22\n" in shown
    assert shown.count("白棚線: ") == 5
    assert "    … (--json)\n" in shown
    assert len(found(cli("--feed", folder, *ON, "--json"), Kind.MISSING_FARE)) == 22


def test_gen_4_a_ride_at_0_yen_is_named(cli: Cli, tmp_path: Path) -> None:
    folder = feed(tmp_path, "fare_attributes.txt", "K200,200", "K200,0")
    ran = cli("--feed", folder, *ON, "--json")
    assert ran.code == Exit.CHECK_FAILED
    assert "2 free-ride" in ran.err
    free = found(ran, Kind.FREE_RIDE)
    assert {"route": "HAKUHO", "from": "実業高校前", "to": "南湖公園"} in free and len(free) == 2


def test_loc_6_an_agency_that_nobody_names(cli: Cli, tmp_path: Path) -> None:
    folder = feed(tmp_path, "agency.txt", "ジェイアールバス関東", "あるバス")
    ran = cli("--feed", folder, *ON, "--json")
    assert ran.code == Exit.CHECK_FAILED
    assert found(ran, Kind.UNNAMED_AGENCY) == [{"agency": "あるバス 白河支店（見本）"}]
    assert cli("--feed", folder, *ON, "--operator", "lococa").code == Exit.OK


def test_gen_2_fares_whose_half_is_rounded_up(cli: Cli, tmp_path: Path) -> None:
    folder = feed(tmp_path, "fare_attributes.txt", "K200,200", "K200,198")
    ran = cli("--feed", folder, *ON, "--json")
    assert ran.code == Exit.OK
    (uneven,) = found(ran, Kind.UNEVEN_FARE)
    assert uneven == {
        "scheme": "lococa",
        "fare_yen": 198,
        "pairs": 2,
        "child": 100,
        "disabled-adult": 100,
        "disabled-child": 50,
    }
    halves = found(ran, Kind.ROUNDED_HALF)
    assert [(one["scheme"], one["fare_yen"], one["child"], one["disabled-child"]) for one in halves] == [
        ("lococa", 170, 90, 50),
        ("lococa", 190, 100, 50),
        ("lococa", 250, 130, 70),
        ("lococa", 270, 140, 70),
        ("lococa", 450, 230, 120),
        ("aizu-noruca", 210, 110, 60),
        ("aizu-noruca", 230, 120, 60),
    ]
    shown = cli("--feed", folder, *ON, "--lang", "en").out
    assert "170 (×2): child 90, disabled adult 90, disabled child 50\n" in shown
    shown = cli("--feed", folder, *ON, "--lang", "ja").out
    assert "170 (×2): 小児 90, 障がい者・大人 90, 障がい者・小児 50\n" in shown


def test_gen_15_azf_54_routes_of_services_and_lines(cli: Cli, tmp_path: Path) -> None:
    services = {one["name"]: one["routes"] for one in found(cli("--feed", "sample", *ON, "--json"), Kind.SERVICE)}
    assert services["lococa ordinary"] == ["HAKUHO"]
    assert services["lococa highway"] == []
    lines = found(cli("--feed", "sample", *ON, "--json"), Kind.LINE)
    assert lines == [{"name": "aizu-noruca まちなか周遊バス", "routes": ["HAIKARA"]}]
    shown = cli("--feed", "sample", *ON, "--lang", "en").out
    assert "    lococa highway: ―\n" in shown and "    lococa ordinary: 白棚線\n" in shown


@pytest.mark.parametrize(
    ("agency", "service"),
    [
        ("ジェイアールバス関東 白河支店", "community"),
        ("新常磐交通", "ordinary"),
        ("あるバス", "community"),  # not of the scheme: as of its first company
    ],
)
def test_loc_6_a_service_is_that_of_the_routes_company(cli: Cli, tmp_path: Path, agency: str, service: str) -> None:
    folder = branch(tmp_path, agency, "コミュニティバス")
    listed = found(cli("--feed", folder, "--operator", "lococa", *ON, "--json"), Kind.SERVICE)
    assert [one["name"] for one in listed if one["routes"]] == [f"lococa {service}"]


def test_a_feed_may_have_its_fares_beside_it(cli: Cli, tmp_path: Path) -> None:
    folder = branch(tmp_path)
    (folder / "fare_rules.txt").write_text("fare_id,route_id,origin_id,destination_id\nF100,ROUTE,x,y\n")
    table = tmp_path / "線.csv"
    table.write_text("甲,,\n100,乙,\n200,100,丙\n")
    args = ("--feed", folder, "--operator", "lococa", *ON)
    assert cli(*args).code == Exit.CHECK_FAILED
    assert cli(*args, "--fares", table).code == Exit.OK


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (("/no/such",), Exit.CONFIGURATION, "/no/such: no such folder"),
        (("--fares", "x.csv"), Exit.USAGE, "--fares is for routes of a --feed"),
        (("--feed", "/no/such.zip"), Exit.IO, "/no/such.zip"),
        (("--feed", "sample", "--operator", "suica"), Exit.CONFIGURATION, "suica"),
    ],
)
def test_what_can_not_be_checked_is_one_line(cli: Cli, args: tuple[object, ...], code: Exit, says: str) -> None:
    ran = cli(*args)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (code, "", 1)
    assert says in ran.err
