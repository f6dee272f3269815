"""One line to the centre: HTTP/1.1 over TLS, one request after the other, all of it within bounds.

h11 reads and writes the protocol; this file moves its bytes. Redirections, cookies, proxies and compression are not
known here: none is needed, and each is a way to be led astray. A request has one deadline from its first byte to the
last of its answer, however slowly they come.

Whether a certificate is still good can't be asked of a clock that nobody vouches for: a bus that wakes up in 1970 would
never reach the centre that could tell it the time. So until NTP keeps the clock, OpenSSL checks all but the dates
(chain, name, signatures), and `valid_at` checks those, by the time that the centre has signed.
"""

import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlsplit

import h11

from farebox.exchange.answers import Answer
from farebox.exchange.faults import LineCut, Nonsense, NotTheCentre
from farebox.exchange.line import Request
from farebox.version import VERSION
from reader.keys import KeyStoreFault

_NO_CHECK_TIME = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which the module ssl has no name for."""
_MOST_HEAD_BYTES = 16 << 10
_MOST_INFORMATIONAL = 8
_CHUNK_BYTES = 16 << 10


class Bounds(NamedTuple):
    """How long to wait: for the connection, and for one request from its first byte to its answer's last."""

    connect_s: float = 20.0
    request_s: float = 60.0


Connect = Callable[[tuple[str, int], float], socket.socket]


def context_of(ca: str, *, by_clock: bool) -> ssl.SSLContext:
    """TLS that trusts the anchors of a PEM file alone; `by_clock`: this machine's clock may judge dates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not by_clock:
        context.verify_flags |= ssl.VerifyFlags(_NO_CHECK_TIME)
    try:
        context.load_verify_locations(cafile=ca)
    except OSError as error:  # ssl.SSLError is one
        raise KeyStoreFault(f"{ca}: no certificates to trust can be read there ({type(error).__name__})") from None
    return context


class HttpsLine:
    """Follows the Line protocol over real sockets; connects when asked, and again if the centre hung up in between."""

    def __init__(
        self,
        url: str,
        context: ssl.SSLContext,
        bounds: Bounds | None = None,
        connect: Connect = socket.create_connection,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`url` is https://HOST[:PORT]/PATH/."""
        parts = urlsplit(url)
        self._host, self._port, self._path = parts.hostname or "", parts.port or 443, parts.path
        self._context, self._bounds = context, bounds or Bounds()
        self._connect, self._monotonic_s = connect, monotonic_s
        self._socket: ssl.SSLSocket | None = None
        self._http = h11.Connection(h11.CLIENT)
        self._at_s: int | None = None
        self._heard = self._ended = self._ended_for_good = False

    def ask(self, request: Request, most_bytes: int) -> Answer:
        """The answer; LineCut, NotTheCentre or Nonsense."""
        again = self._socket is not None
        try:
            return self._asked(request, most_bytes)
        except LineCut:
            if not again or self._heard:
                raise
            # Hung up while nothing was said: proper form after a while. All that is asked may be asked twice.
            return self._asked(request, most_bytes)

    def valid_at(self, at_s: int) -> None:
        """Check the dates of the certificate, now and of each later connection."""
        self._at_s = at_s
        if self._socket is not None:
            self._check_dates(self._socket)

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()
        self._socket = None

    def hang_up(self) -> None:
        """End for good what is under way, from a signal's handler: whoever waits for an answer sees the line cut."""
        self._ended_for_good = True
        line = self._socket
        if line is not None:
            with suppress(OSError):
                socket.socket.shutdown(line, socket.SHUT_RDWR)  # below TLS, which may be in use

    def _asked(self, request: Request, most_bytes: int) -> Answer:
        self._heard = self._ended = False
        try:
            line = self._open()
            deadline_s = self._monotonic_s() + self._bounds.request_s
            self._send(line, request, deadline_s)
            answer = answer_from(self._http, lambda: self._more(line, deadline_s), most_bytes)
        except ssl.SSLCertVerificationError as error:
            self.close()
            raise NotTheCentre(
                f"{self._host}: its certificate does not hold ({error.verify_message}); nothing was said to it"
            ) from None
        except OSError as error:
            self.close()
            raise LineCut(
                f"{self._host}: {error.strerror or error or type(error).__name__}; tried again later"
            ) from None
        except BaseException:
            self.close()
            raise
        if not self._ended and self._http.our_state is self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        else:
            self.close()
        return answer

    def _open(self) -> ssl.SSLSocket:
        if self._ended_for_good:
            raise LineCut("asked to end; the next start goes on from here")
        if self._socket is None:
            bare = self._connect((self._host, self._port), self._bounds.connect_s)
            try:
                bare.settimeout(self._bounds.connect_s)
                self._socket = self._context.wrap_socket(bare, server_hostname=self._host)
            except BaseException:
                bare.close()
                raise
            self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MOST_HEAD_BYTES)
            if self._at_s is not None:
                self._check_dates(self._socket)
        return self._socket

    def _check_dates(self, line: ssl.SSLSocket) -> None:
        # Loaded by who has a line only.
        from cryptography import x509  # noqa: PLC0415

        assert self._at_s is not None
        found = x509.load_der_x509_certificate(line.getpeercert(binary_form=True) or b"")
        first_s, last_s = found.not_valid_before_utc.timestamp(), found.not_valid_after_utc.timestamp()
        if not first_s <= self._at_s <= last_s:
            self.close()
            when = "has expired" if self._at_s > last_s else "is not valid yet"
            raise NotTheCentre(f"{self._host}: its certificate {when}, by the centre's own time; renew it there")

    def _send(self, line: ssl.SSLSocket, request: Request, deadline_s: float) -> None:
        host = self._host if self._port == 443 else f"{self._host}:{self._port}"
        headers = [("Host", host), ("User-Agent", f"farebox/{VERSION}"), *request.headers]
        if request.body or request.method in ("PATCH", "PUT"):
            headers.append(("Content-Length", str(len(request.body))))
        head = self._http.send(h11.Request(method=request.method, target=self._path + request.path, headers=headers))
        body = self._http.send(h11.Data(data=request.body)) if request.body else b""
        rest = memoryview((head or b"") + (body or b"") + (self._http.send(h11.EndOfMessage()) or b""))
        with suppress(ConnectionError):  # it may have answered before it hung up
            while rest:
                self._wait_at_most(line, deadline_s)
                rest = rest[line.send(rest[:_CHUNK_BYTES]) :]

    def _more(self, line: ssl.SSLSocket, deadline_s: float) -> bytes:
        self._wait_at_most(line, deadline_s)
        data = line.recv(_CHUNK_BYTES)
        self._heard, self._ended = self._heard or bool(data), not data
        return data

    def _wait_at_most(self, line: ssl.SSLSocket, deadline_s: float) -> None:
        left_s = deadline_s - self._monotonic_s()
        if left_s <= 0:
            raise LineCut(f"{self._host}: no answer within {self._bounds.request_s:g} s; tried again later")
        line.settimeout(left_s)


def answer_from(http: h11.Connection, receive: Callable[[], bytes], most_bytes: int) -> Answer:
    """The answer to what was sent; `receive` gives its bytes as they come, none when the centre has hung up.

    Raises Nonsense, LineCut.
    """
    body, head, informational = bytearray(), None, 0
    try:
        while True:
            event = http.next_event()
            match event:
                case h11.NEED_DATA:
                    data = receive()
                    if not data and (head is None or not _ends_by_hanging_up(head)):
                        raise LineCut("the centre hung up in the middle; tried again later")
                    http.receive_data(data)
                case h11.InformationalResponse():
                    informational += 1
                    if informational > _MOST_INFORMATIONAL:
                        raise Nonsense(f"{informational} answers before the answer")
                case h11.Response():
                    head = event
                case h11.Data():
                    body += event.data
                    if len(body) > most_bytes:
                        raise Nonsense(f"an answer of more than {most_bytes} bytes")
                case h11.EndOfMessage() if head is not None:
                    return Answer(head.status_code, _headers(head), bytes(body))
                case _:
                    raise Nonsense("no answer, but another protocol")
    except h11.ProtocolError as error:
        raise Nonsense(f"what answers does not speak HTTP: {str(error)[:100]}") from None


def _ends_by_hanging_up(head: h11.Response) -> bool:
    names = {name for name, _ in head.headers}
    return b"content-length" not in names and b"transfer-encoding" not in names


def _headers(head: h11.Response) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in head.headers:
        key, text = name.decode("ascii"), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found
