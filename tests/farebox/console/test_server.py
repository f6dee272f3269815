"""The terminal's end of the socket: many consoles, slow ones, rude ones; the terminal waits for none of them."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from farebox.console.protocol import EndTrip, GoToStop, NotACommand, command_line, picture_line
from farebox.console.server import MOST_CLIENTS, ConsoleServer, SocketTaken
from tests.farebox.console.test_protocol import PICTURE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "console"


@pytest.fixture
def server(path: Path) -> Iterator[ConsoleServer]:
    server = ConsoleServer(path)
    yield server
    server.close()


def connect(path: Path) -> socket.socket:
    console = socket.socket(socket.AF_UNIX)
    console.settimeout(5)
    console.connect(str(path))
    return console


def test_commands_come_in_their_order_and_pieces_of_a_line_are_put_together(server: ConsoleServer, path: Path) -> None:
    with connect(path) as console:
        console.sendall(command_line(GoToStop(1)) + b'{"do":"end')
        assert server.commands() == [GoToStop(1)]
        assert server.commands() == []
        console.sendall(b'-trip"}\nnonsense\n')
        first, second = server.commands()
        assert first == EndTrip() and isinstance(second, NotACommand)


def test_who_says_something_and_is_gone_at_once_was_heard(server: ConsoleServer, path: Path) -> None:
    with connect(path) as console:
        server.commands()
        console.sendall(command_line(EndTrip()))
    assert server.commands() == [EndTrip()]
    assert server.watched == 0


def test_who_connects_gets_the_newest_picture_and_each_is_sent_once(server: ConsoleServer, path: Path) -> None:
    server.publish(PICTURE)
    with connect(path) as console:
        server.commands()
        server.publish(PICTURE)
        with console.makefile("rb") as lines:
            assert lines.readline() == picture_line(PICTURE)
        console.setblocking(False)
        with pytest.raises(BlockingIOError):
            console.recv(1)


def test_a_console_that_never_reads_is_let_go_and_the_others_are_served(server: ConsoleServer, path: Path) -> None:
    with connect(path), connect(path) as quick:
        server.commands()
        assert server.watched == 2
        quick.setblocking(False)
        for at_s in range(20_000):
            server.publish(replace(PICTURE, at_s=at_s))
            try:
                while quick.recv(1 << 20):
                    pass
            except BlockingIOError:
                pass
            if server.watched == 1:
                break
        assert server.watched == 1
        quick.sendall(command_line(EndTrip()))
        assert server.commands() == [EndTrip()]


def test_a_console_that_sends_no_lines_is_let_go(server: ConsoleServer, path: Path) -> None:
    with connect(path) as rude:
        rude.sendall(b"x" * 4_000)
        server.commands()
        assert server.watched == 1
        with suppress(BrokenPipeError):
            for _ in range(3):
                rude.sendall(b"x" * 4_000)
                server.commands()
        assert server.watched == 0


def test_a_console_that_dies_is_forgotten(server: ConsoleServer, path: Path) -> None:
    connect(path).close()
    server.commands()
    server.commands()
    assert server.watched == 0


def test_no_more_than_a_few_are_let_in(server: ConsoleServer, path: Path) -> None:
    consoles = []
    for _ in range(MOST_CLIENTS + 1):
        consoles.append(connect(path))
        server.commands()
    assert server.watched == MOST_CLIENTS
    assert consoles[-1].recv(1) == b""
    for console in consoles:
        console.close()


def test_a_socket_that_a_dead_terminal_left_is_replaced_and_a_living_ones_is_not(path: Path) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    server = ConsoleServer(path)
    with pytest.raises(SocketTaken, match="another terminal serves it"):
        ConsoleServer(path)
    server.close()
    assert not path.exists()


def test_a_terminal_that_hangs_has_its_socket_still(path: Path) -> None:
    """More wait at its door than fit: whoever asks does not wait with them."""
    with socket.socket(socket.AF_UNIX) as hung, ExitStack() as waiting:
        hung.bind(str(path))
        hung.listen(0)
        with suppress(BlockingIOError):
            while True:
                one = waiting.enter_context(socket.socket(socket.AF_UNIX))
                one.setblocking(False)
                one.connect(str(path))
        with pytest.raises(SocketTaken):
            ConsoleServer(path)


def test_only_the_service_and_its_group_may_open_it(server: ConsoleServer, path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o660
