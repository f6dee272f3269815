"""The operator files that come with the project: read from the package, parsed by `tariff.rulebook`."""

from datetime import date
from importlib.resources import files
from typing import NamedTuple

from tariff.rulebook import Company, Rulebook, parse


class OperatorFault(Exception):
    """No operator file answers: says which were looked at and what to do."""


class Operators(NamedTuple):
    """All rulebooks, by scheme, oldest first."""

    rulebooks: tuple[Rulebook, ...]

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


def load_operators() -> Operators:
    """Parse every operator file of the package. Raises RulebookError with every problem of the first broken file."""
    found = []
    root = files("tariff") / "operators"
    for folder in sorted(root.iterdir(), key=lambda entry: entry.name):
        for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
            if file.name.endswith(".toml"):
                rulebook = parse(file.read_text("utf-8"), f"{folder.name}/{file.name}")
                found.append(rulebook)
    return Operators(tuple(found))
