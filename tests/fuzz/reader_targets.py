"""Readers and what lies on them: a card's answers, recordings, packets of a reader's process, keys, names."""

import socket
import tempfile
from contextlib import suppress
from importlib.metadata import EntryPoints, PathDistribution
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

from cardimage import image as card_image
from cardimage import lite_s
from cardimage.felica_card import FelicaCard
from cardimage.image import LITE_S_PMM
from cardimage.protection import Protection
from cardimage.standard_card import StandardCard
from reader import drivers, messages
from reader.card import read_account, read_slots
from reader.felica import FelicaReader, LiteSSession
from reader.issuing import Bench, issue_card, rekey_card, wipe_card
from reader.keys import KeyStoreFault, bench_keys, keys_from
from reader.messages import MessageFault
from reader.pcsc_port import PcscPort
from reader.port import CardLost, Health, NoCard, Polled, PollOutcome, ReaderFault, ReaderMissing, TraceFault, TwoCards
from reader.recording import record
from reader.trace import TracePort, TracingPort, parse
from reader.worker import serve
from tariff.refusal import Refusal
from tests.cardimage.accounts import IDM
from tests.fuzz.card_targets import bench_card
from tests.fuzz.target import Target, frames, in_pieces, pieces, text_of
from tests.reader.transit_card import transit_card
from tests.tools.test_reader_doctor import MadeMachine
from tools.reader.judge import judge_machine
from tools.reader.known import RULE_NAME, udev_rule

KEYS = bench_keys()
READ_SLOTS = bytes.fromhex("12 06 01 2E 4C D1 A0 B3 57 96 01 0B 00 02 80 00 80 01")
_SYSTEM = lite_s.SYSTEM_CODE


# -- cards


class _HostilePort:
    """A port whose card answers with whatever is next; or right, where nothing is next, if there is a card."""

    name = "hostile"

    def __init__(self, data: bytes, card: FelicaCard | StandardCard | None = None, idm: bytes = IDM) -> None:
        self._answers = frames(data)
        self._card = card
        self._idm = idm

    def open(self, deadline_s: float = 0.0) -> None: ...

    def poll(self, system_codes: tuple[int, ...], deadline_s: float = 0.0) -> PollOutcome:
        return Polled(self._idm, LITE_S_PMM, system_codes[0])

    def transceive(self, frame: bytes, timeout_s: float) -> bytes | CardLost | ReaderFault:
        """Even lengths begin as a right answer would, or the first check would end every run; 1: the right answer."""
        answer = next(self._answers, b"")[:240]
        if self._card is not None and len(answer) <= 2:
            right = self._card.process(frame)
            if right is None or not answer:
                return CardLost() if right is None else right
            place = answer[-1] % len(right)
            return right if len(answer) == 1 else right[:place] + bytes((right[place] ^ 1,)) + right[place + 1 :]
        return answer if len(answer) % 2 else bytes((len(answer) + 10, frame[1] + 1)) + self._idm + answer

    def field_off(self) -> None:
        if self._card is not None:
            self._card.power_off()

    def health(self) -> Health:
        return Health("hostile")

    def close(self) -> None: ...


def _session(data: bytes) -> None:
    """A whole tap's commands, and those of issuing, with a card that lies, or one that is right until it lies."""
    for card in (None, FelicaCard(bench_card(), KEYS.card_key(IDM))):
        there = FelicaReader(_HostilePort(data, card), KEYS, bytes).wait()
        if isinstance(there, LiteSSession):
            slots = read_slots(there)
            if not isinstance(slots, (Refusal, ReaderFault)):
                read_account(there, slots)
                there.write(1, bytes(16))


def _issuing(data: bytes) -> None:
    """Issue, rekey and wipe: the first byte says which, and whether there is a right card behind the lies."""
    act, data = data[:1] or b"\0", data[1:]
    card = FelicaCard(bench_card(), KEYS.card_key(IDM)) if act[0] & 4 else None
    bench = Bench(_HostilePort(data, card), KEYS, bytes)
    polled = Polled(IDM, LITE_S_PMM, _SYSTEM)
    match act[0] & 3:
        case 0:
            rekey_card(bench, polled)
        case 1:
            wipe_card(bench, polled)
        case _:
            issue_card(bench, polled, {0: bytes(16)}, Protection.BENCH)


def _recording(data: bytes) -> None:
    """What is recorded of a hostile card is an image that can be kept."""
    for card, idm in ((None, IDM), (StandardCard(transit_card()), transit_card().idm)):
        recorded = record(_HostilePort(data, card, idm), 0.0, lambda _what: None)
        if isinstance(recorded, card_image.CardImage):
            assert card_image.load(card_image.dump(recorded), "fuzz") == recorded


# -- files


def _trace(text: str) -> None:
    """A trace that is read can be printed, replayed, and traced again."""
    trace = parse(text.splitlines(), "fuzz")
    f"{trace}{trace.reader}{trace.chip}".encode()
    lines: list[str] = []
    port = TracingPort(TracePort("trace:fuzz", trace), lines.append, lambda: 0.0)
    there = FelicaReader(port, KEYS, bytes).wait()
    if isinstance(there, LiteSSession):
        there.open(0, 1)
    "".join(lines).encode()
    parse(lines, "again")


def _keys(data: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:  # made with mode 600
        file.write(data)
        file.flush()
        keys = keys_from(file.name)
    assert len(keys.card_key(IDM)) == 16
    assert 1 <= len(keys.versions) <= 4


# -- a reader's process


def _messages(data: bytes) -> None:
    """What is understood means the same when said again."""
    with suppress(MessageFault):
        number, request = messages.decode_request(data)
        assert messages.decode_request(messages.encode_request(number, request)) == (number, request)
    with suppress(MessageFault):
        number, answer = messages.decode_answer(data)
        again = messages.decode_answer(messages.encode_answer(number, answer))
        assert again == messages.decode_answer(messages.encode_answer(*again))
        assert again[0] == number


def _worker(data: bytes) -> None:
    """A reader's process that is asked these packets, of which there is one to a piece."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        for packet, _ in zip(pieces(data), range(50), strict=False):
            if packet:
                ours.send(packet)
        ours.shutdown(socket.SHUT_WR)
        serve(theirs, lambda: _HostilePort(data))
        theirs.shutdown(socket.SHUT_RDWR)
        while answer := ours.recv(messages.MOST_BYTES + 1):
            messages.decode_answer(answer)


# -- names


def _plugin(name: str, _package: str | None = None) -> object:
    """In place of importing whatever the fuzzer has named."""
    if name != "plugin":
        raise ModuleNotFoundError(name)
    return SimpleNamespace(right=PcscPort, wrong=lambda _rest: 3, refusing=_refusing)


def _refusing(_rest: str) -> None:
    raise ValueError("no")


def _names(text: str) -> None:
    """A reader's name; then, each behind a NUL, what an installed package says of its entry points, and of itself."""
    spec, entry_points, metadata = (*text.split("\0"), "", "")[:3]
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder) / "fuzz-1.dist-info"
        where.mkdir()
        (where / "entry_points.txt").write_text(entry_points, "utf-8")
        (where / "METADATA").write_text(metadata, "utf-8")
        package = PathDistribution(where)

        def listed(group: str) -> EntryPoints:
            return package.entry_points.select(group=group)

        with patch("importlib.metadata.entry_points", listed), patch("importlib.metadata.import_module", _plugin):
            drivers.plugged()
            drivers.check_name(spec)
            drivers.frame_port(spec)


_PLACES = (
    *(f"sys/bus/usb/devices/1-1.2/{name}" for name in ("idVendor", "idProduct", "busnum", "devnum")),
    "sys/class/tty/ttyUSB0/device/latency_timer",
    *("proc/modules", "proc/7/comm", "proc/device-tree/model", f"rules/{RULE_NAME}"),
)


def _machine(text: str) -> None:
    """What the machine says of its readers, a NUL between its files, and what `farebox reader` makes of it."""
    with tempfile.TemporaryDirectory() as folder:
        made = MadeMachine(Path(folder) / "machine")
        made.ports = [("/dev/ttyUSB0", "")]
        for place, content in zip(_PLACES, text.split("\0"), strict=False):
            made.put(place, content)
        for finding in judge_machine(made.facts()):
            f"{finding}".encode()


_PACKAGE = "[farebox.readers]\nmine = plugin:right\nother = plugin:wrong\nno = plugin:refusing\nlost = gone:right\n"
_NAMES = tuple(
    f"{spec}\0{_PACKAGE}\0Name: fuzz\nVersion: 1\n".encode() for spec in ("mine:rest", "other", "no", "lost", "pcsc:x")
)

_TRACE = (
    '{"format": "farebox-trace", "version": 1, "reader": "usb", "chip": "x"}\n'
    '{"at_us": 1, "poll": "88B4", "idm": "012E4CD1A0B35796", "pmm": "00F1000000014300", "system": "88B4"}\n'
    '{"at_us": 2, "send": "0600FFFF0000", "answer": null}\n'
    '{"at_us": 3, "poll": "0003"}\n'
    '{"at_us": 4, "poll": "0003 88B4", "cards": "two cards"}\n'
    '{"at_us": 5, "poll": "0003", "fault": "OSError"}\n'
)


def _traced_tap() -> bytes:
    """A tap that was traced."""
    lines: list[str] = []
    port = TracingPort(_HostilePort(b"", FelicaCard(bench_card(), KEYS.card_key(IDM))), lines.append, lambda: 0.0)
    there = FelicaReader(port, KEYS, bytes).wait()
    assert isinstance(there, LiteSSession)
    there.open(0, 1)
    there.read(3, 4)
    return "".join(lines).encode()


_PACKETS = (
    messages.encode_request(1, messages.Open()),
    messages.encode_request(2, messages.Poll((_SYSTEM, 3), 0.5)),
    messages.encode_request(3, messages.Transceive(READ_SLOTS, 0.05)),
    messages.encode_request(4, messages.AskHealth()),
    messages.encode_request(5, messages.Close()),
)
_ANSWERS: tuple[messages.Answer, ...] = (
    *(messages.Done(), messages.Failed("why"), Polled(IDM, LITE_S_PMM, 3), TwoCards(), NoCard(), CardLost()),
    *(Health("PN532"), READ_SLOTS),
)
_KEY = b"11" * 32

TARGETS: dict[str, Target] = {
    "reader-session": Target(_session, (), (b"\x01\x01\x01", b"\x02\x00\x44\x00\x00\x04" + bytes(62))),
    "reader-issuing": Target(
        _issuing, (), (b"\x04", b"\x05", b"\x06", b"\x04\x01\x01\x01\x01\x02\x07", b"\x02\x02\x00\x44\x00\x00\x04")
    ),
    "reader-recording": Target(_recording, (), (b"\x01", b"\x04\x01\x00\x03\x02\x0f\x09", b"\x02\xff\xff")),
    "reader-trace": Target(text_of(_trace), (TraceFault,), (_traced_tap(), _TRACE.encode())),
    "reader-keys": Target(_keys, (KeyStoreFault,), (_KEY, b"1: " + _KEY + b"\n# old\n7: " + _KEY)),
    "reader-messages": Target(
        _messages,
        (),
        (*_PACKETS, *(messages.encode_answer(number, answer) for number, answer in enumerate(_ANSWERS))),
    ),
    "reader-worker": Target(_worker, (), (in_pieces(*_PACKETS),)),
    "reader-machine": Target(
        text_of(_machine),
        (),
        tuple(
            "\0".join(
                (*ids.split(":"), "1\n", "5\n", "16\n", "pn533_usb 1 0\n", "pcscd", "Raspberry Pi", udev_rule())
            ).encode()
            for ids in ("054c:06c3", "054c:0dc8", "04cc:2533")
        ),
    ),
    "reader-names": Target(text_of(_names), (ReaderMissing,), _NAMES),
}
