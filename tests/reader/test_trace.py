"""Traces: what passed is noted, keys are not, and the recording stands in for the reader."""

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardimage.felica_card import FelicaCard
from cardimage.image import CardImage
from cardimage.issue import issue
from cardimage.standard_card import StandardCard
from reader.felica import FelicaReader, LiteSSession, write_command
from reader.keys import bench_keys
from reader.port import CardLost, Health, NoCard, Polled, PollOutcome, ReaderFault, TraceFault, TwoCards, Written
from reader.recording import record
from reader.trace import Trace, TracePort, TracingPort, parse, without_key
from sim.hardware.field import CardField, FieldPort
from tariff.account import Account
from tests.cardimage.accounts import IDM
from tests.reader.outcomes import good
from tests.reader.transit_card import transit_card

NEW = bytes(range(16))


def ticks() -> Iterator[float]:
    yield from (count / 1_000 for count in range(100_000))


def traced(port: FieldPort) -> tuple[TracingPort, list[str]]:
    lines, clock = list[str](), ticks()
    return TracingPort(port, lines.append, lambda: next(clock)), lines


def bench_card() -> FelicaCard:
    image = issue(IDM, Account("lococa", 2_000), "LC1", date(2026, 11, 20))
    return FelicaCard(image, bench_keys().card_key(IDM))


def at(*cards: StandardCard | FelicaCard) -> FieldPort:
    field = CardField()
    for card in cards:
        field.lay_beside(card)
    return FieldPort(field, "field")


def test_a_recording_of_a_transit_card_can_be_recorded_again_from_its_trace() -> None:
    port, lines = traced(at(StandardCard(transit_card())))
    assert record(port, 0.0, lambda _what: None) == transit_card()
    replayed = TracePort("trace", parse(lines, "t"))
    for _ in range(2):
        assert record(replayed, 0.0, lambda _what: None) == transit_card()
        replayed.open()


def test_a_tap_is_replayed_with_its_own_challenge() -> None:
    port, lines = traced(at(bench_card()))
    reader = FelicaReader(port, bench_keys(), lambda size: bytes(range(7, 7 + size)))

    def tap(reader: FelicaReader) -> list[object]:
        session = reader.wait()
        assert isinstance(session, LiteSSession)
        return [good(session.open(0, 1)), session.write_count, session.write(1, NEW), session.read(0, 1)]

    done = tap(reader)
    assert done[2] == Written()
    again = TracePort("trace", parse(lines, "t"))
    assert tap(FelicaReader(again, bench_keys(), again.challenge)) == done
    # At another command than the recorded one the replay says so, and makes nothing up.
    again.open()
    session = FelicaReader(again, bench_keys(), again.challenge).wait()
    assert isinstance(session, LiteSSession)
    good(session.open(0, 1))
    assert isinstance(session.read(3, 4), ReaderFault)


def test_every_line_is_an_object_and_the_first_says_what_it_is() -> None:
    port, lines = traced(at(bench_card()))
    port.poll((0x88B4, 0x0003))
    port.transceive(b"\x06\x00\xff\xff\x00\x00", 0.1)
    port.transceive(b"\x02\xff", 0.1)
    head, poll, sent, lost = (json.loads(line) for line in lines)
    assert head == {"format": "farebox-trace", "version": 1, "reader": "field", "chip": "模擬"}
    name = IDM.hex().upper()
    assert poll == {
        "at_us": 1_000,
        "poll": "88B4 0003",
        "idm": name,
        "pmm": "00F1000000014300",
        "system": "88B4",
    }
    assert sent == {"at_us": 2_000, "send": "0600FFFF0000", "answer": f"1201{name}00F1000000014300"}
    assert lost == {"at_us": 3_000, "send": "02FF", "answer": None}


class Failing(FieldPort):
    def poll(self, system_codes: tuple[int, ...], deadline_s: float = 0.0) -> PollOutcome:
        return ReaderFault(self.name, "unplugged")

    def transceive(self, frame: bytes, timeout_s: float) -> bytes | CardLost | ReaderFault:
        return ReaderFault(self.name, "unplugged")

    def health(self) -> Health | ReaderFault:
        return ReaderFault(self.name, "unplugged")


def test_faults_lost_cards_and_two_cards_come_back_as_they_were() -> None:
    for port, outcome in (
        (Failing(CardField(), "field"), ReaderFault("field", "unplugged")),
        (at(), NoCard()),
        (at(bench_card(), StandardCard(transit_card())), TwoCards()),
    ):
        tracing, lines = traced(port)
        assert tracing.poll((0xFFFF,)) == outcome
        answer = tracing.transceive(b"\x02\xff", 0.1)
        replayed = TracePort("trace", parse(lines, "t"))
        assert replayed.poll((0xFFFF,)) == outcome
        assert replayed.transceive(b"\x02\xff", 0.1) == answer
        assert replayed.poll((0xFFFF,)) == NoCard()


def test_a_card_key_is_never_in_a_trace() -> None:
    key = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    for frame in (write_command(IDM, (0x87,), key), write_command(IDM, (0x87, 0x91), key + bytes(range(16)))):
        port, lines = traced(at(bench_card()))
        port.transceive(frame, 0.1)
        assert key.hex().upper() not in "".join(lines)
        assert key.hex()[:8].upper() not in "".join(lines)
        assert without_key(frame)[:14] == frame[:14]
        assert len(without_key(frame)) == len(frame)
        assert not any(without_key(frame)[18:])


def test_a_command_of_several_services_is_kept_as_it_is() -> None:
    """Its list of blocks stands further back: 87h is not a block of it where one service's list would have it."""
    frame = bytes((50, 0x08)) + IDM + bytes.fromhex("02 0900 0900 01 8001 0087") + bytes(range(30))
    assert without_key(frame) == frame
    assert without_key(frame[:10] + b"\x01" + frame[11:]) != frame


@given(st.binary(max_size=70))
def test_only_a_write_of_the_key_is_blanked(frame: bytes) -> None:
    blanked = without_key(frame)
    assert len(blanked) == len(frame)
    if blanked != frame:
        assert frame[1] == 0x08
        assert 0x87 in frame[14 : 14 + 2 * frame[13]][1::2]


MUST_FAIL = {
    "empty": ("", "empty"),
    "no JSON": ("x", "line 1: not JSON"),
    "no object": ("[]", "line 1: not a JSON object"),
    "another format": ('{"format": "x", "version": 1}', "line 1: not a trace of version 1"),
    "another version": ('{"format": "farebox-trace", "version": 2}', "line 1: not a trace of version 1"),
    "neither": ("HEAD\n{}", "line 2: neither a poll nor a command"),
    "hex": ('HEAD\n{"send": "0"}', "line 2: send: must be hex"),
    "a number": ('HEAD\n{"send": 6}', "line 2: send: must be hex"),
    "answer": ('HEAD\n{"send": "06", "answer": "zz"}', "line 2: answer: must be hex"),
    "idm": ('HEAD\n{"poll": "88B4", "idm": "01"}', "line 2: idm: must be 8 bytes of hex"),
    "system": ('HEAD\n{"poll": "88B"}', "line 2: poll: must be 2 bytes of hex"),
    "deep": ("[" * 4_000, "line 1: not JSON"),
    "long": ("HEAD\n" + "x" * 5_000, "line 2: too long"),
    "many": ("HEAD\n" + '{"poll": ""}\n' * 100_001, "line 100002: more than 100000 steps"),
    "a poll of numbers": ('HEAD\n{"poll": 3}', "line 2: poll: must be a text"),
    "a fault of lists": ('HEAD\n{"poll": "0003", "fault": [[]]}', "line 2: fault: must be a text"),
    "a reader that is none": ('{"format": "farebox-trace", "version": 1, "reader": {}}', "line 1: reader: must be a"),
}


@pytest.mark.parametrize(("text", "complaint"), MUST_FAIL.values(), ids=MUST_FAIL)
def test_a_file_that_is_no_trace_is_refused_by_line(text: str, complaint: str) -> None:
    with pytest.raises(TraceFault) as caught:
        parse(text.replace("HEAD", '{"format": "farebox-trace", "version": 1}').splitlines(), "my.jsonl")
    assert str(caught.value).startswith(f"my.jsonl: {complaint}")


def test_what_can_not_be_printed_is_left_out_of_its_texts() -> None:
    head = r'{"format": "farebox-trace", "version": 1, "reader": "usb\u001b[2J", "chip": "PN532\ud800 読取"}'
    trace = parse([head, r'{"send": "06", "fault": "OSError\n\udcff"}'], "my.jsonl")
    assert (trace.reader, trace.chip) == ("usb [2J", "PN532  読取")
    assert trace.steps[0].outcome == ReaderFault("usb [2J", "OSError  ")


@given(st.lists(st.text(max_size=40), max_size=5))
def test_any_text_is_a_trace_or_a_fault(lines: list[str]) -> None:
    with suppress(TraceFault):
        assert isinstance(parse(['{"format": "farebox-trace", "version": 1}', *lines], "t"), Trace)


def test_a_replay_says_that_it_is_one() -> None:
    port, lines = traced(at(bench_card()))
    replayed = TracePort("trace:t", parse(lines, "t"))
    assert replayed.open() is None
    assert replayed.health() == Health("模擬 (再生, field)")
    assert replayed.field_off() is None
    replayed.close()
    assert port.field_off() is None
    port.close()


def test_what_is_recorded_is_an_image() -> None:
    port, _ = traced(at(bench_card()))
    image = record(port, 0.0, lambda _what: None)
    assert isinstance(image, CardImage)
    assert isinstance(port.poll((0x88B4,)), Polled)
