"""Write the generated documents: `make docs`. What is generated says so, and a test holds it equal to its source."""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import date, time
from pathlib import Path
from typing import Any

from farebox.table import TRANSITIONS, Event, as_mermaid
from sim.scenario.schema import TABLES, doc_of, words_of
from tariff.operator_file import ARRAYS, SETTINGS

_ROOT = Path(__file__).parents[1]
_OPERATORS = _ROOT / "tariff" / "operators"

# -- the state machine

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


# -- the operators

_OPERATORS_PAGE = """# The four operators, side by side

*Generated from `tariff/operators/` by `make docs`; don't edit.*

What the shipped operator files say, each operator's newest. What a key means and may hold is told in
[how to write an operator file](operator_file.md), what a rule says in the [rulebook](rulebook.md). *Not configured*: no
source states it, and what needs it is refused until the operator fills it in (GEN-17). *None*: the operator does not
have it. –: an empty list. Money is in yen.

{sections}
"""

_ARRAY_TITLES = {
    "companies": "Companies",
    "services": "Kinds of service",
    "purses": "Purses, in the order in which they pay",
    "areas": "Areas",
    "lines": "Lines",
    "products": "Passes",
    "flat_fares": "Flat fares",
    "coupons": "Books of paper coupons",
    "card_kinds": "Kinds of card",
}
_COLUMNS = 6
"""Passes side by side in one table; more would not fit a page."""

Operator = Mapping[str, Any]
"""An operator file as TOML has it."""


def shipped() -> tuple[Operator, ...]:
    """The newest file of every scheme, by scheme."""
    newest = [max(folder.glob("*.toml")) for folder in sorted(_OPERATORS.iterdir()) if folder.is_dir()]
    return tuple(tomllib.loads(path.read_text("utf-8")) for path in newest)


def operators(files: tuple[Operator, ...]) -> str:
    """The page of these operator files: settings in one table, each array in tables of its own."""
    sections = [_section("Settings", [_settings(files)])]
    for array, title in _ARRAY_TITLES.items():
        tables = _passes(files) if array == "products" else [_entries(array, files)]
        sections.append(_section(title, tables))
    return _OPERATORS_PAGE.format(sections="\n\n".join(sections))


def _section(title: str, parts: Iterable[str]) -> str:
    return "\n\n".join((f"## {title}", *parts))


def _settings(files: tuple[Operator, ...]) -> str:
    """Every key outside the arrays: a row a key, a column an operator."""
    header = ("key", "rule", *(file["name"] for file in files))
    keys = [key for key in SETTINGS if key.partition(".")[0] not in ARRAYS]
    return _table(
        header, [(f"`{key}`", SETTINGS[key].rule, *(shown(_value(file, key)) for file in files)) for key in keys]
    )


def _value(file: Operator, key: str) -> Any:
    value: Any = file
    for part in key.split("."):
        value = value[part]
    return value


def _entries(array: str, files: tuple[Operator, ...]) -> str:
    """An array of all operators: a row an entry."""
    of = [file["name"] for file in files for _ in file[array]]
    entries = [entry for file in files for entry in file[array]]
    differing, same = _compared(array, entries)
    rows = [(name, *(shown(entry[key], key) for key in differing)) for name, entry in zip(of, entries, strict=True)]
    without = ", ".join(file["name"] for file in files if not file[array])
    table = _table(("operator", *(f"`{key}`" for key in differing)), rows)
    return "\n\n".join(part for part in (table, same, f"None: {without}." if without else "") if part)


def _compared(array: str, entries: list[Mapping[str, Any]]) -> tuple[list[str], str]:
    """The keys whose values differ, which the table shows, and what to say under it of those that are alike."""
    keys = [key.partition(".")[2] for key in SETTINGS if key.startswith(f"{array}.")]
    differing = [key for key in keys if len({shown(entry[key], key) for entry in entries}) > 1 or len(entries) == 1]
    alike = [f"`{key}` {shown(entries[0][key], key)}" for key in keys if key not in differing]
    return differing, f"In all of them: {'; '.join(alike)}." if alike else ""


def _passes(files: tuple[Operator, ...]) -> list[str]:
    """The passes, which have many keys: an operator's in tables of their own, a row a key, a column a pass."""
    parts = []
    for file in files:
        products = file["products"]
        differing, same = _compared("products", products)
        parts.append(f"### {file['name']}")
        for at in range(0, len(products), _COLUMNS):
            some = products[at : at + _COLUMNS]
            rows = [(f"`{key}`", *(shown(product[key], key) for product in some)) for key in differing if key != "name"]
            parts.append(_table(("pass", *(f"`{product['name']}`" for product in some)), rows))
        parts.append(same)
    return parts


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = tuple(header)
    lines = (names, ("---",) * len(names), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines).replace("| --- ", "|---").replace("--- |", "---|")


def _price(price: Mapping[str, Any]) -> str:
    if price["by"] == "period":
        return "; ".join(f"{_months(months)} {yen:,}" for months, yen in price["yen"])
    one_way = "" if price["one_way_rides"] == "none" else f" (one-way {price['one_way_rides']})"
    later = "".join(f"; from {_months(months)} × {percent} %" for months, percent in price["month_percents"])
    return f"a month: fare × {price['rides']}{one_way} × {price['percent']} %{later}"


def _months(months: int) -> str:
    return f"{months} month{'' if months == 1 else 's'}"


def _term(term: Mapping[str, Any]) -> str:
    renewal = f"; after {', '.join(term['follows'])} {term['renewal_percent_off']} % more" if term["follows"] else ""
    return f"{term['first']} to {term['last']}, {term['percent_off']} % off{renewal}"


_SHOWN: Mapping[str, Callable[[Any], str]] = {
    "price": _price,
    "term": _term,
    "tickets": lambda tickets: ", ".join(f"{face} × {count}" for face, count in tickets),
    "hours": lambda hours: f"{hours[0]:%H:%M} to {hours[1]:%H:%M}",
}
"""Keys whose values are more than a word, a number or a list of them."""


def shown(value: Any, key: str = "") -> str:
    """A value as the tables write it."""
    match value:
        case str():
            return value
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case time() | date():
            return value.isoformat()
        case []:
            return "–"
        case [int(), *_] if key not in _SHOWN:
            return " / ".join(map(shown, value))
    return _SHOWN[key](value) if key in _SHOWN else ", ".join(map(shown, value))


# -- the keys of a scenario

_SCENARIO_KEYS = """# Scenario files, key by key

*Generated from `sim/scenario/schema.py` by `make docs`; don't edit.*

[Scenarios](scenarios.md) tells how they are written. Every key that a `*.scenario.toml` may have is here; any other is
a fault that is told with its line. Money is in yen. `farebox bench schema` gives the same to editors, as a JSON Schema.

{tables}
"""


def scenario_keys() -> str:
    """The page of a scenario's keys, table by table."""
    return _SCENARIO_KEYS.format(tables="\n\n".join(_scenario_table(name, kind) for name, kind in TABLES))


def _scenario_table(name: str, kind: Any) -> str:
    rows = [
        f"| `{key.name.removesuffix('_')}` | {doc_of(key)} | {', '.join(f'`{word}`' for word in words_of(key))} |"
        for key in fields(kind)
    ]
    told = " ".join(str(kind.__doc__).split())
    return "\n".join((f"## {name}", "", told, "", "| key | what it says | one of |", "|---|---|---|", *rows))


GENERATED: Mapping[str, Callable[[], str]] = {
    "state_machine.md": state_machine,
    "operators.md": lambda: operators(shipped()),
    "scenario_keys.md": scenario_keys,
}
"""The generated documents of docs/, and what makes each."""


def main() -> None:
    """Write them all."""
    for name, text in GENERATED.items():
        (_ROOT / "docs" / name).write_text(text(), "utf-8")


if __name__ == "__main__":
    main()
