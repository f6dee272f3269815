"""Slips on paper: the real python-escpos and pyserial, and a simulated printer at the other end of the wire."""

from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from threading import Event

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from farebox.peripherals.escpos_printer import EscposPrinter, device_printer, serial_printer
from farebox.peripherals.finding import Level
from farebox.peripherals.printer import (
    MOST_WAITING,
    KeptSlips,
    Offline,
    Outcome,
    PaperOut,
    Printed,
    PrintQueue,
    Ready,
    judged,
)
from farebox.slips.raster import Raster
from sim.hardware.printer import ReceiptPrinter

SLIP = Raster(16, 3, bytes.fromhex("80 01  FF FF  00 00"))
WAIT_S = 10
"""What is waited for comes at once."""


@pytest.fixture
def paper() -> Iterator[ReceiptPrinter]:
    with ReceiptPrinter() as printer:
        yield printer


def driver(paper: ReceiptPrinter) -> EscposPrinter:
    return serial_printer(paper.path, 115_200, answer_s=0.05)


def test_a_slip_comes_out_dot_by_dot_and_is_cut_off(paper: ReceiptPrinter, capfd: pytest.CaptureFixture[str]) -> None:
    assert driver(paper).print(SLIP) == Printed()
    assert capfd.readouterr() == ("", "")
    assert (paper.pictures, paper.cuts, paper.unknown) == ([SLIP], 1, 0)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 72), st.integers(1, 40))
def test_every_picture_comes_out_as_it_is(paper: ReceiptPrinter, row_bytes: int, rows: int) -> None:
    dots = bytes((at * 37 + row_bytes) % 256 for at in range(row_bytes * rows))
    slip = Raster(row_bytes * 8, rows, dots)
    assert driver(paper).print(slip) == Printed()
    assert paper.pictures[-1] == slip


def test_a_long_slip_comes_out_in_pieces_that_join(paper: ReceiptPrinter) -> None:
    slip = Raster(384, 1_500, bytes(index % 251 for index in range(48 * 1_500)))
    assert driver(paper).print(slip) == Printed()
    assert b"".join(piece.dots for piece in paper.pictures) == slip.dots
    assert (sum(piece.height_px for piece in paper.pictures), paper.cuts) == (1_500, 1)


def test_no_paper_is_a_value_and_nothing_is_sent(paper: ReceiptPrinter) -> None:
    paper.paper_out = True
    assert driver(paper).status() == PaperOut()
    assert driver(paper).print(SLIP) == PaperOut()
    assert paper.pictures == []


def test_paper_that_ends_within_a_slip_is_told_so(paper: ReceiptPrinter) -> None:
    paper.runs_out_after = 1
    assert driver(paper).print(SLIP) == PaperOut(begun=True)


def test_paper_that_is_nearly_used_up_prints_and_is_told(paper: ReceiptPrinter) -> None:
    paper.paper_low = True
    assert driver(paper).status() == Ready(paper_low=True)
    assert driver(paper).print(SLIP) == Printed(paper_low=True)


@pytest.mark.parametrize("trouble", ["cover_open", "silent"])
def test_a_printer_that_is_off_or_open_is_a_value(paper: ReceiptPrinter, trouble: str) -> None:
    setattr(paper, trouble, True)
    assert driver(paper).print(SLIP) == Offline("off, or its cover is open")
    assert paper.pictures == []


def test_a_printer_that_was_switched_on_again_prints(paper: ReceiptPrinter) -> None:
    printer = driver(paper)
    paper.silent = True
    assert isinstance(printer.print(SLIP), Offline)
    paper.silent = False
    assert printer.print(SLIP) == Printed()


def test_an_unplugged_printer_is_a_value(tmp_path: Path) -> None:
    for printer in (serial_printer(str(tmp_path / "tty"), 9_600), device_printer(tmp_path / "lp0")):
        for outcome in (printer.status(), printer.print(SLIP)):
            assert isinstance(outcome, Offline)
            assert str(tmp_path) in outcome.what and "\n" not in outcome.what
    assert list(tmp_path.iterdir()) == []


def test_a_printer_device_is_written_to_and_asked_nothing(paper: ReceiptPrinter) -> None:
    paper.silent = True
    printer = device_printer(Path(paper.path))
    assert printer.status() == Ready()
    assert printer.print(SLIP) == Printed()
    assert paper.cut.wait(WAIT_S)
    assert paper.pictures == [SLIP]


# -- the queue


class Slow:
    """A printer that waits to be let go on."""

    def __init__(self) -> None:
        self.begun, self.go_on = Event(), Event()

    def status(self) -> Ready:
        return Ready()

    def print(self, raster: Raster) -> Outcome:
        self.begun.set()
        self.go_on.wait(WAIT_S)
        return PaperOut()


def test_slips_wait_in_a_queue_with_a_bound() -> None:
    slow, told = Slow(), Queue[Outcome]()
    queue = PrintQueue(slow, told.put)
    assert queue.offer(SLIP)
    assert slow.begun.wait(WAIT_S)
    assert [queue.offer(SLIP) for _ in range(MOST_WAITING + 1)] == [True] * MOST_WAITING + [False]
    slow.go_on.set()
    queue.close()
    assert [told.get_nowait() for _ in range(1 + MOST_WAITING)] == [PaperOut()] * (1 + MOST_WAITING)


def test_a_queue_prints_on_after_a_fault(paper: ReceiptPrinter) -> None:
    told = Queue[Outcome]()
    queue = PrintQueue(driver(paper), told.put)
    paper.paper_out = True
    queue.offer(SLIP)
    assert told.get(timeout=WAIT_S) == PaperOut()
    paper.paper_out = False
    queue.offer(SLIP)
    assert told.get(timeout=WAIT_S) == Printed()
    queue.close()


def test_without_a_printer_slips_are_kept() -> None:
    kept: list[Raster] = []
    printer = KeptSlips(kept.append)
    assert (printer.status(), printer.print(SLIP), kept) == (Ready(), Printed(), [SLIP])

    def full(_: Raster) -> None:
        raise OSError(28, "No space left on device")

    assert KeptSlips(full).print(SLIP) == Offline("[Errno 28] No space left on device")


@pytest.mark.parametrize(
    ("status", "level", "code"),
    [
        (Ready(), Level.OK, "printer-ready"),
        (Ready(paper_low=True), Level.NOTE, "paper-low"),
        (PaperOut(), Level.FAIL, "paper-out"),
        (Offline("unplugged"), Level.FAIL, "printer-offline"),
    ],
)
def test_the_doctor_says_what_a_status_means(status: Ready | PaperOut | Offline, level: Level, code: str) -> None:
    finding = judged("printer", status)
    assert (finding.level, finding.code) == (level, code)
    assert all(finding.text)
    assert bool(finding.fix[0]) is bool(finding.fix[1]) is (level is not Level.OK)
