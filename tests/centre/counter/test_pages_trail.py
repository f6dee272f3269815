"""The audit trail: what stands in it, that nothing of it can be changed, and how it is read."""

import csv
import io

import pytest
from django.db import connection

from centre.counter import trail
from centre.counter.models import TrailEntry
from centre.counter.trail import About, What
from centre.users.models import Role, User
from tests.centre.counter.staff import person, signed_in

pytestmark = pytest.mark.django_db
TOPPED_UP = About("top-up", "012E000000000042", "LC00000000000042", yen=1_000)


@pytest.fixture
def clerk() -> User:
    return person(Role.CLERK)


def some(clerk: User) -> list[TrailEntry]:
    return [
        trail.note(clerk, What.ASKED, TOPPED_UP),
        trail.note(clerk, What.DONE, TOPPED_UP, before={"stored_fare_yen": 500}, after={"stored_fare_yen": 1_500}),
        trail.note(clerk, What.REFUSED, TOPPED_UP, said="=GEN-3"),
    ]


# -- it is only added to


def test_an_entry_is_neither_changed_nor_taken_away(clerk: User) -> None:
    entry = some(clerk)[0]
    entry.yen = 5
    for attempt in (entry.save, entry.delete, TrailEntry.objects.all().delete):
        with pytest.raises(TypeError):
            attempt()
    with pytest.raises(TypeError):
        TrailEntry.objects.update(yen=5)
    assert trail.broken_at() is None


def test_the_trail_is_whole_from_its_first_entry_on(clerk: User) -> None:
    assert trail.broken_at() is None
    some(clerk)
    assert trail.broken_at() is None


@pytest.mark.parametrize(
    "meddling",
    [
        "UPDATE counter_trailentry SET yen = 1 WHERE id = %s",
        "UPDATE counter_trailentry SET said = 'nothing' WHERE id = %s",
        "UPDATE counter_trailentry SET at_s = at_s - 60 WHERE id = %s",
    ],
)
def test_what_is_changed_past_the_programs_is_found(clerk: User, meddling: str) -> None:
    entry = some(clerk)[1]
    with connection.cursor() as cursor:
        cursor.execute(meddling, [entry.pk])
    assert trail.broken_at() == entry.pk


def test_what_is_taken_out_is_found_by_what_follows_and_the_end_by_the_head(clerk: User) -> None:
    _, second, third = some(clerk)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM counter_trailentry WHERE id = %s", [second.pk])
        assert trail.broken_at() == third.pk
        cursor.execute("DELETE FROM counter_trailentry WHERE id = %s", [third.pk])
    assert trail.broken_at() == 0


def test_the_page_says_when_it_is_not_whole(clerk: User) -> None:
    entry = some(clerk)[1]
    auditor = signed_in(person(Role.AUDITOR))
    assert "連続しています" in auditor.get("/counter/trail?check=1").content.decode()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE counter_trailentry SET yen = 1 WHERE id = %s", [entry.pk])
    said = auditor.get("/counter/trail?check=1").content.decode()
    assert "改変または欠落" in said
    assert str(entry.pk) in said


# -- it is read


def test_it_says_who_what_when_before_and_after(clerk: User) -> None:
    some(clerk)
    said = signed_in(person(Role.AUDITOR)).get("/counter/trail").content.decode()
    for words in ("clerk@example.jp", "チャージ", "LC*****0042", "012E000000000042", "1,000円", "実施"):
        assert words in said
    assert "チャージ残額（円）: 500 → <strong>1,500</strong>" in said
    assert "LC00000000000042" not in said


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", 4),
        ("?what=done", 1),
        ("?who=clerk", 3),
        ("?who=nobody", 0),
        ("?card=012e000000000042", 3),
        ("?card=012E000000000043", 0),
        ("?first_day=2001-01-01", 4),
        ("?last_day=2001-01-01", 0),
        ("?last_day=9999-12-31", 4),
        ("?first_day=nonsense&page=7", 4),
    ],
)
def test_it_is_filtered(clerk: User, asked: str, found: int) -> None:
    some(clerk)
    said = signed_in(person(Role.AUDITOR)).get(f"/counter/trail{asked}").content.decode()
    assert said.count("<code>") == found
    assert f"{found} 件" in said


def test_roles_operators_and_refusals_stand_in_words(clerk: User) -> None:
    trail.note(clerk, What.REFUSED, TOPPED_UP, said="over-cap GEN-3")
    shown = signed_in(person(Role.AUDITOR)).get("/counter/trail").content.decode()
    assert "<small>窓口係 LOCOCA</small>" in shown and "残額の上限を超えます GEN-3" in shown
    assert "over-cap" not in shown and "clerk lococa" not in shown


def test_many_entries_stand_on_many_pages(clerk: User) -> None:
    for _ in range(60):
        trail.note(clerk, What.LOOKED, TOPPED_UP)
    auditor = signed_in(person(Role.AUDITOR))
    assert auditor.get("/counter/trail?what=looked").content.decode().count("<code>") == 50
    second = auditor.get("/counter/trail?what=looked&page=2").content.decode()
    assert second.count("<code>") == 10
    assert "?what=looked&amp;page=1" in second


def test_it_is_taken_as_a_file_that_no_spreadsheet_computes(clerk: User) -> None:
    some(clerk)
    auditor = signed_in(person(Role.AUDITOR))
    response = auditor.get("/counter/trail.csv?card=012E000000000042")
    text = b"".join(response).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["what"] for row in rows] == ["refused", "done", "asked"]
    assert rows[0]["said"] == "'=GEN-3"
    assert rows[1]["yen"] == "1000"
    assert rows[1]["at"].endswith("+09:00")
    assert auditor.get("/counter/trail.csv?card=x").status_code == 400
    assert TrailEntry.objects.filter(what="read").count() == 1
