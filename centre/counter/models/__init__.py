"""What the counter remembers."""

from centre.counter.models.act import UNSETTLED, ActState, CounterAct
from centre.counter.models.asking import Asked, AskedState
from centre.counter.models.drawer import DrawerCard
from centre.counter.models.reissue_slip import ReissueSlip
from centre.counter.models.slip import PrintedSlip
from centre.counter.models.trail import TrailEntry, TrailHead

__all__ = [
    "UNSETTLED",
    "ActState",
    "Asked",
    "AskedState",
    "CounterAct",
    "DrawerCard",
    "PrintedSlip",
    "ReissueSlip",
    "TrailEntry",
    "TrailHead",
]
