"""The service's own log: what changed of the whole, one line each, and nothing of any card."""

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from farebox.box import Box
from farebox.clock import ALWAYS, Trust, Why
from farebox.console import protocol as words
from farebox.event_log import EventLog, Logged, event_logger
from farebox.result import Side
from reader.port import ReaderFault
from tests.farebox.bus import DUTY, Bus, lococa
from tests.farebox.field_bench import FieldBench
from tests.farebox.test_box import Shift

IDM = re.compile(r"012E0000|\*[0-9A-F]{4}", re.IGNORECASE)


class Told(Shift):
    """A shift whose box is logged."""

    def __init__(self, bus: Bus, environ: dict[str, str] | None = None) -> None:
        super().__init__(bus)
        self.stream = io.StringIO()
        self.log = EventLog(event_logger(self.stream, environ or {}))
        sides = (Side.BOARDING, Side.ALIGHTING)
        console = Logged(self.wheel, self.log)
        self.box = Box(bus.terminal, sides, DUTY, bus.clock, console, bus.recent, bus.duty, simulated=True)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def events(self, *fields: str) -> list[tuple[Any, ...]]:
        return [(line["event"], *(line[field] for field in fields if field in line)) for line in self.lines()]


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    with Bus(tmp_path, FieldBench()) as made:
        yield made


@pytest.fixture
def told(bus: Bus) -> Told:
    return Told(bus)


def test_a_days_taps_are_told_by_their_codes_and_sums_and_no_card_is_named(told: Told) -> None:
    told.log.started("BUS-7", "0123abcd", ["usb"], simulated=True)
    cards = [lococa(balance, number) for number, balance in enumerate((7_654, 6_543, 120, 4_321), 1)]
    told.lays(Side.BOARDING, cards[0])
    for trip in ("HAKUHO-W01", "HAKUHO-W02"):
        told.says(words.BeginTrip(trip))
        for card in cards[:3]:
            told.lays(Side.BOARDING, card)
        told.says(words.GoToStop(4))
        for card in (*cards, cards[0]):
            told.lays(Side.ALIGHTING, card)
            if told.terminal.asked:
                told.says(words.DropQuestion())
        told.says(words.EndTrip())
    told.log.ended()
    for result in told.bus.shown:
        told.log.tap(result)
    text = told.stream.getvalue()
    assert told.events()[0] == ("started",) and ("ended",) in told.events()
    assert [line["trip"] for line in told.lines() if line["event"] == "trip-begun"] == ["HAKUHO-W01", "HAKUHO-W02"]
    over = [line for line in told.lines() if line["event"] == "trip-ended"]
    assert [line["boarded"] for line in over] == [3, 3]
    assert all(line["alighted"] >= 2 and line["fares_yen"] > 0 for line in over)
    assert all((line["cancelled"], line["cancelled_yen"]) == (0, 0) for line in over)
    codes = {line["code"] for line in told.lines() if line["event"] == "refused"}
    assert {"out-of-service", "no-boarding", "short"} <= codes
    assert not IDM.search(text)
    for result in told.bus.shown:
        for account in filter(None, (result.before, result.after)):
            assert not re.search(rf"\b{account.stored_fare_yen}\b", text)


def test_faults_7_a_reader_lost_and_back_is_told_once_each(told: Told) -> None:
    told.says(words.BeginTrip("HAKUHO-W01"))
    told.terminal.reader_faults[Side.ALIGHTING] = ReaderFault("usb", "unplugged")
    told.log.see(told.box.picture())
    told.log.see(told.box.picture())
    told.terminal.reader_faults.clear()
    told.log.see(told.box.picture())
    assert told.events("code")[-2:] == [("alarm", "reader-alighting"), ("alarm-over", "reader-alighting")]
    assert told.lines()[-2]["level"] == "warning" and "unplugged" in told.lines()[-2]["text"]


def test_faults_25_changes_of_the_trust_in_the_clock_are_told(told: Told) -> None:
    told.bus.trust = Trust(False, Why.NOT_SET)
    told.says()
    told.says()
    told.bus.trust = Trust(True, Why.NTP)
    told.says()
    clock = [(line["why"], line["trusted"]) for line in told.lines() if line["event"] == "clock"]
    assert clock == [("not-set", False), ("ntp", True)]
    assert ("alarm-over", "clock") in told.events("code")
    assert ALWAYS.trusted


def test_where_journald_listens_a_line_begins_with_its_priority(bus: Bus) -> None:
    told = Told(bus, {"JOURNAL_STREAM": "8:1"})
    told.log.ended()
    priority, _, rest = told.stream.getvalue().partition(">")
    assert priority == "<6" and json.loads(rest)["event"] == "ended"


def test_on_a_screen_it_is_words(bus: Bus) -> None:
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Screen()
    EventLog(event_logger(screen, {})).started("BUS-7", "0123", ["usb"], simulated=False)
    assert re.search(
        r'^\d\d:\d\d:\d\d started vehicle="BUS-7" .*readers=\["usb"\] simulated=false\n$', screen.getvalue()
    )


def test_a_log_that_cant_be_written_stops_nothing(told: Told) -> None:
    told.stream.close()
    told.says(words.BeginTrip("HAKUHO-W01"))
    assert told.terminal.service is not None
