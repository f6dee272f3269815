"""The register's rows as values, and what becomes of them when an operation is done.

registered(idm, rulebook, day)  -> Registered | None
remember(effects, act)          all of them, in the transaction that books the money
"""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import Max, QuerySet

from centre.bundles import services as bundles
from centre.bundles.lifecycle import OPEN
from centre.bundles.models import Directive as DirectiveRow
from centre.bundles.models import Stopped as StoppedRow
from centre.cards.models import AutoChargeAgreed, Card, Holder, SoldPass
from centre.counter.models import UNSETTLED, CounterAct, ReissueSlip
from centre.counter.operations.effects import (
    CardIssued,
    DepositReturned,
    Directed,
    DirectivesApplied,
    DirectivesWithdrawn,
    Effect,
    HolderSet,
    KindSet,
    PassRefunded,
    PassSold,
    Replaced,
    ReportClosed,
    Reported,
    StateSet,
    StopLifted,
    Stopped,
    ToVehicles,
)
from centre.counter.operations.judging import kind_named
from centre.counter.operations.values import (
    IN_USE,
    STOPPED,
    HolderData,
    PassHeld,
    Registered,
    Report,
    ReportedWhy,
    idm_text,
)
from centre.counter.stored import account_of, plain
from centre.ledger.booking import STORED_FARE, Kind
from centre.ledger.cutting_off import cut_off
from centre.ledger.models import PostingRow
from centre.ledger.services import balance_of
from centre.payments.services import takes_over, unpaid_yen
from farebox.formats.bundle import Directive, PassGiven
from tariff.account import Account, AutoCharge, Coupons, HolderKind, Pass, Points, Section
from tariff.calendar import day_in_japan
from tariff.rulebook import Purse, Rulebook

# -- reading


def registered(idm: bytes, rulebook: Rulebook, day: date) -> Registered | None:
    """A card as the register, the ledger and what was agreed have it; None for one that is not in the register."""
    card = Card.objects.filter(idm=idm_text(idm)).first()
    return registered_card(card, rulebook, day) if card else None


def registered_card(card: Card, rulebook: Rulebook, day: date) -> Registered:
    """The same, of a row."""
    idm = bytes.fromhex(card.idm)
    holder = Holder.objects.filter(card=card, erased_on=None).first()
    rows = card.passes.filter(refunded_on=None).order_by("first_day", "id")
    passes = tuple(PassHeld(row.pk, row.product, _pass(row, rulebook), row.price_yen) for row in rows)
    waiting = tuple(
        Directive(row.number, row.first_day, tuple(row.changes))
        for row in DirectiveRow.objects.filter(card=card, state__in=OPEN).order_by("number")
    )
    slip = ReissueSlip.objects.filter(card=card, used_by=None).first()
    unsettled = CounterAct.objects.filter(state__in=UNSETTLED).filter(idm=card.idm).first()
    return Registered(
        idm,
        card.scheme,
        card.number,
        card.kind,
        card.named,
        _state(card),
        card.issued_on,
        card.expires,
        card.deposit_yen,
        _expected(card, passes, waiting, rulebook, day),
        HolderData(holder.kana_name, holder.telephone, holder.birth, holder.sex) if holder else None,
        passes,
        waiting,
        unsettled.key if unsettled else "",
        unpaid_yen(card.idm),
        _report(slip) if slip else None,
    )


def _state(card: Card) -> str:
    """What has become of it; stopped, too, if others of the centre put it on the hotlist (GEN-11)."""
    listed = card.state == IN_USE and StoppedRow.objects.filter(idm=card.idm, until_s=None).exists()
    return STOPPED if listed else card.state


def _pass(row: SoldPass, rulebook: Rulebook) -> Pass:
    product = rulebook.product_named(row.product)
    return Pass(
        product.number if product else 0,
        row.company,
        row.first_day,
        row.last_day,
        row.bearer,
        tuple(Section(*section) for section in row.sections),
        row.area,
        row.line,
    )


def _report(slip: ReissueSlip) -> Report:
    held = account_of(slip.held) if slip.held else None
    return Report(slip.pk, ReportedWhy(slip.why), slip.applied_on, slip.slip_on, held)


def _expected(
    card: Card, passes: tuple[PassHeld, ...], waiting: tuple[Directive, ...], rulebook: Rulebook, day: date
) -> Account:
    """What a card should hold: purses by the ledger, the rest by what was sold and agreed."""
    held = balance_of(card.idm)
    kind = kind_named(card.kind, rulebook)
    has_coupons = any(rules.name is Purse.REGULAR for rules in rulebook.purses)
    points = held.get(Purse.POINTS, 0)
    agreed = card.auto_charges.filter(first_day__lte=day).order_by("-first_day", "-id").first()
    return Account(
        card.scheme,
        max(0, held.get(STORED_FARE, 0)),
        kind.holder if kind else HolderKind.ADULT,
        card.named,
        card.expires,
        held_pass=_on_card(passes, waiting),
        auto_charge=_arranged(agreed) if agreed and agreed.is_on else None,
        coupons=Coupons(*(max(0, held.get(purse, 0)) for purse in _COUPONS)) if has_coupons else None,
        points=Points(points, _last_points_day(card)) if points > 0 else None,
        welfare_points=max(0, held.get(Purse.WELFARE, 0)),
    )


_COUPONS = (Purse.REGULAR, Purse.STUDENT, Purse.ECO)


def _on_card(passes: tuple[PassHeld, ...], waiting: tuple[Directive, ...]) -> Pass | None:
    """The pass that should be on the card: the last one sold that does not wait for it."""
    to_come = {
        (change.product, change.first_day)
        for directive in waiting
        for change in directive.changes
        if isinstance(change, PassGiven)
    }
    there = [one.held for one in passes if (one.held.product, one.held.first_day) not in to_come]
    return there[-1] if there else None


def _arranged(agreed: AutoChargeAgreed) -> AutoCharge:
    return AutoCharge(agreed.trigger_yen, agreed.amount_yen, agreed.day_cap_yen, agreed.month_cap_yen)


def _last_points_day(card: Card) -> date:
    """The day of the last earning or use, by the ledger (IGP-30); no day before the card was issued."""
    rows = PostingRow.objects.filter(card=card.idm, kind=Kind.POINTS, of=Purse.POINTS)
    at_s = rows.aggregate(at_s=Max("booking__at_s"))["at_s"]
    return max(card.issued_on, day_in_japan(at_s or 0))


# -- remembering


def remember(effects: Iterable[Effect], act: CounterAct) -> None:
    """Write down what became of the register. In one transaction with the books, once."""
    for effect in effects:
        _remember(effect, act)


def _remember(effect: Effect, act: CounterAct) -> None:
    match effect:
        case CardIssued():
            Card.objects.create(**(effect._asdict() | {"idm": idm_text(effect.idm)}))
        case HolderSet(holder=holder, consent_on=consent_on):
            data = holder._asdict() | {"consent_on": consent_on, "erased_on": None}
            Holder.objects.update_or_create(card=_card(effect.idm), defaults=data)
        case KindSet(kind=kind, named=named, expires=expires):
            _rows(effect.idm).update(kind=kind, named=named, expires=expires)
        case StateSet(state=state):
            _rows(effect.idm).update(state=state)
        case DepositReturned():
            _rows(effect.idm).update(deposit_yen=0)
        case Replaced():
            _replace(effect)
        case PassSold():
            _sell(effect)
        case PassRefunded(row=row, on=on):
            SoldPass.objects.filter(pk=row).update(refunded_on=on)
        case Reported():
            _report_given(effect, act)
        case ReportClosed(row=row):
            ReissueSlip.objects.filter(pk=row).update(used_by=act)
        case _:
            _tell_vehicles(effect, act)


def _tell_vehicles(effect: ToVehicles, act: CounterAct) -> None:
    idm = idm_text(effect.idm)
    match effect:
        case Directed(first_day=first_day, changes=changes):
            bundles.direct(_card(effect.idm), first_day, changes)
        case DirectivesApplied(last_number=last_number):
            bundles.seen(idm, last_number, act.ended_at_s or act.begun_at_s)
        case DirectivesWithdrawn(numbers=numbers):
            for waiting in DirectiveRow.objects.filter(card__idm=idm, number__in=numbers):
                bundles.withdraw(_as_it_is_now(waiting), act.operation)
        case Stopped(why=why):
            bundles.stop(idm, why, act.clerk)
        case StopLifted():
            bundles.unstop(idm, act.note, act.clerk)


def _as_it_is_now(directive: DirectiveRow) -> DirectiveRow:
    """It may have had another number given since the operation began."""
    while directive.instead is not None:
        directive = directive.instead
    return directive


def _card(idm: bytes) -> Card:
    return Card.objects.get(idm=idm_text(idm))


def _rows(idm: bytes) -> QuerySet[Card]:
    return Card.objects.filter(idm=idm_text(idm))


def _replace(effect: Replaced) -> None:
    """Passes and what was agreed go with the new card, so that it can be refunded, renewed and charged as the old."""
    old, new = _card(effect.old), _card(effect.new)
    old.passes.filter(refunded_on=None).update(card=new)
    for agreed in old.auto_charges.all():
        agreed.pk, agreed.card = None, new
        agreed.save()
    old.replaced_by = new
    if effect.deposit_moves:
        old.deposit_yen = 0
    old.save()
    takes_over(old.idm, new.idm)


def _sell(effect: PassSold) -> None:
    held = effect.held
    SoldPass.objects.create(
        card=_card(effect.idm),
        product=effect.product,
        company=held.company,
        first_day=held.first_day,
        last_day=held.last_day,
        bearer=held.bearer,
        area=held.area,
        line=held.line,
        sections=[list(section) for section in held.sections],
        stop_names=[list(names) for names in effect.stop_names],
        price_yen=effect.price_yen,
        sold_on=effect.sold_on,
    )


def _report_given(effect: Reported, act: CounterAct) -> None:
    """A slip. One that has run out gives way to it."""
    card = _card(effect.idm)
    if effect.why is ReportedWhy.LOST:
        # The stop takes hold by opening time on the day after (IGP-21): from then on its uses are not the holder's.
        cut_off(card.idm, effect.applied_on + timedelta(days=1))
    ReissueSlip.objects.filter(card=card, used_by=None).update(used_by=act)
    ReissueSlip.objects.create(
        card=card,
        act=act,
        why=effect.why,
        applied_on=effect.applied_on,
        slip_on=effect.slip_on,
        held=plain(effect.held) if effect.held else None,
    )
