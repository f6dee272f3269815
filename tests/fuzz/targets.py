"""Every parser of bytes from outside, as a target: what it is fed first, and the faults it may answer with.

Anything else that leaves it, a run of more than a few seconds, or much memory, is a bug. The everyday tests feed each
target its seeds and some random changes of them (test_targets.py); `make fuzz` lets atheris look for more.
"""

import io
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import NamedTuple

from cardimage import image as card_image
from cardimage.felica_card import FelicaCard
from cardimage.formats import read_cards
from cardimage.image import ImageFault
from cardimage.issue import issue
from cardimage.layout.conditions import decode_account
from cardimage.layout.history import decode_history
from cardimage.layout.number import decode_number
from cardimage.layout.slots import decode_slot
from cardimage.resolve import standing
from cardimage.standard_card import StandardCard
from cardimage.transit.balance import balance_of
from cardimage.transit.brand import guess_brand
from cardimage.transit.gates import decode_gate
from cardimage.transit.history import MergeFault, Recorded, merge
from cardimage.transit.rows import decode_row
from farebox.feed import FeedFault, RegisterFault, load_feed
from farebox.feed.register import Register
from farebox.formats import cose, segment
from farebox.formats import journal as record_format
from farebox.formats.journal import Outcome
from farebox.formats.strict import RecordError
from farebox.journal.errors import JournalFault
from farebox.journal.log import recover, recover_folder
from reader.felica import FelicaReader, LiteSSession
from reader.keys import bench_keys
from reader.messages import MessageFault, decode_answer, decode_request
from reader.port import CardLost, Health, Polled, PollOutcome, ReaderFault
from reader.recording import record
from reader.trace import TraceFault, parse
from tariff.account import Account, HolderKind
from tariff.operator_file import parse as parse_operator_file
from tariff.operator_file.reading import RulebookError
from tests.cardimage.accounts import IDM
from tests.cardimage.formats.samples import EVERY_FORMAT
from tests.feed.small_feed import TABLES
from tests.journal.examples import intent
from tests.journal.memory_disk import MemoryDisk, MemoryFolder
from tests.journal.test_sealing import HEAD, SEAL
from tests.reader.transit_card import transit_card

OPERATOR_FILES = Path(__file__).parents[2] / "tariff" / "operators"


class Target(NamedTuple):
    """One parser. `run` takes any bytes; only `faults` may leave it."""

    run: Callable[[bytes], object]
    faults: tuple[type[Exception], ...]
    seeds: tuple[bytes, ...]


# -- cards


def _bench_image() -> card_image.CardImage:
    account = Account("lococa", 2_000, HolderKind.CHILD, named=True)
    return issue(IDM, account, "LC1", date(2026, 11, 20))


def _blocks(*numbers: int) -> bytes:
    blocks = _bench_image().lite_s_blocks()
    assert blocks is not None
    return b"".join(blocks[number] for number in numbers)


def _layout(data: bytes) -> None:
    blocks = [data[at : at + 16] for at in range(0, 64, 16)]
    for block in blocks:
        decode_history(block)
        decode_number(block)
        slot = decode_slot(block)
        if slot is not None and len(blocks[3]) == 16:
            decode_account(slot, (blocks[2], blocks[3]))
    standing(blocks[0], blocks[1])


def _transit(data: bytes) -> None:
    rows = {place: data[at : at + 16] for place, at in enumerate(range(0, len(data) - 15, 16))}
    for row in rows.values():
        decode_row(row)
        decode_gate(row)
    services = {0x090F: dict(list(rows.items())[:20]), 0x008B: dict(list(rows.items())[:1]), 0x1317: rows}
    for system in (0x0003, 0x8B43, 0xFE00):
        image = card_image.CardImage(IDM, b"", {system: services}, simulated=True)
        guess_brand(image)
        balance_of(image)
        half = card_image.CardImage(
            IDM, b"", {system: services | {0x090F: dict(list(rows.items())[1:9])}}, simulated=True
        )
        merge((Recorded("a", image), Recorded("b", half)))


def _frames(data: bytes) -> Iterable[bytes]:
    """The data as frames: each begins with its own length, which may lie."""
    while data:
        size = max(data[0], 1)
        yield data[:size]
        data = data[size:]


def _cards(data: bytes) -> None:
    bench, transit = FelicaCard(_bench_image(), bytes(16)), StandardCard(transit_card())
    for frame in _frames(data):
        for card in (bench, transit):
            answer = card.process(frame)
            assert answer is None or (len(answer) == answer[0] and answer[1] == frame[1] + 1)


class _Hostile:
    """A port whose card answers with whatever is next."""

    name = "hostile"

    def __init__(self, data: bytes) -> None:
        self._answers = iter(_frames(data))

    def open(self, deadline_s: float = 0.0) -> None: ...

    def poll(self, system_codes: tuple[int, ...], deadline_s: float = 0.0) -> PollOutcome:
        return Polled(IDM, card_image.LITE_S_PMM, system_codes[0])

    def transceive(self, frame: bytes, timeout_s: float) -> bytes | CardLost | ReaderFault:
        answer = next(self._answers, b"")[:240]
        # Half of the answers begin as a right one would, or the first check would end every run.
        return answer if len(answer) % 2 else bytes((len(answer) + 10, frame[1] + 1)) + IDM + answer

    def field_off(self) -> None: ...

    def health(self) -> Health:
        return Health("hostile")

    def close(self) -> None: ...


def _session(data: bytes) -> None:
    there = FelicaReader(_Hostile(data), bench_keys(), bytes).wait()
    if isinstance(there, LiteSSession):
        there.open(0, 1)
        if there.write_count:
            there.read(3, 4)
            there.write(1, bytes(16))


def _recording(data: bytes) -> None:
    record(_Hostile(data), 0.0, lambda _what: None)


def _formats(data: bytes) -> None:
    for image in read_cards(data, "fuzz"):
        assert card_image.load(card_image.dump(image), "fuzz") == image


def _messages(data: bytes) -> None:
    for decode in (decode_request, decode_answer):
        try:
            decode(data)
        except MessageFault:
            continue


# -- files of the bus


def _journal(data: bytes) -> None:
    recover(MemoryDisk(data), "fuzz").journal.close()


def _segment(data: bytes) -> None:
    """Found as the active segment at a start; what is recovered, or comes after a quarantine, can be appended to."""
    folder = MemoryFolder()
    disk = folder.create("00000001.segment")
    disk.allocate(len(data))
    disk.pwrite(data, 0)
    journal = recover_folder(folder, "fuzz", 1 << 13).journal
    journal.intend(intent(), 1_800_000_000)
    journal.seal()
    journal.close()


def _feed(data: bytes) -> None:
    """Tables between lines of NUL, in the order of the small feed's; zipped, as feeds come."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "feed.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in zip(TABLES, data.split(b"\0"), strict=False):
                archive.writestr(name, content)
        load_feed(path)


def _zip(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "feed.zip"
        path.write_bytes(data)
        load_feed(path)


def _zipped() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in TABLES.items():
            archive.writestr(name, text)
    return packed.getvalue()


def _text(parse_text: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda data: parse_text(data.decode(errors="replace"))


def _journal_file() -> bytes:
    disk = MemoryDisk()
    journal = recover(disk, "fuzz").journal
    journal.conclude(Outcome(journal.intend(intent(), 1_800_000_000), "written"), 1_800_000_001)
    journal.flush()
    return bytes(disk.medium[:4_096])


_ROW = bytes.fromhex("16010002253106120304AF0000002AA0")
_TRACE = (
    '{"format": "farebox-trace", "version": 1, "reader": "usb", "chip": "x"}\n'
    '{"at_us": 1, "poll": "88B4 0003", "idm": "012E4CD1A0B35796", "pmm": "00F1000000014300", "system": "88B4"}\n'
    '{"at_us": 2, "send": "0600FFFF0000", "answer": null}\n'
)

TARGETS: dict[str, Target] = {
    "card-image": Target(
        lambda data: card_image.load(data, "fuzz"),
        (ImageFault,),
        (card_image.dump(_bench_image()), card_image.dump(transit_card())),
    ),
    **{
        f"card-{name}": Target(_formats, (ImageFault,), (sample.encode() if isinstance(sample, str) else sample,))
        for name, sample in EVERY_FORMAT.items()
    },
    "card-layout": Target(_layout, (), (_blocks(0, 1, 3, 4), _blocks(2, 0, 3, 4))),
    "transit": Target(
        _transit, (MergeFault,), (bytes(range(160)), bytes.fromhex("16010002253106120304AF0000002AA0") * 3)
    ),
    "card-frames": Target(
        _cards,
        (),
        (
            bytes.fromhex("06 00 88 B4 00 00 06 00 FF FF 01 00"),
            bytes.fromhex("20 08 01 2E 4C D1 A0 B3 57 96 01 09 00 01 80 80") + bytes(16),
            bytes.fromhex("16 06 01 2E 4C D1 A0 B3 57 96 01 0B 00 04 80 90 80 00 80 01 80 91"),
            bytes.fromhex("10 06 01 0A 10 00 20 0B 30 0C 01 0F 09 01 80 00"),
        ),
    ),
    "session": Target(_session, (), (b"\x02\x00", b"\x02\x00\x44\x00\x00\x04" + bytes(62))),
    "recording": Target(_recording, (), (b"\x04\x01\x00\x03\x02\x0f\x09", b"\x02\xff\xff")),
    "trace": Target(_text(lambda text: parse(text.splitlines(), "fuzz")), (TraceFault,), (_TRACE.encode(),)),
    "messages": Target(_messages, (), (bytes.fromhex("00000001") + b"\x02" + bytes(12),)),
    "journal-record": Target(
        record_format.decode, (RecordError,), (record_format.encode(2, 1, 1_800_000_000, intent()),)
    ),
    "journal-file": Target(_journal, (JournalFault,), (_journal_file(), b"", bytes(64))),
    "journal-segment": Target(_segment, (JournalFault,), (_journal_file(), b"", bytes(64))),
    "segment-head": Target(segment.decode_head, (RecordError,), (segment.encode_head(HEAD),)),
    "segment-seal": Target(
        lambda data: cose.holds(segment.decode_seal(data)[1]), (RecordError,), (segment.encode_seal(SEAL, bytes(32)),)
    ),
    "operator-file": Target(
        _text(lambda text: parse_operator_file(text, "fuzz", frozenset())),
        (RulebookError,),
        tuple(path.read_bytes() for path in sorted(OPERATOR_FILES.glob("*/*.toml"))),
    ),
    "register": Target(_text(Register.loads), (RegisterFault,), (Register({"朝日町": 1}).dumps().encode(),)),
    "feed": Target(_feed, (FeedFault,), ("\0".join(TABLES.values()).encode(),)),
    "feed-zip": Target(_zip, (FeedFault,), (_zipped(),)),
}
