"""What a terminal's records come to, as bookings (docs/journal.md). Pure.

A write counts once it is known to be done. Its note is booked by itself, for the acceptor may tell of it before the
card does or after: until both are known, it is in doubt (faults 43).

An intent says that the card's purses change by

    auto_charge + note + premium + points_earned - points_lapsed - (due - cash)

and each of these is a side of its booking; a cancelling's all the other way round (GEN-22).
"""

from typing import NamedTuple

from cardimage.layout.slots import Slot, decode_slot
from cardimage.layout.variants import SHADOWS
from centre.ledger.booking import (
    ON_CARDS,
    STORED_FARE,
    Account,
    Booking,
    Kind,
    Posting,
    What,
    booking,
    cleared,
    to_purses,
)
from centre.ledger.companies import company_of, issuer_of
from farebox.formats.journal import Intent

FOREIGN = frozenset(SHADOWS)
"""Schemes whose cards are taken for their stored fare and are nobody's here (IGP-2)."""
AFTER_STOP = "after-stop"
"""Which losses: what a lost card spent from the first day of its stop on (faults 41)."""


class Place(NamedTuple):
    """Where a card was tapped: the company whose bus it was, the terminal, and the route in service."""

    company: str
    terminal: str
    route: str = ""


def slot_of(intent: Intent) -> Slot | None:
    """What a tap makes of a card, or found on it; None for a card in a layout that is not known here."""
    return decode_slot(intent.slot_after) or decode_slot(intent.slot_before)


def company_at(intent: Intent, scheme: str, before: str) -> str:
    """The company on whose bus a tap was, in service under a scheme: a ride's mark says so (LOC-6). A top-up leaves the
    mark of an earlier ride: it is of the company `before`, by the terminal's tap before it.
    """
    slot = slot_of(intent)
    if intent.action == "top-up" or slot is None or slot.ride is None:
        return before
    return company_of(scheme, slot.ride.company)


def purses_of(slot: Slot) -> dict[str, int]:
    """What a slot says that a card holds, by purse; those that hold nothing are not there."""
    held = {
        STORED_FARE: slot.stored_fare_yen,
        "welfare-points": slot.welfare_points,
        "transport-points": slot.points.points if slot.points else 0,
    }
    if slot.coupons:
        held |= {"eco": slot.coupons.eco_yen, "student": slot.coupons.student_yen, "regular": slot.coupons.regular_yen}
    return {purse: yen for purse, yen in held.items() if yen}


def changes_of(intent: Intent) -> dict[str, int]:
    """What each purse of the card gains by a write; below zero what it pays."""
    return {
        STORED_FARE: intent.sf_after_yen - intent.sf_before_yen,
        **{purse: after - before for purse, before, after in intent.purses},
    }


def left_over_yen(intent: Intent) -> int:
    """By how much a record contradicts itself; 0 for every record of a terminal that is well."""
    times = -1 if intent.action == "cancel" else 1
    given_yen = intent.auto_charge_yen + intent.note_yen + intent.premium_yen
    given_yen += intent.points_earned - intent.points_lapsed
    return sum(changes_of(intent).values()) - times * (given_yen - (intent.due_yen - intent.cash_yen))


def tap_booking(key: str, at_s: int, intent: Intent, scheme: str, place: Place) -> Booking:
    """A write that was done."""
    issuer, idm = issuer_of(scheme), intent.idm.hex().upper()
    times = -1 if intent.action == "cancel" else 1
    changes, due_yen, cash_yen = changes_of(intent), times * intent.due_yen, times * intent.cash_yen
    credit_yen, note_yen, premium_yen = (
        times * amount for amount in (intent.auto_charge_yen, intent.note_yen, intent.premium_yen)
    )
    earned, lapsed = times * intent.points_earned, times * intent.points_lapsed
    return booking(
        *(key, at_s, _WHAT[intent.action]),
        (
            *to_purses(scheme, idm, changes),
            Posting(Account(Kind.CREDIT, issuer), credit_yen, idm),
            Posting(Account(Kind.POINTS_GIVEN, issuer), earned, idm),
            Posting(Account(Kind.POINTS_LAPSED, issuer), -lapsed, idm),
            Posting(Account(Kind.PREMIUM, issuer), premium_yen, idm),
            Posting(Account(Kind.CASH_BOX, place.company, place.terminal), cash_yen, idm),
            Posting(Account(Kind.NOTES_IN_DOUBT, place.company, place.terminal), note_yen, idm),
            Posting(Account(Kind.FARES, place.company, place.route), -due_yen, idm),
            *cleared(issuer, place.company, due_yen - cash_yen - note_yen),
            Posting(Account(Kind.SUSPENSE, issuer), left_over_yen(intent), idm),
        ),
    )


def as_loss(made: Booking, key: str) -> Booking:
    """The booking of a lost card's tap, on a day from which its holder answers for it no more: what it did to the card
    and to the holder's credit is the operator's own loss (LOC-16, IGP-21, faults 41).
    """
    postings = tuple(
        posting._replace(account=Account(Kind.LOSS, posting.account.company, AFTER_STOP))
        if posting.account.kind in _THE_HOLDERS
        else posting
        for posting in made.postings
    )
    return booking(key, made.at_s, made.what, postings)


_THE_HOLDERS = (*ON_CARDS, Kind.CREDIT, Kind.POINTS_GIVEN, Kind.POINTS_LAPSED)
_WHAT = {
    "board": What.RIDE,
    "alight": What.RIDE,
    "top-up": What.TOP_UP_ON_BUS,
    "cancel": What.CANCELLED,
}


def note_in_box(key: str, at_s: int, place: Place, yen: int) -> Booking:
    """A note came into the note box."""
    account = Account(Kind.NOTE_BOX, place.company, place.terminal)
    return booking(key, at_s, What.NOTE, (Posting(account, yen), _in_doubt(place, -yen)))


class Owed(NamedTuple):
    """Yen that a top-up leaves owed, once card and note are known not to have ended alike."""

    by_passenger: int = 0
    to_passenger: int = 0


def owed(note_yen: int, written: bool | None, to: str) -> Owed:
    """What is owed for a top-up whose card was `written` or was not, and whose note went `to` "box" or "returned"."""
    if written is True and to == "returned":
        return Owed(by_passenger=note_yen)
    if written is False and to == "box":
        return Owed(to_passenger=note_yen)
    return Owed()


def note_owed(key: str, at_s: int, place: Place, idm: str, before: Owed, after: Owed) -> Booking:
    """What is owed becomes another amount; in doubt is the less for it."""
    by_yen, to_yen = after.by_passenger - before.by_passenger, after.to_passenger - before.to_passenger
    return booking(
        *(key, at_s, What.VOUCHER),
        (
            Posting(Account(Kind.OWED_BY_PASSENGERS, place.company), by_yen, idm),
            Posting(Account(Kind.OWED_TO_PASSENGERS, place.company), -to_yen, idm),
            _in_doubt(place, to_yen - by_yen),
        ),
    )


def _in_doubt(place: Place, yen: int) -> Posting:
    return Posting(Account(Kind.NOTES_IN_DOUBT, place.company, place.terminal), yen)
