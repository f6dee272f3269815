"""How answers are printed: an amount to be read at a glance, then each line with its rule, then the purses.

On a terminal with colours, boxes and big figures; elsewhere the same as plain text.
"""

import os
import sys
from collections.abc import Mapping

from rich import box
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from farebox.words import LINES, Language, say
from tariff.lines import Word
from tools.tariff.quote_json import Json
from tools.tariff.words import PURSES, big, detail_words, flat_fare_words, refusal_words, yen

_PLAIN_COLUMNS = 100
"""Where there is no terminal to measure."""


def console() -> Console:
    """Where to print: the standard output, as wide as it is."""
    is_measured = sys.stdout.isatty() or "COLUMNS" in os.environ
    width = None if is_measured else _PLAIN_COLUMNS
    return Console(file=sys.stdout, width=width, highlight=False, emoji=False, markup=False)


def is_rich(out: Console) -> bool:
    """Whether it can show boxes and big figures."""
    return out.is_terminal and not out.legacy_windows and out.encoding.startswith("utf")


def table(*heads: str, right: tuple[int, ...] = (), rich: bool = True) -> Table:
    """A table; columns of numbers keep to the right and are never folded."""
    made = Table(box=box.SIMPLE_HEAD if rich else None, pad_edge=False, header_style="dim" if rich else "")
    for index, head in enumerate(heads):
        is_number = index in right
        made.add_column(head, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    return made


def show_quote(answer: Json, name: str, language: Language, notes: tuple[str, ...] = ()) -> None:
    """A ride's answer; `name` is the operator's, `notes` are what was assumed."""
    out = console()
    rich = is_rich(out)
    ride = answer["ride"]
    departs = say((f"始発{ride['departs']}", f"first stop {ride['departs']}"), language)
    title = f"{ride['route']}  {ride['from']} → {ride['to']}"
    head = Text(say(("【模擬】", "[simulated 模擬] "), language), style="yellow")
    head.append(title, style="bold")
    out.print(head)
    out.print(Text(f"{name} · {ride['day']} · {departs}", style="dim"))
    if "refusal" in answer:
        out.print(refusal(answer, language, rich))
    else:
        out.print(_amount(answer["due_yen"], say(("運賃", "to pay"), language), rich, language))
        out.print(_reasons(answer, language, rich))
        out.print(_purses(answer, language, rich))
    for note in notes:
        out.print(Text(note, style="dim"))


def refusal(answer: Json, language: Language, rich: bool) -> RenderableType:
    """Code, rule, words, and what to do."""
    found = answer["refusal"]
    words, remedy = refusal_words(found["code"], language)
    text = Text(f"✗ {words}", style="bold red" if rich else "")
    text.append(f"\n{found['code']} · {found['rule']}", style="not bold default")
    if found["detail"]:
        text.append(f" · {found['detail']}", style="not bold default")
    if "short_yen" in found:
        due, short = yen(found["due_yen"], language), yen(found["short_yen"], language)
        text.append(say((f"\n運賃 {due}・不足 {short}", f"\nfare {due}, short {short}"), language), style="default")
    if remedy:
        text.append(f"\n→ {remedy}", style="not bold default")
    return Panel(text, border_style="red", expand=False) if rich else text


def _amount(due_yen: int, label: str, rich: bool, language: Language) -> RenderableType:
    if not rich:
        return Text(f"{label}  {yen(due_yen, language)}")
    rows = big(due_yen, say(("円", "yen"), language))
    return Panel(Text("\n".join(rows), style="bold green"), title=label, title_align="left", expand=False)


_NOT_REASONS = frozenset({*PURSES, Word.POINTS_EARNED})
"""Lines that the table of purses has."""


def _reasons(answer: Json, language: Language, rich: bool) -> RenderableType:
    heads = say(("規則\t内容\t区間・区分\t円", "rule\twhat\tstops, class\tyen"), language).split("\t")
    made = table(*heads, right=(3,), rich=rich)
    for line in answer["lines"]:
        if line["word"] in _NOT_REASONS:
            continue
        detail = detail_words(line.get("detail", ""), language)
        if "flat_fare" in line:
            detail += f" {flat_fare_words(line['flat_fare'], language)}"
        if "than_yen" in line:
            detail += say((f"（{line['than_yen']:,}円より安い）", f" (< {line['than_yen']:,})"), language)
        made.add_row(
            Text(line["rule"], style="cyan"), say(LINES[Word(line["word"])], language), detail, f"{line['yen']:,}"
        )
    return made


def _purses(answer: Json, language: Language, rich: bool) -> RenderableType:
    heads = say(("支払い\t規則\t前\t支払額\t後", "paid from\trule\tbefore\tpays\tafter"), language).split("\t")
    made = table(*heads, right=(2, 3, 4), rich=rich)
    paid, rules = answer["paid"]["purses"], {line["word"]: line["rule"] for line in answer["lines"]}
    for purse, after in answer["after"].items():
        before = answer["before"][purse]
        if before or after:
            pays = f"{paid[purse]:,}" if purse in paid else "―"
            style = "" if purse in paid else "dim"
            rule = rules.get(purse, "")
            made.add_row(say(PURSES[purse], language), rule, f"{before:,}", pays, f"{after:,}", style=style)
    if answer["paid"]["cash_yen"]:
        made.add_row(say(PURSES["cash"], language), rules["cash"], "", f"{answer['paid']['cash_yen']:,}", "")
    parts: list[RenderableType] = [made]
    if answer["earned_points"]:
        said = (f"交通ポイント付与 +{answer['earned_points']}", f"transport points earned +{answer['earned_points']}")
        parts.append(Text(f"{rules['points-earned']}  {say(said, language)}"))
    return Group(*parts)


def show_steps(
    answer: Json, title: str, label: str, words: Mapping[str, tuple[str, str]], language: Language, fact: str = ""
) -> None:
    """A price or a refund: the amount, and how it comes about step by step in the given words; or a refusal."""
    out = console()
    rich = is_rich(out)
    head = Text(say(("【模擬】", "[simulated 模擬] "), language), style="yellow")
    head.append(title, style="bold")
    out.print(head)
    if "refusal" in answer:
        out.print(refusal(answer, language, rich))
    amount = answer.get("due_yen", answer.get("refund_yen"))
    if amount is not None:
        out.print(_amount(amount, label, rich, language))
    if answer.get("lines"):
        heads = say(("規則\t段階\t円", "rule\tstep\tyen"), language).split("\t")
        made = table(*heads, right=(2,), rich=rich)
        for line in answer["lines"]:
            made.add_row(Text(line["rule"], style="cyan"), say(words[line["word"]], language), f"{line['yen']:,}")
        out.print(made)
    if fact:
        out.print(Text(fact))
