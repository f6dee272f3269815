"""Scenarios from a text, as a test writes them: the bus, its route and a card are there already."""

from sim.scenario.hands import SimulatedHands
from sim.scenario.reading import Scenario, parse
from sim.scenario.running import Outcome, run
from tools.scenario_files import Beside

HEAD = """\
title = "test"
bus = { operator = "lococa", date = 2026-11-20, route = "白棚線" }
[routes."白棚線"]
stops = ["磐城棚倉", "実業高校前", "南湖公園", "白河モール前", "新白河"]
fares = [[300], [400, 200], [450, 270, 190], [500, 320, 250, 170]]
[cards."花子"]
balance = 1_000
[cards."太郎"]
balance = 195
"""


def text_of(*steps: str, more: str = "") -> str:
    """A file with one scenario; a step is what stands between its braces."""
    rows = "".join(f"  {{ {step} }},\n" for step in steps)
    return f'{HEAD}[[scenario]]\ntitle = "one"\n{more}\nsteps = [\n{rows}]\n'


def one(*steps: str, more: str = "") -> Scenario:
    """That scenario."""
    return parse(text_of(*steps, more=more).encode(), "test.scenario.toml").scenarios[0]


def played(*steps: str, more: str = "") -> Outcome:
    """What it came to."""
    hands = SimulatedHands()
    try:
        return run(one(*steps, more=more), Beside("test.scenario.toml"), hands)
    finally:
        hands.close()
