"""What a reader offers, and what can come of it. Outcomes are values: a card that leaves is no exception.

    CardReader.wait() -> Session        a card is in the field
    Session.open/read/write             authenticated blocks, one attempt per command

`FramePort` is the layer below, and what a driver is: one frame out, one frame back. `reader.felica` builds sessions on
it. docs/readers.md tells how to add a driver.
"""

from typing import NamedTuple, Protocol


class NoCard(NamedTuple):
    """No card answered within the time."""


class CardLost(NamedTuple):
    """The card left, or fell silent, before anything was written. Nothing happened to it."""


class Indeterminate(NamedTuple):
    """A write was sent and its answer lost: done or not, only the card knows (faults 3)."""

    block: int


class Declined(NamedTuple):
    """The card answered, and the answer is no. `wrong_key`: its MAC does not hold (faults 10, 11); else its status."""

    wrong_key: bool
    status: bytes = b""


class ReaderFault(NamedTuple):
    """The reader itself failed: unplugged, hung, or out of step (faults 7, 8). Says which and how."""

    reader: str
    what: str


class Written(NamedTuple):
    """The card confirmed the write. `worn` passes on its warning that the block is rewritten very often."""

    worn: bool = False


class TwoCards(NamedTuple):
    """More than one card answered the poll; which of them is meant, nobody can tell (GEN-6, faults 14)."""


class Foreign(NamedTuple):
    """A card of another system answered, one for which this reader has no keys: its IDm and its system code."""

    idm: bytes
    system_code: int


ReadOutcome = tuple[bytes, ...] | CardLost | Declined | ReaderFault
WriteOutcome = Written | CardLost | Indeterminate | Declined | ReaderFault


class Polled(NamedTuple):
    """A card answered a poll: its manufacture id and parameters, 8 bytes each, and the system that was asked for."""

    idm: bytes
    pmm: bytes
    system_code: int


class Health(NamedTuple):
    """A reader that answers: the chip and its firmware, as it names them itself."""

    chip: str


PollOutcome = Polled | TwoCards | NoCard | ReaderFault


LONGEST_WAIT_S = 3_600.0
"""No card is waited for longer in one go."""


class ReaderMissing(Exception):
    """The reader that was asked for is not there or can't be opened. Says what to do; the command line exits 69."""


class TraceFault(Exception):
    """A recording of a reader (`reader.trace`) that can't be read: names the file, the line, and what to do."""


class FramePort(Protocol):
    """One reader's radio: frames out, frames back, each attempted once. Made closed; never raises.

    `deadline_s` is a moment of `time.monotonic()`. One that has passed (0.0) asks for a single attempt.
    """

    name: str
    """What to call it in messages: the reader as it was asked for, "usb" or "tty:/dev/ttyAMA0"."""

    def open(self, deadline_s: float = 0.0) -> ReaderFault | None:
        """Open the reader, also again after a fault; None when it is ready. The fault says what to check."""

    def poll(self, system_codes: tuple[int, ...], deadline_s: float = 0.0) -> PollOutcome:
        """Sense for a card of one of these systems, in their order, the field kept on; at least once each."""

    def transceive(self, frame: bytes, timeout_s: float) -> bytes | CardLost | ReaderFault:
        """Send one command frame and return the one answer (both with their length byte)."""

    def field_off(self) -> ReaderFault | None:
        """Switch the field off; cards lose their power and forget their session. The next poll switches it on."""

    def health(self) -> Health | ReaderFault:
        """Ask the reader's chip for its name, no card needed."""

    def close(self) -> None:
        """Let go of the reader; the field goes off. Closing what is closed is no fault."""


def opened(port: FramePort, deadline_s: float = 0.0) -> FramePort:
    """The port, opened; ReaderMissing if it can't be."""
    fault = port.open(deadline_s)
    if fault is not None:
        raise ReaderMissing(fault.what)
    return port


class Session(Protocol):
    """One card in the field, bound to its IDm. Every method is one or two commands, each attempted once."""

    @property
    def idm(self) -> bytes:
        """The card's manufacture id, 8 bytes."""

    @property
    def write_count(self) -> int:
        """The card's own count of writes, authenticated with the first read."""

    def open(self, *blocks: int) -> ReadOutcome:
        """Authenticate and read up to two blocks: two commands."""

    def read(self, *blocks: int) -> ReadOutcome:
        """Read up to three more blocks under the same key: one command."""

    def write(self, block: int, data: bytes) -> WriteOutcome:
        """Write one block, authenticated: one command, never repeated."""


WaitOutcome = Session | Foreign | TwoCards | NoCard | ReaderFault


class CardReader(Protocol):
    """A place where a passenger lays a card."""

    @property
    def name(self) -> str:
        """What to call it in messages."""

    def wait(self) -> WaitOutcome:
        """Look once for a card."""

    def close(self) -> None:
        """Let go of the reader."""
