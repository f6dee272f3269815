"""Cards issued anew: lost, damaged, exchanged; the days of a slip at both edges, fees, identity, what goes over."""

from datetime import date, timedelta
from typing import Any

import pytest

from centre.counter.desk import Blank
from centre.counter.operations.effects import (
    CardIssued,
    Directed,
    DirectivesWithdrawn,
    Replaced,
    Reported,
    StateSet,
    Stopped,
)
from centre.counter.operations.prepared import NewIssue, Prepared
from centre.counter.operations.reissue import (
    ReissueRequest,
    ReportRequest,
    prepare_exchange,
    prepare_reissue,
    prepare_report,
    prepare_take_in,
    slip_window,
)
from centre.counter.operations.values import Claim, Report, ReportedWhy
from farebox.formats.bundle import AutoChargeOff, Directive
from tariff.account import Account, Coupons, Points, RideMark, RideState
from tariff.rulebook import Rulebook
from tests.centre.counter.stage import (
    AIZU,
    IWATE,
    LOCOCA,
    NORUCA,
    OPEN,
    TARO,
    TODAY,
    idm_of,
    lines_of,
    number_of,
    pass_on,
    refused,
    register_of,
    seen_as,
)

CLAIM = Claim(TARO.kana_name, TARO.birth)
LOST, DAMAGED = ReportedWhy.LOST, ReportedWhy.DAMAGED
SLIP = frozenset({"reissue-slip"})


def reported(rulebook: Rulebook, why: ReportedWhy = LOST, *, named: bool = True, **asked: Any) -> Any:
    account = Account(rulebook.scheme, 800, named=named)
    wanted: dict[str, Any] = {"slip_on": TODAY, "claim": CLAIM} | asked
    request = ReportRequest(why, **wanted)
    return prepare_report(register_of(account), request, rulebook, TODAY)


@pytest.mark.parametrize("rulebook", [LOCOCA, IWATE, OPEN["aizu-noruca"], OPEN["noruca"]])
@pytest.mark.parametrize("why", [LOST, DAMAGED])
def test_loc_16_loc_17_igp_21_igp_22_a_card_is_stopped_and_a_slip_given(rulebook: Rulebook, why: ReportedWhy) -> None:
    outcome = reported(rulebook, why)
    assert isinstance(outcome, Prepared), outcome
    assert outcome.effects == (
        StateSet(idm_of(1), "stopped"),
        Stopped(idm_of(1), f"reported {why}"),
        Reported(idm_of(1), why, TODAY, TODAY),
    )
    assert (outcome.lines, outcome.papers) == ((), ("identity",))


@pytest.mark.parametrize(
    ("rulebook", "why", "asked", "says"),
    [
        (LOCOCA, LOST, {"named": False}, "not-eligible LOC-16"),
        (IWATE, LOST, {"named": False}, "not-eligible LOC-16"),
        (LOCOCA, LOST, {"claim": None}, "not-eligible LOC-16"),
        (LOCOCA, LOST, {"claim": Claim("ベツジン", TARO.birth)}, "not-eligible LOC-16"),
        (LOCOCA, DAMAGED, {"claim": None}, "not-eligible LOC-16"),
        (IWATE, DAMAGED, {"number_readable": False}, "not-eligible IGP-22"),
        (IWATE, DAMAGED, {"on_purpose": True}, "not-eligible IGP-22"),
        (IWATE, LOST, {"slip_on": TODAY + timedelta(days=2)}, "not-eligible IGP-21"),
        (IWATE, LOST, {"slip_on": TODAY - timedelta(days=1)}, "not-eligible IGP-21"),
        (LOCOCA, ReportedWhy.EXCHANGED, {}, "not-eligible LOC-16"),
        (NORUCA, LOST, {}, "not-configured GEN-17"),
        (AIZU, LOST, {}, "not-configured GEN-17"),
        (NORUCA, DAMAGED, {}, "not-configured GEN-17"),
        (AIZU, DAMAGED, {}, "not-configured GEN-17"),
    ],
)
def test_a_report_that_is_not_taken(rulebook: Rulebook, why: ReportedWhy, asked: dict[str, Any], says: str) -> None:
    assert refused(reported(rulebook, why, **asked)) == says


def test_loc_17_an_anonymous_card_that_broke_is_reported_by_its_bearer() -> None:
    outcome = reported(LOCOCA, DAMAGED, named=False, claim=None)
    assert isinstance(outcome, Prepared)
    assert outcome.papers == ()


def test_igp_21_iwates_slip_may_take_until_the_next_day_and_its_days_count_from_then() -> None:
    tomorrow = TODAY + timedelta(days=1)
    outcome = reported(IWATE, slip_on=tomorrow)
    assert isinstance(outcome, Prepared)
    register = register_of(Account("iwate-green-pass", 0, named=True))
    window = slip_window(register, Report(1, LOST, TODAY, tomorrow), IWATE)
    assert window == (date(2026, 11, 23), date(2026, 12, 6))


# -- against the slip


def reissued(
    rulebook: Rulebook, why: ReportedWhy = LOST, after: int = 1, account: Account | None = None, **asked: Any
) -> Any:
    account = account or Account(rulebook.scheme, 800, named=asked.pop("named", True))
    directives = asked.pop("directives", ())
    deposit_yen = asked.pop("deposit_yen", 500)
    state, report = asked.pop("state", "stopped"), asked.pop("report", Report(1, why, TODAY, TODAY))
    register = register_of(account, state=state, deposit_yen=deposit_yen)._replace(report=report, directives=directives)
    papers = SLIP if why is LOST else SLIP | {"old-card"}
    wanted: dict[str, Any] = {"number": number_of(rulebook.scheme, 2), "claim": CLAIM, "papers": papers} | asked
    request = ReissueRequest(**wanted)
    return prepare_reissue(Blank(idm_of(2)), register, request, rulebook, TODAY + timedelta(days=after))


@pytest.mark.parametrize(("after", "why"), [(0, "not-eligible GEN-19"), (1, ""), (14, ""), (15, "not-eligible GEN-19")])
@pytest.mark.parametrize("rulebook", [LOCOCA, IWATE])
@pytest.mark.parametrize("reason", [LOST, DAMAGED])
def test_gen_19_a_slip_is_good_from_the_next_day_for_14_days(
    after: int, why: str, rulebook: Rulebook, reason: ReportedWhy
) -> None:
    outcome = reissued(rulebook, reason, after)
    if why:
        assert refused(outcome) == why
    else:
        due = [("fee", 520), ("deposit", 500)] if reason is LOST else []
        assert lines_of(outcome) == due


def test_loc_16_all_that_the_old_card_held_is_on_the_new_one_but_its_number_and_its_rides() -> None:
    held = pass_on(TODAY, TODAY + timedelta(days=30))
    account = Account(
        "iwate-green-pass",
        800,
        named=True,
        ride=RideMark(RideState.CLOSED, TODAY, 3, 1),
        held_pass=held,
        points=Points(44, TODAY),
        directive=9,
    )
    outcome = reissued(IWATE, account=account)
    assert isinstance(outcome, Prepared)
    assert isinstance(outcome.card, NewIssue)
    assert outcome.card.new.account == account._replace(ride=None, directive=0)
    assert outcome.card.new.number == number_of("iwate-green-pass", 2)
    assert {StateSet(idm_of(1), "replaced"), Replaced(idm_of(1), idm_of(2), False)} <= set(outcome.effects)


def test_loc_17_of_a_broken_card_the_deposit_goes_over() -> None:
    outcome = reissued(LOCOCA, DAMAGED)
    assert Replaced(idm_of(1), idm_of(2), True) in outcome.effects
    issued = next(effect for effect in outcome.effects if isinstance(effect, CardIssued))
    assert issued.deposit_yen == 500


def test_what_waited_for_the_old_card_waits_for_the_new_one_or_stands_on_it() -> None:
    due = Directive(3, TODAY + timedelta(days=1), (AutoChargeOff(),))
    later = Directive(4, date(2026, 12, 24), (AutoChargeOff(),))
    outcome = reissued(OPEN["aizu-noruca"], directives=(due, later))
    assert DirectivesWithdrawn(idm_of(1), (3, 4)) in outcome.effects
    directed = [effect for effect in outcome.effects if isinstance(effect, Directed)]
    assert directed == [Directed(idm_of(2), date(2026, 12, 24), (AutoChargeOff(),))]


@pytest.mark.parametrize(
    ("why", "asked", "says"),
    [
        (LOST, {"claim": None}, "not-eligible LOC-16"),
        (LOST, {"claim": Claim(TARO.kana_name, date(1990, 5, 6))}, "not-eligible LOC-16"),
        (LOST, {"papers": frozenset()}, "not-eligible LOC-16"),
        (DAMAGED, {"papers": SLIP}, "not-eligible LOC-16"),
        (LOST, {"number": number_of("lococa", 1)}, "not-eligible LOC-16"),
        (LOST, {"state": "in-use"}, "not-eligible faults 46"),
        (LOST, {"state": "replaced"}, "not-eligible faults 46"),
        (LOST, {"state": "refunded"}, "not-eligible faults 46"),
        (LOST, {"report": None}, "not-eligible LOC-16"),
        (LOST, {"report": Report(1, ReportedWhy.EXCHANGED, TODAY, TODAY)}, "not-eligible LOC-16"),
    ],
)
def test_a_reissue_that_is_refused(why: ReportedWhy, asked: dict[str, Any], says: str) -> None:
    assert refused(reissued(LOCOCA, why, **asked)) == says


@pytest.mark.parametrize("rulebook", [NORUCA, AIZU])
def test_gen_17_a_reissue_that_the_operator_leaves_open(rulebook: Rulebook) -> None:
    assert refused(reissued(rulebook)) == "not-configured GEN-17"


def test_loc_17_a_slip_is_given_once_and_anew_when_it_has_run_out() -> None:
    account = Account("lococa", 800, named=True)
    register = register_of(account, state="stopped")._replace(report=Report(1, LOST, TODAY, TODAY))
    for after, says in ((14, "not-eligible LOC-17"), (15, "")):
        day = TODAY + timedelta(days=after)
        outcome = prepare_report(register, ReportRequest(LOST, day, CLAIM), LOCOCA, day)
        if says:
            assert refused(outcome) == says
        else:
            assert isinstance(outcome, Prepared)


# -- exchange


def test_igp_23_a_card_is_exchanged_for_nothing_and_all_it_held_goes_over() -> None:
    account = Account("iwate-green-pass", 800, named=True, points=Points(3, TODAY))
    register = register_of(account)
    taken = prepare_take_in(seen_as(account), register, IWATE, TODAY)
    assert isinstance(taken, Prepared)
    assert (taken.lines, taken.after) == ((), account._replace(stored_fare_yen=0, points=None))
    report = Report(1, ReportedWhy.EXCHANGED, TODAY, TODAY, account)
    stopped = register._replace(state="stopped", report=report)
    new = prepare_exchange(Blank(idm_of(2)), stopped, number_of("iwate-green-pass", 2), IWATE, TODAY)
    assert isinstance(new, Prepared)
    assert isinstance(new.card, NewIssue)
    assert (new.lines, new.card.new.account) == ((), account)
    assert Replaced(idm_of(1), idm_of(2), True) in new.effects
    again = prepare_exchange(Blank(idm_of(2)), register, "IG2", IWATE, TODAY)
    assert refused(again) == "not-eligible faults 46"
    nothing = register._replace(state="stopped")
    assert refused(prepare_exchange(Blank(idm_of(2)), nothing, "IG2", IWATE, TODAY)) == "not-eligible IGP-23"


@pytest.mark.parametrize("rulebook", [LOCOCA, NORUCA, AIZU])
def test_gen_17_an_exchange_that_no_source_describes(rulebook: Rulebook) -> None:
    coupons = Coupons(0, 0, 0) if rulebook is NORUCA else None
    account = Account(rulebook.scheme, 0, coupons=coupons)
    assert refused(prepare_take_in(seen_as(account), register_of(account), rulebook, TODAY)) == "not-configured GEN-17"
