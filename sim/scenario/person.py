"""Real readers, with a person who lays the cards: the same scenarios, with somebody to ask.

The bus, its clock and its passengers stay simulated (模擬); card and reader are real. A card is asked for by its name,
looked at before it is tapped and once more before it is taken away, so that what it holds is known by its own record.
"""

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from cardimage.image import CardImage
from cardimage.layout.bits import LayoutFault
from cardimage.resolve import Fate
from cardimage.write_plan import plan
from farebox.readers import Readers
from farebox.result import Side
from reader import card
from reader.card import CardRead
from reader.port import CardReader, Foreign, NoCard, ReaderFault, ReaderMissing, Session, TwoCards, WaitOutcome
from sim.hardware.field import Withdrawal
from sim.scenario.faults import Misfit
from sim.scenario.office import Card
from tariff.account import Account
from tariff.purses import NO_COUPONS
from tariff.refusal import Refusal

LOOK_S = 0.1
_NO_SESSION = (Foreign, TwoCards, NoCard, ReaderFault)
_NOT_OURS = "not one card of ours"


class Asked(NamedTuple):
    """What a person is asked for: to lay a card on the reader of a side, or to take it away."""

    name: str
    side: Side
    lay: bool
    wrong: str = ""
    """Why what lies there is not it; empty at first."""


class PersonBench:
    """A bench whose hand is a person's. One reader may serve both sides."""

    tears = False

    def __init__(
        self,
        readers: Readers,
        ask: Callable[[Asked], None],
        wait_s: float,
        *,
        prepares: bool = False,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`prepares`: write what a scenario says onto each card before its first tap, whatever it held. `wait_s` is how
        long a person may take.
        """
        self.readers = readers
        self._ask, self._wait_s, self._prepares = ask, wait_s, prepares
        self._sleep, self._clock = sleep, clock
        self._cards: dict[bytes, Card] = {}
        self._laid: dict[str, bytes] = {}
        self._held: dict[str, Account] = {}
        self._lies: dict[Side, Card] = {}

    def bench(self, number: int) -> "PersonBench":
        """One for all buses: `sim.scenario.hands.Hands`."""
        return self

    def meet(self, cards: Iterable[Card]) -> None:
        """The cards of the scenario that comes next. A card has to be the same one throughout a scenario."""
        self._cards = {one.image.idm: one for one in cards}
        self._laid.clear()
        self._held = {one.name: one.opening for one in self._cards.values()}

    def account(self, of: Card) -> Account:
        """What a card holds, by its own record when it was last seen here."""
        return self._held[of.name]

    def lay(self, side: Side, image: CardImage, withdrawal: Withdrawal | None = None) -> None:
        """Ask for a card until it lies there. Raises Misfit for what no hand can do, ReaderMissing if nobody comes."""
        if withdrawal is not None:
            raise Misfit("tear: no hand takes a card away at a command's moment; use a simulated reader")
        wanted = self._cards[image.idm]
        self._ask(Asked(wanted.name, side, lay=True))
        until_s = self._clock() + self._wait_s
        told = ""
        while True:
            seen = self._seen(self.readers.at(side), until_s)
            wrong = _NOT_OURS if isinstance(seen, _NO_SESSION) else self._refuses(wanted, seen)
            if not wrong:
                self._lies[side] = wanted
                return
            if wrong != told:
                self._ask(Asked(wanted.name, side, lay=True, wrong=wrong))
                told = wrong
            self._sleep(LOOK_S)

    def lift(self, side: Side) -> None:
        """Look at the card once more, and ask until it is gone."""
        lies = self._lies.pop(side, None)
        if lies is None:
            return
        reader = self.readers.at(side)
        seen = reader.wait()
        if not isinstance(seen, _NO_SESSION) and seen.idm == self._laid[lies.name]:
            read = _read(seen)
            if isinstance(read, CardRead):
                self._held[lies.name] = read.account
        self._ask(Asked(lies.name, side, lay=False))
        until_s = self._clock() + self._wait_s
        while not isinstance(_checked(reader.wait()), NoCard):
            self._in_time(until_s, "the card was not taken away")
            self._sleep(LOOK_S)

    def close(self) -> None:
        """Close the readers."""
        self.readers.boarding.close()
        self.readers.alighting.close()

    def _seen(self, reader: CardReader, until_s: float) -> WaitOutcome:
        """What lies on a reader, as soon as something does."""
        while isinstance(seen := _checked(reader.wait()), NoCard):
            self._in_time(until_s, "no card was laid")
            self._sleep(LOOK_S)
        self._in_time(until_s, "the right card was not laid")
        return seen

    def _in_time(self, until_s: float, what: str) -> None:
        if self._clock() > until_s:
            raise ReaderMissing(f"{what} within {self._wait_s:.0f} s; begin again, or give more time with --wait")

    def _refuses(self, wanted: Card, seen: Session) -> str:
        """Why this is not the card that is wanted; empty if it is, and holds what it should."""
        if self._laid.get(wanted.name, seen.idm) != seen.idm:
            return "another card than before"
        if any(idm == seen.idm and name != wanted.name for name, idm in self._laid.items()):
            return "a card that has another name here"
        read = _read(seen)
        if not isinstance(read, CardRead):
            return f"it can't be read ({read})"
        if wanted.name not in self._laid:
            wrong = self._first_sight(wanted, seen, read)
            if wrong:
                return wrong
            self._laid[wanted.name] = seen.idm
        return ""

    def _first_sight(self, wanted: Card, seen: Session, read: CardRead) -> str:
        """At first a card has to hold what the scenario says; or is made to."""
        if _as_said(read.account) == _as_said(wanted.opening):
            self._held[wanted.name] = read.account
            return ""
        if not self._prepares:
            raise Misfit(
                f"card {wanted.name} holds {_told(read.account)}, and the scenario says {_told(wanted.opening)}; "
                "--prepare writes that onto bench cards"
            )
        try:
            end = card.write(seen, read.now, plan(read.now, read.account, wanted.opening))
        except LayoutFault as fault:
            return f"what the scenario says does not fit it ({fault})"
        return "" if end.fate is Fate.WRITTEN else "it left while it was prepared"


def _read(seen: Session) -> CardRead | Refusal | ReaderFault:
    slots = card.read_slots(seen)
    if isinstance(slots, (Refusal, ReaderFault)):
        return slots
    return card.read_account(seen, slots)


def _checked(seen: WaitOutcome) -> WaitOutcome:
    if isinstance(seen, ReaderFault):
        raise ReaderMissing(f"{seen.reader}: {seen.what}; plug it in again, and begin anew")
    return seen


def _as_said(account: Account) -> Account:
    """All that a scenario says of a card: an old ride of its own is no matter."""
    return account._replace(ride=None, directive=0)


def _told(account: Account) -> str:
    """A card in few words, for whoever holds it."""
    said = [account.scheme, account.holder.name.lower(), f"{account.stored_fare_yen:,} yen"]
    said += [f"{yen:,} yen of {word}" for word, yen in (account.coupons or NO_COUPONS)._asdict().items() if yen]
    said += [word for word, held in (("a pass", account.held_pass), ("auto-charge", account.auto_charge)) if held]
    return " ".join(said).replace("_yen", "")
