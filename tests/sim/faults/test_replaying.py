"""The same seed is the same day: its steps and the journals' bytes, in any process, whatever else runs beside it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sim.faults.drawing import draw
from sim.faults.files import StepsBroken, dumped, loaded
from sim.faults.player import play
from sim.faults.running import Asked, in_turn, on_workers
from sim.faults.steps import Tap
from tests.farebox.bus import DAY, DUTY
from tests.sim.faults.busy_day import BUSY
from tools.feeds import feed_path

SEED = 8
PROGRAM = """
from hashlib import sha256
from sim.faults.drawing import draw
from sim.faults.files import dumped
from sim.faults.player import play
from tests.farebox.bus import DAY, DUTY
from tests.sim.faults.busy_day import BUSY
plan = draw({seed}, DUTY, DAY, BUSY)
print(sha256(dumped(plan).encode()).hexdigest(), play(plan, DUTY).journals)
"""


def test_the_same_seed_is_the_same_day_in_any_process() -> None:
    said = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM.format(seed=SEED)],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(Path(__file__).parents[3])},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert said[0] == said[1]
    assert said[0].split()[1] == play(draw(SEED, DUTY, DAY, BUSY), DUTY).journals


def test_another_seed_is_another_day() -> None:
    assert draw(SEED, DUTY, DAY).steps != draw(SEED + 1, DUTY, DAY).steps


def test_workers_come_to_the_same_as_one_after_the_other() -> None:
    asked = Asked(feed_path("sample"), DAY, BUSY)
    assert list(on_workers(asked, range(4, 7), 2)) == list(in_turn(asked, range(4, 7), DUTY))


def test_a_day_is_played_again_from_its_file_without_the_seed() -> None:
    plan = draw(SEED, DUTY, DAY, BUSY)
    again = loaded(dumped(plan).encode(), "file", DUTY)
    assert again == plan
    assert play(again, DUTY) == play(plan, DUTY)


def test_playing_leaves_the_cards_of_a_plan_as_they_are() -> None:
    plan = draw(SEED, DUTY, DAY, BUSY)
    before = dumped(plan)
    play(plan, DUTY)
    assert dumped(plan) == before


def test_all_is_checked_alike_however_often_everything_is_looked_at() -> None:
    plan = draw(SEED, DUTY, DAY, BUSY)
    plan = plan._replace(steps=plan.steps[:200])
    assert play(plan, DUTY, check_all_every=1) == play(plan, DUTY, check_all_every=10**9)


PLAN = draw(SEED, DUTY, DAY)
PLAN = PLAN._replace(steps=PLAN.steps[:3], cards=PLAN.cards[:2])
GOOD = dumped(PLAN)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "no list of steps"),
        (GOOD.replace("farebox fault steps", "a letter"), "a letter 1"),
        (GOOD.replace('"do": "Stop"', '"do": "Fly"', 1), r"steps\[1\]: do: none of Stop, Tap"),
        (GOOD.replace('"place": 0', '"place": "0"', 1), r"steps\[1\]: place: '0' is not a whole number"),
        (GOOD.replace('"place": 0', '"place": -1', 1), r"steps\[1\].place: -1"),
        (GOOD.replace('"bus": ', '"bus": 7', 1), r"steps\[1\].bus: 7\d"),
        (GOOD.replace("2026-11-20", "yesterday"), "'yesterday' is no date"),
        (GOOD.replace('"scheme": "lococa"', '"scheme": "suica"'), "'suica' is none of"),
        (GOOD.replace('"cards": ["', '"cards": ["*'), "no base64"),
        (GOOD.replace('"cards": ["', '"cards": ["AAAA", "'), "not a card image"),
        (GOOD.replace('"trip_id": "HAKUHO', '"trip_id": "MOON', 1), "is no trip of this feed"),
        (GOOD.replace('"steps": [', '"steps": [{"do": "Rot", "bus": 0, "at": -5},'), r"steps\[1\].at: -5"),
    ],
)
def test_a_file_that_is_none_is_refused_with_the_place(text: str, told: str) -> None:
    assert loaded(GOOD.encode(), "file", DUTY) == PLAN
    with pytest.raises(StepsBroken, match=told):
        loaded(text.encode(), "file", DUTY)


def test_the_2008_restart_between_touch_again_and_the_touch_takes_one_fare() -> None:
    """By its steps: the fare is written, the answer lost, the unit restarted, and the card laid again, here and at the
    next stop.
    """
    path = Path(__file__).with_name("the_restart_of_2008.json")
    plan = loaded(path.read_bytes(), path.name, DUTY)
    day = play(plan, DUTY)
    assert day.failure is None
    assert sum(isinstance(step, Tap) for step in plan.steps) == 4
    assert day.faults["3"] == 1 and day.faults["4"] > 0
    assert day.refusals == {"touch-again": 1, "no-boarding": 1}  # at the next stop nothing stands to be paid
