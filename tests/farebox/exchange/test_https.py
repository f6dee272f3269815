"""The line itself, over real sockets and TLS: who is believed to be the centre, what a cut does, what is bounded."""

import itertools
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from farebox.exchange.answers import MOST_WORD_BYTES
from farebox.exchange.faults import ExchangeFault, LineCut, Nonsense, NotTheCentre
from farebox.exchange.https import Bounds, HttpsLine, context_of
from farebox.exchange.line import Request
from farebox.exchange.session import Exchange, Report
from reader.keys import KeyStoreFault
from sim.centre import KEYS, NOW_S, TOKEN, Centre
from tests.farebox.exchange.bus import Bus, segments
from tests.farebox.exchange.tls_centre import Authority, TlsCentre, serving

DAY_S = 86_400
TIME = Request("GET", f"time?nonce={bytes(16).hex()}")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def server(authority: Authority) -> Iterator[TlsCentre]:
    with serving(Centre(), authority.context()) as server:
        yield server


def line_to(server: TlsCentre, authority: Authority, **bounds: float) -> HttpsLine:
    return HttpsLine(server.url, context_of(str(authority.ca), by_clock=False), Bounds(**bounds))


def exchanged(bus: Bus, server: TlsCentre, authority: Authority) -> Report:
    return Exchange(
        lambda: line_to(server, authority),
        *(bus.archive, bus.store, bus.bundles, KEYS, TOKEN, bytes, lambda: 0.0),
        piece_bytes=300,
    ).once()


def test_a_whole_session_takes_one_connection(server: TlsCentre, authority: Authority, tmp_path: Path) -> None:
    bus = Bus(tmp_path, duties=2, centre=server.centre)
    assert exchanged(bus, server, authority).done
    assert sorted(server.centre.segments) == [1, 2] and server.connections == 1


def test_a_centre_that_hangs_up_after_each_answer_is_called_again(
    server: TlsCentre, authority: Authority, tmp_path: Path
) -> None:
    server.hangs_up = True
    bus = Bus(tmp_path, duties=1, centre=server.centre)
    assert exchanged(bus, server, authority).done
    assert server.connections == len(server.centre.asked)


class TestWhoIsTheCentre:
    def refused(self, server: TlsCentre, authority: Authority, *, by_clock: bool = False) -> str:
        line = HttpsLine(server.url, context_of(str(authority.ca), by_clock=by_clock))
        with pytest.raises(NotTheCentre) as caught:
            line.ask(TIME, MOST_WORD_BYTES)
        assert not server.centre.asked
        return str(caught.value)

    def test_another_authority_s_certificate_is_refused(self, server: TlsCentre, tmp_path: Path) -> None:
        assert "does not hold" in self.refused(server, Authority(tmp_path, "another"))

    def test_another_host_s_certificate_is_refused(self, authority: Authority) -> None:
        with serving(Centre(), authority.context(host="elsewhere.example")) as server:
            assert "does not hold" in self.refused(server, authority)

    def test_where_the_clock_is_kept_an_expired_certificate_is_refused_at_once(self, authority: Authority) -> None:
        long_ago_s = int(datetime.now(UTC).timestamp()) - 10 * DAY_S
        with serving(Centre(), authority.context(at_s=long_ago_s)) as server:
            assert "expired" in self.refused(server, authority, by_clock=True)

    @pytest.mark.parametrize(("days_off", "said"), [(-10, "has expired"), (10, "is not valid yet")])
    def test_faults_25_without_a_clock_it_is_refused_by_the_centres_signed_time(
        self, authority: Authority, tmp_path: Path, days_off: int, said: str
    ) -> None:
        with serving(Centre(), authority.context(at_s=NOW_S + days_off * DAY_S)) as server:
            bus = Bus(tmp_path, duties=1, centre=server.centre)
            report = exchanged(bus, server, authority)
            assert isinstance(report.fault, NotTheCentre) and said in str(report.fault)
            assert [request.path.partition("?")[0] for request in server.centre.asked] == ["time"]
            assert TOKEN not in str(server.centre.asked)

    def test_the_dates_are_checked_on_each_later_connection_too(self, server: TlsCentre, authority: Authority) -> None:
        server.hangs_up = True
        line = line_to(server, authority)
        line.valid_at(NOW_S + 10 * DAY_S)
        with pytest.raises(NotTheCentre, match="has expired"):
            line.ask(TIME, MOST_WORD_BYTES)

    def test_whoever_does_not_speak_tls_is_given_up(self, authority: Authority) -> None:
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            line = HttpsLine(
                f"https://localhost:{deaf.getsockname()[1]}/",
                context_of(str(authority.ca), by_clock=False),
                Bounds(0.2),
            )
            with pytest.raises(LineCut):
                line.ask(TIME, MOST_WORD_BYTES)

    @pytest.mark.parametrize("contents", [None, b"", b"no certificate"])
    def test_faults_27_anchors_that_can_not_be_read_are_told(self, tmp_path: Path, contents: bytes | None) -> None:
        path = tmp_path / "ca.pem"
        if contents is not None:
            path.write_bytes(contents)
        with pytest.raises(KeyStoreFault, match=r"ca\.pem: no certificates"):
            context_of(str(path), by_clock=False)


class TestCuts:
    @pytest.mark.parametrize("at", [0, 1, 150, 299])
    def test_faults_34_a_request_cut_at_any_byte(
        self, server: TlsCentre, authority: Authority, tmp_path: Path, at: int
    ) -> None:
        bus = Bus(tmp_path, duties=2, centre=server.centre)
        server.cut_request_at = at
        report = exchanged(bus, server, authority)
        assert isinstance(report.fault, LineCut) and segments(bus.folder) == [1, 2, 3]
        server.cut_request_at = None
        assert exchanged(bus, server, authority).done
        assert sorted(server.centre.booked.values()) == [1, 1]

    @pytest.mark.parametrize("before", range(4, 14, 2))
    @pytest.mark.parametrize("at", [0, 40])
    def test_faults_36_an_answer_cut_at_any_byte(
        self, server: TlsCentre, authority: Authority, tmp_path: Path, before: int, at: int
    ) -> None:
        bus = Bus(tmp_path, duties=2, centre=server.centre)
        server.cut_answer_at, server.answers_before_cut = at, before
        report = exchanged(bus, server, authority)
        assert report.done or isinstance(report.fault, LineCut)
        assert set(segments(bus.folder)) | {number for number in (1, 2) if bus.archive.receipt(number)} >= {1, 2, 3}
        server.cut_answer_at = None
        assert exchanged(bus, server, authority).done
        assert sorted(server.centre.booked.values()) == [1, 1]

    def test_nobody_there(self, authority: Authority) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        line = HttpsLine(f"https://localhost:{port}/", context_of(str(authority.ca), by_clock=False))
        with pytest.raises(LineCut, match="tried again later"):
            line.ask(TIME, MOST_WORD_BYTES)


class TestBounds:
    def test_a_centre_that_says_nothing_is_given_up(self, server: TlsCentre, authority: Authority) -> None:
        server.silent = Event()
        with pytest.raises(LineCut):
            line_to(server, authority, request_s=0.05).ask(TIME, MOST_WORD_BYTES)

    def test_one_that_answers_a_byte_at_a_time_has_no_longer(self, server: TlsCentre, authority: Authority) -> None:
        """By a clock that counts ten seconds a look: six looks, and the minute is over."""
        server.instead = b"HTTP/1.1 200 So\r\nContent-Length: 300000\r\n\r\n" + bytes(300_000)
        ticks = itertools.count(0, 10)
        context = context_of(str(authority.ca), by_clock=False)
        line = HttpsLine(server.url, context, Bounds(), monotonic_s=lambda: float(next(ticks)))
        with pytest.raises(LineCut, match="within 60 s"):
            line.ask(TIME, 1 << 20)

    @pytest.mark.parametrize(
        ("said", "fault"),
        [
            (b"HTTP/1.1 200 So\r\nContent-Length: 5000\r\n\r\n" + bytes(5_000), Nonsense),
            (b"HTTP/1.1 200 So\r\n\r\n" + bytes(5_000), Nonsense),
            (b"HTTP/1.1 200 So\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n" + bytes(5_000), Nonsense),
            (b"HTTP/1.1 200 So\r\n" + b"X: y\r\n" * 10_000 + b"\r\n", Nonsense),
            (b"HTTP/1.1 100 Go on\r\n\r\n" * 20 + b"HTTP/1.1 204 So\r\n\r\n", Nonsense),
            (b"HTTP/1.1 200 So\r\nContent-Length: -1\r\n\r\n", Nonsense),
            (b"HTTP/1.1 200 So\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", Nonsense),
            (b"220 mail.example ESMTP\r\n\r\n", Nonsense),
            (bytes(3_000), Nonsense),
            (b"HTTP/1.1 101 Switch\r\nUpgrade: else\r\nConnection: upgrade\r\n\r\n", ExchangeFault),
            (b"", LineCut),
            (b"HTTP/1.1 200 So\r\nContent-Length: 500\r\n\r\nhello", LineCut),
        ],
    )
    def test_faults_31_what_is_no_answer_is_a_fault_in_bounded_room(
        self, server: TlsCentre, authority: Authority, said: bytes, fault: type[ExchangeFault]
    ) -> None:
        server.instead = said
        with pytest.raises(fault):
            line_to(server, authority).ask(TIME, MOST_WORD_BYTES)

    def test_an_answer_without_a_length_ends_where_the_centre_hangs_up(
        self, server: TlsCentre, authority: Authority
    ) -> None:
        server.instead = b"HTTP/1.1 200 So\r\nA: b\r\nA: c\r\n\r\nhello"
        line = line_to(server, authority)
        answer = line.ask(TIME, MOST_WORD_BYTES)
        assert (answer.body, answer.headers["a"]) == (b"hello", "b, c")
        server.instead = None
        assert line.ask(TIME, MOST_WORD_BYTES).status == 200
        line.close()

    def test_an_answer_that_comes_before_all_was_sent_is_heard(self) -> None:
        """A centre, or a proxy before it, may decline a piece by its head alone, and hang up."""

        class HungUp:
            """In place of a TLS socket: nothing more can be sent, and the answer waits."""

            said = b"HTTP/1.1 413 So\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

            def send(self, data: bytes) -> int:
                raise BrokenPipeError

            def recv(self, length: int) -> bytes:
                return self.said

            def settimeout(self, seconds: float) -> None: ...
            def close(self) -> None: ...
            def wrap_socket(self, bare: object, server_hostname: str) -> "HungUp":
                return self

        there: Any = HungUp()
        line = HttpsLine("https://centre.example/bus/", there, connect=lambda *_: there)
        assert line.ask(Request("PATCH", "segments/1/5e", (), bytes(9_000)), MOST_WORD_BYTES).status == 413

    def test_a_redirection_is_not_followed(self, server: TlsCentre, authority: Authority, tmp_path: Path) -> None:
        server.instead = b"HTTP/1.1 302 So\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\n\r\n"
        report = exchanged(Bus(tmp_path, duties=1, centre=server.centre), server, authority)
        assert isinstance(report.fault, Nonsense) and "redirection" in str(report.fault)
