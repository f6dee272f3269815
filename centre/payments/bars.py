"""Auto-charge that stands still: for a card whose billing failed (AUT-6), or whose payer has no credit card (AUT-1)."""

from django.db import transaction
from django.db.models import Q

from centre import clock
from centre.bundles import services as bundles
from centre.cards.models import Card
from centre.payments.models import Barred, Customer, Debt, Payer
from centre.users.models import User

NO_CARD = "no_card"


def bar(idm: str, why: str) -> None:
    """Let buses auto-charge this card no more, nor one that was issued in its place."""
    for one in _line_of(idm):
        _, is_new = Barred.objects.get_or_create(idm=one, defaults={"why": why, "at_s": clock.now_s()})
        if is_new:
            bundles.bar_auto_charge(one, why)


def lift_if_clear(idm: str) -> None:
    """Let buses auto-charge it again, if nothing is owed for it or its like, and its payer has a credit card."""
    line = _line_of(idm)
    failed = Q(state=Debt.State.UNPAID) | Q(state=Debt.State.OPEN) & ~Q(code="")
    if Debt.objects.filter(failed, idm__in=line).exists():
        return
    for one in line:
        payer = Payer.objects.filter(idm=one).first()
        has_card = payer is not None and Customer.objects.filter(user=payer.user).exclude(token="").exists()
        if has_card and Barred.objects.filter(idm=one).delete()[0]:
            bundles.unbar_auto_charge(one)


def unpaid_yen(idm: str) -> int:
    """What nobody paid of its auto-charges, and of those of the cards it replaced."""
    unpaid = Debt.objects.filter(idm__in=_line_of(idm), state=Debt.State.UNPAID)
    return sum(unpaid.values_list("yen", flat=True))


@transaction.atomic
def takes_over(old_idm: str, new_idm: str) -> None:
    """A card was issued in place of another: the same person pays, and what was barred stays so."""
    payer = Payer.objects.filter(idm=old_idm).first()
    if payer is not None:
        Payer.objects.update_or_create(idm=new_idm, defaults={"user": payer.user})
    barred = Barred.objects.filter(idm=old_idm).first()
    if barred is not None:
        bar(new_idm, barred.why)


def _line_of(idm: str) -> list[str]:
    """A card, those it replaced and those that replaced it."""
    line = [idm]
    for next_one in ("replaced_by__idm", "replaces__idm"):
        at = idm
        while other := Card.objects.filter(idm=at).exclude(**{next_one: None}).values_list(next_one, flat=True).first():
            line.append(at := other)
    return line


@transaction.atomic
def pays_for(user: User, idm: str) -> None:
    """The user pays for this card's auto-charges from now on: called when they are agreed to (AUT-1)."""
    Payer.objects.update_or_create(idm=idm, defaults={"user": user})
    lift_if_clear(idm)


def card_registered(user: User) -> None:
    """What is owed is billed to the new credit card at once; what stood still only for want of one goes on."""
    idms = list(Payer.objects.filter(user=user).values_list("idm", flat=True))
    open_again = Debt.objects.filter(idm__in=idms, state__in=[Debt.State.OPEN, Debt.State.UNPAID])
    open_again.update(state=Debt.State.OPEN, next_try_s=clock.now_s())
    for idm in idms:
        lift_if_clear(idm)


def card_forgotten(user: User) -> None:
    """There is nothing to bill."""
    for idm in Payer.objects.filter(user=user).values_list("idm", flat=True):
        bar(idm, NO_CARD)
