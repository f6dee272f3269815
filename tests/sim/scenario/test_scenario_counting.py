"""The count at the end of a scenario can fail: a yen that is lost, doubled or moved is told, and so is a note."""

from pathlib import Path

import pytest

from sim.bench import AirBench, Pn532Bench
from sim.hardware.note_acceptor import NoteAcceptorModel
from sim.scenario.hands import SimulatedHands
from sim.scenario.office import Card
from sim.scenario.running import Outcome, run
from tariff.account import Account
from tests.sim.scenario.bench import one
from tools.scenario_files import Beside, load_book

RIDE = ('board = "花子", at = "磐城棚倉"', 'alight = "花子", at = "新白河", fare = 500')
FAULTS = Path(__file__).parents[2] / "scenarios" / "faults.scenario.toml"
TOP_UP = 'top_up = "花子", notes = [1_000]'


class Thief(SimulatedHands):
    """Takes something from each card before it is counted."""

    def __init__(self, yen: int) -> None:
        super().__init__(AirBench)
        self._yen = yen

    def account(self, of: Card) -> Account:
        held = super().account(of)
        return held._replace(stored_fare_yen=held.stored_fare_yen - self._yen)


def counted(hands: SimulatedHands, *steps: str) -> Outcome:
    try:
        return run(one(*steps), Beside("x"), hands)
    finally:
        hands.close()


@pytest.mark.parametrize("yen", [1, -1, 500])
def test_a_yen_that_is_lost_or_doubled_is_told(yen: int) -> None:
    assert counted(Thief(0), *RIDE).passed
    told = "\n".join(counted(Thief(yen), *RIDE).complaint)
    assert f"every yen: expected accounted for, was the two sides differ by {-yen:+,} yen" in told
    assert f"stored fare: {-500 - yen:,} in the world, -500 journalled" in told


def test_a_note_that_is_nowhere_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(self: NoteAcceptorModel) -> None:
        self.inside, self._unconfirmed = None, True

    assert counted(SimulatedHands(), TOP_UP).passed
    monkeypatch.setattr(NoteAcceptorModel, "_into_the_box", lose)
    told = "\n".join(counted(SimulatedHands(), TOP_UP).complaint)
    assert "notes put in: expected 1,000, was nothing" in told
    assert "notes in the box, by the journal: expected 0, was 1,000" in told


def test_what_must_be_survived_is_so_through_the_simulated_chip_too() -> None:
    hands = SimulatedHands(Pn532Bench)
    outcomes = [run(scenario, Beside(scenario.source), hands) for scenario in load_book(FAULTS).scenarios]
    hands.close()
    assert [outcome.complaint for outcome in outcomes if not outcome.passed] == []
