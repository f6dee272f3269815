"""A PostgreSQL server of one's own, for as long as one command runs: for tests and benchmarks.

    python -m tools.postgres pytest tests/centre        with DATABASE_URL set to it

It lies in a temporary folder, listens on a socket in it and on no port, and is gone with this process, whatever
ends that:
the kernel tells it. PostgreSQL refuses to run as root, so root runs it as user `postgres`. It flushes nothing:
what it holds is nobody's.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

_USER = "postgres"
_ROLE = "centre"
_START_S = 30
_DEBIAN = Path("/usr/lib/postgresql")


class NoPostgres(Exception):
    """PostgreSQL's programs are not here, or would not start."""


def programs() -> Path:
    """The folder of initdb and postgres, the newest there is. Raises NoPostgres."""
    folders = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]), reverse=True)
    found = folders[0] if folders else Path(shutil.which("initdb") or "")
    if not found.is_file():
        raise NoPostgres("PostgreSQL is not installed; run make postgres-deps")
    return found.parent


@contextmanager
def server(*, durable: bool = False) -> Iterator[str]:
    """A server, as a DATABASE_URL; `durable` flushes as one in service does (for measuring). Raises NoPostgres."""
    bin_ = programs()
    folder = Path(tempfile.mkdtemp(prefix="farebox-postgres-"))
    try:
        before = ["setpriv", "--pdeathsig", "QUIT"]
        if os.getuid() == 0:
            shutil.chown(folder, _USER, _USER)
            before += ["--reuid", _USER, "--regid", _USER, "--init-groups"]
        folder.chmod(0o711)
        data = folder / "data"
        made = subprocess.run(
            [*before, bin_ / "initdb", "-D", data, "-U", _ROLE, "-A", "trust", "-E", "UTF8", "--locale=C", "-N"],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
        )
        if made.returncode:
            raise NoPostgres(f"initdb: {made.stderr.strip()}")
        fast = [] if durable else ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*before, bin_ / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", *fast],
                stdout=log,
                stderr=log,
                cwd="/",
            )
        try:
            _until_ready(process, bin_, folder)
            yield f"postgresql://{_ROLE}@{quote(str(folder), safe='')}/postgres"
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(_START_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _until_ready(process: "subprocess.Popen[bytes]", bin_: Path, folder: Path) -> None:
    until_s = time.monotonic() + _START_S
    while subprocess.run([bin_ / "pg_isready", "-q", "-h", folder], check=False).returncode:
        if process.poll() is not None or time.monotonic() > until_s:
            raise NoPostgres(f"postgres would not start: {(folder / 'log').read_text('utf-8', 'replace').strip()}")
        time.sleep(0.1)


def main(command: list[str]) -> int:
    """Run a command beside a server. Its exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        with server() as url:
            return subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, check=False).returncode
    except NoPostgres as fault:
        print(f"tools.postgres: {fault}", file=sys.stderr)
        return 69


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
