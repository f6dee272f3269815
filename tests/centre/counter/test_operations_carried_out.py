"""Operations carried out on a card image: the card, the register and the ledger say the same, and each is done once."""

import pytest

from centre.bundles.models import Stopped
from centre.bundles.services import stop
from centre.cards.models import Card
from centre.counter.carrying import Approval, carry_out
from centre.counter.models import ActState, CounterAct
from centre.counter.operations.cards import IssueRequest, VoidWhy, prepare_issue, prepare_lift, prepare_void
from centre.counter.operations.money import Back, RefundRequest, prepare_refund, prepare_top_up
from centre.counter.operations.prepared import Prepared
from centre.counter.operations.values import Claim
from centre.payments.models import Debt
from centre.users.models import Role, User
from tariff.account import Account
from tariff.rulebook import Purse
from tests.centre.counter.stage import TARO, Stage, held_yen, idm_of, number_of, on_card_yen, refused, till_yen

pytestmark = pytest.mark.django_db
CLAIM = Claim(TARO.kana_name, TARO.birth)
NONE: frozenset[str] = frozenset()


def test_loc_4_a_card_is_sold_topped_up_and_given_back() -> None:
    stage = Stage()
    desk = stage.blank(1)
    request = IssueRequest("general", number_of("lococa", 1), 2_000, TARO, consent=True)
    stage.done(prepare_issue(stage.lying(desk), request, stage.rulebook, stage.day), desk)
    assert (on_card_yen(stage.seen(desk)), held_yen(1), till_yen()) == (1_500, 1_500, 2_000)
    seen = stage.seen(desk)
    stage.done(prepare_top_up(seen, stage.register(), Purse.STORED_FARE, 3_000, NONE, stage.rulebook, stage.day), desk)
    assert (on_card_yen(stage.seen(desk)), held_yen(1), till_yen()) == (4_500, 4_500, 5_000)
    assert [(row.due_yen, row.cash_yen) for row in stage.seen(desk).uses] == [(3_000, 3_000)]
    back = RefundRequest(Back.CARD, claim=CLAIM)
    act = stage.done(prepare_refund(stage.seen(desk), stage.register(), back, stage.rulebook, stage.day, 10_000), desk)
    assert (act.give_yen, on_card_yen(stage.seen(desk)), held_yen(1), till_yen()) == (4_780, 0, 0, 220)
    card = Card.objects.get()
    assert (card.state, card.deposit_yen, Stopped.objects.get().idm) == ("refunded", 0, card.idm)


def test_faults_46_a_card_is_refunded_once() -> None:
    stage = Stage()
    desk = stage.card(Account("lococa", 1_000, named=True))
    seen, register = stage.seen(desk), stage.register()
    request = RefundRequest(Back.CARD, claim=CLAIM)
    first = prepare_refund(seen, register, request, stage.rulebook, stage.day, 10_000)
    stage.done(first, desk)
    assert refused(stage.do(first, desk)) == "busy faults 46"
    again = prepare_refund(stage.seen(desk), stage.register(), request, stage.rulebook, stage.day, 10_000)
    assert refused(again) == "not-eligible faults 46"
    assert till_yen() == -1_280


def test_faults_56_the_same_form_sent_twice_is_one_operation() -> None:
    stage = Stage()
    desk = stage.card(Account("lococa", 1_000, named=True))
    top_up = prepare_top_up(
        stage.seen(desk), stage.register(), Purse.STORED_FARE, 1_000, NONE, stage.rulebook, stage.day
    )
    first = stage.done(top_up, desk, "one key")
    assert stage.do(top_up, desk, "one key") == first
    assert (on_card_yen(stage.seen(desk)), till_yen(), CounterAct.objects.count()) == (2_000, 1_000, 1)


def test_faults_47_a_void_takes_a_second_person() -> None:
    stage = Stage("iwate-green-pass")
    desk = stage.card(Account("iwate-green-pass", 1_000, named=True), kind="adult")
    void = prepare_void(stage.seen(desk), stage.register(), VoidWhy.FORGED, stage.rulebook, stage.day)
    assert refused(stage.do(void, desk)) == "not-eligible faults 47"
    assert CounterAct.objects.count() == 0
    act = stage.done(void, desk, approved=True)
    assert (act.approved_by, act.give_yen, held_yen(1), till_yen()) == (stage.other, 0, 0, 0)
    assert Card.objects.get().state == "void"
    assert idm_of(1) == stage.seen(desk).idm


def test_an_act_keeps_no_personal_data_once_it_is_done() -> None:
    stage = Stage()
    desk = stage.blank(1)
    request = IssueRequest("general", number_of("lococa", 1), 2_000, TARO, consent=True)
    act = stage.done(prepare_issue(stage.lying(desk), request, stage.rulebook, stage.day), desk)
    row = CounterAct.objects.filter(pk=act.pk).values().get()
    assert act.state == ActState.DONE
    assert TARO.kana_name not in str(row)


def test_gen_11_a_card_that_others_stopped_is_not_worked_on_until_two_lift_it() -> None:
    stage = Stage()
    desk = stage.card(Account("lococa", 1_000, named=True))
    stop(Card.objects.get().idm, "two cards of this number")
    top_up = prepare_top_up(
        stage.seen(desk), stage.register(), Purse.STORED_FARE, 1_000, NONE, stage.rulebook, stage.day
    )
    assert refused(top_up) == "not-eligible faults 46"
    stage.done(prepare_lift(stage.register(), "it is the right one", stage.rulebook, stage.day), approved=True)
    assert stage.register().state == "in-use"
    assert Stopped.objects.get().lifted_why == "it is the right one"


def test_aut_6_what_a_credit_card_did_not_pay_is_in_the_register() -> None:
    stage = Stage("aizu-noruca")
    stage.card(Account("aizu-noruca", 1_000, named=True), kind="adult")
    idm = Card.objects.get().idm
    for key, state in (("a", Debt.State.UNPAID), ("b", Debt.State.PAID), ("c", Debt.State.OPEN)):
        Debt.objects.create(key=key, idm=idm, yen=1_000, at_s=0, state=state)
    assert stage.register().unpaid_yen == 1_000


@pytest.mark.parametrize(
    ("who", "scheme", "says"),
    [
        ("themselves", "iwate-green-pass", "not-eligible faults 47"),
        (Role.SUPERVISOR, "lococa", "not-eligible faults 47"),
        (Role.CLERK, "iwate-green-pass", "not-eligible faults 47"),
        (Role.AUDITOR, "iwate-green-pass", "not-eligible faults 47"),
        (Role.MEMBER, "", "not-eligible faults 47"),
        (Role.SUPERVISOR, "iwate-green-pass", ""),
        (Role.SUPERVISOR, "", ""),
    ],
)
def test_faults_47_who_approves_is_a_supervisor_of_this_operator_and_another(who: str, scheme: str, says: str) -> None:
    stage = Stage("iwate-green-pass")
    desk = stage.card(Account("iwate-green-pass", 1_000, named=True), kind="adult")
    void = prepare_void(stage.seen(desk), stage.register(), VoidWhy.FORGED, stage.rulebook, stage.day)
    assert isinstance(void, Prepared)
    stage.clerk.role = Role.SUPERVISOR
    other = User(email="x@example.jp", role=who, scheme=scheme)
    if who == "themselves":
        other = stage.clerk
    else:
        other.save()
    outcome = carry_out(void, stage.counter(desk), "key", Approval(other))
    if says:
        assert refused(outcome) == says
        assert on_card_yen(stage.seen(desk)) == 1_000
    else:
        assert isinstance(outcome, CounterAct)
        assert outcome.approved_by == other
