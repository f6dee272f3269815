"""Bugs, planted one at a time: each is found within a bounded number of seeds, by the check that is for it, and few
steps are left of the day that found it; they fail again from a file, without the seed.
"""

from typing import Any

import pytest

from farebox.exchange.upload import Uploader
from farebox.journal.retention import Sealed
from farebox.seen import Seen
from sim.faults.drawing import DEFAULTS, Rates, draw
from sim.faults.files import dumped, loaded
from sim.faults.player import Failure, Plan
from sim.faults.running import failure_of
from sim.faults.shrinking import shrunk
from tests.farebox.bus import DAY, DUTY
from tests.farebox.whole.planted import PLANTED, Planted

MOST_SEEDS = 12
MOST_STEPS = 10
MOST_TRIES = 400
MUCH: Rates = {
    **DEFAULTS,
    **{"withdraw": 0.1, "power": 0.01, "forget": 0.1, "copy": 0.05, "network": 0.5},
    **{"clock": 0, "disk": 0, "full": 0, "two": 0, "key": 0, "orders": 0},
}
"""Much goes wrong at once, of what these bugs are about: seconds where the rates of every day take minutes."""
NOTES: Rates = {**MUCH, "top-up": 0.4, "note": 0.7}
RATES = {"once": {**MUCH, "withdraw": 0.3, "twice": 0.3}, "notes": NOTES, "quiet": NOTES}


def _acknowledged_before_it_is_sent(uploader: Uploader, sealed: Sealed) -> Any:
    uploader._archive.acknowledge(sealed, b"a receipt")
    return _SEND(uploader, sealed)


def _every_copy_is_welcome(seen: Seen, idm: bytes) -> int:
    return 0


_SEND = Uploader._send_sealed
MORE: list[Planted] = [
    ("delivered", Uploader, "_send_sealed", _acknowledged_before_it_is_sent),
    ("odd", Seen, "most_writes", _every_copy_is_welcome),
]
FIRST_SEED = {"cap": 3, "notes": 2, "quiet": 8, "once": 38}
"""Every sixth from here on: under the rules of the operator that the bug is about, and not long before it is met."""


def first_failure(check: str, first: int) -> tuple[Plan, Failure]:
    for seed in range(first, first + 6 * MOST_SEEDS, 6):
        plan = draw(seed, DUTY, DAY, RATES.get(check, MUCH))
        failure = failure_of(plan, DUTY)
        if failure is not None and check in failure.checks:
            return plan, failure.of(check)
    raise AssertionError(f"not found in {MOST_SEEDS} seeds")


@pytest.mark.parametrize(
    ("check", "where", "what", "bug"), [*PLANTED, *MORE], ids=lambda part: getattr(part, "__name__", None)
)
def test_a_planted_bug_is_found_and_few_steps_are_left_of_it(
    monkeypatch: pytest.MonkeyPatch, check: str, where: object, what: str, bug: object
) -> None:
    monkeypatch.setattr(where, what, bug)
    plan, failure = first_failure(check, FIRST_SEED.get(check, 0))
    few = shrunk(plan, failure, lambda shorter: failure_of(shorter, DUTY), MOST_TRIES)
    assert 0 < len(few.steps) <= MOST_STEPS
    again = failure_of(loaded(dumped(few).encode(), "file", DUTY), DUTY)
    assert again is not None and check in again.checks and again.at == len(few.steps) - 1
    monkeypatch.undo()
    assert failure_of(few, DUTY) is None
