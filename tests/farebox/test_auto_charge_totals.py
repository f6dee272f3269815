"""What auto-charge added stands on the card, by day and by month, and no bus adds more than the caps (AUT-2, AUT-3)."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from cardimage.image import CardImage
from farebox.result import Result
from tariff.account import Account, AutoCharge, AutoCharged
from tariff.lines import Word
from tariff.purses import Payment
from tests.farebox.bus import Bus, account_of, card_with
from tests.farebox.field_bench import FieldBench
from tests.farebox.taps import AIZU_TRIP

TWICE_A_DAY_THRICE_A_MONTH = AutoCharge(10_000, 1_000, 2_000, 3_000)


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    with Bus(tmp_path, FieldBench()) as bus:
        yield bus


def test_aut_2_aut_3_the_totals_go_along_with_the_card(bus: Bus) -> None:
    """Rides of 230 yen on three days and in the next month; what is held back says why."""
    card = card_with(Account("aizu-noruca", 5_000, named=True, auto_charge=TWICE_A_DAY_THRICE_A_MONTH), 9, "AZ")
    for day, added_yen, held, totals in (
        (date(2026, 11, 20), 1_000, None, (1_000, 1_000)),
        (date(2026, 11, 20), 1_000, None, (2_000, 2_000)),
        (date(2026, 11, 20), 0, "day-cap", (2_000, 2_000)),
        (date(2026, 11, 24), 1_000, None, (1_000, 3_000)),
        (date(2026, 11, 25), 0, "month-cap", (1_000, 3_000)),
        (date(2026, 12, 1), 1_000, None, (1_000, 1_000)),
    ):
        ridden = ride_on(bus, card, day)
        assert ridden.alighted is not None
        settled = ridden.alighted.settlement
        assert settled.auto_charged_yen == added_yen
        reasons = [line.detail for line in settled.lines if line.word is Word.AUTO_CHARGE_HELD]
        assert reasons == ([held] if held else [])
        charged = account_of(card).auto_charged
        assert charged is not None and (charged.day_yen, charged.month_yen) == totals
    assert bus.ledger().credit_yen == 4_000


def test_aut_5_all_in_cash_leaves_the_totals_alone(bus: Bus) -> None:
    before = AutoCharged(date(2026, 11, 19), 1_000, 2_000)
    arranged = AutoCharge(100, 1_000, 1_000, 2_000)
    card = card_with(Account("aizu-noruca", 50, named=True, auto_charge=arranged, auto_charged=before), 9, "AZ")
    short = ride_on(bus, card, date(2026, 11, 20))
    assert short.refusal is not None
    bus.terminal.answer_payment(Payment.ALL_CASH)
    assert bus.alight(card).refusal is None
    assert account_of(card).auto_charged == before


def ride_on(bus: Bus, card: CardImage, day: date) -> Result:
    """From the first stop to the next, on a trip of that day."""
    if bus.terminal.service is not None:
        bus.terminal.end_trip()
    bus.begin(AIZU_TRIP, day).board(card)
    return bus.drive_to("西若松駅東口").alight(card)
