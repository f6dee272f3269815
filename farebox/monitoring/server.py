"""/healthz and /metrics over HTTP. Each is a look of its own; nothing is kept between two."""

import ipaddress
import json
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from farebox.monitoring.exposition import registry
from farebox.monitoring.journal_room import JournalRoom
from farebox.monitoring.probe import Probe
from farebox.version import VERSION

_SLOWEST_S = 5
"""A client that takes longer over its request, or its answer, is let go."""


class Page(NamedTuple):
    """What is answered."""

    status: HTTPStatus
    kind: str
    body: bytes


class Watch(NamedTuple):
    """How the terminal and its journal's folder are looked at, and the time."""

    ask: Callable[[], Probe]
    room: Callable[[], JournalRoom | None]
    clock: Callable[[], float] = time.time

    def page(self, path: str) -> Page:
        """The answer to a path."""
        match path.partition("?")[0]:
            case "/healthz":
                return self._healthz()
            case "/metrics":
                text = generate_latest(registry(self.ask(), self.room(), self.clock()))
                return Page(HTTPStatus.OK, CONTENT_TYPE_PLAIN_0_0_4, text)
        return Page(HTTPStatus.NOT_FOUND, "text/plain", b"/healthz or /metrics\n")

    def _healthz(self) -> Page:
        """200 if fares can be taken, else 503 and why."""
        probe = self.ask()
        said: dict[str, object] = {"takes_fares": not probe.why_not, "why_not": probe.why_not}
        if probe.picture is not None:
            said |= {"vehicle": probe.picture.vehicle_id, "simulated": probe.picture.simulated}
        status = HTTPStatus.SERVICE_UNAVAILABLE if probe.why_not else HTTPStatus.OK
        return Page(status, "application/json", json.dumps(said, ensure_ascii=False).encode() + b"\n")


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's alone; a name is none."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def server(watch: Watch, host: str, port: int) -> ThreadingHTTPServer:
    """A server that listens, and is yet to be told to serve; OSError if it can't. Port 0 takes a free one."""

    class Handler(BaseHTTPRequestHandler):
        timeout = _SLOWEST_S
        server_version, sys_version = f"farebox/{VERSION}", ""

        def do_GET(self) -> None:
            page = watch.page(self.path)
            self.send_response(page.status)
            self.send_header("Content-Type", page.kind)
            self.send_header("Content-Length", str(len(page.body)))
            self.end_headers()
            self.wfile.write(page.body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: somebody asks every few seconds."""

    made = ThreadingHTTPServer((host, port), Handler)
    made.daemon_threads = True
    return made
