"""Operator files: those that come with the project or a folder's own, parsed by `tariff.operator_file`."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import tariff
from farebox.feed.holidays import FIRST_YEAR, LAST_YEAR, national_holidays
from tariff.operator_file import RulebookError, parse
from tariff.rulebook import Company, Rulebook


class OperatorFault(Exception):
    """No operator file answers: says which were looked at and what to do."""


class Operators(NamedTuple):
    """All rulebooks, by scheme, oldest first."""

    rulebooks: tuple[Rulebook, ...]

    @property
    def digest(self) -> bytes:
        """What identifies the set: SHA-256 over the files' digests, sorted, so that their order does not matter."""
        return sha256(b"".join(sorted(book.digest for book in self.rulebooks))).digest()

    def on(self, scheme: str, day: date) -> Rulebook:
        """The rulebook of a scheme in force on a day (GEN-5)."""
        known = sorted({rulebook.scheme for rulebook in self.rulebooks})
        if scheme not in known:
            raise OperatorFault(f"no operator {scheme!r}; choose one of {', '.join(known)}")
        in_force = [book for book in self.rulebooks if book.scheme == scheme and book.effective <= day]
        if not in_force:
            raise OperatorFault(f"operator {scheme}: no operator file is in force on {day}; add an earlier one")
        return max(in_force, key=lambda book: book.effective)

    def of_agency(self, agency_name: str, day: date) -> tuple[Rulebook, Company] | None:
        """The rulebook and company whose feeds carry this agency name; None if no operator file knows it."""
        for scheme in sorted({rulebook.scheme for rulebook in self.rulebooks if rulebook.effective <= day}):
            rulebook = self.on(scheme, day)
            company = rulebook.company_of(agency_name)
            if company is not None:
                return rulebook, company
        return None


def load_operators(folder: Path | None = None) -> Operators:
    """Parse the package's operator files, or a folder's of the same shape: `<scheme>/<first day>.toml`.

    Raises RulebookError with every problem of every file, OperatorFault if there is no operator file at all.
    """
    root = folder or Path(tariff.__file__).with_name("operators")
    operators = parse_operators((source, file.read_bytes()) for source, file in _operator_files(root))
    if not operators.rulebooks:
        raise OperatorFault(f"{root}: no operator file; a file is <scheme>/<first day>.toml, as lococa/2016-01-01.toml")
    return operators


def parse_operators(texts: Iterable[tuple[str, bytes]]) -> Operators:
    """The operators of texts, each named `<scheme>/<first day>.toml`. Raises RulebookError as `load_operators` does."""
    holidays = national_holidays(FIRST_YEAR, LAST_YEAR)
    found: dict[str, Rulebook] = {}
    problems: list[str] = []
    for source, text in texts:
        try:
            found[source] = parse(text.decode("utf-8-sig"), source, holidays)
        except UnicodeDecodeError as error:
            problems.append(f"{source}: not UTF-8 at byte {error.start}; save it as UTF-8")
        except RulebookError as error:
            problems.extend(error.problems)
    problems.extend(_misplaced(found))
    if problems:
        raise RulebookError(tuple(problems))
    return Operators(tuple(found.values()))


def _operator_files(root: Path) -> Iterator[tuple[str, Path]]:
    """Every operator file by the name that errors give it, oldest first in each scheme."""
    if not root.is_dir():
        raise OperatorFault(f"{root}: no such folder; name the folder that holds <scheme>/<first day>.toml")
    for folder in sorted(root.iterdir(), key=lambda entry: entry.name):
        if folder.is_dir():
            for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
                if file.name.endswith(".toml"):
                    yield f"{folder.name}/{file.name}", file


def _misplaced(found: Mapping[str, Rulebook]) -> Iterator[str]:
    """Files that are not where their scheme and first day put them (GEN-5), and such that hold from the same day."""
    taken: dict[tuple[str, date], str] = {}
    for source, book in found.items():
        folder, _, name = source.partition("/")
        if folder != book.scheme:
            yield f"{source}: scheme (GEN-21): {book.scheme} is in folder {folder}; move the file to {book.scheme}/"
        if name != f"{book.effective}.toml":
            yield f"{source}: effective (GEN-5): {book.effective} is in file {name}; name it {book.effective}.toml"
        other = taken.setdefault((book.scheme, book.effective), source)
        if other != source:
            yield f"{source}: effective (GEN-5): {other} is from {book.effective} too; keep one of them"
