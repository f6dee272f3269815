"""`farebox bench`: scenarios, run through the real fare box. (The figures of performance are `make bench`'s.)"""

import json
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import click

from farebox.journal.errors import JournalDamaged
from farebox.journal.reading import read
from farebox.readers import Readers
from farebox.result import Side
from farebox.words import Language, say
from reader.keys import bench_keys, keys_from
from sim.bench import AirBench, Pn532Bench
from sim.scenario.example import EXAMPLE
from sim.scenario.faults import ScenarioBroken
from sim.scenario.hands import Hands, SimulatedHands
from sim.scenario.json_schema import json_schema
from sim.scenario.office import account_of
from sim.scenario.person import Asked, PersonBench
from sim.scenario.reading import Scenario
from sim.scenario.running import Outcome, run
from sim.scenario.schema import SUFFIX
from tools.card_files import read_image
from tools.exits import CheckFailed
from tools.options import FILE, feed_option, json_option, language_option, wait_option
from tools.record_scenario import write_new, write_recorded
from tools.scenario_files import Beside, files_in, load_books, only
from tools.scenario_view import Lines, Report

SIMULATED: dict[str, type[AirBench] | type[Pn532Bench]] = {"image": AirBench, "pn532": Pn532Bench}


class _Bench(click.Group):
    """`farebox bench FILES…` runs them; the other commands are called by their names."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Anything that begins with none of the commands' names is for `run`."""
        if args and args[0] not in (*self.commands, *ctx.help_option_names):
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Bench)
def bench() -> None:
    """Scenarios (模擬): what happens on a bus, as people tell it, run through the real fare box.

    \b
    farebox bench tests/scenarios                    all files of a folder
    farebox bench my.scenario.toml -k LOC-14         only what has these words in title, rules or file
    farebox bench my.scenario.toml --reader pn532    through a simulated chip, real pyserial and real nfcpy
    farebox bench my.scenario.toml --reader usb      with a real reader: it asks for the cards by their names
    farebox bench new my.scenario.toml               a file to begin with
    farebox bench record JOURNAL -o it.scenario.toml what a journal tells, as a scenario
    farebox bench schema > scenario.schema.json      for editors

    What a file may say: docs/scenarios.md. Exits 1 if a scenario fails, 78 if a file is wrong.
    """


@bench.command("run", short_help="Run scenario files; the word `run` may be left out.")
@click.argument("paths", nargs=-1, required=True, type=FILE)
@click.option(
    "--reader",
    "readers",
    multiple=True,
    default=("image",),
    show_default=True,
    metavar="image|pn532|usb|tty:PATH|pcsc|NAME",
    help="image: frames without a wire. pn532: a simulated chip on a pseudo-terminal, behind real pyserial and nfcpy. "
    "A real one asks for the cards by their names; given twice: entry, then exit.",
)
@click.option("--keys", type=FILE, help="A real reader: file of the master key (mode 0600). Else: bench keys.")
@click.option(
    "--prepare", is_flag=True, help="A real reader: write what the scenario says onto each (bench) card first."
)
@wait_option
@click.option("-k", "words", metavar="TEXT", help="Only scenarios with this in their title, rules or file.")
@click.option("--quiet", is_flag=True, help="Only failures and the count, and a progress bar.")
@json_option
@language_option
def run_files(
    paths: tuple[Path, ...],
    readers: tuple[str, ...],
    keys: Path | None,
    prepare: bool,
    wait_s: float,
    words: str | None,
    quiet: bool,
    as_json: bool,
    language: Language,
) -> None:
    """Run scenario files, or all of a folder.

    \b
    farebox bench tests/scenarios --quiet
    farebox bench tests/scenarios/loc.scenario.toml -k 利用例
    farebox bench my.scenario.toml --json
    farebox bench my.scenario.toml --reader usb --prepare

    With a real reader, bus, clock and passengers stay simulated (模擬); cards are real, and hold in the end what the
    scenario made of them.
    """
    try:
        books = tuple(only(load_books(files_in(paths)), words))
    except ScenarioBroken as wrong:
        _tell_broken(wrong, as_json)
        raise
    scenarios = [scenario for book in books for scenario in book.scenarios]
    if not scenarios:
        raise click.UsageError(f"-k {words}: no scenario has that in its title, rules or file")
    view = Lines() if as_json else Report(language, only_failures=quiet)
    passed: list[bool] = []
    broken: list[str] = []
    with ExitStack() as stack:
        hands = _hands(readers, keys, wait_s, prepare, language, stack)
        view.begin(" ".join(readers), len(scenarios))
        bar = stack.enter_context(
            click.progressbar(
                length=len(scenarios),
                label=say(("シナリオ", "scenarios"), language),
                hidden=not (quiet and sys.stderr.isatty()),
                file=sys.stderr,
            )
        )
        for book in books:
            view.book(book)
            for scenario in book.scenarios:
                outcome = _tried(scenario, hands, broken.extend)
                if outcome is not None:
                    view.outcome(outcome)
                    passed.append(outcome.passed)
                bar.update(1)
    if broken:
        misfits = ScenarioBroken(tuple(broken))
        _tell_broken(misfits, as_json)
        raise misfits
    failed = passed.count(False)
    view.end(len(passed) - failed, failed)
    if failed:
        raise CheckFailed(f"{failed} of {len(passed)} scenarios failed")


@bench.command(short_help="Write a scenario file to begin with.")
@click.argument("path", type=FILE)
@click.option("--force", is_flag=True, help="Write over an existing file.")
def new(path: Path, force: bool) -> None:
    """Write a scenario file that passes, with a word on each of its lines.

    \b
    farebox bench new my.scenario.toml
    farebox bench my.scenario.toml
    """
    write_new(path, EXAMPLE, force=force)
    click.echo(f"{path}: farebox bench {path}")


@bench.command(short_help="Print the JSON Schema of scenario files, for editors.")
def schema() -> None:
    """Print the JSON Schema of scenario files: editors complete keys by it, and underline mistakes.

    \b
    farebox bench schema > scenario.schema.json
    """
    click.echo(json.dumps(json_schema(), ensure_ascii=False, indent=2))


@bench.command(short_help="Write a scenario from a journal.")
@click.argument("journal", type=FILE)
@feed_option
@click.option(
    "--card",
    "images",
    type=FILE,
    multiple=True,
    metavar="FILE",
    help="A card image: of a card that holds a pass or other conditions, a journal does not tell them.",
)
@click.option("--title", default="記録した一日 / recorded", show_default=True, help="The scenario's title.")
@click.option("-o", "--output", "path", type=FILE, required=True, help=f"The file to write, named *{SUFFIX}.")
@click.option("--force", is_flag=True, help="Write over an existing file.")
@language_option
def record(
    journal: Path, feed: str, images: tuple[Path, ...], title: str, path: Path, force: bool, language: Language
) -> None:
    """Write what a journal tells as a scenario, and run it: what happened becomes what is expected.

    \b
    farebox bench record build/demo/V001.journal -o v001.scenario.toml
    farebox bench record farebox.journal --feed my-gtfs-jp.zip --card my.card.cbor -o tap.scenario.toml

    Cards are numbered; no IDm goes into the file. What a journal can't tell is left out, and said. Exits 1 if the
    scenario does not come out as the journal. `farebox run --record FILE` records as it runs.
    """
    reading = read(journal)
    if reading.problem is not None:
        raise JournalDamaged(f"{journal}: {reading.problem}")
    known = {image.idm: account_of(image) for image in map(read_image, images)}
    write_recorded(reading.entries, known, feed, title, path, language, force=force)


def _tell_broken(wrong: ScenarioBroken, as_json: bool) -> None:
    """For machines; people read it on standard error."""
    if as_json:
        click.echo(json.dumps({"problems": wrong.problems}, ensure_ascii=False))


def _tried(scenario: Scenario, hands: Hands, tell: Callable[[tuple[str, ...]], None]) -> Outcome | None:
    """What a scenario came to; None if it can't be run, which is told."""
    try:
        return run(scenario, Beside(scenario.source), hands)
    except ScenarioBroken as broken:
        tell(broken.problems)
        return None


def _hands(
    readers: tuple[str, ...], keys: Path | None, wait_s: float, prepares: bool, language: Language, stack: ExitStack
) -> Hands:
    """Simulated hands, or a person's at real readers."""
    kinds = [SIMULATED[spec] for spec in readers if spec in SIMULATED]
    if len(readers) > 2 or (kinds and len(readers) > 1):
        raise click.UsageError(f"--reader {' '.join(readers)}: image or pn532 alone, or one or two real readers")
    if kinds:
        if prepares or keys:
            raise click.UsageError("--prepare and --keys are for real readers")
        simulated = SimulatedHands(kinds[0])
        stack.callback(simulated.close)
        return simulated
    if prepares and keys:
        raise click.UsageError("--prepare writes onto cards: bench cards only, without --keys")
    from tools.readers import open_place

    store = keys_from(keys) if keys else bench_keys()
    opened = [open_place(spec, store, {}, None).reader for spec in readers]
    person = PersonBench(
        Readers(opened[0], opened[-1]), lambda asked: ask(asked, len(opened), language), wait_s, prepares=prepares
    )
    stack.callback(person.close)
    return person


def ask(asked: Asked, readers: int, language: Language) -> None:
    """Tell a person what to do; on standard error, so that --json stays whole."""
    where = say(_SIDES[asked.side], language) if readers > 1 else say(("リーダー", "the reader"), language)
    if asked.wrong:
        both = (f"  ! {asked.name} ではありません: {asked.wrong}", f"  ! not {asked.name}: {asked.wrong}")
    elif asked.lay:
        both = (f"  → 「{asked.name}」を{where}に置いてください", f"  → lay {asked.name} on {where}")
    else:
        both = (f"  ← 「{asked.name}」を取ってください", f"  ← take {asked.name} away")
    click.echo(say(both, language), err=True)


_SIDES = {
    Side.BOARDING: ("乗車側のリーダー", "the entry reader"),
    Side.ALIGHTING: ("降車側のリーダー", "the exit reader"),
}
