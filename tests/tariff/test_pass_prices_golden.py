"""Every price of a pass that Aizu Bus's sources print, to the yen, from the shipped operator file (AZF-31, AZF-52).

The table is typed off the sources, never computed: one row a figure, and the [D] example of AZF-40.
"""

import csv
from datetime import date
from pathlib import Path

import pytest

from tariff.account import HolderKind
from tariff.products import Price, Purchase, price
from tests.tariff.counter import AIZU_SHIPPED

TABLE = Path(__file__).parent.parent / "golden" / "aizu_pass_prices.csv"


def rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def purchase_of(row: dict[str, str]) -> Purchase:
    return Purchase(
        product=row["product"],
        first_day=date.fromisoformat(row["first_day"]),
        months=int(row["months"]) if row["months"] else None,
        fare_yen=int(row["fare_yen"]) if row["fare_yen"] else None,
        area=row["area"] or None,
        renewal_of=row["renewal_of"] or None,
        portal=bool(row["portal"]),
    )


def test_the_table_is_whole() -> None:
    assert len(rows()) == 32


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row['product']}-{row['yen']}")
def test_azf_31_azf_40_azf_52_azf_53_azf_54_the_printed_price(row: dict[str, str]) -> None:
    priced = price(purchase_of(row), AIZU_SHIPPED)
    assert isinstance(priced, Price), priced
    assert (priced.yen, priced.last_day) == (int(row["yen"]), date.fromisoformat(row["last_day"]))
    assert priced.first_day == date.fromisoformat(row["first_day"])


@pytest.mark.parametrize(
    ("product", "fare_yen", "area", "yen"),
    [
        # 9,660 x 70 % and 8,280 x 70 %, and so on
        ("commuter", 230, None, 6_760),
        ("student", 230, None, 5_800),
        ("area-commuter", None, "エリア23", 6_760),
        ("loop-student", None, None, 5_290),
        ("noransho", None, "のらんしょパス", 6_500),
    ],
)
def test_azf_32_azf_53_30_percent_off_for_a_disabled_adult_but_not_on_noransho(
    product: str, fare_yen: int | None, area: str | None, yen: int
) -> None:
    asked = Purchase(product, date(2026, 4, 1), 1, fare_yen=fare_yen, area=area, holder=HolderKind.DISABLED_ADULT)
    priced = price(asked, AIZU_SHIPPED)
    assert isinstance(priced, Price), priced
    assert priced.yen == yen
