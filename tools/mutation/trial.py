"""Tries changed operator files, in a copy of the project: `python -m tools.mutation.trial`, a JSON object a line.

    in    {"file": path, "text": the changed file, "tests": [[ids of one test file], ...]}
    out   {"noticed": the first test file in which a test fails, or null}

Each trial is a fork of this process, which has imported all but the project's own tests: those read the operator files
while they are imported.
"""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import hypothesis.strategies  # noqa: F401  imported for the forks
import pytest

import farebox.feed.operators  # noqa: F401
import tariff.settle  # noqa: F401
from tools.mutation.changes import lawless
from tools.mutation.few_examples import PROFILE

_ARGUMENTS = (
    *("-x", "-q", "-p", "no:cacheprovider", "-p", "tools.mutation.few_examples", f"--hypothesis-profile={PROFILE}"),
    # The forks are handed hypothesis imported.
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)
_NOTICED = (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.USAGE_ERROR)
"""A usage error: the test's file can't even be imported, so the test is not found."""
_UNNOTICED = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
"""None collected: all need third-party data."""


def main() -> None:
    """Answer each line."""
    for line in sys.stdin:
        trial = json.loads(line)
        path = Path(trial["file"])
        before = path.read_bytes()
        path.write_text(trial["text"], "utf-8")
        try:
            noticed = _first_noticed(trial["tests"])
        finally:
            path.write_bytes(before)
        print(json.dumps({"noticed": noticed}), flush=True)


def _first_noticed(tests: Sequence[Sequence[str]]) -> str | None:
    child = os.fork()
    if not child:
        _run(tests)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if not 0 <= status <= len(tests):
        raise RuntimeError(f"a trial ended with {status}")
    return tests[status - 1][0].partition("::")[0] if status else None


def _run(tests: Sequence[Sequence[str]]) -> None:
    """In a fork: exits with the number of the first file in which a test fails, counted from 1, or 0."""
    told, silent = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    try:
        with lawless():
            for number, ids in enumerate(tests, 1):
                code = pytest.main([*_ARGUMENTS, *ids])
                if code in _NOTICED:
                    os._exit(number)
                if code not in _UNNOTICED:
                    os.write(told, f"pytest ended with {code!r}: {ids}\n".encode())
                    os._exit(255)
        os._exit(0)
    finally:
        os._exit(255)


if __name__ == "__main__":
    main()
