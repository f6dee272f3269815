"""What the centre says, or whoever answers in its place; and what the exchange left for the terminal."""

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import h11

from farebox.exchange.answers import MOST_WORD_BYTES, Answer, Refused, piece_of, refused, wanted_of
from farebox.exchange.faults import ExchangeFault
from farebox.exchange.https import answer_from
from farebox.exchange.line import Request
from farebox.exchange.told import parse
from farebox.exchange.upload import Receipt, state_of
from farebox.formats import cose
from farebox.formats.centre import Held, Time, encode_held, encode_time, held_from, time_from
from farebox.formats.strict import RecordError
from sim.centre import KEYS, NOW_S, SEED, Centre
from tests.farebox.exchange.bus import Bus, segments
from tests.fuzz.target import Target, in_pieces, pieces

_CHUNK_BYTES = 700
_TIME = Time(bytes(16), NOW_S)
_HELD = Held("BUS-7", 7, 100, 250, bytes(32), NOW_S)
_BUS = Bus(Path(tempfile.gettempdir()), duties=1)
_STATUSES = (200, 204, 206, 302, 304, 404, 409, 412, 416, 422, 507)


def _http(data: bytes) -> None:
    """Bytes on the line after a request, in the chunks that a network makes of them."""
    http = h11.Connection(h11.CLIENT, max_incomplete_event_size=16 << 10)
    http.send(h11.Request(method="GET", target="/time", headers=[("Host", "centre.example")]))
    http.send(h11.EndOfMessage())
    chunks = iter([data[at : at + _CHUNK_BYTES] for at in range(0, len(data), _CHUNK_BYTES)])
    answer = answer_from(http, lambda: next(chunks, b""), MOST_WORD_BYTES)
    assert len(answer.body) <= MOST_WORD_BYTES and 200 <= answer.status <= 999


def _answer_of(data: bytes) -> Answer:
    """A status, a number, and the rest for a body; the headers are made of the number."""
    status, number, body = _STATUSES[data[0] % len(_STATUSES)], int.from_bytes(data[1:5], "big"), data[5:]
    headers = {
        "upload-offset": str(number),
        "retry-after": str(number),
        "etag": f'"{body[:32].hex()}"',
        "content-range": f"bytes {number >> 16}-{(number >> 16) + len(body) - 1}/{number & 0xFFFF}",
    }
    return Answer(status, headers, body)


def _answers(data: bytes) -> None:
    """Each reading of an answer gives a value in bounds, or Nonsense."""
    answer = _answer_of(data.ljust(5, b"\0"))
    sealed = _BUS.archive.load(1)
    for read in (
        lambda: refused(answer),
        lambda: wanted_of(answer),
        lambda: piece_of(answer, 0, 1 << 20),
        lambda: state_of(answer, sealed, KEYS),
    ):
        try:
            said = read()
        except ExchangeFault:
            continue
        assert not isinstance(said, int) or said <= len(sealed.data)
        assert not isinstance(said, Receipt) or said.held.is_of(sealed.seal)
        assert not isinstance(said, Refused) or said.detail.isprintable()


def _signed(data: bytes) -> None:
    """As a centre's own payload, and as bytes that say they are signed."""
    for read in (held_from, time_from):
        with suppress(RecordError):
            read(data, KEYS)
    payload = cose.sign(data, SEED)
    held = held_from(payload, KEYS)
    assert encode_held(held, SEED) == payload


def _session(data: bytes) -> None:
    """A whole session in which these are the answers, one after the other: nothing is deleted."""
    with tempfile.TemporaryDirectory() as folder:
        bus = Bus(Path(folder))
        bus.folder = _BUS.folder.after_kill()
        answers: Iterator[Answer] = (_answer_of(piece.ljust(5, b"\0")) for piece in pieces(data))

        def fate(centre: Centre, request: Request) -> Answer:
            if request.path.startswith("time"):
                return centre.answer(request)
            came = next(answers, None)
            return Answer(503, {}, b"") if came is None else came._replace(body=came.body[:100])

        bus.once(fate)
        assert segments(bus.folder) == [1, 2] and bus.archive.waiting() == (1,)


def _told(data: bytes) -> None:
    told = parse(data)
    assert told is None or f"1 {told.boot_id} {told.counted_ms:d}".encode()[:34] == data[:34]


def _said(status: int, number: int, body: bytes = b"") -> bytes:
    return bytes((_STATUSES.index(status),)) + number.to_bytes(4, "big") + body


TARGETS: dict[str, Target] = {
    "exchange-http": Target(
        _http,
        (ExchangeFault,),
        (
            b"HTTP/1.1 204 So\r\nUpload-Offset: 7\r\n\r\n",
            b"HTTP/1.1 200 So\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            b"HTTP/1.1 100 Go on\r\n\r\nHTTP/1.0 200 So\r\n\r\nhello",
        ),
    ),
    "exchange-answers": Target(
        _answers,
        (),
        (
            _said(204, 7),
            _said(206, 5, bytes(5)),
            _said(200, 0, b'{"wanted": [3, 7]}'),
            _said(507, 600, b'{"code": "full", "detail": "no room"}'),
        ),
    ),
    "exchange-signed": Target(
        _signed,
        (RecordError,),
        (
            cose.opened(encode_held(_HELD, SEED)).payload,
            cose.opened(encode_time(_TIME, SEED)).payload,
            encode_held(_HELD, SEED),
        ),
    ),
    "exchange-session": Target(
        _session,
        (),
        (
            in_pieces(*[_said(404, 0)] * 3, _said(204, 0), _said(204, 0), _said(204, 50), _said(200, 0, b"OK")),
            in_pieces(_said(206, 5, bytes(5)), _said(304, 0), _said(304, 0), _said(200, 0, b'{"wanted": [1, 9]}')),
        ),
    ),
    "exchange-told": Target(_told, (), (b"1 " + b"5e" * 16 + b" 50000 1795000000\n",)),
}
