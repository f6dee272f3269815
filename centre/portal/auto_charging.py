"""Auto-charge settings (PRT-6): agreed in the portal, in force from the next day (AUT-4), by a directive."""

from datetime import date, timedelta
from typing import NamedTuple

from django.db import transaction

from centre.bundles.services import direct
from centre.cards.models import AutoChargeAgreed, Card
from centre.clock import today
from centre.payments.services import pays_for, registered_card
from centre.portal import letters, rulebooks
from centre.portal.models import MemberCard
from centre.portal.rules_entry import shown_number
from centre.words import in_yen as yen
from farebox.formats.bundle import AutoChargeOff, AutoChargeSet
from tariff.account import AutoCharge
from tariff.auto_charge import check_arrangement
from tariff.refusal import Code, Refusal
from tariff.rulebook import AutoChargeRules


class Agreed(NamedTuple):
    """What was agreed last: None is off. From `first_day` on."""

    arranged: AutoCharge | None
    first_day: date


def standing(card: Card) -> Agreed | None:
    """The latest settings of a card; None if there never were any."""
    row = card.auto_charges.order_by("-first_day", "-pk").first()
    if row is None:
        return None
    arranged = AutoCharge(row.trigger_yen, row.amount_yen, row.day_cap_yen, row.month_cap_yen) if row.is_on else None
    return Agreed(arranged, row.first_day)


def offered() -> AutoChargeRules:
    """What may be chosen (AUT-1)."""
    rules = rulebooks.on(today()).auto_charge_offer
    assert rules is not None, "the portal's operator offers no auto-charge"
    return rules


def agree(owned: MemberCard, arranged: AutoCharge | None) -> Agreed | Refusal:
    """Set it, from tomorrow on; None switches it off. Refuses what AUT-1 does not offer, and credit without a card.

    The same again on one day is one setting.
    """
    if arranged is not None:
        refusal = check_arrangement(arranged, rulebooks.on(today()))
        if refusal is not None:
            return refusal
        if registered_card(owned.member.user) is None:
            return Refusal(Code.NOT_ELIGIBLE, "AUT-1", "credit card")
    with transaction.atomic():
        card = Card.objects.select_for_update().get(pk=owned.card_id)
        agreed = Agreed(arranged, today() + timedelta(days=1))
        if standing(card) == agreed:
            return agreed
        _write(card, agreed)
        if arranged is not None:
            pays_for(owned.member.user, card.idm)
        letters.write("auto_charge", owned.member.user.email, owned.member.language, _told(card, agreed))
    return agreed


@transaction.atomic
def end(card: Card) -> None:
    """Switch it off from tomorrow on, if it is on: nobody pays for it any more."""
    locked = Card.objects.select_for_update().get(pk=card.pk)
    last = standing(locked)
    if last is not None and last.arranged is not None:
        _write(locked, Agreed(None, today() + timedelta(days=1)))


def _write(card: Card, agreed: Agreed) -> None:
    arranged = agreed.arranged
    AutoChargeAgreed.objects.create(
        card=card,
        is_on=arranged is not None,
        trigger_yen=arranged.trigger_yen if arranged else 0,
        amount_yen=arranged.amount_yen if arranged else 0,
        day_cap_yen=arranged.day_cap_yen if arranged else 0,
        month_cap_yen=arranged.month_cap_yen if arranged else 0,
        first_day=agreed.first_day,
        agreed_on=today(),
    )
    direct(card, agreed.first_day, [AutoChargeSet(*arranged) if arranged else AutoChargeOff()])


def _told(card: Card, agreed: Agreed) -> dict[str, object]:
    arranged = agreed.arranged or AutoCharge(0, 0, 0, 0)
    return {
        "number": shown_number(card.number),
        "is_on": agreed.arranged is not None,
        "trigger": yen(arranged.trigger_yen),
        "amount": yen(arranged.amount_yen),
        "day_cap": yen(arranged.day_cap_yen),
        "month_cap": yen(arranged.month_cap_yen),
        "first_day": agreed.first_day,
    }
