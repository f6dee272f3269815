"""Scenario files: whatever one says, it is told what is wrong with it, or it is run, or it fails as scenarios fail."""

from functools import cache
from pathlib import Path

from cardimage.image import CardImage, ImageFault
from farebox.duty import Duty
from farebox.feed import Feed, load_feed
from farebox.feed.operators import OperatorFault, Operators, load_operators
from sim.faults.files import StepsBroken, loaded
from sim.faults.player import play
from sim.scenario.example import EXAMPLE
from sim.scenario.faults import ScenarioBroken
from sim.scenario.hands import SimulatedHands
from sim.scenario.reading import Scenario, parse
from sim.scenario.running import run
from tests.fuzz.target import Target
from tests.sim.scenario.bench import text_of
from tools.feeds import feed_path

_MOST_SCENARIOS, _MOST_STEPS = 2, 12
"""Of what is run: a file may hold more, and take as long as it says."""


@cache
def _sample() -> Feed:
    return load_feed(feed_path("sample"))


@cache
def _operators() -> Operators:
    return load_operators()


@cache
def _hands() -> SimulatedHands:
    return SimulatedHands()


class _Files:
    """The sample feed and the shipped operators; no other file is opened."""

    def feed(self, name: str) -> Feed:
        return _sample()

    def card(self, name: str, taken_for: str | None) -> CardImage:
        raise ImageFault(f"{name}: not opened")

    def operators(self, name: str | None) -> Operators:
        if name is not None:
            raise OperatorFault(f"{name}: not opened")
        return _operators()


def _scenarios(data: bytes) -> None:
    for scenario in parse(data, "fuzz").scenarios[:_MOST_SCENARIOS]:
        outcome = run(_shortened(scenario), _Files(), _hands())
        assert outcome.passed is not bool(outcome.complaint)


def _fault_steps(data: bytes) -> None:
    """What is wrong after a step is an answer; nothing is raised."""
    plan = loaded(data, "fuzz", _duty())
    play(plan._replace(steps=plan.steps[:_MOST_STEPS]), _duty())


def _duty() -> Duty:
    return Duty(_sample(), _operators())


def _shortened(scenario: Scenario) -> Scenario:
    steps = scenario.said.steps[:_MOST_STEPS]
    said = type(scenario.said)(title=scenario.title, steps=steps, end=scenario.said.end)
    return scenario._replace(said=said)


_DAY = (
    'board = "花子", at = "磐城棚倉", time = 08:10:00, journal = ["board", "written"]',
    'alight = "花子", at = "新白河", party = { companions = ["child"], luggage = [{ kg = 1, litres = 1, cm = 1 }] }',
    'top_up = "花子", notes = [1_000, 2_000], speed_kmh = 0',
    'alight = "太郎", tear = { command = 3, moment = "during" }, refused = "touch-again"',
    "set_clock = 2026-11-20T08:00:00",
    'directive = { card = "花子", first = 2026-11-20, kind = "child", expires = 2027-03-31 }',
    'hotlist = { refused = ["太郎"], days_old = 3 }',
    "power_cut = true",
    "begin_trip = { date = 2026-11-21 }",
)
_PASS = (
    'cards."花子" = { balance = 5_000, pass = { from = "磐城棚倉", to = "南湖公園", '
    "first = 2026-11-01, last = 2026-11-30 } }"
)
_ON_FEED = 'bus = { feed = "sample", route = "HAKUHO" }'

_RESTART = Path(__file__).parents[1] / "sim" / "faults" / "the_restart_of_2008.json"

TARGETS: dict[str, Target] = {
    "scenario-file": Target(
        _scenarios,
        (ScenarioBroken,),
        (
            EXAMPLE.encode(),
            text_of(*_DAY, more=_PASS).encode(),
            text_of(*_DAY[:3], more=_ON_FEED).encode(),
            b"",
            b"[[scenario]]",
        ),
    ),
    "fault-steps": Target(
        _fault_steps,
        (StepsBroken,),
        (_RESTART.read_bytes(), b"", b"[]", b'{"format": "farebox fault steps", "steps": []}'),
    ),
}
