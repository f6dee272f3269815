"""Anything in any order: answers lost, crashes between steps, notices twice and the wrong way round, cards that fail.

Each key is charged at most once, what is granted was paid, and in the end the books agree with the sandbox's own.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.test import Client
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from pytest_django import Settings

from centre import clock
from centre.ledger.models import BookingRow
from centre.payments import charging
from centre.payments.configured import hang_up
from centre.payments.models import Customer, Debt, OwedBack, Payment, Refund, State
from centre.payments.retrying import DAY_S
from centre.payments.services import bill, charge, forget_card, owe, owe_back, reconcile, when_failed, when_paid
from centre.payments.work import work
from tests.centre.payments.people import GOOD, card_of, member, registers
from tests.centre.payments.sandbox_process import KEY, NOTICE_SECRET, SandboxHands, sandbox_process

GOODS = "goods in any order"
BEHAVIOURS = ("pays", "card_declined", "insufficient_funds", "asks-always", "processing", "answer-lost", "expired_card")
NTH = st.integers(0, 2)


class Crashed(Exception):
    """The process is gone, here."""


class World:
    """The sandbox with its clock, and the centre's clock, which is the same."""

    def __init__(self, hands: SandboxHands, ahead: Path) -> None:
        self.hands, self._ahead = hands, ahead
        self.ahead_s = 0

    def move_on(self, by_s: int) -> None:
        self.ahead_s += by_s
        self._ahead.write_text(str(self.ahead_s))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("any_order")
    with sandbox_process(folder / "sandbox.sqlite3", "--clock-ahead", str(folder / "ahead")) as hands:
        yield World(hands, folder / "ahead")


def machine_in(world: World, granted: Counter[str]) -> type[RuleBasedStateMachine]:
    """The machine, in a world."""
    sandbox = world.hands

    class AnyOrder(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.run = uuid4().hex[:12]
            self.user = member()
            self.idm = card_of(self.user)
            self.notices_before = len(sandbox.notices())
            registers(self.user, sandbox, GOOD)

        def payments(self) -> list[Payment]:
            return list(Payment.objects.filter(user=self.user))

        @rule(nth=NTH, lost=st.booleans(), busy=st.integers(0, 1))
        def buys(self, nth: int, lost: bool, busy: int) -> None:
            sandbox.wish(lose_answers=int(lost), busy=busy)
            charge(f"{self.run}/{nth}", self.user, 1_000 + nth, GOODS)
            sandbox.wish(lose_answers=0, busy=0)

        @rule(nth=NTH, where=st.sampled_from(["write_down", "_pay", "_granted"]))
        def buys_and_crashes(self, nth: int, where: str) -> None:
            with patch.object(charging, where, side_effect=Crashed), suppress(Crashed):
                charge(f"{self.run}/{nth}", self.user, 1_000 + nth, GOODS)

        @rule(nth=NTH)
        def a_bus_auto_charges(self, nth: int) -> None:
            owe(f"{self.run}:{nth}", self.idm, 2_000 + nth, nth)

        @rule(nth=NTH)
        def it_is_cancelled(self, nth: int) -> None:
            owe_back(f"{self.run}:{nth}", self.idm, 2_000 + nth, nth)

        @rule(lost=st.booleans())
        def bills(self, lost: bool) -> None:
            sandbox.wish(lose_answers=int(lost))
            bill(clock.now_s())
            sandbox.wish(lose_answers=0)

        @rule(where=st.sampled_from(["write_down", "_pay"]))
        def bills_and_crashes(self, where: str) -> None:
            with patch.object(charging, where, side_effect=Crashed), suppress(Crashed):
                bill(clock.now_s())

        @rule(by_s=st.sampled_from([40, 700, DAY_S // 3, DAY_S, 3 * DAY_S]))
        def time_passes(self, by_s: int) -> None:
            world.move_on(by_s)
            if by_s >= DAY_S:
                sandbox.post("/control/forget-keys")
            work(clock.now_s())

        @rule(behaviour=st.sampled_from(BEHAVIOURS))
        def the_card_does_otherwise(self, behaviour: str) -> None:
            token = Customer.objects.get(user=self.user).token
            if token:
                sandbox.post(f"/control/cards/{token}", {"behaviour": behaviour})

        @rule()
        def another_card(self) -> None:
            registers(self.user, sandbox, GOOD)

        @rule()
        def no_card(self) -> None:
            forget_card(self.user)

        @rule(is_them=st.booleans())
        def proves(self, is_them: bool) -> None:
            for payment in self.payments():
                if payment.url and "/prove/" in payment.url:
                    sandbox.prove(payment.url, is_them=is_them)
                elif payment.url and is_them:
                    sandbox.type_card(payment.url, GOOD)

        @rule()
        def comes_back(self) -> None:
            for payment in self.payments():
                Client().get(f"/payments/back/{payment.reference}/")

        @rule()
        def what_is_processed_is_done(self) -> None:
            sandbox.post("/control/process")

        @rule(order=st.randoms(use_true_random=False), times=st.integers(1, 2))
        def notices_come(self, order: Random, times: int) -> None:
            ours = sandbox.notices()[self.notices_before :] * times
            order.shuffle(ours)
            for notice in ours[:6]:
                headers = {"Stripe-Signature": notice["signature"]}
                answer = Client().post(
                    "/payments/notices/", data=notice["body"], content_type="application/json", headers=headers
                )
                assert answer.status_code == 200

        @precondition(lambda self: self.payments())
        @invariant()
        def each_key_is_paid_once_and_granted_only_if_paid(self) -> None:
            paid = Counter(one["reference"] for one in self.books() if one["state"] == "paid")
            assert all(times == 1 for times in paid.values())
            of_debts = Counter(key.rpartition("/")[0] for key in paid if key.startswith("auto-charge/"))
            assert all(times == 1 for times in of_debts.values())
            for key, times in granted.items():
                if key.startswith(self.run):
                    assert (times, paid[key]) == (1, 1)

        def books(self) -> list[dict[str, Any]]:
            return [one for one in sandbox.books() if self.run in str(one["reference"])]

        def teardown(self) -> None:
            """The storm is over: within days all is known, and the books agree."""
            registers(self.user, sandbox, GOOD)
            for _ in range(8):
                sandbox.post("/control/process")
                world.move_on(DAY_S)
                work(clock.now_s())
            there = {str(one["reference"]): one for one in self.books()}
            for payment in self.payments():
                is_paid = payment.state in {State.PAID, State.REFUNDED}
                assert payment.state != State.PENDING
                assert is_paid == (payment.key in there and there[payment.key]["state"] == "paid"), payment.key
                assert payment.refunded_yen == (there[payment.key]["refunded_yen"] if is_paid else 0)
                net_yen = payment.yen - payment.refunded_yen if is_paid else 0
                if payment.what == GOODS:
                    assert net_yen == payment.yen * granted[payment.key]
            for debt in Debt.objects.filter(idm=self.idm):
                tries = [one for key, one in there.items() if key.startswith(f"auto-charge/{debt.key}/")]
                paid = [one for one in tries if one["state"] == "paid"]
                net_yen = sum(one["yen"] - one["refunded_yen"] for one in paid)
                cancelled = OwedBack.objects.filter(debt=debt).exists()
                assert net_yen == (0 if cancelled else debt.yen), debt.key
                booked = BookingRow.objects.filter(key__startswith=f"auto-charge/{debt.key}/").count()
                assert booked == len(paid)
            assert not Refund.objects.filter(payment__user=self.user, state=Refund.State.PENDING).exists()
            assert reconcile(clock.now_s()) == 0

    return AnyOrder


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["sandbox", "stripe"])
def test_faults_54_to_57_anything_in_any_order(
    world: World, kind: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PAYMENTS, settings.PAYMENTS_URL = kind, world.hands.url
    settings.PAYMENTS_KEY, settings.PAYMENTS_NOTICE_SECRET = KEY, NOTICE_SECRET
    now_s = clock.now_s
    monkeypatch.setattr(clock, "now_s", lambda: now_s() + world.ahead_s)
    granted: Counter[str] = Counter()
    with patch.dict(charging._granting), patch.dict(charging._giving_up):
        when_paid(GOODS, lambda payment: granted.update([payment.key]))
        when_failed(GOODS, lambda payment: None)
        run_state_machine_as_test(
            machine_in(world, granted),
            settings=_SETTINGS,
        )
    hang_up()


_SETTINGS = settings(max_examples=8, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck))
