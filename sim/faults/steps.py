"""What happens in a world of buses, step by step (模擬): values, drawn from a seed, kept in a file, left out singly.

None of them knows what came of those before it, so any of them can be missing.
"""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from farebox.result import Side
from farebox.shape import Misshapen, shaped
from sim.hardware.field import Moment
from tariff.purses import Payment


@dataclass(frozen=True, slots=True)
class Stop:
    """The bus comes to stand at a stop of a trip; one that is out of service is put into it first, if need be anew."""

    bus: int
    trip_id: str
    place: int
    at_s: int


@dataclass(frozen=True, slots=True)
class Tap:
    """A card is laid, and again as long as that can help; driver and passenger answer what they are asked: where the
    ride began, and how it is paid. With `gives_up` it is laid once, and nobody answers.
    """

    bus: int
    side: Side
    card: int
    began: int = 0
    pays: Payment = Payment.PART_CASH
    gives_up: bool = False


@dataclass(frozen=True, slots=True)
class Withdraw:
    """The card that is laid next is withdrawn at its n-th command."""

    bus: int
    side: Side
    command: int
    moment: Moment


@dataclass(frozen=True, slots=True)
class Befall:
    """Something is going to happen, within so many calls or commands (`sim.faults.mishaps`)."""

    bus: int
    what: str
    within: int
    after: bool
    side: Side
    choice: int


class Odd(StrEnum):
    """A card that is not what it should be."""

    TWO = "two"
    FOREIGN = "foreign"
    CLONE = "clone"
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class LayOdd:
    """An odd card is laid (faults 11, 12, 14); `other` is the second of two, or the card that is copied meanwhile."""

    bus: int
    side: Side
    odd: Odd
    card: int
    other: int


@dataclass(frozen=True, slots=True)
class TopUp:
    """A card is topped up by one note; after so many steps all is left as it is, or the driver ends it."""

    bus: int
    card: int
    yen: int
    waits: int
    ends: bool


@dataclass(frozen=True, slots=True)
class Cancel:
    """The driver takes back the settlement of a card (GEN-22)."""

    bus: int
    card: int


@dataclass(frozen=True, slots=True)
class Key:
    """A line of the console's protocol, or anything else."""

    bus: int
    line: str


class Acceptor(StrEnum):
    """What the cut of power does to the note acceptor."""

    STAYS_ON = "on"
    GOES_OFF = "off"
    DROPS_IT = "far"


@dataclass(frozen=True, slots=True)
class PowerCut:
    """The power goes and comes back; `seed` decides what the disk kept, with `again_at` it goes in the recovery too."""

    bus: int
    seed: int
    again_at: int | None
    acceptor: Acceptor


@dataclass(frozen=True, slots=True)
class Kill:
    """kill -9, and started again."""

    bus: int


@dataclass(frozen=True, slots=True)
class SetClock:
    """The clock is set forward or back, and believed or not."""

    bus: int
    by_s: int
    trusted: bool


@dataclass(frozen=True, slots=True)
class SendOrders:
    """The centre's word comes: cards on the hotlist, cards without credit, a setting of auto-charge for a card."""

    bus: int
    stopped: int | None
    no_credit: int | None
    auto_charge: int | None
    trigger_yen: int
    amount_yen: int
    age_days: int


@dataclass(frozen=True, slots=True)
class EndDuty:
    """The trip is ended, and the journal of the duty sealed."""

    bus: int


@dataclass(frozen=True, slots=True)
class Session:
    """Segments to the centre: each request has its own fate, those after the last arrive."""

    bus: int
    fates: tuple[str, ...]
    piece_bytes: int


@dataclass(frozen=True, slots=True)
class Rot:
    """A byte of the oldest sealed segment that waits is another one (faults 22)."""

    bus: int
    at: int


@dataclass(frozen=True, slots=True)
class Settle:
    """The day is over: all is mended, pending cards are seen again, all is uploaded, and the sums must close."""


Step: TypeAlias = (
    Stop
    | Tap
    | Withdraw
    | Befall
    | LayOdd
    | TopUp
    | Cancel
    | Key
    | PowerCut
    | Kill
    | SetClock
    | SendOrders
    | EndDuty
    | Session
    | Rot
    | Settle
)
_KINDS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        *(Stop, Tap, Withdraw, Befall, LayOdd, TopUp, Cancel, Key, PowerCut, Kill, SetClock, SendOrders),
        *(EndDuty, Session, Rot, Settle),
    )
}


def as_json(step: Step) -> dict[str, object]:
    """A step as a table of JSON."""
    return {"do": type(step).__name__, **asdict(step)}


def from_json(said: object) -> Step:
    """A step of such a table. Raises farebox.shape.Misshapen."""
    if not isinstance(said, dict) or said.get("do") not in _KINDS:
        raise Misshapen((f"do: none of {', '.join(_KINDS)}",))
    made: Step = shaped({name: value for name, value in said.items() if name != "do"}, _KINDS[said["do"]])
    return made
