"""What the ledger remembers. Bookings are only ever added: what was wrong is booked the other way round.

`Tap` is what a terminal meant to write on a card and what became of it; `centre.ledger.booking` says what accounts are.
"""

from typing import Any, NoReturn

from django.db import models

from farebox.formats.journal import MAX_ID_BYTES

IDM_DIGITS = 16


class AppendOnlyError(Exception):
    """Somebody meant to change what was booked: a defect of theirs."""


class AddedOnlyQuerySet(models.QuerySet[Any]):
    """Rows that are never changed nor taken away."""

    def update(self, **_values: Any) -> NoReturn:
        """Refused."""
        raise AppendOnlyError("a booking is never changed; book the other way round")

    def bulk_update(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refused."""
        raise AppendOnlyError("a booking is never changed; book the other way round")

    def delete(self) -> NoReturn:
        """Refused."""
        raise AppendOnlyError("a booking is never taken away; book the other way round")


class AddedOnly(models.Model):
    """A row that is written once."""

    objects = AddedOnlyQuerySet.as_manager()

    class Meta:
        """No table of its own."""

        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write it, if it is new."""
        if self.pk is not None:
            raise AppendOnlyError("a booking is never changed; book the other way round")
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refused."""
        raise AppendOnlyError("a booking is never taken away; book the other way round")


class BookingRow(AddedOnly):
    """A booking: `key` once, `digest` SHA-256 over all that it says, in hex."""

    key = models.CharField(max_length=300, unique=True)
    at_s = models.BigIntegerField()
    """When it happened; `booked_on` is the day, in Japan, whose closing it counts in."""
    booked_on = models.DateField(db_index=True)
    what = models.CharField(max_length=32)
    digest = models.CharField(max_length=64)


class PostingRow(AddedOnly):
    """One side of a booking. Debits are positive."""

    booking = models.ForeignKey(BookingRow, models.PROTECT, related_name="postings")
    kind = models.CharField(max_length=32)
    company = models.CharField(max_length=64)
    of = models.CharField(max_length=MAX_ID_BYTES, blank=True)
    yen = models.BigIntegerField()
    card = models.CharField(max_length=IDM_DIGITS, blank=True)

    class Meta:
        """Asked for by card, and by account."""

        indexes = [
            models.Index(fields=["card", "kind"], name="postings_of_a_card", condition=~models.Q(card="")),
            models.Index(fields=["kind", "company", "of"], name="postings_of_an_account"),
        ]
