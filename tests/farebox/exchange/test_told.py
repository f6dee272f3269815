"""The centre's time on its way from one process to another (faults 24, 25)."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farebox.clock import Trust, Why
from farebox.exchange.told import MOST_AGE_S, Told, boot_id, found_at, leave, now_by, parse, tell
from tests.farebox.test_clock import PAST_S, Machine

BOOT, OTHER_BOOT = "5e" * 16, "6f" * 16
TOLD = Told(BOOT, 50_000, PAST_S + 7_000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "time"


def test_faults_25_the_terminal_believes_what_the_exchange_was_told(path: Path) -> None:
    machine = Machine(0)
    clock = machine.clock()
    leave(path, TOLD)
    machine.passes(30)
    assert tell(clock, path, BOOT, lambda: machine.counted_s)
    assert clock.trust == Trust(True, Why.CENTRE)
    assert clock() == PAST_S + 7_030


def test_told_again_and_again_the_time_runs_on_and_never_back(path: Path) -> None:
    machine = Machine(0)
    clock = machine.clock()
    leave(path, TOLD)
    seen = []
    for _ in range(20):
        machine.passes(0.7)
        tell(clock, path, BOOT, lambda: machine.counted_s)
        seen.append(clock())
    assert seen == sorted(seen) and seen[-1] == PAST_S + 7_014


def test_ntp_needs_no_telling(path: Path) -> None:
    machine = Machine(PAST_S + 500)
    machine.ntp = True
    clock = machine.clock()
    leave(path, TOLD)
    assert not tell(clock, path, BOOT, lambda: machine.counted_s)
    assert clock.trust.why is Why.NTP and clock() == PAST_S + 500


@pytest.mark.parametrize(
    ("told", "counted_s"),
    [
        (TOLD._replace(boot_id=OTHER_BOOT), 60.0),
        (TOLD, 49.9),
        (TOLD, 50.1 + MOST_AGE_S),
        (TOLD._replace(at_s=PAST_S - 3_600), 60.0),
    ],
    ids=["another boot's", "of a count to come", "a day old", "before a moment known to be past"],
)
def test_faults_24_25_what_tells_nothing_about_now_is_not_believed(path: Path, told: Told, counted_s: float) -> None:
    clock = Machine(0).clock()
    leave(path, told)
    assert not tell(clock, path, BOOT, lambda: counted_s)
    assert not clock.trust.trusted


def test_where_nothing_tells_the_boot_nothing_is_believed() -> None:
    assert now_by(TOLD._replace(boot_id=""), "", 60.0) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"1",
        b"\xff" * 200,
        f"2 {BOOT} 50000 {PAST_S}\n".encode(),
        f"1 {BOOT} -5 {PAST_S}\n".encode(),
        f"1 {BOOT} 50000 {PAST_S}".encode(),
        f"1 {BOOT} 50000 {PAST_S}\n\n".encode(),
        f"1 {BOOT} 50000 999999999999\n".encode(),
        f"1 {BOOT} 5٣ {PAST_S}\n".encode(),
        f"1 {BOOT} {'9' * 190} {PAST_S}\n".encode(),
    ],
)
def test_faults_31_nonsense_tells_nothing(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    assert found_at(path) is None


@given(st.builds(Told, st.just(BOOT), st.integers(0, 10**15 - 1), st.integers(0, 253_402_200_000)))
def test_what_was_left_is_found(told: Told) -> None:
    line = f"1 {told.boot_id} {told.counted_ms} {told.at_s}\n".encode()
    assert parse(line) == told


@given(st.binary(max_size=300))
def test_faults_31_any_bytes_are_a_time_or_nothing(data: bytes) -> None:
    told = parse(data)
    assert told is None or f"1 {told.boot_id} ".encode() == data[:35]


@pytest.mark.parametrize("kind", ["nothing", "folder", "pipe", "link"])
def test_faults_31_what_is_no_file_is_not_waited_for(path: Path, kind: str) -> None:
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "link":
            other = path.with_name("other")
            leave(other, TOLD)
            path.symlink_to(other)
    assert found_at(path) is None


def test_the_boot_is_the_units_word_or_the_kernels(tmp_path: Path) -> None:
    kernels = tmp_path / "boot_id"
    kernels.write_text("5e5e5e5e-5e5e-5e5e-5e5e-5e5e5e5e5e5e\n")
    assert boot_id({}, kernels) == BOOT
    assert boot_id({"FAREBOX_BOOT_ID": OTHER_BOOT}, kernels) == OTHER_BOOT
    assert boot_id({}, tmp_path / "none") == ""
    assert len(boot_id()) == 32
