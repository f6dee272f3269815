"""Words of the tariff commands, in Japanese and English: what `farebox.words` has not for taps."""

from farebox.words import LINES, REFUSALS, Language, say
from tariff.auto_charge import Held
from tariff.lines import Word
from tariff.products import Step
from tariff.refunds import Item
from tariff.refusal import Code
from tariff.riders import Handbook, RiderClass
from tariff.rulebook import Purse

_Both = tuple[str, str]

STRAYS: _Both = (
    "乗車か降車の片方しかない{:,}件のタッチは使いません。",
    "{:,} taps without their other end are left out",
)

RIDERS: dict[str, _Both] = {
    RiderClass.ADULT: ("大人", "adult"),
    RiderClass.CHILD: ("小児", "child"),
    RiderClass.DISABLED_ADULT: ("障がい者・大人", "disabled adult"),
    RiderClass.DISABLED_CHILD: ("障がい者・小児", "disabled child"),
    RiderClass.INFANT: ("幼児", "infant"),
    RiderClass.BABY: ("乳児", "baby"),
}

HANDBOOKS: dict[str, _Both] = {
    Handbook.PHYSICAL_1: ("身体障害者手帳第1種", "physical, class 1"),
    Handbook.PHYSICAL_2: ("身体障害者手帳第2種", "physical, class 2"),
    Handbook.INTELLECTUAL: ("療育手帳", "intellectual"),
    Handbook.MENTAL: ("精神障害者保健福祉手帳", "mental"),
}

HELD: dict[str, _Both] = {
    Held.STORED_FARE_CAP: ("残額の上限", "stored-fare cap"),
    Held.DAY_CAP: ("1日の上限", "cap of the day"),
    Held.MONTH_CAP: ("1か月の上限", "cap of the month"),
}

PURSES: dict[str, _Both] = {
    **{str(purse): LINES[Word(purse)] for purse in Purse},
    "cash": LINES[Word.CASH],
    Purse.STORED_FARE: ("SF（チャージ残額）", "stored fare"),
}

STEPS: dict[str, _Both] = {
    Step.FARE: ("区間の片道運賃", "fare it is priced on"),
    Step.MONTHS: ("月数・割引率", "months, and their rate"),
    Step.ODD_DAYS: ("端数日数", "odd days"),
    Step.FIXED: ("期間の定額", "price of the period"),
    Step.TERM: ("学期・年間割引", "term or year discount"),
    Step.RENEWAL: ("継続割引", "renewal discount"),
    Step.DISABLED: ("障がい者割引", "disabled discount"),
}

ITEMS: dict[str, _Both] = {
    Item.STORED_FARE: ("チャージ残額（手数料控除後）", "stored fare, less its fee"),
    Item.PASS: ("定期券（使用分・手数料控除後）", "pass, less use and fee"),
    Item.STORED_FARE_AND_PASS: ("チャージ残額と定期券（手数料控除後）", "stored fare and pass, less fees"),
    Item.DEPOSIT: ("デポジット", "deposit"),
}

BOOKS: dict[str, _Both] = {
    "fare": STEPS[Step.FARE],
    "book-price": ("発売額", "price of the book"),
    "coupons-used": ("使用済みの券面額", "faces of tickets used"),
    "fee": ("手数料", "fee"),
}
"""Steps of what a book of coupons costs, or is given back (AZF-10, AZF-13, AZF-14)."""

FLAT_FARES: dict[str, _Both] = {
    "eco": ("エコ定期券", "eco"),
    "plus-one": ("通学定期券プラスワン", "Plus One"),
}
"""Flat fares of the shipped operator files (LOC-13, AZF-60, AZF-61); another is called by its name in the file."""

REMEDIES: dict[Code, _Both] = {
    Code.FOREIGN_CARD: ("この事業者のカードか現金で支払う", "use this operator's card, or cash"),
    Code.EXPIRED_CARD: ("現金で支払い、窓口で更新する", "pay in cash; the counter renews the card"),
    Code.SHORT: (
        "--payment part-cash（不足分を現金）か all-cash（全額現金）、または --balance を増やす",
        "--payment part-cash (the shortage in cash) or all-cash, or a higher --balance",
    ),
    Code.NO_FARE: ("運賃表にこの区間を加える（--fares）", "add the pair to the fare table (--fares)"),
    Code.HOLDER_ONLY: ("同行者は別に支払う", "the others pay for themselves"),
    Code.OVER_CAP: ("チャージ額を減らす", "add less"),
    Code.EXCLUDED_SERVICE: ("現金で支払う", "pay in cash"),
    Code.NOT_CONFIGURED: (
        "出典に定めがない。事業者ファイルに値を書けば計算できる",
        "no source states it; put the value into the operator file",
    ),
    Code.NOT_CARRIED: ("持ち込めない", "it can't be taken along"),
    Code.NOT_SOLD: ("種類・期間・発売日を変える", "choose another kind, period or day of sale"),
    Code.NOT_ELIGIBLE: ("対象のカード・年齢・証明書を確かめる", "check card, age and papers"),
    Code.COUPON_REFUSED: ("券種・枚数・有効期間を確かめる", "check book, number and validity"),
}
"""What to do about a refusal, at a desk rather than on a bus."""


def refusal_words(code: str, language: Language) -> tuple[str, str]:
    """What a refusal says, and what to do."""
    known = Code(code)
    return say(REFUSALS[known], language), say(REMEDIES[known], language) if known in REMEDIES else ""


def detail_words(detail: str, language: Language) -> str:
    """What a line names: classes, handbooks and caps in words, anything else (stops) as it is."""
    name, times, count = detail.partition(" ×")
    both = RIDERS.get(name) or HANDBOOKS.get(name) or HELD.get(name)
    return f"{say(both, language)}{times}{count}" if both else detail


def flat_fare_words(name: str, language: Language) -> str:
    """What a flat fare is called."""
    return say(FLAT_FARES.get(name, (name, name)), language)


def yen(amount: int | None, language: Language) -> str:
    """An amount as people read it: `1,430円`, `1,430 yen`."""
    if amount is None:
        return "―"
    return say((f"{amount:,}円", f"{amount:,} yen"), language)


_BIG = {
    "0": ("█▀█", "█ █", "▀▀▀"),
    "1": ("▀█ ", " █ ", "▀▀▀"),
    "2": ("▀▀█", "█▀▀", "▀▀▀"),
    "3": ("▀▀█", " ▀█", "▀▀▀"),
    "4": ("█ █", "▀▀█", "  ▀"),
    "5": ("█▀▀", "▀▀█", "▀▀▀"),
    "6": ("█▀▀", "█▀█", "▀▀▀"),
    "7": ("▀▀█", "  █", "  ▀"),
    "8": ("█▀█", "█▀█", "▀▀▀"),
    "9": ("█▀█", "▀▀█", "▀▀▀"),
    ",": (" ", " ", "▞"),
}


def big(amount: int, unit: str) -> list[str]:
    """An amount in figures three lines high, its unit beside them."""
    rows = [" ".join(_BIG[figure][row] for figure in f"{amount:,}") for row in range(3)]
    return [*rows[:2], f"{rows[2]}  {unit}"]
