"""The state machine: one table, run two ways, drawn once."""

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farebox.machine import CompiledMachine, IllegalEvent, TransitionsMachine
from farebox.table import TRANSITIONS, Effect, Event, State, as_mermaid


@pytest.mark.parametrize(("state", "event"), list(product(State, Event)))
def test_both_machines_do_the_same_in_every_state_for_every_event(state: State, event: Event) -> None:
    machines = TransitionsMachine(initial=state), CompiledMachine(initial=state)
    seen = []
    for machine in machines:
        try:
            effects: tuple[Effect, ...] | None = machine.fire(event)
        except IllegalEvent:
            effects = None
        seen.append((effects, machine.state))
    assert seen[0] == seen[1]


@given(st.lists(st.sampled_from(list(Event)), max_size=60))
def test_both_machines_stay_together_over_any_sequence_of_events(events: list[Event]) -> None:
    real, compiled = TransitionsMachine(), CompiledMachine()
    for event in events:
        try:
            expected = compiled.fire(event)
        except IllegalEvent:
            with pytest.raises(IllegalEvent):
                real.fire(event)
        else:
            assert real.fire(event) == expected
        assert real.state is compiled.state


@pytest.mark.parametrize("machine", [TransitionsMachine(), CompiledMachine()])
def test_an_illegal_event_raises_and_changes_nothing(machine: TransitionsMachine | CompiledMachine) -> None:
    with pytest.raises(IllegalEvent, match="card_written is not legal in state out_of_service"):
        machine.fire(Event.CARD_WRITTEN)
    assert machine.state is State.OUT_OF_SERVICE


def test_the_table_names_each_move_once() -> None:
    moves = [(row.source, row.event) for row in TRANSITIONS]
    assert len(set(moves)) == len(moves)


def test_every_state_event_and_effect_is_used() -> None:
    assert {row.source for row in TRANSITIONS} | {row.dest for row in TRANSITIONS} == set(State)
    assert {row.event for row in TRANSITIONS} == set(Event)
    assert {effect for row in TRANSITIONS for effect in row.effects} == set(Effect)


def test_no_fare_is_taken_once_the_journal_failed() -> None:
    assert not [row for row in TRANSITIONS if row.source is State.STOPPED]


def test_a_card_is_only_written_behind_a_durable_intent() -> None:
    for row in TRANSITIONS:
        if Effect.WRITE_CARD in row.effects:
            assert row.effects.index(Effect.JOURNAL_INTENT) < row.effects.index(Effect.WRITE_CARD)


def test_the_diagram_in_the_docs_is_the_table() -> None:
    page = Path(__file__).parents[2] / "docs" / "state_machine.md"
    assert as_mermaid() in page.read_text("utf-8"), "run make docs"
