"""`farebox centre serve`: pages and the buses' line, by gunicorn; for development by Django's own server."""

import os
from pathlib import Path
from typing import Any

import click

from tools.centre.ready import centre_ready
from tools.options import FILE

_LINE_BYTES, _FIELD_BYTES, _FIELDS = 2_048, 4_096, 50
"""Of a request's head, as much as a browser or a vehicle sends. Its body is bounded by the settings."""


@click.command()
@click.option("--bind", default="127.0.0.1:8000", show_default=True, help="ADDRESS:PORT, or unix:PATH.")
@click.option("--workers", type=click.IntRange(1, 64), help="Processes; by default one more than cores, 9 at most.")
@click.option("--threads", type=click.IntRange(1, 64), default=4, show_default=True, help="Of each process.")
@click.option("--certificate", type=FILE, help="For HTTPS without a proxy: the chain, PEM.")
@click.option("--key", type=FILE, help="Its key, PEM, mode 0600.")
@click.option("--debug", is_flag=True, help="Django's server with its debug pages: for development on this machine.")
def serve(
    bind: str, workers: int | None, threads: int, certificate: Path | None, key: Path | None, debug: bool
) -> None:
    """Serve until SIGTERM: requests under way are answered first. The settings are checked before.

    \b
    farebox centre serve --bind unix:/run/farebox-centre/http.sock
    farebox centre serve --bind 0.0.0.0:8443 --certificate centre.pem --key centre.key
    farebox centre serve --debug
    """
    if (certificate is None) != (key is None):
        raise click.UsageError("--certificate and --key go together")
    if debug:
        os.environ["CENTRE_DEBUG"] = "1"
    with centre_ready():
        from django.conf import settings
        from django.db import connections

        if debug:
            from django.core.management import call_command

            if settings.CENTRE_URL.startswith("https:") or bind.startswith("unix:"):
                raise click.UsageError("--debug is for http on this machine: unset CENTRE_URL, bind ADDRESS:PORT")
            call_command("runserver", bind, use_reloader=False)
            return
        if certificate is not None and key is not None:
            for path in (certificate, key):
                path.open("rb").close()  # OSError now, not in a worker
        connections.close_all()  # none is taken over by a worker
        _gunicorn(_options(bind, workers or _workers(), threads, certificate, key, behind_proxy=settings.BEHIND_PROXY))


def _workers() -> int:
    return min((os.cpu_count() or 1) + 1, 9)


def _options(
    bind: str, workers: int, threads: int, certificate: Path | None, key: Path | None, *, behind_proxy: bool
) -> dict[str, Any]:
    return {
        "bind": bind,
        "workers": workers,
        "threads": threads,
        "worker_class": "gthread",
        "timeout": 60,
        "graceful_timeout": 20,
        # Vehicles ask five things on one connection.
        "keepalive": 15,
        # Whatever a library forgets to give back is given back.
        "max_requests": 5_000,
        "max_requests_jitter": 500,
        "limit_request_line": _LINE_BYTES,
        "limit_request_field_size": _FIELD_BYTES,
        "limit_request_fields": _FIELDS,
        # What a caller says of itself is not believed, unless a proxy of ours says it.
        "forwarded_allow_ips": "*" if behind_proxy else "",
        "certfile": str(certificate) if certificate else None,
        "keyfile": str(key) if key else None,
        "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,
        "control_socket_disable": True,
        "proc_name": "farebox-centre",
        "logger_class": "tools.centre.gunicorn_log.Log",
    }


def _gunicorn(options: dict[str, Any]) -> None:
    from tools.extra import extra

    with extra("centre"):
        from gunicorn.app.base import BaseApplication

    class Centre(BaseApplication):  # type: ignore[misc]
        """gunicorn, told by us and by no file or environment of its own."""

        def load_config(self) -> None:
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> object:
            from centre.wsgi import application

            return application

    Centre().run()
