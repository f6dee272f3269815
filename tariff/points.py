"""Transport points of Iwate Green Pass: earning and lapsing (IGP-28, IGP-30); `tariff.purses` pays with them."""

from datetime import date

from tariff.account import Account, Points
from tariff.calendar import months_on
from tariff.rulebook import PointRules


def lapsed(points: Points | None, day: date, rules: PointRules) -> int:
    """How many points have lapsed by a day: all of them from the day after the anniversary of the last earning or use
    on (IGP-30), else 0.
    """
    if points is None or day <= months_on(points.last_day, rules.lapse_months):
        return 0
    return points.points


def earned(stored_fare_yen: int, rules: PointRules) -> int:
    """The points that a payment from stored fare earns, fractions dropped; points and cash earn nothing (IGP-28)."""
    return stored_fare_yen * rules.earned_percent // 100


def with_used(account: Account, day: date) -> Account:
    """The account with its points used on a day: that starts their year anew (IGP-30)."""
    return account._replace(points=account.points._replace(last_day=day)) if account.points else account


def with_earned(account: Account, earned_points: int, day: date) -> Account:
    """The account with points earned on a day; an earning of 0 is none, and renews nothing (IGP-30)."""
    if not earned_points:
        return account
    held = account.points.points if account.points else 0
    return account._replace(points=Points(held + earned_points, day))
