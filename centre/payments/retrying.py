"""When something is tried again: pure rules."""

from collections.abc import Sequence

DAY_S = 86_400
MEMBER_WAITS_S = DAY_S
"""So long a page of the service waits for its member; it is abandoned after that."""
KEY_HOLDS_S = DAY_S
"""So long the services remember a key: asked again later, the same key might be a second payment."""
SOONEST_S, LATEST_S = 30, 3_600

HARD = frozenset({"expired_card", "lost_card", "stolen_card", "no_card", "authentication_required"})
"""Declined so, another day changes nothing: only another card does."""


def again_after_s(asks: int) -> int:
    """How long to wait before the service is asked for the next time: twice as long each time, up to an hour."""
    return min(SOONEST_S << min(asks, 16), LATEST_S)


def next_try_s(code: str, tries: int, now_s: int, after_days: Sequence[int]) -> int | None:
    """When a debt is billed again after its `tries`-th failure; None if not before there is another card (AUT-6)."""
    if code in HARD or tries > len(after_days):
        return None
    return now_s + after_days[tries - 1] * DAY_S
