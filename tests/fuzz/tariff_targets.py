"""What the tariff commands read: operator files, lines of requests, recorded rides."""

import json
import tempfile
from contextlib import suppress
from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path

from pyarrow import csv, parquet

from cardimage.layout.bits import LayoutFault
from farebox.duty import Duty
from farebox.feed import Feed, FeedFault, load_feed
from farebox.feed.operators import Operators, load_operators
from sim.recorded import Recording
from sim.vehicle_run import Spec, World, peopled
from tariff.operator_file import parse as parse_operator_file
from tariff.operator_file.reading import RulebookError
from tests.fuzz.target import Target, text_of
from tests.tools.tariff_cli import DAY, STOPS, ride, work
from tools.feeds import feed_path
from tools.recorded_rides import recorded_rides
from tools.tariff.diff_command import broken_quotes
from tools.tariff.quote import Desk
from tools.tariff.quote_json import BadLine, checked, dumped, id_of, lines, request_of
from tools.tariff.repricing import price, report
from tools.tariff.rides import read_rides

OPERATOR_FILES = Path(__file__).parents[2] / "tariff" / "operators"


@cache
def _sample() -> Feed:
    return load_feed(feed_path("sample"))


@cache
def _desk() -> Desk:
    return Desk(load_operators(), _sample())


def _operator_file(text: str) -> None:
    """Whatever the rules that are read may be, each kind of request has an answer by them."""
    rulebook = parse_operator_file(text, "fuzz", frozenset())
    desk = Desk(Operators((rulebook,)), _sample())
    for request in _REQUESTS:
        with suppress(BadLine):
            dumped(desk.answer(checked(request | {"operator": rulebook.scheme})))


def _quotes(data: bytes) -> None:
    """Every line has an answer that is one line of JSON; at least one is answered, or the last line's error is told."""
    fault: BadLine | None = None
    answered = False
    for line in lines(BytesIO(data)):
        try:
            answer = _desk().answer(request_of(line))
            answered = True
        except BadLine as bad:
            fault = bad
            answer = {"id": id_of(line), "error": {"path": bad.path, "message": bad.message}}
        said = dumped(answer)
        assert "\n" not in said
        assert json.loads(said.encode()) is not None
    if fault is not None and not answered:
        raise fault


def _rides(name: str, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        recorded = read_rides(path)
        duty = Duty(_sample(), load_operators())
        json.dumps(report(recorded, price(recorded, duty, lambda _rides: None))).encode()


def _ridden_again(data: bytes) -> None:
    """A file as the passengers of a replay, up to their cards."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rides.csv"
        path.write_bytes(data)
        for vehicle_id, rides in recorded_rides(path, _world()).by_vehicle.items():
            recording = Recording(rides, _DAY, vehicle_id)
            for trip_id in rides:
                recording.riders(_sample().trips[trip_id], _world().duty.service(_sample().trips[trip_id], _DAY))


@cache
def _world() -> World:
    return peopled(Duty(_sample(), load_operators()), Spec(_DAY, None, None, None, "image", 1, 0.0, ".csv"))


_DAY = date(2026, 11, 20)
_TAPS = """service_date,trip_id_performed,fare_action,token_id,trip_stop_sequence
2026-11-20,HAKUHO-W01,Enter,A,1
2026-11-20,HAKUHO-W01,Exit,A,5
2026-11-20,HAKUHO-W01,Exit,B,2
"""


def _golden(data: bytes) -> None:
    """Quotes that must come out as told; each that does not is a line."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        "".join(broken_quotes(Path(file.name), _desk())).encode()


def _parquet() -> bytes:
    table = csv.read_csv(BytesIO(_RIDES.encode()), convert_options=csv.ConvertOptions(strings_can_be_null=True))
    packed = BytesIO()
    parquet.write_table(table, packed)
    return packed.getvalue()


_MIDDLE = {
    "product": "commuter",
    "first_day": "2026-11-01",
    "last_day": "2026-11-30",
    "sections": [{"from": STOPS[1], "to": STOPS[2]}],
}
_REQUESTS = (
    ride(),
    ride(card={"stored_fare_yen": 900, "pass": _MIDDLE}, day="2026-11-21"),
    ride(fares=None, route="白棚線", party={"companions": ["child", "adult"], "holder_born": "2001-02-03"}),
    ride(operator="noruca", card={"coupons": {"regular_yen": 1_000}}, payment="part-cash"),
    work("price", "aizu-noruca", product="commuter", first_day=DAY, months=3, fare_yen=230),
    work("price", "aizu-noruca", book="ecomy", day=DAY, fare_yen=230),
    work("refund", "lococa", what="card", day=DAY, card={"stored_fare_yen": 1_430}),
)
_RIDES = (
    "trip_id_performed,service_date,boarded_place,alighted_place,balance_before,party,pass,amount,payment\n"
    "HAKUHO-W01,2026-11-20,0,4,2000,,,500,card\n"
    'HAKUHO-W01,2026-11-20,0,2,100,"{""companions"": [""child""]}",,,part-cash\n'
)

TARGETS: dict[str, Target] = {
    "tariff-operator-file": Target(
        text_of(_operator_file),
        (RulebookError,),
        tuple(path.read_bytes() for path in sorted(OPERATOR_FILES.glob("*/*.toml"))),
    ),
    "tariff-quotes": Target(_quotes, (BadLine,), tuple(json.dumps(one).encode() for one in _REQUESTS)),
    "tariff-rides": Target(lambda data: _rides("rides.csv", data), (FeedFault,), (_RIDES.encode(), _TAPS.encode())),
    "rides-again": Target(_ridden_again, (FeedFault, LayoutFault), (_RIDES.encode(), _TAPS.encode())),
    "tariff-rides-parquet": Target(lambda data: _rides("rides.parquet", data), (FeedFault,), (_parquet(),)),
    "tariff-golden": Target(
        _golden,
        (),
        (
            json.dumps({"quote": ride(), "due_yen": 500}).encode(),
            json.dumps({"quote": ride(card={"stored_fare_yen": 1}), "refusal": "short"}).encode() + b"\n[]\n{",
        ),
    ),
}
