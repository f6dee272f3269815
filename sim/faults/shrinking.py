"""The fewest steps that still fail in the same way (模擬): delta debugging, by leaving steps out."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from sim.faults.player import Failure, Plan
from sim.faults.steps import Step

MOST_TRIES = 800
"""How often a shorter list is tried at most."""
_CARDS = frozenset({"card", "other", "stopped", "no_credit", "auto_charge"})


def shrunk(
    plan: Plan,
    failure: Failure,
    failure_of: Callable[[Plan], Failure | None],
    most_tries: int = MOST_TRIES,
    on_try: Callable[[int], None] = lambda _: None,
) -> Plan:
    """A plan of as few steps as can be found that fails by the same check, the first of the failure's.

    `on_try` is told how many steps are left.
    """
    left = most_tries

    def fails(steps: tuple[Step, ...]) -> bool:
        nonlocal left
        left -= 1
        on_try(len(plan.steps))
        found = failure_of(plan._replace(steps=steps))
        return found is not None and failure.checks[0] in found.checks

    plan = plan._replace(steps=plan.steps[: failure.at + 1])
    size = max(1, len(plan.steps) // 2)
    while left > 0:
        shorter, start = False, 0
        while start < len(plan.steps) and left > 0:
            steps = plan.steps[:start] + plan.steps[start + size :]
            if fails(steps):
                plan, shorter = plan._replace(steps=steps), True
            else:
                start += size
        if not shorter and size == 1:
            break
        size = size if shorter and size == 1 else max(1, size // 2)
    return with_cards_that_are_used(plan)


def with_cards_that_are_used(plan: Plan) -> Plan:
    """The same without the cards that no step names; the others are numbered anew."""
    used = sorted({number % len(plan.cards) for step in plan.steps for number in _cards_of(step).values()})
    anew = {number: place for place, number in enumerate(used)}

    def renumbered(step: Any) -> Any:
        return replace(step, **{name: anew[number % len(plan.cards)] for name, number in _cards_of(step).items()})

    cards = tuple(plan.cards[number] for number in used) or plan.cards[:1]
    return plan._replace(cards=cards, steps=tuple(map(renumbered, plan.steps)))


def _cards_of(step: Any) -> dict[str, int]:
    """The fields of a step that name cards."""
    found = {field.name: getattr(step, field.name) for field in fields(step) if field.name in _CARDS}
    return {name: number for name, number in found.items() if number is not None}
