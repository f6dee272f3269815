"""`farebox config`: the terminal's settings, checked and shown."""

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from ssl import create_default_context
from typing import Any

import click

from cardimage.image import ImageFault
from farebox.centre_keys import centre_keys
from farebox.config import BENCH_EXAMPLE, BENCH_KEYS, EXAMPLE, Config, ConfigBroken, load
from farebox.duty import Duty
from farebox.feed import FeedFault, RegisterFault, load_feed
from farebox.feed.operators import OperatorFault, load_operators
from farebox.journal.sealing import sealing_seed
from farebox.place import PlaceKind
from farebox.post import Stand, service_of
from reader.drivers import UnknownReader, check_name
from reader.keys import KeyStoreFault, keys_from, secrets_from
from reader.port import TraceFault
from tariff.calendar import day_in_japan
from tools.exits import message_of
from tools.feeds import feed_path
from tools.options import (
    FILE,
    json_option,
)
from tools.readers import holds_simulated, is_simulated

_FAULTS = (
    *(UnknownReader, ImageFault, TraceFault, KeyStoreFault, FeedFault, RegisterFault, OperatorFault),
    OSError,
)


@click.group()
def config() -> None:
    """The settings of a terminal: one TOML file.

    \b
    farebox config example > farebox.toml
    farebox config check farebox.toml
    farebox run --config farebox.toml
    """


@config.command()
@click.option("--bench", is_flag=True, help="One that runs here as it is, without hardware (模擬).")
def example(*, bench: bool) -> None:
    """Print a whole file, with a word on each setting.

    \b
    farebox config example > farebox.toml
    farebox config example --bench > bench.toml
    """
    click.echo(BENCH_EXAMPLE.format(folder=Path.cwd()) if bench else EXAMPLE, nl=False)


@config.command()
@click.argument("path", type=FILE)
@json_option
def check(path: Path, as_json: bool) -> None:
    """Tell everything that is wrong with a configuration, and with what it names: exit 78, or 0.

    \b
    farebox config check /etc/farebox/farebox.toml
    """
    try:
        settings = load(path)
        problems = tuple(problems_of(settings))
        if problems:
            raise ConfigBroken(str(path), problems)
    except ConfigBroken as broken:
        if as_json:
            click.echo(json.dumps({"file": str(path), "problems": broken.problems}, ensure_ascii=False))
        raise
    if as_json:
        click.echo(json.dumps({"file": str(path), "problems": []}, ensure_ascii=False))
    else:
        click.echo(f"{path}: in order")


def problems_of(settings: Config) -> Iterator[str]:
    """What is wrong with the things that the settings name."""
    readers = {"readers.entry": settings.readers.entry, "readers.exit": settings.readers.exit}
    for name, spec in readers.items():
        if spec is not None:
            yield from _tried(name, partial(holds_simulated if is_simulated(spec) else check_name, spec))
    if settings.keys.source != BENCH_KEYS:
        yield from _tried("keys.source", partial(keys_from, settings.keys.source))
    if settings.keys.sealing != BENCH_KEYS:
        yield from _tried("keys.sealing", partial(sealing_seed, settings.keys.sealing))
    if settings.keys.centre is not None:
        yield from _tried("keys.centre", partial(centre_keys, settings.keys.centre))
    yield from _tried("data.feed", partial(load_feed, feed_path(settings.data.feed)))
    if settings.exchange is not None:
        yield from _tried("exchange.token", partial(secrets_from, settings.exchange.token))
        yield from _tried("exchange.ca", partial(create_default_context, cafile=settings.exchange.ca))
    for name in ("register", "journal", "bundles"):
        path = getattr(settings.data, name)
        folder = Path(path).parent if path else None
        if folder is not None and not folder.is_dir():
            yield f"data.{name}: there is no folder {folder}; make it"
        elif path and name == "register" and Path(path).is_dir():
            yield f"data.{name}: {path} is a folder; name a file"
        elif path and name != "register" and Path(path).is_file():
            yield f"data.{name}: {path} is a file; name a folder"
    if settings.place.kind is not PlaceKind.BUS:
        yield from _tried("place", partial(_stands, settings))
    operator = settings.vehicle.operator
    schemes = sorted({book.scheme for book in load_operators().rulebooks})
    if operator is not None and operator not in schemes:
        yield f"vehicle.operator: no operator {operator!r}; choose one of {', '.join(schemes)}"


def _stands(settings: Config) -> None:
    """Whether there is such a station on such a line today, or such cards."""
    place, today = settings.place, day_in_japan(int(time.time()))
    duty = Duty(load_feed(feed_path(settings.data.feed)), load_operators(), settings.vehicle.operator)
    service_of(Stand(place.kind, place.name, place.route, settings.vehicle.operator or ""), duty, today)


def _tried(name: str, act: Callable[[], Any]) -> Iterator[str]:
    try:
        act()
    except _FAULTS as fault:
        yield f"{name}: {message_of(fault)}"
