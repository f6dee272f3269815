"""What holds for any ride on any line with any card: properties, with the rules written down a second time to compare.

Fares are drawn without order: a longer ride may be cheaper, as it is on real tables with competing routes.
"""

from datetime import date, timedelta
from itertools import combinations
from typing import NamedTuple

from hypothesis import assume, given
from hypothesis import strategies as st

from tariff.account import Account, AutoCharge, AutoCharged, HolderKind, Pass, Section
from tariff.due import Ride
from tariff.fares import FareTable
from tariff.lines import PAID_BY
from tariff.passes import covered_intervals
from tariff.purses import Payment
from tariff.refusal import Code, Refusal
from tariff.riders import CLASS_OF_HOLDER, HOLDER_ALONE, Party, RiderClass, fare_for
from tariff.rulebook import Rulebook
from tariff.settle import Settlement, settle
from tests.tariff.examples import (
    ADULT,
    AIZU,
    CHILD,
    DISABLED_ADULT,
    DISABLED_CHILD,
    LOCOCA,
    TODAY,
    card,
    held,
    ride,
    settled,
    stop_number,
    table_of,
    way_back,
)

CAP_YEN = 20_000
NAMES = ("朝日町", "分校前", "中央駅", "病院前", "終点")
FARES_YEN = st.integers(1, 100).map(lambda tens: tens * 10)


@st.composite
def _lines(draw: st.DrawFn) -> FareTable:
    """A line of 2 to 6 stops with every fare; a stop may be visited again, but not twice in a row."""
    # Each step leads to another stop, so no draw is thrown away.
    steps = draw(st.lists(st.integers(1, len(NAMES) - 1), min_size=1, max_size=5))
    names = tuple(NAMES[sum(steps[:at]) % len(NAMES)] for at in range(len(steps) + 1))
    pairs = combinations(range(len(names)), 2)
    return table_of("任意線", names, {pair: draw(FARES_YEN) for pair in pairs})


_sections = st.builds(
    Section,
    from_stop=st.sampled_from(NAMES).map(stop_number),
    to_stop=st.sampled_from(NAMES).map(stop_number),
    one_way=st.booleans(),
    priced_fare_yen=st.sampled_from([200, 500, 1_000]),
).filter(lambda section: section.from_stop != section.to_stop)
_riders = st.sampled_from([ADULT, CHILD, DISABLED_ADULT, DISABLED_CHILD])
_holders = st.sampled_from(HolderKind)
_rulebooks = st.sampled_from([LOCOCA, AIZU])
_parties = st.tuples(st.none() | _riders, st.lists(_riders, max_size=3).map(tuple)).map(lambda party: Party(*party))
_days = st.dates(TODAY - timedelta(days=40), TODAY)


class Taken(NamedTuple):
    """A ride and the pass sections on the card that takes it."""

    ride: Ride
    sections: tuple[Section, ...]


@st.composite
def _rides(draw: st.DrawFn) -> Taken:
    table = draw(_lines())
    boarded, alighted = sorted(draw(st.lists(st.integers(0, table.size - 1), min_size=2, max_size=2, unique=True)))
    return Taken(ride(table, boarded, alighted), tuple(draw(st.lists(_sections, max_size=3))))


@st.composite
def _members(draw: st.DrawFn, rulebook: Rulebook, sections: tuple[Section, ...]) -> Account:
    """A card of the scheme that holds these sections, whatever else there is on it."""
    arrangement = st.builds(
        AutoCharge,
        st.sampled_from([100, 1_000, 10_000]),
        st.sampled_from([1_000, 3_000, 10_000]),
        st.sampled_from([3_000, 10_000, 99_000]),
        st.sampled_from([10_000, 99_000]),
    )
    day_yen, more_yen = draw(st.tuples(st.sampled_from([0, 3_000]), st.sampled_from([0, 6_000])))
    return card(
        draw(st.integers(0, CAP_YEN)),
        draw(st.none() | st.just(held(*sections, bearer=draw(st.booleans())))),
        draw(_holders),
        scheme=rulebook.scheme,
        auto_charge=draw(st.none() | arrangement),
        auto_charged=draw(st.none() | _days.map(lambda day: AutoCharged(day, day_yen, day_yen + more_yen))),
    )


def due_yen(taken: Ride, sections: tuple[Section, ...], rulebook: Rulebook, holder: HolderKind) -> int:
    """What the holder of a personal pass owes; the card is full, so that nobody is short."""
    return settled(taken, card(CAP_YEN, held(*sections), holder, scheme=rulebook.scheme), rulebook=rulebook).due_yen


def through_yen(taken: Ride, rider: RiderClass) -> int:
    """The fare of the whole ride for a class."""
    return fare_for(rider, taken.table.fare_yen(taken.boarded, taken.alighted), LOCOCA.riders)


# -- the rules, written down a second time: slowly, with sets


def _covered(section: Section, table: FareTable) -> set[int]:
    """PASS-1: the intervals between a visit of one end and a later one of the other, at a fare within the price."""
    numbers = table.pattern.stop_numbers
    ends = {section.from_stop, section.to_stop}
    found: set[int] = set()
    for start, end in combinations(range(table.size), 2):
        if {numbers[start], numbers[end]} != ends or (section.one_way and numbers[start] != section.from_stop):
            continue
        if table.fare_yen(start, end) <= section.priced_fare_yen:
            found |= set(range(start, end))
    return found


def _excess_yen(taken: Ride, sections: tuple[Section, ...], rider: RiderClass) -> int:
    """PASS-3, PASS-9: the fares of the maximal uncovered runs, each for the class."""
    covered = set().union(*(_covered(section, taken.table) for section in sections))
    bare = [interval for interval in range(taken.boarded, taken.alighted) if interval not in covered]
    starts = [interval for interval in bare if interval - 1 not in bare]
    ends = [interval + 1 for interval in bare if interval + 1 not in bare]
    return sum(fare_for(rider, taken.table.fare_yen(*run), LOCOCA.riders) for run in zip(starts, ends, strict=True))


def _least_yen(taken: Ride, sections: tuple[Section, ...], rider: RiderClass) -> int:
    """PASS-4: the least over all subsets."""
    subsets = (chosen for size in range(len(sections) + 1) for chosen in combinations(sections, size))
    return min(_excess_yen(taken, chosen, rider) for chosen in subsets)


# -- passes


@given(table=_lines(), section=_sections)
def test_pass_1_what_a_section_covers(table: FareTable, section: Section) -> None:
    bits = covered_intervals(section, table)
    assert {interval for interval in range(table.size) if bits >> interval & 1} == _covered(section, table)


@given(taken=_rides(), holder=_holders)
def test_pass_4_cheaper_is_the_least_over_all_subsets(taken: Taken, holder: HolderKind) -> None:
    expected = _least_yen(*taken, CLASS_OF_HOLDER[holder])
    assert due_yen(*taken, LOCOCA, holder) == expected


@given(taken=_rides(), holder=_holders)
def test_pass_5_separate_is_the_sum_of_the_excess_parts(taken: Taken, holder: HolderKind) -> None:
    assert due_yen(*taken, AIZU, holder) == _excess_yen(*taken, CLASS_OF_HOLDER[holder])


@given(taken=_rides(), holder=_holders)
def test_pass_4_cheaper_never_costs_more_than_the_through_fare_or_than_separate(
    taken: Taken, holder: HolderKind
) -> None:
    due = due_yen(*taken, LOCOCA, holder)
    assert 0 <= due <= through_yen(taken.ride, CLASS_OF_HOLDER[holder])
    assert due <= due_yen(*taken, AIZU, holder)


@given(taken=_rides(), more=_sections, holder=_holders)
def test_pass_4_one_more_section_never_costs_more(taken: Taken, more: Section, holder: HolderKind) -> None:
    assert due_yen(taken.ride, (*taken.sections, more), LOCOCA, holder) <= due_yen(*taken, LOCOCA, holder)


@given(taken=_rides(), rulebook=_rulebooks, one_way=st.booleans(), data=st.data())
def test_pass_2_wholly_covered_is_free(taken: Taken, rulebook: Rulebook, one_way: bool, data: st.DataObject) -> None:
    start, end, numbers = taken.ride.boarded, taken.ride.alighted, taken.ride.table.pattern.stop_numbers
    assume(not {numbers[start], numbers[end]} & set(numbers[start + 1 : end]) and numbers[start] != numbers[end])
    whole = Section(numbers[start], numbers[end], one_way, 1_000)
    sections = data.draw(st.permutations([*taken.sections, whole]))
    boarded = data.draw(st.integers(start, end - 1))
    inside = ride(taken.ride.table, boarded, data.draw(st.integers(boarded + 1, end)))
    for holder in HolderKind:
        assert due_yen(inside, tuple(sections), rulebook, holder) == 0


@given(taken=_rides(), holder=_holders, rulebook=_rulebooks, data=st.data())
def test_pass_4_the_order_of_the_sections_is_irrelevant(
    taken: Taken, holder: HolderKind, rulebook: Rulebook, data: st.DataObject
) -> None:
    shuffled = tuple(data.draw(st.permutations(taken.sections)))
    assert due_yen(taken.ride, shuffled, rulebook, holder) == due_yen(*taken, rulebook, holder)


@given(taken=_rides(), holder=_holders, rulebook=_rulebooks)
def test_pass_1_a_two_way_pass_costs_the_same_there_and_back(
    taken: Taken, holder: HolderKind, rulebook: Rulebook
) -> None:
    sections = tuple(section._replace(one_way=False) for section in taken.sections)
    last = taken.ride.table.size - 1
    back = ride(way_back(taken.ride.table), last - taken.ride.alighted, last - taken.ride.boarded)
    assert due_yen(taken.ride, sections, rulebook, holder) == due_yen(back, sections, rulebook, holder)


@given(taken=_rides(), holder=_holders, rulebook=_rulebooks)
def test_pass_1_a_one_way_pass_back_costs_what_its_turned_arrow_costs_there(
    taken: Taken, holder: HolderKind, rulebook: Rulebook
) -> None:
    turned = tuple(section._replace(from_stop=section.to_stop, to_stop=section.from_stop) for section in taken.sections)
    last = taken.ride.table.size - 1
    back = ride(way_back(taken.ride.table), last - taken.ride.alighted, last - taken.ride.boarded)
    assert due_yen(*taken, rulebook, holder) == due_yen(back, turned, rulebook, holder)


@given(taken=_rides(), holder=_holders, rulebook=_rulebooks, day=st.dates(date(2026, 1, 1), date(2027, 12, 31)))
def test_pass_6_outside_its_days_a_pass_counts_for_nothing(
    taken: Taken, holder: HolderKind, rulebook: Rulebook, day: date
) -> None:
    bought: Pass = held(*taken.sections)
    # Flat fares have days of their own (LOC-13).
    rulebook = rulebook._replace(flat_fares=())
    inside = bought.first_day <= day <= bought.last_day
    sections = taken.sections if inside else ()
    account = card(CAP_YEN, bought, holder, scheme=rulebook.scheme)
    settlement = settled(taken.ride._replace(day=day, alighted_on=day), account, rulebook=rulebook)
    assert settlement.due_yen == due_yen(taken.ride, sections, rulebook, holder)


@given(taken=_rides(), holder=_holders, rulebook=_rulebooks)
def test_pass_7_where_a_bearer_pass_plays_a_part_its_bearer_is_an_adult(
    taken: Taken, holder: HolderKind, rulebook: Rulebook
) -> None:
    ridden = set(range(taken.ride.boarded, taken.ride.alighted))
    touches = any(ridden & _covered(section, taken.ride.table) for section in taken.sections)
    account = card(CAP_YEN, held(*taken.sections, bearer=True), holder, scheme=rulebook.scheme)
    expected = due_yen(*taken, rulebook, HolderKind.ADULT if touches else holder)
    assert settled(taken.ride, account, rulebook=rulebook).due_yen == expected


# -- parties


@given(taken=_rides(), party=_parties, rulebook=_rulebooks, bearer=st.booleans())
def test_gen_18_companions_pay_their_through_fare_on_top(
    taken: Taken, party: Party, rulebook: Rulebook, bearer: bool
) -> None:
    account = card(CAP_YEN, held(*taken.sections, bearer=bearer), scheme=rulebook.scheme)
    alone = settled(taken.ride, account, party._replace(companions=()), rulebook)
    together = settled(taken.ride, account, party, rulebook)
    assert together.due_yen == alone.due_yen + sum(through_yen(taken.ride, rider) for rider in party.companions)


@given(taken=_rides(), override=_riders, holder=_holders, rulebook=_rulebooks)
def test_gen_12_an_override_is_as_good_as_such_a_card(
    taken: Taken, override: RiderClass, holder: HolderKind, rulebook: Rulebook
) -> None:
    account = card(CAP_YEN, held(*taken.sections), holder, scheme=rulebook.scheme)
    (such,) = [kind for kind, rider in CLASS_OF_HOLDER.items() if rider is override]
    assert settled(taken.ride, account, Party(override), rulebook).due_yen == due_yen(*taken, rulebook, such)


# -- money


class Settled(NamedTuple):
    """A card before, and what came of it."""

    before: Account
    rulebook: Rulebook
    payment: Payment
    outcome: Settlement | Refusal


@st.composite
def _settlements(draw: st.DrawFn) -> Settled:
    taken, rulebook, payment = draw(_rides()), draw(_rulebooks), draw(st.sampled_from(Payment))
    account = draw(_members(rulebook, taken.sections))
    party = HOLDER_ALONE if account.holder in rulebook.holder_only else draw(_parties)
    return Settled(account, rulebook, payment, settle(taken.ride, account, party, rulebook, payment))


@given(case=_settlements())
def test_gen_1_no_yen_is_lost_or_made(case: Settled) -> None:
    if isinstance(case.outcome, Refusal):
        assert (case.outcome.code, case.payment) == (Code.SHORT, Payment.CARD)
        assert 0 < case.outcome.short_yen <= case.outcome.due_yen
        return
    done = case.outcome
    assert done.due_yen == sum(line.yen for line in done.lines if line.word not in PAID_BY)
    assert done.stored_fare_yen + done.cash_yen == done.due_yen
    assert done.after.stored_fare_yen == case.before.stored_fare_yen + done.auto_charged_yen - done.stored_fare_yen


@given(case=_settlements())
def test_gen_1_nothing_is_ever_negative(case: Settled) -> None:
    if isinstance(case.outcome, Settlement):
        done = case.outcome
        amounts = (done.due_yen, done.stored_fare_yen, done.cash_yen, done.auto_charged_yen, done.after.stored_fare_yen)
        assert min(amounts) >= 0
        assert all(line.yen >= 0 for line in done.lines)


@given(case=_settlements())
def test_gen_10_cash_only_by_choice_and_stored_fare_in_tens(case: Settled) -> None:
    if isinstance(case.outcome, Settlement) and case.outcome.cash_yen:
        assert case.payment is not Payment.CARD
        assert case.outcome.stored_fare_yen % 10 == 0
        if case.payment is Payment.PART_CASH:
            # As much of the card as can be used is used.
            assert case.outcome.after.stored_fare_yen < 10


@given(case=_settlements())
def test_gen_3_aut_3_auto_charge_passes_no_cap(case: Settled) -> None:
    if isinstance(case.outcome, Settlement) and case.outcome.auto_charged_yen:
        arranged, totals = case.before.auto_charge, case.outcome.after.auto_charged
        assert arranged is not None and totals is not None
        assert case.rulebook.auto_charge and case.payment is not Payment.ALL_CASH
        assert case.outcome.auto_charged_yen == arranged.amount_yen
        assert case.before.stored_fare_yen < arranged.trigger_yen
        assert case.before.stored_fare_yen + arranged.amount_yen <= CAP_YEN
        assert arranged.amount_yen <= totals.day_yen <= arranged.day_cap_yen
        assert totals.day_yen <= totals.month_yen <= arranged.month_cap_yen
        assert totals.day == TODAY


@given(case=_settlements())
def test_gen_5_a_settlement_changes_balance_ride_and_totals_and_nothing_else(case: Settled) -> None:
    if isinstance(case.outcome, Settlement):
        after = case.outcome.after
        changed = {name for name in Account._fields if getattr(after, name) != getattr(case.before, name)}
        assert changed <= {"stored_fare_yen", "ride", "auto_charged"}


@given(case=_settlements())
def test_gen_1_every_line_stands_on_a_rule(case: Settled) -> None:
    if isinstance(case.outcome, Settlement):
        assert all(line.rule.split("-")[0] in {"GEN", "PASS", "AUT"} for line in case.outcome.lines)
