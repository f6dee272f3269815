"""What is published, when, and under which version (CTR-3, faults 28, 39)."""

from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from centre import clock
from centre.bundles import publishing
from centre.bundles.models import Kind, Published, Stopped
from centre.bundles.publishing import FRESH_S, contents, current, publish, raise_version
from centre.bundles.services import bar_auto_charge, direct, seen, stop, unbar_auto_charge, unstop
from centre.bundles.work import work
from centre.keys import public_key
from farebox.formats import cose
from farebox.formats.bundle import MOST_BYTES, Hotlist
from tests.centre.bundles.centre_cards import DAY, IDM, OFF, card_of

NOW_S = 1_795_000_000
OTHER = "012E000000000002"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def on_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "today", lambda: DAY)


def hotlist() -> Hotlist:
    found = contents(Published.objects.filter(kind=Kind.HOTLIST)[0])
    assert isinstance(found, Hotlist)
    return found


def test_gen_11_the_first_hotlist_is_published_even_if_it_is_empty() -> None:
    """A terminal that never had one cannot say how old it is."""
    assert [made.kind for made in publish(NOW_S)] == ["hotlist"]
    assert hotlist() == Hotlist(NOW_S, NOW_S, hotlist().refused, hotlist().no_auto_charge) and not len(
        hotlist().refused
    )


def test_gen_11_aut_6_who_is_on_which_list() -> None:
    stop(IDM, "lost")
    bar_auto_charge(OTHER, "billing failed")
    publish(NOW_S)
    assert bytes.fromhex(IDM) in hotlist().refused and bytes.fromhex(OTHER) in hotlist().no_auto_charge
    assert unstop(IDM, "found") and unbar_auto_charge(OTHER)
    assert not unstop(IDM) and not unbar_auto_charge(OTHER)
    publish(NOW_S + 1)
    assert not len(hotlist().refused) and not len(hotlist().no_auto_charge)


def test_gen_11_a_card_that_is_stopped_twice_is_stopped_once_as_it_was_first_said() -> None:
    assert stop(IDM, "lost") == stop(IDM, "lost again")
    assert Stopped.objects.get().why == "lost"
    with pytest.raises(IntegrityError), transaction.atomic():
        Stopped.objects.create(idm=IDM, why="twice", since_s=0)


def test_ctr_3_nothing_new_is_not_published() -> None:
    stop(IDM, "lost")
    assert len(publish(NOW_S)) == 1
    assert publish(NOW_S + 5) == []
    unstop(IDM)
    stop(IDM, "lost once more")
    assert publish(NOW_S + 10) == [] and work(NOW_S + 15) == 0
    stop(OTHER, "lost")
    assert work(NOW_S + 20) == 1


def test_ctr_3_a_look_at_what_has_not_changed_reads_no_card(
    django_assert_max_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    direct(card_of(), DAY, [OFF])
    publish(NOW_S)
    monkeypatch.setattr(publishing, "_hotlist", None)
    monkeypatch.setattr(publishing, "_directives", None)
    with django_assert_max_num_queries(25):
        assert publish(NOW_S + 5) == []


def test_ctr_3_each_kind_counts_for_itself_and_versions_only_rise() -> None:
    """Also within one second, and if the clock is set back."""
    versions = []
    for number, at_s in enumerate((NOW_S, NOW_S, NOW_S - 500, NOW_S + 7)):
        stop(f"012E0000000000A{number}", "lost")
        versions.append(publish(at_s)[0].version)
    assert versions == [NOW_S, NOW_S + 1, NOW_S + 2, NOW_S + 7]
    direct(card_of(), DAY, [OFF])
    assert [made.version for made in publish(NOW_S + 8)] == [NOW_S + 8]


def test_ctr_3_a_centre_whose_clock_was_ahead_can_be_told_so() -> None:
    raise_version(Kind.HOTLIST, NOW_S + 10**9)
    assert publish(NOW_S)[0].version == NOW_S + 10**9 + 1


@pytest.mark.parametrize(("age_s", "made"), [(FRESH_S - 1, 0), (FRESH_S, 1), (-1, 1)])
def test_faults_39_a_hotlist_is_made_anew_after_a_day_or_if_it_is_from_the_future(age_s: int, made: int) -> None:
    publish(NOW_S)
    assert len(publish(NOW_S + age_s)) == made


def test_ctr_3_another_key_signs_all_of_it_anew(tmp_path: Path, settings: Settings) -> None:
    direct(card_of(), DAY, [OFF])
    publish(NOW_S)
    key = tmp_path / "new.key"
    key.write_text("2: " + "d0" * 32)
    key.chmod(0o600)
    settings.SIGNING_KEY_PLACE = str(key)
    assert [made.kind for made in publish(NOW_S + 5)] == ["hotlist", "directives"]
    for row in Published.objects.filter(version=NOW_S + 5):
        assert cose.vouched(bytes(row.signed), [public_key()], MOST_BYTES)
    assert publish(NOW_S + 6) == []


def test_ctr_3_what_was_never_published_leaves_no_empty_bundle_behind() -> None:
    direct(card_of(), DAY, [OFF])
    seen(IDM, 1, NOW_S)
    publish(NOW_S)
    assert current(Kind.DIRECTIVES) is None
