"""The door: run a scenario with real farebox code (模擬), and say what is not as expected.

    outcome = run(scenario, files, hands)       Passed, or what is wrong at which step and line

The first step that differs ends the scenario: what follows it would differ too.
"""

from typing import NamedTuple

from cardimage.image import ImageFault
from farebox.feed import FeedFault
from farebox.feed.operators import OperatorFault
from farebox.words import Language
from sim.replay import Tally
from sim.scenario.acting import Seen, act
from sim.scenario.checking import Difference, differences, told
from sim.scenario.counting import count
from sim.scenario.faults import Misfit, ScenarioBroken
from sim.scenario.hands import Hands
from sim.scenario.reading import Scenario
from sim.scenario.roads import Files
from sim.scenario.schema import ACTS, FIRST_BUS, TAPS, StepSaid
from sim.scenario.world import World
from tariff.operator_file import RulebookError


class Failure(NamedTuple):
    """Where it is not as expected, and how. `step` counts from 1; 0 is the end of the scenario.

    `seen` is what the display showed then, in Japanese and English; empty at the end.
    """

    step: int
    line: int
    what: str
    differences: tuple[Difference, ...]
    seen: tuple[str, str] = ("", "")


class Outcome(NamedTuple):
    """What a scenario came to. `tally` is the count at its end, where it got there."""

    scenario: Scenario
    failure: Failure | None = None
    tally: Tally | None = None

    @property
    def passed(self) -> bool:
        """Whether all was as expected; of a scenario that must fail, whether it did, and as it says."""
        return not self.complaint

    @property
    def complaint(self) -> tuple[str, ...]:
        """What is wrong, line by line; empty if nothing is."""
        must_fail = self.scenario.said.fails
        lines = () if self.failure is None else lines_of(self.failure, self.scenario.source)
        if must_fail is None:
            return lines
        if self.failure is None:
            return (f"{self.scenario.source}:{self.scenario.line}: it must fail ({must_fail}), and did not",)
        if any(must_fail in line for line in lines):
            return ()
        return (f"{self.scenario.source}:{self.scenario.line}: it must fail with {must_fail!r}, but said", *lines)


def lines_of(failure: Failure, source: str) -> tuple[str, ...]:
    """A failure for people, line by line."""
    where = f"step {failure.step}" if failure.step else "the end"
    shown = [f"  on the display: {text}" for text in failure.seen if text]
    return (f"{source}:{failure.line}: {where}: {failure.what}", *(f"  {one}" for one in failure.differences), *shown)


def run(scenario: Scenario, files: Files, hands: Hands) -> Outcome:
    """Run it. Raises ScenarioBroken where its routes, cards or stops don't fit each other, or a file that it names
    can't be read.
    """
    try:
        world = World(scenario, files, hands.bench)
        try:
            hands.meet(world.cards.values())
            world.bus(FIRST_BUS)
            return _run(scenario, world, hands)
        finally:
            world.close()
    except (Misfit, OperatorFault, RulebookError, FeedFault, ImageFault) as fault:
        raise _broken(scenario, str(fault)) from None
    except OSError as fault:  # of a file that it names: journals lie in memory
        raise _broken(scenario, f"{fault.filename}: {fault.strerror}; check the path and its rights") from None


def _broken(scenario: Scenario, what: str) -> ScenarioBroken:
    return ScenarioBroken((f"{scenario.source}:{scenario.line}: {scenario.title}: {what}",))


def _run(scenario: Scenario, world: World, hands: Hands) -> Outcome:
    for number, (step, line) in enumerate(zip(scenario.said.steps, scenario.step_lines, strict=True), 1):
        try:
            seen = act(step, world)
        except ValueError as fault:
            raise ScenarioBroken((f"{scenario.source}:{line}: step {number}: {fault}",)) from None
        found = differences(step, seen, hands.account(seen.card) if seen.card is not None else None)
        if found:
            return Outcome(scenario, Failure(number, line, in_words(step, seen.bus.stop), found, _shown(seen)))
    counted = count(world, scenario.said.end, hands.account)
    failure = Failure(0, scenario.line, scenario.title, counted.differences) if counted.differences else None
    return Outcome(scenario, failure, counted.tally)


def _shown(seen: Seen) -> tuple[str, str]:
    if seen.last is None:
        return ("", "")
    return told(seen.last, Language.JA), told(seen.last, Language.EN)


def in_words(step: StepSaid, stop: str = "") -> str:
    """A step on one line: what happens, to what, where."""
    act_of = next(key for key in ACTS if getattr(step, key) not in (None, False, ()))
    about = getattr(step, act_of)
    named = " and ".join(about) if isinstance(about, tuple) else about if isinstance(about, str | int) else ""
    words = act_of.replace("_", " ")
    words = words if named is True or named == "" else f"{words} {named}"
    return f"{words} at {stop}" if stop and act_of in TAPS else words
