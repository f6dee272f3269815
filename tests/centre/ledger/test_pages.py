"""The ledger's pages and files: who may see what, and what they say."""

from datetime import timedelta

import pytest
from django.test import Client

from centre import clock
from centre.ledger import judging
from centre.ledger.events import auto_charge_billed
from centre.ledger.models import DayClosed, FindingRow
from centre.ledger.services import book
from centre.ledger.statement import statement_of
from centre.users.models import Role
from tests.centre.counter.staff import person, signed_in
from tests.centre.ledger.journals import Bus, Card

pytestmark = pytest.mark.django_db
PAGES = ("", "trial", "clearing", "findings", "card", "by-hand")


@pytest.fixture
def card() -> Card:
    """A card that rode with both companies."""
    found = Card()
    for name, company in (("BUS-1", 0), ("BUS-2", 1)):
        bus = Bus(name, company=company)
        bus.tap(found, due_yen=300, cash_yen=100)
        bus.send()
    judging.judge_all()
    return found


def page(client: Client, path: str, status: int = 200) -> str:
    """A page's text."""
    response = client.get(f"/ledger/{path}")
    assert response.status_code == status
    return response.content.decode()


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("role", [Role.CLERK, Role.SUPERVISOR, Role.AUDITOR])
def test_staff_may_read_every_page(card: Card, path: str, role: Role) -> None:
    said = page(signed_in(person(role)), path)
    assert "<h1>" in said and "style=" not in said and "<script" not in said


@pytest.mark.parametrize("path", PAGES)
def test_nobody_else_may(path: str) -> None:
    assert Client().get(f"/ledger/{path}").status_code == 302
    client = Client()
    client.force_login(person(Role.MEMBER))
    assert client.get(f"/ledger/{path}").status_code == 302


def test_the_trial_balance_has_both_sides(card: Card) -> None:
    client = signed_in(person(Role.AUDITOR))
    rows = page(client, "trial?as=csv").splitlines()
    assert rows[0].lstrip("\ufeff") == "company,kind,debit,credit"
    totals = [row.split(",") for row in rows if "合計" in row]
    assert len(totals) == 2 and all(row[2] == row[3] != "0" for row in totals)


def test_loc_6_clearing_says_who_owes_whom(card: Card) -> None:
    rows = page(signed_in(person(Role.CLERK)), "clearing?as=csv").splitlines()
    assert rows[1:] == ["ジェイアールバス関東 白河支店,新常磐交通,200"]


def test_a_cards_statement_names_its_records(card: Card) -> None:
    client = signed_in(person(Role.CLERK))
    said = page(client, f"card?idm={card.name}")
    assert "BUS-2 route-1" in said and "1,600円" in said
    assert page(client, f"card?idm={card.name}&as=csv").count("\r\n") == 4  # its opening, too
    assert "このカードの記録はありません" in page(client, "card?idm=0000000000000000")
    assert "16桁" in page(client, "card?idm=x")


def test_a_statement_has_the_last_first_within_a_second_too_and_the_amount_of_what_was_done_off_the_bus() -> None:
    bus, card = Bus(scheme="aizu-noruca"), Card(scheme="aizu-noruca")
    for due_yen, auto_charge_yen in ((200, 0), (300, 3_000)):
        began_s = bus.at_s
        bus.tap(card, due_yen=due_yen, auto_charge_yen=auto_charge_yen)
        bus.at_s = began_s
    bus.send()
    book([auto_charge_billed("bill", bus.at_s + 3_600, "aizu-noruca", card.name, 3_000)])
    found = statement_of(card.name)
    assert found is not None
    assert [(row.what, row.amount_yen, row.due_yen, row.auto_charge_yen) for row in found.rows[:3]] == [
        ("auto-charge-billed", 3_000, None, None),
        ("alight", None, 300, 3_000),
        ("alight", None, 200, 0),
    ]


def test_who_works_for_another_operator_sees_nothing_of_it(card: Card) -> None:
    client = signed_in(person(Role.SUPERVISOR, scheme="noruca"))
    assert "まだ記帳がありません" in page(client, "?company=lococa/0")
    assert "このカードの記録はありません" in page(client, f"card?idm={card.name}")
    assert "新常磐" not in page(client, "clearing") + page(client, "trial")
    assert card.name not in page(client, "findings")
    pk = FindingRow.objects.get().pk
    assert client.post(f"/ledger/findings/{pk}/close", {"why": "x"}).status_code == 404


def test_a_finding_is_closed_by_a_supervisor_who_says_why(card: Card) -> None:
    row = FindingRow.objects.get(kind="unknown-card")
    url = f"/ledger/findings/{row.pk}/close"
    assert signed_in(person(Role.CLERK)).post(url, {"why": "x"}).status_code == 403
    client = signed_in(person(Role.SUPERVISOR))
    client.post(url, {"why": ""})
    row.refresh_from_db()
    assert row.closed_at_s is None
    client.post(url, {"why": "発売記録を確認した"})
    row.refresh_from_db()
    assert row.closed_by is not None and row.why == "発売記録を確認した"
    judging.judge_all()  # found again, it stays closed
    row.refresh_from_db()
    assert row.closed_at_s is not None
    assert "発売記録を確認した" in page(client, "findings")


def test_a_day_is_closed_by_a_supervisor(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    today = clock.today()
    asked = {"company": "lococa/0", "day": today.isoformat()}
    client = signed_in(person(Role.SUPERVISOR))
    client.post("/ledger/close", asked)
    assert not DayClosed.objects.exists()
    monkeypatch.setattr("centre.ledger.closing.today", lambda: today + timedelta(days=1))
    assert signed_in(person(Role.AUDITOR)).post("/ledger/close", asked).status_code == 403
    client.post("/ledger/close", asked)
    client.post("/ledger/close", {**asked, "company": "noruca"})
    closed = DayClosed.objects.get()
    assert (closed.company, closed.day, closed.totals["trial_yen"]) == ("lococa/0", today, 0)
    assert "締め済" in page(client, f"?company=lococa/0&day={today}")


def test_a_day_that_is_none_shows_today(card: Card) -> None:
    said = page(signed_in(person(Role.CLERK)), "?company=lococa/0&day=2026-13-45")
    assert f"{clock.today():%Y/%m/%d}" in said


def test_a_spreadsheet_takes_nothing_for_a_formula() -> None:
    bus, card = Bus("=HYPERLINK(1)"), Card()
    bus.tap(card, due_yen=300, cash_yen=100)
    bus.send()
    rows = page(signed_in(person(Role.CLERK)), f"?company=lococa/0&day={clock.today():%Y-%m-%d}&as=csv")
    assert "'=HYPERLINK(1)" in rows
