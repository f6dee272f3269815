"""Buses at work, and cards that go from one to the other (模擬). `World.moment()` is what the checkers look at."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from datetime import date
from typing import Any

from cardimage.image import CardImage
from farebox.duty import Duty
from farebox.result import Result
from farebox.table import State
from sim.checkers import Moment, SeenBus, SeenCard, Told, ends, seen_card, standing_now, told_by
from sim.demand import Holdings, holdings
from sim.faults.book import Book
from sim.faults.bus import ProcessEnds, WholeBus
from sim.hardware.memory_disk import PowerLost
from tariff.refusal import Refusal


class World:
    """All of it. `do` is how anything happens on a bus: the power may go over it."""

    def __init__(
        self, duty: Duty, day: date, names: Sequence[str], cards: Sequence[CardImage], cap_yen: int, **bus: Any
    ) -> None:
        """Take the service day, the names of the buses and the cards; `bus` is handed on to each `WholeBus`."""
        self.cards = list(cards)
        self.copies = deepcopy(self.cards)
        """As they were some time ago, for whoever copied one."""
        self.told: dict[bytes, set[Told]] = {}
        self.unheard: set[tuple[bytes, bytes]] = set()
        self.power_losses = 0
        self.cap_yen = cap_yen
        self.by_idm = {card.idm: card for card in self.cards}
        self._opening = {card.idm: self._held(card) for card in self.cards}
        self.buses = [WholeBus(name, duty, day, self._hears, **bus) for name in names]
        self.books = {bus.name: Book() for bus in self.buses}

    def _held(self, card: CardImage) -> Holdings:
        now = standing_now(card)
        assert not isinstance(now, Refusal)
        return holdings(now.slot)

    def _hears(self, result: Result) -> None:
        """A passenger sees a result; what stands on the card then is what was done."""
        card = self.by_idm.get(result.idm)
        now = standing_now(card) if card is not None else None
        slot = b"" if now is None or isinstance(now, Refusal) else now.block
        told = set(told_by(result, slot))
        if told:
            self.told.setdefault(result.idm, set()).update(told)

    def do(self, number: int, act: Callable[[WholeBus], object], seed: int = 0) -> None:
        """Something happens on a bus. If its power goes over it, passengers may not have heard what came of it."""
        bus = self.buses[number]
        starts, state = bus.starts, bus.state()
        try:
            act(bus)
        except PowerLost:
            self.power_losses += 1
            bus.power_cut(seed)
            bus.goes_back_to_work()
        except ProcessEnds:
            bus.killed()
            bus.goes_back_to_work()
        if bus.starts > starts or (bus.state() is State.STOPPED and state is not State.STOPPED):
            self._excuse(bus)

    def _excuse(self, bus: WholeBus) -> None:
        """Writes that are not known to be done, or whose result went with the power: their passengers were not told."""
        book = self.books[bus.name]
        book.read_anew(bus.journals)
        heard = {(told.idm, told.slot) for some in self.told.values() for told in some}
        found = {(intent.idm, intent.slot_after) for intent, _ in ends(book.entries)}
        self.unheard |= found - heard

    def most_writes(self, bus: WholeBus, idm: bytes) -> int:
        """How many writes of a card a bus has seen at least, by its journal."""
        found = ends(self.books[bus.name].entries)
        counts = (intent.write_counter + (end == "written") for intent, end in found if intent.idm == idm)
        return max(counts, default=0)

    # -- what there is to see

    def moment(self) -> Moment:
        """All of it, each journal read anew."""
        for bus in self.buses:
            self.books[bus.name].read_anew(bus.journals)
        return Moment(
            tuple(map(self.seen_card, self.cards)),
            tuple(self.seen_bus(bus) for bus in self.buses),
            frozenset(told for some in self.told.values() for told in some),
            self.cap_yen,
            frozenset(self.unheard),
        )

    def seen_card(self, card: CardImage) -> SeenCard:
        """A card by its own blocks."""
        return seen_card(card, self._opening[card.idm])

    def seen_bus(self, bus: WholeBus) -> SeenBus:
        """A bus by its journal, as it was read last."""
        book = self.books[bus.name]
        pending = None if bus.state() is State.STOPPED else frozenset(bus.terminal.pending)
        return SeenBus(bus.name, tuple(book.entries), book.durable, bus.starts, pending, bus.notes_seen)
