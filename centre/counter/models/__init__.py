"""What the counter's pages remember."""

from centre.counter.models.asking import Asked, AskedState
from centre.counter.models.drawer import DrawerCard
from centre.counter.models.slip import PrintedSlip
from centre.counter.models.trail import TrailEntry, TrailHead

__all__ = ["Asked", "AskedState", "DrawerCard", "PrintedSlip", "TrailEntry", "TrailHead"]
