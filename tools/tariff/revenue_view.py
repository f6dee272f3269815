"""Pricing recorded rides as people see it: how far it is, and what two tariffs make of them."""

import sys
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from farebox.words import REFUSALS, Language, say
from tariff.refusal import Code
from tools.tariff.quote_json import Json
from tools.tariff.view import console, is_rich, table


def pricing_bar(language: Language) -> Progress:
    """A progress bar on a terminal's standard error; nothing elsewhere."""
    shown = Console(file=sys.stderr)
    label = TextColumn(say(("再計算", "pricing"), language))
    columns = label, BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    return Progress(*columns, console=shown, disable=not shown.is_terminal, transient=True)


def show_revenue(found: Json, language: Language) -> None:
    """A table of sums before and after, and how many rides are dearer."""
    out = console()
    title = f"乗車記録 {found['file']}: {found['rides']:,}件", f"recorded rides, {found['file']}: {found['rides']:,}"
    out.print(Text(say(title, language), style="bold"), soft_wrap=True)
    heads = say(("\t前\t後\t増減", "\tbefore\tafter\tchange"), language).split("\t")
    made = table(*heads, right=(1, 2, 3), rich=is_rich(out))
    for name, old, new in _rows(found, language):
        made.add_row(name, f"{old:,}", f"{new:,}", f"{new - old:+,}")
    out.print(made)
    compared = f"{found['compared']:,}", f"{found['compared_difference_yen']:+,}"
    changed = f"{found['dearer']:,}", f"{found['cheaper']:,}"
    words = (
        f"両方で精算できた{compared[0]}件: {compared[1]}円（値上がり{changed[0]}件、値下がり{changed[1]}件）",
        f"{compared[0]} rides that both settle: {compared[1]} yen; {changed[0]} dearer, {changed[1]} cheaper",
    )
    out.print(Text(say(words, language)))
    if found["unused_columns"]:
        out.print(unused(found, language))


def unused(found: Json, language: Language) -> Text:
    """Columns of the file that nobody looked at: one may be misspelt."""
    names = ", ".join(found["unused_columns"])
    return Text(say((f"使わない列: {names}", f"columns not looked at: {names}"), language), style="dim")


def _rows(found: Json, language: Language) -> Iterator[tuple[str, int, int]]:
    yield say(("運賃収入（円）", "revenue, yen"), language), found["old"], found["new"]
    for one in found["by_company"]:
        yield f"  {one['name']}", one["old"], one["new"]
    was, is_now = ({one["code"]: one["rides"] for one in found["refused"][side]} for side in ("old", "new"))
    yield say(("受付不可（件）", "refused rides"), language), sum(was.values()), sum(is_now.values())
    for code in dict.fromkeys((*was, *is_now)):
        yield f"  {code}: {say(REFUSALS[Code(code)], language)}", was.get(code, 0), is_now.get(code, 0)
