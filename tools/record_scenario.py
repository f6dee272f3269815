"""Scenario files written: new ones, and what was recorded, which is run at once to see that it holds."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from farebox.feed import load_feed
from farebox.feed.operators import load_operators
from farebox.formats.journal import Entry
from farebox.journal.reading import read
from farebox.result import Result
from farebox.words import Language, say
from sim.scenario.hands import SimulatedHands
from sim.scenario.reading import parse
from sim.scenario.recording import NothingRecorded, record
from sim.scenario.running import run
from sim.scenario.schema import SUFFIX
from sim.scenario.writing import text_of
from tariff.account import Account
from tools.exits import CheckFailed
from tools.feeds import SAMPLE, feed_path
from tools.files import write_whole
from tools.scenario_files import Beside


def check_new(path: Path, *, force: bool) -> None:
    """Usage errors for a name that is no scenario file's, or is taken."""
    if not path.name.endswith(SUFFIX):
        raise click.UsageError(f"{path}: the name of a scenario file ends in {SUFFIX}")
    if path.exists() and not force:
        raise click.UsageError(f"{path} exists; --force writes over it")


def write_new(path: Path, text: str, *, force: bool) -> None:
    """A new scenario file. Raises UsageError, OSError."""
    check_new(path, force=force)
    write_whole(path, text.encode())


class Recording:
    """A live run that becomes a scenario: what its cards held before their first tap is seen here, the rest is in the
    journal.
    """

    def __init__(self, path: Path, feed: str, language: Language) -> None:
        """Usage errors at once for a name that will not do."""
        check_new(path, force=False)
        self._path, self._feed, self._language = path, feed, language
        self._known: dict[bytes, Account] = {}

    def see(self, result: Result) -> None:
        """A tap was served."""
        if result.before is not None:
            self._known.setdefault(result.idm, result.before)

    def write(self, journal: Path, begins_after: int) -> None:
        """The file, by the journal's records after a number. Raises as `write_recorded`."""
        entries = (entry for entry in read(journal).entries if entry.seq > begins_after)
        title = "記録した運転 / a recorded run"
        write_recorded(entries, self._known, self._feed, title, self._path, self._language, force=False)


def write_recorded(
    entries: Iterable[Entry],
    known: Mapping[bytes, Account],
    feed: str,
    title: str,
    path: Path,
    language: Language,
    *,
    force: bool,
) -> None:
    """What a journal tells as a scenario file, run once. Raises CheckFailed if it does not come out as recorded, and
    UsageError where nothing can be told.
    """
    check_new(path, force=force)
    name = feed if feed == SAMPLE else str(feed_path(feed).resolve())
    newest = {book.scheme: book for book in sorted(load_operators().rulebooks, key=lambda book: book.effective)}
    try:
        recorded = record(entries, known, load_feed(feed_path(feed)), name, newest, title)
    except NothingRecorded as nothing:
        raise click.UsageError(str(nothing)) from None
    text = text_of(recorded.book)
    write_whole(path, text.encode())
    for what in recorded.left_out:
        click.echo(say((f"省きました: {what}", f"left out: {what}"), language), err=True)
    hands = SimulatedHands()
    try:
        scenario = parse(text.encode(), str(path)).scenarios[0]
        outcome = run(scenario, Beside(str(path)), hands)
    finally:
        hands.close()
    steps, cards = len(scenario.said.steps), len(scenario.cards)
    both = (f"{path}: 手順 {steps} 件 · カード {cards} 枚", f"{path}: {steps} steps · {cards} cards")
    click.echo(say(both, language))
    if not outcome.passed:
        raise CheckFailed("it does not come out as recorded:\n" + "\n".join(outcome.complaint))
