"""Figures as charts (altair). A chart is a Vega-Lite specification: a page draws it, and a picture is made of it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import altair as alt

from farebox.words import REFUSALS, Language, say
from sim.report import words
from sim.report.figures import QUARTER_S, Figures, Load, Pattern, Quarter, Share
from tariff.refusal import Code

FONTS = "Noto Sans CJK JP, Noto Sans JP, Hiragino Sans, Yu Gothic UI, IPAexGothic, IPAPGothic, IPAGothic, sans-serif"
BLUES = ("#2563a8", "#e07b39", "#3f9b6c", "#8a5fb0", "#b04a5a", "#6b7280")
WIDTH = 860
_STEP = 22
_MOST_SQUARES = 30_000
"""On the page; the CSV files have all of them."""
_LABEL_PX = 260
_TOP = alt.Legend(orient="top", gradientLength=160)
_CLOCK = "(floor(datum.value / 60) < 10 ? '0' : '') + floor(datum.value / 60) + ':00'"

Spec = dict[str, Any]


ROWS = alt.NamedData(name="rows")
"""Every chart's own."""


class Drawn(NamedTuple):
    """A chart, and the rows that it is of."""

    chart: Any
    rows: Iterable[Mapping[str, Any]]


def charts_of(figures: Figures, language: Language) -> Mapping[str, Spec]:
    """The charts by name, those without anything to show left out."""
    made: dict[str, Drawn | None] = {
        "boardings": _boardings(figures, language),
        "load": _load(figures, language),
        "origin_destination": _pairs(figures, language),
        **{
            f"revenue_by_{name}": _shares(name, shares, language)
            for name, shares in (
                ("operator", figures.by_operator),
                ("product", figures.by_product),
                ("purse", figures.by_purse),
            )
        },
        "refusals": _refusals(figures, language),
        "tap_time": _took(figures, language),
    }
    return {name: spec_of(drawn) for name, drawn in made.items() if drawn is not None}


def spec_of(drawn: Drawn) -> Spec:
    """A chart with the page's letters and colours, and its rows, as JSON."""
    styled = (
        drawn.chart.configure(font=FONTS)
        .configure_view(stroke=None)
        .configure_axis(labelFontSize=12, titleFontSize=12, titleFontWeight="normal", labelLimit=_LABEL_PX)
        .configure_title(anchor="start", fontSize=13)
        .configure_legend(labelFontSize=12, titleFontSize=12, labelLimit=_LABEL_PX)
        .configure_range(category=list(BLUES))
    )
    found: Spec = styled.to_dict()
    # The page names the mode itself; nothing in it looks like an address.
    found.pop("$schema", None)
    # Beside the chart: altair would check every row of it.
    return found | {"datasets": {ROWS.name: list(drawn.rows)}}


def named(name: str, language: Language) -> str:
    """A purse or product as people call it."""
    return say(words.NAMES[name], language) if name in words.NAMES else name


def _title(column: str, language: Language) -> str:
    return say(words.COLUMNS[column], language)


def _boardings(figures: Figures, language: Language) -> Drawn | None:
    """Boardings upwards, alightings downwards, the operators on top of each other."""
    if not figures.quarters:
        return None
    rows = list(_stacked(figures.quarters, language))
    chart = (
        alt.Chart(ROWS)
        .mark_rect(stroke="white", strokeWidth=0.5)
        .encode(
            x=alt.X("from:Q", title=None, axis=_hours(figures), scale=alt.Scale(zero=False, nice=False)),
            x2="to:Q",
            y=alt.Y(
                "low:Q",
                title=f"← {_title('alightings', language)} ｜ {_title('boardings', language)} →",
                axis=alt.Axis(labelExpr="format(abs(datum.value), ',d')", tickMinStep=1),
            ),
            y2="high:Q",
            color=alt.Color("operator:N", title=None, legend=alt.Legend(orient="top", columns=2)),
            tooltip=[
                alt.Tooltip("operator:N", title=_title("operator", language)),
                alt.Tooltip("clock:N", title=_title("minute", language)),
                alt.Tooltip("what:N", title=" "),
                alt.Tooltip("cards:Q", title=_title("cards", language), format=",d"),
            ],
        )
        .properties(width=WIDTH, height=260)
    )
    return Drawn(chart, rows)


def _stacked(quarters: Iterable[Quarter], language: Language) -> Iterator[Mapping[str, Any]]:
    ends: Counter[tuple[int, int]] = Counter()
    for one in quarters:
        for way, name, cards in ((1, "boardings", one.boardings), (-1, "alightings", one.alightings)):
            low = ends[one.minute, way]
            ends[one.minute, way] += way * cards
            if cards:
                yield {
                    "from": one.minute,
                    "to": one.minute + QUARTER_S // 60,
                    "low": low,
                    "high": low + way * cards,
                    "operator": one.operator,
                    "clock": f"{one.minute // 60:02}:{one.minute % 60:02}",
                    "what": _title(name, language),
                    "cards": cards,
                }


def _hours(figures: Figures) -> alt.Axis:
    """On the hour; after midnight they go on as timetables have them."""
    minutes = [quarter.minute for quarter in figures.quarters]
    return alt.Axis(labelExpr=_CLOCK, values=list(range(min(minutes) // 60 * 60, max(minutes) + 61, 60)), grid=False)


def _load(figures: Figures, language: Language) -> Drawn | None:
    if not figures.loads:
        return None
    lines = {pattern.pattern_id: line_of(pattern) for pattern in _most_used(figures.patterns)}
    choice = _choice("line", list(lines.values()), language)
    most = max(1, *(one.aboard for one in figures.loads))
    rows = (
        {
            "line": lines[one.pattern_id],
            "stop": f"{one.place + 1:02} {one.stop}",
            "trip": trip_of(one, figures.began_s),
            "aboard": one.aboard,
            "number": str(one.aboard or ""),
            "boardings": one.boardings,
            "alightings": one.alightings,
        }
        for one in figures.loads
        if one.pattern_id in lines
    )
    base = (
        alt.Chart(ROWS)
        .transform_filter(choice)
        .encode(
            x=alt.X("stop:N", title=None, axis=alt.Axis(labelAngle=-40)),
            y=alt.Y("trip:N", title=None),
        )
    )
    blues = alt.Scale(scheme="blues", domain=[0, most])
    squares = base.mark_rect(stroke="white").encode(
        color=alt.Color("aboard:Q", title=_title("aboard", language), scale=blues, legend=_TOP),
        tooltip=[
            alt.Tooltip(f"{name}:{kind}", title=_title(name, language))
            for name, kind in (("trip", "N"), ("stop", "N"), ("aboard", "Q"), ("boardings", "Q"), ("alightings", "Q"))
        ],
    )
    numbers = _numbers(base, "aboard", most)
    chart = alt.layer(squares, numbers).add_params(choice).properties(width=alt.Step(34), height=alt.Step(_STEP))
    return Drawn(chart, rows)


def _pairs(figures: Figures, language: Language) -> Drawn | None:
    if not figures.pairs:
        return None
    order = _stops_in_order(figures.patterns)
    routes = list(dict.fromkeys(pattern.route for pattern in figures.patterns if pattern.rides))
    choice = _choice("route", routes, language)
    most = max(one.rides for one in figures.pairs)
    rows = (
        one._asdict()
        | {"boarded": order[one.route, one.boarded], "alighted": order[one.route, one.alighted]}
        | {"number": str(one.rides)}
        for one in figures.pairs[:_MOST_SQUARES]
    )
    base = (
        alt.Chart(ROWS)
        .transform_filter(choice)
        .encode(
            x=alt.X(
                "alighted:N",
                title=_title("alighted", language),
                axis=alt.Axis(labelAngle=-40),
            ),
            y=alt.Y("boarded:N", title=_title("boarded", language)),
        )
    )
    squares = base.mark_rect(stroke="white").encode(
        color=alt.Color(
            "rides:Q", title=_title("rides", language), scale=alt.Scale(scheme="oranges", domain=[0, most]), legend=_TOP
        ),
        tooltip=[
            alt.Tooltip(f"{name}:{kind}", title=_title(name, language), format=shape)
            for name, kind, shape in (
                ("boarded", "N", ""),
                ("alighted", "N", ""),
                ("rides", "Q", ","),
                ("yen", "Q", ","),
            )
        ],
    )
    numbers = _numbers(base, "rides", most)
    chart = alt.layer(squares, numbers).add_params(choice).properties(width=alt.Step(34), height=alt.Step(_STEP))
    return Drawn(chart, rows)


def _numbers(base: Any, field: str, most: int) -> Any:
    """A square's own number, white on dark ones; none for 0."""
    return base.mark_text(fontSize=11).encode(
        text="number:N",
        color=alt.condition(f"datum.{field} > {most * 0.55}", alt.value("white"), alt.value("#333")),
    )


def _choice(field: str, options: Sequence[str], language: Language) -> alt.Parameter:
    select = alt.binding_select(options=list(options), name=f"{_title(field, language)} ")
    return alt.selection_point(fields=[field], bind=select, value=options[0] if options else None, name=f"one_{field}")


def _shares(column: str, shares: Sequence[Share], language: Language) -> Drawn | None:
    if not shares:
        return None
    rows = [{"name": named(one.name, language), "yen": one.yen, "rides": one.rides} for one in shares]
    base = alt.Chart(ROWS).encode(
        y=alt.Y("name:N", sort=[str(row["name"]) for row in rows], title=None),
        x=alt.X("yen:Q", title=_title("yen", language), axis=alt.Axis(format=",d", grid=False, tickCount=5)),
        tooltip=[
            alt.Tooltip("name:N", title=_title(column, language)),
            alt.Tooltip("yen:Q", title=_title("yen", language), format=",d"),
            alt.Tooltip("rides:Q", title=_title("rides", language), format=",d"),
        ],
    )
    return Drawn(_barred(base, "yen", BLUES[0]).properties(title=_title(column, language)), rows)


def _refusals(figures: Figures, language: Language) -> Drawn | None:
    if not figures.refused:
        return None
    rows = [{"name": say(REFUSALS[Code(one.code)], language), "taps": one.taps} for one in figures.refused]
    base = alt.Chart(ROWS).encode(
        y=alt.Y("name:N", sort=[str(row["name"]) for row in rows], title=None),
        x=alt.X("taps:Q", title=_title("taps", language), axis=alt.Axis(format=",d", tickMinStep=1, grid=False)),
        tooltip=[alt.Tooltip("name:N", title=_title("code", language)), alt.Tooltip("taps:Q", format=",d")],
    )
    return Drawn(_barred(base, "taps", BLUES[4]), rows)


def _barred(base: Any, field: str, colour: str) -> Any:
    """Bars with their numbers at the end."""
    bars = base.mark_bar(color=colour, height=16)
    numbers = base.mark_text(align="left", dx=4, fontSize=12).encode(text=alt.Text(f"{field}:Q", format=",d"))
    return alt.layer(bars, numbers).properties(width=520, height=alt.Step(_STEP + 6))


def _took(figures: Figures, language: Language) -> Drawn | None:
    if not figures.took:
        return None
    rows = ({"name": shown_us(one.from_us, one.to_us), "from": one.from_us, "taps": one.taps} for one in figures.took)
    chart = (
        alt.Chart(ROWS)
        .mark_bar(color=BLUES[2])
        .encode(
            x=alt.X(
                "name:N",
                sort=alt.EncodingSortField("from", "min"),
                title=_title("took", language),
                axis=alt.Axis(labelAngle=0),
            ),
            y=alt.Y("taps:Q", title=_title("taps", language), axis=alt.Axis(format=",d", tickMinStep=1)),
            tooltip=[alt.Tooltip("name:N", title=_title("took", language)), alt.Tooltip("taps:Q", format=",d")],
        )
        .properties(width=alt.Step(78), height=220)
    )
    return Drawn(chart, rows)


def _most_used(patterns: Sequence[Pattern]) -> Sequence[Pattern]:
    """As many as a page can hold; one at least."""
    squares = accumulate(len(pattern.stops) * pattern.trips for pattern in patterns)
    return patterns[: max(1, sum(sum_ <= _MOST_SQUARES for sum_ in squares))]


def line_of(pattern: Pattern) -> str:
    """A pattern as people choose it."""
    return f"{pattern.route} {pattern.stops[0]} → {pattern.stops[-1]} ({pattern.pattern_id})"


def trip_of(load: Load, began_s: int) -> str:
    """A trip as people know it: when it leaves, 24:35 being after midnight, and its id."""
    minute = (load.leaves_s - began_s) // 60
    return f"{minute // 60:02}:{minute % 60:02} {load.trip_id}"


def shown_us(from_us: int, to_us: int) -> str:
    """A span of microseconds."""
    if to_us <= 1_024:
        return f"{from_us:,}–{to_us:,} µs"
    return f"{from_us / 1_024:g}–{to_us / 1_024:g} ms" if from_us >= 1_024 else f"{from_us:,} µs–{to_us // 1_024} ms"


def _stops_in_order(patterns: Iterable[Pattern]) -> dict[tuple[str, str], str]:
    """Each route's stops with their numbers, as its most used pattern has them; those of its other patterns after them.

    By their numbers they come in order: two charts on top of each other can't be sorted by anything else.
    """
    order: dict[tuple[str, str], str] = {}
    numbers: Counter[str] = Counter()
    for pattern in patterns:
        for stop in pattern.stops:
            if (pattern.route, stop) not in order:
                numbers[pattern.route] += 1
                order[pattern.route, stop] = f"{numbers[pattern.route]:02} {stop}"
    return order
