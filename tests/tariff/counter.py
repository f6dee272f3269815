"""What is laid on the counter, to test with: the shipped rules, with what the operator must configure filled in."""

from datetime import date

from farebox.feed.operators import load_operators
from tariff.account import Account, HolderKind, Pass, Section
from tariff.products import Buyer, Order, Price, Purchase, Sale, price, sell
from tariff.refusal import Refusal
from tariff.rulebook import FarePrice, FixedPrice, Product, Rulebook

_SHIPPED = load_operators()
AIZU_SHIPPED = _SHIPPED.on("aizu-noruca", date(2026, 11, 20))
LOCOCA_SHIPPED = _SHIPPED.on("lococa", date(2026, 11, 20))
IWATE_SHIPPED = _SHIPPED.on("iwate-green-pass", date(2026, 11, 20))
NORUCA_SHIPPED = _SHIPPED.on("noruca", date(2026, 11, 20))


def changed(rulebook: Rulebook, name: str, **values: object) -> Rulebook:
    """The rulebook with some values of one product changed."""
    products = tuple(
        product._replace(**values) if product.name == name else product  # type: ignore[arg-type]
        for product in rulebook.products
    )
    return rulebook._replace(products=products)


def product_of(rulebook: Rulebook, name: str) -> Product:
    """The product of a name."""
    product = rulebook.product_named(name)
    assert product, name
    return product


AIZU = AIZU_SHIPPED._replace(
    areas=tuple(area._replace(stops=area.gates | {"神明通り"}) if area.gates else area for area in AIZU_SHIPPED.areas),
    products=(
        *AIZU_SHIPPED.products,
        product_of(AIZU_SHIPPED, "noransho")._replace(
            number=60,
            name="network",
            rule="NOR-3",
            scope="network",
            areas=(),
            least_age=None,
            price=FixedPrice(((1, 6_500),)),
        ),
    ),
)
"""Aizu Bus, where the stops of the city area are known; and a pass for every bus, at a price by period."""

LOCOCA = changed(LOCOCA_SHIPPED, "commuter", price=FarePrice(60, None, 70, ((3, 95), (6, 90))), disabled_percent_off=30)
"""LOCOCA, whose guide leaves the prices of passes to the shop."""

IWATE = IWATE_SHIPPED._replace(counter=IWATE_SHIPPED.counter._replace(pass_refund_fee_yen=520))
"""Iwate Green Pass, whose rules leave the refund fee of a pass to the conditions of carriage."""


def priced(purchase: Purchase, rulebook: Rulebook = AIZU) -> Price:
    """The price; a refusal fails the test."""
    outcome = price(purchase, rulebook)
    assert isinstance(outcome, Price), outcome
    return outcome


def sold(order: Order, buyer: Buyer, rulebook: Rulebook = AIZU) -> Sale:
    """The sale; a refusal fails the test."""
    outcome = sell(order, buyer, rulebook)
    assert isinstance(outcome, Sale), outcome
    return outcome


def not_sold(order: Order, buyer: Buyer, rulebook: Rulebook = AIZU) -> Refusal:
    """The refusal; a sale fails the test."""
    outcome = sell(order, buyer, rulebook)
    assert isinstance(outcome, Refusal), outcome
    return outcome


def card(
    held_pass: Pass | None = None,
    holder: HolderKind = HolderKind.ADULT,
    *,
    scheme: str = "aizu-noruca",
    named: bool = True,
    stored_fare_yen: int = 1_000,
    expires: date | None = None,
) -> Account:
    """A card as it is laid on the counter."""
    return Account(scheme, stored_fare_yen, holder, named, expires, held_pass=held_pass)


STATION, WEST, OUTSIDE, DOWNTOWN, FAR = 1, 2, 3, 4, 5
STOP_NAMES = {STATION: "若松駅", WEST: "西若松駅東口", OUTSIDE: "塩川", DOWNTOWN: "神明通り", FAR: "喜多方"}


def section(
    start: int = STATION, end: int = WEST, fare_yen: int = 230, *, one_way: bool = False
) -> tuple[Section, ...]:
    """The section of a pass, as the one entry that it is."""
    return (Section(start, end, one_way, fare_yen),)
