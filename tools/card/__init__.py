"""`farebox card`: make cards, and see what is on them."""

from typing import ClassVar

import click

from tools.lazy import Commands, LazyGroup


class _CardGroup(LazyGroup):
    commands_at: ClassVar[Commands] = {
        "new": ("tools.card.new:new", "Make a simulated card (模擬)."),
        "issue": ("tools.card.issue:issue", "Issue a real card: contents, key, protection."),
        "wipe": ("tools.card.wipe:wipe", "Give a bench card back."),
        "rekey": ("tools.card.rekey:rekey", "Give a card the newest key."),
        "dump": ("tools.card.dump:dump", "Record a present card into a file."),
        "convert": ("tools.card.convert:convert", "Turn a recorded card into our format or Flipper's."),
        "show": ("tools.card.show:show", "Show what recorded cards hold: balance, history, pass."),
    }


@click.group(cls=_CardGroup)
def card() -> None:
    """Make card images, and show what recorded cards hold. An image never holds a key.

    \b
    farebox card new --operator lococa --balance 2000 -o my.card.cbor
    farebox card show my.card.cbor
    """
