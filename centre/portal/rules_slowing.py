"""How guessing is slowed: after a few wrong tries each next one must wait, longer every time (faults 51)."""

from collections.abc import Sequence
from typing import NamedTuple


class Pace(NamedTuple):
    """`free` wrong tries cost nothing; then a wait of `first_s`, doubled at each, up to `most_s`. `forgotten_s` after
    a try it counts no more."""

    free: int
    first_s: int
    most_s: int
    forgotten_s: int


SIGN_IN = Pace(free=3, first_s=5, most_s=60, forgotten_s=900)
"""By account and network address. django-axes locks that pair at the tenth wrong password."""
ADD_CARD = Pace(free=5, first_s=60, most_s=3_600, forgotten_s=86_400)
"""By member, and by engraved number (PRT-3)."""
MAIL_TO = Pace(free=3, first_s=600, most_s=3_600, forgotten_s=3_600)
"""Mails with a link, by the address they go to: nobody's letter box is filled. Here each mail counts."""
MAIL_FROM = Pace(free=20, first_s=60, most_s=3_600, forgotten_s=3_600)
"""The same, and letters of the contact form, by the network address that asks."""


def wait_s(tries_at_s: Sequence[int], now_s: int, pace: Pace) -> int:
    """How many seconds the next try must still wait; 0: it may come now. Times in any order."""
    counted = [at_s for at_s in tries_at_s if now_s - at_s < pace.forgotten_s]
    over = len(counted) - pace.free
    if over < 0 or not counted:
        return 0
    # Doubled no further than the most can need: a long list makes no huge number.
    pause_s = min(pace.first_s << min(over, 20), pace.most_s)
    return max(0, max(counted) + pause_s - now_s)
