"""Bad input: one clear line that says what and where, a documented exit code, no traceback, nothing lost."""

import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from cardimage.image import dump
from tests.farebox.bus import lococa
from tests.tools.cli import Ran, run
from tools.exits import FAULTS, Exit
from tools.feeds import feed_path

Cli = Callable[..., Ran]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return lambda *args: run(capsys, monkeypatch, *args)


def one_line(ran: Ran, code: Exit, *says: str) -> None:
    """The promise: this exit code, nothing half-printed, one line that holds all of `says`, and no traceback."""
    assert ran.code == code, ran
    assert "Traceback" not in ran.err + ran.out
    lines = [line for line in ran.err.splitlines() if not re.match(r"(Usage:|Try |$)", line)]
    assert len(lines) == 1, ran.err
    for said in says:
        assert said in lines[0]


def broken_sample(folder: Path, file: str, change: Callable[[str], str]) -> Path:
    """The sample feed with one of its files changed."""
    copy = folder / "feed"
    copy.mkdir()
    for table in feed_path("sample").glob("*.txt"):
        text = table.read_text("utf-8-sig")
        (copy / table.name).write_text(change(text) if table.name == file else text, "utf-8")
    return copy


def test_a_feed_that_is_not_there(cli: Cli) -> None:
    one_line(cli("sim", "replay", "--feed", "/no/such.zip", "--date", "2026-11-20"), Exit.IO, "/no/such.zip")


def test_a_feed_that_is_no_zip(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "feed.zip"
    path.write_bytes(b"not a zip")
    ran = cli("sim", "replay", "--feed", path, "--date", "2026-11-20")
    one_line(ran, Exit.IO if ran.code == Exit.IO else Exit.CONFIGURATION, str(path))


def test_a_broken_feed_names_file_and_line(cli: Cli, tmp_path: Path) -> None:
    feed = broken_sample(tmp_path, "stop_times.txt", lambda text: text.replace("23:20:00", "23:xx:00"))
    ran = cli("sim", "replay", "--feed", feed, "--date", "2026-11-20")
    one_line(ran, Exit.CONFIGURATION, "stop_times.txt", "line", "23:xx:00")


def test_a_pair_without_a_fare_names_route_and_both_stops(cli: Cli, tmp_path: Path) -> None:
    """GEN-4: refused at the tap, and the day goes on; never a guess."""
    feed = broken_sample(tmp_path, "fare_rules.txt", lambda text: re.sub(r"^K500,HAKUHO.*\n", "", text, flags=re.M))
    ran = cli("sim", "replay", "--feed", feed, "--date", "2026-11-20", "--reader", "image", "--lang", "en")
    assert ran.code == Exit.OK
    assert "GEN-4 no fare for this ride" in ran.out
    assert re.search(r"白棚線: \S+ - \S+", ran.out)


def test_an_unknown_route_names_what_is_near(cli: Cli) -> None:
    one_line(cli("sim", "replay", "--route", "白棚", "--date", "2026-11-20"), Exit.USAGE, "白棚", "白棚線")


def test_a_day_without_service_says_what_the_calendar_covers(cli: Cli) -> None:
    one_line(cli("sim", "replay", "--date", "2019-01-01"), Exit.USAGE, "2019-01-01", "2026-04-01", "2027-03-31")


def test_a_date_that_is_none(cli: Cli) -> None:
    one_line(cli("sim", "replay", "--date", "2026-02-30"), Exit.USAGE, "2026-02-30", "2026-11-20")


def test_an_unknown_operator_names_those_there_are(cli: Cli) -> None:
    ran = cli("sim", "replay", "--date", "2026-11-20", "--operator", "suica")
    one_line(ran, Exit.CONFIGURATION, "suica", "lococa", "aizu-noruca")


def test_a_terminal_asks_whose_rules_hold_for_an_agency_nobody_knows(cli: Cli, tmp_path: Path) -> None:
    feed = broken_sample(tmp_path, "agency.txt", lambda text: text.replace("ジェイアールバス関東", "あるバス"))
    card = tmp_path / "card.cbor"
    card.write_bytes(dump(lococa(2_000)))
    ran = cli("run", "--reader", f"image:{card}", "--feed", feed, "--trip", "HAKUHO-W01", "--date", "2026-11-20")
    one_line(ran, Exit.CONFIGURATION, "あるバス", "--operator")


def test_a_replay_runs_any_feed_and_says_whose_rules_it_assumes(cli: Cli, tmp_path: Path) -> None:
    feed = broken_sample(tmp_path, "agency.txt", lambda text: text.replace("ジェイアールバス関東", "あるバス"))
    ran = cli("sim", "replay", "--feed", feed, "--date", "2026-11-20", "--reader", "image", "--lang", "en")
    assert ran.code == Exit.OK
    assert "あるバス 白河支店（見本）: no operator file names it; LOCOCA's rules are assumed" in ran.out
    chosen = cli("sim", "replay", "--feed", feed, "--date", "2026-11-20", "--reader", "image", "--operator", "lococa")
    assert "あるバス" not in chosen.out


def test_journals_are_never_written_into_a_folder_that_holds_something(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "V001.journal").write_text("mine")
    one_line(cli("sim", "replay", "--date", "2026-11-20", "--out", tmp_path), Exit.USAGE, str(tmp_path))
    assert (tmp_path / "V001.journal").read_text() == "mine"


def test_a_card_image_cut_short_at_any_byte(cli: Cli, tmp_path: Path) -> None:
    whole = dump(lococa(2_000))
    path = tmp_path / "short.card.cbor"
    for size in range(0, len(whole), 97):
        path.write_bytes(whole[:size])
        one_line(cli("card", "show", path), Exit.IO, str(path))
        one_line(
            cli("run", "--reader", f"image:{path}", "--journal", tmp_path / "j", "--date", "2026-11-20"),
            Exit.IO,
            str(path),
        )


def test_a_card_image_that_is_not_there(cli: Cli, tmp_path: Path) -> None:
    one_line(cli("card", "show", tmp_path / "none.cbor"), Exit.IO, "none.cbor")


@pytest.mark.parametrize(
    ("reader", "says"),
    [("usb", "USB"), ("tty:/dev/no-such-line", "/dev/no-such-line")],
)
def test_a_reader_that_is_not_there_exits_69_and_says_what_to_do(
    cli: Cli, tmp_path: Path, reader: str, says: str
) -> None:
    ran = cli("run", "--reader", reader, "--journal", tmp_path / "j", "--date", "2026-11-20")
    one_line(ran, Exit.NO_READER, says, "check")


def test_a_reader_of_no_known_kind(cli: Cli, tmp_path: Path) -> None:
    one_line(cli("run", "--reader", "bluetooth", "--date", "2026-11-20"), Exit.USAGE, "bluetooth", "usb", "tty:PATH")


def test_a_key_file_that_others_may_read(cli: Cli, tmp_path: Path) -> None:
    keys = tmp_path / "master.key"
    keys.write_text("00" * 32)
    keys.chmod(0o644)
    ran = cli("run", "--reader", "usb", "--keys", keys, "--date", "2026-11-20")
    one_line(ran, Exit.CONFIGURATION, str(keys), "chmod 600")
    assert "00" * 32 not in ran.err


def test_a_journal_that_is_not_there(cli: Cli, tmp_path: Path) -> None:
    one_line(cli("journal", "show", tmp_path / "none.journal"), Exit.IO, "none.journal")


def test_a_journal_with_a_flipped_bit_fails_its_check(cli: Cli, tmp_path: Path) -> None:
    assert cli("sim", "replay", "--date", "2026-11-20", "--reader", "image", "--out", tmp_path / "d").code == Exit.OK
    path = tmp_path / "d" / "V001.journal"
    assert cli("journal", "verify", path).code == Exit.OK
    segment = path / "00000001.segment"
    data = bytearray(segment.read_bytes())
    data[200] ^= 1
    segment.write_bytes(data)
    one_line(cli("journal", "verify", path), Exit.CHECK_FAILED, str(segment), "record")
    one_line(cli("journal", "verify", segment), Exit.CHECK_FAILED, str(segment), "record")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--balance", 20_001), "GEN-3"),
        (("--pass", "磐城棚倉", "新白河"), "--pass-days"),
        (("--pass", "磐城棚倉", "東京", "--pass-days", "2026-11-01", "2026-11-30"), "東京"),
        (("--pass", "磐城棚倉", "新白河", "--pass-days", "2026-11-30", "2026-11-01"), "2026-11-01"),
        (("--number", "0ABC"), "0ABC"),
        (("--idm", "12"), "--idm"),
        (("--auto-charge", 100, 1_000), "LOCOCA"),
        (("--issued", "2015-12-31"), "2015-12-31"),
    ],
)
def test_a_card_that_can_not_be(cli: Cli, tmp_path: Path, args: tuple[object, ...], says: str) -> None:
    path = tmp_path / "card.cbor"
    ran = cli("card", "new", "--operator", "lococa", *args, "-o", path)
    one_line(ran, Exit.CONFIGURATION if ran.code == Exit.CONFIGURATION else Exit.USAGE, says)
    assert not path.exists()


def test_a_card_is_not_written_over(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "card.cbor"
    assert cli("card", "new", "--operator", "lococa", "-o", path).code == Exit.OK
    before = path.read_bytes()
    one_line(cli("card", "new", "--operator", "lococa", "-o", path), Exit.USAGE, "--force")
    assert path.read_bytes() == before


class TestFullDisk:
    """A real process that may write so many bytes a file and no more: what the kernel says then is EFBIG."""

    def limited(self, limit_bytes: int, *args: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))

        command = [sys.executable, "-m", "tools.cli", *map(str, args)]
        return subprocess.run(
            command, input=stdin, text=True, capture_output=True, check=False, timeout=60, preexec_fn=limit
        )

    def test_no_room_for_a_journal(self, tmp_path: Path) -> None:
        card = tmp_path / "card.cbor"
        card.write_bytes(dump(lococa(2_000)))
        before = card.read_bytes()
        ran = self.limited(
            10_000,
            "run",
            "--reader",
            f"image:{card}",
            "--journal",
            tmp_path / "j",
            "--date",
            "2026-11-20",
            stdin="tap\n",
        )
        one_line(Ran(ran.returncode, ran.stdout, ran.stderr), Exit.IO, str(tmp_path / "j"))
        assert card.read_bytes() == before

    def test_no_room_for_a_replay(self, tmp_path: Path) -> None:
        out = tmp_path / "out"
        ran = self.limited(
            10_000, "sim", "replay", "--date", "2026-11-20", "--reader", "image", "--quiet", "--out", out
        )
        one_line(Ran(ran.returncode, ran.stdout, ran.stderr), Exit.IO, "V001.journal", "room")
        assert [path.name for path in out.iterdir()] == ["run.json"]  # the same call goes on once there is room


def test_the_exit_codes_are_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "operations" / "exit_codes.md").read_text("utf-8")
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}
    assert documented == {int(code) for code in Exit}
    for kind, code in FAULTS:
        assert re.search(rf"^\| {int(code)} \|.*`{kind.__name__}`", page, re.MULTILINE), kind


class TestOutput:
    """A real process: what it prints into is not always a terminal that shows everything, or anything."""

    def farebox(self, command: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
        line = f'"{sys.executable}" -m tools.cli {command}'
        where = {**os.environ, **environment}
        return subprocess.run(
            ["bash", "-o", "pipefail", "-c", line], capture_output=True, check=False, env=where, timeout=60
        )

    def test_a_reader_of_the_output_may_leave(self) -> None:
        ran = self.farebox("sim replay --date 2026-11-20 --reader image | head -1")
        assert (ran.returncode, ran.stderr) == (Exit.OK, b"")

    @pytest.mark.parametrize("encoding", ["ascii", "cp932"])
    def test_letters_that_can_not_be_shown_are_shown_otherwise(self, encoding: str) -> None:
        ran = self.farebox("sim replay --date 2026-11-20 --reader image --lang ja", PYTHONIOENCODING=encoding)
        assert (ran.returncode, ran.stderr) == (Exit.OK, b"")


@pytest.mark.parametrize("command", [("card", "show"), ("journal", "show"), ("journal", "verify")])
@pytest.mark.parametrize("path", ["/dev/zero", "/"])
def test_what_is_no_file_is_not_read_for_ever(cli: Cli, command: tuple[str, str], path: str) -> None:
    one_line(cli(*command, path), Exit.IO, path)


@pytest.mark.parametrize("command", [("card", "show"), ("card", "convert", "-o", "out.nfc")], ids=["show", "convert"])
def test_a_card_is_not_awaited_from_a_pipe_or_a_device(cli: Cli, tmp_path: Path, command: tuple[str, ...]) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero"), tmp_path):
        one_line(cli(*command, path), Exit.IO, f"{path}: not a regular file")


@pytest.mark.parametrize("steps", [(150, 1_000), (0, 1_000), (100, 0), (100, 1_500), (100, 11_000)])
def test_aut_1_auto_charge_goes_in_its_steps(cli: Cli, tmp_path: Path, steps: tuple[int, int]) -> None:
    ran = cli("card", "new", "--operator", "aizu-noruca", "--auto-charge", *steps, "-o", tmp_path / "c")
    one_line(ran, Exit.USAGE, "--auto-charge", "AUT-1")


def test_a_card_holds_three_pass_sections_and_no_more(cli: Cli, tmp_path: Path) -> None:
    stops = ["磐城棚倉", "実業高校前", "南湖公園", "白河モール前", "新白河"]
    sections = [word for pair in pairwise(stops) for word in ("--pass", *pair)]
    new = ("card", "new", "--operator", "lococa", "--pass-days", "2026-11-01", "2026-11-30", "-o", tmp_path / "c")
    one_line(cli(*new, *sections), Exit.USAGE, "4 sections")
    assert cli(*new, *sections[:9]).code == Exit.OK
    assert "南湖公園 ⇔ 白河モール前" in cli("card", "show", tmp_path / "c", "--feed", "sample").out


def test_a_stop_that_is_not_in_the_feed_names_what_is_near(cli: Cli, tmp_path: Path) -> None:
    days = ("--pass-days", "2026-11-01", "2026-11-30")
    ran = cli("card", "new", "--operator", "lococa", "--pass", "磐城棚倉駅", "新白河", *days, "-o", tmp_path / "c")
    one_line(ran, Exit.USAGE, "磐城棚倉駅", "did you mean 磐城棚倉")
