"""What `farebox bench` prints: a line for each scenario, and what a failed one expected beside what it saw."""

import json
import sys

import click
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from farebox.words import Both, Language, say
from sim.scenario.reading import Book, Scenario
from sim.scenario.running import Failure, Outcome

_SIMULATED = ("image", "pn532")
"""Readers that are none: all is simulated then, else all but cards and readers."""
SIMULATED: Both = ("【模擬】", "[simulated 模擬]")
_BUS_SIMULATED: Both = ("【バスと時計は模擬】", "[bus and clock simulated 模擬]")
_KEY: Both = ("項目", "key")
_EXPECTED: Both = ("期待", "expected")
_ACTUAL: Both = ("実際", "actual")
_STEP: Both = ("手順", "step")
_END: Both = ("終わり", "the end")
_DISPLAY: Both = ("表示", "display")


class Lines:
    """One JSON object for each scenario, and one for all."""

    def __init__(self) -> None:
        """Nothing was announced yet."""
        self._reader = ""

    def begin(self, reader: str, scenarios: int) -> None:
        """Told in the end."""
        self._reader = reader

    def book(self, book: Book) -> None:
        """Nor here."""

    def outcome(self, outcome: Outcome) -> None:
        """One scenario."""
        click.echo(json.dumps(as_json(outcome), ensure_ascii=False))

    def end(self, passed: int, failed: int) -> None:
        """All of them."""
        said = {"passed": passed, "failed": failed, "reader": self._reader, "simulated": self._reader in _SIMULATED}
        click.echo(json.dumps({"summary": said}, ensure_ascii=False))


def as_json(outcome: Outcome) -> dict[str, object]:
    """A scenario's outcome for machines."""
    scenario, failure = outcome.scenario, outcome.failure
    told: dict[str, object] = {
        "file": scenario.source,
        "line": scenario.line,
        "title": scenario.title,
        "rules": scenario.said.rules,
        "passed": outcome.passed,
        "must_fail": scenario.said.fails is not None,
    }
    if failure is not None:
        told["failure"] = {
            "step": failure.step,
            "line": failure.line,
            "what": failure.what,
            "differences": [difference._asdict() for difference in failure.differences],
            "display": {"ja": failure.seen[0], "en": failure.seen[1]},
        }
    return told


class Report:
    """For people, in one language, as wide as their terminal."""

    def __init__(self, language: Language, *, only_failures: bool, console: Console | None = None) -> None:
        """With `only_failures`, what passed is only counted."""
        self._language = language
        self._only_failures = only_failures
        self._console = console or Console(file=sys.stdout, highlight=False, soft_wrap=False)

    def begin(self, reader: str, scenarios: int) -> None:
        """Which readers, how many scenarios; what is simulated says so."""
        mark = self._say(SIMULATED if reader in _SIMULATED else _BUS_SIMULATED)
        many = "" if scenarios == 1 else "s"
        both = (f"シナリオ {scenarios} 件 · リーダー {reader}", f"{scenarios} scenario{many} · reader {reader}")
        self._print(Text(f"{mark} {self._say(both)}", style="bold"))

    def book(self, book: Book) -> None:
        """The file that comes next."""
        if not self._only_failures:
            self._print(Text(f"{book.source}  {book.title}", style="cyan"))

    def outcome(self, outcome: Outcome) -> None:
        """One scenario; a failed one with its table."""
        scenario = outcome.scenario
        if not outcome.passed:
            self._print(Text.assemble(("  ✗ ", "bold red"), self._named(scenario)))
            self._failed(outcome)
        elif not self._only_failures:
            self._print(Text.assemble(("  ✓ ", "green"), self._named(scenario)))

    def end(self, passed: int, failed: int) -> None:
        """How many of each."""
        both = (f"合格 {passed} 件 · 不合格 {failed} 件", f"{passed} passed · {failed} failed")
        self._print(Text(self._say(both), style="bold red" if failed else "bold green"))

    def _named(self, scenario: Scenario) -> Text:
        return Text.assemble(scenario.title, (f"  {' '.join(scenario.said.rules)}", "dim"))

    def _failed(self, outcome: Outcome) -> None:
        failure, scenario = outcome.failure, outcome.scenario
        if failure is None or scenario.said.fails is not None:
            for line in outcome.complaint:
                self._print(_indented(Text(line)))
            return
        where = f"{self._say(_STEP)} {failure.step}" if failure.step else self._say(_END)
        self._print(_indented(Text(f"{scenario.source}:{failure.line} · {where} · {failure.what}")))
        self._print(self._table(failure))
        shown = failure.seen[0 if self._language is Language.JA else 1]
        if shown:
            self._print(_indented(Text(f"{self._say(_DISPLAY)}: {shown}", style="dim")))

    def _table(self, failure: Failure) -> Table:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
        table.add_column(Text(f"      {self._say(_KEY)}", style="dim"), no_wrap=True)
        table.add_column(Text(self._say(_EXPECTED), style="dim"), style="green", overflow="fold")
        table.add_column(Text(self._say(_ACTUAL), style="dim"), style="red", overflow="fold")
        for difference in failure.differences:
            sides = (Text(side.replace(" · ", "\n")) for side in (difference.expected, difference.actual))
            table.add_row(Text(f"      {difference.what}"), *sides)
        return table

    def _say(self, both: Both) -> str:
        return say(both, self._language)

    def _print(self, what: Text | Table | Padding) -> None:
        self._console.print(what)


def _indented(text: Text) -> Padding:
    """Below its scenario, however often the line is broken."""
    return Padding(text, (0, 0, 0, 4))
