"""Days on which everything goes wrong (模擬): the ledger says what the simulator's own checkers say, in any order."""

from collections.abc import Sequence
from random import Random

import pytest

from centre.ledger import judging, services
from centre.ledger.booking import ON_CARDS, Kind
from centre.ledger.models import FindingRow, PostingRow
from centre.ledger.records import Source, book_journal
from farebox.formats.journal import Entry
from farebox.journal import fold
from sim.checkers import Moment
from tests.centre.ledger.days_of_faults import day_of

pytestmark = pytest.mark.django_db


def send(name: str, entries: Sequence[Entry]) -> None:
    """Records of a bus come in."""
    book_journal(Source(name, name.encode().hex().ljust(64, "0")), entries)


def of_kind(*kinds: Kind) -> int:
    """What accounts of these kinds come to."""
    return sum(PostingRow.objects.filter(kind__in=kinds).values_list("yen", flat=True))


def checked(day: Moment) -> None:
    """What the ledger says, beside the cards themselves and the sums of each journal."""
    judging.judge_all()
    for card in day.cards:
        purses = services.balance_of(card.idm.hex().upper())
        if purses:
            assert sum(purses.values()) == card.held.total_yen
            assert purses.get("stored-fare", 0) == card.held.stored_fare_yen
    sums = [fold.audit(bus.entries)[0] for bus in day.buses]
    if not any(ledger.unknown + ledger.pending for ledger in sums):
        assert of_kind(Kind.CASH_BOX) == sum(ledger.cash_yen for ledger in sums)
        assert of_kind(Kind.NOTE_BOX) == sum(ledger.notes_yen for ledger in sums)
        assert of_kind(Kind.FARES) == -sum(ledger.fares_yen for ledger in sums)
        assert of_kind(Kind.CREDIT) == sum(ledger.credit_yen for ledger in sums)
        assert of_kind(Kind.PREMIUM) == sum(ledger.premium_yen for ledger in sums)
        assert of_kind(Kind.POINTS_GIVEN) == sum(ledger.points_earned for ledger in sums)
        assert of_kind(Kind.OWED_BY_PASSENGERS) == sum(ledger.claimed_yen for ledger in sums)
        assert of_kind(Kind.OWED_TO_PASSENGERS) == -sum(ledger.owed_yen for ledger in sums)
    gained_yen = sum(card.held.total_yen - card.opening.total_yen for card in day.cards)
    assert -of_kind(*ON_CARDS) == gained_yen + of_kind(Kind.OPENING)
    wrong = FindingRow.objects.filter(kind__in=("disagrees", "broken", "contradicts", "claimed-twice", "forked"))
    assert not wrong.filter(closed_at_s=None).exists()


@pytest.mark.parametrize("seed", [1, 2, 6, 13])
def test_faults_2_to_5_the_ledger_says_what_the_cards_hold(seed: int) -> None:
    day = day_of(seed)
    for bus in day.buses:
        send(bus.name, bus.entries)
    checked(day)


def pieces(day: Moment, random: Random) -> list[tuple[str, Sequence[Entry]]]:
    """Every bus' records in segments of their own lengths, the buses in any order beside each other."""
    left = {bus.name: list(bus.entries) for bus in day.buses}
    found: list[tuple[str, Sequence[Entry]]] = []
    while left:
        name = random.choice(sorted(left))
        many = random.choice((1, 20, 400))
        found.append((name, left[name][:many]))
        left[name] = left[name][many:]
        if not left[name]:
            del left[name]
    return found


@pytest.mark.parametrize("order", range(4))
def test_faults_40_in_whatever_order_vehicles_come_in_the_ledger_is_the_same(order: int) -> None:
    day, random = day_of(2), Random(order)
    for name, entries in pieces(day, random):
        send(name, entries)
        if random.random() < 0.2:
            judging.judge_some(20)
    checked(day)
