"""What a finished portal has besides: password and address changed, sign-ins, leaving (faults 50, 52, 53)."""

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client

from centre.cards.models import AutoChargeAgreed, Card, Holder
from centre.clock import today
from centre.payments.models import Customer
from centre.portal.models import MailLink, Member, MemberCard, Renewal
from centre.portal.work import work
from centre.users.models import User
from tests.centre.portal.people import (
    EMAIL,
    PASSWORD,
    errors_of,
    letters,
    link_in,
    member,
    owned,
    robot,
    signed_in,
    text_of,
    with_credit_card,
    with_pass,
)
from tests.centre.portal.service import Service

pytestmark = pytest.mark.django_db
NEW = "Tsurugajo1868"


@pytest.fixture
def somebody() -> Member:
    return member()


def came_in(agent: str) -> Client:
    """A browser that signed in at the page."""
    client = Client(headers={"user-agent": agent})
    client.post("/login", {"email": EMAIL, "password": PASSWORD, "altcha": robot()})
    return client


def test_a_changed_password_ends_every_other_session(somebody: Member) -> None:
    here, elsewhere = signed_in(somebody), signed_in(somebody)
    answer = here.post("/account/password", {"current": PASSWORD, "password": NEW, "password_again": NEW})
    assert answer["Location"] == "/account"
    assert here.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 302
    assert "パスワードが変更されました" in letters()[0]


def test_who_does_not_know_the_password_changes_nothing(somebody: Member) -> None:
    browser = signed_in(somebody)
    new = {"current": "Wrong2026", "password": NEW, "password_again": NEW}
    for _ in range(3):
        assert "パスワードが違います" in errors_of(browser.post("/account/password", new).content.decode())
    # faults 51: who guesses at an open window must wait.
    right = new | {"current": PASSWORD}
    assert "5秒後" in errors_of(browser.post("/account/password", right).content.decode())
    for path in ("/account/email", "/account/leave"):
        assert browser.post(path, {"current": PASSWORD, "email": "new@example.com"}).status_code == 200
    somebody.user.refresh_from_db()
    assert somebody.user.check_password(PASSWORD)


def test_faults_53_an_address_is_changed_by_a_link_to_the_new_one_that_is_good_once(somebody: Member) -> None:
    browser = signed_in(somebody)
    browser.post("/account/email", {"current": PASSWORD, "email": "New@Example.com"})
    (letter,) = letters()
    assert letter.startswith("new@example.com")
    link = link_in(letter)
    assert "new@example.com" in browser.get(link).content.decode()
    somebody.user.refresh_from_db()
    assert somebody.user.email == EMAIL  # looking is not doing
    browser.post(link)
    somebody.user.refresh_from_db()
    assert somebody.user.email == "new@example.com"
    assert letters()[0].startswith(EMAIL)  # the old address is told
    assert browser.get(link).status_code == 410


def test_faults_50_a_change_to_an_address_of_somebody_else_is_answered_alike(somebody: Member) -> None:
    member("other@example.com")
    browser = signed_in(somebody)
    answers = [
        browser.post("/account/email", {"current": PASSWORD, "email": email})["Location"]
        for email in ("other@example.com", "free@example.com")
    ]
    assert answers[0] == answers[1]
    to_other = next(letter for letter in letters() if letter.startswith("other@"))
    assert "/link/" not in to_other


def test_faults_52_the_link_of_one_member_is_no_good_to_another(somebody: Member) -> None:
    signed_in(somebody).post("/account/email", {"current": PASSWORD, "email": "new@example.com"})
    link = link_in(letters()[0])
    other = signed_in(member("other@example.com"))
    assert other.post(link).status_code == 410
    assert Client().get(link)["Location"].startswith("/login?next=/account/email/link/")


def test_an_address_taken_meanwhile_is_not_taken_twice(somebody: Member) -> None:
    browser = signed_in(somebody)
    browser.post("/account/email", {"current": PASSWORD, "email": "new@example.com"})
    link = link_in(letters()[0])
    member("new@example.com")
    assert browser.post(link).status_code == 410


def test_mails_come_in_the_members_language(somebody: Member) -> None:
    browser = signed_in(somebody)
    browser.post("/account", {"language": "en"})
    browser.post("/account/password", {"current": PASSWORD, "password": NEW, "password_again": NEW})
    assert "[AIZU NORUCA] Your password was changed" in letters()[0]


def test_sign_ins_are_listed_and_others_are_ended(somebody: Member) -> None:
    here, elsewhere = came_in("Firefox on a desk"), came_in("Chrome on a phone")
    page = text_of(here.get("/account/sign-ins").content.decode())
    assert page.count("Firefox on a desk") == page.count("Chrome on a phone") == 2  # now, and in the list
    assert "この端末" in page
    for wrong in ({}, {"current": "Wrong2026"}):
        assert here.post("/account/sign-ins/end", wrong).status_code == 200
        assert elsewhere.get("/cards").status_code == 200
    here.post("/account/sign-ins/end", {"current": PASSWORD})
    assert elsewhere.get("/cards").status_code == 302
    assert here.get("/cards").status_code == 200
    assert UserSession.objects.count() == 1


def test_who_leaves_is_erased_and_the_books_stay(somebody: Member, service: Service) -> None:
    mine = owned(somebody)
    with_credit_card(somebody)
    sold = with_pass(mine.card)
    AutoChargeAgreed.objects.create(
        card=mine.card,
        is_on=True,
        trigger_yen=100,
        amount_yen=1_000,
        day_cap_yen=99_000,
        month_cap_yen=99_000,
        first_day=today(),
        agreed_on=today(),
    )
    browser, elsewhere = signed_in(somebody), signed_in(somebody)
    assert browser.post("/account/leave", {"current": PASSWORD})["Location"] == "/left"
    assert browser.get("/cards").status_code == elsewhere.get("/cards").status_code == 302
    user = User.objects.get(pk=somebody.user_id)
    assert (user.is_active, user.has_usable_password(), EMAIL in user.email) == (False, False, False)
    assert not Member.objects.exists()
    assert not MemberCard.objects.exists()
    assert Customer.objects.get(user=user).token == ""
    assert Card.objects.get(pk=mine.card_id).passes.get() == sold
    assert Holder.objects.filter(card=mine.card).exists()  # the counter's, not the portal's
    assert not mine.card.auto_charges.latest("pk").is_on
    assert letters()[0].startswith(EMAIL)
    # The address is free again.
    assert member().user.email == EMAIL


def test_who_is_still_paying_does_not_leave(somebody: Member) -> None:
    mine = owned(somebody)
    Renewal.objects.create(
        user=somebody.user,
        card=mine.card,
        renewed=with_pass(mine.card),
        months=1,
        first_day=today(),
        last_day=today(),
        price_yen=9_660,
        made_at_s=0,
    )
    answer = signed_in(somebody).post("/account/leave", {"current": PASSWORD})
    assert "お支払いを確認中" in errors_of(answer.content.decode())
    assert Member.objects.exists()


def test_what_is_of_no_more_use_is_swept_out(client: Client) -> None:
    client.post("/register", {"email": EMAIL})
    letters()
    (link,) = MailLink.objects.all()
    assert work(link.expires_at_s) == 0  # kept for a while, so that it can say that it has expired
    work(link.expires_at_s + 8 * 86_400)
    assert not MailLink.objects.exists()
