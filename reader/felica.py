"""FeliCa commands, and the shortest authenticated session with a Lite-S card: four commands for a plain tap.

    Polling · write RC · read {WCNT, two blocks, MAC_A} · write {block, MAC_A}

One attempt per command: a retried write would be a second write. Every answer is checked for length, code and IDm; the
data for its MAC_A, which binds the block numbers too.
"""

import logging
from collections.abc import Callable
from typing import NamedTuple

from cardimage import lite_s
from reader.keys import KeyStore
from reader.port import (
    CardLost,
    Declined,
    Foreign,
    FramePort,
    Indeterminate,
    Polled,
    ReaderFault,
    ReadOutcome,
    WaitOutcome,
    WriteOutcome,
    Written,
)

READ_TIMEOUT_S = 0.05
WRITE_TIMEOUT_S = 0.1
"""Well over the longest times a Lite-S card asks for by its PMm (about 3 ms a read, 10 ms a write)."""

MOST_WRITE_COUNT = 0xFFFFFF
"""WCNT has 24 bits, and stays there (?): a card that has come so far takes no write with MAC_A, however open."""

_log = logging.getLogger("reader")

_SYSTEMS = (lite_s.SYSTEM_CODE, 0x0003)
"""Ours, and then that of the nationwide transit cards, so that such a card is refused rather than met with silence."""

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


class _Fetched(NamedTuple):
    """What a card sent: the data of some blocks, and its proof of them."""

    data: bytes
    mac: bytes

    def is_proven(self, session: lite_s.SessionKey, blocks: tuple[int, ...]) -> bool:
        """Whether the proof is of these blocks, this data and this session's key."""
        return lite_s.same(lite_s.read_mac(session, blocks, self.data), self.mac)

    @property
    def blocks(self) -> tuple[bytes, ...]:
        """The data, block by block."""
        return tuple(self.data[start : start + 16] for start in range(0, len(self.data), 16))


class LiteSSession:
    """One Lite-S card, from its first answer to its last."""

    def __init__(self, port: FramePort, idm: bytes, keys: KeyStore, random: Callable[[int], bytes]) -> None:
        """Take the port the card answered on, and where its keys and random bytes come from."""
        self.idm = idm
        self.write_count = 0
        self.key_version: int | None = None
        """The version of the key that the card proved; None before that."""
        self._port = port
        self._keys = keys
        self._random = random
        self._session: lite_s.SessionKey | None = None

    def open(self, *blocks: int) -> ReadOutcome:
        """Challenge the card, then read WCNT and up to two blocks in one go, so that the counter is proven too.

        Every version of key that is held is tried on the one proof, the newest first: an older card, and one whose
        CKV tells another version than its key is, cost no further command.
        """
        self._session = None
        challenge = self._random(16)
        frame = write_command(self.idm, (lite_s.RC,), lite_s.swap_halves(challenge))
        answer = self._exchange(frame, WRITE_TIMEOUT_S)
        if not isinstance(answer, bytes) and not _is_worn(answer):
            return answer
        wanted = (lite_s.WCNT, *blocks)
        fetched = self._fetch(wanted)
        if not isinstance(fetched, _Fetched):
            return fetched
        for version in self._keys.versions:
            session = lite_s.session_key(self._keys.card_key(self.idm, version), challenge)
            if fetched.is_proven(session, wanted):
                self._session, self.key_version = session, version
                self.write_count = int.from_bytes(fetched.data[:3], "little")
                self._tell_an_older_key(version)
                return fetched.blocks[1:]
        return Declined(wrong_key=True)

    def read(self, *blocks: int) -> ReadOutcome:
        """Read up to three blocks; Declined(wrong_key) if the card can't prove them."""
        if self._session is None:
            raise RuntimeError("the session is not open")
        fetched = self._fetch(blocks)
        if not isinstance(fetched, _Fetched):
            return fetched
        return fetched.blocks if fetched.is_proven(self._session, blocks) else Declined(wrong_key=True)

    def write(self, block: int, data: bytes) -> WriteOutcome:
        """Write one block with MAC_A. No answer, or a garbled one: Indeterminate, for the write may have been done."""
        if self._session is None:
            raise RuntimeError("the session is not open")
        mac = lite_s.write_mac(self._session, self.write_count, block, data)
        trailer = mac + self.write_count.to_bytes(3, "little") + bytes(5)
        return self._write(write_command(self.idm, (block, lite_s.MAC_A), data + trailer), block)

    def write_plain(self, block: int, data: bytes) -> WriteOutcome:
        """Write one block without MAC_A, as a card takes it that is not issued yet. Outcomes as of `write`."""
        return self._write(write_command(self.idm, (block,), data), block)

    def _write(self, frame: bytes, block: int) -> WriteOutcome:
        answer = self._exchange(frame, WRITE_TIMEOUT_S)
        if isinstance(answer, Declined) and not _is_worn(answer):
            return answer
        if isinstance(answer, (CardLost, ReaderFault)):
            return Indeterminate(block)
        self.write_count = min(self.write_count + 1, MOST_WRITE_COUNT)
        return Written(worn=_is_worn(answer))

    def _fetch(self, blocks: tuple[int, ...]) -> "_Fetched | CardLost | Declined | ReaderFault":
        """Blocks and the card's MAC_A over them, which is yet to be looked at."""
        wanted = (*blocks, lite_s.MAC_A)
        answer = self._exchange(read_command(self.idm, wanted), READ_TIMEOUT_S)
        if not isinstance(answer, bytes):
            return answer
        body = answer[_ANSWER_HEAD:]
        if len(body) != 1 + 16 * len(wanted) or body[0] != len(wanted):
            return CardLost()
        return _Fetched(body[1:-16], body[-16:-8])

    def _tell_an_older_key(self, version: int) -> None:
        newest = self._keys.versions[0]
        if version != newest:
            _log.info("a card proved key version %d; the newest is %d: have it rekeyed", version, newest)

    def _exchange(self, frame: bytes, timeout_s: float) -> bytes | CardLost | Declined | ReaderFault:
        """One command, one answer that is whole, of the right code and of this card."""
        answer = self._port.transceive(frame, timeout_s)
        if not isinstance(answer, bytes):
            return answer
        expected = bytes((frame[1] + 1,)) + self.idm
        if len(answer) < _ANSWER_HEAD or answer[0] != len(answer) or answer[1:10] != expected:
            return CardLost()
        status = answer[10:12]
        if len(answer) > _ANSWER_HEAD and (frame[1] == _WRITE or status != _OK):
            return CardLost()  # only blocks that were read come after the status
        return answer if status == _OK else Declined(wrong_key=False, status=status)


class FelicaReader:
    """A CardReader over a frame port: senses Lite-S cards and opens sessions with them."""

    def __init__(self, port: FramePort, keys: KeyStore, random: Callable[[int], bytes]) -> None:
        """Take an opened port, the key store and a source of random bytes for the challenges.

        A port that fails is closed, and opened anew at the next look: unplug and replug (faults 7, 8).
        """
        self._port = port
        self._keys = keys
        self._random = random
        self._failed = False

    @property
    def name(self) -> str:
        """The port's name."""
        return self._port.name

    def wait(self) -> WaitOutcome:
        """Sense once; a card that answers gets a session bound to its IDm.

        FeliCa Lite, the older chip, has our cards' system code and can't prove what it sends: it is foreign too.
        """
        if self._failed:
            fault = self._port.open()
            if fault is not None:
                return fault
            self._failed = False
        polled = self._port.poll(_SYSTEMS)
        match polled:
            case ReaderFault():
                self._failed = True
                self._port.close()
                return polled
            case Polled(system_code=lite_s.SYSTEM_CODE) if lite_s.is_lite_s(polled.pmm):
                return LiteSSession(self._port, polled.idm, self._keys, self._random)
            case Polled():
                return Foreign(polled.idm, polled.system_code)
            case _:
                return polled

    def close(self) -> None:
        """Let go of the port."""
        self._port.close()
