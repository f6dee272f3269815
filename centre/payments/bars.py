"""Auto-charge that stands still: for a card whose billing failed (AUT-6), or whose payer has no credit card (AUT-1)."""

from django.db import transaction
from django.db.models import Q

from centre import clock
from centre.bundles import services as bundles
from centre.payments.models import Barred, Customer, Debt, Payer
from centre.users.models import User

NO_CARD = "no_card"


def bar(idm: str, why: str) -> None:
    """Let buses auto-charge this card no more."""
    _, is_new = Barred.objects.get_or_create(idm=idm, defaults={"why": why, "at_s": clock.now_s()})
    if is_new:
        bundles.bar_auto_charge(idm, why)


def lift_if_clear(idm: str) -> None:
    """Let buses auto-charge it again, if nothing is owed for it and its payer has a credit card."""
    payer = Payer.objects.filter(idm=idm).first()
    has_card = payer is not None and Customer.objects.filter(user=payer.user).exclude(token="").exists()
    failed = Q(state=Debt.State.UNPAID) | Q(state=Debt.State.OPEN) & ~Q(code="")
    owes = Debt.objects.filter(failed, idm=idm).exists()
    if has_card and not owes and Barred.objects.filter(idm=idm).delete()[0]:
        bundles.unbar_auto_charge(idm)


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
