"""A day's closing, and whether the books are right."""

from datetime import date, timedelta

import pytest

from centre.ledger import closing, events, reconciling, services
from centre.ledger.booking import Account, Kind, Posting, What
from centre.ledger.closing import Boxes, close_day, day_of
from centre.ledger.models import AppendOnlyError, BookingRow, DayClosed, PostingRow
from tests.centre.ledger.journals import Bus, Card

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 21)


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> list[date]:
    """The day that it is, and may become."""
    days = [DAY]
    monkeypatch.setattr(services, "today", lambda: days[0])
    monkeypatch.setattr(closing, "today", lambda: days[0])
    return days


def a_ride(bus: Bus, number: int = 1) -> Card:
    """A ride of 300 yen, 100 of it in cash."""
    card = Card(number)
    bus.tap(card, due_yen=300, cash_yen=100)
    bus.send()
    return card


def test_a_day_is_closed_by_its_totals_and_boxes(today: list[date]) -> None:
    bus = Bus()
    card = a_ride(bus)
    seq = bus.top_up(card, 1_000)
    bus.note(seq, 1_000, "stacking", "box")
    bus.send()
    day = day_of("lococa/0", DAY)
    assert {(total.kind, total.of): total.yen for total in day.totals} == {
        ("cash-box", "BUS-1"): 100,
        ("fares", "route-1"): -300,
        ("note-box", "BUS-1"): 1_000,
        ("notes-in-doubt", "BUS-1"): 0,
        ("stored-fare", ""): -800,
    }
    assert day.boxes == (Boxes("BUS-1", 100, 1_000, 0),)
    assert (day.bookings, day.late, day.trial_yen) == (3, 0, 0)


def test_what_comes_late_is_of_the_day_it_comes_in_and_a_closed_day_stays(today: list[date]) -> None:
    a_ride(Bus())
    today[0] = DAY + timedelta(days=1)
    closed = close_day("lococa/0", DAY)
    a_ride(Bus("BUS-2"), 2)  # of yesterday, by its own time
    assert (
        close_day("lococa/0", DAY).totals
        == closed.totals
        == closing.as_json(day_of("lococa/0", DAY)) | {"boxes": closed.totals["boxes"]}
    )
    late = day_of("lococa/0", today[0])
    assert (late.bookings, late.late) == (1, 1)
    closed.totals = {}
    with pytest.raises(AppendOnlyError):
        closed.save()
    assert DayClosed.objects.count() == 1


def test_a_day_that_is_not_over_is_not_closed(today: list[date]) -> None:
    with pytest.raises(closing.NotOver, match="2026-11-22"):
        close_day("lococa/0", DAY)


def test_days_to_close_are_those_with_bookings(today: list[date]) -> None:
    a_ride(Bus())
    assert list(closing.days_to_close("lococa/0")) == []
    today[0] = DAY + timedelta(days=2)
    assert list(closing.days_to_close("lococa/0")) == [DAY]
    close_day("lococa/0", DAY)
    assert list(closing.days_to_close("lococa/0")) == []


# -- are the books right


def by_name() -> dict[str, bool]:
    """What was compared, and whether it agrees."""
    return {one.name: one.agrees for one in reconciling.reconcile().compared}


def test_ctr_4_books_that_are_right_are_found_right() -> None:
    bus = Bus(company=1)
    card = Card()
    services.book([events.card_sold("sale", bus.at_s, "lococa", card.name, "shirakawa", 500, 2_000)])
    seq = bus.tap(card, due_yen=300, cash_yen=100)
    bus.cancel(card, seq)
    bus.note(bus.top_up(card, 1_000), 1_000, "stacking", "box")
    bus.send()
    found = reconciling.reconcile()
    assert found.findings == {"unknown-card": 1}
    assert found.is_right is False
    assert found._replace(findings={}).is_right
    assert found.by_company() == {"lococa/0": 0, "lococa/1": 0}


@pytest.mark.parametrize("key", ["planted", "BUS-1:planted"])
def test_ctr_4_a_double_booking_that_was_planted_is_found(key: str) -> None:
    bus = Bus()
    card = a_ride(bus)
    made = services.last_booked(f"BUS-1:{bus.source.journal[:16]}:2")
    assert made is not None and made.what is What.RIDE
    services.book([made._replace(key=key)])
    found = reconciling.reconcile()
    assert {one.name for one in found.compared if not one.agrees} == {"cash", "fares", "cards"}
    assert found.findings["disagrees"] == 1
    assert card.name in str(found) or not found.is_right


def test_ctr_4_a_posting_that_was_planted_is_found() -> None:
    a_ride(Bus())
    row = BookingRow.objects.get(what=What.RIDE)
    account = Account(Kind.BANK, "lococa/0")
    PostingRow.objects.bulk_create(
        [PostingRow(booking=row, kind=account.kind, company=account.company, yen=1, card="")]
    )
    found = reconciling.reconcile()
    assert found.unbalanced == (row.key,)
    assert found.by_company() == {"lococa/0": 1}
    assert not found.is_right


def test_as_json_says_what_was_found() -> None:
    a_ride(Bus())
    said = reconciling.as_json(reconciling.reconcile())
    assert said["right"] is False and said["findings"] == {"unknown-card": 1}
    assert {one["name"] for one in said["compared"]} == {"cash", "fares", "notes", "cards", "credit"}
    assert Posting(Account(Kind.BANK, "x"), 1).yen == 1
