"""What lies in front of a clerk, and what can be done to it: one card, on a reader or as an image (模擬).

    desk.look()              -> Seen | Blank | Refusal | ReaderFault | None      None: no card lies there
    desk.write(seen, plan)   -> Fate       one commit on the card that was looked at last
    desk.issue(blank, new)   -> Fate       a blank card becomes this one

A desk remembers no more than the card it looked at last. What a write came to that it can't tell, the books hold as
pending (`centre.counter.carrying`), until the card is laid again.
"""

from collections.abc import Callable
from datetime import date
from typing import NamedTuple, Protocol

from cardimage import lite_s
from cardimage.image import LITE_S_PMM, CardImage, ImageFault, dump, load
from cardimage.issue import issue as image_of
from cardimage.layout.blocks import HISTORY_BLOCKS
from cardimage.layout.history import HistoryRow
from cardimage.protection import Protection
from cardimage.resolve import Fate, Standing
from cardimage.write_plan import WritePlan
from reader.card import CardRead, read_account, read_rows, read_slots, uses_in, write
from reader.felica import FelicaReader
from reader.image_port import ImageReader
from reader.issuing import Bench, CardState, Issued, Problem, Step, issue_card, look
from reader.keys import KeyStore
from reader.number import read_number
from reader.port import CardReader, Foreign, FramePort, NoCard, Polled, ReaderFault, Session, TwoCards, WaitOutcome
from tariff.account import Account
from tariff.refusal import Code, Refusal


class Seen(NamedTuple):
    """A card of ours as it lies there: what stands on it, and its history, raw and read (GEN-13)."""

    idm: bytes
    number: str
    issued_on: date
    slots: tuple[bytes, bytes]
    now: Standing
    account: Account
    write_count: int
    rows: tuple[bytes, ...]
    uses: tuple[HistoryRow, ...]

    def row_in(self, block: int) -> bytes:
        """What stands in a block of the history."""
        return self.rows[HISTORY_BLOCKS.index(block)]


class Blank(NamedTuple):
    """A card that nobody has issued. `begun`: one whose issue was cut short, to be gone on with."""

    idm: bytes
    begun: bool = False


class NewCard(NamedTuple):
    """What a blank card is to become."""

    account: Account
    number: str
    issued_on: date


Laid = Seen | Blank | Refusal | ReaderFault | None


class Desk(Protocol):
    """One place for one card."""

    @property
    def is_simulated(self) -> bool:
        """Whether what lies there is no real card (模擬)."""

    def look(self) -> Laid:
        """Look once. A Refusal is a card that can't be worked on, and says why."""

    def write(self, seen: Seen, plan: WritePlan) -> Fate:
        """Write a plan to the card that was looked at last. NOT_WRITTEN: it stands as it was seen, or is another."""

    def issue(self, blank: Blank, new: NewCard) -> Fate:
        """Make a blank card this one. UNKNOWN: begun, and to be gone on with when it is laid again."""


class _Lying(NamedTuple):
    """The card that was looked at last."""

    session: Session
    seen: Seen


class _SessionDesk:
    """What both desks do alike: a card of ours through its session."""

    def __init__(self) -> None:
        self._lying: _Lying | None = None

    def write(self, seen: Seen, plan: WritePlan) -> Fate:
        """See `Desk`. One attempt: a session serves for one write, and then the card is looked at anew."""
        lying, self._lying = self._lying, None
        if lying is None or lying.seen != seen:
            return Fate.NOT_WRITTEN
        return write(lying.session, seen.now, plan).fate

    def _seen(self, reader: CardReader) -> Laid:
        self._lying = None
        session = reader.wait()
        if isinstance(session, (NoCard, TwoCards, Foreign, ReaderFault)):
            return _not_ours(session)
        slots = read_slots(session)
        if isinstance(slots, (Refusal, ReaderFault)):
            return slots
        read = read_account(session, slots)
        if isinstance(read, (Refusal, ReaderFault)):
            return read
        seen = _whole(session, slots, read)
        if isinstance(seen, Seen):
            self._lying = _Lying(session, seen)
        return seen


def _not_ours(outcome: NoCard | TwoCards | Foreign | ReaderFault) -> Refusal | ReaderFault | None:
    match outcome:
        case NoCard():
            return None
        case TwoCards():
            return Refusal(Code.TWO_CARDS, "GEN-6")
        case Foreign(system_code=system_code):
            return Refusal(Code.FOREIGN_CARD, "GEN-21", f"system {system_code:04X}")
        case ReaderFault():
            return outcome


def _whole(session: Session, slots: tuple[bytes, bytes], read: CardRead) -> Seen | Refusal | ReaderFault:
    """Number and history, besides what a bus reads."""
    number = read_number(session)
    if isinstance(number, (Refusal, ReaderFault)):
        return number
    if number is None:
        return Refusal(Code.UNREADABLE_CARD, "GEN-11", "number")
    rows = read_rows(session)
    if isinstance(rows, (Refusal, ReaderFault)):
        return rows
    return Seen(
        session.idm,
        *number,
        slots,
        *read,
        session.write_count,
        rows,
        uses_in(rows, read.now),
    )


class ImageDesk(_SessionDesk):
    """A card image (模擬) as it was sent in; `data` is what it has become."""

    is_simulated = True

    def __init__(self, data: bytes, source: str) -> None:
        """Take a file's bytes, and its name for messages; ImageFault if it is no simulated Lite-S card."""
        super().__init__()
        self._image = load(data, source)
        if self._image.lite_s_blocks() is None or not self._image.simulated:
            raise ImageFault(f"{source}: not a simulated FeliCa Lite-S card (模擬); make one with `farebox card new`")
        self._reader = ImageReader(source)
        self._reader.lay(self._image)

    @property
    def data(self) -> bytes:
        """The image as it is now, as its file."""
        return dump(self._image)

    def look(self) -> Laid:
        """See `Desk`."""
        blocks = _blocks(self._image)
        if not any(any(blocks[block]) for block in range(lite_s.S_PADS)):
            self._lying = None
            return Blank(self._image.idm)
        return self._seen(self._reader)

    def issue(self, blank: Blank, new: NewCard) -> Fate:
        """See `Desk`. An image has no key, and is written at once."""
        if self.look() != blank:
            return Fate.NOT_WRITTEN
        made = _blocks(image_of(blank.idm, new.account, new.number, new.issued_on))
        _blocks(self._image).update({block: made[block] for block in (*range(lite_s.S_PADS), lite_s.MC)})
        return Fate.WRITTEN


def _blocks(image: CardImage) -> dict[int, bytes]:
    blocks = image.lite_s_blocks()
    assert blocks is not None
    return blocks


class ReaderDesk(_SessionDesk):
    """A real card, on any reader. The port is opened and closed by whoever made it."""

    is_simulated = False

    def __init__(
        self,
        port: FramePort,
        keys: KeyStore,
        random: Callable[[int], bytes],
        protection: Protection = Protection.LOCKED,
    ) -> None:
        """Take an opened port, the keys of cards, random bytes for challenges, and how new cards are protected."""
        super().__init__()
        self._port = port
        self._reader = _Remembering(FelicaReader(port, keys, random))
        self._bench = Bench(port, keys, random)
        self._protection = protection

    def look(self) -> Laid:
        """See `Desk`. A card without a key of ours is looked at once more, by the factory's: it may be blank."""
        laid = self._seen(self._reader)
        if not isinstance(laid, Refusal) or laid.code not in (Code.WRONG_KEY, Code.UNREADABLE_CARD):
            return laid
        state = look(self._bench, Polled(self._reader.idm, LITE_S_PMM, lite_s.SYSTEM_CODE))
        match state:
            case ReaderFault():
                return state
            case CardState(is_blank=True):
                return Blank(self._reader.idm)
            case CardState(key_version=0):
                return Blank(self._reader.idm, begun=True)
            case _:
                return laid

    def issue(self, blank: Blank, new: NewCard) -> Fate:
        """See `Desk`. As often as it is cut short, as often it goes on where it stopped."""
        made = _blocks(image_of(blank.idm, new.account, new.number, new.issued_on))
        pads = {block: made[block] for block in range(lite_s.S_PADS)}
        outcome = issue_card(self._bench, Polled(blank.idm, LITE_S_PMM, lite_s.SYSTEM_CODE), pads, self._protection)
        match outcome:
            case Issued():
                return Fate.WRITTEN
            case Problem(step=Step.LOOK | Step.CONTENTS, again=False):
                return Fate.NOT_WRITTEN  # it has no key of ours yet, and is nobody's card
            case _:
                return Fate.UNKNOWN


class _Remembering:
    """A reader that remembers which card it saw last, so that one it can't open may be looked at otherwise."""

    def __init__(self, reader: FelicaReader) -> None:
        self.idm = b""
        self._reader = reader

    @property
    def name(self) -> str:
        return self._reader.name

    def wait(self) -> WaitOutcome:
        outcome = self._reader.wait()
        if not isinstance(outcome, (NoCard, TwoCards, Foreign, ReaderFault)):
            self.idm = outcome.idm
        return outcome

    def close(self) -> None:
        self._reader.close()
