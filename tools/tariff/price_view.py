"""An operator's price table as a picture: a row for each way a pass is sold, and from how many rides on it pays."""

from itertools import groupby

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from farebox.words import Language, say
from tariff.account import HolderKind
from tariff.price_table import Offer, portal_alone
from tariff.products import Price
from tariff.refusal import Refusal
from tariff.rulebook import Product, Rulebook
from tools.tariff.view import console, is_rich, table
from tools.tariff.words import refusal_words

_WAY_WIDTH, _YEN_WIDTH = 19, 6
_BAR_RIDES, _RIDES_A_CELL = 60, 6
"""A bar is ten cells: a ride there and back on thirty days."""

_HOLDERS = {
    HolderKind.ADULT: ("大人", "adult"),
    HolderKind.CHILD: ("小児", "child"),
    HolderKind.DISABLED_ADULT: ("障がい者", "disabled"),
}


def show_prices(found: list[Offer], rulebook: Rulebook, fare_yen: int, language: Language) -> None:
    """Print all passes: by months a table each, with columns that stand under each other; then terms and years."""
    out = console()
    rich = is_rich(out)
    title = say((f"定期券  区間の片道運賃 {fare_yen:,}円", f"passes  fare of the section {fare_yen:,} yen"), language)
    head = Text(say(("【模擬】", "[simulated 模擬] "), language), style="yellow")
    out.print(head.append(f"{rulebook.name}  {title}", style="bold"))
    months = sorted({number for offer in found for number in offer.prices if number})
    if months:
        out.print(_heads(months, rich, language))
    for name, group in groupby(found, key=lambda offer: offer.way.product):
        product = rulebook.product_named(name)
        assert product
        called = product.title if language is Language.JA else f"{product.name} ({product.title})"
        head = Text(called, style="bold").append(f"  {product.rule}", style="not bold cyan")
        out.print(head.append(_portal_alone(product, language), style="not bold dim"))
        show = _term if product.term else _by_months
        out.print(show(list(group), product, rulebook, fare_yen, months, rich, language))


def _portal_alone(product: Product, language: Language) -> str:
    alone = ", ".join(map(str, portal_alone(product)))
    both = (f"  PRT-5 ポータル限定: {alone}か月", f"  PRT-5 portal alone: {alone} mo")
    return say(both, language) if alone else ""


def _columns(months: list[int], rich: bool) -> Table:
    made = table("", *("" for _ in months), "", right=tuple(range(1, len(months) + 1)), rich=rich)
    made.box, made.show_header, made.padding = None, False, (0, 1, 0, 0)
    made.columns[0].width = _WAY_WIDTH
    for column in made.columns[1:-1]:
        column.width = _YEN_WIDTH
    made.columns[-1].no_wrap = True
    return made


def _heads(months: list[int], rich: bool, language: Language) -> RenderableType:
    made = _columns(months, rich)
    pays = say(("採算回数/月", "pays, rides/mo"), language)
    made.add_row("", *(say((f"{one}か月", f"{one} mo"), language) for one in months), pays, style="dim")
    return made


def _by_months(
    found: list[Offer],
    product: Product,
    rulebook: Rulebook,
    fare_yen: int,
    months: list[int],
    rich: bool,
    language: Language,
) -> RenderableType:
    made = _columns(months, rich)
    for offer in found:
        cells = [_cell(offer.prices.get(one)) for one in months]
        pays = _why_not(offer, language) or _pays(offer, _fare_of(offer, product, rulebook, fare_yen), rich)
        style = "" if offer.way.holder is HolderKind.ADULT else "dim"
        made.add_row(_way(offer, product, language), *cells, pays, style=style)
    return made


def _why_not(offer: Offer, language: Language) -> Text | None:
    """Why a pass is sold for no period at all; None if it is sold."""
    refusals = [one for one in offer.prices.values() if isinstance(one, Refusal)]
    if len(refusals) < len(offer.prices):
        return None
    return Text(f"{refusals[0].rule} {refusal_words(refusals[0].code, language)[0]}")


def _way(offer: Offer, product: Product, language: Language) -> str:
    way = offer.way
    area = [way.area] if way.area and len(product.areas) > 1 else []
    one_way = [say(("片道", "one-way"), language)] if way.one_way else []
    return "  " + " ".join([*area, *one_way, say(_HOLDERS[way.holder], language)])


def _cell(priced: Price | Refusal | None) -> Text:
    if priced is None:
        return Text("")
    return Text("―", style="dim") if isinstance(priced, Refusal) else Text(f"{priced.yen:,}")


def _fare_of(offer: Offer, product: Product, rulebook: Rulebook, fare_yen: int) -> int | None:
    """The adult fare that a pass is weighed against: of the section, or what its area or line is priced on."""
    if product.scope == "section":
        return fare_yen
    areas = {area.name: area.fare_yen for area in rulebook.areas}
    lines = {line.name: line.fare_yen for line in rulebook.lines}
    return (areas | lines).get(offer.way.area or product.line or "")


def _pays(offer: Offer, fare_yen: int | None, rich: bool) -> Text:
    """The fewest rides a month whose fares come to more than the pass of the longest period costs a month."""
    priced = [(months, one.yen) for months, one in offer.prices.items() if isinstance(one, Price)]
    if not priced or not fare_yen or offer.way.holder is not HolderKind.ADULT:
        return Text("")
    months, yen = priced[-1]
    rides = yen // (fare_yen * months) + 1
    bar = "█" * (min(rides, _BAR_RIDES) // _RIDES_A_CELL) if rich else ""
    return Text(f"{rides:>3} ").append(bar, style="green")


def _term(
    found: list[Offer],
    product: Product,
    rulebook: Rulebook,
    _fare_yen: int,
    _months: list[int],
    _rich: bool,
    language: Language,
) -> RenderableType:
    """School terms and years: their days, and what they cost as a renewal."""
    made = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    made.add_column(width=_WAY_WIDTH)
    made.add_column(justify="right", width=_YEN_WIDTH, no_wrap=True)
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    for offer in found:
        priced = offer.prices[0]
        days = f"{priced.first_day} – {priced.last_day}" if isinstance(priced, Price) else ""
        renewed = rulebook.product_named(offer.way.renewal_of or "")
        follows = say((f"{renewed.title}から継続", f"renews {renewed.name}"), language) if renewed else ""
        style = "" if offer.way.holder is HolderKind.ADULT else "dim"
        made.add_row(_way(offer, product, language), _cell(priced), days, follows, style=style)
    return made
