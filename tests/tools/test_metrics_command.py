"""`farebox metrics` as the system starts it: told of, asked over HTTP, ended by SIGTERM."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.tools.cli import run
from tests.tools.test_service import settings

_ANSWER_S = 60


def test_it_answers_while_no_terminal_runs_and_ends_cleanly(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(tmp_path / "notify"))
        told.settimeout(_ANSWER_S)
        process = subprocess.Popen(
            [sys.executable, "-m", "tools.cli", "metrics", "--config", str(settings(tmp_path)), "--port", "0"],
            env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "PYTHONPATH": str(Path.cwd())},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert told.recv(1_000) == b"READY=1"
            assert process.stdout is not None
            base = process.stdout.readline().partition("/metrics")[0]
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(f"{base}/healthz", timeout=_ANSWER_S)
            with refused.value as answer:
                assert answer.code == 503 and not json.load(answer)["takes_fares"]
            process.send_signal(signal.SIGTERM)
            assert process.wait(_ANSWER_S) == 0
        finally:
            process.kill()
            process.communicate()


def test_other_machines_are_let_in_only_where_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = run(capsys, monkeypatch, "metrics", "--config", settings(tmp_path), "--host", "0.0.0.0")
    assert told.code == 2 and "--allow-remote" in told.err
