"""Registration as the guide's screens run (PRT-1), and what it must not tell or take (faults 50, 53)."""

import re
from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from centre.clock import now_s
from centre.portal.letters import send_waiting
from centre.portal.models import Letter, MailLink, Member
from centre.users.models import User
from tests.centre.portal.people import EMAIL, PASSWORD, errors_of, letters, link_in, member, text_of

pytestmark = pytest.mark.django_db

FORM = {
    "password": PASSWORD,
    "password_again": PASSWORD,
    "postal_code": "9650042",
    "birth": "1990-04-01",
    "terms": "on",
}


def asked(client: Client, email: str = EMAIL) -> str:
    """The mail that asking for registration brings."""
    assert client.post("/register", {"email": email}).headers["Location"] == "/register/sent"
    (letter,) = letters()
    return letter


def opened(client: Client) -> None:
    """The form of registration, opened by the link in the mail."""
    assert client.get(link_in(asked(client))).headers["Location"] == "/register/form"


def test_prt_1_from_the_address_to_the_mail_that_says_it_is_done(client: Client) -> None:
    page = text_of(client.get("/register").content.decode())
    assert "会員登録メールアドレスの入力" in page
    assert "aizuic_info@localhost" in page  # which sender to let through
    opened(client)
    form = client.get("/register/form").content.decode()
    assert f'value="{EMAIL}"' in form
    assert "ログインIDとしても使用されます" in form
    assert client.post("/register/form", FORM).headers["Location"] == "/register/confirm"
    confirmation = client.get("/register/confirm").content.decode()
    for shown in (EMAIL, "表示しません", "9650042", "1990/04/01", "編集に戻る"):
        assert shown in confirmation
    assert PASSWORD not in confirmation
    assert client.post("/register/confirm").headers["Location"] == "/register/done"
    assert "会員登録が完了しました" in client.get("/register/done").content.decode()
    (letter,) = letters()
    assert letter.startswith(EMAIL)
    assert "会員登録が完了しました" in letter
    user = User.objects.get(email=EMAIL)
    assert user.check_password(PASSWORD)
    assert (user.member.postal_code, user.member.birth.year) == ("9650042", 1990)


def test_prt_1_back_to_edit_keeps_all_but_the_password(client: Client) -> None:
    opened(client)
    client.post("/register/form", FORM)
    again = client.get("/register/form").content.decode()
    assert 'value="9650042"' in again
    assert 'value="1990-04-01"' in again
    assert "checked" in again
    assert PASSWORD not in again


def test_prt_1_the_password_is_never_kept_in_the_clear(client: Client) -> None:
    opened(client)
    client.post("/register/form", FORM)
    told = [session.get_decoded() for session in Session.objects.all()]
    assert any("portal_told" in each for each in told)
    assert PASSWORD not in repr(told)
    client.post("/register/confirm")
    assert "portal_told" not in repr([session.get_decoded() for session in Session.objects.all()])


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("password", "short1", "8文字以上32文字以内"),
        ("password", "onlyletters", "半角の英字と数字"),
        ("password", "password1", "よく使われるパスワード"),
        ("password", "noruca2026x", "@より前の文字列"),
        ("password_again", "Wakamatsu2027", "一致しません"),
        ("postal_code", "965-0042", "半角数字7桁"),
        ("birth", "2090-04-01", "生年月日をご確認ください"),
        ("birth", "昨日", "生年月日をご確認ください"),
        ("terms", "", "利用規約への同意が必要です"),
    ],
)
def test_prt_1_what_the_form_does_not_take_is_said_at_its_field(
    client: Client, field: str, value: str, said: str
) -> None:
    opened(client)
    answer = client.post("/register/form", {**FORM, field: value})
    assert answer.status_code == 200
    page = answer.content.decode()
    assert said in errors_of(page)
    assert f'href="#id_{field}"' in page  # the summary leads to the field
    at_field = re.search(rf'<ul class="errorlist" id="id_{field}_error">(.*?)</ul>', page)
    assert at_field is not None
    assert said in at_field[1]
    assert re.search(rf'aria-describedby="[^"]*id_{field}_error', page)
    assert "portal_told" not in client.session


def answers(email: str) -> tuple[list[str], str, list[str]]:
    """What a known or unknown address brings: pages, and what the centre did for it."""
    client = Client()
    pages = [text_of(client.get("/register").content.decode())]
    with CaptureQueriesContext(
        connection,
    ) as done:
        answer = client.post("/register", {"email": email})
    # Now: the next request forgets them. Values and names of savepoints differ, what is asked must not.
    work = [re.split(r" VALUES | WHERE |(?<=SAVEPOINT) ", query["sql"])[0] for query in done.captured_queries]
    pages.append(text_of(client.get(answer.headers["Location"]).content.decode()))
    return pages, answer.headers["Location"], work


def test_faults_50_a_known_address_and_an_unknown_one_get_the_same_answer_after_the_same_work() -> None:
    member()
    known, unknown = answers(EMAIL), answers("nobody@example.com")
    assert known == unknown
    assert len(known[2]) > 5
    to_known, to_unknown = sorted(letters(), reverse=True)
    assert "すでに会員登録されています" in to_known
    assert "/register/link/" in to_unknown


def test_faults_50_a_forgotten_password_is_no_oracle_either() -> None:
    member()
    pages = []
    for email in (EMAIL, "nobody@example.com"):
        client = Client()
        answer = client.post("/password", {"email": email})
        pages.append((answer.status_code, answer.headers["Location"]))
    assert pages[0] == pages[1]
    assert sorted("/password/link/" in letter for letter in letters()) == [False, True]


def test_faults_53_a_link_is_good_once(client: Client) -> None:
    link = link_in(asked(client))
    client.get(link)
    client.post("/register/form", FORM)
    client.post("/register/confirm")
    for path in (link, "/register/form", "/register/confirm"):
        answer = client.get(path)
        assert answer.status_code == 410
        assert "リンクは無効です" in answer.content.decode()
    assert Member.objects.count() == 1


def test_faults_53_a_link_that_was_looked_at_by_a_mail_program_still_serves(client: Client) -> None:
    link = link_in(asked(client))
    Client().get(link)
    assert client.get(link).status_code == 302


def test_faults_53_a_link_expires(client: Client, wait: Callable[[int], None]) -> None:
    opened(client)
    client.post("/register/form", FORM)
    wait(24 * 3_600)
    assert client.post("/register/confirm").status_code == 410
    assert not Member.objects.exists()


def test_faults_53_two_who_press_at_once_make_one_member(client: Client) -> None:
    link = link_in(asked(client))
    browsers = [client, Client()]
    for browser in browsers:
        browser.get(link)
        browser.post("/register/form", FORM)
    assert [browser.post("/register/confirm").status_code for browser in browsers] == [302, 410]


@pytest.mark.parametrize("secret", ["nonsense", "x" * 500, "%00"])
def test_faults_53_a_link_that_was_never_sent_is_refused(client: Client, secret: str) -> None:
    assert client.get(f"/register/link/{secret}").status_code == 410


def test_faults_53_a_link_for_one_thing_is_no_link_for_another(client: Client) -> None:
    path = link_in(asked(client)).replace("/register/link/", "/password/link/")
    assert client.get(path).status_code == 410


def test_faults_53_no_link_stands_in_the_database_once_it_is_sent(client: Client) -> None:
    secret = link_in(asked(client)).rpartition("/")[2]
    assert secret not in repr(list(MailLink.objects.values())) + repr(list(Letter.objects.values()))


def test_nobodys_letter_box_is_filled(client: Client) -> None:
    for _ in range(6):
        assert client.post("/register", {"email": EMAIL}).headers["Location"] == "/register/sent"
    assert len(letters()) == 3


def test_one_network_address_does_not_mail_the_world(client: Client) -> None:
    for turn in range(20):
        client.post("/register", {"email": f"{turn}@example.com"})
    answer = client.post("/register", {"email": "one-more@example.com"})
    assert "もう一度お試しください" in errors_of(answer.content.decode())


def test_a_letter_goes_out_at_once_when_the_server_answers(
    client: Client, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        client.post("/register", {"email": EMAIL})
    assert [each.to for each in mail.outbox] == [[EMAIL]]
    assert letters() != []
    assert letters() == []  # and not again


def test_a_letter_that_did_not_go_is_tried_again(
    client: Client, monkeypatch: pytest.MonkeyPatch, wait: Callable[[int], None]
) -> None:
    client.post("/register", {"email": EMAIL})
    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.EmailMessage.send", _no_server)
        assert letters() == []
    assert letters() == []  # not before its time
    wait(60)
    assert len(letters()) == 1


def test_of_two_who_would_send_a_letter_one_does(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.post("/register", {"email": EMAIL})
    with monkeypatch.context() as raced:
        # The other moved the time of the next try between our look and our word.
        raced.setattr("django.db.models.query.QuerySet.update", lambda *_args, **_values: 0)
        send_waiting(now_s())
    assert mail.outbox == []


def _no_server(*_args: object, **_kwargs: object) -> None:
    raise ConnectionRefusedError
