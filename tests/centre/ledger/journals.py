"""Small journals, made by hand: buses that write cards, whose slots are real ones."""

from datetime import date

from cardimage.layout.slots import Slot, encode_slot
from centre.ledger.records import Source, book_journal
from farebox.formats.journal import (
    Action,
    Entry,
    Intent,
    Move,
    NoteMoved,
    Outcome,
    Owes,
    Record,
    Resolved,
    Result,
    Settled,
    TripBegun,
    Voucher,
)
from tariff.account import Coupons, Points, RideMark, RideState

DAY = date(2026, 11, 21)
MORNING_S = 1_795_212_000  # 07:00 in Japan that day
HASH = bytes(32)


class Card:
    """A card as it really is: its slot, its purses, its count of writes."""

    def __init__(self, number: int = 1, scheme: str = "lococa", stored_fare_yen: int = 2_000) -> None:
        self.idm = bytes((1, 0x39, *number.to_bytes(6, "big")))
        self.scheme = scheme
        self.slot = Slot(2, scheme, 1, 0, False, None, 0 if scheme == "noruca" else stored_fare_yen)
        if scheme == "noruca":
            self.slot = self.slot._replace(coupons=Coupons(stored_fare_yen, 0, 0))
        self.writes = 10

    @property
    def name(self) -> str:
        """Its IDm as the ledger writes it."""
        return self.idm.hex().upper()

    def copy(self) -> "Card":
        """Another card with the same IDm, keys and contents (faults 11)."""
        other = Card(scheme=self.scheme)
        other.idm, other.slot, other.writes = self.idm, self.slot, self.writes
        return other

    def changed(self, company: int = 0, **changes: object) -> Slot:
        """The slot that comes next."""
        ride = RideMark(RideState.CLOSED, DAY, 7, 3, company)
        slot = self.slot._replace(sequence=(self.slot.sequence + 1) % 256, ride=ride)
        return slot._replace(**changes)  # type: ignore[arg-type]

    def write(self, slot: Slot, blocks: int = 2) -> None:
        """It is written."""
        self.slot = slot
        self.writes += blocks


def other_purses(before: Slot, after: Slot) -> tuple[tuple[str, int, int], ...]:
    """The purses other than stored fare, as an intent has them."""
    if before.coupons and after.coupons:
        return (("regular", before.coupons.regular_yen, after.coupons.regular_yen),)
    if before.points and after.points:
        return (("transport-points", before.points.points, after.points.points),)
    return ()


class Bus:
    """A terminal and its journal, which hands its records over segment by segment."""

    def __init__(self, name: str = "BUS-1", scheme: str = "lococa", company: int = 0, at_s: int = MORNING_S) -> None:
        self.source = Source(name, name.encode().hex().ljust(64, "0"))
        self.company = company
        self.at_s = at_s
        self.entries: list[Entry] = []
        self._sent = 0
        self.record(TripBegun(scheme, HASH, "route-1", "trip-1", 7, "pattern-1", name))

    def record(self, record: Record) -> int:
        """One more record; its number."""
        self.at_s += 60
        seq = len(self.entries) + 1
        self.entries.append(Entry(seq, seq - 1, self.at_s, record))
        return seq

    def intend(
        self,
        card: Card,
        action: Action = "alight",
        due_yen: int = 0,
        cash_yen: int = 0,
        auto_charge_yen: int = 0,
        note_yen: int = 0,
        premium_yen: int = 0,
        points_earned: int = 0,
    ) -> tuple[int, Slot]:
        """What a tap is about to write: its number, and the slot."""
        before = card.slot
        added_yen = auto_charge_yen + note_yen + premium_yen - (due_yen - cash_yen)
        after = card.changed(self.company)
        if before.coupons:
            regular_yen = before.coupons.regular_yen + added_yen
            after = after._replace(coupons=before.coupons._replace(regular_yen=regular_yen))
        else:
            after = after._replace(stored_fare_yen=before.stored_fare_yen + added_yen)
        if points_earned:
            after = after._replace(points=Points((before.points or Points(0, DAY)).points + points_earned, DAY))
            before = before._replace(points=before.points or Points(0, DAY))
        if action == "top-up":
            after = after._replace(ride=before.ride)
        intent = Intent(
            idm=card.idm,
            action=action,
            stop_index=3,
            slot_before=encode_slot(card.slot),
            slot_after=encode_slot(after),
            write_counter=card.writes,
            sf_before_yen=card.slot.stored_fare_yen,
            sf_after_yen=after.stored_fare_yen,
            due_yen=due_yen,
            cash_yen=cash_yen,
            auto_charge_yen=auto_charge_yen,
            lines=(),
            rulebook_hash=HASH,
            purses=other_purses(before, after),
            points_earned=points_earned,
            note_yen=note_yen,
            premium_yen=premium_yen,
        )
        return self.record(intent), after

    def tap(self, card: Card, result: Result | None = "written", **amounts: int) -> int:
        """A ride settled and, unless it was not, written; the number of its intent."""
        return self._write(card, "alight", result, amounts)

    def board(self, card: Card, result: Result | None = "written") -> int:
        """A boarding."""
        return self._write(card, "board", result, {})

    def top_up(self, card: Card, note_yen: int, result: Result | None = "written", premium_yen: int = 0) -> int:
        """A top-up; where its note goes is to be told."""
        return self._write(card, "top-up", result, {"note_yen": note_yen, "premium_yen": premium_yen})

    def _write(self, card: Card, action: Action, result: Result | None, amounts: dict[str, int]) -> int:
        seq, after = self.intend(card, action, **amounts)
        if result == "written":
            card.write(after)
        if result is not None:
            self.record(Outcome(seq, result))
        return seq

    def cancel(self, card: Card, seq: int, result: Result = "written") -> int:
        """A settlement is taken back (GEN-22)."""
        first = self.entries[seq - 1].record
        assert isinstance(first, Intent)
        after = card.changed(
            self.company,
            stored_fare_yen=first.sf_before_yen,
            ride=RideMark(RideState.OPEN, DAY, 7, 3, self.company),
        )
        intent = first._replace(
            action="cancel",
            slot_before=encode_slot(card.slot),
            slot_after=encode_slot(after),
            write_counter=card.writes,
            sf_before_yen=first.sf_after_yen,
            sf_after_yen=first.sf_before_yen,
            purses=tuple((name, then, before) for name, before, then in first.purses),
            cancels_seq=seq,
        )
        number = self.record(intent)
        if result == "written":
            card.write(after, 1)
        self.record(Outcome(number, result))
        return number

    def resolve(self, seq: int, result: Settled) -> None:
        """The end of a write that was not known."""
        self.record(Resolved(seq, result, "next-tap"))

    def note(self, seq: int, note_yen: int, *to: Move) -> None:
        """Where a note goes."""
        for place in to:
            self.record(NoteMoved(seq, note_yen, place))

    def vouch(self, seq: int, yen: int, owes: Owes) -> None:
        """Somebody owes."""
        self.record(Voucher(seq, yen, owes))

    def send(self, most: int = 1_000) -> None:
        """Its next records come into the ledger, as a segment."""
        book_journal(self.source, tuple(self.entries[self._sent : self._sent + most]))
        self._sent = min(self._sent + most, len(self.entries))

    def start_over(self) -> None:
        """Nothing was sent yet."""
        self._sent = 0
