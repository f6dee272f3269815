"""PC/SC's own calls without a service behind them: straight at a simulated reader's firmware, and failing on demand."""

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from reader.pcsc_port import Status
from sim.hardware.pcsc import ATR, ContactlessReader

PRESENT, EMPTY, UNKNOWN = 0x20, 0x10, 0x4
T1 = 2


class FakeScard:
    """One program's view of PC/SC. `fails` names calls that answer a status instead of doing anything."""

    def __init__(self, readers: dict[str, ContactlessReader]) -> None:
        self.readers = readers
        self.fails: dict[str, int] = {}
        self.raises: dict[str, Exception] = {}
        self.spoil: Callable[[bytes], bytes] = bytes
        self.commands: list[bytes] = []
        """All that was transmitted."""
        self.contexts: set[int] = set()
        self.cards: dict[int, str] = {}
        self._numbers = count(1)

    def _failure(self, call: str) -> int:
        if call in self.raises:
            raise self.raises[call]
        return self.fails.get(call, Status.DONE)

    def SCardEstablishContext(self, scope: int) -> Sequence[Any]:
        assert scope == 2
        if status := self._failure("establish"):
            return status, 0
        self.contexts.add(number := next(self._numbers))
        return 0, number

    def SCardReleaseContext(self, context: Any) -> int:
        self.contexts.remove(context)
        return self._failure("release")

    def SCardListReaders(self, context: Any, groups: list[str]) -> Sequence[Any]:
        assert context in self.contexts
        if status := self._failure("list"):
            return status, []
        return (0, list(self.readers)) if self.readers else (Status.NO_READERS, [])

    def SCardGetStatusChange(self, context: Any, timeout_ms: int, states: list[tuple[str, int]]) -> Sequence[Any]:
        assert context in self.contexts
        assert timeout_ms == 0
        if status := self._failure("state"):
            return status, []
        return 0, [(name, self._state(name), list(ATR)) for name, _ in states]

    def _state(self, name: str) -> int:
        if name not in self.readers:
            return UNKNOWN
        return PRESENT if self.readers[name].has_card else EMPTY

    def SCardConnect(self, context: Any, reader: str, share: int, protocols: int) -> Sequence[Any]:
        assert context in self.contexts
        assert (share, protocols) == (1, 3)
        if status := self._failure("connect"):
            return status, 0, 0
        if reader not in self.readers:
            return Status.UNKNOWN_READER, 0, 0
        if reader in self.cards.values():
            return Status.SHARING_VIOLATION, 0, 0
        if not self.readers[reader].has_card:
            return Status.NO_CARD, 0, 0
        self.cards[number := next(self._numbers)] = reader
        return 0, number, T1

    def SCardTransmit(self, card: Any, protocol: int, apdu: list[int]) -> Sequence[Any]:
        assert protocol == T1
        self.commands.append(bytes(apdu))
        if status := self._failure("transmit"):
            return status, []
        reader = self.readers.get(self.cards[card])
        if reader is None:
            return Status.NOT_TRANSACTED, []
        return 0, list(self.spoil(reader.answer(bytes(apdu))))

    def SCardDisconnect(self, card: Any, disposition: int) -> int:
        del self.cards[card]
        assert disposition == 0
        return self._failure("disconnect")

    def SCardGetErrorMessage(self, status: int) -> str:
        return f"status {status:#x}."
