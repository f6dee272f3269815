"""`farebox journal` on folders, segments and old files."""

import csv
import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pyarrow import parquet

from farebox.formats import journal as j
from farebox.formats.cose import BENCH_KEY, public_key_of
from farebox.journal.log import open_journal
from farebox.journal.reading import read
from farebox.journal.taps import Tap, taps
from tests.journal.examples import AT_S, encoded, file_of_version_1, intent
from tests.tools.cli import Ran, run
from tests.tools.test_bad_input import one_line
from tools.exits import Exit

Cli = Callable[..., Ran]
SEED = bytes(range(32))


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return lambda *args: run(capsys, monkeypatch, "journal", *args)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """One sealed segment and an active one, a tap in each."""
    path = tmp_path / "bus.journal"
    journal = open_journal(path).journal
    journal.append(j.Opened("FB-0017", "0.1.0", 0), AT_S)
    for _ in range(2):
        seq = journal.intend(intent(), AT_S)
        journal.conclude(j.Outcome(seq, "written"), AT_S)
        if seq == 2:
            journal.seal()
    journal.close()
    return path


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "sealing.key"
    path.write_text(f"{SEED.hex()}\n")
    path.chmod(0o600)
    return path


def test_verify_tells_each_segment_and_whose_seal_it_bears(cli: Cli, path: Path) -> None:
    ran = cli("verify", path)
    assert ran.code == Exit.OK
    assert ran.out.splitlines() == [
        f"{path}: 5 records (1 to 5)",
        "  00000001.segment: 1 to 3, FB-0017, bench key (模擬)",
        "  00000002.segment: 4 to 5, active",
        "  pending 0, fares 420 yen, cash 0",
        "  whole",
    ]


def test_verify_tells_machines_the_same(cli: Cli, path: Path) -> None:
    facts = json.loads(cli("verify", path, "--json").out)
    first, second = facts["segments"]
    found = read(path).parts
    assert (first["digest"], first["key"]) == (found[0].found.digest.hex(), BENCH_KEY.hex())
    assert (second["seal"], second["key"], second["first_seq"]) == ("active", None, 4)
    assert (facts["records"], facts["problem"], facts["ledger"]["alightings"]) == (5, None, 2)


def test_show_and_verify_take_one_segment_or_a_file_of_version_1(cli: Cli, path: Path, tmp_path: Path) -> None:
    assert len(cli("show", path / "00000002.segment", "--json").out.splitlines()) == 2
    assert cli("verify", path / "00000001.segment").code == Exit.OK
    old = tmp_path / "old.journal"
    old.write_bytes(file_of_version_1(*encoded([intent(), j.Outcome(1, "written")])))
    assert "fares_yen 210" in cli("show", old).out
    assert cli("verify", old).code == Exit.OK
    assert old.is_file()


def test_show_leaves_out_what_is_nothing_and_names_lines_in_words(cli: Cli, path: Path) -> None:
    told = cli("show", path).out
    assert "lines=GEN-4:230,LOC-2:-20" in told and "fares_yen 420" in told and "pending 0" in told
    assert "()" not in told and not re.search(r"(cut_bytes|cancels_seq|note_yen)=", told)


def test_show_prints_a_folder_s_records_in_order(cli: Cli, path: Path) -> None:
    lines = cli("show", path, "--json").out.splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [1, 2, 3, 4, 5]


def test_a_quarantined_segment_fails_the_check_by_name(cli: Cli, path: Path) -> None:
    data = bytearray((path / "00000002.segment").read_bytes())
    data[40] ^= 1
    (path / "00000002.segment").write_bytes(data)
    one_line(cli("verify", path), Exit.CHECK_FAILED, "00000002.segment", "head changed")
    open_journal(path).journal.close()
    one_line(cli("verify", path), Exit.CHECK_FAILED, "00000002.rotten", "quarantined")


def test_seal_ends_the_active_segment_by_the_key_it_is_given(cli: Cli, path: Path, key: Path) -> None:
    ran = cli("seal", path, "--sealing-key", key)
    assert ran.out == f"{path}: segment 2 sealed, records 4 to 5, signed\n"
    assert cli("seal", path, "--sealing-key", key).out == f"{path}: nothing to seal\n"
    signed = read(path).parts[1].found.signed
    assert signed is not None and signed.public_key == public_key_of(SEED)
    assert f"00000002.segment: 4 to 5, FB-0017, signed {public_key_of(SEED).hex()[:16]}" in cli("verify", path).out


def test_seal_without_a_key_says_so(cli: Cli, path: Path) -> None:
    assert "bench key (模擬)" in cli("seal", path).out


def test_seal_beside_a_running_terminal_is_turned_away(cli: Cli, path: Path) -> None:
    running = open_journal(path).journal
    one_line(cli("seal", path), Exit.IO, str(path), "another process")
    running.close()


@pytest.mark.parametrize("where", ["none", "file"])
def test_seal_wants_a_folder_and_makes_none(cli: Cli, tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_bytes(file_of_version_1())
    one_line(cli("seal", tmp_path / where), Exit.USAGE, "not a journal's folder")
    assert not (tmp_path / "none").exists()


def test_a_key_that_others_may_read_is_refused_and_not_shown(cli: Cli, path: Path, key: Path) -> None:
    key.chmod(0o640)
    ran = cli("seal", path, "--sealing-key", key)
    one_line(ran, Exit.CONFIGURATION, str(key), "chmod 600")
    assert SEED.hex() not in ran.err
    assert len(read(path).parts) == 2


def test_the_public_half_of_a_key_is_printed(cli: Cli, key: Path) -> None:
    assert cli("public-key", "--sealing-key", key).out == f"{public_key_of(SEED).hex()}\n"
    assert cli("public-key").out == f"{BENCH_KEY.hex()}  bench key (模擬)\n"


# --- export ---


def test_export_to_a_stick(cli: Cli, path: Path, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    ran = cli("export", path, "--to", stick)
    assert ran.code == Exit.OK
    target = stick / "FB-0017" / "00000001.segment"
    assert ran.out.splitlines() == [
        f"{target}: {target.stat().st_size} bytes, copied, read back",
        "the active segment is not sealed, and stayed; end the duty, or run farebox journal seal",
    ]
    assert cli("verify", target).code == Exit.OK
    facts = json.loads(cli("export", path, "--to", stick, "--json").out)
    assert facts == {
        "segments": [{"file": str(target), "bytes": target.stat().st_size, "new": False}],
        "unsealed": 1,
    }


def test_export_as_csv_and_parquet_hold_the_same_taps(cli: Cli, path: Path, tmp_path: Path) -> None:
    ran = cli("export", path, "--csv", tmp_path / "t.csv", "--parquet", tmp_path / "t.parquet", "--json")
    assert json.loads(ran.out) == {"csv": 2, "parquet": 2}
    rows = [row._asdict() for row in taps(read(path))]
    assert [row["due_yen"] for row in rows] == [210, 210]
    assert parquet.read_table(tmp_path / "t.parquet").to_pylist() == rows
    read_back = list(csv.DictReader(io.StringIO((tmp_path / "t.csv").read_text())))
    assert read_back == [{name: str(value) for name, value in row.items()} for row in rows]
    assert list(read_back[0]) == list(Tap._fields)


def test_export_without_arrow_is_a_sentence(
    cli: Cli, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    target = tmp_path / "t.parquet"
    one_line(cli("export", path, "--parquet", target), Exit.USAGE, "pyarrow is not installed", "farebox[bulk]")
    assert not target.exists()


def test_export_of_nothing_in_particular_is_a_usage_error(cli: Cli, path: Path) -> None:
    one_line(cli("export", path), Exit.USAGE, "say what to export")


def test_export_of_a_damaged_journal_hands_out_what_is_sound_and_says_so(cli: Cli, path: Path, tmp_path: Path) -> None:
    data = bytearray((path / "00000001.segment").read_bytes())
    data[120] ^= 1
    (path / "00000001.segment").write_bytes(data)
    ran = cli("export", path, "--csv", tmp_path / "t.csv")
    assert ran.code == Exit.IO
    assert "00000001.segment" in ran.err
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 2
