"""`{% load bundle_words %}`: what changes on a card, in words."""

from django import template

from centre.words import said
from farebox.formats.bundle import AutoChargeOff, AutoChargeSet, Change, HolderChanged, PassGiven

register = template.Library()


@register.filter
def change_words(change: Change) -> str:
    """A change of a directive."""
    match change:
        case PassGiven():
            days = f"{change.first_day:%Y/%m/%d}–{change.last_day:%Y/%m/%d}"
            return said(f"定期券 {days}", f"pass {days}")
        case AutoChargeSet():
            return said(
                f"オートチャージ {change.trigger_yen:,}円未満で{change.amount_yen:,}円",
                f"auto-charge of {change.amount_yen:,} yen below {change.trigger_yen:,}",
            )
        case AutoChargeOff():
            return said("オートチャージ解除", "auto-charge off")
        case HolderChanged():
            return said("券種の変更", "another kind of card")


@register.filter
def amount(value: object) -> str:
    """A number as people read it, a text as it is, ― for nothing."""
    if value is None:
        return "―"
    return f"{value:,}" if type(value) is int else str(value)


@register.filter
def why_words(why: str) -> str:
    """Why a directive ended: our own words translated, anybody else's as they are."""
    return said(_WHY.get(why, why), why)


_WHY = {
    "overruled": "あとの指示に置換え",
    "renumbered": "番号を付替え",
    "the card is no longer in use": "使用を終えたカード",
}
