"""`farebox sim payments`: a payment service (模擬決済), a process of its own."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import click

from farebox.stopping import Stopping
from tools.extra import extra

with extra("centre"):
    from sim.payments.server import Listening, Sandbox, Wanted, serving

_PORT = 8_702


@click.command(short_help="A payment service for trials: pages, charges, refunds, notices (模擬決済).")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", type=click.IntRange(0, 65_535), default=_PORT, show_default=True, help="0 takes a free one.")
@click.option(
    "--database", type=click.Path(dir_okay=False, path_type=Path), help="Its own SQLite file; none: in memory."
)
@click.option("--secret-key", envvar="PAYMENTS_KEY", required=True, help="The key that callers show, or its file.")
@click.option(
    "--notice-secret", envvar="PAYMENTS_NOTICE_SECRET", required=True, help="What signs notices, or its file."
)
@click.option("--notify", default="", help="Where notices go: the centre's /payments/notices/.")
@click.option("--page", default="", help="Where members reach its pages, if not at HOST:PORT.")
@click.option("--late", "late_s", type=float, default=12.0, show_default=True, help="Seconds that a late answer takes.")
@click.option("--clock-ahead", type=click.Path(path_type=Path), help="The file that moves a demo's clock on.")
def payments(
    host: str,
    port: int,
    database: Path | None,
    secret_key: str,
    notice_secret: str,
    notify: str,
    page: str,
    late_s: float,
    clock_ahead: Path | None,
) -> None:
    """Be a payment service until SIGTERM: cards are typed at its page, test numbers only; no money moves.

    \b
    export PAYMENTS_KEY=$PWD/sandbox.key PAYMENTS_NOTICE_SECRET=$PWD/notice.secret
    farebox sim payments --database sandbox.sqlite3 --notify http://127.0.0.1:8000/payments/notices/
    """
    with Listening(host, port) as listening:
        address = f"http://{host}:{listening.server_port}"
        wanted = Wanted(
            database, _secret(secret_key), _secret(notice_secret), notify, page or address, late_s, _clock(clock_ahead)
        )
        sandbox = Sandbox(wanted)
        with Stopping(lambda: Thread(target=listening.shutdown).start()):
            click.echo(f"模擬決済 {address}/")
            serving(sandbox, listening)
        sandbox.close()


def _secret(given: str) -> str:
    """The secret, or the one line of the file it names."""
    return Path(given).read_text(encoding="utf-8").strip() if given.startswith(os.sep) else given


def _clock(ahead: Path | None) -> Callable[[], float]:
    """The time, moved on as the centre's is (CENTRE_CLOCK_AHEAD)."""
    return lambda: time.time() + (int(ahead.read_text()) if ahead and ahead.exists() else 0)
