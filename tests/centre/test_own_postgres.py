"""PostgreSQL for tests: a server of one's own, and gone with whoever asked for it."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import unquote

import psycopg
import pytest

from tools.postgres import server

pytestmark = pytest.mark.postgres
_SAYS = "import os, sys; print(os.environ['DATABASE_URL'], flush=True); sys.stdin.read()"


def answers(url: str) -> bool:
    with contextlib.suppress(psycopg.OperationalError):
        psycopg.connect(url).close()
        return True
    return False


def folder_of(url: str) -> Path:
    return Path(unquote(url.partition("@")[2].partition("/")[0]))


def test_it_is_there_while_it_is_needed_and_its_folder_goes_with_it() -> None:
    with server() as url:
        folder = folder_of(url)
        assert answers(url) and folder.is_dir()
    assert not answers(url) and not folder.exists()


def test_a_kill_9_of_its_command_leaves_no_server_behind() -> None:
    command = [sys.executable, "-m", "tools.postgres", sys.executable, "-c", _SAYS]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ})
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    assert answers(url)
    process.kill()
    process.communicate()
    end_s = time.monotonic() + 30
    while answers(url):
        assert time.monotonic() < end_s
        time.sleep(0.1)
    shutil.rmtree(folder_of(url))  # nobody was left to do it


def test_the_command_s_exit_code_is_its_own() -> None:
    ended = [sys.executable, "-m", "tools.postgres", sys.executable, "-c", "raise SystemExit(3)"]
    assert subprocess.run(ended, check=False).returncode == 3
