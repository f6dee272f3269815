"""What passed between a reader and a card, frame by frame, in a file (`*.trace.jsonl`); and its replay as a reader.

One JSON object a line. The first says what the file is; then one for each call of the port, in order:

    {"format": "farebox-trace", "version": 1, "reader": "tty:/dev/ttyAMA0", "chip": "PN532v1.6"}
    {"at_us": 1250, "poll": "88B4", "idm": "012E...", "pmm": "00F1..."}     or "poll" alone: no card
    {"at_us": 4821, "send": "0600...", "answer": "1207..."}                 or "answer": null, the card was lost
    {"at_us": 4990, "fault": "OSError ..."}

A write of a card key is never in a trace: its data is recorded as zeros, and it can't be replayed.
"""

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from cardimage import lite_s
from reader.port import (
    CardLost,
    FramePort,
    Health,
    NoCard,
    Polled,
    PollOutcome,
    ReaderFault,
    TraceFault,
    TwoCards,
)

FORMAT, VERSION = "farebox-trace", 1
MAX_BYTES = 8 << 20
_MOST_LINE = 4_096
_MOST_STEPS = 100_000
"""A whole card is read in some hundreds; a day of taps takes some thousands."""
_TWO = "two cards"


class Looked(NamedTuple):
    """A poll: the systems that were asked for, and what came of it."""

    systems: tuple[int, ...]
    outcome: PollOutcome


class Sent(NamedTuple):
    """An exchange: the frame that was sent, and what came of it."""

    frame: bytes
    outcome: bytes | CardLost | ReaderFault


Step = Looked | Sent


class Trace(NamedTuple):
    """A whole recording."""

    reader: str
    chip: str
    steps: tuple[Step, ...]


class TracingPort:
    """A port that notes all that passes through it."""

    def __init__(self, port: FramePort, write_line: Callable[[str], object], clock: Callable[[], float]) -> None:
        """Take an opened port, where each line goes, and a clock in seconds; the head is written at once."""
        self.name = port.name
        self._port = port
        self._write = write_line
        self._clock = clock
        self._began_s = clock()
        health = port.health()
        chip = health.chip if isinstance(health, Health) else ""
        self._line({"format": FORMAT, "version": VERSION, "reader": port.name, "chip": chip})

    def open(self, deadline_s: float = 0.0) -> ReaderFault | None:
        """As the port."""
        return self._port.open(deadline_s)

    def poll(self, system_codes: tuple[int, ...], deadline_s: float = 0.0) -> PollOutcome:
        """As the port; noted."""
        outcome = self._port.poll(system_codes, deadline_s)
        note: dict[str, object] = {"poll": " ".join(f"{code:04X}" for code in system_codes)}
        match outcome:
            case Polled():
                note |= {"idm": _hex(outcome.idm), "pmm": _hex(outcome.pmm), "system": f"{outcome.system_code:04X}"}
            case TwoCards():
                note |= {"cards": _TWO}
            case ReaderFault():
                note |= {"fault": outcome.what}
        self._note(note)
        return outcome

    def transceive(self, frame: bytes, timeout_s: float) -> bytes | CardLost | ReaderFault:
        """As the port; noted."""
        outcome = self._port.transceive(frame, timeout_s)
        note: dict[str, object] = {"send": _hex(without_key(frame))}
        match outcome:
            case bytes():
                note["answer"] = _hex(outcome)
            case CardLost():
                note["answer"] = None
            case ReaderFault():
                note["fault"] = outcome.what
        self._note(note)
        return outcome

    def field_off(self) -> ReaderFault | None:
        """As the port."""
        return self._port.field_off()

    def health(self) -> Health | ReaderFault:
        """As the port."""
        return self._port.health()

    def close(self) -> None:
        """As the port."""
        self._port.close()

    def _note(self, note: dict[str, object]) -> None:
        self._line({"at_us": round((self._clock() - self._began_s) * 1_000_000)} | note)

    def _line(self, content: dict[str, object]) -> None:
        self._write(json.dumps(content, ensure_ascii=False) + "\n")


def without_key(frame: bytes) -> bytes:
    """A frame as it may be kept: the data of a write of CK as zeros."""
    is_write = len(frame) >= 16 and frame[1] == 0x08 and frame[10] == 1
    elements = frame[14 : 14 + 2 * frame[13]] if is_write else b""
    if lite_s.CK not in elements[1::2]:
        return frame
    return frame[: 14 + len(elements)].ljust(len(frame), b"\x00")


class TracePort:
    """A recording in a reader's place: each call is answered as it was then."""

    def __init__(self, name: str, trace: Trace) -> None:
        """Stand at the beginning of a recording."""
        self.name = name
        self._trace = trace
        self._next = 0
        self._places: defaultdict[tuple[int, ...] | bytes, list[int]] = defaultdict(list)
        self._challenges: list[int] = []
        for place, step in enumerate(trace.steps):
            self._places[step[0]].append(place)
            if isinstance(step, Sent) and _is_challenge(step.frame):
                self._challenges.append(place)

    def open(self, deadline_s: float = 0.0) -> ReaderFault | None:
        """From the beginning again."""
        self._next = 0
        return None

    def poll(self, system_codes: tuple[int, ...], deadline_s: float = 0.0) -> PollOutcome:
        """As it was: the next such poll of the recording; after its end there is no card."""
        step = self._passed_to(system_codes)
        return step.outcome if isinstance(step, Looked) else NoCard()

    def transceive(self, frame: bytes, timeout_s: float) -> bytes | CardLost | ReaderFault:
        """As it was: the answer to the next such frame. One that was not sent then is a fault of the replay."""
        step = self._passed_to(without_key(frame))
        if isinstance(step, Sent):
            return step.outcome
        return ReaderFault(self.name, f"the trace has no such command after its step {self._next}; this is another tap")

    def _passed_to(self, asked: tuple[int, ...] | bytes) -> Step | None:
        """The next step that asked the same; the replay goes on behind it."""
        place = self._ahead(self._places.get(asked, []))
        if place is None:
            return None
        self._next = place + 1
        return self._trace.steps[place]

    def _ahead(self, places: list[int]) -> int | None:
        at = bisect_left(places, self._next)
        return places[at] if at < len(places) else None

    def challenge(self, size: int) -> bytes:
        """In place of random bytes: the next challenge that was written then, so that its answers hold again."""
        place = self._ahead(self._challenges)
        step = None if place is None else self._trace.steps[place]
        return lite_s.swap_halves(step.frame[-16:])[:size] if isinstance(step, Sent) else bytes(size)

    def field_off(self) -> ReaderFault | None:
        """There is no field."""
        return None

    def health(self) -> Health | ReaderFault:
        """What was recorded."""
        return Health(f"{self._trace.chip} (再生, {self._trace.reader})")

    def close(self) -> None:
        """There is nothing to close."""


def _is_challenge(frame: bytes) -> bool:
    return len(frame) == 32 and frame[1] == 0x08 and frame[13:16] == bytes((1, 0x80, lite_s.RC))


# -- the file


def parse(lines: Iterable[str], source: str) -> Trace:
    """The lines of a file -> Trace; TraceFault names the line and what is wrong with it."""
    head: dict[str, object] | None = None
    steps: list[Step] = []
    size = 0
    for number, line in enumerate(lines, 1):
        size += len(line)
        where = f"{source}: line {number}"
        if size > MAX_BYTES or len(line) > _MOST_LINE:
            raise TraceFault(f"{where}: too long for a trace; at most {_MOST_LINE} a line, {MAX_BYTES} in all")
        content = _object(line, where)
        if head is None:
            head = content
            if content.get("format") != FORMAT or content.get("version") != VERSION:
                raise TraceFault(
                    f"{where}: not a trace of version {VERSION}; record one with `farebox card dump --trace`"
                )
            continue
        if len(steps) == _MOST_STEPS:
            raise TraceFault(f"{where}: more than {_MOST_STEPS} steps; trace one card at a time")
        steps.append(_step(content, where, _text(head, "reader", f"{source}: line 1")))
    if head is None:
        raise TraceFault(f"{source}: empty; make one by `farebox card dump --trace`")
    reader, chip = (_text(head, name, f"{source}: line 1") for name in ("reader", "chip"))
    return Trace(reader, chip, tuple(steps))


def _object(line: str, where: str) -> dict[str, object]:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        raise TraceFault(f"{where}: not JSON; the trace was cut or changed") from None
    if not isinstance(content, dict):
        raise TraceFault(f"{where}: not a JSON object")
    return content


def _step(content: dict[str, object], where: str, reader: str) -> Step:
    failed = ReaderFault(reader, _text(content, "fault", where)) if "fault" in content else None
    if "send" in content:
        answer = content.get("answer")
        done = CardLost() if answer is None else _octets(answer, f"{where}: answer")
        return Sent(_octets(content["send"], f"{where}: send"), failed or done)
    if "poll" not in content:
        raise TraceFault(f"{where}: neither a poll nor a command")
    systems = tuple(_code(code, f"{where}: poll") for code in _text(content, "poll", where).split())
    if failed or content.get("cards") == _TWO:
        return Looked(systems, failed or TwoCards())
    if "idm" not in content:
        return Looked(systems, NoCard())
    idm, pmm = (_octets(content.get(name), f"{where}: {name}", 8) for name in ("idm", "pmm"))
    return Looked(systems, Polled(idm, pmm, _code(content.get("system"), f"{where}: system")))


def _text(content: dict[str, object], name: str, where: str) -> str:
    """A text that may be there, as it can be printed."""
    text = content.get(name, "")
    if not isinstance(text, str):
        raise TraceFault(f"{where}: {name}: must be a text")
    return "".join(char if char.isprintable() else " " for char in text)


def _code(value: object, where: str) -> int:
    return int.from_bytes(_octets(value, where, 2), "big")


def _octets(value: object, where: str, size: int | None = None) -> bytes:
    try:
        octets = bytes.fromhex(value) if isinstance(value, str) else None
    except ValueError:
        octets = None
    if octets is None or (size is not None and len(octets) != size):
        raise TraceFault(f"{where}: must be {'' if size is None else f'{size} bytes of '}hex")
    return octets


def _hex(octets: bytes) -> str:
    return octets.hex().upper()
