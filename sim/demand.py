"""Passengers and their cards (模擬), drawn from a seed: who rides from where to where, on what, with which mishaps."""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import NamedTuple
from zlib import crc32

from cardimage.image import CardImage
from cardimage.issue import issue
from cardimage.purse import FIRST_DAY, MOST_PRICED_YEN, LayoutFault
from farebox.feed.gtfs import Trip
from farebox.tap import Service
from sim.hardware.field import Moment, Withdrawal
from tariff.account import Account, AutoCharge, HolderKind, Pass, Section
from tariff.purses import Payment

FORGETS_BOARDING = 0.02
WITHDRAWS = 0.02
TAPS_TWICE = 0.02
REUSES_A_CARD = 0.5
_COMMANDS_OF_A_TAP = 6


class SimCard(NamedTuple):
    """A card in a simulated passenger's hand. `label` is how the table calls it; `opening_yen` what it began with."""

    label: str
    scheme: str
    image: CardImage
    opening_yen: int


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


class Population:
    """The cards of one vehicle's riders: issued as they are needed, used again on later trips."""

    def __init__(self, random: Random, day: date, vehicle_id: str, mean_riders: float) -> None:
        """Take the source of chance, the day, the vehicle they ride in, and how many ride a trip on average."""
        self.cards: list[SimCard] = []
        self._random = random
        self._day = day
        self._vehicle_id = vehicle_id
        self._mean_riders = mean_riders

    def riders(self, trip: Trip, service: Service) -> list[Rider]:
        """Who rides this trip: pairs of stops where boarding and alighting are allowed, each on a card not in use."""
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
        free = [card for card in self.cards if card.scheme == service.rulebook.scheme]
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
            raise LayoutFault(f"no layout for a card of {scheme} yet; replay with --operator {' or '.join(_KINDS)}")
        kind = self._random.choices(_KINDS[scheme], _WEIGHTS[scheme])[0]
        account = kind(self._random, self._day, service, (boards, alights))
        number = len(self.cards) + 1
        mixed = crc32(self._vehicle_id.encode())
        idm = bytes.fromhex("012E") + mixed.to_bytes(4, "big") + number.to_bytes(2, "big")
        image = issue(idm, account, f"{_LABELS[scheme]}{mixed:08X}{number:05}", self._day)
        label = f"{_LABELS[scheme]}-{self._vehicle_id}-{number:03}"
        card = SimCard(label, scheme, image, account.stored_fare_yen)
        self.cards.append(card)
        return card


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


def _general(random: Random, _day: date, service: Service, _ride: tuple[int, int]) -> Account:
    return Account(service.rulebook.scheme, _purse_yen(random))


def _child(random: Random, day: date, service: Service, _ride: tuple[int, int]) -> Account:
    expires = date(day.year + (1 if day.month > 3 else 0), 3, 31)
    return Account(service.rulebook.scheme, _purse_yen(random), HolderKind.CHILD, True, expires)


def _disabled(random: Random, _day: date, service: Service, _ride: tuple[int, int]) -> Account:
    return Account(service.rulebook.scheme, _purse_yen(random), HolderKind.DISABLED_ADULT, True)


def _pass_holder(random: Random, day: date, service: Service, ride: tuple[int, int]) -> Account:
    """A pass on part of the pattern around the ride: some rides lie within it, others ride past it.

    Nobody sells a pass on a section that has no fare, or one that the card can't hold: such a rider has none.
    """
    last = len(service.table.pattern.stop_names) - 1
    start = random.randint(0, max(0, min(ride[1] - 1, last - 1)))
    end = random.randint(start + 1, last)
    first = max(FIRST_DAY, day - timedelta(days=random.randint(0, 20)))
    purse_yen = _purse_yen(random)
    fare_yen = service.table.fare_yen(start, end) if service.table.has_fare(start, end) else MOST_PRICED_YEN + 1
    if fare_yen > MOST_PRICED_YEN or fare_yen % 10:
        return Account(service.rulebook.scheme, purse_yen)
    numbers = service.table.pattern.stop_numbers
    section = Section(numbers[start], numbers[end], False, fare_yen)
    held = Pass(1, service.company, first, first + timedelta(days=29), False, (section,))
    return Account(service.rulebook.scheme, purse_yen, named=True, held_pass=held)


def _auto_charged(random: Random, _day: date, service: Service, _ride: tuple[int, int]) -> Account:
    charge = AutoCharge(random.choice((100, 1_000)), random.choice((1_000, 3_000)), 99_000, 99_000)
    return Account(service.rulebook.scheme, random.randrange(0, 2_500, 10), named=True, auto_charge=charge)


_LABELS = {"lococa": "LO", "aizu-noruca": "AZ"}
_KINDS: dict[str, tuple[_Kind, ...]] = {
    "lococa": (_general, _child, _disabled, _pass_holder),
    "aizu-noruca": (_general, _child, _disabled, _pass_holder, _auto_charged),
}
_WEIGHTS = {"lococa": (55, 12, 8, 25), "aizu-noruca": (35, 12, 8, 20, 25)}
