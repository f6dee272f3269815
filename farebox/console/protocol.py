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
    """What the driver is asked about a card: where it boarded (`stop`, GEN-7), or how it pays (`payment`, GEN-10)."""

    about: str
    card: str
    due_yen: int
    short_yen: int


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
    """What the duty came to so far, by the journal."""

    boardings: int
    alightings: int
    refused: int
    pending: int
    fares_yen: int
    cash_yen: int
    credit_yen: int


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
    card, `benches` the sides where a bench can lay its card."""

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
class TellParty:
    """Who rides on the card tapped next (LOC-15); `holder` is the driver's override for one shown eligible (GEN-12)."""

    holder: RiderClass | None = None
    companions: tuple[RiderClass, ...] = ()
    family: tuple[RiderClass, ...] = ()
    attendants_of: tuple[Handbook, ...] = ()


@dataclass(frozen=True, slots=True)
class LogPaper:
    """A ride on paper: a slip or pass shown (LOC-19, IGP-13), or coupons taken, worth so many yen."""

    kind: str
    yen: int = 0


@dataclass(frozen=True, slots=True)
class LayCard:
    """On a bench without a reader: the card lies at `side` for one look (模擬)."""

    side: Side


@dataclass(frozen=True, slots=True)
class CountUp:
    """Show what the duty came to so far."""


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
    | CountUp
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
    "count-up": CountUp,
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
