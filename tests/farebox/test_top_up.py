"""A note for a card, judged: where, which note, from which balance on, and the cap (LOC-8 to LOC-10, GEN-3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farebox.top_up import Halt, TopUp, judge, takes
from tariff.account import Account
from tariff.refusal import Code, Refusal
from tests.farebox.bus import service

SERVICE = service()
AT_S = SERVICE.began_s
AT_A_STOP = Halt(doors_open=True)
NOTES = (1_000, 2_000, 5_000, 10_000)


def lococa(balance_yen: int) -> Account:
    return Account("lococa", balance_yen)


@pytest.mark.parametrize("note_yen", [1_000, 5_000, 10_000])
def test_loc_8_a_note_is_added_whole(note_yen: int) -> None:
    done = judge(lococa(150), note_yen, SERVICE, AT_A_STOP, AT_S)
    assert done == TopUp(note_yen, note_yen, lococa(150 + note_yen), (("LOC-8", note_yen),))
    assert done.premium_yen == 0


@pytest.mark.parametrize("not_taken_yen", [2_000, 500, 100, 1, 0, -1_000, 999])
def test_loc_8_a_2000_yen_note_and_every_coin_go_back(not_taken_yen: int) -> None:
    refusal = judge(lococa(150), not_taken_yen, SERVICE, AT_A_STOP, AT_S)
    assert refusal == Refusal(Code.NOT_SOLD, "LOC-8", f"note of {not_taken_yen} yen")


@pytest.mark.parametrize(
    ("balance_yen", "notes"),
    [
        (0, (1_000, 5_000, 10_000)),
        (9_999, (1_000, 5_000, 10_000)),
        (10_000, (1_000, 5_000, 10_000)),
        (10_001, ()),
        (20_000, ()),
    ],
)
def test_loc_10_from_10001_yen_on_none_is_taken(balance_yen: int, notes: tuple[int, ...]) -> None:
    over = Refusal(Code.OVER_CAP, "LOC-10", f"{balance_yen} >= 10001")
    assert takes(lococa(balance_yen), SERVICE, AT_A_STOP, AT_S) == (notes or over)


def test_loc_10_it_is_looked_at_before_each_note() -> None:
    """9,000 yen: one 1,000-yen note makes 10,000, another 11,000; then no more."""
    account, added = lococa(9_000), 0
    while isinstance(done := judge(account, 1_000, SERVICE, AT_A_STOP, AT_S), TopUp):
        account, added = done.after, added + 1
    assert (added, account.stored_fare_yen, done.rule) == (2, 11_000, "LOC-10")


def test_gen_3_faults_42_a_note_that_would_pass_the_cap_is_not_let_in() -> None:
    """With 12,000 yen allowed in all: at 3,000 a 10,000-yen note would be over, the others would not."""
    low = SERVICE._replace(rulebook=SERVICE.rulebook._replace(stored_fare_cap_yen=12_000))
    assert takes(lococa(3_000), low, AT_A_STOP, AT_S) == (1_000, 5_000)
    assert judge(lococa(3_000), 10_000, low, AT_A_STOP, AT_S) == Refusal(Code.OVER_CAP, "GEN-3", "13000 > 12000")


@pytest.mark.parametrize(
    ("halt", "stands"),
    [
        (Halt(), False),  # nothing is known
        (Halt(speed_kmh=0), False),  # at a signal, perhaps
        (Halt(speed_kmh=0, at_stop=False), False),  # at a signal
        (Halt(at_stop=True), False),  # at the stop, or driving past it
        (Halt(doors_open=False, speed_kmh=0), False),
        (Halt(speed_kmh=0, at_stop=True), True),
        (Halt(doors_open=True), True),
        (Halt(doors_open=True, speed_kmh=0), True),
        (Halt(confirmed=True), True),
        (Halt(confirmed=True, speed_kmh=0, doors_open=False, at_stop=False), True),
        (Halt(speed_kmh=1, at_stop=True, doors_open=True, confirmed=True), False),  # it moves
    ],
)
def test_loc_9_only_while_the_bus_stands_at_a_stop(halt: Halt, stands: bool) -> None:
    for outcome in (judge(lococa(150), 1_000, SERVICE, halt, AT_S), takes(lococa(150), SERVICE, halt, AT_S)):
        if stands:
            assert not isinstance(outcome, Refusal)
        else:
            assert isinstance(outcome, Refusal) and (outcome.code, outcome.rule) == (Code.NOT_AT_STOP, "LOC-9")


@pytest.mark.parametrize("scheme", ["iwate-green-pass", "noruca", "aizu-noruca"])
def test_gen_17_the_other_operators_have_not_configured_it(scheme: str) -> None:
    there = service(scheme=scheme)
    refusal = Refusal(Code.NOT_CONFIGURED, "GEN-17", "top-up on the bus")
    card = Account(scheme, 0)
    assert takes(card, there, AT_A_STOP, AT_S) == judge(card, 1_000, there, AT_A_STOP, AT_S) == refusal


def test_gen_17_a_premium_is_told_apart_from_the_note() -> None:
    (purse, *others) = SERVICE.rulebook.purses
    generous = SERVICE.rulebook._replace(purses=(purse._replace(premium_percent=10), *others))
    done = judge(lococa(0), 5_000, SERVICE._replace(rulebook=generous), AT_A_STOP, AT_S)
    assert done == TopUp(5_000, 5_500, lococa(5_500), (("LOC-8", 5_000), ("NOR-3", 500)))
    assert done.premium_yen == 500


@given(st.integers(0, 20_000), st.sampled_from(NOTES))
def test_loc_8_loc_10_what_the_acceptor_lets_in_is_what_the_card_takes(balance_yen: int, note_yen: int) -> None:
    let_in = takes(lococa(balance_yen), SERVICE, AT_A_STOP, AT_S)
    done = judge(lococa(balance_yen), note_yen, SERVICE, AT_A_STOP, AT_S)
    assert isinstance(done, TopUp) == (not isinstance(let_in, Refusal) and note_yen in let_in)
    if isinstance(done, TopUp):
        assert done.after.stored_fare_yen == balance_yen + note_yen <= 20_000
