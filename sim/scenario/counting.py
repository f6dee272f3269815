"""The end of a scenario: every yen counted twice, from cards, slots and passengers, and from the journals.

    yen on cards + cash taken + credit billed = opening balance + ledger        each note in exactly one place

A write whose end no journal knows is named, as pending or unknown, and counted as the card itself shows it.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from typing import NamedTuple

from cardimage.layout.blocks import SLOT_BLOCKS
from farebox.formats.journal import Entry, Intent, Resolved
from farebox.journal import fold
from farebox.journal.fold import Ledger
from sim.demand import Holdings, holdings
from sim.given import Given, given_by, shown
from sim.replay import Tally
from sim.scenario.checking import Difference, same
from sim.scenario.office import Card
from sim.scenario.schema import EndSaid
from sim.scenario.world import Bus, World
from tariff.account import Account
from tariff.purses import balance_yen
from tariff.rulebook import Purse

_NOTHING = Ledger()


class Count(NamedTuple):
    """What it came to, and all that is not as it must be."""

    tally: Tally
    differences: tuple[Difference, ...]


class _Books(NamedTuple):
    """One bus's journal: as it stands, and as it will be once the centre knows what the cards show."""

    bus: Bus
    entries: tuple[Entry, ...]
    ledger: Ledger
    settled: Ledger
    confirmed: tuple[Intent, ...]
    violations: tuple[str, ...]


def count(world: World, end: EndSaid, account: Callable[[Card], Account]) -> Count:
    """Count everything; `account` is what a card holds now, by its own record."""
    journals = {bus.name: bus.entries() for bus in world.buses.values()}
    seen_later = _slots_now(world.cards.values()) | {
        entry.record.slot_before
        for entries in journals.values()
        for entry in entries
        if isinstance(entry.record, Intent)
    }
    books = [_books(bus, journals[bus.name], seen_later) for bus in world.buses.values()]
    told = (shown(result) for bus in world.buses.values() for result in bus.shown)
    shown_by_cards = (given_by(intent) for one in books for intent in one.confirmed)
    cards = list(world.cards.values())
    tally = Tally(
        reduce(Holdings.plus, (holdings(card.opening) for card in cards), Holdings()),
        reduce(Holdings.plus, (holdings(account(card)) for card in cards), Holdings()),
        reduce(Given.plus, (*told, *shown_by_cards), Given()),
        reduce(_plus, (one.settled for one in books), _NOTHING),
        len(cards),
        tuple(what for one in books for what in one.violations),
    )
    found = [Difference("every yen", "accounted for", what) for what in tally.problems]
    found += [difference for one in books for difference in _notes(one)]
    found += _as_said(end, world, reduce(_plus, (one.ledger for one in books), _NOTHING), account)
    return Count(tally, tuple(found))


def _plus(one: Ledger, other: Ledger) -> Ledger:
    return Ledger(*(a + b for a, b in zip(one, other, strict=True)))


def _slots_now(cards: Iterable[Card]) -> set[bytes]:
    blocks = (card.image.lite_s_blocks() or {} for card in cards)
    return {held[slot] for held in blocks for slot in SLOT_BLOCKS if slot in held}


def _books(bus: Bus, entries: tuple[Entry, ...], seen_later: set[bytes]) -> _Books:
    ledger, violations = fold.audit(entries)
    doubtful = {
        entry.record.intent_seq
        for entry in entries
        if isinstance(entry.record, Resolved) and entry.record.result == "unknown"
    }
    doubtful |= {seq for seq, _ in fold.pending(entries).values()}
    intents = {
        entry.seq: entry.record for entry in entries if entry.seq in doubtful and isinstance(entry.record, Intent)
    }
    written = {seq for seq, intent in intents.items() if intent.slot_after in seen_later}
    sure = [
        entry for entry in entries if not (isinstance(entry.record, Resolved) and entry.record.intent_seq in doubtful)
    ]
    last = entries[-1]
    sure += [
        last._replace(record=Resolved(seq, "written" if seq in written else "not_written", "card")) for seq in intents
    ]
    settled, _ = fold.audit(sure)
    told = tuple(f"{bus.name} record {found.seq}: {found.what}" for found in violations)
    return _Books(bus, entries, ledger, settled, tuple(intents[seq] for seq in sorted(written)), told)


def _notes(books: _Books) -> Iterator[Difference]:
    """Each note that was put in is inside, in the box, or was given back; the journal knows what the box holds."""
    notes, inserted = books.bus.notes, books.bus.inserted
    inside = [] if notes.inside is None else [notes.inside]
    yield from same("notes put in", sorted(inserted), sorted((*notes.box, *notes.given_back, *inside)))
    if not books.ledger.doubtful_yen:
        yield from same("notes in the box, by the journal", sum(notes.box), books.ledger.notes_yen)


def _as_said(end: EndSaid, world: World, ledger: Ledger, account: Callable[[Card], Account]) -> Iterator[Difference]:
    in_boxes_yen = sum(sum(bus.notes.box) for bus in world.buses.values())
    pairs = (
        ("pending", end.pending, ledger.pending),
        ("unknown", end.unknown, ledger.unknown),
        ("cash", end.cash, ledger.cash_yen),
        ("credit", end.credit, ledger.credit_yen),
        ("notes", end.notes, in_boxes_yen),
        ("boardings", end.boardings, ledger.boardings),
        ("alightings", end.alightings, ledger.alightings),
        ("refused", end.refused, ledger.refused),
    )
    for what, expected, actual in pairs:
        if expected is not None:
            yield from same(f"end.{what}", expected, actual)
    for name, said in end.cards.items():
        held = account(world.cards[name])
        if said.balance is not None:
            yield from same(f"end.cards.{name}.balance", said.balance, held.stored_fare_yen)
        for purse, yen in said.purses.items():
            yield from same(f"end.cards.{name}.purses.{purse}", yen, balance_yen(held, Purse(purse)))
