"""Write the generated documents: `make docs`. What is generated says so, and a test holds it equal to its source."""

from pathlib import Path

from farebox.table import TRANSITIONS, Event, as_mermaid

_ROOT = Path(__file__).parents[1]

_STATE_MACHINE = """# The state machine

*Generated from `farebox/table.py` by `make docs`; don't edit.*

A tap is judged before the machine moves: an event says how it *was* judged, so no transition has a condition, and an
event that is illegal in a state raises and changes nothing. On the terminal the table runs through `transitions`; a
compiled form of it (`farebox/machine.py`) does the same for fast replay, and a test holds both equal.

```mermaid
{diagram}```

| in state | event | leads to | and the terminal does, in order |
|---|---|---|---|
{rows}
"""


def state_machine() -> str:
    """The page of the state machine: diagram and table."""
    rows = [
        f"| {row.source.value} | {row.event.value} | {row.dest.value} | "
        f"{', '.join(effect.value for effect in row.effects)} |"
        for row in TRANSITIONS
        if row.event is not Event.JOURNAL_FAILED
    ]
    rows.append(f"| any | {Event.JOURNAL_FAILED.value} | stopped | show |")
    return _STATE_MACHINE.format(diagram=as_mermaid(), rows="\n".join(rows))


def main() -> None:
    """Write them all."""
    (_ROOT / "docs" / "state_machine.md").write_text(state_machine(), "utf-8")


if __name__ == "__main__":
    main()
