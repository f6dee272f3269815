"""`farebox card dump`: records a present card, and what passed between it and the reader."""

import json
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import click

from cardimage.formats import known_idm
from cardimage.image import CardImage
from farebox.words import Language, say
from reader.port import CardLost, FramePort, NoCard, ReaderFault, ReaderMissing, TwoCards
from reader.recording import NotRecorded, record
from reader.trace import TracingPort
from tools.card.convert import encoder_named
from tools.exits import CheckFailed
from tools.files import write_whole
from tools.options import FILE, json_option, language_option, wait_option
from tools.readers import holds_simulated, open_reader


@click.command(short_help="Record a present card into a file.")
@click.option("--reader", "spec", required=True, metavar="READER", help="usb, tty:PATH, image:FILE, trace:FILE, ...")
@click.option("-o", "--output", "path", type=FILE, required=True, help="The file: *.card.cbor, or *.nfc for Flipper.")
@click.option("--trace", "trace_path", type=FILE, help="Record the frames too, also of a dump that fails.")
@wait_option
@click.option("--force", is_flag=True, help="Write over existing files.")
@language_option
@json_option
def dump(
    spec: str, path: Path, trace_path: Path | None, wait_s: float, force: bool, language: Language, as_json: bool
) -> None:
    """Read all that anyone may read of a card, and keep it. Nothing is written to it, and no key is used.

    \b
    farebox card dump --reader usb -o suica.card.cbor
    farebox card dump --reader tty:/dev/ttyAMA0 -o my.nfc --trace my.trace.jsonl
    farebox card dump --reader trace:my.trace.jsonl -o again.card.cbor

    A recorded card shows where its holder has been: keep the files as you would keep the card. Nobody else may read
    them (mode 0600).
    """
    for name in (path, trace_path):
        if name is not None and (name.is_dir() or (name.exists() and not force)):
            raise click.UsageError(f"{name} exists; {'name a file' if name.is_dir() else '--force writes over it'}")
    encode = encoder_named(path)
    if trace_path is not None and os.path.realpath(trace_path) == os.path.realpath(path):
        raise click.UsageError(f"--trace {trace_path}: the same file as -o; name another")
    with ExitStack() as stack:
        port = open_reader(spec)
        stack.callback(port.close)
        lines: list[str] = []
        if trace_path is not None:
            port = TracingPort(port, lines.append, time.monotonic)
            stack.callback(lambda to: write_whole(to, "".join(lines).encode(), private=True), trace_path)
        recorded = _recorded(port, wait_s, language)
        image = recorded._replace(idm=known_idm(recorded.idm), simulated=holds_simulated(spec))
    write_whole(path, encode(image), private=True)
    services = [blocks for services in image.systems.values() for blocks in services.values()]
    facts = {
        "path": str(path),
        "idm": image.idm.hex().upper() or None,
        "systems": [f"{code:04X}" for code in image.systems],
        "services_read": sum(1 for blocks in services if blocks),
        "services_with_key": sum(1 for blocks in services if not blocks),
        "blocks": sum(map(len, services)),
        "simulated": image.simulated,
        "trace": str(trace_path) if trace_path else None,
    }
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    systems = ", ".join(f"{code:04X}" for code in image.systems)
    read, kept, blocks = facts["services_read"], facts["services_with_key"], facts["blocks"]
    text = (
        f"{path}: システム {systems}、{blocks} ブロック（鍵なし {read}、鍵あり {kept} サービス）",
        f"{path}: systems {systems}, {blocks} blocks of {read} services; {kept} services ask for a key",
    )
    click.echo(say(text, language) + (" 【模擬】" if image.simulated else ""))


def _recorded(port: FramePort, wait_s: float, language: Language) -> CardImage:
    """The card that is laid, with progress on a terminal; what came in between ends the command with a line."""
    talks = sys.stderr.isatty()
    if talks:
        click.echo(say(("カードを置いてください…", "lay the card on the reader…"), language), err=True)

    def told(what: str) -> None:
        if talks:
            click.echo(f"\r\033[K{what}", nl=False, err=True)

    outcome: CardImage | NotRecorded = record(port, time.monotonic() + wait_s, told)
    if talks:
        click.echo("\r\033[K", nl=False, err=True)
    match outcome:
        case CardImage():
            return outcome
        case ReaderFault():
            raise ReaderMissing(f"{outcome.reader}: {outcome.what}; `farebox reader doctor` names the fix")
        case NoCard():
            raise CheckFailed(f"{port.name}: no card within {wait_s:g} s; lay one on the reader, or give it --wait")
        case TwoCards():
            raise CheckFailed(f"{port.name}: more than one card; lay one only")
        case CardLost():
            raise CheckFailed(f"{port.name}: the card left before all was read; lay it again and let it lie")
