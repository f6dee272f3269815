"""A frame port that knows beforehand what will be sent, in spaced hex, and what comes back."""

from reader.port import CardLost, NoCard, Polled, ReaderFault

Answer = str | CardLost | ReaderFault
"""Spaced hex, or what a port reports in its place."""


class ScriptedPort:
    """Answers from a script, once each. Commands that are not the next of the script fail the test."""

    def __init__(self, *script: tuple[str, Answer], polls: tuple[Polled | NoCard | ReaderFault, ...] = ()) -> None:
        self.name = "scripted"
        self.sent: list[str] = []
        self.systems: list[int] = []
        self.closed = 0
        self._script = list(script)
        self._polls = list(polls)

    def poll(self, system_code: int) -> Polled | NoCard | ReaderFault:
        self.systems.append(system_code)
        return self._polls.pop(0)

    def transceive(self, frame: bytes, timeout_s: float) -> bytes | CardLost | ReaderFault:
        assert 0 < timeout_s < 1
        self.sent.append(frame.hex(" ").upper())
        command, answer = self._script.pop(0)
        assert self.sent[-1] == command
        return bytes.fromhex(answer) if isinstance(answer, str) else answer

    def close(self) -> None:
        self.closed += 1

    @property
    def is_done(self) -> bool:
        """Whether the whole script was played."""
        return not self._script
