"""What a bank note acceptor with escrow offers, and what can come of it. Nothing here raises.

A note is let in, waits in escrow, and then goes into the box (`stack`) or back to the passenger (`give_back`). The
acceptor tells where it stands whenever it is asked (`poll`), and keeps telling that a note has reached the box until
that is confirmed: so that the journal has it before the acceptor forgets it (faults 43).

farebox.peripherals.id003 is a driver; docs/top_up.md tells what is asked of another one.
"""

from enum import Enum
from typing import NamedTuple, Protocol


class Phase(Enum):
    """What an acceptor is at."""

    IDLE = "idle"  # lets notes in
    INHIBITED = "inhibited"  # lets none in
    ACCEPTING = "accepting"  # a note is on its way to escrow
    ESCROW = "escrow"  # it waits there to be told
    HOLDING = "holding"  # it waits there, told to
    STACKING = "stacking"  # on its way to the box
    IN_BOX = "in_box"  # in the box: said until confirmed
    STACKED = "stacked"  # and confirmed
    RETURNING = "returning"  # on its way back, told to
    REJECTING = "rejecting"  # on its way back, not taken for good or not wanted
    INITIALIZING = "initializing"
    POWER_UP = "power_up"  # it had no power; no note inside
    POWER_UP_NOTE_INSIDE = "power_up_note_inside"  # it had no power; a note between slot and box
    POWER_UP_NOTE_IN_BOX = "power_up_note_in_box"  # it had no power; the last note reached the box
    BOX_FULL = "box_full"
    BOX_OPEN = "box_open"  # open, or taken out
    JAMMED = "jammed"  # in the acceptor, or on the way into the box
    PAUSED = "paused"  # a second note behind the first
    FAILED = "failed"  # broken, or tampered with
    SILENT = "silent"  # no answer, or none that makes sense


class Status(NamedTuple):
    """A phase; with the value of the note in escrow where it is told, 0 where not, and the acceptor's own code."""

    phase: Phase
    note_yen: int = 0
    code: int = 0


class NoteAcceptor(Protocol):
    """One acceptor. Each call is one command, attempted once; False: not acknowledged, done or not: poll tells."""

    name: str
    """What to call it in messages."""

    def poll(self) -> Status:
        """Where it stands. An acceptor that wants its settings first is given them, with all notes inhibited."""

    def let_in(self, notes_yen: tuple[int, ...]) -> bool:
        """Let in notes of these values and no other; of none, and the slot is closed."""

    def stack(self) -> bool:
        """Take the note in escrow into the box."""

    def give_back(self) -> bool:
        """Give the note in escrow back."""

    def hold(self) -> bool:
        """Keep it in escrow a while longer; by itself the acceptor gives it back."""

    def confirm(self) -> bool:
        """The note in the box is booked. Not acknowledged by the acceptor: True if it could be said."""

    def restart(self) -> bool:
        """After a power-up: get ready. A note inside is given back by this."""

    def close(self) -> None:
        """Let go of it."""
