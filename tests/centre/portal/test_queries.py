"""What a page asks the database: the same, whatever the member holds."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from centre.cards.models import AutoChargeAgreed
from centre.clock import today
from centre.portal.models import MemberCard
from tests.centre.portal.people import issued, member, owned, signed_in, with_credit_card, with_pass

pytestmark = pytest.mark.django_db
PAGES = {"/account": 2, "/cards": 7, "/cards/{}": 6, "/cards/{}/renewal": 5, "/cards/{}/auto-charge": 5}
"""By page: session, user with member, and what stands on it."""


@pytest.fixture
def mine() -> MemberCard:
    found = owned(member())
    with_credit_card(found.member)
    _used(found)
    return found


def _used(card: MemberCard) -> None:
    with_pass(card.card)
    AutoChargeAgreed.objects.create(
        card=card.card, is_on=True, first_day=today(), agreed_on=today(), trigger_yen=1_000, amount_yen=1_000,
        day_cap_yen=3_000, month_cap_yen=9_000,
    )  # fmt: skip


@pytest.mark.parametrize(("page", "queries"), PAGES.items())
def test_prt_3_a_page_asks_no_more_for_ten_cards_than_for_one(
    mine: MemberCard, page: str, queries: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser = signed_in(mine.member)
    with django_assert_num_queries(queries):
        assert browser.get(page.format(mine.pk)).status_code == 200
    for number in range(9):
        _used(owned(mine.member, issued(f"AZ{number:014}")))
        _used(mine)
    with django_assert_num_queries(queries):
        assert browser.get(page.format(mine.pk)).status_code == 200


def test_prt_3_the_list_shows_the_pass_that_ends_last_and_the_settings_agreed_last(mine: MemberCard) -> None:
    ends = [with_pass(mine.card, ends_in_days=days).last_day for days in (40, 9)]
    with_pass(mine.card, ends_in_days=90, refunded_on=today())
    agreed = {"trigger_yen": 0, "amount_yen": 0, "day_cap_yen": 0, "month_cap_yen": 0, "agreed_on": today()}
    page = signed_in(mine.member).get("/cards").content.decode()
    assert f"～{ends[0]:%Y/%m/%d}</dd>" in page
    assert "<dd>有効</dd>" in page
    AutoChargeAgreed.objects.create(card=mine.card, is_on=False, first_day=today(), **agreed)
    assert "<dd>無効</dd>" in signed_in(mine.member).get("/cards").content.decode()


def test_prt_2_who_may_not_sign_in_any_more_is_signed_out(mine: MemberCard) -> None:
    browser = signed_in(mine.member)
    mine.member.user.is_active = False
    mine.member.user.save()
    assert browser.get("/cards").headers["Location"].startswith("/login")


def test_prt_2_without_a_session_nobody_is_asked_for(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        assert Client().get("/terms").status_code == 200
