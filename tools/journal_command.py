"""`farebox journal`: what a terminal has recorded."""

import csv
import json
from collections.abc import Callable, Iterable
from io import StringIO
from pathlib import Path

import click

from farebox.formats.cose import BENCH_KEY, public_key_of
from farebox.formats.journal import Entry
from farebox.journal import export as stick
from farebox.journal import fold, reading
from farebox.journal.errors import JournalDamaged
from farebox.journal.log import open_journal
from farebox.journal.sealing import sealing_seed
from farebox.journal.taps import Tap, taps
from tariff.calendar import clock_in_japan, day_in_japan
from tools.exits import CheckFailed
from tools.extra import extra
from tools.files import write_whole
from tools.options import FILE, json_option

_HIDDEN = ("slot_before", "slot_after", "history_row", "rulebook_hash")
_SUMS = ("boardings", "alightings", "fares_yen", "pending")
_EVEN_IF_ZERO = ("stop_index", "sf_before_yen", "sf_after_yen", "due_yen", "yen")


@click.group()
def journal() -> None:
    """Show, verify, seal and export transaction journals. All but `seal` change nothing; a terminal may be writing.

    \b
    farebox journal show /var/lib/farebox/journal
    farebox journal verify /var/lib/farebox/journal
    farebox journal export /var/lib/farebox/journal --to /media/stick
    """


@journal.command(short_help="Print a journal's records.")
@click.argument("path", type=FILE)
@json_option
def show(path: Path, as_json: bool) -> None:
    """Print a journal's records, one a line, and what they add up to; what is zero or empty is left out.

    \b
    farebox journal show build/demo/V001.journal
    farebox journal show build/demo/V001.journal --json | jq 'select(.kind == "Intent")'
    """
    found = reading.read(path)
    for entry in found.entries:
        click.echo(json.dumps(_as_json(entry), ensure_ascii=False) if as_json else _as_line(entry))
    if not as_json:
        ledger, _ = fold.audit(found.for_the_sums())
        click.echo("  ".join(f"{name} {value:,}" for name, value in ledger._asdict().items() if value or name in _SUMS))
    if found.problem is not None:
        raise JournalDamaged(found.problem)


def _as_json(entry: Entry) -> dict[str, object]:
    fields = {name: _plain(value) for name, value in entry.record._asdict().items()}
    return {"seq": entry.seq, "at_s": entry.at_s, "kind": type(entry.record).__name__, **fields}


def _as_line(entry: Entry) -> str:
    fields = entry.record._asdict().items()
    said = " ".join(
        f"{name}={_in_words(value)}"
        for name, value in fields
        if name not in _HIDDEN and (value or name in _EVEN_IF_ZERO)
    )
    when = f"{day_in_japan(entry.at_s)} {clock_in_japan(entry.at_s)}"
    return f"{entry.seq:>6} {when} {type(entry.record).__name__:<11} {said}"


def _in_words(value: object) -> str:
    """Lines and purses with commas between them, and colons within."""
    if isinstance(value, tuple):
        return ",".join(":".join(map(str, one)) if isinstance(one, tuple) else str(one) for one in value)
    return str(_plain(value))


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
    records = f"{found.head.first_seq} to {found.last_seq}" if found.entries else "no records"
    return f"{part.path.name}: {records},{by}"


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


@journal.command(short_help="Copy a journal to a stick, or its taps into a table.")
@click.argument("path", type=FILE)
@click.option("--to", "folder", type=FILE, help="Folder, such as that of a USB stick, for the signed segments.")
@click.option("--csv", "csv_path", type=FILE, help="File for the taps, one a row.")
@click.option("--parquet", "parquet_path", type=FILE, help="The same in columns; needs the extra `bulk`.")
@json_option
def export(path: Path, folder: Path | None, csv_path: Path | None, parquet_path: Path | None, as_json: bool) -> None:
    """Copy the sealed segments to a stick, read back and compared, for a depot without a network. Nothing is deleted.

    The segment that a terminal is still writing is not copied: end the duty first, or seal it.

    \b
    farebox journal export /var/lib/farebox/journal --to /media/stick
    farebox journal export build/demo/V001.journal --csv taps.csv
    """
    if folder is None and csv_path is None and parquet_path is None:
        raise click.UsageError("say what to export: --to FOLDER, --csv FILE or --parquet FILE")
    as_parquet = _parquet_writer() if parquet_path else None
    found = reading.read(path)
    facts: dict[str, object] = {}
    for kind, target, made in (("csv", csv_path, _as_csv), ("parquet", parquet_path, as_parquet)):
        if target is not None and made is not None:
            rows = list(taps(found))
            write_whole(target, made(rows))
            facts[kind] = len(rows)
            _tell(as_json, f"{target}: {len(rows):,} taps")
    if folder is not None:
        copied = stick.copy(path, folder)
        facts["segments"] = [{"file": str(each.path), "bytes": each.size_bytes, "new": each.new} for each in copied]
        for each in copied:
            how = "copied" if each.new else "there already"
            _tell(as_json, f"{each.path}: {each.size_bytes:,} bytes, {how}, read back")
        left = sum(part.sealed == reading.UNSEALED and bool(part.found.entries) for part in found.parts)
        facts["unsealed"] = left
        if left:
            _tell(as_json, "the active segment is not sealed, and stayed; end the duty, or run farebox journal seal")
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False))
    if found.problem is not None:
        raise JournalDamaged(found.problem)


def _tell(as_json: bool, line: str) -> None:
    if not as_json:
        click.echo(line)


def _as_csv(rows: Iterable[Tap]) -> bytes:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Tap._fields)
    writer.writerows(rows)
    return text.getvalue().encode()


def _parquet_writer() -> Callable[[Iterable[Tap]], bytes]:
    with extra("bulk"):
        import pyarrow as pa
        from pyarrow import parquet
    types = {name: pa.int64() if kind is int else pa.string() for name, kind in Tap.__annotations__.items()}
    schema = pa.schema(list(types.items()))

    def as_parquet(rows: Iterable[Tap]) -> bytes:
        sink = pa.BufferOutputStream()
        parquet.write_table(pa.Table.from_pylist([row._asdict() for row in rows], schema), sink)
        made: bytes = sink.getvalue().to_pybytes()
        return made

    return as_parquet


_KEY = click.option("--sealing-key", help="File of the key, or credential:NAME. Else: the bench key (模擬).")


@journal.command(short_help="End the active segment with its seal.")
@click.argument("path", type=FILE)
@_KEY
def seal(path: Path, sealing_key: str | None) -> None:
    """End the active segment, so that it can be exported. The terminal must not be running; it does this by itself.

    \b
    farebox journal seal /var/lib/farebox/journal --sealing-key /etc/farebox/sealing.key
    """
    if not path.is_dir():
        raise click.UsageError(f"{path}: not a journal's folder")
    recovered = open_journal(path, sealing_seed=sealing_seed(sealing_key))
    try:
        made = recovered.journal.seal()
    finally:
        recovered.journal.close()
    if made is None:
        click.echo(f"{path}: nothing to seal")
    else:
        by = reading.BENCH if sealing_key is None else reading.SIGNED
        click.echo(f"{path}: segment {made.number} sealed, records {made.first_seq} to {made.last_seq}, {by}")


@journal.command(name="public-key", short_help="Print the public half of a sealing key.")
@_KEY
def public_key(sealing_key: str | None) -> None:
    """Print what the centre is told of a terminal's sealing key, so that it can check the seals.

    \b
    farebox journal public-key --sealing-key /etc/farebox/sealing.key
    """
    key = public_key_of(sealing_seed(sealing_key))
    click.echo(f"{key.hex()}{'  bench key (模擬)' if key == BENCH_KEY else ''}")
