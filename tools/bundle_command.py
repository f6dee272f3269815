"""`farebox bundle`: what a centre sends its terminals, made and signed at a bench or a depot, verified and shown."""

import json
import re
import time
from datetime import date
from pathlib import Path
from typing import Any

import click

from farebox.bundles import MOST_SIGNED_BYTES, broken_inside, signed_by
from farebox.centre_keys import centre_keys
from farebox.formats import bundle as form
from farebox.formats import cose
from farebox.formats.bundle import Bundle, BundleError, Directives, Hotlist, OperatorText, Tariff
from farebox.formats.strict import RecordError
from farebox.journal.sealing import sealing_seed
from tariff.calendar import clock_in_japan, day_in_japan
from tools.exits import CheckFailed
from tools.files import write_whole
from tools.options import FILE, json_option

_KEY = click.option("--key", help="File of the centre's signing key, or credential:NAME. Else: the bench key (模擬).")
_OUT = click.option("-o", "out", type=FILE, required=True, help="File for the signed bundle.")
_VERSION = click.option(
    "--version", "version", type=click.IntRange(1, 2**63 - 1), required=True, help="One above the last of its kind."
)
_MADE_AT = click.option(
    "--made-at", "made_at_s", type=int, default=lambda: int(time.time()), help="Seconds since 1970; by default now."
)


@click.group()
def bundle() -> None:
    """Bundles of hotlist, directives and tariff (docs/bundles.md), signed as a centre signs them.

    \b
    farebox bundle hotlist --version 5 --refused stopped.txt --key centre.key -o hotlist.bundle
    farebox journal public-key --sealing-key centre.key > centre.pub
    farebox bundle verify hotlist.bundle --centre centre.pub
    farebox bundle show hotlist.bundle
    """


@bundle.command()
@click.option("--refused", type=FILE, help="File of cards that are refused: an IDm a line, in hex; # begins a comment.")
@click.option("--no-auto-charge", type=FILE, help="The same, of cards that get no auto-charge.")
@_VERSION
@_MADE_AT
@_KEY
@_OUT
def hotlist(
    refused: Path | None, no_auto_charge: Path | None, version: int, made_at_s: int, key: str | None, out: Path
) -> None:
    """Make and sign a hotlist of the cards in text files. It is the whole list, not what changed.

    \b
    farebox bundle hotlist --version 5 --refused stopped.txt --key centre.key -o hotlist.bundle
    """
    lists = [form.cards_of(_cards(path) if path else ()) for path in (refused, no_auto_charge)]
    _sign(Hotlist(version, made_at_s, *lists), key, out)


@bundle.command()
@click.argument("paths", type=FILE, nargs=-1, required=True)
@_VERSION
@_MADE_AT
@_KEY
@_OUT
def tariff(paths: tuple[Path, ...], version: int, made_at_s: int, key: str | None, out: Path) -> None:
    """Make and sign a tariff of operator files, each as SCHEME/EFFECTIVE-DATE.toml. It is all of them.

    \b
    farebox bundle tariff operators/lococa/*.toml --version 2 --key centre.key -o tariff.bundle
    """
    files = sorted(OperatorText(path.parent.name, _effective(path), path.read_bytes()) for path in paths)
    _sign(Tariff(version, made_at_s, tuple(files)), key, out)


@bundle.command()
@click.argument("path", type=FILE)
@_KEY
@_OUT
def sign(path: Path, key: str | None, out: Path) -> None:
    """Sign a bundle's bytes as they are in a file, once they have been read to their end.

    \b
    farebox bundle sign hotlist.cbor --key centre.key -o hotlist.bundle
    """
    _sign(_understood(path, _read(path)), key, out)


@bundle.command()
@click.argument("path", type=FILE)
@click.option("--centre", required=True, help="File of the centre's public keys, in hex, or `bench` (模擬).")
@json_option
def verify(path: Path, centre: str, as_json: bool) -> None:
    """Check signature and contents as a terminal does: exit 1 if it would not take this bundle.

    \b
    farebox bundle verify hotlist.bundle --centre /etc/farebox/centre.pub
    """
    keys = centre_keys(centre)
    signed = _read(path)
    try:
        payload = signed_by(keys)(signed)
    except RecordError as error:
        raise CheckFailed(f"{path}: {error}") from None
    _show(path, _understood(path, payload), cose.opened(signed, MOST_SIGNED_BYTES).public_key, as_json, "signed")


@bundle.command()
@click.argument("path", type=FILE)
@json_option
def show(path: Path, as_json: bool) -> None:
    """Print what a bundle says, whoever signed it: `verify` checks that.

    \b
    farebox bundle show hotlist.bundle
    """
    try:
        signed = cose.opened(_read(path), MOST_SIGNED_BYTES)
    except RecordError as error:
        raise CheckFailed(f"{path}: {error}") from None
    _show(path, _understood(path, signed.payload), signed.public_key, as_json, "signature not checked")


def _sign(made: Bundle, key: str | None, out: Path) -> None:
    seed = sealing_seed(key)
    try:
        payload = form.encode(made)
    except BundleError as error:
        raise CheckFailed(f"{out}: not written: {error}") from None
    if (broken := broken_inside(made)) is not None:
        raise CheckFailed(f"{out}: not written: {broken}")
    write_whole(out, cose.sign(payload, seed))
    _show(out, made, cose.public_key_of(seed), False, "signed")


def _show(path: Path, found: Bundle, public_key: bytes, as_json: bool, how: str) -> None:
    facts: dict[str, Any] = {
        "kind": form.KIND_OF[type(found)].value,
        "version": found.version,
        "made_at_s": found.made_at_s,
        **_contents(found),
        "key": public_key.hex(),
        "simulated": public_key == cose.BENCH_KEY,
    }
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    made_at = f"{day_in_japan(found.made_at_s)} {clock_in_japan(found.made_at_s)}"
    by = "bench key (模擬)" if facts["simulated"] else f"{facts['key'][:16]}…"
    said = ", ".join(f"{name.replace('_', ' ')} {_said(value)}" for name, value in _contents(found).items())
    click.echo(f"{path}: {facts['kind']} version {found.version}, made {made_at}; {said}; {how}, {by}")


def _contents(found: Bundle) -> dict[str, Any]:
    match found:
        case Hotlist():
            return {"refused": len(found.refused), "no_auto_charge": len(found.no_auto_charge)}
        case Directives():
            return {"cards": len(found.cards)}
        case Tariff():
            return {"files": [f"{one.scheme}/{one.effective}" for one in found.files]}


def _said(value: Any) -> str:
    return " ".join(value) if isinstance(value, list) else f"{value:,}"


def _understood(path: Path, payload: bytes) -> Bundle:
    try:
        found = form.parse(payload)
    except BundleError as error:
        raise CheckFailed(f"{path}: {error}") from None
    if (broken := broken_inside(found)) is not None:
        raise CheckFailed(f"{path}: {broken}")
    return found


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_SIGNED_BYTES + 1)


def _cards(path: Path) -> list[bytes]:
    """The IDms of a text file."""
    lines = enumerate(path.read_text("ascii", errors="replace").splitlines(), start=1)
    return [_idm(path, at, text) for at, line in lines if (text := line.split("#")[0].strip())]


def _idm(path: Path, at: int, text: str) -> bytes:
    if re.fullmatch(f"[0-9a-fA-F]{{{2 * form.IDM_BYTES}}}", text) is None:
        raise CheckFailed(f"{path}, line {at}: not an IDm, {2 * form.IDM_BYTES} hex digits")
    return bytes.fromhex(text)


def _effective(path: Path) -> date:
    try:
        return date.fromisoformat(path.stem)
    except ValueError:
        raise CheckFailed(f"{path}: not called after its first day, as in lococa/2016-01-01.toml") from None
