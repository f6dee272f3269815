"""Millions of recorded rides priced at once: columns in, columns and sums out, the same yen as `settle` ride by ride.

    rides = rides_on(tables, line, boarded, alighted, day, cards=Cards(...))
    reprice(rides, tables, rulebook) -> Repriced

Three paths. Chunks of rides without passes gather their fares from one flat array of all lines' tables (`Path.OD`).
Chunks in which a pass is held are priced by gathers too, over the runs that the pass leaves (`Path.VECTORISED`). What
arrays don't decide (companions, sections that count apart, shortage, an auto-charge that fires, points, a missing fare,
another scheme's card ...) is taken out of both and judged by `settle` itself (`Path.SETTLED`). No rule is written a
second time here: arrays hold what `fare_for`, `coverage` and `flat_fares` say.

The one module of `tariff` that needs NumPy. Days in columns are ordinals of `datetime.date`; 0 is no day.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from functools import partial
from itertools import accumulate
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from tariff.account import Account, AutoCharge, AutoCharged, Coupons, HolderKind, Pass, Points
from tariff.due import Ride
from tariff.fares import FareTable
from tariff.flat_fares import Outing, flat_fare_yen, flat_fares
from tariff.passes import coverage, is_valid, union
from tariff.purses import Payment
from tariff.refusal import Code, Refusal
from tariff.riders import CLASS_OF_HOLDER, HOLDER_ALONE, Party, RiderClass, fare_for
from tariff.rulebook import FlatFare, Purse, PurseRules, RiderRules, Rulebook
from tariff.settle import Settlement, settle

CHUNK = 65_536
"""Rides a turn: what a turn touches stays in the processor's own cache."""
NO_DUE = -1
"""In the column of yen: refused, so nothing is due. Never 0, which is a free ride."""
NOT_REFUSED = -1
"""In the column of refusals."""
CODES = tuple(Code)
"""What the column of refusals counts in."""

Column: TypeAlias = NDArray[Any]
"""One value a ride: whole numbers of any width, or truth values."""
_Sums: TypeAlias = NDArray[np.int64]
_Numbers: TypeAlias = NDArray[np.int32]
_Yen: TypeAlias = NDArray[np.int32]
_Truth: TypeAlias = NDArray[np.bool_]
_Places: TypeAlias = NDArray[np.intp]
_Some: TypeAlias = slice | _Places
"""Some rides of a chunk, or all."""
_T = TypeVar("_T")
_Scalar = TypeVar("_Scalar", bound=np.generic)

_CLASSES = tuple(CLASS_OF_HOLDER.values())
"""Classes whose fares the arrays hold. The others ride free or don't, as their party says."""
MISSING = 1 << 29
"""Stands for a fare that is missing: more than any balance, and two of them still fit 32 bits."""
_NONE = np.empty(0, np.intp)


# -- columns


class Coded(NamedTuple, Generic[_T]):
    """A column of few distinct values, as Arrow and Parquet keep one: for each ride the index of its value."""

    codes: Column
    values: Sequence[_T]


class Cards(NamedTuple):
    """What the cards held before their rides. A column that is None: what `Account` has by default, on every card.

    Without `stored_fare_yen` nothing is known of the money, and every ride is priced as paid in cash. `expires` and
    `points_last_day` are days, the other plain columns yen, points, or truth values (`named`).
    """

    scheme: Coded[str]
    stored_fare_yen: Column | None = None
    holder: Coded[HolderKind] | None = None
    named: Column | None = None
    expires: Column | None = None
    held_pass: Coded[Pass | None] | None = None
    auto_charge: Coded[AutoCharge | None] | None = None
    auto_charged: Coded[AutoCharged | None] | None = None
    regular_yen: Column | None = None
    student_yen: Column | None = None
    eco_yen: Column | None = None
    points: Column | None = None
    points_last_day: Column | None = None
    welfare_points: Column | None = None

    def balance(self, purse: Purse) -> Column | None:
        """The column of a purse."""
        return {
            Purse.STORED_FARE: self.stored_fare_yen,
            Purse.REGULAR: self.regular_yen,
            Purse.STUDENT: self.student_yen,
            Purse.ECO: self.eco_yen,
            Purse.POINTS: self.points,
            Purse.WELFARE: self.welfare_points,
        }[purse]

    def accounts(self, rows: _Places) -> Iterator[Account]:
        """The accounts of some rides, as `settle` takes them."""
        columns = [_values(column, rows) for column in self]
        for values in zip(*columns, strict=True):
            found = dict(zip(self._fields, values, strict=True))
            coupons = Coupons(*(found.pop(name) or 0 for name in ("regular_yen", "student_yen", "eco_yen")))
            points, last_day, expires = (found.pop(name) for name in ("points", "points_last_day", "expires"))
            stored_fare_yen = found.pop("stored_fare_yen") or 0
            yield Account(
                stored_fare_yen=stored_fare_yen,
                **{name: value for name, value in found.items() if value is not None},
                expires=date.fromordinal(expires) if expires else None,
                coupons=coupons,
                points=Points(points or 0, date.fromordinal(last_day)) if last_day else None,
            )


class HeldOn(NamedTuple):
    """A pass that is taken along on a line."""

    held: Pass
    line: int


class Rides(NamedTuple):
    """Recorded rides as columns; `rides_on` makes them. `line` counts in the tables' lines, places in the pattern's.

    `at` is where a ride's fare stands in the flat array; value 0 of `held_on` is no pass; `layout` is
    that of the tables.
    """

    line: Column
    company: Column
    boarded: Column
    alighted: Column
    day: Column
    alighted_on: Column
    departs_s: Column
    cards: Cards
    party: Coded[Party]
    payment: Coded[Payment]
    at: Column
    held_on: Coded[HeldOn | None]
    layout: tuple[tuple[int, int, int], ...]

    @property
    def number(self) -> int:
        """How many."""
        return len(self.line)


class Line(NamedTuple):
    """Where rides are made: a pattern's fares, the company that runs it, and its kind of service (GEN-15)."""

    table: FareTable
    company: int
    service: str


class FareTables:
    """The fare tables of all lines, end to end: a ride's fare stands at start + boarded x size + alighted.

    `layout` has (start, size, company) of each line. From a place to itself stands 0: a run of no length costs nothing.
    `cash_yen` is None where all lines have one fare only.
    """

    def __init__(self, lines: Sequence[Line]) -> None:
        """Take the lines; those that share a table share its place."""
        self.lines = tuple(lines)
        tables = list({id(line.table): line.table for line in lines}.values())
        ends = accumulate(table.size * table.size for table in tables)
        starts = {id(table): end - table.size * table.size for table, end in zip(tables, ends, strict=True)}
        self.layout = tuple((starts[id(line.table)], line.table.size, line.company) for line in lines)
        self.card_yen = np.concatenate([_square(table) for table in tables])
        self.cash_yen = None
        if any(table.cash for table in tables):
            self.cash_yen = np.concatenate([_square(table.cash or table) for table in tables])


def _square(table: FareTable) -> _Yen:
    size = table.size
    yen = np.full((size, size), MISSING, np.int32)
    np.fill_diagonal(yen, 0)
    for boarded in range(size):
        for alighted in range(boarded + 1, size):
            if table.has_fare(boarded, alighted):
                yen[boarded, alighted] = table.fare_yen(boarded, alighted)
    return yen.ravel()


def rides_on(
    tables: FareTables,
    line: Column,
    boarded: Column,
    alighted: Column,
    day: Column,
    *,
    cards: Cards,
    alighted_on: Column | None = None,
    departs_s: Column | None = None,
    party: Coded[Party] | None = None,
    payment: Coded[Payment] | None = None,
) -> Rides:
    """Rides as columns, checked. Unless said, they end on the day they began, leave at 0:00, are taken alone, and are
    paid by card, or in cash where the cards' money is not known.

    ValueError, naming the first ride it is about, for a line that is not in the tables or a ride off its pattern; and
    for a column of another length, or a code without a value.
    """
    count = len(line)
    none = np.zeros(count, np.uint8)
    by_card = Payment.ALL_CASH if cards.stored_fare_yen is None else Payment.CARD
    party = party or Coded(none, (HOLDER_ALONE,))
    payment = payment or Coded(none, (by_card,))
    plain = {"boarded": boarded, "alighted": alighted, "day": day, "alighted_on": alighted_on, "departs_s": departs_s}
    columns: dict[str, Any] = plain | cards._asdict() | {"party": party, "payment": payment}
    for name, column in columns.items():
        _check_column(name, column, count)
    _check("line", "not a line of the tables", (line < 0) | (line >= len(tables.lines)))
    layout = np.array(tables.layout, np.int32).reshape(-1, 3)
    start, size, company = (column[line] for column in layout.T)
    _check("boarded", "no ride on the line's pattern", (boarded < 0) | (boarded >= alighted) | (alighted >= size))
    at = start + boarded * size + alighted
    return Rides(
        line=line.astype(np.min_scalar_type(len(tables.lines))),
        company=company.astype(np.int8),
        boarded=boarded.astype(np.int32),
        alighted=alighted.astype(np.int32),
        day=day.astype(np.int32),
        alighted_on=(day if alighted_on is None else alighted_on).astype(np.int32),
        departs_s=(none if departs_s is None else departs_s).astype(np.int32),
        cards=cards,
        party=party,
        payment=payment,
        at=at.astype(np.int32),
        held_on=_held_on(cards.held_pass, line),
        layout=tables.layout,
    )


def _check_column(name: str, column: Column | Coded[Any] | None, count: int) -> None:
    values = column.codes if isinstance(column, Coded) else column
    if values is not None and len(values) != count:
        raise ValueError(f"column {name} has {len(values)} rides, not {count}")
    if isinstance(column, Coded):
        _check(name, "a code without a value", (column.codes < 0) | (column.codes >= len(column.values)))


def _check(name: str, what: str, wrong: _Truth) -> None:
    if wrong.any():
        raise ValueError(f"column {name}, ride {int(wrong.argmax())}: {what}")


def _held_on(held_pass: Coded[Pass | None] | None, line: Column) -> Coded[HeldOn | None]:
    """Each pass with each line it is taken along on: what it covers is found out once for all such rides."""
    if held_pass is None:
        return Coded(np.zeros(len(line), np.int32), (None,))
    lines = int(line.max(initial=0)) + 1
    pairs, codes = np.unique(held_pass.codes.astype(np.int64) * lines + line, return_inverse=True)
    values: list[HeldOn | None] = [None]
    numbers = np.zeros(len(pairs), np.int32)
    for place, pair in enumerate(pairs.tolist()):
        held = held_pass.values[pair // lines]
        if held is not None:
            numbers[place] = len(values)
            values.append(HeldOn(held, pair % lines))
    return Coded(numbers[codes], tuple(values))


def _values(column: Column | Coded[Any] | None, rows: _Places) -> list[Any]:
    """The values of some rides, for Python; None for each where there is no column."""
    if column is None:
        return [None] * len(rows)
    if isinstance(column, Coded):
        return [column.values[code] for code in column.codes[rows].tolist()]
    found: list[Any] = column[rows].tolist()
    return found


# -- results


class Path(StrEnum):
    """How a ride was priced."""

    OD = "od"
    VECTORISED = "vectorised"
    SETTLED = "settled"


class Repriced(NamedTuple):
    """What all rides come to under a rulebook, in yen.

    due_yen      due from each ride; NO_DUE where it is refused
    refusal      index into CODES, or NOT_REFUSED
    by_company   due on the lines of each company
    by_product   due from holders of a valid pass, by the pass's product; None: from everyone else
    by_purse     what each purse pays; what is paid in cash is `cash_yen`
    refused      how many rides were refused, by code; `examples` has the first ride of each, and the refusal
    paths        how many rides took which path
    """

    due_yen: _Sums
    refusal: NDArray[np.int8]
    by_company: Mapping[int, int]
    by_product: Mapping[int | None, int]
    by_purse: Mapping[Purse, int]
    cash_yen: int
    auto_charged_yen: int
    refused: Mapping[Code, int]
    examples: Mapping[Code, tuple[int, Refusal]]
    paths: Mapping[Path, int]

    @property
    def total_yen(self) -> int:
        """Due from all rides."""
        return sum(self.by_company.values())


Watch = Callable[[Path, int], None]
"""Told, after each piece of work, which path it was and how many rides it priced."""


def reprice(rides: Rides, tables: FareTables, rulebook: Rulebook, watch: Watch | None = None) -> Repriced:
    """Price all rides by one rulebook: for each ride what `settle` says of it, due or refusal.

    The tables may be others than those of `rides_on`, with other fares, but of the same lines: else ValueError.
    """
    if tables.layout != rides.layout:
        raise ValueError("the fare tables are not those of the rides' lines")
    done = _Done(rides, tables, rulebook)
    pricing = _Pricing(rides, tables, rulebook) if rides.number else None
    for start in range(0, rides.number, CHUNK):
        rows = slice(start, min(start + CHUNK, rides.number))
        assert pricing is not None
        priced = pricing.turn(rows)
        done.take(rows, priced)
        if watch:
            watch(priced.path, rows.stop - start - len(priced.left))
        if len(priced.left):
            done.settle(priced.left + start)
            if watch:
                watch(Path.SETTLED, len(priced.left))
    return done.repriced()


class Judged(NamedTuple):
    """A ride as `settle` takes it, and what it says."""

    ride: Ride
    account: Account
    outcome: Settlement | Refusal


def one_by_one(rides: Rides, rows: _Places, tables: FareTables, rulebook: Rulebook) -> Iterator[Judged]:
    """Judge some rides without arrays. The trip's number, which no fare asks for, is 0."""
    columns = (rides.line, rides.boarded, rides.alighted, rides.day, rides.alighted_on, rides.departs_s)
    values = zip(*(_values(column, rows) for column in (*columns, rides.party, rides.payment)), strict=True)
    for account, of in zip(rides.cards.accounts(rows), values, strict=True):
        line, boarded, alighted, day, alighted_on, departs_s, party, payment = of
        table, company, service = tables.lines[line]
        days = date.fromordinal(day), date.fromordinal(alighted_on)
        ride = Ride(table, company, 0, boarded, alighted, *days, service, departs_s)
        yield Judged(ride, account, settle(ride, account, party, rulebook, payment))


class _Counted(NamedTuple):
    """Rides of a chunk that have a pass with them, and for each the place in `held_on` of the pass if it counts."""

    some: _Some
    held: _Numbers


class _Priced(NamedTuple):
    """A chunk by the arrays: what is due, and who pays it. 0 is due from rides that are `short`, or `left` to `settle`.

    `cash_yen` None: all of it.
    """

    path: Path
    due_yen: _Yen
    left: _Places
    short: _Places
    counted: _Counted | None
    purses: Sequence[tuple[Purse, int]]
    cash_yen: int | None


# -- by the arrays


class _Pricing:
    """A rulebook as arrays, made for the values that these rides hold.

    What arrays don't decide becomes a missing fare: more than any purse holds, it is left at the end.
    """

    def __init__(self, rides: Rides, tables: FareTables, rulebook: Rulebook) -> None:
        cards = rides.cards
        self._rides = rides
        self._fares = _Fares(rides, tables, rulebook.riders)
        self._passes = _Passes(rides, tables, rulebook, self._fares) if len(rides.held_on.values) > 1 else None
        self._purses = tuple(purse for purse in rulebook.purses if cards.balance(purse.name) is not None)
        in_cash = [payment is Payment.ALL_CASH for payment in rides.payment.values]
        self._all_in_cash = all(in_cash)
        self._one_fare = tables.cash_yen is None
        self._by_card = np.array([payment is Payment.CARD for payment in rides.payment.values])
        self._in_cash = np.array(in_cash) if any(in_cash) else None
        self._undecided: list[Callable[[slice], _Truth]] = []
        self._leave(cards.scheme, lambda scheme: scheme != rulebook.scheme)
        self._leave(rides.party, lambda party: not _alone(party))
        self._leave(Coded(rides.line, tables.lines), lambda line: line.service in rulebook.excluded_services)
        for points in (cards.points, cards.welfare_points):
            if points is not None:
                self._undecided.append(partial(_some_points, points))
        if cards.expires is not None:
            self._undecided.append(partial(_expired, cards.expires, rides.day))
        if cards.auto_charge is not None and cards.stored_fare_yen is not None and rulebook.auto_charge:
            trigger_yen = _numbers(each.trigger_yen if each else 0 for each in cards.auto_charge.values)
            self._undecided.append(partial(_triggered, cards.auto_charge.codes, trigger_yen, cards.stored_fare_yen))

    def _leave(self, column: Coded[_T], undecided: Callable[[_T], bool]) -> None:
        """Leave rides with certain values of a column to `settle`."""
        found = [undecided(value) for value in column.values]
        if any(found):
            self._undecided.append(partial(_looked_up, np.array(found), column.codes))

    def turn(self, rows: slice) -> _Priced:
        """Price the rides of a chunk."""
        classes = self._fares.classes(rows)
        at = self._fares.at(rows, classes)
        due = _at(self._fares.yen, at)
        counted = self._passes.apply(rows, at, classes, due) if self._passes else None
        for undecided in self._undecided:
            np.copyto(due, MISSING, where=undecided(rows))
        path = Path.OD if counted is None else Path.VECTORISED
        if self._all_in_cash:
            left = np.flatnonzero(due >= MISSING) if due.max() >= MISSING else _NONE
            due[left] = 0
            return _Priced(path, due, left, _NONE, counted, (), None)
        return self._paid(rows, path, due, counted)

    def _paid(self, rows: slice, path: Path, due: _Yen, counted: _Counted | None) -> _Priced:
        """Who pays what is due; and the rides that the cards' purses don't reach, of which 0 is due from now on."""
        payments = self._rides.payment.codes[rows]
        by_card = due
        if self._in_cash is not None:
            by_card = np.where(_at(self._in_cash, payments) & (due < MISSING), np.int32(0), due)
        paid = []
        unpaid = by_card
        for rules in self._purses:
            yen = self._from_purse(rules, rows, by_card, unpaid)
            unpaid = unpaid - yen
            paid.append((rules.name, yen))
        lacking = np.flatnonzero(unpaid) if unpaid.any() else _NONE
        # Short, and nobody has chosen to pay cash: refused until they do (GEN-10). With cash fares, one may be missing.
        is_short = (due[lacking] < MISSING) & self._by_card[payments[lacking]] & self._one_fare
        for yen in (due, by_card, *(yen for _, yen in paid)):
            yen[lacking] = 0
        most_yen = int(due.max())
        purses = [(name, _sum(yen, most_yen)) for name, yen in paid]
        short, left = lacking[is_short], lacking[~is_short]
        cash_yen = _sum(due - by_card, most_yen) if self._in_cash is not None else 0
        return _Priced(path, due, left, short, counted, purses, cash_yen)

    def _from_purse(self, rules: PurseRules, rows: slice, due: _Yen, unpaid: _Yen) -> _Yen:
        """What one purse pays; the holder rides alone here, so `holder_only` asks for nothing more."""
        held = self._rides.cards.balance(rules.name)
        assert held is not None
        if rules.whole:
            yen = np.where((held[rows] >= unpaid) & (unpaid == due), unpaid, np.int32(0))
        else:
            yen = np.minimum(held[rows], unpaid)
        if rules.days:
            yen = yen * _on_days(self._rides.day[rows], rules.days)
        return yen


def _alone(party: Party) -> bool:
    """Whether nobody and nothing is taken along, and the holder pays a fare by class."""
    return party.is_alone and (party.holder is None or party.holder in _CLASSES)


# Rides of a chunk that arrays don't decide.


def _looked_up(undecided: _Truth, codes: Column, rows: slice) -> _Truth:
    return _at(undecided, codes[rows])


def _some_points(points: Column, rows: slice) -> _Truth:
    found: _Truth = points[rows] != 0
    return found


def _expired(expires: Column, day: Column, rows: slice) -> _Truth:
    found: _Truth = (expires[rows] != 0) & (expires[rows] < day[rows])
    return found


def _triggered(codes: Column, trigger_yen: _Numbers, stored_fare_yen: Column, rows: slice) -> _Truth:
    found: _Truth = _at(trigger_yen, codes[rows]) > stored_fare_yen[rows]
    return found


class _Fares:
    """Every fare for every class that rides, adults first; then all again as cash pays them, where that differs."""

    def __init__(self, rides: Rides, tables: FareTables, rules: RiderRules) -> None:
        self._rides = rides
        holders = rides.cards.holder.values if rides.cards.holder else (HolderKind.ADULT,)
        riders = {CLASS_OF_HOLDER[kind] for kind in holders} | {party.holder for party in rides.party.values}
        self.riders = (RiderClass.ADULT, *(rider for rider in _CLASSES[1:] if rider in riders))
        self.one_class = len(tables.card_yen)
        blocks = [_of_class(rider, tables.card_yen, rules) for rider in self.riders]
        self._cash_at = None
        if tables.cash_yen is not None:
            start = len(blocks) * self.one_class
            self._cash_at = _numbers(start * (payment is Payment.ALL_CASH) for payment in rides.payment.values)
            blocks += [_of_class(rider, tables.cash_yen, rules) for rider in self.riders]
        self.yen: _Yen = np.concatenate(blocks)
        several = len(self.riders) > 1
        self._holders = _numbers(self.riders.index(CLASS_OF_HOLDER[kind]) for kind in holders) if several else None
        overrides = [self.riders.index(one.holder) if one.holder in self.riders else -1 for one in rides.party.values]
        self._overrides = _numbers(overrides) if several and max(overrides) >= 0 else None

    def classes(self, rows: slice) -> _Numbers | None:
        """The place in `riders` of each ride's holder; None if all are adults."""
        if self._holders is None:
            return None
        rides = self._rides
        codes = rides.cards.holder.codes[rows] if rides.cards.holder else np.zeros(rows.stop - rows.start, np.int8)
        classes = _at(self._holders, codes)
        if self._overrides is None:
            return classes
        override = _at(self._overrides, rides.party.codes[rows])
        return np.where(override < 0, classes, override)

    def at(self, rows: slice, classes: _Numbers | None) -> _Numbers:
        """Where in `yen` each ride's fare stands."""
        at: _Numbers = self._rides.at[rows]
        if classes is not None:
            at = at + classes * np.int32(self.one_class)
        if self._cash_at is not None:
            at = at + _at(self._cash_at, self._rides.payment.codes[rows])
        return at


def _of_class(rider: RiderClass, adult_yen: _Yen, rules: RiderRules) -> _Yen:
    if rider is RiderClass.ADULT:
        return adult_yen
    fares, places = np.unique(adult_yen, return_inverse=True)
    paid = [fare_for(rider, yen, rules) if yen != MISSING else MISSING for yen in fares.tolist()]
    found: _Yen = np.array(paid, np.int32)[places]
    return found


def _at(values: NDArray[_Scalar], places: Column) -> NDArray[_Scalar]:
    """Values at places that exist, as `rides_on` has seen to: told to clip, NumPy does not check each again."""
    return values.take(places, mode="clip")


def _numbers(values: Iterable[int]) -> _Numbers:
    return np.fromiter(values, np.int32)


class _Passes:
    """What each pass leaves to pay on each line it is taken along on: one covered run, and flat fares.

    Place 0 of every array is no pass: it covers the run from place 0 to place 0.
    """

    def __init__(self, rides: Rides, tables: FareTables, rulebook: Rulebook, fares: _Fares) -> None:
        self._rides, self._fares, self._excess = rides, fares, rulebook.excess
        terms = [_NO_TERM] + [
            _term(held_on.held, tables.lines[held_on.line], rulebook) for held_on in rides.held_on.values if held_on
        ]
        columns = np.array(terms, np.int32).T.copy()
        self._first_day, self._last_day, self._start, self._end, self._size, odd, bearer = columns
        self._odd = odd > 0 if odd.any() else None
        self._bearer = bearer > 0 if bearer.any() else None
        self._flats = _Flats(rides, tables, rulebook, fares.riders) if rulebook.flat_fares else None
        # The price of a section is compared with the fares that are paid: cash may have others.
        self._in_cash = None
        if tables.cash_yen is not None:
            self._in_cash = np.array([payment is Payment.ALL_CASH for payment in rides.payment.values])

    def apply(self, rows: slice, at: _Numbers, classes: _Numbers | None, due: _Yen) -> _Counted | None:
        """Write what is due from those with a pass; None if there are none."""
        held = self._rides.held_on.codes[rows]
        some: _Some = slice(None)
        if not held.all():
            some = np.flatnonzero(held)
            if not len(some):
                return None
            held = held[some]
        day = self._rides.day[rows][some]
        valid = (_at(self._first_day, held) <= day) & (day <= _at(self._last_day, held))
        held = held * valid
        yen, doubtful = self._left_to_pay(rows, some, held, at[some], classes, due[some])
        if self._flats is not None:
            np.minimum(yen, self._flats.yen(rows, some, held, classes), out=yen)
        if self._odd is not None:
            doubtful |= _at(self._odd, held)
        if self._in_cash is not None:
            doubtful |= valid & _at(self._in_cash, self._rides.payment.codes[rows][some])
        np.copyto(yen, MISSING, where=doubtful)
        due[some] = yen
        return _Counted(some, held)

    def _left_to_pay(
        self, rows: slice, some: _Some, held: _Numbers, at: _Numbers, classes: _Numbers | None, through: _Yen
    ) -> tuple[_Yen, _Truth]:
        """The fares of the runs before and after the covered one, or the through fare; and where one is missing."""
        rides, fares = self._rides, self._fares
        boarded, alighted = rides.boarded[rows][some], rides.alighted[rows][some]
        start = np.minimum(np.maximum(_at(self._start, held), boarded), alighted)
        end = np.minimum(np.maximum(_at(self._end, held), boarded), alighted)
        if self._bearer is not None and classes is not None:
            # A bearer pass serves whoever carries it, without a personal discount (PASS-7).
            personal = classes[some] * np.int32(fares.one_class)
            at = at - personal * (_at(self._bearer, held) & (start < end))
            through = _at(fares.yen, at)
        before = _at(fares.yen, at + (start - alighted))
        after = _at(fares.yen, at + (end - boarded) * _at(self._size, held))
        excess = before + after
        if self._excess == "cheaper":
            return np.minimum(excess, through), (excess | through) >= MISSING
        return excess, excess >= MISSING


class _Term(NamedTuple):
    """A pass on a line: when it counts, the run it covers, the pattern's size, whether arrays can't tell, bearer."""

    first_day: int
    last_day: int
    start: int
    end: int
    size: int
    odd: bool
    bearer: bool


_NO_TERM = _Term(1, 0, 0, 0, 0, False, False)


def _term(held: Pass, line: Line, rulebook: Rulebook) -> _Term:
    if held.company != line.company:
        return _NO_TERM  # PASS-8
    covered = coverage(held, rulebook.product(held.product), line.table, line.service, rulebook)
    masks = {mask for mask in covered.masks if mask}
    bits = union(masks)
    start = (bits & -bits).bit_length() - 1 if bits else 0
    end = bits.bit_length()
    # Arrays know one run and one choice: all of it, or nothing.
    several = bits != (1 << end) - (1 << start) or (rulebook.excess == "cheaper" and len(masks) > 1)
    return _Term(
        held.first_day.toordinal(),
        held.last_day.toordinal(),
        start,
        end,
        line.table.size,
        several or covered.unknown != "",
        held.bearer,
    )


class _Flats:
    """The cheapest flat fare that each pass gives on each line, by kind of outing and by class.

    A kind of outing is whether the day is a holiday, and which of the hours of departure that rules name have come:
    `flat_fares` is asked once for an outing of each kind.
    """

    def __init__(self, rides: Rides, tables: FareTables, rulebook: Rulebook, riders: Sequence[RiderClass]) -> None:
        self._rides, self._riders = rides, len(riders)
        self._hours_s = sorted({hour_s for flat in rulebook.flat_fares if (hour_s := flat.departs_from_s) is not None})
        self._first_day = int(rides.day.min())
        days = [date.fromordinal(day) for day in range(self._first_day, int(rides.day.max()) + 1)]
        holiday = [rulebook.holidays.has(day) for day in days]
        self._kind_of_day = np.array(holiday, np.int32) * (len(self._hours_s) + 1)
        outings = [
            (days[holiday.index(kind)], departs_s) if kind in holiday else None
            for kind in (False, True)
            for departs_s in (-1, *self._hours_s)
        ]
        self._kinds = len(outings)
        self._yen = np.array(
            [
                [_flat_yen(rider, flats) for rider in riders]
                for held_on in rides.held_on.values
                for flats in (_flats(held_on, outing, tables, rulebook) for outing in outings)
            ],
            np.int32,
        ).ravel()

    def yen(self, rows: slice, some: _Some, held: _Numbers, classes: _Numbers | None) -> _Yen:
        """What each of some rides pays by a flat fare; MISSING for none."""
        rides = self._rides
        since = rides.day[rows][some] - np.int32(self._first_day)
        at = held * np.int32(self._kinds) + _at(self._kind_of_day, since)
        for hour_s in self._hours_s:
            at += rides.departs_s[rows][some] >= hour_s
        at *= self._riders
        if classes is not None:
            at += classes[some]
        found: _Yen = _at(self._yen, at)
        return found


def _flats(
    held_on: HeldOn | None, outing: tuple[date, int] | None, tables: FareTables, rulebook: Rulebook
) -> tuple[FlatFare, ...]:
    """The flat fares of a pass on one outing: its day, and when the trip leaves, in seconds."""
    product = rulebook.product(held_on.held.product) if held_on else None
    if held_on is None or outing is None or product is None:
        return ()
    day, departs_s = outing
    return flat_fares(held_on.held, product, Outing(day, tables.lines[held_on.line].service, departs_s), rulebook)


def _flat_yen(rider: RiderClass, flats: Sequence[FlatFare]) -> int:
    return min((flat_fare_yen(flat, rider) for flat in flats), default=MISSING)


def _on_days(day: _Yen, days: tuple[int, ...]) -> _Truth:
    """Whether rides are on certain days of the month."""
    first = int(day.min())
    on = [date.fromordinal(each).day in days for each in range(first, int(day.max()) + 1)]
    found: _Truth = np.array(on)[day - first]
    return found


# -- all together


class _Done:
    """What has been priced so far."""

    def __init__(self, rides: Rides, tables: FareTables, rulebook: Rulebook) -> None:
        self._rides, self._tables, self._rulebook = rides, tables, rulebook
        self._due_yen = np.empty(rides.number, np.int64)
        self._refusal = np.full(rides.number, NOT_REFUSED, np.int8)
        self._by_company = dict.fromkeys(sorted({line.company for line in tables.lines}), 0)
        self._by_held = np.zeros(len(rides.held_on.values), np.int64)
        self._by_product: Counter[int | None] = Counter()
        self._by_purse: Counter[Purse] = Counter()
        self._cash_yen = self._auto_charged_yen = 0
        self._refused: Counter[Code] = Counter()
        self._examples: dict[Code, tuple[int, Refusal]] = {}
        self._paths = dict.fromkeys(Path, 0)

    def take(self, rows: slice, priced: _Priced) -> None:
        """Count a chunk in."""
        due_yen = priced.due_yen
        self._due_yen[rows] = due_yen
        most_yen = int(due_yen.max())
        total_yen = rest_yen = _sum(due_yen, most_yen)
        first, *others = self._by_company
        for company in others:
            yen = _sum(due_yen * (self._rides.company[rows] == company), most_yen)
            self._by_company[company] += yen
            rest_yen -= yen
        self._by_company[first] += rest_yen
        if priced.counted is not None:
            some, held = priced.counted
            # NumPy adds fast only by its own width of index, and into sums of the same kind.
            np.add.at(self._by_held, held.astype(np.intp), due_yen[some].astype(np.int64))
        self._by_purse.update(dict(priced.purses))
        self._cash_yen += total_yen if priced.cash_yen is None else priced.cash_yen
        self._paths[priced.path] += len(due_yen) - len(priced.left)
        if len(priced.short):
            self._refuse_short(priced.short + rows.start)

    def settle(self, rows: _Places) -> None:
        """Judge rides one by one, and count them in."""
        judged = one_by_one(self._rides, rows, self._tables, self._rulebook)
        for row, (ride, account, outcome) in zip(rows.tolist(), judged, strict=True):
            if isinstance(outcome, Refusal):
                self._refuse(row, outcome)
            else:
                self._due_yen[row] = outcome.due_yen
                self._by_company[ride.company] += outcome.due_yen
                self._by_product[_counting(ride, account, self._rulebook)] += outcome.due_yen
                self._by_purse.update(dict(outcome.paid.purses))
                self._cash_yen += outcome.cash_yen
                self._auto_charged_yen += outcome.auto_charged_yen
        self._paths[Path.SETTLED] += len(rows)

    def _refuse(self, row: int, refusal: Refusal) -> None:
        self._due_yen[row] = NO_DUE
        self._refusal[row] = CODES.index(refusal.code)
        self._refused[refusal.code] += 1
        if row < self._first(refusal.code):
            self._examples[refusal.code] = row, refusal

    def _first(self, code: Code) -> int:
        """The first ride known to be refused so."""
        return self._examples[code][0] if code in self._examples else self._rides.number

    def _refuse_short(self, rows: _Places) -> None:
        """Count rides in that are refused as short; the first of all is judged, for its numbers."""
        self._due_yen[rows] = NO_DUE
        self._refusal[rows] = CODES.index(Code.SHORT)
        self._refused[Code.SHORT] += len(rows)
        if rows[0] < self._first(Code.SHORT):
            (judged,) = one_by_one(self._rides, rows[:1], self._tables, self._rulebook)
            assert isinstance(judged.outcome, Refusal)
            self._examples[Code.SHORT] = int(rows[0]), judged.outcome

    def repriced(self) -> Repriced:
        """The sums."""
        by_product = self._by_product.copy()
        for held_on, yen in zip(self._rides.held_on.values, self._by_held.tolist(), strict=True):
            if held_on:
                by_product[held_on.held.product] += yen
        with_pass_yen = sum(yen for product, yen in by_product.items() if product is not None)
        by_product[None] = sum(self._by_company.values()) - with_pass_yen
        return Repriced(
            due_yen=self._due_yen,
            refusal=self._refusal,
            by_company=self._by_company,
            by_product=by_product,
            by_purse=self._by_purse,
            cash_yen=self._cash_yen,
            auto_charged_yen=self._auto_charged_yen,
            refused=self._refused,
            examples=self._examples,
            paths=self._paths,
        )


def _sum(yen: _Yen, most_yen: int) -> int:
    """A chunk's sum, of amounts up to the most: in 32 bits, which is several times as fast, where they hold it."""
    return int(yen.sum(dtype=np.int32 if most_yen * len(yen) < 1 << 31 else np.int64))


def _counting(ride: Ride, account: Account, rulebook: Rulebook) -> int | None:
    """The product of the pass that counts on a ride; None if there is none (PASS-6, PASS-8)."""
    held = account.held_pass
    if held is None or account.scheme != rulebook.scheme or not is_valid(held, ride.day, ride.company):
        return None
    return held.product
