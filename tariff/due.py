"""What a ride costs those who take it, before anyone pays: the holder by pass or fare, then everyone else."""

from collections import Counter
from datetime import date
from typing import NamedTuple

from tariff.account import Account, Pass
from tariff.fares import FareTable
from tariff.flat_fares import Outing, flat_fare_yen, flat_fares
from tariff.lines import Line, Word
from tariff.passes import EXCESS, NOTHING, Coverage, coverage, is_valid, union
from tariff.refusal import Code, Refusal
from tariff.riders import (
    CLASS_OF_HOLDER,
    UNDER_SCHOOL_AGE,
    Party,
    RiderClass,
    attendant_class,
    fare_for,
    free_infants,
    luggage_pays,
)
from tariff.rulebook import FlatFare, Rulebook


class Ride(NamedTuple):
    """A rider's ride as settled: two places of a pattern, and the days and times that the rules ask for.

    `day` is the calendar date in Japan of the boarding tap, which governs fares and passes (GEN-5);
    `alighted_on` that of the alighting tap, which auto-charge asks for (AUT-3). `service` is the route's kind
    (GEN-15); `departs_s` is when the trip leaves its first stop by the timetable, in seconds since the service day
    began (AZF-60).
    """

    table: FareTable
    company: int
    trip_number: int
    boarded: int
    alighted: int
    day: date
    alighted_on: date
    service: str
    departs_s: int


class Due(NamedTuple):
    """What all owe, in yen, and of it the holder, whose fare some purses pay alone (NOR-10); and why, line by line."""

    yen: int
    holder_yen: int
    lines: tuple[Line, ...]


class _Help(NamedTuple):
    """What the card's pass does for a ride: what it covers, whose it is, and the flat fares it gives."""

    coverage: Coverage
    bearer: bool
    flats: tuple[FlatFare, ...]


_NO_HELP = _Help(NOTHING, False, ())


def due(ride: Ride, account: Account, party: Party, rulebook: Rulebook, *, in_cash: bool) -> Due | Refusal:
    """What everyone owes, line by line; `in_cash` by the cash fares, where the table has such (GEN-10).

    What a pass covers is judged by the fares by card either way, which it was priced on (PASS-1). Raises MissingFare
    where the table has no fare for a run that is charged.
    """
    rider = party.holder or CLASS_OF_HOLDER[account.holder]
    given = _NO_HELP if account.held_pass is None else _help(ride, account.scheme, account.held_pass, rulebook)
    if in_cash and ride.table.cash is not None:
        ride = ride._replace(table=ride.table.cash)
    if not party.is_alone or rider in UNDER_SCHOOL_AGE:
        return _refused_party(account, party, ride.service, rulebook) or _party_due(ride, given, rider, party, rulebook)
    holder = _holder_lines(ride, given, rider, rulebook)
    return holder if isinstance(holder, Refusal) else _due(holder, ())


def _due(holder: tuple[Line, ...], others: tuple[Line, ...]) -> Due:
    """The holder's lines and those of everyone and everything else, added up."""
    holder_yen = sum([line.yen for line in holder])
    if not others:
        return Due(holder_yen, holder_yen, holder)
    return Due(holder_yen + sum([line.yen for line in others]), holder_yen, holder + others)


def _help(ride: Ride, scheme: str, held: Pass, rulebook: Rulebook) -> _Help:
    """Nothing on another scheme's card, outside the pass's days or with another company (PASS-6, PASS-8)."""
    if scheme != rulebook.scheme or not is_valid(held, ride.day, ride.company):
        return _NO_HELP
    product = rulebook.product(held.product)
    outing = Outing(ride.day, ride.service, ride.departs_s)
    return _Help(
        coverage(held, product, ride.table, ride.service, rulebook),
        held.bearer,
        flat_fares(held, product, outing, rulebook) if product else (),
    )


# -- the holder


def _holder_lines(ride: Ride, given: _Help, rider: RiderClass, rulebook: Rulebook) -> tuple[Line, ...] | Refusal:
    """The holder's own fare: by the pass (PASS-2 to PASS-5), or a flat fare where that is cheaper (AZF-63)."""
    stops = _stops(ride, ride.boarded, ride.alighted)
    masks, unknown = given.coverage
    ridden = (1 << ride.alighted) - (1 << ride.boarded)
    covered = ridden & union(masks)
    if unknown and covered != ridden:
        # What is not configured might cover the rest: nobody is charged on a guess (GEN-17).
        return Refusal(Code.NOT_CONFIGURED, "GEN-17", unknown)
    if covered:
        # A bearer pass serves whoever carries it, without a personal discount (PASS-7).
        lines = _pass_lines(ride, masks, RiderClass.ADULT if given.bearer else rider, stops, rulebook)
    else:
        rule = "GEN-4" if rider is RiderClass.ADULT else "GEN-2"
        yen = fare_for(rider, ride.table.fare_yen(ride.boarded, ride.alighted), rulebook.riders)
        lines = (Line(rule, Word.FARE, yen, stops),)
    return _or_flat(lines, given.flats, rider, stops)


def _pass_lines(
    ride: Ride, masks: tuple[int, ...], rider: RiderClass, stops: str, rulebook: Rulebook
) -> tuple[Line, ...]:
    def fare(start: int, end: int) -> int:
        return fare_for(rider, ride.table.fare_yen(start, end), rulebook.riders)

    charged = EXCESS[rulebook.excess](masks, fare, ride.boarded, ride.alighted)
    if not charged.runs:
        return (Line("PASS-2", Word.COVERED, 0, stops),)
    if charged.through:
        return (Line("PASS-3", Word.THROUGH_CHEAPER, charged.due_yen, stops, than_yen=charged.excess_yen),)
    rule = "PASS-3" if rulebook.excess == "cheaper" else "PASS-5"
    return tuple(Line(rule, Word.EXCESS, fare(*run), _stops(ride, *run)) for run in charged.runs)


def _or_flat(lines: tuple[Line, ...], flats: tuple[FlatFare, ...], rider: RiderClass, detail: str) -> tuple[Line, ...]:
    """The lines as they are, or the cheapest flat fare in their place where it is cheaper (AZF-63)."""
    if not flats:
        return lines
    owed_yen = sum(line.yen for line in lines)
    flat = min(flats, key=lambda flat: flat_fare_yen(flat, rider))
    yen = flat_fare_yen(flat, rider)
    return (Line(flat.rule, Word.FLAT_FARE, yen, detail, than_yen=owed_yen),) if yen < owed_yen else lines


def _stops(ride: Ride, start: int, end: int) -> str:
    names = ride.table.pattern.stop_names
    return f"{names[start]}→{names[end]}"


# -- the others


def _refused_party(account: Account, party: Party, service: str, rulebook: Rulebook) -> Refusal | None:
    """A refusal where the card pays for its holder alone (GEN-18), or pays for others but not here (NOR-6)."""
    if party.is_alone or not (party.attendants or any(one is not RiderClass.BABY for one in party.others)):
        return None  # luggage is nobody, and a baby owes nothing anywhere
    if account.holder in rulebook.holder_only or (account.named and rulebook.named_holder_only):
        return Refusal(Code.HOLDER_ONLY, "GEN-18")
    if service in rulebook.companions_excluded_services:
        return Refusal(Code.HOLDER_ONLY, "NOR-6", service)
    return None


def _party_due(ride: Ride, given: _Help, rider: RiderClass, party: Party, rulebook: Rulebook) -> Due | Refusal:
    """What a party owes: infants first find out who rides free (AZF-1), companions never ride on the pass (PASS-7)."""
    free = _infants_free(rider, party, rulebook)
    if isinstance(free, Refusal):
        return free
    family_flats = tuple(flat for flat in given.flats if flat.family)
    others: list[Line] = []
    riding_free: list[RiderClass] = []
    for word, riders, flats in ((Word.COMPANION, party.companions, ()), (Word.FAMILY, party.family, family_flats)):
        for one in riders:
            if one is RiderClass.BABY or (one is RiderClass.INFANT and riding_free.count(one) < free):
                riding_free.append(one)
            else:
                others.append(_other_line(ride, word, one, flats, rulebook))
    if riding_free:
        others += (Line("AZF-1", Word.RIDES_FREE, 0, f"{one} ×{count}") for one, count in Counter(riding_free).items())
    extras = _extra_lines(ride, party, rulebook)
    if isinstance(extras, Refusal):
        return extras
    if rider is RiderClass.BABY or (rider is RiderClass.INFANT and riding_free.count(rider) < free):
        return _due((Line("AZF-1", Word.RIDES_FREE, 0, rider),), (*others, *extras))
    holder = _holder_lines(ride, given, rider, rulebook)
    return holder if isinstance(holder, Refusal) else _due(holder, (*others, *extras))


def _infants_free(rider: RiderClass, party: Party, rulebook: Rulebook) -> int | Refusal:
    """How many of the party's infants ride free with those of school age (AZF-1)."""
    everyone = (rider, *party.others)
    infants = everyone.count(RiderClass.INFANT)
    if not infants:
        return 0
    of_school_age = len(everyone) - infants - everyone.count(RiderClass.BABY) + len(party.attendants)
    return free_infants(infants, of_school_age, rulebook.riders)


def _other_line(ride: Ride, word: Word, rider: RiderClass, flats: tuple[FlatFare, ...], rulebook: Rulebook) -> Line:
    """One more rider, at the through fare of their own class (PASS-9), or a family's flat fare (LOC-13, AZF-61)."""
    line = Line("GEN-18", word, _through_yen(ride, rider, rulebook), rider)
    return _or_flat((line,), flats, rider, rider)[0]._replace(word=word) if flats else line


def _extra_lines(ride: Ride, party: Party, rulebook: Rulebook) -> tuple[Line, ...] | Refusal:
    """Attendants (AZF-20) and luggage (AZF-2)."""
    lines: list[Line] = []
    for attendant in party.attendants:
        rider = attendant_class(attendant, rulebook.riders)
        if isinstance(rider, Refusal):
            return rider
        lines.append(Line("AZF-20", Word.ATTENDANT, _through_yen(ride, rider, rulebook), attendant.handbook))
    for piece in party.luggage:
        pays = luggage_pays(piece, rulebook.riders)
        if isinstance(pays, Refusal):
            return pays
        yen = _through_yen(ride, RiderClass.CHILD, rulebook) if pays else 0
        lines.append(Line("AZF-2", Word.LUGGAGE, yen))
    return tuple(lines)


def _through_yen(ride: Ride, rider: RiderClass, rulebook: Rulebook) -> int:
    return fare_for(rider, ride.table.fare_yen(ride.boarded, ride.alighted), rulebook.riders)
