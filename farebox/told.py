"""What the driver was told or has keyed, card by card: kept until the tap that it is for is done."""

from farebox.tap import NOTHING_KEYED, Keyed
from tariff.riders import HOLDER_ALONE, Party

MOST_COMPANIONS = 20
"""More can't be told for one card: a record holds so many lines (faults 44)."""


class Told:
    """Answers to questions (GEN-7, GEN-10), and who rides on which card (LOC-15)."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.asked = b""
        """The card that the driver was asked about last."""
        self._keyed: dict[bytes, Keyed] = {}
        self._parties: dict[bytes, Party] = {}
        self._next: Party | None = None

    @property
    def for_asked(self) -> Keyed:
        """What was keyed for the card in question so far."""
        return self.keyed(self.asked)

    def keyed(self, idm: bytes) -> Keyed:
        """What was keyed for a card."""
        return self._keyed.get(idm, NOTHING_KEYED)

    def answer(self, keyed: Keyed) -> None:
        """The driver has answered."""
        self._keyed[self.asked] = keyed

    @property
    def expecting(self) -> bool:
        """Whether a party was told of whose card has not come yet."""
        return self._next is not None

    def expect(self, party: Party) -> None:
        """Who rides on the card that is tapped at the exit next."""
        self._next = party

    def party(self, idm: bytes) -> Party:
        """Who rides on a card that is tapped at the exit: what the driver was told, or its holder alone."""
        return self._next or self._parties.get(idm, HOLDER_ALONE)

    def bind_party(self, idm: bytes) -> None:
        """The party that was told is this card's from here on: its ride is settled, or the driver is asked for it."""
        if self._next is not None:
            self._parties[idm] = self._next
            self._next = None

    def done(self, idm: bytes, *, ride_over: bool) -> None:
        """A tap was done: what was keyed for it is used up, and the party too once the ride is settled."""
        self._keyed.pop(idm, None)
        if ride_over:
            self._parties.pop(idm, None)

    def forget_keyed(self) -> None:
        """At another stop the answers are to other questions, and who was to be tapped has left."""
        self._keyed.clear()
        self._next = None

    def forget_asked(self) -> None:
        """The answers for the card in question."""
        self._keyed.pop(self.asked, None)

    def forget_parties(self) -> None:
        """The trip is over."""
        self._parties.clear()


def named(party: Party) -> tuple[str, ...]:
    """Who rides on a card, word by word, for the journal. ValueError if they are more than a record can hold."""
    others = (
        *party.companions,
        *(f"family {rider}" for rider in party.family),
        *(f"attendant {attendant.handbook}" for attendant in party.attendants),
        *("luggage" for _ in party.luggage),
    )
    if len(others) > MOST_COMPANIONS:
        raise ValueError(f"{len(others)} companions; at most {MOST_COMPANIONS} on one card")
    return (party.holder or "as the card says", *others)
