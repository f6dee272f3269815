"""Why a mutant may survive: docs/mutation.md lists where each is, what it changes, and the reason."""

import re
from collections.abc import Iterable
from pathlib import Path

from tools.mutation.mutants import ROOT, Diff

PAGE = ROOT / "docs" / "mutation.md"

_ENTRY = re.compile(r"^- `(tariff\.[\w.]+)`: `(.+?)` → `(.*?)`\n((?:  .+\n?)+)", re.MULTILINE)


def accepted(page: Path = PAGE) -> dict[Diff, str]:
    """The mutants that may survive, and why."""
    return {
        Diff(where, was, now): " ".join(line.strip() for line in reason.splitlines())
        for where, was, now, reason in _ENTRY.findall(page.read_text("utf-8"))
    }


def stale(reasons: Iterable[Diff], survivors: Iterable[Diff], modules: Iterable[str]) -> list[Diff]:
    """Reasons that no survivor needs any more, of modules that were tried whole."""
    needed, whole = set(survivors), set(modules)
    return [diff for diff in reasons if diff.where.split(".")[1] in whole and diff not in needed]
