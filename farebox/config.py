"""What a terminal is set up with: one TOML file, read whole, with every fault in it told at once.

    config = parse(text, "farebox.toml")      a Config, or ConfigBroken with all that is wrong

EXAMPLE is a whole file, with a word on each setting. Nothing is guessed: a setting that is not known is a fault.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from farebox.formats.journal import MAX_ID_BYTES
from farebox.place import PlaceKind
from farebox.shape import Misshapen, shaped
from farebox.words import Language
from tariff.toml_hint import toml_hint

MOST_BYTES = 1 << 16
MOST_SOCKET_BYTES = 107
"""Of a Unix socket's path, as Linux has it (`sun_path`)."""
MOST_PIN = 27
"""Of the header of a Raspberry Pi, by BCM numbers."""

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
# bundles = "/var/lib/farebox/bundles"         # what the centre said: hotlist, directives, tariff

[keys]
source = "credential:keys"    # or a file of mode 0600; "bench" is for simulated cards (模擬)
sealing = "credential:sealing"                 # signs ended duties; "bench" says that it did (模擬)
# centre = "/etc/farebox/centre.pub"           # the centre's public keys, in hex; "bench" believes anybody (模擬)

[console]
socket = "/run/farebox/console"
language = "ja"               # or "en"

[clock]
source = "checked"            # NTP, an RTC or the centre must vouch for it; "given" is for a bench (模擬)
# told = "/run/farebox-exchange/time"          # where the exchange leaves the centre's time

# [exchange]                  # with the centre; docs/exchange.md. It needs data.bundles and keys.centre
# url = "https://centre.example/bus/"
# ca = "/etc/farebox/centre-ca.pem"            # whom to ask whether that is the centre
# token = "credential:centre-token"            # tells the centre which vehicle this is; or a file of mode 0600
# every_s = 300

# [inputs]                    # what tells where the vehicle is; nothing of it: the driver steps on by hand
# gps = "/dev/ttyUSB0"        # a receiver that tells NMEA 0183
# gps_baud = 9_600            # mostly 9,600 or 38,400
# pins = true                 # contacts on a Raspberry Pi; docs/peripherals.md tells how they are wired
# door = 5                    # BCM numbers; "none": not wired
# bell = 6
# wheels = 13
# door_open_when_closed = true                 # false: the door's contact opens with the door
# pulses_per_km = 2_548       # of the speed signal
# simulated = true            # a vehicle that drives every trip by its timetable (模擬); nothing else beside it
# simulated_pace = 1          # so many times as fast

# [notes]                     # top-up with bank notes
# acceptor = "/dev/ttyUSB2"   # speaks ID-003; "simulated" is for a bench (模擬)

# [place]                     # a terminal that is not on a bus; docs/operations/service.md
# kind = "bus"                # "station": entry and exit at a railway; "top-up-machine": top-up and last uses
# route = "飯坂線"            # of a station: its line in the feed
# name = "花水坂"             # of a station: the stop; of a machine: what its screen calls it

# [signals]                   # `farebox signals`: BCM numbers on a Raspberry Pi; "none": not wired
# buzzer = 18
# green = 23
# yellow = 24
# red = 25
# plain_buzzer = false        # true: it sounds a tone of its own when it gets current
# active_high = true          # false: lamps light when their pin is low

# [slips]                     # `farebox slips`
# printer = "tty:/dev/ttyUSB1"                 # or "device:/dev/usb/lp0"; "folder:/tmp/slips" keeps pictures (模擬)
# baud = 38_400
# paper = "58mm"              # or "80mm"
# font = "/usr/share/fonts/opentype/ipafont-gothic/ipag.ttf"   # by default the first Japanese one that is found
# refusals = "card"           # slips of refused cards: those of the card itself, "all", or "none"
# histories = false           # true: last uses too, of each card that is looked at
"""


BENCH_KEYS = "bench"


BENCH_EXAMPLE = """\
# A fare box on a table (模擬), in {folder}. First: farebox card new --operator lococa --balance 2000 -o my.card.cbor

[vehicle]
id = "BENCH"

[readers]
entry = "image:{folder}/my.card.cbor"    # the console's key 1 lays it

[data]
feed = "sample"
register = "{folder}/register.csv"
journal = "{folder}/journal"

[keys]
source = "bench"
sealing = "bench"

[console]
socket = "{folder}/console"
language = "ja"

[clock]
source = "given"

[notes]
acceptor = "simulated"

[slips]
printer = "folder:{folder}/slips"
refusals = "all"
histories = true
"""


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
    """Where feed, register, journal and bundles are."""

    feed: str
    register: str
    journal: str
    bundles: str | None = None


@dataclass(frozen=True, slots=True)
class KeysConfig:
    """Where the cards' master keys come from, and what seals the journal: a file, `credential:NAME`, or `bench`.

    `centre` has the public keys that the centre signs with: a file, or `bench` (`farebox.centre_keys`).
    """

    source: str
    sealing: str = BENCH_KEYS
    centre: str | None = None


@dataclass(frozen=True, slots=True)
class ConsoleConfig:
    """The socket that the driver's console connects to, and the language it begins in."""

    socket: str = "/run/farebox/console"
    language: Language = Language.JA


class ClockSource(StrEnum):
    """Who says whether the machine's clock is right: what vouches for it, or a bench that gives it (模擬)."""

    CHECKED = "checked"
    GIVEN = "given"


@dataclass(frozen=True, slots=True)
class ClockConfig:
    """Whether the clock is to be vouched for before a pass or a day counts (faults 25).

    `told` is the file where the exchange leaves the centre's time (`farebox.exchange.told`).
    """

    source: ClockSource = ClockSource.CHECKED
    told: str = "/run/farebox-exchange/time"


@dataclass(frozen=True, slots=True)
class ExchangeConfig:
    """The centre: where it is, who vouches for it (a PEM file), by what it knows this vehicle, when it is asked."""

    url: str
    ca: str
    token: str
    every_s: int = 300


class NotWired(StrEnum):
    """In place of a pin's number."""

    NONE = "none"


Pin = int | NotWired
"""A BCM number."""


def number(pin: Pin) -> int | None:
    """A pin as its drivers take it: None is not wired."""
    return None if isinstance(pin, NotWired) else pin


@dataclass(frozen=True, slots=True)
class InputsConfig:
    """What tells where the vehicle is: GPS, contacts, or a simulated vehicle (模擬). None of it: the driver alone."""

    gps: str | None = None
    gps_baud: int = 9_600
    pins: bool = False
    door: Pin = 5
    bell: Pin = 6
    wheels: Pin = 13
    door_open_when_closed: bool = True
    pulses_per_km: int = 2_548
    simulated: bool = False
    simulated_pace: int = 1

    @property
    def any(self) -> bool:
        """Whether anything tells."""
        return self.simulated or self.pins or self.gps is not None


SIMULATED = "simulated"


@dataclass(frozen=True, slots=True)
class NotesConfig:
    """What takes bank notes: a serial line, or `simulated` (模擬). None: no top-up on board."""

    acceptor: str | None = None


@dataclass(frozen=True, slots=True)
class PlaceConfig:
    """Where the terminal stands: a station by line and stop, a machine by a name."""

    kind: PlaceKind = PlaceKind.BUS
    route: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class SignalsConfig:
    """Where buzzer and lamps are wired: `farebox signals`."""

    buzzer: Pin = 18
    green: Pin = 23
    yellow: Pin = 24
    red: Pin = 25
    plain_buzzer: bool = False
    active_high: bool = True


class Refusals(StrEnum):
    """Of which refusals a slip is printed."""

    CARD = "card"
    """Those of the card itself, which only a counter can help with (GEN-11)."""
    ALL = "all"
    NONE = "none"


class Paper(StrEnum):
    """How wide the roll is."""

    NARROW = "58mm"
    WIDE = "80mm"


PRINTERS = ("tty:", "device:", "folder:")


@dataclass(frozen=True, slots=True)
class SlipsConfig:
    """The slip printer: `farebox slips`. `printer` is tty:PATH, device:PATH or folder:PATH (模擬)."""

    printer: str
    baud: int = 38_400
    paper: Paper = Paper.NARROW
    font: str | None = None
    refusals: Refusals = Refusals.CARD
    histories: bool = False


@dataclass(frozen=True, slots=True)
class Config:
    """All of it."""

    vehicle: VehicleConfig
    readers: ReadersConfig
    data: DataConfig
    keys: KeysConfig
    console: ConsoleConfig = ConsoleConfig()
    clock: ClockConfig = ClockConfig()
    inputs: InputsConfig = InputsConfig()
    notes: NotesConfig = NotesConfig()
    place: PlaceConfig = PlaceConfig()
    signals: SignalsConfig = SignalsConfig()
    slips: SlipsConfig | None = None
    exchange: ExchangeConfig | None = None


def load(path: Path) -> Config:
    """The configuration in a file; ConfigBroken or OSError."""
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ConfigBroken(str(path), (f"more than {MOST_BYTES // 1024} KiB; this is no configuration",))
    try:
        return parse(data.decode("utf-8-sig"), str(path))
    except UnicodeDecodeError as error:
        raise ConfigBroken(str(path), (f"byte {error.start} is not UTF-8; save it as UTF-8",)) from None


def parse(text: str, where: str) -> Config:
    """The configuration in a text; ConfigBroken with everything that is wrong in it."""
    try:
        said = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigBroken(where, (f"not TOML: {error}{toml_hint(text, str(error))}",)) from None
    problems = list(_blanks(said, ""))
    try:
        config = shaped(said, Config)
    except Misshapen as misshapen:
        raise ConfigBroken(where, tuple(sorted((*problems, *misshapen.problems)))) from None
    problems += _problems(config)
    if problems:
        raise ConfigBroken(where, tuple(problems))
    return config


def _blanks(said: object, place: str) -> Iterator[str]:
    """Texts that say nothing: no setting means anything by one."""
    if isinstance(said, dict):
        for name, value in said.items():
            yield from _blanks(value, f"{place}.{name}" if place else name)
    elif said == "":
        yield f"{place}: '' is not a text"


def _problems(config: Config) -> list[str]:
    """What a value's type does not tell."""
    found = []
    if len(config.vehicle.id.encode()) > MAX_ID_BYTES:
        found.append(f"vehicle.id: longer than {MAX_ID_BYTES} bytes")
    if config.readers.exit == config.readers.entry:
        found.append("readers.exit: the same as readers.entry; leave it out where one reader serves both")
    for name in ("feed", "register", "journal", "bundles"):
        value = getattr(config.data, name)
        if value is not None and not value.startswith("/") and not (name == "feed" and value == "sample"):
            found.append(f"data.{name}: {value} must be a whole path, beginning with /")
    if config.data.bundles is not None and config.keys.centre is None:
        found.append("keys.centre: missing; data.bundles are believed by the centre's signature alone")
    for name, value in {"console.socket": config.console.socket, "clock.told": config.clock.told}.items():
        if not value.startswith("/"):
            found.append(f"{name}: {value} must be a whole path, beginning with /")
    if len(config.console.socket.encode()) > MOST_SOCKET_BYTES:
        found.append(f"console.socket: longer than {MOST_SOCKET_BYTES} bytes, which no socket may be; move it")
    found += _exchange_problems(config)
    return [
        *found,
        *_inputs_problems(config.inputs),
        *_output_problems(config),
    ]


_EVERY_S = range(10, 86_401)
_HTTPS = re.compile(r"https://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?/([\w.~-]+/)*", re.ASCII)


def _exchange_problems(config: Config) -> Iterator[str]:
    exchange = config.exchange
    if exchange is None:
        return
    if _HTTPS.fullmatch(exchange.url) is None:
        yield f"exchange.url: {exchange.url[:100]} is not https://HOST/…/, without ? and #"
    if not exchange.ca.startswith("/"):
        yield f"exchange.ca: {exchange.ca} must be a whole path, beginning with /"
    if exchange.every_s not in _EVERY_S:
        yield f"exchange.every_s: {exchange.every_s} is not from {_EVERY_S[0]} to {_EVERY_S[-1]}"
    if config.data.bundles is None:
        yield "data.bundles: missing; the exchange keeps there what it fetches"


def _inputs_problems(inputs: InputsConfig) -> Iterator[str]:
    yield from _device_problems("inputs.gps", inputs.gps)
    if inputs.simulated and (inputs.pins or inputs.gps is not None):
        yield "inputs.simulated: beside a real GPS or real pins; the vehicle is one or the other"
    for name, least, most in (
        ("gps_baud", 1_200, 1_000_000),
        ("pulses_per_km", 100, 100_000),
        ("simulated_pace", 1, 1_000),
    ):
        if not least <= getattr(inputs, name) <= most:
            yield f"inputs.{name}: {getattr(inputs, name)} is not within {least} and {most}"
    yield from pin_problems("inputs", {name: getattr(inputs, name) for name in ("door", "bell", "wheels")})


def _place_problems(config: Config) -> Iterator[str]:
    place = config.place
    if place.kind is PlaceKind.BUS:
        if place.route or place.name:
            yield "place: a bus has its route and stops from its trips; leave route and name out"
        return
    if config.inputs.any:
        yield f"inputs: a {place.kind} does not drive; leave them out"
    if not place.name:
        yield f"place.name: missing; a {place.kind} has one"
    if place.kind is PlaceKind.STATION:
        if not place.route:
            yield "place.route: missing; the station's line, as the feed names it"
        if config.readers.exit is None:
            yield "readers.exit: missing; a station has an entry reader and an exit reader"
        return
    if config.readers.exit is not None:
        yield "readers.exit: a top-up-machine has one reader"
    if config.vehicle.operator is None:
        yield "vehicle.operator: missing; a top-up-machine has no trip that would tell whose cards it takes"
    if config.notes.acceptor is None:
        yield "notes.acceptor: missing; a top-up-machine takes notes"


def _output_problems(config: Config) -> Iterator[str]:
    yield from _place_problems(config)
    yield from _device_problems("notes.acceptor", config.notes.acceptor)
    pins = {name: getattr(config.signals, name) for name in ("buzzer", "green", "yellow", "red")}
    yield from pin_problems("signals", pins)
    slips = config.slips
    if slips is None:
        return
    if not slips.printer.startswith(tuple(f"{kind}/" for kind in PRINTERS)):
        yield f"slips.printer: {slips.printer} is none of {', '.join(f'{kind}/PATH' for kind in PRINTERS)}"
    if not 1_200 <= slips.baud <= 1_000_000:
        yield f"slips.baud: {slips.baud} is not within 1200 and 1000000"


def _device_problems(name: str, device: str | None) -> Iterator[str]:
    if device not in (None, SIMULATED) and not str(device).startswith("/"):
        yield f"{name}: {device} must be a device's whole path, such as /dev/ttyUSB0"


def pin_problems(section: str, pins: Mapping[str, Pin]) -> Iterator[str]:
    """BCM numbers that a Raspberry Pi has, none of them twice."""
    seen: dict[Pin, str] = {}
    for name, pin in pins.items():
        if isinstance(pin, NotWired):
            continue
        if not 0 <= pin <= MOST_PIN:
            yield f"{section}.{name}: there is no GPIO{pin}; the header has 0 to {MOST_PIN}"
        elif pin in seen:
            yield f"{section}.{name}: GPIO{pin} is {section}.{seen[pin]} already"
        seen.setdefault(pin, name)
