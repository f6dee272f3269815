"""`farebox bench` as a user runs it."""

import io
import json
import sys
from datetime import date
from pathlib import Path

import pytest

from cardimage.felica_card import FelicaCard
from cardimage.issue import issue
from farebox.result import Side
from farebox.words import Language
from reader.keys import bench_keys
from sim.hardware.field import CardField
from sim.hardware.pn532 import Pn532
from sim.scenario.person import Asked
from tariff.account import Account
from tests.sim.scenario.bench import text_of
from tests.tools.cli import Ran, run
from tools import bench_command
from tools.bench_command import ask
from tools.exits import Exit

RIDE = ('board = "花子", at = "磐城棚倉"', 'alight = "花子", at = "新白河", fare = 500')
WRONG = (RIDE[0], 'alight = "花子", at = "新白河", fare = 490, balance = 510')


class Bench:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self._capsys, self._monkeypatch = folder, capsys, monkeypatch

    def __call__(self, *args: object) -> Ran:
        return run(self._capsys, self._monkeypatch, "bench", *args)

    def file(self, name: str, *steps: str) -> Path:
        path = self.folder / f"{name}.scenario.toml"
        path.write_text(text_of(*steps), "utf-8")
        return path


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("COLUMNS", "240")  # the path of a test's folder may be long
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    return Bench(tmp_path, capsys, monkeypatch)


def test_a_file_that_passes_says_that_it_is_simulated(bench: Bench) -> None:
    ran = bench(bench.file("a", *RIDE))
    assert (ran.code, ran.err) == (Exit.OK, "")
    assert "[simulated 模擬] 1 scenario · reader image" in ran.out and "1 passed · 0 failed" in ran.out
    assert "【模擬】 シナリオ 1 件" in bench(bench.file("a", *RIDE), "--lang", "ja").out


@pytest.mark.parametrize("reader", ["image", "pn532"])
def test_a_failed_expectation_stands_beside_what_was_seen(bench: Bench, reader: str) -> None:
    ran = bench("run", bench.file("a", *WRONG), "--reader", reader)
    lines = [line.split() for line in ran.out.splitlines()]
    assert ran.code == Exit.CHECK_FAILED and ran.err == "farebox: 1 of 1 scenarios failed\n"
    assert ["key", "expected", "actual"] in lines
    assert ["fare", "490", "500"] in lines and ["balance", "510", "500"] in lines
    assert "a.scenario.toml:15 · step 2 · alight 花子 at 新白河" in ran.out
    assert "display: GEN-4 fare 磐城棚倉→新白河 500" in ran.out


def test_a_folder_is_all_its_files_and_k_chooses(bench: Bench) -> None:
    for name in ("a", "b"):
        bench.file(name, *RIDE)
    bench.file("c", *WRONG)
    assert "2 passed · 1 failed" in bench(bench.folder).out
    assert "1 passed · 0 failed" in bench(bench.folder, "-k", "B.SCENARIO", "--quiet").out
    nothing = bench(bench.folder, "-k", "no such")
    assert nothing.code == Exit.USAGE and "no scenario has that" in nothing.err


def test_json_is_one_object_a_line(bench: Bench) -> None:
    bench.file("a", *RIDE)
    bench.file("b", *WRONG)
    passed, failed, summary = map(json.loads, bench(bench.folder, "--json").out.splitlines())
    assert passed["passed"] and "failure" not in passed
    assert failed["failure"]["differences"] == [
        {"what": "fare", "expected": "490", "actual": "500"},
        {"what": "balance", "expected": "510", "actual": "500"},
    ]
    assert (failed["failure"]["step"], failed["failure"]["line"]) == (2, 15)
    assert summary == {"summary": {"passed": 1, "failed": 1, "reader": "image", "simulated": True}}


def test_all_that_is_wrong_with_all_files_is_told_at_once(bench: Bench) -> None:
    bench.file("a", "fare = 3")
    bench.file("b", 'bord = "花子"')
    bench.file("c", *RIDE)
    ran = bench(bench.folder)
    assert ran.code == Exit.CONFIGURATION and ran.out == ""
    assert "a.scenario.toml:14" in ran.err and "b.scenario.toml:14" in ran.err


def test_json_tells_problems_too(bench: Bench) -> None:
    bench.file("a", "fare = 3")
    told = json.loads(bench(bench.folder, "--json").out)
    assert len(told["problems"]) == 1 and "nothing happens" in told["problems"][0]
    bench.file("a", 'board = "花子", at = "東京"')
    assert "no stop '東京'" in json.loads(bench(bench.folder, "--json").out)["problems"][0]


def test_what_does_not_fit_the_route_is_told_after_the_others_were_run(bench: Bench) -> None:
    bench.file("a", 'board = "花子", at = "東京"')
    bench.file("b", *RIDE)
    ran = bench(bench.folder)
    assert ran.code == Exit.CONFIGURATION and "✓" in ran.out and "no stop '東京'" in ran.err


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("no-such.scenario.toml",), Exit.IO, "no-such.scenario.toml"),
        ((".",), Exit.USAGE, "no scenario in this folder"),
        ((), Exit.USAGE, "Commands:"),
        (("new", "a.toml"), Exit.USAGE, "ends in .scenario.toml"),
    ],
)
def test_calls_that_are_off(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], code: Exit, said: str
) -> None:
    monkeypatch.chdir(bench.folder)
    ran = bench(*args)
    assert ran.code == code and said in ran.err + ran.out


def test_a_new_file_passes_and_is_not_written_over(bench: Bench) -> None:
    path = bench.folder / "my.scenario.toml"
    assert bench("new", path).code == Exit.OK
    assert "1 passed" in bench(path).out
    assert "--force writes over it" in bench("new", path).err
    assert bench("new", path, "--force").code == Exit.OK


# -- what lies beside the file


def test_a_card_image_is_tapped_and_its_file_stays_as_it_is(
    bench: Bench, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    image = bench.folder / "my.card.cbor"
    assert (
        run(capsys, monkeypatch, "card", "new", "--operator", "lococa", "--balance", 700, "-o", image).code == Exit.OK
    )
    before = image.read_bytes()
    path = bench.folder / "a.scenario.toml"
    cards = 'cards."手持ち" = { recorded = "my.card.cbor" }'
    ride = ('board = "手持ち", at = "磐城棚倉"', 'alight = "手持ち", at = "新白河", fare = 500, balance = 200')
    path.write_text(text_of(*ride, more=cards), "utf-8")
    assert bench(path).code == bench(path).code == Exit.OK
    assert image.read_bytes() == before
    image.unlink()
    gone = bench(path)
    assert gone.code == Exit.CONFIGURATION and f"{image}: No such file" in gone.err and f"{path}:" in gone.err


def test_an_operator_file_of_ones_own(bench: Bench) -> None:
    shipped = (Path(__file__).parents[2] / "tariff/operators/lococa/2016-01-01.toml").read_text("utf-8")
    own = bench.folder / "lococa" / "2016-01-01.toml"
    own.parent.mkdir()
    own.write_text(shipped.replace("child_percent = 50", "child_percent = 40"), "utf-8")
    path = bench.folder / "a.scenario.toml"
    more = 'cards."子" = { balance = 500, kind = "child" }\nbus = { operator_file = "lococa/2016-01-01.toml" }'
    ride = ('board = "子", at = "磐城棚倉"', 'alight = "子", at = "新白河", fare = 200')
    path.write_text(text_of(*ride, more=more), "utf-8")
    assert bench(path).code == Exit.OK
    wrong = own.with_name("2017-01-01.toml")
    wrong.write_text(shipped.replace("child_percent = 50", 'child_percent = "half"'), "utf-8")
    path.write_text(text_of(*ride, more=more.replace("2016", "2017")), "utf-8")
    broken = bench(path)
    assert broken.code == Exit.CONFIGURATION and "child_percent" in broken.err


# -- recording


DAY = "2026-11-20"
PASS = ("--pass", "実業高校前", "南湖公園", "--pass-days", "2026-11-01", "2026-11-30")


@pytest.mark.parametrize(
    ("keys", "card", "told"),
    [
        ("tap next next next next tap", ("--balance", 2_000), "fare = 500, balance = 1_500"),
        ("tap next next next next tap", ("--balance", 2_000, *PASS), 'lines = ["PASS-3 500"'),
        ("tap next tap part tap", ("--balance", 195), 'answer_payment = "part-cash"'),
        ("next next tap drop next tap", ("--balance", 500), 'refused = "no-boarding"'),
    ],
)
def test_a_live_run_is_recorded_and_comes_out_again(
    bench: Bench,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    keys: str,
    card: tuple[object, ...],
    told: str,
) -> None:
    image, path = bench.folder / "my.card.cbor", bench.folder / "live.scenario.toml"
    made = run(capsys, monkeypatch, "card", "new", "--operator", "lococa", *card, "--issued", DAY, "-o", image)
    assert made.code == Exit.OK, made
    readers = ("--reader", f"image:{image}") * (2 if keys.startswith("next") else 1)
    keyed = keys.replace("tap", "tap out") if keys.startswith("next") else keys
    monkeypatch.setattr(sys, "stdin", io.StringIO(keyed.replace(" ", "\n").replace("tap\nout", "tap out") + "\n"))
    journal = bench.folder / "j"
    ran = run(capsys, monkeypatch, "run", *readers, "--journal", journal, "--date", DAY, "--record", path)
    assert (ran.code, ran.err) == (Exit.OK, ""), ran
    assert told in path.read_text("utf-8")
    assert bench(path).code == bench(path, "--reader", "pn532").code == Exit.OK
    # The same from the journal, with the card's image where it holds a pass; what is known of it is as it was then.
    other = bench.folder / "journal.scenario.toml"
    from_journal = bench("record", journal, "--card", image, "-o", other)
    assert (from_journal.code, from_journal.err) == (Exit.OK, "")
    assert told in other.read_text("utf-8")


def test_what_can_not_be_recorded_is_told(bench: Bench) -> None:
    folder = bench.folder
    missing = bench("record", folder / "no-such.journal", "-o", folder / "a.scenario.toml")
    assert missing.code == Exit.IO and "no-such.journal" in missing.err
    taken = bench("record", folder, "-o", bench.file("a", *RIDE))
    assert taken.code == Exit.IO or "--force" in taken.err


# -- a real reader: a PN532 on a serial line, and a person


def test_a_reader_on_a_serial_line_asks_for_cards_by_name(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    field = CardField()
    image = issue(bytes.fromhex("012EAA0000000001"), Account("lococa", 300), "X1", date(2026, 11, 20))
    told: list[str] = []

    def person(asked: Asked, readers: int, language: Language) -> None:
        told.append(f"{'lay' if asked.lay else 'take'} {asked.name} {readers}")
        if asked.lay:
            field.lay(FelicaCard(image, bench_keys().card_key(image.idm)))
        else:
            field.lift()

    monkeypatch.setattr(bench_command, "ask", person)
    chip = Pn532(field)
    try:
        path = bench.file("a", *RIDE)
        unprepared = bench(path, "--reader", f"tty:{chip.path}")
        assert unprepared.code == Exit.CONFIGURATION and "holds lococa adult 300 yen" in unprepared.err
        field.lift()
        ran = bench(path, "--reader", f"tty:{chip.path}", "--prepare")
    finally:
        chip.close()
    assert (ran.code, ran.err) == (Exit.OK, "")
    assert "[bus and clock simulated 模擬] 1 scenario · reader tty:" in ran.out
    assert told[-4:] == ["lay 花子 1", "take 花子 1", "lay 花子 1", "take 花子 1"]


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("--reader", "image", "--reader", "pn532"), Exit.USAGE, "alone, or one or two real readers"),
        (("--prepare",), Exit.USAGE, "are for real readers"),
        (("--reader", "tty:/dev/no-such", "--prepare", "--keys", "k"), Exit.USAGE, "bench cards only"),
        (("--reader", "tty:/dev/no-such"), Exit.NO_READER, "/dev/no-such"),
        (("--reader", "abacus"), Exit.USAGE, "abacus"),
    ],
)
def test_readers_that_will_not_do(bench: Bench, args: tuple[str, ...], code: Exit, said: str) -> None:
    ran = bench(bench.file("a", *RIDE), *args)
    assert ran.code == code and said in ran.err, ran


def test_what_a_person_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    for asked in (
        Asked("花子", Side.BOARDING, lay=True),
        Asked("花子", Side.ALIGHTING, lay=True, wrong="another card than before"),
        Asked("花子", Side.ALIGHTING, lay=False),
    ):
        ask(asked, 2, Language.JA)
        ask(asked, 1, Language.EN)
    said = capsys.readouterr()
    assert said.out == "" and said.err.splitlines() == [
        "  → 「花子」を乗車側のリーダーに置いてください",
        "  → lay 花子 on the reader",
        "  ! 花子 ではありません: another card than before",
        "  ! not 花子: another card than before",
        "  ← 「花子」を取ってください",
        "  ← take 花子 away",
    ]
