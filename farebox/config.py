"""What a terminal is set up with: one TOML file, read whole, with every fault in it told at once.

    config = parse(text, "farebox.toml")      a Config, or ConfigBroken with all that is wrong

EXAMPLE is a whole file, with a word on each setting. Nothing is guessed: a setting that is not known is a fault.
"""

import tomllib
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path

from cattrs import Converter, transform_error
from cattrs.errors import BaseValidationError, ForbiddenExtraKeysError

from farebox.formats.journal import MAX_ID_BYTES
from farebox.words import Language

MOST_BYTES = 1 << 16

EXAMPLE = """# The fare box of one vehicle. `farebox config check FILE` tells everything that is wrong with it.

[vehicle]
id = "BUS-1"                  # what the journal calls this vehicle, at most 200 bytes
# operator = "lococa"         # whose rules hold; by default those of the agency that the feed names

[readers]
entry = "usb"                 # `farebox reader list` finds them
# exit = "tty:/dev/ttyAMA0"   # with one reader for both, the card's own record decides

[data]
feed = "/var/lib/farebox/feed.zip"             # GTFS-JP, a folder or a zip
register = "/var/lib/farebox/register.csv"     # small numbers of stops and trips, only ever appended to
journal = "/var/lib/farebox/journal"           # a folder of segments

[keys]
source = "credential:keys"    # or a file of mode 0600; "bench" is for simulated cards (模擬)
sealing = "credential:sealing"                 # signs ended duties; "bench" says that it did (模擬)

[console]
socket = "/run/farebox/console"
language = "ja"               # or "en"
"""


BENCH_KEYS = "bench"


class ConfigBroken(ValueError):
    """The configuration can't be used; `problems` has a line for each thing that is wrong."""

    def __init__(self, where: str, problems: tuple[str, ...]) -> None:
        """The file, and its problems in the order of their settings."""
        super().__init__("\n".join(f"{where}: {problem}" for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class VehicleConfig:
    """Which vehicle this is, and whose rules hold on it."""

    id: str
    operator: str | None = None


@dataclass(frozen=True, slots=True)
class ReadersConfig:
    """The readers, as `--reader` names them."""

    entry: str
    exit: str | None = None


@dataclass(frozen=True, slots=True)
class DataConfig:
    """Where feed, register and journal are."""

    feed: str
    register: str
    journal: str


@dataclass(frozen=True, slots=True)
class KeysConfig:
    """Where the cards' master keys come from, and what seals the journal: a file, `credential:NAME`, or `bench`."""

    source: str
    sealing: str = BENCH_KEYS


@dataclass(frozen=True, slots=True)
class ConsoleConfig:
    """The socket that the driver's console connects to, and the language it begins in."""

    socket: str = "/run/farebox/console"
    language: Language = Language.JA


@dataclass(frozen=True, slots=True)
class Config:
    """All of it."""

    vehicle: VehicleConfig
    readers: ReadersConfig
    data: DataConfig
    keys: KeysConfig
    console: ConsoleConfig = ConsoleConfig()


def load(path: Path) -> Config:
    """The configuration in a file; ConfigBroken or OSError."""
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ConfigBroken(str(path), (f"more than {MOST_BYTES // 1024} KiB; this is no configuration",))
    try:
        return parse(data.decode(), str(path))
    except UnicodeDecodeError as error:
        raise ConfigBroken(str(path), (f"byte {error.start} is not UTF-8",)) from None


def parse(text: str, where: str) -> Config:
    """The configuration in a text; ConfigBroken with everything that is wrong in it."""
    try:
        said = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigBroken(where, (f"not TOML: {error}",)) from None
    try:
        config = _CONVERTER.structure(said, Config)
    except BaseValidationError as error:
        raise ConfigBroken(where, tuple(sorted(map(_told, transform_error(error, format_exception=_said))))) from None
    problems = tuple(_problems(config))
    if problems:
        raise ConfigBroken(where, problems)
    return config


def _text(value: object, asked: type) -> object:
    if type(value) is not str or not value:
        raise TypeError(f"{value!r} is not a text")
    return asked(value)


def _language(value: object, _: type) -> Language:
    if value not in tuple(Language):
        raise ValueError(f"{value!r} is none of {', '.join(Language)}")
    return Language(str(value))


def _converter() -> Converter:
    made = Converter(forbid_extra_keys=True)
    made.register_structure_hook(str, _text)
    made.register_structure_hook(Language, _language)
    return made


_CONVERTER = _converter()


def _said(error: BaseException, asked: type | None) -> str:
    match error:
        case KeyError():
            return "missing"
        case ForbiddenExtraKeysError():
            known = [field.name for field in fields(error.cl)] if is_dataclass(error.cl) else []
            return f"{', '.join(sorted(map(str, error.extra_fields)))}: no such setting; known are {', '.join(known)}"
        case AttributeError() | TypeError() if isinstance(asked, type) and is_dataclass(asked):
            return "must be a table"
    return str(error)


def _told(line: str) -> str:
    """cattrs' `what @ $.vehicle.id` -> `vehicle.id: what`."""
    what, _, place = line.rpartition(" @ ")
    place = place.removeprefix("$").lstrip(".")
    return f"{place}: {what}" if place else what


def _problems(config: Config) -> list[str]:
    """What a value's type does not tell."""
    found = []
    if len(config.vehicle.id.encode()) > MAX_ID_BYTES:
        found.append(f"vehicle.id: longer than {MAX_ID_BYTES} bytes")
    if config.readers.exit == config.readers.entry:
        found.append("readers.exit: the same as readers.entry; leave it out where one reader serves both")
    for name in ("feed", "register", "journal"):
        value = getattr(config.data, name)
        if not value.startswith("/") and not (name == "feed" and value == "sample"):
            found.append(f"data.{name}: {value} must be a whole path, beginning with /")
    return found
