"""A plan as a file of JSON, and back: what was found is kept, and played again without its seed (模擬).

What is read is checked first: who has found something may send it to somebody else.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from cardimage.image import CardImage, ImageFault, dump, load
from farebox.duty import Duty
from farebox.shape import Misshapen, shaped
from sim.centre import FATES
from sim.checkers import standing_now
from sim.faults.mishaps import HAPPENS
from sim.faults.player import Plan
from sim.faults.steps import Step, as_json, from_json
from tariff.refusal import Refusal

FORMAT, VERSION = "farebox fault steps", 1
MOST_BYTES = 4 << 20
MOST_STEPS = 20_000
_MOST = {"waits": 1_000, "within": 100_000, "command": 1_000, "piece_bytes": 1 << 20, "age_days": 10_000}
_MOST |= {"trigger_yen": 99_000, "amount_yen": 99_000, "yen": 99_000, "place": 10_000, "began": 10_000, "at": 1 << 30}
_YEARS = range(2017, 2078)
_DAYS_S = 400 * 86_400


class StepsBroken(ValueError):
    """It is no such file, or says what can't be: what, and where."""


@dataclass(frozen=True)
class _File:
    format: str
    version: int
    scheme: str | None
    day: str
    buses: tuple[str, ...]
    cards: tuple[str, ...]
    found: str


def dumped(plan: Plan, found: str = "") -> str:
    """A plan as the text of its file; `found` is what was wrong with it."""
    head = {
        "format": FORMAT,
        "version": VERSION,
        "found": found,
        "scheme": plan.scheme,
        "day": plan.day.isoformat(),
        "buses": plan.buses,
        "cards": [b64encode(dump(card)).decode() for card in plan.cards],
    }
    lines = [f" {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in head.items()]
    steps = ",\n".join(f"  {json.dumps(as_json(step), ensure_ascii=False)}" for step in plan.steps)
    return "{\n" + ",\n".join([*lines, f' "steps": [\n{steps}\n ]']) + "\n}\n"


def loaded(data: bytes, source: str, duty: Duty) -> Plan:
    """The plan of a file, for this feed. Raises StepsBroken, which names `source`, the place and what is wrong."""
    try:
        return _loaded(data, source, duty)
    except Misshapen as broken:
        raise StepsBroken(f"{source}: {broken.problems[0]}") from None
    except ImageFault as fault:
        raise StepsBroken(str(fault)) from None


def _loaded(data: bytes, source: str, duty: Duty) -> Plan:
    if len(data) > MOST_BYTES:
        raise StepsBroken(f"{source}: {len(data)} bytes; at most {MOST_BYTES} are read")
    try:
        said = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise StepsBroken(f"{source}: no JSON: {error}") from None
    if not isinstance(said, dict) or not isinstance(said.get("steps"), list):
        raise StepsBroken(f"{source}: no list of steps; `farebox sim faults --save` makes one")
    file = shaped({name: value for name, value in said.items() if name != "steps"}, _File)
    if (file.format, file.version) != (FORMAT, VERSION):
        raise StepsBroken(f"{source}: {file.format} {file.version}; this software reads {FORMAT} {VERSION}")
    steps = tuple(_step(number, step) for number, step in enumerate(said["steps"], 1))
    plan = Plan(file.scheme, _day(file.day, source), file.buses, tuple(_cards(file.cards, source)), steps)
    for wrong in _wrong(plan, duty):
        raise StepsBroken(f"{source}: {wrong}")
    return plan


def _step(number: int, said: object) -> Step:
    try:
        return from_json(said)
    except Misshapen as broken:
        raise Misshapen((f"steps[{number}]: {broken.problems[0]}",)) from None


def _day(text: str, source: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise StepsBroken(f"{source}: day: {text!r} is no date") from None


def _cards(texts: tuple[str, ...], source: str) -> Iterator[CardImage]:
    for number, text in enumerate(texts, 1):
        where = f"{source}: cards[{number}]"
        try:
            card = load(b64decode(text, validate=True), where)
        except ValueError as error:
            raise StepsBroken(f"{where}: no base64: {error}") from None
        if card.lite_s_blocks() is None:
            raise StepsBroken(f"{where}: no FeliCa Lite-S card")
        if isinstance(standing_now(card), Refusal):
            raise StepsBroken(f"{where}: nothing of ours stands on it")
        yield card


def _wrong(plan: Plan, duty: Duty) -> Iterator[str]:
    """What can't be."""
    schemes = {rulebook.scheme for rulebook in duty.operators.rulebooks}
    if plan.scheme is not None and plan.scheme not in schemes:
        yield f"scheme: {plan.scheme!r} is none of {', '.join(sorted(schemes))}"
    if plan.day.year not in _YEARS:
        yield f"day: {plan.day} is no day of these cards"
    if not 0 < len(plan.buses) <= 100 or len(set(plan.buses)) != len(plan.buses):
        yield "buses: from 1 to 100, each by a name of its own"
    if not 0 < len(plan.cards) <= 10_000 or len({card.idm for card in plan.cards}) != len(plan.cards):
        yield "cards: from 1 to 10000, each with an IDm of its own"
    if len(plan.steps) > MOST_STEPS:
        yield f"steps: {len(plan.steps)}; at most {MOST_STEPS} are played"
    for number, step in enumerate(plan.steps, 1):
        yield from (f"steps[{number}].{what}" for what in _wrong_in(step, plan, duty))


def _wrong_in(step: Any, plan: Plan, duty: Duty) -> Iterator[str]:
    def of(name: str, default: Any) -> Any:
        return getattr(step, name, default)

    if not 0 <= of("bus", 0) < len(plan.buses):
        yield f"bus: {step.bus}; there are {len(plan.buses)}, counted from 0"
    if of("trip_id", None) is not None and step.trip_id not in duty.feed.trips:
        yield f"trip_id: {step.trip_id!r} is no trip of this feed"
    if of("what", "") and step.what not in HAPPENS:
        yield f"what: {step.what!r} is none of {', '.join(HAPPENS)}"
    if strange := [fate for fate in of("fates", ()) if fate not in FATES]:
        yield f"fates: {strange[0]!r} is none of {', '.join(FATES)}"
    for name, most in _MOST.items():
        if not 0 <= of(name, 0) <= most:
            yield f"{name}: {of(name, 0)}; from 0 to {most}"
    if of("piece_bytes", 1) < 1 or of("yen", 1) < 1:
        yield "less than 1"
    if abs(of("by_s", 0)) > _DAYS_S or not 0 <= of("at_s", 0) < 1 << 33:
        yield "at_s, by_s: a time that no bus will see"
