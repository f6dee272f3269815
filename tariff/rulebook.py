"""An operator file as a value: amounts, dates and choices of one card scheme, each citing its rule.

`parse` takes the file's text; who reads the disk is not known here. The shape of a rule is a named function of a
closed registry (`excess = "cheaper"`); there are no expressions, no defaults, and unknown keys are refused.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import date
from hashlib import sha256
from typing import Any, NamedTuple

from tariff.account import HolderKind
from tariff.fares import TariffFault


class Company(NamedTuple):
    """One company of the scheme. `agencies` are beginnings of the agency names its feeds carry."""

    number: int
    name: str
    agencies: tuple[str, ...]


class Rulebook(NamedTuple):
    """One operator file: the rules of one card scheme from one day on. Money in whole yen."""

    scheme: str
    name: str
    effective: date
    digest: bytes
    """SHA-256 of the file's text: it stands in every journal record."""
    companies: tuple[Company, ...]
    stored_fare_cap_yen: int  # GEN-3
    excess: str  # PASS-5: "cheaper" or "separate"
    holder_only: frozenset[HolderKind]  # GEN-18
    open_ride: str  # GEN-8: "clear" or "refuse"
    guard_s: int  # GEN-9
    mixed_multiple_yen: int  # GEN-10
    auto_charge: bool  # AUT-2: whether the scheme has the arrangement at all
    auto_charge_on_zero_fare: bool  # AUT-5

    def company_of(self, agency_name: str) -> Company | None:
        """The company whose feeds carry this agency name; None if the scheme doesn't know it."""
        for company in self.companies:
            if agency_name.startswith(company.agencies):
                return company
        return None


class RulebookError(TariffFault):
    """An operator file is broken. Carries every problem at once, a line each: file, line, key, rule, what to do."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        """Take the problems, one line each."""
        super().__init__("\n".join(problems))
        self.problems = problems


Check = Callable[[Any], str | None]
"""What is wrong with a value, or None."""


class _Setting(NamedTuple):
    rule: str
    check: Check


def _text(value: object) -> str | None:
    return None if isinstance(value, str) and value else "must be a text"


def _day(value: object) -> str | None:
    return None if type(value) is date else "must be a date like 2026-04-01"


def _switch(value: object) -> str | None:
    return None if isinstance(value, bool) else "must be true or false"


def _whole(low: int, high: int) -> Check:
    def check(value: object) -> str | None:
        inside = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
        return None if inside else f"must be a whole number from {low} to {high}"

    return check


def _one_of(*words: str) -> Check:
    def check(value: object) -> str | None:
        return None if value in words else f"must be one of {', '.join(words)}"

    return check


def _holders(value: object) -> str | None:
    words = {kind.name.lower().replace("_", "-") for kind in HolderKind}
    listed = isinstance(value, list) and all(isinstance(word, str) and word in words for word in value)
    good = listed and isinstance(value, list) and len(set(value)) == len(value)
    return None if good else f"must be a list out of {', '.join(sorted(words))}, each once"


def _companies(value: object) -> str | None:
    if not isinstance(value, list) or not value:
        return "must hold at least one [[companies]]"
    numbers = []
    for entry in value:
        if not isinstance(entry, dict) or set(entry) != {"number", "name", "agencies"}:
            return "each needs number, name and agencies, and nothing else"
        problem = _whole(0, 1)(entry["number"]) or _text(entry["name"])
        if problem:
            return problem
        agencies = entry["agencies"]
        if not isinstance(agencies, list) or not agencies or any(_text(agency) for agency in agencies):
            return "agencies must be a list of agency names"
        numbers.append(entry["number"])
    return None if len(set(numbers)) == len(numbers) else "numbers must differ"


SETTINGS: Mapping[str, _Setting] = {
    "scheme": _Setting("GEN-21", _text),
    "name": _Setting("GEN-21", _text),
    "effective": _Setting("GEN-5", _day),
    "companies": _Setting("LOC-6", _companies),
    "stored_fare.cap_yen": _Setting("GEN-3", _whole(1, 32_767)),
    "passes.excess": _Setting("PASS-5", _one_of("cheaper", "separate")),
    "party.holder_only": _Setting("GEN-18", _holders),
    "taps.open_ride": _Setting("GEN-8", _one_of("clear", "refuse")),
    "taps.guard_s": _Setting("GEN-9", _whole(0, 600)),
    "shortage.mixed_multiple_yen": _Setting("GEN-10", _whole(1, 1_000)),
    "auto_charge.offered": _Setting("AUT-2", _switch),
    "auto_charge.on_zero_fare": _Setting("AUT-5", _switch),
}
"""Every key of an operator file, the rule it serves and what it may hold. docs/rulebook.md lists the same."""


def parse(text: str, source: str) -> Rulebook:
    """One operator file's text -> Rulebook; `source` names it in errors. Raises RulebookError with every problem."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RulebookError((f"{source}: not TOML: {error}",)) from None
    except RecursionError:
        raise RulebookError((f"{source}: nested too deep; an operator file has one level of tables",)) from None
    found = _flatten(document)
    problems = [
        f"{source}:{_line_of(text, key)}: {key}: unknown key; remove it or correct its name"
        for key in found
        if key not in SETTINGS
    ]
    for key, setting in SETTINGS.items():
        if key not in found:
            problems.append(f"{source}: {key} ({setting.rule}): missing; there is no default")
        elif (problem := setting.check(found[key])) is not None:
            problems.append(f"{source}:{_line_of(text, key)}: {key} ({setting.rule}): {problem}")
    if problems:
        raise RulebookError(tuple(problems))
    return _build(found, sha256(text.encode()).digest())


def _flatten(document: Mapping[str, Any]) -> dict[str, Any]:
    """{"taps": {"guard_s": 10}} -> {"taps.guard_s": 10}. Tables are one level deep."""
    flat: dict[str, Any] = {}
    for key, value in document.items():
        if isinstance(value, dict):
            flat.update({f"{key}.{inner}": inner_value for inner, inner_value in value.items()})
        else:
            # A quoted "taps.guard_s" is not the guard_s of [taps]: it keeps its quotes, and is unknown.
            flat[f'"{key}"' if "." in key else key] = value
    return flat


def _line_of(text: str, key: str) -> int:
    """The line that sets a key, for the error message; 1 where it can't be told (an inline table)."""
    table, _, name = key.rpartition(".")
    inside = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line):
            inside = header[1]
            if inside == key:
                return number
        elif inside == table and re.match(rf'\s*"?{re.escape(name)}"?\s*=', line):
            return number
    return 1


def _build(found: Mapping[str, Any], digest: bytes) -> Rulebook:
    return Rulebook(
        scheme=found["scheme"],
        name=found["name"],
        effective=found["effective"],
        digest=digest,
        companies=tuple(Company(c["number"], c["name"], tuple(c["agencies"])) for c in found["companies"]),
        stored_fare_cap_yen=found["stored_fare.cap_yen"],
        excess=found["passes.excess"],
        holder_only=frozenset(HolderKind[word.upper().replace("-", "_")] for word in found["party.holder_only"]),
        open_ride=found["taps.open_ride"],
        guard_s=found["taps.guard_s"],
        mixed_multiple_yen=found["shortage.mixed_multiple_yen"],
        auto_charge=found["auto_charge.offered"],
        auto_charge_on_zero_fare=found["auto_charge.on_zero_fare"],
    )
