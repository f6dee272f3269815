"""The centre in memory behind a real TLS server on loopback, which can hang up at any byte (模擬)."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Event, Thread
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from farebox.exchange.line import Request
from sim.centre import NOW_S, Centre

HOST = "localhost"
DAY = timedelta(days=1)


class Authority:
    """Who issues certificates, for a test alone."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} of a test")])
        now = datetime.fromtimestamp(NOW_S, UTC)
        made = (
            self._begun(self._name, self._key, now - 3650 * DAY, now + 3650 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.ca = folder / f"{name}.pem"
        self.ca.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def context(self, host: str = HOST, at_s: int = NOW_S, days: int = 1) -> ssl.SSLContext:
        """A server's, with a certificate that is good from so many days before a moment until so many after it."""
        key, at = ec.generate_private_key(ec.SECP256R1()), datetime.fromtimestamp(at_s, UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        names = [x509.DNSName(host), x509.IPAddress(ip_address("127.0.0.1"))] if host == HOST else [x509.DNSName(host)]
        made = (
            self._begun(subject, key, at - days * DAY, at + days * DAY)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        path = self._folder / "server.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + made.public_bytes(serialization.Encoding.PEM)
        )
        path.chmod(0o600)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _begun(self, subject: x509.Name, key: Any, first: datetime, last: datetime) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key.public_key())
        return builder.serial_number(x509.random_serial_number()).not_valid_before(first).not_valid_after(last)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "TlsCentre"

    def setup(self) -> None:
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            self.request.close()

    def _serve(self) -> None:
        here = self.server
        if here.silent is not None and (self.command == "PATCH" or not here.silent_to_patches):
            here.reached.set()
            here.silent.wait(60)
            return self._hang_up()
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length if here.cut_request_at is None else min(length, here.cut_request_at))
        if len(body) < length:
            return self._hang_up()
        if here.instead is not None:
            self.wfile.write(here.instead)
            return self._hang_up()
        came = here.centre.answer(
            Request(self.command, self.path.removeprefix("/bus/"), tuple(self.headers.items()), body)
        )
        lines = [f"HTTP/1.1 {came.status} So", *(f"{name}: {value}" for name, value in came.headers.items())]
        if came.status not in (204, 304):
            lines.append(f"Content-Length: {len(came.body)}")
        data = "\r\n".join([*lines, "", ""]).encode() + came.body
        here.answers += 1
        if here.cut_answer_at is not None and here.answers > here.answers_before_cut:
            self.wfile.write(data[: here.cut_answer_at])
            return self._hang_up()
        self.wfile.write(data)
        self.wfile.flush()
        if here.hangs_up:
            self._hang_up()
        return None

    def _hang_up(self) -> None:
        self.close_connection = True

    do_GET = do_PUT = do_PATCH = _serve

    def log_message(self, *_: object) -> None:
        """Nothing."""


class TlsCentre(ThreadingHTTPServer):
    """Serves a centre until it is closed."""

    daemon_threads = True

    def __init__(self, centre: Centre, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.centre, self.context = centre, context
        self.cut_request_at: int | None = None
        self.cut_answer_at: int | None = None
        self.answers = self.answers_before_cut = 0
        self.instead: bytes | None = None
        self.silent: Event | None = None
        self.silent_to_patches = False
        """To them alone."""
        self.reached = Event()
        self.hangs_up = False
        self.connections = 0

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.server_port}/bus/"

    def get_request(self) -> tuple[socket.socket, Any]:
        self.connections += 1
        return super().get_request()

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is none of ours."""


@contextmanager
def serving(centre: Centre, context: ssl.SSLContext) -> Iterator[TlsCentre]:
    """A server in a thread of its own."""
    server = TlsCentre(centre, context)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        if server.silent is not None:
            server.silent.set()
        server.shutdown()
        thread.join()
        server.server_close()
