"""Sealed segments on their way to the centre: piece by piece from its last durable byte on, oldest first.

A segment is named by its number and the digest that its seal vouches for, so that going on never mixes two. What the
terminal deletes rests on a receipt that the centre signed for that very digest, and that is durable here (faults 36);
it is the archive that deletes. No segment is sent before every older one has its receipt: what the centre gets from
here never has a gap (faults 33).
"""

from base64 import b64encode
from collections.abc import Callable, Collection
from hashlib import sha256
from typing import NamedTuple, TypeAlias

from farebox.exchange.answers import MOST_WORD_BYTES, STOPPED, Answer, Refused, offset_of, refused
from farebox.exchange.faults import ExchangeFault, Nonsense
from farebox.exchange.line import Line, Request
from farebox.formats.centre import Held, held_from
from farebox.formats.strict import RecordError
from farebox.journal.errors import JournalDamaged, JournalFault
from farebox.journal.retention import Archive, Sealed

PIECE_BYTES = 256 << 10
"""At 35 kbit/s a piece still gets through before its deadline."""
NO_PROGRESS, ALTERED = "no-progress", "altered"


class Sent(NamedTuple):
    """A segment that the centre holds now: its number, its size, how much of it was sent this time, the receipt."""

    number: int
    size_bytes: int
    sent_bytes: int
    held: Held


class Uploaded(NamedTuple):
    """What came of the segments: sent, set aside here because they are damaged (under which names), and, if it ended
    before the last, at which, and why: the centre declined, or something failed.
    """

    sent: tuple[Sent, ...] = ()
    aside: tuple[str, ...] = ()
    stopped_at: int | None = None
    why: Refused | None = None
    fault: Exception | None = None


class Receipt(NamedTuple):
    """The centre holds a segment: as understood, and as signed."""

    held: Held
    data: bytes


_State: TypeAlias = Receipt | int | Refused
"""The receipt; or how much the centre has durably; or why it declines."""


class Uploader:
    """Sends segments of an archive over a line."""

    def __init__(
        self,
        line: Line,
        archive: Archive,
        keys: Collection[bytes],
        identity: tuple[tuple[str, str], ...],
        *,
        piece_bytes: int = PIECE_BYTES,
        stopping: Callable[[], bool] = lambda: False,
        progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        """`keys` are the centre's, `identity` the headers that tell which vehicle this is. `stopping` is asked between
        pieces, `progress` told how many bytes more the centre has.
        """
        self._line, self._archive, self._keys, self._identity = line, archive, keys, identity
        self._piece_bytes, self._stopping, self._progress = piece_bytes, stopping, progress

    def send(self, numbers: Collection[int]) -> Uploaded:
        """Send these, lowest first, and stop at the first that the centre does not take."""
        done = Uploaded()
        for number in sorted(numbers):
            try:
                try:
                    came = self._send_one(number)
                except JournalDamaged:
                    done = done._replace(aside=(*done.aside, self._archive.set_aside(number)))
                    continue
            except (ExchangeFault, JournalFault, OSError) as fault:
                return done._replace(stopped_at=number, fault=fault)
            if isinstance(came, Refused):
                return done._replace(stopped_at=number, why=came)
            done = done._replace(sent=(*done.sent, came))
        return done

    def _send_one(self, number: int) -> Sent | Refused:
        try:
            sealed = self._archive.load(number)
        except JournalDamaged:
            sealed = self._archive.load(number)  # once more: memory and cables err too, and what is set aside stays so
        came = self._send_sealed(sealed)
        if isinstance(came, Refused) and came.code == ALTERED:
            # Bytes went wrong on the way or at the centre, which has dropped them. Once more, as it stands on disk now.
            came = self._send_sealed(self._archive.load(number))
        return came

    def _send_sealed(self, sealed: Sealed) -> Sent | Refused:
        data = memoryview(sealed.data)
        state, sent, before = self._ask(sealed, self._request("GET", sealed)), 0, 0
        left = 2 * len(data) + self._piece_bytes
        while not isinstance(state, Receipt):
            if isinstance(state, Refused):
                return state
            if self._stopping():
                return Refused(STOPPED, "asked to end; the next start goes on from here")
            if left <= 0:
                return Refused(NO_PROGRESS, f"sent {sent} bytes of {len(data)}, and the centre has {state}")
            self._progress(state - before)
            before = state
            piece = bytes(data[state : state + self._piece_bytes])
            # A piece of nothing asks for the receipt of what is there; a few such are patience enough.
            left -= len(piece) or self._piece_bytes
            sent += len(piece)
            state = self._ask(sealed, self._patch(sealed, state, piece))
        self._archive.acknowledge(sealed, state.data)
        self._progress(len(data) - before)
        return Sent(sealed.number, len(data), sent, state.held)

    def _patch(self, sealed: Sealed, offset: int, piece: bytes) -> Request:
        complete = offset + len(piece) == len(sealed.data)
        digest = b64encode(sha256(piece).digest()).decode()
        headers = (
            ("Content-Type", "application/partial-upload"),
            ("Content-Digest", f"sha-256=:{digest}:"),
            ("Upload-Offset", str(offset)),
            ("Upload-Length", str(len(sealed.data))),
            ("Upload-Complete", "?1" if complete else "?0"),
        )
        return self._request("PATCH", sealed, headers, piece)

    def _request(
        self, method: str, sealed: Sealed, headers: tuple[tuple[str, str], ...] = (), body: bytes = b""
    ) -> Request:
        path = f"segments/{sealed.number}/{sealed.seal.digest.hex()}"
        return Request(method, path, (*self._identity, *headers), body)

    def _ask(self, sealed: Sealed, request: Request) -> _State:
        return state_of(self._line.ask(request, MOST_WORD_BYTES), sealed, self._keys)


def state_of(answer: Answer, sealed: Sealed, keys: Collection[bytes]) -> _State:
    """What the centre says of a segment. A receipt that is not for it, or not the centre's, is Nonsense."""
    if answer.status == 200:
        try:
            held = held_from(answer.body, keys)
        except RecordError as error:
            raise Nonsense(
                f"a receipt for segment {sealed.number} that does not hold: {error}; nothing deleted"
            ) from None
        if not held.is_of(sealed.seal):
            raise Nonsense(f"a receipt for another segment than {sealed.number} as it is here; nothing deleted")
        return Receipt(held, answer.body)
    if answer.status == 204 or (answer.status == 409 and "upload-offset" in answer.headers):
        return offset_of(answer, len(sealed.data))
    return refused(answer)
