"""Bulk re-pricing: what the columns come to is what `settle` says, ride by ride, refusals too."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from itertools import combinations
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tariff import bulk
from tariff.account import Account, AutoCharge, AutoCharged, Coupons, HolderKind, Pass, Points, Section
from tariff.bulk import CODES, NO_DUE, NOT_REFUSED, Cards, Coded, FareTables, Line, Path, Repriced, reprice, rides_on
from tariff.due import Ride
from tariff.fares import NO_FARE, FareTable
from tariff.passes import is_valid
from tariff.purses import Payment
from tariff.refusal import Code, Refusal
from tariff.riders import Attendant, Handbook, Party, Piece, RiderClass
from tariff.rulebook import ORDINARY, Area, Purse, Rulebook
from tariff.settle import Settlement, settle
from tests.tariff.examples import (
    AIZU,
    AIZU_LINE,
    CHILD,
    DISABLED_CHILD,
    HAKUHO_BACK,
    HAKUHO_LINE,
    IWATE,
    JOBAN,
    JR_BUS,
    LOCOCA,
    NORUCA,
    TODAY,
    TOWN_LOOP,
    card,
    held,
    ride,
    section,
    stop_number,
    table_of,
)

_T = TypeVar("_T")
CAP_YEN = 20_000
NAMES = ("朝日町", "分校前", "中央駅", "病院前", "終点")
SATURDAY = TODAY + timedelta(days=1)
NOT_A_HOLIDAY, A_HOLIDAY = TODAY, SATURDAY


class Case(NamedTuple):
    """A recorded ride."""

    ride: Ride
    account: Account
    party: Party = Party()
    payment: Payment = Payment.CARD


# -- values into columns


def coded(values: Iterable[_T]) -> Coded[_T]:
    found = list(values)
    distinct = list(dict.fromkeys(found))
    return Coded(np.array([distinct.index(value) for value in found], np.int32), distinct)


def ordinal(day: date | None) -> int:
    return day.toordinal() if day else 0


def numbers(values: Iterable[int]) -> bulk.Column:
    return np.array(list(values), np.int32)


def cards_of(accounts: Sequence[Account], *, money: bool = True) -> Cards:
    coupons = [account.coupons or Coupons(0, 0, 0) for account in accounts]
    return Cards(
        scheme=coded(account.scheme for account in accounts),
        stored_fare_yen=numbers(account.stored_fare_yen for account in accounts) if money else None,
        holder=coded(account.holder for account in accounts),
        named=np.array([account.named for account in accounts]),
        expires=numbers(ordinal(account.expires) for account in accounts),
        held_pass=coded(account.held_pass for account in accounts),
        auto_charge=coded(account.auto_charge for account in accounts),
        auto_charged=coded(account.auto_charged for account in accounts),
        regular_yen=numbers(each.regular_yen for each in coupons),
        student_yen=numbers(each.student_yen for each in coupons),
        eco_yen=numbers(each.eco_yen for each in coupons),
        points=numbers(account.points.points if account.points else 0 for account in accounts),
        points_last_day=numbers(ordinal(account.points and account.points.last_day) for account in accounts),
        welfare_points=numbers(account.welfare_points for account in accounts),
    )


def lines_of(cases: Sequence[Case]) -> list[Line]:
    return list(dict.fromkeys(Line(case.ride.table, case.ride.company, case.ride.service) for case in cases))


def repriced(cases: Sequence[Case], rulebook: Rulebook, watch: bulk.Watch | None = None) -> Repriced:
    lines = lines_of(cases)
    tables = FareTables(lines)
    rides = rides_on(
        tables,
        line=numbers(lines.index(Line(case.ride.table, case.ride.company, case.ride.service)) for case in cases),
        boarded=numbers(case.ride.boarded for case in cases),
        alighted=numbers(case.ride.alighted for case in cases),
        day=numbers(case.ride.day.toordinal() for case in cases),
        alighted_on=numbers(case.ride.alighted_on.toordinal() for case in cases),
        departs_s=numbers(case.ride.departs_s for case in cases),
        cards=cards_of([case.account for case in cases]),
        party=coded(case.party for case in cases),
        payment=coded(case.payment for case in cases),
    )
    return reprice(rides, tables, rulebook, watch)


# -- any ride

_BOOKS = (LOCOCA, AIZU, IWATE, NORUCA)
_SERVICES = (ORDINARY, "community", "highway", "rail")
_FARES_YEN = st.sampled_from([*range(100, 700, 10), None, 0])
_NOW_AND_THEN = st.integers(0, 11).map(lambda number: number == 0)
"""Most rides are plain ones, so that arrays price them, and what is odd comes one thing at a time."""


@st.composite
def _tables(draw: st.DrawFn) -> FareTable:
    """A line of 3 to 6 stops with most fares; a stop may be visited again, but not twice in a row. Fares have no order,
    and cash may have its own.
    """
    steps = draw(st.lists(st.sampled_from([1, 1, 1, 1, 2, 4]), min_size=2, max_size=5))
    names = tuple(NAMES[sum(steps[:at]) % len(NAMES)] for at in range(len(steps) + 1))

    def priced() -> FareTable:
        pairs = list(combinations(range(len(names)), 2))
        fares = draw(st.lists(_FARES_YEN, min_size=len(pairs), max_size=len(pairs)))
        return table_of("任意線", names, {pair: yen for pair, yen in zip(pairs, fares, strict=True) if yen is not None})

    table = priced()
    return with_cash(table, priced()) if draw(st.sampled_from([False, False, False, True])) else table


def with_cash(table: FareTable, cash: FareTable) -> FareTable:
    """A table with other fares for cash."""
    size = table.size
    places = [(start, end) for start in range(size) for end in range(size)]
    fares = [table.fare_yen(*at) if at[0] < at[1] and table.has_fare(*at) else NO_FARE for at in places]
    return FareTable(table.pattern, array("l", fares), cash)


_sections = st.builds(
    Section,
    from_stop=st.sampled_from(NAMES).map(stop_number),
    to_stop=st.sampled_from(NAMES).map(stop_number),
    one_way=st.booleans(),
    priced_fare_yen=st.sampled_from([200, 500, 1_000]),
).filter(lambda section: section.from_stop != section.to_stop)
_days = st.integers(-10, 10).map(lambda days: TODAY + timedelta(days=days))


@st.composite
def _passes(draw: st.DrawFn, rulebook: Rulebook) -> Pass:
    """A pass of a product of the rulebook; now and then of none, of the other company, or with more than a section."""
    known = [product.number for product in rulebook.products if product.scope]
    return Pass(
        product=99 if draw(_NOW_AND_THEN) else draw(st.sampled_from(known)),
        company=JOBAN if draw(_NOW_AND_THEN) else JR_BUS,
        first_day=TODAY - timedelta(days=draw(st.integers(2, 15))),
        last_day=TODAY + timedelta(days=draw(st.integers(2, 15))),
        bearer=draw(st.booleans()),
        sections=(draw(_sections), *draw(st.lists(_sections, max_size=3) if draw(_NOW_AND_THEN) else st.just([]))),
        area=draw(st.sampled_from([1, 2])) if draw(_NOW_AND_THEN) else 0,
        line=draw(st.sampled_from([1, 9])) if draw(_NOW_AND_THEN) else 0,
    )


@st.composite
def _accounts(draw: st.DrawFn, rulebook: Rulebook) -> Account:
    arrangement = AutoCharge(draw(st.sampled_from([100, 1_000, 5_000])), 3_000, 3_000, 6_000)
    charged = AutoCharged(draw(_days), 3_000, draw(st.sampled_from([3_000, 6_000])))
    points = Points(draw(st.sampled_from([0, 50, 400])), TODAY - timedelta(days=draw(st.sampled_from([1, 400]))))
    most = [CAP_YEN] * 6
    return Account(
        scheme=draw(st.sampled_from(["suica", "elsewhere"])) if draw(_NOW_AND_THEN) else rulebook.scheme,
        stored_fare_yen=draw(st.sampled_from([*most, 0, 100, 195, 500, 3_000])),
        holder=draw(st.sampled_from(HolderKind)),
        named=draw(st.booleans()),
        expires=draw(_days) if draw(_NOW_AND_THEN) else None,
        held_pass=draw(st.none() | _passes(rulebook) | _passes(rulebook)),
        auto_charge=arrangement if draw(_NOW_AND_THEN) else None,
        auto_charged=charged if draw(_NOW_AND_THEN) else None,
        coupons=Coupons(*draw(st.tuples(*[st.sampled_from([*most, 0, 90, 400])] * 3))),
        points=points if draw(_NOW_AND_THEN) else None,
        welfare_points=draw(st.sampled_from([50, 400])) if draw(_NOW_AND_THEN) else 0,
    )


_riders = st.sampled_from(RiderClass)
_odd_parties = st.builds(
    Party,
    st.none() | _riders,
    st.lists(_riders, max_size=2).map(tuple),
    st.lists(_riders, max_size=1).map(tuple),
    st.sampled_from([(), (), (Attendant(Handbook.INTELLECTUAL),)]),
    st.sampled_from([(), (), (Piece(15_000, 1, 1),), (Piece(40_000, 1, 1),)]),
)


@st.composite
def _rulebooks(draw: st.DrawFn) -> Rulebook:
    """A shipped rulebook with the one or the other rule for excess; now and then an area, a network pass, or the purses
    of another scheme.
    """
    book = draw(st.sampled_from(_BOOKS))
    book = book._replace(excess=draw(st.sampled_from(["cheaper", "separate"])))
    if draw(_NOW_AND_THEN):
        inside = frozenset(draw(st.sets(st.sampled_from(NAMES))))
        book = book._replace(areas=(Area(1, "町なか", "AZF-51", 1_000, inside, frozenset()),))
    if draw(_NOW_AND_THEN):
        first, *others = book.products
        book = book._replace(products=(first._replace(scope="network"), *others))
    if draw(_NOW_AND_THEN):
        book = book._replace(purses=draw(st.sampled_from(_BOOKS)).purses)
    return book


class Recorded(NamedTuple):
    """Rides and whose rules hold."""

    cases: list[Case]
    rulebook: Rulebook


@st.composite
def _recorded(draw: st.DrawFn) -> Recorded:
    book = draw(_rulebooks())
    tables = draw(st.lists(_tables(), min_size=1, max_size=2))
    accounts = draw(st.lists(_accounts(book), min_size=1, max_size=4))
    cases = []
    for _ in range(draw(st.integers(1, 8))):
        table = draw(st.sampled_from(tables))
        boarded, alighted = sorted(draw(st.permutations(range(table.size)))[:2])
        day = draw(_days)
        taken = Ride(
            *(table, JOBAN if draw(_NOW_AND_THEN) else JR_BUS, 0, boarded, alighted, day),
            alighted_on=day + timedelta(days=draw(st.integers(0, 1))),
            service=draw(st.sampled_from(_SERVICES)) if draw(_NOW_AND_THEN) else ORDINARY,
            departs_s=draw(st.sampled_from([0, 35_999, 36_000, 90_000])),
        )
        override = draw(st.sampled_from([None, None, None, RiderClass.CHILD, RiderClass.ADULT]))
        party = draw(_odd_parties) if draw(_NOW_AND_THEN) else Party(override)
        payment = draw(st.sampled_from(Payment)) if draw(_NOW_AND_THEN) else Payment.CARD
        cases.append(Case(taken, draw(st.sampled_from(accounts)), party, payment))
    return Recorded(cases, book)


def settled_one_by_one(cases: Sequence[Case], rulebook: Rulebook) -> list[Settlement | Refusal]:
    return [settle(case.ride, case.account, case.party, rulebook, case.payment) for case in cases]


def assert_same(cases: Sequence[Case], rulebook: Rulebook, found: Repriced) -> None:
    """Each ride's yen and refusal, and every sum, are what `settle` says."""
    outcomes = settled_one_by_one(cases, rulebook)
    assert found.due_yen.tolist() == [NO_DUE if isinstance(one, Refusal) else one.due_yen for one in outcomes]
    codes = [CODES.index(one.code) if isinstance(one, Refusal) else NOT_REFUSED for one in outcomes]
    assert found.refusal.tolist() == codes

    refused = Counter(one.code for one in outcomes if isinstance(one, Refusal))
    by_company: Counter[int] = Counter()
    by_product: Counter[int | None] = Counter()
    by_purse: Counter[Purse] = Counter()
    cash_yen = auto_charged_yen = 0
    for (taken, account, _, _), done in zip(cases, outcomes, strict=True):
        if isinstance(done, Settlement):
            pass_held = account.held_pass
            own = account.scheme == rulebook.scheme
            counts = pass_held is not None and own and is_valid(pass_held, taken.day, taken.company)
            by_company[taken.company] += done.due_yen
            by_product[pass_held.product if counts and pass_held else None] += done.due_yen
            by_purse.update(dict(done.paid.purses))
            cash_yen += done.cash_yen
            auto_charged_yen += done.auto_charged_yen
    assert +Counter(found.by_company) == +by_company
    assert +Counter(found.by_product) == +by_product
    assert +Counter(found.by_purse) == +by_purse
    assert (found.cash_yen, found.auto_charged_yen) == (cash_yen, auto_charged_yen)
    assert found.total_yen == sum(by_company.values())
    assert found.refused == refused
    for code, (row, refusal) in found.examples.items():
        assert outcomes[row] == refusal and row == codes.index(CODES.index(code))
    assert set(found.examples) == set(refused)
    assert sum(found.paths.values()) == len(cases)


@pytest.mark.parametrize("chunk", [2, 16_384])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(recorded=_recorded())
def test_every_ride_costs_what_settle_says(monkeypatch: pytest.MonkeyPatch, chunk: int, recorded: Recorded) -> None:
    monkeypatch.setattr(bulk, "CHUNK", chunk)
    assert_same(*recorded, repriced(*recorded))
