"""A bench without a wire: the card's frames straight from the field, so that random tests can withdraw cards by the
thousand. The pseudo-terminal and nfcpy are exercised in test_withdrawal.py."""

from random import Random

from farebox.result import Side
from farebox.terminal import Readers
from reader.felica import FelicaReader
from sim.bench import FieldsBench
from sim.hardware.field import CardField, FieldPort
from tests.farebox.bus import KEYS


class FieldBench(FieldsBench):
    """Two fields, two readers."""

    def __init__(self) -> None:
        fields = {side: CardField() for side in (Side.BOARDING, Side.ALIGHTING)}
        random = Random(1).randbytes
        boarding, alighting = (FelicaReader(FieldPort(field, side), KEYS, random) for side, field in fields.items())
        super().__init__(fields, Readers(boarding, alighting), KEYS)
