"""Cards of each kind: their last day, what is on a new one, what it can be changed into (LOC-1 to LOC-4, NOR-4)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tariff.account import Account, HolderKind
from tariff.cards import EXPIRY, Applicant, CardSale, card_last_day, change_kind, sell_card
from tariff.refusal import Code, Refusal
from tariff.rulebook import CardKind, Rulebook
from tests.tariff.counter import AIZU_SHIPPED, IWATE_SHIPPED, LOCOCA_SHIPPED, NORUCA_SHIPPED, card

ADULT, CHILD = HolderKind.ADULT, HolderKind.CHILD
DISABLED_ADULT, DISABLED_CHILD = HolderKind.DISABLED_ADULT, HolderKind.DISABLED_CHILD
TODAY = date(2026, 3, 10)
BORN = date(2014, 4, 1)
SCHOOL_END = date(2026, 3, 31)
APPLICANT = Applicant(TODAY)
PUPIL = Applicant(TODAY, BORN)


def kind_of(rulebook: Rulebook, name: str) -> CardKind:
    return next(kind for kind in rulebook.card_kinds if kind.name == name)


# -- last days


def test_the_shapes_of_expiry_are_closed() -> None:
    assert set(EXPIRY) == {"none", "school", "handbook-or-two-years", "school-or-handbook"}


@pytest.mark.parametrize(
    ("rulebook", "name"),
    [(LOCOCA_SHIPPED, "general"), (LOCOCA_SHIPPED, "disabled"), (IWATE_SHIPPED, "adult"), (NORUCA_SHIPPED, "adult")],
)
def test_nor_4_an_adults_card_never_expires(rulebook: Rulebook, name: str) -> None:
    applicant = Applicant(TODAY, BORN, date(2026, 12, 31))
    assert card_last_day(kind_of(rulebook, name), applicant) is None


@pytest.mark.parametrize("rulebook", [LOCOCA_SHIPPED, IWATE_SHIPPED, NORUCA_SHIPPED], ids=lambda book: book.scheme)
@pytest.mark.parametrize(
    ("birth", "last_day"),
    [
        (date(2014, 4, 1), date(2026, 3, 31)),
        (date(2014, 4, 2), date(2027, 3, 31)),
        (date(2016, 2, 29), date(2028, 3, 31)),
        (date(2019, 11, 20), date(2032, 3, 31)),
    ],
)
def test_loc_2_igp_5_nor_4_a_childs_card_ends_with_primary_school(
    rulebook: Rulebook, birth: date, last_day: date
) -> None:
    assert card_last_day(kind_of(rulebook, "child"), Applicant(TODAY, birth, date(2026, 3, 20))) == last_day


@pytest.mark.parametrize(
    ("issued_on", "handbook_ends", "last_day"),
    [
        (date(2026, 3, 10), None, date(2028, 3, 9)),
        (date(2026, 3, 10), date(2028, 3, 10), date(2028, 3, 9)),
        (date(2026, 3, 10), date(2028, 3, 8), date(2028, 3, 8)),
        (date(2026, 3, 10), date(2026, 3, 10), date(2026, 3, 10)),
        (date(2028, 2, 29), None, date(2030, 2, 28)),
        (date(2026, 3, 1), None, date(2028, 2, 29)),
    ],
)
def test_nor_4_an_adult_discount_card_ends_with_the_handbook_or_after_two_years(
    issued_on: date, handbook_ends: date | None, last_day: date
) -> None:
    kind = kind_of(NORUCA_SHIPPED, "adult-discount")
    assert card_last_day(kind, Applicant(issued_on, handbook_ends=handbook_ends)) == last_day


@pytest.mark.parametrize(
    ("handbook_ends", "last_day"),
    [
        (None, SCHOOL_END),
        (date(2026, 3, 30), date(2026, 3, 30)),
        (date(2026, 4, 1), SCHOOL_END),
        (date(2030, 1, 1), SCHOOL_END),
    ],
)
def test_nor_4_a_child_discount_card_ends_with_school_or_the_handbook(
    handbook_ends: date | None, last_day: date
) -> None:
    kind = kind_of(NORUCA_SHIPPED, "child-discount")
    assert card_last_day(kind, Applicant(TODAY, BORN, handbook_ends)) == last_day


@pytest.mark.parametrize("name", ["child", "child-discount"])
def test_gen_16_a_childs_card_needs_a_date_of_birth(name: str) -> None:
    applicant = Applicant(TODAY, handbook_ends=date(2027, 1, 1))
    refusal = Refusal(Code.NOT_ELIGIBLE, "GEN-16", "date of birth")
    assert card_last_day(kind_of(NORUCA_SHIPPED, name), applicant) == refusal


@pytest.mark.parametrize(
    ("name", "applicant", "detail"),
    [
        ("child", Applicant(date(2026, 4, 1), BORN), "until 2026-03-31"),
        ("child-discount", Applicant(date(2026, 4, 1), BORN), "until 2026-03-31"),
        ("adult-discount", Applicant(TODAY, handbook_ends=date(2026, 3, 9)), "until 2026-03-09"),
    ],
)
def test_nor_4_no_card_is_issued_after_its_last_day(name: str, applicant: Applicant, detail: str) -> None:
    kind = kind_of(NORUCA_SHIPPED, name)
    assert card_last_day(kind, applicant) == Refusal(Code.NOT_ELIGIBLE, "NOR-4", detail)


def test_loc_2_a_card_may_be_issued_on_its_last_day() -> None:
    assert card_last_day(kind_of(LOCOCA_SHIPPED, "child"), Applicant(SCHOOL_END, BORN)) == SCHOOL_END


@given(
    kind=st.sampled_from(NORUCA_SHIPPED.card_kinds),
    issued_on=st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    birth=st.dates(date(2005, 1, 1), date(2029, 12, 31)),
    handbook_ends=st.none() | st.dates(date(2020, 1, 1), date(2035, 12, 31)),
)
def test_nor_4_a_last_day_is_never_before_the_issue(
    kind: CardKind, issued_on: date, birth: date, handbook_ends: date | None
) -> None:
    last_day = card_last_day(kind, Applicant(issued_on, birth, handbook_ends))
    if isinstance(last_day, date):
        assert last_day >= issued_on
        assert handbook_ends is None or kind.name == "child" or last_day <= handbook_ends


# -- selling


@pytest.mark.parametrize("price_yen", [1_000, 2_000, 3_000, 4_000, 5_000])
def test_loc_4_a_card_holds_its_price_less_the_deposit(price_yen: int) -> None:
    sale = sell_card("anonymous", price_yen, APPLICANT, LOCOCA_SHIPPED, named=False)
    assert sale == CardSale(stored_fare_yen=price_yen - 500, deposit_yen=500, expires=None)


def test_igp_12_iwate_green_pass_is_sold_at_2000() -> None:
    sale = sell_card("child", 2_000, PUPIL, IWATE_SHIPPED, named=True)
    assert sale == CardSale(stored_fare_yen=1_500, deposit_yen=500, expires=SCHOOL_END)


@pytest.mark.parametrize(
    ("rulebook", "price_yen"), [(LOCOCA_SHIPPED, 999), (LOCOCA_SHIPPED, 6_000), (IWATE_SHIPPED, 1_000)]
)
def test_loc_4_at_no_other_price(rulebook: Rulebook, price_yen: int) -> None:
    refusal = Refusal(Code.NOT_SOLD, "LOC-4", f"{price_yen} yen")
    assert sell_card("anonymous", price_yen, APPLICANT, rulebook, named=False) == refusal


@pytest.mark.parametrize(
    ("name", "named", "rule", "detail"),
    [
        ("platinum", True, "GEN-19", "platinum"),
        ("anonymous", True, "LOC-1", "named"),
        ("general", False, "LOC-1", "anonymous"),
        ("child", False, "LOC-2", "anonymous"),
    ],
)
def test_loc_1_kinds_are_named_or_anonymous(name: str, named: bool, rule: str, detail: str) -> None:
    sale = sell_card(name, 1_000, PUPIL, LOCOCA_SHIPPED, named=named)
    assert sale == Refusal(Code.NOT_SOLD, rule, detail)


@pytest.mark.parametrize("named", [True, False])
def test_nor_4_an_adults_card_is_either(named: bool) -> None:
    counter = NORUCA_SHIPPED.counter._replace(deposit_yen=500, sold_at_yen=(500,))
    sale = sell_card("adult", 500, APPLICANT, NORUCA_SHIPPED._replace(counter=counter), named=named)
    assert sale == CardSale(0, 500, None)


@pytest.mark.parametrize("value", ["sold_at_yen", "deposit_yen"])
def test_gen_17_a_card_without_a_price_is_not_sold(value: str) -> None:
    counter = LOCOCA_SHIPPED.counter._replace(**{value: None})
    refusal = Refusal(Code.NOT_CONFIGURED, "GEN-17", "price of a card")
    without = LOCOCA_SHIPPED._replace(counter=counter)
    assert sell_card("anonymous", 1_000, APPLICANT, without, named=False) == refusal
    assert sell_card("adult", 1_000, APPLICANT, NORUCA_SHIPPED, named=False) == refusal


def test_gen_17_aizu_norucas_own_kinds_are_stated_nowhere() -> None:
    refusal = Refusal(Code.NOT_SOLD, "GEN-19", "adult")
    assert sell_card("adult", 1_000, APPLICANT, AIZU_SHIPPED, named=True) == refusal


def test_loc_2_no_childs_card_for_who_left_primary_school() -> None:
    sale = sell_card("child", 1_000, Applicant(date(2026, 4, 1), BORN), LOCOCA_SHIPPED, named=True)
    assert sale == Refusal(Code.NOT_ELIGIBLE, "LOC-2", "until 2026-03-31")


# -- changes of kind

CHILDS = card(holder=CHILD, scheme="lococa", expires=SCHOOL_END, stored_fare_yen=730)
AFTER = SCHOOL_END + timedelta(days=1)


def changed_to(
    account: Account, holder: HolderKind, day: date = TODAY, rulebook: Rulebook = LOCOCA_SHIPPED, *, named: bool = True
) -> Account | Refusal:
    return change_kind(account, holder, day, rulebook, named=named)


def test_igp_26_an_anonymous_card_becomes_named() -> None:
    anonymous = card(scheme="lococa", named=False, stored_fare_yen=730)
    assert changed_to(anonymous, ADULT) == card(scheme="lococa", named=True, stored_fare_yen=730)
    assert changed_to(anonymous, ADULT, named=False) == anonymous


@pytest.mark.parametrize("holder", HolderKind)
def test_igp_26_a_named_card_never_becomes_anonymous(holder: HolderKind) -> None:
    refusal = Refusal(Code.NOT_ELIGIBLE, "IGP-26", "named card")
    assert changed_to(card(scheme="lococa"), holder, named=False) == refusal
    assert changed_to(CHILDS, holder, AFTER, named=False) == refusal


def test_loc_2_igp_26_a_childs_card_becomes_a_general_one_from_1_april_on() -> None:
    refusal = Refusal(Code.NOT_ELIGIBLE, "LOC-2", "after 2026-03-31")
    assert changed_to(CHILDS, ADULT, SCHOOL_END) == refusal
    assert changed_to(CHILDS, ADULT, AFTER) == card(scheme="lococa", stored_fare_yen=730)


@pytest.mark.parametrize("rulebook", [LOCOCA_SHIPPED, IWATE_SHIPPED], ids=lambda book: book.scheme)
def test_loc_2_igp_26_a_disabled_childs_card_becomes_a_disabled_adults(rulebook: Rulebook) -> None:
    childs = CHILDS._replace(scheme=rulebook.scheme, holder=DISABLED_CHILD)
    refusal = Refusal(Code.NOT_ELIGIBLE, "LOC-2", "after 2026-03-31")
    assert changed_to(childs, DISABLED_ADULT, SCHOOL_END, rulebook) == refusal
    grown_up = childs._replace(holder=DISABLED_ADULT, expires=None)
    assert changed_to(childs, DISABLED_ADULT, AFTER, rulebook) == grown_up


def test_gen_17_the_last_day_of_norucas_discount_card_is_the_handbooks_to_say() -> None:
    childs = CHILDS._replace(scheme="noruca", holder=DISABLED_CHILD)
    refusal = Refusal(Code.NOT_CONFIGURED, "GEN-17", "last day of adult-discount after a change")
    assert changed_to(childs, DISABLED_ADULT, AFTER, NORUCA_SHIPPED) == refusal


def test_loc_2_a_childs_card_without_a_last_day_stays_one() -> None:
    refusal = Refusal(Code.NOT_ELIGIBLE, "LOC-2", "after None")
    assert changed_to(CHILDS._replace(expires=None), ADULT, AFTER) == refusal


@pytest.mark.parametrize(
    ("before", "after"),
    [
        *((ADULT, CHILD), (ADULT, DISABLED_ADULT), (DISABLED_CHILD, ADULT), (CHILD, DISABLED_CHILD)),
        *((CHILD, DISABLED_ADULT), (DISABLED_ADULT, DISABLED_CHILD)),
    ],
)
def test_gen_17_no_source_knows_another_change(before: HolderKind, after: HolderKind) -> None:
    outcome = changed_to(card(holder=before, scheme="lococa", expires=SCHOOL_END), after, AFTER)
    assert outcome == Refusal(Code.NOT_CONFIGURED, "GEN-17", f"{before.name} to {after.name}")


def test_gen_17_no_change_where_no_kinds_of_card_are_configured() -> None:
    refusal = Refusal(Code.NOT_CONFIGURED, "GEN-17", "named card of ADULT")
    assert changed_to(card(named=False), ADULT, TODAY, AIZU_SHIPPED) == refusal
    assert changed_to(CHILDS._replace(scheme="aizu-noruca"), ADULT, AFTER, AIZU_SHIPPED) == refusal


@pytest.mark.parametrize(
    ("rulebook", "holder"), [(LOCOCA_SHIPPED, CHILD), (IWATE_SHIPPED, DISABLED_ADULT), (NORUCA_SHIPPED, DISABLED_CHILD)]
)
def test_gen_17_no_change_into_a_kind_that_the_operator_has_not(rulebook: Rulebook, holder: HolderKind) -> None:
    anonymous = card(scheme=rulebook.scheme, holder=holder, named=False)
    refusal = Refusal(Code.NOT_CONFIGURED, "GEN-17", f"anonymous card of {holder.name}")
    assert changed_to(anonymous, holder, TODAY, rulebook, named=False) == refusal


def test_nor_4_one_kind_may_be_named_or_anonymous() -> None:
    anonymous = card(scheme="noruca", named=False)
    assert changed_to(anonymous, ADULT, TODAY, NORUCA_SHIPPED) == card(scheme="noruca", named=True)
    assert changed_to(anonymous, ADULT, TODAY, NORUCA_SHIPPED, named=False) == anonymous


def test_igp_2_no_change_of_another_operators_card() -> None:
    outcome = changed_to(card(scheme="suica", named=False), ADULT)
    assert outcome == Refusal(Code.NOT_ELIGIBLE, "IGP-2", "suica")
