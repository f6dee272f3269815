"""What a session asks of a line to the centre: the port behind which HTTPS is, or a centre in memory."""

from typing import NamedTuple, Protocol

from farebox.exchange.answers import Answer


class Request(NamedTuple):
    """What is asked; `path` goes on from the centre's URL."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class Line(Protocol):
    """A line to the centre."""

    def ask(self, request: Request, most_bytes: int) -> Answer:
        """The answer, its body no longer than so many bytes. Raises ExchangeFault."""

    def valid_at(self, at_s: int) -> None:
        """Check the certificate's dates, of this connection and of each one after it. Raises NotTheCentre."""

    def hang_up(self) -> None:
        """End for good what is under way, from a signal's handler; `ask` raises LineCut then."""

    def close(self) -> None:
        """Hang up."""
