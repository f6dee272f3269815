"""Cards issued, changed, taken out of use, by each operator's rules: what the documents say and leave open."""

from datetime import date
from typing import Any

import pytest

from cardimage.resolve import standing
from centre.cards.models import State
from centre.counter.desk import Blank
from centre.counter.operations import values
from centre.counter.operations.cards import (
    HolderRequest,
    IssueRequest,
    VoidWhy,
    prepare_adult,
    prepare_data_change,
    prepare_directives,
    prepare_issue,
    prepare_lift,
    prepare_named,
    prepare_stop,
    prepare_void,
)
from centre.counter.operations.effects import CardIssued, DirectivesApplied, KindSet
from centre.counter.operations.prepared import NewIssue, Prepared, Rewrite
from centre.counter.operations.uses import history
from centre.counter.operations.values import Claim, HolderData, Report, ReportedWhy
from farebox.formats.bundle import AutoChargeOff, AutoChargeSet, Directive
from tariff.account import Account, AutoCharge, Coupons, HolderKind, Points
from tariff.products import Order, Purchase
from tariff.rulebook import Rulebook
from tests.centre.counter.stage import (
    AIZU,
    HANA,
    IWATE,
    LOCOCA,
    NORUCA,
    OPEN,
    SHIPPED,
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
OF_ALL = ("lococa", "iwate-green-pass", "noruca", "aizu-noruca")


def issued(rulebook: Rulebook, kind: str, price_yen: int | None, holder: HolderData | None, **more: Any) -> Any:
    asked: dict[str, Any] = {"consent": True, "papers": frozenset({"application"})} | more
    request = IssueRequest(kind, number_of(rulebook.scheme, 1), price_yen, holder, **asked)
    return prepare_issue(Blank(idm_of(1)), request, rulebook, TODAY)


# -- sale


@pytest.mark.parametrize(
    ("scheme", "kind", "price_yen", "named", "deposit_yen", "on_card_yen"),
    [
        *(("lococa", "anonymous", price, False, 500, price - 500) for price in (1_000, 2_000, 3_000, 4_000, 5_000)),
        ("lococa", "general", 2_000, True, 500, 1_500),
        ("iwate-green-pass", "anonymous", 2_000, False, 500, 1_500),
        ("iwate-green-pass", "adult", 2_000, True, 500, 1_500),
        ("noruca", "adult", 1_500, True, 500, 1_100),  # NOR-3: 1,000 yen of coupons and their premium
        ("aizu-noruca", "adult", 2_500, True, 500, 2_000),
    ],
)
def test_loc_4_igp_12_a_card_is_sold_for_its_deposit_and_what_stands_on_it(
    scheme: str, kind: str, price_yen: int, named: bool, deposit_yen: int, on_card_yen: int
) -> None:
    sale = issued(OPEN[scheme], kind, price_yen, TARO if named else None)
    assert lines_of(sale) == [("deposit", deposit_yen), ("stored-fare", price_yen - deposit_yen)]
    assert isinstance(sale.card, NewIssue)
    account = sale.card.new.account
    assert account.stored_fare_yen + sum(account.coupons or ()) == on_card_yen
    assert (account.named, account.scheme, sale.take_yen, sale.approval) == (named, scheme, price_yen, "")


@pytest.mark.parametrize(
    ("scheme", "kind", "birth", "papers", "holder", "last_day"),
    [
        ("lococa", "child", date(2014, 4, 2), {"proof-of-age"}, HolderKind.CHILD, date(2027, 3, 31)),
        ("lococa", "disabled", date(1990, 5, 5), {"handbook"}, HolderKind.DISABLED_ADULT, None),
        (
            "lococa",
            "disabled-child",
            date(2014, 4, 2),
            {"handbook", "proof-of-age"},
            HolderKind.DISABLED_CHILD,
            date(2027, 3, 31),
        ),
        ("iwate-green-pass", "child", date(2014, 4, 2), {"application"}, HolderKind.CHILD, date(2027, 3, 31)),
        (
            "iwate-green-pass",
            "disabled",
            date(1990, 5, 5),
            {"application", "public-certificate"},
            HolderKind.DISABLED_ADULT,
            None,
        ),
        ("noruca", "child", date(2014, 4, 2), set(), HolderKind.CHILD, date(2027, 3, 31)),
        (
            "noruca",
            "adult-discount",
            date(1990, 5, 5),
            {"handbook"},
            HolderKind.DISABLED_ADULT,
            date(2028, 11, 20),
        ),
        (
            "noruca",
            "child-discount",
            date(2014, 4, 2),
            {"handbook-or-discount-certificate"},
            HolderKind.DISABLED_CHILD,
            date(2027, 3, 31),
        ),
        ("aizu-noruca", "child", date(2014, 4, 2), set(), HolderKind.CHILD, date(2027, 3, 31)),
    ],
)
def test_each_kind_of_card_has_its_papers_and_its_last_day(
    scheme: str, kind: str, birth: date, papers: set[str], holder: HolderKind, last_day: date | None
) -> None:
    price = 2_000 if scheme in ("lococa", "iwate-green-pass") else 1_500
    person = TARO._replace(birth=birth)
    sale = issued(OPEN[scheme], kind, price, person, papers=frozenset(papers))
    assert isinstance(sale, Prepared), sale
    assert isinstance(sale.card, NewIssue)
    assert (sale.card.new.account.holder, sale.card.new.account.expires) == (holder, last_day)
    assert sale.papers == tuple(sorted(papers))
    for paper in papers:
        without = issued(OPEN[scheme], kind, price, person, papers=frozenset(papers - {paper}))
        assert without.detail == f"papers: {paper}"


def test_loc_12_with_a_handbook_for_mental_disability_identity_is_asked_for_too() -> None:
    shown = frozenset({"handbook", "mental-handbook"})
    assert issued(LOCOCA, "disabled", 2_000, TARO, papers=shown).detail == "papers: identity"
    assert isinstance(issued(LOCOCA, "disabled", 2_000, TARO, papers=shown | {"identity"}), Prepared)


@pytest.mark.parametrize(
    ("rulebook", "kind", "price_yen", "holder", "more", "why"),
    [
        (LOCOCA, "anonymous", 1_500, None, {}, "not-sold LOC-4"),
        (LOCOCA, "anonymous", 6_000, None, {}, "not-sold LOC-4"),
        (LOCOCA, "anonymous", 2_000, TARO, {}, "not-sold LOC-1"),
        (LOCOCA, "general", 2_000, None, {}, "not-sold LOC-1"),
        (LOCOCA, "child", 2_000, None, {}, "not-sold LOC-2"),
        (LOCOCA, "child", 2_000, TARO, {"papers": frozenset({"proof-of-age"})}, "not-eligible LOC-2"),
        (LOCOCA, "general", 2_000, TARO, {"consent": False}, "not-eligible IGP-6"),
        (LOCOCA, "general", 2_000, TARO._replace(telephone=""), {}, "not-eligible LOC-1"),
        (LOCOCA, "general", 2_000, TARO._replace(birth=None), {}, "not-eligible LOC-1"),
        (LOCOCA, "golden", 2_000, TARO, {}, "not-sold GEN-19"),
        (LOCOCA, "general", None, TARO, {}, "not-sold LOC-5"),
        (LOCOCA, "anonymous", 2_000, None, {"number": "番号"}, "too-large GEN-1"),
        (LOCOCA, "anonymous", 2_000, None, {"pass_only": True}, "not-sold NOR-12"),
        (IWATE, "adult", 1_000, TARO, {}, "not-sold LOC-4"),
        (IWATE, "adult", 2_000, TARO, {"consent": False}, "not-eligible IGP-6"),
        (IWATE, "adult", 2_000, TARO, {"papers": frozenset()}, "not-eligible IGP-3"),
        (NORUCA, "adult", 1_500, TARO, {}, "not-configured GEN-17"),
        (AIZU, "adult", 1_500, TARO, {}, "not-sold GEN-19"),
        (OPEN["noruca"], "adult", 1_500, TARO, {"pass_only": True}, "not-sold NOR-12"),
    ],
)
def test_a_card_that_is_not_sold_so_is_refused(
    rulebook: Rulebook, kind: str, price_yen: int | None, holder: HolderData | None, more: dict[str, Any], why: str
) -> None:
    number = more.pop("number", number_of(rulebook.scheme, 1)) if "number" in more else number_of(rulebook.scheme, 1)
    asked: dict[str, Any] = {"consent": True, "papers": frozenset({"application"})} | more
    request = IssueRequest(kind, number, price_yen, holder, **asked)
    assert refused(prepare_issue(Blank(idm_of(1)), request, rulebook, TODAY)) == why


def test_loc_5_a_pass_on_a_new_card_costs_its_price_and_the_deposit() -> None:
    section = pass_on(TODAY, TODAY).sections
    purchase = Purchase("commuter", TODAY, months=1, fare_yen=230)
    order = Order(purchase, TODAY, 0, section, {1: "磐城棚倉", 2: "南湖公園"})
    sale = issued(LOCOCA, "general", None, TARO, order=order)
    assert refused(sale) == "not-configured GEN-17"  # the operator's prices are no source's
    sale = issued(OPEN["aizu-noruca"], "adult", None, TARO, order=order._replace(purchase=purchase))
    assert lines_of(sale) == [("deposit", 500), ("pass", 9_660)]
    assert isinstance(sale.card, NewIssue)
    held = sale.card.new.account.held_pass
    assert held is not None
    assert (held.first_day, held.last_day, sale.card.new.account.stored_fare_yen) == (TODAY, date(2026, 12, 20), 0)


def test_nor_12_a_card_with_the_pass_function_only_has_no_purse() -> None:
    purchase = Purchase("commuter", TODAY, months=1, fare_yen=230)
    order = Order(purchase, TODAY, 0, pass_on(TODAY, TODAY).sections)
    sale = issued(OPEN["noruca"], "adult", None, TARO, order=order, pass_only=True)
    if isinstance(sale, Prepared):
        assert isinstance(sale.card, NewIssue)
        assert sale.card.new.account.coupons is None
    else:
        assert refused(sale) == "not-configured GEN-17"


# -- changes


def test_igp_26_an_anonymous_card_becomes_named_and_never_back() -> None:
    account = Account("iwate-green-pass", 800, points=Points(12, TODAY))
    register = register_of(account, kind="anonymous")
    request = HolderRequest(TARO, consent=True, papers=frozenset({"application"}))
    named = prepare_named(seen_as(account), register, request, IWATE, TODAY)
    assert isinstance(named, Prepared)
    assert named.after == account._replace(named=True)
    assert KindSet(idm_of(1), "adult", True, None) in named.effects
    assert named.lines == ()
    again = register_of(account._replace(named=True), kind="adult")
    seen = seen_as(account._replace(named=True))
    assert refused(prepare_named(seen, again, request, IWATE, TODAY)) == "not-eligible IGP-26"
    without = prepare_named(seen_as(account), register, request._replace(consent=False), IWATE, TODAY)
    assert refused(without) == "not-eligible IGP-6"
    assert (
        refused(prepare_named(seen_as(account), register, request._replace(papers=frozenset()), IWATE, TODAY))
        == "not-eligible IGP-3"
    )


@pytest.mark.parametrize("scheme", ["lococa", "iwate-green-pass", "noruca"])
def test_loc_2_igp_26_a_childs_card_becomes_an_adults_when_its_days_are_over(scheme: str) -> None:
    last = date(2026, 3, 31)
    account = Account(scheme, 0, HolderKind.CHILD, True, last)
    register, seen = register_of(account, kind="child", holder=HANA), seen_as(account)
    rulebook = OPEN[scheme]
    assert refused(prepare_adult(seen, register, rulebook, last)) == "not-eligible LOC-2"
    grown = prepare_adult(seen, register, rulebook, date(2026, 4, 1))
    assert isinstance(grown, Prepared)
    assert grown.after == account._replace(holder=HolderKind.ADULT, expires=None)
    assert grown.lines == ()


def test_loc_2_only_a_childs_card_becomes_an_adults() -> None:
    account = Account("lococa", 0, named=True)
    assert refused(prepare_adult(seen_as(account), register_of(account), LOCOCA, TODAY)) == "not-eligible LOC-2"


@pytest.mark.parametrize(
    ("change", "claim", "why"),
    [
        ({"kana_name": "スズキタロウ"}, CLAIM, ""),
        ({"telephone": "09011112222"}, CLAIM, ""),
        ({"birth": date(1990, 5, 6)}, CLAIM, "not-eligible IGP-19"),
        ({"kana_name": ""}, CLAIM, "not-eligible LOC-1"),
        ({"telephone": "09011112222"}, None, "not-eligible IGP-19"),
        ({"telephone": "09011112222"}, Claim("スズキタロウ", TARO.birth), "not-eligible IGP-19"),
    ],
)
def test_igp_19_a_holders_data_is_changed_at_the_holders_request(
    change: dict[str, Any], claim: Claim | None, why: str
) -> None:
    register = register_of(Account("iwate-green-pass", 0, named=True), kind="adult")
    request = HolderRequest(TARO._replace(**change), consent=True, claim=claim)
    outcome = prepare_data_change(register, request, IWATE, TODAY)
    if why:
        assert refused(outcome) == why
    else:
        assert isinstance(outcome, Prepared)
        assert outcome.card is None
        assert outcome.lines == ()


@pytest.mark.parametrize("scheme", ["lococa", "noruca", "aizu-noruca"])
def test_gen_17_what_no_source_describes_is_refused(scheme: str) -> None:
    account = Account(scheme, 0, named=True)
    register, rulebook = register_of(account), SHIPPED[scheme]
    request = HolderRequest(TARO, consent=True, claim=CLAIM)
    assert refused(prepare_data_change(register, request, rulebook, TODAY)) == "not-configured GEN-17"
    void = prepare_void(seen_as(account), register, VoidWhy.FORGED, rulebook, TODAY)
    assert refused(void) == "not-configured GEN-17"


# -- out of use


@pytest.mark.parametrize("why", VoidWhy)
def test_igp_20_a_void_card_is_collected_and_nothing_given_back(why: VoidWhy) -> None:
    account = Account("iwate-green-pass", 1_200, named=True, points=Points(30, TODAY))
    void = prepare_void(seen_as(account), register_of(account), why, IWATE, TODAY)
    assert isinstance(void, Prepared)
    assert void.after == account._replace(stored_fare_yen=0, points=None)
    assert (void.lines, void.approval) == ((), f"IGP-20: {why}")
    assert isinstance(prepare_void(None, register_of(account), why, IWATE, TODAY), Prepared)


@pytest.mark.parametrize("state", ["replaced", "refunded", "void"])
def test_faults_46_nothing_is_done_to_a_card_that_is_out_of_use(state: str) -> None:
    account = Account("iwate-green-pass", 0, named=True)
    register, seen = register_of(account, state=state), seen_as(account)
    request = HolderRequest(TARO, consent=True, claim=CLAIM)
    for outcome in (
        prepare_void(seen, register, VoidWhy.FORGED, IWATE, TODAY),
        prepare_data_change(register, request, IWATE, TODAY),
        prepare_named(seen, register, request, IWATE, TODAY),
        prepare_adult(seen, register, IWATE, TODAY),
        prepare_directives(seen, register, IWATE, TODAY),
        prepare_stop(register, "?", IWATE, TODAY),
    ):
        assert refused(outcome) == "not-eligible faults 46"


def test_a_stop_is_lifted_by_two_but_never_a_lost_cards() -> None:
    account = Account("lococa", 0, named=True)
    stopped = register_of(account, state="stopped")
    lifted = prepare_lift(stopped, "found to be right", LOCOCA, TODAY)
    assert isinstance(lifted, Prepared)
    assert lifted.approval.startswith("faults 47")
    lost = stopped._replace(report=Report(1, ReportedWhy.LOST, TODAY, TODAY))
    assert refused(prepare_lift(lost, "found", LOCOCA, TODAY)) == "not-eligible LOC-16"
    assert refused(prepare_lift(register_of(account), "?", LOCOCA, TODAY)) == "not-eligible faults 46"


def test_an_operation_that_is_pending_is_settled_first() -> None:
    account = Account("lococa", 0, named=True)
    register = register_of(account)._replace(unsettled="some key")
    assert refused(prepare_stop(register, "?", LOCOCA, TODAY)) == "busy faults 5"


def test_gen_11_a_card_that_is_not_the_registers_is_not_worked_on() -> None:
    account = Account("lococa", 0, named=True)
    other = seen_as(account, number=number_of("lococa", 2))
    assert refused(prepare_directives(other, register_of(account), LOCOCA, TODAY)) == "altered-card GEN-11"
    assert refused(prepare_directives(seen_as(account), register_of(account), IWATE, TODAY)) == "not-eligible IGP-2"


# -- what waits for the card


def test_ctr_3_what_waits_for_a_card_is_written_at_the_counter_too_in_order_and_from_its_day_on() -> None:
    account = Account("aizu-noruca", 500, named=True)
    first = Directive(1, TODAY, (AutoChargeSet(1_000, 1_000, 10_000, 30_000),))
    then = Directive(2, date(2026, 12, 1), (AutoChargeOff(),))
    register = register_of(account)._replace(directives=(first, then))
    rewrite = prepare_directives(seen_as(account), register, AIZU, TODAY)
    assert isinstance(rewrite, Prepared)
    assert rewrite.after == account._replace(auto_charge=AutoCharge(1_000, 1_000, 10_000, 30_000), directive=1)
    assert rewrite.effects == (DirectivesApplied(idm_of(1), 1),)
    assert prepare_directives(seen_as(rewrite.after), register, AIZU, TODAY) is None
    later = prepare_directives(seen_as(rewrite.after), register, AIZU, date(2026, 12, 1))
    assert isinstance(later, Prepared)
    assert later.after == account._replace(directive=2)


def test_a_rewrite_is_one_commit_on_the_older_slot() -> None:
    account = Account("noruca", 0, coupons=Coupons(100, 0, 0), named=True)
    seen = seen_as(account)
    plan = Rewrite(seen, account._replace(coupons=Coupons(1_200, 0, 0)), 1_100, 1_000).plan(TODAY, 7)
    now = standing(seen.slots[0], plan.commit[1])
    assert plan.commit[0] == 1
    assert getattr(now, "place", None) == 1


# -- words


def test_states_are_those_of_the_register() -> None:
    named = {values.IN_USE, values.STOPPED, values.REPLACED, values.REFUNDED, values.VOID}
    assert named == {str(state.value) for state in State}


def test_gen_13_a_card_that_was_replaced_shows_no_history() -> None:
    account = Account("lococa", 0, named=True)
    assert history(seen_as(account), register_of(account)) == ()
    assert refused(history(seen_as(account), register_of(account, state="replaced"))) == "not-eligible IGP-15"


def test_a_sale_puts_the_card_into_the_register() -> None:
    sale = issued(LOCOCA, "general", 2_000, TARO)
    assert sale.effects[0] == CardIssued(idm_of(1), "lococa", number_of("lococa", 1), "general", True, TODAY, None, 500)
