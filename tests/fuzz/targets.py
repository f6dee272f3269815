"""Every parser of bytes from outside, as a target: what it is fed first, and the faults it may answer with.

Anything else that leaves it is a bug, and so is much time or memory. The everyday tests feed each target
its seeds and some random changes of them (test_targets.py); `make fuzz` lets atheris look for more. docs/fuzzing.md
says how to add one.
"""

from tests.fuzz import (
    bundle_targets,
    bus_targets,
    card_targets,
    chip_targets,
    collector_targets,
    exchange_targets,
    peripheral_targets,
    reader_targets,
    scenario_targets,
    segment_targets,
    tariff_targets,
    terminal_targets,
)
from tests.fuzz.target import Target

TARGETS: dict[str, Target] = {
    **card_targets.TARGETS,
    **reader_targets.TARGETS,
    **chip_targets.TARGETS,
    **bus_targets.TARGETS,
    **bundle_targets.TARGETS,
    **terminal_targets.TARGETS,
    **segment_targets.TARGETS,
    **exchange_targets.TARGETS,
    **collector_targets.TARGETS,
    **tariff_targets.TARGETS,
    **scenario_targets.TARGETS,
    **peripheral_targets.TARGETS,
}
