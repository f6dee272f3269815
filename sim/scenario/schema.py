"""What a `*.scenario.toml` may say, key by key: docs/scenarios.md and the JSON Schema for editors come from here.

A key's doc is for people who know buses and no Python. A trailing `_` is left out in the file (`pass_` is `pass`).
"""

from collections.abc import Iterable
from dataclasses import Field, dataclass, field, fields
from datetime import date, datetime, time
from typing import Any, NamedTuple

from farebox.papers import PAPERS
from farebox.result import Sound
from farebox.tap import NoteCode
from sim.hardware.field import Moment
from tariff.account import HolderKind
from tariff.purses import Payment
from tariff.refusal import Code
from tariff.riders import Handbook, RiderClass
from tariff.rulebook import Purse
from tariff.single_tap import Taps

SUFFIX = ".scenario.toml"


class When(NamedTuple):
    """A moment: a time of the bus's date, or of a date of its own."""

    day: date | None
    clock: time


KINDS = {kind.name.lower().replace("_", "-"): kind for kind in HolderKind}
PURSES = tuple(str(purse) for purse in Purse if purse is not Purse.STORED_FARE)
_PAID = (Payment.PART_CASH, Payment.ALL_CASH)


def _key(doc: str, default: Any = None, words: Iterable[str] = ()) -> Any:
    """A key that may be left out. `words` are all it may say: of a list each entry, of a table each key."""
    return field(default=default, metadata={"doc": doc, "words": tuple(map(str, words))})


def _table(doc: str, words: Iterable[str] = ()) -> Any:
    return field(default_factory=dict, metadata={"doc": doc, "words": tuple(map(str, words))})


def _must(doc: str, words: Iterable[str] = ()) -> Any:
    return field(metadata={"doc": doc, "words": tuple(map(str, words))})


def words_of(key: "Field[Any]") -> tuple[str, ...]:
    """All that a key may say; empty if it may say anything of its kind."""
    found: tuple[str, ...] = key.metadata["words"]
    return found


def doc_of(key: "Field[Any]") -> str:
    """What a key is for."""
    return str(key.metadata["doc"])


# -- routes and buses


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSaid:
    """A route of the scenario's own, in place of a feed's. Its name decides what kind of service it is (GEN-15)."""

    stops: tuple[str, ...] = _must("The stops in the order they are served. A loop may name one twice.")
    fares: tuple[tuple[int | str, ...], ...] = _key(
        "The triangular table (三角表): for each stop but the first a row, the fares from every earlier stop in their "
        'order; "-" where there is none.',
        (),
    )
    cash_fares: tuple[tuple[int | str, ...], ...] = _key(
        "The same for cash, where the operator has another fare for it.", ()
    )
    flat_fare: int | None = _key("One fare for every ride, in place of `fares`.")
    company: str | None = _key("Whose bus it is, where the operator file has several companies (LOC-6).")
    taps: str | None = _key("Which taps it asks for (GEN-6); else as the operator file says.", None, Taps)


@dataclass(frozen=True, slots=True, kw_only=True)
class BusSaid:
    """A bus: whose rules, which day, which route. A scenario's own `bus` goes over the file's, key by key."""

    operator: str | None = _key("Whose rules hold: `lococa`, `iwate-green-pass`, `noruca`, `aizu-noruca`.")
    operator_file: str | None = _key(
        "An operator file of your own, beside this file, as `<scheme>/<first day>.toml`; in place of those shipped."
    )
    date_: date | None = _key("The service day.")
    feed: str | None = _key("A GTFS-JP feed (a folder or a zip, beside this file), or `sample`.")
    route: str | None = _key("One of `routes`, else a route of the feed, by name or id.")
    trip: str | None = _key("A trip of the feed, by its id; else the day's first of the route.")
    departs: time | None = _key("When it leaves its first stop; of a route of the scenario's own 08:00 if not said.")
    readers: int | None = _key("2 (entry and exit), or 1 for both; then the card's own record decides.")
    doors_open: bool | None = _key("Whether the doors are open at stops (LOC-9); they are if not said.")


# -- cards


@dataclass(frozen=True, slots=True, kw_only=True)
class PassSaid:
    """A pass on a card."""

    product: str | None = _key("The kind of pass, as the operator file names it; its first one if not said.")
    from_: str | None = _key("One end of its section.")
    to: str | None = _key("The other end.")
    sections: tuple[tuple[str, ...], ...] = _key("Up to three sections, in place of `from` and `to`.", ())
    one_way: bool = _key("Good from `from` to `to` only (PASS-1).", False)
    first: date = _must("Its first day.")
    last: date = _must("Its last day, still in (PASS-6).")
    bearer: bool | None = _key("Whether it serves whoever carries it; else as its product is sold.")
    priced_on: int | None = _key("The fare it was priced on (PASS-1); else the highest of the scenario's routes.")
    area: str | None = _key("An area of the operator file, by name.")
    line: str | None = _key("A line of the operator file, by name.")
    company: str | None = _key("Who sold it (PASS-8); else the bus's company.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoChargeSaid:
    """An auto-charge arrangement (AUT-1), in yen. Caps that are not said are those first offered."""

    trigger: int = _must("Below this balance it fires (起動額).")
    amount: int = _must("What it adds (実施額).")
    day_cap: int | None = _key("The most in a day.")
    month_cap: int | None = _key("The most in a month.")
    charged_on: date | None = _key("The day of the last addition; with `charged_day` and `charged_month`.")
    charged_day: int = _key("What was added on that day.", 0)
    charged_month: int = _key("What was added in that month.", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponsSaid:
    """The purses of a NORUCA card, in yen, premium included (NOR-3)."""

    regular: int = _key("普通回数券", 0)
    student: int = _key("学割回数券", 0)
    eco: int = _key("ちょこっとエコ回数券", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RideSaid:
    """A ride that stands on the card when the scenario begins."""

    on: date = _must("The day it boarded.")
    state: str = _key("Whether it was closed.", "open", ("open", "closed"))
    trip_number: int = _key("The register's number of its trip; one that no bus here is on if not said.", 60_000)
    place: int = _key("The place in the trip's stops, from 0.", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSaid:
    """A card, by what it holds. It is made anew for each scenario."""

    operator: str | None = _key("Whose card; the bus's operator if not said.")
    balance: int | None = _key("Stored fare (SF), yen; 0 if not said.")
    kind: str = _key("Whom it serves.", "adult", KINDS)
    named: bool | None = _key("Whether it knows its holder; if not said, where it has to: kinds, a named pass.")
    expires: date | None = _key("Its own last day (LOC-2).")
    pass_: PassSaid | None = _key("The pass on it.")
    auto_charge: AutoChargeSaid | None = _key("AIZU NORUCA: its auto-charge.")
    coupons: CouponsSaid | None = _key("NORUCA: its purses.")
    pass_only: bool = _key("NORUCA: a card with the pass function only (NOR-12).", False)
    points: int = _key("Iwate Green Pass: transport points.", 0)
    points_on: date | None = _key("The day points were last earned or used; the bus's date if not said.")
    welfare_points: int = _key("Iwate Green Pass: welfare points.", 0)
    ride: RideSaid | None = _key("The ride that stands on it.")
    recorded: str | None = _key(
        "A recorded card, beside this file: a card image or another program's dump (Flipper .nfc and others), in place "
        "of all above. Of the Suica family a stand-in is tapped (模擬)."
    )
    taken_for: str | None = _key("What a recorded card is, for most look alike: `suica`, `pasmo`, `icoca` …")


# -- steps


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendantSaid:
    """One who goes with a disabled rider (AZF-20)."""

    handbook: str = _must("That rider's handbook.", Handbook)
    of_child: bool = _key("Whether that rider is a child.", False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LuggageSaid:
    """A piece of luggage (AZF-2)."""

    kg: int = _must("Its weight, kg.")
    litres: int = _must("Its size, litres (0.027 m³ are 27).")
    cm: int = _must("Its longest side, cm.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartySaid:
    """Who rides on the card, told to the driver before the tap (LOC-15, GEN-12)."""

    holder: str | None = _key("The holder's class where the driver overrides the card (GEN-12).", None, RiderClass)
    companions: tuple[str, ...] = _key("Others, by class.", (), RiderClass)
    family: tuple[str, ...] = _key("Family living with the holder, by class (LOC-13, AZF-61).", (), RiderClass)
    attendants: tuple[AttendantSaid, ...] = _key("Attendants (AZF-20).", ())
    luggage: tuple[LuggageSaid, ...] = _key("Luggage (AZF-2).", ())


@dataclass(frozen=True, slots=True, kw_only=True)
class TearSaid:
    """A card that is taken away too soon."""

    command: int = _must("At the n-th command the card gets, from 1: poll, challenge, read, then what is written.")
    moment: str = _must("Before it, in the midst of it, after it; or only its answer is lost, the card stays.", Moment)


@dataclass(frozen=True, slots=True, kw_only=True)
class HotlistSaid:
    """A hotlist from the centre."""

    refused: tuple[str, ...] = _key("Cards that every bus refuses (GEN-11).", ())
    no_auto_charge: tuple[str, ...] = _key("Cards that get no auto-charge (AUT-6).", ())
    days_old: int = _key("How old it is when it arrives (faults 39).", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectiveSaid:
    """A change made at the centre, that reaches the card at its next tap from its first day on (CTR-3)."""

    card: str = _must("Which card.")
    first: date = _must("From which day on.")
    pass_: PassSaid | None = _key("A pass, in place of the one that is there.")
    auto_charge: AutoChargeSaid | None = _key("Auto-charge switched on or set anew.")
    auto_charge_off: bool = _key("Auto-charge switched off.", False)
    kind: str | None = _key("Another kind of card.", None, KINDS)
    expires: date | None = _key("And its last day.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSaid:
    """One thing that happens (exactly one of the first group of keys), how, and what is expected of it."""

    # what happens: exactly one
    board: str | None = _key("A card is laid on the entry reader.")
    alight: str | None = _key("A card is laid on the exit reader.")
    two_cards: tuple[str, ...] = _key("Two cards are laid on the exit reader at once (GEN-6).", ())
    top_up: str | None = _key("A top-up on the bus (LOC-8): the card is laid, `notes` are put in.")
    answer_stop: str | None = _key("The driver keys where the passenger boarded (GEN-7).")
    answer_payment: str | None = _key("The driver keys how it is paid (GEN-10).", None, _PAID)
    cancel: str | None = _key(
        "The driver takes back what was settled wrong (GEN-22): the card is laid for that; then it is laid again."
    )
    drop_question: bool = _key("The driver gives the question up.", False)
    paper: str | None = _key("A ride that no card pays is logged (LOC-19, IGP-13).", None, PAPERS)
    drive_to: str | None = _key("The bus goes to a stop.")
    next_stop: bool = _key("The bus goes on to the next stop.", False)
    begin_trip: BusSaid | None = _key("The bus begins another trip; what is not said is as before.")
    end_trip: bool = _key("The trip ends.", False)
    end_duty: bool = _key("The duty ends: the journal is sealed.", False)
    restart: bool = _key("The terminal is switched off and on; the driver begins the trip again at this stop.", False)
    power_cut: bool = _key("The same by a loss of power: what was not flushed is gone.", False)
    wait_s: int | None = _key("Seconds pass.")
    set_clock: datetime | None = _key("Somebody sets the clock, back or forth (faults 24).")
    clock_trusted: bool | None = _key("Whether anything vouches for the clock from here on (faults 25).")
    hotlist: HotlistSaid | None = _key("A hotlist arrives from the centre.")
    directive: DirectiveSaid | None = _key("A directive arrives from the centre.")

    # how
    at: str | None = _key("The stop: the bus goes there first, if it stands elsewhere.")
    visit: int = _key("Which visit of that stop, where a loop serves it more than once.", 1)
    time: When | None = _key("When, as a time of the bus's date, or as date and time.")
    bus: str | None = _key("On which bus of `buses`; if not said, on the one of `bus`.")
    party: PartySaid | None = _key("Who rides on the card, told to the driver before the tap.")
    tear: TearSaid | None = _key("The card is taken away too soon.")
    notes: tuple[int, ...] = _key("Top-up: what is put to the slot, one after the other.", ())
    doors_open: bool | None = _key("Top-up: whether the doors are open (LOC-9).")
    speed_kmh: int | None = _key("Top-up: what the wheels say (LOC-9).")
    yen: int = _key("Paper: what was taken in it.", 0)

    # what is expected
    fare: int | None = _key("What is due.")
    cash: int | None = _key("What of it is paid in cash.")
    balance: int | None = _key("Stored fare on the card then, by its own record.")
    purses: dict[str, int] = _table("Other purses then.", PURSES)
    auto_charged: int | None = _key("What auto-charge added.")
    earned: int | None = _key("Points earned (IGP-28).")
    cancelled: int | None = _key("Cancel: what goes back, to purses, in cash and to auto-charge's credit together.")
    cash_back: int | None = _key("Cancel: what of it the driver hands back.")
    topped_up: int | None = _key("Top-up: what was added, premium included, by all notes.")
    returned: tuple[int, ...] | None = _key("Top-up: what the slot gave back.")
    lines: tuple[str, ...] | None = _key('Every line of the settlement: its rule and yen, as "PASS-3 450".')
    refused: str | None = _key("The refusal's code. Without it, the card must be taken.", None, Code)
    short: int | None = _key("What is short (GEN-10).")
    sound: str | None = _key("What is heard (GEN-14).", None, Sound)
    remarks: tuple[str, ...] | None = _key("What is noted of a tap that was served (GEN-8).", None, NoteCode)
    shown: tuple[str, ...] = _key("Words that the display shows, in Japanese or English.", ())
    not_served: bool = _key("The reader does nothing: the card was gone, or had been served.", False)
    asks: str | None = _key("What the driver is asked.", None, ("stop", "payment", "nothing"))
    journal: tuple[str, ...] | None = _key("Every record that the step adds to the journal, in its words.")


FIRST_BUS = "bus"
"""What the bus of `bus` is called where buses are told apart."""
TAPS = ("board", "alight", "two_cards", "top_up", "cancel")
"""What happens at a reader."""
ACTS = (
    *("board", "alight", "two_cards", "top_up", "answer_stop", "answer_payment", "cancel", "drop_question"),
    *("paper", "drive_to", "next_stop", "begin_trip", "end_trip", "end_duty", "restart", "power_cut"),
    *("wait_s", "set_clock", "clock_trusted", "hotlist", "directive"),
)
"""What can happen: a step has exactly one of these keys."""
EXPECTED = (
    *("fare", "cash", "balance", "purses", "auto_charged", "earned", "cancelled", "cash_back", "topped_up", "returned"),
    *("lines", "refused", "short", "sound", "remarks", "shown", "not_served", "asks", "journal"),
)
HOW = tuple(one.name for one in fields(StepSaid) if one.name not in (*ACTS, *EXPECTED))


# -- the file


@dataclass(frozen=True, slots=True, kw_only=True)
class CardEnd:
    """What a card holds in the end."""

    balance: int | None = _key("Stored fare.")
    purses: dict[str, int] = _table("Other purses.", PURSES)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSaid:
    """What must hold in the end. That every yen is accounted for is always checked."""

    cash: int | None = _key("What the cash box took, by all buses.")
    credit: int | None = _key("What auto-charge added.")
    notes: int | None = _key("What is in the note boxes.")
    boardings: int | None = _key("Boardings written.")
    alightings: int | None = _key("Alightings written.")
    refused: int | None = _key("Taps refused.")
    pending: int = _key("Writes whose end is not known yet (faults 3).", 0)
    unknown: int = _key("Writes that the centre must settle (faults 5).", 0)
    cards: dict[str, CardEnd] = _table("What cards hold.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioSaid:
    """One scenario."""

    title: str = _must("What it is, in one line; Japanese or English.")
    why: str = _key("What it shows, and where it comes from.", "")
    rules: tuple[str, ...] = _key("The rules (or faults) that it shows: `LOC-14`, `faults 3`.", ())
    bus: BusSaid = _key("What is other than in the file's `bus`.", BusSaid())
    buses: dict[str, BusSaid] = _table("Further buses, by name; what is not said is as in `bus`.")
    cards: dict[str, CardSaid] = _table("Cards of its own, by name; they go over the file's.")
    steps: tuple[StepSaid, ...] = _must("What happens, step by step.")
    end: EndSaid = _key("What must hold in the end.", EndSaid())
    fails: str | None = _key("It must fail, and say this: to show that an expectation can.")


@dataclass(frozen=True, slots=True, kw_only=True)
class BookSaid:
    """A file."""

    title: str = _must("What the file is about.")
    about: str = _key("More of that.", "")
    bus: BusSaid = _key("The bus of all its scenarios.", BusSaid())
    routes: dict[str, RouteSaid] = _table("Routes of its own, by name.")
    cards: dict[str, CardSaid] = _table("Cards, by name, made anew for each scenario.")
    scenario: tuple[ScenarioSaid, ...] = _must("The scenarios.")


TABLES: tuple[tuple[str, type], ...] = (
    ("the file", BookSaid),
    ("bus", BusSaid),
    ("routes.NAME", RouteSaid),
    ("cards.NAME", CardSaid),
    ("pass", PassSaid),
    ("auto_charge", AutoChargeSaid),
    ("coupons", CouponsSaid),
    ("ride", RideSaid),
    ("scenario", ScenarioSaid),
    ("steps", StepSaid),
    ("party", PartySaid),
    ("attendants", AttendantSaid),
    ("luggage", LuggageSaid),
    ("tear", TearSaid),
    ("hotlist", HotlistSaid),
    ("directive", DirectiveSaid),
    ("end", EndSaid),
    ("end.cards.NAME", CardEnd),
)
"""Every table there is, as the page and the schema name it."""
