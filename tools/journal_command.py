"""`farebox journal`: what a terminal has recorded."""

import json
from pathlib import Path

import click

from farebox.formats.journal import Entry
from farebox.journal import fold, reading
from farebox.journal.errors import JournalDamaged
from tariff.calendar import clock_in_japan, day_in_japan
from tools.exits import CheckFailed
from tools.options import FILE, json_option

_HIDDEN = ("slot_before", "slot_after", "rulebook_hash")


@click.group()
def journal() -> None:
    """Show and verify transaction journals. Neither changes the file; a terminal may be writing it."""


@journal.command(short_help="Print a journal's records.")
@click.argument("path", type=FILE)
@json_option
def show(path: Path, as_json: bool) -> None:
    """Print a journal's records, one a line, and what they add up to.

    \b
    farebox journal show build/demo/V001.journal
    farebox journal show build/demo/V001.journal --json | jq 'select(.kind == "Intent")'
    """
    found = reading.read(path)
    for entry in found.entries:
        click.echo(json.dumps(_as_json(entry), ensure_ascii=False) if as_json else _as_line(entry))
    if not as_json:
        ledger, _ = fold.audit(found.for_the_sums())
        click.echo("  ".join(f"{name} {value:,}" for name, value in ledger._asdict().items()))
    if found.problem is not None:
        raise JournalDamaged(found.problem)


def _as_json(entry: Entry) -> dict[str, object]:
    fields = {name: _plain(value) for name, value in entry.record._asdict().items()}
    return {"seq": entry.seq, "at_s": entry.at_s, "kind": type(entry.record).__name__, **fields}


def _as_line(entry: Entry) -> str:
    fields = entry.record._asdict().items()
    said = " ".join(f"{name}={_plain(value)}" for name, value in fields if name not in _HIDDEN)
    when = f"{day_in_japan(entry.at_s)} {clock_in_japan(entry.at_s)}"
    return f"{entry.seq:>6} {when} {type(entry.record).__name__:<11} {said}"


def _plain(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value


def _segment(part: reading.Part) -> dict[str, object]:
    found = part.found
    return {
        "file": part.path.name,
        "number": found.head.number,
        "first_seq": found.head.first_seq,
        "last_seq": found.last_seq,
        "digest": found.digest.hex(),
        "seal": part.sealed,
        "key": found.signed.public_key.hex() if found.signed else None,
        "terminal": found.seal.terminal_id if found.seal else None,
        "problem": part.problem,
    }


def _part_line(part: reading.Part) -> str:
    found = part.found
    by = f" {found.seal.terminal_id}, {part.sealed}" if found.seal else f" {part.sealed}"
    if found.signed is not None and part.sealed == reading.SIGNED:
        by += f" {found.signed.public_key.hex()[:16]}"
    return f"{part.path.name}: {found.head.first_seq} to {found.last_seq},{by}"


@journal.command(short_help="Check a journal from end to end.")
@click.argument("path", type=FILE)
@json_option
def verify(path: Path, as_json: bool) -> None:
    """Check every record's length, check sum, chain and sequence, every seal, and that the money adds up. Exits 1 if
    not.

    \b
    farebox journal verify build/demo/V001.journal
    farebox journal verify build/demo/V001.journal/00000001.segment
    """
    found = reading.read(path)
    report = reading.report(found)
    ledger, violations = fold.audit(found.for_the_sums())
    facts = report._asdict() | {
        "segments": [_segment(part) for part in found.parts],
        "ledger": ledger._asdict(),
        "violations": [found.what for found in violations],
    }
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False))
    else:
        tail = f", torn tail of {report.torn_tail_bytes} bytes" if report.torn_tail_bytes else ""
        click.echo(f"{path}: {report.records:,} records ({report.first_seq} to {report.last_seq}){tail}")
        for part in found.parts:
            click.echo(f"  {_part_line(part)}")
        click.echo(f"  pending {ledger.pending}, fares {ledger.fares_yen:,} yen, cash {ledger.cash_yen:,}")
    if report.problem is not None:
        raise CheckFailed(report.problem)
    if violations:
        raise CheckFailed(f"{path}: record {violations[0].seq}: {violations[0].what}")
    if not as_json:
        click.echo("  whole")
