"""Whether a card is taken at all: at either reader, and for a top-up (GEN-11, GEN-15, GEN-21)."""

from datetime import date

from tariff.account import Account
from tariff.refusal import Code, Refusal
from tariff.rulebook import Rulebook


def accept(account: Account, day: date, service: str, rulebook: Rulebook) -> Refusal | None:
    """Whether a card may ride: on this service (GEN-15), and what `accept_card` asks."""
    if service in rulebook.excluded_services:
        return Refusal(Code.EXCLUDED_SERVICE, "GEN-15", service)
    return accept_card(account, day, rulebook)


def accept_card(account: Account, day: date, rulebook: Rulebook) -> Refusal | None:
    """Whether a card is of a scheme that is taken (GEN-21), and not past its own last day (GEN-11)."""
    if account.scheme != rulebook.scheme and account.scheme not in rulebook.accepted_schemes:
        return Refusal(Code.FOREIGN_CARD, "GEN-21", account.scheme)
    if account.expires is not None and account.expires < day:
        return Refusal(Code.EXPIRED_CARD, "GEN-11", account.expires.isoformat())
    return None
