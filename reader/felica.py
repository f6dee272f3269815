"""FeliCa commands, and the shortest authenticated session with a Lite-S card: four commands for a plain tap.

    Polling · write RC · read {WCNT, two blocks, MAC_A} · write {block, MAC_A}

One attempt per command: a retried write would be a second write. Every answer is checked for length, code and IDm; the
data for its MAC_A, which binds the block numbers too.
"""

from collections.abc import Callable

from cardimage import lite_s
from reader.keys import KeyStore
from reader.port import (
    CardLost,
    Declined,
    FramePort,
    Indeterminate,
    NoCard,
    ReaderFault,
    ReaderMissing,
    ReadOutcome,
    Session,
    WriteOutcome,
    Written,
)

READ_TIMEOUT_S = 0.05
WRITE_TIMEOUT_S = 0.1
"""Well over the longest times a Lite-S card asks for by its PMm (about 3 ms a read, 10 ms a write)."""

_READ, _WRITE = 0x06, 0x08
_ANSWER_HEAD = 12
"""Length, code, IDm, two status flags."""
_OK = b"\x00\x00"
_WORN = b"\xff\x71"


def read_command(idm: bytes, blocks: tuple[int, ...]) -> bytes:
    """Read Without Encryption of up to four blocks, from the read-only service."""
    return _command(_READ, idm, lite_s.READ_ONLY_SERVICE, blocks, b"")


def write_command(idm: bytes, blocks: tuple[int, ...], data: bytes) -> bytes:
    """Write Without Encryption of one block, or of one and its MAC_A."""
    return _command(_WRITE, idm, lite_s.READ_WRITE_SERVICE, blocks, data)


def _command(code: int, idm: bytes, service: int, blocks: tuple[int, ...], data: bytes) -> bytes:
    elements = b"".join(bytes((0x80, block)) for block in blocks)
    head = bytes((code,)) + idm + b"\x01" + service.to_bytes(2, "little") + bytes((len(blocks),))
    return bytes((len(head) + len(elements) + len(data) + 1,)) + head + elements + data


def _is_worn(answer: object) -> bool:
    """A warning, not a no: what was asked has been done."""
    return isinstance(answer, Declined) and answer.status == _WORN


class LiteSSession:
    """One Lite-S card, from its first answer to its last."""

    def __init__(self, port: FramePort, idm: bytes, keys: KeyStore, random: Callable[[int], bytes]) -> None:
        """Take the port the card answered on, and where its key and random bytes come from."""
        self.idm = idm
        self.write_count = 0
        self._port = port
        self._keys = keys
        self._random = random
        self._session: lite_s.SessionKey | None = None

    def open(self, *blocks: int) -> ReadOutcome:
        """Challenge the card, then read WCNT and up to two blocks in one go, so that the counter is proven too."""
        challenge = self._random(16)
        frame = write_command(self.idm, (lite_s.RC,), lite_s.swap_halves(challenge))
        answer = self._exchange(frame, WRITE_TIMEOUT_S)
        if not isinstance(answer, bytes) and not _is_worn(answer):
            return answer
        self._session = lite_s.session_key(self._keys.card_key(self.idm), challenge)
        outcome = self.read(lite_s.WCNT, *blocks)
        if isinstance(outcome, (CardLost, Declined, ReaderFault)):
            return outcome
        self.write_count = int.from_bytes(outcome[0][:3], "little")
        return outcome[1:]

    def read(self, *blocks: int) -> ReadOutcome:
        """Read up to three blocks; Declined(wrong_key) if the card can't prove them."""
        if self._session is None:
            raise RuntimeError("the session is not open")
        wanted = (*blocks, lite_s.MAC_A)
        answer = self._exchange(read_command(self.idm, wanted), READ_TIMEOUT_S)
        if not isinstance(answer, bytes):
            return answer
        body = answer[_ANSWER_HEAD:]
        if len(body) != 1 + 16 * len(wanted) or body[0] != len(wanted):
            return CardLost()
        data, mac = body[1:-16], body[-16:-8]
        if not lite_s.same(lite_s.read_mac(self._session, blocks, data), mac):
            return Declined(wrong_key=True)
        return tuple(data[start : start + 16] for start in range(0, len(data), 16))

    def write(self, block: int, data: bytes) -> WriteOutcome:
        """Write one block with MAC_A. No answer, or a garbled one: Indeterminate, for the write may have been done."""
        if self._session is None:
            raise RuntimeError("the session is not open")
        mac = lite_s.write_mac(self._session, self.write_count, block, data)
        trailer = mac + self.write_count.to_bytes(3, "little") + bytes(5)
        frame = write_command(self.idm, (block, lite_s.MAC_A), data + trailer)
        answer = self._exchange(frame, WRITE_TIMEOUT_S)
        if isinstance(answer, Declined) and not _is_worn(answer):
            return answer
        if isinstance(answer, (CardLost, ReaderFault)):
            return Indeterminate(block)
        self.write_count += 1
        return Written(worn=_is_worn(answer))

    def _exchange(self, frame: bytes, timeout_s: float) -> bytes | CardLost | Declined | ReaderFault:
        """One command, one answer that is whole, of the right code and of this card."""
        answer = self._port.transceive(frame, timeout_s)
        if not isinstance(answer, bytes):
            return answer
        expected = bytes((frame[1] + 1,)) + self.idm
        if len(answer) < _ANSWER_HEAD or answer[0] != len(answer) or answer[1:10] != expected:
            return CardLost()
        status = answer[10:12]
        return answer if status == _OK else Declined(wrong_key=False, status=status)


class FelicaReader:
    """A CardReader over a frame port: senses Lite-S cards and opens sessions with them."""

    def __init__(
        self,
        port: FramePort,
        keys: KeyStore,
        random: Callable[[int], bytes],
        reopen: Callable[[], FramePort] | None = None,
    ) -> None:
        """Take the port, the key store and a source of random bytes for the challenges.

        With `reopen`, a port that failed is closed, and opened anew at the next look: unplug and replug (faults 7).
        """
        self._port = port
        self._keys = keys
        self._random = random
        self._reopen = reopen
        self._failed = False

    @property
    def name(self) -> str:
        """The port's name."""
        return self._port.name

    def wait(self) -> Session | NoCard | ReaderFault:
        """Sense once; a card that answers gets a session bound to its IDm."""
        if self._failed and self._reopen is not None:
            try:
                self._port = self._reopen()
            except ReaderMissing as missing:
                return ReaderFault(self._port.name, str(missing))
            self._failed = False
        polled = self._port.poll(lite_s.SYSTEM_CODE)
        if isinstance(polled, ReaderFault):
            if not self._failed:
                self._port.close()
            self._failed = True
            return polled
        if isinstance(polled, NoCard):
            return polled
        return LiteSSession(self._port, polled.idm, self._keys, self._random)

    def close(self) -> None:
        """Let go of the port."""
        self._port.close()
