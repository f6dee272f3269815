"""What the sources state, operator by operator: every value of the shipped operator files, read by the rule it cites.

A table of each rule, typed off the sources (docs/rulebook.md), so that no value of tariff/operators/ changes unseen:
`python -m tools.mutation.values` changes each of them and asks the tests that cite its rule. What the values *do* is
tried elsewhere. () and None: the operator has none of it, or no source states it (GEN-17).
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from tariff.account import HolderKind
from tariff.rulebook import (
    AutoChargeRules,
    CardKind,
    Company,
    CounterRules,
    FarePrice,
    FixedPrice,
    Luggage,
    PassLine,
    PointRules,
    Purse,
    ServiceClass,
    Term,
    TopUpRules,
)
from tests.tariff.examples import AIZU, IWATE, LOCOCA, NORUCA

BOOKS = (LOCOCA, IWATE, NORUCA, AIZU)
"""In this order wherever a test tells of all four."""
SUICA_FAMILY = frozenset(
    {"suica", "monorail-suica", "rinkai-suica", "pasmo", "kitaca", "manaca", "toica", "pitapa", "icoca", "sugoca"}
    | {"hayakaken", "nimoca"}
)
NO_HIGHWAY = frozenset({"highway-nozawa", "highway"})
GENERAL_ROUTES_ONLY = NO_HIGHWAY | {"sightseeing", "sawayaka", "konan-koriyama"}
ADULT, CHILD = HolderKind.ADULT, HolderKind.CHILD
DISABLED_ADULT, DISABLED_CHILD = HolderKind.DISABLED_ADULT, HolderKind.DISABLED_CHILD

AIZU_SECTION = ("commuter", "student", "student-highway")
AIZU_AREA = ("area-commuter", "area-student")
AIZU_LOOP = ("loop-commuter", "loop-student")
AIZU_TERM = ("term-1", "term-2-1", "term-2-2", "term-3", "year")
AIZU_PASSES = (*AIZU_SECTION, *AIZU_AREA, *AIZU_LOOP, "noransho", *AIZU_TERM)
LOCOCA_PASSES = ("commuter", "student")
IWATE_PASSES = ("adult-named", "adult-bearer", "child-named", "child-bearer")
NORUCA_PASSES = ("commuter", "student", "student-one-way", "noruca-65", "noruca-75", "odekake")
AIZU_TICKETS = ("ordinary-10", "ordinary-50", "ordinary-100", "ordinary-200", *(f"set-{n}000" for n in (1, 2, 3, 5)))
AIZU_BOOKS = (*AIZU_TICKETS, "himawari", "1-11-21", "ecomy")


def read(entries: Iterable[Any], *fields: str) -> dict[str, Any]:
    """These fields of each entry, by the entry's name."""
    rows = {entry.name: tuple(getattr(entry, field) for field in fields) for entry in entries}
    return {name: row[0] for name, row in rows.items()} if len(fields) == 1 else rows


def passes(*fields: str) -> list[dict[str, Any]]:
    """These fields of every operator's passes."""
    return [read(book.products, *fields) for book in BOOKS]


def same(names: Iterable[str], value: Any) -> dict[str, Any]:
    return dict.fromkeys(names, value)


def on_every_pass(value: Any) -> list[dict[str, Any]]:
    return [same(names, value) for names in (LOCOCA_PASSES, IWATE_PASSES, NORUCA_PASSES, AIZU_PASSES)]


# -- GEN


def test_gen_2_half_rounded_up_to_10_yen_with_every_operator() -> None:
    shares = [book.riders[:3] for book in BOOKS]
    assert shares == [(50, 50, 10)] * 4


def test_gen_3_igp_14_20000_yen_at_most_and_noruca_in_thousands() -> None:
    assert [book.stored_fare_cap_yen for book in BOOKS] == [20_000] * 4
    assert [book.top_up.multiple_yen for book in BOOKS] == [1, 1, 1_000, 1]
    assert [purse[:2] for book in (LOCOCA, AIZU) for purse in book.purses] == [(Purse.STORED_FARE, "GEN-3")] * 2


def test_gen_5_every_file_holds_from_the_first_day_a_card_can_hold() -> None:
    assert [book.effective for book in BOOKS] == [date(2016, 1, 1)] * 4


def test_gen_6_no_route_with_one_tap_is_named() -> None:
    assert [(book.boarding_only_routes, book.alighting_only_routes) for book in BOOKS] == [((), ())] * 4


def test_gen_8_an_open_ride_is_cleared() -> None:
    assert [book.open_ride for book in BOOKS] == ["clear"] * 4


def test_gen_9_the_guard_time_is_ten_seconds() -> None:
    assert [book.guard_s for book in BOOKS] == [10] * 4


def test_gen_10_igp_5_less_than_10_yen_of_stored_fare_is_not_put_towards_a_fare() -> None:
    assert [book.mixed_multiple_yen for book in BOOKS] == [10] * 4


def test_gen_15_loc_6_nor_7_igp_8_services_on_which_no_card_is_taken() -> None:
    assert [book.excluded_services for book in BOOKS] == [
        {"highway", "community"},
        set(),
        {"highway", "intercity", "limousine", "sightseeing", "extra"},
        set(),
    ]


def test_gen_15_loc_6_nor_6_nor_7_azf_40_azf_53_azf_60_the_routes_of_each_service() -> None:
    assert [book.services for book in BOOKS] == [
        (ServiceClass("highway", ("高速バス",)), ServiceClass("community", ("コミュニティバス",), frozenset({0}))),
        (),
        (
            ServiceClass("rail", ("飯坂線",)),
            ServiceClass("highway", ("高速",)),
            ServiceClass("intercity", ("都市間",)),
            ServiceClass("limousine", ("リムジンバス", "郡山・福島空港線")),
            ServiceClass("sightseeing", ("季節観光バス",)),
            ServiceClass("extra", ("臨時バス",)),
        ),
        (
            ServiceClass("highway-nozawa", ("高速バス野沢線",)),
            ServiceClass("highway", ("高速バス",)),
            ServiceClass("sightseeing", ("定期観光バス",)),
            ServiceClass("community", ("金川町・田園町コミュニティバス",)),
            ServiceClass("sawayaka", ("さわやか号",)),
            ServiceClass("konan-koriyama", ("湖南・郡山線",)),
        ),
    ]


def test_gen_15_azf_40_azf_52_azf_53_azf_60_services_on_which_a_pass_counts_for_nothing() -> None:
    nowhere: frozenset[str] = frozenset()
    assert passes("excluded_services") == [
        same(LOCOCA_PASSES, nowhere),
        same(IWATE_PASSES, nowhere),
        same(NORUCA_PASSES, nowhere),
        {
            **same((*AIZU_SECTION, *AIZU_LOOP), nowhere),
            "student": {"highway"},
            **same(AIZU_AREA, NO_HIGHWAY),
            "noransho": NO_HIGHWAY | {"sightseeing", "community"},
            **same(AIZU_TERM, GENERAL_ROUTES_ONLY),
        },
    ]


def test_gen_17_no_premium_but_norucas_is_stated() -> None:
    premiums = [purse.premium_percent for book in (LOCOCA, IWATE, AIZU) for purse in book.purses]
    assert premiums == [0] * 5


def test_gen_17_norucas_counter_and_aizus_cards_are_not_configured() -> None:
    assert NORUCA.counter == CounterRules(*[None] * 8)
    aizu = CounterRules(*[None] * 8)._replace(pass_refund_fee_yen=500, coupon_refund_fee_yen=200)
    assert AIZU.counter == aizu
    assert AIZU.card_kinds == ()


def test_gen_18_igp_5_nor_6_whose_card_pays_for_its_holder_alone() -> None:
    lococa = {HolderKind.CHILD, HolderKind.DISABLED_ADULT, HolderKind.DISABLED_CHILD}
    assert [book.holder_only for book in BOOKS] == [lococa, set(), set(), set()]
    assert [book.named_holder_only for book in BOOKS] == [False, True, False, False]


def test_gen_19_gen_17_loc_11_azf_33_how_long_before_its_first_day_a_pass_is_sold() -> None:
    assert passes("sold_days_before") == [
        same(LOCOCA_PASSES, 14),
        same(IWATE_PASSES, None),
        same(NORUCA_PASSES, None),
        {**same(AIZU_PASSES, 7), "student-highway": 1},
    ]


def test_gen_20_no_holidays_of_an_operators_own_are_listed() -> None:
    assert [[*book.holidays.own_dates, *book.holidays.own_month_days] for book in BOOKS] == [[]] * 4


def test_gen_21_igp_2_loc_6_the_schemes_and_the_other_cards_they_take() -> None:
    assert [(book.scheme, book.name, book.accepted_schemes) for book in BOOKS] == [
        ("lococa", "LOCOCA", SUICA_FAMILY),
        ("iwate-green-pass", "Iwate Green Pass", SUICA_FAMILY),
        ("noruca", "NORUCA", frozenset()),
        ("aizu-noruca", "AIZU NORUCA", frozenset()),
    ]


# -- PASS


def test_pass_1_nor_3_azf_30_azf_40_azf_52_azf_53_azf_54_numbers_scopes_and_directions() -> None:
    assert passes("number", "scope", "directions") == [
        {"commuter": (1, "section", "two-way"), "student": (2, "section", "two-way")},
        {name: (number, "section", "either") for number, name in enumerate(IWATE_PASSES, 1)},
        {
            "commuter": (1, "section", "two-way"),
            "student": (2, "section", "two-way"),
            "student-one-way": (3, "section", "one-way"),
            "noruca-65": (4, None, "two-way"),
            "noruca-75": (5, None, "two-way"),
            "odekake": (6, None, "two-way"),
        },
        {
            "commuter": (1, "section", "either"),
            "student": (2, "section", "either"),
            "student-highway": (13, "section", "either"),
            "area-commuter": (3, "area", "two-way"),
            "area-student": (4, "area", "two-way"),
            "loop-commuter": (5, "line", "two-way"),
            "loop-student": (6, "line", "two-way"),
            "noransho": (7, "area", "two-way"),
            **{name: (number, "section", "two-way") for number, name in enumerate(AIZU_TERM, 8)},
        },
    ]


def test_pass_5_loc_14_igp_18_excess_is_compared_or_a_ride_of_its_own() -> None:
    assert [book.excess for book in BOOKS] == ["cheaper", "separate", "cheaper", "separate"]


def test_pass_7_loc_11_igp_3_nor_6_azf_30_azf_40_azf_53_bearer_passes_and_passes_on_named_cards() -> None:
    named, whoever_carries_it = (False, True), (True, False)
    assert passes("bearer", "named_card") == [
        same(LOCOCA_PASSES, named),
        # 記名ICカードに付加, the bearer passes too.
        {name: (name.endswith("bearer"), True) for name in IWATE_PASSES},
        same(NORUCA_PASSES, named),
        {name: whoever_carries_it if name.endswith("commuter") else named for name in AIZU_PASSES},
    ]


# -- LOC


def test_loc_1_loc_2_loc_3_loc_20_kinds_of_lococa_card() -> None:
    both = ("handbook", "identity-with-mental-handbook")
    assert LOCOCA.card_kinds == (
        CardKind("anonymous", "無記名式LOCOCA", "LOC-1", ADULT, "anonymous", "none", ()),
        CardKind("general", "記名式LOCOCA 一般", "LOC-1", ADULT, "named", "none", ()),
        CardKind("child", "記名式LOCOCA 小児", "LOC-2", CHILD, "named", "school", ("proof-of-age",)),
        CardKind("disabled", "記名式LOCOCA 障がい者", "LOC-3", DISABLED_ADULT, "named", "none", both),
        CardKind(
            "disabled-child",
            "記名式LOCOCA 障がい者（小児）",
            "LOC-3",
            DISABLED_CHILD,
            "named",
            "school",
            (*both, "proof-of-age"),
        ),
    )


def test_loc_4_igp_10_igp_12_prices_of_a_card_and_its_deposit() -> None:
    assert LOCOCA.counter.sold_at_yen == (1_000, 2_000, 3_000, 4_000, 5_000)
    assert IWATE.counter.sold_at_yen == (2_000,)
    assert (LOCOCA.counter.deposit_yen, IWATE.counter.deposit_yen) == (500, 500)


def test_loc_6_the_companies_and_how_their_agencies_names_begin() -> None:
    branch = "白河支店"
    of_jr_bus = tuple(
        f"{name} {branch}" for name in ("ジェイアールバス関東", "ジェイアールバス関東株式会社", "JRバス関東")
    )
    assert [book.companies for book in BOOKS] == [
        (Company(0, "ジェイアールバス関東 白河支店", of_jr_bus), Company(1, "新常磐交通", ("新常磐交通",))),
        (Company(0, "岩手県交通", ("岩手県交通",)),),
        (Company(0, "福島交通", ("福島交通",)),),
        (Company(0, "会津乗合自動車", ("会津乗合自動車", "会津バス")),),
    ]


def test_loc_8_loc_10_gen_17_notes_on_the_bus_are_locos_alone() -> None:
    assert LOCOCA.top_up == TopUpRules(1, (1_000, 5_000, 10_000), 10_001)
    assert [book.top_up[1:] for book in (IWATE, NORUCA, AIZU)] == [(None, None)] * 3


def test_loc_11_locos_passes() -> None:
    assert read(LOCOCA.products, "title", "rule", "months") == {
        "commuter": ("通勤定期", "LOC-11", (1, 3, 6)),
        "student": ("通学定期", "LOC-11", (1, 3, 6)),
    }


def test_loc_12_azf_35_azf_53_papers_for_a_pass() -> None:
    certificate = ("school-certificate",)
    assert passes("papers") == [
        {"commuter": (), "student": ("proof-of-attendance",)},
        same(IWATE_PASSES, ()),
        same(NORUCA_PASSES, ()),
        {
            **same(("commuter", "area-commuter", "loop-commuter"), ()),
            **same(("student", "student-highway", "area-student", "loop-student", *AIZU_TERM), certificate),
            "noransho": ("proof-of-age",),
        },
    ]


ECO_AND_PLUS_ONE = (
    *("rule", "products", "holidays_only", "departs_from_s", "two_way_only", "family"),
    *("adult_yen", "child_yen", "disabled_adult_yen", "disabled_child_yen", "excluded_services"),
)


def test_loc_13_azf_60_azf_61_azf_62_azf_63_the_flat_fares() -> None:
    assert [read(book.flat_fares, *ECO_AND_PLUS_ONE) for book in BOOKS] == [
        {"eco": ("LOC-13", ("commuter",), True, None, False, True, 100, 50, 100, 50, set())},
        {},
        {},
        {
            "plus-one": (
                *("AZF-60", ("student", "area-student", "loop-student", *AIZU_TERM), False, 10 * 3_600, True, False),
                *(100, 100, 100, 100, {"highway", "sightseeing"}),
            ),
            "eco": (
                *("AZF-61", ("commuter", "area-commuter", "loop-commuter", "noransho"), True, None, False, True),
                *(100, 50, 50, 30, {"highway", "sightseeing"}),
            ),
        },
    ]


def test_loc_16_igp_21_a_reissue_costs_520_yen_within_14_days() -> None:
    assert [(book.counter.lost_reissue_fee_yen, book.counter.slip_days) for book in (LOCOCA, IWATE)] == [(520, 14)] * 2


def test_loc_18_igp_25_azf_50_azf_14_fees_of_a_refund() -> None:
    assert [book.counter[2:6] for book in BOOKS] == [
        ("separate-fees", 220, 520, None),
        ("joint-fees", 220, None, None),
        (None, None, None, None),
        (None, None, 500, 200),
    ]


# -- IGP


def test_igp_3_igp_6_loc_20_kinds_of_iwate_green_pass() -> None:
    certified = ("application", "public-certificate")
    assert IWATE.card_kinds == (
        CardKind("anonymous", "無記名ICカード", "IGP-3", ADULT, "anonymous", "none", ()),
        CardKind("adult", "大人用ICカード", "IGP-3", ADULT, "named", "none", ("application",)),
        CardKind("child", "小児用ICカード", "IGP-3", CHILD, "named", "school", ("application",)),
        CardKind("disabled", "障がい者用ICカード", "IGP-3", DISABLED_ADULT, "named", "none", certified),
        CardKind("disabled-child", "障がい者用ICカード（小児）", "IGP-3", DISABLED_CHILD, "named", "school", certified),
    )


def test_igp_3_iwates_passes_are_for_adults_or_for_children_disabled_ones_too() -> None:
    assert read(IWATE.products, "title", "rule", "holder") == {
        "adult-named": ("大人 記名IC定期乗車券", "IGP-3", {ADULT, DISABLED_ADULT}),
        "adult-bearer": ("大人 持参人IC定期乗車券", "IGP-3", {ADULT, DISABLED_ADULT}),
        "child-named": ("小児 記名IC定期乗車券", "IGP-3", {CHILD, DISABLED_CHILD}),
        "child-bearer": ("小児 持参人IC定期乗車券", "IGP-3", {CHILD, DISABLED_CHILD}),
    }
    no_kind: set[HolderKind] = set()
    holders = [read(book.products, "holder") for book in (LOCOCA, NORUCA)]
    assert holders == [same(names, no_kind) for names in (LOCOCA_PASSES, NORUCA_PASSES)]


def test_igp_3_azf_40_term_passes_are_for_students_past_primary_school() -> None:
    # 高校生、専門学校生、短期大学生及び大学生
    for product in AIZU.products:
        assert product.holder == ({ADULT, DISABLED_ADULT} if product.term else frozenset()), product.name


def test_igp_5_igp_29_gen_10_points_pay_whole_and_in_this_order() -> None:
    assert [(purse.name, purse.rule, purse.whole) for purse in IWATE.purses] == [
        (Purse.WELFARE, "IGP-5", True),
        (Purse.POINTS, "IGP-29", True),
        (Purse.STORED_FARE, "IGP-5", False),
    ]
    assert [purse.whole for book in (LOCOCA, NORUCA, AIZU) for purse in book.purses] == [False] * 5


def test_igp_28_igp_30_three_per_cent_in_points_for_a_year() -> None:
    assert [book.points for book in BOOKS] == [None, PointRules(3, 12), None, None]


# -- NOR


def test_nor_3_premiums_and_the_days_of_eco_coupons() -> None:
    assert read(NORUCA.purses, "premium_percent", "days") == {
        Purse.ECO: (40, (1, 11, 21)),
        Purse.STUDENT: (20, ()),
        Purse.REGULAR: (10, ()),
    }
    assert [purse.days for book in (LOCOCA, IWATE, AIZU) for purse in book.purses] == [()] * 5


def test_nor_3_norucas_passes() -> None:
    assert read(NORUCA.products, "title", "rule") == {
        "commuter": ("NORUCA通勤定期", "NOR-3"),
        "student": ("NORUCA通学定期", "NOR-3"),
        "student-one-way": ("NORUCA片道通学定期", "NOR-3"),
        "noruca-65": ("ノルカパス65", "NOR-3"),
        "noruca-75": ("ノルカパス75", "NOR-3"),
        "odekake": ("おでかけノルカ", "NOR-3"),
    }


def test_nor_3_azf_53_from_which_age_on_a_pass_is_sold() -> None:
    assert passes("least_age") == [
        same(LOCOCA_PASSES, None),
        same(IWATE_PASSES, None),
        {**same(NORUCA_PASSES, None), "noruca-65": 65, "noruca-75": 75},
        {**same(AIZU_PASSES, None), "noransho": 65},
    ]


def test_nor_4_loc_20_kinds_of_noruca_card() -> None:
    assert NORUCA.card_kinds == (
        CardKind("adult", "大人", "NOR-4", ADULT, "either", "none", ()),
        CardKind("child", "小児", "NOR-4", CHILD, "named", "school", ()),
        CardKind(
            "adult-discount", "大人割引", "NOR-4", DISABLED_ADULT, "named", "handbook-or-two-years", ("handbook",)
        ),
        CardKind(
            "child-discount",
            "小児割引",
            "NOR-4",
            DISABLED_CHILD,
            "named",
            "school-or-handbook",
            ("handbook-or-discount-certificate",),
        ),
    )


def test_nor_4_loc_1_loc_2_loc_3_igp_3_igp_5_until_when_a_card_is_good() -> None:
    assert [read(book.card_kinds, "expiry") for book in BOOKS] == [
        {**same(("anonymous", "general", "disabled"), "none"), **same(("child", "disabled-child"), "school")},
        {**same(("anonymous", "adult", "disabled"), "none"), **same(("child", "disabled-child"), "school")},
        {
            "adult": "none",
            "child": "school",
            "adult-discount": "handbook-or-two-years",
            "child-discount": "school-or-handbook",
        },
        {},
    ]


def test_nor_6_companions_not_on_the_railway() -> None:
    assert [book.companions_excluded_services for book in BOOKS] == [set(), set(), {"rail"}, set()]


def test_nor_10_nor_6_the_order_of_norucas_purses_and_whose_fare_they_pay() -> None:
    assert [(purse.name, purse.rule, purse.holder_only) for purse in NORUCA.purses] == [
        (Purse.ECO, "NOR-10", False),
        (Purse.STUDENT, "NOR-10", True),
        (Purse.REGULAR, "NOR-10", False),
    ]
    assert [purse.holder_only for book in (LOCOCA, IWATE, AIZU) for purse in book.purses] == [False] * 5


# -- AZF: riders


def test_azf_1_two_infants_ride_free_with_each_rider() -> None:
    assert [book.riders.infants_free for book in BOOKS] == [None, None, None, 2]


def test_azf_2_bounds_of_luggage() -> None:
    assert [book.riders.luggage for book in BOOKS[:3]] == [None] * 3
    assert AIZU.riders.luggage == Luggage(10_000, 30_000, 27_000, 250_000, 1_000, 2_000)


def test_azf_20_whose_attendant_pays_half() -> None:
    handbooks = {"physical-1", "physical-child", "intellectual", "mental"}
    assert [book.riders.attendants_half for book in BOOKS] == [None, None, None, handbooks]


# -- AZF: coupons


def test_azf_10_azf_11_azf_12_azf_13_books_of_coupons() -> None:
    assert [book.coupon_books for book in BOOKS[:3]] == [()] * 3
    assert read(AIZU.coupon_books, "title", "rule", "sold", "price_yen", "tickets") == {
        "ordinary-10": ("普通回数券 10円券", "AZF-10", False, None, ((10, 0),)),
        "ordinary-50": ("普通回数券 50円券", "AZF-10", True, 500, ((50, 11),)),
        "ordinary-100": ("普通回数券 100円券", "AZF-10", True, 1_000, ((100, 11),)),
        "ordinary-200": ("普通回数券 200円券", "AZF-10", True, 2_000, ((200, 11),)),
        "set-1000": ("組み回数券 1,000円", "AZF-10", True, 1_000, ((10, 15), (50, 5), (100, 7))),
        "set-2000": ("組み回数券 2,000円", "AZF-10", True, 2_000, ((10, 20), (50, 10), (100, 15))),
        "set-3000": ("組み回数券 3,000円", "AZF-10", True, 3_000, ((10, 20), (50, 14), (100, 24))),
        "set-5000": ("組み回数券 5,000円券", "AZF-10", False, None, ((10, 0), (50, 0), (100, 0))),
        "himawari": ("ひまわり回数券", "AZF-11", True, 1_000, ((100, 13),)),
        "1-11-21": ("毎月1日・11日・21日専用回数券", "AZF-12", True, 1_000, ((50, 8), (100, 10))),
        "ecomy": ("エコミー回数券", "AZF-13", True, None, ()),
    }


def test_azf_11_azf_12_when_a_coupon_is_at_face_value_and_what_it_costs_otherwise() -> None:
    always = (None, (), 0, 0, None)
    fields = ("hours_s", "days", "surcharge_yen", "surcharge_per_yen", "most_per_rider")
    assert read(AIZU.coupon_books, *fields) == {
        **same(AIZU_BOOKS, always),
        "himawari": ((10 * 3_600, 16 * 3_600), (), 20, 0, 3),
        "1-11-21": (None, (1, 11, 21), 10, 50, None),
    }


def test_azf_13_six_rides_for_five_fares_for_a_year() -> None:
    assert read(AIZU.coupon_books, "fares_for_price", "rides", "valid_months") == {
        **same(AIZU_BOOKS, (0, 0, None)),
        "ecomy": (5, 6, 12),
    }


# -- AZF: passes


def test_azf_30_azf_40_azf_52_azf_53_azf_54_azf_60_aizus_passes() -> None:
    assert read(AIZU.products, "title", "rule") == {
        "commuter": ("通勤定期券", "AZF-30"),
        "student": ("通学定期券", "AZF-30"),
        "student-highway": ("高速バス通学定期券", "AZF-30"),
        "area-commuter": ("エリア指定定期券 通勤", "AZF-52"),
        "area-student": ("エリア指定定期券 通学", "AZF-52"),
        "loop-commuter": ("まちなか周遊バス専用定期券 通勤", "AZF-54"),
        "loop-student": ("まちなか周遊バス専用定期券 通学", "AZF-54"),
        "noransho": ("のらんしょパス", "AZF-53"),
        "term-1": ("1学期定期券", "AZF-40"),
        "term-2-1": ("2学期定期券①", "AZF-40"),
        "term-2-2": ("2学期定期券②", "AZF-40"),
        "term-3": ("3学期定期券", "AZF-40"),
        "year": ("年間定期券", "AZF-40"),
    }


def test_azf_30_gen_17_periods_at_the_counter() -> None:
    """Months, and whether days beyond them are sold."""
    assert passes("months", "odd_days") == [
        same(LOCOCA_PASSES, ((1, 3, 6), False)),
        same(IWATE_PASSES, ((), False)),
        same(NORUCA_PASSES, ((), False)),
        {
            "commuter": ((1, 3), False),
            **same(("student", "student-highway"), ((1, 2, 3), True)),
            **same((*AIZU_AREA, *AIZU_LOOP), ((1, 3), False)),
            "noransho": ((1,), False),
            **same(AIZU_TERM, ((), False)),
        },
    ]


def test_azf_30_prt_5_periods_in_the_portal() -> None:
    assert passes("portal_months") == [
        same(LOCOCA_PASSES, ()),
        same(IWATE_PASSES, ()),
        same(NORUCA_PASSES, ()),
        {
            **same(AIZU_PASSES, ()),
            "commuter": (1, 2, 3, 4, 5, 6),
            "area-commuter": (1, 3),
            "loop-commuter": (1, 3),
            "noransho": (1,),
        },
    ]


def test_azf_31_gen_17_azf_40_azf_52_azf_53_azf_54_how_a_pass_is_priced() -> None:
    assert passes("price") == [
        same(LOCOCA_PASSES, None),
        same(IWATE_PASSES, None),
        same(NORUCA_PASSES, None),
        {
            "commuter": FarePrice(60, 30, 70, ((3, 95), (6, 90))),
            **same(("student", "student-highway"), FarePrice(60, 30, 60, ((3, 95),))),
            **same(("area-commuter", "loop-commuter"), FarePrice(60, None, 70, ((3, 95),))),
            **same(("area-student", "loop-student"), FarePrice(60, None, 60, ((3, 95),))),
            "noransho": FixedPrice(((1, 6_500),)),
            **same(AIZU_TERM, FarePrice(60, None, 60, ())),
        },
    ]


def test_azf_32_azf_40_azf_52_azf_53_azf_54_the_disabled_discount_on_passes() -> None:
    assert passes("disabled_percent_off") == [
        same(LOCOCA_PASSES, 0),
        same(IWATE_PASSES, 0),
        same(NORUCA_PASSES, 0),
        {**same((*AIZU_SECTION, *AIZU_AREA, *AIZU_LOOP), 30), **same(("noransho", *AIZU_TERM), 0)},
    ]


def test_azf_33_highway_passes_are_sold_from_the_day_before() -> None:
    alike: tuple[frozenset[str], int] = (frozenset(), 0)
    *others, aizu = on_every_pass(alike)
    late = {"commuter": (NO_HIGHWAY, 1), "student": ({"highway-nozawa"}, 1)}
    assert passes("late_services", "late_days_before") == [*others, {**aizu, **late}]
    assert [product.sold_days_before for product in AIZU.products if product.name == "student-highway"] == [1]


def test_azf_40_terms_and_what_follows_what() -> None:
    *others, aizu = on_every_pass(None)
    assert passes("term") == [
        *others,
        {
            **aizu,
            "term-1": Term((4, 1), (7, 31), 25, 5, ("term-3", "year")),
            "term-2-1": Term((8, 1), (12, 31), 25, 5, ("term-1", "year")),
            "term-2-2": Term((8, 25), (12, 31), 25, 5, ("term-1", "year")),
            "term-3": Term((1, 1), (3, 31), 25, 5, ("term-2-1", "term-2-2", "year")),
            "year": Term((4, 1), (3, 31), 40, 0, ()),
        },
    ]


def test_azf_51_azf_52_azf_53_gen_17_the_areas() -> None:
    assert [book.areas for book in BOOKS[:3]] == [()] * 3
    gates = {"若松駅", "若松駅前", "西若松駅東口"}
    fields = ("number", "rule", "fare_yen", "stops", "gates", "excluded_services")
    assert read(AIZU.areas, *fields) == {
        "若松市内フリー": (1, "AZF-51", None, None, gates, NO_HIGHWAY),
        "エリア23": (23, "AZF-52", 230, None, set(), NO_HIGHWAY),
        "エリア27": (27, "AZF-52", 270, None, set(), NO_HIGHWAY),
        "エリア42": (42, "AZF-52", 420, None, set(), NO_HIGHWAY),
        "エリア58": (58, "AZF-52", 580, None, set(), NO_HIGHWAY),
        "のらんしょパス": (65, "AZF-53", None, None, set(), NO_HIGHWAY),
    }


def test_azf_51_the_city_comes_with_a_section() -> None:
    *others, aizu = on_every_pass(None)
    city = same(("commuter", "student", *AIZU_TERM), "若松市内フリー")
    assert passes("with_area") == [*others, {**aizu, **city}]


def test_azf_52_azf_53_which_areas_a_pass_is_sold_for() -> None:
    *others, aizu = on_every_pass(())
    four = ("エリア23", "エリア27", "エリア42", "エリア58")
    assert passes("areas") == [*others, {**aizu, **same(AIZU_AREA, four), "noransho": ("のらんしょパス",)}]


def test_azf_54_the_town_loop() -> None:
    assert [book.lines for book in BOOKS[:3]] == [()] * 3
    loop = PassLine(1, "まちなか周遊バス", "AZF-54", 210, ("ハイカラさん", "あかべえ", "まちなか周遊バス"))
    assert AIZU.lines == (loop,)
    *others, aizu = on_every_pass(None)
    assert passes("line") == [*others, {**aizu, **same(AIZU_LOOP, loop.name)}]


# -- AUT


def test_aut_1_what_may_be_arranged() -> None:
    assert [book.auto_charge_offer for book in BOOKS[:3]] == [None] * 3
    assert AIZU.auto_charge_offer == AutoChargeRules(100, 1_000, 10_000, 99_000, 100, 1_000, 99_000, 99_000)


def test_aut_2_aut_5_who_has_auto_charge_and_on_a_free_ride_too() -> None:
    assert [(book.auto_charge, book.auto_charge_on_zero_fare) for book in BOOKS] == [(False, False)] * 3 + [
        (True, True)
    ]
