"""HTTP: who may ask, which part answers, and what becomes of the answer on its way."""

import hmac
import logging
import secrets
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from sim.payments.control import Control, control_routes
from sim.payments.notices import Notices
from sim.payments.pages import Pages, page, reader_of
from sim.payments.plain_api import OTHERS_STATUS, STATUSES, PlainApi
from sim.payments.service import Refused, Service
from sim.payments.store import Store
from sim.payments.stripe_api import Shapes, StripeApi, StripeError
from sim.payments.web import Request, Response, Routes, as_json

_log = logging.getLogger(__name__)

_MOST_BODY_BYTES = 64 << 10
_SLOWEST_S = 10
_MACHINES = ("/api/", "/v1/", "/control/wishes", "/control/cards/", "/control/process", "/control/forget-keys",
             "/control/deliver", "/control/notices", "/control/books")  # fmt: skip
"""Paths that ask for the key; the others are pages."""


class Wanted(NamedTuple):
    """How it is to run."""

    database: Path | None
    key: str
    notice_secret: str
    notify: str
    page: str
    """Where its pages are, as members see them, e.g. http://127.0.0.1:8702."""
    late_s: float = 12.0
    """How late an answer is that comes late: more than its caller waits."""
    clock: Callable[[], float] = time.time


class Sandbox:
    """The whole service, to be asked without a network; `serving` puts it behind a port."""

    def __init__(self, wanted: Wanted) -> None:
        """Its database, made if it is new."""
        self._key = wanted.key
        self._store = Store(wanted.database)
        self.control = Control(self._store)
        shapes = Shapes(lambda: self.service, wanted.page)
        self.notices = Notices(
            self._store, wanted.notify, wanted.notice_secret, wanted.clock, _token, shapes.subject, self.control.get
        )
        self.service = Service(self._store, wanted.clock, _token, self.notices.tell)
        self._routes: tuple[Routes, ...] = (
            PlainApi(self.service, wanted.page, wanted.late_s).routes(),
            StripeApi(self.service, shapes, self.notices.events, wanted.late_s).routes(),
            control_routes(self.service, self.control, self.notices),
            Pages(self.service, self.control, self.notices).routes(),
        )

    def close(self) -> None:
        """Send nothing more, and let the database go."""
        self.notices.stop()
        self._store.close()

    def answer(self, request: Request) -> Response:
        """The answer to a request."""
        is_machine = request.path.startswith(_MACHINES)
        if is_machine and not self._may(request):
            return as_json(401, {"error": {"type": "invalid_request_error", "code": "api_key"}})
        if not is_machine and request.method == "POST" and not _from_here(request):
            return as_json(403, {"error": "cross-site"})
        if is_machine and not request.path.startswith("/control") and self.control.take("busy"):
            return as_json(503, {"error": {"type": "api_error", "code": "busy"}})
        try:
            answer = self._of_routes(request)
        except StripeError as error:
            return error.response
        except Refused as refused:
            if not is_machine:
                said = reader_of(request)
                title = said("見つかりません", "Not found")
                return page(
                    said, title, f"<p>{said('そのようなものはありません。', 'There is nothing here.')}</p>", status=404
                )
            return as_json(STATUSES.get(refused.code, OTHERS_STATUS), {"code": refused.code})
        except (ValueError, KeyError, TypeError):
            return as_json(400, {"error": {"type": "invalid_request_error", "code": "unreadable"}})
        is_charge = request.method == "POST" and request.path in {"/api/payments", "/v1/payment_intents"}
        return answer._replace(is_lost=True) if is_charge and self.control.take("lose_answers") else answer

    def _of_routes(self, request: Request) -> Response:
        for routes in self._routes:
            answer = routes.answer(request)
            if answer is not None:
                return answer
        if request.path == "/style.css":
            style = Path(__file__).with_name("style.css").read_bytes()
            return Response(200, style, (("Content-Type", "text/css; charset=utf-8"),))
        raise Refused("not-found")

    def _may(self, request: Request) -> bool:
        return hmac.compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {self._key}".encode())


def _token() -> str:
    return secrets.token_hex(12)


def _from_here(request: Request) -> bool:
    """Whether a browser sends a form from one of our own pages; whoever is no browser says nothing of it."""
    origin = request.headers.get("origin", "")
    return not origin or urlsplit(origin).netloc == request.headers.get("host", "")


def serving(sandbox: Sandbox, listening: ThreadingHTTPServer) -> None:
    """Answer at the port until it is shut down. Bodies are never logged: a card may have been typed in them."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = _SLOWEST_S
        wbufsize, disable_nagle_algorithm = 1 << 16, True  # an answer is one packet, sent at once
        server_version, sys_version = "farebox-sandbox", ""

        def _any(self) -> None:
            length = self.headers.get("Content-Length", "0")
            if not length.isascii() or not length.isdecimal() or int(length) > _MOST_BODY_BYTES:
                self.close_connection = True
                self._send(as_json(413, {"error": "too-long"}))
                return
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            request = Request(self.command, parts.path, query, headers, self.rfile.read(int(length)))
            try:
                answer = sandbox.answer(request)
            except Exception:
                _log.exception("%s %s", request.method, request.path)
                answer = as_json(500, {"error": {"type": "api_error", "code": "fault"}})
            if answer.late_s:
                time.sleep(answer.late_s)
            if answer.is_lost:
                self.close_connection = True
                return
            self._send(answer)

        def _send(self, answer: Response) -> None:
            self.send_response(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            try:
                self.wfile.write(answer.body)
            except OSError:
                self.close_connection = True  # its caller waits no longer

        do_GET = do_POST = do_DELETE = _any

        def log_message(self, format: str, *args: object) -> None:
            """Requests are not logged: addresses hold tokens."""

    listening.RequestHandlerClass = Handler
    sandbox.notices.start()
    listening.serve_forever(poll_interval=0.05)


class Listening(ThreadingHTTPServer):
    """A port that is listened at; who it answers comes later."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, host: str, port: int) -> None:
        """OSError if it can't be had. Port 0 takes a free one."""
        super().__init__((host, port), BaseHTTPRequestHandler)
