"""The bus: its journals, feeds, fare tables and registers."""

import importlib
import io
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from farebox.feed import Feed, FeedFault, RegisterFault, load_feed
from farebox.feed.register import Register
from farebox.feed.sheets import read_sheets
from farebox.feed.triangle import Kind, dump_triangle
from farebox.formats import frames as journal_file
from farebox.formats import journal as record_format
from farebox.formats.journal import Entry, Outcome, Record, Refused, Resolved
from farebox.formats.segment import Head, encode_head
from farebox.formats.strict import RecordError
from farebox.journal.errors import JournalFault
from farebox.journal.fold import audit, pending
from farebox.journal.log import recover
from farebox.tear import pending_from
from sim.hardware.memory_disk import MemoryDisk
from tariff.calendar import clock_in_japan, day_in_japan
from tests.feed.small_feed import TABLES
from tests.fuzz.target import Target, in_pieces, pieces, text_of
from tests.journal.examples import ONE_OF_EACH, in_schema, intent, points_intent

AT_S = 1_800_000_000
_CHUNK_BYTES = 16_384


# -- the journal


def _record(data: bytes) -> None:
    entry = record_format.decode(data)
    assert record_format.encode(*entry) == data


def _encoded(record: Record, schema: int, seq: int = 9) -> bytes:
    return record_format.encode(seq, 1, AT_S, in_schema(schema, record), schema)


def _journal(data: bytes) -> None:
    """A journal that is recovered can be written on, and is recovered again with what was written."""
    disk = MemoryDisk(data)
    recovered = recover(disk, "fuzz", _CHUNK_BYTES)
    _told(recovered.entries)
    pending_from(recovered.standing)
    recovered.journal.intend(intent(), AT_S)
    recovered.journal.close()
    again = recover(MemoryDisk(bytes(disk.medium)), "fuzz", _CHUNK_BYTES)
    again.journal.close()
    assert again.entries[:-1] == recovered.entries
    assert again.entries[-1].record == intent()


def _journal_of_records(data: bytes) -> None:
    """The same behind the check sums: each piece in a frame whose CRC holds, and whose check follows."""
    chain = sha256(encode_head(Head()))
    framed = []
    for piece in pieces(data):
        chain.update(piece)
        framed.append(journal_file.frame(piece, chain.digest()[: journal_file.CHECK_BYTES]))
    _journal(journal_file.BEGINNING + b"".join(framed))


def _told(entries: Sequence[Entry]) -> None:
    """What `farebox journal show` prints."""
    for entry in entries:
        f"{day_in_japan(entry.at_s)} {clock_in_japan(entry.at_s)} {entry.record}".encode()


def _fold(data: bytes) -> None:
    """Any records after each other, three bytes each. Where nothing is violated, the sums agree."""
    entries = [Entry(seq, 0, AT_S, record) for seq, record in enumerate(_records(data), 1)]
    ledger, violations = audit(entries)
    if not violations:
        given_yen = ledger.credit_yen + ledger.points_earned - ledger.points_lapsed
        assert ledger.cards_delta_yen == given_yen - (ledger.fares_yen - ledger.cash_yen)
    assert ledger.pending >= len(pending(entries))


def _records(data: bytes) -> Iterator[Record]:
    for at in range(0, len(data) - 2, 3):
        kind, which, amount = data[at : at + 3]
        match kind % 6:
            case 0 | 1:
                tapped = points_intent() if kind & 8 else intent()
                unbalanced_yen = amount & 1 if kind & 16 else 0
                yield tapped._replace(
                    idm=bytes((which,)) * 8,
                    action="board" if kind & 32 else "alight",
                    sf_after_yen=tapped.sf_before_yen - amount + unbalanced_yen,
                    due_yen=amount,
                )
            case 2:
                yield Outcome(which, ("written", "not_written", "indeterminate")[amount % 3])
            case 3:
                yield Resolved(which, ("written", "not_written", "unknown")[amount % 3], "fuzz")
            case 4:
                yield Refused(b"", "alight", "short", "")
            case _:
                yield ONE_OF_EACH[which % len(ONE_OF_EACH)]


def journal_bytes() -> bytes:
    disk = MemoryDisk()
    journal = recover(disk, "fuzz", _CHUNK_BYTES).journal
    for record in ONE_OF_EACH[:3]:
        journal.append(record, AT_S)
    journal.conclude(Outcome(journal.intend(intent(), AT_S), "written"), AT_S + 1)
    journal.flush()
    return bytes(disk.medium[:2_048])


# -- feeds


def _register(text: str) -> None:
    register = Register.loads(text)
    again = Register.loads(register.dumps())
    assert again.dumps() == register.dumps()


def _feed(data: bytes) -> None:
    """Tables between lines of NUL, in the order of the small feed's; zipped, as feeds come."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "feed.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in zip(TABLES, data.split(b"\0"), strict=False):
                archive.writestr(name, content)
        _used(load_feed(path))


def _zip(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "feed.zip"
        path.write_bytes(data)
        _used(load_feed(path))


def _used(feed: Feed) -> None:
    """As a terminal uses it; and its register, once written, numbers it the same."""
    first, last = feed.service_days()
    for day in {first, last}:
        feed.trips_on(day)
    for pattern_id in feed.patterns:
        feed.fare_table(pattern_id)
        feed.missing_fares(pattern_id)
    again = feed.numbered_by(Register.loads(feed.register.dumps()))
    assert again.patterns == feed.patterns


def _zipped(encoding: str = "utf-8") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in TABLES.items():
            archive.writestr(name, text.encode(encoding))
    return packed.getvalue()


# -- fare tables


@cache
def _small_feed() -> Feed:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "feed.zip"
        path.write_bytes(_zipped())
        return load_feed(path)


def _fares(name: str, data: bytes) -> None:
    """A table that is taken, printed and read again, gives the same fares."""
    feed = _small_feed()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        priced = feed.with_fares(read_sheets(path))
        tables = [priced.fare_table(pattern_id) for pattern_id in priced.patterns]
        for table in tables:
            (printed := Path(folder) / "printed.csv").write_text(dump_triangle(table, Kind.ONE), "utf-8")
            again = feed.with_fares(read_sheets(printed)).fare_table(table.pattern.pattern_id)
            for start in range(table.size):
                for end in range(start + 1, table.size):
                    assert again.has_fare(start, end) == table.has_fare(start, end)
                    assert not again.has_fare(start, end) or again.fare_yen(start, end) == table.fare_yen(start, end)


def _xlsx_sheet(data: bytes) -> None:
    """The XML of a workbook's only sheet, and after a NUL that of its texts."""
    sheet, _, texts = data.partition(b"\0")
    changed = {"xl/worksheets/sheet1.xml": sheet, **({"xl/sharedStrings.xml": texts} if texts else {})}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in (_workbook() | changed).items():
            archive.writestr(name, content)
    _fares("R1.xlsx", packed.getvalue())


@cache
def _workbook() -> dict[str, bytes]:
    """A workbook's members by name."""
    with zipfile.ZipFile(io.BytesIO(_xlsx())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _xlsx() -> bytes:
    openpyxl: Any = importlib.import_module("openpyxl")
    book = openpyxl.Workbook()
    for row in (["路線：山線"], ["朝日町"], [150, "分校前"], [200, "150", "中央駅"]):
        book.active.append(row)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


_DIAGONAL = "路線：山線,,\n朝日町\n150,分校前\n200,160,中央駅\n\n※小児は半額\n"
_HEADED = "方向別\n,朝日町,分校前,中央駅\n朝日町,,150,200\n分校前,160,,170\n中央駅,210,180,\n"

TARGETS: dict[str, Target] = {
    "bus-record": Target(
        _record, (RecordError,), tuple(_encoded(record, schema) for schema in (1, 2) for record in ONE_OF_EACH)
    ),
    "bus-journal": Target(_journal, (JournalFault,), (journal_bytes(), b"", bytes(64))),
    "bus-journal-records": Target(
        _journal_of_records,
        (JournalFault,),
        (in_pieces(*(record_format.encode(seq, 0, AT_S, record) for seq, record in enumerate(ONE_OF_EACH, 1))),),
    ),
    "bus-fold": Target(_fold, (), (bytes((0, 1, 210, 2, 1, 0, 40, 2, 0, 2, 2, 2, 3, 2, 1, 4, 0, 0, 5, 3, 0)),)),
    "bus-register": Target(
        text_of(_register),
        (RegisterFault,),
        (Register({"朝日町": 1}, {"a b": 1}).dumps().encode(), "stop\t1\t朝日町\ntrip\t1\tT1\nend\t1\t1\n".encode()),
    ),
    "bus-feed": Target(
        _feed, (FeedFault,), ("\0".join(TABLES.values()).encode(), "\0".join(TABLES.values()).encode("cp932"))
    ),
    "bus-feed-zip": Target(_zip, (FeedFault,), (_zipped(), _zipped("cp932"))),
    "bus-fares-csv": Target(
        lambda data: _fares("R1.csv", data),
        (FeedFault,),
        (_DIAGONAL.encode(), _DIAGONAL.encode("cp932"), _HEADED.encode("utf-8-sig")),
    ),
    "bus-fares-xlsx": Target(lambda data: _fares("R1.xlsx", data), (FeedFault,), (_xlsx(),)),
    "bus-fares-sheet": Target(
        _xlsx_sheet,
        (FeedFault,),
        (_workbook()["xl/worksheets/sheet1.xml"],),
    ),
}
