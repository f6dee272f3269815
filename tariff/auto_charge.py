"""Auto-charge: what may be arranged, and at a settlement whether it fires and what it adds (AUT-1 to AUT-3, AUT-5)."""

from datetime import date
from enum import StrEnum
from typing import NamedTuple

from tariff.account import Account, AutoCharge, AutoCharged
from tariff.purses import over_cap
from tariff.refusal import Code, Refusal
from tariff.rulebook import Rulebook


class Held(StrEnum):
    """Why an arrangement that was triggered added nothing (AUT-3): the reason is logged.

    The last three are the terminal's to know, and are told to `auto_charge`.
    """

    STORED_FARE_CAP = "stored-fare-cap"
    DAY_CAP = "day-cap"
    MONTH_CAP = "month-cap"
    NO_AUTO_CHARGE_LIST = "no-auto-charge-list"  # AUT-6: its billing failed
    STALE_HOTLIST = "stale-hotlist"  # faults 39: nobody knows whose billing failed since
    CLOCK_NOT_SET = "clock-not-set"  # faults 25: nobody knows which day's caps hold

    @property
    def rule(self) -> str:
        """The rule or fault that it stands on."""
        return _RULES.get(self, "AUT-3")


_RULES = {Held.NO_AUTO_CHARGE_LIST: "AUT-6", Held.STALE_HOTLIST: "faults 39", Held.CLOCK_NOT_SET: "faults 25"}


class Added(NamedTuple):
    """The amount added, in yen, and the totals after it."""

    yen: int
    totals: AutoCharged


def in_steps(yen: int, step_yen: int, most_yen: int) -> bool:
    """Whether a trigger or an amount is a multiple of its step, up to the most (AUT-1)."""
    return 0 < yen <= most_yen and yen % step_yen == 0


def caps_fit(amount_yen: int, day_cap_yen: int, month_cap_yen: int, step_yen: int, most_cap_yen: int) -> bool:
    """Whether caps let the amount in, a month's no less than a day's, and both are in steps up to the most (AUT-1)."""
    in_order = amount_yen <= day_cap_yen <= month_cap_yen <= most_cap_yen
    return in_order and day_cap_yen % step_yen == 0 and month_cap_yen % step_yen == 0


def check_arrangement(arranged: AutoCharge, rulebook: Rulebook) -> Refusal | None:
    """A refusal of what a member may not arrange (AUT-1): steps, the most, and caps below the amount."""
    rules = rulebook.auto_charge_offer
    if rules is None:
        return Refusal(Code.NOT_CONFIGURED, "AUT-1", "auto-charge")
    for name, yen, step_yen in (
        ("trigger", arranged.trigger_yen, rules.trigger_step_yen),
        ("amount", arranged.amount_yen, rules.amount_step_yen),
    ):
        if not in_steps(yen, step_yen, rules.most_yen):
            return Refusal(Code.NOT_SOLD, "AUT-1", f"{name} of {yen} yen: steps of {step_yen} up to {rules.most_yen}")
    step_yen, most_cap_yen = rules.amount_step_yen, rules.most_cap_yen
    if not caps_fit(arranged.amount_yen, arranged.day_cap_yen, arranged.month_cap_yen, step_yen, most_cap_yen):
        detail = f"caps: amount <= a day's <= a month's <= {most_cap_yen}, in steps of {step_yen}"
        return Refusal(Code.NOT_SOLD, "AUT-1", detail)
    return None


def auto_charge(
    account: Account, due_yen: int, day: date, rulebook: Rulebook, held: Held | None = None
) -> Added | Held | None:
    """What auto-charge does at a settlement on `day`, the calendar day of the alighting tap.

    It fires once if the balance *before* the settlement is strictly below the trigger (AUT-2); None: not arranged,
    or not triggered. It adds its amount whole or nothing (AUT-3); nothing where the terminal says why not (`held`).
    """
    arranged = account.auto_charge
    if arranged is None or not rulebook.auto_charge or account.scheme != rulebook.scheme:
        return None
    if account.stored_fare_yen >= arranged.trigger_yen:
        return None
    if due_yen == 0 and not rulebook.auto_charge_on_zero_fare:
        return None
    if held is not None:
        return held
    if over_cap(account, arranged.amount_yen, rulebook):
        return Held.STORED_FARE_CAP
    so_far = totals_on(account.auto_charged, day)
    totals = AutoCharged(so_far.day, so_far.day_yen + arranged.amount_yen, so_far.month_yen + arranged.amount_yen)
    if totals.day_yen > arranged.day_cap_yen:
        return Held.DAY_CAP
    if totals.month_yen > arranged.month_cap_yen:
        return Held.MONTH_CAP
    return Added(arranged.amount_yen, totals)


def totals_on(totals: AutoCharged | None, day: date) -> AutoCharged:
    """The running totals as they stand on a day: a new day starts at 0, a new month too (AUT-3).

    A day before the totals' own is a clock that went back: it frees no cap, and the totals stand (faults 24).
    """
    if totals is None or (totals.day < day and (totals.day.year, totals.day.month) != (day.year, day.month)):
        return AutoCharged(day, 0, 0)
    if totals.day < day:
        return AutoCharged(day, 0, totals.month_yen)
    return totals
