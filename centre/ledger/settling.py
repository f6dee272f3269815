"""A tap's write was done, or was not: what is booked and billed then, and taken back if it was known wrongly."""

from typing import NamedTuple

from centre.ledger import services
from centre.ledger.booking import Booking, Kind, What, turned_round
from centre.ledger.from_journal import Owed, Place, as_loss, note_in_box, note_owed, owed, tap_booking
from centre.ledger.models import Tap
from centre.payments import services as payments
from farebox.formats.journal import Intent


class Bill(NamedTuple):
    """An auto-charge that is owed from now on, or `back`: not any more. `key`: that of its tap, `~` and a revision."""

    key: str
    idm: str
    yen: int
    at_s: int
    back: bool


class Settling:
    """What comes of some taps, gathered so that it is written at once."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._bookings: list[Booking] = []
        self._bills: list[Bill] = []

    def settle(self, tap: Tap, intent: Intent, written: bool | None, stopped: bool) -> None:
        """The tap was written, or was not; None takes back what was known. `stopped`: its card was a lost one then."""
        if tap.settled is written:
            return
        before = _owed(tap)
        if tap.settled:
            self._take_back(tap)
        tap.settled = written
        if written:
            key = self._next_key(tap)
            made = tap_booking(key, tap.at_s, intent, tap.scheme, place_of(tap))
            self._add(as_loss(made, key) if stopped else made)
            if not stopped:
                self._bill(tap, done=True)
        self._owe(tap, before)

    def note_moves(self, tap: Tap, to: str, at_s: int) -> None:
        """The note of a top-up went `to` somewhere."""
        before = _owed(tap)
        tap.note_to = to
        if to == "box":
            self._add(note_in_box(f"{tap.key} note", at_s, place_of(tap), tap.note_yen))
        self._owe(tap, before)

    def lose(self, tap: Tap) -> None:
        """A tap that was booked turns out to be of a lost card after its stop."""
        stands = self._take_back(tap)
        if stands is not None:
            self._add(as_loss(stands, self._next_key(tap)))

    def write(self) -> None:
        """Into the books, and to whoever bills."""
        services.book(self._bookings)
        for bill in self._bills:
            (payments.owe_back if bill.back else payments.owe)(bill.key, bill.idm, bill.yen, bill.at_s)
        self._bookings, self._bills = [], []

    def _add(self, made: Booking) -> None:
        if made.postings:
            self._bookings.append(made)

    def _take_back(self, tap: Tap) -> Booking | None:
        """The booking of a tap, which counts no more; None if there was nothing to book."""
        self.write()  # what is taken back may have been booked with this very segment
        stands = services.last_booked(tap.key)
        if stands is None:
            return None
        self._add(turned_round(stands, self._next_key(tap), tap.at_s, What.TAKEN_BACK))
        if not any(posting.account.kind is Kind.LOSS for posting in stands.postings):
            self._bill(tap, done=False)
        return stands

    def _next_key(self, tap: Tap) -> str:
        tap.revision += 1
        return _key(tap.key, tap.revision)

    def _bill(self, tap: Tap, done: bool) -> None:
        """A cancelling takes the settlement's auto-charge back (GEN-22). Each bill has a key of its own."""
        if tap.auto_charge_yen:
            cancels = tap.action == "cancel"
            key = _key(tap.key, tap.revision)
            if cancels:
                terminal, _, seq = tap.key.rpartition(":")
                key = f"{terminal}:{tap.cancels_seq}~{seq}.{tap.revision}"
            self._bills.append(Bill(key, tap.idm, tap.auto_charge_yen, tap.at_s, back=cancels == done))

    def _owe(self, tap: Tap, before: Owed) -> None:
        if (now := _owed(tap)) != before:
            self._add(note_owed(f"{self._next_key(tap)} owed", tap.at_s, place_of(tap), tap.idm, before, now))


def _key(key: str, revision: int) -> str:
    return key if revision <= 1 else f"{key}~{revision}"


def place_of(tap: Tap) -> Place:
    """Where a tap was."""
    return Place(tap.company, tap.terminal, tap.run.route if tap.run else "")


def _owed(tap: Tap) -> Owed:
    return owed(tap.note_yen, tap.settled, tap.note_to)
