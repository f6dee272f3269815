"""What the terminal goes by and can't see for itself: what the centre said last, and whether the clock is right.

What changes of it is noted in the journal before the next record, so that every record can be read by what was believed
when it was made (faults 25, 39).
"""

from collections.abc import Callable, Iterator

from farebox.clock import ALWAYS, Trust, noted
from farebox.formats.journal import Noted
from farebox.hotlist import Age, age
from farebox.hotlist import noted as hotlist_noted
from farebox.terms import Orders


class Beliefs:
    """The orders of the centre, the trust in the clock, and what of both the journal says already."""

    def __init__(self, orders: Orders, trust: Callable[[], Trust], clock: Callable[[], int]) -> None:
        """Nothing is noted yet."""
        self.orders = orders
        self._trust = trust
        self._clock = clock
        self._trust_noted = ALWAYS
        self._age_noted: Age | None = None

    @property
    def trust(self) -> Trust:
        """Whether the clock is believed now (faults 25)."""
        return self._trust()

    @property
    def hotlist_age(self) -> Age | None:
        """How old the hotlist is by now: other than fresh is an alarm (faults 39). None: there never was one, or nobody
        knows for want of a trusted clock.
        """
        hotlist = self.orders.hotlist
        if hotlist is None or not self._trust().trusted:
            return None
        return age(hotlist, self._clock(), self.orders.ages)

    def news(self) -> Iterator[Noted]:
        """What has changed since it was noted last."""
        trust, aged = self._trust(), self.hotlist_age
        if trust != self._trust_noted:
            self._trust_noted = trust
            yield noted(trust)
        if aged is not self._age_noted:
            self._age_noted = aged
            if aged is not None and self.orders.hotlist is not None:
                yield hotlist_noted(self.orders.hotlist, aged)

    def note_anew(self) -> bool:
        """What is noted may stand in a segment that is sealed now; a start reads the next one alone, and must find how
        late it is at least (`farebox.clock.Past`). Tells whether there is anything to be noted again.
        """
        if self._trust_noted == ALWAYS:
            return False
        self._trust_noted = ALWAYS
        return True
