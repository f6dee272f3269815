"""Operator files: found where they lie, and asked for by scheme, agency and day (GEN-5)."""

from datetime import date
from hashlib import sha256
from itertools import permutations
from pathlib import Path

import pytest

from farebox.duty import Duty
from farebox.feed import load_feed
from farebox.feed.holidays import national_holidays
from farebox.feed.operators import OperatorFault, Operators, load_operators
from tariff.operator_file import RulebookError
from tariff.rulebook import Rulebook
from tests.farebox.bus import DAY, DUTY
from tests.tariff.examples import operator_file
from tests.tools.tariff_files import branch

SHIPPED = load_operators().rulebooks
LOCOCA = next(book for book in SHIPPED if book.scheme == "lococa")
NEWER = LOCOCA._replace(effective=date(2026, 11, 21), guard_s=99)
JOBAN = "新常磐交通"


@pytest.mark.parametrize(("day", "guard_s"), [(DAY, 10), (date(2026, 11, 21), 99), (date(2030, 1, 1), 99)])
@pytest.mark.parametrize("order", [(LOCOCA, NEWER), (NEWER, LOCOCA)])
def test_the_latest_file_in_force_holds(order: tuple[Rulebook, ...], day: date, guard_s: int) -> None:
    assert Operators(order).on("lococa", day).guard_s == guard_s


def test_before_the_first_file_nothing_holds() -> None:
    with pytest.raises(OperatorFault, match="lococa: no operator file is in force on 2015-12-31"):
        Operators(SHIPPED).on("lococa", date(2015, 12, 31))


def test_a_scheme_of_next_year_does_not_stop_todays_buses() -> None:
    to_come = LOCOCA._replace(scheme="green-card", effective=date(2027, 4, 1), companies=())
    found = Operators((*SHIPPED, to_come)).of_agency(JOBAN, DAY)
    assert found is not None and found[0].scheme == "lococa"


def test_gen_5_a_trip_that_leaves_after_midnight_is_under_the_next_days_rules() -> None:
    duty = Duty(DUTY.feed, Operators((*SHIPPED, NEWER)))
    assert duty.service(DUTY.feed.trips["HAKUHO-W10"], DAY).rulebook.guard_s == 10  # 23:20
    assert duty.service(DUTY.feed.trips["HAKUHO-W11"], DAY).rulebook.guard_s == 99  # 24:35


def test_a_scheme_that_was_chosen_holds_for_every_agency() -> None:
    chosen = Duty(DUTY.feed, Operators(SHIPPED), "aizu-noruca")
    assert chosen.service(DUTY.feed.trips["HAKUHO-W01"], DAY).rulebook.scheme == "aizu-noruca"


def test_an_assumed_scheme_holds_only_where_no_file_names_the_agency() -> None:
    assumed = Duty(DUTY.feed, Operators(SHIPPED), assumed="lococa")
    assert assumed.service(DUTY.feed.trips["NISHIWAKA-W01"], DAY).rulebook.scheme == "aizu-noruca"


@pytest.mark.parametrize(("agency", "kind"), [("ジェイアールバス関東 白河支店", "community"), (JOBAN, "ordinary")])
def test_loc_6_the_kind_of_a_service_is_its_companys(tmp_path: Path, agency: str, kind: str) -> None:
    folder = branch(tmp_path, agency, "コミュニティバス")
    duty = Duty(load_feed(folder), Operators(SHIPPED))
    assert duty.service(duty.feed.trips["VIA"], DAY).kind == kind


# -- files where they lie


def put(root: Path, scheme: str, name: str, text: str) -> None:
    """A file in its scheme's folder."""
    folder = root / scheme
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def file_of(scheme: str, effective: str) -> str:
    """An operator file of a scheme from a day on."""
    return operator_file(scheme=f'"{scheme}"', effective=effective, cards__accepted_schemes="[]")


def problems(root: Path) -> tuple[str, ...]:
    with pytest.raises(RulebookError) as told:
        load_operators(root)
    return told.value.problems


def test_the_package_has_four_schemes() -> None:
    assert [book.scheme for book in SHIPPED] == ["aizu-noruca", "iwate-green-pass", "lococa", "noruca"]


def test_gen_20_every_rulebook_knows_the_national_holidays() -> None:
    assert {book.holidays.national for book in SHIPPED} == {national_holidays(2016, 2048)}


def test_a_folder_of_ones_own_takes_the_place_of_the_package(tmp_path: Path) -> None:
    put(tmp_path, "lococa", "2027-04-01.toml", file_of("lococa", "2027-04-01"))
    put(tmp_path, "lococa", "2016-01-01.toml", file_of("lococa", "2016-01-01"))
    put(tmp_path, "acme", "2016-01-01.toml", file_of("acme", "2016-01-01"))
    put(tmp_path, "acme", "notes.txt", "no operator file")
    (tmp_path / "README.md").write_text("no folder", encoding="utf-8")
    operators = load_operators(tmp_path)
    assert [(book.scheme, book.effective) for book in operators.rulebooks] == [
        ("acme", date(2016, 1, 1)),
        ("lococa", date(2016, 1, 1)),
        ("lococa", date(2027, 4, 1)),
    ]
    assert operators.on("lococa", date(2027, 3, 31)).effective == date(2016, 1, 1)
    assert operators.on("lococa", date(2027, 4, 1)).effective == date(2027, 4, 1)


def test_a_copy_of_the_package_is_the_same_set(tmp_path: Path) -> None:
    shipped = Path(__file__).parents[2] / "tariff" / "operators"
    for path in shipped.glob("*/*.toml"):
        put(tmp_path, path.parent.name, path.name, path.read_text(encoding="utf-8"))
    assert load_operators(tmp_path) == load_operators()
    assert load_operators(tmp_path).digest == load_operators().digest


def test_a_file_stands_under_its_scheme_and_its_first_day(tmp_path: Path) -> None:
    put(tmp_path, "acme", "2026-04-01.toml", file_of("lococa", "2026-04-02"))
    assert problems(tmp_path) == (
        "acme/2026-04-01.toml: scheme (GEN-21): lococa is in folder acme; move the file to lococa/",
        "acme/2026-04-01.toml: effective (GEN-5): 2026-04-02 is in file 2026-04-01.toml; name it 2026-04-02.toml",
    )


def test_gen_5_no_two_files_of_a_scheme_hold_from_the_same_day(tmp_path: Path) -> None:
    put(tmp_path, "acme", "2026-04-01.toml", file_of("acme", "2026-04-01"))
    put(tmp_path, "acme", "newer.toml", file_of("acme", "2026-04-01"))
    put(tmp_path, "other", "2026-04-01.toml", file_of("other", "2026-04-01"))
    assert problems(tmp_path) == (
        "acme/newer.toml: effective (GEN-5): 2026-04-01 is in file newer.toml; name it 2026-04-01.toml",
        "acme/newer.toml: effective (GEN-5): acme/2026-04-01.toml is from 2026-04-01 too; keep one of them",
    )


def test_every_problem_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    put(tmp_path, "acme", "2026-04-01.toml", operator_file(without="name"))
    put(tmp_path, "base", "2026-04-01.toml", "= 1")
    put(tmp_path, "coop", "2026-05-01.toml", file_of("coop", "2026-04-01"))
    (tmp_path / "coop" / "2026-06-01.toml").write_bytes(b'scheme = "\x83o\x83X"')
    assert problems(tmp_path) == (
        "acme/2026-04-01.toml: name (GEN-21): missing; there is no default",
        "base/2026-04-01.toml: not TOML: Invalid statement (at line 1, column 1)",
        "coop/2026-06-01.toml: not UTF-8 at byte 10; save it as UTF-8",
        "coop/2026-05-01.toml: effective (GEN-5): 2026-04-01 is in file 2026-05-01.toml; name it 2026-04-01.toml",
    )


def test_a_folder_without_operator_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lococa").mkdir()
    with pytest.raises(OperatorFault) as told:
        load_operators(tmp_path)
    assert str(told.value) == (
        f"{tmp_path}: no operator file; a file is <scheme>/<first day>.toml, as lococa/2016-01-01.toml"
    )


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OperatorFault) as told:
        load_operators(tmp_path / "none")
    assert str(told.value) == (
        f"{tmp_path / 'none'}: no such folder; name the folder that holds <scheme>/<first day>.toml"
    )


# -- what identifies the set


def test_the_digest_is_that_of_the_files_in_any_order() -> None:
    digests = {Operators(order).digest for order in permutations(SHIPPED)}
    assert digests == {sha256(b"".join(sorted(book.digest for book in SHIPPED))).digest()}


def test_every_change_of_a_file_changes_the_digest() -> None:
    for at, book in enumerate(SHIPPED):
        changed = (*SHIPPED[:at], book._replace(digest=sha256(book.digest).digest()), *SHIPPED[at + 1 :])
        assert Operators(changed).digest != Operators(SHIPPED).digest
        assert Operators((*SHIPPED[:at], *SHIPPED[at + 1 :])).digest != Operators(SHIPPED).digest
