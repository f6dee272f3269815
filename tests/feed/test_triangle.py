"""Triangular fare tables beside a feed: in each form that operators print, and back (GEN-4)."""

import csv
import io
import re
import shlex
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farebox.feed import FaresBroken, Feed, load_feed
from farebox.feed.sheets import read_sheets
from farebox.feed.triangle import Kind, dump_triangle
from tariff.fares import MissingFare
from tests.feed.small_feed import TABLES, load
from tests.tools.cli import run

SAMPLE = Path(__file__).parents[2] / "sim" / "feeds" / "sample"


def line(folder: Path, *patterns: str, routes: str = TABLES["routes.txt"]) -> Feed:
    """A feed whose route R1 has these patterns, a letter a stop, and R2, if it is there, A to B; no fares."""
    stops = "stop_id,stop_name\n" + "".join(f"{letter},{letter}駅\n" for letter in "ABCDEFGHIJKL")
    runs = [("R1", stops) for stops in patterns] + [("R2", "AB")] * ("R2" in routes)
    trips = "route_id,service_id,trip_id\n" + "".join(f"{route},毎日,T{at}\n" for at, (route, _) in enumerate(runs))
    calls = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n" + "".join(
        f"T{at},8:{place:02}:00,8:{place:02}:00,{letter},{place}\n"
        for at, (_, run) in enumerate(runs)
        for place, letter in enumerate(run)
    )
    return load(
        folder, stops=stops, trips=trips, stop_times=calls, routes=routes, fare_rules=None, fare_attributes=None
    )


def priced(feed: Feed, folder: Path, **tables: str | bytes) -> Feed:
    """The feed with these tables, by the name of the file without its suffix."""
    where = folder / "tables"
    shutil.rmtree(where, ignore_errors=True)
    where.mkdir(parents=True)
    for name, text in tables.items():
        (where / f"{name}.csv").write_bytes(text.encode() if isinstance(text, str) else text)
    return feed.with_fares(read_sheets(where))


def yen(feed: Feed, pattern_id: str = "R1#1") -> str:
    """All fares of a pattern, row by row from each stop to the later ones; `-` for none."""
    table = feed.fare_table(pattern_id)
    pairs = [(start, end) for start in range(table.size) for end in range(start + 1, table.size)]
    return " ".join(str(table.fare_yen(*pair)) if table.has_fare(*pair) else "-" for pair in pairs)


def fault(folder: Path, text: str, *patterns: str) -> FaresBroken:
    """Be refused; the message is one line that names the file."""
    with pytest.raises(FaresBroken) as caught:
        priced(line(folder, *patterns or ("ABC",)), folder, R1=text)
    assert str(caught.value).startswith("R1.csv")
    assert "\n" not in str(caught.value)
    return caught.value


FORMS = {
    "names on the diagonal, fares below": "A駅\n150,B駅\n200,160,C駅\n",
    "names on the diagonal, fares above": "A駅,150,200\n,B駅,160\n,,C駅\n",
    "names on the diagonal, both halves agree": "A駅,150,200\n150,B駅,160\n200,160,C駅\n",
    "names in the first row and column, fares below": ",A駅,B駅,C駅\nA駅,,,\nB駅,150,,\nC駅,200,160,\n",
    "names in the first row and column, fares above": ",A駅,B駅,C駅\nA駅,-,150,200\nB駅,,-,160\nC駅,,,-\n",
    "all but the first in the row": ",B駅,C駅\nA駅,150,200\nB駅,,160\n",
    "all but the last in the row": ",A駅,B駅\nB駅,150\nC駅,200,160\n",
    "the stop's own name where it meets itself": "乗＼降,A駅,B駅,C駅\nA駅,A駅,150,200\nB駅,,B駅,160\nC駅,,,C駅\n",
    "a heading": "路線：山線,,\n単位：円\n\nA駅\n150,B駅\n200,160,C駅\n",
    "full-width digits, yen, thousands, spaces": "Ａ駅\n１５０円,B 駅\n￥200, 160 円 ,C駅\n",
    "a title, and notes": (
        "会津交通株式会社 運賃三角表,,2026年4月1日改定\n\n※大人,の運賃\n路線：山線,（単位：円）\nA駅\n"
        "150,B駅\n200,160,C駅\n※小児は150円,引き\n続き\n\n注）6歳から\n\n会津交通 営業課\n"
    ),
    "a title over a headed table": "会津交通 運賃表\n,A駅,B駅,C駅\nA駅,,150,200\nB駅,,,160\nC駅\n（注）小児は半額\n",
    "a title, and the last of the row left out": "会津交通\n,A駅,B駅\nB駅,150\nC駅,200,160\n\n以上\n",
    "a title over a table one column in": "会津交通\n,A駅\n,150,B駅\n,200,160,C駅\n",
    "a title over fares above the diagonal": "会津交通\n100円バス\nA駅,150,200\n,B駅,160\n,,C駅\n",
    "a note above that names a stop in a cell": "※起点,A駅\nA駅\n150,B駅\n200,160,C駅\n",
    "blank rows and columns around": ",,\n,,A駅,,\n,,150,B駅,\n,,200,160,C駅\n,,\n",
    "quoted": '"A駅"\n"150","B駅"\n"200","160","C駅"\n',
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_gen_4_each_printed_form_gives_the_same_fares(tmp_path: Path, form: str, encoding: str) -> None:
    feed = priced(line(tmp_path, "ABC", "CBA", "AC"), tmp_path, R1=FORMS[form].encode(encoding))
    assert [yen(feed, f"R1#{number}") for number in (1, 2, 3)] == ["150 200 160", "160 200 150", "200"]
    assert feed.fare_table("R1#1").cash is None


def test_thousands_have_commas(tmp_path: Path) -> None:
    feed = priced(line(tmp_path, "ABC"), tmp_path, R1='A駅\n"1,080",B駅\n"１２，３４０円",99999,C駅\n')
    assert yen(feed) == "1080 12340 99999"


@pytest.mark.parametrize("blank", ["", "-", "－", "ー", "―", "—", "---", " "])
def test_gen_4_a_blank_is_a_missing_fare_and_never_a_guess(tmp_path: Path, blank: str) -> None:
    feed = priced(line(tmp_path, "ABC"), tmp_path, R1=f"A駅\n150,B駅\n{blank},160,C駅\n")
    assert (yen(feed), feed.missing_fares("R1#1")) == ("150 - 160", [(0, 2)])
    with pytest.raises(MissingFare, match="route 1 山線: no fare from A駅 to C駅"):
        feed.fare_table("R1#1").fare_yen(0, 2)


def test_gen_4_stops_that_a_table_lacks_have_no_fare(tmp_path: Path) -> None:
    feed = priced(line(tmp_path, "ADBC"), tmp_path, R1=FORMS["names on the diagonal, fares below"])
    assert yen(feed) == "- 150 200 - - 160"
    assert feed.missing_fares("R1#1") == [(0, 1), (1, 2), (1, 3)]


def test_a_route_with_a_table_has_no_fares_from_rules_and_others_keep_theirs(tmp_path: Path) -> None:
    routes = TABLES["routes.txt"] + "R2,A,2,海線\n"
    trips = TABLES["trips.txt"] + "R2,毎日,T2\n"
    calls = TABLES["stop_times.txt"] + "T2,9:00:00,9:00:00,a,1\nT2,9:10:00,9:10:00,b,2\n"
    rules = TABLES["fare_rules.txt"] + "F200,R2,Za,Zb\n"
    before = load(tmp_path, routes=routes, trips=trips, stop_times=calls, fare_rules=rules)
    after = priced(before, tmp_path, R1="朝日町\n-,分校前\n300,180,中央駅\n")
    assert (yen(after), yen(after, "R2#1")) == ("- 300 180", "200")
    # The feed it was made of is as it was, and new numbers change nothing.
    assert yen(before) == "150 200 150"
    assert yen(after.numbered_by(after.register)) == "- 300 180"


# -- loops, branches, directions


LOOP = "A駅\n160,B駅\n210,170,C駅\n220,215,165,A駅\n"


def test_a_loop_visits_a_stop_twice_each_at_its_own_fares(tmp_path: Path) -> None:
    feed = priced(line(tmp_path, "ABCA", "ACBA", "BCA", "BC"), tmp_path, R1=LOOP)
    assert yen(feed) == "160 210 220 170 215 165"
    # The other way round the last A is the first.
    assert yen(feed, "R1#2") == "165 215 220 170 210 160"
    assert yen(feed, "R1#3") == "170 215 165"
    assert yen(feed, "R1#4") == "170"


def test_gen_4_which_visit_is_meant_is_never_guessed(tmp_path: Path) -> None:
    problem = fault(tmp_path, LOOP, "ABCA", "BA")
    assert "pattern R1#2: B駅 to A駅 is 160 or 215 yen, by which visit of a stop is meant; head the" in str(problem)
    # A half filled in says which way round the bus runs.
    one_way = "方向別\nA駅,160,210,220\n,B駅,170,215\n,,C駅,165\n,,,A駅\n"
    feed = priced(line(tmp_path, "ABCA", "BA", "AB"), tmp_path, R1=one_way)
    assert (yen(feed, "R1#2"), yen(feed, "R1#3")) == ("215", "160")
    agreed = LOOP.replace("215", "160")
    assert yen(priced(line(tmp_path, "ABCA", "BA"), tmp_path, R1=agreed), "R1#2") == "160"
    assert yen(priced(line(tmp_path, "ABCA", "BA"), tmp_path, R1=LOOP.replace("215", "-")), "R1#2") == "160"


def test_a_spur_is_listed_twice_and_trips_that_pass_it_by_still_have_their_fares(tmp_path: Path) -> None:
    spur = "A駅\n150,B駅\n180,160,D駅\n150,140,160,B駅\n200,170,190,170,C駅\n"
    feed = priced(line(tmp_path, "ABDBC", "ABC", "CBDBA"), tmp_path, R1=spur)
    assert yen(feed) == "150 180 150 200 160 140 170 160 190 170"
    assert yen(feed, "R1#2") == "150 200 170"
    assert yen(feed, "R1#3") == "170 190 170 200 160 140 150 160 180 150"


def test_of_several_visits_only_those_in_order_count(tmp_path: Path) -> None:
    # From the first B to the second A is a ride, but none from A to B.
    there_and_back = "A駅\n100,B駅\n999,999,A駅\n100,999,100,B駅\n200,150,200,150,C駅\n"
    assert yen(priced(line(tmp_path, "ABABC", "ABC"), tmp_path, R1=there_and_back), "R1#2") == "100 200 150"


def test_a_stop_that_is_visited_twice_and_listed_once_is_refused(tmp_path: Path) -> None:
    problem = fault(tmp_path, FORMS["names on the diagonal, fares below"], "ABC", "ABCA")
    assert "pattern R1#2 visits A駅 in another order; list the stops as it runs" in str(problem)
    assert "pattern R1#2 visits A駅 in another order" in str(fault(tmp_path, LOOP, "ABCA", "AAB"))
    problem = fault(tmp_path, LOOP, "ABCA", "CBCA")
    assert "pattern R1#2 visits C駅 in another order" in str(problem)
    problem = fault(tmp_path, LOOP, "ABCA", "ABC", "BAC")
    assert "pattern R1#3 visits its stops in another order" in str(problem)


def test_stops_in_another_order_are_told_by_name_where_each_is_there_once(tmp_path: Path) -> None:
    text = "A駅\n150,B駅\n200,160,C駅\n250,210,170,D駅\n"
    assert yen(priced(line(tmp_path, "ABCD", "ACBD"), tmp_path, R1=text), "R1#2") == "200 150 250 160 170 210"


BOTH = "A駅,150,200\n155,B駅,160\n205,165,C駅\n"


def test_halves_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    problem = fault(tmp_path, BOTH)
    assert (problem.cell, str(problem)) == (
        "A2",
        "R1.csv, cell A2: 155 yen, but 150 in B1; correct one, or head the table 方向別 if both are right",
    )
    headed = ",A駅,B駅,C駅\nA駅,,150,200\nB駅,150,,160\nC駅,200,165,\n"
    assert "cell C4: 165 yen, but 160 in D3" in str(fault(tmp_path, headed))
    shifted = "路線：R1\n\n,,B駅,C駅\n,A駅,150,200\n,B駅,,160\n"
    assert yen(priced(line(tmp_path, "ABC"), tmp_path, R1=shifted)) == "150 200 160"


@pytest.mark.parametrize("word", ["方向別", "Directional", "会津交通,方向別運賃表", "【方向別】"])
def test_a_table_that_says_so_has_a_fare_for_each_direction(tmp_path: Path, word: str) -> None:
    feed = priced(line(tmp_path, "ABC", "CBA"), tmp_path, R1=f"{word}\n{BOTH}")
    assert (yen(feed), yen(feed, "R1#2")) == ("150 200 160", "165 205 155")
    one_way = priced(
        line(tmp_path, "ABC", "CBA"), tmp_path, R1=f"{word}\n{FORMS['names on the diagonal, fares above']}"
    )
    assert (yen(one_way), yen(one_way, "R1#2")) == ("150 200 160", "- - -")


# -- whose table it is


TWO = "A駅\n150,B駅\n"
TWO_ROUTES = TABLES["routes.txt"] + "R2,A,2,海線\n"


@pytest.mark.parametrize("name", ["R1", "1", "山線", "1 山線"])
def test_a_table_is_its_files_routes(tmp_path: Path, name: str) -> None:
    feed = line(tmp_path, "AB", routes=TWO_ROUTES)
    assert [yen(priced(feed, tmp_path, **{name: TWO}), key) for key in ("R1#1", "R2#1")] == ["150", "-"]


@pytest.mark.parametrize(
    "heading",
    [
        *("路線：海線", "系統:R2", "route: 海線", "海線", "Route：2"),
        *("路線名： 海線", "（路線：海線）", "会津交通,海線", "会津交通\n※山線を除く\n路線：海線\n,路線：R2"),
        "山線,路線：海線",
    ],
)
def test_a_heading_names_the_route_whatever_the_file_is_called(tmp_path: Path, heading: str) -> None:
    feed = line(tmp_path, "AB", routes=TWO_ROUTES)
    for name in ("新しいテーブル", "R1"):
        assert [yen(priced(feed, tmp_path / name, **{name: f"{heading}\n{TWO}"}), key) for key in ("R1#1", "R2#1")] == [
            "-",
            "150",
        ]


def test_branches_that_share_a_name_share_their_table(tmp_path: Path) -> None:
    feed = line(tmp_path, "AB", routes=TABLES["routes.txt"] + "R2,A,2,山線\n")
    assert [yen(priced(feed, tmp_path, 山線=TWO), key) for key in ("R1#1", "R2#1")] == ["150", "150"]


def test_a_stop_named_like_its_route_is_a_stop(tmp_path: Path) -> None:
    feed = line(tmp_path, "AB", routes="route_id,agency_id,route_long_name\nR1,A,A駅\n")
    assert yen(priced(feed, tmp_path, R1=TWO)) == "150"


def test_a_table_of_no_route_is_refused_with_what_is_near(tmp_path: Path) -> None:
    for name, text in (("山銀", TWO), ("R1", f"路線：山銀\n{TWO}")):
        with pytest.raises(FaresBroken, match=r"did you mean .*山線.*name the route in a first row") as caught:
            priced(line(tmp_path, "AB"), tmp_path / name / "x", **{name: text})
        assert caught.value.file == f"{name}.csv"


def test_a_second_table_for_a_route_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FaresBroken, match=r"^山線\.csv: route R1 has a table already, in R1.csv; keep one"):
        priced(line(tmp_path, "AB"), tmp_path, R1=TWO, 山線=TWO)


# -- two fares


@pytest.mark.parametrize(
    "tables",
    [
        {"R1_ic": "A駅\n147,B駅\n", "R1_cash": TWO},
        {"山線-IC": "A駅\n147,B駅\n", "山線＿現金": TWO},
        {"a": "路線：R1\nIC\nA駅\n147,B駅\n", "b": "路線：R1\n現金運賃\nA駅\n150,B駅\n"},
        {"a": "ＩＣ運賃\n路線：R1\nA駅\n147,B駅\n", "b": "route: R1\ncash\nA駅\n150,B駅\n"},
    ],
)
def test_gen_10_two_tables_are_the_ic_and_the_cash_fare(tmp_path: Path, tables: dict[str, str]) -> None:
    table = priced(line(tmp_path, "AB"), tmp_path, **tables).fare_table("R1#1")
    assert table.cash is not None
    assert (table.fare_yen(0, 1), table.cash.fare_yen(0, 1), table.cash.cash) == (147, 150, None)


@pytest.mark.parametrize("title", ["会津交通 IC運賃表", "（ＩＣ）", "会津交通,ICカード", "※\nic・方向別"])
def test_gen_10_a_title_says_which_fare_too(tmp_path: Path, title: str) -> None:
    with pytest.raises(FaresBroken, match="says IC, and no table has the 現金 fares; add that, or don't say it"):
        priced(line(tmp_path, "AB"), tmp_path, R1=f"{title}\n{TWO}")
    table = priced(line(tmp_path, "AB"), tmp_path, R1=f"{title}\nA駅,147\n,B駅\n", R1_cash=TWO).fare_table("R1#1")
    assert table.cash is not None
    assert (table.fare_yen(0, 1), table.cash.fare_yen(0, 1)) == (147, 150)


@pytest.mark.parametrize(
    "title", ["IC・現金共通", "IC,現金", "Pacific Cashew Bus", "※ICは別表", "単位：円（税込）", "単位 円"]
)
def test_gen_10_a_title_that_says_both_or_neither_is_of_the_one_fare(tmp_path: Path, title: str) -> None:
    table = priced(line(tmp_path, "AB"), tmp_path, R1=f"{title}\n{TWO}").fare_table("R1#1")
    assert (table.fare_yen(0, 1), table.cash) == (150, None)


def test_a_stop_that_is_called_like_a_note_is_a_stop(tmp_path: Path) -> None:
    feed = load(tmp_path, stops=TABLES["stops.txt"].replace("分校前", "注連寺").replace("朝日町", "100"))
    assert yen(priced(feed, tmp_path, R1="100円バス\n,注連寺,中央駅\n注連寺,,180\n中央駅\n※注連寺\n")) == "- - 180"
    # A table never begins with a stop that is called like a fare.
    with pytest.raises(FaresBroken, match=r"^R1\.csv, cell A2: 100 looks like a fare, above the table"):
        priced(feed, tmp_path, R1="会津交通\n100\n\n,注連寺,中央駅\n注連寺,,180\n")


def test_a_route_that_is_called_so_has_no_ending(tmp_path: Path) -> None:
    named = line(tmp_path, "AB", routes="route_id,agency_id,route_long_name\nR1,A,空港 IC\n")
    for tables in ({"空港 IC": TWO}, {"a": f"空港 IC\n{TWO}"}, {"a": f"路線：空港 IC\n{TWO}"}):
        table = priced(named, tmp_path / "named", **tables).fare_table("R1#1")
        assert (table.fare_yen(0, 1), table.cash) == (150, None)


def test_gen_10_what_is_said_above_a_table_goes_before_its_name(tmp_path: Path) -> None:
    tables = {"R1_ic": f"現金\n{TWO}", "a": "路線：R1\nIC\nA駅\n147,B駅\n"}
    table = priced(line(tmp_path, "AB"), tmp_path, **tables).fare_table("R1#1")
    assert table.cash is not None
    assert (table.fare_yen(0, 1), table.cash.fare_yen(0, 1)) == (147, 150)


@pytest.mark.parametrize(("name", "says", "other"), [("R1_ic", "IC", "現金"), ("R1_cash", "現金", "IC")])
def test_one_of_two_tables_alone_is_refused(tmp_path: Path, name: str, says: str, other: str) -> None:
    with pytest.raises(FaresBroken, match=f"^{name}.csv: says {says}, and no table has the {other} fares"):
        priced(line(tmp_path, "AB"), tmp_path, **{name: TWO})


@pytest.mark.parametrize("names", [("R1", "R1_ic"), ("R1_cash", "路線_山線"), ("R1_ic", "山線_ic")])
def test_a_third_table_is_refused(tmp_path: Path, names: tuple[str, str]) -> None:
    one, other = names
    second = TWO if other != "路線_山線" else f"山線\n{TWO}"
    with pytest.raises(FaresBroken, match="has a table already"):
        priced(line(tmp_path, "AB"), tmp_path, **{one: TWO, other: second})


# -- what is refused


@pytest.mark.parametrize(
    ("text", "cell", "words"),
    [
        ("A駅\n150,B駅\n200,160.5,C駅\n", "B3", "160.5 is no fare in whole yen; write a fare as 210"),
        ("A駅\n150,B駅\n200,-160,C駅\n", "B3", "-160 is no fare"),
        ("A駅\n150,B駅\n200,100000,C駅\n", "B3", "100000 is no fare"),
        ('A駅\n150,B駅\n200,"10,80",C駅\n', "B3", "10,80 is no fare"),
        ("A駅\n150,B駅\n200,D駅,C駅\n", "B3", "D駅 is no fare"),
        ("A駅\n150,ウ駅\n200,160,C駅\n", "B2", "ウ駅 is no stop of the route; did you mean"),
        ("A駅\n150,B駅\n200,160,新宿三丁目\n", "C3", "新宿三丁目 is no stop of the route; nothing is near"),
        ("A駅\n150,\n200,160,C駅\n", "B2", "no stop's name, where the diagonal has one"),
        ("A駅\n150,B駅\n200,160\n", "C3", "no stop's name, where the diagonal has one"),
        (",A駅,B駅,C駅\nA駅,,150,200\nB駅,,170,160\nC駅,,,\n", "C3", "170 is a fare from a stop to itself"),
        (",A駅,B駅,C駅\nA駅,,150,200\nC駅,,,160\nB駅,,,\n", "A1", "first row and the first column name other stops"),
        (",A駅,B駅,C駅\nA駅,,150,200\n180,,,160\nC駅,,,\n", "A3", "no stop's name, where one must head"),
        (",A駅,,C駅\nA駅,,150,200\nB駅,,,160\nC駅,,,\n", "C1", "no stop's name, where one must head"),
        (",A駅,B駅,E駅\nA駅,,150,200\nB駅,,,160\nE駅,,,\n", "D1", "E駅 is no stop of the route"),
        (",B駅,E駅\nA駅,150,200\nB駅,,160\n", "C1", "E駅 is no stop of the route"),
        (",A駅,B駅\nB駅,150\nE駅,200,160\n", "A3", "E駅 is no stop of the route"),
        (",B駅,C駅\nE駅,150,200\nB駅,,160\n", "A2", "E駅 is no stop of the route"),
        (",E駅,B駅\nB駅,150\nC駅,200,160\n", "B1", "E駅 is no stop of the route"),
        ("A駅\n", "A1", "a table of 1 stops; give it 2 to 255"),
        ("路線：R1\n", "", "a heading without a table"),
        ("A駅\nB駅\n", "A2", "B駅, where fares stand; put the stops on the diagonal, and begin a note with ※"),
        ("A駅\n150,B駅\n小児は半額\n", "A3", "小児は半額, where fares stand; put"),
        # A misspelt first stop is no title, if the table has fares of it.
        ("ア駅\n150,B駅\n", "A1", "ア駅 is no stop of the route"),
        ("ア駅\n-,B駅\n200,160,C駅\n", "A1", "ア駅 is no stop of the route"),
        ("ア駅\n,B駅\n200,160,C駅\n", "A1", "ア駅 is no stop of the route"),
        ("ア駅,150,200\n,B駅,160\n,,C駅\n", "A1", "ア駅 is no stop of the route"),
        ("運賃表\nア駅\n150,B駅\n※150,C駅\n", "A2", "ア駅 is no stop of the route"),
        ("※ア駅\n150,B駅\n200,160,C駅\n", "A3", "no stop's name, where one must head"),
        # What looks like a fare is no title and no note.
        ("会津交通,150\nA駅\n150,B駅\n", "B1", "150 looks like a fare, above the table; take it out, or write it"),
        ("2\nA駅\n150,B駅\n", "A1", "2 looks like a fare, above the table"),
        ("※初乗り,¥ 1150円\nA駅\n150,B駅\n", "B1", "¥ 1150円 looks like a fare, above the table"),
        ("A駅\n150,B駅\n\n200,160,C駅\n", "A4", "200 looks like a fare, below the table, which a blank row or a note"),
        ("A駅\n150,B駅\n\n特急は300円増\n", "A4", "特急は300円増 looks like a fare, below the table"),
        ("A駅\n150,B駅\n\n特急,¥300増\n", "B4", "¥300増 looks like a fare, below the table"),
        ("A駅\n150,B駅\n\nexpress 300 YEN more\n", "A4", "express 300 YEN more looks like a fare"),
        ("A駅\n150,B駅\n\n-160\n", "A4", "-160 looks like a fare"),
        ("A駅\n150,B駅\n※小児,80\n", "B3", "80 looks like a fare, below the table"),
        ("A駅\n150,B駅\n※小児は半額\n200,160.5,C駅\n", "A4", "200 looks like a fare, below the table"),
        ("A駅\n150,B駅\n※小児は半額\n-,160.5,C駅\n", "B4", "160.5 looks like a fare, below the table"),
        (
            "ア駅\n150,イ駅\n",
            "A2",
            "150 looks like a fare, but no cell is a stop of the feed; spell stops as stops.txt",
        ),
        ("運賃表\n", "", "no fare table, here or in another sheet; name the stops as stops.txt does"),
        ("※A駅\n", "", "no fare table, here or in another sheet"),
        ("運賃表（単位：百円）\nA駅\n2,B駅\n", "A1", "fares in 百円; write them in whole yen, as 210"),
        (",単位 千円\nA駅\n2,B駅\n", "B1", "fares in 千円"),
        ("路線：R1\n路線：海線\nA駅\n150,B駅\n", "", "headed R1 and 海線; give each route a table of its own"),
    ],
)
def test_what_a_table_has_wrong_is_named_by_cell(tmp_path: Path, text: str, cell: str, words: str) -> None:
    problem = fault(tmp_path, text)
    assert (problem.file, problem.sheet, problem.cell) == ("R1.csv", "", cell)
    assert words in str(problem)


AROUND = [
    *("会津交通 三角表||", "||", "路線：R1|単位：円|", "|||"),
    *("A駅|||", "150|B駅||", "200|160|C駅|"),
    *("※小児は半額||", "|||", "営業課|電話|", "|||"),
]


@pytest.mark.parametrize("mark", ["777", "７７７円", "777.5"])
def test_gen_4_an_amount_anywhere_on_a_sheet_is_a_fare_or_refused(tmp_path: Path, mark: str) -> None:
    feed = line(tmp_path, "ABC")
    grid = [row.split("|") for row in AROUND]
    assert yen(priced(feed, tmp_path, R1="\n".join(map(",".join, grid)))) == "150 200 160"
    for at, row in enumerate(grid):
        for column in range(len(row) + 2):
            marked = [list(one) + [""] * 3 for one in grid]
            marked[at][column] = mark
            try:
                read = yen(priced(feed, tmp_path, R1="\n".join(map(",".join, marked))))
            except FaresBroken as problem:
                assert "\n" not in str(problem)
            else:
                assert "777" in read.split(), (at, column)


def test_a_table_may_have_255_stops(tmp_path: Path) -> None:
    feed = line(tmp_path, "AB")
    for size, words in ((256, "a table of 256 stops; give it 2 to 255"), (255, "is no stop of the route")):
        with pytest.raises(FaresBroken, match=words):
            rows = [f"{',' * at}停{at}\n" for at in range(1, size)]
            priced(feed, tmp_path, R1="".join(["A駅\n", *rows]))


# -- and back


def fares_with_gaps(feed: Feed) -> dict[str, str]:
    """All fares of all patterns."""
    return {key: yen(feed, key) for key in feed.patterns}


@given(
    size=st.integers(2, 8),
    loop=st.booleans(),
    data=st.data(),
)
def test_a_dump_read_again_gives_the_same_fares(
    tmp_path_factory: pytest.TempPathFactory, size: int, loop: bool, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("dump")
    run = "ABCDEFGH"[:size] + ("A" if loop and size > 2 else "")
    fare = st.one_of(st.just("-"), st.integers(0, 99_999).map(str))
    rows = [[data.draw(fare) for _ in range(end)] + [f"{letter}駅"] for end, letter in enumerate(run)]
    text = "".join(",".join(row) + "\n" for row in rows)
    first = priced(line(folder, run), folder, R1=text)
    table = first.fare_table("R1#1")
    dumped = dump_triangle(table)
    assert dumped == f"路線：R1\n単位：円\n{text}"
    assert yen(priced(line(folder, run), folder, R1=dumped)) == yen(first)
    assert [row[-1] for row in csv.reader(io.StringIO(dumped))][2:] == list(table.pattern.stop_names)


def test_both_fares_go_to_paper_and_back(tmp_path: Path) -> None:
    feed = line(tmp_path, "AB")
    table = priced(feed, tmp_path, R1_ic="A駅\n147,B駅\n", R1_cash=TWO).fare_table("R1#1")
    assert table.cash is not None
    ic, cash = dump_triangle(table, Kind.IC), dump_triangle(table.cash, Kind.CASH)
    assert ic == "路線：R1\nIC\n単位：円\nA駅\n147,B駅\n"
    again = priced(feed, tmp_path / "again", a=ic, b=cash).fare_table("R1#1")
    assert again.cash is not None
    assert (again.fare_yen(0, 1), again.cash.fare_yen(0, 1)) == (147, 150)


def test_the_sample_feeds_fares_go_to_paper_and_back(tmp_path: Path) -> None:
    feed = load_feed(SAMPLE)
    ways_out = ("HAKUHO#1", "NISHIWAKA#1", "HAIKARA#1")
    tables = {key: dump_triangle(feed.fare_table(key)) for key in ways_out}
    bare = load_feed(write_without_fares(tmp_path))
    assert set(fares_with_gaps(priced(bare, tmp_path, **tables)).items()) == set(fares_with_gaps(feed).items())


def write_without_fares(folder: Path) -> Path:
    """The sample feed without its fares."""
    (folder / "sample").mkdir()
    for table in SAMPLE.glob("*.txt"):
        if not table.name.startswith("fare_"):
            (folder / "sample" / table.name).write_bytes(table.read_bytes())
    return folder / "sample"


# -- docs/fare_tables.md

PAGE, JAPANESE = (
    (Path(__file__).parents[2] / "docs" / name).read_text("utf-8") for name in ("fare_tables.md", "fare_tables.ja.md")
)
TABLE = re.compile(r"((?:<!-- table: \S+\.csv -->\n```csv\n[^`]+```\n)+)((?:<!-- gives: [^>]+ -->\n)+)")
REFUSAL = re.compile(r"<!-- refused: (\S+)\.csv -->\n```csv\n([^`]+)```\n```text\n(.+)\n```")
TABLES_OF_PAGE, REFUSED_OF_PAGE = TABLE.findall(PAGE), REFUSAL.findall(PAGE)


def test_the_page_has_tables_that_are_read_and_tables_that_are_refused() -> None:
    assert (len(TABLES_OF_PAGE), len(REFUSED_OF_PAGE)) == (7, 8)
    # None of its tables and messages stands there untried.
    assert PAGE.count("```csv") == PAGE.count("<!-- table: ") + PAGE.count("<!-- refused: ") == 8 + 8
    assert PAGE.count("```text") == 8
    assert PAGE.count("<!-- gives: ") == sum(gives.count("\n") for _, gives in TABLES_OF_PAGE)


def test_the_japanese_page_has_the_same_tables_and_refusals() -> None:
    assert (TABLE.findall(JAPANESE), REFUSAL.findall(JAPANESE)) == (TABLES_OF_PAGE, REFUSED_OF_PAGE)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp932"])
@pytest.mark.parametrize(("tables", "gives"), TABLES_OF_PAGE)
def test_gen_4_the_pages_tables_give_what_it_says(tmp_path: Path, tables: str, gives: str, encoding: str) -> None:
    sample = load_feed(SAMPLE)
    files = re.findall(r"<!-- table: (\S+)\.csv -->\n```csv\n([^`]+)```", tables)
    feed = priced(sample, tmp_path, **{name: text.encode(encoding) for name, text in files})
    for said in re.findall(r"<!-- gives: (.+) -->", gives):
        if same := re.fullmatch(r"(\S+) as the feed", said):
            patterns = [key for key, pattern in feed.patterns.items() if pattern.route_id == same[1]]
            assert [yen(feed, key) for key in patterns] == [yen(sample, key) for key in patterns] != []
            assert all("-" not in yen(feed, key) for key in patterns)
        else:
            pattern_id, start, end, fare_yen, cash_yen = re.fullmatch(
                r"(\S+) (\S+) (\S+) ([0-9]+)(?:, in cash ([0-9]+))?", said
            ).groups()  # type: ignore[union-attr]
            table = feed.fare_table(pattern_id)
            ride = place(table.pattern.stop_names, start), place(table.pattern.stop_names, end)
            assert str(table.fare_yen(*ride)) == fare_yen
            assert (str(table.cash.fare_yen(*ride)) if table.cash else None) == cash_yen


def place(names: tuple[str, ...], visit: str) -> int:
    """Where in a pattern a stop is, of several visits as `stop#2`."""
    name, _, number = visit.partition("#")
    return [at for at, one in enumerate(names) if one == name][int(number or 1) - 1]


@pytest.mark.parametrize(("name", "text", "message"), REFUSED_OF_PAGE)
def test_the_page_says_how_a_table_is_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(FaresBroken) as caught:
        priced(load_feed(SAMPLE), tmp_path, **{name: text})
    assert str(caught.value) == message


COMMANDS_OF_PAGE = [line for block in re.findall(r"```sh\n([^`]+)```", PAGE) for line in block.splitlines()]


@pytest.mark.parametrize("command", COMMANDS_OF_PAGE)
def test_the_pages_commands_run(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "白棚線.csv").write_text(re.findall(r"```csv\n([^`]+)```", PAGE)[0], "utf-8")
    farebox, *args = shlex.split(command)
    ran = run(capsys, monkeypatch, *args)
    assert (farebox, ran.code, ran.err) == ("farebox", 0, "")


def test_the_page_has_commands() -> None:
    assert len(COMMANDS_OF_PAGE) == 3
