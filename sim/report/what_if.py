"""The same rides under two tariffs, side by side: numbers from whoever priced them, and their chart."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import altair as alt

from farebox.words import Language, say
from sim.report import words
from sim.report.charts import BLUES, ROWS, Drawn, Spec, named, spec_of


class Both(NamedTuple):
    """A part of the revenue under both tariffs, in yen."""

    name: str
    old_yen: int
    new_yen: int


class WhatIf(NamedTuple):
    """What two tariffs make of a run's rides.

    Of the rides that neither refuses, `dearer` and `cheaper` cost more or less. A ride that one refuses brings it
    nothing: `old_refused`, `new_refused`.
    """

    tariff: str
    rides: int
    old_yen: int
    new_yen: int
    dearer: int
    cheaper: int
    old_refused: int
    new_refused: int
    parts: Mapping[str, tuple[Both, ...]]


def side_by_side(old: Mapping[str, int], new: Mapping[str, int]) -> tuple[Both, ...]:
    """Sums of two tariffs by name; the largest first."""
    names = sorted({*old, *new}, key=lambda name: (-max(old.get(name, 0), new.get(name, 0)), name))
    return tuple(Both(name, old.get(name, 0), new.get(name, 0)) for name in names)


def charts_of(found: WhatIf, language: Language) -> Mapping[str, Spec]:
    """A chart for each way of dividing the revenue."""
    return {
        f"what_if_by_{column}": spec_of(_chart(column, parts, language))
        for column, parts in found.parts.items()
        if parts
    }


def _chart(column: str, parts: Iterable[Both], language: Language) -> Drawn:
    tariffs = [say(words.COLUMNS[name], language) for name in ("old", "new")]
    rows = [
        {"name": named(one.name, language), "tariff": tariff, "yen": yen}
        for one in parts
        for tariff, yen in zip(tariffs, one[1:], strict=True)
    ]
    base = alt.Chart(ROWS).encode(
        y=alt.Y("name:N", sort=list(dict.fromkeys(str(row["name"]) for row in rows)), title=None),
        yOffset=alt.YOffset("tariff:N", sort=tariffs, scale=alt.Scale(paddingInner=0.1)),
        x=alt.X(
            "yen:Q", title=say(words.COLUMNS["yen"], language), axis=alt.Axis(format=",d", grid=False, tickCount=5)
        ),
        tooltip=["name:N", "tariff:N", alt.Tooltip("yen:Q", format=",d")],
    )
    bars = base.mark_bar(height=14).encode(
        color=alt.Color(
            "tariff:N",
            sort=tariffs,
            title=None,
            scale=alt.Scale(domain=tariffs, range=[BLUES[5], BLUES[0]]),
            legend=alt.Legend(orient="top"),
        )
    )
    numbers = base.mark_text(align="left", dx=4, fontSize=12).encode(text=alt.Text("yen:Q", format=",d"))
    chart = alt.layer(bars, numbers).properties(
        title=say(words.COLUMNS[column], language), width=520, height=alt.Step(20)
    )
    return Drawn(chart, rows)
