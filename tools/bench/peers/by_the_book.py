"""A fare terminal as most would write it: `transitions` moving the terminal itself, frozen dataclasses, one row a tap.

Its card has two slots and a history row as ours has, and its row is kept before the card is written and concluded
after. It knows less: one kind of card, adult fares, no passes, no notes, no refusals to answer, no pending writes.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum
from struct import Struct
from typing import Any
from zlib import crc32

from transitions import Machine

from tariff.fares import FareTable


class RideState(Enum):
    """What the card last did."""

    NONE = 0
    OPEN = 1
    CLOSED = 2


@dataclass(frozen=True)
class RideMark:
    """Where it did it."""

    state: RideState
    day: date
    trip_number: int
    stop_index: int


@dataclass(frozen=True)
class Account:
    """The card's contents."""

    stored_fare_yen: int
    sequence: int
    ride: RideMark


@dataclass(frozen=True)
class Service:
    """The trip the vehicle is on."""

    table: FareTable
    trip_number: int
    day: date
    stop_index: int


@dataclass(frozen=True)
class Settlement:
    """What is due, and why."""

    due_yen: int
    lines: tuple[str, ...]


@dataclass(frozen=True)
class TapRecord:
    """One tap: the row that is kept of it."""

    idm: bytes
    action: str
    at_s: int
    trip_number: int
    stop_index: int
    due_yen: int
    lines: str
    before_yen: int
    after_yen: int
    sequence: int


@dataclass(frozen=True)
class Decision:
    """A tap judged: the ride it was judged by, what the card is to hold, and the row to keep."""

    ride: RideMark
    after: Account
    record: TapRecord


_SLOT = Struct(">HHBHHB")
_FIRST_DAY = date(2016, 1, 1)


def encode(account: Account) -> bytes:
    """An account as one block of the card, with its check."""
    ride = account.ride
    body = _SLOT.pack(
        account.stored_fare_yen,
        account.sequence,
        ride.state.value,
        (ride.day - _FIRST_DAY).days,
        ride.trip_number,
        ride.stop_index,
    )
    return body + crc32(body).to_bytes(4, "big")


def decode(block: bytes) -> Account | None:
    """One block of the card as an account; None if its check does not hold."""
    body = block[: _SLOT.size]
    if crc32(body) != int.from_bytes(block[_SLOT.size : _SLOT.size + 4], "big"):
        return None
    yen, sequence, state, day, trip_number, stop_index = _SLOT.unpack(body)
    ride = RideMark(RideState(state), _FIRST_DAY + timedelta(days=day), trip_number, stop_index)
    return Account(yen, sequence, ride)


def newer(first: bytes, second: bytes) -> Account:
    """The account of two slots that counts; ValueError if neither does."""
    accounts = [account for account in (decode(first), decode(second)) if account is not None]
    return max(accounts, key=lambda account: account.sequence)


_HISTORY = Struct(">HHHBBHH")


def encode_history(tap: TapRecord, ride: RideMark) -> bytes:
    """A ride as one block of the card's history, with its check."""
    day = (ride.day - _FIRST_DAY).days
    body = _HISTORY.pack(
        tap.sequence, day, tap.trip_number, ride.stop_index, tap.stop_index, tap.due_yen, tap.after_yen
    )
    return body + crc32(body).to_bytes(4, "big")


Write = Callable[[Decision], None]


def _no_outcome(_row: int) -> None:
    """A row that is not concluded."""


STATES = ["out_of_service", "ready", "committing"]
TRANSITIONS: list[dict[str, Any]] = [
    {"trigger": "begin_trip", "source": "out_of_service", "dest": "ready"},
    {"trigger": "end_trip", "source": "ready", "dest": "out_of_service"},
    {"trigger": "judged", "source": "ready", "dest": "committing", "after": ["keep_row", "write_card"]},
    {"trigger": "written", "source": "committing", "dest": "ready", "after": ["conclude_row", "show"]},
]


class Terminal:
    """The terminal is the machine's model: triggers are its methods, effects its callbacks."""

    begin_trip: Callable[[], bool]
    end_trip: Callable[[], bool]
    judged: Callable[..., bool]
    written: Callable[..., bool]

    def __init__(
        self, service: Service, save: Callable[[TapRecord], int | None], conclude: Callable[[int], None] = _no_outcome
    ) -> None:
        """Take the trip, where a row goes, and how it is marked as done."""
        self.service = service
        self.shown: TapRecord | None = None
        self._save = save
        self._conclude = conclude
        self._row: int | None = None
        self.machine = Machine(self, states=STATES, transitions=TRANSITIONS, initial="out_of_service")

    def advance(self, stop_index: int) -> None:
        """Stand at another stop."""
        self.service = replace(self.service, stop_index=stop_index)

    def board(self, idm: bytes, account: Account, at_s: int, write: Write) -> Decision:
        """A boarding tap."""
        service = self.service
        ride = RideMark(RideState.OPEN, service.day, service.trip_number, service.stop_index)
        after = replace(account, sequence=account.sequence + 1, ride=ride)
        record = self._record("board", idm, at_s, Settlement(0, ()), account, after)
        return self._commit(Decision(ride, after, record), write)

    def alight(self, idm: bytes, account: Account, at_s: int, write: Write) -> Decision:
        """An alighting tap; ValueError if the ride was not begun on this trip, or the card is short."""
        service = self.service
        ride = account.ride
        if ride.state is not RideState.OPEN or (ride.day, ride.trip_number) != (service.day, service.trip_number):
            raise ValueError("no boarding")
        due_yen = service.table.fare_yen(ride.stop_index, service.stop_index)
        if due_yen > account.stored_fare_yen:
            raise ValueError("short")
        names = service.table.pattern.stop_names
        line = f"{names[ride.stop_index]}→{names[service.stop_index]}"
        after = replace(
            account,
            stored_fare_yen=account.stored_fare_yen - due_yen,
            sequence=account.sequence + 1,
            ride=replace(ride, state=RideState.CLOSED, stop_index=service.stop_index),
        )
        record = self._record("alight", idm, at_s, Settlement(due_yen, (line,)), account, after)
        return self._commit(Decision(ride, after, record), write)

    def _record(
        self, action: str, idm: bytes, at_s: int, settled: Settlement, before: Account, after: Account
    ) -> TapRecord:
        return TapRecord(
            idm=idm,
            action=action,
            at_s=at_s,
            trip_number=self.service.trip_number,
            stop_index=self.service.stop_index,
            due_yen=settled.due_yen,
            lines="; ".join(settled.lines),
            before_yen=before.stored_fare_yen,
            after_yen=after.stored_fare_yen,
            sequence=after.sequence,
        )

    def _commit(self, decision: Decision, write: Write) -> Decision:
        self.judged(decision, write)
        self.written(decision)
        return decision

    # -- the machine's callbacks

    def keep_row(self, decision: Decision, _write: Write) -> None:
        """Before the card is touched."""
        self._row = self._save(decision.record)

    def write_card(self, decision: Decision, write: Write) -> None:
        """The card itself."""
        write(decision)

    def conclude_row(self, _decision: Decision) -> None:
        """Once the card is written."""
        if self._row is not None:
            self._conclude(self._row)

    def show(self, decision: Decision) -> None:
        """What the passenger sees."""
        self.shown = decision.record
