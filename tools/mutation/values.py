"""`python -m tools.mutation.values`: whether each value of the shipped operator files has a test that cites its rule.

Each is changed, and then one of those tests must fail. What a value cites stands beside it in the file; a test cites a
rule by its name: `test_azf_31_…`.
"""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import click

from tools.mutation.changes import Change, changes
from tools.mutation.mutants import LEAST_PERCENT, PYTEST_ARGUMENTS, ROOT, copy_project, environment, sampled

OPERATORS = Path("tariff") / "operators"
TESTS = Path("tests") / "tariff"
READING = str(TESTS / "test_operator_values.py")
"""The golden reading of every file; the quickest to ask."""

_TEST = re.compile(r"^def (test_\w+)", re.MULTILINE)
_CITED = re.compile(r"_(gen|pass|loc|igp|nor|azf|aut|prt)_(\d+)(?=_|$)")


class Verdict(NamedTuple):
    """A change, and the test file that noticed it; None if none did."""

    change: Change
    noticed: str | None


def operator_files(root: Path) -> dict[str, str]:
    """The text of every shipped operator file, by its path in the project."""
    paths = sorted((root / OPERATORS).rglob("*.toml"))
    return {path.relative_to(root).as_posix(): path.read_text("utf-8") for path in paths}


def citing(files: Mapping[str, str]) -> dict[str, dict[str, list[str]]]:
    """Rule -> test file -> the tests whose names cite it, from the texts of test files."""
    found: dict[str, dict[str, list[str]]] = {}
    for path, text in files.items():
        for name in _TEST.findall(text):
            for group, number in _CITED.findall(name):
                found.setdefault(f"{group}-{number}".upper(), {}).setdefault(path, []).append(f"{path}::{name}")
    return found


def asked_of(change: Change, known: Mapping[str, Mapping[str, Sequence[str]]]) -> list[list[str]]:
    """The tests that cite a rule of a change, a list for each test file; the golden reading first."""
    by_file: dict[str, dict[str, None]] = {}
    for rule in sorted(change.rules):
        for path, names in known.get(rule, {}).items():
            by_file.setdefault(path, {}).update(dict.fromkeys(names))
    return [list(by_file[path]) for path in sorted(by_file, key=lambda path: (path != READING, path))]


def judged(changed: Iterable[Change], known: Mapping[str, Mapping[str, Sequence[str]]]) -> Iterator[Verdict]:
    """Try every change in a copy of the project, one after the other."""
    with TemporaryDirectory(prefix="farebox-values-") as folder:
        copy_project(Path(folder))
        _must_pass(Path(folder), sorted({test for tests in known.values() for ids in tests.values() for test in ids}))
        with subprocess.Popen(
            [sys.executable, "-m", "tools.mutation.trial"],
            cwd=folder,
            env=environment(Path(folder)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        ) as worker:
            for change in changed:
                yield Verdict(change, _noticed(worker, change, asked_of(change, known)))


def _must_pass(folder: Path, tests: Sequence[str]) -> None:
    """A test that fails with nothing changed would notice everything."""
    run = [sys.executable, "-m", "pytest", "-x", "-q", *PYTEST_ARGUMENTS, *tests]
    done = subprocess.run(run, cwd=folder, env=environment(folder), capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise click.ClickException(f"with nothing changed a test fails:\n{done.stdout[-2_000:]}")


def _noticed(worker: subprocess.Popen[str], change: Change, tests: list[list[str]]) -> str | None:
    assert worker.stdin and worker.stdout
    print(json.dumps({"file": change.source, "text": change.text, "tests": tests}), file=worker.stdin, flush=True)
    answer = worker.stdout.readline()
    if not answer:
        raise click.ClickException("the trials broke off: see above")
    noticed: str | None = json.loads(answer)["noticed"]
    return noticed


@click.command()
@click.option("--only", metavar="SCHEME", help="One operator's files.")
@click.option("--sample", metavar="N", type=click.IntRange(min=1), help="So many of the values, by the seed.")
@click.option("--seed", metavar="S", type=int, default=1, show_default=True, help="Which ones are sampled.")
@click.option("--without", metavar="FILE", multiple=True, help="Leave a test file out, to see what the others notice.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of the list.")
def main(only: str | None, sample: int | None, seed: int, without: tuple[str, ...], as_json: bool) -> None:
    """Change each value of the shipped operator files and ask the tests that cite its rule; exits 1 if none notices.

    Of a sample only the share is judged, as of a sample of mutants.
    """
    files = operator_files(ROOT)
    sources = [source for source in files if only is None or Path(source).parent.name == only]
    if not sources:
        raise click.BadParameter(f"no operator {only}", param_hint="--only")
    asked = changes(files, sources)
    if sample:
        chosen = set(sampled((str(at) for at in range(len(asked))), sample, seed))
        asked = [change for at, change in enumerate(asked) if str(at) in chosen]
    left_out = {str(Path(path)) for path in without}
    paths = (path.relative_to(ROOT).as_posix() for path in sorted((ROOT / TESTS).glob("test_*.py")))
    texts = {path: (ROOT / path).read_text("utf-8") for path in paths if path not in left_out}
    verdicts = list(judged(asked, citing(texts)))
    click.echo(json.dumps(_document(verdicts), ensure_ascii=False) if as_json else _told(verdicts))
    raise SystemExit(not held(verdicts, whole=not sample))


def held(verdicts: Sequence[Verdict], whole: bool) -> bool:
    """Each change was noticed; of a sample, enough of them: whoever added a value may not have been seen yet."""
    noticed = sum(verdict.noticed is not None for verdict in verdicts)
    return noticed == len(verdicts) if whole else 100 * noticed >= LEAST_PERCENT * len(verdicts)


def _document(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    return {
        "values": len(verdicts),
        "noticed_in": dict(Counter(verdict.noticed for verdict in verdicts if verdict.noticed)),
        "unnoticed": [
            {
                "file": change.source,
                "line": change.line,
                "key": change.key,
                "rules": sorted(change.rules),
                "was": change.was,
                "now": change.now,
            }
            for change, noticed in verdicts
            if noticed is None
        ],
    }


def _told(verdicts: Sequence[Verdict]) -> str:
    lines = [
        f"{change.source}:{change.line}: {change.key} ({', '.join(sorted(change.rules)) or 'no rule'}): "
        f"{change.was} -> {change.now}: no test that cites it notices"
        for change, noticed in verdicts
        if noticed is None
    ]
    return "\n".join((*lines, f"{len(verdicts)} values changed, {len(verdicts) - len(lines)} noticed"))


if __name__ == "__main__":
    main()
