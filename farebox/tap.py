"""A tap judged: what it means, before anything is written. Pure; the time of the tap is an argument.

judge_boarding(account, service, at_s)            -> Board | Keep | Refusal
judge_alighting(account, service, at_s, keyed, party)  -> Alight | Keep | Refusal
"""

from datetime import date
from enum import StrEnum
from typing import NamedTuple

from cardimage.layout.history import HistoryRow
from farebox.place import PlaceKind
from tariff.acceptance import accept
from tariff.account import Account, RideMark, RideState
from tariff.auto_charge import Held
from tariff.calendar import day_in_japan
from tariff.due import Ride
from tariff.fares import FareTable
from tariff.passes import Run
from tariff.purses import Payment, money_yen
from tariff.refusal import Code, Refusal
from tariff.riders import HOLDER_ALONE, Party
from tariff.rulebook import Rulebook
from tariff.settle import Settlement, settle
from tariff.single_tap import Taps, flat_run


class Back(NamedTuple):
    """A station's line the other way: its fares, its number on cards, and the station's place on it."""

    table: FareTable
    trip_number: int
    stop_index: int


class Service(NamedTuple):
    """The trip the vehicle is on, and where: everything a tap is judged against besides the card.

    `taps` says which taps the route asks for (GEN-6), `kind` what kind of service it is (GEN-15). `departs_s` is when
    the trip leaves its first stop by the timetable, in seconds since the service day began (AZF-60), and `began_s` the
    same moment in seconds since 1970. At a station the trip is its line, one way, for a day; `back` is the other way.
    """

    rulebook: Rulebook
    table: FareTable
    company: int
    trip_id: str
    trip_number: int
    began_s: int
    stop_index: int
    kind: str
    departs_s: int
    taps: Taps
    place: PlaceKind = PlaceKind.BUS
    back: Back | None = None

    @property
    def stop_name(self) -> str:
        """The stop the vehicle stands at."""
        return self.table.pattern.stop_names[self.stop_index]

    def may_have_boarded(self, place: int) -> bool:
        """Whether who alights here can have boarded there: before it on a trip, at any other station of a line."""
        if self.back is None:
            return 0 <= place < self.stop_index
        return 0 <= place < self.table.size and place != self.stop_index


class Keyed(NamedTuple):
    """What the driver has keyed for one card's question: where it boarded (GEN-7), how it is paid (GEN-10)."""

    boarded: int | None = None
    payment: Payment = Payment.CARD


NOTHING_KEYED = Keyed()


class NoteCode(StrEnum):
    """Things worth keeping about a tap that was served."""

    INCOMPLETE_RIDE = "incomplete-ride"  # GEN-8: the last ride was never closed
    FIRST_BOARDING_KEPT = "first-boarding-kept"  # GEN-8: boarded this trip already
    FIRST_RESULT_SHOWN = "first-result-shown"  # GEN-9: alighted here already
    SETTLEMENT_CANCELLED = "settlement-cancelled"  # GEN-22: it was taken back already
    DIRECTIVE_APPLIED = "directive-applied"  # CTR-3: this tap writes what changed at the centre
    DIRECTIVE_REFUSED = "directive-refused"  # CTR-3: a directive that the card has no room for
    CLOCK_NOT_SET = "clock-not-set"  # faults 25: nothing that hangs on a day was used


class Note(NamedTuple):
    """A note and the rule it stands on; `detail` names stops and days, never a person."""

    code: NoteCode
    rule: str
    detail: str = ""


class Board(NamedTuple):
    """Accept a boarding: the account to write."""

    after: Account
    notes: tuple[Note, ...]


class Alight(NamedTuple):
    """Accept an alighting: what is settled, where the ride began, and the row for the card's history."""

    settlement: Settlement
    ride: Ride
    notes: tuple[Note, ...]

    def history(self, sequence: int, mark: int) -> HistoryRow:
        """The ride as one row of the card's history (GEN-13), under the sequence that makes it count; `mark` is whose
        row it is.
        """
        return HistoryRow(
            sequence,
            self.ride.day,
            self.ride.trip_number,
            self.ride.boarded,
            self.ride.alighted,
            self.settlement.due_yen,
            self.settlement.cash_yen,
            self.settlement.auto_charged_yen,
            money_yen(self.settlement.after),
            mark=mark,
        )


class Keep(NamedTuple):
    """Nothing to write: an earlier tap stands, and is shown again."""

    note: Note


_NO_RIDE = Refusal(Code.OUT_OF_SERVICE, "NOR-11", "no rides begin or end at a machine")


def judge_boarding(account: Account, service: Service, at_s: int) -> Board | Keep | Refusal:
    """A tap at the entry reader (GEN-5, GEN-8)."""
    if service.place is PlaceKind.TOP_UP_MACHINE:
        return _NO_RIDE
    today = day_in_japan(at_s)
    day = _ride_day(today, service)
    refusal = accept(account, day, service.kind, service.rulebook)
    if refusal is not None:
        return refusal
    notes: tuple[Note, ...] = ()
    mark = account.ride
    if mark is not None and mark.state is RideState.OPEN:
        if _on_this_trip(mark, service) and _is_one_ride(mark, service):
            boarded = service.table.pattern.stop_names[mark.stop_index]
            return Keep(Note(NoteCode.FIRST_BOARDING_KEPT, "GEN-8", boarded))
        if service.rulebook.open_ride == "refuse":
            return Refusal(Code.OPEN_RIDE, "GEN-8", _of(mark))
        notes = (_incomplete(mark),)
    opened = RideMark(RideState.OPEN, day, service.trip_number, service.stop_index, service.company)
    return Board(account._replace(ride=opened), notes)


def judge_alighting(
    account: Account,
    service: Service,
    at_s: int,
    keyed: Keyed = NOTHING_KEYED,
    party: Party = HOLDER_ALONE,
    held: Held | None = None,
) -> Alight | Keep | Refusal:
    """A tap at the exit reader: the boarding record, or the driver's word for it, then the settlement (GEN-7).

    `held` is why there is no auto-charge, where the card does not know it (AUT-6).
    """
    if service.place is PlaceKind.TOP_UP_MACHINE:
        return _NO_RIDE
    today = day_in_japan(at_s)
    account, service, keyed = facing(account, service, keyed)
    mark = account.ride
    here = ride_here(account, service)
    day = here.day if here else _ride_day(today, service)
    refusal = accept(account, day, service.kind, service.rulebook)
    if refusal is not None:
        return refusal
    settled_before = ride_settled(account, service)
    here_before = here and (here.stop_index == service.stop_index or service.taps is Taps.BOARDING)
    if settled_before and here and here_before and _is_one_ride(here, service):
        return settled_before
    run = _run(here, service, keyed)
    if isinstance(run, Refusal):
        return run
    ride = Ride(
        *(service.table, service.company, service.trip_number, *run, day, today),
        service=service.kind,
        departs_s=service.departs_s,
    )
    settled = settle(ride, account, party, service.rulebook, keyed.payment, held)
    if isinstance(settled, Refusal):
        return settled
    if service.taps is not Taps.BOTH:
        settled = _closed_here(settled, service)
    never_closed = mark is not None and mark.state is RideState.OPEN and not here
    return Alight(settled, ride, (_incomplete(mark),) if mark and never_closed else ())


class Faced(NamedTuple):
    """A card and what was keyed for it, as the direction of its ride has them."""

    account: Account
    service: Service
    keyed: Keyed


def facing(account: Account, service: Service, keyed: Keyed = NOTHING_KEYED) -> Faced:
    """At a station's exit: the line in the direction in which the card came. On a bus nothing changes (NOR-11).

    Every station's entry marks its place on the line one way, for there nobody knows yet where the ride will go.
    """
    back, mark = service.back, account.ride
    if back is None:
        return Faced(account, service, keyed)
    turned = service._replace(table=back.table, trip_number=back.trip_number, stop_index=back.stop_index, back=None)
    if mark is not None and mark.state is RideState.CLOSED and _on_this_trip(mark, turned):
        return Faced(account, turned, keyed)
    last = service.table.size - 1
    if keyed.boarded is not None:
        if keyed.boarded < service.stop_index:
            return Faced(account, service, keyed)
        return Faced(account, turned, keyed._replace(boarded=last - keyed.boarded))
    if mark is None or not _on_this_trip(mark, service) or mark.stop_index <= service.stop_index:
        return Faced(account, service, keyed)
    there = mark._replace(trip_number=back.trip_number, stop_index=last - mark.stop_index)
    return Faced(account._replace(ride=there), turned, keyed)


def ride_settled(account: Account, service: Service) -> Keep | None:
    """The card's ride on this trip, if it was settled: all that a tap whose write is confirmed only now comes to.

    Whatever stop the bus has reached since, and whichever reader the card is laid on: its holder was told to touch
    again, and does no more than that (GEN-9, faults 4).
    """
    service = facing(account, service).service
    mark = account.ride
    if mark is None or mark.state is not RideState.CLOSED or not _on_this_trip(mark, service):
        return None
    place = service.table.pattern.stop_names[mark.stop_index]
    if service.taps is Taps.BOARDING and mark.stop_index != service.stop_index:
        return Keep(Note(NoteCode.FIRST_BOARDING_KEPT, "GEN-8", place))
    return Keep(Note(NoteCode.FIRST_RESULT_SHOWN, "GEN-9", place))


def ride_here(account: Account, service: Service) -> RideMark | None:
    """The card's own mark, if it was made on this run of the trip."""
    return account.ride if account.ride is not None and _on_this_trip(account.ride, service) else None


def _ride_day(today: date, service: Service) -> date:
    """[D] Boarded before midnight on a trip that leaves after it: the ride is of the day the trip leaves (GEN-5)."""
    return max(today, day_in_japan(service.began_s))


def _run(here: RideMark | None, service: Service, keyed: Keyed) -> Run | Refusal:
    """From where to where: by the card's record of this trip, the driver's word (GEN-7), or one tap alone (GEN-6)."""
    if service.taps is not Taps.BOTH:
        return flat_run(service.table, service.stop_index, service.taps)
    recorded = here.stop_index if here and here.state is RideState.OPEN else None
    boarded = recorded if keyed.boarded is None else keyed.boarded
    if boarded is None or not boarded < service.stop_index:
        return Refusal(Code.NO_BOARDING, "GEN-7", service.stop_name)
    return boarded, service.stop_index


def _closed_here(settled: Settlement, service: Service) -> Settlement:
    """One tap's ride is marked where it was made, so that a second tap there is known for the first one (GEN-9)."""
    mark = settled.after.ride
    assert mark is not None
    return settled._replace(after=settled.after._replace(ride=mark._replace(stop_index=service.stop_index)))


def closes_a_ride(account: Account, service: Service) -> bool:
    """One reader for both sides: whether a tap here is an alighting. A ride of this trip that stands on the card is
    closed (or was just now, at this very stop), as is one on a route with one tap (GEN-6); any other tap boards.
    """
    mark = account.ride
    if service.taps is not Taps.BOTH:
        return True
    if mark is None or not _on_this_trip(mark, service):
        return False
    if mark.state is RideState.OPEN:
        return mark.stop_index < service.stop_index
    return mark.stop_index == service.stop_index


def _on_this_trip(mark: RideMark, service: Service) -> bool:
    """Whether a mark was made on this run of the trip: a trip has the same number every day it runs."""
    return (
        mark.trip_number == service.trip_number
        and mark.company == service.company
        and mark.day >= day_in_japan(service.began_s)
        and mark.stop_index < service.table.size
    )


def _is_one_ride(mark: RideMark, service: Service) -> bool:
    """Whether a mark of this trip can only be of the ride in hand. A station's line runs all day: who enters at another
    station, or leaves once more, is on another ride.
    """
    if service.place is not PlaceKind.STATION:
        return True
    return mark.state is RideState.OPEN and mark.stop_index == service.stop_index


def _incomplete(mark: RideMark) -> Note:
    return Note(NoteCode.INCOMPLETE_RIDE, "GEN-8", _of(mark))


def _of(mark: RideMark) -> str:
    return f"{mark.day} trip {mark.trip_number} stop {mark.stop_index}"
