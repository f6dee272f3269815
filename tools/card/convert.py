"""`farebox card convert`: a recorded card into another format."""

from collections.abc import Callable
from pathlib import Path

import click

from cardimage import image as card_image
from cardimage.formats import flipper
from cardimage.image import CardImage
from tools.card_files import read_collection
from tools.files import write_whole
from tools.options import FILE


def encoder_named(path: Path) -> Callable[[CardImage], bytes]:
    """What makes the bytes of a card's file, by its name: Flipper's for *.nfc, ours for *.cbor; else a UsageError."""
    match path.suffix.lower():
        case ".nfc":
            return lambda image: flipper.write(image).encode()
        case ".cbor":
            return card_image.dump
    raise click.UsageError(f"-o {path}: name it *.card.cbor, or *.nfc for Flipper")


@click.command(short_help="Turn a recorded card into our format or Flipper's.")
@click.argument("source", type=FILE)
@click.option("-o", "--output", "path", type=FILE, required=True, help="*.card.cbor, or *.nfc for Flipper.")
@click.option("--card", "number", type=click.IntRange(1), help="Which card of a file that holds several, from 1.")
@click.option("--force", is_flag=True, help="Write over an existing file.")
def convert(source: Path, path: Path, number: int | None, force: bool) -> None:
    """Read a card in any known format (docs/card_files.md), and write it as our CBOR or as Flipper's .nfc.

    \b
    farebox card convert suica.nfc -o suica.card.cbor
    farebox card convert export.json --card 2 -o second.nfc
    """
    encode = encoder_named(path)
    if path.is_dir() or (path.exists() and not force):
        raise click.UsageError(f"{path} exists; {'name a file' if path.is_dir() else '--force writes over it'}")
    images, passed_over = read_collection(source)
    if number is None and len(images) != 1:
        raise click.UsageError(f"{source} holds {len(images)} cards; choose one with --card")
    if number is not None and number > len(images):
        raise click.UsageError(f"--card {number}: {source} holds {len(images)}")
    image = images[(number or 1) - 1]
    write_whole(path, encode(image), private=True)
    click.echo(f"{path}: {image.idm.hex().upper() or 'IDm unknown'}, systems {_systems(image)}")
    if passed_over:
        click.echo(f"{source}: passed over, as not FeliCa: {passed_over}", err=True)


def _systems(image: CardImage) -> str:
    return ", ".join(f"{code:04X}" for code in image.systems)
