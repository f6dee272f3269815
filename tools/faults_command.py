"""`farebox sim faults`: days on which anything goes wrong, each from one seed, and the few steps that break them."""

import json
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

from farebox.words import Language, say
from sim.faults.drawing import DEFAULTS, RATES, Rates, draw
from sim.faults.files import dumped, loaded
from sim.faults.player import Failure, Plan, play
from sim.faults.running import Asked, Total, duty_of, failure_of, in_turn, on_workers
from sim.faults.shrinking import shrunk
from tools.exits import CheckFailed
from tools.feeds import SAMPLE, feed_path
from tools.files import write_whole
from tools.options import FILE, DayType, json_option, language_option

if TYPE_CHECKING:
    from farebox.duty import Duty

_SEEDS = re.compile(r"(\d{1,18})(?:\.\.(\d{1,18}))?")
_LAST_STEPS = 30
"""So many steps of a list are printed; the file has them all."""
_MOST_PROBLEMS = 5


class _SeedsType(click.ParamType[range]):
    """7, or 0..99, both ends included."""

    name = "A..B"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> range:
        if isinstance(value, range):
            return value
        found = _SEEDS.fullmatch(str(value))
        if found is None:
            self.fail(f"{value!r} is neither a seed like 7 nor seeds like 0..99", param, ctx)
        first, last = int(found[1]), int(found[2] or found[1])
        if last < first:
            self.fail(f"{value!r} ends before it begins", param, ctx)
        return range(first, last + 1)


class _RatesType(click.ParamType[Rates]):
    """`name=0.02,name=0`, or a TOML file of such lines; what is not named keeps its default."""

    name = "NAME=RATE,…|FILE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Rates:
        if not isinstance(value, str):
            return DEFAULTS
        try:
            said = tomllib.loads(value.replace(",", "\n") if "=" in value else Path(value).read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            self.fail(f"{value!r}: {error}", param, ctx)
        for name, rate in said.items():
            if name not in RATES:
                self.fail(f"no rate is called {name!r}; known are {', '.join(RATES)}", param, ctx)
            if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1:
                self.fail(f"{name}: {rate!r} is no rate from 0 to 1", param, ctx)
        return {**DEFAULTS, **said}


@click.command(short_help="Days on which anything goes wrong, replayed from a seed.")
@click.option("--seeds", type=_SeedsType(), default="0..19", show_default=True, help="One seed, or from A to B.")
@click.option(
    "--rates",
    metavar="NAME=RATE,…|FILE|list",
    help="How often what goes wrong; `list` prints names, faults and defaults.",
)
@click.option("--workers", type=click.IntRange(1, 256), default=1, metavar="N", help="Processes of this machine.")
@click.option("--feed", default=SAMPLE, show_default=True, help="`sample`, or a GTFS-JP folder or zip.")
@click.option("--date", "day", type=DayType(), default="2026-11-20", show_default=True, help="The service day.")
@click.option("--steps", "steps_path", type=FILE, metavar="FILE", help="Play the steps of a file, without a seed.")
@click.option("--save", "save_path", type=FILE, metavar="FILE", help="Keep the steps that fail, shrunk, in a file.")
@click.option("--no-shrink", is_flag=True, help="Don't look for the fewest steps that fail.")
@json_option
@language_option
def faults(
    seeds: range,
    rates: str | None,
    workers: int,
    feed: str,
    day: date,
    steps_path: Path | None,
    save_path: Path | None,
    no_shrink: bool,
    as_json: bool,
    language: Language,
) -> None:
    """Run days of buses, riders and faults through the real terminal, and check after every step (模擬).

    \b
    farebox sim faults --seeds 0..99 --workers 2
    farebox sim faults --seeds 17                          this one day again: a seed decides all of it
    farebox sim faults --seeds 0..99 --rates withdraw=0.2,power=0
    farebox sim faults --rates list                        what can go wrong, and how often it does
    farebox sim faults --seeds 17 --save found.json        if it fails, the few steps that do, in a file
    farebox sim faults --steps found.json                  played again, without the seed

    Checked are: money conserved, what passengers were told, no double deduction, the cap, sequences, the journal's
    prefix, what is pending, notes in one place, uploads delivered (docs/fault_simulation.md). Exits 1 if one fails.
    """
    if rates == "list":
        _print_rates()
        return
    chosen = _RatesType().convert(rates, None, None)
    asked = Asked(feed_path(feed), day, chosen)
    duty = duty_of(asked.feed)
    if not duty.feed.trips_on(day):
        first, last = duty.feed.service_days()
        raise click.UsageError(f"no trips on {day}; the feed's calendar runs from {first} to {last}")
    began_s = perf_counter()
    if steps_path:
        total = Total().plus(0, play(_read(steps_path, duty), duty))
    else:
        total = _all(asked, seeds, workers, duty, language, as_json)
    took_s = perf_counter() - began_s
    found = [_failure_json(None if steps_path else seed, failure, None) for seed, failure in total.failures]
    if total.failures:
        seed, failure = total.failures[0]
        plan = _read(steps_path, duty) if steps_path else draw(seed, duty, day, chosen)
        plan = _less(plan, failure, duty, no_shrink, language, as_json)
        least = failure_of(plan, duty) or failure
        found[0] = _failure_json(None if steps_path else seed, failure._replace(problems=least.problems), plan)
        if save_path:
            write_whole(save_path, dumped(plan, least.problems[0]).encode())
    again = f" --rates {rates}" if rates else ""
    if as_json:
        click.echo(json.dumps(_total_json(total, took_s, found), ensure_ascii=False))
    else:
        _print(total, took_s, found, again, save_path, language)
    if total.failures:
        raise CheckFailed(f"{len(total.failures)} of {total.seeds} runs failed")


def _read(path: Path, duty: "Duty") -> Plan:
    return loaded(path.read_bytes(), str(path), duty)


def _all(asked: Asked, seeds: range, workers: int, duty: "Duty", language: Language, quiet: bool) -> Total:
    runs = in_turn(asked, seeds, duty) if workers == 1 else on_workers(asked, seeds, workers)
    total = Total()
    label = say(("障害の模擬", "faults"), language)
    hidden = quiet or not sys.stderr.isatty()
    with click.progressbar(length=len(seeds), label=label, file=sys.stderr, hidden=hidden) as bar:
        for seed, played in runs:
            total = total.plus(seed, played)
            bar.update(1)
    return total


def _less(plan: Plan, failure: Failure, duty: "Duty", as_it_is: bool, language: Language, quiet: bool) -> Plan:
    """The few steps that fail."""
    if as_it_is:
        return plan._replace(steps=plan.steps[: failure.at + 1])
    if not quiet:
        click.echo(say(("手順を縮めています…", "leaving out what the failure does not need …"), language), err=True)
    return shrunk(plan, failure, lambda shorter: failure_of(shorter, duty))


def _print_rates() -> None:
    for name, rate in RATES.items():
        click.echo(f"{name:10} {rate.default:<6} of all {rate.of:9} {rate.what} (faults {rate.faults or '-'})")


def _failure_json(seed: int | None, failure: Failure, plan: Plan | None) -> dict[str, object]:
    steps = None if plan is None else [{"do": type(step).__name__, **asdict(step)} for step in plan.steps]
    return {"seed": seed, "step": failure.at + 1, "problems": failure.problems, "steps": steps}


def _total_json(total: Total, took_s: float, found: list[dict[str, object]]) -> dict[str, object]:
    return {
        "simulated": True,
        "seeds": total.seeds,
        "taps": total.taps,
        "steps": total.steps,
        "taps_per_s": round(total.taps / took_s),
        "faults": dict(_by_number(total.faults)),
        "refusals": dict(sorted(total.refusals.items())),
        "failures": found,
    }


def _by_number(faults: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(((number, times) for number, times in faults.items() if times), key=lambda found: int(found[0]))


def _print(
    total: Total,
    took_s: float,
    found: list[dict[str, object]],
    how: str,
    save_path: Path | None,
    language: Language,
) -> None:
    days, taps, steps, rate = total.seeds, total.taps, total.steps, round(total.taps / took_s)
    said = (
        f"【模擬】{days:,}日 · タッチ {taps:,}回 · 手順 {steps:,} · 毎秒 {rate:,}回",
        f"[simulated 模擬] {days:,} day{'s' if days > 1 else ''} · {taps:,} taps · {steps:,} steps · {rate:,} taps/s",
    )
    click.echo(say(said, language))
    _row(say(("障害（番号 回数）", "faults, by number"), language), dict(_by_number(total.faults)))
    _row(say(("お断り", "refusals"), language), dict(Counter(total.refusals).most_common()))
    for failure in found:
        _print_failure(failure, how, save_path, language)
    if not found:
        click.echo(say(("すべての確認が成り立ちました", "every check held after every step"), language))


def _row(title: str, counts: Mapping[str, int]) -> None:
    click.echo(f"{title}: " + (" · ".join(f"{name} {times:,}" for name, times in counts.items()) or "–"))


def _print_failure(failure: dict[str, Any], how: str, save_path: Path | None, language: Language) -> None:
    seed, steps = failure["seed"], failure["steps"]
    where = f"seed {seed}, " if seed is not None else ""
    click.secho(f"{where}step {failure['step']}:", fg="red")
    for problem in failure["problems"][:_MOST_PROBLEMS]:
        click.echo(f"  {problem}")
    if seed is not None:
        again = f"farebox sim faults --seeds {seed}{how}"
        click.echo(say((f"  もう一度: {again}", f"  again: {again}"), language))
    if steps is not None:
        click.echo(say((f"  これだけで起きます（{len(steps)}手順）:", f"  {len(steps)} steps are enough:"), language))
        for number, step in enumerate(steps[-_LAST_STEPS:], max(1, len(steps) - _LAST_STEPS + 1)):
            click.echo(f"  {number:4} {json.dumps(step, ensure_ascii=False)}")
        if save_path:
            click.echo(f"  farebox sim faults --steps {save_path}")
