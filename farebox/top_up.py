"""Topping up on the bus, judged: may a note be taken now, and what does it make of the card? Pure.

takes(account, service, halt, at_s)            -> the notes that would be taken now, or a Refusal (LOC-8 to LOC-10)
judge(account, note_yen, service, halt, at_s)  -> TopUp | Refusal

What a note may be, from which balance on none is taken and the cap stand in the operator's file.
"""

from datetime import date
from typing import NamedTuple

from cardimage.layout.history import HistoryRow, top_up_row
from farebox.place import PlaceKind
from farebox.tap import Service
from tariff.account import Account
from tariff.calendar import day_in_japan
from tariff.purses import money_yen, top_up, top_up_by_note
from tariff.refusal import Code, Refusal
from tariff.rulebook import Purse, Rulebook

NOTES_YEN = (1_000, 2_000, 5_000, 10_000)
"""Every bank note there is. A machine takes those that the scheme's step allows (GEN-3); LOC-8 and LOC-10, by which a
bus takes fewer, are about buses.
"""


class Halt(NamedTuple):
    """What is known of the vehicle's standing still; None: no such signal is wired up.

    `at_stop`: its position is at a stop of the trip. `confirmed`: the driver says that it stands at one.
    """

    speed_kmh: int | None = None
    doors_open: bool | None = None
    at_stop: bool | None = None
    confirmed: bool = False


class TopUp(NamedTuple):
    """A note accepted: what it adds, premium included, the account then, and (rule, yen) for the journal."""

    note_yen: int
    added_yen: int
    after: Account
    lines: tuple[tuple[str, int], ...]

    @property
    def premium_yen(self) -> int:
        """What is given on top of the note (GEN-17)."""
        return self.added_yen - self.note_yen

    def history(self, sequence: int, day: date, mark: int) -> HistoryRow:
        """The top-up as one row of the card's history (GEN-13), under the sequence that makes it count; `mark` is whose
        row it is.
        """
        return top_up_row(sequence, day, self.added_yen, self.note_yen, money_yen(self.after), mark)


def takes(account: Account, service: Service, halt: Halt, at_s: int) -> tuple[int, ...] | Refusal:
    """The notes of which one more would be taken, ascending; the smallest one's refusal if none would.

    Asked before each note (LOC-10), so that the acceptor lets in no note that would have to go back.
    """
    refusal = not_at_stop(halt)
    if refusal is not None:
        return refusal
    notes = service.rulebook.top_up.bus_notes_yen if service.place is PlaceKind.BUS else NOTES_YEN
    if notes is None:
        return Refusal(Code.NOT_CONFIGURED, "GEN-17", "top-up on the bus")
    judged = {note_yen: judge(account, note_yen, service, halt, at_s) for note_yen in notes}
    taken = tuple(note_yen for note_yen, outcome in judged.items() if isinstance(outcome, TopUp))
    smallest = judged[notes[0]]
    return smallest if not taken and isinstance(smallest, Refusal) else taken


def judge(account: Account, note_yen: int, service: Service, halt: Halt, at_s: int) -> TopUp | Refusal:
    """One note for one card, as it was read just now: the cap is looked at in the one write (faults 42)."""
    refusal = not_at_stop(halt)
    if refusal is not None:
        return refusal
    day = day_in_japan(at_s)
    if service.place is PlaceKind.BUS:
        added = top_up_by_note(account, note_yen, day, service.rulebook)
    else:
        added = top_up(account, _main_purse(service.rulebook), note_yen, day, service.rulebook)
    if isinstance(added, Refusal):
        return added
    premium_yen = added.added_yen - added.paid_yen
    premium = (("NOR-3", premium_yen),) if premium_yen else ()
    return TopUp(added.paid_yen, added.added_yen, added.after, ((_rule(service), added.paid_yen), *premium))


def _rule(service: Service) -> str:
    return "LOC-8" if service.place is PlaceKind.BUS else "NOR-11"


def _main_purse(rulebook: Rulebook) -> Purse:
    """[D] What a machine without a choice of purses adds to: stored fare, else the coupons that everybody may use."""
    return Purse.STORED_FARE if any(rules.name is Purse.STORED_FARE for rules in rulebook.purses) else Purse.REGULAR


def not_at_stop(halt: Halt) -> Refusal | None:
    """Only while the vehicle stands at a stop: by its doors, by its speed and place, or by the driver's word (LOC-9).

    [D] A vehicle that moves is never at a stop, whatever its doors or the driver say.
    """
    if halt.speed_kmh:
        return Refusal(Code.NOT_AT_STOP, "LOC-9", f"{halt.speed_kmh} km/h")
    stands_there = halt.speed_kmh == 0 and halt.at_stop
    if halt.confirmed or halt.doors_open or stands_there:
        return None
    return Refusal(Code.NOT_AT_STOP, "LOC-9")
