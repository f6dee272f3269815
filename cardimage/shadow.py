"""Shadows (模擬): bench cards that stand for a recorded foreign card at an operator that accepts it (IGP-2).

A foreign card can be read, but written only with keys that no one outside has. So that it can be tapped on a bench all
the same, its IDm and balance are put onto a simulated FeliCa Lite-S card, in a layout that no real card has.

A recorded FeliCa Lite-S card is tapped by a copy: a recording stays what the real card held, whatever a bench does.
"""

from cardimage.image import CardImage
from cardimage.issue import with_first_slot
from cardimage.layout.bits import LayoutFault
from cardimage.layout.variants import SHADOWS
from tariff.account import Account


def shadow_of(image: CardImage, scheme: str, balance_yen: int) -> CardImage:
    """The shadow of a recorded card: simulated, with the same IDm and this balance; the recorded image stays as it is.

    `scheme` is the operator files' name for the card's kind ("suica"). LayoutFault for a scheme that has no shadow, a
    balance that does not fit, a card of unknown IDm, or a card of our own, which needs none.
    """
    if scheme not in SHADOWS:
        raise LayoutFault(f"no shadow of a card of {scheme}; there are {', '.join(SHADOWS)}")
    if image.lite_s_blocks() is not None:
        raise LayoutFault("a FeliCa Lite-S card is tapped itself, not as a shadow")
    if not image.idm:
        raise LayoutFault("no shadow of a card whose IDm is not recorded; record the card again")
    return with_first_slot(image.idm, Account(scheme, balance_yen))


def copy_of(image: CardImage) -> CardImage:
    """A card of its own with the same blocks, simulated, for a bench to write to."""
    systems = {
        system: {service: dict(blocks) for service, blocks in services.items()}
        for system, services in image.systems.items()
    }
    return image._replace(systems=systems, simulated=True)
