"""A member, cards and a payment service, for tests of the portal."""

import re
from datetime import date, timedelta
from html import unescape

import altcha
from django.core import mail
from django.test import Client

from centre.cards.models import Card, Holder, SoldPass
from centre.clock import now_s, today
from centre.payments.models import Customer
from centre.portal.models import Member, MemberCard
from centre.portal.robots import challenge
from centre.portal.work import work
from centre.users.models import User
from tariff.calendar import midnight_in_japan_s

EMAIL = "noruca@example.com"
PASSWORD = "Wakamatsu2026"
NUMBER = "AZ12345678900972"
KANA = "アイズ　バスコ"
TELEPHONE = "0242220000"


def member(email: str = EMAIL, language: str = "ja") -> Member:
    """Somebody who has registered."""
    user = User.objects.create_user(email, PASSWORD)
    return Member.objects.create(
        user=user, postal_code="9650042", birth=date(1990, 4, 1), terms_agreed_on=today(), language=language
    )


def issued(number: str = NUMBER, kana: str = KANA, telephone: str = TELEPHONE) -> Card:
    """A card as the counter issued it."""
    card = Card.objects.create(
        idm=f"012E{number[-12:]}", scheme="aizu-noruca", number=number, kind="adult", named=True, issued_on=today()
    )
    Holder.objects.create(card=card, kana_name=kana, telephone=telephone, birth=date(1950, 4, 1))
    return card


def owned(owner: Member, card: Card | None = None) -> MemberCard:
    """A card that a member has added."""
    return MemberCard.objects.create(member=owner, card=card or issued(), added_on=today())


def with_pass(card: Card, *, ends_in_days: int = 3, product: str = "commuter", **values: object) -> SoldPass:
    """A month's pass on a card, 神明通り to 七日町 at 230 yen."""
    last = today() + timedelta(days=ends_in_days)
    sold = {
        "first_day": last - timedelta(days=30),
        "last_day": last,
        "bearer": True,
        "sections": [[101, 102, False, 230]],
        "stop_names": [["神明通り", "七日町"]],
        "price_yen": 9_660,
        "sold_on": last - timedelta(days=31),
    }
    return SoldPass.objects.create(card=card, product=product, **(sold | values))


def with_credit_card(owner: Member) -> None:
    """A credit card that the payment service has registered."""
    Customer.objects.update_or_create(
        user=owner.user, defaults={"reference": f"r{owner.pk}", "token": "pm_1", "brand": "visa", "last4": "4242"}
    )


def signed_in(owner: Member) -> Client:
    """The member's browser, after login."""
    client = Client()
    client.force_login(owner.user, "centre.portal.signed_in.Backend")
    return client


def robot() -> str:
    """What the widget sends when it has solved a challenge."""
    made = altcha.Challenge.from_dict(challenge())
    solution = altcha.solve_challenge(made)
    assert solution
    return str(altcha.Payload(made, solution).to_base64())


def letters() -> list[str]:
    """What has been sent since the last look, each as one text; what waits in the box is sent first."""
    work(now_s())
    sent = [f"{each.to[0]}\n{each.subject}\n{each.body}" for each in mail.outbox]
    mail.outbox.clear()
    return sent


def link_in(letter: str) -> str:
    """The path of the link in a letter, the one that is good once."""
    found = re.search(r"https?://[^/]+(/\S+/link/\S+)", letter)
    assert found, letter
    return found[1]


def text_of(page: str) -> str:
    """What a reader sees of a page, in one line."""
    body = re.sub(r"<head>.*?</head>|<[^>]+>", " ", page, flags=re.S)
    return re.sub(r"\s+", " ", unescape(body)).strip()


def errors_of(page: str) -> str:
    """The summary of what is wrong with a form; "" if nothing is."""
    found = re.search(r'<div class="errors".*?</div>', page, flags=re.S)
    return text_of(found[0]) if found else ""


def noon_s(day: date) -> int:
    """Noon in Japan."""
    return midnight_in_japan_s(day) + 12 * 3_600
