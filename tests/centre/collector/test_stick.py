"""Segments on a USB stick: the same as if the bus had sent them, and a stick may hold anything."""

import os
import shutil
from pathlib import Path

import pytest

from centre.collector import stick
from centre.collector.models import Record, Segment, SetAside, State
from centre.collector.stick import HELD, HELD_ALREADY, REFUSED, Imported, import_folder
from farebox.formats import journal as j
from farebox.journal import export
from farebox.journal.log import open_journal
from sim.centre import NOW_S
from tests.centre.collector.vehicle import BUS, OTHER_SEED, RECORDS, SEED, Sender, journal, registered
from tests.journal.examples import AT_S

pytestmark = pytest.mark.django_db


def brought(path: Path) -> list[Imported]:
    return list(import_folder(path, NOW_S))


def what(told: list[Imported]) -> dict[str, str]:
    return {each.path.name: each.code or each.what for each in told}


def laid(folder: Path, segments: list[bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for number, data in enumerate(segments, 1):
        (folder / f"{number:08}.segment").write_bytes(data)
    return folder.parent


def test_what_the_bus_exported_is_held_and_booked_and_a_second_time_is_none(tmp_path: Path) -> None:
    registered()
    kept = open_journal(tmp_path / "bus.journal", sealing_seed=SEED).journal
    for _ in range(3):
        kept.append(j.Opened(BUS, "1", 0), AT_S)
        kept.seal()
    kept.close()
    copied = export.copy(tmp_path / "bus.journal", tmp_path / "stick")
    assert [each.what for each in brought(tmp_path / "stick")] == [HELD] * len(copied)
    assert [each.what for each in brought(tmp_path / "stick" / BUS)] == [HELD_ALREADY] * len(copied)
    assert Segment.objects.filter(state=State.BOOKED).count() == len(copied)


def test_faults_33_a_stick_that_comes_late_closes_the_gap(tmp_path: Path) -> None:
    registered()
    segments = journal(4)
    for data in segments[2:]:
        assert Sender().sends(data).status_code == 200
    brought(laid(tmp_path / BUS, segments))
    assert set(Segment.objects.values_list("state", flat=True)) == {State.BOOKED}
    assert Record.objects.count() == 4 * RECORDS


def test_faults_32_what_came_by_stick_is_held_when_the_bus_asks(tmp_path: Path) -> None:
    registered()
    [data] = journal(1)
    brought(laid(tmp_path / BUS, [data]))
    assert Sender().looks(data).status_code == 200


def test_several_vehicles_on_one_stick_and_many_segments_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stick, "MOST_TOGETHER", 2)
    registered()
    registered("BUS-8", token="8e" * 32)
    laid(tmp_path / BUS, journal(5))
    laid(tmp_path / "BUS-8", journal(3, "BUS-8"))
    assert [each.what for each in brought(tmp_path)] == [HELD] * 8
    assert Segment.objects.filter(state=State.BOOKED).count() == 8


def test_faults_37_a_hostile_stick_is_refused_file_by_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stick, "MOST_SEGMENT_BYTES", 10_000)
    registered()
    folder = tmp_path / "stick" / BUS
    folder.mkdir(parents=True)
    good, strange, other = journal(1)[0], journal(1, "BUS-9")[0], journal(1, seed=OTHER_SEED, tag="of its own")[0]
    for number, data in enumerate([good, strange, other, good[:-1], b"", os.urandom(500), bytes(10_001)], 1):
        (folder / f"{number:08}.segment").write_bytes(data)
    (folder / "00000008.rotten").write_bytes(good)
    (folder / "00000009.segment").symlink_to("/etc/hostname")
    os.mkfifo(folder / "00000010.segment")
    (folder / "notes.txt").write_text("not looked at")
    (folder / "00000011.segment").mkdir()
    (tmp_path / "stick" / "link").symlink_to(folder)
    assert what(brought(tmp_path / "stick")) == {
        "00000001.segment": HELD,
        "00000002.segment": "unknown-vehicle",
        "00000003.segment": "unknown-key",
        "00000004.segment": "altered",
        "00000005.segment": "altered",
        "00000006.segment": "altered",
        "00000007.segment": "too-long",
        "00000008.rotten": "rotten",
    }
    assert Segment.objects.count() == 1
    assert [each.code for each in SetAside.objects.all()] == ["unknown-key"]


def test_a_file_that_cant_be_read_is_told_and_the_others_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registered()
    folder = laid(tmp_path / BUS, journal(2))
    opened = os.open

    def fails(path: str | Path, flags: int) -> int:
        if str(path).endswith("00000001.segment"):
            raise OSError(5, "Input/output error")
        return opened(path, flags)

    monkeypatch.setattr(os, "open", fails)
    assert [(each.what, each.code) for each in brought(folder)] == [(REFUSED, "unreadable"), (HELD, "")]
    monkeypatch.undo()
    shutil.rmtree(folder)
    with pytest.raises(FileNotFoundError):
        brought(folder)
