"""The readers of a bus, and what lies on them: each card is served once for each time it is laid."""

from typing import NamedTuple

from farebox.result import Side
from reader.port import CardReader, Foreign, NoCard, ReaderFault, Session, TwoCards

_TWO_CARDS = b""
"""In place of an IDm. Until the field is empty again nothing is served there: one of two could answer alone."""
_EMPTY_LOOKS = 4
"""Two cards that answer in the same moment drown each other out: one look that finds nothing does not say that they
are gone."""

There = Session | Foreign | TwoCards


class Readers(NamedTuple):
    """The readers of a bus: entry and exit, or the same one twice."""

    boarding: CardReader
    alighting: CardReader

    def at(self, side: Side) -> CardReader:
        """The reader of a side."""
        return self.alighting if side is Side.ALIGHTING else self.boarding


class Field:
    """What lies on each reader, whether it was served already, and which reader is gone."""

    def __init__(self, readers: Readers) -> None:
        """Nothing lies there yet."""
        self.faults: dict[Side, ReaderFault] = {}
        self._readers = readers
        self._lying: dict[Side, bytes] = {}
        self._empty_looks: dict[Side, int] = {}

    def is_one_reader(self, one: Side, other: Side) -> bool:
        """Whether one reader serves both sides."""
        return self._readers.at(one) is self._readers.at(other)

    def look(self, side: Side) -> There | ReaderFault | None:
        """What lies on a reader; None: nothing."""
        there = self._readers.at(side).wait()
        if isinstance(there, ReaderFault):
            self.lose(side, there)
            return there
        self.faults.pop(side, None)
        if isinstance(there, NoCard):
            self._looked_empty(side)
            return None
        return there

    def lose(self, side: Side, fault: ReaderFault) -> None:
        """The reader is gone, and nobody knows what lies there."""
        self.faults[side] = fault
        self._lying.pop(side, None)

    def serve(self, side: Side, there: There) -> bool:
        """Whether what lies there is to be served now: not if it was already. From here on it was."""
        if self._lying.get(side) in (_idm(there), _TWO_CARDS):
            self._empty_looks.pop(side, None)
            return False
        self.served(side, there)
        return True

    def served(self, side: Side, there: There) -> None:
        """What lies there is not served again before it was lifted."""
        self._lying[side] = _idm(there)

    def serve_again(self) -> None:
        """A card that lies there still is served anew; but not one of two."""
        self._lying = {side: idm for side, idm in self._lying.items() if idm == _TWO_CARDS}

    def _looked_empty(self, side: Side) -> None:
        """No card answered: what lay there is gone, two cards only when nothing is heard of them for some looks."""
        if self._lying.get(side) == _TWO_CARDS:
            self._empty_looks[side] = self._empty_looks.get(side, 0) + 1
            if self._empty_looks[side] < _EMPTY_LOOKS:
                return
        self._empty_looks.pop(side, None)
        self._lying.pop(side, None)


def _idm(there: There) -> bytes:
    return _TWO_CARDS if isinstance(there, TwoCards) else there.idm
