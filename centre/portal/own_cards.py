"""A member's cards (PRT-3): added by what was told when they were issued, looked at, taken off."""

from datetime import date
from typing import NamedTuple

from django.db import IntegrityError, transaction

from centre.cards.models import AutoChargeAgreed, Card, SoldPass, State
from centre.clock import today
from centre.portal import auto_charging, tries
from centre.portal.models import Member, MemberCard
from centre.portal.rules_entry import SCHEME, same_name, shown_number
from centre.portal.rules_slowing import ADD_CARD

MOST_CARDS = 10


class AsIssued(NamedTuple):
    """What is told of a card, as `rules_entry` took it."""

    number: str
    kana_name: str
    telephone: str


class NotAdded(Exception):
    """The card is not added: what was told is not what was told at issue, or it is somebody's already. Which, nobody
    is told: who guesses learns nothing."""


class MustWait(Exception):
    """Too many wrong ones: `wait_s` until the next."""

    def __init__(self, wait_s: int) -> None:
        """Seconds."""
        super().__init__(wait_s)
        self.wait_s = wait_s


class TooMany(Exception):
    """A member has no more than ten cards."""


def add(member: Member, told: AsIssued) -> MemberCard:
    """The card, added; one that is the member's already is just shown. Raises NotAdded, MustWait, TooMany."""
    by_member, by_number = ("add card", member.pk), ("add card number", told.number)
    wait_s = max(tries.waiting_s(ADD_CARD, *by_member), tries.waiting_s(ADD_CARD, *by_number))
    if wait_s:
        raise MustWait(wait_s)
    try:
        return _add(member, told)
    except NotAdded:
        tries.count(*by_member)
        tries.count(*by_number)
        raise


@transaction.atomic
def _add(member: Member, told: AsIssued) -> MemberCard:
    found = Card.objects.select_related("holder").filter(scheme=SCHEME, number=told.number, state=State.IN_USE).first()
    if found is None or not _as_issued(found, told):
        raise NotAdded
    Member.objects.select_for_update().get(pk=member.pk)
    own = MemberCard.objects.filter(card=found).first()
    if own is not None:
        if own.member_id == member.pk:
            return own
        raise NotAdded
    if member.cards.count() >= MOST_CARDS:
        raise TooMany
    try:
        with transaction.atomic():
            return MemberCard.objects.create(member=member, card=found, added_on=today())
    except IntegrityError:  # somebody else's, this very moment
        raise NotAdded from None


def _as_issued(card: Card, told: AsIssued) -> bool:
    holder = getattr(card, "holder", None)
    if not card.named or holder is None or holder.erased_on is not None:
        return False
    return same_name(holder.kana_name, told.kana_name) and holder.telephone == told.telephone


@transaction.atomic
def take_off(owned: MemberCard) -> None:
    """The card is the member's no more; its auto-charge ends from the next day, for nobody would pay for it."""
    auto_charging.end(owned.card)
    owned.delete()


@transaction.atomic
def follow_reissues() -> int:
    """A member keeps a card that was reissued or exchanged at the counter: the new one stands in its place."""
    replaced = MemberCard.objects.select_for_update(of=("self",)).filter(
        card__state=State.REPLACED, card__replaced_by__state=State.IN_USE, card__replaced_by__membership=None
    )
    followed = list(replaced)
    for owned in followed:
        owned.card = Card.objects.get(replaces=owned.card_id)
        owned.save()
    return len(followed)


class Shown(NamedTuple):
    """A card as pages show it."""

    pk: int
    number: str
    kana_name: str


def shown(owned: MemberCard) -> Shown:
    """For the head of every page about a card."""
    return Shown(owned.pk, shown_number(owned.card.number), owned.card.holder.kana_name)


class Listed(NamedTuple):
    """A card on the list of cards; `pass_days` are the first and last day of the pass that ends last."""

    card: Shown
    pass_days: tuple[date, date] | None
    auto_charges: bool


def listed(member: Member) -> list[Listed]:
    """The member's cards in use, in three queries however many there are."""
    cards = member.cards.select_related("card__holder").filter(card__state=State.IN_USE).order_by("pk")
    owned = {each.card_id: each for each in cards}
    # The last of a card is the one that counts: a dict keeps it.
    passes = SoldPass.objects.filter(card__in=owned, refunded_on=None).order_by("last_day", "pk")
    days = {card: (first, last) for card, first, last in passes.values_list("card", "first_day", "last_day")}
    agreed = AutoChargeAgreed.objects.filter(card__in=owned).order_by("first_day", "pk")
    charging = dict(agreed.values_list("card", "is_on"))
    return [Listed(shown(each), days.get(pk), charging.get(pk, False)) for pk, each in owned.items()]


def last_pass_of(card: Card) -> SoldPass | None:
    """The pass that ends last, of those sold and not refunded: the one that a renewal follows (PRT-5)."""
    return card.passes.filter(refunded_on=None).order_by("-last_day", "-pk").first()
