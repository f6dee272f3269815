"""Vehicle inputs in a process of their own: what they hear comes through, and their end is a fault, never a wait."""

import sys
import time
from collections.abc import Callable
from contextlib import closing
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farebox.config import InputsConfig
from farebox.feed import Place
from farebox.peripherals.vehicle import (
    DoorClosed,
    DoorOpened,
    Heard,
    Position,
    PositionLost,
    Speed,
    Stopped,
    StopRequested,
    VehicleFault,
)
from farebox.peripherals.vehicle_lines import AGAIN_S, InputProcess, NotALine, heard_in, line_of
from sim.hardware.gps import GpsReceiver, rmc

MOST_S = 30.0
HERE = Place(37.12, 140.19)
EVERYTHING: tuple[Heard, ...] = (
    DoorOpened(1.0),
    DoorClosed(2.0),
    Speed(3.0, 31.5),
    Stopped(4.0),
    StopRequested(5.0),
    Position(6.0, HERE),
    PositionLost(7.0, "no satellites"),
    VehicleFault(8.0, "GPIO", "ピン5"),
)


@pytest.mark.parametrize("heard", EVERYTHING)
def test_all_that_can_be_heard_comes_back_as_it_was(heard: Heard) -> None:
    line = line_of(heard)
    assert line.count(b"\n") == 1 and heard_in(line) == heard


@given(
    st.binary(max_size=80) | st.sampled_from(["speed", "position", "fault"]).map(lambda name: f'["{name}",1]'.encode())
)
def test_what_is_no_line_is_told_so(line: bytes) -> None:
    with pytest.raises(NotALine):
        heard_in(line)


def a_moment() -> None:
    time.sleep(0.005)


def heard_from(source: InputProcess, wanted: type, meanwhile: Callable[[], None] = a_moment) -> list[Heard]:
    """Poll until such a thing was heard."""
    heard: list[Heard] = []
    until_s = time.monotonic() + MOST_S
    while not any(isinstance(one, wanted) for one in heard):
        assert time.monotonic() < until_s, heard
        heard += source.poll()
        meanwhile()
    return heard


def test_a_gps_receiver_is_read_over_there() -> None:
    with (
        GpsReceiver() as gps,
        closing(InputProcess(InputsConfig(gps=gps.path), time.monotonic)) as source,
    ):
        seconds = count(100)

        def tells_on() -> None:
            gps.send(rmc(HERE, 0.0, next(seconds)))
            a_moment()

        position = heard_from(source, Position, tells_on)[-1]
    assert isinstance(position, Position) and position.place == pytest.approx(HERE)


def test_a_process_that_ends_is_a_fault_told_once_and_started_again() -> None:
    now_s = [0.0]
    command = (sys.executable, "-c", "print('[\"stopped\", 1.0]')")
    with closing(InputProcess(InputsConfig(), lambda: now_s[0], command)) as source:
        heard = heard_from(source, PositionLost)
        assert [type(one) for one in heard] == [Stopped, VehicleFault, PositionLost]
        assert source.poll() == ()
        now_s[0] += AGAIN_S
        assert Stopped(1.0) in heard_from(source, Stopped)


@pytest.mark.parametrize(
    ("says", "why"), [("print('hello')", "hello"), ("print('x' * 9_000, end='', flush=True); input()", "no lines")]
)
def test_a_process_that_says_anything_else_is_given_up(says: str, why: str) -> None:
    with closing(InputProcess(InputsConfig(), lambda: 0.0, (sys.executable, "-c", says))) as source:
        fault = heard_from(source, VehicleFault)[0]
    assert isinstance(fault, VehicleFault) and why in fault.what


def test_a_process_that_cannot_be_started_is_a_fault() -> None:
    with closing(InputProcess(InputsConfig(), lambda: 0.0, ("/nonexistent",))) as source:
        assert [type(one) for one in source.poll()] == [VehicleFault, PositionLost]
