"""The centre's units: hardened as the terminal's are, and each starts a command that there is."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import click
import pytest

import tools.centre
from centre.settings import environment
from tests.tools.test_units import WORST_EXPOSURE, exposure_of, settings_of, under
from tools.centre_command import centre

pytestmark = pytest.mark.served

FOLDER = Path(tools.centre.__file__).with_name("units")
UNITS = sorted(FOLDER.glob("*.service"))
NGINX = (FOLDER / "nginx.conf").read_text("utf-8")


def test_both_processes_have_one() -> None:
    assert [unit.stem for unit in UNITS] == ["farebox-centre-work", "farebox-centre"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_each_unit_is_hardened(unit: Path) -> None:
    assert exposure_of(unit) <= WORST_EXPOSURE


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_each_starts_a_command_that_there_is_with_settings_that_there_are(unit: Path) -> None:
    _, group, name, *options = shlex.split(settings_of(unit)["Service"]["ExecStart"])
    command = centre.get_command(click.Context(centre), name)
    assert group == "centre" and command is not None
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in options if word.startswith("--")} <= known
    assert set(re.findall(r"^Environment=(\w+)=", unit.read_text("utf-8"), re.MULTILINE)) <= environment.asked


def test_the_proxy_takes_what_the_centre_takes_and_hands_on_no_caller_s_word() -> None:
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in NGINX
    assert "proxy_set_header X-Forwarded-Proto https;" in NGINX
    (logged,) = re.findall(r"^log_format centre '(.+)';$", NGINX, re.MULTILINE)
    assert not {"$request", "$uri", "$request_uri", "$args", "$http_referer"} & set(logged.split())
    (body,) = re.findall(r"client_max_body_size (\d+)m;", NGINX)
    assert int(body) << 20 >= 256 << 10


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_each_runs_under_its_filter(unit: Path, tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd()), "CENTRE_SIMULATED": "1"}
    environ |= {"CENTRE_HOME": str(tmp_path / "centre"), "NOTIFY_SOCKET": str(tmp_path / "notify")}
    farebox = [sys.executable, "-m", "tools.entry"]
    subprocess.run([*farebox, "centre", "init"], env=environ, check=True, capture_output=True)
    (started,) = re.findall(r"^ExecStart=/opt/farebox/bin/farebox (.+)$", unit.read_text("utf-8"), re.MULTILINE)
    words = shlex.split(started.replace("/run/farebox-centre", str(tmp_path)))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(tmp_path / "notify"))
        told.settimeout(60)
        process = subprocess.Popen(under(unit, *farebox, *words), env=environ, stderr=subprocess.DEVNULL)
        try:
            assert told.recv(1_000).startswith(b"READY=1")
            if "serve" in words:
                with socket.socket(socket.AF_UNIX) as line:
                    line.connect(str(tmp_path / "http.sock"))
                    line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    assert line.makefile("rb").readline().startswith(b"HTTP/1.1 503 ")  # nobody works here yet
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        finally:
            process.kill()
            process.wait()
