"""Cards seen here lately, by their own count of writes: a card whose count has gone back is a copy (faults 12).

The chip's count only ever grows, and is proven by the card's key with the first read.
"""

from farebox.formats.segment import MOST_SEEN

MOST_CARDS = MOST_SEEN
"""About a month of a bus, in some four megabytes; the card seen longest ago is forgotten first."""


class Seen:
    """IDm -> the highest count of writes seen."""

    def __init__(self, most_cards: int = MOST_CARDS) -> None:
        """Nobody was seen yet; at most so many are remembered."""
        self._most_cards = most_cards
        self._counts: dict[bytes, int] = {}

    def note(self, idm: bytes, write_count: int) -> None:
        """Remember a card as it was read, or left, now."""
        self._counts[idm] = max(write_count, self._counts.pop(idm, 0))
        if len(self._counts) > self._most_cards:
            del self._counts[next(iter(self._counts))]

    def most_writes(self, idm: bytes) -> int:
        """The most writes that the card has counted here; 0 if it was not seen."""
        return self._counts.get(idm, 0)

    def counts(self) -> tuple[tuple[bytes, int], ...]:
        """Cards and their most writes, the one seen longest ago first."""
        return tuple(self._counts.items())
