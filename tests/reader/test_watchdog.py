"""A reader in a process of its own: through the real nfcpy and pyserial over there, with chips and drivers that hang.

Time limits here are short where a reader is meant to hang, and long wherever it is not: nothing is timed.
"""

import gc
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from threading import Event, Thread

import pytest

from cardimage.felica_card import FelicaCard
from cardimage.image import CardImage
from cardimage.issue import issue
from farebox.readers import Readers
from farebox.result import Side
from farebox.table import State
from reader.felica import FelicaReader, LiteSSession
from reader.keys import bench_keys
from reader.port import CardLost, Health, Indeterminate, NoCard, Polled, ReaderFault, ReaderMissing, WaitOutcome, opened
from reader.watchdog import FIRST_PAUSE_S, LONGEST_PAUSE_S, OPENING_S, Limits, WatchedPort
from sim.bench import Pn532Bench
from sim.hardware.field import CardField
from sim.hardware.pn532 import ACK, Pn532
from tariff.account import Account
from tariff.refusal import Code
from tests.cardimage.accounts import IDM
from tests.farebox.bus import Bus, balance_yen, card_in_field, lococa
from tests.reader.broken_chip import BrokenChip
from tests.reader.outcomes import good
from tests.reader.plugged import AMISS_READER, HUNG_READER, IDLE_READER, RAISING_READER, plug_in

SYSTEM = 0x88B4
HERE = Polled(IDM, bytes.fromhex("00 F1 00 00 00 01 43 00"), SYSTEM)
READ_SLOTS = bytes.fromhex("12 06 01 2E 4C D1 A0 B3 57 96 01 0B 00 02 80 00 80 01")
PATIENT = Limits(open_s=60, poll_s=60, exchange_s=60, ask_s=60, close_s=60)
STRICT = PATIENT._replace(poll_s=0.2, exchange_s=0.2, ask_s=0.2, close_s=0.2)
"""For readers that are meant to hang once they are open."""


def soon() -> float:
    return time.monotonic() + 60


def laid() -> CardField:
    field = CardField()
    field.lay(FelicaCard(card(), bench_keys().card_key(IDM)))
    return field


def card() -> CardImage:
    return issue(IDM, Account("lococa", 2_000), "LC1", date(2026, 11, 20))


def watched(stack: ExitStack, spec: str, limits: Limits = PATIENT) -> WatchedPort:
    port = WatchedPort(spec, limits)
    stack.callback(port.close)
    assert opened(port, soon()) is port
    return port


def is_alive(pid: int | None) -> bool:
    """Also a zombie is alive in this sense: somebody has to bury it."""
    assert pid is not None
    return Path(f"/proc/{pid}").exists()


def open_files() -> set[str]:
    gc.collect()
    return {file.name for file in Path("/proc/self/fd").iterdir()}


def ended(pid: int) -> None:
    """Come back when a process is gone that is not ours to wait for."""
    descriptor = os.pidfd_open(pid)
    try:
        assert select.select([descriptor], [], [], 60)[0]
    finally:
        os.close(descriptor)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as closing:
        yield closing


@pytest.fixture
def hung(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    return plug_in(monkeypatch, tmp_path, "hung", HUNG_READER)


# -- a reader that is well


def test_the_terminals_process_stays_lean() -> None:
    code = "import sys, reader.watchdog; print({'nfc', 'usb1', 'serial', 'ndef'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"


def test_everything_a_port_can_do_is_done_over_there(stack: ExitStack) -> None:
    chip = stack.enter_context(Pn532(laid()))
    port = watched(stack, f"tty:{chip.path}")
    assert port.name == f"tty:{chip.path}"
    assert port.open() is None
    assert port.health() == Health("PN532v1.6")
    assert port.poll((0x0003, SYSTEM)) == HERE
    answer = port.transceive(READ_SLOTS, 0.05)
    assert isinstance(answer, bytes)
    assert answer[:13] == bytes.fromhex("2D 07") + IDM + bytes.fromhex("00 00 02")
    assert port.field_off() is None
    chip.field.lift()
    assert port.poll((SYSTEM,)) == NoCard()
    assert port.poll((SYSTEM,), time.monotonic() + 0.02) == NoCard()
    assert port.transceive(READ_SLOTS, 0.01) == CardLost()


def test_what_is_closed_is_closed_and_leaves_nothing_behind(stack: ExitStack) -> None:
    chip = stack.enter_context(Pn532(laid()))
    descriptors = open_files()
    port = watched(stack, f"tty:{chip.path}")
    pid = port.pid
    port.close()
    assert not is_alive(pid)
    assert open_files() == descriptors
    port.close()
    assert port.poll((SYSTEM,)) == ReaderFault(port.name, "not open")
    assert port.transceive(READ_SLOTS, 0.01) == ReaderFault(port.name, "not open")
    assert port.health() == port.field_off() == ReaderFault(port.name, "not open")
    assert port.open(soon()) is None
    assert port.poll((SYSTEM,)) == HERE


def test_closing_switches_the_field_off(stack: ExitStack) -> None:
    class Dark(Pn532):
        def _execute(self, command: int, data: bytes) -> bytes | None:
            if command == 0x16:
                went_dark.set()
            return super()._execute(command, data)

    went_dark = Event()
    chip = stack.enter_context(Dark(laid()))
    watched(stack, f"tty:{chip.path}").close()
    assert went_dark.is_set()


def test_a_port_that_is_dropped_leaves_no_process(stack: ExitStack) -> None:
    chip = stack.enter_context(Pn532(laid()))
    port = opened(WatchedPort(f"tty:{chip.path}", PATIENT), soon())
    assert isinstance(port, WatchedPort)
    pid = port.pid
    del port
    gc.collect()
    assert not is_alive(pid)


# -- opening


def test_opening_without_a_deadline_never_waits(hung: str) -> None:
    port = WatchedPort(hung + "open", PATIENT)
    for _ in range(3):
        assert port.open() == ReaderFault(hung + "open", "still opening")
    assert port.poll((SYSTEM,)) == ReaderFault(hung + "open", "not open")
    port.close()


def test_a_reader_that_is_missing_is_so_at_once_and_with_advice(stack: ExitStack) -> None:
    port = WatchedPort("tty:/dev/ttyNONE7", PATIENT)
    stack.callback(port.close)
    with pytest.raises(ReaderMissing, match=r"no PN532 card reader at /dev/ttyNONE7: .*check the cable"):
        opened(port, soon())


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("bluetooth:", "no reader is named 'bluetooth'"),
        ("tty:", "tty:PATH"),
        ("broken:", "broken.* can't be loaded"),
    ],
)
def test_a_name_that_leads_nowhere_is_told_by_the_other_process(
    spec: str, says: str, stack: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug_in(monkeypatch, tmp_path, "broken", "import no_such_library")
    port = WatchedPort(spec, PATIENT)
    stack.callback(port.close)
    with pytest.raises(ReaderMissing, match=says):
        opened(port, soon())


def test_faults_8_a_reader_that_hangs_in_opening_is_given_up(hung: str, stack: ExitStack) -> None:
    port = WatchedPort(hung + "open", PATIENT._replace(open_s=0.2))
    stack.callback(port.close)
    fault = port.open(soon())
    assert fault is not None
    assert "hung in opening for 0." in fault.what
    assert port.pid is None


class FakeClock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


NEVER_THERE = """
import socket, sys
line, attempts = socket.socket(fileno=int(sys.argv[1])), 0
while packet := line.recv(2000):
    attempts += 1
    line.send(packet[:4] + bytes([2]) + f"attempt {attempts}".encode())
"""


def test_attempts_at_a_reader_that_is_not_there_are_spaced_out(stack: ExitStack) -> None:
    clock = FakeClock()
    port = WatchedPort("none", PATIENT, clock, command=[sys.executable, "-c", NEVER_THERE])
    stack.callback(port.close)
    assert port.open(clock.now_s + 50) == ReaderFault("none", "attempt 1")
    pid = port.pid
    at_s = []
    for attempt in range(2, 10):
        told = port.open()
        while told == ReaderFault("none", f"attempt {attempt - 1}") and port._opening_since_s is None:
            clock.now_s += FIRST_PAUSE_S
            told = port.open()
        at_s.append(clock.now_s - 1_000)
        if port._opening_since_s is not None:
            told = port.open(clock.now_s + 50)
        assert told == ReaderFault("none", f"attempt {attempt}")
    assert at_s == [0, 0.25, 0.75, 1.75, 3.75, 7.75, 11.75, 15.75]
    assert LONGEST_PAUSE_S == 4
    # One process made all the attempts: loading nfcpy is most of the work.
    assert port.pid == pid


def test_a_process_that_dies_at_once_is_not_started_in_a_loop(stack: ExitStack) -> None:
    clock = FakeClock()
    port = WatchedPort("dead", PATIENT, clock, command=[sys.executable, "-c", "raise SystemExit(3)"])
    stack.callback(port.close)
    died = port.open(clock.now_s + 50)
    assert died == ReaderFault("dead", "its process ended with code 3")
    # The first attempt after it comes at once, the second one only after a pause.
    assert port.open(clock.now_s + 50) == died
    for _ in range(100):
        assert port.open() == died
        assert port.pid is None
    clock.now_s += FIRST_PAUSE_S
    port.open()
    assert port.pid is not None


LATE_RISER = """
import socket, sys
line, asked = socket.socket(fileno=int(sys.argv[1])), 0
while packet := line.recv(2000):
    asked += 1
    line.send(packet[:4] + (b"\\x02not yet" if asked < 4 else b"\\x01" if packet[4] == 1 else b"\\x05"))
"""


@pytest.mark.parametrize("it_worked", [True, False])
def test_only_a_reader_that_worked_is_tried_again_at_once(it_worked: bool, stack: ExitStack) -> None:
    """One that opens and then hangs, over and over, is spaced out like one that never opens."""
    clock = FakeClock()
    port = WatchedPort("late", PATIENT, clock, command=[sys.executable, "-c", LATE_RISER])
    stack.callback(port._let_go, 0.0)
    for _ in range(3):
        assert port.open(clock.now_s + 50) == ReaderFault("late", "not yet")
        clock.now_s += LONGEST_PAUSE_S
    assert port.open(clock.now_s + 50) is None
    if it_worked:
        assert port.poll((SYSTEM,)) == NoCard()
    assert port.pid is not None
    os.kill(port.pid, signal.SIGKILL)
    assert isinstance(port.poll((SYSTEM,)), ReaderFault)
    port.open()
    assert (port.pid is not None) is it_worked


def test_a_process_that_can_not_be_started_is_a_fault() -> None:
    fault = WatchedPort("none", command=["/no/such/python"]).open(soon())
    assert fault is not None and "/no/such/python" in fault.what


# -- a reader that hangs (faults 8)


class EndlessAcks(BrokenChip):
    """From `hang` to `recover`, it acknowledges and acknowledges, and never answers: nfcpy then waits for ever."""

    def __init__(self, field: CardField) -> None:
        self._over = Event()
        self._flood = Thread(target=self._acknowledge)
        super().__init__(field)

    def _acknowledge(self) -> None:
        while not self._over.wait(0.01):
            os.write(self._far_end, ACK)

    def hang(self) -> None:
        self.spoil = lambda _: ACK
        self._flood.start()

    def recover(self) -> None:
        self._over.set()
        if self._flood.is_alive():
            self._flood.join()
        self.spoil = None

    def close(self) -> None:
        self.recover()
        super().close()


def test_faults_8_a_chip_that_acknowledges_for_ever_is_given_up_and_opened_again(stack: ExitStack) -> None:
    chip = stack.enter_context(EndlessAcks(laid()))
    port = watched(stack, f"tty:{chip.path}", STRICT)
    pid = port.pid
    chip.hang()
    fault = port.poll((SYSTEM,))
    assert isinstance(fault, ReaderFault)
    assert fault.what.startswith("hung: no answer for ")
    assert not is_alive(pid)
    chip.recover()
    assert port.open(soon()) is None
    assert port.poll((SYSTEM,)) == HERE


@pytest.mark.parametrize("call", ["poll", "transceive", "field_off", "health"])
def test_faults_8_every_call_that_hangs_ends_within_its_bound(call: str, hung: str, stack: ExitStack) -> None:
    port = watched(stack, hung + call, STRICT)
    pid = port.pid
    asked = {
        "poll": lambda: port.poll((SYSTEM,)),
        "transceive": lambda: port.transceive(READ_SLOTS, 0.01),
        "field_off": port.field_off,
        "health": port.health,
    }
    fault = asked[call]()
    assert isinstance(fault, ReaderFault)
    assert "hung: no answer for " in fault.what
    assert not is_alive(pid)
    # What is asked of it then is told why; the next opening starts a new process.
    assert port.poll((SYSTEM,)) == fault
    assert port.open(soon()) is None
    assert port.pid != pid


def test_faults_8_closing_a_reader_that_hangs_is_bounded(hung: str) -> None:
    port = WatchedPort(hung + "close", STRICT)
    opened(port, soon())
    pid = port.pid
    port.close()
    assert not is_alive(pid)


def test_faults_8_closing_while_it_opens_does_not_wait(hung: str) -> None:
    port = WatchedPort(hung + "open", PATIENT)
    port.open()
    pid = port.pid
    port.close()
    assert not is_alive(pid)


SILENT_RCS380 = """
from contextlib import ExitStack
from reader.nfcpy_port import usb_port
from sim.hardware.field import CardField
from sim.hardware.rcs380 import Rcs380
from tests.contract.usb_bus import usb_bus

kept = ExitStack()

class Silent(Rcs380):
    def _communicate(self, data):
        self.spoil = lambda frames: frames[:1]  # acknowledged, and nothing more
        return super()._communicate(data)

def port(rest):
    kept.enter_context(usb_bus(Silent(CardField())))
    return usb_port("054c:06c3")
"""


def test_faults_8_an_rcs380_that_falls_silent_is_given_up_though_nfcpy_waits_for_ever(
    stack: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = watched(stack, plug_in(monkeypatch, tmp_path, "silent", SILENT_RCS380), STRICT)
    pid = port.pid
    assert port.health() == Health("NFC Port-100 v1.11")
    fault = port.poll((SYSTEM,))
    assert isinstance(fault, ReaderFault) and "hung: no answer for " in fault.what
    assert not is_alive(pid)
    assert port.open(soon()) is None
    assert port.health() == Health("NFC Port-100 v1.11")


def test_a_chip_that_falls_silent_is_a_fault_and_needs_no_killing(stack: ExitStack) -> None:
    chip = stack.enter_context(BrokenChip(laid()))
    port = watched(stack, f"tty:{chip.path}")
    pid = port.pid
    chip.spoil = lambda _: b""
    fault = port.poll((SYSTEM,))
    assert isinstance(fault, ReaderFault) and "hung" not in fault.what
    chip.spoil = None
    assert port.poll((SYSTEM,)) == HERE
    assert port.pid == pid


class OneBehind:
    """Holds each answer back until the next command."""

    def __init__(self) -> None:
        self._held = b""

    def __call__(self, data: bytes) -> bytes:
        late, self._held = self._held, data[len(ACK) :]
        return (late + data) if late else ACK


def test_a_chip_that_answers_too_late_is_not_believed(stack: ExitStack) -> None:
    chip = stack.enter_context(BrokenChip(laid()))
    reader = FelicaReader(watched(stack, f"tty:{chip.path}"), bench_keys(), os.urandom)
    session = sensed(reader)
    good(session.open(0, 1))
    chip.spoil = OneBehind()
    assert session.write(1, b"x" * 16) == Indeterminate(1)
    assert session.read(0, 1) == CardLost()
    chip.spoil = None
    assert good(session.read(0, 1))[1] == b"x" * 16


def test_a_driver_that_raises_is_a_fault_of_the_reader(
    stack: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = watched(stack, plug_in(monkeypatch, tmp_path, "raising", RAISING_READER))
    fault = port.poll((SYSTEM,))
    assert isinstance(fault, ReaderFault)
    assert (fault.reader, fault.what.split(";")[0]) == (
        "raising:",
        'its driver raised KeyError "a driver\'s own mistake"',
    )
    assert port.health() == Health("idle ")


POLLED = "answered Poll with "
AMISS = {
    "bytearray": ("transceive", "answered Transceive with bytearray of 12;"),
    "memoryview": ("transceive", "answered Transceive with memoryview of 12;"),
    "too long": ("transceive", "answered Transceive with bytes of 256;"),
    "two cards": ("transceive", "answered Transceive with TwoCards();"),
    "short IDm": ("poll", POLLED + "Polled(bytes of 7, bytes of 8, int);"),
    "long PMm": ("poll", POLLED + "Polled(bytes of 8, bytes of 9, int);"),
    "another system": ("poll", POLLED + "Polled(bytes of 8, bytes of 8, int);"),
    "no numbers": ("poll", POLLED + "Polled(NoneType, bytes of 8, str of 4);"),
    "bytearray IDm": ("poll", POLLED + "Polled(bytearray of 8, bytes of 8, int);"),
    "plain tuple": ("poll", POLLED + "tuple(bytes of 8, bytes of 8, int);"),
    "nothing": ("health", "answered AskHealth with NoneType;"),
    "no chip": ("health", "answered AskHealth with Health(NoneType);"),
    "a number": ("field_off", "answered FieldOff with int;"),
    "no words": ("field_off", "answered FieldOff with ReaderFault(str of 5, NoneType);"),
}


@pytest.mark.parametrize(("gives", "call", "says"), [(gives, *row) for gives, row in AMISS.items()], ids=AMISS)
def test_what_no_driver_may_give_is_a_fault_that_names_its_reader(
    gives: str, call: str, says: str, stack: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of whatever kind and size: it neither ends the process nor reaches the terminal."""
    port = watched(stack, plug_in(monkeypatch, tmp_path, "amiss", AMISS_READER) + gives)
    pid = port.pid
    fault = getattr(port, call)(*{"poll": ((SYSTEM,),), "transceive": (READ_SLOTS, 0.01)}.get(call, ()))
    assert isinstance(fault, ReaderFault)
    assert fault.reader == f"amiss:{gives}" and says in fault.what
    assert is_alive(pid) and port.pid == pid


@pytest.mark.parametrize("deadline_s", [1e10, 1e300, float("inf")])
def test_no_deadline_is_too_far_away_to_be_waited_for(deadline_s: float, stack: ExitStack) -> None:
    chip = stack.enter_context(Pn532(laid()))
    assert watched(stack, f"tty:{chip.path}").poll((SYSTEM,), deadline_s) == HERE


# -- a process that dies, or says what it should not


def sensed(reader: FelicaReader) -> LiteSSession:
    session = reader.wait()
    assert isinstance(session, LiteSSession), session
    return session


def test_a_write_whose_process_is_killed_is_indeterminate(stack: ExitStack) -> None:
    """kill -9 in the middle of the command: the card has the write, its answer is lost with the process."""

    class KillsItsHost(Pn532):
        def _communicate(self, data: bytes) -> bytes:
            answer = super()._communicate(data)
            if data[1] == 0x08 and data[13] == 2:  # a write of one block and its MAC_A
                assert port.pid is not None
                os.kill(port.pid, signal.SIGKILL)
            return answer

    image = card()
    field = CardField()
    field.lay(FelicaCard(image, bench_keys().card_key(IDM)))
    chip = stack.enter_context(KillsItsHost(field))
    port = watched(stack, f"tty:{chip.path}")
    reader = FelicaReader(port, bench_keys(), os.urandom)
    session = sensed(reader)
    good(session.open(0, 1))
    assert session.write(1, b"x" * 16) == Indeterminate(1)
    blocks = image.lite_s_blocks()
    assert blocks is not None and blocks[1] == b"x" * 16
    fault = reader.wait()
    assert isinstance(fault, ReaderFault) and "ended by signal 9" in fault.what
    assert port.open(soon()) is None
    assert good(sensed(reader).open(0, 1))[1] == b"x" * 16


LISTENER = "import os, socket, sys; line = socket.socket(fileno=int(sys.argv[1])); asked = line.recv(2000); "
SAYS = {
    "garbage": ("line.send(b'hello'); line.recv(9)", "answered with garbage"),
    "too much": ("line.send(asked[:4] + bytes([2]) + b'x' * 5000); line.recv(9)", "answered with garbage"),
    "an older answer": ("line.send(bytes(4) + bytes([1])); line.recv(9)", r"answered out of turn \(0, not 1\)"),
    "a frame, unasked": ("line.send(asked[:4] + bytes([7, 2, 7])); line.recv(9)", "answered out of turn"),
    "nothing any more": ("line.shutdown(2); sys.stdin.read(); import time; time.sleep(60)", "stopped talking"),
    "its last word": ("os.abort()", r"ended by signal 6 \(Aborted\)"),
}


@pytest.mark.parametrize(("does", "says"), SAYS.values(), ids=SAYS)
def test_a_process_that_is_no_reader_is_not_believed(does: str, says: str) -> None:
    port = WatchedPort("odd", PATIENT, command=[sys.executable, "-c", LISTENER + does])
    with pytest.raises(ReaderMissing, match=says):
        opened(port, soon())
    assert port.pid is None


ANSWERS_TWICE = """
import socket, sys
line = socket.socket(fileno=int(sys.argv[1]))
while packet := line.recv(2000):
    line.send(packet[:4] + bytes([1]))
    line.send(packet[:4] + bytes([1]))
"""


@pytest.mark.parametrize("call", ["poll", "transceive", "health", "field_off"])
def test_an_answer_to_an_earlier_request_is_not_taken_for_this_ones(call: str) -> None:
    port = WatchedPort("odd", PATIENT, command=[sys.executable, "-c", ANSWERS_TWICE])
    opened(port, soon())
    asked = {
        "poll": lambda: port.poll((SYSTEM,)),
        "transceive": lambda: port.transceive(READ_SLOTS, 0.01),
        "field_off": port.field_off,
        "health": port.health,
    }
    fault = asked[call]()
    assert isinstance(fault, ReaderFault)
    assert "out of turn (1, not 2)" in fault.what


ALWAYS_DONE = "while asked: line.send(asked[:4] + bytes([1])); asked = line.recv(2000)"


@pytest.mark.parametrize("call", ["poll", "transceive", "health"])
def test_an_answer_of_another_kind_is_none(call: str) -> None:
    command = [sys.executable, "-c", LISTENER + "\n" + ALWAYS_DONE]
    port = WatchedPort("odd", PATIENT, command=command)
    opened(port, soon())
    asked = {
        "poll": lambda: port.poll((SYSTEM,)),
        "transceive": lambda: port.transceive(READ_SLOTS, 0.01),
        "health": port.health,
    }
    assert isinstance(asked[call](), ReaderFault)
    assert port.pid is None


def test_a_frame_that_is_too_long_is_refused_here(stack: ExitStack) -> None:
    chip = stack.enter_context(Pn532(laid()))
    port = watched(stack, f"tty:{chip.path}")
    fault = port.transceive(bytes(300), 0.01)
    assert isinstance(fault, ReaderFault) and "at most 255" in fault.what
    assert port.poll((SYSTEM,)) == HERE


# -- whose end it is

PARENT = """
import os, sys, time
from reader.port import opened
from reader.watchdog import WatchedPort
port = WatchedPort(sys.argv[1])
port.open(time.monotonic() + 60) if sys.argv[2] == "wait" else port.open()
print(port.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(("rest", "waits"), [("well", "wait"), ("open", "no")])
def test_the_reader_is_let_go_when_the_terminal_dies(rest: str, waits: str, hung: str) -> None:
    """kill -9 of the terminal, its reader well or hung: its process goes too."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, hung + rest, waits],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ,
    ) as parent:  # fmt: skip
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
        ended(pid)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_is_for_the_terminal_to_hear(sent: signal.Signals, stack: ExitStack) -> None:
    """Ctrl-C, `systemctl stop` and a lost line reach every process; the reader stays until the tap in hand is done."""
    chip = stack.enter_context(Pn532(laid()))
    port = watched(stack, f"tty:{chip.path}")
    assert port.pid is not None
    assert os.getsid(port.pid) == port.pid
    os.kill(port.pid, sent)
    assert port.poll((SYSTEM,)) == HERE


def test_nothing_of_the_other_process_reaches_the_screen(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FAREBOX_DEBUG", raising=False)
    noisy = IDLE_READER + "import os, sys\nprint('noise', file=sys.stderr)\nprint('noise')\nos.abort()\n"
    port = WatchedPort(plug_in(monkeypatch, tmp_path, "noisy", noisy), PATIENT)
    with pytest.raises(ReaderMissing):
        opened(port, soon())
    assert capfd.readouterr() == ("", "")
    monkeypatch.setenv("FAREBOX_DEBUG", "1")
    with pytest.raises(ReaderMissing):
        opened(port, soon())
    assert "noise" in capfd.readouterr().err


# -- unplugged and plugged in again, and the bus drives on


def back(reader: FelicaReader) -> WaitOutcome:
    """What the reader finds once it is open again, however many looks that takes."""
    until_s = soon()
    pacing = Event()
    while time.monotonic() < until_s:
        there = reader.wait()
        if not isinstance(there, ReaderFault):
            return there
        pacing.wait(0.01)
    raise AssertionError(f"never back: {there}")


def test_faults_7_a_reader_plugged_in_again_is_found_by_itself(stack: ExitStack, tmp_path: Path) -> None:
    device = tmp_path / "ttyUSB0"
    chip = Pn532(laid())
    device.symlink_to(chip.path)
    reader = FelicaReader(watched(stack, f"tty:{device}"), bench_keys(), os.urandom)
    sensed(reader)
    chip.close()
    device.unlink()
    assert isinstance(reader.wait(), ReaderFault)
    assert isinstance(reader.wait(), ReaderFault)
    again = stack.enter_context(Pn532(laid()))
    device.symlink_to(again.path)
    session = back(reader)
    assert isinstance(session, LiteSSession)
    good(session.open(0, 1))


class OneHung(Pn532Bench):
    """The boarding side as ever; at the exit, a watched reader that can hang."""

    def __init__(self, stack: ExitStack) -> None:
        super().__init__()
        self.chip = stack.enter_context(EndlessAcks(CardField()))
        self.port = watched(stack, f"tty:{self.chip.path}", STRICT)
        self.other = stack.enter_context(Pn532(CardField()))
        entry = FelicaReader(watched(stack, f"tty:{self.other.path}"), bench_keys(), os.urandom)
        self.readers = Readers(entry, FelicaReader(self.port, bench_keys(), os.urandom))

    def lay(self, side: Side, image: CardImage, withdrawal: object = None) -> None:
        (self.chip if side is Side.ALIGHTING else self.other).field.lay(card_in_field(image))

    def lift(self, side: Side) -> None:
        (self.chip if side is Side.ALIGHTING else self.other).field.lift()


def test_faults_8_one_reader_hangs_and_the_bus_drives_on(stack: ExitStack, tmp_path: Path) -> None:
    """Every look at either reader comes back; riders are told so (faults 7), until the hung one is open again."""
    bench = OneHung(stack)
    bus = stack.enter_context(Bus(tmp_path, bench)).begin()
    first, second = lococa(2_000), lococa(2_000, number=2)
    assert bus.board(first).refusal is None
    bus.drive_to("新白河")
    bench.chip.hang()
    assert bus.terminal.touch(Side.ALIGHTING) is None
    assert "hung" in bus.terminal.reader_faults[Side.ALIGHTING].what
    assert bus.state() is State.NO_READER
    refused = bus.board(second)
    assert refused.refusal is not None and refused.refusal.code is Code.OUT_OF_SERVICE
    bench.chip.recover()
    pacing = Event()
    while bus.terminal.reader_faults:
        bus.terminal.touch(Side.ALIGHTING)
        pacing.wait(0.01)
    assert bus.state() is State.READY
    assert bus.alight(first).refusal is None
    assert balance_yen(first) == 1_500
    assert bus.board(second).refusal is None


def test_who_opens_waits_longer_than_a_reader_may_take() -> None:
    assert Limits().open_s < OPENING_S
