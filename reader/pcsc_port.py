"""A frame port over PC/SC, for contactless readers that nfcpy has no driver for (RC-S300). The only file of the product
that imports pyscard.

The reader's firmware holds the field and looks for cards by itself. Once it has one, frames go through a transparent
session (`reader.transparent`); while that lasts the polls are ours, each naming its system. When no card answers them
the session is ended, so that the firmware looks again. docs/readers.md says what was tried.
"""

import time
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Any, NamedTuple, Protocol, TypeVar

from reader import transparent
from reader.port import CardLost, Health, NoCard, Polled, PollOutcome, ReaderFault
from reader.transparent import Dialect, Refused, Silent


class Status(IntEnum):
    """What PC/SC answers, as its specification (part 5) numbers it."""

    DONE = 0
    UNKNOWN_READER = 0x8010_0009
    SHARING_VIOLATION = 0x8010_000B
    NO_CARD = 0x8010_000C
    COMMUNICATION = 0x8010_0013
    NOT_TRANSACTED = 0x8010_0016
    READER_UNAVAILABLE = 0x8010_0017
    NO_SERVICE = 0x8010_001D
    SERVICE_STOPPED = 0x8010_001E
    NO_READERS = 0x8010_002E
    CARD_UNRESPONSIVE = 0x8010_0066
    CARD_UNPOWERED = 0x8010_0067
    CARD_RESET = 0x8010_0068
    CARD_REMOVED = 0x8010_0069
    ACCESS_DENIED = 0x8010_006A


_NO_CARD_THERE = frozenset(
    {Status.NO_CARD, Status.CARD_REMOVED, Status.CARD_UNRESPONSIVE, Status.CARD_UNPOWERED, Status.CARD_RESET}
)
_CARD_OR_READER = frozenset({Status.NOT_TRANSACTED, Status.COMMUNICATION})
"""One of the two is gone; which, a look at the reader tells."""

_SERVICE_FIX = "start it (systemctl start pcscd.socket, or as root: pcscd); make pcsc-deps installs it"
_PLUG_FIX = "plug it in; pcscd must know it (make pcsc-deps installs libccid, which knows the RC-S300)"
_FIXES: dict[int, str] = {
    Status.NO_SERVICE: _SERVICE_FIX,
    Status.SERVICE_STOPPED: _SERVICE_FIX,
    Status.NO_READERS: _PLUG_FIX,
    Status.UNKNOWN_READER: _PLUG_FIX,
    Status.READER_UNAVAILABLE: _PLUG_FIX,
    Status.SHARING_VIOLATION: "another program uses this reader or its card; close that program (a browser, scdaemon)",
    Status.ACCESS_DENIED: "pcscd does not let you in; allow your user in its polkit rules",
}
_UNSIGNED = 0xFFFF_FFFF
_SCOPE_SYSTEM, _SHARE_EXCLUSIVE, _ANY_PROTOCOL = 2, 1, 3
_LEAVE_CARD = 0
_STATE_UNAWARE, _STATE_UNKNOWN, _STATE_UNAVAILABLE = 0x0, 0x4, 0x8
_POLL_TIMEOUT_S = 0.01
_PAUSE_S = 0.01
"""Between two looks while a deadline runs."""
_FIELD_OFF_S = 0.01
"""Long enough for a card to lose its power."""
_PYSCARD_FIX = "run make pcsc-deps, then .venv/bin/python -m pip install 'farebox[pcsc]'"


_Done = TypeVar("_Done")


class Scard(Protocol):
    """What is asked of `smartcard.scard`: PC/SC's own calls. Each answers its status first, which may be signed."""

    def SCardEstablishContext(self, scope: int) -> Sequence[Any]:
        """-> status, context."""

    def SCardReleaseContext(self, context: Any) -> int:
        """-> status."""

    def SCardListReaders(self, context: Any, groups: list[str]) -> Sequence[Any]:
        """-> status, names."""

    def SCardGetStatusChange(self, context: Any, timeout_ms: int, states: list[tuple[str, int]]) -> Sequence[Any]:
        """-> status, (name, state, ATR) of each."""

    def SCardConnect(self, context: Any, reader: str, share: int, protocols: int) -> Sequence[Any]:
        """-> status, card, protocol."""

    def SCardTransmit(self, card: Any, protocol: int, apdu: list[int]) -> Sequence[Any]:
        """-> status, answer as a list of bytes."""

    def SCardDisconnect(self, card: Any, disposition: int) -> int:
        """-> status."""

    def SCardGetErrorMessage(self, status: int) -> str:
        """In words."""


def _pyscard() -> Scard:
    from smartcard import scard  # noqa: PLC0415

    made: Scard = scard
    return made


class PcscPort:
    """One PC/SC reader, used by one thread. Made closed; `which` is a part of its name, or "" for the only one."""

    def __init__(
        self,
        which: str = "",
        load: Callable[[], Scard] = _pyscard,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """Take the part of the name, and where PC/SC's calls come from."""
        self.name = f"pcsc:{which}" if which else "pcsc"
        self._which = which
        self._load = load
        self._clock = clock
        self._sleep = sleep
        self._reader: _Reader | None = None

    def open(self, deadline_s: float = 0.0) -> ReaderFault | None:
        """Reach the PC/SC service and find the reader: one attempt."""
        if self._reader is not None:
            return None
        try:
            scard = self._load()
        except ImportError as error:
            return ReaderFault(self.name, f"PC/SC needs pyscard ({error}); {_PYSCARD_FIX}")
        try:
            self._reader = _reader(scard, self._which, self._sleep)
        except Exception as error:
            return ReaderFault(self.name, _say(error))
        return None

    def poll(self, system_codes: tuple[int, ...], deadline_s: float = 0.0) -> PollOutcome:
        """Poll for each system in a transparent session, once the firmware has found a card of whatever kind."""
        while True:
            polled = self._guarded(lambda reader: reader.look(system_codes))
            if isinstance(polled, (Polled, ReaderFault)):
                return polled
            if self._clock() >= deadline_s:
                return NoCard()
            self._sleep(_PAUSE_S)

    def transceive(self, frame: bytes, timeout_s: float) -> bytes | CardLost | ReaderFault:
        """One frame, once, in the session that the last poll left open."""
        answer = self._guarded(lambda reader: reader.exchange(frame, timeout_s))
        return CardLost() if answer is None else answer

    def field_off(self) -> ReaderFault | None:
        """Take the card's power; afterwards the firmware switches its field on again and looks for cards."""
        return self._guarded(lambda reader: reader.power_off())

    def health(self) -> Health | ReaderFault:
        """Ask the service for the reader; its name there is the chip's."""

        def ask(reader: _Reader) -> Health:
            reader.must_be_there()
            return Health(reader.name)

        return self._guarded(ask)

    def close(self) -> None:
        """Card without power, reader and service let go."""
        reader, self._reader = self._reader, None
        if reader is not None:
            _quietly(reader.power_off)
            _quietly(reader.release)

    def _guarded(self, act: "Callable[[_Reader], _Done]") -> _Done | ReaderFault:
        if self._reader is None:
            return ReaderFault(self.name, "not open")
        try:
            return act(self._reader)
        except Exception as error:  # pyscard's own, and whatever its C layer makes of a service that is gone
            return ReaderFault(self.name, _say(error))


class _PcscError(Exception):
    """PC/SC said no: what, and what to do."""

    def __init__(self, status: int, said: str) -> None:
        fix = _FIXES.get(status)
        super().__init__(f"PC/SC: {said} (0x{status:08X}){f'; {fix}' if fix else ''}")


class _NoSuchReader(Exception):
    """Not one reader of this name."""


class _SessionRefused(Exception):
    """The reader has no transparent session, or broke it off."""


class _CardGone(Exception):
    """PC/SC says that there is no card, or no longer."""


class _Card(NamedTuple):
    """A connection to what the firmware has found, in a transparent session."""

    handle: Any
    protocol: int
    dialect: Dialect


class _Reader:
    """A reader by its full name, in a context of its own. Raises; the port makes outcomes of it."""

    def __init__(self, scard: Scard, context: Any, name: str, sleep: Callable[[float], object]) -> None:
        self.name = name
        self._sleep = sleep
        self._scard = scard
        self._context = context
        self._card: _Card | None = None

    def look(self, system_codes: tuple[int, ...]) -> Polled | None:
        """One poll for each system until one is answered."""
        try:
            self._card = self._card or self._connected()
        except _CardGone:
            return None
        for code in system_codes:
            answer = self.exchange(bytes((6, 0, *code.to_bytes(2, "big"), 0, 0)), _POLL_TIMEOUT_S) or b""
            if len(answer) >= 18 and answer[0] == len(answer) and answer[1] == 0x01:
                return Polled(answer[2:10], answer[10:18], code)
        self._let_go(transparent.END)
        return None

    def exchange(self, frame: bytes, timeout_s: float) -> bytes | None:
        """One frame to the card; None for silence, or where there is no card."""
        card = self._card
        if card is None:
            return None
        try:
            answer = self._transmitted(card.handle, card.protocol, transparent.exchange(card.dialect, frame, timeout_s))
        except _CardGone:
            self._let_go()
            return None
        match transparent.card_answer(answer):
            case Silent():
                return None
            case Refused(status):
                raise _SessionRefused(f"the reader did not pass a frame on (status {_hex(status)})")
            case said:
                return said

    def power_off(self) -> None:
        """Field off, and on again with the session's end. Without a card there is nobody to tell it.

        The card is left, not unpowered, to PC/SC: a pcscd that finds none to unpower misses the next one (1.9.9).
        """
        self._let_go(transparent.FIELD_OFF, transparent.END)

    def must_be_there(self) -> None:
        """Raise if the service is gone, or has lost this reader."""
        asked = [(self.name, _STATE_UNAWARE)]
        (states,) = _said(self._scard, *self._scard.SCardGetStatusChange(self._context, 0, asked))
        if states[0][1] & (_STATE_UNKNOWN | _STATE_UNAVAILABLE):
            _said(self._scard, Status.READER_UNAVAILABLE)

    def release(self) -> None:
        """Let the service go."""
        self._scard.SCardReleaseContext(self._context)

    def _connected(self) -> _Card:
        """For ourselves alone: another program's command between two of ours would end the card's session."""
        made = self._scard.SCardConnect(self._context, self.name, _SHARE_EXCLUSIVE, _ANY_PROTOCOL)
        handle, protocol = self._card_said(*made)
        try:
            return _Card(handle, protocol, self._session(handle, protocol))
        except Exception:
            _quietly(lambda: self._scard.SCardDisconnect(handle, _LEAVE_CARD))
            raise

    def _session(self, handle: Any, protocol: int) -> Dialect:
        """Start a session for FeliCa, in the first dialect that the reader takes."""
        statuses = []
        for dialect in Dialect:
            start, end = (transparent.manage(dialect, what) for what in (transparent.START, transparent.END))
            refused = transparent.refusal(self._transmitted(handle, protocol, start))
            if refused is None:
                switch = transparent.switch_to_felica(dialect)
                refused = transparent.refusal(self._transmitted(handle, protocol, switch))
                if refused is None:
                    return dialect
                self._transmitted(handle, protocol, end)
            statuses.append(_hex(refused.status))
        raise _SessionRefused(
            f"{self.name} refuses a transparent session for FeliCa (status {', '.join(statuses)}); "
            "this driver needs a contactless reader that has it (PC/SC part 3, or RC-S300)"
        )

    def _transmitted(self, handle: Any, protocol: int, command: bytes) -> bytes:
        """One PC/SC command and its answer."""
        (answer,) = self._card_said(*self._scard.SCardTransmit(handle, protocol, list(command)))
        return bytes(answer)

    def _let_go(self, *objects: bytes) -> None:
        """Give the card back to the firmware, with these last words. A card that is gone already is no news."""
        card, self._card = self._card, None
        if card is None:
            return
        try:
            for last in objects:
                self._transmitted(card.handle, card.protocol, transparent.manage(card.dialect, last))
                if last == transparent.FIELD_OFF:
                    self._sleep(_FIELD_OFF_S)
        except _CardGone:
            pass
        finally:
            self._scard.SCardDisconnect(card.handle, _LEAVE_CARD)

    def _card_said(self, status: int, *values: Any) -> tuple[Any, ...]:
        """As `_said`; _CardGone if it is the card that is missing, and not the reader."""
        status &= _UNSIGNED
        if status in _CARD_OR_READER:
            self.must_be_there()
        if status in _NO_CARD_THERE | _CARD_OR_READER:
            raise _CardGone
        return _said(self._scard, status, *values)


def _reader(scard: Scard, which: str, sleep: Callable[[float], object]) -> _Reader:
    """The one reader whose name has this in it."""
    (context,) = _said(scard, *scard.SCardEstablishContext(_SCOPE_SYSTEM))
    try:
        (names,) = _said(scard, *scard.SCardListReaders(context, []))
        return _Reader(scard, context, _chosen(names, which), sleep)
    except Exception:
        _quietly(lambda: scard.SCardReleaseContext(context))
        raise


def _chosen(names: Sequence[str], which: str) -> str:
    fitting = [name for name in names if which.casefold() in name.casefold()]
    if len(fitting) == 1:
        return fitting[0]
    known = ", ".join(repr(name) for name in names) or "none"
    if not fitting:
        raise _NoSuchReader(f"no PC/SC reader has {which!r} in its name; there are: {known}; {_PLUG_FIX}")
    raise _NoSuchReader(
        f"more than one PC/SC reader fits: {', '.join(repr(name) for name in fitting)}; "
        "write pcsc:PART with a part of the name that only one has"
    )


def _said(scard: Scard, status: int, *values: Any) -> tuple[Any, ...]:
    """The values of an answer; _PcscError if its status is not DONE."""
    status &= _UNSIGNED
    if status != Status.DONE:
        raise _PcscError(status, scard.SCardGetErrorMessage(status))
    return values


def _say(error: Exception) -> str:
    if isinstance(error, (_PcscError, _NoSuchReader, _SessionRefused)):
        return str(error)
    return f"{type(error).__name__} {error}".strip()


def _hex(status: bytes) -> str:
    return status.hex().upper() or "amiss"


def _quietly(let_go: Callable[[], object]) -> None:
    try:
        let_go()
    except Exception:
        return  # it is given up either way
