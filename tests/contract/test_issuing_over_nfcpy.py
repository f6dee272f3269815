"""Cards issued, wiped and rekeyed through the real pyserial and the real nfcpy, taken away at every command."""

from collections.abc import Iterator

import pytest

from cardimage.felica_card import FelicaCard
from reader.issuing import Issued, Problem, Why
from reader.nfcpy_port import tty_port
from reader.port import FramePort, opened
from sim.hardware.field import CardField, Moment, Withdrawal
from sim.hardware.pn532 import Pn532
from tests.reader.desk import ACTS, FACTORY_KEY, PADS, WELL, Desk, bought, commands, done, made, memory


@pytest.fixture
def wired() -> Iterator[Desk]:
    chips: list[Pn532] = []

    def through(field: CardField) -> FramePort:
        chips.append(Pn532(field))
        return opened(tty_port(chips[0].path, sleep=lambda _s: None))  # a simulated card needs no time

    desk = Desk(through=through)
    yield desk
    desk.port.close()
    chips[0].close()


def fresh(desk: Desk, act: str) -> FelicaCard:
    """The card as it is before the act, made without the wire."""
    desk.card = made(act).card
    return desk.card


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("moment", Moment)
def test_a_card_taken_away_at_any_command_is_finished_when_it_is_laid_again(
    wired: Desk, act: str, moment: Moment
) -> None:
    whole = made(act)
    expected = done(whole, act)
    for command in range(1, commands(act) + 1):
        fresh(wired, act)
        wired.lay(Withdrawal(command, moment))
        outcome = done(wired, act)
        assert outcome == expected or (isinstance(outcome, Problem) and outcome.why is Why.CARD_LEFT), command
        wired.lay()
        assert isinstance(done(wired, act), WELL), command
        assert memory(wired) == memory(whole), command


@pytest.mark.parametrize("act", ACTS)
def test_it_takes_the_same_commands_as_without_the_wire(wired: Desk, act: str) -> None:
    fresh(wired, act)
    wired.lay()
    assert isinstance(done(wired, act), WELL)
    assert wired.field.commands == commands(act)


def test_a_bus_takes_the_card_that_was_issued(wired: Desk) -> None:
    wired.card = FelicaCard(bought(), FACTORY_KEY)
    wired.lay()
    assert isinstance(done(wired, "issue"), Issued)
    assert wired.tapped(wired.bench.keys) == ((PADS[0], PADS[1]), 1)
