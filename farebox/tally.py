"""What taps came to since the start, added up for whoever watches the terminal: no card, no passenger, no time but the
last. The money that counts is the journal's.
"""

from collections import Counter

from farebox.result import Result, Side


class Tally:
    """Counts of taps, and yen. `kept` are first results shown again (GEN-8, GEN-9), `confirmed` earlier writes whose
    answer was lost and that are now seen to have been done (faults 3). Nothing is counted down: what was `cancelled` is
    in the fares and the cash that were taken, and counted by itself (GEN-22).
    """

    def __init__(self) -> None:
        """Nothing yet."""
        self.boarded = self.alighted = self.kept = self.topped_up = self.cancelled = self.confirmed = 0
        self.fares_yen = self.cash_yen = self.topped_up_yen = self.cancelled_yen = 0
        self.refused = Counter[str]()
        self.last_tap_s: int | None = None

    def take(self, result: Result) -> None:
        """Count one tap in."""
        self.last_tap_s = result.at_s
        self.confirmed += result.confirmed is not None
        self.fares_yen += max(0, result.taken_yen or 0)
        if result.refusal is not None:
            self.refused[result.refusal.code.value] += 1
        elif result.cancelled is not None:
            self.cancelled += 1
            self.cancelled_yen += result.cancelled.due_yen
        elif result.topped_up is not None:
            self.topped_up += 1
            self.topped_up_yen += result.topped_up.added_yen
        elif result.shown_again:
            self.kept += 1
        elif result.alighted is not None:
            self.alighted += 1
            self.cash_yen += result.alighted.settlement.cash_yen
        elif result.side is Side.BOARDING and not result.notes_yen and result.history is None:
            self.boarded += 1
