"""One step of a scenario acted out: what is done on the bus, and what came of it. It judges nothing."""

from datetime import datetime
from typing import NamedTuple

from farebox.clock import ALWAYS
from farebox.formats.bundle import AutoChargeOff, AutoChargeSet, Change, HolderChanged, Hotlist, PassGiven, cards_of
from farebox.formats.journal import Entry
from farebox.hotlist import DAY_S
from farebox.machine import IllegalEvent
from farebox.result import Result, Side
from farebox.table import State
from farebox.top_up import Halt
from sim.bench import FieldsBench
from sim.hardware.field import Moment, Withdrawal
from sim.scenario.faults import Misfit
from sim.scenario.office import Card
from sim.scenario.reading import over
from sim.scenario.roads import at_s
from sim.scenario.schema import FIRST_BUS, KINDS, DirectiveSaid, HotlistSaid, PartySaid, StepSaid
from sim.scenario.world import NOT_SET, Bus, World
from tariff.purses import Payment
from tariff.refusal import Refusal
from tariff.riders import Attendant, Handbook, Party, Piece, RiderClass

TAP_S = 2
"""What one tap takes of the stop's time."""
_TENDS = 12
"""More looks at the note acceptor than any note needs from the slot to the box."""


_LOOKS = 120
"""How often it is looked at while time passes, however long that is."""


class Seen(NamedTuple):
    """What came of a step: the results shown, the last one first asked for; and the bus it happened on.

    `refused` is a refusal that was no result, as when no top-up can begin. `impossible` is why the terminal would not
    have it at all. `returned` are notes that the slot gave back in this step. `entries` are new in the journal.
    """

    bus: Bus
    card: Card | None = None
    results: tuple[Result, ...] = ()
    refused: Refusal | None = None
    impossible: str = ""
    returned: tuple[int, ...] = ()
    entries: tuple[Entry, ...] = ()

    @property
    def last(self) -> Result | None:
        """The result that stands on the display."""
        return self.results[-1] if self.results else None

    @property
    def refusal(self) -> Refusal | None:
        """Why it was not accepted: the last refusal that was told."""
        told = [result.refusal for result in self.results if result.refusal is not None]
        return self.refused or (told[-1] if told else None)


def act(step: StepSaid, world: World) -> Seen:
    """Do what a step says. Raises Misfit for what the scenario's world does not have."""
    bus = world.bus(step.bus or FIRST_BUS)
    known = len(bus.entries()) if step.journal is not None else 0
    seen = _acted(step, world, bus)
    return seen._replace(entries=bus.entries()[known:]) if step.journal is not None else seen


def _acted(step: StepSaid, world: World, bus: Bus) -> Seen:
    first = len(bus.shown)
    try:
        when_s = world.moment_s(step.time, bus) if step.time else None
        if step.at is not None:
            bus.drive_to(step.at, step.visit, when_s)
        elif when_s is not None:
            world.reach(when_s)
        seen = _done(step, world, bus)
    except IllegalEvent as illegal:
        return Seen(bus, impossible=str(illegal))
    return seen._replace(results=tuple(bus.shown[first:]))


def _done(step: StepSaid, world: World, bus: Bus) -> Seen:  # noqa: PLR0912  # one arm for each act
    terminal = bus.terminal
    if step.board is not None:
        return _tap(step, world, bus, Side.BOARDING, world.cards[step.board])
    if step.alight is not None:
        return _tap(step, world, bus, Side.ALIGHTING, world.cards[step.alight])
    if step.two_cards:
        return _two_cards(step, world, bus)
    if step.top_up is not None:
        return _top_up(step, world, bus, world.cards[step.top_up])
    if step.cancel is not None:
        terminal.begin_cancelling()
        return _tap(step, world, bus, Side.ALIGHTING, world.cards[step.cancel])
    if step.answer_stop is not None:
        terminal.answer_stop(bus.place_of(step.answer_stop, step.visit))
    elif step.answer_payment is not None:
        terminal.answer_payment(Payment(step.answer_payment))
    elif step.drop_question:
        terminal.drop_question()
    elif step.paper is not None:
        terminal.log_paper(step.paper, step.yen)
    elif step.drive_to is not None:
        bus.drive_to(step.drive_to, step.visit, None)
    elif step.next_stop:
        bus.next_stop()
    elif step.end_trip:
        terminal.end_trip()
    elif step.end_duty:
        terminal.end_duty()
    elif step.restart or step.power_cut:
        bus.restart(flushed=step.restart)
    elif step.begin_trip is not None:
        bus.begin_trip(over(bus.said, step.begin_trip))
    else:
        _beyond_the_bus(step, world)
    return Seen(bus)


def _beyond_the_bus(step: StepSaid, world: World) -> None:
    """Time passes, clocks are set, the centre speaks."""
    if step.wait_s is not None:
        _wait(world, step.wait_s)
    elif step.set_clock is not None:
        world.clock.now_s = _in_japan_s(step.set_clock)
    elif step.clock_trusted is not None:
        world.trust = ALWAYS if step.clock_trusted else NOT_SET
    elif step.hotlist is not None:
        world.order(world.orders._replace(hotlist=_hotlist(step.hotlist, world)))
    elif step.directive is not None:
        card = world.cards[step.directive.card]
        world.direct(card, tuple(_changes(step.directive, world, card)), step.directive.first)


def _wait(world: World, wait_s: int) -> None:
    """Time passes, and every bus sees to its notes meanwhile."""
    looks = min(wait_s, _LOOKS)
    for look in range(looks):
        world.clock.now_s += wait_s * (look + 1) // looks - wait_s * look // looks
        for bus in world.buses.values():
            bus.terminal.tend()


def _in_japan_s(moment: datetime) -> int:
    return at_s(moment.date(), moment.time())


# -- taps


def _tap(step: StepSaid, world: World, bus: Bus, side: Side, card: Card) -> Seen:
    """Tell the driver who rides along, lay the card, have it looked at, take it away, look again."""
    if step.party is not None:
        bus.terminal.expect_party(party_of(step.party))
    world.clock.now_s += TAP_S
    bus.bench.lay(bus.lies_at(side), card.image, _withdrawal(step))
    bus.terminal.touch(bus.asked_as(side))
    _see_that_it_was_torn(step, bus, bus.lies_at(side))
    bus.bench.lift(bus.lies_at(side))
    bus.terminal.touch(bus.asked_as(side))
    return Seen(bus, card)


def _two_cards(step: StepSaid, world: World, bus: Bus) -> Seen:
    if not isinstance(bus.bench, FieldsBench):
        raise Misfit("two_cards: needs a simulated reader; leave --reader out")
    world.clock.now_s += TAP_S
    one, other = (world.cards[name].image for name in step.two_cards)
    side = bus.lies_at(Side.ALIGHTING)
    bus.bench.lay(side, one)
    bus.bench.lay_beside(side, other)
    bus.terminal.touch(bus.asked_as(Side.ALIGHTING))
    bus.bench.lift(side)
    for _ in range(5):  # two that drown each other out look like none for a moment
        bus.terminal.touch(bus.asked_as(Side.ALIGHTING))
    return Seen(bus)


def _withdrawal(step: StepSaid) -> Withdrawal | None:
    return Withdrawal(step.tear.command, Moment(step.tear.moment)) if step.tear else None


def _see_that_it_was_torn(step: StepSaid, bus: Bus, side: Side) -> None:
    """A tear at a command that never came tries nothing, and would pass all the same."""
    if step.tear is None or not isinstance(bus.bench, FieldsBench):
        return
    came = bus.bench.commands(side)
    if came < step.tear.command:
        raise Misfit(f"tear: the card was not taken away, for it got {came} commands; name one of them, from 1")


def party_of(said: PartySaid) -> Party:
    """Who rides on a card, as the terminal is told."""
    return Party(
        RiderClass(said.holder) if said.holder else None,
        tuple(map(RiderClass, said.companions)),
        tuple(map(RiderClass, said.family)),
        tuple(Attendant(Handbook(one.handbook), one.of_child) for one in said.attendants),
        tuple(Piece(one.kg * 1_000, one.litres * 1_000, one.cm * 10) for one in said.luggage),
    )


# -- a top-up


def _top_up(step: StepSaid, world: World, bus: Bus, card: Card) -> Seen:
    """The driver is asked, the card laid, each note put in and seen to; then the card is taken away."""
    doors = bus.said.doors_open if step.doors_open is None else step.doors_open
    bus.halt = Halt(speed_kmh=step.speed_kmh, doors_open=doors is not False)
    back = len(bus.notes.given_back)
    _tend(world, bus)
    refused = bus.terminal.begin_top_up(Side.ALIGHTING)
    if refused is not None:
        return Seen(bus, card, refused=refused)
    side = bus.lies_at(Side.ALIGHTING)
    bus.bench.lay(side, card.image, _withdrawal(step))
    bus.terminal.touch(bus.asked_as(Side.ALIGHTING))
    for note_yen in step.notes:
        bus.inserted.append(note_yen)
        bus.notes.insert(note_yen)
        _tend(world, bus)
        bus.terminal.touch(bus.asked_as(Side.ALIGHTING))
    _see_that_it_was_torn(step, bus, side)
    bus.bench.lift(side)
    bus.terminal.touch(bus.asked_as(Side.ALIGHTING))
    if bus.terminal.state is State.TOPPING_UP:
        bus.terminal.end_top_up()
    _tend(world, bus)
    return Seen(bus, card, returned=tuple(bus.notes.given_back[back:]))


def _tend(world: World, bus: Bus) -> None:
    for _ in range(_TENDS):
        world.clock.now_s += 1
        bus.terminal.tend()


# -- the centre


def _hotlist(said: HotlistSaid, world: World) -> Hotlist:
    refused, held = (
        cards_of(world.cards[name].image.idm for name in names) for names in (said.refused, said.no_auto_charge)
    )
    version = world.orders.hotlist.version + 1 if world.orders.hotlist else 1
    return Hotlist(version, world.clock.now_s - said.days_old * DAY_S, refused, held)


def _changes(said: DirectiveSaid, world: World, card: Card) -> list[Change]:
    rulebook = world.office.rulebook(card.opening.scheme)
    changes: list[Change] = []
    if said.pass_ is not None:
        held = world.office.held_pass(said.pass_, rulebook)
        sections = tuple((one.from_stop, one.to_stop, one.one_way, one.priced_fare_yen) for one in held.sections)
        changes.append(PassGiven(*held[:5], sections, held.area, held.line))
    if said.auto_charge is not None:
        changes.append(AutoChargeSet(*world.office.auto_charge(said.auto_charge, rulebook)))
    if said.auto_charge_off:
        changes.append(AutoChargeOff())
    if said.kind is not None:
        changes.append(HolderChanged(KINDS[said.kind].value, said.expires))
    return changes
