"""Cards that go from bus to bus: three of an operator, one of them poor, and one of another. Auto-charge would take one
of them over the cap."""

from collections.abc import Callable
from datetime import date

from cardimage.image import CardImage
from tariff.account import Points
from tests.farebox.bus import aizu, in_layout_1, iwate, lococa, noruca

SECTION = ("実業高校前", "南湖公園")
CARDS: dict[str, Callable[[], list[CardImage]]] = {
    "lococa": lambda: [
        lococa(9_500, 1),
        in_layout_1(lococa(700, 2, section=SECTION)),
        lococa(95, 3),
        noruca(3_000, 0, 200, 4),
    ],
    "aizu-noruca": lambda: [
        aizu(12_000, 12_700, 10_000, 1),
        aizu(50, 100, 1_000, 2),
        aizu(450, 1_000, 3_000, 3),
        lococa(800, 4),
    ],
    "iwate-green-pass": lambda: [
        iwate(3_000, Points(1_200, date(2026, 3, 1)), 0, 1),
        iwate(700, None, 600, 2),
        in_layout_1(iwate(95, Points(80, date(2025, 3, 1)), 30, 3)),
        aizu(3_000, 100, 1_000, 4),
    ],
    "noruca": lambda: [noruca(3_000, 0, 200, 1), noruca(700, 300, 0, 2), noruca(90, 0, 0, 3), iwate(900, None, 600, 4)],
}
"""By the scheme whose rules hold on both buses."""
