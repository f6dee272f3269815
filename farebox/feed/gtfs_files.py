"""A feed's tables, read as if whoever wrote them meant harm (fault 30).

Nothing is extracted to disk, only known table names are opened, and every quantity has a limit. Tables are
streamed: memory holds one row, not a file, or of a long table one batch of rows.
"""

import csv
import io
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol, TypeVar

from farebox.feed.faults import FeedBroken, FeedMissing
from farebox.feed.text import LineDecoder, Undecodable

_Value = TypeVar("_Value")


class Limits(NamedTuple):
    """What a feed may cost to read. The largest feed at hand (188,000 fares) needs a fifth of these or less."""

    feed_bytes: int = 256 * 2**20
    """All tables that are read, uncompressed."""
    archive_bytes: int = 16 * 2**20
    """The zip file itself; bounds what its directory takes in memory too."""
    archive_files: int = 200
    zip_ratio: int = 100
    """Uncompressed to compressed bytes of one table; real ones reach 17."""
    table_rows: int = 1_000_000
    stop_times_rows: int = 2_500_000
    """Those of stop_times.txt, which is read trip by trip: memory holds none of them."""
    row_bytes: int = 64 * 2**10
    """One row, also if quoted line breaks spread it over lines: an unclosed quote is found here."""
    field_chars: int = 4096


LIMITS = Limits()

# A path with none of these holds no feed; with some of them it holds a broken one (GTFS, Dataset Files).
_CORE = frozenset(("agency.txt", "stops.txt", "routes.txt", "trips.txt", "stop_times.txt"))
_COLUMN_CHARS = 100
# Control characters and those that reorder text would forge lines of logs, registers and displays; invisible
# ones would make two names of one.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_BATCH_BYTES = 48 * 2**10
# All bytes but control characters other than line ends; those of longer characters are looked at as characters.
_NO_CONTROLS = b"\r\n" + bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))


class Batch(NamedTuple):
    """Rows of a table, column by column: the wanted columns in order, and the line each row begins on."""

    lines: Sequence[int]
    columns: list[list[str]]


class _Source(Protocol):
    """Where tables lie: a folder or an archive."""

    names: frozenset[str]
    damage: tuple[type[Exception], ...]
    """What reading a table raises where the source is damaged."""

    def open(self, name: str) -> BinaryIO:
        """Open one table; raises FeedBroken if it is beyond the limits or no plain file."""

    def close(self) -> None:
        """Let go of the files."""


class _Folder:
    damage: tuple[type[Exception], ...] = ()

    def __init__(self, path: Path) -> None:
        self._path = path
        self.names = frozenset(entry.name for entry in path.iterdir())

    def open(self, name: str) -> BinaryIO:
        path = self._path / name
        # A link could lead out of the feed, and a pipe would block for ever.
        if not stat.S_ISREG(path.lstat().st_mode):
            raise FeedBroken(_label(self._path), name, "is not a plain file; put the table itself here")
        return path.open("rb")

    def close(self) -> None:
        """Nothing is held open."""


def _label(path: Path) -> str:
    return path.name or str(path)


class FeedFiles:
    """The tables of one feed. Use as a context manager; it closes the archive."""

    def __init__(self, path: Path, limits: Limits = LIMITS) -> None:
        """Open a folder or a zip; raises FeedMissing or FeedBroken."""
        self.name, self.limits = _label(path), limits
        self.bytes_read = 0
        self._path = path
        try:
            self._source = _source(path, limits)
            self.damage = self._source.damage
        except OSError as error:
            raise FeedMissing(path, f"can't be read ({error.strerror}); check the path and its rights") from error
        if not _CORE & self._source.names:
            self._source.close()
            raise FeedMissing(path, "holds no GTFS table; give the folder or zip that has stops.txt in it")

    def __enter__(self) -> "FeedFiles":
        """Hand out the open feed."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the archive."""
        self._source.close()

    def has(self, name: str) -> bool:
        """Whether the feed has this table, as `stops.txt`."""
        return name in self._source.names

    def table(self, name: str, needed: tuple[str, ...], optional: tuple[str, ...] = ()) -> "Table":
        """Name a table and its columns; a `needed` one must be there and never blank. Reads nothing yet."""
        return Table(self, name, needed, optional)

    def open(self, name: str) -> BinaryIO:
        """Open one table's bytes; raises FeedBroken if it is missing or unfit, FeedMissing if unreadable."""
        if not self.has(name):
            raise FeedBroken(self.name, name, "missing; GTFS-JP requires it, so add it to the feed")
        try:
            return self._source.open(name)
        except OSError as error:
            raise self.unreadable(name, error) from error

    def unreadable(self, name: str, error: OSError) -> FeedMissing:
        """Say that the disk, not the feed, failed."""
        return FeedMissing(self._path, f"{name} can't be read ({error.strerror}); check the disk and its rights")


def _source(path: Path, limits: Limits) -> _Source:
    if path.is_dir():
        return _Folder(path)
    if not path.exists():
        raise FeedMissing(path, "not there; give the path of a GTFS-JP folder or zip")
    # Zip files bring seven modules: a terminal whose feed is a folder does without.
    from farebox.feed.gtfs_archive import Archive, is_archive  # noqa: PLC0415

    if not path.is_file() or not is_archive(path):
        raise FeedMissing(path, "neither a folder nor a zip; give a GTFS-JP feed")
    return Archive(path, _label(path), limits.archive_bytes, limits.archive_files, limits.zip_ratio)


class _Lines:
    """Decoded lines of a table: counted, bounded and located, for csv.reader to draw from."""

    def __init__(self, table: "Table", stream: BinaryIO) -> None:
        self._table, self._stream = table, stream
        self._readline: Callable[[int], bytes] = stream.readline
        self._decoder = LineDecoder()
        self._row_bytes = table.files.limits.row_bytes
        self._feed_bytes_left = table.files.limits.feed_bytes - table.files.bytes_read
        self.offset = 0
        self.line = 0
        self.row_line = 1
        self.row_offset = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        raw = self._readline(self._row_bytes + 1)
        if not raw:
            raise StopIteration
        at = self.offset
        self.offset += len(raw)
        self.line += 1
        if self.offset - self.row_offset > self._row_bytes:
            raise self._table.broken(
                self.row_line, f"the row is longer than {self._row_bytes} bytes; look for an unclosed quote"
            )
        if self.offset > self._feed_bytes_left:
            raise self._table.broken(self.line, f"the feed is over {self._table.files.limits.feed_bytes} bytes; cut it")
        try:
            return self._decoder.decode(raw)
        except Undecodable as error:
            raise self._table.broken(self.line, f"byte {at + error.at} of the file {error.problem}") from error

    def next_row(self) -> None:
        """Note that a row has ended here."""
        self.row_line, self.row_offset = self.line + 1, self.offset

    def many(self) -> tuple[bytes, str | None]:
        """Some whole lines, as bytes and as text without the last line end; None where they need a closer look.

        They count as read once they are `taken`; until then they can be `given_back`.
        """
        raw = self._stream.read(_BATCH_BYTES)
        # The rest of the last line; of an overlong one so much that it is seen to be.
        raw += self._stream.readline(self._row_bytes + 1)
        if raw.translate(None, _NO_CONTROLS) or self.offset + len(raw) > self._feed_bytes_left:
            return raw, None
        text = self._decoder.decode_lines(raw)
        if text is None:
            return raw, None
        if "\r" in text:
            text = text.replace("\r\n", "\n")
        return raw, None if "\r" in text else text.removesuffix("\n")

    def taken(self, raw: bytes, lines: int) -> None:
        """Count so many lines as read, each a row."""
        self.offset += len(raw)
        self.line += lines
        self.next_row()

    def given_back(self, raw: bytes) -> None:
        """Let them be read again, one by one."""
        again, stream = io.BytesIO(raw), self._stream

        def readline(size: int) -> bytes:
            return again.readline(size) or stream.readline(size)

        self._readline = readline


class Table:
    """One table, as (line, values): values stripped, needed columns first, then optional ones ("" if absent)."""

    def __init__(self, files: FeedFiles, name: str, needed: tuple[str, ...], optional: tuple[str, ...] = ()) -> None:
        """Take the feed and the columns wanted; all others are passed over."""
        self.files, self.name = files, name
        self._most_rows = files.limits.stop_times_rows if name == "stop_times.txt" else files.limits.table_rows
        self._needed, self._columns = needed, needed + optional

    def broken(self, line: int, problem: str, column: str = "") -> FeedBroken:
        """Make the fault that names a place of this table."""
        return FeedBroken(self.files.name, self.name, problem, line, column)

    def parsed(self, line: int, column: str, text: str, parse: Callable[[str], _Value]) -> _Value:
        """Turn a field into a value; a ValueError from `parse` becomes a FeedBroken that names the place."""
        try:
            return parse(text)
        except ValueError as error:
            raise self.broken(line, str(error), column) from error

    def __iter__(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Give each row that is not blank; raises FeedBroken, or FeedMissing if the disk fails."""
        for lines, columns in self.batches():
            yield from zip(lines, zip(*columns, strict=True), strict=True)

    def batches(self) -> Iterator[Batch]:
        """Give the same rows, many at once where nothing is odd about them; raises as the rows themselves do."""
        with self.files.open(self.name) as stream:
            lines = _Lines(self, stream)
            try:
                yield from self._batches(lines)
            except csv.Error as error:
                raise self.broken(lines.line, f"not CSV ({error}); check quotes and line ends") from error
            except self.files.damage as error:
                raise self.broken(lines.line, f"damaged in the zip ({error}); copy it again") from error
            except OSError as error:
                raise self.files.unreadable(self.name, error) from error
            finally:
                self.files.bytes_read += lines.offset

    def _header(self, lines: _Lines) -> tuple[list[str], list[int]]:
        header = [name.strip() for name in next(csv.reader(lines, strict=True), [])]
        places = self._places(header)
        lines.next_row()
        return header, places

    def _rows(self, lines: _Lines, header: list[str], places: list[int], first: int) -> Iterator[tuple[int, list[str]]]:
        """The rows from the n-th on, one by one, whatever they are."""
        width, needed, limits = len(header), len(self._needed), self.files.limits
        for count, row in enumerate(csv.reader(lines, strict=True), first):
            if count > self._most_rows:
                raise self.broken(lines.line, f"more than {self._most_rows} rows; cut the table")
            if lines.offset - lines.row_offset > limits.field_chars:
                self._check_lengths(lines.row_line, header, row)
            if len(row) != width:
                self._fit(lines.row_line, row, width)
            row.append("")
            values = [row[place].strip() for place in places]
            # Most rows pass both tests; only the others are looked at closely.
            if "" not in values[:needed] or self._is_filled(lines.row_line, row, values):
                if not "".join(values).isprintable():
                    self._check_text(lines.row_line, values)
                yield lines.row_line, values
            lines.next_row()

    def _batches(self, lines: _Lines) -> Iterator[Batch]:
        header, places = self._header(lines)
        count = 0
        while True:
            raw, text = lines.many()
            if not raw:
                return
            columns = None if text is None else self._columns_of(text, places, len(header))
            rows = len(columns[0]) if columns else 0
            if columns is None or count + rows > self._most_rows:
                break
            first = lines.row_line
            lines.taken(raw, rows)
            count += rows
            yield Batch(range(first, first + rows), columns)
        # Something here is out of the ordinary, and so may be what follows.
        lines.given_back(raw)
        for line, values in self._rows(lines, header, places, count + 1):
            yield Batch((line,), [[value] for value in values])

    def _columns_of(self, text: str, places: list[int], width: int) -> list[list[str]] | None:
        """The wanted columns of ordinary rows, a line each; None if any of them needs a closer look."""
        # With a line end in every half of it, no field can be too long.
        half = self.files.limits.field_chars // 2
        if any("\n" not in text[at : at + half] for at in range(0, len(text) - half, half)):
            return None
        columns = _quoted(text.split("\n"), places, width) if '"' in text else _split(text, places, width)
        if columns is None:
            return None
        if not text.isascii() or " " in text:
            columns = [list(map(str.strip, column)) for column in columns]
            if any(_FORBIDDEN.search("".join(column)) for column in columns):
                return None
        return None if any("" in column for column in columns[: len(self._needed)]) else columns

    def _places(self, header: list[str]) -> list[int]:
        """Where each wanted column stands; one past the end, where a "" waits, if it is absent."""
        named = [name for name in header if name]
        if any(len(name) > _COLUMN_CHARS or _FORBIDDEN.search(name) for name in named):
            raise self.broken(
                1, "a column's name is overlong or holds a control or invisible character; mend the header"
            )
        if len(set(named)) < len(named):
            twice = next(name for name in named if named.count(name) > 1)
            raise self.broken(1, "the column is there twice; keep one", twice)
        for column in self._needed:
            if column not in header:
                raise self.broken(1, "the column is missing; add it", column)
        return [header.index(column) if column in header else len(header) for column in self._columns]

    def _fit(self, line: int, row: list[str], width: int) -> None:
        """Cut blank fields off the end of a row that is too long, pad one that is too short."""
        if any(field.strip() for field in row[width:]):
            raise self.broken(line, f"{len(row)} fields under {width} columns; quote fields that hold commas")
        row[width:] = [""] * (width - len(row))

    def _is_filled(self, line: int, row: list[str], values: list[str]) -> bool:
        """False for a wholly blank row, as spreadsheets leave; raises if a needed field alone is blank."""
        if not any(field.strip() for field in row):
            return False
        raise self.broken(line, "blank; fill it in", self._needed[values.index("")])

    def _check_lengths(self, line: int, header: list[str], row: list[str]) -> None:
        limit = self.files.limits.field_chars
        for place, field in enumerate(row):
            if len(field) > limit:
                column = header[place] if place < len(header) else ""
                raise self.broken(line, f"longer than {limit} characters; shorten it", column)

    def _check_text(self, line: int, values: list[str]) -> None:
        # Not all that is not printable is harmful: the full-width space is in many names.
        for column, value in zip(self._columns, values, strict=True):
            if _FORBIDDEN.search(value):
                raise self.broken(line, "holds a control or invisible character; remove it", column)


def _split(text: str, places: list[int], width: int) -> list[list[str]] | None:
    """Columns of rows without quotes; None if a row is not of this width."""
    fields = text.replace("\n", ",\n,").split(",")
    step, rows = width + 1, text.count("\n") + 1
    # There are as many line ends as rows, less one: if all stand where rows of this width end, all rows are.
    if len(fields) != rows * step - 1 or fields[width::step].count("\n") != rows - 1:
        return None
    return [fields[place::step] if place < width else [""] * rows for place in places]


def _quoted(texts: list[str], places: list[int], width: int) -> list[list[str]] | None:
    """Columns of rows with quotes; None if a row is not one line, or not of this width."""
    try:
        rows = list(csv.reader(texts, strict=True))
    except csv.Error:
        return None
    if len(rows) != len(texts) or set(map(len, rows)) != {width}:
        return None
    return [list(map(itemgetter(place), rows)) if place < width else [""] * len(rows) for place in places]
