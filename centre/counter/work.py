"""What goes on behind the counter's pages: slips and questions that nobody needs any more are let go."""

from centre.counter import asked as asking
from centre.counter.models import Asked, AskedState, PrintedSlip

KEPT_S = 24 * 3_600
"""Slips may name a person: after a day they are gone."""


def work(now_s: int) -> int:
    """Take away what is too old; how many of them."""
    gone, _ = PrintedSlip.objects.filter(made_at_s__lt=now_s - KEPT_S).delete()
    late = Asked.objects.filter(state=AskedState.OPEN, made_at_s__lte=now_s - asking.GOOD_FOR_S)
    for one in late.select_related("clerk"):
        asking.drop(one, one.clerk, said="expired")
        gone += 1
    return gone
