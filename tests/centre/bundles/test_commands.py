"""`farebox centre publish`, `hotlist` and `tariff`."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from centre.bundles.models import Published, Stopped
from centre.keys import keys_file
from centre.users.models import Role
from tests.centre.bundles.centre_cards import IDM
from tests.centre.bundles.test_tariffs import LOCOCA, aizu
from tests.centre.counter.staff import PASSWORD, person
from tests.tools.cli import Ran, run
from tools.exits import Exit

pytestmark = pytest.mark.django_db
Cli = Callable[..., Ran]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Cli:
    settings.PROBLEMS, settings.SECRET_KEY_AT_HAND = (), True

    def ran(*args: object, said: str = PASSWORD) -> Ran:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{said}\n"))
        return run(capsys, monkeypatch, "centre", *args)

    return ran


@pytest.fixture
def supervisors() -> tuple[str, str]:
    return person(Role.SUPERVISOR, "a").email, person(Role.SUPERVISOR, "b").email


def told(ran: Ran) -> list[dict[str, object]]:
    assert ran.code == Exit.OK, ran.err
    return [json.loads(line) for line in ran.out.splitlines()]


def test_ctr_3_publish_says_what_there_is_and_what_is_new(cli: Cli) -> None:
    (first,) = told(cli("publish", "--json"))
    (again,) = told(cli("publish", "--json"))
    assert (first["kind"], first["new"], again["new"]) == ("hotlist", True, False)
    assert "hotlist version" in cli("publish").out


def test_ctr_3_publish_prints_the_keys_for_a_vehicle(cli: Cli) -> None:
    assert cli("publish", "--keys").out == keys_file()
    assert not Published.objects.exists()


def test_ctr_3_after_a_backup_all_is_signed_anew(cli: Cli) -> None:
    (before,) = told(cli("publish", "--json"))
    jumped, after = told(cli("publish", "--restored", "--json"))
    assert jumped["numbers"] == 256 and after["new"] and int(str(after["version"])) > int(str(before["version"]))
    (above,) = told(cli("publish", "--above", "4000000000", "--restored", "--json"))[1:]
    assert above["version"] == 4_000_000_001


def test_gen_11_a_card_is_added_listed_and_removed(cli: Cli) -> None:
    assert cli("hotlist", "add", IDM.lower(), "--why", "lost").code == Exit.OK
    (one,) = told(cli("hotlist", "list", "--json"))
    assert (one["idm"], one["why"]) == (IDM, "lost")
    assert cli("hotlist", "remove", IDM, "--why", "found").code == Exit.OK
    assert cli("hotlist", "remove", IDM, "--why", "found").code == Exit.CHECK_FAILED
    assert cli("hotlist", "list").out == "" and Stopped.objects.get().lifted_why == "found"


def test_gen_11_what_is_no_idm_is_said(cli: Cli) -> None:
    ran = cli("hotlist", "add", "012E", "--why", "lost")
    assert ran.code == Exit.USAGE and "16 hex digits" in ran.err


def test_faults_29_a_tariff_is_proposed_by_one_and_approved_by_another(
    cli: Cli, supervisors: tuple[str, str], tmp_path: Path
) -> None:
    one, other = supervisors
    for number, (name, data) in enumerate({"a": aizu(), "b": LOCOCA.encode(), "c": aizu(2_160)}.items(), start=1):
        (tmp_path / f"{name}.toml").write_bytes(data)
        proposed = cli("tariff", "propose", tmp_path / f"{name}.toml", "--by", one, "--password-stdin")
        assert proposed.code == Exit.OK and "another supervisor has to release it" in proposed.out
        alone = cli("tariff", "approve", number, "--by", one, "--password-stdin")
        assert alone.code == Exit.CHECK_FAILED and "another supervisor" in alone.err
        assert cli("tariff", "approve", number, "--by", other, "--password-stdin").code == Exit.OK
    assert "216 -> 2160 (+900.0 %)" in proposed.out
    newest = told(cli("tariff", "list", "--json"))[0]
    assert (newest["state"], newest["made_by"], newest["judged_by"]) == ("released", one, other)


def test_faults_29_nobody_approves_in_anothers_name(cli: Cli, supervisors: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(aizu())
    ran = cli("tariff", "propose", tmp_path / "a.toml", "--by", supervisors[0], "--password-stdin", said="guess")
    assert ran.code == Exit.CHECK_FAILED and "not their password" in ran.err
    clerk = person(Role.CLERK)
    ran = cli("tariff", "propose", tmp_path / "a.toml", "--by", clerk.email, "--password-stdin")
    assert ran.code == Exit.CHECK_FAILED and "for supervisors" in ran.err


def test_a_broken_file_a_broken_place_and_no_proposal(cli: Cli, supervisors: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(aizu(cap_yen='"much"'))
    by = ("--by", supervisors[0], "--password-stdin")
    broken = cli("tariff", "propose", tmp_path / "a.toml", *by)
    assert broken.code == Exit.CONFIGURATION and "cap_yen" in broken.err
    assert cli("tariff", "propose", "--without", "lococa", *by).code == Exit.USAGE
    assert cli("tariff", "approve", 99, *by).code == Exit.USAGE
