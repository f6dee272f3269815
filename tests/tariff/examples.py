"""Lines, cards and rides to test with, in the words of the trade.

A fare table is written as operators print it (三角表): a line for each stop, the fares from every earlier stop first.
"""

from array import array
from datetime import date, timedelta

from farebox.feed.operators import load_operators
from tariff.account import (
    Account,
    AutoCharge,
    AutoCharged,
    Coupons,
    HolderKind,
    Pass,
    Points,
    RideMark,
    RideState,
    Section,
)
from tariff.due import Ride
from tariff.fares import NO_FARE, FareTable, Pattern
from tariff.lines import PAID_BY, Line
from tariff.operator_file import parse
from tariff.purses import Payment
from tariff.refusal import Refusal
from tariff.riders import HOLDER_ALONE, Party, RiderClass
from tariff.rulebook import ORDINARY, Rulebook
from tariff.settle import Settlement, settle

TODAY = date(2026, 11, 20)
TOMORROW = TODAY + timedelta(days=1)
TRIP = 7

OPERATORS = load_operators()
LOCOCA = OPERATORS.on("lococa", TODAY)
IWATE = OPERATORS.on("iwate-green-pass", TODAY)
NORUCA = OPERATORS.on("noruca", TODAY)
AIZU = OPERATORS.on("aizu-noruca", TODAY)
COMMUTER = 1
"""The number of every scheme's commuter pass."""
JR_BUS, JOBAN = 0, 1
"""LOCOCA's two companies (LOC-6). AIZU NORUCA has one, number 0 too."""

ADULT, CHILD = RiderClass.ADULT, RiderClass.CHILD
DISABLED_ADULT, DISABLED_CHILD = RiderClass.DISABLED_ADULT, RiderClass.DISABLED_CHILD


# -- lines

_numbers: dict[str, int] = {}


def stop_number(name: str) -> int:
    """One number per stop name, on every line: what the register does."""
    return _numbers.setdefault(name, len(_numbers) + 1)


def table_of(route: str, names: tuple[str, ...], fares: dict[tuple[int, int], int]) -> FareTable:
    """A fare table from the fares of pairs of places; a pair left out has no fare."""
    size = len(names)
    yen = array("l", [NO_FARE]) * (size * size)
    for (boarded, alighted), fare_yen in fares.items():
        yen[boarded * size + alighted] = fare_yen
    numbers = tuple(stop_number(name) for name in names)
    return FareTable(Pattern(f"{route}-1", f"{route}-id", route, names, numbers), yen)


def triangle(route: str, drawn: str) -> FareTable:
    """Read a triangular table as printed; `-` stands for a pair without a fare."""
    names: list[str] = []
    fares: dict[tuple[int, int], int] = {}
    for alighted, row in enumerate(drawn.split("\n")):
        *yen, name = row.split()
        assert len(yen) == alighted, f"{name}: {len(yen)} fares for {alighted} earlier stops"
        names.append(name)
        fares |= {(boarded, alighted): int(fare) for boarded, fare in enumerate(yen) if fare != "-"}
    return table_of(route, tuple(names), fares)


def way_back(table: FareTable) -> FareTable:
    """The same line in the other direction, at the same fares."""
    last = table.size - 1
    pairs = ((start, end) for start in range(last) for end in range(start + 1, table.size))
    return table_of(
        table.pattern.route_name,
        table.pattern.stop_names[::-1],
        {(last - end, last - start): table.fare_yen(start, end) for start, end in pairs if table.has_fare(start, end)},
    )


HAKUHO_LINE = triangle(
    "白棚線",
    """磐城棚倉
300 実業高校前
400 200 南湖公園
450 270 190 白河モール前
500 320 250 170 新白河""",
)
"""The line of the guide's three worked examples; pairs that the guide leaves open are filled in."""
HAKUHO_BACK = way_back(HAKUHO_LINE)

AIZU_LINE = triangle("市内線", "若松駅前\n230 西若松駅東口")
AIZU_LONG_LINE = triangle("郊外線", "若松駅前\n440 北会津支所")

TOWN_LOOP = triangle(
    "まちなか周遊",
    """若松駅前
160 七日町
210 160 鶴ヶ城
210 210 160 飯盛山
210 210 210 160 若松駅前""",
)
"""A loop: 若松駅前 is its first stop and its last."""


def place(table: FareTable, stop: str, visit: int = 1) -> int:
    """The place of a stop in the pattern; a loop has a second visit."""
    return [at for at, name in enumerate(table.pattern.stop_names) if name == stop][visit - 1]


def ride(
    table: FareTable,
    boarded: str | int,
    alighted: str | int,
    *,
    day: date = TODAY,
    alighted_on: date | None = None,
    company: int = JR_BUS,
    service: str = ORDINARY,
    departs: str = "08:00",
) -> Ride:
    """A ride from stop to stop by name, or by place where a loop makes names ambiguous."""
    start = place(table, boarded) if isinstance(boarded, str) else boarded
    end = place(table, alighted) if isinstance(alighted, str) else alighted
    hours, minutes = departs.split(":")
    departs_s = int(hours) * 3_600 + int(minutes) * 60
    return Ride(table, company, TRIP, start, end, day, alighted_on or day, service, departs_s)


# -- cards


def section(start: str, end: str, priced_yen: int = 1_000, *, one_way: bool = False) -> Section:
    """A pass section between two stops; priced above every fare here unless the price is what is tested."""
    return Section(stop_number(start), stop_number(end), one_way, priced_yen)


def held(
    *sections: Section,
    first_day: date = TODAY - timedelta(days=15),
    last_day: date = TODAY + timedelta(days=14),
    bearer: bool = False,
    company: int = JR_BUS,
    product: int = COMMUTER,
    area: int = 0,
    line: int = 0,
) -> Pass:
    """A pass as it is held on a card, a commuter pass unless it says so, named unless it says bearer."""
    return Pass(product, company, first_day, last_day, bearer, sections, area, line)


def card(
    stored_fare_yen: int = 5_000,
    held_pass: Pass | None = None,
    holder: HolderKind = HolderKind.ADULT,
    *,
    scheme: str = "lococa",
    expires: date | None = None,
    auto_charge: AutoCharge | None = None,
    auto_charged: AutoCharged | None = None,
    named: bool | None = None,
    coupons: Coupons | None = None,
    points: Points | None = None,
    welfare_points: int = 0,
) -> Account:
    """A card that boarded and now alights; named where it has to be, unless it says."""
    return Account(
        scheme=scheme,
        stored_fare_yen=stored_fare_yen,
        holder=holder,
        named=(held_pass is not None or holder is not HolderKind.ADULT) if named is None else named,
        expires=expires,
        ride=RideMark(RideState.OPEN, TODAY, TRIP, 0),
        held_pass=held_pass,
        auto_charge=auto_charge,
        auto_charged=auto_charged,
        coupons=coupons,
        points=points,
        welfare_points=welfare_points,
    )


# -- settlements


def rulebook_of(account: Account) -> Rulebook:
    """The shipped rules of a card's scheme."""
    return OPERATORS.on(account.scheme, TODAY)


def settled(
    taken: Ride,
    account: Account,
    party: Party = HOLDER_ALONE,
    rulebook: Rulebook | None = None,
    payment: Payment = Payment.CARD,
) -> Settlement:
    """Settle by the card's own rulebook unless another is given; a refusal fails the test."""
    outcome = settle(taken, account, party, rulebook or rulebook_of(account), payment)
    assert isinstance(outcome, Settlement), outcome
    return outcome


def refused(
    taken: Ride,
    account: Account,
    party: Party = HOLDER_ALONE,
    rulebook: Rulebook | None = None,
    payment: Payment = Payment.CARD,
) -> Refusal:
    """Settle, and be refused; a settlement fails the test."""
    outcome = settle(taken, account, party, rulebook or rulebook_of(account), payment)
    assert isinstance(outcome, Refusal), outcome
    return outcome


def reasons(settlement: Settlement) -> list[Line]:
    """Why the amount is due, line by line."""
    return [line for line in settlement.lines if line.word not in PAID_BY]


def payments(settlement: Settlement) -> list[Line]:
    """How the amount is paid, line by line."""
    return [line for line in settlement.lines if line.word in PAID_BY]


# -- operator files

OPERATOR_SETTINGS = {
    "scheme": '"lococa"',
    "name": '"LOCOCA"',
    "effective": "2026-04-01",
    "stored_fare.cap_yen": "20_000",
    "cards.accepted_schemes": '["suica", "pasmo"]',
    "cards.excluded_services": '["highway"]',
    "passes.excess": '"cheaper"',
    "party.holder_only": '["child", "disabled-adult", "disabled-child"]',
    "party.named_holder_only": "false",
    "party.companions_excluded_services": '["highway"]',
    "taps.boarding_only_routes": '["市内循環"]',
    "taps.alighting_only_routes": '["空港線"]',
    "taps.open_ride": '"clear"',
    "taps.guard_s": "10",
    "shortage.mixed_multiple_yen": "10",
    "riders.child_percent": "50",
    "riders.disabled_percent": "50",
    "riders.round_up_to_yen": "10",
    "riders.infants_free": "2",
    "riders.attendants_half": '["mental", "physical-1"]',
    "luggage.from_g": "10_000",
    "luggage.to_g": "30_000",
    "luggage.from_cm3": "27_000",
    "luggage.to_cm3": "250_000",
    "luggage.from_mm": "1_000",
    "luggage.to_mm": "2_000",
    "points.earned_percent": "3",
    "points.lapse_months": "12",
    "top_up.multiple_yen": "500",
    "top_up.bus_notes_yen": "[1_000, 5_000]",
    "top_up.bus_refused_from_yen": "3_001",
    "auto_charge.offered": "true",
    "auto_charge.on_zero_fare": "true",
    "auto_charge.trigger_step_yen": "100",
    "auto_charge.amount_step_yen": "1_000",
    "auto_charge.most_yen": "10_000",
    "auto_charge.most_cap_yen": "99_000",
    "auto_charge.first_trigger_yen": "300",
    "auto_charge.first_amount_yen": "2_000",
    "auto_charge.first_day_cap_yen": "50_000",
    "auto_charge.first_month_cap_yen": "99_000",
    "holidays.own_dates": "[2026-05-01]",
    "holidays.own_month_days": '["12-31", "01-02"]',
    "counter.deposit_yen": "500",
    "counter.sold_at_yen": "[1_000, 2_000]",
    "counter.card_refund": '"separate-fees"',
    "counter.card_refund_fee_yen": "220",
    "counter.pass_refund_fee_yen": "520",
    "counter.coupon_refund_fee_yen": "200",
    "counter.lost_reissue_fee_yen": "530",
    "counter.slip_days": "14",
    "counter.procedures": '["void"]',
    "companies.number": "0",
    "companies.name": '"白河支店"',
    "companies.agencies": '["JRバス関東"]',
    "services.name": '"highway"',
    "services.routes": '["高速バス"]',
    "services.companies": "[]",
    "purses.name": '"stored-fare"',
    "purses.rule": '"GEN-3"',
    "purses.whole": "false",
    "purses.days": "[]",
    "purses.holder_only": "false",
    "purses.premium_percent": "10",
    "areas.number": "1",
    "areas.name": '"市内"',
    "areas.rule": '"AZF-51"',
    "areas.fare_yen": "230",
    "areas.stops": '["駅前", "東口"]',
    "areas.gates": '["駅前"]',
    "areas.excluded_services": '["highway"]',
    "lines.number": "1",
    "lines.name": '"周遊"',
    "lines.rule": '"AZF-54"',
    "lines.fare_yen": "210",
    "lines.routes": '["ハイカラさん"]',
    "products.number": "1",
    "products.name": '"commuter"',
    "products.title": '"通勤定期券"',
    "products.rule": '"AZF-30"',
    "products.scope": '"section"',
    "products.directions": '"either"',
    "products.bearer": "false",
    "products.named_card": "true",
    "products.holder": '["adult"]',
    "products.months": "[1, 3]",
    "products.portal_months": "[1, 2, 6]",
    "products.odd_days": "true",
    "products.price": (
        '{ by = "fare", rides = 60, one_way_rides = 30, percent = 70, month_percents = [[3, 95], [6, 90]] }'
    ),
    "products.term": '"none"',
    "products.disabled_percent_off": "30",
    "products.least_age": "18",
    "products.areas": "[]",
    "products.line": '"none"',
    "products.with_area": '"市内"',
    "products.sold_days_before": "7",
    "products.late_services": '["highway"]',
    "products.late_days_before": "1",
    "products.excluded_services": "[]",
    "products.papers": '["handbook", "proof-of-age"]',
    "flat_fares.name": '"eco"',
    "flat_fares.rule": '"AZF-61"',
    "flat_fares.products": '["commuter"]',
    "flat_fares.holidays_only": "true",
    "flat_fares.departs_from": "10:00:00",
    "flat_fares.two_way_only": "true",
    "flat_fares.family": "true",
    "flat_fares.adult_yen": "100",
    "flat_fares.child_yen": "60",
    "flat_fares.disabled_adult_yen": "50",
    "flat_fares.disabled_child_yen": "30",
    "flat_fares.excluded_services": '["highway"]',
    "coupons.name": '"himawari"',
    "coupons.title": '"ひまわり回数券"',
    "coupons.rule": '"AZF-11"',
    "coupons.sold": "true",
    "coupons.price_yen": "1_000",
    "coupons.tickets": "[[50, 6], [100, 10]]",
    "coupons.fares_for_price": "0",
    "coupons.rides": "0",
    "coupons.hours": "[10:00:00, 16:00:01]",
    "coupons.days": "[1, 11, 21]",
    "coupons.surcharge_yen": "20",
    "coupons.surcharge_per_yen": "50",
    "coupons.most_per_rider": "3",
    "coupons.valid_months": "12",
    "card_kinds.name": '"general"',
    "card_kinds.title": '"一般"',
    "card_kinds.rule": '"LOC-1"',
    "card_kinds.holder": '"adult"',
    "card_kinds.named": '"named"',
    "card_kinds.expiry": '"school"',
    "card_kinds.papers": '["handbook"]',
}
"""A whole operator file, key by key, each value as TOML writes it; each array has one entry."""

OPERATOR_ARRAYS = (
    "companies",
    "services",
    "purses",
    "areas",
    "lines",
    "products",
    "flat_fares",
    "coupons",
    "card_kinds",
)
POINTS_PURSE = """
[[purses]]
name = "transport-points"
rule = "IGP-29"
whole = true
days = []
holder_only = false
premium_percent = 0
"""


def operator_file(without: str = "", **changed: str) -> str:
    """The text of an operator file; `passes__excess='"separate"'` changes a key, `without` leaves one out.

    `products='[]'` changes a whole array. Arrays come last, so that entries can be put behind.
    """
    values = OPERATOR_SETTINGS | {key.replace("__", "."): value for key, value in changed.items()}
    values.pop(without, None)
    tables = [f"{key} = {value}" for key, value in values.items() if key.partition(".")[0] not in OPERATOR_ARRAYS]
    arrays = [array for array in OPERATOR_ARRAYS if array != without]
    whole = [f"{array} = {values[array]}" for array in arrays if array in values]
    entries = [_entry(array, values) for array in arrays if array not in values]
    points = POINTS_PURSE if "purses" in arrays and "purses" not in values else ""
    return "\n".join([*tables, *whole, *entries]) + points


def operator_entry(array: str, **changed: str) -> str:
    """One more entry of an array, to be put behind an operator file."""
    return "\n" + _entry(array, OPERATOR_SETTINGS | {f"{array}.{key}": value for key, value in changed.items()})


def _entry(array: str, values: dict[str, str]) -> str:
    inside = {key.partition(".")[2]: value for key, value in values.items() if key.startswith(f"{array}.")}
    return "\n".join([f"[[{array}]]", *(f"{key} = {value}" for key, value in inside.items())])


def rulebook_with(**changed: str) -> Rulebook:
    """The rules of an operator file with some keys changed."""
    return parse(operator_file(**changed), "toy.toml", frozenset())
