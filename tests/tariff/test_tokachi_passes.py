"""Another operator's real prices: every pass that Tokachi Bus publishes comes out of AZF-31's shape, to the yen.

Its rates are 60 rides a month at 70 %, and from three months on 5 % off, as Aizu's commuter pass.
"""

import csv
import io
from collections import Counter
from datetime import date
from pathlib import Path
from zipfile import ZipFile

import pytest

from tariff.products import Price, Purchase, price
from tests.tariff.examples import rulebook_with

pytestmark = pytest.mark.data

TOKACHI = rulebook_with(
    products__name='"tokachi"',
    products__months="[1, 3]",
    products__portal_months="[]",
    products__price='{ by = "fare", rides = 60, one_way_rides = 30, percent = 70, month_percents = [[3, 95]] }',
    flat_fares="[]",
)
FIRST_DAY = date(2019, 4, 1)


def rows(feed: ZipFile, name: str) -> list[dict[str, str]]:
    with feed.open(name) as binary:
        return list(csv.DictReader(io.TextIOWrapper(binary, "utf-8-sig", newline="")))


class Fares:
    """The fare of a pair of zones on a route: of the route's own rule, of the rule for all, or its one fare."""

    def __init__(self, feed: ZipFile) -> None:
        """Read `fare_rules.txt`; a rule may leave out the route, or both zones."""
        yen = {row["fare_id"]: int(row["price"]) for row in rows(feed, "fare_attributes.txt")}
        self.yen = {
            (row["route_id"], row["origin_id"], row["destination_id"]): yen[row["fare_id"]]
            for row in rows(feed, "fare_rules.txt")
        }

    def of(self, route: str, origin: str, destination: str) -> int:
        candidates = ((route, origin, destination), ("", origin, destination), (route, "", ""))
        return next(self.yen[key] for key in candidates if key in self.yen)


def test_azf_31_all_315376_pass_prices_of_tokachi_bus(data_dir: Path) -> None:
    with ZipFile(data_dir / "gtfs" / "tokachi_bus_20190301.zip") as feed:
        fares = Fares(feed)
        passes = {
            row["pass_id"]: (int(row["pass_term"]), int(row["price"])) for row in rows(feed, "pass_attributes.txt")
        }
        published = Counter(
            (*passes[row["pass_id"]], fares.of(row["route_id"], row["origin_id"], row["destination_id"]))
            for row in rows(feed, "pass_rules.txt")
        )
    assert published.total() == 315_376
    wrong = {
        (months, yen, fare_yen): count
        for (months, yen, fare_yen), count in published.items()
        if our_price(months, fare_yen) != yen
    }
    assert wrong == {}
    assert sorted({months for months, _, _ in published}) == [1, 3]


def our_price(months: int, fare_yen: int) -> int:
    priced = price(Purchase("tokachi", FIRST_DAY, months, fare_yen=fare_yen), TOKACHI)
    assert isinstance(priced, Price), priced
    return priced.yen
