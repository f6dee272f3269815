"""Booking: once however often it is told, all or nothing, and never changed again."""

from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from centre.ledger import events, services
from centre.ledger.booking import Account, Booking, Kind, Posting, Unbalanced, What
from centre.ledger.models import AppendOnlyError, BookingRow, DayClosed, PostingRow

AT_S = 1_795_132_800
CARD = "0139000000000001"

pytestmark = pytest.mark.django_db


def sold(key: str = "sale:1", stored_fare_yen: int = 1_500) -> Booking:
    """A card sold."""
    return events.card_sold(key, AT_S, "lococa", CARD, "shirakawa", 500, stored_fare_yen)


def test_what_is_booked_is_what_the_card_should_hold() -> None:
    assert services.book([sold(), events.topped_up("top-up:1", AT_S, "lococa", CARD, "shirakawa", 1_000)]) == 2
    assert services.balance_of(CARD) == {"stored-fare": 2_500}
    assert services.deposit_of(CARD) == 500


def test_faults_32_told_again_it_is_booked_once() -> None:
    services.book([sold()])
    assert services.book([sold(), sold()]) == 0
    assert services.balance_of(CARD) == {"stored-fare": 1_500}


@pytest.mark.parametrize("together", [True, False])
def test_faults_38_the_same_key_for_something_else_is_refused(together: bool) -> None:
    with pytest.raises(services.KeyTaken, match="sale:1"):
        if together:
            services.book([sold(), sold(stored_fare_yen=1)])
        services.book([sold()])
        services.book([sold(stored_fare_yen=1)])


def test_one_bad_booking_and_none_is_booked() -> None:
    bad = Booking("bad", AT_S, What.COUNTED, (Posting(Account(Kind.BANK, "noruca"), 1),))
    with pytest.raises(Unbalanced):
        services.book([sold(), bad])
    assert not BookingRow.objects.exists()


def test_what_is_booked_stays() -> None:
    services.book([sold()])
    row, posting = BookingRow.objects.get(), PostingRow.objects.all()[0]
    posting.yen = 1
    for change in (row.save, row.delete, posting.save, posting.delete, PostingRow.objects.all().delete):
        with pytest.raises(AppendOnlyError):
            change()
    with pytest.raises(AppendOnlyError):
        PostingRow.objects.update(yen=1)
    with pytest.raises(AppendOnlyError):
        PostingRow.objects.bulk_update([posting], ["yen"])


def test_a_booking_takes_the_same_few_queries_however_many_there_are(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(6):  # savepoint and its end, keys, bookings, postings, cards
        services.book(sold(f"sale:{number}") for number in range(40))


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ledger_bookingrow SET at_s = 0",
        "UPDATE ledger_postingrow SET yen = yen + 1",
        "UPDATE ledger_dayclosed SET closed_at_s = 0",
        *(f"DELETE FROM ledger_{table}" for table in ("postingrow", "dayclosed") if connection.vendor == "postgresql"),
    ],
)
def test_ctr_4_the_database_itself_refuses_what_changes_a_booking(sql: str) -> None:
    services.book([events.auto_charge_billed("k", 0, "aizu-noruca", CARD, 1_000)])
    DayClosed(company="aizu-noruca", day=date(2026, 11, 20), closed_at_s=1, totals={}).save()
    with pytest.raises(DatabaseError, match="only ever added"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
