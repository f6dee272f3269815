"""What was found about a peripheral, and what to do about it. Japanese and English side by side."""

from enum import StrEnum
from typing import NamedTuple

from farebox.words import Both

_NOTHING: Both = ("", "")


class Level(StrEnum):
    """How bad it is. A NOTE fails nothing."""

    OK = "ok"
    NOTE = "note"
    FAIL = "fail"


class Finding(NamedTuple):
    """One thing that was looked at. `code` is for machines and never translated; `fix` is empty where all is well."""

    level: Level
    code: str
    about: str
    text: Both
    fix: Both = _NOTHING
