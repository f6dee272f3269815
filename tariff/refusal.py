"""Refusals: a tap that is not accepted is a value with a code, never an exception (GEN-11).

Every code stands in docs/rulebook.md with its sound and what the driver is told; a test holds that table whole.
"""

from enum import StrEnum
from typing import NamedTuple


class Code(StrEnum):
    """Why a tap was not accepted."""

    OUT_OF_SERVICE = "out-of-service"  # faults 16: no trip, no fare
    BUSY = "busy"  # faults 15: the driver is answering for another card
    TWO_CARDS = "two-cards"  # GEN-6, faults 14: nobody can tell which is meant
    TOUCH_AGAIN = "touch-again"  # faults 1, 3: the card left too soon
    FOREIGN_CARD = "foreign-card"  # GEN-11, GEN-21: not a card this operator takes
    UNREADABLE_CARD = "unreadable-card"  # GEN-11: neither slot of the card stands
    ALTERED_CARD = "altered-card"  # GEN-11: the card's contents contradict themselves
    WRONG_KEY = "wrong-key"  # faults 10, 11: the card can't prove its key
    EXPIRED_CARD = "expired-card"  # GEN-11, LOC-2
    HOTLISTED = "hotlisted"  # GEN-11: on the list of cards that every terminal refuses
    CLOCK_NOT_SET = "clock-not-set"  # faults 25: the card holds what only a known day can judge
    NO_BOARDING = "no-boarding"  # GEN-7: the driver keys the boarding stop
    SHORT = "short"  # GEN-10: the passenger chooses, the driver keys it
    NO_FARE = "no-fare"  # GEN-4: the table has no fare for the pair
    HOLDER_ONLY = "holder-only"  # GEN-18: this card pays for its holder alone
    OPEN_RIDE = "open-ride"  # GEN-8, where the operator refuses instead of clearing
    OVER_CAP = "over-cap"  # GEN-3: stored fare would pass the cap
    TOO_LARGE = "too-large"  # GEN-1: an amount or a day that the card has no room for
    EXCLUDED_SERVICE = "excluded-service"  # GEN-15: no card is taken on this service
    NOT_CONFIGURED = "not-configured"  # GEN-17: no source states it, and the operator has not configured it
    NOT_CARRIED = "not-carried"  # AZF-2: luggage over the upper bounds
    NOT_SOLD = "not-sold"  # GEN-19: a product, period or kind of card that is not sold so
    NOT_ELIGIBLE = "not-eligible"  # IGP-3, NOR-3, AZF-53: not for this card or person
    COUPON_REFUSED = "coupon-refused"  # AZF-11, AZF-13: a paper coupon that is not taken so
    NOT_CANCELLABLE = "not-cancellable"  # GEN-22: no settlement made here stands on this card
    NOT_AT_STOP = "not-at-stop"  # LOC-9: no note is taken but at a stop
    NO_NOTES = "no-notes"  # faults 43: the note acceptor takes none now
    CARD_FULL = "card-full"  # FeliCa Lite-S takes no more MAC writes: exchange the card


class Refusal(NamedTuple):
    """A refusal: the code, the rule or fault it stands on, and what a driver needs to know.

    `detail` names things (stops, days) and never a person or a card number. For `SHORT`, `due_yen` is the fare and
    `short_yen` what the card lacks.
    """

    code: Code
    rule: str
    detail: str = ""
    due_yen: int = 0
    short_yen: int = 0
