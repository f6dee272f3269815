"""A card that is taken away at any command of an operation: nothing is mixed, nothing is booked that is not on the
card, and what nobody could tell is told by the card when it is laid again (faults 2 to 6, 12).
"""

import copy
from collections.abc import Callable
from random import Random

import pytest
from django.core.exceptions import PermissionDenied

from cardimage.felica_card import FelicaCard
from cardimage.image import CardImage, blank_lite_s, load
from cardimage.lite_s import FACTORY_KEY
from centre.cards.models import Card
from centre.counter.carrying import Approval, carry_out, decide, settle
from centre.counter.desk import Blank, ImageDesk, ReaderDesk, Seen
from centre.counter.models import ActState, CounterAct
from centre.counter.operations.cards import IssueRequest, prepare_issue
from centre.counter.operations.money import Back, RefundRequest, prepare_refund, prepare_top_up
from centre.counter.operations.prepared import Prepared, Rewrite
from centre.counter.operations.values import Claim
from reader.issuing import Problem, Step, Why
from reader.keys import bench_keys
from sim.hardware.field import CardField, FieldPort, Moment, Withdrawal
from tariff.account import Account
from tariff.refusal import Refusal
from tariff.rulebook import Purse
from tests.centre.counter.stage import TARO, Stage, held_yen, idm_of, number_of, on_card_yen, refused, till_yen

pytestmark = pytest.mark.django_db
CLAIM = Claim(TARO.kana_name, TARO.birth)
NONE: frozenset[str] = frozenset()
KEYS = bench_keys()


class Air:
    """A real reader's desk, with a card in its field that a hand may take away."""

    def __init__(self, image: CardImage, key: bytes) -> None:
        self.card = FelicaCard(image, key)
        self.field = CardField()
        self.port = FieldPort(self.field)
        self.desk = ReaderDesk(self.port, KEYS, Random(7).randbytes)

    def lay(self, withdrawal: Withdrawal | None = None) -> None:
        self.field.lay(self.card, withdrawal)

    def seen(self) -> Seen:
        self.lay()
        laid = self.desk.look()
        assert isinstance(laid, Seen), laid
        return laid


def air_of(desk: ImageDesk) -> Air:
    image = load(desk.data, "card")
    return Air(image, KEYS.card_key(image.idm))


def topping_up(stage: Stage, seen: Seen) -> Prepared | Refusal:
    return prepare_top_up(seen, stage.register(), Purse.STORED_FARE, 1_000, NONE, stage.rulebook, stage.day)


def giving_back(stage: Stage, seen: Seen) -> Prepared | Refusal:
    request = RefundRequest(Back.CARD, claim=CLAIM)
    return prepare_refund(seen, stage.register(), request, stage.rulebook, stage.day, 10_000)


Act = Callable[[Stage, Seen], Prepared | Refusal]
LOOKING = 8
"""Commands of a look: the poll, the challenge, slots, conditions, number, three reads of history."""


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("command", range(LOOKING + 1, LOOKING + 4))
@pytest.mark.parametrize(("act", "done_yen", "till"), [(topping_up, 2_500, 1_000), (giving_back, 0, -1_780)])
def test_faults_2_to_5_money_is_on_the_card_or_in_the_till_whenever_the_card_leaves(
    act: Act, done_yen: int, till: int, command: int, moment: Moment
) -> None:
    stage = Stage()
    air = air_of(stage.card(Account("lococa", 1_500, named=True)))
    air.lay(Withdrawal(command, moment))
    seen = air.desk.look()
    assert isinstance(seen, Seen)
    prepared = act(stage, seen)
    outcome = stage.do(prepared, air.desk)
    assert isinstance(outcome, CounterAct)
    again = air.seen()
    settled = settle(air.desk, again, stage.now_s)
    end = CounterAct.objects.get()
    assert end.is_settled
    assert (settled is None) == outcome.is_settled
    is_done = end.state == ActState.DONE
    assert on_card_yen(again) == (done_yen if is_done else 1_500)
    assert (held_yen(1), till_yen()) == ((done_yen, till) if is_done else (1_500, 0))
    assert Card.objects.get().state == ("refunded" if is_done and act is giving_back else "in-use")


def test_faults_6_another_card_settles_nothing() -> None:
    stage = Stage()
    air = air_of(stage.card(Account("lococa", 1_500, named=True)))
    other = air_of(stage.card(Account("lococa", 900, named=True), 2))
    air.lay(Withdrawal(LOOKING + 2, Moment.AFTER))
    seen = air.desk.look()
    assert isinstance(seen, Seen)
    pending = stage.do(topping_up(stage, seen), air.desk)
    assert isinstance(pending, CounterAct)
    assert pending.state == ActState.PENDING
    assert settle(other.desk, other.seen(), stage.now_s) is None
    assert CounterAct.objects.get().state == ActState.PENDING
    blocked = topping_up(stage, air.seen())
    assert refused(blocked) == "busy faults 5"


def test_faults_5_a_top_up_elsewhere_to_the_very_same_balance_is_not_the_counters() -> None:
    """Its slot is the same, byte for byte; its row of history is another's."""
    stage = Stage()
    air = air_of(stage.card(Account("lococa", 1_500, named=True)))
    air.lay(Withdrawal(LOOKING + 2, Moment.BEFORE))
    seen = air.desk.look()
    assert isinstance(seen, Seen)
    top_up = topping_up(stage, seen)
    torn = stage.do(top_up, air.desk)
    assert isinstance(torn, CounterAct)
    assert torn.state == ActState.PENDING
    assert isinstance(top_up, Prepared)
    assert isinstance(top_up.card, Rewrite)
    elsewhere = top_up.card.plan(stage.day, 0x0BAD_CAFE)
    air.lay()
    found = air.desk.look()
    assert isinstance(found, Seen)
    air.desk.write(found, elsewhere)
    settled = settle(air.desk, air.seen(), stage.now_s)
    assert settled is not None
    assert (settled.state, till_yen(), on_card_yen(air.seen())) == (ActState.NOT_DONE, 0, 2_500)


def test_a_write_goes_to_the_card_that_was_looked_at_and_no_other() -> None:
    stage = Stage()
    air = air_of(stage.card(Account("lococa", 1_500, named=True)))
    top_up = topping_up(stage, air.seen())
    other = air_of(stage.card(Account("lococa", 900, named=True), 2))
    other.seen()
    outcome = stage.do(top_up, other.desk)
    assert isinstance(outcome, CounterAct)
    assert outcome.state == ActState.NOT_DONE
    assert (on_card_yen(air.seen()), on_card_yen(other.seen()), till_yen()) == (1_500, 900, 0)


# -- a new card

ISSUING = 34
"""One command more than an issue takes."""


@pytest.mark.parametrize("moment", [Moment.DURING, Moment.AFTER])
@pytest.mark.parametrize("command", range(1, ISSUING))
def test_an_issue_that_was_cut_short_goes_on_when_the_card_is_laid_again(command: int, moment: Moment) -> None:
    stage = Stage()
    image = blank_lite_s(idm_of(1))
    air = Air(image, FACTORY_KEY)
    air.lay()
    blank = air.desk.look()
    assert isinstance(blank, Blank)
    request = IssueRequest("general", number_of("lococa", 1), 2_000, TARO, consent=True)
    prepared = prepare_issue(blank, request, stage.rulebook, stage.day)
    air.lay(Withdrawal(command, moment))
    outcome = stage.do(prepared, air.desk)
    assert isinstance(outcome, CounterAct)
    if not outcome.is_settled:
        assert (till_yen(), Card.objects.count()) == (0, 0)
        air.lay()
        assert settle(air.desk, air.desk.look(), stage.now_s) is not None
    assert CounterAct.objects.get().state == ActState.DONE
    assert (on_card_yen(air.seen()), held_yen(1), till_yen()) == (1_500, 1_500, 2_000)


@pytest.mark.parametrize(
    ("step", "state"),
    [
        (Step.CONTENTS, ActState.NOT_DONE),
        (Step.KEY, ActState.PENDING),
        (Step.PROTECTION, ActState.PENDING),
        (Step.CHECK, ActState.PENDING),
    ],
)
def test_a_card_that_fails_once_it_may_have_its_key_is_not_taken_for_untouched(
    step: Step, state: ActState, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage()
    air = Air(blank_lite_s(idm_of(1)), FACTORY_KEY)
    air.lay()
    blank = air.desk.look()
    assert isinstance(blank, Blank)
    monkeypatch.setattr("centre.counter.desk.issue_card", lambda *_: Problem(Why.REFUSED, step))
    request = IssueRequest("general", number_of("lococa", 1), 2_000, TARO, consent=True)
    act = stage.do(prepare_issue(blank, request, stage.rulebook, stage.day), air.desk)
    assert isinstance(act, CounterAct)
    assert (act.state, till_yen()) == (state, 0)


def test_a_number_is_issued_once() -> None:
    stage = Stage()
    stage.card(Account("lococa", 0, named=True), 1)
    desk = stage.blank(2)
    request = IssueRequest("general", number_of("lococa", 1), 2_000, TARO, consent=True)
    taken = stage.do(prepare_issue(stage.lying(desk), request, stage.rulebook, stage.day), desk)
    assert refused(taken) == "not-eligible CTR-1"
    again = stage.blank(1)
    request = request._replace(number=number_of("lococa", 3))
    taken = stage.do(prepare_issue(stage.lying(again), request, stage.rulebook, stage.day), again)
    assert refused(taken) == "not-eligible CTR-1"
    assert till_yen() == 0


def test_a_number_that_is_being_engraved_is_given_to_no_other_card() -> None:
    stage = Stage()
    air = Air(blank_lite_s(idm_of(1)), FACTORY_KEY)
    air.lay()
    blank = air.desk.look()
    assert isinstance(blank, Blank)
    request = IssueRequest("general", number_of("lococa", 1), 2_000, TARO, consent=True)
    air.lay(Withdrawal(12, Moment.AFTER))
    stage.do(prepare_issue(blank, request, stage.rulebook, stage.day), air.desk)
    assert CounterAct.objects.get().state == ActState.PENDING
    other = stage.blank(2)
    again = prepare_issue(stage.lying(other), request, stage.rulebook, stage.day)
    assert refused(stage.do(again, other)) == "busy faults 5"
    assert isinstance(other.look(), Blank)


# -- what no card will tell


@pytest.mark.parametrize(("written", "till", "held"), [(True, 1_000, 2_500), (False, 0, 1_500)])
def test_two_people_decide_what_no_card_will_tell(written: bool, till: int, held: int) -> None:
    stage = Stage()
    air = air_of(stage.card(Account("lococa", 1_500, named=True)))
    air.lay(Withdrawal(LOOKING + 2, Moment.DURING))
    seen = air.desk.look()
    assert isinstance(seen, Seen)
    pending = stage.do(topping_up(stage, seen), air.desk)
    assert isinstance(pending, CounterAct)
    assert pending.state == ActState.PENDING
    with pytest.raises(PermissionDenied):
        decide(pending, stage.clerk, Approval(stage.clerk), "broken", stage.now_s, written=written)
    decided = decide(pending, stage.clerk, Approval(stage.other), "the chip broke", stage.now_s, written=written)
    assert (decided.approved_by, decided.ended_why) == (stage.other, "the chip broke")
    assert (till_yen(), held_yen(1)) == (till, held)
    again = decide(pending, stage.clerk, Approval(stage.other), "no", stage.now_s, written=not written)
    assert again.state == decided.state
    assert till_yen() == till


def test_a_clerk_of_another_operator_does_nothing_here() -> None:
    stage = Stage()
    desk = stage.card(Account("lococa", 1_500, named=True))
    prepared = topping_up(stage, stage.seen(desk))
    assert isinstance(prepared, Prepared)
    stage.clerk.scheme = "noruca"
    with pytest.raises(PermissionDenied):
        carry_out(prepared, stage.counter(desk), "key")
    stage.clerk.scheme, stage.clerk.role = "lococa", "auditor"
    with pytest.raises(PermissionDenied):
        carry_out(prepared, stage.counter(desk), "key")
    assert on_card_yen(stage.seen(desk)) == 1_500


def test_a_process_that_dies_after_the_write_leaves_the_act_begun_and_the_card_tells() -> None:
    stage = Stage()
    desk = stage.card(Account("lococa", 1_500, named=True))
    prepared = topping_up(stage, stage.seen(desk))
    assert isinstance(prepared, Prepared)

    class Dying:
        is_simulated = True

        def look(self) -> object:
            return desk.look()

        def write(self, seen: Seen, plan: object) -> object:
            desk.write(seen, plan)  # type: ignore[arg-type]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carry_out(prepared, stage.counter(Dying()), "key")  # type: ignore[arg-type]
    assert CounterAct.objects.get().state == ActState.BEGUN
    assert till_yen() == 0
    seen = stage.seen(desk)
    assert settle(desk, seen, stage.now_s + 59) is None  # another process may still be at it
    settled = settle(desk, seen, stage.now_s + 60)
    assert settled is not None
    assert (settled.state, till_yen(), held_yen(1), on_card_yen(seen)) == (ActState.DONE, 1_000, 2_500, 2_500)
    assert settle(desk, copy.copy(seen), stage.now_s) is None
