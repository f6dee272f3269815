"""`farebox metrics`: /healthz and Prometheus metrics of a running terminal, a process of its own."""

from functools import partial
from pathlib import Path
from threading import Thread

import click
import sdnotify

from farebox.config import load
from farebox.monitoring.journal_room import room_of
from farebox.monitoring.probe import ask
from farebox.stopping import Stopping
from tools.extra import extra
from tools.options import FILE

with extra("metrics"):
    from farebox.monitoring.server import Watch, is_loopback, server

PORT = 9_474


@click.command(short_help="/healthz and Prometheus metrics of a running terminal.")
@click.option("--config", "config_path", type=FILE, required=True, help="The terminal's settings.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on: this machine's alone.")
@click.option("--port", type=click.IntRange(0, 65_535), default=PORT, show_default=True, help="0 takes a free one.")
@click.option("--allow-remote", is_flag=True, help="Whoever can reach this machine may read how the bus does.")
def metrics(config_path: Path, host: str, port: int, allow_remote: bool) -> None:
    """Answer /healthz (200, or 503 and why no fares can be taken) and /metrics (Prometheus), until SIGTERM.

    Each answer is a fresh look at the terminal by its console's socket, and at the journal's folder. No card, passenger
    or driver is named.

    \b
    farebox metrics --config /etc/farebox/farebox.toml
    curl http://127.0.0.1:9474/healthz
    """
    if not is_loopback(host) and not allow_remote:
        raise click.UsageError(f"--host {host}: not this machine's own; to let others read it, add --allow-remote")
    config = load(config_path)
    watch = Watch(partial(ask, Path(config.console.socket)), partial(room_of, Path(config.data.journal)))
    served = server(watch, host, port)
    # `shutdown` waits for the loop that the signal has interrupted: another thread calls it.
    with served, Stopping(lambda: Thread(target=served.shutdown).start()):
        click.echo(f"http://{host}:{served.server_port}/metrics, /healthz")
        sdnotify.SystemdNotifier().notify("READY=1")
        served.serve_forever()
