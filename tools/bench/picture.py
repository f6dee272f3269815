"""How cost grows with stops, trips, cards and workers: few points each, drawn side by side (`--growth FILE.svg`).

A tap's CPU by the stops of a pattern and by the cards on the hotlist; a feed's import by its trips; a replayed day's
rate by workers. Sizes stand evenly apart, costs begin at 0. The picture says what machine it was.
"""

import os
import platform
from collections.abc import Sequence
from html import escape
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from farebox.feed import load_feed
from sim.vehicle_run import Spec, Task, world_of
from sim.workers import in_processes
from tools.bench import feed_import, growth, workers
from tools.bench.bus import DAY
from tools.bench.measure import cpu_us

STOPS = (20, 60, 120, 250)
TRIPS = (2_000, 8_000, 32_000)
CARDS = (1_000, 30_000, 1_000_000)
WORKERS = (1, 2, 4)
_TAPS, _ROUNDS, _VEHICLES_TIMES = 100, 3, 24
_WIDTH, _HEIGHT = 260, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 22, 44, 44
_BLUE, _GREY = "#2563a8", "#8a8f98"


class Point(NamedTuple):
    """What something cost at a size."""

    size: int
    cost: float


class Panel(NamedTuple):
    """One curve: what is measured, in which unit, and by what it grows."""

    title: str
    unit: str
    by: str
    points: Sequence[Point]


def measured() -> list[Panel]:
    """All four curves; takes less than a minute."""
    return [
        Panel("a tap, CPU", "µs", "stops of a pattern", [Point(size, _tap_us(stops=size)) for size in STOPS]),
        Panel("feed import, CPU", "s", "trips of 40 stops", [Point(size, _import_s(size)) for size in TRIPS]),
        Panel("a tap, CPU", "µs", "cards on the hotlist", [Point(size, _tap_us(hotlist=size)) for size in CARDS]),
        Panel("a replayed day", "taps/s", f"workers, on {os.cpu_count()} cores", _rates()),
    ]


def _tap_us(stops: int = STOPS[0], hotlist: int = 0) -> float:
    """The median of a tap's CPU, of the quietest round."""
    grown = growth.Grown(stops=stops, hotlist=hotlist)
    found = []
    for _ in range(_ROUNDS):
        bus = growth.bus_of(grown, Path())
        taps = bus.ride([grown.card(number) for number in range(_TAPS)], cpu_us)
        found.append(median(took for both in taps for took in both))
        bus.close()
    return min(found)


def _import_s(trips: int) -> float:
    with TemporaryDirectory(prefix="farebox-bench-") as name:
        feed_import.make_feed(Path(name) / "feed", trips)
        return min(feed_import.alone(load_feed, Path(name) / "feed").cpu_s for _ in range(_ROUNDS))


def _rates() -> list[Point]:
    with TemporaryDirectory(prefix="farebox-bench-") as name:
        feed = Path(name) / "feed"
        workers.grow(feed, _VEHICLES_TIMES)
        world = world_of(feed, Spec(DAY, None, "lococa", None, "image", 1, workers.RIDERS, ".csv"))
        tasks = {vehicle_id: Task(vehicle_id) for vehicle_id in world.vehicles}
        ran = (in_processes(feed, world, tasks, size, workers.no_loss) for size in WORKERS)
        return [Point(size, workers.rate_of(found)[0]) for size, found in zip(WORKERS, ran, strict=True)]


def machine() -> str:
    """Processor, cores, Python."""
    names = [line for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines() if line.startswith("model name")]
    processor = names[0].partition(":")[2].strip() if names else platform.machine()
    return f"{processor}, {os.cpu_count()} cores, CPython {platform.python_version()}"


def draw(panels: Sequence[Panel], on: str) -> str:
    """An SVG of the panels side by side; `on` is the machine."""
    width = _WIDTH * len(panels)
    body = "".join(
        f'<g transform="translate({place * _WIDTH} 0)">{_panel(panel)}</g>' for place, panel in enumerate(panels)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT + 24}" font-family="sans-serif" '
        f'font-size="11" role="img"><title>How cost grows</title>'
        f'<rect width="{width}" height="{_HEIGHT + 24}" fill="white"/>{body}'
        f'<text x="12" y="{_HEIGHT + 14}" fill="{_GREY}">{escape(on)}</text></svg>\n'
    )


def _panel(panel: Panel) -> str:
    most = max(point.cost for point in panel.points) * 1.15
    bottom = _HEIGHT - _BOTTOM
    step = (_WIDTH - _LEFT - _RIGHT) / max(1, len(panel.points) - 1)
    places = [
        (_LEFT + number * step, bottom - (bottom - _TOP) * point.cost / most)
        for number, point in enumerate(panel.points)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    parts = [
        f'<text x="12" y="20" font-size="13" font-weight="bold">{escape(panel.title)}, {escape(panel.unit)}</text>',
        f'<path d="M{_LEFT - 20} {bottom}H{_WIDTH - 8}" stroke="{_GREY}"/>',
        f'<polyline points="{line}" fill="none" stroke="{_BLUE}" stroke-width="2"/>',
        f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 10}" text-anchor="middle" fill="{_GREY}">{escape(panel.by)}</text>',
    ]
    for (x, y), point in zip(places, panel.points, strict=True):
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{_BLUE}"/>')
        parts.append(f'<text x="{x:.1f}" y="{y - 9:.1f}" text-anchor="middle">{_cost(point.cost)}</text>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 15}" text-anchor="middle">{point.size:,}</text>')
    return "".join(parts)


def _cost(cost: float) -> str:
    return f"{cost:,.0f}" if cost >= 10 else f"{cost:.2f}"
