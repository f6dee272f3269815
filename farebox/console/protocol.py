"""What passes between terminal and console: pictures of the moment one way, the driver's commands the other.

Each message is one line of JSON. A picture (`Picture`) is whole: who has missed some, or has just connected, needs only
the newest. A command names itself by `do`; what it can't be is told by `NotACommand`, a value. Yen are whole, times are
seconds since 1970 or since the service day began; texts for people are (Japanese, English).
"""

import json
from dataclasses import asdict, dataclass
from typing import TypeAlias

from farebox.peripherals.meaning import Meaning
from farebox.result import Side
from farebox.shape import shaped
from farebox.words import Both
from tariff.purses import Payment
from tariff.refusal import Code
from tariff.riders import Handbook, RiderClass

MOST_COMMAND_BYTES = 4_096
MOST_PICTURE_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class RefusedTap:
    """Why a card was not taken, as a slip says it: code, rule, and what was due and short (GEN-10)."""

    trip_id: str
    code: Code
    rule: str
    detail: str
    due_yen: int
    short_yen: int


@dataclass(frozen=True, slots=True)
class SeenTap:
    """A tap that was served; the card by its last four digits alone. `why` is for the driver, with rule numbers, `told`
    for the passenger, without.

    `number` rises from tap to tap, over restarts too, so that whoever sounds or prints does so once for each.
    """

    at_s: int
    stop: str
    side: Both
    card: str
    accepted: bool
    why: Both
    told: Both
    taken_yen: int | None
    balance_yen: int | None
    number: int
    meaning: Meaning
    refused: RefusedTap | None


@dataclass(frozen=True, slots=True)
class Question:
    """What the driver is asked about a card: where it boarded (`stop`, GEN-7), or how it pays (`payment`, GEN-10); or
    what a card is to be laid for: `top-up` (LOC-8), with the notes that it may have, `cancel` (GEN-22), `history`
    (GEN-13).
    """

    about: str
    card: str = ""
    due_yen: int = 0
    short_yen: int = 0
    notes_yen: tuple[int, ...] = ()
    in_escrow_yen: int = 0


@dataclass(frozen=True, slots=True)
class NoteSlot:
    """The note acceptor. `needs_word`: nothing tells that the bus stands at a stop, so the driver has to (LOC-9).
    `kept_inside`: after a power cut it holds a note whose card is or may be written; it comes out by `release-note`.
    `bench`: it is none, and notes go in by `insert-note` (模擬).
    """

    needs_word: bool
    kept_inside: bool
    bench: bool = False


@dataclass(frozen=True, slots=True)
class SeenRide:
    """A ride of a card's history; stops that can't be named are blank. Of a `top_up`, `due_yen` is what was added."""

    day: str
    boarded: str
    alighted: str
    due_yen: int
    balance_yen: int
    top_up: bool


@dataclass(frozen=True, slots=True)
class SeenHistory:
    """A card that was only looked at (GEN-13): last four digits, balance, last rides, the newest first."""

    card: str
    balance_yen: int
    rides: tuple[SeenRide, ...]


@dataclass(frozen=True, slots=True)
class OnTrip:
    """The trip the bus is on. `fares_yen` are adult fares from each earlier stop to this one; None: there is none."""

    operator: str
    route: str
    trip_id: str
    headsign: str
    stops: tuple[str, ...]
    stop_index: int
    fares_yen: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """A trip that can be begun; `departs_s` counts from the service day's start."""

    trip_id: str
    route: str
    headsign: str
    departs_s: int


@dataclass(frozen=True, slots=True)
class Totals:
    """What the duty came to so far, by the journal; `ended`: it is over. Fares by what paid them, and what the driver
    hands in: fares in cash, and the notes in the box. `owed_yen` is the operator's to pay, where a note is in the box
    and its card has nothing of it, `claimed_yen` a passenger's; of `doubtful_yen` it is not known yet.
    """

    ended: bool = False
    since_s: int | None = None
    trips: int = 0
    boardings: int = 0
    alightings: int = 0
    refused: int = 0
    pending: int = 0
    fares_yen: int = 0
    by_stored_fare_yen: int = 0
    by_coupons_yen: int = 0
    by_points: int = 0
    cash_yen: int = 0
    credit_yen: int = 0
    cancelled: int = 0
    cancelled_yen: int = 0
    top_ups: int = 0
    topped_up_yen: int = 0
    notes_yen: int = 0
    vouchers: int = 0
    owed_yen: int = 0
    claimed_yen: int = 0
    doubtful_yen: int = 0
    papers: int = 0
    papers_yen: int = 0


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something is wrong, and what to do about it."""

    code: str
    text: Both


@dataclass(frozen=True, slots=True)
class RefusedTimes:
    """How often taps were refused with a code."""

    code: str
    times: int


@dataclass(frozen=True, slots=True)
class Watched:
    """For whoever watches the terminal from outside: counts since its start, that name no card and no passenger; who
    vouches for the clock, or why nobody does; when the hotlist was made, if there is one.
    """

    version: str
    boarded: int
    alighted: int
    kept: int
    topped_up: int
    cancelled: int
    confirmed: int
    refused: tuple[RefusedTimes, ...]
    fares_yen: int
    cash_yen: int
    topped_up_yen: int
    cancelled_yen: int
    last_tap_s: int | None
    pending: int
    clock: str
    clock_trusted: bool
    hotlist_made_at_s: int | None


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that the console and the passenger display show. `party` is who was told of for the next
    card, `benches` the sides where a bench can lay its card, `note_slot` None where there is no note acceptor."""

    at_s: int
    vehicle_id: str
    simulated: bool
    benches: tuple[Side, ...]
    state: str
    on_trip: OnTrip | None
    offers: tuple[Offer, ...]
    taps: tuple[SeenTap, ...]
    question: Question | None
    party: tuple[str, ...]
    alarms: tuple[Alarm, ...]
    notice: Both | None
    totals: Totals | None
    note_slot: NoteSlot | None
    history: SeenHistory | None
    watched: Watched


@dataclass(frozen=True, slots=True)
class BeginTrip:
    """Go into service on a trip of today."""

    trip_id: str


@dataclass(frozen=True, slots=True)
class GoToStop:
    """The bus stands at a stop of the trip, counted from 0."""

    stop_index: int


@dataclass(frozen=True, slots=True)
class EndTrip:
    """Go out of service."""


@dataclass(frozen=True, slots=True)
class AnswerStop:
    """Where the passenger in question boarded (GEN-7)."""

    stop_index: int


@dataclass(frozen=True, slots=True)
class AnswerPayment:
    """How the passenger in question pays (GEN-10)."""

    payment: Payment


@dataclass(frozen=True, slots=True)
class DropQuestion:
    """Give the question up; nothing is taken."""


@dataclass(frozen=True, slots=True)
class Luggage:
    """A piece of luggage, as it was measured (AZF-2)."""

    weight_g: int
    volume_cm3: int
    length_mm: int


@dataclass(frozen=True, slots=True)
class TellParty:
    """Who rides on the card tapped next (LOC-15); `holder` is the driver's override for one shown eligible (GEN-12)."""

    holder: RiderClass | None = None
    companions: tuple[RiderClass, ...] = ()
    family: tuple[RiderClass, ...] = ()
    attendants_of: tuple[Handbook, ...] = ()
    luggage: tuple[Luggage, ...] = ()


@dataclass(frozen=True, slots=True)
class LogPaper:
    """A ride on paper: a slip or pass shown (LOC-19, IGP-13), or coupons taken, worth so many yen."""

    kind: str
    yen: int = 0


@dataclass(frozen=True, slots=True)
class LayCard:
    """On a bench without a reader: the card lies at `side` for one look; while notes go in, until it is said again
    or the top-up is over (模擬).
    """

    side: Side


@dataclass(frozen=True, slots=True)
class InsertNote:
    """On a bench without a note acceptor: a passenger puts a note to the slot (模擬)."""

    yen: int


@dataclass(frozen=True, slots=True)
class CountUp:
    """Show what the duty came to so far."""


@dataclass(frozen=True, slots=True)
class EndDuty:
    """The driver's duty is over: it is counted up, and the journal sealed. Out of service only."""


@dataclass(frozen=True, slots=True)
class BeginTopUp:
    """A passenger asks for a top-up (LOC-8); `stands`: the driver says that the bus stands at a stop (LOC-9)."""

    stands: bool = False


@dataclass(frozen=True, slots=True)
class EndTopUp:
    """The passenger has finished: no further note."""


@dataclass(frozen=True, slots=True)
class ReleaseNote:
    """The driver stands at the slot: the note that was kept inside after a power cut is to come out."""


@dataclass(frozen=True, slots=True)
class BeginCancelling:
    """A settlement was made wrong: it is taken back from the card laid next (GEN-22)."""


@dataclass(frozen=True, slots=True)
class ReadHistory:
    """The card laid next is only looked at (GEN-13)."""


Command: TypeAlias = (
    BeginTrip
    | GoToStop
    | EndTrip
    | AnswerStop
    | AnswerPayment
    | DropQuestion
    | TellParty
    | LogPaper
    | LayCard
    | InsertNote
    | CountUp
    | EndDuty
    | BeginTopUp
    | EndTopUp
    | ReleaseNote
    | BeginCancelling
    | ReadHistory
)
COMMANDS: dict[str, type] = {
    "begin-trip": BeginTrip,
    "go-to-stop": GoToStop,
    "end-trip": EndTrip,
    "answer-stop": AnswerStop,
    "answer-payment": AnswerPayment,
    "drop-question": DropQuestion,
    "tell-party": TellParty,
    "log-paper": LogPaper,
    "lay-card": LayCard,
    "insert-note": InsertNote,
    "count-up": CountUp,
    "end-duty": EndDuty,
    "begin-top-up": BeginTopUp,
    "end-top-up": EndTopUp,
    "release-note": ReleaseNote,
    "begin-cancelling": BeginCancelling,
    "read-history": ReadHistory,
}
_NAME_OF = {kind: name for name, kind in COMMANDS.items()}


class ProtocolFault(ValueError):
    """The other end does not speak as this one does: software of another version, or not ours."""


@dataclass(frozen=True, slots=True)
class NotACommand:
    """A line that is no command, and why."""

    why: str


_BAD = (ValueError, RecursionError)


def _object(line: bytes) -> dict[str, object]:
    said = json.loads(line)
    if not isinstance(said, dict):
        raise ValueError("no object")
    return said


def _line(said: dict[str, object]) -> bytes:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def picture_line(picture: Picture) -> bytes:
    """A picture as its line."""
    return _line(asdict(picture))


def picture_of(line: bytes) -> Picture:
    """A line -> the picture; ProtocolFault if it is none."""
    try:
        return shaped(_object(line), Picture)
    except _BAD as error:
        what = type(error).__name__
        raise ProtocolFault(f"a message that can't be read ({what}); see the terminal's version") from error


def command_line(command: Command) -> bytes:
    """A command as its line."""
    return _line({"do": _NAME_OF[type(command)], **asdict(command)})


def command_of(line: bytes) -> Command | NotACommand:
    """A line -> the command. Never raises, whatever the bytes."""
    if len(line) > MOST_COMMAND_BYTES:
        return NotACommand(f"longer than {MOST_COMMAND_BYTES} bytes")
    try:
        said = _object(line)
        named = said.pop("do", None)
        kind = COMMANDS.get(named) if isinstance(named, str) else None
        if kind is not None:
            command: Command = shaped(said, kind)
            return command
    except _BAD:
        pass
    return NotACommand("no command of this version")
