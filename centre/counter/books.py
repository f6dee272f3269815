"""What the ledger is told of an operation: its bookings. Pure."""

from centre.counter.operations.effects import PassRefunded, PassSold
from centre.counter.operations.prepared import NewIssue, Prepared, Rewrite
from centre.counter.operations.values import Operation, ReportedWhy, What, idm_text
from centre.ledger import events
from centre.ledger.booking import STORED_FARE, Booking
from centre.ledger.companies import company_of
from tariff.account import Account
from tariff.purses import balance_yen
from tariff.rulebook import Purse


def bookings(prepared: Prepared, key: str, at_s: int, till: str) -> tuple[Booking, ...]:
    """The bookings of an operation that was carried out; none where no money moved."""
    scheme, idm = prepared.scheme, idm_text(prepared.idm)
    match prepared.operation:
        case Operation.ISSUE:
            return _issued(prepared, key, at_s, till)
        case Operation.TOP_UP:
            assert isinstance(prepared.card, Rewrite)
            added_yen, paid_yen = prepared.card.added_yen, prepared.card.paid_yen
            purse = prepared.note
            return (events.topped_up(key, at_s, scheme, idm, till, paid_yen, added_yen - paid_yen, purse),)
        case Operation.SELL_PASS:
            return _passes(prepared, key, at_s, till)
        case Operation.REFUND_CARD | Operation.REFUND_PASS | Operation.REFUND_BOTH:
            return (_refunded(prepared, key, at_s, till),)
        case Operation.REISSUE | Operation.EXCHANGE:
            return (_anew(prepared, key, at_s, till),)
        case Operation.VOID:
            assert prepared.register is not None
            held = purses_of(_held(prepared))
            deposit_yen = prepared.register.deposit_yen
            return (events.voided(key, at_s, scheme, idm, purses=held, deposit_yen=deposit_yen),)
        case Operation.FOUND_CARD:
            return (events.deposit_returned(key, at_s, scheme, idm, till, prepared.give_yen),)
        case _:
            return ()


def purses_of(account: Account) -> dict[str, int]:
    """What a card holds, by purse, as the ledger calls them; nothing that is 0."""
    held = {purse.value: balance_yen(account, purse) for purse in Purse}
    return {purse: yen for purse, yen in held.items() if yen}


def _held(prepared: Prepared) -> Account:
    held = prepared.before
    assert held is not None
    return held


def _issued(prepared: Prepared, key: str, at_s: int, till: str) -> tuple[Booking, ...]:
    """A card sold; what is on it of coupons is a top-up of its own, for it may have a premium."""
    assert isinstance(prepared.card, NewIssue)
    scheme, idm = prepared.scheme, idm_text(prepared.idm)
    deposit_yen = sum(line.yen for line in prepared.lines if line.what is What.DEPOSIT)
    paid_yen = sum(line.yen for line in prepared.lines if line.what is What.STORED_FARE)
    held = purses_of(prepared.card.new.account)
    stored_fare_yen = held.pop(STORED_FARE, 0)
    sold = [events.card_sold(key, at_s, scheme, idm, till, deposit_yen, stored_fare_yen)]
    for purse, yen in held.items():
        sold.append(events.topped_up(f"{key}:{purse}", at_s, scheme, idm, till, paid_yen, yen - paid_yen, purse))
    return (*sold, *_passes(prepared, f"{key}:pass", at_s, till))


def _passes(prepared: Prepared, key: str, at_s: int, till: str) -> tuple[Booking, ...]:
    scheme, idm = prepared.scheme, idm_text(prepared.idm)
    return tuple(
        events.pass_sold(
            key,
            at_s,
            scheme,
            idm,
            till,
            sold.product,
            sold.price_yen,
            company_of(scheme, sold.held.company),
        )
        for sold in prepared.effects
        if isinstance(sold, PassSold)
    )


def _refunded(prepared: Prepared, key: str, at_s: int, till: str) -> Booking:
    """What was taken off the card and what was paid out; the rest is the fee. Points lapse with the card (IGP-30)."""
    scheme, idm = prepared.scheme, idm_text(prepared.idm)
    back = next((effect for effect in prepared.effects if isinstance(effect, PassRefunded)), None)
    pass_yen, product = (back.worth_yen, back.product) if back else (0, "")
    company = company_of(scheme, back.company) if back else ""
    if prepared.operation is Operation.REFUND_PASS:
        return events.refunded(
            key,
            at_s,
            scheme,
            idm,
            till,
            paid_yen=prepared.give_yen,
            pass_yen=pass_yen,
            product=product,
            company=company,
        )
    held = purses_of(_held(prepared))
    points: dict[str, int] = {str(purse): held.pop(purse) for purse in (Purse.POINTS, Purse.WELFARE) if purse in held}
    assert prepared.register is not None
    return events.refunded(
        key,
        at_s,
        scheme,
        idm,
        till,
        paid_yen=prepared.give_yen,
        purses=held,
        deposit_yen=prepared.register.deposit_yen,
        points_lapsed=points,
        pass_yen=pass_yen,
        product=product,
        company=company,
    )


def _anew(prepared: Prepared, key: str, at_s: int, till: str) -> Booking:
    """All that the old card held goes to the new one: of a lost one against fee and deposit, else for nothing."""
    scheme, old = prepared.scheme, idm_text(prepared.idm)
    assert isinstance(prepared.card, NewIssue) and prepared.register is not None
    new = idm_text(prepared.card.blank.idm)
    moved = purses_of(prepared.card.new.account)
    report = prepared.register.report
    if prepared.operation is Operation.REISSUE and report is not None and report.why is ReportedWhy.LOST:
        fee_yen = sum(line.yen for line in prepared.lines if line.what is What.FEE)
        deposit_yen = sum(line.yen for line in prepared.lines if line.what is What.DEPOSIT)
        return events.reissued(key, at_s, scheme, old, new, till, moved=moved, fee_yen=fee_yen, deposit_yen=deposit_yen)
    deposit_yen = prepared.register.deposit_yen
    return events.exchanged(key, at_s, scheme, old, new, moved=moved, deposit_yen=deposit_yen)
