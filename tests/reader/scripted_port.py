"""A frame port that knows beforehand what will be sent, in spaced hex, and what comes back."""

from reader.port import CardLost, Health, PollOutcome, ReaderFault

Answer = str | CardLost | ReaderFault
"""Spaced hex, or what a port reports in its place."""


class ScriptedPort:
    """Answers from a script, once each. Commands that are not the next of the script fail the test."""

    def __init__(
        self,
        *script: tuple[str, Answer],
        polls: tuple[PollOutcome, ...] = (),
        opens: tuple[ReaderFault | None, ...] = (),
    ) -> None:
        self.name = "scripted"
        self.sent: list[str] = []
        self.systems: list[tuple[int, ...]] = []
        self.opened = 0
        self.closed = 0
        self._script = list(script)
        self._polls = list(polls)
        self._opens = list(opens)

    def open(self, deadline_s: float = 0.0) -> ReaderFault | None:
        self.opened += 1
        return self._opens.pop(0) if self._opens else None

    def poll(self, system_codes: tuple[int, ...], deadline_s: float = 0.0) -> PollOutcome:
        self.systems.append(system_codes)
        return self._polls.pop(0)

    def transceive(self, frame: bytes, timeout_s: float) -> bytes | CardLost | ReaderFault:
        assert 0 < timeout_s < 1
        self.sent.append(frame.hex(" ").upper())
        command, answer = self._script.pop(0)
        assert self.sent[-1] == command
        return bytes.fromhex(answer) if isinstance(answer, str) else answer

    def field_off(self) -> None:
        raise AssertionError("no session switches the field off")

    def health(self) -> Health:
        return Health("script")

    def close(self) -> None:
        self.closed += 1

    @property
    def is_done(self) -> bool:
        """Whether the whole script was played."""
        return not self._script
