"""Whatever happens to a few cards on a few buses, and in whatever order the buses come in: the ledger is the same."""

from collections import Counter
from typing import NamedTuple

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from centre.ledger import judging, services
from centre.ledger.models import FindingRow, PostingRow, Tap
from tests.centre.ledger.journals import Bus, Card

pytestmark = pytest.mark.django_db


class Happens(NamedTuple):
    """A card at a bus."""

    bus: int
    card: int
    what: str


WHATS = ("ride", "board", "top-up", "ride and cancel", "torn before", "torn after", "torn, then given up")
HAPPENS = st.builds(Happens, st.integers(0, 2), st.integers(0, 1), st.sampled_from(WHATS))


def happen(bus: Bus, card: Card, what: str) -> None:
    """It happens, to the card and in the journal."""
    match what:
        case "ride":
            bus.tap(card, due_yen=200, cash_yen=50)
        case "board":
            bus.board(card)
        case "top-up":
            seq = bus.top_up(card, 1_000)
            bus.note(seq, 1_000, "stacking", "box")
        case "ride and cancel":
            bus.cancel(card, bus.tap(card, due_yen=300))
        case "torn before":
            bus.tap(card, result=None, due_yen=200)
        case "torn after":
            _, after = bus.intend(card, due_yen=200)
            card.write(after)
        case _:
            seq, after = bus.intend(card, due_yen=200)
            card.write(after)
            bus.resolve(seq, "unknown")


def accounts() -> dict[str, int]:
    """What every account comes to, of each card."""
    sums = Counter[str]()
    for row in PostingRow.objects.all():
        sums[f"{row.kind}:{row.company}:{row.of}:{row.card}"] += row.yen
    return {account: yen for account, yen in sums.items() if yen}


def in_turns(buses: list[Bus], turns: list[int]) -> dict[str, int]:
    """All that is sent in these turns, a few records at a time, and what comes of it."""
    with transaction.atomic():
        for bus in buses:
            bus.start_over()
        for turn in turns:
            buses[turn % len(buses)].send(1 + turn // len(buses))
            if turn % 4 == 0:
                judging.judge_some(1)
        for bus in buses:
            bus.send()
        judging.judge_all()
        found = accounts() | _open_findings()
        transaction.set_rollback(True)
    return found


def _open_findings() -> dict[str, int]:
    rows = FindingRow.objects.filter(closed_at_s=None).exclude(kind="unknown-card")
    return {f"finding {row.kind} {row.idm} {row.taps}": row.yen for row in rows}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happened=st.lists(HAPPENS, max_size=8), turns=st.lists(st.integers(0, 20), max_size=12), end=st.integers(0, 2))
@example([Happens(0, 0, "torn after"), Happens(1, 0, "torn before"), Happens(1, 0, "ride")], [1, 1, 0], 2)
def test_faults_40_any_order_of_vehicles_makes_the_same_ledger(
    happened: list[Happens], turns: list[int], end: int
) -> None:
    buses = [Bus(f"BUS-{number}", company=number % 2) for number in range(3)]
    cards = [Card(number) for number in (1, 2)]
    for at, laid, what in happened:
        happen(buses[at], cards[laid], what)
    for card in cards:
        buses[end].board(card)  # and every card is seen once more
    found = in_turns(buses, turns)
    assert found == in_turns(buses, [])
    held = {card.name: card.slot.stored_fare_yen for card in cards}
    by_ledger = {name: -yen for name, yen in found.items() if name.startswith("stored-fare")}
    assert by_ledger == {f"stored-fare:lococa/0::{name}": yen for name, yen in held.items()}
    assert not [name for name in found if name.startswith("finding")]


def test_a_double_booking_that_was_planted_is_found() -> None:
    bus, card = Bus(), Card()
    bus.tap(card, due_yen=300)
    bus.board(card)
    bus.send()
    judging.judge_all()
    made = services.last_booked(Tap.objects.get(action="alight").key)
    assert made is not None
    services.book([made._replace(key="planted")])
    judging.judge_all()
    assert FindingRow.objects.get(kind="disagrees").yen == 300
