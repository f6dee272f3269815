"""A recorded card as it can be tapped on a bench (模擬): a card of ours, a copy of it, or a transit card's shadow."""

from cardimage.image import CardImage, ImageFault
from cardimage.layout.bits import LayoutFault
from cardimage.shadow import copy_of, shadow_of
from cardimage.transit.balance import balance_of
from cardimage.transit.brand import NAMES, Brand, guess_brand

_SCHEME_OF = {Brand.ICOCA: "icoca", Brand.SUICA_FAMILY: "suica", Brand.REGIONAL: "suica", Brand.SUICA_LAYOUT: "suica"}
"""What a brand that some operator takes (IGP-2) is taken for where nobody says; Suica, PASMO and most others look alike
from outside. A brand that is not here is taken by none, whatever is said."""


def tappable(image: CardImage, source: str, scheme: str | None) -> CardImage:
    """A simulated Lite-S card itself, a recorded one's copy, or a Suica-family card's shadow with its balance.

    ImageFault for any other card, and one that was not recorded far enough. A copy or a shadow takes the taps, so that
    the recorded card stays as it is: nobody outside has the keys to write it.
    """
    if image.lite_s_blocks() is not None:
        return image if image.simulated else copy_of(image)
    brand, balance_yen = guess_brand(image).brand, balance_of(image).yen
    if brand not in _SCHEME_OF or balance_yen is None:
        raise ImageFault(
            f"{source}: {NAMES[brand].en}: can't be tapped; it must be a whole FeliCa Lite-S card, or one of the Suica "
            "family that operators take (IGP-2), with its balance"
        )
    try:
        return shadow_of(image, scheme or _SCHEME_OF[brand], balance_yen)
    except LayoutFault as fault:
        raise ImageFault(f"{source}: {NAMES[brand].en}: can't be tapped: {fault}") from None
