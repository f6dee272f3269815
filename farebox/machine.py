"""The machine that runs farebox/table.py: through `transitions` on the terminal, compiled to a dict for fast replay.

Both do the same, event by event; a test holds them equal. Firing returns the effects to perform and performs none.
An event that is illegal in a state raises IllegalEvent and changes nothing.
"""

import logging
from functools import cache
from typing import Protocol

from transitions import Machine, MachineError

from farebox.table import TRANSITIONS, Effect, Event, State, Transition

# With model_override, transitions warns of every name it does not bind; not binding them is what we ask for.
logging.getLogger("transitions.core").setLevel(logging.ERROR)


class IllegalEvent(Exception):
    """The terminal's own fault: an event in a state that has no transition for it. Nothing was changed."""

    def __init__(self, event: Event, state: State) -> None:
        """Take the event and the state it came in."""
        super().__init__(f"event {event.value} is not legal in state {state.value}; see docs/state_machine.md")


class StateMachine(Protocol):
    """What the terminal needs of a machine."""

    @property
    def state(self) -> State:
        """Where it stands."""

    def fire(self, event: Event) -> tuple[Effect, ...]:
        """Move, and return what is to be done. Raises IllegalEvent."""


class _Model:
    """What `transitions` moves."""

    state: State

    def trigger(self, event: str) -> bool:
        """Replaced by `transitions` (model_override): fire an event by name."""
        raise AssertionError(event)


@cache
def _built(rows: tuple[Transition, ...]) -> tuple[Machine, dict[tuple[State, Event], tuple[Effect, ...]]]:
    """The machine without a model, and the effects of each row. Built once a table: that takes a millisecond, moving a
    further model by it next to nothing.
    """
    machine = Machine(
        None,
        states=State,
        initial=State.OUT_OF_SERVICE,
        transitions=[{"trigger": row.event.value, "source": row.source, "dest": row.dest} for row in rows],
        auto_transitions=False,
        model_override=True,
    )
    return machine, {(row.source, row.event): row.effects for row in rows}


class TransitionsMachine:
    """The table run by `transitions`, which moves the state; the effects are looked up by where it came from."""

    def __init__(self, rows: tuple[Transition, ...] = TRANSITIONS, initial: State = State.OUT_OF_SERVICE) -> None:
        """Stand in a state of the table."""
        machine, self._effects = _built(rows)
        self._model = _Model()
        machine.add_model(self._model, initial)
        machine.remove_model(self._model)  # it keeps its triggers; the machine would keep it for ever

    @property
    def state(self) -> State:
        """Where it stands."""
        return self._model.state

    def fire(self, event: Event) -> tuple[Effect, ...]:
        """Move, and return what is to be done. Raises IllegalEvent."""
        source = self._model.state
        try:
            moved = self._model.trigger(event.value)
        except (MachineError, AttributeError) as error:
            raise IllegalEvent(event, source) from error
        assert moved, "no transition has a condition"
        return self._effects[source, event]


class CompiledMachine:
    """The table as a dictionary: the same moves and effects, some fifteen times faster."""

    def __init__(self, rows: tuple[Transition, ...] = TRANSITIONS, initial: State = State.OUT_OF_SERVICE) -> None:
        """Compile the table."""
        self.state = initial
        self._moves = {(row.source, row.event): (row.dest, row.effects) for row in rows}

    def fire(self, event: Event) -> tuple[Effect, ...]:
        """Move, and return what is to be done. Raises IllegalEvent."""
        move = self._moves.get((self.state, event))
        if move is None:
            raise IllegalEvent(event, self.state)
        self.state, effects = move
        return effects
