"""The languages that people read, and a text in both."""

from enum import StrEnum


class Language(StrEnum):
    """The languages of displays, slips and commands."""

    JA = "ja"
    EN = "en"


Both = tuple[str, str]
"""Japanese, English."""


def say(both: Both, language: Language) -> str:
    """One of the two."""
    return both[0] if language is Language.JA else both[1]
