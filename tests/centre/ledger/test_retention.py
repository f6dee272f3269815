"""Whose personal data is kept, and when it goes (個人情報保護法)."""

from datetime import date

import pytest
from pytest_django import Settings

from centre.cards.models import Card, Holder, State
from centre.ledger import events, retention, services
from tariff.calendar import midnight_in_japan_s

pytestmark = pytest.mark.django_db
SOLD, REFUNDED = date(2026, 1, 10), date(2026, 3, 31)


@pytest.fixture(autouse=True)
def _months(settings: Settings) -> None:
    settings.HOLDER_MONTHS = 12


def held_card(number: int = 1, state: State = State.IN_USE, expires: date | None = None) -> Card:
    """A named card and its holder."""
    card = Card.objects.create(
        idm=f"{number:016X}",
        scheme="lococa",
        number=f"LC{number:014}",
        kind="named",
        named=True,
        issued_on=SOLD,
        expires=expires,
        state=state,
    )
    Holder.objects.create(card=card, kana_name="アイヅタロウ", birth=date(1990, 1, 1), telephone="0242220000")
    return card


def refund(card: Card) -> None:
    """The card came back."""
    at_s = midnight_in_japan_s(REFUNDED)
    services.book([events.refunded("refund", at_s, "lococa", card.idm, "desk", paid_yen=500, deposit_yen=500)])


@pytest.mark.parametrize(("today", "gone"), [(date(2027, 3, 30), False), (date(2027, 3, 31), True)])
def test_a_holder_goes_when_the_months_after_the_cards_end_are_over(today: date, gone: bool) -> None:
    card = held_card(state=State.REFUNDED)
    refund(card)
    assert retention.erase(today) == int(gone)
    holder = Holder.objects.get()
    assert (holder.erased_on == today, holder.kana_name, holder.birth) == (
        (True, "", None) if gone else (False, "アイヅタロウ", date(1990, 1, 1))
    )


def test_an_expired_card_counts_from_its_last_day() -> None:
    held_card(expires=date(2026, 3, 31))
    assert retention.due(date(2027, 3, 30)) == ()
    assert [due.ended_on for due in retention.due(date(2027, 3, 31))] == [date(2026, 3, 31)]


def test_a_card_in_use_keeps_its_holder() -> None:
    held_card()
    assert retention.erase(date(2050, 1, 1)) == 0


def test_it_is_done_once_and_the_ledger_stays() -> None:
    refund(held_card(state=State.REFUNDED))
    assert retention.erase(date(2028, 1, 1)) == 1
    assert retention.erase(date(2028, 1, 2)) == 0
    assert services.deposit_of(f"{1:016X}") == -500
