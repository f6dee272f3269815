"""Every setting that the tariff reads changes a settlement: a setting that changes nothing is dead, or misread."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from tariff.account import HolderKind
from tariff.operator_file import SETTINGS
from tariff.purses import Payment
from tariff.refusal import Refusal
from tariff.riders import HOLDER_ALONE, Party
from tariff.rulebook import Rulebook
from tariff.settle import settle
from tests.tariff.examples import ADULT, HAKUHO_LINE, card, held, ride, rulebook_with, section
from tests.tariff.test_auto_charge import arranged

# What a rulebook is and whom it is for; GEN-21 and PASS-8 have tests of their own.
IDENTITY = {"scheme", "name", "effective", "companies"}
# Read by the terminal, not here: farebox.tap asks for `open_ride`, farebox.terminal for `guard_s`.
READ_BY_THE_TERMINAL = {"taps.open_ride", "taps.guard_s"}

ALONG_THE_LINE = ride(HAKUHO_LINE, "磐城棚倉", "新白河")


def _example_3(rulebook: Rulebook) -> str:
    return _told(rulebook, held_pass=True)


def _told(
    rulebook: Rulebook,
    *,
    stored_fare_yen: int = 5_000,
    holder: HolderKind = HolderKind.ADULT,
    held_pass: bool = False,
    covered: bool = False,
    auto_charge: bool = False,
    party: Party = HOLDER_ALONE,
    payment: Payment = Payment.CARD,
) -> str:
    """Settle a ride from 磐城棚倉 to 新白河 and tell the outcome in a word."""
    bought = section("磐城棚倉", "新白河") if covered else section("実業高校前", "南湖公園")
    account = card(
        stored_fare_yen,
        held(bought) if held_pass or covered else None,
        holder,
        auto_charge=arranged() if auto_charge else None,
    )
    outcome = settle(ALONG_THE_LINE, account, party, rulebook, payment)
    if isinstance(outcome, Refusal):
        return f"{outcome.code} {outcome.short_yen}".removesuffix(" 0")
    paid = f"{outcome.stored_fare_yen} card" + (f" + {outcome.cash_yen} cash" if outcome.cash_yen else "")
    return f"{paid}, {outcome.auto_charged_yen} added" if outcome.auto_charged_yen else paid


def _below_the_trigger(rulebook: Rulebook) -> str:
    return _told(rulebook, stored_fare_yen=900, auto_charge=True)


def _below_the_trigger_and_covered(rulebook: Rulebook) -> str:
    return _told(rulebook, stored_fare_yen=900, auto_charge=True, covered=True)


def _part_cash(rulebook: Rulebook) -> str:
    return _told(rulebook, stored_fare_yen=195, payment=Payment.PART_CASH)


def _with_a_companion(holder: HolderKind) -> Callable[[Rulebook], str]:
    return lambda rulebook: _told(rulebook, holder=holder, party=Party(companions=(ADULT,)))


class Change(NamedTuple):
    """A setting, what it changes from and to, what is settled, and the outcome before and after."""

    key: str
    was: str
    now: str
    settle: Callable[[Rulebook], str]
    outcome_was: str
    outcome_now: str


CHANGES = {
    "GEN-3 a lower cap holds auto-charge back": Change(
        "stored_fare.cap_yen", "3_900", "3_899", _below_the_trigger, "500 card, 3000 added", "500 card"
    ),
    "PASS-5 example 3": Change("passes.excess", '"cheaper"', '"separate"', _example_3, "500 card", "550 card"),
    **{
        f"GEN-18 {kind.name.lower()} card, one companion": Change(
            "party.holder_only",
            "[]",
            f'["{kind.name.lower().replace("_", "-")}"]',
            _with_a_companion(kind),
            f"{due_yen} card",
            "holder-only",
        )
        for kind, due_yen in zip(HolderKind, (1_000, 750, 750, 630), strict=True)
    },
    "GEN-10 part cash with 195 on the card": Change(
        "shortage.mixed_multiple_yen", "10", "50", _part_cash, "190 card + 310 cash", "150 card + 350 cash"
    ),
    "GEN-10 part cash to the last yen": Change(
        "shortage.mixed_multiple_yen", "10", "1", _part_cash, "190 card + 310 cash", "195 card + 305 cash"
    ),
    "AUT-2 below the trigger": Change(
        "auto_charge.offered", "true", "false", _below_the_trigger, "500 card, 3000 added", "500 card"
    ),
    "AUT-5 below the trigger, covered by a pass": Change(
        "auto_charge.on_zero_fare", "true", "false", _below_the_trigger_and_covered, "0 card, 3000 added", "0 card"
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_setting_changes_a_settlement(change: Change) -> None:
    was, now = (rulebook_with(**{change.key: value}) for value in (change.was, change.now))
    assert change.settle(was) == change.outcome_was
    assert change.settle(now) == change.outcome_now


def test_no_setting_is_left_out() -> None:
    assert {change.key for change in CHANGES.values()} | IDENTITY | READ_BY_THE_TERMINAL == set(SETTINGS)
