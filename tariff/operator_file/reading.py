"""Reading an operator file: text -> document -> values, with every problem noted -> Rulebook."""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import sha256
from typing import Any, NamedTuple

from tariff.calendar import Holidays
from tariff.fares import TariffFault
from tariff.operator_file.laws import LAWS
from tariff.operator_file.schema import ARRAYS, SETTINGS
from tariff.operator_file.values import Wrong
from tariff.rulebook import AutoChargeRules, CounterRules, Luggage, PointRules, RiderRules, Rulebook, TopUpRules
from tariff.toml_hint import toml_hint


class RulebookError(TariffFault):
    """An operator file is broken. Carries every problem at once, a line each: file, line, key, rule, what to do."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        """Take the problems, one line each."""
        super().__init__("\n".join(problems))
        self.problems = problems


class _Problem(NamedTuple):
    line: int
    """0 where the file has no line for it."""
    text: str


_Entries = list[dict[str, Any]]


class _Reading:
    """An operator file being read: the values that stand, and the problems so far."""

    def __init__(self, text: str) -> None:
        self.values: dict[str, Any] = {}
        """Values of keys outside the arrays, by whole key: "taps.guard_s"."""
        self.entries: dict[str, _Entries] = {}
        """Values in the arrays, by array and place, by whole key: "products.months"."""
        self.problems: list[_Problem] = []
        self._lines = _lines_of(text)

    def line(self, key: str, place: int = 0) -> int:
        """The line that sets a key, or else of its table; 0 if it has none."""
        table = key.rpartition(".")[0]
        for known in ((key, place), (table, place), (table, 0)):
            if known in self._lines:
                return self._lines[known]
        return 0

    def told(self, key: str, problem: str, place: int = 0) -> None:
        """Note a problem with a key, or with an array as a whole."""
        known = SETTINGS.get(key) or ARRAYS.get(key)
        rule = f" ({known.rule})" if known else ""
        self.problems.append(_Problem(self.line(key, place), f"{key}{rule}: {problem}"))

    def unknown(self, key: str, place: int = 0) -> None:
        self.told(key, "unknown key; remove it or correct its name", place)

    def read(self, raw: Mapping[str, Any], keys: Sequence[str], place: int = 0) -> dict[str, Any]:
        """The values of these keys as far as they are right, by whole key."""
        found = {}
        for key in keys:
            if key not in raw:
                self.told(key, "missing; there is no default", place)
                continue
            try:
                found[key] = SETTINGS[key].read(raw[key])
            except Wrong as wrong:
                self.told(key, str(wrong), place)
        return found


def parse(text: str, source: str, national_holidays: frozenset[date]) -> Rulebook:
    """One operator file's text -> Rulebook; `source` names it in errors. Raises RulebookError with every problem."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RulebookError((f"{source}: not TOML: {error}{toml_hint(text, str(error))}",)) from None
    except RecursionError:
        raise RulebookError((f"{source}: nested too deep; an operator file has two levels of tables",)) from None
    reading = _Reading(text)
    _read_tables(reading, document)
    for name in ARRAYS:
        _read_array(reading, document, name)
    _apply_laws(reading)
    if reading.problems:
        told = sorted(reading.problems, key=lambda problem: problem.line)
        raise RulebookError(tuple(f"{source}{f':{line}' if line else ''}: {text}" for line, text in told))
    return _build(reading, sha256(text.encode()).digest(), national_holidays)


def _keys_of(array: str) -> list[str]:
    return [key for key in SETTINGS if key.startswith(f"{array}.")]


_ENTRY_KEYS = {name: _keys_of(name) for name in ARRAYS}
_TABLE_KEYS = [key for key in SETTINGS if key.partition(".")[0] not in ARRAYS]
_TABLES = {key.partition(".")[0] for key in _TABLE_KEYS if "." in key}


def _read_tables(reading: _Reading, document: Mapping[str, Any]) -> None:
    """Everything outside the arrays: {"taps": {"guard_s": 10}} is the key taps.guard_s."""
    raw: dict[str, Any] = {}
    for key, value in document.items():
        if key in ARRAYS:
            continue
        if isinstance(value, dict) and (value or key in _TABLES):
            raw.update({f"{key}.{inner}": inner_value for inner, inner_value in value.items()})
        else:
            # A quoted "taps.guard_s" is not the guard_s of [taps]: it keeps its quotes, and is unknown.
            raw[f'"{key}"' if "." in key else key] = value
    for key in raw:
        if key not in _TABLE_KEYS:
            reading.unknown(key)
    reading.values = reading.read(raw, _TABLE_KEYS)


def _read_array(reading: _Reading, document: Mapping[str, Any], name: str) -> None:
    array = document.get(name)
    if array is None:
        reading.told(name, f"missing; there is no default: write [[{name}]] or {name} = []")
        return
    if not isinstance(array, list) or not all(isinstance(entry, dict) for entry in array):
        reading.told(name, f"must be [[{name}]], or {name} = []")
        return
    if len(array) < ARRAYS[name].least:
        reading.told(name, f"must hold at least one [[{name}]]")
    reading.entries[name] = []
    for place, entry in enumerate(array):
        raw = {f"{name}.{inner}": value for inner, value in entry.items()}
        for key in raw:
            if key not in _ENTRY_KEYS[name]:
                reading.unknown(key, place)
        reading.entries[name].append(reading.read(raw, _ENTRY_KEYS[name], place))


def _apply_laws(reading: _Reading) -> None:
    """Tell what contradicts; a law of which a value is missing or wrong is left, for that is told already."""
    for law in LAWS:
        key = law.keys[0]
        array = key.partition(".")[0]
        entries = reading.entries.get(array, []) if array in ARRAYS else [{}]
        of_earlier = {each[1:] for each in law.keys if each[0] == "<"}
        for place, entry in enumerate(entries):
            earlier = [other for other in entries[:place] if of_earlier <= other.keys()]
            values = [_value(reading, entry, earlier, each) for each in law.keys]
            problem = None if _Unread in values else law.problem(*values)
            if problem is not None:
                reading.told(key, problem, place)


class _Unread:
    """Stands for a value that is missing or wrong."""


def _value(reading: _Reading, entry: Mapping[str, Any], earlier: _Entries, key: str) -> Any:
    """A value that a law asks for: of the entry, of a table, or of several entries of an array (see `Law`)."""
    if key[0] == "<":
        return [other[key[1:]] for other in earlier]
    if key[0] != "*":
        return entry.get(key, reading.values.get(key, _Unread))
    array = key[1:].partition(".")[0]
    if array not in reading.entries:
        return _Unread
    values = [other.get(key[1:], _Unread) for other in reading.entries[array]]
    return _Unread if _Unread in values else values


_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.-]+)\s*\]\]?\s*(#.*)?")
_KEY = re.compile(r'\s*(?:"([^"]+)"|([\w.-]+))\s*=')


def _lines_of(text: str) -> dict[tuple[str, int], int]:
    """(key, place in its array) -> the line that sets it; (table, place) -> its header's."""
    lines: dict[tuple[str, int], int] = {}
    seen: Counter[str] = Counter()
    inside, place = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        if header := _HEADER.fullmatch(line):
            inside = header[2]
            place = seen[inside]
            seen[inside] += header[1] == "[["
            lines.setdefault((inside, place), number)
        elif key := _KEY.match(line):
            name = key[2] or (f'"{key[1]}"' if "." in key[1] else key[1])
            lines.setdefault((f"{inside}.{name}" if inside else name, place), number)
    return lines


# -- building

_FIELDS = {"departs_from": "departs_from_s", "hours": "hours_s"}
"""Times of day are written as such, and read as seconds."""


def _build(reading: _Reading, digest: bytes, national_holidays: frozenset[date]) -> Rulebook:
    values = reading.values
    return Rulebook(
        scheme=values["scheme"],
        name=values["name"],
        effective=values["effective"],
        digest=digest,
        companies=_array(reading, "companies"),
        services=_array(reading, "services"),
        holidays=Holidays(national_holidays, **_of(values, "holidays")),
        stored_fare_cap_yen=values["stored_fare.cap_yen"],
        accepted_schemes=values["cards.accepted_schemes"],
        excluded_services=values["cards.excluded_services"],
        **_of(values, "party"),
        **_of(values, "taps"),
        mixed_multiple_yen=values["shortage.mixed_multiple_yen"],
        riders=RiderRules(**_of(values, "riders"), luggage=_all_of(Luggage, values, "luggage")),
        purses=_array(reading, "purses"),
        points=_all_of(PointRules, values, "points"),
        top_up=TopUpRules(**_of(values, "top_up")),
        auto_charge=values["auto_charge.offered"],
        auto_charge_on_zero_fare=values["auto_charge.on_zero_fare"],
        auto_charge_offer=_all_of(AutoChargeRules, values, "auto_charge"),
        excess=values["passes.excess"],
        areas=_array(reading, "areas"),
        lines=_array(reading, "lines"),
        products=_array(reading, "products"),
        flat_fares=_array(reading, "flat_fares"),
        coupon_books=_array(reading, "coupons"),
        card_kinds=_array(reading, "card_kinds"),
        counter=CounterRules(**_of(values, "counter")),
    )


def _array(reading: _Reading, name: str) -> tuple[Any, ...]:
    return tuple(ARRAYS[name].kind(**_of(entry, name)) for entry in reading.entries[name])


def _of(values: Mapping[str, Any], table: str) -> dict[str, Any]:
    """The values of a table or an array's entry, by the names of the Rulebook's fields."""
    found = {}
    for key, value in values.items():
        if key.startswith(f"{table}."):
            name = key.removeprefix(f"{table}.")
            found[_FIELDS.get(name, name)] = value
    return found


def _all_of(kind: Any, values: Mapping[str, Any], table: str) -> Any:
    """A table that is stated whole or not at all -> its value, or None."""
    stated = [values[f"{table}.{field}"] for field in kind._fields]
    return kind(*stated) if None not in stated else None
