"""What changes hands besides the cards (模擬): cash, credit and points, by what passengers are shown. Pure."""

from typing import NamedTuple

from farebox.formats.journal import Intent
from farebox.records import points_lapsed
from farebox.result import Result
from tariff.settle import Settlement


class Given(NamedTuple):
    """Cash and credit in yen, points given and gone; less than nothing where it was taken back."""

    cash_yen: int = 0
    credit_yen: int = 0
    points_earned: int = 0
    points_lapsed: int = 0

    def plus(self, other: "Given") -> "Given":
        """Those of two together."""
        return Given(*(a + b for a, b in zip(self, other, strict=True)))


def given_at(settled: Settlement) -> Given:
    """By a settlement, once it is written."""
    return Given(settled.cash_yen, settled.auto_charged_yen, settled.earned_points, points_lapsed(settled))


def given_by(intent: Intent) -> Given:
    """By a write, once it is known to have been done; a cancelling takes back (GEN-22)."""
    sign = -1 if intent.action == "cancel" else 1
    amounts = (intent.cash_yen, intent.auto_charge_yen, intent.points_earned, intent.points_lapsed)
    return Given(*(sign * amount for amount in amounts))


def shown(result: Result) -> Given:
    """By all that a result shows: its own write, and an earlier one that it confirms (faults 3)."""
    if result.refusal is None and result.cancelled is not None:
        return given_by(result.cancelled.first._replace(action="cancel"))
    given = given_by(result.confirmed) if result.confirmed is not None else Given()
    if result.refusal is None and result.alighted is not None and not result.shown_again:
        given = given.plus(given_at(result.alighted.settlement))
    return given
