"""A pass, as pages and confirmations show it: kind, sections, validity."""

from datetime import date
from typing import NamedTuple

from centre.cards.models import Card, SoldPass
from centre.portal import rulebooks
from centre.words import both, said
from tariff.account import HolderKind
from tariff.rulebook import Rulebook


class PassShown(NamedTuple):
    """`title` as the operator calls it; `stretches` are pairs of stop names, or nothing; `place` an area's or a line's
    name."""

    holder: str
    title: str
    direction: str
    stretches: tuple[tuple[str, str], ...]
    place: str
    first_day: date
    last_day: date


def shown(sold: SoldPass) -> PassShown:
    """The pass in words."""
    rulebook = rulebooks.on(sold.first_day)
    product = rulebook.product_named(sold.product)
    one_way = any(section[2] for section in sold.sections)
    return PassShown(
        str(_HOLDERS[holder_of(sold.card, rulebook)]),
        product.title if product else sold.product,
        (said("片道", "one way") if one_way else said("往復", "both ways")) if sold.sections else "",
        tuple((start, end) for start, end in sold.stop_names),
        _place(sold, rulebook),
        sold.first_day,
        sold.last_day,
    )


_HOLDERS = {
    HolderKind.ADULT: both("大人", "adult"),
    HolderKind.CHILD: both("小人", "child"),
    HolderKind.DISABLED_ADULT: both("障がい者（大人）", "disabled adult"),
    HolderKind.DISABLED_CHILD: both("障がい者（小人）", "disabled child"),
}


def holder_of(card: Card, rulebook: Rulebook) -> HolderKind:
    """Whom the card's kind is for; an adult where the operator file names no such kind: nobody pays too little."""
    return next((kind.holder for kind in rulebook.card_kinds if kind.name == card.kind), HolderKind.ADULT)


def _place(sold: SoldPass, rulebook: Rulebook) -> str:
    names = [area.name for area in rulebook.areas if area.number == sold.area]
    names += [line.name for line in rulebook.lines if line.number == sold.line]
    return "・".join(names)
