"""Operator files: read whole or refused whole, with every problem at once (no default, no unknown key)."""

import re
import tomllib
from collections.abc import Callable, Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tariff.account import HolderKind
from tariff.calendar import Holidays
from tariff.fares import TariffFault
from tariff.operator_file import ARRAYS, OTHER_CARDS, SETTINGS, RulebookError, parse
from tariff.rulebook import (
    Area,
    AutoChargeRules,
    CardKind,
    Company,
    CounterRules,
    CouponBook,
    FarePrice,
    FixedPrice,
    FlatFare,
    Luggage,
    PassLine,
    PointRules,
    Product,
    Purse,
    PurseRules,
    RiderRules,
    Rulebook,
    ServiceClass,
    Term,
    TopUpRules,
)
from tests.tariff.examples import (
    AIZU,
    IWATE,
    LOCOCA,
    NORUCA,
    OPERATOR_ARRAYS,
    OPERATOR_SETTINGS,
    OPERATORS,
    operator_entry,
    operator_file,
    rulebook_with,
)

SHIPPED = Path(__file__).parents[2] / "tariff" / "operators"
NEW_YEAR = frozenset({date(2026, 1, 1)})

PROCEDURES = ("data-change", "void", "exchange")


def problems(text: str) -> tuple[str, ...]:
    """What is wrong with an operator file."""
    with pytest.raises(RulebookError) as told:
        parse(text, "toy.toml", NEW_YEAR)
    assert str(told.value) == "\n".join(told.value.problems)
    return told.value.problems


def without_lines(told: tuple[str, ...]) -> tuple[str, ...]:
    """The problems, each without its place; every one has a line."""
    assert all(re.match(r"toy\.toml:[1-9][0-9]*: ", problem) for problem in told), told
    return tuple(problem.split(": ", 1)[1] for problem in told)


def line_of(text: str, key: str, place: int = 0) -> int:
    """The line of a key, found the slow way: `[[products]]` are counted, and the key is looked for behind one."""
    lines = text.splitlines()
    array, _, name = key.rpartition(".")
    if array not in ARRAYS:
        return next(number for number, line in enumerate(lines, 1) if line.startswith(f"{key} ="))
    headers = [number for number, line in enumerate(lines, 1) if line == f"[[{array}]]"]
    behind = enumerate(lines[headers[place] :], headers[place] + 1)
    return next(number for number, line in behind if line.startswith(f"{name} ="))


# -- files that are right


def test_an_operator_file_becomes_a_value() -> None:
    text = operator_file()
    assert parse(text, "toy.toml", NEW_YEAR) == Rulebook(
        scheme="lococa",
        name="LOCOCA",
        effective=date(2026, 4, 1),
        digest=sha256(text.encode()).digest(),
        companies=(Company(0, "白河支店", ("JRバス関東",)),),
        services=(ServiceClass("highway", ("高速バス",), frozenset()),),
        holidays=Holidays(NEW_YEAR, frozenset({date(2026, 5, 1)}), frozenset({(12, 31), (1, 2)})),
        stored_fare_cap_yen=20_000,
        accepted_schemes=frozenset({"suica", "pasmo"}),
        excluded_services=frozenset({"highway"}),
        holder_only=frozenset({HolderKind.CHILD, HolderKind.DISABLED_ADULT, HolderKind.DISABLED_CHILD}),
        named_holder_only=False,
        companions_excluded_services=frozenset({"highway"}),
        boarding_only_routes=("市内循環",),
        alighting_only_routes=("空港線",),
        open_ride="clear",
        guard_s=10,
        mixed_multiple_yen=10,
        riders=RiderRules(
            child_percent=50,
            disabled_percent=50,
            round_up_to_yen=10,
            infants_free=2,
            attendants_half=frozenset({"mental", "physical-1"}),
            luggage=Luggage(10_000, 30_000, 27_000, 250_000, 1_000, 2_000),
        ),
        purses=(
            PurseRules(Purse.STORED_FARE, "GEN-3", False, (), False, 10),
            PurseRules(Purse.POINTS, "IGP-29", True, (), False, 0),
        ),
        points=PointRules(3, 12),
        top_up=TopUpRules(500, (1_000, 5_000), 3_001),
        auto_charge=True,
        auto_charge_on_zero_fare=True,
        auto_charge_offer=AutoChargeRules(100, 1_000, 10_000, 99_000, 300, 2_000, 50_000, 99_000),
        excess="cheaper",
        areas=(
            Area(1, "市内", "AZF-51", 230, frozenset({"駅前", "東口"}), frozenset({"駅前"}), frozenset({"highway"})),
        ),
        lines=(PassLine(1, "周遊", "AZF-54", 210, ("ハイカラさん",)),),
        products=(
            Product(
                number=1,
                name="commuter",
                title="通勤定期券",
                rule="AZF-30",
                scope="section",
                directions="either",
                bearer=False,
                named_card=True,
                months=(1, 3),
                portal_months=(1, 2, 6),
                odd_days=True,
                price=FarePrice(rides=60, one_way_rides=30, percent=70, month_percents=((3, 95), (6, 90))),
                term=None,
                disabled_percent_off=30,
                least_age=18,
                areas=(),
                line=None,
                with_area="市内",
                sold_days_before=7,
                late_services=frozenset({"highway"}),
                late_days_before=1,
                excluded_services=frozenset(),
                papers=("handbook", "proof-of-age"),
                holder=frozenset({HolderKind.ADULT}),
            ),
        ),
        flat_fares=(
            FlatFare(
                name="eco",
                rule="AZF-61",
                products=("commuter",),
                holidays_only=True,
                departs_from_s=36_000,
                two_way_only=True,
                family=True,
                adult_yen=100,
                child_yen=60,
                disabled_adult_yen=50,
                disabled_child_yen=30,
                excluded_services=frozenset({"highway"}),
            ),
        ),
        coupon_books=(
            CouponBook(
                name="himawari",
                title="ひまわり回数券",
                rule="AZF-11",
                sold=True,
                price_yen=1_000,
                tickets=((50, 6), (100, 10)),
                fares_for_price=0,
                rides=0,
                hours_s=(36_000, 57_601),
                days=(1, 11, 21),
                surcharge_yen=20,
                surcharge_per_yen=50,
                most_per_rider=3,
                valid_months=12,
            ),
        ),
        card_kinds=(CardKind("general", "一般", "LOC-1", HolderKind.ADULT, "named", "school", ("handbook",)),),
        counter=CounterRules(
            deposit_yen=500,
            sold_at_yen=(1_000, 2_000),
            card_refund="separate-fees",
            card_refund_fee_yen=220,
            pass_refund_fee_yen=520,
            coupon_refund_fee_yen=200,
            lost_reissue_fee_yen=530,
            slip_days=14,
            procedures=frozenset({"void"}),
        ),
    )


NOT_CONFIGURED = '"not configured"'


def test_gen_17_what_is_not_configured_is_none() -> None:
    book = rulebook_with(
        **dict.fromkeys((key for key in OPERATOR_SETTINGS if key.startswith(("luggage.", "counter."))), NOT_CONFIGURED),
        riders__infants_free=NOT_CONFIGURED,
        riders__attendants_half=NOT_CONFIGURED,
        top_up__bus_notes_yen=NOT_CONFIGURED,
        top_up__bus_refused_from_yen=NOT_CONFIGURED,
        areas__fare_yen=NOT_CONFIGURED,
        areas__stops=NOT_CONFIGURED,
        lines__fare_yen=NOT_CONFIGURED,
        products__price=NOT_CONFIGURED,
        products__sold_days_before=NOT_CONFIGURED,
        products__late_services="[]",
        products__late_days_before="0",
    )
    assert book.riders == RiderRules(50, 50, 10, None, None, None)
    assert book.counter == CounterRules(*[None] * len(CounterRules._fields))
    assert (book.top_up.bus_notes_yen, book.top_up.bus_refused_from_yen) == (None, None)
    assert (book.areas[0].fare_yen, book.areas[0].stops, book.lines[0].fare_yen) == (None, None, None)
    assert (book.products[0].price, book.products[0].sold_days_before) == (None, None)


def test_nor_3_the_scope_of_a_pass_can_be_left_open() -> None:
    book = rulebook_with(
        products__scope=NOT_CONFIGURED,
        products__price=NOT_CONFIGURED,
        products__with_area='"none"',
        products__directions='"two-way"',
    )
    assert book.products[0].scope is None


REGULAR_PURSE = (
    '{ name = "regular", rule = "NOR-10", whole = true, days = [], holder_only = true, premium_percent = 0 }'
)


def test_what_an_operator_does_not_have_is_none() -> None:
    book = rulebook_with(
        **dict.fromkeys((key for key in OPERATOR_SETTINGS if key.startswith(("points.", "auto_charge."))), '"none"'),
        purses=f"[{REGULAR_PURSE}]",
        cards__accepted_schemes="[]",
        auto_charge__offered="false",
        auto_charge__on_zero_fare="false",
        top_up__bus_notes_yen=NOT_CONFIGURED,
        top_up__bus_refused_from_yen=NOT_CONFIGURED,
        areas="[]",
        lines="[]",
        products="[]",
        flat_fares="[]",
        coupons="[]",
        card_kinds="[]",
    )
    assert book.points is None and book.auto_charge_offer is None and not book.auto_charge
    assert book.purses == (PurseRules(Purse.REGULAR, "NOR-10", True, (), True, 0),)
    left = (book.areas, book.lines, book.products, book.flat_fares, book.coupon_books, book.card_kinds)
    assert left == ((),) * 6


def test_aut_2_the_switch_leaves_the_offer_as_it_is() -> None:
    book = rulebook_with(auto_charge__offered="false")
    assert not book.auto_charge and book.auto_charge_offer is not None


def test_azf_13_a_book_of_rides_has_neither_price_nor_tickets() -> None:
    (book,) = rulebook_with(
        coupons__price_yen='"none"', coupons__tickets="[]", coupons__rides="6", coupons__fares_for_price="5"
    ).coupon_books
    assert (book.price_yen, book.tickets, book.rides, book.fares_for_price) == (None, (), 6, 5)


def test_azf_10_a_book_no_longer_sold_may_leave_price_and_numbers_open() -> None:
    (book,) = rulebook_with(
        coupons__sold="false", coupons__price_yen=NOT_CONFIGURED, coupons__tickets="[[10, 0]]"
    ).coupon_books
    assert (book.price_yen, book.tickets) == (None, ((10, 0),))


def test_azf_53_a_price_by_period() -> None:
    (product,) = rulebook_with(
        products__price='{ by = "period", yen = [[1, 6_500], [3, 18_000]] }',
        products__portal_months="[1]",
        products__odd_days="false",
    ).products
    assert product.price == FixedPrice(((1, 6_500), (3, 18_000)))


TERM = {
    "products__months": "[]",
    "products__portal_months": "[]",
    "products__odd_days": "false",
    "products__directions": '"two-way"',
    "products__price": '{ by = "fare", rides = 60, one_way_rides = "none", percent = 60, month_percents = [] }',
}


def term(**changed: str) -> str:
    """A term of a product, as TOML writes it."""
    values = {
        "first": '"08-25"',
        "last": '"12-31"',
        "percent_off": "25",
        "renewal_percent_off": "5",
        "follows": '["commuter"]',
    } | changed
    return "{ " + ", ".join(f"{key} = {value}" for key, value in values.items()) + " }"


def test_azf_40_a_term() -> None:
    (product,) = rulebook_with(**TERM, products__term=term()).products
    assert product.term == Term((8, 25), (12, 31), 25, 5, ("commuter",))
    assert product.price == FarePrice(60, None, 60, ())


def test_every_change_of_the_text_changes_the_digest() -> None:
    text = operator_file()
    assert parse(text + "\n# a remark", "toy.toml", NEW_YEAR).digest != parse(text, "toy.toml", NEW_YEAR).digest


def test_the_source_is_for_errors_only() -> None:
    assert parse(operator_file(), "one.toml", NEW_YEAR) == parse(operator_file(), "another.toml", NEW_YEAR)


def test_every_array_serves_a_rule() -> None:
    assert {name: array.rule for name, array in ARRAYS.items()} == {
        "companies": "LOC-6",
        "services": "GEN-15",
        "purses": "NOR-10",
        "areas": "AZF-52",
        "lines": "AZF-54",
        "products": "PASS-1",
        "flat_fares": "AZF-63",
        "coupons": "AZF-10",
        "card_kinds": "LOC-1",
    }


# -- the files that are shipped

IGP_2 = set(OTHER_CARDS[: OTHER_CARDS.index("lococa")])

FACTS: dict[str, tuple[Any, Any]] = {
    "GEN-3 caps": ([book.stored_fare_cap_yen for book in OPERATORS.rulebooks], [20_000] * 4),
    "GEN-5 from the first day a card can hold": ({book.effective for book in OPERATORS.rulebooks}, {date(2016, 1, 1)}),
    "GEN-8": ({book.open_ride for book in OPERATORS.rulebooks}, {"clear"}),
    "GEN-9": ({book.guard_s for book in OPERATORS.rulebooks}, {10}),
    "GEN-10": ({book.mixed_multiple_yen for book in OPERATORS.rulebooks}, {10}),
    "GEN-15 LOCOCA": (LOCOCA.excluded_services, {"highway", "community"}),
    "GEN-15 NORUCA": (NORUCA.excluded_services, {"highway", "intercity", "limousine", "sightseeing", "extra"}),
    "GEN-15 the Nozawa line is no other highway bus": (
        AIZU.service_of(0, "R1", "高速バス野沢線（上り）"),
        "highway-nozawa",
    ),
    "GEN-15 highway": (AIZU.service_of(0, "R2", "高速バス郡山線"), "highway"),
    "GEN-18": (LOCOCA.holder_only, {HolderKind.CHILD, HolderKind.DISABLED_ADULT, HolderKind.DISABLED_CHILD}),
    "GEN-18 named": ([book.named_holder_only for book in (LOCOCA, IWATE, NORUCA, AIZU)], [False, True, False, False]),
    "GEN-21": ((NORUCA.accepted_schemes, AIZU.accepted_schemes), (frozenset(), frozenset())),
    "IGP-2": ((IWATE.accepted_schemes, LOCOCA.accepted_schemes), (IGP_2, IGP_2)),
    "PASS-5": ([book.excess for book in (LOCOCA, IWATE, NORUCA, AIZU)], ["cheaper", "separate", "cheaper", "separate"]),
    "LOC-4": ((LOCOCA.counter.deposit_yen, LOCOCA.counter.sold_at_yen), (500, (1_000, 2_000, 3_000, 4_000, 5_000))),
    "LOC-8, LOC-10": (LOCOCA.top_up, TopUpRules(1, (1_000, 5_000, 10_000), 10_001)),
    "LOC-11": ({(product.months, product.sold_days_before) for product in LOCOCA.products}, {((1, 3, 6), 14)}),
    "LOC-13": (
        [(flat.products, flat.holidays_only, flat.family, flat[7:11]) for flat in LOCOCA.flat_fares],
        [(("commuter",), True, True, (100, 50, 100, 50))],
    ),
    "LOC-16 to LOC-18": (LOCOCA.counter[2:], ("separate-fees", 220, 520, None, 520, 14, None)),
    "IGP-5, IGP-29": (
        [(purse.name, purse.whole) for purse in IWATE.purses],
        [(Purse.WELFARE, True), (Purse.POINTS, True), (Purse.STORED_FARE, False)],
    ),
    "IGP-10 to IGP-25": (
        IWATE.counter,
        CounterRules(500, (2_000,), "joint-fees", 220, None, None, 520, 14, frozenset(PROCEDURES)),
    ),
    "IGP-28, IGP-30": (IWATE.points, PointRules(3, 12)),
    "IGP-3": (
        [(product.bearer, product.named_card, product.holder) for product in IWATE.products],
        [
            (False, True, {HolderKind.ADULT, HolderKind.DISABLED_ADULT}),
            (True, True, {HolderKind.ADULT, HolderKind.DISABLED_ADULT}),
            (False, True, {HolderKind.CHILD, HolderKind.DISABLED_CHILD}),
            (True, True, {HolderKind.CHILD, HolderKind.DISABLED_CHILD}),
        ],
    ),
    "NOR-3, NOR-10": (
        [(purse.name, purse.days, purse.holder_only, purse.premium_percent) for purse in NORUCA.purses],
        [(Purse.ECO, (1, 11, 21), False, 40), (Purse.STUDENT, (), True, 20), (Purse.REGULAR, (), False, 10)],
    ),
    "NOR-3 top-ups in thousands": (NORUCA.top_up, TopUpRules(1_000, None, None)),
    "NOR-3 products": (
        [(product.name, product.scope, product.least_age) for product in NORUCA.products],
        [
            ("commuter", "section", None),
            ("student", "section", None),
            ("student-one-way", "section", None),
            ("noruca-65", None, 65),
            ("noruca-75", None, 75),
            ("odekake", None, None),
        ],
    ),
    "NOR-4": (
        [(kind.holder, kind.named, kind.expiry) for kind in NORUCA.card_kinds],
        [
            (HolderKind.ADULT, "either", "none"),
            (HolderKind.CHILD, "named", "school"),
            (HolderKind.DISABLED_ADULT, "named", "handbook-or-two-years"),
            (HolderKind.DISABLED_CHILD, "named", "school-or-handbook"),
        ],
    ),
    "NOR-6": (NORUCA.companions_excluded_services, {"rail"}),
    "NOR-6 the railway": (NORUCA.service_of(0, "R3", "飯坂線"), "rail"),
    "GEN-17 NORUCA's counter": (NORUCA.counter, CounterRules(*[None] * 8)),
    "AZF-1, AZF-2, AZF-20": (
        AIZU.riders[3:],
        (
            2,
            {"physical-1", "physical-child", "intellectual", "mental"},
            Luggage(10_000, 30_000, 27_000, 250_000, 1_000, 2_000),
        ),
    ),
    "GEN-17 infants, attendants and luggage": ({book.riders[3:] for book in (LOCOCA, IWATE, NORUCA)}, {(None,) * 3}),
    "AZF-14, AZF-50": (AIZU.counter, CounterRules(None, None, None, None, 500, 200, None, None)),
    "AZF-10 no longer sold": ({b.name for b in AIZU.coupon_books if not b.sold}, {"ordinary-10", "set-5000"}),
    "AZF-10 what books are worth": (
        {book.price_yen: sum(face * count for face, count in book.tickets) for book in AIZU.coupon_books[1:7]},
        {500: 550, 1_000: 1_100, 2_000: 2_200, 3_000: 3_300},
    ),
    "AZF-11": (AIZU.coupon_books[8][4:], (1_000, ((100, 13),), 0, 0, (36_000, 57_600), (), 20, 0, 3, None)),
    "AZF-12": (AIZU.coupon_books[9][4:], (1_000, ((50, 8), (100, 10)), 0, 0, None, (1, 11, 21), 10, 50, None, None)),
    "AZF-13": (AIZU.coupon_books[10][4:], (None, (), 5, 6, None, (), 0, 0, None, 12)),
    "AZF-52 areas": (
        [(area.number, area.fare_yen) for area in AIZU.areas],
        [(1, None), (23, 230), (27, 270), (42, 420), (58, 580), (65, None)],
    ),
    "AZF-51 no map is legible": ({area.stops for area in AIZU.areas}, {None}),
    "AZF-51 gates": (AIZU.areas[0].gates, {"若松駅", "若松駅前", "西若松駅東口"}),
    "AZF-51 not on highway buses": (
        {area.excluded_services for area in AIZU.areas},
        {frozenset({"highway", "highway-nozawa"})},
    ),
    "AZF-54": ([(line.number, line.fare_yen) for line in AIZU.lines], [(1, 210)]),
    "AZF-40": (
        {product.name: product.term[:4] for product in AIZU.products if product.term},
        {
            "term-1": ((4, 1), (7, 31), 25, 5),
            "term-2-1": ((8, 1), (12, 31), 25, 5),
            "term-2-2": ((8, 25), (12, 31), 25, 5),
            "term-3": ((1, 1), (3, 31), 25, 5),
            "year": ((4, 1), (3, 31), 40, 0),
        },
    ),
    "AZF-60": (
        [flat[3:] for flat in AIZU.flat_fares if flat.name == "plus-one"],
        [(False, 36_000, True, False, 100, 100, 100, 100, {"highway", "sightseeing"})],
    ),
    "AZF-61, AZF-62": (
        [flat[2:] for flat in AIZU.flat_fares if flat.name == "eco"],
        [
            (
                ("commuter", "area-commuter", "loop-commuter", "noransho"),
                *(True, None, False, True, 100, 50, 50, 30),
                {"highway", "sightseeing"},
            )
        ],
    ),
    "AUT-1": (AIZU.auto_charge_offer, AutoChargeRules(100, 1_000, 10_000, 99_000, 100, 1_000, 99_000, 99_000)),
    "AUT-2": ([book.auto_charge for book in (LOCOCA, IWATE, NORUCA, AIZU)], [False, False, False, True]),
}


@pytest.mark.parametrize("fact", FACTS)
def test_the_shipped_files_say_what_the_documents_say(fact: str) -> None:
    found, stated = FACTS[fact]
    assert found == stated


AZF_30: dict[str, tuple[Any, ...]] = {
    # bearer, months, portal, odd days, percent, disabled, least age
    "commuter": (True, (1, 3), (1, 2, 3, 4, 5, 6), False, 70, 30, None),
    "student": (False, (1, 2, 3), (), True, 60, 30, None),
    "area-commuter": (True, (1, 3), (1, 3), False, 70, 30, None),
    "area-student": (False, (1, 3), (), False, 60, 30, None),
    "loop-commuter": (True, (1, 3), (1, 3), False, 70, 30, None),
    "loop-student": (False, (1, 3), (), False, 60, 30, None),
    "noransho": (False, (1,), (1,), False, None, 0, 65),
    "term-1": (False, (), (), False, 60, 0, None),
    "term-2-1": (False, (), (), False, 60, 0, None),
    "term-2-2": (False, (), (), False, 60, 0, None),
    "term-3": (False, (), (), False, 60, 0, None),
    "year": (False, (), (), False, 60, 0, None),
    "student-highway": (False, (1, 2, 3), (), True, 60, 30, None),
}


def test_azf_30_to_azf_54_the_passes_of_aizu_bus() -> None:
    assert [product.name for product in AIZU.products] == list(AZF_30)
    for product in AIZU.products:
        percent = product.price.percent if isinstance(product.price, FarePrice) else None
        assert (product.bearer, *product[8:11], percent, *product[13:15]) == AZF_30[product.name], product.name
        assert product.sold_days_before == (1 if product.name == "student-highway" else 7)
        assert product.named_card is not product.bearer


def test_gen_17_no_price_is_stated_but_by_aizu_bus() -> None:
    assert {product.price for book in (LOCOCA, IWATE, NORUCA) for product in book.products} == {None}


def test_the_shipped_operators() -> None:
    assert [(book.scheme, book.name) for book in OPERATORS.rulebooks] == [
        ("aizu-noruca", "AIZU NORUCA"),
        ("iwate-green-pass", "Iwate Green Pass"),
        ("lococa", "LOCOCA"),
        ("noruca", "NORUCA"),
    ]
    assert [len(book.companies) for book in OPERATORS.rulebooks] == [1, 1, 2, 1]


def _values(text: str) -> Iterator[tuple[str, str]]:
    """Every line of an operator file that sets a value, and its comment: behind it or, if that is long, before it."""
    before = ""
    for line in text.splitlines():
        if re.match(r"\w+ = ", line) and not line.startswith("rule = "):
            yield line, (line.partition("  # ")[2] or before)
        before = line.removeprefix("# ") if line.startswith("# ") else ""


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*/*.toml")), ids=lambda path: path.parent.name)
def test_every_shipped_value_cites_a_rule(path: Path) -> None:
    values = dict(_values(path.read_text(encoding="utf-8")))
    assert len(values) > 50
    assert [line for line, why in values.items() if not re.match(r"(GEN|PASS|LOC|IGP|NOR|AZF|AUT|PRT)-\d+", why)] == []


@pytest.mark.parametrize(
    ("agency", "number"),
    [
        ("ジェイアールバス関東 白河支店", 0),
        ("ジェイアールバス関東株式会社 白河支店", 0),
        ("JRバス関東 白河支店", 0),
        ("JRバス関東", None),
        ("ジェイアールバス関東 長野原支店", None),
        ("新常磐交通", 1),
        ("福島交通", None),
        ("株式会社新常磐交通", None),
        ("", None),
    ],
)
def test_loc_6_a_company_is_known_by_how_its_agency_name_begins(agency: str, number: int | None) -> None:
    company = LOCOCA.company_of(agency)
    assert (company.number if company else None) == number


# -- values that are wrong

WHOLE: dict[str, tuple[int, int]] = {
    "stored_fare.cap_yen": (1, 32_767),
    "taps.guard_s": (0, 600),
    "shortage.mixed_multiple_yen": (1, 1_000),
    "riders.child_percent": (1, 100),
    "riders.disabled_percent": (1, 100),
    "riders.round_up_to_yen": (1, 100),
    "riders.infants_free": (0, 10),
    "luggage.from_g": (1, 1_000_000),
    "luggage.to_g": (1, 1_000_000),
    "luggage.from_cm3": (1, 10_000_000),
    "luggage.to_cm3": (1, 10_000_000),
    "luggage.from_mm": (1, 10_000),
    "luggage.to_mm": (1, 10_000),
    "points.earned_percent": (1, 100),
    "points.lapse_months": (1, 120),
    "top_up.multiple_yen": (1, 10_000),
    "top_up.bus_refused_from_yen": (1, 1_000_000),
    "auto_charge.trigger_step_yen": (1, 1_000_000),
    "auto_charge.amount_step_yen": (1, 1_000_000),
    "auto_charge.most_yen": (1, 1_000_000),
    "auto_charge.most_cap_yen": (1, 127_000),
    "auto_charge.first_trigger_yen": (1, 1_000_000),
    "auto_charge.first_amount_yen": (1, 1_000_000),
    "auto_charge.first_day_cap_yen": (1, 1_000_000),
    "auto_charge.first_month_cap_yen": (1, 1_000_000),
    "counter.deposit_yen": (0, 1_000_000),
    "counter.card_refund_fee_yen": (0, 1_000_000),
    "counter.pass_refund_fee_yen": (0, 1_000_000),
    "counter.coupon_refund_fee_yen": (0, 1_000_000),
    "counter.lost_reissue_fee_yen": (0, 1_000_000),
    "counter.slip_days": (1, 366),
    "companies.number": (0, 1),
    "purses.premium_percent": (0, 100),
    "areas.number": (1, 255),
    "areas.fare_yen": (1, 1_000_000),
    "lines.number": (1, 255),
    "lines.fare_yen": (1, 1_000_000),
    "products.number": (1, 63),
    "products.disabled_percent_off": (0, 100),
    "products.least_age": (1, 120),
    "products.sold_days_before": (0, 366),
    "products.late_days_before": (0, 366),
    "flat_fares.adult_yen": (0, 1_000_000),
    "flat_fares.child_yen": (0, 1_000_000),
    "flat_fares.disabled_adult_yen": (0, 1_000_000),
    "flat_fares.disabled_child_yen": (0, 1_000_000),
    "coupons.price_yen": (1, 1_000_000),
    "coupons.fares_for_price": (0, 100),
    "coupons.rides": (0, 100),
    "coupons.surcharge_yen": (0, 1_000_000),
    "coupons.surcharge_per_yen": (0, 1_000_000),
    "coupons.most_per_rider": (1, 100),
    "coupons.valid_months": (1, 120),
}
SWITCHES = (
    "party.named_holder_only",
    "auto_charge.offered",
    "auto_charge.on_zero_fare",
    "purses.whole",
    "purses.holder_only",
    "products.bearer",
    "products.named_card",
    "products.odd_days",
    "flat_fares.holidays_only",
    "flat_fares.two_way_only",
    "flat_fares.family",
    "coupons.sold",
)
TEXTS = (
    "scheme",
    "name",
    "companies.name",
    "services.name",
    "areas.name",
    "lines.name",
    "products.name",
    "products.title",
    "products.line",
    "products.with_area",
    "flat_fares.name",
    "coupons.name",
    "coupons.title",
    "card_kinds.name",
    "card_kinds.title",
)
RULES = (
    "purses.rule",
    "areas.rule",
    "lines.rule",
    "products.rule",
    "flat_fares.rule",
    "coupons.rule",
    "card_kinds.rule",
)
ONE_OF: dict[str, tuple[str, ...]] = {
    "passes.excess": ("cheaper", "separate"),
    "taps.open_ride": ("clear", "refuse"),
    "counter.card_refund": ("separate-fees", "joint-fees"),
    "purses.name": ("welfare-points", "transport-points", "stored-fare", "eco", "student", "regular"),
    "products.scope": ("section", "area", "line", "network"),
    "products.directions": ("two-way", "one-way", "either"),
    "card_kinds.holder": ("adult", "child", "disabled-adult", "disabled-child"),
    "card_kinds.named": ("named", "anonymous", "either"),
    "card_kinds.expiry": ("none", "school", "handbook-or-two-years", "school-or-handbook"),
}
HOLDERS = ("adult", "child", "disabled-adult", "disabled-child")
HANDBOOKS = ("intellectual", "mental", "physical-1", "physical-child")
PAPERS = (
    "proof-of-attendance",
    "school-certificate",
    "proof-of-age",
    "application",
    "handbook",
    "identity-with-mental-handbook",
    "handbook-or-discount-certificate",
    "public-certificate",
)
WORDS_OF: dict[str, tuple[str, ...]] = {
    "cards.accepted_schemes": OTHER_CARDS,
    "party.holder_only": HOLDERS,
    "riders.attendants_half": HANDBOOKS,
    "counter.procedures": PROCEDURES,
    "products.holder": HOLDERS,
    "products.papers": PAPERS,
    "card_kinds.papers": PAPERS,
}
NAMES_AT_LEAST: dict[str, int] = {
    "cards.excluded_services": 0,
    "party.companions_excluded_services": 0,
    "taps.boarding_only_routes": 0,
    "taps.alighting_only_routes": 0,
    "companies.agencies": 1,
    "services.routes": 1,
    "areas.stops": 2,
    "areas.gates": 0,
    "areas.excluded_services": 0,
    "lines.routes": 1,
    "products.areas": 0,
    "products.late_services": 0,
    "products.excluded_services": 0,
    "flat_fares.products": 1,
    "flat_fares.excluded_services": 0,
}
NUMBERS_FROM: dict[str, tuple[int, int, int]] = {
    # at least so many, each from, to
    "top_up.bus_notes_yen": (1, 1, 1_000_000),
    "counter.sold_at_yen": (1, 1, 1_000_000),
    "purses.days": (0, 1, 31),
    "products.months": (0, 1, 12),
    "products.portal_months": (0, 1, 12),
    "coupons.days": (0, 1, 31),
}
COMPANIES = "services.companies"
OPTIONAL: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((key for key in SETTINGS if key.startswith(("luggage.", "counter."))), ("not configured",)),
    **dict.fromkeys((key for key in SETTINGS if key.startswith(("auto_charge.", "points."))), ("none",)),
    **dict.fromkeys(
        (
            "riders.infants_free",
            "riders.attendants_half",
            "top_up.bus_notes_yen",
            "top_up.bus_refused_from_yen",
            "areas.fare_yen",
            "areas.stops",
            "lines.fare_yen",
            "products.scope",
            "products.price",
            "products.sold_days_before",
        ),
        ("not configured",),
    ),
    **dict.fromkeys(
        (
            "products.term",
            "products.least_age",
            "products.line",
            "products.with_area",
            "flat_fares.departs_from",
            "coupons.hours",
            "coupons.most_per_rider",
            "coupons.valid_months",
        ),
        ("none",),
    ),
    "coupons.price_yen": ("none", "not configured"),
}
del OPTIONAL["auto_charge.offered"], OPTIONAL["auto_charge.on_zero_fare"]


def fare(**changed: str) -> str:
    """A price by fare, as TOML writes it."""
    values = {"by": '"fare"', "rides": "60", "one_way_rides": "30", "percent": "70", "month_percents": "[[3, 95]]"}
    return "{ " + ", ".join(f"{key} = {value}" for key, value in (values | changed).items()) + " }"


def quoted(word: str) -> str:
    return f'"{word}"'


def listed(*words: str) -> str:
    return f"[{', '.join(map(quoted, words))}]"


NO_FARE = "must be a table with by, rides, one_way_rides, percent, month_percents, and nothing else"
NO_PERIOD = "must be a table with by, yen, and nothing else"
NO_PRICE = 'must be a table, by = "fare" or by = "period"'
NO_TERM = "must be a table with first, last, percent_off, renewal_percent_off, follows, and nothing else"
NO_DAY = 'must be a day of every year, month and day, like "04-01"'
PAIRS = "must be a list in which each must be a pair"


def wrong_values() -> Iterator[tuple[str, str, str]]:
    """(key, TOML value, what the file is told) for every way in which a value can be wrong."""
    for key, (low, high) in WHOLE.items():
        for value in (str(low - 1), str(high + 1), f"{low}.0", f'"{low}"', "true", f"[{low}]", "{ n = 1 }", "nan"):
            yield key, value, f"must be a whole number from {low} to {high}"
    yield from wrong_words()
    yield from wrong_lists()
    yield from wrong_companies()
    yield from wrong_days_and_times()
    yield from wrong_tickets()
    yield from wrong_prices()
    yield from wrong_terms()


def wrong_words() -> Iterator[tuple[str, str, str]]:
    for key in SWITCHES:
        for value in ("0", "1", '"true"', "[]"):
            yield key, value, "must be true or false"
    for key in TEXTS:
        for value in ("7", '""', '["a"]', "true", "2026-04-01"):
            yield key, value, "must be a text"
    for key in RULES:
        for value in ('"AZF"', '"AZF-0"', '"AZF-031"', '"azf-31"', '"FOO-1"', '"AZF-31 "', "31", '"PRT-1"'):
            yield key, value, "must be the number of a rule, like AZF-31"
    for key, words in ONE_OF.items():
        for value in (quoted(words[0].upper()), '"other"', '""', "1", "true", listed(words[0])):
            yield key, value, f"must be one of {', '.join(words)}"


def wrong_lists() -> Iterator[tuple[str, str, str]]:
    for key, words in WORDS_OF.items():
        one_of = f"must be a list in which each must be one of {', '.join(words)}"
        yield from ((key, value, one_of) for value in (listed("other"), "[1]", listed(words[0].upper()), "[[]]"))
        yield key, listed(words[0], words[0]), "must name each once"
        yield from ((key, value, "must be a list") for value in (quoted(words[0]), "true", "{}", "1"))
    for key, least in NAMES_AT_LEAST.items():
        yield from ((key, value, "must be a list") for value in ('"a"', "true", "{ a = 1 }"))
        yield from ((key, v, "must be a list in which each must be a text") for v in ('["a", ""]', '["a", 7]'))
        yield key, '["a", "b", "a"]', "must name each once"
        if least:
            yield key, listed(*"ab"[: least - 1]), f"must hold at least {least}"
    for key, (least, low, high) in NUMBERS_FROM.items():
        whole = f"must be a list in which each must be a whole number from {low} to {high}"
        yield from ((key, value, whole) for value in (f"[{low - 1}]", f"[{low}, {high + 1}]", "[1.0]", '["1"]'))
        yield key, "[3, 1]", "must ascend"
        yield key, "[1, 1]", "must name each once"
        yield key, "1", "must be a list"
        if least:
            yield key, "[]", f"must hold at least {least}"


def wrong_companies() -> Iterator[tuple[str, str, str]]:
    whole = "must be a list in which each must be a whole number from 0 to 1"
    yield from ((COMPANIES, value, whole) for value in ("[-1]", "[2]", '["0"]', "[0.0]", "[false]"))
    yield COMPANIES, "[0, 0]", "must name each once"
    yield from ((COMPANIES, value, "must be a list") for value in ("0", '"none"', "{}"))


def wrong_days_and_times() -> Iterator[tuple[str, str, str]]:
    for value in ('"2026-04-01"', "20260401", "2026-04-01T00:00:00", "2026-04-01T00:00:00Z", "12:00:00"):
        yield "effective", value, "must be a date like 2026-04-01"
        yield "holidays.own_dates", f"[{value}]", "must be a list in which each must be a date like 2026-04-01"
    yield "holidays.own_dates", "[2026-05-01, 2026-05-01]", "must name each once"
    for value in (
        '"4-1"',
        '"02-29"',
        '"13-01"',
        '"04-31"',
        '"04-1"',
        '"0401"',
        "401",
        '"04-01 "',
        '"W01-1"',
        '"x04-01"',
    ):
        yield "holidays.own_month_days", f"[{value}]", f"must be a list in which each {NO_DAY}"
        yield "products.term", term(first=value), f"first {NO_DAY}"
        yield "products.term", term(last=value), f"last {NO_DAY}"
    for value in ('"10:00:00"', "36_000", "10:00:00.5", "2026-04-01", "true"):
        yield "flat_fares.departs_from", value, "must be a time of day like 10:00:00"
        yield "coupons.hours", f"[{value}, 16:00:00]", "must be a time of day like 10:00:00"
        yield "coupons.hours", f"[10:00:00, {value}]", "must be a time of day like 10:00:00"
    for value in ("10:00:00", "[10:00:00]", "[]", "{}", "[10:00:00, 11:00:00, 12:00:00]"):
        yield "coupons.hours", value, "must be a pair"


def wrong_tickets() -> Iterator[tuple[str, str, str]]:
    for value in ("[1]", "[[1]]", "[[50, 11, 1]]", '["50"]'):
        yield "coupons.tickets", value, PAIRS
    yield "coupons.tickets", "50", "must be a list"
    yield "coupons.tickets", "[[0, 1]]", "must be a list in which each must be a whole number from 1 to 1000000"
    yield "coupons.tickets", "[[50, -1]]", "must be a list in which each must be a whole number from 0 to 1000"
    yield "coupons.tickets", "[[50, 1001]]", "must be a list in which each must be a whole number from 0 to 1000"
    yield "coupons.tickets", "[[50, 1], [50, 2]]", "must name each once"
    yield "coupons.tickets", "[[100, 1], [50, 2]]", "must ascend"


def wrong_terms() -> Iterator[tuple[str, str, str]]:
    for value in ("1", '"year"', "{}", term(colour="1"), '{ first = "04-01" }', "[]"):
        yield "products.term", value, NO_TERM
    for key in ("percent_off", "renewal_percent_off"):
        for value in ("-1", "101", '"5"'):
            yield "products.term", term(**{key: value}), f"{key} must be a whole number from 0 to 100"
    yield "products.term", term(follows='"year"'), "follows must be a list"
    yield "products.term", term(follows="[1]"), "follows must be a list in which each must be a text"


def wrong_prices() -> Iterator[tuple[str, str, str]]:
    for value in ("1", '"free"', "{}", '{ by = "rides" }', "[]", "{ by = 1 }"):
        yield "products.price", value, NO_PRICE
    yield "products.price", '{ by = "fare", rides = 60 }', NO_FARE
    yield "products.price", fare(colour="1"), NO_FARE
    for key in ("rides", "one_way_rides"):
        for value in ("0", "1_001", "60.0"):
            whole = f"{key} must be a whole number from 1 to 1000"
            yield "products.price", fare(**{key: value}), f'{whole}; or "none"' if key == "one_way_rides" else whole
    for value in ("0", "101"):
        yield "products.price", fare(percent=value), "percent must be a whole number from 1 to 100"
    steps = "month_percents must be a list in which each must be a"
    for value in ("[[1, 95]]", "[[13, 95]]"):
        yield "products.price", fare(month_percents=value), f"{steps} whole number from 2 to 12"
    for value in ("[[3, 0]]", "[[3, 101]]"):
        yield "products.price", fare(month_percents=value), f"{steps} whole number from 1 to 100"
    yield "products.price", fare(month_percents="[3, 95]"), f"{steps} pair"
    yield "products.price", fare(month_percents="[[6, 90], [3, 95]]"), "month_percents must ascend"
    yield "products.price", fare(month_percents="[[3, 90], [3, 95]]"), "month_percents must name each once"
    yield "products.price", '{ by = "period" }', NO_PERIOD
    yield "products.price", '{ by = "period", yen = [[1, 1]], rides = 60 }', NO_PERIOD
    periods = "yen must be a list in which each must be a"
    for value in ("[[0, 6_500]]", "[[13, 6_500]]"):
        yield "products.price", f'{{ by = "period", yen = {value} }}', f"{periods} whole number from 1 to 12"
    for value in ("[[1, 0]]", "[[1, 1_000_001]]"):
        yield "products.price", f'{{ by = "period", yen = {value} }}', f"{periods} whole number from 1 to 1000000"


EVERY_WRONG_VALUE = list(wrong_values())


def allowed(key: str, told: str) -> str:
    """What is told of a wrong value, with the words that would do."""
    return told + "".join(f'; or "{word}"' for word in OPTIONAL.get(key, ()))


def test_the_tables_here_name_every_setting() -> None:
    assert list(OPERATOR_SETTINGS) == list(SETTINGS)
    assert {key for key, _, _ in EVERY_WRONG_VALUE} == set(SETTINGS)
    assert tuple(ARRAYS) == OPERATOR_ARRAYS


@pytest.mark.parametrize(("key", "value", "told"), EVERY_WRONG_VALUE)
def test_a_wrong_value_is_refused_with_its_line_key_and_rule(key: str, value: str, told: str) -> None:
    text = operator_file(**{key: value})
    expected = f"toy.toml:{line_of(text, key)}: {key} ({SETTINGS[key].rule}): {allowed(key, told)}"
    assert problems(text) == (expected,)


def right_values() -> Iterator[tuple[str, str, Any]]:
    """(key, TOML value, what it is read as) at the edges of what is right."""
    for key, (low, high) in WHOLE.items():
        yield from ((key, str(edge), edge) for edge in (low, high))
    for key in SWITCHES:
        yield from ((key, "true", True), (key, "false", False))
    for key, words in ONE_OF.items():
        for word in words:
            kinds = {"card_kinds.holder": HolderKind[word.upper().replace("-", "_")]} if word in HOLDERS else {}
            yield key, quoted(word), kinds.get(key, word)
    for key, words in WORDS_OF.items():
        made: Callable[[Any], Any] = tuple if key.endswith("papers") else frozenset
        kinds_of = {word: HolderKind[word.upper().replace("-", "_")] for word in HOLDERS}
        yield key, listed(*words), made(kinds_of.get(word, word) for word in words)
        yield key, "[]", made(())
    for key, least in NAMES_AT_LEAST.items():
        made = frozenset if re.search("services|stops|gates", key) and "routes" not in key else tuple
        if key == "services.routes":
            made = tuple
        yield key, listed(*"abc"[:least]), made("abc"[:least])
    for key, (least, low, high) in NUMBERS_FROM.items():
        yield key, f"[{low}, {high}]", (low, high)
        if not least:
            yield key, "[]", ()
    for key, words in OPTIONAL.items():
        yield from ((key, quoted(word), None) for word in words)
    for rule in ("GEN-1", "PASS-9", "LOC-20", "IGP-29", "NOR-10", "AZF-63", "AUT-6"):
        yield "products.rule", quoted(rule), rule
    yield COMPANIES, "[]", frozenset()
    yield COMPANIES, "[1, 0]", {0, 1}
    yield "holidays.own_dates", "[]", frozenset()
    yield "holidays.own_month_days", '["02-28", "12-31"]', {(2, 28), (12, 31)}
    yield "flat_fares.departs_from", "00:00:00", 0
    yield "flat_fares.departs_from", "23:59:59", 86_399
    yield "coupons.tickets", "[[1, 0], [1_000_000, 1_000]]", ((1, 0), (1_000_000, 1_000))
    yield (
        "products.price",
        fare(rides="1", percent="1", month_percents="[[2, 1], [12, 100]]"),
        (1, 30, 1, ((2, 1), (12, 100))),
    )
    yield (
        "products.price",
        fare(rides="1_000", one_way_rides="1_000", percent="100", month_percents="[]"),
        (1_000, 1_000, 100, ()),
    )
    yield "products.price", fare(one_way_rides="1"), (60, 1, 70, ((3, 95),))
    yield "products.price", '{ by = "period", yen = [[1, 1], [12, 1_000_000]] }', (((1, 1), (12, 1_000_000)),)
    yield "products.term", term(percent_off="0", renewal_percent_off="100"), ((8, 25), (12, 31), 0, 100, ("commuter",))
    yield (
        "products.term",
        term(percent_off="100", renewal_percent_off="0", follows="[]"),
        ((8, 25), (12, 31), 100, 0, ()),
    )


@pytest.mark.parametrize(("key", "value", "read_as"), list(right_values()))
def test_a_value_at_the_edge_is_taken(key: str, value: str, read_as: Any) -> None:
    found = SETTINGS[key].read(tomllib.loads(f"value = {value}")["value"])
    assert found == read_as and isinstance(found, bool) is isinstance(read_as, bool)


# -- keys that are missing, and such that are none


@pytest.mark.parametrize("key", SETTINGS)
def test_no_setting_has_a_default(key: str) -> None:
    array = key.partition(".")[0]
    text = operator_file(without=key)
    place = f":{text.splitlines().index(f'[[{array}]]') + 1}" if array in ARRAYS else ""
    assert problems(text) == (f"toy.toml{place}: {key} ({SETTINGS[key].rule}): missing; there is no default",)


def test_a_missing_key_is_told_at_the_header_of_its_table() -> None:
    text = operator_file(without="taps.guard_s")
    text = text.replace("taps.open_ride", "open_ride").replace("taps.", "")
    moved = [line for line in text.splitlines() if re.match("open_ride|boarding_only|alighting_only", line)]
    kept = [line for line in text.splitlines() if line not in moved]
    whole = "\n".join([*kept, "", "[taps]", *moved])
    assert problems(whole) == (f"toy.toml:{len(kept) + 2}: taps.guard_s (GEN-9): missing; there is no default",)


@pytest.mark.parametrize("array", ARRAYS)
def test_no_array_can_be_left_out(array: str) -> None:
    rule = ARRAYS[array].rule
    told = f"toy.toml: {array} ({rule}): missing; there is no default: write [[{array}]] or {array} = []"
    assert problems(operator_file(without=array)) == (told,)


@pytest.mark.parametrize("array", ARRAYS)
@pytest.mark.parametrize("value", ["1", '"none"', "{}", "[1]", "[[]]", "[{}, 1]"])
def test_an_array_of_anything_else_is_refused(array: str, value: str) -> None:
    text = operator_file(**{array: value})
    (told,) = problems(text)
    assert (
        told == f"toy.toml:{line_of(text, array)}: {array} ({ARRAYS[array].rule}): must be [[{array}]], or {array} = []"
    )


@pytest.mark.parametrize("array", ["companies", "purses"])
def test_an_operator_has_at_least_one_company_and_purse(array: str) -> None:
    text = operator_file(**{array: "[]"})
    told = f"toy.toml:{line_of(text, array)}: {array} ({ARRAYS[array].rule}): must hold at least one [[{array}]]"
    assert told in problems(text)


@pytest.mark.parametrize(
    ("added", "key"),
    [
        ("colour = 1", "colour"),
        ("stored_fare.cap = 20_000", "stored_fare.cap"),
        ("discounts.child = 50", "discounts.child"),
        ("scheme_.name = 'x'", "scheme_.name"),
        ("taps.guard = { s = 10 }", "taps.guard"),
        ("empty = {}", "empty"),
        # Quoted, it is a key of its own and no setting of [taps].
        ('"taps.guard_s" = 99', '"taps.guard_s"'),
        ('"products.months" = [1]', '"products.months"'),
    ],
)
def test_an_unknown_key_is_refused(added: str, key: str) -> None:
    assert problems(f"{added}\n{operator_file()}") == (
        f"toy.toml:1: {key}: unknown key; remove it or correct its name",
    )


@pytest.mark.parametrize("array", ARRAYS)
def test_an_unknown_key_of_an_entry_is_refused_at_its_line(array: str) -> None:
    text = operator_file(**{f"{array}.colour": "1"})
    told = f"toy.toml:{line_of(text, f'{array}.colour')}: {array}.colour: unknown key; remove it or correct its name"
    assert problems(text) == (told,)


def test_a_table_that_is_none_is_unknown_and_its_keys_are_missing() -> None:
    text = "passes = 'cheaper'\n" + operator_file(without="passes.excess")
    assert problems(text) == (
        "toy.toml:1: passes: unknown key; remove it or correct its name",
        "toy.toml:1: passes.excess (PASS-5): missing; there is no default",
    )


def test_an_empty_table_that_is_known_is_not_unknown() -> None:
    text = "passes = {}\n" + operator_file(without="passes.excess")
    assert problems(text) == ("toy.toml:1: passes.excess (PASS-5): missing; there is no default",)


# -- values that contradict each other

SECOND = {
    "companies": {"number": "1", "name": '"新常磐"', "agencies": '["新常磐交通"]'},
    "services": {"name": '"rail"', "routes": '["飯坂線"]'},
    "purses": {"name": '"eco"'},
    "areas": {"number": "2", "name": '"郊外"'},
    "lines": {"number": "2", "name": '"外回り"'},
    "products": {"number": "2", "name": '"student"'},
    "flat_fares": {"name": '"plus-one"'},
    "coupons": {"name": '"ecomy"'},
    "card_kinds": {"name": '"child"'},
}
"""What makes a second entry of each array another one."""


@pytest.mark.parametrize("array", ARRAYS)
def test_an_array_takes_several_entries(array: str) -> None:
    book = parse(operator_file() + operator_entry(array, **SECOND[array]), "toy.toml", NEW_YEAR)
    counts = {name: len(getattr(book, "coupon_books" if name == "coupons" else name)) for name in ARRAYS}
    assert counts == {name: 1 + (name == "purses") + (name == array) for name in ARRAYS}


TWICE = [
    (f"{array}.{key}", OPERATOR_SETTINGS[f"{array}.{key}"])
    for array, second in SECOND.items()
    for key in second
    if key in ("number", "name")
]


@pytest.mark.parametrize(("key", "value"), TWICE)
def test_a_number_or_a_name_stands_once(key: str, value: str) -> None:
    array, _, name = key.partition(".")
    text = operator_file() + operator_entry(array, **(SECOND[array] | {name: value}))
    place = 2 if array == "purses" else 1
    shown = value.strip('"')
    assert problems(text) == (
        f"toy.toml:{line_of(text, key, place)}: {key} ({SETTINGS[key].rule}): {shown} is there already; each once",
    )


@pytest.mark.parametrize("agency", ["JRバス関東", "JRバス", "JRバス関東 白河支店"])
def test_loc_6_no_agency_belongs_to_two_companies(agency: str) -> None:
    text = operator_file() + operator_entry("companies", **(SECOND["companies"] | {"agencies": listed("別", agency)}))
    assert without_lines(problems(text)) == (
        f"companies.agencies (LOC-6): {agency} would be an agency of two companies; make the beginnings differ",
    )


def test_gen_15_the_longer_beginning_comes_first() -> None:
    nozawa = {"name": '"highway-nozawa"', "routes": '["野沢線", "高速バス野沢線"]'}
    assert without_lines(problems(operator_file() + operator_entry("services", **nozawa))) == (
        "services.routes (GEN-15): "
        "高速バス野沢線 belongs to an earlier service already; put the longer beginning first",
    )
    first = operator_file(services__routes='["高速バス野沢線"]') + operator_entry(
        "services", name='"other"', routes='["高速バス"]'
    )
    assert parse(first, "toy.toml", NEW_YEAR).service_of(0, "R1", "高速バス郡山線") == "other"


HIDDEN = ("services.routes (GEN-15): 高速バス belongs to an earlier service already; put the longer beginning first",)


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("[]", "[]", HIDDEN),
        ("[]", "[1]", HIDDEN),
        ("[1]", "[1]", HIDDEN),
        ("[0, 1]", "[]", HIDDEN),
        ("[0]", "[1]", ()),
        ("[0]", "[0, 1]", ()),
        ("[0]", "[]", ()),
    ],
)
def test_loc_6_gen_15_a_route_is_hidden_only_on_the_buses_of_a_company(
    first: str, second: str, told: tuple[str, ...]
) -> None:
    text = (
        operator_file(services__companies=first)
        + operator_entry("services", name='"other"', routes='["高速バス"]', companies=second)
        + operator_entry("companies", **SECOND["companies"])
    )
    if told:
        assert without_lines(problems(text)) == told
    else:
        assert parse(text, "toy.toml", NEW_YEAR).service_of(1, "R1", "高速バス") == "other"


def test_loc_6_gen_15_a_route_may_be_hidden_by_two_services_together() -> None:
    text = operator_file(services__companies="[0]") + operator_entry("companies", **SECOND["companies"])
    for name, companies in (("joban", "[1]"), ("other", "[]")):
        text += operator_entry("services", name=quoted(name), routes='["高速バス"]', companies=companies)
    assert without_lines(problems(text)) == HIDDEN


def test_loc_6_where_there_is_one_company_its_number_means_all() -> None:
    text = operator_file(services__companies="[0]") + operator_entry("services", name='"b"', routes='["高速バス"]')
    assert without_lines(problems(text)) == HIDDEN


Contradiction = tuple[str, dict[str, str], str]
"""A key, what is changed, and what is told of the key."""


def unknown_names() -> Iterator[Contradiction]:
    own = '["suica", "lococa"]'
    yield "cards.accepted_schemes", {"cards.accepted_schemes": own}, "lococa is the scheme itself; remove it"
    unknown = {
        "cards.excluded_services": "services",
        "party.companions_excluded_services": "services",
        "areas.excluded_services": "services",
        "products.late_services": "services",
        "products.excluded_services": "services",
        "flat_fares.excluded_services": "services",
        "flat_fares.products": "products",
    }
    for key, array in unknown.items():
        names = listed("zzz", "aaa", *(["commuter"] if array == "products" else []))
        yield key, {key: names}, f"no [[{array}]] is named aaa, zzz; add it or correct the name"
    yield "products.with_area", {"products.with_area": '"aaa"'}, "no [[areas]] is named aaa; add it or correct the name"
    for companies, missing in (("[1]", "1"), ("[0, 1]", "1")):
        yield (
            "services.companies",
            {"services.companies": companies},
            f"no [[companies]] has the number {missing}; add it or correct the number",
        )
    yield (
        "services.companies",
        {"companies.number": "1", "services.companies": "[0, 1]"},
        "no [[companies]] has the number 0; add it or correct the number",
    )


def scopes() -> Iterator[Contradiction]:
    area = {"products.scope": '"area"', "products.with_area": '"none"', **TWO_WAY}
    yield (
        "products.areas",
        {**area, "products.areas": '["市内", "aaa"]'},
        "no [[areas]] is named aaa; add it or correct the name",
    )
    yield "products.areas", area, "a pass for an area must name at least one"
    yield (
        "products.areas",
        {"products.areas": '["市内"]'},
        'only a pass of scope = "area" names areas; write []',
    )
    line = {"products.scope": '"line"', "products.with_area": '"none"', **TWO_WAY}
    yield "products.line", {**line, "products.line": '"aaa"'}, "no [[lines]] is named aaa; add it or correct the name"
    yield "products.line", line, "a pass for a line must name it"
    yield "products.line", {"products.line": '"周遊"'}, 'only a pass of scope = "line" names a line; write "none"'
    yield (
        "products.with_area",
        {**area, "products.areas": '["市内"]', "products.with_area": '"市内"'},
        'an area comes with a section only; write "none"',
    )
    yield (
        "products.with_area",
        {"areas.gates": "[]"},
        "area 市内 has no gates, so it never comes with a section; state them",
    )
    for direction in ("one-way", "either"):
        yield (
            "products.directions",
            {
                **area,
                "products.areas": '["市内"]',
                "products.directions": quoted(direction),
                "products.price": fare(),
                "flat_fares.two_way_only": "false",
            },
            'only a section has directions; write "two-way"',
        )


def riding_and_purses() -> Iterator[Contradiction]:
    for overlap in ("市内循環", "市内", "市内循環 右回り"):
        yield (
            "taps.alighting_only_routes",
            {"taps.alighting_only_routes": listed("空港線", overlap)},
            f"{overlap} would have neither tap; it is in boarding_only_routes",
        )
    for key in (key for key in SETTINGS if key.startswith("luggage.")):
        yield "luggage.from_g", {key: NOT_CONFIGURED}, "state all of the table, or none of it"
    for measure in ("g", "cm3", "mm"):
        upper = int(OPERATOR_SETTINGS[f"luggage.to_{measure}"])
        yield (
            f"luggage.from_{measure}",
            {f"luggage.from_{measure}": str(upper + 1)},
            f"{upper + 1} is above the upper bound {upper}",
        )
    yield "points.earned_percent", {"points.lapse_months": '"none"'}, "state all of the table, or none of it"
    without_points = {"points.earned_percent": '"none"', "points.lapse_months": '"none"'}
    both = "points need a [[purses]] transport-points, and it needs points; state both or neither"
    yield "points.earned_percent", without_points, both
    yield "points.earned_percent", {"purses": STORED_FARE_ALONE}, both
    yield (
        "purses.premium_percent",
        {**NO_TOP_UP, "purses.name": '"welfare-points"'},
        "welfare-points can't be topped up, so it has no premium; write 0",
    )
    yield (
        "cards.accepted_schemes",
        {**NO_TOP_UP, "cards.accepted_schemes": '["suica"]', "purses.name": '"regular"'},
        "other cards pay from stored-fare, which is no [[purses]] here; add it or write []",
    )
    for percent, multiple_yen in ((10, 1), (10, 5), (33, 50), (1, 99)):
        yield (
            "purses.premium_percent",
            {**NO_NOTES, "purses.premium_percent": str(percent), "top_up.multiple_yen": str(multiple_yen)},
            f"{percent} % of a top-up of top_up.multiple_yen, {multiple_yen}, is no whole yen",
        )
    together = "state all of the table, or none of it"
    yield "top_up.bus_notes_yen", {"top_up.bus_notes_yen": NOT_CONFIGURED}, together
    yield "top_up.bus_notes_yen", {"top_up.bus_refused_from_yen": NOT_CONFIGURED}, together
    yield (
        "top_up.bus_notes_yen",
        {"top_up.multiple_yen": "2_500"},
        "1000 is no multiple of top_up.multiple_yen, 2500",
    )
    yield (
        "top_up.bus_notes_yen",
        {**NO_AUTO_CHARGE, **NO_OTHER_CARDS, "purses.name": '"regular"'},
        "notes on the bus go to stored-fare, which is no [[purses]] here",
    )
    yield (
        "top_up.bus_refused_from_yen",
        {"top_up.bus_refused_from_yen": "20_001"},
        "20001 is over stored_fare.cap_yen, 20000",
    )


def auto_charge_and_counter() -> Iterator[Contradiction]:
    together = "state all of the table, or none of it"
    yield (
        "auto_charge.offered",
        {**NO_NOTES, **NO_OTHER_CARDS, "purses.name": '"regular"'},
        "auto-charge adds to stored-fare, which is no [[purses]] here",
    )
    yield (
        "auto_charge.offered",
        {**NO_AUTO_CHARGE, "auto_charge.offered": "true"},
        "offered, but not all of [auto_charge] is stated",
    )
    offer = [key for key in SETTINGS if key.startswith("auto_charge.") and key.endswith("_yen")]
    for key in offer:
        yield "auto_charge.trigger_step_yen", {"auto_charge.offered": "false", key: '"none"'}, together
    for value in ("250", "10_100"):
        yield (
            "auto_charge.first_trigger_yen",
            {"auto_charge.first_trigger_yen": value},
            "must be a multiple of 100 up to 10000",
        )
    for value in ("1_500", "11_000"):
        yield (
            "auto_charge.first_amount_yen",
            {"auto_charge.first_amount_yen": value},
            "must be a multiple of 1000 up to 10000",
        )
    for day, month, most in (
        ("1_000", "99_000", "99_000"),  # below the amount
        ("99_000", "98_000", "99_000"),  # a day's above a month's
        ("50_500", "99_000", "99_000"),
        ("50_000", "98_500", "99_000"),
        ("50_000", "99_000", "98_000"),
        ("99_000", "99_000", "98_999"),
    ):
        yield (
            "auto_charge.first_day_cap_yen",
            {
                "auto_charge.first_day_cap_yen": day,
                "auto_charge.first_month_cap_yen": month,
                "auto_charge.most_cap_yen": most,
            },
            f"must reach first_amount_yen, 2000, and not pass first_month_cap_yen, {int(month)}; "
            f"both are multiples of 1000 up to {int(most)}",
        )
    yield (
        "counter.sold_at_yen",
        {"counter.deposit_yen": NOT_CONFIGURED},
        "stored fare is the price without the deposit: state counter.deposit_yen too",
    )
    yield (
        "counter.sold_at_yen",
        {"counter.sold_at_yen": "[499, 500, 20_500, 20_501]"},
        "499, 20501 less the deposit 500 is not from 0 to 20000",
    )
    for key in ("card_refund", "card_refund_fee_yen"):
        yield "counter.card_refund", {f"counter.{key}": NOT_CONFIGURED}, together
    yield (
        "services.name",
        {
            **dict.fromkeys((key for key in SETTINGS if key.endswith(("excluded_services", "late_services"))), "[]"),
            "products.late_days_before": "0",
            "services.name": '"ordinary"',
        },
        "ordinary is the service of all other routes; choose another name",
    )
    yield (
        "areas.gates",
        {"areas.gates": '["西口", "駅前", "北口"]'},
        "北口, 西口 is no stop of the area; add it to stops",
    )


def products() -> Iterator[Contradiction]:
    yield (
        "products.named_card",
        {"products.named_card": "false"},
        "a named pass needs a named card (PASS-7); write true",
    )
    yield (
        "products.holder",
        {"products.holder": '["adult", "disabled-child", "child"]'},
        "no [[card_kinds]] has the holder child, disabled-child",
    )
    yield (
        "products.odd_days",
        {"products.months": "[]"},
        "odd days come on top of whole months; state months",
    )
    yield (
        "products.odd_days",
        {"products.price": '{ by = "period", yen = [[1, 1], [2, 1], [3, 1], [6, 1]] }'},
        "a price by period has none for odd days; write false",
    )
    yield (
        "products.price",
        {"products.scope": '"network"', "products.with_area": '"none"', **TWO_WAY},
        'a pass for the network has no fare to be priced on; use by = "period"',
    )
    for direction in ("one-way", "either"):
        yield (
            "products.price",
            {
                "products.directions": quoted(direction),
                "products.price": fare(one_way_rides='"none"'),
                "flat_fares.two_way_only": "false",
            },
            f'one_way_rides must be "none" exactly where directions = "two-way"; here it is "{direction}"',
        )
    yield (
        "products.price",
        {"products.directions": '"two-way"'},
        'one_way_rides must be "none" exactly where directions = "two-way"; here it is "two-way"',
    )
    for months in ("[[1, 1]]", "[[1, 1], [2, 1], [3, 1]]", "[[1, 1], [2, 1], [3, 1], [6, 1], [7, 1]]"):
        priced = [month for month, _ in tomllib.loads(f"m = {months}")["m"]]
        yield (
            "products.price",
            {"products.odd_days": "false", "products.price": f'{{ by = "period", yen = {months} }}'},
            f"prices are for {priced} months, but sold are [1, 2, 3, 6]",
        )
    no_months = {"products.months": "[]", "products.portal_months": "[]", "products.odd_days": "false"}
    yield "products.price", no_months, "a price, but no period is sold; state months"
    yield (
        "products.price",
        {"products.portal_months": "[]", "products.price": fare(month_percents="[[3, 95], [4, 94], [6, 90]]")},
        "4, 6 months in month_percents are more than are sold",
    )


def terms_and_days_of_sale() -> Iterator[Contradiction]:
    term_alone = {key.replace("__", "."): value for key, value in TERM.items()} | {"products.term": term()}
    yield (
        "products.price",
        {**term_alone, "products.price": '{ by = "period", yen = [] }'},
        'a term is priced off the price of a month; use by = "fare"',
    )
    for sold in ({"products.months": "[1]"}, {"products.portal_months": "[1]"}):
        yield (
            "products.term",
            {**term_alone, **sold},
            "a term is the period; write months = [], portal_months = [] and odd_days = false",
        )
    for follows in ({"follows": "[]"}, {"renewal_percent_off": "0"}):
        yield (
            "products.term",
            {**term_alone, "products.term": term(**follows)},
            "renewal_percent_off and follows go together; state both, or 0 and []",
        )
    yield (
        "products.term",
        {**term_alone, "products.term": term(follows='["commuter", "year"]')},
        "no [[products]] is named year; add it or correct the name",
    )
    yield "products.least_age", {"products.bearer": "true"}, "a bearer pass can't ask for an age"
    for change in (
        {"products.late_days_before": "7"},
        {"products.late_days_before": "8"},
        {"products.sold_days_before": NOT_CONFIGURED},
    ):
        yield "products.late_days_before", change, "must be fewer than sold_days_before"
    yield (
        "products.late_days_before",
        {"products.late_services": "[]"},
        "no late_services, so it must be 0",
    )
    yield (
        "products.late_days_before",
        {"products.excluded_services": '["highway"]'},
        "highway is among late_services and excluded_services",
    )


def flat_fares_coupons_and_cards() -> Iterator[Contradiction]:
    more = "a child or disabled passenger would pay more than without the discount"
    for key, yen in (("child_yen", 101), ("disabled_adult_yen", 101), ("disabled_child_yen", 51)):
        yield "flat_fares.adult_yen", {f"flat_fares.{key}": str(yen)}, more
    yield "flat_fares.adult_yen", {"flat_fares.child_yen": "29"}, more
    yield (
        "flat_fares.two_way_only",
        {"products.directions": '"one-way"'},
        "commuter is sold one-way only, so it never holds",
    )
    for change in ({"coupons.rides": "6"}, {"coupons.fares_for_price": "5"}):
        yield (
            "coupons.tickets",
            {**change, "coupons.price_yen": '"none"', "coupons.sold": "false"},
            "a book of tickets has no rides; write rides = 0 and fares_for_price = 0",
        )
        yield (
            "coupons.tickets",
            {**change, "coupons.tickets": "[]", "coupons.price_yen": '"none"', "coupons.sold": "false"},
            "state tickets, or for a book of rides both rides and fares_for_price",
        )
    rides = {"coupons.rides": "6", "coupons.fares_for_price": "5", "coupons.tickets": "[]"}
    yield "coupons.price_yen", rides, 'a book of rides is priced by its section; write "none"'
    for change in ({"coupons.price_yen": '"none"'}, {"coupons.tickets": "[[50, 0], [100, 20]]"}):
        yield "coupons.price_yen", change, "a book that is sold has a price, and so many tickets of each face"
    yield "coupons.price_yen", {"coupons.price_yen": "1_301"}, "its tickets are worth only 1300 yen"
    for hours in ("[16:00:01, 16:00:00]", "[16:00:00, 16:00:00]"):
        yield "coupons.hours", {"coupons.hours": hours}, "must begin before it ends"
    outside = "a surcharge is for use outside hours or days: state both, or neither"
    yield "coupons.surcharge_yen", {"coupons.hours": '"none"', "coupons.days": "[]"}, outside
    for change in ({"coupons.hours": '"none"'}, {"coupons.days": "[]"}):
        yield "coupons.surcharge_yen", {**change, "coupons.surcharge_yen": "0"}, outside
    yield (
        "coupons.surcharge_yen",
        {"coupons.hours": '"none"', "coupons.days": "[]", "coupons.surcharge_yen": "0"},
        "surcharge_per_yen without a surcharge; write 0",
    )
    for named in ("anonymous", "either"):
        yield (
            "card_kinds.expiry",
            {"card_kinds.named": quoted(named)},
            "school comes from the holder's data; the card must be named",
        )


TWO_WAY = {
    "products.directions": '"two-way"',
    "products.price": '{ by = "fare", rides = 60, one_way_rides = "none", percent = 70, month_percents = [[3, 95]] }',
}
NO_NOTES = {"top_up.bus_notes_yen": NOT_CONFIGURED, "top_up.bus_refused_from_yen": NOT_CONFIGURED}
NO_AUTO_CHARGE = {
    "auto_charge.offered": "false",
    **dict.fromkeys((k for k in SETTINGS if k.startswith("auto_charge.") and k.endswith("_yen")), '"none"'),
}
NO_OTHER_CARDS = {"cards.accepted_schemes": "[]"}
NO_TOP_UP = NO_NOTES | NO_AUTO_CHARGE | NO_OTHER_CARDS
STORED_FARE_ALONE = """[
  { name = "stored-fare", rule = "GEN-3", whole = false, days = [], holder_only = false, premium_percent = 0 },
]"""


CONTRADICTIONS = [
    *unknown_names(),
    *scopes(),
    *riding_and_purses(),
    *auto_charge_and_counter(),
    *products(),
    *terms_and_days_of_sale(),
    *flat_fares_coupons_and_cards(),
]


@pytest.mark.parametrize(("key", "changed", "told"), CONTRADICTIONS)
def test_values_that_contradict_each_other_are_refused(key: str, changed: dict[str, str], told: str) -> None:
    text = operator_file(**changed)
    assert problems(text) == (f"toy.toml:{line_of(text, key)}: {key} ({SETTINGS[key].rule}): {told}",)


AGREEING: dict[str, dict[str, str]] = {
    "bounds of luggage may meet": {"luggage.from_g": "30_000"},
    "a balance may be refused at the cap": {"top_up.bus_refused_from_yen": "20_000"},
    "first values may be the most": {"auto_charge.most_yen": "2_000"},
    "caps of a day and a month may be the same": {"auto_charge.first_day_cap_yen": "99_000"},
    "a cap may be the amount": {"auto_charge.first_day_cap_yen": "2_000", "auto_charge.first_month_cap_yen": "2_000"},
    "a service of the company there is": {"services.companies": "[0]"},
    "a premium of whole yen": {**NO_NOTES, "purses.premium_percent": "4", "top_up.multiple_yen": "25"},
    "by the yen without a premium": {**NO_NOTES, "purses.premium_percent": "0", "top_up.multiple_yen": "1"},
    "other cards and a purse more": {
        "purses": f"[{STORED_FARE_ALONE[3:-1]} {REGULAR_PURSE}]",
        "points.earned_percent": '"none"',
        "points.lapse_months": '"none"',
    },
    "another purse alone, and no other cards": {**NO_TOP_UP, "purses.name": '"regular"'},
    "a card may be sold for its deposit": {"counter.sold_at_yen": "[500, 20_500]"},
    "a scheme may state no price": {"counter.sold_at_yen": NOT_CONFIGURED, "counter.deposit_yen": NOT_CONFIGURED},
    "an area is not sold by itself": {"areas.fare_yen": NOT_CONFIGURED},
    "gates of an area whose stops are not known": {"areas.stops": NOT_CONFIGURED, "areas.gates": '["西口"]'},
    "an area": {"products.scope": '"area"', "products.areas": '["市内"]', "products.with_area": '"none"', **TWO_WAY},
    "a line": {"products.scope": '"line"', "products.line": '"周遊"', "products.with_area": '"none"', **TWO_WAY},
    "a network by period": {
        "products.scope": '"network"',
        "products.directions": '"two-way"',
        "products.with_area": '"none"',
        "products.months": "[1]",
        "products.portal_months": "[]",
        "products.odd_days": "false",
        "products.price": '{ by = "period", yen = [[1, 6_500]] }',
    },
    "a bearer pass on any card": {
        "products.bearer": "true",
        "products.named_card": "false",
        "products.least_age": '"none"',
    },
    "a bearer pass on named cards": {"products.bearer": "true", "products.least_age": '"none"'},
    "any kind of card, where none is configured": {"card_kinds": "[]"},
    "any holder": {"products.holder": "[]"},
    "months alone": {"products.portal_months": "[]", "products.price": fare(month_percents="[[3, 95]]")},
    "late by a day less": {"products.late_days_before": "6"},
    "no one is late": {"products.late_services": "[]", "products.late_days_before": "0"},
    "one-way passes and a flat fare for all": {
        "products.directions": '"one-way"',
        "flat_fares.two_way_only": "false",
    },
    "a flat fare without a discount": {
        "flat_fares.child_yen": "100",
        "flat_fares.disabled_adult_yen": "100",
        "flat_fares.disabled_child_yen": "100",
    },
    "a flat fare half by half": {
        "flat_fares.child_yen": "50",
        "flat_fares.disabled_adult_yen": "50",
        "flat_fares.disabled_child_yen": "50",
    },
    "a book worth its price": {"coupons.price_yen": "1_300"},
    "a book no longer sold may be worth less": {"coupons.price_yen": "1_301", "coupons.sold": "false"},
    "hours alone": {"coupons.days": "[]"},
    "days alone": {"coupons.hours": '"none"'},
    "a surcharge for each ticket": {"coupons.surcharge_per_yen": "0"},
    "a book at face value always": {
        "coupons.hours": '"none"',
        "coupons.days": "[]",
        "coupons.surcharge_yen": "0",
        "coupons.surcharge_per_yen": "0",
    },
    "an anonymous card without end": {"card_kinds.named": '"anonymous"', "card_kinds.expiry": '"none"'},
    "no route with one tap": {"taps.boarding_only_routes": "[]"},
    "points without a premium on welfare": {
        **NO_TOP_UP,
        "purses.name": '"welfare-points"',
        "purses.premium_percent": "0",
    },
}


@pytest.mark.parametrize("changed", AGREEING.values(), ids=AGREEING)
def test_values_that_agree_are_taken(changed: dict[str, str]) -> None:
    assert rulebook_with(**changed).scheme == "lococa"


def test_a_premium_on_transport_points_is_refused() -> None:
    text = operator_file().replace("premium_percent = 0", "premium_percent = 5")
    assert without_lines(problems(text)) == (
        "purses.premium_percent (NOR-3): transport-points can't be topped up, so it has no premium; write 0",
    )


def test_what_is_wrong_already_contradicts_nothing() -> None:
    """A service without a name is told once, not again by everything that names it."""
    assert without_lines(problems(operator_file(services__name="7"))) == ("services.name (GEN-15): must be a text",)
    assert without_lines(problems(operator_file(services="1"))) == (
        "services (GEN-15): must be [[services]], or services = []",
    )


def test_what_stands_twice_is_told_though_an_entry_between_is_wrong() -> None:
    text = operator_file() + "".join(
        operator_entry("services", name=name, routes=routes)
        for name, routes in (("7", '["a"]'), ('"b"', "[]"), ('"highway"', '["高速バス新潟線"]'))
    )
    assert without_lines(problems(text)) == (
        "services.name (GEN-15): must be a text",
        "services.routes (GEN-15): must hold at least 1",
        "services.name (GEN-15): highway is there already; each once",
        "services.routes (GEN-15): "
        "高速バス新潟線 belongs to an earlier service already; put the longer beginning first",
    )


def test_what_stands_twice_is_told_though_nothing_else_of_the_entries_is_right() -> None:
    entries = "\n[[companies]]\nnumber = 0\n[[companies]]\nnumber = 0"
    told = without_lines(problems(operator_file(without="companies") + entries))
    assert [line for line in told if "missing" not in line] == [
        "companies.number (LOC-6): 0 is there already; each once"
    ]


def test_loc_6_without_companies_no_route_is_hidden() -> None:
    assert without_lines(problems(operator_file(companies="[]"))) == (
        "companies (LOC-6): must hold at least one [[companies]]",
    )


# -- all problems at once


@pytest.mark.parametrize(
    "text", ["scheme = ", "= 1", "a = 1\na = 2", "[taps]\n[taps]", "rules: cheaper", '{"scheme": "lococa"}', "a = 1e"]
)
def test_what_is_not_toml_is_one_problem(text: str) -> None:
    (problem,) = problems(text)
    assert problem.startswith("toy.toml: not TOML: ")


def test_a_file_nested_without_end_is_one_problem() -> None:
    assert problems("a = " + "[" * 20_000) == ("toy.toml: nested too deep; an operator file has two levels of tables",)


def test_an_empty_file_misses_everything() -> None:
    single = [key for key in SETTINGS if key.partition(".")[0] not in ARRAYS]
    told = problems("")
    assert [line.split(" (")[0] for line in told] == [f"toy.toml: {key}" for key in (*single, *ARRAYS)]


MANY_FAULTS = """\
scheme = "lococa"
name = ""
colour = "green"

[stored_fare]   # the cap
cap_yen = 20_000.5

[passes]
excess = "dearest"
refund = true

[party]
holder_only = ["pets"]

[taps]
open_ride = "clear"
  "guard_s" = 9_999

[[services]]
name = "rail"
routes = ["飯坂線"]
companies = []

  [[ services ]]
name = "rail"
routes = [
    "飯坂線",
    "b = c",
]
companies = []

[[products]]
months = [3, 1]
late_services = ["boat"]

[[products]]
months = [1, 3]
late_services = ["boat"]

[[companies]]
number = 0
"""


def test_every_problem_is_told_at_once_with_file_line_rule_and_remedy() -> None:
    told = problems(MANY_FAULTS)
    assert [line for line in told if "missing" not in line] == [
        "toy.toml:2: name (GEN-21): must be a text",
        "toy.toml:3: colour: unknown key; remove it or correct its name",
        "toy.toml:6: stored_fare.cap_yen (GEN-3): must be a whole number from 1 to 32767",
        "toy.toml:9: passes.excess (PASS-5): must be one of cheaper, separate",
        "toy.toml:10: passes.refund: unknown key; remove it or correct its name",
        "toy.toml:13: party.holder_only (GEN-18): "
        "must be a list in which each must be one of adult, child, disabled-adult, disabled-child",
        "toy.toml:17: taps.guard_s (GEN-9): must be a whole number from 0 to 600",
        "toy.toml:25: services.name (GEN-15): rail is there already; each once",
        "toy.toml:26: services.routes (GEN-15): 飯坂線 belongs to an earlier service already; "
        "put the longer beginning first",
        "toy.toml:33: products.months (AZF-30): must ascend",
        "toy.toml:34: products.late_services (AZF-33): no [[services]] is named boat; add it or correct the name",
        "toy.toml:38: products.late_services (AZF-33): no [[services]] is named boat; add it or correct the name",
    ]
    missing = [line for line in told if line.endswith("missing; there is no default")]
    assert "toy.toml:12: party.named_holder_only (GEN-18): missing; there is no default" in missing
    assert "toy.toml:32: products.number (PASS-1): missing; there is no default" in missing
    assert "toy.toml:36: products.number (PASS-1): missing; there is no default" in missing
    assert "toy.toml: effective (GEN-5): missing; there is no default" in missing


def test_problems_come_in_the_order_of_the_file() -> None:
    lines = [int(line.split(":")[1]) for line in problems(MANY_FAULTS) if re.match(r"toy\.toml:\d", line)]
    assert len(lines) > 20 and lines == sorted(lines)


def test_a_key_of_an_inline_array_is_told_at_the_array() -> None:
    text = operator_file(services='[{ name = "a", routes = ["高速バス"], companies = [] }, { name = 7, routes = [] }]')
    line = line_of(text, "services")
    assert problems(text) == (
        f"toy.toml:{line}: services.name (GEN-15): must be a text",
        f"toy.toml:{line}: services.routes (GEN-15): must hold at least 1",
        f"toy.toml:{line}: services.companies (LOC-6): missing; there is no default",
    )


@given(st.dictionaries(st.sampled_from(list(SETTINGS)), st.sampled_from(["7", '"x"', "[]", "true", "{}", "[[1, 2]]"])))
def test_any_file_is_read_or_refused_and_nothing_else(changed: dict[str, str]) -> None:
    try:
        book = rulebook_with(**changed)
    except RulebookError as error:
        assert error.problems
        assert all(re.match(r"toy\.toml:\d+: [\w.]+ \([A-Z]+-\d+\): \S", problem) for problem in error.problems)
    else:
        assert hash(book.digest)


def test_a_broken_operator_file_is_the_tariffs_fault() -> None:
    with pytest.raises(TariffFault):
        parse("", "toy.toml", NEW_YEAR)
