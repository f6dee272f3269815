"""A slip as values: who hands it out, what stands on it, in which order. Pure.

Slips are read by passengers and by drivers: Japanese first, English beside it, whatever the clerk's screen speaks.
"""

from datetime import date
from typing import NamedTuple

from tariff.calendar import clock_in_japan, day_in_japan

_SHOWN_CHARS = 4


class Both(NamedTuple):
    """The same said in Japanese and in English."""

    ja: str
    en: str


class Fact(NamedTuple):
    """A box with its label; a `large` one is what the slip is about."""

    label: Both
    value: str
    large: bool = False


class Table(NamedTuple):
    """Rows under a heading. The last `numbers` columns hold yen and stand to the right.

    `shares`: how wide each column is, out of their sum. `last_is_sum`: the last row is set apart from those above.
    """

    heading: tuple[Both, ...]
    rows: tuple[tuple[str, ...], ...]
    shares: tuple[int, ...]
    numbers: int
    last_is_sum: bool = False


class Note(NamedTuple):
    """A sentence below, small."""

    text: Both


Part = Fact | Table | Note


class Issued(NamedTuple):
    """What every slip of a counter has in common: its number, who hands it out, when (seconds), and where.

    `operator` is the company that the passenger deals with. `simulated`: a demo's slip says 模擬 across it.
    """

    number: str
    operator: str
    counter: str
    clerk: str
    at_s: int
    simulated: bool = False

    def day(self) -> date:
        """The day in Japan on which it is handed out."""
        return day_in_japan(self.at_s)

    def moment(self) -> str:
        """Day and time in Japan, as a slip shows them."""
        return f"{day_text(self.day())} {clock_in_japan(self.at_s)[:5]}"


class Sheet(NamedTuple):
    """A whole slip."""

    title: Both
    issued: Issued
    parts: tuple[Part, ...]


def masked(number: str) -> str:
    """An engraved number but for its end, as on the bus's own slips: LC*****0001."""
    return f"{number[:2]}*****{number[-_SHOWN_CHARS:]}"


def day_text(day: date) -> str:
    """2026/11/21."""
    return f"{day:%Y/%m/%d}"


def days_text(first: date, last: date) -> str:
    """From and to, both in."""
    return f"{day_text(first)} ～ {day_text(last)}"


def yen_text(yen: int) -> str:
    """1,000円; what goes the other way carries ▲, as Japanese books have it."""
    return f"▲{-yen:,}円" if yen < 0 else f"{yen:,}円"
