"""The cards of a scenario, made as it says them: the counter of its operator."""

from typing import NamedTuple

from cardimage.contents import account_on
from cardimage.image import CardImage
from cardimage.issue import issue, made_up_number
from cardimage.layout.bits import LayoutFault
from farebox.tap import Service
from sim.scenario.faults import Misfit
from sim.scenario.roads import Files, Roads, company_of
from sim.scenario.schema import KINDS, AutoChargeSaid, BusSaid, CardSaid, PassSaid
from tariff.account import (
    Account,
    AutoCharge,
    AutoCharged,
    Coupons,
    HolderKind,
    Pass,
    Points,
    RideMark,
    RideState,
    Section,
)
from tariff.calendar import day_in_japan
from tariff.refusal import Refusal
from tariff.rulebook import Purse, Rulebook


class Card(NamedTuple):
    """A card of the scenario: its image, and what it holds in the beginning."""

    name: str
    image: CardImage
    opening: Account


def account_of(image: CardImage) -> Account:
    """What a card means now, by its own blocks."""
    blocks = image.lite_s_blocks()
    assert blocks is not None
    account = account_on(blocks)
    if isinstance(account, Refusal):
        raise Misfit(f"the card can't be read: {account.detail}")
    return account


class Office:
    """Where cards and passes are made as a scenario says them: the counter of the bus's operator."""

    def __init__(self, roads: Roads, files: Files, bus: BusSaid, at: Service) -> None:
        """Cards are of the bus's operator where nothing else is said."""
        self._roads = roads
        self._operators = files.operators(bus.operator_file)
        self._files = files
        self._service = at
        self._today = day_in_japan(at.began_s)

    def card(self, name: str, number: int, said: CardSaid) -> Card:
        """A card, made anew. Raises Misfit for what its operator's cards don't have."""
        if said.recorded is not None:
            image = self._files.card(said.recorded, said.taken_for)
            return Card(name, image, account_of(image))
        account = self._account(said)
        idm = bytes.fromhex("012E5CE0") + number.to_bytes(4, "big")
        try:
            image = issue(idm, account, made_up_number(account.scheme, idm), self._today)
        except LayoutFault as fault:
            raise Misfit(f"card {name}: {fault}") from None
        return Card(name, image, account)

    def held_pass(self, said: PassSaid, rulebook: Rulebook) -> Pass:
        """A pass as its operator sells it."""
        product = rulebook.products[0] if said.product is None else rulebook.product_named(said.product)
        if product is None:
            known = ", ".join(one.name for one in rulebook.products)
            raise Misfit(f"pass: no product {said.product!r} with {rulebook.name}; there are {known}")
        ends = [(pair[0], pair[1]) for pair in said.sections]
        if said.from_ is not None and said.to is not None:
            ends.insert(0, (said.from_, said.to))
        sections = tuple(self._section(pair, said) for pair in ends)
        area = next((one.number for one in rulebook.areas if one.name == said.area), None) if said.area else 0
        line = next((one.number for one in rulebook.lines if one.name == said.line), None) if said.line else 0
        if area is None or line is None:
            raise Misfit(
                f"pass: {rulebook.name} has no {'area ' + str(said.area) if area is None else 'line ' + str(said.line)}"
            )
        company = self._service.company if said.company is None else company_of(rulebook, said.company).number
        bearer = product.bearer if said.bearer is None else said.bearer
        return Pass(product.number, company, said.first, said.last, bearer, sections, area, line)

    def auto_charge(self, said: AutoChargeSaid, rulebook: Rulebook) -> AutoCharge:
        """An arrangement, with the caps first offered where none are said."""
        offer = rulebook.auto_charge_offer
        day_cap = said.day_cap if said.day_cap is not None else offer.first_day_cap_yen if offer else None
        month_cap = said.month_cap if said.month_cap is not None else offer.first_month_cap_yen if offer else None
        if day_cap is None or month_cap is None:
            raise Misfit(f"auto_charge: {rulebook.name} offers none; say day_cap and month_cap")
        return AutoCharge(said.trigger, said.amount, day_cap, month_cap)

    def rulebook(self, scheme: str | None) -> Rulebook:
        """The rules of a scheme on the scenario's day."""
        return self._service.rulebook if scheme is None else self._operators.on(scheme, self._today)

    def _section(self, ends: tuple[str, str], said: PassSaid) -> Section:
        priced_yen = said.priced_on if said.priced_on is not None else self._roads.priced_yen(ends)
        start, end = map(self._roads.stop_number, ends)
        return Section(start, end, said.one_way, priced_yen)

    def _account(self, said: CardSaid) -> Account:
        rulebook = self.rulebook(said.operator)
        held = self.held_pass(said.pass_, rulebook) if said.pass_ else None
        product = rulebook.product(held.product) if held else None
        has_coupons = any(rules.name is Purse.REGULAR for rules in rulebook.purses) and not said.pass_only
        coupons = said.coupons
        if coupons is not None and not has_coupons:
            raise Misfit(f"coupons: a card of {rulebook.name} has no such purse")
        kind, charge = KINDS[said.kind], said.auto_charge
        named = said.named
        if named is None:
            named = kind is not HolderKind.ADULT or charge is not None or bool(product and product.named_card)
        return Account(
            scheme=rulebook.scheme,
            stored_fare_yen=said.balance or 0,
            holder=kind,
            named=named,
            expires=said.expires,
            ride=self._ride(said),
            held_pass=held,
            auto_charge=self.auto_charge(charge, rulebook) if charge else None,
            auto_charged=AutoCharged(charge.charged_on, charge.charged_day, charge.charged_month)
            if charge and charge.charged_on
            else None,
            coupons=Coupons(coupons.regular, coupons.student, coupons.eco)
            if coupons
            else Coupons(0, 0, 0)
            if has_coupons
            else None,
            points=Points(said.points, said.points_on or self._today) if said.points or said.points_on else None,
            welfare_points=said.welfare_points,
        )

    def _ride(self, said: CardSaid) -> RideMark | None:
        ride = said.ride
        if ride is None:
            return None
        state = RideState.OPEN if ride.state == "open" else RideState.CLOSED
        return RideMark(state, ride.on, ride.trip_number, ride.place, self._service.company)
