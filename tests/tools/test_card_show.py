"""`farebox card show`: what it says of transit cards and of our own."""

import csv
import io
import json
import re
from base64 import b64encode
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from cardimage.image import CardImage, blank_lite_s, dump
from cardimage.issue import issue
from cardimage.layout.history import HistoryRow, encode_history
from cardimage.layout.variants import VARIANTS
from tariff.account import Account, Coupons, Points
from tests.cardimage.transit.cards import OTHER_IDM, attributes, image, packed_day, row, suica
from tests.tools.cli import Ran, run
from tools.exits import Exit

BUS = b"\x0e\x51\x01\x1f"
GATE = bytes.fromhex("A0 00 8B A5 04 03 35 74 09 29 04 01 2C 01 00 51")


class Show:
    """Writes cards to files and shows them."""

    def __init__(self, folder: Path, cli: Callable[..., Ran]) -> None:
        self._folder, self._cli, self._files = folder, cli, 0

    def file(self, card: CardImage) -> Path:
        self._files += 1
        path = self._folder / f"{self._files}.card.cbor"
        path.write_bytes(dump(card))
        return path

    def __call__(self, *cards: CardImage, args: tuple[str, ...] = ("--lang", "en")) -> str:
        ran = self._cli("card", "show", *map(self.file, cards), *args)
        assert (ran.code, ran.err) == (Exit.OK, "")
        return ran.out

    def json(self, *cards: CardImage) -> list[Any]:
        return [json.loads(line) for line in self(*cards, args=("--json",)).splitlines()]

    def fails(self, *args: object) -> str:
        ran = self._cli("card", "show", *args)
        assert (ran.code, ran.out) == (Exit.USAGE, "")
        return ran.err


@pytest.fixture
def show(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Show:
    return Show(tmp_path, lambda *args: run(capsys, monkeypatch, *args))


CARD = suica(
    row(12, 790, terminal=0x05, process=0x0F, entry_exit=0x0F, place=BUS, regions=(2, 0)),
    row(11, 1_000, terminal=0x08, process=0x02, entry_exit=0, place=b"\x01\xcc\0\0"),
    row(10, 0, regions=(1, 3)),
    s008B={0: attributes(790, update=12)},
    s108F={0: GATE},
    s10CB={},
)


def ridden() -> CardImage:
    """A bench card of ours with one last use."""
    card = issue(OTHER_IDM, Account("lococa", 1_700), "LC1", date(2026, 11, 20))
    card.systems[0x88B4][0x0009][7] = encode_history(HistoryRow(0, date(2026, 11, 20), 311, 12, 16, 300, 0, 0, 1_700))
    return card


def line_with(text: str, *words: str) -> str:
    (line,) = [line for line in text.splitlines() if all(word in line for word in words)]
    return " ".join(line.split())


class TestATransitCard:
    def test_is_shown_with_its_brand_its_balance_and_where_it_has_been(self, show: Show) -> None:
        out = show(CARD)
        assert out.startswith("[recorded] Suica, PASMO or another of that family ")
        assert "told by: system 0003, and service 008B is of kind 2\n" in out
        assert "IDm 0101060104A1B2C3  PMm 100B4B428485D0FF\n" in out
        assert "balance  790 yen  by the history; 008B agrees · update 12\n" in out
        assert line_with(out, "bus") == "12 2026-11-20 on-board · bus fare op. 0E51 stop 011F Kansai -210 790"
        assert line_with(out, "top-up") == "11 2026-11-20 ticket machine · top-up 01-CC +1,000 1,000"
        assert line_with(out, "exit") == "10 2026-11-20 gate · fare at exit 8B-A5→8A-A6 Chubu/other 0"
        assert line_with(out, "0403") == "in 2026-11-20 09:29 SF 8B-A5 0403 0051 260"

    def test_speaks_japanese(self, show: Show) -> None:
        out = show(CARD, args=("--lang", "ja"))
        assert out.startswith("【記録】 Suica・PASMO系 ")
        assert "残額  790円  履歴による・008Bも一致 · 更新番号 12\n" in out
        assert line_with(out, "バス") == "12 2026-11-20 車載端末 · バス運賃 事業者0E51 停留所011F 関西 -210 790"

    def test_a_table_has_its_bound_and_says_so_and_json_has_all(self, show: Show) -> None:
        card = suica(*(row(2_000 - 3 * at, at) for at in range(505)), s108F=dict.fromkeys(range(501), GATE))
        out = show(card)
        assert line_with(out, "and 5 more; --json has them all")
        assert line_with(out, "and 1 more; --json has them all")
        rows = [int(line.split()[0]) for line in out.splitlines() if "gate · fare at exit" in line]
        assert (len(rows), rows[0], rows[-1]) == (500, 2_000, 503)
        assert len(show.json(card)[0]["history"]) == 505

    def test_says_if_it_is_simulated(self, show: Show) -> None:
        assert show(CARD._replace(simulated=True)).startswith("[simulated 模擬] ")

    @pytest.mark.parametrize("language", ["ja", "en"])
    def test_fits_eighty_columns(self, show: Show, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
        monkeypatch.setenv("COLUMNS", "80")
        long = row(0xFFFF, 1, terminal=0x24, process=0x14, entry_exit=0x03, payment=0x3F, regions=(2, 3))
        lines = show(suica(long, row(1, 0xFFFF), s108F={0: GATE}), args=("--lang", language)).splitlines()
        assert max(cell_len(line) for line in lines[1:]) <= 80
        assert "FFFF" not in lines and any("65,534" in line for line in lines)

    def test_codes_that_are_not_known_stay_codes_and_doubtful_names_are_marked(self, show: Show) -> None:
        out = show(suica(row(3, 100, terminal=0x2B, process=0x6E, entry_exit=0x77, payment=0x3F, place=b"\1\2\3\4")))
        assert "0x2B · 0x6E · 0x77 · payment 0x3F" in " ".join(out.split())
        assert "? 01 02 03 04" in out
        assert "counter or bus (?) · bus (?)" in show(suica(row(terminal=0x22, process=0x0C)))

    def test_witnesses_of_the_balance_that_disagree_are_both_named(self, show: Show) -> None:
        card = suica(row(9, 830), s008B={0: attributes(840)})
        assert "830 yen  by the history; 008B says 840: they disagree" in show(card)
        (facts,) = show.json(card)
        assert (facts["balance_yen"], facts["balance_disputed"]) == (830, True)
        assert "500 yen  by service 008B alone" in show(suica(s008B={0: attributes(500)}))

    def test_a_card_that_can_not_be_read_says_so(self, show: Show) -> None:
        out = show(image({0x8008: {0x0117: {0: bytes(16)}}}, idm=b"")._replace(pmm=b""))
        assert "Octopus" in out
        assert "IDm not recorded  PMm not recorded" in out
        assert "balance  not recorded, or not decoded" in out

    def test_edy_in_a_telephone_stands_beside_its_suica(self, show: Show) -> None:
        card = image({0x0003: {0x090F: {0: row(3, 700)}}, 0xFE00: {0x1317: {0: b"\x9e\1" + bytes(14)}}})
        assert "balance  700 yen" in show(card)
        assert "Edy  414 yen" in show(card)
        assert show.json(card)[0]["balance_yen"] == 700

    def test_edy_alone_is_its_balance(self, show: Show) -> None:
        (facts,) = show.json(image({0xFE00: {0x1317: {0: b"\x9e\1" + bytes(14)}}}))
        assert (facts["brand"], facts["balance_yen"]) == ("edy", 414)

    def test_rows_with_days_that_are_none_are_still_shown(self, show: Show) -> None:
        raw = row(5, 90)[:4] + b"\xff\xff" + row(5, 90)[6:]
        out = show(suica(raw))
        assert line_with(out, "? FFFF").startswith("5 ? FFFF gate")
        assert f"no. 5: its day is none · {raw.hex(' ').upper()}" in " ".join(out.split())


class TestSeveralRecordings:
    OLDER, NEWER = suica(row(8, 1_000), row(7, 1_500)), suica(row(10, 700), row(9, 800), row(8, 1_000))

    def test_of_one_card_are_one_history(self, show: Show) -> None:
        (facts,) = show.json(self.OLDER, self.NEWER)
        assert [use["sequence"] for use in facts["history"]] == [10, 9, 8, 7]
        assert [use["amount_yen"] for use in facts["history"]] == [-100, -200, -500, None]
        assert facts["balance_yen"] == 700
        assert show(self.OLDER, self.NEWER).count("told by") == 1

    def test_with_rows_missing_between_them_say_which(self, show: Show) -> None:
        out = show(suica(row(20, 100)), suica(row(8, 400)))
        assert "-300*" in out
        assert "* may be of several uses: numbers 9-19 are not recorded" in " ".join(out.split())
        assert show.json(suica(row(20, 100)), suica(row(8, 400)))[0]["gaps"] == [[9, 19]]

    def test_that_contradict_each_other_say_so(self, show: Show) -> None:
        out = " ".join(show(suica(row(8, 400)), suica(row(8, 500))).split())
        assert re.search(r"different rows are numbered 8: \S*1\.card\.cbor / \S*2\.card\.cbor", out)
        assert show.json(suica(row(8, 400)), suica(row(8, 500)))[0]["conflicts"] == [8]

    @pytest.mark.parametrize(
        "other", [suica(row(9, 800), idm=OTHER_IDM), suica(row(9, 800), idm=b""), suica(row(9, 800), simulated=True)]
    )
    def test_of_different_cards_are_shown_each(self, show: Show, other: CardImage) -> None:
        facts = show.json(self.OLDER, other)
        assert [len(card["history"]) for card in facts] == [2, 1]

    @pytest.mark.parametrize("idm", [b"", bytes(8)], ids=["none", "zeros"])
    def test_without_idm_are_shown_each(self, show: Show, idm: bytes) -> None:
        cards = suica(row(8), idm=idm), suica(row(9), idm=idm)
        assert [(card["idm"], len(card["history"])) for card in show.json(*cards)] == [(None, 1), (None, 1)]
        assert show(*cards).count("IDm not recorded") == 2

    def test_with_the_same_newest_row_the_last_written_tells_gates_and_balance(self, show: Show) -> None:
        before = suica(row(8, 900), s008B={0: attributes(900, update=8)})
        entered = suica(row(8, 900), s008B={0: attributes(900, update=9)}, s108F={0: GATE})
        for order in ((before, entered), (entered, before)):
            (facts,) = show.json(*order)
            assert (facts["update"], len(facts["gates"])) == (9, 1)

    def test_in_a_collection_with_others_are_shown_and_the_others_counted(self, show: Show, tmp_path: Path) -> None:
        bulk = tmp_path / "cards.json"
        card = '{"cardType":"FeliCa","idm":"AQEGAQShssM=","systems":[]}'
        bulk.write_text(f'{{"cards":[{{"tagId":"01","ksx6924":{{}}}},{card},{{"cardType":"CEPAS"}}]}}')
        ran = show._cli("card", "show", bulk, "--json")
        assert (ran.code, json.loads(ran.out)["idm"]) == (Exit.OK, "0101060104A1B2C3")
        ran = show._cli("card", "show", bulk, "--lang", "en")
        assert ran.err == f"{bulk}: passed over, as not FeliCa: 2\n"

    def test_of_one_card_in_one_file_are_told_apart_by_their_place_in_it(self, show: Show, tmp_path: Path) -> None:
        def farebot(block: bytes) -> dict[str, object]:
            rows = {"serviceCode": 0x090F, "blocks": [{"address": 0, "data": b64encode(block).decode()}]}
            return {"cardType": "FeliCa", "idm": "AQEGAQShssM=", "systems": [{"code": 3, "services": [rows]}]}

        bulk = tmp_path / "cards.json"
        bulk.write_text(json.dumps({"cards": [farebot(row(8, 400)), farebot(row(8, 500))]}))
        out = show._cli("card", "show", bulk, "--lang", "en").out
        assert f"different rows are numbered 8: {bulk}#1 / {bulk}#2" in out

    def test_in_one_file_are_shown_each(self, show: Show, tmp_path: Path) -> None:
        bulk = tmp_path / "cards.json"
        card = '{"cardType":"FeliCa","idm":"%s","systems":[{"code":3,"services":[]}]}'
        cards = ",".join(card % idm for idm in ("AQEGAQShssM=", "AQEGAQT///8="))
        bulk.write_text(f'{{"cards":[{cards}]}}')
        ran = show._cli("card", "show", bulk, "--json")
        assert [json.loads(line)["idm"] for line in ran.out.splitlines()] == ["0101060104A1B2C3", "0101060104FFFFFF"]


class TestForMachines:
    def test_json_has_codes_names_and_bytes(self, show: Show) -> None:
        (facts,) = show.json(CARD)
        assert (facts["simulated"], facts["brand"], facts["systems"]) == (False, "suica-family", ["0003"])
        bus = facts["history"][0]
        assert bus["terminal"] == {"code": "0x05", "ja": "車載端末", "en": "on-board", "sure": True}
        assert bus["place"] == {"kind": "bus", "operator": "0E51", "stop": "011F"}
        assert (bus["amount_yen"], bus["amount_spans_several"], bus["regions"]) == (-210, False, [2, 0])
        assert bytes.fromhex(bus["raw"]) == row(
            12, 790, terminal=0x05, process=0x0F, entry_exit=0x0F, place=BUS, regions=(2, 0)
        )
        assert facts["history"][1]["place"] == {"kind": "rail", "entry": "01-CC", "exit": None}
        (gate,) = facts["gates"]
        assert (gate["direction"], gate["time"], gate["pass_fare_yen"]) == ("in", "09:29", 300)

    def test_json_of_what_is_not_known_has_no_name(self, show: Show) -> None:
        (facts,) = show.json(suica(row(terminal=0x2B, process=0x6E)))
        (use,) = facts["history"]
        assert use["terminal"] == {"code": "0x2B", "ja": None, "en": None, "sure": False}
        assert use["place"] == {"kind": "unread", "raw": "8BA58AA6"}

    def test_csv_has_a_row_a_use(self, show: Show) -> None:
        sold = row(13, 700, terminal=0xC7, process=0x46, entry_exit=0, place=b"\x62\x63\xde\x43")
        unknown = row(9, 60_000, process=0x6E)[:4] + packed_day(date(2026, 11, 19)) + row(9, 60_000)[6:]
        card = suica(sold, *CARD.systems[0x0003][0x090F].values(), unknown)
        rows = list(csv.DictReader(io.StringIO(show(card, args=("--csv", "--lang", "en")))))
        assert [(row["sequence"], row["amount_yen"]) for row in rows] == [
            ("13", "-90"), ("12", "-210"), ("11", "1000"), ("10", "-60000"), ("9", ""),
        ]  # fmt: skip
        assert (rows[0]["time"], rows[0]["shop_terminal"]) == ("12:19:06", "DE43")
        assert (rows[1]["bus_operator"], rows[1]["bus_stop"], rows[1]["entry_region"]) == ("0E51", "011F", "2")
        assert (rows[3]["entry"], rows[3]["exit"], rows[3]["process_name"]) == ("8B-A5", "8A-A6", "fare at exit")
        assert (rows[4]["date"], rows[4]["process"], rows[4]["process_name"]) == ("2026-11-19", "0x6E", "")
        assert {row["idm"] for row in rows} == {"0101060104A1B2C3"}

    def test_csv_of_bench_cards_has_their_own_columns(self, show: Show) -> None:
        (use,) = csv.DictReader(io.StringIO(show(ridden(), args=("--csv",))))
        assert (use["idm"], use["day"], use["due_yen"]) == (OTHER_IDM.hex().upper(), "2026-11-20", "300")
        assert "one kind at a time" in show.fails(show.file(CARD), show.file(ridden()), "--csv")

    def test_csv_of_cards_without_uses_is_empty(self, show: Show) -> None:
        assert show(image({0x8008: {}}), args=("--csv",)) == ""

    def test_raw_has_every_block_and_what_it_is(self, show: Show) -> None:
        out = show(CARD, args=("--raw", "--lang", "en"))
        assert "system 0003  Suica family\n" in out
        assert "  service 108F  gate records\n" in out
        assert "  service 10CB  contents not described  (there, not read)\n" in out
        blocks = re.findall(r"^    ([0-9A-F]{4})  ((?:[0-9A-F]{2} ?){16})$", out, re.MULTILINE)
        assert len(blocks) == 5
        assert ("0000", GATE.hex(" ").upper()) in blocks

    def test_one_form_at_a_time(self, show: Show) -> None:
        assert "one of them" in show.fails(show.file(CARD), "--json", "--csv")
        assert "one of them" in show.fails(show.file(CARD), "--raw", "--csv")


class TestOurOwnCard:
    @pytest.mark.parametrize("scheme", VARIANTS)
    def test_of_every_operator_shows_its_balance(self, show: Show, scheme: str) -> None:
        account = Account(scheme, 0 if scheme == "noruca" else 1_230)
        card = issue(OTHER_IDM, account, "LC2611200042", date(2026, 11, 20))
        out = show(card)
        assert out.startswith("[simulated 模擬] a bench card of this project ")
        (facts,) = show.json(card)
        assert (facts["scheme"], facts["brand"], facts["number"]) == (scheme, "bench", "LC2611200042")
        assert facts["balance_yen"] == account.stored_fare_yen

    def test_shows_points_and_coupons(self, show: Show) -> None:
        points = Account("iwate-green-pass", 10, points=Points(70, date(2026, 11, 1)), welfare_points=90)
        out = show(issue(OTHER_IDM, points, "IG1", date(2026, 11, 20)))
        assert line_with(out, "transport points") == "transport points 70"
        assert line_with(out, "welfare") == "welfare points 90"
        coupons = Account("noruca", 0, coupons=Coupons(1_100, 0, 2_500))
        assert line_with(show(issue(OTHER_IDM, coupons, "FK1", date(2026, 11, 20))), "eco") == "eco coupons, yen 2,500"

    def test_shows_its_last_uses(self, show: Show) -> None:
        assert line_with(show(ridden()), "2026-11-20", "300") == "2026-11-20 ride 311 12 16 300 0 0 1,700"
        assert "no last uses" in show(issue(OTHER_IDM, Account("lococa", 0), "LC1", date(2026, 11, 20)))

    @pytest.mark.parametrize(("language", "said"), [("en", "top-up"), ("ja", "チャージ")])
    def test_gen_13_a_top_up_is_among_its_last_uses(self, show: Show, language: str, said: str) -> None:
        card = ridden()
        added = HistoryRow(0, date(2026, 11, 21), 0, 0, 0, 1_000, 1_000, 0, 2_000, top_up=True, mark=7)
        card.systems[0x88B4][0x0009][7] = encode_history(added._replace(balance_yen=1_700))
        line = line_with(show(card, args=("--lang", language)), "2026-11-21")
        assert line.split()[:6] == ["2026-11-21", said, "-", "-", "-", "1,000"]
        (facts,) = show.json(card)
        (use,) = facts["last_uses"]
        assert (use["use"], use["trip"], use["due_yen"], use["cash_yen"]) == ("top-up", None, 1_000, 1_000)

    def test_whose_slots_are_both_torn_says_why_it_is_refused(self, show: Show) -> None:
        card = issue(OTHER_IDM, Account("lococa", 0), "LC1", date(2026, 11, 20))
        card.systems[0x88B4][0x0009][0] = bytes(16)
        assert "GEN-11" in show(card)

    def test_that_is_blank_says_so_and_is_not_called_refused(self, show: Show) -> None:
        blank = blank_lite_s(OTHER_IDM)
        out = show(blank)
        assert out.startswith("[simulated 模擬] a blank card (FeliCa Lite-S, not issued) ")
        assert line_with(out, "writes") == "writes 0"
        assert "refused" not in out and "uses" not in out
        assert "空のカード" in show(blank, args=("--lang", "ja"))
        (facts,) = show.json(blank)
        assert (facts["brand"], facts["writes"], "refused" in facts) == ("blank", 0, False)
        assert show(blank, args=("--csv",)) == ""

    def test_raw_names_its_blocks(self, show: Show) -> None:
        out = show(issue(OTHER_IDM, Account("lococa", 0), "LC1", date(2026, 11, 20)), args=("--raw", "--lang", "en"))
        for name in ("S_PAD0 slot", "S_PAD2 number", "S_PAD3 bank 0", "S_PAD13 history", "MC", "WCNT"):
            assert re.search(rf"  {name}$", out, re.MULTILINE)

    def test_raw_names_nothing_of_ours_on_another_lite_s(self, show: Show) -> None:
        out = show(blank_lite_s(OTHER_IDM), args=("--raw", "--lang", "en"))
        assert re.search(r"  S_PAD0$", out, re.MULTILINE)
        assert "slot" not in out.split("0000  ")[1]


@pytest.mark.data
@pytest.mark.parametrize("form", [(), ("--json",), ("--csv",), ("--raw",)])
def test_every_recorded_card_is_shown(show: Show, data_dir: Path, form: tuple[str, ...]) -> None:
    files = [path for path in (data_dir / "cards").iterdir() if path.name != "history-vectors.json"]
    assert len(files) == 8
    for path in files:
        ran = show._cli("card", "show", path, *form)
        assert (ran.code, ran.err) == (Exit.OK, ""), path


def test_the_page_on_transit_cards_prints_what_the_command_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "transit_cards.md").read_text("utf-8")
    dump_block = re.search(r"<!-- rows -->\n```dump\n(.+?)```", page, re.DOTALL)
    printed = re.search(r"<!-- output: farebox (.+?) -->\n```text\n(.+?)```", page, re.DOTALL)
    assert dump_block and printed
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    card = suica(*map(bytes.fromhex, dump_block[1].splitlines()), simulated=True)
    Path("suica.card.cbor").write_bytes(dump(card))
    out = run(capsys, monkeypatch, *printed[1].split()).out
    assert [line.rstrip() for line in out.splitlines()] == printed[2].splitlines()
