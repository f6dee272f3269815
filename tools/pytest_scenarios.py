"""A pytest plugin: every `*.scenario.toml` is a file of tests, each of its scenarios one of them (模擬).

Installed with farebox, it needs nothing said: `pytest my-scenarios/`. A rule's number is a keyword: `pytest -k LOC-14`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_SUFFIX = ".scenario.toml"
_HANDS = pytest.StashKey[Any]()


class ScenarioFailed(Exception):
    """A scenario is not as it expects; its lines are all there is to say."""


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "ScenarioFile | None":
    """Take scenario files."""
    if not file_path.name.endswith(_SUFFIX):
        return None
    made: ScenarioFile = ScenarioFile.from_parent(parent, path=file_path)
    return made


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close the simulated readers, if any were opened."""
    hands = config.stash.get(_HANDS, None)
    if hands is not None:
        hands.close()


class ScenarioFile(pytest.File):
    """A file of scenarios."""

    def collect(self) -> Iterator["ScenarioItem"]:
        """Its scenarios; a file that is wrong is one error that says all of it."""
        from sim.scenario.faults import ScenarioBroken
        from tools.scenario_files import load_book

        try:
            book = load_book(self.path)
        except ScenarioBroken as broken:
            raise self.CollectError(str(broken)) from None
        for scenario in book.scenarios:
            item: ScenarioItem = ScenarioItem.from_parent(self, name=scenario.title)
            item.scenario = scenario
            item.extra_keyword_matches.update(scenario.said.rules)
            yield item


class ScenarioItem(pytest.Item):
    """One scenario."""

    scenario: Any

    def runtest(self) -> None:
        """Run it; what it complains of is the failure."""
        from sim.scenario.hands import SimulatedHands
        from sim.scenario.running import run
        from tools.scenario_files import Beside

        hands = self.config.stash.setdefault(_HANDS, SimulatedHands())
        outcome = run(self.scenario, Beside(self.scenario.source), hands)
        if not outcome.passed:
            raise ScenarioFailed("\n".join(outcome.complaint))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The scenario's own words, without a traceback; a fault of ours with one."""
        from sim.scenario.faults import ScenarioBroken

        if isinstance(excinfo.value, (ScenarioFailed, ScenarioBroken)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it stands in its file."""
        return self.path, self.scenario.line - 1, self.scenario.title
