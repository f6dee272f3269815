"""The terminal's end of the console's socket. Never waits: a tap comes first, and who reads too slowly is let go."""

import socket
from contextlib import suppress
from pathlib import Path

from farebox.console.protocol import (
    MOST_COMMAND_BYTES,
    MOST_PICTURE_BYTES,
    Command,
    NotACommand,
    Picture,
    command_of,
    picture_line,
)

MOST_CLIENTS = 8
"""Console, display, sounds, slips, metrics, and some to look in."""
_MODE = 0o660
"""The service's user and group: whoever may open the socket may drive the fare box."""
_MOST_COMMANDS = 32
"""Taken from one client at one look; the rest wait, so that nobody keeps the terminal from its cards."""


class SocketTaken(Exception):
    """Another terminal serves this socket."""


class _Client:
    """One console: bytes that came and are no whole line yet, and bytes that are still to go."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.came = b""
        self.to_go = b""

    def lines(self) -> list[bytes] | None:
        """The whole lines that came; None if the other end is gone or sends no lines."""
        try:
            received = self.connection.recv(MOST_COMMAND_BYTES)
        except BlockingIOError:
            received = None
        except OSError:
            return None
        if received == b"":
            return None
        *lines, self.came = (self.came + (received or b"")).split(b"\n", _MOST_COMMANDS)
        return None if len(self.came) > 2 * MOST_COMMAND_BYTES else lines

    def send(self, line: bytes) -> bool:
        """Send what fits; False if the other end is gone or has not read for too long."""
        self.to_go += line
        try:
            self.to_go = self.to_go[self.connection.send(self.to_go) :]
        except BlockingIOError:
            pass
        except OSError:
            return False
        return len(self.to_go) <= 2 * MOST_PICTURE_BYTES


class ConsoleServer:
    """A Unix socket that consoles and displays connect to. Raises SocketTaken or OSError if it can't be had."""

    def __init__(self, path: Path) -> None:
        """Listen; a socket that a dead terminal left is replaced."""
        self._path = path
        self._clients: list[_Client] = []
        self._published: Picture | None = None
        self._last = b""
        self._listener = socket.socket(socket.AF_UNIX)
        try:
            _clear(path)
            self._listener.bind(str(path))
            path.chmod(_MODE)
            self._listener.listen(MOST_CLIENTS)
            self._listener.setblocking(False)
        except BaseException:
            self._listener.close()
            raise

    @property
    def watched(self) -> int:
        """How many are connected."""
        return len(self._clients)

    def commands(self) -> list[Command | NotACommand]:
        """What the consoles sent since the last look; those who have just connected get the newest picture."""
        self._let_in()
        found: list[Command | NotACommand] = []
        for client in tuple(self._clients):
            lines = client.lines()
            # Who said something and left at once has said it all the same.
            found += map(command_of, lines or ())
            if lines is None or not client.send(b""):
                self._let_go(client)
        return found

    def publish(self, picture: Picture) -> None:
        """Send a picture to everyone, unless it is the one they have."""
        if picture == self._published:
            return
        self._published = picture
        self._last = line = picture_line(picture)
        for client in tuple(self._clients):
            if not client.send(line):
                self._let_go(client)

    def close(self) -> None:
        """Let everyone go, and the socket's name with them."""
        for client in tuple(self._clients):
            self._let_go(client)
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _let_in(self) -> None:
        with suppress(OSError):  # nobody is at the door, or is gone again
            while True:
                connection, _ = self._listener.accept()
                connection.setblocking(False)
                client = _Client(connection)
                if len(self._clients) >= MOST_CLIENTS or not client.send(self._last):
                    connection.close()
                else:
                    self._clients.append(client)

    def _let_go(self, client: _Client) -> None:
        self._clients.remove(client)
        client.connection.close()


def _clear(path: Path) -> None:
    """Remove a socket that nobody serves."""
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except BlockingIOError:
            pass  # it has more at its door than it lets in: it may hang, but it has the socket
    raise SocketTaken(f"{path}: another terminal serves it; stop that one first")
