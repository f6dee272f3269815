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


class Run(models.Model):
    """A trip as a terminal began it; the ground of its taps until the next. `company` by its last tap (LOC-6)."""

    terminal = models.CharField(max_length=MAX_ID_BYTES)
    journal = models.CharField(max_length=64)
    """SHA-256 of the journal's first segment, in hex: a box replaced under an old name numbers its records anew."""
    seq = models.BigIntegerField()
    began_at_s = models.BigIntegerField()
    ended_at_s = models.BigIntegerField(null=True)
    scheme = models.CharField(max_length=MAX_ID_BYTES)
    company = models.CharField(max_length=MAX_ID_BYTES)
    route = models.CharField(max_length=MAX_ID_BYTES)
    trip = models.CharField(max_length=MAX_ID_BYTES)
    pattern = models.CharField(max_length=MAX_ID_BYTES)
    vehicle = models.CharField(max_length=MAX_ID_BYTES)

    class Meta:
        """Told once."""

        constraints = [models.UniqueConstraint(fields=["terminal", "journal", "seq"], name="one_run_once")]


class Tap(models.Model):
    """What a terminal, or a counter's desk, meant to write on a card, and what became of it.

    `end` is its own word (`centre.ledger.chain.End`), `settled` the centre's: whether it was written, None while that
    is not known. `revision` counts how often that was booked or taken back. `payload` are the record's bytes, while
    they may still be wanted.
    """

    key = models.CharField(max_length=2 * MAX_ID_BYTES, unique=True)
    terminal = models.CharField(max_length=MAX_ID_BYTES)
    journal = models.CharField(max_length=64)
    seq = models.BigIntegerField()
    at_s = models.BigIntegerField()
    idm = models.CharField(max_length=IDM_DIGITS)
    scheme = models.CharField(max_length=32)
    company = models.CharField(max_length=64)
    action = models.CharField(max_length=16)
    run = models.ForeignKey(Run, models.PROTECT, null=True, related_name="taps")
    stop_index = models.PositiveIntegerField()
    write_counter = models.BigIntegerField()
    slot_before = models.BinaryField(max_length=16)
    slot_after = models.BinaryField(max_length=16)
    balance_yen = models.BigIntegerField()
    """Of all purses, points included, once it is written."""
    paid_yen = models.BigIntegerField()
    """What the card's own purses paid; below zero what was added to them."""
    due_yen = models.BigIntegerField()
    cash_yen = models.BigIntegerField()
    auto_charge_yen = models.BigIntegerField()
    note_yen = models.BigIntegerField()
    cancels_seq = models.BigIntegerField(default=0)
    end = models.CharField(max_length=16)
    settled = models.BooleanField(null=True)
    revision = models.PositiveIntegerField(default=0)
    note_to = models.CharField(max_length=16, blank=True)
    """Where its note went, as far as is known: "stacking", "box", "returned", "unsure"."""
    payload = models.BinaryField()

    class Meta:
        """Asked for by card, and what is open."""

        constraints = [models.UniqueConstraint(fields=["terminal", "journal", "seq"], name="one_tap_once")]
        indexes = [
            models.Index(fields=["idm", "write_counter"], name="taps_of_a_card"),
            models.Index(fields=["at_s"], name="taps_by_time"),
            models.Index(fields=["terminal"], name="taps_that_are_open", condition=models.Q(settled=None)),
        ]


class CardStanding(models.Model):
    """A card as it was seen last: by the newest of its taps in the card's own count."""

    idm = models.CharField(max_length=IDM_DIGITS, unique=True)
    scheme = models.CharField(max_length=32)
    purses = models.JSONField(default=dict)
    """Yen or points by purse."""
    write_counter = models.BigIntegerField(default=0)
    seen_at_s = models.BigIntegerField(default=0)
    seen_by = models.CharField(max_length=MAX_ID_BYTES, blank=True)
    to_judge = models.BooleanField(default=True, db_index=True)
    """It was tapped, or booked, since it was judged last."""


class CutOff(models.Model):
    """From which moment on a lost card's holder answers for it no more (LOC-16, IGP-21, faults 41)."""

    idm = models.CharField(max_length=IDM_DIGITS, unique=True)
    from_s = models.BigIntegerField()


class FindingRow(models.Model):
    """Something that a person must look at. Found again it is the same; what later records explain closes itself."""

    key = models.CharField(max_length=64, unique=True)
    """SHA-256 of what it is, in hex."""
    kind = models.CharField(max_length=32)
    idm = models.CharField(max_length=IDM_DIGITS, blank=True, db_index=True)
    terminal = models.CharField(max_length=MAX_ID_BYTES, blank=True)
    taps = models.JSONField(default=list)
    yen = models.BigIntegerField(default=0)
    first_seen_s = models.BigIntegerField()
    closed_at_s = models.BigIntegerField(null=True)
    closed_by = models.ForeignKey("users.User", models.PROTECT, null=True, related_name="+")
    """Nobody: later records explained it."""
    why = models.CharField(max_length=300, blank=True)


class DayClosed(AddedOnly):
    """A day's closing of a company: what it came to, as it was then. It is never changed; what comes late, with the day
    it happened on, is of the day it comes in.
    """

    company = models.CharField(max_length=64)
    day = models.DateField()
    closed_at_s = models.BigIntegerField()
    closed_by = models.ForeignKey("users.User", models.PROTECT, null=True, related_name="+")
    totals = models.JSONField()

    class Meta:
        """A day is closed once."""

        constraints = [models.UniqueConstraint(fields=["company", "day"], name="one_closing_a_day")]
