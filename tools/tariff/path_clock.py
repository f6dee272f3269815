"""How long each path of a bulk re-pricing takes: `tariff.bulk` has no clock of its own, and tells what it has done."""

from collections import Counter
from collections.abc import Callable

from tariff.bulk import Path


class PathClock:
    """Told of each piece of work, it counts the time since the last one to that path."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Begin now, by a clock in seconds."""
        self._clock = clock
        self.restart()
        self._took_s: dict[Path, float] = dict.fromkeys(Path, 0.0)
        self._rides: Counter[Path] = Counter()

    def restart(self) -> None:
        """What went before is nobody's time."""
        self._last_s = self._clock()

    def __call__(self, path: Path, rides: int) -> None:
        """So many rides were priced by a path."""
        now_s = self._clock()
        self._took_s[path] += now_s - self._last_s
        self._last_s = now_s
        self._rides[path] += rides

    def rides_s(self, path: Path) -> int:
        """Rides a second by a path; 0 if it was not taken."""
        return round(self._rides[path] / self._took_s[path]) if self._took_s[path] else 0
