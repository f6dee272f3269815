"""A whole terminal, with a hostile card or driver."""

import io
import tempfile
from contextlib import redirect_stdout
from datetime import date
from pathlib import Path
from unittest.mock import patch

from cardimage import image as card_image
from cardimage import lite_s
from cardimage.image import CardImage
from farebox.machine import CompiledMachine
from farebox.result import Side
from farebox.table import State
from sim.hardware.memory_disk import MemoryDisk
from tariff.account import Points
from tariff.purses import Payment
from tests.farebox.bus import DAY, DUTY, TO_SHIN_SHIRAKAWA, Bus, aizu, iwate, lococa, noruca
from tests.farebox.field_bench import FieldBench
from tests.fuzz.card_targets import bench_card, blocks_in, blocks_of, sealed_layout
from tests.fuzz.target import Target
from tools import run_command

_SCHEMES = (None, *sorted({book.scheme for book in DUTY.operators.rulebooks}))


def _tap(data: bytes) -> None:
    """A card with our key and these blocks, as they are and sealed, rides; the journal's sums agree.

    The first byte: under whose rules, and how a shortage is paid.
    """
    choice, contents = data[0] if data else 0, data[1:]
    blocks = blocks_in(contents, lite_s.S_PADS)
    for written in (blocks, sealed_layout(blocks)):
        card = bench_card()
        blocks_of(card).update(enumerate(written))
        with Bus(Path(), FieldBench(), CompiledMachine, disk=MemoryDisk()) as bus:
            bus.begin(scheme=_SCHEMES[choice % len(_SCHEMES)])
            for stop in range(4):
                bus.tap(Side.ALIGHTING if stop % 2 else Side.BOARDING, card)
                _answered(bus, Payment.PART_CASH if choice & 0x80 else Payment.ALL_CASH)
                bus.tap(Side.ALIGHTING, card)
                bus.terminal.advance(stop + 1)
            bus.ledger()


def _answered(bus: Bus, payment: Payment) -> None:
    """What the driver says to a question."""
    match bus.state():
        case State.ASKING_PAYMENT:
            bus.terminal.answer_payment(payment)
        case State.ASKING_STOP if bus.terminal.service and bus.terminal.service.stop_index:
            bus.terminal.answer_stop(0)
        case State.ASKING_STOP:
            bus.terminal.drop_question()


def _keys(data: bytes) -> None:
    """What a driver types into `farebox run`, a card of ours on the reader."""
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "keys").open("w+b") as keys:
        keys.write(data)
        keys.seek(0)
        card = Path(folder) / "card"
        card.write_bytes(card_image.dump(lococa(600)))
        files = ("--reader", f"image:{card}", "--reader", f"image:{card}", "--journal", f"{folder}/journal")
        with (
            redirect_stdout(io.StringIO()),
            patch("sys.stdin", keys),
            patch.object(run_command, "load_numbered_feed", lambda *_: DUTY.feed),
            patch.object(run_command, "load_operators", lambda: DUTY.operators),
        ):
            run_command.run.main([*files, "--trip", TO_SHIN_SHIRAKAWA, "--date", f"{DAY}"], standalone_mode=False)


def _first_blocks(card: CardImage) -> bytes:
    blocks = blocks_of(card)
    return b"".join(blocks[number] for number in range(lite_s.S_PADS))


TARGETS: dict[str, Target] = {
    "bus-tap": Target(
        _tap,
        (),
        tuple(
            bytes((choice,)) + _first_blocks(card)
            for choice, card in enumerate(
                (
                    *(bench_card(), aizu(100, 1_000, 2_000), iwate(150, Points(90, date(2027, 3, 31)), 30)),
                    *(lococa(120, section=("磐城棚倉", "南湖公園")), noruca(110, 100, 50)),
                )
            )
        ),
    ),
    "bus-keys": Target(
        _keys,
        (),
        (
            b"tap in\nnext\ntap in\nnext\ntap out\npart\nstops\nquit\n",
            b"next\nnext\ntap out\nboard 1\ncash\ndrop\nhelp\n",
            b"x" * 1_200 + b"\xff\0\x1b[2J\n tap\r\n",
        ),
    ),
}
