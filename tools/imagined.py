"""Readers that are none: cards that lie in files (模擬), and what once passed between a reader and a card (再生).

Apart from tools/readers.py, so that a terminal on a bus loads nothing of it.
"""

from pathlib import Path
from typing import NamedTuple

from cardimage.felica_card import FelicaCard
from cardimage.image import CardImage
from cardimage.standard_card import StandardCard
from reader.image_port import ImageReader
from reader.keys import bench_keys
from reader.port import FramePort, TraceFault
from reader.trace import MAX_BYTES, Trace, TracePort, parse
from sim.hardware.field import CardField, CardModel, FieldPort
from tools.card_files import encoder_of, read_image
from tools.files import write_whole
from tools.tappable import tappable


class Laid(NamedTuple):
    """A card that is tapped: a simulated one of ours, or what stands for a recorded one, which taps do not change."""

    image: CardImage
    is_shadow: bool


def image_port(spec: str, path: Path) -> FramePort:
    """A reader's port with the card of a file in its field."""
    field = CardField()
    field.lay(_model_of(read_image(path)))
    return FieldPort(field, spec)


def _model_of(image: CardImage) -> CardModel:
    """A card that answers as the image says: a Lite-S card with its bench key, or any other, read-only."""
    if image.lite_s_blocks() is None:
        return StandardCard(image)
    return FelicaCard(image, bench_keys().card_key(image.idm))


def image_reader(spec: str, path: Path, cards: dict[Path, Laid], scheme: str | None) -> tuple[ImageReader, Laid]:
    """A reader that takes taps, and the card of a file to lay on it; as `tools.readers.open_place`."""
    card = cards.setdefault(path.resolve(), _laid(path, scheme))
    encode = encoder_of(path)
    return ImageReader(spec, None if card.is_shadow else lambda image: write_whole(path, encode(image))), card


def _laid(path: Path, scheme: str | None) -> Laid:
    recorded = read_image(path)
    image = tappable(recorded, str(path), scheme)
    return Laid(image, image is not recorded)


def traced_port(spec: str, path: Path) -> TracePort:
    """The port of a reader that was recorded, frame by frame."""
    return TracePort(spec, trace(path))


def trace(path: Path) -> Trace:
    """What a file holds; raises TraceFault or OSError."""
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    try:
        return parse(data.decode().splitlines(), str(path))
    except UnicodeDecodeError as error:
        raise TraceFault(f"{path}: byte {error.start} is not UTF-8; the trace was cut or changed") from None
