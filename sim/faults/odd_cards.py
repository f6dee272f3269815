"""A card of another system, as passengers carry them (模擬): nothing on it is ours."""

from cardimage.image import CardImage


def foreign_card() -> CardImage:
    """A transit card: history in its own service, none of our system."""
    rows = {block: bytes((2, block)) * 8 for block in range(20)}
    return CardImage(
        bytes.fromhex("010A1000200B300C"), bytes.fromhex("100B4B428485D0FF"), {0x0003: {0x090F: rows, 0x090C: {}}}, True
    )
