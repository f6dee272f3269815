"""A counter with cards, in any order of issue, top-up, refund, loss, reissue, exchange, void and what was found, each
torn at any write: money is in exactly one place, a number is given once, nothing is refunded twice (faults 41, 46).
"""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.db import transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from cardimage.felica_card import FelicaCard
from cardimage.image import blank_lite_s
from cardimage.lite_s import FACTORY_KEY
from centre.cards.models import Card
from centre.counter.carrying import settle
from centre.counter.desk import Blank, ReaderDesk, Seen
from centre.counter.models import ActState, CounterAct, ReissueSlip
from centre.counter.operations.cards import IssueRequest, VoidWhy, prepare_issue, prepare_void
from centre.counter.operations.money import Back, RefundRequest, prepare_found, prepare_refund, prepare_top_up
from centre.counter.operations.prepared import Prepared
from centre.counter.operations.reissue import (
    ReissueRequest,
    ReportRequest,
    prepare_exchange,
    prepare_reissue,
    prepare_report,
    prepare_take_in,
)
from centre.counter.operations.values import Claim, ReportedWhy
from centre.counter.stored import account_of
from centre.ledger.models import PostingRow
from reader.keys import bench_keys
from sim.hardware.field import CardField, FieldPort, Moment, Withdrawal
from tariff.account import Account
from tariff.purses import money_yen
from tariff.refusal import Refusal
from tariff.rulebook import Purse
from tests.centre.counter.stage import TARO, Stage, held_yen, idm_of, number_of, till_yen

KEYS = bench_keys()
CLAIM = Claim(TARO.kana_name, TARO.birth)
NONE: frozenset[str] = frozenset()
PAPERS = frozenset({"reissue-slip", "old-card", "application"})
TEARS = st.none() | st.builds(Withdrawal, st.integers(6, 11), st.sampled_from(Moment))
"""None, or at a command from the end of a look to the reading back of a lost commit."""
MOST_CARDS = 6


class CounterMachine(RuleBasedStateMachine):
    """One reader, one till, a box of blank cards, and a hand that may take any card away at any command."""

    def __init__(self) -> None:
        super().__init__()
        self._run = transaction.atomic()
        self._run.__enter__()

    def teardown(self) -> None:
        """Each run begins with empty tables."""
        transaction.set_rollback(True)
        self._run.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        self.stage = Stage("iwate-green-pass")
        self.field = CardField()
        self.desk = ReaderDesk(FieldPort(self.field), KEYS, Random(1).randbytes)
        self.cards: dict[int, FelicaCard] = {}

    # -- cards in hand

    def lay(self, nth: int, torn: Withdrawal | None = None) -> Seen | Blank | None:
        """A card on the reader, once whatever was pending on it is settled; None if it won't be read."""
        self.field.lay(self.cards[nth])
        settle(self.desk, self.desk.look(), self.stage.now_s)
        self.field.lay(self.cards[nth], torn)
        laid = self.desk.look()
        return laid if isinstance(laid, Seen | Blank) else None

    def do(self, prepared: Prepared | Refusal, approved: bool = False) -> CounterAct | None:
        if isinstance(prepared, Refusal):
            return None
        outcome = self.stage.do(prepared, self.desk, approved=approved)
        return outcome if isinstance(outcome, CounterAct) else None

    def any_card(self, data: st.DataObject, state: str) -> int:
        """A card, most often one in this state: others are to be refused."""
        rows = Card.objects.filter(state=state).values_list("idm", flat=True)
        fit = [nth for nth in sorted(self.cards) if idm_of(nth).hex().upper() in rows]
        return data.draw(st.sampled_from(fit or sorted(self.cards)) | st.sampled_from(sorted(self.cards)), label="card")

    def registered(self, nth: int) -> Any:
        return self.stage.register(nth) if Card.objects.filter(idm=idm_of(nth).hex().upper()).exists() else None

    def fresh(self) -> int:
        nth = len(self.cards) + 1
        self.cards[nth] = FelicaCard(blank_lite_s(idm_of(nth)), FACTORY_KEY)
        return nth

    # -- what is done

    @rule(torn=st.none() | st.builds(Withdrawal, st.integers(1, 33), st.sampled_from(Moment)))
    @precondition(lambda self: len(self.cards) < MOST_CARDS)
    def issue(self, torn: Withdrawal | None) -> None:
        nth = self.fresh()
        self.field.lay(self.cards[nth])
        blank = self.desk.look()
        assert isinstance(blank, Blank)
        request = IssueRequest("adult", number_of(self.stage.scheme, nth), 2_000, TARO, True, PAPERS)
        self.field.lay(self.cards[nth], torn)
        self.do(prepare_issue(blank, request, self.stage.rulebook, self.stage.day))

    @rule(data=st.data(), torn=TEARS, thousands=st.integers(1, 12))
    @precondition(lambda self: self.cards)
    def top_up(self, data: st.DataObject, torn: Withdrawal | None, thousands: int) -> None:
        nth = self.any_card(data, "in-use")
        seen, register = self.lay(nth, torn), self.registered(nth)
        if isinstance(seen, Seen) and register:
            self.do(
                prepare_top_up(
                    seen, register, Purse.STORED_FARE, thousands * 1_000, NONE, self.stage.rulebook, self.stage.day
                )
            )

    @rule(data=st.data(), torn=TEARS)
    @precondition(lambda self: self.cards)
    def refund(self, data: st.DataObject, torn: Withdrawal | None) -> None:
        nth = self.any_card(data, "in-use")
        seen, register = self.lay(nth, torn), self.registered(nth)
        if isinstance(seen, Seen) and register:
            request = RefundRequest(Back.CARD, claim=CLAIM)
            refund = prepare_refund(seen, register, request, self.stage.rulebook, self.stage.day, 5_000)
            self.do(refund, approved=True)

    @rule(data=st.data(), why=st.sampled_from([ReportedWhy.LOST, ReportedWhy.DAMAGED]))
    @precondition(lambda self: self.cards)
    def report(self, data: st.DataObject, why: ReportedWhy) -> None:
        register = self.registered(self.any_card(data, "in-use"))
        if register:
            request = ReportRequest(why, self.stage.day, CLAIM)
            self.do(prepare_report(register, request, self.stage.rulebook, self.stage.day))

    @rule(
        data=st.data(),
        torn=st.none() | st.builds(Withdrawal, st.integers(1, 33), st.sampled_from(Moment)),
        days=st.integers(0, 2),
    )
    @precondition(lambda self: self.cards and len(self.cards) < MOST_CARDS)
    def anew(self, data: st.DataObject, torn: Withdrawal | None, days: int) -> None:
        self.stage.day += timedelta(days=days)
        old = self.any_card(data, "stopped")
        register = self.registered(old)
        if register is None:
            return
        nth = self.fresh()
        self.field.lay(self.cards[nth])
        blank = self.desk.look()
        assert isinstance(blank, Blank)
        number = number_of(self.stage.scheme, nth)
        if register.report and register.report.held:
            made = prepare_exchange(blank, register, number, self.stage.rulebook, self.stage.day)
        else:
            request = ReissueRequest(number, CLAIM, PAPERS)
            made = prepare_reissue(blank, register, request, self.stage.rulebook, self.stage.day)
        self.field.lay(self.cards[nth], torn)
        self.do(made)

    @rule(data=st.data(), torn=TEARS)
    @precondition(lambda self: self.cards)
    def take_in(self, data: st.DataObject, torn: Withdrawal | None) -> None:
        nth = self.any_card(data, "in-use")
        seen, register = self.lay(nth, torn), self.registered(nth)
        if isinstance(seen, Seen) and register:
            self.do(prepare_take_in(seen, register, self.stage.rulebook, self.stage.day))

    @rule(data=st.data(), torn=TEARS)
    @precondition(lambda self: self.cards)
    def void(self, data: st.DataObject, torn: Withdrawal | None) -> None:
        nth = self.any_card(data, "in-use")
        seen, register = self.lay(nth, torn), self.registered(nth)
        if isinstance(seen, Seen) and register:
            void = prepare_void(seen, register, VoidWhy.OTHER_FRAUD, self.stage.rulebook, self.stage.day)
            self.do(void, approved=True)

    @rule(data=st.data(), torn=TEARS)
    @precondition(lambda self: self.cards)
    def found(self, data: st.DataObject, torn: Withdrawal | None) -> None:
        nth = self.any_card(data, "replaced")
        seen, register = self.lay(nth, torn), self.registered(nth)
        if isinstance(seen, Seen) and register:
            self.do(prepare_found(seen, register, CLAIM, self.stage.rulebook, self.stage.day))

    @rule(days=st.sampled_from([1, 14, 15]))
    def days_go_by(self, days: int) -> None:
        self.stage.day += timedelta(days=days)

    @rule(data=st.data())
    @precondition(lambda self: self.cards)
    def lay_again(self, data: st.DataObject) -> None:
        self.lay(self.any_card(data, "in-use"))

    # -- what must hold

    @invariant()
    def each_card_says_what_the_ledger_says_or_its_act_is_pending(self) -> None:
        for nth in getattr(self, "cards", {}):
            idm = idm_of(nth).hex().upper()
            pending = CounterAct.objects.filter(on_card=idm, state__in=(ActState.BEGUN, ActState.PENDING)).exists()
            register = self.registered(nth)
            if pending or register is None:
                continue
            slip = ReissueSlip.objects.filter(card__idm=idm, used_by=None, held__isnull=False).first()
            taken_in = money_yen(account_of(slip.held)) if slip else 0
            copy = self.on(nth)
            if register.state == "replaced":
                assert held_yen(nth) == 0
            else:
                assert held_yen(nth) == money_yen(copy) + taken_in, (nth, register.state)

    def on(self, nth: int) -> Account:
        """What stands on a card, read from a copy so that nothing is disturbed."""
        blocks = self.cards[nth].image
        field = CardField()
        field.lay(FelicaCard(blocks, KEYS.card_key(blocks.idm)))
        laid = ReaderDesk(FieldPort(field), KEYS, Random(2).randbytes).look()
        assert isinstance(laid, Seen), laid
        return laid.account

    @invariant()
    def the_books_balance_and_the_till_is_what_was_taken_and_given(self) -> None:
        assert sum(int(row.yen) for row in PostingRow.objects.all()) == 0
        done = CounterAct.objects.filter(state=ActState.DONE)
        assert till_yen() == sum(act.take_yen - act.give_yen for act in done)

    @invariant()
    def a_card_is_refunded_or_replaced_once(self) -> None:
        ended = CounterAct.objects.filter(
            state=ActState.DONE, operation__in=("refund-card", "reissue", "exchange", "void")
        )
        idms = [act.idm for act in ended]
        assert len(idms) == len(set(idms))
        back = [act.idm for act in CounterAct.objects.filter(state=ActState.DONE, operation="found-card")]
        assert len(back) == len(set(back))


@pytest.mark.django_db
def test_faults_41_46_money_is_in_one_place_whatever_a_counter_does_in_whatever_order() -> None:
    run_state_machine_as_test(CounterMachine, settings=settings(max_examples=8, stateful_step_count=16, deadline=None))
