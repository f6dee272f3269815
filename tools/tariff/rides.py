"""Recorded rides as files: CSV or Parquet in, columns of `tariff.bulk` out.

sim/ride_rows.py says what a row may hold. Empty, NA and NaN are no value. Columns that are not named there are
kept and not looked at, so that a misspelt one is told by `Recorded.unused`.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TypeVar

import numpy as np
import pyarrow as pa
from pyarrow import csv, parquet

from farebox.duty import Duty
from farebox.feed import FeedFault, Trip
from farebox.feed.operators import OperatorFault
from farebox.tap import Service
from sim.ride_rows import COLUMNS, KEPT
from tariff.account import AutoCharge, AutoCharged, HolderKind, Pass
from tariff.bulk import CODES, NO_DUE, Cards, Coded, Column, FareTables, Line, Rides, rides_on
from tariff.purses import Payment
from tariff.riders import Party
from tariff.rulebook import Rulebook
from tools.files import write_whole
from tools.near import near
from tools.tariff.json_schema import Schema, problems
from tools.tariff.places import FeedStops
from tools.tariff.quote_json import LINE_BYTES, BadLine, loaded, schema
from tools.tariff.quote_json import Line as JsonLine
from tools.tariff.quote_values import HOLDERS, Field, party_of, pass_of
from tools.tariff.tides_rides import with_rides

_MONEY = ("balance_before", "regular_yen", "student_yen", "eco_yen")
_NO_VALUE = ["", "NA", "NaN"]
_MOST = 10_000_000
_MOST_ROWS = 20_000_000
"""Of a Parquet file, which may say of any number of rows that they are all the same."""
_T = TypeVar("_T")


class RidesFault(FeedFault):
    """A file of rides that can't be read as one: names file, row and column, and what to do."""


class Recorded(NamedTuple):
    """A file of rides, or some of its rows: which of them, counted from 0; and the columns that are not looked at.

    `strays` are taps that are no ride's, where a row is a tap (tides_rides).
    """

    path: Path
    table: pa.Table
    rows: Column
    unused: tuple[str, ...]
    strays: int = 0

    def only(self, rows: Column) -> "Recorded":
        """Some of the rows."""
        return self._replace(table=self.table.take(pa.array(rows)), rows=self.rows[rows])

    @property
    def rides(self) -> int:
        """How many rows."""
        return int(self.table.num_rows)

    def has(self, name: str) -> bool:
        """Whether there is such a column."""
        return name in self.table.column_names

    def values(self, name: str, read: Callable[[Any], _T], empty: _T | None = None) -> Coded[_T]:
        """A column, each distinct value of it read once; `empty` stands for no value, unless None: then RidesFault.

        Raises RidesFault, with the first row that has it, for a value that `read` has a ValueError or BadLine for.
        """
        if not self.has(name):
            if empty is None:
                raise RidesFault(f"{self.path}: column {name} is missing: {COLUMNS[name].removesuffix('; needed')}")
            return Coded(np.zeros(self.rides, np.int8), (empty,))
        column = self.table.column(name).combine_chunks()
        encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        places = encoded.indices.fill_null(len(encoded.dictionary)).to_numpy(zero_copy_only=False)
        is_there = np.bincount(places, minlength=len(encoded.dictionary) + 1) > 0
        codes = (np.cumsum(is_there) - 1).take(places)
        found: list[_T] = []
        for value in map(_python, encoded.dictionary.filter(pa.array(is_there[:-1]))):
            try:
                found.append(read(value))
            except BadLine as bad:
                where = "" if bad.path == "$" else f"{bad.path.removeprefix('$.')}: "
                self._bad(name, codes, len(found), f"{where}{bad.message}")
            except ValueError as error:
                self._bad(name, codes, len(found), f"{str(value)[:40]!r} {error}")
        if is_there[-1]:
            if empty is None:
                self._bad(name, codes, len(found), f"no value; {COLUMNS[name].removesuffix('; needed')}")
            found.append(empty)
        return Coded(codes, found)

    def numbers(self, name: str, read: Callable[[Any], int], empty: int | None = None) -> Column:
        """A column of whole numbers."""
        codes, values = self.values(name, read, empty)
        return np.array(values, np.int32).take(codes)

    def is_empty(self, name: str) -> Column:
        """Where a column has no value."""
        if not self.has(name):
            return np.ones(self.rides, np.bool_)
        nulls: Column = self.table.column(name).combine_chunks().is_null().to_numpy(zero_copy_only=False)
        return nulls

    def bad(self, name: str, row: int, message: str) -> NoReturn:
        """Raise what is wrong with a row, counted from 0."""
        raise RidesFault(f"{self.path}: row {self.shown_row(int(self.rows[row]))}, column {name}: {message}") from None

    def shown_row(self, row: int) -> int:
        """The number of a row of the file as people count it, from 1: a CSV file's first is its header."""
        return row + (2 if self.path.suffix == ".csv" else 1)

    def _bad(self, name: str, codes: Column, code: int, message: str) -> NoReturn:
        self.bad(name, int((codes == code).argmax()), message)


def read_rides(path: Path) -> Recorded:
    """Read a .csv or .parquet file whole. Raises RidesFault or OSError."""
    readers = {".csv": _read_csv, ".parquet": _read_parquet}
    if path.suffix not in readers:
        raise RidesFault(f"{path}: neither .csv nor .parquet; name the file by what it is")
    with path.open("rb") as file:
        try:
            table = readers[path.suffix](file)
            names = table.column_names
        except UnicodeDecodeError:
            raise RidesFault(f"{path}: a column's name is not UTF-8; save the file as UTF-8") from None
        except (pa.ArrowException, OSError) as error:
            if isinstance(error, OSError) and error.errno:
                raise
            # pyarrow has an OSError without a number for a damaged file, too.
            raise RidesFault(f"{path}: {' '.join(str(error).split())[:200]}; mend the file") from None
    twice = [name for name in (*COLUMNS, *KEPT) if names.count(name) > 1]
    if twice:
        raise RidesFault(f"{path}: column {twice[0]} is there twice; keep one of them")
    unused = tuple(name for name in names if name not in COLUMNS and name not in KEPT)
    return with_rides(Recorded(path, table.unify_dictionaries(), np.arange(table.num_rows), unused))


def _read_parquet(file: Any) -> pa.Table:
    """A few kilobytes may hold any number of equal rows; and texts are taken unread, and may not be UTF-8."""
    rows = parquet.read_metadata(file).num_rows
    if rows > _MOST_ROWS:
        raise pa.ArrowInvalid(f"{rows:,} rows, at most {_MOST_ROWS:,}; split it")
    table = parquet.read_table(file)
    for field in table.schema:
        if field.name in {*COLUMNS, *KEPT} and pa.types.is_nested(field.type):
            raise pa.ArrowInvalid(f"column {field.name} holds {field.type}, must be plain values")
    table.validate(full=True)
    return table


def _read_csv(file: Any) -> pa.Table:
    text = pa.dictionary(pa.int32(), pa.string())
    return csv.read_csv(
        file,
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(COLUMNS, text), null_values=_NO_VALUE, strings_can_be_null=True
        ),
    )


# -- values


def days(recorded: Recorded, name: str) -> Column:
    """A column of days, as ordinals. Raises RidesFault."""
    return recorded.numbers(name, _day)


def words(recorded: Recorded, name: str) -> list[str]:
    """A column of words, empty where there is none."""
    found = recorded.values(name, str, "")
    return [found.values[code] for code in found.codes.tolist()]


def _python(value: pa.Scalar) -> Any:
    """As Python has it. What it has no room for, such as a day of the year 5,000,000, is told by its number."""
    try:
        return value.as_py()
    except Exception:  # pyarrow has many kinds
        return f"{value.type} {value.value}"


def _day(value: Any) -> int:
    """A day as its ordinal."""
    if isinstance(value, datetime):
        value = value.date()
    try:
        found = value if isinstance(value, date) else date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError("is not a day like 2026-11-20") from None
    return found.toordinal()


def _whole(value: Any) -> int:
    text = str(value).removesuffix(".0")  # TIDES has numbers, and Parquet may hold them as floats
    if not text.isascii() or not text.isdecimal() or int(text[:20]) > _MOST:
        raise ValueError(f"is not a whole number from 0 to {_MOST:,}")
    return int(text)


def _truth(value: Any) -> bool:
    word = str(value).lower()
    if word not in ("true", "false"):
        raise ValueError("is not true or false")
    return word == "true"


def _word(known: Mapping[str, _T]) -> Callable[[Any], _T]:
    def read(value: Any) -> _T:
        if value not in known:
            raise ValueError(f"is unknown; {near(str(value), known)}")
        return known[value]

    return read


def _json(found: Schema, make: Callable[[Field], _T]) -> Callable[[Any], _T]:
    """JSON by a part of the schema of quotes, made a value."""

    def read(value: Any) -> _T:
        raw = str(value).encode()
        document = loaded(JsonLine(1, raw, len(raw) > LINE_BYTES))
        problem = next(problems(document, found, schema()), None)
        if problem:
            raise BadLine(*problem)
        assert isinstance(document, dict)
        return make(Field(document, "$"))

    return read


_Arranged = tuple[AutoCharge | None, AutoCharged | None]


def _arranged(field: Field) -> _Arranged:
    given = field.values
    charged = field.inner("charged")
    names = ("trigger_yen", "amount_yen", "day_cap_yen", "month_cap_yen")
    return AutoCharge(*(given[name] for name in names)), (
        AutoCharged(charged.the_day("day"), charged.values["day_yen"], charged.values["month_yen"]) if charged else None
    )


# -- into columns


class Batch(NamedTuple):
    """The rides of a file that one operator file prices: which rows they are, and they themselves."""

    rulebook: Rulebook
    rows: Column
    rides: Rides
    tables: FareTables


class _Timetable(NamedTuple):
    """Each ride's trip with the rules it ran under: `services` are distinct ones; days are by the timetable."""

    services: Coded[Service]
    boarded: Column
    alighted: Column
    boarded_on: Column
    alighted_on: Column


def batches(recorded: Recorded, duty: Duty) -> list[Batch]:
    """The rides, each under the rules of the day that its trip left (GEN-5). Raises RidesFault; what Duty does."""
    if not recorded.rides:
        raise RidesFault(f"{recorded.path}: no rides; a row is one ride")
    timetable = _timetable(recorded, duty)
    # By digest: a rulebook is large, and there are as many copies of it as services.
    books = {service.rulebook.digest: service.rulebook for service in timetable.services.values}
    whose = [list(books).index(service.rulebook.digest) for service in timetable.services.values]
    book_of = np.array(whose).take(timetable.services.codes)
    return [
        _batch(recorded, duty, timetable, rulebook, np.flatnonzero(book_of == number))
        for number, rulebook in enumerate(books.values())
    ]


def _timetable(recorded: Recorded, duty: Duty) -> _Timetable:
    feed = duty.feed
    trips = recorded.values("trip_id_performed", _word({str(key): trip for key, trip in feed.trips.items()}))
    service_day = recorded.numbers("service_date", _day)
    boarded, alighted = (recorded.numbers(name, _whole) for name in ("boarded_place", "alighted_place"))
    size = np.array([len(trip.arrivals_s) for trip in trips.values]).take(trips.codes)
    for name, wrong in (("boarded_place", boarded >= alighted), ("alighted_place", alighted >= size)):
        if wrong.any():
            row = int(wrong.argmax())
            recorded.bad(name, row, f"no ride from {boarded[row]} to {alighted[row]} on a trip of {size[row]} stops")
    first = np.cumsum([0, *(len(trip.arrivals_s) for trip in trips.values[:-1])]).take(trips.codes)
    departs_s = np.array([at_s for trip in trips.values for at_s in trip.departures_s])
    arrives_s = np.array([at_s for trip in trips.values for at_s in trip.arrivals_s])
    return _Timetable(
        _services(recorded, duty, trips, service_day),
        boarded,
        alighted,
        boarded_on=service_day + departs_s.take(first + boarded) // _DAY_S,
        alighted_on=service_day + arrives_s.take(first + alighted) // _DAY_S,
    )


_DAY_S = 86_400


def _services(recorded: Recorded, duty: Duty, trips: Coded[Trip], service_day: Column) -> Coded[Service]:
    """Asked for once for each trip and each span of days in which no operator file begins."""
    leaves = service_day + np.array([trip.departs_s // _DAY_S for trip in trips.values]).take(trips.codes)
    begins = sorted({book.effective.toordinal() for book in duty.operators.rulebooks})
    span = np.searchsorted(begins, leaves, side="right")
    pairs, rows, codes = np.unique(
        trips.codes.astype(np.int64) * (len(begins) + 1) + span, return_index=True, return_inverse=True
    )
    values = []
    for pair, row in zip(pairs.tolist(), rows.tolist(), strict=True):
        day = date.fromordinal(int(service_day[row]))
        try:
            values.append(duty.service(trips.values[pair // (len(begins) + 1)], day))
        except OperatorFault as fault:
            recorded.bad("service_date", row, f"{day}: {fault}")
    return Coded(codes, values)


def _batch(recorded: Recorded, duty: Duty, timetable: _Timetable, rulebook: Rulebook, rows: Column) -> Batch:
    some = recorded.only(rows)
    services = timetable.services.values
    lines = list(dict.fromkeys(_line(service) for service in services if service.rulebook.digest == rulebook.digest))
    numbers = {line: number for number, line in enumerate(lines)}
    line_of = np.array([numbers.get(_line(service), 0) for service in services])
    departs_s = np.array([service.departs_s for service in services])
    service_codes = timetable.services.codes[rows]
    boarded_on, alighted_on = (
        np.where(some.is_empty(name), by_timetable[rows], some.numbers(name, _day, 0))
        for name, by_timetable in (("boarded_on", timetable.boarded_on), ("alighted_on", timetable.alighted_on))
    )
    tables = FareTables(lines)
    cards = _cards(some, duty, rulebook)
    rides = rides_on(
        tables,
        line_of.take(service_codes),
        timetable.boarded[rows],
        timetable.alighted[rows],
        boarded_on,
        alighted_on=alighted_on,
        departs_s=departs_s.take(service_codes),
        cards=cards,
        party=some.values("party", _json(schema()["$defs"]["party"], _party), Party()),
        payment=_payments(some, cards),
    )
    return Batch(rulebook, rows, rides, tables)


def _line(service: Service) -> Line:
    return Line(service.table, service.company, service.kind)


def _party(field: Field) -> Party:
    for name in field.values:
        if name.endswith("_born"):
            raise BadLine(field.at(name), "dates of birth are not kept with rides; give classes")
    return party_of(field, date.min)


def _cards(some: Recorded, duty: Duty, rulebook: Rulebook) -> Cards:
    stops = FeedStops(duty.feed)
    defs = schema()["$defs"]
    known_pass = _json(defs["pass"], lambda field: pass_of(field, stops, rulebook))
    none: _Arranged = (None, None)
    arranged = some.values("auto_charge", _json(defs["card"]["properties"]["auto_charge"], _arranged), none)
    holder = some.values("rider_category", _word(HOLDERS), HolderKind.ADULT)
    held_pass = _optional(some, "pass", known_pass)
    money = {name: some.numbers(name, _whole, 0) if some.has(name) else None for name in _MONEY}
    if any(column is not None for column in money.values()) and money["balance_before"] is None:
        money["balance_before"] = np.zeros(some.rides, np.int32)
    last_day = some.numbers("points_last_day", _day, 0)
    points = some.numbers("transport_points", _whole, 0)
    lost = (points > 0) & (last_day == 0)
    if lost.any():
        some.bad("points_last_day", int(lost.argmax()), "no value, and there are transport_points; give the day")
    return Cards(
        scheme=some.values("scheme", str, rulebook.scheme),
        stored_fare_yen=money["balance_before"],
        holder=holder,
        named=_named(some, holder, held_pass),
        expires=some.numbers("expires", _day, 0) if some.has("expires") else None,
        held_pass=held_pass,
        auto_charge=Coded(arranged.codes, [each for each, _ in arranged.values]),
        auto_charged=Coded(arranged.codes, [charged for _, charged in arranged.values]),
        regular_yen=money["regular_yen"],
        student_yen=money["student_yen"],
        eco_yen=money["eco_yen"],
        points=points if points.any() else None,
        points_last_day=last_day,
        welfare_points=some.numbers("welfare_points", _whole, 0) if some.has("welfare_points") else None,
    )


def _optional(some: Recorded, name: str, read: Callable[[Any], _T]) -> Coded[_T | None] | None:
    """A column that may be missing, None where it has no value."""
    if not some.has(name):
        return None

    def wrapped(value: Any) -> tuple[_T | None]:
        return (read(value),)

    none: tuple[_T | None] = (None,)
    found = some.values(name, wrapped, none)
    return Coded(found.codes, [value for (value,) in found.values])


def _named(some: Recorded, holder: Coded[HolderKind], held_pass: Coded[Pass | None] | None) -> Column:
    """As the file says; else a card with a discount or a named pass is in a person's name, as `quote` has it."""
    named = np.array([kind is not HolderKind.ADULT for kind in holder.values]).take(holder.codes)
    if held_pass is not None:
        named |= np.array([held is not None and not held.bearer for held in held_pass.values]).take(held_pass.codes)
    said = some.values("named", _truth, False)
    return np.where(some.is_empty("named"), named, np.array(said.values).take(said.codes))


def _payments(some: Recorded, cards: Cards) -> Coded[Payment]:
    """As the file says; else by card, and in cash where nothing is known of the card's money."""
    known = ~np.logical_and.reduce([some.is_empty(name) for name in _MONEY])
    said = some.values("payment", _word({str(payment): payment for payment in Payment}), Payment.CARD)
    by_card = np.array([payment is not Payment.ALL_CASH for payment in said.values]).take(said.codes)
    unknown = by_card & ~known & ~some.is_empty("payment")
    if unknown.any():
        some.bad("payment", int(unknown.argmax()), "paid by card, and no money is known; give balance_before")
    if not known.any():
        return Coded(np.zeros(some.rides, np.int8), (Payment.ALL_CASH,))
    in_cash = len(said.values)
    codes = np.where(by_card & ~known, in_cash, said.codes)
    return Coded(codes, (*said.values, Payment.ALL_CASH))


def amounts(recorded: Recorded) -> tuple[Column, Column]:
    """What was taken for each ride, in yen, and for which rides that is known. Raises RidesFault."""
    currency = recorded.values("currency_type", str, "JPY")
    foreign = np.array([name != "JPY" for name in currency.values]).take(currency.codes)
    if foreign.any():
        recorded.bad(
            "currency_type", int(foreign.argmax()), "only JPY is compared; convert the amounts, or leave them out"
        )
    return recorded.numbers("amount", _whole, 0), ~recorded.is_empty("amount")


# -- out


def write_repriced(path: Path, recorded: Recorded, due_yen: Column, refusal: Column) -> None:
    """The file's rows again, with what is due now and the code of a refusal. Raises RidesFault or OSError."""
    words = pa.DictionaryArray.from_arrays(pa.array(refusal, mask=refusal < 0), pa.array([str(code) for code in CODES]))
    table = recorded.table
    for name, column in (("due_yen", pa.array(due_yen, mask=due_yen == NO_DUE)), ("refusal", words)):
        if name in table.column_names:
            table = table.drop_columns([name])
        table = table.append_column(name, column)
    sink = pa.BufferOutputStream()
    if path.suffix == ".csv":
        csv.write_csv(_plain(table), sink)
    elif path.suffix == ".parquet":
        parquet.write_table(table, sink)
    else:
        raise RidesFault(f"{path}: neither .csv nor .parquet; name the file by what it is to be")
    write_whole(path, sink.getvalue().to_pybytes())


def _plain(table: pa.Table) -> pa.Table:
    """Without dictionaries, which CSV has not."""
    fields = [
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))
