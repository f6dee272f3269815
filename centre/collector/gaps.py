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
    numbers = {number for gap in gaps(vehicle) for number in _first_of(gap) if number not in excused}
    return tuple(sorted(numbers)[:MOST_TOLD])


def _first_of(gap: Gap) -> Iterable[int]:
    """No more numbers than may be asked for, however wide the gap."""
    return range(max(gap.first_number, gap.last_number - 2 * MOST_TOLD + 1), gap.last_number + 1)
