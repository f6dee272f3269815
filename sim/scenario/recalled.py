"""A card as a scenario says it, from what was seen of it: its slot tells purses and ride, an account its conditions."""

from collections.abc import Mapping

from cardimage.layout.slots import Slot
from sim.scenario.schema import KINDS, AutoChargeSaid, CardSaid, CouponsSaid, PassSaid, RideSaid
from tariff.account import Account, AutoCharge, AutoCharged, Pass, RideMark, RideState
from tariff.rulebook import Purse, Rulebook


def card_said(slot: Slot, known: Account | None, rulebook: Rulebook, stops: Mapping[int, str]) -> CardSaid:
    """A card of a scheme. `known` is None for one that holds no conditions; `stops` are names by register number."""
    plain = known or Account(slot.scheme, 0)
    coupons, points = slot.coupons, slot.points
    has_purses = any(purse.name is Purse.REGULAR for purse in rulebook.purses)
    return CardSaid(
        operator=slot.scheme,
        balance=slot.stored_fare_yen or None,
        kind=next(name for name, kind in KINDS.items() if kind is plain.holder),
        named=plain.named,
        expires=plain.expires,
        pass_=_pass(plain.held_pass, rulebook, stops) if plain.held_pass else None,
        auto_charge=_auto_charge(plain.auto_charge, slot.auto_charged) if plain.auto_charge else None,
        coupons=CouponsSaid(regular=coupons.regular_yen, student=coupons.student_yen, eco=coupons.eco_yen)
        if coupons
        else None,
        pass_only=coupons is None and has_purses,
        points=points.points if points else 0,
        points_on=points.last_day if points else None,
        welfare_points=slot.welfare_points,
        ride=_ride(slot.ride) if slot.ride else None,
    )


def _auto_charge(arranged: AutoCharge, so_far: AutoCharged | None) -> AutoChargeSaid:
    return AutoChargeSaid(
        trigger=arranged.trigger_yen,
        amount=arranged.amount_yen,
        day_cap=arranged.day_cap_yen,
        month_cap=arranged.month_cap_yen,
        charged_on=so_far.day if so_far else None,
        charged_day=so_far.day_yen if so_far else 0,
        charged_month=so_far.month_yen if so_far else 0,
    )


def _pass(held: Pass, rulebook: Rulebook, stops: Mapping[int, str]) -> PassSaid:
    product, area, line = rulebook.product(held.product), rulebook.area(held.area), rulebook.line(held.line)
    first = held.sections[0] if held.sections else None
    return PassSaid(
        product=product.name if product else None,
        sections=tuple((stops.get(one.from_stop, "?"), stops.get(one.to_stop, "?")) for one in held.sections),
        one_way=first.one_way if first else False,
        first=held.first_day,
        last=held.last_day,
        bearer=held.bearer,
        priced_on=first.priced_fare_yen if first else None,
        area=area.name if area else None,
        line=line.name if line else None,
        company=next(one.name for one in rulebook.companies if one.number == held.company),
    )


def _ride(mark: RideMark) -> RideSaid:
    return RideSaid(
        on=mark.day,
        state="open" if mark.state is RideState.OPEN else "closed",
        trip_number=mark.trip_number,
        place=mark.stop_index,
    )
