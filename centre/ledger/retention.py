"""How long whose personal data is kept, and that it goes (個人情報保護法 22条: what is no longer needed is erased).

A card's holder is erased `HOLDER_MONTHS` after the card has ended: when it was refunded, replaced or made void, or had
expired. Members' data goes at once when they leave (`centre.portal.leaving`). What stays is the ledger, by cards: for
so long as the books must be kept, and without anybody's name.
"""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from centre.cards.models import Card, Holder, State
from centre.ledger.batches import batched
from centre.ledger.booking import What
from centre.ledger.models import PostingRow
from tariff.calendar import day_in_japan, months_on

_ENDS = (What.REFUNDED, What.REISSUED, What.EXCHANGED, What.VOIDED)
_OVER = (State.REFUNDED, State.REPLACED, State.VOID)


class Due(NamedTuple):
    """A holder whose data is not needed any more: of which card, and when it ended."""

    idm: str
    ended_on: date


def due(today: date) -> tuple[Due, ...]:
    """Whose data is to be erased today."""
    held = Card.objects.filter(holder__isnull=False, holder__erased_on=None)
    over = {card.idm: card for card in held.filter(state__in=_OVER)}
    expired = {card.idm: card for card in held.filter(expires__lt=today).exclude(state__in=_OVER)}
    ended = dict(_ended(sorted(over)))
    ended |= {idm: card.expires for idm, card in expired.items() if card.expires is not None}
    return tuple(
        Due(idm, ended[idm]) for idm in sorted(ended) if months_on(ended[idm], settings.HOLDER_MONTHS) <= today
    )


def _ended(idms: list[str]) -> Iterable[tuple[str, date]]:
    """The day on which cards ended, by the ledger's last word on each."""
    last: dict[str, int] = {}
    for some in batched(idms):
        rows = PostingRow.objects.filter(card__in=some, booking__what__in=_ENDS)
        for idm, at_s in rows.values_list("card", "booking__at_s"):
            last[idm] = max(at_s, last.get(idm, at_s))
    return ((idm, day_in_japan(at_s)) for idm, at_s in last.items())


def erase(today: date) -> int:
    """Erase what is due; of how many cards. The card stays, as a named card whose holder is not known any more."""
    with transaction.atomic():
        idms = [one.idm for one in due(today)]
        erased = 0
        for some in batched(idms):
            erased += Holder.objects.filter(card__idm__in=some, erased_on=None).update(
                kana_name="", sex="", birth=None, telephone="", consent_on=None, erased_on=today
            )
    return erased
