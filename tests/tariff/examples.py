"""Lines, cards and rides to test with, in the words of the trade.

A fare table is written as operators print it (三角表): a line for each stop, the fares from every earlier stop first.
"""

from array import array
from datetime import date, timedelta

from farebox.feed.operators import load_operators
from tariff.account import Account, AutoCharge, AutoCharged, HolderKind, Pass, RideMark, RideState, Section
from tariff.fares import NO_FARE, FareTable, Pattern
from tariff.purses import Payment
from tariff.refusal import Refusal
from tariff.riders import HOLDER_ALONE, Party, RiderClass
from tariff.rulebook import Rulebook
from tariff.settle import Line, Ride, Settlement, Word, settle

TODAY = date(2026, 11, 20)
TOMORROW = TODAY + timedelta(days=1)
TRIP = 7

OPERATORS = load_operators()
LOCOCA = OPERATORS.on("lococa", TODAY)
AIZU = OPERATORS.on("aizu-noruca", TODAY)
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
) -> Ride:
    """A ride from stop to stop by name, or by place where a loop makes names ambiguous."""
    start = place(table, boarded) if isinstance(boarded, str) else boarded
    end = place(table, alighted) if isinstance(alighted, str) else alighted
    return Ride(table, company, TRIP, start, end, day, alighted_on or day)


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
) -> Pass:
    """A pass as it is held on a card, named unless it says bearer."""
    return Pass(1, company, first_day, last_day, bearer, sections)


def card(
    stored_fare_yen: int = 5_000,
    held_pass: Pass | None = None,
    holder: HolderKind = HolderKind.ADULT,
    *,
    scheme: str = "lococa",
    expires: date | None = None,
    auto_charge: AutoCharge | None = None,
    auto_charged: AutoCharged | None = None,
) -> Account:
    """A card that boarded and now alights."""
    return Account(
        scheme=scheme,
        stored_fare_yen=stored_fare_yen,
        holder=holder,
        named=held_pass is not None or holder is not HolderKind.ADULT,
        expires=expires,
        ride=RideMark(RideState.OPEN, TODAY, TRIP, 0),
        held_pass=held_pass,
        auto_charge=auto_charge,
        auto_charged=auto_charged,
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


PAID_BY = {Word.STORED_FARE, Word.CASH, Word.AUTO_CHARGED, Word.AUTO_CHARGE_HELD}
"""Lines that say how the amount due is paid; the others add up to it."""


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
    "companies": '[{ number = 0, name = "白河支店", agencies = ["JRバス関東"] }]',
    "stored_fare.cap_yen": "20_000",
    "passes.excess": '"cheaper"',
    "party.holder_only": '["child", "disabled-adult", "disabled-child"]',
    "taps.open_ride": '"clear"',
    "taps.guard_s": "10",
    "shortage.mixed_multiple_yen": "10",
    "auto_charge.offered": "true",
    "auto_charge.on_zero_fare": "true",
}
"""A whole operator file, key by key, each value as TOML writes it."""


def operator_file(without: str = "", **changed: str) -> str:
    """The text of an operator file; `passes__excess='"separate"'` changes a key, `without` leaves one out."""
    values = OPERATOR_SETTINGS | {key.replace("__", "."): value for key, value in changed.items()}
    values.pop(without, None)
    return "\n".join(f"{key} = {value}" for key, value in values.items())
