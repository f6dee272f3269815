"""What a supervisor books beside what the books say: boxes counted, vouchers settled, top-ups elsewhere; once each."""

import re
from collections import Counter

import pytest
from django.test import Client

from centre.counter.models import TrailEntry
from centre.ledger import judging, services
from centre.ledger.by_hand import Changed, count, owing
from centre.ledger.models import FindingRow, PostingRow
from centre.users.models import Role
from tests.centre.counter.staff import person, signed_in
from tests.centre.ledger.journals import Bus, Card

pytestmark = pytest.mark.django_db
PAGE = "/ledger/by-hand"


def books() -> dict[str, int]:
    sums = Counter[str]()
    for row in PostingRow.objects.all():
        sums[":".join(filter(None, (row.kind, row.company, row.of)))] += row.yen
    return {account: yen for account, yen in sorted(sums.items()) if yen}


@pytest.fixture
def browser() -> Client:
    return signed_in(person(Role.SUPERVISOR))


def rows(browser: Client) -> list[str]:
    return re.findall(r'name="row" value="([^"]+)"', browser.get(PAGE).content.decode())


def note_in_the_box(result: str = "written", to: str = "box") -> Card:
    bus, card = Bus(), Card()
    seq = bus.top_up(card, 1_000, result)  # type: ignore[arg-type]
    bus.note(seq, 1_000, "stacking", to)  # type: ignore[arg-type]
    bus.send()
    return card


def test_a_note_box_a_hundred_short_is_counted_once(browser: Client) -> None:
    note_in_the_box()
    (row,) = rows(browser)
    for _ in range(2):
        browser.post(f"{PAGE}/count", {"row": row, "yen": "900"})
    assert books() == {"bank:lococa/0": 900, "over-short:lococa/0:BUS-1": 100, "stored-fare:lococa/0": -1_000}
    assert [entry.yen for entry in TrailEntry.objects.filter(operation="counted")] == [900]
    assert rows(browser) == []


def test_a_box_that_took_more_since_it_was_shown_is_looked_at_again(browser: Client) -> None:
    bus, card = Bus(), Card()
    bus.note(bus.top_up(card, 1_000), 1_000, "stacking", "box")
    bus.send()
    (row,), (shown,) = rows(browser), owing(["lococa/0"])
    bus.note(bus.top_up(card, 5_000), 5_000, "stacking", "box")
    bus.send()
    with pytest.raises(Changed):
        count(shown, 1_000, 0)
    said = browser.post(f"{PAGE}/count", {"row": row, "yen": "1000"}, follow=True).content.decode()
    assert "その間に記帳がありました" in said and "6,000円" in said
    assert books() == {"note-box:lococa/0:BUS-1": 6_000, "stored-fare:lococa/0": -6_000}


@pytest.mark.parametrize(
    ("result", "to", "left"),
    [
        ("not_written", "box", {"note-box:lococa/0:BUS-1": 1_000, "till:lococa/0:desk-1": -1_000}),
        ("written", "returned", {"stored-fare:lococa/0": -1_000, "till:lococa/0:desk-1": 1_000}),
    ],
)
def test_faults_43_a_voucher_is_settled_once(browser: Client, result: str, to: str, left: dict[str, int]) -> None:
    note_in_the_box(result, to)
    row = next(one for one in rows(browser) if one.startswith("owed"))
    for _ in range(2):
        browser.post(f"{PAGE}/settle", {"row": row, "where": "desk-1"})
    assert books() == left


def test_loc_7_a_card_topped_up_at_a_station_agrees_again_and_the_station_owes(browser: Client) -> None:
    bus, card = Bus(), Card()
    bus.tap(card, due_yen=200)
    card.slot = card.slot._replace(stored_fare_yen=card.slot.stored_fare_yen + 3_000)
    bus.tap(card, due_yen=200)
    bus.send()
    judging.judge_all()
    finding = FindingRow.objects.get(kind="disagrees")
    for _ in range(2):
        browser.post(f"{PAGE}/elsewhere/{finding.pk}", {"where": "JR East"})
    judging.judge_all()
    assert books()["clearing:lococa/0:JR East"] == 3_000
    assert services.balance_of(card.name) == {"stored-fare": card.slot.stored_fare_yen}
    assert not FindingRow.objects.filter(kind="disagrees", closed_at_s=None).exists()


@pytest.mark.parametrize("role", [Role.CLERK, Role.AUDITOR])
def test_only_a_supervisor_books_by_hand(role: Role) -> None:
    note_in_the_box()
    before, browser = books(), signed_in(person(role))
    assert rows(browser) == []
    (one,) = owing(["lococa/0"])
    sent = {"row": f"{one.account} {one.card} {one.mark} {one.yen}", "yen": "0", "where": "x"}
    for path in ("count", "settle", "elsewhere/1"):
        assert browser.post(f"{PAGE}/{path}", sent).status_code == 403
    assert books() == before


def test_another_operators_boxes_are_not_there() -> None:
    note_in_the_box()
    browser = signed_in(person(Role.SUPERVISOR, scheme="noruca"))
    (one,) = owing(["lococa/0"])
    browser.post(f"{PAGE}/count", {"row": f"{one.account} {one.card} {one.mark} {one.yen}", "yen": "0"})
    assert "bank:lococa/0" not in books()


def test_the_audit_trail_says_it_in_words(browser: Client) -> None:
    note_in_the_box()
    browser.post(f"{PAGE}/count", {"row": rows(browser)[0], "yen": "1000"})
    assert "現金の計数" in browser.get("/counter/trail").content.decode()
