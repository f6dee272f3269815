"""What is left to be done behind the requests: segments to be booked, uploads that nobody goes on with."""

from centre.collector.deriving import derive
from centre.collector.models import State, Vehicle
from centre.collector.uploads import drop_idle


def work(now_s: int) -> int:
    """Do it. How many segments were booked and uploads dropped."""
    waiting = Vehicle.objects.filter(segments__state=State.WAITING).distinct()
    return sum(derive(vehicle, now_s) for vehicle in waiting) + drop_idle(now_s)
