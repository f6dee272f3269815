"""Readers as the command line names them, opened: real ones, recorded ones, and cards laid on none at all.

    usb, usb:054c:06c3, tty:/dev/ttyAMA0, ...    what `farebox reader list` finds, each in a process of its own
    image:FILE                                   a recorded card (模擬), as if it lay on a reader
    trace:FILE                                   a recorded reader and card, frame by frame (再生)

`open_reader` gives frames, for commands that work on a card; `open_place` gives the bus a reader that takes taps.
"""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from reader.drivers import UnknownReader, check_name
from reader.felica import FelicaReader
from reader.keys import KeyStore
from reader.port import CardReader, FramePort, ReaderMissing, opened
from reader.watchdog import OPENING_S, WatchedPort

if TYPE_CHECKING:
    from reader.image_port import ImageReader
    from tools.imagined import Laid

IMAGINED = ("image", "trace")
"""Readers of the command line's own, beside the drivers: what they hold lies in files."""


def is_simulated(spec: str) -> bool:
    """Whether a reader is none: its cards lie in files."""
    return spec.partition(":")[0] in IMAGINED


def holds_simulated(spec: str) -> bool:
    """Whether the card on a reader is one of our making; a recorded one stays recorded, however often it is copied."""
    if not is_simulated(spec):
        return False
    from tools import card_files, imagined

    kind, _, rest = spec.partition(":")
    if kind == "image":
        return card_files.read_image(Path(rest)).simulated
    return is_simulated(imagined.trace(Path(rest)).reader)


def open_reader(spec: str) -> FramePort:
    """The port of a reader, opened; ReaderMissing, ImageFault, TraceFault or OSError says why not."""
    kind, _, rest = spec.partition(":")
    if not rest or not is_simulated(spec):
        return _watched(spec)
    from tools import imagined

    port = imagined.image_port if kind == "image" else imagined.traced_port
    return port(spec, Path(rest))


def _watched(spec: str) -> FramePort:
    """A driver in a process of its own: a reader that hangs is given up, and the bus drives on."""
    try:
        check_name(spec)
        return opened(WatchedPort(spec), time.monotonic() + OPENING_S)
    except UnknownReader as unknown:
        import click

        raise click.UsageError(f"--reader {spec}: {unknown}, or image:FILE or trace:FILE") from None
    except ReaderMissing as missing:
        raise ReaderMissing(f"--reader {spec}: {missing}") from None


class Place(NamedTuple):
    """A reader of the bus; and if it is an imagined one, the same, and the card that `tap` lays on it."""

    reader: CardReader
    bench: "ImageReader | None" = None
    card: "Laid | None" = None


def open_place(spec: str, keys: KeyStore, cards: "dict[Path, Laid]", scheme: str | None) -> Place:
    """A reader of the bus; raises as `open_reader`. One image file is one card, on whichever reader it is laid.

    `scheme` is what a recorded transit card is taken for; `cards` holds the files read so far.
    """
    kind, _, rest = spec.partition(":")
    if not rest or not is_simulated(spec):
        return Place(FelicaReader(_watched(spec), keys, os.urandom))
    from tools import imagined

    if kind == "image":
        reader, card = imagined.image_reader(spec, Path(rest), cards, scheme)
        return Place(reader, reader, card)
    port = imagined.traced_port(spec, Path(rest))
    return Place(FelicaReader(port, keys, port.challenge))
