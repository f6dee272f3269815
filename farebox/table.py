"""The state machine as one table: states, events, transitions, and what each transition has the terminal do.

This file owns it. The running machine, its compiled form and the diagram in docs/state_machine.md all come from
`TRANSITIONS`. Judging is done before: an event says how a tap *was* judged, so no transition has a condition.
"""

from enum import Enum
from typing import NamedTuple


class State(Enum):
    """Where the terminal stands."""

    OUT_OF_SERVICE = "out_of_service"  # no trip: every tap is refused (faults 16)
    READY = "ready"  # on a trip, waiting for a card
    COMMITTING = "committing"  # an intent is durable, the card is being written
    ASKING_STOP = "asking_stop"  # the driver is to key the boarding stop (GEN-7)
    ASKING_PAYMENT = "asking_payment"  # the driver is to key how the passenger pays (GEN-10)
    TOPPING_UP = "topping_up"  # the driver was asked for a top-up: card and notes (LOC-8)
    READING = "reading"  # the driver was asked for a card's history: the card is only looked at (GEN-13)
    CANCELLING = "cancelling"  # the driver was asked to take a settlement back: its card is to be laid (GEN-22)
    CANCELLING_CARD = "cancelling_card"  # … its intent is durable, the card is being written
    TOPPING_CARD = "topping_card"  # … a note is in escrow, its intent is durable, the card is being written
    NO_READER = "no_reader"  # on a trip, but a reader is gone (faults 7)
    STOPPED = "stopped"  # the journal failed: no fare is taken any more (faults 20, 21)


class Event(Enum):
    """What happened, already judged."""

    BEGIN_TRIP = "begin_trip"
    ADVANCE = "advance"
    END_TRIP = "end_trip"
    DUTY_ENDED = "duty_ended"  # by the driver: what follows is of the next duty
    TAP_REFUSED = "tap_refused"
    TAP_KEPT = "tap_kept"  # nothing to write: the first result stands (GEN-8, GEN-9)
    TAP_JUDGED = "tap_judged"  # the card is to be written
    BOARDING_UNKNOWN = "boarding_unknown"
    FARE_SHORT = "fare_short"
    PARTY_TOLD = "party_told"  # before the tap: who rides on a card (GEN-12, LOC-15)
    PAPER_SHOWN = "paper_shown"  # a ride that no card pays (LOC-19, IGP-13)
    DRIVER_ANSWERED = "driver_answered"
    DRIVER_DROPPED = "driver_dropped"
    CARD_WRITTEN = "card_written"
    CARD_UNCHANGED = "card_unchanged"
    CARD_UNKNOWN = "card_unknown"  # the write's answer was lost (faults 3)
    PENDING_SETTLED = "pending_settled"  # an earlier unknown write became known (faults 3 to 5)
    TOP_UP_BEGUN = "top_up_begun"
    TOP_UP_ENDED = "top_up_ended"
    NOTE_JUDGED = "note_judged"  # a note in escrow: the card is to be written (LOC-8 to LOC-10)
    HISTORY_ASKED = "history_asked"
    HISTORY_READ = "history_read"
    CANCEL_BEGUN = "cancel_begun"
    CANCEL_JUDGED = "cancel_judged"  # the card of that settlement lies there, and is to be written (GEN-22)
    READER_LOST = "reader_lost"
    READER_BACK = "reader_back"
    JOURNAL_FAILED = "journal_failed"


class Effect(Enum):
    """What a transition has the terminal do. One runner performs them, in order (farebox.runner)."""

    JOURNAL_TRIP_BEGUN = "journal_trip_begun"
    JOURNAL_TRIP_ENDED = "journal_trip_ended"
    JOURNAL_REFUSAL = "journal_refusal"
    JOURNAL_NOTES = "journal_notes"
    JOURNAL_DRIVER = "journal_driver"
    JOURNAL_INTENT = "journal_intent"
    JOURNAL_OUTCOME = "journal_outcome"
    JOURNAL_RESOLVED = "journal_resolved"
    WRITE_CARD = "write_card"
    KEEP_PENDING = "keep_pending"
    FORGET_KEYED = "forget_keyed"  # the driver's answers: at another stop they are other questions
    FORGET_ASKED = "forget_asked"  # the answers for the card in question
    FORGET_PARTIES = "forget_parties"
    SHOW = "show"  # lamp, sound and display together: one result, one picture


class Transition(NamedTuple):
    """In `source`, `event` leads to `dest` and has `effects` done."""

    event: Event
    source: State
    dest: State
    effects: tuple[Effect, ...] = ()


_REFUSE = (Effect.JOURNAL_REFUSAL, Effect.SHOW)
_S, _E, _F = State, Event, Effect
_END = (_F.JOURNAL_TRIP_ENDED, _F.FORGET_KEYED, _F.FORGET_PARTIES)

TRANSITIONS: tuple[Transition, ...] = (
    # the trip
    Transition(_E.BEGIN_TRIP, _S.OUT_OF_SERVICE, _S.READY, (_F.JOURNAL_TRIP_BEGUN,)),
    Transition(_E.ADVANCE, _S.READY, _S.READY, (_F.FORGET_KEYED,)),
    Transition(_E.ADVANCE, _S.NO_READER, _S.NO_READER, (_F.FORGET_KEYED,)),
    Transition(_E.ADVANCE, _S.ASKING_STOP, _S.READY, (_F.FORGET_KEYED,)),
    Transition(_E.ADVANCE, _S.ASKING_PAYMENT, _S.READY, (_F.FORGET_KEYED,)),
    Transition(_E.END_TRIP, _S.READY, _S.OUT_OF_SERVICE, _END),
    Transition(_E.END_TRIP, _S.NO_READER, _S.OUT_OF_SERVICE, _END),
    Transition(_E.END_TRIP, _S.ASKING_STOP, _S.OUT_OF_SERVICE, _END),
    Transition(_E.END_TRIP, _S.ASKING_PAYMENT, _S.OUT_OF_SERVICE, _END),
    Transition(_E.DUTY_ENDED, _S.OUT_OF_SERVICE, _S.OUT_OF_SERVICE, (_F.JOURNAL_DRIVER,)),
    # a tap
    Transition(_E.TAP_REFUSED, _S.OUT_OF_SERVICE, _S.OUT_OF_SERVICE, _REFUSE),
    Transition(_E.TAP_REFUSED, _S.READY, _S.READY, _REFUSE),
    Transition(_E.TAP_REFUSED, _S.ASKING_STOP, _S.ASKING_STOP, _REFUSE),
    Transition(_E.TAP_REFUSED, _S.ASKING_PAYMENT, _S.ASKING_PAYMENT, _REFUSE),
    Transition(_E.TAP_REFUSED, _S.NO_READER, _S.NO_READER, _REFUSE),
    Transition(_E.TAP_KEPT, _S.READY, _S.READY, (_F.JOURNAL_NOTES, _F.SHOW)),
    Transition(_E.PENDING_SETTLED, _S.READY, _S.READY, (_F.JOURNAL_RESOLVED,)),
    Transition(_E.TAP_JUDGED, _S.READY, _S.COMMITTING, (_F.JOURNAL_NOTES, _F.JOURNAL_INTENT, _F.WRITE_CARD)),
    Transition(_E.CARD_WRITTEN, _S.COMMITTING, _S.READY, (_F.JOURNAL_OUTCOME, _F.SHOW)),
    Transition(_E.CARD_UNCHANGED, _S.COMMITTING, _S.READY, (_F.JOURNAL_OUTCOME, _F.SHOW)),
    Transition(_E.CARD_UNKNOWN, _S.COMMITTING, _S.READY, (_F.JOURNAL_OUTCOME, _F.KEEP_PENDING, _F.SHOW)),
    # the driver
    Transition(_E.PARTY_TOLD, _S.READY, _S.READY, (_F.JOURNAL_DRIVER,)),
    *(Transition(_E.PAPER_SHOWN, state, state, (_F.JOURNAL_DRIVER,)) for state in (_S.READY, _S.NO_READER)),
    Transition(_E.BOARDING_UNKNOWN, _S.READY, _S.ASKING_STOP, _REFUSE),
    Transition(_E.FARE_SHORT, _S.READY, _S.ASKING_PAYMENT, _REFUSE),
    Transition(_E.DRIVER_ANSWERED, _S.ASKING_STOP, _S.READY, (_F.JOURNAL_DRIVER,)),
    Transition(_E.DRIVER_ANSWERED, _S.ASKING_PAYMENT, _S.READY, (_F.JOURNAL_DRIVER,)),
    Transition(_E.DRIVER_DROPPED, _S.ASKING_STOP, _S.READY, (_F.FORGET_ASKED,)),
    Transition(_E.DRIVER_DROPPED, _S.ASKING_PAYMENT, _S.READY, (_F.FORGET_ASKED,)),
    # a top-up
    Transition(_E.TOP_UP_BEGUN, _S.READY, _S.TOPPING_UP, (_F.JOURNAL_DRIVER,)),
    Transition(_E.TOP_UP_BEGUN, _S.ASKING_PAYMENT, _S.TOPPING_UP, (_F.JOURNAL_DRIVER, _F.FORGET_ASKED)),
    Transition(_E.TAP_REFUSED, _S.TOPPING_UP, _S.TOPPING_UP, _REFUSE),
    Transition(_E.PENDING_SETTLED, _S.TOPPING_UP, _S.TOPPING_UP, (_F.JOURNAL_RESOLVED,)),
    Transition(_E.NOTE_JUDGED, _S.TOPPING_UP, _S.TOPPING_CARD, (_F.JOURNAL_INTENT, _F.WRITE_CARD)),
    Transition(_E.CARD_WRITTEN, _S.TOPPING_CARD, _S.TOPPING_UP, (_F.JOURNAL_OUTCOME, _F.SHOW)),
    Transition(_E.CARD_UNCHANGED, _S.TOPPING_CARD, _S.TOPPING_UP, (_F.JOURNAL_OUTCOME, _F.SHOW)),
    Transition(_E.CARD_UNKNOWN, _S.TOPPING_CARD, _S.TOPPING_UP, (_F.JOURNAL_OUTCOME, _F.KEEP_PENDING, _F.SHOW)),
    Transition(_E.TOP_UP_ENDED, _S.TOPPING_UP, _S.READY),
    Transition(_E.ADVANCE, _S.TOPPING_UP, _S.READY, (_F.FORGET_KEYED,)),
    Transition(_E.END_TRIP, _S.TOPPING_UP, _S.OUT_OF_SERVICE, _END),
    # a card's history
    Transition(_E.HISTORY_ASKED, _S.READY, _S.READING),
    Transition(_E.TAP_REFUSED, _S.READING, _S.READING, _REFUSE),
    Transition(_E.PENDING_SETTLED, _S.READING, _S.READING, (_F.JOURNAL_RESOLVED,)),
    Transition(_E.HISTORY_READ, _S.READING, _S.READY, (_F.SHOW,)),
    Transition(_E.DRIVER_DROPPED, _S.READING, _S.READY),
    Transition(_E.ADVANCE, _S.READING, _S.READY, (_F.FORGET_KEYED,)),
    Transition(_E.END_TRIP, _S.READING, _S.OUT_OF_SERVICE, _END),
    # a settlement taken back
    Transition(_E.CANCEL_BEGUN, _S.READY, _S.CANCELLING, (_F.JOURNAL_DRIVER,)),
    Transition(_E.TAP_REFUSED, _S.CANCELLING, _S.CANCELLING, _REFUSE),
    Transition(_E.PENDING_SETTLED, _S.CANCELLING, _S.CANCELLING, (_F.JOURNAL_RESOLVED,)),
    Transition(_E.TAP_KEPT, _S.CANCELLING, _S.READY, (_F.JOURNAL_NOTES, _F.SHOW)),
    Transition(_E.CANCEL_JUDGED, _S.CANCELLING, _S.CANCELLING_CARD, (_F.JOURNAL_INTENT, _F.WRITE_CARD)),
    Transition(_E.CARD_WRITTEN, _S.CANCELLING_CARD, _S.READY, (_F.JOURNAL_OUTCOME, _F.SHOW)),
    Transition(_E.CARD_UNCHANGED, _S.CANCELLING_CARD, _S.CANCELLING, (_F.JOURNAL_OUTCOME, _F.SHOW)),
    Transition(_E.CARD_UNKNOWN, _S.CANCELLING_CARD, _S.CANCELLING, (_F.JOURNAL_OUTCOME, _F.KEEP_PENDING, _F.SHOW)),
    Transition(_E.DRIVER_DROPPED, _S.CANCELLING, _S.READY),
    Transition(_E.ADVANCE, _S.CANCELLING, _S.READY, (_F.FORGET_KEYED,)),
    Transition(_E.END_TRIP, _S.CANCELLING, _S.OUT_OF_SERVICE, _END),
    # the hardware
    Transition(_E.READER_LOST, _S.READY, _S.NO_READER, (_F.SHOW,)),
    Transition(_E.READER_LOST, _S.TOPPING_UP, _S.NO_READER, (_F.SHOW,)),
    Transition(_E.READER_LOST, _S.CANCELLING, _S.NO_READER, (_F.SHOW,)),
    Transition(_E.READER_LOST, _S.READING, _S.NO_READER, (_F.SHOW,)),
    Transition(_E.READER_BACK, _S.NO_READER, _S.READY),
    *(Transition(_E.JOURNAL_FAILED, state, _S.STOPPED, (_F.SHOW,)) for state in State if state is not State.STOPPED),
)


def as_mermaid() -> str:
    """The table as a mermaid state diagram; docs/state_machine.md holds it, and a test holds the two equal.

    The way to STOPPED, the same from every state, is drawn once, as a note.
    """
    lines = ["stateDiagram-v2", f"    [*] --> {State.OUT_OF_SERVICE.value}"]
    edges: dict[tuple[State, State], list[str]] = {}
    for row in TRANSITIONS:
        if row.event is not Event.JOURNAL_FAILED:
            edges.setdefault((row.source, row.dest), []).append(row.event.value)
    lines += [f"    {source.value} --> {dest.value}: {', '.join(events)}" for (source, dest), events in edges.items()]
    lines.append(f"    note right of {State.STOPPED.value}: {Event.JOURNAL_FAILED.value}, from every state")
    return "\n".join(lines) + "\n"
