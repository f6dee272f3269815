"""Who rides with the holder: infants, babies, attendants, luggage, family (AZF-1, AZF-2, AZF-20, GEN-16, GEN-17)."""

from datetime import date

import pytest

from tariff.account import Account, HolderKind
from tariff.lines import Line, Word
from tariff.refusal import Code, Refusal
from tariff.riders import Attendant, Handbook, Party, Piece, RiderClass, attendant_class, luggage_pays, rider_class
from tariff.rulebook import Rulebook
from tests.tariff.examples import (
    ADULT,
    AIZU,
    AIZU_LINE,
    CHILD,
    DISABLED_ADULT,
    DISABLED_CHILD,
    HAKUHO_LINE,
    IWATE,
    LOCOCA,
    NORUCA,
    TODAY,
    card,
    held,
    reasons,
    refused,
    ride,
    section,
    settled,
)

INFANT, BABY = RiderClass.INFANT, RiderClass.BABY
FARE_230 = ride(AIZU_LINE, "若松駅前", "西若松駅東口")


def aizu(stored_fare_yen: int = 5_000, holder: HolderKind = HolderKind.ADULT) -> Account:
    return card(stored_fare_yen, holder=holder, scheme="aizu-noruca")


def due_yen(party: Party, holder: HolderKind = HolderKind.ADULT) -> int:
    return settled(FARE_230, aizu(holder=holder), party).due_yen


# -- AZF-1: the table of the fares guide


@pytest.mark.parametrize(
    ("party", "holder", "due"),
    [
        pytest.param(Party(companions=(INFANT, INFANT)), HolderKind.ADULT, 230, id="adult + 2 infants = 1 adult"),
        pytest.param(Party(companions=(INFANT, INFANT)), HolderKind.CHILD, 120, id="child + 2 infants = 1 child"),
        pytest.param(
            Party(companions=(INFANT, INFANT, INFANT)),
            HolderKind.ADULT,
            350,
            id="adult + 3 infants = 1 adult + 1 child",
        ),
        pytest.param(Party(INFANT, (INFANT,)), HolderKind.ADULT, 240, id="2 infants alone = 2 child"),
        pytest.param(Party(INFANT), HolderKind.ADULT, 120, id="1 infant alone = 1 child"),
        pytest.param(Party(companions=(ADULT, *[INFANT] * 4)), HolderKind.ADULT, 460, id="2 adults + 4 infants"),
        pytest.param(Party(companions=(CHILD, *[INFANT] * 5)), HolderKind.ADULT, 470, id="adult + child + 5 infants"),
        pytest.param(Party(companions=(BABY, BABY, BABY)), HolderKind.ADULT, 230, id="babies ride free, any number"),
        pytest.param(Party(INFANT, (BABY,)), HolderKind.ADULT, 120, id="a baby frees no infant"),
        pytest.param(Party(INFANT, (CHILD,)), HolderKind.ADULT, 120, id="a child frees an infant who holds the card"),
        pytest.param(Party(INFANT, family=(ADULT,)), HolderKind.ADULT, 230, id="so does one of the family"),
        pytest.param(Party(BABY), HolderKind.ADULT, 0, id="a baby alone"),
        pytest.param(
            Party(INFANT, (ADULT, INFANT, INFANT)), HolderKind.ADULT, 350, id="the infant with the card pays as third"
        ),
    ],
)
def test_azf_1_two_infants_ride_free_with_each_rider_of_school_age(party: Party, holder: HolderKind, due: int) -> None:
    assert due_yen(party, holder) == due


def test_azf_1_an_attendant_frees_infants_too() -> None:
    party = Party(companions=(INFANT,) * 4, attendants=(Attendant(Handbook.MENTAL),))
    assert due_yen(party, HolderKind.DISABLED_ADULT) == 120 + 120


def test_azf_1_the_lines_say_who_rides_free() -> None:
    told = reasons(settled(FARE_230, aizu(), Party(companions=(INFANT, BABY, INFANT), family=(INFANT,))))
    assert told == [
        Line("GEN-4", Word.FARE, 230, "若松駅前→西若松駅東口"),
        Line("GEN-18", Word.FAMILY, 120, "infant"),
        Line("AZF-1", Word.RIDES_FREE, 0, "infant ×2"),
        Line("AZF-1", Word.RIDES_FREE, 0, "baby ×1"),
    ]
    alone = reasons(settled(FARE_230, aizu(), Party(INFANT, (CHILD,))))
    assert alone == [Line("AZF-1", Word.RIDES_FREE, 0, "infant"), Line("GEN-18", Word.COMPANION, 120, "child")]


def test_azf_1_how_many_ride_free_is_the_operators() -> None:
    one_free = AIZU._replace(riders=AIZU.riders._replace(infants_free=1))
    assert settled(FARE_230, aizu(), Party(companions=(INFANT, INFANT)), one_free).due_yen == 350
    none_free = AIZU._replace(riders=AIZU.riders._replace(infants_free=0))
    assert settled(FARE_230, aizu(), Party(companions=(INFANT, INFANT)), none_free).due_yen == 470


@pytest.mark.parametrize("rulebook", [LOCOCA, IWATE, NORUCA], ids=lambda book: book.scheme)
def test_gen_17_infants_are_not_configured_where_no_source_tells_of_them(rulebook: Rulebook) -> None:
    member = card(scheme=rulebook.scheme)
    refusal = refused(ride(HAKUHO_LINE, 0, 4), member, Party(companions=(INFANT,)), rulebook)
    assert refusal == Refusal(Code.NOT_CONFIGURED, "GEN-17", "infants")


def test_gen_17_a_baby_needs_no_setting() -> None:
    assert settled(ride(HAKUHO_LINE, 0, 4), card(), Party(companions=(BABY,))).due_yen == 500


# -- AZF-1, GEN-16: ages


@pytest.mark.parametrize(
    ("born", "day", "rider"),
    [
        # Attained on the day before the birthday.
        (date(2025, 11, 22), date(2026, 11, 20), BABY),
        (date(2025, 11, 22), date(2026, 11, 21), INFANT),
        (date(2020, 11, 22), date(2026, 11, 20), INFANT),
        # 6, and not yet at school: a child all the same.
        (date(2020, 11, 22), date(2026, 11, 21), CHILD),
        (date(2014, 4, 1), date(2026, 3, 31), CHILD),
        (date(2014, 4, 1), date(2026, 4, 1), ADULT),
        # Twelve on 2026-04-01, and in primary school for a year yet.
        (date(2014, 4, 2), date(2026, 4, 1), CHILD),
        (date(2014, 4, 2), date(2027, 3, 31), CHILD),
        (date(2014, 4, 2), date(2027, 4, 1), ADULT),
        (date(1950, 1, 1), date(2026, 4, 1), ADULT),
        # Born on 29 February: a year is attained on 28 February.
        (date(2024, 2, 29), date(2025, 2, 27), BABY),
        (date(2024, 2, 29), date(2025, 2, 28), INFANT),
    ],
)
def test_azf_1_gen_16_the_class_of_an_age(born: date, day: date, rider: RiderClass) -> None:
    assert rider_class(born, day) is rider


@pytest.mark.parametrize(
    ("born", "in_primary_school", "rider"),
    [
        (date(2013, 5, 1), True, CHILD),  # 13, and shows that it is still in primary school
        (date(2014, 5, 1), True, CHILD),
        (date(2014, 5, 1), False, ADULT),  # 12, and shows that it has left
        (date(2015, 5, 1), False, CHILD),  # 11: a child in any school
        (date(2020, 12, 1), True, INFANT),  # not 6 yet
    ],
)
def test_azf_1_what_a_rider_of_school_age_shows(born: date, in_primary_school: bool, rider: RiderClass) -> None:
    assert rider_class(born, TODAY, in_primary_school=in_primary_school) is rider


# -- AZF-2: luggage


@pytest.mark.parametrize(
    ("piece", "pays"),
    [
        (Piece(9_999, 26_999, 999), False),
        (Piece(10_000, 0, 0), True),
        (Piece(0, 27_000, 0), True),
        (Piece(0, 0, 1_000), True),
        (Piece(30_000, 250_000, 2_000), True),
        (Piece(0, 0, 0), False),
    ],
)
def test_azf_2_luggage_at_a_lower_bound_pays_a_child_fare(piece: Piece, pays: bool) -> None:
    assert luggage_pays(piece, AIZU.riders) is pays
    due = settled(FARE_230, aizu(), Party(luggage=(piece,))).due_yen
    assert due == 230 + (120 if pays else 0)


@pytest.mark.parametrize(
    ("piece", "detail"),
    [
        (Piece(30_001, 1, 1), "30001 g > 30000 g"),
        (Piece(1, 250_001, 1), "250001 cm3 > 250000 cm3"),
        (Piece(1, 1, 2_001), "2001 mm > 2000 mm"),
    ],
)
def test_azf_2_luggage_over_an_upper_bound_is_not_carried(piece: Piece, detail: str) -> None:
    refusal = refused(FARE_230, aizu(), Party(luggage=(Piece(1, 1, 1), piece)))
    assert refusal == Refusal(Code.NOT_CARRIED, "AZF-2", detail)


def test_azf_2_each_piece_is_a_line_of_its_own_and_no_rider() -> None:
    party = Party(companions=(INFANT,) * 3, luggage=(Piece(10_000, 1, 1), Piece(1, 1, 1)))
    lines = reasons(settled(FARE_230, aizu(), party))
    assert [line for line in lines if line.word is Word.LUGGAGE] == [
        Line("AZF-2", Word.LUGGAGE, 120),
        Line("AZF-2", Word.LUGGAGE, 0),
    ]
    assert sum(line.yen for line in lines) == 230 + 120 + 120  # the third infant pays: luggage frees none


def test_azf_2_the_holder_of_any_card_pays_for_luggage() -> None:
    child = card(holder=HolderKind.CHILD)
    only_holder = AIZU._replace(holder_only=frozenset({HolderKind.CHILD}))
    assert settled(FARE_230, child._replace(scheme="aizu-noruca"), Party(luggage=(Piece(10_000, 1, 1),)), only_holder)


@pytest.mark.parametrize("rulebook", [LOCOCA, IWATE, NORUCA], ids=lambda book: book.scheme)
def test_gen_17_luggage_is_not_configured_where_no_source_tells_of_it(rulebook: Rulebook) -> None:
    member, party = card(scheme=rulebook.scheme), Party(luggage=(Piece(1, 1, 1),))
    assert refused(FARE_230, member, party, rulebook) == Refusal(Code.NOT_CONFIGURED, "GEN-17", "luggage")


# -- AZF-20: attendants


@pytest.mark.parametrize(
    ("handbook", "of_child", "rider"),
    [
        (Handbook.PHYSICAL_1, False, DISABLED_ADULT),
        (Handbook.PHYSICAL_2, False, ADULT),
        # The disabled person is a child: half, whatever the class.
        (Handbook.PHYSICAL_1, True, DISABLED_ADULT),
        (Handbook.PHYSICAL_2, True, DISABLED_ADULT),
        (Handbook.INTELLECTUAL, False, DISABLED_ADULT),
        (Handbook.INTELLECTUAL, True, DISABLED_ADULT),
        (Handbook.MENTAL, False, DISABLED_ADULT),
        (Handbook.MENTAL, True, DISABLED_ADULT),
    ],
)
def test_azf_20_whose_attendant_pays_half(handbook: Handbook, of_child: bool, rider: RiderClass) -> None:
    attendant = Attendant(handbook, of_child)
    assert attendant_class(attendant, AIZU.riders) is rider
    lines = reasons(settled(FARE_230, aizu(holder=HolderKind.DISABLED_ADULT), Party(attendants=(attendant,))))
    assert lines[1:] == [Line("AZF-20", Word.ATTENDANT, 120 if rider is DISABLED_ADULT else 230, handbook)]


def test_azf_20_the_disabled_rider_pays_half_and_a_disabled_child_half_of_that() -> None:
    assert settled(FARE_230, aizu(holder=HolderKind.DISABLED_ADULT)).due_yen == 120
    assert settled(FARE_230, aizu(holder=HolderKind.DISABLED_CHILD)).due_yen == 60


def test_azf_20_without_the_word_for_children_the_class_decides() -> None:
    rules = AIZU.riders._replace(attendants_half=frozenset({"physical-1"}))
    assert attendant_class(Attendant(Handbook.PHYSICAL_2, of_child=True), rules) is ADULT
    assert attendant_class(Attendant(Handbook.MENTAL, of_child=True), rules) is ADULT


@pytest.mark.parametrize("rulebook", [LOCOCA, IWATE, NORUCA], ids=lambda book: book.scheme)
def test_gen_17_attendants_are_not_configured_where_no_source_tells_of_them(rulebook: Rulebook) -> None:
    member, party = card(scheme=rulebook.scheme), Party(attendants=(Attendant(Handbook.MENTAL),))
    refusal = refused(ride(HAKUHO_LINE, 0, 4), member, party, rulebook)
    assert refusal == Refusal(Code.NOT_CONFIGURED, "GEN-17", "attendants")


# -- GEN-18, NOR-6: whose card pays for others


def test_gen_18_iwate_named_cards_pay_for_their_holder_alone() -> None:
    taken, party = ride(HAKUHO_LINE, 0, 4), Party(companions=(ADULT,))
    named = card(scheme="iwate-green-pass", named=True)
    assert refused(taken, named, party) == Refusal(Code.HOLDER_ONLY, "GEN-18")
    assert settled(taken, named._replace(named=False), party).due_yen == 1_000
    assert settled(taken, named).due_yen == 500


@pytest.mark.parametrize(
    "party",
    [Party(companions=(BABY, CHILD)), Party(family=(ADULT,)), Party(attendants=(Attendant(Handbook.MENTAL),))],
    ids=["companion", "family", "attendant"],
)
def test_gen_18_nobody_else_rides_on_a_holder_only_card(party: Party) -> None:
    child = card(holder=HolderKind.CHILD)
    assert refused(ride(HAKUHO_LINE, 0, 4), child, party) == Refusal(Code.HOLDER_ONLY, "GEN-18")


@pytest.mark.parametrize("party", [Party(companions=(BABY,)), Party(family=(BABY, BABY))], ids=["one", "two"])
def test_azf_1_a_baby_owes_nothing_and_is_welcome_on_any_card(party: Party) -> None:
    assert settled(ride(HAKUHO_LINE, 0, 4), card(holder=HolderKind.CHILD), party).due_yen == 250


def test_nor_6_no_companions_on_the_railway() -> None:
    member, party = card(0, scheme="noruca", coupons=None), Party(companions=(ADULT,))
    on_rail = ride(HAKUHO_LINE, 0, 4, service="rail")
    assert refused(on_rail, member, party) == Refusal(Code.HOLDER_ONLY, "NOR-6", "rail")
    assert refused(on_rail, member).code is Code.SHORT
    assert refused(ride(HAKUHO_LINE, 0, 4), member, party).code is Code.SHORT


def test_gen_18_family_without_an_eco_pass_are_companions_by_another_name() -> None:
    member = aizu()
    member = member._replace(held_pass=held(section("若松駅前", "西若松駅東口")))
    lines = reasons(settled(FARE_230, member, Party(family=(ADULT, DISABLED_CHILD))))
    assert lines[1:] == [
        Line("GEN-18", Word.FAMILY, 230, "adult"),
        Line("GEN-18", Word.FAMILY, 60, "disabled-child"),
    ]
