"""The history that a card shows at the counter (GEN-13, IGP-15).

Rides never closed are not in it, nor what was cancelled. Uses before a reissue or an exchange are not on the new card.
"""

from cardimage.layout.history import HistoryRow
from centre.counter.desk import Seen
from centre.counter.operations.judging import not_eligible
from centre.counter.operations.values import REPLACED, Registered
from tariff.refusal import Refusal


def history(seen: Seen, register: Registered) -> tuple[HistoryRow, ...] | Refusal:
    """The last uses of a card, newest first; none of one that was replaced."""
    return not_eligible("IGP-15", REPLACED) if register.state == REPLACED else seen.uses
