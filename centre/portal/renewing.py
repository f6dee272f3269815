"""Renewing a pass (PRT-5): what is offered for a card, the press of the button, and what its payment made of it.

renew(key, ...)     one press, one renewal, one payment (faults 56): the key is the press's
_grant, _fail       what payments calls, once, when it knows (faults 57): pass, books, directive, mail in one
                    transaction with the payment's own state
_take_back          what payments calls before a clerk's refund: the pass goes with the money (faults 46)
look(renewal)       a renewal whose payment ended otherwise: given back, because the pass could not be given
"""

from datetime import date
from uuid import UUID

from django.db import IntegrityError, transaction
from django.urls import reverse

from centre.bundles.services import DirectiveFault, direct, withdraw
from centre.cards.models import Card, SoldPass
from centre.cards.models import State as CardState
from centre.clock import now_s, today
from centre.counter.models import UNSETTLED, CounterAct
from centre.ledger.events import pass_paid_online, payment_refunded
from centre.ledger.services import book
from centre.payments.models import Payment, Refund
from centre.payments.models import State as PaymentState
from centre.payments.services import (
    CannotGrant,
    RefundRefused,
    before_refund,
    charge,
    when_failed,
    when_paid,
    when_refunded,
)
from centre.portal import letters, members, rulebooks
from centre.portal.models import MemberCard, Renewal, RenewalState
from centre.portal.own_cards import last_pass_of
from centre.portal.passes_shown import holder_of
from centre.portal.rules_entry import shown_number
from centre.portal.rules_renewal import Offers, Present, offers, renew
from centre.words import in_yen as yen
from farebox.formats.bundle import PassGiven
from tariff.account import Pass, Section
from tariff.products import Sale
from tariff.refusal import Code, Refusal
from tariff.rulebook import Rulebook

WHAT = "pass"
"""The kind of thing that these payments pay for."""


_UNASKED_S = 600
"""Payments writes a payment down before it asks for it, within a second of the press."""


class Elsewhere(Exception):
    """Another purchase for this card is being paid: `renewal`. One at a time."""

    def __init__(self, renewal: Renewal) -> None:
        """That purchase."""
        super().__init__(str(renewal.key))
        self.renewal = renewal


def present_of(card: Card, sold: SoldPass | None, rulebook: Rulebook) -> Present | None:
    """The pass that a renewal follows, `last_pass_of` the card, as the rules see it; None without one."""
    product = rulebook.product_named(sold.product) if sold else None
    if sold is None or product is None:
        return None
    sections = tuple(Section(*section) for section in sold.sections)
    named = {
        stop: name
        for section, names in zip(sections, sold.stop_names, strict=False)
        for stop, name in zip((section.from_stop, section.to_stop), names, strict=False)
    }
    held = Pass(
        product.number,
        sold.company,
        sold.first_day,
        sold.last_day,
        sold.bearer,
        sections,
        sold.area,
        sold.line,
    )
    holder = getattr(card, "holder", None)
    return Present(held, named, holder_of(card, rulebook), card.named, holder.birth if holder else None)


def offered(card: Card, sold: SoldPass | None) -> Offers | Refusal | None:
    """What may be chosen today, after the pass sold last; None if there is no pass to renew."""
    day = today()
    rulebook = rulebooks.on(day)
    found = present_of(card, sold, rulebook)
    return offers(found, day, rulebook) if found else None


def judge(card: Card, months: int, first_day: date) -> Sale | Refusal:
    """The pass that a choice would buy today, and its price."""
    rulebook = rulebooks.on(today())
    found = present_of(card, last_pass_of(card), rulebook)
    if found is None:
        return Refusal(Code.NOT_SOLD, "PRT-5", "no pass")
    return renew(found, months, first_day, today(), rulebook)


def buy(key: UUID, owned: MemberCard, months: int, first_day: date, price_yen: int) -> tuple[Renewal, str] | Refusal:
    """The purchase of this press, and where the member has to go to pay for it, if anywhere.

    The same key again is the same purchase (faults 56). `price_yen` is what the confirmation showed: if the price is
    another by now, it is refused. Raises Elsewhere while another purchase for the card is being paid.
    """
    renewal = _remember(key, owned, months, first_day, price_yen)
    if isinstance(renewal, Refusal):
        return renewal
    if renewal.state != RenewalState.PAYING:
        return renewal, ""
    payment = charge(
        payment_key(renewal),
        owned.member.user,
        renewal.price_yen,
        WHAT,
        text=f"AIZU NORUCA {shown_number(owned.card.number)}",
        return_url=reverse("portal:renewal_done", args=[owned.pk, renewal.key]),
    )
    renewal.refresh_from_db()
    return renewal, payment.url if payment.state == PaymentState.PENDING else ""


def payment_key(renewal: Renewal) -> str:
    """By which payments knows it."""
    return f"{WHAT}/{renewal.key}"


def _remember(key: UUID, owned: MemberCard, months: int, first_day: date, price_yen: int) -> Renewal | Refusal:
    known = _known(key, owned)
    if known is not None:
        return known
    try:
        with transaction.atomic():
            card = Card.objects.select_for_update().get(pk=owned.card_id)
            sale = judge(card, months, first_day)
            if isinstance(sale, Refusal):
                return sale
            if sale.price.yen != price_yen:
                return Refusal(Code.NOT_SOLD, "PRT-5", "price changed")
            renewed = last_pass_of(card)
            assert renewed is not None
            return Renewal.objects.create(
                key=key,
                user=owned.member.user,
                card=card,
                renewed=renewed,
                months=months,
                first_day=sale.held.first_day,
                last_day=sale.held.last_day,
                price_yen=sale.price.yen,
                made_at_s=now_s(),
            )
    except IntegrityError:
        # The same press twice at once, or another purchase of this card that is being paid.
        known = _known(key, owned)
        if known is not None:
            return known
        other = Renewal.objects.filter(card=owned.card, state=RenewalState.PAYING).first()
        if other is None:  # a key that is not theirs
            return Refusal(Code.NOT_SOLD, "PRT-5", "key")
        raise Elsewhere(other) from None


def _known(key: UUID, owned: MemberCard) -> Renewal | None:
    return Renewal.objects.filter(key=key, user=owned.member.user, card=owned.card).first()


def _grant(payment: Payment) -> None:
    """Paid: the pass is sold, booked, on its way to the card, and the member is told. Raises CannotGrant."""
    renewal = _locked(payment)
    if renewal.state != RenewalState.PAYING:
        raise CannotGrant(f"purchase {renewal.key} is {renewal.state} already")
    card = Card.objects.select_for_update().get(pk=renewal.card_id)
    if renewal.first_day <= today():
        raise CannotGrant("its payment was known only when its first day had come")
    if card.state != CardState.IN_USE or last_pass_of(card) != renewal.renewed:
        raise CannotGrant("the card or the pass on it has changed meanwhile")
    if _is_at_a_counter(card):
        raise CannotGrant("an operation on the card is pending at a counter")
    old = renewal.renewed
    sold = SoldPass.objects.create(
        card=card,
        product=old.product,
        company=old.company,
        first_day=renewal.first_day,
        last_day=renewal.last_day,
        bearer=old.bearer,
        area=old.area,
        line=old.line,
        sections=old.sections,
        stop_names=old.stop_names,
        price_yen=renewal.price_yen,
        sold_on=today(),
        in_portal=True,
    )
    renewal.state, renewal.bought = RenewalState.DONE, sold
    renewal.save()
    book([pass_paid_online(payment_key(renewal), now_s(), card.scheme, card.idm, old.product, renewal.price_yen)])
    try:
        direct(card, renewal.first_day, [_given(sold)])
    except DirectiveFault as fault:
        raise CannotGrant("the card can take no further change by a bus") from fault
    _tell("pass_bought", renewal)


def _given(sold: SoldPass) -> PassGiven:
    product = rulebooks.on(today()).product_named(sold.product)
    assert product is not None
    return PassGiven(
        product.number,
        sold.company,
        sold.first_day,
        sold.last_day,
        sold.bearer,
        tuple((start, end, one_way, fare_yen) for start, end, one_way, fare_yen in sold.sections),
        sold.area,
        sold.line,
    )


def _is_at_a_counter(card: Card) -> bool:
    """Whether it is not known yet what a counter made of it: it may have been given back."""
    return CounterAct.objects.filter(state__in=UNSETTLED, idm=card.idm).exists()


def _take_back(refund: Refund) -> None:
    """A clerk gives the money back: the pass goes with it, while no bus has written it. Raises RefundRefused.

    What is on the card already is given back at the counter, against the card (AZF-50); what was given back there is
    not given back again (faults 46).
    """
    renewal = _locked(refund.payment)
    if renewal.state == RenewalState.REFUNDED:
        return  # taken back before; the payment service would not give the money back then
    sold = renewal.bought
    assert sold is not None
    card = Card.objects.select_for_update().get(pk=sold.card_id)
    sold.refresh_from_db()
    if sold.refunded_on is not None:
        raise RefundRefused("given-back")
    if refund.yen != refund.payment.yen:
        raise RefundRefused("only-whole")
    if _is_at_a_counter(card):
        raise RefundRefused("card-pending")
    given = _given(sold)
    waiting = next((one for one in card.directives.all() if one.is_open and given in one.changes), None)
    if waiting is None:
        raise RefundRefused("at-the-counter")
    withdraw(waiting, "paid back")
    sold.refunded_on = today()
    sold.save()
    renewal.state = RenewalState.REFUNDED
    renewal.save()


def _given_back(refund: Refund) -> None:
    """The credit card has it back: the books."""
    sold = _locked(refund.payment).bought
    assert sold is not None
    book([payment_refunded(refund.key, now_s(), sold.card.scheme, sold.card.idm, sold.product, refund.yen)])


def _fail(payment: Payment) -> None:
    """Not paid: nothing was sold."""
    _end(_locked(payment), RenewalState.FAILED, "pass_failed")


def look(renewal: Renewal) -> Renewal:
    """What its payment made of it, where payments could tell nobody: paid, but given back, for it could not be had."""
    with transaction.atomic():
        payment = Payment.objects.filter(key=payment_key(renewal)).first()
        if payment is None or payment.state not in (PaymentState.PAID, PaymentState.REFUNDED):
            return renewal
        locked = Renewal.objects.select_for_update().get(pk=renewal.pk)
        # Payments marks a payment paid in the transaction that grants: paid and not granted is refused.
        _end(locked, RenewalState.REFUNDED, "pass_refunded")
        return locked


def give_up_unasked(at_s: int) -> int:
    """Presses that broke off before payments heard of them: nobody was asked for money, and nothing is sold."""
    old = Renewal.objects.filter(state=RenewalState.PAYING, made_at_s__lt=at_s - _UNASKED_S)
    unasked = [each.pk for each in old if not Payment.objects.filter(key=payment_key(each)).exists()]
    for pk in unasked:
        with transaction.atomic():
            _end(Renewal.objects.select_for_update().get(pk=pk), RenewalState.FAILED, "pass_failed")
    return len(unasked)


def _end(renewal: Renewal, state: RenewalState, letter: str) -> None:
    if renewal.state == RenewalState.PAYING:
        renewal.state = state
        renewal.save()
        _tell(letter, renewal)


def _locked(payment: Payment) -> Renewal:
    return Renewal.objects.select_for_update().get(key=payment.key.removeprefix(f"{WHAT}/"))


def _tell(letter: str, renewal: Renewal) -> None:
    product = rulebooks.on(today()).product_named(renewal.renewed.product)
    told = {
        "number": shown_number(renewal.card.number),
        "title": product.title if product else renewal.renewed.product,
        "first_day": renewal.first_day,
        "last_day": renewal.last_day,
        "price": yen(renewal.price_yen),
    }
    letters.write(letter, renewal.user.email, members.language_of(renewal.user), told)


def register_with_payments() -> None:
    """Have payments call us. At start."""
    when_paid(WHAT, _grant)
    when_failed(WHAT, _fail)
    before_refund(WHAT, _take_back)
    when_refunded(WHAT, _given_back)
