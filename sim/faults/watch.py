"""The checks after every step, at the price of what the step changed (模擬).

The same checks as of `sim.checkers`, each handed what it looks at: of a card that was touched all that any journal says
of it, of a journal its end, of notes the records that move them. Whatever a start may have changed is looked at as a
whole, and so is everything now and then, read anew from the disks: what nobody touched must not have changed either.
"""

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet

from farebox.formats.journal import DriverActed, Entry, Intent, NoteMoved, Outcome, Resolved
from farebox.journal.fold import Fold
from farebox.table import State
from sim import checkers
from sim.checkers import Moment, Notes, Problems, SeenBus, SeenCard
from sim.faults.bus import WholeBus
from sim.faults.uploads import Uploads, delivered
from sim.faults.world import World

_OF_A_CARD = ("conserved", "told", "once", "cap")
_OF_A_JOURNAL = ("sequence", "prefix")
_NOBODY = Moment((), (), frozenset(), 0)


class _Seen:
    """A bus as it was after the last step."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.durable = 0
        self.starts = 0
        self.notes = Notes()
        self.fold = Fold()
        self.moves: list[Entry] = []
        """The records that notes are about."""
        self.card_of: dict[int, bytes] = {}
        self.of_card: dict[bytes, list[Entry]] = {}

    def take(self, new: Iterable[Entry]) -> Problems:
        """More of its records; what is wrong in them."""
        wrong = []
        for entry in new:
            if (found := self.fold.take(entry)) is not None:
                wrong.append(f"record {found.seq}: {found.what}")
            record = entry.record
            if isinstance(record, Intent):
                self.card_of[entry.seq] = record.idm
                if record.action == "top-up":
                    self.moves.append(entry)
            elif isinstance(record, NoteMoved):
                self.moves.append(entry)
            idm = _card_of(entry, self.card_of)
            if idm is not None:
                self.of_card.setdefault(idm, []).append(entry)
        return tuple(wrong)


class Watch:
    """Looks at a world after each step. `uploads` tells of each bus what its centre has."""

    def __init__(self, world: World, uploads: Callable[[WholeBus], Uploads], every: int) -> None:
        """Take the world as it begins; everything is looked at each so many steps."""
        self._world = world
        self._uploads = uploads
        self._every = every
        self._steps = 0
        self._before = world.moment()
        self._cards = {card.idm: card for card in self._before.cards}
        self._seen: dict[str, _Seen] = {}
        for bus in world.buses:
            self._start_over(bus)

    def step(self, touched: Iterable[bytes], acted: AbstractSet[str], spoke: AbstractSet[str]) -> Problems:
        """What is wrong after a step in which these cards were laid, these buses did something, and these of them spoke
        with the centre.
        """
        self._steps += 1
        restarted = any(bus.starts != self._seen[bus.name].starts for bus in self._world.buses)
        if restarted or self._steps % self._every == 0:
            return self.whole()
        cards = set(touched)
        wrong: list[str] = []
        for bus in self._world.buses:
            if bus.name in acted:
                wrong += self._journal(bus, cards)
        wrong += self._of_cards(cards)
        return (*wrong, *self._sent(bus for bus in self._world.buses if bus.name in spoke))

    def whole(self) -> Problems:
        """What is wrong anywhere, all that there is looked at anew."""
        before = self._before._replace(
            cards=tuple(self._cards.values()), buses=tuple(_as_it_was(bus, self._seen) for bus in self._world.buses)
        )
        now = self._world.moment()
        wrong = checkers.problems(before, now)
        self._before = now
        self._cards = {card.idm: card for card in now.cards}
        for bus in self._world.buses:
            self._start_over(bus)
        return (*wrong, *self._sent(self._world.buses))

    def quiet(self) -> Problems:
        """What is wrong once all is quiet."""
        every = [self._uploads(bus) for bus in self._world.buses]
        left = (f"delivered: {wrong}" for uploads in every for wrong in delivered(uploads, all_of_it=True))
        return (*checkers.quiet(self._world.moment()), *left)

    def _start_over(self, bus: WholeBus) -> None:
        """Its journal may be another one than it was."""
        seen = self._seen[bus.name] = _Seen()
        book = self._world.books[bus.name]
        seen.take(book.entries)  # what is wrong with them, the checks of the whole have found
        self._remember(bus, seen)

    def _remember(self, bus: WholeBus, seen: _Seen) -> None:
        book = self._world.books[bus.name]
        seen.entries, seen.durable, seen.starts, seen.notes = book.entries, book.durable, bus.starts, bus.notes_seen

    def _journal(self, bus: WholeBus, cards: set[bytes]) -> list[str]:
        """What is wrong with what a bus added to its journal; the cards it is about are added to `cards`."""
        book, seen = self._world.books[bus.name], self._seen[bus.name]
        known = len(book.entries)
        old = SeenBus(bus.name, (), seen.durable, bus.starts, None)
        new = book.read_on(bus.journals)
        wrong = [f"pending: {bus.name} {found}" for found in seen.take(new)]
        cards |= {idm for entry in new if (idm := _card_of(entry, seen.card_of)) is not None}
        named = frozenset(seen.fold.pending())
        if bus.state() is not State.STOPPED and frozenset(bus.terminal.pending) != named:
            wrong.append(f"pending: {bus.name} says otherwise than its journal")
        tail = tuple(book.entries[max(0, known - 1) :])
        now = SeenBus(bus.name, tail, book.durable, bus.starts, None, first_seq=max(1, known))
        wrong += _checked(_OF_A_JOURNAL, _NOBODY._replace(buses=(old,)), _NOBODY._replace(buses=(now,)))
        notes = bus.notes_seen
        if notes != seen.notes or any(isinstance(entry.record, NoteMoved) for entry in new):
            moves = SeenBus(bus.name, tuple(seen.moves), 0, 0, None, notes)
            wrong += _checked(("notes",), _NOBODY, _NOBODY._replace(buses=(moves,)))
        self._remember(bus, seen)
        return wrong

    def _of_cards(self, cards: set[bytes]) -> list[str]:
        world = self._world
        own = [world.by_idm[idm] for idm in sorted(cards) if idm in world.by_idm]
        now = tuple(map(world.seen_card, own))
        before = tuple(self._cards[card.idm] for card in now)
        self._cards |= {card.idm: card for card in now}
        wrong = []
        for old, new in zip(before, now, strict=True):
            wrong += _checked(_OF_A_CARD, _NOBODY, self._about(new))
            wrong += _checked(("sequence",), _NOBODY._replace(cards=(old,)), _NOBODY._replace(cards=(new,)))
        return wrong

    def _about(self, card: SeenCard) -> Moment:
        """All that there is to see of one card."""
        world = self._world
        buses = []
        for bus in world.buses:
            entries = self._seen[bus.name].of_card.get(card.idm)
            if entries:
                buses.append(SeenBus(bus.name, tuple(entries), 0, bus.starts, None))
        told = frozenset(world.told.get(card.idm, ()))
        unheard = frozenset(world.unheard)
        return Moment((card,), tuple(buses), told, world.cap_yen, unheard)

    def _sent(self, buses: Iterable[WholeBus]) -> list[str]:
        return [f"delivered: {wrong}" for bus in buses for wrong in delivered(self._uploads(bus))]


def _checked(names: Iterable[str], before: Moment, now: Moment) -> list[str]:
    return [f"{name}: {wrong}" for name in names for wrong in checkers.CHECKS[name](before, now)]


def _card_of(entry: Entry, card_of: dict[int, bytes]) -> bytes | None:
    """Which card a record is about, of those that the checks of a card look at."""
    match entry.record:
        case Intent(idm=idm) | DriverActed(idm=idm):
            return idm
        case Outcome(intent_seq=seq) | Resolved(intent_seq=seq):
            return card_of.get(seq)
    return None


def _as_it_was(bus: WholeBus, seen_by_name: dict[str, _Seen]) -> SeenBus:
    seen = seen_by_name[bus.name]
    return SeenBus(bus.name, tuple(seen.entries), seen.durable, seen.starts, None, seen.notes)
