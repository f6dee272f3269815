"""The centre's settings: read from the environment, every problem at once; what is served by them is safe; the page."""

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.test import Client

from centre import settings as of_centre
from centre.client import address_of
from centre.environment import Environment
from centre.log import JsonLines, cleaned

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "centre" / "settings.md").read_text("utf-8")


def farebox(
    environ: Mapping[str, str], *args: str, said: str = "", code: str = "from tools.entry import main; main()"
) -> "subprocess.CompletedProcess[str]":
    """`farebox ARGS` in a process whose whole environment is given."""
    return subprocess.run(
        [sys.executable, "-c", f"import sys; sys.argv[0] = 'farebox'; {code}", *args],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environ},
        cwd=ROOT,
        input=said,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_every_setting_stands_on_the_page_and_no_other() -> None:
    told = set(re.findall(r"^\| `([A-Z0-9_]+)` \|", PAGE, re.MULTILINE))
    assert told == of_centre.environment.asked


def test_all_that_is_wrong_is_named_at_once(tmp_path: Path) -> None:
    secret = tmp_path / "mail"
    secret.write_text("smtp://me:hush@mail.example\n")
    secret.chmod(0o644)
    found = farebox(
        {
            "CENTRE_HOME": str(tmp_path / "centre"),
            "CENTRE_DEBUG": "yes",
            "CENTRE_URL": "https://me:hush@centre.example",
            "DATABASE_URL": "mysql://me:hush@host/centre",
            "CENTRE_MAIL_URL": str(secret),
            "CENTRE_LOG": "LOUD",
            "CENTRE_HOST": "centre.example",
        },
        *("centre", "check"),
    )
    assert (found.returncode, found.stdout) == (78, "")
    for name in ("CENTRE_DEBUG", "CENTRE_URL", "DATABASE_URL", "CENTRE_MAIL_URL", "CENTRE_LOG", "CENTRE_HOST"):
        assert len(re.findall(rf"^farebox: {name}: ", found.stderr, re.MULTILINE)) == 1, name
    assert "hush" not in found.stderr
    assert f"chmod 600 {secret}" in found.stderr
    assert "farebox centre init" in found.stderr


def test_a_real_centre_is_in_order_for_django_s_own_check_of_deployment(tmp_path: Path) -> None:
    real = {
        "CENTRE_HOME": str(tmp_path / "centre"),
        "CENTRE_URL": "https://centre.example",
        "CENTRE_HOSTS": "centre.example",
        "CENTRE_MAIL_URL": "smtp://localhost:25",
        "CENTRE_BEHIND_PROXY": "1",
    }
    assert farebox(real, "centre", "init").returncode == 0
    found = farebox(real, "centre", "check")
    assert (found.stdout, found.stderr, found.returncode) == ("the centre: in order\n", "", 0)
    django = "import django.core.management as m; m.execute_from_command_line(['x', 'check', '--deploy'])"
    asked = farebox({**real, "DJANGO_SETTINGS_MODULE": "centre.settings"}, code=django)
    assert asked.returncode == 0 and "no issues (1 silenced)" in asked.stdout + asked.stderr, asked.stderr
    for made in (tmp_path / "centre", tmp_path / "centre" / "secret.key", tmp_path / "centre" / "signing.key"):
        assert made.stat().st_mode & 0o077 == 0, made
    kept = (tmp_path / "centre" / "signing.key").read_bytes()
    assert farebox(real, "centre", "init").returncode == 0
    assert (tmp_path / "centre" / "signing.key").read_bytes() == kept
    (tmp_path / "centre" / "signing.key").write_text("de" * 31)
    (tmp_path / "centre" / "centre.sqlite3").unlink()
    broken = farebox(real, "centre", "check", "--json")
    assert broken.returncode == 78
    assert [line.split(":")[0] for line in json.loads(broken.stdout)["problems"]] == ["CENTRE_SIGNING_KEY", "database"]


def test_nothing_of_django_is_loaded_for_a_help() -> None:
    code = "from tools.cli import farebox; farebox(sys.argv[1:], standalone_mode=False); print('django' in sys.modules)"
    for words in (["--help"], ["centre", "--help"], ["centre", "work", "--help"], ["centre", "clerk", "add", "--help"]):
        assert farebox({}, *words, code=code).stdout.endswith("\nFalse\n"), words


@pytest.mark.parametrize(
    ("name", "value", "is_fine"),
    [
        ("CENTRE_MAIL_URL", "smtp://mail.example:25", False),
        ("CENTRE_MAIL_URL", "smtp://localhost:25", True),
        ("CENTRE_MAIL_URL", "smtps://mail.example", True),
        ("CENTRE_MAIL_URL", "smtp://me:hush@mail.example", True),
        ("DATABASE_URL", "postgresql://centre@db.example/centre", False),
        ("DATABASE_URL", "postgresql://centre@db.example/centre?sslmode=verify-full", True),
        ("DATABASE_URL", "postgresql://centre@127.0.0.1/centre", True),
        ("DATABASE_URL", "postgresql://%2Frun%2Fpostgresql/centre", True),
    ],
)
def test_nobody_elsewhere_is_spoken_to_in_the_clear(tmp_path: Path, name: str, value: str, is_fine: bool) -> None:
    asked = "from centre import settings as s; print([x for x in s.PROBLEMS if 'in the clear' in x])"
    found = farebox({"CENTRE_HOME": str(tmp_path), name: value}, code=asked)
    assert (found.stdout.strip() == "[]") is is_fine, found.stdout + found.stderr
    assert "hush" not in found.stdout


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("https://centre.example", False),
        ("https://centre.example/", False),
        ("centre.example", True),
        ("ftp://centre.example", True),
        ("https://centre.example:port", True),
    ],
)
def test_a_url_is_one_that_people_can_open(url: str, wrong: bool) -> None:
    environment = Environment({"CENTRE_URL": url})
    assert environment.url("CENTRE_URL", "http://127.0.0.1") == ("http://127.0.0.1" if wrong else url.rstrip("/"))
    assert bool(environment.problems) is wrong


def test_a_secret_comes_from_a_private_file_or_a_credential(tmp_path: Path) -> None:
    (tmp_path / "db").write_text("postgresql://centre:hush@db/centre\n")
    (tmp_path / "db").chmod(0o640)
    schemes = ("postgresql",)
    given = Environment({"DATABASE_URL": "credential:db", "CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert given.private_url("DATABASE_URL", "", schemes) == "postgresql://centre:hush@db/centre"
    for value, why in (
        (str(tmp_path / "db"), "others may read it"),
        (str(tmp_path / "none"), "can't be read"),
        ("credential:../db", "is not given"),
        ("credential:db", "is not given"),
    ):
        environment = Environment({"DATABASE_URL": value})
        assert environment.private_url("DATABASE_URL", "default", schemes) == "default"
        assert why in environment.problems[0] and "hush" not in environment.problems[0]


def test_a_new_secret_key_does_not_end_the_sessions_of_the_old_one(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"
    file.write_text(f"1: {'01' * 32}\n2: {'02' * 32}\n")
    file.chmod(0o600)
    environment = Environment({"CENTRE_SECRET_KEY": str(file)})
    assert environment.keys("CENTRE_SECRET_KEY", "") == [b"\2" * 32, b"\1" * 32]


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("mail to hanako@example.jp failed", "mail to <mail> failed"),
        (
            "could not connect to postgresql://centre:hush@db/centre",
            "could not connect to postgresql://<user>@db/centre",
        ),
        ("Authorization: Bearer abc.def", "Authorization: <hidden>"),
        ("token=abc&x=1", "token=<hidden>&x=1"),
        ("card 012E4CD8A30F1122 and 4242 4242 4242 4242", "card <hex> and <number>"),
        ("telephone 0242-22-5555 or 09012345678", "telephone <number> or <number>"),
        ("key sk_live_51Habc", "key <hidden>"),
        ("GET /register/MTIzNDU2Nzg5MDEyMzQ1Njc4OTA-x", "GET /register/<token>"),
        (
            "12 records of 2026-11-21 in 4 ms, migration 0001_initial",
            "12 records of 2026-11-21 in 4 ms, migration 0001_initial",
        ),
    ],
)
def test_a_log_holds_nothing_secret_and_nobody_s_data(said: str, written: str) -> None:
    assert cleaned(said) == written


def test_a_fault_is_logged_with_its_places_and_without_its_values() -> None:
    try:
        raise ValueError("no member hanako@example.jp")
    except ValueError:
        record = logging.LogRecord("centre.x", logging.ERROR, "x.py", 1, "work %s", ("failed",), sys.exc_info())
    told = json.loads(JsonLines().format(record))
    assert (told["level"], told["of"], told["event"]) == ("error", "centre.x", "work failed")
    assert told["fault"] == "ValueError: no member <mail>"
    assert told["where"][-1].endswith("test_a_fault_is_logged_with_its_places_and_without_its_values")


@pytest.mark.django_db
def test_a_request_is_logged_by_its_view_and_not_by_its_path(caplog: pytest.LogCaptureFixture, client: Client) -> None:
    with caplog.at_level(logging.INFO, "centre.request"):
        client.get("/healthz?token=hush")
        client.get("/no/such/page/hanako@example.jp")
    health, none = (record.getMessage() for record in caplog.records if record.name == "centre.request")
    assert re.fullmatch(r"GET healthz \d{3} \d+ ms", health)
    assert re.fullmatch(r"GET - 404 \d+ ms", none)


def test_faults_51_a_caller_s_address_is_what_our_own_proxy_says(settings: object, rf: object) -> None:
    request = rf.get("/", headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.9"}, REMOTE_ADDR="127.0.0.1")  # type: ignore[attr-defined]
    assert address_of(request) == "127.0.0.1"
    settings.BEHIND_PROXY = True  # type: ignore[attr-defined]
    assert address_of(request) == "203.0.113.9"
