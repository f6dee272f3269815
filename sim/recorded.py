"""Recorded rides ridden again (模擬): the passengers are those of a file, not of chance.

A row says what the card held before its ride, and that is what the card holds that is laid here. A card that rides
again on the same vehicle, and holds what the row says of it, is the same card still; one that rode elsewhere since,
or was topped up, comes back as a new one that holds what the row says. So no vehicle waits for another, and a ride is
judged by what its row knows, whatever became of the other rides.
"""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from cardimage.contents import account_on
from cardimage.issue import NUMBER_PREFIXES, issue, made_up_number
from cardimage.layout.bits import LayoutFault
from farebox.feed.gtfs import Trip
from farebox.tap import Service
from sim.demand import Rider, SimCard, holdings, idm_on
from tariff.account import Account
from tariff.purses import Payment
from tariff.refusal import Refusal
from tariff.riders import Party


class RecordedRide(NamedTuple):
    """A ride to be ridden again: places on the trip, what the card held before, who rode on it, and how the rest was
    paid if that fell short. `token` is whose card it was, `where` names the row for whoever mends it.
    """

    boarded: int
    alighted: int
    account: Account
    party: Party
    pays: Payment
    token: str
    where: str


RidesByTrip = Mapping[str, tuple[RecordedRide, ...]]
"""trip_id -> its rides, in the order of the file."""


class Recording:
    """The passengers of one vehicle, as they were recorded."""

    def __init__(self, rides: RidesByTrip, day: date, vehicle_id: str) -> None:
        """Take the rides of the vehicle's trips."""
        self.cards: list[SimCard] = []
        self._rides = rides
        self._day = day
        self._vehicle_id = vehicle_id
        self._held: dict[str, SimCard] = {}

    def riders(self, trip: Trip, _service: Service) -> list[Rider]:
        """Who rode this trip. Raises LayoutFault, naming the row, for what no simulated card holds."""
        return [self._rider(ride) for ride in self._rides.get(trip.trip_id, ())]

    def _rider(self, ride: RecordedRide) -> Rider:
        card = self._card(ride)
        pays = Payment.PART_CASH if ride.pays is Payment.CARD else ride.pays
        return Rider(card, ride.boarded, ride.alighted, False, False, pays, None, ride.party)

    def _card(self, ride: RecordedRide) -> SimCard:
        number = len(self.cards) + 1
        scheme = ride.account.scheme
        if scheme not in NUMBER_PREFIXES:
            raise LayoutFault(f"{ride.where}: no simulated cards of {scheme}; leave its rides out")
        idm = idm_on(self._vehicle_id, number)
        label = ride.token or f"{NUMBER_PREFIXES[scheme]}-{self._vehicle_id}-{number:03}"
        try:
            image = issue(idm, ride.account, made_up_number(scheme, idm), self._day)
        except LayoutFault as fault:
            raise LayoutFault(f"{ride.where}: {fault}") from None
        card = SimCard(label, scheme, image, holdings(ride.account))
        known = self._held.get(label)
        if known is not None and _contents(known) == _contents(card):
            return known
        self._held[label] = card
        self.cards.append(card)
        return card


def _contents(card: SimCard) -> Account | Refusal:
    """What a card means by its own blocks, but for its last ride, which no row knows."""
    blocks = card.image.lite_s_blocks()
    assert blocks is not None
    found = account_on(blocks)
    return found if isinstance(found, Refusal) else found._replace(ride=None)
