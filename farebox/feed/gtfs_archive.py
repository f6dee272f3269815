"""The tables of a feed that is a zip: what it says of itself is checked before anything is unpacked (faults 31)."""

import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO, cast

from farebox.feed.faults import FeedBroken

# What zipfile raises when an archive is cut, altered or of an exotic kind: while reading, and while opening.
_CORRUPT = (zipfile.BadZipFile, EOFError, zlib.error)
_DAMAGED = (*_CORRUPT, NotImplementedError, ValueError, struct.error)


def is_archive(path: Path) -> bool:
    """Whether a file ends as a zip does."""
    return zipfile.is_zipfile(path)


class Archive:
    """The tables of one zip. Whatever it holds is bounded before it is unpacked."""

    damage: tuple[type[Exception], ...] = _CORRUPT

    def __init__(self, path: Path, feed: str, most_bytes: int, most_files: int, most_ratio: int) -> None:
        """Open it; raises FeedBroken, which calls the feed by its name, beyond these limits."""
        self._feed, self._most_files, self._most_ratio = feed, most_files, most_ratio
        if path.stat().st_size > most_bytes:
            raise FeedBroken(self._feed, "zip", f"larger than {most_bytes} bytes; leave extra files out")
        try:
            self._zip = zipfile.ZipFile(path)
        except _DAMAGED as error:
            raise self._broken(f"damaged ({error}); copy it again") from error
        try:
            self._members = self._by_name()
        except FeedBroken:
            self._zip.close()
            raise
        self.names = frozenset(self._members)

    def _by_name(self) -> dict[str, zipfile.ZipInfo]:
        entries = self._zip.infolist()
        if len(entries) > self._most_files:
            raise self._broken(f"more than {self._most_files} entries; leave extra files out")
        for entry in entries:
            if not entry.filename:
                raise self._broken("an entry has no name; zip the tables again")
            if _leads_out(entry.orig_filename):
                raise self._broken(f"entry {entry.orig_filename[:80]!r} leads out of the feed; do not use this archive")
        files = [entry for entry in entries if not entry.is_dir()]
        if len({entry.filename.rpartition("/")[0] for entry in files}) > 1:
            raise self._broken("files lie in several folders; put all tables into one")
        members = {entry.filename.rpartition("/")[2]: entry for entry in files}
        if len(members) < len(files):
            raise self._broken("a file is there twice; keep one of each")
        return members

    def open(self, name: str) -> BinaryIO:
        """One table's bytes, unpacked as they are read."""
        entry = self._members[name]
        if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise FeedBroken(self._feed, name, "encrypted or oddly compressed; zip it plainly")
        # zipfile stops at the declared size, so checking what is declared is enough.
        if entry.file_size > self._most_ratio * max(entry.compress_size, 1):
            raise FeedBroken(self._feed, name, f"unpacks to more than {self._most_ratio} times its size; not a table")
        # zipfile's own readline is slow where a length is given, and has all that a BufferedReader asks for.
        try:
            return io.BufferedReader(cast(io.RawIOBase, self._zip.open(entry)), 2**16)
        except _DAMAGED as error:
            raise FeedBroken(self._feed, name, f"damaged in the zip ({error}); copy it again") from error

    def close(self) -> None:
        """Let go of the file."""
        self._zip.close()

    def _broken(self, problem: str) -> FeedBroken:
        return FeedBroken(self._feed, "zip", problem)


def _leads_out(name: str) -> bool:
    # A backslash or colon is a separator or drive on Windows, where feeds are made.
    return name.startswith("/") or "\\" in name or ":" in name or "\0" in name or ".." in name.split("/")
