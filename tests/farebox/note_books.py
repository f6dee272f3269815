"""What must hold of cards, notes and journal at any moment, and once all is quiet (faults 42, 43)."""

from collections.abc import Iterable, Mapping

from farebox.formats.journal import Entry, Intent, NoteMoved, Outcome, Resolved, Voucher
from farebox.journal import fold
from farebox.journal.fold import open_notes
from sim.hardware.note_acceptor import NoteAcceptorModel


def in_one_place(acceptor: NoteAcceptorModel, inserted: Iterable[int]) -> None:
    """Each note that was put to the slot is inside, in the box, or was given back: exactly one of these."""
    inside = [] if acceptor.inside is None else [acceptor.inside]
    assert sorted((*acceptor.box, *acceptor.given_back, *inside)) == sorted(inserted)


def explained(entries: Iterable[Entry], on_cards_yen: int, in_box_yen: int) -> None:
    """Cards and box differ by no more than what the journal, as it would be found now, leaves open or says is owed."""
    intents: dict[int, Intent] = {}
    cards: dict[int, str] = {}
    places: dict[int, str] = {}
    for entry in entries:
        match entry.record:
            case Intent(action="top-up") as intent:
                intents[entry.seq] = intent
            case Outcome(seq, result) | Resolved(seq, result):
                cards[seq] = result
            case NoteMoved(seq, _, to):
                places[seq] = to
    least = most = 0
    least_on_cards = most_on_cards = 0
    for seq, intent in intents.items():
        yen = intent.note_yen
        card = {"written": (yen, yen), "not_written": (0, 0)}.get(cards.get(seq, ""), (0, yen))
        box = {"box": (yen, yen), "returned": (0, 0)}.get(places.get(seq, ""), (0, yen))
        least, most = least + box[0] - card[1], most + box[1] - card[0]
        least_on_cards, most_on_cards = least_on_cards + card[0], most_on_cards + card[1]
    assert least_on_cards <= on_cards_yen <= most_on_cards
    assert least <= in_box_yen - on_cards_yen <= most


def balanced(entries: Iterable[Entry], on_cards_yen: int, acceptor: NoteAcceptorModel) -> None:
    """All is quiet, every card was seen again: yen on cards + notes in the box = opening + ledger, all owed named."""
    entries = tuple(entries)
    ledger, violations = fold.audit(entries)
    assert not violations
    assert not open_notes(entries)
    assert ledger.owed_yen + ledger.claimed_yen <= _vouched_yen(entries)
    assert (ledger.pending, ledger.unknown, acceptor.inside) == (0, 0, None)
    in_box_yen = sum(acceptor.box)
    assert on_cards_yen == ledger.topped_up_yen
    assert 0 <= in_box_yen - ledger.notes_yen <= ledger.doubtful_yen
    if not ledger.doubtful_yen:
        assert in_box_yen == on_cards_yen + ledger.owed_yen - ledger.claimed_yen


def _vouched_yen(entries: Iterable[Entry]) -> int:
    """What the vouchers say, those that are void by now included; never two for one note."""
    vouchers = [entry.record for entry in entries if isinstance(entry.record, Voucher)]
    assert len({voucher.intent_seq for voucher in vouchers}) == len(vouchers)
    return sum(voucher.yen for voucher in vouchers)


def on_cards_yen(now: Mapping[str, int], opening: Mapping[str, int]) -> int:
    """What all cards gained."""
    return sum(now.values()) - sum(opening.values())
