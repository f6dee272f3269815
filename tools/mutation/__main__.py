"""`python -m tools.mutation`: how many mutants of tariff/ its tests notice, and which survive without a reason."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import click

from tools.mutation.mutants import LEAST_PERCENT, Diff, Mutant, MutationFault, Suite, Workshop, sampled, suites
from tools.mutation.reasons import PAGE, accepted, stale


class Survivor(NamedTuple):
    """A mutant that no test noticed, what it changes, and why it may; None: no reason is listed."""

    mutant: Mutant
    diff: Diff
    reason: str | None


class Outcome(NamedTuple):
    """What became of all that were tried; `stale` are reasons of docs/mutation.md that nothing needs.

    Of a sample (not `whole`) only the share is judged: code that changed since the last whole run may have survivors
    that nobody has looked at yet. They are printed.
    """

    mutants: tuple[Mutant, ...]
    survivors: tuple[Survivor, ...]
    stale: tuple[Diff, ...]
    whole: bool

    @property
    def percent(self) -> float:
        """How many of the mutants were noticed."""
        return 100 * sum(mutant.noticed for mutant in self.mutants) / len(self.mutants)

    @property
    def held(self) -> bool:
        """Enough were noticed; and of a whole run each survivor has a reason, and each reason a survivor."""
        explained = all(one.reason for one in self.survivors) and not self.stale
        return self.percent >= LEAST_PERCENT and (explained or not self.whole)


def _modules(_context: click.Context, _option: click.Parameter, asked: tuple[str, ...]) -> tuple[str, ...]:
    known = [module for suite in suites() for module in suite.modules]
    if unknown := sorted(set(asked) - set(known)):
        raise click.BadParameter(f"no module {', '.join(unknown)}; there are {', '.join(known)}")
    return asked or tuple(known)


@click.command()
@click.option(
    "--only", "modules", metavar="MODULE", multiple=True, callback=_modules, help="Only this module's mutants."
)
@click.option("--sample", metavar="N", type=click.IntRange(min=1), help="So many of the mutants, by the seed.")
@click.option("--seed", metavar="S", type=int, default=1, show_default=True, help="Which ones are sampled.")
@click.option(
    "--jobs", metavar="N", type=click.IntRange(min=1), default=1, show_default=True, help="Processes at once."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of the table.")
def main(modules: tuple[str, ...], sample: int | None, seed: int, jobs: int, as_json: bool) -> None:
    """Change the code of tariff/ bit by bit, and see that a test fails each time.

    Exits 1 if fewer than 90 % are noticed; without --sample also if a mutant survives without a reason in
    docs/mutation.md, or if a reason there is needed no more.
    """
    try:
        outcome = _tried(modules, sample, seed, jobs)
    except MutationFault as fault:
        raise click.ClickException(str(fault)) from None
    click.echo(json.dumps(_document(outcome), ensure_ascii=False) if as_json else _told(outcome))
    raise SystemExit(not outcome.held)


def _tried(modules: Sequence[str], sample: int | None, seed: int, jobs: int) -> Outcome:
    mutants: list[Mutant] = []
    survivors: list[Survivor] = []
    reasons = accepted()
    of_suites = [(suite, [module for module in suite.modules if module in modules]) for suite in suites()]
    with TemporaryDirectory(prefix="farebox-mutants-") as folder:
        asked = [(_workshop(Path(folder), suite, jobs), chosen) for suite, chosen in of_suites if chosen]
        named = {workshop: [f"tariff.{module}.*" for module in chosen] for workshop, chosen in asked}
        if sample:
            names = {workshop: workshop.names(chosen) for workshop, chosen in asked}
            kept = set(sampled((name for each in names.values() for name in each), sample, seed))
            named = {workshop: sorted(kept & set(each)) for workshop, each in names.items() if kept & set(each)}
        for workshop, patterns in named.items():
            for mutant in workshop.tried(patterns):
                mutants.append(mutant)
                if not mutant.noticed:
                    diff = workshop.diff(mutant)
                    survivors.append(Survivor(mutant, diff, reasons.get(diff)))
    unneeded = [] if sample else stale(reasons, (one.diff for one in survivors), modules)
    return Outcome(tuple(mutants), tuple(survivors), tuple(unneeded), whole=not sample)


def _workshop(folder: Path, suite: Suite, jobs: int) -> Workshop:
    inside = folder / suite.small
    inside.mkdir()
    return Workshop(inside, suite, jobs)


def _by_module(outcome: Outcome) -> dict[str, Counter[str]]:
    """module -> how many mutants came to what."""
    found: dict[str, Counter[str]] = {}
    for mutant in outcome.mutants:
        found.setdefault(mutant.module, Counter())[mutant.status] += 1
    return dict(sorted(found.items()))


def _document(outcome: Outcome) -> dict[str, Any]:
    return {
        "percent": round(outcome.percent, 2),
        "held": outcome.held,
        "modules": {module: dict(counts) for module, counts in _by_module(outcome).items()},
        "survivors": [
            {**one.diff._asdict(), "status": one.mutant.status, "reason": one.reason} for one in outcome.survivors
        ],
        "stale_reasons": [diff._asdict() for diff in outcome.stale],
    }


def _told(outcome: Outcome) -> str:
    lines = [f"{'module':<16}{'mutants':>8}{'killed':>8}{'timeout':>8}{'survived':>9}"]
    for module, counts in (*_by_module(outcome).items(), ("all", Counter(one.status for one in outcome.mutants))):
        total, killed, timeouts = counts.total(), counts["killed"], counts["timeout"]
        lines.append(f"{module:<16}{total:>8}{killed:>8}{timeouts:>8}{total - killed - timeouts:>9}")
    lines.append(f"{outcome.percent:.2f} % noticed; {LEAST_PERCENT} % are wanted")
    for one in outcome.survivors:
        why = one.reason or f"NO REASON in {PAGE.parent.name}/{PAGE.name}"
        lines += (f"- {one.mutant.status} `{one.diff.where}`: `{one.diff.was}` → `{one.diff.now}`", f"  {why}")
    lines += (f"- needed no more: `{diff.where}`: `{diff.was}` → `{diff.now}`" for diff in outcome.stale)
    return "\n".join(lines)


if __name__ == "__main__":
    main()
