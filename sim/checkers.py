"""What must hold at every moment of any run (模擬), in small separate checks. Pure: facts in, what is wrong out.

    problems(before, now) -> () or a line for each thing that is wrong

`Moment` is what there is to see: cards by their own blocks, what each bus' journal holds as the next start would find
it, where the notes are, what passengers were told. Each check takes its two sides from different places. Together they
say, after any step, whatever was cut, torn or full:

    yen on cards + cash taken + credit billed + notes = opening + ledger

give or take writes and notes that are pending, each of them named in a journal. Nothing here knows how a run is made,
so that seeded and random simulations check alike.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from cardimage.contents import standing_on
from cardimage.image import CardImage
from cardimage.layout.slots import SEQUENCES
from cardimage.lite_s import WCNT
from cardimage.resolve import Standing
from farebox.formats.journal import DriverActed, Entry, Intent, NoteMoved, Outcome, Resolved, Voucher
from farebox.journal import fold
from farebox.journal.fold import Ledger
from farebox.result import Result
from sim.demand import Holdings, holdings
from sim.given import given_at, given_by
from tariff.refusal import Refusal

Problems: TypeAlias = tuple[str, ...]
_POINTS = ("welfare-points", "transport-points")


class Told(NamedTuple):
    """What a passenger was told that was done: the slot that it made of which card, and what changed hands for it;
    below zero what was handed back (GEN-22).
    """

    idm: bytes
    slot: bytes
    cash_yen: int = 0
    credit_yen: int = 0
    points_earned: int = 0
    points_lapsed: int = 0
    note_yen: int = 0


class SeenCard(NamedTuple):
    """A card by its own blocks: what it began with and holds, the slot's number, and the chip's own count of writes."""

    idm: bytes
    opening: Holdings
    held: Holdings
    sequence: int
    writes: int


class Notes(NamedTuple):
    """Bank notes by what the world saw of them: put to the slot, and where they are now."""

    inserted: tuple[int, ...] = ()
    box: tuple[int, ...] = ()
    given_back: tuple[int, ...] = ()
    inside: int | None = None


class SeenBus(NamedTuple):
    """A bus by its journal. `durable` of the entries no loss of power can take; `starts` counts its terminal's starts.

    `pending` are the cards it says are pending, None if it has stopped and says nothing. The entries may be a part of
    its journal, which begins at `first_seq`.
    """

    name: str
    entries: tuple[Entry, ...]
    durable: int
    starts: int
    pending: frozenset[bytes] | None
    notes: Notes = Notes()
    first_seq: int = 1


class Moment(NamedTuple):
    """All that is looked at. `unheard` are slots, by card, that nobody need have been told of: the power went there."""

    cards: tuple[SeenCard, ...]
    buses: tuple[SeenBus, ...]
    told: frozenset[Told]
    cap_yen: int
    unheard: frozenset[tuple[bytes, bytes]] = frozenset()


Check: TypeAlias = Callable[[Moment, Moment], Problems]
"""The moment before, and now."""


# -- facts


def standing_now(card: CardImage) -> Standing | Refusal:
    """The slot of a card that is valid now, by its own blocks."""
    blocks = card.lite_s_blocks()
    assert blocks is not None
    return standing_on(blocks)


def seen_card(card: CardImage, opening: Holdings) -> SeenCard:
    """A card as it lies there. A card that no slot stands on is a defect of its own: AssertionError."""
    now = standing_now(card)
    assert not isinstance(now, Refusal), f"card {card.idm.hex()}: {now}"
    blocks = card.lite_s_blocks()
    assert blocks is not None
    writes = int.from_bytes(blocks[WCNT][:3], "little")
    return SeenCard(card.idm, opening, holdings(now.slot), now.slot.sequence, writes)


def told_by(result: Result, slot: bytes) -> Iterator[Told]:
    """What a result tells: the write that it confirms, and its own; `slot` stands on the card as it is shown."""
    if result.confirmed is not None:
        yield told_of(result.confirmed)
    if result.refusal is not None or result.after is None or result.shown_again or result.notes_yen:
        return
    if result.cancelled is not None:
        yield told_of(result.cancelled.first._replace(action="cancel"), slot)
    elif result.topped_up is not None:
        yield Told(result.idm, slot, note_yen=result.topped_up.note_yen)
    elif result.alighted is not None:
        yield Told(result.idm, slot, *given_at(result.alighted.settlement))
    else:
        yield Told(result.idm, slot)


def told_of(intent: Intent, slot: bytes = b"") -> Told:
    """What the passenger is told once an intent was done; by a cancelling, what was taken back."""
    return Told(intent.idm, slot or intent.slot_after, *given_by(intent), intent.note_yen)


def change_of(intent: Intent) -> Holdings:
    """What a write changes, purse by purse, as the journal has it."""
    changes = {name: after - before for name, before, after in intent.purses}
    points = sum(changes.pop(name, 0) for name in _POINTS)
    return Holdings(intent.sf_after_yen - intent.sf_before_yen, sum(changes.values()), points)


def ends(entries: Iterable[Entry]) -> Iterator[tuple[Intent, str]]:
    """Every intent, and the last word on it: "written", "not_written", "unknown", "indeterminate", or "open"."""
    entries = tuple(entries)
    last = {e.record.intent_seq: e.record.result for e in entries if isinstance(e.record, (Outcome, Resolved))}
    for entry in entries:
        if isinstance(entry.record, Intent):
            yield entry.record, last.get(entry.seq, "open")


# -- the checks


def conserved(_: Moment, now: Moment) -> Problems:
    """Each card holds, purse by purse, what it began with and what the journals say became of it; a write that is not
    known to be done or not may be in it or not, and nothing else may.
    """
    by_card: dict[bytes, list[tuple[Intent, str]]] = {}
    for bus in now.buses:
        for intent, end in ends(bus.entries):
            by_card.setdefault(intent.idm, []).append((intent, end))
    return tuple(wrong for card in now.cards if (wrong := _conserved(card, by_card.get(card.idm, []))))


def _conserved(card: SeenCard, intents: Sequence[tuple[Intent, str]]) -> str:
    possible = {card.opening}
    for intent, end in intents:
        done = {held.plus(change_of(intent)) for held in possible}
        if end != "not_written":
            possible = done if end == "written" else possible | done
    if card.held in possible:
        return ""
    return f"card {card.idm.hex()} holds {card.held}; by the journals it is {sorted(possible)}"


def claimed_once(_: Moment, now: Moment) -> Problems:
    """No two journals say of one write, byte for byte, that it was theirs (faults 5). Boardings are left out: they move
    no money, and have no history row that would tell whose they are.
    """
    claims: dict[tuple[bytes, bytes, bytes], list[str]] = {}
    for bus in now.buses:
        for intent, end in ends(bus.entries):
            if end == "written" and intent.action != "board":
                claims.setdefault((intent.idm, intent.slot_before, intent.slot_after), []).append(bus.name)
    return tuple(f"card {idm.hex()}: {' and '.join(by)}" for (idm, _, _), by in claims.items() if len(by) > 1)


def told_is_journalled(_: Moment, now: Moment) -> Problems:
    """Cash, credit and points that passengers were told of are the journals', and durable; nothing is done unheard but
    where the power went.
    """
    found: dict[tuple[bytes, bytes], tuple[Told, str]] = {}
    for bus in now.buses:
        for intent, end in ends(bus.entries):
            key = intent.idm, intent.slot_after
            if found.get(key, (None, ""))[1] != "written":  # another bus may have given up the very same write
                found[key] = told_of(intent), end
    wrong = []
    for told in now.told:
        journalled, end = found.get((told.idm, told.slot), (None, ""))
        if journalled != told or end == "not_written":
            wrong.append(f"{told} was told, journalled is {journalled}, {end}")
    heard = {(told.idm, told.slot) for told in now.told}
    done = {key for key, (_, end) in found.items() if end == "written"}
    wrong += [f"{found[key][0]} was done, and nobody was told" for key in done - heard - now.unheard]
    return tuple(wrong)


def taken_once(_: Moment, now: Moment) -> Problems:
    """A ride is settled once: for every settlement that was not taken back (GEN-22) there is a boarding, or the
    driver's word for one (GEN-7).
    """
    written: dict[bytes, list[Intent]] = {}
    words: dict[bytes, int] = {}
    for bus in now.buses:
        for intent, end in ends(bus.entries):
            if end == "written":
                written.setdefault(intent.idm, []).append(intent)
        for entry in bus.entries:
            if isinstance(entry.record, DriverActed) and entry.record.action == "boarded-at":
                words[entry.record.idm] = words.get(entry.record.idm, 0) + 1
    wrong = []
    for idm, intents in written.items():
        rides: list[str] = []
        for intent in sorted(intents, key=lambda intent: intent.write_counter):
            if intent.action == "cancel":
                del rides[-1:]  # its settlement, which was the card's last write
            elif intent.action != "top-up":
                rides.append(intent.action)
        unboarded = sum(after == "alight" and before != "board" for before, after in pairwise(("", *rides)))
        if unboarded > words.get(idm, 0):
            wrong.append(f"card {idm.hex()}: {unboarded} settlements without a boarding, {words.get(idm, 0)} keyed")
    return tuple(wrong)


def within_the_cap(_: Moment, now: Moment) -> Problems:
    """No purse is below nothing, and no card over the cap that was not so from the start (faults 42, 44)."""
    wrong = []
    for card in now.cards:
        yen = card.held.stored_fare_yen + card.held.coupons_yen
        most = max(now.cap_yen, card.opening.stored_fare_yen + card.opening.coupons_yen)
        if min(card.held) < 0 or yen > most:
            wrong.append(f"card {card.idm.hex()} holds {card.held}, at most {most} yen")
    return tuple(wrong)


def in_sequence(before: Moment, now: Moment) -> Problems:
    """Records are numbered from 1 without gaps, each after those it calls flushed; no card's own counts go back, nor
    does its slot's number grow by more than it was written (faults 12, 24).
    """
    wrong = []
    for bus in now.buses:
        numbers = range(bus.first_seq, bus.first_seq + len(bus.entries))
        if [entry.seq for entry in bus.entries] != list(numbers):
            wrong.append(f"{bus.name}: records are not numbered from 1 without gaps")
        flushed = [entry.flushed_seq for entry in bus.entries]
        if flushed != sorted(flushed) or any(entry.flushed_seq >= entry.seq for entry in bus.entries):
            wrong.append(f"{bus.name}: what is flushed goes back, or runs ahead")
    for old, new in zip(before.cards, now.cards, strict=True):
        steps = (new.sequence - old.sequence) % SEQUENCES
        if new.writes < old.writes or steps > new.writes - old.writes:
            wrong.append(f"card {new.idm.hex()}: slot {old.sequence} after {old.writes} writes, now {new[3:]}")
    return tuple(wrong)


def journal_goes_on(before: Moment, now: Moment) -> Problems:
    """A journal only grows. Power takes what was not durable, and never from the middle (faults 18, 19)."""
    wrong = []
    for old, new in zip(before.buses, now.buses, strict=True):
        kept = old.durable if new.starts > old.starts else len(old.entries)
        if new.entries[:kept] != old.entries[:kept]:
            lost = next((entry.seq for entry in old.entries[:kept] if entry not in new.entries), None)
            wrong.append(f"{new.name}: record {lost} of {kept} that were promised is gone, or another one")
        if new.durable < old.durable:
            wrong.append(f"{new.name}: {old.durable} records were durable, now {new.durable}")
    return tuple(wrong)


def pending_is_named(_: Moment, now: Moment) -> Problems:
    """What a terminal calls pending is what its journal leaves open; and no journal contradicts itself (faults 4)."""
    wrong = []
    for bus in now.buses:
        _ledger, violations = fold.audit(bus.entries)
        wrong += [f"{bus.name} record {found.seq}: {found.what}" for found in violations]
        named = frozenset(fold.pending(bus.entries))
        if bus.pending is not None and bus.pending != named:
            wrong.append(f"{bus.name} says {_hex(bus.pending)} are pending, its journal {_hex(named)}")
    return tuple(wrong)


def each_note_in_one_place(_: Moment, now: Moment) -> Problems:
    """A note is in the acceptor, in the box, or was given back; and the box holds what the journal says, give or take
    notes whose end it has not yet (faults 43).
    """
    return tuple(f"{bus.name}: {wrong}" for bus in now.buses for wrong in notes_of(bus.entries, bus.notes))


def notes_of(entries: Iterable[Entry], notes: Notes) -> Problems:
    """The same of one bus."""
    wrong = []
    inside = () if notes.inside is None else (notes.inside,)
    if sorted((*notes.box, *notes.given_back, *inside)) != sorted(notes.inserted):
        wrong.append(f"{sorted(notes.inserted)} were put in, now they are {notes}")
    entries = tuple(entries)
    places = {entry.record.intent_seq: entry.record.to for entry in entries if isinstance(entry.record, NoteMoved)}
    least = most = 0
    for entry in entries:
        if isinstance(entry.record, Intent) and entry.record.action == "top-up":
            to, yen = places.get(entry.seq, ""), entry.record.note_yen
            least, most = least + yen * (to == "box"), most + yen * (to != "returned")
    if not least <= sum(notes.box) <= most:
        wrong.append(f"the box holds {sum(notes.box)} yen; by the journal from {least} to {most}")
    return tuple(wrong)


CHECKS: Mapping[str, Check] = {
    "conserved": conserved,
    "claimed": claimed_once,
    "told": told_is_journalled,
    "once": taken_once,
    "cap": within_the_cap,
    "sequence": in_sequence,
    "prefix": journal_goes_on,
    "pending": pending_is_named,
    "notes": each_note_in_one_place,
}
"""By the name that stands before each of their problems."""


def problems(before: Moment, now: Moment) -> Problems:
    """All that is wrong, by all checks."""
    return tuple(f"{name}: {wrong}" for name, check in CHECKS.items() for wrong in check(before, now))


# -- once all is quiet


def quiet(moment: Moment) -> Problems:
    """Every card was seen again, every acceptor has come to rest: the sums close to the yen, all that is owed is named.

    What was left to the centre (faults 5) stays as it is, and the sums wait for the centre.
    """
    wrong = [f"quiet: {bus.name}: {what}" for bus in moment.buses for what in quiet_notes(bus.entries, bus.notes)]
    ledgers = [fold.audit(bus.entries)[0] for bus in moment.buses]
    wrong += [f"quiet: {bus.name}: {_hex(bus.pending)} still pending" for bus in moment.buses if bus.pending]
    if not any(ledger.unknown for ledger in ledgers) and not wrong:
        held_yen = sum(card.held.total_yen - card.opening.total_yen for card in moment.cards)
        ledger_yen = sum(ledger.cards_delta_yen for ledger in ledgers)
        if held_yen != ledger_yen:
            wrong.append(f"quiet: cards gained {held_yen} yen, by the journals {ledger_yen}")
    return tuple(wrong)


def quiet_notes(entries: Iterable[Entry], notes: Notes) -> Problems:
    """Notes in the box = topped up - premiums + owed by the operator - owed by passengers; each that is owed has one
    voucher, and nothing is on its way.
    """
    entries = tuple(entries)
    ledger, _violations = fold.audit(entries)
    vouchers = [entry.record for entry in entries if isinstance(entry.record, Voucher)]
    wrong = []
    if notes.inside is not None or fold.open_notes(entries):
        wrong.append(f"a note is on its way: {notes.inside}, {fold.open_notes(entries)}")
    if len({voucher.intent_seq for voucher in vouchers}) != len(vouchers):
        wrong.append("two vouchers for one note")
    if ledger.owed_yen + ledger.claimed_yen > sum(voucher.yen for voucher in vouchers):
        wrong.append(f"{ledger.owed_yen} and {ledger.claimed_yen} yen are owed, and not all of it by a voucher")
    in_box_yen = sum(notes.box)
    if not 0 <= in_box_yen - ledger.notes_yen <= ledger.doubtful_yen:
        wrong.append(f"the box holds {in_box_yen} yen, journalled {ledger.notes_yen}, in doubt {ledger.doubtful_yen}")
    if not ledger.doubtful_yen and in_box_yen != _notes_due_yen(ledger):
        wrong.append(f"the box holds {in_box_yen} yen, cards and vouchers say {_notes_due_yen(ledger)}")
    return tuple(wrong)


def _notes_due_yen(ledger: Ledger) -> int:
    return ledger.topped_up_yen - ledger.premium_yen + ledger.owed_yen - ledger.claimed_yen


def _hex(idms: Iterable[bytes]) -> str:
    return ", ".join(sorted(idm.hex() for idm in idms)) or "none"
