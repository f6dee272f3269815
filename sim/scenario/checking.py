"""What came of a step against what was expected: every difference, in the words of the file."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from farebox.formats.journal import (
    DriverActed,
    Intent,
    Noted,
    NoteMoved,
    Opened,
    Outcome,
    Record,
    Refused,
    Resolved,
    TripBegun,
    TripEnded,
    Voucher,
)
from farebox.result import Result
from farebox.table import State
from farebox.words import Language, reason, refusal_text
from sim.scenario.acting import Seen
from sim.scenario.schema import StepSaid
from tariff.account import Account
from tariff.purses import balance_yen
from tariff.refusal import Refusal
from tariff.rulebook import Purse
from tariff.settle import Settlement


class Difference(NamedTuple):
    """One thing that is not as expected: the key of the file, and both sides."""

    what: str
    expected: str
    actual: str

    def __str__(self) -> str:
        """On one line."""
        return f"{self.what}: expected {self.expected}, was {self.actual}"


def differences(step: StepSaid, seen: Seen, account: Account | None) -> tuple[Difference, ...]:
    """All of them; `account` is what the step's card holds then, by its own record."""
    return tuple(_all(step, seen, account))


def _all(step: StepSaid, seen: Seen, account: Account | None) -> Iterator[Difference]:
    if seen.impossible:
        yield Difference("this step", "possible", seen.impossible)
        return
    if _taps(step):
        yield from _of_the_tap(step, seen)
    if account is not None:
        if step.balance is not None:
            yield from same("balance", step.balance, account.stored_fare_yen)
        for purse, yen in step.purses.items():
            yield from same(f"purses.{purse}", yen, balance_yen(account, Purse(purse)))
    if step.asks is not None:
        yield from same("asks", step.asks, asked(seen))
    if step.journal is not None:
        yield from same("journal", list(step.journal), [word_of(entry.record) for entry in seen.entries])


def _taps(step: StepSaid) -> bool:
    return bool(step.board or step.alight or step.two_cards or step.top_up or step.cancel)


def _of_the_tap(step: StepSaid, seen: Seen) -> Iterator[Difference]:
    result, refusal = seen.last, seen.refusal
    if step.not_served or (result is None and refusal is None and not step.top_up):
        served = "not served" if result is None else told(result)
        yield from same("the card", "not served" if step.not_served else "served", served)
        return
    if step.refused is None and any(one.topped_up for one in seen.results):
        refusal = None  # a note was taken; that no further one would be is no failure
    if step.refused != (refusal.code if refusal else None):
        why = refusal_text(refusal, Language.EN) if refusal else _TAKEN
        yield Difference("refused", step.refused or _TAKEN, why)
        return
    yield from _of_the_fare(step, result, refusal)
    yield from _of_what_moved(step, seen)
    yield from _of_the_display(step, seen)


_TAKEN = "nothing: the card is taken"


def _of_the_fare(step: StepSaid, result: Result | None, refusal: Refusal | None) -> Iterator[Difference]:
    """A shortage has fare and shortage; a settlement all the rest."""
    if step.short is not None:
        yield from same("short", step.short, refusal.short_yen if refusal else 0)
    if step.fare is not None and refusal is not None and refusal.due_yen:
        yield from same("fare", step.fare, refusal.due_yen)
    elif step.fare is not None or _settles(step):
        yield from _of_the_settlement(step, _settlement(result))


def _of_what_moved(step: StepSaid, seen: Seen) -> Iterator[Difference]:
    """By a cancelling, or a top-up."""
    back = seen.last.cancelled if seen.last is not None else None
    added_yen = sum(one.topped_up.added_yen for one in seen.results if one.topped_up)
    pairs: tuple[tuple[str, object, object], ...] = (
        ("cancelled", step.cancelled, back.due_yen if back else 0),
        ("cash_back", step.cash_back, back.cash_yen if back else 0),
        ("topped_up", step.topped_up, added_yen),
        ("returned", step.returned if step.returned is None else list(step.returned), list(seen.returned)),
    )
    for what, expected, actual in pairs:
        if expected is not None:
            yield from same(what, expected, actual)


def _of_the_display(step: StepSaid, seen: Seen) -> Iterator[Difference]:
    result = seen.last
    if step.sound is not None:
        yield from same("sound", step.sound, str(result.sound) if result else "none")
    if step.remarks is not None:
        yield from same("remarks", list(step.remarks), [str(note.code) for note in result.notes] if result else [])
    for words in step.shown:
        display = " / ".join(_display(seen))
        if words not in display:
            yield Difference("shown", words, display or "nothing")


def _settles(step: StepSaid) -> bool:
    return any(value is not None for value in (step.cash, step.auto_charged, step.earned, step.lines))


_AMOUNTS: tuple[tuple[str, Callable[[Settlement], int]], ...] = (
    ("fare", lambda settled: settled.due_yen),
    ("cash", lambda settled: settled.cash_yen),
    ("auto_charged", lambda settled: settled.auto_charged_yen),
    ("earned", lambda settled: settled.earned_points),
)


def _settlement(result: Result | None) -> Settlement | None:
    return result.alighted.settlement if result is not None and result.alighted is not None else None


def _of_the_settlement(step: StepSaid, settled: Settlement | None) -> Iterator[Difference]:
    for key, amount in _AMOUNTS:
        if (expected := getattr(step, key)) is not None:
            yield from same(key, expected, amount(settled) if settled else "no settlement")
    if step.lines is not None:
        lines = [f"{line.rule} {line.yen}" for line in settled.lines] if settled else []
        yield from same("lines", [line.replace("_", "").replace(",", "") for line in step.lines], lines)


def same(what: str, expected: object, actual: object) -> Iterator[Difference]:
    """A difference, if there is one; lists are compared entry by entry, in order."""
    if expected != actual:
        yield Difference(what, _spelled(expected), _spelled(actual))


def _spelled(value: object) -> str:
    match value:
        case int():
            return f"{value:,}"
        case []:
            return "nothing"
        case list():
            return " · ".join(map(_spelled, value))
    return str(value)


def asked(seen: Seen) -> str:
    """What the driver is asked."""
    match seen.bus.terminal.state:
        case State.ASKING_STOP:
            return "stop"
        case State.ASKING_PAYMENT:
            return "payment"
        case _:
            return "nothing"


def _display(seen: Seen) -> list[str]:
    shown = [reason(result, language) for result in seen.results for language in Language]
    return shown + [refusal_text(seen.refused, language) for language in Language] if seen.refused else shown


def told(result: Result, language: Language = Language.EN) -> str:
    """A result on one line."""
    return reason(result, language) or ("refused" if result.refusal else "accepted")


def word_of(record: Record) -> str:  # noqa: PLR0912  # one arm for each kind
    """A journal record in the words of a scenario file."""
    match record:
        case Opened():
            return "opened"
        case TripBegun():
            return "trip-begun"
        case TripEnded():
            return "trip-ended"
        case Intent(action="board"):
            return "board"
        case Intent(action="alight"):
            return f"alight {record.due_yen}"
        case Intent(action="cancel"):
            return f"cancel {record.due_yen}"
        case Intent():
            return f"top-up {record.note_yen}"
        case Outcome():
            return record.result
        case Resolved():
            return f"resolved {record.result}"
        case Refused():
            return f"refused {record.code}"
        case Noted():
            return f"noted {record.code}"
        case DriverActed():
            return f"driver {record.action} {record.detail}".strip()
        case NoteMoved():
            return f"note {record.to}"
        case Voucher():
            return f"voucher {record.owes} {record.yen}"
    raise AssertionError(f"{record} has no word")
