"""A run's folder: killed at any place and begun again, it comes to the same."""

import json
import shutil
from pathlib import Path

import pytest

from sim.replay import add
from sim.run_faults import NoRun, OtherRun
from sim.run_folder import RunFolder, whole_run
from tests.sim.runs import alone, asked, contents, folder, world


def run_all(path: Path, stop_after: int | None = None) -> RunFolder:
    """Run what is not done yet; stopped after so many vehicles, as by a kill."""
    of = world()
    run = folder(path, of)
    left = [one for vehicle_id, one in alone(of).items() if vehicle_id not in run.done]
    for one in left[:stop_after]:
        run.keep(one)
    if stop_after is None:
        run.finish(of.vehicles, {"trips": {}}, {"seed": 7})
    return run


@pytest.mark.parametrize("done", [0, 1, 3])
def test_a_run_that_was_killed_goes_on_where_it_was_with_the_same_result(tmp_path: Path, done: int) -> None:
    run_all(tmp_path / "killed", stop_after=done)
    again = folder(tmp_path / "killed", world())
    assert len(again.done) == done and not again.is_whole
    went_on, at_once = run_all(tmp_path / "killed"), run_all(tmp_path / "at once")
    assert contents(went_on.path) == contents(at_once.path)
    assert add(one.tally for one in went_on.done.values()) == add(one.tally for one in at_once.done.values())
    assert not (went_on.path / "parts").exists()


def test_a_vehicle_that_was_cut_off_while_it_was_kept_is_run_again(tmp_path: Path) -> None:
    """Its count is written last: without it, whatever else lies there is thrown away."""
    run_all(tmp_path / "run", stop_after=2)
    (tmp_path / "run" / "parts" / "V002.json").unlink()
    (tmp_path / "run" / "V002.journal" / "torn.segment").write_bytes(b"half")
    assert set(folder(tmp_path / "run", world()).done) == {"V001"}
    assert contents(run_all(tmp_path / "run").path) == contents(run_all(tmp_path / "whole").path)


@pytest.mark.parametrize("name", ["V001.journal/00000001.segment", "parts/V001.rides.parquet"])
@pytest.mark.parametrize("left", [None, b""])
def test_a_vehicle_whose_files_the_disk_did_not_keep_is_run_again(
    tmp_path: Path, name: str, left: bytes | None
) -> None:
    """Its count came through a power cut, a file of its did not."""
    run_all(tmp_path / "run", stop_after=2)
    lost = tmp_path / "run" / name
    if left is None:
        lost.unlink()
    else:
        lost.write_bytes(left)
    assert set(folder(tmp_path / "run", world()).done) == {"V002"}
    assert contents(run_all(tmp_path / "run").path) == contents(run_all(tmp_path / "whole").path)


def test_a_whole_run_that_was_changed_is_not_taken_for_done(tmp_path: Path) -> None:
    journal = run_all(tmp_path / "run").path / "V001.journal" / "00000001.segment"
    journal.write_bytes(journal.read_bytes()[:-1])
    with pytest.raises(NoRun, match=r"V001.journal/00000001.segment: not as the run left it"):
        folder(tmp_path / "run", world())


def test_a_run_cut_off_while_its_tables_were_put_together_does_it_again(tmp_path: Path) -> None:
    whole = run_all(tmp_path / "whole")
    killed = run_all(tmp_path / "killed", stop_after=4)
    shutil.copy(whole.path / "rides.parquet", killed.path)
    assert contents(run_all(tmp_path / "killed").path) == contents(whole.path)


def test_a_whole_run_is_not_run_again(tmp_path: Path) -> None:
    before = contents(run_all(tmp_path / "run").path)
    again = folder(tmp_path / "run", world())
    assert again.is_whole and set(again.done) == set(world().vehicles)
    again.finish(world().vehicles, {}, {})
    assert contents(again.path) == before
    held, _, summary = whole_run(again.path)
    assert held["simulated"] is True and [one["vehicle_id"] for one in summary["by_vehicle"]] == list(world().vehicles)


def test_a_folder_of_another_run_is_left_as_it_is(tmp_path: Path) -> None:
    before = contents(run_all(tmp_path / "run", stop_after=1).path)
    with pytest.raises(OtherRun, match=r"holds another run \(seed 7, not 8\); name a new folder$"):
        folder(tmp_path / "run", world(seed=8))
    assert contents(tmp_path / "run") == before
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(OtherRun, match="not an empty folder"):
        folder(tmp_path / "mine", world())


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("run.json", None, "no run; make one with"),
        ("run.json", "[]", "damaged"),
        ("run.json", "{", "damaged"),
        ("summary.json", None, "not whole; the command that began it goes on"),
        ("summary.json", "\xff", "damaged"),
        ("run.json", '{"format": 99}', "made by another version"),
    ],
)
def test_a_folder_without_a_whole_run_says_so(tmp_path: Path, name: str, text: str | None, says: str) -> None:
    path = run_all(tmp_path / "run").path
    if text is None:
        (path / name).unlink()
    else:
        (path / name).write_text(text, "latin-1")
    with pytest.raises(NoRun, match=says):
        whole_run(path)


def test_another_edition_of_the_feed_is_another_run(tmp_path: Path) -> None:
    RunFolder(tmp_path / "run", asked(world()) | {"feed_sha256": "aa"})
    with pytest.raises(OtherRun, match="feed_sha256 aa, not bb"):
        RunFolder(tmp_path / "run", asked(world()) | {"feed_sha256": "bb"})
    # By its contents alone: a feed may be called by another path.
    RunFolder(tmp_path / "run", asked(world()) | {"feed_sha256": "aa", "feed": "./sample"})


def test_what_was_asked_for_is_json(tmp_path: Path) -> None:
    folder(tmp_path / "run", world())
    assert json.loads((tmp_path / "run" / "run.json").read_bytes())["seed"] == 7
