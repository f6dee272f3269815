"""GPS on a serial line: sentences, and a receiver that is there, silent, confused or gone."""

from collections.abc import Iterator
from math import pi
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farebox.feed import Place
from farebox.peripherals.gps_line import REOPEN_EVERY_S, GpsLine
from farebox.peripherals.nmea import MOST_BYTES, Fix, Garbled, NoFix, OtherSentence, sentence
from farebox.peripherals.vehicle import Heard, Position, PositionLost, Speed, VehicleFault
from farebox.position import AT_THE_FIRST_STOP, follow, metres, way_of
from sim.hardware.gps import GpsReceiver, framed, gga, rmc
from sim.hardware.vehicle import moved
from tests.farebox.bus import DUTY

HERE = Place(37.124, 140.188)
WAIT_S = 5.0
"""Long enough for a pseudo-terminal; what is waited for comes at once."""


def near(found: object, wanted: Place) -> bool:
    return isinstance(found, Place) and metres(found, wanted) < 0.1


# -- sentences


@pytest.mark.parametrize("talker", ["GP", "GN", "GL", "GA", "GB", "BD", "GQ", "QZ"])
def test_place_and_speed_are_read_whichever_satellites_tell_them(talker: str) -> None:
    for line, kmh in ((rmc(HERE, 36.0, 23_400, talker), 36.0), (gga(HERE, 23_400, talker), None)):
        fix = sentence(line)
        assert isinstance(fix, Fix)
        assert near(fix.place, HERE)
        assert fix.kmh == (kmh if kmh is None else pytest.approx(kmh, abs=0.02))
        assert fix.utc == "063000.00"


def test_a_published_example_is_read() -> None:
    # The worked example of many receivers' manuals: 48 degrees 07.038 north, 11 degrees 31 minutes east, 22.4 kn.
    fix = sentence(b"$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A\r\n")
    assert isinstance(fix, Fix)
    assert near(fix.place, Place(48 + 7.038 / 60, 11 + 31 / 60))
    assert fix.kmh == pytest.approx(22.4 * 1.852)


def test_south_and_west_are_negative() -> None:
    fix = sentence(rmc(Place(-33.5, -70.25), 0, 0))
    assert isinstance(fix, Fix) and near(fix.place, Place(-33.5, -70.25))


@pytest.mark.parametrize(
    "line",
    [
        rmc(HERE, 0, 0, status="V"),
        framed("GPRMC,063000,V,,,,,,,201126,,,N"),
        framed("GPRMC,063000,A,3707.44,N,14011.28,E,10.0,,201126,,,E"),
        gga(HERE, 0, quality=0),
        gga(HERE, 0, quality=6),
        framed("GPGGA,063000,,,,,0,00,,,M,,M,,"),
    ],
)
def test_without_satellites_there_is_no_fix(line: bytes) -> None:
    assert sentence(line) == NoFix()


def test_a_speed_that_is_not_told_is_none() -> None:
    fix = sentence(framed("GPRMC,063000,A,3707.44,N,14011.28,E,,,201126,,,A"))
    assert isinstance(fix, Fix) and fix.kmh is None


@pytest.mark.parametrize("line", [framed("GPGSV,1,1,00"), framed("GNZDA,063000,20,11,2026,,"), framed("PUBX,00,1")])
def test_other_sentences_say_nothing_of_the_place(line: bytes) -> None:
    assert sentence(line) == OtherSentence()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"", "no sentence"),
        (b"\xff\x80$GPRMC", "not ASCII"),
        (rmc(HERE, 0, 0).split(b"*")[0], "no sentence with a checksum"),
        (rmc(HERE, 0, 0).replace(b",A,", b",B,"), "wrong checksum"),
        (rmc(HERE, 0, 0)[:-4] + b"\r\n", "no sentence with a checksum"),
        (rmc(HERE, 0, 0)[:-4] + b"ZZ\r\n", "no place"),
        (b"$" + b"A" * MOST_BYTES, "longer than 120 bytes"),
        (framed("GPRMC,063000,A,37x7.44,N,14011.28,E,10.0,,201126,,,A"), "no place"),
        (framed("GPRMC,063000,A,9907.44,N,14011.28,E,10.0,,201126,,,A"), "no place"),
        (framed("GPRMC,063000,A,3707.44,N,19911.28,E,10.0,,201126,,,A"), "no place"),
        (framed("GPRMC,063000,A,,,,,10.0,,201126,,,A"), "no place"),
        (framed("GPRMC,063000,A,,N,,E,10.0,,201126,,,A"), "no place"),
        (framed("GPRMC,063000,A,3707.44,X,14011.28,E,10.0,,201126,,,A"), "no place"),
        (framed("GPRMC,063000,A,3707.44,N,14011.28,E,fast,,201126,,,A"), "no place"),
        (framed("GPRMC,063000,A,3707.44,N,14011.28,E,-10,,201126,,,A"), "a speed that no bus has"),
        (framed("GPRMC,063000,A,3707.44,N,14011.28,E,nan,,201126,,,A"), "a speed that no bus has"),
        (framed("GPRMC"), "no place"),
        (framed("GPGGA,063000,3707.44,N,14011.28,E,many"), "no place"),
    ],
)
def test_a_damaged_line_is_told_from_a_sentence(line: bytes, why: str) -> None:
    said = sentence(line)
    assert isinstance(said, Garbled), said
    assert why in said.why


@given(st.binary(max_size=140) | st.text("0123456789.,NSEWAVM$*-\n", max_size=60).map(lambda s: framed(f"GPRMC,{s}")))
def test_no_line_ever_raises(line: bytes) -> None:
    said = sentence(line)
    assert isinstance(said, (Fix, NoFix, OtherSentence, Garbled))
    if isinstance(said, Fix):
        assert abs(said.place.lat_deg) <= 90 and abs(said.place.lon_deg) <= 180


@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(0, 150))
def test_every_place_and_speed_goes_through_a_sentence(latitude: float, longitude: float, kmh: float) -> None:
    fix = sentence(rmc(Place(latitude, longitude), kmh, 0))
    assert isinstance(fix, Fix) and fix.kmh is not None
    assert near(fix.place, Place(latitude, longitude))
    assert fix.kmh == pytest.approx(kmh, abs=0.01)


# -- the line


class Desk:
    """A receiver, a line to it, and a clock."""

    def __init__(self, receiver: GpsReceiver) -> None:
        self.now_s = 100.0
        self.receiver = receiver
        self.line = GpsLine(receiver.path, lambda: self.now_s)
        assert self.line.poll() == ()

    def hear(self, *sentences: bytes, events: int = 0) -> tuple[Heard, ...]:
        """Send, and poll until so many events came of it."""
        self.receiver.send(*sentences)
        heard = self.line.poll(WAIT_S)
        while len(heard) < events:
            more = self.line.poll(WAIT_S)
            assert more, heard
            heard += more
        return heard


@pytest.fixture
def desk() -> Iterator[Desk]:
    with GpsReceiver() as receiver:
        desk = Desk(receiver)
        yield desk
        desk.line.close()


def test_a_receiver_tells_speed_and_place(desk: Desk) -> None:
    speed, position = desk.hear(rmc(HERE, 36, 0), events=2)
    assert isinstance(speed, Speed) and speed.kmh == pytest.approx(36, abs=0.02)
    assert isinstance(position, Position) and near(position.place, HERE)
    assert position.at_s == 100.0


def test_sentences_come_in_pieces(desk: Desk) -> None:
    line = rmc(HERE, 36, 0)
    assert desk.hear(line[:20]) == ()
    assert desk.hear(line[20:40]) == ()
    assert len(desk.hear(line[40:], events=2)) == 2


def test_noise_between_sentences_does_no_harm(desk: Desk) -> None:
    assert len(desk.hear(b"\x00\xff\r\n\r\n", b"A" * 500, b"\r\n", rmc(HERE, 36, 0), events=2)) == 2


def test_a_line_without_end_is_not_kept(desk: Desk) -> None:
    for _ in range(10):
        desk.hear(b"$" + b"A" * 1_000)
    assert len(desk.line._waiting) <= MOST_BYTES + 1


def test_no_satellites_are_told_once(desk: Desk) -> None:
    no_fix = rmc(HERE, 0, 0, status="V")
    assert desk.hear(no_fix, no_fix, events=1) == (PositionLost(100.0, "no satellites"),)
    assert desk.hear(no_fix) == ()
    assert len(desk.hear(rmc(HERE, 0, 1), events=2)) == 2
    assert desk.hear(no_fix, events=1) == (PositionLost(100.0, "no satellites"),)


def test_a_silent_receiver_is_told_once(desk: Desk) -> None:
    desk.now_s += 5
    assert desk.line.poll() == ()
    desk.now_s += 0.1
    assert desk.line.poll() == (PositionLost(105.1, "GPS receiver tells no place"),)
    desk.now_s += 60
    assert desk.line.poll() == ()


def test_a_receiver_whose_time_stands_still_tells_an_old_place(desk: Desk) -> None:
    assert len(desk.hear(rmc(HERE, 0, 0), events=2)) == 2
    desk.now_s += 5
    assert len(desk.hear(rmc(HERE, 0, 0), events=2)) == 2
    desk.now_s += 1
    assert desk.hear(rmc(HERE, 0, 0), events=1) == (PositionLost(106.0, "GPS receiver tells an old place"),)
    assert len(desk.hear(rmc(HERE, 0, 1), events=2)) == 2


def test_a_line_of_the_wrong_speed_is_told_once(desk: Desk) -> None:
    heard = desk.hear(b"\xf8\x80\n" * 30, events=1)
    assert heard == (PositionLost(100.0, "nothing to be read on the line (not ASCII: is the line's speed right?)"),)


def test_an_unplugged_receiver_is_told_once_and_comes_back(tmp_path: Path) -> None:
    port = tmp_path / "ttyGPS"
    now_s = 100.0
    line = GpsLine(str(port), lambda: now_s)
    with GpsReceiver() as first:
        port.symlink_to(first.path)
        line.poll()
        first.send(rmc(HERE, 0, 0))
        assert line.poll(WAIT_S)
        first.send(b"$GPRMC,06")
        assert line.poll(WAIT_S) == ()
    fault, lost = line.poll()
    assert isinstance(fault, VehicleFault) and fault.source == str(port)
    assert lost == PositionLost(100.0, "GPS receiver gone")
    port.unlink()
    now_s += REOPEN_EVERY_S
    assert line.poll() == ()
    with GpsReceiver() as second:
        port.symlink_to(second.path)
        now_s += REOPEN_EVERY_S - 0.1
        assert line.poll() == ()
        now_s += 0.1
        line.poll()
        second.send(rmc(HERE, 0, 9))
        assert [type(event) for event in line.poll(WAIT_S)] == [Speed, Position]
    assert [type(event) for event in line.poll()] == [VehicleFault, PositionLost]
    assert line.poll() == ()
    line.close()


def test_a_port_that_is_not_there_is_said_with_its_name(tmp_path: Path) -> None:
    line = GpsLine(str(tmp_path / "none"), lambda: 7.0)
    fault = VehicleFault(7.0, str(tmp_path / "none"), "No such file or directory")
    assert line.poll() == (fault, PositionLost(7.0, "GPS receiver gone"))
    assert line.poll() == ()
    line.close()


def test_a_bus_is_followed_by_what_its_receiver_tells(desk: Desk) -> None:
    trip = DUTY.feed.trips["HAKUHO-W01"]
    places = [place for place in DUTY.feed.places(trip.pattern_id) if place]
    way, where = way_of(places), AT_THE_FIRST_STOP
    for index, place in enumerate(places):
        arrives_s = trip.arrivals_s[index]
        for at_s, on_the_way_m, kmh in ((arrives_s - 30, 400, 40), (arrives_s, 30, 0.4)):
            desk.now_s = at_s
            there = moved(place, on_the_way_m, pi)
            for event in desk.hear(rmc(there, kmh, at_s), gga(there, at_s), events=3):
                where, _ = follow(way, where, event)
        assert (where.stop_index, where.at_stop) == (index, True)
