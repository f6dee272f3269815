"""What comes off the wires beside the card readers: a GPS receiver's lines, and the bus they move; and the settings."""

from farebox.config import EXAMPLE, Config, ConfigBroken, parse
from farebox.feed import Place
from farebox.peripherals.nmea import Fix, Garbled, sentence
from farebox.peripherals.vehicle import Position, Speed
from farebox.position import AT_THE_FIRST_STOP, follow, way_of
from sim.hardware.gps import framed, gga, rmc
from tests.fuzz.target import Target, in_pieces, pieces

_HERE, _THERE = Place(37.124, 140.188), Place(37.13, 140.188)
_WAY = way_of((_HERE, _THERE, _HERE))


def _lines(data: bytes) -> None:
    """Lines as they come, and each once more as the body of a sentence whose checksum is right."""
    where, at_s = AT_THE_FIRST_STOP, 0.0
    for piece in pieces(data):
        body = piece.decode("ascii", errors="ignore").replace("*", "").replace("$", "")
        for said in (sentence(piece), sentence(framed(body))):
            assert not isinstance(said, Garbled) or said.why
            if isinstance(said, Fix):
                assert abs(said.place.lat_deg) <= 90 and abs(said.place.lon_deg) <= 180
                assert said.kmh is None or 0 <= said.kmh <= 300
                at_s += 1
                before = where.stop_index
                where, skipped = follow(_WAY, where, Speed(at_s, said.kmh or 0.0))
                where, more = follow(_WAY, where, Position(at_s, said.place))
                assert before <= where.stop_index < 3
                assert all(before < stop < where.stop_index for stop in (*skipped, *more))


def _body(line: bytes) -> bytes:
    return line[1:].split(b"*")[0]


def _settings(data: bytes) -> None:
    """A whole file, and one whose tables are there and hold whatever was fed."""
    for text in (data.decode(errors="replace"), f"{EXAMPLE}\n{data.decode(errors='replace')}"):
        try:
            assert isinstance(parse(text, "fuzzed"), Config)
        except ConfigBroken as broken:
            assert broken.problems and all(problem and "\n" not in problem for problem in broken.problems)


TARGETS: dict[str, Target] = {
    "bus-settings": Target(
        _settings,
        (),
        (
            EXAMPLE.encode(),
            b'[inputs]\npins = true\ndoor = "none"\n[slips]\nprinter = "tty:/dev/x"\npaper = "80mm"\n',
            b'[place]\nkind = "station"\n[signals]\nred = [1]\n[inputs]\ngps = {a = 1}\n',
        ),
    ),
    "bus-nmea": Target(
        _lines,
        (),
        (
            in_pieces(rmc(_HERE, 0, 0), gga(_HERE, 0), _body(rmc(_THERE, 40, 30)), _body(gga(_THERE, 60))),
            in_pieces(_body(rmc(_HERE, 0, 0, status="V")), b"GPGSV,1,1,00", rmc(_THERE, 0, 9)),
        ),
    ),
}
