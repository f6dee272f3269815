"""Every kind of tap there is, as a table: the card, what the tap sends, and what it comes to.

A scene is one of them on a bus, everything before it done without a mishap.
"""

from array import array
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

from cardimage.image import Blocks, CardImage
from cardimage.layout.blocks import BANKS, NUMBER_BLOCK, SLOT_BLOCKS
from cardimage.layout.slots import Slot
from cardimage.shadow import shadow_of
from farebox.formats.bundle import AutoChargeSet, Directive, PassGiven, directives_of
from farebox.journal.fold import Ledger
from farebox.result import Result, Side
from farebox.tap import Service
from farebox.terms import NO_ORDERS, Orders
from sim.bench import FieldsBench
from sim.demand import Holdings, holdings
from sim.hardware.field import Withdrawal
from sim.hardware.memory_disk import MemoryDisk
from tariff.account import Account, HolderKind, Points, RideState
from tariff.fares import FareTable
from tariff.purses import Payment
from tariff.refusal import Code
from tariff.riders import Party, RiderClass
from tariff.single_tap import Taps
from tests.farebox.bus import (
    DAY,
    TO_IWAKI_TANAGURA,
    TO_SHIN_SHIRAKAWA,
    Bus,
    account_of,
    aizu,
    card_with,
    in_layout_1,
    iwate,
    lococa,
    noruca,
    service,
    standing_slot,
    stop_number,
)
from tests.farebox.field_bench import FieldBench
from tests.reader.transit_card import transit_card

BOARDS, ALIGHTS = Side.BOARDING, Side.ALIGHTING
ON_A_PASS = ("磐城棚倉", "南湖公園")
ECO_DAY = date(2026, 11, 21)
AIZU_TRIP = "NISHIWAKA-W01"
IGP, NORUCA = "iwate-green-pass", "noruca"
_BOARDED = Ledger(boardings=1)
_FARE = Ledger(-500, 0, 0, 500, 1, 1)
"""500 yen from stored fare, 磐城棚倉 to 新白河."""


class Kind(NamedTuple):
    """One kind of tap. `sends` are its commands; `ledger` is what the ride adds up to once the tap is done.

    `told` and `pays` are what the driver was told before the tap (LOC-15), or keyed for it (GEN-10). `orders` come from
    the centre, to every bus, after the card has boarded if the tap is an alighting. `cancels` is the tap that takes the
    settlement back (GEN-22), which all that was told, paid and ordered was for.
    """

    side: Side
    card: Callable[[], CardImage]
    sends: str
    ledger: Ledger
    scheme: str | None = None
    trip: str = TO_SHIN_SHIRAKAWA
    to: str = "新白河"
    day: date = DAY
    taps: Taps = Taps.BOTH
    told: Party | None = None
    pays: Payment | None = None
    orders: Orders = NO_ORDERS
    cancels: bool = False

    @property
    def commands(self) -> int:
        """How many commands the tap sends, the poll included."""
        return len(self.sends.split())

    def service(self, trip: str | None = None) -> Service:
        """The trip it is made on, or another one; where one tap is asked for, all fares are 210 yen (GEN-6)."""
        on = service(trip or self.trip, self.day, self.scheme)
        if self.taps is Taps.BOTH:
            return on
        flat = FareTable(on.table.pattern, array("i", [210] * on.table.size**2))
        return on._replace(table=flat, taps=self.taps)


def _suica() -> CardImage:
    return shadow_of(transit_card(), "suica", 2_000)


def _named(card: Account) -> CardImage:
    return card_with(card._replace(named=True), 17)


_FAMILY = Party(companions=(RiderClass.ADULT, RiderClass.CHILD))
_PLAIN = "poll challenge read"

RENEWED = Directive(
    1,
    DAY,
    (
        PassGiven(
            1,
            0,
            DAY,
            date(2026, 12, 19),
            False,
            ((stop_number(ON_A_PASS[0]), stop_number(ON_A_PASS[1]), False, 500),),
        ),
    ),
)
"""A pass on the same section, from today."""


def orders_for(idm: bytes, *directives: Directive) -> Orders:
    """What the centre has for one card."""
    return Orders(directives=directives_of(1, 0, {idm: directives}))


KINDS: dict[str, Kind] = {
    "board-general": Kind(BOARDS, lambda: lococa(2_000), f"{_PLAIN} commit", _BOARDED),
    "board-pass": Kind(BOARDS, lambda: lococa(2_000, section=ON_A_PASS), f"{_PLAIN} conditions commit", _BOARDED),
    "board-auto-charge": Kind(
        BOARDS, lambda: aizu(50, 100, 1_000), f"{_PLAIN} conditions commit", _BOARDED, trip=AIZU_TRIP
    ),
    "board-points": Kind(
        BOARDS, lambda: iwate(500, Points(80, date(2026, 3, 1)), 40), f"{_PLAIN} commit", _BOARDED, IGP
    ),
    "board-coupons": Kind(BOARDS, lambda: noruca(1_000, 500, 300), f"{_PLAIN} commit", _BOARDED, NORUCA),
    "board-layout-1": Kind(BOARDS, lambda: in_layout_1(lococa(2_000)), f"{_PLAIN} commit", _BOARDED),
    "board-layout-1-pass": Kind(
        BOARDS,
        lambda: in_layout_1(lococa(2_000, section=ON_A_PASS)),
        f"{_PLAIN} conditions bank bank commit",
        _BOARDED,
    ),
    "board-suica": Kind(BOARDS, _suica, f"{_PLAIN} commit", _BOARDED),
    "alight-general": Kind(ALIGHTS, lambda: lococa(2_000), f"{_PLAIN} history commit", _FARE),
    "alight-suica": Kind(ALIGHTS, _suica, f"{_PLAIN} history commit", _FARE),
    "alight-child": Kind(
        ALIGHTS,
        lambda: lococa(2_000, holder=HolderKind.CHILD),
        f"{_PLAIN} conditions history commit",
        Ledger(-250, 0, 0, 250, 1, 1),
    ),
    "alight-pass": Kind(
        ALIGHTS,
        lambda: lococa(2_000, section=ON_A_PASS),
        f"{_PLAIN} conditions history commit",
        Ledger(-250, 0, 0, 250, 1, 1),
    ),
    "alight-auto-charge": Kind(
        ALIGHTS,
        lambda: aizu(50, 100, 1_000),
        f"{_PLAIN} conditions history commit",
        Ledger(770, 0, 1_000, 230, 1, 1),
        trip=AIZU_TRIP,
        to="西若松駅東口",
    ),
    "alight-part-cash": Kind(
        ALIGHTS,
        lambda: lococa(195),
        f"{_PLAIN} history commit",
        Ledger(-190, 310, 0, 500, 1, 1),
        pays=Payment.PART_CASH,
    ),
    "alight-all-cash": Kind(
        ALIGHTS,
        lambda: lococa(195),
        f"{_PLAIN} history commit",
        Ledger(0, 500, 0, 500, 1, 1),
        pays=Payment.ALL_CASH,
    ),
    "alight-companions": Kind(
        ALIGHTS,
        lambda: lococa(2_000),
        f"{_PLAIN} history commit",
        Ledger(-1_250, 0, 0, 1_250, 1, 1),
        told=_FAMILY,
    ),
    "alight-points-earned": Kind(
        ALIGHTS,
        lambda: iwate(2_000),
        f"{_PLAIN} history commit",
        _FARE._replace(points_delta=15, points_earned=15),
        IGP,
    ),
    "alight-points-used": Kind(
        ALIGHTS,
        lambda: iwate(2_000, Points(600, date(2026, 3, 1))),
        f"{_PLAIN} history commit",
        Ledger(0, 0, 0, 500, 1, 1, points_delta=-500),
        IGP,
    ),
    "alight-points-lapsed": Kind(
        ALIGHTS,
        lambda: iwate(2_000, Points(600, date(2025, 3, 1))),
        f"{_PLAIN} history commit",
        _FARE._replace(points_delta=-585, points_earned=15, points_lapsed=600),
        IGP,
    ),
    "alight-welfare-points": Kind(
        ALIGHTS,
        lambda: iwate(2_000, Points(20, date(2026, 3, 1)), 700),
        f"{_PLAIN} history commit",
        Ledger(0, 0, 0, 500, 1, 1, points_delta=-500),
        IGP,
    ),
    "alight-points-short": Kind(
        ALIGHTS,
        lambda: iwate(195, Points(20, date(2026, 3, 1))),
        f"{_PLAIN} history commit",
        Ledger(-190, 310, 0, 500, 1, 1, points_delta=5, points_earned=5),
        IGP,
        pays=Payment.PART_CASH,
    ),
    "alight-coupons": Kind(
        ALIGHTS,
        lambda: noruca(2_000),
        f"{_PLAIN} history commit",
        Ledger(0, 0, 0, 500, 1, 1, coupons_delta_yen=-500),
        NORUCA,
    ),
    "alight-student-coupons": Kind(
        ALIGHTS,
        lambda: _named(Account("noruca", 0, coupons=standing_slot(noruca(2_000, 300, 100)).slot.coupons)),
        f"{_PLAIN} conditions history commit",
        Ledger(0, 0, 0, 500, 1, 1, coupons_delta_yen=-500),
        NORUCA,
    ),
    "alight-eco-coupons": Kind(
        ALIGHTS,
        lambda: noruca(2_000, 0, 200),
        f"{_PLAIN} history commit",
        Ledger(0, 0, 0, 500, 1, 1, coupons_delta_yen=-500),
        NORUCA,
        day=ECO_DAY,
    ),
    "alight-coupons-short": Kind(
        ALIGHTS,
        lambda: noruca(190),
        f"{_PLAIN} history commit",
        Ledger(0, 310, 0, 500, 1, 1, coupons_delta_yen=-190),
        NORUCA,
        pays=Payment.PART_CASH,
    ),
    "one-tap-boarding": Kind(
        BOARDS, lambda: lococa(2_000), f"{_PLAIN} history commit", Ledger(-210, 0, 0, 210, 0, 1), taps=Taps.BOARDING
    ),
    "one-tap-alighting": Kind(
        ALIGHTS,
        lambda: iwate(2_000),
        f"{_PLAIN} history commit",
        Ledger(-210, 0, 0, 210, 0, 1, points_delta=6, points_earned=6),
        IGP,
        taps=Taps.ALIGHTING,
    ),
    "one-tap-layout-1-pass": Kind(
        ALIGHTS,
        lambda: in_layout_1(lococa(2_000, section=ON_A_PASS)),
        f"{_PLAIN} conditions history bank bank commit",
        Ledger(-210, 0, 0, 210, 0, 1),
        taps=Taps.ALIGHTING,
    ),
    "board-directive-renewal": Kind(
        BOARDS,
        lambda: lococa(2_000, section=ON_A_PASS),
        f"{_PLAIN} conditions bank bank commit",
        _BOARDED,
        orders=orders_for(lococa(0).idm, RENEWED),
    ),
    "board-directive-first-pass": Kind(
        BOARDS, lambda: lococa(2_000), f"{_PLAIN} bank bank commit", _BOARDED, orders=orders_for(lococa(0).idm, RENEWED)
    ),
    "alight-directive-renewal": Kind(
        ALIGHTS,
        lambda: lococa(2_000),
        f"{_PLAIN} history bank bank commit",
        Ledger(-250, 0, 0, 250, 1, 1),
        orders=orders_for(lococa(0).idm, RENEWED),
    ),
    "alight-directive-auto-charge": Kind(
        ALIGHTS,
        lambda: aizu(250, 100, 1_000),
        f"{_PLAIN} conditions history bank bank commit",
        Ledger(2_770, 0, 3_000, 230, 1, 1),
        trip=AIZU_TRIP,
        to="西若松駅東口",
        orders=orders_for(aizu(0, 100, 1_000).idm, Directive(1, DAY, (AutoChargeSet(500, 3_000, 9_000, 9_000),))),
    ),
}
"""By name."""

CANCELS = {
    **dict.fromkeys(("alight-general", "alight-suica", "alight-part-cash", "alight-companions"), _PLAIN),
    **dict.fromkeys(("alight-points-used", "alight-points-lapsed", "alight-welfare-points"), _PLAIN),
    **dict.fromkeys(("alight-coupons-short", "one-tap-alighting"), _PLAIN),
    **dict.fromkeys(("alight-pass", "alight-auto-charge", "alight-student-coupons"), f"{_PLAIN} conditions"),
    **dict.fromkeys(("alight-directive-renewal", "alight-directive-auto-charge"), f"{_PLAIN} conditions"),
}
"""The settlements that are taken back too, and what reads their card: then one block is written, and no history row."""
KINDS |= {
    name.replace("alighting", "cancelled").replace("alight", "cancel"): KINDS[name]._replace(
        sends=f"{sends} commit",
        ledger=Ledger(boardings=KINDS[name].ledger.boardings, cancelled=1, cancelled_yen=KINDS[name].ledger.fares_yen),
        cancels=True,
    )
    for name, sends in CANCELS.items()
}


class Refused(NamedTuple):
    """A card that is refused at every tap: why, and what it is sent until then."""

    card: Callable[[], CardImage]
    code: Code
    sends: str


def _wiped() -> CardImage:
    card = lococa(2_000)
    blocks = card.lite_s_blocks()
    assert blocks is not None
    for block in (*SLOT_BLOCKS, NUMBER_BLOCK, *BANKS[0], *BANKS[1]):
        blocks[block] = bytes(16)
    return card


REFUSED: dict[str, Refused] = {
    "foreign": Refused(transit_card, Code.FOREIGN_CARD, "poll poll"),
    "void": Refused(_wiped, Code.UNREADABLE_CARD, _PLAIN),
    "another-operators": Refused(lambda: aizu(2_000, 100, 1_000), Code.FOREIGN_CARD, f"{_PLAIN} conditions"),
    "expired": Refused(
        lambda: card_with(Account("lococa", 2_000, expires=date(2026, 11, 19))),
        Code.EXPIRED_CARD,
        f"{_PLAIN} conditions",
    ),
}


class Scene:
    """A bus at the stop where the tap under test is made."""

    def __init__(self, kind: Kind, bench: FieldsBench, folder: Path) -> None:
        self.kind, self.bench = kind, bench
        self._folder = folder
        self.bus = Bus(folder, bench, name="BUS-1", disk=MemoryDisk())
        self.bus.begin_on(kind.service())
        self.card = kind.card()
        self.ride_before = standing_slot(self.card).slot.ride
        self.settled_wrong = False
        self.opening = self.held()
        if kind.side is Side.ALIGHTING:
            if kind.taps is Taps.BOTH:
                self.bus.board(self.card)
            self.bus.drive_to(kind.to)
        self.tell()
        if kind.pays:
            self.bus.alight(self.card)
            self.bus.terminal.answer_payment(kind.pays)
        self.bus.orders = self.bus.terminal.orders = kind.orders
        if kind.cancels:
            self.ride_before = standing_slot(self.card).slot.ride
            settled = self.tap()
            assert settled is not None and settled.refusal is None
            self.settled_wrong = True
            self.tell()
        self.before = standing_slot(self.card).slot
        self.account_before = account_of(self.card)

    # -- what happens

    def tap(self, withdrawal: Withdrawal | None = None) -> Result | None:
        """The tap under test, or the one after it."""
        return self.bus.tap(self.kind.side, self.card, withdrawal)

    def tell(self) -> None:
        """The driver is told who rides along; or that the settlement was wrong."""
        if self.settled_wrong:
            self.bus.terminal.begin_cancelling()
        elif self.kind.told:
            self.bus.terminal.expect_party(self.kind.told)

    def restart(self, disk: MemoryDisk) -> None:
        """The terminal begins anew from its journal, and the driver from what the passenger says."""
        stop = self.bus.at_stop
        self.bus.restart(disk)
        self.bus.begin_on(self.kind.service()).drive_to(stop)
        if not self.is_done():
            self.tell()

    def finish(self) -> None:
        """Touch again until the tap is done; whatever is asked, the driver keys."""
        if self.kind.cancels and self.is_done() and self.card.idm not in self.bus.terminal.pending:
            return  # touched once more it would be settled again, as it should
        for _ in range(4):
            result = self.tap()
            if result is not None and result.refusal is None:
                return
            if self.bus.terminal.asked and self.kind.pays:
                self.bus.terminal.answer_payment(self.kind.pays)
        raise AssertionError(f"never done: {result}")

    def ride_elsewhere(self) -> Bus:
        """The card boards another bus, on another trip."""
        trip = "NISHIWAKA-W02" if self.kind.trip == AIZU_TRIP else TO_IWAKI_TANAGURA
        other = Bus(self._folder, self.bench, name="BUS-2", disk=MemoryDisk(), orders=self.kind.orders)
        other.begin_on(self.kind.service(trip))
        other.board(self.card)
        return other

    # -- what is seen

    def held(self) -> Holdings:
        """What the card holds."""
        return holdings(standing_slot(self.card).slot)

    def is_done(self) -> bool:
        """Whether the card says that the tap under test was done."""
        ride = standing_slot(self.card).slot.ride
        if self.kind.cancels:
            return ride == self.ride_before
        boards = self.kind.side is Side.BOARDING and self.kind.taps is Taps.BOTH
        return ride is not None and ride.state is (RideState.OPEN if boards else RideState.CLOSED)

    @property
    def action(self) -> str:
        """The tap under test as the journal calls it."""
        if self.kind.cancels:
            return "cancel"
        return "board" if self.kind.ledger.alightings == 0 else "alight"


class Done(NamedTuple):
    """A tap that nothing disturbed: the card then, and how many commands it took."""

    slot: Slot
    account: Account
    commands: int
    ledger: Ledger


@cache
def undisturbed(name: str) -> Done:
    """What a kind of tap comes to by itself."""
    bench = FieldBench()
    scene = Scene(KINDS[name], bench, Path())
    result = scene.tap()
    assert result is not None and result.refusal is None, result
    return Done(
        standing_slot(scene.card).slot,
        account_of(scene.card),
        bench.commands(scene.kind.side),
        scene.bus.ledger()._replace(refused=0),
    )


def blocks_of(card: CardImage) -> dict[int, Blocks]:
    """A copy of everything on a card."""
    return {code: dict(blocks) for system in card.systems.values() for code, blocks in system.items()}
