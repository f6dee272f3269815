"""A bench without a wire whose challenges come from a seed. The pseudo-terminal and nfcpy are exercised in
test_withdrawal.py."""

from random import Random

from sim.bench import AirBench
from tests.farebox.bus import KEYS


class FieldBench(AirBench):
    """Two fields, two readers."""

    def __init__(self) -> None:
        super().__init__(KEYS, Random(1).randbytes)
