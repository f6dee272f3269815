"""What is missing of a vehicle's journals: named to the vehicle, and to people (faults 33)."""

from collections.abc import Iterable

from centre.collector.asked import MOST_TOLD
from centre.collector.deriving import placed
from centre.collector.models import Segment, State, Vehicle
from centre.collector.order import Gap


def gaps(vehicle: Vehicle) -> tuple[Gap, ...]:
    """The gaps before segments that are held and can't be booked for them, lowest first."""
    waiting = Segment.objects.filter(vehicle=vehicle, state=State.WAITING).order_by("number", "pk")
    found = {where: None for segment in waiting if isinstance(where := placed(segment), Gap)}
    return tuple(found)


def wanted(vehicle: Vehicle) -> tuple[int, ...]:
    """The numbers of segments to ask the vehicle for: at most 100, lowest first, none that it said won't come."""
    excused = {*vehicle.aside, *vehicle.given_up}
    spans = (*((gap.first_number, gap.last_number) for gap in gaps(vehicle)), _ahead(vehicle))
    numbers = {number for span in spans for number in _last_of(*span)} - excused
    return tuple(sorted(numbers)[:MOST_TOLD])


def _ahead(vehicle: Vehicle) -> tuple[int, int]:
    """The numbers between what came last and what waits there. A centre that was restored asks so for what came after
    its backup, while the vehicle still has it: it deletes what it has receipts for once it has one for more.
    """
    last = Segment.objects.filter(vehicle=vehicle).order_by("-pk").values_list("number", flat=True).first()
    first = min(vehicle.waiting, default=0)
    return (first, first - 1) if last is None else (last + 1, first - 1)


def _last_of(first: int, last: int) -> Iterable[int]:
    """No more numbers than may be asked for, however wide the gap."""
    return range(max(first, last - 2 * MOST_TOLD + 1), last + 1)
