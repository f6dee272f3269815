"""Passengers and their cards (模擬), drawn from a seed: who rides from where to where, on what, with which mishaps."""

from collections.abc import Callable, Container
from datetime import date, timedelta
from random import Random
from typing import NamedTuple, Protocol
from zlib import crc32

from cardimage.image import CardImage
from cardimage.issue import NUMBER_PREFIXES, issue, made_up_number
from cardimage.layout.bits import LayoutFault
from cardimage.layout.conditions import MOST_PRICED_YEN
from cardimage.layout.days import FIRST_DAY
from cardimage.layout.slots import Slot
from farebox.feed.gtfs import Trip
from farebox.tap import Service
from sim.hardware.field import Moment, Withdrawal
from tariff.account import Account, AutoCharge, Coupons, HolderKind, Pass, Points, Section
from tariff.purses import Payment
from tariff.riders import HOLDER_ALONE, Party

FORGETS_BOARDING = 0.02
WITHDRAWS = 0.02
TAPS_TWICE = 0.02
REUSES_A_CARD = 0.5
_COMMANDS_OF_A_TAP = 6


class Holdings(NamedTuple):
    """What cards hold: stored fare and coupon purses in yen, and points, which are owed as a yen each."""

    stored_fare_yen: int = 0
    coupons_yen: int = 0
    points: int = 0

    @property
    def total_yen(self) -> int:
        """All of it, a point counted as a yen."""
        return sum(self)

    def plus(self, other: "Holdings") -> "Holdings":
        """Those of two together."""
        return Holdings(*(a + b for a, b in zip(self, other, strict=True)))


def holdings(card: Account | Slot) -> Holdings:
    """What one card holds, by what it means or by its own slot."""
    points = card.points.points if card.points else 0
    return Holdings(card.stored_fare_yen, sum(card.coupons or ()), points + card.welfare_points)


class SimCard(NamedTuple):
    """A card in a simulated passenger's hand. `label` is how the table calls it; `opening` what it began with."""

    label: str
    scheme: str
    image: CardImage
    opening: Holdings


class Rider(NamedTuple):
    """One ride to come: places on the pattern, and what will go wrong.

    `pays` is what the passenger chooses when short of stored fare (GEN-10); `withdrawal` is tried at the alighting tap.
    """

    card: SimCard
    boards: int
    alights: int
    forgets_boarding: bool
    taps_twice: bool
    pays: Payment
    withdrawal: Withdrawal | None
    party: Party = HOLDER_ALONE


class Passengers(Protocol):
    """Who rides on one vehicle, trip by trip, and the cards they have shown so far."""

    cards: list[SimCard]

    def riders(self, trip: Trip, service: Service) -> list[Rider]:
        """Who rides this trip."""


class Population:
    """The cards of one vehicle's riders: issued as they are needed, used again on later trips."""

    def __init__(self, random: Random, day: date, vehicle_id: str, mean_riders: float) -> None:
        """Take the source of chance, the day, the vehicle they ride in, and how many ride a trip on average."""
        self.cards: list[SimCard] = []
        self._random = random
        self._day = day
        self._vehicle_id = vehicle_id
        self._mean_riders = mean_riders

    def riders(self, trip: Trip, service: Service, busy: Container[bytes] = ()) -> list[Rider]:
        """Who rides this trip: pairs of stops where boarding and alighting are allowed, each on a card not in use;
        `busy` are the IDms of those that ride elsewhere meanwhile.
        """
        random = self._random
        pairs = [
            (start, end)
            for start, boards in enumerate(trip.may_board)
            if boards
            for end in range(start + 1, len(trip.may_alight))
            if trip.may_alight[end]
        ]
        if not pairs:
            return []
        count = min(_poisson(random, self._mean_riders), 80)
        free = [card for card in self.cards if card.scheme == service.rulebook.scheme and card.image.idm not in busy]
        random.shuffle(free)
        riders = []
        for _ in range(count):
            boards, alights = random.choice(pairs)
            reuse = free and random.random() < REUSES_A_CARD
            card = free.pop() if reuse else self._issue(service, boards, alights)
            riders.append(self._rider(card, boards, alights))
        return riders

    def _rider(self, card: SimCard, boards: int, alights: int) -> Rider:
        random = self._random
        command = random.randint(2, _COMMANDS_OF_A_TAP)
        moment = random.choice(list(Moment))
        return Rider(
            card,
            boards,
            alights,
            forgets_boarding=random.random() < FORGETS_BOARDING,
            taps_twice=random.random() < TAPS_TWICE,
            pays=random.choice((Payment.PART_CASH, Payment.ALL_CASH)),
            withdrawal=Withdrawal(command, moment) if random.random() < WITHDRAWS else None,
        )

    def _issue(self, service: Service, boards: int, alights: int) -> SimCard:
        scheme = service.rulebook.scheme
        if scheme not in _KINDS:
            raise LayoutFault(f"no simulated cards of {scheme}; replay with --operator {', '.join(_KINDS)}")
        kind = self._random.choices(_KINDS[scheme], _WEIGHTS[scheme])[0]
        account = kind(self._random, self._day, service, (boards, alights))
        number = len(self.cards) + 1
        idm = idm_on(self._vehicle_id, number)
        image = issue(idm, account, made_up_number(scheme, idm), self._day)
        label = f"{NUMBER_PREFIXES[scheme]}-{self._vehicle_id}-{number:03}"
        card = SimCard(label, scheme, image, holdings(account))
        self.cards.append(card)
        return card


def idm_on(vehicle_id: str, number: int) -> bytes:
    """The IDm of the n-th card that is seen on a vehicle: of no other's, so that vehicles are replayed apart."""
    return bytes.fromhex("012E") + crc32(vehicle_id.encode()).to_bytes(4, "big") + number.to_bytes(2, "big")


def _poisson(random: Random, mean: float) -> int:
    """Knuth's way; the means here are small."""
    count, left = 0, random.random()
    threshold = 2.718281828459045**-mean
    while left > threshold:
        count += 1
        left *= random.random()
    return count


# -- kinds of card. A function each: chance, the day, the service and the ride's places -> the account on the card.

_Kind = Callable[[Random, date, Service, tuple[int, int]], Account]


def _purse_yen(random: Random) -> int:
    """Mostly enough, sometimes too little for the ride (GEN-10)."""
    return random.choice((0, 50, 120, 195)) if random.random() < 0.08 else random.randrange(500, 8_000, 10)


def _filled(random: Random, service: Service) -> Account:
    """A card with money on it: stored fare, or NORUCA's ordinary coupons, which it counts in tens."""
    scheme, yen = service.rulebook.scheme, _purse_yen(random)
    return Account(scheme, 0, coupons=Coupons(yen // 10 * 10, 0, 0)) if scheme == "noruca" else Account(scheme, yen)


def _general(random: Random, _day: date, service: Service, _ride: tuple[int, int]) -> Account:
    return _filled(random, service)


def _child(random: Random, day: date, service: Service, _ride: tuple[int, int]) -> Account:
    expires = date(day.year + (1 if day.month > 3 else 0), 3, 31)
    return _filled(random, service)._replace(holder=HolderKind.CHILD, named=True, expires=expires)


def _disabled(random: Random, _day: date, service: Service, _ride: tuple[int, int]) -> Account:
    return _filled(random, service)._replace(holder=HolderKind.DISABLED_ADULT, named=True)


def _pass_holder(random: Random, day: date, service: Service, ride: tuple[int, int]) -> Account:
    """A pass on part of the pattern around the ride: some rides lie within it, others ride past it.

    Nobody sells a pass on a section that has no fare, or one that the card can't hold: such a rider has none.
    """
    last = len(service.table.pattern.stop_names) - 1
    start = random.randint(0, max(0, min(ride[1] - 1, last - 1)))
    end = random.randint(start + 1, last)
    first = max(FIRST_DAY, day - timedelta(days=random.randint(0, 20)))
    filled = _filled(random, service)
    fare_yen = service.table.fare_yen(start, end) if service.table.has_fare(start, end) else MOST_PRICED_YEN + 1
    if fare_yen > MOST_PRICED_YEN or fare_yen % 10:
        return filled
    numbers = service.table.pattern.stop_numbers
    section = Section(numbers[start], numbers[end], False, fare_yen)
    held = Pass(1, service.company, first, first + timedelta(days=29), False, (section,))
    return filled._replace(named=True, held_pass=held)


def _auto_charged(random: Random, _day: date, service: Service, _ride: tuple[int, int]) -> Account:
    charge = AutoCharge(random.choice((100, 1_000)), random.choice((1_000, 3_000)), 99_000, 99_000)
    return Account(service.rulebook.scheme, random.randrange(0, 2_500, 10), named=True, auto_charge=charge)


def _points_holder(random: Random, day: date, service: Service, _ride: tuple[int, int]) -> Account:
    """Transport points: too few for a ride, enough for some, or lapsed since (IGP-28 to IGP-30)."""
    days = random.choice((3, 40, 200, 364, 400, 500))
    points = Points(random.choice((1, 35, 180, 600, 2_000)), max(FIRST_DAY, day - timedelta(days=days)))
    return _filled(random, service)._replace(points=points)


def _welfare(random: Random, day: date, service: Service, ride: tuple[int, int]) -> Account:
    """Welfare points, with transport points or without (IGP-5)."""
    card = _points_holder(random, day, service, ride) if random.random() < 0.5 else _filled(random, service)
    return card._replace(holder=HolderKind.DISABLED_ADULT, named=True, welfare_points=random.choice((20, 250, 3_000)))


def _student(random: Random, _day: date, service: Service, _ride: tuple[int, int]) -> Account:
    """Student coupons, ordinary ones for what those leave over (NOR-10)."""
    coupons = Coupons(random.randrange(0, 3_000, 10), random.randrange(0, 1_000, 10), 0)
    return Account(service.rulebook.scheme, 0, named=True, coupons=coupons)


def _eco(random: Random, _day: date, service: Service, _ride: tuple[int, int]) -> Account:
    """Eco coupons, which pay on three days of the month, and ordinary ones (NOR-3)."""
    coupons = Coupons(random.randrange(200, 3_000, 10), 0, random.randrange(50, 2_000, 10))
    return Account(service.rulebook.scheme, 0, coupons=coupons)


_KINDS: dict[str, tuple[_Kind, ...]] = {
    "lococa": (_general, _child, _disabled, _pass_holder),
    "aizu-noruca": (_general, _child, _disabled, _pass_holder, _auto_charged),
    "iwate-green-pass": (_general, _child, _disabled, _pass_holder, _points_holder, _welfare),
    "noruca": (_general, _child, _disabled, _pass_holder, _student, _eco),
}
_WEIGHTS = {
    "lococa": (55, 12, 8, 25),
    "aizu-noruca": (35, 12, 8, 20, 25),
    "iwate-green-pass": (25, 10, 5, 15, 30, 15),
    "noruca": (30, 10, 5, 15, 20, 20),
}
