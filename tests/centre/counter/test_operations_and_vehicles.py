"""What counter and vehicles know of one card: writes of unknown end, uses told of late, what waits for a card."""

from datetime import date, timedelta

import pytest

from cardimage.image import dump, load
from cardimage.layout.slots import encode_slot
from cardimage.lite_s import WCNT
from centre.bundles.models import Directive, NoAutoCharge, Stopped
from centre.bundles.services import direct
from centre.cards.models import Card, SoldPass
from centre.counter.carrying import settle
from centre.counter.desk import Blank, ImageDesk, Seen
from centre.counter.models import CounterAct
from centre.counter.operations.cards import VoidWhy, prepare_directives, prepare_void
from centre.counter.operations.effects import DirectivesWithdrawn
from centre.counter.operations.money import Back, RefundRequest, prepare_found, prepare_refund, prepare_top_up
from centre.counter.operations.passes import prepare_pass
from centre.counter.operations.reissue import (
    ReissueRequest,
    ReportRequest,
    prepare_exchange,
    prepare_reissue,
    prepare_report,
    prepare_take_in,
)
from centre.counter.operations.values import Claim, ReportedWhy
from centre.counter.register import remember
from centre.ledger.events import voided
from centre.ledger.judging import judge_all
from centre.ledger.models import CutOff, FindingRow, Tap
from centre.ledger.services import book
from centre.payments.bars import bar, lift_if_clear
from centre.payments.models import Customer, Debt, Payer
from centre.payments.services import pays_for
from centre.users.models import User
from farebox.formats.bundle import AutoChargeSet, PassGiven
from farebox.formats.journal import Intent
from tariff.account import Account, AutoCharge, Points
from tariff.products import Order, Purchase
from tariff.rulebook import Purse
from tests.centre.counter.stage import (
    TARO,
    TODAY,
    Stage,
    held_yen,
    idm_of,
    ledger_yen,
    number_of,
    on_card_yen,
    pass_on,
    refused,
    till_yen,
)
from tests.centre.ledger.journals import Bus
from tests.centre.ledger.journals import Card as OnBus

pytestmark = pytest.mark.django_db
CLAIM = Claim(TARO.kana_name, TARO.birth)
NONE: frozenset[str] = frozenset()
SLIP = frozenset({"reissue-slip", "old-card"})


def ridden(desk: ImageDesk, bus: Bus, written: bool) -> ImageDesk:
    """The card after a ride of 200 yen whose write the bus can't tell the end of: the row of history was written, the
    slot was or was not.
    """
    laid = desk.look()
    assert isinstance(laid, Seen)
    card = OnBus()
    card.idm, card.slot, card.writes = laid.idm, laid.now.slot, laid.write_count
    seq = bus.tap(card, "indeterminate", due_yen=200)
    intent = bus.entries[seq - 1].record
    assert isinstance(intent, Intent)
    image = load(desk.data, "card")
    blocks = image.lite_s_blocks()
    assert blocks is not None
    if written:
        blocks[1 - laid.now.place] = intent.slot_after
    blocks[WCNT] = (laid.write_count + 1 + written).to_bytes(3, "little") + bytes(13)
    bus.send()
    return ImageDesk(dump(image), "card")


@pytest.mark.parametrize(("written", "held"), [(True, 1_300), (False, 1_500)])
def test_faults_5_the_slot_that_stands_at_the_counter_tells_what_became_of_a_buss_write(
    written: bool, held: int
) -> None:
    stage = Stage()
    desk = ridden(stage.card(Account("lococa", 1_500)), Bus(), written)
    judge_all()
    assert [tap.settled for tap in Tap.objects.all()] == [None]
    for _ in range(2):
        assert settle(desk, stage.seen(desk), stage.now_s) is None
    judge_all()
    assert Tap.objects.get(terminal="BUS-1").settled is written
    assert Tap.objects.filter(action="desk").count() == 1
    assert (held_yen(1), on_card_yen(stage.seen(desk))) == (held, held)


def test_where_no_vehicle_waits_a_look_is_not_kept() -> None:
    stage = Stage()
    desk = stage.card(Account("lococa", 1_500))
    settle(desk, stage.seen(desk), stage.now_s)
    assert Tap.objects.count() == 0


def test_faults_5_a_write_at_the_counter_tells_too() -> None:
    stage = Stage()
    desk = ridden(stage.card(Account("lococa", 1_500, named=True)), Bus(), True)
    top_up = prepare_top_up(
        stage.seen(desk), stage.register(), Purse.STORED_FARE, 1_000, NONE, stage.rulebook, stage.day
    )
    stage.done(top_up, desk)
    judge_all()
    assert Tap.objects.get(terminal="BUS-1").settled is True
    assert (held_yen(1), on_card_yen(stage.seen(desk))) == (2_300, 2_300)
    assert list(FindingRow.objects.all()) == []


def test_a_cards_writes_at_the_counter_are_links_of_its_chain() -> None:
    stage = Stage()
    desk = stage.card(Account("lococa", 1_500, named=True))
    for _ in range(3):
        top_up = prepare_top_up(
            stage.seen(desk), stage.register(), Purse.STORED_FARE, 1_000, NONE, stage.rulebook, stage.day
        )
        stage.done(top_up, desk)
    judge_all()
    assert list(FindingRow.objects.all()) == []
    assert (held_yen(1), on_card_yen(stage.seen(desk))) == (4_500, 4_500)


# -- lost, and found


def test_loc_16_igp_21_lost_reissued_found() -> None:
    stage = Stage("iwate-green-pass")
    old = stage.card(Account("iwate-green-pass", 1_500, named=True, points=Points(40, TODAY)), kind="adult")
    report = ReportRequest(ReportedWhy.LOST, stage.day, CLAIM)
    stage.done(prepare_report(stage.register(), report, stage.rulebook, stage.day))
    assert Stopped.objects.get().idm == idm_of(1).hex().upper()
    assert CutOff.objects.count() == 1
    stage.day += timedelta(days=1)
    new = stage.blank(2)
    request = ReissueRequest(number_of("iwate-green-pass", 2), CLAIM, SLIP)
    reissue = prepare_reissue(stage.lying(new), stage.register(), request, stage.rulebook, stage.day)
    act = stage.done(reissue, new)
    assert (act.take_yen, till_yen()) == (1_020, 1_020)
    assert (held_yen(1), held_yen(2), on_card_yen(stage.seen(new))) == (0, 1_540, 1_540)
    assert stage.register(2).holder == TARO
    row = Card.objects.get(idm=idm_of(1).hex().upper())
    assert (row.state, row.replaced_by, row.deposit_yen) == ("replaced", Card.objects.get(number=request.number), 500)
    again = prepare_reissue(Blank(idm_of(3)), stage.register(), request, stage.rulebook, stage.day)
    assert refused(again) == "not-eligible faults 46"
    back = RefundRequest(Back.CARD, claim=CLAIM)
    refund = prepare_refund(stage.seen(old), stage.register(), back, stage.rulebook, stage.day, 10_000)
    assert refused(refund) == "not-eligible faults 46"
    stage.done(prepare_found(stage.seen(old), stage.register(), CLAIM, stage.rulebook, stage.day), old)
    assert (till_yen(), on_card_yen(stage.seen(old)), ledger_yen("deposit")) == (520, 0, 500)
    twice = prepare_found(stage.seen(old), stage.register(), CLAIM, stage.rulebook, stage.day)
    assert refused(twice) == "not-eligible LOC-16"


def test_faults_41_a_reissue_is_judged_anew_when_a_use_comes_in_meanwhile() -> None:
    stage = Stage()
    stage.card(Account("lococa", 1_500, named=True))
    stage.done(
        prepare_report(stage.register(), ReportRequest(ReportedWhy.LOST, stage.day, CLAIM), stage.rulebook, stage.day)
    )
    stage.day += timedelta(days=1)
    new = stage.blank(2)
    request = ReissueRequest(number_of("lococa", 2), CLAIM, SLIP)
    prepared = prepare_reissue(stage.lying(new), stage.register(), request, stage.rulebook, stage.day)
    spent = {"stored-fare": 200}  # any booking that takes from the card will do
    book([voided("a ride", stage.now_s, "lococa", idm_of(1).hex().upper(), purses=spent, deposit_yen=0)])
    assert refused(stage.do(prepared, new)) == "busy faults 46"
    anew = prepare_reissue(stage.lying(new), stage.register(), request, stage.rulebook, stage.day)
    stage.done(anew, new)
    assert on_card_yen(stage.seen(new)) == 1_300


def test_igp_23_an_exchange_in_two_steps() -> None:
    stage = Stage("iwate-green-pass")
    held = pass_on(TODAY, TODAY + timedelta(days=30))
    account = Account("iwate-green-pass", 700, named=True, held_pass=held, points=Points(9, TODAY))
    old = stage.card(account, kind="adult", price_yen=9_660)
    stage.done(prepare_take_in(stage.seen(old), stage.register(), stage.rulebook, stage.day), old)
    assert (on_card_yen(stage.seen(old)), held_yen(1)) == (0, 709)
    judge_all()
    assert list(FindingRow.objects.all()) == []  # what it held waits for the new card: nothing disagrees
    new = stage.blank(2)
    number = number_of("iwate-green-pass", 2)
    stage.done(prepare_exchange(stage.lying(new), stage.register(), number, stage.rulebook, stage.day), new)
    assert (held_yen(1), held_yen(2), till_yen(), ledger_yen("deposit")) == (0, 709, 0, 500)
    assert stage.seen(new).account == account
    assert SoldPass.objects.get().card.number == number
    assert [one.held for one in stage.register(2).passes] == [held]


def test_a_void_cards_money_is_forfeited() -> None:
    stage = Stage("iwate-green-pass")
    desk = stage.card(Account("iwate-green-pass", 700, named=True, points=Points(9, TODAY)), kind="adult")
    void = prepare_void(stage.seen(desk), stage.register(), VoidWhy.FALSE_DATA, stage.rulebook, stage.day)
    stage.done(void, desk, approved=True)
    assert (held_yen(1), ledger_yen("forfeited"), till_yen()) == (0, 1_209, 0)


# -- passes, and what waits


def order(first: date, day: date) -> Order:
    section = pass_on(first, first).sections
    return Order(Purchase("commuter", first, months=1, fare_yen=230), day, 0, section, {1: "駅前", 2: "病院前"})


def test_a_renewal_waits_as_a_directive_and_is_given_back_before_it_is_written() -> None:
    stage = Stage("aizu-noruca")
    desk = stage.card(
        Account("aizu-noruca", 300, named=True, held_pass=pass_on(date(2026, 11, 1), date(2026, 11, 27))),
        kind="adult",
        price_yen=9_660,
    )
    first = date(2026, 11, 28)
    sale = prepare_pass(stage.seen(desk), stage.register(), order(first, stage.day), NONE, stage.rulebook, stage.day)
    stage.done(sale, desk)
    assert till_yen() == 9_660
    assert stage.seen(desk).account.held_pass == stage.register().expected.held_pass
    waiting = Directive.objects.get()
    assert (waiting.first_day, waiting.state) == (first, "waiting")
    sold = SoldPass.objects.get(first_day=first)
    assert sold.stop_names == [["駅前", "病院前"]]
    request = RefundRequest(Back.PASS, sold.pk, CLAIM, frozenset({"contents-slip"}))
    refund = prepare_refund(stage.seen(desk), stage.register(), request, stage.rulebook, stage.day, 10_000)
    stage.done(refund, desk)
    waiting.refresh_from_db()
    assert (waiting.state, till_yen(), ledger_yen("fees")) == ("withdrawn", 500, 500)
    assert (
        refused(prepare_refund(stage.seen(desk), stage.register(), request, stage.rulebook, stage.day, 10_000))
        == "not-eligible LOC-12"
    )


def test_ctr_3_a_directive_is_written_at_the_counter_and_vehicles_need_not() -> None:
    stage = Stage("aizu-noruca")
    desk = stage.card(Account("aizu-noruca", 300, named=True), kind="adult")
    given = direct(Card.objects.get(), stage.day, [AutoChargeSet(1_000, 1_000, 10_000, 30_000)])
    stage.done(prepare_directives(stage.seen(desk), stage.register(), stage.rulebook, stage.day), desk)
    given.refresh_from_db()
    account = stage.seen(desk).account
    assert (given.state, account.directive, account.auto_charge) == (
        "applied",
        given.number,
        AutoCharge(1_000, 1_000, 10_000, 30_000),
    )
    assert prepare_directives(stage.seen(desk), stage.register(), stage.rulebook, stage.day) is None


def test_an_image_is_what_its_file_says() -> None:
    stage = Stage()
    desk = stage.card(Account("lococa", 300, named=True))
    image = load(ImageDesk(desk.data, "again").data, "card")
    blocks = image.lite_s_blocks()
    assert blocks is not None
    assert encode_slot(stage.seen(desk).now.slot) == blocks[0]


def test_a_look_is_no_write_and_forks_nothing() -> None:
    """A vehicle writes on from the very slot that the desk saw."""
    stage = Stage()
    bus = Bus()
    desk = ridden(stage.card(Account("lococa", 1_500)), bus, written=False)
    settle(desk, stage.seen(desk), stage.now_s)
    seen = stage.seen(desk)
    card = OnBus()
    card.idm, card.slot, card.writes = seen.idm, seen.now.slot, seen.write_count
    bus.tap(card, due_yen=300)
    bus.send()
    judge_all()
    assert list(FindingRow.objects.exclude(kind="unknown-card")) == []
    assert held_yen(1) == 1_200


def test_loc_17_a_broken_cards_deposit_goes_over_and_its_slip_is_used() -> None:
    stage = Stage()
    stage.card(Account("lococa", 1_500, named=True))
    report = ReportRequest(ReportedWhy.DAMAGED, stage.day, CLAIM)
    stage.done(prepare_report(stage.register(), report, stage.rulebook, stage.day))
    stage.day += timedelta(days=1)
    new = stage.blank(2)
    request = ReissueRequest(number_of("lococa", 2), CLAIM, SLIP)
    act = stage.done(prepare_reissue(stage.lying(new), stage.register(), request, stage.rulebook, stage.day), new)
    assert (act.take_yen, till_yen(), ledger_yen("deposit"), held_yen(2)) == (0, 0, 500, 1_500)
    assert (stage.register().deposit_yen, stage.register(2).deposit_yen) == (0, 500)
    assert stage.register().report is None
    assert CutOff.objects.count() == 0
    found = prepare_found(None, stage.register(), CLAIM, stage.rulebook, stage.day)
    assert refused(found) == "not-eligible LOC-16"


def test_igp_30_points_that_lapse_with_their_card_are_booked_so() -> None:
    stage = Stage("iwate-green-pass")
    desk = stage.card(Account("iwate-green-pass", 700, named=True, points=Points(9, TODAY)), kind="adult")
    back = RefundRequest(Back.CARD, claim=CLAIM)
    stage.done(prepare_refund(stage.seen(desk), stage.register(), back, stage.rulebook, stage.day, 10_000), desk)
    assert (held_yen(1), till_yen(), ledger_yen("points-lapsed"), ledger_yen("fees")) == (0, -980, 9, 220)


# -- who pays for auto-charges


def test_aut_6_a_card_issued_anew_is_paid_for_by_the_same_member_and_what_is_unpaid_bars_it_too() -> None:
    stage = Stage("aizu-noruca")
    stage.card(Account("aizu-noruca", 700, named=True), kind="adult")
    old, user = Card.objects.get().idm, User.objects.create_user("member@example.jp", "x")
    Customer.objects.create(user=user, reference="r", token="pm_1")
    pays_for(user, old)
    Debt.objects.create(key="BUS-1:j:1", idm=old, yen=1_000, at_s=1, state=Debt.State.UNPAID)
    bar(old, "insufficient_funds")
    stage.done(
        prepare_report(stage.register(), ReportRequest(ReportedWhy.LOST, stage.day, CLAIM), stage.rulebook, stage.day)
    )
    stage.day += timedelta(days=1)
    new = stage.blank(2)
    request = ReissueRequest(number_of("aizu-noruca", 2), CLAIM, SLIP)
    stage.done(prepare_reissue(stage.lying(new), stage.register(), request, stage.rulebook, stage.day), new)
    idm = Card.objects.get(number=number_of("aizu-noruca", 2)).idm
    assert Payer.objects.get(idm=idm).user == user
    assert NoAutoCharge.objects.filter(idm=idm, until_s=None).exists()
    assert stage.register(2).unpaid_yen == 1_000
    Debt.objects.update(state=Debt.State.PAID)
    lift_if_clear(old)
    assert not NoAutoCharge.objects.filter(until_s=None).exists()


def test_a_pass_that_waits_under_another_number_by_now_is_given_back_all_the_same() -> None:
    stage = Stage("aizu-noruca")
    stage.card(Account("aizu-noruca", 300, named=True), kind="adult")
    card, later = Card.objects.get(), stage.day + timedelta(days=9)
    given = direct(card, later, [PassGiven(1, 0, later, later, False, ())])
    withdrawal = DirectivesWithdrawn(bytes.fromhex(card.idm), (given.number,))
    direct(card, stage.day + timedelta(days=1), [AutoChargeSet(1_000, 1_000, 10_000, 30_000)])  # renumbers the other
    act = CounterAct(operation="refund-pass", clerk=stage.clerk, begun_at_s=stage.now_s)
    remember((withdrawal,), act)
    assert [one.first_day for one in card.directives.all() if one.is_open] == [stage.day + timedelta(days=1)]
