"""What a reader offers, and what can come of it. Outcomes are values: a card that leaves is no exception.

    CardReader.wait() -> Session        a card is in the field
    Session.open/read/write             authenticated blocks, one attempt per command

`FramePort` is the layer below: one frame out, one frame back. `reader.felica` builds sessions on it.
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


ReadOutcome = tuple[bytes, ...] | CardLost | Declined | ReaderFault
WriteOutcome = Written | CardLost | Indeterminate | Declined | ReaderFault


class Polled(NamedTuple):
    """A card answered a poll: its manufacture id and parameters, 8 bytes each."""

    idm: bytes
    pmm: bytes


class ReaderMissing(Exception):
    """The reader that was asked for is not there or can't be opened. Says what to do; the command line exits 69."""


class FramePort(Protocol):
    """One reader's radio: frames out, frames back, each attempted once. Never raises after it was opened."""

    name: str

    def poll(self, system_code: int) -> Polled | NoCard | ReaderFault:
        """Sense once for a card of this system, the field kept on."""

    def transceive(self, frame: bytes, timeout_s: float) -> bytes | CardLost | ReaderFault:
        """Send one command frame and return the one answer (both with their length byte)."""

    def close(self) -> None:
        """Let go of the reader; the field goes off."""


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


class CardReader(Protocol):
    """A place where a passenger lays a card."""

    @property
    def name(self) -> str:
        """What to call it in messages."""

    def wait(self) -> Session | NoCard | ReaderFault:
        """Look once for a card."""

    def close(self) -> None:
        """Let go of the reader."""
