"""A report as one HTML file that holds all that it shows, and asks nobody for anything: scripts and numbers are in it.

The page's own policy forbids it to load anything, so that it can be read years later, and from a USB stick.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import PurePath
from shlex import quote
from typing import Any

import vl_convert

from farebox.words import REFUSALS, Language, say
from sim.report import words
from sim.report.charts import Spec, charts_of, named, shown_us, trip_of
from sim.report.figures import Figures
from sim.report.what_if import WhatIf
from sim.report.what_if import charts_of as what_if_charts
from tariff.refusal import Code

_POLICY = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:"
_MOST_ROWS = 300
"""Of a table on the page; the CSV files have all of them."""
_STYLE = """
:root { --ink: #1c2430; --soft: #5d6878; --line: #dfe4ea; --paper: #fff; --ground: #f4f6f8; --mark: #2563a8; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); line-height: 1.6;
  font-family: "Noto Sans CJK JP", "Noto Sans JP", "Hiragino Sans", "Yu Gothic UI", "IPAexGothic", "IPAPGothic",
    system-ui, sans-serif; }
main { max-width: 1060px; margin: 0 auto; padding: 24px 16px 64px; }
h1 { font-size: 1.6rem; margin: 0; }
h2 { font-size: 1.15rem; margin: 0 0 4px; }
h3 { font-size: 1rem; margin: 16px 0 4px; }
p { margin: 4px 0 12px; color: var(--soft); font-size: .9rem; }
.simulated { background: #fff4d6; border: 1px solid #e8c96a; color: #5f4a05; padding: 8px 12px; border-radius: 6px; }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: 18px 20px;
  margin-top: 18px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(96px, 1fr)); gap: 10px; margin-top: 18px; }
.tile { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: 10px 12px; }
.tile b { display: block; font-size: 1.15rem; font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: .78rem; }
.chart { overflow-x: auto; padding-bottom: 6px; }
.chart.vega-embed { display: flex; flex-direction: column-reverse; align-items: flex-start; }
.chart form.vega-bindings { margin: 0 0 8px; font-size: .9rem; }
.chart select { font: inherit; max-width: 100%; padding: 4px; }
details { margin-top: 8px; font-size: .85rem; } summary { cursor: pointer; color: var(--mark); }
.scroll { max-height: 420px; overflow: auto; }
table { border-collapse: collapse; margin-top: 6px; font-size: .85rem; }
th, td { padding: 3px 12px 3px 0; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.good { color: #1c7a45; font-weight: bold; } .bad { color: #b3261e; font-weight: bold; }
footer { color: var(--soft); font-size: .8rem; margin-top: 24px; overflow-wrap: anywhere; }
@media print { body { background: #fff; } section { break-inside: avoid; } details { display: none; } }
"""
_DRAW = """
const specs = JSON.parse(document.getElementById("specs").textContent);
for (const [name, spec] of Object.entries(specs)) {
  vegaEmbed("#" + name, spec, {mode: "vega-lite", actions: false, renderer: "svg"});
}
"""
_Table = tuple[Sequence[str], Sequence[Sequence[Any]]]


def page_of(figures: Figures, language: Language, what_if: WhatIf | None = None) -> str:
    """The whole page."""
    charts = dict(charts_of(figures, language))
    if what_if is not None:
        charts |= what_if_charts(what_if, language)
    title = f"{say(words.TITLE, language)} · {PurePath(figures.asked['feed']).name} · {figures.asked['day']}"
    body = "".join(
        (
            f"<h1>{escape(title)}</h1>",
            f"<p class=simulated>{escape(_simulated(figures, language))}</p>",
            _tiles(figures, language),
            *(_section(figures, name, charts, language) for name in _SECTIONS),
            _what_if(what_if, charts, language) if what_if is not None else "",
            _count(figures, language),
            _foot(figures, language),
        )
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>{body}</main>\n"
        f'<script type="application/json" id="specs">{_embedded(charts)}</script>\n'
        f"<script>{_library()}</script>\n<script>{_DRAW}</script>\n</body>\n</html>\n"
    )


_SECTIONS = ("boardings", "load", "origin_destination", "revenue", "refusals", "tap_time")


def _library() -> str:
    """Vega, whole. Its type says that it must be told what to bundle; by default that is all, and made once."""
    found: str = vl_convert.javascript_bundle()  # type: ignore[call-arg]
    return found


def _embedded(charts: Mapping[str, Spec]) -> str:
    """JSON that may stand in a script: no stop's name can end it."""
    return json.dumps(charts, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _simulated(figures: Figures, language: Language) -> str:
    said = words.RECORDED if figures.asked.get("recorded") else words.SIMULATED
    chained = figures.summary.get("chaining_rule")
    assumed = figures.summary.get("rules_assumed_for") or []
    return " ".join(
        (
            say(said, language),
            *([chained[language]] if chained else []),
            *(f"{agency}: {say(words.ASSUMED, language)}" for agency in assumed),
        )
    )


def _tiles(figures: Figures, language: Language) -> str:
    ledger = figures.summary["ledger"]
    values = {**figures.summary, **ledger, "refused": sum(one.taps for one in figures.refused)}
    values |= {"torn": figures.torn, "confirmed": figures.confirmed}
    tiles = (
        f"<div class=tile><b>{values[name]:,}</b><span>{escape(say(both, language))}</span></div>"
        for name, both in words.TILES.items()
    )
    return f"<div class=tiles>{''.join(tiles)}</div>"


def _section(figures: Figures, name: str, charts: Mapping[str, Spec], language: Language) -> str:
    """A heading, what it is about, its charts and its tables."""
    tables = _tables(figures, language)
    more = (f"{name}_image",) if name == "tap_time" and figures.asked["reader"] == "image" else ()
    mine = [chart for chart in charts if chart == name or chart.startswith(f"{name}_by_")]
    shown = "".join(f"<div class=chart id={chart}></div>" for chart in mine)
    return (
        f"<section>{_heading(name, language, *more)}{shown or escape(say(words.NOTHING, language))}"
        f"{''.join(_details(tables[table], language) for table in mine if table in tables)}</section>"
    )


def _heading(name: str, language: Language, *more: str) -> str:
    notes = (" " if language is Language.EN else "").join(say(words.NOTES[note], language) for note in (name, *more))
    return f"<h2>{escape(say(words.HEADINGS[name], language))}</h2><p>{escape(notes)}</p>"


def _tables(figures: Figures, language: Language) -> Mapping[str, _Table]:
    def heads(*names: str) -> list[str]:
        return [say(words.COLUMNS[name], language) for name in names]

    return {
        "boardings": (
            heads("minute", "operator", "boardings", "alightings"),
            [(f"{one.minute // 60:02}:{one.minute % 60:02}", *one[1:]) for one in figures.quarters],
        ),
        "load": (
            heads("trip", "stop", "boardings", "alightings", "aboard"),
            [
                (trip_of(one, figures.began_s), one.stop, one.boardings, one.alightings, one.aboard)
                for one in figures.loads
            ],
        ),
        "origin_destination": (heads("route", "boarded", "alighted", "rides", "yen"), figures.pairs),
        **{
            f"revenue_by_{name}": (
                heads(name, "rides", "yen"),
                [(named(one.name, language), one.rides, one.yen) for one in shares],
            )
            for name, shares in (
                ("operator", figures.by_operator),
                ("product", figures.by_product),
                ("purse", figures.by_purse),
            )
        },
        "refusals": (
            heads("code", "taps"),
            [(say(REFUSALS[Code(one.code)], language), one.taps) for one in figures.refused],
        ),
        "tap_time": (
            heads("took", "taps"),
            [(shown_us(one.from_us, one.to_us), one.taps) for one in figures.took],
        ),
    }


def _details(table: _Table, language: Language) -> str:
    heads, rows = table
    more = f"<p>… +{len(rows) - _MOST_ROWS:,}</p>" if len(rows) > _MOST_ROWS else ""
    label = f"{say(words.COLUMNS['table'], language)} ({heads[0]})"
    body = _table(heads, rows[:_MOST_ROWS])
    return f"<details><summary>{escape(label)}</summary><div class=scroll>{body}{more}</div></details>"


def _table(heads: Iterable[str], rows: Iterable[Sequence[Any]]) -> str:
    def cell(value: Any, tag: str = "td") -> str:
        if isinstance(value, int):
            return f"<{tag} class=number>{value:,}</{tag}>"
        return f"<{tag}>{escape(str(value))}</{tag}>"

    head = "".join(cell(name, "th") for name in heads)
    body = "".join(f"<tr>{''.join(map(cell, row))}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _what_if(found: WhatIf, charts: Mapping[str, Spec], language: Language) -> str:
    """Both tariffs, each way of dividing the revenue."""
    old, new, difference = (say(words.COLUMNS[name], language) for name in ("old", "new", "difference"))
    totals = _table(
        ("", old, new, difference),
        (
            (say(words.TILES["fares_yen"], language), found.old_yen, found.new_yen, found.new_yen - found.old_yen),
            (
                say(words.REFUSED_RIDES, language),
                found.old_refused,
                found.new_refused,
                found.new_refused - found.old_refused,
            ),
        ),
    )
    change = say(
        (
            f"{found.rides:,}件のうち、値上がり{found.dearer:,}件、値下がり{found.cheaper:,}件。",
            f"Of {found.rides:,} rides, {found.dearer:,} are dearer and {found.cheaper:,} cheaper.",
        ),
        language,
    )
    parts = "".join(
        f"<div class=chart id=what_if_by_{column}></div>"
        + _details(
            (
                (say(words.COLUMNS[column], language), old, new, difference),
                [(named(one.name, language), one.old_yen, one.new_yen, one.new_yen - one.old_yen) for one in both],
            ),
            language,
        )
        for column, both in found.parts.items()
        if f"what_if_by_{column}" in charts
    )
    return (
        f"<section>{_heading('what_if', language)}<h3>{escape(found.tariff)}</h3>{totals}<p>{escape(change)}</p>{parts}"
        "</section>"
    )


def _count(figures: Figures, language: Language) -> str:
    """The count of every yen, both sides of it."""
    rows: list[tuple[str, int]] = []
    for name, title in words.COUNT:
        rows.append((say(title, language), figures.summary[name]))
        holdings = figures.summary.get(name.removesuffix("_yen"), {})
        rows += [(say(what, language), holdings[part]) for part, what in words.OF_IT if holdings.get(part)]
    good = bool(figures.summary["reconciles"])
    verdict = say(words.RECONCILES if good else words.BROKEN, language)
    problems = "".join(f"<li>{escape(problem)}</li>" for problem in figures.summary["problems"])
    return (
        f"<section id=count>{_heading('reconciliation', language)}{_table((), rows)}"
        f"<p class={'good' if good else 'bad'}>{escape(verdict)}</p>"
        f"{f'<ul>{problems}</ul>' if problems else ''}</section>"
    )


def _route_of(figures: Figures) -> str | None:
    """The one route that was asked for, by its id, or by the name that several have."""
    asked = figures.asked["route_ids"]
    if asked is None:
        return None
    return str(asked[0]) if len(asked) == 1 else figures.patterns[0].route


def _foot(figures: Figures, language: Language) -> str:
    asked = figures.asked
    recorded = asked["recorded"]
    given = {
        "feed": asked["feed"],
        "route": _route_of(figures),
        "date": asked["day"],
        "reader": asked["reader"],
        "operator": asked["scheme"],
        **({"recorded": "FILE"} if recorded else {"seed": asked["seed"], "riders": f"{asked['mean_riders']:g}"}),
    }
    options = (f"--{name} {quote(str(value))}" for name, value in given.items() if value is not None)
    same = f"farebox sim replay {' '.join(options)}"
    of = f"farebox {asked['software']} · feed SHA-256 {asked['feed_sha256'][:16]}"
    of += f" · FILE SHA-256 {recorded[:16]}" if recorded else ""
    return f"<footer>{escape(say(words.SEE, language))}<code>{escape(same)}</code><br>{escape(of)}</footer>"
