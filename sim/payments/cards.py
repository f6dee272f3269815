"""The test numbers, and what each is for. Those that Stripe publishes for tests do here as they do there."""

import re
from datetime import date
from enum import StrEnum
from typing import NamedTuple


class Behaviour(StrEnum):
    """What becomes of a charge to a card."""

    PAYS = "pays"
    DECLINED_AT_PAGE = "declined-at-page"
    DECLINED = "card_declined"
    INSUFFICIENT = "insufficient_funds"
    EXPIRED = "expired_card"
    ASKS_ONCE = "asks-once"
    ASKS_ALWAYS = "asks-always"
    PROCESSING = "processing"
    ANSWER_LATE = "answer-late"
    ANSWER_LOST = "answer-lost"
    REFUND_FAILS = "refund-fails"


DECLINES = frozenset({Behaviour.DECLINED, Behaviour.INSUFFICIENT, Behaviour.EXPIRED})
ASKS = frozenset({Behaviour.ASKS_ONCE, Behaviour.ASKS_ALWAYS})


class TestNumber(NamedTuple):
    """A number of nobody's card."""

    number: str
    brand: str
    behaviour: Behaviour
    ja: str
    en: str


NUMBERS = (
    TestNumber("4242424242424242", "visa", Behaviour.PAYS, "支払えます", "Pays"),
    TestNumber("5555555555554444", "mastercard", Behaviour.PAYS, "支払えます", "Pays"),
    TestNumber("3566002020360505", "jcb", Behaviour.PAYS, "支払えます", "Pays"),
    TestNumber("4000000000000002", "visa", Behaviour.DECLINED_AT_PAGE, "登録できません", "Declined at this page"),
    TestNumber(
        "4000000000000341",
        "visa",
        Behaviour.DECLINED,
        "登録でき、請求は拒否されます",
        "Registers; charges are declined",
    ),
    TestNumber("4000000000009995", "visa", Behaviour.INSUFFICIENT, "残高不足", "Registers; insufficient funds"),
    TestNumber("4000000000000069", "visa", Behaviour.EXPIRED, "有効期限切れ", "Registers; then expired"),
    TestNumber("4000002500003155", "visa", Behaviour.ASKS_ONCE, "登録時に本人認証", "Asks who you are, once"),
    TestNumber(
        "4000002760003184", "visa", Behaviour.ASKS_ALWAYS, "毎回本人認証", "Asks who you are, each time (3-D Secure)"
    ),
    TestNumber(
        "4000007700000018", "visa", Behaviour.PROCESSING, "しばらく処理中", "Is processed for a while, then pays"
    ),
    TestNumber("4000007700000026", "visa", Behaviour.ANSWER_LATE, "支払い後、返答が遅い", "Pays; the answer is late"),
    TestNumber(
        "4000007700000034", "visa", Behaviour.ANSWER_LOST, "支払い後、返答が失われる", "Pays; the answer is lost"
    ),
    TestNumber("4000000000005126", "visa", Behaviour.REFUND_FAILS, "返金が失敗", "Pays; refunds fail"),
)
_BY_NUMBER = {card.number: card for card in NUMBERS}


class CardRefused(ValueError):
    """What was typed is no card. `code`: not-a-test-number, expiry, security-code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def typed(number: str, expiry: str, security_code: str, today: date) -> TestNumber:
    """What a member typed at the page, as one of the test numbers. Raises CardRefused; its text never repeats it."""
    card = _BY_NUMBER.get(re.sub(r"[ -]", "", number[:40]))
    if card is None:
        raise CardRefused("not-a-test-number")
    found = re.fullmatch(r"\s*(0[1-9]|1[0-2])\s*/\s*(?:20)?([0-9]{2})\s*", expiry)
    if found is None or (2_000 + int(found[2]), int(found[1])) < (today.year, today.month):
        raise CardRefused("expiry")
    if re.fullmatch("[0-9]{3,4}", security_code.strip()) is None:
        raise CardRefused("security-code")
    return card
