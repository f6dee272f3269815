"""Readers as the command line names them, opened: real ones, recorded ones, and cards laid on none at all.

    usb, usb:054c:06c3, tty:/dev/ttyAMA0, ...    what `farebox reader list` finds, each in a process of its own
    image:FILE                                   a recorded card (模擬), as if it lay on a reader
    trace:FILE                                   a recorded reader and card, frame by frame (再生)

`open_reader` gives frames, for commands that work on a card; `open_place` gives the bus a reader that takes taps.
"""

import os
import time
from pathlib import Path
from typing import NamedTuple

import click

from cardimage.felica_card import FelicaCard
from cardimage.image import CardImage
from cardimage.standard_card import StandardCard
from reader.drivers import UnknownReader, check_name
from reader.felica import FelicaReader
from reader.image_port import ImageReader
from reader.keys import KeyStore, bench_keys
from reader.port import CardReader, FramePort, ReaderMissing, opened
from reader.trace import MAX_BYTES, Trace, TraceFault, TracePort, parse
from reader.watchdog import OPENING_S, WatchedPort
from sim.hardware.field import CardField, CardModel, FieldPort
from tools.files import encoder_of, read_image, write_whole
from tools.tappable import tappable

IMAGINED = ("image", "trace")
"""Readers of the command line's own, beside the drivers: what they hold lies in files."""


def is_simulated(spec: str) -> bool:
    """Whether a reader is none: its cards lie in files."""
    return spec.partition(":")[0] in IMAGINED


def holds_simulated(spec: str) -> bool:
    """Whether the card on a reader is one of our making; a recorded one stays recorded, however often it is copied."""
    kind, _, rest = spec.partition(":")
    if kind == "image":
        return read_image(Path(rest)).simulated
    return kind == "trace" and is_simulated(_trace(Path(rest)).reader)


def open_reader(spec: str) -> FramePort:
    """The port of a reader, opened; ReaderMissing, ImageFault, TraceFault or OSError says why not."""
    kind, _, rest = spec.partition(":")
    if kind == "image" and rest:
        field = CardField()
        field.lay(model_of(read_image(Path(rest))))
        return FieldPort(field, spec)
    if kind == "trace" and rest:
        return _traced(spec, Path(rest))
    return _watched(spec)


def _watched(spec: str) -> FramePort:
    """A driver in a process of its own: a reader that hangs is given up, and the bus drives on."""
    try:
        check_name(spec)
        return opened(WatchedPort(spec), time.monotonic() + OPENING_S)
    except UnknownReader as unknown:
        raise click.UsageError(f"--reader {spec}: {unknown}, or image:FILE or trace:FILE") from None
    except ReaderMissing as missing:
        raise ReaderMissing(f"--reader {spec}: {missing}") from None


def model_of(image: CardImage) -> CardModel:
    """A card that answers as the image says: a Lite-S card with its bench key, or any other, read-only."""
    if image.lite_s_blocks() is None:
        return StandardCard(image)
    return FelicaCard(image, bench_keys().card_key(image.idm))


class Laid(NamedTuple):
    """A card that is tapped: a simulated one of ours, or what stands for a recorded one, which taps do not change."""

    image: CardImage
    is_shadow: bool


class Place(NamedTuple):
    """A reader of the bus; and if it is an imagined one, the same, and the card that `tap` lays on it."""

    reader: CardReader
    bench: ImageReader | None = None
    card: Laid | None = None


def open_place(spec: str, keys: KeyStore, cards: dict[Path, Laid], scheme: str | None) -> Place:
    """A reader of the bus; raises as `open_reader`. One image file is one card, on whichever reader it is laid.

    `scheme` is what a recorded transit card is taken for; `cards` holds the files read so far.
    """
    kind, _, rest = spec.partition(":")
    if kind == "image" and rest:
        path = Path(rest)
        card = cards.setdefault(path.resolve(), _laid(path, scheme))
        encode = encoder_of(path)
        reader = ImageReader(spec, None if card.is_shadow else lambda image: write_whole(path, encode(image)))
        return Place(reader, reader, card)
    if kind == "trace" and rest:
        port = _traced(spec, Path(rest))
        return Place(FelicaReader(port, keys, port.challenge))
    return Place(FelicaReader(_watched(spec), keys, os.urandom))


def _laid(path: Path, scheme: str | None) -> Laid:
    recorded = read_image(path)
    image = tappable(recorded, str(path), scheme)
    return Laid(image, image is not recorded)


def _traced(spec: str, path: Path) -> TracePort:
    return TracePort(spec, _trace(path))


def _trace(path: Path) -> Trace:
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    try:
        return parse(data.decode().splitlines(), str(path))
    except UnicodeDecodeError as error:
        raise TraceFault(f"{path}: byte {error.start} is not UTF-8; the trace was cut or changed") from None
