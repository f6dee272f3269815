"""A reader's own process: `python -m reader.worker SPEC DESCRIPTOR`. It may hang; whoever started it can kill it.

It serves `reader.messages` on an inherited socket, one request at a time, and lives as long as the other end is open:
nothing else ends it in order, so that Ctrl-C or a service's stop can't take the reader away in the middle of a tap.
"""

import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from threading import Thread

from reader.drivers import frame_port
from reader.messages import (
    MOST_BYTES,
    MOST_FRAME,
    Answer,
    AskHealth,
    Close,
    Done,
    Failed,
    FieldOff,
    MessageFault,
    Open,
    Poll,
    Request,
    Transceive,
    decode_request,
    encode_answer,
)
from reader.port import CardLost, FramePort, Health, NoCard, Polled, ReaderFault, ReaderMissing, TwoCards

_WHOSE_FAULT = "; that is a fault of the driver (docs/readers.md): tell its maker"
_GRACE_S = 2.0
"""How long a reader may take to close once the terminal is gone."""


def main() -> None:
    """Serve until the other end is closed."""
    spec, descriptor = sys.argv[1:]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    line = socket.socket(fileno=int(descriptor))
    line.set_inheritable(False)  # nfcpy starts a shell; it must not keep the line open
    Thread(target=_leave_with_parent, args=(line,), daemon=True).start()
    serve(line, lambda: frame_port(spec))
    # Not by way of the interpreter's end: a USB library with a hung device may not come back from it.
    os._exit(0)


def _leave_with_parent(line: socket.socket) -> None:
    """A reader that hangs never sees that the terminal is gone; this thread does."""
    waiting = select.poll()
    waiting.register(line, 0)
    waiting.poll()
    time.sleep(_GRACE_S)
    os._exit(1)


def serve(line: socket.socket, connect: Callable[[], FramePort]) -> None:
    """Answer requests until the line ends, `Close` comes, or something that is no request; then close the reader."""
    desk = _Desk(connect)
    try:
        while packet := line.recv(MOST_BYTES + 1):
            number, request = decode_request(packet)
            line.send(encode_answer(number, desk.answer(request)))
            if isinstance(request, Close):
                break
    except (MessageFault, OSError):
        pass  # whoever is there is not, or no longer, the terminal
    finally:
        desk.answer(Close())


class _Desk:
    """The reader, from its first opening on."""

    def __init__(self, connect: Callable[[], FramePort]) -> None:
        self._connect = connect
        self._port: FramePort | None = None

    def answer(self, request: Request) -> Answer:
        """What came of it. A driver of others' making may raise: that is a fault of the reader, too."""
        try:
            return self._act(request)
        except ReaderMissing as missing:
            return Failed(str(missing))
        except Exception as error:
            return Failed(f"its driver raised {type(error).__name__} {error}{_WHOSE_FAULT}")

    def _act(self, request: Request) -> Answer:
        if isinstance(request, Open) and self._port is None:
            self._port = self._connect()
        port = self._port
        if port is None:
            return Done() if isinstance(request, Close) else Failed("not open")
        match request:
            case Open():
                return _checked(request, port.open())
            case Poll(codes, wait_s):
                return _checked(request, port.poll(codes, time.monotonic() + wait_s if wait_s else 0.0))
            case Transceive(frame, timeout_s):
                return _checked(request, port.transceive(frame, timeout_s))
            case FieldOff():
                return _checked(request, port.field_off())
            case AskHealth():
                return _checked(request, port.health())
            case Close():
                port.close()
                return Done()


def _checked(request: Request, outcome: object) -> Answer:
    """What a driver gave, if it is what the protocol promises: nothing else may reach the line, or the terminal."""
    match request, outcome:
        case _, ReaderFault(_, str(what)):
            return Failed(what)
        case ((Open() | FieldOff()), None):
            return Done()
        case Poll(), (NoCard() | TwoCards()) as seen:
            return seen
        case Poll(codes), Polled(bytes(idm), bytes(pmm), int(code)) if len(idm) == len(pmm) == 8 and code in codes:
            return Polled(idm, pmm, code)
        case Transceive(), CardLost() as lost:
            return lost
        case Transceive(), bytes(answer) if len(answer) <= MOST_FRAME:
            return answer
        case AskHealth(), Health(str(chip)):
            return Health(chip)
    asked = type(request).__name__
    return Failed(f"its driver answered {asked} with {_shape(outcome)}{_WHOSE_FAULT}")


def _shape(value: object) -> str:
    """The kind and size of what a driver gave: never its contents, which may be long, or a key."""
    kind = type(value).__name__
    match value:
        case tuple():
            return f"{kind}({', '.join(map(_shape, value))})"
        case bytes() | bytearray() | memoryview() | str():
            return f"{kind} of {len(value)}"
        case _:
            return kind


if __name__ == "__main__":
    main()
