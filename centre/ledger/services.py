"""What the other parts ask of the ledger: to book, and what a card should hold."""

from collections.abc import Iterable
from hashlib import sha256

from django.db import transaction
from django.db.models import Q, Sum

from centre.clock import today
from centre.ledger.batches import batched
from centre.ledger.booking import BY_TAPS, ON_CARDS, Account, Booking, Kind, Posting, What, check, purse_of
from centre.ledger.models import BookingRow, CardStanding, PostingRow


class KeyTaken(Exception):
    """A key under which something else was booked before: a defect of whoever made the booking."""


def book(bookings: Iterable[Booking]) -> int:
    """Write bookings down, all or none; how many of them were new. Told again, one is booked once.

    Raises `KeyTaken` for a key that stands for something else, `Unbalanced` or ValueError for what is no booking.
    """
    wanted: dict[str, tuple[Booking, str]] = {}
    for made in bookings:
        check(made)
        digest = _digest(made)
        if wanted.setdefault(made.key, (made, digest))[1] != digest:
            raise KeyTaken(f"{made.key}: told twice, and differently")
    if not wanted:
        return 0
    with transaction.atomic():
        return _book_new(wanted)


def _book_new(wanted: dict[str, tuple[Booking, str]]) -> int:
    for keys in batched(list(wanted)):
        asked = BookingRow.objects.filter(key__in=keys)
        for key, digest in asked.values_list("key", "digest"):
            if wanted.pop(key)[1] != digest:
                raise KeyTaken(f"{key}: something else stands booked under it")
    day = today()
    rows = BookingRow.objects.bulk_create(
        BookingRow(key=made.key, at_s=made.at_s, booked_on=day, what=made.what, digest=digest)
        for made, digest in wanted.values()
    )
    PostingRow.objects.bulk_create(
        PostingRow(
            booking=row,
            kind=account.kind.value,
            company=account.company,
            of=account.of,
            yen=yen,
            card=card,
        )
        for row, (made, _) in zip(rows, wanted.values(), strict=True)
        for account, yen, card in made.postings
    )
    cards = {posting.card for made, _ in wanted.values() for posting in made.postings if made.what not in BY_TAPS}
    for some in batched(sorted(cards)):
        CardStanding.objects.filter(idm__in=some, to_judge=False).update(to_judge=True)
    return len(rows)


def balance_of(idm: str) -> dict[str, int]:
    """What a card holds by the ledger, in yen or points by purse; purses that no booking knows are not there."""
    sums = (
        PostingRow.objects.filter(card=idm, kind__in=ON_CARDS).values("kind", "company", "of").annotate(yen=Sum("yen"))
    )
    found: dict[str, int] = {}
    for row in sums:
        purse = purse_of(Account(Kind(row["kind"]), row["company"], row["of"]))
        assert purse is not None
        found[purse] = found.get(purse, 0) - row["yen"]
    return found


def deposit_of(idm: str) -> int:
    """The deposit that is held for a card, in yen."""
    found = PostingRow.objects.filter(card=idm, kind=Kind.DEPOSIT).aggregate(yen=Sum("yen"))["yen"]
    return -(found or 0)


def last_booked(tap_key: str) -> Booking | None:
    """What stands booked of a tap, after all that was taken back; None if nothing does."""
    of_it = BookingRow.objects.filter(Q(key=tap_key) | Q(key__startswith=f"{tap_key}~")).exclude(what=What.VOUCHER)
    row = of_it.prefetch_related("postings").order_by("-pk").first()
    if row is None or row.what == What.TAKEN_BACK:
        return None
    postings = (
        Posting(Account(Kind(side.kind), side.company, side.of), side.yen, side.card) for side in row.postings.all()
    )
    return Booking(row.key, row.at_s, What(row.what), tuple(postings))


def _digest(made: Booking) -> str:
    sides = sorted((str(posting.account), posting.yen, posting.card) for posting in made.postings)
    return sha256(repr((made.key, made.at_s, str(made.what), sides)).encode()).hexdigest()
