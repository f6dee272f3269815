"""A tariff from the upload to the vehicles: what is compared, what takes two people (CTR-3, faults 29, 47)."""

from datetime import date

import pytest
from pytest_django.fixtures import Settings

from centre.bundles.models import Kind, Published, TariffDraft
from centre.bundles.publishing import contents, publish
from centre.bundles.tariffs import NotReleased, in_force, propose, reject, release
from centre.counter.models import TrailEntry
from centre.users.models import Role, User
from farebox.bundles import broken_inside, operators_of
from farebox.formats.bundle import MOST_FILE_BYTES, Tariff
from tariff.operator_file import RulebookError
from tests.centre.counter.staff import person
from tests.tools.tariff_files import SHIPPED
from tools.feeds import feed_path

pytestmark = pytest.mark.django_db

AIZU = (SHIPPED / "aizu-noruca" / "2016-01-01.toml").read_text("utf-8")
LOCOCA = (SHIPPED / "lococa" / "2016-01-01.toml").read_text("utf-8")
FLAT = "adult_yen = 100                     # AZF-60"
"""A flat fare of one ride."""


def aizu(flat_yen: int = 216, effective: str = "2016-01-01", **replaced: str) -> bytes:
    text = AIZU.replace(FLAT, f"adult_yen = {flat_yen} # AZF-60", 1).replace("2016-01-01", effective, 1)
    for old, new in replaced.items():
        assert f"{old} = " in text
        text = text.replace(f"{old} = ", f"{old} = {new} #", 1)
    return text.encode()


@pytest.fixture
def maker() -> User:
    return person(Role.SUPERVISOR, "maker")


@pytest.fixture
def second() -> User:
    return person(Role.SUPERVISOR, "second")


@pytest.fixture
def standing(maker: User, second: User) -> Published:
    """A fare of 216 yen is in force."""
    return release(propose({"aizu.toml": aizu(), "lococa.toml": LOCOCA.encode()}, maker), second)


def released() -> Tariff:
    found = contents(Published.objects.filter(kind=Kind.TARIFF)[0])
    assert isinstance(found, Tariff)
    return found


def test_faults_29_the_decimal_slip_of_2014_takes_a_second_person_who_sees_it_first(
    standing: Published, maker: User, second: User
) -> None:
    """A tariff update charged 2,160 for 216 on two buses."""
    slip = aizu(2_160, multiple_yen="2")
    draft = propose({"aizu.toml": slip}, maker)
    assert draft.needs_second and draft.over_count == 2
    by_size = [one["percent"] for one in draft.changes if one["percent"] is not None]
    assert (by_size[0], draft.changes[0]["old"], draft.changes[0]["new"]) == (900.0, 216, 2160)
    with pytest.raises(NotReleased) as alone:
        release(draft, maker)
    assert alone.value.code == "needs-second"
    assert Published.objects.filter(kind=Kind.TARIFF).count() == 1
    assert reject(draft, second, "a slip") and not reject(draft, second, "a slip")
    with pytest.raises(NotReleased) as over:
        release(draft, second)
    assert over.value.code == "over" and released().version == standing.version


def test_faults_29_a_slip_in_a_file_for_next_year_is_found_too(standing: Published, maker: User) -> None:
    draft = propose({"aizu.toml": aizu(2_160, "2027-04-01")}, maker)
    assert draft.needs_second and draft.changes[0]["new"] == 2160 and draft.files.count() == 3


def test_faults_29_a_slip_in_a_file_that_another_follows_is_found_too(
    standing: Published, maker: User, second: User
) -> None:
    release(propose({"aizu.toml": aizu(226, "2027-04-01")}, maker), maker)
    draft = propose({"aizu.toml": aizu(2_160)}, maker)
    assert draft.needs_second and (draft.changes[0]["old"], draft.changes[0]["new"]) == (216, 2160)


@pytest.mark.parametrize(("yen", "two"), [(280, False), (281, True), (152, False), (151, True)])
def test_faults_29_thirty_percent_either_way_and_no_more(standing: Published, maker: User, yen: int, two: bool) -> None:
    assert propose({"aizu.toml": aizu(yen)}, maker).needs_second is two


def test_faults_29_the_limit_is_a_setting(standing: Published, maker: User, settings: Settings) -> None:
    settings.TARIFF_LIMIT_PERCENT = 4
    assert propose({"aizu.toml": aizu(226)}, maker).needs_second


def test_faults_29_with_a_feed_every_pair_of_stops_is_compared_for_every_class(
    standing: Published, maker: User, settings: Settings
) -> None:
    settings.FEED = str(feed_path("sample"))
    text = LOCOCA.replace("child_percent = 50", "child_percent = 60", 1)
    assert text != LOCOCA
    draft = propose({"lococa.toml": text.encode()}, maker)
    fares = [one for one in draft.changes if one["kind"] == "fare"]
    assert len(fares) >= 40 and all("child" in one["what"] for one in fares)
    settings.TARIFF_LIMIT_YEN = 10
    assert propose({"lococa.toml": text.encode()}, maker).over_count > draft.over_count


def test_faults_29_a_first_tariff_has_nothing_to_be_compared_with_and_takes_two(maker: User, second: User) -> None:
    draft = propose({"aizu.toml": aizu()}, maker)
    assert draft.needs_second and draft.over_count == 0
    with pytest.raises(NotReleased):
        release(draft, maker)
    assert release(draft, second).version


def test_faults_29_an_operator_that_comes_or_goes_takes_two(standing: Published, maker: User) -> None:
    assert propose({}, maker, without=[("lococa", date(2016, 1, 1))]).needs_second
    noruca = (SHIPPED / "noruca" / "2016-01-01.toml").read_bytes()
    assert propose({"noruca.toml": noruca}, maker).needs_second


def test_ctr_3_below_the_limit_one_supervisor_releases_and_terminals_read_it(standing: Published, maker: User) -> None:
    draft = propose({"aizu.toml": aizu(226)}, maker, note="April")
    made = release(draft, maker)
    assert release(draft, maker) == made and made.version > standing.version
    assert broken_inside(released()) is None
    assert [book.scheme for book in operators_of(released()).rulebooks] == ["aizu-noruca", "lococa"]
    draft.refresh_from_db()
    assert (draft.state, draft.judged_by, draft.released) == ("released", maker, made)
    assert publish(made.made_at_s + 1)[0].kind == Kind.HOTLIST  # and no tariff once more


def test_ctr_3_the_audit_trail_has_who_proposed_and_who_released(
    standing: Published, maker: User, second: User
) -> None:
    asked, done = TrailEntry.objects.filter(operation="tariff").order_by("pk")
    assert (asked.what, asked.who, done.what, done.who, done.approved_by) == ("asked", maker, "done", second, second)


def test_ctr_3_two_drafts_at_once_the_second_is_compared_anew(standing: Published, maker: User) -> None:
    one, other = (propose({"aizu.toml": aizu(yen)}, maker) for yen in (226, 230))
    release(one, maker)
    with pytest.raises(NotReleased) as stale:
        release(other, maker)
    assert stale.value.code == "stale"


@pytest.mark.parametrize("role", [Role.CLERK, Role.AUDITOR, Role.MEMBER])
def test_ctr_3_tariffs_are_for_supervisors(standing: Published, maker: User, role: Role) -> None:
    other = person(role, "other")
    with pytest.raises(NotReleased, match="supervisors"):
        propose({"aizu.toml": aizu(226)}, other)
    draft = propose({"aizu.toml": aizu(226)}, maker)
    for act in (lambda: release(draft, other), lambda: reject(draft, other, "no")):
        with pytest.raises(NotReleased, match="supervisors"):
            act()


def test_ctr_3_every_problem_of_every_file_is_told_at_once(standing: Published, maker: User) -> None:
    files = {
        "broken.toml": b"scheme = ",
        "aizu.toml": aizu(cap_yen='"much"', multiple_yen='"some"'),
        "latin.toml": b"\xff\xfe",
        "deep.toml": b"a = " + b"[" * 5_000,
    }
    with pytest.raises(RulebookError) as wrong:
        propose(files, maker)
    told = "\n".join(wrong.value.problems)
    for words in ("broken.toml", "cap_yen", "multiple_yen", "latin.toml", "deep.toml"):
        assert words in told
    assert TariffDraft.objects.count() == 1


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"long.toml": b"#" * (MOST_FILE_BYTES + 1)}, "long.toml: 262145 bytes"),
        ({f"{number}.toml": b"" for number in range(65)}, "65 files, at most 64"),
        ({"one.toml": aizu(226), "two.toml": aizu(227)}, "two.toml: one.toml is for the same scheme and day"),
    ],
)
def test_ctr_3_what_no_bundle_could_carry_is_not_taken(maker: User, files: dict[str, bytes], told: str) -> None:
    with pytest.raises(RulebookError, match=told):
        propose(files, maker)


def test_ctr_3_what_is_in_force_already_is_no_proposal(standing: Published, maker: User) -> None:
    with pytest.raises(NotReleased) as same:
        propose({"aizu.toml": aizu()}, maker)
    assert same.value.code == "no-change" and len(in_force()) == 2
    everything = [(one.scheme, one.effective) for one in in_force()]
    with pytest.raises(NotReleased) as empty:
        propose({}, maker, without=everything)
    assert empty.value.code == "empty"
