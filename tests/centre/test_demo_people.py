"""Who and what a demo begins with: what its first page says can be done, can be done."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from centre import clock
from centre.cards.models import Card, SoldPass
from centre.portal.models import MemberCard
from centre.portal.rules_renewal import first_days
from farebox.feed.operators import load_operators
from tools.centre_demo.people import fill
from tools.centre_demo.places import BUSES, CLERKS, KANA, TELEPHONE, TO_ADD, Demo


@pytest.mark.django_db
@pytest.mark.parametrize("today", [date(2026, 11, 22), date(2027, 2, 27), date(2027, 3, 25), date(2028, 3, 25)])
def test_prt_3_prt_5_a_card_can_be_added_and_a_pass_renewed_today_and_tomorrow(
    today: date, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HOME = tmp_path
    monkeypatch.setattr(clock, "now_s", lambda: int(datetime(*today.timetuple()[:3], 3, tzinfo=UTC).timestamp()))
    fill(Demo(tmp_path / "demo", 8_000, 8_001, 8_002))
    sold = SoldPass.objects.get()
    assert len(set(sold.stop_names[0])) == 2, "from one stop to another one"
    for on in (today, today + timedelta(days=1)):
        rules = load_operators().on("aizu-noruca", on)
        commuter = next(each for each in rules.products if each.name == "commuter")
        assert first_days(sold.last_day, on, commuter) == (sold.last_day + timedelta(days=1),)
    kinds = {each.name for scheme in BUSES.values() for each in load_operators().on(scheme, today).card_kinds}
    assert {card.kind for card in Card.objects.all()} <= {*kinds, ""}, "no kind that its operator has not"
    added = Card.objects.get(number=TO_ADD)
    assert (added.named, added.holder.kana_name, added.holder.telephone) == (True, KANA, TELEPHONE)
    lost = Card.objects.get(scheme="lococa", named=True)
    titles = {each.name: each.title for each in load_operators().on("lococa", today).card_kinds}
    assert titles[lost.kind] == "記名式LOCOCA 一般"
    assert lost.holder.kana_name == KANA, "one that can be reported lost, refunded by two, and issued anew"
    assert {("clerk", "lococa"), ("supervisor", "lococa")} <= set(CLERKS.values())
    assert not MemberCard.objects.filter(card=added).exists()
