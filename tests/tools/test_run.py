"""`farebox run` as a driver at a keyboard has it: taps served, questions answered, files kept."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from farebox.formats.journal import Outcome
from farebox.journal.reading import read, verify
from tests.reader.plugged import IDLE_READER, plug_in
from tests.tools.cli import run
from tools.exits import Exit
from tools.feeds import feed_path

Drive = Callable[..., dict[str, object]]
DAY = "2026-11-20"


@pytest.fixture
def drive(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Drive:
    """Make a card, run the keys on the Hakuho line, and give what the card shows then."""
    card, journal = tmp_path / "my.card.cbor", tmp_path / "j"

    def ride(keys: str, *new: object) -> dict[str, object]:
        if not card.exists():
            made = run(capsys, monkeypatch, "card", "new", "--operator", "lococa", *new, "--issued", DAY, "-o", card)
            assert made.code == Exit.OK, made
        monkeypatch.setattr(sys, "stdin", io.StringIO(keys.replace(", ", "\n") + "\n"))
        ran = run(
            capsys, monkeypatch, "run", "--reader", f"image:{card}", "--journal", journal, "--trip", "HAKUHO-W01",
            "--date", DAY, "--lang", "en",
        )  # fmt: skip
        assert (ran.code, ran.err) == (Exit.OK, ""), ran
        shown = json.loads(run(capsys, monkeypatch, "card", "show", card, "--json").out)
        assert isinstance(shown, dict)
        return {**shown, "said": ran.out}

    return ride


def test_a_ride_of_500_yen(drive: Drive) -> None:
    shown = drive("tap, next, next, next, next, tap", "--balance", 2_000)
    assert shown["balance_yen"] == 1_500
    assert str(shown["ride"]).startswith("closed 2026-11-20")


def test_the_clock_of_an_image_bench_is_set_to_the_day(drive: Drive) -> None:
    """A pass of that one day counts, whatever day the test runs on."""
    ends = ("--pass", "磐城棚倉", "新白河", "--pass-days", DAY, DAY)
    assert drive("tap, next, tap", "--balance", 100, *ends)["balance_yen"] == 100


def test_gen_10_the_shortage_is_hinted_at_and_keyed(drive: Drive) -> None:
    shown = drive("tap, next, tap, part", "--balance", 195)
    assert "part (shortage in cash)" in str(shown["said"])
    assert shown["balance_yen"] == 5


def test_keys_are_taken_as_people_type_them(drive: Drive) -> None:
    said = str(drive("HELP, Tap, stops, nonsense, board 99999999999999999999, tap 2, , quit", "--balance", 500)["said"])
    assert "tap [in|out]: lay the card · next" in said and "? nonsense" in said and "● 0 磐城棚倉" in said


def test_two_images_on_two_readers_are_laid_one_by_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One file named twice is one card."""
    card = tmp_path / "c"
    run(capsys, monkeypatch, "card", "new", "--operator", "lococa", "--balance", 2_000, "--issued", DAY, "-o", card)
    monkeypatch.setattr(sys, "stdin", io.StringIO("tap\ntap in\nnext\ntap out\n"))
    readers = ("--reader", f"image:{card}", "--reader", f"image:{card}")
    ran = run(capsys, monkeypatch, "run", *readers, "--journal", tmp_path / "j", "--trip", "HAKUHO-W01", "--date", DAY)
    assert ran.code == Exit.OK
    assert json.loads(run(capsys, monkeypatch, "card", "show", card, "--json").out)["balance_yen"] == 1_700


def test_gen_7_the_boarding_stop_is_asked_for_and_keyed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    card = tmp_path / "c"
    run(capsys, monkeypatch, "card", "new", "--operator", "lococa", "--balance", 2_000, "--issued", DAY, "-o", card)
    monkeypatch.setattr(sys, "stdin", io.StringIO("next\nnext\nnext\ntap out\nboard 9\nboard 2\n"))
    readers = ("--reader", f"image:{card}", "--reader", f"image:{card}")
    where = ("--journal", tmp_path / "j", "--trip", "HAKUHO-W01", "--date", DAY, "--lang", "en")
    ran = run(capsys, monkeypatch, "run", *readers, *where)
    assert "board N (where they boarded)" in ran.out
    assert json.loads(run(capsys, monkeypatch, "card", "show", card, "--json").out)["balance_yen"] == 2_000 - 190


def test_only_the_keys_that_answer_the_question_are_hinted_at_and_helped_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also at the second question about one card, and when a question that was dropped is asked again."""
    card = tmp_path / "c"
    run(capsys, monkeypatch, "card", "new", "--operator", "lococa", "--balance", 10, "--issued", DAY, "-o", card)
    keys = ["help", "next", "next", "tap out", "help", "board 0", "help", "board 0", "drop", "help", "tap out", "next"]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(keys)))
    readers = ("--reader", f"image:{card}", "--reader", f"image:{card}")
    where = ("--journal", tmp_path / "j", "--trip", "HAKUHO-W01", "--date", DAY, "--lang", "en")
    said = run(capsys, monkeypatch, "run", *readers, *where).out.splitlines()
    always = "next: drive on · stops: list them · quit"
    assert [line for line in said if line.startswith("→") or "quit" in line] == [
        f"tap [in|out]: lay the card · {always}",
        "→ board N (where they boarded), or drop",
        f"board N: where they boarded · drop: give up · {always}",
        "→ part (shortage in cash), cash (all), or drop",
        f"part: shortage in cash · cash: all in cash · drop: give up · {always}",
        f"tap [in|out]: lay the card · {always}",
        "→ board N (where they boarded), or drop",
    ]


@pytest.mark.parametrize(("reader", "mark"), [("usb", "再生"), ("image:my.card.cbor", "再生・模擬")])
def test_a_trace_is_told_as_a_replay_and_as_simulated_if_its_card_was(
    reader: str, mark: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = tmp_path / "my.trace.jsonl"
    trace.write_text(json.dumps({"format": "farebox-trace", "version": 1, "reader": reader, "chip": "RC-S380"}))
    master = tmp_path / "master.key"
    master.write_text("5A" * 32)
    master.chmod(0o600)
    words = ("--reader", f"trace:{trace}", "--keys", master, "--journal", tmp_path / "j", "--date", DAY)
    for language, told in (("ja", f"【{mark}】trace:{trace}: "), ("en", f"[{mark} replay] trace:{trace}: ")):
        monkeypatch.setattr(sys, "stdin", io.StringIO("help\n"))
        ran = run(capsys, monkeypatch, "run", *words, "--lang", language)
        assert ran.code == Exit.OK
        assert told in ran.out and ("模擬" in ran.out) is ("模擬" in mark)
        assert "tap [in|out]" not in ran.out


def test_a_card_file_that_can_not_be_kept_was_not_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    card = tmp_path / ("n" * 240)
    run(capsys, monkeypatch, "card", "new", "--operator", "lococa", "--balance", 2_000, "--issued", DAY, "-o", card)
    before = card.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(card))

    monkeypatch.setattr("tools.imagined.write_whole", full)
    monkeypatch.setattr(sys, "stdin", io.StringIO("tap\n"))
    ran = run(capsys, monkeypatch, "run", "--reader", f"image:{card}", "--journal", tmp_path / "j", "--date", DAY)
    assert ran.code == Exit.IO and str(card) in ran.err and "✓" not in ran.out
    assert card.read_bytes() == before
    records = [entry.record for entry in read(tmp_path / "j").entries]
    assert [record.result for record in records if isinstance(record, Outcome)] == ["not_written"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_trip_as_quit_does(tmp_path: Path, number: signal.Signals) -> None:
    card, journal = tmp_path / "c", tmp_path / "j"
    farebox = [sys.executable, "-m", "tools.cli"]
    subprocess.run([*farebox, "card", "new", "--operator", "lococa", "--issued", DAY, "-o", str(card)], check=True)
    process = subprocess.Popen(
        [*farebox, "run", "--reader", f"image:{card}", "--journal", str(journal), "--date", DAY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(b"tap\n")
    process.stdin.flush()
    deadline = time.monotonic() + 30
    while not (journal / "00000001.segment").exists() or len(read(journal).entries) < 4:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(process.pid, number)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, b"")
    assert verify(journal).problem is None
    assert type(read(journal).entries[-1].record).__name__ == "TripEnded"


PLUGGED = {
    "one that can't be loaded": "import no_such_library",
    "one that gives no port": "port = lambda rest: None",
    "one that raises": IDLE_READER.replace("return None", "raise KeyError(7)", 1),
    "one that leaves": IDLE_READER.replace("return None", "raise SystemExit(3)", 1),
    "one that misses something": "from reader.port import ReaderMissing as R\ndef port(rest): raise R('no shelf')",
}


@pytest.mark.parametrize("source", PLUGGED.values(), ids=PLUGGED)
def test_a_plug_in_that_can_not_be_used_is_a_line_that_names_the_reader(
    source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = plug_in(monkeypatch, tmp_path, "amiss", source) + "x"
    ran = run(capsys, monkeypatch, "run", "--reader", spec, "--journal", tmp_path / "j")
    assert ran.code == Exit.NO_READER
    assert ran.err.startswith(f"farebox: --reader {spec}: ") and ran.err.count("\n") == 1


def test_the_register_keeps_a_cards_stops_through_a_new_edition_of_the_feed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    card, register, edition = tmp_path / "c", tmp_path / "stops.register", tmp_path / "feed"
    edition.mkdir()
    for table in feed_path("sample").glob("*.txt"):
        text = table.read_text("utf-8-sig")
        if table.name == "stops.txt":
            head, rest = text.split("\n", 1)
            columns = head.split(",")
            row = {"stop_id": "NEW", "stop_name": "新停留所", "stop_lat": "37.0", "stop_lon": "140.0"}
            text = f"{head}\n{','.join(row.get(column, '') for column in columns)}\n{rest}"
        (edition / table.name).write_text(text, "utf-8")
    made = run(
        capsys, monkeypatch, "card", "new", "--operator", "lococa", "--pass", "実業高校前", "南湖公園",
        "--pass-days", "2026-11-01", "2026-11-30", "--register", register, "-o", card,
    )  # fmt: skip
    assert made.code == Exit.OK, made
    for feed in ("sample", edition):
        shown = run(capsys, monkeypatch, "card", "show", card, "--feed", feed, "--register", register, "--json")
        assert str(json.loads(shown.out)["pass"]).startswith("実業高校前 ⇔ 南湖公園")


def test_the_end_of_the_duty_is_sealed_and_a_rotten_segment_is_told_at_the_next_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    card, journal = tmp_path / "c", tmp_path / "j"
    run(capsys, monkeypatch, "card", "new", "--operator", "lococa", "--balance", 2000, "--issued", DAY, "-o", card)
    args = ("run", "--reader", f"image:{card}", "--journal", journal, "--date", DAY, "--lang", "en")
    for _ in range(2):
        monkeypatch.setattr(sys, "stdin", io.StringIO("tap\n"))
        assert run(capsys, monkeypatch, *args).err == ""
    first, second, active = read(journal).parts
    assert first.found.seal is not None and second.found.seal is not None
    assert first.found.seal.terminal_id == "BENCH"
    assert active.found.entries == ()
    data = bytearray(active.path.read_bytes())
    data[30] ^= 1
    active.path.write_bytes(data)
    monkeypatch.setattr(sys, "stdin", io.StringIO("quit\n"))
    ran = run(capsys, monkeypatch, *args)
    assert ran.code == Exit.OK
    assert f"{journal / '00000003.rotten'} is damaged" in ran.err
