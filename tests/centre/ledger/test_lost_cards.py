"""Lost cards: from when on the loss is the operator's (LOC-16, IGP-21, faults 41)."""

from datetime import date

import pytest

from centre.cards.models import Card as Registered
from centre.cards.models import State
from centre.ledger import events, judging, reconciling, services
from centre.ledger.cutting_off import cut_off
from centre.ledger.models import FindingRow, PostingRow
from centre.payments.models import Debt, OwedBack
from tariff.calendar import midnight_in_japan_s
from tests.centre.ledger.journals import Bus, Card

pytestmark = pytest.mark.django_db
STOP = date(2026, 11, 22)
NEW = Card(9).name


def lost_card(scheme: str = "lococa") -> Card:
    """A card that was sold here."""
    card = Card(scheme=scheme)
    services.book([events.card_sold("sale", 1_795_000_000, scheme, card.name, "desk", 500, 2_000)])
    return card


def losses() -> dict[str, int]:
    """The operator's losses, by which."""
    rows = PostingRow.objects.filter(kind="loss")
    return {of: sum(row.yen for row in rows if row.of == of) for of in {row.of for row in rows}}


def reissue(card: Card, at_s: int, moved_yen: int) -> None:
    """What the old card held by the ledger moves."""
    moved = {"stored-fare": moved_yen}
    services.book(
        [
            events.reissued(
                *("reissue", at_s, "lococa", card.name, NEW, "desk"), moved=moved, fee_yen=520, deposit_yen=500
            )
        ]
    )


@pytest.mark.parametrize("told_first", ["the stop", "the ride"])
def test_faults_41_what_is_spent_after_the_stop_is_the_operators_loss(told_first: str) -> None:
    card, bus = lost_card(), Bus()
    bus.tap(card, due_yen=200)
    bus.at_s = midnight_in_japan_s(STOP)
    bus.tap(card, due_yen=300, cash_yen=50)
    if told_first == "the stop":
        cut_off(card.name, STOP)
        bus.send()
    else:
        bus.send()
        cut_off(card.name, STOP)
    cut_off(card.name, date(2026, 11, 30))  # the first one told stays
    assert losses() == {"after-stop": 250}
    assert services.balance_of(card.name) == {"stored-fare": 1_800}
    assert all(one.agrees for one in reconciling.reconcile().compared)


def test_faults_41_an_auto_charge_after_the_stop_is_not_billed() -> None:
    card, bus = lost_card("aizu-noruca"), Bus(scheme="aizu-noruca")
    bus.at_s = midnight_in_japan_s(STOP)
    bus.tap(card, due_yen=300, auto_charge_yen=1_000)
    bus.send()
    assert Debt.objects.count() == 1
    cut_off(card.name, STOP)
    assert OwedBack.objects.get().debt == Debt.objects.get()
    assert losses() == {"after-stop": 300}
    assert not PostingRow.objects.filter(kind="credit").exclude(booking__what="taken-back").filter(yen__lt=0).exists()


@pytest.mark.parametrize("judged_between", [False, True])
def test_faults_41_what_comes_in_once_the_balance_has_moved_is_the_operators_loss(judged_between: bool) -> None:
    card, bus, late = lost_card(), Bus(), Bus("BUS-2")
    bus.tap(card, due_yen=200)
    late.tap(card, due_yen=300)
    bus.send()
    cut_off(card.name, STOP)
    reissue(card, midnight_in_japan_s(STOP) + 40_000, 1_800)
    if judged_between:
        judging.judge_all()
    late.send()
    judging.judge_all()
    assert losses() == {"late": 300}
    assert services.balance_of(card.name) == {"stored-fare": 0}
    assert services.balance_of(NEW) == {"stored-fare": 1_800}
    assert not FindingRow.objects.exclude(kind="unknown-card").exists()


def test_faults_41_a_top_up_that_comes_in_once_the_balance_has_moved_is_owed_to_its_bearer_and_told_of() -> None:
    card, late = lost_card(), Bus("BUS-2")
    Registered.objects.create(
        idm=card.name, scheme="lococa", number="LC1", kind="general", named=True, issued_on=STOP, state=State.REPLACED
    )
    late.note(late.top_up(card, 1_000), 1_000, "stacking", "box")
    cut_off(card.name, STOP)
    reissue(card, midnight_in_japan_s(STOP) + 40_000, 2_000)
    late.send()
    judging.judge_all()
    assert services.balance_of(card.name) == {"stored-fare": 0}
    assert list(FindingRow.objects.values_list("kind", "yen", "closed_at_s")) == [("left-over", 1_000, None)]
