"""What passes between terminal and console: every command and picture as it was, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farebox.console import protocol as words
from farebox.console.protocol import (
    COMMANDS,
    MOST_COMMAND_BYTES,
    Command,
    NotACommand,
    Picture,
    ProtocolFault,
    command_line,
    command_of,
    picture_line,
    picture_of,
)
from farebox.peripherals.meaning import Meaning
from farebox.result import Side
from tariff.purses import Payment
from tariff.refusal import Code
from tariff.riders import Handbook, RiderClass

PICTURE = Picture(
    at_s=1_795_125_300,
    vehicle_id="BUS-1",
    simulated=True,
    benches=(Side.BOARDING, Side.ALIGHTING),
    state="ready",
    on_trip=words.OnTrip("白鳳", "白棚線", "W01", "新白河", ("磐城棚倉", "新白河"), 1, (None,)),
    offers=(words.Offer("W02", "白棚線", "磐城棚倉", 30_000),),
    taps=(
        words.SeenTap(
            1_795_125_299,
            "新白河",
            ("降車", "alight"),
            "*0001",
            False,
            ("GEN-10 不足", "GEN-10 short"),
            ("不足", "short"),
            None,
            50,
            7,
            Meaning.ASK_DRIVER,
            words.RefusedTap("W01", Code.SHORT, "GEN-10", "", 500, 450),
        ),
    ),
    question=words.Question("payment", "*0001", 500, 450, (1_000,), 1_000),
    party=("holder", "child"),
    alarms=(words.Alarm("pending", ("未確定", "pending")),),
    notice=("ok", "ok"),
    totals=words.Totals(True, 1_795_125_299, *range(2, 24)),
    note_slot=words.NoteSlot(needs_word=True, kept_inside=False),
    history=words.SeenHistory(
        "*0001", 1_500, (words.SeenRide("2026-11-20", "磐城棚倉", "新白河", 500, 1_500, top_up=False),)
    ),
    watched=words.Watched(
        "1.0",
        1,
        2,
        3,
        4,
        11,
        5,
        (words.RefusedTimes("short", 6),),
        7,
        8,
        9,
        1_000,
        1_795_125_299,
        10,
        "ntp",
        True,
        None,
    ),
)
EXAMPLES: dict[str, Command] = {
    "begin-trip": words.BeginTrip("平日-0805"),
    "go-to-stop": words.GoToStop(3),
    "end-trip": words.EndTrip(),
    "answer-stop": words.AnswerStop(0),
    "answer-payment": words.AnswerPayment(Payment.PART_CASH),
    "end-duty": words.EndDuty(),
    "begin-top-up": words.BeginTopUp(stands=True),
    "end-top-up": words.EndTopUp(),
    "release-note": words.ReleaseNote(),
    "begin-cancelling": words.BeginCancelling(),
    "read-history": words.ReadHistory(),
    "drop-question": words.DropQuestion(),
    "tell-party": words.TellParty(
        RiderClass.CHILD, (RiderClass.ADULT, RiderClass.BABY), (RiderClass.CHILD,), (Handbook.MENTAL,)
    ),
    "log-paper": words.LogPaper("paper-coupons", 200),
    "lay-card": words.LayCard(Side.ALIGHTING),
    "insert-note": words.InsertNote(1_000),
    "count-up": words.CountUp(),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_comes_back_as_it_was(name: str) -> None:
    line = command_line(EXAMPLES[name])
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert command_of(line) == EXAMPLES[name]


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"null", b"[]", b"{}", b'"end-trip"', b"\xff\xfe", b"{"),
        b'{"do":"open-the-safe"}',
        b'{"do":["end-trip"]}',
        b'{"do":"begin-trip"}',
        b'{"do":"begin-trip","trip_id":5}',
        b'{"do":"begin-trip","trip_id":"W01","now":true}',
        b'{"do":"go-to-stop","stop_index":"1"}',
        b'{"do":"go-to-stop","stop_index":1.0}',
        b'{"do":"go-to-stop","stop_index":true}',
        b'{"do":"answer-payment","payment":"credit"}',
        b'{"do":"tell-party","companions":["driver"]}',
        b"[" * MOST_COMMAND_BYTES,
        b'{"do":"begin-trip","trip_id":"' + b"W" * MOST_COMMAND_BYTES + b'"}',
    ],
)
def test_faults_9_what_is_no_command_is_a_value(line: bytes) -> None:
    assert isinstance(command_of(line), NotACommand)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_raise(line: bytes) -> None:
    command_of(line)


def test_a_picture_comes_back_as_it_was() -> None:
    assert picture_of(picture_line(PICTURE)) == PICTURE


@pytest.mark.parametrize("line", [b"", b"{}", b"null", b"hello\n", picture_line(PICTURE).replace(b"ready", b'","a":"')])
def test_a_terminal_of_another_version_is_a_fault_that_says_so(line: bytes) -> None:
    with pytest.raises(ProtocolFault, match="see the terminal's version"):
        picture_of(line)
