"""What happens off the bus, yen by yen: each event, worked through (CTR-1, LOC, IGP, AUT-6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centre.ledger import events
from centre.ledger.booking import Account, Booking, Kind, Posting, Unbalanced, What, booking, cleared

AT_S = 1_795_132_800
OLD, NEW = "0139000000000001", "0139000000000002"


def sides(made: Booking) -> dict[str, int]:
    """The postings of a booking by account, and card where there is one."""
    return {f"{posting.account} {posting.card}".strip(): posting.yen for posting in made.postings}


WORKED: dict[str, tuple[Booking, dict[str, int]]] = {
    "LOC-4: a card for 2,000 yen": (
        events.card_sold("k", AT_S, "lococa", OLD, "shirakawa", 500, 1_500),
        {
            "till:lococa/0:shirakawa": 2_000,
            f"deposit:lococa/0 {OLD}": -500,
            f"stored-fare:lococa/0 {OLD}": -1_500,
        },
    ),
    "NOR-3: 1,000 yen of ordinary coupons, 100 on top": (
        events.topped_up("k", AT_S, "noruca", OLD, "desk", 1_000, 100, "regular"),
        {
            "till:noruca:desk": 1_000,
            f"premium:noruca {OLD}": 100,
            f"coupons:noruca:regular {OLD}": -1_100,
        },
    ),
    "LOC-6: the other company's pass, sold at Shirakawa": (
        events.pass_sold("k", AT_S, "lococa", OLD, "shirakawa", "commuter", 9_660, "lococa/1"),
        {
            "till:lococa/0:shirakawa": 9_660,
            "clearing:lococa/1:lococa/0": 9_660,
            "clearing:lococa/0:lococa/1": -9_660,
            f"passes:lococa/1:commuter {OLD}": -9_660,
        },
    ),
    "PRT-5: a pass renewed in the portal": (
        events.pass_paid_online("k", AT_S, "aizu-noruca", OLD, "commuter", 9_660),
        {f"processor:aizu-noruca {OLD}": 9_660, f"passes:aizu-noruca:commuter {OLD}": -9_660},
    ),
    "LOC-18: a card with 1,000 yen on it comes back": (
        events.refunded(
            "k", AT_S, "lococa", OLD, "shirakawa", paid_yen=1_280, purses={"stored-fare": 1_000}, deposit_yen=500
        ),
        {
            f"stored-fare:lococa/0 {OLD}": 1_000,
            f"deposit:lococa/0 {OLD}": 500,
            "till:lococa/0:shirakawa": -1_280,
            f"fees:lococa/0:refund {OLD}": -220,
        },
    ),
    "IGP-30: points lapse with the card": (
        events.refunded(
            *("k", AT_S, "iwate-green-pass", OLD, "desk"),
            paid_yen=500,
            purses={"stored-fare": 100},
            deposit_yen=500,
            points_lapsed={"transport-points": 40},
        ),
        {
            f"stored-fare:iwate-green-pass {OLD}": 100,
            f"deposit:iwate-green-pass {OLD}": 500,
            "till:iwate-green-pass:desk": -500,
            f"fees:iwate-green-pass:refund {OLD}": -100,
            f"points:iwate-green-pass:transport-points {OLD}": 40,
            f"points-lapsed:iwate-green-pass {OLD}": -40,
        },
    ),
    "LOC-16: a lost card anew": (
        events.reissued(
            "k", AT_S, "lococa", OLD, NEW, "shirakawa", moved={"stored-fare": 700}, fee_yen=520, deposit_yen=500
        ),
        {
            f"stored-fare:lococa/0 {OLD}": 700,
            f"stored-fare:lococa/0 {NEW}": -700,
            "till:lococa/0:shirakawa": 1_020,
            f"fees:lococa/0:reissue {NEW}": -520,
            f"deposit:lococa/0 {NEW}": -500,
        },
    ),
    "LOC-17: a broken card anew": (
        events.exchanged("k", AT_S, "lococa", OLD, NEW, moved={"stored-fare": 700}, deposit_yen=500),
        {
            f"stored-fare:lococa/0 {OLD}": 700,
            f"stored-fare:lococa/0 {NEW}": -700,
            f"deposit:lococa/0 {OLD}": 500,
            f"deposit:lococa/0 {NEW}": -500,
        },
    ),
    "LOC-16: the old card is found": (
        events.deposit_returned("k", AT_S, "lococa", OLD, "shirakawa", 500),
        {f"deposit:lococa/0 {OLD}": 500, "till:lococa/0:shirakawa": -500},
    ),
    "IGP-20: a void card": (
        events.voided("k", AT_S, "iwate-green-pass", OLD, purses={"stored-fare": 900}, deposit_yen=500),
        {
            f"stored-fare:iwate-green-pass {OLD}": 900,
            f"deposit:iwate-green-pass {OLD}": 500,
            f"forfeited:iwate-green-pass {OLD}": -1_400,
        },
    ),
    "AUT-6: an auto-charge is paid": (
        events.auto_charge_billed("k", AT_S, "aizu-noruca", OLD, 1_000),
        {f"processor:aizu-noruca {OLD}": 1_000, f"credit:aizu-noruca {OLD}": -1_000},
    ),
    "faults 43: the note that the box kept is paid": (
        events.voucher_paid("k", AT_S, "lococa/1", OLD, "shirakawa", 1_000),
        {f"owed-to-passengers:lococa/1 {OLD}": 1_000, "till:lococa/1:shirakawa": -1_000},
    ),
    "a note box 1,000 yen short": (
        events.counted("k", AT_S, Account(Kind.NOTE_BOX, "lococa/0", "BUS-1"), 5_000, 4_000),
        {"bank:lococa/0": 4_000, "note-box:lococa/0:BUS-1": -5_000, "over-short:lococa/0:BUS-1": 1_000},
    ),
}


@pytest.mark.parametrize("worked", WORKED)
def test_ctr_1_an_event_off_the_bus_is_booked(worked: str) -> None:
    made, expected = WORKED[worked]
    assert sides(made) == expected


def test_loc_18_no_more_is_paid_out_than_there_is() -> None:
    with pytest.raises(ValueError, match="1 yen more paid out"):
        events.refunded("k", AT_S, "lococa", OLD, "desk", paid_yen=501, deposit_yen=500)


@pytest.mark.parametrize("yen", [-1, 1.5, True, "1"])
def test_faults_44_an_amount_is_whole_yen_and_not_negative(yen: int) -> None:
    with pytest.raises(ValueError, match="no amount"):
        events.auto_charge_billed("k", AT_S, "aizu-noruca", OLD, yen)


def test_a_booking_whose_sides_differ_is_none() -> None:
    till = Account(Kind.TILL, "noruca", "desk")
    with pytest.raises(Unbalanced, match="'noruca': 1"):
        booking("k", AT_S, What.COUNTED, (Posting(till, 1),))


def test_loc_6_the_books_of_each_company_are_balanced_by_themselves() -> None:
    with pytest.raises(Unbalanced):
        booking(
            *("k", AT_S, What.CLEARED),
            (Posting(Account(Kind.BANK, "lococa/0"), 5), Posting(Account(Kind.BANK, "lococa/1"), -5)),
        )


@given(yen=st.integers(0, 10**9))
def test_clearing_is_nothing_to_both_companies_together(yen: int) -> None:
    assert sum(posting.yen for posting in cleared("lococa/0", "lococa/1", yen)) == 0
    assert cleared("lococa/0", "lococa/0", yen) == ()
