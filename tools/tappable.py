"""A recorded card as it can be tapped on a bench: a card of ours itself, a transit card by its shadow (模擬)."""

from cardimage.image import CardImage, ImageFault
from cardimage.shadow import shadow_of
from cardimage.transit.balance import balance_of
from cardimage.transit.brand import NAMES, Brand, guess_brand

_SCHEME_OF = {Brand.ICOCA: "icoca", Brand.SUICA_FAMILY: "suica", Brand.REGIONAL: "suica", Brand.SUICA_LAYOUT: "suica"}
"""What a brand is taken for where nobody says; Suica, PASMO and most others look alike from outside."""


def tappable(image: CardImage, source: str, scheme: str | None) -> CardImage:
    """The image, or for a Suica-family card a shadow with its balance; ImageFault for any other card.

    A shadow takes the taps, so that the recorded card stays as it is: nobody outside has the keys to write it.
    """
    if image.lite_s_blocks() is not None:
        return image
    guess = guess_brand(image)
    balance_yen = balance_of(image).yen
    if balance_yen is None:
        raise ImageFault(
            f"{source}: {NAMES[guess.brand].en}: can't be tapped; it must be a whole FeliCa Lite-S card, or one of "
            "the Suica family with its balance"
        )
    return shadow_of(image, scheme or _SCHEME_OF.get(guess.brand, "suica"), balance_yen)
