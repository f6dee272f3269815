"""The pages of what vehicles are told: who sees, stops, lifts, withdraws, releases."""

from collections.abc import Callable
from io import BytesIO

import pytest
from django.test import Client

from centre import clock
from centre.bundles.models import Directive, NoAutoCharge, Published, Stopped, TariffDraft
from centre.bundles.publishing import publish
from centre.bundles.services import direct, stop
from centre.bundles.tariffs import propose
from centre.collector.models import Vehicle
from centre.collector.vehicles import add_vehicle
from centre.counter.models import TrailEntry
from centre.users.models import Role, User
from tests.centre.bundles.centre_cards import DAY, IDM, OFF, ON, card_of, pass_from
from tests.centre.bundles.test_tariffs import LOCOCA, aizu
from tests.centre.counter.staff import person, signed_in

pytestmark = pytest.mark.django_db

NOW_S = 1_795_000_000
PAGES = ("", "hotlist", "directives", "tariff")


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    def at(now_s: int) -> None:
        monkeypatch.setattr(clock, "now_s", lambda: now_s)

    at(NOW_S)
    monkeypatch.setattr(clock, "today", lambda: DAY)
    return at


@pytest.fixture
def supervisor() -> User:
    return person(Role.SUPERVISOR)


@pytest.fixture
def clerk() -> Client:
    return signed_in(person(Role.CLERK))


@pytest.fixture
def browser(supervisor: User) -> Client:
    return signed_in(supervisor)


def text(client: Client, page: str, **asked: str) -> str:
    response = client.get(f"/counter/bundles/{page}", asked)
    assert response.status_code == 200
    return response.content.decode()


def send(client: Client, page: str, **fields: object) -> int:
    return client.post(f"/counter/bundles/{page}", fields).status_code


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_pages_are_there_with_nothing_and_with_something_to_show(browser: Client, page: str, language: str) -> None:
    browser.cookies["django_language"] = language
    text(browser, page)
    stop(IDM, "lost")
    direct(card_of(), DAY, [pass_from(DAY, DAY), ON])
    publish(NOW_S)
    assert ("配信状況" if language == "ja" else "What is published") in text(browser, page)


@pytest.mark.parametrize("page", PAGES)
def test_faults_47_nobody_but_staff_sees_them(page: str) -> None:
    assert Client().get(f"/counter/bundles/{page}").status_code == 302
    for role in (Role.CLERK, Role.AUDITOR, Role.SUPERVISOR):
        assert signed_in(person(role, f"one-{role}")).get(f"/counter/bundles/{page}").status_code == 200


@pytest.mark.parametrize("page", ["hotlist/1/lift", "directives/1/withdraw", "tariff/1/release", "tariff/1/reject"])
def test_faults_47_what_a_supervisor_does_a_clerk_does_not(clerk: Client, browser: Client, page: str) -> None:
    assert send(clerk, page, why="because") == 403
    assert send(browser, page, why="because") == 404
    assert browser.get(f"/counter/bundles/{page}").status_code == 405


def test_ctr_3_the_overview_tells_who_has_the_newest_and_when_it_is_too_old(
    browser: Client, now: Callable[[int], None]
) -> None:
    assert "車両に届いていません" in text(browser, "")
    publish(NOW_S)
    for name, version in (("BUS-1", NOW_S), ("BUS-2", NOW_S - 5)):
        add_vehicle(name, ["ab" * 32])
        Vehicle.objects.filter(terminal_id=name).update(bundles={"hotlist": version})
    shown = text(browser, "")
    assert "1 / 2" in shown and "古くなっています" not in shown
    now(NOW_S + 2 * 86_400)
    fresh = Client()
    fresh.post("/counter/login", {"email": "supervisor@example.jp", "password": "大変 長い passphrase 2026"})
    assert "古くなっています" in text(fresh, "")


def test_gen_11_a_clerk_stops_a_card_and_a_supervisor_lifts_it_with_a_reason(clerk: Client, browser: Client) -> None:
    assert send(clerk, "hotlist", idm=IDM.lower(), why="紛失の届出") == 302
    assert send(clerk, "hotlist", idm=IDM, why="again") == 302
    found = Stopped.objects.get()
    assert (found.idm, found.why, found.stopped_by and found.stopped_by.role) == (IDM, "紛失の届出", Role.CLERK)
    assert "解除する" in text(browser, "hotlist") and "解除する" not in text(clerk, "hotlist")
    assert send(browser, f"hotlist/{found.pk}/lift", why="") == 302
    assert Stopped.objects.filter(until_s=None).exists()
    assert send(browser, f"hotlist/{found.pk}/lift", why="発見") == 302
    assert not Stopped.objects.filter(until_s=None).exists()
    assert [(entry.operation, entry.idm) for entry in TrailEntry.objects.filter(what="done").order_by("pk")] == [
        ("stop", IDM),
        ("lift-stop", IDM),
    ]


def test_gen_11_what_is_no_idm_is_said_and_an_auditor_only_looks(clerk: Client) -> None:
    assert send(clerk, "hotlist", idm="012E", why="lost") == 400
    assert send(signed_in(person(Role.AUDITOR)), "hotlist", idm=IDM, why="lost") == 403
    assert not Stopped.objects.exists()


def test_gen_11_a_card_is_found_by_idm_and_by_number(browser: Client) -> None:
    card = card_of()
    stop(IDM, "lost")
    stop("012E000000000002", "stolen")
    NoAutoCharge.objects.create(idm=IDM, why="billing failed", since_s=0)
    for asked in (IDM.lower(), card.number.lower()):
        shown = text(browser, "hotlist", q=asked)
        assert "lost" in shown and "stolen" not in shown
    assert "該当するカードはありません" in text(browser, "hotlist", q="<script>")
    assert "<script>" not in text(browser, "hotlist", q="<script>")


def test_ctr_3_a_supervisor_withdraws_a_directive_with_a_reason(browser: Client) -> None:
    directive = direct(card_of(), DAY, [OFF])
    assert "オートチャージ解除" in text(browser, "directives")
    assert send(browser, f"directives/{directive.pk}/withdraw", why="") == 302
    assert Directive.objects.get().is_open
    for _ in range(2):
        assert send(browser, f"directives/{directive.pk}/withdraw", why="申込取消") == 302
    assert Directive.objects.get().state == "withdrawn"
    assert "書込み待ちはありません" in text(browser, "directives")
    assert "申込取消" in text(browser, "directives", q=IDM)


class TestTariff:
    def test_faults_29_a_slip_is_seen_first_and_released_by_another_person_only(
        self, browser: Client, supervisor: User
    ) -> None:
        other = person(Role.SUPERVISOR, "other")
        for files, note in (({"a": aizu(), "b": LOCOCA.encode()}, "first"), ({"a": aizu(2_160)}, "April")):
            uploads = [named(f"{name}.toml", data) for name, data in files.items()]
            assert send(browser, "tariff", uploads=uploads, note=note) == 302
            draft = TariffDraft.objects.first()
            assert draft is not None and draft.needs_second
            page = f"tariff/{draft.pk}"
            assert "別の責任者の確認を待っています" in text(browser, page)
            assert "署名して配信する" not in text(browser, page)
            assert send(browser, f"{page}/release") == 302
            draft.refresh_from_db()
            assert draft.state == "proposed"
            assert send(signed_in(other), f"{page}/release") == 302
            draft.refresh_from_db()
            assert draft.state == "released" and draft.judged_by == other
        shown = text(browser, page)
        assert shown.index("+900.0 %") < shown.index("</tbody>") and "2,160" in shown and "限度超え" in shown
        assert Published.objects.filter(kind="tariff").count() == 2

    def test_below_the_limit_one_supervisor_does_it(self, browser: Client, supervisor: User) -> None:
        Published.objects.all().delete()
        first = propose({"a": aizu()}, supervisor)
        assert send(signed_in(person(Role.SUPERVISOR, "other")), f"tariff/{first.pk}/release") == 302
        assert send(browser, "tariff", uploads=[named("a.toml", aizu(226))], note="April") == 302
        draft = TariffDraft.objects.first()
        assert draft is not None and "署名して配信する" in text(browser, f"tariff/{draft.pk}")
        assert send(browser, f"tariff/{draft.pk}/release") == 302
        assert Published.objects.filter(kind="tariff").count() == 2
        assert "aizu-noruca/2016-01-01" in text(browser, "tariff")

    def test_a_proposal_is_rejected_with_a_reason(self, browser: Client, supervisor: User) -> None:
        draft = propose({"a": aizu()}, supervisor)
        assert send(browser, f"tariff/{draft.pk}/reject", why="") == 302
        assert send(browser, f"tariff/{draft.pk}/reject", why="誤り") == 302
        draft.refresh_from_db()
        assert (draft.state, draft.judged_why) == ("rejected", "誤り")

    def test_every_problem_is_told_and_nothing_is_kept(self, browser: Client) -> None:
        uploads = [named("a.toml", b"scheme = <b>"), named("b.toml", aizu(cap_yen='"much"'))]
        response = browser.post("/counter/bundles/tariff", {"uploads": uploads, "note": "April"})
        shown = response.content.decode()
        assert response.status_code == 400 and "a.toml" in shown and "cap_yen" in shown and "<b>" not in shown
        assert not TariffDraft.objects.exists()

    def test_a_clerk_looks_and_proposes_nothing(self, clerk: Client) -> None:
        assert "運賃を提案する" not in text(clerk, "tariff")
        assert send(clerk, "tariff", uploads=[named("a.toml", aizu())], note="April") == 403
        assert not TariffDraft.objects.exists()


def named(name: str, data: bytes) -> BytesIO:
    file = BytesIO(data)
    file.name = name
    return file
