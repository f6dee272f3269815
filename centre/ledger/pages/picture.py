"""Fares of the last days as a picture: bars in SVG, made here, without script or style."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

HEIGHT, WIDTH, FOOT = 120, 560, 20


class Bar(NamedTuple):
    """A bar of the picture: its place and size in its units, what it is of, and how many yen."""

    x: float
    y: float
    width: float
    height: float
    label_x: float
    label: str
    yen: int


def bars(days: Sequence[tuple[date, int]]) -> list[Bar]:
    """Bars from the left to the right; the highest fills the height."""
    most = max((yen for _, yen in days), default=0) or 1
    step = WIDTH / max(1, len(days))
    found = []
    for number, (day, yen) in enumerate(days):
        high = round(HEIGHT * max(0, yen) / most, 1)
        left = round(number * step + step * 0.15, 1)
        label = f"{day.month}/{day.day}"
        found.append(Bar(left, HEIGHT - high, round(step * 0.7, 1), high, round(left + step * 0.35, 1), label, yen))
    return found
