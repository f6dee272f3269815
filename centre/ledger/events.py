"""What happens off the bus, as bookings: at a counter's desk, in the portal, with the payment service (CTR-1, PRT-5).

One function for each thing that happens; each takes `key`, by which it is booked once however often it is told, and
`at_s`, when it happened (seconds since 1970). Amounts are whole yen, none of them negative. `idm` is a card's IDm in 16
hex digits, `desk` the name of the till. Pure: `ledger.services.book` writes them down.
"""

from collections.abc import Mapping

from centre.ledger.booking import (
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
from centre.ledger.companies import issuer_of

Purses = Mapping[str, int]
"""Yen or points by purse: `STORED_FARE` or one of `farebox.formats.journal.PURSES`."""


def opened(key: str, at_s: int, scheme: str, idm: str, purses: Purses, deposit_yen: int = 0) -> Booking:
    """A card that was issued before this ledger began comes into it with what it holds."""
    _check(*purses.values(), deposit_yen)
    company = issuer_of(scheme)
    return booking(
        *(key, at_s, What.OPENING),
        (
            Posting(Account(Kind.OPENING, company), sum(purses.values()) + deposit_yen, idm),
            *to_purses(scheme, idm, purses),
            Posting(Account(Kind.DEPOSIT, company), -deposit_yen, idm),
        ),
    )


def card_sold(key: str, at_s: int, scheme: str, idm: str, desk: str, deposit_yen: int, stored_fare_yen: int) -> Booking:
    """A card sold for its deposit and what is on it (LOC-4, IGP-12)."""
    _check(deposit_yen, stored_fare_yen)
    return booking(
        *(key, at_s, What.CARD_SOLD),
        (
            _till(scheme, desk, deposit_yen + stored_fare_yen),
            Posting(Account(Kind.DEPOSIT, issuer_of(scheme)), -deposit_yen, idm),
            *to_purses(scheme, idm, {STORED_FARE: stored_fare_yen}),
        ),
    )


def topped_up(
    key: str,
    at_s: int,
    scheme: str,
    idm: str,
    desk: str,
    paid_yen: int,
    premium_yen: int = 0,
    purse: str = STORED_FARE,
) -> Booking:
    """Money put on a card at the counter; a premium comes on top (NOR-3, GEN-17)."""
    _check(paid_yen, premium_yen)
    return booking(
        *(key, at_s, What.TOPPED_UP),
        (
            _till(scheme, desk, paid_yen),
            Posting(Account(Kind.PREMIUM, issuer_of(scheme)), premium_yen, idm),
            *to_purses(scheme, idm, {purse: paid_yen + premium_yen}),
        ),
    )


def topped_up_elsewhere(key: str, at_s: int, scheme: str, idm: str, yen: int, where: str) -> Booking:
    """Stored fare that came onto a card outside this system (LOC-7: a station's machine, a shop): `where` owes it to
    the issuer. Booked when a clerk closes the finding by which it was seen.
    """
    _check(yen)
    return booking(
        *(key, at_s, What.TOPPED_UP_ELSEWHERE),
        (
            Posting(Account(Kind.CLEARING, issuer_of(scheme), where), yen, idm),
            *to_purses(scheme, idm, {STORED_FARE: yen}),
        ),
    )


def pass_sold(
    key: str, at_s: int, scheme: str, idm: str, desk: str, product: str, price_yen: int, company: str = ""
) -> Booking:
    """A pass sold or renewed at the counter. `company` is the one it is valid on, where that is not the one whose desk
    it is (LOC-6).
    """
    _check(price_yen)
    desks = issuer_of(scheme)
    company = company or desks
    return booking(
        *(key, at_s, What.PASS_SOLD),
        (
            _till(scheme, desk, price_yen),
            *cleared(desks, company, price_yen),
            Posting(Account(Kind.PASSES, company, product), -price_yen, idm),
        ),
    )


def pass_paid_online(key: str, at_s: int, scheme: str, idm: str, product: str, price_yen: int) -> Booking:
    """A pass renewed in the portal and paid by credit card (PRT-5)."""
    _check(price_yen)
    company = issuer_of(scheme)
    return booking(
        *(key, at_s, What.PASS_SOLD),
        (
            Posting(Account(Kind.PROCESSOR, company), price_yen, idm),
            Posting(Account(Kind.PASSES, company, product), -price_yen, idm),
        ),
    )


def paper_sold(key: str, at_s: int, scheme: str, desk: str, product: str, price_yen: int) -> Booking:
    """A book of paper coupons or a ticket sold at the counter (AZF-10)."""
    _check(price_yen)
    return booking(
        *(key, at_s, What.PAPER_SOLD),
        (_till(scheme, desk, price_yen), Posting(Account(Kind.PASSES, issuer_of(scheme), product), -price_yen)),
    )


def refunded(
    key: str,
    at_s: int,
    scheme: str,
    idm: str,
    desk: str,
    *,
    paid_yen: int,
    purses: Purses | None = None,
    deposit_yen: int = 0,
    pass_yen: int = 0,
    product: str = "",
    company: str = "",
    points_lapsed: Purses | None = None,
) -> Booking:
    """Money back at the counter (LOC-18, IGP-25, AZF-50): `purses` and the deposit are taken off the card, `pass_yen`
    is what the pass was still worth before its fee, `paid_yen` what was paid out. What is left of them is the fee.
    Points lapse with the card (IGP-30). `company` as of `pass_sold`. ValueError if more is paid than there is.
    """
    purses, lapsed = purses or {}, points_lapsed or {}
    _check(paid_yen, deposit_yen, pass_yen, *purses.values(), *lapsed.values())
    desks = issuer_of(scheme)
    company = company or desks
    fee_yen = sum(purses.values()) + deposit_yen + pass_yen - paid_yen
    if fee_yen < 0:
        raise ValueError(f"{key}: {-fee_yen} yen more paid out than there is to give back")
    return booking(
        *(key, at_s, What.REFUNDED),
        (
            *to_purses(scheme, idm, _less(purses)),
            Posting(Account(Kind.DEPOSIT, desks), deposit_yen, idm),
            Posting(Account(Kind.PASSES, company, product), pass_yen, idm),
            *cleared(company, desks, pass_yen),
            _till(scheme, desk, -paid_yen),
            Posting(Account(Kind.FEES, desks, "refund"), -fee_yen, idm),
            *to_purses(scheme, idm, _less(lapsed)),
            Posting(Account(Kind.POINTS_LAPSED, desks), -sum(lapsed.values()), idm),
        ),
    )


def reissued(
    key: str,
    at_s: int,
    scheme: str,
    old_idm: str,
    new_idm: str,
    desk: str,
    *,
    moved: Purses,
    fee_yen: int,
    deposit_yen: int,
) -> Booking:
    """A lost card anew (LOC-16, IGP-21): what the old one held moves to the new one, fee and a new deposit are paid.
    The old one's deposit stays until the card is found (`deposit_returned`).
    """
    _check(fee_yen, deposit_yen, *moved.values())
    company = issuer_of(scheme)
    return booking(
        *(key, at_s, What.REISSUED),
        (
            *to_purses(scheme, old_idm, _less(moved)),
            *to_purses(scheme, new_idm, moved),
            _till(scheme, desk, fee_yen + deposit_yen),
            Posting(Account(Kind.FEES, company, "reissue"), -fee_yen, new_idm),
            Posting(Account(Kind.DEPOSIT, company), -deposit_yen, new_idm),
        ),
    )


def exchanged(
    key: str, at_s: int, scheme: str, old_idm: str, new_idm: str, *, moved: Purses, deposit_yen: int
) -> Booking:
    """A damaged card anew, or one exchanged (LOC-17, IGP-22, IGP-23): all that it held and its deposit move, nothing is
    paid.
    """
    _check(deposit_yen, *moved.values())
    company = issuer_of(scheme)
    return booking(
        *(key, at_s, What.EXCHANGED),
        (
            *to_purses(scheme, old_idm, _less(moved)),
            *to_purses(scheme, new_idm, moved),
            Posting(Account(Kind.DEPOSIT, company), deposit_yen, old_idm),
            Posting(Account(Kind.DEPOSIT, company), -deposit_yen, new_idm),
        ),
    )


def deposit_returned(key: str, at_s: int, scheme: str, idm: str, desk: str, deposit_yen: int) -> Booking:
    """The deposit of a card that was found after its reissue (LOC-16, IGP-21)."""
    _check(deposit_yen)
    return booking(
        *(key, at_s, What.DEPOSIT_RETURNED),
        (Posting(Account(Kind.DEPOSIT, issuer_of(scheme)), deposit_yen, idm), _till(scheme, desk, -deposit_yen)),
    )


def voided(key: str, at_s: int, scheme: str, idm: str, *, purses: Purses, deposit_yen: int) -> Booking:
    """A card made void and collected: no money back, its points lapse (IGP-20, IGP-30)."""
    _check(deposit_yen, *purses.values())
    company = issuer_of(scheme)
    return booking(
        *(key, at_s, What.VOIDED),
        (
            *to_purses(scheme, idm, _less(purses)),
            Posting(Account(Kind.DEPOSIT, company), deposit_yen, idm),
            Posting(Account(Kind.FORFEITED, company), -sum(purses.values()) - deposit_yen, idm),
        ),
    )


# -- by credit card


def auto_charge_billed(key: str, at_s: int, scheme: str, idm: str, yen: int) -> Booking:
    """An auto-charge was paid by the member's credit card (AUT-6)."""
    _check(yen)
    company = issuer_of(scheme)
    return booking(
        *(key, at_s, What.BILLED),
        (Posting(Account(Kind.PROCESSOR, company), yen, idm), Posting(Account(Kind.CREDIT, company), -yen, idm)),
    )


def auto_charge_paid_back(key: str, at_s: int, scheme: str, idm: str, yen: int) -> Booking:
    """An auto-charge that had been billed was cancelled on the bus, and the credit card has it back (GEN-22)."""
    _check(yen)
    company = issuer_of(scheme)
    return booking(
        *(key, at_s, What.PAID_BACK),
        (Posting(Account(Kind.CREDIT, company), yen, idm), Posting(Account(Kind.PROCESSOR, company), -yen, idm)),
    )


def auto_charge_uncollectable(key: str, at_s: int, scheme: str, idm: str, yen: int) -> Booking:
    """An auto-charge that no credit card will pay is written off."""
    _check(yen)
    company = issuer_of(scheme)
    return booking(
        *(key, at_s, What.UNCOLLECTABLE),
        (
            Posting(Account(Kind.LOSS, company, "uncollectable"), yen, idm),
            Posting(Account(Kind.CREDIT, company), -yen, idm),
        ),
    )


def payment_refunded(key: str, at_s: int, scheme: str, idm: str, product: str, yen: int) -> Booking:
    """A pass bought in the portal is paid back to the credit card."""
    _check(yen)
    company = issuer_of(scheme)
    return booking(
        *(key, at_s, What.PAID_BACK),
        (
            Posting(Account(Kind.PASSES, company, product), yen, idm),
            Posting(Account(Kind.PROCESSOR, company), -yen, idm),
        ),
    )


def paid_out(key: str, at_s: int, scheme: str, yen: int, fee_yen: int = 0) -> Booking:
    """The payment service pays out to the bank `yen` that it held, less its own fee."""
    _check(yen, fee_yen, yen - fee_yen)
    company = issuer_of(scheme)
    return booking(
        *(key, at_s, What.PAID_OUT),
        (
            Posting(Account(Kind.BANK, company), yen - fee_yen),
            Posting(Account(Kind.SERVICE_FEES, company), fee_yen),
            Posting(Account(Kind.PROCESSOR, company), -yen),
        ),
    )


# -- vouchers, boxes, companies


def voucher_paid(key: str, at_s: int, company: str, idm: str, desk: str, yen: int) -> Booking:
    """A passenger is paid the note that a box kept and no card has (faults 43)."""
    _check(yen)
    return booking(
        *(key, at_s, What.VOUCHER),
        (
            Posting(Account(Kind.OWED_TO_PASSENGERS, company), yen, idm),
            Posting(Account(Kind.TILL, company, desk), -yen),
        ),
    )


def voucher_collected(key: str, at_s: int, company: str, idm: str, desk: str, yen: int) -> Booking:
    """A passenger pays for a top-up whose note was given back (faults 43)."""
    _check(yen)
    return booking(
        *(key, at_s, What.VOUCHER),
        (
            Posting(Account(Kind.TILL, company, desk), yen),
            Posting(Account(Kind.OWED_BY_PASSENGERS, company), -yen, idm),
        ),
    )


def counted(key: str, at_s: int, account: Account, expected_yen: int, counted_yen: int) -> Booking:
    """A cash box, a note box or a till was emptied and counted, and the money brought to the bank. What it should have
    held leaves the account; the difference is over or short.
    """
    _check(counted_yen)
    if account.kind not in (Kind.CASH_BOX, Kind.NOTE_BOX, Kind.TILL, Kind.NOTES_IN_DOUBT):
        raise ValueError(f"{account} is nothing that is counted")
    return booking(
        *(key, at_s, What.COUNTED),
        (
            Posting(Account(Kind.BANK, account.company), counted_yen),
            Posting(account, -expected_yen),
            Posting(Account(Kind.OVER_SHORT, account.company, account.of), expected_yen - counted_yen),
        ),
    )


def clearing_paid(key: str, at_s: int, debtor: str, creditor: str, yen: int) -> Booking:
    """One company pays another what it owes it."""
    _check(yen)
    return booking(
        *(key, at_s, What.CLEARED),
        (
            *cleared(debtor, creditor, -yen),
            Posting(Account(Kind.BANK, debtor), -yen),
            Posting(Account(Kind.BANK, creditor), yen),
        ),
    )


# -- parts


def _till(scheme: str, desk: str, yen: int) -> Posting:
    return Posting(Account(Kind.TILL, issuer_of(scheme), desk), yen)


def _less(purses: Purses) -> Purses:
    return {purse: -yen for purse, yen in purses.items()}


def _check(*amounts: int) -> None:
    for yen in amounts:
        if type(yen) is not int or yen < 0:
            raise ValueError(f"{yen!r} is no amount of yen")
