"""Bulk re-pricing: what the columns come to is what `settle` says, ride by ride, refusals too."""

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
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


# -- which path, and why


FULL = card(CAP_YEN)
GOES = ride(HAKUHO_LINE, "磐城棚倉", "新白河")
"""500 yen."""
MIDDLE = held(section("実業高校前", "南湖公園"))
"""Leaves 300 before and 250 after: the through fare is cheaper."""
START = held(section("磐城棚倉", "南湖公園"))
DEARER = table_of(
    "白棚線",
    HAKUHO_LINE.pattern.stop_names,
    {pair: HAKUHO_LINE.fare_yen(*pair) + 10 for pair in combinations(range(5), 2)},
)
"""The same line, 10 yen dearer."""
END_TO_END = held(section("磐城棚倉", "実業高校前"), section("実業高校前", "南湖公園"))
LOOP = ride(TOWN_LOOP, 0, 4)
OWN = FULL._replace(scheme="aizu-noruca")
IWATE_CARD = FULL._replace(scheme="iwate-green-pass")
COUPONS = Account("noruca", 0, coupons=Coupons(regular_yen=2_000, student_yen=0, eco_yen=2_000))
CHARGING = AutoCharge(1_000, 3_000, 10_000, 20_000)


def path_of(case: Case, rulebook: Rulebook) -> Path:
    found = repriced([case], rulebook)
    assert_same([case], rulebook, found)
    (path,) = (path for path, rides in found.paths.items() if rides)
    return path


@pytest.mark.parametrize(
    ("case", "rulebook"),
    [
        pytest.param(Case(GOES, FULL), LOCOCA, id="an adult"),
        pytest.param(Case(GOES, card(500)), LOCOCA, id="the last yen"),
        pytest.param(Case(GOES, card(499)), LOCOCA, id="short"),
        pytest.param(Case(GOES, card(CAP_YEN, holder=HolderKind.DISABLED_CHILD)), LOCOCA, id="a disabled child"),
        pytest.param(Case(GOES, FULL, Party(RiderClass.CHILD)), LOCOCA, id="keyed as a child"),
        pytest.param(Case(GOES, FULL, Party(RiderClass.ADULT)), LOCOCA, id="keyed as an adult"),
        pytest.param(
            Case(GOES, card(CAP_YEN, holder=HolderKind.CHILD), Party(RiderClass.ADULT)),
            LOCOCA,
            id="a child's, an adult",
        ),
        pytest.param(Case(GOES, card(0), payment=Payment.ALL_CASH), LOCOCA, id="all in cash"),
        pytest.param(Case(GOES, FULL, payment=Payment.PART_CASH), LOCOCA, id="no cash needed"),
        pytest.param(Case(GOES, card(CAP_YEN, expires=TODAY)), LOCOCA, id="the card's last day"),
        pytest.param(Case(GOES, OWN._replace(auto_charge=CHARGING)), AIZU, id="auto-charge not triggered"),
        pytest.param(
            Case(GOES, OWN._replace(stored_fare_yen=1_000, auto_charge=CHARGING)), AIZU, id="exactly the trigger"
        ),
        pytest.param(Case(GOES, card(600, auto_charge=CHARGING)), LOCOCA, id="no auto-charge in this scheme"),
        pytest.param(Case(GOES, COUPONS), NORUCA, id="coupons"),
        pytest.param(Case(GOES._replace(day=date(2026, 11, 21)), COUPONS), NORUCA, id="eco coupons on their day"),
        pytest.param(Case(GOES, IWATE_CARD), IWATE, id="no points"),
    ],
)
def test_arrays_price(case: Case, rulebook: Rulebook) -> None:
    assert path_of(case, rulebook) is Path.OD


@pytest.mark.parametrize(
    ("case", "rulebook"),
    [
        pytest.param(Case(GOES, card(CAP_YEN, MIDDLE)), LOCOCA, id="PASS-3 the through fare"),
        pytest.param(Case(GOES, card(CAP_YEN, START)), LOCOCA, id="PASS-3 excess after"),
        pytest.param(Case(GOES, OWN._replace(held_pass=MIDDLE)), AIZU, id="PASS-5 both excess parts"),
        pytest.param(Case(ride(HAKUHO_LINE, 0, 2), card(0, START)), LOCOCA, id="PASS-2 wholly covered"),
        pytest.param(Case(ride(HAKUHO_LINE, 2, 4), card(170, START)), LOCOCA, id="PASS-2 not covered, short"),
        pytest.param(Case(ride(HAKUHO_BACK, 0, 4), card(CAP_YEN, START)), LOCOCA, id="PASS-1 the way back"),
        pytest.param(
            Case(GOES, card(CAP_YEN, held(section("磐城棚倉", "新白河", 499)))), LOCOCA, id="PASS-1 priced lower"
        ),
        pytest.param(Case(GOES, card(CAP_YEN, START._replace(last_day=TODAY))), LOCOCA, id="PASS-6 last day"),
        pytest.param(Case(GOES, card(CAP_YEN, START._replace(first_day=TODAY))), LOCOCA, id="PASS-6 first day"),
        pytest.param(
            Case(GOES, card(CAP_YEN, START._replace(last_day=TODAY - timedelta(1)))), LOCOCA, id="PASS-6 a day late"
        ),
        pytest.param(
            Case(GOES, card(CAP_YEN, START._replace(first_day=TODAY + timedelta(1)))), LOCOCA, id="PASS-6 a day early"
        ),
        pytest.param(Case(GOES._replace(company=JOBAN), card(CAP_YEN, START)), LOCOCA, id="PASS-8 the other company"),
        pytest.param(
            Case(GOES, card(CAP_YEN, START._replace(bearer=True), HolderKind.CHILD)), LOCOCA, id="PASS-7 a child bears"
        ),
        pytest.param(
            Case(ride(HAKUHO_LINE, 2, 4), card(CAP_YEN, START._replace(bearer=True), HolderKind.CHILD)),
            LOCOCA,
            id="PASS-7 a child bears in vain",
        ),
        pytest.param(
            Case(GOES._replace(day=A_HOLIDAY), card(CAP_YEN, START)), LOCOCA, id="LOC-13 the eco pass on a Saturday"
        ),
        pytest.param(Case(GOES, card(CAP_YEN, START)), LOCOCA, id="LOC-13 not on a Friday"),
        pytest.param(
            Case(GOES._replace(departs_s=36_000), OWN._replace(held_pass=START._replace(product=2))),
            AIZU,
            id="AZF-60 Student Plus One at 10:00",
        ),
        pytest.param(
            Case(GOES._replace(departs_s=35_999), OWN._replace(held_pass=START._replace(product=2))),
            AIZU,
            id="AZF-60 not a second before",
        ),
        pytest.param(
            Case(
                GOES._replace(service="sightseeing", departs_s=36_000),
                OWN._replace(held_pass=START._replace(product=2)),
            ),
            AIZU,
            id="AZF-60 not on sightseeing buses",
        ),
        pytest.param(
            Case(GOES, OWN._replace(held_pass=END_TO_END)),
            AIZU,
            id="PASS-5 sections end to end",
        ),
        pytest.param(Case(LOOP, card(CAP_YEN, held(section("若松駅前", "鶴ヶ城")))), LOCOCA, id="PASS-1 a loop whole"),
    ],
)
def test_arrays_price_with_a_pass(case: Case, rulebook: Rulebook) -> None:
    assert path_of(case, rulebook) is Path.VECTORISED


MISSING_PART = table_of("欠け線", NAMES[:4], {(0, 1): 100, (0, 2): 300, (0, 3): 400, (1, 3): 200})
"""Two stretches have no fare of their own."""
MISSING_THROUGH = table_of("欠け線", NAMES[:3], {(0, 1): 100, (1, 2): 100})
FIRST_STRETCH = held(section("朝日町", "分校前"))
TWO_SECTIONS = held(section("磐城棚倉", "実業高校前"), section("白河モール前", "新白河"))


@pytest.mark.parametrize(
    ("case", "rulebook"),
    [
        pytest.param(Case(GOES, FULL, Party(companions=(CHILD,))), LOCOCA, id="GEN-18 a companion"),
        pytest.param(Case(GOES, OWN, Party(RiderClass.INFANT)), AIZU, id="AZF-1 an infant alone"),
        pytest.param(Case(GOES, FULL, Party(luggage=(Piece(1, 1, 1),))), AIZU, id="AZF-2 luggage"),
        pytest.param(Case(GOES, card(CAP_YEN, scheme="suica")), LOCOCA, id="GEN-21 another scheme's card"),
        pytest.param(Case(GOES, card(CAP_YEN, scheme="elsewhere")), LOCOCA, id="GEN-21 a foreign card"),
        pytest.param(Case(GOES._replace(service="highway"), FULL), LOCOCA, id="GEN-15 an excluded service"),
        pytest.param(Case(GOES, card(CAP_YEN, expires=TODAY - timedelta(1))), LOCOCA, id="GEN-11 expired"),
        pytest.param(Case(GOES, card(195), payment=Payment.PART_CASH), LOCOCA, id="GEN-10 part cash"),
        pytest.param(
            Case(GOES, OWN._replace(stored_fare_yen=999, auto_charge=CHARGING)), AIZU, id="AUT-2 auto-charge fires"
        ),
        pytest.param(Case(GOES, IWATE_CARD._replace(points=Points(1, TODAY))), IWATE, id="IGP-28 a point"),
        pytest.param(Case(GOES, IWATE_CARD._replace(welfare_points=1)), IWATE, id="IGP-5 a welfare point"),
        pytest.param(Case(ride(MISSING_PART, 2, 3), FULL), LOCOCA, id="GEN-4 no fare"),
        pytest.param(
            Case(ride(MISSING_PART, 2, 3), FULL, payment=Payment.ALL_CASH), LOCOCA, id="GEN-4 no fare in cash"
        ),
        pytest.param(
            Case(ride(MISSING_PART, 0, 2), card(CAP_YEN, FIRST_STRETCH)), LOCOCA, id="GEN-4 no fare for the excess"
        ),
        pytest.param(
            Case(ride(MISSING_PART, 0, 2), OWN._replace(held_pass=FIRST_STRETCH)), AIZU, id="GEN-4 nor where separate"
        ),
        pytest.param(
            Case(ride(MISSING_THROUGH, 0, 2), card(CAP_YEN, FIRST_STRETCH)), LOCOCA, id="GEN-4 no fare to compare with"
        ),
        pytest.param(
            Case(ride(MISSING_PART, 0, 2, departs="10:00"), OWN._replace(held_pass=FIRST_STRETCH._replace(product=2))),
            AIZU,
            id="GEN-4 nor under a flat fare",
        ),
        pytest.param(Case(GOES, card(CAP_YEN, TWO_SECTIONS)), LOCOCA, id="PASS-4 a choice of sections"),
        pytest.param(Case(GOES, card(CAP_YEN, END_TO_END)), LOCOCA, id="PASS-4 a choice of sections end to end"),
        pytest.param(Case(GOES, OWN._replace(held_pass=TWO_SECTIONS)), AIZU, id="PASS-5 sections apart"),
        pytest.param(Case(GOES, OWN._replace(held_pass=START._replace(product=99))), AIZU, id="GEN-17 unknown pass"),
        pytest.param(
            Case(ride(with_cash(HAKUHO_LINE, DEARER), 0, 4), card(0, START), payment=Payment.ALL_CASH),
            LOCOCA,
            id="GEN-10 a pass, and cash has other fares",
        ),
    ],
)
def test_settle_judges(case: Case, rulebook: Rulebook) -> None:
    assert path_of(case, rulebook) is Path.SETTLED


def test_gen_10_cash_fares_in_cash_only() -> None:
    table = with_cash(HAKUHO_LINE, DEARER)
    cases = [
        Case(ride(table, 0, 4), FULL),
        Case(ride(table, 0, 4), FULL, payment=Payment.ALL_CASH),
        Case(ride(table, 0, 1), card(0, holder=HolderKind.CHILD), payment=Payment.ALL_CASH),
    ]
    found = repriced(cases, LOCOCA)
    assert_same(cases, LOCOCA, found)
    assert found.due_yen.tolist() == [500, 510, 160]
    assert found.paths == {Path.OD: 3, Path.VECTORISED: 0, Path.SETTLED: 0}


@pytest.mark.parametrize("fares", [{(0, 1): 0}, {}])
def test_gen_10_free_or_unknown_by_card_all_cash_pays_the_cash_fare(fares: dict[tuple[int, int], int]) -> None:
    cash = table_of("均一線", NAMES[:2], {(0, 1): 200})
    case = Case(ride(with_cash(table_of("均一線", NAMES[:2], fares), cash), 0, 1), card(0), payment=Payment.ALL_CASH)
    found = repriced([case], LOCOCA)
    assert_same([case], LOCOCA, found)
    assert found.due_yen.tolist() == [200]


@pytest.mark.parametrize(("eco_yen", "paid"), [(499, {Purse.REGULAR: 500}), (500, {Purse.ECO: 500})])
def test_igp_5_a_purse_that_pays_whole_or_nothing(eco_yen: int, paid: dict[Purse, int]) -> None:
    eco, _, regular = NORUCA.purses
    rulebook = NORUCA._replace(purses=(eco._replace(whole=True, days=()), regular))
    case = Case(GOES, COUPONS._replace(coupons=Coupons(2_000, 0, eco_yen)))
    found = repriced([case], rulebook)
    assert_same([case], rulebook, found)
    assert +Counter(found.by_purse) == paid and found.paths[Path.OD] == 1


def test_pass_8_another_schemes_pass_counts_for_nothing() -> None:
    case = Case(GOES, card(CAP_YEN, START, scheme="suica"))
    found = repriced([case], LOCOCA)
    assert_same([case], LOCOCA, found)
    assert +Counter(found.by_product) == {None: 500}


def test_cards_without_known_money_pay_cash() -> None:
    cases = [Case(GOES, FULL), Case(GOES, card(0, holder=HolderKind.CHILD)), Case(ride(MISSING_PART, 2, 3), FULL)]
    lines = lines_of(cases)
    tables = FareTables(lines)
    rides = rides_on(
        tables,
        numbers([0, 0, 1]),
        numbers([0, 0, 2]),
        numbers([4, 4, 3]),
        numbers([TODAY.toordinal()] * 3),
        cards=cards_of([case.account for case in cases], money=False)._replace(
            regular_yen=None, student_yen=None, eco_yen=None
        ),
    )
    found = reprice(rides, tables, LOCOCA)
    assert_same([case._replace(payment=Payment.ALL_CASH) for case in cases], LOCOCA, found)
    assert (found.due_yen.tolist(), found.cash_yen) == ([500, 250, NO_DUE], 750)


def test_sums_of_a_chunk_outgrow_32_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    dear = table_of("高額線", NAMES[:2], {(0, 1): 500_000_000})
    cases = [Case(ride(dear, 0, 1, company=int(at > 3)), FULL, payment=Payment.ALL_CASH) for at in range(6)]
    found = repriced(cases, LOCOCA)
    assert found.by_company == {JR_BUS: 2_000_000_000, JOBAN: 1_000_000_000}
    assert found.cash_yen == found.total_yen == 3_000_000_000


def test_the_first_ride_of_each_refusal_is_kept_whichever_path_refused_it() -> None:
    short, together = Case(GOES, card(0)), Case(GOES, card(0), Party(companions=(CHILD,)))
    for cases in ([short, together], [together, short]):
        found = repriced(cases, LOCOCA)
        assert found.examples[Code.SHORT] == (0, settle(*cases[0][:3], LOCOCA))
        assert found.refused == {Code.SHORT: 2}


def test_watch_is_told_of_every_ride(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "CHUNK", 2)
    told: list[tuple[Path, int]] = []
    together = Case(ride(HAKUHO_LINE, 0, 1), FULL, Party(companions=(CHILD,)))
    cases = [Case(GOES, FULL), together, Case(GOES, card(CAP_YEN, START)), together, Case(GOES, card(0))]
    found = repriced(cases, LOCOCA, lambda path, rides: told.append((path, rides)))
    assert_same(cases, LOCOCA, found)
    assert told == [(Path.OD, 1), (Path.SETTLED, 1), (Path.VECTORISED, 1), (Path.SETTLED, 1), (Path.OD, 1)]
    assert found.paths == {Path.OD: 2, Path.VECTORISED: 1, Path.SETTLED: 2}


def test_no_rides() -> None:
    tables = FareTables([Line(HAKUHO_LINE, JR_BUS, ORDINARY)])
    none = numbers([])
    rides = rides_on(tables, none, none, none, none, cards=Cards(Coded(none, ())))
    found = reprice(rides, tables, LOCOCA)
    assert (found.total_yen, found.by_company, len(found.due_yen)) == (0, {JR_BUS: 0}, 0)


# -- other tables, and columns that are none


def on_the_line(**changed: Any) -> tuple[bulk.Rides, FareTables]:
    """One ride of 500 yen, with columns changed."""
    tables = FareTables([Line(HAKUHO_LINE, JR_BUS, ORDINARY)])
    columns = {"line": [0], "boarded": [0], "alighted": [4], "day": [TODAY.toordinal()]}
    given: dict[str, Any] = {name: numbers(changed.pop(name, values)) for name, values in columns.items()}
    return rides_on(tables, **given, **({"cards": cards_of([FULL])} | changed)), tables


def test_the_same_rides_by_other_fares() -> None:
    rides, tables = on_the_line()
    dearer = FareTables([Line(DEARER, JR_BUS, ORDINARY)])
    assert reprice(rides, tables, LOCOCA).total_yen == 500
    assert reprice(rides, dearer, LOCOCA).total_yen == 510


@pytest.mark.parametrize(
    "line", [Line(AIZU_LINE, JR_BUS, ORDINARY), Line(HAKUHO_LINE, JOBAN, ORDINARY)], ids=["stops", "company"]
)
def test_tables_of_other_lines_are_refused(line: Line) -> None:
    rides, _ = on_the_line()
    with pytest.raises(ValueError, match="the fare tables are not those of the rides' lines"):
        reprice(rides, FareTables([line]), LOCOCA)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"line": [1]}, "column line, ride 0: not a line of the tables"),
        ({"line": [-1]}, "column line, ride 0: not a line of the tables"),
        ({"boarded": [4]}, "column boarded, ride 0: no ride on the line's pattern"),
        ({"boarded": [-1]}, "column boarded, ride 0: no ride on the line's pattern"),
        ({"alighted": [5]}, "column boarded, ride 0: no ride on the line's pattern"),
        ({"day": [1, 2]}, "column day has 2 rides, not 1"),
        ({"alighted_on": numbers([])}, "column alighted_on has 0 rides, not 1"),
        ({"party": Coded(numbers([1]), (Party(),))}, "column party, ride 0: a code without a value"),
        ({"payment": Coded(numbers([-1]), (Payment.CARD,))}, "column payment, ride 0: a code without a value"),
        ({"cards": Cards(Coded(numbers([0, 0]), ("lococa",)))}, "column scheme has 2 rides, not 1"),
    ],
)
def test_columns_that_are_none(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=f"^{says}$"):
        on_the_line(**changed)
