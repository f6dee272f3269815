"""`python -m tools.bench.portal_members N`: members of a centre, signed in, each with a card and its pass (模擬).

For case l alone: the centre is the environment's. Prints one JSON list: a cookie and the pages of each.
"""

import json
import sys
from datetime import timedelta

import click

from tools.centre.ready import centre_ready

PAGES = ("cards", "card", "renewal", "auto_charge", "account")
"""What a member looks at, by the portal's names of them."""


def visits(members: int) -> list[dict[str, object]]:
    """Make so many members; the cookie of each one's session, and the paths of their pages."""
    from django.conf import settings
    from django.test import Client
    from django.urls import reverse

    from centre.cards.models import Card, Holder, SoldPass
    from centre.clock import today
    from centre.payments.models import Customer
    from centre.portal.models import Member, MemberCard
    from centre.users.models import User

    day = today()
    made: list[dict[str, object]] = []
    for number in range(members):
        user = User.objects.create_user(f"member{number}@example.com")
        member = Member.objects.create(
            user=user, postal_code="9650042", birth=day.replace(year=1990, day=1), terms_agreed_on=day
        )
        card = Card.objects.create(
            idm=f"012E{number:012X}",
            scheme="aizu-noruca",
            number=f"AZ{number:014}",
            kind="adult",
            named=True,
            issued_on=day,
        )
        Holder.objects.create(card=card, kana_name="アイヅ　バスコ", telephone="0242220000", birth=member.birth)
        MemberCard.objects.create(member=member, card=card, added_on=day)
        SoldPass.objects.create(
            card=card,
            product="commuter",
            first_day=day - timedelta(days=27),
            last_day=day + timedelta(days=3),
            bearer=True,
            sections=[[101, 102, False, 230]],
            stop_names=[["若松駅前", "西若松駅東口"]],
            price_yen=9_660,
            sold_on=day - timedelta(days=28),
        )
        Customer.objects.create(user=user, reference=f"bench{number}", token="pm_bench", brand="visa", last4="4242")
        browser = Client()
        browser.force_login(user, "centre.portal.signed_in.Backend")
        name = settings.SESSION_COOKIE_NAME
        paths = [reverse(f"portal:{page}", args=() if page in {"cards", "account"} else (card.pk,)) for page in PAGES]
        made.append({"cookie": f"{name}={browser.cookies[name].value}", "paths": paths})
    return made


if __name__ == "__main__":
    with centre_ready():
        click.echo(json.dumps(visits(int(sys.argv[1]))))
