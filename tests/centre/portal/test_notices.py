"""Notices (PRT-3), as the operator gives them: `farebox centre notice`."""

import json

import pytest
from click.testing import CliRunner, Result
from pytest_django import Settings

from centre.portal.models import Notice
from tests.centre.portal.people import member, signed_in
from tools.centre.notices import notice

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def with_a_key(settings: Settings) -> None:
    settings.SECRET_KEY_AT_HAND, settings.PROBLEMS = True, ()


def farebox(*args: str) -> Result:
    """`farebox centre notice ARGS`."""
    return CliRunner().invoke(notice, args)


def test_prt_3_a_notice_is_given_listed_and_ended() -> None:
    given = farebox(
        "add", "運休のお知らせ", "--text", "大雪のため", "--title-en", "No buses", "--text-en", "Heavy snow."
    )
    assert given.exit_code == 0, given.output
    browser = signed_in(member())
    assert "大雪のため" in browser.get("/cards").content.decode()
    assert "Heavy snow." in browser.get("/cards", headers={"accept-language": "en"}).content.decode()
    (row,) = json.loads(farebox("list", "--json").output)
    assert row["title"] == "運休のお知らせ"
    assert farebox("end", str(row["number"])).exit_code == 0
    assert "大雪のため" not in browser.get("/cards").content.decode()


@pytest.mark.parametrize(
    "args",
    [
        ("add", "題", "--text", "本文", "--from", "2026-12-01", "--until", "2026-11-30"),
        ("add", "題" * 101, "--text", "本文"),
        ("add", "題"),
        ("add", "題", "--text", "本文", "--from", "昨日"),
        ("end", "999"),
    ],
)
def test_what_is_no_notice_is_refused(args: tuple[str, ...]) -> None:
    refused = farebox(*args)
    assert refused.exit_code == 2
    assert not Notice.objects.exists()
