"""How vehicles are handed to workers: in chunks of a second or more, for a small task costs more to send than to do.

What a chunk takes is learnt from those that are done. Towards the end chunks get smaller, so that no worker waits long
for the last one. Results don't hang on it: a vehicle's day is the same in any company.
"""

from collections.abc import Mapping

from sim.vehicle_run import Task, World

CHUNK_S = 2.0
"""What a chunk is to take a worker, once it is known what vehicles take."""
_SPLIT = 2
"""Of what is left, a worker gets at most one part in so many for each."""


class Chunks:
    """The vehicles that are still to be run; the longest days go first."""

    def __init__(self, world: World, tasks: Mapping[str, Task], workers: int) -> None:
        """Take the vehicles, and how many workers there are."""
        self._weight = {vehicle_id: _weight(world, task) for vehicle_id, task in tasks.items()}
        self._left = sorted(tasks.values(), key=lambda task: -self._weight[task.vehicle_id])
        self._workers = workers
        self._per_s = 0.0

    @property
    def left(self) -> int:
        """How many vehicles."""
        return len(self._left)

    def take(self) -> tuple[Task, ...]:
        """The next chunk: one vehicle until it is known what they take; empty when none is left."""
        wanted = min(CHUNK_S * self._per_s, self._total() / (self._workers * _SPLIT))
        taken: list[Task] = []
        while self._left and (not taken or wanted >= self._weight[self._left[0].vehicle_id]):
            task = self._left.pop(0)
            wanted -= self._weight[task.vehicle_id]
            taken.append(task)
        return tuple(taken)

    def give_back(self, tasks: tuple[Task, ...]) -> None:
        """The worker was lost: they are to be run again, first of all."""
        self._left[:0] = tasks

    def learn(self, tasks: tuple[Task, ...], took_s: float) -> None:
        """What a chunk took."""
        if took_s > 0:
            self._per_s = sum(self._weight[task.vehicle_id] for task in tasks) / took_s

    def _total(self) -> float:
        return sum(self._weight[task.vehicle_id] for task in self._left)


def _weight(world: World, task: Task) -> float:
    """A vehicle's work: its riders, and a little for each trip."""
    trips = len(world.vehicles[task.vehicle_id].trips)
    riders = world.spec.mean_riders * trips if task.rides is None else sum(map(len, task.rides.values()))
    return trips + riders
