"""`farebox centre vehicle`, `segments`, `import-stick`: what people type, and what they read."""

import json
from contextlib import nullcontext
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from centre.collector.deriving import derive
from centre.collector.models import SealingKey, Segment, State, Vehicle
from centre.collector.vehicles import digest_of
from farebox.formats.cose import BENCH_KEY
from sim.centre import NOW_S
from tests.centre.collector.test_stick import laid
from tests.centre.collector.vehicle import BUS, KEY, OTHER_KEY, Sender, forked, journal, registered, seal_of
from tools.centre import collecting
from tools.centre_command import centre
from tools.exits import CheckFailed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "centre_ready", nullcontext)


def run(*words: str) -> Result:
    return CliRunner().invoke(centre, words, catch_exceptions=True)


def said(*words: str) -> str:
    came = run(*words)
    assert came.exit_code == 0, came.output
    return came.output


def test_a_vehicle_is_added_and_its_token_told_once() -> None:
    token = said("vehicle", "add", BUS, "--sealing-key", f"{KEY}  a note beside it").strip()
    assert Vehicle.objects.get().token_sha256 == digest_of(token)
    assert token not in said("vehicle", "list") and BUS in said("vehicle", "list")
    said("vehicle", "key", BUS, OTHER_KEY)
    assert set(SealingKey.objects.values_list("public_key", flat=True)) == {KEY, OTHER_KEY}


def test_a_token_goes_into_a_file_of_ones_own_and_none_is_made_without(tmp_path: Path) -> None:
    place = tmp_path / "BUS-7.token"
    assert "told nowhere else" in said("vehicle", "add", BUS, "--token-file", str(place))
    assert place.stat().st_mode & 0o777 == 0o600
    assert Vehicle.objects.get().token_sha256 == digest_of(place.read_text().strip())
    assert isinstance(run("vehicle", "token", BUS, "--token-file", str(place)).exception, FileExistsError)
    assert Vehicle.objects.get().token_sha256 == digest_of(place.read_text().strip())
    assert run("vehicle", "add", BUS, "--token-file", str(tmp_path / "twice")).exit_code == 2
    assert not (tmp_path / "twice").exists()


def test_a_token_is_withdrawn_and_replaced() -> None:
    registered()
    assert "withdrawn" in said("vehicle", "withdraw", BUS)
    assert Sender().looks(journal(1)[0]).status_code == 401 and "token withdrawn" in said("vehicle", "list")
    token = said("vehicle", "token", BUS).strip()
    assert Sender(token).looks(journal(1)[0]).status_code == 204


@pytest.mark.parametrize(
    "words",
    [
        ("vehicle", "add", BUS, "--sealing-key", "07"),
        ("vehicle", "add", BUS, "--sealing-key", BENCH_KEY.hex()),
        ("vehicle", "withdraw", "BUS-9"),
        ("segments", "release", BUS, "ab" * 32),
        ("segments", "give-up", BUS, "0"),
        ("import-stick", "/nowhere"),
    ],
)
def test_what_is_asked_for_wrongly_is_told_in_one_line(words: tuple[str, ...]) -> None:
    came = run(*words)
    assert came.exit_code == 2 and "Error: " in came.output and not Vehicle.objects.exists()


def test_what_is_missing_is_listed_and_given_up() -> None:
    registered()
    segments = journal(4)
    for data in (segments[0], segments[3]):
        Sender().sends(data)
    assert "1 booked, 1 waiting, missing 2 to 3" in said("vehicle", "list")
    facts = json.loads(said("vehicle", "list", "--json"))
    assert facts["missing"] == [{"first_number": 2, "last_number": 3, "first_seq": 4, "last_seq": 9}]
    assert "1 segments booked" in said("segments", "give-up", BUS, "2", "3")
    assert "2 booked" in said("vehicle", "list")


def test_faults_38_a_person_says_which_of_two_is_the_true_one() -> None:
    registered()
    mine, other = forked(1 + 1, 2)
    for data in (*mine, other[1]):
        Sender().sends(data)
    shown = [json.loads(line) for line in said("segments", "doubtful", "--json").splitlines()]
    assert [(each["number"], each["state"]) for each in shown] == [(2, "quarantined")] * 2
    booked, rival = (seal_of(data).digest.hex() for data in (mine[1], other[1]))
    assert "booked already" in run("segments", "release", BUS, rival).output
    assert "released by a person" in said("segments", "release", BUS, booked)
    assert Segment.objects.get(digest=booked).state == State.BOOKED
    assert "not quarantined" in run("segments", "release", BUS, booked).output
    assert rival in said("segments", "doubtful") and booked not in said("segments", "doubtful")


def test_faults_38_one_that_was_not_booked_yet_is_booked_once_it_is_released() -> None:
    vehicle = registered()
    mine, other = forked(2, 1)
    for data in (mine[1], other[1], mine[0]):
        Sender().sends(data)
    said("segments", "release", BUS, seal_of(mine[1]).digest.hex())
    assert derive(vehicle, NOW_S) == 1
    assert Segment.objects.filter(state=State.BOOKED).count() == 2


def test_a_stick_is_imported_and_every_file_told(tmp_path: Path) -> None:
    registered()
    folder = laid(tmp_path / BUS, journal(2))
    assert said("import-stick", str(folder)).count(": held\n") == 2
    assert said("import-stick", str(folder)).count(": held already\n") == 2
    (tmp_path / BUS / "00000003.segment").write_bytes(b"FAREBOX")
    came = run("import-stick", str(folder), "--json")
    assert isinstance(came.exception, CheckFailed) and "1 of 3 files refused" in str(came.exception)
    assert [json.loads(line)["what"] for line in came.output.splitlines()] == ["held already"] * 2 + ["refused"]


def test_an_empty_stick_is_no_success(tmp_path: Path) -> None:
    assert isinstance(run("import-stick", str(tmp_path)).exception, CheckFailed)
