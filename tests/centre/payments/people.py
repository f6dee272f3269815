"""Members and their cards, as the payments' tests need them."""

from datetime import date
from itertools import count
from urllib.parse import urlsplit

from django.test import Client

from centre.cards.models import Card
from centre.payments.models import Registration
from centre.payments.services import begin_registration, pays_for, registered_card
from centre.users.models import User
from tests.centre.payments.sandbox_process import SandboxHands

GOOD, MASTERCARD = "4242424242424242", "5555555555554444"
DECLINED, INSUFFICIENT, EXPIRED = "4000000000000341", "4000000000009995", "4000000000000069"
ASKS_ALWAYS, PROCESSING, LOST, NO_REFUND = (
    "4000002760003184", "4000007700000018", "4000007700000034", "4000000000005126",
)  # fmt: skip
_number = count(1)


def member() -> User:
    """Somebody new."""
    return User.objects.create_user(f"member{next(_number)}@example.jp")


def card_of(user: User) -> str:
    """The IDm of a card of theirs, whose auto-charges they pay."""
    number = next(_number)
    idm = f"0101{number:012X}"
    Card.objects.create(
        idm=idm, scheme="aizu-noruca", number=f"AZ{number:014}", kind="ic", named=True, issued_on=date(2026, 11, 1)
    )
    pays_for(user, idm)
    return idm


def registers(user: User, sandbox: SandboxHands, number: str) -> None:
    """They register a credit card, and come back."""
    page = begin_registration(user, "/members/credit-card/")
    back = sandbox.type_card(page, number).headers["Location"]
    assert Client().get(urlsplit(back).path).headers["Location"] == "/members/credit-card/"
    card = registered_card(user)
    assert card is not None
    assert card.last4 == number[-4:]
    assert Registration.objects.filter(user=user, next_look_s__isnull=True).exists()
