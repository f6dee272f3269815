"""What a terminal's records come to in the books: one kind of record after the other, worked through."""

from collections import Counter

import pytest
from pytest_django import DjangoAssertNumQueries

from centre.bundles.records import follow
from centre.bundles.services import direct
from centre.cards.models import Card as RegisteredCard
from centre.ledger import judging, services
from centre.ledger.models import BookingRow, FindingRow, PostingRow, Tap
from centre.payments.models import Debt, OwedBack
from farebox.formats.bundle import AutoChargeOff
from farebox.formats.journal import Move, Noted, Outcome, Result
from tests.centre.ledger.journals import DAY, Bus, Card

pytestmark = pytest.mark.django_db


def books() -> dict[str, int]:
    """Every account that has anything."""
    sums = Counter[str]()
    for row in PostingRow.objects.all():
        sums[":".join(filter(None, (row.kind, row.company, row.of)))] += row.yen
    assert sum(sums.values()) == 0
    return {account: yen for account, yen in sorted(sums.items()) if yen}


def test_a_ride_moves_stored_fare_to_the_fares_of_its_route() -> None:
    bus, card = Bus(), Card()
    bus.board(card)
    bus.tap(card, due_yen=300)
    bus.send()
    assert books() == {"stored-fare:lococa/0": 300, "fares:lococa/0:route-1": -300}
    assert BookingRow.objects.count() == 1  # a boarding moves nothing


def test_gen_10_what_is_paid_in_cash_is_in_the_cash_box() -> None:
    bus, card = Bus(), Card(stored_fare_yen=100)
    bus.tap(card, due_yen=300, cash_yen=200)
    bus.send()
    assert books() == {
        "cash-box:lococa/0:BUS-1": 200,
        "stored-fare:lococa/0": 100,
        "fares:lococa/0:route-1": -300,
    }


def test_loc_6_a_ride_on_the_other_companys_bus_is_cleared_with_it() -> None:
    bus, card = Bus(company=1), Card()
    bus.tap(card, due_yen=300)
    bus.send()
    assert books() == {
        "stored-fare:lococa/0": 300,
        "clearing:lococa/0:lococa/1": -300,
        "clearing:lococa/1:lococa/0": 300,
        "fares:lococa/1:route-1": -300,
    }


def test_loc_6_a_note_in_the_other_companys_box_is_owed_to_the_issuer() -> None:
    bus, card = Bus(company=1), Card()
    bus.board(card)  # whose bus it is, the ride's mark says
    seq = bus.top_up(card, 1_000)
    bus.note(seq, 1_000, "stacking", "box")
    bus.send()
    assert books() == {
        "note-box:lococa/1:BUS-1": 1_000,
        "clearing:lococa/0:lococa/1": 1_000,
        "clearing:lococa/1:lococa/0": -1_000,
        "stored-fare:lococa/0": -1_000,
    }


def test_igp_2_the_ride_of_a_foreign_card_is_its_issuers_to_pay() -> None:
    bus, card = Bus(), Card(scheme="suica")
    card.slot = card.slot._replace(layout=7)
    bus.tap(card, due_yen=300)
    bus.send()
    assert books() == {
        "stored-fare:suica": 300,
        "clearing:suica:lococa/0": -300,
        "clearing:lococa/0:suica": 300,
        "fares:lococa/0:route-1": -300,
    }
    judging.judge_all()
    assert not FindingRow.objects.exists()


def test_nor_3_coupons_and_their_premium() -> None:
    bus, card = Bus(scheme="noruca"), Card(scheme="noruca", stored_fare_yen=500)
    seq = bus.top_up(card, 1_000, premium_yen=100)
    bus.note(seq, 1_000, "stacking", "box")
    bus.tap(card, due_yen=200)
    bus.send()
    assert books() == {
        "note-box:noruca:BUS-1": 1_000,
        "premium:noruca": 100,
        "coupons:noruca:regular": -900,
        "fares:noruca:route-1": -200,
    }


def test_igp_28_points_are_given_and_pay() -> None:
    bus, card = Bus(scheme="iwate-green-pass"), Card(scheme="iwate-green-pass")
    bus.tap(card, due_yen=500, points_earned=15)
    bus.send()
    assert books() == {
        "stored-fare:iwate-green-pass": 500,
        "points:iwate-green-pass:transport-points": -15,
        "points-given:iwate-green-pass": 15,
        "fares:iwate-green-pass:route-1": -500,
    }


def test_aut_6_an_auto_charge_is_owed_once() -> None:
    bus, card = Bus(scheme="aizu-noruca"), Card(scheme="aizu-noruca", stored_fare_yen=50)
    seq = bus.tap(card, due_yen=440, auto_charge_yen=1_000)
    bus.send()
    assert books() == {
        "credit:aizu-noruca": 1_000,
        "stored-fare:aizu-noruca": -560,
        "fares:aizu-noruca:route-1": -440,
    }
    debt = Debt.objects.get()
    assert (debt.idm, debt.yen) == (card.name, 1_000)
    assert debt.key == Tap.objects.get(seq=seq).key


@pytest.mark.parametrize("is_written", [True, False])
def test_faults_5_a_directive_is_known_to_be_on_the_card_when_another_bus_saw_it(is_written: bool) -> None:
    bus, other, card = Bus("BUS-1"), Bus("BUS-2"), Card(scheme="aizu-noruca")
    row = RegisteredCard.objects.create(
        idm=card.name, scheme="aizu-noruca", number="AZ1", kind="adult", named=True, issued_on=DAY
    )
    given = direct(row, DAY, [AutoChargeOff()])
    bus.record(Noted(card.idm, "directive-applied", f"{given.number} from {DAY}"))
    seq, after = bus.intend(card, due_yen=200)
    bus.resolve(seq, "unknown")
    if is_written:
        card.write(after)
    other.tap(card, due_yen=200)
    for each in (bus, other):
        follow(each.source.journal, each.entries)
        each.send()
    judging.judge_all()
    given.refresh_from_db()
    assert given.state == ("applied" if is_written else "waiting")


def test_gen_22_a_cancelled_auto_charge_is_not_owed_any_more() -> None:
    bus, card = Bus(scheme="aizu-noruca"), Card(scheme="aizu-noruca", stored_fare_yen=50)
    seq = bus.tap(card, due_yen=440, auto_charge_yen=1_000)
    bus.send()
    bus.cancel(card, seq)
    bus.send()
    assert books() == {}
    debt = Debt.objects.get()
    assert (OwedBack.objects.get().debt, debt.state) == (debt, Debt.State.OFF)


@pytest.mark.parametrize(
    ("result", "places", "left"),
    [
        ("written", ("stacking", "box"), {"note-box": 1_000, "stored-fare": -1_000}),
        ("written", ("returned",), {"owed-by-passengers": 1_000, "stored-fare": -1_000}),
        ("written", ("stacking", "unsure"), {"notes-in-doubt": 1_000, "stored-fare": -1_000}),
        ("written", (), {"notes-in-doubt": 1_000, "stored-fare": -1_000}),
        ("not_written", ("stacking", "box"), {"note-box": 1_000, "owed-to-passengers": -1_000}),
        ("not_written", ("returned",), {}),
        ("indeterminate", ("stacking", "box"), {"note-box": 1_000, "notes-in-doubt": -1_000}),
        ("indeterminate", ("returned",), {}),
    ],
)
@pytest.mark.parametrize("note_first", [False, True])
def test_faults_43_where_note_and_card_end(
    result: Result, places: tuple[Move, ...], left: dict[str, int], note_first: bool
) -> None:
    bus, card = Bus(), Card()
    seq, _ = bus.intend(card, "top-up", note_yen=1_000)
    if note_first:
        bus.note(seq, 1_000, *places)
        bus.send()
    bus.record(Outcome(seq, result))
    if not note_first:
        bus.send()
        bus.note(seq, 1_000, *places)
    bus.send()
    assert {account.split(":")[0]: yen for account, yen in books().items()} == left


# -- writes of unknown end


def test_faults_3_an_outcome_comes_in_a_later_segment() -> None:
    bus, card = Bus(), Card()
    seq = bus.tap(card, result="indeterminate", due_yen=300)
    bus.send()
    assert books() == {}
    bus.resolve(seq, "written")
    bus.send()
    assert books() == {"stored-fare:lococa/0": 300, "fares:lococa/0:route-1": -300}
    assert not Tap.objects.get().payload


@pytest.mark.parametrize("written", [True, False])
@pytest.mark.parametrize("unknown", [True, False])
@pytest.mark.parametrize("late", [True, False])
def test_faults_5_the_next_vehicle_tells_of_a_write_left_to_the_centre(
    written: bool, unknown: bool, late: bool
) -> None:
    first, second, card = Bus(), Bus("BUS-2"), Card()
    seq, after = first.intend(card, due_yen=300)
    if written:
        card.write(after)
    else:
        card.writes += 1  # a row without its slot
    second.board(card)
    if unknown:
        first.resolve(seq, "unknown")
    for bus in (second, first) if late else (first, second):
        bus.send()
        judging.judge_all()
    assert services.balance_of(card.name) == {"stored-fare": card.slot.stored_fare_yen}
    assert books().get("fares:lococa/0:route-1", 0) == (-300 if written else 0)
    assert set(FindingRow.objects.filter(closed_at_s=None).values_list("kind", flat=True)) == {"unknown-card"}


def test_faults_5_what_was_taken_for_one_vehicles_write_turns_out_to_be_anothers() -> None:
    first, second, third, card = Bus(), Bus("BUS-2"), Bus("BUS-3"), Card()
    first.intend(card, due_yen=300)
    second.tap(card, due_yen=300)  # the same fare at the next gate makes the same slot
    third.board(card)
    for bus in (first, third):
        bus.send()
        judging.judge_all()
    assert PostingRow.objects.filter(booking__key__startswith="BUS-1").exists()
    second.send()
    judging.judge_all()
    assert books() == {"stored-fare:lococa/0": -1_700, "fares:lococa/0:route-1": -300, "opening:lococa/0": 2_000}
    assert services.balance_of(card.name) == {"stored-fare": 1_700}


# -- what can't be


def findings() -> set[str]:
    """The kinds of what is open, after all cards were judged."""
    judging.judge_all()
    return set(FindingRow.objects.filter(closed_at_s=None).values_list("kind", flat=True)) - {"unknown-card"}


def test_faults_11_a_copy_that_rides_on_its_own_is_found() -> None:
    first, second, card = Bus(), Bus("BUS-2"), Card()
    copy = card.copy()
    first.tap(card, due_yen=300)
    second.tap(copy, due_yen=200)
    first.send()
    second.send()
    assert findings() == {"forked", "disagrees"}


def test_faults_12_a_card_that_was_put_back_is_found() -> None:
    first, second, card = Bus(), Bus("BUS-2"), Card()
    before = card.slot
    first.tap(card, due_yen=300)
    card.slot = before
    second.tap(card, result="not_written", due_yen=300)
    first.send()
    second.send()
    assert findings() == {"rolled-back", "disagrees"}


def test_faults_33_a_missing_record_is_found_and_explains_itself() -> None:
    first, second, third, card = Bus(), Bus("BUS-2"), Bus("BUS-3"), Card()
    first.tap(card, due_yen=300)
    second.tap(card, due_yen=200)
    third.tap(card, due_yen=100)
    first.send()
    third.send()
    assert findings() == {"broken", "disagrees"}
    second.send()
    assert findings() == set()
    explained = FindingRow.objects.get(kind="broken")
    assert (explained.why, explained.closed_by) == ("later records", None)


def test_ctr_4_a_card_whose_balance_nobody_booked_is_found() -> None:
    first, second, card = Bus(), Bus("BUS-2"), Card()
    first.tap(card, due_yen=300)
    card.slot = card.changed(stored_fare_yen=19_000)
    card.writes += 1
    second.board(card)
    first.send()
    second.send()
    assert findings() == {"broken", "disagrees"}
    assert FindingRow.objects.get(kind="disagrees").yen == 17_300


def test_faults_5_one_write_claimed_by_two_is_found() -> None:
    first, second, card = Bus(), Bus("BUS-2"), Card()
    copy = card.copy()
    first.tap(card, due_yen=300)
    second.tap(copy, due_yen=300)
    first.send()
    second.send()
    assert findings() == {"claimed-twice", "disagrees"}


def test_a_record_that_contradicts_itself_is_named_and_its_rest_is_in_suspense() -> None:
    bus, card = Bus(), Card()
    seq, _ = bus.intend(card, due_yen=300)
    entry = bus.entries[-1]
    bus.entries[-1] = entry._replace(record=entry.record._replace(due_yen=310))  # type: ignore[call-arg]
    bus.record(Outcome(seq, "written"))
    bus.send()
    assert books() == {"fares:lococa/0:route-1": -310, "stored-fare:lococa/0": 300, "suspense:lococa/0": 10}
    assert "contradicts" in findings()


def test_an_outcome_whose_intent_never_came_is_named() -> None:
    bus = Bus()
    bus.record(Outcome(77, "written"))
    bus.send()
    assert findings() == {"no-intent"}


@pytest.mark.parametrize("riders", [1, 40])
def test_a_segment_takes_the_same_few_queries_however_many_taps_it_has(
    riders: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    bus = Bus()
    for number in range(riders):
        bus.tap(Card(number), due_yen=300)
    with django_assert_max_num_queries(18):  # most of them savepoints; rows go in by the hundred
        bus.send()
